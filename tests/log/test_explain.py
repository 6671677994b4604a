"""pysissylog --explain: what is told of lines, and that it is what they are sent as."""

import fcntl
import os
import pty
import struct
import termios

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.log.explain import Explainer
from pydaemontools.log.lines.forms import Forms
from pydaemontools.log.lines.levels import DEBUG, INFO, SEVERITIES
from pydaemontools.log.lines.severity import SeverityReader
from pydaemontools.log.lines.severity_transform import SeverityTransform
from tests.log.conftest import patient

LINES = rb"""error: Traceback (most recent call last):
error:   File "x"
error: ValueError: no such
2026/11/29 13:16:38 [error] 7#7: *8 open() failed
 and more
{"level":"crit","msg":"two\nlines","user":{"id":7},"name":"a b"}

level=warn msg=slow
plain
"""


@pytest.fixture
def explain(run):
    """Explain INPUT; give the rows without the heading, each as its fields and its message."""

    def explain(data, *argv, **more):
        result = run("pysissylog", "--explain", *argv, input=data, **more)
        assert (result.returncode, result.stderr) == (0, b"")
        heading, *rows = result.stdout.split(b"\n")[:-1]
        assert heading.split() == [b"LINE", b"FORMAT", b"LEVEL", b"RECORD", b"MESSAGE"]
        cuts = [heading.index(word) for word in (b"FORMAT", b"LEVEL")]
        cuts += [heading.index(b"LEVEL") + 9, heading.index(b"MESSAGE")]
        spans = list(zip([0, *cuts], [*cuts, None], strict=True))
        return [tuple(row[start:end].strip() for start, end in spans) for row in rows]

    return explain


def test_each_line_has_a_row(explain):
    """Its number, its format, its level, its record, its message; and a record's fields."""
    assert explain(LINES) == [
        (b"1", b"head", b"err", b"1", b"Traceback (most recent call last):"),
        (b"2", b"goes on", b"err", b"1", b'File "x"'),
        (b"3", b"goes on", b"err", b"1", b"ValueError: no such"),
        (b"", b"fields", b"", b"1", b'exception.type=ValueError exception.message="no such"'),
        (b"4", b"nginx", b"err", b"2", b"open() failed"),
        (b"5", b"goes on", b"err", b"2", b"and more"),
        (b"6", b"json", b"crit", b"3", b"two#012lines"),
        (b"", b"fields", b"", b"3", b'user.id=7 name="a b"'),
        (b"7", b"empty", b"-", b"-", b""),
        (b"8", b"logfmt", b"warning", b"4", b"slow"),
        (b"9", b"none", b"info", b"5", b"plain"),
    ]


def test_options_for_levels(explain, place):
    """--levels, --level-pattern, -d and -p are what they are without it; a file is read."""
    nginx = b"2026/11/29 13:16:38 [error] 7#7: b\n"
    assert explain(nginx, "--levels", "klog")[0][1:3] == (b"none", b"info")
    assert explain(nginx, "--levels", "head", "-d", "notice")[0][1:3] == (b"none", b"notice")
    (place / "a log").write_bytes(b"it says W to d\n" + nginx + b"debug: no\nerror: yes")
    pattern = r"it says (?P<level>W)(?: to (?P<message>.*))?"
    found = explain(
        b"", "-s", "-p", "warning", "--level-pattern", pattern, place / "a log", env={"LANG": "C"}
    )
    assert [row[1] for row in found] == [b"pattern", b"nginx", b"head"]
    assert [row[0] for row in found] == [b"1", b"2", b"4"]
    assert found[0][4] == b"d"


def test_requests_and_what_docker_holds(explain):
    """What is asked for has a name, and what is opened too."""
    text = b'::1 - - [29/Nov/2026:13:36:12 +0000] "GET / HTTP/1.1" 500 1\n'
    text += b'{"log":"error: x\\n","stream":"stderr","time":"then"}\n'
    found = explain(text, "--levels", "auto,access")
    assert [row[1:3] for row in found if row[0]] == [(b"access", b"err"), (b"docker", b"err")]
    assert explain(text)[0][1:3] == (b"none", b"info")


def test_what_a_terminal_would_show_is_told(explain):
    """Colours, a BOM and what was overwritten are no part of a message; controls are masked."""
    text = b"\x1b[31merror\x1b[0m: a\r\n\xef\xbb\xbferror: b\n10%\rerror: c\x07\n\xff\n"
    assert [row[1:3] + row[4:] for row in explain(text)] == [
        (b"head", b"err", b"a"),
        (b"head", b"err", b"b"),
        (b"head", b"err", b"c?"),
        (b"none", b"info", b"\xff"),
    ]


