"""pysv: sv for a person, with any supervisor."""

import json
import os
import pty
import re

import pytest

from pydaemontools.control.commands import NAMES
from tests.conftest import wait_until

from .conftest import KINDS, S6, kinds, status, tell

ANY = pytest.mark.parametrize("kind", kinds(*KINDS, S6))


def lines(result):
    """The objects that were printed."""
    return [json.loads(line) for line in result.stdout.splitlines()]


class TestControl:
    """The commands of sv."""

    @ANY
    def test_a_life(self, run, supervised, place, kind):
        """Start, stop, restart and shut down, whoever supervises."""
        supervised(kind, place / "a", down="")
        for command, head in (("start", b"ok: run: a: "), ("stop", b"ok: down: a: ")):
            result = run("pysv", "-w", "30", command, "a")
            assert (result.returncode, result.stdout[: len(head)]) == (0, head), result
        run("pysv", "-w", "30", "start", "a")
        before = run("pysvstat", "-o", "pid", "a").stdout
        wait_until(lambda: int(run("pysvstat", "-o", "updownfor", "a").stdout) > 1)
        assert run("pysv", "restart", "-w", "30", "a").returncode == 0
        assert run("pysvstat", "-o", "pid", "a").stdout != before
        assert run("pysv", "-w", "30", "shutdown", "a").returncode == 0
        wait_until(lambda: run("pysvok", "a").returncode == 100)

    def test_status_codes(self, run, fakes):
        """The code of status as LSB has it: 0 up, 3 down, 4 unknown; the worst counts."""
        fakes("up")
        fakes("down", status())
        fakes("djb", status(5)[:18])
        assert run("pysv", "status", "up", "djb").returncode == 0
        assert run("pysv", "status", "up", "down").returncode == 3
        assert run("pysv", "status", "down", "nonesuch", "up").returncode == 4
        assert run("pysv", "status").returncode == 3
        fakes("dead").close()
        assert run("pysv", "status", "dead").returncode == 4

    def test_readiness(self, run, fakes, place):
        """A start waits until the service says that it is ready."""
        fakes("a")
        (place / "a/notification-fd").write_text("3\n")
        tell(place / "a", state="run", ready=0, text="loading")
        result = run("pysv", "-w", "0", "start", "a")
        assert result.returncode == 1
        assert result.stdout.startswith(b"timeout: run: a: (pid 4711) ")
        assert result.stdout.endswith(b"s, not ready: loading\n")
        tell(place / "a", state="run", ready=1)
        assert run("pysv", "-w", "0", "start", "a").returncode == 0

    def test_a_logger_that_nobody_keeps(self, run, fakes, place):
        """It is a failure, and no process: not that of the service, nor another logger's."""
        fakes("a")
        tell(place / "a", state="run", logging="run 12")
        (place / "a/log").mkdir()
        (place / "a/log/run").touch()
        nobody = rb"fail: a/log: supervise not running\n"
        wanted = rb"run: a: \(pid 4711\) \d+s; run: logger: \(pid 12\); " + nobody
        assert re.fullmatch(wanted, run("pysv", "status", "a").stdout)
        (place / "a/log/supervise").mkdir()
        assert re.fullmatch(wanted, run("pysv", "status", "a").stdout)

    def test_what_failed_for_good_is_told(self, run, fakes, place):
        """A service that wants up and failed is told up all the same, and why is said."""
        fake = fakes("a", status())
        tell(place / "a", state="failed", why="exit 125")
        result = run("pysv", "-w0", "start", "a")
        assert fake.got() == b"u"
        assert b", failed (exit 125)" in result.stdout

    def test_check_is_for_what_is_wanted(self, run, fakes):
        """A service that is to be down and is, is as it should be."""
        fakes("a", status(want=b"d"))
        fakes("b", status())
        assert run("pysv", "-w0", "check", "a").returncode == 0
        assert run("pysv", "-w0", "check", "b").returncode == 1

    def test_exit_where_the_supervisor_would_wait(self, run, fakes):
        """To supervise, exit alone lets the service run on; so it is told down too."""
        fake, runit = fakes("a", status(5)[:18]), fakes("b")
        run("pysv", "exit", "a", "b")
        assert (fake.got(), runit.got()) == (b"dx", b"x")

    def test_a_slash_at_the_end_stays_a_path(self, run, fakes):
        """Also while it waits, which sv forgets."""
        fakes("a")
        result = run("pysv", "-w0", "start", "a/", env={"SVDIR": "/nonesuch"})
        assert result.returncode == 0

    @pytest.mark.parametrize(
        "argv", [[], ["foo", "a"], ["start"], ["-w", "x", "up", "a"], ["-Q"], ["ls", "-Q"], ["new"]]
    )
    def test_wrong_usage(self, run, fakes, argv):
        """It says what was wrong, and does nothing."""
        fake = fakes("a")
        result = run("pysv", *argv)
        assert result.returncode == 100
        assert result.stderr.startswith(b"pysv: ")
        assert fake.got() == b""

    def test_every_command_has_a_line(self, run):
        """In --help, and where no command was given: its name, and what it does."""
        wanted = {name.decode() for name in NAMES} - {"x", "X", "E", "D", "T"}
        wanted |= {"ls", "top", "logs", "history", "check-config", "new", "add"}
        wanted |= {"remove", "enable", "disable"}
        for text in run("pysv", "--help").stdout, run("pysv").stderr:
            found = re.findall(r"^    (\S+) {2,}\S", text.decode(), re.MULTILINE)
            assert sorted(found) == sorted(wanted)

    def test_json(self, run, fakes):
        """Each service is an object, with what came of telling it."""
        fakes("a")
        found = lines(run("pysv", "-j", "-w0", "start", "a", "nonesuch"))
        assert [(one["service"], one["result"]) for one in found] == [
            ("a", "ok"),
            ("nonesuch", "fail"),
        ]
        assert found[0]["pid"] == 4711
        assert found[1]["error"].endswith("file does not exist")
        assert lines(run("pysv", "up", "--json", "a"))[0]["result"] == "told"
        assert lines(run("pysv", "stop", "-w0", "-j", "a"))[0]["result"] == "timeout"

    def test_json_tells_how_it_ended(self, run, fakes, place):
        """The history is that of the service, wherever the command runs."""
        fakes("a", status())
        line = "2026-11-21T04:48:00.123456Z pid 12 up 0.2 s exited with code 1: oops"
        (place / "a/supervise/history").write_text(line + "\n")
        found = lines(run("pysv", "-j", "status", "a"))[0]
        assert (found["last_death"], found["exitcode"]) == (line, 1)

    def test_colours(self, run, fakes):
        """They are for a terminal, unless it or the person will have none."""
        fakes("a")
        assert b"\x1b" not in run("pysv", "status", "a").stdout
        assert b"\x1b[32mrun\x1b[0m" in run("pysv", "status", "a", env={"FORCE_COLOR": "1"}).stdout
        for env, coloured in (({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False)):
            assert (b"\x1b[32m" in on_terminal(run, env)) is coloured
        assert b"\x1b" not in on_terminal(run, {"TERM": "xterm", "NO_COLOR": "1"})


def on_terminal(run, env, command="ls"):
    """What pysv prints on a terminal."""
    ours, theirs = pty.openpty()
    try:
        run("pysv", command, env=env, capture_output=False, stdout=theirs)
        return os.read(ours, 65536)
    finally:
        os.close(ours)
        os.close(theirs)


COMMANDS = (
    *("status", "stop", "check", "shutdown", "restart --rolling", "ls", "top", "enable", "disable"),
    *("history", "logs", "check-config", "remove"),
)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", ["new\nline", "\x1b[31mred"])
def test_a_name_that_would_drive_a_terminal(run, fakes, place, name, command):
    """It has no such sign wherever it is said, and takes one line."""
    fakes(name)
    fakes("dead\n" + name).close()
    (place / "file\n").touch()
    one, two = name.encode(), f"dead\n{name}".encode()
    said = []
    for words in [one], [two], [one, two], [b"file\n"], [b"none\n"], [b"no*" + one], [b"@" + one]:
        result = run("pysv", "-w0", *command.split(), *words)
        said += (result.stdout + result.stderr).decode().split("\n")
    assert any(name[-3:] in line for line in said)
    for line in said:
        assert line.isprintable()
        assert not line.startswith(("line", name))


class TestList:
    """The command pysv ls."""

    def test_the_table(self, run, fakes, place):
        """A line a service, in the order of their names, hidden ones left out."""
        fakes("web", status(4711, age=3700))
        fakes("web/log", status(12))
        fakes("db", status(want=b"d", age=59))
        fakes("old", b"").close()
        (place / ".new").mkdir()
        (place / "file").touch()
        result = run("pysv", "ls")
        rows = [line.split() for line in result.stdout.decode().splitlines()]
        assert rows[0] == ["SERVICE", "STATE", "PID", "TIME", "WANTED", "LOG", "NOTE"]
        assert [row[:2] for row in rows[1:]] == [["db", "down"], ["old", "unknown"], ["web", "run"]]
        assert rows[1][4:] == ["down", "-", "normally", "up"]
        assert rows[2][2:] == ["-", "-", "-", "-", "supervise", "not", "running"]
        assert rows[3][2:] == ["4711", "1h01m", "up", "run"]
        assert result.returncode == 0

    def test_what_a_service_says_is_no_terminal_code(self, run, fakes, place):
        """Control characters in a status text are shown as question marks."""
        fakes("a")
        tell(place / "a", state="run", text="\x1b[2Jall gone")
        result = run("pysv", "ls")
        assert b"\x1b" not in result.stdout
        assert b"?[2Jall gone" in result.stdout

    def test_json(self, run, fakes):
        """An object a service, its logger inside."""
        fakes("a")
        fakes("a/log", status(12))
        found = lines(run("pysv", "ls", "--json"))[0]
        assert (found["state"], found["log"]["pid"]) == ("run", 12)

    def test_no_directory(self, run):
        """SVDIR has to be one."""
        result = run("pysv", "ls", env={"SVDIR": "/nonesuch"})
        assert result.returncode == 111
        assert b"set SVDIR" in result.stderr


class TestEnable:
    """The commands pysv enable and disable."""

    def test_the_file_down(self, run, place):
        """It is made and removed, with a supervisor or without; twice is no failure."""
        (place / "a").mkdir()
        (place / "a/run").touch()
        for command, there, word in (("disable", True, b"not "), ("enable", False, b"")):
            for _ in range(2):
                result = run("pysv", command, "a")
                assert (result.returncode, result.stderr) == (0, b"")
                said = b"ok: a: %sd: it is %sstarted with" % (command.encode(), word)
                assert result.stdout.startswith(said)
                assert (place / "a/down").exists() is there

    def test_it_counts_at_the_next_start_of_the_supervisor(self, run, supervised, place):
        """What runs runs on, and stays down with the next supervisor until it is told up."""
        process = supervised("pysupervise", place / "a")
        run("pysv", "-w", "30", "start", "a")
        assert run("pysv", "disable", "a").returncode == 0
        assert run("pysv", "status", "a").stdout.startswith(b"run: a: ")
        assert b", normally down" in run("pysv", "status", "a").stdout
        assert run("pysv", "-w", "30", "shutdown", "a").returncode == 0
        process.wait()
        supervised("pysupervise", place / "a")
        assert run("pysv", "status", "a").stdout.startswith(b"down: a: ")
        assert run("pysv", "-w", "30", "start", "a").returncode == 0

    @pytest.mark.needs_root
    def test_nothing_to_do(self, run, place):
        """What is as it should be is no failure on a disk that may not be written to."""
        words = "-t", "tmpfs", "-o", "size=64k", "none", place
        if run("mount", *words).returncode:
            pytest.skip("needs to mount a tmpfs")
        try:
            (place / "a").mkdir()
            (place / "a/run").touch()
            run("mount", "-o", "remount,ro", place)
            assert run("pysv", "enable", "a").returncode == 0
            result = run("pysv", "disable", "a")
            assert result.stdout.endswith(
                b": unable to make the file down: read-only file system\n"
            )
        finally:
            run("umount", "-l", place)

    def test_what_cannot_be_done(self, run, place):
        """Each that failed counts; nothing is made in what is no service, nor through a link."""
        for name in "none", "odd", "link":
            (place / name).mkdir()
        for name in "odd", "link":
            (place / name / "run").touch()
        (place / "odd/down/x").mkdir(parents=True)
        (place / "link/down").symlink_to(place / "target")
        result = run("pysv", "disable", "nosuch", "none", "link")
        assert result.returncode == 3
        assert b"fail: link: unable to make the file down: file already exists" in result.stdout
        assert b"fail: none: it is no service directory: it holds no run" in result.stdout
        assert b"looked for " in result.stderr
        assert not (place / "target").exists()
        assert list((place / "none").iterdir()) == []
        result = run("pysv", "enable", "odd")
        assert (result.returncode, result.stdout) == (
            1,
            b"fail: odd: unable to remove the file down: is a directory\n",
        )
        assert run("pysv", "enable").returncode == 100

    def test_json(self, run, place):
        """An object a service, with what came of it."""
        (place / "a").mkdir()
        (place / "a/run").touch()
        found = lines(run("pysv", "disable", "-j", "a", "b"))
        assert [(one["service"], one["result"]) for one in found] == [("a", "ok"), ("b", "fail")]


class TestHistory:
    """The command pysv history."""

    TEXT = (
        "2026-11-21T04:48:00.123456Z pid 1234 up 12.3 s killed by SIGKILL (watchdog)\n"
        "2026-11-21T04:49:00.000001Z pid 1235 up 0.1 s exited with code 1: error: no (db)\n"
        "something else\n"
    )

    def test_text(self, run, fakes, place):
        """All or the last lines, and the rest of a line is printed as it was written."""
        fakes("a")
        assert run("pysv", "history", "a").stdout == b""
        (place / "a/supervise/history").write_text(self.TEXT)
        shown = run("pysv", "history", "a", env={"TZ": "UTC"}).stdout.decode()
        assert shown == re.sub(r"(?m)^(.{10})T(.{15})Z", r"\1 \2+00:00", self.TEXT)
        assert run("pysv", "history", "-n1", "a").stdout == b"something else\n"

    @pytest.mark.parametrize(
        ("zone", "wanted"),
        [
            ("Europe/Berlin", ["2026-11-21 05:48:00.123456+01:00", "2026-07-01 06:48:00.5"]),
            ("America/St_Johns", ["2026-11-21 01:18:00.123456-03:30", "2026-07-01 02:18:00.5"]),
        ],
    )
    def test_one_clock(self, run, fakes, place, zone, wanted):
        """History, logs and pysvstat have the local one, with the offset of that day."""
        fakes("a")
        (place / "a/log").mkdir()
        (place / "a/supervise/history").write_text(self.TEXT.partition("\n")[0] + "\n")
        stamps = "2026-07-01_04:48:00.5 summer\n2026-11-21_04:48:00.123456 killed\n"
        (place / "a/log/current").write_text(stamps)
        env = {"TZ": zone}
        shown = run("pysv", "history", "a", env=env).stdout.decode()
        summer, winter = run("pysv", "logs", "a", env=env).stdout.decode().splitlines()
        assert shown[:32] == winter[:32] == wanted[0]
        assert f"last: {wanted[0]} pid 1234" in run("pysvstat", "-v", "a", env=env).stdout.decode()
        assert summer.startswith(wanted[1])
        assert summer[26:32] != winter[26:32]

    def test_json(self, run, fakes, place):
        """Each death is an object; a line that is none is all in `said`."""
        fakes("a")
        (place / "a/supervise/history").write_text(self.TEXT)
        found = lines(run("pysv", "history", "-j", "a"))
        assert [(one["pid"], one["up"]) for one in found] == [
            (1234, 12.3),
            (1235, 0.1),
            (None, None),
        ]
        assert [one["signal"] for one in found] == ["SIGKILL", None, None]
        assert [one["exitcode"] for one in found] == [None, 1, None]
        assert [one["note"] for one in found] == ["watchdog", None, None]
        assert [one["said"] for one in found] == [None, "error: no (db)", "something else"]

    def test_several(self, run, fakes, place):
        """Each line says of whom."""
        for name in ("a", "b"):
            fakes(name)
            (place / name / "supervise/history").write_text("it died\n")
        assert run("pysv", "history").stdout == b"a: it died\nb: it died\n"

    def test_no_service(self, run):
        """What is not there has no history."""
        assert run("pysv", "history", "nonesuch").returncode == 111


@pytest.mark.parametrize("value", ["x", "", "5s", "-1"])
def test_svwait_that_is_no_number(run, fakes, value):
    """Wrong usage, and nothing is told: to wait for no time at all would be a failure each time."""
    fake = fakes("a", status(4711))
    for argv in ["restart", "a"], ["remove", "a"]:
        result = run("pysv", *argv, env={"SVWAIT": value})
        assert result.returncode == 100, result
        assert b"SVWAIT is to be a number of seconds, not " in result.stderr
    assert fake.got() == b""
    assert run("pysv", "status", "a", env={"SVWAIT": value}).returncode == 0


def test_svwait_is_a_fraction(run, fakes):
    """As -w may be."""
    fakes("a", status(4711))
    assert run("pysv", "start", "a", env={"SVWAIT": "0.5"}).returncode == 0
