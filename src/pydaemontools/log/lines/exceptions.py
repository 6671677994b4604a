"""What an exception is and says, from the text that was printed of it."""

from .levels import BETWEEN, TRACEBACK

BEGIN, MIDDLE = TRACEBACK.decode(), tuple(line.decode() for line in BETWEEN)
GROUP = "  + Exception Group Traceback (most recent call last):"
ENDS = "Call stack:", "--- End of logging error"  # of what logging says of itself
MARGIN = "  | "  # before the lines of a group's own exception
DOTTED = r"(?>(?:[A-Z]\w*+\.)+)[A-Z]\w*+"
CLASS = r"(?>(?:[a-z_]\w*+\.)+)[A-Z]\w*+(?>(?:\$\w++)*)"
# By language: the type and what it says are the groups t and w. The first one that is found counts.
OTHERS = (
    r"^(?P<t>Fatal Python error): (?P<w>.*)$",
    rf"^(?:Exception in thread \".*\" )?(?P<t>{CLASS})(?:: (?P<w>.*))?$",
    r"^(?P<t>panic|fatal error): (?P<w>.*?)(?: \[recovered\].*)?$",
    r"^thread '.*' (?:\([0-9]+\) )?(?P<t>panic)ked at .*:\n(?P<w>.*)$",
    r"^thread '.*' (?P<t>panic)ked at '(?P<w>.*)', .*$",
    # PHP has the first one first, and the last one counts.
    r"\A(?s:.*)^Next (?P<t>[A-Z\\][\w\\]*+)(?:: (?P<w>.*))? in \S+:[0-9]+$",
    r"Uncaught (?P<t>[A-Z\\][\w\\]*+)(?:: (?P<w>.*))? in \S+:[0-9]+$",
    r"^\S+:[0-9]+:in [`'][^'\n]*': (?P<w>.*) \((?P<t>[A-Z][\w:]*)\)$",
    # Rails, below an empty line, maybe behind its tags.
    (
        r"\A(?:[^\n]*\n){0,2}?(?>(?:\[[^\[\]\n]{1,128}+\] ){0,8})"
        r"(?P<t>(?>(?:[A-Z]\w*+::)+)[A-Z]\w*+|[A-Z]\w*+(?:(?<=Error)|(?<=Exception))) "
        r"\((?P<w>(?s:.*?))\):$"
    ),
    rf"^(?:Unhandled [Ee]xception[.:] )?[ \t]*+(?P<t>{DOTTED})(?:: (?P<w>.*))?$",
    r"^\*\* \((?:stop\) \()?(?P<t>[A-Z][\w.]*+)\) (?P<w>.*)$",
    r"^(?:Uncaught )?(?P<t>[A-Z]?\w*(?:Error|Exception))(?: \[\w+\])?: (?P<w>.*)$",
    r"^terminate called after throwing an instance of '(?P<t>.*)'(?:\n  what\(\):  (?P<w>.*))?$",
)


def last_exception(traceback: str) -> tuple[str, str] | None:
    """The type and the words of the exception that the text of a Python TRACEBACK ends with.

    Its notes are among the words, since nothing tells them apart.
    """
    lines = traceback.rstrip("\n").split("\n")
    start = -1
    for at, line in enumerate(lines):
        if line.startswith((BEGIN, GROUP)) or line in MIDDLE:
            start = at
    behind = lines[start + 1 :]
    if start >= 0 and lines[start].startswith(GROUP):
        own = [line[len(MARGIN) :] for line in behind if line.startswith(MARGIN)]
        return _python(own)
    return _python(behind)


def exception_of(text: str) -> tuple[str, str] | None:
    """The type and the words of the exception that TEXT, a record of several lines, tells of."""
    if BEGIN in text or GROUP in text:
        return last_exception(text)
    import re

    for pattern in OTHERS:
        if found := re.search(pattern, text, re.MULTILINE):
            return found["t"], found["w"] or ""
    return None


def _python(lines: list[str]) -> tuple[str, str] | None:
    """What the exception is of which LINES tell, frames before it, text behind its first line."""
    for at, line in enumerate(lines):
        name, _, words = line.partition(":")
        if line[:1] in ("", " ", "\t", "+", ">"):
            continue
        if not _is_class(name) or words[:1] not in ("", " ", "\t"):
            return None
        rest = lines[at + 1 :]
        ends = [end for end, more in enumerate(rest) if more.startswith(ENDS)]
        text = "\n".join([words.lstrip(" \t"), *rest[: min(ends, default=len(rest))]])
        return name, text.rstrip()
    return None


def _is_class(name: str) -> bool:
    """Whether NAME may be that of a class, with its modules and what it is local to."""
    return all(part.isidentifier() or part == "<locals>" for part in name.split("."))
