"""The entry scripts: nothing but this package runs in them, wherever they are called from."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import copy_installation, write_script

# Modules that a link, or Python at its start, might import from the wrong place.
PACKAGES = ("encodings", "pydaemontools", "ctypes")
MODULES = ("site", "sitecustomize", "usercustomize", "os", "io", "abc", "codecs", "errno", "fcntl")
MODULES += ("pwd", "grp", "resource", "select", "binascii", "_signal", "posix")
SAY = "import posix\nposix.close(posix.open({ran!r}, posix.O_WRONLY | posix.O_CREAT))\n"
VERSION = "python{}.{}".format(*sys.version_info)


@pytest.fixture
def hostile(place):
    """Put modules that leave the file `ran` where they are imported into a directory."""

    def hostile(directory):
        directory.mkdir(parents=True, exist_ok=True)
        text = SAY.format(ran=str(place / "ran"))
        for name in PACKAGES:
            (directory / name).mkdir()
            (directory / name / "__init__.py").write_text(text)
        for name in MODULES:
            (directory / f"{name}.py").write_text(text)
        (directory / "hostile.pth").write_text("import sitecustomize\n")
        return directory

    return hostile


@pytest.fixture(params=["own", "original", "script"])
def form(request, scripts, originals, place):
    """Each way to call the links: their own names, the originals', and a chain script."""
    write_script(place / "bin/chain", "#!/usr/bin/env pychain\npysetlock l\npyenvdir d")
    (place / "d").mkdir()
    return {
        "own": [scripts / "pysetlock", "l", scripts / "pyenvdir", "d"],
        "original": [originals / "setlock", "l", originals / "envdir", "d"],
        "script": [place / "bin/chain"],
    }[request.param]


PLACES = {
    "the current directory": ("", {}),
    "PYTHONPATH": ("x", {"PYTHONPATH": "{x}"}),
    "PYTHONHOME": (f"x/lib/{VERSION}", {"PYTHONHOME": "{top}/x"}),
    "the user's site directory": (f"x/.local/lib/{VERSION}/site-packages", {"HOME": "{top}/x"}),
    "PYTHONUSERBASE": (f"x/lib/{VERSION}/site-packages", {"PYTHONUSERBASE": "{top}/x"}),
    "PYTHONPLATLIBDIR": ("x", {"PYTHONPLATLIBDIR": "{x}", "PYTHONHOME": "{x}"}),
    "PYTHONSTARTUP": ("x", {"PYTHONSTARTUP": "{x}/site.py", "PYTHONINSPECT": "1"}),
    "PYTHONPYCACHEPREFIX": ("x", {"PYTHONPYCACHEPREFIX": "{x}", "PYTHONPATH": "{x}"}),
    "PYTHONWARNINGS": ("x", {"PYTHONWARNINGS": "error::os.x", "PYTHONPATH": "{x}"}),
    "PYTHONBREAKPOINT": (
        "x",
        {"PYTHONBREAKPOINT": "os.x", "PYTHONPATH": "{x}", "PYTHONDEBUG": "1"},
    ),
    "the shell's start file": ("x", {"ENV": "{x}/sh", "BASH_ENV": "{x}/sh"}),
}


@pytest.mark.parametrize("where", PLACES)
def test_isolated(run, place, hostile, form, where):
    """No module from there is imported, and no start file is run."""
    below, variables = PLACES[where]
    x = hostile(place / below)
    (x / "sh").write_text(f": >{place}/ran\n")
    env = {name: value.format(x=x, top=place) for name, value in variables.items()}
    # The hostile bin directory of `place` is the harmless one of the test.
    result = run(*form, "echo", "fine", env=env)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"fine\n", b"")
    assert not (place / "ran").exists()


@pytest.mark.parametrize("tool", ["base64", "readlink", "python3", "python"])
def test_helpers_from_the_system(run, scripts, place, form, tool):
    """What a script needs to start is not looked for in the caller's PATH."""
    write_script(place / "bin" / tool, f"#!/bin/sh\n: >{place}/ran\n")
    path = f"{place}/bin:{scripts}:/usr/bin:/bin"
    result = run(*form, "echo", "fine", path=path)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"fine\n", b"")
    assert not (place / "ran").exists()


def test_the_module_form_is_not_isolated(run, place, hostile, python):
    """The module does run them, as its page says: so the tests above could fail."""
    hostile(place)
    run(*python, "pypgrphack", "true")
    assert (place / "ran").exists()


# The ways to reach a command: the words, and the current directory.
REACHED = {
    "absolutely": ("{scripts}/pysetlock", "{place}"),
    "by a link": ("{place}/links/pysetlock", "{place}"),
    "by a link to a link": ("{place}/links/again", "{place}"),
    "by a relative link": ("{place}/links/relative", "{place}"),
    "by a relative name": ("./pysetlock", "{scripts}"),
    "by a relative name with a directory": ("bin/pysetlock", "{scripts}/.."),
    "by a link to its directory": ("venv/bin/pysetlock", "{place}"),
    "by a name with dots": ("../links/../links/again", "{place}/bin"),
    "by /bin/sh": ("/bin/sh {scripts}/pysetlock", "{place}"),
    "by /bin/sh in its directory": ("/bin/sh pysetlock", "{scripts}"),
}


