"""What is tried of what goes to other places: messages, entries, answers, metrics."""
# ruff: noqa: S101 - a check is made of assertions

import json
import re
import struct
from errno import ECONNRESET
from types import SimpleNamespace
from unittest.mock import patch

from hypothesis import strategies as st
from reading import BLOCK, ELEMENT, LINE, SOUP

from pydaemontools.base import retry, warn_once
from pydaemontools.log import stats
from pydaemontools.log.lines import emit, frames
from pydaemontools.log.lines.batch import Batch
from pydaemontools.log.lines.entries import SMALLEST, entries
from pydaemontools.log.lines.formats import FACILITIES, Origin, stamp_3164, stamp_5424
from pydaemontools.log.lines.levels import CLEAN, SEVERITIES
from pydaemontools.log.lines.pieces import LEAST
from pydaemontools.log.lines.severity import SeverityReader
from pydaemontools.log.lines.severity_transform import SeverityTransform
from pydaemontools.log.net import relp, stream
from pydaemontools.log.net.backlog import MemoryBacklog
from pydaemontools.log.net.phases import CONNECTING, OPENING
from pydaemontools.log.sinks.journald import Journald
from pydaemontools.log.sinks.messages import Messages
from pydaemontools.log.target_parser import parse

NOW = 1795265159_123456789
CLOCK = SimpleNamespace(time_ns=lambda: NOW)
NUMBER = re.compile(rb"(\d+) ")


def routed(four):
    """The batch that pysissylog would make of these lines."""
    lines, strip, continued, unfinished = four
    body = b"\n".join(lines) or b"?"
    form = SeverityTransform(SeverityReader())
    form.strip = strip
    return form.batch(body, continued=continued, unfinished=unfinished)


def counted(texts):
    """The messages in TEXTS, each behind the count of its bytes."""
    data, at = b"".join(texts), 0
    while at < len(data):
        found = NUMBER.match(data, at)
        at = found.end() + int(found[1])
        assert at <= len(data)
        yield data[found.end() : at]


def framed(four):
    """Octets, Lines, Counted: each message is found again, and says what was in its line."""
    lines, origin, form, relped = four
    batch = routed(lines)
    made = frames.framing(origin, form, relp=relped)
    with patch.object(frames, "time", CLOCK), patch.object(frames, "MANY", 3):
        texts = list(made.texts(batch))
    spans = [text[start:end] for text in texts for start, end in made.spans(text)]
    if form == b"json" and not relped:
        assert b"".join(texts) == b"".join(spans)
        assert all(one[-1:] == b"\n" for one in spans)
    else:
        assert list(counted(texts)) == spans
    if form == b"json":
        objects(batch, origin, [one.removesuffix(b"\n") for one in spans])
    else:
        messages(batch, origin, made, spans, form)


def messages(batch, origin, made, spans, form):
    """SPANS are the lines of BATCH, which are cut where they have to be."""
    rest, levels, texts = made._form.of(batch, NOW, frames.LONGEST)  # noqa: SLF001 - once more
    assert spans == [
        b"<%d>%b%b" % (origin.facility | level, rest, text)
        for level, text in zip(levels, texts, strict=True)
    ]
    room = frames.LONGEST - origin.priority - len(rest)
    left = list(zip(levels, texts, strict=True))
    records = batch.records or [None] * len(batch.lines)
    plus = batch.continued
    for level, line, record in zip(batch.levels, batch.lines, records, strict=True):
        wanted = emit.one_line(record.message) if record and form == b"5424" else line
        got = b""
        first = wanted != b"" or not plus
        while first or len(got) < len(wanted):
            found, piece = left.pop(0)
            assert found == level
            data = 0
            if batch.records and form == b"5424":
                data = ELEMENT.match(piece).end() + 1
                assert piece[data - 1 : data] == b" "
            assert len(piece) <= max(room, data + LEAST + 1)
            # One that goes on with what came before begins with +.
            assert not plus or piece[data : data + 1] == b"+"
            got += piece[data + plus :]
            first, plus = False, True
        assert got == wanted
        plus = False
    assert not left


