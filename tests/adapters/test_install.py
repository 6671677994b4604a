"""install(): one call, and what logging says is understood; told what is wrong; undone."""

import logging
import os
import pty
import sys

import pytest

from pydaemontools import adapters
from tests.adapters.conftest import understood

LOADED = """
log.install()
app.info("x")
print(*sorted({"loguru", "structlog", "pythonjsonlogger"} & set(sys.modules)))
"""
EVERY = """
log.install(level="trace")
for name in "trace debug info notice warning error critical alert emerg".split():
    getattr(app, name)("by %s", name)
app.log(logging.NOTICE, "by number")
logging.addLevelName(22, "WARN")
app.log(22, "by a name of its own")
app.log(35, "between two")
"""
WRONG = [
    ({"kind": "sysloog"}, "knows no 'sysloog': say \"auto\", 'stdlib'"),
    ({"kind": ["stdlib", "glog"]}, "knows no 'glog'"),
    ({"level": "loud"}, "no level: 'loud'; say one of"),
    ({"min": "debug", "max": "error"}, "exchange them"),
    ({"env": {"x": "Y"}}, "its keys are"),
    ({"argv": "-v"}, "say True"),
    ({"signals": "USR1"}, r'say two, .*\("USR1", "USR2"\)'),
    ({"signals": ("USR1", "USR9")}, r"no signal: 'USR9'; say signals="),
    ({"signals": ("USR1", 999)}, "no signal: 999"),
    ({"format": "xml"}, "say one of auto, level, journal, json, logfmt, human"),
    ({"preset": "elastic"}, "say one of plain, ecs, otel, gcp"),
    ({"bridge": "yes"}, 'say "loguru", "stdlib" or "both"'),
    ({"to": "stderr"}, "say an fd, an open file that has one, or a function"),
    ({"to": -1}, "say an fd"),
    ({"categories": {"db": "loud"}}, "no level: 'loud'"),
]


def test_only_what_is_in_use_is_loaded(program):
    """A program with logging alone pays for nothing else."""
    assert program(LOADED).stdout == b"\n"


def test_every_level_of_logging_is_said_right(said):
    """Also those that logging has not, and those of the program's own."""
    names = [
        "trace",
        "debug",
        "info",
        "notice",
        "warning",
        "error",
        "critical",
        "alert",
        "emergency",
    ]
    lines = said(EVERY)
    assert [line.partition(": ")[0] for line in lines[:9]] == names
    assert lines[9:] == [
        "notice: by number",
        "warning: by a name of its own",
        "warning: between two",
    ]


def test_the_new_methods_are_their_callers_record(said):
    """Line and function are those where it was logged."""
    text = '{}log.install(text="%(funcName)s:%(lineno)d %(message)s")\ndef f():\n    {}\nf()\n'
    call = 'app.notice("x"); app.emerg("y", stacklevel=2); app.info("z")'
    lines = said(text.format("\n", call))
    assert lines == ["notice: f:7 x", "emergency: <module>:8 y", "info: f:7 z"]


@pytest.mark.parametrize(("given", "told"), WRONG)
def test_a_wrong_argument_is_told_with_a_right_one(clean, given, told):
    """And nothing is installed."""
    before = list(logging.root.handlers), logging.root.level, sys.excepthook
    with pytest.raises(ValueError, match=told):
        clean.install(**given)
    assert before == (list(logging.root.handlers), logging.root.level, sys.excepthook)
    assert clean.level.name == "info"


@pytest.mark.parametrize("wrong", ['signals=("USR1",)', 'level="loud"', 'bridge="x"'])
def test_a_wrong_argument_leaves_what_was_installed_before(said, wrong):
    """And what it would have consumed."""
    text = f"""
log.install(level="notice", format="journal")
try:
    log.install(argv="consume", {wrong})
except ValueError:
    app.notice(" ".join(sys.argv[1:]))
    app.info("no")
"""
    assert said(text, "-v") == ["<5>-v"]


