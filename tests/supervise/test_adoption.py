"""A supervisor is killed: what runs goes on under the next one, with all that belongs to it."""

import contextlib
import errno
import os
import signal
import socket
import sys

import pytest

from pydaemontools.base import kept_pipe, tee
from pydaemontools.supervise.tap import Tap
from tests.conftest import wait_until
from tests.supervise.conftest import processes_in, state
from tests.supervise.test_known_process import launcher
from tests.supervise.test_predecessor import MOVED, gone, killed

# Waits for a file `go`, and then does something; a second later it would have been too late.
WAITS = "while [ ! -e go ]; do sleep 0.01; done\n"
SLEEPS = "exec sleep 1000\n"
# Says a line in each language that it is told in, when its file is there.
TELLS = f"""#!{sys.executable} -IS
import os, signal, socket, time
def say(*lines):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        s.sendto("\\n".join(lines).encode(), "\\0" + os.environ["NOTIFY_SOCKET"][1:])
    except ConnectionRefusedError:
        pass  # there is no supervisor
def wait(name):
    while not os.path.exists(name):
        time.sleep(0.01)
"""


def adopted(kept, pid, count=1):
    """Wait until a new supervisor of KEPT goes on with PID, as history tells for COUNT times."""
    lines = [line for line in kept.history(count) if " was adopted " in line]
    assert len(lines) == count
    assert f" pid {pid} up " in lines[-1]
    assert lines[-1].endswith(" s was adopted (left by a supervisor that died)")
    assert kept.up() == pid
    return lines


@pytest.fixture
def again(supervise):
    """Kill the supervisor of a service, do what is to be done BETWEEN, start the next."""

    def again(kept, between=lambda: None):
        killed(kept)
        between()
        kept.supervisor = supervise(kept.path.name)
        wait_until(lambda: not gone(kept.supervisor.pid))
        return kept

    return again


def go(kept):
    """Let the service of KEPT go on."""
    (kept.path / "go").touch()


def test_same_pid_and_no_restart(serve, again):
    """The kind: whoever comes after a killed supervisor ends what it could keep."""
    kept = serve({"run": f" echo $$ >>noted\ncd /\n{SLEEPS}"})
    old = kept.up()
    since = kept.path.joinpath("supervise/status").read_bytes()[:8]
    for turn in 1, 2:
        again(kept)
        adopted(kept, old, turn)
    assert kept.lines("noted") == [str(old)]
    after = kept.path.joinpath("supervise/status").read_bytes()[:8]
    # It has been up since then; the clock of its start counts in hundredths.
    assert abs(int.from_bytes(after) - int.from_bytes(since)) <= 1
    kept.say("d")
    kept.is_(state="down")
    assert gone(old)
    assert kept.history(3)[2].endswith(" was killed by SIGTERM")


@pytest.mark.parametrize("fault", ["", "import posix\ndel posix.pidfd_open"], ids=["pidfd", "none"])
def test_its_end_and_its_code(serve, supervise, faulty, fault):
    """Death by pidfd, or a look each second; the code where the kernel tells, else unknown."""
    kept = serve({"run": f"#!/bin/sh\n[ -e go ] && {SLEEPS}{WAITS}exit 7\n"})
    old = kept.up()
    killed(kept)
    kept.supervisor = supervise("s", command=(str(faulty(fault)),))
    adopted(kept, old)
    go(kept)
    kept.up(old)
    end = kept.history(2)[1].rpartition(" s ")[2]
    assert end in ("exited with code 7", "ended in a way that nobody saw")
    release = [int(number) for number in os.uname().release.split("-")[0].split(".")[:2]]
    if release >= [6, 15] and not fault:
        assert end == "exited with code 7"


def test_it_restarts_instead(serve, again):
    """The file `adopt` holds `restart`."""
    kept = serve({"run": MOVED, "adopt": "restart\n"})
    old = kept.up()
    again(kept)
    kept.up(old)
    assert gone(old)
    assert "left by a supervisor that died" in kept.history()[0]


