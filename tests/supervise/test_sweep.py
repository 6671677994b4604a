"""What is left behind when a process of a service ends: all of it is ended, kindly, and told."""

import re
import sys

import pytest

from tests.conftest import wait_until
from tests.supervise.conftest import LISTENER, children_of, state

# Starts another when it is told to end, which says what it hears.
BREEDS = f"""#!{sys.executable} -IS
import os, signal, sys, time
def say(text):
    with open("said", "a") as said:
        said.write(text + "\\n")
def hear(number, frame):
    say("heard %d" % os.getpid())
    breed() if "on" in sys.argv else os._exit(0)
def breed():
    # Python forgets what a child hears before it is one.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    if os.fork():
        os._exit(0)
    say("born %d" % os.getpid())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
def begin(number, frame):
    signal.signal(signal.SIGTERM, hear)
    breed()
signal.signal(signal.SIGTERM, begin)
say("up")
while True:
    time.sleep(0.05)
"""
BACKGROUND = "{} &\nuntil [ -s said ]; do sleep .01; done\nexec sleep 1000\n"


def test_a_stray_that_is_born_of_the_signal_hears_it_too(serve, place, script):
    """Kind: what is born after the first signal was to end by KILL only."""
    script(place / "bin/breeds", BREEDS)
    kept = serve({"run": " " + BACKGROUND.format("breeds")})
    kept.wait_for("said")
    kept.say("d")
    kept.is_(state="down")
    born, heard = kept.lines("said")[1:]
    assert heard == born.replace("born", "heard")


def test_strays_that_are_born_without_end_are_killed(serve, place, script):
    """Each hears the signal; after three times what one has, all are killed."""
    script(place / "bin/breeds", BREEDS)
    kept = serve({"run": " " + BACKGROUND.format("breeds on"), "timeout-kill": "200\n"})
    kept.wait_for("said")
    kept.say("d")
    kept.is_(state="down")
    assert kept.stop() == 0
    said = [line.split() for line in kept.lines("said")[1:]]
    born, heard = ({pid for what, pid in said if what == word} for word in ("born", "heard"))
    assert heard
    assert len(born - heard) <= 1
    assert not [(pid, state(pid)) for pid in born if state(pid)]


def test_each_stray_hears_the_signal_once(serve, place, script):
    """However often somebody looks, and whatever is born beside it."""
    script(place / "bin/breeds", BREEDS)
    script(place / "bin/stays", LISTENER)
    run = f"stays stay &\nuntil [ -s heard ]; do sleep .01; done\n{BACKGROUND.format('breeds on')}"
    kept = serve({"run": " " + run, "timeout-kill": "300\n"})
    kept.wait_for("said")
    kept.say("d")
    kept.is_(state="down")
    assert kept.lines("heard")[1:] == ["SIGTERM", "SIGCONT"]


LEAVES = {
    "exits": (" sleep 1000 &\necho $! >left\n", ""),
    "forks twice": (" setsid sh -c 'echo $$ >left; exec sleep 1000' &\n", ""),
}


@pytest.mark.parametrize("sub", ["", "log/"])
@pytest.mark.parametrize("kind", ["exits", "forks twice"])
def test_what_finish_leaves_is_ended(serve, sub, kind):
    """Kind: only what run left was; in the finish of a logger as well."""
    files = {"run": " exec sleep 1000\n", "log/run": " exec cat >>out\n"}
    finish = LEAVES[kind][0] + "until [ -s left ]; do sleep .01; done\n"
    kept = serve(files | {f"{sub}finish": finish})
    kept.up()
    assert kept.stop() == 0
    left = int((kept.path / sub / "left").read_text())
    assert state(left) is None
    assert f"ending what s/{sub}finish, pid " in kept.supervisor.err()


def test_a_finish_that_is_killed_takes_with_it_what_it_started(serve):
    """It is a shell, and what takes so long is its child."""
    finish = " sh -c 'echo $$ >left; exec sleep 1000'; true\n"
    kept = serve({"run": " exec sleep 1000\n", "finish": finish, "timeout-finish": "300\n"})
    kept.up()
    kept.say("d")
    left = int(kept.wait_for("left")[0])
    kept.is_(state="down")
    assert state(left) is None
    assert not children_of(kept.supervisor.pid)


def test_a_program_in_the_background_is_told_of_once(serve):
    """Kind: a run that ends with its work in the background, which is ended each time."""
    kept = serve({"run": " echo up >>noted; exec sleep 1000 &>/dev/null\n"})
    kept.wait_for("noted", 3)
    told = [line for line in kept.supervisor.err().splitlines() if "ending" in line]
    said = r"ending what s, pid \d+, left behind when it exited with code 0: process \d+( \(.+\))?"
    assert len({re.sub(r"\d+", "N", line) for line in told}) == len(told) <= 2
    assert re.fullmatch("pysupervise: warning: " + said, told[0])


def test_what_ends_after_one_that_was_told_to_is_no_news(serve):
    """A worker may take longer than the one that was told."""
    kept = serve({"run": " sleep 1000 & echo up >noted\nexec sleep 1000\n"})
    kept.wait_for("noted")
    kept.say("d")
    kept.is_(state="down")
    assert kept.supervisor.err() == ""


def test_a_program_without_a_directory_is_told_of_too(supervise, place, script):
    """By the name of the program."""
    script(place / "bin/forks", "#!/bin/sh\nsleep 1000 &\ntouch forked\n")
    kept = supervise("forks")
    line = wait_until(lambda: "ending" in kept.err() and kept.err().splitlines()[0])
    assert "ending what forks, pid " in line


def test_what_a_stray_ends_with_is_left_in_peace(serve):
    """A trap may start something: it hears nothing before its parent has gone or had its time."""
    ending = 'trap "echo cut >>said" TERM; for i in 1 2 3 4 5 6 7 8; do sleep .1; done'
    trap = "trap 'sh -c \"$ending; echo done >>said\"; exit' TERM"
    stray = f"ending='{ending}'\n({trap}; touch here; while :; do sleep .01; done) &\n"
    kept = serve({"run": f" {stray}until [ -e here ]; do sleep .01; done\nexec sleep 1000\n"})
    wait_until((kept.path / "here").exists)
    kept.say("d")
    kept.is_(state="down")
    assert kept.lines("said") == ["done"]
