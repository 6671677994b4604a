"""No log call raises into the program, whatever it is given: what cannot be said is left out."""

import json

import pytest

from tests.adapters.conftest import understood

VALUES = """
class Mean:
    def __repr__(self): raise RuntimeError("no")
    __str__ = __repr__
class Shy:
    def __str__(self): raise RuntimeError("no")
    def __repr__(self): return "Shy()"
class MeanError(Exception):
    def __str__(self): raise RuntimeError("no")
    __repr__ = __str__
class Chatty:
    def __repr__(self): say(self); raise RuntimeError("no")
    __str__ = __repr__
class Number(int):
    def __repr__(self): raise RuntimeError("no")
    __str__ = __repr__
circle = {}
circle["me"] = circle
deep = []
for _ in range(100_000): deep = [deep]
odd = {"mean": Mean(), "shy": Shy(), "circle": circle, "deep": deep, "nan": float("nan"),
       "least": [float("-inf")], "key": {(1,): 2}, "half": "\\ud800", "long": 10**5000,
       "held": [Mean(), 1], "fine": 1}
"""
LIBRARIES = {
    "logging": """
say = app.error
def fields(text, odd): app.error(text, extra=odd)
def numbered(text, *args): app.error(text, *args)
def raised(text, error): app.error(text, exc_info=error)
log.install(**json.loads(sys.argv[1]))
""",
    "loguru": """
from loguru import logger
say = logger.error
def fields(text, odd): logger.bind(**odd).error(text)
def numbered(text, *args): logger.error(text.replace("%s", "{}").replace("%r", "{!r}"), *args)
def raised(text, error): logger.opt(exception=error).error(text)
log.install(**json.loads(sys.argv[1]))
""",
    "structlog": """
import structlog
def say(*args): structlog.get_logger("s").error(*args)
def fields(text, odd): structlog.get_logger("s").error(text, **odd)
def numbered(text, *args): structlog.get_logger("s").error(text, *args)
def raised(text, error): structlog.get_logger("s").error(text, exc_info=error)
log.install(**json.loads(sys.argv[1]))
""",
}
# As its guide has them: with a renderer of its own, configured behind install().
OWN = """
structlog.configure(processors=[
    structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.{renderer}()], {more})
"""
LIBRARIES["structlog to JSON"] = LIBRARIES["structlog"] + OWN.format(
    renderer="JSONRenderer", more=""
)
LIBRARIES["structlog, filtering"] = LIBRARIES["structlog"] + OWN.format(
    renderer="JSONRenderer", more="wrapper_class=structlog.make_filtering_bound_logger(20)"
)
LIBRARIES["structlog by logging"] = """
import structlog
structlog.configure(
    processors=[structlog.stdlib.PositionalArgumentsFormatter(),
                structlog.stdlib.render_to_log_kwargs],
    logger_factory=structlog.stdlib.LoggerFactory(), wrapper_class=structlog.stdlib.BoundLogger)
""" + LIBRARIES["structlog"]
WORK = """
fields("fields", odd)
numbered("%s and %r and %s", Mean(), Shy(), 5)
numbered("NUMBERS %s and %s", Number(5), 10**5000)
numbered("%s %s", "FEW", Mean())
numbered("%s %s %s", "FEWER", Mean())
numbered("two %s", Chatty())
say(Mean())
try:
    raise MeanError
except MeanError as error:
    raised("RAISED", error)
    raised("", error)
raised("ODD", (1, 2, 3))
print("done")
"""
FORMS = ["level", "journal", "human", "json", "logfmt"]


PAIRS = [(library, form) for library in LIBRARIES for form in FORMS]


@pytest.mark.parametrize(("library", "form"), PAIRS)
def test_whatever_is_logged_nothing_is_raised(program, library, form):
    """Each record is there, once, and the program goes on."""
    text = "import json\n" + VALUES + LIBRARIES[library] + WORK
    result = program(text, json.dumps({"format": form}))
    assert (result.returncode, result.stdout) == (0, b"done\n"), result.stderr.decode()
    lines = result.stderr.decode().splitlines()
    tokens = "fields", "<Mean> and Shy() and 5", "NUMBERS <Number> and <int>"
    for token in *tokens, "FEW <Mean>", "('FEWER', <Mean>)", "RAISED", "ODD":
        assert sum(token in line for line in lines) == 1, (token, lines)
    assert b"Logging error" not in result.stderr


