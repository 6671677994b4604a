"""Structured lines on their way: what becomes of fields, tracebacks and secrets at each place."""

import json
import os
import re
import sys

import pytest

from pydaemontools.log.lines.batch import Batch
from pydaemontools.log.lines.borders import unended
from pydaemontools.log.lines.entries import objects
from pydaemontools.log.lines.formats import Origin
from pydaemontools.log.lines.records import fold
from tests.log.conftest import finish, no_more_for, wait_until, write_all
from tests.log.far import Rsyslogd
from tests.log.lines.test_severity import DURING, TRACE

JSON = b'{"level": "error", "msg": "no [luck]", "user": {"id": 7}, "tags": ["a"]}'
LOGFMT = b'level=warn msg="two\\nlines" path=/x'
INPUT = b"\n".join([b"error: plain", JSON, LOGFMT, b"last", b""])
FAILED = b"error: job failed"


def behind(packets, ident=b"me"):
    """The priority of each of PACKETS, of RFC 5424, and what stands behind its message id."""
    found = [re.fullmatch(rb"<(\d+)>1 \S+ \S+ (\S+) - - (.*)", one, re.DOTALL) for one in packets]
    assert all(one[2] == ident for one in found)
    return [(int(one[1]) & 7, one[3]) for one in found]


def test_structured_data(server, run, place):
    """In RFC 5424 a structured line is its message, and its fields stand before that."""
    result = run("pysissylog", "--to", f"syslog:{place}/log.sock,format=5424", "me", input=INPUT)
    assert (result.returncode, result.stderr) == (0, b"")
    wait_until(lambda: len(server.packets) == 4)
    assert behind(server.packets) == [
        (3, b"- error: plain"),
        (3, b'[pydt@32473 user.id="7" tags="[\\"a\\"\\]"] no [luck]'),
        (4, b'[pydt@32473 path="/x"] two#012lines'),
        (6, b"- last"),
    ]


def test_added_fields(server, run, place):
    """--field and --tag add to every message, and no line can say otherwise."""
    words = ["--field", "env=prod", "--field=dc=a=b", "--tag", "web", "--tag=eu"]
    lines = b'x\n{"msg": "y", "env": "mine", "n": null}\n'
    run("pysissylog", *words, "--to", f"syslog:{place}/log.sock,format=5424", "me", input=lines)
    wait_until(lambda: len(server.packets) == 2)
    data = b'[pydt@32473 env="prod" dc="a=b" tag="web,eu"] '
    assert behind(server.packets) == [(6, data + b"x"), (6, data + b"y")]


def test_they_stay_lines_where_there_are_no_fields(server, run, place):
    """RFC 3164, a log directory and stderr have the line as it came, at its level."""
    to = ["--to", f"syslog:{place}/log.sock", "--to", "log/", "--to", "stderr:"]
    result = run("pysissylog", *to, "--field", "a=b", "me", input=INPUT)
    lines = INPUT.split(b"\n")[:-1]
    assert (result.returncode, result.stderr) == (0, INPUT)
    server.wait(4)
    assert server.lines == list(zip([3, 3, 4, 6], lines, strict=True))
    assert [line[26:] for line in (place / "log/current").read_bytes().splitlines()] == lines


def test_what_is_less_important_is_left_out(run, place):
    """p= goes by the level that a structured line names, and its fields stay its own."""
    to = ["--to", "json:-,p=err", "--to", "log/,p=warning"]
    result = run("pysissylog", "-s", *to, input=INPUT)
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(one["level"], one["message"]) for one in found] == [
        ("err", "plain"),
        ("err", "no [luck]"),
    ]
    assert "user" not in found[0]
    assert found[1]["user"] == {"id": 7}
    logged = [line[26:] for line in (place / "log/current").read_bytes().splitlines()]
    assert logged == [b"plain", JSON, LOGFMT]


def test_fields_in_the_journal(journal, run, place):
    """They are journald's fields, in capitals; the message may have lines."""
    to = f"journald:{place}/journal.sock"
    assert run("pysissylog", "--field", "env=prod", "--to", to, "me", input=INPUT).returncode == 0
    wait_until(lambda: len(journal.entries) == 4)
    common = {"SYSLOG_IDENTIFIER": b"me", "SYSLOG_FACILITY": b"3", "ENV": b"prod"}
    assert journal.entries == [
        {"PRIORITY": b"3", "MESSAGE": b"error: plain", **common},
        {"PRIORITY": b"3", "MESSAGE": b"no [luck]", "USER_ID": b"7", "TAGS": b'["a"]', **common},
        {"PRIORITY": b"4", "MESSAGE": b"two\nlines", "PATH": b"/x", **common},
        {"PRIORITY": b"6", "MESSAGE": b"last", **common},
    ]


