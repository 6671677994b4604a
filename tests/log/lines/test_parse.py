"""Structured lines: what the libraries of this world write, and what is no such line."""

import io
import json
import logging

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from loguru import logger as loguru_logger
from pythonjsonlogger.json import JsonFormatter

from pydaemontools.log.lines import keys, logfmt
from pydaemontools.log.lines.parse import DEPTH, encoded, parse
from pydaemontools.log.lines.records import possible
from tests.log.conftest import patient

# Lines as they are written, and the level and the message in them.
REAL = {
    "structlog's JSONRenderer": (
        (
            b'{"user": 7, "event": "hello world", "level": "warning", '
            b'"timestamp": "2026-11-21T14:19:44.131Z", "logger": "shop.cart"}'
        ),
        (4, b"hello world"),
    ),
    "structlog's dict_tracebacks": (
        (
            b'{"event": "boo", "level": "error", "exception": [{"exc_type": "ValueError", '
            b'"exc_value": "no", "exc_notes": [], "syntax_error": null, "is_cause": false, '
            b'"frames": []}]}'
        ),
        (3, b"boo"),
    ),
    "pino": (
        b'{"level":30,"time":1531171082399,"pid":657,"hostname":"Davids-MBP","msg":"hello world"}',
        (6, b"hello world"),
    ),
    "pino with an error": (
        (
            b'{"level":50,"time":1531171074631,"msg":"boo","pid":657,"hostname":"h",'
            b'"err":{"type":"TypeError","message":"no","stack":"TypeError: no\\n    at x.js:1:1"}}'
        ),
        (3, b"boo"),
    ),
    "bunyan": (
        (
            b'{"name":"myapp","hostname":"banana.local","pid":40161,"level":60,"msg":"hi",'
            b'"time":"2013-01-04T18:46:23.851Z","v":0}'
        ),
        (2, b"hi"),
    ),
    "zap": (
        (
            b'{"level":"dpanic","ts":1531171074.63,"logger":"http","caller":"zap/x.go:27",'
            b'"msg":"boo","error":"no route","stacktrace":"main.main\\n\\t/x.go:27"}'
        ),
        (2, b"boo"),
    ),
    "zerolog": (
        b'{"level":"trace","time":1531171074,"message":"hello world"}',
        (7, b"hello world"),
    ),
    "slog": (
        b'{"time":"2026-11-21T14:19:44.1Z","level":"WARN","msg":"hello","count":3}',
        (4, b"hello"),
    ),
    "slog between two levels": (b'{"level":"INFO+2","msg":"x"}', (6, b"x")),
    "slog below debug": (b'{"level":"DEBUG-4","msg":"x"}', (7, b"x")),
    "logrus": (b'{"level":"warning","msg":"hi","time":"t"}', (4, b"hi")),
    "logback": (
        (
            b'{"@timestamp":"2026-11-21T14:19:44.1Z","@version":"1","message":"hi",'
            b'"logger_name":"a.B","thread_name":"main","level":"ERROR","level_value":40000,'
            b'"stack_trace":"java.lang.IllegalStateException: no\\n\\tat a.B.c(B.java:1)\\n"}'
        ),
        (3, b"hi"),
    ),
    "ECS": (
        (
            b'{"@timestamp":"2026-11-21T14:19:44.1Z","log.level":"error","message":"hi",'
            b'"ecs.version":"1.2.0","log.logger":"a.B","error.type":"E","error.message":"no"}'
        ),
        (3, b"hi"),
    ),
    "ECS with objects": (
        b'{"log":{"level":"notice","logger":"a"},"message":"hi"}',
        (5, b"hi"),
    ),
    "GCP": (b'{"severity":"NOTICE","message":"hi"}', (5, b"hi")),
    "GCP by number": (b'{"severity":600,"message":"hi"}', (2, b"hi")),
    "OTel": (
        b'{"Timestamp":"1","SeverityText":"ERROR","SeverityNumber":17,"Body":"hi"}',
        (3, b"hi"),
    ),
    "OTel by number": (
        b'{"timeUnixNano":"1","severityNumber":10,"body":{"stringValue":"hi"}}',
        (5, b"hi"),
    ),
    "OTel of Python": (
        (
            b'{"body":"hi","severity_number":21,"severity_text":null,'
            b'"attributes":{"exception.type":"E"}}'
        ),
        (2, b"hi"),
    ),
    "OTel's numbered names": (b'{"severityText":"INFO2","body":"hi"}', (6, b"hi")),
    "tracing, of Rust": (
        b'{"timestamp":"t","level":"INFO","fields":{"message":"hi","n":1},"target":"a::b"}',
        (6, b"hi"),
    ),
    "Serilog": (
        b'{"@t":"2016-06-07T03:44:57Z","@mt":"Hello","@l":"Information","User":"n"}',
        (6, b"Hello"),
    ),
    "monolog": (
        b'{"message":"hi","context":[],"level":300,"level_name":"WARNING","channel":"app"}',
        (4, b"hi"),
    ),
    "GELF": (b'{"version":"1.1","short_message":"hi","level":1}', (1, b"hi")),
    "journalctl": (b'{"PRIORITY":"3","MESSAGE":"hi","_PID":"1"}', (3, b"hi")),
    "PostgreSQL": (b'{"error_severity":"LOG","message":"hi"}', (6, b"hi")),
    "docker": (b'{"log":"hi","stream":"stderr"}', (None, b"hi")),
    "logrus, logfmt": (
        b'time="2026-11-21T14:19:44Z" level=fatal msg="no \\"route\\"" host=h',
        (2, b'no "route"'),
    ),
    "slog, logfmt": (
        b"time=2026-11-21T14:19:44.131Z level=INFO msg=hello user.id=7 empty=",
        (6, b"hello"),
    ),
    "log15": (b't=1 lvl=eror msg="x y"', (3, b"x y")),
    "go-kit": (b"level=warn ts=1 logger=main err=", (4, None)),
}


