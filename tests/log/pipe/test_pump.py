"""The pump: which lines become of which bytes, and when a byte counts as dealt with."""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.base.cli import Quit
from pydaemontools.log.lines.batch import Batch
from pydaemontools.log.lines.severity import INFO, SeverityReader, strip
from pydaemontools.log.lines.severity_transform import SeverityTransform
from pydaemontools.log.lines.utf8 import boundary, split
from pydaemontools.log.pipe import pump
from pydaemontools.log.pipe.pump import Pump, whole
from pydaemontools.log.pipe.sink import Sink
from tests.log.conftest import patient

CONTROL = bytes(i for i in range(32) if i not in b"\t\n") + b"\x7f"


class Feed:
    """A source that shows one of PIECES more each time somebody waits."""

    long = 16
    lasts = False

    def __init__(self, pieces, trouble=None):
        self.pieces = list(pieces)
        self.held = b""
        self.ended = False
        self.taken = b""
        self.slept = 0
        self.told = []
        self._trouble = trouble

    @property
    def there(self):
        """How much is shown."""
        return len(self.held)

    def wait(self, _):
        """Show the next piece."""
        if self.pieces:
            self.held += self.pieces.pop(0)
        else:
            self.ended = True

    def sleep(self, _):
        """Count, and let no time pass."""
        self.slept += 1

    def look(self):
        """Give what is shown and was not taken."""
        if self._trouble and not self.pieces:
            raise self._trouble
        return self.held

    def take(self, count):
        """Move COUNT bytes to what was taken."""
        assert count <= len(self.held)
        self.taken += self.held[:count]
        self.held = self.held[count:]


class Place(Sink):
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


def carry(pieces, *, places=None, told=None, buffer=0, trouble=None, long=16, **settings):
    """Pump PIECES; give the code, the source and the places."""
    source, places = Feed(pieces, trouble), places or [Place()]
    source.long = long
    form = SeverityTransform(SeverityReader())
    for name, value in settings.items():
        setattr(form, name, value)
    if told is not None:
        source.told = told
    return Pump(source, places, form, buffer).run(), source, places


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
@given(pieces=PIECES)
def test_every_byte_arrives_once(pieces):
    """However bytes come in, their lines arrive whole, once, in order, with their levels."""
    code, source, [place] = carry(pieces)
    assert code == 0
    assert place.kept == logged(b"".join(pieces))
    assert source.taken == b"".join(pieces)
    assert place.closed == 1


@patient
@given(pieces=PIECES, least=st.integers(0, 7))
def test_what_is_less_important_is_dropped(pieces, least):
    """Lines that are less important than asked for are dropped, in however many pieces."""
    _, source, [place] = carry(pieces, least=least)
    everything = logged(b"".join(pieces))
    assert place.kept == [(level, line) for level, line in everything if level <= least]
    assert source.taken == b"".join(pieces)


@patient
@given(pieces=PIECES)
def test_heads_are_stripped(pieces):
    """With strip every line arrives without its head, and with the level that it named."""
    _, _, [place] = carry(pieces, strip=True)
    assert place.kept == [(level, strip(line)) for level, line in logged(b"".join(pieces))]


def test_a_long_line_goes_on_in_pieces():
    """A long line is passed on before its end is there, and is one line all the same."""
    code, _, [place] = carry([b"error: a line ", b"without an end", b" as yet\n", b"next\n"])
    assert (code, place.kept) == (0, [(3, b"error: a line without an end as yet"), (6, b"next")])


def test_a_long_line_without_end_is_ended():
    """When the end comes before the end of a line, the line ends there."""
    code, _, [place] = carry([b"error: a line that has no end"])
    assert (code, place.kept) == (0, [(3, b"error: a line that has no end")])
    assert not place._open


def test_every_control_character_is_made_harmless():
    """Control characters other than TAB become ?; all above 127 passes."""
    data = bytes(i for i in range(256) if i != 0x0A)
    _, _, [place] = carry([data + b"\n"])
    assert place.kept[0][1] == bytes(0x3F if i in CONTROL else i for i in data)


