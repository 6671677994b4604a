"""From logging to loguru and back: each library's own sinks get the other's records too.

A record that has crossed is marked: it does not cross back, and what has written it already does
not write it again. While one crosses, what its thread logs stays on its side: loguru allows no
sink to be used within itself.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any

from loguru._recattrs import RecordFile

from . import as_logging, once
from .interrupts import interrupted
from .level import HEADS, Steps
from .stdlib import ADDED, safe_message
from .values import shown

_crossing = threading.local()
_steps = Steps()
# By step: the names of loguru's levels.
NAMES = [ADDED.get(step, word.upper()) for step, word in enumerate(HEADS)]


class Crossed(logging.LogRecord):
    """A record of logging's that has crossed: what marks it is no attribute, which may be shown."""


class File(RecordFile):
    """What a record of loguru's that has crossed is marked by: where its file is."""

    __slots__ = ()


def stays(record: Any) -> bool:  # noqa: ANN401 - a dict of loguru's, or a LogRecord
    """Whether RECORD, of either library, has crossed already, by whatever way, or may not now."""
    if getattr(_crossing, "on", False):
        return True
    if isinstance(record, logging.LogRecord):
        return type(record) is Crossed or once.by_loguru(record) is not None
    return type(record.get("file")) is File or once.from_logging(record) is not None


class ToLoguru(logging.Handler):
    """A handler that gives records to loguru, with the place they came from."""

    def emit(self, record: logging.LogRecord) -> None:
        """Give RECORD to loguru, unless it came from there."""
        if stays(record):
            return
        from loguru import logger

        # What extra= is called may be anything, an argument is a str.
        extra = {shown(k): v for k, v in record.__dict__.items() if k not in as_logging.OWN}
        name = NAMES[_steps.of(record)]
        file = File(record.filename, record.pathname)  # type: ignore[no-untyped-call]

        def place(made: Any) -> None:  # noqa: ANN401 - a record of loguru's
            made["name"], made["function"], made["line"] = (
                record.name,
                record.funcName,
                record.lineno,
            )
            made["module"], made["file"] = record.module, file

        _crossing.on = True
        try:
            bound = logger.bind(**extra).patch(place).opt(exception=record.exc_info or None)
            # As it is: braces in it are no fields.
            bound.log(name, "{}", safe_message(record))
        except Exception as error:
            # As logging does: never into the program.
            if interrupted(error):
                raise
            self.handleError(record)
        finally:
            _crossing.on = False


def to_stdlib(message: Any) -> None:  # noqa: ANN401 - loguru's Message
    """A sink that gives loguru's records to logging."""
    record = as_logging.of_loguru(message.record)
    record.__class__ = Crossed
    target = logging.getLogger(shown(record.name))
    if target.isEnabledFor(record.levelno):
        _crossing.on = True
        try:
            target.handle(record)
        finally:
            _crossing.on = False


def install(direction: str) -> Callable[[], None]:
    """Bridge to "loguru", to "stdlib", or "both"; gives what takes the bridge away."""
    from loguru import logger

    handler = number = None
    if direction != "stdlib":
        handler = ToLoguru()
        logging.root.addHandler(handler)
    if direction != "loguru":
        number = logger.add(
            to_stdlib,
            level=0,
            format="{message}",
            # Before its lock is taken.
            filter=lambda record: not stays(record),
            backtrace=False,
            diagnose=False,
        )

    def undo() -> None:
        if handler:
            logging.root.removeHandler(handler)
        if number is not None:
            try:
                logger.remove(number)
            except ValueError:
                pass

    return undo
