"""Formats of lines: what level a line has that does not begin with it, and what it says."""

import random
import re
import runpy
import string
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pydaemontools.log.lines import beginnings, ids, severity
from pydaemontools.log.lines.access import ACCESS
from pydaemontools.log.lines.forms import Forms, possible
from pydaemontools.log.lines.levels import ERR, INFO
from pydaemontools.log.lines.line_formats import FORMATS
from pydaemontools.log.lines.severity import SeverityReader
from pydaemontools.log.lines.shapes import PART, Shapes, _part, chosen
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


BEFORE = {
    "nothing": b"",
    "a BOM": b"\xef\xbb\xbf",
    "a colour": b"\x1b[1;31m",
    "compose": b"web-1  | ",
    "foreman": b"13:16:38 web.1   | ",
    "kubectl": b"[pod/a/b] ",
    "syslog": b"Nov 29 13:16:38 box app[7]: ",
    "rsyslog": b"2026-11-29T13:16:38.123456+00:00 box app[7]: ",
    "docker logs -t": b"2026-11-29T13:16:38.123456789Z ",
    "a container's log": b"2026-11-29T13:16:38.123456789Z stderr F ",
}


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
@pytest.mark.parametrize("behind", [b"", b"\r", b"\x1b[0m\r"], ids=["", "CR", "colour, CR"])
def test_samples_as_they_pass_through_other_programs(before, behind):
    """Whatever others put before and behind what a program prints, the level is the same."""
    forms = Forms()
    for path in FILES:
        for level, _, line in () if path.stem == "access" else SCRIPT["samples"](path):
            if SCRIPT["told"](SeverityReader(NOTHING, forms), line)[0] == level:
                whole = before + line + behind
                assert SCRIPT["told"](SeverityReader(NOTHING, forms), whole)[0] == level, whole


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
        reader.level, reader.sources = INFO, None
        for line in PLAIN:
            if line[:1] not in b" \t":
                assert reader.route([line]) == [INFO], line


def test_a_level_behind_fields_with_names_may_be_far():
    """Wherever it stands: PostgreSQL has it behind what its client calls itself."""
    for size in range(150):
        line = b"2026-11-29 13:16:38 UTC [712]: user=u,db=d,app=%b,client=::1 ERROR:  no" % (
            b"x" * size
        )
        assert Forms().level(line)[0] == ERR, line


def test_what_is_in_a_format_is_a_suspect():
    """What one look at many lines tells leaves none out."""
    forms = Forms()
    for _, _, line in CORPUS:
        if forms.level(text := shown(line))[0] is not None:
            assert forms.suspects([b"x y z", text, b"x y z"]) == [1], line


def test_the_page_has_the_table():
    """What the page says of formats is what the rows say."""
    page = ROOT / "docs/reference/levels.md"
    if not page.exists():
        pytest.skip("the tests are not in a source tree")
    assert "\n".join(SCRIPT["table"]()) in page.read_text()


TEXTS = [shown(line) for _, _, line in CORPUS] + PLAIN
IDS = [
    b"5fe0b3aa-1111-4bcd-9ae0-1234567890ab",
    b"4bf92f3577b34da6",
    b"[a3f9c2e1]",
    b"req_8fK2aQ9zX",
]
IDS += [b"[app,4bf92f3577b34da6,00f067aa0ba902b7]", b"<01ARZ3NDEKTSV4RRFFQ69G5FAV>"]
WORDS = sorted({word for text in TEXTS for word in text.split()} | set(IDS))
ANY = st.sampled_from(TEXTS)
LINE = st.one_of(
    ANY,
    st.builds(lambda one, two, at, to: one[:at] + two[to:], ANY, ANY, *[st.integers(0, 60)] * 2),
    # Another word in the place of one, or before it.
    st.builds(
        lambda text, at, word, keep: b" ".join(
            [*(words := text.split(b" "))[:at], word, *words[at + (not keep) :]]
        ),
        ANY,
        st.integers(0, 9),
        st.sampled_from(WORDS) | st.sampled_from(IDS),
        st.booleans(),
    ),
).filter(bool)


