"""How the client speaks: to stdout what was asked for, to stderr what went wrong."""

import os
from _signal import ITIMER_REAL, SIGALRM, setitimer, signal

from ..base.cli import say
from ..base.printable import PLAIN, plain
from ..base.write import write_all

EVERY = 1.0  # seconds
TEXT = PLAIN[:9] + b"\t\n" + PLAIN[11:]  # what a program's words may have in them does no harm


def out(text: str) -> None:
    """Write TEXT to stdout, at once. Where stdout is gone there is nobody to tell."""
    try:
        write_all(1, text.encode("utf-8", "surrogateescape"))
    except OSError:
        pass


def show_line(text: str) -> None:
    """Write the line TEXT, in which somebody's words stand, to stdout, and what is fit to see."""
    shown = plain(f"{text}\n".encode("utf-8", "surrogateescape"), TEXT)
    out(shown.decode("utf-8", "surrogateescape"))


def err(who: str, text: str) -> None:
    """Write the line TEXT to stderr, under the name WHO."""
    say(plain(os.fsencode(f"{who}: {text}")))


def wrong(progname: str, text: str) -> None:
    """Say on stderr what is wrong with the command line or the file, and where help is."""
    lines = os.fsencode(f"Error: {text}\nFor help, use {progname} -h").split(b"\n")
    say(*map(plain, lines))


class Dots:
    """Prints a dot each second meanwhile; no wait ends by that, and no child has the timer."""

    def __enter__(self) -> None:
        self._before = signal(SIGALRM, lambda _signum, _frame: out(". "))
        setitimer(ITIMER_REAL, EVERY, EVERY)

    def __exit__(self, *_raised: object) -> None:
        setitimer(ITIMER_REAL, 0)
        signal(SIGALRM, self._before)
