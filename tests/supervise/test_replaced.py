"""What a supervisor has in its directory is removed or replaced while it runs."""

import fcntl
import os
import shutil
import signal
import stat as modes
import subprocess
import sys

import pytest

from tests.conftest import wait_until
from tests.supervise.conftest import NOTE_IN, command, make_service, state

OFTEN = "from pydaemontools.supervise import replaced; replaced.LOOK = 0.05"
WITHOUT_LOOKS = "from pydaemontools.supervise import replaced; replaced.LOOK = 1e6"
# Somebody removes `status` in the midst of the first look.
BETWEEN = f"""{OFTEN}
import posix
know, looks = replaced.Upkeep._know_place, []
def remove(self):
    know(self)
    looks.append(1)
    if len(looks) == 1:
        posix.unlink("supervise/status")
        posix.close(posix.open("removed", posix.O_CREAT | posix.O_WRONLY))
replaced.Upkeep._know_place = remove
"""
FILES = ["control", "ok", "lock", "status", "stat", "pid", "state"]
# Says who reads what stands there.
NEXT = " echo next >>../next\nexec sleep 1000\n"


@pytest.fixture
def watched(serve, faulty):
    """Supervise `s` with FILES by one that looks OFTEN at what it has there, or has a FAULT."""

    def watched(files=None, fault=OFTEN, **more):
        return serve(files, command=(faulty(fault),), **more)

    return watched


def is_read(fifo):
    """Whether somebody has FIFO open to read."""
    try:
        os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


def whole(kept, at="supervise"):
    """Whether all its files are there AT, say who runs, and somebody hears."""
    there = all((kept.path / at / name).exists() for name in FILES)
    return there and all(is_read(kept.path / at / name) for name in ("control", "ok"))


def works(kept, old):
    """Check that it is whole, that OLD runs as before, and that it obeys."""
    wait_until(lambda: whole(kept) and kept.pid() == old)
    assert state(old) in {"S", "R", "D"}
    kept.say("p")
    wait_until(lambda: kept.read("supervise/stat") == "run, paused\n")
    kept.say("c")
    wait_until(lambda: kept.read("supervise/stat") == "run\n")


def restarts(kept, old):
    """Check that it does as OLD, when it is told to end."""
    works(kept, old)
    kept.say("t")
    assert kept.up(old) != old


def said(kept, what):
    """Wait until the supervisor has warned of WHAT, once."""
    wait_until(lambda: f"warning: {what}" in kept.supervisor.err())
    assert kept.supervisor.err().count(f"warning: {what}") == 1


def away(path):
    """Move PATH away."""
    path.rename(path.with_name(path.name + ".old"))


def remove(path):
    """Remove the directory PATH all at once: nothing is made again in it meanwhile."""
    moved = path.rename(path.with_name(path.name + ".gone"))
    # The supervisor may write there meanwhile.
    wait_until(lambda: shutil.rmtree(moved, ignore_errors=True) or not moved.exists())


def another_kind(path):
    """Have something else at PATH: a plain file, as who writes to a fifo that is gone makes it."""
    path.unlink()
    path.write_text("d")


@pytest.mark.parametrize("how", [os.unlink, away, another_kind])
@pytest.mark.parametrize("name", FILES)
def test_a_file_is_removed_or_replaced(watched, how, name):
    """Each of those in supervise/: it is made again, that is said, and nothing restarts."""
    kept = watched()
    old = kept.up()
    how(kept.path / "supervise" / name)
    said(kept, f"somebody removed or replaced s/supervise/{name}: made again\n")
    works(kept, old)
    assert modes.S_ISFIFO((kept.path / "supervise/control").stat().st_mode)


def test_a_file_is_removed_while_it_is_looked_at(watched):
    """It does not count as seen so."""
    kept = watched(fault=BETWEEN)
    wait_until((kept.path / "removed").exists)
    wait_until((kept.path / "supervise/status").exists)
    works(kept, kept.up())


