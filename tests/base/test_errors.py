"""What goes wrong is told in one clear line, with a code that says whose fault it was."""

import errno
import os
import subprocess

import pytest

from pydaemontools.base import errors
from pydaemontools.base.tools import OWN

# Each tool with what it needs before its program.
LINKS = {
    "pyenvdir": ["d"],
    "pyenvuidgid": ["root"],
    "pysetlock": ["l"],
    "pysoftlimit": ["-c0"],
    "pyfghack": [],
    "pypgrphack": [],
    "pychpst": ["-o99"],
    "pychain": ["-c", "env A=1 pypgrphack", "--"],
    "pysetuidgid": ["root"],
}
# A program that cannot be run: what is said first, and what explains it.
PROGRAMS = {
    "nonesuch": ("file does not exist", "nonesuch is in no directory of PATH, which is "),
    "./nonesuch": ("file does not exist", None),
    "./plain": ("access denied", "./plain is not executable: `chmod +x ./plain`"),
    "./d": ("access denied", "./d is a directory, and not a program"),
    "./pipe": ("access denied", "./pipe is a FIFO, a socket or a device, and not a program"),
    "./no-format": ("exec format error", "./no-format is neither a binary for this machine nor a"),
    "./no-interpreter": ("file does not exist", "./no-interpreter names an interpreter that does"),
    "./marked": ("exec format error", "./marked begins with a byte order mark, and so not with"),
    "./windows": ("file does not exist", "./windows has Windows line ends: its first line asks"),
    "./plain/x": ("not a directory", None),
    "": ("access denied", None),
    "x" * 300: ("file name too long", None),
}
FILES = {
    "no-format": "echo no",
    "no-interpreter": "#!/nonesuch/python -u\n",
    "marked": "\ufeff#!/bin/sh\necho no\n",
    "windows": "#!/bin/sh\r\necho no\r\n",
}


def links():
    """A case for each link."""
    for name in LINKS:
        yield pytest.param(name, marks=[pytest.mark.needs_root] if name == "pysetuidgid" else [])


@pytest.fixture
def files(place, script):
    """Files that cannot be run, each for another reason."""
    (place / "d").mkdir()
    os.mkfifo(place / "pipe", 0o777)
    (place / "plain").touch()
    for name, text in FILES.items():
        script(place / name, text)
    return place


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("link", list(links()))
@pytest.mark.usefixtures("files")
def test_program(run, link, program):
    """A program that cannot be run is 111, with the reason and, where there is one, a hint."""
    reason, hint = PROGRAMS[program]
    who = "pypgrphack" if link == "pychain" else link
    result = run(link, *LINKS[link], program, "a b")
    first, *more = result.stderr.decode().splitlines()
    assert (result.returncode, result.stdout) == (111, b"")
    assert first == f"{who}: fatal: unable to run {program}: {reason}"
    assert len(more) == (hint is not None) or not program
    if hint:
        assert more[0].startswith(f"{who}: {hint}")


@pytest.mark.parametrize("name", [name for name in LINKS if name != "pychain"])
def test_no_program(run, files, name):
    """No program is wrong usage: the synopsis says what is right, and a line what is missing."""
    result = run(name, *LINKS[name])
    assert (result.returncode, result.stdout) == (100, b"")
    synopsis, hint = result.stderr.decode().splitlines()
    assert synopsis.startswith(f"{name}: usage: {name} ")
    assert hint.startswith(f"{name}: say which ")
    assert not (files / "l").exists()


@pytest.mark.parametrize("option", ["-Q", "--nonesuch", "--nonesuch=1", "-:", "-\udcff"])
@pytest.mark.parametrize("name", LINKS)
def test_unknown_option(run, name, option):
    """An option that is not there is named, and the synopsis follows."""
    result = run(name, option, "x", "echo", "no")
    first, second = result.stderr.splitlines()
    letter = os.fsencode(option).lstrip(b"-").partition(b"=")[0]
    assert (result.returncode, result.stdout) == (100, b"")
    assert first == name.encode() + b": illegal option -- " + letter
    assert second.startswith(f"{name}: usage: {name} ".encode())


TOO_LONG = "x" * 140000


