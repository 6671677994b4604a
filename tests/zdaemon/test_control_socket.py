"""The socket of a manager, as a socket: how it is made, and who may ask there."""

import os
import socket
from contextlib import closing

import pytest

from pydaemontools.base.reach import Unsafe
from pydaemontools.jobs.loop import Inbox, Loop
from pydaemontools.zdaemon import control_socket
from pydaemontools.zdaemon.control_socket import ControlSocket, _listen
from pydaemontools.zdaemon.line_protocol import CREDENTIALS


class Peer:
    """A peer of an account, of whom the kernel tells the GROUPS, or nothing."""

    def __init__(self, uid, gid, groups=None):
        self.uid, self.gid, self.groups = uid, gid, groups

    def getsockopt(self, _level, option, _size):
        """What the kernel tells of it."""
        if option == socket.SO_PEERCRED:
            return CREDENTIALS.pack(1, self.uid, self.gid)
        if self.groups is None:
            raise OSError(92, "")
        return b"".join(one.to_bytes(4, "little") for one in self.groups)


@pytest.fixture(params=[True, False])
def proc(request, monkeypatch):
    """With /proc, and without."""
    if not request.param:
        monkeypatch.setattr(control_socket, "is_shown", lambda: False)
    return request.param


def path_of(tmp_path, name="zdsock"):
    """The path of NAME, as bytes."""
    return os.fsencode(tmp_path / name)


@pytest.mark.usefixtures("proc")
def test_it_is_made_with_its_mode(tmp_path, monkeypatch):
    """2.3. Mode 0700 before anybody can see it; nothing else stays; relative paths too."""
    with closing(_listen(path_of(tmp_path), None)):
        assert [path.name for path in tmp_path.iterdir()] == ["zdsock"]
        assert (tmp_path / "zdsock").stat().st_mode & 0o777 == 0o700
    monkeypatch.chdir(tmp_path)
    with closing(_listen(b"here", os.getegid())):
        assert (tmp_path / "here").stat().st_mode & 0o777 == 0o770


@pytest.mark.usefixtures("proc")
def test_one_that_lives_is_never_taken(tmp_path):
    """B-21. Kind: a socket that somebody listens at is left alone, whoever that is."""
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path_of(tmp_path))
        other.listen(1)
        before = os.stat(path_of(tmp_path)).st_ino
        with pytest.raises(BlockingIOError):
            _listen(path_of(tmp_path), None)
        assert os.stat(path_of(tmp_path)).st_ino == before
    assert [path.name for path in tmp_path.iterdir()] == ["zdsock"]


@pytest.mark.usefixtures("proc")
def test_one_that_is_stale_is_replaced(tmp_path):
    """B-21. Kind: one that nobody listens at is, at once."""
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path_of(tmp_path))
    with closing(_listen(path_of(tmp_path), None)), socket.socket(socket.AF_UNIX) as peer:
        peer.connect(path_of(tmp_path))


@pytest.mark.parametrize("name", ["zdsock", "s" * 200])
def test_a_path_that_is_too_long_for_an_address(tmp_path, name):
    """Kind: a socket far down a tree, or with a long name, can be listened at, and asked."""
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    with closing(_listen(path_of(deep, name), None)):
        assert (deep / name).is_socket()
        # Somebody listens there.
        with pytest.raises(BlockingIOError):
            _listen(path_of(deep, name), None)


@pytest.mark.usefixtures("proc")
def test_where_it_cannot_be(tmp_path):
    """Kind: no such directory; a directory, or a file that somebody may want, in its place."""
    with pytest.raises(FileNotFoundError):
        _listen(path_of(tmp_path, "no/zdsock"), None)
    (tmp_path / "zdsock").mkdir()
    (tmp_path / "kept").write_text("kept")
    for name in ("zdsock", "kept"):
        with pytest.raises(Unsafe, match="no socket"):
            _listen(path_of(tmp_path, name), None)
    assert (tmp_path / "kept").read_text() == "kept"


@pytest.mark.parametrize("groups", [None, [], [7, 8]])
def test_who_may_ask(groups):
    """Root and the owner always; members of the group, also where the kernel tells of one only."""
    one = ControlSocket.__new__(ControlSocket)
    one._group = 8
    me = os.geteuid()
    assert one._may_ask(Peer(0, 1, groups))
    assert one._may_ask(Peer(me, 1, groups))
    assert one._may_ask(Peer(me + 1, 8, groups))
    assert one._may_ask(Peer(me + 1, 1, groups)) == (groups == [7, 8])
    one._group = None
    assert not one._may_ask(Peer(me + 1, 8, groups))


def test_it_is_made_again_and_closed(tmp_path):
    """Kind: what is closed removes its own socket, and never another's."""
    loop = Loop(Inbox())
    one = ControlSocket(loop, path_of(tmp_path), lambda _client, _line: None)
    assert one.stands()
    os.unlink(path_of(tmp_path))
    assert not one.stands()
    one.renew()
    assert one.stands()
    os.unlink(path_of(tmp_path))
    with closing(_listen(path_of(tmp_path), None)):
        one.close()
        assert (tmp_path / "zdsock").is_socket()
