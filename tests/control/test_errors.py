"""Why it cannot be: each reason has its own sentence, in every tool that meets it."""

import pytest

TOOLS = {
    "pysvc": ["-u"],
    "pysvok": [],
    "pysvwait": ["-u"],
    "pysv": ["up"],
}
ANY = pytest.mark.parametrize("tool", TOOLS)


def said(run, tool, *before):
    """What TOOL says of the service a, which it cannot do anything with."""
    result = run(*before, tool, *TOOLS[tool], "a")
    assert result.returncode in (1, 111)
    return result.stdout + result.stderr


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool != "pysvok"])
def test_not_running(run, fakes, tool):
    """A supervisor that has ended."""
    fakes("a").close()
    text = said(run, tool)
    assert b"supervise not running" in text
    assert b"its supervisor has ended" in text


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool != "pysvok"])
def test_no_service_directory(run, place, tool):
    """A directory without a run, and one that nobody has supervised."""
    (place / "a").mkdir()
    assert b"a is not a service directory: it holds no run" in said(run, tool)
    (place / "a/run").touch()
    assert b"nothing has supervised it yet" in said(run, tool)


@ANY
def test_no_directory(run, place, tool):
    """What is no directory at all."""
    (place / "a").touch()
    text = said(run, tool)
    assert b"a is not a service directory: it is no directory" in text


@ANY
def test_nothing(run, tool):
    """What is not there."""
    assert b"file does not exist" in said(run, tool)


@ANY
@pytest.mark.needs_root
def test_the_supervisor_of_somebody_else(run, fakes, place, ordinary, tool):
    """Whose it is, and who asks."""
    fakes("a")
    (place / "a/supervise").chmod(0o700)
    text = said(run, tool, *ordinary)
    assert b"access denied" in text
    assert b"a is run by root: " in text
    assert b"mode 0700; this is nobody" in text


@ANY
def test_no_permission(run, fakes, place, ordinary, tool):
    """A directory that may not be entered."""
    fakes("a")
    (place / "a").chmod(0)
    text = said(run, tool, *ordinary)
    assert b"access denied" in text
    assert b"mode 0000" in text
