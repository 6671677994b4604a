"""Programs that are servers, run as processes, and what they say."""

import os
import sys

import pytest

HEAD = """\
import logging, os, signal, sys, threading, time
from pydaemontools.daemon import AlreadyRunning, Child, Daemon, PidFile, Prefork, Server
logging.basicConfig(level="DEBUG", format="%(levelname)s %(message)s", stream=sys.stderr)
logging.getLogger("asyncio").setLevel("WARNING")
def say(text):
    os.write(1, f"{text}\\n".encode())
"""


@pytest.fixture
def program(start, place, programs):
    """Start a program that begins with HEAD; it, and all that it leaves, is killed at the end."""

    def program(text, *argv, head=HEAD, env=None, **more):
        path = place / f"program{len(list(place.glob('program*')))}.py"
        path.write_text(head + text)
        env = programs.env | (env or {})
        return start(sys.executable, str(path), *argv, env=env, **more)

    yield program
    # Before anybody waits for what it has open.
    programs.end()


@pytest.fixture
def ended():
    """Wait for a process; gives its code, the lines that it said, and what was on its stderr."""

    def ended(process, timeout=30):
        out, err = process.communicate(timeout=timeout)
        return process.returncode, out.decode().splitlines(), err.decode()

    return ended


def lines(process, count):
    """The next COUNT lines that PROCESS says, as it says them."""
    return [process.stdout.readline().decode().rstrip("\n") for _ in range(count)]


def fds_of(pid):
    """How many fds the process PID has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))
