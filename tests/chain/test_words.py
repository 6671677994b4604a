"""The words of a chain script: quoted as in a shell, and nothing else of a shell."""

import shlex
import subprocess
import tempfile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pydaemontools.chain.words import BadWord, expand, split

ENVIRON = {b"A": b"a b  c", b"_b1": b"*$A'\"\\", b"EMPTY": b""}


def words(text, environ=ENVIRON):
    """The words of the one line that TEXT has."""
    (line,) = split(text)
    return expand(line, environ)


def shell(text):
    """The words that /bin/sh makes of TEXT, taking no word for a pattern."""
    with tempfile.TemporaryDirectory() as empty:
        result = subprocess.run(
            ["/bin/sh", "-fc", b"printf '%s\\0' " + text],
            cwd=empty,
            env=ENVIRON,
            capture_output=True,
            check=True,
        )
    return result.stdout.split(b"\0")[:-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"a b\tc", [b"a", b"b", b"c"]),
        (b"  a  ", [b"a"]),
        (b"'a b' \"c d\" e\\ f", [b"a b", b"c d", b"e f"]),
        (b"'' \"\" a''b", [b"", b"", b"ab"]),
        (b"a'b'\"c\"\\d", [b"abcd"]),
        (b"'a\\b$A`\"#'", [b'a\\b$A`"#']),
        (b'"a\\b\\$A\\`\\"\\\\"', [b'a\\b$A`"\\']),
        (b"a \\\n b", [b"a", b"b"]),
        (b"a\\\nb", [b"ab"]),
        (b'"a\\\nb"', [b"ab"]),
        (b"'a\nb'", [b"a\nb"]),
        (b"a #b c", [b"a"]),
        (b"a#b '#c' \\#d", [b"a#b", b"#c", b"#d"]),
        (b"# c\n\n \t\na", [b"a"]),
        (b"$A x", [b"a b  c", b"x"]),
        (b"${A}d", [b"a b  cd"]),
        (b"$Ad", [b""]),
        (b"\"$A\"'$A'\\$A", [b"a b  c$A$A"]),
        (b"$EMPTY $none ''", [b"", b"", b""]),
        (b"x$EMPTY$none", [b"x"]),
        (b"$_b1", [ENVIRON[b"_b1"]]),
        (b"$ $. $/ a$", [b"$", b"$.", b"$/", b"a$"]),
        (b"* ~ {a,b} ? [x] !x a=b ^", b"* ~ {a,b} ? [x] !x a=b ^".split()),
        (b"\xff '\xfe' \xc3\xa4", [b"\xff", b"\xfe", b"\xc3\xa4"]),
    ],
)
def test_split(text, expected):
    """A line is split into the words that its page promises."""
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (b"a | b", 1, b"quote the |"),
        (b"a & b", 1, b"quote the &"),
        (b"a&&b", 1, b"quote the &"),
        (b"a; b", 1, b"quote the ;"),
        (b"a >b", 1, b"quote the >"),
        (b"a 2>&1", 1, b"quote the >"),
        (b"a <b", 1, b"quote the <"),
        (b"(a)", 1, b"quote the ("),
        (b"a )", 1, b"quote the )"),
        (b"`a`", 1, b"quote the `"),
        (b'"`a`"', 1, b"quote the `"),
        (b"$(a)", 1, b"quote the $("),
        (b'"$((1))"', 1, b"quote the $("),
        (b"$1", 1, b"$1 means nothing here"),
        (b"$@", 1, b"$@ means nothing here"),
        (b'"$?"', 1, b"$? means nothing here"),
        (b"$$", 1, b"$$ means nothing here"),
        (b"${A:-b}", 1, b"after ${"),
        (b"${A", 1, b"after ${"),
        (b"${}", 1, b"after ${"),
        (b"${1}", 1, b"after ${"),
        (b'"${#A}"', 1, b"after ${"),
        (b"a\nb\n  c | d", 3, b"quote the |"),
        (b"a \\\n b \\\n ; c", 3, b"quote the ;"),
        (b"'a\nb' ;", 2, b"quote the ;"),
        (b"# ;\n\n;", 3, b"quote the ;"),
        (b"a\n'b\nc", 2, b"a ' is never closed"),
        (b'a\n"b\nc', 2, b'a " is never closed'),
        (b"a\r\nb\r\n", 1, b"carriage return"),
        (b"a\n\0", 2, b"a NUL byte"),
        (b"a 'b\0c'", 1, b"a NUL byte"),
        (b'a "b\0c"', 1, b"a NUL byte"),
        (b"a \\\0", 1, b"a NUL byte"),
    ],
)
def test_refused(text, line, why):
    """What a shell would act on, and what cannot be a word, is an error that names the line."""
    with pytest.raises(BadWord) as caught:
        split(text)
    assert caught.value.line == line
    assert why in caught.value.text


TEXT = st.binary(max_size=6).filter(lambda text: b"\0" not in text)
BARE = st.text("abz019_./:,+%@^=-*?[]{}!", min_size=1, max_size=5).map(str.encode)
SINGLE = TEXT.map(lambda text: b"'" + text.replace(b"'", b"'\\''") + b"'")
DOUBLE = TEXT.map(
    lambda text: (
        b'"' + b"".join(b"\\" + c if c in b'$`"\\' else c for c in map(bytes, zip(text))) + b'"'
    )
)
ESCAPED = TEXT.map(
    lambda text: b"".join(b"'\n'" if c == 10 else b"\\" + bytes([c]) for c in text) or b"''"
)
OTHER = st.sampled_from(
    [b'"$A"', b'"${_b1}x"', b'"x$EMPTY"', b'"$none"', b"'a'\\\n", b"'$A'", b'"\\a"']
)
WORD = st.lists(BARE | SINGLE | DOUBLE | ESCAPED | OTHER, min_size=1, max_size=4).map(b"".join)
GAP = st.sampled_from([b" ", b"\t", b"  \t ", b" \\\n ", b"\\\n\t"])


@st.composite
def lines(draw):
    """A line of words that a shell and a chain script read alike."""
    parts = [b"x"]
    for word in draw(st.lists(WORD, max_size=5)):
        parts += [draw(GAP), word]
    return b"".join(parts) + draw(st.sampled_from([b"", b" ", b" # a ' comment", b"\n"]))


@pytest.mark.process
@settings(deadline=None, max_examples=200)
@given(text=lines())
@example(text=b"x $'a' a$'b'")
@example(text=b'x "a\\\n\\\nb" \\\n\\\n c')
def test_as_the_shell(text):
    """What both can read, both split into the same words."""
    assert words(text) == shell(text)


@settings(max_examples=100)
@given(
    expected=st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
)
def test_quoted_by_python(expected):
    """What shlex quotes comes back as it was."""
    text = shlex.join(["x", *expected]).encode()
    assert words(text) == [word.encode() for word in ["x", *expected]]


@settings(max_examples=300)
@given(text=st.text("ab'\"\\$ \t\n#{}A|`").map(str.encode) | st.binary(max_size=30))
def test_any_text(text):
    """Any text is lines of words, or an error that names one of its lines."""
    last = text.count(b"\n") + 1
    try:
        found = [line.number for line in split(text) if line.words]
    except BadWord as error:
        found = [error.line]
    assert found == sorted(set(found) & set(range(1, last + 1)))


@settings(max_examples=100)
@given(value=st.binary(max_size=10))
def test_values_are_one_word(value):
    """A value is never split, expanded or unquoted again."""
    assert words(b'$V "$V" x${V}', {b"V": value}) == [value, value, b"x" + value]
