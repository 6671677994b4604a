"""Lines from a pipe to a TCP server that counts octets: how many in a second."""

import shutil
import subprocess
import sys
import time
from pathlib import Path
from socket import create_server

from sample import ENVIRON, SCRIPTS, Row, in_turns, missing

TEXT = "GET /some/path/%d HTTP/1.1 took 17 ms and gave 200, which is what it should"


def rows(*, quick):
    """One row: the same lines, the same kind of server, both in RFC 5424's form."""
    lacking = missing("logger")
    lines = 100_000 if quick else 500_000
    Path("lines").write_text("".join(f"<{i % 8}>{TEXT % i}\n" for i in range(lines)))
    end = (TEXT % (lines - 1)).encode()
    contenders = {
        "pysissylog": rate(ours, lines, end),
        "pysissylog with a spool": rate(spooled, lines, end),
    }
    if not lacking:
        contenders["logger -T"] = rate(theirs, lines, end)
    yield Row(
        "Lines from a pipe to a TCP server that only reads",
        "thousand lines a second",
        in_turns(contenders, 3 if quick else 15),
        {"logger -T": "at least 2.0"},
        lacking,
    )


def ours(port):
    """The command line of ours to PORT."""
    return [SCRIPTS / "pysissylog", "--to", f"tcp://127.0.0.1:{port}", "bench"]


def spooled(port):
    """The same, by way of a new spool."""
    shutil.rmtree("spool", ignore_errors=True)
    program, *words = ours(port)
    return [program, "--spool", "spool", *words]


def theirs(port):
    """That of util-linux."""
    words = ["--prio-prefix", "--octet-count", "-t", "bench", "-T", "-n", "127.0.0.1"]
    return ["logger", *words, "-P", str(port)]


def rate(argv, lines, end):
    """A function that sends the file `lines`, LINES of them, through ARGV(port), and gives the
    rate. END is how the last line ends.
    """

    def take():
        with create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            before = time.perf_counter()
            cat = subprocess.Popen(["cat", "lines"], stdout=subprocess.PIPE)
            sender = subprocess.Popen(argv(port), stdin=cat.stdout, env=ENVIRON)
            cat.stdout.close()
            with server.accept()[0] as one:
                last = drained(one)
            took = time.perf_counter() - before
            codes = cat.wait(), sender.wait()
        if any(codes) or not last.endswith(end):
            sys.exit(f"{argv(port)} ended with code {codes[1]}, and its last line is {last!r}")
        return lines / took / 1000

    return take


def drained(one):
    """Read from ONE to its end; give the last of it."""
    room = bytearray(1 << 20)
    last = b""
    while count := one.recv_into(room):
        last = (last + room[max(0, count - 200) : count])[-200:]
    return bytes(last)
