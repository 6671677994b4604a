"""Lines that leave this machine by UDP: what a datagram holds, and a server that refuses."""

import errno
import json
import socket
from _socket import socket as c_socket
from types import SimpleNamespace

import pytest

from pydaemontools.log.lines.batch import Batch
from pydaemontools.log.lines.formats import Origin
from pydaemontools.log.sinks import udp as udp_sink
from pydaemontools.log.sinks.udp import Udp
from pydaemontools.log.sinks.unacked_udp import KEPT
from pydaemontools.log.target_parser import parse
from tests.conftest import DEADLINE
from tests.log.conftest import finish, numbered, stream, wait_until, write_all
from tests.log.far import free_port


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


# A server that refuses.


@pytest.fixture
def port():
    """A port at which nobody takes datagrams."""
    return free_port(socket.SOCK_DGRAM)


@pytest.fixture
def listen():
    """Take datagrams at a port and an address of this machine."""
    made = []

    def listen(port, host="127.0.0.1"):
        made.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        made[-1].bind((host, port))
        made[-1].settimeout(DEADLINE)
        return made[-1]

    yield listen
    for one in made:
        one.close()


@pytest.fixture
def sink(port):
    """A sink for PORT of this machine."""
    one = Udp(parse(b"udp://127.0.0.1:%d" % port), Origin(b"me", 24, None, b"here"))
    yield one
    one.close()


def put(one, *lines):
    """Give the sink ONE these LINES."""
    one.put(Batch([6] * len(lines), list(lines)))


def until(one, condition):
    """Flush the sink ONE until CONDITION() is true."""
    wait_until(lambda: one.flush() or condition())


def text(one):
    """The text of the next message that the socket ONE gets."""
    return one.recv(2000).partition(b" me: ")[2]


def test_a_server_that_refuses_each_message(sink, monkeypatch, capfd):
    """It is told of once that it is away, however often it is tried, and each line is kept."""
    made = []

    class Counted(c_socket):
        def connect(self, address):
            made.append(address)
            super().connect(address)

    monkeypatch.setattr(udp_sink, "socket", Counted)
    count = 0

    def tried():
        nonlocal count
        put(sink, b"line")
        count += 1
        return len(made) > 3

    until(sink, tried)
    said = capfd.readouterr().err
    where = sink.path.decode()
    why = "connection refused; waiting for it"
    assert said == f"pysissylog: warning: unable to reach {where}: {why}\n"
    assert sink.lost() == count


def test_a_server_that_comes_later(start, listen, port):
    """It is waited for; that is said once, and so is that it came. Nothing is lost meanwhile."""
    to = b"udp://127.0.0.1:%d" % port
    process = start("pysissylog", "--to", to, "me")
    # Nothing follows that could be refused in its place.
    write_all(process.stdin.fileno(), b"one\n")
    said = b"pysissylog: warning: unable to reach " + to
    assert process.stderr.readline() == said + b": connection refused; waiting for it\n"
    lines = numbered(0, 100)
    write_all(process.stdin.fileno(), stream(lines))
    server = listen(port)
    assert process.stderr.readline() == b"pysissylog: info: reached " + to + b" again\n"
    assert [text(server) for _ in range(101)] == [b"one", *lines]
    assert finish(process) == (0, b"")


def test_the_end_while_the_server_refuses(start, port, pipe):
    """Told to end, it says how many lines the server has refused; 111."""
    to = b"udp://127.0.0.1:%d" % port
    process = start("pysissylog", "--to", to, stdin=pipe[0])
    write_all(pipe[1], b"one\ntwo\n")
    assert b"unable to reach" in process.stderr.readline()
    process.terminate()
    said = b"pysissylog: fatal: unable to deliver 2 lines to " + to + b"\n"
    assert finish(process) == (111, said)


def test_each_absence_is_told_of_once(sink, listen, port, capfd):
    """Each time that it goes: one warning, and one line when it is back. What it did not refuse
    for a second is not sent again.
    """
    for at in range(2):
        server = listen(port)
        put(sink, b"before %d" % at)
        until(sink, lambda: sink.due() is None)
        assert text(server) == b"before %d" % at
        server.close()
        capfd.readouterr()
        put(sink, b"while %d" % at)
        until(sink, lambda: sink.held)
        server = listen(port)
        put(sink, b"after %d" % at)
        until(sink, lambda: not sink.held)
        assert [text(server), text(server)] == [b"while %d" % at, b"after %d" % at]
        until(sink, lambda: sink.due() is None)
        server.close()
        warning, info = capfd.readouterr().err.splitlines()
        assert "unable to reach" in warning
        assert info.endswith(" again")


def test_what_is_sent_again_is_bounded(sink, listen, port):
    """However much was sent in the second before, what is sent again is not more than a few."""
    server = listen(port)
    put(sink, *numbered(0, 100))
    assert [text(server) for _ in range(100)] == numbered(0, 100)
    server.close()
    put(sink, b"next")
    until(sink, lambda: sink.held)
    server = listen(port)
    until(sink, lambda: not sink.held)
    assert sink.lost() == 0
    wanted = [*numbered(100 - KEPT + 1, 100), b"next"]
    assert [text(server) for _ in wanted] == wanted


def addressed(monkeypatch, *addresses):
    """Have each lookup give these ADDRESSES."""
    found = [(socket.AF_INET, address) for address in addresses]
    lookup = SimpleNamespace(done=True, result=lambda: list(found))
    monkeypatch.setattr(udp_sink, "Lookup", lambda *_: lookup)


def test_another_address(sink, listen, port, monkeypatch, capfd):
    """Where the first address of a name refuses, the next one gets what was sent to that."""
    addressed(monkeypatch, ("127.0.0.1", port), ("127.0.0.2", port))
    server = listen(port, "127.0.0.2")
    put(sink, b"one")
    put(sink, b"two")
    until(sink, lambda: sink.held)
    until(sink, lambda: not sink.held)
    assert [text(server), text(server)] == [b"one", b"two"]
    assert capfd.readouterr().err == ""


def test_the_first_address_again(sink, listen, port, monkeypatch, capfd):
    """After the last address comes the first; all have to refuse before it is said."""
    addressed(monkeypatch, ("127.0.0.1", port), ("127.0.0.2", port))
    put(sink, b"one")
    wait_until(lambda: sink.flush() or "unable" in capfd.readouterr().err)
    server = listen(port)
    until(sink, lambda: not sink.held)
    assert text(server) == b"one"


def test_addresses_that_are_old(sink, listen, port, monkeypatch):
    """A name is looked up again when it is some time ago that it was."""
    addressed(monkeypatch, ("127.0.0.1", port), ("127.0.0.3", port))
    monkeypatch.setattr(udp_sink, "FRESH", -1)
    put(sink, b"one")
    addressed(monkeypatch, ("127.0.0.2", port))
    until(sink, lambda: sink.held)
    server = listen(port, "127.0.0.2")
    until(sink, lambda: not sink.held)
    assert text(server) == b"one"


def test_an_address_that_cannot_be_had(sink, listen, port, monkeypatch, capfd):
    """An address to which there is no way is passed over, without a word or a pause."""
    addressed(monkeypatch, ("255.255.255.255", port), ("127.0.0.1", port))
    server = listen(port)
    put(sink, b"one")
    assert sink.held == 0
    assert text(server) == b"one"
    assert capfd.readouterr().err == ""
