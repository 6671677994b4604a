"""svlogd by ours: killed, it loses and doubles nothing; the C one takes over, and ours from it."""

import errno
import os
import random
import re
import signal
import socket
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.log.lines.batch import Batch
from pydaemontools.log.lines.svlogd_config import SvlogdConfig
from pydaemontools.log.lines.svlogd_patterns import HeadSelection, StepByStep, matches
from pydaemontools.log.logdir.svlogd_folder import WRITING, SvlogdFolder
from pydaemontools.log.pipe.line_splitter import first_full
from tests.conftest import DEADLINE, wait_until, write_script
from tests.log.conftest import patient, write_all
from tests.log.far import in_time_for, kills, tell
from tests.log.pipe.test_intent_log import everything, written
from tests.log.test_sissylog import unread

KILLS = kills(30)
SIZE = 300  # lines between two kills
STAMP = re.compile(rb"(?m)^[0-9-]{10}_[0-9:.]{14} ")
# A way to keep a log, the words of the call, which lines are there, and what stands for a byte.
WAYS = {
    "stamped": ("s20000", ["-tt"], lambda _: True),
    "chosen, a prefix": (
        "s8000\n-*\n++0*7*",
        [],
        lambda line: b"7" in line.lstrip(b"0") and line[:1] == b"0",
    ),
    "processed": ("s9000\n!cat", ["-tt"], lambda _: True),
}


@pytest.fixture
def logger(originals, place):
    """Start svlogd, ours or a PROGRAM, with a stdin and words; it ends with the test."""
    made = []

    def logger(*words, stdin, program=None, **more):
        argv = [program or f"{originals}/svlogd", *words]
        made.append(subprocess.Popen(argv, cwd=place, stdin=stdin, stderr=subprocess.PIPE, **more))
        return made[-1]

    yield logger
    for process in made:
        process.kill()
        process.communicate()


def configure(path, text):
    """Make the log directory PATH with TEXT in its config."""
    path.mkdir(exist_ok=True)
    (path / "config").write_text(text + "\n")


def numbered(start, count):
    """COUNT lines from number START on."""
    return b"".join(b"%06d a line of some length\n" % at for at in range(start, start + count))


def both(place):
    """How far the two logs have come."""
    return written(place / "log"), written(place / "two")


@pytest.mark.kill
@pytest.mark.process
@in_time_for(KILLS)
@pytest.mark.parametrize("way", WAYS)
def test_kills(way, logger, pipe, place):
    """Killed by -9 again and again while blocks come in: each line is there once, in each log."""
    config, words, wanted = WAYS[way]
    chance = random.Random(7)  # noqa: S311 - where to cut
    configure(place / "log", "n0\n" + config)
    configure(place / "two", "n0\ns1234567\n-*93*")
    for turn in range(KILLS):
        process = logger(*words, "log", "two", stdin=pipe[0])
        before = both(place)
        write_all(pipe[1], numbered(turn * SIZE, SIZE))
        if turn % 4:
            wait_until(lambda: both(place) != before)  # noqa: B023
            if chance.random() < 0.3:
                process.send_signal(chance.choice([signal.SIGALRM, signal.SIGHUP]))
        if turn % 10 == 0:
            # What dead loggers left has to have room in the pipe.
            wait_until(lambda: not unread(pipe[0]))
        process.kill()
        process.communicate(timeout=DEADLINE)
    pipe.end()
    process = logger(*words, "log", "two", stdin=pipe[0])
    assert process.communicate(timeout=60)[1] == b""
    assert process.returncode == 0
    lines = numbered(0, SIZE * KILLS).splitlines()
    for name, kept in (
        ("log", wanted),
        ("two", lambda line: line[line.find(b"9") + 1 :][:1] != b"3"),
    ):
        data, _ = everything(place / name)
        assert STAMP.sub(b"", data).splitlines() == [line for line in lines if kept(line)]
        assert not list((place / name).glob("note"))
    tell(f"{way}, killed {KILLS} times: {len(lines)} lines, none lost, none doubled")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_taken_over(first, how, logger, needs, pipe, place):  # noqa: PLR0917
    """Whoever comes next goes on after TERM, and after a kill begins anew beside a .u file."""
    programs = {"ours": None, "theirs": needs("svlogd")}
    configure(place / "log", "s5000\nn0")
    for turn, who in enumerate([first, *(set(programs) - {first}), first, first]):
        process = logger("-tt", "log", stdin=pipe[0], program=programs[who])
        write_all(pipe[1], numbered(turn * SIZE, SIZE))
        last = b"%06d" % (turn * SIZE + SIZE - 1)
        wait_until(lambda: last in everything(place / "log")[0])  # noqa: B023
        wait_until(lambda: not unread(pipe[0]))
        process.send_signal(how)
        assert process.communicate(timeout=DEADLINE)[1] == b""
    found, _ = everything(place / "log")
    assert STAMP.sub(b"", found) == numbered(0, 4 * SIZE)
    unclean = sorted((place / "log").glob("@*.u"))
    assert bool(unclean) is (how == signal.SIGKILL)


