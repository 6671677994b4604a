"""Lines that leave this machine: UDP, TCP, TLS and RELP, to real servers and to unkind ones."""

import json
import os
import re
import signal
import socket
import ssl
import struct
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from pydaemontools.base.retry import Retry
from pydaemontools.log.lines.batch import Batch
from pydaemontools.log.lines.formats import Origin
from pydaemontools.log.lines.frames import framing
from pydaemontools.log.net import relp, transport
from pydaemontools.log.net import stream as stream_module
from pydaemontools.log.net import tcp as tcp_module
from pydaemontools.log.net.backlog import MemoryBacklog
from pydaemontools.log.net.lookup import Lookup
from pydaemontools.log.net.phases import OPENING
from pydaemontools.log.net.relp import RelpProtocol
from pydaemontools.log.net.stream import Stream
from pydaemontools.log.net.tcp import TcpProtocol
from pydaemontools.log.target_parser import parse
from tests.log.conftest import (
    fill,
    finish,
    no_more_for,
    numbered,
    sleeping,
    stream,
    wait_until,
    write_all,
)
from tests.log.far import Certificates, Rsyslogd, Tcp, free_port, messages

FIELDS = "%pri%|%hostname%|%app-name%|%procid%|%protocol-version%|%msg%"
TLS = """defaultNetstreamDriverCAFile="{place}/ca.pem" \
defaultNetstreamDriverCertFile="{place}/server.pem" \
defaultNetstreamDriverKeyFile="{place}/server.key" """
GTLS = 'StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="{mode}"'


@pytest.fixture
def far(place):
    """Start an rsyslogd; it is stopped after the test."""
    made = []

    def far(*words, **more):
        made.append(Rsyslogd(place / f"rsyslog{len(made)}", *words, **more))
        return made[-1].start()

    yield far
    for one in made:
        one.stop()


@pytest.fixture
def tcp():
    """Make a server that keeps what it gets."""
    made = []

    def tcp(*words):
        made.append(Tcp(*words))
        return made[-1]

    yield tcp
    for one in made:
        one.close()


HERE = socket.gethostname().encode()
SHORT = HERE.partition(b".")[0]
KINDS = {
    "udp": ("imudp", "udp", b"0", SHORT),
    "udp 5424": ("imudp", "udp,format=5424", b"1", HERE),
    "tcp": ("imtcp", "tcp", b"1", HERE),
    "tcp 3164": ("imtcp", "tcp,format=3164", b"0", SHORT),
    "relp": ("imrelp", "relp", b"1", HERE),
    "relp 3164": ("imrelp", "relp,format=3164", b"0", SHORT),
}


@pytest.mark.parametrize("kind", KINDS)
def test_rsyslogd_understands(kind, far, send):
    """Rsyslogd finds in each message what was put in: level, host, ident, pid and the line."""
    module, how, version, host = KINDS[kind]
    server = far(module, template=FIELDS)
    scheme, _, more = how.partition(",")
    lines = ["plain", "error: disk gone", "<2>naïve 日本語 \U0001f409", "a\ttab"]
    to = f"{scheme}://127.0.0.1:{server.port},{more}".rstrip(",")
    send("\n".join(lines).encode(), "--to", to, "me", "local3")
    wait_until(lambda: len(server.lines()) == 4)
    texts = [line.encode() if "\t" not in line else b"a#011tab" for line in lines]
    if version == b"0":
        texts = [b" " + text for text in texts]
    levels = [6, 3, 2, 6]
    wanted = [
        b"|".join([b"%d" % (19 * 8 + level), host, b"me", b"-", version, text])
        for level, text in zip(levels, texts, strict=True)
    ]
    assert server.lines() == wanted


@pytest.mark.parametrize("scheme", ["tcp", "relp"])
def test_many_lines(scheme, far, send):
    """All of many lines arrive, in order, once."""
    server = far("imtcp" if scheme == "tcp" else "imrelp")
    lines = numbered(0, 50000)
    send(stream(lines), "--to", f"{scheme}://127.0.0.1:{server.port}")
    wait_until(lambda: len(server.lines()) >= len(lines))
    assert server.lines() == lines


