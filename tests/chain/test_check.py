"""pychain --check: what it says of each line, without running any."""

import os

import pytest


@pytest.fixture
def check(run, place):
    """Check a chain script with this text: the verdicts and the exit code."""

    def check(text, *args, **more):
        (place / "web").write_text(text)
        result = run("pychain", "--check", "web", *args, **more)
        assert result.stderr == b""
        return result.stdout.decode().splitlines(), result.returncode

    return check


def test_all_is_well(check, place, fill):
    """Each link gets a line, with the number of its own, and the code is 0."""
    fill(place / "env", {"A": b"1"})
    text = (
        "#!/usr/bin/env pychain\n# the web front end\npyenvdir ./env\npysetlock -n l \\\n"
        "  pysoftlimit -c 0 -m=\npyfghack\npypgrphack\npyenvuidgid root\n\necho hello\n"
    )
    assert check(text) == (
        [
            "web:3: pyenvdir ./env: ok",
            "web:4: pysetlock -n l: ok",
            "web:4: pysoftlimit -c 0 -m=: ok",
            "web:6: pyfghack: ok",
            "web:7: pypgrphack: ok",
            "web:8: pyenvuidgid root: ok",
            "web:10: echo hello: ok",
        ],
        0,
    )


def test_a_link_that_is_asked_for_help(check):
    """It would run nothing behind it."""
    assert check("pysoftlimit -h\necho hello")[0][0].endswith(": it prints its help, and ends")


def test_nothing_is_run(check, place):
    """No lock file is made and no program started."""
    assert check("pysetlock l\ntouch ran")[1] == 0
    assert not (place / "l").exists()
    assert not (place / "ran").exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("pyenvdir nonesuch", "unable to switch to directory nonesuch: file does not"),
        ("pysetlock no/l", "unable to open no/l: there is no directory no"),
        ("pysetlock -q l", "illegal option -- q; usage: pysetlock "),
        ("pysetlock -t x l", "usage: "),
        ("pysetlock", "usage: "),
        ("pysoftlimit -o x", "usage: "),
        ("pyenvuidgid no-such-account", "unknown account no-such-account"),
        ("pysetuidgid no-such-account", "unknown account no-such-account"),
        ("pysetuidgid root:no-such-group", "unknown group no-such-group"),
        ("pyfghack -x", "illegal option -- x"),
        ("nonesuch a b", "unable to run nonesuch: file does not exist"),
        ("./file", "unable to run ./file: access denied; "),
        ("./directory", "unable to run ./directory: access denied; "),
        ("./fifo", "unable to run ./fifo: access denied; ./fifo is a FIFO"),
        (
            "./marked",
            "unable to run ./marked: exec format error; ./marked begins with a byte order",
        ),
        ("./plain", "unable to run ./plain: exec format error; ./plain is neither a binary"),
        ("./windows", "unable to run ./windows: file does not exist; ./windows has Windows line"),
        ("./python", "unable to run ./python: file does not exist; ./python names an interpreter"),
    ],
)
def test_what_is_wrong(check, place, script, line, said):
    """What would fail is told, the rest is looked at all the same, and the code is 1."""
    (place / "file").touch()
    os.mkfifo(place / "fifo", 0o777)
    script(place / "marked", "\ufeff#!/bin/sh\n")
    script(place / "plain", "echo no\n")
    script(place / "windows", "#!/bin/sh\r\n")
    script(place / "python", "#!/nonesuch/python\n")
    (place / "directory").mkdir()
    verdicts, code = check(f"pypgrphack\n{line}\necho")
    assert code == 1
    assert verdicts[0] == "web:1: pypgrphack: ok"
    assert verdicts[1].startswith(f"web:2: {line}: {said}")
    assert verdicts[2:] == ["web:3: echo: ok"]


@pytest.mark.parametrize("line", ["pysetlock l", "pyenvdir d", "pyfghack", "pysoftlimit -c0"])
def test_no_program(check, place, line):
    """A link that nothing stands after has no program."""
    (place / "d").mkdir()
    verdicts, code = check(line)
    assert code == 1
    assert verdicts[0].startswith(f"web:1: {line}: usage: ")


def test_arguments(check):
    """Arguments are looked at as a part of the last line."""
    assert check("pysetlock", "l", "echo") == (["web:1: pysetlock l: ok", "web:1: echo: ok"], 0)


