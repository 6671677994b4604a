"""zdaemon 5.2.1 and ours under its name say the same, each with the other's manager too."""

import pytest

from tests.oracle.zdaemons import PAIRS, History, Players, its_zdaemon

SLEEP = "<runner>\n  program sleep 100\n</runner>\n"


def conf(**keys):
    """A file with a <runner> that has these KEYS."""
    keys = {"program": "sleep 100"} | {name.replace("_", "-"): text for name, text in keys.items()}
    lines = "".join(f"  {name} {text}\n" for name, text in keys.items())
    return {"conf": f"<runner>\n{lines}</runner>\n"}


P = ["-p", "sleep 100"]
ACTIONS = "fg foreground help kill logreopen logtail reopen_transcript restart show start status"
ACTIONS = [*ACTIONS.split(), "stop", "wait"]
# Where nothing runs, one command each.
WORDS = {
    "no program": ["status"],
    "no action": P,
    "nothing": [],
    "help": ["-h"],
    "long help": ["--help"],
    "help by a part": ["--he"],
    "version": ["--version"],
    "unknown option": ["-q", *P, "status"],
    "unknown long option": ["--nosuch", *P, "status"],
    "interactive is gone": ["-i", *P, "status"],
    "option without a value": ["-p"],
    "long option without a value": ["--program"],
    "flag with a value": [*P, "--forever=yes", "status"],
    "ambiguous part": [*P, "--s=x", "status"],
    "conflict": ["-b", "3", "-b", "4", *P, "status"],
    "conflict of long and short": ["-b", "3", "--backoff-limit=4", *P, "status"],
    "conflict of programs": [*P, "-p", "sleep 99", "status"],
    "twice the same": ["-b", "3", "-b", "3", *P, *P, "status"],
    "flags twice": ["-f", "-f", "-d", "-d", *P, "status"],
    "bad backoff": ["-b", "abc", *P, "status"],
    "bad backoff long": ["--backoff-limit", "1.5", *P, "status"],
    "bad codes": ["-x", "0,two", *P, "status"],
    "no codes": ["-x", "", *P, "show"],
    "bad umask": ["-m", "9", *P, "status"],
    "bad timeout": ["-T", "soon", *P, "status"],
    "no directory": ["-z", "/nonexistent/really/not", *P, "status"],
    "no socket directory": ["-s", "/nonexistent/really/not/sock", *P, "status"],
    "unknown user": ["-u", "nosuch", *P, "status"],
    "unknown uid": ["-u", "54321", *P, "status"],
    "override without file": ["-X", "a=b", *P, "status"],
    "no such file": ["-C", "nosuch", "status"],
    "no such action": [*P, "bogus"],
    "no such action with words": [*P, "bogus", "words", "-l"],
    "shell": [*P, "!ls"],
    "quit is gone": [*P, "quit"],
    "reload is gone": [*P, "reload"],
    "empty action": [*P, ""],
    "question mark": [*P, "?"],
    "question mark and word": [*P, "?stop"],
    "status": [*P, "status"],
    "status long": [*P, "status", "-l"],
    "status with another word": [*P, "status", "-x"],
    "stop": [*P, "stop"],
    "wait": [*P, "wait"],
    "kill": [*P, "kill"],
    "kill with a name": [*P, "kill", "hup"],
    "kill with no name": [*P, "kill", "ded"],
    "kill with no number": [*P, "kill", "-234"],
    "kill with a large number": [*P, "kill", "65"],
    "kill with a handler": [*P, "kill", "SIG_DFL"],
    "reopen": [*P, "reopen_transcript"],
    "logreopen": [*P, "logreopen"],
    "logtail without file": [*P, "logtail"],
    "logtail of nothing": [*P, "logtail", "nosuch"],
    "fg": ["-p", "echo hello world", "fg"],
    "foreground": ["-p", "echo hello world", "foreground"],
    "fg with words": ["-p", "echo", "fg", "a", "-l", "b  c"],
    "fg that fails": ["-p", "false", "fg"],
    "fg of quotes": ["-p", "echo 'a b'", "fg"],
    "fg of nothing": ["-p", "nosuch", "fg"],
    "show nothing": [*P, "show", "bogus"],
    "show all options": [
        *("-b", "3", "-f", "-x", "1,2", "-m", "77", "-z", ".", "-l", "l", "-t", "t"),
        *(*P, "show", "options"),
    ],
    "help on nothing": [*P, "help", "bogus"],
    "help on two": [*P, "help", "start", "stop"],
    **{f"help {action}": [*P, "help", action] for action in ACTIONS},
    "help alone": [*P, "help"],
}
# Of files.
WITH_FILE = {
    "file": (conf(), ["status"]),
    "file twice": (conf(), ["-C", "conf", "status"]),
    "file and program": (conf(), ["-p", "echo b", "fg"]),
    "file in capitals": ({"conf": "<RUNNER>\nPROGRAM echo a\n</Runner>\n"}, ["fg"]),
    "file with a define": (
        {"conf": "%define what a\n<runner>\nprogram echo $what ${what}b $$c\n</runner>\n"},
        ["fg"],
    ),
    "file with an include": (
        {"conf": "<runner>\n%include more\n</runner>\n", "more": "program echo included\n"},
        ["fg"],
    ),
    "file with an import": (
        {"conf": "%import zdaemon\n<runner>\nprogram echo a\n</runner>\n"},
        ["fg"],
    ),
    "environment": (
        {
            "conf": "<runner>\nprogram env\n</runner>\n<environment>\nPATH /usr/bin:/bin\n"
            "Some_Name  one  two \nHOME /home/foo\n</environment>\n"
        },
        ["fg"],
    ),
    "empty file": ({"conf": ""}, ["status"]),
    "two runners": ({"conf": SLEEP + SLEEP}, ["status"]),
    "runner with a name": ({"conf": SLEEP.replace("<runner>", "<runner web>")}, ["status"]),
    "no program in file": ({"conf": "<runner>\n</runner>\n"}, ["status"]),
    "unknown key": (conf(nosuch="1"), ["status"]),
    "key of ours": (conf(transcript_size="1MB"), ["status"]),
    "unknown section": ({"conf": SLEEP + "<nosuch/>\n"}, ["status"]),
    "section that is not closed": ({"conf": "<runner>\nprogram sleep 1\n"}, ["status"]),
    "bad number": (conf(backoff_limit="x"), ["status"]),
    "bad boolean": (conf(forever="maybe"), ["status"]),
    "bad directory": (conf(directory="/nonexistent/really/not"), ["status"]),
    "bad transcript": (conf(transcript="/nonexistent/t"), ["status"]),
    "bad python": (conf(python="/nonexistent/python"), ["status"]),
    "bad handler": ({"conf": SLEEP + "<eventlog>\n<nosuch/>\n</eventlog>\n"}, ["status"]),
    "bad level": ({"conf": SLEEP + "<eventlog>\nlevel loud\n</eventlog>\n"}, ["status"]),
    "old keys": (conf(hang_around="yes", default_to_interactive="no", prompt="x>"), ["status"]),
    "override": (conf(), ["-X", "runner/program=echo a", "fg"]),
    "bad override": (conf(), ["-X", "nosuch", "status"]),
    "override of nothing": (conf(), ["-X", "runner/nosuch=1", "status"]),
    "start-timeout": (conf(start_timeout="2"), ["-T", "3", "status"]),
}
ALONE = {name: History(words) for name, words in WORDS.items()}
ALONE |= {
    name: History(["-C", "conf", *words], files=files) for name, (files, words) in WITH_FILE.items()
}
STARTED = (["new", *P, "start"], [*P, "status"])
FILE = ["-C", "conf"]
TERM = "trap '' TERM; echo up; while :; do sleep 0.1; done\n"
# Where a manager runs.
KEPT = {
    "start, status, stop": History(*STARTED, [*P, "stop"], [*P, "status"]),
    "start with words": History(
        ["new", "-p", "sleep", "start", "100"], ["-p", "sleep", "status"], ["-p", "sleep", "stop"]
    ),
    "start twice": History(*STARTED, [*P, "start"], [*P, "stop"]),
    "start by long options": History(
        ["new", "--program=sleep 100", "--socket-name=s", "--backoff-limit=3", "start"],
        ["-s", "s", *P, "status"],
        ["-s", "s", *P, "stop"],
    ),
    "restart": History(*STARTED, [*P, "restart"], [*P, "status"], [*P, "stop"]),
    "restart of what is down": History(["new", *P, "restart"], [*P, "status"], [*P, "stop"]),
    "status -l": History(*STARTED, [*P, "status", "-l"], [*P, "stop"]),
    "an empty word": History(*STARTED, [*P, ""], [*P, "stop"]),
    "kill with no name": History(*STARTED, [*P, "kill", "ded"], [*P, "stop"]),
    "kill CONT": History(*STARTED, [*P, "kill", "CONT"], [*P, "status"], [*P, "stop"]),
    "kill by a number": History(*STARTED, [*P, "kill", "18"], [*P, "stop"]),
    "kill by a long name": History(*STARTED, [*P, "kill", "sigcont"], [*P, "stop"]),
    "kill and started again": History(
        *STARTED, [*P, "kill", "KILL"], [*P, "status"], [*P, "stop"], waits={3: "sleep 2"}
    ),
    "wait": History(["new", "-p", "sleep 2", "start"], ["-p", "sleep 2", "wait"]),
    "fg while it runs": History(*STARTED, [*P, "fg"], [*P, "stop"]),
    "another program": History(
        *STARTED, ["-p", "sleep 99", "status"], ["-p", "sleep 99", "start"], [*P, "stop"]
    ),
    "a program that is a part": History(*STARTED, ["-p", "sleep", "status"], [*P, "stop"]),
    "logreopen": History(
        ["new", "-p", "sh prog", "start"],
        ["-p", "sh prog", "logreopen"],
        ["-p", "sh prog", "stop"],
        files={"prog": "trap 'echo usr2 >got' USR2\n: >up\nwhile :; do sleep 0.1; done\n"},
        waits={1: "test -e up", 2: "test -s got"},
    ),
    "transcript": History(
        ["new", "-p", "sh prog", "-t", "log", "start"],
        ["sh", "mv log log.1"],
        ["-p", "sh prog", "reopen_transcript"],
        ["sh", ": >more"],
        ["sh", "cat log.1 log"],
        ["-p", "sh prog", "stop"],
        files={"prog": "echo one\nwhile [ ! -e more ]; do sleep 0.1; done\necho two\nsleep 100\n"},
        waits={1: "test -s log", 3: "test -e log", 4: "test -s log"},
    ),
    "stop escalates": History(
        ["new", *FILE, "start"],
        [*FILE, "stop"],
        [*FILE, "status"],
        files=conf(program="sh prog", stop_timeout="1", transcript="log") | {"prog": TERM},
        waits={1: "test -s log"},
    ),
    "restart escalates": History(
        ["new", *FILE, "start"],
        [*FILE, "restart"],
        [*FILE, "stop"],
        files=conf(program="sh prog", stop_timeout="1", transcript="log") | {"prog": TERM},
        waits={1: "test -s log"},
    ),
    "by a file": History(["new", *FILE, "start"], [*FILE, "status"], [*FILE, "stop"], files=conf()),
    # zdaemon itself fails, as root, where it has to make a directory.
    "by a file with a socket": History(
        ["sh", "mkdir run"],
        ["new", *FILE, "start"],
        [*FILE, "status"],
        ["sh", "ls -d run/sock"],
        [*FILE, "stop"],
        ["sh", "ls run"],
        files=conf(socket_name="run/sock"),
    ),
    "by a file, thrice": History(
        ["new", *FILE, *FILE, *FILE, "start"], [*FILE, *FILE, "stop"], files=conf()
    ),
    "directory": History(
        ["sh", "mkdir there"],
        ["new", *FILE, "start"],
        ["sh", "cat there/where"],
        [*FILE, "stop"],
        files=conf(directory="there", program="sh HERE/prog")
        | {"prog": "pwd >where\numask >>where\nsleep 100\n"},
        waits={2: "test -s there/where"},
    ),
    "start test": History(
        ["new", *FILE, "start"],
        ["sh", "ls x"],
        [*FILE, "status"],
        [*FILE, "stop"],
        files=conf(program="sh prog", start_test_program="cat x")
        | {"prog": "sleep 2\n: >x\nsleep 100\n"},
    ),
    "start test that takes too long": History(
        ["new", *FILE, "start"],
        [*FILE, "status"],
        [*FILE, "stop"],
        files=conf(start_test_program="cat x", start_timeout="1"),
    ),
    "no such program": History(["new", "-p", "nosuch", "-b", "1", "start"]),
    "no such program with a slash": History(["new", "-p", "./nosuch", "-b", "1", "start"]),
    "no permission": History(
        ["new", "-p", "./prog", "-b", "1", "start"], files={"prog": "#!/bin/sh\n"}
    ),
    "a program that fails": History(
        ["new", "-p", "cat nosuch", "-b", "1", "start"], ["-p", "cat nosuch", "status"]
    ),
    "a program that is done": History(["new", "-p", "pwd", "-b", "1", "start"]),
    "daemon off": History(["new", *FILE, "start"], files=conf(program="sleep 1", daemon="off")),
    "stop between two runs": History(
        ["new", "-p", "sh prog", "start"],
        ["-p", "sh prog", "stop"],
        ["-p", "sh prog", "status"],
        files={"prog": "sleep 1.5\nexit 1\n"},
    ),
}
HISTORIES = ALONE | KEPT
CASES = [(name, "ours") for name in ALONE] + [(name, pair) for name in KEPT for pair in PAIRS]


@pytest.fixture(scope="module")
def players(request, originals):
    """All histories that are asked for, as they are played."""
    mine = [item for item in request.session.items if item.path == request.path]
    wanted = [item.callspec.params["case"] for item in mine if hasattr(item, "callspec")]
    playing = Players(HISTORIES, wanted, its_zdaemon(), f"{originals}/zdaemon")
    yield playing
    playing.end()


@pytest.mark.parametrize("case", CASES, ids=" by ".join)
@pytest.mark.timeout(300)
def test_the_same_is_said(players, case):
    """ZD-7. Every word, on stdout and stderr, and the exit code, but for dots and pids."""
    name, pair = case
    if players.said(name, pair) != players.said(name, "expected"):
        players.again(name, pair)
    assert players.said(name, pair) == players.said(name, "expected")