@pytest.mark.parametrize("where", ["stderr", "the log", "all"])
@pytest.mark.parametrize("logged", [False, True], ids=["no logger", "logger"])
def test_no_write_between_two_supervisors_is_refused(serve, again, where, logged):
    """The kind: a pipe that the supervisor alone reads has nobody who reads it (SIGPIPE)."""
    to = {"stderr": "1>&2", "the log": "", "all": "2>&1"}[where]
    run = f" exec {to}\n{WAITS}echo here && touch said\n{SLEEPS}"
    files = {"run": run} | ({"log/run": " exec cat >>../logged\n"} if logged else {})
    kept = serve(files)
    old = kept.up()

    def between():
        if logged:
            logger = int(kept.read("log/supervise/pid"))
            os.kill(logger, signal.SIGKILL)
            wait_until(lambda: gone(logger))
        go(kept)
        wait_until((kept.path / "said").exists)

    again(kept, between)
    adopted(kept, old)
    if logged and where != "stderr":
        assert kept.wait_for("logged") == ["here"]
    else:
        wait_until(lambda: "here" in kept.supervisor.lines("out") + kept.supervisor.lines("err"))


def test_what_it_says_later_is_heard(serve, again):
    """The pipe to the logger and the tap on stderr come with it; the logger keeps its pid too."""
    run = f" echo one\n{WAITS}echo two; echo three >&2; rm go\n{WAITS}exit 3\n"
    kept = serve({"run": run, "log/run": " exec cat >>../logged\n", "down": ""})
    kept.say("o")
    old, logger = kept.up(), int(kept.read("log/supervise/pid"))
    kept.wait_for("logged")
    again(kept)
    adopted(kept, old)
    go(kept)
    assert kept.wait_for("logged", 2) == ["one", "two"]
    assert int(kept.read("log/supervise/pid")) == logger
    wait_until(lambda: "three" in kept.supervisor.lines("err"))
    wait_until(lambda: not (kept.path / "go").exists())
    go(kept)
    # Wanted once it stays down: what was wanted holds, not the file `down`.
    kept.is_(state="down")
    kept.say("u")
    assert kept.wait_for("logged", 3)[2] == "one"


def test_the_last_line_of_stderr(serve, again):
    """Without a logger history has it, whoever reads it."""
    kept = serve({"run": f" {WAITS}echo cannot open >&2\nexit 1\n"})
    old = kept.up()
    again(kept)
    adopted(kept, old)
    go(kept)
    assert kept.history(2)[1].endswith(": cannot open")


LISTENS = """s = socket.socket(socket.AF_UNIX)
s.bind("here")
s.listen()
signal.pause()
"""
NOT_READY = {
    "notify": ({"ready": "notify\n"}, TELLS + "wait('go')\nsay('READY=1')\nsignal.pause()\n"),
    "notification-fd": ({"notification-fd": "5\n"}, f" {WAITS}echo >&5\n{SLEEPS}"),
    "log": ({"ready": "log ^here\n", "log/run": " exec cat\n"}, f" {WAITS}echo here\n{SLEEPS}"),
    "stderr": ({"ready": "log ^here\n"}, f" {WAITS}echo here >&2\n{SLEEPS}"),
    "unix": ({"ready": "unix here\n"}, f"{TELLS}wait('go')\n{LISTENS}"),
    "check": ({"check": " test -e go\n"}, f" {SLEEPS}"),
}


@pytest.mark.parametrize("way", NOT_READY)
@pytest.mark.parametrize("when", ["before", "between", "after"])
def test_ready_or_not_as_it_was(serve, again, way, when):
    """In each of the ways; what it says between two of them is heard, but at NOTIFY_SOCKET."""
    more, run = NOT_READY[way]
    kept = serve({"run": run} | more)
    old = kept.up()
    kept.is_(ready="0") if when != "before" else go(kept)
    if when == "before":
        kept.is_(ready="1")
    said = (way, when) != ("notify", "between")
    again(kept, lambda: go(kept) if when == "between" and said else None)
    adopted(kept, old)
    if when != "before" and not (when == "between" and said):
        kept.is_(ready="0")
        go(kept)
    kept.is_(ready="1")
    assert kept.pid() == old


