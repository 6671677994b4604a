"""Which services pysv means: patterns, groups, all of them, and some at a time."""

import json
import os
from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pydaemontools.control.service_names import matches

from .conftest import status


@pytest.fixture
def several(fakes, place):
    """Make services by their names; those of a pair are in the groups that it has."""

    def make(*names, **groups):
        made = {name: fakes(name) for name in [*names, *groups]}
        for name, words in groups.items():
            (place / name / "group").write_text(words + "\n")
        return made

    return make


TEXT = st.text("ab\n", max_size=8).map(str.encode)


@given(TEXT, st.text("ab*?[]", max_size=6).map(str.encode))
@example(b"aba", b"ab*ba")
@example(b"abba", b"*b*b*")
def test_a_pattern_of_mere_stars_is_one_of_fnmatch(name, pattern):
    """What is matched without it is what it matches."""
    assert matches(name, pattern) == fnmatchcase(name, pattern)


def told(result):
    """The names of the services that a line of RESULT is about, in order."""
    lines = result.stdout.decode().splitlines()
    return [line.split(": ")[-2 if line.startswith(("ok", "timeout")) else 1] for line in lines]


def shown(result):
    """The names in the table of pysv ls."""
    return [line.split()[0] for line in result.stdout.decode().splitlines()[1:]]


class TestPatterns:
    """The kind: a name that stands for several services, wherever pysv takes names."""

    @pytest.mark.parametrize(
        ("pattern", "wanted"),
        [
            ("web*", ["web1", "web2"]),
            ("*", ["db", "web1", "web2"]),
            ("?b", ["db"]),
            ("web[2-9]", ["web2"]),
            ("[!w]*", ["db"]),
            ("*@*", []),
            (".*", []),
        ],
    )
    def test_they_are_those_of_a_shell(self, run, several, place, pattern, wanted):
        """Hidden ones, templates and what is no service never match; the order is by name."""
        several("web2", "web1", "db", ".web3", "web@")
        (place / "webroot").mkdir()
        (place / "web.txt").touch()
        result = run("pysv", "status", pattern)
        assert told(result) == wanted
        assert result.returncode == (0 if wanted else 100)

    @pytest.mark.parametrize(
        ("pattern", "wanted"),
        [
            ("./web*", ["./web1", "./web2"]),
            ("./web*/", ["./web1/", "./web2/"]),
            ("web*/", ["web1/", "web2/"]),
            ("../s?rvice/web*", ["../service/web1", "../service/web2"]),
            ("deep*/*", ["deep/x"]),
        ],
    )
    def test_paths(self, run, several, pattern, wanted):
        """A pattern of paths gives paths, also through several directories."""
        several("web1", "web2", "deep/x")
        assert told(run("pysv", "status", pattern)) == wanted

    def test_an_absolute_path(self, run, several, place):
        """From the root on."""
        several("web1")
        assert told(run("pysv", "status", f"{place.parent}/*/web*")) == [f"{place}/web1"]

    def test_every_command_takes_them(self, run, several, place):
        """Those that look and those that change, each service once however often it is meant."""
        made = several("web1", "web2", "db")
        assert shown(run("pysv", "ls", "web*")) == ["web1", "web2"]
        assert shown(run("pysv", "top", "web*")) == ["web1", "web2"]
        run("pysv", "up", "web2", "web*")
        assert {name: fake.got() for name, fake in made.items()} == {
            "web1": b"u",
            "web2": b"u",
            "db": b"",
        }
        for name in made:
            (place / name / "run").touch()
            (place / name / "main").mkdir()
            (place / name / "main/current").write_text("a line\n")
            (place / name / "supervise/history").write_text("it died\n")
        run("pysv", "disable", "web*")
        assert sorted(path.parent.name for path in place.glob("*/down")) == ["web1", "web2"]
        run("pysv", "enable", "web*")
        assert list(place.glob("*/down")) == []
        for command in "logs", "history":
            lines = run("pysv", command, "web*").stdout.decode().splitlines()
            assert {line.split(":")[0] for line in lines} == {"web1", "web2"}
        result = run("pysv", "check-config", "-j", "web*")
        found = [json.loads(line)["service"] for line in result.stdout.splitlines()]
        assert found == ["web1", "web2"]

    def test_logs_that_are_left(self, run, place):
        """The log of what is no service any more is matched too."""
        (place / "old/log/main").mkdir(parents=True)
        (place / "old/log/main/current").write_text("the last line\n")
        assert run("pysv", "logs", "ol*").stdout == b"the last line\n"

    def test_what_has_the_very_name_comes_first(self, run, several):
        """A service called web* or @front is no pattern and no group."""
        several("web*", "web1", "@front", x="front")
        assert told(run("pysv", "status", "web*")) == ["web*"]
        assert told(run("pysv", "status", "@front")) == ["@front"]

    def test_svdir_and_then_here(self, run, several, place):
        """As of names: the services here, where SVDIR has none that matches."""
        several("web1")
        other = place / "other"
        (other / "web9/supervise").mkdir(parents=True)
        assert shown(run("pysv", "ls", "web*", env={"SVDIR": str(other)})) == ["web9"]
        assert shown(run("pysv", "ls", "web1*", env={"SVDIR": str(other)})) == ["web1"]
        assert shown(run("pysv", "ls", "web1*", env={"SVDIR": "/nonesuch"})) == ["web1"]

    @pytest.mark.parametrize("name", ["wbe*", "./wbe*", "@wbe", "@"])
    @pytest.mark.parametrize("command", ["restart", "status", "ls", "logs", "enable", "top"])
    def test_nothing_that_matches_is_an_error(self, run, several, command, name):
        """Which names the pattern, says where it looked, and before anything is done."""
        made = several(web="front back", db="back")
        result = run("pysv", command, "web", name)
        assert (result.returncode, result.stdout) == (100, b"")
        first, second = result.stderr.decode().splitlines()
        what = "is in the group" if name[0] == "@" else "matches"
        assert first == f"pysv: fatal: no service {what} {name}"
        assert second.endswith(
            {"@": "there are: back front", ".": "no services"}.get(name[0], "here")
        )
        assert made["web"].got() == b""

    def test_names_that_are_no_text(self, run, fakes):
        """Bytes are matched as bytes."""
        fakes(os.fsdecode(b"w\xffb"))
        result = run("pysv", "status", b"w?b")
        assert result.stdout.startswith(b"run: w\xffb: ")

    def test_a_pattern_that_is_none(self, run, several):
        """A bracket without its end stands for itself."""
        several("web")
        assert run("pysv", "status", "[web").returncode == 100


