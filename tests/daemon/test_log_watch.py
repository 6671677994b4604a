"""Looking for something in a log: however it comes there, and by an event."""

import os
import re
import select
import threading
import time

import pytest

from pydaemontools.daemon import log_watch
from pydaemontools.daemon.conditions import Condition, Listens, Logged
from pydaemontools.daemon.log_watch import LogWatch


@pytest.fixture
def watch(tmp_path):
    """Watch the file `log`, which holds `ready` already: what was there before does not count."""
    (tmp_path / "log").write_text("ready\n")
    made = []

    def watch(look_for="ready", name="log"):
        made.append(LogWatch(str(tmp_path / name), look_for))
        return made[-1]

    yield watch
    for one in made:
        one.close()


def add(path, text):
    """Append TEXT to PATH."""
    with path.open("a") as file:
        file.write(text)


def test_what_was_there_before_does_not_count(watch, tmp_path):
    """SV-7: only what is written from now on."""
    seen = watch()
    assert not seen.look()
    add(tmp_path / "log", "more\n")
    assert not seen.look()
    add(tmp_path / "log", "ready\n")
    assert seen.look()


def test_in_pieces(watch, tmp_path):
    """B-46: a phrase that is split over two looks, or over a hundred."""
    seen = watch("server is ready now")
    for letter in "the server is ready no":
        add(tmp_path / "log", letter)
        assert not seen.look()
    add(tmp_path / "log", "w")
    assert seen.look()


def test_shortened(watch, tmp_path):
    """B-46: a log that is truncated, and is longer again or is not."""
    seen = watch()
    add(tmp_path / "log", "x" * 1000)
    assert not seen.look()
    (tmp_path / "log").write_text("ready\n")
    assert seen.look()


def test_rotated(watch, tmp_path):
    """B-46: what stands at the end of the old file, or in the new one."""
    for last in "ready\n", "":
        seen = watch()
        add(tmp_path / "log", last)
        (tmp_path / "log").rename(tmp_path / "log.1")
        assert seen.look() is bool(last)
        (tmp_path / "log").write_text("begun\n" if last else "ready\n")
        assert seen.look() is not bool(last)
        (tmp_path / "log").write_text("")


def test_made_only_now(watch, tmp_path):
    """SV-7, SV-8: a log that is not there when the daemon is started."""
    seen, anything = watch(name="new"), watch(None, name="new")
    assert not seen.look()
    (tmp_path / "new").touch()
    assert not seen.look()
    assert not anything.look()
    (tmp_path / "new").write_text("ready")
    assert seen.look()
    assert anything.look()


@pytest.mark.parametrize(
    "wanted",
    ["läuft", "läuft".encode(), re.compile(r"l.uft$"), re.compile(rb"l..uft$"), None],
)
def test_what_is_looked_for(watch, tmp_path, wanted):
    """SV-8: text, bytes, a pattern of either; anything at all."""
    seen = watch(wanted)
    assert not seen.look()
    add(tmp_path / "log", "sie läuft")
    assert seen.look()


def test_a_flood_before_it(watch, tmp_path):
    """The kind: more than is kept; what is kept has a bound."""
    seen = watch()
    add(tmp_path / "log", "rea" + "x" * 1_000_000)
    assert not seen.look()
    add(tmp_path / "log", "dy and ready")
    assert seen.look()


def test_through_a_link(watch, tmp_path):
    """The kind: a log that is a link to where it is written."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/real").touch()
    (tmp_path / "link").symlink_to("elsewhere/real")
    seen = watch(name="link")
    add(tmp_path / "elsewhere/real", "ready")
    assert select.select(seen.fds, [], [], 5)[0] == seen.fds
    assert seen.look()


def test_it_is_an_event(watch, tmp_path, monkeypatch):
    """SV-16: what is written wakes whoever waits; there is no nap, and no look until then."""
    monkeypatch.setattr(time, "sleep", None)
    condition = Logged(str(tmp_path / "log"), "ready", 0.0)
    assert condition.pause is None
    assert select.select(condition.fds, [], [], 0)[0] == []
    add(tmp_path / "log", "ready")
    assert select.select(condition.fds, [], [], 5)[0] == condition.fds
    condition.close()
    # And the others: a port is the one thing that the kernel tells nobody of.
    assert Condition.pause is None
    assert Listens.pause == 0.02
    assert watch().pause is None


def test_nobody_waits_for_the_kernel(watch, monkeypatch):
    """SV-16: to close an inotify takes 20 ms; whoever looked goes on, and the next one waits."""
    held, closed, real = threading.Event(), [], os.close
    seen = watch()
    slow = seen.fds[0]

    def close(fd):
        if fd == slow and not closed:
            held.wait(20)
            closed.append(fd)
        real(fd)

    monkeypatch.setattr(os, "close", close)
    seen.close(later=True)
    assert (seen.fds, closed) == ([], [])
    threading.Timer(0.05, held.set).start()
    watch()
    assert closed == [slow]


def test_without_inotify(watch, tmp_path, monkeypatch):
    """The fallback: looked at every 20 ms."""
    monkeypatch.setattr(log_watch, "watch", lambda _: -1)
    seen = watch()
    assert (seen.fds, seen.pause) == ([], 0.02)
    add(tmp_path / "log", "ready")
    assert seen.look()


def test_in_a_directory_that_is_not_there(watch):
    """The kind: nothing to watch. It is looked at all the same."""
    seen = watch(name="none/log")
    assert seen.pause == 0.02
    assert not seen.look()


def test_nothing_is_left_open(tmp_path):
    """The kind: an fd a start."""
    before = set(os.listdir("/proc/self/fd"))
    (tmp_path / "log").touch()
    for _ in range(3):
        LogWatch(str(tmp_path / "log"), "x").close()
    assert len(set(os.listdir("/proc/self/fd")) - before) <= 1
