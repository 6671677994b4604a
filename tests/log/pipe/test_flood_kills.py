"""Killed at any instant of a flood, a logger loses no line and doubles none, in each of its places.

So many lines come at once that they are passed on as a block, of which nobody looks at each line.
"""

import json
import random
import re

import pytest

from tests.conftest import DEADLINE, wait_until
from tests.log.conftest import write_all
from tests.log.far import in_time_for, kills, tell
from tests.log.pipe.test_intent_log import everything, written
from tests.log.test_sissylog import unread

STAMP = re.compile(rb"(?m)^@[0-9a-f]{24} ")
LEVELS = "error", "info", "debug", "warning", "notice"
KILLS = kills(100)
SIZE = 400  # lines between two kills: some 40 kB


def text(data):
    """What stands behind the stamps of a log."""
    return STAMP.sub(b"", data).splitlines()


def messages(data):
    """The lines of the messages of a log of JSON."""
    found = [json.loads(line)["message"] for line in data.splitlines()]
    return "\n".join(found).encode().split(b"\n") if found else []


# The command, what its places have, and how that is read.
FILES = "s100000", "n100000"
COMMANDS = {
    "as they are": (("pymultilog", *FILES, "./log"), {"log": (text, False)}),
    "two directories by level": (
        ("pysissylog", *["--to", "dir:log?s99999&n100000", "--to", "dir:two?n100000,p=warning"]),
        {"log": (text, False), "two": (text, True)},
    ),
    "what is important": (
        ("pysissylog", "-p", "warning", "--to", "dir:log?s99999&n100000"),
        {"log": (text, True)},
    ),
    "JSON": (("pymultilog", "J", *FILES, "./log"), {"log": (messages, False)}),
    "JSON by level": (
        ("pymultilog", "J", *FILES, "./log", "Lwarning", "./two"),
        {"log": (messages, False), "two": (messages, True)},
    ),
}


def flood(chance, count):
    """COUNT records, each as its lines, and whether it is at least a warning."""
    made = []
    for at in range(count):
        level = chance.choice(LEVELS)
        lines = [b"%b: %06d %b" % (level.encode(), at, b"and what it says " * 4)]
        if chance.random() < 0.01:
            lines.append(b"  %06d goes on" % at)
        made.append((lines, level in {"error", "warning"}))
    return made


@pytest.mark.kill
@pytest.mark.process
@in_time_for(KILLS)
@pytest.mark.parametrize("what", COMMANDS)
def test_kills_in_a_flood(what, start, pipe, place):
    """Killed by -9 again and again while blocks come in: each line is there once, in its place."""
    command, places = COMMANDS[what]
    chance = random.Random(11)  # noqa: S311 - what comes, and where to cut
    records = flood(chance, SIZE * KILLS)
    path = place / "log"
    for turn in range(KILLS):
        process = start(*command, stdin=pipe[0])
        before = written(path)
        piece = [one for lines, _ in records[turn * SIZE : turn * SIZE + SIZE] for one in lines]
        write_all(pipe[1], b"".join(line + b"\n" for line in piece))
        if turn % 4:
            wait_until(lambda: written(path) != before)  # noqa: B023
        if turn % 10 == 0:
            # What dead loggers left has to have room in the pipe.
            wait_until(lambda: not unread(pipe[0]))
        process.kill()
        process.communicate(timeout=DEADLINE)
    pipe.end()
    process = start(*command, stdin=pipe[0])
    assert process.communicate(timeout=60) == (b"", b"")
    assert process.returncode == 0
    for name, (read, some) in places.items():
        wanted = [one for lines, worth in records for one in lines if worth or not some]
        data, old = everything(place / name)
        assert read(data) == wanted
        assert not [file for file in old if file.name.endswith(".u")]
    tell(f"{what}, killed {KILLS} times: {len(records)} records, none lost, none doubled")
