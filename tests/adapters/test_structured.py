"""JSON and logfmt: the same flat fields from every library, under the names of a preset."""

import json
import logging

import pytest

from pydaemontools.adapters import jsonlog, presets
from tests.adapters.conftest import understood

IMPORTS = "from loguru import logger\nimport structlog\n"
EACH = """
log.install({})
def work():
    try:
        {{}}["three"]
    except KeyError:
        app.error("failed", exc_info=True, extra={{"user": 7}})
        logger.bind(user=7).exception("failed")
        structlog.get_logger("app").exception("failed", user=7)
work()
"""
PLACES = {
    "plain": ("line", "logger"),
    "ecs": ("log.origin.file.line", "log.logger"),
    "otel": ("code.line.number", "logger"),
    "gcp": ("line", "logger"),
}


def made(result):
    """The objects that a program wrote."""
    return [json.loads(line) for line in result.stderr.decode().splitlines()]


def flat(found):
    """FOUND with the objects in it taken apart, but without what differs from line to line."""
    done = {}
    for key, value in found.items():
        done |= value if isinstance(value, dict) else {key: value}
    return done


@pytest.mark.parametrize("preset", presets.PRESETS)
def test_every_library_has_the_same_fields(program, preset):
    """In the same order, with the same values."""
    result = program(IMPORTS + EACH.format(f'format="json", preset="{preset}"'))
    records = [flat(one) for one in made(result)]
    assert len(records) == 3
    line, logger = PLACES[preset]
    assert [int(one[line]) for one in records] == [12, 13, 14]
    assert [one[logger] for one in records] == ["app", "__main__", "app"]
    differ = {line, logger, "time", "@timestamp", "Timestamp"}
    differ |= {key for key in records[0] if "stack" in key}
    same = [{k: v for k, v in one.items() if k not in differ} for one in records]
    assert same[0] == same[1] == same[2]
    assert list(records[0]) == list(records[1]) == list(records[2])
    traces = [value for one in records for key, value in one.items() if "stack" in key]
    assert [trace.split("\n")[-1] for trace in traces] == ["KeyError: 'three'"] * 3


@pytest.mark.parametrize("preset", presets.PRESETS)
@pytest.mark.parametrize("library", ["app", "logger", 'structlog.get_logger("app")'])
def test_the_router_understands_each_preset(program, preset, library):
    """Level and message, and the exception's name where the preset has a place for it."""
    text = f"""
log.install(format="json", preset="{preset}")
try:
    {{}}["three"]
except KeyError:
    {library}.exception("failed\\nbadly")
{library}.critical("<3>x")
"""
    first, second = understood(program(IMPORTS + text).stderr)
    assert first[:2] == (3, "failed\nbadly")
    assert second[:2] == (2, "<3>x")
    assert "KeyError" in str(first[2])


@pytest.mark.parametrize("step", range(9))
@pytest.mark.parametrize("preset", presets.PRESETS)
def test_the_router_reads_every_level_of_every_preset(preset, step):
    """As the severity that was meant."""
    ((level, message, _),) = understood(jsonlog.form("json", preset, None).text(step, "x"))
    assert (level, message) == (min(step, 7), "x")


def test_the_fields_of_the_plain_preset(program):
    """Each by its name; those that a program calls so too are kept beside them."""
    extra = '{"time": 1, "user": {"id": 7}, "nothing": None}'
    text = f"""
log.install(format="json", fields={{"service": "web"}})
app.info("%d€", 3, extra={extra})
"""
    (found,) = made(program(text))
    assert list(found) == [
        *("time", "level", "message", "logger", "file", "line", "function", "pid", "thread"),
        *("service", "field_time", "user", "nothing"),
    ]
    assert found["time"].endswith("Z")
    assert (found["message"], found["level"], found["line"]) == ("3€", "info", 6)
    assert (found["field_time"], found["user"], found["nothing"]) == (1, {"id": 7}, None)


def record(message="x", **more):
    """A record of logging's with fields."""
    one = logging.LogRecord("app", 30, "app.py", 7, message, None, None)
    one.__dict__.update(more)
    return one


