"""loguru's own recipes beside install(): sinks that come and go, copies, records handed on."""

import pytest

from tests.adapters.test_twice import INTERCEPT

IMPORTS = "from loguru import logger\n"


def test_what_is_watched_takes_what_it_took(said):
    """Kind: a parameter that is handed by its name, or asked for with inspect."""
    text = """
import inspect, logging.handlers
def all_of():
    return {
        (kind, name): str(inspect.signature(one))
        for kind in (type(logger), logging.handlers.MemoryHandler, logging.handlers.QueueListener)
        for name, one in vars(kind).items() if inspect.isfunction(one)
    }
before = all_of()
log.install()
assert all_of() == before
"""
    assert said(IMPORTS + text) == []


@pytest.mark.parametrize(
    "call", ["add(sink=sys.stderr, format='{message}')", "configure(handlers=[{'sink': kept}])"]
)
def test_a_sink_by_its_name(said, call):
    """configure() hands it on so, and has removed all others, ours too, by then."""
    text = f"""
kept = open("kept", "w")
log.install()
logger.{call}
logger.add(sys.stderr, format="{{message}}")
logger.error("one")
"""
    assert said(IMPORTS + text) == ["one" if "kept" in call else "error: one"]


def test_the_first_sink_is_removed_by_its_number(said):
    """Kind: a sink that install() took away; a number that nobody had is wrong as ever."""
    text = """
own = logger.add(sys.stdout)
log.install()
log.install()
for number in 0, own:
    logger.remove(number)
logger.remove(handler_id=0)
for number in 99, "0":
    try:
        logger.remove(number)
    except (TypeError, ValueError):
        logger.error("wrong")
logger.add(sys.stderr, format="mine {message}")
logger.error("one")
"""
    assert said(IMPORTS + text) == ["error: wrong", "error: wrong", "error: one"]


def test_a_deep_copy_of_the_logger(said):
    """The recipe for separate loggers: each has sinks of its own, and ours, at one level."""
    text = """
import copy, pickle
log.install()
two = copy.deepcopy(logger)
three = pickle.loads(pickle.dumps(copy.deepcopy(two)))
two.add(sys.stderr, format="TWO {message}", level="INFO")
two.error("one")
three.error("two")
logger.debug("no"); two.debug("no"); three.debug("no")
log.level.set("debug")
logger.debug("three"); two.debug("four"); three.debug("five")
two.remove()
two.add(sys.stderr, format="TWO {message}")
two.error("six")
log.install("loguru", format="journal")
two.error("seven")
three.error("eight")
log.uninstall()
three.error("no")
"""
    lines = ["error: one", "error: two", "debug: three", "debug: four", "debug: five", "TWO six"]
    assert said(IMPORTS + text) == [*lines, "<3>seven", "<3>eight"]


@pytest.mark.parametrize(
    "emit",
    [
        "logger.error('mail server gone: no route to host')",
        "logger.error('mail: no route')",
        "logger.error('no route, sent')",
    ],
)
def test_a_handler_whose_own_trouble_sounds_alike(said, emit):
    """Kind: a record that has the text of another one in it, and is another."""
    text = f"""
class Mail(logging.Handler):
    def emit(self, record): {emit}
logging.root.addHandler(Mail())
log.install()
app.error("no route")
"""
    lines = said(IMPORTS + text)
    assert sorted(lines) == sorted(["error: no route", f"error: {emit.split(chr(39))[1]}"])


def test_a_sink_whose_own_trouble_sounds_alike(said):
    """The other way round."""
    text = """
def post(message): logging.error("POST failed: timed out")
logger.add(post, level="ERROR")
log.install()
logger.error("timed out")
"""
    assert sorted(said(IMPORTS + text)) == ["error: POST failed: timed out", "error: timed out"]


@pytest.mark.parametrize("where", ["", ", enqueue=True", ", serialize=True"])
@pytest.mark.parametrize(
    "sink",
    [
        "lambda m: app.info(str(m))",
        "lambda m: app.warning('[%s] %s', m.record['level'].name, m.record['message'])",
        "lambda m: app.error(m)",
        "PropagateHandler()",
    ],
)
def test_a_sink_that_hands_on_what_it_makes_of_it(said, sink, where):
    """At any level, with parts of the record around its message, in loguru's own thread too."""
    text = f"""{INTERCEPT}
logger.add({sink}{where})
log.install()
logger.add({sink}{where})
logger.error("twice?")
logger.complete()
app.error("one")
"""
    assert said(text) == ["error: twice?", "error: one"]


@pytest.mark.parametrize(
    "made",
    [
        "self.format(record)",
        "f'{record.name}: {record.getMessage()}'",
        "f'[{record.levelname}] {record.getMessage()} ({record.filename}:{record.lineno})'",
    ],
)
def test_a_handler_that_hands_on_what_it_makes_of_it(said, made):
    """What its formatter gives, which may be JSON, or parts of the record around its message."""
    text = f"""
import structlog
class Intercept(logging.Handler):
    def emit(self, record): logger.opt(exception=record.exc_info).log("INFO", {made})
structlog.configure(
    [structlog.stdlib.add_log_level, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(), wrapper_class=structlog.stdlib.BoundLogger)
formatter = structlog.stdlib.ProcessorFormatter(processor=structlog.processors.JSONRenderer())
for one in formatter, logging.Formatter("%(asctime)s %(name)s %(message)s"):
    handler = Intercept()
    handler.setFormatter(one)
    logging.root.addHandler(handler)
log.install()
structlog.get_logger("a").error("hello", user=7)
app.error("one")
"""
    assert said(IMPORTS + text) == ["error: hello user=7", "error: one"]


