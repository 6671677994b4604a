"""hypothesis logs what it thinks of, by each library: nothing raises, is lost, or is there twice.

A program gets what to do as JSON: which handlers there are, where stderr leads, and the steps.
Each record has a number of its own, by which it is found again. The program is forked from one
that has imported all: PYDAEMONTOOLS_TEST_EXAMPLES=5000 is a matter of minutes.
"""

import json
import os
import re
import sys
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.adapters.conftest import HEAD, understood
from tests.adapters.test_twice import HANDLERS, INTERCEPT
from tests.adapters.test_values import VALUES
from tests.log.conftest import finish

pytestmark = pytest.mark.process
# What is there before install(), by name.
BEFORE = {
    "stream": "logging.root.addHandler(logging.StreamHandler())",
    "fd": 'logging.root.addHandler(logging.StreamHandler(open(2, "w", closefd=False)))',
    "rich": "app.addHandler(rich.logging.RichHandler())",
    "target": "logging.root.addHandler(logging.handlers.MemoryHandler("
    "9, target=logging.StreamHandler()))",
    "prints": "app.addHandler(Prints())",
    "intercept": "logging.root.addHandler(InterceptHandler())",
    "propagate": "logger.add(PropagateHandler(), format='{message}')",
    "print": "logger.add(lambda message: print(message, file=sys.stderr))",
    "list": "logger.add(kept.append)",
    "raises": "app.addHandler(Raises())",
    "keep": "logging.root.addHandler(logging.handlers.BufferingHandler(99999))",
}
PROGRAM = (
    HEAD
    + "import json, select, structlog\nfrom loguru import logger\nkept = []\n"
    + HANDLERS
    + INTERCEPT
    + VALUES
    + """
class Raises(logging.Handler):
    def emit(self, record): raise RuntimeError("no")
say = None
BEFORE = json.loads(sys.argv[1])
def serve():
    for line in sys.stdin:
        ends = [os.pipe(), os.pipe()]
        if not os.fork():
            for fd, (reads, writes) in enumerate(ends, 1):
                os.dup2(writes, fd)
                os.close(reads)
                os.close(writes)
            return json.loads(line)
        said = [b"", b""]
        for _, writes in ends: os.close(writes)
        left = {ends[0][0]: 0, ends[1][0]: 1}
        while left:
            for fd in select.select(list(left), [], [])[0]:
                said[left[fd]] += (piece := os.read(fd, 65536))
                if not piece:
                    os.close(fd)
                    del left[fd]
        code = os.waitstatus_to_exitcode(os.wait()[1])
        print(json.dumps([code, *(one.decode("latin-1") for one in said)]), flush=True)
    os._exit(0)
# All that a child would import otherwise.
from pydaemontools.adapters import bridge, jsonlog, later, uncaught
from pydaemontools.adapters import loguru as ours, structlog as ours_too
plan = serve()
ODD = {"mean": Mean(), "shy": Shy(), "circle": circle, "nan": float("nan"), "key": {(1,): 2},
       "bytes": b"\\xff", "set": {1}, "type": int, "object": object(), "huge": 10**5000}
def value(one):
    if isinstance(one, dict):
        if list(one) == ["$"] and type(one["$"]) is str and one["$"] in ODD:
            return ODD[one["$"]]
        return {name: value(inner) for name, inner in one.items()}
    return [value(inner) for inner in one] if isinstance(one, list) else one
def by_logging(level, text, args, fields, error):
    getattr(app, level)(text, *args, extra=fields or None, exc_info=error)
def by_loguru(level, text, args, fields, error):
    bound = logger.bind(**fields) if fields else logger
    bound.opt(exception=error).log(level.upper(), text.replace("%s", "{}"), *args)
def by_structlog(level, text, args, fields, error):
    more = {name: one for name, one in fields.items() if name not in ("event", "self", "level")}
    getattr(structlog.get_logger("s"), level)(text, *args, **more | {"exc_info": error})
library = {"logging": by_logging, "loguru": by_loguru, "structlog": by_structlog}[plan["library"]]
def do(number, step):
    error = None
    if step["error"]:
        try:
            raise {"key": KeyError("three"), "mean": MeanError(),
                   "group": ExceptionGroup("g", [KeyError("x")])}[step["error"]]
        except Exception as raised:
            error = raised
    text = f"#{number}# " + step["text"].replace("%", "%%" if step["args"] else "%")
    text = text.replace("{", "(").replace("}", ")") + " %s" * len(step["args"])
    args = [value(one) for one in step["args"]]
    library(step["level"], text, args, value(step["fields"]), error)
for name in plan["before"]:
    exec(BEFORE[name])
if plan["stderr"] == "closed":
    os.close(2)
elif plan["stderr"] == "full":
    os.dup2(os.open("/dev/full", os.O_WRONLY), 2)
def fail(*error):
    import traceback
    traceback.print_exception(*error, file=sys.stdout)
sys.excepthook = fail
log.install(level="trace", format=plan["format"], bridge=plan["bridge"])
if plan["breaks"]:
    def breaks(logger, method, event): raise RuntimeError("no")
    structlog.configure(processors=[breaks, structlog.processors.JSONRenderer()])
for number, step in enumerate(plan["steps"]):
    if step["how"] == "fork":
        child = os.fork()
        if child == 0:
            do(number, step)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    elif step["how"] == "thread":
        thread = threading.Thread(target=do, args=(number, step))
        thread.start()
        thread.join()
    else:
        do(number, step)
print("done", flush=True)
"""
)
EXAMPLES = int(os.environ.get("PYDAEMONTOOLS_TEST_EXAMPLES") or 40)
BESIDES = "a handler failed", "logging's handler", "loguru's sink"
NUMBERS = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
TEXTS = st.text(st.characters(exclude_characters="#"), max_size=20) | st.sampled_from(
    [
        "",
        "one\ntwo",
        "%",
        "{}",
        "%d",
        "half \ud800",
        "error: x",
        "\x1b[31mred",
        "Traceback (most recent call last):",
    ]
)
ODD = st.sampled_from(
    ["mean", "shy", "circle", "nan", "key", "bytes", "set", "type", "object", "huge"]
).map(lambda name: {"$": name})
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["user", "name", "message", "args", "msg", "level", "time", "_x", "größe"])
STEP = st.fixed_dictionaries(
    {
        "how": st.sampled_from(["here"] * 6 + ["thread", "fork"]),
        "level": st.sampled_from(["debug", "info", "warning", "error", "critical"]),
        "text": TEXTS,
        "args": st.lists(ODD | VALUE, max_size=2),
        "fields": st.dictionaries(NAMES, ODD | VALUE, max_size=3),
        "error": st.sampled_from([None, None, "key", "mean", "group"]),
    }
)
PLAN = st.fixed_dictionaries(
    {
        # Both recipes at once are a loop of the program's own, which loguru breaks, aloud.
        "before": st.lists(
            st.sampled_from(sorted(BEFORE)), unique=True, min_size=1, max_size=5
        ).filter(lambda names: not {"propagate", "intercept"} <= set(names)),
        "stderr": st.sampled_from(["pipe"] * 8 + ["closed", "full"]),
        "format": st.sampled_from(["level", "journal", "human", "json", "logfmt"]),
        "breaks": st.booleans(),  # whether a processor of structlog's does
        "bridge": st.sampled_from([None, None, "loguru", "stdlib", "both"]),
        "steps": st.lists(STEP, min_size=10, max_size=30),
    }
)


