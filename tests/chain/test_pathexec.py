"""How one link becomes the next: fused or not, the final program sees the same."""

import itertools
import os
import sys

import pytest

from pydaemontools.base.tools import OWN
from tests.conftest import without_numbers

# Each link, in place N of a chain, in a directory that has d0, d1 and d2.
LINKS = {
    "pyenvdir": ["pyenvdir", "d{n}"],
    "pyenvuidgid": ["pyenvuidgid", "-s", "root"],
    "pysetuidgid": ["pysetuidgid", "-s", "root"],
    "pysetlock": ["pysetlock", "-n", "l{n}"],
    "pysoftlimit": ["pysoftlimit", "-c5", "-s", "400000{n}", "-m", "=", "-o", "9{n}"],
    "pyfghack": ["pyfghack"],
    "pypgrphack": ["pypgrphack"],
    "pychpst": ["pychpst", "-Pe", "d{n}", "-U", "root", "-L", "c{n}", "-o", "8{n}"],
    "pychain": ["pychain", "-c", "env E{n}=$A\npyenvdir d{n}", "--"],
}
PAIRS = [
    pytest.param(
        *pair,
        id=" ".join(pair),
        marks=[pytest.mark.needs_root] if "pysetuidgid" in pair else [],
    )
    for pair in itertools.product(LINKS, repeat=2)
]
# Stands before the chain: a state of which every part could be lost.
START = ["env", "--ignore-signal=HUP,USR1", "--block-signal=USR2", "nice", "-n", "1"]


def link(name, n):
    """The words of the link NAME in place N."""
    return [word.format(n=n) for word in LINKS[name]]


@pytest.fixture
def seen(run, place, fill):
    """What the final program sees of how it was started, fused and not."""
    fill(place / "d0", {"A": b"zero\n", "B": b"zero\n"})
    fill(place / "d1", {"A": b"one\n", "C": b"", "E": b""})
    fill(place / "d2", {"D": b""})

    def seen(*chain, mode, path=None):
        for lock in place.glob("l?"):
            lock.unlink()
        # The variable comes first and is never changed, so that it moves no other.
        env = {"PYDAEMONTOOLS_NOFUSE": mode, "A": "a", "B": "b", "C": "c", "D": "d", "E": "e"}
        words = [*START, *chain, "probe", "x y", ""]
        more = {"path": path} if path else {}
        result = run(*words, env=env, umask=0o027, **more)
        assert (result.returncode, result.stderr) == (0, b"")
        return without_numbers(result.stdout).replace(b"NOFUSE=1\n", b"NOFUSE=\n").splitlines()

    return seen


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_pair(seen, first, second):
    """Two links one after the other."""
    chain = [*link(first, 0), *link(second, 1)]
    assert seen(*chain, mode="") == seen(*chain, mode="1")


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_pair_around_a_foreign_program(seen, first, second):
    """Two links with a program of another kind between them."""
    chain = [*link(first, 0), "env", "F=f", *link(second, 1)]
    assert seen(*chain, mode="") == seen(*chain, mode="1")


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_pair_around_an_original(seen, needs, first, second):
    """Two links with the C setlock between them."""
    chain = [*link(first, 0), needs("setlock"), "l9", *link(second, 1)]
    assert seen(*chain, mode="") == seen(*chain, mode="1")


ALL = [name for name in LINKS if name != "pysetuidgid"]


@pytest.mark.parametrize("names", [ALL, ALL[::-1]], ids=["forwards", "backwards"])
def test_all(seen, names):
    """All links in a row."""
    chain = [word for name in names for word in link(name, 0)]
    assert seen(*chain, mode="") == seen(*chain, mode="1")


def test_named_absolutely(seen, scripts, place):
    """Links that are named absolutely need no PATH of their own."""
    path = f"{place}/bin:/usr/bin:/bin"
    names = ["pyenvdir", "pysetlock", "pyfghack", "pypgrphack"]
    chain = [word for name in names for word in [scripts / name, *link(name, 0)[1:]]]
    chain = [scripts / "pychain", "-c", f"{scripts}/pyenvdir d1\n{scripts}/pyfghack", "--", *chain]
    assert seen(*chain, mode="", path=path) == seen(*chain, mode="1", path=path)


CHAIN = ["pyenvdir", "d0", "pysetlock", "l", "pysoftlimit", "-c0", "pyfghack", "pypgrphack"]


