"""Which kind a test is: each is pure, process or oracle, and some are kill too.

A test may say so itself, with a mark on it or `pytestmark` in its file. Else the rules below
choose, when tests are collected. A test that is pure is held to it: one that starts a
process fails, with the name of the kind that it should have had.
"""

import os
import sys

import pytest

KINDS = {
    "pure": "starts no process, and needs no other program",
    "process": "starts processes",
    "oracle": "compares with C originals, or works with them",
}
KILL = "kill: kills processes again and again, as often as PYDAEMONTOOLS_TEST_KILLS says"
# The fixtures that start processes themselves; a fixture that uses one of them counts too.
STARTERS = {"run", "start", "originals", "supervise", "wheel"}
# What is told of each way to start a process: see `python3 -m sys` for audit events.
STARTS = {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "subprocess.Popen"}

# The pid of this process while a pure test runs in it, else 0.
_held = 0


def register(config):
    """Tell pytest of the kinds, and begin to listen for what starts processes."""
    for kind, meaning in KINDS.items():
        config.addinivalue_line("markers", f"{kind}: {meaning}")
    config.addinivalue_line("markers", KILL)
    sys.addaudithook(_listen)


def choose(item):
    """Give ITEM a kind, unless it has one."""
    if not any(mark.name in KINDS for mark in item.iter_markers()):
        item.add_marker(_kind(item))


def _kind(item):
    used = set(item.fixturenames)
    if "/oracle/" in item.nodeid or "needs" in used or item.get_closest_marker("needs"):
        return "oracle"
    return "process" if used & STARTERS else "pure"


def hold(item):
    """Have ITEM fail, if it is pure, where it starts a process."""
    global _held  # noqa: PLW0603 - a hook cannot be taken away, so it has to be told
    _held = os.getpid() if item.get_closest_marker("pure") else 0


def release():
    """Let processes be started again."""
    global _held  # noqa: PLW0603
    _held = 0


def _listen(event, arguments):
    if _held and event in STARTS and os.getpid() == _held:
        pytest.fail(f"a pure test starts a process, {event}{arguments}: mark it `process`")
