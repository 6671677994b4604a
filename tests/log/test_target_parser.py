"""What --to understands."""

import gzip
import re

import pytest

from pydaemontools.log import target_parser
from pydaemontools.log.target_parser import BadTarget

GOOD = {
    "syslog:": ("syslog", "/dev/log", 7, "3164"),
    "syslog:/x,p=err": ("syslog", "/x", 3, "3164"),
    "syslog:,format=5424": ("syslog", "/dev/log", 7, "5424"),
    "syslog:a,b": ("syslog", "a,b", 7, "3164"),
    "log/": ("dir", "log/", 7, "5424"),
    "a,b/": ("dir", "a,b/", 7, "5424"),
    "a=b,c=d/,p=2": ("dir", "a=b,c=d/", 2, "5424"),
    "dir:log": ("dir", "log", 7, "5424"),
    "dir:log?T&s1m&n5&z,p=err": ("dir", "log", 3, "5424"),
    "what?/": ("dir", "what?/", 7, "5424"),
    "udp://h": ("udp", "h:514", 7, "3164"),
    "tcp://h": ("tcp", "h:601", 7, "5424"),
    "tcp://h:514/": ("tcp", "h:514", 7, "5424"),
    "tcp://h,format=json,p=Warning": ("tcp", "h:601", 4, "json"),
    "tls://h": ("tls", "h:6514", 7, "5424"),
    "relp://h": ("relp", "h:2514", 7, "5424"),
    "relps://[::1]:99,insecure": ("relps", "::1:99", 7, "5424"),
    "tcp://[fe80::1%eth0]": ("tcp", "fe80::1%eth0:601", 7, "5424"),
    "journald:": ("journald", "/run/systemd/journal/socket", 7, "5424"),
    "journald:/j": ("journald", "/j", 7, "5424"),
    "json:-": ("json", "-", 7, "5424"),
    "stderr:,p=0": ("stderr", "", 0, "5424"),
}


@pytest.mark.parametrize("word", GOOD)
def test_places(word):
    """Each kind of place, with its port, its threshold and its format."""
    place = target_parser.parse(word.encode())
    where = b"%b:%d" % (place.host, place.port) if place.port else place.path
    found = place.kind.decode(), where.decode(), place.least, place.format.decode()
    assert found == GOOD[word]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("dir:a?n5", b"a"),
        ("a//", b"a"),
        ("dir:e", b"e"),
        ("dir:/?n5", b"/"),
        ("dir:../a/", b"../a"),
    ],
)
def test_where_a_directory_is(word, name):
    """Its path is as it was given, less what it ends with, whatever it looks like."""
    [output] = target_parser.parse(word.encode()).actions.outputs
    assert (output.kind, output.name) == (b"/", name)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("tcp://h", b"tcp://h:601"),
        ("tcp://h:9,p=err", b"tcp://h:9"),
        ("relp://[::1]/,format=3164", b"relp://[::1]:2514"),
        ("syslog:/x,p=err", b"syslog:/x"),
    ],
)
def test_what_a_place_is_called(word, text):
    """In a message a place has its port, and no options."""
    assert target_parser.parse(word.encode()).text == text


