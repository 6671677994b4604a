"""A manager, from its start to its end, with real programs."""

import os
import signal
import time

import pytest

from pydaemontools.zdaemon import client_waits, launch
from pydaemontools.zdaemon.client_waits import FAILED, LATE, RUNNING, STARTED
from tests.conftest import wait_until

pytestmark = pytest.mark.process
SLEEP = "sleep 1000"


def alive(pid):
    """Whether the process PID is there, and not dead."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_start_status_stop(managers):
    """A program is started, asked after by the old protocol, and stopped."""
    one = managers.runner(SLEEP)
    found = managers.start(one)
    assert found.kind == STARTED
    assert alive(found.pid)
    status = managers.status(one)
    assert (status.pid, status.should_be_up, status.testing) == (found.pid, True, False)
    assert status.args == ("sleep", "1000")
    keys = "status now should_be_up delay backoff lasttime application testing manager"
    keys += " backofflimit filename args"
    assert " ".join(line.partition("=")[0] for line in status.text.splitlines()) == keys
    assert managers.start(one).kind == RUNNING
    assert client_waits.stop(one)
    assert not alive(found.pid)
    managers.gone()
    wait_until(lambda: managers.left() == [])


def test_what_is_not_there_fails_at_once(managers):
    """B-20. Kind: a program that cannot be run is said to be, with its reason, at once."""
    (managers.place / "plain").write_text("")
    for name, reason in (
        ("/no/such/program", "can't stat program '/no/such/program'"),
        ("no-such-program", "can't find program 'no-such-program' on PATH ["),
        (str(managers.place / "plain"), "no permission to run program '"),
    ):
        found = managers.start(managers.runner([name]))
        assert found.kind == FAILED
        assert found.reason.startswith(reason)
        managers.gone()


@pytest.mark.parametrize("transcript", [None, "log", "logs/"])
def test_what_dies_at_once_says_why(managers, transcript):
    """B-20. Kind: a start that fails tells the exit reason, and what the program printed last."""
    program = ["sh", "-c", "echo to stdout; echo to stderr >&2; printf 'no end'; exit 3"]
    # However long it takes: it is told when it has ended.
    found = managers.start(managers.runner(program, transcript=transcript, start_delay=20))
    assert (found.kind, found.reason) == (FAILED, "exit status 3")
    assert {"to stdout", "to stderr", "no end"} <= set(found.lines)
    managers.gone()
    wait_until(lambda: managers.left() == [])


def test_a_signal_ends_a_start(managers):
    """The reason may be a signal."""
    found = managers.start(managers.runner(["sh", "-c", "kill -SEGV $$"], start_delay=20))
    assert found.kind == FAILED
    assert found.reason.startswith("terminated by SIGSEGV")


def test_a_program_that_ignores_term_is_killed(managers):
    """B-12. Kind: a stop escalates, with a file or without one."""
    one = managers.runner(["sh", "-c", "trap '' TERM; while :; do sleep 1; done"], stop_timeout=1)
    found = managers.start(one)
    assert client_waits.stop(one, timeout=30)
    assert not alive(found.pid)


def test_stop_ends_the_whole_tree(managers):
    """B-26. Kind: what a program has started does not survive its stop."""
    one = managers.runner(["sh", "-c", "setsid sleep 999 & sleep 998 & wait"])
    managers.start(one)
    wait_until(lambda: len(managers.left()) >= 4)
    managers.stop(one)
    wait_until(lambda: managers.left() == [])


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_manager_stops_the_program(managers, signum):
    """B-13. Kind: no program is orphaned by a signal to its manager."""
    one = managers.runner(SLEEP)
    pid = managers.start(one).pid
    os.kill(managers.status(one).manager, signum)
    managers.gone()
    assert not alive(pid)
    assert managers.start(one).kind == STARTED


def test_restart(managers):
    """A restart gives another pid, and is known at once."""
    one = managers.runner(SLEEP)
    before = managers.start(one).pid
    found = client_waits.restart(one)
    assert found.kind == STARTED
    assert found.pid != before
    assert not alive(before)


def test_kill_goes_through_the_manager(managers):
    """B-23. Kind: a signal is sent by whoever owns the pid."""
    script = "trap 'echo heard >heard' USR1; touch ready; while :; do sleep 0.05; done"
    managers.start(managers.runner(["sh", "-c", script]))
    wait_until((managers.place / "ready").exists)
    assert managers.ask(f"kill {signal.SIGUSR1:d}") == "Signal 10 sent\n"
    wait_until((managers.place / "heard").exists)
    assert managers.ask("kill nonsense") == "Bad signal 'nonsense'\n"
    assert managers.ask("kill 9999") == "Kill 9999 failed: [Errno 22] Invalid argument\n"


def test_the_program_is_as_a_shell_would_start_it(managers):
    """B-14, B-15, B-16. Kind: signals have their defaults; fds 0 to 2 are open, nothing else."""
    one = managers.runner(
        ["sh", "-c", "grep Sig /proc/self/status; ls -l /proc/$$/fd; exec sleep 1000"],
        transcript="seen",
    )
    with open(os.devnull) as leak:
        os.dup2(leak.fileno(), 251, inheritable=True)
        try:
            managers.start(one)
        finally:
            os.close(251)
    wait_until(lambda: "2 -> pipe" in (managers.place / "seen").read_text())
    text = (managers.place / "seen").read_text()
    assert "SigIgn:\t0000000000000000\n" in text
    assert "SigBlk:\t0000000000000000\n" in text
    assert "0 -> /dev/null" in text
    assert text.count(" -> ") == 3


def test_it_is_restarted_by_the_governor(managers):
    """ZD-34. With limit 2 there are 2 runs, and then the manager gives up."""
    one = managers.runner(
        ["sh", "-c", "echo run; sleep 0.2; exit 5"], backoff_limit=2, transcript="log"
    )
    assert managers.start(one).kind == STARTED
    managers.gone()
    assert (managers.place / "log").read_text() == "run\n" * 2 + "restarting too frequently; quit\n"


@pytest.mark.parametrize("code", [0, 2])
def test_exit_codes_end_it(managers, code):
    """ZD-35. An exit code of the list says that the program is done, also with forever."""
    one = managers.runner(["sh", "-c", f"sleep 0.2; exit {code}"], forever=True)
    assert managers.start(one).kind == STARTED
    managers.gone()


def test_stop_while_it_waits_for_the_next_start(managers):
    """ZD-36. #13. Kind: stop during the back-off is a stop."""
    one = managers.runner(["sh", "-c", "sleep 0.2; exit 5"], backoff_limit=100)
    managers.start(one)
    wait_until(lambda: managers.status(one).pid == 0)
    assert managers.status(one).should_be_up
    managers.stop(one)


