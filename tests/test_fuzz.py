"""contrib/fuzz runs, and finds what is there to be found."""

import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).resolve().parents[1] / "contrib/fuzz/run"
if not FUZZ.exists():
    pytest.skip("the tests are not in a source tree", allow_module_level=True)
pytestmark = pytest.mark.process


def test_all_targets_can_be_tried():
    """Each is, from the same seed each time; a second is enough to see that it works."""
    argv = [sys.executable, FUZZ, "--minutes", "0.02", "--seed", "1"]
    result = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    assert all(line.endswith("nothing") for line in result.stdout.splitlines())


def test_a_find_is_printed_with_its_example():
    """And the code is 1. What is found here is a bug that the test has put in."""
    code = (
        "import runpy, sys\n"
        "from pydaemontools.log.lines import levels\n"
        "levels.head = lambda line: 1 / (len(line) - 3)\n"
        f"sys.path.insert(0, {str(FUZZ.parent)!r})\n"
        "sys.argv = ['run', '--minutes', '0.1', 'head']\n"
        f"runpy.run_path({str(FUZZ)!r}, run_name='__main__')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1, result.stderr
    assert "Failing test case" in result.stdout or "Falsifying example" in result.stdout
    assert "head: " in result.stdout
