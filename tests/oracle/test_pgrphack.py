"""pgrphack: a session of one's own, unless one leads a group already."""

import pytest

SAME = {
    "a child gets its session": "pgrphack probe; :",
    "a leader of a session stays one": "exec pgrphack probe",
    "a second time changes nothing": "pgrphack pgrphack probe; :",
    "a leader of a group stays one": "timeout 30 sh -c 'exec pgrphack probe'",
    "a child of a leader of a group": "timeout 30 sh -c 'pgrphack probe; :'",
    "exit code": "pgrphack sh -c 'exit 7'; echo $?",
    "a signal": "pgrphack sh -c 'kill -TERM $$'; echo $?",
    "the program is missing": "pgrphack nonesuch",
    "no arguments": "pgrphack",
    "-x is a program": "pgrphack -x",
    "-- is a program": "pgrphack -- true",
    "arguments are handed on": "pgrphack probe '' 'a b' -n",
}


@pytest.mark.parametrize("script", SAME.values(), ids=SAME)
def test_pgrphack(compare, script):
    """Called by the original's name it does what the original does."""
    compare(script)
