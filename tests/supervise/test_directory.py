"""pysupervise DIR with real processes: the directory, what it asks for, and what is told of it."""

import os
import re
import signal
import socket
import stat as modes
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import wait_until, write_script
from tests.supervise.conftest import LISTENER, NOTE, children_of, command, make_service, stat, state

SLEEP = " exec sleep 1000\n"
# Ignores TERM, and says so.
DEAF = " trap '' TERM\necho deaf >>noted\nwhile :; do sleep 1000; done\n"


# The directory


def test_what_is_in_supervise(serve):
    """The originals' files with the originals' modes, and two of ours."""
    kept = serve()
    kept.up()
    found = {p.name: modes.filemode(p.stat().st_mode) for p in (kept.path / "supervise").iterdir()}
    assert found == {
        "control": "prw-------",
        "lock": "-rw-------",
        "ok": "prw-------",
        "pid": "-rw-r--r--",
        "stat": "-rw-r--r--",
        "state": "-rw-r--r--",
        "status": "-rw-r--r--",
    }
    assert modes.filemode((kept.path / "supervise").stat().st_mode) == "drwx------"
    assert len((kept.path / "supervise/status").read_bytes()) == 20


def test_run_is_started_in_its_directory_as_run(serve):
    """Its argv is what the originals give, and it leads a session."""
    kept = serve({"run": ' tr "\\0" " " </proc/$$/cmdline >cmdline; pwd >cwd; exec sleep 1000\n'})
    pid = kept.up()
    wait_until(lambda: command(pid) == "sleep")
    assert kept.read("cmdline") == "/bin/sh ./run "
    assert kept.lines("cwd") == [str(kept.path)]
    assert stat(pid, 3) == str(pid)


def test_down_is_not_started(serve):
    """Until somebody says so."""
    kept = serve({"run": NOTE + "exec sleep 1000\n", "down": ""})
    kept.is_(state="down")
    assert not kept.read("noted")
    kept.say("u")
    kept.up()


def test_a_directory_is_supervised_once(serve, run, needs):
    """By none of daemontools', runit's, s6's supervisors and ours beside ours."""
    needs("supervise", "runsv", "s6-supervise")
    kept = serve()
    kept.up()
    second = run("pysupervise", "s")
    assert second.returncode == 111
    error, hint = second.stderr.decode().splitlines()
    wanted = "pysupervise: fatal: unable to acquire s/supervise/lock: temporary failure"
    assert error == wanted
    pid = kept.supervisor.pid
    assert hint.startswith(f"pysupervise: s is held by process {pid}: ")
    for other, code in ("supervise", 111), ("runsv", 111), ("s6-supervise", 100):
        assert run(other, "s", path="/usr/bin:/bin").returncode == code
    assert len(kept.lines("noted")) == 1


@pytest.mark.parametrize("other", ["supervise", "runsv", "s6-supervise"])
@pytest.mark.usefixtures("supervise")
def test_ours_does_not_start_beside_another(start, run, place, needs, other):
    """The lock of s6 is another kind than that of the other two."""
    needs(other)
    make_service(place / "s", {"run": SLEEP})
    nothing = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    process = start(other, "s", path="/usr/bin:/bin", **nothing)
    wait_until((place / "s/supervise/status").exists)
    assert run("pysupervise", "s").returncode == 111
    process.terminate()
    process.wait()


def test_supervise_may_be_a_link_to_where_there_is_no_directory_yet(serve, place):
    """For a service directory that is read-only: as runit's."""
    (place / "s").mkdir()
    (place / "elsewhere").mkdir()
    (place / "s/supervise").symlink_to(place / "elsewhere/s")
    kept = serve()
    kept.up()
    assert (place / "elsewhere/s/status").exists()


def test_what_a_killed_supervisor_left_is_ended_first(serve, supervise, until):
    """Where `adopt` holds `restart`: or there would be two of the service."""
    logger = "#!/usr/bin/env pychain\npysissylog --to ./main/\n"
    kept = serve({"run": LISTENER, "log/run": logger, "adopt": "restart\n"})
    kept.wait_for("heard")
    old = kept.up()
    kept.supervisor.signal(signal.SIGKILL)
    kept.supervisor.wait()
    assert state(old) == "S"
    (kept.path / "heard").unlink()
    second = supervise("s")
    new = kept.up(old)
    text = f"warning: s: ending process {old}, which was left by a supervisor that died"
    until(lambda: text in second.err())
    assert state(old) in {None, "Z"}
    assert stat(new, 1) == str(second.pid)


def test_a_pid_in_an_old_status_may_be_anybodys(serve, place):
    """What is no service of this directory is left alone."""
    make_service(place / "s", {"run": SLEEP})
    (place / "s/supervise").mkdir(mode=0o700)
    pid = os.getpid().to_bytes(4, "little")
    (place / "s/supervise/status").write_bytes(bytes(12) + pid + b"\0u\0\1")
    kept = serve({"run": SLEEP})
    kept.up()
    assert kept.supervisor.err() == ""


def test_what_cannot_be_had_is_an_error_before_anything_is_started(run, place):
    """A sentence each, and 111."""
    for name, text in (
        ("file/s", "unable to run file/s: file does not exist"),
        ("link", "unable to create link/supervise: file does not exist"),
    ):
        (place / "link").mkdir(exist_ok=True)
        if not (place / "link/supervise").is_symlink():
            (place / "link/supervise").symlink_to("/nonexistent/there")
        result = run("pysupervise", name)
        assert result.returncode == 111
        assert f"pysupervise: fatal: {text}\n" in result.stderr.decode()
    hint = b"it is a link to /nonexistent/there: `mkdir -p /nonexistent` first"
    assert hint in result.stderr


def test_a_logger_as_an_option_is_for_programs(run, place):
    """A directory has its own."""
    (place / "s").mkdir()
    result = run("pysupervise", "-l", "cat", "s")
    assert result.returncode == 100
    assert b"the logger of a directory is the directory log in it" in result.stderr


def test_a_run_that_cannot_be_executed_is_tried_again_each_second(serve, script):
    """Why is said each time; it comes up when it can."""
    kept = serve({"run": "#!/nonexistent/interpreter\n"})
    text = "pysupervise: fatal: unable to start s/run: file does not exist\n"
    wait_until(lambda: kept.supervisor.err().count(text) >= 2)
    assert "names an interpreter that does not exist" in kept.supervisor.err()
    script(kept.path / "run", "#!/bin/sh\n" + NOTE.partition("\n")[2] + SLEEP)
    kept.wait_for("noted")
    kept.up()


