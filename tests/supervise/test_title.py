"""What ps and top show of a process that stays: its own command line, and its name.

Kind: it goes by how an interpreter was started, or by what it was forked from.
"""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from pydaemontools.base import title
from tests.conftest import wait_until

from .conftest import command, make_service


def line(pid):
    """What ps shows of PID; nothing if it is gone."""
    words = ["ps", "-o", "args=", "-p", str(pid)]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.rstrip("\n")


def raw(pid):
    """What the kernel tells of PID."""
    return Path(f"/proc/{pid}/cmdline").read_bytes()


LOG = "#!/usr/bin/env pychain\n{}pysissylog --to ./main/ web\n"
WAITS = "#!/usr/bin/env pychain\npysetlock ../held sleep 1000\n"


@pytest.mark.parametrize(
    "account", ["", pytest.param("pysetuidgid nobody\n", marks=pytest.mark.needs_root)]
)
def test_a_supervisor_and_what_it_forks(supervise, start, place, account):
    """Its own line, the logger's, also after a change of account, and that of a link that waits."""
    holder = start("pysetlock", "held", "sh", "-c", "echo; exec sleep 1000")
    assert holder.stdout.readline() == b"\n"
    make_service(place / "s", {"run": WAITS, "log/run": LOG.format(account)})
    if account:
        os.chown(place / "s/log", 65534, 65534)
    kept = supervise("./s")
    wait_until(lambda: raw(kept.pid) == b"pysupervise ./s\0")
    assert (line(kept.pid), command(kept.pid)) == ("pysupervise ./s", "pysupervise")
    lines = {"pysissylog --to ./main/ web", "pysetlock ../held sleep 1000"}
    wait_until(lambda: {line(pid) for pid in kept.children()} == lines)
    assert {command(pid) for pid in kept.children()} == {"pysissylog", "pysetlock"}
    os.killpg(holder.pid, signal.SIGKILL)
    wait_until(lambda: "sleep 1000" in {line(pid) for pid in kept.children()})
    assert kept.stop() == 0


def test_a_logger_of_a_program(supervise):
    """The words of -l are its own; without a directory too."""
    kept = supervise("-l", "pymultilog t ./q", "note")
    lines = {"pymultilog t ./q", "sleep 1000"}
    wait_until(lambda: {line(pid) for pid in kept.children()} == lines)
    assert line(kept.pid) == "pysupervise -l pymultilog t ./q note"


def test_what_is_too_long_is_cut(supervise, place):
    """There is as much room as the kernel gave; the environment, which comes next, is not shown."""
    words = " ".join(["--field", f"a={'x' * 5000}"])
    make_service(place / "s", {"run": " exec sleep 1000\n"})
    make_service(
        place / "s", {"log/run": f"#!/usr/bin/env pychain\npysissylog {words} --to ./q/\n"}
    )
    kept = supervise("s", env={"SECRET": "secret"})
    wait_until(lambda: any(raw(p)[:20] == b"pysissylog --field a" for p in kept.children()))
    for pid in (kept.pid, *kept.children()):
        assert b"SECRET" not in raw(pid)
        assert b"secret" not in raw(pid)
        assert len(raw(pid)) < 1000


COLD = {
    "pysetlock -h l sleep 1000": "pysetlock -h l sleep 1000",
    "pyfghack sleep 1000": "pyfghack sleep 1000",
    "pymultilog t ./q": "pymultilog t ./q",
    "pysissylog --to ./q/ web": "pysissylog --to ./q/ web",
    "pytai64n": "pytai64n",
    "pyenvdir bin pypgrphack pytai64nlocal": "pytai64nlocal",
    "pychain -c pytai64n": "pytai64n",
    "pysetlock held true": "pysetlock held true",
    "pysetlock -t 900 held true": "pysetlock -t 900 held true",
    "setuidgid nobody multilog t ./q": "multilog t ./q",
    "fghack sleep 1000": "fghack sleep 1000",
    "supervise s": "supervise s",
    "runsv s": "runsv s",
}


@pytest.mark.parametrize("words", COLD)
def test_whoever_stays(start, place, scripts, originals, words):
    """Not the interpreter's: the tool's own words, under an original's name the original's."""
    if "setuidgid" in words and os.geteuid():
        pytest.skip("needs root: only root may change its account")
    place.chmod(0o777)
    make_service(place / "s", {"run": " exec sleep 1000\n"})
    holder = start("pysetlock", "held", "sh", "-c", "echo; exec sleep 1000")
    assert holder.stdout.readline() == b"\n"
    path = f"{scripts}:{originals}:/usr/bin:/bin"
    process = start(*words.split(), path=path)
    try:
        wait_until(lambda: line(process.pid) == COLD[words])
        wait_until(lambda: command(process.pid) == COLD[words].split()[0])
    finally:
        # What it started holds its pipes.
        os.killpg(process.pid, signal.SIGKILL)
        os.killpg(holder.pid, signal.SIGKILL)


def test_a_python_without_ctypes(supervise, faulty):
    """It writes where /proc lets it."""
    kept = supervise("short", command=(faulty('sys.modules["_ctypes"] = None'),))
    wait_until(lambda: line(kept.pid) == "pysupervise short")
    assert command(kept.pid) == "pysupervise"


def test_without_proc(monkeypatch):
    """Nobody tells where the line is: nothing is written there."""
    monkeypatch.setattr(title, "_place", None)
    nothing = lambda *_, **__: (_ for _ in ()).throw(FileNotFoundError)  # noqa: E731
    monkeypatch.setattr(title, "open", nothing, raising=False)
    assert title._room() is None
    assert title._find() == (0, 0)


def test_the_room():
    """Two bytes are the kernel's: an end, and one that says that it may be before the last."""
    assert title._cut(b"ab", 5) == b"ab\0\0."
    assert title._cut(b"abcdef", 5) == b"abc\0."
