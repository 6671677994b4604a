"""What is tried of files that outlive their process: spools, intents, and logs that are read."""
# ruff: noqa: S101 - a check is made of assertions

import contextlib
import json
import os
import posix
import re
import signal
import tempfile
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from hypothesis import strategies as st
from reading import INTENT, SOUP

from pydaemontools.base.tai64 import stamp
from pydaemontools.control.logfiles import ServiceLog
from pydaemontools.control.loglines import every
from pydaemontools.control.logs import shaped
from pydaemontools.control.typed_time import moment
from pydaemontools.control.when import stamped
from pydaemontools.log.lines.severity import SeverityReader
from pydaemontools.log.lines.severity_transform import SeverityTransform
from pydaemontools.log.lines.targets import SpoolOptions
from pydaemontools.log.logdir.writer import LogDir
from pydaemontools.log.net import spool, spooldir
from pydaemontools.log.pipe.ending import Ending
from pydaemontools.log.pipe.intent import Intent
from pydaemontools.log.pipe.intent_log import open_intent_log
from pydaemontools.log.pipe.pump import Pump
from pydaemontools.log.pipe.pump_loop import PumpLoop, Waker
from pydaemontools.log.pipe.source import open_source
from pydaemontools.log.pipe.splitter import BlockSplitter
from pydaemontools.log.sinks.directory import DirectorySink
from pydaemontools.log.target_parser import parse

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - no disk is needed
OURS = re.compile(rb"[0-9a-f]{16}\.log")
PLACE = parse(b"tcp://h:9")


@contextlib.contextmanager
def directory():
    """A directory, and that nothing is open afterwards that was not before."""
    before = set(os.listdir("/proc/self/fd"))
    with tempfile.TemporaryDirectory(dir=MEMORY) as made:
        try:
            yield Path(made)
        finally:
            signal.set_wakeup_fd(-1)
            for fd in map(int, set(os.listdir("/proc/self/fd")) - before):
                with contextlib.suppress(OSError):
                    posix.close(fd)


def opened(place):
    """The spool in PLACE."""
    source = SimpleNamespace(consumed=0)
    return spool.Spool(SpoolOptions(os.fsencode(place), 1 << 30), PLACE, source, None)


def everything(one):
    """The texts that ONE has to send, one after the other."""
    at, texts = one.begin, []
    while one.ready(at):
        text, then = one.read(at)
        assert text or then > at
        texts.append(text)
        at = then
    return texts


def spooled(four):
    """Spool: whatever happened to its files, what is whole is sent, and it goes on from there."""
    count, done, damage, strangers = four
    small = patch.multiple(spool, SEGMENT=60, SMALL=9, say=lambda *_: None)
    with directory() as place, soon(), small:
        path = place / spooldir.directory_name(PLACE, PLACE.format).decode()
        one = opened(place)
        for at in range(count):
            one.put(b"text %04d" % at)
        for _ in range(min(done, count)):
            one.delivered(one.read(one.begin)[1])
        one.close()
        whole = sorted(_damaged(path, damage))
        kept = {name: data for name, data in strangers.items() if _added(path, name, data)}
        try:
            one = opened(place)
        except OSError:
            assert any(OURS.fullmatch(name) and data is None for name, data in kept.items())
            return
        found = b"".join(everything(one))
        places = [found.find(b"text %04d" % at) for at in whole if at >= done]
        assert -1 not in places
        assert kept or places == sorted(places)
        one.put(b"and on")
        assert everything(one)[-1] == b"and on"
        one.delivered(one.end)
        assert (everything(one), one.begin) == ([], one.end)
        one.close()
        one = opened(place)
        assert everything(one) == []
        for name, data in kept.items():
            if not OURS.fullmatch(name):
                file = os.fsencode(path) + b"/" + name
                assert os.path.isdir(file) if data is None else _read(file) == data


