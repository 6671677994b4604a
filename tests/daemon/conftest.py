"""What the tests of daemons share: programs that become some, and what is left of them."""

import json
import os
import signal
import sys
import textwrap
from contextlib import suppress

import pytest

from tests.conftest import wait_until
from tests.daemon.serving import ended, program  # noqa: F401 - fixtures

MARK = "PYDAEMONTOOLS_TEST_DAEMON"
# Begins each program: what it says to the test is a line of JSON on fd 1 as it was at first.
BEGIN = """\
import json, os, sys, time
from pydaemontools.daemon import *
from pydaemontools.daemon import Error
def say(**what):
    print(json.dumps(what), flush=True)
def stay():
    while True:
        time.sleep(1000)
"""
# Ends one that tells how its start failed.
CAUGHT = """\
except Error as error:
    known = {key: value for key, value in vars(error).items() if key != "exception"}
    say(kind=type(error).__name__, text=str(error), cause=repr(error.__cause__), **known)
"""


class Programs:
    """Programs in `place` that become daemons."""

    def __init__(self, place, run):
        self.place = place
        self._run = run
        self.env = {MARK: str(place)}

    def write(self, body, name="app.py"):
        """Make the program NAME of BODY."""
        (self.place / name).write_text(BEGIN + textwrap.dedent(body))
        return name

    def __call__(self, body, *, env=None, before=(), **more):
        """Run a program of BODY; give what it said, line by line."""
        words = [*before, sys.executable, self.write(body)]
        result = self._run(*words, env=self.env | (env or {}), **more)
        assert result.returncode == 0, result.stderr.decode()
        return [json.loads(line) for line in result.stdout.splitlines()]

    def fails(self, body, **more):
        """How the start in BODY, some lines, failed."""
        text = "try:\n" + textwrap.indent(textwrap.dedent(body), "    ") + "\n" + CAUGHT
        return self(text, **more)[-1]

    def left(self):
        """The processes that are there."""
        wanted = f"{MARK}={self.place}".encode()
        return [pid for pid in _pids() if wanted in _environ(pid)]

    def end(self):
        """Kill what is left."""
        while left := self.left():
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@pytest.fixture
def programs(place, run):
    """Programs that become daemons; what they leave is killed at the end of the test."""
    made = Programs(place, run)
    yield made
    made.end()


@pytest.fixture
def nothing_left(programs):
    """Call it to wait until no process is left; at the end of the test none is."""

    def check():
        wait_until(lambda: not programs.left(), deadline=10)

    yield check
    check()


def _pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _environ(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as block:
            return block.read().split(b"\0")
    except OSError:
        return []
