"""Log directories: multilog's layout, nothing lost when a step fails, and taking turns with it."""

import calendar
import errno
import os
import posix
import re
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.base import shared_dir
from pydaemontools.base.tai64 import label, stamp
from pydaemontools.log.lines.batch import Batch
from pydaemontools.log.logdir import copies, current, finished, folder, recovery, rotation, writer
from pydaemontools.log.logdir.processor import Processor
from pydaemontools.log.logdir.writer import KEEP, SIZE, SLACK, LogDir
from pydaemontools.log.sinks.directory import DirectorySink
from tests.conftest import remove
from tests.log.conftest import finish, patient, wait_until, write_all

OLD = re.compile(r"@[0-9a-f]{24}\.[su]")
LOCKED = b"pysissylog: fatal: unable to lock directory log: temporary failure\n"
LABEL = "@400000006000000000000000"


def listing(path):
    """The names in PATH with their modes and sizes; the time in an old file's name left out."""
    found = []
    for file in sorted(path.iterdir()):
        name = f"@.{file.name[-1]}" if OLD.fullmatch(file.name) else file.name
        status = file.stat()
        found.append((name, oct(status.st_mode & 0o7777), status.st_nlink, file.read_bytes()))
    return found


def old(path):
    """The old files in PATH, the oldest first."""
    return [file for file in sorted(path.iterdir()) if OLD.fullmatch(file.name)]


def everything(path):
    """All that the log directory PATH holds, in order."""
    return b"".join(file.read_bytes() for file in [*old(path), path / "current"])


def put(log, data):
    """Write all of DATA to LOG."""
    while data:
        data = data[log.write(data) :]


@pytest.fixture
def log(place):
    """A directory to log to, and what opens it; it is closed at the end if the test did not."""
    path = place / "log"
    made = []

    def opening(**more):
        made.append(LogDir(os.fsencode(path), **more))
        return made[-1]

    yield SimpleNamespace(path=path, open=opening)
    for one in made:
        let_go(one)


def let_go(one):
    """Close what ONE still has open, as a kill would."""
    for fd in one._current.fd, one.folder._lock, one.folder.fd:
        with suppress(OSError):
            if os.readlink(f"/proc/self/fd/{fd}").startswith(os.fsdecode(one.folder.path)):
                os.close(fd)


def replace(patch, system):
    """Have all that a log directory asks of the system asked of SYSTEM."""
    for module in copies, current, finished, folder, recovery, rotation, shared_dir, writer:
        patch.setattr(module, "posix", system)


# Layout.


@pytest.mark.parametrize("umask", [0o022, 0o077, 0], ids=oct)
def test_layout_and_modes(umask, log):
    """While it is open `current` is 0644, after a clean end 0744, whatever the umask is."""
    before = os.umask(umask)
    try:
        one = log.open()
        put(one, b"line\n")
        rest = [("lock", "0o600", 1, b""), ("state", "0o644", 1, b"")]
        assert listing(log.path) == [("current", "0o644", 1, b"line\n"), *rest]
        one.close()
        assert listing(log.path) == [("current", "0o744", 1, b"line\n"), *rest]
    finally:
        os.umask(before)
    assert log.path.stat().st_mode & 0o777 == 0o700


def test_a_directory_that_is_there_is_used(log):
    """A directory that is there keeps its mode, and what else is in it."""
    log.path.mkdir(0o755)
    (log.path / "README").write_text("mine")
    log.open().close()
    assert log.path.stat().st_mode & 0o777 == 0o755
    assert (log.path / "README").read_text() == "mine"


def test_one_writer(log):
    """A directory that somebody logs to cannot be had a second time."""
    log.open()
    with pytest.raises(BlockingIOError):
        log.open()


def test_rotation(log):
    """A file is closed near 99999 bytes at a line's end; nine old ones and `current` are kept."""
    one = log.open()
    lines = [b"%06d " % at + b"x" * 80 + b"\n" for at in range(15000)]
    put(one, b"".join(lines))
    one.close()
    files = old(log.path)
    assert len(files) == KEEP - 1
    for file in files:
        assert file.name[-2:] == ".s"
        assert file.stat().st_mode & 0o777 == 0o744
        data = file.read_bytes()
        assert SIZE - SLACK <= len(data) <= SIZE
        assert data[-1:] == b"\n"
    kept = everything(log.path)
    assert b"".join(lines).endswith(kept)
    assert (log.path / "current").stat().st_size < SIZE


