"""Objects that are made together are those that would be made one by one."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from pydaemontools.log.lines import emit
from pydaemontools.log.lines.json_objects import JsonObjects
from pydaemontools.log.lines.jsonline import BETWEEN, MARK, encode_behind
from pydaemontools.log.lines.parse import parse
from pydaemontools.log.lines.record import Record
from tests.log.conftest import patient

TEXT = st.text(max_size=5) | st.sampled_from([MARK, BETWEEN, "time", "level", "message"])
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
RECORD = st.builds(
    Record,
    st.integers(0, 7),
    st.binary(max_size=6) | st.sampled_from([b"", b"\xff", b'"', b"\n"]),
    st.dictionaries(TEXT, VALUE, max_size=4),
    st.just(b"the line"),
)
GIVEN = {"time": "2026-11-29T13:16:00.000000Z"}


@patient
@given(
    records=st.lists(RECORD, min_size=1, max_size=6),
    added=st.none() | st.dictionaries(TEXT, st.text(max_size=3), max_size=2),
)
@example([Record(3, b"m", {"a": [{}, MARK, {"b": 1}]}, b"x")] * 2, None)
@example([Record(3, b"m", {"a": float("inf")}, b"x"), Record(3, b"m", {"a": 1}, b"x")], None)
def test_as_one_by_one(records, added):
    """Whatever is in them, also what looks as if an object ended, or no number of JSON's."""
    form = JsonObjects(GIVEN, added)
    wanted = [emit.line_text(one, GIVEN, added) for one in records]
    assert form.records(records) == wanted
    assert [form.record(one) for one in records] == wanted


def test_it_is_seen_where_an_object_ends():
    """Nothing that an object holds is taken for its end."""
    assert encode_behind([{"a": 1}, {}, {"b": MARK}]) == ['"a":1}', "}", '"b":"\\u0000"}']
    assert encode_behind([{"a": [{}, MARK, {}]}, {"b": 1}]) is None


def test_lines_of_json_are_read_as_before():
    """A level or a message that is no text, or that nothing is, stays what it was."""
    for level in 30, None, True, ["error"], {"name": "error"}, "ERROR", "error", "floor 3":
        for message in "text", 7, None, ["m"], "\ud800":
            line = json.dumps({"level": level, "msg": message, "x": 1}).encode()
            found = parse(line)
            assert isinstance(found.message, bytes)
            assert found.level in (None, *range(8))
            assert found.fields["x"] == 1
            assert ("level" in found.fields) is (found.level is None)
