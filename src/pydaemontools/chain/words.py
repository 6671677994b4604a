"""Words as a POSIX shell quotes them (XCU 2.2), with $NAME and ${NAME} and nothing else.

Not a shell: what a shell would act on (a pipe, a redirection, a command substitution) and
nobody quoted is an error here and never a word, so that a pasted shell line is found at once.
"""

BLANK = b" \t"
OPERATORS = b"|&;<>()`"
FIRST = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
NAME = FIRST + b"0123456789"
SPECIAL = b"@*#?$!-0123456789"
# What a line of nothing but words does not hold.
MEANING = OPERATORS + b"'\"\\$#\r"


class BadWord(Exception):
    """What is wrong with the text, and in which LINE."""

    def __init__(self, line: int, text: bytes) -> None:
        super().__init__(line, text)
        self.line = line
        self.text = text


class Variable(bytes):
    """The name of a variable that stands in a word."""

    __slots__ = ()


class Line:
    """The words of one line, each a list of literal pieces and Variables; where the line ends.

    written: the words as they stand there, quotes and all, if any is quoted.
    """

    __slots__ = ("end", "number", "words", "written")

    def __init__(self, number: int) -> None:
        self.number = number
        self.words: list[list[bytes]] = []
        self.written: list[bytes] = []
        self.end = 0


def expand(line: Line, environ: dict[bytes, bytes]) -> list[bytes]:
    """The words of LINE with the values of ENVIRON; a variable that is not set is empty."""
    return [
        b"".join(environ.get(p, b"") if isinstance(p, Variable) else p for p in word)
        for word in line.words
    ]


def split(text: bytes) -> list[Line]:
    """The lines of TEXT that hold words; raises BadWord."""
    if text.startswith(b"\xef\xbb\xbf"):
        raise BadWord(1, b"it begins with a byte order mark: save the file without one")
    before, nul, _ = text.partition(b"\0")
    if nul:
        # Nor may it stand in a comment: what is left of a script travels as an argument.
        raise BadWord(before.count(b"\n") + 1, b"it holds a NUL byte")
    return _Reader(text).lines()


class _Reader:
    """Reads TEXT once, from left to right; `at` is the place and `number` the line."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.at = 0
        self.number = 1

    def lines(self) -> list[Line]:
        found = []
        while self.at < len(self.text):
            line = self.line()
            if line.words:
                found.append(line)
        return found

    def line(self) -> Line:
        line = Line(self.number)
        if self.plain(line):
            return line
        word: list[bytes] | None = None
        start = self.at
        while self.at < len(self.text):
            c = self.next()
            if c == b"\n":
                break
            if c in BLANK:
                word = None
            elif c == b"#" and word is None:
                self.comment()
            elif c == b"\\" and self.peek() == b"\n":
                self.next()
            else:
                if word is None:
                    word = []
                    line.words.append(word)
                    line.written.append(b"")
                    start = self.at - 1
                word += self.pieces(c)
                line.written[-1] = self.text[start : self.at]
        line.end = self.at
        return line

    def plain(self, line: Line) -> bool:
        """Read a LINE in which nothing is quoted, as most are; whether it is one."""
        end = self.text.find(b"\n", self.at)
        end = len(self.text) if end < 0 else end
        text = self.text[self.at : end]
        if len(text.translate(None, MEANING)) < len(text):
            return False
        line.words = [[word] for word in text.replace(b"\t", b" ").split(b" ") if word]
        line.end = self.at = min(end + 1, len(self.text))
        self.number += 1
        return True

    def comment(self) -> None:
        end = self.text.find(b"\n", self.at)
        self.at = len(self.text) if end < 0 else end

    def pieces(self, c: bytes) -> list[bytes]:
        """What the character C begins: a quoted string, a variable, or itself."""
        if c == b"'":
            return [self.until_quote()]
        if c == b'"':
            return self.quoted()
        if c == b"\\":
            return [self.next() or c]
        if c == b"$":
            return [self.variable()]
        if c in OPERATORS:
            raise self.bad(b"a chain has no shell in it, so quote the " + c + b" or use sh -c")
        if c == b"\r":
            raise self.bad(b"it ends in a carriage return: save the file with Unix line ends")
        return [c]

    def until_quote(self) -> bytes:
        end = self.text.find(b"'", self.at)
        if end < 0:
            raise self.bad(b"a ' is never closed")
        piece = self.text[self.at : end]
        self.at = end + 1
        self.number += piece.count(b"\n")
        return piece

    def quoted(self) -> list[bytes]:
        opened = self.number
        # The empty piece makes "" a word.
        pieces = [b""]
        while c := self.next():
            if c == b'"':
                return pieces
            if c == b"\\" and self.peek() in (b"$", b"`", b'"', b"\\", b"\n"):
                c = self.next().replace(b"\n", b"")
            elif c == b"$":
                c = self.variable()
            elif c == b"`":
                raise self.bad(b"a chain has no shell in it, so quote the ` or use sh -c")
            pieces.append(c)
        raise BadWord(opened, b'a " is never closed')

    def variable(self) -> bytes:
        if self.peek() == b"(":
            raise self.bad(b"a chain has no shell in it, so quote the $( or use sh -c")
        if self.peek() and self.peek() in SPECIAL:
            raise self.bad(b"a chain has no shell in it: $" + self.peek() + b" means nothing here")
        braced = self.peek() == b"{"
        start = self.at + braced
        end = start
        while end < len(self.text) and self.text[end] in (NAME if end > start else FIRST):
            end += 1
        if braced and (end == start or self.text[end : end + 1] != b"}"):
            raise self.bad(b"after ${ stand a variable's name and a }, nothing else")
        if end == start:
            return b"$"
        self.at = end + braced
        return Variable(self.text[start:end])

    def peek(self) -> bytes:
        return self.text[self.at : self.at + 1]

    def next(self) -> bytes:
        c = self.text[self.at : self.at + 1]
        self.at += 1
        self.number += c == b"\n"
        return c

    def bad(self, text: bytes) -> BadWord:
        return BadWord(self.number, text)