@pytest.mark.parametrize("form", ["5424", "3164"])
def test_octets_are_counted(form, tcp, send):
    """On the wire every message stands behind the count of its bytes."""
    server = tcp()
    lines = [*numbered(0, 5000), "é".encode() * 5000]
    send(stream(lines), "--to", f"tcp://127.0.0.1:{server.port},format={form}", "me")
    wait_until(lambda: messages(server.came[0])[0][-1:] and messages(server.came[0])[1] == b"")
    found, _ = messages(server.came[0])
    end = b" me - - - " if form == "5424" else b" me: "
    texts = [one.partition(end)[2] for one in found]
    assert texts[:5000] == lines[:5000]
    assert texts[5000] + b"".join(text.removeprefix(b"+") for text in texts[5001:]) == lines[-1]


def test_json_over_tcp(tcp, send):
    """format=json: an object a line."""
    server = tcp()
    send(b"error: one\ntwo\n", "--to", f"tcp://127.0.0.1:{server.port},format=json", "me")
    wait_until(lambda: server.came and server.came[0].count(b"\n") == 2)
    found = [json.loads(line) for line in bytes(server.came[0]).splitlines()]
    assert [(one["level"], one["message"]) for one in found] == [
        ("err", "error: one"),
        ("info", "two"),
    ]


def test_ipv6(run):
    """An address in brackets is one of IPv6."""
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server:
        port = server.getsockname()[1]
        assert run("pysissylog", "--to", f"tcp://[::1]:{port}", input=b"x\n").returncode == 0
        with server.accept()[0] as one:
            assert one.recv(1000).endswith(b" x")


def test_thresholds(run, tcp, place):
    """Every place gets what is important enough for it."""
    server = tcp()
    data = b"error: one\ntwo\ndebug: three\n more of three\n"
    to = "--to", f"tcp://127.0.0.1:{server.port},p=info", "--to", "log/,p=err", "--to", "stderr:"
    result = run("pysissylog", *to, input=data)
    assert (result.returncode, result.stderr) == (0, data)
    wait_until(lambda: len(messages(server.came[0])[0]) == 2)
    [line] = (place / "log/current").read_bytes().splitlines()
    assert line.endswith(b" error: one")


# When a server is away.


def warned(process, why):
    """Check that PROCESS says that its server is away, and WHY."""
    said = process.stderr.readline()
    assert said.startswith(b"pysissylog: warning: unable to reach ")
    assert said.endswith(b": " + why + b"; waiting for it\n")


@pytest.mark.parametrize("scheme", ["tcp", "relp"])
def test_a_server_that_comes_later(scheme, start, far):
    """It is waited for; that is said once, and so is that it came."""
    server = far("imtcp" if scheme == "tcp" else "imrelp")
    server.kill()
    url = f"{scheme}://127.0.0.1:{server.port}"
    process = start("pysissylog", "--to", url)
    write_all(process.stdin.fileno(), b"one\n")
    warned(process, b"connection refused")
    write_all(process.stdin.fileno(), stream(numbered(0, 1000)))
    server.start()
    assert process.stderr.readline() == b"pysissylog: info: reached " + url.encode() + b" again\n"
    assert finish(process) == (0, b"")
    wait_until(lambda: len(server.lines()) == 1001)
    assert server.lines() == [b"one", *numbered(0, 1000)]


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("spool", [(), ("--spool", "spool")], ids=["memory", "spool"])
def test_a_server_that_wants_nobody(spool, reset, start):
    """Kind: a connection that is no more than one, as a load balancer's with nobody behind it. It
    is away until one lasts, and that is said once.
    """
    linger = struct.pack("ii", reset, 0)
    with socket.create_server(("127.0.0.1", 0)) as feed:
        url = f"tcp://127.0.0.1:{feed.getsockname()[1]}"
        process = start("pysissylog", *spool, "--to", url, "me")
        for at in range(4):
            write_all(process.stdin.fileno(), b"line %d\n" % at)
            one, _ = feed.accept()
            # It takes something, so that there is something unread.
            wait_until(lambda: one.recv(1, socket.MSG_PEEK))  # noqa: B023
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            one.close()
        write_all(process.stdin.fileno(), b"last\n")
        one, _ = feed.accept()
        with one:
            warned(process, b"connection reset")
            again = b"pysissylog: info: reached " + url.encode() + b" again\n"
            assert process.stderr.readline() == again
            no_more_for(process)
            assert b"last" in b"".join(iter(lambda: one.recv(65536), b""))
        assert finish(process) == (0, b"")


