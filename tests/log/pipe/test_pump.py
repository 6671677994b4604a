"""The pump: which lines become of which bytes, and when a byte counts as dealt with."""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.base.cli import Quit
from pydaemontools.log.lines.batch import Batch
from pydaemontools.log.lines.levels import INFO, strip
from pydaemontools.log.lines.severity import SeverityReader
from pydaemontools.log.lines.severity_transform import SeverityTransform
from pydaemontools.log.lines.utf8 import boundary, split
from pydaemontools.log.pipe import ending, pump, wholeness
from pydaemontools.log.pipe.ending import Ending
from pydaemontools.log.pipe.pump import Pump
from pydaemontools.log.pipe.pump_wait import AGAIN
from pydaemontools.log.pipe.sink import Sink
from pydaemontools.log.pipe.wholeness import whole_lines
from tests.log.conftest import patient

CONTROL = bytes(i for i in range(32) if i not in b"\t\n") + b"\x7f"


class Feed:
    """A source that shows one of PIECES more each time somebody waits."""

    long = 16
    lasts = hung_up = False

    def __init__(self, pieces, trouble=None):
        self.pieces = list(pieces)
        self.buffered = b""
        self.ended = False
        self.taken = b""
        self._trouble = trouble

    @property
    def available(self):
        """How much is shown."""
        return len(self.buffered)

    @property
    def consumed(self):
        """How much was taken."""
        return len(self.taken)

    def show(self, _):
        """Show the next piece."""
        if self.pieces:
            self.buffered += self.pieces.pop(0)
        else:
            self.ended = True

    def look(self, _most=0):
        """Give what is shown and was not taken."""
        if self._trouble and not self.pieces:
            raise self._trouble
        return self.buffered

    def glance(self):
        """Give nothing: all goes the ordinary way."""
        return b""

    def take(self, count):
        """Move COUNT bytes to what was taken."""
        assert count <= len(self.buffered)
        self.taken += self.buffered[:count]
        self.buffered = self.buffered[count:]


class Glanced(Feed):
    """One of which whole lines go the short way."""

    def glance(self):
        """Give what is shown, if it is whole lines."""
        return self.buffered if self.buffered[-1:] == b"\n" else b""


def run(pump, slept=lambda _: None, waited=lambda _: None):
    """Do the steps of PUMP until its end, without a loop: its code.

    SLEPT is told of each wait in which nothing could be read, WAITED of each for more.
    """
    while not isinstance(wait := pump.step(), int):
        if wait.for_input and wait is not AGAIN:
            waited(wait.seconds)
            pump.source.show(wait.seconds)
        elif not wait.for_input:
            slept(wait.seconds)
    return wait


class Keeper(Sink):
    """A sink that keeps the lines it gets, whole; FAULTS are what flush() finds, in order."""

    held = 0
    stalled = False

    def __init__(self, faults=()):
        super().__init__(b"./place")
        self.kept = []
        self.closed = 0
        self._open = False
        self._faults = list(faults)

    def send(self, batch):
        """Keep the lines of BATCH; a line that goes on is one with its beginning."""
        new = list(zip(batch.levels, batch.lines, strict=True))
        if batch.continued:
            assert self._open, "a line goes on that nobody began"
            level, text = self.kept.pop()
            assert new[0][0] == level
            new[0] = level, text + new[0][1]
        assert not self._open or batch.continued or not new
        self.kept += new
        self._open = batch.unfinished if new else self._open
        self.flush()

    def flush(self):
        """Meet the next fault."""
        fault = self._faults.pop(0) if self._faults else None
        self.stalled = fault == "stalled"
        self.held = fault if isinstance(fault, int) else 0

    def due(self):
        """Be due at once while there is anything."""
        return 0.0 if self.held or self.stalled else None

    def lost(self):
        """Count each byte held as a line."""
        return self.held

    def close(self):
        """Be closed, with every line ended."""
        assert not self._open
        self.closed += 1


def made(source, sinks, transform=None, buffer=0, asked=None):
    """A pump from SOURCE to SINKS; the list ASKED fills with signals that ask for its end."""
    end = Ending()
    if asked is not None:
        end.signals = asked
    return Pump(source, end, sinks, transform or SeverityTransform(SeverityReader()), buffer)


def carry(
    pieces, *, kind=Feed, sinks=None, asked=None, buffer=0, trouble=None, long=16, **settings
):
    """Pump PIECES; give the code, the source and the sinks."""
    source, sinks = kind(pieces, trouble), sinks or [Keeper()]
    source.long = long
    transform = SeverityTransform(SeverityReader())
    for name, value in settings.items():
        setattr(transform, name, value)
    return run(made(source, sinks, transform, buffer, asked)), source, sinks


