"""pysv logs: the logs of services, merged by time and followed through rotations."""

import gzip
import json
import os
import shutil
import subprocess
import threading
import time
from datetime import UTC as UTC_ZONE
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.base.tai64 import stamp
from pydaemontools.control import logfiles, typed_time, when
from pydaemontools.control.loglines import every
from pydaemontools.log.logdir.writer import LogDir
from tests.conftest import wait_until

from .test_pysv import on_terminal

SECOND = 10**9
START = 1795236950 * SECOND  # 2026-11-21 04:55:50 UTC
UTC = {"TZ": "UTC"}


def at(seconds):
    """A label of so many seconds after the start."""
    return stamp(START + int(seconds * SECOND))


def line(seconds, text):
    """A line that was written so many seconds after the start."""
    return at(seconds) + b" " + text + b"\n"


@pytest.fixture
def logs(place):
    """Make the log of a service: the files' names and what is in them."""

    def logs(name, files, directory="log/main"):
        path = place / name / directory
        path.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            (path / os.fsdecode(file)).write_bytes(content)
        return path

    return logs


class TestShown:
    """What is shown, and how."""

    def test_the_last_lines(self, run, logs):
        """Ten by default, with their times as local ones."""
        logs("a", {"current": b"".join(line(n, b"line %d" % n) for n in range(20))})
        result = run("pysv", "logs", "a", env=UTC)
        assert result.returncode == 0
        shown = result.stdout.splitlines()
        assert shown[0] == b"2026-11-21 04:56:00.000000+00:00 line 10"
        assert len(shown) == 10
        shown = run("pysv", "logs", "-n", "1", "a", env={"TZ": "XYZ-2"}).stdout
        assert shown == b"2026-11-21 06:56:09.000000+02:00 line 19\n"
        assert run("pysv", "logs", "-n", "0", "a").stdout == b""

    @pytest.mark.parametrize("directory", ["log/main", "log/log", "log", "log/other", "main", "."])
    def test_where_the_log_is(self, run, logs, directory):
        """The first directory that holds a current."""
        logs("a", {"current": line(0, b"here")}, directory)
        assert run("pysv", "logs", "a").stdout.endswith(b" here\n")

    def test_services_are_merged_by_time(self, run, logs):
        """Each line says of whom, and where the stamps say nothing the order stays."""
        logs("a", {"current": line(1, b"one") + b"  more\n\n" + line(4, b"four")})
        logs("b", {"current": line(2, b"two") + line(3, b"three")})
        (logs("c", {}) / "lock").touch()
        result = run("pysv", "logs", env=UTC)
        assert [one.split()[0] + one.split()[-1] for one in result.stdout.splitlines()] == [
            b"a:one",
            b"a:more",
            b"a:a:",
            b"b:two",
            b"b:three",
            b"a:four",
        ]
        assert (result.returncode, result.stderr) == (0, b"")
        assert b"a:   more\n" in result.stdout
        result = run("pysv", "logs", "-n", "2")
        assert [one.split()[-1] for one in result.stdout.splitlines()] == [b"three", b"four"]

    def test_svlogd_has_other_stamps(self, run, logs):
        """Dates in UTC, as with -tt and -ttt."""
        text = b"2026-11-21_04:55:51.00001 one\n2026-11-21T04:55:52.5 two\n2026-11-21_x three\n"
        logs("a", {"current": text})
        assert run("pysv", "logs", "a", env={"TZ": "XYZ-1"}).stdout == (
            b"2026-11-21 05:55:51.000010+01:00 one\n2026-11-21 05:55:52.500000+01:00 two\n"
            b"2026-11-21_x three\n"
        )

    @pytest.mark.parametrize(
        ("zone", "local", "offset"),
        [
            ("UTC", b"2026-11-21 04:55:5", b"+00:00"),
            ("XYZ-2", b"2026-11-21 06:55:5", b"+02:00"),
            ("America/New_York", b"2026-11-20 23:55:5", b"-05:00"),
        ],
    )
    def test_pymultilog_has_other_stamps(self, run, logs, zone, local, offset):
        """UTC, as with T, and local time, as with d, are merged with labels."""
        logs("a", {"current": line(1, b"one") + line(4, b"four") + line(7, b"seven")})
        utc = b"2026-11-21T04:55:5"
        logs("b", {"current": utc + b"2.000000Z two\n" + utc + b"5.999999Z five\n"})
        logs("c", {"current": local + b"3.000000000 three\n" + local + b"6.000000009 six\n"})
        shown = run("pysv", "logs", env={"TZ": zone}).stdout.splitlines()
        words = [b"one", b"two", b"three", b"four", b"five", b"six", b"seven"]
        assert [one.split()[-1] for one in shown] == words
        last = [local + b"5.999999" + offset, local + b"6.000000" + offset]
        assert shown[4:6] == [b"b: " + last[0] + b" five", b"c: " + last[1] + b" six"]
        since = os.fsdecode(local) + "5"
        shown = run("pysv", "logs", "--since", since, env={"TZ": zone}).stdout.splitlines()
        assert [one.split()[-1] for one in shown] == words[4:]

    def test_levels(self, run, logs):
        """The stamp is no part of the line that has a level; a traceback goes with its head."""
        text = [
            b"debug: no",
            b"error: yes",
            b" and more",
            b"info: no",
            b"<4>yes",
            b"error: yes",
            b"Traceback (most recent call last):",
            b"  File yes",
            b"ValueError: yes",
            b"no",
        ]
        logs("a", {"current": b"".join(line(n, one) for n, one in enumerate(text))})
        shown = run("pysv", "logs", "-p", "warning", "a").stdout.splitlines()
        assert [one.split(b" ", 2)[2] for one in shown] == [
            one for n, one in enumerate(text) if n not in (0, 3, 9)
        ]
        assert len(run("pysv", "logs", "-p", "warn", "-n1", "a").stdout.splitlines()) == 1

    def test_structured_lines_have_levels(self, run, logs):
        """What a structured line says of its level counts, also behind what goes before others."""
        text = [
            b'{"level":"critical","msg":"yes"}',
            b'level=warning msg="yes"',
            b" and more",
            b'{"level":"info","msg":"error: no"}',
            b'{"lvl":"error","blob":"%s"}' % (b"yes" * 30000),
            b'time=2026-11-21T04:55:50Z level=INFO msg="no"',
            b"{no",
            b'\x1b[31m{"severity":"ALERT"}\x1b[0m\r',
        ]
        logs("a", {"current": b"".join(line(n, one) for n, one in enumerate(text))})
        result = run("pysv", "logs", "-p", "warning", "a").stdout.split(b"\n")[:-1]
        shown = [one.split(b" ", 2)[2] for one in result]
        assert shown == [one for n, one in enumerate(text) if n not in (3, 5, 6)]
        last = run("pysv", "logs", "-p", "warning", "-n1", "a").stdout.split(b" ", 2)[2]
        assert last == text[-1] + b"\n"

    def test_objects_of_pymultilog(self, run, logs, place):
        """Lines of J have their level, and count as written when they say that they were."""
        (place / "a/log").mkdir(parents=True)
        text = b'error: one\n goes on\n[debug] two\n<3>three\n{"level":"fatal"}\n'
        assert run("pymultilog", "J", place / "a/log", input=text).returncode == 0
        shown = run("pysv", "logs", "-j", "-p", "err", "a").stdout.splitlines()
        objects = [json.loads(one) for one in shown]
        assert [one["level"] for one in objects] == ["err", "err", "crit"]
        assert [one["time"] for one in objects] == [
            json.loads(one["text"])["time"] for one in objects
        ]
        moment = b'{"time":"2026-11-21T04:55:5%d.500000Z","level":"%s","message":"%s"}\n'
        (place / "a/log/current").write_bytes(
            moment % (1, b"err", b"one") + moment % (3, b"info", b"two") + moment % (5, b"", b"3")
        )
        logs("b", {"current": line(2, b"error: between") + line(4, b"error: yes")})
        shown = run("pysv", "logs", "--since", "2026-11-21 04:55:52", env=UTC).stdout.splitlines()
        assert [one[:3] + one[20:24] for one in shown] == [
            b"b: 52.0",
            b"a: 53.5",
            b"b: 54.0",
            b"a: 55.5",
        ]

    @pytest.mark.needs("s6-log")
    @pytest.mark.parametrize("stamps", [["T"], ["t", "T"], ["t"], []], ids=" ".join)
    def test_behind_s6_log(self, run, place, stamps):
        """Its times are read, of T with the two blanks behind it, and what goes on goes on."""
        (place / "a/log").mkdir(parents=True)
        text = b'[error] one\n two\ninfo: three\n{"level":"error"}\n'
        run("s6-log", *stamps, place / "a/log", input=text)
        shown = run("pysv", "logs", "-j", "-p", "err", "a").stdout.splitlines()
        found = [json.loads(one) for one in shown]
        assert [one["text"] for one in found] == ["[error] one", " two", '{"level":"error"}']
        assert [one["time"] is None for one in found] == [not stamps] * 3
        now = datetime.now(UTC_ZONE)
        for one in found if stamps else []:
            written = datetime.fromisoformat(one["time"])
            # Its labels have leap seconds in them.
            assert now - timedelta(minutes=10) < written < now + timedelta(minutes=1)

    def test_a_date_with_one_blank_or_two(self, run, logs):
        """A text that begins with blanks keeps them, where others show that one blank is all."""
        stamp = b"2026-11-21 04:55:50.000000000 "
        for words, expected in {
            (b"[error] a", b" b", b"  c", b"d"): [b"[error] a", b" b", b"  c"],
            (b" [error] a", b"  b", b" c"): [b"[error] a", b" b"],
            (b" b", b"[error] a", b""): [b"[error] a"],
        }.items():
            logs("a", {"current": b"".join(stamp + word + b"\n" for word in words)})
            shown = run("pysv", "logs", "-p", "err", "a", env=UTC).stdout.splitlines()
            assert [one.partition(b"+00:00 ")[2] for one in shown] == expected

    @pytest.mark.needs("svlogd")
    @pytest.mark.parametrize("stamp", [[], ["-t"], ["-tt"], ["-ttt"]], ids=" ".join)
    def test_behind_svlogd_with_a_prefix(self, run, logs, stamp):
        """What svlogd puts before each line is no part of what has a level, but is shown."""
        path = logs("a", {"config": b"s99999\npold> \npweb: \n"})
        text = b"error: one\n two\ninfo: three\nlevel=error msg=four\n"
        run("svlogd", *stamp, path, input=text)
        shown = run("pysv", "logs", "-j", "-p", "err", "a").stdout.splitlines()
        words = [json.loads(one)["text"] for one in shown]
        assert words == ["web: error: one", "web:  two", "web: level=error msg=four"]

    def test_colours_of_structured_lines(self, run, logs):
        """They are those of the level that the line says."""
        logs("a", {"current": line(0, b'{"level":"error"}') + line(1, b"level=debug msg=x")})
        shown = on_terminal(run, {"TERM": "xterm"}, "logs")
        assert b'\x1b[31m{"level":"error"}' in shown
        assert b"\x1b[2mlevel=debug" in shown

    def test_colours(self, run, logs):
        """By level, on a terminal that wants them; control characters never get there."""
        logs("a", {"current": line(0, b"error: \x1b[2Jgone\tnow") + line(1, b"info: it")})
        shown = on_terminal(run, {"TERM": "xterm"}, "logs")
        assert b"\x1b[31merror: ?[2Jgone" in shown
        assert b" info: it" in shown
        for env in ({"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}):
            assert b"\x1b" not in on_terminal(run, env, "logs")
        # A pipe gets every byte.
        assert run("pysv", "logs").stdout.splitlines()[0].endswith(b"error: \x1b[2Jgone\tnow")

    def test_json(self, run, logs):
        """An object a line."""
        logs("a", {"current": line(0, b"error: \xff") + b"plain\n"})
        found = [json.loads(one) for one in run("pysv", "logs", "-j").stdout.splitlines()]
        assert found[0] == {
            "service": "a",
            "time": "2026-11-21T04:55:50.000000Z",
            "level": "err",
            "text": "error: \\xff",
        }
        assert (found[1]["time"], found[1]["level"]) == (None, "info")


class TestClock:
    """What is shown where the clock of a log was wrong."""

    DAY = 30 * 86400

    def words(self, run, *args):
        """The last words of the lines that are shown."""
        shown = run("pysv", "logs", *args, env=UTC)
        assert (shown.returncode, shown.stderr) == (0, b"")
        return b" ".join(one.split()[-1] for one in shown.stdout.splitlines())

    @pytest.fixture
    def ahead(self, logs):
        """A log whose second line was written with a clock that was set back then."""
        times = (-300, b"A"), (600, b"B"), (0, b"C"), (60, b"D"), (300, b"E"), (900, b"F")
        text = b"".join(line(*one) for one in times)
        return logs("a", {"current": text.replace(b" C\n", b" C\n  more\n")})

    @pytest.mark.usefixtures("ahead")
    @pytest.mark.parametrize(
        ("words", "wanted"),
        {
            ("--since=2026-11-21 04:55", "--until=2026-11-21 04:58"): b"C more D",
            ("--until=2026-11-21 04:58", "-n5"): b"A C more D",
            ("--since=2026-11-21 05:04",): b"B F",
            ("--since=2026-11-21 04:57", "-n9"): b"B E F",
            (): b"A B C more D E F",
        }.items(),
    )
    def test_a_line_counts_by_its_own_time(self, run, words, wanted):
        """And one without a time by that of the line before."""
        assert self.words(run, *words, "a") == wanted

    def test_a_boot_with_a_wrong_clock(self, run, logs):
        """One line of a month ahead hides neither the others nor another service's."""
        late = [line(n, b"z%d" % n) for n in range(0, 40, 2)]
        logs("z", {"current": line(self.DAY, b"wrong") + b"".join(late)})
        logs("y", {"current": b"".join(line(n, b"y%d" % n) for n in range(1, 41, 2))})
        both = ("--since=2026-11-21 04:56:26", "--until=2026-11-22", "z", "y")
        assert self.words(run, *both) == b"z36 y37 z38 y39"
        assert self.words(run, "-n6", "z", "y") == b"z34 y35 z36 y37 z38 y39"
        logs("z", {"current": b"".join([*late[:-2], line(self.DAY, b"wrong"), *late[-2:]])})
        assert self.words(run, "-n6", "z", "y") == b"y35 wrong z36 y37 z38 y39"

    def test_a_boot_without_a_clock(self, run, logs):
        """What counts from 1970 on stands where it was written."""
        old = [line(n - START // SECOND, b"old") for n in (1, 2)]
        new = [line(n, b"z%d" % n) for n in (0, 2, 4, 6, 8)]
        logs("z", {"current": b"".join([*new[:3], *old, *new[3:]])})
        logs("y", {"current": line(3, b"y3") + line(5, b"y5")})
        assert self.words(run, "-n7", "z", "y") == b"y3 z4 old old y5 z6 z8"

    def test_set_back_between_two_files(self, run, logs):
        """What came later is not behind the end that was asked for."""
        files = {at(600) + b".s": line(-60, b"A") + line(600, b"B")}
        logs("a", files | {"current": line(0, b"C") + line(60, b"D") + line(900, b"F")})
        both = ("--since=2026-11-21 04:55", "--until=2026-11-21 04:58")
        assert self.words(run, *both, "a") == b"C D"

    def test_set_back_late(self, run, logs):
        """However much was written with the wrong time."""
        wrong = b"".join(line(self.DAY + n, b"x" * 200) for n in range(2000))
        logs("a", {"current": line(0, b"A") + wrong + line(60, b"B")})
        both = ("--since=2026-11-21 04:55", "--until=2026-11-21 04:58")
        assert self.words(run, *both, "a") == b"A B"

    @pytest.mark.parametrize("packed", [False, True])
    @pytest.mark.parametrize("more", [[], ["-n9"]])
    def test_a_file_that_ended_before_it_began(self, run, logs, packed, more):
        """Its name does not say that it is too old; one that is too old is not looked into."""
        old, name = line(0, b"A") + line(60, b"B") + line(-3600, b"C"), at(-3600) + b".s"
        files = {name + b".gz": gzip.compress(old)} if packed else {name: old}
        broken = {at(-7200) + b".s.gz": b"\x1f\x8b no"}
        logs("a", files | broken | {"current": line(120, b"D")})
        assert self.words(run, "--since=2026-11-21 04:55", *more, "a") == b"A B D"


class TestFiles:
    """Which files are read."""

    def old(self, second, content):
        """A file that was finished at that second."""
        return {at(second) + b".s": content}

    def test_older_files_are_read_if_they_are_needed(self, run, logs):
        """From the newest to the oldest; previous is the newest of the finished ones."""
        files = {"current": line(9, b"nine"), "previous": line(8, b"eight")}
        files |= self.old(7, line(6, b"six") + line(7, b"seven"))
        files |= {at(5) + b".u": line(5, b"five") + at(5.5) + b" cut o"}
        path = logs("a", files)
        shown = run("pysv", "logs", "a").stdout.splitlines()
        words = [b"five", b"o", b"six", b"seven", b"eight", b"nine"]
        assert [one.split()[-1] for one in shown] == words
        # What cannot be read is not looked at, if it is old enough.
        other = path / os.fsdecode(at(1) + b".s")
        other.mkdir()
        assert run("pysv", "logs", "-n", "6", "a").returncode == 0
        result = run("pysv", "logs", "-n", "7", "a")
        assert result.returncode == 111
        assert [one.split()[-1] for one in result.stdout.splitlines()] == words
        assert result.stderr.startswith(b"pysv: warning: a: unable to read ")
        assert result.stderr.endswith(os.fsencode(other.name) + b": is a directory\n")

    @pytest.mark.parametrize("name", ["previous", "processed", os.fsdecode(at(1)) + ".u"])
    @pytest.mark.parametrize("kind", ["directory", "link", "fifo"])
    def test_what_is_no_file(self, run, logs, name, kind):
        """It is said, and the rest of the log is shown."""
        other = logs("a", {"current": line(9, b"nine"), at(2) + b".s": line(2, b"two")}) / name
        if kind == "directory":
            other.mkdir()
        elif kind == "link":
            other.symlink_to("current")
        else:
            os.mkfifo(other)
        for words in ([], ["--since=2026-11-21"]):
            result = run("pysv", "logs", *words, "a")
            assert result.returncode == 111
            assert [one.split()[-1] for one in result.stdout.splitlines()] == [b"two", b"nine"]
            assert os.fsencode(name) in result.stderr
            assert result.stderr.count(b"\n") == 1

    def test_a_file_that_is_closed(self, run, logs, ordinary):
        """As what is no file."""
        path = logs("a", {"current": line(9, b"nine"), at(2) + b".s": line(2, b"two")})
        (path / os.fsdecode(at(2) + b".s")).chmod(0)
        result = run(*ordinary, "pysv", "logs", "a")
        assert (result.returncode, result.stdout.split()[-1:]) == (111, [b"nine"])
        assert result.stderr.endswith(at(2) + b".s: access denied\n")

    def test_since(self, run, logs):
        """Whole files are passed over by their names, and lines by their stamps."""
        files = self.old(10, line(5, b"no")) | self.old(20, line(15, b"no") + line(18, b"yes"))
        path = logs("a", files | {"current": line(21, b"yes")})
        (path / os.fsdecode(at(3) + b".s")).mkdir()
        result = run("pysv", "logs", "--since", "2026-11-21 04:56:08", "a", env=UTC)
        assert result.returncode == 0
        assert [one.split()[-1] for one in result.stdout.splitlines()] == [b"yes", b"yes"]
        result = run("pysv", "logs", "--since=2026-11-21 04:56", "-n1", "a", env=UTC)
        assert result.stdout.endswith(b"04:56:11.000000+00:00 yes\n")
        assert run("pysv", "logs", "--since=2026-11-22", "a", env=UTC).stdout == b""

    def test_until(self, run, logs):
        """Up to that time, the last of them, or from another time on."""
        files = self.old(10, line(5, b"one") + line(6, b"two"))
        logs("a", files | {"current": line(21, b"three") + line(24, b"four")})
        for words, wanted in (
            (["--until", "2026-11-21 04:56:12"], b"one two three"),
            (["--until", "2026-11-21 04:56:12", "-n2"], b"two three"),
            (["--until=2026-11-21 04:56:12", "--since=2026-11-21 04:55:56"], b"two three"),
            (["--until", "2026-11-21"], b""),
        ):
            shown = run("pysv", "logs", *words, "a", env=UTC)
            assert shown.stderr == b""
            assert [one.split()[-1] for one in shown.stdout.splitlines()] == wanted.split()

    def test_grep(self, run, logs):
        """The last lines that match, also from older files; no time and no name is looked at."""
        files = self.old(10, line(5, b"a disk") + line(6, b"two"))
        logs("a", files | {"current": line(21, b"Disk b") + line(24, b"2026 a")})
        for words, wanted in (
            (["--grep", "[dD]isk"], [b"a disk", b"Disk b"]),
            (["--grep", "(?i)DISK", "-n", "1"], [b"Disk b"]),
            (["--grep=^a|b$", "--since=2026-11-21"], [b"a disk", b"Disk b"]),
            (["--grep=disk", "--since=2026-11-21 04:56", "-n1"], []),
            (["--grep=2026"], [b"2026 a"]),
        ):
            shown = run("pysv", "logs", *words, "a", env=UTC)
            assert shown.stderr == b""
            assert [one.split(b" ", 2)[2] for one in shown.stdout.splitlines()] == wanted

    def test_a_line_in_two_files(self, run, logs):
        """A line that a rotation cut is one line again, if the next file goes on with it."""
        files = self.old(9, line(1, b"one") + at(2) + b" tw")
        logs("a", files | {"current": b"o\n" + line(3, b"three")})
        shown = run("pysv", "logs", "--since=2026-11-21", "a", env=UTC).stdout.splitlines()
        assert [one.split()[-1] for one in shown] == [b"one", b"two", b"three"]

    def test_long_lines_and_large_files(self, run, logs):
        """The end of a file is found in steps, and the lines are whole."""
        text = b"".join(line(n, b"%d " % n + b"x" * (n * 97 % 20000)) for n in range(100))
        logs("a", {"current": text})
        shown = run("pysv", "logs", "-n", "40", "a").stdout.splitlines()
        assert [int(one.split()[2]) for one in shown] == list(range(60, 100))
        assert shown[-1].endswith(b" " + b"x" * (99 * 97 % 20000))

    def test_memory_is_that_of_the_lines_that_are_wanted(self, run, logs):
        """A large directory is not read into memory, neither from its end nor from a time on."""
        part = b"".join(line(n / 1000, b"x" * 200) for n in range(40000))
        logs("a", {at(41 + n) + b".s": part for n in range(20)} | {"current": part})
        limit = ["pysoftlimit", "-a", "150000000", "sh", "-c"]
        size = sum(file.stat().st_size for file in logs("a", {}).iterdir())
        assert size > 150_000_000
        for words in ("--since 2026-11-21 | tail -n 1", "-n 50 -p debug | tail -n 1", "-n 1"):
            result = run(*limit, f"pysv logs {words}", env=UTC)
            assert (result.stdout.count(b"\n"), result.stderr) == (1, b"")

    def test_many_services(self, run, logs):
        """More of them than a process may have files open at first."""
        for number in range(60):
            logs(f"s{number}", {"current": line(number, b"x")} | self.old(0, line(-1, b"y")))
        for words in ("-n 200", "--since 2026-11-21"):
            result = run("sh", "-c", f"ulimit -Sn 20; pysv logs {words}", env=UTC)
            assert (result.stdout.count(b"\n"), result.stderr) == (120, b"")


def put_some(writer, lines, many):
    """Write LINES to WRITER, so MANY at a time, and a last one that says `end`."""
    for begin in range(0, len(lines), many):
        writer.stdin.write(b"".join(lines[begin : begin + many]))
        writer.stdin.flush()
    writer.stdin.write(b"end\n")
    writer.stdin.flush()


def put_first(writer, log):
    """A line through WRITER to the directory LOG, so that a follower has something to show."""
    writer.stdin.write(b"begin\n")
    writer.stdin.flush()
    current = log / "current"
    wait_until(lambda: current.exists() and b"begin\n" in current.read_bytes())


def pack(kind, text):
    """TEXT as the packer of files called KIND makes it."""
    if kind == "gz":
        return gzip.compress(text)
    return subprocess.run(["zstd", "-qc"], input=text, capture_output=True, check=True).stdout


class TestPacked:
    """Files that a processor has packed, or a person."""

    kinds = pytest.mark.parametrize(
        "kind", ["gz", pytest.param("zst", marks=pytest.mark.needs("zstd"))]
    )

    def name(self, second, kind, code="s"):
        """What a packed file is called that was finished at that second."""
        return f"{at(second).decode()}.{code}.{kind}"

    @kinds
    def test_they_are_read_like_others(self, run, logs, kind):
        """In their place among those that are not packed; as few of them as are needed."""
        files = {
            self.name(2, kind): b"broken",
            self.name(5, kind, "u"): pack(kind, line(3, b"three") + line(4, b"four")),
            at(6) + b".s": line(5.5, b"five"),
            self.name(7, kind): pack(kind, line(6, b"error: six") + b" and more"),
            "current": line(8, b"eight"),
        }
        logs("a", files)
        words = [b"three", b"four", b"five", b"six", b"more", b"eight"]
        for asked in (["-n6"], ["--since", "2026-11-21 04:55:53"]):
            result = run("pysv", "logs", *asked, "a", env=UTC)
            assert [one.split()[-1] for one in result.stdout.splitlines()] == words
            assert (result.returncode, result.stderr) == (0, b"")
        result = run("pysv", "logs", "-n", "2", "-p", "err", "a")
        assert [one.split()[-1] for one in result.stdout.splitlines()] == [b"six", b"more"]

    @kinds
    def test_half_of_one(self, run, logs, kind):
        """What can be had of it is shown, and the rest; it is said once, and is an error."""
        part = b"".join(line(n / 1000, os.urandom(20).hex().encode()) for n in range(9000))
        half = pack(kind, part)
        half = half[: len(half) // 2]
        path = logs("a", {self.name(10, kind): half, "current": line(11, b"last")})
        (path / self.name(9, kind)).touch()
        for asked in (["-n99999"], ["--since", "2026-11-21"]):
            result = run("pysv", "logs", *asked, "a", env=UTC)
            shown = result.stdout.splitlines()
            assert 2000 < len(shown) < 9000
            texts = [one.split()[-1] for one in shown]
            whole = [one.split()[1] for one in part.splitlines()]
            assert texts[:-2] == whole[: len(texts) - 2]
            assert texts[-1] == b"last"
            assert result.returncode == 111
            why = "it is damaged, or not whole"
            files = [path / self.name(second, kind) for second in (9, 10)]
            warnings = [f"pysv: warning: a: unable to unpack {file}: {why}" for file in files]
            assert sorted(result.stderr.decode().splitlines()) == warnings

    def test_a_file_that_is_there_twice(self, run, logs):
        """While it is packed, or if both are kept, it is shown once, and is no error."""
        files = {at(2) + b".s": line(1, b"one"), self.name(2, "gz"): b"\x1f\x8b", "current": b""}
        logs("a", files)
        result = run("pysv", "logs", "a")
        assert (result.stdout.count(b"one\n"), result.stderr) == (1, b"")

    def test_what_a_processor_calls_otherwise(self, run, logs):
        """`!gzip` packs, but leaves the name; what has no name yet is the last."""
        files = {at(2) + b".s": gzip.compress(line(1, b"one")), "current": line(4, b"four")}
        path = logs("a", files | {"processed": gzip.compress(line(3, b"three"))})
        (path / "processed").chmod(0o644)
        assert run("pysv", "logs", "a").stdout.split()[2::3] == [b"one", b"four"]
        (path / "processed").chmod(0o744)
        assert run("pysv", "logs", "a").stdout.split()[2::3] == [b"one", b"three", b"four"]
        (path / "previous").write_bytes(line(3, b"3"))
        assert run("pysv", "logs", "a").stdout.split()[2::3] == [b"one", b"3", b"four"]

    def test_no_program_for_it(self, run, scripts, logs):
        """It says once what to install."""
        files = {self.name(n, "zst"): b"\x28\xb5\x2f\xfd" for n in (1, 2)}
        logs("a", files | {"current": line(3, b"three")})
        result = run("pysv", "logs", "a", path=str(scripts))
        assert (result.returncode, result.stdout[-6:]) == (111, b"three\n")
        assert result.stderr == (
            b"pysv: warning: a: it has files packed with zstd, which is not installed:"
            b" install the package zstd\n"
        )

    def test_memory(self, run, logs):
        """One is not unpacked into memory."""
        part = b"".join(line(n / 1000, b"x" * 200) for n in range(40000))
        packed = gzip.compress(part, 1) * 20
        logs("a", {self.name(41, "gz"): packed, "current": b""})
        for words in ("--since 2026-11-21 | tail -n 1", "-n 1"):
            limited = ["pysoftlimit", "-a", "100000000", "sh", "-c", f"pysv logs {words}"]
            result = run(*limited, env=UTC)
            assert (result.stdout.count(b"\n"), result.stderr) == (1, b"")

    @pytest.mark.parametrize("stamp", [[], ["t"]])
    def test_behind_pymultilog(self, start, run, place, stamp):
        """Followed or looked at, each line comes once, whatever is packed meanwhile."""
        log = place / "a/log/main"
        log.parent.mkdir(parents=True)
        writer = start("pymultilog", *stamp, "s4096", "n2000", "z", log)
        put_first(writer, log)
        following = start("pysv", "logs", "-f", "-n", "1", "-p", "debug", "a")
        seen = [following.stdout.readline().split()[-1]]
        lines = [b"%05d\n" % n for n in range(9000)]

        thread = threading.Thread(target=put_some, args=(writer, lines, 300))
        thread.start()
        while seen[-1] != b"end":
            seen.append(following.stdout.readline().split()[-1])
        thread.join()
        assert seen == [b"begin", *b"".join(lines).split(), b"end"]
        assert writer.communicate() == (b"", b"")
        assert len(list(log.glob("@*.s.gz"))) > 5
        shown = run("pysv", "logs", "-n", "99999", "a").stdout.splitlines()
        assert [one.split()[-1] for one in shown] == seen


class TestErrors:
    """What cannot be shown."""

    def test_no_log(self, run, logs, place):
        """Who is named has to have one; others need not."""
        (place / "a").mkdir()
        logs("b", {"current": line(0, b"b")})
        assert run("pysv", "logs").stdout.endswith(b" b\n")
        result = run("pysv", "logs", "a", "b")
        assert (result.returncode, result.stdout[-3:]) == (111, b" b\n")
        assert b"a: there is no log directory" in result.stderr

    def test_no_permission(self, run, logs, ordinary):
        """It says whose it is, and shows the others."""
        logs("b", {"current": line(0, b"b")})
        path = logs("a", {"current": line(0, b"a")})
        path.chmod(0)
        result = run(*ordinary, "pysv", "logs")
        assert (result.returncode, result.stdout[-3:]) == (111, b" b\n")
        assert b"pysv: warning: a: unable to read its log: access denied\n" in result.stderr
        assert b"mode 0000; this is" in result.stderr

    @pytest.mark.parametrize(
        "words",
        [
            *(["-n", "x"], ["-n", "9" * 5000], ["-p", "loud"], ["--since", "then"], ["--since"]),
            *(["-q"], ["--until", "12"], ["--until", "now", "-f"], ["--grep", "("], ["--grep"]),
        ],
    )
    def test_wrong_usage(self, run, words):
        """It says what was wrong."""
        result = run("pysv", "logs", *words)
        assert result.returncode == 100
        assert b"usage: pysv logs" in result.stderr


class TestFollow:
    """What comes is shown as it comes."""

    @pytest.mark.parametrize("words", [["-n", "2"], ["--since", "2026-11-21"]])
    def test_what_is_there_and_what_comes(self, start, place, words):
        """The two meet without a gap, through rotations."""
        path = place / "a/log"
        path.parent.mkdir()
        writer = LogDir(os.fsencode(path), size=4096, keep=100)
        put(writer, line(1, b"one"))
        writer.rotation.change()
        put(writer, line(2, b"two") + at(3) + b" th")
        following = start("pysv", "logs", "-f", *words, "a", env=UTC)
        seen = [following.stdout.readline().split()[-1] for _ in range(2)]
        put(writer, b"ree\n")
        writer.rotation.change()
        put(writer, line(4, b"four"))
        writer.rotation.change()
        put(writer, line(5, b"five"))
        seen += [following.stdout.readline().split()[-1] for _ in range(3)]
        writer.close()
        assert seen == [b"one", b"two", b"three", b"four", b"five"]

    def test_two_services(self, start, logs):
        """New lines of each, the unfinished one when it is whole."""
        paths = [logs(name, {"current": line(0, b"old")}) for name in ("a", "b")]
        following = start("pysv", "logs", "-f", "-n", "1", env=UTC)
        assert following.stdout.readline().endswith(b" old\n")
        with (paths[0] / "current").open("ab") as current:
            current.write(b"un")
            current.flush()
            with (paths[1] / "current").open("ab") as other:
                other.write(b"b now\n")
            assert following.stdout.readline() == b"b: b now\n"
            current.write(b"finished\n")
        assert following.stdout.readline() == b"a: unfinished\n"

    @pytest.mark.needs("multilog")
    def test_behind_multilog(self, start, place, needs):
        """However often it rotates, each line comes once."""
        log = place / "a/log/main"
        log.parent.mkdir(parents=True)
        writer = start(needs("multilog"), "s4096", "n2000", log)
        put_first(writer, log)
        # It follows from what it has shown.
        following = start("pysv", "logs", "-f", "-n", "1", "-p", "debug", "a")
        assert following.stdout.readline() == b"begin\n"
        lines = [b"%d\n" % n for n in range(60000)]

        thread = threading.Thread(target=put_some, args=(writer, lines, 500))
        thread.start()
        seen = list(iter(following.stdout.readline, b"end\n"))
        thread.join()
        assert seen == lines

    @given(data=st.data())
    def test_any_history(self, tmp_path_factory, data):
        """Writes, rotations and looks in any order: each line is seen once and in its place."""
        path = os.fsencode(tmp_path_factory.mktemp("log"))
        writer = LogDir(path, size=4096, keep=data.draw(st.sampled_from([100, 1000])))
        writer.write(b"first\n")
        log = logfiles.ServiceLog(path)
        written = [b"first"]
        begin = log.since(0) if data.draw(st.booleans()) else log.tail(10, every, ended=True)
        seen = [entry[3] for entry in begin]
        pending = b""
        for step in data.draw(st.lists(st.sampled_from("wwwpWrl"), max_size=40)):
            if step == "l":
                seen += [entry[3] for entry in log.follow()]
            elif step == "r":
                writer.rotation.change()
            elif step == "p":
                pending += b"part "
                put(writer, b"part ")
            else:
                count = 1 if step == "w" else 90
                for _ in range(count):
                    text = b"%d" % len(written)
                    put(writer, text + b"\n")
                    written.append(pending + text)
                    pending = b""
        writer.close()
        seen += [entry[3] for entry in log.follow()]
        seen += [entry[3] for entry in log.unfinished()]
        log.close()
        shutil.rmtree(path)
        assert seen == written + [pending] * bool(pending)

    def test_what_was_removed_meanwhile(self, tmp_path):
        """If the file that was read is gone, what came after it is still read, and once."""
        path = os.fsencode(tmp_path)
        writer = LogDir(path, size=4096, keep=4)
        log = logfiles.ServiceLog(path)
        expected = []
        assert list(log.follow()) == []
        for number in range(8):
            put(writer, stamp() + b" %d\n" % number)
            expected.append(b"%d" % number)
            writer.rotation.change()
        seen = [entry[3] for entry in log.follow()]
        # Of eight files three are kept, and the one that was open.
        assert seen == [expected[0], *expected[5:]]
        assert list(log.follow()) == []
        writer.close()
        log.close()

    def test_what_a_processor_wrote_anew(self, tmp_path):
        """A copy under the name of what was read already is not read again."""
        path = os.fsencode(tmp_path)
        (tmp_path / "current").write_bytes(stamp() + b" one\n")
        log = logfiles.ServiceLog(path)
        assert [entry[3] for entry in log.follow()] == [b"one"]
        shutil.copy(tmp_path / "current", tmp_path / os.fsdecode(stamp() + b".s"))
        (tmp_path / "new").write_bytes(stamp() + b" two\n")
        (tmp_path / "new").rename(tmp_path / "current")
        assert [entry[3] for entry in log.follow()] == [b"two"]
        log.close()

    @pytest.mark.parametrize("since", [False, True])
    def test_a_clock_that_was_set_back(self, tmp_path, since):
        """What then has an older name than files that were there is read, and those are not."""

        def finish(end, text):
            (tmp_path / "new").write_bytes(text)
            (tmp_path / "new").rename(tmp_path / os.fsdecode(at(end) + b".s"))

        current = tmp_path / "current"
        finish(100, line(50, b"one"))
        finish(400, line(300, b"two"))
        current.write_bytes(line(450, b"three"))
        log = logfiles.ServiceLog(os.fsencode(tmp_path))
        begin = log.since(START + 450 * SECOND) if since else log.tail(1, every)
        seen = [entry[3] for entry in begin]
        for end in (60, 70):
            with current.open("ab") as file:
                file.write(line(end - 5, b"back"))
            current.rename(tmp_path / os.fsdecode(at(end) + b".s"))
            finish(end + 2, line(end + 1, b"between"))
            current.write_bytes(line(end + 3, b"new"))
            seen += [entry[3] for entry in log.follow()]
        assert seen == [b"three", *[b"back", b"between", b"new"] * 2]
        log.close()


def put(writer, text):
    """Write all of TEXT."""
    while text:
        text = text[writer.write(text) :]


class TestTimes:
    """What a person types, and what a line begins with."""

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [("30s", 30), ("10m", 600), ("2h", 7200), ("1d", 86400), ("2w", 1209600)],
    )
    def test_spans(self, text, seconds):
        """So long ago."""
        assert typed_time.moment(text, START) == START - seconds * SECOND

    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("2026-11-21", (2026, 11, 21, 0, 0, 0)),
            ("2026-11-21 04:55", (2026, 11, 21, 4, 55, 0)),
            ("2026-11-21T04:55:50", (2026, 11, 21, 4, 55, 50)),
        ],
    )
    def test_dates(self, text, wanted):
        """Local ones."""
        expected = int(time.mktime((*wanted, 0, 0, -1))) * SECOND
        assert typed_time.moment(text, 0) == expected

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            *[("2 hours ago", 7200), ("1 Minute", 60), ("10m ago", 600), ("3weeks", 1814400)],
            *[("1h30m", 5400), ("1 hour 30 minutes ago", 5400), ("-2h", 7200)],
        ],
    )
    def test_spans_in_words(self, text, seconds):
        """With or without `ago`."""
        assert typed_time.moment(text, START) == START - seconds * SECOND

    @pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Auckland"])
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("now", (2026, 11, 1, 9, 30, 0)),
            ("today", (2026, 11, 1, 0, 0, 0)),
            ("yesterday", (2026, 10, 31, 0, 0, 0)),
            ("Yesterday 23:59:59", (2026, 10, 31, 23, 59, 59)),
            ("today 10:00", (2026, 11, 1, 10, 0, 0)),
            ("09:00", (2026, 11, 1, 9, 0, 0)),
            ("09:30:01", (2026, 10, 31, 9, 30, 1)),
            ("2026-10-25T12:00", (2026, 10, 25, 12, 0, 0)),
        ],
    )
    def test_days_in_words(self, monkeypatch, text, wanted, zone):
        """Those of this time zone; a time alone is the last one that was."""
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        try:
            now = int(time.mktime((2026, 11, 1, 9, 30, 0, 0, 0, -1))) * SECOND
            expected = int(time.mktime((*wanted, 0, 0, -1))) * SECOND
            assert typed_time.moment(text, now) == expected
        finally:
            monkeypatch.undo()
            time.tzset()

    @pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
    @pytest.mark.parametrize(
        "time_of_day", [1774747800, 1774749600, 1793059200, 1793062800, 1700000000]
    )
    def test_what_is_shown_can_be_typed(self, monkeypatch, time_of_day, zone):
        """Also around the hours that are left out, or come twice, in spring and autumn."""
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        try:
            shown = when.local(time_of_day * SECOND + 123_456_000).decode()
            for text in (shown, shown.replace(" ", "T"), f"@{time_of_day}.123456"):
                found = typed_time.moment(text, START)
                assert found == time_of_day * SECOND + 123_456_000, text
        finally:
            monkeypatch.undo()
            time.tzset()

    @pytest.mark.parametrize(
        ("text", "zone", "first", "second"),
        [
            ("2026-10-25 02:30", "Europe/Berlin", 1792888200, 1792891800),
            ("2026-10-25 02:00:00.5", "Europe/Berlin", 1792886400.5, 1792890000.5),
            ("2026-10-25 03:00", "Europe/Berlin", 1792893600, 1792893600),
            ("2026-11-01 01:59:59", "America/New_York", 1793512799, 1793516399),
            ("2026-04-05 01:45", "Australia/Lord_Howe", 1775313900, 1775315700),
            ("2026-11-01", "America/Havana", 1793505600, 1793509200),
            ("2026-10-25 02:30", "UTC", 1792895400, 1792895400),
            # Russia set its clocks back for good.
            ("2014-10-26 01:30", "Europe/Moscow", 1414272600, 1414276200),
        ],
    )
    def test_an_hour_that_was_twice(self, monkeypatch, text, zone, first, second):
        """Kind: a local time that means two. --since has both of them, and so has --until,
        whatever time was asked for before.
        """
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        try:
            for before in first + 86400, first - 86400:
                time.mktime(time.localtime(before))
                assert typed_time.moment(text, START) == first * SECOND
                assert typed_time.moment(text, START, late=True) == second * SECOND
        finally:
            monkeypatch.undo()
            time.tzset()

    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("2026-03-29T02:30:00Z", 1774751400),
            ("2026-03-29 02:30 UTC", 1774751400),
            ("2026-03-29 02:30:00+0200", 1774744200),
            ("yesterday 09:00Z", START // SECOND // 86400 * 86400 - 86400 + 9 * 3600),
            ("@40000000" + "%08x" % (1774751400 + 10), 1774751400),
        ],
    )
    def test_times_with_an_offset(self, monkeypatch, text, wanted):
        """As other logs have them, and the names of finished files."""
        monkeypatch.setenv("TZ", "UTC")
        time.tzset()
        try:
            padded = text.ljust(25, "0") if text[:1] == "@" else text
            assert typed_time.moment(padded, START) == wanted * SECOND
        finally:
            monkeypatch.undo()
            time.tzset()

    @pytest.mark.parametrize(
        "text",
        [
            *["", "m", "5", "5y", "--5m", "2026", "2026-13-01", "2026-1-1 25:00", "2026-1-1 5"],
            *["a-b-c", "\xb2m", "9" * 5000 + "s", "2026-11-" + "1" * 5000],
            *[
                "ago",
                "hours ago",
                "yesterday 25:00",
                "9:",
                ":",
                "now 9:00",
                "2026-02-29",
                "2026-04-31 10:00",
                "2026-11-21 10:00+2",
                "@4000000x",
                "10m 5",
                "tomorrow",
                "9:00 2026-11-21",
            ],
        ],
        ids=lambda text: text[:20],
    )
    def test_no_time(self, text):
        """What is none is not guessed at."""
        assert typed_time.moment(text, 0) is None

    @given(st.integers(min_value=0, max_value=2**33))
    def test_a_stamp_of_svlogd(self, seconds):
        """It is the same as the library's, in every year."""
        text = time.strftime("%Y-%m-%d_%H:%M:%S", time.gmtime(seconds)).encode()
        assert when.stamped(text + b".5 x") == (seconds * SECOND + SECOND // 2, len(text) + 3)

    @given(st.binary())
    def test_any_line(self, data):
        """Nothing that stands at the head of a line is an error."""
        dates = b"2026-11-21T" + data, b"2026-11-21 04:55:50." + data, b"2026-11-21 " + data
        for line in (data, at(0) + b" " + data, *dates):
            time, start = when.stamped(line)
            assert (time is None) == (start == 0)
