"""loguru: a sink that writes records as logging's handler does, at a threshold that moves."""

import functools
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from loguru import logger

from . import as_logging, bridge, guard, later, once
from .hooked import told
from .interrupts import interrupted
from .level import NUMBERS, STEPS, Level, step_of_number
from .printing import Printing
from .stdlib import ADDED, RecordHandler, data_of
from .values import represented, shown

if TYPE_CHECKING:
    from loguru import Message

COLOURS = {"EMERG": "<RED><bold>", "ALERT": "<RED><bold>", "NOTICE": "<cyan><bold>"}
# An attribute of loguru's handlers.
BESIDE = "_pydaemontools_beside"
# What keeps the sinks: the logger's, and those of its deep copies that had ours.
_cores: WeakSet[Any] = WeakSet([getattr(logger, "_core", logger)])


def _logger(core: object) -> Any:  # noqa: ANN401 - a Logger of loguru's
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
                _logger(core).remove(number)
            except ValueError:
                # The program removed all sinks itself.
                pass
        self.numbers.clear()

    def _put(self) -> None:
        for core in tuple(_cores):
            self.numbers[core] = self._added(_logger(core))

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
                _logger(core).remove(number)
            self._put()


_here: list[LoguruSink] = []  # the sink of this process


def _there(child: Callable[[], object]) -> LoguruSink:
    """The sink of a process that CHILD sets up, if that has not been done."""
    child()
    return _here[-1]


def add_levels() -> None:
    """Give loguru the levels NOTICE, ALERT and EMERG, for logger.log("NOTICE", ...)."""
    for step, name in ADDED.items():
        try:
            logger.level(name)
        except ValueError:
            logger.level(name, no=NUMBERS[step], color=COLOURS[name])


# The numbers of sinks that were taken away: ours stands in for them.
_taken: set[int] = set()


def take_over(printing: Printing) -> None:
    """Take away the sinks that print: that which loguru begins with, and others by PRINTING."""
    for core in tuple(_cores):
        for number, handler in dict(getattr(core, "handlers", {0: None})).items():
            prints = _prints(handler, printing)
            if prints is None:
                printing.doubts.append(f"loguru's sink {getattr(handler, '_name', number)}")
            if prints:
                try:
                    _logger(core).remove(number)
                except ValueError:
                    pass
                _taken.add(number)


def watch_copies(sink: LoguruSink) -> Callable[[], None]:
    """Have SINK know the deep copies of a logger that it is a sink of; gives what undoes it.

    Also one that was handed to another process. Each moves with the levels as the logger does.
    """
    kind: Any = type(getattr(logger, "_core", logger))
    before = getattr(kind, "__setstate__", None)
    if before is None:
        return lambda: None

    @functools.wraps(before)
    def setstate(self: Any, state: object) -> None:  # noqa: ANN401 - loguru's
        before(self, state)
        for number, handler in getattr(self, "handlers", {}).items():
            function = getattr(getattr(handler, "_sink", None), "_function", None)
            if function == sink.write:
                sink.numbers[self] = number
                _cores.add(self)

    kind.__setstate__ = setstate

    def undo() -> None:
        if kind.__setstate__ is setstate:
            kind.__setstate__ = before

    return undo


class SinkFilter:
    """A filter against what SINK writes, and what FILTER is against, if there is one."""

    def __init__(
        self,
        sink: LoguruSink,
        core: object,
        filter: Callable[[Any], bool] | None,  # noqa: A002 - as loguru calls it
    ) -> None:
        self._sink = sink
        self._core = core
        self._filter = filter

    def __call__(self, record: Any) -> bool:  # noqa: ANN401 - a record of loguru's
        """Whether RECORD is to be printed."""
        if self._sink.writes(record, self._core):
            return False
        return self._filter is None or self._filter(record)