@pytest.mark.parametrize(
    ("given", "module", "told"),
    [
        ({"kind": "structlog"}, "structlog", r"say pip install 'pydaemontools\[structlog\]'"),
        ({"kind": "loguru"}, "loguru", "say pip install loguru"),
        ({"bridge": "both"}, "loguru", "say pip install loguru"),
        ({"format": "json"}, "pythonjsonlogger", "say pip install python-json-logger"),
        ({"format": "logfmt"}, "pythonjsonlogger", "say pip install python-json-logger"),
    ],
)
def test_a_library_that_is_not_there_is_told(clean, monkeypatch, given, module, told):
    """In a sentence with what brings it; and nothing is installed."""
    before = list(logging.root.handlers), sys.excepthook
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(ValueError, match=f"{module} is not installed: {told}"):
        clean.install(**given)
    assert before == (list(logging.root.handlers), sys.excepthook)


def test_signals_outside_the_main_thread_are_told(said):
    """Python allows no handlers there."""
    text = """
def f():
    try:
        log.install(signals=("USR1", "USR2"))
    except ValueError as error:
        os.write(2, f"{error}\\n".encode())
thread = threading.Thread(target=f)
thread.start()
thread.join()
"""
    assert said(text) == ["signals= needs install() to be called in the main thread"]


def test_twice_is_once(said):
    """The last call holds, and each line is there once."""
    text = """
log.install(format="journal", level="debug")
log.install(level="notice")
log.install()
app.info("no"); app.notice("yes")
"""
    assert said(text) == ["notice: yes"]


def test_what_printed_before_prints_no_more(said):
    """basicConfig(), and loggers that keep their records to themselves as uvicorn's do."""
    text = """
logging.basicConfig()
own = logging.getLogger("own")
own.addHandler(logging.StreamHandler())
own.propagate = False
log.install()
app.error("one")
own.error("two")
log.uninstall()
app.error("three")
own.error("four")
"""
    assert said(text) == ["error: one", "error: two", "ERROR:app:three", "four"]


def test_other_handlers_stay(said, place):
    """A file, and what a test or Sentry has."""
    text = 'app.addHandler(logging.FileHandler("kept"))\nlog.install()\napp.error("one")\n'
    assert said(text) == ["error: one"]
    assert (place / "kept").read_text() == "one\n"


def test_uninstall_leaves_what_was_there(clean):
    """Handlers, thresholds and hooks."""
    before = list(logging.root.handlers), logging.root.level, sys.excepthook
    clean.install(level="debug", faults=False)
    assert logging.root.level == logging.DEBUG
    clean.uninstall()
    assert before == (list(logging.root.handlers), logging.root.level, sys.excepthook)


def test_categories_have_levels_of_their_own(said):
    """They do not move with the process's."""
    text = """
log.install(level="error", categories={"app.db": "debug", "noise": "none"})
db, noise = logging.getLogger("app.db.pool"), logging.getLogger("noise")
for logger in app, db, noise:
    logger.debug("one"); logger.critical("two")
log.category("app.db").set("info")
log.level.set("trace")
app.debug("three"); db.debug("four"); noise.critical("five")
try:
    log.category("none")
except ValueError as error:
    app.error(error)
"""
    assert said(text) == [
        "critical: two",
        "debug: one",
        "critical: two",
        "debug: three",
        "error: no category 'none': install(categories=...) named app.db, noise",
    ]


def test_bounds_hold_for_all_ways(said):
    """The environment cannot silence a daemon whose min says so."""
    text = """
log.install(level="none", min="error", max="info", env="DEBUG", argv=True)
app.error("one"); app.debug("two")
"""
    assert said(text, "-vvvvvvvvv") == ["error: one"]
    assert said(text, env={"DEBUG": "-8"}) == ["error: one"]


def test_the_environment_and_the_command_line_come_together(said):
    """DEBUG first, then -v and -q; what is no level is told once."""
    text = """
log.install(level="error", env="DEBUG", argv="consume")
app.critical(" ".join([log.level.name, *sys.argv[1:]]))
"""
    assert said(text, "-qx", "-q", env={"DEBUG": "trace"}) == ["critical: info -x"]
    assert said(text, "-v", env={"DEBUG": "*"}) == [
        "warning: DEBUG=* names no level: the level stays error",
        "critical: warning",
    ]


def test_arguments_that_do_not_fit_are_told_with_the_level(said):
    """Logging itself prints twenty lines that have none."""
    text = """
log.install()
class Mean:
    def __str__(self): raise RuntimeError("no")
    __repr__ = __str__
app.error("%d apples", "three")
app.warning(Mean())
"""
    first, second = said(text)
    assert first.startswith("error: %d apples (with ('three',), ")
    assert "program.py:9: TypeError(" in first
    assert second == "warning: <Mean>"


