"""Whether a service is where a letter should have brought it, as sv sees it."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .engine import Services


def _up(it: "Services") -> bool:
    return bool(it.status.pid) and it.status.state == 1 and it.works()


def _again(it: "Services") -> bool:
    """Whether it was started since we began."""
    if not it.status.pid:
        return it.status.want == b"d"
    return it.status.stamp >= it.begun and not it.status.term and it.works()


def _once(it: "Services") -> bool:
    return it.status.want == b"d" if it.status.pid else it.status.stamp >= it.begun


# Whether what a letter asks for is so.
GOALS: "dict[str, Callable[[Services], bool]]" = {
    "x": lambda _it: False,
    "u": _up,
    "d": lambda it: not it.status.pid and not it.status.state,
    "C": lambda it: not it.status.pid or it.works(),
    "t": _again,
    "k": _again,
    "o": _once,
    "p": lambda it: not it.status.pid or it.status.paused,
    "c": lambda it: not it.status.pid or not it.status.paused,
}
