"""Links from nothing: how long until the program has run."""

import os
import subprocess
import sys
import time
from pathlib import Path

from sample import ENVIRON, SCRIPTS, Row, five_links, in_turns, missing

# What it is to do of what the five links do.
CHPST = ["-e", "env", "-l", "lock", "-o", "100", "-P", "-U", "root", "true"]


def rows(*, quick):
    """Five links as they are installed, then of the scripts that `entries` writes: five, one, and
    chpst, that does the work of five.
    """
    lacking = missing("envdir", "chpst")
    Path("env").mkdir()
    Path("env/NAME").write_text("value\n")
    make = [sys.executable, "-m", "pydaemontools", "entries", "entries"]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    alone = {} if lacking else {"runit's chpst": timed(["chpst", *CHPST])}
    theirs = {} if lacking else {"five links of daemontools": timed([*five_links(), "true"])}
    chain = [*five_links("py"), "true"]
    one = [*chain[:2], "true"]
    entries = Path("entries").absolute()
    for title, name, place, words, wanted, peers in (
        (
            "A cold chain of five links, to the end of `true`",
            "five links",
            SCRIPTS,
            chain,
            "1.3",
            theirs,
        ),
        ("The same after `entries`", "five links", entries, chain, "1.05", theirs),
        ("One link after `entries`", "one link", entries, one, "0.95", {}),
        ("chpst's letters after `entries`", "pychpst", entries, ["pychpst", *CHPST], "1.05", alone),
    ):
        environ = ENVIRON | {"PATH": f"{place}:{ENVIRON['PATH']}"}
        contenders = {
            name: timed([str(place / words[0]), *words[1:]], environ),
            "`python3 -c pass`": timed([sys.executable, "-c", "pass"]),
        }
        yield Row(
            title,
            "milliseconds",
            in_turns(contenders | peers, 20 if quick else 300),
            {"`python3 -c pass`": f"at most {wanted}"},
            lacking if peers else (),
        )


def timed(argv, environ=ENVIRON):
    """A function that runs ARGV in ENVIRON and gives the milliseconds that took."""
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]

    def take():
        before = time.perf_counter()
        pid = os.posix_spawnp(argv[0], argv, environ, file_actions=silent)
        status = os.waitpid(pid, 0)[1]
        took = time.perf_counter() - before
        if status:
            sys.exit(f"{argv} ended with the wait status {status}")
        return took * 1000

    return take
