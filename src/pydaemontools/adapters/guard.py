"""A call of loguru's never raises into the program, and loses no record that it fails with.

loguru makes its text before any sink is asked, and allows no record within a record: a
signal handler that logs while its thread is in a sink, or a `__repr__` that does, gets an
exception. All its methods end in one, Logger._log, so that is watched. A loguru without it does
what it does.
"""

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

from loguru import logger
from loguru._handler import Handler

from . import once
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
    if made is None:
        return False
    made = inspect.unwrap(made)
    return (
        len(getattr(logger, "_options", ())) == len(OPTIONS)
        and list(inspect.signature(made).parameters) == PARAMETERS
        and once.RECORD in made.__code__.co_varnames
    )


def watch(  # noqa: C901 - what is called for each record is in it
    rescue: Callable[[once.Failed], bool], say: Callable[[int, str], None]
) -> Callable[[], None]:
    """Have calls of loguru's raise nothing; gives what undoes it.

    RESCUE is called with what has failed of a record that was made, and tells whether it did not
    come to our sink; SAY with the step and the text of one that could not be made.
    """
    if not possible():
        return lambda: None
    kind: Any = type(logger)
    before = kind._log  # noqa: SLF001 - there is no other place for it
    reads = getattr(getattr(Handler, "_queued_writer", None), "__code__", None)
    once.codes = before.__code__, Handler.emit.__code__, reads
    # A logger has the same options at each call: those that it had last, and what they became.
    last: tuple[Any, Any] = None, None

    @functools.wraps(before)
    def _log(  # noqa: PLR0917 - they are loguru's
        self: Any,  # noqa: ANN401 - a Logger of loguru's
        level: str | int,
        from_decorator: bool,  # noqa: FBT001
        options: tuple[Any, ...],
        message: str,
        args: tuple[object, ...],
        kwargs: dict[str, object],
    ) -> None:
        nonlocal last
        found = self._core.levels_lookup.get(level) if type(level) is str else None
        if found and found[2] < self._core.min_level:
            # Nobody wants it, as before() would find.
            return
        known, deeper = last
        if known is not options:
            deeper = _deeper(options)
            last = options, deeper
        # Later it might be what has failed here.
        handled = sys.exc_info() if options[0] is True else None
        outer = calls.loguru
        if outer >= MOST:
            message = message if type(message) is str else nameless(message)
            args, kwargs = (), {}
        calls.loguru = outer + 1
        try:
            before(self, level, from_decorator, deeper, message, args, kwargs)
        except Exception as error:
            if interrupted(error):
                raise
            failed = once.record_of(error)
            if failed is None:
                plain = _plain(deeper, handled)
                try:
                    text = _said(message, args, kwargs, error)
                    kept = {} if deeper[3] else kwargs  # what is lazy is not asked once more
                    usable = level if _known(self, level) else _number(level)
                    before(self, usable, False, plain, "{}", (text,), kept)
                except Exception as again:
                    # A value of the program's may raise anything.
                    if interrupted(again):
                        raise
                    say(step_of_number(_number(level)), _said(message, args, kwargs, error))
            elif not _rescued(rescue, say, failed, message, error):
                # A sink of the program's that is to raise: `catch=False`.
                raise
        finally:
            calls.loguru = outer

    kind._log = _log  # noqa: SLF001 - as above

    def undo() -> None:
        if kind._log is _log:  # noqa: SLF001 - as above
            kind._log = before  # noqa: SLF001 - as above

    return undo


def _deeper(options: tuple[Any, ...]) -> tuple[Any, ...]:
    """OPTIONS of a call that comes from one caller more."""
    depth = options[1] if type(options[1]) is int else 0
    return options[0], depth + 1, *options[2:]


def _plain(options: tuple[Any, ...], handled: object) -> tuple[Any, ...]:
    """OPTIONS of a call that asks for nothing once more, of the exception that was HANDLED."""
    parts = dict(zip(OPTIONS, options, strict=True))
    parts |= {"record": False, "lazy": False, "colors": False, "patchers": []}
    return tuple(parts.values()) if handled is None else (handled, *tuple(parts.values())[1:])


def _known(by: Any, level: object) -> bool:  # noqa: ANN401 - a Logger of loguru's
    """Whether BY has a LEVEL of that name or number."""
    if type(level) is str:
        try:
            by.level(level)
        except ValueError:
            return False
        return True
    return type(level) is int and level >= 0


def _number(level: object) -> int:
    """The number of LEVEL: what its name says, or a warning's."""
    return max(0, number_of(level))


def _rescued(
    rescue: Callable[[once.Failed], bool],
    say: Callable[[int, str], None],
    failed: once.Failed,
    message: object,
    error: Exception,
) -> bool:
    """Whether what FAILED, for ERROR, did not come to our sink; RESCUE writes it then.

    A patcher of the program's may have left anything of it: then MESSAGE is what SAY says.
    """
    try:
        return rescue(failed)
    except Exception as again:
        if interrupted(again):
            raise
        said = failed.record.get("message") if isinstance(failed.record, dict) else None
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
    except Exception as again:
        if interrupted(again):
            raise
        given = [represented(one) for one in args]
        given += [f"{name}={represented(one)}" for name, one in named.items()]
        shape = f"{text} (with ({', '.join(given)}): {represented(error)})"
        return shape.replace("\n", "\\n")
