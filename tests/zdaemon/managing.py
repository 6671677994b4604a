"""Managers that tests start in processes of their own, and what is left of them."""

import contextlib
import marshal
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import pydaemontools
from pydaemontools.base.process import environ
from pydaemontools.zdaemon import client_waits, launch
from pydaemontools.zdaemon.line_protocol import ManagerStatus, NotRunning, ask
from pydaemontools.zdaemon.runner import Runner
from tests.conftest import wait_until

# A client that is nothing else: it prints how each start went.
CLIENT = """\
import sys
sys.path.append(sys.argv[1])
import marshal
from pydaemontools.zdaemon.runner import Runner
from pydaemontools.zdaemon import launch
for one in launch.start([Runner(**one) for one in marshal.loads(bytes.fromhex(sys.argv[2]))]):
    print(one.kind, one.pid, one.code, one.reason, one.lines)
"""
ROOT = str(Path(pydaemontools.__file__).parents[1])
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

    def client(self, runner, *more, before=(), **popen):
        """A process that starts it, and prints how that went."""
        wanted = marshal.dumps([dict(one.items()) for one in (runner, *more)]).hex()
        words = [*before, sys.executable, "-IS", "-c", CLIENT, ROOT, wanted]
        popen = {"stdout": subprocess.PIPE, "cwd": self.place} | popen
        return subprocess.Popen(words, text=True, env=environ | {b"LC_ALL": b"C.UTF-8"}, **popen)

    def start_apart(self, runner, *more, **popen):
        """Start it by a process of its own; give what that printed."""
        with self.client(runner, *more, **popen) as process:
            return process.communicate(timeout=60)[0]

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
