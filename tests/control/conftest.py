"""Services to control: directories that a test answers for, live ones, and comparisons.

A comparison runs a script in two trees that are alike: in `c` with the C programs first in
PATH, in `ours` with ours under their names, both at once. Most of them wait for sv, which
looks each 0.42 s: so many of them run at once, each in a directory of its own, and a test
takes what its own one gave. Nothing sleeps a guessed time.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import DEADLINE, SYSTEM, remove, wait_until, write_script
from tests.supervise.conftest import processes_in

# The supervisors that all tools are tried on; those of s6 write another status.
KINDS = ("supervise", "runsv", "pysupervise")
S6 = "s6-supervise"
EPOCH = 2**62 + 10
TOOLS = ("svc", "svstat", "svok", "sv")
SIDES = ("c", "ours")
AT_ONCE = 6

# await DIR PATTERN: wait until svstat's line about DIR has the PATTERN in it.
AWAIT = """#!/bin/sh
turn=0
until /usr/bin/svstat "$1" | grep -qE "$2"; do
    turn=$((turn + 1))
    [ $turn -lt 1500 ] || { echo "never $2: $(/usr/bin/svstat "$1")"; exit 1; }
    sleep 0.02
done
"""
# exists FILE: wait until it does.
EXISTS = """#!/bin/sh
turn=0
until [ -e "$1" ]; do
    turn=$((turn + 1)); [ $turn -lt 1500 ] || { echo "no $1"; exit 1; }; sleep 0.02
done
"""
# With which the tools are refused what file modes forbid, root or not.
PLAIN = """#!/bin/sh
[ "$(id -u)" != 0 ] || exec setpriv --bounding-set=-dac_override,-dac_read_search "$@"
exec "$@"
"""


def status(pid=0, *, want=b"u", paused=0, term=0, state=None, age=5):
    """The twenty bytes that runsv would write."""
    stamp = (EPOCH + int(time.time()) - age).to_bytes(8, "big") + (1).to_bytes(4, "big")
    state = bool(pid) if state is None else state
    return stamp + pid.to_bytes(4, "little") + bytes([paused]) + want + bytes([term, state])


def tell(directory, **words):
    """Write supervise/state as our own supervisor does."""
    text = "".join(f"{key} {value}\n" for key, value in words.items())
    (directory / "supervise/state.new").write_text(text)
    (directory / "supervise/state.new").rename(directory / "supervise/state")


def masked(text):
    """TEXT without what differs from one run to the next: seconds and pids."""
    text = re.sub(rb"\b\d+ seconds", b"N seconds", text)
    text = re.sub(rb"\b\d+s\b", b"Ns", text)
    return re.sub(rb"\(pid \d+\)", b"(pid N)", text)


class Fake:
    """A service directory whose supervisor is the test: it holds the fifos and reads them."""

    def __init__(self, path, data):
        self.path = path
        (path / "supervise").mkdir(parents=True)
        self.change(data)
        for name in ("ok", "control"):
            os.mkfifo(path / "supervise" / name)
        flags = os.O_RDONLY | os.O_NONBLOCK
        self.fds = [os.open(path / "supervise" / name, flags) for name in ("control", "ok")]
        self.fds.append(os.open(path / "supervise/control", os.O_WRONLY | os.O_NONBLOCK))

    def change(self, data):
        """Have DATA for a status, from one moment to the next."""
        (self.path / "supervise/status.new").write_bytes(data)
        (self.path / "supervise/status.new").rename(self.path / "supervise/status")

    def fill(self):
        """Let nothing more be written to control."""
        try:
            while True:
                os.write(self.fds[2], b"c" * 4096)
        except BlockingIOError:
            pass

    def got(self):
        """What was written to control since the last time."""
        try:
            return os.read(self.fds[0], 4096)
        except BlockingIOError:
            return b""

    def close(self):
        """Leave, as a supervisor does that ends."""
        for fd in self.fds:
            os.close(fd)
        self.fds = []


@pytest.fixture
def place(place):
    """A fresh directory that every account may enter, and that holds nothing yet."""
    path = place / "service"
    path.mkdir(mode=0o755)
    return path


@pytest.fixture
def fakes(place):
    """Make a Fake in a directory, below `place` if it is a name."""
    made = []

    def make(path, data=None):
        made.append(Fake(place / path, status(4711) if data is None else data))
        return made[-1]

    yield make
    for fake in made:
        fake.close()


@pytest.fixture
def run(run, place):
    """Run a command in `place`, where the services are too."""

    def with_services(*argv, env=None, **more):
        return run(*argv, env={"SVDIR": str(place)} | (env or {}), **more)

    return with_services


@pytest.fixture
def start(start, place):
    """Start a command as `run` does, and go on."""

    def with_services(*argv, env=None, **more):
        return start(*argv, env={"SVDIR": str(place)} | (env or {}), **more)

    return with_services


def kinds(*names):
    """Parameters for tests on the supervisors NAMES; a C program that is missing is told."""
    ours = [[] if name.startswith("py") else [pytest.mark.needs(name)] for name in names]
    return [pytest.param(name, marks=marks) for name, marks in zip(names, ours, strict=True)]


@pytest.fixture(params=kinds(*KINDS))
def kind(request):
    """Each supervisor that all tools work with."""
    return request.param


@pytest.fixture
def supervised(scripts):
    """Have a supervisor of some kind keep the service at a path, and wait until it does."""
    started = []

    def supervised(kind, path, run="exec sleep 1000", **files):
        started.append(supervise(kind, path, scripts, run=run, **files))
        return started[-1].process

    yield supervised
    for one in started:
        one.end()


class Supervised:
    """A service at PATH with a supervisor, which is a session of its own."""

    def __init__(self, process, path):
        self.process = process
        self.path = path

    def alive(self):
        """Whether a supervisor reads what it is told there, and says that it is there."""
        # s6 has no fifo that says so.
        names = ["control"] if self.process.args[0] == "s6-supervise" else ["control", "ok"]
        try:
            for name in names:
                os.close(os.open(self.path / "supervise" / name, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return bool((self.path / "supervise/status").exists())

    def end(self):
        """End it, and then all that it started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        while left := processes_in(self.path):
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def supervise(kind, path, scripts, run="exec sleep 1000", **files):
    """Make a service at PATH, have a supervisor of KIND keep it, and wait until it does."""
    path.mkdir(parents=True, exist_ok=True)
    for name, text in ({"run": run} | files).items():
        file = path / name.replace("_", "-")
        file.parent.mkdir(exist_ok=True)
        if name in ("run", "finish", "check", "log/run"):
            write_script(file, f"#!/bin/sh\n{text}\n")
        else:
            file.write_text(text)
    found = Supervised(
        subprocess.Popen(
            [kind, path.name],
            cwd=path.parent,
            env={"PATH": f"{scripts}:{SYSTEM}"},
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ),
        path,
    )
    try:
        wait_until(found.alive)
    except BaseException:
        found.end()
        raise
    return found


