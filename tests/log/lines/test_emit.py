"""Fields: what becomes of them in RFC 5424's structured data, in journald, and in JSON."""

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pydaemontools.log.lines.emit import (
    JOURNAL_NAME,
    RESERVED,
    SD_ID,
    addition,
    dumps,
    element,
    flat,
    journal,
    line,
)
from pydaemontools.log.lines.parse import parse
from pydaemontools.log.lines.record import Record
from pydaemontools.log.lines.shown import shown
from tests.log.conftest import patient
from tests.log.lines.test_parse import JSON, OBJECT

PARAM = re.compile(rb' ([!#-<>-\\^-~]{1,32})="((?:[^"\\\]]|\\["\\\]])*)"')


def read_element(data):
    """The names and values in an element, strictly as RFC 5424 section 6.3 has it."""
    if data == b"-":
        return []
    assert data.startswith(b"[" + SD_ID + b" ")
    assert data.endswith(b"]")
    inside = data[len(SD_ID) + 1 : -1]
    found = [(m[1], m[2]) for m in PARAM.finditer(inside)]
    assert b"".join(b' %b="%b"' % pair for pair in found) == inside
    return [(name, re.sub(rb"\\(.)", rb"\1", value).decode()) for name, value in found]


@pytest.mark.parametrize(
    ("fields", "expected"),
    {
        "none": ({}, b"-"),
        "text": ({"user": "bob"}, b'[pydt@32473 user="bob"]'),
        "in their order": ({"b": "1", "a": "2"}, b'[pydt@32473 b="1" a="2"]'),
        "what is no text": (
            {"n": 7, "f": 1.5, "t": True, "l": [1, {"a": "x"}]},
            b'[pydt@32473 n="7" f="1.5" t="true" l="[1,{\\"a\\":\\"x\\"}\\]"]',
        ),
        "null is nothing": ({"a": None}, b"-"),
        "objects": ({"a": {"b": {"c": 1}, "d": 2}}, b'[pydt@32473 a.b.c="1" a.d="2"]'),
        "an object with nothing": ({"a": {}}, b"-"),
        "escapes": ({"a": '"\\]['}, b'[pydt@32473 a="\\"\\\\\\]["]'),
        "control characters": ({"a": "1\n2\x1b3\t4\x7f"}, b'[pydt@32473 a="1#0122?3\t4?"]'),
        "UTF-8": ({"a": "é"}, '[pydt@32473 a="é"]'.encode()),
        "half a character": ({"a": "\ud800\udcff"}, b'[pydt@32473 a="??"]'),
        "a name that may not be": ({'a= ]"é\n': "1"}, b'[pydt@32473 a______="1"]'),
        "a name that is no ASCII": ({"größe": "1", "a?": "2"}, b'[pydt@32473 gr__e="1" a?="2"]'),
        "no name": ({"": "1"}, b'[pydt@32473 _="1"]'),
        "a long name": ({"a" * 33: "1"}, b"[pydt@32473 " + b"a" * 32 + b'="1"]'),
    }.values(),
)
def test_element(fields, expected):
    """Names are made such that RFC 5424 allows them, values are escaped."""
    assert element(fields) == expected


def test_what_has_no_room_is_left_out():
    """A traceback must not push out what else there is."""
    fields = {"a": "1", "long": "x" * 5000, "b": "2"}
    assert element(fields) == b'[pydt@32473 a="1" b="2"]'
    assert element(fields, 18) == b'[pydt@32473 a="1"]'
    assert element(fields, 17) == b"-"


@patient
@given(fields=OBJECT)
def test_an_element_can_be_read_again(fields):
    """Whatever the fields are, what is written is structured data and has the values."""
    control = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
    values = [value for _, value in read_element(element(fields, 1 << 30))]
    texts = [shown(text.encode("utf-8", "replace")).decode() for _, text in flat(fields)]
    assert values == [control.sub("?", text).replace("\n", "#012") for text in texts]
    assert len(element(fields, 60)) <= 60


@pytest.mark.parametrize(
    ("name", "expected"),
    {
        "user": b"USER",
        "user.id": b"USER_ID",
        "_pid": b"PID",
        "7up": b"FIELD_7UP",
        "message": b"FIELD_MESSAGE",
        "priority": b"FIELD_PRIORITY",
        "syslog_identifier": b"FIELD_SYSLOG_IDENTIFIER",
        "": b"FIELD_",
        "___": b"FIELD_",
        "\u00e9": b"FIELD_",
        "a\u00df": b"ASS",
        "x" * 70: b"X" * 64,
    }.items(),
)
def test_names_in_journald(name, expected):
    """They are capitals, digits and _, and nobody else's."""
    assert journal({name: "1"}) == [(expected, b"1")]


