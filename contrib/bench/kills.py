#!/usr/bin/env python3
"""Kill a supervisor again and again, its service and its logger too, and count what went wrong.

  contrib/bench/kills.py [ROUNDS [SEED]]

Run it with the python3 of the venv that the toolkit is installed in. There are services of five
kinds, at the same time: without a logger, with one, with `log` in ready, one that is never ready,
and a chain. Each holds a lock that proves it is alone, and prints numbered lines. In a round the
supervisor is killed with -9 at any moment, of its own start too, and in every other round the
service or the logger. Then: who was not killed has the same pid; nothing is there twice; nothing
is there that is not supervised; and with a logger every line is in the log, once.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from sample import ENVIRON, SCRIPTS

PATIENCE = 30.0  # seconds until everything is up again
LONGEST = 0.2  # seconds between two things that happen: a start takes as long, more or less
# Is alone as long as it has the lock; counts what it has printed in a file of its own.
PROGRAM = f"""#!{sys.executable} -IS
import fcntl, os, time
lock = os.open("alone", os.O_RDWR | os.O_CREAT)
me = os.getpid()
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    os.close(os.open(f"doubled-{{me}}", os.O_CREAT))
count = os.open(f"count-{{me}}", os.O_RDWR | os.O_CREAT)
number = 0
while True:
    os.write(FD, b"%d %d\\n" % (me, number))
    number += 1
    os.pwrite(count, b"%d" % number, 0)
    time.sleep(0.003)
