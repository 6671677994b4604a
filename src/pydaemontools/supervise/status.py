"""What a supervisor says of its service: supervise/status, in the bytes of the originals.

Both formats begin alike: a TAI64N time in 12 bytes (of the last change of the process), the
pid in four bytes, the least significant first, a byte for paused, a byte for what is wanted.
daemontools 0.76 ends there (18 bytes); runit 2.1 goes on with a byte that says whether TERM
was sent, and one for the state (20 bytes). svstat reads the first 18 of either.
"""

from ..base.tai64 import pack, unpack

DOWN, RUN, FINISH = range(3)
STATES = ("down", "run", "finish")
LENGTHS = {"supervise": 18, "runsv": 20}


class Status:
    """A service as its status file tells of it.

    since: nanoseconds of Unix time; pid: 0 if there is none; want: "u", "d", or "" for once;
    term: whether TERM was sent; leaving: whether the supervisor is to exit, which no status
    file tells; state: DOWN, RUN or FINISH.
    """

    __slots__ = ("leaving", "paused", "pid", "since", "state", "term", "want")

    def __init__(
        self,
        since: int,
        pid: int,
        want: str,
        *,
        paused: bool = False,
        term: bool = False,
        leaving: bool = False,
        state: int | None = None,
    ) -> None:
        self.since = since
        self.pid = pid
        self.want = want
        self.paused = paused
        self.term = term
        self.leaving = leaving
        self.state = (RUN if pid else DOWN) if state is None else state

    def encode(self, length: int) -> bytes:
        """The status file, of 18 bytes (daemontools) or 20 (runit)."""
        # runit has no word for once: what is not wanted up is wanted down.
        want = self.want if length == 18 else "d" if self.leaving else self.want or "d"
        return b"".join(
            (
                pack(self.since),
                self.pid.to_bytes(4, "little"),
                bytes((self.paused, ord(want) if want else 0, self.term, self.state)),
            )
        )[:length]

    def words(self) -> bytes:
        """The line in supervise/stat, as runit writes it."""
        text = STATES[self.state]
        text += ", paused" if self.paused else ""
        text += ", got TERM" if self.term else ""
        if self.state != DOWN:
            if self.leaving:
                text += ", want exit"
            elif self.want != "u":
                text += ", want down"
        return text.encode() + b"\n"


def decode(data: bytes) -> Status:
    """The status that DATA holds; raises ValueError where that is not 18 bytes or more."""
    if len(data) < 18:
        raise ValueError(data)
    want = chr(data[17]) if data[17] else ""
    pid = int.from_bytes(data[12:16], "little")
    state = data[19] if len(data) >= 20 else None
    term = len(data) >= 20 and bool(data[18])
    return Status(unpack(data), pid, want, paused=bool(data[16]), term=term, state=state)
