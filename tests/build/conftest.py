"""What the tests of the build share: a wheel, and venvs to install it in."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OFFLINE = ("--quiet", "--disable-pip-version-check", "--no-index", "--no-deps")


def pip(*words, python=sys.executable):
    """Run pip for PYTHON, away from any network."""
    argv = [sys.executable, "-m", "pip", "--python", python, *words]
    subprocess.run(argv, check=True, timeout=100, cwd="/")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """A wheel built from the tree."""
    place = tmp_path_factory.mktemp("dist")
    pip("wheel", *OFFLINE, "--wheel-dir", place, ROOT)
    return next(place.glob("*.whl"))


@pytest.fixture(scope="session")
def fresh(tmp_path_factory):
    """Makes an empty venv."""

    def make(name):
        place = tmp_path_factory.mktemp(name) / "venv"
        argv = [sys.executable, "-m", "venv", "--without-pip", place]
        subprocess.run(argv, check=True, timeout=100)
        return place / "bin"

    return make


def pytest_collection_modifyitems(items):
    """Installed without a source tree there is nothing to build."""
    if not (ROOT / "pyproject.toml").exists():
        here = Path(__file__).parent
        for item in items:
            if here in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="the tests are not in a source tree"))
