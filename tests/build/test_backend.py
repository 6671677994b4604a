"""The wheel, and the ways to install it: contrib/build/backend.py and data/entry.sh."""

import subprocess
import textwrap
import tomllib
import zipfile

import pytest

from tests.build.conftest import OFFLINE, ROOT, pip


def test_same_tree_same_wheel(wheel, tmp_path):
    """Building twice gives the same bytes."""
    pip("wheel", *OFFLINE, "--wheel-dir", tmp_path, ROOT)
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


def metadata(wheel):
    """The lines of the wheel's METADATA."""
    archive = zipfile.ZipFile(wheel)
    name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
    return archive.read(name).decode().splitlines()


def test_wheel_has_the_data_and_a_page_prints_it(wheel):
    """What a user copies is installed as it stands in the page, indented there."""
    archive = zipfile.ZipFile(wheel)
    found = [name for name in archive.namelist() if name.startswith("pydaemontools/data/")]
    assert "pydaemontools/data/systemd/mydaemon.service" in found
    pages = [page.read_text() for page in (ROOT / "docs").rglob("*.md")]
    assert "pydaemontools/data/entry.sh" in found
    for name in found:
        if name.endswith("/entry.sh") or "/templates/" in name:
            # Those pysv new copies.
            continue
        printed = textwrap.indent(archive.read(name).decode(), "    ")
        assert any(printed in page for page in pages), name


def test_wheel_names_who_made_it_and_where_more_is(wheel):
    """The authors, and every URL of the project with its label."""
    lines = metadata(wheel)
    assert "Author: The pydaemontools authors" in lines
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    urls = [f"Project-URL: {label}, {url}" for label, url in project["urls"].items()]
    assert [line for line in lines if line.startswith("Project-URL:")] == urls != []


def test_wheel_names_what_it_needs(wheel):
    """The libraries, and what an extra adds to them."""
    lines = metadata(wheel)
    assert "Requires-Dist: loguru>=0.7" in lines
    assert "Provides-Extra: top" in lines
    assert 'Requires-Dist: structlog>=24; extra == "structlog"' in lines
    assert 'Requires-Dist: rich>=13; extra == "top"' in lines


@pytest.mark.parametrize("how", ["wheel", "editable", "target of --prefix"])
def test_commands_work_however_they_were_installed(how, wheel, fresh, tmp_path):
    """A chain of two, and --help, which reads the page, run from an installation of each kind."""
    scripts = fresh("venv")
    if how == "wheel":
        pip("install", *OFFLINE, wheel, python=scripts / "python3")
    elif how == "editable":
        pip("install", *OFFLINE, "-e", ROOT, python=scripts / "python3")
    else:
        pip("install", *OFFLINE, "--prefix", tmp_path, wheel, python=scripts / "python3")
        scripts = tmp_path / "bin"
    words = [scripts / "pysetlock", tmp_path / "lock", scripts / "pypgrphack", "echo", "done"]
    done = subprocess.run(words, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"done\n", b"")
    page = subprocess.run([scripts / "pysetlock", "--help"], capture_output=True, check=True)
    assert page.stdout.startswith(b"pysetlock - ")


def test_command_moved_away_from_its_package_says_so(wheel, fresh, tmp_path):
    """An entry script that finds no package names the place where it looked."""
    scripts = fresh("venv")
    pip("install", *OFFLINE, wheel, python=scripts / "python3")
    lost = tmp_path / "bin" / "pysetlock"
    lost.parent.mkdir()
    lost.write_bytes((scripts / "pysetlock").read_bytes())
    lost.chmod(0o755)
    done = subprocess.run([lost, "x", "true"], capture_output=True, timeout=60, check=False)
    assert done.returncode == 111
    assert done.stderr.startswith(b"pysetlock: fatal: unable to find the package pydaemontools")
