"""pypgrphack: a session of one's own."""

import os
import signal


def test_own_session(run):
    """The program leads a session and a process group."""
    result = run("sh", "-c", "pypgrphack probe; :")
    assert b"\nleads its session\n" in result.stdout
    assert b"\nleads its process group\n" in result.stdout


def test_leader_of_a_group(run):
    """One who leads a group cannot start a session, and goes on without a word."""
    result = run("timeout", "30", "sh", "-c", "exec pypgrphack echo ran")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"ran\n", b"")


def test_signals_to_the_old_group_do_not_reach_it(start):
    """What hits the group that it was started from leaves the program alone."""
    shell = start("sh", "-c", "pypgrphack sh -c 'echo $$; exec sleep 1000' & wait")
    program = int(shell.stdout.readline())
    os.killpg(shell.pid, signal.SIGTERM)
    assert shell.wait() == -signal.SIGTERM
    os.kill(program, signal.SIGKILL)