def resident(path, offset):
    """Whether the byte at OFFSET of the file PATH is in the memory; skips where nobody tells."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.preadv(fd, [bytearray(1)], offset, os.RWF_NOWAIT) == 1
    except BlockingIOError:
        return False
    except OSError as error:
        pytest.skip(f"this file system does not tell what is in the memory: {error}")
    finally:
        os.close(fd)


@pytest.mark.parametrize("processor", [False, True], ids=["plain", "processor"])
def test_what_is_on_the_disk_leaves_the_memory(processor, log):
    """A large log does not push others' files out of the memory, unless it is read again soon."""
    first = b"x" * writer.PART
    probe = log.path.with_name("probe")
    with probe.open("wb") as file:
        file.write(first)
        os.fsync(file)
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if resident(probe, 0):
        pytest.skip("this file system keeps its files in the memory")
    more = {"processor": Processor(b"test", b"cat", b"s")} if processor else {}
    one = log.open(size=4 * writer.PART, **more)
    put(one, first)
    one.sync()
    # What is behind the part that goes to the disk stays, however fast that is.
    put(one, first + b"x")
    assert resident(log.path / "current", 2 * writer.PART)
    assert resident(log.path / "current", 0) == processor
    assert (log.path / "current").read_bytes() == 2 * first + b"x"


@patient
@given(
    pieces=st.lists(st.binary(max_size=300) | st.integers(0, 900).map(lambda n: b"x" * n + b"\n")),
    slack=st.integers(0, 60),
)
def test_no_byte_is_lost_by_rotating(pieces, slack):
    """Whatever is written in whatever pieces: the files, put together, are just that."""
    with pytest.MonkeyPatch.context() as patch, logged_to(patch, slack=slack) as (path, one):
        for piece in pieces:
            put(one, piece)
        one.close()
        assert everything(path) == b"".join(pieces)
        assert all(0 < file.stat().st_size <= 200 for file in old(path))


@contextmanager
def logged_to(patch, slack=20):
    """A directory whose files have 200 bytes and are all kept, and the LogDir for it."""
    patch.setattr(writer, "SLACK", slack)
    # In memory, where there is such a place: a disk takes its time for each fsync.
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=memory) as place:
        path = Path(place) / "log"
        one = LogDir(os.fsencode(path), size=200, keep=10**6)
        try:
            yield path, one
        finally:
            let_go(one)


def test_a_total_looks_at_each_file_once(log, monkeypatch):
    """A log of thousands of files may have to be kept to a number of bytes."""
    one = log.open(size=4096, keep=1000, total=200 * 4096)
    put(one, b"x" * 99 + b"\n" + b"y" * 3900 + b"\n")
    for _ in range(100):
        put(one, b"x" * 4000 + b"\n")
    looked = []
    real = folder.Folder.stat
    monkeypatch.setattr(folder.Folder, "stat", lambda *of: (looked.append(of), real(*of))[1])
    put(one, b"x" * 4000 + b"\n")
    assert len(old(log.path)) <= len(looked) < len(old(log.path)) + 10


def test_a_line_that_is_longer_than_a_file(log):
    """A line that is longer than a file goes on in the next one."""
    one = log.open(size=5000)
    put(one, b"x" * 12000 + b"\nnext\n")
    one.close()
    assert [file.stat().st_size for file in old(log.path)] == [5000, 5000]
    assert everything(log.path) == b"x" * 12000 + b"\nnext\n"


def test_two_files_in_one_nanosecond(log, monkeypatch):
    """Two files of the same time both stay."""
    times = [5, 5, 5, 6]
    monkeypatch.setattr(finished, "stamp", lambda: stamp(times.pop(0)))
    one = log.open(size=10)
    put(one, b"aaaaaaaaa\nbbbbbbbbb\nccc\n")
    assert [file.read_bytes() for file in old(log.path)] == [b"aaaaaaaaa\n", b"bbbbbbbbb\n"]