def view(line):
    """What a line said, in short."""
    record = parse(line)
    message = None if record.message is record.line else record.message
    return record.level, message


@pytest.mark.parametrize(("line", "expected"), REAL.values(), ids=REAL)
def test_what_others_write(line, expected):
    """Level and message are found under each library's names for them."""
    assert view(line) == expected
    lines = [b"before", line, b"", b"after"]
    assert possible(b"\n".join(lines), lines)


def log_with(formatter, *args, **more):
    """The lines that a log call with these arguments writes through FORMATTER."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger = logging.Logger("shop.cart")  # noqa: LOG001 - this one belongs to the test
    logger.addHandler(handler)
    logger.log(*args, **more)
    return stream.getvalue().encode().splitlines()


ASKED = "%(asctime)s %(levelname)s %(name)s %(message)s"
SEVERITIES = {10: 7, 20: 6, 30: 4, 40: 3, 50: 2}


@pytest.mark.parametrize("level", SEVERITIES)
@pytest.mark.parametrize("names", ["levelname", "levelno"])
def test_python_json_logger(level, names):
    """The levels of logging come through python-json-logger, by name and by number."""
    form = JsonFormatter(ASKED.replace("levelname", names))
    [line] = log_with(form, level, "n %d", 7, extra={"user": {"id": 7}})
    record = parse(line)
    assert record.message == b"n 7"
    assert record.level == SEVERITIES[level]
    assert record.fields.pop("asctime")
    assert record.fields == {"name": "shop.cart", "user": {"id": 7}}


def test_python_json_logger_and_an_exception():
    """The traceback is a field."""
    try:
        {}["no"]
    except KeyError:
        [line] = log_with(JsonFormatter(ASKED), logging.ERROR, "boo", exc_info=True)
    assert parse(line).fields["exc_info"].startswith("Traceback")


@pytest.fixture
def loguru():
    """A function that gives the line that loguru's serializer writes in it."""
    lines = []
    loguru_logger.remove()
    number = loguru_logger.add(lines.append, serialize=True, level="TRACE")

    def line():
        [one] = lines
        return one.encode().rstrip(b"\n")

    yield line
    loguru_logger.remove(number)


