"""Stopping a daemon that runs: told by a signal or a command, waited for, and killed in the end."""

import os
import signal
from time import monotonic, sleep

from ..base import proc
from ..base.errors import error_str
from ..base.pidfd import open_pidfd, send_signal
from .end_processes import LAST, LOOK, wait_for_end
from .failures import Error, OptionError, Timeout
from .signal_numbers import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .lock_file import Holder

GRACE = 0.5  # seconds that what a daemon left in its process group has to obey TERM


def number_of(signum: int | str) -> int:
    """The signal SIGNUM, a number or a name with or without SIG, in any case. Raises Error."""
    if isinstance(signum, bool) or not isinstance(signum, (int, str)):
        raise OptionError(f"a signal is a number or a name, and not {signum!r}")
    try:
        if isinstance(signum, str) and not signum.isdecimal():
            name = "SIG" + signum.upper().removeprefix("SIG")
            return signal.Signals.__members__.get(name) or number(name)
        found = int(signum)
    except ValueError:
        raise OptionError(f"there is no signal {signum!r}") from None
    if found not in signal.valid_signals():
        raise OptionError(f"there is no signal {found}")
    return found


class Running:
    """A daemon NAME that runs, as HOLDER of its lock: a process that stays the same one.

    By pid and start time, and by a pidfd as long as a signal is sent.
    """

    def __init__(self, name: str, holder: "Holder") -> None:
        self.name = name
        self.pid = holder.pid
        self._start = holder.start
        try:
            self._session = os.getsid(self.pid)
            self._leads = os.getpgid(self.pid) == self.pid
        except OSError:
            self._session, self._leads = -1, False

    def signal(self, signum: int, *, group: bool = False) -> None:
        """Send it SIGNUM, or to all of its process GROUP if it leads one. Raises Error."""
        try:
            if group and self._leads:
                self._signal_group(signum)
                return
            pidfd = open_pidfd(self.pid, self._start)
            try:
                send_signal(pidfd, self.pid, self._start, signum)
            finally:
                if pidfd >= 0:
                    os.close(pidfd)
        except OSError as error:
            why = error_str(error).decode()
            raise Error(f"unable to signal {self.name}, process {self.pid}: {why}") from error

    def _signal_group(self, signum: int) -> None:
        if proc.start_time(self.pid) != self._start:
            raise ProcessLookupError(3, "")
        os.killpg(self.pid, signum)

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended, SECONDS at most; whether it has."""
        return wait_for_end(self.pid, self._start, seconds)

    def stop(self, signum: int, seconds: float, *, group: bool, escalate: bool) -> None:
        """Have it end by SIGNUM in SECONDS, or ESCALATE to KILL then. Raises Timeout, Error."""
        try:
            self.signal(signum, group=group)
            # One that is stopped hears of it only then.
            self.signal(signal.SIGCONT, group=group)
        except Error as error:
            if not isinstance(error.__cause__, ProcessLookupError):
                raise
        self.see_it_end(seconds, seconds, escalate=escalate)

    def see_it_end(self, left: float, seconds: float, *, escalate: bool) -> None:
        """Wait until it has ended for what is LEFT of SECONDS; then KILL it, if it is to ESCALATE.

        What it left in its process group is ended too. Raises Timeout.
        """
        if not self.wait(left):
            if not escalate:
                raise self._late(seconds)
            try:
                self.signal(signal.SIGKILL, group=True)
            except Error as error:
                if not isinstance(error.__cause__, ProcessLookupError):
                    raise
            if not self.wait(LAST):
                raise self._late(seconds + LAST)
        if self._leads:
            self._end_group()

    def _end_group(self) -> None:
        """End what is left in its group: TERM, and KILL a moment later."""
        for signum in (signal.SIGTERM, signal.SIGCONT):
            _signal_all(self._members(), signum)
        end = monotonic() + GRACE
        while self._members() and monotonic() < end:
            sleep(LOOK)
        end = monotonic() + LAST
        while (left := self._members()) and monotonic() < end:
            _signal_all(left, signal.SIGKILL)
            sleep(LOOK)

    def _members(self) -> list[int]:
        """Those in its group and session; while there is one, the number is nobody else's."""
        found = [(pid, proc.stat(pid)) for pid in proc.pids()]
        ours = [b"%d" % self.pid, b"%d" % self._session]
        return [pid for pid, fields in found if fields[2:4] == ours and fields[0] != b"Z"]

    def _late(self, seconds: float) -> Timeout:
        text = (
            f"unable to stop {self.name}: process {self.pid} has not ended in {seconds:g} seconds"
        )
        return Timeout(text, seconds=seconds, pid=self.pid)


def _signal_all(pids: list[int], signum: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, signum)
        except (ProcessLookupError, PermissionError):
            continue
