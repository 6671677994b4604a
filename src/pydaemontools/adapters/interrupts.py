"""What a signal handler of the program's raises is the program's, also in the middle of a log call.

A timeout of SIGALRM, or Celery's soft time limit: it comes by chance where a log call is, and is
no fault of what is logged.
"""

import functools
import signal
from types import CodeType, FunctionType, MethodType


def interrupted(error: BaseException) -> bool:
    """Whether ERROR came out of a signal handler, or went through one."""
    trace, codes = error.__traceback__, None
    while trace:
        if codes is None:
            codes = {_code(signal.getsignal(one)) for one in signal.valid_signals()} - {None}
        if trace.tb_frame.f_code in codes:
            return True
        trace = trace.tb_next if codes else None
    return False


def _code(handler: object) -> CodeType | None:
    """The code of HANDLER, if it is Python's; a number is the system's."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    if not isinstance(handler, FunctionType | MethodType):
        handler = getattr(type(handler), "__call__", None)  # noqa: B004 - it is wanted itself
    if isinstance(handler, MethodType):
        handler = handler.__func__
    return handler.__code__ if isinstance(handler, FunctionType) else None
