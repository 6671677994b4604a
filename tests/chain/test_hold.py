"""pysetlock -h: it stays and holds the lock, passes signals on and ends as its program ends."""

import os
import pty
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import wait_until

# Closes every file that it was given, says where it is in the file `pid`, and waits for a
# signal; then it exits with 100 and the signal's number.
CLOSER = f"""#!{sys.executable} -IS
import os, signal
everything = set(signal.Signals) - {{signal.SIGKILL, signal.SIGSTOP}}
signal.pthread_sigmask(signal.SIG_BLOCK, everything)
os.closerange(0, 1000)
with open("new", "w") as file:
    file.write(str(os.getpid()))
os.rename("new", "pid")
os._exit(min(255, 100 + signal.sigwait(everything)))
"""
SIGNALS = ["TERM", "INT", "HUP", "QUIT", "ALRM", "USR1", "USR2", "CONT", "WINCH", "ABRT", "TSTP"]


@pytest.fixture
def closer(start, place, script):
    """Start a command that ends in a program which closes its files; its process, and its pid."""
    script(place / "bin/closer", CLOSER)
    pids = []

    def closer(*command):
        (place / "pid").unlink(missing_ok=True)
        process = start(*command, "l", "closer")
        wait_until((place / "pid").exists)
        pids.append(int((place / "pid").read_text()))
        return process, pids[-1]

    yield closer
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def locked(run):
    """Whether nobody else can have the lock."""
    return lambda *options: run("pysetlock", "-n", *options, "l", "true").returncode == 111


def state(pid):
    """The letter for what PID does: T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


def test_the_lock_outlives_its_fd(closer, locked):
    """Kind: a program that closes all files lost the lock, and a second one started beside it."""
    process, _ = closer("pysetlock")
    assert not locked()
    process.kill()
    process, _ = closer("pysetlock", "-h")
    assert locked()
    process.terminate()
    assert process.wait() == 100 + signal.SIGTERM
    assert not locked()


@pytest.mark.parametrize("name", SIGNALS)
def test_passes_on(closer, name):
    """A signal reaches the program, and its code is ours."""
    process, _ = closer("pysetlock", "-h")
    signum = signal.Signals["SIG" + name]
    process.send_signal(signum)
    assert process.communicate() == (b"", b"")
    assert process.returncode == 100 + signum


@pytest.mark.parametrize("name", ["TERM", "KILL", "HUP", "PIPE", "ABRT", "XFSZ", "INT", "SEGV"])
def test_ends_by_its_signal(run, name):
    """Where a signal ended the program, pysetlock ends by the same signal."""
    result = run("pysetlock", "-h", "l", "sh", "-c", f"kill -{name} $$")
    assert (result.returncode, result.stderr) == (-signal.Signals["SIG" + name], b"")


@pytest.mark.parametrize("code", [0, 1, 100, 111, 255])
def test_exit_code(run, code):
    """An exit code goes through."""
    assert run("pysetlock", "-h", "l", "sh", "-c", f"exit {code}").returncode == code


def test_a_program_that_cannot_be_run(run):
    """It is told as without -h."""
    result = run("pysetlock", "-h", "l", "nonesuch")
    assert result.returncode == 111
    first = b"pysetlock: fatal: unable to run nonesuch: file does not exist\n"
    assert result.stderr.startswith(first)


def test_killed_with_9(start, closer, locked):
    """Who holds it is killed: a program that kept its files has the lock, another has none."""
    kept = start("pysetlock", "-h", "l", "sh", "-c", "echo $$; exec sleep 1000")
    child = int(kept.stdout.readline())
    kept.kill()
    kept.wait()
    assert locked()
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: not locked())
    process, pid = closer("pysetlock", "-h")
    process.kill()
    process.wait()
    assert not locked()
    os.kill(pid, 0)


@pytest.mark.parametrize(
    ("options", "code"), [("-hn", 111), ("-nh", 111), ("-hx", 0), ("-hnx", 0), ("-hnNt0", 111)]
)
def test_beside_other_options(run, closer, options, code):
    """-n, -x and -t hold as they do without -h; -N and -X take them back."""
    closer("pysetlock", "-hX")
    # Not for ever: where it is waited for, somebody has to end the wait.
    options = options if "n" in options or "t" in options else options + "t0"
    result = run("pysetlock", options, "l", "echo", "no")
    assert (result.returncode, result.stdout) == (code, b"")


def test_shared(closer, locked):
    """A shared lock is held beside the program like any other."""
    closer("pysetlock", "-hr")
    assert locked()
    assert not locked("-r")


def test_in_a_chain(run, counted, place):
    """What follows is fused in the child: one interpreter for all."""
    home, starts = counted
    (place / "d").mkdir()
    (place / "d/A").write_text("x")
    text = "echo $A $PPID"
    command = ["pysetlock", "-h", "l", "pyenvdir", "d", "pysoftlimit", "-c0", "sh", "-c", text]
    result = run(*command, path=f"{home}/bin:/usr/bin:/bin")
    assert (result.returncode, result.stdout[:2], result.stderr) == (0, b"x ", b"")
    assert starts() == 1


@pytest.mark.needs_root
def test_another_account(run, private):
    """An account that may not read this installation ends it with the program's signal."""
    inner = "kill -USR1 $$"
    command = ["pysetuidgid", "nobody", "pysetlock", "-h", "/dev/null", "sh", "-c", inner]
    result = run(*command, path=f"{private}/bin:/usr/bin:/bin")
    assert (result.returncode, result.stderr) == (-signal.SIGUSR1, b"")


