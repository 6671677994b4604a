r"""What a format of lines is: where a level stands, how it is spelled. line_formats.py has them.

`where` is what stands before and behind the level, a regular expression with {level} in it.
What begins with {when} begins with a date or a time, in any form and maybe in brackets; of such
a time the closing bracket may be left to what follows. {CAPS} is a word for a level in capitals,
{word} one in any case, {letter} one letter of LETTERS. `words` says what they mean. `rest` is
what stands between the level and the message. `goes_on` says how its records go on where that is
not by lines that begin with a blank alone: a course of courses.py. `sample` is a line, its
severity, its message.

No decision may rest on which digit stands somewhere, and nothing may repeat what repeats: digits
are masked where lines are remembered, and no line may take long. Of two levels that a line may
have the first counts, so what stands behind one decides nothing; a look-ahead of more than a byte
is allowed, but such lines are remembered only where another format has them too. Behind a time
there is no level in small letters with just a blank behind it, and none behind two words that
are no levels: levelless.py counts on that. Tests try all of this with whatever a row may match.
"""

from .level_words import WORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    Sample = tuple[bytes, int, bytes]


class LineFormat:
    """A format of lines, called NAME, as TITLE prints them."""

    __slots__ = ("goes_on", "name", "rest", "sample", "title", "where", "words")

    def __init__(
        self,
        name: str,
        title: str,
        where: "str | tuple[str, ...]",
        sample: "Sample",
        *,
        words: dict[bytes, int] = WORDS,
        rest: str | None = "",
        goes_on: str = "",
    ) -> None:
        self.name = name
        self.title = title
        self.where = (where,) if isinstance(where, str) else where
        self.sample = sample
        self.words = words
        self.rest = rest
        self.goes_on = goes_on
