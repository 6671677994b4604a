"""One record is one line, also where a handler or a sink hands it on to the other library.

The recipes for that (loguru's InterceptHandler and PropagateHandler, and functions that log)
are the program's own code, and may come at any time. What is the same is when it happens: while
a handler or a sink has a record, in its thread, a record of the other library says the same.
So who writes records looks on the stack for what has one. That is dear, and done only where some
cheap sign says that there may be one: a call that has not returned, or a queue that is read.
"""

import copy
import functools
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable, Iterable, Iterator
from types import FunctionType, ModuleType
from typing import Any, NamedTuple, TypeVar, cast

from .interrupts import interrupted

Function = TypeVar("Function", bound=Callable[..., Any])
Answer = TypeVar("Answer")


class _Calls(threading.local):
    """The log calls that this thread is in."""

    # The record and the logger of the outermost; none of both while records that waited come.
    logging: "tuple[Any, Any] | None" = None
    loguru: int = 0  # how many, one within the other
    asking: bool = False  # what a record says, to compare it
    handled: object = None  # the last record of a class of loggers with a handle() of its own

    def __init__(self) -> None:
        # How many sinks of loguru's may be at work without a call.
        self.late = int(threading.current_thread().name.startswith("loguru-writer-"))


class Outer(NamedTuple):
    """A record of loguru's that a sink has: itself, the line made of it, and where that is."""

    record: Any
    line: str
    frame: Any
    core: Any  # whose record it is
    handler: Any  # which has it, without a call, when the core may be another already


calls = _Calls()
# The codes of what a call of loguru's is in, once its record is made: the logger's, the handler's;
# and of what reads the queue of a handler.
codes: "tuple[Any, Any, Any]" = (None, None, None)
RECORD = "log_record"  # what loguru's logger calls it
HANDLE = logging.Logger.handle


def passed_over(function: Function, module: ModuleType) -> Function:
    """FUNCTION, as part of MODULE to those who walk up the stack to see who logs.

    Else they would find us: loguru's recipe looks for files, structlog for names of modules.
    """
    made = cast("FunctionType", function)
    code = made.__code__.replace(co_filename=module.__file__ or "")
    globals_ = {**made.__globals__, "__name__": module.__name__}
    done = FunctionType(code, globals_, made.__name__, made.__defaults__, made.__closure__)
    done.__kwdefaults__ = made.__kwdefaults__
    return cast("Function", done)


def watch_logging(  # noqa: C901 - what is called for each record is in it
    look: Callable[[logging.Logger], None],
    failed: Callable[[logging.Logger, logging.LogRecord, Exception], None],
    *,
    say: bool,
) -> Callable[[], None]:
    """Have logging's calls raise nothing, and SAY what they are about; gives what undoes it.

    Each LOOKs at its logger first. FAILED is called with what a handler of somebody else's has
    raised: some ask a value what it is without being ready for an answer.
    """
    before = logging.Logger.callHandlers

    def call_handlers(self: logging.Logger, record: logging.LogRecord) -> None:
        if type(self).handle is not HANDLE:
            calls.handled = record
        try:
            look(self)
            before(self, record)
        except Exception as error:
            # A handler of the program's may raise anything.
            if interrupted(error):
                raise
            failed(self, record, error)

    def say_and_call(self: logging.Logger, record: logging.LogRecord) -> None:
        if type(self).handle is not HANDLE:
            calls.handled = record
        outer = calls.logging
        if outer is None:
            calls.logging = record, self
        try:
            look(self)
            before(self, record)
        except Exception as error:
            if interrupted(error):
                raise
            failed(self, record, error)
        finally:
            calls.logging = outer

    ours = passed_over(say_and_call if say else call_handlers, logging)
    logging.Logger.callHandlers = ours  # type: ignore[method-assign]

    def undo() -> None:
        nonlocal look, failed
        if logging.Logger.callHandlers is ours:
            logging.Logger.callHandlers = before  # type: ignore[method-assign]
        # Whoever has put something around it, as Sentry does, goes on calling it.
        look, failed = _nothing, _raise

    return undo


