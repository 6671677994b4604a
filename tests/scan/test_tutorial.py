"""The tutorial about many services is followed as it stands."""

import re
from pathlib import Path

from tests.conftest import DEADLINE

LOOK = """for i in $(seq 200); do
pysvok service/web && pysvok service/clock && break; sleep 0.1
done"""
PAGE = Path(__file__).parents[2] / "docs/tutorial/many-services.md"


def test_what_the_page_has_one_try(run, scripts, place):
    """Each command in its order, in a shell as a person has it: all of them succeed."""
    text = PAGE.read_text().partition("## When pysvscan itself")[0]
    lines = re.findall(r"^    \$ (.*)$", text, re.MULTILINE)
    assert len(lines) > 10
    typed = "\n".join([*lines, "kill %1", "wait"])
    # Any port, and the Python of this environment; a person takes a moment to read; and a shell
    # for a person gives a number of a job again.
    for what, instead in {
        "8001": "0",
        "python3": f"{scripts}/python3",
        "seq 100": "seq 10",
        "%1": "$!",
        "kill -9 $!": "kill -9 $!\nwait $! || :",
        "pysvscan service &": f"pysvscan service &\n{LOOK}",
    }.items():
        typed = typed.replace(what, instead)
    done = run("bash", "-ec", typed, env={"HOME": str(place)}, timeout=4 * DEADLINE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"run: web" in done.stdout
    assert not any(file.read_text() for file in place.glob("service/*/supervise/pid"))