def test_start_test_program(managers):
    """A program with a start test is started when that succeeds."""
    one = managers.runner(SLEEP, start_test_program=("test", "-e", "ready"), start_timeout=0.3)
    assert managers.start(one).kind == LATE
    status = managers.status(one)
    assert status.testing
    assert status.pid
    (managers.place / "ready").write_text("")
    found = client_waits.wait_started(one.replace(start_timeout=30))
    assert (found.kind, found.pid) == (STARTED, status.pid)


def test_a_start_test_that_is_not_there(managers):
    """Kind: a start that is waited for until its time is over, and could be refused at once."""
    found = managers.start(managers.runner("sleep 1000", start_test_program=("nosuch", "it")))
    assert found.kind == FAILED
    assert "can't find program 'nosuch' on PATH" in found.reason
    wait_until(lambda: managers.left() == [])


def test_one_of_several_that_is_not_there(managers):
    """Kind: a program that cannot be run keeps those beside it down, and gives them its reason."""
    web, bad = managers.runner(SLEEP, name="web"), managers.runner("nosuch", name="bad")
    outcomes = launch.start([bad, web])
    assert [one.kind for one in outcomes] == [FAILED, STARTED]
    assert "can't find program 'nosuch'" in outcomes[0].reason
    managers.stop(web)


