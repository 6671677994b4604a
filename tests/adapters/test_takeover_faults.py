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
    """It is judged and left alone; no other handler lacks the record."""
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
    lines = [line for line in said(text) if "logging's handler Refuses of root stays" not in line]
    assert lines == ["one", "error: one", "two", "error: two"] * 2
    assert (place / "kept").read_text().endswith("one\ntwo\n")


def test_a_wrapper_around_ours(said):
    """Kind: one that patches Logger.callHandlers in between, as Sentry does, and goes on calling
    what was there: it is said once what stays, and a handler that comes later has one filter.
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
assert len(handler.filters) == 1
log.uninstall()
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
