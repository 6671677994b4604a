"""The commands of sv: what each sends, and whether it waits."""


class How:
    """A command: LETTERS to send, whether to wait, whether to use force when that fails.

    The letter `s` sends nothing and prints the status, `C` sends nothing and waits.
    """

    __slots__ = ("force", "letters", "waits")

    def __init__(self, letters: bytes, *, waits: bool = False, force: bool = False) -> None:
        self.letters = letters
        self.waits = waits
        self.force = force


WORDS = {
    b"check": How(b"C", waits=True),
    b"start": How(b"u", waits=True),
    b"stop": How(b"d", waits=True),
    b"shutdown": How(b"x", waits=True),
    b"restart": How(b"tcu", waits=True),
    b"reload": How(b"h", waits=True),
    b"try-restart": How(b"tc", waits=True),
    b"force-stop": How(b"d", waits=True, force=True),
    b"force-reload": How(b"tc", waits=True, force=True),
    b"force-restart": How(b"tcu", waits=True, force=True),
    b"force-shutdown": How(b"x", waits=True, force=True),
}
# Of any other word the first letter counts.
LETTERS = {
    b"x": b"x",
    b"e": b"x",
    b"X": b"x",
    b"E": b"x",
    b"D": b"d",
    b"T": b"tc",
    **{b"%c" % letter: b"%c" % letter for letter in b"cudotphaikq12s"},
}


# What the letters are for. sv takes any word that begins with one; a person may mistype.
NAMES = (*WORDS, b"status", b"up", b"down", b"once", b"exit", b"pause", b"cont", b"hup")
NAMES += (b"alarm", b"interrupt", b"quit", b"1", b"2", b"term", b"kill", b"X", b"E", b"D", b"T")


def known(action: bytes) -> bool:
    """Whether the word ACTION is a command, or the beginning of one."""
    return action == b"x" or any(name.startswith(action) for name in NAMES)


def choose(action: bytes, *, verbose: bool) -> How | None:
    """What the word ACTION asks for; None if nothing."""
    if action in WORDS:
        return WORDS[action]
    head = action[:1]
    letters = LETTERS.get(head)
    if letters is None:
        return None
    force = head in (b"X", b"E", b"D", b"T")
    return How(letters, waits=head != b"s" and (verbose or force), force=force)
