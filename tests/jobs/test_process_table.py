"""All processes at one moment: what descends from some of them."""

import pytest

from pydaemontools.jobs import process_table
from pydaemontools.jobs.process_table import ProcessTable

PARENTS = {1: 0, 2: 1, 3: 2, 4: 3, 5: 1, 9: 8, 8: 1}


@pytest.mark.parametrize(
    ("roots", "wanted"),
    [
        ([], []),
        ([3], [3, 4]),
        ([2, 3], [2, 3, 4]),
        ([3, 2], [2, 3, 4]),
        ([4, 2], [4, 2, 3]),
        ([2, 5, 4, 3], [2, 5, 3, 4]),
        ([9, 8], [8, 9]),
        ([7, 5], [7, 5]),
    ],
)
def test_each_is_there_once(monkeypatch, roots, wanted):
    """The kind: one that is asked for, and descends from another that is."""
    monkeypatch.setattr(process_table, "pids", lambda: list(PARENTS))
    monkeypatch.setattr(process_table, "stat", lambda pid: [b"S", b"%d" % PARENTS[pid]])
    assert ProcessTable().below(roots) == wanted
