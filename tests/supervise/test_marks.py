"""Numbers by their names, in few bytes: as a dict has them."""

from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.supervise.marks import MASK, Marks, places

NAMES = (b"status", b"state", b".")
NAME = st.sampled_from(NAMES)


@given(
    st.lists(
        st.tuples(NAME, st.integers(0, MASK)) | st.lists(NAME),
    )
)
def test_it_is_as_a_dict_would_be(history):
    """Whatever is set and forgotten; another one of the same names has nothing of it."""
    shared = places(*NAMES)
    marks, other, known = Marks(shared), Marks(shared), {}
    for what in history:
        if isinstance(what, tuple):
            marks.set(*what)
            known[what[0]] = what[1]
        else:
            marks.forget(*what)
            known = {name: number for name, number in known.items() if name not in what}
        assert [marks.get(name) for name in NAMES] == [known.get(name) for name in NAMES]
    assert [other.get(name) for name in NAMES] == [None] * 3