def test_a_clock_that_goes_back(log, monkeypatch):
    """Names are in the order of the files, whatever the clock says, and none is there twice."""
    times = iter([10**9, 5 * 10**9, 5 * 10**9, 10**9, 0, 2**62, 3, 6 * 10**9 - 1, 7, 8, 9])
    monkeypatch.setattr(finished, "stamp", lambda: stamp(next(times)))
    one = log.open(size=10, keep=100)
    lines = b"".join(b"line %04d\n" % at for at in range(6))
    put(one, lines)
    one.close()
    # Somebody else's, and not a time.
    (log.path / ("@" + "f" * 24 + ".s")).touch()
    (log.path / ("@" + "6" * 23 + "x.s")).touch()
    again = log.open(size=10, keep=100)
    more = b"".join(b"line %04d\n" % at for at in range(6, 12))
    put(again, more)
    assert everything(log.path) == lines + more
    names = [file.name for file in old(log.path) if file.stat().st_size]
    assert len(set(names)) == 11
    assert all(name[17:25] <= "3b9ac9ff" for name in names)


# What was left by another, in shell; multilog and LogDir have to make the same of it.
LEFT = {
    "nothing": "",
    "a clean current": "echo one >current; chmod 744 current",
    "a clean current and a state": "echo one >current; echo s >state; chmod 744 current",
    "a current that was cut off": "echo one >current; echo s >state; echo n >newstate",
    "a current that was cut off within a line": "printf one >current",
    "an empty current": ": >current",
    "a previous, and no current": "echo one >previous",
    "a finished previous, and no current": "echo one >previous; chmod 744 previous",
    "a previous and a current": "echo one >previous; echo two >current",
    "a previous that was filed, but is there": f"echo one >previous; ln previous {LABEL}.s",
    "a finished processed": "echo one >previous; echo two >processed; chmod 744 processed",
    "an unfinished processed": "echo one >previous; echo two >processed",
    "a processed alone": "echo two >processed; chmod 744 processed",
    "more old files than are kept": (
        f"for i in 0 1 2 3 4 5 6 7 8 9 a b c; do echo $i >{LABEL[:-1]}$i.s; done; echo x >current"
    ),
    "as many old files as are kept": (
        f"for i in 0 1 2 3 4 5 6 7 8 ; do echo $i >{LABEL[:-1]}$i.s; done; echo x >current"
    ),
    "files that only look old": (
        f"for i in 0 1 2 3 4 5 6 7 8 9; do echo $i >@$i; echo $i >{LABEL[:-1]}$i; done; : >current"
    ),
    "other files": "echo mine >README; echo one >current",
}


@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT)
def test_start_as_multilog(left, needs, place):
    """What was left by a clean end, by a crash, or in the middle of rotating, is made good."""
    multilog = needs("multilog")
    found = []
    for start in (
        lambda: subprocess.run(
            [multilog, "./log"], cwd=place, check=True, stdin=subprocess.DEVNULL
        ),
        lambda: LogDir(os.fsencode(place / "log")).close(),
    ):
        (place / "log").mkdir()
        subprocess.run(["sh", "-c", f"umask 022; {left}"], cwd=place / "log", check=True)
        start()
        found.append(listing(place / "log"))
        remove(place / "log")
    assert found[0] == found[1]


CRASHES = ["closed", "killed"]


@pytest.mark.parametrize("how", CRASHES)
def test_ours_goes_on_after_multilog(how, needs, place, start, run):
    """After multilog's clean end we go on with its file; after a crash it is kept as .u."""
    theirs = start(needs("multilog"), "./log")
    write_all(theirs.stdin.fileno(), b"theirs\n")
    current = place / "log/current"
    wait_until(lambda: current.exists() and current.read_bytes() == b"theirs\n")
    refused = run("pysissylog", "--to", "log/", input=b"")
    assert refused.stderr == LOCKED
    end(theirs, how)
    assert run("pysissylog", "--to", "log/", input=b"ours\n").returncode == 0
    check_turn(place / "log", how, b"theirs\n", b"ours\n")


@pytest.mark.parametrize("how", CRASHES)
def test_multilog_goes_on_after_ours(how, needs, place, start, run):
    """After our clean end multilog goes on with our file; after a crash it is kept as .u."""
    multilog = needs("multilog")
    ours = start("pysissylog", "--to", "log/")
    write_all(ours.stdin.fileno(), b"ours\n")
    current = place / "log/current"
    wait_until(lambda: current.exists() and current.read_bytes().endswith(b" ours\n"))
    refused = run(multilog, "./log", input=b"")
    said = b"multilog: fatal: unable to lock directory ./log: temporary failure\n"
    assert refused.stderr == said
    end(ours, how)
    assert run(multilog, "./log", input=b"theirs\n").returncode == 0
    check_turn(place / "log", how, b"ours\n", b"theirs\n")


