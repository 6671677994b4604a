"""loguru: its sinks that print go, ours comes, and later ones leave to it what that writes."""

import functools
import logging
from collections.abc import Callable
from typing import Any

from loguru import logger

from . import guard, later, once
from .level import NUMBERS, Level
from .loguru_sink import BESIDE, LoguruSink, cores, here, logger_of
from .printing import Printing
from .stdlib import ADDED, RecordHandler

COLOURS = {"EMERG": "<RED><bold>", "ALERT": "<RED><bold>", "NOTICE": "<cyan><bold>"}


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
    for core in tuple(cores):
        for number, handler in dict(getattr(core, "handlers", {0: None})).items():
            prints = _prints(handler, printing)
            if prints is None:
                printing.doubts.append(f"loguru's sink {getattr(handler, '_name', number)}")
            if prints:
                try:
                    logger_of(core).remove(number)
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
                cores.add(self)

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
    late = [one for core in tuple(cores) for one in getattr(core, "handlers", {}).values()]
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
    here[:] = [sink]
    handler.passes = sink.passes
    undo = [guard.watch(sink.rescue, sink.say), watch_sinks(sink, fd)]
    undo += [watch_copies(sink), allow_removal(), once.watch_waiting(), sink.end]

    def end() -> None:
        while undo:
            undo.pop()()

    return end
