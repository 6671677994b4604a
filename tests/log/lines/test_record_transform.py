"""pymultilog by records: the actions m, L, r and J."""

import json
import os
import re
import signal
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydaemontools.log.lines import repeat_limit
from pydaemontools.log.lines.actions import Actions
from pydaemontools.log.lines.borders import border, record_end, unended
from pydaemontools.log.lines.record_transform import RecordTransform
from pydaemontools.log.lines.records import fold
from pydaemontools.log.lines.repeat_limit import SHOWN, RepeatLimit
from pydaemontools.log.lines.selection import Selection
from tests.conftest import wait_until
from tests.log.conftest import stream, write_all
from tests.log.lines.test_severity import DURING, TRACE

FAILED = b"error: job failed"
RECORD = [FAILED, *TRACE]
JSON = b'{"level": "warning", "msg": "disk", "free": 0.5}'


def text(*lines):
    """LINES, each with a newline."""
    return stream(lines)


@pytest.fixture
def logged(run, place):
    """Have pymultilog do ACTIONS with LINES; give the lines in the directory d."""

    def logged(lines, *actions):
        result = run("pymultilog", *actions, "./d", input=text(*lines))
        assert (result.returncode, result.stderr) == (0, b"")
        return whole(place / "d").splitlines()

    return logged


def files(path):
    """The log files in PATH, the oldest first."""
    return [*sorted(path.glob("@*")), *path.glob("current")]


def whole(path):
    """All that the log in PATH has."""
    return b"".join(file.read_bytes() for file in files(path))


def test_selected_as_one(logged):
    """With m a record goes where its first line goes; without, each line for itself."""
    lines = [b"info: a", *RECORD, b"info: b", b"  more"]
    assert logged(lines, "m", "-*", "+error: *") == RECORD


@pytest.mark.parametrize("action", ["m", "J", "Linfo", "r9/9"])
def test_a_line_that_goes_on_with_nothing(logged, action):
    """The very first one is a record, also if it begins with a blank."""
    found = logged([b" first", b"\tstill", b"x"], action)
    texts = [json.loads(line)["message"] for line in found] if action == "J" else found
    assert texts == ([" first\n\tstill", "x"] if action == "J" else [b" first", b"\tstill", b"x"])


def test_every_line_for_itself(logged):
    """Without m there are lines."""
    assert logged([*RECORD, b"x"], "-*", "+error: *") == [FAILED]


def test_deselected_as_one(logged):
    """What goes on with a line that is not wanted is not wanted either."""
    lines = [b"info: a", *RECORD, b"info: b", b"", b"  more", b"info: c"]
    assert logged(lines, "m", "-error: *", "-info: b") == [b"info: a", b"info: c"]


def test_a_pattern_sees_the_time(logged):
    """As it does without m; and each line has one."""
    found = logged([b"info: a", *RECORD], "t", "m", "-*", "+* error: *")
    assert [line[26:] for line in found] == RECORD
    assert len({line[:26] for line in found}) == 1


def test_levels(logged):
    """L goes by what pysissylog reads in a line, a structured one too; a record has one level."""
    lines = [b"debug: a", b"<4>b", *RECORD, b"text", JSON, b"[notice] c", b" more"]
    assert logged(lines, "Lnotice") == [b"<4>b", *RECORD, JSON, b"[notice] c", b" more"]


FORMATS = {
    "all": ([], [1, 2]),
    "the head": (["fhead"], [2]),
    "some": (["fklog,gunicorn"], [2]),
    "nginx": (["fnginx"], [1, 2]),
    "requests": (["faccess"], [2, 4]),
    "requests and all": (["fauto", "faccess"], [1, 2, 4]),
    "one's own": (["fhead", r"f=it says (?P<level>W)"], [2, 3]),
}


