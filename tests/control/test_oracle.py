"""svc, svstat, svok and sv under their own names, beside the C programs, byte for byte.

Here the supervisor is the test itself: any status can be had, and what is written to
supervise/control is compared too.
"""

import os
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import TOOLS, Fake, cases, status

pytestmark = pytest.mark.needs(*TOOLS)

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


def prepare(tree, script, _scripts, made):
    """The services that the SCRIPT names, of those that there are; MADE takes the Fakes."""
    for name in sorted(set(re.findall(r"[\w-]+", script)) & set(ALL)):
        make(tree, name, made)


def make(tree, name, made):
    """The service NAME, whatever is odd about it."""
    if name in CHECKS:
        made[name] = Fake(tree / name, status(9, age=-1000))
        (tree / name / "check").write_text(CHECKS[name])
        (tree / name / "check").chmod(0o644 if name == "check-mode" else 0o755)
    elif name in LOGS:
        made[name] = Fake(tree / name, status(9))
        if LOGS[name]:
            made[name + "/log"] = Fake(tree / name / "log", LOGS[name])
    elif name not in ODD or ODD[name]:
        made[name] = Fake(tree / name, STATES.get(name, status(9)))
    if name in MORE:
        MORE[name](tree, tree / name, made.get(name))


def deaf(_tree, _path, fake):
    """Have nobody read what is written to control."""
    os.close(fake.fds.pop())
    os.close(fake.fds.pop(0))
    fake.got = lambda: b""


def status_dir(_tree, path, _fake):
    """Have a directory in place of the status."""
    (path / "supervise/status").unlink()
    (path / "supervise/status").mkdir()


CHECKS = {
    "check-yes": "#!/bin/sh\necho out; echo err >&2; exit 0\n",
    "check-no": "#!/bin/sh\nexit 1\n",
    "check-killed": "#!/bin/sh\nkill -9 $$\n",
    "check-mode": "#!/bin/sh\nexit 1\n",
    "check-interpreter": "#!/nonesuch\n",
    "check-stdout": "#!/bin/sh\n[ ! -e /proc/$$/fd/1 ]\n",
    "check-name": "#!/bin/sh\n[ $0 = ./check ] || [ $0 = check ]; pwd -P | sed 's,.*/,,' >&2\n",
}
# What their logs have for a status; nothing where the log is something else.
LOGS = {
    "logged": status(10),
    "log-djb": status(10)[:18],
    "log-short": b"x",
    "log-file": b"",
    "log-dead": b"",
    "log-loop": b"",
}
# Whether there is a supervisor.
ODD = {
    "dead": False,
    "never": False,
    "file": False,
    "loop": False,
    "nonesuch": False,
    "no-control": True,
    "deaf": True,
    "no-status": True,
    "status-dir": True,
    "down-loop": True,
    "normally-down": True,
}
# What else is done to them.
MORE = {
    "normally-down": lambda _tree, path, _fake: (path / "down").touch(),
    "down-loop": lambda _tree, path, _fake: (path / "down").symlink_to("down"),
    "log-file": lambda _tree, path, _fake: (path / "log").touch(),
    "log-dead": lambda _tree, path, _fake: (path / "log").mkdir(),
    "log-loop": lambda _tree, path, _fake: (path / "log").symlink_to("log"),
    "no-status": lambda _tree, path, _fake: (path / "supervise/status").unlink(),
    "no-control": lambda _tree, path, _fake: (path / "supervise/control").unlink(),
    "status-dir": status_dir,
    "deaf": deaf,
    "dead": lambda _tree, path, _fake: Fake(path, status(9)).close(),
    "never": lambda _tree, path, _fake: path.mkdir(),
    "file": lambda _tree, path, _fake: path.touch(),
    "loop": lambda _tree, path, _fake: path.symlink_to("loop"),
}
SEEN = [*STATES, *LOGS, *ODD]
ALL = [*SEEN, *CHECKS]

SAID = "svstat {0}; echo $?; svok {0}; echo $?; sv status {0}; echo $?"


