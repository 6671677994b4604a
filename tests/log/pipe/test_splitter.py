"""How much longer lines are in a log than they came: what the splitter reckons with has room."""

import itertools
from unittest.mock import patch

from hypothesis import example, given
from hypothesis import strategies as st

from pydaemontools.log.lines import repeat_limit
from pydaemontools.log.lines.actions import Actions, BadAction
from pydaemontools.log.lines.block_transform import BlockTransform
from pydaemontools.log.lines.levels import TRACEBACK
from pydaemontools.log.lines.record_transform import OBJECT, RecordTransform
from pydaemontools.log.lines.utf8 import boundary
from pydaemontools.log.logdir.writer import SLACK
from pydaemontools.log.pipe.splitter import BlockSplitter
from tests.log.conftest import patient, stream


class File:
    """The file of a log, of SIZE bytes, as far as the splitter looks at it."""

    most_lines = 1 << 60

    def __init__(self, size):
        self.size = size
        self.turn()

    def turn(self):
        """Begin a new one."""
        self.written, self.due = 0, False

    def room(self):
        """How many bytes it may still get."""
        return self.size - self.written

    def largest(self):
        """How many bytes it gets."""
        return self.size

    def fresh(self):
        """Whether it is empty."""
        return not self.written

    def write(self, text):
        """Get TEXT; one that is nearly full is followed by a new one."""
        self.written += len(text)
        if self.room() < SLACK and text[-1:] == b"\n":
            self.turn()


def carry(words, block):
    """Carry BLOCK as the pump does; give where it was cut. Each part has the room that was made."""
    script = Actions([*words, b"./d"], own=True)
    form = RecordTransform(script)
    script.check(form.growth())
    splitter = BlockSplitter(
        *form.growth(),
        growth_of=form.growth_of if words[0] == b"J" else None,
        closely=form.closely,
        whole_records=True,
    )
    file = File(script.outputs[0].size)
    splitter.logs.append(file)
    at, inside, cuts = 0, False, []
    while at < len(block):
        body = splitter.next_part(block, at)
        if not body:
            assert file.due
            file.turn()
            continue
        at += len(body)
        unfinished = body[-1:] != b"\n" and at < len(block)
        batch = form.batch(body, continued=inside, unfinished=unfinished)
        inside = unfinished
        text = script.outputs[0].selection.of(batch).text
        assert len(text) <= splitter.part_size <= file.room()
        file.write(text)
        cuts += [at] if unfinished else []
    return cuts


def fits(words, line):
    """Whether a file has room for LINE, its label or what is around it, and all that is told."""
    script = Actions([*words, b"./d"], own=True)
    said, text = RecordTransform(script), RecordTransform(script)
    made = said.batch(line + b"\n", continued=False, unfinished=False).text
    # It may be no more than text, if what follows is not there yet.
    plain = text.batch(line, continued=False, unfinished=True).text
    around = OBJECT if words[0] == b"J" else 0
    needed = max(len(made), len(plain), len(line)) + said.growth()[2] + around + 1
    return needed <= script.outputs[0].size


PART = st.sampled_from(
    [
        *(b"a", b"\x01", b"\xff", "é".encode(), b'"', b"\\", b" ", b"{", b"}", b"error: ", b"<3>"),
        *(b'{"a":1e15}', b'{"msg":"\x01\xff"}', b'{"time":1,"field_time":2,"level":"loud"}'),
        *(b'{"a":"' + b"\xff" * 300 + b'"}', b'{"m":[' + b"1e15," * 300 + b"1]}", b"level=x a="),
        *(b'{"a":NaN,"b":[', b"NaN,", b"NaN]}", b'{"a":12345678901234567.5}', b"a= ", b"level=i "),
        *(TRACEBACK, b"  File", b"ValueError: x", b"level=info msg="),
    ]
)
COUNT = st.sampled_from([1, 1, 1, 1, 30, 700, 3000])
LINE = st.lists(st.tuples(PART, COUNT), max_size=3).map(
    lambda parts: b"".join(part * many for part, many in parts)[:9000]
)
LIMIT = st.sampled_from([b"r0/1", b"r1/1", b"r1/1 *", b"r9/99"])
WORDS = st.builds(
    lambda first, size, limits: [first, size, *limits],
    st.sampled_from([b"J", b"J", b"m", b"t", b"T", b"d"]),
    st.sampled_from([b"s4096", b"s5000", b"s8k"]),
    st.lists(LIMIT, max_size=6),
)


@patient
@given(words=WORDS, lines=st.lists(LINE, max_size=12), ended=st.booleans())
@example(words=[b"J", b"s4096", b"r5/60", b"r9/60"], lines=[b"one", b"two"], ended=True)
@example(
    words=[b"J", b"s4096"],
    lines=[b"error: x", TRACEBACK, b"\x01" * 290, b"E: " + b"\x01" * 290],
    ended=True,
)
@example(words=[b"J", b"s4096"], lines=[b"level=info a=" + b"\x01" * 290, b" x"] * 2, ended=True)
def test_what_is_reckoned_with_has_room(words, lines, ended):
    """Never more is written than an intent promised, nor a line cut that a file has room for."""
    words = [words[0], b"m", *words[1:]]
    block = stream(lines) if ended else b"\n".join(lines)
    clock = itertools.count(step=0.4)
    try:
        with patch.object(repeat_limit, "monotonic", lambda: next(clock)):
            cuts = carry(words, block)
    except BadAction:
        return
    for cut in cuts:
        start, end = block.rfind(b"\n", 0, cut) + 1, block.find(b"\n", cut)
        assert not fits(words, block[start : end if end >= 0 else None])