def halved(three):
    """Messages: however often one is cut, each piece is one too, and no text is lost."""
    lines, origin, form = three
    batch = routed(lines)
    made = Messages(origin, form, frames.LONGEST, host=True)
    with patch("pydaemontools.log.sinks.messages.time", CLOCK):
        found = made.of(batch)
    stamp = b"1 " + stamp_5424(NOW) if form == b"5424" else stamp_3164(NOW)
    for message in found:
        head = message[: message.index(b">") + 1] + stamp + made._form._end  # noqa: SLF001
        data, wanted = behind(message, head, form)
        pieces = list(smallest(made, message))
        assert behind(pieces[0], head, form)[0] == data
        got = behind(pieces[0], head, form)[1]
        for piece in pieces[1:]:
            data, text = behind(piece, head, form)
            assert data == getattr(made._form, "_data", b"")  # noqa: SLF001
            assert text[:1] == b"+"
            got += text[1:]
        assert got == wanted


def smallest(made, message):
    """The pieces of MESSAGE that cannot be cut."""
    pieces = made.smaller(message)
    if pieces is None:
        yield message
    for piece in pieces or []:
        yield from smallest(made, piece)


def behind(message, head, form):
    """The structured data of MESSAGE, with a blank, which stand behind HEAD, and its text."""
    assert message.startswith(head)
    end = len(head)
    if form == b"5424":
        end = ELEMENT.match(message, end).end() + 1
        assert message[end - 1 : end] == b" "
    return message[len(head) : end], message[end:]


def objects(batch, origin, spans):
    """SPANS are the records of BATCH in JSON, which are cut where they have to be."""
    left = [(json.loads(one), one) for one in spans]
    for record in entries(batch):
        one, found = left.pop(0)
        given = {key: one[key] for key in ("time", "facility", "host", "ident")}
        if origin.pid is not None:
            given["pid"] = origin.pid
        whole = emit.line(record, given, origin.fields)
        if len(whole) <= frames.LONGEST:
            assert found == whole
            continue
        wanted, got = emit.text(record.line), one["message"]
        while len(got) < len(wanted):
            assert len(found) <= frames.LONGEST or len(one["message"]) <= 4 * (SMALLEST + 1)
            one, found = left.pop(0)
            assert one["message"][:1] == "+"
            got += one["message"][1:]
        assert got == wanted
        assert one["level"] == SEVERITIES[record.level]
    assert not left


def fields(entry):
    """The fields of ENTRY, as systemd's page about its native protocol has them."""
    while entry:
        line, newline, rest = entry.partition(b"\n")
        assert newline
        called, equals, value = line.partition(b"=")
        if not equals:
            [length] = struct.unpack("<Q", rest[:8])
            value, rest = rest[8 : 8 + length], rest[8 + length :]
            assert rest[:1] == b"\n"
            rest = rest[1:]
        assert re.fullmatch(rb"[A-Z][A-Z0-9_]{0,63}", called)
        yield called, value
        entry = rest


def journal(two):
    """Journald: a reader finds the fields of each record, and no others."""
    lines, origin = two
    batch = routed(lines)
    found = entries(batch)
    packets = Journald(b"/", origin)._packets(batch)  # noqa: SLF001 - what it would send
    for record, packet in zip(found, packets, strict=True):
        got = list(fields(packet))
        who = [(b"SYSLOG_FACILITY", b"%d" % (origin.facility >> 3))]
        who += [(b"SYSLOG_IDENTIFIER", origin.ident)] if origin.ident else []
        who += [(b"SYSLOG_PID", b"%d" % origin.pid)] if origin.pid is not None else []
        told = emit.journal(emit.merged(record.fields, origin.fields))
        priority = (b"PRIORITY", b"%d" % record.level)
        message = (b"MESSAGE", record.message.translate(CLEAN))
        assert got == [priority, *who, *told, message]