def _damaged(path, damage):
    """The numbers of the texts in the segments in PATH that are whole after DAMAGE."""
    files = sorted(path.glob("*.log"))
    texts = {}
    for file in files:
        for found in re.finditer(rb"text (\d+)", file.read_bytes()):
            texts[int(found[1])] = file, found.end()
    first = {}
    for number, somewhere, data in damage:
        file = [*files, path / "state"][number % (len(files) + 1)]
        old = file.read_bytes()
        at = somewhere % (len(old) + 1)
        new = old[:at] if data is None else old[:at] + data + old[at + len(data) :]
        if new != old:
            file.write_bytes(new)
            first[file] = min(at, first.get(file, at))
    # Behind the damage nothing more of that file is believed.
    return [one for one, (file, end) in texts.items() if end <= first.get(file, 1 << 30)]


def _added(path, name, data):
    """Have the file NAME in PATH too, or a directory; whether there was none."""
    file = os.fsencode(path) + b"/" + name
    if os.path.lexists(file):
        return False
    if data is None:
        os.mkdir(file)
    else:
        with open(file, "wb") as made:
            made.write(data)
    return True


def _read(file):
    with open(file, "rb") as opened_:
        return opened_.read()


@contextlib.contextmanager
def soon():
    """Whatever is done does not last."""

    def late(*_):
        raise AssertionError("it hangs")

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


BODY = b"".join(b"line %d\n" % at for at in range(9))


def intended(five):
    """Intents: whatever they say, nothing hangs; nothing is lost if they are of another pipe."""
    slots, taken, logged, clean, forged = five
    with directory() as place, soon(), contextlib.ExitStack() as last:
        read, write = os.pipe()
        os.write(write, BODY)
        current = place / "current"
        current.write_bytes(logged)
        current.chmod(0o744 if clean else 0o644)
        if forged:
            with open("/proc/sys/kernel/random/boot_id", "rb") as file:
                name = file.read().strip()
            name += b":%d:" % os.fstat(read).st_ino + forged[0]
            words = list(forged[1])
            if forged[2]:
                words[1] = current.stat().st_ino
            slots = [Intent(name, *words[:7], BODY[: words[5]][-64:], *words[7:9]).line(words[9])]
        file = b"".join(slot[:512].ljust(512) for slot in slots)
        (place / "note").write_bytes(file.ljust(4096 + taken, b"\0")[: 4096 + taken])
        source = open_source(read)
        intents = open_intent_log(source, BlockSplitter(0))
        try:
            log = LogDir(os.fsencode(place), intent_log=intents)
        except OSError:
            assert forged
            return
        sink = DirectorySink(log, b"fuzz")
        ending = Ending()
        transform = SeverityTransform(SeverityReader())
        pump = Pump(source, ending, [sink], transform, intent_log=intents)
        os.close(write)
        loop = PumpLoop()
        # By itself, or it would close once more what has its number by then.
        last.callback(loop.epoll.close)
        waker = Waker(loop, source, ending)
        loop.add(waker, pump.step)
        code = loop.run()[waker]
        files = [*sorted(place.glob("@*")), current]
        data = b"".join(file.read_bytes() for file in files)
        if not forged:
            assert code == 0
            assert data == logged + BODY


def logs(four):
    """Log: whatever is in the files of a log directory is shown, every line once."""
    finished, first, more, time = four
    with directory() as place:
        current = place / "current"
        current.write_bytes(first)
        files = {}
        for name, data in finished:
            files[name] = data
            (place / os.fsdecode(name)).write_bytes(data)
        one = ServiceLog(os.fsencode(place))
        shapes = [shaped(several=True, json=json) for json in (False, True)]
        found = [*one.since(-(1 << 100)), *one.unfinished()]
        if not files:
            lines = first.split(b"\n")
            lines = lines if lines[-1] else lines[:-1]
            assert [entry[3] for entry in found] == [line[stamped(line)[1] :] for line in lines]
        tail = ServiceLog(os.fsencode(place)).tail(len(found), every)
        assert files or [entry[3] for entry in tail] == [entry[3] for entry in found]
        # What comes later, in this file and in the next one.
        for new in True, False, False:
            with current.open("ab") as file:
                file.write(more)
            found += one.follow()
            if new:
                current.rename(place / os.fsdecode(stamp() + b".s"))
                current.write_bytes(more)
        found += one.unfinished()
        list(one.since(time))
        for entry in found:
            assert 0 <= entry[2] < 8
            plain, encoded = [shape((entry[0], b"me", entry)) for shape in shapes]
            assert entry[3] in plain
            assert isinstance(json.loads(encoded), dict)
        one.close()


