"""The kinds of the tests: each has one, and a pure one is held to it."""

import os
import subprocess
import sys

import pytest

from tests import kinds

WAYS = {
    "subprocess": lambda: subprocess.run(["true"], check=True),
    "fork": lambda: os.fork() or os._exit(0),
    "posix_spawn": lambda: os.posix_spawn(sys.executable, [sys.executable, "-c", ""], {}),
    "system": lambda: os.system("true"),  # noqa: S605 - what it starts is not the point
}


def test_each_test_has_one_kind(request):
    """Whichever tests were chosen."""
    for item in request.session.items:
        assert len({mark.name for mark in item.iter_markers()} & set(kinds.KINDS)) == 1, item


@pytest.mark.pure
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_pure_test_starts_no_process(way):
    """Whichever way it tries: it fails, and nothing is started."""
    with pytest.raises(pytest.fail.Exception, match="mark it `process`"):
        way()


@pytest.mark.process
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_one_that_is_marked_may(way):
    """So the test above could fail."""
    way()
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
