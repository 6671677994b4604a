"""What runsvstat, runsvctrl, svwaitup and svwaitdown have in common: runit's tools before sv."""

import posix

from ..base import cli
from .servicefiles import READ, RawReader, Trouble, open_control, reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..base.status import Status

MOST = 100  # services that failed, which the exit code tells


class Services:
    """The services that a tool called NAME goes through; `failed` counts those that it warned of.

    Raises Quit where the directory cannot be come back to, with the code LOST.
    """

    def __init__(self, name: bytes, lost: int, here: bytes, back: bytes) -> None:
        self.name = name
        self.failed = 0
        self._lost = lost
        self._back = back
        try:
            self._home = posix.open(b".", READ)
        except OSError as error:
            raise self._fatal(here, error) from None

    def _fatal(self, what: bytes, error: OSError) -> cli.Quit:
        return cli.Quit(self._lost, b"fatal: " + what + b": " + reason(error))

    def back(self) -> None:
        """Go back to where we were."""
        try:
            posix.fchdir(self._home)
        except OSError as error:
            raise self._fatal(self._back, error) from None

    def enter(self, service: bytes) -> bool:
        """Go to SERVICE; False, with a warning, where that is not to be."""
        try:
            posix.chdir(service)
        except OSError as error:
            self.warn(service + b": unable to change directory", error)
            return False
        return True

    def warn(self, text: bytes, error: OSError | None = None) -> None:
        """Say TEXT of a service, and why; it counts as one that failed."""
        self.failed += 1
        cli.say(self.name + b": warning: " + text + (b": " + reason(error) if error else b""))

    def info(self, text: bytes) -> None:
        """Say TEXT."""
        cli.say(self.name + b": " + text)

    @property
    def code(self) -> int:
        """The exit code."""
        return min(self.failed, MOST)


class Refused(Exception):
    """A supervisor could not be told: what failed, and the error."""

    def __init__(self, doing: bytes, error: OSError) -> None:
        super().__init__(doing, error)
        self.doing = doing
        self.error = error


def tell(letters: bytes) -> None:
    """Tell the supervisor of the current directory LETTERS; raises Refused."""
    doing = b"unable to open supervise/control"
    try:
        fd = open_control()
        doing = b"unable to write to supervise/control"
        try:
            posix.set_blocking(fd, True)
            posix.write(fd, letters)
        finally:
            posix.close(fd)
    except OSError as error:
        raise Refused(doing, error) from None


def waited_for(services: Services, service: bytes, *, gone: bool = False) -> "Status | None":
    """The status of SERVICE, where we are; None, with a warning, where there is none.

    That nobody supervises it is no warning where it is to be GONE.
    """
    try:
        return RawReader(18).read()
    except Trouble as trouble:
        if trouble.nobody:
            if not gone:
                services.warn(service + b": runsv not running.")
        elif trouble.error is None:
            services.warn(service + b": " + trouble.text + b".")
        else:
            # Of the status it says so without a colon.
            colon = b": " if trouble.text.endswith(b"/ok") else b""
            services.warn(service + colon + trouble.text, trouble.error)
    return None


def usage(name: bytes, words: bytes) -> cli.Quit:
    """Quit as these tools do because of wrong usage: an empty line, and 1."""
    cli.say(b"usage: " + name + b" " + words, b"")
    return cli.Quit(1)


def options(
    argv: list[bytes], letters: bytes, words: bytes, version: bytes
) -> tuple[dict[bytes, bytes], list[bytes]]:
    """The options and the rest of ARGV, which is not empty; -V says VERSION. Raises Quit."""

    def each(letter: bytes, _value: bytes) -> None:
        if letter == b"V":
            cli.say(version)
            raise usage(argv[0], words)

    try:
        found, rest = cli.options(argv, (b"", b""), letters + b"V", each=each)
    except cli.Quit as end:
        if not end.lines:
            raise
        cli.say(argv[0] + b": " + end.lines[0])
        raise usage(argv[0], words) from None
    if not rest:
        raise usage(argv[0], words)
    return dict(found), rest
