"""Many loggers: what they take, one that is flooded, and a quiet one beside it.

Each service prints a line a second. Below pysvscan the loggers are in one process, by the file
`logger`; in the other suites each is a process, and has a supervisor of its own.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from alone import used
from many import below, memory
from sample import ENVIRON, SCRIPTS, Row, in_turns, missing

import pydaemontools

SECONDS = 10  # for which CPU is counted
DEADLINE = 120  # seconds until all run, or have ended
FLOOD = 400 << 20  # bytes: so many that a rest in which they begin is little of the time
LINE = b'127.0.0.1 - - [21/Nov/2026:11:06:10 +0000] "GET /index.html HTTP/1.1" 200 5316\n'
# Nothing is started for a line.
RUN = """#!/bin/bash
exec 9<>tick
while :; do
    echo "$SECONDS: a line as a program prints it, not long and not short"
    read -t 1 -u 9
done
"""
LOGS = {
    "pysvscan": ("logger", "pymultilog t ./main\n", "main"),
    "runit runsvdir, svlogd": (
        "log/run",
        "#!/bin/sh\nmkdir -p main; exec svlogd -tt ./main\n",
        "log/main",
    ),
    "daemontools svscan, multilog": ("log/run", "#!/bin/sh\nexec multilog t ./main\n", "log/main"),
}
COMMANDS = {
    "pysvscan": [SCRIPTS / "pysvscan", "."],
    "runit runsvdir, svlogd": ["runsvdir", "."],
    "daemontools svscan, multilog": ["svscan", "."],
}
# fsync takes a tenth of a second.
SLOW = f"""#!{sys.executable} -IS
import posix, sys, time
sys.path.append({os.path.dirname(os.path.dirname(pydaemontools.__file__))!r})
fsync = posix.fsync
def slow(fd):
    time.sleep(0.1)
    fsync(fd)
posix.fsync = slow
from pydaemontools.entry import enter
enter("pysvscan", {str(SCRIPTS)!r})
"""


def rows(*, quick):
    """Rows of 300 services that log a line a second."""
    count, rounds = (20, 2) if quick else (300, 3)
    lacking = missing("runsvdir", "svscan", "svlogd", "multilog")
    found = [name for name, words in COMMANDS.items() if not set(map(str, words)) & set(lacking)]
    taken = in_turns({name: partial(quiet, name, count) for name in found}, rounds)
    title = f"{count} services and loggers, each a line a second: "
    wanted = {"runit runsvdir, svlogd": "at most 0.25"}
    for which, what, unit, targets in (
        (0, "memory of supervisors and loggers", "MiB, PSS", wanted),
        (1, "CPU of these for 1,000 lines", "ms", {"runit runsvdir, svlogd": "at most 2"}),
        (2, "processes beside the services", "processes", {}),
    ):
        samples = {name: [one[which] for one in each] for name, each in taken.items()}
        yield Row(title + what, unit, samples, targets, lacking)
    size = FLOOD // 20 if quick else FLOOD
    alone = {
        f"among {count} in one process": partial(flood, count, size),
        "pymultilog alone": partial(by_itself, [SCRIPTS / "pymultilog"], size),
        "multilog alone": partial(by_itself, ["multilog"], size),
    }
    if "multilog" in lacking:
        del alone["multilog alone"]
    targets = {"pymultilog alone": "at least 0.8", "multilog alone": "at least 3"}
    yield Row(
        f"a flood to one of {count} loggers", "MB/s", in_turns(alone, rounds), targets, lacking
    )
    samples = 30 if quick else 200
    beside = {
        "nothing else": partial(latency, count, samples, flooded=False),
        "another is flooded": partial(latency, count, samples, flooded=True),
        "and fsync takes 100 ms": partial(latency, count, samples, flooded=True, slow=True),
        "and another's disk is full": partial(latency, count, samples, flooded=True, full=True),
    }
    if os.geteuid():
        # Only root may mount a small one.
        del beside["and another's disk is full"]
    late = in_turns(beside, 1 if quick else 2)
    yield Row(
        f"a quiet line of {count}: until it is in its file, 99th percentile; at most 60 wanted",
        "ms",
        late,
        {},
    )


def until(condition, pause):
    """Wait until CONDITION holds."""
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(condition)
        time.sleep(pause)


def stop(name, scanner, place):
    """Have NAME's SCANNER and all in PLACE end."""
    scanner.send_signal(signal.SIGHUP if name.startswith("runit") else signal.SIGTERM)
    if name.startswith("daemontools"):
        both = [*map(str, place.glob("*")), *map(str, place.glob("*/log"))]
        subprocess.run(["svc", "-dx", *both], check=False, stderr=subprocess.DEVNULL)
    scanner.wait(DEADLINE)
    until(lambda: not any(map(partial(stands_in, place), os.listdir("/proc"))), 0.1)


def stands_in(place, pid):
    """Whether the process PID has its place below PLACE."""
    try:
        return pid.isdigit() and os.readlink(f"/proc/{pid}/cwd").startswith(str(place))
    except OSError:
        return False


@contextmanager
def small_disk(directory):
    """DIRECTORY is a file system of 64 kB."""
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", directory], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", directory], check=True)


