"""Handlers of logging's that come behind install() and print: they do not print what we write.

Whoever brought one may remove it again, or keep its records from coming to us: so it stays, and
its handle() asks each time whether they do. It may come by addHandler(), or in a list that is
given to a logger: so each call looks at the handlers that it comes to.
"""

import logging
import sys
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from . import once
from .interrupts import interrupted
from .printing import Printing
from .stdlib import RecordHandler

# What stays, and is not known not to print.
MAY = "{} stays, and may print what stderr has already: then take it away"
# An attribute of handlers: who has looked at them.
LOOKED_AT = "_pydaemontools_looked_at"


def _unless(handler: logging.Handler, ours: RecordHandler) -> None:
    """Have HANDLER leave alone records that come to OURS too.

    By no filter: a handle() of its own, or a filter(), may ask none.
    """
    before = handler.handle

    def handle(record: logging.LogRecord) -> bool:
        return not once.reaches(_calling(record.name), ours) and before(record)

    vars(handler)["handle"] = once.passed_over(handle, logging)


def _calling(name: str) -> logging.Logger | None:
    """The logger that calls its handlers; where none does, as in a queue's thread, that of NAME.

    It is looked for on the stack: a record may name any logger, and to note it would cost all.
    """
    frame: Any = sys._getframe(1)  # noqa: SLF001 - it is documented
    while frame:
        if once.calls_handlers(frame):
            found: logging.Logger = frame.f_locals["self"]
            return found
        frame = frame.f_back
    named = logging.root.manager.loggerDict.get(name)
    if name == logging.root.name:
        return logging.root
    return named if isinstance(named, logging.Logger) else None


class Watch:
    """Has handlers that come later and print to FD leave to OURS what that writes."""

    def __init__(self, ours: RecordHandler, fd: int) -> None:
        self._ours = ours
        self._fd = fd
        # What these had of their own in the place of their class's handle().
        self._printing: WeakKeyDictionary[logging.Handler, Any] = WeakKeyDictionary()
        for logger in loggers():
            for handler in logger.handlers:
                # It was judged by take_over().
                if isinstance(handler, logging.Handler):
                    vars(handler)[LOOKED_AT] = self

    def look(self, logger: logging.Logger) -> None:
        """See whether something came to which LOGGER hands its records."""
        one: logging.Logger | None = logger
        while one:
            for handler in one.handlers:
                if getattr(handler, LOOKED_AT, None) is not self:
                    self._judge(handler, one)
            one = one.parent if one.propagate else None

    def _judge(self, handler: Any, logger: logging.Logger) -> None:  # noqa: ANN401 - anybody's
        """Have HANDLER, of LOGGER, leave to us what we write, if it prints. Never raises."""
        if handler is self._ours or not isinstance(handler, logging.Handler):
            return
        # Not by setattr(): it may refuse that.
        vars(handler)[LOOKED_AT] = self
        try:
            if prints := self._prints(handler, logger):
                own = vars(handler).get("handle")
                _unless(handler, self._ours)
                self._printing[handler] = own
        except Exception as error:
            # It may refuse anything, and others wait for the record.
            if interrupted(error):
                raise
            prints = None
        if prints is None and once.reaches(logger, self._ours):
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
        for handler, own in self._printing.items():
            vars(handler).pop("handle", None)
            if own:
                vars(handler)["handle"] = own


def loggers() -> Iterator[logging.Logger]:
    """All there are; those that only stand for what is below them are none."""
    for logger in (logging.root, *logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            yield logger
