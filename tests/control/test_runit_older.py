"""runsvstat, runsvctrl, svwaitup and svwaitdown, on services of three kinds of supervisor."""

import os
import re
import subprocess

import pytest

from tests.conftest import DEADLINE

from .conftest import KINDS

LIVE = [
    pytest.param(kind, marks=pytest.mark.needs(kind) if kind[:2] != "py" else ()) for kind in KINDS
]
STAYS = "trap '' TERM; echo >ready; while :; do sleep 0.05; done"


@pytest.fixture
def tool(originals, place):
    """Run one of the tools by its name in `place`: its code, and what it said."""

    def tool(name, *words):
        result = subprocess.run(
            [f"{originals}/{name}", *words],
            cwd=place,
            env={"PATH": "/usr/bin:/bin"},
            capture_output=True,
            timeout=DEADLINE,
            check=False,
        )
        said = re.sub(rb"\(pid \d+\) \d+|(down|\() *\d+(?= seconds)", rb"\1N", result.stdout)
        errors = re.sub(rb"\d+(?= seconds)", b"N", result.stderr)
        return result.returncode, said.decode(), errors.decode()

    return tool


USAGE = {
    "runsvstat": "usage: runsvstat [ -l ] service ...\n\n",
    "runsvctrl": "usage: runsvctrl u|d|o|p|c|h|a|i|q|1|2|t|k|x|e service ...\n\n",
    "svwaitup": "usage: svwaitup [-v] [-s 1..600] service ...\n\n",
    "svwaitdown": "usage: svwaitdown [-v] [-t 1..6000] service ...\n\n",
}


@pytest.mark.parametrize("name", USAGE)
def test_usage(tool, name):
    """Wrong usage is 1, with an empty line behind it."""
    assert tool(name) == (1, "", USAGE[name])
    if name != "runsvctrl":
        assert tool(name, "-q", "a") == (1, "", f"{name}: illegal option -- q\n" + USAGE[name])
        code, _, said = tool(name, "-V", "a")
        assert (code, said.startswith("$Id: "), said.endswith(USAGE[name])) == (1, True, True)


@pytest.mark.parametrize(
    "words",
    [
        ("svwaitup", "-s", "0", "a"),
        ("svwaitup", "-s", "601", "a"),
        ("svwaitup", "-s", "x", "a"),
        ("svwaitdown", "-t", "0", "a"),
        ("svwaitdown", "-t", "6001", "a"),
        ("runsvctrl", "u"),
        ("runsvctrl", "z", "a"),
        ("runsvctrl", "", "a"),
        ("runsvctrl", "-V", "a"),
    ],
)
def test_wrong_words(tool, words):
    """A number out of its range, or a command that is none."""
    assert tool(*words) == (1, "", USAGE[words[0]])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("runsvstat",), "unable to open supervise/ok: file does not exist"),
        (("runsvctrl", "u"), "unable to open supervise/control: file does not exist"),
        (("svwaitup",), "unable to open supervise/ok: file does not exist"),
        (("svwaitdown",), "unable to open supervise/ok: file does not exist"),
    ],
)
def test_no_service(tool, place, words, said):
    """Each that cannot be had is a warning, and counts."""
    (place / "a").mkdir()
    name = words[0]
    gone = "unable to change directory: file does not exist"
    assert tool(*words, "no", "a") == (
        2,
        "",
        f"{name}: warning: no: {gone}\n{name}: warning: a: {said}\n",
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("runsvstat",), "runsvstat: warning: a: runsv not running.\n"),
        (("runsvctrl", "down"), "runsvctrl: warning: a: runsv not running.\n"),
        (("svwaitup",), "svwaitup: warning: a: runsv not running.\n"),
        (("svwaitdown", "-v"), "svwaitdown: a: runsv not running.\n"),
        (("svwaitdown",), ""),
    ],
)
def test_nobody_supervises(tool, place, words, said):
    """A service without its supervisor is down, whoever waits for that."""
    (place / "a/supervise").mkdir(parents=True)
    for name in "ok", "control":
        os.mkfifo(place / "a/supervise" / name)
    assert tool(*words, "a") == (int("warning" in said), "", said)


