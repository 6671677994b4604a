"""So many lines of a kind in so many seconds; later it is told how many more there were."""

from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .selection import Selection

# Kinds of lines that are counted, or still to be told of, at a time; what is of another passes.
COUNTED = 4096
SHOWN = 80  # bytes of a line that is an example


def notice(count: int, seconds: int, line: bytes) -> bytes:
    """What is told of COUNT lines such as LINE that were left out in so many SECONDS."""
    many = b"%d lines" % count if count > 1 else b"1 line"
    return b"pymultilog: left out " + many + b" in %d seconds, as: " % seconds + line


# As long as one gets; also as JSON, where no byte is longer than this one.
LONGEST = notice(10**15, 10**9, b"\x01" * SHOWN)


class RepeatLimit:
    """MOST lines of a kind pass in so many SECONDS: those of one text, or all that are SELECTED."""

    def __init__(self, most: int, seconds: int, selected: "Selection | None") -> None:
        self.most = most
        self.seconds = seconds
        self._selected = selected
        # Until when each kind is counted, how many there were, and one of them. All of them are
        # counted for the same time: the first is the first to end.
        self._kinds: dict[bytes, tuple[float, int, bytes]] = {}
        self._ended: list[tuple[int, bytes]] = []

    def passes(self, line: bytes) -> bool:
        """Whether LINE is not one too many."""
        if self._selected and not self._selected.selects(line):
            return True
        now = monotonic()
        self._end(now)
        kind = b"" if self._selected else line if len(line) <= SHOWN else _digest(line)
        until, count, first = self._kinds.get(kind, (now + self.seconds, 0, line[:SHOWN]))
        if not count and len(self._kinds) + len(self._ended) >= COUNTED:
            # It is not counted, so nobody could be told of it.
            return True
        self._kinds[kind] = until, count + 1, first
        return count < self.most

    def next_notice(self, *, ending: bool = False) -> bytes | None:
        """How many lines of one kind were left out, if its time is over, or at the END."""
        self._end(float("inf") if ending else monotonic())
        if not self._ended:
            return None
        count, line = self._ended.pop(0)
        return notice(count, self.seconds, line)

    def due(self) -> float | None:
        """In how many seconds there is something to tell."""
        if self._ended:
            return 0.0
        ends = (until for until, count, _ in self._kinds.values() if count > self.most)
        until = next(ends, None)
        return None if until is None else max(0.0, until - monotonic())

    def _end(self, now: float) -> None:
        """Forget the kinds whose time is over."""
        while self._kinds:
            kind = next(iter(self._kinds))
            until, count, line = self._kinds[kind]
            if until > now:
                return
            del self._kinds[kind]
            if count > self.most:
                self._ended.append((count - self.most, line))


def _digest(line: bytes) -> bytes:
    """What a long LINE is counted as: no line has a newline, so a short one never is this."""
    from _blake2 import blake2b

    return b"\n" + blake2b(line, digest_size=32).digest()
