"""The first piece of a structured line: what is whole in it counts, and nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.log.lines.parse import parse
from pydaemontools.log.lines.partial import partial
from pydaemontools.log.lines.records import RecordReader
from pydaemontools.log.lines.severity import SeverityReader
from tests.log.conftest import patient

LINE = (
    b'{"user": {"id": 7, "name": "h\\u00e9"}, "level": "critical", "n": 1.5, "msg": "x", "b": "yyy'
)


@pytest.mark.parametrize(
    ("piece", "level", "fields"),
    [
        (LINE, 2, {"user": {"id": 7, "name": "hé"}, "n": 1.5}),
        (b'{"level":"error","log":{"a":1,"b":{"c":2,"d":"', 3, {"log": {"a": 1, "b": {"c": 2}}}),
        (b'{"log":{"level":"error","a":"', 3, {}),
        (b'{"severity":50', None, {}),
        (b'{"severity":500,', 3, {}),
        (b'{"level":"err', None, {}),
        (b'{"level":"error"', None, {}),
        (b'{"level":"error",', 3, {}),
        (b'{"level":"error","le', 3, {}),
        (b'{"level":"error","a":', 3, {}),
        (b'{"level" "error","a":', None, {}),
        (b'{"a":1} {"level":"error",', None, {}),
        (b'{"level":"error"}', 3, {}),
        (b'{"level":"\xff","lvl":"err","a":"\xff', 3, {"level": "\udcff"}),
        (b"{", None, {}),
        (b"{x", None, {}),
        (b'level=error user=7 msg="a b', 3, {"user": "7"}),
        (b"level=error user=7 ms", 3, {"user": "7"}),
        (b"user=7 level=err", None, {}),
        (b"user=7 level=err ", 3, {"user": "7"}),
        (b'user="a\\nb" level=err x="', 3, {"user": "a\nb"}),
        (b"level=", None, {}),
        (b"text level=error x", None, {}),
    ],
)
def test_what_is_whole(piece, level, fields):
    """Members and pairs count whose end is there; the message is the piece as it is."""
    record = partial(piece)
    if level is None:
        assert record is None
    else:
        assert (record.level, record.fields) == (level, fields)
        assert record.message == record.line == piece
        # Or it would be left out where there are fields.
        assert record.message is not record.line


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=9,
)


@patient
@given(
    before=st.dictionaries(st.sampled_from("abcdef"), VALUES),
    level=st.sampled_from(["error", "info", "x", 30]),
    after=st.dictionaries(st.sampled_from("ghijkl"), VALUES),
    cut=st.integers(1, 300),
)
def test_a_piece_says_nothing_that_the_line_does_not(before, level, after, cut):
    """Wherever a line is cut: the level and the fields are the whole line's, as far as they go."""
    line = json.dumps(before | {"level": level} | after).encode()
    whole, found = parse(line), partial(line[:cut])
    if found:
        assert found.level == whole.level
        for name, value in found.fields.items():
            assert value == whole.fields[name] or isinstance(value, dict)


def test_nested_deep():
    """What is nested deeper than anybody reads is left out, and costs nothing."""
    record = partial(b'{"level":"error","a":' + b'{"a":' * 100_000)
    assert (record.level, record.fields) == (3, {})


@pytest.mark.parametrize(
    "piece", [b"a", b'"', b'\\"', b'"a":{', b'"a":1,', b"[", b" ", b"a=b ", b"="]
)
@pytest.mark.parametrize("head", [b'{"level":"error",', b'{"level":"', b"level=error ", b'a="'])
def test_no_piece_takes_long(head, piece):
    """One of a megabyte is looked at in a moment."""
    partial(head + piece * (1_000_000 // len(piece)))


def test_the_rest_has_the_level_of_the_first_piece():
    """And so has what goes on with the line; not what follows it."""
    reader = RecordReader(SeverityReader())
    levels, records = reader.route(LINE, [b"info: x", LINE], unfinished=True)
    assert levels == [6, 2]
    assert records[1].fields["n"] == 1.5
    assert reader.router.level == 2
    assert reader.route(b" more\nx", [b" more", b"x"]) == ([2, 6], None)
