"""What goes wrong with a daemon, each error with what was known of it."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Error(Exception):
    """Something could not be done with a daemon; the text says what, to what, and why."""


class OptionError(Error):
    """An option lacks, or means nothing; nothing was done."""


class StartupError(Error):
    """A daemon did not start.

    `step` is where it failed (`setsid`, `lock`, `exec`, ...; `run` once its own code ran), `pid`
    its process if it had one, `status` the wait status of that if it has ended (see
    os.waitstatus_to_exitcode). `exception` is what the daemon raised, made anew here, and
    `traceback` the text of its traceback; `lines` are the last that it wrote into its log. `hint`
    is what may help.
    """

    def __init__(
        self,
        text: str,
        *,
        step: str = "",
        pid: int = 0,
        status: int | None = None,
        exception: BaseException | None = None,
        traceback: str = "",
        lines: "Sequence[str]" = (),
        hint: str = "",
    ) -> None:
        super().__init__(text)
        self.hint = hint
        self.step = step
        self.pid = pid
        self.status = status
        self.exception = exception
        self.traceback = traceback
        self.lines = list(lines)
        if hint:
            self.add_note(hint)
        if traceback:
            self.add_note("In the daemon:\n" + traceback.rstrip("\n"))
        if lines:
            self.add_note("Its last lines:\n" + "\n".join(lines))


class Timeout(Error):
    """A daemon was not ready, or had not ended, in time: in `seconds`.

    `pid` is its process. One that was not ready in time has been ended; `step` is where it was,
    and `lines` are the last that it wrote into its log.
    """

    def __init__(
        self,
        text: str,
        *,
        seconds: float,
        pid: int = 0,
        step: str = "",
        lines: "Sequence[str]" = (),
    ) -> None:
        super().__init__(text)
        self.seconds = seconds
        self.pid = pid
        self.step = step
        self.lines = list(lines)
        if lines:
            self.add_note("Its last lines:\n" + "\n".join(lines))


class AlreadyRunning(Error):
    """Another process holds the lock: `path`, and `pid`, `command` and `age` (seconds) of it.

    The pid is 0 where nobody tells, as across namespaces; the age None.
    """

    def __init__(
        self, path: str, pid: int = 0, command: str = "", age: float | None = None
    ) -> None:
        self.path = path
        self.pid = pid
        self.command = command
        self.age = age
        who = f"process {pid}" if pid else "a process that is not to be seen"
        who += f": {command}" if command else ""
        since = f", for {shown_age(age)}" if age is not None else ""
        super().__init__(f"unable to lock {path}: it is held by {who}{since}")


def shown_age(seconds: float) -> str:
    """SECONDS for a person, in the two largest units."""
    left, parts = int(seconds), []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"
