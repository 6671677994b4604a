"""What an older release installed, or made by `originals`, goes on running and is known.

The files in older/ are what a release wrote, and are never changed: when these tests fail it
is the source that has to know them again.
"""

from pathlib import Path

import pytest

from tests.conftest import write_script

OLDER = Path(__file__).parent / "older"


@pytest.fixture
def originals(place, counted):
    """A directory that `originals` of an older release made for an installation."""
    made, _ = counted
    [package] = made.glob("lib/*/site-packages")
    text = (OLDER / "originals-0.1.0").read_text()
    for word, value in (
        ("PYTHON", made / "bin/python3"),
        ("PACKAGE", package),
        ("SCRIPTS", made / "bin"),
    ):
        text = text.replace(word, str(value))
    there = place / "there"
    there.mkdir()
    for name in "setlock", "envdir", "pgrphack":
        write_script(there / name, text.replace("NAME", name))
    return there


@pytest.fixture
def entries(counted):
    """The directory of an installation's commands, as an older release's wheel had them."""
    made, _ = counted
    text = (OLDER / "entry-0.1.0.sh").read_text()
    for name in "pysetlock", "pyenvdir", "pypgrphack":
        write_script(made / "bin" / name, text.replace("NAME", name))
    return made / "bin"


@pytest.mark.parametrize(("older", "prefix"), [("originals", ""), ("entries", "py")])
def test_they_are_run_and_fused(  # noqa: PLR0917 - fixtures
    older, prefix, request, run, place, counted
):
    """They find the package, and a chain of them is one process: each is known for what it is."""
    (place / "d").mkdir()
    path = f"{request.getfixturevalue(older)}:/usr/bin:/bin"
    links = [prefix + word for word in ("setlock", "envdir", "pgrphack")]
    result = run(links[0], "l", links[1], "d", links[2], "echo", "ran", path=path)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"ran\n", b"")
    assert counted[1]() == 1


def test_originals_are_made_again(run, python, originals):
    """They are no strangers where `originals` writes its own."""
    result = run(*python, "originals", originals)
    assert (result.returncode, result.stderr) == (0, b"")