class Wire:
    """A connection to a RELP server that does what it is told."""

    full = wants_room = False

    def __init__(self, *_):
        self.phase = CONNECTING
        self.written = 0
        self.ended = False
        self.asked = {}  # what has no answer, by its number
        self.last = 0
        self.saying = b""
        self.pace = 1 << 30  # bytes of it that come at a time
        WIRES.append(self)

    def step(self):
        """It is there."""
        self.phase = OPENING
        return True

    def fileno(self):
        """There is nothing to watch."""
        return -1

    def write(self, text):
        """Take TEXT, whole frames."""
        at = 0
        while at < len(text):
            found = FRAME.match(text, at)
            end = found.end() + int(found[3])
            assert text[end : end + 1] == b"\n"
            self.last = int(found[1])
            assert self.last not in self.asked
            self.asked[self.last] = text[found.end() : end]
            at = end + 1

    def push(self):
        """All is sent."""

    def read(self):
        """What it says."""
        if self.ended:
            raise ConnectionResetError(ECONNRESET, "")
        said, self.saying = self.saying[: self.pace], self.saying[self.pace :]
        return said

    def close(self):
        """Be gone."""
        self.ended = True

    def answer(self, number):
        """Say that it has what has NUMBER; which line that is."""
        self.saying += b"%d rsp 6 200 OK\n" % number
        line = self.asked.pop(number, b"").rpartition(b" ")[2]
        return {int(line)} if line.isdigit() else set()

    def lie(self, some):
        """Say that it has something that is not there."""
        numbers = [one for one in range(1, NUMBERS + 2) if one not in self.asked]
        if self.asked and not self.saying:
            self.answer(numbers[some % len(numbers)])


WIRES = []
NUMBERS = 11
FRAME = re.compile(rb"(\d+) (\w+) (\d+) ?")


def session(events):
    """Relp: whatever a server says, a line stays until it has said that it has it."""
    WIRES.clear()
    source = SimpleNamespace(watch=None, unwatch=None, ended=False)
    lookup = SimpleNamespace(done=True, result=lambda: [()])
    with (
        patch.object(stream, "Lookup", lambda *_: lookup),
        patch.object(stream, "Connection", Wire),
        patch.object(retry, "say", lambda *_: None),
        patch.object(warn_once, "say", lambda *_: None),
        patch.object(relp, "WINDOW", 5),
        patch.object(relp, "NUMBERS", NUMBERS),
    ):
        framing = frames.framing(Origin(b"", 8, None, b""), b"3164", relp=True)
        tries = retry.Retry(b"relp://h", far=True)
        protocol = relp.RelpProtocol(framing, MemoryBacklog(), tries)
        _session(stream.Stream(parse(b"relp://h"), protocol, source), framing, events)


def _session(one, framing, events):
    known, ends = set(), []
    for what, value in events:
        if what == "put":
            begin, lines = (
                one.backlog.end,
                [b"%d" % (len(ends) + at) for at in range(value % 4 + 1)],
            )
            [text] = framing.texts(Batch([6] * len(lines), lines))
            ends += [begin + end for _, end in framing.spans(text)]
            one.put(Batch([6] * len(lines), lines))
        elif WIRES and not WIRES[-1].ended:
            known |= _told(WIRES[-1], what, value)
        one.retry.at_once()
        one.flush()
        done = {at for at, end in enumerate(ends) if end <= one.backlog.begin}
        assert done <= known or any(what == "say" for what, _ in events)
    if WIRES:
        WIRES[-1].ended = any(what == "say" for what, _ in events)
    for _ in range(4 * len(ends) + 4):
        # Now it is kind.
        one.retry.at_once()
        one.flush()
        if one.backlog.begin < one.backlog.end and not WIRES[-1].ended:
            WIRES[-1].pace = 1 << 30
            for number in list(WIRES[-1].asked):
                WIRES[-1].answer(number)
    assert one.backlog.begin == one.backlog.end


