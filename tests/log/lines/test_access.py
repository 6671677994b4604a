"""Access logs, what docker wraps, and syslog's own messages: levels that stand in no word."""

import pytest

from pydaemontools.log.lines import access
from pydaemontools.log.lines.forms import Forms, severity_reader
from pydaemontools.log.lines.levels import ALERT, DEBUG, ERR, INFO, NOTICE, WARNING, head, strip
from pydaemontools.log.lines.records import RecordReader

HOST = b'127.0.0.1 - - [29/Nov/2026:13:36:12 +0000] "'
FAILED = HOST + b'GET / HTTP/1.1" 500 12'


@pytest.mark.parametrize(
    "line",
    [
        HOST + b'GET / HTTP/1.1" 200 500',
        HOST + b'GET /\\" 500 x HTTP/1.1" 200 12',
        HOST + b'GET / HTTP/1.1" 5000 12',
        HOST + b'GET / HTTP/1.1" 499x 12',
        b'GET /error HTTP/1.1" 500',
        b'he said "no" 500 times',
        b'[x] he said - "no" 500 times',
        b'12 - "no" 500 times',
        b'"GET / HTTP/1.1" 500 12',
        b'" 500 " 500 " 500 ',
    ],
)
def test_what_is_no_failed_request(line):
    """The status counts alone, and it has to be one."""
    assert access.level(line) is None


@pytest.mark.parametrize(
    "line",
    [
        FAILED,
        HOST + b'-" 508 0 "-" "-"',
        HOST + b'" 500 0',
        b"::1, ::2 - John Doe " + FAILED.partition(b"- - ")[2],
        b"Nov 29 13:16:38 box nginx: " + FAILED,
        b'[29/Nov/2026:13:16:38 +0000] ::1 TLSv1.3 TLS_AES_256_GCM_SHA384 "GET / HTTP/1.1" 500',
        b'::1 [29/Nov/2026:13:16:38 +0000] 0.003 "GET / HTTP/2.0" 503 0',
        b'INFO:     127.0.0.1:4711 - "GET /?a="b HTTP/1.1" 500 Internal Server Error',
    ],
)
def test_failed_requests(line):
    """Of several forms, also without a request, and with words of one's own."""
    assert access.level(line) == ERR


def test_other_lines_have_their_levels():
    """Also what goes on with a request, and what comes behind one."""
    reader = severity_reader(INFO, Forms([], (), True))
    lines = [b"debug: x", FAILED, b" more", b"plain", FAILED, b"warning: y", b" z"]
    assert reader.route(lines) == [DEBUG, ERR, ERR, INFO, ERR, WARNING, WARNING]
    assert reader.route([b" z", FAILED]) == [WARNING, ERR]
    assert reader.route([b" z"]) == [ERR]


