"""What records look like, and that the router makes one record of each again."""

import logging
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pydaemontools.adapters.text_formats import Human, Text, by_numbers, by_words, folded
from pydaemontools.log.lines.levels import SEVERITIES
from tests.adapters.conftest import understood

WORDS, NUMBERS = Text(by_words()), Text(by_numbers())
WITHOUT_INFO = Text(by_words(info=False))
FOLDED = Text(by_words(), fold=True)
FORMS = {"words": WORDS, "numbers": NUMBERS, "without info": WITHOUT_INFO, "folded": FOLDED}
# What is hard: lines that look like a record's beginning, its rest, or somebody else's.
LINES = st.sampled_from(
    [
        "",
        " ",
        "  indented",
        "\ttab",
        "plain",
        "error: not mine",
        "<3>nor mine",
        "[warn] x",
        '{"level": "error"}',
        "level=error msg=x",
        "Traceback (most recent call last):",
        '  File "x", line 1',
        "KeyError: 'three'",
        "During handling of the above exception, another exception occurred:",
        "The above exception was the direct cause of the following exception:",
        "naïve \udcff €",
    ]
)


def record(level, text, *, exception=None):
    """A record of logging's."""
    info = exception and (type(exception), exception, exception.__traceback__)
    return logging.LogRecord("app", level, "app.py", 7, text, None, info)


def words(text):
    """TEXT, however its words are parted."""
    return re.sub(r"\s+", " ", text).strip()


@example([(0, ["  indented"]), (6, ["KeyError: 'three'"])])
@given(st.lists(st.tuples(st.integers(0, 8), st.lists(LINES, min_size=1, max_size=5)), min_size=1))
@pytest.mark.parametrize("form", FORMS)
def test_the_router_makes_the_same_records_again(form, texts):
    """Each whole, with its level, and none with another, whatever its lines look like."""
    messages = [(step, "\n".join(lines)) for step, lines in texts]
    data = b"".join(FORMS[form].text(step, text) for step, text in messages)
    wanted = [(min(step, 7), words(text)) for step, text in messages if words(text)]
    found = understood(data)
    got = [(level, words(text).removeprefix("an exception: ")) for level, text, _ in found]
    assert got == wanted


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one", "error: one\n"),
        ("one\n\n", "error: one\n"),
        ("one\ntwo", "error: one\nerror:  two\n"),
        ("one\n\n  two", "error: one\nerror: \nerror:   two\n"),
        ("\n\n one", "error: one\n"),
        ("", ""),
        (" \n\t\n", ""),
    ],
)
def test_each_line_of_a_record_has_its_level(text, lines):
    """Newlines at the end are none of it, and a blank record is none at all."""
    assert WORDS.text(3, text) == lines.encode()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one", "one\n"),
        ("one\ntwo", "info: one\ninfo:  two\n"),
        ("error: one", "info: error: one\n"),
        ("<3>one", "info: <3>one\n"),
        ('{"a": 1}', 'info: {"a": 1}\n'),
        ("level=debug msg=x", "info: level=debug msg=x\n"),
    ],
)
def test_info_goes_without_a_head_if_asked_and_if_nothing_else_could_be_meant(text, lines):
    """As the Perl adapter has it; but nobody's text becomes a level."""
    assert WITHOUT_INFO.text(6, text) == lines.encode()


@pytest.mark.parametrize("step", range(9))
def test_the_number_is_the_severity(step):
    """For systemd, which has no trace."""
    assert NUMBERS.text(step, "x") == b"<%d>x\n" % min(step, 7)


def test_the_words_are_those_of_the_perl_adapter():
    """One for each step."""
    shown = b"".join(WORDS.text(step, "x") for step in range(9)).decode().split(": x\n")
    perl = "emergency alert critical error warning notice info debug trace"
    assert shown[:-1] == perl.split()
    assert len(SEVERITIES) == 8


def raised():
    """An exception with a cause, a note, and a message of two lines."""
    try:
        try:
            {}["three"]
        except KeyError as error:
            raise ValueError("first\nsecond") from error
    except ValueError as error:
        error.add_note("a note")
        return error


@pytest.mark.parametrize("form", FORMS)
def test_a_traceback_is_one_record_with_the_name_of_its_exception(form):
    """With the exceptions that led to it, and all lines of its message."""
    data = FORMS[form].record(record(logging.ERROR, "job failed", exception=raised()))
    ((level, message, fields),) = understood(data)
    assert (level, message.split("\n")[0]) == (3, "job failed")
    assert fields["exception.type"] == "ValueError"
    for part in "KeyError: 'three'", "direct cause", "first", "second", "a note":
        assert part in message