BAD = {
    "": "--to takes syslog:",
    "log": "--to takes syslog:",
    "dir:": "--to takes syslog:",
    "dir:?n5": "--to takes syslog:",
    "dir:x?n5&": "in dir:x?n5&: there is no action of no letters",
    "dir:x?e": "in dir:x?e: there is no action e",
    "dir:x?+*": "in dir:x?+*: there is no action +*",
    "dir:x?n5&T": "in dir:x?n5&T: T has to be the first action",
    "dir:x?zip": "in dir:x?zip: there are z and zstd, and not zip",
    "json:x": "--to takes syslog:",
    "http://h": "--to takes syslog:",
    "tcp:h": "--to takes syslog:",
    "tcp://": "takes the name of a host, not none",
    "tcp://:9": "takes the name of a host, not none",
    "tcp://a b": "takes the name of a host, not a b",
    "tcp://me@h": "takes the name of a host, not me@h",
    "tcp://h/x": "takes the name of a host, not h/x",
    "tcp://\xe9": "takes the name of a host",
    "tcp://::1": "an address with colons stands in brackets: tcp://[::1]",
    "tcp://h:0": "takes a port from 1 to 65535, not 0",
    "tcp://h:65536": "takes a port from 1 to 65535, not 65536",
    "tcp://h:0000199999": "takes a port from 1 to 65535, not 0000199999",
    "tcp://h:00001" + "9" * 5000: "takes a port from 1 to 65535, not 000019",
    "tcp://h:x": "takes a port from 1 to 65535, not x",
    "tcp://h:": "takes a port from 1 to 65535, not ",
    "tcp://h,p=loud": "p= takes a level",
    "tcp://h,format=xml": "format= takes 3164 5424 json, not xml",
    "syslog:,format=json": "format= takes 3164 5424, not json",
    "tcp://h,ca=x": "tcp has no option ca; it has p format",
    "log/,format=json": "dir has no option format; it has p",
    "tcp://h,speed=9": "speed=9 is no option of a place",
    "dir:./log,P=err": "P=err is no option of a place; a directory of that name has a / at its end",
    "dir:./log?n5,fomat=5424": "fomat=5424 is no option of a place",
    "syslog:,foo=1": "foo=1 is no option of a place",
    "tcp://h,fast": "fast is no option",
    "tls://h,insecure=no": "insecure takes no value",
    "tls://h,name=": "name= takes the name of a host, not none",
    "tls://h,name=a..b": "name= takes the name of a host, not a..b",
    "tls://h,name=\xe9": "name= takes the name of a host",
    "relps://h,name=" + "x" * 64: "name= takes the name of a host, not xx",
    "tls://h,key=x": "key=FILE goes with cert=FILE",
}


@pytest.mark.parametrize("word", BAD, ids=lambda word: word[:40])
def test_what_is_no_place(word):
    """What is wrong is said."""
    with pytest.raises(BadTarget) as error:
        target_parser.parse(word.encode())
    assert BAD[word] in error.value.why.decode("utf-8", "replace")


def test_a_bad_place_is_wrong_usage(run):
    """It is said on stderr with the usage, never as a traceback; 100."""
    result = run("pysissylog", "--to", "tcp://h:x", input=b"")
    usage, hint = result.stderr.splitlines()
    assert usage.startswith(b"pysissylog: usage: pysissylog ")
    assert hint == b"pysissylog: tcp://HOST[:PORT] takes a port from 1 to 65535, not x"
    assert result.returncode == 100


def test_a_directory_with_actions(run, place):
    """Its files have the size, the number, the time and the packing that were asked for."""
    data = b"".join(b"error: %d\n" % at for at in range(9999))
    to = "dir:log?T&s8k&n4&z,p=err"
    assert run("pysissylog", "--to", to, input=data + b"info: x\n").returncode == 0
    packed = sorted((place / "log").glob("@*.s.gz"))
    assert len(packed) == 3
    texts = [gzip.decompress(file.read_bytes()) for file in packed]
    assert all(6192 <= len(text) <= 8192 for text in texts)
    lines = b"".join([*texts, (place / "log/current").read_bytes()]).splitlines()
    assert all(re.match(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z error: ", line) for line in lines)
    assert [int(line[35:]) for line in lines] == list(range(9999 - len(lines), 9999))


def test_a_directory_of_labels(run, place):
    """Without an action for the time there are TAI64N labels."""
    assert run("pysissylog", "--to", "dir:log?n3", input=b"x\n").returncode == 0
    assert re.fullmatch(rb"@[0-9a-f]{24} x\n", (place / "log/current").read_bytes())