def logged(data):
    """What becomes of the bytes DATA: their lines, each with its level."""
    clean = data.translate(bytes(0x3F if i in CONTROL else i for i in range(256)))
    lines = [line for line in clean.split(b"\n") if line]
    return list(zip(SeverityReader().route(lines), lines, strict=True))


PIECES = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.sampled_from([b"\n", b"\n\n", b"error: x\n", b" more\n", b"\x1b[31m\r\n", b"x" * 40]),
        st.text(max_size=9).map(str.encode),
    ),
    max_size=40,
)


@patient
@given(pieces=PIECES, kind=st.sampled_from([Feed, Glanced]))
def test_every_byte_arrives_once(pieces, kind):
    """However bytes come in, their lines arrive whole, once, in order, with their levels."""
    code, source, [sink] = carry(pieces, kind=kind)
    assert code == 0
    assert sink.kept == logged(b"".join(pieces))
    assert source.taken == b"".join(pieces)
    assert sink.closed == 1


@patient
@given(pieces=PIECES, least=st.integers(0, 7), kind=st.sampled_from([Feed, Glanced]))
def test_what_is_less_important_is_dropped(pieces, least, kind):
    """Lines that are less important than asked for are dropped, in however many pieces."""
    _, source, [sink] = carry(pieces, kind=kind, least=least)
    everything = logged(b"".join(pieces))
    assert sink.kept == [(level, line) for level, line in everything if level <= least]
    assert source.taken == b"".join(pieces)


@patient
@given(pieces=PIECES)
def test_heads_are_stripped(pieces):
    """With strip every line arrives without its head, and with the level that it named."""
    _, _, [sink] = carry(pieces, strip=True)
    assert sink.kept == [(level, strip(line)) for level, line in logged(b"".join(pieces))]


def test_a_sink_knows_what_leaves_the_source():
    """It is told of a block once it has it, and before that leaves the source."""
    source = Feed([b"one\n", b"two\n"])

    class Witness(Keeper):
        seen = []  # noqa: RUF012 - one test

        def leaving(self):
            self.seen.append((len(self.kept), source.consumed))

    pump = Pump(source, Ending(), [Witness()], SeverityTransform(SeverityReader()))
    assert run(pump) == 0
    assert Witness.seen == [(1, 0), (2, 4)]


def test_a_long_line_goes_on_in_pieces():
    """A long line is passed on before its end is there, and is one line all the same."""
    code, _, [sink] = carry([b"error: a line ", b"without an end", b" as yet\n", b"next\n"])
    assert (code, sink.kept) == (0, [(3, b"error: a line without an end as yet"), (6, b"next")])


def test_a_long_line_without_end_is_ended():
    """When the end comes before the end of a line, the line ends there."""
    code, _, [sink] = carry([b"error: a line that has no end"])
    assert (code, sink.kept) == (0, [(3, b"error: a line that has no end")])
    assert not sink._open


def test_every_control_character_is_made_harmless():
    """Control characters other than TAB become ?; all above 127 passes."""
    data = bytes(i for i in range(256) if i != 0x0A)
    _, _, [sink] = carry([data + b"\n"])
    assert sink.kept[0][1] == bytes(0x3F if i in CONTROL else i for i in data)


