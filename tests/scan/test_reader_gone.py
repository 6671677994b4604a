"""Whoever is told something dies in that very moment: no tool of ours ends without a word."""

import os

import pytest

from tests.conftest import wait_until
from tests.supervise.conftest import NOTE_IN

# A tool between whose look at a fifo, and whose letter, the reader of that is killed.
TOOL = """
import os
from select import POLLIN, poll
from pydaemontools.base import shared_dir
before = shared_dir.open_fifo
def open_fifo(name, *more):
    fd = before(name, *more)
    if name.endswith(b"control"):
        # Until all that it had is closed: that goes one by one.
        reader = os.pidfd_open(int(os.environ["READER"]))
        os.kill(int(os.environ["READER"]), 9)
        gone = poll()
        gone.register(reader, POLLIN)
        gone.poll()
    return fd
shared_dir.open_fifo = open_fifo
sys.argv[0] = "NAME"
from pydaemontools.entry import enter
enter("NAME", "")
"""
NOBODY = "fail: web: supervise not running\n"
SAID = {
    "pysv status": (4, NOBODY),
    "pysv down web": (1, NOBODY),
    "pysvscanctl -a": (111, "pysvscanctl: fatal: unable to tell the pysvscan of "),
}


@pytest.mark.parametrize("command", SAID)
def test_a_pysvscan_that_dies_as_it_is_told(scan, faulty, run, command):
    """It is said, as where there was none before."""
    tree = scan({"web": {"run": NOTE_IN}})
    tree["web"].up()
    wait_until((tree.path / ".pysvscan/overview").exists)
    name, *words = command.split()
    env = {"SVDIR": str(tree.path), "READER": str(tree.scanner.pid)}
    done = run(faulty(TOOL.replace("NAME", name)), *words, env=env)
    code, text = SAID[command]
    said = (done.stdout + done.stderr).decode()
    assert (done.returncode, said[: len(text)]) == (code, text)
    assert tree.scanner.process.wait() == -9
    os.kill(tree["web"].pid(), 0)
