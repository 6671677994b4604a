"""Many services: until all run, what their supervisors take, and until all have ended.

Each suite keeps as many directories whose run is a `sleep`. What it is that starts them says the
name; daemontools' and runit's scanners know no more than 1,000.
"""

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from sample import ENVIRON, SCRIPTS, Row, in_turns, missing

RUN = "#!/bin/sh\nexec sleep 1000000\n"
DEADLINE = 120  # seconds until all run, or have ended
CLK = os.sysconf("SC_CLK_TCK")


def rows(*, quick):
    """Rows of 500 services, and of 2,000."""
    for count in (20, 50) if quick else (500, 2000):
        suites = {
            "pysvscan": [[SCRIPTS / "pysvscan", "."]],
            "daemontools svscan": [["svscan", "."]],
            "runit runsvdir": [["runsvdir", "."]],
            "s6-svscan": [["s6-svscan", "-c", str(count + 8), "."]],
        }
        if count > 1000:
            del suites["daemontools svscan"], suites["runit runsvdir"]
        lacking = missing(
            *(words[0][0] for words in suites.values() if words[0][0] != SCRIPTS / "pysvscan")
        )
        found = {name: words[0] for name, words in suites.items() if words[0][0] not in lacking}
        taken = in_turns(
            {name: partial(life, name, words, count) for name, words in found.items()},
            2 if quick else 5,
        )
        for title, unit, which, targets in (
            (f"{count:,} services: until all run", "s", 0, dict.fromkeys(found, "at most 1.0")),
            (f"{count:,} services: memory of all supervisors", "MiB, PSS", 1, LESS[count > 1000]),
            (f"{count:,} services: memory of their own of all supervisors", "MiB, USS", 2, {}),
            (f"{count:,} services: open files of all supervisors", "files", 3, {}),
            (
                f"{count:,} services: CPU of all supervisors in 10 idle seconds",
                "ticks of 10 ms",
                4,
                {},
            ),
            (f"{count:,} services: until one that was killed runs again", "ms", 5, {}),
            (
                f"{count:,} services: until all have ended",
                "s",
                6,
                dict.fromkeys(found, "at most 1.0"),
            ),
        ):
            samples = {name: [one[which] for one in each] for name, each in taken.items()}
            wanted = {name: text for name, text in targets.items() if name != "pysvscan"}
            yield Row(title, unit, samples, wanted, lacking)


LESS = {False: {"runit runsvdir": "at most 0.25"}, True: {"s6-svscan": "at most 0.083"}}


def life(name, words, count):
    """From the start of COUNT services by WORDS to their end, and what was measured meanwhile."""
    place = Path("services").absolute()
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for number in range(count):
        directory = place / f"s{number}"
        directory.mkdir()
        (directory / "run").write_text(RUN)
        (directory / "run").chmod(0o755)
    begun = time.monotonic()
    scanner = subprocess.Popen(words, cwd=place, env=ENVIRON, stderr=subprocess.DEVNULL)
    try:
        until(lambda: len(sleepers(scanner.pid)) == count, 0.05)
        started = time.monotonic() - begun
        time.sleep(3)  # for what comes after a start
        ours = supervisors(scanner.pid)
        pss, uss = (sum(memory(pid, key) for pid in ours) / 1024 for key in ("Pss:", "Private_"))
        files = sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in ours)
        before = sum(map(cpu, ours))
        time.sleep(10)
        idle = sum(map(cpu, ours)) - before
        again = restart(scanner.pid, place / f"s{count // 2}")
    finally:
        ended = stop(name, scanner, place)
    return started, pss, uss, files, idle, again, ended


def until(condition, pause):
    """Wait until CONDITION holds."""
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(condition)
        time.sleep(pause)


def below(pid):
    """The processes below PID, by their stat."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")
            parents.setdefault(int(fields[2].split()[1]), []).append((int(name), fields[0]))
    found, todo = {}, [pid]
    while todo:
        for child, head in parents.get(todo.pop(), ()):
            found[child] = head.partition("(")[2]
            todo.append(child)
    return found


def sleepers(pid):
    """The services below PID that run."""
    return [one for one, name in below(pid).items() if name == "sleep"]


def supervisors(pid):
    """PID and what is below it, but for the services."""
    return [pid, *(one for one, name in below(pid).items() if name != "sleep")]


def memory(pid, key):
    """The kB of PID that its pages of that KEY take."""
    with open(f"/proc/{pid}/smaps_rollup") as lines:
        return sum(int(line.split()[1]) for line in lines if line.startswith(key))


def cpu(pid):
    """The ticks that PID has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def restart(scanner, directory):
    """How many ms until a service of SCANNER in DIRECTORY runs again that is killed."""
    first = next(
        pid for pid in sleepers(scanner) if os.readlink(f"/proc/{pid}/cwd") == str(directory)
    )
    parent = int(Path(f"/proc/{first}/stat").read_text().rpartition(")")[2].split()[1])
    children = Path(f"/proc/{parent}/task/{parent}/children")
    before = set(children.read_text().split())
    begun = time.monotonic()
    os.kill(first, signal.SIGKILL)
    while not set(children.read_text().split()) - before:
        if time.monotonic() > begun + DEADLINE:
            raise TimeoutError(directory)
    return (time.monotonic() - begun) * 1000


def stop(name, scanner, place):
    """Have NAME's SCANNER and all in PLACE end; how many seconds it takes."""
    begun = time.monotonic()
    if name == "daemontools svscan":
        scanner.terminate()
        subprocess.run(["svc", "-dx", *map(str, place.glob("s*"))], check=False)
    elif name == "runit runsvdir":
        scanner.send_signal(signal.SIGHUP)
    elif name == "s6-svscan":
        subprocess.run(["s6-svscanctl", "-t", str(place)], check=False)
    else:
        scanner.terminate()
    scanner.wait(DEADLINE)
    until(lambda: not remaining(place), 0.02)
    return time.monotonic() - begun


def remaining(place):
    """Whether anything still has its place below PLACE."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            if os.readlink(f"/proc/{name}/cwd").startswith(str(place)):
                return True
    return False
