"""WATCHDOG_PID reaches a program only where it is the program's pid."""

import pytest

SHOWS = "sh", "-c", "echo ${WATCHDOG_PID-none} $WATCHDOG_USEC"


@pytest.mark.parametrize("link", [["pyfghack"], ["pysetlock", "-h", "lock"]])
def test_a_link_that_forks(run, tmp_path, link):
    """Its program has another pid than the one that was meant."""
    env = {"WATCHDOG_PID": "4711", "WATCHDOG_USEC": "5"}
    assert run(*link, *SHOWS, env=env, cwd=tmp_path).stdout == b"none 5\n"


def test_a_link_that_does_not(run, tmp_path):
    """Its program is the same process."""
    env = {"WATCHDOG_PID": "4711", "WATCHDOG_USEC": "5"}
    assert run("pysetlock", "lock", *SHOWS, env=env, cwd=tmp_path).stdout == b"4711 5\n"