def test_edits_count_at_the_next_start(serve):
    """Of run and of the files beside it."""
    kept = serve()
    first = kept.up()
    (kept.path / "down-signal").write_text("HUP\n")
    write_script(kept.path / "run", LISTENER)
    os.kill(first, signal.SIGKILL)
    kept.wait_for("heard")
    kept.say("d")
    kept.wait_for("heard", 2)
    assert "SIGHUP" in kept.lines("heard")


def test_a_run_that_is_a_chain_script_needs_no_second_interpreter(serve, place):
    """The links run in the child that was forked: PYDAEMONTOOLS_NOFUSE tells the difference."""
    (place / "env").mkdir()
    (place / "env/GREETING").write_text("hello\n")
    text = "#!/usr/bin/env pychain\npyenvdir ../env\npysetlock -n lock\nsh -c "
    kept = serve({"run": text + "'echo $GREETING >>said; exec sleep 1000'\n"})
    assert kept.wait_for("said") == ["hello"]
    assert (kept.path / "lock").exists()
    first = kept.up()
    os.kill(first, signal.SIGKILL)
    kept.wait_for("said", 2)


@pytest.mark.needs_root
def test_a_control_group_may_command_and_ask(serve, run, needs, script, place):
    """Its members, and nobody else."""
    needs("svc", "svstat", "svok")
    script(place / "bin/in", '#!/bin/sh\nexec setpriv --reuid=65534 --clear-groups --regid="$@"\n')
    kept = serve({"run": SLEEP, "control-group": "54321\n"})
    kept.up()
    assert run("in", "54321", "svok", "s").returncode == 0
    assert b"up (pid" in run("in", "54321", "svstat", "s").stdout
    run("in", "54321", "svc", "-d", "s")
    kept.is_(state="down")
    assert run("in", "65534", "svok", "s").returncode == 111
    assert b"access denied" in run("in", "65534", "svc", "-u", "s").stderr


def test_a_control_group_that_there_is_not(run, place):
    """Is an error, and nothing is started."""
    (place / "s").mkdir()
    (place / "s/run").touch()
    (place / "s/control-group").write_text("nosuchgroup\n")
    result = run("pysupervise", "s")
    assert result.returncode == 111
    text = b"pysupervise: fatal: s/control-group: unknown group nosuchgroup\n"
    assert result.stderr == text


# Letters


@pytest.mark.parametrize(
    ("letter", "name"),
    [
        ("h", "SIGHUP"),
        ("a", "SIGALRM"),
        ("b", "SIGABRT"),
        ("i", "SIGINT"),
        ("q", "SIGQUIT"),
        ("1", "SIGUSR1"),
        ("2", "SIGUSR2"),
        ("w", "SIGWINCH"),
        ("y", "SIGWINCH"),
        ("t", "SIGTERM"),
        ("c", "SIGCONT"),
    ],
)
def test_a_letter_is_a_signal(serve, letter, name):
    """Those of daemontools, runit, and the useful ones of s6."""
    kept = serve({"run": LISTENER})
    kept.wait_for("heard")
    kept.say(letter)
    assert kept.wait_for("heard", 2)[1] == name


def test_many_letters_in_one_write_are_obeyed_in_order(serve):
    """As svc sends them."""
    kept = serve({"run": LISTENER})
    kept.wait_for("heard")
    kept.say("?h1\0z2")
    heard = kept.wait_for("heard", 4)[1:]
    assert sorted(heard) == ["SIGHUP", "SIGUSR1", "SIGUSR2"]


def test_down_up_once_pause_continue(serve):
    """And what the files say meanwhile."""
    kept = serve()
    first = kept.up()
    kept.say("p")
    wait_until(lambda: state(first) == "T")
    wait_until(lambda: kept.read("supervise/stat") == "run, paused\n")
    kept.say("c")
    wait_until(lambda: kept.read("supervise/stat") == "run\n")
    kept.say("d")
    kept.is_(state="down")
    wait_until(lambda: kept.read("supervise/stat") == "down\n")
    wait_until(lambda: kept.read("supervise/pid") == "")
    kept.say("o")
    second = kept.up(first)
    os.kill(second, signal.SIGKILL)
    kept.is_(state="down")
    kept.say("u")
    kept.up(second)


def test_restart_and_kill(serve):
    """The letters r (s6) and k leave it wanted up."""
    kept = serve()
    pid = kept.up()
    for letter in "r", "k", "t":
        kept.say(letter)
        pid = kept.up(pid)


def test_once_at_most(serve):
    """O (s6) lets it run to its end; and it starts nothing that is down."""
    kept = serve()
    first = kept.up()
    kept.say("O")
    wait_until(lambda: "want down" in kept.read("supervise/stat"))
    os.kill(first, signal.SIGKILL)
    kept.is_(state="down")
    kept.say("O")
    kept.say("p")
    kept.is_(state="down")


def test_what_outlives_the_supervisor(serve):
    """D and U (s6) make and remove the file `down`."""
    kept = serve()
    kept.up()
    kept.say("D")
    kept.is_(state="down")
    assert (kept.path / "down").exists()
    kept.say("U")
    wait_until(lambda: not (kept.path / "down").exists())
    kept.up()


def test_exit_ends_the_service_and_the_supervisor(serve):
    """As runit's x does; and what says that it is there says so no more."""
    kept = serve()
    pid = kept.up()
    kept.say("x")
    assert kept.supervisor.wait() == 0
    assert state(pid) is None
    assert not kept.read("supervise/state")
    assert kept.read("supervise/stat") == "down\n"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_term_never_orphans_the_service(serve, name):
    """The supervise of daemontools dies of it and leaves the service behind."""
    kept = serve({"run": SLEEP, "log/run": " exec cat >>out\n"})
    pid = kept.up()
    kept.supervisor.signal(signal.Signals[name])
    assert kept.supervisor.wait() == 0
    assert state(pid) is None
    assert not children_of(kept.supervisor.pid)


