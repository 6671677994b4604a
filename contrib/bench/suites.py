"""The suites that keep many services: how each is started, and how it is told to end."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from sample import ENVIRON, SCRIPTS, missing

OURS = "pysvscan"
LIMIT = 1000  # services that daemontools' and runit's scanners know
SUPERVISORD = """\
[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile=supervisord.pid
minfds=20000
minprocs=200
"""
PROGRAM = """\
[program:{0}]
command={1}/{0}/run
directory={1}/{0}
stdout_logfile=NONE
stderr_logfile=NONE
"""


def suites(count):
    """Of those that can keep COUNT services: the name, and the words; and which are not here."""
    found = {
        OURS: [SCRIPTS / "pysvscan", "."],
        "s6-svscan": ["s6-svscan", "-c", str(count + 8), "."],
    }
    if count <= LIMIT:
        found |= {"daemontools svscan": ["svscan", "."], "runit runsvdir": ["runsvdir", "."]}
    lacking = missing(*(words[0] for words in found.values() if words[0] != SCRIPTS / "pysvscan"))
    found = {name: words for name, words in found.items() if words[0] not in lacking}
    supervisord = _supervisord()
    if supervisord:
        found["supervisord"] = [supervisord, "-c", ".conf"]
    else:
        lacking.append("supervisord (pip install supervisor)")
    return found, lacking


def _supervisord():
    """Where supervisord is, in PATH or in a venv of its own."""
    place = os.environ.get("PYDAEMONTOOLS_SUPERVISOR") or f"{sys.prefix}/supervisor"
    return shutil.which("supervisord", path=f"{ENVIRON['PATH']}:{place}/bin")


def start(name, words, place, stderr=subprocess.DEVNULL):
    """Start the suite NAME by WORDS on the services in PLACE."""
    if name == "supervisord":
        services = sorted(path.name for path in place.glob("s*"))
        programs = "".join(PROGRAM.format(one, place) for one in services)
        (place / ".conf").write_text(SUPERVISORD + programs)
    return subprocess.Popen(words, cwd=place, env=ENVIRON, stdout=subprocess.DEVNULL, stderr=stderr)


def end(name, scanner, place):
    """Tell the SCANNER of the suite NAME to end all services in PLACE, each in its way."""
    if name == "daemontools svscan":
        scanner.terminate()
        subprocess.run(["svc", "-dx", *map(str, Path(place).glob("s*"))], check=False)
    elif name == "runit runsvdir":
        scanner.send_signal(signal.SIGHUP)
    elif name == "s6-svscan":
        subprocess.run(["s6-svscanctl", "-t", str(place)], check=False)
    else:
        scanner.terminate()
