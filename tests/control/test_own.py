"""pysvc, pysvstat, pysvok and pysvwait: what they do that the originals do not."""

import json
import time

import pytest

from tests.conftest import wait_until
from tests.supervise.conftest import state

from .conftest import S6, status, tell


class TestSvc:
    """What pysvc tells."""

    def test_letters_of_both_suites(self, run, fakes):
        """All letters go out, each once, in order."""
        fake = fakes("a")
        assert run("pysvc", "-udq12", "-wuxk", "a").returncode == 0
        assert fake.got() == b"udq12wxk"

    def test_several_directories(self, run, fakes):
        """Each is told, also after one that could not be."""
        made = [fakes("a"), fakes("b")]
        result = run("pysvc", "-t", "a", "nonesuch", "b")
        assert result.returncode == 111
        assert [fake.got() for fake in made] == [b"t", b"t"]

    @pytest.mark.parametrize("argv", [[], ["-u"], ["a"], ["-Q", "a"], ["-u", "--"], ["--foo", "a"]])
    def test_wrong_usage(self, run, fakes, argv):
        """Nothing to say, or nobody to say it to, is wrong usage; and nothing is sent."""
        fake = fakes("a")
        result = run("pysvc", *argv)
        assert result.returncode == 100
        assert b"usage: pysvc" in result.stderr
        assert fake.got() == b""

    def test_not_running(self, run, fakes):
        """A supervisor that ended."""
        fakes("a").close()
        result = run("pysvc", "-u", "a")
        assert result.returncode == 111
        assert result.stderr == (
            b"pysvc: warning: unable to control a: supervise not running\n"
            b"pysvc: a was supervised once; its supervisor has ended: start one with "
            b"`pysupervise a`\n"
        )

    def test_no_service_directory(self, run, place):
        """A directory that is none, and one that was never supervised."""
        (place / "a").mkdir()
        assert b"a is not a service directory: it holds no run" in run("pysvc", "-u", "a").stderr
        (place / "a/run").touch()
        assert b"nothing has supervised it yet" in run("pysvc", "-u", "a").stderr
        assert b"it is no directory" in run("pysvc", "-u", "a/run").stderr

    @pytest.mark.needs_root
    def test_the_supervisor_of_somebody_else(self, run, fakes, place, ordinary):
        """It says whose it is, and with which mode."""
        fakes("a")
        (place / "a/supervise").chmod(0o700)
        result = run(*ordinary, "pysvc", "-u", "a")
        assert result.returncode == 111
        assert b"pysvc: warning: unable to control a: access denied\n" in result.stderr
        assert b"the supervisor of a is run by root" in result.stderr
        assert b"mode 0700; this is nobody" in result.stderr

    def test_json(self, run, fakes):
        """An object for each: whether it was told, or why not."""
        fake = fakes("a")
        fakes("b").close()
        result = run("pysvc", "--json", "-u", "a", "b")
        assert [json.loads(line) for line in result.stdout.splitlines()] == [
            {"service": "a", "told": True, "error": None},
            {
                "service": "b",
                "told": False,
                "error": "unable to control b: supervise not running",
            },
        ]
        assert fake.got() == b"u"

    def test_a_supervisor_that_does_not_read(self, run, fakes):
        """A fifo that is full is an error, not a wait."""
        fake = fakes("a")
        fake.fill()
        result = run("pysvc", "-u", "a")
        assert result.returncode == 111
        assert b"does not read what it is told" in result.stderr


