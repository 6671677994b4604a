"""structlog: what a program gives, however, is said, and goes where the program wants it."""

import json

import pytest

IMPORTS = "import structlog\n"


def test_the_event_may_be_named(said):
    """As structlog's parameter is; of two, one is a field."""
    text = """
log.install()
say = structlog.get_logger()
say.info(event="started", port=1)
say.info("one", event="two")
say.exception(event="three")
say.exception("four", event="five")
"""
    assert said(IMPORTS + text) == [
        "info: started port=1",
        "info: one field_event=two",
        "error: three",
        "error: four field_event=five",
    ]


@pytest.mark.parametrize("kind", ["dict", "collections.OrderedDict"])
def test_an_event_for_a_formatter_is_one_in_any_class(said, kind):
    """The program's context_class makes no difference."""
    text = f"""
import collections
structlog.configure(
    processors=[structlog.stdlib.add_log_level,
                structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger, context_class={kind})
log.install()
structlog.get_logger("a").error("hello", user=7)
"""
    assert said(IMPORTS + text) == ["error: hello user=7"]


DICTS = """
structlog.configure(processors=[
    structlog.processors.add_log_level, structlog.processors.dict_tracebacks,
    structlog.processors.JSONRenderer()])
log.install(format=sys.argv[1])
def inner(): {}["three"]
def outer():
    try:
        inner()
    except KeyError as error:
        error.add_note("a note")
        try: raise RuntimeError("two")
        except RuntimeError: raise ValueError("it\\nfailed") from error
try: raised = None; outer()
except ValueError as error: raised = error; structlog.get_logger().exception("job failed", n=1)
"""


def test_dicts_of_an_exception_are_its_traceback(program):
    """What dict_tracebacks makes says what Python does."""
    text = DICTS + "import traceback; traceback.print_exception(raised, file=sys.stdout)\n"
    result = program(IMPORTS + text, "json")
    found = json.loads(result.stderr)
    assert (found["message"], found["n"]) == ("job failed", 1)
    assert (found["exception.type"], found["exception.message"]) == ("ValueError", "it\nfailed")
    assert "exception" not in found
    expected = [line for line in result.stdout.decode().splitlines() if "^" not in line]
    assert found["exception.stacktrace"].splitlines() == expected


def test_dicts_of_an_exception_are_text_too(said):
    """Below the message, as a traceback is."""
    lines = said(IMPORTS + DICTS, "level")
    assert lines[:2] == ["error: job failed n=1", "error: Traceback (most recent call last):"]
    assert "error: KeyError: 'three'" in lines


def test_dicts_of_a_group_are_one(said):
    """With what is in it."""
    text = """
structlog.configure(processors=[
    structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()])
log.install(format="json")
try: raise ExceptionGroup("several", [KeyError("one"), ExceptionGroup("in", [OSError("two")])])
except ExceptionGroup: structlog.get_logger().exception("failed")
structlog.get_logger().error("odd", exception=[{"exc_type": 1}], n=2)
structlog.get_logger().error("none", exc_info=ValueError())
"""
    first, second, third = map(json.loads, said(IMPORTS + text))
    assert first["exception.type"] == "ExceptionGroup"
    assert first["exception.message"].startswith("several")
    assert "    | KeyError: 'one'" in first["exception.stacktrace"].splitlines()
    assert "OSError: two" in first["exception.stacktrace"]
    assert second["exception"] == [{"exc_type": 1}]
    assert third["exception.stacktrace"] == "ValueError"


KEPT = [
    ("pathname='a.conf', lineno=12", "pathname=a.conf lineno=12"),
    ("func_name='f'", "func_name=f"),
    ("log_level='debug'", "log_level=debug"),
    ("level='warning'", "level=warning"),
    ("stack=['a']", "stack=['a']"),
    ("stack='production'", "stack=production"),
    ("exception=3", "exception=3"),
    ("timestamp=12", "timestamp=12"),
    ("timestamp=1.5", "timestamp=1.5"),
    ("timestamp='2001-02-03T04:05:06Z'", "timestamp=2001-02-03T04:05:06Z"),
    ("timestamp='0001-01-01'", "timestamp=0001-01-01"),
    ("timestamp='soon'", "timestamp=soon"),
]


@pytest.mark.parametrize(("given", "text"), KEPT)
def test_a_field_that_is_called_as_a_processors_is_kept(said, given, text):
    """It is the program's if no processor would have made it so."""
    program = f"log.install()\nstructlog.get_logger().info('x', {given})\n"
    assert said(IMPORTS + program) == [f"info: x {text}"]


def test_in_json_it_has_a_name_of_its_own(said):
    """The place is that of the call."""
    text = """
structlog.configure(processors=[
    structlog.processors.CallsiteParameterAdder(), structlog.processors.JSONRenderer()])
log.install(format="json")
structlog.get_logger().error("x", path="a.conf")
log.uninstall(); structlog.reset_defaults()
log.install(format="json")
structlog.get_logger().error("syntax error", pathname="a.conf", lineno=120, level="info")
"""
    first, second = map(json.loads, said(IMPORTS + text))
    assert first["line"] == 9
    assert not {"field_pathname", "field_lineno", "pathname", "func_name"} & first.keys()
    assert (second["field_pathname"], second["field_lineno"]) == ("a.conf", 120)
    assert (second["line"], second["level"], second["field_level"]) == (12, "error", "info")


@pytest.mark.parametrize("stamp", ["'iso'", "'iso', utc=False", "", "'%H.%M'", "'%Y', True"])
@pytest.mark.parametrize("form", ["JSONRenderer()", "LogfmtRenderer()"])
def test_what_a_processor_has_made_is_no_field(said, stamp, form):
    """A level, a time, a place and a stack, which the record has itself."""
    text = f"""
structlog.configure(processors=[
    structlog.processors.add_log_level, structlog.processors.TimeStamper({stamp}),
    structlog.processors.StackInfoRenderer(), structlog.processors.{form}])
log.install()
structlog.get_logger().error("x", stack_info=True)
"""
    first, second, *_ = said(IMPORTS + text)
    assert (first, second) == ("error: x", "error:  Stack (most recent call last):")
