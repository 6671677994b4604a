"""The event log of a manager: what <eventlog> asks for, opened, written to and opened again.

It is handed over as plain values, so that a manager never needs what parsed the file. Python's
logging is imported only where there is an <eventlog>; without one, what is a warning or worse goes
to stderr, as logging itself would have it.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping
    from typing import Any

    from .log_handlers import Reopens

CRITICAL, ERROR, WARNING, INFO, BLATHER, DEBUG, TRACE = 50, 40, 30, 20, 15, 10, 5


class EventLog:
    """Where a manager says what it does. Raises OSError for a log that cannot be opened.

    `plain` is what Runner.eventlog holds: None, or a dict with "level" and "handlers".
    """

    def __init__(self, plain: "Mapping[str, Any] | None" = None) -> None:
        self._logger: logging.Logger | None = None
        self._reopened: list[Reopens] = []
        if plain is not None:
            self._open(plain)

    def _open(self, plain: "Mapping[str, Any]") -> None:
        from .log_handlers import make, new_logger

        self._logger = new_logger(plain["level"])
        for one in plain["handlers"]:
            handler, reopen = make(one)
            self._logger.addHandler(handler)
            if reopen:
                self._reopened.append(reopen)

    def log(self, level: int, text: str) -> None:
        """Say TEXT, at one of the LEVELS above."""
        if self._logger:
            try:
                self._logger.log(level, "%s", text)
            except OSError as error:
                # A file that is opened late, or again, cannot be.
                _to_stderr(f"unable to write to the event log {error.filename}: {error.strerror}")
        elif level >= WARNING:
            _to_stderr(text)

    def debug(self, text: str) -> None:
        """Say what only somebody who looks for a fault wants to know."""
        self.log(DEBUG, text)

    def info(self, text: str) -> None:
        """Say what was done."""
        self.log(INFO, text)

    def warning(self, text: str) -> None:
        """Say what is not as it should be."""
        self.log(WARNING, text)

    def critical(self, text: str) -> None:
        """Say why the manager ends."""
        self.log(CRITICAL, text)

    def reopen(self) -> None:
        """Open all files anew, after somebody has renamed them; those that rotate do it now."""
        for reopen in self._reopened:
            try:
                reopen()
            except OSError as error:
                _to_stderr(f"unable to reopen {error.filename}: {error.strerror}")

    def close(self) -> None:
        """Write what waits, and close all files."""
        for handler in self._logger.handlers[:] if self._logger else ():
            try:
                handler.close()
            except (OSError, ValueError):
                # What could not be written was said when it was.
                pass


def _to_stderr(text: str) -> None:
    stream = sys.stderr
    try:
        if stream:
            stream.write(text + "\n")
            stream.flush()
    except (OSError, ValueError):
        # Where stderr is gone there is nobody to tell.
        pass