def test_an_exception_without_a_message_gets_its_own():
    """logging.exception("") happens."""
    data = WORDS.record(record(logging.ERROR, "", exception=KeyError("three")))
    assert data.startswith(b"error: KeyError: 'three'\n")


def test_bytes_that_are_no_utf8_go_as_they_are():
    """What os.fsdecode() made of a file name."""
    assert WORDS.text(6, "caf\udce9") == b"info: caf\xe9\n"
    # Half of a character that is no byte either.
    assert WORDS.text(6, "\ud800\udce9") == b"info: \\ud800\xe9\n"


def test_several_lines_can_be_one():
    """As logfmt, which the router and others take apart again."""
    assert FOLDED.text(3, 'a "b"\n\tc') == b'level=error msg="a \\"b\\"\\n\\tc"\n'
    assert FOLDED.text(3, "a") == b"error: a\n"


class Own(logging.Formatter):
    """A Formatter of the program's, which hides something and is short of an exception."""

    def format(self, record):
        """What the record says."""
        return super().format(record).replace("secret", "***")

    def formatException(self, ei):  # noqa: N802 - logging's
        """What the exception says."""
        return f"({ei[1]!r})"


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (logging.Formatter("%(name)s:%(lineno)d: %(message)s"), ["app:7: secret", "Traceback"]),
        (logging.Formatter("{rid} {message}", style="{"), ["secret", "Traceback"]),
        (Own("%(message)s"), ["***", " (ValueError('***'))"]),
    ],
)
def test_a_body_says_what_a_message_is(body, lines):
    """In logging's own words, or those of the program; without, if it wants what is not there."""
    try:
        raise ValueError("secret")
    except ValueError as error:
        logged = record(30, "secret", exception=error)
    made = Text(by_words(), body=body).record(logged).decode().splitlines()
    assert made[0] == f"warning: {lines[0]}"
    assert made[1].startswith(f"warning: {lines[1]}")
    made = Human(colour=False, body=body).record(logged).decode().splitlines()
    assert made[0].endswith(f"warning: app: {lines[0]}")
    assert made[1].startswith(lines[1].strip())


def test_on_a_terminal_the_level_is_coloured_and_control_characters_are_not_obeyed():
    """With the time and the logger."""
    line = Human(colour=True).record(record(40, "gone \x1b[2J")).decode()
    assert re.fullmatch(r"\d\d:\d\d:\d\d \x1b\[31merror:\x1b\[0m app: gone \?\[2J\n", line), line
    assert "\x1b" not in Human(colour=False).record(record(40, "gone")).decode()


def test_neither_a_name_nor_what_else_is_known_drives_a_terminal():
    """A logger may be called after what came from elsewhere; a text may be all there is."""
    human, odd = Human(colour=False), record(40, "x")
    odd.name = "a\x1b[31mb"
    assert human.record(odd).endswith(b" error: a?[31mb: x\n")
    assert human.text(3, "\x1b[31mx") == b"error: ?[31mx\n"


def test_a_traceback_is_shown_as_it_is_on_a_terminal():
    """Without heads."""
    shown = Human(colour=False).record(record(40, "x", exception=raised())).decode()
    assert "\nTraceback (most recent call last):\n" in shown


def test_a_folded_group_names_itself():
    """Of an ExceptionGroup the fields are its own, not those of one that it holds."""
    lines = [
        "failed",
        "  + Exception Group Traceback (most recent call last):",
        '  |   File "x.py", line 7, in <module>',
        "  | ExceptionGroup: grp (1 sub-exception)",
        "  +-+---------------- 1 ----------------",
        "    | Traceback (most recent call last):",
        '    |   File "x.py", line 5, in f',
        "    | ValueError: v",
        "    +------------------------------------",
    ]
    made = folded(3, lines)
    end = 'exception.type=ExceptionGroup exception.message="grp (1 sub-exception)"\n'
    assert made.endswith(end)


@pytest.mark.parametrize("text", ["bye a=1", "bye", "<3>bye", "Caused by: x", "2024 12:00 x"])
def test_what_is_logged_when_the_interpreter_ends(program, text):
    """Nothing can be imported then, and is needed."""
    code = f"""
log.install(info_prefix=False)
class Last:
    def __del__(self): logging.info({text!r})
last = Last()
"""
    result = program(code)
    assert result.stderr.decode() in (f"info: {text}\n", f"{text}\n")