def test_fields_in_json(run):
    """They stay what they were."""
    result = run("pysissylog", "--tag", "web", "--to", "json:-", "me", input=INPUT)
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["message"] for one in found] == ["error: plain", "no [luck]", "two\nlines", "last"]
    assert [one["level"] for one in found] == ["err", "err", "warning", "info"]
    assert (found[1]["user"], found[1]["tags"], found[2]["path"]) == ({"id": 7}, ["a"], "/x")
    assert {(one["ident"], one["facility"], one["tag"]) for one in found} == {
        ("me", "daemon", "web")
    }


RAISES = """
import sys
def fail(deep):
    if deep:
        fail(deep - 1)
    raise ValueError("no luck")
try:
    fail(3)
except ValueError:
    import traceback
    sys.stderr.write("error: job failed\\n" + traceback.format_exc())
print("info: going on", file=sys.stderr)
"""


def test_a_traceback_is_one_entry(journal, start, place, run):
    """The exception is in fields of it."""
    process = start("pysissylog", "-s", "--to", f"journald:{place}/journal.sock", "--to", "json:-")
    run(sys.executable, "-c", RAISES, stderr=process.stdin.fileno(), capture_output=False)
    no_more_for(process)
    found = [json.loads(line) for line in process.stdout.read().splitlines()]
    assert process.wait(30) == 0
    wait_until(lambda: len(journal.entries) == 2)
    [entry, after] = journal.entries
    lines = entry["MESSAGE"].decode().split("\n")
    assert lines[:2] == ["job failed", TRACE[0].decode()]
    assert lines[-1] == "ValueError: no luck"
    assert (entry["EXCEPTION_TYPE"], entry["EXCEPTION_MESSAGE"]) == (b"ValueError", b"no luck")
    assert (entry["PRIORITY"], after["MESSAGE"]) == (b"3", b"going on")
    assert [one["message"] for one in found] == ["\n".join(lines), "going on"]
    assert found[0]["exception.type"] == "ValueError"


def test_a_traceback_that_does_not_end(start, server, to):
    """What goes on for ever, or stops in the middle, is not waited for without end."""
    process = start("pysissylog", *to)
    write_all(process.stdin.fileno(), b"\n".join([FAILED, *TRACE[:2], b""]))
    assert server.wait(3) == [FAILED, *TRACE[:2]]
    write_all(process.stdin.fileno(), b"\n".join([*TRACE[2:], b"next", b""]))
    server.wait(len(TRACE) + 2)
    assert [level for level, _ in server.lines] == [3] * (len(TRACE) + 1) + [6]
    assert finish(process) == (0, b"")


def ends(*lines):
    """Where the record begins that the LINES, each with a newline, are in the middle of."""
    return unended(b"".join(line + b"\n" for line in lines))


def test_where_a_record_is_open():
    """A traceback without its end holds back its record, from the head on."""
    before = len(b"x\n")
    whole = len(b"x\n") + sum(len(line) + 1 for line in TRACE)
    assert ends(b"x", *TRACE, b"info: y") == whole + len(b"info: y\n")
    # Behind its exception there may be notes, or another traceback of the same.
    for count in range(1, len(TRACE) + 1):
        assert ends(b"x", *TRACE[:count]) == before
        assert ends(b"x", FAILED, *TRACE[:count]) == before
        assert ends(b"x", FAILED, b"", *TRACE, b"", DURING, b"", *TRACE[:count]) == before
        assert ends(b"x", *(b"<3>" + line for line in TRACE[:count])) == before
    assert ends(b"x", FAILED) == len(b"x\n") + len(FAILED) + 1
    assert ends(b"x", b" indented") == len(b"x\n indented\n")
    assert (unended(b""), unended(b"\n")) == (0, 1)


def test_secrets_leave_nowhere(server, journal, run, place):
    """--redact masks before any place has the line, in structured ones too."""
    lines = b'login pin=1234 ok\n{"msg": "hi", "password": "hunter2"}\n'
    to = [f"syslog:{place}/log.sock", f"journald:{place}/journal.sock", "log/", "json:-", "stderr:"]
    words = [word for one in to for word in ("--to", one)]
    result = run("pysissylog", "--redact", r"pin=(\d+)", "--redact=:password", *words, input=lines)
    server.wait(2)
    wait_until(lambda: len(journal.entries) == 2)
    masked = [b"login pin=*** ok", b'{"msg": "hi", "password": "***"}']
    assert server.texts == masked
    assert result.stderr.splitlines() == masked
    assert [line[26:] for line in (place / "log/current").read_bytes().splitlines()] == masked
    assert [entry["MESSAGE"] for entry in journal.entries] == [masked[0], b"hi"]
    assert journal.entries[1]["PASSWORD"] == b"***"
    assert json.loads(result.stdout.splitlines()[1])["password"] == "*" * 3


