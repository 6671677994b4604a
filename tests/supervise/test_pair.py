"""pysupervise -l: a program, its logger, and the pipe between them that neither can lose."""

import contextlib
import os
import random
import re
import signal
import socket
import sys
import threading
import time

import pytest

from tests.conftest import wait_until
from tests.supervise.conftest import command, stat, state

LOG = "pysissylog --to ./log/ x"


def logged(place):
    """The lines in the log directory, in their order, without their time stamps."""
    files = [*sorted(place.glob("log/@*")), place / "log/current"]
    found = []
    for file in files:
        *lines, rest = file.read_text().split("\n")
        assert not rest
        found += [line.split(" ", 1)[1] for line in lines]
    return found


def test_what_a_program_prints_goes_to_the_logger(supervise, place, script):
    """Its stdout and its stderr, from the first line to the last."""
    script(
        place / "bin/hello",
        "#!/bin/sh\ntrap 'echo bye; exit' TERM\necho one\necho two >&2\ntouch ready\n"
        "while :; do sleep 0.01; done\n",
    )
    kept = supervise("-l", LOG, "hello")
    kept.until((place / "ready").exists)
    assert kept.stop() == 0
    assert logged(place) == ["one", "two", "bye"]
    assert kept.children() == []
    assert (place / "out").read_text() + kept.err() == ""


def test_the_logger_gets_its_end_of_file_after_the_last_byte(supervise, place, script):
    """The program is waited for, however long it takes, and its logger meanwhile kept."""
    script(
        place / "bin/slow",
        "#!/bin/sh\ntrap 'cat go; echo last; echo program >>order; exit' TERM\ntouch ready\n"
        "while :; do sleep 0.01; done\n",
    )
    script(place / "bin/log", "#!/bin/sh\ncat >all\necho logger >>order\n")
    os.mkfifo(place / "go")
    kept = supervise("-l", "log", "slow")
    kept.until((place / "ready").exists)
    kept.signal(signal.SIGTERM)
    # This waits until the program has heard TERM, and lets it end.
    (place / "go").write_text("bytes\n")
    assert kept.wait() == 0
    assert kept.lines("order") == ["program", "logger"]
    assert kept.lines("all") == ["bytes", "last"]


def test_both_sides_have_their_end_of_the_pipe_and_no_other(supervise):
    """Or the logger would never see the end of the file."""
    kept = supervise("-v", "-l", "sleep 1000", "note")
    program, logger = kept.next_sleep(1), kept.logged("started sleep")[0]
    kept.until(lambda: command(logger) == "sleep")
    pipe = link(logger, "0")
    assert pipe.startswith("pipe:")
    out, err = link(kept.pid, "1"), link(kept.pid, "2")
    # Until each has loaded its libraries.
    kept.until(lambda: files(program) == {"0": "/dev/null", "1": pipe, "2": pipe})
    kept.until(lambda: files(logger) == {"0": pipe, "1": out, "2": err})


def files(pid):
    """The open files of PID, by number, as far as they are not closed meanwhile."""
    found = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            found[fd] = link(pid, fd)
    return found


def link(pid, fd):
    """What the file FD of PID is."""
    return os.readlink(f"/proc/{pid}/fd/{fd}")


def test_the_logger_is_started_first(supervise):
    """So that nobody has to wait for a reader."""
    kept = supervise("-v", "-l", "cat", "note")
    # The program may be there before the supervisor has said so.
    kept.until(lambda: kept.logged("started note"))
    assert [line.split()[3] for line in kept.err().splitlines()] == ["cat,", "note,"]


def test_either_side_dies_and_is_started_again(supervise):
    """Without the other one noticing."""
    kept = supervise("-v", "-l", "sleep 1000", "note")
    program = kept.next_start(1)
    kept.signal(signal.SIGKILL, kept.logged("started sleep")[0])
    kept.until(lambda: len(kept.logged("started sleep")) == 2)
    assert state(program) == "S"
    kept.signal(signal.SIGKILL, program)
    second = kept.next_start(2)
    assert len(kept.logged("started sleep")) == 2
    # Its shell writes to `noted` first.
    kept.until(lambda: link(second, 1) == link(kept.logged("started sleep")[1], 0))


def test_what_a_logger_that_dies_at_the_end_leaves_its_successor_reads(supervise, place, script):
    """The program has gone, the pipe has not."""
    script(
        place / "bin/log",
        "#!/bin/sh\nif mkdir first 2>/dev/null; then cat go; exit 1; fi\nexec cat >all\n",
    )
    script(
        place / "bin/hundred",
        "#!/bin/sh\ni=0\nwhile [ $i -lt 100 ]; do echo $i; i=$((i + 1)); done\n"
        "touch ready\nexec sleep 1000\n",
    )
    os.mkfifo(place / "go")
    kept = supervise("-v", "-l", "log", "hundred")
    kept.until((place / "ready").exists)
    kept.signal(signal.SIGTERM)
    kept.until(lambda: kept.logged("hundred"))
    (place / "go").write_text("")
    assert kept.wait() == 0
    assert kept.lines("all") == [str(i) for i in range(100)]


