"""Lock files and pid files: one of a kind, known by the lock and not by the number."""

import os
import signal
import stat
import subprocess
import sys
from fcntl import LOCK_EX, LOCK_NB, flock

import pytest

from pydaemontools.daemon import AlreadyRunning, Error, LockFile, PidFile, lock
from tests.conftest import wait_until

pytestmark = pytest.mark.process
HOLD = """
import sys, time
from pydaemontools.daemon import PidFile
with PidFile(sys.argv[1]):
    print("held", flush=True)
    time.sleep(1000)
"""


@pytest.fixture
def holder(place):
    """A process that holds the pid file `x.pid`."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, place / "x.pid"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_the_pid_is_in_the_file_as_long_as_it_is_held(place):
    """MD-10: made with the pid, mode 0640 whatever the umask, and gone afterwards."""
    before = os.umask(0)
    try:
        with PidFile(place / "x.pid") as held:
            assert (place / "x.pid").read_text() == f"{os.getpid()}\n"
            assert stat.S_IMODE((place / "x.pid").stat().st_mode) == 0o640
            assert held.held
            assert held.read_pid() == os.getpid()
    finally:
        os.umask(before)
    assert not (place / "x.pid").exists()


def test_a_second_one_is_told_who_holds_it(place, holder):
    """B-52, DN-3: contention is an error with pid, command and age; it is never silent."""
    with pytest.raises(AlreadyRunning) as told:
        PidFile(place / "x.pid").acquire()
    assert told.value.pid == holder.pid
    assert told.value.path == str(place / "x.pid")
    assert "-c" in told.value.command
    assert 0 <= told.value.age < 60
    assert f"process {holder.pid}" in str(told.value)


def test_it_is_locked_before_it_is_truncated(place, holder):
    """B-51: who comes second does not erase the pid of the first."""
    with pytest.raises(AlreadyRunning):
        PidFile(place / "x.pid").acquire()
    assert (place / "x.pid").read_text() == f"{holder.pid}\n"


def test_stale_digits_do_not_stay(place):
    """B-51: a longer number that stood there is gone."""
    (place / "x.pid").write_text("123456789012345\n")
    with PidFile(place / "x.pid"):
        assert (place / "x.pid").read_text() == f"{os.getpid()}\n"


def test_a_stale_file_is_known_by_its_lock(place, holder):
    """B-06, B-43: the number of a process that lives, and is not the one, proves nothing."""
    holder.kill()
    holder.wait()
    (place / "x.pid").write_text("1\n")
    assert PidFile(place / "x.pid").read_pid() is None
    assert not PidFile(place / "x.pid").is_locked()
    with PidFile(place / "x.pid") as held:
        assert held.i_am_locking()


def test_looking_keeps_nobody_out(place):
    """Whoever asks all the time whether it is held does not make a start fail."""
    look = "import sys\nfrom pydaemontools.daemon import PidFile\np = PidFile(sys.argv[1])\n"
    look += "print('go', flush=True)\nwhile True: p.holder()\n"
    with subprocess.Popen(
        [sys.executable, "-c", look, place / "x.pid"], stdout=subprocess.PIPE
    ) as looker:
        looker.stdout.readline()
        for _ in range(200):
            PidFile(place / "x.pid").acquire().release()
        looker.kill()


def test_a_child_of_fork_does_not_hold_it(place):
    """The kind: a lock that a child keeps when its parent has gone."""
    read, write = os.pipe()
    with PidFile(place / "x.pid") as held:
        child = os.fork()
        if not child:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
        assert held.held
    # The child lives, and has nothing of it.
    PidFile(place / "x.pid").acquire().release()
    os.close(write)
    os.close(read)
    os.waitpid(child, 0)


def test_a_child_does_not_remove_it(place):
    """B-06: only who holds it removes it; a child that releases it does not."""
    with PidFile(place / "x.pid") as held:
        child = os.fork()
        if not child:
            held.release()
            os._exit(0)
        os.waitpid(child, 0)
        assert (place / "x.pid").exists()


def test_one_that_was_replaced_is_not_removed(place):
    """The kind: another's file, under the name that was ours."""
    with PidFile(place / "x.pid"):
        (place / "x.pid").unlink()
        (place / "x.pid").write_text("other\n")
    assert (place / "x.pid").read_text() == "other\n"


def test_one_that_is_removed_while_another_waits_for_it(place, holder):
    """The kind: a lock on a file that has no name any more. TERM ends the holder."""
    held = PidFile(place / "x.pid")
    os.kill(holder.pid, signal.SIGINT)
    held.acquire(timeout=20)
    assert PidFile(place / "x.pid").read_pid() == os.getpid()
    held.release()


def test_a_link_is_not_followed(place):
    """The kind: a file of ours that another has the pid written into."""
    (place / "victim").write_text("precious")
    (place / "x.pid").symlink_to(place / "victim")
    with pytest.raises(Error, match="symbolic link"):
        PidFile(place / "x.pid").acquire()
    assert (place / "victim").read_text() == "precious"


def test_a_directory_is_made_if_asked(place):
    """And is an error, that says which, if not."""
    with pytest.raises(Error, match=r"unable to open .*x\.pid: file does not exist"):
        PidFile(place / "a/b/x.pid").acquire()
    with PidFile(place / "a/b/x.pid", make_directory=True):
        assert stat.S_IMODE((place / "a/b").stat().st_mode) == 0o700


