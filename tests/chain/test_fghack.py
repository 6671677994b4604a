"""pyfghack: it follows a program into the background, passes signals on and ends as it ends."""

import os
import signal
import sys
from pathlib import Path

import pytest

# A daemon as books have it: it forks twice and its parents exit. It writes its process id to
# the file `pid`. Then it waits for a signal and exits with 100 and the signal's number, or
# fails as soon as the first parent has ended.
DAEMON = """#!{python} -IS
import os, signal, sys
everything = set(signal.Signals) - {{signal.SIGKILL, signal.SIGSTOP}}
signal.pthread_sigmask(signal.SIG_BLOCK, everything)
first = os.getpid()
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
def ended():
    try:
        with open("/proc/%d/stat" % first) as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
if sys.argv[1:] == ["fail"]:
    while not ended():
        pass
    os._exit(7)
with open("new", "w") as file:
    file.write(str(os.getpid()))
os.rename("new", "pid")
os._exit(100 + signal.sigwait(everything))
"""


# Becomes that once the file `go` is there.
LATER = """#!/bin/sh
>waits
until [ -e go ]; do sleep 0.02; done
exec daemon
"""


@pytest.fixture
def daemon(place, script):
    """A program that puts itself into the background."""
    script(place / "bin/daemon", DAEMON.format(python=sys.executable))
    place.chmod(0o777)
    return place / "pid"


@pytest.fixture
def followed(start, until, daemon):
    """Start a command that ends in the daemon; give its process and the daemon's id."""

    def followed(*command, **more):
        process = start(*command, "daemon", **more)
        until(daemon.exists)
        pid = int(daemon.read_text())
        listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        until(lambda: [int(word) for word in listed.read_text().split()] == [pid])
        return process, pid

    return followed


SIGNALS = ["TERM", "INT", "HUP", "QUIT", "ALRM", "USR1", "USR2", "CONT", "WINCH"]


@pytest.mark.parametrize("name", SIGNALS)
def test_passes_on(followed, name):
    """A signal reaches the daemon, and pyfghack exits with the daemon's code."""
    process, _ = followed("pyfghack")
    signum = signal.Signals["SIG" + name]
    process.send_signal(signum)
    assert process.communicate() == (b"", b"")
    assert process.returncode == 100 + signum


# Leaves two behind, each of which tells what it hears; the second starts a third then.
TWO = """#!{python} -IS
import os, signal
def stay(name, and_then=None):
    if os.fork():
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    with open("here." + name, "w") as here:
        here.write(str(os.getpid()))
    signal.sigwait([signal.SIGTERM])
    open("heard." + name, "w").close()
    if and_then:
        stay(and_then)
        while not os.access("here." + and_then, os.F_OK):
            pass
    os._exit(0)
stay("one")
stay("two", "three")
"""


def test_a_signal_that_comes_before_its_end_is_seen(start, until, place, script, daemon):
    """The program has gone, and what it left gets what was meant for it."""
    script(place / "bin/later", LATER)
    process = start("pyfghack", "later")
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    # Before that the process is a shell yet, with children of its own.
    until((place / "waits").exists)
    process.send_signal(signal.SIGSTOP)
    (place / "go").touch()
    until(daemon.exists)
    pid = daemon.read_text()
    until(lambda: pid in listed.read_text().split())
    process.terminate()
    process.send_signal(signal.SIGCONT)
    assert process.wait(60) == 100 + signal.SIGTERM


def test_each_heir_gets_the_signal(start, until, place, script):
    """Kind: of two daemons of one start only the first got it; nor is a later one left out."""
    script(place / "bin/two", TWO.format(python=sys.executable))
    process = start("pyfghack", "two")
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    ready = [place / "here.one", place / "here.two"]
    until(lambda: all(file.exists() for file in ready) and len(listed.read_text().split()) == 2)
    process.send_signal(signal.SIGTERM)
    three = place / "here.three"
    # And not the second, which has yet to end: what it got then would be lost.
    until(lambda: three.exists() and listed.read_text().split() == [three.read_text()])
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 0
    assert {file.name for file in place.glob("heard.*")} == {
        "heard.one",
        "heard.two",
        "heard.three",
    }


@pytest.mark.parametrize("name", ["KILL", "SEGV"])
def test_ends_by_its_signal(followed, name):
    """Where a signal ended the daemon, pyfghack ends by the same signal."""
    process, pid = followed("pyfghack")
    signum = signal.Signals["SIG" + name]
    os.kill(pid, signal.SIGKILL if name == "KILL" else signum)
    expected = -signum if name == "KILL" else 100 + signum
    assert process.wait() == expected


@pytest.mark.parametrize("name", ["TERM", "KILL", "HUP", "PIPE", "ABRT", "XFSZ", "INT"])
def test_a_program_that_stays(run, name):
    """So it is with a program that does not go into the background."""
    result = run("pyfghack", "sh", "-c", f"kill -{name} $$")
    assert (result.returncode, result.stderr) == (-signal.Signals["SIG" + name], b"")


@pytest.mark.parametrize("code", [0, 1, 100, 255])
def test_exit_code(run, code):
    """An exit code goes through."""
    assert run("pyfghack", "sh", "-c", f"exit {code}").returncode == code