def watch_sinks(sink: LoguruSink, fd: int) -> Callable[[], None]:
    """Have sinks that are added and print to FD leave to SINK what that writes.

    Gives what undoes it. A loguru that is made otherwise does what it does.
    """
    kind: Any = type(logger)
    before = kind.add
    added: list[tuple[Any, Any]] = []
    late = [one for core in tuple(_cores) for one in getattr(core, "handlers", {}).values()]
    late = [one for one in late if _late(one, beside=True)]

    @functools.wraps(before)
    def add(self: Any, *args: object, **more: object) -> int:  # noqa: ANN401 - loguru's
        number: int = before(self, *args, **more)
        core = getattr(self, "_core", None)
        handler: Any = getattr(core, "handlers", {}).get(number)
        if hasattr(handler, "_filter"):
            prints = _prints(handler, Printing(fd))
            if prints:
                added.append((handler, handler._filter))  # noqa: SLF001 - it has no other way
                handler._filter = SinkFilter(sink, core, handler._filter)  # noqa: SLF001 - as above
            elif prints is None:
                name = f"loguru's sink {getattr(handler, '_name', number)}"
                logging.getLogger(__package__).warning("%s", later.MAY.format(name))
            if _late(handler, beside=sink.there(core)):
                late.append(handler)
        return number

    kind.add = add

    def undo() -> None:
        if kind.add is add:
            kind.add = before
        for handler, filter_ in added:
            handler._filter = filter_  # noqa: SLF001 - as above
        for handler in late:
            handler._sink._function = handler._sink._function.args[0]  # noqa: SLF001 - as above

    return undo


def _late(handler: Any, *, beside: bool) -> bool:  # noqa: ANN401 - loguru's
    """Whether HANDLER has a coroutine function, which is known on the stack from now on.

    Whether it came BESIDE our sink is kept: when a record comes out of its queue, both may be gone.
    """
    setattr(handler, BESIDE, beside)
    sink: Any = getattr(handler, "_sink", None)
    if type(sink).__name__ != "AsyncSink" or not hasattr(sink, "_function"):
        return False
    sink._function = functools.partial(once.late, sink._function, handler)  # noqa: SLF001
    return True


def allow_removal() -> Callable[[], None]:
    """Have a sink that was taken away removed by its number as if it were there; gives the undo.

    loguru's recipes begin so with the first.
    """
    kind: Any = type(logger)
    before = kind.remove

    @functools.wraps(before)
    def remove(self: Any, *args: Any, **more: Any) -> None:  # noqa: ANN401 - loguru's
        try:
            before(self, *args, **more)
        except ValueError:
            if _taken.isdisjoint([*args, *more.values()]):
                raise

    kind.remove = remove

    def undo() -> None:
        if kind.remove is remove:
            kind.remove = before

    return undo


def _prints(handler: object, printing: Printing) -> bool | None:
    """Whether HANDLER, of loguru's, has a sink that prints; None if that cannot be known."""
    if getattr(handler, "_name", "<stderr>") in ("<stderr>", "<stdout>"):
        return True
    sink = getattr(handler, "_sink", None)
    for name, judge in (
        ("_handler", printing.handler),
        ("_function", printing.function),
        ("_stream", printing.stream),
        ("_file", printing.stream),
    ):
        if (one := getattr(sink, name, None)) is not None:
            while getattr(one, "func", None) is once.late:
                one = one.args[0]
            return judge(one)
    return False


def install(
    handler: RecordHandler,
    level: Level,
    categories: dict[str, Level],
    printing: Printing,
    fd: int,
) -> Callable[[], None]:
    """Have loguru write as HANDLER does, to FD; gives what takes that away again.

    Other sinks that print, by PRINTING, are taken away; of those that come later none prints what
    is written here.
    """
    add_levels()
    take_over(printing)
    sink = LoguruSink(handler, level, categories)
    _here[:] = [sink]
    handler.passes = sink.passes
    undo = [guard.watch(sink.rescue, sink.say), watch_sinks(sink, fd)]
    undo += [watch_copies(sink), allow_removal(), once.watch_waiting(), sink.end]

    def end() -> None:
        while undo:
            undo.pop()()

    return end
