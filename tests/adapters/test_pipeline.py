"""From a program to syslog: through a pipe, pysissylog and a real rsyslogd, record by record."""

import json
import sys

import pytest

from tests.adapters.conftest import HEAD
from tests.log.conftest import SEVERITIES, wait_until
from tests.log.sinks.test_rsyslog import rsyslogd

__all__ = ["rsyslogd"]

# Each says a record at each of syslog's levels that it has, and one with a traceback.
PROGRAMS = {
    "logging": """
say = {step: lambda text, n=n: app.log(n, text)
       for step, n in enumerate((70, 60, 50, 40, 30, 25, 20, 10))}
fail = app.exception
""",
    "loguru": """
from loguru import logger
names = "EMERG ALERT CRITICAL ERROR WARNING NOTICE INFO DEBUG".split()
say = {step: lambda text, name=name: logger.log(name, text) for step, name in enumerate(names)}
fail = logger.exception
""",
    "structlog": """
import structlog
names = "emerg alert critical error warning notice info debug".split()
say = {step: lambda text, name=name: getattr(structlog.get_logger(), name)(text)
       for step, name in enumerate(names)}
fail = lambda text: structlog.get_logger().exception(text)
""",
}
WORK = """
log.install(level="debug", format=sys.argv[1], fold="fold" in sys.argv)
for step, record in say.items():
    record(f"record {step}")
say[3]("two lines\\nof one record")
try:
    {}["three"]
except KeyError:
    fail("job failed")
"""
FORMS = ["level", "journal", "json", "logfmt"]


@pytest.fixture
def pipeline(place, run):
    """Run a program with its stderr in a pipe to pysissylog, with OPTIONS."""

    def pipeline(text, argv, options):
        (place / "program.py").write_text(HEAD + text)
        typed = f"{sys.executable} program.py {argv} 2>&1 | pysissylog {options} mydaemon"
        result = run("sh", "-c", typed)
        assert (result.returncode, result.stderr) == (0, b"")
        return result.stdout

    return pipeline


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("library", PROGRAMS)
def test_each_record_arrives_with_its_severity_and_whole(rsyslogd, pipeline, place, library, form):
    """Each in the file of its level, and the traceback in that of errors."""
    server = rsyslogd()
    pipeline(PROGRAMS[library] + WORK, form, f"--to syslog:{place}/log.sock")
    # The last thing that is said.
    wait_until(lambda: any("KeyError" in line for line in server.lines("err")))
    for step, level in enumerate(SEVERITIES):
        wait_until(lambda: any(f"record {step}" in line for line in server.lines(level)))  # noqa: B023
        others = [
            line for line in server.lines(level) if "record" in line.replace("one record", "")
        ]
        assert len(others) == 1
    errors = "\n".join(server.lines("err"))
    for part in "two lines", "of one record", "job failed", "Traceback (most recent", "three":
        assert part in errors


@pytest.mark.parametrize("form", [*FORMS, "level fold"])
@pytest.mark.parametrize("library", PROGRAMS)
def test_what_has_several_lines_is_one_record_in_json(pipeline, library, form):
    """With the exception's fields."""
    out = pipeline(PROGRAMS[library] + WORK, form, "--to json:- -s")
    records = [json.loads(line) for line in out.splitlines()]
    assert len(records) == 10
    assert [one["level"] for one in records] == [*SEVERITIES, "err", "err"]
    assert [one["message"] for one in records[:8]] == [f"record {step}" for step in range(8)]
    assert records[8]["message"].split() == ["two", "lines", "of", "one", "record"]
    failed = records[9]
    assert failed["message"].startswith("job failed")
    assert (failed["exception.type"], failed["exception.message"]) == ("KeyError", "'three'")
    assert (
        "Traceback (most recent call last):\n"
        in str(failed.get("exception.stacktrace")) + (failed["message"])
    )


def test_records_of_many_processes_arrive_one_by_one(pipeline):
    """Tracebacks of eight processes on one pipe; each line is of one of them."""
    text = """
log.install(fold=True)
for at in range(8):
    if os.fork() == 0:
        for turn in range(50):
            try:
                raise ValueError(f"{at}.{turn}")
            except ValueError:
                app.exception("failed")
        os._exit(0)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
"""
    records = [json.loads(line) for line in pipeline(text, "", "--to json:-").splitlines()]
    wanted = {f"{at}.{turn}" for at in range(8) for turn in range(50)}
    assert len(records) == 400
    assert {one["exception.message"] for one in records} == wanted
    assert {one["level"] for one in records} == {"err"}
