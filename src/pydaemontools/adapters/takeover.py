"""logging's handlers that print: taken away, so that no line is there twice."""

import logging
from collections.abc import Callable
from typing import Any

from .later import loggers
from .printing import Printing
from .stdlib import RecordHandler


def take_over(printing: Printing) -> Callable[[], None]:
    """Take away every handler that prints by PRINTING; gives what puts them back.

    A logger that had one of its own, and kept its records to itself, passes them on now, as
    uvicorn's have to: else they would be gone.
    """
    taken: list[tuple[logging.Logger, logging.Handler]] = []
    silent: list[logging.Logger] = []
    listeners: list[tuple[Any, tuple[logging.Handler, ...]]] = []
    # Two loggers may have one list of handlers: all are looked up before one is taken away.
    for logger, handlers in [(one, list(one.handlers)) for one in loggers()]:
        for handler in handlers:
            if listener := getattr(handler, "listener", None):
                before = listener.handlers
                listener.handlers = tuple(one for one in before if not _judged(one, printing))
                listeners.append((listener, before))
            elif _judged(handler, printing, logger.name):
                logger.removeHandler(handler)
                taken.append((logger, handler))
                if not logger.handlers and not logger.propagate:
                    logger.propagate = True
                    silent.append(logger)

    def undo() -> None:
        for logger, handler in taken:
            logger.addHandler(handler)
        for logger in silent:
            logger.propagate = False
        for listener, before in listeners:
            listener.handlers = before

    return undo


def _judged(handler: logging.Handler, printing: Printing, name: str = "") -> bool:
    """Whether HANDLER, of the logger NAME, prints, or was ours."""
    if isinstance(handler, RecordHandler):
        return True
    prints = printing.handler(handler)
    if prints is None:
        printing.doubts.append(
            f"logging's handler {type(handler).__name__}{f' of {name}' if name else ''}"
        )
    return bool(prints)
