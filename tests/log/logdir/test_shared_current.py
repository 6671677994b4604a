"""`current` that somebody else empties, writes to, renames or replaces: nothing is lost of what
comes, and nothing is there twice.
"""

import os
import re
import subprocess

import pytest

from tests.conftest import DEADLINE, wait_until
from tests.log.conftest import finish, numbered, stream, write_all
from tests.log.pipe.test_intent_log import everything


@pytest.mark.process
@pytest.mark.parametrize("again", [False, True], ids=["new", "continued"])
@pytest.mark.parametrize(
    "command", [("./log",), ("t", "./log"), ("J", "./log")], ids=["as it is", "stamped", "JSON"]
)
def test_emptied_and_written_to(command, again, start, pipe, place):
    """`> current`, as a person does whose disk is full, and as logrotate's copytruncate does; and
    `>> current`. Nothing is lost but what was there, and no zeros stand before what comes.
    """
    current = place / "log/current"
    process = start("pymultilog", *command, stdin=pipe[0])
    if again:
        write_all(pipe[1], b"before\n")
        wait_until(lambda: current.exists() and b"before" in current.read_bytes())
        process.kill()
        process.communicate(timeout=DEADLINE)
        process = start("pymultilog", *command, stdin=pipe[0])
    write_all(pipe[1], b"first\n")
    wait_until(lambda: current.exists() and b"first" in current.read_bytes())
    current.write_bytes(b"")
    write_all(pipe[1], b"second\n")
    wait_until(lambda: b"second" in current.read_bytes())
    with current.open("ab") as file:
        file.write(b"another's\n")
    write_all(pipe[1], b"third\n")
    wait_until(lambda: b"third" in current.read_bytes())
    pipe.end()
    assert process.communicate(timeout=DEADLINE) == (b"", b"")
    second, other, third, rest = current.read_bytes().split(b"\n")
    assert (other, rest) == (b"another's", b"")
    assert b"second" in second
    assert b"third" in third
    assert b"\0" not in second + third


CHANGES = {
    "copied": "cp current new && mv new current",
    "copied in part": "head -c 1000 current >new && mv new current",
    "edited": "sed -i 's/number 000042/& and more/; 7s/^/x/' current",
    "the last line": "sed -i '$s/line/LINE/' current",
    "each line": "sed -i 's/line number/LINE NUMBER/' current",
    "a backup": "sed -i.bak 's/number 000042/& and more/' current",
    "renamed": "mv current elsewhere",
    "as logrotate does": "mv current elsewhere && touch current",
    "moved out": "mv current ../elsewhere && touch current",
    "removed": "rm current",
    "made anew": "rm current && touch current",
    "another": "rm current && echo something else >current",
}


@pytest.mark.process
@pytest.mark.parametrize("label", ["", "t"], ids=["as it is", "stamped"])
@pytest.mark.parametrize("named", [False, True], ids=["pipe", "fifo"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_replaced(change, named, label, start, pipe, place):  # noqa: PLR0917
    """Kind: another file where the open one was, seen at once or, from a fifo, when a file ends."""
    log = place / "log"
    stdin, feed = pipe
    if named:
        os.mkfifo(place / "feed")
        stdin = feed = os.open(place / "feed", os.O_RDWR)
    process = start("pymultilog", *label, "s16384", "n9", "./log", stdin=stdin)
    write_all(feed, stream(numbered(0, 100)))
    wait_until(lambda: b"000099" in everything(log)[0])
    subprocess.run(["sh", "-c", change], cwd=log, check=True)
    for at in range(100, 1000, 300):
        write_all(feed, stream(numbered(at, at + 300)))
        wait_until(lambda: b"%06d" % (at + 299) in kept(place))  # noqa: B023
    process.terminate()
    if named:
        os.close(feed)
    code, said = finish(process)
    assert (code, said.count(b"\n"), b"/current was re" in said) == (0, 1, True)
    assert re.findall(rb"(?:line|LINE) (?:number|NUMBER) (\d{6})", kept(place)) == [
        b"%06d" % at for at in range(1000)
    ]


def kept(place):
    """What was written: in files that were moved away, and in the log directory."""
    moved = [path for path in (place / "elsewhere", place / "log/elsewhere") if path.exists()]
    return b"".join(path.read_bytes() for path in moved) + everything(place / "log")[0]
