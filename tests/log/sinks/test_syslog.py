"""The sink for a syslog socket: what is on the wire, and what becomes of it when nobody reads."""

import errno
import json
import re
import socket
import time
from _socket import SO_SNDBUF, SOL_SOCKET
from _socket import socket as c_socket
from contextlib import suppress

import pytest

from pydaemontools.log.lines.batch import Batch
from pydaemontools.log.lines.emit import element
from pydaemontools.log.lines.formats import FACILITIES, Origin
from pydaemontools.log.lines.severity import SeverityReader
from pydaemontools.log.lines.severity_transform import SeverityTransform
from pydaemontools.log.sinks import datagrams, syslog, unacked_unix
from pydaemontools.log.sinks.syslog import DATAGRAM, Syslog
from tests.log.conftest import wait_until

NUMBERS = {
    b"kern": 0,
    b"user": 1,
    b"mail": 2,
    b"daemon": 3,
    b"auth": 4,
    b"syslog": 5,
    b"lpr": 6,
    b"news": 7,
    b"uucp": 8,
    b"cron": 9,
    b"authpriv": 10,
    b"ftp": 11,
    **{b"local%d" % i: 16 + i for i in range(8)},
}


@pytest.fixture
def sink(place):
    """Make a sink for log.sock in `place`; it is closed at the end of the test."""
    made = []

    def sink(ident=b"me", facility=b"daemon", pid=None, form=b"3164"):
        path = str(place / "log.sock").encode()
        made.append(Syslog(path, Origin(ident, FACILITIES[facility], pid, b"here"), form))
        return made[-1]

    yield sink
    for one in made:
        one.close()


def batch(*lines, level=6, **more):
    """A batch of LINES, all of one LEVEL."""
    return Batch([level] * len(lines), list(lines), **more)


def until_sent(one):
    """Flush the sink ONE, each time that it is due, until it holds nothing."""

    def sent():
        one.flush()
        return not one.held

    wait_until(sent)


def test_facilities():
    """The facilities are those of syslog.h, each with its number."""
    assert {name: number >> 3 for name, number in FACILITIES.items()} == NUMBERS


@pytest.mark.parametrize("facility", NUMBERS, ids=bytes.decode)
def test_wire(facility, server, sink):
    """A message is <facility and level>, local time, tag and line, and nothing after it."""
    one = sink(facility=facility)
    for level in range(8):
        before = int(time.time())
        one.put(batch(b"a line", level=level))
        server.wait(level + 1)
        stamps = [time.localtime(at) for at in range(before, int(time.time()) + 1)]
        stamps = [time.strftime("%b %e %H:%M:%S", stamp) for stamp in stamps]
        code = NUMBERS[facility] * 8 + level
        assert server.packets[-1] in [f"<{code}>{stamp} me: a line".encode() for stamp in stamps]


@pytest.mark.parametrize("facility", [b"kern", b"user", b"daemon", b"local7"], ids=bytes.decode)
@pytest.mark.parametrize("level", [0, 7])
def test_no_message_is_too_long(facility, level, server, sink):
    """A message has DATAGRAM bytes at the most; only a line that would make more is split."""
    head = len(b"<%d>" % (FACILITIES[facility] + 7)) + len("Nov 21 01:02:03 me: ")
    shorter = len(b"<%d>" % (FACILITIES[facility] + level)) + len("Nov 21 01:02:03 me: ")
    one = sink(facility=facility)
    sent = [b"x" * (DATAGRAM - head), b"y" * (DATAGRAM - head + 1), b"z" * (DATAGRAM - shorter + 1)]
    for line in sent:
        one.put(batch(line, level=level))
    server.wait(5)
    assert max(map(len, server.packets)) <= DATAGRAM
    assert server.texts[0] == sent[0]
    assert joined(server.texts) == sent
    assert {message.level for message in server.messages} == {level}


def joined(texts):
    """The lines in TEXTS, pieces that begin with + put together."""
    lines = []
    for text in texts:
        if text[:1] == b"+":
            lines[-1] += text[1:]
        else:
            lines.append(text)
    return lines


