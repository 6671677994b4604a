"""What records of several lines mean for the severities of a stream whose lines have formats."""

from . import continuation
from .continuation import PYTHON
from .levels import ERR, TRACEBACK, WARNING, head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .severity import SeverityReader


def level(reader: "SeverityReader", line: bytes) -> int | None:
    """The severity of LINE if that is what it is part of: the record that READER is in, or one of
    several lines that begins with it; None if neither is so.
    """
    return reader.level if goes_on(reader, line) else alone(reader, line)


def goes_on(reader: "SeverityReader", line: bytes) -> bool:
    """Whether LINE goes on with the record that READER is in, whose level it then has."""
    inside, reader.inside = reader.inside, 0
    if inside == continuation.HEADLINE:
        return _tells_level(reader, line)
    if inside:
        reader.inside = continuation.after(inside, line)
        if reader.inside:
            return True
    if continuation.splits(line):
        reader.inside = continuation.SPLIT
        if not 0 <= reader.level <= WARNING:
            # The record ended too early.
            reader.level = ERR
        return True
    if inside:
        return False
    if 0 <= reader.level <= WARNING:
        reader.inside = continuation.joined(line)
        if reader.inside in continuation.WITH_TEXT and _tells_all(reader.before()):
            reader.inside = continuation.WITH_TEXT[reader.inside]
        elif reader.inside == continuation.RAILS and not _tells_all(reader.before()):
            reader.inside = continuation.RUBY
        return bool(reader.inside) or line[0] in b" \t"
    return line[0] in b" \t" and not continuation.starts_group(line)


def alone(reader: "SeverityReader", line: bytes) -> int | None:
    """The severity of LINE, which is no part of the record before, if it begins one that ends with
    what nobody logged; None if it does not. READER is then in it.
    """
    if continuation.starts_group(line):
        reader.inside = continuation.GROUPED
        return ERR
    if line.startswith(TRACEBACK):
        plain = _plain(reader.before())
        reader.inside = PYTHON if plain else continuation.WITH_TEXT[PYTHON]
        return ERR
    if continuation.headline(line):
        reader.inside = continuation.HEADLINE
    return None


def _tells_all(line: bytes) -> bool:
    """Whether LINE is of a logger whose every record has a head, but not each line of it.

    That is one in a format, or `ERROR:root:` as Python's logging has it. Where one is `error: `
    there may be a program that prints other lines, too.
    """
    if line[:1] in b" \t":
        return False
    length = head(line)[1]
    if length:
        return line[: length - 1].isupper() and line[length:][:1].isalpha()
    return continuation.in_format(line)


def _plain(line: bytes) -> bool:
    """Whether LINE, if there is any, is no record's that has a head."""
    return bool(line) and not continuation.own_head(line)


def same(reader: "SeverityReader", line: bytes) -> int:
    """The severity of the record that LINE tells more of: the last one of the same process."""
    import re

    found = re.search(continuation.PROCESS, line[:80])
    if not found:
        return reader.level
    for before_it, level in zip(*reader.history.latest(), strict=True):
        if level is not None and found[0] in before_it[:80]:
            return level
    return reader.level


def _tells_level(reader: "SeverityReader", line: bytes) -> bool:
    """Whether LINE is the second of java.util.logging; its level is then also that of the first."""
    level = continuation.JAVA_LEVELS.get(line.partition(b":")[0])
    if level is None:
        return False
    if end := reader.history.at:
        reader.history.levels[end - 1] = level
    reader.level = level
    return True
