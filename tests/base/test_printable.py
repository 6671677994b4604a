"""What a service wrote, where a person reads it."""

import pytest

from pydaemontools.base.printable import plain

# What a terminal would obey, or what shows text in another order, and what is left of it.
HARMFUL = {
    "escape": (b"a\x1b[2Jb", b"a?[2Jb"),
    "C1 in UTF-8": ("a\x9b2Jb".encode(), b"a?2Jb"),
    "C1 as a byte": (b"a\x9b2Jb", b"a?2Jb"),
    "next line": ("a\x85b".encode(), b"a?b"),
    "override": ("a\u202egpj.exe\u202cb".encode(), b"a?gpj.exe?b"),
    "isolate": ("a\u2066b\u2069".encode(), b"a?b?"),
    "marks": ("\u200ea\u200f\u061c".encode(), b"?a??"),
    "separators": ("a\u2028b\u2029".encode(), b"a?b?"),
}


@pytest.mark.parametrize(("data", "left"), HARMFUL.values(), ids=HARMFUL)
def test_controls_and_what_turns_text_around(data, left):
    """Masked, C1 and bidirectional ones too."""
    assert plain(data) == left


@pytest.mark.parametrize(
    "data", ["żółć 日本 🙂 עברית".encode(), b"\xff\xfe\xe9", b"plain"], ids=repr
)
def test_other_text_stays(data):
    """Letters of any script, and bytes that are no text."""
    assert plain(data) == data
