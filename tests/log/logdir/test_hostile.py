"""Root writes a log into a directory of another account: nothing there makes it touch ours."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import DEADLINE
from tests.hostile import THINGS, beside_a_secret, feed, given_to_nobody, put

pytestmark = [pytest.mark.needs_root, pytest.mark.process]
NAMES = ["current", "previous", "processed", "newstate", "state", "lock", "note"]
NAMES += ["@400000006b0c205d0692da02.s", "@400000006b0c205d0692da02.u"]
TOOLS = [["pysissylog", "--to"], ["pymultilog"], ["multilog"]]
deed = st.tuples(st.sampled_from(NAMES), st.sampled_from(list(THINGS)))
# Each may cost the five seconds that the original waits until it tries again.
deeds = st.lists(deed, min_size=1, max_size=5)


@given(before=deeds, later=deeds, tool=st.sampled_from(TOOLS), processor=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_outside_stays_so(scripts, originals, place, before, later, tool, processor):  # noqa: PLR0917
    """Kind: files that root writes, links, renames or reads back in a log directory.

    Nothing outside is changed, made, linked, read back or waited for; whatever becomes of the
    log, its logger ends when it is told to, without a traceback.
    """
    words = ["s4096", "n3", "!cat"] if processor else ["s4096", "n3"]
    command = [*tool, *(words if len(tool) == 1 else []), "./log/"]
    path = f"{scripts}:{originals}:/usr/bin:/bin"
    # multilog does not end before the last file went through its processor.
    ends = tool != ["multilog"] or not processor
    with beside_a_secret(place) as here:
        log = given_to_nobody(here / "x/log")
        for name, thing in before:
            put(log / name, thing)
        feed(command, log, later, path=path, cwd=here / "x", ends=ends)


@pytest.fixture
def theirs(place):
    """A log directory of another account's."""
    (place / "log").mkdir()
    os.chown(place / "log", 65534, 65534)
    return place / "log"


@pytest.mark.parametrize("tool", ["pymultilog", "multilog"])
def test_names_that_are_no_text(run, theirs, scripts, originals, tool):
    """Kind: a name that another account has made: not UTF-8, or one that drives a terminal."""
    for number in range(20):
        name = b"@400000000000000000000%03d\xff\x1b[2J.s" % number
        Path(os.fsdecode(bytes(theirs) + b"/" + name)).touch()
    path = f"{scripts}:{originals}:/usr/bin:/bin"
    words = [tool, "s4096", "n3", "./log"]
    done = run(*words, path=path, input=b"a line of a log\n" * 2000, timeout=30)
    assert b"Traceback" not in done.stderr
    assert b"\x1b" not in done.stderr
    assert len(list(theirs.glob("@4*\udcff*"))) == 0


def test_a_file_without_end_is_not_copied(start, theirs, until):
    """Kind: work without bound: what had been removed was written again, all holes of it."""
    (theirs / "current").touch(mode=0o744)
    os.chown(theirs / "current", 65534, 65534)
    process = start("pymultilog", "s4096", "n3", "./log", stdin=subprocess.PIPE)
    process.stdin.write(b"one\n")
    process.stdin.flush()
    until(lambda: (theirs / "current").stat().st_size)
    os.truncate(theirs / "current", 5 << 30)
    (theirs / "current").unlink()
    process.communicate(b"a line of a log\n" * 1000, timeout=DEADLINE)
    assert max(one.stat().st_size for one in theirs.iterdir()) <= 16 << 20
