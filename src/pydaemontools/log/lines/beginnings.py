"""What level lines had that began alike: most lines of a stream begin like one before.

The first START bytes of a line say its level, or how many more have to be looked at, and so
on. Those are compared without their digits, which times and pids have.
"""

START = 8  # bytes that every line is looked up by
REMEMBERED = 4096  # beginnings
MOST = 128  # bytes of a beginning
NEXT = 2  # so few bytes more are looked at in one go
SAMPLE = 256  # lines that show whether all that begin alike are better looked up by more bytes
FEW = 64  # so many beginnings of so many bytes are no more than there were of fewer
WHOLE = 256  # lines that are remembered as they are
SELDOM = 16  # one of so many is learned of what seems never to begin alike
# Digits are alike.
MASK = bytes(0x30 if 0x30 <= i <= 0x39 else i for i in range(256))


class Beginnings:
    """The levels of beginnings: `starts` has those of START bytes, `longer` masked ones of more.

    A level below zero says how many bytes, times -1, are to be looked up next in `longer`.
    `whole` has lines of which no beginning says it.
    """

    def __init__(self) -> None:
        self.starts: dict[bytes, int] = {}
        self.longer: dict[bytes, int] = {}
        self.whole: dict[bytes, int] = {}
        # By START bytes, masked: what comes next, and the least that was ever enough.
        self._next: dict[bytes, int] = {}
        self._least: dict[bytes, int] = {}
        self._full = False  # whether there ever were too many
        self._asked = 0
        # By START bytes, masked: how many bytes tell the levels of all, and what was learned since.
        self._wide: dict[bytes, int] = {}
        self._news: dict[bytes, int] = {}
        self._waits, self._wait = 0, 1  # how often widen() was asked since, and is to be

    def wants(self) -> bool:
        """Whether a line is worth the work to learn how it begins."""
        self._asked += 1
        return not self._full or not self._asked % SELDOM

    def put(self, start: bytes, level: int) -> None:
        """Have LEVEL for each line that begins with START, of as many bytes."""
        if len(self.starts) >= REMEMBERED:
            self.starts.clear()
        self.starts[start] = level

    def put_whole(self, line: bytes, level: int) -> None:
        """Have LEVEL for LINE, and no other."""
        if len(line) <= MOST:
            if len(self.whole) >= WHOLE:
                self.whole.clear()
            self.whole[line] = level

    def learn(self, line: bytes, size: int, level: int) -> None:
        """Have LEVEL for each line that has the first SIZE bytes of LINE, whatever the digits."""
        if not START < size <= MOST:
            if 0 < size <= START <= len(line):
                self.put(line[:START], level)
            return
        if len(self.longer) >= REMEMBERED or len(self._next) >= REMEMBERED:
            self._full = True
            for one in (self.starts, self.longer, self._next, self._least, self._wide, self._news):
                one.clear()
        start = line[:START]
        known = self._known(start.translate(MASK), size)
        self.put(start, -known)
        while known < size:
            key = line[:known].translate(MASK)
            level_there = self.longer.get(key, -size)
            if level_there >= 0:
                return
            known = min(size, -level_there)
            self.longer[key] = -known
        self.longer[line[:known].translate(MASK)] = level

    def _known(self, start: bytes, size: int) -> int:
        """How many bytes of a line that begins with START are looked up first; SIZE are enough
        for one that does.
        """
        least = self._least[start] = min(self._least.get(start, size), size)
        if size <= self._wide.get(start, 0) <= MOST:
            self._news[start] += 1
            if self._news[start] <= FEW:
                return self._wide[start]
            # What stands there is text.
            self._wide[start] = MOST + 1
        known = -self._next.get(start, -size)
        if known > least + NEXT:
            known = least
        # Levels differ in their lengths: then some bytes behind the shorter ones count, too.
        if known < size <= least + NEXT:
            known = size
        self._next[start] = -known
        return known

    def widen(self, lines: list[bytes]) -> bool:
        """Have all that begin like LINES, whose levels are known, looked up by one size, if few
        begin differently then; whether any are. To be called when some needed more looks.
        """
        self._waits += 1
        if self._waits < self._wait or len(lines) < SAMPLE:
            return False
        self._waits, self._wait = 0, 2 * self._wait
        widened = False
        groups: dict[bytes, list[tuple[int, int, bytes]]] = {}
        for line in lines[:SAMPLE]:
            size, level = self._sized(line)
            if size:
                groups.setdefault(line[:START].translate(MASK), []).append((size, level, line))
        for start, group in groups.items():
            size = max(group)[0]
            if size > max(self._wide.get(start, 0), min(group)[0]):
                found = {line[:size].translate(MASK): level for _, level, line in group}
                self._wide[start] = size if len(found) <= FEW else MOST + 1
                if len(found) <= FEW:
                    self._news[start], self._next[start] = 0, -size
                    self.longer.update(found)
                    alike = [one for one in self.starts if one.translate(MASK) == start]
                    self.starts.update(dict.fromkeys(alike, -size))
                    widened = True
        return widened

    def _sized(self, line: bytes) -> tuple[int, int]:
        """How many bytes of LINE were needed to know its level, and the level; 0 if it is not known
        so.
        """
        size, level = 0, self.starts.get(line[:START])
        while level is not None and level < 0:
            size = -level
            level = self.longer.get(line[:size].translate(MASK))
        return (0, 0) if level is None else (size, level)

    def recall(self, line: bytes) -> int | None:
        """The level of LINE, if one that began as it does was looked at before."""
        start = line[:START]
        level = self.starts.get(start)
        if level is None or level < 0:
            level = self._next.get(start.translate(MASK))
            if level is None:
                return self.whole.get(line)
            self.put(start, level)
        while level is not None and level < 0:
            if -level > len(line):
                return self.whole.get(line)
            level = self.longer.get(line[:-level].translate(MASK))
        return self.whole.get(line) if level is None else level