@pytest.mark.parametrize("preset", ["plain", "otel"])
@pytest.mark.parametrize("library", ["logging", "loguru", "structlog", "structlog to JSON"])
def test_a_field_that_json_cannot_write_is_its_repr(program, library, preset):
    """And the others are as they are; NaN is text, since JSON has none."""
    text = "import json\n" + VALUES + LIBRARIES[library] + 'fields("x", odd)\n'
    line = program(text, json.dumps({"format": "json", "preset": preset})).stderr
    found = json.loads(line, parse_constant=pytest.fail)
    found |= found.get("Attributes", {})
    wanted = {
        "mean": "<Mean>",
        "shy": "Shy()",
        "circle": "{'me': {...}}",
        "deep": "<list>",
        "nan": "NaN",
        "least": ["-Infinity"],
        "key": "{(1,): 2}",
        "half": "\ud800",
        "long": "<int>",
        "held": ["<Mean>", 1],
        "fine": 1,
    }
    if library == "structlog to JSON":
        # Its own renderer has failed: nothing of it is lost all the same.
        assert found.get("message", found.get("Body")) == "x"
    assert {name: found[name] for name in wanted} == wanted


@pytest.mark.parametrize("library", ["logging", "loguru", "structlog"])
@pytest.mark.parametrize("name", ["name", "level", "method_name"])
def test_two_fields_never_become_one(program, library, name):
    """Kind: one that has to be called otherwise, as another is called: a record logged again."""
    text = f"both = {{{name!r}: 1, 'field_{name}': 2}}\nfields('x', both)\n"
    line = program("import json\n" + LIBRARIES[library] + text, '{"format": "json"}').stderr
    assert {1, 2} <= {value for value in json.loads(line).values() if type(value) is int}


def test_a_field_may_be_called_as_logging_calls_its_own(said):
    """Without us logging raises KeyError for these."""
    text = """
log.install(format="json")
app.error("x", extra={"message": 1, "name": 2, "args": 3, "user": 4})
app.error("y", extra=5)
log.uninstall()
try:
    app.error("z", extra={"name": 2})
except KeyError:
    pass
"""
    one, two = map(json.loads, said(text))
    names = ["field_message", "field_name", "field_args", "user"]
    assert [one[name] for name in names] == [1, 2, 3, 4]
    assert (one["message"], one["line"], two["field_extra"]) == ("x", 6, 5)


def test_a_value_that_logs_itself_makes_no_loop(program):
    """Its record is one as well; there is an end to that."""
    text = """
class Loop:
    def __repr__(self): app.error("in %r", self); raise RuntimeError
log.install()
app.error("%r", Loop())
app.error("on")
"""
    result = program(text)
    assert result.returncode == 0
    lines = result.stderr.decode().splitlines()
    assert lines[-1] == "error: on"
    assert len(lines) < 100_000


def test_a_handler_of_the_programs_that_raises(said):
    """The record is there all the same, and what was raised is said; the program goes on."""
    text = """
class Asks(logging.Handler):
    def emit(self, record): record.getMessage()
class Fails(logging.Handler):
    def emit(self, record): raise KeyError("three")
app.addHandler(Asks())
log.install()
logging.root.addHandler(Fails())
app.error("%d", "x")
logging.root.handlers[:] = reversed(logging.root.handlers)
app.error("two")
"""
    first, second, *others = said(text)
    assert first.startswith("error: %d (with ('x',), ")
    assert second.startswith("warning: a handler failed: TypeError(")
    failed = "warning: a handler failed: KeyError('three')"
    assert others == [failed, "error: two", failed]


