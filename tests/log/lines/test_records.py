"""Records: which lines of a stream are structured, and which belong together."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.log.lines import open_record
from pydaemontools.log.lines.parse import parse
from pydaemontools.log.lines.records import RecordReader, fold, possible
from pydaemontools.log.lines.severity import SeverityReader
from tests.log.conftest import patient
from tests.log.lines.test_severity import CAUSE, DURING, LINES, TRACE

JSON = b'{"level":"crit","msg":"x"}'
NONE = b'{"msg":"x"}'
LOGFMT = b"level=warn msg=x"


def route(lines, default=6, **more):
    """The levels of LINES, and which are structured."""
    levels, found = RecordReader(SeverityReader(default)).route(b"\n".join(lines), lines, **more)
    return levels, [bool(record) for record in found or [None] * len(lines)]


@pytest.mark.parametrize(
    ("lines", "levels"),
    {
        "JSON": ([JSON, b"text"], [2, 6]),
        "logfmt": ([LOGFMT, b"text"], [4, 6]),
        "without a level": ([NONE, b"text"], [6, 6]),
        "between lines that have heads": ([b"error: x", JSON, b"err: y"], [3, 2, 3]),
        "what goes on with it": ([JSON, b"  more", b"text"], [2, 2, 6]),
        "what goes on behind one without a level": ([b"err: x", NONE, b" more"], [3, 6, 6]),
        "a traceback behind it": ([JSON, *TRACE, b"x"], [2, 2, 2, 2, 2, 6]),
        "an object ends a traceback": ([b"err: x", TRACE[0], JSON, b"x"], [3, 3, 2, 6]),
        "indented": ([b"err: x", b" " + JSON], [3, 3]),
        "what looks alike": ([b"{x}", b"level=", b"level=info x"], [6, 6, 6]),
    }.values(),
)
def test_levels(lines, levels):
    """A structured line has its own level, all others what the router says."""
    assert route(lines)[0] == levels


def test_which_are_structured():
    """The records stand at the places of their lines; without any there is no list."""
    assert route([JSON, b"x", LOGFMT, NONE])[1] == [True, False, True, True]
    assert RecordReader(SeverityReader()).route(b"{x}\nerr: y", [b"{x}", b"err: y"]) == (
        [6, 3],
        None,
    )
    assert RecordReader(SeverityReader()).route(b"", []) == ([], None)
    assert RecordReader(SeverityReader()).route(b"\n{", [], unfinished=True) == ([], None)


def test_a_line_that_is_not_finished():
    """Its record has what is whole of it, if that names a level; else it has none."""
    assert route([JSON, JSON], unfinished=True) == ([2, 2], [True, True])
    assert route([JSON, NONE], unfinished=True) == ([2, 6], [True, False])


def test_the_router_knows_what_came_before():
    """Its state is that of the last line, whoever gave it its level."""
    router = SeverityReader()
    reader = RecordReader(router)
    reader.route(JSON, [JSON])
    assert (router.level, router.inside) == (2, False)
    assert reader.route(b" more", [b" more"]) == ([2], None)


@pytest.mark.parametrize(
    "block",
    [b"", b"{", b"x\n{", b"x\n{x", b"a=b level=", b"x\na.b=c msg=x", b'_x="" severity=x'],
)
def test_possible(block):
    """A block in which a line may be structured is looked at."""
    assert possible(block, block.split(b"\n")) == bool(block)


@pytest.mark.parametrize(
    "block",
    [b"x {", b"x\n {", b"= msg=", b"x msg=a", b"a=b\nc=d", b"1=2 level=", b"level info="],
)
def test_not_possible(block):
    """Others are not."""
    assert not possible(block, block.split(b"\n"))


@patient
@given(lines=st.lists(st.sampled_from([JSON, NONE, LOGFMT, b"{x}", b"msg=", *TRACE]) | st.none()))
def test_no_record_is_overlooked(lines):
    """In each block that has one, a record may be."""
    lines = [line or b"error: a=b {" for line in lines]
    found = route(lines)[1]
    assert found == [bool(parse(line)) for line in lines]


@patient
@given(lines=LINES)
def test_plain_lines_are_the_routers(lines):
    """Where nothing is structured the levels are what they would be without any of this."""
    lines = [line for line in lines if not parse(line)]
    plain = SeverityReader().route(lines)
    assert route(lines)[0] == plain
    assert route([JSON, b"x", *lines])[0][2:] == SeverityReader().route([b"x", *lines])[1:]


@pytest.mark.process
def test_nothing_slow_is_imported_for_plain_lines():
    """Neither json nor re; they come with the first line that needs them."""
    code = (
        "import sys\n"
        "from pydaemontools.log.lines.records import RecordReader, fold\n"
        "from pydaemontools.log.lines.severity import SeverityReader\n"
        "r = RecordReader(SeverityReader())\n"
        "levels, found = r.route(b'error: x {', [b'error: x {'])\n"
        "print(fold([b'error: x {', b'y'], [3, 6])[0].level)\n"
        "print(*[m for m in ('json', 're', 'enum', 'typing', 'os') if m in sys.modules])\n"
        "r.route(b'{}', [b'{}'])\n"
        "print('json' in sys.modules)\n"
    )
    argv = [sys.executable, "-IS", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{code}"]
    assert subprocess.run(argv, capture_output=True, check=True).stdout == b"3\n\nTrue\n"


def messages(lines, **more):
    """The messages of the records that LINES are."""
    return [record.message.split(b"\n") for record in folded(lines, **more)]


def folded(lines, **more):
    """The records that LINES are, all of them at once."""
    levels, found = RecordReader(SeverityReader()).route(b"\n".join(lines), lines)
    return fold(lines, levels, found, **more)


def prefixed(lines, head=b"error: "):
    """LINES, each with a head."""
    return [head + line for line in lines]


FAILED = b"error: job failed"
# Lines, and the sizes of the records that they are.
FOLDED = {
    "lines": ([b"a", b"b"], [1, 1]),
    "lines that have heads": ([b"error: a", b"error: b", b"<3>c", b"<3>d"], [1, 1, 1, 1]),
    "a blank goes on": ([b"error: a", b"  b", b"\tc", b"d", b" e"], [3, 2]),
    "a blank at the start": ([b" a", b" b", b"c"], [2, 1]),
    "a traceback behind a head": ([FAILED, *TRACE, b"next"], [5, 1]),
    "a traceback behind a line without one": ([b"hello", *TRACE, b"next"], [1, 4, 1]),
    "a traceback alone": ([*TRACE, *TRACE], [4, 4]),
    "a second traceback": ([FAILED, *TRACE, *TRACE], [5, 4]),
    "two tracebacks of one exception": ([FAILED, *TRACE, DURING, *TRACE, CAUSE, *TRACE], [15]),
    "each line with a head": (prefixed([b"job failed", *TRACE, b"next"]), [5, 1]),
    "each line of a traceback alone": ([b"error: x", b"info: y", *prefixed(TRACE)], [1, 1, 4]),
    "heads, two tracebacks": (prefixed([*TRACE, b"", DURING, b"", *TRACE, b"next"]), [11, 1]),
    "heads in brackets": (prefixed([*TRACE, b"next"], b"[error]: "), [4, 1]),
    "heads of sd-daemon": (prefixed([*TRACE, b"next"], b"<3>"), [4, 1]),
    "another head": ([*prefixed(TRACE[:2]), b"info: x", b"error: y"], [2, 1, 1]),
    "no head any more": ([*prefixed(TRACE[:2]), b"x"], [2, 1]),
    "the exception looks like a head": ([FAILED, *TRACE[:3], b"Warning: x", b"y"], [5, 1]),
    "indented text with a head": (prefixed([b"a", b"  b", b"c"]), [2, 1]),
    "JSON": ([JSON, JSON, LOGFMT, b"x"], [1, 1, 1, 1]),
    "a blank behind JSON": ([JSON, b" more", b"x"], [2, 1]),
    "a traceback behind JSON": ([JSON, *TRACE], [1, 4]),
    "an object within a traceback": ([FAILED, TRACE[0], JSON, b"x"], [2, 1, 1]),
}


@pytest.mark.parametrize(("lines", "sizes"), FOLDED.values(), ids=FOLDED)
def test_fold(lines, sizes):
    """Lines that belong together are one record, the others each their own."""
    assert [len(record.line.split(b"\n")) for record in folded(lines)] == sizes
    assert [line for record in folded(lines) for line in record.line.split(b"\n")] == lines


@pytest.mark.parametrize("lines", [[FAILED, *TRACE], prefixed([b"job failed", *TRACE])])
def test_both_forms_are_the_same_record(lines):
    """Whether each line has a head or only the first, and the exception is a field."""
    for strip in (False, True):
        [record] = folded(lines, strip=strip)
        first = b"job failed" if strip else FAILED
        assert record.message == b"\n".join([first, *TRACE])
        assert record.level == 3
        assert record.fields == {
            "exception.type": "ZeroDivisionError",
            "exception.message": "division by zero",
        }


@pytest.mark.parametrize(
    ("last", "expected"),
    {
        b"KeyboardInterrupt": ("KeyboardInterrupt", ""),
        b"a.b.Error: x: y": ("a.b.Error", "x: y"),
        b"socket.timeout: timed out": ("socket.timeout", "timed out"),
        b"a.f.<locals>.E: x": ("a.f.<locals>.E", "x"),
        b"no exception at all": None,
    }.items(),
)
def test_the_exception(last, expected):
    """It is what the last line at the margin says."""
    [record] = folded([b"err: x", *TRACE[:3], last])
    names = "exception.type", "exception.message"
    assert record.fields == (dict(zip(names, expected, strict=True)) if expected else {})


def test_a_message_without_its_head():
    """With strip there is none, whichever form it has."""
    assert messages([b"error: a", b"[error]: b", b"<3>c", b"d"], strip=True) == [
        [b"a"],
        [b"b"],
        [b"c"],
        [b"d"],
    ]


def test_a_structured_record_has_the_level_it_is_routed_with():
    """Also if it names none; its message has what came behind it."""
    [first, second] = folded([NONE, LOGFMT, b" more"])
    assert (first.level, second.level) == (6, 4)
    assert second.message == b"x\n more"


def test_a_line_that_goes_on():
    """What looks like a head there is none."""
    [record] = fold([b"error: a", b" b"], [6, 6], continued=True, strip=True)
    assert (record.message, record.level) == (b"error: a\n b", 6)


def test_a_record_without_end(monkeypatch):
    """What goes on for ever is more than one record."""
    monkeypatch.setattr(open_record, "LONGEST", 10)
    assert messages([b"a", b" bcd", b" efg", b" hij", b" k" * 9]) == [
        [b"a", b" bcd", b" efg"],
        [b" hij"],
        [b" k" * 9],
    ]


@patient
@given(lines=LINES, strip=st.booleans())
def test_no_line_is_lost(lines, strip):
    """The records have all of them."""
    found = fold(lines, SeverityReader().route(lines), strip=strip)
    assert b"\n".join(record.line for record in found) == b"\n".join(lines)


def test_heads_with_blanks_to_a_width():
    """As uvicorn has them: each is a record, and what goes on with one stands further in."""
    lines = [
        *(b"INFO:     a", b"INFO:     b", b"INFO:       more", b"INFO: c", b"INFO:  d"),
        *(b"ERROR:    e", b"  f", b"ERROR:    g", b"info: h", b"info:   i"),
    ]
    found = fold(lines, SeverityReader().route(lines), strip=True)
    assert [record.line.split(b"\n") for record in found] == [
        *([lines[0]], lines[1:3], lines[3:5], lines[5:7], [lines[7]], lines[8:]),
    ]