def _told(wire, what, value):
    """Have WIRE do what it is told; the lines that it says that it has."""
    if what == "answer" and wire.asked:
        return wire.answer(list(wire.asked)[value % len(wire.asked)])
    if what == "lie":
        wire.lie(value)
    elif what == "say":
        wire.saying += value
    elif what == "pace":
        wire.pace = value % 9 + 1 if value % 3 else 1 << 30
    elif what == "end":
        wire.ended = True
    return set()


LABEL = r'([a-z]+)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"([a-z_]+)(?:\{{(?:{LABEL})\}}) (-?\d+)")
PLAIN = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


def told(samples):
    """stats.metrics: each sample is read back, whatever its label says."""
    made = [(name, f'to="{stats.escaped(value)}"', number) for name, value, number in samples]
    *lines, end, nothing = stats.metrics(made).decode().split("\n")
    assert (end, nothing) == ("# EOF", "")
    got = []
    for line in lines:
        if line[:2] != "# ":
            name, label, value, number = SAMPLE.fullmatch(line).groups()
            assert label == "to"
            value = re.sub(r"\\.", lambda found: PLAIN[found[0]], value)
            got.append((name.removesuffix("_total"), value, int(number)))
    wanted = [(name, value.decode("utf-8", "backslashreplace"), n) for name, value, n in samples]
    assert sorted(got) == sorted(wanted)


ORIGIN = st.builds(
    Origin,
    st.binary(max_size=6) | st.binary(max_size=6).map(lambda some: some * 300),
    st.sampled_from(list(FACILITIES.values())),
    st.none() | st.integers(0, 1 << 22),
    st.binary(max_size=6) | st.just(b"here.example.org"),
    st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=5), max_size=2),
)
ONE = st.builds(lambda line, count: line * count, LINE, st.sampled_from([1, 1, 1, 1, 900]))
LINES = BLOCK | st.lists(ONE.filter(bool), min_size=1, max_size=3)
ROUTED = st.tuples(LINES, st.booleans(), st.booleans(), st.booleans())
SAID = st.lists(
    st.sampled_from([
        *(b"0 ", b"1 ", b"9" * 30, b"9" * 70, b"rsp ", b"serverclose ", b"6", b"0", b" ", b"\n"),
        *(b"200 OK", b"500", b"1 rsp 6 200 OK\n", b"2 rsp 6 200 OK\n", b"3 rsp 3 500\n", b"-1"),
        *(b"4 rsp 0\n", b"5 rsp 99999999 200", b"0 serverclose 0\n", b"\xff", b"rsp " * 20),
    ])
    | st.binary(max_size=3),
    max_size=6,
).map(b"".join)  # fmt: skip
KINDS = st.sampled_from(["put", "put", "answer", "answer", "answer", "lie", "pace", "end"])
EVENT = st.tuples(KINDS, st.integers(0, 100))
EVENTS = st.lists(EVENT, max_size=40) | st.lists(
    EVENT | st.tuples(st.just("say"), SAID), max_size=20
)
SAMPLES = st.tuples(st.sampled_from(list(stats.HELP)), SOUP | st.binary(), st.integers())
TARGETS = {
    "frames": (
        framed,
        st.tuples(ROUTED, ORIGIN, st.sampled_from([b"3164", b"5424", b"json"]), st.booleans()),
    ),
    "halves": (halved, st.tuples(ROUTED, ORIGIN, st.sampled_from([b"3164", b"5424"]))),
    "journald": (journal, st.tuples(ROUTED, ORIGIN)),
    "relp": (session, EVENTS),
    "metrics": (told, st.lists(SAMPLES, max_size=6)),
}
