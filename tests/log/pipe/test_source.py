"""Sources of bytes: what is looked at stays until it is taken, and nothing is lost between."""

import ctypes
import errno
import fcntl
import os
import subprocess
import sys
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.base import libc
from pydaemontools.log.pipe import source as blocks
from pydaemontools.log.pipe.source import PipeSource, Source, find_tee, pipe_like
from tests.log.conftest import capacity, opened, patient, wait_until, write_all


def absent(name):
    """A C library that has no function called NAME."""
    raise OSError(errno.ENOENT, "", name)


def refusing(number):
    """A C library whose functions fail with the errno NUMBER."""

    def refuse(*_):
        ctypes.set_errno(number)
        return -1

    return lambda _: refuse


LIBRARY = {
    "there is no tee": absent,
    "the kernel has none": refusing(errno.ENOSYS),
    "a sandbox forbids it": refusing(errno.EPERM),
}


def test_look_does_not_take(both):
    """What was looked at is there again at the next look."""
    made, write, _ = both
    write(b"one\n")
    wait_until(lambda: made.look() == b"one\n")
    assert made.look() == b"one\n"


@pytest.mark.parametrize("both", ["pipe", "pipe without tee", "socket", "tty"], indirect=True)
def test_a_look_shows_what_came_since(both):
    """What came since the last look is there at the next, behind what was not taken."""
    made, write, _ = both
    write(b"one\n")
    wait_until(lambda: made.look() == b"one\n")
    write(b"two")
    wait_until(lambda: made.look() == b"one\ntwo")


def test_take_takes_exactly(both):
    """Take consumes as many bytes as it was told, from the front."""
    made, write, _ = both
    write(b"0123456789")
    wait_until(lambda: made.look() == b"0123456789")
    for count, rest in (0, b"0123456789"), (1, b"123456789"), (7, b"89"), (2, b""):
        made.take(count)
        assert made.look() == rest


BYTES = bytes(range(251)) * 300


