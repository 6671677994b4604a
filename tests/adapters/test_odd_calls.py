"""Log calls whose parts are what no library expects: the kind that raises before any sink is asked.

Lazy objects that raise when they are asked for their class (Django's SimpleLazyObject does, where
its database is away), text and classes that answer nothing, levels by name, records that a patcher
has taken apart, and fields that are called as parameters are.
"""

import json

import pytest

ODD = """
class Lazy:
    @property
    def __class__(self): raise RuntimeError("the database is away")
    def __repr__(self): raise RuntimeError("the database is away")
class Hidden:
    def __getattribute__(self, name): raise RuntimeError(name)
class Meta(type):
    @property
    def __name__(cls): raise RuntimeError("no name")
class Nameless(metaclass=Meta):
    def __repr__(self): raise RuntimeError("no")
class Text(str):
    def refuse(self, *args): raise RuntimeError("no")
    __str__ = __repr__ = __format__ = __len__ = __iter__ = __mod__ = __getitem__ = refuse
    strip = startswith = lower = encode = format = replace = split = refuse
class Fields(dict):
    def items(self): raise RuntimeError("no")
    __iter__ = keys = __getitem__ = items
class List(list):
    def __iter__(self): raise RuntimeError("no")
    __len__ = __repr__ = __iter__
odd = [Lazy(), Hidden(), Nameless(), Nameless, Text("x"), Fields(a=1), List([1])]
"""
LIBRARIES = {
    "logging": """
log.install(**json.loads(sys.argv[1]))
logging.setLogRecordFactory(logging.LogRecord)
def ways(token, value):
    app.error(token + " %s", value)
    app.error(token + " %s %r", value, 1)
    app.error(token, extra={"user": value, "name": value})
    app.error(token, extra=value)
    app.notice(token + " %s", value)
    app.log(value, token)
    logging.LoggerAdapter(app, {"who": value}).error(token)
    app.error(value)
""",
    "loguru": """
from loguru import logger
log.install(**json.loads(sys.argv[1]))
def ways(token, value):
    logger.error(token + " {}", value)
    logger.error(token + " {!r} {a.b}", value, a=value)
    logger.bind(user=value, name=value).error(token)
    logger.opt(lazy=True).error(token + " {}", value)
    logger.opt(depth=value).error(token)
    logger.opt(exception=value).error(token)
    logger.log(value, token)
    logger.error(value)
""",
    "structlog": """
import structlog
log.install(**json.loads(sys.argv[1]))
def ways(token, value):
    say = structlog.get_logger("s")
    say.error(token + " %s", value)
    say.error(token, user=value, name=value, logger=value)
    say.error(token, exception=value, stack=value, timestamp=value, level=value)
    say.error(token, event=value, self=value, method_name=value)
    say.error(token, positional_args=value)
    say.log(value, token)
    say.bind(user=value, event=value).notice(token)
    say.error(value)
""",
}
WORK = """
for number, value in enumerate(odd):
    ways(f"#{number}#", value)
    print("ways", number)
"""


