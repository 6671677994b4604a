#!/usr/bin/env python3
"""Kill a pysvscan, its logger process and its services again and again, and count lost lines.

  contrib/bench/hosted_kills.py [ROUNDS [SEED]]

Run it with the python3 of the venv that the toolkit is installed in. There are eight services, of
which each prints numbered lines to a logger that its file `logger` names; one prints many at once
now and then, and half of them change files all the time. In a round pysvscan is killed with -9,
or the logger process, or both, or a service, at any moment. In the end every number that a
process has printed is in the log, once and in order. The end may lack of one that was killed
while both of the others were: nobody is left who has its pipe.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from sample import ENVIRON, SCRIPTS

PATIENCE = 60.0  # seconds until something comes that has to
SERVICES = 8
# Prints its pid and a number; how far it came it notes after the write.
RUN = f"""#!{sys.executable} -IS
import os, time
me = os.getpid()
count = os.open(f"count-{{me}}", os.O_RDWR | os.O_CREAT)
number = 0
while not os.path.exists("stop"):
    many = 500 if BURSTS and number % 97 == 0 else 1
    os.write(1, b"".join(b"%d %d\\n" % (me, n) for n in range(number, number + many)))
    number += many
    os.pwrite(count, b"%d" % number, 0)
    time.sleep(0.002)
os.pwrite(count, b" end", 20)
while True:
    time.sleep(1000)
"""
LOGGERS = "pymultilog s1m n1000 ./main\n", "pymultilog s4096 n100000 ./main\n"


def main():
    """Do all rounds; 1 if a line was lost or came twice."""
    rounds = int(sys.argv[1]) if sys.argv[1:] else 500
    seed = sys.argv[2] if sys.argv[2:] else "1"
    chance = random.Random(seed)  # noqa: S311 - a seed, so that it can be again
    place = Path(tempfile.mkdtemp(prefix="kills-"))
    for number in range(SERVICES):
        directory = place / f"s{number}"
        directory.mkdir()
        (directory / "run").write_text(RUN.replace("BURSTS", str(number == 0)))
        (directory / "run").chmod(0o755)
        (directory / "logger").write_text(LOGGERS[number % 2])
    killed = dict.fromkeys(("pysvscan", "the logger process", "both", "a service"), 0)
    last, alone = {}, set()  # who was killed last of each; and of those, whose pipe went too
    scanner = start(place)
    for _ in range(rounds):
        time.sleep(chance.random() ** 3)
        what = chance.choice(list(killed))
        if what == "a service":
            directory = place / f"s{chance.randrange(SERVICES)}"
            pid = service(directory)
            last[directory] = pid, pipe_of(pid)
            if not held(pipe_of(pid), [scanner.pid, *hosts(place)]):
                alone.add(str(pid))
            done = kill(pid)
        else:
            pids = [] if what == "pysvscan" else hosts(place)
            done = sum(map(kill, pids)) == len(pids)
            if what != "the logger process":
                scanner.kill()
                scanner.wait()
                for directory, (pid, pipe) in last.items():
                    if not held(pipe, [service(directory), *hosts(place)]):
                        alone.add(str(pid))
                # Whose pipe somebody has is to lose nothing from now on.
                last.clear()
                time.sleep(chance.random() ** 3 / 4)
                scanner = start(place)
        killed[what] += done
    wrong = [*finish(place, scanner, alone)]
    print("killed:", ", ".join(f"{count} times {what}" for what, count in killed.items()))
    for line in wrong:
        print("wrong:", line)
    lines = sum(len(log(place / f"s{number}")) for number in range(SERVICES))
    print(f"that nobody but who was killed had the pipe: {len(alone)} times")
    print(f"{lines} lines in all, {len(wrong)} faults, in {place}")
    return 1 if wrong else 0


def start(place):
    """A pysvscan in PLACE."""
    with (place / "err").open("ab") as err:
        words = [SCRIPTS / "pysvscan", place]
        return subprocess.Popen(words, env=ENVIRON, stderr=err, start_new_session=True)


def hosts(place):
    """The processes in PLACE that have loggers."""
    with suppress(FileNotFoundError):
        return [int(pid) for pid in (place / ".pysvscan/loggers").read_text().split()[::4]]
    return []


def pipe_of(pid):
    """The pipe that PID prints to."""
    with suppress(OSError):
        return os.readlink(f"/proc/{pid}/fd/1")
    return ""


def held(pipe, pids):
    """Whether one of PIDS has PIPE open; for one that has ended already nobody cares."""
    for pid in pids:
        with suppress(OSError):
            place = f"/proc/{pid}/fd/"
            if pipe in [os.readlink(place + fd) for fd in os.listdir(place)]:
                return True
    return not pipe


def parent(pid):
    """The parent of PID; 0 if that has ended."""
    with suppress(FileNotFoundError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return 0 if fields[0] == "Z" else int(fields[1])
    return 0


def service(directory):
    """The pid of the service in DIRECTORY; 0 if there is none."""
    with suppress(FileNotFoundError):
        return int((directory / "supervise/pid").read_text() or 0)
    return 0


def kill(pid):
    """Kill PID; whether it was there."""
    with suppress(ProcessLookupError):
        if pid:
            os.kill(pid, signal.SIGKILL)
            return True
    return False


def finish(place, scanner, alone):
    """Have all services end, and say what is wrong in their logs; of ALONE the end may lack."""
    directories = [place / f"s{number}" for number in range(SERVICES)]
    for directory in directories:
        (directory / "stop").touch()
    end = time.monotonic() + PATIENCE
    for directory in directories:
        while b"end" not in said(directory, service(directory)):
            if time.monotonic() > end:
                yield f"{directory.name} does not come to its end"
                break
            time.sleep(0.05)
    while not any(parent(pid) == scanner.pid for pid in hosts(place)):
        time.sleep(0.05)
    scanner.terminate()
    if scanner.wait(PATIENCE):
        yield f"pysvscan exited with {scanner.returncode}"
    if b"Traceback" in (place / "err").read_bytes():
        yield "a traceback on stderr"
    for directory in directories:
        yield from faults(directory, alone)


def said(directory, pid):
    """What PID, a service in DIRECTORY, says of how far it has come."""
    with suppress(FileNotFoundError):
        return (directory / f"count-{pid}").read_bytes()
    return b""


def log(directory):
    """All lines in the log of DIRECTORY."""
    files = [*sorted((directory / "main").glob("@*")), directory / "main/current"]
    return b"".join(file.read_bytes() for file in files).splitlines()


def faults(directory, alone):
    """What is wrong in the log of DIRECTORY; of those ALONE the end may lack."""
    found = {}
    for line in log(directory):
        words = line.split()
        # Of one that was killed within a write the end of it may be missing.
        if len(words) == 2 and all(map(bytes.isdigit, words)):
            found.setdefault(words[0], []).append(int(words[1]))
        elif line:
            yield f"{directory.name}: the line {line[:60]!r}"
    for file in directory.glob("count-*"):
        pid = file.name.partition("-")[2].encode()
        numbers = found.get(pid, [])
        least = int((file.read_bytes().split(b"\0")[0].split() or [b"0"])[0])
        if numbers != list(range(len(numbers))):
            yield f"{directory.name}: those of {pid.decode()} are not in order, or not all there"
        if len(numbers) < least and pid.decode() not in alone:
            yield f"{directory.name}: {pid.decode()} printed {least}, logged are {len(numbers)}"


if __name__ == "__main__":
    sys.exit(main())