@pytest.mark.parametrize(("words", "expected"), FORMATS.values(), ids=FORMATS)
def test_formats(logged, words, expected):
    """What f says are the formats in which a line may have its level, wherever it stands."""
    lines = [
        b"plain",
        b"2026/11/29 13:16:38 [error] 7#7: a",
        b"error: b",
        b"it says W to c",
        b'::1 - - [29/Nov/2026:13:36:12 +0000] "GET / HTTP/1.1" 500 1',
    ]
    assert logged(lines, *words, "Lwarning") == [lines[at] for at in expected]
    assert logged(lines, "Lwarning", *words) == [lines[at] for at in expected] * 2


def test_formats_of_objects(logged):
    """With J the level is that of the format."""
    found = logged(
        [b"E1129 13:16:38.123456 7 x.go:8] a", b"it says W"], "J", "fklog", "f=.*(?P<level>W)"
    )
    assert [json.loads(line)["level"] for line in found] == ["err", "warning"]


PIECE = st.sampled_from(
    [
        *(
            b"error: a",
            b"warning: b",
            b"c",
            b" d",
            b"\te",
            b"",
            b"<3>f",
            b'{"level": "error"}',
            b"=x",
        ),
        *(
            b"error: Traceback (most recent call last):",
            b"2026-11-29 13:16:38 ERROR g",
            *TRACE,
            DURING,
        ),
    ]
)


@given(
    block=st.lists(PIECE, min_size=1, max_size=12).map(stream),
    stamp=st.sampled_from([[], [b"T"]]),
    unfinished=st.booleans(),
)
def test_by_level_lines_are_chosen_as_their_records_are(block, stamp, unfinished):
    """Where only levels count, nobody puts records together; what is written is the same."""
    made = []
    for more in ([], [b"=f"]):
        script = Actions([*stamp, b"Lwarning", b"./d", *more], own=True)
        transform = RecordTransform(script)
        body = block[:-1] + b"." if unfinished else block
        batch = transform.batch(body, continued=False, unfinished=unfinished)
        part = script.outputs[0].selection.of(batch)
        text = re.sub(rb"\d", b"0", part.text)
        lines = [record.line for record in batch.found]
        made.append((text, part.unfinished, transform.state, lines))
    assert made[0] == made[1]


DRIVEN = st.sampled_from(
    [
        *(b"error: a", b"warning: b", b"c", b" d", b"\te", b"", b"<3>f"),
        *(
            b"error: i\r",
            b"10%\rwarning: j",
            b"\xef\xbb\xbf<3>l",
            b"\xff",
            b"\x1b[31merror: k\x1b[0m",
        ),
        *(b'{"level": "error"}\r', b'\x1b[1m{"level":"debug"}', b"level=error msg=m\r", b'{"a":1}'),
        *(b'{"log":"error: n\\n","stream":"x","time":1}', b'{"log":" o\\n","stream":"x","time":1}'),
        b"2026-11-29 13:16:38.123 UTC [7] ERROR:  p",
        b"2026-11-29 13:16:38.123 UTC [7] DETAIL:  q",
        *(b"SEVERE: r", b"[info] s"),
    ]
)


def chosen(words, pieces):
    """What the script WORDS writes to its first place of the bytes in PIECES, one after another."""
    script = Actions(words, own=True)
    transform = RecordTransform(script)
    made, continued = [], False
    for at, piece in enumerate(pieces):
        unfinished = piece[-1:] != b"\n" and at + 1 < len(pieces)
        batch = transform.batch(piece, continued=continued, unfinished=unfinished)
        made.append(script.outputs[0].selection.of(batch).text)
        continued = unfinished
    return b"".join(made)


@pytest.mark.parametrize(
    "line", [b" \rerror: x\n", b"\t \r[error] x\r\n", b" 9%\r\x1b[Kerror: x\n"]
)
def test_what_is_written_over_begins_no_rest(line):
    """A line that goes on as it came, and not as it is seen, is a record of its own."""
    for more in ([], [b"=f"]):
        assert chosen([b"Lerr", b"./d", *more], [b"info: a\n", line]) == line
        assert chosen([b"Lerr", b"./d", *more], [b"info: a\n", b" \n", b" b\r\n"]) == b""


