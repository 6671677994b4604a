"""How the input of a pump ends: histories of blocks, replayed without a pump or a clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.log.pipe.ending import GRACE, INFINITY, Ending
from tests.log.conftest import patient


def test_nobody_is_late_before_an_end_was_asked_for():
    """Sinks may be away for as long as they like while the daemon goes on."""
    assert Ending().rest(1e9) == INFINITY


def test_the_grace_counts_from_the_first_look():
    """However often it is looked at, and asked for again, the grace gets no longer."""
    ending = Ending()
    ending.signals.append(15)
    assert ending.rest(100.0) == GRACE
    ending.signals.append(15)
    assert ending.rest(101.0) == GRACE - 1
    assert ending.rest(100.0 + GRACE) == 0


def test_who_is_patient_is_never_late():
    """The original does not end before everything is where it belongs."""
    ending = Ending(patient=True)
    ending.signals.append(15)
    assert ending.rest(1e9) == INFINITY


@patient
@given(
    before=st.binary(max_size=40),
    later=st.lists(st.binary(max_size=9)),
    largest=st.integers(1, 16),
    takes=st.lists(st.integers(1, 16)),
)
def test_what_was_there_is_the_last(before, later, largest, takes):
    """Whatever is consumed of a block, and comes in meanwhile: what was there, and no more."""
    ending, there, offset, got = Ending(), before, 0, b""
    for take in [*takes, *[largest] * len(before)]:
        block = ending.cut(there[:largest], offset, len(there), inside=False)
        some = block if ending.last else block[:take]
        got, offset = got + some, offset + len(some)
        there, later = there[len(some) :] + b"".join(later[:1]), later[1:]
        if ending.last:
            break
    else:
        block = ending.cut(there[:largest], offset, len(there), inside=False)
        assert (block, ending.last) == (b"", True)
    assert got == before


# What is looked at one after the other, whether it begins within a line, and what comes of it.
HISTORIES = {
    "between lines": [(b"", False, b"", True)],
    "after a whole line": [(b"line\n", False, b"line\n", True)],
    "within a line": [(b"li", False, b"li", False), (b"line\nnext\n", False, b"line\n", True)],
    "within a line that is passed on in pieces": [
        (b"", True, b"", False),
        (b"more", True, b"more", False),
        (b"", True, b"", False),
        (b"end\nnext\n", True, b"end\n", True),
    ],
    "behind whole lines": [
        (b"line\nli", False, b"line\nli", False),
        (b"line\n", False, b"line\n", True),
    ],
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_to_the_end_of_a_line(history):
    """The line that had begun when an end was asked for is the last, and there need be none."""
    ending = Ending(to_line_end=True)
    for block, inside, kept, last in history:
        assert not ending.last
        assert ending.cut(block, 0, len(block), inside=inside) == kept
        assert ending.last is last