@pytest.mark.parametrize("how", REACHED)
def test_reached(run, place, scripts, how):
    """A command finds its package however it was reached."""
    (place / "links").mkdir()
    (place / "links/pysetlock").symlink_to(scripts / "pysetlock")
    (place / "links/again").symlink_to("pysetlock")
    (place / "links/relative").symlink_to(os.path.relpath(scripts / "pysetlock", place / "links"))
    (place / "venv").symlink_to(scripts.parent)
    words, cwd = (text.format(place=place, scripts=scripts) for text in REACHED[how])
    result = run(*words.split(), place / "l", "echo", "ran", cwd=cwd)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"ran\n", b"")


@pytest.mark.parametrize("name", ["with blanks and 'quotes'", "$HOME `x`", "-n", "ä\udcff", "a:b"])
@pytest.mark.parametrize("mode", ["", "1"], ids=["fused", "not fused"])
def test_odd_directory(run, place, scripts, name, mode):
    """An installation may stand in a directory of any name."""
    made = copy_installation(scripts, place / name, Path(sys.executable))
    chain = [made / "bin/pysetlock", "l", made / "bin/pychain", "-c", "echo $A"]
    result = run(*chain, env={"PYDAEMONTOOLS_NOFUSE": mode, "A": "a  b"})
    assert (result.returncode, result.stdout, result.stderr) == (0, b"a  b\n", b"")


def test_found_on_path_in_the_current_directory(run, place, scripts):
    """An empty part of PATH is the current directory, and a command may stand there."""
    result = run("pysetlock", place / "l", "echo", "ran", cwd=scripts, path=":/usr/bin:/bin")
    assert result.stdout == b"ran\n"


def test_without_its_package(run, place, scripts):
    """A command whose package is gone says so."""
    made = copy_installation(scripts, place / "x", Path(sys.executable))
    shutil.rmtree(made / "lib")
    result = run(made / "bin/pysetlock", "l", "true")
    assert (result.returncode, result.stdout) == (111, b"")
    said = f"pysetlock: fatal: unable to find the package pydaemontools near {made}/bin\n"
    assert result.stderr.decode() == said


@pytest.fixture
def waiting(start, until):
    """Start a tool that waits for a lock that is held; give it when it waits."""

    def waiting(*command):
        holder = start("pysetlock", "l", "sh", "-c", "echo held; exec sleep 1000")
        assert holder.stdout.readline() == b"held\n"
        process = start(*command)
        blocked = f" {process.pid} "
        locks = Path("/proc/locks")
        until(lambda: any("->" in x and blocked in x for x in locks.read_text().splitlines()))
        return process

    return waiting


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT])
def test_signals(waiting, form, signum):
    """^C and its like end a waiting tool by that signal, without a word."""
    process = waiting(*form, "true")
    process.send_signal(signum)
    assert process.communicate() == (b"", b"")
    assert process.returncode == -signum


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_files(run, place, closed):
    """What is closed of stdin, stdout and stderr is opened on /dev/null, and stays so."""
    (place / "state").touch()
    run("sh", "-c", f"exec pysetlock l probe {closed}", stdin=subprocess.PIPE)
    lines = [line.split() for line in (place / "state").read_text().splitlines()]
    links = {words[0]: words[2] for words in lines if len(words) == 3 and words[0].isdigit()}
    for fd, word in {"0": "<&-", "1": ">&-", "2": "2>&-"}.items():
        assert (links[fd] == "/dev/null") == (word in closed.split())
    assert links["3"] == str(place / "l")


def test_a_sibling_of_the_same_name(run, place, scripts, script):
    """The interpreter is the one beside the command, not one beside a link to it."""
    (place / "bin/pysetlock").symlink_to(scripts / "pysetlock")
    script(place / "bin/python3", f"#!/bin/sh\n: >{place}/ran\n")
    assert run(place / "bin/pysetlock", "l", "echo", "ran").stdout == b"ran\n"
    assert not (place / "ran").exists()


@pytest.mark.parametrize(
    ("words", "copies"),
    [("pysv status", False), ("pysvstat .", False), ("pysv logs", True), ("pypgrphack true", True)],
)
def test_what_starts_no_program_copies_no_environment(run, scripts, place, words, copies):
    """The shell that an entry script is to the system starts a process only where it has to."""
    tool, *rest = words.split()
    said = run("sh", "-x", scripts / tool, *rest, env={"SVDIR": str(place)}).stderr
    assert (b"base64" in said) is copies
    assert b"+ exec " in said