def test_a_server_that_hears_one_line_each_time(start):
    """It has read what came before it closes: it is there, and nothing is said."""
    with socket.create_server(("127.0.0.1", 0)) as feed:
        process = start("pysissylog", "--to", f"tcp://127.0.0.1:{feed.getsockname()[1]}", "me")
        for at in range(6):
            write_all(process.stdin.fileno(), b"line %d\n" % at)
            with feed.accept()[0] as one:
                assert b"line %d" % at in one.recv(65536)
                one.shutdown(socket.SHUT_WR)
                assert one.recv(65536) == b""
        no_more_for(process)
        assert finish(process) == (0, b"")


def test_the_buffer_is_a_bound_for_a_server(start):
    """Without a spool what is held is bounded; then the daemon waits, and nothing is lost."""
    port = free_port()
    process = start("pysissylog", "--to", f"tcp://127.0.0.1:{port}", "--buffer", "64k", "me")
    pipe = process.stdin.fileno()
    count = fill(pipe, process, b"a line of text\n" * 64)
    server = Tcp(port)
    write_all(pipe, b"last\n")
    assert finish(process)[0] == 0
    found, _ = messages(server.came[0])
    texts = [one.partition(b" me - - - ")[2] for one in found]
    assert texts == [b"a line of text"] * 64 * count + [b"last"]
    server.close()


def test_told_to_end_while_the_server_is_away(start, pipe):
    """TERM while the server is away and stays away: the lines are counted, 111."""
    url = f"tcp://127.0.0.1:{free_port()}"
    process = start("pysissylog", "--to", url, stdin=pipe[0])
    write_all(pipe[1], b"one\ntwo\n")
    warned(process, b"connection refused")
    process.terminate()
    said = b"pysissylog: fatal: unable to deliver 2 lines to " + url.encode() + b"\n"
    assert finish(process) == (111, said)


def test_a_host_that_is_not_there(start, pipe):
    """A name that nobody knows is waited for, with words of its own."""
    process = start("pysissylog", "--to", "tcp://no-such-host.invalid", stdin=pipe[0])
    write_all(pipe[1], b"one\n")
    said = process.stderr.readline()
    assert re.search(rb": (there is no such host|no name server answers); waiting for it\n$", said)
    process.terminate()
    assert finish(process)[0] == 111


def test_a_reset_in_the_middle_of_a_message(start, tcp):
    """A connection that is reset mid-record: what had not arrived is sent again, and that is
    from the start of the message that was cut on.
    """
    feed = socket.create_server(("127.0.0.1", 0))
    port = feed.getsockname()[1]
    # It does not stop for its own buffer before the socket is full.
    process = start("pysissylog", "--buffer", "64m", "--to", f"tcp://127.0.0.1:{port}", "me")
    lines = numbered(0, 400000)
    feeder = threading.Thread(target=write_all, args=(process.stdin.fileno(), stream(lines)))
    feeder.start()
    one, _ = feed.accept()
    # The router waits, with part of a message sent; stopped so, it sends no more of it.
    wait_until(lambda: queue(port) and sleeping(process))
    process.send_signal(signal.SIGSTOP)
    got = bytearray()
    one.setblocking(False)
    wait_until(lambda: not read_some(one, got) and not queue(port) and not read_some(one, got))
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    one.close()
    feed.close()
    server = tcp(port)
    process.send_signal(signal.SIGCONT)
    feeder.join()
    code, said = finish(process)
    assert code == 0
    assert re.search(rb": connection reset; waiting for it\n.*again\n$", said, re.DOTALL)
    first, cut = messages(got)
    assert cut
    wait_until(lambda: bytes(server.came[-1]).endswith(lines[-1]))
    rest, left = messages(server.came[-1])
    assert left == b""
    assert [one.partition(b" me - - - ")[2] for one in first + rest] == lines


