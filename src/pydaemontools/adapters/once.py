"""One record is one line, also where a handler or a sink hands it on to the other library.

The recipes for that (loguru's InterceptHandler and PropagateHandler, and functions that log)
are the program's own code, and may come at any time. What is the same is when it happens: while
the first log call has not returned, in its thread, a record of the other library says the same.
So what a call is about can be known, and whoever writes records asks whether the call around it is.
"""

import logging
import sys
import threading
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any, TypeVar, cast

from .interrupts import interrupted
from .level import step_of_number

Function = TypeVar("Function", bound=Callable[..., Any])


class _Calls(threading.local):
    """The log calls that this thread is in."""

    logging: "tuple[Any, Any] | None" = None  # the record and the logger of the outermost
    loguru: int = 0  # how many, one within the other


calls = _Calls()
# The codes of what a call of loguru's is in, once its record is made: the logger's, the handler's.
codes: "tuple[Any, Any]" = (None, None)
RECORD = "log_record"  # what loguru's logger calls it
# A key of loguru's records, an attribute of logging's: we have had it.
WRITTEN = "_pydaemontools_written"


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


def watch_logging(
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
        try:
            look(self)
            before(self, record)
        except Exception as error:
            # A handler of the program's may raise anything.
            if interrupted(error):
                raise
            failed(self, record, error)

    def say_and_call(self: logging.Logger, record: logging.LogRecord) -> None:
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
        if logging.Logger.callHandlers is ours:
            logging.Logger.callHandlers = before  # type: ignore[method-assign]

    return undo


def from_logging(inner: Any) -> bool:  # noqa: ANN401 - loguru's record
    """Whether INNER says what a call of logging's around it does."""
    record = calls.logging and calls.logging[0]
    return record is not None and _same(record, inner, around=record.getMessage)


def by_logging(inner: Any, handler: logging.Handler) -> bool:  # noqa: ANN401 - loguru's record
    """Whether INNER says what a call of logging's around it does, and HANDLER writes that."""
    outer = calls.logging
    return outer is not None and from_logging(inner) and reaches(outer[1], handler)


def reaches(logger: logging.Logger | None, handler: logging.Handler) -> bool:
    """Whether what LOGGER says comes to HANDLER."""
    while logger:
        if handler in logger.handlers:
            return True
        logger = logger.parent if logger.propagate else None
    return False


def by_loguru(record: logging.LogRecord) -> bool:
    """Whether RECORD, of logging's, says what a call of loguru's around it does."""
    outer = outermost()
    return outer is not None and _same(record, outer, around=lambda: outer["message"])


def outermost() -> Any:  # noqa: ANN401 - a record of loguru's
    """The record of the outermost call of loguru's that this thread is in, if there is one.

    It is looked for on the stack: to note it would cost every call something, and who wants it
    are few.
    """
    if not calls.loguru:
        return None
    inner = found = None
    frame: Any = sys._getframe()  # noqa: SLF001 - it is documented
    while frame:
        if frame.f_code is codes[0] and inner is codes[1]:
            found = frame
        frame, inner = frame.f_back, frame.f_code
    return found.f_locals[RECORD] if found else None


def record_of(error: BaseException) -> Any:  # noqa: ANN401 - a record of loguru's
    """The record that a call of loguru's had made before a sink of it raised ERROR, if one did."""
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code is not codes[0]:
        trace = trace.tb_next
    if trace and trace.tb_next and trace.tb_next.tb_frame.f_code is codes[1]:
        return trace.tb_frame.f_locals[RECORD]
    return None


def _same(
    record: logging.LogRecord,
    other: Any,  # noqa: ANN401 - a record of loguru's
    *,
    around: Callable[[], str],
) -> bool:
    """Whether RECORD and OTHER say the same: the inner one perhaps with something around it."""
    try:
        texts = record.getMessage().strip(), other["message"].strip()
        outer = around().strip()
    except Exception:  # noqa: BLE001 - a value of the program's may raise anything
        return False
    if texts[0] == texts[1]:
        return True
    level = other["level"]
    steps = {step_of_number(record.levelno, record.levelname), step_of_number(level.no, level.name)}
    inner = texts[1] if outer == texts[0] else texts[0]
    return bool(outer) and outer in inner and len(steps) == 1
