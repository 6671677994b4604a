"""What all tests share: the installed commands, places to work in, and how to wait.

Nothing here sleeps a guessed time: a test waits with until() for what it needs to be so.
"""

import fcntl
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
from hypothesis import HealthCheck, settings

from tests import kinds

# Where the C originals may be, and where ours never are.
SYSTEM = "/usr/bin:/bin:/usr/sbin:/sbin:/command"
DEADLINE = 60

# Prints all that a program can see of how it was started; or writes it to the file `state`
# beside its directory if there is one, for a test that closes stdout. A shell with no child
# of its own but a subshell: /proc/$$ is what exec made of it, argv and environment included.
PROBE = r"""#!/bin/sh
out=${0%/*}/../state
show() (
    PATH=/usr/bin:/bin
    for part in cmdline environ; do echo "$part:"; tr '\0\n' '\n\001' <"/proc/$$/$part"; done
    cat "/proc/$$/limits"
    grep -E '^(Umask|Uid|Gid|Groups|Sig(Blk|Ign|Cgt)|Cap...|NoNewPrivs):' "/proc/$$/status"
    read -r pid comm state parent group session rest <"/proc/$$/stat"
    set -- $rest
    echo "nice: ${13}"
    [ "$group" = $$ ] && echo "leads its process group"
    [ "$session" = $$ ] && echo "leads its session"
    readlink "/proc/$$/cwd" "/proc/$$/root"
    find "/proc/$$/fd" -mindepth 1 -printf '%f %M %l\n'
    # But for O_NOFOLLOW, with which we open what others may have made.
    cd "/proc/$$/fdinfo" && for fd in *; do
        while read -r key value; do
            [ "$key" != flags: ] || printf './%s:flags: %o\n' "$fd" "$((value & ~0400000))"
        done <"$fd"
    done
)
if [ -f "$out" ]; then (show) >"$out"; else show; fi
:
"""


