"""What a record costs through the logging adapters, beside the libraries' own ways."""

import functools
import os
import subprocess
import sys
import time

from sample import Row, in_turns

# Each contender is a process of its own: install() changes all of one. It takes a number on
# stdin, logs that many records, and answers with the seconds that took.
WORKER = """
import logging, sys, time
{setup}
for line in sys.stdin:
    times = range(int(line))
    before = time.perf_counter()
    for _ in times:
        {call}
    took = time.perf_counter() - before
    sys.stdout.write(f"{{took}}\\n")
    sys.stdout.flush()
"""
OURS = "import pydaemontools.adapters as log\nlog.install({})\n"
STREAM = """
handler = logging.StreamHandler()
handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
logging.root.addHandler(handler)
logging.root.setLevel(logging.INFO)
"""
LOGURU = "from loguru import logger\nsay = logger.{}\n"
SINK = (
    LOGURU
    + 'logger.remove()\nlogger.add(sys.stderr, format="{{level}}: {{message}}", level="INFO")\n'
)
APP = 'say = logging.getLogger("app").{}\n'
CALL = 'say("GET /some/path took %d ms", 17)'
BRACES = 'say("GET /some/path took {} ms", 17)'
# What is compared: title, the unit, how many records a sample has, and the contenders.
CONTESTS = (
    (
        "A record of logging's, to stderr",
        "microseconds",
        5_000,
        {
            "our handler": (OURS.format("") + APP.format("info"), CALL),
            "logging.StreamHandler": (STREAM + APP.format("info"), CALL),
        },
        {"logging.StreamHandler": "at most 1.05"},
    ),
    (
        "A record of logging's that is squelched",
        "microseconds",
        100_000,
        {
            "our handler": (OURS.format("") + APP.format("debug"), CALL),
            "logging.StreamHandler": (STREAM + APP.format("debug"), CALL),
        },
        {"logging.StreamHandler": "at most 1.05"},
    ),
    (
        "A record of loguru's, to stderr",
        "microseconds",
        3_000,
        {
            "our sink": (LOGURU.format("info") + OURS.format(""), BRACES),
            "loguru's own sink": (SINK.format("info"), BRACES),
        },
        {"loguru's own sink": "at most 1.1"},
    ),
    (
        "A record of loguru's that is squelched",
        "microseconds",
        100_000,
        {
            "our sink": (LOGURU.format("debug") + OURS.format(""), BRACES),
            "loguru's own sink": (SINK.format("debug"), BRACES),
        },
        {},
    ),
    (
        "A record as JSON",
        "microseconds",
        1_000,
        {
            "logging, our preset": (OURS.format('format="json"') + APP.format("info"), CALL),
            "loguru, our preset": (
                LOGURU.format("info") + OURS.format('format="json"'),
                BRACES,
            ),
            "loguru, serialize=True": (
                LOGURU.format("info") + "logger.remove()\nlogger.add(sys.stderr, serialize=True)\n",
                BRACES,
            ),
        },
        {},
    ),
)
IMPORTS = {
    "`import pydaemontools.adapters`": "import pydaemontools.adapters",
    "`import logging`": "import logging",
}


def rows(*, quick):
    """A row a contest, and one for what the import costs."""
    for title, unit, count, contenders, targets in CONTESTS:
        samples = {name: [] for name in contenders}
        # Where a process has its objects in memory is luck, a few percent of it: so several.
        for turn in range(1 if quick else 16):
            for name, taken in turns(contenders, count, 3 if quick else 20, turn).items():
                samples[name] += taken
        yield Row(title, unit, samples, targets)
    samples = in_turns({name: started(text) for name, text in IMPORTS.items()}, 3 if quick else 60)
    yield Row("An interpreter that imports it and ends", "milliseconds", samples, {})


def turns(contenders, count, rounds, turn):
    """The samples of a process of each of CONTENDERS, in turns.

    They share a processor, another one at each TURN: on a machine that has other guests one may
    be half as fast as the other.
    """
    cpus = sorted(os.sched_getaffinity(0))
    cpu = cpus[turn % len(cpus)]
    workers = {name: Worker(*text, cpu) for name, text in contenders.items()}
    takes = {name: functools.partial(worker.take, count) for name, worker in workers.items()}
    try:
        return in_turns(takes, rounds)
    finally:
        for worker in workers.values():
            worker.end()


class Worker:
    """A process on CPU with SETUP that does CALL as often as it is told, its stderr thrown away.

    Thrown away by a pipe's reader, as a logger would: /dev/null is no pipe.
    """

    def __init__(self, setup, call, cpu):
        text = WORKER.format(setup=setup, call=call)
        self._reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self._process = subprocess.Popen(
            [sys.executable, "-c", text],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._reader.stdin,
            text=True,
        )
        os.sched_setaffinity(self._process.pid, {cpu})

    def take(self, count):
        """The microseconds of one of COUNT records."""
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline()) / count * 1e6

    def end(self):
        """End it, and its reader."""
        self._process.communicate()
        self._reader.communicate()


def started(text):
    """A function that gives the milliseconds of an interpreter that runs TEXT."""
    command = [sys.executable, "-c", text]

    def take():
        before = time.perf_counter()
        subprocess.run(command, check=True, env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""})
        return (time.perf_counter() - before) * 1e3

    return take