def queue(port):
    """How many bytes are on their way to PORT, or wait for that."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, _, far, state, queues, *_ = line.split()
        if far == f"0100007F:{port:04X}" and state == "01":
            return int(queues.partition(":")[0], 16)
    return 0


def read_some(one, into):
    """Read what ONE has; whether it had something."""
    try:
        data = one.recv(1 << 20)
    except BlockingIOError:
        return False
    into += data
    return True


def test_a_relp_server_that_does_not_answer(start, tcp, pipe):
    """What was sent and has no answer is not taken from the pipe, with no buffer."""
    server = tcp()
    process = start(
        "pysissylog", "--buffer", "0", "--to", f"relp://127.0.0.1:{server.port}", stdin=pipe[0]
    )
    write_all(pipe[1], b"one\n")
    wait_until(lambda: server.came and b" open " in server.came[0])
    server.connections[0].sendall(b"1 rsp 6 200 OK\n")
    wait_until(lambda: b" one\n" in server.came[0])
    process.kill()
    finish(process)
    assert os.read(pipe[0], 100) == b"one\n"


ODD = {
    "no number": b"x rsp 6 200 OK\n",
    "no length": b"1 rsp x 200 OK\n",
    "a length beyond all bounds": b"1 rsp 999999999 200 OK\n",
    "a length without end": b"1 rsp " + b"9" * 99,
    "a refusal": b"1 rsp 11 500 go away\n",
    "something else": b"HTTP/1.1 400 Bad Request\r\nServer: x\r\nConnection: close\r\n\r\n",
    "a close": b"0 serverclose 0\n",
}


@pytest.mark.parametrize("answer", ODD.values(), ids=ODD)
def test_a_relp_server_that_talks_nonsense(answer, start, tcp, pipe):
    """It is said, and tried again; nothing is sent to it."""
    server = tcp()
    process = start("pysissylog", "--to", f"relp://127.0.0.1:{server.port}", stdin=pipe[0])
    write_all(pipe[1], b"one\n")
    wait_until(lambda: server.came and b" open " in server.came[0])
    server.connections[0].sendall(answer)
    warned(process, b"connection reset" if b"close 0" in answer else b"protocol error")
    wait_until(lambda: len(server.came) > 1 and b"commands=syslog\n" in server.came[1])
    server.connections[1].sendall(b"1 rsp 80 200 OK\nrelp_version=0\nrelp_software=test,1.0")
    assert b" one" not in server.came[0]
    process.kill()


def test_an_answer_in_pieces(start, tcp):
    """Answers may come in any pieces, and in any order."""
    server = tcp()
    process = start("pysissylog", "--to", f"relp://127.0.0.1:{server.port}")
    write_all(process.stdin.fileno(), b"one\ntwo\nthree\n")
    no_more_for(process)
    wait_until(lambda: server.came and b"commands=syslog\n" in server.came[0])
    for byte in b"1 rsp 18 200 OK\ncommands=ok\n":
        server.connections[0].sendall(bytes([byte]))
    wait_until(lambda: b" three\n" in server.came[0])
    server.connections[0].sendall(b"3 rsp 6 200 OK\n4 rsp 6 200 OK\n2 rsp 6 20")
    server.connections[0].sendall(b"0 OK\n")
    wait_until(lambda: b"5 close 0\n" in server.came[0])
    server.connections[0].sendall(b"5 rsp 0\n0 serverclose 0\n")
    assert process.wait(30) == 0


FAREWELLS = {"none": b"", "said": b"0 serverclose 0\n", "nonsense": b"what? \n" * 20}


@pytest.mark.parametrize("farewell", FAREWELLS.values(), ids=FAREWELLS)
def test_a_server_that_answers_and_goes(farewell, start, tcp, pipe):
    """What was answered is done, also where the end of the connection came along with that."""
    server = tcp()
    process = start("pysissylog", "--to", f"relp://127.0.0.1:{server.port}", stdin=pipe[0])
    write_all(pipe[1], b"one\ntwo\nthree\n")
    wait_until(lambda: server.came and b"commands=syslog\n" in server.came[0])
    server.connections[0].sendall(b"1 rsp 6 200 OK\n")
    wait_until(lambda: b" three\n" in server.came[0])
    process.send_signal(signal.SIGSTOP)
    server.connections[0].sendall(b"2 rsp 6 200 OK\n3 rsp 6 200 OK\n" + farewell)
    server.connections[0].shutdown(socket.SHUT_RDWR)
    server.connections[0].close()
    process.send_signal(signal.SIGCONT)
    wait_until(lambda: len(server.came) > 1 and b"commands=syslog\n" in server.came[1])
    server.connections[1].sendall(b"1 rsp 6 200 OK\n")
    wait_until(lambda: b" three\n" in server.came[1])
    assert re.findall(rb" (one|two|three)\n", server.came[1]) == [b"three"]
    process.kill()


def opened(one):
    """Answer over ONE, as RELP, that there is a session."""
    read_to(one, b"commands=syslog\n")
    one.sendall(b"1 rsp 6 200 OK\n")


def answered(one):
    """Answer one message over ONE too."""
    opened(one)
    read_to(one, b" line 0\n", b" line 1\n", b" line 2\n")
    one.sendall(b"2 rsp 6 200 OK\n")


def read_to(one, *ends):
    """Read from ONE until what came has one of ENDS."""
    came = b""
    while not any(end in came for end in ends):
        came += one.recv(65536)


@pytest.mark.parametrize("how", [opened, answered])
def test_a_relp_server_that_wants_nobody(how, start):
    """Kind: as above; a session, or an answer or two, are not yet a server that is there."""
    check_away(how, start, "relp://127.0.0.1:{port}")


def test_a_relp_server_that_ends_as_asked(start):
    """Who says that the session is over closes then: a connection that was short was one, too."""
    with socket.create_server(("127.0.0.1", 0)) as feed:
        url = f"relp://127.0.0.1:{feed.getsockname()[1]}"
        reader, writer = os.pipe()
        process = start("pysissylog", "--to", url, stdin=reader)
        os.close(reader)
        write_all(writer, b"line 0\n")
        feed.accept()[0].close()
        warned(process, b"connection reset")
        os.close(writer)
        with feed.accept()[0] as one:
            answered(one)
            read_to(one, b"3 close 0\n")
            one.sendall(b"3 rsp 0\n0 serverclose 0\n")
        assert process.wait(30) == 0
        again = b"pysissylog: info: reached " + url.encode() + b" again\n"
        assert process.stderr.read() == again


def check_away(how, start, url):
    """Check that a server at URL that does HOW, and goes, is said once to be away."""
    with socket.create_server(("127.0.0.1", 0)) as feed:
        process = start("pysissylog", "--to", url.format(port=feed.getsockname()[1]))
        write_all(process.stdin.fileno(), b"line 0\nline 1\n")
        for at in range(2, 5):
            with feed.accept()[0] as one:
                how(one)
            write_all(process.stdin.fileno(), b"line %d\n" % at)
        feed.accept()[0].close()
        process.terminate()
        said = finish(process)[1]
    assert (said.count(b"unable to reach"), said.count(b" again\n")) == (1, 0), said


class Wire:
    """A connection that takes everything; NUMBERS are those of the messages."""

    full = False
    phase = OPENING

    def __init__(self):
        self.numbers = []

    def write(self, text):
        """Take TEXT, one frame or some."""
        self.numbers += map(int, re.findall(rb"(\d+) syslog ", text))


@pytest.fixture
def session():
    """Open a session of RELP over a Wire, with so many messages to send."""

    def session(count):
        origin = Origin(b"", 8, None, b"")
        made = framing(origin, b"3164", relp=True)
        one = RelpProtocol(made, MemoryBacklog(), Retry(b"relp://h", far=True))
        for text in made.texts(Batch([6] * count, [b"x"] * count)):
            one.backlog.put(text)
        wire = Wire()
        one.begin(wire)
        one.receive(b"1 rsp 6 200 OK\n")
        return one, wire

    return session


def test_numbers_begin_anew(session, monkeypatch):
    """After the last number comes 1, which was that of the session once."""
    monkeypatch.setattr(relp, "NUMBERS", 3)
    monkeypatch.setattr(relp, "WINDOW", 1)
    one, wire = session(7)
    while one.backlog.begin < one.backlog.end:
        one.feed()
        one.receive(b"%d rsp 6 200 OK\n" % wire.numbers[-1])
    assert wire.numbers == [2, 3, 1, 2, 3, 1, 2]


def test_an_answer_that_nobody_asked_for(session):
    """A message is done when it was sent and then answered."""
    one, _ = session(2)
    one.receive(b"3 rsp 6 200 OK\n")
    one.feed()
    one.receive(b"2 rsp 6 200 OK\n2 rsp 6 200 OK\n")
    assert one.backlog.end == 2 * one.backlog.begin
    one.receive(b"3 rsp 6 200 OK\n")
    assert one.backlog.end == one.backlog.begin


def streaming(port, backlog):
    """A stream to PORT of the host h in this process, whose source nobody waits at."""
    source = SimpleNamespace(
        watch=lambda _fd, **_more: None, unwatch=lambda _fd: None, ended=True, signals=[]
    )
    target = parse(b"tcp://h:%d" % port)
    return Stream(target, speaking(backlog), source)


def speaking(backlog):
    """What sends BACKLOG over plain TCP."""
    made = framing(Origin(b"", 8, None, b""), b"5424", relp=False)
    return TcpProtocol(made, backlog, Retry(b"tcp://h", far=True))


def test_an_address_that_is_silent(tcp, monkeypatch):
    """The next address of the same host is tried when the first one has not answered in time."""
    server = tcp()
    with socket.socket() as silent, socket.socket() as one, socket.socket() as two:
        silent.bind(("127.0.0.2", server.port))
        silent.listen(0)
        for filler in one, two:
            # Who comes to a full queue gets no answer.
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.2", server.port))
        found = [(socket.AF_INET, (f"127.0.0.{at}", server.port)) for at in (2, 1)]
        monkeypatch.setattr(Lookup, "_resolve", lambda _self, _flags: list(found))
        monkeypatch.setattr(stream_module, "PATIENCE", 0.2)
        stream = streaming(server.port, MemoryBacklog())
        stream.put(Batch([6], [b"line"]))
        wait_until(lambda: (stream.flush(), server.came and b"line" in server.came[0])[1])
        stream.close()


def test_a_server_that_talks_all_the_time(start, tcp, place):
    """What it says is nothing to us: the other places get their lines, and TERM is heeded."""
    server = tcp()
    to = "--to", f"tcp://127.0.0.1:{server.port}", "--to", "./log/"
    process = start("pysissylog", *to)
    write_all(process.stdin.fileno(), b"one\n")
    wait_until(lambda: server.connections)

    def talk():
        with suppress(OSError):
            while True:
                server.connections[0].sendall(b"x" * (1 << 20))

    talker = threading.Thread(target=talk)
    talker.start()
    write_all(process.stdin.fileno(), b"two\n")
    wait_until(lambda: b" two\n" in (place / "log/current").read_bytes())
    assert finish(process)[0] == 0
    talker.join()


def test_a_fast_server_is_not_all_there_is(monkeypatch):
    """Of much that waits some is sent, then it is the others' turn."""
    monkeypatch.setattr(tcp_module, "TURN", 1000)
    one = speaking(MemoryBacklog())
    for _ in range(100):
        one.backlog.put(b"x" * 99)
    wire = SimpleNamespace(full=False, written=0, tls=None)

    def write(text):
        wire.written += len(text)

    wire.write = write
    one.begin(wire)
    one.feed()
    assert wire.written == 11 * 99
    one.feed()
    assert wire.written == 22 * 99