def test_a_logger_that_dies_when_it_has_read_all_has_no_successor(supervise, place, script):
    """Neither one that ends with an error: there is nothing for anybody to read."""
    script(place / "bin/log", "#!/bin/sh\ncat >all\nexit 7\n")
    script(place / "bin/hello", "#!/bin/sh\necho hello\ntouch ready\nexec sleep 1000\n")
    kept = supervise("-v", "-l", "log", "hello")
    kept.until((place / "ready").exists)
    assert kept.stop() == 0
    assert len(kept.logged("started log")) == 1
    assert kept.lines("all") == ["hello"]


def test_while_anybody_can_write_there_is_a_logger(supervise, place, script):
    """A child that the program left behind: it is told to end, and its last lines are read."""
    script(
        place / "bin/parent",
        "#!/bin/sh\n"
        "(exec 2>/dev/null; trap 'cat go; echo late; exit' TERM; touch ready\n"
        " while :; do sleep 1000 & wait $!; done) &\n"
        "exec sleep 1000\n",
    )
    os.mkfifo(place / "go")
    kept = supervise("-v", "-l", LOG, "parent")
    kept.until((place / "ready").exists)
    kept.signal(signal.SIGTERM)
    kept.until(lambda: kept.logged("parent"))
    kept.signal(signal.SIGKILL, kept.logged("started pysissylog")[0])
    kept.until(lambda: len(kept.logged("started pysissylog")) == 2)
    assert kept.running()
    (place / "go").write_text("early\n")
    assert kept.wait() == 0
    assert logged(place) == ["early", "late"]


def test_a_second_term_goes_to_a_logger_that_is_stuck(supervise):
    """One that does not see the end of the file."""
    kept = supervise("-v", "-l", "listener", "note")
    kept.next_start(1)
    logger = kept.listening()
    kept.signal(signal.SIGTERM)
    kept.until(lambda: kept.logged("note"))
    assert kept.running()
    assert kept.heard() == []
    kept.signal(signal.SIGTERM)
    assert kept.wait() == 0
    assert kept.heard()[0] == "SIGTERM"
    assert state(logger) is None


CANNOT = {
    "exits": "#!/bin/sh\nexit 111\n",
    "says that all is well": "#!/bin/sh\nexit 0\n",
    "is killed": "#!/bin/sh\nkill -SEGV $$\n",
    "takes its time": "#!/bin/sh\nsleep .3\nexit 1\n",
    "is no program": "#!/nowhere\n",
}
HELLO = "#!/bin/sh\necho hello\ntouch here\nexec sleep 1000\n"


@pytest.mark.parametrize("kind", CANNOT)
def test_a_logger_that_cannot_start_keeps_nobody(supervise, place, script, kind):
    """However it fails: it leaves without having read, and what that was is told in bytes."""
    script(place / "bin/bad", CANNOT[kind])
    script(place / "bin/hello", HELLO)
    kept = supervise("-l", "bad", "hello")
    kept.until((place / "here").exists)
    assert kept.stop() == 0
    assert "pysupervise: warning: bad has not read 6 bytes: lost\n" in kept.err()


@pytest.mark.parametrize("name", ["pysupervise", "runsv"])
@pytest.mark.parametrize("kind", ["exits", "is no program"])
def test_the_logger_of_a_directory_that_cannot_start_keeps_nobody(
    serve, originals, run, name, kind
):
    """Also as runsv, where sv shutdown takes less than its seven seconds."""
    files = {"run": HELLO, "log/run": CANNOT[kind], "log/backoff": "60"}
    kept = serve(files, command=(f"{originals}/runsv",) if name == "runsv" else (name,))
    wait_until((kept.path / "here").exists)
    assert run("sv", "-w7", "shutdown", "./s", path=f"{originals}:/usr/bin:/bin").returncode == 0
    assert kept.supervisor.wait() == 0
    who = "runsv s" if name == "runsv" else name
    assert f"{who}: warning: s/log has not read 6 bytes: lost\n" in kept.supervisor.err()