@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 30000)), max_size=30))
@patient
@pytest.mark.parametrize("tee", [True, False], ids=["tee", "no tee"])
def test_any_order_of_writes_and_takes(steps, tee):
    """Whatever is written and taken in whatever order: each look shows just what is left."""
    with pytest.MonkeyPatch.context() as patch, contextmanager(opened)() as give:
        if not tee:
            patch.setattr(blocks, "find_tee", lambda: None)
        out, into = os.pipe()
        made, left = give(out), b""
        for writes, some in steps:
            if writes:
                new = BYTES[some % 251 :][: min(some, capacity(into) // 2 - len(left))]
                write_all(into, new)
                left += new
            else:
                made.look()
                made.take(min(some, len(left)))
                left = left[some:]
            assert made.look() == left
        os.close(out)
        os.close(into)


LOOKER = """
import sys
from pydaemontools.log.pipe.source import open_source
source = open_source(0)
block = source.look()
print(len(block), flush=True)
source.take(int(sys.argv[1]))
print("taken", flush=True)
sys.stdin.close()
__import__("signal").pause()
"""


@pytest.mark.process
@pytest.mark.parametrize("taken", [0, 5], ids=["nothing taken", "a line taken"])
def test_kill_leaves_what_was_not_taken(pipe, taken):
    """Whoever is killed between look and take leaves in the pipe what it did not take."""
    write_all(pipe[1], b"line\nline\nline")
    command = [sys.executable, "-c", LOOKER, str(taken)]
    with subprocess.Popen(command, stdin=pipe[0], stdout=subprocess.PIPE) as looker:
        assert looker.stdout.readline() == b"14\n"
        assert looker.stdout.readline() == b"taken\n"
        looker.kill()
    pipe.end()
    assert os.read(pipe[0], 100) == b"line\nline\nline"[taken:]


@pytest.mark.parametrize("library", LIBRARY.values(), ids=LIBRARY)
def test_where_there_is_no_tee(library, monkeypatch, pipe, source):
    """Where the C library, the kernel or a sandbox has no tee, a pipe is plainly read."""
    monkeypatch.setattr(libc, "function", library)
    assert find_tee() is None
    write_all(pipe[1], b"line\n")
    made = source(pipe[0])
    assert type(made) is Source
    assert made.look() == b"line\n"
    assert fcntl.ioctl(pipe[0], 0x541B, b"\0\0\0\0") == b"\0\0\0\0"


def test_where_there_is_no_ctypes(monkeypatch):
    """A Python without ctypes has no tee."""
    monkeypatch.setitem(sys.modules, "_ctypes", None)
    assert find_tee() is None


def test_tee_tells_what_goes_wrong(pipe):
    """What tee cannot do is an OSError with the system's number."""
    other = os.pipe()
    with pytest.raises(BlockingIOError):
        find_tee()(pipe[0], other[1], 1)
    for fd in other:
        os.close(fd)


def test_the_copy_has_as_much_room(pipe):
    """The pipe for the copy holds at least what stdin holds."""
    copy = pipe_like(pipe[0])
    assert capacity(copy[1]) >= capacity(pipe[1])
    for fd in copy:
        os.close(fd)


def test_without_room_for_a_copy(monkeypatch, pipe, source):
    """Who may not have so big a pipe for the copy reads plainly: a small copy hides lines."""
    monkeypatch.setattr(blocks, "fcntl", unable_to_enlarge(fcntl.fcntl))
    write_all(pipe[1], b"x" * 3000)
    made = source(pipe[0])
    assert type(made) is Source
    assert made.look() == b"x" * 3000


def unable_to_enlarge(real):
    """An fcntl that enlarges no pipe, and finds the second one that it meets small."""
    seen = []

    def fake(fd, command, *rest):
        if command == blocks.F_SETPIPE_SZ:
            raise PermissionError(errno.EPERM, "")
        seen.append(fd)
        return real(fd, command, *rest) if fd == seen[0] else 4096

    return fake


def test_without_limits_file(monkeypatch, pipe, source):
    """Where /proc does not tell how big a pipe may be, the pipes stay as they are."""
    monkeypatch.setattr(blocks, "open", lambda *_: os.open("/nowhere", 0), raising=False)
    before = capacity(pipe[1])
    assert isinstance(source(pipe[0]), PipeSource)
    assert capacity(pipe[1]) == before


def test_many_small_buffers_are_seen_whole(pipe, source):
    """A line in many buffers of one byte each, as splice(2) makes them, is seen to its end."""
    made = source(pipe[0])
    other, feed = os.pipe()
    for byte in b"a line in pieces\n":
        os.write(feed, bytes([byte]))
        os.splice(other, pipe[1], 1)
    assert made.look() == b"a line in pieces\n"
    made.take(7)
    assert made.look() == b"in pieces\n"
    os.close(other)
    os.close(feed)


def test_no_more_than_a_block_is_held(source, pipe, monkeypatch):
    """Where there is no tee, no more is read before what is held was taken."""
    monkeypatch.setattr(blocks, "find_tee", lambda: None)
    monkeypatch.setattr(blocks, "BLOCK", 8)
    made = source(pipe[0])
    write_all(pipe[1], b"0123456789abcdef")
    assert made.look() == made.look() == b"01234567"
    made.take(4)
    assert made.look() == b"456789abcdef"


def test_what_cannot_be_read(source, place):
    """What cannot be read is an OSError at the first look."""
    fd = os.open(place, os.O_RDONLY)
    with pytest.raises(IsADirectoryError):
        source(fd).look()
    os.close(fd)


def test_look_when_somebody_else_was_faster(pipe, source, monkeypatch):
    """When another process takes what is there before it can be copied, there is nothing."""
    made = source(pipe[0])
    write_all(pipe[1], b"line\n")

    def tee(*words):
        os.read(pipe[0], 5)
        return find_tee()(*words)

    monkeypatch.setattr(made, "_tee", tee)
    assert made.look() == b""
    assert not made.ended


def test_the_wrong_end_of_a_pipe(pipe, source):
    """The end of a pipe that is there for writing cannot be read, and that is an error."""
    with pytest.raises(OSError) as error:  # noqa: PT011 - the number is compared below
        source(pipe[1])
    assert error.value.errno == errno.EBADF


def test_take_ends_when_somebody_else_read(pipe, source):
    """When another process took what we looked at, take does not go on for ever."""
    made = source(pipe[0])
    write_all(pipe[1], b"line\n")
    assert made.look() == b"line\n"
    assert os.read(pipe[0], 3) == b"lin"
    pipe.end()
    made.take(5)
    assert made.look() == b""