def test_what_it_said_and_closed_between_two(serve, again):
    """notification-fd: a line, and then it closes that, while nobody is there to read it."""
    kept = serve(
        {"run": f" {WAITS}echo >&5; exec 5>&-; touch said\n{SLEEPS}", "notification-fd": "5"}
    )
    old = kept.up()
    kept.is_(ready="0")
    again(kept, lambda: go(kept) or wait_until((kept.path / "said").exists))
    adopted(kept, old)
    kept.is_(ready="1")


def test_what_it_sends_is_heard_at_the_same_address(serve, again):
    """NOTIFY_SOCKET: its name is bound again, and what it is told by holds for the next start."""
    run = (
        TELLS + "say('READY=1', 'STATUS=first')\nwait('go')\nsay('STATUS=second')\nsignal.pause()\n"
    )
    kept = serve({"run": run, "ready": "notify\n"})
    old = kept.up()
    kept.is_(ready="1", text="first")
    again(kept)
    adopted(kept, old)
    kept.is_(ready="1", text="first")
    go(kept)
    kept.is_(text="second")


@pytest.mark.parametrize("watchdog", ["0.3 notify", "0.3 check", "0.3 log"])
def test_the_watchdog_goes_on(serve, again, watchdog):
    """It has its time anew from the adoption; then it is ended as any that shows nothing."""
    check = {"check": " test ! -e go\n"} if "check" in watchdog else {}
    beat = (
        "while not os.path.exists('go'):\n    say('READY=1', 'WATCHDOG=1')\n    print(flush=True)\n"
    )
    notify = "notify" in watchdog
    run = TELLS if notify else TELLS.replace("s = ", "return\n    s = ")
    kept = serve(
        {"run": f"{run}{beat}    time.sleep(0.02)\nsignal.pause()\n", "watchdog": watchdog}
        | check
        | ({"ready": "notify\n"} if notify else {})
    )
    old = kept.up()
    kept.is_(ready="1")
    again(kept)
    adopted(kept, old)
    go(kept)
    word = "check failed" if check else "watchdog"
    assert kept.history(2)[1].endswith(f" was killed by SIGTERM ({word})")


def test_a_main_process_that_was_named(serve, again):
    """MAINPID: it is the one that goes on."""
    kept = serve({"run": launcher(), "ready": "notify\n"})
    _, daemon = map(int, kept.wait_for("pids")[0].split())
    wait_until(lambda: kept.pid() == daemon)
    kept.is_(processes=kept.state_file()["processes"], ready="1")
    again(kept)
    adopted(kept, daemon)


def test_run_ended_between_and_who_was_named_lives(serve, again):
    """Then it counts from now on."""
    run = launcher().replace('os.path.exists("pids")', 'os.path.exists("go")')
    kept = serve({"run": run, "ready": "notify\n"})
    old = kept.up()
    _, daemon = map(int, kept.wait_for("pids")[0].split())
    wait_until(lambda: kept.state_file().get("main", "").startswith(f"{daemon}:"))
    again(kept, lambda: go(kept) or wait_until(lambda: gone(old)))
    adopted(kept, daemon)


def test_one_that_is_paused_stays_so(serve, again):
    """It goes on when it is told to."""
    kept = serve({"run": MOVED, "watchdog": "0.2 log\n"})
    old = kept.up()
    kept.say("p")
    wait_until(lambda: state(old) == "T")
    again(kept)
    adopted(kept, old)
    wait_until(lambda: kept.read("supervise/stat") == "run, paused\n")
    kept.say("c")
    wait_until(lambda: kept.read("supervise/stat") == "run\n" or kept.pid() != old)


