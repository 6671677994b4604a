"""What one standing supervisor takes of the memory, with one program to keep."""

import shutil
import subprocess
import time
from pathlib import Path

from sample import ENVIRON, SCRIPTS, Row, missing

RUN = "#!/bin/sh\nexec sleep 1000\n"
SUPERVISORD = """\
[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile=supervisord.pid
[program:one]
command=sleep 1000
"""
# After it has started its program it frees what it needed for that.
SETTLED = 2.0


def rows(*, quick):
    """One row: kilobytes of each."""
    lacking = missing("supervise", "runsv")
    contenders = {"pysupervise, a directory": [str(SCRIPTS / "pysupervise"), "one"]}
    contenders |= {name: [name, name] for name in ("supervise", "runsv") if name not in lacking}
    supervisord = shutil.which("supervisord", path=ENVIRON["PATH"])
    if supervisord:
        Path("conf").write_text(SUPERVISORD)
        contenders["supervisord"] = [supervisord, "-c", "conf"]
    else:
        lacking.append("supervisord (pip install supervisor)")
    for place in "one", "supervise", "runsv":
        Path(place).mkdir()
        (Path(place) / "run").write_text(RUN)
        (Path(place) / "run").chmod(0o755)
    samples = {name: [] for name in contenders}
    for _ in range(1 if quick else 5):
        for name, argv in contenders.items():
            samples[name].append(standing(argv))
    yield Row(
        "Memory (PSS) of a supervisor with one program",
        "kB",
        samples,
        {"supervisord": "at most 1.0"},
        lacking,
    )


def standing(argv):
    """The kilobytes of ARGV, once it has settled, without what it keeps."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(argv, env=ENVIRON, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        time.sleep(SETTLED)
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    finally:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        # Who is killed leaves something to the next one, which loads more for that.
        process.terminate()
        process.wait(30)
        for child in children:
            subprocess.run(["kill", "-9", child], check=False)