def test_told_to_end_within_a_line(logger, pipe, place):
    """TERM within a line: that is our successor's, whole."""
    configure(place / "log", "")
    process = logger("log", stdin=pipe[0])
    write_all(pipe[1], b"one\ntw")
    wait_until(lambda: everything(place / "log")[0] == b"one\n")
    process.terminate()
    write_all(pipe[1], b"o\nthree\n")
    assert process.communicate(timeout=DEADLINE)[1] == b""
    process = logger("log", stdin=pipe[0])
    wait_until(lambda: everything(place / "log")[0] == b"one\ntwo\nthree\n")


def test_hup_loses_nothing(logger, pipe, place):
    """Told to read its config again and again while lines come in, it has each line once."""
    configure(place / "log", "s4096\nn0")
    process = logger("log", stdin=pipe[0])
    wait_until((place / "log/current").exists)
    for turn in range(20):
        write_all(pipe[1], numbered(turn * SIZE, SIZE))
        process.send_signal(signal.SIGHUP)
    pipe.end()
    assert process.communicate(timeout=DEADLINE)[1] == b""
    assert everything(place / "log")[0] == numbered(0, 20 * SIZE)


def test_udp(logger, pipe, place):
    """Lines go to a server, with stamp, prefix, and dots where there is more; and to the log."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(DEADLINE)
        port = server.getsockname()[1]
        configure(place / "log", f"u127.0.0.1:{port}\npweb: \n-*secret*")
        configure(place / "only", f"U127.0.0.1:{port}\npmore: \n-*\n+one")
        logger("-l", "10", "log", "only", stdin=pipe[0])
        write_all(pipe[1], b"one\nsecret\n0123456789abc\n")
        got = sorted(server.recv(2000) for _ in range(3))
    assert got == [b"more: one\n", b"web: 0123456789...\n", b"web: one\n"]
    wait_until(lambda: everything(place / "log")[0] == b"web: one\nweb: 0123456789abc\n")
    assert everything(place / "only")[0] == b""


def test_a_directory_that_is_gone(logger, pipe, place):
    """Where a file ends in a directory that was removed, that is said until there is one again."""
    configure(place / "log", "s2000")
    process = logger("log", stdin=pipe[0])
    write_all(pipe[1], b"one\n")
    wait_until(lambda: everything(place / "log")[0] == b"one\n")
    (place / "log").rename(place / "old")
    for file in (place / "old").iterdir():
        file.unlink()
    (place / "old").rmdir()
    process.send_signal(signal.SIGALRM)
    said = b"svlogd: pausing: unable to rename current: log: file does not exist\n"
    assert process.stderr.readline() == said
    write_all(pipe[1], b"two\n")
    configure(place / "log", "s2000")
    wait_until(lambda: b"two\n" in everything(place / "log")[0])
    process.terminate()
    process.communicate(timeout=DEADLINE)
    assert process.returncode == 0


def test_current_alone_is_gone(logger, pipe, place):
    """Where `current` was removed, and the directory was not, the next file begins all the same."""
    configure(place / "log", "s2000")
    logger("log", stdin=pipe[0])
    write_all(pipe[1], b"one\n")
    wait_until(lambda: everything(place / "log")[0] == b"one\n")
    (place / "log/current").unlink()
    write_all(pipe[1], numbered(0, SIZE))
    wait_until(
        lambda: everything(place / "log")[0].endswith(b"%06d a line of some length\n" % (SIZE - 1))
    )


def test_the_clock_was_set_back(logger, pipe, place):
    """A file that ends now is not the first to go because others seem to be of a later day."""
    configure(place / "log", "s2000\nn2")
    for at in range(2):
        (place / f"log/@4fffffff0000000{at}00000000.s").write_bytes(b"old\n")
    write_all(pipe[1], numbered(0, 200))
    pipe.end()
    assert logger("log", stdin=pipe[0]).communicate(timeout=DEADLINE)[1] == b""
    data, old = everything(place / "log")
    assert b"old" not in data
    assert len(old) == 2
    assert numbered(0, 200).endswith(data)


def test_a_processor_has_no_file(logger, pipe, place):
    """Where what it was to read was removed it is not run for ever, and holds nothing up."""
    configure(place / "log", "s2000\nn0\n!rm -f @*.u; exit 1")
    write_all(pipe[1], numbered(0, SIZE))
    pipe.end()
    process = logger("log", stdin=pipe[0])
    said = process.communicate(timeout=DEADLINE)[1].splitlines()
    assert process.returncode == 0
    assert set(said) == {b"svlogd: warning: processor failed, restart: log"}


def test_a_processor_is_killed_with_us(logger, pipe, place):
    """What a processor has read and written stands there once, whenever it all died."""
    configure(place / "log", "s2000\nn0\n!cat")
    path = place / "log"
    path.joinpath("@400000003b4a39c23294b131.u").write_bytes(b"same\n")
    path.joinpath("@400000003b4a39c23294b131.s").write_bytes(b"same\n")
    pipe.end()
    assert logger("log", stdin=pipe[0]).communicate(timeout=DEADLINE)[1] == b""
    assert [file.name[-1] for file in path.glob("@*")] == ["s"]


letters = st.text("ab+*", max_size=8).map(str.encode)
lines = st.lists(st.text("ab+*", max_size=6).map(str.encode), max_size=8)
rules = st.lists(st.tuples(st.booleans(), letters), max_size=5)


@patient
@given(rules, lines, st.booleans())
def test_patterns_by_blocks(rules, lines, everything):
    """A block's expression says of each line what the patterns say, one after the other."""
    wanted = []
    for line in lines:
        found = [yes for yes, pattern in rules if matches(pattern, line)]
        if found[-1] if found else everything:
            wanted.append(line + b"\n")
    selection = HeadSelection(rules, 1000, everything=everything)
    text = b"".join(line + b"\n" for line in lines)
    assert selection.whole(text) == b"".join(wanted)
    assert selection.choose(Batch([], text=text)).text == b"".join(wanted)


