"""The spool: what was put into it comes out again, in order, whatever happens in between."""

import errno
import os
import posix
import resource
import shutil
import threading
from binascii import crc32
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pydaemontools.base.tai64 import LABEL
from pydaemontools.log.lines.targets import SpoolOptions
from pydaemontools.log.net import segments, spool, spool_records
from pydaemontools.log.net.spool import Spool
from pydaemontools.log.pipe.intent_log import open_intent_log
from pydaemontools.log.pipe.splitter import BlockSplitter
from pydaemontools.log.target_parser import parse
from tests.log.conftest import finish, no_more_for, numbered, patient, wait_until, write_all
from tests.log.conftest import opened as opened_sources
from tests.log.far import Rsyslogd, Tcp, check_once, free_port


@pytest.fixture
def opened(place):
    """Open the spool in `place`; it is closed at the end of the test."""
    made = []

    def opened(size=1 << 30, kept=0):
        to = parse(b"tcp://host:99")
        source = SimpleNamespace(consumed=0)
        spooling = SpoolOptions(str(place / "spool").encode(), size)
        made.append(Spool(spooling, to, source, None, kept))
        return made[-1]

    yield opened
    for one in made:
        one.close()


def crash(one):
    """Let go of the spool ONE as a kill would."""
    posix.close(one._segments._fd)
    one._dir.close()
    one._segments._reading = -1, -1
    one.close = lambda: None


def everything(one, at=None):
    """All that ONE has from AT on."""
    at = one.begin if at is None else at
    texts = []
    while one.ready(at):
        text, at = one.read(at)
        texts.append(text)
    return b"".join(texts)


FILES = "spool/tcp_host_99"


def test_what_is_put_in_comes_out(opened):
    """In order; it counts as held by nobody; and what was delivered is gone."""
    one = opened()
    for text in b"one", b"two", b"three":
        one.put(text)
    assert (one.held, one.stalled, everything(one)) == (0, False, b"onetwothree")
    text, after = one.read(one.begin)
    one.delivered(after - len(text) + 2)
    assert everything(one) == b"etwothree"
    one.delivered(after)
    assert everything(one) == b"twothree"


@settings(patient, max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(
        st.one_of(
            st.binary(min_size=1, max_size=50).map(lambda text: ("put", text)),
            st.tuples(st.just("read"), st.integers(1, 80)),
            st.just(("crash", 0)),
        ),
        max_size=40,
    )
)
def test_any_history(steps, opened, monkeypatch, place):
    """Whatever is put, delivered and crashed in whatever order: nothing is lost or comes twice."""
    monkeypatch.setattr(segments, "SEGMENT", 100)
    monkeypatch.setattr(spool, "SEGMENT", 100)
    monkeypatch.setattr(spool, "SMALL", 60)
    one = opened()
    one.delivered(one.end)
    left = b""
    for what, value in steps:
        if what == "put":
            one.put(value)
            left += value
        elif what == "read" and one.ready(one.begin):
            text, after = one.read(one.begin)
            count = min(value, len(text))
            assert left.startswith(text)
            one.delivered(after - len(text) + count)
            left = left[count:]
        elif what == "crash":
            crash(one)
            one = opened()
        assert everything(one) == left
    one.delivered(one.end)
    crash(one)
    # A history needs few files, however long it was.
    assert len(list((place / FILES).iterdir())) <= 4


KEPT = 150


