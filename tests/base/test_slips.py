"""What a person may have meant: words that differ by a slip."""

import pytest

from pydaemontools.base.slips import differs_once, near


@pytest.mark.parametrize(
    ("one", "other", "once"),
    [
        (b"start", b"start", True),
        (b"strat", b"start", True),
        (b"star", b"start", True),
        (b"starts", b"start", True),
        (b"stark", b"start", True),
        (b"trast", b"start", False),
        (b"stra", b"start", False),
        (b"", b"a", True),
        (b"", b"ab", False),
    ],
)
def test_a_slip(one, other, once):
    """One byte more, less, another, or two next to each other exchanged."""
    assert differs_once(one, other) is once
    assert differs_once(other, one) is once


def test_short_words_are_others():
    """Of a short word everything is a slip."""
    assert near(b"lt", [b"ls", b"up"]) == b""
    assert near(b"stat", [b"stop", b"start"]) == b"start"
