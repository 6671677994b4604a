"""The levels of lines without a head: what is asked for, and what arrives."""

import json
import os
import pty

import pytest

from tests.log.conftest import SEVERITIES


def test_what_a_terminal_shows_has_the_level(route, server):
    """Colours, a BOM and what was overwritten hide no level."""
    route(b"\x1b[31merror\x1b[0m: a\r\n\xef\xbb\xbferror: b\n10%\r20%\rerror: c\r\n")
    assert server.rest() == [(3, b"error: a"), (3, b"error: b"), (3, b"10%?20%?error: c")]


def test_nothing_to_show(route, server):
    """A line of nothing but colours, or of a carriage return, is empty and dropped."""
    route(b"error: a\n\x1b[0m\n\r\n b\n")
    assert server.rest() == [(3, b"error: a"), (3, b" b")]


LEVELS = {
    "auto": ([], [3, 3, 6, 6]),
    "head": (["--levels", "head"], [3, 6, 6, 6]),
    "formats": (["--levels", "klog,nginx"], [3, 3, 6, 6]),
    "another": (["--levels", "klog"], [3, 6, 6, 6]),
    "requests": (["--levels", "access"], [3, 6, 6, 6]),
    "all and requests": (["--levels", "auto,access"], [3, 3, 6, 6]),
    "a pattern": (["--level-pattern", r"\w+ says (?P<level>\w+) (?P<message>.*)"], [3, 3, 6, 4]),
    "a pattern alone": (
        ["--levels", "head", "--level-pattern", "it says (?P<level>W)"],
        [3, 6, 6, 4],
    ),
}


@pytest.mark.parametrize(("options", "expected"), LEVELS.values(), ids=LEVELS)
def test_levels(options, expected, route, server):
    """What has a level is what --levels and --level-pattern say, the head always."""
    lines = [
        *(
            b"error: a",
            b"2026/11/29 13:16:38 [error] 7#7: b",
            b"user ERROR typed",
            b"it says W to d",
        )
    ]
    route(b"\n".join(lines) + b"\n", *options)
    assert [level for level, _ in server.rest()] == expected


def test_requests_that_failed(route, server):
    """Who asks has their levels, and with them those of all formats, or of some."""
    head = b'127.0.0.1 - - [29/Nov/2026:13:36:12 +0000] "GET / HTTP/1.1" '
    lines = [head + status + b" 1" for status in (b"500", b"404", b"200")]
    lines += [b"2026/11/29 13:16:38 [crit] 7#7: b"]
    lines += [b'INFO:     127.0.0.1:7 - "GET / HTTP/1.1" 503 Service Unavailable']
    route(b"\n".join(lines) + b"\n", "--levels", "access,nginx")
    assert [level for level, _ in server.rest()] == [3, 4, 6, 2, 3]


def test_strip_leaves_the_message(route, server):
    """-s takes off all that stands before the message, also where a pattern says what that is."""
    route(
        b"2026/11/29 13:16:38 [error] 7#7: *8 b\nit says W to d\n",
        *("-s", "--level-pattern", "it says (?P<level>W)(?: to (?P<message>.*))?"),
    )
    assert server.rest() == [(3, b"b"), (4, b"d")]


WRONG = {
    "no format": ("--levels", "ngnix", b"not ngnix"),
    "nothing": ("--levels", "", b"not \n"),
    "one of them is none": ("--levels", "auto,acess", b"not acess"),
    "no pattern": ("--level-pattern", "(", b"missing )"),
    "a pattern without a level": ("--level-pattern", "x", b"(?P<level>...)"),
    "another group": ("--level-pattern", "(?P<level>x)(?P<host>y)", b"(?P<level>...)"),
}


@pytest.mark.parametrize(("option", "value", "why"), WRONG.values(), ids=WRONG)
def test_wrong_levels(option, value, why, run):
    """A format that there is not, and a pattern that is none or names no level, are wrong usage."""
    result = run("pysissylog", option, value, input=b"")
    assert result.returncode == 100
    assert why in result.stderr


COLOURED = (
    b"\x1b[1;31merror:\x1b[0m disk \x1b]8;;http://x/\x1b\\gone\x1b]8;;\x1b\\\r\n"
    b"\xef\xbb\xbfinfo: \x1b(Bplain\x1b[m\x0f\n"
    b'{"level":"warning","msg":"\x5cu001b[33mslow\x5cu001b[0m"}\n'
    b"\x1b[31mTraceback (most recent call last):\x1b[0m\n"
    b'\x1b[31m  File "x"\x1b[0m\n'
    b"\x1b[31mValueError\x1b[0m: no\n"
    b"bad \x1b \x07\n"
)
PLAIN = [
    (3, b"error: disk gone"),
    (6, b"info: plain"),
    (4, b"slow"),
    (3, b'Traceback (most recent call last):\n  File "x"\nValueError: no\nbad ? ?'),
]