@pytest.mark.parametrize("piece", [b'"', b'" 5', b"a ", b"[a] ", b"[", b"\\", b'\\"', b" ", b'] "'])
@pytest.mark.parametrize("begin", [b"", HOST, b'1 - "GET '])
def test_no_line_takes_long(begin, piece):
    """A line of a megabyte is looked at in a moment: what is not linear would never end."""
    line = begin + piece * (1_000_000 // len(piece))
    for end in (b"", b'" 500 ', b'x"x'):
        access.level(line + end)
        strip(b"<27>1 - - - - - " + line + end)
        strip(b"<27>Nov 29 13:16:38 " + line + end)


def docker(text, **more):
    """A line of docker's that holds TEXT."""
    fields = "".join(f',"{key}":{value}' for key, value in more.items())
    return f'{{"log":"{text}","stream":"stderr"{fields},"time":"2026-11-29T13:16:38Z"}}'.encode()


def route(*lines, forms=True):
    """The levels and the records of LINES."""
    reader = RecordReader(severity_reader(INFO, Forms() if forms else None))
    return reader.route(b"\n".join(lines), list(lines))


def test_what_docker_holds_is_opened():
    """Its head, its format, its own JSON; and a traceback goes on from line to line."""
    lines = [
        docker(r"error: a\n"),
        docker(r"  b\n"),
        docker(r"2026/11/29 13:16:38 [crit] 7#7: c\r\n", attrs='{"a":"b"}'),
        docker(r"{\"level\":\"debug\",\"msg\":\"d\",\"time\":\"then\"}\n"),
        docker(r"plain\n"),
        docker(r"\n"),
        docker(r"\u001b[31merror\u001b[0m: e\n"),
        docker(r"Traceback (most recent call last):\n"),
        docker(r"  File\n"),
        docker(r"ValueError: f\n"),
        b"warning: g",
    ]
    levels, records = route(*lines)
    assert levels == [3, 3, 2, 7, 6, 6, 3, 3, 3, 3, 4]
    assert [one.message for one in records[:7]] == [
        *(
            b"error: a",
            b"  b",
            b"2026/11/29 13:16:38 [crit] 7#7: c",
            b"d",
            b"plain",
            b"",
            b"error: e",
        )
    ]
    times = {"stream": "stderr", "time": "2026-11-29T13:16:38Z"}
    assert records[0].fields == times
    assert records[2].fields == times | {"attrs": {"a": "b"}}
    assert records[3].fields == {"stream": "stderr", "time": "then"}
    assert [one.level for one in records[:4]] == [3, 3, 2, 7]
    # Without formats a head counts all the same.
    assert route(lines[0], lines[2], forms=False)[0] == [3, 6]


def test_what_others_hold():
    """Fluentd has other fields beside it; a level or a message of its own is worth more."""
    lines = [
        b'{"log":"error: a\\n"}',
        b'{"container_name":"/web","source":"stderr","log":"error: a"}',
        b'{"log":"error: a","level":"debug"}',
        b'{"log":"error: a","Level":"debug"}',
        b'{"log":"error: a","msg":"b"}',
        b'{"log":3,"stream":1,"time":2}',
        b'{"log":{"level":"alert"}}',
    ]
    levels, records = route(*lines)
    assert levels == [ERR, ERR, DEBUG, DEBUG, INFO, INFO, ALERT]
    assert [one.message for one in records[:5]] == [b"error: a"] * 4 + [b"b"]
    assert records[1].fields == {"container_name": "/web", "source": "stderr"}
    nested = docker(docker(r"error: x\n").decode().replace("\\", "\\\\").replace('"', '\\"'))
    assert route(nested)[0] == [ERR]


@pytest.mark.parametrize(
    ("line", "level", "text"),
    [
        (b"<27>Nov 29 13:16:38 box app[7]: x", ERR, b"x"),
        (b"<13>Nov  9 13:16:38 root: x", NOTICE, b"x"),
        (b'<191>1 2026-11-29T13:16:38.003Z box app - ID [a@1 b="\\]"][c] x', DEBUG, b"x"),
        (b"<12>1 - - - - - -", WARNING, b""),
        (b"<12>1 - - - - - - \xef\xbb\xbfx", WARNING, b"x"),
        (b"<30>[    1.234567] x", INFO, b"x"),
        (b"<30>2026-11-29T13:16:38+01:00 box app: x", INFO, b"x"),
        (b"<3>1 2026-11-29T13:16:38Z - - - - - x", ERR, b"x"),
        (b"<27>Nov is dark", ERR, b"Nov is dark"),
    ],
)
def test_priorities_of_syslog(line, level, text):
    """Of one, two or three digits, in the two RFCs' forms and the kernel's."""
    assert head(line)[0] == level
    assert strip(line) == text
    assert severity_reader(INFO, Forms()).route([line, line]) == [level] * 2


@pytest.mark.parametrize(
    "line",
    [
        *(b"<192>Nov 29 13:16:38 x: y", b"<027>Nov 29 13:16:38 x: y", b"<1234>Nov 29"),
        *(b"<13>text", b"<12>[x]", b"<27>1 x", b"<27>2 things", b"<27 >Nov 29", b"<1a>Nov 29"),
        *(b"<27>", b"<99", b"<>", b"<-7>Nov 29"),
    ],
)
def test_what_is_no_priority(line):
    """Numbers that syslog has not, and what does not go on as its messages do."""
    assert head(line) == (None, 0)
    assert severity_reader(INFO, Forms()).route([line]) == [INFO]
