"""pyreadproctitle: the end of a log, where ps shows it."""

from pathlib import Path

import pytest

from tests.conftest import DEADLINE

DOTS = "." * 20


def last(process):
    """The last argument of PROCESS, as ps sees it."""
    return Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0")[-2:-1]


@pytest.fixture
def shown(start, until):
    """Start a command and feed it pieces of text; after each wait for what is to be seen."""

    def shown(words, *pieces):
        process = start(*words)
        for piece, expected in pieces:
            process.stdin.write(piece)
            process.stdin.flush()
            until(lambda expected=expected: last(process) == [expected])
        assert process.communicate(timeout=DEADLINE) == (b"", b"")
        assert process.returncode == 0

    return shown


PIECES = [
    (b"", b"." * 20),
    (b"a", b"." * 19 + b"a"),
    (b"bc\n\0\0d", b"." * 15 + b"abc\nd"),
    (b"", b"." * 15 + b"abc\nd"),
    (b"0123456789abcdef", b"...d0123456789abcdef"),
    (b"x" * 100_000 + b"y", b"..." + b"x" * 16 + b"y"),
]


@pytest.mark.parametrize(
    "words",
    [
        ["pyreadproctitle", DOTS],
        ["pyreadproctitle", "service", "errors:", DOTS],
        ["pyreadproctitle", "--", "-x", DOTS],
        ["pysetlock", "lock", "pyenvdir", "bin", "pyreadproctitle", "label", DOTS],
        ["pychain", "-c", f"pysetlock lock\npyreadproctitle label {DOTS}"],
    ],
    ids=" ".join,
)
def test_shows(shown, words):
    """The first three dots stay, and what comes is shifted in; NULs are left out."""
    shown(words, *PIECES)


def test_what_the_word_was(shown):
    """It is dots from the start, whatever it was."""
    shown(["pyreadproctitle", "a word"], (b"", b"......"), (b"xyz", b"...xyz"))


def test_under_a_supervisor(start, until):
    """Forked from another process it starts anew, and has arguments of its own."""
    chain = f"pysetlock lock pyreadproctitle label {DOTS}"
    process = start("pysupervise", "-l", chain, "sh", "-c", "echo text; exec sleep 1000")

    def there():
        found = Path("/proc").glob("[0-9]*/cmdline")
        return any(f"label\0{'.' * 15}text\n\0" in read(file) for file in found)

    until(there)
    process.terminate()
    assert process.communicate(timeout=DEADLINE) == (b"", b"")


def read(file):
    """The text of FILE; nothing if the process is gone."""
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


def test_after_a_change_of_the_account(shown, ordinary):
    """As another account it may not write to /proc before it starts anew."""
    if not ordinary:
        pytest.skip("needs root: only root may change its account")
    shown(["pysetuidgid", "nobody", "pyreadproctitle", "label", DOTS], *PIECES)


@pytest.mark.parametrize("words", [[], ["abcd"], [DOTS, ""], ["-x", DOTS]], ids=str)
def test_usage(run, words):
    """The last argument needs 5 bytes."""
    result = run("pyreadproctitle", *words)
    assert (result.returncode, result.stdout) == (100, b"")
    assert b"pyreadproctitle: usage: pyreadproctitle [label ...] dots\n" in result.stderr


@pytest.mark.parametrize("files", ["<&-", "0>file"])
def test_files_that_fail(run, files):
    """It says what it could not do, and ends with 111."""
    result = run("sh", "-c", f"exec pyreadproctitle {DOTS} {files}")
    assert (result.returncode, result.stdout) == (111, b"")
    said = b"pyreadproctitle: fatal: unable to read stdin: file descriptor not open\n"
    assert result.stderr == said