def objects(result):
    """The levels and messages of the objects that were printed."""
    found = [json.loads(line) for line in result.stdout.splitlines()]
    return [(SEVERITIES.index(one["level"]), one["message"].encode()) for one in found]


def test_colours_are_left_out(run, server, to):
    """Escape sequences of any kind, a BOM and a final CR; also of what JSON calls its message."""
    argv = ("--to", "json:-", "--to", "stderr:", *to)
    result = run("pysissylog", *argv, input=COLOURED)
    assert objects(result) == PLAIN
    text = result.stderr
    assert b"\r" not in text
    assert b"\x1b" not in text
    assert text.startswith(b"error: disk gone\ninfo: plain\n")
    sent = [text for _, text in server.rest()]
    assert sent[:2] == [b"error: disk gone", b"info: plain"]
    assert sent[3:] == PLAIN[3][1].split(b"\n")


def test_colours_are_kept_where_a_place_can_take_them(run, server, to, place):
    """Files and JSON get what came, but for other control characters; syslog's messages do not."""
    argv = ("--keep-colour", "--to", "json:-", "--to", f"dir:{place}/log", "--to", "stderr:", *to)
    result = run("pysissylog", *argv, input=COLOURED)
    lines = COLOURED.replace(b"bad \x1b \x07", b"bad ? ?").splitlines(keepends=True)
    assert result.stderr == b"".join(lines)
    written = (place / "log/current").read_bytes().splitlines(keepends=True)
    assert [line.partition(b" ")[2] for line in written] == lines
    found = objects(result)
    assert [level for level, _ in found] == [3, 6, 4, 3]
    assert found[0][1] == lines[0][:-1]
    assert found[2][1] == b"\x1b[33mslow\x1b[0m"
    assert found[3][1] == b"".join(lines[3:7])[:-1]
    assert server.rest()[0] == PLAIN[0]


def test_colours_without_heads(run):
    """-s takes the level off, and leaves the colours that go on behind it."""
    text = b"\x1b[31merror: \x1b[1mdisk\x1b[0m\n\x1b[31m[warn]\x1b[0m: x\ninfo: plain\n"
    result = run("pysissylog", "-s", "--keep-colour", "--to", "json:-", input=text)
    assert objects(result) == [
        (3, b"\x1b[31m\x1b[1mdisk\x1b[0m"),
        (4, b"\x1b[31m\x1b[0mx"),
        (6, b"plain"),
    ]
    result = run("pysissylog", "-s", "--keep-colour", "--to", "stderr:", input=text)
    assert result.stderr == b"\x1b[31m\x1b[1mdisk\x1b[0m\n\x1b[31m\x1b[0mx\nplain\n"


def test_no_colour_hides_a_secret(run):
    """What is masked is masked, whatever stands within it, and then has no colours."""
    text = b"\x1b[1merror:\x1b[0m pass\x1b[1mword=secret\x1b[0m\nerror: \x1b[1mx\x1b[0m\n"
    argv = ("--keep-colour", "--redact", ":password", "--to", "stderr:")
    result = run("pysissylog", *argv, input=text)
    assert b"secret" not in result.stderr
    assert result.stderr.endswith(b"\nerror: \x1b[1mx\x1b[0m\n")


def test_a_terminal_gets_nothing_but_colours(run):
    """What moves, erases or gives titles would hide lines that are there."""
    ours, theirs = pty.openpty()
    try:
        text = b"\x1b[31mred\x1b[0m \x1b[2J\x1b]0;title\x07\x1bc\x1b[38:2::1:2:3mx\n"
        argv = ("--keep-colour", "--to", "stderr:")
        run("pysissylog", *argv, input=text, capture_output=False, stderr=theirs)
        shown = os.read(ours, 65536)
    finally:
        os.close(ours)
        os.close(theirs)
    assert shown == b"\x1b[31mred\x1b[0m \x1b[38:2::1:2:3mx\r\n"


@pytest.mark.parametrize(
    ("text", "level", "message"),
    [
        (b"  0%|  | 0/9\r 50%|# | 5/9\rerror: x, gone\r\n", 3, b"x, gone"),
        (b"\rwarning: x\n", 4, b"x"),
        (b"error: x\rdebug: y\n", 7, b"y"),
        (b"nothing\r\x1b[Kerror: x\n", 3, b"x"),
        (b"error: x\x1b[2K\rdone\n", 6, b"done"),
        (b"error: x\x1b[2K\r\n", 3, b"x"),
        ("100%|██| é\rwarning: é\n".encode(), 4, "é".encode()),
        (b"x: much more\rerror\n", 6, b"errorch more"),
        (b'...\r{"level":"crit","msg":"y"}\n', 2, b"y"),
    ],
)
def test_what_a_terminal_shows_at_the_end_counts(text, level, message, run):
    """Of what was written over or erased nothing decides, and -s leaves what is seen."""
    result = run("pysissylog", "-s", "--to", "json:-", input=text)
    assert objects(result) == [(level, message)]