@pytest.fixture
def forked(start, place):
    """Have a plan done by a process of its own; gives its code, stdout and stderr."""
    (place / "program.py").write_text(PROGRAM)
    process = start(sys.executable, "program.py", json.dumps(BEFORE))

    def forked(plan):
        process.stdin.write(json.dumps(plan).encode() + b"\n")
        process.stdin.flush()
        code, *said = json.loads(process.stdout.readline())
        return code, *(text.encode("latin-1") for text in said)

    yield forked
    assert finish(process) == (0, b"")


@pytest.mark.parametrize("library", ["logging", "loguru", "structlog"])
@pytest.mark.timeout(max(120, 2 * EXAMPLES))
@settings(
    max_examples=EXAMPLES,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=PLAN)
def test_whatever_is_logged(forked, library, plan):
    """Each record is a line with its number, once, and the program ends well."""
    code, out, err = forked(plan | {"library": library})
    # Python says 120 where its own stderr cannot be flushed.
    well = (0,) if plan["stderr"] == "pipe" else (0, 120)
    assert (code in well, out) == (True, b"done\n"), err.decode()
    said = err.decode("utf-8", "surrogateescape")
    # Some text may be of the words alone.
    assert "--- Logging error" not in said
    found = Counter(re.findall(r"#(\d+)# ", said))
    if plan["stderr"] == "pipe":
        assert found == {str(number): 1 for number in range(len(plan["steps"]))}, said
        lines = [line for line in said.split("\n") if re.search(r"#\d+# ", line)]
        check(plan["format"], plan["steps"], lines)
        if plan["format"] in ("level", "journal"):
            others = [text for _, text, _ in understood(err) if "# " not in text]
            # Of no record a line is one of its own; what is said besides is known.
            assert not [text for text in others if not text.startswith(BESIDES)], others


def check(form, steps, lines):
    """Check that each of LINES in FORM has the level of its step, and that JSON is JSON."""
    for line in lines:
        step = steps[int(re.search(r"#(\d+)# ", line)[1])]
        if form == "json":
            found = json.loads(line, parse_constant=pytest.fail)
            assert found["level"] == step["level"]
            names = set(step["fields"]) - {"_x", "level"}  # these are nobody's, or the level
            assert all(found.keys() & {name, f"field_{name}"} for name in names), (names, line)
        elif form == "logfmt":
            assert re.search(rf'level="?{step["level"]}"? ', line), line
        elif form == "level":
            assert line.startswith(f"{step['level']}: "), line
        elif form == "journal":
            assert line.startswith(f"<{NUMBERS[step['level']]}>"), line
