"""A call of loguru's never raises into the program, and loses no record that it fails with.

loguru makes its text before any sink is asked, and allows no record within a record: a
signal handler that logs while its thread is in a sink, or a `__repr__` that does, gets an
exception. All its methods end in one, Logger._log, so that is watched. A loguru without it does
what it does.
"""

import inspect
import sys
from collections.abc import Callable
from typing import Any

from loguru import logger

from .interrupts import interrupted
from .level import STEPS, number_of, step_of_number
from .once import calls
from .values import MOST, nameless, quiet, represented, shown

# What _log() is called with; and its options, of which the second is how many callers to pass.
PARAMETERS = ["self", "level", "from_decorator", "options", "message", "args", "kwargs"]
OPTIONS = ("exception", "depth", "record", "lazy", "colors", "raw", "capture", "patchers", "extra")


def possible() -> bool:
    """Whether this loguru is made as is needed here."""
    made = getattr(type(logger), "_log", None)
    return (
        made is not None
        and len(getattr(logger, "_options", ())) == len(OPTIONS)
        and list(inspect.signature(inspect.unwrap(made)).parameters) == PARAMETERS
    )


def watch(  # noqa: C901 - what is called for each record is in it
    rescue: Callable[[Any], bool], say: Callable[[int, str], None]
) -> Callable[[], None]:
    """Have calls of loguru's raise nothing; gives what undoes it.

    RESCUE is called with a record that was made, and tells whether it did not come to our
    sink; SAY with the step and the text of one that could not be made.
    """
    if not possible():
        return lambda: None
    kind: Any = type(logger)
    before = kind._log  # noqa: SLF001 - there is no other place for it

    def _log(  # noqa: PLR0917 - they are loguru's
        self: Any,  # noqa: ANN401 - a Logger of loguru's
        level: str | int,
        from_decorator: bool,  # noqa: FBT001
        options: tuple[Any, ...],
        message: str,
        args: tuple[object, ...],
        kwargs: dict[str, object],
    ) -> None:
        found = self._core.levels_lookup.get(level) if type(level) is str else None
        if found and found[2] < self._core.min_level:
            # Nobody wants it, as before() would find.
            return
        call = _Call(options)
        if call.depth >= MOST:
            message = message if isinstance(message, str) else nameless(message)
            args, kwargs = (), {}
        try:
            before(self, level, from_decorator, call.options, message, args, kwargs)
        except Exception as error:
            if interrupted(error):
                raise
            if call.record is None:
                try:
                    before(self, *call.again(level, message, args, kwargs, error))
                except Exception:  # noqa: BLE001 - a value of the program's may raise anything
                    say(step_of_number(_number(level)), _said(message, args, kwargs, error))
            elif not _rescued(rescue, say, call.record, message, error):
                # A sink of the program's that is to raise: `catch=False`.
                raise
        finally:
            calls.loguru = call.outer

    kind._log = _log  # noqa: SLF001 - as above

    def undo() -> None:
        if kind._log is _log:  # noqa: SLF001 - as above
            kind._log = before  # noqa: SLF001 - as above

    return undo


class _Call:
    """A call of loguru's with OPTIONS, which says what it is about as soon as that is made."""

    __slots__ = ("depth", "options", "outer", "record")

    def __init__(self, options: tuple[Any, ...]) -> None:
        exception, depth, *rest, patchers, extra = options
        depth = depth if type(depth) is int else 0
        if exception is True:
            # Later it might be what has failed here.
            exception = sys.exc_info()
        # There is one caller more.
        self.options = (exception, depth + 1, *rest, [*patchers, self.about], extra)
        self.record: Any = None
        self.outer: _Call | None = calls.loguru
        self.depth: int = self.outer.depth + 1 if self.outer else 0
        calls.loguru = self

    def about(self, record: Any) -> None:  # noqa: ANN401 - a record of loguru's
        """Have RECORD, the last patcher that there is."""
        self.record = record

    def again(
        self,
        level: object,
        message: object,
        args: tuple[object, ...],
        named: dict[str, object],
        error: Exception,
    ) -> tuple[object, ...]:
        """What to call _log() with after ERROR: nothing that asks for anything once more."""
        text = _said(message, args, named, error)
        parts = dict(zip(OPTIONS, self.options, strict=True))
        kept = {} if parts["lazy"] else named
        parts |= {"record": False, "lazy": False, "colors": False, "patchers": [self.about]}
        plain = tuple(parts.values())
        known = level if _known(level) else _number(level)
        return known, False, plain, "{}", (text,), kept


def _known(level: object) -> bool:
    """Whether loguru has a LEVEL of that name or number."""
    if type(level) is str:
        try:
            logger.level(level)
        except ValueError:
            return False
        return True
    return type(level) is int and level >= 0


def _number(level: object) -> int:
    """The number of LEVEL: what its name says, or a warning's."""
    return max(0, number_of(level))


def _rescued(
    rescue: Callable[[Any], bool],
    say: Callable[[int, str], None],
    record: Any,  # noqa: ANN401 - a record of loguru's
    message: object,
    error: Exception,
) -> bool:
    """Whether RECORD did not come to our sink, for ERROR; RESCUE writes it then.

    A patcher of the program's may have left anything of it: then MESSAGE is what SAY says.
    """
    try:
        return rescue(record)
    except Exception:  # noqa: BLE001 - as above
        said = record.get("message") if isinstance(record, dict) else None
        text = said if type(said) is str else shown(message)
        say(STEPS["warning"], f"{text} (with a record that is none: {represented(error)})")
        return True


def _said(
    message: object, args: tuple[object, ...], named: dict[str, object], error: Exception
) -> str:
    """MESSAGE with ARGS and those NAMED, of which some cannot be shown; else with ERROR."""
    text = shown(message)
    if not args and not named:
        return text
    try:
        return text.format(*map(quiet, args), **{name: quiet(one) for name, one in named.items()})
    except Exception:  # noqa: BLE001 - as above
        given = [represented(one) for one in args]
        given += [f"{name}={represented(one)}" for name, one in named.items()]
        shape = f"{text} (with ({', '.join(given)}): {represented(error)})"
        return shape.replace("\n", "\\n")
