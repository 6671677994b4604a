"""The C clients on services that pysvscan keeps: each is told by itself, and answers for itself."""

import subprocess

import pytest

from tests.conftest import DEADLINE, wait_until
from tests.supervise.conftest import NOTE_IN

LOGGED = {"run": NOTE_IN, "log/run": "#!/bin/sh\nexec cat >>out\n"}


@pytest.fixture
def tree(scan, needs):
    """Three services, one with a logger, one down; and a function that asks a C program."""
    needs("svc", "svstat", "svok", "sv")
    tree = scan({"a": None, "b": LOGGED, "c": {"run": NOTE_IN, "down": ""}})
    tree["a"].up()
    tree["b"].up()
    tree["c"].is_(state="down")
    return tree


@pytest.fixture
def ask(tree):
    """Ask a C program about services of the tree: what it prints, without the numbers."""

    def ask(tool, *words, code=0):
        done = subprocess.run(
            [tool, *words], cwd=tree.path, capture_output=True, timeout=DEADLINE, check=False
        )
        assert done.returncode == code, done
        return (done.stdout + done.stderr).decode()

    return ask


def test_svstat_svok_and_svc(tree, ask):
    """daemontools': a line each, an answer each, and what it says to one is for no other."""
    lines = ask("svstat", "a", "b", "b/log", "c").splitlines()
    assert [line.split()[1] for line in lines] == ["up", "up", "up", "down"]
    assert str(tree["a"].pid()) in lines[0]
    for name in "a", "b", "b/log", "c":
        ask("svok", name)
    ask("svok", "none", code=111)
    other = tree["b"].pid()
    ask("svc", "-d", "a")
    tree["a"].is_(state="down")
    ask("svc", "-u", "a", "c")
    tree["c"].up()
    first = tree["a"].up()
    ask("svc", "-t", "a")
    tree["a"].up(first)
    ask("svc", "-p", "a")
    wait_until(lambda: ", paused" in ask("svstat", "a"))
    ask("svc", "-c", "a")
    wait_until(lambda: "paused" not in ask("svstat", "a"))
    assert tree["b"].pid() == other


@pytest.mark.usefixtures("tree")
def test_sv(ask):
    """runit's: it waits for what it has told, and shows a service with its logger."""
    assert ask("sv", "status", "./b").count("run: ") == 2
    assert ask("sv", "-w", "9", "restart", "./a", "./b").count("ok: run: ") == 2
    assert ask("sv", "-w", "9", "stop", "./a").startswith("ok: down: ")
    assert "down: ./c: " in ask("sv", "status", "./c")
    assert ask("sv", "-w", "9", "start", "./c").startswith("ok: run: ")
    assert ask("sv", "-w", "9", "force-stop", "./b").startswith("ok: down: ")
    assert "; run: log: " in ask("sv", "status", "./b")


@pytest.mark.needs("s6-svc")
def test_s6_svc(tree, ask):
    """s6's letters reach the service that they are for; where there is event/, it waits too."""
    ask("s6-svc", "-d", "a")
    tree["a"].is_(state="down")
    ask("s6-svc", "-u", "a")
    tree["a"].up()
    (tree.path / "d").mkdir()
    (tree.path / "d/event").mkdir(mode=0o3730)
    tree["b"].up()
    (tree.path / "d/run").write_text(NOTE_IN)
    (tree.path / "d/run").chmod(0o755)
    first = tree["d"].up()
    ask("s6-svc", "-wr", "-T", "9000", "-r", "d")
    assert tree["d"].up(first)
    assert ask("s6-svstat", "-o", "up,pid", "d").split() == ["true", str(tree["d"].pid())]