@pytest.mark.parametrize("how", [remove, away])
@pytest.mark.parametrize("down", [False, True])
def test_supervise_is_removed(watched, how, *, down):
    """The whole of it; also while the service is down, where the letters would come to nobody."""
    kept = watched({"run": NOTE_IN} | ({"down": ""} if down else {}))
    old = 0 if down else kept.up()
    kept.is_(state="down" if down else "run")
    # One that is still starting has not all of it yet, and says that.
    wait_until(lambda: whole(kept))
    how(kept.path / "supervise")
    # Files in it, where the look came before the last of them had gone.
    said(kept, "somebody removed or replaced s/supervise")
    wait_until(lambda: whole(kept))
    assert kept.state_file()["state"] == ("down" if down else "run")
    assert kept.pid() == old
    kept.say("tu")
    assert kept.up(old) != old
    # What it is now is the place that it is told in, again and again.
    how(kept.path / "supervise") if how is not away else remove(kept.path / "supervise")
    wait_until(lambda: whole(kept))
    kept.say("x")
    assert kept.supervisor.wait() == 0
    assert not (kept.path / "supervise/state").exists()


def test_a_link_to_another_directory(watched, place):
    """As supervise -> ../sup: another one in its place, such as an old copy, or none."""
    make_service(place / "s", {"run": NOTE_IN})
    (place / "s/supervise").symlink_to("../sup")
    kept = watched()
    old = kept.up()
    shutil.copytree(place / "sup", place / "copy", ignore=lambda *_: ["control", "ok"])
    (place / "copy/status").write_bytes(bytes(20))
    (place / "copy/pid").write_text("1\n")
    (place / "sup").rename(place / "sup.old")
    (place / "copy").rename(place / "sup")
    works(kept, old)
    remove(place / "sup")
    works(kept, old)


def test_in_two_seconds(serve):
    """As it is without any change: it is noticed."""
    kept = serve()
    old = kept.up()
    (kept.path / "supervise/control").unlink()
    works(kept, old)


def test_the_logger_has_it_too(watched):
    """log/supervise, and log/ itself."""
    kept = watched({"run": NOTE_IN, "log/run": " exec cat >../logged\n"})
    kept.up()
    logger = wait_until(lambda: int(kept.read("log/supervise/pid") or 0))
    remove(kept.path / "log/supervise")
    said(kept, "somebody removed or replaced s/log/supervise: made again\n")
    wait_until(lambda: kept.read("log/supervise/pid") == f"{logger}\n")
    away(kept.path / "log")
    make_service(kept.path, {"log/run": " exec cat >../logged.new\n"})
    wait_until(lambda: kept.read("log/supervise/pid") == f"{logger}\n")
    (kept.path / "log/supervise/control").write_text("t")
    wait_until((kept.path / "logged.new").exists)
    assert kept.stop() == 0


@pytest.mark.parametrize("sub", ["", "log"])
def test_never_a_second_one(watched, run, sub):
    """After rm -r supervise, before anybody has noticed: another of ours is refused."""
    kept = watched({"run": NOTE_IN, "log/run": " exec cat\n"}, WITHOUT_LOOKS)
    kept.up()
    remove(kept.path / sub / "supervise")
    second = run("pysupervise", f"s/{sub}" if sub else "s")
    assert second.returncode == 111
    error, hint = second.stderr.decode().splitlines()
    name = "s/log" if sub else "s"
    assert error.endswith(f"fatal: unable to acquire {name}/supervise/lock: temporary failure")
    assert f"{name} is held by process {kept.supervisor.pid}: " in hint
    assert not (kept.path / sub / "supervise").exists()
    assert len(kept.lines("noted")) == 1


def test_no_child_has_the_lock(watched):
    """The service's directory is free again when its supervisor was killed, whatever runs."""
    kept = watched({"run": NOTE_IN, "log/run": " exec sleep 1000\n"})
    pid = kept.up()
    held = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    # The shell itself may still read its script.
    ours = {name for name in held if name.startswith(str(kept.path))}
    assert not ours - {str(kept.path / "run")}


HOLDER = """
import fcntl, os, sys
lock = open("theirs/lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX)
os.set_inheritable(lock.fileno(), True)
print("locked", flush=True)
sys.stdin.readline()
os.execvp("sleep", ["sleep", "1000"])
"""