@pytest.mark.parametrize(
    ("name", "level"),
    {
        "TRACE": 7,
        "DEBUG": 7,
        "INFO": 6,
        "SUCCESS": 5,
        "WARNING": 4,
        "ERROR": 3,
        "CRITICAL": 2,
    }.items(),
)
def test_loguru(loguru, name, level):
    """What loguru serializes has its record inside; its text says the same again."""
    loguru_logger.bind(user=7).log(name, "hello {}", 3)
    record = parse(loguru())
    assert (record.level, record.message) == (level, b"hello 3")
    assert record.fields["name"] == __name__
    assert record.fields["extra"] == {"user": 7}
    assert record.fields["line"] > 0
    assert "text" not in record.fields
    assert record.fields["time"]["timestamp"] > 0


def test_loguru_and_a_level_of_its_own():
    """A level that somebody made is known by its number."""
    line = b'{"text": "", "record": {"level": {"name": "AUDIT", "no": 42}, "message": "x"}}'
    assert parse(line).level == 3


def test_loguru_and_an_exception(loguru):
    """The traceback is kept, which only the text has."""
    try:
        {}["no"]
    except KeyError:
        loguru_logger.exception("boo")
    record = parse(loguru())
    assert record.message == b"boo"
    assert "Traceback" in record.fields["text"]


def test_structlog():
    """The same for structlog, where it is installed."""
    structlog = pytest.importorskip("structlog")
    chain = [structlog.processors.add_log_level, structlog.processors.dict_tracebacks]
    event = {"event": "boo", "user": 7, "exc_info": ValueError("no")}
    for one in [*chain, structlog.processors.JSONRenderer()]:
        event = one(None, "error", event)
    assert view(event.encode()) == (3, b"boo")


NEITHER = {
    "text": b"hello world",
    "nothing": b"",
    "an array": b'[{"level": "info"}]',
    "cut short": b'{"level": "info", "msg": "hel',
    "two objects": b'{"level": "info"} {"level": "info"}',
    "an object and text": b'{"level": "info"} x',
    "a set of Python": b"{1, 2}",
    "a dict of Python": b"{'level': 'info'}",
    "a brace": b"{",
    "an object later": b'x {"level": "info"}',
    "no key": b"= level=info",
    "a key that begins with a digit": b"1a=2 level=info",
    "logfmt and text": b"level=info hello world",
    "text and logfmt": b"hello level=info",
    "a quote that is not closed": b'level=info msg="hel',
    "a quote in a value": b'level=info msg=a"b"',
    "something behind a quote": b'level=info msg="a"b',
    "logfmt without a level and a message": b"user=7 path=/x",
    "an assignment": b"x = 7",
    "a number that is too long": b'{"level": ' + b"1" * 5000 + b"}",
    "nested deeper than anybody reads": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "nested deeper than is allowed": b'{"a":' * (DEPTH + 1) + b"1" + b"}" * (DEPTH + 1),
    "arrays without end": b'{"a":' + b"[" * 100000,
}


@pytest.mark.parametrize("line", NEITHER.values(), ids=NEITHER)
def test_what_is_neither(line):
    """It is no record, and nothing is raised."""
    assert parse(line) is None


ODD = {
    "NaN": (b'{"msg": "x", "n": NaN, "i": -Infinity}', {"n": "NaN", "i": "-Infinity"}),
    "the last of two": (b'{"msg": "x", "a": 1, "a": 2}', {"a": 2}),
    "a level that is none": (b'{"msg": "x", "level": "loud"}', {"level": "loud"}),
    "a level that is an object": (b'{"msg": "x", "level": {"a": 1}}', {"level": {"a": 1}}),
    "a level that is true": (b'{"msg": "x", "level": true}', {"level": True}),
    "a level beyond all": (b'{"msg": "x", "level": 1e999}', {"level": float("inf")}),
    "a severity beyond all": (b'{"msg": "x", "severity": 5000}', {"severity": 5000}),
    "a level below all": (b'{"msg": "x", "level": -1}', {"level": -1}),
    "a message that is an object": (b'{"msg": "x", "message": {"a": 1}}', {"message": {"a": 1}}),
    "a message that is null": (b'{"msg": "x", "message": null}', {"message": None}),
    "blanks behind": (b'{"msg": "x"} \t\r', {}),
    "a tab in a string": (b'{"msg": "x", "a": "\t"}', {"a": "\t"}),
    "as deep as is allowed": (
        b'{"msg": "x", "a":' + b"[" * (DEPTH - 1) + b"]" * (DEPTH - 1) + b"}",
        None,
    ),
}


