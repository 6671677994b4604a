"""svc, svstat, svok and sv under their own names, beside the C programs, byte for byte.

Here the supervisor is the test itself: any status can be had, and what is written to
supervise/control is compared too.
"""

import os
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Fake, status

STATES = {
    "up": status(4711),
    "down": status(want=b"d"),
    "want-up": status(),
    "once": status(4711, want=b"d"),
    "finish": status(5, state=2, want=b"d", term=1),
    "term": status(5, term=1, want=b"d"),
    "paused": status(77, paused=1),
    "future": status(9, age=-1000),
    "old": status(9, age=10**8),
    "big-pid": status(2**22),
    "wild-pid": status(2**31 + 5),
    "djb": status(6)[:18],
    "djb-once": status(6, want=b"\0")[:18],
    "djb-down": status(want=b"d")[:18],
    "long": status(9) + b"more",
    "encore": status(9)[:18] + bytes([3, 0]),
    "zero": bytes(20),
    "ones": b"\xff" * 20,
    "wild": bytes(range(200, 220)),
    "state-3": status(9, state=3),
    "down-with-state": status(0, state=1),
    "short": b"abc",
    "17": status(9)[:17],
    "empty": b"",
}


def prepare(tree):
    """A tree with a service of every kind; gives the Fakes."""
    made = {name: Fake(tree / name, data) for name, data in STATES.items()}
    for name, log in {"logged": status(10), "log-djb": status(10)[:18], "log-short": b"x"}.items():
        made[name] = Fake(tree / name, status(9))
        made[name + "/log"] = Fake(tree / name / "log", log)
    for name, check in CHECKS.items():
        made[name] = Fake(tree / name, status(9, age=-1000))
        (tree / name / "check").write_text(check)
        (tree / name / "check").chmod(0o644 if name == "check-mode" else 0o755)
    for name in ("normally-down", "log-file", "log-dead", "log-loop", "down-loop", "no-status"):
        made[name] = Fake(tree / name, status(9))
    (tree / "normally-down/down").touch()
    (tree / "log-file/log").touch()
    (tree / "log-dead/log").mkdir()
    (tree / "log-loop/log").symlink_to("log")
    (tree / "down-loop/down").symlink_to("down")
    (tree / "no-status/supervise/status").unlink()
    Fake(tree / "dead", status(9)).close()
    (tree / "never").mkdir()
    (tree / "file").touch()
    (tree / "loop").symlink_to("loop")
    made["no-control"] = Fake(tree / "no-control", status(9))
    (tree / "no-control/supervise/control").unlink()
    made["deaf"] = Fake(tree / "deaf", status(9))
    os.close(made["deaf"].fds.pop())
    os.close(made["deaf"].fds.pop(0))
    made["deaf"].got = lambda: b""
    made["status-dir"] = Fake(tree / "status-dir", b"")
    (tree / "status-dir/supervise/status").unlink()
    (tree / "status-dir/supervise/status").mkdir()
    return made


CHECKS = {
    "check-yes": "#!/bin/sh\necho out; echo err >&2; exit 0\n",
    "check-no": "#!/bin/sh\nexit 1\n",
    "check-killed": "#!/bin/sh\nkill -9 $$\n",
    "check-mode": "#!/bin/sh\nexit 1\n",
    "check-interpreter": "#!/nonesuch\n",
    "check-stdout": "#!/bin/sh\n[ ! -e /proc/$$/fd/1 ]\n",
    "check-name": "#!/bin/sh\n[ $0 = ./check ] || [ $0 = check ]; pwd -P | sed 's,.*/,,' >&2\n",
}
ODD = ("dead", "never", "file", "loop", "nonesuch", "no-control", "deaf", "no-status", "status-dir")
LOGS = ("logged", "log-djb", "log-short", "log-file", "log-dead", "log-loop", "down-loop")
ALL = [*STATES, *LOGS, *ODD, "normally-down"]


@pytest.mark.parametrize("name", ALL)
def test_what_is_said_of_a_service(both, name):
    """svstat, svok and sv status agree about every service there can be, in every form."""
    script = f"svstat {name}; echo $?; svok {name}; echo $?; sv status {name}; echo $?"
    result = both(script, prepare=prepare)
    assert result[1].count(b"\n") >= 5