class TestSvstat:
    """What pysvstat shows."""

    @pytest.mark.needs("svstat")
    def test_the_line_is_svstats(self, run, fakes):
        """By default the lines are the original's, for whatever it can read."""
        names = []
        for number, data in enumerate([status(7), status(), status(7)[:18], b"short"]):
            names.append(f"s{number}")
            fakes(names[-1], data)
        names += ["nonesuch"]

        def ours_and_theirs():
            ours = run("pysvstat", *names)
            return ours if ours.stdout == run("/usr/bin/svstat", *names).stdout else None

        assert wait_until(ours_and_theirs).returncode == 111

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (status(7), 0),
            (status(7, paused=1), 0),
            (status(), 3),
            (status(7, state=2), 3),
            (b"short", 111),
            (status(7)[:18], 0),
            (status(7)[:18] + b"\3\0", 0),
        ],
    )
    def test_exit_codes(self, run, fakes, data, code):
        """Up, down, and trouble can be told apart."""
        fakes("a", data)
        assert run("pysvstat", "a").returncode == code

    def test_the_worst_code_counts(self, run, fakes):
        """Of several services the highest code is the tool's."""
        fakes("up")
        fakes("down", status())
        assert run("pysvstat", "down", "up").returncode == 3
        assert run("pysvstat", "down", "nonesuch", "up").returncode == 111

    @pytest.mark.parametrize("file", ["notification-fd", "ready"])
    def test_up_but_not_ready(self, run, fakes, place, file):
        """Readiness counts where the supervisor tells and the service is one that says so."""
        fakes("a")
        tell(place / "a", state="run", ready=0)
        assert run("pysvstat", "a").returncode == 0
        (place / "a" / file).write_text("3\n")
        assert run("pysvstat", "a").returncode == 1
        tell(place / "a", state="run", ready=1, readysince=time.time_ns())
        assert run("pysvstat", "-o", "ready,readyfor", "a").stdout.startswith(b"true ")

    def test_fields(self, run, fakes):
        """-o prints values in the order asked for, and says what is not known."""
        fakes("a", status(4711, want=b"d", term=1))
        result = run("pysvstat", "-o", "pid,up,wantedup,ready,exitcode,signal,wanted,gotterm", "a")
        assert result.stdout == b"4711 true false NA -1 NA down true\n"

    def test_a_pid_is_a_number(self, run, fakes):
        """Also the first one is."""
        fakes("a", status(1))
        assert run("pysvstat", "-o", "pid,paused", "a").stdout == b"1 false\n"

    def test_an_unknown_field(self, run, fakes):
        """It is wrong usage, and nothing is printed."""
        fakes("a")
        result = run("pysvstat", "-o", "up,foo", "a")
        assert (result.returncode, result.stdout) == (100, b"")
        assert b"there is no field foo" in result.stderr

    def test_json(self, run, fakes, place):
        """Every field, and what our supervisor tells, as an object a line."""
        fakes("a", status(4711))
        tell(place / "a", state="run", text="serving 5 requests")
        line = "2026-11-21T04:48:00.123456Z pid 12 up 0.2 s exited with code 1: oops"
        (place / "a/supervise/history").write_text(line + "\n")
        first, second = map(json.loads, run("pysvstat", "--json", "a", "b").stdout.splitlines())
        assert first["pid"] == 4711
        assert first["up"] is True
        assert first["ready"] is None
        assert first["text"] == "serving 5 requests"
        assert first["last_death"] == line
        assert second == {
            "service": "b",
            "supervised": False,
            "error": "unable to chdir: file does not exist",
        }

    def test_how_it_ended(self, run, fakes, place):
        """Of a service that is down, the last line of the history tells."""
        fakes("a", status())
        line = b"2026-11-21T04:48:00.123456Z pid 12 up 0.2 s was killed by SIGKILL (watchdog)\n"
        (place / "a/supervise/history").write_bytes(b"x\n" + line)
        assert run("pysvstat", "-o", "exitcode,signal,signum", "a").stdout == b"-1 SIGKILL 9\n"

    def test_more(self, run, fakes, place):
        """-v adds lines with what our supervisor tells."""
        fakes("a", status())
        tell(place / "a", state="failed", why="it exited with 125")
        result = run("pysvstat", "-v", "a")
        assert b"\n  why: it exited with 125\n" in result.stdout

    def test_a_state_that_is_not_of_now(self, run, fakes, place):
        """What another supervisor left there is not believed."""
        fakes("a", status(7))
        tell(place / "a", state="failed", why="long ago")
        assert run("pysvstat", "-o", "state", "a").stdout == b"run\n"

    def test_stdout_is_full(self, run, fakes):
        """What could not be said is an error."""
        fakes("a")
        assert run("sh", "-c", "pysvstat a >/dev/full").returncode == 111

    def test_a_current_directory_that_is_gone(self, run, fakes, place):
        """It needs to come back there, and to see nothing of it."""
        fakes("a")
        script = f"mkdir d; cd d; rmdir ../d; pysvstat {place}/a {place}/a"
        assert run("sh", "-c", script).returncode == 0

    @pytest.mark.needs(S6, "s6-svwait", "s6-svstat")
    def test_s6(self, run, supervised, place):
        """s6-supervise's status is read too, with its own readiness."""
        supervised(
            S6,
            place / "a",
            run="while [ ! -e go ]; do sleep 0.02; done; echo >&3; exec sleep 1000",
            notification_fd="3\n",
        )
        run("s6-svwait", "-u", "a")
        assert run("pysvstat", "-o", "up,ready,wantedup", "a").stdout == b"true false true\n"
        assert run("pysvstat", "a").returncode == 1
        (place / "a/go").touch()
        assert run("pysvwait", "-U", "-t", "50", "a").returncode == 0
        fields = "up,wantedup,normallyup,ready,paused,pid,exitcode,signal,signum"
        ours, theirs = run("pysvstat", "-o", fields, "a"), run("s6-svstat", "-o", fields, "a")
        assert ours.stdout == theirs.stdout
        age = int(run("pysvstat", "-o", "updownfor", "a").stdout)
        assert age < 27  # the leap seconds that are in its labels
        run("pysvc", "-d", "a")
        assert run("pysvwait", "-D", "-t", "50", "a").returncode == 0
        fields = "up,wantedup,normallyup,exitcode,signal,signum"
        ours, theirs = run("pysvstat", "-o", fields, "a"), run("s6-svstat", "-o", fields, "a")
        assert ours.stdout == theirs.stdout


