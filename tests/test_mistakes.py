"""What the page about mistakes says is printed when they are made: each is made here again.

The kind: an answer that names what could not be done, to what, why, and what to do.
"""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[1]
if not (ROOT / "contrib/lib/mistakes.toml").exists():
    pytest.skip("the tests are not in a source tree", allow_module_level=True)
mistakes = SimpleNamespace(**runpy.run_path(str(ROOT / "contrib/lib/mistakes.py")))
pytestmark = pytest.mark.process
KNOWN = mistakes.load()
NAMES = [f"{one['tool']}: {one['what']}" for one in KNOWN]


@pytest.fixture(scope="module")
def page():
    """The page as it is."""
    return mistakes.PAGE.read_text()


@pytest.mark.parametrize("mistake", KNOWN, ids=NAMES)
def test_what_the_page_has_is_printed(mistake, page, scripts):
    """Word for word, but for pids, tenths of seconds and the place."""
    printed = mistakes.make(mistake, scripts)
    assert printed
    assert "Traceback" not in printed
    assert mistakes.block(mistake, printed) in page


def test_the_page_is_made_of_nothing_else(page):
    """It has the mistakes in their order, each with its sentence; contrib/mistakes makes it."""
    blocks = page.split("\n**")[1:]
    assert len(blocks) == len(KNOWN) >= 40
    assert len(set(NAMES)) == len(KNOWN)
    printed = [
        "".join(line[4:] for line in block.splitlines(keepends=True) if line[:4] == "    ")
        for block in blocks
    ]
    outputs = [text.partition("\n")[2] for text in printed]
    assert mistakes.page(KNOWN, outputs) == page
