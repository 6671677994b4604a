"""Formats of lines: what level a line has that does not begin with it, and what it says."""

import runpy
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pydaemontools.log.lines.access import ACCESS
from pydaemontools.log.lines.forms import Forms, possible
from pydaemontools.log.lines.line_formats import FORMATS
from pydaemontools.log.lines.severity import INFO, SeverityReader
from pydaemontools.log.lines.shapes import Shapes, chosen
from pydaemontools.log.lines.shown import shown

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = runpy.run_path(str(ROOT / "contrib/levels"))
FILES = sorted(path for path in SCRIPT["SAMPLES"].glob("*.txt") if path.stem != "none")
CORPUS = [one for path in FILES for one in SCRIPT["samples"](path)]
PLAIN = (SCRIPT["SAMPLES"] / "none.txt").read_bytes().split(b"\n")[:-1]
NOTHING = SCRIPT["NOTHING"]


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_each_format_has_its_sample(form):
    """By itself and among all others: the level and the message that stand beside it."""
    line, level, message = form.sample
    for shapes in (Shapes(), Shapes(chosen([form.name]))):
        found = shapes.find(line)
        assert found is not None
        assert (found.form, found.level) == (form, level)
        assert shapes.message(line) == message
    assert possible(line[:8])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_samples(path):
    """What programs print has the level and the message that it has, at first and again."""
    reader = SCRIPT["reader_for"](path)
    samples = list(SCRIPT["samples"](path))
    assert len(samples) >= 6
    for level, message, line in samples * 2:
        assert SCRIPT["told"](reader, line) == (level, message), line


def test_requests_have_levels_only_if_asked():
    """What an access log says of a status is no level for who did not ask."""
    path = SCRIPT["SAMPLES"] / "access.txt"
    reader = SeverityReader(NOTHING, Forms())
    for _, _, line in SCRIPT["samples"](path):
        [level] = reader.route([shown(line)])
        assert level in (NOTHING, INFO), line
    line, level, message = ACCESS.sample
    assert SCRIPT["told"](SCRIPT["reader_for"](path), line) == (level, message)


def test_nothing_has_a_level_that_it_has_not():
    """Prose, code, tables and accesses have none, at first and among lines that have one."""
    reader = SeverityReader(INFO, Forms())
    assert len(PLAIN) >= 300
    for _ in range(2):
        for _, _, line in CORPUS:
            reader.route([shown(line)])
        reader.level = INFO
        for line in PLAIN:
            if line[:1] not in b" \t":
                assert reader.route([line]) == [INFO], line


def test_the_page_has_the_table():
    """What the page says of formats is what the rows say."""
    page = ROOT / "docs/reference/levels.md"
    if not page.exists():
        pytest.skip("the tests are not in a source tree")
    assert "\n".join(SCRIPT["table"]()) in page.read_text()


LINE = st.one_of(
    st.sampled_from([shown(line) for _, _, line in CORPUS] + PLAIN),
    st.builds(
        lambda one, two, at, to: shown(one)[:at] + shown(two)[to:],
        *(st.sampled_from([line for _, _, line in CORPUS] + PLAIN) for _ in range(2)),
        *(st.integers(0, 60) for _ in range(2)),
    ),
)


def other_digits(line, shift):
    """LINE with other digits in their places."""
    return bytes((c - 48 + shift) % 10 + 48 if 48 <= c < 58 else c for c in line)


@given(lines=st.lists(LINE.filter(bool), max_size=30), shift=st.integers(0, 9))
@example(lines=[b"13:16:38 INFO " + b"x" * 9, b"13:16:38 INFOX"], shift=1)
def test_what_is_remembered_is_what_would_be_found(lines, shift):
    """A line has the level that it has alone, whatever came before it."""
    remembering = Forms()
    for line in lines + [other_digits(line, shift) for line in lines]:
        level = remembering.recall(line)
        if level is None:
            level = remembering.level(line)
        assert level == Forms().level(line), line


SLOW = [
    *(b"a", b"0", b"[", b"[0", b"0:", b"2026-11-29 13:16:38 ", b"a.b ", b"- ", b"| ", b"ERROR "),
    *(b"[a] ", b"x: ", b"a" * 31 + b" ", b"00", b"'", b"thread '", b"(", b"=", b"a1 ", b"a-"),
]


@pytest.mark.parametrize("piece", SLOW)
@pytest.mark.parametrize("head", [b"", b"2026-11-29 13:16:38 ", b"[13:16:38 ", b"Nov 29 13:16:38 "])
def test_no_line_takes_long(head, piece):
    """A line of a megabyte is looked at in a moment: what is not linear would never end."""
    shapes = Shapes()
    line = head + piece * (1_000_000 // len(piece))
    for end in (b"", b" ERROR", b": error: "):
        shapes.find(line + end)
        shapes.message(line + end)
