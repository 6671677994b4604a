"""One record is one line, whatever handlers and sinks were there before install(), or come."""

import json

import pytest

STDERR = {
    "the stream": "logging.StreamHandler()",
    "fd 2": 'logging.StreamHandler(open(2, "w", closefd=False))',
    "a copy of fd 2": 'logging.StreamHandler(open(os.dup(2), "w"))',
    "its buffer": "logging.StreamHandler(io.TextIOWrapper(sys.stderr.buffer))",
    "a codec": 'logging.StreamHandler(codecs.getwriter("utf-8")(sys.stderr.buffer))',
    "/dev/stderr": 'logging.FileHandler("/dev/stderr")',
    "/dev/stderr, later": 'logging.FileHandler("/proc/self/fd/2", delay=True)',
    "stdout": "logging.StreamHandler(sys.stdout)",
    "rich": "rich.logging.RichHandler()",
    "rich, with a console": "rich.logging.RichHandler(console=rich.console.Console(stderr=True))",
    "a target": "logging.handlers.MemoryHandler(9, target=logging.StreamHandler())",
    "a target's target": "logging.handlers.MemoryHandler(9, target="
    "logging.handlers.MemoryHandler(9, target=logging.StreamHandler()))",
    "print()": "Prints()",
    "os.write()": "Writes()",
    "a stream of its own": "logging.StreamHandler(Tee())",
    "one that keeps several": "logging.StreamHandler(Tees(sys.stderr, sys.__stderr__))",
    "a stream by any name": "Keeps()",
    "os.write() to a copy": "Copies()",
    "one that asks no filter": "Handles()",
    "one that filters nothing": "Filters()",
    "one that hands on": "HandsOn()",
}
HANDLERS = """
import codecs, io, logging.handlers, rich.console, rich.logging
class Prints(logging.Handler):
    def emit(self, record): print(self.format(record), file=sys.stderr)
class Writes(logging.Handler):
    def emit(self, record):
        try:
            os.write(2, (self.format(record) + "\\n").encode())
        except Exception:
            self.handleError(record)
class Tee:
    def write(self, text): sys.stderr.write(text)
    def flush(self): pass
class Tees(Tee):
    def __init__(self, *files): self.all_of_them = files
    def write(self, text):
        for one in self.all_of_them: one.write(text)
class Keeps(logging.Handler):
    out = None
    def emit(self, record): self.out.write(self.format(record))
    def __init__(self):
        super().__init__()
        self.out = sys.stderr
copy = os.dup(2)
class Copies(logging.Handler):
    def emit(self, record): os.write(copy, (self.format(record) + "\\n").encode())
class Handles(logging.StreamHandler):
    def handle(self, record): self.emit(record)
class HandsOn(logging.Handler):
    def __init__(self):
        super().__init__()
        self.all = {10: logging.StreamHandler(), 40: logging.StreamHandler(sys.stdout)}
    def emit(self, record): self.all[record.levelno].handle(record)
class Filters(logging.StreamHandler):
    def filter(self, record): return True
"""
INTERCEPT = """
import inspect
from loguru import logger
class InterceptHandler(logging.Handler):
    def emit(self, record):
        try:
            level = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        frame, depth = inspect.currentframe(), 0
        while frame and (depth == 0 or frame.f_code.co_filename == logging.__file__):
            frame, depth = frame.f_back, depth + 1
        logger.opt(depth=depth, exception=record.exc_info).log(level, record.getMessage())
class PropagateHandler(logging.Handler):
    def emit(self, record): logging.getLogger(record.name).handle(record)
"""


@pytest.mark.parametrize("name", STDERR)
@pytest.mark.parametrize("where", ["logging.root", "app"])
def test_a_handler_is_known_by_what_its_fd_is(said, name, where):
    """However it came to it."""
    text = f"{HANDLERS}{where}.addHandler({STDERR[name]})\nlog.install()\napp.error('one')\n"
    assert said(text) == ["error: one"]


@pytest.mark.parametrize("name", STDERR)
def test_a_handler_that_comes_later(said, name):
    """Kind: a library that is imported later and brings one. It prints what we do not get."""
    text = f"""{HANDLERS}
log.install()
handler = {STDERR[name]}
app.addHandler(handler)
app.error("one")
assert handler in app.handlers
app.propagate = False
app.removeHandler(handler)
app.addHandler(logging.StreamHandler())
app.error("two")
app.propagate = True
app.error("three")
log.uninstall()
app.error("four")
"""
    assert said(text) == ["error: one", "two", "error: three", "four"]


LATER = {
    "a list of its own": "app.handlers = [logging.StreamHandler()]",
    "a list that grows": "app.handlers.append(logging.StreamHandler())",
    "in dictConfig's": """logging.config.dictConfig({"version": 1,
        "disable_existing_loggers": False,
        "handlers": {"one": {"class": "logging.StreamHandler"}},
        "loggers": {"app": {"handlers": ["one"]},
                    "alone": {"handlers": ["one"], "propagate": False}}})""",
    "ours": "app.addHandler(log.Handler())",
    "a listener's": """
queue = queue.SimpleQueue()
queued = logging.handlers.QueueHandler(queue)
queued.listener = logging.handlers.QueueListener(queue, logging.StreamHandler())
queued.listener.start()
app.addHandler(queued)
""",
}


