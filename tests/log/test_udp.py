"""Lines that leave this machine by UDP: what a datagram holds, and a server that refuses."""

import errno
import json
import socket
from _socket import socket as c_socket

import pytest

from pydaemontools.log.batch import Batch
from pydaemontools.log.places import parse
from pydaemontools.log.sinks import udp as udp_sink
from pydaemontools.log.sinks.udp import Udp
from pydaemontools.log.wire.formats import Origin
from tests.conftest import DEADLINE
from tests.log.conftest import wait_until


@pytest.fixture
def send(run):
    """Send INPUT to places, and check that nothing was said."""

    def send(data, *argv):
        result = run("pysissylog", *argv, input=data)
        assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")

    return send


@pytest.fixture
def udp():
    """A socket that takes datagrams."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        one.settimeout(DEADLINE)
        yield one


def url(one):
    """The place of the socket ONE."""
    return "udp://{}:{}".format(*one.getsockname())


def test_fields_that_no_datagram_holds(udp, send):
    """Fields that would make an object too long to be sent are left out, the longest first."""
    fields = {"a": "x" * 70000, "b": "c", "d": "y" * 90000, "e": "z" * 3000}
    words = [word for name, value in fields.items() for word in ("--field", f"{name}={value}")]
    send(b"one\nerror: " + b"2" * 2000, "--to", url(udp) + ",format=json", *words, "me")
    texts = []
    while sum(map(len, texts)) < 2010:
        found = json.loads(udp.recv(1 << 16))
        assert (found["b"], found["e"], found["ident"]) == ("c", fields["e"], "me")
        assert not {"a", "d"} & {*found}
        texts.append(found["message"].removeprefix("+"))
    assert "".join(texts) == "oneerror: " + "2" * 2000


@pytest.mark.parametrize("form", ["3164", "json"])
def test_a_message_that_no_datagram_holds(form, udp, run):
    """It is dropped, which is said once, and counted; what comes after it is sent."""
    places = "--to", url(udp) + f",format={form}", "--to", "stderr:"
    result = run("pysissylog", *places, "i" * 70000, input=b"one\ntwo\n")
    said = [
        f"pysissylog: warning: unable to send to {url(udp)}: message too long; dropping it",
        *("one", "two"),
        f"pysissylog: fatal: unable to deliver 2 lines to {url(udp)}",
    ]
    assert (result.returncode, result.stderr.decode().splitlines()) == (111, said)


def test_a_network_that_takes_less(udp, monkeypatch, capfd):
    """What a router says of an earlier message does not cost the one that is told of it."""
    failures = [OSError(errno.EMSGSIZE, "")]

    class Narrow(c_socket):
        def send(self, packet):
            if failures:
                raise failures.pop()
            return super().send(packet)

    monkeypatch.setattr(udp_sink, "socket", Narrow)
    one = Udp(parse(url(udp).encode()), Origin(b"me", 24, None, b"here"))
    one.put(Batch([6], [b"x" * 100]))
    wait_until(lambda: one.flush() or not one.held)
    assert udp.recv(2000).endswith(b"here me: " + b"x" * 100)
    assert (one.lost(), capfd.readouterr().err) == (0, "")
    one.close()
