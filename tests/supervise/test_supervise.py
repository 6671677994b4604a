"""pysupervise with real processes: what it keeps, what it passes on, how it stops."""

import itertools
import os
import shutil
import signal

import pytest

from tests.conftest import PROBE, without_numbers
from tests.supervise.conftest import NOTE, command, stat, state

TICKS = os.sysconf("SC_CLK_TCK")
PASSED_ON = ["SIGHUP", "SIGALRM", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGCONT"]


# Restarts


def test_a_program_that_is_killed_is_started_again(supervise):
    """The supervisor's whole purpose."""
    kept = supervise("note")
    first = kept.next_start(1)
    kept.signal(signal.SIGKILL, first)
    second = kept.next_start(2)
    assert second != first
    assert stat(second, 1) == str(kept.pid)


def test_a_program_that_ends_at_once_is_started_once_a_second(supervise):
    """From start to start at least a second passes; the kernel's own stamps say so."""
    kept = supervise("short")
    kept.next_start(4)
    ticks = [start for _, start in kept.starts()]
    assert all(b - a >= TICKS for a, b in itertools.pairwise(ticks))


def test_it_hears_while_it_waits_for_the_second_to_pass(supervise):
    """It is never deaf: TERM during the pause ends it, and nothing is started any more."""
    kept = supervise("-v", "short")
    kept.next_start(1)
    assert kept.stop() == 0
    assert len(kept.logged("started short")) == len(kept.logged("short")) == len(kept.starts())


def test_no_zombie_is_left(supervise, until):
    """Neither the program's, nor a child that it had before it became pysupervise."""
    kept = supervise("note", before=["sh", "-c", 'sleep 0 & exec "$@"', "sh"])
    for i in range(1, 4):
        kept.signal(signal.SIGKILL, kept.next_start(i))
    last = kept.next_start(4)
    until(lambda: kept.children() == [last])


def test_it_does_nothing_while_nothing_happens(supervise):
    """Three pauses of a second cost it next to no time of the CPU."""
    kept = supervise("short")
    kept.next_start(1)
    before = used(kept.pid)
    kept.next_start(4)
    assert used(kept.pid) - before < TICKS / 4


def used(pid):
    """The ticks of the CPU that PID has used."""
    return int(stat(pid, 11)) + int(stat(pid, 12))


def test_a_fork_that_is_refused_is_a_warning_and_tried_again(supervise, faulty):
    """A full process table passes."""
    faulty("""
import errno, posix
from pydaemontools.base import spawn
fork, refusals = posix.fork, [1, 1]
def refused():
    if refusals:
        refusals.pop()
        raise BlockingIOError(errno.EAGAIN, "")
    return fork()
spawned = spawn.spawn
def refused_too(*argv, **more):
    if refusals:
        raise BlockingIOError(errno.EAGAIN, "")
    return spawned(*argv, **more)
posix.fork, spawn.spawn = refused, refused_too
""")
    kept = supervise("note", command=["faulty"])
    kept.next_start(1)
    warning = "pysupervise: warning: unable to fork for note: temporary failure\n"
    assert kept.err() == warning


def test_a_stderr_that_has_gone_is_no_reason_to_end(supervise, until):
    """What -v says then goes nowhere."""
    reader, writer = os.pipe()
    kept = supervise("-v", "note", stderr=writer)
    os.close(writer)
    first = kept.next_start(1)
    os.close(reader)
    kept.signal(signal.SIGKILL, first)
    kept.signal(signal.SIGKILL, kept.next_start(2))
    until(lambda: len(kept.starts()) >= 3)
    assert kept.running()


def test_a_program_that_vanishes_is_tried_again_every_second(supervise, place, until):
    """What was there at the start may be there again."""
    kept = supervise("-v", "note")
    first = kept.next_start(1)
    (place / "bin/note").rename(place / "bin/away")
    kept.signal(signal.SIGKILL, first)
    until(lambda: "pysupervise: fatal: unable to run note: file does not exist\n" in kept.err())
    (place / "bin/away").rename(place / "bin/note")
    kept.next_start(2)


def test_an_error_inside_a_child_is_seen(supervise, faulty, until):
    """A bug in a link ends that child only, and says where it is."""
    fault = "import pydaemontools.chain.pgrphack as link\nlink.main = lambda argv: 1 / 0\n"
    faulty(fault)
    kept = supervise("-v", "pypgrphack", "true", command=["faulty"])
    until(lambda: "ZeroDivisionError" in kept.err())
    until(lambda: "exited with code 111" in kept.err())
    assert kept.running()


# Signals


@pytest.mark.parametrize("name", PASSED_ON)
def test_a_signal_is_passed_on(supervise, until, name):
    """What svc would say with a letter, kill says to the supervisor."""
    kept = supervise("listener")
    kept.listening()
    kept.signal(signal.Signals[name])
    until(lambda: kept.heard() == [name])
    assert kept.running()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_term_and_int_end_the_program_and_then_the_supervisor(supervise, name):
    """The program gets TERM whichever it was, and is not started again."""
    kept = supervise("listener")
    pid = kept.listening()
    kept.signal(signal.Signals[name])
    assert kept.wait() == 0
    assert kept.heard()[0] == "SIGTERM"
    assert state(pid) is None
    assert kept.err() == ""


def test_tstp_stops_the_program_and_cont_lets_it_go_on(supervise, until):
    """Pause and continue; the supervisor itself goes on all the time."""
    kept = supervise("listener")
    pid = kept.listening()
    kept.signal(signal.SIGTSTP)
    until(lambda: state(pid) == "T")
    assert state(kept.pid) != "T"
    kept.signal(signal.SIGCONT)
    until(lambda: state(pid) == "S")
    until(lambda: kept.heard() == ["SIGCONT"])


def test_a_program_that_is_paused_can_be_ended(supervise, until):
    """TERM comes with CONT."""
    kept = supervise("listener")
    pid = kept.listening()
    kept.signal(signal.SIGTSTP)
    until(lambda: state(pid) == "T")
    assert kept.stop() == 0
    assert "SIGTERM" in kept.heard()


def test_a_program_that_does_not_hear_term_is_waited_for(supervise, until):
    """The last resort is a minute away; a second TERM is another TERM for it."""
    kept = supervise("listener", "stay")
    pid = kept.listening()
    kept.signal(signal.SIGTERM)
    until(lambda: kept.heard() == ["SIGTERM", "SIGCONT"])
    kept.signal(signal.SIGTERM)
    until(lambda: kept.heard().count("SIGTERM") == 2)
    assert kept.running()
    kept.signal(signal.SIGKILL, pid)
    assert kept.wait() == 0
    assert kept.lines("heard")[0] == str(pid)


def test_a_program_that_dies_while_it_is_paused_is_started_again(supervise, until):
    """Kill -9 reaches it also then."""
    kept = supervise("note")
    first = kept.next_start(1)
    kept.signal(signal.SIGTSTP)
    until(lambda: state(first) == "T")
    kept.signal(signal.SIGKILL, first)
    second = kept.next_start(2)
    until(lambda: state(second) == "S")


def test_a_signal_that_was_ignored_stays_so(supervise, until):
    """As nohup wants it: HUP neither ends the supervisor nor reaches the program."""
    kept = supervise("listener", before=["env", "--ignore-signal=HUP"])
    kept.listening()
    kept.signal(signal.SIGHUP)
    kept.signal(signal.SIGUSR1)
    until(lambda: kept.heard() == ["SIGUSR1"])


def test_a_signal_that_was_blocked_is_heard(supervise, until):
    """Or the supervisor would neither see an end nor hear TERM."""
    kept = supervise("listener", before=["env", "--block-signal=CHLD,TERM"])
    pid = kept.listening()
    kept.signal(signal.SIGKILL, pid)
    until(lambda: len(kept.lines("heard")) == 2)
    assert kept.stop() == 0


def test_a_program_that_may_not_be_signalled_is_a_warning(supervise, faulty, until):
    """It became another account; then TERM cannot end it, and that is said."""
    faulty("""
import errno, posix
def kill(pid, signum):
    raise PermissionError(errno.EPERM, "")
posix.kill = kill
""")
    kept = supervise("listener", command=["faulty"])
    pid = kept.listening()
    kept.signal(signal.SIGTERM)
    warning = "pysupervise: warning: unable to signal listener: permission denied\n"
    until(lambda: kept.err() == warning * 2)
    assert kept.running()
    kept.signal(signal.SIGKILL, pid)
    assert kept.wait() == 0


# What the program sees


@pytest.fixture
def seen(supervise, place, script, until, needs):
    """What ./run sees under supervise and under pysupervise, both started after BEFORE."""

    def seen(before):
        script(place / "run", PROBE + "echo done\nexec sleep 1000\n")
        out = place / "out"
        results = []
        for words in ([needs("supervise"), "."], ["pysupervise", "./run"]):
            out.write_bytes(b"")
            kept = supervise(before=before, command=words)
            text = until(lambda: out.read_bytes().endswith(b"done\n") and out.read_bytes())
            kept.process.kill()
            results.append(without_numbers(text).split(b"\n"))
        return results

    return seen


OWN_SESSION = [b"leads its process group", b"leads its session"]


@pytest.mark.parametrize(
    "before",
    [[], ["env", "--ignore-signal=HUP,CHLD,USR1"], ["env", "--block-signal=CHLD,RTMIN"]],
    ids=["as usual", "with signals ignored", "with signals blocked"],
)
def test_the_program_sees_what_it_would_see_under_supervise(seen, before):
    """But for the session of its own, and who is its supervisor: argv, environment, limits,
    signals, fds, directory.
    """
    theirs, ours = seen(before)
    told = [line for line in ours if line.startswith(b"PYDAEMONTOOLS_SUPERVISOR=")]
    assert len(told) == 1
    assert [line for line in ours if line not in OWN_SESSION + told] == theirs
    assert [line for line in ours if line in OWN_SESSION] == OWN_SESSION


def test_the_program_inherits_the_lock_and_no_file_of_the_supervisor(supervise, place, scripts):
    """Beside stdin, stdout and stderr there is the lock that was taken before, and no more."""
    kept = supervise("note", before=[scripts / "pysetlock", "x.lock"])
    files = f"/proc/{kept.next_sleep(1)}/fd"
    # It may still be opening its libraries. What it was given it never closes.
    kept.until(lambda: sorted(os.listdir(files)) == ["0", "1", "2", "3"])
    assert os.readlink(f"{files}/3") == str(place / "x.lock")


def test_it_works_with_stdin_stdout_and_stderr_closed(supervise):
    """Then the three are /dev/null, and no file of the supervisor takes their place."""
    kept = supervise("note", before=["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"])
    pid = kept.next_sleep(1)
    for fd in range(3):
        assert os.readlink(f"/proc/{pid}/fd/{fd}") == "/dev/null"
    assert kept.stop() == 0


def test_each_start_is_a_session_of_its_own(supervise):
    """So that ^C at a terminal reaches the supervisor only."""
    kept = supervise("note")
    for i in 1, 2:
        pid = kept.next_start(i)
        assert stat(pid, 3) == str(pid)
        kept.signal(signal.SIGKILL, pid)


# In a chain


LINE = ["pyenvdir", "./env", "pysetlock", "x.lock", "pysupervise"]


@pytest.fixture
def env(place, fill):
    """A directory `env` with the variable NAME."""
    return fill(place / "env", {"NAME": b"value\n"})


@pytest.mark.usefixtures("env")
def test_the_line_as_a_person_types_it_is_one_process(supervise, counted, place, script):
    """Three tools, one start of Python; the program is the child of the process that began."""
    made, starts = counted
    script(place / "bin/note", NOTE + 'echo "$NAME" >name\nexec sleep 1000\n')
    path = {"PATH": f"{made}/bin:{place}/bin:/usr/bin:/bin"}
    kept = supervise("note", before=[made / "bin/pyenvdir", *LINE[1:-1]], env=path)
    pid = kept.next_start(1)
    assert stat(pid, 1) == str(kept.pid)
    assert starts() == 1
    kept.signal(signal.SIGKILL, pid)
    kept.next_start(2)
    assert starts() == 1
    kept.until(lambda: kept.lines("name") == ["value"])


@pytest.mark.parametrize("fuse", ["", "1"], ids=["fused", "not fused"])
@pytest.mark.usefixtures("env")
def test_links_after_the_supervisor_run_in_its_child(supervise, counted, place, fuse):
    """Fused they cost no start of Python, and it makes no other difference."""
    made, starts = counted
    path = {"PATH": f"{made}/bin:{place}/bin:/usr/bin:/bin", "PYDAEMONTOOLS_NOFUSE": fuse}
    links = ["pyenvdir", "./env", "pysetlock", "x.lock", "pypgrphack", "note"]
    kept = supervise(*links, env=path, command=[made / "bin/pysupervise"])
    first = kept.next_start(1)
    assert stat(first, 1) == str(kept.pid)
    kept.signal(signal.SIGKILL, first)
    kept.next_start(2)
    assert starts() == (1 + 2 * 3 if fuse else 1)


@pytest.mark.usefixtures("env")
def test_a_child_imports_nothing(supervise, until):
    """All that five links need is loaded before the first fork."""
    if not shutil.which("strace"):
        pytest.skip("needs strace: it sees what is opened")
    account = "pyenvuidgid root" if os.geteuid() else "pysetuidgid root"
    chain = f"pyenvdir ./env pysetlock ./lock pysoftlimit -o 100 -m 1000000000 {account} true"
    trace = ["strace", "-f", "-qq", "-o", "trace", "-e", "trace=openat,setsid,execve"]
    kept = supervise("-v", *chain.split(), before=trace)
    until(lambda: kept.logged("pyenvdir") or not kept.running())
    if not kept.running():
        pytest.skip("strace may not trace here")
    child = kept.logged("started pyenvdir")[0]
    lines = [line for line in kept.lines("trace") if line.startswith(str(child))]
    end = next(i for i, line in enumerate(lines) if "execve" in line)
    opened = [line for line in lines[:end] if "openat" in line]
    assert "setsid" in lines[0]
    assert not [line for line in opened if "python" in line]


def test_a_link_that_waits_in_the_child_has_its_signals_to_itself(supervise, scripts):
    """The alarm of pysetlock -t is no business of the supervisor, and disturbs no file."""
    holder = supervise("note", before=[scripts / "pysetlock", "x.lock"])
    holder.next_start(1)
    kept = supervise("-v", "pysetlock", "-t", "0.1", "x.lock", "true")
    kept.until(lambda: len(kept.logged("pysetlock")) == 2)
    said = [line for line in kept.err().splitlines() if "info" not in line]
    first = "pysetlock: fatal: unable to lock x.lock: temporary failure"
    assert said[::2] == [first] * len(said[::2])
    assert all(line.startswith("pysetlock: ") for line in said)


def test_the_lock_is_held_as_long_as_the_program_runs(supervise, run, scripts):
    """Also by a program whose supervisor was killed: nobody starts a second one beside it."""

    def refused():
        result = run("pysetlock", "-n", "x.lock", "true")
        assert result.returncode in (0, 111)
        return result.returncode == 111

    kept = supervise("note", before=[scripts / "pysetlock", "x.lock"])
    pid = kept.next_start(1)
    assert refused()
    kept.signal(signal.SIGKILL)
    kept.wait()
    assert state(pid) == "S"
    assert refused()
    kept.signal(signal.SIGKILL, pid)
    # The lock goes with the last process that has it.
    assert run("pysetlock", "x.lock", "true").returncode == 0


def test_a_memory_limit_before_it_is_the_programs(supervise, place, script, until):
    """Not the supervisor's, which needs more than many a program may have."""
    script(
        place / "bin/limit", "#!/bin/sh\nulimit -v >limit.new\nmv limit.new limit\nexec sleep 9\n"
    )
    kept = supervise("limit", before=["pysoftlimit", "-a", "50000000"])
    until((place / "limit").exists)
    assert kept.lines("limit") == [str(50000000 // 1024)]


# The command line


def test_a_program_that_is_not_there_is_found_out_at_once(run):
    """111, with a hint, and no restart."""
    result = run("pysupervise", "nosuch")
    assert result.returncode == 111
    first, hint = result.stderr.decode().splitlines()
    assert first == "pysupervise: fatal: unable to run nosuch: file does not exist"
    assert hint.startswith("pysupervise: nosuch is in no directory of PATH, which is ")


def test_a_program_that_may_not_be_run_is_found_out_at_once(run, place):
    """With what to do."""
    (place / "data").touch()
    (place / "data").chmod(0o644)
    result = run("pysupervise", "./data")
    assert result.returncode == 111
    first, hint = result.stderr.decode().splitlines()
    assert first == "pysupervise: fatal: unable to run ./data: access denied"
    assert hint == "pysupervise: ./data is not executable: `chmod +x ./data` makes it so"


def test_a_logger_that_is_not_there_is_found_out_before_anything_is_started(run, place, script):
    """The program is not started for a second without its logger."""
    script(place / "bin/note", NOTE)
    result = run("pysupervise", "-l", "nosuch --to ./log/", "note")
    assert result.returncode == 111
    assert b"unable to run nosuch: file does not exist" in result.stderr
    assert not (place / "noted").exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("pysissylog 'x", "a ' is never closed"),
        ('pysissylog "x', 'a " is never closed'),
        ("", "no line of it holds a command"),
        ("pysissylog x | tee y", "a chain has no shell in it, so quote the | or use sh -c"),
    ],
)
def test_a_logger_that_is_badly_quoted_is_wrong_usage(run, text, why):
    """And what is wrong is said."""
    result = run("pysupervise", "-l", text, "true")
    assert result.returncode == 100
    assert why in result.stderr.decode()


@pytest.mark.parametrize("argv", [[], ["-v"], ["-l"], ["-l", "cat"], ["-q", "true"]])
def test_wrong_usage_is_100_and_the_synopsis(run, argv):
    """As everywhere; where nothing was said to keep running, that is said."""
    result = run("pysupervise", *argv)
    assert result.returncode == 100
    usage = "pysupervise: usage: pysupervise [-v] {dir | [-l logger] program [arg ...]}"
    assert usage in result.stderr.decode().splitlines()[-2:]


def test_v_says_when_the_program_starts_and_how_it_ends(supervise, place, script):
    """With the name of the signal, or the code."""
    script(place / "bin/note", NOTE + "trap 'exit 7' TERM\nwhile :; do sleep 0.01; done\n")
    kept = supervise("-v", "note")
    first = kept.next_start(1)
    kept.signal(signal.SIGKILL, first)
    second = kept.next_start(2)
    assert kept.stop() == 0
    assert kept.err().splitlines() == [
        f"pysupervise: info: started note, pid {first}",
        f"pysupervise: info: note, pid {first}, was killed by SIGKILL",
        f"pysupervise: info: started note, pid {second}",
        f"pysupervise: info: note, pid {second}, exited with code 7",
    ]


def test_without_v_nothing_is_said(supervise):
    """Not even of a program that dies."""
    kept = supervise("note")
    kept.signal(signal.SIGKILL, kept.next_start(1))
    kept.next_start(2)
    assert kept.stop() == 0
    assert kept.err() == ""


def test_it_goes_by_its_own_name(supervise):
    """In ps and top it is pysupervise, not python3, and the program is itself."""
    kept = supervise("note")
    kept.next_sleep(1)
    assert command(kept.pid) == "pysupervise"


def test_python_m_runs_it_too(supervise, python):
    """For a person at a terminal."""
    kept = supervise("note", command=[*python, "pysupervise"])
    kept.next_start(1)
    assert kept.stop() == 0
