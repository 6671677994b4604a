"""Nothing but one room opens files where another account may have put something."""

import runpy
from pathlib import Path

import pytest

OPENERS = Path(__file__).resolve().parents[1] / "contrib/openers"
FAULTY = {
    "posix.open(name, 0)": 1,
    "open(name)": 1,
    "os.rename(name, other)": 1,
    "posix.link(name, other)": 1,
    'open("/proc/self/stat")': 0,
    'posix.open(b"/dev/null", 0)': 0,
    'open(f"/proc/{pid}/stat")': 0,
    "self.open(name)": 0,
}


@pytest.fixture(scope="module")
def openers():
    """The script's own names."""
    return runpy.run_path(str(OPENERS))


def test_the_source(openers):
    """The source is as it should be."""
    assert openers["main"]() == 0


@pytest.mark.parametrize(("line", "faults"), FAULTY.items())
def test_what_is_found(openers, line, faults):
    """A call is found wherever it stands, unless what it opens is the kernel's."""
    calls = openers["Calls"]()
    calls.visit(openers["ast"].parse(f"class A:\n  def f(self):\n    return {line}\n"))
    assert calls.found == [("A.f", 3)] * faults
