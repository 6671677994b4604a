"""`current` that somebody else empties or writes to: what comes is at its end, without a hole."""

import pytest

from tests.conftest import DEADLINE, wait_until
from tests.log.conftest import write_all


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