PIECES = {
    "a line that comes at once": [[b"x" * 20000]],
    "a line that comes in two": [[b"x" * 9000], [b"y" * 9000]],
    "a line that comes in three": [[b"x" * 9000], [b"y" * 8192], [b"z"]],
    "a line whose end comes alone": [[b"x" * 9000], [b""]],
    "a line whose end comes with others": [[b"x" * 9000], [b"", b"next", b"x" * 9000, b"last"]],
    "a line that goes on, with others": [[b"x" * 9000], [b"y", b"next"]],
    "characters of four bytes": [["\U0001f409".encode() * 5000]],
    "characters of two bytes, one off": [[b"x" + "é".encode() * 9000]],
    "bytes that are no UTF-8": [[b"\x80" * 20000]],
}


@pytest.mark.parametrize("batches", PIECES.values(), ids=PIECES)
def test_pieces(batches, server, sink):
    """A long line is sent in pieces; each after the first begins with +, no other line does."""
    one = sink()
    for at, lines in enumerate(batches):
        one.put(batch(*lines, level=3, continued=at > 0, unfinished=at < len(batches) - 1))
    lines = [b"".join(lines[0] for lines in batches), *batches[-1][1:]]
    wait_until(lambda: joined(server.texts) == lines)
    assert {message.level for message in server.messages} == {3}
    for text in server.texts:
        assert len(text) > 1
        assert text[:1] == b"\x80" or text[1:2] == b"\x80" or text.decode()


def test_an_empty_line_is_a_message(server, sink):
    """A line of which nothing is left is sent as any other, also beside a long one."""
    one = sink()
    one.put(batch(b""))
    one.put(batch(b"x" * 9000, b""))
    server.wait(4)
    assert joined(server.texts) == [b"", b"x" * 9000, b""]


def test_a_long_ident(server, sink):
    """However long the ident is, the line arrives."""
    one = sink(ident=b"i" * 9000)
    one.put(batch(b"x" * 2500, b"next"))
    server.wait(4)
    assert joined(server.texts) == [b"x" * 2500, b"next"]


class Small(c_socket):
    """A socket that takes less than the others."""

    def __init__(self, *words):
        super().__init__(*words)
        self.setsockopt(SOL_SOCKET, SO_SNDBUF, 2304)


def test_a_socket_that_takes_less(monkeypatch, server, sink):
    """Where the socket takes less than DATAGRAM the pieces are shorter, and all arrive."""
    monkeypatch.setattr(syslog, "socket", Small)
    lines = ["é".encode() * 4000, b"short", b"y" * 30000, "\U0001f409".encode() * 1500]
    one = sink()
    one.put(batch(*lines, level=2))
    until_sent(one)
    wait_until(lambda: joined(server.texts) == lines)
    assert max(map(len, server.packets)) < 2 * 2304
    assert {(message.level, message.tag) for message in server.messages} == {(2, b"me")}
    for text in server.texts:
        text.decode()


MESSAGE = re.compile(
    rb"<30>1 [^ ]{32} here me - - "
    rb"""(-|\[pydt@32473(?: [^ ="\]]{1,32}="(?:[^"\\\]]|\\["\\\]])*")+\]) (.*)"""
)


def taken(server):
    """The structured data and the text of each message of RFC 5424 that SERVER got."""
    found = [MESSAGE.fullmatch(packet) for packet in server.packets]
    assert all(found), server.packets
    return [one.groups() for one in found]


def structured(**fields):
    """A batch of one line of JSON that says FIELDS."""
    line = json.dumps({"level": "info", **fields}).encode() + b"\n"
    return SeverityTransform(SeverityReader()).batch(line, continued=False, unfinished=False)


ODD = '"]\\ = ' * 30
SHRUNK = {
    "a long message": {"message": "h" * 6000, "user": "u"},
    "a long message with all kinds of data": {"message": ODD * 40, " a": ODD, "]": " ", "b": ODD},
    "a message of long characters": {"message": "\U0001f409" * 1500, "user": "ü" * 200},
    "a message that looks like data": {"message": '[a b="c"] - ] ' * 400, "user": "] "},
    "long data": {"message": "h" * 4500, "user": "u" * 2000},
    "data with hardly any room behind": {"message": "h" * 900, "user": "]" * 1980},
}


@pytest.mark.parametrize("fields", SHRUNK.values(), ids=SHRUNK)
def test_a_socket_that_takes_less_of_rfc_5424(fields, monkeypatch, server, sink):
    """Each piece is a message of RFC 5424; the first has the fields, the others begin with +."""
    monkeypatch.setattr(syslog, "socket", Small)
    one = sink(form=b"5424")
    one.put(structured(**fields))
    until_sent(one)
    message = fields.pop("message").encode()
    wait_until(lambda: joined([text for _, text in taken(server)]) == [message])
    (data, _), *others = taken(server)
    assert others
    assert {data for data, _ in others} == {b"-"}
    assert data == element(fields)


