"""What a killed router's kernel has for a server: its successor does not overtake or lose it."""

import os
import socket
from types import SimpleNamespace

import pytest

from pydaemontools.log.net import previous_connection
from pydaemontools.log.net.previous_connection import ENDED, KNOWN, LONGEST, PreviousConnection
from pydaemontools.log.net.spool_records import file_offset
from pydaemontools.log.net.spooldir import PositionFile
from pydaemontools.log.net.transport import Connection
from tests.conftest import DEADLINE
from tests.log.conftest import finish, no_more_for, wait_until, write_all


@pytest.fixture
def left(manual):
    """A connection to the server that its process has left, with something that is not read."""
    connection = Connection([(socket.AF_INET, ("127.0.0.1", manual.port))])
    wait_until(connection.step)
    manual.take()
    connection.write(b"one")
    endpoints = connection.endpoints
    connection.close()
    return endpoints


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands at `now` seconds."""
    made = SimpleNamespace(now=100_000.0)
    monkeypatch.setattr(previous_connection, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


def test_a_connection_that_is_read_to_its_end(left, manual):
    """It is over when the server has read all and closes."""
    made = PreviousConnection(left, 0)
    assert not made.over()
    manual.read()
    assert manual.came == b"one"
    assert not made.over()
    assert made.blocking
    manual.end()
    wait_until(made.over)
    assert not made.broken


@pytest.mark.parametrize("mark", [b"", ENDED])
def test_a_connection_that_is_not_read(mark, left, manual):
    """It is broken when the server goes without having read it."""
    made = PreviousConnection(left + mark, 0)
    assert not made.over()
    assert made.blocking == (not mark)
    manual.end()
    wait_until(made.over)
    assert made.broken


def test_a_server_that_does_not_read(left, clock):
    """It is not waited for for ever, and watched for as long as Linux knows it."""
    made = PreviousConnection(left, 20)
    assert not made.over()
    clock.now += LONGEST
    assert not made.over()
    assert not made.blocking
    clock.now += KNOWN - LONGEST - 20
    assert made.over()
    assert not made.broken


def test_a_connection_that_linux_does_not_know():
    """It was broken, if it would still be known otherwise."""
    endpoints = b"0100007F:0001 0100007F:0001"
    for made, broken in (
        (PreviousConnection(endpoints, 1), True),
        (PreviousConnection(endpoints, KNOWN), False),
        (PreviousConnection(endpoints + ENDED, 1), False),
    ):
        assert made.over()
        assert made.broken == broken


def test_a_connection_over_ipv6():
    """Linux writes its addresses in the same way, with four numbers each."""
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with listener:
        connection = Connection([(socket.AF_INET6, listener.getsockname())])
        wait_until(connection.step)
        with listener.accept()[0]:
            made = PreviousConnection(connection.endpoints, 0)
            connection.close()
            wait_until(lambda: not made.over())
        wait_until(made.over)
        assert not made.broken


def has_delivered(spool):
    """Whether SPOOL has had something, and says that all of it has arrived."""
    directory = os.open(spool, os.O_RDONLY)
    file = PositionFile(directory)
    known = file.known
    file.close()
    os.close(directory)
    return file_offset(known.end)[1] > 0 and known.at == known.end


@pytest.fixture
def killed(manual, spooling, place):
    """The server has something of a router that was killed."""
    process = spooling(b"one")
    manual.take()
    [spool] = place.glob("spool/*/")
    wait_until(lambda: has_delivered(spool))
    process.kill()
    finish(process)


@pytest.fixture
def successor(killed, spooling, place):  # noqa: ARG001 - it comes after that
    """Another router, which has looked for what is left of the first."""
    process = spooling()
    for line in b"two", b"three":
        write_all(process.stdin.fileno(), line + b"\n")
        # When the second is there, the first was tried to be sent.
        wait_until(lambda: any(line in file.read_bytes() for file in place.glob("spool/*/*.log")))  # noqa: B023
    return process


def test_a_successor_does_not_overtake(manual, successor):
    """It comes when all that was sent before has been read."""
    assert not manual.asked
    assert manual.read() == [b"one"]
    assert not manual.asked
    manual.end()
    manual.take()
    assert manual.read(b" three") == [b"two", b"three"]
    successor.kill()


def test_a_server_that_dies_after_the_router(manual, successor):
    """What it had not read of a router that was killed is sent again by the next one."""
    manual.end()
    manual.take()
    assert manual.read(b" three") == [b"one", b"two", b"three"]
    no_more_for(successor)
    assert manual.read() == [b"one", b"two", b"three"]
    manual.end()
    assert successor.wait(DEADLINE) == 0


@pytest.mark.usefixtures("killed")
def test_a_server_that_dies_before_the_next_router_comes(manual, spooling):
    """What it had not read is sent again, also if the next one has nothing else to send."""
    manual.end()
    process = spooling()
    manual.take()
    assert manual.read(b" one") == [b"one"]
    process.kill()


@pytest.mark.usefixtures("killed")
def test_a_server_that_dies_while_nothing_comes(manual, spooling, place):
    """The connection that was left is looked at all the same."""
    [note] = place.glob("spool/*/note")
    before = note.stat().st_mtime_ns
    process = spooling()
    # It is about to look.
    wait_until(lambda: note.stat().st_mtime_ns != before)
    manual.end()
    manual.take()
    assert manual.read(b" one") == [b"one"]
    process.kill()


def test_a_server_that_never_closes(manual, spooling):
    """Those who end and were not answered are not waited for."""
    for line in b"one", b"two", b"three":
        process = spooling(line)
        assert finish(process) == (0, b"")
        manual.take()
        assert manual.read(b" " + line) == [line]


def test_a_successor_that_is_told_to_end(manual, successor):
    """It leaves its lines in the spool."""
    successor.terminate()
    code, said = finish(successor)
    assert (code, b" bytes are left in spool/" in said, manual.asked) == (0, True, False)
