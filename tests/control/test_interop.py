"""Each tool with each supervisor: what one writes the other reads, and the other way round."""

import json
import os

import pytest

from tests.conftest import wait_until

from .conftest import KINDS, S6, kinds


@pytest.fixture
def service(supervised, kind, place, run):
    """A service that is up, kept by a supervisor of each kind."""
    supervised(kind, place / "a")
    assert run("pysvwait", "-u", "-t", "25", "a").returncode == 0
    return place / "a"


@pytest.fixture(params=["ours", "the C program"])
def tools(request, run, originals, needs, place):
    """Run one of the tools under its original's name: ours, or the original itself."""

    def tool(name, *argv, **env):
        program = originals / name if request.param == "ours" else needs(name)
        return run(program, *argv, env={"SVDIR": str(place)} | env)

    return tool


def pid_of(run):
    """The pid of the service, by its status."""
    return int(run("pysvstat", "-o", "pid", "a").stdout)


@pytest.mark.usefixtures("service")
class TestOwn:
    """The tools under their own names."""

    def test_pysvok(self, run):
        """It sees the supervisor."""
        assert run("pysvok", "a").returncode == 0

    def test_pysvstat(self, run):
        """The pid is that of a process, and all fields have values."""
        os.kill(pid_of(run), 0)
        found = json.loads(run("pysvstat", "-j", "a").stdout)
        assert (found["state"], found["wanted"], found["normallyup"]) == ("run", "up", True)

    def test_pysvc_and_pysvwait(self, run):
        """Letters are obeyed, and the wait ends when they have been."""
        before = pid_of(run)
        assert run("pysvc", "-d", "a").returncode == 0
        assert run("pysvwait", "-D", "-t", "25", "a").returncode == 0
        assert run("pysvstat", "a").returncode == 3
        assert run("pysvc", "-u", "a").returncode == 0
        assert run("pysvwait", "-u", "-t", "25", "a").returncode == 0
        assert pid_of(run) != before

    def test_pause(self, run):
        """A pause is seen, and its end."""
        assert run("pysvc", "-p", "a").returncode == 0
        wait_until(lambda: run("pysvstat", "-o", "paused", "a").stdout == b"true\n")
        assert run("pysv", "-v", "cont", "a").returncode == 0
        assert run("pysvstat", "-o", "paused", "a").stdout == b"false\n"

    def test_pysv(self, run):
        """Status, list, and the end of it; its other commands are in test_pysv.py."""
        assert run("pysv", "status", "a").returncode == 0
        assert run("pysv", "ls").stdout.split()[7:9] == [b"a", b"run"]
        assert run("pysv", "top").stdout.split()[10:12] == [b"a", b"run"]
        assert run("pysv", "-w", "25", "shutdown", "a").returncode == 0
        assert run("pysvwait", "-x", "-t", "25", "a").returncode == 0


@pytest.mark.usefixtures("service")
class TestOriginals:
    """The tools under the originals' names."""

    def test_svok_and_svstat(self, tools):
        """One has a code, the other a line."""
        assert tools("svok", "a").returncode == 0
        assert tools("svstat", "a").stdout.startswith(b"a: up (pid ")

    def test_svc(self, tools):
        """Down, up, and a supervisor that leaves."""
        for letters, words in (("-d", b"a: down "), ("-u", b"a: up "), ("-dx", b"not running")):
            assert tools("svc", letters, "a").returncode == 0
            wait_until(lambda words=words: words in tools("svstat", "a").stdout)
        assert tools("svok", "a").returncode == 100

    def test_sv(self, tools, kind):
        """It reads twenty bytes and no less, as its original does."""
        if kind == "supervise":
            result = tools("sv", "status", "a")
            assert result.returncode == 1
            assert result.stdout.endswith(b"unable to read supervise/status: bad format\n")
            return
        for command, head in (("start", b"ok: run: a: "), ("stop", b"ok: down: a: ")):
            result = tools("sv", "-w", "25", command, "a")
            assert (result.returncode, result.stdout[: len(head)]) == (0, head)
        assert tools("sv", "-w", "25", "shutdown", "a").returncode == 0


@pytest.mark.parametrize("other", kinds(*KINDS, S6))
def test_waiting_for_one_of_two(run, supervised, place, kind, other):
    """The two may be kept by supervisors of different kinds."""
    supervised(kind, place / "a", down="")
    supervised(other, place / "b")
    assert run("pysvwait", "-o", "-t", "25", "a", "b").returncode == 0
    assert run("pysvwait", "-a", "-t", "0", "a", "b").returncode == 99