@given(
    lines=st.lists(DRIVEN, min_size=1, max_size=12),
    cuts=st.lists(st.integers(0, 400), max_size=4),
    least=st.sampled_from([b"err", b"warning", b"info", b"debug"]),
)
@settings(max_examples=400)
def test_however_lines_come_levels_choose_the_same(lines, cuts, least):
    """In blocks, in pieces of lines, with what a terminal does not show: nothing differs."""
    block = stream(lines)
    ends = sorted({cut for cut in cuts if cut < len(block)} - {0})
    pieces = [block[start:end] for start, end in zip([0, *ends], [*ends, None], strict=True)]
    alone = chosen([b"L" + least, b"./d"], pieces)
    assert chosen([b"L" + least, b"./d", b"=f"], pieces) == alone
    if least == b"debug":
        assert alone == block


def test_levels_of_several_directories(run, place):
    """L holds for what follows it."""
    words = ["./all", "Lerr", "./err", "Ldebug", "-*", "+i*", "./info"]
    result = run("pymultilog", *words, input=text(b"info: a", b"error: b", b"debug: c"))
    assert (result.returncode, result.stderr) == (0, b"")
    assert whole(place / "all") == b"info: a\nerror: b\ndebug: c\n"
    assert whole(place / "err") == b"error: b\n"
    assert whole(place / "info") == b"info: a\n"


def test_rotated_as_one(logged, place):
    """A file ends with a record, unless that is larger than a file."""
    frames = [b"    line %d of it" % at for at in range(20)]
    lines = [
        line for at in range(60) for line in (b"error: %d" % at, *TRACE[:1], *frames, TRACE[-1])
    ]
    assert logged(lines, "m", "s4096", "n999") == lines
    found = [lines for file in files(place / "d") if (lines := file.read_bytes().splitlines())]
    assert len(found) > 5
    assert all(one[0].startswith(b"error: ") and one[-1] == TRACE[-1] for one in found)


def test_a_record_larger_than_a_file(logged, place):
    """It is in several, and whole."""
    lines = [b"info: a", FAILED, *[b"  %050d" % at for at in range(300)], b"info: b"]
    assert logged(lines, "m", "s4096", "n999") == lines
    assert len(files(place / "d")) > 3


def test_a_line_larger_than_a_file(logged):
    """Also where nothing but characters may be cut."""
    lines = ["é€".encode() * 9000, b"next", b" more"]
    assert b"".join(logged(lines, "m", "s4096", "n999")) == b"".join(lines)


def test_limits(run, place):
    """So many lines of one text pass; how many more there were is told."""
    lines = [b"same"] * 5 + [b"other"] + [b"same"] * 4 + [b"other"]
    result = run("pymultilog", "./all", "r2/1000", "./few", input=text(*lines))
    assert (result.returncode, result.stderr) == (0, b"")
    assert whole(place / "all") == text(*lines)
    assert whole(place / "few").splitlines() == [
        b"same",
        b"same",
        b"other",
        b"other",
        b"pymultilog: left out 7 lines in 1000 seconds, as: same",
    ]


def test_limits_of_a_pattern(logged):
    """What one pattern matches is of one kind, with all that goes on with it."""
    lines = [b"timeout of %d" % at for at in range(9)] + [
        b"x",
        *RECORD,
        b"timeout of 9",
        b" more",
        b"x",
    ]
    assert logged(lines, "t", "r1/1000 timeout of *", "-*debug*")[-1].endswith(
        b" pymultilog: left out 9 lines in 1000 seconds, as: timeout of 0"
    )


def test_what_was_left_out_is_told_in_time(start, pipe, place):
    """Also when nothing more comes."""
    process = start("pymultilog", "r1/1", "./d", stdin=pipe[0])
    write_all(pipe[1], b"a\na\na\n")
    told = b"a\npymultilog: left out 2 lines in 1 seconds, as: a\n"
    wait_until(lambda: whole(place / "d") == told)
    write_all(pipe[1], b"a\n")
    wait_until(lambda: whole(place / "d") == told + b"a\n")
    pipe.end()
    assert process.wait(30) == 0
    assert whole(place / "d") == told + b"a\n"


