"""pyzdaemon as somebody types it, in a directory of its own."""

import contextlib
import re

import pytest

from tests.zdaemon.managing import MARK, Managers

DOTS = re.compile(r"(?<!\S)(\. )+")


class Typed:
    """Types commands in `place`."""

    def __init__(self, place, run):
        self.place = place
        self._run = run
        self.env = {MARK: str(place), "LC_ALL": "C.UTF-8"}

    def __call__(self, *words, tool="pyzdaemon", env=None, **more):
        """The code, stdout and stderr of TOOL with WORDS; without the dots of a busy machine."""
        ended = self._run(tool, *words, env=self.env | (env or {}), **more)
        return ended.returncode, DOTS.sub("", ended.stdout.decode()), ended.stderr.decode()

    def conf(self, *more, **keys):
        """Write `conf` with a <runner> that has KEYS, and MORE below it."""
        keys = {name.replace("_", "-"): value for name, value in keys.items()}
        lines = [f"  {name} {value}" for name, value in keys.items()]
        text = "\n".join(["<runner>", *lines, "</runner>", *more, ""])
        (self.place / "conf").write_text(text)
        return "-C", "conf"

    def file(self, name, text):
        """Write the file NAME."""
        (self.place / name).write_text(text)
        return self.place / name

    def end(self):
        """Kill what is left."""
        Managers(self.place).end()


@pytest.fixture
def typed(place, run):
    """Types pyzdaemon's commands; what they leave is killed at the end."""
    made = Typed(place, run)
    yield made
    made.end()


def read_pid(text):
    """The pid that TEXT tells of."""
    return int(text.partition("pid=")[2].split()[0])


def lives(pid):
    """Whether PID is there, and no zombie."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", "rb") as stat:
        return stat.read().rpartition(b")")[2].split()[0] != b"Z"
    return False
