"""An installation without any library: pip install --no-deps, or a distribution's package."""

import os
import signal
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.build.conftest import OFFLINE, pip
from tests.conftest import DEADLINE

LIBRARIES = ("loguru", "pythonjsonlogger", "structlog", "rich")


@pytest.fixture(scope="module")
def bare(wheel, fresh):
    """The directory of the commands of an installation that has no library."""
    made = fresh("bare")
    pip("install", *OFFLINE, wheel, python=made / "python3")
    for library in LIBRARIES:
        argv = [made / "python3", "-c", f"import {library}"]
        assert subprocess.run(argv, check=False, stderr=subprocess.DEVNULL).returncode == 1
    return made


@pytest.fixture
def call(bare, place):
    """Run a command of that installation, and check that it ends well; gives its stdout."""

    def call(*argv, **more):
        env = {"PATH": f"{bare}:/usr/bin:/bin"}
        more = {"cwd": place, "env": env, "capture_output": True, "timeout": DEADLINE} | more
        done = subprocess.run(argv, check=False, **more)
        assert (done.returncode, done.stderr) == (0, b""), argv
        return done.stdout

    return call


def test_every_tool_tells_its_help_and_version(call, wheel):
    """Each that the wheel has a command for."""
    names = [Path(name) for name in zipfile.ZipFile(wheel).namelist()]
    tools = [name.name for name in names if name.parent.name == "scripts"]
    assert len(tools) >= 10
    for tool in tools:
        assert call(tool, "--help").startswith(f"{tool} - ".encode())
        assert call(tool, "--version").startswith(f"{tool} (pydaemontools) ".encode())


def test_a_chain_runs(call, place, fill):
    """Three links, then a program."""
    fill(place / "env", {"GREETING": b"hello\n"})
    chain = ("pyenvdir", "env", "pysetlock", "lock", "pypgrphack")
    assert call(*chain, "sh", "-c", "echo $GREETING") == b"hello\n"


def test_a_router_writes_a_log_directory(call, place):
    """Lines that are JSON too."""
    lines = b'error: disk gone\n{"level": "info", "message": "up"}\n'
    call("pysissylog", "--to", "./log/", "mydaemon", input=lines)
    written = (place / "log/current").read_bytes().splitlines()
    assert len(written) == 2
    assert written[0].endswith(b"error: disk gone")


def test_a_program_is_kept_running(bare, start, until, place):
    """Started, started again when it ends, stopped when the supervisor is told to."""
    words = ("sh", "-c", "echo >>starts; exec sleep 1000")
    process = start("pysupervise", *words, path=f"{bare}:/usr/bin:/bin")
    starts = place / "starts"
    until(lambda: starts.exists() and starts.read_bytes() == b"\n")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    os.kill(int(children.read_text()), signal.SIGTERM)
    until(lambda: starts.read_bytes() == b"\n\n")
    process.send_signal(signal.SIGTERM)
    assert process.wait(DEADLINE) == 0


def test_logging_is_adapted(call, bare):
    """What needs no library works without any."""
    text = "import logging, pydaemontools.adapters as log; log.install(to=1); logging.error('x')"
    assert call(bare / "python3", "-c", text) == b"error: x\n"


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("'structlog'", "structlog is not installed: say pip install 'pydaemontools[structlog]'"),
        ("'loguru'", "loguru is not installed: say pip install loguru"),
        ("format='json'", "pythonjsonlogger is not installed: say pip install python-json-logger"),
    ],
)
def test_a_library_that_is_asked_for_is_missed_in_a_sentence(call, bare, argument, told):
    """A ValueError with what brings it, and nothing from within an import."""
    text = (
        "import pydaemontools.adapters as log\n"
        f"try: log.install({argument})\n"
        "except ValueError as error: print(error)"
    )
    assert call(bare / "python3", "-c", text).decode() == told + "\n"
