"""Many services: until all run, what their supervisors take, and until all have ended.

Each suite keeps as many directories, whose run tells of its start and becomes a `sleep`; it lives
some times from a start to a stop, in turns with the others. What takes long and comes out the same
each time is measured once, in the first life, that is for the caches: the CPU of idle supervisors,
of all suites at the same time.

The directories are in memory, as those of a machine's services below /run are: what a disk does
with thousands of new files is another matter in each life.
"""

import os
import shutil
import signal
import subprocess
import time
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sample import ENVIRON, SCRIPTS, Row, in_turns, shuffled
from suites import OURS, end, start, suites

# The fifo hears which service runs: a line is written whole.
RUN = "#!/bin/sh\necho {0} >{1}\nexec sleep 1000000\n"
DEADLINE = 120  # seconds until all run, or have ended
SETTLED = 1.5  # seconds for what comes after a start
KILLS = 10  # services of a life that are killed, one after another
BETWEEN = 0.1  # seconds from one to the next: all has been shown, and nobody has anything to do
MIB = 1024  # kB
MEMORY = "/dev/shm"  # noqa: S108 - a directory of our own is made there


def rows(*, quick):
    """Rows of 500 services, of 2,000, of one killed among few and many, and of 5,000."""
    before = Path.cwd()
    with TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as place:
        os.chdir(place)
        try:
            yield from _rows(quick=quick)
        finally:
            os.chdir(before)


def _rows(*, quick):
    few, many, most = (20, 50, 100) if quick else (500, 2000, 5000)
    rounds = 2 if quick else 5
    taken = {}
    for count in few, many:
        found, lacking = suites(count)
        idle_taken = idle(found, count, 2 if quick else 60)
        taken[count] = lives(found, count, rounds)
        yield from common(taken[count], idle_taken, lacking, count, 2 if quick else 60)
    yield further(taken[few], taken[many], few, many)
    ten = lives({OURS: suites(10)[0][OURS]}, 10, 1 if quick else 3)
    yield Row(
        f"One service of {many:,} is killed: until it runs again",
        "ms",
        {f"{many:,}": _all(taken[many][OURS], "again"), "10": _all(ten[OURS], "again")},
        {"10": "at most 1.3"},
    )
    yield asked(many, 2 if quick else 10)
    crowd = [on_a_terminal(most) for _ in range(1 if quick else 2)]
    for title, unit, key in (
        ("memory of pysvscan (wanted: under 20 MiB)", "MiB, PSS", "pss"),
        ("until all run", "s", "started"),
    ):
        yield Row(f"{most:,} services: {title}", unit, {OURS: _all(crowd, key)}, {})


# What is wanted of our memory beside a peer's.
LESS = {500: {"runit runsvdir": "at most 0.25"}, 2000: {"s6-svscan": "at most 0.083"}}


def common(lives_of, idle_of, lacking, count, seconds):
    """The rows of COUNT services under each suite: its lives, and its idle CPU in SECONDS."""
    peers = {name: "at most 1.0" for name in lives_of if name != OURS}
    for title, unit, key, targets in (
        ("until all run", "s", "started", peers),
        ("memory of all supervisors", "MiB, PSS", "pss", LESS.get(count, {})),
        ("memory of their own of all supervisors", "MiB, USS", "uss", {}),
        ("open files of all supervisors, for each service", "files", "files", {}),
        ("until one that was killed runs again", "ms", "again", {}),
        ("until all have ended", "s", "ended", peers),
    ):
        samples = {name: _all(lives, key) for name, lives in lives_of.items()}
        yield Row(f"{count:,} services: {title}", unit, samples, targets, lacking)
    title = f"{count:,} services: CPU of all supervisors in {seconds} idle seconds"
    yield Row(title, "ticks of 10 ms", {name: [one] for name, one in idle_of.items()}, {}, lacking)


def further(fewer, more, few, many):
    """What a further service takes: the difference of each two lives, of a FEW and of MANY."""
    samples = {
        name: [
            (b["pss"] - a["pss"]) * MIB / (many - few)
            for a, b in zip(fewer[name], more[name], strict=True)
        ]
        for name in more
        if name in fewer
    }
    return Row(
        f"Memory of the supervisors for each further service, from {few:,} to {many:,}"
        " (wanted: at most 6 kB)",
        "kB, PSS",
        samples,
        {},
    )


def _all(lives, key):
    """The samples of KEY in LIVES; one life may have many."""
    found = [life[key] for life in lives]
    return [n for one in found for n in one] if isinstance(found[0], list) else found


def lives(found, count, rounds):
    """ROUNDS lives of each of the suites FOUND, with COUNT services: name -> what was measured."""
    taken = {name: [] for name in found}
    for turn in range(rounds):
        for name in shuffled(found, turn):
            taken[name].append(life(name, found[name], count))
    return taken


