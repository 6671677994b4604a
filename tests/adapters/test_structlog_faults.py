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


STAYS = {
    "file": ("structlog.WriteLoggerFactory(file=open('out', 'w'))", "open('out').read()"),
    "print": ("structlog.PrintLoggerFactory(open('out', 'w'))", "open('out').read()"),
    "bytes": ("lambda *_: structlog.BytesLogger(open('out', 'ab'))", "open('out').read()"),
    "a test": ("cap", "cap.logger.calls and cap.logger.calls[0].args[0]"),
    "logging": ("lambda *_: logging.getLogger('app')", "open('out').read()"),
    "by name": ("lambda name: logging.getLogger(name)", "open('out').read()"),
}


@pytest.mark.parametrize("way", STAYS)
def test_where_structlog_writes_to_stays(said, way):
    """A file, what a test has, and logging: only what prints is replaced."""
    factory, found = STAYS[way]
    text = f"""
cap = structlog.testing.CapturingLoggerFactory()
if {way!r} in ("logging", "by name"):
    logging.root.addHandler(logging.FileHandler("out"))
from json import dumps, loads
renders = structlog.processors.JSONRenderer()
if {way!r} == "bytes":
    renders = structlog.processors.JSONRenderer(lambda event, **_: dumps(event).encode())
structlog.configure(processors=[renders], logger_factory={factory})
log.install()
structlog.get_logger("app").error("there", n=1)
found = {found}
log.uninstall()
assert loads(found) == {{"event": "there", "n": 1}}, found
"""
    lines = said(IMPORTS + text)
    assert len(lines) == (way in ("logging", "by name"))


def test_a_call_to_what_stays_raises_nothing_either(said):
    """What cannot be written there is said here."""
    text = """
def breaks(logger, method, event): raise RuntimeError("no")
structlog.configure(processors=[breaks], logger_factory=structlog.WriteLoggerFactory(
    file=open("out", "w")))
log.install()
structlog.get_logger().error("one", n=1)
structlog.get_logger().debug("no")
"""
    assert said(IMPORTS + text) == ["error: one n=1"]


@pytest.mark.parametrize(
    "printer",
    [
        "structlog.PrintLogger",
        "lambda *_: structlog.WriteLogger(sys.stderr)",
        "structlog.BytesLoggerFactory(open('/dev/stdout', 'wb'))",
        "lambda *_: Own()",
        "structlog.PrintLoggerFactory()",
    ],
)
def test_what_prints_is_replaced(said, printer):
    """Whatever it is called."""
    text = f"""
class Own:
    def info(self, text): print(text)
structlog.configure(processors=[structlog.processors.JSONRenderer()], logger_factory={printer})
log.install()
structlog.get_logger("app").info("one", n=1)
"""
    assert said(IMPORTS + text) == ["info: one n=1"]


def test_loggers_that_are_wrapped(said):
    """What prints is a line as any other; logging has the record, a file the line."""
    text = """
log.install()
class Kept(logging.Handler):
    def emit(self, record): records.append(record)
records = []
app.addHandler(Kept())
for one in (structlog.PrintLogger(), structlog.WriteLogger(sys.stderr), structlog.BytesLogger()):
    structlog.wrap_logger(one).error("wrapped", n=1)
    structlog.wrap_logger(one).notice("wrapped", n=2)
    structlog.wrap_logger(one).debug("no")
structlog.wrap_logger(app).notice("wrapped", n=3)
structlog.wrap_logger(app).debug("no")
structlog.wrap_logger(structlog.WriteLogger(open("out", "w"))).error("wrapped", n=4)
structlog.wrap_logger(structlog.BytesLogger(open("bytes", "wb"))).error("wrapped\\n", n=5)
say = structlog.wrap_logger(structlog.ReturnLogger())
assert say.error("wrapped", n=6) == "error: wrapped n=6"
assert open("out").read() == "error: wrapped n=4\\n"
assert open("bytes", "rb").read().endswith(b"error:  n=5\\n")
assert [(one.levelname, one.name) for one in records] == [("NOTICE", "app")], records
log.install(format="json")
structlog.wrap_logger(app).error("wrapped", n=7)
assert (records[-1].msg, records[-1].n, records[-1].lineno) == ("wrapped", 7, 25)
"""
    *lines, last = said(IMPORTS + text)
    assert lines == [*["error: wrapped n=1", "notice: wrapped n=2"] * 3, "notice: wrapped n=3"]
    assert json.loads(last)["n"] == 7


