"""A line now and then, as most programs print: the processor time that a thousand cost."""

import os
import subprocess
import threading
import time
from array import array
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path
from socket import AF_UNIX, SOCK_DGRAM, socket
from termios import FIONREAD

from footprint import received
from sample import ENVIRON, SCRIPTS, Row, in_turns, missing

LINE = b"x" * 60 + b"\n"
RATES = {200: (1.5, 3), 20: (4, 4)}  # lines a second, and what of s6-log and of logger is wanted
SETTLED = 0.3  # seconds in which a logger has dealt with the last line
BURST = 1_000_000  # bytes behind a lone line
PEERS = ("s6-log", "multilog", "svlogd", "logger")


def rows(*, quick):
    """To a directory and to a socket, at each rate; and what a burst behind a lone line meets."""
    lacking = missing(*PEERS)
    kinds = {
        "to a directory": {
            "pymultilog": [str(SCRIPTS / "pymultilog"), "t", "./ours"],
            "s6-log": ["s6-log", "t", "./s6"],
            "multilog": ["multilog", "t", "./djb"],
            "svlogd": ["svlogd", "-tt", "./runit"],
        },
        "to a socket": {
            "pysissylog": [str(SCRIPTS / "pysissylog"), "--to", "syslog:./socket"],
            "logger": ["logger", "--prio-prefix", "-u", "./socket"],
        },
    }
    Path("runit").mkdir()
    with server():
        for rate, wanted in RATES.items():
            count = rate // 4 if quick else 2 * rate
            for (how, argvs), limit in zip(kinds.items(), wanted, strict=True):
                there = {name: argv for name, argv in argvs.items() if name not in lacking}
                took = in_turns(
                    {name: one(argv, rate, count) for name, argv in there.items()},
                    1 if quick else 5,
                )
                peer = list(argvs)[1]
                yield Row(
                    f"{rate} lines a second, one at a time, {how}",
                    "CPU milliseconds for 1,000 lines",
                    took,
                    {peer: f"at most {limit}"},
                    [name for name in argvs if name in lacking],
                )
        yield held(kinds["to a directory"], lacking, quick=quick)


def one(argv, rate, count):
    """A sample: COUNT lines at RATE to ARGV."""

    def take():
        with logger(argv) as (pid, pipe):
            before = used(pid)
            due = time.monotonic()
            for _ in range(count):
                os.write(pipe, LINE)
                due += 1 / rate
                time.sleep(max(0.0, due - time.monotonic()))
            time.sleep(SETTLED)
            return (used(pid) - before) / count * 1000

    return take


def held(argvs, lacking, *, quick):
    """How long a burst behind a lone line holds its writer; the peers wait for nothing."""

    def burst(argv):
        def take():
            with logger(argv) as (_, pipe):
                os.write(pipe, LINE)
                time.sleep(0.01)
                before = time.perf_counter()
                for at in range(0, BURST, 4096):
                    os.write(pipe, (LINE * 68)[: min(4096, BURST - at)])
                return (time.perf_counter() - before) * 1000

        return take

    there = {name: burst(argv) for name, argv in argvs.items() if name not in lacking}
    took = in_turns(there, 2 if quick else 15)
    return Row("A megabyte behind a lone line: its writer is held", "milliseconds", took, {}, [])


@contextmanager
def logger(argv):
    """The pid of ARGV, which has had a line, and the pipe that it reads."""
    process = subprocess.Popen(argv, env=ENVIRON, stdin=subprocess.PIPE, bufsize=0)
    pipe = process.stdin.fileno()
    try:
        os.write(pipe, LINE)
        left = array("i", [1])
        while left[0]:
            time.sleep(0.01)
            ioctl(pipe, FIONREAD, left)
        time.sleep(SETTLED)
        yield process.pid, pipe
    finally:
        process.stdin.close()
        process.wait()


def used(pid):
    """The milliseconds of a processor that PID has used."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


@contextmanager
def server():
    """A syslog socket that is read."""
    with socket(AF_UNIX, SOCK_DGRAM) as one:
        one.bind("./socket")
        reader = threading.Thread(target=received, args=(one,))
        reader.start()
        try:
            yield
        finally:
            with socket(AF_UNIX, SOCK_DGRAM) as last:
                last.sendto(b"end", "./socket")
            reader.join()
