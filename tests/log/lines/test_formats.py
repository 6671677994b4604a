"""What messages look like: RFC 3164, RFC 5424, JSON, and how they stand in a stream."""

import json
import re

import pytest

from pydaemontools.log.lines import frames
from pydaemontools.log.lines.batch import Batch
from pydaemontools.log.lines.entries import objects
from pydaemontools.log.lines.formats import Origin, Rfc3164, Rfc5424, stamp_5424
from tests.log.far import messages

MOMENT = 1795265159_123456789  # 2026-11-21 12:45:59 UTC


def origin(ident=b"me", facility=24, pid=None, host=b"here.example.org"):
    """Who logs in these tests."""
    return Origin(ident, facility, pid, host)


def rest(form, moment=MOMENT):
    """What stands before the line in messages of FORM."""
    return form.of(Batch([6], [b"x"]), moment, 8096)[0]


@pytest.mark.parametrize(
    ("name", "stamp"),
    [
        ("UTC", b"2026-11-21T12:45:59.123456+00:00"),
        ("CET-1", b"2026-11-21T13:45:59.123456+01:00"),
        ("XXX+3:30", b"2026-11-21T09:15:59.123456-03:30"),
        ("XXX-5:45", b"2026-11-21T18:30:59.123456+05:45"),
    ],
)
def test_the_time_of_5424(name, stamp, zone):
    """RFC 3339 with microseconds and the offset, west of Greenwich too."""
    zone(name)
    assert stamp_5424(MOMENT) == stamp


def test_5424(zone):
    """Version, time, full host, name, process, no id, no data; what is no word becomes one."""
    zone("UTC")
    stamp = b"2026-11-21T12:45:59.123456+00:00"
    assert rest(Rfc5424(origin())) == b"1 " + stamp + b" here.example.org me - - - "
    odd = origin("é me".encode() * 20, pid=7, host=b"")
    words = rest(Rfc5424(odd)).split(b" ")
    assert words[2:] == [b"-", (b"___me" * 20)[:48], b"7", b"-", b"-", b""]


def test_3164(zone):
    """With the host, less its domain, over the network; without on this machine."""
    zone("UTC")
    assert rest(Rfc3164(origin(), host=True)) == b"Nov 21 12:45:59 here me: "
    assert rest(Rfc3164(origin(pid=7), host=False)) == b"Nov 21 12:45:59 me[7]: "
    earlier = MOMENT - 20 * 86400 * 10**9
    assert rest(Rfc3164(origin(), host=True), earlier)[:7] == b"Nov  1 "


def test_json(zone):
    """An object has what the message has, whatever is in the line."""
    zone("UTC")
    lines = [b"plain", 'naïve "quoted" \\ \t \u2028'.encode(), b"\xff\xfe"]
    found = [
        json.loads(one) for one in objects(Batch([3, 6, 7], lines), origin(pid=7), MOMENT, 8096)
    ]
    common = {"facility": "daemon", "host": "here.example.org", "ident": "me", "pid": 7}
    common["time"] = "2026-11-21T12:45:59.123456+00:00"
    assert [one["level"] for one in found] == ["err", "info", "debug"]
    texts = ["plain", 'naïve "quoted" \\ \t \u2028', "\\xff\\xfe"]
    assert [one["message"] for one in found] == texts
    for one in found:
        assert {key: one[key] for key in one if key not in ("level", "message")} == common


@pytest.mark.parametrize("form", [b"3164", b"5424"], ids=bytes.decode)
def test_counted_octets(form):
    """Every message stands behind the count of its bytes, however many there are."""
    lines = [b"x" * (at % 300) for at in range(9000)]
    levels = [at % 8 for at in range(9000)]
    made = frames.framing(origin(), form, relp=False)
    texts = list(made.texts(Batch(levels, lines)))
    assert len(texts) == 3
    found, left = messages(b"".join(texts))
    assert left == b""
    end = b" me - - - " if form == b"5424" else b" here me: "
    assert [one.partition(end)[2] for one in found] == lines
    assert [int(re.match(rb"<(\d+)>", one)[1]) for one in found] == [24 + one for one in levels]
    spans = [text[start:at] for text in texts for start, at in made.spans(text)]
    assert spans == found


@pytest.mark.parametrize("relp", [False, True])
def test_json_in_a_stream(relp):
    """A newline after each object, or its count before it where relp takes it over."""
    made = frames.framing(origin(), b"json", relp=relp)
    batch = Batch([6, 6], ["naïve\tone".encode(), b"two"])
    [text] = made.texts(batch)
    objects = [text[start:at] for start, at in made.spans(text)]
    assert [json.loads(one)["message"] for one in objects] == ["naïve\tone", "two"]
    assert (messages(text)[0] == objects) is relp


@pytest.mark.parametrize("form", [b"3164", b"5424", b"json"], ids=bytes.decode)
def test_long_lines(form):
    """A message has no more than 8096 bytes; a line that needs more is cut, + before each rest."""
    made = frames.framing(origin(), form, relp=True)
    line = "é€\U0001f409".encode() * 3000
    [text] = made.texts(Batch([6, 6], [line, b"next"]))
    found, _ = messages(text)
    if form == b"json":
        found = [json.loads(one)["message"].encode() for one in found]
    else:
        assert max(map(len, found)) <= 8096
        found = [one.partition(b" me: " if form == b"3164" else b" - - - ")[2] for one in found]
    assert found[-1] == b"next"
    assert found[0] + b"".join(one.removeprefix(b"+") for one in found[1:-1]) == line
    assert all(one.startswith(b"+") for one in found[1:-1])