def test_the_levels_of_opentelemetry_and_google():
    """A number and a name; the time is in nanoseconds, as text."""
    (otel,) = (json.loads(jsonlog.form("json", "otel", None).record(record(user=7))),)
    assert (otel["SeverityText"], otel["SeverityNumber"]) == ("WARNING", 13)
    assert otel["Timestamp"].isdecimal()
    assert len(otel["Timestamp"]) == 19
    assert otel["Attributes"]["user"] == 7
    gcp = json.loads(jsonlog.form("json", "gcp", None).record(record()))
    assert gcp["severity"] == "WARNING"
    assert gcp["logging.googleapis.com/sourceLocation"] == {"file": "app.py", "line": "7"}


def test_a_field_of_the_programs_own_is_never_renamed():
    """python-json-logger's rename_fields would, and fails where a field is not there."""
    ecs = json.loads(jsonlog.form("json", "ecs", None).record(record(levelname="WARN", level="x")))
    assert (ecs["log.level"], ecs["level"]) == ("warning", "x")


@pytest.mark.parametrize("change", ["deep = [deep]", "deep.append(deep)", "deep = {(1,): deep}"])
def test_fields_of_which_no_json_can_be_made(program, change):
    """install() takes any, and says them as those of a record."""
    text = f"""
deep = []
for _ in range(100_000): {change}
log.install(format="json", fields={{"deep": deep, "fine": 1}})
app.error("x")
"""
    assert json.loads(program(text).stderr)["fine"] == 1


def test_a_dict_may_be_the_message():
    """As python-json-logger has it: its keys are fields."""
    found = json.loads(jsonlog.form("json", "plain", None).record(record({"message": "m", "a": 1})))
    assert (found["message"], found["a"]) == ("m", 1)


@pytest.mark.parametrize(
    "value", [float("nan"), object(), b"\xff", {1, 2}, "\udcff\ud800\x00\x1b\u2028", {("a",): 1}]
)
def test_no_value_keeps_a_record_from_being_one_line(value):
    """Whatever a program logs."""
    form = jsonlog.form("json", "plain", None)
    try:
        data = form.record(record(what=value))
    except TypeError:
        assert isinstance(value, dict)
        return
    assert data.count(b"\n") == 1
    data.decode()
    ((level, message, _),) = understood(data)
    assert (level, message) == (4, "x")


def test_logfmt_is_taken_apart_to_the_same_values():
    """Whatever is in them; an object is JSON."""
    values = {"a b": 'x "y"\n\t\\', "empty": "", "none": None, "yes": True, "o": {"k": [1]}}
    data = jsonlog.form("logfmt", "plain", None).record(record("say =", **values))
    ((level, message, found),) = understood(data)
    assert (level, message) == (4, "say =")
    assert {key: found[key] for key in ("a_b", "empty", "none", "yes", "o")} == {
        "a_b": values["a b"],
        "empty": "",
        "none": "",
        "yes": "true",
        "o": '{"k": [1]}',
    }


def test_a_long_structured_record_stays_one_line(said):
    """Longer than a pipe takes at once."""
    (line,) = said('log.install(format="json")\napp.info("x" * 100000)\n')
    assert json.loads(line)["message"] == "x" * 100000


@pytest.mark.parametrize("form", ["json", "logfmt"])
def test_a_field_may_begin_with_a_line(program, place, form):
    """From each library; what we ourselves put into a record is none."""
    text = f"""
log.install(format="{form}", bridge="both")
structlog.get_logger().info("saved", _id="65af")
logger.bind(_id="65af").info("saved")
app.info("saved", extra={{"_id": "65af"}})
logging.getLogger("b").info("saved")
kept = open("kept", "w")
logging.root.addHandler(log.Handler(format="{form}", to=kept))
logger.info("crossed")
"""
    result = program(IMPORTS + text)
    kept = (place / "kept").read_text()
    assert "crossed" in kept
    assert "_pydaemontools" not in kept
    lines = result.stderr.decode().splitlines()[:4]
    assert ["65af" in line and "_id" in line for line in lines] == [True, True, True, False]
    assert "_pydaemontools" not in "".join(lines)
