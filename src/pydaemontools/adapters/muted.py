"""What a hook of the program's prints of an exception that has been written: not its traceback.

stderr stays what it is, for whoever holds it. But while a hook runs, the traceback is taken out
of what the hook's own thread writes there; the rest is passed on at once, since a hook may end
the process.
"""

import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterator

from ..log.lines.exceptions import GROUP
from .hooked import Excinfo, told
from .text_formats import BEGIN, MIDDLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
else:
    Any = object

# What Python prints before the traceback of what ends a thread, or is raised to nobody.
FIRST = ("Exception in thread ", "Exception ignored ")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# As rich and IPython have it: in a frame, or behind a name.
PAINTED = re.compile(rf"\W*(\w+ +)?{re.escape(BEGIN.rstrip(':'))}\W*")
ABSENT = object()


class _Here(threading.local):
    """The hook that this thread is in, if it is in one."""

    hook: "_Hook | None" = None


class _Streams:
    """The streams whose `write` is ours, as long as there are HOOKS that run."""

    def __init__(self) -> None:
        self.renew()
        self._hooks = 0
        self._undo: list[Callable[[], object]] = []

    def renew(self) -> None:
        """Begin anew, in the child of a fork: who had the lock is not there to give it back."""
        # One of __del__'s hooks may come at any time, in the same thread.
        self._lock = threading.RLock()

    def take(self, info: Excinfo) -> None:
        """A hook is about to run for INFO."""
        with self._lock:
            told.append(info)
            self._hooks += 1
            if self._hooks == 1:
                streams = {id(one): one for one in (sys.stderr, sys.__stderr__)}
                self._undo = [_watched(one) for one in streams.values()]

    def leave(self, info: Excinfo) -> None:
        """A hook has run for INFO."""
        with self._lock:
            # Not remove(), which compares: an exception of the program's may do anything.
            told[:] = [one for one in told if one is not info]
            self._hooks -= 1
            while not self._hooks and self._undo:
                self._undo.pop()()


_here, _streams = _Here(), _Streams()
os.register_at_fork(after_in_child=_streams.renew)


def quietly(call: Callable[[], object], info: Excinfo) -> None:
    """CALL a hook of somebody else's, which may print what has been logged: INFO once more.

    Sentry's calls Python's own in the end, rich's paints a picture of the traceback. What else
    it prints is printed, and what it logs is a record, but without that traceback.
    """
    outer, hook = _here.hook, _Hook(info)
    _streams.take(info)
    _here.hook = hook
    try:
        call()
    finally:
        _here.hook = outer
        _streams.leave(info)
        hook.end()


def _watched(stream: Any) -> Callable[[], object]:
    """Have STREAM ask the hook of the thread that writes; gives what undoes it."""
    try:
        # Not setattr(): a stream that stands for another may hand that on.
        own, before = vars(stream), stream.write

        def write(text: str) -> Any:
            hook = _here.hook
            if hook is None or not isinstance(text, str):
                return before(text)
            # What comes out of it may pass through another stream of ours.
            _here.hook = None
            try:
                hook.write(text, before)
            finally:
                _here.hook = hook
            return len(text)

        there, own["write"] = own.get("write", ABSENT), write
    except Exception:  # noqa: BLE001 - None, or nothing that can be changed
        return lambda: None
    return lambda: own.pop("write", None) if there is ABSENT else own.update(write=there)


class _Hook:
    """What a hook prints: a Sieve for each stream."""

    def __init__(self, info: Excinfo) -> None:
        self._info = info
        self._sieves: dict[int, Sieve] = {}

    def write(self, text: str, put: Callable[[str], object]) -> None:
        """Pass TEXT on to PUT, but for the traceback."""
        if id(put) not in self._sieves:
            self._sieves[id(put)] = Sieve(self._info, put)
        self._sieves[id(put)].write(text)

    def end(self) -> None:
        """Pass on what might have been the beginning of one."""
        for sieve in self._sieves.values():
            try:
                sieve.end()
            except Exception:  # noqa: BLE001, S110 - closed or full: there is nobody to tell
                pass


