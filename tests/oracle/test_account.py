"""setuidgid and envuidgid: which account it becomes or tells of, and what it refuses."""

import pytest

ENVUIDGID = {
    "root": "envuidgid root probe",
    "nobody": "envuidgid nobody probe",
    "an account whose group has another number": "envuidgid sync probe",
    "set before, GID and UID come last": (
        "exec env - UID=5 A=1 GID=6 B=2 bin/envuidgid nobody bin/probe"
    ),
    "an environment of nothing": "exec env - bin/envuidgid nobody bin/probe",
    "two in a row": "envuidgid root envuidgid nobody probe",
    "the groups do not change": "envuidgid nobody id",
    "an unknown account": "envuidgid no-such-account probe",
    "the empty name": "envuidgid '' probe",
    "a number is no account": "envuidgid 65534 probe",
    "0 is no account": "envuidgid 0 probe",
    "a group is no part of the name": "envuidgid root:root probe",
    "a name that is no UTF-8": r"envuidgid $(printf 'r\377') probe",
    "a very long name": "envuidgid $(printf %05000d 0) probe",
    "no arguments": "envuidgid",
    "no program": "envuidgid root",
    "no program, and the account is unknown": "envuidgid no-such-account",
    "-s is an account": "envuidgid -s probe",
    "-- is an account": "envuidgid -- root probe",
    "--help is an account": "envuidgid --help probe",
    "the program is missing": "envuidgid root nonesuch",
    "exit code": "envuidgid root sh -c 'exit 7'",
    "arguments are handed on": "envuidgid root probe '' 'a b' -n",
}
# What setuidgid says before it changes anything, or when it may not.
REFUSED = {
    "an unknown account": "setuidgid no-such-account probe",
    "the empty name": "setuidgid '' probe",
    "a number is no account": "setuidgid 65534 probe",
    "a group is no part of the name": "setuidgid root:root probe",
    "no arguments": "setuidgid",
    "no program": "setuidgid root",
    "-s is an account": "setuidgid -s probe",
    "-- is an account": "setuidgid -- root probe",
    "without the power": "powerless setuidgid nobody probe",
    "without the power to become what one is": "powerless setuidgid root probe",
}
SETUIDGID = {
    "root stays root": "setuidgid root probe",
    "nobody": "setuidgid nobody probe",
    "an account whose group has another number": "setuidgid sync probe",
    "other groups go": "setpriv --groups 4,5,6 setuidgid nobody probe",
    "other groups go for root too": "setpriv --groups 4,5,6 setuidgid root probe",
    "an environment of nothing": "exec env - bin/setuidgid nobody bin/probe",
    "the environment does not change": "export HOME=/h USER=u; setuidgid nobody probe",
    "the program may not be run by the account": "chmod 700 bin/probe; setuidgid nobody probe",
    "the program cannot be reached by the account": (
        "mkdir -m 700 x; cp bin/probe x/p; PATH=x:$PATH; setuidgid nobody p"
    ),
    "it can go on to a later directory": (
        "mkdir -m 700 x; cp bin/probe x; PATH=$PWD/x:$PATH; setuidgid nobody probe"
    ),
    "the program is missing": "setuidgid nobody nonesuch",
    "exit code": "setuidgid nobody sh -c 'exit 7'",
    "before an env directory": "mkdir d; echo v >d/A; setuidgid nobody envdir d probe",
    "before an env directory it may not read": "mkdir -m 700 d; setuidgid nobody envdir d probe",
    "after an env directory that is root's": (
        "mkdir -m 700 d; echo v >d/A; envdir d setuidgid nobody probe"
    ),
    "before a lock it may not make": "setuidgid nobody setlock l probe",
    "after a lock that is root's": "setlock l setuidgid nobody probe",
    "no way back": "setuidgid nobody setuidgid root probe",
    "without the power to change the user": (
        "setpriv --bounding-set=-setuid setuidgid nobody probe"
    ),
    "without the power to change the group": (
        "setpriv --bounding-set=-setgid setuidgid nobody probe"
    ),
}


@pytest.mark.parametrize("script", ENVUIDGID.values(), ids=ENVUIDGID)
def test_envuidgid(compare, script):
    """Called by the original's name it does what the original does."""
    compare(script)


@pytest.mark.parametrize("script", REFUSED.values(), ids=REFUSED)
def test_setuidgid_refused(compare, script):
    """It refuses what the original refuses, in the same words."""
    compare(script)


@pytest.mark.needs_root
@pytest.mark.parametrize("script", SETUIDGID.values(), ids=SETUIDGID)
def test_setuidgid(compare, script):
    """Called by the original's name it does what the original does."""
    compare(script)
