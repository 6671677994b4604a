"""What install() takes the place of, and what not: nothing is lost, and nothing is twice."""

import pytest

ELSEWHERE = {
    "another handler": """
app.propagate = False
app.addHandler(logging.StreamHandler())
app.addHandler(logging.FileHandler("kept"))
""",
    "a parent's": """
parent = logging.getLogger("above")
parent.propagate = False
parent.addHandler(logging.FileHandler("kept"))
app = logging.getLogger("above.it")
app.addHandler(logging.StreamHandler())
""",
    "a parent's, both printed": """
parent = logging.getLogger("above")
parent.propagate = False
parent.handlers = [logging.StreamHandler(), logging.FileHandler("kept")]
app = logging.getLogger("above.it")
app.addHandler(logging.StreamHandler())
""",
    "a list that another has": """
logging.getLogger("other").propagate = app.propagate = False
app.handlers = [logging.StreamHandler(), logging.FileHandler("kept")]
other = logging.getLogger("other")
other.handlers, other.propagate = app.handlers, True
""",
    "a queue's listener": """
import logging.handlers, queue
app.propagate = False
app.addHandler(logging.FileHandler("kept"))
app.addHandler(logging.handlers.QueueHandler(queue.SimpleQueue()))
app.handlers[1].listener = logging.handlers.QueueListener(None, logging.StreamHandler())
""",
}


@pytest.mark.parametrize("way", ELSEWHERE)
def test_a_logger_that_keeps_its_records_to_itself(said, place, way):
    """Kind: what it printed is still said, once; its other handlers have each record once."""
    text = f"""
logging.root.addHandler(logging.FileHandler("root"))
{ELSEWHERE[way]}
handlers = {{name: (list(one.handlers), one.propagate)
    for name, one in logging.root.manager.loggerDict.items() if isinstance(one, logging.Logger)}}
log.install(warnings=False)
app.error("one")
log.uninstall()
for name, (before, propagate) in handlers.items():
    now = logging.getLogger(name)
    assert set(now.handlers) == set(before) and now.propagate == propagate, name
"""
    assert said(text) == ["error: one"]
    assert (place / "kept").read_text() == "one\n"
    assert (place / "root").read_text() == ""


def test_loggers_that_share_a_list_of_which_one_passes_on(said):
    """The one that does not has ours, the other has it from the root: once each, and one list."""
    text = """
app.propagate = False
app.handlers = [logging.StreamHandler(), logging.NullHandler()]
other = logging.getLogger("other")
other.handlers = app.handlers
log.install()
app.error("one")
other.error("two")
log.uninstall()
assert app.handlers is other.handlers and len(app.handlers) == 2
"""
    assert said(text) == ["error: one", "error: two"]


def test_what_comes_to_no_handler(said):
    """Is printed by logging itself, from warning on, and without its level; a program may have
    said that it is not.
    """
    text = """
app.propagate = False
for _ in range(2):
    log.install()
    app.info("less")
    app.error("one")
    logging.Logger("nobody's").error("two")
log.uninstall()
app.error("three")
logging.lastResort = None
logging.raiseExceptions = False
log.install()
app.error("four")
"""
    assert said(text) == ["error: one", "error: two"] * 2 + ["three"]


def test_who_logs_is_no_name_of_a_record(said):
    """Kind: a record may have any name, and a logger the name of another."""
    text = """
log.install()
logging.root.addHandler(logging.StreamHandler())
logging.root.handle(logging.makeLogRecord({"name": "x.y", "msg": "one", "levelno": 40}))
own = logging.Logger("app")
own.addHandler(logging.StreamHandler())
own.error("two")
app.error("three")
"""
    assert said(text) == ["error: one", "two", "error: three"]


def test_a_handler_that_refuses_what_is_asked_of_it(said, place):
    """It leaves to us what we write all the same; no other handler lacks the record."""
    text = """
class Refuses(logging.Handler):
    def __setattr__(self, name, value):
        if name.startswith("_py"): raise AttributeError(name)
        super().__setattr__(name, value)
    def addFilter(self, one): raise ValueError("no filters")
    def emit(self, record): print(record.getMessage(), file=sys.stderr)
for _ in range(2):
    log.install()
    logging.root.handlers = [Refuses(), logging.FileHandler("kept"), *logging.root.handlers]
    app.error("one")
    app.error("two")
    log.uninstall()
    logging.root.handlers = []
"""
    assert said(text) == ["error: one", "error: two"] * 2
    assert (place / "kept").read_text().endswith("one\ntwo\n")


