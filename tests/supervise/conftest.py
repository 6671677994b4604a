"""What the tests of the supervisor share: supervisors, and programs that tell what they see."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import pydaemontools
from pydaemontools.base.status import RUN, decode
from pydaemontools.jobs.loop import Loop
from tests.conftest import DEADLINE, wait_until, write_script

# Tells when it was started: a line of /proc/PID/stat, in the file `noted`.
NOTE = """#!/bin/sh
read -r line <"/proc/$$/stat"
echo "$line" >>noted
"""
# The same for a service directory.
NOTE_IN = NOTE + "exec sleep 1000\n"
# Writes every signal that it hears to the file `heard`. Ends by TERM unless told to ignore it.
LISTENER = f"""#!{sys.executable} -IS
import os, signal, sys, time
out = os.open("heard", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
def hear(number, frame):
    os.write(out, signal.Signals(number).name.encode() + b"\\n")
    if number == signal.SIGTERM and "stay" not in sys.argv:
        os._exit(0)
for number in signal.valid_signals() - {{signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}}:
    signal.signal(number, hear)
os.write(out, b"%d\\n" % os.getpid())
while True:
    # A signal that comes just before pause() would be heard after the next one.
    time.sleep(0.05)
"""
# An entry script that changes something first: faults are injected where they happen.
FAULTY = f"""#!{sys.executable} -IS
import sys
sys.path.append({os.path.dirname(os.path.dirname(pydaemontools.__file__))!r})
FAULT
from pydaemontools.entry import enter
enter("pysupervise", {sys.prefix!r} + "/bin")
"""


@pytest.fixture
def supervise(scripts, place):
    """Start pysupervise in `place`; what it leaves behind is killed at the end of the test.

    There are three programs: `note` tells of its start and stays, `short` ends at once, and
    `listener` tells what it hears.
    """
    started = []
    programs = {"note": NOTE + "exec sleep 1000\n", "short": NOTE, "listener": LISTENER}
    for name, text in programs.items():
        write_script(place / "bin" / name, text)

    def supervise(*argv, before=(), command=("pysupervise",), **more):
        started.append(Supervisor(place, scripts, [*before, *command, *argv], more))
        return started[-1]

    yield supervise
    for one in started:
        one.process.kill()
        one.process.communicate()
    if started:
        # Of a test that failed it is shown.
        sys.stderr.write((place / "err").read_text(errors="replace"))
    while left := processes_in(place):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def faulty(place, script):
    """Make pysupervise with a FAULT, some lines of Python that run before anything else."""
    return lambda fault: script(place / "bin/faulty", FAULTY.replace("FAULT", fault))


@pytest.fixture
def serve(supervise, place):
    """Make a service directory `s` and supervise it: files and their texts.

    A text that begins with #! is a program; so is any that begins with a space: for sh.
    """

    def serve(files=None, *, command=("pysupervise",), name="s", **more):
        make_service(place / name, files or {"run": NOTE_IN})
        return Kept(supervise(name, command=command, **more), place / name)

    return serve


def make_service(directory, files):
    """Make DIRECTORY, with FILES below it: names and texts."""
    directory.mkdir(exist_ok=True)
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        written = "#!/bin/sh\n" + text[1:] if text[:1] == " " else text
        path.write_text(written)
        path.chmod(0o755 if written[:2] == "#!" else 0o644)


class Kept:
    """A service directory and its supervisor."""

    def __init__(self, supervisor, path):
        self.supervisor = supervisor
        self.path = path
        wait_until((path / "supervise/ok").exists)

    def read(self, name):
        """The text of the file NAME; none if there is no such file."""
        try:
            return (self.path / name).read_text()
        except FileNotFoundError:
            return ""

    def lines(self, name):
        """The whole lines of the file NAME."""
        return self.read(name).split("\n")[:-1]

    def say(self, letters):
        """Write LETTERS to the control fifo."""
        (self.path / "supervise/control").write_text(letters)

    def state_file(self):
        """What the file supervise/state says."""
        return dict(line.partition(" ")[::2] for line in self.lines("supervise/state"))

    def is_(self, **what):
        """Wait until supervise/state says so."""
        wait_until(lambda: what.items() <= self.state_file().items())
        return self

    def pid(self):
        """The pid in supervise/pid, 0 without one."""
        return int(self.read("supervise/pid") or 0)

    def up(self, other_than=0):
        """Wait until it is up, with a pid that is OTHER_THAN that one: the pid."""

        def up():
            # One file has both; the others were written before it and after it.
            found = decode((self.path / "supervise/status").read_bytes())
            is_up = found.state == RUN and found.pid not in (0, other_than)
            return is_up and self.pid() == found.pid and found.pid

        return wait_until(up)

    def history(self, count=1):
        """Wait for COUNT lines of history: the lines."""
        return wait_until(lambda: (h := self.lines("supervise/history"))[count - 1 :] and h)

    def wait_for(self, name, count=1):
        """Wait for COUNT lines in the file NAME: the lines."""
        return wait_until(lambda: (h := self.lines(name))[count - 1 :] and h)

    def stop(self):
        """TERM to the supervisor, and wait for its end: its exit code."""
        return self.supervisor.stop()


class Supervisor:
    """A pysupervise that runs in PLACE, and what can be seen of it."""

    def __init__(self, place, scripts, argv, more):
        self.place = place
        env = {"PATH": f"{scripts}:{place}/bin:/usr/bin:/bin"} | more.pop("env", {})
        with (place / "out").open("ab") as out, (place / "err").open("ab") as err:
            pipes = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": err}
            more = {"cwd": place, "start_new_session": True} | pipes | more
            self.process = subprocess.Popen(argv, env=env, **more)
        self.pid = self.process.pid

    def signal(self, signum, pid=None):
        """Send SIGNUM to the supervisor, or to PID."""
        os.kill(pid or self.pid, signum)

    def wait(self):
        """Wait for its end: its exit code."""
        return self.process.wait(DEADLINE)

    until = staticmethod(wait_until)

    def stop(self):
        """TERM it, and wait for its end: its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def running(self):
        """Whether it is there."""
        return self.process.poll() is None

    def lines(self, name):
        """The whole lines of the file NAME in its directory, none if there is no such file."""
        try:
            return (self.place / name).read_text().split("\n")[:-1]
        except FileNotFoundError:
            return []

    def starts(self):
        """The pid and the start (in ticks since boot) of each program `note`, in order."""
        fields = [line.split() for line in self.lines("noted")]
        return [(int(found[0]), int(found[21])) for found in fields]

    def next_start(self, count):
        """Wait until there have been COUNT starts of `note`: the pid of the last."""
        return wait_until(lambda: len(self.starts()) >= count and self.starts()[count - 1][0])

    def next_sleep(self, count):
        """Wait for start COUNT of `note`, and until it is no shell any more: its pid."""
        pid = self.next_start(count)
        wait_until(lambda: command(pid) == "sleep")
        return pid

    def heard(self):
        """The signals that the listener has heard, after its pid."""
        return self.lines("heard")[1:]

    def listening(self):
        """Wait until the listener hears: its pid."""
        return int(wait_until(lambda: self.lines("heard"))[0])

    def logged(self, what):
        """The pids of all lines in `err` that begin with WHAT: as -v writes them."""
        found = re.findall(rf"^pysupervise: info: {what}, pid (\d+)", self.err(), re.MULTILINE)
        return [int(pid) for pid in found]

    def err(self):
        """All that stands on stderr."""
        return (self.place / "err").read_text()

    def children(self):
        """The pids of its children, dead ones included."""
        return children_of(self.pid)


def pids():
    """All pids there are."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def children_of(pid):
    """The pids of all children of PID, dead ones included."""
    return [child for child in pids() if stat(child, 1) == str(pid)]


def stat(pid, field):
    """A FIELD of /proc/PID/stat, counted from the state, which is 0; None without a process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(") ")[2].split()[field]


def state(pid):
    """The letter for what PID does: R, S, T (stopped), Z (dead) ...; None if it is not there."""
    return stat(pid, 0)


def command(pid):
    """The name of what PID runs."""
    return Path(f"/proc/{pid}/comm").read_text().strip()


def processes_in(place):
    """The pids of all processes that have PLACE, or what is in it, as their directory."""
    return [pid for pid in pids() if f"{_cwd(pid)}/".startswith(f"{place}/")]


def _cwd(pid):
    try:
        # A test may have removed it already.
        return os.readlink(f"/proc/{pid}/cwd").removesuffix(" (deleted)")
    except OSError:
        # Gone, or somebody else's.
        return None


class Box:
    """An inbox that gets nothing but that some child may have ended."""

    def __init__(self):
        self.fds = os.pipe()

    def read(self):
        """The number of that."""
        return bytes([signal.SIGCHLD])

    def letters(self, _numbers):
        """It says nothing."""
        return ""


@pytest.fixture
def loop():
    """A loop without signals."""
    box = Box()
    yield Loop(box)
    for fd in box.fds:
        os.close(fd)
