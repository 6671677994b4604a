"""What a program dies of, and what it does not handle, is logged before Python prints it.

An exception that ends the program or a thread is logged as critical with its traceback, and one
that asyncio found nobody to give to. Warnings are records of the logger py.warnings. What
crashes the interpreter itself faulthandler tells of, on the same fd.
"""

import faulthandler
import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType

from .hooked import Excinfo
from .muted import quietly
from .values import represented


def _log(level: int, text: str, info: Excinfo) -> None:
    """Log TEXT and the exception INFO, whatever the threshold is: these are last words."""
    frame = info[2]
    while frame and frame.tb_next:
        frame = frame.tb_next
    path = frame.tb_frame.f_code.co_filename if frame else ""
    function = frame.tb_frame.f_code.co_name if frame else None
    line = frame.tb_lineno if frame else 0
    record = logging.LogRecord("root", level, path, line, text, None, info, function)
    logging.root.handle(record)


def _value(kind: type[BaseException], value: BaseException | None) -> BaseException:
    """VALUE; Python leaves it out where making it failed."""
    return kind() if value is None else value


class Hooks:
    """Puts its own in the place of sys's and threading's hooks, and calls those of the program."""

    def __init__(self) -> None:
        self._system = sys.excepthook
        self._thread = threading.excepthook
        self._unraisable = sys.unraisablehook
        # By their ids, since these are compared: the exceptions that are being told of.
        self._saying: list[int] = []
        # A hook that came later may call ours for good: then it does what was there before.
        self._over = False
        # To be compared later: each look at a method makes a new one.
        self._own = (self._ended, self._thread_ended, self._not_raised)
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._own

    def _ended(
        self, kind: type[BaseException], value: BaseException, trace: TracebackType | None
    ) -> None:
        """The program is about to end. What ^C does is no error of anybody's."""
        if issubclass(kind, KeyboardInterrupt):
            self._system(kind, value, trace)
            return
        info = kind, _value(kind, value), trace
        own = self._system is sys.__excepthook__
        text = "ended by an uncaught exception"
        self._tell(logging.CRITICAL, text, info, lambda: self._system(*info), own=own)

    def _thread_ended(self, args: threading.ExceptHookArgs) -> None:
        """A thread is about to end."""
        if args.exc_type is SystemExit:
            return
        name = args.thread.name if args.thread else "?"
        info = (args.exc_type, _value(args.exc_type, args.exc_value), args.exc_traceback)
        own = self._thread is threading.__excepthook__
        text = f"thread {name} ended by an uncaught exception"
        self._tell(logging.CRITICAL, text, info, lambda: self._thread(args), own=own)

    def _not_raised(self, args: "sys.UnraisableHookArgs") -> None:
        """An exception where there is nobody to raise it to, as in __del__."""
        text = f"{args.err_msg or 'Exception ignored in'}: {represented(args.object)}"
        info = (args.exc_type, _value(args.exc_type, args.exc_value), args.exc_traceback)
        own = self._unraisable is sys.__unraisablehook__
        self._tell(logging.ERROR, text, info, lambda: self._unraisable(args), own=own)

    def _tell(
        self, level: int, text: str, info: Excinfo, hook: Callable[[], object], *, own: bool
    ) -> None:
        """Log TEXT and INFO, and call HOOK, which was there before, unless it is Python's OWN.

        One that calls the hook that it is called by brings the same exception again.
        """
        if self._over:
            hook()
            return
        if id(info[1]) in self._saying:
            return
        self._saying.append(id(info[1]))
        try:
            _log(level, text, info)
            if not own:
                quietly(hook, info)
        except Exception as error:  # noqa: BLE001 - Python would print this one and that of INFO
            if error is not info[1]:
                _log(logging.ERROR, "a hook failed", (type(error), error, error.__traceback__))
        finally:
            self._saying.remove(id(info[1]))

    def end(self) -> None:
        """Put back what was there, unless somebody has put something else there since."""
        self._over = True
        if sys.excepthook == self._own[0]:
            sys.excepthook = self._system
        if threading.excepthook == self._own[1]:
            threading.excepthook = self._thread
        if sys.unraisablehook == self._own[2]:
            sys.unraisablehook = self._unraisable


def _worse(record: logging.LogRecord) -> bool:
    """Make critical what asyncio says of an exception that nobody handled."""
    if record.exc_info and record.funcName == "default_exception_handler":
        record.levelno, record.levelname = logging.CRITICAL, "CRITICAL"
    return True


def hooks() -> Callable[[], None]:
    """Log uncaught exceptions, of threads and of asyncio too; gives what undoes it."""
    made = Hooks()
    asyncio = logging.getLogger("asyncio")
    asyncio.addFilter(_worse)

    def undo() -> None:
        made.end()
        asyncio.removeFilter(_worse)

    return undo


def warnings() -> Callable[[], None]:
    """Have the warnings module log, unless it does already; gives what undoes it."""
    import warnings as module

    before = module.showwarning
    logging.captureWarnings(True)
    if module.showwarning is before:
        return lambda: None
    return lambda: logging.captureWarnings(False)


def faults(fd: int) -> Callable[[], None]:
    """Have faulthandler write to FD, unless it is on already; gives what undoes it."""
    if fd < 0 or faulthandler.is_enabled():
        return lambda: None
    try:
        faulthandler.enable(fd)
    except (OSError, ValueError):
        # Closed: there is nobody to tell.
        return lambda: None
    return faulthandler.disable
