"""A spool that lost something: what is missing is said, and nothing that a kill leaves is."""

import errno
import fcntl
import itertools
import os
import random
import shutil
import signal
import time
from binascii import crc32
from contextlib import contextmanager, suppress

import pytest

from pydaemontools.base.shared_dir import open_directory
from pydaemontools.base.tai64 import LABEL
from pydaemontools.log.lines.targets import SpoolOptions
from pydaemontools.log.net import misplaced, spool, spool_records
from pydaemontools.log.net.spooldir import PositionFile
from pydaemontools.log.pipe.intent_log import open_intent_log
from pydaemontools.log.pipe.source import FIONREAD
from pydaemontools.log.pipe.splitter import BlockSplitter
from pydaemontools.log.target_parser import parse
from tests.log.conftest import finish, numbered, stream, wait_until, write_all
from tests.log.conftest import opened as opened_sources
from tests.log.far import check_once, in_time_for, kills
from tests.log.net.test_full_spool import far as far  # noqa: PLC0414 - a fixture
from tests.log.net.test_spool import FILES, crash, everything
from tests.log.net.test_spool import opened as opened  # noqa: PLC0414 - a fixture
from tests.log.net.test_spool_kills import SENT, Daemon, told

KILLS = kills(40)


@pytest.fixture
def left(opened, place, monkeypatch):
    """The files of a spool, each with two texts of 14 bytes; the last one may hold one more."""
    monkeypatch.setattr(spool, "SEGMENT", 50)
    monkeypatch.setattr(spool_records, "PIECE", 8)

    def left(count):
        one = opened()
        for at in range(count):
            one.put(b"text number %02d" % at)
            one.settle()
        crash(one)
        return sorted((place / FILES).glob("*.log"))

    return left


def cut(file, count):
    """Cut COUNT bytes off the end of FILE."""
    os.truncate(file, file.stat().st_size - count)


def said(capfd):
    """What was said of what is missing."""
    lines = capfd.readouterr().err.splitlines()
    return [one.removeprefix("pysissylog: warning: ") for one in lines if "warning" in one]


RECORD = 26  # bytes of each


