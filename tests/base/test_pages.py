"""--help and --version, and the list of tools."""

import re

import pytest

from pydaemontools import __version__
from pydaemontools.base.tools import OWN


@pytest.mark.parametrize("name", OWN)
def test_version(run, name):
    """--version prints the tool's name and the version."""
    result = run(name, "--version")
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.decode() == f"{name} (pydaemontools) {__version__}\n"


@pytest.mark.parametrize("name", OWN)
def test_help(run, name):
    """--help prints what the tool is for, its synopsis and its options, from its page."""
    result = run(name, "--help")
    text = result.stdout.decode()
    assert (result.returncode, result.stderr) == (0, b"")
    assert text.startswith(f"{name} - ")
    assert re.search(rf"^    {name} ", text, re.MULTILINE)
    assert "--version" in text
    assert "`" not in text


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_is_the_first_word_that_counts(run, word):
    """Before an operand it is the tool's, also after other options; behind one the program's."""
    assert run("pysetlock", "l", "printf", "%s", word).stdout == word.encode()
    assert run("pysetlock", "-n", word, "l", "echo", "no").stdout.startswith(b"pysetlock ")


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_full(run, word):
    """Where it cannot be printed that is an error."""
    with open("/dev/full", "wb") as full:
        result = run("pysetlock", word, stdout=full, stderr=-1, capture_output=False)
    assert result.returncode == 111
    assert result.stderr == b"pysetlock: fatal: unable to write to stdout: out of disk space\n"


def test_closed(run):
    """A stdout that is closed is no place to print to."""
    result = run("sh", "-c", "exec pysetlock --help >&-")
    said = b"pysetlock: fatal: unable to write to stdout: file descriptor not open\n"
    assert (result.returncode, result.stderr) == (111, said)


@pytest.mark.parametrize("words", [["--help"], []])
def test_module_help(run, python, words):
    """The module lists the tools, one a line."""
    result = run(*python, *words)
    assert result.returncode == 0
    for name in OWN:
        assert re.search(rf"^  {name} +\S", result.stdout.decode(), re.MULTILINE)


def test_module_version(run, python):
    """It says its version."""
    assert run(*python, "--version").stdout.decode() == f"pydaemontools {__version__}\n"


@pytest.mark.parametrize("name", ["nonesuch", "setlock", "--nonesuch"])
def test_module_unknown(run, python, name):
    """A tool that is not there is wrong usage."""
    result = run(*python, name, "l", "true")
    assert result.returncode == 100
    assert repr(name) in result.stderr.decode()


@pytest.mark.parametrize("word", ["--help", "--version"])
@pytest.mark.parametrize("name", OWN)
def test_module_tool(run, python, name, word):
    """Each tool can be called so."""
    assert run(*python, name, word).stdout == run(name, word).stdout