@pytest.mark.parametrize(
    ("options", "expected"),
    [("", "1 2"), ("-k ", "0 2"), ("-c ", "1 2"), ("-d d -d e -- ", "1 3")],
    ids=["alone", "-k", "-c", "two"],
)
def test_variables(check, place, fill, options, expected):
    """A line is looked at with the variables that the env directories before it would set."""
    fill(place / "d", {"A": b"1", "B": b"2"})
    fill(place / "e", {"B": b"3"})
    words = options if "-d" in options else options + "d "
    verdicts, _ = check(f"pyenvdir {words}\n$A-$B-$C", env={"A": "0"})
    assert verdicts[1] == "web:2: warning: nothing sets $C, so it is empty here"
    tried = f"unable to run {expected.replace(' ', '-')}-: file does not exist"
    assert verdicts[2].startswith(f"web:2: $A-$B-$C: {tried}")


WARNINGS = {
    "nothing": ("echo $A", ["A"]),
    "braces and quotes": ('echo "x${A}" $B-$A', ["A", "B"]),
    "once": ("pysetlock $A\necho $A", ["A"]),
    "an env directory": ("pyenvdir d\necho $D $A", ["A"]),
    "numbers of an account": ("pyenvuidgid root\necho $UID $GID", []),
    "env": ("env A=1\necho $A", []),
    "too late": ("echo $A\nenv A=1", ["A"]),
    "a link that sets none": ("nice -n 5\necho $A", ["A"]),
    "a link that may set it": ("sh -c 'A=1 exec \"$@\"' sh\necho $A", []),
    "no variable": ("sh -c 'echo $A' $", []),
    "it is set": ("echo $PATH", []),
    "an empty one": ("pyenvdir d\necho $E", []),
}


@pytest.mark.parametrize("case", WARNINGS)
def test_a_variable_that_nothing_sets(check, fill, place, case):
    """The kind: a misspelt $NAME would be an empty word. It is a warning: somebody may set it."""
    fill(place / "d", {"D": b"1", "E": b"\n"})
    text, names = WARNINGS[case]
    verdicts, _ = check(text)
    found = [line.partition(": ")[2] for line in verdicts if ": warning: " in line]
    assert found == [f"warning: nothing sets ${name}, so it is empty here" for name in names]
    assert "$" in "".join(line for line in verdicts if "warning" not in line)


def test_a_warning_is_no_failure(check):
    """The code is that of what would fail."""
    assert check("echo $A")[1] == 0


def test_lines_are_shown_as_they_are_written(check, place, fill):
    """Quotes, variables and all; what was continued is one line; no control goes to a terminal."""
    fill(place / "d", {"A": b"secret"})
    first = 'pyenvdir \'./d\' pysetlock "$A" \\\n  nice -n "5"\n'
    text = first + "echo \"${A}\" 'x\n\x1b[2J' a\\ b\\\nc #no\n"
    assert check(text, env={"A": "0"}) == (
        [
            "web:1: pyenvdir './d': ok",
            'web:1: pysetlock "$A": ok',
            'web:1: nice -n "5": ok',
            "web:3: echo \"${A}\" 'x??[2J' a\\ bc: ok",
        ],
        0,
    )


def test_the_path_of_the_moment(check, place, fill):
    """The next word of a line is looked for on the PATH of before, the next line on the new."""
    fill(place / "d", {"PATH": b"/nonesuch"})
    verdicts, code = check("pyenvdir d pypgrphack\nsleep 1")
    assert verdicts[:2] == ["web:1: pyenvdir d: ok", "web:1: pypgrphack: ok"]
    assert verdicts[2].startswith("web:2: sleep 1: unable to run sleep: file does not")
    assert (len(verdicts), code) == (3, 1)


def test_as_an_ordinary_user(run, ordinary, place, fill):
    """What the asking account may not do is told: the lock, the directory, the account."""
    fill(place / "d", {"A": b"1"})
    (place / "d").chmod(0o700)
    (place / "l").touch()
    (place / "l").chmod(0)
    (place / "web").write_text("pysetlock l\npysetuidgid root\necho")
    result = run(*ordinary, "sh", "-c", "exec pychain --check web")
    lock, account, echo = result.stdout.decode().splitlines()
    assert lock.startswith("web:1: pysetlock l: unable to open l: access denied; l belongs to ")
    wanted = "unable to become uid 0: only root may change its account"
    assert account == f"web:2: pysetuidgid root: {wanted}"
    assert (echo, result.returncode) == ("web:3: echo: ok", 1)


def test_bad_script(run):
    """A script that is no script is an error as ever."""
    result = run("pychain", "--check", "-c", "echo |")
    assert (result.returncode, result.stdout) == (100, b"")
    assert result.stderr.startswith(b"pychain: fatal: -c: line 1: a chain has no shell in it")


def test_text(run):
    """-c works with --check in any order."""
    for words in (["--check", "-c", "echo"], ["-c", "echo", "--check"]):
        result = run("pychain", *words)
        assert (result.returncode, result.stdout) == (0, b"-c:1: echo: ok\n")
