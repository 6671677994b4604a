"""What the tests of this room share: an input of each kind."""

import os
import pty
import socket
import termios
import tty

import pytest

from pydaemontools.log.pipe import source as blocks
from pydaemontools.log.pipe.source import PipeSource
from tests.log.conftest import write_all


@pytest.fixture(params=["pipe", "pipe without tee", "socket", "file", "tty"])
def both(request, source, monkeypatch, place):
    """A source of each kind, what writes to it, and what ends it."""
    kind = request.param
    if kind == "pipe without tee":
        monkeypatch.setattr(blocks, "find_tee", lambda: None)
    with_tee = kind == "pipe"
    ends = list(MAKE[kind](place))
    made = source(ends[0])
    assert isinstance(made, PipeSource) is with_tee
    yield made, lambda data: write_all(ends[1], data), lambda: os.close(ends.pop())
    for end in ends:
        os.close(end)


def a_socket(_):
    """The two ends of a stream socket."""
    return [end.detach() for end in socket.socketpair()]


def a_file(place):
    """A file, open twice."""
    path = place / "file"
    path.touch()
    return os.open(path, os.O_RDONLY), os.open(path, os.O_WRONLY | os.O_APPEND)


def a_tty(_):
    """A terminal that passes every byte on, and what is typed at it."""
    typed, terminal = pty.openpty()
    tty.setraw(terminal, termios.TCSANOW)
    return terminal, typed


MAKE = {
    "pipe": lambda _: os.pipe(),
    "pipe without tee": lambda _: os.pipe(),
    "socket": a_socket,
    "file": a_file,
    "tty": a_tty,
}
