"""The tools beside the C programs, with live supervisors: supervise, runsv, s6-supervise.

Each script runs in two trees that hold the same live services.
"""

import pytest

from .conftest import TOOLS, Case, supervise

pytestmark = pytest.mark.needs(*TOOLS)

CASES = {
    "supervise: down and up": (
        "supervise",
        {},
        (
            "await a ^a:.up; svstat a; svok a; echo $?; svc -d a; await a 'a: down'; svstat a;"
            "svc -u a; await a 'a: up'; svstat a"
        ),
    ),
    "supervise: once": (
        "supervise",
        {"run": "until [ -e go ]; do sleep 0.02; done", "down": ""},
        "svstat a; svc -o a; await a 'a: up'; : >a/go; await a 'a: down'; svstat a",
    ),
    "supervise: paused": (
        "supervise",
        {},
        "await a 'a: up'; svc -p a; await a paused; svstat a; svc -c a; await a 's$'; svstat a",
    ),
    "supervise: exit waits for the service": (
        "supervise",
        {},
        (
            "await a 'a: up'; svc -x a; svstat a; svc -d a; await a running; svstat a; svok a;"
            "echo $?; svc -u a; sv x a"
        ),
    ),
    "supervise: exit of what is down": (
        "supervise",
        {"down": ""},
        "svc -x a; await a running; svstat a; svok a; echo $?",
    ),
    "supervise: a signal": (
        "supervise",
        {"run": "trap 'echo hup >got' HUP; : >ready; while :; do sleep 0.02; done"},
        "exists a/ready; svc -h a; exists a/got; svstat a",
    ),
    "supervise: it wants down and is up": (
        "supervise",
        {"run": "trap '' TERM; : >ready; while :; do sleep 0.05; done"},
        "exists a/ready; svc -d a; await a want.down; svstat a; svc -k a; await a 'a: down'",
    ),
    "supervise: sv cannot read it": ("supervise", {}, "sv status a; echo $?; sv up a; echo $?"),
    "runsv: status": (
        "runsv",
        {},
        (
            "sv -v up a; sv status a; svstat a; svok a; echo $?; svc -d a; await a 'a: down';"
            "sv status a; svstat a"
        ),
    ),
    "runsv: start and stop": (
        "runsv",
        {"down": ""},
        "sv status a; sv start a; echo $?; sv start a; sv status a; sv stop a; sv stop a; echo $?",
    ),
    "runsv: restart": (
        "runsv",
        {},
        "sv start a; sv restart a; echo $?; sv try-restart a; sv force-restart a; sv -v t a",
    ),
    "runsv: a service that ignores TERM": (
        "runsv",
        {"run": "trap '' TERM; : >ready; while :; do sleep 0.05; done"},
        (
            "sv start a; exists a/ready; SVWAIT=0 sv stop a; echo $?; sv status a; svstat a;"
            "SVWAIT=1 sv force-stop a; echo $?; await a 'a: down'; sv status a"
        ),
    ),
    "runsv: restart of what ignores TERM": (
        "runsv",
        {"run": "trap '' TERM; : >ready; while :; do sleep 0.05; done"},
        (
            "sv start a; exists a/ready; await a ' ([2-9]|[0-9]{2,}) sec'; sv -w 1 restart a;"
            "echo $?; sv status a"
        ),
    ),
    "runsv: finish": (
        "runsv",
        {"finish": ": >finishing; while [ ! -e go ]; do sleep 0.02; done"},
        (
            "sv start a; sv d a; exists a/finishing; await a want;"
            " sv status a; svstat a; SVWAIT=0 sv stop a;"
            "echo $?; : >a/go; sv stop a; echo $?; sv status a"
        ),
    ),
    "runsv: a check that says no, then yes": (
        "runsv",
        {"check": "[ -e good ]"},
        (
            "SVWAIT=0 sv start a; echo $?; SVWAIT=0 sv check a; echo $?; : >a/good; sv start a;"
            "echo $?; sv check a; sv restart a; echo $?"
        ),
    ),
    "runsv: a check when it is down": (
        "runsv",
        {"check": "exit 1"},
        "sv d a; sv stop a; sv check a",
    ),
    "runsv: a log": (
        "runsv",
        {"log/run": "exec cat >lines"},
        (
            "await a ^a:.up; await a/log g:.up; sv start a a/log; sv status a a/log;"
            "svstat a a/log; sv d a/log; sv stop a; await a/log g:.down; sv s a; sv -v x a; echo $?"
        ),
    ),
    "runsv: pause and cont": (
        "runsv",
        {},
        "sv start a; sv -v pause a; sv status a; svstat a; sv -v cont a; sv status a",
    ),
    "runsv: once": (
        "runsv",
        {"down": ""},
        # What went down in this very second counts as having been up since the command.
        (
            "await a ' [1-9][0-9]* sec'; sv -v once a; await a 'a: up'; sv status a; svstat a;"
            "sv stop a"
        ),
    ),
    "runsv: exit": (
        "runsv",
        {},
        (
            "sv start a; sv shutdown a; echo $?; sv status a; echo $?; svok a; echo $?; svstat a;"
            "sv -v x a; echo $?; sv -v u a; echo $?"
        ),
    ),
    "runsv: exit by letter": ("runsv", {}, "sv start a; sv -v exit a; echo $?; svok a; echo $?"),
    "runsv: force-shutdown of what ignores TERM": (
        "runsv",
        {"run": "trap '' TERM; : >ready; while :; do sleep 0.05; done"},
        "sv start a; exists a/ready; sv -w 1 force-shutdown a; echo $?; sv -v x a; echo $?",
    ),
    "runsv: signals": (
        "runsv",
        {
            "run": 'for s in HUP ALRM INT QUIT USR1 USR2; do trap "echo $s >>got" $s; done;'
            ": >ready; while :; do sleep 0.02; done"
        },
        (
            "sv start a; exists a/ready; for w in h a i q 1 2; do sv $w a;"
            "n=$((n + 1)); until [ $n = $(cat a/got | wc -l) ]; do sleep 0.02; done; done 2>&-;"
            "cat a/got; sv reload a; echo $?"
        ),
    ),
    "runsv: it dies": (
        "runsv",
        {},
        "sv start a; sv k a; sv -v t a; sv start a; sv kill a; sv -v k a; echo $?",
    ),
    "runsv: as an init script": (
        "runsv",
        {"down": ""},
        (
            "mkdir i; ln -s $TOOLS/sv i/a; for w in status start status; do i/a $w; echo $?; done;"
            "await a ' ([2-9]|[0-9]{2,}) sec'; for w in restart status stop status force-reload foo"
            " shutdown status; do i/a $w; echo $?; done"
        ),
    ),
    "runsv: two services, one will not": (
        "runsv",
        {"check": "[ $(pwd -P | sed 's,.*/,,') = b ]"},
        (
            "await a ^a:.up; await b ^b:.up; SVWAIT=0 sv start a b nonesuch; echo $?;"
            "sv status a b; sv stop b a"
        ),
    ),
    "s6-supervise: svc": (
        "s6-supervise",
        {},
        (
            "s6-svwait -u a; svc -d a; s6-svwait -d a; s6-svstat -o up a; svstat a; svok a;"
            "echo $?; sv status a; svc -u a; s6-svwait -u a; s6-svstat -o up a; svc -xd a"
        ),
    ),
}


def prepare(case):
    """What makes the trees of CASE: one live service in each, or two."""
    kind, files, _ = CASES[case]

    def prepare(tree, script, scripts, made):
        for name in ("a", "b") if " b " in script else ("a",):
            made[name] = supervise(kind, tree / name, scripts, **files)

    return prepare


PARAMS = [
    pytest.param(Case(script, prepare(case)), id=case, marks=pytest.mark.needs(kind))
    for case, (kind, _, script) in CASES.items()
]


@pytest.mark.parametrize("case", PARAMS)
def test_a_history(compare, case):
    """The same commands, to the same services, have the same answers."""
    compare(case)