"""
LOGGER = "#!/bin/sh\nexec pymultilog s1000000 n1000 ./main\n"
KINDS = {
    "no logger": {"run": PROGRAM.replace("FD", "2")},
    "logger": {"run": PROGRAM.replace("FD", "1"), "log/run": LOGGER},
    "ready log": {"run": PROGRAM.replace("FD", "1"), "log/run": LOGGER, "ready": "log  2.$\n"},
    "not yet ready": {
        "run": PROGRAM.replace("FD", "1"),
        "log/run": LOGGER,
        "notification-fd": "3\n",
        "ready": "notify\n",
    },
    "chain": {
        "run": "#!/usr/bin/env pychain\npysetlock -n ./other\n./program\n",
        "program": PROGRAM.replace("FD", "1"),
        "log/run": LOGGER,
    },
}


class Trial(threading.Thread):
    """A service of a KIND in PLACE, for so many ROUNDS; `wrong` says what went wrong."""

    def __init__(self, kind, place, rounds, seed):
        super().__init__()
        self.kind = kind
        self.place = place
        self.rounds = rounds
        self.chance = random.Random(f"{seed} {kind}")  # noqa: S311 - a seed, so that it can be again
        self.wrong = []
        self.kills = dict.fromkeys(("supervisor", "service", "logger"), 0)
        self.mark = f"KILLS_MARK={os.getpid()}-{place.name}"
        self.logged = "log/run" in KINDS[kind]
        self.supervisor = None
        for name, text in KINDS[kind].items():
            file = place / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            file.chmod(0o755 if text[:2] == "#!" else 0o644)

    def run(self):
        """Go through the rounds, and see what is in the log."""
        try:
            self.start_one()
            for _ in range(self.rounds):
                self.one_round()
            self.stop()
            self.check_log()
        except Exception as error:  # noqa: BLE001 - the top level of this thread
            self.wrong.append(f"{type(error).__name__}: {error}")
        finally:
            self.supervisor.kill()
            for pid in self.marked():
                kill(pid)

    def start_one(self):
        """Start a supervisor."""
        name, _, value = self.mark.partition("=")
        with (self.place / "err").open("ab") as err:
            self.supervisor = subprocess.Popen(
                [SCRIPTS / "pysupervise", "."],
                cwd=self.place,
                env=ENVIRON | {name: value},
                stdin=subprocess.DEVNULL,
                stdout=err,
                stderr=err,
            )

    def one_round(self):
        """Kill what chance will, and see that all is as it was, but for that."""
        before = self.settled()
        victims = ["service", "logger"] if self.logged else ["service"]
        # Not both: what is in the pipe lives as long as somebody has it.
        victim = self.chance.choice([*victims, *[None] * len(victims)])
        when = self.chance.choice(["before", "between", "after"])
        if self.kind == "ready log":
            # Where it goes through the supervisor, two that die together lose what is between.
            self.strike(victim, victim, before)
            victim, before = None, self.settled()
        self.strike(victim, when == "before", before)
        self.pause()
        self.kill_supervisor()
        self.strike(victim, when == "between", before)
        self.pause()
        self.start_one()
        while self.chance.random() < 0.5:
            self.pause()
            self.kill_supervisor()
            self.start_one()
        if when == "after":
            # The one that may be there is not the one that was, if a supervisor restarted it.
            self.pause()
        self.strike(victim, when == "after", before)
        after = self.settled()
        for name, pid in before.items():
            if name != victim and after[name] != pid and not self.leaves(name, victim):
                self.wrong.append(f"{name} was {pid} and is {after[name]}, and nobody killed it")

    def leaves(self, name, victim):
        """Whether NAME is a logger that comes to its end with its supervisor, or the VICTIM."""
        return name == "logger" and (victim == "service" or self.kind == "ready log")

    def strike(self, victim, now, before):
        """Kill the VICTIM, if it is to be NOW."""
        if victim and now:
            self.kills[victim] += 1
            kill(before[victim])
            while alive(before[victim]):
                time.sleep(0.001)

    def kill_supervisor(self):
        """Kill it, and wait until it is gone."""
        self.kills["supervisor"] += 1
        self.supervisor.kill()
        self.supervisor.wait()

    def pause(self):
        """Let some time pass, or none."""
        if self.chance.random() < 0.8:
            time.sleep(self.chance.random() * LONGEST)

    def settled(self):
        """Wait until what is there is what is supervised, and no more: {name: pid}."""
        end = time.monotonic() + PATIENCE
        while True:
            found = self.up()
            there = self.marked() - {self.supervisor.pid}
            if len(found) == 1 + self.logged and there == set(found.values()):
                return found
            if time.monotonic() > end or self.supervisor.poll() is not None:
                commands = {pid: read(f"/proc/{pid}/cmdline") for pid in there}
                err = read(self.place / "err")[-1000:]
                raise RuntimeError(f"not settled: {found} up, {commands} there; {err}")
            time.sleep(0.01)

    def up(self):
        """Who is up, as the supervisor says."""
        places = {"service": self.place} | ({"logger": self.place / "log"} if self.logged else {})
        found = {}
        for name, place in places.items():
            pid = read(place / "supervise/pid").strip()
            if (
                supervised(place)
                and b"state run\n" in read(place / "supervise/state")
                and pid
                and alive(int(pid))
            ):
                found[name] = int(pid)
        if "service" in found and not read(self.place / f"count-{found['service']}"):
            # It has not come so far that it would prove anything.
            del found["service"]
        return found

    def marked(self):
        """The processes that have our mark in their environment: all that comes from here."""
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        mark = self.mark.encode() + b"\0"
        return {pid for pid in pids if mark in read(f"/proc/{pid}/environ") and alive(pid)}

    def stop(self):
        """End it in order: nothing may be left."""
        self.supervisor.terminate()
        self.supervisor.wait(PATIENCE)
        orphans = {pid: read(f"/proc/{pid}/cmdline") for pid in self.marked()}
        if orphans:
            self.wrong.append(f"orphans: {orphans}")

    def check_log(self):
        """See that the lock was never held, and that every line is in the log, once."""
        self.wrong += [str(file) for file in self.place.glob("doubled-*")]
        if not self.logged:
            return
        main = self.place / "log/main"
        files = [*sorted(main.glob("@*")), main / "current"]
        lines = b"".join(read(file) for file in files).splitlines()
        seen = {}
        for line in lines:
            pid, number = map(int, line.split())
            if number != seen.get(pid, 0):
                self.wrong.append(f"line {line}, where {seen.get(pid, 0)} was due")
            seen[pid] = number + 1
        for file in self.place.glob("count-*"):
            count, pid = int(read(file) or 0), int(file.name[6:])
            logged = seen.get(pid, 0)
            if not count <= logged <= count + 1:
                self.wrong.append(f"{file.name}: {count} printed, {logged} logged")


def kill(pid):
    """Kill PID, if it is there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def supervised(place):
    """Whether a supervisor hears what it is told, in PLACE."""
    try:
        os.close(os.open(place / "supervise/ok", os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


def read(file):
    """What FILE holds; nothing if it is not to be had."""
    try:
        return Path(file).read_bytes()
    except OSError:
        return b""


def alive(pid):
    """Whether PID is there, and has not ended."""
    return read(f"/proc/{pid}/stat").rpartition(b") ")[2][:1] not in (b"", b"Z", b"X")


def main(argv):
    """Do it; 1 if anything was wrong."""
    rounds = int(argv[1]) if argv[1:] else 1000
    seed = argv[2] if argv[2:] else str(time.time_ns())
    print(f"{rounds} rounds, seed {seed}")
    with tempfile.TemporaryDirectory() as place:
        trials = []
        for at, kind in enumerate(KINDS):
            (Path(place) / str(at)).mkdir()
            many = rounds // len(KINDS) + (at < rounds % len(KINDS))
            trials.append(Trial(kind, Path(place) / str(at), many, seed))
        for trial in trials:
            trial.start()
        for trial in trials:
            trial.join()
    for trial in trials:
        killed = ", ".join(f"{many} times the {name}" for name, many in trial.kills.items() if many)
        print(f"{trial.kind}: {trial.rounds} rounds; killed {killed}; {len(trial.wrong)} wrong")
        for wrong in trial.wrong[:20]:
            print("   ", wrong)
    return int(any(trial.wrong for trial in trials))


if __name__ == "__main__":
    sys.exit(main(sys.argv))
