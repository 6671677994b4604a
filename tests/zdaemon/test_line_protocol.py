"""What a client hears of a manager, or of what pretends to be one."""

import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from pydaemontools.zdaemon import line_protocol
from pydaemontools.zdaemon.line_protocol import ManagerStatus, NotRunning, Unanswered, ask, status

OLD = (
    "status=running\nnow=1.5\nshould_be_up=1\ndelay=0\nbackoff=0\nlasttime=1.0\napplication=12\n"
    "testing=1\nmanager=11\nbackofflimit=10\nfilename='/bin/sleep'\n"
    "args=['sleep', '1 0', \"it's\"]\n"
)


@contextmanager
def listening(path, answer):
    """A socket at PATH where ANSWER deals with each connection."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen(5)

    def serve():
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            with peer:
                try:
                    answer(peer)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(10)


def test_status_is_read_as_5_2_1_writes_it():
    """ZD-39. The reply of an old manager is understood, its words among it."""
    found = ManagerStatus(OLD)
    assert (found.up, found.pid, found.should_be_up, found.testing) == (True, 12, True, True)
    assert found.manager == 11
    assert found.args == ("sleep", "1 0", "it's")


def test_status_of_2_0_has_a_mood():
    """2.0.x says mood where later ones say should_be_up."""
    assert ManagerStatus("application=0\nmood=-1\n").should_be_up is False
    assert ManagerStatus("application=0\nmood=1\n").should_be_up is True


@pytest.mark.parametrize(
    "args",
    [
        "__import__('os').system('touch hostile')",
        "[x for x in ().__class__.__base__.__subclasses__()]",
        "[1, 2]",
        "(" * 10_000,
        "['a'" * 1000,
        "-" * 100_000 + "1",
        "'a' * 10**9",
    ],
)
def test_nothing_that_a_socket_says_is_evaluated(args, tmp_path, monkeypatch):
    """B-22. Kind: text of a hostile socket is taken for a program."""
    monkeypatch.chdir(tmp_path)
    assert ManagerStatus(f"application=3\nargs={args}\n").args is None
    assert not (tmp_path / "hostile").exists()


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "1e3", "٣", "", "0x10"])
def test_numbers_that_are_none(number):
    """Kind: what a hostile socket says to be a number."""
    assert ManagerStatus(f"application={number}\nshould_be_up={number}\n").pid == 0


def test_no_socket(tmp_path):
    """Where nothing is, there is no manager."""
    with pytest.raises(NotRunning) as caught:
        ask(str(tmp_path / "zdsock"), "status")
    assert not caught.value.stale
    assert not status(str(tmp_path / "nowhere" / "zdsock")).up


def test_a_stale_socket(tmp_path):
    """What a manager that was killed left is no manager, and known to be stale."""
    path = tmp_path / "zdsock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with pytest.raises(NotRunning) as caught:
        ask(str(path), "status")
    assert caught.value.stale


def test_a_file_in_its_place(tmp_path):
    """Kind: a path that is no socket gives its reason, or counts as none."""
    path = tmp_path / "zdsock"
    path.write_text("")
    with pytest.raises(NotRunning):
        ask(str(path), "status")


def test_a_path_that_is_too_long_for_an_address(tmp_path):
    """Kind: a socket far down a tree."""
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    here = os.getcwd()
    os.chdir(deep)
    try:
        with listening("zdsock", lambda peer: peer.sendall(peer.recv(100))):
            assert ask(str(deep / "zdsock"), "status") == "status\n"
    finally:
        os.chdir(here)


def test_a_socket_that_says_nothing(tmp_path):
    """Kind: a hostile socket that accepts and is silent."""
    wait = threading.Event()
    with listening(tmp_path / "zdsock", lambda _peer: wait.wait(20)):
        with pytest.raises(Unanswered, match="it says nothing for"):
            ask(str(tmp_path / "zdsock"), "status", 0.1)
        wait.set()


def test_a_socket_that_says_a_byte_at_a_time(tmp_path):
    """Kind: a hostile socket that keeps a client for ever by little things."""
    stop = threading.Event()

    def drip(peer):
        while not stop.wait(0.02):
            peer.sendall(b"x")

    with listening(tmp_path / "zdsock", drip):
        with pytest.raises(Unanswered, match="it says nothing for"):
            ask(str(tmp_path / "zdsock"), "status", 0.2)
        stop.set()


def test_a_socket_that_never_ends(tmp_path):
    """Kind: a hostile socket that fills the memory of its client."""

    def flood(peer):
        while True:
            peer.sendall(b"x" * 65536)

    with listening(tmp_path / "zdsock", flood), pytest.raises(Unanswered, match="longer than"):
        ask(str(tmp_path / "zdsock"), "status")


def test_a_socket_that_hangs_up(tmp_path):
    """A manager that ends while it is asked gives an empty reply."""
    with listening(tmp_path / "zdsock", lambda _peer: None):
        assert ask(str(tmp_path / "zdsock"), "status") == ""


def test_the_socket_of_another_account(tmp_path, monkeypatch):
    """B-21. Kind: another account's socket is named as that, and nothing is said to it."""
    heard = []
    monkeypatch.setattr(line_protocol, "owner", lambda _peer: (4242, 4242))
    with listening(tmp_path / "zdsock", lambda peer: heard.append(peer.recv(100))):
        with pytest.raises(Unanswered, match="it is another account's: uid 4242"):
            ask(str(tmp_path / "zdsock"), "status")
        assert ask(str(tmp_path / "zdsock"), "status", accounts=[4242]) == ""
    assert heard == [b"", b"status\n"]


CLOSED = """
import signal, sys
from pydaemontools.zdaemon import line_protocol
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
line_protocol._check = lambda peer, *_: peer.recv(1)
print(repr(line_protocol.ask(sys.argv[1], "stop")))
"""


@pytest.mark.process
def test_a_manager_that_ends_just_before_it_is_asked(place):
    """Kind: a client was killed by SIGPIPE when the other side had gone already."""
    with listening(place / "socket", lambda _: None):
        words = [sys.executable, "-c", CLOSED, place / "socket"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "''\n")