def test_a_pattern_of_very_many_steps():
    """One that lies too deep in itself for an expression is gone through step by step."""
    selection = HeadSelection([(False, b"+a+b" * 3000)], 1000, everything=True)
    assert isinstance(selection._match, StepByStep)
    assert selection.whole(b"ab\nb\n" + b"ab" * 3000 + b"\n") == b"b\n"


@pytest.mark.parametrize(
    ("pattern", "line", "matched"),
    [
        (b"+a", b"aa", True),
        (b"+a", b"", False),
        (b"+ab", b"aab", True),
        (b"+ab", b"aa", True),
        (b"x+", b"x", False),
        (b"*+ab", b"x+", False),
        (b"**", b"a*b", True),
    ],
)
def test_matches(pattern, line, matched):
    """A plus is one or more, and where these end the line, the rest of the pattern is not seen."""
    assert matches(pattern, line) is matched


class Bytes:
    """Of every line all bytes."""

    @staticmethod
    def rest(text):
        """All of it."""
        return len(text)

    def __call__(self, text):
        """All of it."""
        return len(text)


@patient
@given(st.lists(st.integers(0, 5), max_size=12), st.integers(-3, 40), st.booleans())
def test_where_a_file_ends(lengths, left, inside):
    """With the first line that fills it."""
    text = b"".join(b"x" * length + b"\n" for length in lengths)
    part = first_full(text, left, Bytes(), inside=inside)
    assert text.startswith(part)
    if part != text:
        assert part[-1:] == b"\n"
        assert len(part) >= left
    if part and len(part) > left:
        assert part.rfind(b"\n", 0, len(part) - 1) + 1 < max(1, left)