def connected(feed):
    """A connection to FEED, and its other end."""
    one = transport.Connection([(socket.AF_INET, feed.getsockname())])
    wait_until(one.step)
    return one, feed.accept()[0]


def test_a_server_that_reads_nothing_for_long(monkeypatch):
    """It is there: each time it is asked for room its kernel says that there is none."""
    monkeypatch.setattr(transport, "GONE", 1)
    with socket.create_server(("127.0.0.1", 0)) as feed:
        one, other = connected(feed)
        while not one.full:
            one.write(b"x" * 65536)

        def asked():
            one.push()
            one.check()
            # tcpi_backoff, of struct tcp_info: how often the pause got longer.
            return one._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[4] >= 3

        wait_until(asked)
        other.close()
        one.close()


def test_a_server_that_acknowledges_nothing():
    """It is gone, if it should have; what the system says of one is made up."""
    with socket.create_server(("127.0.0.1", 0)) as feed:
        one, other = connected(feed)
        one.check()
        real, info = one._socket, bytearray(60)
        one._socket = SimpleNamespace(getsockopt=lambda *_: bytes(info))
        info[24:28] = struct.pack("I", 1)
        one.check()
        info[56:60] = struct.pack("I", 120_000)
        with pytest.raises(TimeoutError):
            one.check()
        one._socket = real
        other.close()
        one.close()