def test_added_fields_where_a_socket_takes_less(monkeypatch, server, place):
    """What --field adds stands before each piece."""
    monkeypatch.setattr(syslog, "socket", Small)
    origin = Origin(b"me", 24, None, b"here", {"a": "b", "long": "x" * 3900})
    one = Syslog(str(place / "log.sock").encode(), origin, b"5424")
    lines = [b"short", b"y" * 9000]
    one.put(batch(*lines))
    until_sent(one)
    wait_until(lambda: joined([text for _, text in taken(server)]) == lines)
    assert {data for data, _ in taken(server)} == {element(origin.fields)}
    one.close()


def test_a_message_that_no_socket_takes(monkeypatch, server, sink, capfd):
    """A message that cannot be made small enough is dropped, said of once, and counted."""
    monkeypatch.setattr(syslog, "socket", Small)
    assert server
    one = sink(ident=b"i" * 9000)
    one.put(batch(b"one"))
    one.put(batch(b"two"))
    assert (one.lost(), one.held, one.stalled, one.due()) == (2, 0, False, None)
    why = f"unable to send to {one.path.decode()}: message too long; dropping it"
    assert capfd.readouterr().err == f"pysissylog: warning: {why}\n"


def test_a_stream(serve, sink):
    """A server with a stream socket gets the same messages, each closed with a NUL."""
    server = serve(kind=socket.SOCK_STREAM)
    lines = [b"line %d" % at for at in range(3000)]
    one = sink()
    one.put(batch(*lines))
    until_sent(one)
    assert server.wait(3000) == lines


def test_a_stream_that_wants_nobody(sink, capfd):
    """Kind: a stream that ends at once, though the system took what was sent. It is away."""
    one = sink()
    with socket.socket(socket.AF_UNIX) as feed:
        feed.bind(one.path)
        feed.listen()
        for at in range(4):
            feed.settimeout(0)
            while True:
                one.put(batch(b"line %d" % at))
                with suppress(BlockingIOError):
                    feed.accept()[0].close()
                    break
                wait_until(lambda: not one.due())
    assert capfd.readouterr().err.count(b"unable to reach".decode()) == 1


def test_away_and_back(serve, sink, capfd):
    """A socket that is not there is waited for, told of once, and gets all, in order."""
    one = sink()
    one.put(batch(b"one"))
    one.put(batch(b"two"))
    assert (one.lost(), one.stalled) == (2, False)
    assert one.held == sum(map(len, one._queue))
    server = serve()
    until_sent(one)
    one.put(batch(b"three"))
    assert server.wait(3) == [b"one", b"two", b"three"]
    assert one.due() in (None, unacked_unix.WAIT)
    path = str(one.path.decode())
    why = f"pysissylog: warning: unable to reach {path}: file does not exist; waiting for it\n"
    assert capfd.readouterr().err == why


def test_each_absence_is_told_of_once(serve, sink, capfd):
    """Each time that the server goes away, one warning; however often it is looked for."""
    one = sink()
    for count in range(1, 4):
        server = serve()
        one.put(batch(b"%d" % count))
        until_sent(one)
        server.wait(1)
        wait_until(lambda: one.flush() or one.due() is None)
        server.close()
        for _ in range(3):
            one.put(batch(b"away"))
            one._retry_at = 0
            one.flush()
        assert capfd.readouterr().err.count("warning") == 1
        one._queue.clear()
        one.held = 0


def test_a_server_that_refuses_each_message(monkeypatch, server, sink, capfd):
    """A server that can be reached, but takes nothing, is told of once too."""
    assert server
    one = sink()

    class Refusing(c_socket):
        def send(self, *_):
            raise PermissionError(errno.EPERM, "")

    monkeypatch.setattr(syslog, "socket", Refusing)
    for _ in range(5):
        one.put(batch(b"line"))
        one._retry_at = 0
    assert capfd.readouterr().err.count("\n") == 1
    assert one.lost() == 5


def test_what_is_not_due_is_not_tried(sink, monkeypatch):
    """While a server is away it is not looked for at every line."""
    one = sink()
    tries = []
    monkeypatch.setattr(one, "_connect", lambda: bool(tries.append(1)))
    one._retry_at = time.monotonic() + 1000
    one._hold([b"line"])
    for _ in range(9):
        one.put(batch(b"line"))
        one.flush()
    assert tries == []
    assert one.lost() == 10
    assert 900 < one.due() <= 1000