def test_a_limit_tells_what_it_left_out(monkeypatch):
    """One kind after the other, when its time is over."""
    now = [100.0]
    monkeypatch.setattr(repeat_limit, "monotonic", lambda: now[0])
    one = RepeatLimit(1, 10, None)
    assert [one.passes(line) for line in (b"a", b"a", b"b", b"a")] == [True, False, True, False]
    assert (one.due(), one.next_notice()) == (10.0, None)
    now[0] = 105.0
    assert not one.passes(b"b")
    assert one.due() == 5.0
    now[0] = 110.0
    assert one.due() == 0.0
    assert one.next_notice() == b"pymultilog: left out 2 lines in 10 seconds, as: a"
    assert one.next_notice() == b"pymultilog: left out 1 line in 10 seconds, as: b"
    assert (one.next_notice(), one.due()) == (None, None)
    assert one.passes(b"a")
    assert not one.passes(b"a")
    assert one.next_notice(ending=True) == b"pymultilog: left out 1 line in 10 seconds, as: a"


def test_long_lines_are_counted_in_little_memory(monkeypatch):
    """Those that differ only at their ends are of many kinds, and none of them is kept."""
    monkeypatch.setattr(repeat_limit, "COUNTED", 1000)
    one = RepeatLimit(1, 1000, None)
    tracemalloc.start()
    for end in range(1000):
        line = b"%060000d" % end
        assert [one.passes(line), one.passes(line)] == [True, False]
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1 << 20
    told = b"pymultilog: left out 1 line in 1000 seconds, as: " + b"0" * SHOWN
    assert [one.next_notice(ending=True) for _ in range(1000)] == [told] * 1000


def test_lines_about_as_long_as_an_example():
    """Each is of a kind of its own, though they begin alike."""
    one = RepeatLimit(1, 1000, None)
    lines = [b"x" * (SHOWN + more) for more in (-1, 0, 1, 2)]
    assert [one.passes(line) for line in lines * 2] == [True] * 4 + [False] * 4


def test_many_kinds(monkeypatch):
    """No more are counted than there is room for; others pass."""
    monkeypatch.setattr(repeat_limit, "COUNTED", 2)
    one = RepeatLimit(1, 1000, None)
    assert [one.passes(line) for line in (b"a", b"b", b"c", b"c", b"a")] == [True] * 4 + [False]
    odd = RepeatLimit(0, 1000, Selection([(b"-", b"*"), (b"+", b"x*")]))
    assert [odd.passes(line) for line in (b"xa", b"b", b"xc")] == [False, True, False]


def test_a_kind_that_is_not_counted_passes(monkeypatch):
    """Also where none should: nobody could be told of it."""
    monkeypatch.setattr(repeat_limit, "COUNTED", 1)
    one = RepeatLimit(0, 1000, None)
    assert [one.passes(line) for line in (b"a", b"b", b"a")] == [False, True, False]
    assert one.next_notice(ending=True) == b"pymultilog: left out 2 lines in 1000 seconds, as: a"


def test_json(logged):
    """An object a record, with the time, the level, the message and the fields."""
    found = [json.loads(line) for line in logged([b"plain", *RECORD, JSON, b"\xff\x01"], "J")]
    assert [one["level"] for one in found] == ["info", "err", "warning", "info"]
    messages = ["plain", b"\n".join(RECORD).decode(), "disk", "\\xff\x01"]
    assert [one["message"] for one in found] == messages
    assert found[1]["exception.type"] == "ZeroDivisionError"
    assert found[2]["free"] == 0.5
    assert all(one["time"][10] == "T" and one["time"][-1] == "Z" for one in found)


@pytest.mark.parametrize("end", [b"", b"\n", b"\nx\n"])
def test_json_of_a_line_in_pieces(end):
    """Each piece is an object, and the end of a line is none."""
    form = RecordTransform(Actions([b"J", b"./d"], own=True))
    first = form.batch(b"a" * 9, continued=False, unfinished=True)
    rest = form.batch(b"b" * 9, continued=True, unfinished=True)
    last = form.batch(end, continued=True, unfinished=False)
    made = [json.loads(line)["message"] for one in (first, rest, last) for line in one.lines]
    assert made == ["a" * 9, "+" + "b" * 9, *end.decode().split()]
    assert all(one.text[-1:] in {b"\n", b""} for one in (first, rest, last))


