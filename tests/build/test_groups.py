"""The dependency groups of pyproject.toml name all that tests and contrib/ import."""

import ast
import re
import sys
import tomllib

import pytest

from tests.build.conftest import ROOT

# By module: the distribution, where that is another word.
DISTRIBUTIONS = {
    "daemon": "python-daemon",
    "pythonjsonlogger": "python-json-logger",
    "sentry_sdk": "sentry-sdk",
}
# What the site is built with, and contrib/docs alone installs.
SITE = {"mkdocs"}
# pytest loads these, by a setting and by an argument of contrib/test.
PLUGINS = {"pytest-timeout", "pytest-xdist"}


def imported(top):
    """The modules that the files below TOP import, but those of the library and the tree."""
    files = list((ROOT / top).rglob("*.py"))
    trees = [ast.parse(file.read_text()) for file in files]
    found = {name.partition(".")[0] for tree in trees for name in names(tree)}
    ours = {"pydaemontools", "tests"} | {file.stem for file in files}
    return found - sys.stdlib_module_names - ours


def names(tree):
    """The modules that TREE imports; also those which a test is skipped without."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "importorskip":
            yield node.args[0].value


@pytest.fixture(scope="module")
def groups():
    """The distributions that each group names."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    return {
        group: {re.match(r"[\w-]+", text)[0] for text in needed} for group, needed in told.items()
    }


@pytest.mark.parametrize("top", ["tests", "contrib"])
def test_a_group_names_all_that_is_imported(top, groups):
    """What examples need stands in the group of that name, all else in that of the tests."""
    needed = {DISTRIBUTIONS.get(module, module) for module in imported(top)} - SITE
    assert needed - groups["test"] - groups["examples"] == set()


def test_a_group_names_nothing_that_is_not_imported(groups):
    """Not by what it tests, either: but pytest's plugins."""
    needed = imported("tests") | imported("contrib") - SITE | {"rich", "ZConfig"}
    needed = {DISTRIBUTIONS.get(module, module) for module in needed}
    assert groups["test"] | groups["examples"] == (needed | PLUGINS)
