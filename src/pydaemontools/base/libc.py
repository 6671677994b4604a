"""Functions of the C library that Python does not wrap, by the part of ctypes that is in C.

The part that is in Python takes half of a supervisor's start and a tenth of its memory, and
nothing here would need it. Raises ImportError where a Python has no ctypes.
"""

from _ctypes import (
    FUNCFLAG_CDECL,
    FUNCFLAG_USE_ERRNO,
    Array,
    CFuncPtr,
    _SimpleCData,
    dlopen,
    dlsym,
    get_errno,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Int(_SimpleCData):  # type: ignore[type-arg] # ctypes alone can be subscripted
    """An int; also what a function gives back."""

    _type_ = "i"


class Long(_SimpleCData):  # type: ignore[type-arg] # ctypes alone can be subscripted
    """A long."""

    _type_ = "l"


class Word(_SimpleCData):  # type: ignore[type-arg] # ctypes alone can be subscripted
    """An unsigned long."""

    _type_ = "L"


class String(_SimpleCData):  # type: ignore[type-arg] # ctypes alone can be subscripted
    """A pointer to bytes that end with a zero; None is NULL."""

    _type_ = "z"


class _Function(CFuncPtr):
    _flags_ = FUNCFLAG_CDECL | FUNCFLAG_USE_ERRNO
    _restype_ = Int


_library = dlopen(None, 0)  # type: ignore[arg-type] # None is ourselves, as for ctypes


def function(name: str) -> "Callable[..., int]":
    """The function NAME, which returns an int; its errno is that of _ctypes.get_errno().

    Its arguments are ints, bytes, None for NULL, and what is made of the types here. Raises
    OSError where there is no such function.
    """
    return _Function(dlsym(_library, name))


def call(name: str, *arguments: object) -> int:
    """What the function NAME gives for ARGUMENTS; raises OSError where that is -1."""
    found = function(name)(*arguments)
    if found == -1:
        raise OSError(get_errno(), "")
    return found


def strings(words: list[bytes]) -> object:
    """WORDS as C has them: pointers to bytes that end with a zero, and NULL."""
    made = type("Strings", (Array,), {"_type_": String, "_length_": len(words) + 1})
    return made(*words)
