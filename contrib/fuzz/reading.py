"""What is tried of lines that are read: a check for each parser, and what it is given."""
# ruff: noqa: S101 - a check is made of assertions

import json
import re

from hypothesis import strategies as st

from pydaemontools.log.lines import emit, keys, logfmt, severity
from pydaemontools.log.lines import levels as heads
from pydaemontools.log.lines.beginnings import Beginnings
from pydaemontools.log.lines.forms import Forms
from pydaemontools.log.lines.line_formats import FORMATS
from pydaemontools.log.lines.linewise_regex import BadPattern
from pydaemontools.log.lines.parse import parse
from pydaemontools.log.lines.records import RecordReader, fold, possible
from pydaemontools.log.lines.redact import PRESETS, Redaction
from pydaemontools.log.pipe import intent

ALL_KEYS = [*keys.LEVEL, *keys.MESSAGE, "time", "field_time", "field_level", "exception"]
# What lines are made of, so that more of them are nearly something.
PIECES = [
    *(b'{"', b'":', b'"', b"}", b"{", b"[", b"]", b",", b"\\", b"\\u", b"d800", b"\\x", b"ff"),
    *(b"=", b" ", b"\t", b":", b"<3>", b"[error]", b"error:", b"Error: ", b"\n", b"\r", b"\x1b"),
    *(b"null", b"NaN", b"1e999", b"-", b"0", b"9" * 30, b"\xff", b"\xed\xa0\x80", "é".encode()),
    *(b"password", b"token", b"Bearer ", b"4111 1111 1111 1111", b"a@b.c", b"://u:p@", b"eyJ"),
    *(heads.TRACEBACK, *heads.BETWEEN, b"  File", b"ValueError: x", b"text", b"record"),
    *(b'":{"', b'":"', b'","', b'"}', *(key.encode() for key in ALL_KEYS)),
]
SOUP = st.lists(st.sampled_from(PIECES) | st.binary(max_size=4), max_size=20).map(b"".join)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(PIECES),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(ALL_KEYS), inner),
    max_leaves=20,
)
NAME = st.text() | st.sampled_from(ALL_KEYS)
OBJECT = st.dictionaries(NAME, VALUE).map(
    lambda made: json.dumps(made, default=lambda piece: piece.decode("latin-1")).encode()
)
# JSON as no program writes it, though it may be read.
ATOM = st.sampled_from([
    *(b"1e999", b"-1e999", b"NaN", b"-0", b"9" * 400, b"null", b"true", b'""', b"3", b"{}", b"[]"),
    *(b'"\\ud800"', b'"\\udc80"', b'"\\u0000"', b'"\xff"', b'"\t"', b'"error"', b'"E: x\\nE: y"'),
])  # fmt: skip
KEY = ATOM.filter(lambda text: text[:1] == b'"') | st.sampled_from(ALL_KEYS).map(
    lambda key: json.dumps(key).encode()
)


def members(pairs):
    """An object with PAIRS, of which some may have the same key."""
    return b"{" + b", ".join(key + b":" + value for key, value in pairs) + b"}"