def test_scripts_stand_for_signals(serve):
    """control/LETTER that exits 0 takes the signal's place; one that does not is only a script."""
    kept = serve(
        {
            "run": LISTENER,
            "control/h": " echo h >>asked\nexit 0\n",
            "control/1": " echo 1 >>asked\nexit 1\n",
            "control/2": "not a program",
            "control/d": " echo d >>asked\n",
            "control/t": " echo t >>asked\nexit 1\n",
            "control/u": " echo u >>asked\nexit 1\n",
        }
    )
    kept.wait_for("heard")
    assert kept.wait_for("asked") == ["u"]
    kept.say("h1")
    kept.wait_for("heard", 2)
    kept.say("2")
    assert kept.wait_for("heard", 3)[1:] == ["SIGUSR1", "SIGUSR2"]
    kept.say("d")
    kept.is_(state="down")
    assert kept.wait_for("asked", 5) == ["u", "h", "1", "t", "d"]
    assert kept.lines("heard")[3] == "SIGTERM"


def test_a_signal_to_the_supervisor_is_a_letter_scripts_included(serve):
    """TERM is x, and so runs control/t and control/x."""
    kept = serve(
        {
            "run": SLEEP,
            "control/t": " echo t >>asked\nexit 1\n",
            "control/x": " echo x >>asked\n",
            "control/h": " echo h >>asked\n",
        }
    )
    kept.up()
    kept.supervisor.signal(signal.SIGHUP)
    kept.wait_for("asked")
    # A script that runs is passed by TERM, and what waits is not asked.
    children = Path(f"/proc/{kept.supervisor.pid}/task/{kept.supervisor.pid}/children")
    wait_until(lambda: children.read_text().split() == [str(kept.pid())])
    assert kept.stop() == 0
    assert kept.lines("asked") == ["h", "t", "x"]


def test_a_script_that_takes_its_time_makes_nobody_deaf(serve, place):
    """The service dies meanwhile and is started again; the next letter waits for the script."""
    os.mkfifo(place / "go")
    kept = serve({"run": NOTE + SLEEP[1:], "control/h": " echo asked >>asked\ncat ../go\n"})
    first = kept.up()
    kept.say("hd")
    kept.wait_for("asked")
    os.kill(first, signal.SIGKILL)
    kept.up(first)
    (place / "go").write_text("")
    kept.is_(state="down")


def test_a_stop_script_that_stops_the_service_is_no_reason_to_start_it_again(serve):
    """It is wanted down from the moment the letter came."""
    kept = serve({"run": NOTE + SLEEP[1:], "control/t": " kill -9 $(cat supervise/pid)\n"})
    kept.up()
    kept.say("d")
    kept.is_(state="down")
    assert len(kept.lines("noted")) == 1


# Ends


def test_finish_is_told_how_run_ended(serve):
    """Code and signal as runit gives them, then the name and the group, as s6 does."""
    kept = serve({"run": " echo $$ >>pids; exit 3\n", "finish": ' echo "$@" >>finished\n'})
    assert kept.wait_for("finished")[0] == f"3 0 s {kept.lines('pids')[0]}"
    write_script(kept.path / "run", "#!/bin/sh\necho $$ >>pids\nkill -9 $$\n")
    ends = wait_until(lambda: [f for f in kept.lines("finished") if f[0] == "-"])
    assert ends[0].startswith("-1 9 s ")


@pytest.mark.parametrize("command", ["pysupervise", "runsv"])
@pytest.mark.parametrize("dialect", ["s6", "runit"])
def test_a_core_is_no_part_of_the_signal(serve, originals, place, command, dialect):
    """Kind: the flag of a core is taken for a part of the number, 134 for 6; runsv does it so."""
    dump = "ulimit -c unlimited; kill -ABRT $$"
    words = ["sh", "-c", f"cd {place}; {dump}"]
    trial = os.posix_spawnp("sh", words, os.environ)
    if not os.WCOREDUMP(os.waitpid(trial, 0)[1]):
        pytest.skip("no core is dumped on this machine")
    words = (originals / "runsv",) if command == "runsv" else (command,)
    files = {"run": f" {dump}\n", "finish": ' echo "$1 $2" >>finished\n', "dialect": dialect}
    kept = serve(files, command=words)
    wanted = "-1 134" if command == "runsv" else "256 6" if dialect == "s6" else "-1 6"
    assert kept.wait_for("finished")[0] == wanted
    if command == "pysupervise":
        assert "was killed by SIGABRT" in kept.history()[0]


def test_finish_125_is_the_end_of_all_attempts(serve):
    """As s6 has it; status says so, and u tries again."""
    kept = serve({"run": NOTE + "exit 1\n", "finish": " exit 125\n"})
    kept.is_(state="failed", why="finish exited with code 125")
    assert len(kept.lines("noted")) == 1
    kept.say("u")
    kept.wait_for("noted", 2)
    kept.is_(state="failed")


def test_exit_codes_that_say_that_it_is_done(serve):
    """The file exit-codes lists them."""
    kept = serve({"run": NOTE + "exit 7\n", "exit-codes": "0 7\n"})
    kept.is_(state="failed", why="exit code 7 says that it is done")
    assert len(kept.lines("noted")) == 1


def test_too_many_deaths_are_the_end(serve):
    """The file max-death-tally."""
    kept = serve({"run": NOTE + "exit 1\n", "max-death-tally": "2 60\n"})
    kept.is_(state="failed", why="died 2 times within 60 seconds")
    assert len(kept.lines("noted")) == 2


def test_a_finish_that_hangs_is_killed(serve):
    """After timeout-finish, in milliseconds."""
    kept = serve(
        {"run": NOTE + "exit 1\n", "finish": SLEEP, "timeout-finish": "50\n"},
    )
    kept.wait_for("noted", 2)


def test_backoff_and_a_bad_file_do_no_harm(serve):
    """It is started again, and what is wrong counts as not there."""
    kept = serve({"run": NOTE + "exit 1\n", "backoff": "0.01 2 0.02\n", "timeout-kill": "soon\n"})
    kept.wait_for("noted", 3)


def test_a_file_that_is_wrong_is_told_of_once(serve):
    """And again when something else is wrong."""
    kept = serve({"run": NOTE + "exit 1\n", "timeout-kill": "soon\n"})
    kept.wait_for("noted", 3)
    first = "pysupervise: warning: s/timeout-kill does not hold a number: soon\n"
    assert kept.supervisor.err().count(first) == 1
    (kept.path / "timeout-kill").unlink()
    (kept.path / "ready").write_text("tcp example.org:80\n")
    wait_until(lambda: "s/ready does not hold tcp [ADDRESS:]PORT" in kept.supervisor.err())