EARLY = """
{configure}
early = structlog.get_logger().bind(component="db")
named = structlog.get_logger("app")
wrapped = structlog.wrap_logger(structlog.WriteLogger()).bind()
own = structlog.wrap_logger(structlog.PrintLogger(), [lambda l, m, e: e["event"]])
generic = structlog.wrap_logger(structlog.PrintLogger(), wrapper_class=structlog.BoundLogger).bind()
generic.error  # it is kept from here on
every = early, named, wrapped, own.bind(), generic
def say(text):
    for one in every: one.error(text, n=1)
    early.debug("no")
log.install()
say("one")
with structlog.testing.capture_logs() as kept: early.error("kept")
assert [one["event"] for one in kept] == ["kept"]
log.install(format="json")
say("two")
log.uninstall()
with open("out", "w") as file: os.dup2(file.fileno(), 1)
for one in every[:1] + every[2:]: one.error("three")
"""


@pytest.mark.parametrize(
    "configure",
    ["", "structlog.configure(processors=[structlog.processors.LogfmtRenderer()])"],
)
def test_loggers_that_were_bound_before(said, place, configure):
    """They write as others do; when all is over, as they did."""
    lines = said(IMPORTS + EARLY.format(configure=configure))
    expected = ["error: one component=db n=1", *["error: one n=1"] * 4]
    expected[3] = "error: one"  # what its renderer has left of it
    assert lines[:5] == expected
    found = [json.loads(line) for line in lines[5:]]
    assert [(one["level"], one["message"]) for one in found] == [("error", "two")] * 5
    assert [one.get("line") for one in found] == [15, 15, 15, None, 15]
    assert (place / "out").read_text().count("three") == 4


def test_a_logger_that_was_used_before_and_kept(said):
    """Of the first use, and of an install() that is over."""
    text = """
structlog.configure(cache_logger_on_first_use=True, logger_factory=structlog.PrintLoggerFactory(
    sys.stderr))
say = structlog.get_logger()
say.error("before")
log.install()
say.error("one")
later = structlog.get_logger("app")
later.error("two")
log.install(format="logfmt")
say.error("three")
later.error("four")
"""
    before, first, second, *others = said(IMPORTS + text)
    assert before.endswith("before")
    assert (first, second) == ("error: one", "error: two")
    assert ["level=error" in line and "line=" in line for line in others] == [True, True]


@pytest.mark.parametrize("when", ["before", "behind"])
def test_a_text_that_was_renamed(said, when):
    """It is the text whatever else there is that is called so."""
    first, second = ("", "log.install()") if when == "before" else ("log.install()", "")
    text = f"""
{first}
def configure(*names):
    structlog.configure(processors=[
        structlog.processors.EventRenamer(*names), structlog.processors.JSONRenderer()])
    {second or "pass"}
configure("msg")
structlog.get_logger().error("one", message=2)
log.uninstall()
{first}
configure("message", "_event")
structlog.get_logger().error("three", _event="four", msg=5)
log.uninstall()
{first}
configure("text")
structlog.get_logger().error("six", n=7)
"""
    assert said(IMPORTS + text) == [
        "error: one message=2",
        "error: three msg=5 field_event=four",
        "error: six n=7",
    ]


@pytest.mark.parametrize("when", ["before", "behind"])
@pytest.mark.parametrize("renderer", ["", "structlog.processors.JSONRenderer()"])
def test_a_processor_that_gives_nothing_back(said, when, renderer):
    """One that forgets `return event`: what was logged is said as it was."""
    configure = f"structlog.configure(processors=[lambda *_: None, {renderer}])"
    first, second = (configure, "") if when == "before" else ("", configure)
    text = f"""
import structlog
{first}
log.install()
{second}
structlog.get_logger().bind(disk="sda").error("gone", number=1)
"""
    assert said(text) == ["error: gone disk=sda number=1"]