def test_where_no_intent_can_be_kept():
    """A block is not cut for a file that nobody knows."""
    assert BlockSplitter(26, 13, 99).next_part(b"one\ntwo\n", 0) == b"one\ntwo\n"


@patient
@given(count=st.integers(0, 10**9), seconds=st.integers(1, 10**9 - 1), line=st.binary())
def test_no_notice_is_longer_than_the_longest(count, seconds, line):
    """Whatever it tells of, with the time or as JSON."""
    line = line[: repeat_limit.SHOWN].replace(b"\n", b"?")
    for stamp in b"t", b"T", b"d", b"J":
        form = RecordTransform(Actions([stamp, b"r1/1", b"./d"], own=True))
        made = form._dress(repeat_limit.notice(count, seconds, line))
        assert len(made) < form.growth()[2]


def test_what_was_left_out_is_told_one_by_one(monkeypatch):
    """Before the lines of a block stands one notice at the most for each limit."""
    now = [0.0]
    monkeypatch.setattr(repeat_limit, "monotonic", lambda: now[0])
    script = Actions([b"m", b"r1/9", b"r0/9 *b*", b"./d"], own=True)
    form = RecordTransform(script)
    texts = []
    for body in b"a\nb1\nb2\na\nc\nc\n", b"x\ny\nz\n", b"w\n":
        batch = form.batch(body, continued=False, unfinished=False)
        texts.append(script.selections[0].of(batch).text)
        now[0] += 10
    told = b"pymultilog: left out %b in 9 seconds, as: %b\n"
    assert texts == [
        b"a\nc\n",
        told % (b"1 line", b"a") + told % (b"2 lines", b"b1") + b"x\ny\nz\n",
        told % (b"1 line", b"c") + b"w\n",
    ]
    assert form.notices(ending=True) is None


def test_what_is_still_to_be_told_takes_a_place(monkeypatch):
    """So what is kept is bounded, however seldom there is an opportunity to tell of it."""
    now = [0.0]
    monkeypatch.setattr(repeat_limit, "monotonic", lambda: now[0])
    monkeypatch.setattr(repeat_limit, "COUNTED", 2)
    one = repeat_limit.RepeatLimit(0, 9, None)
    assert [one.passes(line) for line in (b"a", b"b", b"c")] == [False, False, True]
    now[0] += 10
    assert [one.passes(line) for line in (b"a", b"c")] == [True, True]
    assert one.next_notice()
    assert [one.passes(line) for line in (b"a", b"c")] == [False, True]


@patient
@given(text=st.text().map(str.encode) | st.binary(), end=st.integers(1, 40))
def test_a_boundary_is_within_the_text(text, end):
    """It is where it was asked for, or up to three bytes before, or the end of the text."""
    found = boundary(text, end)
    assert min(end, len(text)) - 3 <= found <= min(end, len(text))
    if end > 3 or end >= len(text):
        text[:found].decode("utf-8", "strict" if _whole(text) else "replace")


def _whole(text):
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(st.lists(st.binary(max_size=9)), st.integers(1, 5))
def test_few_lines_at_a_time(texts, most):
    """A log that gets few lines at a time has all of them, in parts of whole lines."""
    block = stream([text.replace(b"\n", b"") for text in texts])
    splitter = BlockSplitter(26)
    splitter.logs.append(File(1 << 30))
    splitter.logs[0].most_lines = most
    at, parts = 0, []
    while at < len(block):
        parts.append(splitter.next_part(block, at))
        at += len(parts[-1])
    assert b"".join(parts) == block
    counts = [part.count(b"\n") for part in parts]
    assert all(count == most for count in counts[:-1])
    assert all(0 < count <= most for count in counts[-1:])


@patient
@given(
    lines=st.lists(st.binary(max_size=60).map(lambda one: one.replace(b"\n", b"")), min_size=1),
    room=st.integers(0, 6000),
    continued=st.booleans(),
)
def test_a_part_with_stamps_that_is_made_has_the_room(lines, room, continued):
    """What is made to see how long it is gets written as it was made, and is no longer."""
    block = b"".join(line + b"\n" for line in lines)
    form = BlockTransform(Actions([b"t", b"./d"], own=True))
    splitter = BlockSplitter(*form.growth(), exactly=form.exactly)
    counted = BlockSplitter(*form.growth())
    file = File(room)
    file.written = -1
    for one in splitter, counted:
        one.logs.append(file)
    part, other = splitter.next_part(block, 0), counted.next_part(block, 0)
    assert part == other
    assert splitter.part_size <= max(counted.part_size, 0)
    batch = form.batch(part, continued=continued, unfinished=part[-1:] != b"\n")
    text = b"".join(batch.pieces)
    assert text == batch.text
    assert len(text) <= splitter.part_size
    stamp = text[:26] if not continued else b""
    assert text[len(stamp) :].startswith(part[:1])
    assert [line[26:] for line in text.split(b"\n")[1:-1]] == part.split(b"\n")[1:-1]
