"""A line that is typed at a terminal, by GNU readline where Python has it."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Complete = Callable[[str, int, str], list[str]]


def reader(prompt: str, complete: "Complete") -> "Callable[[], str | None]":
    """What asks for a line behind PROMPT, and gives None at the end.

    COMPLETE gets the line, where the word begins, and the word; it gives what that may become.
    """
    try:
        import readline
    except ImportError:
        # This Python was made without it: one types without a history then.
        return lambda: _ask(prompt)
    found: list[str] = []

    def completer(text: str, state: int) -> str | None:
        if not state:
            line = readline.get_line_buffer()
            found[:] = complete(line, readline.get_begidx(), text)
        return found[state] if state < len(found) else None

    readline.set_completer(completer)
    readline.set_completer_delims(" \t\n")
    libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
    return lambda: _ask(prompt)


def _ask(prompt: str) -> str | None:
    try:
        return input(prompt)
    except EOFError:
        return None