def test_the_program_sees_no_change(run):
    """Its signals are those that pysetlock was started with."""
    show = ["grep", "Sig[BI]", "/proc/self/status"]
    before = ["env", "--block-signal=TERM,CHLD", "--ignore-signal=HUP,CHLD"]
    plain, held = (run(*before, "pysetlock", *o, "l", *show) for o in ([], ["-h"]))
    assert (held.returncode, held.stdout) == (0, plain.stdout)


def test_children_of_another(start):
    """A child that whoever became pysetlock had left is not waited for."""
    process = start("sh", "-c", "sleep 1000 & echo $!; exec pysetlock -h l sh -c 'exit 5'")
    child = int(process.stdout.readline())
    assert process.wait() == 5
    os.kill(child, signal.SIGKILL)


def test_it_keeps_no_pipe_open(closer):
    """Kind: who reads what the program writes waits for the end of who only stays."""
    process, _ = closer("pysetlock", "-h")
    assert process.stdout.read() == process.stderr.read() == b""
    assert process.poll() is None


def test_an_original_has_no_h(run, originals, needs):
    """As setlock it is wrong usage, in djb's words."""
    command = ["-h", "l", "true"]
    result = run(originals / "setlock", *command)
    original = run(needs("setlock"), *command)
    assert (result.returncode, result.stderr) == (original.returncode, original.stderr)
    assert result.returncode == 100


# On a terminal.


@pytest.fixture
def typed(place, scripts, script):
    """Run pysetlock -h TEXT in a shell with job control on a terminal; gives (write, read)."""
    pids = []

    def typed(text):
        script(place / "bin/job", f"#!{sys.executable} -IS\n{text}")
        pid, terminal = pty.fork()
        if not pid:
            os.chdir(place)
            path = f"{scripts}:{place}/bin:/usr/bin:/bin"
            shell = ["bash", "--norc", "--noediting"]
            os.execve("/bin/bash", shell, {"PATH": path})  # noqa: S606 - it is the shell
        pids.append((pid, terminal))
        os.write(terminal, b"pysetlock -h l job; echo code=$?.\n")
        wait_until((place / "ready").exists)
        return terminal

    yield typed
    for pid, terminal in pids:
        os.close(terminal)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def read_until(terminal, word):
    """Read what the TERMINAL shows until it has shown WORD: all of it."""
    shown = b""
    while word not in shown:
        shown += os.read(terminal, 4096)
    return shown.decode()


WAITS = """
import os, signal, time
def hear(number, frame):
    with open("heard", "a") as heard:
        heard.write(signal.Signals(number).name + "\\n")
signal.signal(signal.SIGINT, hear)
signal.signal(signal.SIGCONT, hear)
signal.signal(signal.SIGUSR1, lambda *_: os._exit(7))
def stop(number, frame):
    hear(number, frame)
    os.kill(os.getpid(), signal.SIGSTOP)
EXTRA
os.close(os.open("ready", os.O_CREAT | os.O_WRONLY))
while True:
    time.sleep(0.05)
"""


@pytest.mark.process
def test_a_key_is_heard_once(typed, place):
    """What a key sends goes to both; it is not passed on besides."""
    terminal = typed(WAITS.replace("EXTRA", ""))
    heard = place / "heard"
    for count in 1, 2, 3:
        os.write(terminal, b"\x03")
        wait_until(lambda n=count: heard.exists() and len(heard.read_text().splitlines()) >= n)
    holder = holder_of(place)
    os.kill(holder, signal.SIGUSR1)
    assert "code=7." in read_until(terminal, b"code=7.")
    assert heard.read_text() == 3 * "SIGINT\n"


@pytest.mark.process
@pytest.mark.parametrize("extra", ["", "signal.signal(signal.SIGTSTP, stop)"])
def test_the_terminal_stops_it(typed, place, extra):
    """Kind: a program that stops by itself left a shell waiting for who stays beside it."""
    terminal = typed(WAITS.replace("EXTRA", extra))
    holder = holder_of(place)
    child = int(Path(f"/proc/{holder}/task/{holder}/children").read_text())
    os.write(terminal, b"\x1a")
    read_until(terminal, b"Stopped")
    wait_until(lambda: state(holder) == state(child) == "T")
    os.write(terminal, b"fg\n")
    wait_until(lambda: state(holder) != "T" and state(child) != "T")
    os.kill(holder, signal.SIGUSR1)
    wait_until(lambda: not Path(f"/proc/{child}").exists())


def test_stopped_without_a_terminal(closer):
    """Where nobody would continue it, it does not stop, and goes on passing signals on."""
    process, pid = closer("pysetlock", "-h")
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: state(pid) == "T")
    process.terminate()
    os.kill(pid, signal.SIGCONT)
    assert process.wait() in (100 + signal.SIGTERM, 100 + signal.SIGCONT)


def holder_of(place):
    """The pid of the pysetlock that holds the lock."""
    inode = f":{(place / 'l').stat().st_ino} "
    lines = [line for line in Path("/proc/locks").read_text().splitlines() if inode in line]
    return int(lines[0].split()[4])