def test_who_comes_while_another_ends_waits_for_that(place, start):
    """What is in the pipe of one that gave up at once would go with a supervisor that is killed."""
    both = {name: start("pysissylog", "--to", "log/") for name in (b"a", b"b")}
    lock, current = place / "log/lock", place / "log/current"

    def has_it_open(process):
        fds = Path(f"/proc/{process.pid}/fd")
        return any(fd.resolve() == lock for fd in fds.iterdir())

    wait_until(lambda: all(map(has_it_open, both.values())))
    for name, process in both.items():
        write_all(process.stdin.fileno(), name + b"\n")
    wait_until(lambda: current.exists() and current.read_bytes())
    # Whoever has it ends, and the other goes on.
    first = current.read_bytes()[26:27]
    for process in both.pop(first), *both.values():
        assert finish(process) == (0, b"")
    assert sorted(line[26:] for line in everything(place / "log").splitlines()) == [b"a", b"b"]


def test_s6_log_and_ours_keep_each_other_away(needs, place, start, run):
    """It has another kind of lock than multilog and svlogd; ours has both."""
    s6_log = needs("s6-log")
    ours = start("pysissylog", "--to", "log/")
    write_all(ours.stdin.fileno(), b"ours\n")
    current = place / "log/current"
    wait_until(lambda: current.exists() and current.read_bytes().endswith(b" ours\n"))
    refused = run(s6_log, "./log", input=b"")
    assert refused.returncode == 111
    assert b"unable to lock" in refused.stderr
    assert finish(ours) == (0, b"")
    theirs = start(s6_log, "./log")
    write_all(theirs.stdin.fileno(), b"theirs\n")
    wait_until(lambda: current.read_bytes().endswith(b"theirs\n"))
    refused = run("pysissylog", "--to", "log/", input=b"")
    assert refused.stderr == LOCKED
    assert finish(theirs)[0] == 0


def test_new_files_are_begun_when_asked_for(start, place):
    """ALRM begins one, as in multilog, if there is anything in the last."""
    process = start("pysissylog", "--to", "log/", "--to", "stderr:")
    for count, line in enumerate([b"one\n", b"two\n"], 1):
        write_all(process.stdin.fileno(), line)
        assert process.stderr.readline() == line
        process.send_signal(signal.SIGALRM)
        wait_until(lambda count=count: len(list((place / "log").glob("@*.s"))) == count)
    assert finish(process)[0] == 0


def end(process, how):
    """End PROCESS as HOW says."""
    if how == "killed":
        process.kill()
    finish(process)


def check_turn(path, how, first, second):
    """Check that in PATH one logger wrote FIRST, and the next one SECOND."""
    [current] = [entry for entry in listing(path) if entry[0] == "current"]
    kept = old(path)
    assert current[1] == "0o744"
    if how == "closed":
        assert kept == []
        before, after = current[3].splitlines(keepends=True)
    else:
        assert [file.name[-2:] for file in kept] == [".u"]
        before, after = kept[0].read_bytes(), current[3]
    assert (before.endswith(first), after.endswith(second)) == (True, True)


def test_turns_with_multilog_through_rotations(needs, place, run):
    """Turn by turn with multilog, through many rotations: no line is lost, and all are in order."""
    multilog = needs("multilog")
    lines = [b"line %06d %s" % (at, b"x" * 100) for at in range(6000)]
    for turn in range(6):
        data = b"\n".join(lines[turn * 1000 : turn * 1000 + 1000]) + b"\n"
        command = ["pysissylog", "--to", "log/"] if turn % 2 else [multilog, "t", "n10", "./log"]
        assert run(*command, input=data).returncode == 0
    got = [line.partition(b" ")[2] for line in everything(place / "log").splitlines()]
    assert got == lines[-len(got) :]
    assert len(got) == len(lines)


# What goes wrong.


# What has not happened when it says so.
SURE = ("open", "write", "rename")


