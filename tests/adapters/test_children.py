"""Processes that begin anew, by spawn and forkserver, log as their parent does."""

import json

import pytest

METHODS = pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
LIBRARIES = {
    "logging": "say = logging.getLogger('w').debug",
    "loguru": "from loguru import logger\nsay = logger.debug",
    "structlog": "import structlog\ndef say(text): structlog.get_logger('w').debug(text)",
}
POOL = """
import concurrent.futures as futures, multiprocessing, os
{library}
def work(text):
    say(text)
    return os.getpid()
def called(text):
    log.child()
    work(text)
if __name__ == "__main__":
    method = sys.argv[1]
    context = multiprocessing.get_context(method)
    log.install({arguments})
    {parent}
"""
WAYS = {
    "a function": "with context.Pool(1, log.child) as pool: pool.map(work, ['in the child'])",
    "a call": "with context.Pool(1, log.child()) as pool: pool.map(work, ['in the child'])",
    "futures": (
        "with futures.ProcessPoolExecutor(1, context, log.child) as pool:"
        " pool.submit(work, 'in the child').result()"
    ),
    "at the beginning": (
        "process = context.Process(target=called, args=('in the child',));"
        " process.start(); process.join()"
    ),
}


@METHODS
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_child_logs_as_its_parent(said, method, library, way):
    """With the level, the form and the fields."""
    arguments = 'level="debug", format="json", fields={"service": "web"}'
    text = POOL.format(library=LIBRARIES[library], arguments=arguments, parent=WAYS[way])
    (line,) = said(text, method)
    found = json.loads(line)
    assert (found["level"], found["message"]) == ("debug", "in the child")
    assert found["service"] == "web"


@pytest.mark.parametrize("method", ["forkserver", "fork"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_forkserver_is_told_once_for_all_its_children(said, method, library):
    """By what it loads before any of them."""
    parent = (
        "multiprocessing.set_forkserver_preload(['pydaemontools.adapters.preload']);"
        " process = context.Process(target=work, args=('in the child',));"
        " process.start(); process.join()"
    )
    text = POOL.format(library=LIBRARIES[library], arguments='level="debug"', parent=parent)
    assert said(text, method) == ["debug: in the child"]


@METHODS
def test_what_is_pickled_has_the_level_of_now(said, method):
    """And not that of install()."""
    parent = f"log.level.set('debug'); {WAYS['a function']}".replace("; with", "\n    with")
    text = POOL.format(library=LIBRARIES["logging"], arguments='level="error"', parent=parent)
    assert said(text, method) == ["debug: in the child"]


@METHODS
def test_a_formatter_and_fields_are_handed_on(said, method):
    """One of logging's as it is; what cannot be pickled is text."""
    parent = "app.error('parent'); " + WAYS["a function"]
    for arguments, lines in (
        (
            "text=logging.Formatter('[%(name)s] %(message)s')",
            ["error: [app] parent", "error: [w] x"],
        ),
        ("text=type('F', (logging.Formatter,), {})('%(message)s')", ["error: parent", "error: x"]),
        ("fields={'lock': threading.Lock(), 'n': 1}", ["error: parent", "error: x"]),
    ):
        library = LIBRARIES["logging"].replace("debug", "error")
        text = POOL.format(library=library, arguments=arguments, parent=parent)
        text = text.replace("in the child", "x").replace("; with", "\n    with")
        assert said(text, method) == lines


@METHODS
def test_a_child_of_a_parent_that_installed_nothing(said, method):
    """It logs as install() has it without arguments."""
    text = POOL.format(library=LIBRARIES["logging"], arguments="", parent=WAYS["a function"])
    text = text.replace("    log.install()\n", "").replace("say(text)", "logging.info(text)")
    assert said(text, method) == ["info: in the child"]


HANDED = """
import multiprocessing, structlog
from loguru import logger
def work(one, two, three):
    one.info("loguru")
    two.info("structlog")
    three.info("bound")
if __name__ == "__main__":
    log.install(text="%(processName)s %(message)s")
    context = multiprocessing.get_context(sys.argv[1])
    loggers = logger, structlog.get_logger("x"), structlog.get_logger("y").bind(user=7)
    process = context.Process(target=work, args=loggers, name="child")
    process.start()
    process.join()
"""


@METHODS
def test_loggers_can_be_handed_to_a_child(said, method):
    """What they hold cannot be pickled: in the child they have what is there."""
    assert said(HANDED, method) == [
        "info: child loguru",
        "info: child structlog",
        "info: child bound user=7",
    ]
