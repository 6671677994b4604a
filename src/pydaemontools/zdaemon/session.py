"""A line that a person or a script says, and what is done for it."""

import os
import sys

from . import help_texts, kill_action
from .codes import DONE, FAILED, UNKNOWN, WRONG, Code, worst
from .configuration import Configuration, show_options
from .line_protocol import Unanswered
from .runner_actions import NO_MANAGER, RunnerActions, warning
from .runner_client import RunnerClient
from .saying import err, out, show_line
from .start_action import start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Act = Callable[[RunnerActions], Code]

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
SHOWS = "options", "python", "all"
JSON = {"-j", "--json"}


class Session:
    """What a client does for the runners of CONFIGURATION, one line after the other.

    WHO: the name that it was called by. STAYS: whether it is to come back from `fg`, which
    else becomes the program.
    """

    def __init__(self, configuration: Configuration, who: str, *, stays: bool = True) -> None:
        self.who = who
        self.stays = stays
        self.native = configuration.native
        self.use(configuration)

    def use(self, configuration: Configuration) -> None:
        """Act for the runners of CONFIGURATION from now on. Raises Wrong for their `user`."""
        runners = configuration.runners
        several = len(runners) > 1
        self.configuration = configuration
        self.each = [
            RunnerActions(
                RunnerClient(runner),
                self.who if self.native else "",
                f"{runner.name}: " if several else "",
                [one for one in configuration.all if one.socket_name == runner.socket_name],
            )
            for runner in runners
        ]

    def begin(self, line: str) -> None:
        """Say if a manager keeps another program than the one that is meant.

        LINE is what is asked for next: where a program reads the answer to that, it is no part
        of it.
        """
        word, rest = split(line)
        apart = self.native and word == "status" and JSON.intersection(rest.split())
        for actions in self.each:
            try:
                lines = warning(actions.client.status(), actions.client.runner.program)
            except Unanswered:
                # What is asked of it next will say so.
                continue
            for text in lines:
                if apart:
                    err(self.who, text)
                else:
                    out(text + "\n")

    def run(self, line: str, words: list[str]) -> Code:
        """Do what LINE says; WORDS are those behind its first, as they were given."""
        word, rest = split(line)
        if not line:
            self.status("")
            return DONE
        act = self._known(word)
        if act is None:
            return self.unknown(line)
        return act(rest, words)

    def _known(self, word: str) -> "Callable[[str, list[str]], Code] | None":
        if word in ("start", "restart", "foreground", "fg"):
            return lambda _rest, words: self._starts(word, words)
        plain: dict[str, Callable[[str], Code]] = {
            "stop": lambda _rest: self._all(RunnerActions.stop),
            "wait": lambda _rest: self._all(RunnerActions.wait),
            "status": self.status,
            "kill": self.kill,
            "reopen_transcript": lambda _rest: self._all(kill_action.reopen),
            "logreopen": lambda _rest: self._all(
                lambda actions: kill_action.log_reopen(actions, native=self.native)
            ),
            "logtail": self.logtail,
            "show": self.show,
            "help": self.help,
        }
        if self.native:
            plain["version"] = self.version
        act = plain.get(word)
        return None if act is None else lambda rest, _words: act(rest)

    def words(self) -> list[str]:
        """All words that run() knows."""
        names = help_texts.topics(native=self.native)
        return [name for name in names if self._known(name)]

    def unknown(self, line: str) -> Code:
        """Say that nobody knows what LINE means."""
        show_line(f"*** Unknown syntax: {line}")
        if self.native:
            from ..base.slips import near

            known = [name.encode() for name in self.words()]
            meant = near(os.fsencode(split(line)[0]), known).decode()
            hint = f"did you mean {meant}?" if meant else "`help` lists the actions"
            err(self.who, hint)
        return WRONG

    def _all(self, act: "Act") -> Code:
        return worst([self._one(actions, act) for actions in self.each])

    def _one(self, actions: RunnerActions, act: "Act") -> Code:
        try:
            return act(actions)
        except Unanswered as error:
            if not self.native:
                out(NO_MANAGER + "\n")
            err(self.who, f"fatal: {error}")
            return UNKNOWN

    def _starts(self, word: str, words: list[str]) -> Code:
        """start, restart and fg, which take WORDS for the program."""
        if word == "start":
            return start(self.each, words, self.who)
        if word == "restart":
            return self._all(lambda actions: actions.restart() or self._start(actions, words))
        if len(self.each) > 1:
            err(self.who, "fatal: unable to run several in the foreground: name one by --runner")
            return WRONG
        from .foreground import foreground

        return self._one(
            self.each[0],
            lambda actions: foreground(
                actions.client, words, self.who, native=self.native, stay=self.stays
            ),
        )

    def _start(self, actions: RunnerActions, words: list[str]) -> Code:
        # zdaemon itself forgets after a restart how that went.
        return Code(start([actions], words, self.who).ours)

    def status(self, rest: str) -> Code:
        """Say how all are."""
        words = rest.split() if self.native else [rest] if rest else []
        if set(words) - {"-l"} - (JSON if self.native else set()):
            out("status argument must be absent or -l\n")
            return Code(WRONG.ours, 1)
        if JSON.intersection(words):
            from .status_json import show

            return show([actions.client for actions in self.each])
        return worst([actions.status(long="-l" in words) for actions in self.each])

    def kill(self, rest: str) -> Code:
        """Send a signal to all."""
        return self._all(lambda actions: kill_action.kill(actions, rest, native=self.native))

    def logtail(self, rest: str) -> Code:
        """Follow a log until ^C."""
        from .log_tail import follow

        path = rest or self.configuration.values["logfile"]
        if not path:
            out("No default log file specified; use logtail <logfile>\n")
            return WRONG
        try:
            follow(str(path), native=self.native)
        except KeyboardInterrupt:
            out("\n")
        except OSError as error:
            out(f"{error}\n")
            return FAILED
        return DONE

    def show(self, rest: str) -> Code:
        """Show the options, what Python this is, or both."""
        what = rest or "options"
        if what not in SHOWS:
            out(f"'ZDCmd' object has no attribute 'show_{what}'\n" if not self.native else "")
            self.help("show")
            return WRONG
        shown = []
        if what != "python":
            shown.append(show_options(self.configuration))
        if what != "options":
            shown.append(_python())
        out("\n".join(shown))
        return DONE

    def help(self, rest: str) -> Code:
        """Help with one action, or the list of them."""
        topics = help_texts.topics(native=self.native)
        if not rest:
            out(help_texts.listing([name for name in topics if name != "EOF"]))
        elif rest in topics:
            out(topics[rest])
        else:
            show_line(f"*** No help on {rest}")
            return WRONG
        return DONE

    def version(self, _rest: str) -> Code:
        """Say which release this is."""
        from .. import __version__

        out(f"{self.who} (pydaemontools) {__version__}\n")
        return DONE


def split(line: str) -> tuple[str, str]:
    """The word that LINE begins with, and the rest of it, as Python's cmd has them."""
    line = line.strip()
    if line[:1] == "?":
        line = "help " + line[1:]
    word = line[: len(line) - len(line.lstrip(LETTERS))]
    return word, line[len(word) :].strip()


def _python() -> str:
    version = sys.version.replace("\n", "\n" + " " * 14)
    rows = [
        "Python info:",
        f"Version:      {version}",
        f"Platform:     {sys.platform}",
        f"Executable:   {sys.executable!r}",
        f"Arguments:    {sys.argv!r}",
        f"Directory:    {os.getcwd()!r}",
        "Path:",
        *(f"    {place!r}" for place in sys.path),
    ]
    return "\n".join(rows) + "\n"
