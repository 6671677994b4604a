"""Root asks and tells a service whose supervise/ another account may write to."""

import os

import pytest

from tests.hostile import PRIVATE, THINGS, keep_secret, put

pytestmark = [pytest.mark.needs_root, pytest.mark.process]
ASKING = ["pysv status s", "pysv ls s", "pysv history s", "pysvstat s", "svstat s", "sv status ./s"]
TELLING = ["pysvc -d s", "svc -d s", "pysv -w1 stop s", "sv -w1 down ./s", "pysv -w1 start s"]
ASKING += ["pysvok s", "svok s", "pysvwait -t1 -u s"]
FILES = ["status", "state", "history", "control", "ok"]


@pytest.fixture
def hostile(serve, place):
    """A service that runs, with a secret beside it."""
    keep_secret(place)
    kept = serve()
    kept.up()
    os.chown(kept.path / "supervise", 65534, 65534)
    return kept


@pytest.fixture
def ask(run, scripts, originals):
    """Run a command line, under either name of its tool, with little memory."""
    path = f"{scripts}:{originals}:/usr/bin:/bin"
    return lambda line: run("prlimit", "--as=500000000", *line.split(), timeout=30, path=path)


@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("command", ASKING + TELLING)
def test_nothing_is_written_or_waited_for(hostile, ask, place, command, thing):
    """Kind: letters in a file of ours; reading without bound, which takes all memory."""
    for name in FILES:
        put(hostile.path / "supervise" / name, thing)
    done = ask(command)
    assert b"Traceback" not in done.stderr
    assert (place / "outside/secret").read_text() == PRIVATE
    assert os.listdir(place / "outside") == ["secret"]
    assert PRIVATE.strip().encode() not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["history", "history -j", "status", "status -j", "ls -j"])
@pytest.mark.parametrize("end", ["exited with code " + "9" * 5000, "was killed by \x1b[31m\u009b"])
def test_a_history_that_anybody_wrote(hostile, ask, command, end):
    """Kind: numbers without bound, and controls, in a file that root reads for a person."""
    line = f"2026-11-21T11:06:58.420311Z pid 1 up 1.0 s {end}: said\n"
    (hostile.path / "supervise/history").write_text(line)
    done = ask(f"pysv {command} ./s")
    assert done.returncode in (0, 3)
    assert b"Traceback" not in done.stderr
    assert b"\x1b" not in done.stdout
    assert "\u009b".encode() not in done.stdout


@pytest.mark.parametrize("name", ["current", "@400000006900000000000000.s"])
def test_a_log_that_is_one_line_without_end(hostile, ask, name):
    """Kind: reading without bound: root's `pysv logs` took all memory."""
    log = hostile.path / "log/main"
    log.mkdir(parents=True)
    (log / "current").write_text("")
    (log / name).touch()
    os.truncate(log / name, 2 << 30)
    os.chown(log, 65534, 65534)
    done = ask("pysv logs -n 2 ./s")
    assert done.returncode == 0
    assert len(done.stdout) < 8 << 20