def test_a_wrapper_around_ours(said):
    """Kind: one that patches Logger.callHandlers in between, as Sentry does, and goes on calling
    what was there: it is said once what stays, and a handler that comes later is as it was then.
    """
    text = """
import logging.handlers, queue
def wrap():
    before = logging.Logger.callHandlers
    logging.Logger.callHandlers = lambda self, record: before(self, record)
for _ in range(3):
    log.install()
    wrap()
log.install()
logging.root.addHandler(logging.handlers.QueueHandler(queue.SimpleQueue()))
handler = logging.StreamHandler()
logging.root.addHandler(handler)
app.error("one")
app.error("two")
assert "handle" in vars(handler)
log.uninstall()
assert "handle" not in vars(handler)
class Raises(logging.Handler):
    def emit(self, record): raise KeyError
app.addHandler(Raises())
try:
    app.error("three")
except KeyError:
    print("raised", file=sys.stderr)
"""
    first, *rest = said(text)
    assert first.startswith("warning: logging's handler QueueHandler of root stays")
    assert rest == ["error: one", "error: two", "raised"]


PROGRAM = """
import copy, functools, io, json, queue, rich.console, rich.logging, click
from loguru import logger
kept, lock, RED, file = [], threading.Lock(), {40: "red"}, open("kept", "w", buffering=1)
class Colours:
    RED = "red "
class Numbers:
    def add(self): kept.append(1)
numbers = Numbers()
def again(text): return text[1:] and again(text[1:])
def red(text): return Colours.RED + text
def both(out, text): sys.stderr.write(text); out.write(text)
def keep(text): kept.append(text)
class Tee:
    def __init__(self, *to): self.to = to
    def write(self, text): [one.write(text) for one in self.to]
    def flush(self): pass
    def fileno(self): return self.to[0].fileno()
class Stamps:
    def __init__(self, to): self.to = to
    def write(self, text): self.to.write(time.strftime("%H ") + text)
    def __getattr__(self, name): return getattr(self.to, name)
class Rows:
    def __init__(self, out): self.out, self.rows = out, kept
    def write(self, text): self.rows.append(text); self.out.write(text)
    def save(self, text): self.write(text)
def emits(text, base="logging.StreamHandler"):
    code = f"class Made({base}):\\n  buffer = None\\n  def emit(self, record): {text}"
    exec(code, globals(), made := {})
    return made["Made"]()
"""
PRINT_ONLY = {
    "it colours": "emits('self.stream.write(RED.get(record.levelno) + self.format(record))')",
    "it colours a copy": "emits('r = copy.copy(record); r.msg = red(r.msg);"
    " logging.StreamHandler.emit(self, r)')",
    "it takes its turn": "emits('\\n   with lock: print(record.msg, file=sys.stderr)')",
    "one of two": "emits('print(record.msg, file=sys.stderr if record.levelno > logging.INFO"
    " else sys.stdout)', 'logging.Handler')",
    "one of rich's": "emits('record.msg = red(record.msg); super().emit(record)',"
    " 'rich.logging.RichHandler')",
    "it has nothing to fill in": "emits('print(record.msg % (), file=sys.stderr)')",
    "it calls what calls itself": "emits('print(again(record.msg), file=sys.stderr)')",
    "click": "emits('click.echo(self.format(record), err=True)', 'logging.Handler')",
    "a stream that says when": "logging.StreamHandler(Stamps(sys.stderr))",
}
DO_MORE = {
    "it counts": "emits('keep(record.msg); super().emit(record)')",
    "it counts in an object": "emits('numbers.add(); super().emit(record)')",
    "in an attribute": "emits('self.n = kept.append(1); super().emit(record)')",
    "it opens something first": "emits('self.q.put(1); super().emit(record)')",
    "it stores": "emits('super().emit(record); file.write(record.msg)')",
    "it audits": "emits('super().emit(record); logging.getLogger(\"x\").debug(record.msg)')",
    "a Tee that is stderr": "logging.StreamHandler(sys.stderr)",
    "a Tee": "logging.StreamHandler(Tee(sys.stderr, file))",
    "rows": "logging.StreamHandler(Rows(sys.stderr))",
}
SINKS = {
    "a function that is enclosed": "(lambda f: lambda m: (print(m, file=sys.stderr), f(m)))(keep)",
    "a file that is enclosed": "(lambda f: lambda m: (sys.stderr.write(m), f.write(m)))(file)",
    "a default": "lambda m, f=file: (sys.stderr.write(m), f.write(m))",
    "a default by name": "lambda m, *, f=file: (sys.stderr.write(m), f.write(m))",
    "an argument": "functools.partial(both, file)",
    "an object": "Rows(sys.stderr)",
    "its method": "Rows(sys.stderr).save",
}