def test_on_a_terminal_a_row_is_no_wider_than_it(run):
    """However long a message is, also of characters of several bytes; and nothing drives it."""
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 70, 0, 0))
        text = b"error: " + "é\t\x85".encode() * 300 + b"\nerror: short\n"
        run("pysissylog", "--explain", input=text, capture_output=False, stdout=theirs)
        shown = os.read(ours, 65536).decode().splitlines()
    finally:
        os.close(ours)
        os.close(theirs)
    assert [len(row) for row in shown] == [len(shown[0]), 70, len(shown[2])]
    assert shown[1].endswith("é ?é …")
    assert shown[2].endswith("  short")


def test_records_of_a_large_file(explain, place):
    """They are whole, wherever it is read from one time to the next."""
    record = (
        b"error: x\n y\n" + b" " + b"z" * 500 + b"\nTraceback (most recent call last):\n f\nE: x\n"
    )
    (place / "log").write_bytes(record * 5000)
    found = explain(b"", place / "log")
    rows = [row for row in found if row[0]]
    assert len(rows) == 30000
    assert {row[2] for row in rows} == {b"err"}
    first = [row[3] for row in rows if row[4] == b"x" and row[1] == b"head"]
    assert len(set(first)) == 5000
    for at in range(0, 30000, 6):
        assert len({row[3] for row in rows[at : at + 3]}) == 1
        assert len({row[3] for row in rows[at + 3 : at + 6]}) == 1


def test_lines_are_told_as_they_come(start):
    """Nobody waits for the end."""
    explaining = start("pysissylog", "--explain")
    for text in (b"error: a", b"info: b"):
        explaining.stdin.write(text + b"\n")
        explaining.stdin.flush()
        while text[-1:] + b"\n" not in (row := explaining.stdout.readline()):
            assert row.split()[0] == b"LINE"
    explaining.communicate()
    assert explaining.returncode == 0


def test_who_reads_only_the_first_lines(run):
    """It ends without a word."""
    result = run("sh", "-c", "yes error: x | head -n 99999 | pysissylog --explain | head -n 2")
    assert (result.stdout.count(b"\n"), result.stderr) == (2, b"")


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["a", "b"], b"--explain takes one file: b is one argument too many"),
        (["--to", "./log/"], b"--explain sends nothing, so --to has nothing to do"),
        (["-i"], b"--explain sends nothing, so -i has nothing to do"),
        (["--stats=-", "a"], b"--explain sends nothing, so --stats has nothing to do"),
        (["--levels", "ngnix"], b"not ngnix"),
        (["--level-pattern", "("], b"missing )"),
        (["-p", "loud"], b"not loud"),
        (["--explain=a"], b"illegal option -- explain"),
    ],
)
def test_wrong_usage(argv, why, run):
    """What does not go with it is said."""
    result = run("pysissylog", "--explain", *argv, input=b"")
    assert (result.returncode, result.stdout) == (100, b"")
    assert why in result.stderr


@pytest.mark.parametrize("name", ["none", "."])
def test_what_cannot_be_read(name, run, place):
    """It says what it is, and why."""
    result = run("pysissylog", "--explain", place / name, input=b"")
    assert (result.returncode, result.stdout) == (111, b"")
    assert b"pysissylog: fatal: unable to read " + os.fsencode(place / name) in result.stderr
    assert b"Traceback" not in result.stderr


PIECES = [
    *(b"error: a", b"[info] b", b" goes on", b"", b"Traceback (most recent call last):"),
    *(b"ValueError: x", b'{"level":"alert","a":1}', b"level=debug msg=x", b"a\rerror: b"),
    *(b"\x1b[1mwarning: x\x1b[0m", b"2026/11/29 13:16:38 [crit] 7#7: x", b"\xff", b"text", b"\t"),
    *(b"error: Traceback (most recent call last):", b"error:  x", b"panic: x", b"\xef\xbb\xbf<3>x"),
]


@patient
@given(lines=st.lists(st.sampled_from(PIECES), min_size=1, max_size=12), forms=st.booleans())
def test_what_is_told_is_what_is_sent(lines, forms):
    """Levels, messages and the numbers of lines are those that the router has."""
    block = b"\n".join([*lines, b""])
    transform = SeverityTransform(SeverityReader(INFO, Forms() if forms else None))
    transform.strip = True
    sent = transform.batch(block, continued=False, unfinished=False)
    rows = list(Explainer(INFO, Forms() if forms else None, DEBUG, None).rows(block))
    numbered = [row for row in rows if row[:6].strip()]
    assert [int(row[:6]) for row in numbered] == list(range(1, len(lines) + 1))
    told = [row for row in numbered if row[8:13] != b"empty"]
    assert [SEVERITIES.index(row[23:30].strip().decode()) for row in told] == sent.levels
    records = sent.records or [None] * len(sent.lines)
    messages = [one.message if one else line for line, one in zip(sent.lines, records, strict=True)]
    assert [row[40:].rstrip() for row in told] == [text.rstrip() for text in messages]
