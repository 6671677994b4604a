"""Which tests belong to the files that changed: prints what contrib/test gives to pytest.

Tests mirror src: those of src/pydaemontools/ROOM/x.py are tests/ROOM/test_x.py and
tests/oracle/test_x.py, or all of tests/ROOM. A test runs itself. What everything uses, a
conftest or base/, runs all tests that are pure.
"""

import subprocess
import sys
from pathlib import Path, PurePath

ROOT = Path(__file__).resolve().parents[2]
PURE = ["-m", "pure"]
# What is no module, but is read by a test.
READ_BY = {"docs": "tests/test_docs.py", "README.md": "tests/test_docs.py"}


def main():
    """Print the words for pytest; none if no test belongs to what changed."""
    print(*words(changed(), ROOT))


def changed():
    """The files that differ from the upstream branch, or from HEAD; new ones too."""
    upstream = git("rev-parse", "--verify", "--quiet", "@{upstream}")
    base = git("merge-base", "HEAD", *upstream) if upstream else ["HEAD"]
    new = git("ls-files", "--others", "--exclude-standard")
    return git("diff", "--name-only", "--no-renames", *base) + new


def git(*argv):
    """The lines that a git command prints; none if it fails."""
    done = subprocess.run(["git", *argv], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


def words(names, root):
    """What to give to pytest for the changed files NAMES of the tree ROOT."""
    paths = [PurePath(name) for name in names]
    if any(map(_used_by_all, paths)):
        return PURE
    found = {test for path in paths for test in tests_of(path, root)}
    # A directory brings its files along.
    return sorted(test for test in found if found.isdisjoint(map(str, PurePath(test).parents)))


def _used_by_all(path):
    """Whether all tests might depend on PATH."""
    package, room = path.parts[:2], path.parts[2:-1]
    top = package == ("src", "pydaemontools") and room[:1] in ((), ("base",))
    return top or path.name in ("conftest.py", "pyproject.toml")


def tests_of(path, root):
    """The tests that belong to the file PATH: names below ROOT that are there."""
    if path.parts[0] in READ_BY:
        return [READ_BY[path.parts[0]]]
    if path.parts[0] == "tests":
        own = path.name.startswith("test_")
        found = [path] if own else [path.parent]
    elif path.parts[:2] == ("src", "pydaemontools"):
        found = _mirrored(PurePath("tests", *path.parts[2:-1]), path.stem, root)
    elif path.parts[0] == "contrib":
        found = _mirrored(PurePath("tests", *path.parts[1:-1]), path.stem, root)
    else:
        found = []
    return [str(test) for test in found if (root / test).exists() and test != PurePath("tests")]


def _mirrored(room, stem, root):
    """The tests in ROOM of the module STEM; all of the nearest room without one of its own."""
    while not (root / room).is_dir():
        room = room.parent
    named = [place / f"test_{stem}.py" for place in (room, PurePath("tests/oracle"))]
    found = [test for test in named if (root / test).exists()]
    return found or [room]


if __name__ == "__main__":
    sys.exit(main())
