"""What ends at stderr or stdout: handlers, sinks and functions that print what is printed already.

A file is known by what its fd is (fstat), so that a copy of fd 2, its buffer, /dev/stderr and
a console of rich's are all the same. Of a function its code tells: one that does nothing but
print prints. True is yes, False no; None is what cannot be known, or does other things too.
"""

import functools
import logging
import os
import stat
import sys
from collections import deque
from collections.abc import Callable
from itertools import islice
from types import BuiltinMethodType, FunctionType, MethodType, ModuleType
from typing import Any, TypeVar

from .interrupts import interrupted
from .used import Used, attributes, part, python, values

Place = tuple[int, int, int]
Method = TypeVar("Method", bound=Callable[..., bool | None])
# What a function does: nothing that matters, one of these, or both.
Deeds = frozenset[str]
NOTHING: Deeds = frozenset()
PRINTS, MORE = frozenset({"prints"}), frozenset({"more"})
STREAMS = {"stderr", "stdout", "__stderr__", "__stdout__"}
# Packages whose handlers and streams do nothing but write to what they hold.
KNOWN = {
    *("logging", "rich", "tqdm", "click", "colorlog", "coloredlogs", "colorama", "werkzeug"),
    *("io", "_io", "codecs", "encodings", "tempfile", "_pytest", "loguru", "ipykernel"),
    "pydaemontools",
}
# What of them prints as print() does.
PRINTERS = {("tqdm", "write"), ("click", "echo"), ("click", "secho"), ("rich", "print")}
# Modules that make something of something; and builtins that do more.
PURE = {
    *("re", "time", "datetime", "json", "string", "textwrap", "traceback", "html", "copy", "math"),
    *("inspect", "typing", "types", "enum", "unicodedata", "colorama", "termcolor", "_thread"),
    *("builtins", "shutil", "collections", "itertools"),
}
IMPURE = {"open", "exec", "eval", "input", "setattr", "delattr", "__import__", "breakpoint"}
# What every handler has; what of os and logging does nothing of its own.
USUAL = {
    *("format", "formatter", "handle", "handleError", "acquire", "release", "lock"),
    *("filters", "filter"),
}
QUIET = {
    *("write", "fspath", "getenv", "getpid", "isatty", "get_terminal_size", "getLevelName"),
    *("StreamHandler", "Handler", "Formatter", "LogRecord", "makeLogRecord"),
}
# What changes a list, or what is like one.
CHANGES = {
    *("append", "appendleft", "add", "extend", "insert", "update", "setdefault", "pop", "popleft"),
    *("remove", "clear", "discard"),
}
MANY = 100  # what is looked at of a list, and how many functions
DEEP = 5  # how far something that holds something, or calls it, is followed
# Where a stream that has no fd of its own keeps the one that it writes to.
HELD = ("stream", "_stream", "buffer", "wrapped", "_file", "file", "console")


def place(fd: int) -> Place | None:
    """What is behind FD: the same for all ways to it; None if there is nothing."""
    try:
        found = os.fstat(fd)
    except (OSError, ValueError, OverflowError):
        return None
    # A device is one under each of its names.
    if stat.S_ISCHR(found.st_mode):
        return 0, 0, found.st_rdev
    return found.st_dev, found.st_ino, 0


def careful(judge: Method) -> Method:
    """JUDGE, which cannot know where what it looks at raises something."""

    @functools.wraps(judge)
    def judged(self: "Printing", *args: Any) -> bool | None:  # noqa: ANN401 - as it has them
        self.nested += 1
        try:
            return judge(self, *args)
        except Exception as error:
            if interrupted(error):
                raise
            return None
        finally:
            self.nested -= 1
            if not self.nested:
                self.known.clear()

    return judged  # type: ignore[return-value]