ODD = {
    "timeout-up": "2592000000\n",
    "timeout-kill": "9" * 400,
    "watchdog": "9" * 400 + " check\n",
    "exit-codes": "9" * 400,
    "max-death-tally": "9" * 400,
    "backoff": "1" + "0" * 400,
    "ready": f"log a{{99999999999}}\nlog {'(' * 3000}\ntcp 127\0:80\ntcp {'9' * 5000}\n",
    "cgroup": "a\0b",
    "down-signal": "9" * 5000,
    "down-target": "group\nsession\n" * 5000,
    "notification-fd": "9" * 400,
}


@pytest.mark.parametrize("name", [*ODD, "all"])
def test_whatever_a_file_holds_the_supervisor_lives(serve, name):
    """What no clock and no system call can take is wrong, or so far away that it never comes."""
    files = ODD if name == "all" else {name: ODD[name]}
    kept = serve({"run": NOTE + SLEEP[1:]} | files)
    first = kept.up()
    os.kill(first, signal.SIGKILL)
    kept.up(first)
    assert kept.stop() == 0


def test_a_control_that_is_no_fifo_is_made_one(serve, place):
    """Somebody wrote to it when there was no supervisor."""
    (place / "s/supervise").mkdir(parents=True)
    (place / "s/supervise/control").write_text("d")
    kept = serve()
    kept.up()
    kept.say("d")
    kept.is_(state="down")


def test_a_history_that_cannot_be_written_hides_nothing_else(serve):
    """The status is right all the same."""
    kept = serve()
    first = kept.up()
    (kept.path / "supervise/history").mkdir()
    os.kill(first, signal.SIGKILL)
    kept.up(first)
    wait_until(lambda: "unable to write s/supervise/history" in kept.supervisor.err())


def test_a_notify_socket_of_the_supervisor_is_not_for_the_service(serve):
    """Whoever started us there wants to hear from us."""
    text = ' echo "${NOTIFY_SOCKET-none} ${WATCHDOG_USEC-none}" >said; exec sleep 1000\n'
    kept = serve({"run": text}, env={"NOTIFY_SOCKET": "/nonexistent", "WATCHDOG_USEC": "7"})
    assert kept.wait_for("said") == ["none none"]


def test_history_tells_of_each_end(serve):
    """When, how, how long it was up; the last line of stderr where there is no logger."""
    kept = serve({"run": " echo something >&2; echo 'disk\033[2J gone' >&2; echo >&2; exit 4\n"})
    line = kept.history()[0]
    assert line.endswith(" s exited with code 4: disk?[2J gone")
    assert line[26:32] == "Z pid "
    assert "disk\033[2J gone\n" in kept.supervisor.err()


@pytest.mark.parametrize("stream", [1, 2])
def test_one_that_prints_all_the_time_makes_nobody_deaf(serve, stream):
    """What is looked at is looked at in turns."""
    run = f" while :; do echo {'y' * 4000}; done >&{stream}\n"
    kept = serve({"run": run, "watchdog": "1000 log\n"}, stdout=subprocess.DEVNULL)
    kept.up()
    kept.say("d")
    kept.is_(state="down")


def test_a_logger_keeps_the_last_line_for_itself(serve):
    """Then history has none."""
    kept = serve({"run": " echo gone >&2; exit 4\n", "log/run": " exec cat >>out\n"})
    assert kept.history()[0].endswith(" s exited with code 4")


# Stopping ends the whole tree


def test_one_that_ignores_term_is_killed(serve):
    """After timeout-kill, in milliseconds."""
    kept = serve({"run": DEAF, "timeout-kill": "50\n"})
    pid = kept.up()
    kept.wait_for("noted")
    kept.say("d")
    kept.is_(state="down")
    assert state(pid) is None
    assert "was killed by SIGKILL" in kept.history()[0]


def test_a_down_signal_of_its_own(serve):
    """The file down-signal."""
    kept = serve({"run": LISTENER, "down-signal": "usr1\n", "timeout-kill": "500\n"})
    kept.wait_for("heard")
    kept.say("d")
    kept.is_(state="down")
    assert kept.lines("heard")[1] == "SIGUSR1"


TWICE = f"""#!{sys.executable} -IS
import os, signal, sys
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open("escaped.new", "w") as file:
            print(os.getpid(), file=file)
        os.rename("escaped.new", "escaped")
        signal.pause()
    os._exit(0)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.pause()
"""


@pytest.mark.parametrize("deaf", ["", "deaf"])
def test_one_that_forks_twice_leaves_nothing(serve, place, script, deaf):
    """What made a session of its own is ended too: by TERM, or else by KILL."""
    script(place / "bin/twice", TWICE)
    kept = serve({"run": f" exec twice {deaf}\n", "timeout-kill": "200\n"})
    kept.up()
    escaped = int(kept.wait_for("escaped")[0])
    kept.say("d")
    kept.is_(state="down")
    assert state(escaped) is None


def test_a_child_that_outlives_it_ends_before_the_next_start(serve):
    """Or two would use what only one can have."""
    text = (
        " [ -s child ] && kill -0 $(cat child) && echo two >>both\nsleep 1000 &\necho $! >child\n"
    )
    kept = serve({"run": text + "echo up >>noted\nwait\n"})
    kept.wait_for("noted")
    first = int(kept.read("child"))
    kept.say("k")
    kept.wait_for("noted", 2)
    assert state(first) is None
    assert not kept.read("both")


def test_a_tree_that_goes_down_deep_and_is_deaf(serve):
    """Each level is found."""
    inner = "trap : TERM; (sleep 1000; :) & echo up >>noted; wait; wait"
    outer = f"#!/bin/sh\ntrap '' TERM\nsh -c '{inner}' &\nwait; wait; wait\n"
    kept = serve({"deep": outer, "run": f" ./deep &\n{SLEEP[1:]}", "timeout-kill": "200\n"})
    kept.wait_for("noted")
    assert kept.stop() == 0
    wait_until(lambda: not children_of(kept.supervisor.pid))