def test_handed_on_where_our_sink_is_gone(said):
    """What came from logging its handler has written; what came from loguru it writes."""
    text = f"""{INTERCEPT}
log.install()
logger.remove()
logger.add(sys.stderr, format="LOGURU {{message}}")
logging.root.addHandler(InterceptHandler())
app.error("one")
logger.error("two")
logger.remove()
logger.add(PropagateHandler())
logging.root.handlers.pop()
logger.opt(depth=0).error("three")
"""
    first, second, third = said(text)
    assert (first, second) == ("error: one", "LOGURU two")
    assert third.startswith("error: 20")
    assert third.endswith("three")


@pytest.mark.parametrize(
    "handler",
    [
        "MemoryHandler(10, target=InterceptHandler())",
        "MemoryHandler(10, target=MemoryHandler(10, target=InterceptHandler()))",
        "queued",
    ],
)
def test_a_record_that_waits_and_is_handed_on(said, handler):
    """In a MemoryHandler until it is flushed, also at the end; in a queue until it is read."""
    text = f"""{INTERCEPT}
import logging.handlers, queue
from logging.handlers import MemoryHandler
queued = logging.handlers.QueueHandler(queue.SimpleQueue())
queued.listener = logging.handlers.QueueListener(queued.queue, InterceptHandler())
queued.listener.start()
handler = {handler}
logging.root.addHandler(handler)
log.install()
app.info("one")
handler.flush()
app.info("two")
app.error("three")
app.info("four")
queued.listener.stop()
"""
    assert said(text) == ["info: one", "info: two", "error: three", "info: four"]


def test_a_queue_that_is_read_when_all_is_gone(said):
    """At the end loguru removes its sinks, ours first; a sink that came without ours hands on."""
    text = f"""{INTERCEPT}
import copy
class Slow(PropagateHandler):
    def emit(self, record):
        time.sleep(0.02)
        super().emit(record)
log.install()
two = copy.deepcopy(logger)
two.remove()
two.add(Slow(), enqueue=True, format="{{message}}")
two.error("alone")
two.complete()
logger.add(Slow(), enqueue=True)
for _ in range(3): logger.error("one")
"""
    assert said(text) == ["error: alone", *["error: one"] * 3]


def test_what_another_process_has_said_is_written_here(said):
    """A listener's records may come from children that write nothing themselves."""
    text = f"""{INTERCEPT}
import logging.handlers, queue
log.install()
listener = logging.handlers.QueueListener(queue.SimpleQueue(), InterceptHandler())
record = app.makeRecord("app", 40, "", 0, "theirs", (), None)
record.process += 1
listener.handle(record)
"""
    assert said(text) == ["error: theirs"]


def test_a_coroutine_that_hands_on(said):
    """It runs when the call has returned; what another task says meanwhile is its own."""
    text = """
import asyncio
async def sink(message):
    await asyncio.sleep(0.02)
    app.error(message.record["message"])
async def main():
    logger.add(sink)
    log.install()
    logger.add(sink)
    logger.error("one")
    await asyncio.sleep(0.01)
    app.error("one")
    await logger.complete()
    log.uninstall()
    logger.error("gone")
    await logger.complete()
asyncio.run(main())
"""
    assert said(IMPORTS + text) == ["error: one", "error: one", "gone", "gone"]


def test_any_name_of_a_field_crosses(said):
    """And of a logger: a patcher of the program's may have put anything there."""
    text = """
kept = []
logger.add(lambda m: kept.append(m.record["extra"]), format="{message}")
class Keep(logging.Handler):
    def emit(self, record): kept.append(record.__dict__["b"])
logging.root.addHandler(Keep())
log.install(bridge="both")
app.error("one", extra={1: 2, None: 3, "b": 4})
logger.bind(b=5).patch(lambda record: record.update(name=7)).error("two")
assert kept == [4, {"1": 2, "None": 3, "b": 4}, {"b": 5}, 5]
"""
    assert sorted(said(IMPORTS + text)) == ["error: one", "error: two"]


@pytest.mark.parametrize("bridge", [None, "both"])
def test_nothing_of_ours_is_in_a_record(said, bridge):
    """Kind: a formatter or a sink of the program's that shows all that a record has."""
    text = f"""
kept = []
class Keep(logging.Handler):
    def emit(self, record): kept.extend(record.__dict__)
log.install(bridge={bridge!r})
logging.root.addHandler(Keep())
logger.add(lambda m: kept.extend(m.record), format="{{message}}")
app.error("one")
logger.error("two")
assert len(kept) > 30
assert not [one for one in kept if "daemontools" in one]
"""
    assert said(IMPORTS + text) == ["error: one", "error: two"]


@pytest.mark.parametrize("order", [0, 1])
def test_whoever_fails_first(said, order):
    """A handler or a sink that raises, before ours or behind it: one line of each record."""
    text = f"""
class Fails(logging.Handler):
    def emit(self, record): 1 / 0
def fails(message): 1 / 0
if {order}: log.install()
app.addHandler(Fails())
logging.root.addHandler(Fails())
logger.add(fails, catch=False)
if not {order}: log.install()
app.error("one")
try:
    logger.error("two")
except ZeroDivisionError:
    logger.remove()
    app.handlers.clear()
    app.error("three")
"""
    said_ = [one for one in said(IMPORTS + text) if "a handler failed" not in one]
    assert said_ == ["error: one", "error: two", *["error: three"] * order]
