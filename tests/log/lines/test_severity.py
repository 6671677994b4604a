"""Severities: what a line's head says, and what the lines after it are."""

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pydaemontools.log.lines import beginnings
from pydaemontools.log.lines.levels import INFO, head, named, strip
from pydaemontools.log.lines.severity import SeverityReader
from tests.log.conftest import SEVERITIES, patient

NAMES = {
    "emerg": 0,
    "emergency": 0,
    "alert": 1,
    "crit": 2,
    "critical": 2,
    "fatal": 2,
    "err": 3,
    "error": 3,
    "warn": 4,
    "warning": 4,
    "notice": 5,
    "info": 6,
    "debug": 7,
    "trace": 7,
}
WAYS = {
    "a word and a colon": "{}: text",
    "a word and a colon, no blank": "{}:text",
    "a word and a colon, nothing else": "{}:",
    "in brackets": "[{}] text",
    "in brackets, a colon after": "[{}]: text",
    "in brackets, nothing else": "[{}]",
}
CASES = {"lower": str.lower, "upper": str.upper, "title": str.title, "mixed": str.swapcase}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES)
def test_every_name_is_known(name, way, case):
    """All eight severities are known under all their names, in any case, in both forms."""
    line = WAYS[way].format(CASES[case](name)).encode()
    assert head(line)[0] == NAMES[name]
    assert SeverityReader().route([line]) == [NAMES[name]]


@pytest.mark.parametrize("number", range(8))
def test_every_number_is_known(number):
    """A number in angle brackets, as sd-daemon(3) has it, is the severity itself."""
    assert head(b"<%d>text" % number) == (number, 3)
    assert SeverityReader().route([b"<%d>text" % number]) == [number]


NO_HEADS = {
    "a word that is no level": b"mistake: text",
    "a level that goes on": b"errors: text",
    "a level that begins earlier": b"my error: text",
    "a level without a colon": b"error text",
    "a level and a blank before the colon": b"error : text",
    "a bracket that is not closed": b"[error text",
    "blanks in the brackets": b"[ error ] text",
    "the wrong bracket": b"<error> text",
    "a number that is none of the eight": b"<8>text",
    "two digits": b"<13>text",
    "a number and no bracket": b"<3text",
    "a number in square brackets": b"[3] text",
    "a number and a colon": b"3: text",
    "a bracket alone": b"<",
    "empty brackets": b"[] text",
    "a colon alone": b": text",
    "a level much later": b"x" * 5000 + b" error: text",
    "a level in two words": b"err or: text",
    "nothing": b"",
    "a letter that no ASCII has": "ErrÖr: text".encode(),
    # İ and K are letters whose lower case is ASCII's, but not in bytes.
    "a letter that looks like one": "\u212a: text".encode(),
}


@pytest.mark.parametrize("line", NO_HEADS.values(), ids=NO_HEADS)
def test_what_is_no_head(line):
    """What only resembles a head is no head, and the line has the default level."""
    assert head(line) == (None, 0)
    assert not line or SeverityReader(4).route([line]) == [4]


STRIPPED = {
    b"error: disk gone": b"disk gone",
    b"error:disk gone": b"disk gone",
    b"ERROR:   disk gone": b"disk gone",
    b"error:\tdisk gone": b"\tdisk gone",
    b"error:": b"",
    b"error: ": b"",
    b"[error] disk gone": b"disk gone",
    b"[error]: disk gone": b"disk gone",
    b"[error]:disk gone": b"disk gone",
    b"[error]": b"",
    b"<3>disk gone": b"disk gone",
    b"<3> disk gone": b"disk gone",
    b"<3>:disk gone": b":disk gone",
    b"error:: disk gone": b": disk gone",
    b"error: error: twice": b"error: twice",
    b"disk gone": b"disk gone",
    b"  error: disk gone": b"  error: disk gone",
    b"error: disk gone  ": b"disk gone  ",
    b"": b"",
}


@pytest.mark.parametrize(("line", "rest"), STRIPPED.items(), ids=map(repr, STRIPPED))
def test_strip(line, rest):
    """Strip takes off the head and the blanks that follow it, and nothing else."""
    assert strip(line) == rest


@pytest.mark.parametrize(("name", "level"), [*NAMES.items(), *zip("01234567", range(8))])  # noqa: B905
def test_named(name, level):
    """An option may name a level by any of its names, in any case, or by its number."""
    assert named(name.encode()) == named(name.upper().encode()) == level


@pytest.mark.parametrize("name", [b"", b"8", b"-1", b"03", b"loud", b"error:", b" error", b"\0"])
def test_not_named(name):
    """What is no level's name and no level's number is nothing."""
    assert named(name) is None


