"""pytai64nlocal: labels become local time, by the original's rules, and fast."""

import os
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.base.tai64 import EPOCH, stamp
from pydaemontools.log import localtimes
from pydaemontools.log.localtimes import LocalTimes, exact
from pydaemontools.log.tai64nlocal import HEX, Local
from tests.conftest import DEADLINE
from tests.log.conftest import patient, sleeping
from tests.log.reference import localized
from tests.log.test_tai64n import read_until

LABEL = b"@400000003b4a39c23294b13c"
TIME = b"2001-07-09 23:09:44.848605500"
ZONES = ["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Europe/Amsterdam"]
# Whatever a stream may be made of: labels whole and in parts, and what stands around them.
PIECES = st.one_of(
    st.sampled_from([b"\n", b"@", b"@4000000", b"0", b"f", b"F", b" ", b"\0", b"text", LABEL]),
    st.integers(0, 2**33).map(lambda second: stamp(second * 10**9)),
    st.integers(-(2**57), 2**57).map(lambda second: b"@%016x%08x" % (EPOCH + second, 7)),
    st.binary(max_size=3),
)
STREAMS = st.lists(PIECES, max_size=40).map(b"".join)


def slow(text):
    """What comes out for TEXT, made line by line."""
    return b"\n".join(map(localized, text.split(b"\n")))


def local(text, *, ends=()):
    """What Local makes of TEXT in blocks that end at ENDS."""
    made = Local()
    ends = [0, *sorted(ends), len(text)]
    return b"".join(made.change(text[a:b]) for a, b in pairwise(ends) if b > a)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", b""),
        (b"no label\n", b"no label\n"),
        (LABEL + b" text\n", TIME + b" text\n"),
        (LABEL + b"\n", TIME + b"\n"),
        (LABEL, TIME),
        (LABEL + b" text", TIME + b" text"),
        (LABEL + b"\0\xff\n\n\n", TIME + b"\0\xff\n\n\n"),
        (b"not " + LABEL + b"\n", b"not " + LABEL + b"\n"),
        (LABEL + b" " + LABEL + b"\n", TIME + b" " + LABEL + b"\n"),
        (LABEL + b"G\n" + LABEL.upper() + b"\n", TIME + b"G\n" + LABEL.upper() + b"\n"),
        (b"@\n@home\n@@\n", b"@\n@home\n@@\n"),
        (b"@fff" + LABEL[1:] + b" x\n", TIME + b" x\n"),
        (b"@" + b"9" * 100_000 + LABEL[1:] + b" x\n", TIME + b" x\n"),
    ],
    ids=lambda text: repr(text[:40]),
)
def test_lines(run, text, expected):
    """Only what stands at the head of a line, and is a time, is changed."""
    result = run("pytai64nlocal", input=text, env={"TZ": "UTC"})
    assert (result.returncode, result.stdout, result.stderr) == (0, expected, b"")


@patient
@given(STREAMS, st.lists(st.integers(0, 300)))
def test_blocks_may_end_anywhere(text, ends):
    """Also within a label; nothing is different for it."""
    ends = [end for end in ends if end < len(text)]
    last = text.rpartition(b"\n")[2]
    # A label that may go on is held back, and rest() gives it.
    held = b"" if last[:1] != b"@" or last[1:].strip(HEX) else last
    assert local(text, ends=ends) == slow(text[: len(text) - len(held)])


@pytest.mark.parametrize("end", [5, 30, 70, 71])
def test_digits_that_are_no_time(end):
    """They are printed as they are, also if a block ends in them."""
    text = b"@" + b"1" * 30 + b"d" * 40
    assert local(text + b"\n", ends=[end]) == text + b"\n"
    made = Local()
    assert made.change(text) + made.rest() == text


