"""pymultilog under its own name: where it says no, and where it does better."""

import gzip
import os
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import date

import pytest

from pydaemontools.base import tai64
from pydaemontools.log.lines.age import seconds, turns
from pydaemontools.log.lines.stamps import KINDS
from tests.conftest import DEADLINE, wait_until
from tests.log.conftest import write_all

WRONG = {
    "no action": [],
    "nowhere to go": ["t", "s5000", "-x*"],
    "an unknown word": ["t", "./d", "logs"],
    "an empty word": ["./d", ""],
    "t is not first": ["./d", "t"],
    "t and more": ["tx", "./d"],
    "e and more": ["err", "./d"],
    "1 and more": ["1x"],
    "a nameless file": ["="],
    "no command": ["!", "./d"],
    "a size too small": ["s4095", "./d"],
    "a size of nothing": ["s", "./d"],
    "a unit alone": ["sk", "./d"],
    "a unit that is none": ["s5000x", "./d"],
    "a size too large": ["s2000g", "./d"],
    "a size of many digits": ["s" + "9" * 5000 + "k", "./d"],
    "no number": ["n", "./d"],
    "a number that is none": ["n5x", "./d"],
    "one file": ["n1", "./d"],
    "no age": ["a", "./d"],
    "an age without a unit": ["a5", "./d"],
    "an age of nothing": ["a0h", "./d"],
    "a packer that is none": ["zip", "./d"],
    "no level": ["L", "./d"],
    "a level that is none": ["Lloud", "./d"],
    "no formats": ["f", "Lerr", "./d"],
    "a format that is none": ["fngnix", "Lerr", "./d"],
    "a pattern that is none": ["f=(", "Lerr", "./d"],
    "a pattern without a level": ["f=x", "Lerr", "./d"],
    "formats without levels": ["fnginx", "m", "./d"],
    "formats behind the last directory": ["Lerr", "./d", "fnginx"],
    "no limit": ["r", "./d"],
    "a limit without a time": ["r5", "./d"],
    "a limit without seconds": ["r5/0", "./d"],
    "a limit in words": ["rfive/60", "./d"],
    "J is not first": ["./d", "J"],
    "m and more": ["mm", "./d"],
}


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG.keys())
def test_wrong_usage(run, place, words):
    """What multilog would overlook is said, and nothing is made."""
    result = run("pymultilog", *words, input=b"a\n")
    assert result.returncode == 100
    first, second = result.stderr.decode().splitlines()
    assert first == "pymultilog: usage: pymultilog action ... | --from-svlogd dir [t | T | d]"
    assert second.startswith("pymultilog: ")
    assert [file.name for file in place.iterdir()] == ["bin"]


@pytest.mark.parametrize(
    ("size", "number"), [("s8192", 8192), ("s8k", 8192), ("s1M", 1 << 20), ("s1g", 1 << 30)]
)
def test_sizes(run, place, size, number):
    """They may have units, and be larger than multilog's."""
    text = b"".join(b"%07d\n" % at for at in range(300000))
    assert run("pymultilog", size, "n9999", "./d", input=text).returncode == 0
    old = sorted(file for file in (place / "d").iterdir() if file.name[0] == "@")
    assert b"".join(f.read_bytes() for f in [*old, place / "d/current"]) == text
    assert all(number - 2000 <= file.stat().st_size <= number for file in old)
    assert bool(old) == (number < len(text))


def test_copies(run):
    """To stdout and stderr, what is selected there."""
    result = run("pymultilog", "1", "-*", "+error*", "2", input=b"one\nerror: two\nthree")
    assert (result.stdout, result.stderr) == (b"one\nerror: two\nthree\n", b"error: two\n")


