"""structlog: what it says is written as logging's records are, and its own set-up stays."""

import json
import shlex

import pytest

from tests.adapters.conftest import understood

IMPORTS = "import structlog\n"


def test_every_level_of_structlog_is_said_right(said):
    """Also those that it has not got itself."""
    text = """
log.install(level="trace")
say = structlog.get_logger()
for name in "debug info warning warn error err critical fatal notice alert emerg trace".split():
    getattr(say, name, say.error)(name)
"""
    lines = said(IMPORTS + text)
    assert lines[:4] == ["debug: debug", "info: info", "warning: warning", "warning: warn"]
    assert lines[4:8] == ["error: error", "error: err", "critical: critical", "critical: fatal"]
    assert lines[8:12] == ["notice: notice", "alert: alert", "emergency: emerg", "trace: trace"]


def test_fields_stand_behind_the_event(said):
    """As logfmt; what is bound and what contextvars have, too."""
    text = """
log.install()
structlog.contextvars.bind_contextvars(request=7)
structlog.get_logger().bind(user="a b").info("hello", n=1)
"""
    (line,) = said(IMPORTS + text)
    assert line.startswith("info: hello ")
    assert sorted(shlex.split(line)) == ["hello", "info:", "n=1", "request=7", "user=a b"]


def test_categories_are_loggers(said):
    """By the name that get_logger() was given."""
    text = """
log.install(categories={"db": "debug"})
structlog.get_logger("db.pool").debug("one")
structlog.get_logger("web").debug("no")
"""
    assert said(IMPORTS + text) == ["debug: one"]


@pytest.mark.parametrize("how", ["exc_info=True", "exc_info=error", "exc_info=sys.exc_info()"])
def test_a_traceback_is_one_record(program, how):
    """However the exception is given."""
    text = f"""
log.install()
try:
    {{}}["three"]
except KeyError as error:
    structlog.get_logger().error("failed", user=7, {how})
"""
    ((level, message, fields),) = understood(program(IMPORTS + text).stderr)
    assert (level, message.split("\n")[:2]) == (
        3,
        ["failed user=7", "Traceback (most recent call last):"],
    )
    assert fields["exception.type"] == "KeyError"


def test_what_a_program_has_configured_stays_but_for_the_end(said):
    """Its processors run, what they made of the exception is taken."""
    text = """
def shout(logger, method, event):
    event["event"] = event["event"].upper()
    return event
structlog.configure(
    processors=[
        shout,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        structlog.dev.ConsoleRenderer(),
    ],
)
log.install()
log.install()
try:
    {}["three"]
except KeyError:
    structlog.get_logger().exception("failed")
log.uninstall()
assert isinstance(structlog.get_config()["processors"][-1], structlog.dev.ConsoleRenderer)
"""
    first, second, *_, last = said(IMPORTS + text)
    assert (first, second) == ("error: FAILED", "error: Traceback (most recent call last):")
    assert last == "error: KeyError: 'three'"


def test_what_goes_to_logging_arrives_there_once(said):
    """structlog.stdlib's set-up is left alone."""
    text = """
structlog.stdlib.recreate_defaults()
structlog.configure(processors=[structlog.stdlib.render_to_log_kwargs])
log.install(level="debug")
structlog.stdlib.get_logger("x").debug("one")
"""
    assert said(IMPORTS + text) == ["debug: one"]


def test_a_program_that_configures_nothing_has_its_defaults_back(said):
    """After uninstall()."""
    text = """
log.install()
assert structlog.is_configured()
log.uninstall()
assert not structlog.is_configured()
"""
    assert said(IMPORTS + text) == []


def test_json_says_where_it_was_logged(said):
    """The place is the caller's, also with the levels that are added."""
    text = """
log.install(format="json")
def f():
    structlog.get_logger("app").notice("x", n=1)
f()
"""
    (line,) = said(IMPORTS + text)
    found = json.loads(line)
    assert (found["function"], found["line"], found["logger"]) == ("f", 8, "app")
    assert (found["level"], found["message"], found["n"]) == ("notice", "x", 1)