@patient
@given(fields=OBJECT)
@example({"ﬁ" * 40: ""})
def test_every_name_is_one_that_journald_takes(fields):
    """A field whose name journald does not like it drops."""
    for name, value in journal(fields):
        assert re.fullmatch(rb"[A-Z][A-Z0-9_]{0,63}", name)
        assert not name.decode().startswith(RESERVED)
        assert len(name) <= JOURNAL_NAME
        assert value.decode() is not None


def test_values_in_journald():
    """They are bytes, and may have lines."""
    assert journal({"a": "1\n2\t\x1b", "b": {"c": [1]}, "d": None}) == [
        (b"A", b"1\n2\t?"),
        (b"B_C", b"[1]"),
    ]


GIVEN = {"time": "2026-11-21T14:19:44Z", "host": "h", "ident": "web", "pid": 7}


def test_a_line_of_json():
    """What is known stands first, then the fields as they were."""
    record = parse(b'{"level": "error", "msg": "hi", "user": {"id": [7]}, "n": null}')
    assert line(record, GIVEN) == (
        b'{"time":"2026-11-21T14:19:44Z","host":"h","ident":"web","pid":7,'
        b'"level":"err","message":"hi","user":{"id":[7]},"n":null}'
    )


def test_a_line_that_is_no_structured_one():
    """It is the message."""
    made = line(Record(6, b"hello \xff\x1b\n", {}, b"x"), {})
    assert made == b'{"level":"info","message":"hello \\\\xff\\u001b\\n"}'
    assert json.loads(line(Record(6, (text := b"hello"), {}, text), {}))["message"] == "hello"


def test_an_object_without_a_message_has_none():
    """It is not there twice."""
    assert line(parse(b'{"a": 1}'), {}) == b'{"a":1}'


def test_fields_that_have_our_names():
    """They are kept, under another name."""
    record = parse(b'{"time": 1, "level": "loud", "severity": "info", "host": "x", "msg": "m"}')
    made = json.loads(line(record, GIVEN))
    assert made["field_time"] == 1
    assert made["field_host"] == "x"
    assert made["field_level"] == "loud"
    assert (made["time"], made["host"], made["level"]) == (GIVEN["time"], "h", "info")


def test_fields_that_have_our_names_twice():
    """None takes the place of another, also where what would be its name is there already."""
    lines = (
        b'{"msg": "m", "field_host": "mine", "host": "theirs"}',
        b'{"msg": "m", "host": "theirs", "field_host": "mine"}',
    )
    for text in lines:
        made = json.loads(line(parse(text), GIVEN))
        assert (made["host"], made["field_host"]) == ("h", "mine")
        assert made["field_field_host"] == "theirs"
    added = dict([addition(b"field_host=ours")])
    made = json.loads(line(parse(lines[0]), GIVEN, added))
    assert (made["field_host"], made["field_field_host"]) == ("ours", "theirs")


def test_added_fields():
    """What the command line adds, no line can replace."""
    record = parse(b'{"env": "mine", "msg": "m", "a": 1}')
    added = dict([addition(b"env=prod"), addition(b"dc=a=b")])
    assert json.loads(line(record, {}, added)) == {
        "message": "m",
        "env": "prod",
        "a": 1,
        "dc": "a=b",
    }


@pytest.mark.parametrize("word", [b"", b"a", b"=b", b"="])
def test_what_adds_no_field(word):
    """A field has a name and a value."""
    assert addition(word) is None


def test_an_added_field_may_be_empty():
    """And its bytes need be no UTF-8."""
    assert addition(b"a=") == ("a", "")
    assert addition(b"a=\xff") == ("a", "\ufffd")


def test_numbers_that_json_has_not():
    """JSON allows numbers that are infinite when they are read; they are written as text."""
    record = parse(b'{"msg": "x", "a": [1e999, {"b": -1e999, "c": 1.5}]}')
    assert json.loads(line(record, {})) == {"message": "x", "a": ["inf", {"b": "-inf", "c": 1.5}]}


@patient
@given(fields=OBJECT)
@example({"field_host": 1, "host": 2})
@example({"host": 1, "field_host": 2, "field_field_host": 3})
def test_json_round_trip(fields):
    """What the fields are is the same on the other side, and one line."""
    data = line(Record(3, b"m", fields, b""), GIVEN)
    assert b"\n" not in data
    made = json.loads(data.decode())
    first = {**GIVEN, "level": "err", "message": "m"}
    assert {name: made.pop(name) for name in first} == first
    for name, value in fields.items():
        kept = name
        while kept in first or (kept != name and kept in fields):
            kept = f"field_{kept}"
        assert made.pop(kept) == value
    assert not made


@patient
@given(value=JSON)
def test_dumps(value):
    """JSON in one line."""
    assert json.loads(dumps(value)) == value


@patient
@given(data=st.binary())
def test_bytes_of_all_kinds(data):
    """A structured line of any bytes can be written everywhere."""
    record = parse(b'{"msg":"' + data + b'","a\xff":{"' + data + b'":1}}')
    if record:
        read_element(element(record.fields))
        journal(record.fields)
        json.loads(line(record, GIVEN))