@pytest.mark.parametrize(
    ("stamp", "form"),
    [
        ("t", rb"@[0-9a-f]{24} "),
        ("T", rb"2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z "),
        ("d", rb"2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9} "),
    ],
)
def test_stamps(run, place, stamp, form):
    """Each line has the time before it, and all have the same that came together."""
    assert run("pymultilog", stamp, "s4096", "n99", "./d", input=b"a\n" * 5000).returncode == 0
    text = everything(place / "d")
    assert len(text.splitlines()) == 5000
    assert all(re.fullmatch(form + b"a", line) for line in text.splitlines())


def test_stamps_are_the_time(zone, monkeypatch):
    """The same moment in three ways."""
    zone("Asia/Kathmandu")
    monkeypatch.setattr(time, "time_ns", lambda: 1_700_000_000_123_456_789)
    monkeypatch.setattr(tai64, "time_ns", time.time_ns)
    made = {kind: make() for kind, (make, _) in KINDS.items()}
    assert made == {
        b"t": b"@400000006553f10a075bcd15 ",
        b"T": b"2023-11-14T22:13:20.123456Z ",
        b"d": b"2023-11-15 03:58:20.123456789 ",
    }
    assert all(len(made[kind]) == length for kind, (_, length) in KINDS.items())


def test_the_total(run, place):
    """All files together never have more bytes; the newest are kept."""
    text = b"".join(b"%07d\n" % at for at in range(9999))
    assert run("pymultilog", "s4096", "S20k", "n999", "./d", input=text).returncode == 0
    kept = everything(place / "d")
    assert 12000 < len(kept) <= 20480
    assert text.endswith(kept)


def test_packed_files(run, place):
    """What gzip made of the lines takes the place of the lines."""
    text = b"".join(b"%07d\n" % at for at in range(9999))
    assert run("pymultilog", "s16k", "n99", "z", "./d", input=text).returncode == 0
    old = sorted((place / "d").glob("@*"))
    assert old
    assert all(re.fullmatch("@[0-9a-f]{24}\\.s\\.gz", file.name) for file in old)
    whole = b"".join(gzip.decompress(file.read_bytes()) for file in old)
    assert whole + (place / "d/current").read_bytes() == text


def test_no_packed_file_is_too_many_at_the_end(run, place):
    """What was to be removed when the last one came, or waited for others to be, is gone too."""
    (place / "in").write_bytes(b"".join(b"%07d\n" % at for at in range(9999)))
    with (place / "in").open("rb") as text:
        assert run("pymultilog", "s8k", "n4", "z", "./d", stdin=text).returncode == 0
    assert len(list((place / "d").glob("@*"))) == 3


@pytest.mark.process
def test_a_packer_that_is_not_there(scripts, place):
    """That is said before anything is read."""
    result = subprocess.run(
        [sys.executable, "-IS", scripts / "pymultilog", "z", "./d"],
        env={"PATH": "/nonexistent"},
        cwd=place,
        capture_output=True,
        check=False,
    )
    assert result.returncode == 100
    assert result.stderr.endswith(b"\npymultilog: z needs the program gzip\n")


def test_files_that_are_old(start, pipe, place):
    """They are closed although nothing comes, and an empty one is not."""
    process = start("pymultilog", "a1s", "./d", stdin=pipe[0])
    write_all(pipe[1], b"one\n")
    (old,) = wait_until(lambda: list((place / "d").glob("@*.s")))
    assert old.read_bytes() == b"one\n"
    write_all(pipe[1], b"two\n")
    wait_until(lambda: len(list((place / "d").glob("@*.s"))) == 2)
    pipe.end()
    assert process.wait(30) == 0
    assert everything(place / "d") == b"one\ntwo\n"


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        ("e e", b"one\none\ntwo\ntwo\none\none\n"),
        ("e -*t* e", b"one\none\ntwo\none\none\n"),
        ("-*o* +*w* e +* e e", b"one\none\ntwo\ntwo\ntwo\none\none\n"),
    ],
)
@pytest.mark.parametrize("own", [True, False])
def test_alerts_take_turns_at_each_line(run, originals, actions, said, own):
    """As with the original, each line is there as often as it is selected, and before the next."""
    tool = "pymultilog" if own else str(originals / "multilog")
    result = run(tool, *actions.split(), input=b"one\ntwo\none\n")
    assert (result.returncode, result.stderr) == (0, said)
    # Where a file comes between them, too.
    result = run(tool, *actions.replace("e ", "e =last ", 1).split(), input=b"one\ntwo\none\n")
    assert (result.returncode, result.stderr) == (0, said)