@contextmanager
def kept(name, count, more=None, words=None, small=()):
    """COUNT services, and MORE by name and files, kept by the suite NAME: what keeps them. The logs
    of those called SMALL have a small disk each.
    """
    place = Path("services").absolute()
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    file, text, _ = LOGS[name]
    services = {f"s{number}": {} for number in range(count)} | (more or {})
    for service, files in services.items():
        (place / service).mkdir()
        for fifo in "tick", "words", "go":
            os.mkfifo(place / service / fifo)
        for what, script in ({"run": RUN, file: text} | files).items():
            path = place / service / what
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(script)
            path.chmod(0o755)
    words = words or COMMANDS[name]
    with ExitStack() as disks:
        for service in small:
            disks.enter_context(small_disk(place / service / LOGS[name][2]))
        scanner = subprocess.Popen(words, cwd=place, env=ENVIRON, stderr=subprocess.DEVNULL)
        try:
            logs = [place / service / LOGS[name][2] / "current" for service in services]
            until(lambda: all(log.exists() for log in logs), 0.1)
            time.sleep(3)  # for what comes after a start
            yield scanner, place
        finally:
            for service in small:
                # A logger does not end before everything is in its file.
                directory = place / service / LOGS[name][2]
                subprocess.run(["mount", "-o", "remount,size=64m", directory], check=True)
            stop(name, scanner, place)


def quiet(name, count):
    """What the supervisors and loggers of COUNT services take: PSS, CPU, processes."""
    with kept(name, count) as (scanner, _):
        others = [pid for pid, called in below(scanner.pid).items() if called != "run"]
        ours = [scanner.pid, *others]
        pss = sum(memory(pid, "Pss:") for pid in ours) / 1024
        # In nanoseconds: what runs for a moment is seldom met by a tick.
        before = sum(map(used, ours))
        time.sleep(SECONDS)
        took = sum(map(used, ours)) - before
        return pss, took * 1000 / (count * SECONDS), len(ours)


def lines(size):
    """A file of SIZE bytes of lines."""
    file = Path("lines").absolute()
    if not file.exists() or file.stat().st_size < size:
        file.write_bytes(LINE * (size // len(LINE) + 1))
    return file


def logged(directory):
    """How many bytes are in the log DIRECTORY."""
    total = 0
    for file in directory.glob("*[!k]"):
        try:
            total += file.stat().st_size if file.name[0] in "@cp" else 0
        except FileNotFoundError:
            continue
    return total


LARGE = "pymultilog s16777215 n1000 ./main\n"


def flood(count, size):
    """MB/s of SIZE bytes to one of COUNT loggers in one process."""
    file = lines(size)
    burst = f"#!/bin/sh\nread -r line <go\ncat {file}\nexec sleep 1000000\n"
    with kept("pysvscan", count, {"flood": {"run": burst, "logger": LARGE}}) as (_, place):
        return timed(place / "flood", file.stat().st_size, lambda: let_go(place / "flood"))


def let_go(directory):
    """Have the flood of DIRECTORY begin."""
    (directory / "go").write_text("go\n")


def timed(directory, size, begin):
    """MB/s until SIZE bytes are in the log of DIRECTORY, from when BEGIN is called."""
    begun = time.monotonic()
    begin()
    until(lambda: logged(directory / "main") >= size, 0.005)
    return size / 1e6 / (time.monotonic() - begun)


def by_itself(words, size):
    """MB/s of SIZE bytes to the logger WORDS, alone on the machine."""
    file = lines(size)
    place = Path("alone").absolute()
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    source, sink = os.pipe()
    words = [*words, "s16777215", "n1000", "./main"]
    with open(source) as stdin:
        logger = subprocess.Popen(words, cwd=place, env=ENVIRON, stdin=stdin)
    until((place / "main/current").exists, 0.01)
    try:
        with open(sink, "wb") as stdout:
            return timed(
                place,
                file.stat().st_size,
                lambda: subprocess.run(["cat", file], stdout=stdout, check=True),
            )
    finally:
        logger.wait()


def grown(log, before):
    """Whether LOG is larger than BEFORE."""
    return log.stat().st_size > before


def latency(count, samples, *, flooded, slow=False, full=False):
    """The 99th percentile, in ms, of how long a line takes into the file of one of COUNT."""
    script = Path("slow").absolute()
    script.write_text(SLOW)
    script.chmod(0o755)
    more = {"quiet": {"run": "#!/bin/sh\nexec cat <>words\n"}}
    if flooded:
        yes = "#!/bin/sh\nexec yes 'a line that somebody prints without an end, again and again'\n"
        more["flood"] = {"run": yes, "logger": "pymultilog s1000000 n3 ./main\n"}
    if full:
        more["full"] = {"run": yes, "logger": "pymultilog s1000000 n3 ./main\n"}
    words = [script, "."] if slow else None
    with kept("pysvscan", count, more, words, ["full"] if full else []) as (_, place):
        log = place / "quiet/main/current"
        taken = []
        with open(place / "quiet/words", "wb", buffering=0) as to:
            for number in range(samples):
                before, begun = log.stat().st_size, time.monotonic()
                to.write(b"%d is a quiet line\n" % number)
                until(partial(grown, log, before), 0.0005)
                taken.append((time.monotonic() - begun) * 1000)
                time.sleep(0.05)
    return sorted(taken)[len(taken) * 99 // 100]
