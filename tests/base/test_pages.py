"""--help and --version, and the list of tools."""

import re
from subprocess import DEVNULL

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


@pytest.mark.parametrize("name", [name for name in OWN if name not in ("pysvc", "pysetlock")])
def test_h(run, name):
    """-h is --help, of every tool of which it is no option."""
    asked, wanted = run(name, "-h"), run(name, "--help")
    assert (asked.returncode, asked.stdout, asked.stderr) == (0, wanted.stdout, b"")


@pytest.mark.parametrize("argv", [["pysv", "-jh"], ["pysv", "logs", "-h"], ["pysv", "help"]])
def test_h_among_others(run, argv):
    """In a cluster, behind a command of pysv, and as one."""
    assert run(*argv).stdout == run("pysv", "--help").stdout


@pytest.mark.parametrize("argv", [["pysetlock", "-h", "l"], ["pysvc", "-h"], ["pymultilog", "-h*"]])
def test_h_that_is_an_option(run, argv):
    """There it does its work, here on too few words."""
    result = run(*argv)
    assert (result.returncode, result.stdout) == (100, b"")


@pytest.mark.parametrize("name", ["setlock", "supervise", "sv", "multilog"])
def test_h_of_an_original(originals, run, name):
    """It has no help."""
    result = run(originals / name, "-h", stdin=DEVNULL)
    assert b"print this text" not in result.stdout + result.stderr


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


@pytest.mark.parametrize("words", [["--help"], ["-h"], []])
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