class TestSvok:
    """What pysvok tests."""

    def test_codes(self, run, fakes):
        """0 and 100, and a word if asked for one."""
        fake = fakes("a")
        result = run("pysvok", "-v", "a")
        assert (result.returncode, result.stdout) == (0, b"a: supervise running\n")
        fake.close()
        result = run("pysvok", "-v", "a")
        assert (result.returncode, result.stdout) == (100, b"a: supervise not running\n")
        assert run("pysvok", "a").stdout == b""
        assert run("pysvok", "nonesuch").returncode == 111

    def test_json(self, run, fakes):
        """The same, as an object."""
        fakes("a")
        for words in ("-j", "--json"):
            found = json.loads(run("pysvok", words, "a").stdout)
            assert found == {"service": "a", "supervised": True}

    @pytest.mark.parametrize("argv", [[], ["-q", "a"], ["a", "b"]])
    def test_wrong_usage(self, run, argv):
        """It takes one directory."""
        assert b"usage: pysvok" in run("pysvok", *argv).stderr

    @pytest.mark.needs(S6)
    def test_s6(self, run, supervised, place):
        """s6-supervise keeps no ok, and is seen."""
        supervised(S6, place / "a")
        assert run("pysvok", "a").returncode == 0

    @pytest.mark.needs_root
    def test_no_permission(self, run, fakes, place, ordinary):
        """It says whose it is."""
        fakes("a")
        (place / "a/supervise").chmod(0o700)
        result = run(*ordinary, "pysvok", "a")
        assert result.returncode == 111
        assert b"this is nobody" in result.stderr