def test_adopted_after_kill(managers):
    """Kind: kill -9 of a manager loses nothing: the next one goes on with the same program."""
    script = "n=0; while :; do n=$((n+1)); echo $n; sleep 0.02; done"
    one = managers.runner(["sh", "-c", script], transcript="log")
    pid = managers.start(one).pid
    log = managers.place / "log"
    wait_until(lambda: log.stat().st_size > 20)
    os.kill(managers.status(one).manager, signal.SIGKILL)
    wait_until(lambda: not managers.status(one).up)
    found = managers.start(one)
    assert (found.kind, found.pid) == (RUNNING, pid)
    size = log.stat().st_size
    wait_until(lambda: log.stat().st_size > size + 40)
    managers.stop(one)
    numbers = [int(line) for line in log.read_text().split()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert not alive(pid)


def test_a_stale_socket_is_replaced(managers):
    """B-21. Kind: what a killed manager left is in nobody's way, and nobody naps for it."""
    import socket

    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(managers.place / "zdsock"))
    one = managers.runner(SLEEP)
    assert managers.start(one).kind == STARTED
    mode = (managers.place / "zdsock").stat().st_mode
    assert mode & 0o777 == 0o700


def test_the_transcript_is_reopened(managers):
    """2.0a2. Kind: a file that was renamed is opened anew when it is said, and no line is lost."""
    script = "n=0; while :; do n=$((n+1)); echo $n; sleep 0.01; done"
    one = managers.runner(["sh", "-c", script], transcript="log")
    managers.start(one)
    log, old = managers.place / "log", managers.place / "old"
    wait_until(lambda: log.stat().st_size > 20)
    log.rename(old)
    assert managers.ask("reopen_transcript") == ""
    wait_until(lambda: log.exists() and log.stat().st_size > 20)
    managers.stop(one)
    numbers = [int(line) for line in (old.read_text() + log.read_text()).split()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_replies_to_what_is_no_command(managers):
    """B-27. The words are the original's, and help is there."""
    managers.start(managers.runner(SLEEP))
    assert managers.ask("") == "Empty command\n"
    assert managers.ask("nonsense") == "Unknown command 'nonsense'; 'help' for a list\n"
    assert "restart\n" in managers.ask("help")
    assert managers.ask("start") == "Application already started\n"
    assert managers.ask("x" * 20_000) == "Command exceeds 10 KB\n"
    assert managers.ask("stop nobody") == "Unknown runner 'nobody'\n"


def test_two_runners_have_one_manager(managers):
    """B-32. One manager holds several programs, each with its name."""
    web = managers.runner(SLEEP, name="web")
    worker = managers.runner("sleep 2000", name="worker")
    assert managers.start(web, worker).kind == STARTED
    both = [managers.status(one) for one in (web, worker)]
    assert both[0].manager == both[1].manager
    assert both[0].pid != both[1].pid
    assert client_waits.stop(web)
    assert managers.status(web).up
    assert not managers.status(web).pid
    assert managers.start(web).kind == STARTED
    assert client_waits.stop(worker)
    managers.stop(web)


def test_it_takes_no_time_that_it_does_not_need(managers):
    """Nothing naps: the reply of a start comes from the manager, and is no guess of the client."""
    one = managers.runner(["sh", "-c", "sleep 0.3; exit 5"], backoff_limit=100)
    managers.start(one)
    before = managers.status(one)
    wait_until(lambda: managers.status(one).pid == 0)
    delay = float(managers.status(one).values["delay"])
    assert time.time() - 1 < delay < time.time() + 2
    assert before.values["backoff"] == "0"
    assert managers.status(one).values["backoff"] == "1"


def test_many_ends_at_once(managers):
    """B-24. Kind: of processes that end at once none is missed, and none stays a zombie."""
    script = (
        "i=0; while [ $i -lt 60 ]; do (sleep 0.3 & exit) & i=$((i+1)); done; sleep 0.35; exit 5"
    )
    one = managers.runner(["sh", "-c", script + "; exit 5"], backoff_limit=1)
    assert managers.start(one).kind == STARTED
    managers.gone()
    wait_until(lambda: managers.left() == [])


def test_without_anything_of_others(managers):
    """B-31, B-33. Kind: a program is kept by a few lines of Python, and nothing else."""
    one = managers.runner(SLEEP)
    said = managers.start_apart(one)
    assert said.startswith("started ")
    assert managers.status(one).pid == int(said.split()[1])
    managers.stop(one)


def test_what_was_removed_is_made_again(managers):
    """Kind: who tidies up removes the socket of a manager that lives, and what is beside it."""
    import shutil

    one = managers.runner(SLEEP, transcript="log")
    pid = managers.start(one).pid
    (managers.place / "zdsock").unlink()
    shutil.rmtree(managers.place / "zdsock.d")
    assert not managers.status(one).up
    wait_until(lambda: managers.status(one).pid == pid)
    wait_until((managers.place / "zdsock.d/program/supervise/state").exists)
    assert managers.start(one).kind == RUNNING
    managers.stop(one)
    assert not alive(pid)


def test_a_start_while_the_socket_is_gone(managers):
    """Kind: beside a manager whose socket was removed no second one is started."""
    one = managers.runner(SLEEP)
    pid = managers.start(one).pid
    (managers.place / "zdsock").unlink()
    found = managers.start(one)
    assert (found.kind, found.pid) in ((RUNNING, pid), (FAILED, 0))
    wait_until(lambda: managers.status(one).pid == pid)
    managers.stop(one)


def test_a_child_that_ignores_term(managers):
    """B-26. Kind: what the program left, and ignores TERM, is killed after a while."""
    script = "setsid sh -c 'trap \"\" TERM; touch there; while :; do sleep 1; done' & sleep 1000"
    one = managers.runner(["sh", "-c", script], stop_timeout=1)
    managers.start(one)
    wait_until((managers.place / "there").exists)
    managers.stop(one)
    wait_until(lambda: managers.left() == [])


def test_restarts_of_what_keeps_dying(managers):
    """Kind: a restart at any moment of a program that dies again and again confuses nobody."""
    one = managers.runner(["sh", "-c", "exit 1"], backoff_limit=1000, start_delay=0.0, forever=True)
    manager = None
    for _ in range(100):
        if manager is None:
            managers.start(one)
            manager = managers.status(one).manager
        assert managers.ask("restart") in (
            "Sent SIGTERM; will restart later\n",
            "Application started\n",
        )
    assert managers.status(one).manager == manager
    managers.stop(one)


def test_other_signals_do_not_end_the_manager(managers):
    """Kind: a signal that is meant for a program, and goes to its manager, ends nobody."""
    one = managers.runner(SLEEP)
    pid = managers.start(one).pid
    manager = managers.status(one).manager
    for signum in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGWINCH):
        os.kill(manager, signum)
    assert (managers.status(one).pid, managers.status(one).manager) == (pid, manager)


def test_a_signal_during_the_start_test(managers):
    """Kind: a manager that waits for a start test is told to end as any other."""
    one = managers.runner(SLEEP, start_test_program=("sleep", "100"), start_timeout=0.2)
    assert managers.start(one).kind == LATE
    pid = managers.status(one).pid
    os.kill(managers.status(one).manager, signal.SIGTERM)
    managers.gone()
    assert not alive(pid)
    wait_until(lambda: managers.left() == [])
