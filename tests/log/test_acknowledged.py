"""What a server's kernel had and the server may not have read is sent again, and no more."""

import socket
import struct
from types import SimpleNamespace

import pytest

from pydaemontools.log.sinks import acknowledged
from pydaemontools.log.sinks.acknowledged import BROKEN, IN_ORDER, STEP, Acknowledged
from tests.conftest import DEADLINE
from tests.log.conftest import finish, numbered, stream, write_all
from tests.log.far import messages


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands at `now` seconds."""
    made = SimpleNamespace(now=100_000.0)
    monkeypatch.setattr(acknowledged, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


ORDERS = {"in order": (True, IN_ORDER), "broken": (False, BROKEN)}


@pytest.mark.parametrize(("in_order", "kind"), ORDERS.values(), ids=ORDERS)
def test_what_is_sent_again(in_order, kind, clock):
    """What was acknowledged within so many seconds of the end, and STEP before that at most."""
    seconds, _ = kind
    one = Acknowledged()
    one.begin(0)
    begin = clock.now
    # What was acknowledged when.
    for at in range(1, 400):
        clock.now += seconds / 100
        one.took(at)
    again = one.again(in_order=in_order)
    first = begin + (again + 1) * seconds / 100
    assert clock.now - seconds - STEP <= first <= clock.now - seconds + seconds / 100
    one.begin(again)
    # What was acknowledged of that a while ago was read.
    one.took(500)
    clock.now += seconds + 0.001
    assert one.again(in_order=in_order) == 500


@pytest.mark.parametrize(("in_order", "kind"), ORDERS.values(), ids=ORDERS)
def test_how_often_it_is_sent_again(in_order, kind, clock):
    """So many times; then what comes after it still is."""
    _, times = kind
    one = Acknowledged()
    found = []
    for turn in range(times + 2):
        one.begin(0 if turn == 0 else found[-1])
        one.took(10 + turn)
        clock.now += 1
        found.append(one.again(in_order=in_order))
    assert found == [0] * times + [10, 11]


def test_how_much_is_remembered(clock):
    """However long a connection stands there, and however much goes over it."""
    one = Acknowledged()
    one.begin(0)
    for at in range(10_000):
        clock.now += 1
        one.took(at)
    assert len(one._marks) <= BROKEN[0] / STEP + 2


@pytest.mark.usefixtures("clock")
def test_a_connection_without_an_answer():
    """Nothing is sent again, and it counts for nothing."""
    one = Acknowledged()
    one.begin(5)
    one.took(9)
    assert one.again(in_order=True) == 5
    for _ in range(5):
        one.begin(5)
        assert one.again(in_order=True) == one.again(in_order=False) == 5
    one.begin(5)
    one.took(9)
    assert one.again(in_order=True) == 5


# A real router, and servers that are not kind.


class Server:
    """A server that a test talks for: it listens, and takes one connection after the other."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE)
        self.url = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self.came = bytearray()

    def take(self):
        """Take the next connection."""
        self._one, _ = self._listener.accept()
        self._one.settimeout(DEADLINE)
        self.came = bytearray()

    def read(self, end=None):
        """Read until what came ends with END, or until its end."""
        while not end or not self.came.endswith(end):
            if not (data := self._one.recv(65536)):
                break
            self.came += data
        return [one.rpartition(b" ")[2] for one in messages(self.came)[0]]

    def end(self, *, reset=False):
        """Close the connection, or RESET it."""
        if reset:
            self._one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._one.close()

    def close(self):
        """Be gone."""
        self._listener.close()


@pytest.fixture
def server():
    """A Server."""
    made = Server()
    yield made
    made.close()


@pytest.fixture
def router(start, server):
    """Start a router to the server, with a spool."""
    return lambda: start("pysissylog", "--spool", "spool", "--to", server.url)


@pytest.mark.parametrize("reset", [False, True])
def test_a_server_that_dies(reset, server, router):
    """What it had read comes again: nobody knows what it did with that."""
    process = router()
    write_all(process.stdin.fileno(), b"one\ntwo\n")
    server.take()
    assert server.read(b" two") == [b"one", b"two"]
    server.end(reset=reset)
    server.take()
    assert server.read(b" two") == [b"one", b"two"]
    write_all(process.stdin.fileno(), b"three\n")
    process.stdin.close()
    process.stdin = None
    assert server.read() == [b"one", b"two", b"three"]
    server.end()
    assert process.wait(DEADLINE) == 0
    said = process.stderr.read()
    assert b": connection reset; waiting for it\n" in said
    assert said.endswith(b" again\n")


def test_a_server_that_ends_each_connection(server, router):
    """All arrives, in order, and nothing more than three times."""
    process = router()
    lines = numbered(0, 20)
    write_all(process.stdin.fileno(), stream(lines))
    ends = [line.rpartition(b" ")[2] for line in lines]
    for _ in range(3):
        server.take()
        assert server.read(lines[-1]) == ends
        server.end()
    write_all(process.stdin.fileno(), b"last\n")
    server.take()
    assert server.read(b" last") == [b"last"]
    process.kill()
    server.end()


def test_a_server_that_does_not_answer_our_end(server, router):
    """It is not waited for long, and gets nothing again: it is there, and will read what it has."""
    process = router()
    write_all(process.stdin.fileno(), b"one\n")
    server.take()
    process.stdin.close()
    process.stdin = None
    assert finish(process) == (0, b"")
    assert server.read() == [b"one"]
    server.end()
    process = router()
    write_all(process.stdin.fileno(), b"two\n")
    server.take()
    assert server.read(b" two") == [b"two"]
    process.kill()
    server.end()


def test_a_server_that_goes_while_we_go(server, router):
    """A reset in answer to our farewell: the server may not have read all, so all stays in the
    spool, and is sent the next time.
    """
    process = router()
    write_all(process.stdin.fileno(), b"one\n")
    server.take()
    server.read(b" one")
    process.stdin.close()
    process.stdin = None
    assert server.read() == [b"one"]
    server.end(reset=True)
    assert process.wait(DEADLINE) == 0
    assert b" bytes are left in spool/" in process.stderr.read()
    process = router()
    write_all(process.stdin.fileno(), b"two\n")
    process.stdin.close()
    process.stdin = None
    server.take()
    assert server.read() == [b"one", b"two"]
    server.end()
    assert finish(process) == (0, b"")
    process = router()
    write_all(process.stdin.fileno(), b"three\n")
    server.take()
    assert server.read(b" three") == [b"three"]
    process.kill()
    server.end()
