"""Lines from a pipe to a syslog socket: how many in a second."""

import os
import subprocess
import sys
import time
from collections import deque
from itertools import repeat
from pathlib import Path
from socket import AF_UNIX, SO_RCVBUF, SOCK_DGRAM, SOL_SOCKET, socket

from sample import ENVIRON, SCRIPTS, Row, in_turns, missing

TEXT = "GET /some/path/%d HTTP/1.1 took 17 ms and gave 200, which is what it should"
WORDS = ["emerg", "alert", "crit", "error", "warning", "notice", "info", "debug"]

HEADS = {
    "`<6>text`": lambda i: f"<{i % 8}>",
    "`error: text`": lambda i: f"{WORDS[i % 8]}: ",
    "nginx": lambda i: f"2026/11/29 13:16:{i % 60:02} [{WORDS[i % 8]}] {700 + i % 4}#7: *{i} ",
    "gunicorn": lambda i: (
        f"[2026-11-29 13:16:{i % 60:02} +0000] [{7000 + i % 4}] [{WORDS[i % 8].upper()}] "
    ),
    "Python's logging": lambda i: (
        f"2026-11-29 13:16:{i % 60:02},{i % 1000:03} - app.db{i % 5} - {WORDS[i % 8].upper()} - "
    ),
}
KINDS = list(HEADS.values())
HEADS["mixed"] = lambda i: KINDS[i % len(KINDS)](i)


def rows(*, quick):
    """A row for levels as <N>, as a word, in three formats of programs, and in all of these."""
    lacking = missing("logger")
    lines = 100_000 if quick else 500_000
    for title, head in HEADS.items():
        Path("lines").write_text("".join(f"{head(i)}{TEXT % i}\n" for i in range(lines)))
        ours = [SCRIPTS / "pysissylog", "--to", "syslog:./socket", "bench"]
        contenders = {"pysissylog": rate(ours, lines)}
        if not lacking:
            theirs = ["logger", "--prio-prefix", "-t", "bench", "-u", "./socket"]
            contenders["logger --prio-prefix"] = rate(theirs, lines)
        yield Row(
            f"Lines from a pipe to a datagram socket that is read, {title}",
            "thousand lines a second",
            in_turns(contenders, 3 if quick else 15),
            {"logger --prio-prefix": "at least 1.0"},
            lacking,
        )


def rate(argv, lines):
    """A function that sends the file `lines`, LINES of them, through ARGV, and gives the rate."""

    def take():
        with socket(AF_UNIX, SOCK_DGRAM) as server:
            server.setsockopt(SOL_SOCKET, SO_RCVBUF, 1 << 20)
            server.bind("./socket")
            before = time.perf_counter()
            cat = subprocess.Popen(["cat", "lines"], stdout=subprocess.PIPE)
            sender = subprocess.Popen(argv, stdin=cat.stdout, env=ENVIRON)
            cat.stdout.close()
            # A loop in C, to be no slower than what is measured.
            deque(map(server.recv, repeat(4096, lines)), maxlen=0)
            took = time.perf_counter() - before
            codes = cat.wait(), sender.wait()
        os.unlink("./socket")
        if any(codes):
            sys.exit(f"{argv} ended with code {codes[1]}")
        return lines / took / 1000

    return take
