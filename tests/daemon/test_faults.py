"""Whatever fails, at whichever step: the caller returns in its time, and nothing is left."""

import json
import os
import signal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import wait_until

pytestmark = pytest.mark.process
# Each step, and the call that does it: what fails there.
CALLS = {
    "pipe": "os.pipe2",
    "epoll": "forks.epoll",
    "fork": "os.fork",
    "setsid": "os.setsid",
    "fork again": "os.fork",
    "group": "os.setpgid",
    "umask": "os.umask",
    "lock": "locks.lock",
    "stdio": "stdio._opened",
    "dup2": "os.dup2",
    "limits": "softlimit.set_limit",
    "chroot": "os.chroot",
    "directory": "os.chdir",
    "user": "setuidgid.become",
    "fds": "os.closerange",
    "exec": "pathexec.become",
}
ERRNOS = ["EPERM", "EMFILE", "EAGAIN", "ENOSPC", "EIO", "ENOMEM"]
# Steps at which the process that is there can be killed.
STEPS = [
    "setsid",
    "fork",
    "group",
    "umask",
    "lock",
    "stdio",
    "limits",
    "chroot",
    "directory",
    "user",
    "environment",
    "fds",
]
PROGRAM = """
import errno, resource, signal, threading
from pydaemontools.base import locks, shared_dir
from pydaemontools.chain import pathexec, setuidgid, softlimit
from pydaemontools.daemon import forks, stdio, truth
STEP, CALL, ERRNO, KILL, KIND, BEFORE = {fault!r}
caller = os.getpid()
def fail(*args, **more):
    raise OSError(getattr(errno, ERRNO), os.strerror(getattr(errno, ERRNO)))
if CALL:
    whose, name = CALL.split(".")
    real = getattr(globals()[whose], name)
    count = 0
    def faulty(*args, **more):
        global count
        count += 1
        if STEP == "fork again" and os.getpid() == caller:
            return real(*args, **more)
        if STEP not in ("pipe", "epoll", "fork") and os.getpid() == caller:
            return real(*args, **more)
        if count <= BEFORE:
            return real(*args, **more)
        fail()
    setattr(globals()[whose], name, faulty)
if KILL:
    real_step = truth.Truth.step
    def step(self, name, what=""):
        if name == STEP:
            os.kill(os.getpid(), KILL)
        real_step(self, name, what)
    truth.Truth.step = step
fds = set(os.listdir("/proc/self/fd"))
options = dict(pid_file="x.pid", stderr="x.log", limits={{"core": 0}}, timeout=5, umask=0o22,
               chroot="/" if os.getuid() == 0 else None,
               user="daemon" if os.getuid() == 0 else None)
begun = time.monotonic()
try:
    if KIND == "exec":
        Daemon("x", startup_command=["sleep", "1000"], settle=0.01, **options).startup(False)
    elif KIND == "call":
        Daemon("x", startup_command=stay, settle=0.01, **options).startup(False)
    else:
        here = daemonize(exit=False, **options)
        if here.in_daemon:
            here.ready()
            stay()
    say(kind=None)
except Error as error:
    say(kind=type(error).__name__, step=error.step, text=str(error))
say(took=time.monotonic() - begun)
say(fds=sorted(set(os.listdir("/proc/self/fd")) - fds))
try:
    os.waitpid(-1, os.WNOHANG)
    say(children=True)
except ChildProcessError:
    say(children=False)
try:
    lock("x.pid").release()
    say(locked=False)
except AlreadyRunning:
    say(locked=True)
"""


def tried(programs, *fault):
    """What became of a start with a FAULT: how it failed, if it did."""
    said = {}
    for line in programs(PROGRAM.format(fault=fault), timeout=60):
        said |= line
    assert said["took"] < 10
    assert said["fds"] == []
    assert said["children"] is False
    if said["kind"] is not None:
        assert said["locked"] is False
        wait_until(lambda: not programs.left(), deadline=10)
    else:
        assert said["locked"] is True
        assert len(programs.left()) == 1
        programs.end()
    return said


def needs(step):
    """Skip, aloud, a step that only root does."""
    if os.geteuid() and step in ("chroot", "user"):
        pytest.skip("needs root: only root may change its account or root")


@pytest.mark.parametrize("kind", ["here", "exec", "call"])
@pytest.mark.parametrize("step", CALLS)
def test_each_step_fails(programs, step, kind):
    """B-05, B-45: the error of each; the step that is told is the one that failed."""
    needs(step)
    if step == "exec" and kind != "exec":
        pytest.skip("aloud: nothing is exec'ed there")
    # The step chroot has a chdir of its own.
    before = 1 if step == "directory" and not os.geteuid() else 0
    said = tried(programs, step, CALLS[step], "EPERM", 0, kind, before)
    wanted = {"fork again": "fork", "dup2": "stdio", "epoll": "pipe"}.get(step, step)
    assert (said["kind"], said["step"]) == ("StartupError", wanted), said["text"]