@patient
@given(st.lists(st.tuples(st.integers(0, 2**32 - 11), st.binary(max_size=5)), max_size=20))
def test_many_labels_at_once(lines):
    """The way of whole blocks gives what that of single lines gives."""
    text = b"".join(
        stamp(second * 10**9 + 10**9 - 1) + b"_" + rest.replace(b"\n", b"") + b"\n"
        for second, rest in lines
    )
    assert local(text) == slow(text)


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("year", [1920, 1937, 1975, 1986, 2024])
def test_each_second_of_a_change(zone, name, year):
    """Where another offset begins, and beside it, each second is what localtime says."""
    zone(name)
    start = (year - 1970) * 31556952
    offset = time.localtime(start).tm_gmtoff
    texts = LocalTimes()
    for hour in range(366 * 24):
        at = start + hour * 3600
        if (now := time.localtime(at).tm_gmtoff) != offset:
            for second in range(at - 3700, at + 3700):
                assert texts[second + 10] == exact(second)
            for step in (1, 7, 61):
                for first in range(at - 7300, at + 3700, 173):
                    keys = [*range(first + 10, first + 200 * step, step)]
                    assert together(texts, keys) == [exact(key - 10) for key in keys]
        offset = now


def together(texts, keys):
    """The texts of KEYS, had at once."""
    hour, rest = texts.of(keys)
    return [hour + text for text in rest]


def test_a_change_for_half_an_hour(zone):
    """An hour whose ends show nothing, but its quarters do."""
    zone("AAA0BBB,J60/1:15,J60/2:45")
    march = 1709251200
    assert exact(march + 4800) == b"2024-03-01 02:20:00."
    for first in range(march, march + 10800, 600):
        keys = [*range(first + 10, first + 1210)]
        assert together(LocalTimes(), keys) == [exact(key - 10) for key in keys]


@pytest.mark.parametrize("name", ZONES)
def test_any_second(zone, name):
    """Seconds from all times, in no order; what is remembered of them does not grow."""
    zone(name)
    texts = LocalTimes()
    for at in range(20_000):
        second = at * 2654435761 % 2**33 - 2**32
        assert texts[second + 10] == exact(second)
    assert len(texts) <= localtimes.MANY + 60


def test_dense_seconds(zone):
    """What is remembered does not grow with a long log either."""
    zone("UTC")
    texts = LocalTimes()
    for second in range(50_000):
        assert texts[second + 10] == exact(second)
    assert len(texts) <= localtimes.MANY + 120


def test_what_was_read_is_written(start):
    """The beginning of a line too, but for digits that may go on."""
    process = start("pytai64nlocal", env={"TZ": "UTC"})
    for piece, expected in (
        (LABEL + b" one\ntw", TIME + b" one\ntw"),
        (b"o\n" + LABEL + b" ", b"o\n" + TIME + b" "),
        (b"x\n" + LABEL[:9], b"x\n"),
        (LABEL[9:] + b"\n", TIME + b"\n"),
    ):
        process.stdin.write(piece)
        process.stdin.flush()
        read_until(process.stdout, b"".join(b"\\x%02x" % byte for byte in expected))


def test_whole_lines(start):
    """With -l a line is written when it is complete."""
    process = start("pytai64nlocal", "-l", env={"TZ": "UTC"})
    process.stdin.write(LABEL + b" one\ntw")
    process.stdin.flush()
    assert os.read(process.stdout.fileno(), 1000) == TIME + b" one\n"
    process.stdin.write(b"o\n" + LABEL)
    process.stdin.flush()
    assert os.read(process.stdout.fileno(), 1000) == b"two\n"
    assert process.communicate(timeout=DEADLINE) == (TIME, b"")


def test_a_line_that_is_too_long(start):
    """With -l one that nobody can hold is written as it comes."""
    process = start("pytai64nlocal", "-bl")
    process.stdin.write(b"x" * 65536)
    process.stdin.flush()
    assert process.stdout.read(65536) == b"x" * 65536


def test_full_blocks(start, until):
    """With -b nothing is written before there are 64 KiB, and all of it at the end."""
    process = start("pytai64nlocal", "-lb")
    process.stdin.write(b"line\n" * 10_000)
    process.stdin.flush()
    until(lambda: sleeping(process))
    os.set_blocking(process.stdout.fileno(), False)
    assert process.stdout.read() is None
    os.set_blocking(process.stdout.fileno(), True)
    process.stdin.write(b"line\n" * 10_000)
    process.stdin.flush()
    assert process.stdout.read(65536) == (b"line\n" * 13_108)[:65536]
    assert process.communicate(timeout=DEADLINE) == ((b"line\n" * 20_000)[65536:], b"")
