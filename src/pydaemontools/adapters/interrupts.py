"""What a signal handler of the program's raises is the program's, also in the middle of a log call.

A timeout of SIGALRM, or Celery's soft time limit: it comes by chance where a log call is, and is
no fault of what is logged.
"""

import functools
import itertools
import signal
from types import CodeType, FrameType, FunctionType, MethodType

VARARGS = 0x04  # as inspect has it: CO_VARARGS


def interrupted(error: BaseException) -> bool:
    """Whether ERROR came out of a signal handler, or went through one."""
    trace, codes = error.__traceback__, None
    while trace:
        if codes is None:
            codes = {_code(signal.getsignal(one)) for one in signal.valid_signals()} - {None}
        if trace.tb_frame.f_code in codes or _handles(trace.tb_frame):
            return True
        trace = trace.tb_next
    return False


def _handles(frame: FrameType) -> bool:
    """Whether FRAME was given a signal's number and, next to it, the frame that it interrupted.

    The handler may be another by now: one that is there for once puts back what was before.
    """
    code, caller, local = frame.f_code, frame.f_back, frame.f_locals
    given = [local.get(name) for name in code.co_varnames[: code.co_argcount]]
    if code.co_flags & VARARGS:
        more = local.get(code.co_varnames[code.co_argcount + code.co_kwonlyargcount])
        given += more if isinstance(more, tuple) else ()
    return caller is not None and any(
        type(number) is int and number in signal.valid_signals() and behind is caller
        for number, behind in itertools.pairwise(given)
    )


def _code(handler: object) -> CodeType | None:
    """The code of HANDLER, if it is Python's; a number is the system's."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    if not isinstance(handler, FunctionType | MethodType):
        handler = getattr(type(handler), "__call__", None)  # noqa: B004 - it is wanted itself
    if isinstance(handler, MethodType):
        handler = handler.__func__
    return handler.__code__ if isinstance(handler, FunctionType) else None
