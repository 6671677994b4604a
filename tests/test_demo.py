"""contrib/demo, as a newcomer runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.process


def test_demo_ends_well_and_leaves_nothing(tmp_path):
    """Every step works without root, syslog or network, and its directory is empty after it."""
    environment = os.environ | {"PYTHON": sys.executable, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [ROOT / "contrib/demo"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "was killed by SIGKILL" in done.stderr
    assert "err  mydaemon: error: disk gone" in done.stdout
    assert list(tmp_path.iterdir()) == []
