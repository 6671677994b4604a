"""loguru: its records are written as logging's are, and a bridge brings them to both."""

import pytest

from tests.adapters.conftest import understood

IMPORTS = "from loguru import logger\n"
LEVELS = """
log.install(level="trace")
for name in "trace debug info success warning error critical".split():
    getattr(logger, name)("by {}", name)
for name in "NOTICE", "ALERT", "EMERG":
    logger.log(name, "by name")
logger.log(35, "by number")
logger.level("AUDIT", no=33)
logger.log("AUDIT", "by a name of its own")
"""


def test_every_level_of_loguru_is_said_right(said):
    """Also those that it has not got itself; SUCCESS is a notice."""
    lines = said(IMPORTS + LEVELS)
    assert [line.partition(":")[0] for line in lines] == [
        *("trace", "debug", "info", "notice", "warning", "error", "critical"),
        *("notice", "alert", "emergency", "warning", "warning"),
    ]


def test_what_loguru_prints_at_first_is_gone(said):
    """No line is there twice, however often install() is called; sinks of the program's stay."""
    text = """
logger.add(sys.stderr, format="mine {message}")
kept = []
logger.add(kept.append, format="{message}")
log.install()
log.install()
logger.info("one")
logging.info("two")
logger.info("".join(kept).strip())
"""
    assert said(IMPORTS + text) == ["info: one", "info: two", "info: one"]


def test_it_may_be_named_before_it_is_imported(said):
    """Then install() imports it; without a name only what is there is used."""
    assert said('log.install("loguru")\nfrom loguru import logger\nlogger.error("x")') == [
        "error: x"
    ]


def test_the_threshold_moves_and_a_squelched_record_is_made_nowhere(said):
    """As with loguru's own: what is not said is not formatted."""
    text = """
def dear():
    logger.info("made")
    return "dear"
level = log.install()
logger.opt(lazy=True).debug("{}", dear)
level.set("debug")
logger.opt(lazy=True).debug("{}", dear)
level.set("warning")
logger.info("no"); logger.success("no"); logger.warning("yes")
level.set("none")
logger.critical("no")
"""
    assert said(IMPORTS + text) == ["info: made", "debug: dear", "warning: yes"]


def test_other_sinks_keep_their_own_thresholds(said):
    """Only ours moves."""
    text = """
kept = []
logger.add(lambda m: kept.append(m.strip()), format="{message}", level="WARNING")
level = log.install()
level.set("none")
logger.info("no"); logger.error("kept")
level.set("info")
logger.info(" ".join(kept))
"""
    assert said(IMPORTS + text) == ["info: kept"]


def test_categories_are_modules(said):
    """With the level of the nearest one."""
    text = """
other = {"__name__": "noise.deep", "logger": logger}
log.install(categories={"noise": "error", "noise.deep": "debug"})
exec("logger.debug('one')", other)
other["__name__"] = "noise.else"
exec("logger.warning('no'); logger.error('two')", other)
logger.debug("no"); logger.info("three")
"""
    assert said(IMPORTS + text) == ["debug: one", "error: two", "info: three"]


def test_a_traceback_is_one_record(program):
    """With its exception's name, and no values of variables."""
    text = """
secret = "hunter2"
log.install()
try:
    {}[secret[:0] + "three"]
except KeyError:
    logger.exception("failed\\nbadly")
"""
    result = program(IMPORTS + text)
    ((level, message, fields),) = understood(result.stderr)
    assert (level, fields["exception.type"]) == (3, "KeyError")
    assert message.startswith("failed\n badly\nTraceback (most recent call last):\n  File ")
    assert b"hunter2" not in result.stderr


BRIDGE = """
class Keep(logging.Handler):
    def emit(self, record):
        kept.append(f"stdlib {{record.name}} {{record.levelname}} {{record.funcName}} "
                    f"{{record.filename}}:{{record.lineno}} {{record.getMessage()}} "
                    f"{{record.exc_info and record.exc_info[0].__name__}} "
                    f"{{record.__dict__.get('user')}}")
def keep(message):
    r = message.record
    kept.append(f"loguru {{r['name']}} {{r['level'].name}} {{r['function']}} "
                f"{{r['file'].name}}:{{r['line']}} {{r['message']}} "
                f"{{r['exception'] and r['exception'].type.__name__}} {{r['extra'].get('user')}}")
kept = []
logging.root.addHandler(Keep())
logger.add(keep, format="{{message}}", level=0)
log.install({})
def work():
    try:
        {{}}["three"]
    except KeyError:
        app.error("by {{stdlib}} %d", 1, exc_info=True, extra={{"user": 7}})
        logger.bind(user=8).opt(exception=True).log("NOTICE", "by loguru {{}}", "%d")
work()
print(*kept, sep="\\n")
"""
STDLIB = "app ERROR work program.py:{} by {stdlib} 1 KeyError 7"
LOGURU = "__main__ NOTICE work program.py:{} by loguru %d KeyError 8"


@pytest.mark.parametrize(
    ("bridge", "kept"),
    [
        (None, [f"stdlib {STDLIB}", f"loguru {LOGURU}"]),
        ("loguru", [f"stdlib {STDLIB}", f"loguru {STDLIB}", f"loguru {LOGURU}"]),
        ("stdlib", [f"stdlib {STDLIB}", f"loguru {LOGURU}", f"stdlib {LOGURU}"]),
        (
            "both",
            [f"stdlib {STDLIB}", f"loguru {STDLIB}", f"loguru {LOGURU}", f"stdlib {LOGURU}"],
        ),
    ],
)
@pytest.mark.parametrize("times", [1, 2])
def test_a_record_crosses_the_bridge_once_and_whole(program, bridge, kept, times):
    """File, line, function, level, exception and fields survive; stderr has each once."""
    calls = f'bridge={bridge!r})\nlog.install("auto", bridge={bridge!r}'
    call = f"bridge={bridge!r}" if times == 1 else calls
    # The places of the two calls in the program.
    first = 24 + times
    kept = [
        one.replace(":{} by {", f":{first} by {{").replace(":{}", f":{first + 1}") for one in kept
    ]
    result = program(IMPORTS + BRIDGE.format(call))
    assert result.stdout.decode().splitlines() == kept
    said = [(level, text.split("\n")[0]) for level, text, _ in understood(result.stderr)]
    assert said == [(3, "by {stdlib} 1"), (5, "by loguru %d")]


def test_a_bridge_to_logging_alone_writes_loguru_too(said):
    """install("stdlib") leaves loguru's sinks as they are; the bridge brings its records."""
    text = 'logger.remove()\nlog.install("stdlib", bridge="stdlib")\nlogger.error("one")\n'
    assert said(IMPORTS + text) == ["error: one"]


def test_a_sink_that_logs_itself_makes_no_loop(said):
    """A handler that is reached over the bridge, and logs with the other library."""
    text = """
class Loop(logging.Handler):
    def emit(self, record):
        if "again" not in record.getMessage():
            logger.info("again")
logging.root.addHandler(Loop())
log.install(bridge="both")
logger.info("one")
app.info("two")
"""
    lines = said(IMPORTS + text)
    assert sorted(lines) == ["info: again", "info: again", "info: one", "info: two"]