def test_batches_without_lines(sink, capfd):
    """Where there is nothing to send, no server is looked for."""
    sink().put(batch())
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("number", [errno.ENOBUFS, errno.EAGAIN, errno.EINTR])
def test_a_stall_is_a_pause(number, monkeypatch, server, sink, capfd):
    """A system that has no room now is tried again after a pause, and nothing is said."""
    failures = [OSError(number, "")]

    class Stalling(c_socket):
        def send(self, packet):
            if failures and b"two" in packet:
                raise failures.pop()
            return super().send(packet)

    monkeypatch.setattr(syslog, "socket", Stalling)
    one = sink()
    one.put(batch(b"one", b"two", b"three"))
    assert (one.stalled, one.lost()) == (True, 2)
    assert 0 < one.due() <= datagrams.AGAIN
    until_sent(one)
    assert server.wait(3) == [b"one", b"two", b"three"]
    assert (one.stalled, capfd.readouterr().err) == (False, "")


def test_the_time_is_that_of_the_line(server, sink, monkeypatch):
    """The time stamp is taken anew each second."""
    one = sink()
    for now in 86400.0, 86400.9, 86401.0, 864000.0:
        monkeypatch.setattr(time, "time_ns", lambda now=now: int(now * 10**9))
        one.put(batch(b"line"))
    server.wait(4)
    expected = [
        time.strftime("%b %e %H:%M:%S", time.localtime(at)) for at in (86400, 86401, 864000)
    ]
    stamps = [message.stamp.decode() for message in server.messages]
    assert stamps == [expected[0], expected[0], expected[1], expected[2]]


def test_a_path_that_no_socket_has():
    """A name that is too long for a socket is an error at once, not a server to wait for."""
    with pytest.raises(OSError) as error:  # noqa: PT011 - the number is compared below
        Syslog(b"/" * 108, Origin(b"me", 0, None, b""))
    assert error.value.errno == errno.ENAMETOOLONG
    Syslog(b"/" * 107, Origin(b"me", 0, None, b""))


@pytest.mark.parametrize(
    "kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["datagram", "stream"]
)
@pytest.mark.parametrize("known", [True, False], ids=["asked before", "not asked before"])
def test_what_dies_with_a_server(kind, known, serve, sink):
    """What lay unread in a server that went away is sent to its successor, in order."""
    stalled = serve(kind=kind, limit=0)
    one = sink()
    first, more = [b"one", b"two", b"three"], [b"four", b"five"]
    one.put(batch(*first))
    if known:
        wait_until(lambda: one.flush() or one.due() is None)
    one.put(batch(*more))
    assert one.held == 0
    stalled.close()
    server = serve(kind=kind)
    one.put(batch(b"six"))
    until_sent(one)
    assert server.wait(6) == [*first, *more, b"six"]


def test_what_was_read_is_not_sent_again(serve, sink):
    """What a server has read is not sent to its successor."""
    server = serve()
    one = sink()
    one.put(batch(b"one", b"two"))
    server.wait(2)
    wait_until(lambda: one.flush() or one.due() is None)
    server.close()
    server = serve()
    one.put(batch(b"three"))
    until_sent(one)
    assert server.wait(1) == [b"three"]


def test_what_is_kept_for_a_successor_is_bounded(serve, sink):
    """No more is kept than the socket may hold unread, however much was sent."""
    server = serve()
    one = sink()
    one.put(batch(*[b"line %d" % at for at in range(5000)]))
    server.wait(5000)
    room = one._socket.getsockopt(SOL_SOCKET, SO_SNDBUF)
    again = one._unacked.gone(one._socket, [b"line %d" % at for at in range(5000)])
    assert again[-1] == b"line 4999"
    assert len(again) <= room / unacked_unix.FRAME
    assert one._unacked.gone(one._socket, []) == []


def test_a_system_that_cannot_tell_what_is_unread(serve, sink, monkeypatch):
    """Where the system does not tell what lies unread, nothing is kept."""

    def refuse(*_):
        raise OSError(errno.ENOTTY, "")

    monkeypatch.setattr(unacked_unix, "unsent", refuse)
    serve(limit=0)
    one = sink()
    one.put(batch(b"one"))
    assert (one.held, one.due()) == (0, None)