@settings(patient, max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    first=st.lists(st.integers(1, 50), max_size=20),
    steps=st.lists(
        st.one_of(
            st.binary(min_size=1, max_size=50).map(lambda text: ("put", text)),
            st.tuples(st.just("read"), st.integers(1, 20)),
            st.tuples(st.just("again"), st.integers(0, 40)),
            st.just(("crash", 0)),
        ),
        max_size=60,
    ),
)
def test_what_was_not_delivered_after_all(first, steps, opened, monkeypatch, place):
    """What was delivered can be had again from any place on, or from KEPT bytes before."""
    monkeypatch.setattr(segments, "SEGMENT", 300)
    monkeypatch.setattr(spool, "SEGMENT", 300)
    monkeypatch.setattr(spool, "SMALL", 200)
    one = opened(kept=KEPT)
    one.delivered(one.end)
    written, begin = b"", 0
    steps = [("put", b"x" * size) for size in first] + steps
    # Where this and its predecessors stood: here, and in what was written.
    stood = [(one.begin, 0)]
    for what, value in steps:
        if what == "put":
            one.put(value)
            written += value
        elif what == "read":
            for _ in range(value):
                if one.ready(one.begin):
                    text, after = one.read(one.begin)
                    one.delivered(after)
                    begin += len(text)
                    stood.append((one.begin, begin))
        elif what == "again":
            position, at = stood[value % len(stood)]
            before = one.begin
            one.rewind(min(position, before))
            length = len(everything(one))
            back = one._segments.between(one.begin, before)
            assert length <= len(written) - min(at, begin)
            # Or as far back as there is something: it had been farther.
            first = one._segments.after(segments.position(one._segments.first, 0))
            assert back >= KEPT or length == len(written) - min(at, begin) or one.begin == first
            assert back < KEPT + 62
            begin = len(written) - length
        elif what == "crash":
            crash(one)
            one = opened(kept=KEPT)
        assert everything(one) == written[begin:]
        assert one.size - one.held >= len(written) - begin
    assert (
        sum(file.stat().st_size for file in (place / FILES).glob("*.log")) <= one.size + KEPT + 362
    )
    one.delivered(one.end)
    crash(one)


def test_the_next_record_is_not_looked_for(opened, monkeypatch):
    """To read all of a file takes a few calls for each record, however many there are."""
    one = opened()
    for _ in range(1000):
        one.put(b"x" * 100)
    calls = []
    real = posix.pread
    monkeypatch.setattr(segments.posix, "pread", lambda *words: calls.append(1) or real(*words))
    assert everything(one) == b"x" * 100_000
    assert len(calls) < 5 * 1000


def test_nonsense_at_the_end(opened, place, capfd):
    """It is cut off, and that is said, since it is nothing that a kill leaves."""
    one = opened()
    one.put(b"one")
    one.put(b"two")
    crash(one)
    [file] = (place / FILES).glob("*.log")
    with file.open("r+b") as damaged:
        damaged.seek(-1, os.SEEK_END)
        damaged.write(b"x")
    one = opened()
    said = f"warning: 15 bytes are damaged in {file}, and are left out\n"
    assert capfd.readouterr().err == "pysissylog: " + said
    one.put(b"three")
    assert everything(one) == b"onethree"


def test_a_torn_tail_is_cut(opened, place, capfd):
    """A record that a kill cut short is cut off, and what comes next follows the last whole one.
    Nothing is said: its lines are in the pipe.
    """
    one = opened()
    one.put(b"one")
    one.put(b"two")
    crash(one)
    [file] = (place / FILES).glob("*.log")
    data = file.read_bytes()
    for length in range(len(data) - 1, 15, -1):
        file.write_bytes(data[:length])
        one = opened()
        assert everything(one) == b"one"
        crash(one)
    one = opened()
    one.put(b"three")
    assert everything(one) == b"onethree"
    assert capfd.readouterr().err == ""


def test_damage_costs_one_file(opened, place, monkeypatch, capfd):
    """Where a crash of the machine left nothing but nonsense, the files behind it are read all
    the same; that is said.
    """
    monkeypatch.setattr(spool, "SEGMENT", 50)
    one = opened()
    for at in range(12):
        one.put(b"text number %02d" % at)
    crash(one)
    files = sorted((place / FILES).glob("*.log"))
    size = files[1].stat().st_size
    files[1].write_bytes(bytes(size))
    found = everything(opened())
    said = f"warning: {size} bytes are damaged in {files[1]}, and are left out\n"
    assert capfd.readouterr().err == "pysissylog: " + said
    assert found.startswith(b"text number 00text number 01")
    assert found.endswith(b"text number 11")


def test_a_file_that_was_removed(opened, place, monkeypatch, capfd):
    """What it had is lost, and said to be; all else is sent."""
    monkeypatch.setattr(spool, "SEGMENT", 50)
    one = opened()
    for at in range(12):
        one.put(b"text number %02d" % at)
    files = sorted((place / FILES).glob("*.log"))
    size = files[1].stat().st_size
    files[1].unlink()
    found = everything(one)
    said = f"warning: {size} bytes are gone with {files[1]}, and are left out\n"
    assert capfd.readouterr().err == "pysissylog: " + said
    assert len(found) == 12 * 14 - 2 * 14
    one.delivered(one.end)
    assert everything(one) == b""