STUBBORN = " trap '' TERM\ntouch set\nwhile :; do sleep 0.02; done\n"


@pytest.mark.parametrize(("letter", "then"), [("d", "down"), ("r", "run")])
def test_one_that_was_being_stopped(serve, again, letter, then):
    """It is ended, and what was wanted holds."""
    kept = serve({"run": STUBBORN, "timeout-kill": "2000\n"})
    old = kept.up()
    wait_until((kept.path / "set").exists)
    kept.say(letter)
    kept.is_(stopping="1")
    again(kept)
    wait_until(lambda: gone(old))
    kept.is_(state=then)
    assert then == "down" or kept.up(old) != old
    assert "left by a supervisor that died" in kept.history()[0]


def test_one_that_was_in_finish(serve, again):
    """Finish is ended too, and begins again, before another is started."""
    kept = serve(
        {"run": f" [ -e ran ] || {{ touch ran; exit 1; }}\n{SLEEPS}"}
        | {"finish": " echo $$ >>finishes\n[ -e go ] || exec sleep 1000\n"}
    )
    finish = int(kept.wait_for("finishes")[0])
    kept.is_(state="finish")
    again(kept, lambda: go(kept))
    kept.is_(state="run")
    assert gone(finish)
    assert len(kept.lines("finishes")) == 2


def test_one_that_ended_between_has_its_finish(serve, again):
    """Whatever the reason that run has ended; nobody knows how."""
    kept = serve({"run": MOVED, "finish": ' echo "$1 $2" >>finishes\n'})
    old = kept.up()
    again(kept, lambda: os.kill(old, signal.SIGKILL) or wait_until(lambda: gone(old)))
    kept.up(old)
    assert kept.lines("finishes") == ["-1 0"]
    assert f" pid {old} up " in kept.history()[0]
    assert "ended in a way that nobody saw (left by a supervisor that died)" in kept.history()[0]


def test_what_an_adopted_one_leaves_is_ended(serve, again):
    """Its orphans are not ours; they are known before it is told to end."""
    run = f" setsid sleep 1000 & echo $! >left\nexec 2>/dev/null\n{SLEEPS}"
    kept = serve({"run": run})
    worker = int(kept.wait_for("left")[0])
    old = kept.up()
    again(kept)
    adopted(kept, old)
    kept.say("d")
    kept.is_(state="down")
    assert gone(worker)
    assert gone(old)


# What another account runs, or is not dumpable, is not to be looked into.
REFUSED = """
import posix
real = posix.listdir
def refuse(place):
    if str(place).endswith("/fd/"):
        raise PermissionError(13, "")
    return real(place)
posix.listdir = refuse
"""


def test_a_pipe_that_is_not_to_be_had(serve, supervise, faulty):
    """Then it would fill and stop the service: that is ended, and it is said why."""
    kept = serve({"run": MOVED})
    old = kept.up()
    killed(kept)
    second = supervise("s", command=(str(faulty(REFUSED)),))
    kept.up(old)
    assert gone(old)
    assert f"unable to have the pipes of process {old}, which is ended" in second.err()


def test_somebody_else_has_its_address(serve, again):
    """Said, and what it says there is not heard; it goes on all the same."""
    run = TELLS + "say('READY=1')\nsignal.pause()\n"
    kept = serve({"run": run, "ready": "notify\n"})
    old = kept.up()
    kept.is_(ready="1")
    address = "\0" + kept.state_file()["notify"][1:]
    thief = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    again(kept, lambda: thief.bind(address))
    adopted(kept, old)
    assert "unable to have NOTIFY_SOCKET" in kept.supervisor.err()
    thief.close()


# What is in the way to the logger.

