"""The level of a process: words, numbers, bounds, and whoever follows it."""

import logging

import pytest

from pydaemontools.adapters import Level
from pydaemontools.adapters.level import GCP, HEADS, NUMBERS, OTEL, step_of, step_of_number
from pydaemontools.log.lines import keys

# The table of the Perl adapter: its names, and their aliases.
ALIASES = {
    "none": -1,
    "emergency": 0,
    "emerg": 0,
    "alert": 1,
    "critical": 2,
    "crit": 2,
    "fatal": 2,
    "error": 3,
    "err": 3,
    "warning": 4,
    "warn": 4,
    "notice": 5,
    "info": 6,
    "inform": 6,
    "debug": 7,
    "trace": 8,
    "all": 8,
}


@pytest.mark.parametrize(("word", "step"), ALIASES.items())
def test_a_word_in_any_case_means_its_step(word, step):
    """So does the number itself, as a number and as text."""
    for said in (word, word.upper(), f" {word.title()} ", step, str(step)):
        assert step_of(said) == step


@pytest.mark.parametrize(
    ("number", "step"),
    [(logging.DEBUG, 7), (15, 7), (20, 6), (25, 5), (30, 4), (35, 4), (40, 3), (50, 2), (60, 1)],
)
def test_a_number_of_logging_is_known_from_ten_on(number, step):
    """People write level=logging.DEBUG; below 9 the numbers are syslog's."""
    assert step_of(number) == step


@pytest.mark.parametrize("wrong", ["", "loud", "-2", "9", 9, -2, None, True, 2.0, []])
def test_what_is_no_level_is_told_with_what_would_be_one(wrong):
    """The person at the terminal sees the words."""
    with pytest.raises(ValueError, match=r"no level: .* say one of none, emergency, .*trace"):
        step_of(wrong)


def test_each_word_of_the_router_is_known_and_means_the_same():
    """One table: what a line or a field may say, a person may say."""
    for word, severity in keys.WORDS.items():
        assert min(step_of(word), 7) == severity


@pytest.mark.parametrize("step", range(9))
def test_what_each_library_calls_a_level_means_that_severity_to_the_router(step):
    """Prefix word, logging's number, OpenTelemetry's, and GCP's name."""
    severity = min(step, 7)
    assert keys.severity("level", HEADS[step]) == severity
    assert keys.severity("levelno", NUMBERS[step]) == severity
    assert keys.severity("severity", GCP[step]) == severity
    # FATAL is critical to the router, which looks at the word first.
    assert keys.severity("SeverityNumber", OTEL[step]) == (severity or 2)


@pytest.mark.parametrize(
    ("number", "name", "step"),
    [
        (5, "TRACE", 8),
        (25, "SUCCESS", 5),
        (22, "NOTICE", 5),
        (22, "Level 22", 6),
        (1, "", 8),
        (7, "", 7),
        (55, "FATAL", 2),
        (99, "Level 99", 0),
        # As the router has them.
        (25, "SEVERE", 3),
        (10, "panic", 2),
        (40, "FINE", 7),
        (40, "Informational", 6),
        (10, "WARN3", 4),
        (10, "ERROR+2", 3),
        (30, "floor 3", 4),
        (30, "40", 4),
    ],
)
def test_a_record_has_the_step_of_its_name_and_else_of_its_number(number, name, step):
    """A program may have a NOTICE of its own, at another number."""
    assert step_of_number(number, name) == step


def test_it_moves_between_its_bounds():
    """It stops there, and comes back from there at once."""
    level = Level("info", min="error", max="debug")
    for steps, name in ((1, "debug"), (5, "debug"), (-1, "info"), (-99, "error"), (1, "warning")):
        level.adjust(steps)
        assert level.name == name


@pytest.mark.parametrize(
    ("said", "name"),
    [("+= 1", "debug"), ("-=2", "warning"), ("+1", "debug"), ("-1", "none"), ("-2", None)],
)
def test_a_text_may_be_a_change(said, name):
    """-1 alone is a level, none; -= 1 is a change."""
    level = Level()
    if name is None:
        with pytest.raises(ValueError, match="no level"):
            level.set(said)
    else:
        level.set(said)
        assert level.name == name


def test_none_says_nothing_and_trace_says_everything():
    """Thresholds for logging and loguru."""
    assert Level("none").threshold > max(NUMBERS)
    assert Level("emergency").threshold == 70
    assert Level("trace").threshold == 1


def test_bounds_the_wrong_way_round_are_told():
    """Before anything is changed."""
    with pytest.raises(ValueError, match="exchange them"):
        Level(min="debug", max="info")


def test_who_follows_is_told_of_each_change_until_it_leaves():
    """It is called at once, too: what it sets is right from the beginning."""
    level, seen = Level(), []

    def follower():
        seen.append(level.name)

    level.follow(follower)
    level.adjust(1)
    level.leave(follower)
    level.adjust(1)
    assert seen == ["info", "debug"]


@pytest.mark.parametrize("form", ["level", "journal", "human", "json", "logfmt"])
@pytest.mark.parametrize("bridge", [None, "both"])
def test_a_level_of_the_programs_is_what_its_name_says_in_every_form(program, form, bridge):
    """Also where its number says another one, and over the bridge."""
    text = f"""
from loguru import logger
logger.level("SEVERE", no=22)
logging.addLevelName(23, "panic")
log.install(format={form!r}, bridge={bridge!r})
logger.log("SEVERE", "one")
app.log(23, "two")
"""
    lines = program(text).stderr.decode().splitlines()
    assert len(lines) == 2
    for line, words in zip(lines, (("error", "<3>"), ("critical", "<2>")), strict=True):
        assert any(word in line for word in words), line
