"""The stand-in for zdaemon beside zdaemon: a start until it is reported, a stop, the memory."""

import os
import subprocess
import sys
import time
from pathlib import Path

from sample import ENVIRON, SCRIPTS, Row, in_turns

# It ends by itself when it is told to, as a server does.
PROGRAM = """\
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
while True:
    signal.pause()
"""
LEAN = "pyzdaemon after `entries`"
SETTLED = 2.0  # seconds until a manager has freed what it needed for a start


def rows(*, quick):
    """Start to reported, stop to reported, kilobytes of a manager with and without a transcript."""
    place = Path(os.environ.get("PYDAEMONTOOLS_ZDAEMON") or Path(sys.prefix) / "zdaemon")
    commands = {
        "pyzdaemon": SCRIPTS / "pyzdaemon",
        "zdaemon 5.2.1": place / "bin/zdaemon",
        LEAN: lean() / "pyzdaemon",
    }
    lacking = [name for name, file in commands.items() if not file.exists()]
    commands = {name: str(file) for name, file in commands.items() if name not in lacking}
    Path("server.py").write_text(PROGRAM)
    rounds = 3 if quick else 25
    starts, stops = {}, {}

    def round_of(name):
        words = [commands[name], "-s", f"{len(name)}.sock", "-p", f"{sys.executable} server.py"]
        starts.setdefault(name, []).append(run(*words, "start"))
        time.sleep(0.2)
        stops.setdefault(name, []).append(run(*words, "stop"))
        time.sleep(0.2)
        return 0

    in_turns({name: lambda name=name: round_of(name) for name in commands}, rounds)
    for ours, title in (
        ("pyzdaemon", "A start under zdaemon, until it is reported"),
        (LEAN, "The same start under zdaemon after `entries`"),
    ):
        samples = {name: starts[name] for name in (ours, "zdaemon 5.2.1") if name in starts}
        yield Row(title, "milliseconds", samples, wanted("0.125"), lacking)
    yield Row(
        "A stop under zdaemon, of a program that ends when it is told to",
        "milliseconds",
        {name: taken for name, taken in stops.items() if name != LEAN},
        wanted("0.2"),
        lacking,
    )
    commands.pop(LEAN, None)
    for title, more in (
        ("", []),
        (", with what keeps a transcript in a file", ["-t", "transcript"]),
    ):
        samples = {name: [] for name in commands}
        for _ in range(1 if quick else 5):
            for name in commands:
                samples[name].append(memory(commands[name], f"{name[:2]}.sock", more))
        name = f"Memory (PSS) of a manager of zdaemon{title}"
        yield Row(name, "kB", samples, {} if more else wanted("0.5"), lacking)


def lean():
    """The scripts that `entries` writes, which need no shell, in a directory made for that here."""
    made = [sys.executable, "-m", "pydaemontools", "entries", "entries"]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    return Path("entries").absolute()


def wanted(ratio):
    """The ratio that is wanted to the original."""
    return {"zdaemon 5.2.1": f"at most {ratio}"}


def run(*words):
    """The milliseconds that the command WORDS takes."""
    begun = time.perf_counter()
    subprocess.run(words, env=ENVIRON, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - begun) * 1000


def memory(command, socket, more):
    """The kilobytes of what COMMAND leaves behind to keep a program, with MORE options."""
    words = [command, "-s", socket, *more, "-p", "sleep 1000"]
    run(*words, "start")
    try:
        time.sleep(SETTLED)
        status = subprocess.run(
            [*words, "status", "-l"], env=ENVIRON, check=True, capture_output=True
        )
        pid = next(
            line[8:] for line in status.stdout.decode().splitlines() if line[:8] == "manager="
        )
        return sum(pss(one) for one in (pid, *children(pid)) if not is_program(one))
    finally:
        run(*words, "stop")
        time.sleep(0.5)


def children(pid):
    """The children of the process PID."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def is_program(pid):
    """Whether the process PID is the program that is kept."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"sleep\0")


def pss(pid):
    """The kilobytes of memory that the process PID takes: its part of what it shares."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
