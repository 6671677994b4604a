"""Text as a terminal shows it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.log.lines.levels import CLEAN
from pydaemontools.log.lines.shown import (
    BOM,
    coloured,
    kept,
    last_shown,
    only_colours,
    shown,
)
from pydaemontools.log.lines.shown import ESCAPES as ESCAPE

ESCAPES = {
    "a colour": b"\x1b[1;31m",
    "one with colons": b"\x1b[38:2::1:2:3m",
    "erase": b"\x1b[2K",
    "a private mode": b"\x1b[?25l",
    "a title": b"\x1b]0;a title\x07",
    "a link": b"\x1b]8;id=1;http://x/\x1b\\",
    "a string": b"\x1bPq#0\x1b\\",
    "a character set": b"\x1b(B",
    "a reset": b"\x1bc",
    "what some terminals want": b"\x1b[m\x0f",
    "a keypad": b"\x1b=",
}


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
def test_escape_sequences_are_not_seen(escape):
    """Of any kind, anywhere in a line."""
    assert shown(escape + b"error: " + escape + b"x" + escape) == b"error: x"
    assert kept(escape + b"x\x07" + escape) == escape + b"x?" + escape
    assert (
        only_colours(escape + b"x")
        == (escape if escape.rstrip(b"\x0f")[-1:] == b"m" else b"") + b"x"
    )


@pytest.mark.parametrize(
    "text", [b"\x1b[31", b"\x1b]0;x", b"\x1b", b"\x1b\n[m", b"\x1b]0;a\nb\x07"]
)
def test_what_has_no_end_stays(text):
    """It is no escape sequence, and none goes on in the next line."""
    assert shown(text) == text
    assert kept(text.partition(b"\n")[0]) == text.partition(b"\n")[0].replace(b"\x1b", b"?")


def test_the_ends_of_lines():
    """A BOM is one at the head of a line, a carriage return one before its end."""
    assert shown(BOM + b"a\r\n\x1b[m" + BOM + b"b\r\r\nc" + BOM + b"\rd\r") == (
        b"a\nb\nc" + BOM + b"\rd"
    )


PIECE = st.sampled_from(
    [
        b"",
        b"a",
        b"bcd",
        "éé".encode(),
        b"\xff",
        b" ",
        b"\x1b[31m",
        b"\x1b[K",
        b"\x1b[2K",
        b"\r",
        b"\n",
    ]
)


def terminal(line):
    """What a terminal that is wide enough shows of LINE at the end, its cells one by one."""
    cells, at = [], 0
    while line:
        for escape in (b"\x1b[31m", b"\x1b[K", b"\x1b[2K", b"\r"):
            if line.startswith(escape):
                line = line[len(escape) :]
                break
        else:
            text = line.decode("utf-8", "surrogateescape")[0]
            line = line[len(text.encode("utf-8", "surrogateescape")) :]
            cells += " " * (at - len(cells))
            cells[at : at + 1] = text
            at += 1
            continue
        if escape == b"\r":
            at = 0
        elif escape == b"\x1b[K":
            del cells[at:]
        elif escape == b"\x1b[2K":
            cells.clear()
    return "".join(cells).encode("utf-8", "surrogateescape")


@given(pieces=st.lists(PIECE, max_size=20))
def test_what_is_seen_at_the_end(pieces):
    """It is what a terminal has in its cells, but for the blanks before what follows an erasure."""
    text = b"".join(pieces)
    lines = last_shown(text).split(b"\n")
    assert len(lines) == text.count(b"\n") + 1
    for line, raw in zip(lines, text.split(b"\n"), strict=True):
        if b"\r" in shown(raw):
            expected = terminal(raw.rstrip(b"\r")) or shown(raw)
            assert line.replace(b" ", b"") == expected.replace(b" ", b"")
        else:
            assert line == shown(raw)


def without_escapes(text):
    """TEXT without what is kept within it."""
    return re.sub(ESCAPE, b"", text).rstrip(b"\r")


@given(pieces=st.lists(PIECE | st.sampled_from([BOM, b"\x07", b"\x1b", b"\x1b]"]), max_size=20))
def test_what_is_kept(pieces):
    """Nothing that is seen differs, and what ends a line ends it in what is kept too."""
    line = b"".join(pieces).replace(b"\n", b"")
    whole = shown(line).translate(CLEAN)
    assert without_escapes(kept(line)).removeprefix(BOM) == whole
    assert coloured(kept(line), whole, whole) == kept(line)
    for at in range(1, len(whole) + 1):
        assert without_escapes(coloured(kept(line), whole, whole[at:])) == whole[at:]


@pytest.mark.parametrize(
    "piece",
    [b"\r", b"a\r", b"\x1b", b"\x1b[", b"\x1b]", b"\x1bP", b"\x1b ", b"\x1b[K\r", b"\x1b[2K"],
)
def test_no_line_takes_long(piece):
    """A line of a megabyte is looked at in a moment: what is not linear would never end."""
    line = piece * (1_000_000 // len(piece))
    last_shown(line + b"x")
    coloured(kept(line), shown(line), shown(line)[-1:])
    only_colours(line)