def test_json_of_what_is_selected(logged):
    """A pattern sees the line as it came."""
    found = logged([b"info: a", *RECORD, JSON], "J", "-info: *", "Lerr", "r0/9 nothing")
    assert [json.loads(line)["level"] for line in found] == ["err"]


@pytest.mark.parametrize("stamp", ["J", "T"])
def test_what_grows_has_room(logged, place, stamp):
    """However much longer a line becomes: no file is larger than it may be, and nothing is lost."""
    lines = [b"\x01\xff" * (at % 900) + b"%d" % at for at in range(400)]
    found = logged(lines, stamp, "m", "s4096", "n99999")
    assert all(file.stat().st_size <= 4096 or stamp == "J" for file in files(place / "d"))
    if stamp == "J":
        texts = [json.loads(line)["message"] for line in found]
        joined = "".join(one.removeprefix("+") for one in texts)
        assert joined == b"".join(lines).decode("utf-8", "backslashreplace")
    else:
        assert b"".join(line[28:] for line in found) == b"".join(lines)


@pytest.mark.parametrize(
    "words",
    [
        ["J", "s4096", "r5/60", "r9/60"],
        ["J", "s4096", *["r5/60"] * 4],
        ["T", "s4096", *["r5/60"] * 9],
        ["J", "s4096", "r5/60", "./a", "r9/60"],
    ],
    ids=" ".join,
)
def test_limits_and_small_files(logged, words):
    """However many limits there are, a line that a file has room for is whole."""
    lines = [b"one", b"two", b"x" * 1000, "é".encode() * 500, b"y" * 1100]
    found = logged(lines, *words)
    texts = [json.loads(one)["message"] for one in found] if words[0] == "J" else found
    wanted = [line.decode() for line in lines]
    assert texts == wanted if words[0] == "J" else [line[28:] for line in found] == lines


@pytest.mark.parametrize("words", [["J"], ["J", "r5/60"], ["J", "s8k", "m"]], ids=" ".join)
def test_long_lines_as_json(logged, place, words):
    """One that a file has room for is one object, and a file has as many as fit."""
    lines = [b"%05d" % at + b"x" * (7000 if "s8k" in words else 9000) for at in range(12)]
    found = [json.loads(line)["message"].encode() for line in logged(lines, *words, "n99")]
    assert found == lines
    assert len(files(place / "d")) == (13 if "s8k" in words else 2)


@pytest.mark.parametrize("stamp", ["t", "J"])
def test_a_line_larger_than_the_files_of_one_directory(run, place, stamp):
    """It is cut for that; in another one the files are full before there is a next one."""
    line = b"a" * 30_000
    words = stamp, "m", "s4096", "n9999", "./small", "s20000", "n9999", "./large"
    assert run("pymultilog", *words, input=text(b"one", line, b"two")).returncode == 0
    small, large = whole(place / "small"), whole(place / "large")
    assert small == large
    assert large.count(b"a") >= len(line)
    sizes = [file.stat().st_size for file in files(place / "large")]
    assert all(size > 20_000 - 4096 for size in sizes[:-1])
    assert len(sizes) > 1


@pytest.mark.parametrize(
    "words", [["J", "s4096", *["r5/60"] * 9], ["t", "s4k", *["r5/60"] * 40]], ids=" ".join
)
def test_files_that_are_too_small(run, place, words):
    """It is said which size is the least; with that it goes."""
    result = run("pymultilog", *words, "./d", input=b"one\n")
    assert result.returncode == 100
    hint = result.stderr.decode().splitlines()[1]
    least = re.fullmatch(r"pymultilog: .* say (s\d+) before \./d", hint)[1]
    assert not (place / "d").exists()
    words[1] = f"s{int(least[1:]) - 1}"
    assert run("pymultilog", *words, "./d", input=b"one\n").returncode == 100
    words[1] = least
    line = b"\x01" * 64
    assert run("pymultilog", *words, "./d", input=line + b"\n").returncode == 0
    [made] = whole(place / "d").splitlines()
    assert (json.loads(made)["message"].encode() if words[0] == "J" else made[26:]) == line