class Printing:
    """Tells what prints to stderr, to stdout, or to FD."""

    def __init__(self, fd: int = -1) -> None:
        # For a person: what may print and stays.
        self.doubts: list[str] = []
        # Python found it closed if there is no stream: the number is another file's by now.
        fds = [number for number, one in ((1, sys.__stdout__), (2, sys.__stderr__)) if one]
        self._places = {found for number in (*fds, fd) if (found := place(number))}
        # What functions do that were looked at for what is judged now, by ids, and their owners'.
        self.known: dict[tuple[int, int], Deeds] = {}
        self.nested = 0

    @careful
    def handler(self, handler: Any, deep: int = DEEP) -> bool | None:  # noqa: ANN401 - any of logging's
        """Whether HANDLER, of logging's, prints."""
        if isinstance(handler, logging.FileHandler) and handler.stream is None:
            return self._path(handler.baseFilename)
        if hasattr(handler, "enqueue") and hasattr(handler, "queue"):
            # A QueueHandler's listener may have any handlers.
            return None
        own = {name: one for name in ("handle", "emit", "flush") if (one := _own(handler, name))}
        kept = self._handler_keeps(handler, deep)
        deeds = NOTHING.union(*(self._deeds(*one, deep) for one in own.values()))
        if "emit" not in own:
            deeds |= _said(kept)
        # It may use in a way of its own what it keeps.
        return _judged(deeds) if deeds & PRINTS else kept and None

    def _handler_keeps(self, handler: Any, deep: int) -> bool | None:  # noqa: ANN401 - as above
        """Whether HANDLER, which does nothing of its own, prints by what it keeps."""
        if isinstance(handler, logging.StreamHandler):
            return self.stream(handler.stream)
        if deep and isinstance(target := part(handler, "target"), logging.Handler):
            # A MemoryHandler's.
            return self.handler(target, deep - 1)
        for name in HELD:
            if (one := part(handler, name)) is not None and not callable(one):
                return self.stream(one)
        return self._held(handler, deep)

    @careful
    def stream(self, stream: object, deep: int = DEEP) -> bool | None:
        """Whether what is written to STREAM is printed."""
        kept = self._stream_keeps(stream, deep)
        if not deep or not (own := _own(stream, "write")):
            return kept
        deeds = self._deeds(*own, deep - 1)
        return _judged(deeds) if deeds & PRINTS else kept and None

    def _stream_keeps(self, stream: object, deep: int) -> bool | None:
        """Whether STREAM, which does nothing of its own, prints by its fd, or what it keeps."""
        # It may say the fd of one of several.
        if (held := self._held(stream, deep)) is None:
            return None
        if (fd := _fileno(stream)) is not None:
            return self.fd(fd)
        for name in HELD if deep else ():
            inner = part(stream, name)
            if inner is not None and inner is not stream and not callable(inner):
                return self.stream(inner, deep - 1)
        return held

    def _held(self, one: object, deep: int) -> bool | None:
        """Whether ONE prints by the streams that it keeps, under whatever name or in a list."""
        kept: list[object] = []
        for value in list(getattr(one, "__dict__", {}).values()) if deep else ():
            kept += value if isinstance(value, list | tuple) else [value]
        streams = [inner for inner in kept if inner is not one and callable(part(inner, "write"))]
        found = {self.stream(inner, deep - 1) for inner in streams}
        if found <= {False}:
            return False
        # Of several, one that is a file must stay.
        return True if found == {True} else None

    @careful
    def function(self, function: object) -> bool | None:
        """Whether FUNCTION prints what it is called with."""
        if isinstance(function, functools.partial):
            return _judged(self._partial(function, DEEP))
        if _is_printer(function):
            return self._standard("stdout")
        code, owner = python(function)
        if isinstance(function, MethodType | BuiltinMethodType) and (
            code is None or _root(code) in KNOWN
        ):
            return self.stream(function.__self__)
        return _judged(self._deeds(code, owner, DEEP)) if code else False

    def _deeds(self, function: FunctionType, owner: object, deep: int) -> Deeds:
        """What FUNCTION does; OWNER is what it is a method of, if it is one."""
        if _root(function) in PURE:
            return NOTHING
        if _root(function) in KNOWN and isinstance(owner, logging.Handler):
            writes = function.__name__ in ("emit", "handle")
            return _said(self._handler_keeps(owner, deep)) if writes else NOTHING
        key = id(function), id(owner)
        if key in self.known:
            return self.known[key]
        if not deep or _root(function) in KNOWN or len(self.known) > MANY:
            return MORE
        self.known[key] = NOTHING  # beside the rest, if it calls itself
        used = Used(function, method=owner is not None)
        named = values(function, used)
        usual = USUAL if isinstance(owner, logging.Handler) else set()
        used.attributes -= usual
        # Something may be opened with the first record.
        later = any(part(owner, one) is None for one in used.of_self - usual)
        done = MORE if later or used.sets or used.names - named.keys() else NOTHING
        found = [*attributes(owner, used, named), *(function.__defaults__ or ())]
        found += [*(function.__kwdefaults__ or {}).values()]
        # What it gets, a record, does nothing when it is asked for something.
        found += [one for name, one in named.items() if name != "__class__"]
        done = done.union(*(self._deed(one, used, owner, deep - 1) for one in found))
        self.known[key] = done
        return done

    def _deed(self, value: Any, used: Used, owner: object, deep: int) -> Deeds:  # noqa: ANN401 - anything
        """What a method of OWNER does that has USED VALUE."""
        if _is_printer(value):
            # Else what the file is says it.
            return NOTHING if "file" in used.keywords else _said(self._standard("stdout"))
        if value is sys:
            done = [_said(self._standard(one)) for one in STREAMS & used.attributes]
            return (MORE if "exit" in used.attributes else NOTHING).union(*done)
        if value is os or type(value) is int:
            return self._by_fd(value, used)
        if isinstance(value, FunctionType | MethodType | classmethod | staticmethod):
            return self._called(value, deep)
        if isinstance(value, type | ModuleType) and not _pure(value):
            return self._parts(value, used, owner, deep)
        return self._kept(value, used, owner, deep)

    def _kept(self, value: Any, used: Used, owner: object, deep: int) -> Deeds:  # noqa: ANN401 - as above
        """What a method of OWNER does that has USED VALUE, which it or somebody else keeps."""
        if isinstance(value, list | tuple | set | frozenset | dict | deque) and deep:
            inner = list(islice(value.values() if isinstance(value, dict) else value, MANY))
            fixed = isinstance(value, tuple) or not (used.sets_items or used.attributes & CHANGES)
            done = [self._deed(one, used, owner, deep - 1) for one in inner]
            return (NOTHING if fixed else MORE).union(*done)
        if _pure(value):
            return NOTHING
        if isinstance(value, logging.Handler):
            return _said(self.handler(value, deep))
        if isinstance(value, BuiltinMethodType):
            return _said(self.function(value))
        if callable(part(value, "write")) or _fileno(value) is not None or part(value, "file"):
            return _said(self.stream(value, deep))
        return self._called(value, deep)

    def _called(self, value: object, deep: int) -> Deeds:
        """What is done where VALUE is called."""
        if isinstance(value, functools.partial):
            return self._partial(value, deep)
        code, owner = python(value)
        if code is None:
            return MORE
        if (
            _root(code) in KNOWN
            and isinstance(value, MethodType)
            and not isinstance(owner, logging.Handler)
        ):
            return _said(self.stream(owner, deep))
        return self._deeds(code, owner, deep)

    def _partial(self, value: functools.partial[Any], deep: int) -> Deeds:
        """What is done where VALUE is called, with the streams that it was given."""
        given = [one for one in (*value.args, *value.keywords.values()) if not _pure(one)]
        done = NOTHING.union(*(_said(self.stream(one, deep)) for one in given))
        if value.func is print:
            return done if "file" in value.keywords else _said(self._standard("stdout"))
        return done | self._called(value.func, deep)

    def _by_fd(self, value: Any, used: Used) -> Deeds:  # noqa: ANN401 - os, or a number
        """What is done by what has USED os, with the number VALUE, or with those in its code."""
        writes = "os" in used.names and "write" in used.attributes
        if value is not os:
            known = place(value) if writes else None
            return NOTHING if known is None else _said(known in self._places)
        if any(callable(vars(os).get(one)) for one in used.attributes - QUIET):
            return MORE
        return PRINTS if writes and any(map(self.fd, used.numbers & {1, 2})) else NOTHING

    def _parts(self, value: Any, used: Used, owner: object, deep: int) -> Deeds:  # noqa: ANN401 - as said
        """What is done with VALUE, a class or a module, by what has USED it."""
        if {(_root(value), one) for one in used.attributes} & PRINTERS:
            return self._deed(print, used, owner, deep)
        named = {name: one for name, one in vars(value).items() if name in used.attributes}
        if isinstance(value, type) and isinstance(owner, value):
            # Of a class above, as by super().
            bound = [MethodType(one, owner) for one in named.values() if callable(one)]
            return NOTHING.union(*(self._called(one, deep) for one in bound))
        if value is logging:
            above = [one for one in named.values() if isinstance(one, type)]
            bases = [self._parts(one, used, owner, deep) for one in above if isinstance(owner, one)]
            more = {name for name, one in named.items() if callable(one)} - QUIET
            return (MORE if more else NOTHING).union(*bases)
        if isinstance(value, type) and issubclass(value, BaseException):
            return NOTHING
        if not named or not deep:
            return MORE
        done = NOTHING.union(*(self._deed(one, used, None, deep - 1) for one in named.values()))
        # One of these does it, and nobody knows whether it was asked to.
        return done | MORE if done & PRINTS else done

    def _standard(self, name: str) -> bool | None:
        """Whether the stream of sys that has this NAME prints: it may be any."""
        return self.stream(getattr(sys, name))

    def fd(self, fd: int) -> bool:
        """Whether what is written to FD is printed."""
        return fd >= 0 and place(fd) in self._places

    def _path(self, path: str) -> bool:
        """Whether the file PATH, which is not open yet, is one that is printed to."""
        try:
            found = os.stat(path)
        except OSError:
            return False
        return (found.st_dev, found.st_ino, 0) in self._places