def test_a_file_that_is_closed_by_its_age_holds_a_day(run, place):
    """Whatever a size is where none is said; one that is said, or the size of all, holds."""
    day = b"".join(b"%07d %s\n" % (at, b"x" * 90) for at in range(20_000))
    assert run("pymultilog", "a1d", "./d", input=day).returncode == 0
    assert (place / "d/current").read_bytes() == day
    for number, word in enumerate(("s64k", "S1m")):
        assert run("pymultilog", "a1d", word, f"./{number}", input=day).returncode == 0
        sizes = [path.stat().st_size for path in (place / f"{number}").glob("[@c]*")]
        assert max(sizes) < 100_000
    assert run("pysissylog", "--to", "dir:./s?a1d", "x", input=day).returncode == 0
    assert (place / "s/current").read_bytes().count(b"\n") == 20_000


def test_a_file_that_became_old_meanwhile(run, place):
    """It is closed before anything is added."""
    assert run("pymultilog", "a1d", "./d", input=b"one\n").returncode == 0
    os.utime(place / "d/current", (1, 1))
    assert run("pymultilog", "a1d", "./d", input=b"two\n").returncode == 0
    (old,) = (place / "d").glob("@*.s")
    assert (old.read_bytes(), (place / "d/current").read_bytes()) == (b"one\n", b"two\n")


@pytest.mark.parametrize(
    ("place", "when", "age", "turns_at"),
    [
        ("UTC", "2026-11-21 13:45:59", "1h", ("2026-11-21 13:00:00", "2026-11-21 14:00:00")),
        ("UTC", "2026-11-21 13:45:59", "5m", ("2026-11-21 13:45:00", "2026-11-21 13:50:00")),
        ("UTC", "2026-11-21 23:45:59", "7h", ("2026-11-21 21:00:00", "2026-11-22 00:00:00")),
        ("UTC", "2026-11-21 13:45:59", "1d", ("2026-11-21 00:00:00", "2026-11-22 00:00:00")),
        (
            "Asia/Kathmandu",
            "2026-11-21 00:00:00",
            "1d",
            ("2026-11-21 00:00:00", "2026-11-22 00:00:00"),
        ),
        (
            "America/New_York",
            "2026-11-01 12:00:00",
            "1d",
            ("2026-11-01 00:00:00", "2026-11-02 00:00:00"),
        ),
        (
            "America/New_York",
            "2026-03-08 12:00:00",
            "1d",
            ("2026-03-08 00:00:00", "2026-03-09 00:00:00"),
        ),
    ],
)
def test_round_times(zone, place, when, age, turns_at):
    """Files are closed at round times of the local clock, also on the days that DST changes."""
    zone(place)
    now = time.mktime(time.strptime(when, "%Y-%m-%d %H:%M:%S"))
    found = turns(now, seconds(age.encode()))
    said = tuple(time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at)) for at in found)
    assert said == turns_at


@pytest.mark.parametrize("days", [2, 3, 7])
@pytest.mark.parametrize(
    "place", ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "America/St_Johns"]
)
def test_several_days(zone, place, days):
    """So many local days are in a file, all year long, whenever it is asked."""
    zone(place)
    now = time.mktime((2018, 1, 1, 12, 0, 0, 0, 0, -1))
    end = now + 366 * 86400
    last, then = turns(now, days * 86400)
    while now < end:
        begin, until = (date(*time.localtime(at)[:3]) for at in (last, then))
        assert (until - begin).days == days, begin
        while now < then:
            assert turns(now, days * 86400) == (last, then)
            now += 3600
        before, (last, then) = then, turns(now, days * 86400)
        assert last == before