def _nothing(*_: object) -> None:
    """Look at nothing."""


def _raise(_logger: object, _record: object, error: Exception) -> None:
    raise error


def watch_waiting() -> Callable[[], None]:
    """Have it known when handlers get records that have waited; gives what undoes it."""
    import logging.handlers as module

    undo = [_watch(module.MemoryHandler, "flush"), _watch(module.QueueListener, "handle")]

    def end() -> None:
        for one in undo:
            one()

    return end


def _watch(kind: type, name: str) -> Callable[[], None]:
    before = vars(kind)[name]

    def handing(*args: Any, **more: Any) -> Any:  # noqa: ANN401 - as logging has it
        outer = calls.logging
        calls.logging = outer or (None, None)
        try:
            return before(*args, **more)
        finally:
            calls.logging = outer

    ours = functools.wraps(before)(passed_over(handing, logging))
    setattr(kind, name, ours)

    def undo() -> None:
        if vars(kind)[name] is ours:
            setattr(kind, name, before)

    return undo


async def late(
    sink: Callable[[Any], Awaitable[None]],
    handler: object,  # noqa: ARG001 - it is read from the stack
    message: object,
) -> None:
    """Have SINK, a coroutine of HANDLER's, known on the stack while it has MESSAGE."""
    calls.late += 1
    try:
        await sink(message)
    finally:
        calls.late -= 1


def from_logging(
    inner: Any,  # noqa: ANN401 - loguru's record
    frame: Any = None,  # noqa: ANN401 - one of the stack
) -> "tuple[logging.LogRecord, logging.Logger | None] | None":
    """The record that a handler has, around FRAME if it is given, and INNER says; its logger."""
    return _asked(lambda: _around(inner["message"], frame))


def by_logging(
    inner: Any,  # noqa: ANN401 - loguru's record
    handler: logging.Handler,
    frame: Any = None,  # noqa: ANN401 - one of the stack
) -> bool:
    """Whether INNER says what a record of logging's around it does, and HANDLER writes that."""
    found = from_logging(inner, frame)
    return found is not None and reaches(found[1], handler)


def reaches(logger: logging.Logger | None, handler: logging.Handler) -> bool:
    """Whether what LOGGER says comes to HANDLER."""
    while logger:
        if handler in logger.handlers:
            return True
        logger = logger.parent if logger.propagate else None
    return False


def by_loguru(record: logging.LogRecord) -> Outer | None:
    """What a sink of loguru's has, if RECORD, of logging's, says that."""
    outer = outermost()
    same = outer and _asked(
        lambda: _same(
            record.getMessage(), outer.record["message"], [outer.line], _values(outer.record)
        )
    )
    return outer if same else None


def outermost() -> Outer | None:
    """The record of the outermost call of loguru's that this thread is in, if there is one.

    Or that which a sink has got out of a queue.
    """
    if not calls.loguru and not calls.late:
        return None
    inner = found = None
    frame: Any = sys._getframe()  # noqa: SLF001 - it is documented
    while frame:
        if frame.f_code is codes[0]:
            if inner and inner.f_code is codes[1]:
                has, line = frame.f_locals, inner.f_locals.get("str_record", "")
                found = Outer(has[RECORD], line, frame, has["self"]._core, None)  # noqa: SLF001
        elif frame.f_code is codes[2] or frame.f_code is late.__code__:
            has = frame.f_locals
            message, handler = has["message"], has.get("handler", has.get("self"))
            found = Outer(message.record, message, frame, None, handler)
        frame, inner = frame.f_back, frame
    return found


def calls_handlers(frame: Any) -> bool:  # noqa: ANN401 - one of the stack
    """Whether FRAME is where a logger of logging's calls its handlers."""
    return frame.f_code.co_name == "callHandlers" and frame.f_globals is vars(logging)