@pytest.mark.parametrize("name", ALL)
def test_what_is_written_to_a_supervisor(both, name):
    """The letters of svc come in one go; sv writes each command's, if that is not wanted yet."""
    words = "up down once pause cont hup alarm interrupt quit 1 2 term kill exit"
    script = f"svc -dux {name}; echo $?; for word in {words}; do sv $word {name}; echo $?; done"
    both(script, prepare=prepare)


WAITS = [
    "start",
    "stop",
    "check",
    "restart",
    "try-restart",
    "reload",
    "shutdown",
    "force-stop",
    "force-reload",
]
WAITS += ["force-restart", "force-shutdown", "D", "T", "E", "-v u", "-v o", "-v p", "-v c", "-v k"]
KINDS = ("up", "down", "once", "finish", "term", "paused", "future", "djb", "dead", "no-control")


@pytest.mark.parametrize("word", WAITS)
def test_what_sv_waits_for(both, word):
    """Each command waits for what it asked for, says so, and gives up in its own words."""
    result = both(f"SVWAIT=0 sv {word} {' '.join(KINDS)}; echo $?", prepare=prepare)
    assert any(head in result[1] for head in (b"ok: ", b"timeout: ", b"kill: "))


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("word", ["start", "check", "-v term"])
def test_a_check_script(both, name, word):
    """./check decides, with stdout closed; one that cannot be run, or is killed, is a yes."""
    both(f"SVWAIT=0 sv {word} {name}; echo $?", prepare=prepare)


LINES = {
    "no arguments": "{0}",
    "an unknown option": "{0} -Q up",
    "an unknown option in a cluster": "{0} -uQ up",
    "a colon as an option": "{0} -: up",
    "only --": "{0} --",
    "-- ends the options": "{0} -- -u up",
    "a dash is a directory": "{0} - up",
    "a long option": "{0} --help",
    "another": "{0} --version up",
    "an empty name": "{0} '' up",
    "the current directory": "cd up; {0} .",
    "the directory above": "cd up; {0} ../down",
    "a slash at the end": "{0} up/ down//",
    "a path": "{0} $PWD/up ./down",
    "a name that is too long": "{0} $(printf %0300d 0) up",
    "several": "{0} up nonesuch down dead up",
    "a directory that may not be entered": "chmod 0 up; plain {0} up down",
    "a supervise that may not be entered": "chmod 0 up/supervise; plain {0} up down",
    "a control that may not be written": "chmod 0 up/supervise/control; plain {0} up down",
    "an ok that may not be written": "chmod 0 up/supervise/ok; plain {0} up down",
    "a status that may not be read": "chmod 0 up/supervise/status; plain {0} up down",
    "a current directory that may not be read": "chmod 111 .; plain {0} up; chmod 755 .",
    "a current directory that is gone": "mkdir d; cd d; rmdir ../d; {0} ../up $PWD",
    "stdout is closed": "{0} up >&-",
    "stdout is full": "{0} up >/dev/full",
    "stderr is closed": "{0} nonesuch 2>&-",
}


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("command", ["svc -d", "svstat", "svok", "sv s", "sv d", "svc", "sv"])
def test_a_command_line(both, command, line):
    """The same command line has the same end."""
    both(LINES[line].format(command) + "; echo $?", prepare=prepare)


