"""The kinds of the tests: each has one, and a pure one is held to it. And how they wait."""

import os
import subprocess
import sys

import pytest

from tests import kinds
from tests.conftest import wait_until

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


@pytest.mark.pure
@pytest.mark.parametrize("look", [lambda p: p.read_text(), lambda _: int(""), lambda _: {}["x"]])
def test_what_is_waited_for_may_not_be_there_yet(tmp_path, look):
    """The kind: a wait whose condition raises, since the file is not made, or is not whole, yet."""
    answers = iter([look, look, lambda _: "there"])
    assert wait_until(lambda: next(answers)(tmp_path / "later")) == "there"


@pytest.mark.pure
def test_a_wait_that_fails_tells_what_its_condition_raised():
    """And a condition that is wrong in itself is no wait at all."""
    with pytest.raises(AssertionError, match="did not come") as told:
        wait_until(lambda: os.stat("/nowhere"), deadline=0)
    assert isinstance(told.value.__cause__, FileNotFoundError)
    with pytest.raises(AttributeError):
        wait_until(lambda: None.text)
