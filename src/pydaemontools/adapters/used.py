"""What the code of a function uses, for those who ask whether it does nothing but print."""

import builtins
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, MethodType
from typing import Any

from .interrupts import interrupted

NAMES = {"LOAD_GLOBAL", "LOAD_NAME", "IMPORT_NAME"}
ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "IMPORT_FROM"}
DEEP = 4  # how far what is called is followed to code


class Used:
    """What FUNCTION, a METHOD or none, uses: names, attributes of anything, and what it sets."""

    def __init__(self, function: FunctionType, *, method: bool) -> None:
        self._code = function.__code__
        self._own = self._code.co_varnames[:1] if method else ()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.of_self: set[str] = set()
        self.numbers: set[int] = set()
        self.keywords: set[str] = set()
        self.sets = False  # a name that is not its own, or an attribute
        self.sets_items = False
        self._read(self._code)

    def _read(self, code: CodeType) -> None:
        """Note what CODE uses, and what is defined in it."""
        # Few programs have functions that may print: the others need none of it.
        import dis

        local: object = None
        for one in dis.get_instructions(code):
            if one.opname in NAMES:
                self.names.add(one.argval)
            elif one.opname in ATTRIBUTES:
                self.attributes.add(one.argval)
                if local in self._own:
                    self.of_self.add(one.argval)
            elif one.opname.startswith(("STORE_", "DELETE_")):
                self._set(one.opname, one.argval, local)
            elif type(one.argval) is int and one.opname in ("LOAD_CONST", "LOAD_SMALL_INT"):
                self.numbers.add(one.argval)
            # The last of two, as some versions take them.
            last = one.argval if "_FAST" in one.opname else None
            local = last[-1] if isinstance(last, tuple) else last
        for const in code.co_consts:
            if isinstance(const, CodeType):
                self._read(const)
            elif isinstance(const, tuple):
                self.keywords.update(one for one in const if isinstance(one, str))

    def _set(self, how: str, name: object, local: object) -> None:
        """Note that NAME is set; LOCAL is what was looked at before, if it is one."""
        if how.endswith("_GLOBAL") or (how.endswith("_DEREF") and name in self._code.co_freevars):
            self.sets = True
        elif how.endswith("_ATTR"):
            # An attribute of a record says more of that.
            self.sets = self.sets or local is None or local in self._own
        elif how.endswith(("_SUBSCR", "_SLICE")):
            self.sets_items = True


def python(called: object) -> tuple[FunctionType | None, object]:
    """The function of Python's own code that runs where CALLED is called, and what it is of."""
    function: Any = called
    owner: object = None
    for _ in range(DEEP):
        if isinstance(function, FunctionType):
            return function, owner
        if isinstance(function, MethodType):
            function, owner = function.__func__, function.__self__
        elif isinstance(function, classmethod | staticmethod):
            function = function.__func__
        elif isinstance(function, type):
            break
        else:
            call = getattr(type(function), "__call__", None)  # noqa: B004 - it is wanted itself
            function, owner = call, function
    return None, None


def values(function: FunctionType, used: Used) -> dict[str, object]:
    """What the names that FUNCTION has USED stand for, as far as they are known, and its cells."""
    # What it imports itself is a name too.
    places = (sys.modules, vars(builtins), function.__globals__)
    known = {name: one[name] for one in places for name in used.names if name in one}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            known[name] = cell.cell_contents
        except ValueError:
            continue
    return known


def attributes(owner: object, used: Used, known: dict[str, object]) -> Iterator[object]:
    """What a method of OWNER may have USED of that; super() is known by its class."""
    holders = [owner]
    if isinstance(kind := known.get("__class__"), type):
        holders.append(super(kind, owner))
    for holder in holders if owner is not None else ():
        for name in used.attributes:
            if (one := part(holder, name)) is not None:
                yield one


def part(one: object, name: str) -> Any:  # noqa: ANN401 - it may be anything
    """The attribute NAME of ONE; None if it has none, or does not give it."""
    try:
        return getattr(one, name, None)
    except Exception as error:
        if interrupted(error):
            raise
        return None
