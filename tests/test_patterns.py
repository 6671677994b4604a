"""Regular expressions mean the same to each Python: before 3.11.5 some do not (gh-106052)."""

import re
from pathlib import Path

import pytest

import pydaemontools

FILES = sorted(file for top in pydaemontools.__path__ for file in Path(top).rglob("*.py"))
POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)(?:[?*+]|\{\{?[0-9]+,?[0-9]*\}\}?)\+")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_group_is_possessive(file):
    """Its repetition was given up half: (?>(?:...)*) does what (?:...)*+ is meant to."""
    assert POSSESSIVE_GROUP.search(file.read_text()) is None