@pytest.mark.parametrize("name", PRINT_ONLY)
def test_one_that_only_prints_in_a_way_of_its_own(said, name):
    """However it makes what it prints: no line is there twice."""
    text = f"{PROGRAM}\nlogging.root.addHandler({PRINT_ONLY[name]})\nlog.install()\napp.error('x')"
    assert said(text) == ["error: x"]


@pytest.mark.parametrize("name", DO_MORE)
def test_a_handler_that_does_more_than_to_print_stays(said, name):
    """Kind: what it keeps, counts or sends would be lost; a warning names it."""
    text = f"""{PROGRAM}
{"sys.stderr = Tee(sys.stderr, file)" if "is stderr" in name else ""}
logging.root.addHandler({DO_MORE[name]})
log.install()
assert len(logging.root.handlers) == 2
"""
    assert "of root stays, and may print" in "".join(said(text))


@pytest.mark.parametrize("name", SINKS)
def test_a_sink_that_does_more_than_to_print_stays(said, place, name):
    """Kind: of a function its code tells, and what it was given; of an object, what it does."""
    text = f"""{PROGRAM}
logger.remove()
logger.add({SINKS[name]}, format="{{message}}")
log.install()
logger.error("one")
open("seen", "w").write(open("kept").read() + "".join(kept))
"""
    assert any("loguru's sink" in line and " stays, " in line for line in said(text))
    assert (place / "seen").read_text().splitlines()[-1] == "one"


def test_a_list_called_buffer_is_no_stream(said):
    """Kind: an attribute that has the name of a stream."""
    text = """
class Prints(logging.Handler):
    buffer = []
    def emit(self, record): print(self.format(record), file=sys.stderr)
logging.root.addHandler(Prints())
log.install()
app.error("one")
"""
    assert said(text) == ["error: one"]


@pytest.mark.parametrize("where", ["io.StringIO()", 'open("kept", "w+")'])
def test_stderr_that_is_elsewhere_for_a_while(said, where):
    """A test's, or a notebook's: what is written there is printed nowhere."""
    text = f"""
import contextlib, io
logging.root.addHandler(logging.StreamHandler())
to = {where}
with contextlib.redirect_stderr(to):
    before = logging.StreamHandler()
    app.addHandler(before)
    log.install()
    handler = logging.StreamHandler()
    logging.root.addHandler(handler)
    app.error("one")
    logging.root.removeHandler(handler)
assert app.handlers == [before]
to.seek(0)
assert to.read() == "one\\n" * 2
"""
    assert said(text) == ["error: one"]


def test_a_handler_that_raises_where_it_is_looked_at(said):
    """Nothing is half done: what cannot be known stays, and all others are judged."""
    text = """
from unittest import mock
class Raises(logging.StreamHandler):
    @property
    def stream(self): raise RuntimeError("not open yet")
    @stream.setter
    def stream(self, to): pass
    def flush(self): pass
    def emit(self, record): pass
class Other(logging.Handler):
    @property
    def file(self): raise RuntimeError("not open yet")
    def emit(self, record): pass
never = mock.Mock()
never.level = 0
logging.basicConfig()
logging.root.handlers += [Raises(), Other(), never, mock.Mock(spec=logging.StreamHandler, level=0)]
log.install()
app.error("one")
assert never.handle.call_count
assert len(logging.root.handlers) == 5
"""
    *warned, last = said(text)
    assert last == "error: one"
    assert all(" of root stays, and may print" in line for line in warned)
