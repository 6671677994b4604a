"""What a spool's disk has no room for: it stays in memory, and in the pipe, until it is delivered.

Each text has the position that it would have on the disk, behind what is there. So it does not
matter to who sends them whether they get there after all.
"""

from .spool_records import HEAD


class Overflow:
    """Texts that are to stand behind a file's END."""

    def __init__(self) -> None:
        self.end = 0  # where the next record would stand; without a text that says nothing
        self._texts: list[tuple[int, bytes]] = []  # each with where its record would stand

    def __bool__(self) -> bool:
        return bool(self._texts)

    @property
    def start(self) -> int:
        """Where the first record would stand."""
        return self._texts[0][0]

    @property
    def texts(self) -> list[bytes]:
        """All of them."""
        return [text for _, text in self._texts]

    def put(self, text: bytes, end: int) -> None:
        """Have TEXT after the others, or at END if it is the first."""
        if not self._texts:
            self.end = end
        self._texts.append((self.end, text))
        self.end += HEAD.size + len(text)

    def read(self, at: int) -> tuple[bytes, int]:
        """Return some text that stands at AT, and where it ends."""
        for start, text in self._texts:
            begin = start + HEAD.size
            if at < begin + len(text):
                break
        return text[max(0, at - begin) :], begin + len(text)

    def rest(self, at: int) -> list[bytes]:
        """Return what is not before AT."""
        left = [text[max(0, at - start - HEAD.size) :] for start, text in self._texts]
        return [text for text in left if text]

    def clear(self) -> None:
        """Have none."""
        self._texts.clear()
