"""Root keeps a spool in a directory of another account: nothing there makes it touch ours."""

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
NAMES = ["lock", "state", "connection", "note", f"{1:016x}.log", f"{2:016x}.log"]
deeds = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(list(THINGS))), min_size=1)


@given(before=deeds, later=deeds)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_outside_stays_so(scripts, place, before, later):
    """Kind: files that root writes or reads back in a spool. Nobody listens at its target.

    What is sent from it is what was read in it: none of that is from outside.
    """
    here = Path(tempfile.mkdtemp(dir=place))
    (here / "outside").mkdir()
    (here / "outside/secret").write_text(PRIVATE)
    (here / "outside/secret").chmod(0o600)
    known = outside(here)
    spool = here / "x/tcp_127.0.0.1_9"
    spool.mkdir(parents=True)
    os.chown(spool, 65534, 65534)
    for name, thing in before:
        put(spool / name, thing)
    command = ["pysissylog", "--to", "tcp://127.0.0.1:9", "--spool", here / "x"]
    command += ["--stats", spool / "stats", "web"]
    put(spool / "stats.new", "a link to where nothing is")
    env = {"PATH": f"{scripts}:/usr/bin:/bin"}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, cwd=here, env=env, bufsize=0, **pipes) as process:
        try:
            for name, thing in [(None, None), *later]:
                if name:
                    put(spool / name, thing)
                process.stdin.write(b"a line of a log\n" * 30)
                process.stdin.flush()
            process.stdin.close()
            process.wait(0.5)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            process.terminate()
        try:
            process.wait(30)
        finally:
            process.kill()
        said = process.stderr.read()
        assert b"Traceback" not in said
        assert b"usage" not in said
    assert outside(here) == known
    assert disclosed(here / "x") == []
    shutil.rmtree(here)