def test_a_logger_that_cannot_be_forked_keeps_nobody(supervise, place, script, faulty):
    """The service was started, and from then on the system refuses."""
    script(place / "bin/hello", HELLO)
    script(place / "bin/bad", CANNOT["exits"])
    fault = """
import posix
from errno import EAGAIN
from pydaemontools.base import spawn
def refuse(real):
    def call(*args, **more):
        if posix.access("here", 0):
            raise OSError(EAGAIN, "")
        return real(*args, **more)
    return call
posix.fork, spawn.spawn = refuse(posix.fork), refuse(spawn.spawn)
"""
    kept = supervise("-l", "bad", "hello", command=(faulty(fault),))
    kept.until((place / "here").exists)
    assert kept.stop() == 0
    assert "bad has not read 6 bytes: lost" in kept.err()


def test_what_a_tap_holds_before_a_logger_that_cannot_start_is_counted(serve):
    """More than the pipe takes: the rest stands before it, and nobody waits for that to go on."""
    run_ = " head -c 100000 /dev/zero; touch here; exec sleep 1000\n"
    kept = serve({"run": run_, "ready": "log x", "log/run": " exit 1\n"})
    wait_until((kept.path / "here").exists)
    assert kept.stop() == 0
    assert "s/log has not read 100000 bytes: lost\n" in kept.supervisor.err()


def test_a_logger_that_is_down_keeps_nobody_and_what_it_has_not_read_is_told(serve):
    """It was never to be up."""
    kept = serve({"run": HELLO, "log/run": " exec cat\n", "log/down": ""})
    wait_until((kept.path / "here").exists)
    assert kept.stop() == 0
    assert "s/log has not read 6 bytes: lost\n" in kept.supervisor.err()


def test_signals_go_to_the_program_and_not_to_its_logger(supervise, listener_at):
    """As long as there is a program."""
    listener_at("log")
    kept = supervise("-l", "log", "listener")
    kept.listening()
    kept.until(lambda: kept.lines("heard.log"))
    for name in "SIGHUP", "SIGUSR1", "SIGALRM":
        kept.signal(signal.Signals[name])
        kept.until(lambda name=name: kept.heard()[-1:] == [name])
    assert len(kept.lines("heard.log")) == 1


@pytest.fixture
def listener_at(place, script):
    """Make another listener, NAME, that writes to a file of its own."""
    text = (place / "bin").joinpath

    def listener_at(name):
        own = text("listener").read_text().replace('"heard"', f'"heard.{name}"')
        return script(text(name), own)

    return listener_at


def test_a_logger_of_ours_is_no_supervisor(supervise):
    """It runs in a child of it, with the signals as they were before."""
    kept = supervise("-v", "-l", LOG, "note")
    kept.next_start(1)
    kept.signal(signal.SIGHUP, kept.logged("started pysissylog")[0])
    kept.until(lambda: len(kept.logged("started pysissylog")) == 2)
    assert (
        "pysissylog, pid {}, was killed by SIGHUP".format(kept.logged("pysissylog")[0])
        in kept.err()
    )


def test_both_live_on_when_the_supervisor_is_killed(supervise, place, script):
    """And nothing is lost: the logger reads to the end, whenever that comes."""
    script(
        place / "bin/hello",
        "#!/bin/sh\necho one\ntouch ready\ncat go\necho two\n",
    )
    os.mkfifo(place / "go")
    kept = supervise("-v", "-l", LOG, "hello")
    kept.until((place / "ready").exists)
    logger = kept.logged("started pysissylog")[0]
    kept.signal(signal.SIGKILL)
    kept.wait()
    (place / "go").write_text("and\n")
    kept.until(lambda: state(logger) in (None, "Z"))
    assert logged(place) == ["one", "and", "two"]


def test_the_logger_may_be_a_chain(supervise, place, fill):
    """Its words are split as pychain splits them, and its links run in its child."""
    fill(place / "env", {"NAME": b"a name\n"})
    logger = 'pyenvdir "$DIR" sh -c \'echo "$NAME" >name; exec cat >all\''
    kept = supervise("-l", logger, "note", env={"DIR": "./env"})
    kept.next_start(1)
    kept.until(lambda: kept.lines("name"))
    assert kept.stop() == 0
    assert kept.lines("name") == ["a name"]


# Everything at once

# Writes numbered lines with its pid. How far it came, it notes only after the write: the
# line whose number stands in done/PID is in the pipe, and perhaps one more.
NUMBERS = f"""#!{sys.executable} -IS
import os, time
pid = os.getpid()
note = os.open(f"done/{{pid}}", os.O_WRONLY | os.O_CREAT, 0o644)
number = 0
while True:
    number += 1
    os.write(1, b"%d %d and some more, so that the pipe is full at times\\n" % (pid, number))
    os.pwrite(note, b"%d\\n" % number, 0)
    if not number % 50:
        # A test of which lines there are has no use for millions of them.
        time.sleep(0.001)
"""
BOTH = [signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]
# Many restarts a second, to have as many in a test.
SOONER = """
from pydaemontools.supervise import rules
rules.PROGRAM.pace = 0.01
"""


