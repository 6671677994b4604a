"""Files in a directory that others may write to: what must not be used is not, and nobody waits."""

import errno
import os

import pytest

from pydaemontools.base import shared_dir
from pydaemontools.base.reach import Unsafe

PRIVATE = b"of root alone\n"
MODES = {0o077: 0o644, 0o000: 0o600, 0o022: 0o640}


@pytest.fixture
def shared(tmp_path):
    """A directory, open, and beside it a file that is nobody's business."""
    (tmp_path / "secret").write_bytes(PRIVATE)
    (tmp_path / "secret").chmod(0o600)
    (tmp_path / "d").mkdir()
    fd = os.open(tmp_path / "d", os.O_RDONLY)
    yield fd, tmp_path / "d"
    os.close(fd)
    assert (tmp_path / "secret").read_bytes() == PRIVATE
    assert sorted(os.listdir(tmp_path)) == ["d", "secret"]


def device(path):
    """Have a file without end at PATH."""
    if os.geteuid():
        pytest.skip("needs root: a device")
    os.mknod(path, 0o666 | 0o020000, os.makedev(1, 5))


THINGS = {
    "a link to a file of ours": lambda path: path.symlink_to("../secret"),
    "a link to where nothing is": lambda path: path.symlink_to("../made"),
    "another name of a file of ours": lambda path: path.hardlink_to(path.parent.parent / "secret"),
    "a fifo": os.mkfifo,
    "a device": device,
    "a directory": lambda path: path.mkdir(),
}
things = pytest.mark.parametrize("thing", THINGS.values(), ids=THINGS)


@things
@pytest.mark.parametrize("flags", [os.O_RDWR, os.O_WRONLY | os.O_CREAT, os.O_RDWR | os.O_APPEND])
def test_nothing_of_it_is_opened_to_write(shared, thing, flags):
    """Kind: chosen content in a file of ours, by a name in a directory of others."""
    fd, path = shared
    thing(path / "f")
    with pytest.raises(Unsafe):
        shared_dir.open_file(b"f", flags, fd, mode=0o600)


@things
def test_nothing_of_it_is_read(shared, thing):
    """Kind: a file of ours is disclosed, or read without end, or waited for."""
    fd, path = shared
    thing(path / "f")
    try:
        assert shared_dir.read_file(b"f", 10, fd) == b""
    except Unsafe:
        return
    assert thing is os.mkfifo


@things
@pytest.mark.parametrize("name", ["f", "f.new"])
def test_it_is_replaced(shared, thing, name):
    """What stands at the name, or at that of the file that is made first, is not written to."""
    fd, path = shared
    thing(path / name)
    try:
        os.close(shared_dir.replace(b"f", b"new\n", fd, mode=0o644))
    except IsADirectoryError:
        assert (path / name).is_dir()
        return
    assert (path / "f").read_bytes() == b"new\n"
    assert not (path / "f").is_symlink()
    assert not (path / "f.new").exists()


@pytest.mark.parametrize(("mask", "mode"), MODES.items())
def test_modes_are_so_whatever_the_umask(shared, mask, mode):
    """Kind: a umask takes away what the pages promise, or gives more."""
    fd, path = shared
    before = os.umask(mask)
    try:
        os.close(shared_dir.replace(b"f", b"", fd, mode=mode))
        os.close(shared_dir.open_file(b"g", os.O_RDWR | os.O_CREAT, fd, mode=mode))
        os.close(shared_dir.make_fifo(b"h", os.O_RDWR, fd, mode))
    finally:
        os.umask(before)
    assert [path.joinpath(name).stat().st_mode & 0o7777 for name in "fgh"] == 3 * [mode]


def test_as_much_is_read_as_it_may_hold(shared):
    """Kind: reading without bound."""
    fd, path = shared
    (path / "f").write_bytes(b"0123456789")
    assert shared_dir.read_file(b"f", 10, fd) == b"0123456789"
    with pytest.raises(Unsafe, match="more than 9 bytes"):
        shared_dir.read_file(b"f", 9, fd)
    os.truncate(path / "f", 5 << 30)
    with pytest.raises(Unsafe, match="more than 1000 bytes"):
        shared_dir.read_file(b"f", 1000, fd)


def test_what_everybody_may_read_may_have_another_name(shared):
    """A backup of hard links is no secret."""
    fd, path = shared
    (path / "f").write_bytes(b"text")
    (path / "f").chmod(0o644)
    (path / "g").hardlink_to(path / "f")
    assert shared_dir.read_file(b"f", 10, fd) == b"text"


def test_a_link_of_ours_is_followed_where_that_is_asked(shared):
    """Configuration is often linked from elsewhere."""
    fd, path = shared
    (path / "real").write_bytes(b"text")
    (path / "f").symlink_to("real")
    assert shared_dir.read_file(b"f", 10, fd, follow=True) == b"text"
    with pytest.raises(Unsafe, match="a symbolic link"):
        shared_dir.read_file(b"f", 10, fd)


@pytest.mark.needs_root
def test_a_link_of_another_account_is_not(shared):
    """Kind: a file that root alone may read is read for somebody else."""
    fd, path = shared
    (path / "f").symlink_to("../secret")
    os.lchown(path / "f", 65534, 65534)
    with pytest.raises(Unsafe, match="of another account"):
        shared_dir.read_file(b"f", 100, fd, follow=True)
    (path / "g").symlink_to("..")
    os.lchown(path / "g", 65534, 65534)
    with pytest.raises(Unsafe, match="of another account"):
        shared_dir.open_directory(b"g", fd)


def test_a_link_of_ours_to_a_directory(shared):
    """Supervise -> /run/x, as packages have it."""
    fd, path = shared
    (path / "real").mkdir()
    (path / "g").symlink_to("real")
    made = shared_dir.open_directory(b"g", fd)
    assert os.fstat(made).st_ino == (path / "real").stat().st_ino
    os.close(made)
    (path / "f").write_text("")
    with pytest.raises(NotADirectoryError):
        shared_dir.open_directory(b"f", fd)


@things
def test_a_fifo_is_a_fifo(shared, thing):
    """To tell somebody through it, or to hear there."""
    fd, path = shared
    thing(path / "f")
    if thing is os.mkfifo:
        with pytest.raises(OSError) as caught:  # noqa: PT011 - by its number
            shared_dir.open_fifo(b"f", fd)
        assert caught.value.errno == errno.ENXIO
    else:
        with pytest.raises(Unsafe):
            shared_dir.open_fifo(b"f", fd)
    try:
        made = shared_dir.make_fifo(b"f", os.O_RDWR, fd, 0o600)
    except IsADirectoryError:
        return
    os.close(made)
    assert (path / "f").is_fifo()