@pytest.mark.parametrize("form", ["level", "journal", "human", "json", "logfmt"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_value_that_answers_nothing(program, library, form):
    """Each record is there once, whatever part of it the value is; the last way has no token."""
    text = "import json\n" + ODD + LIBRARIES[library] + WORK
    result = program(text, json.dumps({"format": form}))
    assert result.returncode == 0, result.stderr.decode()
    assert result.stdout.decode().split() == [
        word for number in range(7) for word in ("ways", str(number))
    ]
    for number in range(7):
        found = [line for line in result.stderr.split(b"\n") if b"#%d#" % number in line]
        assert len(found) == 7, (number, found)
    assert b"Logging error" not in result.stderr


LEVELS = """
for number, level in enumerate((25, 70, 17, "info", "ERROR", "nope", None, -5)):
    say(level, str(number))
"""
CALLS = {
    "logging": "def say(level, text): app.log(level, text)\n",
    "logging.log": "def say(level, text): logging.log(level, text)\n",
    "loguru": "def say(level, text): logger.log(level, text)\nfrom loguru import logger\n",
    "structlog": "import structlog as s\ndef say(level, text): s.get_logger().log(level, text)\n",
}


@pytest.mark.parametrize("library", CALLS)
def test_a_level_may_be_a_name_or_none_at_all(said, library):
    """What means no level is a warning: the record is what the program wants to have said."""
    lines = said(CALLS[library] + "log.install(level='trace')\n" + LEVELS)
    levels = ["notice", "emergency", "debug", "info", "error", "warning", "warning"]
    assert lines[:7] == [f"{level}: {number}" for number, level in enumerate(levels)]
    assert [line.rpartition(" ")[2] for line in lines[7:]] in ([], ["7"])


def test_uninstall_gives_log_back(said):
    """What a program had is what it has."""
    text = """
import structlog
before = logging.Logger.log, dict(structlog._log_levels.LEVEL_TO_NAME)
log.install()
assert logging.Logger.log is not before[0]
log.uninstall()
assert (logging.Logger.log, structlog._log_levels.LEVEL_TO_NAME) == before
"""
    assert said(text) == []


def test_the_caller_of_log_is_the_caller(program):
    """Not what watches the call."""
    text = """
import structlog
log.install(format="json")
def here(): app.log("info", "x")
def there(): structlog.get_logger().log(25, "y")
here()
there()
"""
    first, second = map(json.loads, program(text).stderr.splitlines())
    assert (first["function"], first["file"][-10:]) == ("here", "program.py")
    assert (second["function"], second["level"]) == ("there", "notice")


@pytest.mark.parametrize("wrapper", ["structlog.make_filtering_bound_logger(10)", "stdlib"])
def test_a_bound_logger_of_the_programs_knows_our_levels_too(said, wrapper):
    """Kind: a level that is a KeyError for all of structlog's, as 25 and 35."""
    wrapper = wrapper.replace("stdlib", "structlog.stdlib.BoundLogger")
    text = f"""
import structlog
structlog.configure(wrapper_class={wrapper})
log.install()
structlog.get_logger().log(logging.NOTICE, "x")
structlog.get_logger().log(35, "y")
"""
    assert said(text) == ["notice: x", "warning: y"]


@pytest.mark.parametrize("form", ["level", "json"])
def test_a_patcher_that_leaves_no_record(program, form):
    """A patcher may put anything anywhere: what is left of the record is said."""
    text = """
from loguru import logger
log.install(format=sys.argv[1])
for number, change in enumerate((
    lambda r: r.update(level="INFO"), lambda r: r.update(exception="x"), lambda r: r.clear(),
    lambda r: r.update(extra=5), lambda r: r.update(file=None, time=0, process=1, thread=2),
    lambda r: r.update(name=5, line="x", function=5),
)):
    logger.patch(change).error(f"#{number}#")
print("done")
"""
    result = program(text, form)
    assert (result.returncode, result.stdout) == (0, b"done\n"), result.stderr.decode()
    assert [result.stderr.count(b"#%d#" % number) for number in range(6)] == [1] * 6


ODD_PARTS = """
class Odd(logging.LogRecord):
    def getMessage(self): raise RuntimeError("no")
def broken(*_, **__): raise RuntimeError("no")
for number, factory in enumerate((Odd, broken, lambda *_, **__: None)):
    logging.setLogRecordFactory(factory)
    app.error("#%d#", number)
logging.setLogRecordFactory(logging.LogRecord)
class Filter(logging.Filter):
    def filter(self, record): raise RuntimeError("no")
app.addFilter(Filter())
app.error("#3#")
app.filters.clear()
logging.root.handlers[0].addFilter(Filter())
app.error("#4#")
logging.root.handlers[0].filters.clear()
app.error("#5#", user="x", name=7, extra={"disk": "sda"})
app.error("#6#", extra=None, stacklevel="x")
logging.LoggerAdapter(app, {"name": 1}).error("#7#")
for number, made in enumerate((RuntimeError("no"), "no", ("no", {5: 6})), 8):
    class Adapter(logging.LoggerAdapter):
        def process(self, msg, kwargs):
            kwargs.clear()
            if isinstance(made, Exception): raise made
            return made
    Adapter(app, {}).error(f"#{number}#", extra={"disk": "sda"})
print("done")
"""


@pytest.mark.parametrize("form", ["level", "json"])
def test_what_a_call_of_logging_is_made_of(program, form):
    """Kind: a factory, a filter, an adapter or an argument that raises, or is none."""
    result = program(f"log.install(format={form!r})\n" + ODD_PARTS)
    assert (result.returncode, result.stdout) == (0, b"done\n"), result.stderr.decode()
    assert [result.stderr.count(b"#%d#" % number) for number in range(11)] == [1] * 11
    assert result.stderr.count(b"a filter failed: RuntimeError('no')") == 2
    assert result.stderr.count(b"an adapter failed: ") == 3
    if form == "json":
        found = [json.loads(line) for line in result.stderr.splitlines() if b"#" in line]
        # Who calls, and not what watches the calls.
        assert {one["function"] for one in found} == {"<module>"}
        assert not [one for one in found if "field_extra" in one]
        assert [found[5][name] for name in ("user", "field_name", "disk")] == ["x", 7, "sda"]
        assert [one["disk"] for one in found[8:]] == ["sda"] * 3
