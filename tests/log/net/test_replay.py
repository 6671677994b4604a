"""What a server's kernel had and the server may not have read is sent again, and no more."""

import socket
from types import SimpleNamespace

import pytest

from pydaemontools.log.net import replay
from pydaemontools.log.net.replay import BROKEN, IN_ORDER, STEP, Replay
from pydaemontools.log.net.transport import Connection, Ended
from tests.conftest import DEADLINE
from tests.log.conftest import finish, no_more_for, numbered, wait_until, write_all


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands at `now` seconds."""
    made = SimpleNamespace(now=100_000.0)
    monkeypatch.setattr(replay, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


ORDERS = {"in order": (True, IN_ORDER), "broken": (False, BROKEN)}


@pytest.mark.parametrize(("in_order", "kind"), ORDERS.values(), ids=ORDERS)
def test_what_is_sent_again(in_order, kind, clock):
    """What was acknowledged within so many seconds of the end, and STEP before that at most."""
    seconds, _ = kind
    one = Replay()
    one.begin(0)
    begin = clock.now
    # What was acknowledged when.
    for at in range(1, 400):
        clock.now += seconds / 100
        one.acknowledged(at)
    again = one.resume_at(in_order=in_order)
    first = begin + (again + 1) * seconds / 100
    assert clock.now - seconds - STEP <= first <= clock.now - seconds + seconds / 100
    one.begin(again)
    # What was acknowledged of that a while ago was read.
    one.acknowledged(500)
    clock.now += seconds + 0.001
    assert one.resume_at(in_order=in_order) == 500


@pytest.mark.parametrize(("in_order", "kind"), ORDERS.values(), ids=ORDERS)
def test_how_often_it_is_sent_again(in_order, kind, clock):
    """So many times; then what comes after it still is."""
    _, times = kind
    one = Replay()
    found = []
    for turn in range(times + 2):
        one.begin(0 if turn == 0 else found[-1])
        one.acknowledged(10 + turn)
        clock.now += 1
        found.append(one.resume_at(in_order=in_order))
    assert found == [0] * times + [10, 11]


@pytest.mark.parametrize("in_order", [True, False])
def test_what_came_before_a_pause(in_order, clock):
    """It was read meanwhile."""
    one = Replay()
    one.begin(0)
    one.acknowledged(2000)
    clock.now += 86_400
    one.acknowledged(2001)
    clock.now += 1
    assert one.resume_at(in_order=in_order) == 2000


def trouble(step):
    """The OSError that STEP raises, or None."""
    try:
        step()
    except OSError as error:
        return error
    return None


@pytest.mark.parametrize("unread", [False, True])
@pytest.mark.parametrize("half", [False, True])
def test_an_end_in_order(unread, half, manual):
    """It is one if the server had read all, whatever it does first."""
    connection = Connection([(socket.AF_INET, ("127.0.0.1", manual.port))])
    wait_until(connection.step)
    connection.write(b"one")
    manual.take()
    if not unread:
        manual.read(b"one")
    manual.end(half=half)
    raised = wait_until(lambda: trouble(connection.read))
    assert (isinstance(raised, Ended) and connection.closed()) == (not unread)
    connection.close()


def test_how_much_is_remembered(clock):
    """However long a connection stands there, and however much goes over it."""
    one = Replay()
    one.begin(0)
    for at in range(10_000):
        clock.now += 1
        one.acknowledged(at)
    assert len(one._marks) <= BROKEN[0] / STEP + 2


@pytest.mark.usefixtures("clock")
def test_a_connection_without_an_answer():
    """Nothing is sent again, and it counts for nothing."""
    one = Replay()
    one.begin(5)
    one.acknowledged(9)
    assert one.resume_at(in_order=True) == 5
    for _ in range(5):
        one.begin(5)
        assert one.resume_at(in_order=True) == one.resume_at(in_order=False) == 5
    one.begin(5)
    one.acknowledged(9)
    assert one.resume_at(in_order=True) == 5


# A real router, and servers that are not kind.


@pytest.mark.parametrize("reset", [False, True])
def test_a_server_that_dies(reset, manual, spooling):
    """What it had read comes again: nobody knows what it did with that."""
    process = spooling(b"one", b"two")
    manual.take()
    assert manual.read(b" two") == [b"one", b"two"]
    manual.end(reset=reset)
    manual.take()
    assert manual.read(b" two") == [b"one", b"two"]
    write_all(process.stdin.fileno(), b"three\n")
    no_more_for(process)
    assert manual.read() == [b"one", b"two", b"three"]
    manual.end()
    assert process.wait(DEADLINE) == 0
    said = process.stderr.read()
    assert b": connection reset; waiting for it\n" in said
    assert said.endswith(b" again\n")


def test_a_server_that_ends_each_connection(manual, spooling):
    """All arrives, in order, and nothing more than three times."""
    lines = numbered(0, 20)
    process = spooling(*lines)
    ends = [line.rpartition(b" ")[2] for line in lines]
    for _ in range(3):
        manual.take()
        assert manual.read(lines[-1]) == ends
        manual.end()
    write_all(process.stdin.fileno(), b"last\n")
    manual.take()
    assert manual.read(b" last") == [b"last"]
    process.kill()
    manual.end()


def test_a_server_that_does_not_answer_our_end(manual, spooling):
    """It is not waited for long, and gets nothing again: it is there, and will read what it has."""
    process = spooling(b"one")
    manual.take()
    no_more_for(process)
    assert finish(process) == (0, b"")
    assert manual.read() == [b"one"]
    manual.end()
    process = spooling(b"two")
    manual.take()
    assert manual.read(b" two") == [b"two"]
    process.kill()
    manual.end()


def test_a_server_that_goes_while_we_go(manual, spooling):
    """A reset in answer to our farewell: the server may not have read all, so all stays in the
    spool, and is sent the next time.
    """
    process = spooling(b"one")
    manual.take()
    manual.read(b" one")
    no_more_for(process)
    assert manual.read() == [b"one"]
    manual.end(reset=True)
    assert process.wait(DEADLINE) == 0
    assert b" bytes are left in spool/" in process.stderr.read()
    process = spooling(b"two")
    no_more_for(process)
    manual.take()
    assert manual.read() == [b"one", b"two"]
    manual.end()
    assert finish(process) == (0, b"")
    process = spooling(b"three")
    manual.take()
    assert manual.read(b" three") == [b"three"]
    process.kill()
    manual.end()