# No examples are kept beside the suite, where it may not be writable. Where a failure would
# stop somebody else's work, the same ones are tried each time. Before any test is read.
SAME = bool(os.environ.get("PYDAEMONTOOLS_STRICT"))
settings.register_profile(
    "patient",
    database=None,
    derandomize=SAME,
    deadline=None,  # on a busy machine an example may take its time
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("patient")


def pytest_configure(config):
    """Name the marks of this suite, and undo what a background job is started with."""
    # It ignores ^C, or with nohup a hangup, and would hand that on to our programs.
    for signum in signal.SIGINT, signal.SIGQUIT, signal.SIGHUP:
        if signal.getsignal(signum) == signal.SIG_IGN:
            signal.signal(signum, signal.SIG_DFL)
    kinds.register(config)
    config.addinivalue_line("markers", "needs(name, ...): a C original; skips aloud without it")
    config.addinivalue_line("markers", "needs_root: skips aloud for an ordinary user")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Give each test its kind, before any is chosen by it."""
    for item in items:
        kinds.choose(item)


def pytest_runtest_setup(item):
    """Skip, aloud, what cannot be done here; hold the others to their kind."""
    kinds.hold(item)
    for mark in item.iter_markers("needs"):
        for name in mark.args:
            _original(name)
    if os.geteuid() and item.get_closest_marker("needs_root"):
        pytest.skip("needs root: only root may change its account")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown():
    """Nobody is held to anything any more."""
    kinds.release()


def pytest_terminal_summary(terminalreporter):
    """Say how many comparisons with the C originals there were: none is easy to overlook."""
    stats = terminalreporter.stats
    counts = {
        kind: sum(map(_compares, stats.get(kind, []))) for kind in ("passed", "failed", "skipped")
    }
    ran = counts["passed"] + counts["failed"]
    terminalreporter.write_line(f"comparisons: {ran} run, {counts['skipped']} skipped")


def _compares(report):
    """Whether REPORT is of a test that compares with a C program, or works with one."""
    return "/oracle/" in getattr(report, "nodeid", "") or "needs" in getattr(report, "keywords", ())


def _original(name):
    """The C program NAME. One of that name that is a script is ours, or nobody's."""
    found = shutil.which(name, path=SYSTEM)
    if not found or Path(found).read_bytes()[:4] != b"\x7fELF":
        # contrib/check --strict: where every comparison has to be made.
        lacking = pytest.fail if os.environ.get("PYDAEMONTOOLS_STRICT") else pytest.skip
        lacking(f"comparison skipped: the C program {name} is not on this machine")
    return Path(found)


@pytest.fixture(scope="session")
def needs():
    """Call it with the names of C originals: gives the path of the last, or skips aloud."""
    return lambda *names: [_original(name) for name in names][-1]


@pytest.fixture(scope="session")
def scripts():
    """The directory of the installed commands."""
    return Path(sys.prefix) / "bin"


@pytest.fixture(scope="session")
def originals():
    """A directory in which the originals' names are ours."""
    place = _open_directory()
    made = [sys.executable, "-m", "pydaemontools", "originals", place]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    yield place
    shutil.rmtree(place)


@pytest.fixture
def place():
    """A fresh directory that every account may enter, with a directory bin for programs."""
    path = _open_directory()
    (path / "bin").mkdir()
    write_script(path / "bin/probe", PROBE)
    yield path
    remove(path)


@pytest.fixture(scope="session")
def until():
    """Wait for a condition; fail when it does not come."""
    return wait_until


@pytest.fixture(scope="session")
def script():
    """Make an executable file."""
    return write_script


@pytest.fixture(scope="session")
def fill():
    """Make a directory with files: names and contents."""

    def fill(directory, files):
        directory.mkdir(exist_ok=True)
        for name, content in files.items():
            (directory / name).write_bytes(content)
        return directory

    return fill


@pytest.fixture
def ordinary(run):
    """The words that run a command as an ordinary user: none, or nobody's."""
    if os.geteuid():
        return []
    words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    # Not at once: setpriv itself still has root's way through closed directories.
    if run(*words, "sh", "-c", 'exec "$1" -c pass', "sh", sys.executable).returncode:
        pytest.skip("needs a Python that nobody may run: this one is closed to all but root")
    return words


@pytest.fixture
def run(scripts, place):
    """Run a command in `place` with the installed commands on PATH; the result has bytes."""

    def run(*argv, path=f"{scripts}:{place}/bin:/usr/bin:/bin", env=None, **more):
        more = {"cwd": place, "capture_output": True, "timeout": DEADLINE, "umask": 0o022} | more
        env = {"PATH": path} | (env or {})
        return subprocess.run(argv, env=env, start_new_session=True, check=False, **more)

    return run


@pytest.fixture(scope="session")
def python():
    """The words that call a tool as a module."""
    return [sys.executable, "-m", "pydaemontools"]


@pytest.fixture
def start(scripts, place):
    """Start a command as `run` does, and go on; it is killed at the end of the test."""
    started = []

    def start(*argv, path=f"{scripts}:{place}/bin:/usr/bin:/bin", env=None, **more):
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        env = {"PATH": path} | (env or {})
        more = {"cwd": place, "start_new_session": True} | pipes | more
        started.append(subprocess.Popen(argv, env=env, **more))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def private(place, scripts):
    """An installation of its own whose package nobody but its owner can read."""
    made = copy_installation(scripts, place / "private", Path(sys.executable))
    (place / "private/lib").chmod(0o700)
    return made


@pytest.fixture
def counted(place, scripts):
    """An installation of its own, and a function that tells how often its Python was started."""
    made = copy_installation(scripts, place / "counted", None)
    (place / "starts").touch()
    text = f'#!/bin/sh\necho >>{place}/starts\nexec {sys.executable} "$@"\n'
    write_script(made / "bin/python3", text)
    return made, lambda: len((place / "starts").read_text().splitlines())


def copy_installation(scripts, directory, python):
    """Make DIRECTORY an installation: the commands, the package, and PYTHON if it is given."""
    import pydaemontools

    home = directory / "bin"
    home.mkdir(parents=True)
    for command in scripts.glob("py*"):
        if b"pydaemontools.entry" in command.read_bytes():
            shutil.copy(command, home)
    if python:
        (home / "python3").symlink_to(python)
    lib = directory / "lib/python{}.{}/site-packages".format(*sys.version_info)
    package = Path(pydaemontools.__file__).parent
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, lib / "pydaemontools", ignore=ignore)
    return directory


def write_script(path, text):
    """Make PATH an executable that holds TEXT; what is there may be running."""
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.chmod(0o755)
    # A child that a thread forked meanwhile has it too, until it execs: nobody could start it.
    wait_until(lambda: not _is_written(new))
    return new.rename(path)


def _is_written(path):
    """Whether somebody has PATH open for writing."""
    with path.open("rb") as file:
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except BlockingIOError:
            return True
    return False


# What a condition may raise while what it looks at is not there, or not whole, yet.
NOT_YET = (OSError, LookupError, ValueError)


def wait_until(condition, deadline=DEADLINE):
    """Wait until CONDITION() is true and give what it gave; fail after DEADLINE seconds.

    That it raises one of NOT_YET is a no, which is told if it is the last.
    """
    end = time.monotonic() + deadline
    while True:
        trouble = None
        try:
            if result := condition():
                return result
        except NOT_YET as error:
            trouble = error
        if time.monotonic() >= end:
            raise AssertionError("what the test waits for did not come") from trouble
        time.sleep(0.005)


def without_numbers(text):
    """TEXT with the kernel's numbers of pipes and sockets in the order of their appearance."""
    seen = {}
    return re.sub(rb":\[(\d+)\]", lambda m: b":[%d]" % seen.setdefault(m[1], len(seen)), text)


def remove(path):
    """Remove the tree PATH, whatever modes a test left in it."""
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        subprocess.run(["chmod", "-R", "u+rwx", path], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(path, ignore_errors=True)


def _open_directory():
    path = Path(tempfile.mkdtemp(prefix="pydaemontools-"))
    path.chmod(0o755)
    return path