class TestGroups:
    """The kind: services that are told together, whatever they are called."""

    def test_the_words_of_the_file(self, run, several):
        """In any number, on any number of lines, an @ before them or not."""
        several("other", a="front\nback", b="@front x", c="frontier", d="")
        assert told(run("pysv", "status", "@front")) == ["a", "b"]
        assert told(run("pysv", "status", "@x", "@front", "c")) == ["b", "a", "c"]

    def test_no_group_at_all(self, run, several):
        """Then that is said."""
        several("a")
        result = run("pysv", "stop", "@front")
        assert result.returncode == 100
        assert b"there is no group at all" in result.stderr

    def test_one_that_nobody_may_read(self, run, several, place, ordinary):
        """A service that may be meant is not left out without a word, nor holds up the others."""
        several(a="front", b="front", c="front")
        (place / "b/group").chmod(0)
        (place / "c").chmod(0o700)
        if not ordinary:
            (place / "c/group").unlink()
        result = run(*ordinary, "pysv", "status", "@front")
        said = "pysv: warning: unable to read {}/{}/group: access denied\n"
        assert told(result) == ["a"]
        assert said.format(place, "b") in result.stderr.decode()
        # Our own directory we may look into.
        assert not ordinary or said.format(place, "c") in result.stderr.decode()

    def test_one_that_is_wrong_keeps_none_of_the_others(self, run, several, place):
        """It counts as not there, with a warning that names it."""
        made = several("a", b="front", c="front")
        (place / "a/group").mkdir()
        result = run("pysv", "up", "@front")
        assert (result.returncode, made["b"].got(), made["c"].got()) == (0, b"u", b"u")
        said = f"pysv: warning: unable to read {place}/a/group: is a directory\n"
        assert result.stderr.decode() == said

    def test_a_fifo_is_no_file(self, run, several, place):
        """Nobody waits for what is put there."""
        several("a")
        os.mkfifo(place / "a/group")
        assert run("pysv", "up", "@front").returncode == 100


