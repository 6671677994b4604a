"""What the tests of the adapters share: programs that log, and what the router makes of it.

A program is a text, run by the interpreter of the tests: install() changes its whole process.
"""

import sys

import pytest

from pydaemontools import adapters
from pydaemontools.log.lines.levels import INFO
from pydaemontools.log.lines.records import RecordReader, fold
from pydaemontools.log.lines.severity import SeverityReader

HEAD = """\
import logging, os, signal, sys, threading, time
import pydaemontools.adapters as log
app = logging.getLogger("app")
"""


@pytest.fixture
def program(run, place):
    """Run a program that begins with HEAD to its end; gives the result, with bytes."""

    def program(text, *argv, **more):
        (place / "program.py").write_text(HEAD + text)
        return run(sys.executable, "program.py", *argv, **more)

    return program


@pytest.fixture
def said(program):
    """Run a program that ends well, and give the lines that it wrote to stderr."""

    def said(text, *argv, code=0, **more):
        result = program(text, *argv, **more)
        assert result.returncode == code, result.stderr.decode()
        assert result.stdout == b""
        return result.stderr.decode().splitlines()

    return said


@pytest.fixture
def clean():
    """Whatever a test installs in this process is gone at its end."""
    yield adapters
    adapters.uninstall()
    adapters.level.clamp()
    adapters.level.set(INFO)


def understood(data):
    """The records that the router makes of DATA: level, message without its head, fields."""
    lines = [line for line in data.split(b"\n") if line]
    levels, records = RecordReader(SeverityReader()).route(data, lines)
    made = fold(lines, levels, records, strip=True)
    return [(one.level, one.message.decode("utf-8", "surrogateescape"), one.fields) for one in made]
