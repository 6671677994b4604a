"""What severity.py asks of what knows the formats of lines: for the type checker alone."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Sources(Protocol):
        """The readers of the lines of each source (sources.py)."""

        def level(self, line: bytes) -> int | None:
            """The severity of LINE as one of its source; None if it names none."""

        def known(self, lines: list[bytes], found: list[int | None], rest: list[int]) -> list[int]:
            """Give those of LINES at REST that name a source alone theirs, in FOUND; the others."""

    class Formats(Protocol):
        """What knows in which formats lines are that have no head (forms.py).

        A reader is any, since a SeverityReader has a type that is made of this one.
        """

        access: bool  # whether requests that failed have a level
        course: int  # how the record goes on that the last line begins (continuation.py)
        first: bytearray  # whether a line that begins so has to be looked at

        @property
        def everything(self) -> bool:
            """Whether a line may be in any format that is known, and in no other."""

        def possible(self, start: bytes) -> bool:
            """Whether a line that begins with START may be in one."""

        def level(self, line: bytes, *, sized: bool) -> tuple[int | None, int]:
            """The severity that LINE names; a negative one is that of the line before. And if
            SIZED is asked for how many of its bytes decide; 0 if that is not known.
            """

        def suspects(self, lines: list[bytes]) -> list[int]:
            """Which of LINES, by their places, may have a level or go on with a record."""

        def enough(self, line: bytes) -> int:
            """How many bytes of LINE, which is no suspect, say that; 0 if it is not known."""

        def has_id(self, line: bytes, size: int) -> bool:
            """Whether there is an id in the first SIZE bytes of LINE, which may be new in each."""

        def levelless(self) -> bytes | None:
            """How lines begin that have no level, as an expression; None if that is unknown."""

        def message(self, line: bytes) -> bytes | None:
            """What LINE says behind its level."""

        def record_level(self, reader: Any, line: bytes) -> int | None:  # noqa: ANN401
            """The severity of the record that LINE is of, as READER, a SeverityReader, has it."""

        def passed_on(self, line: bytes) -> bool:
            """Whether LINE names a source in a way that counts before any format."""

        def source_level(self, reader: Any, line: bytes) -> int:  # noqa: ANN401
            """The severity of LINE, in no format, as a line of the source that it names."""

        def same_level(self, reader: Any, line: bytes) -> int:  # noqa: ANN401
            """The severity of the record that LINE tells more of."""