@pytest.fixture
def taken(watched, start, place):
    """Supervise `s`, and at once put another supervisor's supervise/ in place: it and its lock.

    That supervisor is of another kind, which knows only the lock file.
    """
    make_service(place / "s", {"run": NOTE_IN})
    (place / "s/supervise").symlink_to("../sup")
    kept = watched()
    kept.up()
    kept.wait_for("noted")
    (place / "theirs").mkdir()
    (place / "theirs/state").write_text("theirs")
    pipe = subprocess.PIPE
    other = start(sys.executable, "-c", HOLDER, stdin=pipe, stdout=pipe)
    assert other.stdout.readline() == b"locked\n"
    (place / "link").symlink_to("../theirs")
    (place / "link").rename(place / "s/supervise")
    held = f"s/supervise/lock is held by process {other.pid}: "
    said(kept, f"s/supervise is another supervisor's, and left alone until that ends: {held}")
    return kept, other


def test_another_supervisor_was_quicker(taken, place):
    """Its files are let alone until it leaves."""
    kept, other = taken
    os.kill(kept.supervisor.children()[0], signal.SIGKILL)
    new = int(kept.wait_for("noted", 2)[1].split()[0])
    assert sorted(os.listdir(place / "theirs")) == ["lock", "state"]
    assert kept.read("supervise/state") == "theirs"
    other.kill()
    works(kept, new)
    assert kept.supervisor.err().count("is another supervisor's") == 1


def test_it_is_said_once_whoever_has_it(taken):
    """Kind: said again and again, since what is said has something in it that changes."""
    kept, other = taken
    other.stdin.write(b"\n")
    other.stdin.flush()
    wait_until(lambda: command(other.pid) == "sleep")
    # It looks often while these are started.
    for count in 2, 3:
        os.kill(kept.supervisor.children()[0], signal.SIGKILL)
        kept.wait_for("noted", count)
    assert kept.supervisor.err().count("is another supervisor's") == 1


def test_it_leaves_what_is_anothers(taken):
    """When it ends too."""
    kept, _ = taken
    assert kept.stop() == 0
    assert kept.read("supervise/state") == "theirs"


def test_it_cannot_be_made_again(watched):
    """Said once for as long as it is so; and then it is made."""
    kept = watched()
    old = kept.up()
    kept.supervisor.signal(signal.SIGSTOP)
    wait_until(lambda: state(kept.supervisor.pid) == "T")
    remove(kept.path / "supervise")
    (kept.path / "supervise").write_text("")
    kept.supervisor.signal(signal.SIGCONT)
    said(kept, "unable to make s/supervise again: ")
    (kept.path / "supervise").unlink()
    works(kept, old)
    assert kept.supervisor.err().count("unable to make s/supervise again") == 1


def begun(kept):
    """Wait until the service has read its script, and is up: its pid."""
    kept.wait_for("noted")
    return kept.up()


def renamed(place):
    """Move s away, and have another in its place."""
    make_service(place / "new", {"run": NEXT})
    (place / "s").rename(place / "s.old")
    (place / "new").rename(place / "s")


def reinstalled(place):
    """Remove s, and make it anew."""
    remove(place / "s")
    make_service(place / "s", {"run": NEXT})


def linked_anew(place):
    """Have the link s point to another directory."""
    make_service(place / "new", {"run": NEXT})
    (place / "link").symlink_to("new")
    (place / "link").rename(place / "s")


@pytest.mark.parametrize("how", [renamed, reinstalled, linked_anew])
def test_another_directory_in_its_place(watched, supervise, run, place, how):
    """Packages and releases: what runs goes on and is shown there, and is started there next."""
    if how is linked_anew:
        make_service(place / "s.old", {"run": NOTE_IN})
        (place / "s").symlink_to("s.old")
    kept = watched()
    old = begun(kept)
    how(place)
    said(kept, "somebody put another directory at s: the next start is from there\n")
    wait_until(lambda: whole(kept) and kept.pid() == old)
    assert run("pysupervise", "s").returncode == 111
    if how is not reinstalled:
        # The old one is free, and who supervises it takes nothing there for what a dead one left.
        supervise("s.old")
        wait_until((place / "s.old/supervise/ok").exists)
        wait_until(lambda: (place / "s.old/noted").read_text().count("\n") == 2)
    restarts(kept, old)
    wait_until(lambda: (place / "next").exists() and (place / "next").read_text() == "next\n")
    assert kept.stop() == 0