def other_digits(line, shift):
    """LINE with other digits in their places."""
    return bytes((c - 48 + shift) % 10 + 48 if 48 <= c < 58 else c for c in line)


def other_ids(line, shift):
    """LINE with another id in the place of each, as long."""
    chance = random.Random(shift)  # noqa: S311 - any id will do
    letters = string.ascii_letters + string.digits

    def other(found):
        while shift:
            made = "".join(chance.choices(letters, k=len(found[0]) - 1)).encode()
            if ids.ID.fullmatch(found[0][:1] + made):
                return found[0][:1] + made
        return found[0]

    return ids.ID.sub(other, line)


def one_by_one(lines, default, forms):
    """The levels of LINES, each by a reader that has seen no other."""
    levels, level, inside, last, sources = [], default, 0, b"", None
    for line in lines:
        reader = SeverityReader(default, forms)
        reader.level, reader.inside, reader.last, reader.sources = level, inside, last, sources
        levels += reader.route([line])
        level, inside, last, sources = reader.level, reader.inside, reader.last, reader.sources
    return levels


@given(
    lines=st.lists(LINE, min_size=1, max_size=30),
    times=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    shift=st.integers(0, 9),
    few=st.booleans(),
)
@example(lines=[b"13:16:38 INFO " + b"x" * 9, b"13:16:38 INFOX"], times=[1, 1], shift=1, few=False)
@example(lines=[b"2026-11-29 13:16:38 ERROR a", b"2026-11-29 13"], times=[1], shift=0, few=False)
@example(lines=[b"entering  :info  : [ 1] x"], times=[9, 9, 9], shift=1, few=False)
@example(lines=[b"[2026-11-29 13:16:38,12Server Error: x"], times=[1, 1, 2], shift=1, few=True)
@example(lines=[b"[a3f9c2e1] ERROR: x"], times=[1, 8], shift=2, few=False)
def test_blocks_have_the_levels_of_their_lines(lines, times, shift, few):
    """A line has the level that it has alone, whatever stands beside it, was remembered before,
    and however many lines are looked at at once.
    """
    forms = Forms(["python", "general", "named", "crash"] if few else None)
    reader = SeverityReader(INFO, forms)
    found, expected = [], []
    with pytest.MonkeyPatch.context() as patch:
        if few:
            patch.setattr(beginnings, "SAMPLE", 4)
            patch.setattr(severity, "MANY", 2)
        for at, count in enumerate(times):
            block = [
                other_ids(other_digits(line, shift * at), shift * at) for line in lines * count
            ]
            found += reader.route(block)
            expected += block
    assert found == one_by_one(expected, INFO, forms)


def test_an_id_has_no_say():
    """Lines of which each has an id of its own are known by the one before, and by blocks."""
    heads = [b"2026-11-29 13:16:38,123 %b ERROR x: y", b"[13:16:38] [warning  ] [%b] no", IDS[0]]
    lines = [head.replace(b"%b", one) for head in heads for one in IDS]
    reader = SeverityReader(INFO, Forms())
    for at in range(20):
        block = [other_ids(line, at) for line in lines * 3]
        assert reader.route(block) == one_by_one(block, INFO, Forms())
    # None of them has to be looked at.
    forms = reader.forms = Forms()
    assert reader.route([other_ids(line, 99) for line in lines[:6] * 9])[0] == ERR
    assert forms._shapes is None


def test_what_has_no_level_is_remembered_one_by_one():
    """Of many such lines, how they begin is known; what may name a class is looked at."""
    reader = SeverityReader(INFO, Forms())
    for at in range(99):
        assert reader.route([b"Connection %d to the queue" % at]) == [INFO]
    assert reader.route([b"ConnectionError: no"]) == [ERR]
    reader.level = INFO
    reader.inside = 0
    forms = reader.forms = Forms()
    assert reader.route([b"Connection 7 to the queue"]) == [INFO]
    assert forms._shapes is None


