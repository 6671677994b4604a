"""Handlers of logging's that come behind install() and print: they do not print what we write.

Whoever added one may remove it again, or keep its records from coming to us: so it stays, and a
filter of it asks each time whether they do.
"""

import logging
from collections.abc import Callable

from . import once
from .printing import Printing
from .stdlib import RecordHandler

# What stays, and is not known not to print.
MAY = "{} stays, and may print what stderr has already: then take it away"


class Unless:
    """A filter against the records of LOGGERS that come to OURS too, where they have that."""

    def __init__(self, ours: RecordHandler, logger: logging.Logger) -> None:
        self._ours = ours
        self.loggers = [logger]

    def filter(self, _record: logging.LogRecord) -> bool:
        """Whether nobody else writes it."""
        return not all(once.reaches(logger, self._ours) for logger in self.loggers)


def watch_handlers(ours: RecordHandler, fd: int) -> Callable[[], None]:
    """Have handlers that are added and print to FD leave to OURS what that writes.

    One of which that cannot be known is warned of. Gives what undoes it.
    """
    before = logging.Logger.addHandler
    added: list[tuple[logging.Handler, Unless]] = []

    def add_handler(self: logging.Logger, hdlr: logging.Handler) -> None:
        new = hdlr not in self.handlers
        before(self, hdlr)
        if not new or not isinstance(hdlr, logging.Handler) or isinstance(hdlr, RecordHandler):
            return
        if known := next((one for handler, one in added if handler is hdlr), None):
            known.loggers.append(self)
            return
        prints = Printing(fd).handler(hdlr)
        if prints:
            added.append((hdlr, Unless(ours, self)))
            hdlr.addFilter(added[-1][1])
        elif prints is None and once.reaches(self, ours):
            name = f"logging's handler {type(hdlr).__name__} of {self.name}"
            logging.getLogger(__package__).warning("%s", MAY.format(name))

    logging.Logger.addHandler = add_handler  # type: ignore[method-assign]

    def undo() -> None:
        if logging.Logger.addHandler is add_handler:
            logging.Logger.addHandler = before  # type: ignore[method-assign]
        for handler, unless in added:
            handler.removeFilter(unless)

    return undo
