"""A real rsyslogd at the other end: each severity in its own file, no line lost by a restart."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import SYSTEM, write_script
from tests.log.conftest import SEVERITIES, finish, wait_until, write_all

DEV_LOG = Path("/dev/log")
# What is read is written before the next is: at its end rsyslogd drops what a queue still has.
CONFIG = """\
global(workDirectory="{work}")
main_queue(queue.type="Direct")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{socket}" RateLimit.Interval="0")
template(name="line" type="string" string="%syslogfacility-text% %syslogtag%%msg%\\n")
"""
FILE = '*.={level} action(type="omfile" file="{work}/{level}" template="line")\n'
# As people write them: a head, and what the line is about.
DAEMON = """#!/bin/sh
echo "emergency: the roof is on fire"
echo "alert: call the fire brigade" >&2
echo "fatal: no water" >&2
echo "ERROR: disk gone" >&2
echo "[warn] disk hot"
echo "notice: a visitor"
echo "all is well"
echo "<7>17 rows, naïve ones"
"""
LOGGED = {
    "emerg": "emergency: the roof is on fire",
    "alert": "alert: call the fire brigade",
    "crit": "fatal: no water",
    "err": "ERROR: disk gone",
    "warning": "[warn] disk hot",
    "notice": "notice: a visitor",
    "info": "all is well",
    "debug": "<7>17 rows, naïve ones",
}


class Rsyslogd:
    """An rsyslogd that listens at SOCKET and writes in WORK a file for each severity."""

    def __init__(self, program, work, socket):
        self.work = work
        self.socket = socket
        config = CONFIG + "".join(FILE.format(level=level, work=work) for level in SEVERITIES)
        (work / "rsyslog.conf").write_text(config.format(work=work, socket=socket))
        self._command = [program, "-n", "-f", work / "rsyslog.conf", "-i", work / "pid"]
        self._process = None

    def start(self):
        """Start it, and wait until it listens."""
        with (self.work / "said").open("ab") as said:
            self._process = subprocess.Popen(
                self._command, stdout=said, stderr=said, stdin=subprocess.DEVNULL
            )
        wait_until(self._listens)

    def _listens(self):
        assert self._process.poll() is None, (self.work / "said").read_text()
        with open("/proc/net/unix") as sockets:
            return f" {self.socket}\n" in sockets.read()

    def stop(self):
        """End it with TERM, as its service script does, and wait for its end."""
        if self._process:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def lines(self, level):
        """The lines in the file for LEVEL, but for what rsyslogd says of itself."""
        path = self.work / level
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if not line.startswith("syslog rsyslogd: ")]


@pytest.fixture
def rsyslogd(place):
    """Make an rsyslogd for a socket; it is stopped, and its socket removed, after the test."""
    program = shutil.which("rsyslogd", path=SYSTEM)
    if not program:
        pytest.skip("comparison skipped: rsyslogd is not on this machine")
    work = place / "rsyslog"
    work.mkdir()
    made = []

    def rsyslogd(socket=place / "log.sock"):
        made.append(Rsyslogd(program, work, socket))
        made[-1].start()
        return made[-1]

    yield rsyslogd
    for one in made:
        one.stop()
        one.socket.unlink(missing_ok=True)


def check(server, facility="daemon"):
    """Check that each severity is in its file in SERVER, and nothing else is."""
    for level, text in LOGGED.items():
        wait_until(lambda: server.lines(level))  # noqa: B023
        assert server.lines(level) == [f"{facility} mydaemon: {text}"]


def test_each_severity_lands_in_its_file(rsyslogd, place, run):
    """The line of the manual, typed in a shell: every severity lands in its own file."""
    write_script(place / "bin/mydaemon", DAEMON)
    server = rsyslogd()
    typed = f"mydaemon 2>&1 | pysissylog --to syslog:{place}/log.sock mydaemon"
    result = run("sh", "-c", typed)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    check(server)


def test_another_facility(rsyslogd, place, run):
    """The facility that is typed is the one that rsyslogd sees."""
    write_script(place / "bin/mydaemon", DAEMON)
    server = rsyslogd()
    typed = f"mydaemon 2>&1 | pysissylog --to syslog:{place}/log.sock mydaemon local3"
    assert run("sh", "-c", typed).returncode == 0
    check(server, "local3")


def test_exactly_as_typed(rsyslogd, place, run):
    """The line as the manual has it, with rsyslogd at /dev/log."""
    if os.geteuid():
        pytest.skip("needs root: only root may have a socket at /dev/log")
    if os.path.lexists(DEV_LOG):
        pytest.skip("this machine has a /dev/log of its own: not touched")
    write_script(place / "bin/mydaemon", DAEMON)
    server = rsyslogd(DEV_LOG)
    result = run("sh", "-c", "mydaemon 2>&1 | pysissylog mydaemon")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    check(server)


def test_long_lines_and_utf8(rsyslogd, router):
    """A long line is not cut by rsyslogd: its pieces arrive, and UTF-8 is whole in each."""
    server = rsyslogd()
    line = "é€\U0001f409" * 3000
    process = router("me")
    process.stdin.write(f"{line}\nlast\n".encode())
    assert finish(process) == (0, b"")
    wait_until(lambda: server.lines("info")[-1:] == ["daemon me: last"])
    pieces = [piece.removeprefix("daemon me: ") for piece in server.lines("info")[:-1]]
    assert pieces[0] + "".join(piece.removeprefix("+") for piece in pieces[1:]) == line
    assert all(piece.startswith("+") for piece in pieces[1:])


def test_a_restart_loses_nothing(rsyslogd, router):
    """Stopped and started again in mid-stream, rsyslogd gets every numbered line in the end."""
    server = rsyslogd()
    process = router("me")
    feed = process.stdin.fileno()
    for turn in range(3):
        write_all(feed, b"".join(b"line %06d\n" % at for at in numbers(turn)))
        # One of this turn: only then is the router sure to know that the server is back.
        wait_until(lambda: f"daemon me: line {turn * 1000:06}" in server.lines("info"))  # noqa: B023
        server.stop()
        write_all(feed, b"away %d\n" % turn)
        assert process.stderr.readline().endswith(b"; waiting for it\n")
        server.start()
    assert finish(process) == (0, b"")
    wanted = [f"line {at:06}" for turn in range(3) for at in numbers(turn)]
    wanted += [f"away {turn}" for turn in range(3)]
    wait_until(lambda: "daemon me: away 2" in server.lines("info"))
    got = [line.removeprefix("daemon me: ") for line in server.lines("info")]
    assert sorted(set(got)) == sorted(wanted)
    assert list(dict.fromkeys(line for line in got if line[0] == "l")) == wanted[:-3]


def numbers(turn):
    """The numbers of the lines of one TURN."""
    return range(turn * 1000, turn * 1000 + 1000)


def test_an_end_by_kill_loses_nothing(rsyslogd, router):
    """Killed by -9, rsyslogd's successor gets what the dead one had not read."""
    server = rsyslogd()
    process = router("me")
    feed = process.stdin.fileno()
    write_all(feed, b"first\n")
    wait_until(lambda: server.lines("info"))
    # It is stopped, so that it reads nothing, and then killed with that unread.
    server._process.send_signal(signal.SIGSTOP)
    write_all(feed, b"".join(b"line %d\n" % at for at in range(500)))
    server._process.kill()
    server._process.wait()
    assert process.stderr.readline().endswith(b"; waiting for it\n")
    server.start()
    assert finish(process) == (0, b"")
    wait_until(lambda: "daemon me: line 499" in server.lines("info"))
    got = [line.removeprefix("daemon me: ") for line in server.lines("info")]
    assert list(dict.fromkeys(got)) == ["first", *(f"line {at}" for at in range(500))]