# Numbered lines, one each 10 ms, which go through the supervisor.
COUNTS = {
    "run": " trap '' PIPE\nwhile :; do echo $((n=n+1)); echo $n >>printed; sleep .01; done\n",
    "ready": "log ^nothing$\n",
}


def goes_on(kept, many=10):
    """Wait until KEPT has printed so MANY more lines."""
    kept.wait_for("printed", len(kept.lines("printed")) + many)


def counted(kept):
    """Whether all lines that KEPT has logged are there, in their order: how many."""
    found = kept.lines("logged")
    assert found == [str(number) for number in range(1, len(found) + 1)]
    return len(found)


@pytest.mark.parametrize("file", ["log/run", "logger"])
def test_a_logger_at_its_end_is_given_nothing_more(serve, again, file):
    """The kind: what is moved on to somebody who will not read it, and is gone with us.

    The logger has come to its end, as its supervisor was killed, and has not ended yet.
    """
    code = "cd ..\n" if file == "log/run" else ""
    code += "echo $$ >>logger_pid; cat >>logged; while [ -e hold ]; do sleep .01; done\n"
    text = " " + code if code[:2] == "cd" else f"sh -c '{code.strip()}'\n"
    kept = serve(COUNTS | {file: text, "hold": ""})
    wait_until(lambda: counted(kept) > 5)
    again(kept)
    adopted(kept, kept.up())
    # The second has time to move what there is, and is killed too.
    goes_on(kept)

    def end():
        (kept.path / "hold").unlink()
        wait_until(lambda: gone(int(kept.lines("logger_pid")[0])))

    again(kept, end)
    count = counted(kept)
    wait_until(lambda: counted(kept) > count + 50)


def test_a_logger_that_is_not_there_is_given_nothing(serve, again):
    """It has ended at once, and the supervisor is killed while there is none."""
    logger = " [ -e ../go ] || exit 1\nexec cat >>../logged\n"
    waits = COUNTS["run"].replace(
        "trap", "while ! grep -qs exited log/supervise/history; do :; done\ntrap"
    )
    kept = serve(COUNTS | {"run": waits, "log/run": logger, "log/backoff": "60\n"})
    kept.up()
    goes_on(kept)
    again(kept, (kept.path / "go").touch)
    wait_until(lambda: counted(kept) > 50)


# The first time that a pipe is looked for, it has moved before it is opened.
MOVES = """
from pydaemontools.base import kept_pipe
find, moved = kept_pipe.find, []
def once(*asked):
    place = find(*asked)
    if place and not moved:
        moved.append(place)
        place = "/dev/null"
    return place
kept_pipe.find = once
"""


def test_a_pipe_that_a_shell_has_elsewhere_for_a_moment(serve, supervise, faulty):
    """The kind: a file that is looked for where it is, and opened where it was.

    While a shell redirects, what it prints to has another number. Without the pipe nobody passes
    its lines on.
    """
    kept = serve(COUNTS | {"log/run": " exec cat >>../logged\n"})
    wait_until(lambda: counted(kept) > 5)
    killed(kept)
    count = counted(kept)
    kept.supervisor = supervise("s", command=(faulty(MOVES),))
    wait_until(lambda: counted(kept) > count + 50)


@pytest.mark.parametrize("wrong", ["is gone", "is another"])
def test_a_pipe_is_looked_for_again(monkeypatch, wrong):
    """Where it stood is something else by then, or nothing."""
    (source, sink), other = kept_pipe.make(), kept_pipe.make()
    places = [f"/proc/self/fd/{other[0]}" if wrong == "is another" else "/proc/self/fd/9999"]
    monkeypatch.setattr(kept_pipe, "find", lambda *_: places.pop(0))
    places.append(f"/proc/self/fd/{sink}")
    before = len(os.listdir("/proc/self/fd"))
    found = kept_pipe.had_by([os.getpid()], kept_pipe.inode(source), kept_pipe.both_ends)
    assert [kept_pipe.inode(fd) for fd in found] == [kept_pipe.inode(source)] * 2
    for fd in found:
        os.close(fd)
    assert len(os.listdir("/proc/self/fd")) == before
    for fd in (source, sink, *other):
        os.close(fd)


