"""What a value says, whatever it does when it is asked: no log call may raise for one."""

import threading
from collections.abc import Callable, Container, Mapping

from .interrupts import interrupted


class _Within(threading.local):
    """How many calls, records, texts, values and writes this thread is within, each in another.

    A `__repr__` may log, also itself: there would be no end to that.
    """

    calls = records = texts = values = writes = 0


within = _Within()
MOST = 2  # within each other; what is deeper is not asked


def shown(value: object) -> str:
    """VALUE as text: what str() says, else repr(), else the name of its type."""
    return value if type(value) is str else _asked(value, str, repr)


def represented(value: object) -> str:
    """What repr() says of VALUE, else the name of its type."""
    return _asked(value, repr)


def _asked(value: object, *asking: Callable[[object], str]) -> str:
    """What the first of ASKING that raises nothing says of VALUE."""
    if within.values >= MOST:
        return nameless(value)
    within.values += 1
    try:
        for ask in asking:
            try:
                return ask(value)
            except Exception as error:
                # A value of the program's may raise anything.
                if interrupted(error):
                    raise
        return nameless(value)
    finally:
        within.values -= 1


def nameless(value: object) -> str:
    """What is said of VALUE that says nothing itself."""
    # A class may have a class of its own that says something else, or nothing.
    return f"<{type.__dict__['__name__'].__get__(type(value))}>"


class Shown:
    """A VALUE in a text that is made with %: what it cannot say is left out."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __str__(self) -> str:
        return shown(self._value)

    def __repr__(self) -> str:
        return represented(self._value)


def quiet(value: object) -> object:
    """VALUE to be put into a text, wrapped if it might raise; text and numbers are themselves.

    isinstance() would ask it for its class, and a lazy object of Django's may raise then. A number
    may be too long to be shown, or say nothing, as one of a class of the program's.
    """
    kind = type(value)
    if issubclass(kind, int | float) and nameless(value) not in (
        _asked(value, str),
        represented(value),
    ):
        return value
    return value if kind is str else Shown(value)


def quiet_args(args: object) -> object:
    """ARGS of a log call, a tuple or a mapping, each as quiet() has it."""
    if issubclass(type(args), Mapping):
        return {name: quiet(value) for name, value in args.items()}  # type: ignore[attr-defined]
    return tuple(map(quiet, args)) if issubclass(type(args), tuple) else args  # type: ignore[call-overload]


def represented_args(args: object) -> str:
    """What repr() says of ARGS of a log call: of each, or of them as a whole."""
    return _asked(args, lambda given: repr(quiet_args(given)), repr)


def set_apart(name: object, fields: Container[object]) -> str:
    """What a field is called whose NAME is taken: as no other of FIELDS, which stay."""
    made = f"field_{name}"
    while made in fields:
        made = f"field_{made}"
    return made


def finite(value: object) -> object:
    """VALUE with text in the place of the numbers that JSON has not: NaN, Infinity, -Infinity."""
    if isinstance(value, dict):
        return {finite(key): finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    if isinstance(value, float) and value - value != 0:
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"  # noqa: PLR0124
    return value
