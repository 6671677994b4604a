"""python -m pydaemontools originals: a directory in which the originals' names are ours."""

import os
import subprocess
import sys

import pytest

from pydaemontools.base.tools import ORIGINALS
from pydaemontools.chain.originals import SUITES, choose
from pydaemontools.chain.scripts import header


@pytest.fixture
def make(run, python):
    """Make the directory `there`, or another."""
    return lambda *words: run(*python, "originals", *(words or ["there"]))


def test_makes(make, place):
    """It makes an executable for each original and says which."""
    result = make()
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.decode() == f"{place}/there: {' '.join(ORIGINALS)}\n"
    assert sorted(os.listdir(place / "there")) == sorted(ORIGINALS)
    assert {os.stat(place / "there" / name).st_mode & 0o7777 for name in ORIGINALS} == {0o755}


@pytest.mark.parametrize("umask", [0, 0o077, 0o777])
@pytest.mark.parametrize("what", ["originals", "entries"])
def test_everybody_may_run_them(run, python, place, umask, what):
    """Kind: what is made has what the umask left of its mode."""
    assert run(*python, what, "a/b", umask=umask).returncode == 0
    made = [place / "a", *(place / "a").rglob("*")]
    assert len(made) > 10
    assert {path.stat().st_mode & 0o7777 for path in made} == {0o755}


def test_makes_again(make, place):
    """A second time it makes the same."""
    make()
    before = {name: (place / "there" / name).read_bytes() for name in ORIGINALS}
    assert make().returncode == 0
    assert {name: (place / "there" / name).read_bytes() for name in ORIGINALS} == before


def test_makes_directories(make, place):
    """Directories above it are made as well."""
    assert make("a/b/c").returncode == 0
    assert (place / "a/b/c/setlock").exists()


def test_refuses_a_stranger(make, place):
    """Where another program has the name, that is an error and nothing is changed."""
    (place / "there").mkdir()
    (place / "there/setlock").write_text("#!/bin/sh\n")
    result = make()
    said = f"pydaemontools: fatal: unable to make {place}/there/setlock: there is another program"
    assert result.returncode == 111
    assert result.stderr.decode().startswith(said)
    assert os.listdir(place / "there") == ["setlock"]
    assert (place / "there/setlock").read_text() == "#!/bin/sh\n"


@pytest.mark.parametrize(
    ("words", "code"), [([], 100), (["a", "b"], 100), (["/dev/null/x"], 111)], ids=str
)
def test_errors(run, python, words, code):
    """One directory, and one that can be made."""
    result = run(*python, "originals", *words)
    assert result.returncode == code
    assert result.stderr.startswith(b"pydaemontools: ")
    assert b"Traceback" not in result.stderr


def test_works_without_an_environment(make, place, run):
    """The file knows its interpreter: it needs no PATH."""
    make()
    result = run("/usr/bin/env", "-", place / "there/setlock", "l", "/usr/bin/env")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


def test_messages_have_the_originals_name(make, place, run):
    """Under whatever name the file is reached, what it says is the original's."""
    make()
    (place / "other").symlink_to("there/setlock")
    result = run("./other")
    assert result.stderr == b"setlock: usage: setlock [ -nNxX ] file program [ arg ... ]\n"


def test_what_is_not_the_originals(make, place, run):
    """Neither -r nor --help is known there, and no second line explains an error."""
    make()
    there = place / "there"
    for words in (["-r", "l", "true"], ["-t1", "l", "true"]):
        assert run(there / "setlock", *words).returncode == 100
    result = run(there / "setlock", "l", there / "setlock", "-n", "l", "true")
    assert result.stderr == b"setlock: fatal: unable to lock l: temporary failure\n"


@pytest.mark.process
@pytest.mark.parametrize("name", ["a b", "x" * 250, "it's", "a\tb", "$x"])
def test_odd_interpreter(place, name):
    """Where the interpreter's name cannot stand in a first line, a shell starts it."""
    odd = place / name
    odd.mkdir()
    (odd / "python3").symlink_to(sys.executable)
    file = place / "file"
    file.write_bytes(
        header(str(odd / "python3")) + b"import sys\nprint(sys.flags.isolated, sys.argv[1:])\n"
    )
    file.chmod(0o755)
    result = subprocess.run([file, "a b", ""], capture_output=True, check=True)
    assert result.stdout == b"1 ['a b', '']\n"


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("first", [False, True])
def test_one_suite(make, place, suite, first):
    """--suite makes just its names, wherever it stands."""
    words = ["--suite", suite, "there"] if first else ["there", f"--suite={suite}"]
    result = make(*words)
    assert (result.returncode, result.stderr) == (0, b"")
    assert sorted(os.listdir(place / "there")) == sorted(choose(suite))
    assert result.stdout.decode() == f"{place}/there: {' '.join(choose(suite))}\n"


def test_every_original_is_of_a_suite():
    """All of them together are all there are."""
    suites = [set(choose(suite)) for suite in SUITES if suite != "all"]
    assert set.union(*suites) == set(choose("all")) == set(ORIGINALS)


def test_envdir_is_of_two_suites(make, place, run):
    """That of daemontools and that of chpst differ, and so do the files."""
    make("djb", "--suite", "daemontools")
    make("runit", "--suite", "runit")
    said = [run(place / suite / "envdir", "d", "true").stderr for suite in ("djb", "runit")]
    assert said == [
        b"envdir: fatal: unable to switch to directory d: file does not exist\n",
        b"chpst: fatal: unable to switch to directory: d: file does not exist\n",
    ]


@pytest.mark.parametrize("words", [["--suite", "djb"], ["--suite"], ["a", "--sweet"], ["-s"]])
def test_wrong_suite(make, place, words):
    """A suite that is none makes nothing."""
    result = make("there", *words)
    assert (result.returncode, os.path.exists(place / "there")) == (100, False)
    assert result.stderr.startswith(b"pydaemontools: ")
    assert b"Traceback" not in result.stderr


def test_where_the_directory_is_gone(run, python):
    """The kind: a path from a directory that was removed: one line, no traceback."""
    line = 'mkdir g && cd g && rmdir ../g && exec "$@"'
    result = run("sh", "-c", line, "-", *python, "originals", "o")
    said = b"pydaemontools: fatal: unable to find the current directory: file does not exist"
    assert (result.returncode, result.stderr.splitlines()[-1]) == (111, said)