class Sieve:
    """Passes text on to PUT, but for tracebacks of INFO, and of what it came of.

    A line that may be of one is held until that is known. _course is asked whether the next
    line goes on with those that are held.
    """

    def __init__(self, info: Excinfo, put: Callable[[str], object]) -> None:
        self._put = put
        self._held: list[str] = []
        self._part = ""  # of a line, that may become one to be held
        self._within = False  # whether the beginning of the line was passed on
        self._course: Callable[[str], bool] | None = None
        # How such tracebacks end: the first line of what an exception says, and the others.
        self._ends: dict[str, list[str]] = {}
        self._names: set[str] = set()
        self._grouped = False
        self._rest: list[str] = []
        self._named = False
        try:
            for error in _chain(info[1]):
                self._grouped |= isinstance(error, BaseExceptionGroup)
                self._names |= {type(error).__name__, type(error).__qualname__}
                lines = _lines("".join(traceback.format_exception_only(error)))
                while lines[0].startswith(" "):
                    # Of a SyntaxError.
                    del lines[0]
                self._ends.setdefault(lines[0], lines[1:])
        except Exception:  # noqa: BLE001, S110 - an exception of the program's may do anything
            pass

    def write(self, text: str) -> None:
        """Pass TEXT on, or hold it."""
        text, self._part = self._part + text, ""
        for line in _lines(text):
            if not line.endswith("\n") and self._may_be(line):
                self._part = line
            else:
                self._take(line)
        if self._course == self._painted and self._over():
            self._drop()

    def end(self) -> None:
        """Pass on what is held; the last line of a traceback may have no end."""
        last = COLOUR.sub("", self._part) + "\n"
        if self._part and self._course and self._course(last) and self._over():
            self._drop()
        text = "".join(self._held) + self._part
        self._held, self._part = [], ""
        if text:
            self._put(text)

    def _may_be(self, part: str) -> bool:
        """Whether PART of a line may become one to be held."""
        if not self._within:
            # Python's own hooks write a line in pieces.
            begun = any(word.startswith(part) for word in (*FIRST, BEGIN, GROUP))
            if begun or part.startswith(FIRST):
                return True
        return self._course is not None or BEGIN.split()[0] in part

    def _take(self, line: str) -> None:
        plain = COLOUR.sub("", line)
        if self._course and self._course(plain):
            self._held.append(line)
            if self._course == self._said and self._over():
                self._drop()
            return
        self._course = None
        held, self._held = "".join(self._held), []
        if not self._within and self._begins(plain):
            self._held = [line]
        elif plain.endswith(BEGIN + "\n"):
            at = max(line.rfind(BEGIN), 0)
            held += line[:at]
            self._held = [line[at:]]
            self._course = self._frames
        else:
            held += line
        self._within = not self._held and not line.endswith("\n")
        if held:
            self._put(held)

    def _over(self) -> bool:
        """Whether what is held is a traceback of ours, up to its end."""
        if self._course == self._painted:
            # Nobody knows where it ends, but it is painted at once.
            return self._named
        return self._course == self._group or (self._course == self._said and not self._rest)

    def _drop(self) -> None:
        """Forget what is held: it is ours, and another may follow of which it came."""
        self._held, self._part, self._named = [], "", False
        self._course = self._behind

    def _begins(self, plain: str) -> bool:
        """Whether a traceback begins with the line PLAIN, or with the next one."""
        line = plain.rstrip("\n")
        if line.startswith(FIRST) and (line.endswith(":") or line.startswith(FIRST[1])):
            self._course = self._begins
        elif line == BEGIN:
            self._course = self._frames
        elif line == GROUP and self._grouped:
            self._course = self._group
        elif PAINTED.fullmatch(line) and not line.endswith(BEGIN):
            self._course = self._painted
            self._named = False
        else:
            return False
        return True

    def _frames(self, plain: str) -> bool:
        if plain.startswith(" "):
            return True
        if plain not in self._ends:
            return False
        self._rest = list(self._ends[plain])
        self._course = self._said
        return True

    def _said(self, plain: str) -> bool:
        return bool(self._rest) and plain == self._rest.pop(0)

    def _group(self, plain: str) -> bool:
        if plain.startswith(" "):
            self._held.clear()
            return True
        self._held.clear()
        return self._behind(plain)

    def _painted(self, plain: str) -> bool:
        self._named |= re.split(r":|\n", plain.lstrip())[0].split(".")[-1] in self._names
        return True

    def _behind(self, plain: str) -> bool:
        self._course = self._middle
        return plain == "\n"

    def _middle(self, plain: str) -> bool:
        self._course = self._blank
        return plain.rstrip("\n") in MIDDLE

    def _blank(self, plain: str) -> bool:
        self._course = self._begins
        return plain == "\n"


def _lines(text: str) -> list[str]:
    """TEXT in lines, each with its end; the last one may have none."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """ERROR, and all that it came of."""
    found, seen = [error], set[int]()
    while found:
        one = found.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            found += [one.__context__, one.__cause__]
