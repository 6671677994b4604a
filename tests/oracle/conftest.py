"""How a comparison is made.

A comparison is a shell script. It runs twice in a fresh directory of the same name, which
holds bin/ with the tools under the originals' names: first the C programs, then ours. What
it prints, what it says on stderr and how it ends have to be equal to the byte. Most scripts
end in `probe`, which prints all that a program can see of how it was started.
"""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import DEADLINE, PROBE, remove, without_numbers, write_script

LINKS = ("envdir", "envuidgid", "fghack", "pgrphack", "setlock", "setuidgid", "softlimit")
TOOLS = (*LINKS, "multilog")

# The scripts run a program as `plain` to have it refused what file modes forbid, root or not.
# Root who may not override modes is still root, so that an interpreter in /root can be run.
PLAIN = """#!/bin/sh
[ "$(id -u)" != 0 ] || exec setpriv --bounding-set=-dac_override,-dac_read_search "$@"
exec "$@"
"""
# And as `powerless` to have it refused to change its account.
POWERLESS = """#!/bin/sh
[ "$(id -u)" != 0 ] || exec setpriv --bounding-set=-setuid,-setgid "$@"
exec "$@"
"""


@pytest.fixture
def compare(originals, scripts, needs, place):
    """Run a script with the C tools and with ours, and compare everything that comes out."""
    theirs = {tool: needs(tool) for tool in TOOLS}
    ours = {tool: Path(originals) / tool for tool in TOOLS}
    commands = {tool: scripts / f"py{tool}" for tool in TOOLS}

    def compare(script, *, own=False):
        expected = outcome(place, theirs, script)
        assert b"Syntax error" not in b"".join(expected[2]), "the script is none"
        assert outcome(place, commands if own else ours, script) == expected

    return compare


def outcome(place, tools, script):
    """What SCRIPT does with TOOLS in the directory PLACE, which is made anew for it."""
    remove(place)
    place.mkdir(0o755)
    (place / "bin").mkdir()
    for name, text in {"probe": PROBE, "plain": PLAIN, "powerless": POWERLESS}.items():
        write_script(place / "bin" / name, text)
    for name, file in tools.items():
        (place / "bin" / name).symlink_to(file)
    result = subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=place,
        env={"PATH": f"{place}/bin:/usr/bin:/bin", "HOME": "/", "LAST": "one"},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        umask=0o022,
        timeout=DEADLINE,
        check=False,
    )
    written = (place / "state").read_bytes() if (place / "state").exists() else b""
    texts = (result.stdout, result.stderr, written)
    return [result.returncode, *(without_numbers(text).split(b"\n") for text in texts)]
