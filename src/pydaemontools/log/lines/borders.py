"""Where in a block records begin and end, looked at without what came before it."""

from . import continuation
from .levels import TRACEBACK, head
from .open_record import OpenRecord, behind
from .shown import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

NEAR = 8192  # bytes before a line of text in which its traceback begins


def unended(block: bytes) -> int:
    """Where in BLOCK, of whole lines, a record begins that goes on behind it, or may well do.

    The length of BLOCK if there is none.
    """
    last = block.rfind(b"\n", 0, -1) + 1
    line = _text(block[last:])
    near = block.rfind(TRACEBACK, max(0, last - NEAR)) >= 0
    if not (near or _goes_on(line) or continuation.ends_traceback(line)):
        # Nearly always.
        return len(block)
    begin, opened = 0, None
    for begin, opened in _walk(block, _begin_before(block, last)):  # noqa: B007 - the last ones
        pass
    return begin if opened and opened.waits else len(block)


def border(block: bytes, start: int, end: int) -> int:
    """The last place in BLOCK up to END where a record begins, if START is one.

    END is where a line begins.
    """
    line = block[end : block.find(b"\n", end) + 1 or None]
    before = block[block.rfind(b"\n", start, end - 1) + 1 : end]
    if not (_goes_on(_text(line)) or _goes_on(_text(before))):
        # Nearly always.
        return end
    found = start
    for at, _ in _walk(block, start):
        if at > end:
            break
        found = at
    return found


def record_end(block: bytes, start: int) -> int:
    """Where the record that begins in BLOCK at START ends."""
    walk = _walk(block, start)
    next(walk, None)
    return next(walk, (len(block), None))[0]


def _begin_before(block: bytes, last: int) -> int:
    """Where in BLOCK a record begins for sure, the nearest one to the line at LAST."""
    while last:
        line = shown(block[last : block.find(b"\n", last)])
        length = head(line)[1]
        text = behind(line, length)
        sure = length or line[:1] in b"<[{0123456789"
        within = text[:1] in b" \t" or text.startswith(TRACEBACK)
        # Rails repeats its tags.
        within = within or (line[:1] == b"[" and not length and continuation.of_course(text))
        if sure and not within and not (length and continuation.ends_traceback(text)):
            break
        last = block.rfind(b"\n", 0, last - 1) + 1
    return last


def _text(line: bytes) -> bytes:
    """What LINE, with its end, shows behind its head, if it has one."""
    line = shown(line.removesuffix(b"\n"))
    return behind(line, head(line)[1])


def _goes_on(text: bytes) -> bool:
    """Whether TEXT looks as if it went on with a record, or as if one went on behind it."""
    # Also one with nothing in it ends none.
    return text[:1] in b" \t" or continuation.splits(text) or continuation.of_course(text)


def _walk(block: bytes, start: int) -> "Iterator[tuple[int, OpenRecord]]":
    """Where in BLOCK, from START on, each record begins, and the record."""
    opened: OpenRecord | None = None
    first = b""
    while start < len(block):
        end = block.find(b"\n", start) + 1 or len(block)
        line = shown(block[start:end].removesuffix(b"\n"))
        if line and not (opened and opened.takes(line, None, line)):
            opened = OpenRecord(line, continuation.level_of(line), None, line, headed=True)
            # Where lines without a head stand for themselves, none is known to be text.
            opened.texts = not first or continuation.own_head(first)
            first = line
            yield start, opened
        start = end