@pytest.mark.parametrize("what", ["all", "the place's", "the files"])
def test_a_spool_that_is_removed(what, place, start):
    """It is made again with what its last file had, and that is said: a kill loses nothing then."""
    server = Rsyslogd(place / "rsyslog", "imrelp")
    to = f"relp://127.0.0.1:{server.port}"
    words = "pysissylog", "--buffer", "0", "--spool", "spool", "--to", to
    process = start(*words)
    lines = numbered(0, 100)
    write_all(process.stdin.fileno(), b"".join(line + b"\n" for line in lines[:50]))
    assert b"unable to reach" in process.stderr.readline()
    [directory] = place.glob("spool/*")
    wait_until(lambda: sum(file.stat().st_size for file in directory.glob("*.log")) > 50 * 50)
    if what == "the files":
        for file in directory.iterdir():
            file.unlink()
    else:
        shutil.rmtree(directory if what == "the place's" else place / "spool")
    write_all(process.stdin.fileno(), b"".join(line + b"\n" for line in lines[50:]))
    said = f"the spool spool/{directory.name} was removed; what its last file had is written again"
    assert process.stderr.readline().decode() == f"pysissylog: warning: {said}\n"
    wait_until(lambda: sum(file.stat().st_size for file in directory.glob("*.log")) > 100 * 50)
    process.kill()
    finish(process)
    server.start()
    process = start(*words)
    assert finish(process) == (0, b"")
    wait_until(lambda: len(server.lines()) >= 100)
    assert server.lines() == lines
    server.stop()


def test_a_removed_spool_that_cannot_be_made(opened, place, capfd):
    """Then it is as with a disk that is full: said, and tried again."""
    one = opened()
    one.put(b"one")
    shutil.rmtree(place / "spool")
    (place / "spool").touch()
    one.put(b"two")
    assert (one.stalled, one.held) == (True, 3)
    assert capfd.readouterr().err.endswith("pausing: not a directory\n")
    (place / "spool").unlink()
    one._retry_at = 0
    one.flush()
    assert (one.stalled, everything(one)) == (False, b"onetwo")
    crash(one)
    assert everything(opened()) == b"onetwo"


OTHERS = ["x.log", "1.log", "-1.log", "0x1.log", "000000000000000A.log", "f" * 16 + ".log", "note"]


def test_files_of_others(opened, place):
    """What is no file of ours is left alone, and hinders nobody."""
    one = opened()
    one.put(b"one")
    crash(one)
    for name in OTHERS:
        (place / FILES / name).write_bytes(b"not ours")
    (place / FILES / "0000000000000005.log").mkdir()
    one = opened()
    one.put(b"two")
    assert everything(one) == b"onetwo"
    one.delivered(one.end)
    crash(one)
    assert everything(opened()) == b""
    assert all((place / FILES / name).read_bytes() == b"not ours" for name in OTHERS)


@pytest.mark.parametrize("number", [1 << 24, 1 << 32, (1 << 60) - 2])
def test_numbers_of_files(opened, place, number):
    """However many files there were: the state has room, and what is missing is passed over."""
    one = opened()
    one.put(b"one")
    crash(one)
    [file] = (place / FILES).glob("*.log")
    head = spool_records.head(spool_records.position(number, 0), b"one")
    file.with_name(f"{number:016x}.log").write_bytes(head + b"one")
    one = opened()
    assert everything(one) == b"oneone"
    one.put(b"two")
    one.delivered(one.read(one.read(one.begin)[1])[1])
    crash(one)
    assert everything(opened()) == b"two"


def test_a_state_that_was_lost(opened, place):
    """Without `state` all that is there is sent: twice is better than never."""
    one = opened()
    one.put(b"one")
    one.delivered(one.end)
    one.put(b"two")
    crash(one)
    (place / FILES / "state").unlink()
    assert everything(opened()) == b"onetwo"


def test_a_full_spool(opened):
    """It takes no more than it may have, unless it is empty; and goes on when there is room."""
    one = opened(size=1000)
    one.put(b"x" * 600)
    one.put(b"y" * 600)
    assert (one.stalled, one.held, one.pending()) == (True, 600, [b"y" * 600])
    one.delivered(one.end)
    one.flush()
    assert (one.stalled, one.held) == (False, 0)
    assert everything(one) == b"y" * 600
    one.delivered(one.end)
    one.put(b"z" * 5000)
    assert everything(one) == b"z" * 5000


