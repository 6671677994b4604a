"""What a pump waits for, as it tells the loop around it."""


class PumpWait:
    """What a pump waits for: SECONDS to pass, or for ever if None, unless a signal or what a sink
    watches comes first; or new input, FOR_INPUT.
    """

    __slots__ = ("for_input", "seconds")

    def __init__(self, seconds: float | None, *, for_input: bool) -> None:
        self.seconds = seconds
        self.for_input = for_input


INPUT = PumpWait(None, for_input=True)
# Nothing: there is more to be done, once others had their turn.
AGAIN = PumpWait(0.0, for_input=True)


def soonest(dues: "list[float | None]") -> float | None:
    """Return the least of DUES; None if there is none."""
    return min([due for due in dues if due is not None], default=None)
