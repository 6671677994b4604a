"""The shell of pyzdaemon: a prompt, a history, completion, and the actions as lines."""

import os
from time import sleep

from .codes import DONE, REFUSED, WRONG, Code
from .command_line import CommandLine, Wrong
from .configuration import Configuration
from .foreground import ended
from .line_protocol import UNKNOWN, Unanswered
from .passing_on import run_child
from .saying import err, out, show_line
from .session import SHOWS, Session, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .runner_actions import RunnerActions

    Complete = Callable[[str, int, str], list[str]]

ENDS = "quit", "EOF"
NAP = 0.02  # seconds between two looks at a manager that leaves
# What each action can have behind it; a file for the others.
ARGUMENTS = {"show": SHOWS, "status": ("-l", "--json")}


class Shell:
    """Lines for a SESSION, which WORDS of the command line began, until one of them is the end."""

    def __init__(self, session: Session, words: list[str], prompt: str) -> None:
        self.session = session
        self._began = words
        self._prompt = prompt + " "
        self._code = DONE

    def run(self) -> Code:
        """Do what the lines say; what the last of them ended with."""
        program = self.session.configuration.runners[0].program
        show_line(f"program: {' '.join(program)}")
        self._code = self.session.status("")
        read = self._reader()
        while True:
            try:
                if self._turn(read):
                    return self._code
            except KeyboardInterrupt:
                # Wherever it came: it ends what a line does, and not the shell.
                out("^C\n")

    def _turn(self, read: "Callable[[], str | None]") -> bool:
        """Do what the next line says; whether it was the last."""
        line = read()
        ends = line is None or split(line)[0] in ENDS
        if line is None or ends:
            self._quit(ended=line is None)
        else:
            self._code = self._do(line.strip())
        return ends

    def _reader(self) -> "Callable[[], str | None]":
        """What gives the next line, and None at the end."""
        if not (os.isatty(0) and os.isatty(1)):
            return self._plain
        return reader(self._prompt, self._complete)

    def _plain(self) -> str | None:
        out(self._prompt)
        line = bytearray()
        # A byte at a time: what follows may be for a program that a line starts.
        while (byte := os.read(0, 1)) not in (b"", b"\n"):
            line += byte
        return None if not byte and not line else line.decode("utf-8", "surrogateescape")

    def _do(self, line: str) -> Code:
        if line[:1] == "!":
            return self._shell(line[1:].strip())
        word, rest = split(line)
        if word == "shell":
            return self._shell(rest)
        if word == "reload":
            return self._reload(rest)
        try:
            return self.session.run(line, self._words(rest))
        except Wrong as error:
            err(self.session.who, f"fatal: {error}")
            return WRONG

    def _words(self, rest: str) -> list[str]:
        from shlex import split as shell_split

        try:
            return shell_split(rest)
        except ValueError as error:
            raise Wrong(f"unable to read {rest!r}: {error}") from None

    def _shell(self, command: str) -> Code:
        """Run COMMAND by a shell, or a shell."""
        words = ["sh", "-c", command] if command else [os.environ.get("SHELL") or "sh"]
        return ended(run_child(lambda: self._become(words)))

    def _become(self, words: list[str]) -> int:
        try:
            os.execvp(words[0], words)  # noqa: S606 - what a person types
        except OSError as error:
            err(self.session.who, f"fatal: unable to run {words[0]}: {error.strerror}")
        return REFUSED.ours

    def _reload(self, rest: str) -> Code:
        """Read the configuration again, with the options REST, or those of the beginning."""
        before = self.session.configuration.line
        words = self._began
        if rest:
            words = self._words(rest)
            if before.config_file is not None:
                words = ["-C", before.config_file, *words]
        try:
            line = CommandLine(words, native=True)
            if line.args and rest:
                raise Wrong("positional arguments are not supported")
            self.session.use(Configuration(line))
        except Wrong as error:
            err(self.session.who, f"fatal: {error}")
            out("Configuration not reloaded\n")
            return WRONG
        if line.config_file is None:
            out("Configuration reloaded without a config file\n")
        else:
            show_line(f"Configuration reloaded from {line.config_file}")
        return DONE

    def _quit(self, *, ended: bool) -> None:
        """Stop managers that keep nothing, and say how it is left."""
        if ended:
            out("\n")
        for actions in self.session.each:
            try:
                _leave(actions)
            except Unanswered as error:
                err(self.session.who, f"warning: {error}")

    def _complete(self, line: str, begin: int, text: str) -> list[str]:
        """What TEXT, which begins at BEGIN in LINE, may become."""
        word = split(line)[0] if begin else ""
        if not word or word == "help":
            known = [*self.session.words(), "quit", "reload", "shell"]
        elif word == "kill":
            from .kill_action import NAMES

            known = [*NAMES, *(name.removeprefix("SIG") for name in NAMES)]
        elif word in ARGUMENTS:
            known = list(ARGUMENTS[word])
        else:
            known = _files(text)
        return [
            name + " " * (not name.endswith("/")) for name in sorted(known) if name.startswith(text)
        ]


def _files(text: str) -> list[str]:
    from glob import escape, glob

    found = glob(escape(text) + "*")
    return [name + "/" * os.path.isdir(name) for name in found]


def _leave(actions: "RunnerActions") -> None:
    """Stop the manager of ACTIONS if it keeps nothing."""
    status = actions.client.status()
    if not status.up:
        actions.line("daemon manager not running")
        return
    if status.pid:
        actions.line("daemon process and daemon manager still running")
        return
    actions.line("daemon process not running; stopping daemon manager")
    # A manager of zdaemon 2 is told to exit; later ones, and ours, leave when they have to stop.
    reply = actions.client.tell("exit")
    if reply and reply.startswith(UNKNOWN):
        actions.client.tell("stop")
    _wait_left(actions)
    actions.line("daemon manager stopped")


def _wait_left(actions: "RunnerActions") -> None:
    """Wait until there is no manager any more."""
    while actions.client.status().up:
        sleep(NAP)


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