@pytest.mark.usefixtures("daemon")
def test_a_daemon_that_fails_at_once(run):
    """The daemon's failure counts, also when it comes together with its parent's success."""
    assert {run("pyfghack", "daemon", "fail").returncode for _ in range(20)} == {7}


def test_a_parent_that_fails(run):
    """A program that fails and leaves nothing has failed."""
    assert run("pyfghack", "sh", "-c", "(exit 0) & wait; exit 5").returncode == 5


def test_several_are_left(start, until, place):
    """It stays until the last is gone, and the last one's code counts."""
    os.mkfifo(place / "go")
    inner = "(read x <go; exit 3) & echo $!; exit 0"
    outer = f"(read x <go; exit 4) & echo $!; sh -c '{inner}'; exit 0"
    process = start("pyfghack", "sh", "-c", outer)
    pids = {int(process.stdout.readline()), int(process.stdout.readline())}
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until(lambda: {int(word) for word in listed.read_text().split()} == pids)
    assert process.poll() is None
    first, last = (int(word) for word in listed.read_text().split())
    os.kill(first, signal.SIGKILL)
    until(lambda: listed.read_text().split() == [str(last)])
    assert process.poll() is None
    os.kill(last, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def test_children_of_another(start):
    """A child that whoever became pyfghack had left is not waited for."""
    process = start("sh", "-c", "sleep 1000 & echo $!; exec pyfghack sh -c 'exit 5'")
    child = int(process.stdout.readline())
    assert process.wait() == 5
    os.kill(child, signal.SIGKILL)


def test_ignored_child_signal(run):
    """It sees its children end also where SIGCHLD was ignored."""
    result = run("env", "--ignore-signal=CHLD", "pyfghack", "sh", "-c", "exit 5")
    assert result.returncode == 5


def test_the_program_sees_no_change(run):
    """The program has the signal mask that pyfghack was started with."""
    show = ["grep", "SigBlk", "/proc/self/status"]
    result = run("env", "--block-signal=TERM,CHLD", "pyfghack", *show)
    assert int(result.stdout.split()[1], 16) == 1 << signal.SIGTERM - 1 | 1 << signal.SIGCHLD - 1


@pytest.mark.parametrize("env", [{}, {"PYDAEMONTOOLS_NOFUSE": "1"}], ids=["fused", "not fused"])
def test_in_a_chain(followed, env):
    """Links may stand before it and after it."""
    chain = ["pysetlock", "l", "pyfghack", "pysoftlimit", "-c0", "pypgrphack"]
    process, _ = followed(*chain, env=env)
    process.terminate()
    assert process.wait() == 100 + signal.SIGTERM


@pytest.mark.needs_root
@pytest.mark.usefixtures("ordinary")
def test_a_daemon_out_of_reach(followed):
    """A signal that may not be sent is lost, and pyfghack goes on following."""
    chain = ["setpriv", "--bounding-set=-kill", "pyfghack", "pysetuidgid", "nobody"]
    process, pid = followed(*chain)
    process.terminate()
    os.kill(pid, signal.SIGUSR1)
    assert process.communicate() == (b"", b"")
    assert process.returncode == 100 + signal.SIGUSR1


# pyfghack on a kernel that has no subreaper.
WITHOUT = """
import sys
from pydaemontools.base import orphans
from pydaemontools.entry import enter
orphans.adopt = lambda: False
enter("pyfghack", "")
"""


@pytest.fixture
def fallback(run):
    """Run pyfghack where no process can become a subreaper."""
    return lambda *words: run(sys.executable, "-I", "-c", WITHOUT, *words)


@pytest.mark.parametrize(
    ("program", "code", "said"),
    [
        ("exit 7", 7, b""),
        ("kill -9 $$", 111, b"pyfghack: fatal: child crashed\n"),
        ("sh -c 'exit 9' & wait; exit 0", 0, b""),
    ],
    ids=["an exit code", "a signal", "only the first process counts"],
)
def test_without_a_subreaper(fallback, program, code, said):
    """It ends as the original does."""
    result = fallback("sh", "-c", program)
    assert (result.returncode, result.stderr) == (code, said)


def test_waits_without_a_subreaper(fallback):
    """It waits as the original does, until nobody has its pipe."""
    result = fallback("sh", "-c", "(echo late; exit 9) & exit 3")
    assert (result.returncode, result.stdout) == (3, b"late\n")


# The children of a process where the kernel does not list them.
LISTED = """
import builtins, os
from pydaemontools.base import proc
real = builtins.open
def without(name, *rest, **more):
    if name.endswith("/children"):
        raise FileNotFoundError(name)
    return real(name, *rest, **more)
pids = [os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "1000") for _ in range(2)]
proc.open = without
found = proc.children()
del proc.open
print(sorted(found) == sorted(proc.children()) == sorted(pids))
for pid in pids:
    os.kill(pid, 9)
"""


def test_children_without_a_list(run):
    """Children are found also where /proc has no list of them."""
    assert run(sys.executable, "-I", "-c", LISTED).stdout == b"True\n"
