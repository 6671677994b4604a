"""Services to control: directories that a test answers for, and live ones in twos.

A comparison runs in two trees that are alike: in `c` with the C programs first in PATH, in
`ours` with ours under their names, both at once. Nothing sleeps a guessed time.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

SYSTEM = "/usr/bin:/bin:/usr/sbin:/sbin:/command"
DEADLINE = 60
EPOCH = 2**62 + 10
TOOLS = ("svc", "svstat", "svok", "sv")
SIDES = ("c", "ours")

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


def write_script(path, text):
    """Make PATH an executable that holds TEXT."""
    path.write_text(text)
    path.chmod(0o755)
    return path


def wait_until(condition, deadline=DEADLINE):
    """Wait until CONDITION() is true and give what it gave; fail after DEADLINE seconds."""
    end = time.monotonic() + deadline
    while not (result := condition()):
        assert time.monotonic() < end, "what the test waits for did not come"
        time.sleep(0.005)
    return result


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


@pytest.fixture(scope="session")
def needs():
    """Call it with the names of C originals: skips aloud where one is missing."""

    def needs(*names):
        for name in names:
            found = shutil.which(name, path=SYSTEM)
            if not found or Path(found).read_bytes()[:4] != b"\x7fELF":
                lacking = pytest.fail if os.environ.get("PYDAEMONTOOLS_STRICT") else pytest.skip
                lacking(f"comparison skipped: the C program {name} is not on this machine")

    return needs


@pytest.fixture(scope="session")
def c_tools(needs):
    """Skips aloud where one of the C programs is missing."""
    needs(*TOOLS)


@pytest.fixture(scope="session")
def scripts():
    """The directory of the installed commands."""
    return Path(sys.prefix) / "bin"


@pytest.fixture(scope="session")
def originals():
    """A directory in which the originals' names are ours."""
    place = tempfile.mkdtemp(prefix="pydaemontools-")
    Path(place).chmod(0o755)
    made = [sys.executable, "-m", "pydaemontools", "originals", place]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    yield Path(place)
    shutil.rmtree(place)


@pytest.fixture
def place():
    """A fresh directory that every account may enter."""
    path = Path(tempfile.mkdtemp(prefix="pydaemontools-"))
    path.chmod(0o755)
    yield path
    subprocess.run(["chmod", "-R", "u+rwx", path], check=False, stderr=subprocess.DEVNULL)
    shutil.rmtree(path, ignore_errors=True)


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
def run(scripts, place):
    """Run a command in `place` with the installed commands on PATH; the result has bytes."""

    def run(*argv, env=None, **more):
        more = {"cwd": place, "capture_output": True, "timeout": DEADLINE} | more
        env = {"PATH": f"{scripts}:/usr/bin:/bin", "SVDIR": str(place)} | (env or {})
        return subprocess.run(argv, env=env, check=False, **more)

    return run


@pytest.fixture
def start(scripts, place):
    """Start a command as `run` does, and go on; it is killed at the end of the test."""
    started = []

    def start(*argv, env=None, **more):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        env = {"PATH": f"{scripts}:/usr/bin:/bin", "SVDIR": str(place)} | (env or {})
        started.append(subprocess.Popen(argv, env=env, **({"cwd": place} | pipes | more)))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def supervised(needs):
    """Have a C supervisor keep the service at a path, and wait until it does."""
    started = []

    def supervised(program, path, run="exec sleep 1000", **files):
        needs(program)
        path.mkdir(parents=True, exist_ok=True)
        for name, text in ({"run": run} | files).items():
            file = path / name.replace("_", "-").replace("log/", "log/")
            file.parent.mkdir(exist_ok=True)
            if name in ("run", "finish", "check", "log/run"):
                write_script(file, f"#!/bin/sh\n{text}\n")
            else:
                file.write_text(text)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(
            [program, path.name], cwd=path.parent, start_new_session=True, **quiet
        )
        started.append((process, path))
        wait_until(lambda: alive(path))
        return process

    yield supervised
    for process, path in started:
        end(process, path)


def alive(path):
    """Whether a supervisor reads what it is told in the directory PATH."""
    try:
        os.close(os.open(path / "supervise/control", os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return bool((path / "supervise/status").exists())


def end(process, path):
    """End a supervisor and all that it started: what has a session of its own by its pid."""
    for file in path.rglob("supervise/status"):
        data = file.read_bytes()
        at = slice(24, 32) if len(data) in (35, 43) else slice(12, 16)
        pid = int.from_bytes(data[at], "big" if at.start == 24 else "little")
        if len(data) >= 18 and pid and os.path.exists(f"/proc/{pid}"):
            children = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            if children[3] != str(process.pid) and int(children[1]) == process.pid:
                os.killpg(pid, signal.SIGKILL)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


@pytest.fixture
def both(originals, needs, place):
    """Run a shell script in the trees `c` and `ours` at once, and compare what comes out."""

    def both(script, *, prepare=None, env=None):
        needs(*TOOLS)
        for name, text in {"await": AWAIT, "exists": EXISTS, "plain": PLAIN}.items():
            write_script(place / name, text)
        made = {}
        for side in SIDES:
            (place / side).mkdir(exist_ok=True)
            made[side] = prepare(place / side) if prepare else {}
        results = [_begin(place, side, originals, script, env) for side in SIDES]
        told = []
        for side, process in zip(SIDES, results, strict=True):
            out, err = process.communicate(timeout=DEADLINE)
            written = {name: fake.got() for name, fake in sorted((made[side] or {}).items())}
            here = str(place / side).encode()
            out, err = (masked(text.replace(here, b"HERE")) for text in (out, err))
            told.append((process.returncode, out, err, written))
            for fake in (made[side] or {}).values():
                fake.close()
        assert told[1] == told[0]
        return told[0]

    return both


def _begin(place, side, originals, script, env):
    first = {"c": "/usr/bin", "ours": str(originals)}[side]
    path = f"{first}:{place}:/usr/bin:/bin"
    env = {"PATH": path, "SVDIR": str(place / side), "TOOLS": first} | (env or {})
    return subprocess.Popen(
        ["/bin/sh", "-c", script],
        cwd=place / side,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
