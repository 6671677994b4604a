"""A real zdaemon and ours, in each other's company.

A history is what a person types, command after command, in a directory of its own. It is run with
zdaemon's client and zdaemon's manager first, and what comes out of that is expected of ours, of
ours with zdaemon's manager, and of zdaemon with ours. zdaemon looks once a second: so all histories
run at the same time, each in a thread that mostly waits.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import remove, wait_until

AT_ONCE = 16
LIMIT = 90  # seconds that a command may take
MARK = "PYDAEMONTOOLS_TEST_HISTORY"
# Whose client, and whose manager.
PAIRS = {"ours": ("ours", "ours"), "client": ("ours", "its"), "manager": ("its", "ours")}
NUMBERS = re.compile(r"(?<=now=|ime=)[\d.]+|(?<=delay=)[\d.]+")
PYTHON = re.compile(r"(?<=python:       ).*")
DOTS = re.compile(r"(\. )+\.?")


def its_zdaemon():
    """Where zdaemon's own command is; skips aloud where it is not."""
    place = os.environ.get("PYDAEMONTOOLS_ZDAEMON") or f"{sys.prefix}/zdaemon"
    command = Path(place) / "bin/zdaemon"
    if not command.exists():
        lacking = pytest.fail if os.environ.get("PYDAEMONTOOLS_STRICT") else pytest.skip
        lacking("comparison skipped: zdaemon is not on this machine")
    return command


class History:
    """FILES by their names, and STEPS: argument lists for zdaemon, or words for a shell.

    A step that begins a manager is taken by whoever's manager it is to be. WAITS: what has to be
    so before a step, by its number, as a shell says it.
    """

    def __init__(self, *steps, files=None, waits=None):
        self.steps = [step.split(" ") if isinstance(step, str) else list(step) for step in steps]
        self.files = files or {}
        self.waits = waits or {}


class Played:
    """What came out of a HISTORY, step by step, with CLIENT and MANAGER, two commands."""

    def __init__(self, history, client, manager):
        self.place = Path(tempfile.mkdtemp(prefix="pydaemontools-"))
        self.place.chmod(0o755)
        self._pids = {}
        self.tools = client, manager
        path = f"{self.place}/bin:/usr/bin:/bin"
        self._env = {"PATH": path, "HOME": "/", "LC_ALL": "C.UTF-8"}
        self._env[MARK] = str(self.place)
        try:
            for name, text in history.files.items():
                (self.place / name).write_text(text.replace("HERE", str(self.place)))
            self.said = [self._step(history, at) for at in range(len(history.steps))]
        finally:
            self._end()
            remove(self.place)

    def _step(self, history, at):
        words = history.steps[at]
        if at in history.waits:
            wait_until(lambda: not self._run(["sh", "-c", history.waits[at]])[0], LIMIT)
        if words[:1] == ["sh"]:
            return self._run(["sh", "-c", " ".join(words[1:])])
        first = words[:1] == ["new"]
        words = words[first:]
        return self._run([self.tools[first], *words])

    def _run(self, argv):
        with open(self.place / ".out", "w+b") as out, open(self.place / ".err", "w+b") as err:
            # Files, and no pipes: a manager may keep them open.
            ended = subprocess.run(
                argv,
                cwd=self.place,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                timeout=LIMIT,
                start_new_session=True,
                check=False,
            )
            texts = [self._plain(file) for file in (out, err)]
        return [ended.returncode, *texts]

    def _plain(self, file):
        """What FILE holds, without what differs from one run to the next."""
        file.seek(0)
        text = file.read().decode().replace(str(self.place), "HERE")
        for tool in self.tools:
            text = text.replace(str(tool), "ZDAEMON")
        text = NUMBERS.sub("N", PYTHON.sub("PYTHON", DOTS.sub("", text)))
        return re.sub(r"(?<![\w.])\d{3,}(?![\w.])", self._pid, text)

    def _pid(self, match):
        """A pid, by when it was first seen."""
        return f"P{self._pids.setdefault(match[0], len(self._pids))}"

    def _end(self):
        wanted = f"{MARK}={self.place}".encode()
        while pids := [pid for pid in map(int, _pids()) if wanted in _environ(pid)]:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _pids():
    return [name for name in os.listdir("/proc") if name.isdigit()]


def _environ(pid):
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


class Players:
    """Plays all of HISTORIES that WANTED names, each with its pair, at the same time."""

    def __init__(self, histories, wanted, its, ours):
        self._executor = ThreadPoolExecutor(AT_ONCE)
        self._commands = {"its": its, "ours": ours}
        self._histories = histories
        self._playing = {}
        for name in dict.fromkeys(name for name, _ in wanted):
            self._play(name, "expected", "its", "its")
        for name, pair in wanted:
            self._play(name, pair, *PAIRS[pair])

    def _play(self, name, pair, client, manager):
        tools = self._commands[client], self._commands[manager]
        playing = self._executor.submit(Played, self._histories[name], *tools)
        self._playing[name, pair] = playing

    def said(self, name, pair):
        """What came out of the history NAME with the PAIR."""
        return self._playing[name, pair].result().said

    def again(self, name, pair):
        """Play the history NAME once more, as it is expected and with the PAIR, when all is quiet.

        zdaemon looks once a second, and on a busy machine misses what was there, or sees it.
        """
        for playing in self._playing.values():
            playing.exception()
        for one in ("expected", pair):
            client, manager = PAIRS.get(one, ("its", "its"))
            self._play(name, one, client, manager)

    def end(self):
        """Wait for what still plays."""
        self._executor.shutdown(cancel_futures=True)
