"""The exit codes: ours, which a script can trust, and zdaemon's."""


class Code:
    """What an action ends with: `ours`, and what `zdaemons` would be."""

    def __init__(self, ours: int, zdaemons: int = 0) -> None:
        self.ours = ours
        self.zdaemons = zdaemons


DONE = Code(0)
# It was tried, and failed; a start that fails is a failure for zdaemon too.
FAILED = Code(1)
NOT_STARTED = Code(1, 1)
WRONG = Code(2)
# Of `status`: the manager is there and waits, or there is none.
WAITING = Code(3)
DOWN = Code(3, 3)
# Nobody can say. zdaemon says that it is down.
UNKNOWN = Code(4)
STATUS_UNKNOWN = Code(4, 3)
# It would have to run.
NOT_RUNNING = Code(7)
# The program could not be run, or runs already.
REFUSED = Code(111)


def worst(codes: list[Code]) -> Code:
    """Of CODES, one for each runner, the one that says most."""
    return max(codes, key=lambda code: code.ours, default=DONE)
