"""The commands of sv: the letters that each sends, whether it waits, and what for."""

from ..base.status import DOWN, RUN, SECOND, WANTED_DOWN, Status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

WAIT = 7  # seconds, where nobody says how long

WORDS = {
    b"check": "C",
    b"start": "u",
    b"stop": "d",
    b"shutdown": "x",
    b"restart": "tcu",
    b"reload": "h",
    b"try-restart": "tc",
    b"force-stop": "d",
    b"force-reload": "tc",
    b"force-restart": "tcu",
    b"force-shutdown": "x",
}
# Of any other word the first letter counts, and most stand for themselves.
LETTERS = {b"e": "x", b"X": "x", b"E": "x", b"D": "d", b"T": "tc"}
SENT = b"cudotphaikqx12s"
# What the letters are for.
NAMES = (*WORDS, b"status", b"up", b"down", b"once", b"exit", b"pause", b"cont", b"hup")
NAMES += (b"alarm", b"interrupt", b"quit", b"term", b"kill")
NAMES += (b"1", b"2", b"x", b"X", b"E", b"D", b"T")


class Command:
    """What to do: LETTERS to send, whether to wait, whether to use force when that fails.

    The letter `s` sends nothing and prints the status, `C` sends nothing and waits.
    """

    __slots__ = ("force", "letters", "waits")

    def __init__(self, letters: str, *, waits: bool, force: bool) -> None:
        self.letters = letters
        self.waits = waits
        self.force = force


def choose(word: bytes, *, verbose: bool, native: bool = False) -> Command | None:
    """What the WORD asks for; None if nothing.

    To sv it is any word that begins with a letter. A person, under the NATIVE name, may mistype:
    there it is the beginning of a name.
    """
    if native and not any(map(bytes.startswith, NAMES, [word] * len(NAMES))):
        return None
    if word in WORDS:
        return Command(WORDS[word], waits=True, force=word.startswith(b"force-"))
    head = word[:1]
    if not head or (head not in LETTERS and head not in SENT):
        return None
    force = head in b"XEDT"
    waits = head != b"s" and (verbose or force)
    return Command(LETTERS.get(head) or head.decode(), waits=waits, force=force)


def _again(status: Status, begun: int) -> bool:
    """Whether it was started since sv began."""
    if not status.pid:
        return status.want in WANTED_DOWN
    return status.since // SECOND >= begun and not status.term


def _once(status: Status, begun: int) -> bool:
    return status.want in WANTED_DOWN if status.pid else status.since // SECOND >= begun


# Whether what a letter asks for is so, by the status and the second in which sv began; of a
# letter that is not here there is nothing to see.
GOALS: "dict[str, Callable[[Status, int], bool]]" = {
    "x": lambda _status, _begun: False,
    "u": lambda status, _begun: bool(status.pid) and status.state == RUN,
    "d": lambda status, _begun: not status.pid and status.state == DOWN,
    "C": lambda _status, _begun: True,
    "t": _again,
    "k": _again,
    "o": _once,
    "p": lambda status, _begun: not status.pid or status.paused,
    "c": lambda status, _begun: not status.pid or not status.paused,
}
# Those that ask for more of what runs: that it is of use.
WORKING = "uCtk"