def test_bad_status(tool, place):
    """A status that is too short is told as the originals told it."""
    (place / "a/supervise").mkdir(parents=True)
    os.mkfifo(place / "a/supervise/ok")
    reader = os.open(place / "a/supervise/ok", os.O_RDONLY | os.O_NONBLOCK)
    text = "unable to read supervise/status: bad format."
    try:
        # Of a status that is not there they forgot the colon.
        gone = "unable to open supervise/status: file does not exist"
        assert tool("svwaitup", "a") == (1, "", f"svwaitup: warning: a{gone}\n")
        assert tool("runsvstat", "a") == (1, "", f"runsvstat: warning: a: {gone}\n")
        (place / "a/supervise/status").write_bytes(bytes(17))
        for name in "runsvstat", "svwaitup", "svwaitdown":
            assert tool(name, "a") == (1, "", f"{name}: warning: a: {text}\n")
        (place / "a/supervise/status").write_bytes(bytes(18))
        assert tool("runsvstat", "a") == (1, "", f"runsvstat: warning: a: {text}\n")
        assert tool("svwaitup", "a") == (1, "", "svwaitup: warning: a: is down.\n")
    finally:
        os.close(reader)


@pytest.mark.parametrize("kind", LIVE)
def test_control_and_wait(tool, supervised, place, until, kind):
    """They tell each kind of supervisor, and wait for it."""
    supervised(kind, place / "a")
    # The supervisor is there before its service is.
    until(lambda: tool("svwaitup", "-s", "1", "a")[0] == 0)
    assert tool("svwaitup", "-v", "-s", "1", "a") == (0, "", "svwaitup: a: is up (N seconds)\n")
    assert tool("runsvctrl", "down", "a") == (0, "", "")
    assert tool("svwaitdown", "-v", "a") == (0, "", "svwaitdown: a: down.\n")
    assert tool("svwaitup", "a") == (1, "", "svwaitup: warning: a: is down.\n")
    assert tool("runsvctrl", "u", "a", "no")[0] == 1
    until(lambda: tool("svwaitup", "-s", "1", "a")[0] == 0)
    # Told by itself; of supervise x means that it goes when the service does.
    assert tool("svwaitdown", "-x", "-v", "a") == (0, "", "svwaitdown: a: runsv not running.\n")


@pytest.mark.parametrize("kind", [kind for kind in LIVE if kind.values[0] != "supervise"])
def test_status(tool, supervised, place, until, kind):
    """It says what runsv says of the service and of its logger."""
    supervised(kind, place / "a", down="", **{"log/run": "exec sleep 1000"})
    assert tool("runsvstat", "a") == (0, "a: downN seconds\n", "")
    assert tool("runsvctrl", "u", "a") == (0, "", "")
    until(lambda: "run" in tool("runsvstat", "a")[1])
    assert tool("runsvstat", "a") == (0, "a: run N seconds, normally down\n", "")
    found = tool("runsvstat", "-l", "a", "a")
    if kind == "runsv":
        assert found == (0, "a: run N seconds, normally down\n  log: run N seconds\n" * 2, "")
    assert tool("runsvctrl", "p", "a") == (0, "", "")
    until(lambda: "paused" in tool("runsvstat", "a")[1])
    assert tool("runsvstat", "a") == (0, "a: run N seconds, normally down, paused\n", "")


@pytest.mark.needs("runsv")
def test_waits_no_longer(tool, supervised, place, until):
    """It gives up with 111; -k has it killed first."""
    supervised("runsv", place / "a", run=STAYS)
    until((place / "a/ready").exists)
    assert tool("svwaitdown", "-v", "-t", "1", "a") == (111, "", "svwaitdown: timeout.\n")
    assert tool("runsvstat", "a") == (0, "a: run N seconds, want down, got TERM\n", "")
    assert tool("svwaitdown", "-k", "-t", "1", "a") == (111, "", "svwaitdown: a: killed.\n")
    until(lambda: tool("runsvstat", "a")[1] == "a: downN seconds, normally up\n")
