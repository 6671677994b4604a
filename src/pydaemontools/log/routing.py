"""From bytes to lines that have a severity: what pysissylog makes of what it reads."""

from .batch import Batch
from .levels import DEBUG, Router, strip

# Control characters would forge lines or drive a terminal; TAB and all above 127 pass.
CLEAN = bytes(0x3F if (i < 32 and i not in b"\t\n") or i == 127 else i for i in range(256))


class Routing:
    """Makes batches of which ROUTER gives each line its severity."""

    def __init__(self, router: Router) -> None:
        self.router = router
        self.least = DEBUG  # what is less important is dropped
        self.strip = False  # whether heads are taken off

    @property
    def state(self) -> int:
        """What a successor in the middle of the stream has to know."""
        return self.router.in_traceback | self.router.level << 1

    @state.setter
    def state(self, state: int) -> None:
        self.router.in_traceback = bool(state & 1)
        self.router.level = state >> 1

    def batch(self, body: bytes, *, continued: bool, unfinished: bool) -> Batch:
        """The lines of BODY: whole ones, but for the first if it is CONTINUED and the last."""
        lines = body.translate(CLEAN).split(b"\n")
        if body[-1:] == b"\n":
            lines.pop()
        going_on = lines[:1] if continued else []
        fresh = lines[len(going_on) :]
        if b"" in fresh:
            fresh = [line for line in fresh if line]
        levels = [self.router.level] * len(going_on) + self.router.route(fresh)
        if self.strip:
            fresh = [strip(line) for line in fresh]
        batch = Batch(levels, going_on + fresh, continued=continued, unfinished=unfinished)
        return batch if self.least == DEBUG else batch.important(self.least)
