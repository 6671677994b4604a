"""Lines that another program passed on, behind the name of the source that it has for them."""

import json

import pytest

from pydaemontools.log.lines.forms import Forms
from pydaemontools.log.lines.levels import CRIT, ERR, INFO, WARNING
from pydaemontools.log.lines.passed_on import source
from pydaemontools.log.lines.records import RecordReader, fold
from pydaemontools.log.lines.severity import SeverityReader
from tests.log.conftest import SEVERITIES

TRACE = [b"Traceback (most recent call last):", b'  File "x", line 1, in f', b"ValueError: no"]
PREFIXES = {
    "compose": b"web-1  | ",
    "compose before 2": b"shop_web_1  | ",
    "docker service logs": b"web.1.y7trhjwm1b5g@box    | ",
    "a Procfile": b"web     | ",
    "foreman": b"12:00:01 web.1   | ",
    "pm2": b"0|app  | ",
    "kubectl": b"[pod/web-5d4f9c7b8-abcde/nginx] ",
    "syslog": b"Nov 29 13:16:38 box app[712]: ",
    "journalctl -o short-iso": b"2026-11-29T13:16:38+0000 box app[712]: ",
    "docker logs -t": b"2026-11-29T13:16:38.123456789Z ",
    "a container's log": b"2026-11-29T13:16:38.123456789Z stderr F ",
}


def told(lines):
    """The severities of LINES as one stream, and the records that they are."""
    reader = RecordReader(SeverityReader(INFO, Forms()))
    levels, records = reader.route(b"\n".join(lines), lines)
    return levels, fold(lines, levels, records)


@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=PREFIXES)
def test_what_stands_behind_is_a_line_like_others(prefix):
    """A head, a format, JSON, logfmt; none; and a record of several lines, which is one."""
    lines = [
        b"<3>a",
        b"E1129 13:16:38.123456     712 server.go:88] b",
        b'{"level":"warn","msg":"c"}',
    ]
    lines += [b"level=error msg=d", b"an error was typed", *TRACE]
    levels, records = told([prefix + line for line in lines])
    assert levels == [ERR, ERR, WARNING, ERR, INFO, ERR, ERR, ERR]
    assert records[2].message == b"c"
    assert [record.line.count(b"\n") for record in records] == [0, 0, 0, 0, 0, 2]
    fields = {"exception.type": "ValueError", "exception.message": "no"}
    assert records[-1].fields == fields


@pytest.mark.parametrize("times", [1, 50])
def test_lines_of_other_sources_end_no_record(times):
    """Two programs at once, of which each has its traceback: no level is the other's."""
    block = [b"web-1  | " + TRACE[0], b"db-1   | info: fine", b"web-1  | " + TRACE[1]]
    block += [b"db-1   | info: fine", b"web-1  | " + TRACE[2], b"web-1  | info: fine"]
    levels = told(block * times)[0]
    assert levels == [ERR, INFO, ERR, INFO, ERR, INFO] * times


NONE = {
    "a level is no name": b"ERROR  | error: x",
    "nor is a table": b"a | error: x",
    "nor text": b"the web-1  | error: x",
    "nor a time alone": b"12:00:01 | error x",
    "too deep": b"a  | b  | c  | error: x",
    "a word in the text of a Procfile's": b"12:00:01 web.1   | user ERROR typed",
}


@pytest.mark.parametrize("line", NONE.values(), ids=NONE)
def test_what_names_no_source(line):
    """What only looks like one leaves the line without a level, at first and again."""
    lines = [b"web-1  | error: x", line] * 20
    assert told(lines)[0] == [ERR, INFO] * 20


@pytest.mark.parametrize("piece", [b"a  | ", b"a", b"a ", b"0|a ", b"[pod/", b"12:00:01 a ", b" "])
def test_no_line_takes_long(piece):
    """Names upon names, and names without an end, are looked at in a moment."""
    forms = Forms()
    for line in (piece * 300_000, b"web-1  | " + piece * 300_000, piece * 300_000 + b"| x"):
        source(line)
        forms.message(line)
        forms.name(line)
        SeverityReader(INFO, forms).route([line] * 2)


def test_more_sources_than_are_remembered():
    """Names that never end are forgotten, and no level is lost."""
    lines = [b"job-%d  | error: x" % i for i in range(2000)]
    assert told(lines)[0] == [ERR] * 2000


def test_what_is_sent(route, server):
    """Levels, and with -s the messages; what has no level keeps the name of its source."""
    text = b"web-1  | error: a\nweb-1  | fine\n\x1b[36mdb-1   | \x1b[0m<2>b\n"
    route(text, "-s")
    assert server.rest() == [(ERR, b"a"), (INFO, b"web-1  | fine"), (CRIT, b"b")]


def test_what_a_log_directory_gets(run, place):
    """The action L takes the record as one, and J has what JSON says."""
    lines = [b"web-1  | " + line for line in (*TRACE, b'{"level":"error","msg":"x","user":7}')]
    text = b"\n".join([*lines, b"web-1  | level=info", b""])
    run("pymultilog", "Lerr", f"{place}/l", input=text)
    assert (place / "l/current").read_bytes() == b"\n".join([*lines, b""])
    run("pymultilog", "J", f"{place}/j", input=text)
    made = [json.loads(line) for line in (place / "j/current").read_bytes().splitlines()]
    assert [SEVERITIES.index(one["level"]) for one in made] == [ERR, ERR, INFO]
    assert (made[1]["message"], made[1]["user"]) == ("x", 7)