def test_what_waits_for_a_logger_is_looked_at(serve):
    """The kind: a service that is never ready, since its logger does not come."""
    run = " until grep -qs exited log/supervise/history; do :; done\n"
    run += "for n in 1 2 3 4 5; do echo $n; sleep .1; done; exec sleep 1000\n"
    files = {"run": run, "log/run": " exit 1\n", "log/backoff": "60\n"}
    kept = serve(files | {"ready": "log ^5$\n"})
    kept.is_(ready="1")


def test_what_waits_for_a_logger_is_a_sign_of_life(serve):
    """The kind: a service that is ended as hung, and it is its logger that does not come."""
    logger = " [ -e ../go ] || exit 1\nexec cat >>../logged\n"
    kept = serve(
        {"run": COUNTS["run"], "log/run": logger, "log/backoff": "60\n", "watchdog": "0.2 log\n"}
    )
    pid = kept.up()
    goes_on(kept, 100)
    assert kept.up() == pid
    assert kept.lines("supervise/history") == []


@pytest.mark.parametrize("with_tee", [True, False], ids=["tee", "no tee"])
def test_what_is_looked_at_stays_in_a_pipe(loop, monkeypatch, with_tee):
    """Who looks may be killed: nothing is in his memory alone. Without tee(2) it is."""
    if not with_tee:
        monkeypatch.setattr(tee, "find_tee", lambda: None)
    source, sink = kept_pipe.make()
    tap = Tap(loop, sink, reader=lambda _: True)
    lines = []
    tap.on_line = lines.append
    for number in range(3):
        os.write(tap.fd, b"%d\n" % number)
        tap.forward()
    assert lines == [b"0", b"1", b"2"]
    assert os.read(source, 100) == b"0\n1\n2\n"
    assert bool(tap._glimpse) == with_tee


def test_a_full_pipe_is_waited_for(loop):
    """No write waits, and nothing is lost or looked at twice."""
    source, sink = kept_pipe.make()
    tap = Tap(loop, sink, reader=lambda _: True)
    lines = []
    tap.on_line = lines.append
    sent = [b"%0999d" % number for number in range(100)]
    found = b""
    for line in sent:
        os.write(tap.fd, line + b"\n")
        tap.forward()
        if line == sent[60]:
            found += os.read(source, 1 << 16)
    os.set_blocking(source, False)
    while len(found) < 100_000:
        with contextlib.suppress(BlockingIOError):
            found += os.read(source, 1 << 16)
        tap.forward()
    assert found.split(b"\n")[:-1] == sent
    assert lines == sent


def test_without_proc_a_pipe_is_a_pipe(monkeypatch):
    """Then it is open one way."""
    real = os.open
    monkeypatch.setattr(kept_pipe.posix, "open", lambda *_: real("/nonexistent", 0))
    source, sink = kept_pipe.make()
    os.write(sink, b"x")
    assert os.read(source, 1) == b"x"
    with pytest.raises(OSError, match="Bad file"):
        os.read(sink, 1)


def test_no_tee_is_said_as_an_error(monkeypatch):
    """Glimpse() raises OSError, whatever is missing."""
    monkeypatch.setattr(tee, "find_tee", lambda: None)
    with pytest.raises(OSError, match=f"Errno {errno.ENOSYS}"):
        tee.Glimpse()


def test_nothing_of_it_is_left(serve, again, place):
    """After all that, down is down."""
    kept = serve({"run": f" sleep 1000 &\n{SLEEPS}", "log/run": " exec cat\n"})
    old = kept.up()
    again(kept)
    adopted(kept, old)
    assert kept.supervisor.stop() == 0
    assert not [pid for pid in processes_in(place) if state(pid) not in {None, "Z"}]
    assert gone(old)
