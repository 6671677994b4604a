"""sv for a person: any supervisor, any status, readiness, colours, or JSON."""

from errno import ENXIO

from .commands import How
from .engine import POLL, Services
from .fields import describe, text
from .screen import coloured, paint, plain
from .servicefiles import Trouble, show
from .view import View, look

DOWN, UNKNOWN = 3, 4  # what LSB has a status exit with
FIRST = 0.01  # seconds between two looks: soon at first, then as seldom as sv
RESULTS = (b"ok: ", b"timeout: ", b"kill: ")


class Person(Services):
    """What sv does, and what its original cannot: it sees more, and says more.

    views: what was last seen of each service; results: what came of telling it, by name;
    troubles: what the system refused; worst: the code of what was found, as LSB has it.
    """

    nobody = b"supervise not running"
    forgetful = False

    def __init__(
        self, names: list[bytes], how: How, base: bytes, limit: float, home: int, *, json: bool
    ) -> None:
        super().__init__(names, how, base, limit, home)
        self.json = json
        self.coloured = coloured()
        self.worst = 0
        self.next = FIRST
        self.views: dict[bytes, View] = {}
        self.results: dict[bytes, tuple[bytes, bytes]] = {}
        self.troubles: list[tuple[bytes, OSError]] = []

    def pause(self) -> float:
        """Most services are there at once; the script ./check of others may cost something."""
        pause, self.next = self.next, min(POLL, self.next * 1.5)
        return pause

    def read(self) -> bytes:
        """The status, whatever its format; raises Trouble."""
        self.view = look()
        if not self.in_log:
            self.views[self.name] = self.view
        return self.view.status.encode(20)

    def works(self) -> bool:
        """Whether it says that it is ready; where nobody tells, whether ./check does."""
        return super().works() if self.view.ready is None else self.view.ready

    def done(self, letter: str) -> bool:
        """As in sv, but `check` is for what is wanted, also if that is to be down."""
        if letter == "C":
            letter = "u" if self.view.status.want == "u" else "d"
        return super().done(letter)

    def control(self, letters: bytes) -> bool:
        """Send LETTERS; where `x` alone would let the service run on, `d` too."""
        if letters == b"x" and self.lingers():
            letters = b"dx"
        return super().control(letters)

    def lingers(self) -> bool:
        """Whether the supervisor is one that leaves only when its service is down."""
        try:
            return look().lingers
        except Trouble:
            return False

    def enter(self, *, again: bool) -> bool:
        """As in sv; of what is not there nothing is known."""
        there = super().enter(again=again)
        self.worst = self.worst if there else UNKNOWN
        return there

    def wanted(self, letter: bytes) -> bool:
        """As in sv, but what failed for good is wanted up and has to be told."""
        return letter != b"u" and super().wanted(letter)

    def tell_status(self) -> int:
        """As in sv; `worst` is what LSB calls it."""
        found = super().tell_status()
        view = self.views.get(self.name)
        code = UNKNOWN if view is None else 0 if view.up else DOWN
        self.worst = max(self.worst, code)
        return found

    def put(self, text: bytes) -> None:
        """Say TEXT. The word at its head has a colour, and may be what came of it."""
        if text in RESULTS:
            self.results[self.name] = text[:-2], b""
        head, colon, rest = text.partition(b": ")
        super().put(paint(head, head) + colon + rest if self.coloured and colon else text)

    def flush(self) -> None:
        """Write what was said; under our own name it matters whether that worked."""
        text = b"".join(self.text)
        self.text.clear()
        if not self.json:
            show(text)

    def out(self, head: bytes, text: bytes, error: OSError | None = None) -> None:
        """Say it, and keep it."""
        super().out(head, text, error)
        if error:
            self.troubles.append((self.name, error))
        self.results[self.name] = head[:-2], Trouble(text, error).words()

    def not_running(self, letter: bytes) -> None:
        """As in sv; whoever wanted to tell it something is told more."""
        super().not_running(letter)
        if letter not in b"xs":
            self.troubles.append((self.name, OSError(ENXIO, "")))

    def print(self, name: bytes) -> int:
        """Print the status, and what our own supervisor says beside it."""
        found = super().print(name)
        view = self.view
        notes = (
            (view.up and view.ready is False, b", not ready"),
            (view.state == b"wait", b", waiting to start"),
            (view.state == b"failed", b", failed"),
            (view.why, b" (" + plain(view.why) + b")"),
            (view.text, b": " + plain(view.text)),
        )
        super().put(b"".join(words for true, words in notes if true))
        return found

    def records(self, names: list[bytes]) -> list[dict[str, object]]:
        """What came of each of NAMES, as objects for JSON."""
        found = []
        for name in names:
            head, error = self.results.get(name, (b"told", b""))
            record = describe(name, self.views.get(name), Trouble(error))
            more = {"result": text(head)} | ({"error": text(error)} if error else {})
            found.append(record | more)
        return found