class TestSvwait:
    """What pysvwait waits."""

    @pytest.mark.parametrize(
        "case",
        [
            ("-u", status(), status(7)),
            ("-d", status(7), status()),
            ("-d", status(7), status(7, state=2)),
            ("-D", status(7, state=2), status()),
            ("-U", status(), status(7)),
        ],
    )
    def test_it_waits(self, run, start, fakes, case):
        """It is there as long as the service is not, and gone when it is."""
        option, before, after = case
        fake = fakes("a", before)
        assert run("pysvwait", option, "-t", "0", "a").returncode == 99
        waiting = start("pysvwait", option, "a")
        fake.change(after)
        assert waiting.wait(50) == 0

    def test_all_at_once(self, run, fakes):
        """One that is not there keeps all waiting."""
        fakes("a")
        fakes("b", status())
        assert run("pysvwait", "-t", "0.05", "a", "b").returncode == 99
        assert run("pysvwait", "-d", "-t", "0.05", "a", "b").returncode == 99

    def test_one_is_enough(self, run, fakes, place):
        """With -o; what has no supervisor is passed over, unless there is nothing else."""
        fakes("a", status())
        assert run("pysvwait", "-o", "-t", "0", "a", "nonesuch").returncode == 99
        assert run("pysvwait", "-o", "-d", "nonesuch", "a").returncode == 0
        fakes("b")
        assert run("pysvwait", "-o", "a", "nonesuch", "b").returncode == 0
        result = run("pysvwait", "-o", "nonesuch", "neither")
        assert result.returncode == 111
        assert result.stderr.count(b"fatal") == 1
        tell(place / "a", state="failed", why="exit 125")
        assert run("pysvwait", "-o", "a", "b").returncode == 0
        assert run("pysvwait", "-o", "a").returncode == 111

    def test_json(self, run, fakes):
        """Who was there at the end, and who was not."""
        fakes("a")
        fakes("b", status())
        for words, code in ((["-o"], 0), (["-t", "0"], 99)):
            result = run("pysvwait", "--json", *words, "a", "b")
            found = [json.loads(line) for line in result.stdout.splitlines()]
            assert (result.returncode, [one["there"] for one in found]) == (code, [True, False])

    def test_it_goes_on_when_one_comes(self, start, fakes):
        """With -o the first that is there ends the wait."""
        fake = fakes("a", status())
        fakes("b", status())
        waiting = start("pysvwait", "-o", "a", "b")
        fake.change(status(7))
        assert waiting.wait(25) == 0

    def test_ready(self, run, fakes, place):
        """Where the supervisor tells, its word counts, and not ./check."""
        fakes("a")
        (place / "a/notification-fd").write_text("3\n")
        tell(place / "a", state="run", ready=0)
        assert run("pysvwait", "-U", "-t", "0", "a").returncode == 99
        assert run("pysvwait", "-u", "-t", "0", "a").returncode == 0
        tell(place / "a", state="run", ready=1)
        assert run("pysvwait", "-U", "-t", "0", "a").returncode == 0

    def test_ready_by_check(self, run, fakes, place):
        """Where nobody tells, ./check does."""
        fakes("a")
        check = place / "a/check"
        check.write_text("#!/bin/sh\n[ -e good ]\n")
        check.chmod(0o755)
        assert run("pysvwait", "-U", "-t", "0", "a").returncode == 99
        (place / "a/good").touch()
        assert run("pysvwait", "-U", "-t", "0", "a").returncode == 0

    def test_ready_by_a_check_that_hangs(self, run, fakes, place):
        """It is ended, with what it started, and is no answer."""
        fakes("a")
        check = place / "a/check"
        check.write_text("#!/bin/sh\nsleep 1000 & echo $! >child; wait\n")
        check.chmod(0o755)
        assert run("pysvwait", "-U", "-t", "0", "a").returncode == 99
        child = int((place / "a/child").read_text())
        wait_until(lambda: state(child) in (None, "Z"))

    def test_the_supervisor_leaves(self, start, fakes):
        """-x waits for that, and others end when it happens."""
        fake = fakes("a", status())
        gone, up = start("pysvwait", "-x", "a"), start("pysvwait", "-u", "a")
        fake.close()
        assert gone.wait(50) == 0
        assert up.wait(50) == 111

    def test_not_supervised(self, run, place):
        """What has no supervisor will not be up, and is gone already."""
        (place / "a").mkdir()
        assert run("pysvwait", "a").returncode == 111
        assert run("pysvwait", "-x", "a").returncode == 0
        assert run("pysvwait", "-x", "nonesuch").returncode == 111

    def test_failed_for_good(self, run, fakes, place):
        """There is no waiting for what will never be."""
        fakes("a", status())
        tell(place / "a", state="failed", why="exit 125")
        result = run("pysvwait", "-u", "a")
        assert result.returncode == 111
        assert b"it has failed for good: exit 125" in result.stderr
        assert run("pysvwait", "-D", "a").returncode == 0

    @pytest.mark.parametrize(
        "argv", [[], ["-u", "-d", "a"], ["-a", "-o", "a"], ["-t", "x", "a"], ["-t"], ["-q", "a"]]
    )
    def test_wrong_usage(self, run, argv):
        """One thing to wait for, a number, and a directory."""
        assert run("pysvwait", *argv).returncode == 100

    @pytest.mark.needs(S6)
    def test_s6(self, run, supervised, place):
        """Up, down, up again and away; the other supervisors are in test_interop.py."""
        supervised(S6, place / "a")
        assert run("pysvwait", "-u", "-t", "50", "a").returncode == 0
        assert run("pysvc", "-d", "a").returncode == 0
        assert run("pysvwait", "-D", "-t", "50", "a").returncode == 0
        assert run("pysvstat", "a").returncode == 3
        assert run("pysvc", "-u", "a").returncode == 0
        assert run("pysvwait", "-U", "-t", "50", "a").returncode == 0
        assert run("pysvc", "-dx", "a").returncode == 0
        assert run("pysvwait", "-x", "-t", "50", "a").returncode == 0
        assert run("pysvok", "a").returncode == 100