@pytest.mark.parametrize("count", [1, 10, 25, 26, 27, 52])
def test_the_last_file_is_cut(count, left, opened, capfd):
    """Kind: less than was confirmed to be there, which looks as what a kill leaves."""
    file = left(6)[-1]
    cut(file, count)
    gone = -(-count // RECORD)
    found = everything(opened())
    what = f"{gone * RECORD} bytes are missing at the end of {file}, and are left out"
    assert said(capfd) == [what]
    assert found == b"".join(b"text number %02d" % at for at in range(6 - gone))


@pytest.mark.parametrize("count", [1, 2])
def test_another_file_is_cut(count, left, opened, capfd, place):
    """Also where the cut is between two texts; then nobody knows in which file, unless no text is
    left there.
    """
    files = left(6)
    cut(files[1], count * RECORD)
    assert len(everything(opened())) == (6 - count) * 14
    where = f"in {place}/{FILES}" if count == 1 else f"at the end of {files[1]}"
    assert said(capfd) == [f"{count * RECORD} bytes are missing {where}, and are left out"]


def test_within_another_file(left, opened, capfd):
    """What is cut is said at once, and what is of no use without it when it is met."""
    files = left(6)
    cut(files[1], 10)
    assert len(everything(opened())) == 5 * 14
    assert said(capfd) == [
        f"10 bytes are missing at the end of {files[1]}, and are left out",
        f"16 bytes are damaged in {files[1]}, and are left out",
    ]


DAMAGE = {
    "its head": (0, b"x"),
    "its length": (4, b"\xff\xff\xff\x7f"),
    "its text": (20, b"x"),
    "all of it": (0, bytes(RECORD)),
    "two of them": (20, bytes(RECORD)),
}


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.parametrize("at", range(5))
def test_a_record_is_damaged(name, at, left, opened, capfd):
    """Kind: a block of a disk that is lost. It costs what is damaged, and none of the others."""
    files = left(6)
    where, what = DAMAGE[name]
    file, start = files[at // 2], at % 2 * RECORD + where
    with file.open("r+b") as damaged:
        damaged.seek(start)
        damaged.write(what[: 2 * RECORD - start])
    gone = {at, at + 1} if name == "two of them" and at % 2 == 0 else {at}
    one = opened()
    assert everything(one) == b"".join(b"text number %02d" % i for i in range(6) if i not in gone)
    assert said(capfd) == [f"{len(gone) * RECORD} bytes are damaged in {file}, and are left out"]
    one.put(b"more")
    assert everything(one).endswith(b"more")


REMOVED = {"1.log": [0], "2.log": [1], "3.log": [2], "2.log and 1 more": [1, 2]}
REMOVED["1.log and 2 more"] = [0, 1, 2]


@pytest.mark.parametrize("name", REMOVED)
def test_files_are_removed(name, left, opened, capfd, place):
    """It is said how much was in those that were to be sent, and which they were; but once."""
    files, removed = left(6), REMOVED[name]
    for number in removed:
        files[number].unlink()
    one = opened()
    size = 52 * len(removed)
    where = f"{place}/{FILES}/{15 * '0'}{name}"
    assert said(capfd) == [f"{size} bytes are gone with {where}, and are left out"]
    assert len(everything(one)) == (6 - 2 * len(removed)) * 14
    crash(one)
    one = opened()
    one.put(b"more")
    assert everything(one).endswith(b"more")
    assert said(capfd) == []


def test_what_is_missing_to_nobody(left, opened, capfd):
    """What was delivered, and what was never confirmed; and what an earlier release left."""
    files = left(6)
    one = opened()
    for _ in range(3):
        one.delivered(one.read(one.begin)[1])
    assert not files[0].exists()
    one.put(b"in the pipe still")
    crash(one)
    cut(files[0].with_name("0" * 15 + "4.log"), 4)
    one = opened()
    assert (len(everything(one)), said(capfd)) == (3 * 14, [])
    crash(one)
    state = files[0].with_name("state")
    both = state.read_bytes()
    # As they were before it was said how much there is.
    state.write_bytes(both[:28].ljust(512) + both[512:540].ljust(512))
    files[0].with_name("0" * 15 + "4.log").unlink()
    cut(files[2], 30)
    assert (len(everything(opened())), said(capfd)) == (14, [])


UNREADABLE = {"garbage": os.urandom(1024), "zeros": bytes(1024), "empty": b"", "absent": None}
FORGOTTEN = "the state of {} cannot be read: what was sent may be sent again"


@pytest.mark.parametrize("torn", [0, 10])
@pytest.mark.parametrize("name", UNREADABLE)
def test_the_state_cannot_be_read(name, torn, left, opened, capfd):
    """Kind: what is no state, taken for one of a new spool. Nothing says then that the torn end was
    in the pipe still.
    """
    files = left(6)
    one = opened()
    for _ in range(2):
        one.delivered(one.read(one.begin)[1])
    crash(one)
    (state := files[0].with_name("state")).unlink()
    if (text := UNREADABLE[name]) is not None:
        state.write_bytes(text)
    if torn:
        cut(files[-1], torn)
    one = opened()
    lines = [FORGOTTEN.format(files[0].parent)]
    if torn:
        rest = RECORD - torn
        lines.append(f"{rest} bytes are missing at the end of {files[-1]}, and are left out")
    assert said(capfd) == lines
    assert everything(one) == b"".join(b"text number %02d" % at for at in range(2, 6 - bool(torn)))
    crash(one)
    # What was said once is not said again.
    crash(opened())
    assert said(capfd) == []


def test_a_state_that_is_none_and_nothing_else(left, opened, capfd, place):
    """What was there nobody knows."""
    for file in left(1):
        file.unlink()
    (place / FILES / "state").write_bytes(bytes(1024))
    assert everything(opened()) == b""
    assert said(capfd) == [FORGOTTEN.format(place / FILES)]


@pytest.mark.parametrize("slot", [0, 512])
def test_one_slot_of_the_state_is_torn(slot, left, opened, capfd, place):
    """So a crash of the machine leaves it, and the other one counts."""
    left(6)
    with (place / FILES / "state").open("r+b") as state:
        state.seek(slot)
        state.write(os.urandom(512))
    assert len(everything(opened())) == 6 * 14
    assert said(capfd) == []


def swap(one, two):
    """Have each of two files be called as the other."""
    both = one.read_bytes(), two.read_bytes()
    two.write_bytes(both[0])
    one.write_bytes(both[1])


def killed(*_):
    """Do nothing any more."""
    raise OSError(errno.EIO, "")


def lift(files):
    """Have all of FILES under higher numbers."""
    for file in reversed(files):
        file.rename(file.with_name(f"{int(file.stem, 16) + 100:016x}.log"))


RENAMED = {
    "two": (lambda files: swap(*files[:2]), 2),
    "the last": (lambda files: swap(files[0], files[2]), 2),
    "around": (lambda files: (swap(*files[:2]), swap(*files[1:])), 3),
    "all": (lift, 3),
}


@pytest.mark.parametrize("name", RENAMED)
def test_files_get_their_own_names_again(name, left, opened, capfd, place):
    """Kind: names that do not say the order. All is sent, in it."""
    do, count = RENAMED[name]
    do(left(6))
    assert everything(opened()) == b"".join(b"text number %02d" % at for at in range(6))
    what = f"{count} had other names, and have their own again"
    assert said(capfd) == [f"files in the spool {place / FILES}: {what}"]


@pytest.mark.parametrize("name", RENAMED)
@pytest.mark.parametrize("done", range(7))
def test_killed_while_files_get_their_names(name, done, left, opened, place, monkeypatch):  # noqa: PLR0917
    """Kind: a kill at the very moment. The next one goes on with it."""
    RENAMED[name][0](left(6))
    with monkeypatch.context() as patch, suppress(OSError):
        words = iter([misplaced.rename] * done)
        patch.setattr(misplaced, "rename", lambda *names: next(words, killed)(*names))  # noqa: PLW0108
        directory = open_directory(bytes(place / FILES))
        misplaced.put_back(directory, PositionFile(directory).known)
    assert everything(opened()) == b"".join(b"text number %02d" % at for at in range(6))
    assert not list((place / FILES).glob("*.moving"))


COPIED = {
    "as the last": (
        lambda files: shutil.copy(files[1], files[1].with_name("0000000000ffffff.log")),
        "ffffff",
    ),
    "in one file": (lambda files: files[1].write_bytes(2 * files[1].read_bytes()), "2"),
}


@pytest.mark.parametrize("name", COPIED)
def test_copied_records(name, left, opened, capfd, place):
    """Kind: good records where they were not written. None is sent out of its order, or twice."""
    do, file = COPIED[name]
    do(left(6))
    one = opened()
    assert everything(one) == b"".join(b"text number %02d" % at for at in range(6))
    where = f"{place / FILES}/{file:0>16}.log"
    assert said(capfd) == [f"52 bytes are damaged in {where}, and are left out"]
    one.put(b"more")
    assert everything(one).endswith(b"more")


@pytest.mark.parametrize("cut_off", [0, 3])
def test_the_spool_of_an_earlier_release(cut_off, left, opened, capfd):
    """Its records are read, and what comes behind them is in the same file."""
    file = left(1)[0]
    text = b"text number 00"
    older = spool_records.HEAD.pack(spool_records.OLDER, len(text), crc32(text)) + text
    file.write_bytes(older + older[: cut_off * 5])
    one = opened()
    one.put(b"text number 01")
    assert everything(one) == b"text number 00text number 01"
    assert file.read_bytes().startswith(older + spool_records.MAGIC)
    assert said(capfd) == []


def test_files_are_cut_while_they_are_used(opened, place, capfd):
    """What was to be sent is missing; what comes later goes where it is found again."""
    one = opened()
    one.put(b"text one")
    one.put(b"text two")
    [file] = (place / FILES).glob("*.log")
    cut(file, 4)
    one.put(b"three")
    assert everything(one) == b"text onethree"
    assert said(capfd) == [f"20 bytes are missing at the end of {file}, and are left out"]
    crash(one)
    assert everything(opened()) == b"text onethree"


def next_router(give, pipe, place):
    """A source, an intent log and a spool of the router that is next."""
    source = give(pipe[0])
    log = open_intent_log(source, BlockSplitter(LABEL))
    spooling = SpoolOptions(str(place / "spool").encode(), 1 << 30)
    return source, log, spool.Spool(spooling, parse(b"tcp://host:99"), source, log)


@pytest.mark.parametrize("lost", [0, 10, RECORD, RECORD + 1, 2 * RECORD, 2 * RECORD + 3])
@pytest.mark.parametrize("taken", [False, True], ids=["not taken", "taken"])
def test_killed_before_and_after_a_block_leaves_the_pipe(taken, lost, place, pipe, capfd):
    """Kind: a kill at the very moment. What left the pipe and is not there is missing, also if
    that was all the router did of it; what comes again is missing to nobody.
    """
    blocks = [b"text number 00", b"text number 01text number 02"]
    with contextmanager(opened_sources)() as give:
        source, log, one = next_router(give, pipe, place)
        for at, block in enumerate(blocks):
            write_all(pipe[1], block)
            assert source.look() == block
            log.prepare(block, 0)
            for i in range(0, len(block), 14):
                one.put(block[i : i + 14])
            one.settle()
            if taken or not at:
                assert log.take(len(block)) == 0
        crash(one)
    [file] = (place / FILES).glob("*.log")
    cut(file, lost)
    with contextmanager(opened_sources)() as give:
        source, log, one = next_router(give, pipe, place)
        assert source.look() == (b"" if taken else blocks[1])
        left = 3 - -(-lost // RECORD) if taken else min(1, 3 - -(-lost // RECORD))
        assert everything(one) == b"".join(blocks)[: left * 14]
        crash(one)
        # What was said once is not said again.
        source, log, one = next_router(give, pipe, place)
        crash(one)
    gone = (3 if taken else 1) - left
    why = f"{gone * RECORD} bytes are missing at the end of {file}, and are left out"
    assert said(capfd) == ([why] if gone else [])


@pytest.mark.parametrize("way", [*itertools.product(SENT, [signal.SIGKILL, signal.SIGTERM])])
def test_of_600_lines_500_are_left(way, start, far, place, pipe):
    """However the one before ended, the next one says what of its spool is not there."""
    scheme, how = way
    far = far(scheme)
    words = "pysissylog", "--spool", "spool", "--to", f"{scheme}://127.0.0.1:{far.port}"
    process = start(*words, stdin=pipe[0])
    wanted = numbered(0, 600)
    for at in range(0, 600, 100):
        write_all(pipe[1], stream(wanted[at : at + 100]))
        # One record each.
        wait_until(lambda: not any(fcntl.ioctl(pipe[0], FIONREAD, bytes(4))))
    process.send_signal(how)
    finish(process)
    [file] = place.glob("spool/*/*.log")
    before = file.stat().st_size
    cut(file, 10)
    far.start()
    process = start(*words, stdin=pipe[0])
    pipe.end()
    code, text = finish(process)
    wait_until(lambda: len(far.lines()) >= 500)
    assert (code, far.lines()) == (0, wanted[:500])
    where = os.path.relpath(file, place)
    lost = before // 6
    line = f"{lost} bytes are missing at the end of {where}, and are left out\n"
    assert text.decode() == f"pysissylog: warning: {line}"


@pytest.mark.kill
@pytest.mark.parametrize("scheme", SENT)
@in_time_for(KILLS)
def test_killed_routers_are_no_damage(scheme, start, far, pipe):
    """However often it is killed, the server away or not: nothing is said to be missing."""
    far = far(scheme)
    chance = random.Random(13)  # noqa: S311 - the same moments each time
    daemon = Daemon(pipe[1], chance)
    words = "pysissylog", "--spool", "spool", "--to", f"{scheme}://127.0.0.1:{far.port}"
    heard = b""
    for turn in range(KILLS):
        if turn == KILLS // 2:
            far.start()
        process = start(*words, "me", stdin=pipe[0])
        before = far.size()
        if far.process:
            wait_until(lambda: far.size() > before)  # noqa: B023
        time.sleep(chance.random() * 0.2)  # it is when that is random, no condition
        process.kill()
        code, text = finish(process)
        heard += text
        assert code == -signal.SIGKILL
    process = start(*words, "me", stdin=pipe[0])
    wanted = daemon.stop()
    pipe.end()
    code, text = finish(process)
    assert (code, b"left out" in heard + text) == (0, False)
    wait_until(lambda: wanted[-1] in far.lines()[-1:])
    told(f"router that is away from its {scheme} server", KILLS, far.lines(), wanted)
    check_once(far.lines(), wanted, SENT[scheme][1])