def test_a_disk_that_is_full(opened, monkeypatch, capfd):
    """A disk without room is a warning and a pause, and half a record is none."""
    one = opened()
    one.put(b"one")
    real = posix.write
    failing = [True]

    def write(fd, data):
        if failing and fd == one._segments._fd:
            if len(data) > 10:
                return real(fd, data[:10])
            raise OSError(errno.ENOSPC, "")
        return real(fd, data)

    monkeypatch.setattr(segments.posix, "write", write)
    one.put(b"two" * 100)
    assert (one.stalled, one.held) == (True, 300)
    one._retry_at = 0
    one.flush()
    said = capfd.readouterr().err
    assert said.count("pausing: out of disk space") == 1
    failing.clear()
    one._retry_at = 0
    one.flush()
    assert (one.stalled, everything(one)) == (False, b"one" + b"two" * 100)


@pytest.mark.parametrize("kept", [0, 1000], ids=["relp", "tcp"])
@pytest.mark.parametrize("first", [b"", b"one"], ids=["empty", "with something"])
def test_a_disk_that_fails(first, kept, opened, monkeypatch, capfd):
    """Kind: a disk on which nothing can be undone either, as one that became read-only. What comes
    goes by it, in order, without an end; and when it works again it is used, and nothing that was
    half written, or was sent meanwhile, is there.
    """
    one = opened(kept=kept)
    one.put(first)
    failing = [True]

    def fails(real):
        def call(fd, *arguments, **names):
            if failing and fd != 2:  # where it is said
                if real is posix_write and len(arguments[0]) > 20:
                    return real(fd, arguments[0][:20])
                raise OSError(errno.EIO, "")
            return real(fd, *arguments, **names)

        return call

    posix_write = posix.write
    for name in "write", "ftruncate", "rename", "unlink", "pwrite", "fsync":
        monkeypatch.setattr(segments.posix, name, fails(getattr(posix, name)))
    sent = []
    for turn in range(5):
        one.put(b"%d" % turn * 100)
        one._retry_at = 0
        one.flush()
        sent.append(everything(one))
        one.delivered(one._overflow.end)
        assert (one.stalled, one.size, one.ready(one.begin)) == (False, 0, False)
    assert sent == [first + b"0" * 100, *(b"%d" % turn * 100 for turn in range(1, 5))]
    one.sync()
    failing.clear()
    one.put(b"two")
    one.put(b"three")
    assert (one.stalled, one.held, everything(one)) == (False, 0, b"twothree")
    crash(one)
    again = opened(kept=kept)
    assert everything(again) == b"twothree"
    again.rewind(0)
    assert everything(again) == b"twothree"
    assert capfd.readouterr().err.count("\n") == 1  # that it fails


def test_what_comes_again_takes_no_room_from_others(opened):
    """What was delivered, and then was not, counts besides what a spool may have."""
    one = opened(size=300, kept=1000)
    start = one.begin
    for _ in range(8):
        one.put(b"x" * 100)
        one.delivered(one.end)
    one.rewind(start)
    one.put(b"y" * 100)
    assert (one.stalled, everything(one)) == (False, b"x" * 800 + b"y" * 100)


def test_a_small_spool_has_few_files(opened, place):
    """Also where more is kept than it may have."""
    one = opened(size=0, kept=1 << 20)
    for _ in range(3000):
        one.put(b"x" * 100)
        one.delivered(one.end)
    assert len(list((place / FILES).glob("*.log"))) < 5


