"""Taking samples in turns, and showing them."""

import os
import random
import shutil
import statistics
import sys
from pathlib import Path

SCRIPTS = Path(sys.prefix) / "bin"
# What a person's environment holds, and nothing else: it has a part in how long a start takes.
ENVIRON = {
    "PATH": f"{SCRIPTS}:/usr/local/bin:/usr/bin:/bin",
    "HOME": "/",
    "LANG": "C.UTF-8",
    "USER": "bench",
    "SHELL": "/bin/sh",
}


def missing(*names):
    """Which of the programs NAMES are not on this machine."""
    return [name for name in names if not shutil.which(name, path="/usr/bin:/bin:/command")]


class Row:
    """The samples of one contest: NAME -> what it took, in UNIT; the first of them is ours.

    TARGETS says which ratio to which peer is wanted; LACKING which peers could not be had.
    """

    def __init__(self, title, unit, samples, targets, lacking=()):
        self.title = title
        self.unit = unit
        self.samples = samples
        self.targets = targets
        self.lacking = lacking

    def text(self):
        """A heading and a table, for a terminal and for a page."""
        ours, *_ = (statistics.median(taken) for taken in self.samples.values())
        lines = [
            f"## {self.title}",
            "",
            f"| {self.unit} | median | least | most | samples | ratio | wanted |",
            "| --- | --- | --- | --- | --- | --- | --- |",
        ]
        for name, taken in self.samples.items():
            median = statistics.median(taken)
            numbers = [f"{n:,.4g}" for n in (median, min(taken), max(taken))]
            first = taken is next(iter(self.samples.values()))
            ratio = "" if first or not median else f"{ours / median:.2f}"
            cells = [name, *numbers, str(len(taken)), ratio, self.targets.get(name, "")]
            lines.append(f"| {' | '.join(cells)} |")
        lines += [f"\nNot measured, since it is not on this machine: {n}." for n in self.lacking]
        return "\n".join(lines) + "\n"


def in_turns(contenders, rounds):
    """Call each of CONTENDERS (name -> function that gives a sample) ROUNDS times, in turns."""
    samples = {name: [] for name in contenders}
    for take in contenders.values():
        # The first is for the caches.
        take()
    for turn in range(rounds):
        for name in shuffled(contenders, turn):
            samples[name].append(contenders[name]())
    return samples


def shuffled(names, turn):
    """NAMES in an order of its own at each TURN: it counts whom one comes behind."""
    return random.Random(turn).sample(list(names), len(names))  # noqa: S311 - to be the same again


def five_links(prefix=""):
    """Five links with PREFIX before the tools' names; they need a directory env."""
    # Only root may change its account.
    last = "envuidgid" if os.geteuid() else "setuidgid"
    chain = f"envdir ./env | setlock ./lock | softlimit -o 100 | pgrphack | {last} root"
    return [word for link in chain.split(" | ") for word in (prefix + link).split()]
