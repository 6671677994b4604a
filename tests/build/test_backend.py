"""The wheel, and the ways to install it: contrib/build/backend.py and entry.sh."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OFFLINE = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]

needs_tree = pytest.mark.skipif(
    not (ROOT / "pyproject.toml").exists(), reason="the tests are not in a source tree"
)
pytestmark = needs_tree


def pip(python, *words):
    """Run pip with PYTHON, away from any network."""
    subprocess.run([python, "-m", "pip", *words], check=True, timeout=100, cwd="/")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from the tree."""
    place = tmp_path_factory.mktemp("dist")
    pip(sys.executable, "wheel", *OFFLINE, "--wheel-dir", place, ROOT)
    return next(place.glob("*.whl"))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """Makes an empty venv."""

    def make(name):
        place = tmp_path_factory.mktemp(name) / "venv"
        subprocess.run([sys.executable, "-m", "venv", place], check=True, timeout=100)
        return place / "bin"

    return make


def test_same_tree_same_wheel(wheel, tmp_path):
    """Building twice gives the same bytes."""
    pip(sys.executable, "wheel", *OFFLINE, "--wheel-dir", tmp_path, ROOT)
    assert next(tmp_path.glob("*.whl")).read_bytes() == wheel.read_bytes()


def test_wheel_has_a_script_a_page_and_a_man_page_for_each_tool(wheel):
    """Every page in docs/reference/tools is installed three times."""
    names = zipfile.ZipFile(wheel).namelist()
    tools = [page.stem for page in (ROOT / "docs/reference/tools").glob("py*.md")]
    assert len(tools) >= 10
    for tool in tools:
        assert any(name.endswith(f".data/scripts/{tool}") for name in names)
        assert any(name.endswith(f"/man8/{tool}.8") for name in names)
        assert f"pydaemontools/pages/{tool}.md" in names
    assert not [name for name in names if "__pycache__" in name or "tests/" in name]


def test_wheel_names_what_it_needs(wheel):
    """The libraries, and what an extra adds to them."""
    archive = zipfile.ZipFile(wheel)
    name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
    lines = archive.read(name).decode().splitlines()
    assert "Requires-Dist: loguru>=0.7" in lines
    assert "Provides-Extra: top" in lines
    assert 'Requires-Dist: rich>=13; extra == "top"' in lines


@pytest.mark.parametrize("how", ["wheel", "editable", "target of --prefix"])
def test_commands_work_however_they_were_installed(how, wheel, fresh, tmp_path):
    """A chain of two, and --help, which reads the page, run from an installation of each kind."""
    scripts = fresh("venv")
    if how == "wheel":
        pip(scripts / "python3", "install", *OFFLINE, wheel)
    elif how == "editable":
        pip(scripts / "python3", "install", *OFFLINE, "-e", ROOT)
    else:
        pip(scripts / "python3", "install", *OFFLINE, "--prefix", tmp_path, wheel)
        scripts = tmp_path / "bin"
    words = [scripts / "pysetlock", tmp_path / "lock", scripts / "pypgrphack", "echo", "done"]
    done = subprocess.run(words, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"done\n", b"")
    page = subprocess.run([scripts / "pysetlock", "--help"], capture_output=True, check=True)
    assert page.stdout.startswith(b"pysetlock - ")


def test_command_moved_away_from_its_package_says_so(wheel, fresh, tmp_path):
    """An entry script that finds no package names the place where it looked."""
    scripts = fresh("venv")
    pip(scripts / "python3", "install", *OFFLINE, wheel)
    lost = tmp_path / "bin" / "pysetlock"
    lost.parent.mkdir()
    lost.write_bytes((scripts / "pysetlock").read_bytes())
    lost.chmod(0o755)
    done = subprocess.run([lost, "x", "true"], capture_output=True, timeout=60, check=False)
    assert done.returncode == 111
    assert done.stderr.startswith(b"pysetlock: fatal: unable to find the package pydaemontools")
