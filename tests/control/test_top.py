"""pysv top: the services and what they use, in a table that stays fresh."""

import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from pathlib import Path

import pytest

from pydaemontools.base.tai64 import stamp
from pydaemontools.control import processes
from pydaemontools.control.lograte import LogRate
from tests.conftest import DEADLINE, copy_installation, wait_until

from .conftest import status

HEAD = [
    "SERVICE",
    "STATE",
    "PID",
    "UPTIME",
    "RESTARTS",
    "MEMORY",
    "CPU",
    "LINES/S",
    "BYTES/S",
    "LOG",
]


@pytest.fixture
def web(fakes, place, start):
    """A service that has processes, a history and a log; gives the process."""
    script = "sleep 1000 & : >ready; while :; do :; done"
    process = start("sh", "-c", script, stdout=subprocess.DEVNULL)
    wait_until((place / "ready").exists)
    (place / "ready").unlink()
    fakes("web", status(process.pid))
    (place / "web/supervise/history").write_text("one\ntwo\nthree\n")
    log = place / "web/log/main"
    log.mkdir(parents=True)
    (log / "current").write_bytes(b"".join(stamp() + b" \x1b line %d\n" % n for n in range(3)))
    yield process
    os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.usefixtures("web")
class TestPlain:
    """In a pipe."""

    def test_the_table(self, run, fakes, web):
        """One table, and that is all."""
        fakes("db", status(want=b"d", age=60))
        fakes("old").close()
        result = run("pysv", "top")
        rows = [line.split() for line in result.stdout.decode().splitlines()]
        assert (result.returncode, result.stderr) == (0, b"")
        assert rows[0] == HEAD
        assert rows[1][:3] == ["db", "down", "-"]
        assert rows[1][4:] == [*"-----"]
        assert rows[2] == ["old", "unknown", *"-------", "supervise", "not", "running"]
        assert rows[3][:3] == ["web", "run", str(web.pid)]
        assert rows[3][4] == "3"
        assert rows[3][5][-1] in "kM"
        assert rows[3][6][-1] == "%"
        assert rows[3][7:] == ["-", "-", "?", "line", "2"]

    def test_so_many(self, run):
        """With -n there are that many, with an empty line between two."""
        result = run("pysv", "top", "-n", "3", "-i", "0.01", "web")
        assert result.stdout.count(b"SERVICE") == 3
        assert result.stdout.count(b"\n\n") == 2

    def test_json(self, run, web):
        """An object a service, with numbers that are numbers."""
        found = json.loads(run("pysv", "top", "-j").stdout)
        assert (found["service"], found["pid"], found["restarts"]) == ("web", web.pid, 3)
        assert found["memory"] > 4096
        assert found["cpu"] >= 0
        assert found["log"] == "\x1b line 2"
        assert found["lines"] is found["bytes"] is None
        assert len(run("pysv", "-j", "top", "-n2", "-i0").stdout.splitlines()) == 2

    def test_how_much_is_logged(self, place):
        """From one look to the next: with the files that were finished meanwhile."""
        log = place / "web/log/main"
        lines = b"".join(b"line %d\n" % n for n in range(1000))

        rate = LogRate(str(log).encode())
        assert rate.look(1.0) is None
        old = (log / "current").rename(log / f"@{'0' * 24}.s")
        with old.open("ab") as file:
            file.write(lines)
        (log / "current").write_bytes(lines)
        # Two seconds later.
        assert rate.look(3.0) == (1000, len(lines))
        assert rate.look(4.0) == (0, 0)

    @pytest.mark.parametrize("words", [["-i", "x"], ["-n", "x"], ["-q"]])
    def test_wrong_usage(self, run, words):
        """It says what was wrong."""
        result = run("pysv", "top", *words)
        assert result.returncode == 100
        assert b"usage: pysv top" in result.stderr


def test_a_tree(web):
    """All that a process started counts, and the CPU since the last look."""
    now = processes.Processes()
    pids = list(now.tree(web.pid))
    assert len(pids) == 2
    assert pids[0] == web.pid
    assert now.memory(pids) > now.memory(pids[1:]) > 0
    used = now.cpu(pids, now.cpu_of)
    assert used == 0
    wait_until(lambda: processes.Processes().cpu(pids, now.cpu_of) > 0)


def test_what_is_not_there():
    """A process that has gone is no tree, and its memory nothing."""
    now = processes.Processes()
    assert list(now.tree(2**22 + 1)) == []
    assert now.memory([]) == 0
    assert now.cpu_of(2**22 + 1, 0) == 0


