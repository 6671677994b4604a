"""Patterns: a block at a time, as a line at a time would be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.log.lines.batch import Batch, stamped
from pydaemontools.log.lines.selection import Selection, has_long_line
from tests.log.conftest import patient
from tests.log.reference import selected

BYTES = st.text("ab*. \\[-", max_size=6).map(str.encode)
RULES = st.lists(st.tuples(st.sampled_from([b"+", b"-"]), BYTES), max_size=9)
LINES = st.lists(st.tuples(BYTES, st.sampled_from([1, 1, 1, 400])).map(lambda p: p[0] * p[1]))


@patient
@given(rules=RULES, lines=LINES)
def test_a_block_is_its_lines(rules, lines):
    """The last pattern that matches decides, line by line, whatever the expression is."""
    batch = Batch([], text=b"".join(line + b"\n" for line in lines))
    wanted = b"".join(line + b"\n" for line in lines if selected(rules, line))
    assert Selection(rules).of(batch).text == wanted


@patient
@given(rules=RULES, lines=LINES, data=st.data())
def test_lines_in_pieces(rules, lines, data):
    """A line that comes in pieces is all there or not at all, as its beginning says."""
    text = b"".join(line + b"\n" for line in lines)
    one, state, got, at = Selection(rules), False, b"", 0
    while at < len(text):
        end = data.draw(st.integers(at + 1, len(text)))
        start = text.rfind(b"\n", 0, end) + 1
        if start < end < start + 1000:
            # What is not so long waits for its end.
            end = text.find(b"\n", end) + 1
        goes_on = at > 0 and text[at - 1 : at] != b"\n"
        if data.draw(st.booleans()):
            # Another process, which was told where the last one stood.
            one = Selection(rules)
            one.goes_on = state
        piece = Batch(
            [], text=text[at:end], continued=goes_on, unfinished=text[end - 1 : end] != b"\n"
        )
        part = one.of(piece)
        assert one.of(piece) is part
        assert part.continued == (goes_on and state)
        got += part.text
        state, at = one.goes_on, end
    assert got == b"".join(line + b"\n" for line in lines if selected(rules, line))


@pytest.mark.parametrize("length", [999, 1000, 1001, 1499, 1500, 5000])
def test_long_lines_are_noticed(length):
    """None of more than a thousand bytes is overlooked, wherever it stands."""
    for before in 0, 1, 499, 500, 501:
        text = b"x" * before + b"\n" + b"y" * length + b"\nz\n"
        assert has_long_line(text) or length <= 1000


def test_many_patterns_with_a_long_beginning_in_common():
    """They are not tried one inside the other."""
    rules = [(b"-", b"x" * 2000 + b"%d" % at) for at in range(50)]
    assert Selection(rules).of(Batch([], text=b"a\nx\n")).text == b"a\nx\n"


def test_rules_that_lie_deep_in_one_another():
    """Thousands that select and deselect in turn are no expression, and hold all the same."""
    rules = [(b"+-"[at % 2 :][:1], b"%d*" % at) for at in range(2000)]
    lines = [b"%d" % at for at in range(0, 3000, 7)] + [b"x"]
    for one in rules, [(b"-", b"*"), *rules]:
        batch = Batch([], text=b"".join(line + b"\n" for line in lines))
        wanted = b"".join(line + b"\n" for line in lines if selected(one, line))
        assert Selection(one).of(batch).text == wanted


@patient
@given(lines=st.lists(BYTES, min_size=1), going_on=st.booleans(), unfinished=st.booleans())
def test_stamps(lines, going_on, unfinished):
    """Each line that begins in a batch has a label, made from lines or from text."""
    label = b"@1 "
    text = b"\n".join(lines) + (b"" if unfinished else b"\n")
    how = {"continued": going_on, "unfinished": unfinished and bool(lines[-1])}
    if unfinished and not lines[-1]:
        return
    wanted = b"\n".join(label + line for line in lines) + (b"" if unfinished else b"\n")
    wanted = wanted.removeprefix(label) if going_on else wanted
    assert b"".join(stamped(Batch([], text=text, **how), label)) == wanted
    assert b"".join(stamped(Batch([6] * len(lines), lines, **how), label)) == wanted
    assert Batch([], text=text, **how).lines == lines
