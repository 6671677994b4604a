"""The shell before an installed script: what it does not hand on arrives, or that is said."""

import os
import sys
from pathlib import Path

import pytest

from pydaemontools.base.shell_loss import give_back, is_whole
from tests.conftest import copy_installation

ACCOUNT = "61234"  # that has no process, and no name
LOST = {"my.prop": "1", "BASH_FUNC_x%%": "() { :; }", "1st": "a\nb", "-": "", "LINES": "x\ny=z\n"}
WARNING = (
    b"pysetlock: warning: a shell lost variables whose names are no shell's; scripts of `python"
)


@pytest.fixture
def alone(run, place, scripts):
    """Run a command as an account that may have no second process, with its own installation."""
    if os.geteuid():
        pytest.skip("needs root: only root may change its account")
    python = next(
        (p for p in (Path(sys.executable), Path("/usr/bin/python3")) if _may_run(run, p)), None
    )
    if python is None:
        pytest.skip("needs a Python that every account may run")
    copy_installation(scripts, place / "x", python)
    place.chmod(0o777)
    limits = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups"]
    limits += ["prlimit", "--nproc=1"]

    def alone(*argv, env):
        return run(*limits, *argv, env=env, path=f"{place}/x/bin:/usr/bin:/bin")

    if alone("sh", "-c", "(:); :", env={}).returncode == 0:
        pytest.skip("RLIMIT_NPROC does not hold here")
    return alone


def _may_run(run, python):
    as_account = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups"]
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    # Not at once: setpriv itself still has root's way through closed directories.
    words = ["sh", "-c", 'exec "$0" -c "$1"', python, check]
    return run(*as_account, *words).returncode == 0


def variables(result):
    """The environment that `env -0` shows."""
    return dict(word.split("=", 1) for word in result.stdout.decode().split("\0")[:-1])


@pytest.mark.parametrize("long", [70_000, 90_000, 900_000])
@pytest.mark.parametrize("more", [{}, {"PWD": "/elsewhere", "_": "this", "IFS": ":"}])
def test_a_large_environment_arrives(run, long, more):
    """Kind: what a shell drops or sets is lost where the copy of it all would be too large."""
    env = LOST | more | {f"LONG{i}": "x" * 10_000 for i in range(long // 10_000)}
    result = run("pysetlock", "l", "env", "-0", env=env)
    found = variables(result)
    assert (result.returncode, result.stderr) == (0, b"")
    assert found.pop("PATH")
    assert found == env


def test_what_is_too_large_is_said(run):
    """Where that alone is too large, a warning says so, and the link goes on."""
    env = {"my.prop": "x" * 100_000, "GOOD": "1"}
    result = run("pysetlock", "l", "env", "-0", env=env)
    assert (result.returncode, variables(result)["GOOD"]) == (0, "1")
    assert result.stderr.startswith(WARNING)
    assert result.stderr.count(b"\n") == 1


@pytest.mark.parametrize("way", ["directly", "by a link"])
def test_an_account_without_a_process_to_spare(alone, place, way):
    """Kind: a script that has to start something cannot start under RLIMIT_NPROC."""
    (place / "link").symlink_to("x/bin/pysetlock")
    name = "pysetlock" if way == "directly" else place / "link"
    env = {"A": "1", "BA": "12", "TWO": "lines\nx=1\n", "EMPTY": ""}
    result = alone(name, "l", "env", "-0", env=env)
    assert (result.returncode, result.stderr) == (0, b"")
    found = variables(result)
    assert found.pop("PATH")
    assert found == env


@pytest.mark.parametrize("lost", [name for name in LOST if name != "LINES"])
def test_what_no_process_could_copy_is_said(alone, lost):
    """A name that the shell drops is missing, and that is one line."""
    result = alone("pysetlock", "l", "env", "-0", env={"A": "1", lost: LOST[lost]})
    assert (result.returncode, variables(result)["A"]) == (0, "1")
    assert result.stderr.startswith(WARNING)
    assert result.stderr.count(b"\n") == 1


@pytest.mark.parametrize("name", ["LOST", "TEXT", "ENVIRON"])
def test_nobody_else_is_believed(run, python, name):
    """What the header says is taken from the header alone."""
    env = {"PYDAEMONTOOLS_" + name: "RVZJTD0xAA==", "GOOD": "1"}
    for words in (["pysetlock"], [*python, "pysetlock"]):
        result = run(*words, "l", "env", "-0", env=env)
        found = variables(result)
        assert (result.returncode, result.stderr, found["GOOD"]) == (0, b"", "1")
        assert not found.keys() & {"EVIL", *env} - {"GOOD"}


def test_parts():
    """The text without ends decides; of two that fit, the longer is taken first."""
    environ = {b"A": b"1", b"BA": b"12", b"PWD": b"/"}
    assert is_whole(environ, b"BA=12A=1")
    assert environ == {b"A": b"1", b"BA": b"12"}
    assert not is_whole(environ, b"BA=12A=1c.d=")
    assert not is_whole(environ, b"!")
    assert environ == {b"A": b"1", b"BA": b"12"}
    assert not give_back(environ, b"IQ==")
    assert give_back(environ, b"YS5iPTEA")
    assert environ[b"a.b"] == b"1"
