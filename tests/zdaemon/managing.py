"""Managers that tests start in processes of their own, and what is left of them."""

import contextlib
import os
import shlex
import signal
from pathlib import Path

import pytest

from pydaemontools.base.process import environ
from pydaemontools.zdaemon import client_waits, launch
from pydaemontools.zdaemon.line_protocol import ManagerStatus, NotRunning, ask
from pydaemontools.zdaemon.runner import Runner
from tests.conftest import wait_until

MARK = "PYDAEMONTOOLS_TEST_MANAGER"


class Managers:
    """Managers in the directory `place`."""

    def __init__(self, place):
        self.place = place

    def runner(self, program, **given):
        """A runner of PROGRAM, words as a shell's, whose socket is in the directory."""
        words = tuple(shlex.split(program)) if isinstance(program, str) else tuple(program)
        socket = given.pop("socket_name", str(self.place / "zdsock"))
        return Runner(program=words, socket_name=socket, **given)

    def start(self, runner, *more):
        """Start it; give the outcome of the first."""
        return launch.start([runner, *more])[0]

    def status(self, runner):
        """How it is; not up if there is no manager."""
        try:
            return client_waits.status(runner)
        except NotRunning:
            return ManagerStatus()

    def ask(self, line, name="zdsock"):
        """What the manager replies to LINE."""
        return ask(str(self.place / name), line)

    def gone(self, name="zdsock"):
        """Wait until nothing of the manager is left."""
        wait_until(lambda: not (self.place / name).exists())
        wait_until(lambda: not (self.place / f"{name}.d").exists())

    def stop(self, runner):
        """Stop it, and wait until nothing of its manager is left."""
        with contextlib.suppress(NotRunning):
            assert client_waits.stop(runner, timeout=30)
        self.gone(Path(runner.socket_name).name)

    def left(self):
        """The processes that were started here, but for those of others."""
        mine = f"{MARK}={self.place}".encode()
        found = []
        for entry in os.scandir("/proc"):
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                with contextlib.suppress(OSError):
                    if mine in Path(entry.path, "environ").read_bytes().split(b"\0"):
                        found.append(int(entry.name))
        return found

    def end(self):
        """Kill all of them."""
        for _ in range(100):
            for pid in self.left():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if not self.left():
                return


@pytest.fixture
def managers(place):
    """Managers in a fresh directory; all that is left of them is killed at the end."""
    made = Managers(place)
    key = MARK.encode()
    environ[key] = os.fsencode(str(place))
    here = os.getcwd()
    os.chdir(place)
    yield made
    os.chdir(here)
    environ.pop(key)
    made.end()