def asked(word):
    """when.moment: a time, or none, whatever somebody types."""
    found = moment(word, 10**18)
    assert found is None or isinstance(found, int)


HEX = st.sampled_from([*(b"%016x" % n for n in (0, 1, 2, 3, 7, 255, 1 << 32, (1 << 64) - 1))])
NAME = st.one_of(
    HEX.map(lambda name: name + b".log"),
    HEX.map(lambda name: name.upper() + b".log"),
    st.sampled_from([b"x.log", b".log", b"1.log", b"-1.log", b"0x1.log", b" 1.log", b"1_0.log"]),
    st.sampled_from([b"000000000000000g.log", b"+000000000000001.log", b"note", b"state.log"]),
    st.sampled_from(["\u0661".encode().ljust(17, b"0") + b".log", b"\xff.log"]),
    st.binary(min_size=1, max_size=9).map(lambda name: re.sub(rb"[\0/.]", b"_", name)),
)
RECORD = st.sampled_from([b"pdt1", b"\0" * 8, b"pdt1" + b"\0" * 8, b"\xff" * 4, b"text"])
BYTES = st.lists(RECORD | st.binary(max_size=9), max_size=4).map(b"".join)
DAMAGE = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 2000), st.none() | BYTES), max_size=3
)
STRANGERS = st.dictionaries(NAME, st.none() | BYTES | st.just(b"x"), max_size=3)
BIG = st.integers(0, 90) | st.integers() | st.just(1 << 64)
FORGED = st.tuples(
    st.sampled_from([b"1", b"", b"123456"]),
    st.tuples(st.integers(0, 1), *[BIG] * 9),
    st.booleans(),
)
SLOTS = st.lists(INTENT | SOUP | st.binary(max_size=512), max_size=2)
STAMPS = st.one_of(
    st.just(b""),
    st.integers(0, 1 << 33).map(lambda second: stamp(second * 10**9) + b" "),
    st.binary(min_size=12, max_size=12).map(lambda some: b"@" + some.hex().encode() + b" "),
    # svlogd's, with any digits.
    st.builds(
        lambda y, m, d, sep, end: b"%b-%b-%b%b%b:%b:%b " % (y, m, d, sep, m, d, end),
        st.sampled_from([b"0000", b"1970", b"2026", b"9999"]),
        st.sampled_from([b"00", b"12", b"13", b"99"]),
        st.sampled_from([b"00", b"31", b"59", b"99"]),
        st.sampled_from([b"_", b"T"]),
        st.sampled_from([b"00", b"61.123456789", b"9" * 15, b"00.", b"1.x", b""]),
    ),
)
WRITTEN = st.lists(
    st.builds(lambda label, line: label + line, STAMPS, SOUP | st.binary(max_size=9)), max_size=6
).map(b"\n".join)
FINISHED = st.lists(
    st.tuples(
        st.builds(
            lambda label, end: label + end,
            st.binary(min_size=12, max_size=12).map(lambda some: b"@" + some.hex().encode()),
            st.sampled_from([b".s", b".u", b".x", b""]),
        )
        | st.sampled_from([b"previous", b"lock", b"@", b"x"]),
        WRITTEN,
    ),
    max_size=2,
)
TYPED = st.text("0123456789-: T²٣smhdw.", max_size=20) | st.text(max_size=9)
TARGETS = {
    "spool": (spooled, st.tuples(st.integers(0, 12), st.integers(0, 12), DAMAGE, STRANGERS)),
    "intents": (
        intended,
        st.tuples(SLOTS, st.integers(0, 99), WRITTEN, st.booleans(), st.none() | FORGED),
    ),
    "logs": (logs, st.tuples(FINISHED, WRITTEN, WRITTEN, st.integers())),
    "since": (asked, TYPED | st.just("9" * 5000 + "s") | st.just("2026-11-" + "1" * 5000)),
}
