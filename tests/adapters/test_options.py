"""-v, -q and DEBUG: the tables of the Perl adapter, as systems.md restates them, and beyond."""

import re
import sys

import pytest

from pydaemontools.adapters import Argv, Level
from pydaemontools.adapters.options import from_argv, from_env

# Words -> the level, beginning at info, and what is left where they are consumed.
ARGV = [
    ([], "info", []),
    (["-v"], "debug", []),
    (["--verbose"], "debug", []),
    (["-q"], "notice", []),
    (["--quiet"], "notice", []),
    (["-v", "-v"], "trace", []),
    (["-vv"], "trace", []),
    (["-q", "--quiet", "-q"], "error", []),
    (["-qq"], "warning", []),
    (["-vq"], "info", []),
    (["-vqavq"], "info", ["-a"]),
    (["-avz"], "debug", ["-az"]),
    (["-vvvvvv"], "trace", []),
    (["-v", "--", "-v"], "debug", ["--", "-v"]),
    (["--", "-vv"], "info", ["--", "-vv"]),
    (["a", "-v", "b"], "debug", ["a", "b"]),
    (["v", "q", "-", "---v"], "info", ["v", "q", "-", "---v"]),
    (["-V", "-Q"], "info", ["-V", "-Q"]),
    (["-o=v", "-j8", "--verbosely"], "info", ["-o=v", "-j8", "--verbosely"]),
]
# The value of DEBUG -> the level.
ENV = [
    ("2", "trace"),
    ("1", "debug"),
    ("+1", "debug"),
    ("0", "info"),
    ("-1", "notice"),
    ("-2", "warning"),
    ("-99", "none"),
    ("99", "trace"),
    ("trace", "trace"),
    ("Warn", "warning"),
    (" error ", "error"),
    ("none", "none"),
    ("", "info"),
    ("true", "debug"),
    ("no", "info"),
]


@pytest.mark.parametrize(("words", "name", "left"), ARGV)
@pytest.mark.parametrize("consume", [False, True])
def test_words_turn_the_level(words, name, left, consume):
    """They are left unless they are to be consumed, from bundles too."""
    level, args = Level(), list(words)
    from_argv(level, Argv(args=args, consume=consume))
    assert (level.name, args) == (name, left if consume else words)


@pytest.mark.parametrize(("argv", "left"), [(True, ["-v", "x"]), ("consume", ["x"])])
def test_without_a_list_it_is_the_command_line_of_the_process(monkeypatch, argv, left):
    """The program's name stays."""
    monkeypatch.setattr(sys, "argv", ["-v", "-v", "x"])
    level = Level()
    from_argv(level, argv)
    assert (level.name, sys.argv) == ("debug", ["-v", *left])


def test_words_of_ones_own():
    """Also patterns, without bundles, and with another word to stop at."""
    how = Argv(["--loud", re.compile("-d+")], ["-s"], bundle=False, stop="+", consume=True)
    words = ["-ddd", "--loud", "-s", "-v", "-ss", "+", "--loud"]
    assert how.count(words) == (1, ["-v", "-ss", "+", "--loud"])


@pytest.mark.parametrize("wrong", ["yes", 1.5, ["-v"]])
def test_what_is_no_way_to_read_a_command_line_is_told(wrong):
    """With what would be one."""
    with pytest.raises(ValueError, match='say True, "consume" or an Argv'):
        from_argv(Level(), wrong)


def test_a_single_word_in_place_of_a_list_is_told():
    """It would be taken letter by letter."""
    with pytest.raises(ValueError, match=r"say verbose=\['-v'\]"):
        Argv(verbose="-v")


@pytest.mark.parametrize(("value", "name"), ENV)
def test_a_variable_sets_the_level(value, name):
    """A name, or how many steps above info."""
    level = Level("info")
    assert from_env(level, "DEBUG", {"DEBUG": value}) == []
    assert level.name == name


@pytest.mark.parametrize(
    ("value", "name"), [("debug", "debug"), ("3", "error"), ("8", "trace"), ("+= 1", "trace")]
)
def test_a_variable_may_hold_a_level(value, name):
    """By name or by syslog's number, and a change too."""
    level = Level("debug")
    assert from_env(level, {"level": "LOG_LEVEL"}, {"LOG_LEVEL": value}) == []
    assert level.name == name


def test_a_variable_that_is_not_set_changes_nothing():
    """Nor do other variables."""
    level = Level("error")
    assert from_env(level, {"debug": "DEBUG", "level": "LEVEL"}, {"VERBOSE": "2"}) == []
    assert level.name == "error"


def test_a_variable_that_means_something_else_is_told_and_no_error():
    """DEBUG is used for much: a daemon does not stay down because of it."""
    level = Level("notice")
    (told,) = from_env(level, "DEBUG", {"DEBUG": "app:*"})
    assert told == "DEBUG=app:* names no level: the level stays notice"
    assert level.name == "notice"


def test_another_way_to_read_the_environment_is_told():
    """With those that there are."""
    with pytest.raises(ValueError, match='its keys are "debug" and "level"'):
        from_env(Level(), {"log_level": "X"}, {})
