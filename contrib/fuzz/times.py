"""What is tried of times: labels, stamped streams, and local time."""
# ruff: noqa: S101 - a check is made of assertions

from choosing import CUTS, ZONES, pieces, zone
from hypothesis import strategies as st
from tests.log.reference import localized

from pydaemontools.base.tai64 import EPOCH, LABEL, pack, stamp, unpack
from pydaemontools.control.when import label
from pydaemontools.log.localtimes import LocalTimes, exact
from pydaemontools.log.tai64n import stamper
from pydaemontools.log.tai64nlocal import Local


def local(three):
    """tai64nlocal: what the original prints, wherever the blocks end."""
    stream, cuts, called = three
    with zone(called):
        made = Local()
        got = b"".join(made.change(body) for body, _, _ in pieces(stream, cuts)) + made.rest()
        assert got == b"\n".join(map(localized, stream.split(b"\n")))


def labelled(two):
    """tai64n: each line has a label, and is what it was."""
    stream, cuts = two
    change = stamper()
    got = b"".join(change(body) for body, _, _ in pieces(stream, cuts))
    lines = got.split(b"\n")
    if stream[-1:] in (b"", b"\n"):
        assert not lines.pop()
        stream = stream[:-1] if stream else None
    assert all(label(line[:25]) is not None and line[25:26] == b" " for line in lines)
    if lines:
        assert b"\n".join(line[LABEL:] for line in lines) == stream
    assert lines or not stream


def moment(now):
    """stamp, pack and unpack: the same time comes back."""
    assert label(stamp(now)) == now
    assert unpack(pack(now)) == now


def texts(two):
    """Texts: each second is what localtime says, in whatever order they come."""
    called, seconds = two
    with zone(called):
        known = LocalTimes()
        for second in seconds:
            try:
                wanted = exact(second)
            except (OverflowError, OSError):
                continue
            assert known[second + 10] == wanted


SECOND = st.integers(0, 2**32) | st.integers(-(2**57), 2**57)
NEAR = st.builds(
    lambda start, steps: [start + step for step in steps],
    st.integers(0, 2**22).map(lambda quarter: quarter * 900),
    st.lists(st.integers(-1900, 1900), min_size=1, max_size=20),
)
PIECES = st.one_of(
    st.sampled_from([b"\n", b"\n", b"@", b"@4000000", b"0", b"f", b"F", b" ", b"\0", b"text"]),
    st.integers(0, 2**33).map(lambda second: stamp(second * 10**9)),
    st.integers(0, 2**33).map(lambda second: b"\n" + stamp(second * 10**9) + b" "),
    st.integers(-(2**57), 2**57).map(lambda second: b"@%016x%08x" % (EPOCH + second, 7)),
    st.binary(max_size=3),
)
STREAM = st.lists(PIECES, max_size=20).map(b"".join)
ZONE = st.sampled_from(ZONES)
TARGETS = {
    "tai64nlocal": (local, st.tuples(STREAM, CUTS, ZONE)),
    "tai64n": (labelled, st.tuples(STREAM, CUTS)),
    "labels": (moment, st.integers(-(2**61), 2**61)),
    "seconds": (texts, st.tuples(ZONE, NEAR | st.lists(SECOND, max_size=9))),
}
