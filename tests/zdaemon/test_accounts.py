"""Managers of other accounts: root's with `user`, strangers' sockets, groups."""

import os
import signal
import socket
import sys

import pytest

from pydaemontools.zdaemon import client_waits
from pydaemontools.zdaemon.client_waits import FAILED, STARTED
from pydaemontools.zdaemon.line_protocol import Unanswered
from tests.conftest import wait_until

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who may become another account"),
]
NOBODY = 65534
SLEEP = "sleep 1000"


def accounts_of(pid):
    """The user, the group and the other groups of PID."""
    with open(f"/proc/{pid}/status") as status:
        fields = {line.split(":")[0]: line.split()[1:] for line in status}
    return int(fields["Uid"][0]), int(fields["Gid"][0]), [int(one) for one in fields["Groups"]]


def as_nobody(deed):
    """Do DEED in a child that is nobody; give whether it came to its end."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            deed()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(pid, 0)[1] == 0


@pytest.mark.parametrize("apart", [False, True])
def test_user(managers, apart):
    """Manager and program become the account, with its groups; so does what they make (2.0.6)."""
    managers.place.chmod(0o777)
    one = managers.runner(
        SLEEP,
        user="nobody",
        transcript=str(managers.place / "log"),
        directory=str(managers.place / "made"),
    )
    if apart:
        assert managers.start_apart(one).startswith("started ")
    else:
        assert managers.start(one).kind == STARTED
    accounts = [NOBODY]
    status = client_waits.status(one, accounts)
    for pid in (status.pid, status.manager):
        assert accounts_of(pid)[0] == NOBODY
        assert 0 not in accounts_of(pid)[2]
    for name in ("zdsock", "log", "made"):
        assert (managers.place / name).stat().st_uid == NOBODY
    assert os.readlink(f"/proc/{status.pid}/cwd") == str(managers.place / "made")
    assert client_waits.stop(one, accounts)
    managers.gone()


def test_directories_are_made_without_user(managers):
    """B-11. Kind: root makes directory and socket's directory, and no account is None."""
    one = managers.runner(
        SLEEP,
        directory=str(managers.place / "run"),
        socket_name=str(managers.place / "sockets/zdsock"),
    )
    assert managers.start(one).kind == STARTED
    assert (managers.place / "sockets").stat().st_mode & 0o777 == 0o755
    assert client_waits.stop(one)


def test_a_numeric_user_and_a_group(managers):
    """A user may be a number, and the group another than the account's."""
    managers.place.chmod(0o777)
    one = managers.runner(SLEEP, user=str(NOBODY), group="daemon")
    assert managers.start(one).kind == STARTED
    status = client_waits.status(one, [NOBODY])
    assert accounts_of(status.pid)[:2] == (NOBODY, 1)
    assert client_waits.stop(one, [NOBODY])


@pytest.mark.parametrize("user", ["no-such-account", "123456789"])
def test_an_account_that_is_not_there(managers, user):
    """Kind: what cannot be become is said, and nothing runs."""
    found = managers.start(managers.runner(SLEEP, user=user))
    assert found.kind == FAILED
    assert found.reason.startswith(f"unknown account {user}")
    wait_until(lambda: managers.left() == [])


def test_the_socket_of_a_stranger_in_a_sticky_directory(managers):
    """B-21. Kind: who may not remove another account's stale socket says so, and ends."""
    managers.place.chmod(0o1777)
    path = str(managers.place / "zdsock")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(path)
    managers.place.chmod(0o1777)
    os.chown(path, 1, 1)
    one = managers.runner(SLEEP, user="nobody")
    found = managers.start(one)
    assert found.kind == FAILED
    assert found.reason == f"unable to ask the manager at {path}: access denied: it is daemon's"
    wait_until(lambda: managers.left() == [])


def test_a_stranger_listens_there(managers):
    """B-21, B-22. Kind: a living socket of another account is named as that; nobody loops."""
    managers.place.chmod(0o1777)

    path = str(managers.place / "zdsock")
    ready, tell = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.setuid(1)
            server = socket.socket(socket.AF_UNIX)
            server.bind(path)
            os.chmod(path, 0o777)  # noqa: S103 - of a stranger
            server.listen(5)
            os.write(tell, b"x")
            signal.pause()
        finally:
            os._exit(0)
    try:
        os.read(ready, 1)
        one = managers.runner(SLEEP)
        with pytest.raises(Unanswered, match="it is another account's: daemon"):
            managers.start(one)
        wait_until(lambda: managers.left() == [])
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(ready)
        os.close(tell)


def test_a_stranger_has_the_state_directory(managers):
    """Kind: what another account made beside the socket is not used."""
    managers.place.chmod(0o1777)
    state = managers.place / "zdsock.d"
    state.mkdir(0o777)
    os.chown(state, 1, 1)
    found = managers.start(managers.runner(SLEEP, user="nobody"))
    assert found.kind == FAILED
    assert str(state) in found.reason
    wait_until(lambda: managers.left() == [])


def test_who_may_ask(managers):
    """Kind: root, the owner, and one named group may ask; nobody else, whatever the mode."""
    managers.place.chmod(0o755)
    one = managers.runner(SLEEP, socket_group="daemon")
    managers.start(one)
    path = managers.place / "zdsock"
    assert path.stat().st_mode & 0o777 == 0o770
    assert path.stat().st_gid == 1
    path.chmod(0o777)

    def ask(groups, gid):
        pid = os.fork()
        if not pid:
            code = 1
            try:
                os.setgroups(groups)
                os.setgid(gid)
                os.setuid(NOBODY)
                with socket.socket(socket.AF_UNIX) as peer:
                    peer.connect(str(path))
                    peer.send(b"status\n")
                    code = 0 if peer.recv(100).startswith(b"status=running") else 2
            finally:
                os._exit(code)
        return os.waitpid(pid, 0)[1] == 0

    assert not ask([], NOBODY)
    assert ask([1], NOBODY)
    assert ask([], 1)
    assert managers.status(one).up
    managers.stop(one)


def test_a_user_who_is_not_root_becomes_nobody_else(managers):
    """Only root changes users; who is that account already does nothing (3.0.1)."""
    managers.place.chmod(0o777)
    words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    probe = managers.client(managers.runner(SLEEP, user="daemon"), before=words)
    said = probe.communicate(timeout=60)[0]
    if probe.returncode:
        pytest.skip("needs a Python that everybody may run")
    assert "only root can become daemon" in said
    one = managers.runner(SLEEP, user="nobody")
    with managers.client(one, before=words) as same:
        assert same.communicate(timeout=60)[0].startswith("started ")
    assert client_waits.stop(one, [NOBODY])
    wait_until(lambda: managers.left() == [])


def test_python_that_only_root_may_read(managers):
    """Kind: what the account cannot read is loaded before it is become."""
    managers.place.chmod(0o777)
    one = managers.runner(
        ["sh", "-c", "echo words; exec sleep 1000"], user="nobody", transcript="log"
    )
    assert managers.start(one).kind == STARTED
    log = managers.place / "log"
    wait_until(lambda: log.exists() and log.read_text() == "words\n")
    before = client_waits.status(one, [NOBODY]).pid
    assert client_waits.restart(one, [NOBODY]).pid != before
    assert client_waits.stop(one, [NOBODY])
    managers.gone()
    assert sys.executable
