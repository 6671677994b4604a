"""What ends at stderr or stdout: handlers, sinks and functions that print what is printed already.

A file is known by what its fd is (fstat), so that a copy of fd 2, its buffer, /dev/stderr and
a console of rich's are all the same. Of a function its code tells: one that does nothing but
print prints. True is yes, False no; None is what cannot be known: it may.
"""

import functools
import logging
import os
import stat
import sys
from collections.abc import Iterable
from types import BuiltinMethodType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

Place = tuple[int, int, int]
# What the code of a function names that prints, and what one that does nothing else may name.
PRINT = {"print", "stderr", "stdout", "__stderr__", "__stdout__"}
INNOCENT = PRINT | {
    *("sys", "os", "write", "writelines", "flush", "str", "repr", "format", "encode", "end"),
    *("strip", "rstrip", "removesuffix", "buffer", "record", "getMessage", "message", "getvalue"),
    *("handleError", "Exception", "RecursionError", "BaseException", "formatter", "terminator"),
}
DEEP = 4  # how far something that holds something is followed
CALLS = 2  # and functions that call others
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


class Printing:
    """Tells what prints to stderr, to stdout, or to FD."""

    def __init__(self, fd: int = -1) -> None:
        every = (sys.stderr, sys.stdout, sys.__stderr__, sys.__stdout__)
        self._streams = [one for one in every if one]
        # For a person: what may print and stays.
        self.doubts: list[str] = []
        # Python found it closed if there is no stream: the number is another file's by now.
        fds = [number for number, one in ((1, sys.__stdout__), (2, sys.__stderr__)) if one]
        fds += [number for one in self._streams if (number := _fileno(one)) is not None]
        self._places = {found for number in (*fds, fd) if (found := place(number))}

    def handler(self, handler: logging.Handler, deep: int = DEEP) -> bool | None:
        """Whether HANDLER, of logging's, prints."""
        held: Any = handler
        if isinstance(handler, logging.FileHandler) and held.stream is None:
            return self._path(handler.baseFilename)
        if isinstance(handler, logging.StreamHandler):
            return self.stream(held.stream)
        if deep and isinstance(target := getattr(handler, "target", None), logging.Handler):
            # A MemoryHandler's.
            return self.handler(target, deep - 1)
        queues = hasattr(handler, "enqueue") and hasattr(handler, "queue")
        if queues or type(handler).__module__.split(".")[0] == "logging":
            # A QueueHandler's listener may have any handlers.
            return None if queues else False
        for name in HELD:
            if (one := getattr(handler, name, None)) is not None and not callable(one):
                return self.stream(one)
        found = self._held(handler, deep)
        return self.function(type(handler).emit) if found is False else found

    def stream(self, stream: object, deep: int = DEEP) -> bool | None:
        """Whether what is written to STREAM is printed."""
        if any(stream is one for one in self._streams):
            return True
        if (fd := _fileno(stream)) is not None:
            return place(fd) in self._places
        for name in HELD if deep else ():
            inner = getattr(stream, name, None)
            if inner is not None and inner is not stream and not callable(inner):
                return self.stream(inner, deep - 1)
        if found := self._held(stream, deep):
            return found
        if found is None:
            return None
        write = getattr(type(stream), "write", None)
        return self.function(write) if isinstance(write, FunctionType) else False

    def _held(self, one: object, deep: int) -> bool | None:
        """Whether ONE prints by the streams that it keeps, under whatever name or in a list."""
        kept: list[Any] = []
        for value in list(getattr(one, "__dict__", {}).values()) if deep else ():
            kept += value if isinstance(value, list | tuple) else [value]
        streams = [inner for inner in kept if inner is not one and callable(_write(inner))]
        found = {self.stream(inner, deep - 1) for inner in streams}
        if found <= {False}:
            return False
        # Of several, one that is a file must stay.
        return True if found == {True} else None

    def function(self, function: object, deep: int = CALLS) -> bool | None:
        """Whether FUNCTION prints what it is called with."""
        if isinstance(function, functools.partial):
            to = function.keywords.get("file")
            return self.function(function.func, deep) if to is None else self.stream(to)
        if function is print:
            return True
        if isinstance(function, MethodType | BuiltinMethodType):
            owner = function.__self__
            if _fileno(owner) is not None or hasattr(owner, "file"):
                return self.stream(owner)
        code = _python(function)
        return self._code(code, deep) if code else False

    def _code(self, function: FunctionType, deep: int) -> bool | None:
        """Whether FUNCTION prints, by what its code names."""
        names, constants = _named(function.__code__)
        prints = bool(names & PRINT) or ({"os", "write"} <= names and bool({1, 2} & constants))
        others = names - INNOCENT - set(function.__code__.co_varnames)
        known = _values(function, names)
        if {"os", "write"} <= names:
            fds = {name for name, value in known if type(value) is int and self.fd(value)}
            prints, others = prints or bool(fds), others - fds
        for name, value in known:
            if (found := self._value(value, names, deep)) is None:
                return None
            if found:
                prints = True
                others.discard(name)
        if not prints:
            return False
        return None if others else True

    def _value(self, value: object, names: set[str], deep: int) -> bool | None:
        """Whether VALUE, which a function uses that has NAMES, prints or is what is printed to."""
        if _fileno(value) is not None:
            return self.stream(value)
        if not deep or any(value is one for one in (sys, os, logging)):
            return False
        if isinstance(value, FunctionType):
            return self._code(value, deep - 1)
        if isinstance(value, type | ModuleType):
            # One of these does it, and nobody knows whether it was asked to.
            parts = [vars(value)[name] for name in names if name in vars(value)]
            if any(self.function(part, deep - 1) is not False for part in parts):
                return None
        return False

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


def _python(function: object) -> FunctionType | None:
    """What is called in Python's own code by calling FUNCTION; None if there is none."""
    for _ in range(DEEP):
        if isinstance(function, FunctionType):
            return function
        if isinstance(function, MethodType | classmethod | staticmethod):
            function = function.__func__
        elif isinstance(function, type):
            return None
        else:
            function = getattr(type(function), "__call__", None)  # noqa: B004 - it is wanted itself
    return None


def _named(code: CodeType) -> tuple[set[str], set[int]]:
    """The names that CODE and what is defined in it use, and its small numbers."""
    names, numbers = set(code.co_names), set()
    for one in code.co_consts:
        if isinstance(one, CodeType):
            inner, more = _named(one)
            names |= inner
            numbers |= more
        elif type(one) is int:
            numbers.add(one)
    return names, numbers


def _values(function: FunctionType, names: Iterable[str]) -> list[tuple[str, object]]:
    """What of NAMES is known to FUNCTION: its module's, and what it encloses."""
    done = [(name, function.__globals__[name]) for name in names if name in function.__globals__]
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            done.append((name, cell.cell_contents))
        except ValueError:
            continue
    return done


def _write(stream: object) -> object:
    """What writes to STREAM; None if nothing does."""
    try:
        return getattr(stream, "write", None)
    except Exception:  # noqa: BLE001 - it may be anything
        return None


def _fileno(stream: object) -> int | None:
    """The fd of STREAM, None if it has none."""
    try:
        fd = stream.fileno()  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - it may be anything, and closed
        return None
    return fd if isinstance(fd, int) and fd >= 0 else None
