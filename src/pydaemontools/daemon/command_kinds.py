"""What starts a daemon, or stops it: words, a string for a shell, a callable, or a Server."""

import os

from ..base.errors import SHELL
from .absolute import absolute, check_filled
from .failures import OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol, TypeAlias

    class Serves(Protocol):
        """What is like a Server."""

        def startup(self) -> object:
            """Run, until it is to end."""

        def shutdown(self) -> object:
            """Have it end."""

    Command: TypeAlias = str | os.PathLike[str] | Sequence[str] | Callable[[], object] | Serves

# With one of these in it, or a word that is the shell's, a string is a shell's line.
MEANING = set("*?{}[]<>()~&|\\$;'`\"\n#=%!")


def is_server(command: object) -> bool:
    """Whether COMMAND is a Server, or like one."""
    return all(callable(getattr(command, name, None)) for name in ("startup", "shutdown"))


def words_of(command: object) -> list[bytes] | None:
    """The words that COMMAND is, or those that have a shell run it; None if it is no program.

    A string without anything for a shell to do is its words, so that it is no shell that fails
    to find the program.
    """
    if isinstance(command, os.PathLike):
        return [os.fsencode(command)]
    if isinstance(command, str):
        plain = command.split()
        if plain and not MEANING.intersection(command) and plain[0].encode() not in SHELL:
            return [os.fsencode(word) for word in plain]
        return [b"/bin/sh", b"-c", os.fsencode(command)]
    if isinstance(command, (list, tuple)) and command:
        return [os.fsencode(word) for word in command]
    return None


def from_here(words: list[bytes]) -> list[bytes]:
    """WORDS for another directory: what is plainly a file here is named from the root.

    That is a word with a slash or a dot in it, if there is a file of that name; and the program,
    if it has a slash.
    """
    program, *rest = words
    if b"/" in program:
        program = absolute(program)
    return [program, *(absolute(word) if _is_file(word) else word for word in rest)]


def _is_file(word: bytes) -> bool:
    return (b"/" in word or b"." in word) and os.path.isfile(word)


def needs_shell(command: object) -> bool:
    """Whether it is a shell that runs COMMAND, and may have it as a child."""
    words = words_of(command)
    return isinstance(command, str) and words is not None and words[:1] == [b"/bin/sh"]


def callable_of(command: object) -> "Callable[[], object] | None":
    """What is to be called for COMMAND; None if it is words. Raises Error for anything else."""
    if words := words_of(command):
        check_filled(**{f"the program of {command!r}": words[0]})
        return None
    if is_server(command):
        return command.startup  # type: ignore[attr-defined,no-any-return]
    if callable(command):
        return command
    raise OptionError(f"a command is words, a string, a callable or a Server, and not {command!r}")