@pytest.mark.parametrize("name", ["pyenvdir", "pychain"])
def test_too_long(run, place, fill, name):
    """Where the kernel takes no more, the hint says how much of it there was."""
    fill(place / "d", {"A": TOO_LONG.encode()})
    words = ["-c", "pyenvdir d"] if name == "pychain" else ["d"]
    result = run(name, *words, "echo", "no")
    first, hint = result.stderr.decode().splitlines()
    assert result.returncode == 111
    assert first == "pyenvdir: fatal: unable to run echo: argument list too long"
    assert hint.startswith("pyenvdir: the arguments take 8 bytes and the environment 14")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["pychain", "d"], "a chain is a file: name one, or give its text by -c"),
        (["pychain", "--check", "/"], "a chain is a file: name one, or give its text by -c"),
        (["pysetlock", "fifo", "true"], "it is a FIFO that nobody reads, or a socket, and a lock"),
        (["pysetlock", "x" * 300, "true"], None),
        (["pychain", "plain/x"], None),
    ],
)
def test_no_refusal(run, files, words, hint):
    """Whose a file is, is said where that is what matters, and else what helps."""
    os.mkfifo(files / "fifo")
    first, *more = run(*words).stderr.decode().splitlines()
    assert first.startswith(f"{words[0]}: fatal: unable to ")
    assert len(more) == (hint is not None)
    if hint:
        assert more[0].startswith(f"{words[0]}: {hint}")


REFUSED = {
    "a missing directory": (["pyenvdir", "no"], 111, "unable to switch to directory no: file does"),
    "a file in its place": (["pyenvdir", "plain"], 111, "unable to switch to directory plain: not"),
    "an unknown account": (["pyenvuidgid", "no-one"], 111, "unknown account no-one"),
    "a lock without a directory": (["pysetlock", "no/l"], 111, "unable to open no/l: file does"),
    "a directory for a lock": (["pysetlock", "d"], 111, "unable to open d: is a directory"),
    "a limit that is no number": (["pysoftlimit", "-o", "x"], 100, ""),
    "a missing script": (["pychain", "no"], 111, "unable to read no: file does not exist"),
    "a bad script": (["pychain", "-c", "a |"], 100, "-c: line 1: a chain has no shell in it"),
}


@pytest.mark.parametrize("closed", ["", "<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("case", REFUSED)
def test_refused(run, files, case, closed):
    """With or without its standard files, a tool ends with the same code and runs nothing."""
    words, code, said = REFUSED[case]
    before = sorted(os.listdir(files))
    result = run("sh", "-c", f'exec "$@" {closed}', "sh", *words, "touch", "ran")
    assert (result.returncode, result.stdout) == (code, b"")
    if "2>" in closed:
        assert result.stderr == b""
    else:
        first = result.stderr.decode().splitlines()[0]
        assert first.startswith(f"{words[0]}: fatal: {said}" if said else f"{words[0]}: usage: ")
    assert sorted(os.listdir(files)) == before


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("link", list(links()))
def test_works_with_closed_files(run, files, link, closed):
    """A closed stdin, stdout or stderr keeps no link from its work."""
    words = [link, *LINKS[link]]
    result = run("sh", "-c", f'exec "$@" {closed}', "sh", *words, "touch", "ran")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    assert (files / "ran").exists()


def test_a_full_stderr(run):
    """Where the error cannot be written there is still its code."""
    with open("/dev/full", "wb") as full:
        assert run("pyenvdir", "no", "true", stderr=full, capture_output=False).returncode == 111


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.EPERM, b"permission denied"),
        (errno.ENOENT, b"file does not exist"),
        (errno.EAGAIN, b"temporary failure"),
        (errno.EWOULDBLOCK, b"temporary failure"),
        (errno.EDEADLK, b"operation would cause deadlock"),
        (errno.EDEADLOCK, b"operation would cause deadlock"),
        (errno.EOPNOTSUPP, b"operation not supported"),
        (errno.ENOTSUP, b"operation not supported"),
        (errno.EDQUOT, b"disk quota exceeded"),
        (errno.ENOSPC, b"out of disk space"),
        (errno.ELOOP, b"symbolic link loop"),
        (errno.ENOTRECOVERABLE, b"unknown error"),
        (99999, b"unknown error"),
    ],
)
def test_words(number, text):
    """An error has djb's words, whichever of its names it goes by."""
    assert errors.error_str(OSError(number, "")) == text


def test_every_link_is_here():
    """A new link has to be added to the table of this file."""
    assert set(LINKS) == {name for name, module in OWN.items() if module.startswith("chain.")}


@pytest.mark.process
def test_every_signal_has_the_name_that_a_shell_has():
    """Of two names the usual one: ABRT and not IOT, CHLD and not CLD; RTMIN+1 for what has none."""
    ended = "for n in $(seq 64); do echo SIG$(kill -l $n); done"
    named = subprocess.run(["bash", "-c", ended], capture_output=True, check=True).stdout.split()
    ours = [errors.signal_name(number) for number in range(1, 65)]
    # A shell counts from both ends.
    theirs = [
        b"SIGRTMIN+%d" % (30 - int(name[9:])) if name.startswith(b"SIGRTMAX-") else name
        for name in named
    ]
    assert ours[:31] == theirs[:31]
    assert ours[33:] == theirs[33:]