class TestAll:
    """The option --all."""

    def test_all_of_svdir(self, run, several, place):
        """For what asks for a name; templates and hidden ones are none."""
        made = several("a", "b", "web@", ".c")
        assert run("pysv", "up", "--all").returncode == 0
        assert [fake.got() for fake in made.values()] == [b"u", b"u", b"", b""]
        assert run("pysv", "disable", "--all").returncode == 0
        assert sorted(path.parent.name for path in place.glob("*/down")) == ["a", "b"]
        assert shown(run("pysv", "--all", "ls")) == ["a", "b"]
        assert run("pysv", "check-config", "--all").stdout.startswith(b"a/")

    @pytest.mark.parametrize("command", ["stop", "ls", "enable"])
    def test_all_and_one(self, run, several, command):
        """Nobody can say which is meant, so nothing is done."""
        made = several("a")
        result = run("pysv", command, "--all", "a")
        assert result.returncode == 100
        assert result.stderr.endswith(b"pysv: --all is all of SVDIR: leave it out, or a\n")
        assert made["a"].got() == b""

    def test_none_at_all(self, run):
        """It is no failure that there is nothing to do, but it is said."""
        result = run("pysv", "restart", "--all")
        assert result.returncode == 0
        assert b"there is no service in " in result.stderr

    def test_without_a_name(self, run, several):
        """A command that changes something wants one."""
        made = several("a")
        assert b"say which service to stop, or --all" in run("pysv", "stop").stderr
        assert made["a"].got() == b""


class TestRolling:
    """The kind: a restart of many that must not take all of them down."""

    def test_one_at_a_time(self, run, supervised, place):
        """Each is ready before the next is told: the next looks whether the one before is."""
        look = 'for a in *; do echo "$a"; done'
        ready = "trap 'rm -f ../up.$me' EXIT; : >../up.$me; sleep 1000 & wait"
        for name in "a", "b", "c":
            text = f"me={name}; cd ..; {look} >{name}/seen; cd {name}; {ready}"
            supervised("pysupervise", place / name, run=text, check="test -e ../up.${PWD##*/}")
        assert run("pysv", "-w", "30", "start", "a", "b", "c").returncode == 0
        result = run("pysv", "-w", "30", "restart", "--rolling", "a", "b", "c")
        assert result.returncode == 0, result
        assert [line[:9] for line in result.stdout.splitlines()] == [b"ok: run: " for _ in range(3)]
        for name, others in {"a": "bc", "b": "ac", "c": "ab"}.items():
            seen = (place / name / "seen").read_text().split()
            assert {f"up.{one}" for one in others} <= set(seen)

    @pytest.mark.parametrize(
        ("rolling", "got", "left"),
        [("--rolling", 1, "b c d"), ("--rolling=2", 2, "c d"), ("--rolling=9", 4, "")],
    )
    def test_it_stops_at_the_first_failure(self, run, several, rolling, got, left):
        """What was not touched is named, and was told nothing."""
        made = several("a", "b", "c", "d")
        for fake in made.values():
            fake.change(status())
        result = run("pysv", "-w0", "start", rolling, "?")
        assert result.returncode == got
        said = f"pysv: stopped there; not touched: {left}\n" if left else ""
        assert result.stderr.decode() == said
        assert [fake.got() for fake in made.values()] == [b"u"] * got + [b""] * (4 - got)

    def test_what_cannot_be_told_stops_it_too(self, run, several):
        """A service that nobody supervises is a failure like any other."""
        made = several("a", "b")
        made["a"].close()
        result = run("pysv", "restart", "--rolling", "a", "b")
        assert result.returncode == 1
        assert b"not touched: b" in result.stderr
        assert made["b"].got() == b""

    def test_json(self, run, several):
        """What was not touched says so, and is as it is."""
        made = several("a", "b", "c")
        made["a"].change(status())
        made["c"].close()
        printed = run("pysv", "-j", "-w0", "start", "--rolling", "a", "b", "c").stdout
        found = [json.loads(line) for line in printed.splitlines()]
        assert [one["result"] for one in found] == ["timeout", "untouched", "untouched"]
        assert [one["supervised"] for one in found] == [True, True, False]
        assert (found[1]["up"], found[1]["pid"]) == (True, 4711)
        assert found[2]["error"].endswith("not running")

    @pytest.mark.parametrize("word", ["--rolling=0", "--rolling=x", "--rolling=", "--rolling=-1"])
    def test_a_number_that_is_none(self, run, several, word):
        """Wrong usage; nothing is done."""
        made = several("a")
        assert run("pysv", "restart", word, "a").returncode == 100
        assert made["a"].got() == b""

    @pytest.mark.parametrize("command", ["status", "up", "hup"])
    def test_what_does_not_wait(self, run, several, command):
        """Nobody would know when the next is to come."""
        made = several("a")
        result = run("pysv", command, "--rolling", "a")
        assert result.returncode == 100
        assert b"--rolling is for what waits" in result.stderr
        assert made["a"].got() == b""
