"""Handlers of logging's that come behind install() and print: they do not print what we write.

Whoever brought one may remove it again, or keep its records from coming to us: so it stays, and a
filter of it asks each time whether they do. It may come by addHandler(), or in a list that is
given to a logger: so each call looks at the handlers that it comes to.
"""

import logging
from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

from . import once
from .printing import Printing
from .stdlib import RecordHandler

# What stays, and is not known not to print.
MAY = "{} stays, and may print what stderr has already: then take it away"
# An attribute of handlers: who has looked at them.
LOOKED_AT = "_pydaemontools_looked_at"


class Unless:
    """A filter against records that come to OURS too."""

    def __init__(self, ours: RecordHandler) -> None:
        self._ours = ours

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether nobody else writes RECORD."""
        named = logging.root.manager.loggerDict.get(record.name)
        logger = logging.root if record.name == logging.root.name else named
        return not isinstance(logger, logging.Logger) or not once.reaches(logger, self._ours)


class Watch:
    """Has handlers that come later and print to FD leave to OURS what that writes."""

    def __init__(self, ours: RecordHandler, fd: int) -> None:
        self._ours = ours
        self._fd = fd
        self._unless = Unless(ours)
        self._printing: WeakSet[logging.Handler] = WeakSet()
        for logger in loggers():
            for handler in logger.handlers:
                # It was judged by take_over().
                setattr(handler, LOOKED_AT, self)

    def look(self, logger: logging.Logger) -> None:
        """See whether something came to which LOGGER hands its records."""
        one: logging.Logger | None = logger
        while one:
            for handler in one.handlers:
                if getattr(handler, LOOKED_AT, None) is not self:
                    self._judge(handler, one)
            one = one.parent if one.propagate else None

    def _judge(self, handler: Any, logger: logging.Logger) -> None:  # noqa: ANN401 - anybody's
        """Have HANDLER, of LOGGER, leave to us what we write, if it prints."""
        if handler is self._ours or not isinstance(handler, logging.Handler):
            return
        setattr(handler, LOOKED_AT, self)
        prints = self._prints(handler, logger)
        if prints:
            self._printing.add(handler)
            handler.addFilter(self._unless)
        elif prints is None and once.reaches(logger, self._ours):
            name = f"logging's handler {type(handler).__name__} of {logger.name}"
            logging.getLogger(__package__).warning("%s", MAY.format(name))

    def _prints(self, handler: logging.Handler, logger: logging.Logger) -> bool | None:
        """Whether HANDLER, of LOGGER, prints, as far as that is known."""
        if isinstance(handler, RecordHandler):
            return Printing(self._fd).fd(handler.output.fd)
        listener = getattr(handler, "listener", None)
        handlers = getattr(listener, "handlers", None)
        if not isinstance(handlers, tuple | list):
            return Printing(self._fd).handler(handler)
        # A QueueHandler as dictConfig() makes it: what it queues is printed by these.
        for one in handlers:
            self._judge(one, logger)
        return False

    def end(self) -> None:
        """Have them print all again."""
        for handler in self._printing:
            handler.removeFilter(self._unless)


def loggers() -> Iterator[logging.Logger]:
    """All there are; those that only stand for what is below them are none."""
    for logger in (logging.root, *logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            yield logger
