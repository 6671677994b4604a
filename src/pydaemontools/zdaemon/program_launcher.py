"""Starts the program of a runner, and its start test."""

import posix

from ..base import cli
from ..base.process import environ, fsencode, limits
from ..chain import pathexec as chain
from ..supervise.launcher import Launcher
from ..supervise.rules import Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .event_log import EventLog

NOT_RUN = 127  # the exit code of a program that could not be exec'ed


class ProgramLauncher(Launcher):
    """Starts ARGV, which is FILE; its start test is the words TEST."""

    argv: list[bytes]
    file: bytes
    test: list[bytes]
    events: "EventLog"

    def run(self, rules: Rules, fd_map: dict[int, int]) -> int:  # noqa: ARG002 - they hold for all
        """Start the program; return its pid. Raises OSError."""
        chained = bool(chain.recognise(self.file))
        plain = not (chained or self.notify_address or limits)
        self._show_later(chained=chained)
        return self._start(self.file, self.argv, fd_map, self._become_program, plain=plain)

    def helper(
        self,
        file: bytes,
        callback: "Callable[[int], None]",
        body: "Callable[[], int] | None" = None,
    ) -> int:
        """Run the start test in the place of FILE; then call CALLBACK with its wait status."""

        def ended(status: int) -> None:
            self.events.debug("start test failed" if status else "start test succeeded")
            callback(status)

        return super().helper(file, ended, body or self._become_test)

    def control_script(self, letter: str) -> bool:  # noqa: ARG002
        """There are no scripts."""
        return False

    # In the child.

    def _become_program(self) -> int:
        if self.notify_address:
            environ[b"NOTIFY_SOCKET"] = self.notify_address
        return _become(self.file, self.argv)

    def _become_test(self) -> int:
        return _become(find(self.test[0]) or self.test[0], self.test)


def find(name: bytes) -> bytes:
    """The file that NAME means, by PATH if it has no slash; nothing if none may be run."""
    files = chain.search(name, environ.get(b"PATH"))
    return next((file for file in files if posix.access(file, posix.X_OK)), b"")


def check_program(name: str) -> None:
    """Raise Quit if the program NAME is not there to be run, in zdaemon's words."""
    if find(fsencode(name)):
        return
    if "/" not in name:
        path = environ.get(b"PATH", b"/bin:/usr/bin").decode("utf-8", "surrogateescape")
        what = f"can't find program {name!r} on PATH {path.split(':')}"
    elif not posix.access(fsencode(name), posix.F_OK):
        what = f"can't stat program {name!r}"
    else:
        what = f"no permission to run program {name!r}"
    raise cli.Quit(2, what.encode("utf-8", "backslashreplace"))


def check_test(words: tuple[str, ...]) -> None:
    """Raise Quit if the start test WORDS cannot be run: nobody would ever know of the start."""
    # Any other path counts from the directory of the program.
    if words and ("/" not in words[0] or words[0][0] == "/"):
        check_program(words[0])


def _become(file: bytes, argv: list[bytes]) -> int:
    """Be FILE with ARGV; say why not, in zdaemon's words."""
    try:
        return chain.start(file, argv)
    except OSError as error:
        shown, number = file.decode("utf-8", "backslashreplace"), error.errno or 0
        what = f"can't exec {shown!r}: [Errno {number}] {posix.strerror(number)}: {shown!r}\n"
        posix.write(2, what.encode())
        return NOT_RUN
