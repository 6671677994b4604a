"""Two million lines through tai64n and tai64nlocal."""

import os
import subprocess
import sys
import time
from pathlib import Path

from sample import ENVIRON, SCRIPTS, Row, in_turns, missing

TEXT = "GET /some/path/%d HTTP/1.1 took 17 ms and gave 200, which is what it should\n"
START = 2**62 + 10 + 1_700_000_000


def rows(*, quick):
    """Three rows: stamping, and reading stamps of few seconds and of many."""
    count = 200_000 if quick else 2_000_000
    for tool, title, label in (
        ("tai64n", "tai64n", lambda _: ""),
        ("tai64nlocal", "tai64nlocal, 500,000 lines a second", crowded),
        ("tai64nlocal", "tai64nlocal, each line in another second", alone),
    ):
        lacking = missing(tool)
        with Path("lines").open("w") as file:
            file.writelines(label(i) + TEXT % i for i in range(count))
        contenders = {f"py{tool}": timed([SCRIPTS / f"py{tool}"])}
        if not lacking:
            contenders[tool] = timed([tool])
        yield Row(
            f"{count:,} lines from a file through {title}",
            "seconds",
            in_turns(contenders, 3 if quick else 15),
            {tool: "at most 1.0"},
            lacking,
        )


def crowded(at):
    """The label of line AT where there are many in a second."""
    return f"@{START + at // 500_000:016x}{at % 500_000 * 2000 + 500:08x} "


def alone(at):
    """The label of line AT where each is in another second."""
    return f"@{START + at:016x}{at * 7919 % 10**6 * 1000 + 500:08x} "


def timed(argv):
    """A function that sends the file `lines` through ARGV and gives the seconds that took.

    The zone is named: without TZ the original looks at /etc/localtime for each line, and
    takes three times as long.
    """

    def take():
        with Path("lines").open("rb") as lines:
            before = time.perf_counter()
            result = subprocess.run(
                argv,
                stdin=lines,
                stdout=subprocess.DEVNULL,
                env=ENVIRON | {"TZ": "UTC"},
                check=False,
            )
            took = time.perf_counter() - before
        if result.returncode:
            sys.exit(f"{os.fsdecode(argv[0])} ended with code {result.returncode}")
        return took

    return take
