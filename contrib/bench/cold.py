"""Links from nothing: how long until the program has run."""

import os
import subprocess
import sys
import time
from pathlib import Path

from sample import ENVIRON, SCRIPTS, Row, five_links, in_turns, missing


def rows(*, quick):
    """Five links as they are installed, then five and one of the scripts that `entries` writes."""
    lacking = missing("envdir")
    Path("env").mkdir()
    Path("env/NAME").write_text("value\n")
    make = [sys.executable, "-m", "pydaemontools", "entries", "entries"]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    theirs = {} if lacking else {"five links of daemontools": timed([*five_links(), "true"])}
    chain = [*five_links("py"), "true"]
    one = [*chain[:2], "true"]
    for title, place, words, wanted, peers in (
        ("A cold chain of five links, to the end of `true`", SCRIPTS, chain, "1.3", theirs),
        ("The same after `entries`", Path("entries").absolute(), chain, "1.05", theirs),
        ("One link after `entries`", Path("entries").absolute(), one, "0.95", {}),
    ):
        name = "one link" if words is one else "five links"
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
