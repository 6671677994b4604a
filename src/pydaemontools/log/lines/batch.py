"""What travels from the reader of a pipe to the places: some lines, or the text that they are."""

from itertools import accumulate, compress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .record import Record

    Buffer = bytes | memoryview


class Batch:
    """Lines, and the severity of each; or the TEXT of lines that nobody has looked at.

    A line too long to wait for comes in pieces: `continued` says that the first line goes
    on from the batch before, `unfinished` that the last goes on in the next. Whichever was
    not given of lines and text is made of the other when it is asked for.

    `records` has the record that each line is, or None; there is no list if none is one.
    `heads` has the lines with their heads on, where those were stripped. `kept` has these with
    what a terminal does not show, where that is wanted and differs.
    """

    __slots__ = (
        "_lines",
        "_text",
        "alone",
        "continued",
        "heads",
        "kept",
        "levels",
        "records",
        "unfinished",
    )

    def __init__(
        self,
        levels: list[int],
        lines: list[bytes] | None = None,
        *,
        text: bytes | None = None,
        records: "list[Record | None] | None" = None,
        heads: list[bytes] | None = None,
        kept: list[bytes] | None = None,
        continued: bool = False,
        unfinished: bool = False,
    ) -> None:
        self.levels = levels
        self.records = records
        self.heads = heads
        self.kept = kept
        self._lines = lines
        self._text = text
        self.continued = continued
        self.unfinished = unfinished
        self.alone: list[tuple[int, int]] = []  # where lines are known to be a record each (lone)

    @property
    def begun(self) -> int:
        """How many lines begin in it, if it has their levels."""
        return len(self.levels) - self.continued

    @property
    def lines(self) -> list[bytes]:
        """The lines, without their newlines."""
        if self._lines is None:
            self._lines = self.text.split(b"\n")
            if not self.unfinished:
                self._lines.pop()
        return self._lines

    @property
    def pieces(self) -> "tuple[Buffer, ...]":
        """The text, as what is written together."""
        return (self.text,)

    @property
    def text(self) -> bytes:
        """The lines, each with its newline but one that goes on."""
        if self._text is None:
            end = [] if self.unfinished else [b""]
            self._text = b"\n".join(self.lines + end) if self.lines else b""
        return self._text

    def coloured(self) -> "Batch":
        """It with the lines that were kept, for who takes nothing but lines."""
        from .shown import coloured

        whole = self.heads or self.lines
        lines = list(map(coloured, self.kept or whole, whole, self.lines))
        return Batch(self.levels, lines, continued=self.continued, unfinished=self.unfinished)

    def important(self, least: int) -> "Batch":
        """What of it is at least as important as the severity LEAST; all where nobody knows."""
        if not self.levels:
            return self
        keep = [level <= least for level in self.levels]
        made = Batch(
            list(compress(self.levels, keep)),
            list(compress(self.lines, keep)),
            records=list(compress(self.records, keep)) if self.records else None,
            heads=list(compress(self.heads, keep)) if self.heads else None,
            kept=list(compress(self.kept, keep)) if self.kept else None,
            continued=self.continued and keep[0],
            unfinished=self.unfinished and keep[-1],
        )
        if self.alone:
            kept = [0, *accumulate(keep)]
            made.alone = [(kept[start], kept[end]) for start, end in self.alone]
        return made


class BlockBatch(Batch):
    """The TEXT of whole lines whose levels nobody looked up, and IMPORTANT parts of it: by a
    severity, what is at least as important.
    """

    __slots__ = ("_begun", "_important")

    def __init__(self, text: bytes, important: dict[int, bytes]) -> None:
        super().__init__([], text=text)
        self._important = important
        self._begun = -1  # how many lines it has, once somebody asked

    @property
    def begun(self) -> int:
        """How many lines it has."""
        if self._begun < 0:
            # To replace them is a good deal faster than to count them.
            self._begun = len(self.text) - len(self.text.replace(b"\n", b""))
        return self._begun

    def important(self, least: int) -> "Batch":
        """What of it is at least as important as the severity LEAST, or as somebody asked for."""
        text = self._important.get(least)
        return self if text is None else BlockBatch(text, {})


class StampedBatch(Batch):
    """Lines that are PIECES of text already, which are joined only if somebody asks."""

    __slots__ = ("_pieces",)

    def __init__(
        self, pieces: "tuple[Buffer, ...]", *, continued: bool = False, unfinished: bool = False
    ) -> None:
        super().__init__([], continued=continued, unfinished=unfinished)
        self._pieces = pieces

    @property
    def pieces(self) -> "tuple[Buffer, ...]":
        """The text, as what is written together."""
        return self._pieces

    @property
    def text(self) -> bytes:
        """The lines, each with its newline but one that goes on."""
        if self._text is None:
            self._text = b"".join(self._pieces)
        return self._text


def stamped(batch: Batch, label: bytes) -> "tuple[Buffer, ...]":
    """The text of BATCH with LABEL before each line that begins in it, in pieces."""
    return labelled(batch.text, label, continued=batch.continued)


def labelled(text: bytes, label: bytes, *, continued: bool) -> "tuple[Buffer, ...]":
    """TEXT with LABEL before each line, but not before a first that is CONTINUED, in pieces."""
    if not text:
        return ()
    if not continued and text.find(b"\n") == len(text) - 1:
        return label, text
    made = text.replace(b"\n", b"\n" + label)
    end = len(made) - len(label) * (text[-1:] == b"\n")
    # A view, since each copy of a block costs.
    view = memoryview(made)[:end]
    return (view,) if continued else (label, view)