def test_a_program_that_logs_json(start):
    """python-json-logger through pysissylog: level, message, fields and the exception."""
    pytest.importorskip("pythonjsonlogger")
    code = """
import logging, sys
from pythonjsonlogger.json import JsonFormatter
handler = logging.StreamHandler(sys.stderr)
handler.setFormatter(JsonFormatter("%(levelname)s %(name)s %(message)s"))
logging.basicConfig(handlers=[handler], level="DEBUG")
logging.getLogger("db").warning("slow", extra={"took": 1.5})
try:
    {}["no"]
except KeyError:
    logging.getLogger("web").exception("failed")
"""
    process = start("pysissylog", "--to", "json:-")
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", code],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, process.stdin.fileno(), 2)],
    )
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    no_more_for(process)
    [slow, failed] = [json.loads(line) for line in process.stdout.read().splitlines()]
    assert process.wait(30) == 0
    assert (slow["level"], slow["message"], slow["name"], slow["took"]) == (
        "warning",
        "slow",
        "db",
        1.5,
    )
    assert (failed["level"], failed["message"], failed["name"]) == ("err", "failed", "web")
    assert failed["exc_info"].endswith("KeyError: 'no'")


def test_structured_data_at_rsyslogd(run, tmp_path):
    """The parameters are there as rsyslogd reads them."""
    far = Rsyslogd(tmp_path / "far", "imtcp", template="%syslogseverity% %structured-data%|%msg%")
    far.start()
    try:
        to = f"tcp://127.0.0.1:{far.port}"
        assert run("pysissylog", "--to", to, "--field", "env=a b", input=INPUT).returncode == 0
        wait_until(lambda: len(far.lines()) == 4)
        assert far.lines() == [
            b'3 [pydt@32473 env="a b"]|error: plain',
            b'3 [pydt@32473 user.id="7" tags="[\\"a\\"\\]" env="a b"]|no [luck]',
            b'4 [pydt@32473 path="/x" env="a b"]|two#012lines',
            b'6 [pydt@32473 env="a b"]|last',
        ]
    finally:
        far.stop()


@pytest.mark.parametrize("form", ["5424", "json"])
def test_a_structured_line_that_is_too_long(form, server, run, place):
    """It is cut, and nothing of its message is lost; the fields stand before the first piece."""
    text = "é€" * 3000
    line = json.dumps({"msg": text, "user": "bob"}, ensure_ascii=False).encode()
    if form == "5424":
        to = f"syslog:{place}/log.sock,format=5424"
        assert run("pysissylog", "--to", to, "me", input=line + b"\n").returncode == 0
        wait_until(lambda: len(server.packets) == 2)
        assert max(map(len, server.packets)) <= 8096
        [(_, first), (_, second)] = behind(server.packets)
        data = b'[pydt@32473 user="bob"] '
        assert first.startswith(data)
        assert second.startswith(b"- +")
        assert (first.removeprefix(data) + second.removeprefix(b"- +")).decode() == text
    else:
        batch = Batch([6], [line], records=fold([line], [6]))
        made = objects(batch, Origin(b"me", 24, None, b"h"), 0, 8096)
        assert max(map(len, made)) <= 8096
        first, *rest = [json.loads(one)["message"] for one in made]
        assert rest
        assert first + "".join(one.removeprefix("+") for one in rest) == line.decode()


@pytest.mark.parametrize("size", [9000, 40_000])
def test_a_long_structured_line_is_one(size, run):
    """Also where it is longer than a message may be: it is looked at as a whole."""
    line = json.dumps({"msg": "x" * size, "level": "error"}).encode()
    result = run("pysissylog", "--to", "json:-", input=line + b"\n")
    [found] = [json.loads(one) for one in result.stdout.splitlines()]
    assert (found["level"], found["message"]) == ("err", "x" * size)


PRESETS = (
    b"--redact takes a regular expression: there is no :cards; there are "
    b":card :email :token :password"
)
WRONG = {
    "no field": (["--field", "a"], b"--field takes name=value, not a"),
    "a field without a name": (["--field", "=a"], b"--field takes name=value, not =a"),
    "no pattern": (
        ["--redact", "("],
        b"--redact takes a regular expression: missing ), unterminated subpattern at position 0",
    ),
    "no preset": (
        ["--redact", ":cards"],
        PRESETS,
    ),
}


@pytest.mark.parametrize(("argv", "hint"), WRONG.values(), ids=WRONG)
def test_wrong_usage(argv, hint, run):
    """It is said what would be right, and nothing is read."""
    result = run("pysissylog", *argv, input=b"x\n")
    assert (result.returncode, result.stdout) == (100, b"")
    assert result.stderr.splitlines()[-1] == b"pysissylog: " + hint