def test_the_logger_is_not_taken_for_what_the_service_left(serve):
    """Nor what the logger started."""
    log = " (exec sleep 1000) &\necho $! >worker\nexec cat >>out\n"
    kept = serve({"run": SLEEP, "log/run": log})
    first = kept.up()
    worker = int(kept.wait_for("log/worker")[0])
    logger = int(kept.read("log/supervise/pid"))
    kept.say("k")
    kept.up(first)
    assert state(worker) == state(logger) == "S"


@pytest.mark.needs_root
def test_a_cgroup_of_its_own(serve, place):
    """The file cgroup: what is in it is ended, whoever its parent is."""
    root = next(
        (
            p
            for p in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup")
            if os.path.exists(f"{p}/cgroup.procs")
        ),
        None,
    )
    if not root or not os.access(f"{root}/cgroup.procs", os.W_OK):
        pytest.skip("needs cgroup v2, writable")
    group = f"{root}/pydaemontools-test-{os.getpid()}"
    kept = serve({"run": SLEEP, "cgroup": group + "\n", "timeout-kill": "200\n"})
    pid = kept.up()
    wait_until(lambda: Path(group, "cgroup.procs").read_text().split() == [str(pid)])
    other = os.fork()
    if not other:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with open(f"{group}/cgroup.procs", "w") as procs:
            procs.write("0")
        os.write(os.open(place / "inside", os.O_CREAT | os.O_WRONLY), b"x")
        signal.pause()
    wait_until((place / "inside").exists)
    kept.say("d")
    assert os.waitpid(other, 0)[1] == signal.SIGKILL
    kept.is_(state="down")
    kept.stop()
    wait_until(lambda: not Path(group, "cgroup.procs").read_text())
    os.rmdir(group)


# The logger


def test_a_pair(serve):
    """What run prints arrives at log/run; the logger sees the end after the last byte."""
    run = " trap 'echo last; exit' TERM; echo first\nwhile :; do sleep 1000 & wait; done\n"
    kept = serve({"run": run, "log/run": " cat >>../out; echo end >>../out\n"})
    kept.wait_for("out")
    log = Log(kept.path / "log")
    wait_until(lambda: log.read("supervise/stat") == "run\n")
    assert kept.stop() == 0
    assert kept.lines("out") == ["first", "last", "end"]
    assert log.read("supervise/stat") == "down\n"


class Log:
    """The log directory of a service."""

    def __init__(self, path):
        self.path = path

    def read(self, name):
        """The text of a file."""
        return (self.path / name).read_text()


def test_the_logger_obeys_too_but_does_not_exit(serve):
    """It ends with its service, as runit's."""
    kept = serve({"run": SLEEP, "log/run": " exec cat >>out\n"})
    kept.up()
    control = kept.path / "log/supervise/control"
    control.write_text("x")
    control.write_text("d")
    wait_until(lambda: kept.read("log/supervise/stat") == "down\n")
    control.write_text("u")
    wait_until(lambda: kept.read("log/supervise/stat") == "run\n")
    assert kept.supervisor.running()


def test_one_that_prints_a_hundred_megabytes_and_dies(serve):
    """Every byte is there."""
    run = " [ -e done ] && exec sleep 1000\ntouch done\nhead -c 100000000 /dev/zero\n"
    kept = serve({"run": run, "log/run": " wc -c >>../count\n"})
    kept.history()
    kept.stop()
    assert kept.lines("count") == ["100000000"]


def test_a_log_that_is_no_directory_is_a_warning(serve):
    """As runit's, of which service it is said too."""
    kept = serve({"run": SLEEP, "log": "#!/bin/sh\n"})
    kept.up()
    assert (
        kept.supervisor.err() == f"pysupervise: warning: {kept.path.name}/log: not a directory.\n"
    )


def test_what_cannot_be_read_is_named(serve):
    """By the name of its file behind that of the service, as all that is wrong there."""
    kept = serve({"run": SLEEP, "backoff/x": ""})
    kept.up()
    said = f"pysupervise: warning: {kept.path.name}/backoff cannot be read: is a directory\n"
    assert kept.supervisor.err() == said


# Readiness


@pytest.fixture
def go(place):
    """A fifo ../go: what reads it waits for us."""
    os.mkfifo(place / "go")
    return place / "go"


def test_a_line_on_the_notification_fd(serve, go):
    """As s6's services say it, on the fd that the file names."""
    kept = serve({"run": " cat ../go >&7\nexec sleep 1000 7>&-\n", "notification-fd": "7\n"})
    kept.is_(state="run", ready="0")
    go.write_text("ready\n")
    kept.is_(ready="1")


def test_a_notification_fd_that_is_closed_without_a_word(serve, go):
    """Is no readiness, and nothing is lost by it."""
    kept = serve({"run": " read x <../go\nexec sleep 1000 7>&-\n", "notification-fd": "7\n"})
    kept.is_(state="run", ready="0")
    go.write_text("\n")
    pid = kept.up()
    wait_until(lambda: command(pid) == "sleep")
    assert kept.state_file()["ready"] == "0"


NOTIFIER = f"""#!{sys.executable} -IS
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])
os.write(os.open("pids", os.O_WRONLY | os.O_CREAT | os.O_APPEND), b"%d\\n" % os.getpid())
while True:
    with open("../go") as go:
        for line in go:
            s.send(line.strip().replace(";", "\\n").encode())
"""


def test_notify_socket(serve, go):
    """sd_notify: ready, a text for people, reloading, stopping."""
    kept = serve({"run": NOTIFIER, "ready": "notify\n"})
    kept.is_(state="run", ready="0")
    go.write_text("STATUS=loading 7 of 9\n")
    kept.is_(text="loading 7 of 9", ready="0")
    go.write_text("READY=1;STATUS=here\n")
    kept.is_(text="here", ready="1")
    go.write_text("RELOADING=1\n")
    kept.is_(text="reloading", ready="1")
    go.write_text("READY=1\n")
    wait_until(lambda: "text" not in kept.state_file())
    go.write_text("RELOADING=1;MONOTONIC_USEC=5;STATUS=reading\n")
    kept.is_(text="reading")
    go.write_text("READY=1;STOPPING=1\n")
    kept.is_(text="stopping")


