"""What is tried of words and patterns: scripts, selections, limits, records, places."""
# ruff: noqa: S101 - a check is made of assertions

import contextlib
import json
import os
import re
import ssl
import time
from itertools import pairwise
from unittest.mock import patch

from hypothesis import strategies as st
from reading import LINE
from tests.log.reference import selected

from pydaemontools.log import target_parser
from pydaemontools.log.lines import age, levels, repeat_limit
from pydaemontools.log.lines.actions import MOST, SIZES, Actions, BadAction
from pydaemontools.log.lines.batch import Batch
from pydaemontools.log.lines.block_transform import BlockTransform
from pydaemontools.log.lines.borders import border, record_end, unended
from pydaemontools.log.lines.emit import text
from pydaemontools.log.lines.record_transform import RecordTransform
from pydaemontools.log.lines.records import fold
from pydaemontools.log.lines.selection import Selection
from pydaemontools.log.lines.stamps import KINDS
from pydaemontools.log.net.spooldir import directory_name
from pydaemontools.log.net.tls import Tls

ZONES = ("UTC", "Europe/Amsterdam", "America/Havana", "America/Sao_Paulo", "Africa/Cairo")
ZONES += ("Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "XXX+3:30", "XXX-14")


@contextlib.contextmanager
def zone(called):
    """The local time is that of the zone CALLED so."""
    with patch.dict(os.environ, TZ=called):
        time.tzset()
        yield
    time.tzset()


def script(two):
    """Script: BadAction or numbers that make sense; in the original's language never BadAction."""
    words, own = two
    try:
        made = Actions(words, own=own)
    except BadAction:
        assert own
        return
    for one in made.outputs:
        assert SIZES[0] <= one.size <= (MOST if own else SIZES[1])
        assert one.keep >= 2
        assert one.total == 0 or SIZES[0] <= one.total <= MOST
        assert one.age >= 0
        assert one.kind in ((b"/", b"e", b"=", b"1", b"2") if own else (b"/", b"e", b"="))
        assert one.selection in made.selections
    form = RecordTransform(made) if made.records else BlockTransform(made)
    assert all(number >= 0 for number in form.growth())
    with contextlib.suppress(BadAction):
        made.check(form.growth())
    batch = form.batch(b"one\n two\nthree", continued=False, unfinished=True)
    for one in made.selections:
        one.of(batch)
    form.state = form.state


def turning(four):
    """age.seconds and turns: the last turn is not in the future, and the next one is."""
    word, number, now, called = four
    found = age.seconds(word)
    assert 0 <= found < 10**6 * age.DAY
    with zone(called):
        for one in {found, number} - {0}:
            last, then = age.turns(now, one)
            assert last <= now < then


def pieces(stream, cuts, least=1):
    """STREAM cut at CUTS, but for lines shorter than LEAST: the bytes, and where they belong.

    That is whether they go on with a line, and whether one goes on behind them.
    """
    ends = []
    for cut in sorted(cut % (len(stream) + 1) for cut in cuts):
        begin = stream.rfind(b"\n", 0, cut) + 1
        ends.append(cut if cut == begin or cut - begin >= least else begin)
    ends = sorted({0, *ends, len(stream)})
    for start, end in pairwise(ends):
        goes_on = start > 0 and stream[start - 1 : start] != b"\n"
        yield stream[start:end], goes_on, end < len(stream) and stream[end - 1 : end] != b"\n"


def selection(three):
    """Selection: lines one by one, in a block, and in pieces, are those that multilog selects."""
    rules, lines, cuts = three
    keep = [selected(rules, line) for line in lines]
    one = Selection(rules)
    assert [one.selects(line) for line in lines] == keep
    wanted = b"".join(line + b"\n" for line, kept in zip(lines, keep, strict=True) if kept)
    stream = b"".join(line + b"\n" for line in lines)
    assert one.of(Batch([], text=stream)).text == wanted
    got = b""
    for body, goes_on, unfinished in pieces(stream, cuts, 1000):
        part = one.of(Batch([], text=body, continued=goes_on, unfinished=unfinished))
        got += part.text
        # A successor knows no more than this.
        state, one = one.goes_on, Selection(rules)
        one.goes_on = state
    assert got == wanted


def limiting(four):
    """Limit: what did not pass is told of, all of it and once."""
    most, seconds, pattern, events = four
    now = [100.0]
    chosen = pattern and Selection([(b"-", b"*"), (b"+", pattern)])
    with (
        patch.object(repeat_limit, "monotonic", lambda: now[0]),
        patch.object(repeat_limit, "COUNTED", 3),
    ):
        one = repeat_limit.RepeatLimit(most, seconds, chosen)
        left = told = 0
        for later, line in events:
            now[0] += later
            left += not one.passes(line)
            if later > 1:
                told += _told(one, ending=False)
            assert (one.due() is None) == (left == told)
        assert told + _told(one, ending=True) == left


def _told(one, *, ending):
    """How many lines ONE tells that it left out."""
    count = 0
    while said := one.next_notice(ending=ending):
        assert len(said) <= len(repeat_limit.LONGEST)
        count += int(said.split()[3])
    return count


def recordwise(five):
    """Recordwise: no line is lost or doubled where none is deselected, and none is made up."""
    words, stream, cuts, new, torn = five
    whole = [*words, b"./d"]
    made = Actions(whole, own=True)
    form = RecordTransform(made)
    harmless = all(word[:1] in b"tTdJm" or word in (b"Ldebug", b"r999/99") for word in words)
    out = []
    parts = list(pieces(stream, cuts))
    if torn and stream and stream[-1:] != b"\n":
        # The rest of the last line does not come.
        parts[-1:] = [(*parts[-1][:2], True), (b"", True, False)]
    for body, goes_on, unfinished in parts:
        batch = form.batch(body, continued=goes_on, unfinished=unfinished)
        got, left = b"\n".join(record.line for record in batch.found), body.removesuffix(b"\n")
        # Where nothing is left of a line that goes on, its object may have ended already.
        assert got == left or (goes_on and words[0] == b"J" and b"\n" + got == left)
        part = made.selections[0].of(batch)
        if words[0] == b"J":
            _objects(batch, part, harmless=harmless)
        out.append(part.text)
        if new:
            made, state = Actions(whole, own=True), form.state
            form = RecordTransform(made)
            form.state = state
    said = form.notices(ending=True)
    assert not (harmless and said)
    if words[0] != b"J":
        length = KINDS[words[0]][1] if words[0] in KINDS else 0
        got = [line[length:] for line in b"".join(out).split(b"\n")]
        lines = (stream.removesuffix(b"\n") + b"\n" if stream else b"").split(b"\n")
        if harmless:
            assert got == lines
        left = iter(lines)
        assert all(line in left for line in got if not line.startswith(b"pymultilog: left out "))


def _objects(batch, part, *, harmless):
    """What is selected of BATCH is an object for each record, with its text."""
    made = [json.loads(line) for line in part.text.split(b"\n")[:-1]]
    assert all(isinstance(one, dict) and {"time", "level"} <= one.keys() for one in made)
    if harmless:
        assert len(made) == len(batch.found)
        for one, record in zip(made, batch.found, strict=True):
            if not record.fields:
                assert one["message"] == text(record.message)


def borders(lines):
    """borders.border, record_end and unended: where a line begins, and not one that goes on."""
    if not lines or not lines[0]:
        return
    block = b"".join(line + b"\n" for line in lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    begins = [0]
    while begins[-1] < len(block):
        begins.append(record_end(block, begins[-1]))
        assert begins[-1] > begins[-2]
    assert set(begins) <= set(starts)
    assert unended(block) in starts
    for end in starts[1:-1]:
        found = border(block, 0, end)
        assert found in starts
        assert found <= end
        assert not found or block[found : found + 1] not in b" \t" or block[found + 2] == ord("+")
    made = fold(lines, [6] * len(lines))
    assert b"\n".join(record.line for record in made) == block[:-1]


CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def place(word):
    """target_parser.parse: BadTarget, or a target that can be had."""
    try:
        made = target_parser.parse(word)
    except target_parser.BadTarget:
        return
    assert made.kind in target_parser.OPTIONS
    assert 0 <= made.least < 8
    assert made.options.keys() <= set(target_parser.OPTIONS[made.kind])
    if made.kind in target_parser.PORTS:
        assert 0 < made.port < 65536
        assert re.fullmatch(rb"[!-~]+", made.host)
        again = target_parser.parse(made.text)
        assert (again.kind, again.host, again.port) == (made.kind, made.host, made.port)
        assert b"/" not in directory_name(made, made.format)
    else:
        assert made.path or made.kind == b"stderr"
    if made.kind == b"dir":
        assert len(made.actions.outputs) == 1
    if made.kind in (b"tls", b"relps"):
        Tls(CONTEXT, made.options.get(b"name", b"h").decode())


def glued(*texts):
    """Words made of TEXTS and of anything, without the byte that no argument has."""
    piece = st.sampled_from(texts) | st.binary(max_size=3)
    found = st.lists(piece, max_size=6).map(b"".join)
    return found.map(lambda word: word.replace(b"\0", b""))


NUMBERS = st.sampled_from([b"0", b"1", b"5", b"20", b"4096", b"9" * 9, b"9" * 30, b"9" * 5000])
STAMP = st.sampled_from([b"m", b"t", b"T", b"d", b"J"])
ACTION = st.one_of(
    st.builds(
        lambda first, number, rest: first + number + rest,
        st.sampled_from([b"s", b"S", b"n", b"a", b"r", b"L"]),
        NUMBERS,
        st.sampled_from([b"", b"k", b"M", b"g", b"h", b"d", b"/5", b"/60 *x*", b"/0", b"/x"]),
    ),
    st.sampled_from([b"Lerr", b"LDEBUG", b"L", b"z", b"zstd", b"z9", b"!", b"!cat", b"e", b"e1"]),
    st.sampled_from(
        [b"./d", b".", b"/", b"=f", b"=", b"1", b"2", b"-*", b"+*err*", b"-", b"", b"m"]
    ),
    glued(b"+", b"-", b"*", b"r", b"L", b"!", b"=", b"a1h", b"s4k", b" ", b"/", b"5"),
)
SCRIPT = st.tuples(st.lists(STAMP | ACTION, max_size=6), st.booleans())
SPAN = st.sampled_from([1, 59, 60, 3600, 7200, 86400, 7 * 86400]) | st.integers(1, 10**11)
AGE = st.tuples(
    st.builds(lambda number, unit: number + unit, NUMBERS, st.sampled_from([b"s", b"h", b"d", b""]))
    | st.binary(max_size=4),
    SPAN.filter(lambda one: one < 10**6 * age.DAY),
    st.floats(0, 4e9) | st.integers(0, 4 * 10**6).map(lambda number: number * 900.0),
    st.sampled_from(ZONES),
)
SHORT = st.text("ab*. \\[-", max_size=6).map(str.encode) | st.binary(max_size=5)
RULES = st.builds(
    lambda rules, many: rules * many,
    st.lists(st.tuples(st.sampled_from([b"+", b"-"]), SHORT), max_size=9),
    st.sampled_from([1] * 20 + [300]),
)
LONG = st.builds(lambda line, count: line * count, SHORT, st.sampled_from([1, 1, 1, 400]))
PLAIN = LONG.map(lambda line: line.replace(b"\n", b"?"))
CUTS = st.lists(st.integers(0, 10**6), max_size=6)
EVENTS = st.lists(st.tuples(st.sampled_from([0.0, 0.5, 3.0, 70.0]), SHORT), max_size=20)
CALM = st.sampled_from([b"m", b"Ldebug", b"r999/99"])
WILD = st.sampled_from([b"m", b"Lerr", b"Linfo", b"r1/99", b"r0/9 *e*", b"-*", b"+*o*", b"-T*"])
WISE = st.builds(
    lambda stamp, words: [stamp, *words] if stamp in (b"m", b"J") else [stamp, b"m", *words],
    STAMP,
    st.lists(CALM, max_size=2) | st.lists(WILD, max_size=4),
)
STREAM = st.lists(LINE | st.just(b"") | st.just(b" x"), max_size=9).map(b"\n".join)
FOLDED = st.lists(
    st.builds(
        lambda head, line: head + line,
        st.sampled_from([b"", b"", b"error: ", b"<3>", b"[warn]: ", b"info:"]),
        st.sampled_from([levels.TRACEBACK, *levels.BETWEEN, b"  File", b"ValueError: x", b"", b" "])
        | LINE,
    ),
    max_size=12,
)
PLACE = st.one_of(
    st.builds(
        lambda scheme, host, port, rest: scheme + host + port + rest,
        st.sampled_from([b"udp://", b"tcp://", b"tls://", b"relp://", b"relps://", b"x://"]),
        st.sampled_from(
            [b"h", b"a.b", b"[::1]", b"::1", b"[", b"]", b"", b"\xc3\xa9", b"[fe80::1%lo]"]
        ),
        st.sampled_from([b"", b":1", b":0", b":65536", b":0000080", b":0000199999", b":x"])
        | NUMBERS.map(lambda number: b":0000001" + number),
        glued(b"/", b",", b"p=err", b"name=", b"a.b", b".", b"x" * 64, b"format=json", b"insecure"),
    ),
    st.builds(
        lambda scheme, rest: scheme + rest,
        st.sampled_from([b"syslog:", b"journald:", b"json:", b"json:-", b"stderr:", b"dir:", b""]),
        glued(
            b"/", b"log", b"?", b"&", b"s1m", b"t", b"z", b"!cat", b"a1d", b",p=err", b",p=", b","
        ),
    ),
    glued(b"tcp", b"://", b"h", b":", b",", b"p=", b"=", b"dir", b"?", b"&"),
)
TARGETS = {
    "script": (script, SCRIPT),
    "age": (turning, AGE),
    "selection": (selection, st.tuples(RULES, st.lists(PLAIN), CUTS)),
    "limit": (
        limiting,
        st.tuples(st.integers(0, 3), st.integers(1, 60), st.none() | SHORT, EVENTS),
    ),
    "recordwise": (recordwise, st.tuples(WISE, STREAM, CUTS, st.booleans(), st.booleans())),
    "borders": (borders, FOLDED),
    "place": (place, PLACE),
}
