"""A process is killed: how long until the next one runs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from sample import ENVIRON, SCRIPTS, Row, five_links, missing, shuffled

# Says who it is, and stays.
PROGRAM = "#!/bin/sh\necho $$\nexec sleep 1000\n"
# No supervisor starts anything twice within a second, and supervise sleeps for that long.
LONG_ENOUGH = 1.2
PEERS = ("supervise", "runsv")


def rows(*, quick):
    """Two rows: through five links, and with none."""
    lacking = missing(*PEERS)
    peers = [peer for peer in PEERS if peer not in lacking]
    pysupervise = str(SCRIPTS / "pysupervise")
    ours, theirs = five_links("py"), five_links()
    one_a_line = " ".join(ours).replace(" py", "\npy")
    chain = f"#!/usr/bin/env pychain\n{one_a_line}\n./program\n"
    shell = f"#!/bin/sh\nexec {' '.join(theirs)} ./program\n"
    linked = {
        "pysupervise, a chain script": ([pysupervise, "."], chain),
        "pysupervise, a command line": ([pysupervise, *ours, "./program"], ""),
        **{f"{peer}, sh and C links": ([peer, "."], shell) for peer in peers},
    }
    plain = {
        "pysupervise, a directory": ([pysupervise, "."], PROGRAM),
        "pysupervise, a command line": ([pysupervise, "./program"], ""),
        **{peer: ([peer, "."], PROGRAM) for peer in peers},
    }
    rounds = 5 if quick else 60
    for how, contenders in ("through five links", linked), ("without a link", plain):
        places = {name: f"{how}/{name}" for name in contenders}
        for name, (_, run) in contenders.items():
            furnish(Path(places[name]), run)
        took = kills({name: (argv, places[name]) for name, (argv, _) in contenders.items()}, rounds)
        targets = dict.fromkeys(list(contenders)[2:], "at most 1.0")
        yield Row(f"From kill -9 to running again, {how}", "milliseconds", took, targets, lacking)


def furnish(place, run):
    """Make PLACE with all that a contender needs: each has its own lock."""
    place.mkdir(parents=True)
    write(place / "program", PROGRAM)
    write(place / "run", run or PROGRAM)
    (place / "env").mkdir()
    (place / "env/NAME").write_text("value\n")


def write(path, text):
    """Make PATH an executable that holds TEXT."""
    path.write_text(text)
    path.chmod(0o755)


def kills(contenders, rounds):
    """The milliseconds that each took to have another process there, ROUNDS times.

    Whoever is first after the sleep meets a machine that sleeps too; and it counts who was before.
    """
    kept = {name: Kept(argv, place) for name, (argv, place) in contenders.items()}
    try:
        samples = {name: [] for name in kept}
        for i in range(rounds + 1):
            time.sleep(LONG_ENOUGH)
            for name in shuffled(kept, i):
                took = kept[name].kill()
                if i:
                    samples[name].append(took)
        return samples
    finally:
        for one in kept.values():
            one.end()


class Kept:
    """A supervisor, and the process under it that says its pid."""

    def __init__(self, argv, place):
        self.supervisor = subprocess.Popen(
            argv, cwd=place, env=ENVIRON, stdout=subprocess.PIPE, bufsize=0
        )
        self.pid = self.hear()

    def hear(self):
        """Wait until a process says its pid."""
        line = os.read(self.supervisor.stdout.fileno(), 64)
        if not line:
            sys.exit(f"{self.supervisor.args} ended")
        return int(line)

    def kill(self):
        """Kill the process, and wait for the next: the milliseconds that took."""
        before = time.perf_counter()
        os.kill(self.pid, signal.SIGKILL)
        self.pid = self.hear()
        return (time.perf_counter() - before) * 1000

    def end(self):
        """End both: the supervisor first, or it would start another."""
        self.supervisor.kill()
        self.supervisor.wait()
        os.kill(self.pid, signal.SIGKILL)
        self.supervisor.stdout.close()