class Faulty:
    """The module posix, one call of which fails: number AT, before it does anything or AFTER."""

    def __init__(self, at, error, *, after=False):
        self.at, self.error, self.after = at, error, after
        self.calls = []

    def __getattr__(self, name):
        real = getattr(posix, name)
        if not callable(real) or name == "close":
            return real

        def call(*words, **more):
            self.calls.append(name)
            fails = len(self.calls) == self.at
            if fails and not self.after:
                raise self.error
            result = real(*words, **more)
            if fails and name not in SURE:
                raise self.error
            return result

        return call


DATA = b"".join(b"line %03d\n" % at for at in range(70))


def calls_of(patch, fault):
    """Write DATA with FAULT in place and go on when it strikes; give the path and the calls."""
    with logged_to(patch) as (path, one):
        replace(patch, fault)
        left, faults = DATA, 0
        while left:
            try:
                left = left[one.write(left) :]
            except OSError:
                faults += 1
        one.close()
        files = old(path)
        assert everything(path) == DATA
        assert all(file.stat().st_size for file in files)
        assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o744"}
        assert {file.name[-2:] for file in files} == {".s"}
        assert sorted({*os.listdir(path)} - {file.name for file in files}) == [
            "current",
            "lock",
            "state",
        ]
    return fault.calls, faults


def test_every_step_may_fail_once(monkeypatch):
    """Whichever call of a rotation fails once: nothing is lost, nothing doubled, all is filed."""
    calls, _ = calls_of(monkeypatch, Faulty(0, None))
    writing = len(calls) - calls[::-1].index("write")
    steps = {"fsync", "fchmod", "rename", "stat", "link", "unlink", "listdir", "open", "write"} | {
        "fstat"
    }
    assert set(calls[:writing]) == steps
    for after in False, True:
        for at in range(1, writing + 1):
            fault = Faulty(at, OSError(errno.EIO, ""), after=after)
            _, faults = calls_of(monkeypatch, fault)
            assert faults == (not (after and calls[at - 1] in SURE))


def removed_on_the_way(patch, fault, how):
    """Write DATA, of which the directory is removed as HOW says, with FAULT in place after that.

    Give the calls, and how many failed.
    """
    with logged_to(patch) as (path, one):
        put(one, DATA[:250])
        current = (path / "current").read_bytes()
        how(path)
        kept = everything(path) if (path / "current").exists() else current
        replace(patch, fault)
        left, faults = DATA[250:], 0
        while left:
            try:
                left = left[one.write(left) :]
            except OSError:
                faults += 1
        replace(patch, posix)
        one.close()
        assert everything(path) == kept + DATA[250:]
        assert one.rotation.renewed
        assert {oct(file.stat().st_mode & 0o777) for file in old(path)} == {"0o744"}
    return fault.calls, faults


def empty(path):
    """Remove the files in PATH."""
    for file in path.iterdir():
        file.unlink()


def copy(path):
    """Have a copy of `current` in PATH be called so."""
    shutil.copy(path / "current", path / "new")
    (path / "new").chmod(0o744)
    (path / "new").rename(path / "current")


@pytest.mark.parametrize("how", [remove, empty, copy])
def test_every_step_may_fail_where_a_directory_was_removed(how, monkeypatch):
    """Whichever call fails once: what `current` had and all that follows is there, and once."""
    calls, faults = removed_on_the_way(monkeypatch, Faulty(0, None), how)
    assert faults == 0
    writing = len(calls) - calls[::-1].index("write")
    assert {"sendfile", "mkdir", "open", "flock", "fsync"} - set(calls[:writing]) == {"flock"}
    for after in False, True:
        for at in range(1, writing + 1):
            fault = Faulty(at, OSError(errno.EIO, ""), after=after)
            _, faults = removed_on_the_way(monkeypatch, fault, how)
            assert faults <= 1


def test_a_directory_that_is_removed_and_had_by_another(log):
    """It is waited for: two never write to one directory."""
    one = log.open(size=100)
    put(one, b"line\n")
    remove(log.path)
    other = log.open()
    for _ in range(2):
        with pytest.raises(rotation.DirectoryLocked) as error:
            one.rotation.change()
        assert error.value.errno == errno.EAGAIN
    other.close()
    one.rotation.change()
    one.close()
    assert everything(log.path) == b"line\n"


class Killed(BaseException):
    """The end of the process."""