SV = {
    "the version": "sv -V; echo $?; sv -V status up",
    "-w without a value": "sv -w",
    "-w with a word": "sv -w abc status up",
    "-w in a cluster": "sv -vw0 u down",
    "-w in one word": "sv -w0 u down",
    "-w twice": "sv -w9 -w0 u down",
    "a huge -w": "sv -w 99999999999999999999 up up",
    "SVWAIT": "SVWAIT=0 sv start down",
    "SVWAIT that is no number": "SVWAIT=x sv start down",
    "SVWAIT that is empty": "SVWAIT= sv start down",
    "-w is more than SVWAIT": "SVWAIT=100 sv -w0 start down",
    "SVDIR that is empty": "SVDIR= sv status up ./up",
    "SVDIR that is not there": "SVDIR=/nonesuch sv status up ./up",
    "no SVDIR": "unset SVDIR; sv status nonesuch ./up",
    "a relative SVDIR": "SVDIR=. sv status up",
    "a path and a name": "sv status ./up up $PWD/down up/",
    "a slash at the end is forgotten while waiting": "SVDIR=/ SVWAIT=0 sv start ./up up/",
    "an unknown word": "sv foo up",
    "no word": "sv '' up",
    "a dash": "sv - up",
    "a word by its first letter": "for w in uxx statue once2 cheese try-again; do sv $w up; done",
    "a word that is not enough": "sv restar up; echo $?; sv reloa up; echo $?; sv force up",
    "no service": "sv status; echo $?; sv start",
    "the same twice": "sv d up up",
    "more than 99 failures": "sv s $(seq 100 220)",
    "a service that goes away": "SVWAIT=0 sv start up down nonesuch dead never",
    "exit where nobody runs": "for w in e shutdown X; do SVWAIT=0 sv $w dead up; done",
}


@pytest.mark.parametrize("line", SV)
def test_a_command_line_of_sv(both, line):
    """Options, variables, words and names of sv."""
    both(SV[line] + "; echo $?", prepare=prepare)


LSB = ("status", "start", "stop", "restart", "check", "up", "st", "foo", "", "-V", "-q", "-w 0 s")


@pytest.mark.parametrize("name", ["up", "down", "dead", "never", "djb", "logged", "nonesuch"])
def test_an_init_script(both, name):
    """A link to sv under a service's name speaks and ends as LSB has it."""
    words = " ".join(f"'{word}'" for word in LSB)
    script = f"ln -s $TOOLS/sv ../$$; mkdir i$$; ln -s $TOOLS/sv i$$/{name}; export SVWAIT=0;"
    script += f"for word in {words}; do i$$/{name} $word; echo $?; done; PATH=i$$; {name} status"
    both(script, prepare=prepare)


def test_an_init_script_in_a_directory_that_may_not_be_read(both):
    """What cannot be done at all has a code of its own."""
    script = "mkdir i; ln -s $TOOLS/sv i/up; i=$PWD/i/up; chmod 111 .; plain $i status; echo $?"
    assert b"151" in both(script + "; chmod 755 .", prepare=prepare)[1]


def test_a_chain_that_ends_in_sv_is_not_an_init_script(both):
    """What a chain becomes is called by its own name."""
    assert b"run: up" in both("mkdir e; envdir e sv status up", prepare=prepare)[1]


def test_letters_are_sent_once_and_in_order(both):
    """Of the same letter only the first counts."""
    result = both("svc -uudx -ku -h up down", prepare=prepare)
    assert result[3]["up"] == b"udxkh"


def test_no_letters(both):
    """With nothing to say svc writes nothing."""
    assert both("svc up; echo $?", prepare=prepare)[3]["up"] == b""


@pytest.mark.usefixtures("c_tools")
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.binary(min_size=0, max_size=24))
def test_any_status(originals, run, place, fakes, data):
    """Whatever the status holds, svstat and sv say of it what the originals say."""
    if not (place / "any").exists():
        fakes("any")
    (place / "any/supervise/status").write_bytes(data)
    for tool, argv in (("svstat", ["any"]), ("sv", ["status", "any"])):
        theirs, ours = (run(f"{where}/{tool}", *argv) for where in ("/usr/bin", originals))
        numbers = _close(theirs.stdout, ours.stdout)
        assert numbers, (theirs.stdout, ours.stdout)
        assert (ours.returncode, ours.stderr) == (theirs.returncode, theirs.stderr)


def _close(one, two):
    """Whether the texts are equal but for a second that may have passed between them."""
    cut = re.compile(rb"(\d+)(?= seconds|s\b)")
    ages = [[int(age) for age in cut.findall(text)] for text in (one, two)]
    same = cut.sub(b"", one) == cut.sub(b"", two)
    # A double has no more than 53 bits, which 2**62 shows.
    return same and all(abs(a - b) <= 2048 for a, b in zip(*ages, strict=True))
