"""logging's handlers that print: taken away, so that no line is there twice."""

import logging
from collections.abc import Callable
from typing import Any

from .later import loggers
from .once import reaches
from .printing import Printing
from .stdlib import RecordHandler


class Last(logging.Handler):
    """Gives OURS what comes to no handler, from LEVEL on: else logging prints it, as mere text."""

    def __init__(self, level: int, ours: RecordHandler) -> None:
        super().__init__(level)
        self._ours = ours

    def handle(self, record: logging.LogRecord) -> bool:
        """Have RECORD written; whether it was."""
        return self._ours.handle(record)


def take_over(printing: Printing, ours: RecordHandler) -> Callable[[], None]:
    """Have OURS, on the root logger, in the place of every handler that prints by PRINTING.

    Gives what puts these back.
    """
    # All are judged before one is taken away: two loggers may have one list of handlers.
    found = [(one, *_found(one, printing)) for one in loggers()]
    for logger, taken, listeners in found:
        for handler in taken:
            logger.removeHandler(handler)
        for listener, _, kept in listeners:
            listener.handlers = kept
    logging.root.addHandler(ours)
    silent = [logger for logger, taken, listeners in found if taken or listeners]
    # Parents first: who hands on to one that has it needs none.
    undone = [_stand_in(one, ours) for one in sorted(silent, key=lambda one: len(one.name))]
    undone.append(_last_resort(printing, ours))

    def undo() -> None:
        while undone:
            undone.pop()()
        logging.root.removeHandler(ours)
        for logger, taken, listeners in found:
            for handler in taken:
                logger.addHandler(handler)
            for listener, before, _ in listeners:
                listener.handlers = before

    return undo


def _found(
    logger: logging.Logger, printing: Printing
) -> tuple[list[logging.Handler], list[tuple[Any, Any, Any]]]:
    """What prints of LOGGER's: handlers, and listeners with what they have, and will have."""
    taken, listeners = [], []
    for handler in logger.handlers:
        listener = getattr(handler, "listener", None)
        if isinstance(before := getattr(listener, "handlers", None), tuple | list):
            kept = tuple(one for one in before if not _judged(one, printing))
            if len(kept) < len(before):
                listeners.append((listener, before, kept))
        elif _judged(handler, printing, logger.name):
            taken.append(handler)
    return taken, listeners


def _stand_in(logger: logging.Logger, ours: RecordHandler) -> Callable[[], None]:
    """Have OURS get what LOGGER printed, if it does not; gives what undoes it.

    One that kept its records to itself passes them on, as uvicorn's have to. Where others would
    have them too, or OURS would not, it has OURS itself.
    """
    if reaches(logger, ours):
        return lambda: None
    if not logger.handlers and reaches(logger.parent, ours):
        logger.propagate = True
        return lambda: setattr(logger, "propagate", False)
    # A list of its own: another logger that has the same may reach OURS.
    shared, logger.handlers = logger.handlers, [*logger.handlers, ours]
    own = logger.handlers

    def undo() -> None:
        logger.removeHandler(ours)
        if logger.handlers is own:
            shared.extend(one for one in own if one not in shared)
            logger.handlers = shared

    return undo


def _last_resort(printing: Printing, ours: RecordHandler) -> Callable[[], None]:
    """Have OURS be logging's last resort, if that prints; gives what undoes it."""
    before = logging.lastResort
    if before is None or not printing.handler(before):
        return lambda: None
    logging.lastResort = last = Last(before.level, ours)

    def undo() -> None:
        if logging.lastResort is last:
            logging.lastResort = before

    return undo


def _judged(handler: object, printing: Printing, name: str = "") -> bool:
    """Whether HANDLER, of the logger NAME, prints, or was ours."""
    if isinstance(handler, RecordHandler):
        return True
    if not isinstance(handler, logging.Handler):
        return False
    prints = printing.handler(handler)
    if prints is None:
        printing.doubts.append(
            f"logging's handler {type(handler).__name__}{f' of {name}' if name else ''}"
        )
    return bool(prints)