def test_a_full_disk(place):
    """Where old files may go for room, the oldest does, while there are more than are to stay."""
    said = []
    (place / "log").mkdir()
    for at in range(3):
        (place / f"log/@400000003b4a39c23294b13{at}.s").touch()
    folder = SvlogdFolder(os.fsencode(place / "log"), lambda kind, text: said.append((kind, text)))
    folder.acquire(patient=False)
    full = OSError(errno.ENOSPC, "")
    folder.doing = b"create new current"
    assert not folder.make_room(full, 1, b"")
    folder.doing = WRITING
    assert not folder.make_room(OSError(errno.EIO, ""), 1, b"")
    assert [folder.make_room(full, 1, b"") for _ in range(3)] == [True, True, False]
    folder.release()
    assert [file.name[-3:] for file in (place / "log").glob("@*")] == ["2.s"]
    assert [kind for kind, _ in said] == [b"warning", b"warning"]
    assert said[0][1].startswith(b"out of disk space, delete: ")


def test_config_numbers():
    """Letters behind numbers, and what is too large."""
    config = SvlogdConfig(b"s2m\nn3x\nN1\nt2h\np\n!\nU10.0.0.1:65537\n")
    assert (config.size, config.keep, config.few, config.age) == (2 << 20, 3, 1, 7200)
    assert (config.server, config.only, config.prefix) == (("10.0.0.1", 1), True, b"")
    assert SvlogdConfig(b"s%d\n" % (2**64 + 5)).size == 5


def started(place, but):
    """The pid of the logger in PLACE, if it is there, and none of BUT."""
    pid = int((place / "supervise/pid").read_text() or 0)
    return 0 if pid in but else pid


@pytest.mark.parametrize("supervisor", ["runsv", "runit's runsv", "pysupervise"])
def test_in_a_service_tree(supervisor, originals, scripts, needs, place):
    """As log/run has it, below each supervisor, and killed there: each line is there once."""
    program = needs("runsv") if "'" in supervisor else supervisor
    for name, text in {
        "run": "i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i + 1)); done; exec sleep 1000",
        "log/run": "exec svlogd -tt ./main",
    }.items():
        (place / "web" / name).parent.mkdir(parents=True, exist_ok=True)
        write_script(place / "web" / name, f"#!/bin/sh\n{text}\n")
    main = place / "web/log/main"
    configure(main, "s3000\nn0")
    env = {"PATH": f"{originals}:{scripts}:/usr/bin:/bin"}
    process = subprocess.Popen([program, "web"], cwd=place, env=env)
    try:
        dead = set()
        while len(dead) < 3:
            pid = wait_until(lambda: started(place / "web/log", dead))
            wait_until((main / "note").exists)
            os.kill(pid, signal.SIGKILL)
            dead.add(pid)
        wait_until(lambda: everything(main)[0].endswith(b" line 499\n"))
    finally:
        process.terminate()
        process.wait(DEADLINE)
    lines = b"".join(b"line %d\n" % at for at in range(500))
    assert STAMP.sub(b"", everything(main)[0]) == lines


def test_words_for_pymultilog(run, place):
    """What a config asks for, in the words of pymultilog; and what has none is said."""
    configure(
        place / "log", "s2000000\nn4\nt3h\n!gzip -c\n-*debug*\n-a+b\nefatal: *\nphi: \nu10.0.0.1"
    )
    result = run("pymultilog", "--from-svlogd", "log", "T")
    words = "T '-*' '+* fatal: *' e '+*' s2000000 n5 a10800s '!gzip -c' '-* *debug*' ./log"
    assert (result.returncode, result.stdout.decode()) == (0, f"pymultilog {words}\n")
    said = [line.split(b": ")[2:4] for line in result.stderr.splitlines()]
    assert said == [
        [b"log/config", b"-a+b"],
        [b"log/config", b"p"],
        [b"log/config", b"u"],
    ]


@pytest.mark.parametrize("words", [[], ["log", "x"], ["log", "T", "T"]])
def test_wrong_words_for_pymultilog(run, words):
    """It takes a directory, and a time."""
    assert run("pymultilog", "--from-svlogd", *words).returncode == 100


def test_no_words_for_pymultilog(run, place):
    """Without a config it is as svlogd without one; without a directory that is said."""
    (place / "log").mkdir()
    assert run("pymultilog", "--from-svlogd=log").stdout == b"pymultilog s1000000 n11 ./log\n"
    result = run("pymultilog", "--from-svlogd", "no")
    said = b"pymultilog: fatal: unable to read no: file does not exist\n"
    assert (result.returncode, result.stderr) == (111, said)
