"""A disk that does not answer.

The kind: a program that has to wait until its log's last file is on the disk, or an old one is
gone, though the next file could have its lines.
"""

import os
import subprocess
import sys
from itertools import islice

import pytest

import pydaemontools
from pydaemontools.log.lines.batch import Batch
from pydaemontools.log.logdir.finished import Finished
from pydaemontools.log.logdir.processor import Processor
from pydaemontools.log.logdir.writer import LogDir
from pydaemontools.log.pipe import background
from pydaemontools.log.sinks.directory import DirectorySink
from tests.conftest import wait_until

pytestmark = pytest.mark.process

# A CALL of posix's hangs until there is a file `go`, and says so by a file `hangs`.
HANGING = f"""
import posix, sys, time
sys.path.append({os.path.dirname(os.path.dirname(pydaemontools.__file__))!r})
call = posix.CALL
def hang(what, **more):
    if WHEN and not posix.access("go", posix.F_OK):
        posix.close(posix.open("hangs", posix.O_CREAT | posix.O_WRONLY))
        while not posix.access("go", posix.F_OK):
            time.sleep(0.01)
    call(what, **more)
posix.CALL = hang
from pydaemontools.entry import enter
enter(sys.argv[0], {sys.prefix!r} + "/bin")
"""
CALLS = {
    "fsync": "True",  # of any file
    "unlink": "what[:1] == b'@'",  # of a finished one
}
FILES = "s4096", "n2"
LINES = [b"%03d %b\n" % (number, b"x" * 90) for number in range(120)]
COMMANDS = {
    "pymultilog": ("pymultilog", *FILES, "./log"),
    "pymultilog t": ("pymultilog", "t", *FILES, "./log"),
    "pysissylog": ("pysissylog", "--to", "dir:log?s4096&n2"),
}


@pytest.fixture
def hanging(place):
    """Start ARGV in `place`, where CALL hangs."""
    started = []

    def hanging(call, argv):
        code = HANGING.replace("CALL", call).replace("WHEN", CALLS[call])
        code = f"import sys; sys.argv = {list(argv)!r}\n{code}"
        started.append(
            subprocess.Popen(
                [sys.executable, "-IS", "-c", code],
                cwd=place,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
            )
        )
        return started[-1]

    yield hanging
    for process in started:
        process.kill()
        process.communicate()


def say(process, log, lines):
    """Have PROCESS log LINES, one after another, each in a file of LOG before the next."""
    for line in lines:
        process.stdin.write(line)
        wait_until(lambda line=line: any(line in file.read_bytes() for file in log.iterdir()))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", COMMANDS)
def test_lines_go_on_while_a_disk_does_not_answer(call, name, hanging, place):
    """It goes on in the next file; once the disk answers, all is there, and no file too many."""
    process = hanging(call, COMMANDS[name])
    log = place / "log"
    left = iter(LINES)
    while not (place / "hangs").exists():
        say(process, log, [next(left)])
    # The file that was begun has room for these.
    say(process, log, islice(left, 10))
    if call == "fsync":
        assert (log / "previous").stat().st_mode & 0o777 == 0o644
        assert not list(log.glob("@*"))
    (place / "go").touch()
    process.stdin.write(b"".join(left))
    assert process.communicate() == (b"", b"")
    assert process.returncode == 0
    assert not (log / "previous").exists()
    [old] = log.glob("@*.s")
    assert old.stat().st_mode & 0o777 == 0o744
    kept = (old.read_bytes() + (log / "current").read_bytes()).splitlines(keepends=True)
    assert [line[-len(LINES[0]) :] for line in kept] == LINES[-len(kept) :]


def test_under_the_original_s_name_a_file_is_on_disk_first(hanging, place):
    """The kind: what changes under an original's name. There no next file is begun before."""
    process = hanging("fsync", ("multilog", *FILES, "./log"))
    log = place / "log"
    process.stdin.write(b"".join(LINES))
    wait_until((place / "hangs").exists)
    assert sorted(path.name for path in log.iterdir()) == ["current", "lock", "note", "state"]
    (place / "go").touch()
    assert process.communicate() == (b"", b"")
    assert len(list(log.glob("@*.s"))) == 1


def test_a_file_that_cannot_be_removed_is_told_of(start, place):
    """The kind: what fails in a thread and nobody hears of, here at the very end."""
    old = "@4000000000000000000000aa.s"
    (place / "log" / old).mkdir(parents=True)
    (place / "log/@4000000000000000000000ab.s").touch()
    process = start("pymultilog", *FILES, "./log")
    out, said = process.communicate(b"".join(LINES[:60]))
    assert (out, process.returncode) == (b"", 0)
    assert said.decode().count(f"pymultilog: warning: unable to remove ./log/{old}") == 1
    assert said.count(b"\n") == 1


def test_a_processor_that_fails_while_the_end_is_waited_for(place, monkeypatch, capfd):
    """The kind: what fails between two looks of a logger that is about to end. It is said."""
    monkeypatch.setattr(background, "host", background.Background())
    log = LogDir(os.fsencode(place / "log"), 4096, processor=Processor(b"test", b"false"))
    sink = DirectorySink(log, b"test")
    sink.put(Batch([], text=b"".join(LINES[:30])))
    sink.turn(full=True)
    # Only what is asked at the end sees to it.
    told = []

    def failed():
        assert sink.syncing() in {True, False}
        told.append(capfd.readouterr().err)
        return "test: warning: processor failed in " in "".join(told)

    wait_until(failed)
    with pytest.raises(OSError, match="Errno 5"):
        sink.close()


class Slow(background.Background):
    """Files are removed when HELD is run, and everything else at once."""

    held = None

    def submit(self, what):
        """Have WHAT done."""
        job = background.Job(what)
        if "remove" in what.__qualname__ and not self.held:
            self.held = job
        else:
            job.run()
        return job


def test_a_removal_that_is_done_just_before_the_end(place, monkeypatch):
    """The kind: a thread that is done between two questions about it, and what waits for that."""
    slow = Slow()
    monkeypatch.setattr(background, "host", slow)
    log = LogDir(os.fsencode(place / "log"), 4096, 2)
    sink = DirectorySink(log, b"test")

    def fill():
        sink.put(Batch([], text=b"".join(LINES[:30])))
        log.rotation.change()

    while not slow.held:
        fill()
    fill()
    prune = Finished.prune

    def late(finished):
        prune(finished)
        if not slow.held.done:
            slow.held.run()

    monkeypatch.setattr(Finished, "prune", late)
    while sink.syncing():
        pass
    sink.close()
    assert len(list((place / "log").glob("@*"))) == 1