@pytest.mark.parametrize("way", LATER)
def test_however_a_handler_comes_later(said, way):
    """Kind: a handler that no addHandler() of ours saw, or that several loggers have. What it alone
    has it prints, as that of a logger that keeps its records to itself.
    """
    text = f"""
import logging.config, logging.handlers, queue
log.install()
{LATER[way]}
app.error("one")
alone = logging.getLogger("alone")
alone.handlers, alone.propagate = app.handlers, False
alone.error("two")
for handler in app.handlers:
    if hasattr(handler, "listener"): handler.listener.stop()
app.handlers = []
app.error("three")
log.uninstall()
"""
    head = "error: " if way == "ours" else ""
    assert sorted(said(text)) == sorted(["error: one", f"{head}two", "error: three"])


def test_loggers_that_share_their_handlers(said):
    """Kind: a list of handlers that a second logger was given, as that of gunicorn's logger is to
    uvicorn's and Flask's: no record of either is lost, and both get it back.
    """
    text = """
app.addHandler(logging.StreamHandler())
other = logging.getLogger("other")
other.handlers = app.handlers
app.propagate = other.propagate = False
log.install()
app.error("one")
other.error("two")
log.uninstall()
app.error("three")
other.error("four")
"""
    assert said(text) == ["error: one", "error: two", "three", "four"]


def test_handlers_that_come_and_go(said):
    """Kind: what is remembered of each handler that ever came."""
    text = """
import gc, weakref
log.install()
gone = []
for _ in range(3):
    handler = logging.StreamHandler()
    app.addHandler(handler)
    app.error("one")
    app.removeHandler(handler)
    gone.append(weakref.ref(handler))
del handler
gc.collect()
assert [one() for one in gone] == [None] * 3
"""
    assert said(text) == ["error: one"] * 3


def test_one_that_comes_later_and_cannot_be_known(said, place):
    """Is warned of, as before; what prints elsewhere goes on."""
    text = """
import logging.handlers, queue
from loguru import logger
log.install()
app.addHandler(logging.handlers.QueueHandler(queue.SimpleQueue()))
app.addHandler(logging.FileHandler("kept"))
logger.add("sink", format="{message}")
app.error("one")
logger.error("two")
"""
    first, *rest = said(text)
    assert first.startswith("warning: logging's handler QueueHandler of app stays, and may print")
    assert rest == ["error: one", "error: two"]
    assert [(place / name).read_text() for name in ("kept", "sink")] == ["one\n", "two\n"]


@pytest.mark.parametrize(
    "sink", ["sys.stderr", "print_it", "logging.StreamHandler()", "'/dev/stderr'", "Tee()"]
)
def test_a_sink_that_comes_later(said, sink):
    """It prints what is less than our threshold, by its own filter; and all, once we are gone."""
    text = f"""{HANDLERS}
from loguru import logger
def print_it(message): print(message, end="", file=sys.stderr)
log.install(level="info", categories={{"x": "debug"}})
app.error("zero")
number = logger.add({sink}, format="{{message}}", level="DEBUG",
    filter=lambda record: "no" not in record["message"])
logger.error("one")
logger.debug("less")
logger.debug("no")
app.error("two")
logger.remove()
logger.add({sink}, format="{{message}}")
logger.error("three")
log.install()
logger.error("four")
"""
    assert said(text) == ["error: zero", "error: one", "less", "error: two", "three", "error: four"]


def test_what_prints_elsewhere_stays(said, place):
    """A file, text in memory, and a function that keeps what it gets."""
    text = """
import io, logging.handlers
from loguru import logger
memory, kept = io.StringIO(), []
logging.basicConfig(format="%(message)s", handlers=[
    logging.StreamHandler(memory), logging.FileHandler("kept"),
    logging.handlers.MemoryHandler(1, target=logging.FileHandler("target"))])
logger.add(kept.append, format="{message}")
logger.add(lambda message: kept.append(message.strip()), format="{message}")
logger.add("sink", format="{message}")
log.install()
app.error("one")
logger.error("two")
assert memory.getvalue() == "one\\n"
assert kept == ["two\\n", "two"]
"""
    assert said(text) == ["error: one", "error: two"]
    assert [(place / name).read_text() for name in ("kept", "target", "sink")] == [
        "one\n",
        "one\n",
        "two\n",
    ]


def test_a_handler_comes_back(said):
    """With uninstall(); a queue's listener has its handlers again, too."""
    text = """
logging.basicConfig(stream=open(2, "w", closefd=False), format="%(message)s")
log.install()
log.uninstall()
app.error("one")
"""
    assert said(text) == ["one"]


