"""logtail: the last lines of a log, and what is added."""

import os

import pytest

from pydaemontools.zdaemon import log_tail


class Enough(Exception):
    """So many looks."""


@pytest.fixture
def tail(tmp_path, monkeypatch):
    """What is shown of a log, with a deed between each two looks."""
    said = []
    monkeypatch.setattr(log_tail, "out", said.append)
    monkeypatch.setattr(os, "isatty", lambda _fd: False)

    def tail(*deeds, native=True):
        left = list(deeds)

        def nap(_seconds):
            if not left:
                raise Enough
            left.pop(0)()

        said.clear()
        with pytest.raises(Enough):
            log_tail.follow(str(tmp_path / "log"), native=native, nap=nap)
        return "".join(said)

    return tail


@pytest.fixture
def log(tmp_path):
    """The log."""
    return tmp_path / "log"


@pytest.mark.parametrize(
    ("text", "ours", "zdaemons"),
    [
        ("", "", ""),
        ("a", "a", ""),
        ("a\n", "a\n", ""),
        ("a\nb\n", "a\nb\n", "b\n"),
        ("a\nb", "a\nb", "b"),
        ("a\n" * 30, "a\n" * 10, "a\n" * 10),
        ("x" * 3000 + "\nb\n", "x" * 3000 + "\nb\n", "b\n"),
        ("a\n\nb\n", "a\n\nb\n", "\nb\n"),
    ],
)
def test_the_last_lines(log, tail, text, ours, zdaemons):
    """ZD-9. Kind: a short log whose first line is not shown, which zdaemon's is not."""
    log.write_text(text)
    assert tail() == ours
    assert tail(native=False) == zdaemons


def test_what_is_added(log, tail):
    """What comes is shown once, in whatever pieces."""
    log.write_text("a\n")

    def add():
        with log.open("a") as file:
            file.write("b\nc")

    assert tail(add, add) == "a\nb\ncb\nc"


def test_it_is_truncated(log, tail):
    """A log that is emptied is said to be."""
    log.write_text("abcdef\n")
    assert tail(lambda: log.write_text("b\n")) == "abcdef\n==> File truncated <==\nb\n"


def test_it_is_rotated(log, tail):
    """Kind: a log that is renamed, and another in its place, which nobody reads."""
    log.write_text("a\n")

    def rotate():
        log.rename(log.with_suffix(".1"))

    assert tail(rotate, lambda: log.write_text("b\n")) == "a\nb\n"
    log.unlink()
    log.write_text("a\n")
    assert tail(rotate, lambda: log.write_text("b\n"), native=False) == ""


def test_it_is_no_text(log, tail):
    """Kind: a log of bytes that are no text."""
    log.write_bytes(b"\xff\n\xfe")
    assert tail().encode("utf-8", "surrogateescape") == b"\xff\n\xfe"
