"""What is important is taken out of whole blocks: as if each line had been looked at."""

import random
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydaemontools.log.lines import (
    level_regex,
    record_transform,
    severity_transform,
    text_transform,
)
from pydaemontools.log.lines.actions import Actions
from pydaemontools.log.lines.entries import objects
from pydaemontools.log.lines.formats import Origin
from pydaemontools.log.lines.forms import Forms, severity_reader
from pydaemontools.log.lines.levels import DEBUG, INFO, NAMES
from pydaemontools.log.lines.record_transform import RecordTransform
from pydaemontools.log.lines.redact import Redaction
from pydaemontools.log.lines.severity_transform import SeverityTransform
from pydaemontools.log.lines.shapes import asked
from pydaemontools.log.lines.text_transform import TextTransform
from tests.log.conftest import patient
from tests.log.lines.test_courses import COLOURED, FAULT, GROUP, JAVA, JUL
from tests.log.lines.test_line_formats import CORPUS
from tests.log.lines.test_severity import LINE, TRACE

# Each makes expressions anew, which takes its time.
some = settings(patient, max_examples=40)
FORMS = {
    "all formats": Forms,
    "heads alone": lambda: None,
    "some formats": lambda: Forms(*asked(b"nginx,python,gunicorn", [])),
    "a pattern of a user": lambda: Forms(*asked(b"auto", [rb"^!(?P<level>\w+)!"])),
}
# What a flood is made of: lines that begin alike, and what is among them now and then.
WORDS = [*NAMES, b"trouble", b"!error!", b"!info!"]
USUAL = [
    [b"%b: text %d" % (word, at) for at, word in enumerate(WORDS)],
    [b"2026-11-29 13:16:%02d [%b] 7#7: *%d text" % (at, word, at) for at, word in enumerate(NAMES)],
    [
        b"2026-11-29 13:16:0%d,123 - app.db - %b - x" % (at % 9, w.upper())
        for at, w in enumerate(WORDS)
    ],
    [b"just some words %d" % at for at in range(5)] + [b"10.1.2.3 - - a request"],
]
SELDOM = [
    *(TRACE, COLOURED, FAULT, GROUP, JAVA, JUL),
    *([line] for _, _, line in CORPUS),
    *([b'{"level": "error", "msg": "x"}'], [b'{"level": "debug"'], [b"level=warn msg=x"], [b""]),
    *([b"  goes on"], [b"\tgoes on"], [b"password=secret"], [b"error: \x1b[31mred\x1b[0m \x07"]),
    *([b"\xef\xbb\xbferror: x"], [b"10%\r50%\rerror: x"], [b"info: x\r"], [b"x = y"]),
    [b"web-1  | error: x", b"web-2  | info: y", b"web-1  |   goes on"],
    [b"Nov 29 13:16:38 box app[712]: error: x"],
    [b'2026-11-29T13:16:38.123456789Z {"level": "error"}'],
    [b"2026-11-29T13:16:38Z stderr F error: x", b"2026-11-29T13:16:38Z stderr F   goes on"],
    [
        b"2026-11-29 13:16:38 UTC [700] ERROR:  x",
        b"2026-11-29 13:16:38 UTC [701] LOG:  y",
        b"2026-11-29 13:16:38 UTC [700] DETAIL:  z",
    ],
]
OTHERS = st.one_of(st.sampled_from(SELDOM), LINE.map(lambda line: [line]))
# What else is in a block, and where.
BLOCK = st.lists(st.tuples(st.integers(0, 30), OTHERS), max_size=2)
# Nearly always blocks end with a line.
ENDS = st.one_of(st.just(0), st.just(0), st.just(0), st.integers(0, 200))


def streams():
    """Blocks of lines that begin alike, and whether a line goes on before and behind each."""
    return st.tuples(
        st.lists(st.sampled_from(USUAL), min_size=1, max_size=2),
        st.lists(st.tuples(BLOCK, ENDS, st.integers(0, 99)), min_size=2, max_size=6),
    ).map(stream_of)


def stream_of(parts):
    """The stream in PARTS. Its first block has all that is usual, so that it teaches that."""
    usual, rest = list(chain.from_iterable(parts[0])), b""
    blocks = [b"".join(line + b"\n" for line in usual * 4)]
    for others, end, seed in parts[1]:
        lines = random.Random(seed).choices(usual, k=30)  # noqa: S311 - which come, and how often
        for at, more in others:
            lines[at:at] = more
        data = rest + b"".join(line + b"\n" for line in lines)
        blocks.append(data[: len(data) - end])
        rest = data[len(data) - end :]
    blocks.append(rest)
    made, going_on = [], False
    for at, block in enumerate(blocks):
        goes_on = block[-1:] not in (b"\n", b"") and at + 1 < len(blocks)
        if block:
            made.append((block, going_on, goes_on))
            going_on = goes_on
    return made


