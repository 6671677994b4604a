"""What a supervisor says of its service: supervise/status, in the bytes of whichever wrote it.

All but those of s6 begin alike: a TAI64N time in 12 bytes (of the last change of the process),
the pid in four bytes, the least significant first, a byte for paused, a byte for what is wanted.
daemontools 0.76 ends there (18 bytes); runit 2.1 goes on with a byte that says whether TERM
was sent, and one for the state (20 bytes). svstat reads the first 18 of either. Ours go on, where
s6's tools may ask, with what those read (44 bytes): see Status.encode_s6().
"""

from .tai64 import EPOCH, pack, unpack

DOWN, RUN, FINISH = range(3)
STATES = ("down", "run", "finish")
LENGTHS = {"supervise": 18, "runsv": 20}
S6 = (35, 43)
LEAP = 27  # seconds that s6's labels are ahead of djb's
SECOND = 10**9
# To runit, which has no word for once, what is not wanted up is wanted down.
WANTED_DOWN = ("d", "")


class Status:
    """A service as its supervisor tells of it.

    since: nanoseconds of Unix time; pid: 0 if there is none; want: "u", "d", or "" for once;
    term: whether TERM was sent; leaving: whether the supervisor is to exit, which no status
    file tells; state: DOWN, RUN or FINISH.

    What not every supervisor tells. ready: None where nobody does; ready_since: nanoseconds;
    wait_status: how it ended (s6); lingers: whether `x` lets the service run on (daemontools,
    s6); word: the state, or "wait" or "failed" in the place of "down"; text: what the service
    says of itself; why: why it is as it is. normally_up: None where nobody has looked.
    says_ready: whether it is one that says when it is ready; starts: how often it was started,
    None where nobody counts; obeyed: how many letters it was told, too; failures: how many runs
    in a row came to nothing, and ended: how the last of them did; next_start: nanoseconds, if
    one is due; logger: the state, and the pid, of a logger that has no directory.
    """

    __slots__ = (
        "ended",
        "failures",
        "leaving",
        "lingers",
        "logger",
        "next_start",
        "normally_up",
        "obeyed",
        "paused",
        "pid",
        "ready",
        "ready_since",
        "says_ready",
        "since",
        "starts",
        "state",
        "term",
        "text",
        "wait_status",
        "want",
        "why",
        "word",
    )

    def __init__(
        self,
        since: int,
        pid: int,
        want: str,
        *,
        paused: bool = False,
        term: int = False,
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
        self.ready: bool | None = None
        self.ready_since: int | None = None
        self.wait_status: int | None = None
        self.normally_up: bool | None = None
        self.lingers = self.says_ready = False
        self.starts: int | None = None
        self.next_start: int | None = None
        self.failures = self.obeyed = 0
        self.word = self.text = self.why = self.ended = self.logger = b""

    def seconds(self, now: int) -> int:
        """For how many whole seconds it is as it is in the second NOW; 0 if that is to come."""
        return max(0, now - self.since // SECOND)

    def encode(self, length: int) -> bytes:
        """The status file, of 18 bytes (daemontools) or 20 (runit)."""
        want = self.want if length == 18 else "d" if self.leaving else self.want or "d"
        return b"".join(
            (
                pack(self.since),
                self.pid.to_bytes(4, "little"),
                bytes((self.paused, ord(want) if want else 0, self.term, self.state)),
            )
        )[:length]

    def encode_s6(self, wait_status: int | None) -> bytes:
        """What follows the 20 bytes where s6's tools read too: what they read from byte 24 on.

        s6 up to 2.12 takes 35 bytes, later ones 43, of a file that may be longer. They agree
        on the pid; the rest stands in both places. Where they have the time of readiness there
        is what runit has.
        WAIT_STATUS: how run ended the last time; None, which is 0 there, if nobody knows.
        """
        flags = self.paused | (self.state == FINISH) << 1 | (self.want == "u") << 2
        ended = (wait_status or 0).to_bytes(2, "big") + bytes((flags | bool(self.ready) << 3,))
        return bytes(4) + self.pid.to_bytes(8, "big") + ended + bytes(5) + ended + b"\n"

    def notes(self, *, normally_up: bool, down: tuple[str, ...] = ("d",)) -> bytes:
        """What svstat and sv say behind the seconds; DOWN: how what is not wanted up is written."""
        up = bool(self.pid)
        table = (
            (up and not normally_up, b", normally down"),
            (not up and normally_up, b", normally up"),
            (up and self.paused, b", paused"),
            (not up and self.want == "u", b", want up"),
            (up and self.want in down, b", want down"),
        )
        return b"".join(words for true, words in table if true)

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
    """The status that DATA holds, 18 bytes or more; what makes no sense is left as it is."""
    if len(data) in S6:
        return _decode_s6(data)
    # The originals count whole seconds, into which no nonsense behind them may be carried.
    since = (int.from_bytes(data[:8], "big") - EPOCH) * SECOND
    since += min(int.from_bytes(data[8:12], "big"), SECOND - 1)
    pid = int.from_bytes(data[12:16], "little")
    term, state = data[18:20] if len(data) >= 20 else (0, None)
    status = Status(since, pid, chr(data[17]), paused=bool(data[16]), term=term, state=state)
    status.lingers = len(data) == 18
    return status


def _decode_s6(data: bytes) -> Status:
    pid = int.from_bytes(data[24:32], "big")
    paused, finishing, wanted, ready = (bool(data[-1] & bit) for bit in (1, 2, 4, 8))
    state = (FINISH if finishing else RUN) if pid else DOWN
    since, ready_since = (unpack(data[at : at + 12]) - LEAP * SECOND for at in (0, 12))
    status = Status(since, pid, "u" if wanted else "d", paused=paused, state=state)
    status.wait_status = int.from_bytes(data[-3:-1], "big")
    status.lingers = True
    status.ready = status.says_ready = bool(pid) and ready
    status.ready_since = ready_since if status.ready else None
    return status