def test_borders():
    """A border is never within a record."""
    lines = [b"a", *RECORD, b"b", b" more", FAILED, b"", *TRACE, b"", DURING, b"", *TRACE, b"c"]
    block = text(*lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    sizes = [len(record.line.split(b"\n")) for record in fold([x for x in lines if x], [6] * 99)]
    assert sizes == [1, 5, 2, 5 + 4 + 1, 1]
    begins = [0, 1, 6, 8, len(lines) - 1]
    for at, start in enumerate(starts[:-1]):
        expected = max(begin for begin in begins if begin <= at)
        assert border(block, 0, start) == starts[expected], (at, lines[at])
    for begin, end in zip(begins, [*begins[1:], len(lines)], strict=True):
        assert record_end(block, starts[begin]) == starts[end]


@pytest.mark.parametrize("between", [b"", DURING])
def test_borders_in_a_traceback_that_goes_on(between):
    """Neither an empty line nor one that stands between two tracebacks ends one."""
    lines = [b"a", TRACE[0], between, b"ValueError: x", b"b"]
    block = text(*lines)
    assert [one.line for one in fold(lines, [6] * 5)] == [b"a", b"\n".join(lines[1:4]), b"b"]
    assert border(block, 0, len(text(*lines[:3]))) == 2
    assert unended(text(*lines[:3])) == 2
    assert unended(block) == len(block)


@pytest.mark.kill
def test_killed_all_the_time(start, place, pipe):
    """Nothing is lost or doubled, and no record is torn, however often the logger is killed."""
    record = [b"error: %07d", *TRACE]
    lines = [line % at if b"%" in line else line for at in range(3000) for line in record]
    process = start("pymultilog", "t", "m", "Linfo", "s8k", "n9999", "./d", stdin=pipe[0])
    data = memoryview(text(*lines))
    kills = 0
    while data:
        size = 30_011
        write_all(pipe[1], data[:size])
        data = data[size:]
        process.kill()
        process.wait()
        kills += 1
        process = start("pymultilog", "t", "m", "Linfo", "s8k", "n9999", "./d", stdin=pipe[0])
    pipe.end()
    assert process.wait(60) == 0
    assert [line[26:] for line in whole(place / "d").splitlines()] == lines
    assert kills > 10


@pytest.mark.kill
def test_killed_with_lines_that_hardly_fit(start, place, pipe):
    """What is looked at closely is in the notes as well: each line is one object, once."""
    lines = [b"%07d" % at + b"x" * (at * 97 % 6000) for at in range(600)]
    command = "pymultilog", "J", "r9/60", "s8k", "n9999", "./d"
    data = memoryview(text(*lines))
    process = start(*command, stdin=pipe[0])
    while data:
        write_all(pipe[1], data[:30_011])
        data = data[30_011:]
        process.kill()
        process.wait()
        process = start(*command, stdin=pipe[0])
    pipe.end()
    assert process.wait(60) == 0
    found = [json.loads(line)["message"].encode() for line in whole(place / "d").splitlines()]
    assert found == lines


def catches(pid, signum):
    """Whether the process PID has a handler for SIGNUM."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^SigCgt:\t([0-9a-f]+)", status, re.MULTILINE)[1], 16) >> signum - 1 & 1


def test_told_to_end_within_a_record(start, pipe, place):
    """TERM does not wait for the rest of a traceback."""
    process = start("pymultilog", "m", "./d", stdin=pipe[0])
    write_all(pipe[1], text(*RECORD[:3]))
    wait_until(lambda: catches(process.pid, signal.SIGTERM))
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(30) == 0
    rest = b"" if whole(place / "d") else text(*RECORD[:3])
    assert whole(place / "d") + rest == text(*RECORD[:3])