@pytest.fixture
def small(monkeypatch):
    """Blocks are large when they have a line, and little is read at a time."""
    monkeypatch.setattr(text_transform, "LARGE", 1)
    monkeypatch.setattr(severity_transform, "LARGE", 1)
    monkeypatch.setattr(record_transform, "LARGE", 1)
    monkeypatch.setattr(text_transform, "PIECE", 20)
    monkeypatch.setattr(text_transform, "TAIL", 40)
    monkeypatch.setattr(text_transform, "SELDOM", 1)
    monkeypatch.setattr(level_regex, "LONGEST", 1)
    monkeypatch.setattr(level_regex, "MOST", 40)


def texts(transform, stream, least):
    """What places with the thresholds LEAST get of STREAM, batch by batch, and what is known."""
    made = []
    for body, continued, unfinished in stream:
        batch = transform.batch(body, continued=continued, unfinished=unfinished)
        made.append(
            ([batch.important(one).text for one in least], transform.dropped, transform.state)
        )
    return made


SETTINGS = st.fixed_dictionaries(
    {
        "forms": st.sampled_from(sorted(FORMS)),
        "default": st.sampled_from([INFO, INFO, 3, 7]),
        "least": st.lists(st.integers(0, 7), min_size=1, max_size=3),
        "most": st.sampled_from([DEBUG, DEBUG, 4, 6]),
        "keep": st.booleans(),
        "hidden": st.booleans(),
    }
)


@some
@given(stream=streams(), given=SETTINGS)
@pytest.mark.usefixtures("small")
def test_blocks_are_as_lines(stream, given):
    """Each place gets the same bytes as if each line had been looked at, whatever comes and
    however it is cut; and the state is the same for a successor.
    """
    found = []
    least = given["least"]
    for kind in (SeverityTransform, TextTransform):
        more = () if kind is SeverityTransform else ({*least},)
        redaction = Redaction([rb"secret|x", b":password"]) if given["hidden"] else None
        reader = severity_reader(given["default"], FORMS[given["forms"]]())
        transform = kind(reader, redaction, *more)
        transform.least, transform.keep_colour = given["most"], given["keep"]
        found.append(texts(transform, stream, least))
    lines, blocks = found
    if {*least, given["most"]} == {DEBUG}:
        # No level is looked up.
        lines, blocks = ([one[:2] for one in both] for both in found)
    assert blocks == lines


ORIGIN = Origin(b'an "ident"', 24, 7, b"host", {"message": "m", "tag": '","message":""'})
MOMENT = 1_795_969_661_021_017_600


@some
@given(stream=streams(), least=st.integers(0, 7), room=st.sampled_from([300, 1 << 20]))
@pytest.mark.usefixtures("small")
def test_objects_of_blocks_are_as_of_lines(stream, least, room):
    """A line that is known to be a record by itself is the object that a look at it makes of it,
    whatever stands around it.
    """
    transform = SeverityTransform(severity_reader(INFO, Forms()))
    transform.objects = True
    for body, continued, unfinished in stream:
        whole = transform.batch(body, continued=continued, unfinished=unfinished)
        for batch in whole, whole.important(least):
            found = objects(batch, ORIGIN, MOMENT, room)
            batch.alone = []
            assert found == objects(batch, ORIGIN, MOMENT, room)


@some
@given(stream=streams(), words=st.sampled_from([["J"], ["J", "Lwarning"], ["J", "Lerr", "fauto"]]))
@pytest.mark.usefixtures("small")
def test_written_objects_of_blocks_are_as_of_lines(stream, words):
    """What pymultilog writes with J is the same where lines are known to be a record each."""
    found = []
    for large in 1, 1 << 30:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(record_transform, "LARGE", large)
            patch.setattr(record_transform, "utc", lambda: b"2026-11-29T13:16:38.123456Z ")
            script = Actions([*map(str.encode, words), b"./d"], own=True)
            transform = RecordTransform(script)
            made = []
            for body, continued, unfinished in stream:
                batch = transform.batch(body, continued=continued, unfinished=unfinished)
                text = script.outputs[0].selection.of(batch).text
                made.append((text, transform.state))
        found.append(made)
    assert found[0] == found[1]
