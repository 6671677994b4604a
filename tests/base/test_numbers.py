"""A number without bound, wherever one is read: wrong usage or a limit, and never a traceback."""

import pytest

from pydaemontools.base import cli

LONG = "9" * 5000  # more digits than Python reads
# The command, and what it ends with; under an original's name what is too large wraps around.
WRONG = [
    ("pysetuidgid", f"{LONG}:1", "true"),
    ("pysetuidgid", f"1:{LONG}", "true"),
    ("pysetuidgid", "4294967295:1", "true"),
    ("pyenvuidgid", LONG, "true"),
    *(("pysoftlimit", f"-{letter}", LONG, "true") for letter in "acdflmoprst"),
    ("pysoftlimit", "-o", "18446744073709551616", "true"),
    ("pysoftlimit", "-t", "5m", "true"),
    ("pysetlock", "-t", f"{LONG}x", "lock", "true"),
    ("pysv", "top", "-n", LONG, "."),
    ("pysv", "logs", "-n", LONG, "."),
    ("pymultilog", f"s{LONG}", "./log"),
]


@pytest.mark.parametrize("argv", WRONG, ids=lambda argv: f"{argv[0]} {argv[1][:5]} {argv[2][:5]}")
def test_too_large(run, argv):
    """Wrong usage, in lines of the tool's own."""
    result = run(*argv)
    assert result.returncode in (100, 111)
    assert all(line.startswith(argv[0].encode()) for line in result.stderr.splitlines())


def test_originals_wrap_around(run, originals):
    """As djb's scan_ulong: modulo 2 to the 64th."""
    wrapped = int(LONG[:4000]) % 2**64
    assert cli.scan_ulong(LONG.encode()) == wrapped
    script = "ulimit -Sc"
    for number in (LONG, str(2**64 + 1024)):
        result = run(f"{originals}/softlimit", "-c", number, "sh", "-c", script)
        assert (result.returncode, result.stderr) == (0, b"")


def test_sizes(run):
    """What counts bytes takes k, m and g."""
    result = run("pysoftlimit", "-c", "2m", "bash", "-c", "ulimit -Sc")
    assert result.stdout == b"2048\n"


@pytest.mark.parametrize("value", ["garbage", "6:9999", f"6:{LONG}", LONG])
def test_limits_of_somebody_else(run, value):
    """What another process had in the variable is not believed, and the program never sees it."""
    env = {"PYDAEMONTOOLS_LIMITS": value}
    result = run("pysoftlimit", "-c", "0", "env", env=env)
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"PYDAEMONTOOLS" not in result.stdout


@pytest.mark.parametrize("value", ["garbage", "99:5", "6:x", f"6:{LONG}"])
def test_limits_that_are_none(run, value):
    """From this process, but nothing that we say: an error."""
    script = 'PYDAEMONTOOLS_LIMITS="$$ $0" exec pysetlock lock true'
    result = run("sh", "-c", script, value)
    assert result.returncode == 111
    words = b"pysetlock: fatal: unable to take the limits that wait, from PYDAEMONTOOLS_LIMITS="
    assert result.stderr.startswith(words)


def test_environment_of_somebody_else(run, originals):
    """Only a script with the shell header believes the header's copy of the environment."""
    env = {"PYDAEMONTOOLS_ENVIRON": "RVZJTD0xAA==", "PYDAEMONTOOLS_CALLED": "evil", "GOOD": "1"}
    for script in ("pysetlock", f"{originals}/setlock"):
        words = run(script, "lock", "env", env=env).stdout.splitlines()
        assert b"GOOD=1" in words
        assert not [word for word in words if b"EVIL" in word or b"PYDAEMONTOOLS" in word]
