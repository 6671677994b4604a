"""What the person who starts a program says about its level: the environment and -v, -q."""

import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping, Sequence

from ..log.lines.levels import INFO
from .level import Level, step_of

# How people say that they want to see more, where they do not say how much.
YES = {"true": 1, "yes": 1, "on": 1, "false": 0, "no": 0}


class Argv:
    """Which words of a command line change the level.

    VERBOSE are words, or compiled patterns for whole words, each of which says one step more,
    QUIET one step less. Letters of theirs count also in a BUNDLE (`-vvq`, `-avq`). What
    follows STOP is not looked at. With CONSUME they are taken out, and other letters of a
    bundle left. ARGS is the list, without the program's name; without it, sys.argv.
    """

    def __init__(
        self,
        verbose: Iterable[str | re.Pattern[str]] = ("-v", "--verbose"),
        quiet: Iterable[str | re.Pattern[str]] = ("-q", "--quiet"),
        *,
        bundle: bool = True,
        stop: str | None = "--",
        consume: bool = False,
        args: list[str] | None = None,
    ) -> None:
        if isinstance(verbose, str) or isinstance(quiet, str):
            # As wrong as any other: the person who reads it needs one kind.
            raise ValueError(  # noqa: TRY004
                "verbose and quiet are lists of words: say verbose=['-v']"
            )
        self._words = [(word, 1) for word in verbose] + [(word, -1) for word in quiet]
        self._letters = {
            word[1]: steps
            for word, steps in self._words
            if bundle and isinstance(word, str) and re.fullmatch("-[A-Za-z]", word)
        }
        self._stop = stop
        self._consume = consume
        self._args = args

    def steps(self) -> int:
        """How many steps more the words ask for; they are taken out if that was asked for."""
        args = sys.argv[1:] if self._args is None else self._args
        total, left = self.count(args)
        if self._consume and self._args is None:
            sys.argv[1:] = left
        elif self._consume:
            args[:] = left
        return total

    def count(self, args: Sequence[str]) -> tuple[int, list[str]]:
        """How many steps more ARGS ask for, and ARGS without the words that do."""
        total = 0
        left: list[str] = []
        for at, word in enumerate(args):
            if word == self._stop:
                left += args[at:]
                break
            steps, rest = self._word(word)
            total += steps
            left += rest
        return total, left

    def _word(self, word: str) -> tuple[int, list[str]]:
        """What WORD asks for, and what is left of it."""
        for known, steps in self._words:
            if known == word or (isinstance(known, re.Pattern) and known.fullmatch(word)):
                return steps, []
        # `-o=v` and `-j8` have values; nothing tells those of `-ofile`.
        if not re.fullmatch("-[A-Za-z]+", word):
            return 0, [word]
        others = "".join(letter for letter in word[1:] if letter not in self._letters)
        return sum(self._letters.get(letter, 0) for letter in word[1:]), (
            [f"-{others}"] if others else []
        )


def from_argv(level: Level, argv: "Argv | bool | str | None") -> None:
    """Change LEVEL as the command line says. ValueError if ARGV is nothing that says how."""
    if argv is True:
        argv = Argv()
    elif argv == "consume":
        argv = Argv(consume=True)
    if isinstance(argv, Argv):
        level.adjust(argv.steps())
    elif argv:
        raise ValueError(f'argv={argv!r}: say True, "consume" or an Argv(...)')


def from_env(
    level: Level, env: str | Mapping[str, str] | None, environ: MutableMapping[str, str]
) -> list[str]:
    """Change LEVEL as the environment says; give what could not be understood, for a person.

    ENV is the name of a variable that holds a name, or a number of steps above info (2 is
    trace, 1 debug, 0 info, -1 notice). As a mapping, {"debug": name} is the same and
    {"level": name} is a variable that holds a level, by name or number. ValueError if ENV is
    neither.
    """
    ways = {"debug": env} if isinstance(env, str) else dict(env or {})
    if unknown := ways.keys() - {"debug", "level"}:
        raise ValueError(f'env has {sorted(unknown)}: its keys are "debug" and "level"')
    wrong = []
    for way, variable in ways.items():
        # Empty is how many a script says that it is not set.
        if not (value := environ.get(variable, "").strip()):
            continue
        try:
            level.set(_counted(value) if way == "debug" else value)
        except ValueError:
            wrong.append(f"{variable}={value} names no level: the level stays {level.name}")
    return wrong


def _counted(value: str) -> int:
    """The step that VALUE means, a name or a count of steps above info."""
    word = value.lower()
    count = YES.get(word)
    if count is None and re.fullmatch("[+-]?[0-9]{1,3}", word):
        count = int(word)
    if count is None:
        return step_of(value)
    bounds = Level()
    bounds.set(INFO)
    bounds.adjust(count)
    return bounds.step