RAW = st.recursive(
    ATOM,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda texts: b"[" + b",".join(texts) + b"]")
        | st.lists(st.tuples(KEY, inner), max_size=4).map(members)
    ),
    max_leaves=8,
)
RAW_OBJECT = st.lists(st.tuples(KEY, RAW), max_size=5).map(members)
# Many small ones are worth more than a few large ones.
FEW = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map(
    lambda pieces: b"".join(pieces).replace(b"\n", b"?")
)
LINE = (
    SOUP
    | OBJECT
    | st.builds(
        lambda line, at, piece: line[:at] + piece + line[at:], OBJECT, st.integers(0, 100), SOUP
    )
)
LINE = FEW | FEW | RAW_OBJECT | RAW_OBJECT | LINE.map(lambda line: line.replace(b"\n", b"?"))
BLOCK = st.lists(LINE.filter(bool), max_size=6)
# Lines of programs, also with parts of others in them, and with words in other places.
SAMPLES = [form.sample[0] for form in FORMATS]
PARTS = sorted({part for line in SAMPLES for part in re.findall(rb"\s+|[^\s\w]|\w+", line)})
PART = st.sampled_from(PARTS)
SAMPLE = st.sampled_from(SAMPLES)
PRINTED = (
    st.builds(
        lambda one, two, at, to: one[:at] + two[to:], SAMPLE, SAMPLE, *[st.integers(0, 50)] * 2
    )
    | st.builds(lambda one, at, part: one[:at] + part + one[at:], SAMPLE, st.integers(0, 50), PART)
    | st.lists(PART, min_size=1, max_size=20).map(b"".join)
).filter(lambda line: line and b"\n" not in line)
LEVELS = st.tuples(
    st.lists(PRINTED, min_size=1, max_size=20), st.lists(st.integers(1, 9), min_size=1, max_size=4)
)
# What is not linear does not end with these.
LONG = st.builds(
    lambda head, parts, tail: head + parts * (300_000 // len(parts)) + tail,
    st.sampled_from([b"", b"2026-11-29 13:16:38 ", b"[13:16:38 ", b"Nov 29 13:16:38 ", b"a: "]),
    st.lists(PART, min_size=1, max_size=4).map(b"".join),
    PRINTED | st.just(b""),
)
ALL_FORMATS = Forms()
PARAM = rb' [!#-<>-\\^-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*"'
ELEMENT = re.compile(rb"-|\[pydt@32473(?:" + PARAM + rb")+\]")
PATTERN = st.lists(
    st.sampled_from([b"(", b")", b"[", b"]", b"[^", b"|", b"*", b"+", b"?", b"{1,2}", b"\\", b"."])
    | st.sampled_from(
        [b"\\s", b"\\W", b"\\D", b"\\n", b"\n", b"\\x0a", b"\\012", b"^", b"$", b"\\A"]
    )
    | st.sampled_from([b"(?=", b"(?!", b"(?<=", b"(?<!", b"(?:", b"(?s:", b"(?P<secret>", b"(?>"])
    | st.sampled_from([b"a", b"b", b"-", b"\\1", b"(?#", b"(?i)", b"\\Z", b"\\b", b"#", b" "])
    | st.binary(max_size=2),
    max_size=9,
).map(b"".join)


def head(line):
    """heads.head, strip and named: a level or none, and never more than the line."""
    level, length = heads.head(line)
    assert (level is None) == (length == 0)
    assert level is None or 0 <= level < 8
    assert length <= len(line)
    assert line.endswith(heads.strip(line))
    heads.named(line)


def router(lines):
    """Router, Reader and fold: a level for each line, and no line is lost."""
    found = severity.SeverityReader().route(lines)
    assert all(0 <= level < 8 for level in found)
    assert len(found) == len(lines)
    block = b"\n".join(lines)
    found, records = RecordReader(severity.SeverityReader()).route(block, lines)
    assert len(found) == len(lines)
    made = fold(lines, found, records)
    assert b"\n".join(record.line for record in made) == block
    for record in made:
        look(record)


def levels(two):
    """Levels in formats: in blocks as line by line with nothing remembered."""
    lines, times = two
    reader = severity.SeverityReader(forms=ALL_FORMATS)
    alone = severity.SeverityReader(forms=ALL_FORMATS)
    for count in times:
        expected = []
        for line in lines * count:
            # It is to forget.
            alone._beginnings, alone._ids = Beginnings(), None  # noqa: SLF001
            expected += alone.route([line])
        assert reader.route(lines * count) == expected


def long(line):
    """A long line, alone and among others: it is looked at in a moment."""
    for lines in ([line], [line] * 20):
        severity.SeverityReader(forms=ALL_FORMATS).route(lines)
    ALL_FORMATS.message(line)


def structure(line):
    """structure.parse: a record or none; and what is made of one can be read again."""
    record = parse(line)
    if record:
        assert possible(line, [line])
        look(record)


def look(record):
    """All that is made of a record has the form that it has to have."""
    assert record.level is None or 0 <= record.level < 8
    assert isinstance(record.message, bytes)
    data = emit.element(record.fields)
    assert ELEMENT.fullmatch(data)
    assert len(data) <= emit.SD_ROOM
    data.decode()
    for name, value in emit.journal(record.fields):
        assert re.fullmatch(rb"[A-Z][A-Z0-9_]{0,63}", name)
        value.decode()
    written = emit.line(record, {"time": "now"})
    assert b"\n" not in written
    again = parse(written)
    assert again is not None
    assert emit.line(again, {"time": "now"})


def pairs(line):
    """logfmt.parse: keys and text, or none."""
    found = logfmt.parse(line)
    if found is not None:
        assert logfmt.possible(line)
        assert all(isinstance(value, str) for value in found.values())


def presets(lines):
    """Redaction by presets: the same in a block as in lines; once is enough for JSON's form."""
    redaction = Redaction([b":" + name for name in PRESETS])
    block = redaction.block(b"\n".join(lines))
    assert block.split(b"\n") == ([redaction.block(line) for line in lines] or [b""])


def pattern(two):
    """Redaction by any pattern: the same in a block as in lines, or the pattern is wrong."""
    wrong, lines = two
    try:
        redaction = Redaction([wrong])
    except BadPattern:
        return
    block = redaction.block(b"\n".join(lines))
    assert block.split(b"\n") == ([redaction.block(line) for line in lines] or [b""])


def slot(data):
    """intent.parse: a complete intent, which reads the same when it is written again, or none."""
    found = intent.parse(data)
    if found:
        number, one = found
        again = intent.parse(one.line(number))
        assert again is not None
        assert again[1].line(number) == one.line(number)


NUMBER = st.integers().map(lambda n: b"%d" % n)
WORDS = st.lists(NUMBER | st.sampled_from([b"=", b"=ff", b"=f", b"1:2"]) | SOUP, max_size=13)
INTENT = st.builds(
    lambda n, words, tail, last: b" ".join([n, *words, b"=" + tail.hex().encode(), *last, n]),
    NUMBER,
    st.lists(NUMBER, min_size=7, max_size=7),
    st.binary(),
    st.lists(NUMBER, min_size=2, max_size=2),
)
SHORT = st.lists(st.text("ab \r-\\", max_size=6).map(str.encode), max_size=3)
TARGETS = {
    "head": (head, LINE | st.binary()),
    "router": (router, BLOCK),
    "levels": (levels, LEVELS),
    "long": (long, LONG),
    "structure": (structure, LINE | st.binary()),
    "logfmt": (pairs, SOUP.map(lambda line: b"level=" + line) | SOUP),
    "presets": (presets, BLOCK),
    "pattern": (pattern, st.tuples(PATTERN, SHORT)),
    "intent": (slot, INTENT | WORDS.map(b" ".join) | st.binary(max_size=512)),
}
