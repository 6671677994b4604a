"""Root keeps a spool in a directory of another account: nothing there makes it touch ours."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile import THINGS, beside_a_secret, feed, given_to_nobody, put

pytestmark = [pytest.mark.needs_root, pytest.mark.process]
NAMES = ["lock", "state", "connection", "note", f"{1:016x}.log", f"{2:016x}.log"]
deeds = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(list(THINGS))), min_size=1)


@given(before=deeds, later=deeds)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_outside_stays_so(scripts, place, before, later):
    """Kind: files that root writes or reads back in a spool. Nobody listens at its target.

    What is sent from it is what was read in it: none of that is from outside.
    """
    with beside_a_secret(place) as here:
        spool = given_to_nobody(here / "x/tcp_127.0.0.1_9")
        for name, thing in [*before, ("stats.new", "a link to where nothing is")]:
            put(spool / name, thing)
        command = ["pysissylog", "--to", "tcp://127.0.0.1:9", "--spool", here / "x"]
        command += ["--stats", spool / "stats", "web"]
        feed(command, spool, later, path=f"{scripts}:/usr/bin:/bin", cwd=here)
