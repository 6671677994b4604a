"""sd_notify and s6's notification fd, from the side of the program."""

import os
import socket
import sys
import threading

import pytest

from pydaemontools.base import sd_notify
from tests.supervise.conftest import serve, supervise

__all__ = ["serve", "supervise"]

SERVICE = f"""#!{sys.executable}
import os, signal, sys, time
import pydaemontools.adapters as log
log.install()
log.notify.status("loading")
open("../go").close()
log.notify.ready("at work", fd=READY)
while True:
    pause = log.notify.watchdog()
    if os.path.exists("../hang") and pause is not None:
        signal.pause()
    time.sleep(min(pause or 0.01, 0.01))
"""


@pytest.fixture(params=["path", "abstract"])
def listener(request, tmp_path, monkeypatch):
    """A socket that NOTIFY_SOCKET names; reads what has come."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        if request.param == "path":
            server.bind(str(tmp_path / "notify"))
            name = str(tmp_path / "notify")
        else:
            server.bind(b"")
            name = "@" + server.getsockname()[1:].decode()
        server.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield lambda: server.recv(4096).decode()


class Mean:
    """Says nothing of itself."""

    def __str__(self):
        raise RuntimeError


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    """No sign of life has been given, and nobody asks for one."""
    monkeypatch.setattr(sd_notify, "_due", 0.0)
    for name in "WATCHDOG_USEC", "WATCHDOG_PID", "NOTIFICATION_FD":
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("call", "args", "sent"),
    [
        ("ready", (), "READY=1"),
        ("ready", ("at work",), "READY=1\nSTATUS=at work"),
        ("status", ("7 of 9",), "STATUS=7 of 9"),
        ("status", ("one\nREADY=1",), "STATUS=one READY=1"),
        ("status", ("half \ud800",), "STATUS=half ?"),
        ("ready", ("half \ud800",), "READY=1\nSTATUS=half ?"),
        ("status", (None,), "STATUS=None"),
        ("status", (b"7 of\n9",), "STATUS=7 of 9"),
        ("status", (Mean(),), "STATUS=<Mean>"),
        ("stopping", (), "STOPPING=1"),
    ],
)
def test_what_is_said(listener, call, args, sent):
    """One message a call; no text becomes another assignment."""
    assert getattr(sd_notify, call)(*args) is True
    assert listener() == sent


def test_a_text_that_was_bytes_is_bytes(listener):
    """What os.fsdecode() made of a file name; half of a character beside it is another matter."""
    sd_notify.status("caf\udce9")
    with pytest.raises(UnicodeDecodeError, match="0xe9"):
        listener()


def test_where_nobody_reads_nobody_waits_for_long(listener, monkeypatch):
    """A status and a sign of life not at all; what is said once, until PATIENCE is over."""
    monkeypatch.setattr(sd_notify, "PATIENCE", 0.01)
    monkeypatch.setenv("WATCHDOG_USEC", "1000000")
    while sd_notify.status("more"):
        pass
    said = [sd_notify.ready(), sd_notify.stopping(), sd_notify.reloading(), sd_notify.status("x")]
    assert said == [False] * 4
    # The next look tries again.
    assert sd_notify.watchdog() == 0
    assert listener() == "STATUS=more"
    while sd_notify.watchdog() == 0:
        listener()


def test_who_reads_late_is_waited_for(listener, until):
    """What is said once arrives when there is room."""
    while sd_notify.status("more"):
        pass
    told = []
    thread = threading.Thread(target=lambda: told.append(sd_notify.ready()))
    thread.start()
    until(lambda: listener() != "" and told)
    thread.join()
    assert told == [True]


def test_reloading_says_when(listener):
    """Systemd wants the time of its monotonic clock."""
    assert sd_notify.reloading()
    first, second = listener().split("\n")
    assert first == "RELOADING=1"
    assert second.removeprefix("MONOTONIC_USEC=").isdecimal()


@pytest.mark.parametrize("name", ["", "relative", "/nonexistent/socket", "@nobody-here", "/" * 200])
def test_where_nobody_listens_nothing_happens(monkeypatch, name):
    """And each call says so."""
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    assert not any(
        [sd_notify.ready(), sd_notify.status("x"), sd_notify.stopping(), sd_notify.reloading()]
    )
    monkeypatch.delenv("NOTIFY_SOCKET")
    assert sd_notify.ready() is False
    assert sd_notify.watchdog() is None


def test_a_sign_of_life_is_given_twice_in_each_interval(listener, monkeypatch):
    """However often it is asked for."""
    now = [100.0]
    monkeypatch.setattr(sd_notify.time, "monotonic", lambda: now[0])
    monkeypatch.setenv("WATCHDOG_USEC", "2000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert sd_notify.interval() == 2.0
    for moment, left, sent in ((100.0, 1.0, True), (100.75, 0.25, False), (101.0, 1.0, True)):
        now[0] = moment
        assert sd_notify.watchdog() == left
        if sent:
            assert listener() == "WATCHDOG=1"
        with pytest.raises(BlockingIOError):
            listener()


@pytest.mark.parametrize(
    ("usec", "pid"),
    [("", ""), ("0x", ""), ("1000000", "1"), ("-5", ""), ("²", ""), ("9" * 400, "")],
)
def test_a_watchdog_for_somebody_else_is_not_ours(monkeypatch, usec, pid):
    """A child inherits the variables."""
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.setenv("WATCHDOG_PID", pid)
    assert sd_notify.interval() is None
    assert sd_notify.watchdog() is None


@pytest.mark.parametrize("how", ["argument", "variable"])
def test_the_notification_fd_gets_a_newline_and_is_closed(monkeypatch, how):
    """By the same call, once."""
    ours, theirs = os.pipe()
    if how == "variable":
        monkeypatch.setenv("NOTIFICATION_FD", str(theirs))
    try:
        assert sd_notify.ready(fd=theirs if how == "argument" else None) is True
        assert os.read(ours, 10) == b"\n"
        assert os.read(ours, 10) == b""
        assert sd_notify.ready() is False
    finally:
        os.close(ours)


@pytest.mark.parametrize("value", ["x", "", "2", "-1", "99999", "9" * 15, "9" * 5000])
def test_a_number_that_is_no_such_fd_does_no_harm(monkeypatch, value):
    """Stderr is none: it would be closed."""
    monkeypatch.setenv("NOTIFICATION_FD", value)
    assert sd_notify.ready() is False
    os.fstat(2)


@pytest.mark.parametrize("way", ["notify", "notification-fd"])
def test_pysupervise_hears_it(serve, place, way):
    """Ready when the program says so, in both ways; the status is there too."""
    os.mkfifo(place / "go")
    if way == "notify":
        kept = serve({"run": SERVICE.replace("READY", "None"), "ready": "notify\n"})
        kept.is_(ready="0", text="loading")
    else:
        kept = serve({"run": SERVICE.replace("READY", "7"), "notification-fd": "7\n"})
        kept.is_(ready="0")
    (place / "go").write_text("")
    kept.is_(ready="1")


def test_pysupervise_sees_its_signs_of_life(serve, place):
    """A program that gives them stays, and one that gives none is started again."""
    files = {"run": SERVICE.replace("READY", "None"), "ready": "notify\n", "watchdog": "1\n"}
    (place / "go").touch()
    kept = serve(files)
    kept.is_(ready="1", text="at work")
    pid = kept.pid()
    (place / "hang").touch()
    assert "watchdog" in kept.history()[0]
    assert kept.up(other_than=pid)
