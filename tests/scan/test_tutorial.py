"""The tutorial about many services is followed as it stands."""

import re
from pathlib import Path

from tests.conftest import DEADLINE

PAGE = Path(__file__).parents[2] / "docs/tutorial/many-services.md"


def test_what_the_page_has_one_try(run, scripts, place):
    """Each command in its order, in a shell as a person has it: all of them succeed."""
    text = PAGE.read_text().partition("## At boot")[0]
    lines = re.findall(r"^    \$ (.*)$", text, re.MULTILINE)
    assert len(lines) > 15
    typed = "\n".join(lines)
    # Any port, and the Python of this environment. A person takes a moment until the next command.
    for what, instead in {
        "8001": "0",
        "python3": f"{scripts}/python3",
        "seq 100": "seq 10",
        "kill -9 $!": "kill -9 $!\nwait $! || :",
    }.items():
        typed = typed.replace(what, instead)
    # Where a command fails, what it leaves would hold a pipe open.
    typed = f"trap 'kill $!' EXIT\n{typed}\ntrap - EXIT"
    with (place / "said").open("wb") as said:
        more = {"capture_output": False, "stdout": said, "stderr": said, "timeout": 4 * DEADLINE}
        done = run("bash", "-ec", typed, env={"HOME": str(place)}, **more)
    text = (place / "said").read_text()
    assert done.returncode == 0, text
    assert text.count("run: s") >= 10
    assert "run: web" in text
    assert not any(file.read_text() for file in place.glob("service/*/supervise/pid"))
