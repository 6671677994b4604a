"""Root writes a log into a directory of another account: nothing there makes it touch ours."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.supervise.test_hostile import PRIVATE, THINGS, disclosed, outside, put

pytestmark = [pytest.mark.needs_root, pytest.mark.process]
NAMES = ["current", "previous", "processed", "newstate", "state", "lock", "note"]
NAMES += ["@400000006b0c205d0692da02.s", "@400000006b0c205d0692da02.u"]
TOOLS = [["pysissylog", "--to"], ["pymultilog"], ["multilog"]]
deeds = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(list(THINGS))), min_size=1)


@given(before=deeds, later=deeds, tool=st.sampled_from(TOOLS), processor=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_outside_stays_so(scripts, originals, place, before, later, tool, processor):  # noqa: PLR0917
    """Kind: files that root writes, links, renames or reads back in a log directory.

    Nothing outside is changed, made, linked, read back or waited for; whatever becomes of the
    log, its logger ends when it is told to, without a traceback.
    """
    here = Path(tempfile.mkdtemp(dir=place))
    (here / "outside").mkdir()
    (here / "outside/secret").write_text(PRIVATE)
    (here / "outside/secret").chmod(0o600)
    known = outside(here)
    log = here / "x/log"
    log.mkdir(parents=True)
    os.chown(log, 65534, 65534)
    for name, thing in before:
        put(log / name, thing)
    words = ["s4096", "n3", "!cat"] if processor else ["s4096", "n3"]
    command = [*tool, *(words if len(tool) == 1 else []), "./log/"]
    env = {"PATH": f"{scripts}:{originals}:/usr/bin:/bin"}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, cwd=here / "x", env=env, bufsize=0, **pipes) as process:
        try:
            for name, thing in [(None, None), *later]:
                if name:
                    put(log / name, thing)
                process.stdin.write(b"a line of a log\n" * 300)
                process.stdin.flush()
            process.stdin.close()
            process.wait(0.5)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            process.terminate()
        try:
            # multilog does not end before the last file went through its processor.
            if tool != ["multilog"] or not processor:
                process.wait(30)
        finally:
            process.kill()
        said = process.stderr.read()
        assert b"Traceback" not in said
        assert b"usage" not in said
    assert outside(here) == known
    assert disclosed(here / "x") == []
    shutil.rmtree(here)
