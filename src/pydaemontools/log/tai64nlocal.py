"""Make the TAI64N label at the head of a line local time."""

from _operator import itemgetter
from sys import byteorder

from ..base import cli
from ..base.tai64 import EPOCH
from .filter_loop import FULL, buffering, filter_loop
from .localtimes import LocalTimes

USAGE = (b"tai64nlocal", b"pytai64nlocal [-bl]")

HEX = b"0123456789abcdef"
NEAR = b"\x40\0\0\0"  # how the seconds of the years 1970 to 2106 begin
HEAD = b"%.26s"  # a label, and what ends it
TAIL = itemgetter(slice(25, None))


class Local:
    """Makes labels local time, in blocks that may end anywhere."""

    def __init__(self) -> None:
        self._texts = LocalTimes()
        self._inside = False  # whether what comes next is the rest of a line
        self._held = b""  # a label that may go on
        self._mixed = False  # whether the last block had lines without a label

    def change(self, block: bytes) -> bytes:
        """BLOCK with local times, but for a label at its end that may go on."""
        head = b""
        if self._inside:
            at = block.find(b"\n") + 1 or len(block)
            head, block = block[:at], block[at:]
            if not block:
                self._inside = head[-1:] != b"\n"
                return head
        block = self._held + block
        at = block.rfind(b"\n") + 1
        last = block[at:]
        self._held = b""
        self._inside = last != b""
        if last[:1] == b"@" and not last[1:].strip(HEX):
            # Of a long run of digits only the last 24 count. Should they be no time it is
            # printed as it is, unless it is longer than what anybody holds.
            held = last if len(last) < FULL else b"@" + last[1:][-24:]
            block, self._held, self._inside = block[:at], held, False
        return head + self._convert(block)

    def rest(self) -> bytes:
        """What is left where the input ends with a label."""
        return self._convert(self._held)

    def _convert(self, block: bytes) -> bytes:
        """BLOCK, which begins where a line does, with local times."""
        if not self._mixed:
            lines = block.split(b"\n")
            whole = not lines[-1]
            if done := self._at_once(lines[:-1] if whole else lines):
                return done if whole else done[:-1]
        # Lines without a label, as those of a traceback, go with the one before them.
        first, *lines = (b"\n" + block).split(b"\n@")
        self._mixed = block.count(b"\n") > len(lines)
        if not lines:
            return block
        lines = [b"@" + line for line in lines]
        done = self._at_once(lines) or b"\n".join([*map(self._line, lines), b""])
        return (first + b"\n" + done)[1:-1]

    def _at_once(self, lines: list[bytes]) -> bytes:
        """LINES with local times; nothing if one does not begin with a label of our time."""
        found = numbers(lines)
        if not found:
            return b""
        seconds, nanoseconds = found
        hour, texts = self._texts.of(seconds)
        parts: list[bytes | int] = [b""] * (3 * len(lines))
        parts[0::3] = texts
        parts[1::3] = nanoseconds
        parts[2::3] = map(TAIL, lines)
        return (hour + b"%s%09d%s\n") * len(lines) % tuple(parts)

    def _line(self, line: bytes) -> bytes:
        """LINE, which begins with "@", with local time if there is such a time."""
        text = line[1:].lstrip(HEX)
        digits = line[1 : len(line) - len(text)]
        # The original counts in 64 bits, with a sign.
        seconds = int(digits[-24:-8] or b"0", 16) - EPOCH
        seconds = (seconds + 2**63) % 2**64 - 2**63
        try:
            return b"%s%09d%s" % (self._texts[seconds + 10], int(digits[-8:] or b"0", 16), text)
        except (OverflowError, OSError):
            # There is no such year. The original crashes.
            return line


def numbers(lines: list[bytes]) -> tuple[list[int], list[int]] | None:
    """The seconds, less 2^62, and the nanoseconds at the heads of LINES.

    None if there are none, or not all begin with a label of our time: 24 digits and no more.
    """
    count = len(lines)
    heads = HEAD * count % tuple(lines)
    others = heads.translate(None, HEX)
    first, ends = heads[0::26], heads[25::26]
    if not lines or len(heads) != 26 * count or first != b"@" * count:
        return None
    if len(others) != 2 * count or others[0::2] != first or others[1::2] != ends:
        return None
    raw = bytes.fromhex(heads.translate(None, others).decode())
    if any(raw[at::12] != NEAR[at : at + 1] * count for at in range(4)):
        return None
    # Words of 32 bits; turned round as a whole where a word has its lowest byte first.
    turn = -1 if byteorder == "little" else 1
    words = memoryview(raw[::turn]).cast("I")[::turn]
    return words[1::3].tolist(), words[2::3].tolist()


def main(argv: list[bytes]) -> int:
    """Make the labels of stdin local time, to its end."""
    local = Local()
    if not cli.native(argv[0]):
        # The original does not look at its arguments, and drops a label that is the very end.
        return filter_loop(argv[0], local.change)
    return filter_loop(argv[0], local.change, local.rest, buffering(argv, USAGE))
