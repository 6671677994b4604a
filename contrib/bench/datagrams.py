"""Lines from a pipe to a syslog socket: how many in a second."""

import os
import random
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
HEADED = list(HEADS)[:2]  # what is read without formats
ERROR = HEADED[1]
# Lines that have no level.
PLAIN = {
    "a date and no level": lambda i: f"2026-11-29 13:16:{i % 60:02} {prose()}",
    "a request": lambda i: (
        f"10.{i % 251}.0.{i % 13} - - [29/Nov/2026:13:16:{i % 60:02} +0000] "
        f'"GET /some/path/{i} HTTP/1.1" 200 {i % 997} "-" "curl/8.5.0"'
    ),
    "prose": lambda _: prose(),
}
CHANCE = random.Random(1)  # noqa: S311 - which words are said
SYLLABLES = [a + b for a in "bdfghklmnprstvw" for b in "aeiou"]


def prose():
    """A sentence of words that nobody remembers."""
    said = CHANCE.choices(SYLLABLES, k=40)
    return " ".join("".join(said[i : i + 1 + i % 5]) for i in range(0, 36, 3))


def rows(*, quick):
    """A row for each way to say a level, and for each kind of lines that have none."""
    lacking = missing("logger")
    lines, rounds = (100_000, 3) if quick else (1_000_000, 9)
    write("error", lines, lambda i: f"{HEADS[ERROR](i)}{TEXT % i}")
    ours = [SCRIPTS / "pysissylog", "--to", "syslog:./socket", "bench"]
    theirs = ["logger", "--prio-prefix", "-t", "bench", "-u", "./socket"]
    for title, head in HEADS.items():
        write("lines", lines, lambda i, head=head: f"{head(i)}{TEXT % i}")
        contenders = {"pysissylog": rate(ours, lines)}
        wanted = {"logger --prio-prefix": "at least 1.0"}
        if title not in HEADED:
            name = f"pysissylog, {ERROR}"
            contenders[name] = rate(ours, lines, "error")
            wanted[name] = "at least 0.9"
        if not lacking:
            contenders["logger --prio-prefix"] = rate(theirs, lines)
        yield Row(
            f"Lines from a pipe to a datagram socket that is read, {title}",
            "thousand lines a second",
            in_turns(contenders, rounds),
            wanted,
            lacking,
        )
    for title, line in PLAIN.items():
        write("lines", lines, line)
        heads = [*ours[:1], "--levels", "head", *ours[1:]]
        yield Row(
            f"Lines from a pipe to a datagram socket that is read, {title}",
            "thousand lines a second",
            in_turns(
                {"pysissylog": rate(ours, lines), "looking for heads only": rate(heads, lines)},
                rounds,
            ),
            {"looking for heads only": "at least 0.9"},
        )


def write(name, count, line):
    """COUNT lines, each as LINE makes it of its number, in the file NAME."""
    with Path(name).open("w") as file:
        file.writelines(f"{line(i)}\n" for i in range(count))


def rate(argv, lines, name="lines"):
    """A function that sends the file NAME, of LINES lines, through ARGV, and gives the rate."""

    def take():
        with socket(AF_UNIX, SOCK_DGRAM) as server:
            server.setsockopt(SOL_SOCKET, SO_RCVBUF, 1 << 20)
            server.bind("./socket")
            before = time.perf_counter()
            cat = subprocess.Popen(["cat", name], stdout=subprocess.PIPE)
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
