"""The sink that loguru has of us, in each of its loggers: it writes as logging's handler does."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from loguru import logger

from . import as_logging, bridge, guard, once
from .hooked import told
from .interrupts import interrupted
from .level import STEPS, Level, step_of_number
from .stdlib import RecordHandler, data_of
from .values import represented, shown

if TYPE_CHECKING:
    from loguru import Message

# An attribute of loguru's handlers.
BESIDE = "_pydaemontools_beside"
# What keeps the sinks: the logger's, and those of its deep copies that had ours.
cores: WeakSet[Any] = WeakSet([getattr(logger, "_core", logger)])


def logger_of(core: object) -> Any:  # noqa: ANN401 - a Logger of loguru's
    """One whose sinks CORE keeps."""
    if core is getattr(logger, "_core", logger):
        return logger
    kind: Any = type(logger)
    return kind(core, *logger._options)  # type: ignore[attr-defined]  # noqa: SLF001


class LoguruSink:
    """Writes the records of loguru's as HANDLER does logging's, from `level` on.

    CATEGORIES have levels of their own: a module, and what is below it.
    """

    def __init__(self, handler: RecordHandler, level: Level, categories: dict[str, Level]) -> None:
        self._handler = handler
        self._form = handler.form
        self._output = handler.output
        # As they are asked for at each record.
        self._plain, self._text, self._write = self._form.plain, self._form.text, self._output.write
        self._level = level
        # The longest name first: it is the nearest.
        self._categories = sorted(categories.items(), key=lambda one: -len(one[0]))
        self._steps: dict[str, int] = {}
        # By core: what it calls this.
        self.numbers: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self._put()
        for one in (level, *categories.values()):
            one.follow(self._move)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object]]:
        # A logger that is handed to another process: there, what is there writes.
        return _there, (self._handler.child,)

    def write(self, message: "Message") -> None:
        """Write a record, unless it came from logging, whose handler has written it."""
        record: Any = message.record
        if type(record.get("file")) is bridge.File:
            return
        if once.calls.logging is not None and once.by_logging(record, self._handler):
            return
        self._write(self._data(record))

    def _data(self, record: Any) -> bytes:  # noqa: ANN401 - a record of loguru's
        """What is written of RECORD; where a patcher has made it none, of what is left of it."""
        try:
            if record["exception"] is None and self._plain and not told:
                level = record["level"]
                if (step := self._steps.get(level.name)) is None:
                    step = self._steps[level.name] = step_of_number(level.no, level.name)
                return self._text(step, record["message"])
            return data_of(as_logging.of_loguru(record), self._form)
        except Exception as error:
            # A patcher may have put anything there.
            if interrupted(error):
                raise
            said = f"{shown(record.get('message'))} (with a record that is none: "
            return self._form.text(STEPS["warning"], f"{said}{represented(error)})")

    def passes(self, record: logging.LogRecord) -> bool:
        """Whether RECORD, of logging's, is one that this has from loguru."""
        if type(record) is bridge.Crossed:
            return True
        if not once.calls.loguru and not once.calls.late:
            return False
        outer = once.by_loguru(record)
        if outer is None:
            return False
        if outer.handler:
            return getattr(outer.handler, BESIDE, False) and self.wants(outer.record)
        return self.writes(outer.record, outer.core, outer.frame.f_back)

    def wants(self, record: Any) -> bool:  # noqa: ANN401 - a record of loguru's
        """Whether RECORD is to be said."""
        least = self._threshold()
        return record["level"].no >= least and (not self._categories or self._wanted(record))

    def writes(self, record: Any, core: Any, frame: Any = None) -> bool:  # noqa: ANN401
        """Whether RECORD of CORE is written here, or was, around FRAME, by logging's handler."""
        if type(record.get("file")) is bridge.File:
            return True
        if once.calls.logging is not None and once.by_logging(record, self._handler, frame):
            return True
        return self.there(core) and self.wants(record)

    def there(self, core: Any) -> bool:  # noqa: ANN401 - loguru's
        """Whether this is one of the sinks of CORE."""
        return self.numbers.get(core) in getattr(core, "handlers", ())

    def rescue(self, failed: once.Failed) -> bool:
        """Write what FAILED if loguru could not bring it here; whether it was so."""
        record, core, number, codes = failed
        ours = self.numbers.get(core, number)
        # The sinks have their turns by their numbers.
        came = ours < number or LoguruSink.write.__code__ in codes
        if came and ours in core.handlers:
            return False
        if self.wants(record) and type(record.get("file")) is not bridge.File:
            self._output.write(self._data(record))
        return True

    def say(self, step: int, text: str) -> None:
        """Write TEXT at STEP, of a record that loguru could not make."""
        if step <= self._level.step:
            self._output.write(self._form.text(step, text))

    def end(self) -> None:
        """Be gone."""
        for one in (self._level, *dict(self._categories).values()):
            one.leave(self._move)
        for core, number in tuple(self.numbers.items()):
            try:
                logger_of(core).remove(number)
            except ValueError:
                # The program removed all sinks itself.
                pass
        self.numbers.clear()

    def _put(self) -> None:
        for core in tuple(cores):
            self.numbers[core] = self._added(logger_of(core))

    def _added(self, to: Any) -> Any:  # noqa: ANN401 - a Logger of loguru's
        # No diagnose: it prints the values of variables, and some are secrets.
        return to.add(
            self.write,
            level=self._threshold(),
            format="{message}",
            filter=self._wanted if self._categories else None,
            colorize=False,
            backtrace=False,
            diagnose=False,
            # What goes wrong is no noise at stderr: it comes to rescue().
            catch=not guard.possible(),
        )

    def _threshold(self) -> int:
        return min(one.threshold for one in (self._level, *dict(self._categories).values()))

    def _wanted(self, record: Any) -> bool:  # noqa: ANN401 - a record of loguru's
        name = record["name"] or ""
        for category, level in self._categories:
            if name == category or name.startswith(category + "."):
                return bool(record["level"].no >= level.threshold)
        return bool(record["level"].no >= self._level.threshold)

    def _move(self) -> None:
        """Set the threshold to that of the levels.

        loguru has no call for it, but remove() and add(), and these take a lock which the
        thread that a signal interrupts may have. So its two numbers are set where they are;
        what that is not possible with gets the calls.
        """
        try:
            for core, number in tuple(self.numbers.items()):
                handlers = core.handlers
                if (handler := handlers.get(number)) is not None:
                    handler._levelno = self._threshold()  # noqa: SLF001
                    core.min_level = min(one.levelno for one in handlers.values())
        except AttributeError:
            for core, number in tuple(self.numbers.items()):
                logger_of(core).remove(number)
            self._put()


here: list[LoguruSink] = []  # the sink of this process


def _there(child: Callable[[], object]) -> LoguruSink:
    """The sink of a process that CHILD sets up, if that has not been done."""
    child()
    return here[-1]