@pytest.mark.parametrize("propagate", [True, False])
def test_handlers_behind_one_that_raises(said, place, propagate):
    """Kind: what has its turn later, as a file, lost what the program was not told of."""
    text = f"""
class Fails(logging.Handler):
    def emit(self, record): raise KeyError("three")
log.install()
app.propagate = {propagate}
app.handlers = [logging.FileHandler("a"), Fails(), Fails(), logging.FileHandler("b")]
app.handlers[-1].setLevel("ERROR")
logging.root.addHandler(logging.FileHandler("c"))
app.warning("one")
app.error("two")
"""
    lines = said(text)
    found = [(place / name).read_text().splitlines() for name in "abc"]
    assert found == [["one", "two"], ["two"], ["one", "two"] if propagate else []]
    told = ["warning: a handler failed: KeyError('three')"] * 2
    assert lines == (["warning: one", *told, "error: two", *told] if propagate else [])


def test_a_record_that_was_made_by_hand(said):
    """Or by a program that calls levels otherwise: logging compares them before any handler."""
    text = """
log.install()
for given in ({"levelno": "error"}, {"levelno": 40, "levelname": None}, {"levelno": None}):
    logging.root.handle(logging.makeLogRecord({"msg": "one"} | given))
"""
    lines = [line for line in said(text) if "a handler failed: TypeError(" not in line]
    assert lines == ["error: one", "error: one", "warning: one"]


@pytest.mark.parametrize("when", ["before", "behind"])
def test_a_processor_that_fails_costs_no_exception_of_the_programs(program, when):
    """What is told is what the program has caught, and not what failed on the way."""
    configure = (
        "structlog.configure(processors=[structlog.processors.add_log_level,"
        " structlog.processors.JSONRenderer(), structlog.processors.format_exc_info])"
    )
    text = f"""
import structlog
from loguru import logger
{configure if when == "before" else ""}
log.install()
{configure if when == "behind" else ""}
structlog.get_logger().info("started", n=1)
try:
    {{}}["three"]
except KeyError:
    structlog.get_logger().exception("failed", n=2)
    logger.exception("{{}} {{x}}", 5)
"""
    first, second, third = understood(program(text).stderr)
    assert first[:2] == (6, "started n=1")
    assert second[1].startswith("failed n=2\nTraceback")
    assert third[1].startswith("{} {x} (with (5): KeyError('x'))\nTraceback")
    for _, text, fields in (second, third):
        assert fields == {"exception.type": "KeyError", "exception.message": "'three'"}
        assert text.count("Traceback") == 1


REENTERED = """
from loguru import logger
class Chatty:
    def __repr__(self):
        logger.warning("inner")
        return "chatty"
log.install(format="json")
logger.bind(it={("no",): Chatty()}).error("outer")
"""


def test_loguru_that_is_used_within_itself_loses_nothing(program):
    """It refuses that, to avoid a deadlock, and would raise into the program."""
    result = program(REENTERED)
    assert result.returncode == 0, result.stderr.decode()
    said = [json.loads(line)["message"] for line in result.stderr.splitlines()]
    assert sorted(said) == ["inner", "outer"]


def test_a_signal_handler_that_logs_with_loguru_is_heard(program):
    """Also while its thread is within a sink."""
    text = """
from loguru import logger
log.install()
count = 0
def handler(*_):
    global count
    count += 1
    logger.error("signal")
    again()
def again():
    # Each when the one before was said: in a storm no handler would ever come to its end.
    signal.setitimer(signal.ITIMER_REAL, 0.0005)
signal.signal(signal.SIGALRM, handler)
again()
for at in range(20_000):
    logger.info("plain")
signal.signal(signal.SIGALRM, signal.SIG_IGN)
print(count)
"""
    result = program(text)
    assert result.returncode == 0, result.stderr.decode()[-1000:]
    lines = result.stderr.splitlines()
    assert lines.count(b"info: plain") == 20_000
    assert lines.count(b"error: signal") == int(result.stdout)
    assert len(lines) == 20_000 + int(result.stdout)