def turns(error: BaseException) -> list[logging.Handler]:
    """The handler that has raised ERROR, and those whose turn had not come then.

    They have their turns in the order in which logging has them. So no record needs a mark, which
    a formatter of the program's would show.
    """
    trace = error.__traceback__
    while trace and not calls_handlers(trace.tb_frame):
        trace = trace.tb_next
    here = trace.tb_frame.f_locals if trace else {}
    one, found = here.get("c"), list[logging.Handler]()
    while one:
        for turn in one.handlers:
            if found or turn is here.get("hdlr"):
                found.append(turn)
        one = one.parent if one.propagate else None
    return found


class Failed(NamedTuple):
    """A record of loguru's that a sink has raised for: whose it is, and the sink's number there."""

    record: Any
    core: Any
    number: int
    codes: list[Any]  # of what was called then


def record_of(error: BaseException) -> Failed | None:
    """The record that a call of loguru's had made before a sink of it raised ERROR, if one did."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    found = [frame.f_code for frame in frames]
    at = found.index(codes[0]) if codes[0] in found else len(found)
    if codes[1] not in found[at + 1 : at + 2]:
        return None
    has, sink = frames[at].f_locals, frames[at + 1].f_locals["self"]
    return Failed(has[RECORD], has["self"]._core, sink._id, found[at:])  # noqa: SLF001 - loguru's


def _asked(ask: Callable[[], Answer]) -> Answer | None:
    """What ASK gives, which asks values of the program's: these may raise anything, and log."""
    if calls.asking:
        return None
    calls.asking = True
    try:
        return ask()
    except Exception as error:
        if interrupted(error):
            raise
        return None
    finally:
        calls.asking = False


def _around(text: str, frame: Any) -> Any:  # noqa: ANN401 - as from_logging()
    """What from_logging() gives for a record that says TEXT."""
    record, logger = calls.logging or (None, None)
    if record and not frame and record.getMessage().strip() == text.strip():
        return record, logger
    for handler, had in _handled(frame or sys._getframe()):  # noqa: SLF001 - it is documented
        made = map(handler.format, [copy.copy(had)])
        if _same(text, had.getMessage(), made, had.__dict__.values()):
            return had, logger if had is record else _logger_of(had)
    return None


def _handled(frame: Any) -> Iterator[tuple[logging.Handler, logging.LogRecord]]:  # noqa: ANN401
    """The handlers of logging's that are at work around FRAME, with what they have."""
    last = None
    while frame:
        if frame.f_code.co_varnames[:2] == ("self", "record"):
            handler, record = frame.f_locals.get("self"), frame.f_locals.get("record")
            known = isinstance(handler, logging.Handler) and isinstance(record, logging.LogRecord)
            if known and (handler, record) != last:
                last = handler, record
                yield last
        frame = frame.f_back


def _logger_of(record: logging.LogRecord) -> logging.Logger | None:
    """Who said RECORD in this process; None if nobody did."""
    if record.process not in (None, os.getpid()):
        return None
    found = logging.root.manager.loggerDict.get(record.name)
    return found if isinstance(found, logging.Logger) else logging.root


def _values(record: Any) -> list[object]:  # noqa: ANN401 - a record of loguru's
    """What a line may say of RECORD besides its message."""
    level, file, process, thread = (record[one] for one in ("level", "file", "process", "thread"))
    return [
        *(record["name"], record["function"], record["line"], record["module"]),
        *(level.name, level.no, file.name, file.path, process.id, process.name),
        *(thread.id, thread.name, str(record["time"]), *record["extra"].values()),
    ]


def _same(text: str, outer: str, lines: Iterable[str], values: Iterable[object]) -> bool:
    """Whether TEXT is OUTER, or one of LINES made of it, perhaps with VALUES of its record around.

    What has other words around it is another record: one that is lost is worse than one twice.
    """
    text, outer = text.strip(), outer.strip()
    if text == outer:
        return True
    wholes = [outer, *(one.strip() for one in lines)]
    if text in wholes:
        return True
    known = {str(one) for one in values if type(one) in (str, int, float)} - {"", outer}
    for whole in wholes:
        before, found, behind = text.partition(whole) if whole else (text, "", "")
        around = f"{before} {behind}"
        for one in sorted(known, key=len, reverse=True):
            around = around.replace(one, " ")
        if found and not re.search(r"\w", around):
            return True
    return False
