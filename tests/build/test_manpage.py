"""From a page to a man page: contrib/build/manpage.py."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "contrib/build/manpage.py"
if not MODULE.exists():
    pytest.skip("the tests are not in a source tree", allow_module_level=True)
PAGES = sorted((ROOT / "docs/reference/tools").glob("py*.md"))

_spec = importlib.util.spec_from_file_location("manpage", MODULE)
manpage = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(manpage)

HEAD = "# pytool - do a thing\n\nWhat it is for.\n\n## Synopsis\n\n    pytool [-n] file\n\n"


def body(text):
    """The roff that TEXT, a section's text, becomes."""
    roff = manpage.convert(HEAD + "## Notes\n\n" + text + "\n", "1.0")
    return roff.partition('.SH "NOTES"\n')[2]


@pytest.fixture(params=PAGES, ids=lambda page: page.stem)
def man_page(request, tmp_path):
    """The man page of one of the tools, as a file."""
    path = tmp_path / f"{request.param.stem}.8"
    path.write_text(manpage.convert(request.param.read_text(), "1.0"), encoding="ascii")
    return path


def warnings_of(*command):
    """All that COMMAND says when it formats a page; skips where it is not installed."""
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not on this machine")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return (done.stdout if "lint" in command else done.stderr).splitlines()


def test_the_first_lines_are_what_whatis_reads():
    """The name section holds one line: the tool, an escaped dash, the purpose."""
    lines = manpage.convert(HEAD, "1.0").splitlines()
    assert lines[0] == '.TH PYTOOL 8 "" "pydaemontools 1.0"'
    at = lines.index(".SH NAME")
    assert lines[at + 1] == "pytool \\- do a thing"
    assert lines[at + 2].startswith(".SH")


def test_the_introduction_follows_the_synopsis():
    """What stands above the first section becomes DESCRIPTION, in its usual place."""
    lines = manpage.convert(HEAD + "## Options\n\nNone.\n", "1.0").splitlines()
    sections = [line for line in lines if line.startswith(".SH")]
    assert sections == [".SH NAME", '.SH "SYNOPSIS"', '.SH "DESCRIPTION"', '.SH "OPTIONS"']
    assert lines[lines.index('.SH "DESCRIPTION"') + 1] == "What it is for."


@pytest.mark.parametrize(
    ("text", "roff"),
    [
        pytest.param("plain text", "plain text\n", id="text"),
        pytest.param("one\ntwo", "one two\n", id="lines are joined"),
        pytest.param("one\n\ntwo", "one\n.PP\ntwo\n", id="paragraphs"),
        pytest.param("`a-b`", "\\fBa\\-b\\fR\n", id="code, with dashes to be copied"),
        pytest.param("**a** and *b*", "\\fBa\\fR and \\fIb\\fR\n", id="strong, emphasis"),
        pytest.param("`*`, `*.md` and 2 * 3", "\\fB*\\fR, \\fB*.md\\fR and 2 * 3\n", id="stars"),
        pytest.param("see [pyx](pyx.md)", "see \\fBpyx\\fR(8)\n", id="link to a tool"),
        pytest.param("see [the tour](../t.md)", "see the tour\n", id="any other link"),
        pytest.param("C:\\dir ^ ~", "C:\\edir \\(ha \\(ti\n", id="what roff acts on"),
        pytest.param("caf\u00e9", "caf\\[u00E9]\n", id="beyond ASCII"),
        pytest.param(".hidden", "\\&.hidden\n", id="a dot that begins a line"),
        pytest.param("'quoted'", "\\&'quoted'\n", id="a quote that begins a line"),
        pytest.param(
            "    a\n\n    .b 'c'", ".RS 4\n.nf\na\n\n\\&.b \\(aqc\\(aq\n.fi\n.RE\n", id="code"
        ),
        pytest.param(
            "- one\n  more\n- two", ".IP \\(bu 2\none more\n.IP \\(bu 2\ntwo\n", id="items"
        ),
        pytest.param("- `-n`: dry\n  run", ".TP\n\\fB\\-n\\fR\ndry run\n", id="definition"),
        pytest.param("- `a`, `b`: c", ".TP\n\\fBa\\fR, \\fBb\\fR\nc\n", id="two terms"),
        pytest.param("- `a` is: b", ".IP \\(bu 2\n\\fBa\\fR is: b\n", id="no definition"),
    ],
)
def test_each_thing_a_page_may_hold_becomes_roff(text, roff):
    """The small Markdown of the pages, one construct at a time."""
    assert body(text) == roff


def test_no_wrapped_line_is_taken_for_a_request():
    """Text is wrapped anew, so any word may come to stand at the beginning of a line."""
    lines = body("word .dot 'quote " * 40).splitlines()
    assert all(line[0] not in ".'" and len(line) <= 80 for line in lines)


def test_every_page_has_the_sections_of_a_man_page(man_page):
    """A reader finds the same sections in the same order in each page."""
    names = [
        line[4:].strip('"') for line in man_page.read_text().splitlines() if line[:4] == ".SH "
    ]
    wanted = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT CODES", "NOTES"]
    assert [name for name in names if name in wanted] == wanted
    assert names[-2:] == ["UNDER THE ORIGINAL'S NAME", "SEE ALSO"]


def test_groff_has_nothing_to_complain_about(man_page):
    """With all its warnings on."""
    assert warnings_of("groff", "-man", "-ww", "-z", "-Tutf8", man_page) == []


def test_mandoc_has_nothing_to_complain_about(man_page):
    """But for the date, which is left out so that the same tree gives the same page."""
    said = warnings_of("mandoc", "-T", "lint", man_page)
    assert [line for line in said if "missing date" not in line] == []


def test_man_shows_no_markup(man_page):
    """What a person sees has neither the page's marks nor roff's."""
    if not shutil.which("groff"):
        pytest.skip("groff is not on this machine")
    shown = subprocess.run(
        ["groff", "-man", "-Tascii", "-P-cbou", man_page],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert not [mark for mark in ("**", "](", "\\f", "\\-", "\n#") if mark in shown]