class Slow(MemoryBacklog):
    """A backlog on a disk, of which a server takes a byte each time somebody sleeps."""

    held = 0

    def close(self):
        """Nothing is open."""


@pytest.mark.parametrize("told", [False, True])
def test_what_is_spooled_is_sent_at_the_end(told, monkeypatch):
    """As long as the server takes some of it; when told to end, for LINGER at the most."""
    now = [0.0]
    monkeypatch.setattr(stream_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    backlog = Slow()
    stream = streaming(9, backlog)
    backlog.put(b"x" * 99)
    monkeypatch.setattr(stream, "flush", lambda: None)

    def sleep(_):
        now[0] += 1.0
        backlog.delivered(backlog.begin + 1)
        if told and now[0] == 10:
            stream._source.signals.append(15)

    stream._source.sleep = sleep
    stream._linger()
    assert backlog.begin == (10 + stream_module.LINGER if told else 99)


# TLS.


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A CA, a server and a client, all of this test."""
    made = Certificates(tmp_path_factory.mktemp("tls") / "made")
    made.make("server", "IP:127.0.0.1")
    made.make("client", "DNS:client")
    made.make("other", "DNS:other.example.org")
    return made.place


@pytest.fixture
def tls(far, certificates):
    """Start an rsyslogd that talks TLS."""

    def tls(mode="anon", **more):
        return far(
            "imtcp", options=GTLS.format(mode=mode), more=TLS.format(place=certificates), **more
        )

    return tls


def test_tls(tls, certificates, send):
    """Lines arrive over TLS where the CA is the one that is named."""
    server = tls()
    to = f"tls://127.0.0.1:{server.port},ca={certificates}/ca.pem"
    lines = numbered(0, 20000)
    send(stream(lines), "--to", to)
    wait_until(lambda: len(server.lines()) >= len(lines))
    assert server.lines() == lines


def test_a_client_certificate(tls, certificates, send):
    """A server that wants a certificate of us gets it."""
    server = tls("x509/certvalid")
    own = f"cert={certificates}/client.pem,key={certificates}/client.key"
    send(b"one\n", "--to", f"tls://127.0.0.1:{server.port},ca={certificates}/ca.pem,{own}")
    wait_until(lambda: server.lines() == [b"one"])


def check_nothing_sent(process, server, count):
    """Told to end, PROCESS says that COUNT lines are left, and SERVER has none of them."""
    process.terminate()
    code, said = finish(process)
    assert (code, b"unable to deliver %d lines" % count in said) == (111, True)
    assert server.lines() == []


def test_without_the_client_certificate(tls, certificates, start, pipe):
    """A server that wants a certificate and gets none refuses us: nothing is lost of that."""
    server = tls("x509/certvalid")
    to = f"tls://127.0.0.1:{server.port},ca={certificates}/ca.pem"
    process = start("pysissylog", "--to", to, stdin=pipe[0])
    write_all(pipe[1], b"one\ntwo\n")
    assert b"unable to reach" in process.stderr.readline()
    check_nothing_sent(process, server, 2)


REFUSED = {
    "a CA that we do not know": "",
    "another name": "ca={place}/ca.pem,name=other.example.org",
}


@pytest.mark.parametrize("options", REFUSED.values(), ids=REFUSED)
def test_a_wrong_certificate(options, tls, certificates, start, pipe):
    """It is refused and said, and not a line is sent, in clear or otherwise."""
    server = tls()
    to = f"tls://127.0.0.1:{server.port},{options.format(place=certificates)}".rstrip(",")
    process = start("pysissylog", "--to", to, stdin=pipe[0])
    write_all(pipe[1], b"secret\n")
    assert b": certificate refused: " in process.stderr.readline()
    check_nothing_sent(process, server, 1)


def test_a_server_that_talks_no_tls(tcp, certificates, start, pipe):
    """A server that does not know TLS gets the beginning of a handshake, and no line."""
    server = tcp()
    to = f"tls://127.0.0.1:{server.port},ca={certificates}/ca.pem"
    process = start("pysissylog", "--to", to, stdin=pipe[0])
    write_all(pipe[1], b"secret\n")
    wait_until(lambda: server.came and server.came[0])
    server.connections[0].sendall(b"220 hello, what do you want\r\n")
    assert b"unable to reach" in process.stderr.readline()
    process.terminate()
    finish(process)
    assert not any(b"secret" in came for came in server.came)


@pytest.mark.parametrize("version", [None, "TLSv1_2", "TLSv1_3"], ids=["before", "1.2", "1.3"])
def test_a_tls_server_that_wants_nobody(version, certificates, start):
    """Kind: as above; it goes in the handshake, or when that is done."""

    def how(one):
        if not version:
            one.recv(1, socket.MSG_PEEK)
            return
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.maximum_version = ssl.TLSVersion[version]
        made.load_cert_chain(certificates / "server.pem", certificates / "server.key")
        made.wrap_socket(one, server_side=True).close()

    check_away(how, start, f"tls://127.0.0.1:{{port}},ca={certificates}/ca.pem")


def test_insecure(tls, send):
    """With `insecure`, and only then, any certificate will do."""
    server = tls()
    send(b"one\n", "--to", f"tls://127.0.0.1:{server.port},insecure")
    wait_until(lambda: server.lines() == [b"one"])


@pytest.mark.parametrize("name", ["ca", "cert"])
def test_a_file_that_is_not_there(name, run):
    """A certificate that cannot be read is a fatal error before anything is read; 111."""
    result = run("pysissylog", "--to", f"tls://h,{name}=/no/file", input=b"x\n")
    said = b"pysissylog: fatal: unable to use %b=/no/file: file does not exist\n" % name.encode()
    assert (result.returncode, result.stderr) == (111, said)


def test_a_file_whose_name_is_no_text(run):
    """Its name is bytes, as all names are."""
    result = run("pysissylog", "--to", b"tls://h,ca=/no/\xff", input=b"x\n")
    said = b"pysissylog: fatal: unable to use ca=/no/\xff: file does not exist\n"
    assert (result.returncode, result.stderr) == (111, said)


def test_a_file_that_is_no_certificate(run, place):
    """Nor is one that holds something else."""
    (place / "ca").write_text("hello\n")
    for name, why in (b"ca", b"no certificate or crl found"), (b"cert", b"no certificate and key"):
        result = run("pysissylog", "--to", b"tls://h,%b=ca" % name, input=b"x\n")
        said = b"pysissylog: fatal: unable to use %b=ca: %b" % (name, why)
        assert result.stderr.startswith(said)
        assert (result.returncode, result.stderr.count(b"\n")) == (111, 1)


def test_relp_over_tls(far, certificates, send):
    """relps: is RELP over TLS."""
    files = f'tls.caCert="{certificates}/ca.pem" tls.myCert="{certificates}/server.pem"'
    files += f' tls.myPrivKey="{certificates}/server.key"'
    server = far("imrelp", input=f'tls="on" tls.authmode="certvalid" {files}')
    own = f"cert={certificates}/client.pem,key={certificates}/client.key"
    lines = numbered(0, 20000)
    to = f"relps://127.0.0.1:{server.port},ca={certificates}/ca.pem,{own}"
    send(stream(lines), "--to", to)
    wait_until(lambda: len(server.lines()) >= len(lines))
    assert server.lines() == lines


def test_an_interrupt_ends_it(start, tcp, pipe):
    """INT ends it by the signal, when all has arrived."""
    server = tcp()
    process = start("pysissylog", "--to", f"tcp://127.0.0.1:{server.port}", stdin=pipe[0])
    write_all(pipe[1], b"one\n")
    wait_until(lambda: server.came and server.came[0].endswith(b" one"))
    process.send_signal(signal.SIGINT)
    assert finish(process) == (-signal.SIGINT, b"")
