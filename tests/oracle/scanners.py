"""What the comparisons of scanners share: a tree of services of all kinds, and what looks at it."""

import re

from tests.supervise.conftest import make_service

SLEEP = " exec sleep 1000\n"
LOGGED = {"run": " echo hello; exec sleep 1000\n", "log/run": " exec cat >>out\n"}
# What a service can see of who started it, as far as that does not differ from run to run.
TELLS = """#!/bin/sh
set -- $(cut -d' ' -f 3- <"/proc/$$/stat")
session=$4 group=$3
{
    env | grep -v '^PATH=\\|^PWD=' | sort
    umask
    ulimit -n
    basename "$(pwd)"
    [ "$session" = "$$" ] && echo leads || echo belongs
    [ "$group" = "$session" ] && echo same || echo other
    for fd in /proc/$$/fd/*; do echo "${fd##*/}"; done
    readlink "/proc/$$/fd/0"
    while read -r line; do case $line in Sig[BI]*) echo "$line" ;; esac; done <"/proc/$$/status"
} >told.new 2>&1
mv told.new told
exec sleep 1000
"""
TREE = {
    "plain": {"run": SLEEP},
    "two": {"run": SLEEP},
    "two words": {"run": SLEEP},
    "new\nline": {"run": SLEEP},
    "isdown": {"run": SLEEP, "down": ""},
    "logged": LOGGED,
    "keeps": LOGGED,
    "sticky": LOGGED,
    "norun": {},
    "noexec": {"run": "no program\n"},
    "logfile": {"run": SLEEP, "log": "no directory\n"},
    "leaves": {"run": SLEEP},
    "goes": {"run": SLEEP},
    "finishes": {"run": SLEEP, "finish": ' echo "$@" >>ends\n'},
    "tells": {"run": TELLS},
    ".hidden": {"run": SLEEP},
}
TALKS = {
    "talks": {
        "run": " echo first; echo a second line >&2; exec sleep 1000\n",
        "log/run": " exec cat >>out\n",
    }
}
# await DIR PATTERN: until svstat says so. again DIR PID: until it is up by another pid.
# shows PATTERN: whether the scanner's title does.
AWAIT = {
    "await": """#!/bin/sh
turn=0
until svstat "$1" | tr '\\n' ' ' | grep -qE "$2"; do
    turn=$((turn + 1))
    [ $turn -lt 600 ] || { echo "never $2: $(svstat "$1")"; exit 1; }
    sleep 0.03
done
""",
    "again": """#!/bin/sh
turn=0
until now=$(pid "$1") && [ "${now:-0}" != 0 ] && [ "$now" != "$2" ]; do
    turn=$((turn + 1))
    [ $turn -lt 600 ] || { echo "never again: $(svstat "$1")"; exit 1; }
    sleep 0.03
done
""",
    "shows": """#!/bin/sh
ps -ww -o args= -p "$SCANNER" | grep -q "$1"
""",
    "pid": """#!/bin/sh
od -An -j12 -N4 -tu4 --endian=little "$1/supervise/status" | tr -d ' '
""",
}


def make_tree(place, services):
    """Make SERVICES in `sv` of PLACE, and in the large tree what is none."""
    tree = place / "sv"
    tree.mkdir()
    for name, files in services.items():
        make_service(tree / name, files)
    if services is not TREE:
        return
    (place / "other").mkdir()
    (tree / "sticky").chmod(0o1755)
    make_service(place / "away", {"run": SLEEP})
    (tree / "elsewhere").symlink_to("../away")
    make_service(place / "twin", {"run": SLEEP})
    for name in "twin1", "twin2":
        (tree / name).symlink_to("../twin")
    (tree / "nowhere").symlink_to("nosuch")
    (tree / "loop").symlink_to("loop")
    (tree / "file").touch()


def masked(text):
    """TEXT without pids and seconds."""
    text = re.sub(rb"\d+ seconds", b"N seconds", text)
    text = re.sub(rb"\b\d+s\b", b"Ns", text)
    return re.sub(rb"pid \d+", b"pid N", text)
