"""What a manager does with the lines that clients send; the replies are zdaemon's."""

import _signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .control_socket import Client
    from .kept_program import KeptProgram

SIGNALS = range(_signal.NSIG)


class Orders:
    """Obeys clients about PROGRAMS, by their names; REOPEN is called to reopen all logs."""

    def __init__(self, programs: "Mapping[str, KeptProgram]", reopen: "Callable[[], None]") -> None:
        self._programs = programs
        self._reopen = reopen
        self._commands: dict[str, Callable[[list[str]], str]] = {
            "help": self._help,
            "kill": self._kill,
            "reopen_transcript": self._reopen_all,
            "restart": self._restart,
            "start": self._start,
            "status": self._status,
            "stop": self._stop,
        }

    def obey(self, client: "Client", line: str) -> None:
        """Do what LINE says, and tell CLIENT."""
        words = line.split()
        if not words:
            client.tell("Empty command\n")
        elif words[0] == "wait":
            self._wait(client, words[1:])
        elif words[0] in self._commands:
            client.tell(self._obey(words[0], words[1:]))
        else:
            client.tell(f"Unknown command {words[0]!r}; 'help' for a list\n")

    def _obey(self, command: str, words: list[str]) -> str:
        """The reply to COMMAND with WORDS."""
        unknown = [word for word in words if word not in self._programs]
        if unknown and command in ("start", "stop", "restart", "status"):
            return f"Unknown runner {unknown[0]!r}\n"
        return self._commands[command](words)

    def _named(self, words: list[str]) -> "list[KeptProgram]":
        """The programs that WORDS name; all of them if there are none."""
        if not words:
            return list(self._programs.values())
        return [self._programs[word] for word in words if word in self._programs]

    def _help(self, _words: list[str]) -> str:
        shown = {"kill": "kill [signal]", "wait": "wait started | stopped"}
        return "".join(f"{shown.get(one, one)}\n" for one in sorted([*self._commands, "wait"]))

    def _start(self, words: list[str]) -> str:
        done = [one.up() for one in self._named(words)]
        return "Application started\n" if any(done) else "Application already started\n"

    def _stop(self, words: list[str]) -> str:
        done = [one.down() for one in self._named(words)]
        return "Sent SIGTERM\n" if any(done) else "Application already stopped\n"

    def _restart(self, words: list[str]) -> str:
        done = [one.restart() for one in self._named(words)]
        return "Sent SIGTERM; will restart later\n" if any(done) else "Application started\n"

    def _kill(self, words: list[str]) -> str:
        given = [word for word in words if word not in self._programs][:1]
        named = [word for word in words if word in self._programs]
        try:
            signum = int(given[0]) if given else int(_signal.SIGTERM)
        except ValueError:
            return f"Bad signal {given[0]!r}\n"
        replies = [self._send(one, signum) for one in self._named(named) if one.runs]
        return replies[0] if replies else "Application not running\n"

    def _send(self, program: "KeptProgram", signum: int) -> str:
        try:
            if signum not in SIGNALS:
                raise OSError(22, "Invalid argument")
            program.signal(signum)
        except OSError as error:
            return f"Kill {signum} failed: {error}\n"
        return f"Signal {signum} sent\n"

    def _status(self, words: list[str]) -> str:
        text = self._named(words)[0].status()
        if len(self._programs) > 1:
            text += f"runners={' '.join(self._programs)}\n"
        return text

    def _reopen_all(self, _words: list[str]) -> str:
        self._reopen()
        return ""

    def _wait(self, client: "Client", words: list[str]) -> None:
        """Tell CLIENT later, of each program that WORDS name: what they wait for comes first."""
        event, names = (words or [""])[0], words[1:]
        if event not in ("started", "stopped"):
            client.tell(f"Bad event {event!r}\n")
            return
        self.promise(client, event, self._named(names))

    def promise(self, client: "Client", event: str, programs: "list[KeptProgram]") -> None:
        """Tell CLIENT when EVENT is known of each of PROGRAMS; hang up when all is told."""
        left = set(programs)

        def telling(one: "KeptProgram") -> "Callable[[str], None]":
            def tell(text: str) -> None:
                left.discard(one)
                name = f"runner={one.runner.name}\n" if one.runner.name else ""
                client.tell(text + name + "\n", last=not left)

            return tell

        tells = {one: telling(one) for one in programs}

        def forget() -> None:
            for one, tell in tells.items():
                one.waiting.forget(tell)

        client.on_close = forget
        for one, tell in tells.items():
            (one.waiting.for_start if event == "started" else one.waiting.for_stop)(tell)
