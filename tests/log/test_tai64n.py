"""pytai64n: a label before each line, and nothing else changed."""

import os
import re
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.base import tai64
from pydaemontools.log import tai64n
from tests.log.conftest import patient

LABEL = rb"@[0-9a-f]{24} "


def read_until(file, pattern):
    """Read from FILE, byte by byte, until what came matches PATTERN; give it."""
    got = b""
    while not re.fullmatch(pattern, got, re.DOTALL):
        byte = os.read(file.fileno(), 1)
        assert byte, f"it ended after {got!r}"
        got += byte
    return got


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", b""),
        (b"\n", LABEL + b"\n"),
        (b"a\n", LABEL + b"a\n"),
        (b"a\n\nb", LABEL + b"a\n" + LABEL + b"\n" + LABEL + b"b"),
        (b"\0\r\xff@\n", LABEL + b"\0\r\xff@\n"),
    ],
    ids=repr,
)
def test_each_line_has_a_label(run, text, expected):
    """Also an empty one, and one without a newline at the end, which gets none."""
    result = run("pytai64n", input=text)
    assert (result.returncode, result.stderr) == (0, b"")
    assert re.fullmatch(expected, result.stdout, re.DOTALL)


def test_the_label_is_the_time(run):
    """Between what the clock said before and after."""
    before = time.time_ns()
    said = run("pytai64n", input=b"x\n").stdout
    assert before <= tai64.unpack(bytes.fromhex(said[1:25].decode())) <= time.time_ns()


def test_what_was_read_is_written(start):
    """A line that comes in pieces is written in pieces; its label is that of the first."""
    process = start("pytai64n")
    for piece, pattern in (
        (b"one\ntw", LABEL + b"one\n" + LABEL + b"tw"),
        (b"o", b"o"),
        (b"\n", b"\n"),
        (b"three\n", LABEL + b"three\n"),
    ):
        process.stdin.write(piece)
        process.stdin.flush()
        read_until(process.stdout, pattern)


@patient
@given(st.lists(st.binary(min_size=1, max_size=8)))
def test_blocks_may_end_anywhere(blocks):
    """What comes out without the labels is what went in; a label stands before each line."""
    change = tai64n.stamper()
    done = b"".join(map(change, blocks))
    text = b"".join(blocks)
    lines = re.findall(rb"[^\n]*\n|[^\n]+", text)
    assert re.fullmatch(b"".join(LABEL + re.escape(line) for line in lines), done)


@pytest.mark.parametrize("tool", ["pytai64n", "pytai64nlocal"])
@pytest.mark.parametrize(
    ("files", "said"),
    [
        ("<&-", "unable to read stdin: file descriptor not open"),
        ("0>file", "unable to read stdin: file descriptor not open"),
        (">/dev/full", "unable to write to stdout: out of disk space"),
        (">&-", "unable to write to stdout: file descriptor not open"),
    ],
)
def test_files_that_fail(run, tool, files, said):
    """It says what it could not do, and ends with 111."""
    result = run("sh", "-c", f"exec {tool} {files}", input=b"text\n")
    assert (result.returncode, result.stdout) == (111, b"")
    assert result.stderr.decode() == f"{tool}: fatal: {said}\n"


@pytest.mark.parametrize("tool", ["pytai64n", "pytai64nlocal"])
@pytest.mark.parametrize("words", [["x"], ["-x"], ["--nonesuch"], ["--", "x"]], ids=" ".join)
def test_usage(run, tool, words):
    """There are no arguments."""
    result = run(tool, *words, input=b"text\n")
    assert (result.returncode, result.stdout) == (100, b"")
    assert f"{tool}: usage: {tool}".encode() in result.stderr


@pytest.mark.parametrize("tool", ["pytai64n", "pytai64nlocal"])
def test_nobody_reads(start, tool):
    """Where the other end of stdout is closed it ends by SIGPIPE, as any filter."""
    process = start(tool)
    process.stdout.close()
    process.stdin.write(b"text\n")
    process.stdin.flush()
    assert process.wait(30) == -13


@pytest.mark.parametrize("tool", ["pytai64n", "pytai64nlocal", "tai64n", "tai64nlocal"])
def test_what_is_loaded(run, tool):
    """A filter starts as fast as a link: it has loaded these modules, and not one more."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(tai64n.__file__)))
    program = (
        "import atexit, sys; bare = set(sys.modules)\n"
        "atexit.register(lambda: print(*set(sys.modules) - bare))\n"
        f"sys.path.append({package!r}); sys.argv = ['x']\n"
        "from pydaemontools.entry import enter\n"
        f"enter({tool!r}, '')\n"
    )
    result = run(sys.executable, "-IS", "-c", program, input=b"")
    assert result.stderr == b""
    base = {f"base.{name}" for name in ("cli", "process", "tai64", "title", "tools", "write")}
    ours = {"entry", "base", "chain", "chain.pathexec", "log", "log.filter_loop"} | base
    ours |= {"log.tai64nlocal", "log.localtimes"} if "local" in tool else {"log.tai64n"}
    expected = {"pydaemontools", "errno", "gc"} | ({"_operator"} if "local" in tool else set())
    expected |= {f"pydaemontools.{name}" for name in ours}
    assert set(result.stdout.decode().split()) == expected