def test_what_is_kept_is_in_nobodys_way(opened, monkeypatch, capfd):
    """It counts for nothing that waits, and makes room on a disk that is full."""
    monkeypatch.setattr(spool, "SMALL", 60)
    one = opened(size=300, kept=1000)
    for _ in range(5):
        one.put(b"x" * 100)
        one.put(b"x" * 100)
        assert (one.stalled, one.size) == (False, 224)
        one.delivered(one.end)
    start = one.begin
    real = posix.write

    def write(fd, data):
        if fd == one._segments._fd and one._segments.first < segments.file_offset(start)[0]:
            raise OSError(errno.ENOSPC, "")
        return real(fd, data)

    monkeypatch.setattr(segments.posix, "write", write)
    one.put(b"y" * 100)
    assert (one.stalled, everything(one)) == (False, b"y" * 100)
    one.rewind(0)
    assert everything(one) == b"y" * 100
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("size", [10, 500], ids=["a file that is full", "a file with room"])
@pytest.mark.parametrize("taken", [False, True], ids=["not taken", "taken"])
def test_what_a_dead_router_had_not_taken(size, taken, place, pipe, monkeypatch):
    """What is in the spool and still in the pipe is not sent, and is cut off by the successor."""
    monkeypatch.setattr(spool, "SEGMENT", size)
    spooling = SpoolOptions(str(place / "spool").encode(), 1 << 30)

    def begin(give):
        source = give(pipe[0])
        ledger = open_intent_log(source, BlockSplitter(LABEL))
        return source, ledger, Spool(spooling, parse(b"tcp://host:99"), source, ledger)

    write_all(pipe[1], b"one\ntwo\n")
    with contextmanager(opened_sources)() as give:
        source, ledger, one = begin(give)
        assert source.look() == b"one\ntwo\n"
        ledger.prepare(b"one\ntwo\n", 0)
        one.put(b"one two, and more than a file may have")
        assert everything(one) == b""
        if taken:
            assert ledger.take(8) == 0
            assert everything(one) == b"one two, and more than a file may have"
        crash(one)
    with contextmanager(opened_sources)() as give:
        source, ledger, one = begin(give)
        left = b"" if taken else b"one\ntwo\n"
        assert source.look() == left
        assert one.end - one.begin == 0 or taken
        assert everything(one) == taken * b"one two, and more than a file may have"
        crash(one)


def test_one_router_at_a_time(run, start, place):
    """A spool has one writer; a second one is refused."""
    url = f"tcp://127.0.0.1:{free_port()}"
    first = start("pysissylog", "--spool", "spool", "--to", url)
    wait_until(lambda: list(place.glob("spool/*/state")))
    second = run("pysissylog", "--spool", "spool", "--to", url, input=b"x\n")
    port = url.rpartition(":")[2]
    said = f"unable to lock the spool spool/tcp_127.0.0.1_{port}: temporary failure\n"
    assert (second.returncode, second.stderr) == (111, b"pysissylog: fatal: " + said.encode())
    no_more_for(first)
    assert first.wait(30) == 0


@pytest.mark.parametrize("scheme", ["tcp", "relp"])
def test_an_outage(scheme, place, start):
    """While a server is away the daemon goes on; a router that ends meanwhile leaves it all to
    the next one, which sends what is old first.
    """
    server = Rsyslogd(place / "rsyslog", "imtcp" if scheme == "tcp" else "imrelp")
    words = "--buffer", "0", "--spool", "spool", "--to", f"{scheme}://127.0.0.1:{server.port}"
    process = start("pysissylog", *words)
    lines = numbered(0, 50000)
    # Far more than the pipe holds.
    write_all(process.stdin.fileno(), b"".join(line + b"\n" for line in lines[:40000]))
    assert b"unable to reach" in process.stderr.readline()
    process.terminate()
    code, said = finish(process)
    assert (code, b"bytes are left in spool/" in said) == (0, True)
    server.start()
    process = start("pysissylog", *words)
    write_all(process.stdin.fileno(), b"".join(line + b"\n" for line in lines[40000:]))
    assert finish(process) == (0, b"")
    wait_until(lambda: len(server.lines()) >= len(lines))
    check_once(server.lines(), lines, 1)
    assert sum(file.stat().st_size for file in place.glob("spool/*/*.log")) < 5_000_000
    server.stop()


def test_a_spool_that_cannot_be_had(run, place):
    """It is said which, and why."""
    (place / "file").touch()
    words = "--to", "relp://127.0.0.1:1", "--spool", "file"
    result = run("pysissylog", *words, input=b"x\n")
    said = b"unable to make the spool file/relp_127.0.0.1_1: not a directory\n"
    assert (result.returncode, result.stderr) == (111, b"pysissylog: fatal: " + said)


