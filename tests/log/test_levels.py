"""The levels of lines without a head: what is asked for, and what arrives."""

import pytest


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