TRACE = [
    b"Traceback (most recent call last):",
    b'  File "x.py", line 1, in <module>',
    b"    1 / 0",
    b"ZeroDivisionError: division by zero",
]
DURING = b"During handling of the above exception, another exception occurred:"
CAUSE = b"The above exception was the direct cause of the following exception:"
# The lines of a stream, each with the level that it has to get.
RECORDS = {
    "no head is the default": [(b"hello", 6), (b"error: x", 3), (b"hello", 6)],
    "a blank goes on with the record": [(b"error: x", 3), (b" more", 3), (b"\tmore", 3)],
    "a blank at the very start is the default": [(b" more", 6), (b"error: x", 3)],
    "a head after a blank is none": [(b"notice: x", 5), (b" error: y", 5)],
    "what goes on does so after a line without head": [(b"error: x", 3), (b"y", 6), (b" z", 6)],
    "a traceback has the level of the record before": [
        (b"crit: job failed", 2),
        *((line, 2) for line in TRACE),
        (b"next", 6),
    ],
    "a traceback without a record before is the default": [(line, 6) for line in TRACE],
    "the exception may look like a head": [
        (b"crit: job failed", 2),
        (TRACE[0], 2),
        (TRACE[1], 2),
        (b"Warning: look out", 2),
        (b"warning: next", 4),
    ],
    "two tracebacks of one exception": [
        (b"err: job failed", 3),
        *((line, 3) for line in [*TRACE, DURING, *TRACE, CAUSE, *TRACE]),
        (b"During lunch", 6),
    ],
    "a group of exceptions is indented": [
        (b"err: job failed", 3),
        (b"  + Exception Group Traceback (most recent call last):", 3),
        (b'  |   File "x.py", line 1, in <module>', 3),
        (b"  | ExceptionGroup: two (2 sub-exceptions)", 3),
        (b"next", 6),
    ],
    "a head at the exception's own margin": [(b"error: Traceback", 3), (b"x", 6)],
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_records(record):
    """Each line of a record has the level of the record's head."""
    lines = [line for line, _ in record]
    assert SeverityReader().route(lines) == [level for _, level in record]


@pytest.mark.parametrize("default", range(8), ids=SEVERITIES)
def test_default(default):
    """A line without a head has the level that the router was told."""
    assert SeverityReader(default).route([b"text", b"err: x", b"text"]) == [default, 3, default]


def test_a_known_beginning_does_not_hide_what_follows():
    """What the router remembers of a beginning holds for every line that begins so."""
    lines = [b"criticalx: no", b"critical: yes", b"[warningx] no", b"[warning] yes"]
    lines += [b"emergencx", b"emergency: yes", b"Tracebackx"]
    for first in lines:
        for second in lines:
            expected = [model([line])[0] for line in (first, second, first)]
            assert SeverityReader().route([first, second, first]) == expected


WORDS = "|".join(sorted(NAMES, key=len, reverse=True)).encode()
HEAD = re.compile(rb"<([0-7])>|\[(%b)\]|(%b):" % (WORDS, WORDS), re.IGNORECASE)


def model(lines, default=INFO):
    """The documented rules, a line at a time and with nothing remembered."""
    found, level, in_traceback = [], default, False
    for line in lines:
        goes_on = line[:1] in b" \t" or line in (DURING, CAUSE)
        if not goes_on and in_traceback:
            goes_on, in_traceback = True, False
        elif not goes_on and line.startswith(TRACE[0]):
            goes_on = in_traceback = True
        if not goes_on:
            said = HEAD.match(line)
            level = default if said is None else worth(said)
        found.append(level)
    return found


def worth(said):
    """The level that the match SAID names."""
    return int(said[1]) if said[1] else NAMES[(said[2] or said[3]).decode().lower()]


def recase(text, upper):
    """TEXT in capitals where UPPER has a one."""
    return bytes(
        byte ^ 0x20 if upper >> at & 1 and chr(byte).isalpha() else byte
        for at, byte in enumerate(text)
    )


BEGINNINGS = st.one_of(
    st.sampled_from([b"%b:", b"[%b]", b"[%b]:", b"%b", b"[%b", b"%b ", b"%bx:", b"x%b:"]).flatmap(
        lambda way: st.sampled_from(sorted(NAMES)).map(lambda name: way % name.encode())
    ),
    st.sampled_from([b"<%d>" % i for i in range(10)]),
    st.sampled_from([*TRACE, DURING, CAUSE, DURING[:20], CAUSE[:20], TRACE[0][:9]]),
    st.sampled_from([b" ", b"\t", b"<", b"[", b":", b"]"]),
    st.binary(max_size=9),
)
LINE = (
    st.tuples(BEGINNINGS, st.integers(0, 4095), st.one_of(st.just(b""), st.binary(max_size=4)))
    .map(lambda parts: recase(parts[0], parts[1]) + parts[2])
    .map(lambda line: line.replace(b"\n", b"?"))
    .filter(bool)
)
LINES = st.lists(LINE, max_size=30)


@patient
@given(lines=LINES, cuts=st.lists(st.integers(0, 30)), default=st.integers(0, 7))
def test_batches_do_not_matter(lines, cuts, default):
    """The levels are the same however the lines are batched, and those of the rules."""
    edges = sorted({0, len(lines), *(cut for cut in cuts if cut < len(lines))})
    router = SeverityReader(default)
    found = []
    for start, end in pairwise(edges):
        found += router.route(lines[start:end])
    assert found == model(lines, default) == SeverityReader(default).route(lines)


@patient
@given(lines=LINES)
def test_forgetting_does_not_matter(lines):
    """The levels are the same when the router's memory for beginnings is short."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beginnings, "REMEMBERED", 2)
        assert SeverityReader().route(lines * 2) == model(lines * 2)


STRIP = re.compile(rb"(?:<[0-7]>|\[(?:%b)\]:?|(?:%b):) *" % (WORDS, WORDS), re.IGNORECASE)


@patient
@given(line=LINE)
@example(b"[error]:  x")
def test_strip_takes_the_head(line):
    """Strip takes off a head with the blanks after it, as the rules have it, or nothing."""
    said = STRIP.match(line)
    assert strip(line) == (line[said.end() :] if said else line)