def test_help_is_the_first_word(run, place):
    """Later it is a pattern: of lines that begin with a dash."""
    assert run("pymultilog", "--help").stdout.startswith(b"pymultilog - ")
    assert run("pymultilog", "./d", "--help", "./e", input=b"-help\nx\n").returncode == 0
    assert (place / "d/current").read_bytes() == b"-help\nx\n"
    assert (place / "e/current").read_bytes() == b"x\n"


@pytest.mark.process
def test_stdin_cannot_be_read(scripts, place):
    """That is an error, and no end of input."""
    result = subprocess.run(
        ["/bin/sh", "-c", f"exec {scripts}/pymultilog ./d <&-"],
        cwd=place,
        capture_output=True,
        check=False,
    )
    assert result.returncode == 111
    assert result.stderr == b"pymultilog: fatal: unable to read stdin: file descriptor not open\n"


@pytest.mark.parametrize("name", ["file", "no/dir", "busy"])
def test_a_directory_that_cannot_be_had(run, place, name):
    """Before anything is read; and nothing of ours is left in those that could be had."""
    (place / "file").touch()
    os.mkfifo(place / "busy")
    result = run("pymultilog", "./first", f"./{name}", input=b"a\n")
    assert result.returncode == 111
    assert result.stderr.startswith(b"pymultilog: fatal: unable to open directory ./")
    assert not (place / "first/note").exists()


def test_a_processor_does_not_hold_up_the_log(start, pipe, place):
    """Lines go on to `current` while it works; then its output takes the place of its input."""
    os.mkfifo(place / "go")
    process = start("pymultilog", "s4096", "!read x <../go; tr a b", "./d", stdin=pipe[0])
    write_all(pipe[1], b"aaaaaaa\n" * 300)
    wait_until((place / "d/previous").exists)
    write_all(pipe[1], b"more\n")
    wait_until(lambda: b"more" in (place / "d/current").read_bytes())
    (place / "go").write_text("\n")
    (old,) = wait_until(lambda: list((place / "d").glob("@*.s")))
    assert old.read_bytes() == b"bbbbbbb\n" * 300
    pipe.end()
    assert process.wait(30) == 0
    assert not (place / "d/previous").exists()


def test_a_processor_that_holds_it_up_at_last(start, pipe, place):
    """When the next file is full before it has ended; nothing is lost."""
    os.mkfifo(place / "go")
    process = start("pymultilog", "s4096", "n99", "!read x <../go; cat", "./d", stdin=pipe[0])
    text = b"".join(b"%07d\n" % at for at in range(2000))
    write_all(pipe[1], text)
    wait_until((place / "d/previous").exists)
    pipe.end()
    while process.poll() is None:
        # Each one waits for a line of its own.
        fd = wait_until(lambda: opened(place / "go") or process.poll() is not None)
        if fd is not True:
            # It may have gone since.
            with suppress(BrokenPipeError):
                os.write(fd, b"\n")
            os.close(fd)
    assert process.returncode == 0
    old = sorted((place / "d").glob("@*.s"))
    assert b"".join(f.read_bytes() for f in [*old, place / "d/current"]) == text


def opened(fifo):
    """FIFO, open for writing; None if nobody reads there."""
    try:
        return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def test_a_processor_that_fails_holds_up_nothing(start, pipe, place):
    """Until it is run again lines go on to `current`."""
    process = start("pymultilog", "s4096", "!test -e ../go && cat", "./d", stdin=pipe[0])
    write_all(pipe[1], b"aaaaaaa\n" * 300)
    assert process.stderr.readline().endswith(b"processor failed in ./d, pausing\n")
    write_all(pipe[1], b"more\n")
    wait_until(lambda: b"more" in (place / "d/current").read_bytes())
    assert (place / "d/previous").exists()
    (place / "go").touch()
    wait_until(lambda: list((place / "d").glob("@*.s")))
    pipe.end()
    assert process.wait(30) == 0


