"""fghack: it stays until nobody holds its pipe, and ends as its child did."""

import pytest

SAME = {
    **{
        f"exit code {code}": f"fghack sh -c 'exit {code}'; echo $?"
        for code in (0, 1, 42, 100, 111, 127, 255)
    },
    **{
        f"a child that SIG{name} killed": f"fghack sh -c 'kill -{name} $$'; echo $?"
        for name in ("KILL", "TERM", "HUP", "PIPE", "USR1", "SEGV")
    },
    "what the program sees": "fghack probe",
    "the environment does not change": "exec env - A=1 bin/fghack bin/probe",
    "it waits for what is left in the background": (
        "mkfifo go; fghack sh -c 'echo early; (read x <go; echo late) & exit 3' & fghack=$!;"
        "echo >go; wait $fghack; echo $?"
    ),
    "what is left may fail": (
        "mkfifo go; fghack sh -c '(read x <go; exit 9) & exit 0' & fghack=$!;"
        "echo >go; wait $fghack; echo $?"
    ),
    "a child that crashed and left one": (
        "mkfifo go; fghack sh -c '(read x <go; echo late) & kill -9 $$' & fghack=$!;"
        "echo >go; wait $fghack; echo $?"
    ),
    "what is written to the pipe is ignored": "fghack sh -c 'echo junk >&5; echo x >&9'; echo $?",
    "a signal ends it, and not its child": (
        "mkfifo go up; fghack sh -c 'exec 2>&-; : >up; read x <go; echo late' & fghack=$!;"
        "exec 2>&-; read x <up; kill $fghack; wait $fghack; echo $?; echo >go; wait"
    ),
    "few fds": "ulimit -n 20; fghack echo ok; echo $?",
    "just enough fds": "ulimit -n 6; fghack echo ok; echo $?",
    "no fds for a pipe": "ulimit -n 4; fghack true; echo $?",
    "the program is missing": "fghack nonesuch; echo $?",
    "the program may not be run": ": >x; fghack ./x; echo $?",
    "no arguments": "fghack",
    "-x is a program": "fghack -x",
    "-- is a program": "fghack -- true",
    "--help is a program": "fghack --help",
    "in another": "fghack fghack sh -c 'exit 4'; echo $?",
    "with a lock": "setlock l fghack probe",
    "before a lock": "fghack setlock l probe",
    "arguments are handed on": "fghack probe '' 'a b' -n",
    "as the only process of its session": "exec fghack probe",
    "with SIGCHLD ignored": "env --ignore-signal=CHLD fghack sh -c 'exit 3'; echo $?",
    "with SIGCHLD blocked": "env --block-signal=CHLD fghack grep SigBlk /proc/self/status; echo $?",
}


@pytest.mark.parametrize("script", SAME.values(), ids=SAME)
def test_fghack(compare, script):
    """Called by the original's name it does what the original does."""
    compare(script)