@pytest.fixture
def starts(run, place, script, counted):
    """How often a chain, with programs that stand in `place`, starts an interpreter."""
    made, count = counted
    (place / "d0").mkdir()
    (place / "links").mkdir()
    (place / "bin/linked").symlink_to(made / "bin/pysetlock")
    (place / "links/pysetlock").symlink_to(made / "bin/pysetlock")
    script(place / "run", "#!/usr/bin/env pychain\npyenvdir d0\npypgrphack")
    script(place / "bin/run", "#!/usr/bin/env pychain\npyenvdir d0\npypgrphack")
    script(place / "absolute", f"#!{made}/bin/pychain\npyenvdir d0\npypgrphack")
    script(place / "with-an-option", f"#!{made}/bin/pychain --\npypgrphack")

    def starts(*chain, mode):
        path = f"{made}/bin:{place}/bin:/usr/bin:/bin"
        result = run(*chain, "echo", "ran", path=path, env={"PYDAEMONTOOLS_NOFUSE": mode})
        assert (result.returncode, result.stderr) == (0, b"")
        assert result.stdout.endswith(b"ran\n")
        return count()

    return starts


@pytest.mark.parametrize(
    ("chain", "mode", "expected"),
    [
        (CHAIN, "", 1),
        (CHAIN, "0", 5),
        ([*CHAIN, "env", *CHAIN[:2], *CHAIN[4:]], "", 2),
        (["pychain", "-c", "pyenvdir d0\npypgrphack\npyfghack"], "", 1),
        (["pychain", "-c", "pyenvdir d0\npypgrphack\npyfghack"], "1", 6),
        (["./run"], "", 1),
        (["./absolute"], "", 1),
        (["pypgrphack", "./run"], "", 1),
        (["pypgrphack", "./absolute"], "", 1),
        (["pypgrphack", "./run", "./run"], "", 1),
        (["pypgrphack", "run"], "", 1),
        (["pypgrphack", "bin/linked", "l"], "", 2),
        (["pypgrphack", "links/pysetlock", "l"], "", 1),
        (["pypgrphack", "./with-an-option"], "", 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_starts_of_an_interpreter(starts, chain, mode, expected):
    """A chain starts one interpreter: it is one process, and runs one Python."""
    assert starts(*chain, mode=mode) == expected


@pytest.mark.parametrize("mode", ["", "1"], ids=["fused", "not fused"])
def test_links_that_are_not_on_path(run, scripts, place, script, mode):
    """A tool that is nowhere on PATH is this installation's; a program that is there goes first."""
    more = {"path": f"{place}/bin:/usr/bin:/bin", "env": {"PYDAEMONTOOLS_NOFUSE": mode}}
    chain = [scripts / "pypgrphack", "pysetlock", "l", "pychain", "-c", "pyfghack\npysoftlimit -c0"]
    assert run(*chain, "echo", "ran", **more).stdout == b"ran\n"
    script(place / "bin/pysoftlimit", "#!/bin/sh\necho mine")
    assert run(*chain, "echo", "ran", **more).stdout == b"mine\n"
    for name in ("sissylog", "pynosuch"):
        assert run(scripts / "pypgrphack", name, **more).returncode == 111


def test_a_foreign_program_of_the_same_name(run, place, script):
    """What stands first on PATH is run, also where a tool of ours has that name."""
    script(place / "bin/pysetlock", "#!/bin/sh\necho mine $*\n")
    path = f"{place}/bin:{os.path.dirname(sys.executable)}:/usr/bin:/bin"
    result = run("pypgrphack", "pysetlock", "l", "true", path=path)
    assert result.stdout == b"mine l true\n"


def test_a_copy_of_ours_is_foreign(run, scripts, counted):
    """Another installation's tool is run by its own code: it gets a start of its own."""
    made, count = counted
    result = run(scripts / "pypgrphack", made / "bin/pysetlock", "l", "echo", "ran")
    assert (result.stdout, count()) == (b"ran\n", 1)


def test_what_may_not_be_run_is_passed_over(run, place, scripts):
    """A file of a tool's name that is not executable is passed over, and so on in PATH."""
    (place / "bin/pysetlock").write_text("echo no")
    result = run("pypgrphack", "pysetlock", "l", "echo", "ran", path=f"{place}/bin:{scripts}:/bin")
    assert (result.returncode, result.stdout) == (0, b"ran\n")


@pytest.mark.parametrize("mode", ["", "1"], ids=["fused", "not fused"])
def test_the_path_of_before(run, place, script, fill, mode):
    """The next word is looked for on the PATH that the link was started with."""
    script(fill(place / "new", {}) / "program", "#!/bin/sh\necho new")
    script(place / "bin/program", "#!/bin/sh\necho old")
    fill(place / "d", {"PATH": f"{place}/new:/usr/bin:/bin\n".encode()})
    env = {"PYDAEMONTOOLS_NOFUSE": mode}
    assert run("pyenvdir", "d", "program", env=env).stdout == b"old\n"
    assert run("pyenvdir", "d", "pysetlock", "l", "program", env=env).stdout == b"new\n"
    assert run("pyenvdir", "d", "env", "program", env=env).stdout == b"new\n"


# Dumps the modules that a tool has loaded when it execs the program, less what any
# interpreter has that was started so.
DUMP = """
import sys
bare = set(sys.modules)
import posix
sys.path.append({place!r})
def execve(*_):
    posix.write(1, "\\n".join(set(sys.modules) - bare).encode())
    posix._exit(0)
posix.execve = execve
from pydaemontools.entry import enter
sys.argv[0] = "x"
enter({name!r}, "")
"""
BASE = {
    "errno",
    "gc",
    "pydaemontools",
    "pydaemontools.base",
    "pydaemontools.chain",
    "pydaemontools.base.cli",
    "pydaemontools.chain.pathexec",
    "pydaemontools.base.process",
    "pydaemontools.entry",
    "pydaemontools.base.tools",
}
CHPST = {"chpst", "chpst_grammar", "chpst_steps"}
MODULES = {
    "pyenvdir d": {"envdir"},
    "envdir d": {"envdir"},
    "pyenvuidgid root": {"envuidgid", "account", "pwd"},
    "envuidgid root": {"envuidgid", "account", "pwd"},
    "pysetuidgid root": {"setuidgid", "account", "pwd"},
    "setuidgid root": {"setuidgid", "account", "pwd"},
    "pysetlock l": {"setlock", "fcntl"},
    "pysetlock -nx l": {"setlock", "fcntl"},
    "pysetlock -t5 l": {"setlock", "fcntl"},
    "pysetlock -h l": {"setlock", "fcntl", "hold", "subreaper", "orphans", "proc"},
    "setlock l": {"setlock", "fcntl"},
    "pysoftlimit -c0": {"softlimit", "limits", "resource"},
    "pysoftlimit -m9999999": {"softlimit", "limits", "resource"},
    "pyfghack": {"fghack", "subreaper", "orphans", "proc", "libc", "_ctypes"},
    "fghack": {"fghack"},
    "pypgrphack": {"pgrphack"},
    "pychpst": CHPST,
    "chpst": CHPST,
    "chpst -v -P -n1 -b x": CHPST,
    "chpst -e d": CHPST | {"envdir"},
    "chpst -U root": CHPST | {"account", "pwd"},
    "chpst -u root": CHPST | {"account", "pwd", "setuidgid"},
    "chpst -L l": CHPST | {"setlock", "fcntl"},
    "chpst -c0": CHPST | {"softlimit", "limits", "resource"},
    "chpst -C .": CHPST,
    "pychain -c true": {"script", "words"},
}
CHAIN = {"account", "envdir", "envuidgid", "fghack", "hold", "pgrphack", "script", "setlock"}
CHAIN |= {"setuidgid", "softlimit", "subreaper", "words", *CHPST}
OURS = {name: f"pydaemontools.chain.{name}" for name in CHAIN}
OURS |= {n: f"pydaemontools.base.{n}" for n in ("errors", "libc", "limits", "orphans", "proc")}


def loaded(run, place, command):
    """The modules that COMMAND has loaded when it becomes its program."""
    import pydaemontools

    (place / "d").mkdir(exist_ok=True)
    name, *words = command.split()
    package = os.path.dirname(os.path.dirname(pydaemontools.__file__))
    text = DUMP.format(place=package, name=name)
    result = run(sys.executable, "-IS", "-c", text, *words, "true")
    assert (result.returncode, result.stderr) == (0, b"")
    return set(result.stdout.decode().split())


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(
            name, marks=[pytest.mark.needs_root] if "setuidgid" in name or "-u" in name else []
        )
        for name in MODULES
    ],
)
def test_modules(run, place, command):
    """A link has imported these modules when it execs, and not one more."""
    expected = {OURS.get(name, name) for name in MODULES[command]} | BASE
    assert loaded(run, place, command) == expected


def test_every_link_is_here():
    """A new link has to be added to the tables of this file."""
    assert set(LINKS) == {name for name, module in OWN.items() if module.startswith("chain.")}
    assert {command.split()[0] for command in MODULES} >= set(LINKS)