def test_a_queue_whose_listener_is_known_is_no_doubt(said):
    """Its handlers are looked at; from Python 3.12 on dictConfig says whose it is."""
    text = """
import logging.handlers, queue
handler = logging.handlers.QueueHandler(queue.SimpleQueue())
kept = logging.handlers.BufferingHandler(9)
listener = logging.handlers.QueueListener(handler.queue, logging.StreamHandler(), kept)
handler.listener = listener
listener.start()
logging.root.addHandler(handler)
log.install()
app.error("one")
listener.stop()
assert len(kept.buffer) == 1
log.uninstall()
assert len(listener.handlers) == 2
"""
    assert said(text) == ["error: one"]


def test_where_it_cannot_be_known_it_is_said(said):
    """A queue whose listener is nobody's, and a function that does more than to print."""
    text = """
import logging.handlers, queue
from loguru import logger
logging.root.addHandler(logging.handlers.QueueHandler(queue.SimpleQueue()))
def sink(message):
    open("seen", "a").close()
    print(message)
logger.add(sink)
log.install()
"""
    first, second = said(text, code=0)[:2]
    assert first.startswith("warning: logging's handler QueueHandler of root stays, and may print")
    assert second.startswith("warning: loguru's sink sink stays, and may print")


SINKS = [
    "sys.stderr",
    "sys.stderr.write",
    'open(2, "w", closefd=False)',
    "print",
    'functools.partial(print, file=sys.stderr, end="")',
    'lambda message: print(message, end="", file=sys.stderr)',
    "lambda message: sys.stderr.write(message)",
    "lambda message: os.write(2, message.encode())",
    "show",
    "Shows()",
    "Shows().show",
    "Keeps()",
    "lambda message: os.write(copy, message.encode())",
    "logging.StreamHandler()",
    "rich.logging.RichHandler()",
    "rich.console.Console(stderr=True).print",
    '"/dev/stderr"',
]


@pytest.mark.parametrize("sink", SINKS)
def test_a_sink_is_known_by_what_it_does(said, sink):
    """Also one that is a function."""
    text = f"""
import functools, rich.console, rich.logging
from loguru import logger
def show(message):
    sys.stderr.write(message)
    sys.stderr.flush()
class Shows:
    def __call__(self, message): show(message)
    def show(self, message): print(message, file=sys.stderr)
class Keeps:
    def __init__(self): self.out = sys.stderr
    def write(self, message): self.out.write(message)
copy = os.dup(2)
logger.add({sink})
log.install()
logger.error("one")
"""
    assert said(text) == ["error: one"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("logging.basicConfig(handlers=[InterceptHandler()], level=0)", ""),
        ("app.addHandler(InterceptHandler())", ""),
        ("", "logging.root.addHandler(InterceptHandler())"),
        ("", "app.addHandler(InterceptHandler())"),
    ],
)
def test_a_handler_that_hands_on_to_loguru(said, before, after):
    """Loguru's recipe: its sinks get the record, with its place; stderr has it once."""
    text = f"""{INTERCEPT}
kept = []
logger.add(kept.append, format="{{function}} {{message}}")
{before}
log.install()
{after}
def work(): app.error("one")
work()
logger.warning("two")
os.write(2, "".join(kept).encode())
"""
    assert said(text) == ["error: one", "warning: two", "work one", "<module> two"]


def test_a_handler_that_hands_on_in_the_place_of_ours(said):
    """basicConfig(force=True) takes ours away: then loguru's sink has it."""
    text = f"""{INTERCEPT}
log.install()
logging.basicConfig(handlers=[InterceptHandler()], level=0, force=True)
app.error("one")
"""
    assert said(text) == ["error: one"]


@pytest.mark.parametrize(
    "sink",
    [
        "PropagateHandler(), format='{message}'",
        "PropagateHandler()",
        "lambda message: logging.getLogger('x').error(message)",
        "lambda message: logging.getLogger('x').warning(message.record['message'])",
    ],
)
def test_a_sink_that_hands_on_to_logging(said, sink):
    """Its other handlers get the record; stderr has it once, as it was said first."""
    text = f"""{INTERCEPT}
logger.add({sink})
log.install()
logger.error("one")
app.error("two")
"""
    assert said(text) == ["error: one", "error: two"]


def test_what_a_handler_says_itself_is_said(said):
    """It is another record, and another level or text."""
    text = f"""{INTERCEPT}
class Says(logging.Handler):
    def emit(self, record):
        logger.info("sent " + record.getMessage())
        logger.error("other")
logging.root.addHandler(Says())
log.install()
app.error("one")
"""
    assert sorted(said(text)) == ["error: one", "error: other", "info: sent one"]


@pytest.mark.parametrize("form", ["level", "json", "logfmt", "journal", "human"])
@pytest.mark.parametrize("bridge", [None, "loguru", "stdlib", "both"])
def test_a_recipe_beside_a_bridge(program, form, bridge):
    """All ways at once: each record is one line."""
    text = f"""{INTERCEPT}
import json
logging.root.addHandler(InterceptHandler())
log.install(format={form!r}, bridge={bridge!r})
app.error("first one")
logger.error("second one")
"""
    lines = program(text).stderr.decode().splitlines()
    assert [("first one" in line, "second one" in line) for line in lines] == [
        (True, False),
        (False, True),
    ]
    if form == "json":
        assert [json.loads(line)["level"] for line in lines] == ["error", "error"]