class Server(threading.Thread):
    """A syslog server that keeps the texts of all messages."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.packets = []

    def run(self):
        """Read until an empty message."""
        while packet := self.socket.recv(8192):
            self.packets.append(packet)

    def lines(self):
        """What came, in its order, when nothing more can come."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.connect(self.socket.getsockname())
            end.send(b"")
        self.join()
        self.socket.close()
        return [packet.decode().split(": ", 1)[1] for packet in self.packets]


@pytest.mark.kill
def test_whoever_is_killed_each_line_is_in_the_log_once(supervise, place, script, faulty):
    """A thousand times, at random: the program by -9, its logger by -9 and by TERM.

    Each line that the program had written is there in the end, once, and in its order.
    """
    (place / "done").mkdir()
    script(place / "bin/numbers", NUMBERS)
    faulty(SOONER)
    # No file is thrown away.
    logger = "pysissylog --to dir:log?n999999 x"
    kept = supervise("-v", "-l", logger, "numbers", command=["faulty"])
    kill_at_random(kept, 1000, 0.03)
    assert kept.stop() == 0
    found = numbers_in(logged(place))
    check(written(kept), found)
    assert len(set(found)) == len(found)


@pytest.mark.kill
def test_whoever_is_killed_no_line_is_lost(supervise, place, script, faulty):
    """To a syslog socket, a block of lines may be sent again from its beginning."""
    (place / "done").mkdir()
    script(place / "bin/numbers", NUMBERS)
    faulty(SOONER)
    server = Server(place / "socket")
    server.start()
    kept = supervise("-v", "-l", "pysissylog --to syslog:./socket x", "numbers", command=["faulty"])
    kill_at_random(kept, 100, 0.15)
    assert kept.stop() == 0
    check(written(kept), numbers_in(server.lines()))


@pytest.mark.needs("multilog")
def test_a_logger_of_daemontools_loses_nothing_by_term(supervise, place, script, faulty):
    """The pipe is there for its successor; what kill -9 takes with it is its own affair."""
    (place / "done").mkdir()
    script(place / "bin/numbers", NUMBERS)
    faulty(SOONER)
    kept = supervise("-v", "-l", "multilog t n1000 ./log", "numbers", command=["faulty"])
    kill_at_random(kept, 200, 0.05, logger="multilog", signums=[signal.SIGTERM])
    assert kept.stop() == 0
    found = numbers_in(logged(place))
    check(written(kept), found)
    assert len(set(found)) == len(found)


def numbers_in(lines):
    """The pid and the number in each of LINES, all of which are whole."""
    assert all(re.fullmatch(r"\d+ \d+ and some more, .* at times", line) for line in lines)
    return [tuple(map(int, line.split()[:2])) for line in lines]


def kill_at_random(kept, count, pause, logger="pysissylog", signums=BOTH):
    """End the processes of KEPT, COUNT times, after up to PAUSE seconds each.

    The program by KILL, the LOGGER by any of SIGNUMS.
    """
    seen = set()
    while len(seen) < count:
        # Not a time to wait for something, but a time at which nobody expects it.
        time.sleep(random.uniform(0, pause))  # noqa: S311 - no secret
        name = random.choice(["numbers", logger])  # noqa: S311
        pid = (kept.logged(f"started {name}") or [0])[-1]
        if pid not in seen and stat(pid, 1) == str(kept.pid) and state(pid) != "Z":
            signum = random.choice(signums) if name == logger else signal.SIGKILL  # noqa: S311
            kept.signal(signum, pid)
            seen.add(pid)


def written(kept):
    """How many lines each program has surely written, in the order of their starts."""
    notes = {pid: kept.place / f"done/{pid}" for pid in kept.logged("started numbers")}
    return {pid: int(note.read_text() or 0) if note.exists() else 0 for pid, note in notes.items()}


def check(least, found):
    """See that FOUND, pairs of pid and number, has all of LEAST, in order, going back at most."""
    most = dict(least)
    for pid, number in found:
        most[pid] = max(most[pid], number)
    # A program is killed between the write and the note, or within neither.
    assert all(most[pid] - least[pid] in (0, 1) for pid in least)
    order = [(pid, number) for pid in most for number in range(1, most[pid] + 1)]
    at = {line: i for i, line in enumerate(order)}
    assert set(order) - set(found) == set()
    reached = -1
    for line in found:
        assert at[line] <= reached + 1, f"{line} comes too early, after {order[reached]}"
        reached = at[line]
