"""utmpset: the records of a terminal line, in files of a place of its own."""

import struct
import subprocess

import pytest

from pydaemontools.control.utmpset import SIZE, TIME
from tests.conftest import DEADLINE

# In a mount namespace these are empty directories; the files come from here, and go back.
ALONE = """
mount -t tmpfs t /run && mount -t tmpfs t /var/log || exit 99
[ ! -e utmp ] || cp utmp /var/run/utmp
[ ! -e wtmp ] || cp wtmp /var/log/wtmp
"$@"
code=$?
! cp /var/run/utmp utmp.after 2>&1
! cp /var/log/wtmp wtmp.after 2>&1
stat -c '%a' /var/log/wtmp
exit $code
"""
CASES = {
    "no arguments": ([], []),
    "an unknown option": (["-q", "tty1"], ["tty1"]),
    "-V": (["-V"], ["tty1"]),
    "an option alone": (["-w"], ["tty1"]),
    "no utmp": (["tty1"], None),
    "an empty one": (["tty1"], []),
    "a line that is not there": (["tty1"], ["tty2", "pts/0"]),
    "a line that is there": (["tty2"], ["tty1", "tty2", "pts/0"]),
    "and wtmp": (["-w", "tty2"], ["tty1", "tty2", "pts/0"]),
    "the first of two": (["tty2"], ["tty2", "tty2"]),
    "of nobody": (["tty2"], ["-tty2", "tty2"]),
    "of nobody alone": (["-w", "tty2"], ["-tty2"]),
    "a prefix is none": (["tty"], ["tty2"]),
    "a long line": (["-w", "x" * 31], ["x" * 31]),
    "a name too long for any": (["-w", "x" * 40], ["x" * 31]),
    "the empty line": (["-w", ""], [""]),
    "half a record": (["tty2"], ["tty1", "half"]),
    "more words": (["tty1", "tty2"], ["tty1", "tty2"]),
    "--": (["--", "tty1"], ["tty1"]),
}


def record(line):
    """A record of LINE; of one with a dash before it nobody is logged in."""
    name = b"" if line.startswith("-") else b"somebody"
    parts = (7, 4711, line.lstrip("-").encode(), b"ts/0", name, b"far.example")
    return (struct.pack("@hi32s4s32s256s", *parts) + b"\1\2\3\4" * 30)[:SIZE]


def outcome(place, tool, words, lines):
    """What TOOL says of WORDS where utmp has LINES, and what it leaves."""
    if lines is not None:
        data = b"".join(map(record, lines))
        (place / "utmp").write_bytes(data[:-100] if "half" in lines else data)
        (place / "wtmp").write_bytes(record("tty9"))
    command = ["unshare", "-m", "sh", "-c", ALONE, "sh", tool, *words]
    result = subprocess.run(
        command, cwd=place, capture_output=True, timeout=DEADLINE, check=False, umask=0o022
    )
    if result.returncode in (1, 99) and b"unshare" in result.stderr + result.stdout:
        pytest.skip("needs a mount namespace")
    left = []
    for name in "utmp.after", "wtmp.after":
        path = place / name
        left.append(
            [_known(path.read_bytes()[at : at + SIZE]) for at in range(0, 5 * SIZE, SIZE)]
            if path.exists()
            else None
        )
    return [result.returncode, result.stdout, result.stderr, left]


def _known(one):
    """A record without the second of its time."""
    return one[: TIME.start] + b"...." + one[TIME.start + 4 :], len(one)


@pytest.mark.needs_root
@pytest.mark.parametrize(("words", "lines"), CASES.values(), ids=CASES)
def test_utmpset(needs, tmp_path, originals, words, lines):
    """Called by the original's name it does what the original does."""
    places = [tmp_path / "c", tmp_path / "ours"]
    # Through a link: the usage has the name by which it was called.
    for place, tool in zip(places, (needs("utmpset"), f"{originals}/utmpset"), strict=True):
        (place / "bin").mkdir(parents=True)
        (place / "bin/utmpset").symlink_to(tool)
    expected, found = (outcome(place, "bin/utmpset", words, lines) for place in places)
    usage = b"usage: bin/utmpset"
    expected[2] = expected[2].replace(usage, b"usage: utmpset")
    expected[2] = expected[2].replace(b"bin/utmpset: illegal", b"utmpset: illegal")
    assert found == expected