def test_times_that_a_service_gives(serve, go):
    """EXTEND_TIMEOUT_USEC and WATCHDOG_USEC; what is no number is passed over."""
    kept = serve(
        {"run": NOTIFIER, "ready": "notify\n", "timeout-up": "1000\n", "watchdog": "1000\n"}
    )
    kept.up()
    began = time.monotonic()
    odd = "".join(
        f"EXTEND_TIMEOUT_USEC={w}\nWATCHDOG_USEC={w}\n" for w in ("x", "-1", "9" * 5000, "")
    )
    go.write_text("EXTEND_TIMEOUT_USEC=1000000000\n" + odd)
    # Later than the limit that it had.
    wait_until(lambda: time.monotonic() > began + 1.5)
    go.write_text("READY=1\n")
    kept.is_(ready="1")
    assert not kept.read("supervise/history")
    go.write_text("WATCHDOG_USEC=100000\n")
    assert "was killed by SIGTERM (watchdog)" in kept.history()[0]


def test_a_main_process_that_is_none(serve, go):
    """Whatever a service says, its supervisor lives."""
    kept = serve({"run": NOTIFIER, "ready": "notify\n"})
    kept.up()
    go.write_text(f"MAINPID=\u00b2;READY=1\nMAINPID={'9' * 5000}\nMAINPID=1\nSTATUS=here\n")
    kept.is_(text="here")
    kept.say("d")
    kept.is_(state="down")


def test_another_main_process(serve, go):
    """MAINPID: run may end, and the service goes on as what it named."""
    text = NOTIFIER.replace("while True", "if os.fork():\n    os.wait()\nwhile True")
    kept = serve({"run": text, "ready": "notify\n"})
    heir = int(kept.wait_for("pids")[0])
    first = kept.up()
    second = wait_until(lambda: children_of(first))[0]
    go.write_text(f"MAINPID={second};READY=1\n")
    kept.is_(ready="1")
    assert heir == first
    os.kill(first, signal.SIGKILL)
    assert kept.up(first) == second
    assert not kept.read("supervise/history")
    os.kill(second, signal.SIGKILL)
    kept.history()


def test_a_check_that_says_so(serve, place):
    """./check exits 0."""
    kept = serve({"run": SLEEP, "check": " exec test -e ../there\n", "ready": "check\n"})
    kept.is_(state="run", ready="0")
    (place / "there").touch()
    kept.is_(ready="1")


def test_a_check_alone_makes_it_one_that_says_when_it_is_ready(serve, place, run):
    """Without a file ready: asked until it says yes, then no more.

    The kind: what says whether a service works is there and nobody asks it.
    """
    check = " echo x >>checked; exec test -e ../there\n"
    kept = serve({"run": SLEEP, "check": check})
    kept.is_(state="run", ready="0")
    assert run("pysvwait", "-U", "-t", "0.1", "s").returncode == 99
    assert run("pysvstat", "s").returncode == 1
    (place / "there").touch()
    kept.is_(ready="1")
    assert run("pysvwait", "-U", "-t", "50", "s").returncode == 0
    pid = kept.pid()
    asked = len(kept.lines("checked"))
    (place / "there").unlink()
    kept.say("1")
    kept.history()
    assert kept.up(pid)
    # Of the first run there was no more asking.
    assert kept.state_file()["ready"] == "0"
    kept.wait_for("checked", asked + 1)


def test_a_file_ready_says_more_than_that_there_is_a_check(serve, go):
    """What is written there is how it says that it is ready; the check may be for watchdog."""
    kept = serve({"run": NOTIFIER, "check": " exit 0\n", "ready": "notify\n"})
    kept.is_(state="run", ready="0")
    go.write_text("READY=1\n")
    kept.is_(ready="1")


def test_a_check_that_may_not_be_run_is_none(serve):
    """As for finish."""
    kept = serve({"run": SLEEP, "check": "exit 1\n"})
    kept.is_(state="run", ready="1")


def test_a_check_that_hangs_is_ended_and_asked_again(serve):
    """All that it started goes with it. The file timeout-check, in milliseconds."""
    check = " [ -e asked ] && exit 0\nsleep 1000 & echo $! >asked; wait\n"
    kept = serve({"run": SLEEP, "check": check, "timeout-check": "200\n"})
    kept.is_(state="run", ready="0")
    kept.is_(ready="1")
    child = int(kept.lines("asked")[0])
    wait_until(lambda: state(child) in (None, "Z"))


@pytest.mark.parametrize("fd", [1, 2])
@pytest.mark.parametrize("logged", [False, True], ids=["without a logger", "with a logger"])
def test_a_pattern_in_its_log(serve, go, fd, logged):
    """And what it prints still arrives where it would."""
    run = f" exec 2>&1; echo begin >&{fd}; cat ../go >&{fd}\nexec sleep 1000\n"
    log = {"log/run": " exec cat >>../../out\n"} if logged else {}
    kept = serve({"run": run, "ready": "log ^listening on [0-9]+\n"} | log)
    kept.is_(state="run", ready="0")
    go.write_text("listening on 80\nmore\n")
    kept.is_(ready="1")
    wait_until(lambda: kept.supervisor.lines("out") == ["begin", "listening on 80", "more"])


# The start takes so long that all that is printed is there when it is over.
SLOW_START = """
import time
from pydaemontools.supervise.launcher import Launcher
run = Launcher.run
def slow(*words):
    pid = run(*words)
    time.sleep(0.2)
    return pid
Launcher.run = slow
"""


def test_what_is_printed_at_once_counts(serve, faulty):
    """Kind: what came before the supervisor had turned round was passed on, and not looked at."""
    faulty(SLOW_START)
    run = " echo listening on 80\nexec sleep 1000\n"
    kept = serve({"run": run, "ready": "log ^listening\n"}, command=["faulty"])
    kept.is_(state="run", ready="1")
    old = kept.pid()
    kept.say("t")
    kept.up(old)
    kept.is_(state="run", ready="1")


def test_a_pattern_that_backtracks_makes_nobody_deaf(serve, go):
    """A search that takes for ever is ended for each line, and after three the pattern is off.

    The kind: a text that somebody else prints decides how long the supervisor is busy. The
    other pattern is still looked for.
    """
    bad = "a" * 40 + "!\n"
    kept = serve({"run": " cat ../go\nexec sleep 1000\n", "ready": "log ^(a+)+$\nlog ^here$\n"})
    kept.is_(state="run", ready="0")
    go.write_text(bad * 5)
    off = "s/ready: the pattern is looked for no more, it took too long too often: log ^(a+)+$"
    wait_until(lambda: off in kept.supervisor.err())
    kept.say("d")
    kept.is_(state="down")
    kept.say("u")
    kept.is_(state="run", ready="0")
    # It stays off, and that is said once.
    go.write_text(bad * 5 + "here\n")
    kept.is_(ready="1")
    assert kept.supervisor.err().count(off) == 1


