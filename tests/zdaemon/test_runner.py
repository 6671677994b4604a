"""What a <runner> section says, as a value."""

import pytest

from pydaemontools.zdaemon.runner import NAMES, Runner


def test_defaults_are_those_of_5_2_1():
    """What is not said is as zdaemon has it."""
    one = Runner(program=("sleep", "10"))
    assert (one.socket_name, one.backoff_limit, one.exit_codes) == ("zdsock", 10, (0, 2))
    assert (one.start_timeout, one.stop_timeout, one.umask) == (300, 300, 0o022)
    assert one.daemon
    assert not one.forever


def test_it_does_not_change():
    """A runner is a value: another is made of it."""
    one = Runner(program=("a",))
    with pytest.raises(AttributeError):
        one.forever = True
    assert one.replace(forever=True) == Runner(program=("a",), forever=True) != one
    assert "forever=True" in repr(one.replace(forever=True))


def test_a_name_that_is_none():
    """A slip is not swallowed."""
    with pytest.raises(TypeError):
        Runner(programme=("a",))
    assert "program" in NAMES
    assert "items" not in NAMES
