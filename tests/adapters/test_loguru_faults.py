"""loguru's own recipes beside install(): sinks that come and go, copies, records handed on."""

import pytest

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