@pytest.mark.parametrize("family", ["tcp", "tcp6", "unix"])
def test_a_port_or_a_socket_that_accepts(serve, place, family):
    """Nothing is said, it only listens."""
    if family == "unix":
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(f"{place}/socket")
        way = f"unix {place}/socket"
    elif family == "tcp":
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        way = f"tcp {listener.getsockname()[1]}"
    else:
        listener = socket.socket(socket.AF_INET6)
        try:
            listener.bind(("::1", 0))
        except OSError:
            pytest.skip("needs IPv6")
        way = f"tcp [::1]:{listener.getsockname()[1]}"
    with listener:
        kept = serve({"run": SLEEP, "ready": way + "\n"})
        kept.is_(state="run", ready="0")
        listener.listen()
        kept.is_(ready="1")


def test_the_slash_that_a_shell_puts_there(place, supervise, until):
    """Is not part of the name."""
    make_service(place / "s", {"run": " exit 1\n", "finish": ' echo "$3" >>finished\n'})
    supervise("s/")
    until((place / "s/finished").exists)
    until(lambda: (place / "s/finished").read_text() == "s\n")


def test_one_that_is_not_ready_in_time(serve):
    """The file timeout-up, in milliseconds: it is ended and started again."""
    kept = serve({"run": NOTE + SLEEP[1:], "ready": "notify\n", "timeout-up": "50\n"})
    assert "was killed by SIGTERM (not ready in time)" in kept.history()[0]
    kept.wait_for("noted", 2)


# Liveness


TELLS = """told = os.environ["WATCHDOG_USEC"], os.environ["WATCHDOG_PID"], os.getpid()
with open("told", "w") as file:
    print(*told, file=file)
"""


def test_a_watchdog_that_hears_nothing(serve, go):
    """WATCHDOG=1 has to come in time; the service is told the time."""
    text = NOTIFIER.replace("s = socket", TELLS + "s = socket", 1)
    kept = serve({"run": text, "watchdog": "0.2\n", "ready": "notify\n"})
    kept.is_(state="run", ready="0")
    go.write_text("READY=1\nWATCHDOG=1\n")
    line = kept.history()[0]
    assert "was killed by SIGTERM (watchdog)" in line
    pid = line.split()[2]
    assert kept.lines("told") == [f"200000 {pid} {pid}"]


def test_a_service_that_asks_to_be_ended(serve, go):
    """WATCHDOG=trigger."""
    kept = serve({"run": NOTIFIER, "watchdog": "1000\n"})
    kept.up()
    go.write_text("WATCHDOG=trigger\n")
    assert "(it asked for it)" in kept.history()[0]


def test_a_check_that_fails_too_often(serve, place):
    """So many times in a row."""
    (place / "well").touch()
    check = " echo x >>checked; exec test -e ../well\n"
    kept = serve({"run": NOTE + SLEEP[1:], "check": check, "watchdog": "0.05 check 3\n"})
    kept.wait_for("checked", 3)
    assert not kept.read("supervise/history")
    (place / "well").unlink()
    assert "was killed by SIGTERM (check failed 3 times)" in kept.history()[0]


@pytest.mark.parametrize("misses", [1, 2])
def test_a_check_that_fails_in_a_pause_and_after_it(serve, place, misses):
    """Who is stopped is not asked; misses count from the end of the pause, and none is lost.

    The kind: an event that is passed over must not be waited for as the one that it equals.
    """
    (place / "well").touch()
    check = " echo x >>checked; exec test -e ../well\n"
    kept = serve({"run": SLEEP, "check": check, "watchdog": f"0.05 check {misses}\n"})
    kept.wait_for("checked", 3)
    kept.say("p")
    wait_until(lambda: "paused" in kept.read("supervise/stat"))
    (place / "well").unlink()
    os.kill(kept.pid(), 0)
    kept.say("c")
    many = f" {misses} times" if misses > 1 else ""
    assert f"(check failed{many})" in kept.history()[0]


def test_misses_before_a_pause_do_not_count_after_it(serve, place):
    """Two and two are not three in a row."""
    (place / "well").touch()
    check = """ echo x >>checked; [ -e ../well ] && exit 0
echo x >>missed
[ "$(wc -l <missed)" = 2 ] && { echo p >supervise/control; sleep 1000; }
exit 1\n"""
    # Before the next run has its check.
    finish = " wc -l <missed >counted; echo d >supervise/control\n"
    kept = serve({"run": SLEEP, "check": check, "finish": finish, "watchdog": "0.2 check 3\n"})
    kept.wait_for("checked", 2)
    (place / "well").unlink()
    wait_until(lambda: "paused" in kept.read("supervise/stat"))
    kept.say("c")
    kept.history()
    # The second was asked for in vain: its pause began while it ran.
    assert kept.wait_for("counted") == ["5"]


def test_a_service_that_asks_to_be_ended_while_it_is_paused(serve, go):
    """It is ended when it goes on: what asked for that need not say it again."""
    text = NOTIFIER.replace("s.send(line", "stop(line) or s.send(line")
    text = text.replace("while True", STOPPED + "while True", 1)
    kept = serve({"run": text, "watchdog": "1000\n"})
    kept.up()
    go.write_text("WATCHDOG=trigger\n")
    wait_until(lambda: "paused" in kept.read("supervise/stat"))
    kept.wait_for("sent")
    kept.say("c")
    assert "(it asked for it)" in kept.history()[0]


# A child says it while the service is stopped.
STOPPED = """def stop(line):
    if os.fork():
        return os.wait()
    import time
    open("supervise/control", "w").write("p")
    while "paused" not in open("supervise/stat").read():
        time.sleep(0.01)
    s.send(line.strip().encode())
    open("sent", "w").write("x\\n")
    os._exit(0)
"""


def test_a_check_that_hangs_has_failed(serve):
    """It gets the time until the next one."""
    kept = serve({"run": SLEEP, "check": SLEEP, "watchdog": "0.05 check\n"})
    assert "(check failed)" in kept.history()[0]


