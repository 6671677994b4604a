"""A line that comes alone, of which one that began so was looked at before: what is known of it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.log.lines import continuation
from pydaemontools.log.lines.beginnings import Beginnings
from pydaemontools.log.lines.borders import unended
from pydaemontools.log.lines.by_itself import by_itself
from pydaemontools.log.lines.forms import Forms, severity_reader
from pydaemontools.log.lines.levels import BEGINS, FORMED, INFO
from pydaemontools.log.lines.severity_transform import SeverityTransform
from pydaemontools.log.lines.unknown import Unknown
from tests.log.conftest import patient

SAMPLES = sorted((Path(__file__).parent.parent / "samples").glob("*.txt"))
SEEN = [
    b"x" * 60,
    b"worker 7 finished",
    b"worker 8 failed:",
    b"worker 9: error: x",
    b"info: request served",
    b"error: disk gone",
    b"error:   further in",
    b"error: ",
    b"[warning] low",
    b"[warning]",
    b"<4>hm",
    b"<4>",
    b"2026-11-30 01:02:03,456 ERROR app.mod: failed",
    b"2026-11-30 01:02:03,456 INFO app.mod: served",
    b"Traceback (most recent call last):",
    b'  File "x.py", line 1, in <module>',
    b"KeyError: 'x'",
    b"KeyboardInterrupt",
    b"During handling of the above exception, another exception occurred:",
    b"LOG:  statement: x",
    b"2026-11-30 01:02:03 UTC [7] ERROR:  no",
    b"2026-11-30 01:02:03 UTC [7] DETAIL:  of that",
    b"web-1  | error: x",
    b"level=error msg=x",
    b'{"level": "error"}',
    b"\xef\xbb\xbferror: x",
    b"\x1b[31merror: x\x1b[0m",
    b"half\rwhole",
    b"Nov 29, 2026 1:16:38 PM org.x.Y z",
    b"WARNING: x",
    b"Task exception was never retrieved",
    b"10.0.0.1 - - [30/Nov/2026:01:02:03 +0000] x",
]


def read(made, line):
    """What MADE, a transform, makes of LINE, all that there is."""
    block = line + b"\n"
    if batch := made.known(block):
        end = len(block)
    else:
        end = made.whole_records(block)
        batch = made.batch(block, continued=False, unfinished=False)
    records = [(one.level, one.message) for one in batch.records or () if one]
    return end, batch.levels, batch.lines, batch.text, batch.heads, records, made.state


def transforms(**settings):
    """One as it is, and one that looks at each line."""
    both = [SeverityTransform(severity_reader(INFO, Forms())) for _ in range(2)]
    for one in both:
        for name, value in settings.items():
            setattr(one, name, value)
    both[1]._looks = True
    return both


@patient
@given(lines=st.lists(st.sampled_from(SEEN), max_size=60))
def test_it_is_as_if_it_was_looked_at(lines):
    """Whatever comes before it and behind: severity, text, where a record ends, and the state."""
    quick, slow = transforms()
    for line in lines:
        assert read(quick, line) == read(slow, line)


@patient
@given(blocks=st.lists(st.lists(st.sampled_from(SEEN), min_size=1, max_size=6), max_size=20))
def test_lines_that_gathered(blocks):
    """As much, where several are there at once."""
    quick, slow = transforms()
    for lines in [*blocks, *blocks]:
        block = b"\n".join(lines)
        assert read(quick, block) == read(slow, block)


@patient
@given(lines=st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line), max_size=20))
def test_any_bytes(lines):
    """Twice, since the first time nothing is known."""
    quick, slow = transforms()
    for line in [*lines, *lines]:
        assert read(quick, line) == read(slow, line)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_of_every_format(path):
    """Again and again, until it is known how each line begins."""
    quick, slow = transforms()
    lines = [line for line in path.read_bytes().split(b"\n") if line]
    for _ in range(4):
        for line in lines:
            assert read(quick, line) == read(slow, line)


def test_most_lines_are_known():
    """What programs print is looked at once, and no record ends within it."""
    quick, _ = transforms()
    for line in (*SEEN[:2], *SEEN[4:6], *SEEN[12:14]):
        for count in range(2):
            block = line + b"\n"
            known = quick.known(block)
            assert (known is not None) == (count > 0), line
            if not known:
                quick.batch(block, continued=False, unfinished=False)


def test_an_address_is_known_after_a_while(monkeypatch):
    """What no beginning tells is found out, once that pays."""
    monkeypatch.setattr("pydaemontools.log.lines.unknown.LONE", 3)
    quick, slow = transforms()
    for at in range(9):
        line = b"10.0.0.%d - - [30/Nov/2026:01:02:03 +0000] x" % at
        assert read(quick, line) == read(slow, line)
    known = quick.known(line + b"\n")
    assert known
    assert known.levels == [INFO]


def test_what_is_remembered_as_a_whole():
    """Nothing that may begin a record, join one, or be in a format."""
    beginnings = Beginnings()
    unknown = Unknown(beginnings, Forms())
    unknown.learn(b"x" * 60, INFO)
    known = dict(beginnings.whole)
    marks = [bytes([one]) for one in range(256) if continuation._marked(b"x %c" % one)]
    assert b":" in marks
    for line in [*(b"x " + mark for mark in marks), b"x | x", *continuation.UNMARKED]:
        unknown.learn(line + b"x", INFO)
    for first in {*BEGINS, *FORMED}:
        unknown.learn(bytes([first]) + b"xxx", INFO)
    assert beginnings.whole == known == {b"x" * 60: INFO}


@pytest.mark.parametrize(
    "line", [line for line in SEEN if line[-1:] in b":]> " or b"  " in line or b"{" in line]
)
def test_what_may_join_lines(line):
    """It is looked at, or no record ends behind it."""
    block = line + b"\n"
    assert not by_itself(block) or unended(block) == len(block)
