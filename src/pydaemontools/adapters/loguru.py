"""loguru: a sink that writes records as logging's handler does, at a threshold that moves."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from loguru import logger

from . import as_logging, bridge
from .level import NUMBERS, Level, step_of_number
from .output import Output
from .stdlib import ADDED, RecordFormat

if TYPE_CHECKING:
    from loguru import Message

COLOURS = {"EMERG": "<RED><bold>", "ALERT": "<RED><bold>", "NOTICE": "<cyan><bold>"}


class LoguruSink:
    """Writes the records of loguru's in FORM to OUTPUT, from `level` on.

    CATEGORIES have levels of their own: a module, and what is below it.
    """

    def __init__(
        self, form: RecordFormat, output: Output, level: Level, categories: dict[str, Level]
    ) -> None:
        self._form = form
        self._output = output
        self._level = level
        # The longest name first: it is the nearest.
        self._categories = sorted(categories.items(), key=lambda one: -len(one[0]))
        self._steps: dict[str, int] = {}
        # Whether it changes is known when it is there.
        self._id = -1
        self._put()
        for one in (level, *categories.values()):
            one.follow(self._move)

    def write(self, message: "Message") -> None:
        """Write a record, unless it came from logging, whose handler has written it."""
        record = message.record
        if bridge.MARK in record:
            return
        if self._form.plain and record["exception"] is None:
            level = record["level"]
            if (step := self._steps.get(level.name)) is None:
                step = self._steps[level.name] = step_of_number(level.no, level.name)
            self._output.write(self._form.text(step, record["message"]))
        else:
            self._output.write(self._form.record(as_logging.of_loguru(record)))

    def end(self) -> None:
        """Be gone."""
        for one in (self._level, *dict(self._categories).values()):
            one.leave(self._move)
        try:
            logger.remove(self._id)
        except ValueError:
            # The program removed all sinks itself.
            pass

    def _put(self) -> None:
        # No diagnose: it prints the values of variables, and some are secrets.
        self._id = logger.add(
            self.write,
            level=self._threshold(),
            format="{message}",
            filter=self._wanted if self._categories else None,
            colorize=False,
            backtrace=False,
            diagnose=False,
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
            core = logger._core  # type: ignore[attr-defined]  # noqa: SLF001
            handlers = core.handlers
            if (handler := handlers.get(self._id)) is None:
                return
            handler._levelno = self._threshold()  # noqa: SLF001
            core.min_level = min(one.levelno for one in handlers.values())
        except AttributeError:
            logger.remove(self._id)
            self._put()


def add_levels() -> None:
    """Give loguru the levels NOTICE, ALERT and EMERG, for logger.log("NOTICE", ...)."""
    for step, name in ADDED.items():
        try:
            logger.level(name)
        except ValueError:
            logger.level(name, no=NUMBERS[step], color=COLOURS[name])


def take_over() -> None:
    """Take away the sinks that print: that which loguru begins with, and others at stderr."""
    handlers = getattr(getattr(logger, "_core", None), "handlers", {0: None})
    for number, handler in dict(handlers).items():
        if getattr(handler, "_name", "<stderr>") in ("<stderr>", "<stdout>"):
            try:
                logger.remove(number)
            except ValueError:
                pass


def install(
    form: RecordFormat, output: Output, level: Level, categories: dict[str, Level]
) -> Callable[[], None]:
    """Have loguru write in FORM to OUTPUT; gives what takes that away again."""
    add_levels()
    take_over()
    return LoguruSink(form, output, level, categories).end
