"""To ask how a service is: ours beside the originals, with the interpreter's start apart."""

import subprocess
import sys
import time
from pathlib import Path

from cold import timed
from sample import ENVIRON, SCRIPTS, Row, in_turns, missing

RUN = "#!/bin/sh\nexec sleep 1000\n"


def rows(*, quick):
    """Two rows: pysvstat and svstat, pysv status and sv status."""
    Path("one").mkdir()
    Path("one/run").write_text(RUN)
    Path("one/run").chmod(0o755)
    kept = subprocess.Popen([str(SCRIPTS / "pysupervise"), "one"], env=ENVIRON)
    try:
        while not Path("one/supervise/ok").exists():
            time.sleep(0.01)
        yield from (
            row(words, theirs, quick=quick)
            for words, theirs in (
                (["pysvstat", "one"], ["svstat", "one"]),
                (["pysv", "status", "./one"], ["sv", "status", "./one"]),
            )
        )
    finally:
        kept.terminate()
        kept.wait()


def row(ours, theirs, *, quick):
    """One row: OURS, the start of an interpreter, and THEIRS."""
    lacking = missing(theirs[0])
    contenders = {
        " ".join(ours): timed([str(SCRIPTS / ours[0]), *ours[1:]]),
        "`python3 -c pass`": timed([sys.executable, "-c", "pass"]),
    }
    if not lacking:
        contenders[" ".join(theirs)] = timed(theirs)
    took = in_turns(contenders, 20 if quick else 200)
    title = f"To ask how a service is, {' '.join(ours[:-1])}"
    return Row(title, "milliseconds", took, {}, lacking)
