"""How much memory a logger ever has, and whether more lines make that more."""

import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from socket import AF_UNIX, SOCK_DGRAM, create_server, socket

import logs
from sample import ENVIRON, SCRIPTS, Row
from tcp import drained

TIMES = 6  # as many lines again: a gigabyte


def rows(*, quick):
    """A row a tool: each kind of work, with many lines and with six times as many."""
    count = 20_000 if quick else 2_000_000
    logs.write_lines(count)
    size, keep = f"s{logs.SIZE}", f"n{logs.KEEP}"
    works = {
        "pymultilog, stamped": (nothing, ["pymultilog", "t", size, keep, "./d"]),
        "pymultilog, as they are": (nothing, ["pymultilog", size, keep, "./d"]),
        "pymultilog, two levels of six": (
            nothing,
            ["pymultilog", size, keep, *logs.CHOSEN, "./d"],
        ),
        "pymultilog, twenty patterns": (
            nothing,
            ["pymultilog", size, keep, *logs.PATTERNS, "./d"],
        ),
        "pysissylog, to a socket": (datagrams, ["pysissylog", "--to", "syslog:./socket"]),
        "pysissylog, over TCP": (stream, ["pysissylog", "--to", "tcp://127.0.0.1:{}"]),
    }
    samples = {"pymultilog": {}, "pysissylog": {}}
    for name, (server, argv) in works.items():
        for what, times in ("", 1), (f", {TIMES} times as many", TIMES):
            with server() as port:
                words = [word.format(port) for word in argv]
                found = [most([SCRIPTS / words[0], *words[1:]], times)]
                samples[words[0]][name + what] = found
    for tool, taken in samples.items():
        title = f"Resident memory of {tool} at most, {count:,} lines"
        yield Row(title, "MiB (24 wanted at most)", taken, {})


def most(argv, times):
    """How many MiB ARGV ever has, while the file `lines` goes through it so many TIMES."""
    logs.furnish()
    cat = subprocess.Popen(["cat", *["lines"] * times], stdout=subprocess.PIPE)
    logger = subprocess.Popen(argv, stdin=cat.stdout, env=ENVIRON)
    cat.stdout.close()
    largest = 0
    # wait4(2) would count what we had at its fork.
    while logger.poll() is None:
        for line in Path(f"/proc/{logger.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                largest = max(largest, int(line.split()[1]) / 1024)
        time.sleep(0.01)
    cat.wait()
    return largest


@contextmanager
def nothing():
    """No server is needed."""
    yield None


@contextmanager
def datagrams():
    """A socket that is read."""
    with socket(AF_UNIX, SOCK_DGRAM) as server:
        server.bind("./socket")
        reader = threading.Thread(target=received, args=(server,))
        reader.start()
        yield None
        with socket(AF_UNIX, SOCK_DGRAM) as last:
            last.sendto(b"end", "./socket")
        reader.join()
    Path("socket").unlink()


def received(server):
    """Read from SERVER until it is told to end."""
    while server.recv(4096) != b"end":
        pass


@contextmanager
def stream():
    """A TCP server that reads, at the port that this gives."""
    with create_server(("127.0.0.1", 0)) as server:
        reader = threading.Thread(target=lambda: drained(server.accept()[0]))
        reader.start()
        yield server.getsockname()[1]
        reader.join()
