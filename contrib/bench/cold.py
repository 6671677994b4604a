"""Five links from nothing: how long until the program has run."""

import os
import sys
import time
from pathlib import Path

from sample import ENVIRON, SCRIPTS, Row, five_links, in_turns, missing


def rows(*, quick):
    """One row: five links, cold."""
    lacking = missing("envdir")
    Path("env").mkdir()
    Path("env/NAME").write_text("value\n")
    chain = [*five_links("py"), "true"]
    chain[0] = str(SCRIPTS / chain[0])
    contenders = {
        "five links": timed(chain),
        "`python3 -c pass`": timed([sys.executable, "-c", "pass"]),
    }
    if not lacking:
        contenders["five links of daemontools"] = timed([*five_links(), "true"])
    yield Row(
        "A cold chain of five links, to the end of `true`",
        "milliseconds",
        in_turns(contenders, 20 if quick else 300),
        {"`python3 -c pass`": "at most 1.3"},
        lacking,
    )


def timed(argv):
    """A function that runs ARGV and gives the milliseconds that took."""
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]

    def take():
        before = time.perf_counter()
        pid = os.posix_spawnp(argv[0], argv, ENVIRON, file_actions=silent)
        status = os.waitpid(pid, 0)[1]
        took = time.perf_counter() - before
        if status:
            sys.exit(f"{argv} ended with the wait status {status}")
        return took * 1000

    return take