def life(name, words, count):
    """From the start of COUNT services by WORDS to their end, and what was measured meanwhile."""
    with Services(name, count) as services:
        services.start(words)
        time.sleep(SETTLED)
        seen = {"started": services.started} | services.seen()
        seen["again"] = services.kill(range(0, count, -(-count // KILLS)))
        # What was started within the last second is ended late by some.
        time.sleep(SETTLED)
        seen["ended"] = services.end()
    return seen


def on_a_terminal(count):
    """What COUNT services under ours take where stderr is a terminal: nobody keeps a last line of
    each, or they would have more open files than a usual limit allows.
    """
    reader, terminal = os.openpty()
    try:
        with Services(OURS, count) as services:
            services.start(suites(count)[0][OURS], terminal)
            time.sleep(SETTLED)
            return {"started": services.started} | services.seen()
    finally:
        os.close(reader)
        os.close(terminal)


def idle(found, count, seconds):
    """The ticks that the supervisors of COUNT services under each of FOUND take in SECONDS."""
    with ExitStack() as stack:
        all_of = [(name, stack.enter_context(Services(name, count))) for name in found]
        for name, services in all_of:
            services.start(found[name])
        time.sleep(5 if seconds > 5 else SETTLED)
        before = {name: services.ticks() for name, services in all_of}
        time.sleep(seconds)
        return {name: services.ticks() - before[name] for name, services in all_of}


def asked(count, rounds):
    """How long `pysv status` and sv take to show COUNT services, that pysvscan keeps."""
    with Services(OURS, count) as services:
        services.start(suites(count)[0][OURS])
        time.sleep(SETTLED)
        names = sorted(str(path) for path in services.place.glob("s*"))
        words = {"pysv status": [SCRIPTS / "pysv", "status"], "sv status": ["sv", "status", *names]}
        lacking = [] if shutil.which("sv") else ["sv"]
        environ = ENVIRON | {"SVDIR": str(services.place)}
        taken = in_turns(
            {name: partial(_ask, words[name], environ) for name in list(words)[: 2 - len(lacking)]},
            rounds,
        )
    title = f"{count:,} services: to show how all are"
    return Row(title, "ms", taken, {"sv status": "at most 0.5"}, lacking)


def _ask(words, environ):
    begun = time.monotonic()
    subprocess.run(words, env=environ, stdout=subprocess.DEVNULL, check=True)
    return (time.monotonic() - begun) * 1000


class Services:
    """So many directories in a place of their own, for the suite NAME, and their end."""

    def __init__(self, name, count):
        self._name = name
        self._count = count
        self.place = Path(f"services {name}".replace(" ", "-")).absolute()
        self._scanner = None
        self.started = 0.0  # seconds until all ran

    def __enter__(self):
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir()
        fifo = self.place / ".started"
        os.mkfifo(fifo)
        self._told = os.open(fifo, os.O_RDWR)
        for number in range(self._count):
            directory = self.place / f"s{number}"
            directory.mkdir()
            (directory / "run").write_text(RUN.format(number, fifo))
            (directory / "run").chmod(0o755)
        return self

    def __exit__(self, *trouble):
        if self._scanner and self._scanner.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                self.end()
        os.close(self._told)
        shutil.rmtree(self.place, ignore_errors=True)

    def start(self, words, stderr=subprocess.DEVNULL):
        """Start the suite by WORDS, and wait until all run."""
        begun = time.monotonic()
        self._scanner = start(self._name, words, self.place, stderr)
        left = self._count
        while left:
            left -= os.read(self._told, 65536).count(b"\n")
        self.started = time.monotonic() - begun

    def end(self):
        """Have all end; how many seconds that takes."""
        begun = time.monotonic()
        end(self._name, self._scanner, self.place)
        self._scanner.wait(DEADLINE)
        while _remaining(self.place):
            if time.monotonic() > begun + DEADLINE:
                raise TimeoutError(self.place)
            time.sleep(0.02)
        return time.monotonic() - begun

    def kill(self, numbers):
        """How many ms until each service of NUMBERS runs again, which are killed in their order."""
        # All are found first: who looks through thousands of processes between two kills leaves
        # nothing of the supervisor's in the caches, and of ten processes much.
        pids = self._pids()
        taken = []
        for number in numbers:
            begun = time.monotonic()
            os.kill(pids[number], signal.SIGKILL)
            told = b""
            while f"{number}\n".encode() != told:
                told = os.read(self._told, 65536)
            taken.append((time.monotonic() - begun) * 1000)
            time.sleep(BETWEEN)
        return taken

    def _pids(self):
        """The processes of all services, by their numbers."""
        running = [pid for pid, name in below(self._scanner.pid).items() if name == "sleep"]
        places = {os.path.basename(os.readlink(f"/proc/{pid}/cwd")): pid for pid in running}
        return {number: places[f"s{number}"] for number in range(self._count)}

    def _supervisors(self):
        """The scanner and what is below it, but for the services."""
        found = below(self._scanner.pid)
        return [self._scanner.pid, *(pid for pid, name in found.items() if name != "sleep")]

    def seen(self):
        """What the supervisors take: MiB, and open files for each service."""
        pids = self._supervisors()
        files = sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)
        pss, uss = (sum(memory(pid, key) for pid in pids) / MIB for key in ("Pss:", "Private_"))
        return {"pss": pss, "uss": uss, "files": files / self._count}

    def ticks(self):
        """The CPU that the supervisors have had."""
        return sum(map(ticks_of, self._supervisors()))


def below(pid):
    """The processes below PID, and their names."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            head, _, fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")
            parents.setdefault(int(fields.split()[1]), []).append((int(name), head))
    found, todo = {}, [pid]
    while todo:
        for child, head in parents.get(todo.pop(), ()):
            found[child] = head.partition("(")[2]
            todo.append(child)
    return found


def memory(pid, key):
    """The kB of PID that its pages of that KEY take."""
    with open(f"/proc/{pid}/smaps_rollup") as lines:
        return sum(int(line.split()[1]) for line in lines if line.startswith(key))


def ticks_of(pid):
    """The CPU that PID has had, in ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _remaining(place):
    """Whether anything still has its place below PLACE."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            if os.readlink(f"/proc/{name}/cwd").startswith(str(place)):
                return True
    return False
