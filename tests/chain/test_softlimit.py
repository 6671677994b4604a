"""pysoftlimit: memory limits wait for the first program that is not ours."""

import resource

import pytest

from pydaemontools.base import limits

SHOW = ("cat", "/proc/self/limits")
MODES = pytest.mark.parametrize(
    "env", [{}, {"PYDAEMONTOOLS_NOFUSE": "1"}], ids=["fused", "not fused"]
)


def soft(result, name):
    """The soft limit called NAME that the program saw."""
    assert result.returncode == 0, result.stderr
    line = next(line for line in result.stdout.decode().splitlines() if line.startswith(name))
    return line[len(name) :].split()[0]


@MODES
@pytest.mark.parametrize(
    "chain",
    [
        [],
        ["pyenvdir", "d"],
        ["pyenvdir", "d", "pysetlock", "l", "pypgrphack"],
        ["pyfghack"],
        ["pyenvuidgid", "root", "pyfghack", "pypgrphack"],
        ["pychain", "-c", "pyenvdir d\npysetlock l"],
        ["pysoftlimit", "-c", "0"],
    ],
    ids=lambda words: " ".join(words) or "nothing",
)
def test_memory_waits(run, place, env, chain):
    """Memory that no interpreter can live in is the limit of the program, not of the links."""
    (place / "d").mkdir()
    result = run("pysoftlimit", "-m", "3000000", *chain, *SHOW, env=env)
    assert soft(result, "Max address space") == "3000000"
    assert soft(result, "Max data size") == "3000000"


@MODES
def test_the_later_counts(run, env):
    """A second pysoftlimit changes what waits."""
    chain = ["pysoftlimit", "-a", "3000000", "pysoftlimit", "-a", "5000000", "-d", "4000000"]
    result = run(*chain, *SHOW, env=env)
    assert soft(result, "Max address space") == "5000000"
    assert soft(result, "Max data size") == "4000000"


@MODES
def test_a_foreign_program_is_held(run, env):
    """From the first program that is not ours the limits hold, for what stands after it too."""
    show = "ulimit -v; exec pysetlock l cat /proc/self/limits"
    result = run("pysoftlimit", "-a", "512000000", "pypgrphack", "sh", "-c", show, env=env)
    assert result.stdout.split()[0] == b"500000"
    assert soft(result, "Max address space") == "512000000"


@MODES
def test_the_program_sees_nothing(run, env):
    """The variable in which limits travel is gone when the program starts."""
    result = run("pysoftlimit", "-m=", "pypgrphack", "env", env=env)
    assert b"PYDAEMONTOOLS_LIMITS" not in result.stdout


@pytest.mark.parametrize(
    "value", ["", "x", "9:", ":5", "9:--5", "99999:5", "9:5:5", "9", "- -", "9:x", "٣:5"]
)
def test_what_is_no_limit(run, value):
    """What others put into that variable does nothing, and goes."""
    result = run("pypgrphack", "env", env={"PYDAEMONTOOLS_LIMITS": value})
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"PYDAEMONTOOLS_LIMITS" not in result.stdout


@MODES
def test_errors_can_be_told(run, env):
    """Where the program cannot be run there is memory enough to say so."""
    result = run("pysoftlimit", "-m", "300000", "pypgrphack", "nonesuch", env=env)
    assert result.returncode == 111
    assert result.stderr.startswith(b"pypgrphack: fatal: unable to run nonesuch: file does not")


def test_other_limits_hold_at_once(run):
    """The number of open files is a limit for the links as well."""
    result = run("pysoftlimit", "-o", "9", "pyfghack", "sh", "-c", "ulimit -n")
    assert result.stdout == b"9\n"


@pytest.mark.parametrize("chain", [["pysoftlimit"], ["pysoftlimit", "-o", "3", "pychpst"]])
def test_few_files(run, chain):
    """Where no file can be opened any more, what is wrong can be told."""
    result = run(*chain, "-o", "3", "nonesuch")
    assert result.returncode == 111
    assert b": fatal: unable to run nonesuch: file does not exist\n" in result.stderr
    assert b"Traceback" not in result.stderr


@pytest.mark.parametrize("most", ["3", "4", "5"])
@pytest.mark.parametrize("tool", [["pysupervise", "true"], ["pysvscan"], ["pysvok", "nonesuch"]])
def test_few_files_for_a_tool(run, tool, most):
    """A tool that needs more of them than there may be says so in a line."""
    result = run("pysoftlimit", "-o", most, *tool)
    assert result.returncode in (100, 111)
    assert result.stderr.startswith(tool[0].encode() + b": ")
    assert b"Traceback" not in result.stderr


def test_few_files_by_the_originals_name(run, originals):
    """A link by an original's name is found by what stands in it, also where nothing opens."""
    result = run("softlimit", "-o", "3", "envdir", "d", "true", path=f"{originals}:/usr/bin:/bin")
    what = b"envdir: fatal: unable to switch to current directory: process cannot open more files\n"
    assert (result.returncode, result.stderr) == (111, what)


def test_no_file_may_grow(run, place, private):
    """A link that is compiled for the first time under -f 0 writes nothing, and lives."""
    path = f"{private}/bin:/usr/bin:/bin"
    chain = ["pysoftlimit", "-f0", "pyenvdir", "d", "pysetlock", "l", "pyfghack", "pypgrphack"]
    (place / "d").mkdir()
    result = run(*chain, "echo", "ran", path=path)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"ran\n", b"")
    result = run(*chain, "nonesuch", path=path)
    assert result.returncode == 111
    assert result.stderr.startswith(b"pypgrphack: fatal: unable to run nonesuch: file does not")


@pytest.mark.parametrize(("size", "kib"), [("500m", 512000), ("1g", 1 << 20), ("600000k", 600000)])
def test_a_size_with_a_unit(run, size, kib):
    """k, m and g, for memory too; -m is for four limits."""
    result = run("pysoftlimit", "-m", size, "bash", "-c", "ulimit -Sv; ulimit -Sd")
    assert result.stdout.split() == [b"%d" % kib] * 2


@pytest.mark.parametrize("number", ["x", "5k", "-1", "0x10", " 5", "5 ", "+5", "1.5", "٣"])
def test_no_number(run, number):
    """What is no number is wrong usage, and the second line says which option it was."""
    result = run("pysoftlimit", "-c", "0", "-o", number, "echo", "no")
    assert (result.returncode, result.stdout) == (100, b"")
    *_, hint = result.stderr.decode().splitlines()
    assert hint == f"pysoftlimit: -o takes a number, or = for the hard limit, not {number}"


@pytest.mark.parametrize(
    ("wanted", "hard", "expected"),
    [
        (5, 7, 5),
        (9, 7, 7),
        (9, resource.RLIM_INFINITY, 9),
        (resource.RLIM_INFINITY, 7, 7),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, resource.RLIM_INFINITY),
        (2**64 - 1, resource.RLIM_INFINITY, resource.RLIM_INFINITY),
        (2**63, resource.RLIM_INFINITY, -(2**63)),
        (2**63, 2**62, 2**62),
    ],
)
def test_below(wanted, hard, expected):
    """A limit is never above the hard one, and in a number that setrlimit takes."""
    if resource.RLIM_INFINITY > 0:
        expected %= 2**64
    assert limits.below(wanted, hard) == expected
