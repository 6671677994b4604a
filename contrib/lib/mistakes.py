"""The mistakes of a new user: what each prints when it is made, and the page of them all."""

import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reference/mistakes.md"
PATIENCE = 30  # seconds
HEAD = """\
# What it says and what to do

What a new user types, what is printed then, and what to do. Each was tried just so: this page is
made by `contrib/mistakes`, and a test makes all of them again. They were made in `/srv`, which is
SVDIR as well.

Of two lines the first says what could not be done and why, and the second what helps. A line that
begins with `usage:` says how the tool is called.
"""


def load():
    """All mistakes, in the order of the page."""
    return tomllib.loads((ROOT / "contrib/lib/mistakes.toml").read_text())["mistake"]


def make(mistake, scripts):
    """Make one MISTAKE with the commands in SCRIPTS; what is printed."""
    place = Path(tempfile.mkdtemp(prefix="pydaemontools-"))
    running = []
    env = {
        "PATH": f"{place}/.bin:{scripts}:/usr/bin:/bin",
        "SVDIR": str(place),
        "TZ": "UTC",
        "LC_ALL": "C",
    }
    where = {"cwd": place, "env": env, "stdin": subprocess.DEVNULL, "start_new_session": True}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        (place / ".bin").mkdir()
        python = place / ".bin/python"
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
        given = subprocess.Popen(["sh", "-c", mistake.get("given", ":")], **where, **quiet)
        running.append(given)
        given.wait(PATIENCE)
        if "supervised" in mistake:
            running.append(
                subprocess.Popen(["pysupervise", mistake["supervised"]], **where, **quiet)
            )
            wait = ["pysvwait", "-t", str(PATIENCE), "-d", mistake["supervised"]]
            until_there = f"until pysvok {mistake['supervised']}; do sleep 0.02; done"
            subprocess.run(
                ["sh", "-c", until_there], **where, **quiet, timeout=PATIENCE, check=True
            )
            if (place / mistake["supervised"] / "down").exists():
                subprocess.run(wait, **where, **quiet, check=True)
        command = mistake["run"].replace("/srv", str(place))
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        typed = subprocess.Popen(["sh", "-c", command], **where, **pipes)
        running.append(typed)
        if "lines" in mistake:
            out = "".join(itertools.islice(typed.stdout, mistake["lines"]))
        else:
            out = typed.communicate(timeout=PATIENCE)[0]
        return shown(out, place, scripts)
    finally:
        for process in reversed(running):
            _end(process)
        shutil.rmtree(place, ignore_errors=True)


def _end(process):
    """End PROCESS and its session: at first in order, so that what it keeps ends too."""
    for signum in signal.SIGTERM, signal.SIGKILL:
        try:
            os.killpg(process.pid, signum)
        except ProcessLookupError:
            break
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            continue
        # The leader is gone; what else was in its group goes at once.
    if process.stdout:
        process.stdout.close()
    process.wait()


def shown(text, place, scripts):
    """TEXT with what differs from one time and place to the next made the same."""
    text = text.replace(f"{place}/.bin:", "").replace(str(place), "/srv")
    text = text.replace(str(scripts), "/opt/venv/bin")
    text = re.sub(r"process \d+: \S*python\S* .*?/(py\w+)", r"process 4711: \1", text)
    text = re.sub(r"process \d+", "process 4711", text)
    return re.sub(r"after \d\.\d s", "after 0.1 s", text)


def block(mistake, printed):
    """What the page has of a MISTAKE that PRINTED this."""
    lines = [f"$ {mistake['run']}", *printed.splitlines()]
    code = "".join(f"    {line}\n" for line in lines)
    return f"**{mistake['what']}**\n\n{code}\n{mistake['todo']}\n"


def page(mistakes, printed):
    """The whole page."""
    parts = [HEAD]
    for tool, group in itertools.groupby(
        zip(mistakes, printed, strict=True), lambda pair: pair[0]["tool"]
    ):
        parts.append(f"## {tool}\n")
        parts += [block(*pair) for pair in group]
    return "\n".join(parts)