def test_a_processor_that_fails_at_the_end(start, pipe, place):
    """That is said, and what was not processed is there for the next time."""
    os.mkfifo(place / "go")
    process = start("pymultilog", "s4096", "!read x <../go; false", "./d", stdin=pipe[0])
    write_all(pipe[1], b"aaaaaaa\n" * 300)
    wait_until((place / "d/previous").exists)
    pipe.end()
    # It may fail before the end is seen, and is run once more then: there is a line for each run.
    go = os.open(place / "go", os.O_RDWR)
    os.write(go, b"\n\n\n")
    _, said = process.communicate(timeout=DEADLINE)
    os.close(go)
    assert process.returncode == 111
    assert b"processor failed in ./d" in said
    assert (place / "d/current").stat().st_mode & 0o777 == 0o744
    assert (place / "d/previous").read_bytes() == b"aaaaaaa\n" * 300


@pytest.mark.parametrize("command", ["test -e ../go && cat", "false"])
def test_a_processor_that_failed_before_the_end(command, start, pipe, place):
    """It is run once more at the end, without the pause; that it failed again is said."""
    process = start("pymultilog", "s4096", f"!{command}", "./d", stdin=pipe[0])
    write_all(pipe[1], b"aaaaaaa\n" * 300)
    assert process.stderr.readline().endswith(b"processor failed in ./d, pausing\n")
    (place / "go").touch()
    process.terminate()
    _, said = process.communicate(timeout=DEADLINE)
    failed = command == "false"
    assert process.returncode == 111 * failed
    assert (b"processor failed in ./d\n" in said) == failed
    left = list((place / "d").glob("previous" if failed else "@*.s"))
    assert [file.read_bytes() for file in left] == [b"aaaaaaa\n" * 300]


def test_a_processor_that_crashes(start, pipe, place):
    """It is said, and it is run again."""
    process = start(
        "pymultilog", "s4096", "!mkdir ../once && kill -9 $$; cat", "./d", stdin=pipe[0]
    )
    write_all(pipe[1], b"aaaaaaa\n" * 300)
    wait_until(lambda: list((place / "d").glob("@*.s")))
    pipe.end()
    _, said = process.communicate(timeout=DEADLINE)
    assert said.startswith(b"pymultilog: warning: processor crashed in ./d, pausing\n")


@pytest.mark.parametrize("tool", ["pymultilog", "multilog"])
@pytest.mark.needs("multilog")
def test_each_takes_over_from_the_other(start, pipe, place, needs, tool):
    """C multilog goes on where ours was killed, and ours where C multilog was."""
    commands = {"pymultilog": "pymultilog", "multilog": needs("multilog")}
    order = [tool, *(name for name in commands if name != tool)] * 3
    for turn, name in enumerate(order):
        process = start(commands[name], "t", "s4096", "n99", "./d", stdin=pipe[0])
        write_all(pipe[1], b"line %d\n" % turn)
        wait_until(lambda: b"line %d\n" % turn in everything(place / "d"))  # noqa: B023
        # Of a block that is still in the pipe the other one knows nothing.
        wait_until(lambda: not select.select(pipe[:1], [], [], 0)[0])
        process.send_signal(signal.SIGKILL if turn % 2 else signal.SIGTERM)
        process.wait(30)
    found = re.findall(rb"^@[0-9a-f]{24} line (\d+)$", everything(place / "d"), re.MULTILINE)
    assert [int(number) for number in found] == list(range(len(order)))


def everything(path):
    """All that is in the log directory PATH, in order."""
    files = [*sorted(path.glob("@*")), *path.glob("current")]
    return b"".join(file.read_bytes() for file in files)