FAULTS = {
    "nothing is wrong": [],
    "one place is stalled": ["stalled"] * 3,
    "one place holds more than the buffer": [11] * 3,
    "one place is stalled, then holds more": ["stalled", 11, "stalled", 11],
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_nothing_is_taken_before_it_arrived(faults):
    """What one place cannot take, and nobody may hold, stays in the source until it can."""
    good, bad = Place(), Place([None, *faults])
    source = Feed([b"line\n", b"next\n"])
    watched = []
    source.sleep = lambda _: watched.append((source.taken, bad.held, bad.stalled))
    code = Pump(source, [good, bad], SeverityTransform(SeverityReader()), 10).run()
    assert [taken for taken, *_ in watched] == [b""] * len(faults)
    assert (code, source.taken) == (0, b"line\nnext\n")
    assert good.kept == bad.kept == logged(b"line\nnext\n")


def test_what_may_be_held_is_taken():
    """What a place holds within the buffer is taken from the source."""
    _, source, _ = carry([b"line\n"], places=[Place([None, *[10] * 5])], buffer=10)
    assert source.taken == b"line\n"


def telling(place, told):
    """Let the end be asked for, in the list TOLD, when PLACE gets something."""
    put = place.put

    def tell(batch):
        told.append(15)
        put(batch)

    place.put = tell
    return place


RECORD = [b"error: failed", b"Traceback (most recent call last):", b"  File x", b"Error: y"]


class File(Sink):
    """A log directory as the pump knows it: when its file is old, and what is done with it."""

    def __init__(self, *, turn_due=None):
        super().__init__(b"./log")
        self.did = []
        self.turn_due = lambda: turn_due

    def turn(self, *, full=False):
        """Count that a new file was asked for."""
        self.did += [] if full else ["turn"]

    def mark(self):
        """Count the blocks."""
        self.did.append("mark")

    def back(self):
        """Count the ways back."""
        self.did.append("back")


def timed(pieces, form=None, place=None, others=()):
    """Pump PIECES; what was slept while nothing could be read, and waited for more, in seconds."""
    source, rests = Feed(pieces), {"sleep": [], "wait": []}
    source.sleep = rests["sleep"].append
    wait = source.wait
    source.wait = lambda seconds: (rests["wait"].append(seconds), wait(seconds))
    sinks = [place or Place(), *others]
    Pump(source, sinks, form or SeverityTransform(SeverityReader()), 0).run()
    return rests


def test_an_old_file_is_no_reason_to_wake_while_a_place_is_away():
    """It is begun anew between blocks only: until then nobody looks at it again and again."""
    place = Place([None, None, 5, 5])
    place.due = lambda: None
    rests = timed([b"line\n"], place=place, others=[File(turn_due=0.0)])
    assert rests == {"sleep": [pump.PAUSE], "wait": [0.0] * 2}


def test_what_is_to_be_said_waits_for_the_end_of_a_line():
    """Nobody looks at it again and again while a line that has begun goes on."""
    form = SeverityTransform(SeverityReader())
    form.due = lambda: 0.0
    rests = timed([b"line\n", b"a line of many bytes", b" more\n"], form)
    assert rests["wait"] == [0.0, 0.0, None, 0.0]


def test_told_to_end_it_sleeps_no_longer_than_its_grace():
    """A server that accepts and says nothing has more time than we have, once told to end."""
    source = Feed([b"line\n"])
    place = telling(Place([None, None, *[5] * 3]), source.told)
    place.due = lambda: 1000.0
    slept = []
    source.sleep = slept.append
    Pump(source, [place], SeverityTransform(SeverityReader()), 0).run()
    assert slept
    assert max(slept) <= pump.GRACE


def test_new_files_are_begun_between_blocks():
    """Also where the pipe is never empty."""
    file = File()
    source = Feed([b"line\n"])
    made = Pump(source, [place := Place(), file], SeverityTransform(SeverityReader()), 0)

    def look():
        if len(place.kept) == 3:
            made.alarms.append(14)
        source.held = b"line\n" * (len(place.kept) < 5)
        source.ended = not source.held
        return source.held

    source.look = look
    assert made.run() == 0
    assert file.did == [*["mark"] * 4, "turn", "mark"]


@pytest.mark.parametrize("lasts", [True, False])
def test_what_comes_again_is_taken_back(lasts, monkeypatch):
    """Told to end before a block was everywhere, a log has nothing of it where it comes again."""
    monkeypatch.setattr(pump, "GRACE", 0)
    source, file, told = Feed([b"line\n"]), File(), []
    source.told, source.lasts = told, lasts
    away = telling(Place([None, None, *[3] * 9]), told)
    assert Pump(source, [away, file], SeverityTransform(SeverityReader()), 0).run() == 111
    assert file.did == ["mark", *["back"] * lasts]


class Batches(Place):
    """A place that keeps the lines of each batch."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def send(self, batch):
        """Keep the lines of BATCH together."""
        self.batches.append(batch.lines)
        super().send(batch)


def test_a_record_waits_for_its_end():
    """What a program prints line by line comes as one batch."""
    place = Batches()
    head, *rest = [line + b"\n" for line in RECORD]
    code, _, _ = carry([b"first\n", head + rest[0], *rest[1:]], places=[place], long=1000)
    assert code == 0
    assert place.batches == [[b"first"], RECORD]


def test_a_record_does_not_wait_for_ever(monkeypatch):
    """After REST seconds what is there is passed on, and the next one may wait again."""
    now = iter(range(10**6))
    monkeypatch.setattr(pump, "monotonic", lambda: next(now) * pump.REST / 2)
    place = Batches()
    pieces = [RECORD[0] + b"\n" + RECORD[1] + b"\n", *[b""] * 9, RECORD[2] + b"\n", *[b""] * 9]
    code, _, _ = carry(
        [*pieces, b"".join(line + b"\n" for line in RECORD)], places=[place], long=99
    )
    assert code == 0
    assert place.batches == [RECORD[:2], RECORD[2:3], RECORD]


def test_a_record_that_is_long_does_not_wait():
    """A pipe may have no room for its end."""
    place = Batches()
    pieces = [b"\n".join(RECORD[:2]) + b"\n", RECORD[2] + b"\n", RECORD[3] + b"\n"]
    carry(pieces, places=[place], long=len(b"".join(pieces[:2])))
    assert place.batches == [RECORD[:3], RECORD[3:]]


def test_told_to_end_reads_what_is_there():
    """Told to end, what is there is passed on, a line without an end too, and no more."""
    told = []
    place = telling(Place(), told)
    code, source, _ = carry([b"li", b"ne\npart", b"ial\n"], places=[place], told=told)
    assert (code, place.kept) == (0, [(6, b"line"), (6, b"part")])
    assert (source.taken, source.pieces) == (b"line\npart", [b"ial\n"])


def test_told_to_end_while_a_place_is_away(monkeypatch, capfd):
    """Told to end while a place is away, what it holds is counted, and stays in the source."""
    monkeypatch.setattr(pump, "GRACE", 0)
    told = []
    bad = telling(Place([None, None, *[3] * 9]), told)
    code, source, [good, bad] = carry([b"line\n"], places=[Place(), bad], told=told)
    assert (code, source.taken, good.kept) == (111, b"", [(6, b"line")])
    said = capfd.readouterr().err
    assert said == "pysissylog: fatal: unable to deliver 3 lines to ./place\n"


def test_told_to_end_within_a_line(monkeypatch):
    """Told to end while a place is away and a line goes on, the line is ended everywhere."""
    monkeypatch.setattr(pump, "GRACE", 0)
    told = []
    bad = telling(Place([None, None, *[3] * 9]), told)
    code, _, [good, bad] = carry([b"a line of many bytes"], places=[Place(), bad], told=told)
    assert code == 111
    assert not good._open
    assert not bad._open


def test_the_end_waits_for_a_place_that_is_away():
    """At the end of the source, what is held is waited for, and then taken."""
    code, source, [place] = carry([b"line"], places=[Place([None, None, *[1] * 7])])
    assert (code, source.taken, place.held) == (0, b"line", 0)


def test_a_place_that_cannot_be_finished(capfd):
    """A place that cannot be closed as it should is an error, and the others are closed."""
    bad, good = Place(), Place()
    bad.close = fail
    code, source, _ = carry([b"line\n"], places=[bad, good])
    assert (code, good.closed) == (111, 1)
    said = capfd.readouterr().err
    assert said == "pysissylog: fatal: unable to finish ./place: input/output error\n"
    assert source.taken == b"line\n"


def fail():
    """Fail as a disk does."""
    raise OSError(errno.EIO, "")


def test_a_source_that_breaks():
    """When the source cannot be read any more, what was read arrives first, then it is told."""
    place = Place()
    with pytest.raises(Quit) as quits:
        carry([b"line\npart", b""], places=[place], trouble=OSError(errno.EIO, ""))
    assert place.kept == [(6, b"line"), (6, b"part")]
    assert quits.value.code == 111
    assert quits.value.lines == (b"fatal: unable to read stdin: input/output error",)


@patient
@given(block=st.binary(max_size=40))
def test_whole_is_lines_or_much_of_one(block):
    """What is passed on ends with a line's end, or is the beginning of a long line."""
    body = whole(block, 16)
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
