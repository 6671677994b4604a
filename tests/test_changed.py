"""contrib/test changed: which tests belong to the files that changed."""

import importlib.util
import shutil
from pathlib import Path

import pytest

MODULE = Path(__file__).resolve().parents[1] / "contrib/lib/changed.py"
if not MODULE.exists():
    pytest.skip("the tests are not in a source tree", allow_module_level=True)

_spec = importlib.util.spec_from_file_location("changed", MODULE)
changed = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(changed)

TREE = [
    "tests/chain/test_setlock.py",
    "tests/chain/test_words.py",
    "tests/chain/programs.py",
    "tests/log/sinks/test_tls.py",
    "tests/oracle/test_setlock.py",
    "tests/test_demo.py",
    "tests/test_docs.py",
]
CASES = {
    "a module that has a test": (["src/pydaemontools/chain/words.py"], ["chain/test_words.py"]),
    "one that is compared, too": (
        ["src/pydaemontools/chain/setlock.py"],
        ["chain/test_setlock.py", "oracle/test_setlock.py"],
    ),
    "one that has none": (["src/pydaemontools/chain/cli.py"], ["chain"]),
    "one in a room in a room": (["src/pydaemontools/log/sinks/tls.py"], ["log/sinks/test_tls.py"]),
    "one in a room without tests": (["src/pydaemontools/log/net/relp.py"], ["log"]),
    "a test": (["tests/chain/test_words.py"], ["chain/test_words.py"]),
    "what tests share": (["tests/chain/programs.py"], ["chain"]),
    "a test that is gone": (["tests/chain/test_gone.py"], []),
    "a test and all of its room": (
        ["tests/chain/test_words.py", "src/pydaemontools/chain/cli.py"],
        ["chain"],
    ),
    "a page": (["docs/reference/tools/pysvc.md", "README.md"], ["test_docs.py"]),
    "a script": (["contrib/demo"], ["test_demo.py"]),
    "a script without a test": (["contrib/check", "LICENSE"], []),
}


@pytest.fixture
def root(tmp_path):
    """A tree with tests."""
    for name in TREE:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.parametrize(("names", "tests"), CASES.values(), ids=CASES)
def test_what_belongs_to_what(names, tests, root):
    """Tests mirror src; without one of the same name, all of the nearest room."""
    assert changed.words(names, root) == [f"tests/{test}" for test in tests]


@pytest.mark.parametrize(
    "name",
    [
        "tests/conftest.py",
        "tests/log/conftest.py",
        "src/pydaemontools/base/errors.py",
        "src/pydaemontools/__main__.py",
        "pyproject.toml",
    ],
)
def test_what_all_use_has_all_that_are_pure_run(name, root):
    """Whatever else has changed."""
    assert changed.words([name, "src/pydaemontools/chain/words.py"], root) == ["-m", "pure"]


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_new_and_committed_files_are_among_them(run, tmp_path, monkeypatch):
    """All that differs from the upstream branch, by a commit or not yet by one."""
    names = ["-c", "user.name=x", "-c", "user.email=x@example.org"]

    def git(*argv):
        result = run("git", *names, *argv, cwd=tmp_path, env={"HOME": str(tmp_path)})
        assert result.returncode == 0, result.stderr

    def commit(name):
        (tmp_path / name).touch()
        git("add", name)
        git("commit", "-qm", name)

    monkeypatch.setattr(changed, "ROOT", tmp_path)
    git("init", "-qb", "main")
    commit("old")
    (tmp_path / "new").touch()
    assert changed.changed() == ["new"]
    git("checkout", "-qb", "topic", "--track", "main")
    commit("committed")
    assert changed.changed() == ["committed", "new"]
