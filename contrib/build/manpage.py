"""From a tool's page (docs/reference/tools, in a small Markdown) to its man page (roff, man(7)).

What a page may hold: a title line `# tool - purpose`, `##` sections, paragraphs, indented
code, items that begin with a dash and go on in lines indented by two blanks (an item that
begins with code and a colon is a definition), and in all of these `code`, **strong**,
*emphasis* and [links](tool.md). Anything else is text.

What stands before the first section becomes DESCRIPTION, after SYNOPSIS: whatis(1) and its
like read NAME and want one line there. A page has no date, so that the same tree gives the
same page.
"""

import re
import textwrap

WIDTH = 78
TERM = re.compile(r"- (`[^`]+`(?:, `[^`]+`)*): *(.*)", re.DOTALL)
INLINE = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\*\*(?P<strong>[^*]+)\*\*"
    r"|(?<![*\w])\*(?P<emphasis>[^*\s][^*]*)\*"
    r"|\[(?P<link>[^]]+)\]\((?P<target>[^)]+)\)"
)
ESCAPES = {"\\": "\\e", "^": "\\(ha", "~": "\\(ti"}
# What typesetting makes something else of, and a reader may want to copy as it is.
LITERAL = ESCAPES | {"-": "\\-", "'": "\\(aq", "`": "\\(ga", '"': "\\(dq"}


def convert(page, version):
    """The man page for the Markdown text PAGE."""
    title, _, text = page.partition("\n")
    tool, _, purpose = title.lstrip("# ").partition(" - ")
    out = [
        f'.TH {tool.upper()} 8 "" "pydaemontools {version}"',
        # No hyphens and no stretched blanks: half of the words here are there to be copied.
        ".nh",
        ".ad l",
        ".SH NAME",
        f"{tool} \\- {inline(purpose)}",
    ]
    for name, lines in sections(text):
        out.append(f'.SH "{escape(name.upper(), ESCAPES)}"')
        roff = [line for block in blocks(lines) for line in render(block)]
        # Right after a heading a paragraph needs no request, and mandoc says so.
        out += roff[1:] if roff[:1] == [".PP"] else roff
    return "\n".join(out) + "\n"


def sections(text):
    """The sections of a page, each a name and its lines, in the order of a man page."""
    intro, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    cut = [part.partition("\n") for part in parts]
    found = [(name.strip(), lines.splitlines()) for name, _, lines in cut]
    after_synopsis = [name for name, _ in found].index("Synopsis") + 1
    found.insert(after_synopsis, ("Description", intro.splitlines()))
    return found


def blocks(lines):
    """LINES in blocks: each a list of lines that are code, or an item, or a paragraph."""
    block = []
    for line in lines:
        if block and _ends(block, line):
            yield _trimmed(block)
            block = []
        if block or line.strip():
            block.append(line)
    if block:
        yield _trimmed(block)


def _ends(block, line):
    """Whether LINE, the next one, no longer belongs to BLOCK."""
    if block[0].startswith("    "):
        return bool(line.strip()) and not line.startswith("    ")
    return not line.strip() or line.startswith("- ")


def _trimmed(block):
    while not block[-1].strip():
        block.pop()
    return block


def render(block):
    """The roff for a block."""
    if block[0].startswith("    "):
        code = [guard(escape(line[4:], LITERAL)) for line in block]
        return [".PP", ".RS 4", ".nf", *code, ".fi", ".RE"]
    text = " ".join(line.strip() for line in block)
    item = TERM.fullmatch(text)
    if item:
        return [".TP", guard(inline(item[1])), *fill(item[2])]
    if text.startswith("- "):
        return [".IP \\(bu 2", *fill(text[2:])]
    return [".PP", *fill(text)]


def fill(text):
    """The roff for running text, in lines of a length that a person can edit."""
    lines = textwrap.wrap(inline(text), WIDTH, break_long_words=False, break_on_hyphens=False)
    return [guard(line) for line in lines]


def guard(line):
    """LINE, when it might begin with what roff takes for a request."""
    return "\\&" + line if line[:1] in (".", "'") else line


def inline(text):
    """The roff for TEXT with its code, strong, emphasis and links."""
    out, at = [], 0
    for match in INLINE.finditer(text):
        out += [escape(text[at : match.start()], ESCAPES), _marked(match)]
        at = match.end()
    return "".join(out) + escape(text[at:], ESCAPES)


def _marked(match):
    if match["code"]:
        return f"\\fB{escape(match['code'], LITERAL)}\\fR"
    if match["strong"]:
        return f"\\fB{inline(match['strong'])}\\fR"
    if match["emphasis"]:
        return f"\\fI{inline(match['emphasis'])}\\fR"
    tool = re.fullmatch(r"(py\w+)\.md", match["target"])
    return f"\\fB{tool[1]}\\fR(8)" if tool else inline(match["link"])


def escape(text, table):
    """TEXT with the characters of TABLE, and all beyond ASCII, as roff writes them."""
    return "".join(
        table.get(char) or (char if char.isascii() else f"\\[u{ord(char):04X}]") for char in text
    )
