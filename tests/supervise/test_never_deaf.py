"""Nothing that a supervisor says or starts makes it deaf."""

import fcntl
import os
import signal
from pathlib import Path

import pytest

from tests.conftest import wait_until

from .conftest import stat

SLEEP = " exec sleep 1000\n"


def full_pipe():
    """Make a pipe with no room left: its two ends."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writer, b"x" * 4095 + b"\n")
    return reader, writer


class Reader:
    """Reads a pipe, when it is asked to."""

    def __init__(self, fd):
        os.set_blocking(fd, False)
        self.fd, self.found = fd, b""

    def read(self):
        """Read what is there: all that was read."""
        try:
            self.found += os.read(self.fd, 65536)
        except BlockingIOError:
            pass
        return self.found


# A stderr that nobody reads


def test_a_full_stderr_does_not_stop_a_supervisor_of_a_directory(serve):
    """The kind: our own warnings. With stderr full it goes on, restarts, and hears TERM."""
    _reader, writer = full_pipe()
    kept = serve(
        {"run": " exit 3\n", "backoff": "nonsense\n", "log": "no directory\n"}, stderr=writer
    )
    kept.history(2)
    assert kept.stop() == 0
    assert os.get_blocking(writer)


def test_a_full_stderr_does_not_stop_a_supervisor_of_a_program(supervise):
    """The same for a command line; each start and end is told with -v."""
    _reader, writer = full_pipe()
    kept = supervise("-v", "short", stderr=writer)
    kept.next_start(3)
    assert kept.stop() == 0


def test_what_did_not_fit_is_counted_and_told_when_there_is_room(supervise):
    """Nothing else has to happen for it: a service that stays says nothing any more."""
    reader, writer = full_pipe()
    kept = supervise("-v", "note", stderr=writer)
    kept.next_start(1)
    told = Reader(reader)
    wait_until(lambda: b"dropped 1 line for which stderr had no room\n" in told.read())
    kept.signal(signal.SIGKILL, kept.next_start(1))
    wait_until(lambda: told.read().count(b"pysupervise: info: started note, pid ") == 1)
    kept.stop()


def test_a_supervisor_says_all_where_there_is_room(supervise):
    """A pipe that is read gets each line, and no word of any that was dropped."""
    reader, writer = os.pipe()
    kept = supervise("-v", "short", stderr=writer)
    kept.next_start(3)
    kept.stop()
    lines = Reader(reader).read().decode().splitlines()
    assert len(lines) == 2 * len(kept.starts())
    assert all(line.startswith("pysupervise: info: ") for line in lines)


def test_a_fault_of_our_own_is_told_without_waiting(supervise, faulty):
    """The interpreter's own traceback waits for a reader, and the supervisor would stand there."""
    _reader, writer = full_pipe()
    fault = """
from pydaemontools.supervise.loop import Loop
Loop.turn = None
"""
    kept = supervise("note", command=(str(faulty(fault)),), stderr=writer)
    assert kept.wait() == 1
    reader, writer = os.pipe()
    kept = supervise("note", command=(str(faulty(fault)),), stderr=writer)
    assert kept.wait() == 1
    assert b"\nTypeError: 'NoneType' object is not callable\n" in Reader(reader).read()


def test_a_tap_does_not_wait_for_whoever_reads_stderr(serve):
    """The kind: what a service says through us. It waits for its reader, we do not."""
    _reader, writer = full_pipe()
    run = " while :; do echo something >&2; done\n"
    kept = serve({"run": run}, stderr=writer)
    kept.up()
    kept.say("d")
    kept.is_(state="down")
    assert kept.stop() == 0


# Letters that come while a script runs


def write_fifo(path, letters):
    """Write LETTERS to the fifo at PATH, as far as they are read."""
    with path.open("wb", buffering=0) as fifo:
        for at in range(0, len(letters), 4096):
            fifo.write(letters[at : at + 4096])


@pytest.mark.parametrize("letter", [b"z", b"\0", b"a", b"h"])
def test_a_flood_of_letters_costs_little_while_a_script_runs(serve, place, letter):
    """The kind: a queue that grows, and with it what each letter costs. A megabyte of what says
    nothing, or of a signal: no queue is copied for each, and little of it is kept.
    """
    os.mkfifo(place / "go")
    kept = serve({"run": SLEEP, "control/h": " echo asked >>asked\nread x <../go\n"})
    kept.up()
    kept.say("h")
    kept.wait_for("asked")
    memory = Path(f"/proc/{kept.supervisor.pid}/statm")
    before = int(memory.read_text().split()[1])
    write_fifo(kept.path / "supervise/control", letter * 1_000_000)
    wait_until(lambda: stat(kept.supervisor.pid, 0) == "S")
    # In pages, which are of 4 KiB at the least.
    assert int(memory.read_text().split()[1]) - before < 150
    (place / "go").write_text("x\n")
    if letter in b"ah":
        assert "s: more than 4096 letters wait; the last ones count" in kept.supervisor.err()
    else:
        kept.say("d")
        kept.is_(state="down")


def test_a_flood_of_letters_keeps_the_last(serve, place):
    """Who says down at last wants it down, whatever came before."""
    os.mkfifo(place / "go")
    kept = serve({"run": SLEEP, "control/h": " echo asked >>asked\nread x <../go\n"})
    kept.up()
    kept.say("h")
    kept.wait_for("asked")
    write_fifo(kept.path / "supervise/control", b"zzzz" + b"w" * 100_000 + b"d")
    (place / "go").write_text("x\n")
    kept.is_(state="down")
    assert kept.supervisor.err().count("letters wait") == 1