FAULTS = {
    "nothing is wrong": [],
    "one sink is stalled": ["stalled"] * 3,
    "one sink holds more than the buffer": [11] * 3,
    "one sink is stalled, then holds more": ["stalled", 11, "stalled", 11],
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_nothing_is_taken_before_it_arrived(faults):
    """What one sink cannot take, and nobody may hold, stays in the source until it can."""
    good, bad = Keeper(), Keeper([None, *faults])
    source = Feed([b"line\n", b"next\n"])
    watched = []
    pump = made(source, [good, bad], buffer=10)
    code = run(pump, lambda _: watched.append((source.taken, bad.held, bad.stalled)))
    assert [taken for taken, *_ in watched] == [b""] * len(faults)
    assert (code, source.taken) == (0, b"line\nnext\n")
    assert good.kept == bad.kept == logged(b"line\nnext\n")


def test_what_may_be_held_is_taken():
    """What a sink holds within the buffer is taken from the source."""
    _, source, _ = carry([b"line\n"], sinks=[Keeper([None, *[10] * 5])], buffer=10)
    assert source.taken == b"line\n"


def asking(sink, asked):
    """Let the end be asked for, in the list ASKED, when SINK gets something."""
    put = sink.put

    def ask(batch):
        asked.append(15)
        put(batch)

    sink.put = ask
    return sink


RECORD = [b"error: failed", b"Traceback (most recent call last):", b"  File x", b"Error: y"]


class File(Sink):
    """A log directory as the pump knows it: when its file is old, and what is done with it."""

    def __init__(self, *, turn_due=None):
        super().__init__(b"./log")
        self.did = []
        self._turn_due = turn_due

    def turn_due(self):
        """Be old after so many seconds."""
        return self._turn_due

    def turn(self, *, full=False):
        """Count that a new file was asked for."""
        self.did += [] if full else ["turn"]

    def mark(self):
        """Count the blocks."""
        self.did.append("mark")

    def back(self):
        """Count the ways back."""
        self.did.append("back")


def timed(pieces, transform=None, sink=None, others=()):
    """Pump PIECES; what was slept while nothing could be read, and waited for more, in seconds."""
    rests = {"sleep": [], "wait": []}
    pump = made(Feed(pieces), [sink or Keeper(), *others], transform)
    run(pump, rests["sleep"].append, rests["wait"].append)
    return rests


def test_an_old_file_is_no_reason_to_wake_while_a_sink_is_away():
    """It is begun anew between blocks only: until then nobody looks at it again and again."""
    sink = Keeper([None, None, 5, 5])
    sink.due = lambda: None
    rests = timed([b"line\n"], sink=sink, others=[File(turn_due=0.0)])
    assert rests == {"sleep": [pump.PAUSE], "wait": [0.0] * 2}


def test_what_is_to_be_said_waits_for_the_end_of_a_line():
    """Nobody looks at it again and again while a line that has begun goes on."""
    transform = SeverityTransform(SeverityReader())
    transform.speaks, transform.due = True, lambda: 0.0
    rests = timed([b"line\n", b"a line of many bytes", b" more\n"], transform)
    assert rests["wait"] == [0.0, 0.0, None, 0.0]


def test_asked_to_end_it_sleeps_no_longer_than_its_grace():
    """A server that accepts and says nothing has more time than we have, once told to end."""
    asked, slept = [], []
    sink = asking(Keeper([None, None, *[5] * 3]), asked)
    sink.due = lambda: 1000.0
    run(made(Feed([b"line\n"]), [sink], asked=asked), slept.append)
    assert slept
    assert max(slept) <= ending.GRACE


def test_new_files_are_begun_between_blocks():
    """Also where the pipe is never empty."""
    file = File()
    source = Feed([b"line\n"])
    pump = made(source, [sink := Keeper(), file])

    def look(_most=0):
        if len(sink.kept) == 3:
            pump.alarms.append(14)
        source.buffered = b"line\n" * (len(sink.kept) < 5)
        source.ended = not source.buffered
        return source.buffered

    source.look = look
    assert run(pump) == 0
    assert file.did == [*["mark"] * 4, "turn", "mark"]


@pytest.mark.parametrize("lasts", [True, False])
def test_what_comes_again_is_taken_back(lasts, monkeypatch):
    """Told to end before a block was everywhere, a log has nothing of it where it comes again."""
    monkeypatch.setattr(ending, "GRACE", 0)
    source, file, asked = Feed([b"line\n"]), File(), []
    source.lasts = lasts
    away = asking(Keeper([None, None, *[3] * 9]), asked)
    assert run(made(source, [away, file], asked=asked)) == 111
    assert file.did == ["mark", *["back"] * lasts]


class Batches(Keeper):
    """A sink that keeps the lines of each batch."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def send(self, batch):
        """Keep the lines of BATCH together."""
        self.batches.append(batch.lines)
        super().send(batch)


def test_a_record_waits_for_its_end():
    """What a program prints line by line comes as one batch."""
    sink = Batches()
    head, *rest = [line + b"\n" for line in RECORD]
    code, _, _ = carry([b"first\n", head + rest[0], *rest[1:]], sinks=[sink], long=1000)
    assert code == 0
    assert sink.batches == [[b"first"], RECORD]


def test_a_record_does_not_wait_for_ever(monkeypatch):
    """After REST seconds what is there is passed on, and the next one may wait again."""
    now = iter(range(10**6))
    monkeypatch.setattr(wholeness, "monotonic", lambda: next(now) * wholeness.REST / 2)
    sink = Batches()
    pieces = [RECORD[0] + b"\n" + RECORD[1] + b"\n", *[b""] * 9, RECORD[2] + b"\n", *[b""] * 9]
    code, _, _ = carry([*pieces, b"".join(line + b"\n" for line in RECORD)], sinks=[sink], long=99)
    assert code == 0
    assert sink.batches == [RECORD[:2], RECORD[2:3], RECORD]


def test_a_record_that_is_long_does_not_wait():
    """A pipe may have no room for its end."""
    sink = Batches()
    pieces = [b"\n".join(RECORD[:2]) + b"\n", RECORD[2] + b"\n", RECORD[3] + b"\n"]
    carry(pieces, sinks=[sink], long=len(b"".join(pieces[:2])))
    assert sink.batches == [RECORD[:3], RECORD[3:]]


def test_asked_to_end_reads_what_is_there():
    """Told to end, what is there is passed on, a line without an end too, and no more."""
    asked = []
    sink = asking(Keeper(), asked)
    code, source, _ = carry([b"li", b"ne\npart", b"ial\n"], sinks=[sink], asked=asked)
    assert (code, sink.kept) == (0, [(6, b"line"), (6, b"part")])
    assert (source.taken, source.pieces) == (b"line\npart", [b"ial\n"])


def test_asked_to_end_while_a_sink_is_away(monkeypatch, capfd):
    """Told to end while a sink is away, what it holds is counted, and stays in the source."""
    monkeypatch.setattr(ending, "GRACE", 0)
    asked = []
    bad = asking(Keeper([None, None, *[3] * 9]), asked)
    code, source, [good, bad] = carry([b"line\n"], sinks=[Keeper(), bad], asked=asked)
    assert (code, source.taken, good.kept) == (111, b"", [(6, b"line")])
    said = capfd.readouterr().err
    assert said == "pysissylog: fatal: unable to deliver 3 lines to ./place\n"


def test_asked_to_end_within_a_line(monkeypatch):
    """Told to end while a sink is away and a line goes on, the line is ended everywhere."""
    monkeypatch.setattr(ending, "GRACE", 0)
    asked = []
    bad = asking(Keeper([None, None, *[3] * 9]), asked)
    code, _, [good, bad] = carry([b"a line of many bytes"], sinks=[Keeper(), bad], asked=asked)
    assert code == 111
    assert not good._open
    assert not bad._open


def test_the_end_waits_for_a_sink_that_is_away():
    """At the end of the source, what is held is waited for, and then taken."""
    code, source, [sink] = carry([b"line"], sinks=[Keeper([None, None, *[1] * 7])])
    assert (code, source.taken, sink.held) == (0, b"line", 0)


def test_a_sink_that_cannot_be_finished(capfd):
    """A sink that cannot be closed as it should is an error, and the others are closed."""
    bad, good = Keeper(), Keeper()
    bad.close = fail
    code, source, _ = carry([b"line\n"], sinks=[bad, good])
    assert (code, good.closed) == (111, 1)
    said = capfd.readouterr().err
    assert said == "pysissylog: fatal: unable to finish ./place: input/output error\n"
    assert source.taken == b"line\n"


def fail():
    """Fail as a disk does."""
    raise OSError(errno.EIO, "")


def test_a_source_that_breaks():
    """When the source cannot be read any more, what was read arrives first, then it is told."""
    sink = Keeper()
    with pytest.raises(Quit) as quits:
        carry([b"line\npart", b""], sinks=[sink], trouble=OSError(errno.EIO, ""))
    assert sink.kept == [(6, b"line"), (6, b"part")]
    assert quits.value.code == 111
    assert quits.value.lines == (b"fatal: unable to read stdin: input/output error",)


@patient
@given(block=st.binary(max_size=40))
def test_whole_lines_is_lines_or_much_of_one(block):
    """What is passed on ends with a line's end, or is the beginning of a long line."""
    body = whole_lines(block, 16)
    assert block.startswith(body)
    if b"\n" in block:
        assert body == block[: block.rindex(b"\n") + 1]
    else:
        assert len(body) in (range(max(1, len(block) - 4), len(block)) if len(block) >= 16 else [0])


@patient
@given(text=st.text(min_size=1).map(str.encode), room=st.integers(4, 20))
def test_split_cuts_no_character(text, room):
    """Pieces are no longer than asked, are all of the text, and cut no character in two."""
    pieces = split(text, room)
    assert b"".join(pieces) == text
    for piece in pieces:
        assert 0 < len(piece) <= room
        piece.decode()


@patient
@given(text=st.binary(min_size=1), room=st.integers(1, 20))
def test_split_of_any_bytes(text, room):
    """Bytes that are no UTF-8 are split as well, each piece with something in it."""
    pieces = split(text, room)
    assert b"".join(pieces) == text
    assert all(0 < len(piece) <= room for piece in pieces)
    if len(text) > room:
        assert boundary(text, room) in range(max(1, room - 3), room + 1)


def test_important_keeps_what_goes_on():
    """A filtered batch says that it goes on only where the line that goes on is kept."""
    both = {"continued": True, "unfinished": True}
    for least, lines, goes_on in (2, [], False), (3, [b"a"], True), (INFO, [b"a", b"b"], True):
        some = Batch([3, 6], [b"a", b"b"], **both).important(least)
        assert (some.lines, some.continued) == (lines, goes_on)
        assert some.unfinished is (least == INFO)