def written(form):
    """What a line in FORM may begin with."""
    ways = [PART.sub(lambda part: _part(part, form), where) for where in form.where]
    # hypothesis knows no possessive ones; whether a line is in a format is asked for anyway.
    greedy = [re.sub(r"(?<=[+*?}])\+", "", way).replace("(?>", "(?:") for way in ways]
    return st.one_of([st.from_regex(re.compile(way.encode())) for way in greedy])


@given(line=st.sampled_from(FORMATS).flatmap(written), behind=ANY, shift=st.integers(0, 9))
def test_no_line_in_a_format_is_taken_for_one_without_level(line, behind, shift):
    """What one look at many lines tells is not more than a look at each would."""
    line = other_digits(line.replace(b"\n", b"") + behind[:20], shift)
    if SeverityReader(NOTHING, Forms()).route([line]) != [NOTHING]:
        assert Forms().suspects([b"x y z", line, b"x y z"]) == [1], line


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_every_word_for_a_level_is_known(form):
    """What a pattern takes for one is in its table, or a line would end the logger."""
    texts = [part[2] for where in form.where for part in PART.finditer(where) if part[2]]
    for text in texts:

        @settings(max_examples=50)
        @given(word=st.from_regex(re.compile(text.encode()), fullmatch=True))
        def known(word):
            assert word.lower() in form.words

        known()


def test_no_level_depends_on_a_digit():
    """A line that is remembered has its level with other digits, too."""
    forms = Forms()
    for line in TEXTS:
        level, size = forms.level(line, sized=True)
        for shift in range(1, 10) if size else ():
            assert forms.level(other_digits(line, shift))[0] == level, line


@given(line=LINE, shift=st.integers(1, 9))
def test_no_level_depends_on_an_id(line, shift):
    """Nor does it on which id stands where one may stand, and all are as one."""
    forms = Forms()
    level, size = forms.level(line, sized=True)
    if size and forms.has_id(line, size):
        for other in (other_ids(line, shift), ids.alike(line)):
            assert forms.level(other, sized=True) == (level, size)


@given(line=LINE, behind=LINE | st.binary(max_size=9), names=st.sets(st.sampled_from(FORMATS)))
def test_what_decides_does(line, behind, names):
    """Whatever stands behind the bytes that are said to decide, the level is the same."""
    for forms in (Forms(), Forms([one.name for one in names])):
        level, size = forms.level(line, sized=True)
        if size:
            assert forms.level(line[:size] + behind.replace(b"\n", b""))[0] == level


SLOW = [
    *(b"a", b"0", b"[", b"[0", b"0:", b"2026-11-29 13:16:38 ", b"a.b ", b"- ", b"| ", b"ERROR "),
    *(b"[a] ", b"x: ", b"a" * 31 + b" ", b"00", b"'", b"thread '", b"(", b"=", b"a1 ", b"a-"),
]


HEADS = [b"", b"2026-11-29 13:16:38 ", b"[13:16:38 ", b"Nov 29 13:16:38 "]


def look_at(line):
    """All that is done with a LINE to tell its level, alone and among others."""
    forms = Forms()
    forms.level(line, sized=True)
    forms.message(line)
    forms.suspects([line, line])
    SeverityReader(INFO, forms).route([line] * 2)


@pytest.mark.parametrize("piece", SLOW)
@pytest.mark.parametrize("head", HEADS)
def test_no_line_takes_long(head, piece):
    """A line of a megabyte is looked at in a moment: what is not linear would never end."""
    line = head + piece * (1_000_000 // len(piece))
    for end in (b"", b" ERROR", b": error: "):
        look_at(line + end)


PIECES = [*SLOW, *WORDS, *(b" ", b"] ", b": ", b"\t", b") ", b"| ", b"\xff", b"]", b"#", b"-- ")]


@settings(max_examples=60)
@given(
    head=st.sampled_from(HEADS) | ANY,
    pieces=st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map(b"".join),
    end=ANY | st.just(b""),
)
def test_no_line_takes_long_whatever_it_is_made_of(head, pieces, end):
    """The same, with more that is repeated, between what lines begin and end with."""
    look_at(head + pieces * (300_000 // len(pieces)) + end)
