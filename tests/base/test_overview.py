"""The file that says how all services are: what is written is read, and nothing else is."""

from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.base import overview
from pydaemontools.base.overview import COUNT, ROW, SLOT, Overview, pack

NAMES = st.lists(
    st.binary(min_size=1, max_size=9).filter(lambda name: not {0, ord("/")} & set(name)),
    unique=True,
)
NUMBERS = st.integers(0, 2**64 - 1)
STAMP = (5, 6, 10**18)


def whole(names, slots, listed=2 * 10**18):
    """The bytes of the file for NAMES, with the numbers of their SLOTS."""
    text = b"\0".join(names)
    head = pack(overview.MAGIC, *STAMP, listed, len(names), len(text), 7)
    return head + b"".join(pack(*numbers) for numbers in slots) + text


def is_one(data):
    """Whether DATA is taken for such a file."""
    try:
        Overview(data)
    except ValueError:
        return False
    return True


@given(NAMES.flatmap(lambda names: st.tuples(st.just(names), _slots(len(names)))))
def test_what_is_written_is_read(written):
    """Whatever names and numbers there are; and no beginning of it is taken for the whole."""
    names, slots = written
    data = whole(names, slots)
    found = Overview(data)
    assert found.names == names
    assert found.columns == [[slot[at] for slot in slots] for at in range(ROW)]
    rows = [found.row(number, 0) + found.row(number, ROW) for number in range(len(names))]
    assert rows == slots
    for length in range(0, len(data), 5):
        assert not is_one(data[:length])


def _slots(count):
    one = st.lists(NUMBERS, min_size=SLOT, max_size=SLOT)
    return st.lists(one, min_size=count, max_size=count)


@given(st.binary(max_size=200))
def test_what_is_no_such_file_is_none(data):
    """Garbage, of another version for one, is refused."""
    assert not is_one(data)


def test_the_names_count_only_for_the_directory_that_was_listed():
    """Not for another, nor for one that changed as it was listed: a clock ticks coarsely."""
    found = Overview(whole([b"a"], [[0] * SLOT]))
    assert found.listed_as(STAMP)
    assert not any(
        found.listed_as(tuple(n + (at == which) for at, n in enumerate(STAMP)))
        for which in range(3)
    )
    for listed in STAMP[2], STAMP[2] - 1, STAMP[2] + overview.CLEAR:
        assert not Overview(whole([b"a"], [[0] * SLOT], listed)).listed_as(STAMP)


@given(st.lists(NUMBERS, min_size=2, max_size=2), st.integers(1, 2**39), st.integers(1, 8 * ROW))
def test_half_of_a_row_has_two_counts(values, count, cut):
    """A row that is read while it is written: whichever part is new, it is seen, or all is."""
    before = pack(count << COUNT | 2, *values, count)
    after = pack(count + 1 << COUNT | 2, *reversed(values), count + 1)
    for torn in (after[:cut] + before[cut:], before[:cut] + after[cut:]):
        row = memoryview(torn).cast("Q")
        assert torn in (before, after) or row[0] >> COUNT != row[3]
