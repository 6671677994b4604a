"""A command that is to mean the same when it runs in another directory than it was typed in."""

import posix

from ..base import cli
from ..base.process import is_dir

# What a module of Python stands behind, as a word of its own: -m NAME.
MODULE = b"-m"


class Unclear(Exception):
    """A word of which nobody can tell what it means elsewhere; why, and what to do."""


def here() -> bytes:
    """The directory we are in; raises Quit where nobody can say."""
    try:
        return posix.getcwdb()
    except OSError as error:
        raise cli.fatal(b"unable to find the current directory", error) from None


def absolute(path: bytes) -> bytes:
    """PATH from the root on."""
    if path[:1] == b"/":
        return path
    while path[:2] == b"./":
        path = path[2:].lstrip(b"/")
    return here() + (b"/" + path if path not in (b"", b".") else b"")


def settle(command: list[bytes]) -> list[bytes]:
    """COMMAND with its paths absolute; raises Unclear for a word that may be one, or a module."""
    program, *rest = command
    if b"/" in program:
        program = absolute(program)
    before = [program, *rest]
    return [program, *(_settled(word, prior) for word, prior in zip(rest, before, strict=False))]


def _settled(word: bytes, prior: bytes) -> bytes:
    option, equals, value = word.partition(b"=")
    if word[:1] == b"-":
        return option + equals + _settled_value(value, b"") if value else word
    return _settled_value(word, prior)


def _settled_value(word: bytes, prior: bytes) -> bytes:
    if word[:1] == b"/":
        return word
    if _is_path(word):
        return absolute(word)
    name, colon, _ = word.partition(b":")
    module = name.replace(b".", b"/") if colon or prior == MODULE else b""
    if is_dir(word):
        raise Unclear(
            word + b" is a directory here, and the service runs elsewhere: write ./" + word
        )
    if module and (posix.access(module + b".py", posix.F_OK) or is_dir(module)):
        raise Unclear(word + b" is found here only, and the service runs elsewhere")
    return word


def _is_path(word: bytes) -> bool:
    """Whether WORD can be nothing else: by its dots, or since there is such a file or place."""
    above, slash, _ = word.rpartition(b"/")
    if word in (b".", b"..") or word[:2] == b"./" or word[:3] == b"../":
        return True
    return is_dir(above) if slash else posix.access(word, posix.F_OK) and not is_dir(word)