def test_records_go_where_they_are_told(said, place):
    """An open file, or an fd."""
    text = """
with open("kept", "w") as file:
    file.write("before\\n")
    log.install(to=file)
    app.info("one")
    log.install(to=file.fileno())
    app.info("two")
    log.uninstall()
"""
    assert said(text) == []
    assert (place / "kept").read_text() == "before\ninfo: one\ninfo: two\n"


def test_a_function_may_take_the_records(said):
    """Each whole; what it raises does not reach the program."""
    text = """
def take(data):
    if b"ail" in data:
        raise OSError
    os.write(2, repr(data).encode() + b"\\n")
log.install(to=take)
app.error("one\\ntwo")
app.error("fail")
"""
    assert said(text) == ["b'error: one\\nerror:  two\\n'"]


@pytest.mark.parametrize(
    "imports", ["say = app.error", "from loguru import logger\nsay = logger.error"]
)
def test_a_function_that_logs_itself(said, imports):
    """As one that sends the records by a library that logs each request: there is an end to it."""
    text = f"""
{imports}
def take(data):
    os.write(2, data)
    say("sent")
log.install(to=take)
app.error("one")
say("two")
"""
    assert said(text) == ["error: one", "error: sent", "error: two", "error: sent"]


@pytest.mark.parametrize(("right", "head"), [(True, "<3>"), (False, "error: ")])
def test_the_journal_gets_numbers_if_it_is_the_journal(run, place, right, head):
    """JOURNAL_STREAM is inherited by everybody; only the fd tells whether it is true."""
    (place / "program.py").write_text(
        "import logging, pydaemontools.adapters as log\nlog.install()\nlogging.error('x')\n"
    )
    with (place / "journal").open("wb") as journal:
        stat = os.fstat(journal.fileno())
        stream = f"{stat.st_dev}:{stat.st_ino + (not right)}"
        env = {"JOURNAL_STREAM": stream}
        run(sys.executable, "program.py", env=env, capture_output=False, stderr=journal)
    assert (place / "journal").read_text() == f"{head}x\n"


@pytest.mark.parametrize(("env", "colour"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_lines_for_people(run, place, env, colour):
    """Coloured unless NO_COLOR is set."""
    (place / "program.py").write_text(
        "import logging, pydaemontools.adapters as log\nlog.install()\nlogging.error('x')\n"
    )
    ours, theirs = pty.openpty()
    try:
        run(sys.executable, "program.py", env=env, capture_output=False, stderr=theirs)
        os.close(theirs)
        shown = os.read(ours, 1000)
    finally:
        os.close(ours)
    assert b"error:" in shown
    assert (b"\x1b[31m" in shown) == colour


def test_a_record_is_understood_as_a_whole(program):
    """What the router makes of the traceback of a program, and of a message of two lines."""
    text = """
log.install(level="debug")
app.debug("one\\ntwo")
try:
    {}["three"]
except KeyError:
    app.exception("failed")
"""
    first, second = understood(program(text).stderr)
    assert first == (7, "one\n two", {})
    assert (second[0], second[1].split("\n")[0]) == (3, "failed")
    assert second[2] == {"exception.type": "KeyError", "exception.message": "'three'"}


def test_the_surface_is_what_the_page_says():
    """All that is public has a docstring."""
    assert all(getattr(adapters, name).__doc__ for name in adapters.__all__)


def test_what_a_category_set_is_set_back(said):
    """Also where another install() knows nothing of it."""
    text = """
logging.getLogger("b").setLevel(10)
log.install(categories={"a": "error", "b": "error"})
log.install()
logging.getLogger("a").warning("a")
logging.getLogger("b").debug("b")
log.uninstall()
assert [logging.getLogger(name).level for name in "ab"] == [0, 10]
"""
    assert said(text) == ["warning: a", "debug: b"]


@pytest.mark.parametrize("own", [True, False])
def test_whether_warnings_are_logged_is_as_before(said, own):
    """What the program captured itself stays so."""
    text = f"""
import warnings
logging.captureWarnings({own})
before = warnings.showwarning
log.install()
log.install()
assert warnings.showwarning is logging._showwarning
log.uninstall()
assert warnings.showwarning is before
"""
    assert said(text) == []