@cases(prepare, {name: SAID.format(name) for name in SEEN})
def test_what_is_said_of_a_service(compare, case):
    """svstat, svok and sv status agree about every service there can be, in every form."""
    assert compare(case)[1].count(b"\n") >= 5


WORDS = "up down once pause cont hup alarm interrupt quit 1 2 term kill exit"
TOLD = "svc -dux {0}; echo $?; for word in {1}; do sv $word {0}; echo $?; done"


@cases(prepare, {name: TOLD.format(name, WORDS) for name in SEEN})
def test_what_is_written_to_a_supervisor(compare, case):
    """The letters of svc come in one go; sv writes each command's, if that is not wanted yet."""
    compare(case)


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


@cases(prepare, {word: f"SVWAIT=0 sv {word} {' '.join(KINDS)}; echo $?" for word in WAITS})
def test_what_sv_waits_for(compare, case):
    """Each command waits for what it asked for, says so, and gives up in its own words."""
    out = compare(case)[1]
    assert any(head in out for head in (b"ok: ", b"timeout: ", b"kill: "))


CHECKED = {
    f"{word} {name}": f"SVWAIT=0 sv {word} {name}; echo $?"
    for word in ("start", "check", "-v term")
    for name in CHECKS
}


@cases(prepare, CHECKED)
def test_a_check_script(compare, case):
    """./check decides, with stdout closed; one that cannot be run, or is killed, is a yes."""
    compare(case)


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


COMMANDS = ("svc -d", "svstat", "svok", "sv s", "sv d", "svc", "sv")
TYPED = {
    f"{command}: {name}": line.format(command) + "; echo $?"
    for command in COMMANDS
    for name, line in LINES.items()
}


@cases(prepare, TYPED)
def test_a_command_line(compare, case):
    """The same command line has the same end."""
    compare(case)


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


@cases(prepare, {name: line + "; echo $?" for name, line in SV.items()})
def test_a_command_line_of_sv(compare, case):
    """Options, variables, words and names of sv."""
    compare(case)


LSB = ("status", "start", "stop", "restart", "check", "up", "st", "foo", "", "-V", "-q", "-w 0 s")


LINKS = ("up", "down", "dead", "never", "djb", "logged", "nonesuch")


def as_link(name, target="$TOOLS/sv"):
    """A script that calls a link to TARGET under NAME in every way."""
    words = " ".join(f"'{word}'" for word in LSB)
    script = f"ln -s {target} ../$$; mkdir i$$; ln -s {target} i$$/{name}; export SVWAIT=0;"
    script += f"for word in {words}; do i$$/{name} $word; echo $?; done; PATH=i$$; {name} status"
    return script


@cases(
    prepare,
    {name: as_link(name) for name in LINKS}
    | {f"{name}, pysv": as_link(name, "$COMMAND") for name in LINKS},
)
def test_an_init_script(compare, case):
    """A link to sv, or to pysv, under a service's name speaks and ends as LSB has it."""
    compare(case)


UNREADABLE = "mkdir i; ln -s $TOOLS/sv i/up; i=$PWD/i/up; chmod 111 .; plain $i status; echo $?"


@cases(prepare, {"closed": UNREADABLE + "; chmod 755 ."})
def test_an_init_script_in_a_directory_that_may_not_be_read(compare, case):
    """What cannot be done at all has a code of its own."""
    assert b"151" in compare(case)[1]


@cases(prepare, {"envdir": "mkdir e; envdir e sv status up"})
def test_a_chain_that_ends_in_sv_is_not_an_init_script(compare, case):
    """What a chain becomes is called by its own name."""
    assert b"run: up" in compare(case)[1]


@cases(prepare, {"letters": "svc -uudx -ku -h up down"})
def test_letters_are_sent_once_and_in_order(compare, case):
    """Of the same letter only the first counts."""
    assert compare(case)[3]["up"] == b"udxkh"


@cases(prepare, {"none": "svc up; echo $?"})
def test_no_letters(compare, case):
    """With nothing to say svc writes nothing."""
    assert compare(case)[3]["up"] == b""


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