@pytest.mark.parametrize("logged", [False, True], ids=["without a logger", "with a logger"])
def test_silence_in_the_log(serve, go, logged):
    """A line is a sign of life; none for too long is the end."""
    log = {"log/run": " exec cat >>../../out\n"} if logged else {}
    kept = serve({"run": " cat ../go; exec sleep 1000\n", "watchdog": "0.3 log\n"} | log)
    go.write_text("alive\n")
    assert "was killed by SIGTERM (watchdog)" in kept.history()[0]


def test_a_hung_service_that_ignores_term_is_killed_and_started_again(serve):
    """After timeout-kill."""
    kept = serve({"run": DEAF, "watchdog": "0.1 log\n", "timeout-kill": "50\n"})
    assert "was killed by SIGKILL (watchdog)" in kept.history()[0]
    kept.wait_for("noted", 2)


# What goes wrong


@pytest.mark.needs_root
def test_a_disk_that_is_full_under_supervise(serve, place, run):
    """A warning, and everything goes on; when there is room again, the files are right."""
    (place / "s").mkdir()
    (place / "disk").mkdir()
    if run("mount", "-t", "tmpfs", "-o", "size=64k", "none", place / "disk").returncode:
        pytest.skip("needs to mount a tmpfs")
    try:
        (place / "s/supervise").symlink_to(place / "disk/s")
        kept = serve()
        first = kept.up()
        wait_until(lambda: not fill_up(place / "disk/filler"))
        os.kill(first, signal.SIGKILL)
        kept.wait_for("noted", 2)
        text = r"warning: unable to write s/supervise/\w+: out of disk space\n"
        wait_until(lambda: re.search(text, kept.supervisor.err()))
        (place / "disk/filler").unlink()
        kept.up(first)
        kept.history()
        assert kept.stop() == 0
    finally:
        run("umount", place / "disk")


def fill_up(path):
    """Write to PATH until it is full; give what could be written this time."""
    with path.open("ab", buffering=0) as file:
        try:
            return file.write(bytes(4096))
        except OSError:
            return 0


@pytest.mark.needs_root
def test_a_fork_that_is_refused(serve, run, script, place):
    """RLIMIT_NPROC: a warning, and it is tried again until it works."""
    if run("setpriv", "--reuid=54399", "sh", "-c", 'exec "$0" -c 0', sys.executable).returncode:
        pytest.skip("needs a Python that everybody may run")
    text = "#!/bin/sh\nexec setpriv --reuid=54399 --clear-groups pysupervise s\n"
    script(place / "bin/limited", text)
    make_service(place / "s", {"run": NOTE + SLEEP[1:], "down": ""})
    os.chown(place / "s", 54399, 0)
    kept = serve({"down": ""}, command=("limited",))
    same = ["setpriv", "--reuid=54399", "--clear-groups", "prlimit"]
    # Not before: its entry script needs a child.
    done = run(*same, "--nproc=1:100", f"--pid={kept.supervisor.pid}")
    assert done.returncode == 0, done.stderr
    kept.say("u")
    wait_until(lambda: "unable to fork for s: temporary failure" in kept.supervisor.err())
    run(*same, "--nproc=100:100", f"--pid={kept.supervisor.pid}")
    kept.wait_for("noted")


def test_a_clock_that_is_set_back(serve, faulty):
    """Only what is shown of times is wrong; it is paced by a clock that nobody sets."""
    faulty("""
import time
real, base = time.time_ns, time.time_ns()
time.time_ns = lambda: base - (real() - base) * 1000
""")
    kept = serve(command=["faulty"])
    first = kept.up()
    os.kill(first, signal.SIGKILL)
    second = kept.up(first)
    os.kill(second, signal.SIGKILL)
    kept.up(second)


def test_a_supervisor_that_is_stopped_and_continued(serve):
    """What happened meanwhile is dealt with then."""
    kept = serve()
    first = kept.up()
    kept.supervisor.signal(signal.SIGSTOP)
    wait_until(lambda: state(kept.supervisor.pid) == "T")
    os.kill(first, signal.SIGKILL)
    kept.say("d")
    kept.supervisor.signal(signal.SIGCONT)
    kept.is_(state="down")
    kept.history()


def test_one_that_closes_all_its_fds(serve):
    """It is watched by its pid, and by nothing that it could close."""
    text = " exec 0<&- 1>&- 2>&-\necho >closed\nexec sleep 1000\n"
    kept = serve({"run": text, "log/run": " exec cat >>out\n"})
    kept.wait_for("closed")
    pid = kept.up()
    os.kill(pid, signal.SIGKILL)
    kept.up(pid)


def test_what_a_child_starts_with(serve):
    """Fds 0 to 2 and no other, and no signal ignored or blocked."""
    # No child may do it: the shell blocks signals while it starts one.
    text = (
        " while read -r line; do case $line in Sig[BI]*) echo $line; esac; done"
        " </proc/$$/status >signals; exec sleep 1000\n"
    )
    before = ["env", "--block-signal=TERM", "sh", "-c", 'exec 9<. ; exec "$@"', "sh"]
    kept = serve({"run": text}, before=before)
    blocked, ignored = (int(line.split()[1], 16) for line in kept.wait_for("signals", 2))
    # What was blocked for the supervisor's own signals never was for the service.
    assert (blocked, ignored) == (0, 0)
    pid = kept.up()
    wait_until(lambda: command(pid) == "sleep")
    # It may still be opening its libraries. What it was given it never closes.
    wait_until(lambda: {p.name for p in Path(f"/proc/{pid}/fd").iterdir()} == {"0", "1", "2"})


@pytest.mark.parametrize("native", [True, False])
def test_nothing_happens_while_nothing_happens(serve, originals, native):
    """It sleeps in a call that ends with the next look at its files; as runsv without a limit."""
    name = "pysupervise" if native else f"{originals}/runsv"
    kept = serve({"run": SLEEP, "log/run": " exec cat >>out\n"}, command=(name,))
    pid = kept.supervisor.pid
    wait_until(kept.pid)

    def call():
        words = Path(f"/proc/{pid}/syscall").read_text().split()
        # The time limit, in milliseconds: the fourth argument of epoll_wait.
        return words[0] != "running" and int(words[4], 16) & 0xFFFFFFFF

    if not os.access(f"/proc/{pid}/syscall", os.R_OK):
        pytest.skip("needs /proc/PID/syscall")
    wait_until(lambda: 1000 < call() <= 2001 if native else call() == 0xFFFFFFFF)
