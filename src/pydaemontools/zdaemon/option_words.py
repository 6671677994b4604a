"""Options as Python's module getopt takes them, in its words: the module itself costs 8 ms."""


class BadOption(Exception):
    """No option; the text says why."""


def getopt(
    argv: list[str], letters: str, names: list[str]
) -> tuple[list[tuple[str, str]], list[str]]:
    """The options at the head of ARGV and their values, and what follows. Raises BadOption.

    A colon behind one of LETTERS, and = behind one of NAMES, says that it takes a value; a name
    may be cut where it is no other's beginning.
    """
    found: list[tuple[str, str]] = []
    rest = argv[:]
    while rest and rest[0][:1] == "-" and rest[0] != "-":
        word = rest.pop(0)
        if word == "--":
            break
        if word[:2] == "--":
            found.append(_long(word[2:], names, rest))
        else:
            found += _short(word[1:], letters, rest)
    return found, rest


def _short(word: str, letters: str, rest: list[str]) -> list[tuple[str, str]]:
    found = []
    while word:
        letter, word, value = word[0], word[1:], ""
        at = letters.find(letter) if letter != ":" else -1
        if at < 0:
            raise BadOption(f"option -{letter} not recognized")
        if letters[at + 1 : at + 2] == ":":
            if not word and not rest:
                raise BadOption(f"option -{letter} requires argument")
            value, word = word or rest.pop(0), ""
        found.append((f"-{letter}", value))
    return found


def _long(word: str, names: list[str], rest: list[str]) -> tuple[str, str]:
    name, given, value = word.partition("=")
    whole, takes = _whole(name, names)
    if takes and not given:
        if not rest:
            raise BadOption(f"option --{whole} requires argument")
        value = rest.pop(0)
    elif given and not takes:
        raise BadOption(f"option --{whole} must not have an argument")
    return f"--{whole}", value


def _whole(name: str, names: list[str]) -> tuple[str, bool]:
    """The whole of NAME, and whether it takes a value."""
    begun = [one for one in names if one.startswith(name)]
    if not begun:
        raise BadOption(f"option --{name} not recognized")
    if name in begun or f"{name}=" in begun:
        return name, name not in begun
    if len(begun) > 1:
        raise BadOption(f"option --{name} not a unique prefix")
    return begun[0].rstrip("="), begun[0][-1:] == "="