def test_what_loguru_cannot_make_is_said_all_the_same(said):
    """With the place, the fields and the level that it has."""
    text = """
from loguru import logger
log.install(format="json")
logger.bind(user=7).error("{} {x}", 5)
logger.opt(colors=True).error("<nosuch>one")
logger.opt(lazy=True).error("{}", lambda: 1 / 0)
logger.patch(lambda record: 1 / 0).error("two")
logger.log("NOSUCH", "three")
logger.opt(depth=99).error("four")
"""
    records = [json.loads(line) for line in said(text)]
    assert [one["message"].split(" (with")[0] for one in records[:2]] == ["{} {x}", "<nosuch>one"]
    assert [(one["level"], one["line"]) for one in records[:5]] == [
        *(("error", line) for line in range(7, 11)),
        ("warning", 11),
    ]
    assert records[0]["user"] == 7
    assert [one["message"] for one in records[3:]] == ["two", "three", "four"]


def test_a_sink_of_loguru_that_is_to_raise_does(said):
    """`catch=False` is what the program asked for; the line is there, once."""
    text = """
from loguru import logger
log.install()
def sink(message): raise KeyError("three")
logger.add(sink, catch=False)
try:
    logger.error("one")
except KeyError:
    logger.remove()
    os.write(2, b"raised\\n")
"""
    assert said(text) == ["error: one", "raised"]


FORMATTER = """
import structlog
structlog.configure(
    processors=[structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso"),
                structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
)
handler = logging.StreamHandler()
handler.setFormatter(structlog.stdlib.ProcessorFormatter(
    processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.dev.ConsoleRenderer()]))
own = logging.getLogger("own")
own.addHandler(handler)
own.propagate = False
log.install(format=sys.argv[1])
structlog.get_logger("own").warning("hello", user="a b", n=1)
own.info("plain %s", "one")
try:
    {}["three"]
except KeyError:
    structlog.get_logger("own").exception("failed")
"""


@pytest.mark.parametrize("form", FORMS)
def test_what_structlog_has_prepared_for_its_formatter(program, form):
    """Its event is the message, its fields are fields, and its exception is one."""
    result = program(FORMATTER, form)
    assert result.returncode == 0, result.stderr.decode()
    if form == "human":
        assert 'own: hello user="a b" n=1' in result.stderr.decode()
        return
    first, second, third = understood(result.stderr)
    structured = form in ("json", "logfmt")
    assert first[:2] == (4, "hello" if structured else 'hello user="a b" n=1')
    assert second[:2] == (6, "plain one")
    assert (third[0], third[1].split("\n")[0]) == (3, "failed")
    assert third[2]["exception.type"] == "KeyError"
    if structured:
        assert (first[2]["user"], str(first[2]["n"]), first[2]["logger"]) == ("a b", "1", "own")
        assert str(first[2]["line"]) == "20"
        assert not {"event", "_record", "_from_structlog"} & first[2].keys()


@pytest.mark.parametrize(
    ("renderer", "said_"),
    [
        ("processors.JSONRenderer()", "error: disk gone disk=sda n=1"),
        (
            "processors.JSONRenderer(serializer=lambda e, **_: json.dumps(e).encode())",
            "error: disk gone disk=sda n=1",
        ),
        ("dev.ConsoleRenderer()", "error: disk gone"),
        ("processors.LogfmtRenderer()", "error: disk gone disk=sda n=1"),
        ("processors.KeyValueRenderer(sort_keys=True)", "error: disk gone disk=sda n=1"),
        ("stdlib.render_to_log_kwargs", "error: disk gone disk=sda n=1"),
        ("stdlib.ProcessorFormatter.wrap_for_formatter", "error: disk gone disk=sda n=1"),
        (
            "processors.EventRenamer('msg'), structlog.processors.JSONRenderer()",
            "error: disk gone disk=sda n=1",
        ),
    ],
)
def test_what_a_renderer_of_the_programs_makes_is_a_record(said, renderer, said_):
    """With its level, and without colours; below the level it is not said."""
    text = f"""
import json, structlog
log.install()
structlog.configure(processors=[structlog.{renderer}])
structlog.get_logger().error("disk gone", disk="sda", n=1)
structlog.get_logger().debug("no")
"""
    (line,) = said(text)
    assert line.startswith(said_)
    assert "\x1b" not in line