@pytest.mark.parametrize(("line", "fields"), ODD.values(), ids=ODD)
def test_odd_objects(line, fields):
    """What makes no sense as a level or a message remains a field."""
    record = parse(line)
    assert (record.level, record.message) == (None, b"x")
    assert fields is None or record.fields == fields


def test_an_object_of_a_megabyte():
    """It is an object like others."""
    line = json.dumps({"level": "info", "msg": "x", **{str(i): i for i in range(80000)}}).encode()
    assert len(line) > 1 << 20
    assert len(parse(line).fields) == 80000


def test_bytes_that_are_no_utf8():
    """They come through a message unharmed; half a character becomes a question mark."""
    assert parse(b'{"msg": "a\xff\xc3\xa9\\ud800\\ud83d\\ude00"}').message == b"a\xff\xc3\xa9?" + (
        "\U0001f600".encode()
    )
    assert parse(b'level=info msg="\xff \\xfe \\ud83d\\ude00"').message == b"\xff \xfe " + (
        "\U0001f600".encode()
    )


@pytest.mark.parametrize(
    ("quoted", "text"),
    {
        rb"\n\t\r\b\f\a\v\\\"\/": '\n\t\r\b\f\a\v\\"/',
        rb"\x1b[0m": "\x1b[0m",
        rb"\u00e9\U0001f600": "\u00e9\U0001f600",
        rb"\U00110000": "\ufffd",
        rb"\u12": "u12",
        rb"\q": "q",
    }.items(),
)
def test_escapes_of_logfmt(quoted, text):
    """The escapes are JSON's and Go's."""
    assert logfmt.parse(b'msg="' + quoted + b'"') == {"msg": text}


SPELLED = {
    '{"Level": "Error", "m": 1}': 3,
    '{"logLevel": "WARN"}': 4,
    '{"LOG_LEVEL": "debug"}': 7,
    '{"Severity": "ERROR"}': 3,
    '{"log.Level": "error"}': 3,
    '{"level_value": 40000}': 3,
    '{"level_value": 30}': 6,
    '{"syslog": {"severity": 3}}': 3,
    '{"priority": "err"}': 3,
    '{"t": {}, "s": "W", "c": "NETWORK", "id": 1, "ctx": "conn1", "msg": "x"}': 4,
    '{"t": {}, "s": "D2", "c": "NETWORK", "id": 1, "ctx": "conn1", "msg": "x"}': 7,
    '{"level": "floor 3"}': None,
    '{"priority": 3}': None,
    '{"s": "E", "msg": "x"}': None,
    '{"Level": 3.5e9}': None,
}


@pytest.mark.parametrize(("line", "level"), SPELLED.items(), ids=SPELLED)
def test_keys_in_other_spellings(line, level):
    """A key in another case is one, and what is a level elsewhere stays a field."""
    record = parse(line.encode())
    assert record.level == level
    kept = "syslog" if "syslog" in line else next(iter(json.loads(line)))
    assert (kept in record.fields) == (level is None or kept == "t")


@pytest.mark.parametrize("name", keys.WORDS)
def test_words(name):
    """A level is known in any case."""
    for word in (name, name.upper(), name.title()):
        assert parse(json.dumps({"level": word}).encode()).level == keys.WORDS[name]


@pytest.mark.parametrize("key", keys.LEVEL)
def test_every_key_of_a_level(key):
    """Each is understood, and taken out."""
    record = parse(json.dumps({key: "error", "a": 1}).encode())
    assert (record.level, record.fields) == (3, {"a": 1})


@pytest.mark.parametrize("key", keys.MESSAGE)
def test_every_key_of_a_message(key):
    """Each is understood, and taken out."""
    record = parse(json.dumps({key: "hello", "a": 1}).encode())
    assert (record.message, record.fields) == (b"hello", {"a": 1})
    assert parse(json.dumps({key: 7}).encode()).message == b"7"