def test_each_format_has_a_spool_of_its_own(run, start):
    """What was framed for one format is not sent among messages of another; that is said."""
    port = free_port()
    words = "pysissylog", "--spool", "spool", "--to"
    to = f"tcp://127.0.0.1:{port}"
    process = start(*words, to)
    write_all(process.stdin.fileno(), b"first\n")
    assert b"unable to reach" in process.stderr.readline()
    process.terminate()
    assert finish(process)[0] == 0
    server = Tcp(port)
    result = run(*words, f"{to},format=json", input=b"second\n")
    said = b"what is left in spool/tcp_127.0.0.1_%d is of the format 5424, and stays there\n" % port
    assert (result.returncode, result.stderr) == (0, b"pysissylog: warning: " + said)
    assert run(*words, to, input=b"").returncode == 0
    result = run(*words, f"{to},format=json", input=b"third\n")
    assert (result.returncode, result.stderr) == (0, b"")
    wait_until(lambda: len(server.came) == 3)
    wait_until(lambda: all(server.came))
    assert [b"{" in came[:1] for came in server.came] == [True, False, True]
    assert server.came[1].endswith(b" first")
    server.close()


def test_what_is_left_is_what_the_disk_has(run, start, place):
    """What had no room there is lost with the router, and is not said to be left."""
    words = "pysissylog", "--to", "relp://127.0.0.1:1", "--spool", "spool"
    assert run(*words, input=b"one\n").returncode == 0
    process = start(*words, "--spool-size", "0")
    write_all(process.stdin.fileno(), b"two\n")
    assert b"unable to reach" in process.stderr.readline()
    process.terminate()
    code, said = finish(process)
    there = sum(file.stat().st_size for file in place.glob("spool/*/*.log"))
    assert (code, b"unable to deliver 1 lines" in said) == (111, True)
    assert b"info: %d bytes are left in " % there in said


def test_a_spool_that_is_full_makes_the_daemon_wait(place, start):
    """When the spool is full, nothing more is read; when the server comes, all arrives."""
    server = Rsyslogd(place / "rsyslog", "imrelp")
    words = "--spool", "spool", "--spool-size", "100k", "--to", f"relp://127.0.0.1:{server.port}"
    process = start("pysissylog", *words)
    lines = numbered(0, 100_000)
    data = b"".join(line + b"\n" for line in lines)
    feeder = threading.Thread(target=write_all, args=(process.stdin.fileno(), data))
    feeder.start()
    assert b"unable to reach" in process.stderr.readline()
    server.start()
    feeder.join()
    assert finish(process)[0] == 0
    wait_until(lambda: len(server.lines()) >= len(lines))
    assert server.lines() == lines
    server.stop()


def fits(number, at):
    """A slot of the file `state` that says AT."""
    text = number.to_bytes(8, "big") + at.to_bytes(16, "big")
    return (text + crc32(text).to_bytes(4, "big")).ljust(512)


numbers = st.one_of(st.integers(0, 9), st.sampled_from([2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1]))
places = st.builds(
    lambda file, offset: min((file << 40) + offset, 2**128 - 1),
    st.one_of(st.integers(0, 3), st.sampled_from([2**60 - 1, 2**60, 2**87, 2**88])),
    st.sampled_from([0, 1, 12, 50, 2**40 - 1]),
)
lengths = st.sampled_from([0, 3, 100, 2**28 + 1, 2**31, 2**32 - 1])
files = st.dictionaries(
    st.sampled_from([1, 2, 3, 2**60 - 1]),
    st.tuples(lengths, st.sampled_from([0, 1 << 20, 1 << 33, 1 << 41])),
    max_size=3,
)


@settings(patient, max_examples=60, suppress_health_check=list(HealthCheck))
@given(slots=st.lists(st.builds(fits, numbers, places), max_size=2), files=files)
def test_a_spool_of_another_account(opened, place, slots, files):
    """Kind: a length or a number that anybody may have written: all memory, or a traceback."""
    shutil.rmtree(place / "spool", ignore_errors=True)
    (place / FILES).mkdir(parents=True)
    (place / FILES / "state").write_bytes(b"".join(slots))
    for number, (length, size) in files.items():
        file = place / FILES / f"{number:016x}.log"
        file.write_bytes(spool_records.HEAD.pack(spool_records.MAGIC, length, 0))
        os.truncate(file, size)
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, before[1]))
    try:
        one = opened()
        one.put(b"a line")
        for _ in range(9):
            if one.ready(one.begin):
                one.delivered(one.read(one.begin)[1])
    except OSError:
        # It is of no use then, and that is said.
        return
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    crash(one)