def _said(prints: bool | None) -> Deeds:  # noqa: FBT001 - what is said of a stream
    """What who writes there does."""
    return PRINTS | MORE if prints is None else PRINTS if prints else MORE


def _judged(deeds: Deeds) -> bool | None:
    """Whether who does DEEDS prints, and nothing else."""
    return None if deeds == PRINTS | MORE else deeds == PRINTS


def _own(one: object, name: str) -> tuple[FunctionType, object] | None:
    """The method NAME of ONE, and its object, if it is Python's and the program's own."""
    code, owner = python(part(one, name))
    return None if code is None or _root(code) in KNOWN else (code, owner)


def _root(one: Any) -> str:  # noqa: ANN401 - a function, a class, a module
    """The package that ONE is from."""
    name = one.__name__ if isinstance(one, ModuleType) else one.__module__
    return str(name or "").partition(".")[0]


def _is_printer(value: object) -> bool:
    """Whether VALUE is print(), or one like it."""
    if isinstance(value, FunctionType | MethodType):
        return (_root(value), value.__name__) in PRINTERS
    return value is print


def _pure(value: object) -> bool:
    """Whether VALUE does nothing when it is called, or asked for something."""
    if isinstance(value, str | bytes | float | logging.Formatter | logging.Filter):
        return True
    itself = isinstance(value, type | ModuleType | BuiltinMethodType)
    name = getattr(value, "__name__", "")
    return _root(value if itself else type(value)) in PURE and name not in IMPURE


def _fileno(stream: object) -> int | None:
    """The fd of STREAM, None if it has none."""
    try:
        fd = stream.fileno()  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - it may be anything, and closed
        return None
    return fd if isinstance(fd, int) and fd >= 0 else None
