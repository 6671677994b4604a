"""Root asks and tells a service whose supervise/ another account may write to."""

import os

import pytest

from tests.supervise.test_hostile import THINGS, put

pytestmark = [pytest.mark.needs_root, pytest.mark.process]
PRIVATE = "of root alone\n"
ASKING = ["pysv status s", "pysv ls s", "pysv history s", "pysvstat s", "svstat s", "sv status ./s"]
TELLING = ["pysvc -d s", "svc -d s", "pysv -w1 stop s", "sv -w1 down ./s", "pysv -w1 start s"]
ASKING += ["pysvok s", "svok s", "pysvwait -t1 -u s"]
FILES = ["status", "state", "history", "control", "ok"]


@pytest.fixture
def hostile(serve, place):
    """A service that runs, with a secret beside it."""
    (place / "outside").mkdir()
    (place / "outside/secret").write_text(PRIVATE)
    (place / "outside/secret").chmod(0o600)
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
