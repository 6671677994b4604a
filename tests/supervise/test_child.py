"""What a process of a service is born with, and what becomes of an error before it is one."""

import os
import pty
import signal
import sys

import pytest

from tests.conftest import wait_until
from tests.supervise.conftest import Kept, make_service

READS = " head -n 1 >read\nexec sleep 1000\n"
# A shell unblocks everything before it starts another program.
SIGNALS = ' exec grep -E "Sig(Blk|Ign)" /proc/self/status >>signals\n'
# As /proc shows them: PROF and RTMIN.
BLOCKED = 1 << 26 | 1 << 33
BLOCKING = f"""#!{sys.executable} -IS
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPROF, signal.SIGRTMIN, signal.SIGUSR1])
signal.raise_signal(signal.SIGPROF)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
# It has those ignored that glibc keeps for itself.
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.fixture
def terminal():
    """Both ends of a pseudo-terminal."""
    ends = pty.openpty()
    yield ends
    for end in ends:
        os.close(end)


@pytest.mark.parametrize("file", ["run", "finish", "check", "control/u", "log/finish"])
def test_what_is_typed_at_a_terminal_is_not_for_a_service(serve, terminal, file):
    """Kind: whatever is started would read it; it finds the end of its input instead."""
    files = {"run": " exec sleep 1000\n", "log/run": " exec cat >>out\n"}
    kept = serve(files | {file: " cat >new; mv new read\nexec sleep .1\n"}, stdin=terminal[1])
    directory = kept.path / "log" if file.startswith("log/") else kept.path
    if "finish" in file:
        kept.up()
        kept.supervisor.signal(signal.SIGTERM)
    wait_until((directory / "read").exists)
    assert not (directory / "read").read_text()


def test_nor_for_a_program_without_a_directory(supervise, place, script, terminal):
    """A pipe that somebody fills is for it, as ever."""
    script(place / "bin/reads", "#!/bin/sh\ncat >new; mv new read\nexec sleep 1000\n")
    kept = supervise("reads", stdin=terminal[1])
    wait_until((place / "read").exists)
    kept.stop()
    (place / "read").unlink()
    (place / "some").write_text("some")
    with (place / "some").open() as some:
        supervise("reads", stdin=some)
    wait_until((place / "read").exists)
    assert (place / "read").read_text() == "some"


def test_check_as_pysv_asks_it_does_not_read_the_terminal_either(run, terminal, place):
    """It is beside a service that another supervisor runs."""
    make_service(place / "s", {"run": " exec sleep 1000\n", "check": " cat >read\n"})
    program = "from pydaemontools.control.check_script import run_check_script as check\n"
    program += "assert check(print, 5.0)\n"
    done = run(sys.executable, "-c", program, cwd=place / "s", stdin=terminal[1])
    assert done.returncode == 0, done.stderr
    assert (place / "s/read").read_text() == ""


@pytest.mark.parametrize("way", ["spawn", "fork", "program", "supervise", "runsv"])
def test_signals_are_as_the_page_says(supervise, place, script, originals, way):
    """Kind: what was blocked for pysupervise stayed so; 32 and 33 were ignored. HUP was for it.

    PROF waits for the supervisor when it begins, and would end it. A program without a directory
    is given what pysupervise was, as by supervise and runsv.
    """
    given = way in {"program", "supervise", "runsv"}
    script(place / "bin/blocking", BLOCKING)
    script(place / "bin/signals", "#!/bin/sh\n" + SIGNALS[1:])
    make_service(place / "s", {"run": SIGNALS} | ({"control/u": " :\n"} if way == "fork" else {}))
    command = [originals / way] if way in {"supervise", "runsv"} else ["pysupervise"]
    what = "signals" if way == "program" else "s"
    kept = supervise(what, before=[place / "bin/blocking"], command=command)
    found = place / ("signals" if way == "program" else "s/signals")
    wait_until(lambda: found.exists() and found.read_text().count("\n") > 1)
    # USR1 is for pysupervise to hear.
    assert masks(found) == {"SigBlk": BLOCKED if given else 0, "SigIgn": 1}
    assert kept.running()


def masks(found):
    """The first two sets of signals in FOUND."""
    lines = [line.split(":\t") for line in found.read_text().splitlines()[:2]]
    return {name: int(mask, 16) for name, mask in lines}


@pytest.mark.parametrize("lacks", ["no ctypes", "no posix_spawn"])
def test_signals_are_so_where_nothing_can_be_spawned(serve, faulty, lacks):
    """A fork takes the place of it, and nobody is told of 32 and 33."""
    fault = {
        "no ctypes": 'sys.modules["_ctypes"] = None',
        "no posix_spawn": "import _ctypes, posix\n_ctypes.dlsym = lambda *_: posix.stat(b'none')",
    }
    faulty(fault[lacks])
    kept = serve({"run": SIGNALS}, command=["faulty"])
    kept.wait_for("signals", 2)
    assert masks(kept.path / "signals") == {"SigBlk": 0, "SigIgn": 0}
    assert "Traceback" not in kept.supervisor.err()


LIMITED = """
from resource import RLIMIT_NOFILE, setrlimit
setrlimit(RLIMIT_NOFILE, (64, 64))
"""
REFUSED = """
import posix
from errno import EAGAIN
fork, me = posix.fork, posix.getpid()
def refuse():
    if posix.getpid() != me:
        raise BlockingIOError(EAGAIN, "")
    return fork()
posix.fork = refuse
"""
GONE = """
import posix
fork = posix.fork
def gone():
    if posix.access("s/log/go", 0) or posix.access("log/go", 0):
        posix.rename("log", "away")
    return fork()
posix.fork = gone
"""
ERRORS = {
    "an fd beyond the limit": (
        LIMITED,
        {"run": " exec sleep 1000\n", "notification-fd": "100\n"},
        "pysupervise: fatal: unable to open fd 100 for s: ",
    ),
    "no fork for control/u": (
        REFUSED,
        {"run": " exec sleep 1000\n", "control/u": " :\n"},
        "pysupervise: fatal: unable to fork for s/control/u: temporary failure",
    ),
    "a directory that is gone": (
        GONE,
        {"run": " exec sleep 1000\n", "log/run": " exec cat\n", "log/go": ""},
        "pysupervise: fatal: unable to start s/log/run: file does not exist",
    ),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_in_a_forked_child_is_one_line(supervise, faulty, place, kind):
    """Kind: what the system refuses before the exec was a traceback."""
    fault, files, told = ERRORS[kind]
    make_service(place / "s", files)
    faulty(fault)
    supervisor = supervise("s", command=["faulty"])
    wait_until(lambda: told in supervisor.err())
    assert "Traceback" not in supervisor.err()
    assert all(line.startswith("pysupervise: ") for line in supervisor.err().splitlines())
    if "log/run" not in files:
        kept = Kept(supervisor, place / "s")
        assert "exited with code 111" in kept.history()[0]
