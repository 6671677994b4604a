"""Calls of logging's that raised: fields that are called as parameters are, and odd classes.

The kind: what a call is given stands in the way of logging's own code before a record is there.
"""

import json


def records(program, text):
    """The records of a program that logs JSON, and raises nothing."""
    result = program('log.install(format="json")\n' + text)
    assert (result.returncode, result.stdout) == (0, b""), result.stderr.decode()
    return [json.loads(line) for line in result.stderr.splitlines()]


def test_fields_that_are_called_as_parameters_are(program):
    """And arguments that are named as logging allows it."""
    text = """
adapter = logging.LoggerAdapter(app, {"who": 1})
app.info("x", level="debug", user=1)
app.info("x", args=[1])
app.notice("x", level=3)
app.log("info", "x", level=3)
app.log(20, "x", msg=4, args=5)
adapter.info("x", level=3)
adapter.log("info", "x", level=3)
app.log(level=20, msg="x")
app.log(20, msg="x")
app._log(level=20, msg="x", args=())
adapter.log(level="info", msg="x")
adapter.log(20, "x")
"""
    found = records(program, text)
    names = "message", "field_level", "field_args", "field_msg", "user"
    # LoggerAdapter has its own `extra`, in the place of the call's.
    assert [{name: one[name] for name in names if name in one} for one in found] == [
        {"message": "x", "field_level": "debug", "user": 1},
        {"message": "x", "field_args": [1]},
        {"message": "x", "field_level": 3},
        {"message": "x", "field_level": 3},
        {"message": "x", "field_msg": 4, "field_args": 5},
        *[{"message": "x", "field_level": 3}] * 2,
        *[{"message": "x"}] * 5,
    ]
    assert [one["line"] for one in found] == list(range(7, 19))
    assert [one["function"] for one in found] == ["<module>"] * 12
    assert [one["level"] for one in found] == ["info", "info", "notice", *["info"] * 9]
    assert [one.get("who") for one in found] == [*[None] * 5, 1, 1, *[None] * 3, 1, 1]


def test_what_does_not_say_whether_it_is_true(program):
    """As exc_info and stack_info: the exception that is handled is there, if there is one."""
    text = """
class Odd:
    def __bool__(self): raise RuntimeError("no bool")
app.error("x", exc_info=Odd())
app.error("x", stack_info=Odd())
try: {}["three"]
except KeyError: app.error("x", exc_info=Odd())
"""
    found = records(program, text)
    assert [(one["message"], one["line"]) for one in found] == [("x", 8), ("x", 9), ("x", 11)]
    assert [one.get("exception.type") for one in found] == [None, None, "KeyError"]


ODD = """
class Odd(logging.Logger):
    {}
logging.setLoggerClass(Odd)
odd = logging.getLogger("odd")
class Kept(logging.Handler):
    def emit(self, record): kept.append(record)
kept = []
logging.root.addHandler(Kept())
odd.error("x %s", 1, extra={{"user": 2}})
assert len(kept) == 1
"""


def test_a_class_of_loggers_that_raises(program):
    """Wherever it does: the record is there, once, for other handlers too."""
    for method in (
        "def makeRecord(self, *args, **more): raise RuntimeError",
        "def findCaller(self, *args, **more): raise RuntimeError",
        "def handle(self, record): raise RuntimeError",
        "def handle(self, record): super().handle(record); raise RuntimeError",
        "def makeRecord(self, *args): record = super().makeRecord(*args); raise RuntimeError",
    ):
        (one,) = records(program, ODD.format(method))
        assert (one["message"], one["user"], one["logger"]) == ("x 1", 2, "odd")
        assert one.get("line") == (None if "findCaller" in method else 14)