def test_a_process_that_may_not_be_looked_into(tmp_path):
    """Where PSS is not to be had, RSS is; a name may hold anything."""
    for pid, name in ((7, "a) S 1 (b"), (8, "x")):
        (tmp_path / str(pid)).mkdir()
        fields = f"{pid} ({name}) S {pid - 1} " + " ".join(map(str, range(5, 60)))
        (tmp_path / str(pid) / "stat").write_text(fields)
    (tmp_path / "9").mkdir()
    (tmp_path / "7/smaps_rollup").write_text("x\nRss: 9 kB\nPss:   5 kB\n")
    now = processes.Processes(str(tmp_path))
    assert list(now.tree(7)) == [7, 8]
    assert now.memory([7, 8]) == 5 * 1024 + 24 * processes.PAGE


@pytest.fixture
def without_rich(scripts, place):
    """The directory of an installation beside which there is no rich."""
    made = copy_installation(scripts, place.parent / "plain", Path(sys.executable))
    return made / "bin"


class Terminal:
    """A terminal of 24 lines with pysv top in it, and what came out of it so far."""

    def __init__(self, start, command, **more):
        self.ours, self.theirs = pty.openpty()
        ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
        self.before = termios.tcgetattr(self.theirs)
        fds = dict.fromkeys(("stdin", "stdout", "stderr"), self.theirs)
        self.process = start(*command, **fds, **more)
        os.set_blocking(self.ours, False)
        self.seen = b""

    def shows(self, text):
        """Whether it showed TEXT by now."""
        try:
            self.seen += os.read(self.ours, 65536)
        except BlockingIOError:
            pass
        return text in self.seen

    def close(self):
        """Let go of it."""
        os.close(self.ours)
        os.close(self.theirs)


@pytest.fixture(params=["plain", "rich"])
def terminal(request, start, scripts, without_rich, web):  # noqa: ARG001 - web has to be there
    """The table on a terminal, drawn by rich and without it."""
    library = "lib/python{}.{}/site-packages/rich".format(*sys.version_info)
    if request.param == "rich" and not (scripts.parent / library).exists():
        pytest.skip("rich is not installed: its table is not tested")
    where = scripts if request.param == "rich" else without_rich
    made = []
    drawn = {"plain": True, "rich": False}[request.param]

    def terminal(*words, **env):
        env = {"TERM": "xterm"} | env
        made.append(Terminal(start, [where / "pysv", "top", "-i", "0.05", *words], env=env))
        return made[-1]

    yield terminal
    for one in made:
        # How the plain one ends its lines tells who drew it.
        one.shows(b"")
        assert (b"\x1b[K\r\n" in one.seen) is (drawn and b"\x1b" in one.seen)
        one.close()


class TestLive:
    """On a terminal."""

    @pytest.mark.parametrize("key", [b"q", b"\x03"])
    def test_a_key_ends_it(self, terminal, place, key):
        """The table is shown again and again; at the end the terminal is as it was."""
        shown = terminal()
        wait_until(lambda: shown.shows(b"line 2"))
        with (place / "web/log/main/current").open("ab") as log:
            log.write(stamp() + b" news [bold]\n")
        wait_until(lambda: shown.shows(b"news [bold]"))
        os.write(shown.ours, key)
        assert shown.process.wait(DEADLINE) == 0
        wait_until(lambda: shown.shows(b"\x1b[?1049l"))
        assert b"\x1b[?1049h" in shown.seen
        assert b"\x1b[?25h" in shown.seen
        assert b"\x1b line" not in shown.seen
        assert termios.tcgetattr(shown.theirs) == shown.before
        # What was seen last stays to be read.
        assert b"RESTARTS" in shown.seen.rpartition(b"\x1b[?1049l")[2]

    @pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_ends_it(self, terminal, signum):
        """As a key does."""
        shown = terminal()
        wait_until(lambda: shown.shows(b"line 2"))
        shown.process.send_signal(signum)
        assert shown.process.wait(DEADLINE) == 0
        assert termios.tcgetattr(shown.theirs) == shown.before

    def test_so_many(self, terminal):
        """With -n it ends by itself."""
        shown = terminal("-n", "2")
        assert shown.process.wait(DEADLINE) == 0
        assert termios.tcgetattr(shown.theirs) == shown.before

    def test_colours(self, terminal):
        """The state has one, unless nobody wants it."""
        for env, wanted in (({}, True), ({"NO_COLOR": "1"}, False)):
            shown = terminal("-n", "1", **env)
            assert shown.process.wait(DEADLINE) == 0
            wait_until(lambda shown=shown: shown.shows(b"\x1b[?1049l"))
            assert (b"\x1b[32m" in shown.seen) is wanted

    def test_a_terminal_that_can_only_print(self, terminal):
        """It gets one plain table."""
        shown = terminal(TERM="dumb")
        assert shown.process.wait(DEADLINE) == 0
        wait_until(lambda: shown.shows(b"line 2"))
        assert b"\x1b" not in shown.seen