@pytest.mark.parametrize(
    ("key", "numbers"),
    {
        "level": {0: 0, 7: 7, 8: None, 10: 7, 20: 7, 30: 6, 35: 6, 40: 4, 50: 3, 60: 2, 99: 2},
        "levelno": {0: None, 5: 7, 10: 7, 20: 6, 25: 5, 30: 4, 40: 3, 50: 2},
        "severity": {
            3: 3,
            50: None,
            100: 7,
            200: 6,
            300: 5,
            400: 4,
            500: 3,
            600: 2,
            700: 1,
            800: 0,
        },
        "severityNumber": {0: None, 1: 7, 5: 7, 9: 6, 10: 5, 13: 4, 17: 3, 18: 2, 19: 1, 21: 2},
        "PRIORITY": {0: 0, 7: 7},
    }.items(),
)
def test_numbers(key, numbers):
    """Each key has its own scale; a number may be text."""
    for number, level in numbers.items():
        for value in (number, str(number), float(number)):
            assert parse(json.dumps({key: value}).encode()).level == level


FINITE = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from([*keys.LEVEL, *keys.MESSAGE, "time", "host", "field_time", "exception"])
OBJECT = st.dictionaries(st.text(max_size=6) | NAMES, JSON | st.sampled_from(["info", 30]))
TORN = st.binary(max_size=3).flatmap(
    lambda piece: st.tuples(OBJECT, st.integers(0, 200)).map(
        lambda made: _torn(json.dumps(made[0], ensure_ascii=False), made[1], piece)
    )
)


def _torn(text, at, piece):
    line = text.encode("utf-8", "surrogatepass")
    return line[:at] + piece + line[at + len(piece) :]


def look_at(line):
    """Ask a line for all that it has to say."""
    record = parse(line)
    if record:
        assert record.level is None or 0 <= record.level < 8
        assert isinstance(record.message, bytes)
        assert possible(line, [line])


@patient
@given(line=st.binary() | st.binary().map(lambda rest: b"{" + rest) | TORN)
@example(b'{"level": 1e999}')
@example(b'{"level": "\\u0660"}')
def test_nothing_is_raised(line):
    """Whatever a line is, it is a record or none."""
    look_at(line)


@patient
@given(fields=OBJECT)
def test_json_round_trip(fields):
    """What is not level or message is there again as it was."""
    record = parse(json.dumps(fields).encode())
    kept = {key: value for key, value in fields.items() if key in record.fields}
    assert kept.keys() == record.fields.keys()
    assert len(fields) - len(kept) <= 2
    plain = {key for key in fields if key not in keys.LEVELS | keys.MESSAGES}
    assert {key: record.fields[key] for key in plain} == {key: fields[key] for key in plain}


def write_logfmt(pairs):
    """The logfmt of PAIRS, as logrus writes it."""
    return " ".join(f"{key}={quote(value)}" for key, value in pairs.items()).encode()


def quote(value):
    """A value, in quotes where it needs them."""
    if value and not any(c in value for c in ' "=\\') and value.isprintable():
        return value
    return json.dumps(value, ensure_ascii=bool(len(value) % 2))


KEY = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.\-]*", fullmatch=True)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@patient
@given(pairs=st.dictionaries(KEY, TEXT, max_size=6), level=st.sampled_from(["info", "x y"]))
def test_logfmt_round_trip(pairs, level):
    """What was written is read again."""
    pairs |= {"level": level}
    line = write_logfmt(pairs)
    assert logfmt.parse(line) == pairs
    assert logfmt.possible(line)


PIECES = st.sampled_from(
    [
        b"level",
        b"msg",
        b"=",
        b'"',
        b"\\",
        b" ",
        b"a",
        b"\xff",
        b"\\u",
        b"d800",
        b"\\x",
        b"fe",
        b"\t",
    ]
)


@patient
@given(line=st.lists(PIECES, max_size=30).map(b"".join))
def test_logfmt_raises_nothing(line):
    """Whatever looks like logfmt is it, or is not."""
    look_at(b"level=" + line)
    look_at(line)


@patient
@given(text=st.text(st.characters(categories=["L", "Cs"])))
def test_encoded(text):
    """Any text becomes bytes."""
    assert isinstance(encoded(text), bytes)


def test_a_long_line_that_is_nearly_logfmt_takes_no_time():
    """Nothing is tried twice: a megabyte is looked at once."""
    for line in (
        b"level=a " * 131072 + b'"',
        b"level=" + b"=" * (1 << 20) + b'"',
        b"a" * (1 << 20),
    ):
        assert parse(line) is None
    assert parse(b'msg="' + b"\\" * (1 << 20) + b'"') is not None