@pytest.mark.parametrize("how", [renamed, reinstalled, lambda s: remove(s / "s/supervise")])
def test_whoever_comes_next_knows_what_runs(watched, supervise, place, how):
    """After all that, a supervisor that is killed leaves what the next one goes by."""
    kept = watched()
    old = begun(kept)
    how(place)
    wait_until(lambda: whole(kept) and kept.pid() == old)
    kept.supervisor.signal(signal.SIGKILL)
    kept.supervisor.wait()
    kept.supervisor = supervise("s")
    wait_until(lambda: f"adopted process {old}," in kept.supervisor.err())
    works(kept, old)


def test_a_directory_that_is_no_service(watched, place):
    """Without a run, or not yet: nothing is made in it."""
    kept = watched()
    old = kept.up()
    (place / "s").rename(place / "s.old")
    (place / "s").mkdir()
    # The sign that it has looked again.
    (place / "s.old/supervise/control").unlink()
    wait_until((place / "s.old/supervise/control").exists)
    assert os.listdir(place / "s") == []
    make_service(place / "s", {"run": NEXT})
    works(kept, old)


def test_another_directory_that_is_taken(watched, place):
    """Somebody supervises it already: we stay where we are."""
    kept = watched()
    old = kept.up()
    make_service(place / "new", {"run": NEXT})
    (place / "new/supervise").mkdir()
    with (place / "new/supervise/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (place / "s").rename(place / "s.old")
        (place / "new").rename(place / "s")
        said(kept, "s/supervise is another supervisor's")
        kept.path = place / "s.old"
        works(kept, old)
        assert os.listdir(place / "s/supervise") == ["lock"]


def test_a_directory_that_cannot_be_locked(watched):
    """Not every file system can: then there is the lock file alone."""
    kept = watched(
        fault=f"""{OFTEN}
import fcntl, errno, os, stat
flock = fcntl.flock
def refusing(fd, how):
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        raise OSError(errno.EBADF, "")
    return flock(fd, how)
fcntl.flock = refusing
"""
    )
    old = kept.up()
    remove(kept.path / "supervise")
    works(kept, old)
    assert "locked" not in kept.supervisor.err()


HOLD = """
import fcntl, os, sys
os.setuid(65534)
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
print(flush=True)
sys.stdin.read()
"""


# The one that took it ends, so that /proc/locks names nobody, and a child has it.
LEAVE = """
import fcntl, os, sys
os.setuid(65534)
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
if not os.fork():
    os.close(1)
    os.read(0, 1)
"""


@pytest.mark.needs_root
@pytest.mark.process
@pytest.mark.parametrize("around", [[], ["unshare", "--pid", "--fork", "--mount-proc"]])
def test_a_lock_of_another_account_that_was_handed_on(place, scripts, around):
    """In a pid namespace, as in a container, it kept root's supervisor out."""
    make_service(place / "s", {"run": " touch ran\nexec sleep 1000\n"})
    (place / "hold").write_text(LEAVE)
    os.mkfifo(place / "ends")
    ends = os.open(place / "ends", os.O_RDWR)
    words = f"{sys.executable} hold s <ends; exec timeout -k5 30 {scripts}/pysupervise s"
    argv = [*around, "sh", "-c", words]
    with subprocess.Popen(argv, cwd=place, stderr=subprocess.PIPE) as process:
        wait_until((place / "s/ran").exists)
        (place / "s/supervise/control").write_text("x")
        os.write(ends, b"x")
        os.close(ends)
        err = process.stderr.read().decode()
    assert "s is locked by another account: passed over" in err


@pytest.mark.needs_root
def test_another_account_locks_the_directory(watched, place):
    """Whoever may read it can: that keeps nobody out, and is said."""
    make_service(place / "s", {"run": NOTE_IN})
    directory = os.open(place / "s", os.O_RDONLY)
    argv = [sys.executable, "-c", HOLD, f"/proc/self/fd/{directory}"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "pass_fds": [directory]}
    with subprocess.Popen(argv, **pipes) as process:
        process.stdout.readline()
        os.close(directory)
        kept = watched()
        kept.up()
        said(kept, "s is locked by another account: passed over\n")
        process.stdin.close()
