"""The status of a service as sv has it: the bytes that were last read.

Where reading fails halfway, the original goes on with what it has, and so do we.
"""

HEADS = {0: b"down: ", 1: b"run: ", 2: b"finish: "}


class Raw:
    """runit's twenty bytes; the parts are what supervise/status.py says they are."""

    def __init__(self) -> None:
        self.data = bytearray(20)

    @property
    def pid(self) -> int:
        """The pid, 0 if there is none."""
        return int.from_bytes(self.data[12:16], "little")

    @property
    def stamp(self) -> int:
        """The second (TAI) in which the process began or ended."""
        return int.from_bytes(self.data[:8], "big")

    @property
    def paused(self) -> bool:
        """Whether it was told to pause."""
        return bool(self.data[16])

    @property
    def want(self) -> bytes:
        """The letter that says what is wanted."""
        return bytes(self.data[17:18])

    @property
    def term(self) -> int:
        """1 if TERM was sent."""
        return self.data[18]

    @property
    def state(self) -> int:
        """0 down, 1 run, 2 finish."""
        return self.data[19]

    def line(self, name: bytes, now: int, *, normally_up: bool) -> bytes:
        """What sv says of the service NAME in the second NOW (TAI)."""
        pid = self.pid
        # The original has a signed pid, which a wild status shows.
        signed = pid if pid < 2**31 else pid + 2**64 - 2**32
        text = HEADS.get(self.state, b"") + name + b": "
        text += b"(pid %d) " % signed if self.state else b""
        text += b"%ds" % max(0, now - self.stamp)
        notes = (
            (pid and not normally_up, b", normally down"),
            (not pid and normally_up, b", normally up"),
            (pid and self.paused, b", paused"),
            (not pid and self.want == b"u", b", want up"),
            (pid and self.want == b"d", b", want down"),
            (pid and self.term, b", got TERM"),
        )
        return text + b"".join(words for true, words in notes if true)