def test_the_path_is_made_absolute_at_once(place, monkeypatch):
    """B-41: it counts from where it was named, and not from /."""
    monkeypatch.chdir(place)
    held = PidFile("x.pid")
    monkeypatch.chdir("/")
    with held:
        assert (place / "x.pid").exists()
    # B-43: and its name is what was written.
    assert PidFile("MyApp.pid").path == "/MyApp.pid"


def test_a_lock_file_stays(place):
    """To remove one is to let two hold it."""
    with LockFile(place / "x.lock"):
        assert not (place / "x.lock").read_bytes()
    assert (place / "x.lock").exists()


def test_lock_holds_it_to_the_end(place):
    """DN-3: lock(FILE) writes the pid, and the end of the process lets go of it."""
    text = "import sys, os\nfrom pydaemontools.daemon import lock\nlock(sys.argv[1])\n"
    text += "print(open(sys.argv[1]).read().strip() == str(os.getpid()))"
    words = [sys.executable, "-c", text, place / "x.lock"]
    assert subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout == b"True\n"
    lock(place / "x.lock").release()


def test_it_excludes_setlock_and_lockf(place):
    """DN-3: whoever locks by flock(2), as setlock, or by lockf(3), as daemon.node, is kept out."""
    for how in "flock(f, LOCK_EX | LOCK_NB)", "lockf(f, LOCK_EX | LOCK_NB)":
        text = f"import sys\nfrom fcntl import *\nf = open(sys.argv[1], 'w')\n{how}\n"
        words = [sys.executable, "-c", text + "print('held', flush=True)\ninput()", place / "x"]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            other.stdout.readline()
            with pytest.raises(AlreadyRunning) as told:
                LockFile(place / "x").acquire()
            assert told.value.pid == other.pid
            other.communicate(b"\n")


def test_what_is_exec_ed_holds_it_and_its_children_do_not(place):
    """The kind: a lock that a program's children keep."""
    text = """
import os, sys
from pydaemontools.daemon import PidFile
held = PidFile(sys.argv[1]).acquire()
held.keep_over_exec()
os.execvp("sh", ["sh", "-c", "sleep 1000 & echo held; read line"])
"""
    words = [sys.executable, "-c", text, place / "x.pid"]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as program:
        assert program.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunning) as told:
            PidFile(place / "x.pid").acquire()
        assert told.value.pid == program.pid
        assert PidFile(place / "x.pid").read_pid() == program.pid
        program.stdin.close()
        program.wait()
        # Its child lives, and has the file open.
        PidFile(place / "x.pid").acquire().release()
        os.killpg(program.pid, signal.SIGKILL)


@pytest.mark.needs_root
def test_that_another_user_holds_it_is_an_answer(place, holder):
    """B-44, B-56: not an error, for who may not open the file either."""
    text = """
import os, sys
from pydaemontools.daemon import PidFile
os.setgid(65534)
os.setuid(65534)
print(PidFile(sys.argv[1]).read_pid(), PidFile(sys.argv[2]).read_pid())
"""
    words = [sys.executable, "-c", text, place / "x.pid", place / "none.pid"]
    said = subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout
    assert said.split() == [b"%d" % holder.pid, b"None"]


def test_with_python_daemon(place):
    """Entered by DaemonContext, after its forks: the daemon's pid, and gone at its end."""
    pytest.importorskip("daemon")
    text = """
import daemon, os, sys
from pydaemontools.daemon import PidFile
source, sink = os.pipe()
if os.fork():
    os.close(sink)
    sys.stdout.write(os.read(source, 100).decode())
    os.read(source, 1)
    sys.exit()
held = PidFile("x.pid")
with daemon.DaemonContext(pidfile=held, files_preserve=[sink]):
    os.write(sink, f"{os.getpid()} {held.read_pid()} {held.number()} {held.held}".encode())
"""
    words = [sys.executable, "-W", "ignore", "-c", text]
    said = subprocess.run(words, check=True, stdout=subprocess.PIPE, cwd=place).stdout.split()
    assert said == [said[0]] * 3 + [b"True"]
    wait_until(lambda: not (place / "x.pid").exists())


def test_where_the_directory_is_closed_to_us_the_file_is_emptied(place):
    """The kind: a pid file in root's directory, of a daemon that has dropped root."""
    held = PidFile(place / "x.pid").acquire()
    real = os.unlink
    os.unlink = refuse
    try:
        held.release()
    finally:
        os.unlink = real
    assert (place / "x.pid").read_bytes() == b""


def refuse(*_):
    """As a directory of root's does."""
    raise PermissionError


def test_without_fcntl_locks_the_holder_is_known_by_proc(place):
    """The fallback of F_GETLK: whoever has flock(2) alone."""
    with (place / "x").open("w") as file:
        flock(file, LOCK_EX | LOCK_NB)
        wait_until(lambda: LockFile(place / "x").holder().pid == os.getpid())
    assert LockFile(place / "x").holder() is None


@pytest.mark.parametrize("wrong", [float("nan"), "1", -1])
def test_a_time_that_is_none(place, wrong):
    """The kind: nan is never over."""
    with pytest.raises(Error, match="timeout is a number of seconds"):
        PidFile(place / "x.pid").acquire(wrong)
