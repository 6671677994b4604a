"""Room on a disk that is reserved for a file."""

import os
from unittest.mock import patch

from pydaemontools.base import libc
from pydaemontools.base.reserve import reserve


def test_it_takes_blocks_and_no_size(place):
    """What is reserved is there, and cannot be seen in the size of the file."""
    with (place / "file").open("wb") as file:
        if not reserve(file.fileno(), 12288):
            # Not every file system can: then it says so.
            assert os.fstat(file.fileno()).st_blocks == 0
            return
        there = os.fstat(file.fileno())
        assert (there.st_size, there.st_blocks * 512) == (0, 12288)


def test_what_cannot_be_had(place):
    """Neither an fd that is none nor a system without the call is more than a no."""
    assert not reserve(-1, 1)
    with (place / "file").open("wb") as file, patch.object(libc, "function", side_effect=OSError):
        assert not reserve(file.fileno(), 1)