def test_a_kill_at_every_step(monkeypatch):
    """Whichever call of a rotation is the last one: what was written is there, and once."""
    calls, _ = calls_of(monkeypatch, Faulty(0, None))
    for after in False, True:
        for at in range(1, len(calls) + 1):
            with logged_to(monkeypatch) as (path, one):
                replace(monkeypatch, Faulty(at, Killed(), after=after))
                written = 0
                with suppress(Killed):
                    while written < len(DATA):
                        written += one.write(DATA[written:])
                    one.close()
                replace(monkeypatch, posix)
                let_go(one)
                again = LogDir(os.fsencode(path), size=200, keep=10**6)
                put(again, b"again\n")
                again.close()
                assert everything(path) == DATA[:written] + b"again\n"


@pytest.mark.parametrize("step", ["fsync", "fchmod"])
def test_a_close_that_fails(step, log, monkeypatch):
    """When the end of `current` cannot be made safe, that is an error, and it is not marked so."""
    one = log.open()
    put(one, b"line\n")
    fault = Faulty(0, OSError(errno.EIO, ""))
    fault.at = {"fsync": 3, "fchmod": 4}[step]
    replace(monkeypatch, fault)
    with pytest.raises(OSError) as error:  # noqa: PT011 - the number is compared below
        one.close()
    assert error.value.errno == errno.EIO
    assert fault.calls[-1] == step
    assert (log.path / "current").stat().st_mode & 0o777 == 0o644


def test_a_file_s_name_is_in_the_error(place):
    """A directory that cannot be had is told by the system's reason."""
    with pytest.raises(FileNotFoundError):
        LogDir(os.fsencode(place / "no/log"))
    (place / "file").touch()
    with pytest.raises(NotADirectoryError):
        LogDir(os.fsencode(place / "file"))


# The sink.


@pytest.fixture
def sink(place):
    """The sink for the directory log in `place`."""
    one = DirectorySink(LogDir(os.fsencode(place / "log")), b"pysissylog", label)
    yield one
    let_go(one.log)


def lines(*some, **more):
    """A batch of the lines SOME."""
    return Batch([6] * len(some), list(some), **more)


def test_lines_have_the_time_at_which_they_were_read(sink, place, monkeypatch):
    """Lines that came together have one label; a line that goes on has the first one's."""
    monkeypatch.setattr(sink, "_label", iter([b"@1 ", b"@2 ", b"@3 "]).__next__)
    sink.put(lines(b"one", b"two"))
    sink.put(lines(b"three", unfinished=True))
    sink.put(lines(b"-and-more", b"", continued=True))
    assert (place / "log/current").read_bytes() == b"@1 one\n@1 two\n@2 three-and-more\n@3 \n"


def test_the_end_of_a_long_line_alone(sink, place, monkeypatch):
    """The end of a line that goes on may come with nothing before it."""
    monkeypatch.setattr(sink, "_label", iter([b"@1 ", b"@2 "]).__next__)
    sink.put(lines(b"one", unfinished=True))
    sink.put(lines(b"", continued=True))
    assert (place / "log/current").read_bytes() == b"@1 one\n"


def test_a_disk_that_is_full_for_a_while(sink, place, monkeypatch, capfd):
    """A full disk is one warning and a pause; then all is written, in order."""
    full = OSError(errno.ENOSPC, "")
    path = os.fsencode(place / "log").decode()
    for turn in b"a", b"b":
        replace(monkeypatch, Faulty(1, full))
        sink.put(lines(turn + b"1", turn + b"2"))
        assert sink.stalled
        assert sink.lost() == 2
        assert 0 < sink.due() <= 1.0
        sink.flush()
        assert sink.stalled, "not before the pause is over"
        replace(monkeypatch, Faulty(1, full))
        sink._retry_at = 0
        sink.flush()
        assert sink.stalled
        replace(monkeypatch, posix)
        sink._retry_at = 0
        sink.flush()
        assert (sink.stalled, sink.held, sink.due(), sink.lost()) == (False, 0, None, 0)
        said = f"pysissylog: warning: unable to write to {path}/current, pausing: "
        assert capfd.readouterr().err == said + "out of disk space\n"
    got = [line.partition(b" ")[2] for line in (place / "log/current").read_bytes().splitlines()]
    assert got == [b"a1", b"a2", b"b1", b"b2"]