class Case:
    """A comparison: a SCRIPT, and what makes the tree that it runs in.

    PREPARE takes the tree, the script and the directory of our commands; it gives what is to
    be closed or ended when the script has, and of a Fake what was written to it counts too.
    """

    def __init__(self, script, prepare):
        self.script = script
        self.prepare = prepare

    def run(self, originals, scripts):
        """Run the script on both sides at once; what came out of each."""
        place = Path(tempfile.mkdtemp(prefix="pydaemontools-"))
        place.chmod(0o755)
        made = {side: {} for side in SIDES}
        try:
            for name, text in {"await": AWAIT, "exists": EXISTS, "plain": PLAIN}.items():
                write_script(place / name, text)
            for side in SIDES:
                (place / side).mkdir(mode=0o755)
                self.prepare(place / side, self.script, scripts, made[side])
            running = {side: self._begin(place, side, originals, scripts) for side in SIDES}
            return [self._end(place / side, made[side], running[side]) for side in SIDES]
        finally:
            for one in [one for side in SIDES for one in made[side].values()]:
                one.close() if isinstance(one, Fake) else one.end()
            remove(place)

    def _begin(self, place, side, originals, scripts):
        first = {"c": "/usr/bin", "ours": str(originals)}[side]
        # What is sv, and what goes by a name of its own.
        command = {"c": "/usr/bin/sv", "ours": str(scripts / "pysv")}[side]
        path = f"{first}:{place}:/usr/bin:/bin"
        return subprocess.Popen(
            ["/bin/sh", "-c", self.script],
            cwd=place / side,
            env={"PATH": path, "SVDIR": str(place / side), "TOOLS": first, "COMMAND": command},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            umask=0o022,
        )

    def _end(self, tree, made, process):
        try:
            out, err = process.communicate(timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        written = {name: one.got() for name, one in sorted(made.items()) if isinstance(one, Fake)}
        texts = [masked(text.replace(str(tree).encode(), b"HERE")) for text in (out, err)]
        return process.returncode, *texts, written


def cases(prepare, scripts):
    """Parametrize with `case`: each of SCRIPTS, by its name, in a tree that PREPARE makes."""
    made = [pytest.param(Case(script, prepare), id=name) for name, script in scripts.items()]
    return pytest.mark.parametrize("case", made)


@pytest.fixture(scope="session", autouse=True)
def running(request, originals, scripts):
    """All comparisons that are to be made in this session: many at once, in their order.

    They are begun with the first test here, and go on beside those that wait for others.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            case: pool.submit(case.run, originals, scripts)
            for item in request.session.items
            for case in getattr(getattr(item, "callspec", None), "params", {}).values()
            if isinstance(case, Case) and _can_run(item)
        }
        pool.shutdown(cancel_futures=True)


def _can_run(item):
    """Whether the C programs that ITEM needs are here; it will say so itself if not."""
    needed = {name for mark in item.iter_markers("needs") for name in mark.args}
    return all(shutil.which(name, path=SYSTEM) for name in needed)


@pytest.fixture
def compare(running):
    """Wait for a comparison, compare what came out, and give it."""

    def compare(case):
        theirs, ours = running[case].result()
        assert ours == theirs
        return theirs

    return compare