@pytest.mark.parametrize("kind", ["here", "exec"])
@pytest.mark.parametrize("step", STEPS)
def test_it_is_killed_at_each_step(programs, step, kind):
    """The kind: a child that dies without a word. An error at once, that says by what."""
    needs(step)
    said = tried(programs, step, "", "", int(signal.SIGKILL), kind, 0)
    assert said["kind"] == "StartupError"
    assert "SIGKILL" in said["text"] or step in ("setsid", "fork")
    assert said["took"] < 5


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.sampled_from(sorted(CALLS)),
    st.sampled_from(ERRNOS),
    st.sampled_from([0, 0, int(signal.SIGKILL), int(signal.SIGTERM), int(signal.SIGSEGV)]),
    st.sampled_from(["here", "exec", "call"]),
    st.integers(0, 3),
)
def test_any_fault_at_any_step(programs, step, errno, kill, kind, before):  # noqa: PLR0917
    """A call that fails at once, or later; another signal: an error, or a daemon; never neither."""
    if kill:
        step = "stdio" if step not in STEPS else step
        said = tried(programs, step, "", "", kill, kind, 0)
    else:
        said = tried(programs, step, CALLS[step], errno, 0, kind, before)
    assert said["kind"] in (None, "StartupError", "AlreadyRunning", "Error")


# It leads the session of the daemon.
MIDDLE = """
import signal
here = daemonize("x.pid", exit=False, timeout={timeout})
if here.in_daemon:
    os.kill(os.getsid(0), signal.SIGKILL)
    time.sleep({pause})
    {then}
    stay()
say(pid=here.pid)
"""


@pytest.mark.parametrize(
    ("then", "kind"),
    [("here.ready()", None), ("sys.exit(3)", "StartupError"), ("pass", "Timeout")],
)
def test_the_process_between_is_killed(programs, nothing_left, then, kind):
    """The kind: who would tell how the daemon ended is gone. What can be known still is."""
    body = MIDDLE.format(timeout=1 if kind == "Timeout" else 20, pause=0.1, then=then)
    said = programs.fails(body)
    assert said.get("kind") == kind
    if kind is None:
        assert said["pid"] == programs.left()[0]
        programs.end()
    nothing_left()


@pytest.mark.parametrize("fails", [False, True])
def test_the_process_between_ends_before_the_daemon_tells_its_pid(programs, fails):
    """Who can still tell something has not ended: it is waited for, and what it tells counts."""
    (said,) = programs(f"""
        from pydaemontools.daemon import forks, truth
        forks._stay = lambda *words: os._exit(111)
        born = truth.Truth.born
        def late(self):
            # It leads the session.
            while os.getppid() == os.getsid(0):
                time.sleep(0.001)
            time.sleep(0.1)
            born(self)
        truth.Truth.born = late
        def fail(*args):
            raise PermissionError(1, "no")
        if {fails}:
            os.setpgid = fail
        try:
            here = daemonize("x.pid", exit=False, timeout=5)
            if here.in_daemon:
                here.ready()
                stay()
            say(step=None)
        except Error as error:
            say(step=error.step)
    """)
    assert said["step"] == ("group" if fails else None)
    assert len(programs.left()) == (not fails)
    programs.end()


def test_the_caller_is_killed(programs, start, place, nothing_left):
    """The kind: nobody waits any more. The process between goes; the daemon goes on."""
    import sys

    programs.write("""
        import signal
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        path = os.getcwd()
        here = daemonize("x.pid")
        open(path + "/there", "w").close()
        while not os.path.exists(path + "/go"):
            time.sleep(0.01)
        here.ready()
        stay()
    """)
    caller = start(sys.executable, "app.py", env=programs.env)
    wait_until((place / "there").exists)
    caller.kill()
    caller.wait()
    wait_until(lambda: len(programs.left()) == 1)
    (place / "go").touch()
    pid = int((place / "x.pid").read_text())
    wait_until(lambda: b"\0" in _read(f"/proc/{pid}/cmdline"))
    assert programs.left() == [pid]
    programs.end()
    nothing_left()


def test_the_caller_is_interrupted(programs, start, nothing_left):
    """The kind: ^C while it waits. What it started is ended."""
    import sys

    programs.write("""
        try:
            daemonize("x.pid", timeout=60)
        except KeyboardInterrupt:
            say(interrupted=True)
            sys.exit()
        say(started=os.getpid())
        stay()
    """)
    caller = start(sys.executable, "app.py", env=programs.env)
    wait_until(lambda: len(programs.left()) == 3)
    caller.send_signal(signal.SIGINT)
    assert json.loads(caller.stdout.readline()) == {"interrupted": True}
    nothing_left()


def test_forty_at_once(programs, start, place):
    """B-06, B-51: one wins, 39 are told who it is."""
    import sys

    programs.write("""
        while not os.path.exists("go"):
            time.sleep(0.005)
        try:
            here = daemonize("x.pid", exit=False)
            if here.in_daemon:
                here.ready()
                stay()
            say(pid=here.pid)
        except AlreadyRunning as error:
            say(holder=error.pid)
    """)
    callers = [start(sys.executable, "app.py", env=programs.env) for _ in range(40)]
    (place / "go").touch()
    said = [json.loads(caller.stdout.readline()) for caller in callers]
    winners = [one["pid"] for one in said if "pid" in one]
    assert len(winners) == 1
    assert [one["holder"] for one in said if "holder" in one] == winners * 39
    assert int((place / "x.pid").read_text()) == winners[0]


def _read(path):
    with open(path, "rb") as file:
        return file.read()