def test_a_line_without_its_end_counts_as_lost(sink, monkeypatch):
    """A line that has no end yet and cannot be written is counted too."""
    replace(monkeypatch, Faulty(1, OSError(errno.ENOSPC, "")))
    sink.put(lines(b"one", b"two", unfinished=True))
    assert sink.lost() == 2


@pytest.fixture
def small_disk(tmpfs):
    """A file system of its own with 64 KiB at log in `place`."""
    return tmpfs("log", "64k")


def test_a_full_disk(small_disk, start, pipe):
    """On a disk that is really full lines wait, then all are there; one warning is all."""
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 40000)
    process = start("pysissylog", "--to", f"{small_disk}/", stdin=pipe[0])
    numbers = [b"line %05d" % at for at in range(1000)]
    write_all(pipe[1], b"\n".join(numbers) + b"\n")
    said = process.stderr.readline()
    assert said == (
        b"pysissylog: warning: unable to write to %b/current, pausing: out of disk space\n"
        % os.fsencode(small_disk)
    )
    filler.unlink()
    pipe.end()
    assert finish(process) == (0, b"")
    assert [line.partition(b" ")[2] for line in everything(small_disk).splitlines()] == numbers


def test_a_fifo_while_the_disk_is_full(small_disk, place, start):
    """With a name a pipe may be another one the next time, and has no intent log. Still, told to
    end while there is no room, what comes again is in the log once.
    """
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 32768)
    fifo = place / "fifo"
    os.mkfifo(fifo)
    fd = os.open(fifo, os.O_RDWR)
    lines = b"".join(b"%d\n" % number for number in range(12000))
    command = ["pymultilog", "s16m", str(small_disk / "log")]
    try:
        write_all(fd, lines)
        process = start(*command, stdin=fd)
        assert b"pausing: out of disk space" in process.stderr.readline()
        process.terminate()
        assert process.wait(30) == 111
        ballast.unlink()
        process = start(*command, stdin=fd)
        wait_until(lambda: everything(small_disk / "log") == lines)
        process.terminate()
        assert process.wait(30) == 0
    finally:
        os.close(fd)
    assert everything(small_disk / "log") == lines


def test_told_to_end_while_the_disk_is_full(small_disk, start, pipe):
    """TERM while the disk stays full: the lines are counted, 111, and left in the pipe."""
    (small_disk / "filler").write_bytes(b"x" * 61440)
    process = start("pysissylog", "--to", f"{small_disk}/", stdin=pipe[0])
    write_all(pipe[1], b"line of text\n" * 1000)
    assert b"pausing: out of disk space\n" in process.stderr.readline()
    process.terminate()
    code, said = finish(process)
    left = int(re.search(rb"fatal: unable to deliver (\d+) lines to ", said)[1])
    assert (code, 0 < left <= 1000) == (111, True)
    assert os.read(pipe[0], 1 << 20) == b"line of text\n" * 1000


# Labels.

LABELS = {
    0: b"@400000000000000a00000000",
    1: b"@400000000000000a00000001",
    999_999_999: b"@400000000000000a3b9ac9ff",
    1_000_000_000: b"@400000000000000b00000000",
    -1: b"@40000000000000093b9ac9ff",
    1_700_000_000_123_456_789: b"@400000006553f10a075bcd15",
    2**32 * 10**9: b"@400000010000000a00000000",
}


@pytest.mark.parametrize(("now", "label"), LABELS.items(), ids=map(str, LABELS))
def test_labels(now, label):
    """A TAI64N label is 2^62 and ten seconds more than Unix time, and the nanoseconds, in hex."""
    assert stamp(now) == label


def test_labels_as_tai64nlocal_reads_them(needs, run):
    """The label of now, read by daemontools' tai64nlocal, is now."""
    before = time.time_ns()
    label = stamp()
    after = time.time_ns()
    said = run(needs("tai64nlocal"), input=label + b" x\n", env={"TZ": "UTC"}).stdout.decode()
    day, clock, text = said.split()
    seconds, _, nanoseconds = clock.partition(".")
    whole = time.strptime(f"{day} {seconds} UTC", "%Y-%m-%d %H:%M:%S %Z")
    now = calendar.timegm(whole) * 10**9 + int(nanoseconds)
    assert (before <= now <= after, text) == (True, "x")
