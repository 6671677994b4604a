"""Ends a service for good: itself first, and when no scanner sees it any more its supervisors."""

import posix
from time import monotonic, sleep

from ..base.locks import holder_pid, lock_directory
from ..base.status import WANTED_DOWN
from .commands import Command
from .hint import remedy
from .person_steps import person_steps
from .reader import find_status
from .servicefiles import Trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .reader import Found

KILLED = 5.0  # seconds that what was killed has at least
SOON = 0.01  # seconds from one look at what is being started to the next


class ServiceEnd:
    """Ends services, with SECONDS for each step; with FORCE one that takes longer is killed."""

    def __init__(self, seconds: float, *, force: bool) -> None:
        self.seconds = seconds
        self.force = force
        self._was_up = False
        self._lock = -1  # of what nobody supervised: as long as we have it nobody of our kind does

    def close(self) -> None:
        """Let others supervise what is still there."""
        if self._lock >= 0:
            posix.close(self._lock)

    def service(self, directory: bytes) -> None:
        """Have the service in DIRECTORY down, if anybody supervises it; raises Trouble.

        Where nobody does, but its supervisor was killed and it goes on, too: nobody would end it.
        """
        status, trouble = self._find(directory)
        if status is None:
            if trouble and not trouble.unsupervised:
                raise trouble
            _check_left(directory)
            return
        self._was_up = status.want not in WANTED_DOWN
        if self._down(directory):
            return
        if not self.force:
            late = b"still runs after %g seconds; it was told to end, and nothing is removed"
            raise Trouble(late % self.seconds + b" (-f kills it)")
        raise Trouble(b"still runs, though it was killed; nothing is removed")

    def _down(self, directory: bytes) -> bool:
        """Have what is in DIRECTORY down; whether it is."""
        if self._tell("d", directory, force=self.force):
            return True
        return self.force and self._tell("d", directory, seconds=max(KILLED, self.seconds))

    def _find(self, directory: bytes) -> "Found":
        """As find_status(); what is just being started has its time to say how it is.

        Raises Trouble where it does not.
        """
        end = monotonic() + self.seconds
        while True:
            status, trouble = find_status(directory)
            if not (trouble and (begun := self._begun(directory, trouble))):
                return status, trouble
            if monotonic() > end:
                late = b"nothing is removed, as it is just being started (-w waits longer): "
                raise Trouble(late + begun)
            sleep(SOON)

    def _begun(self, directory: bytes, trouble: Trouble) -> bytes:
        """By whom what is in DIRECTORY is just being started, if that is the TROUBLE."""
        if trouble.begins:
            return trouble.plainly()
        if not trouble.unsupervised:
            return b""
        if self._lock < 0:
            self._lock, held = lock_directory(directory, directory, patient=False)
            if held:
                return held
        # Those of other kinds lock a file.
        try:
            pid = holder_pid(posix.stat(directory + b"/supervise/lock"))
        except OSError:
            return b""
        return directory + b"/supervise/lock is held by process %d" % pid if pid else b""

    def undo(self, directory: bytes) -> None:
        """Have the service in DIRECTORY up again if it was."""
        if self._was_up:
            person_steps(Command("u", waits=False, force=False), json=True, limit=0)[0].run(
                [_as_path(directory)]
            )

    def supervisors(self, directory: bytes) -> None:
        """Have those end who supervise the service in DIRECTORY, and its logger; raises Trouble."""
        # Where one keeps both, the second has left with the first.
        for place in (directory, directory + b"/log"):
            if self._find(place)[0] is None:
                continue
            if self._tell("x", place):
                continue
            if self.force:
                # What a supervisor waits for when its service has ended is the logger.
                self._down(directory + b"/log")
                if self._tell("x", place, seconds=max(KILLED, self.seconds)):
                    continue
            late = b"its supervisor%s has not ended in %g seconds; nothing is removed"
            of = b"" if place == directory else b" of the logger"
            hint = b"" if self.force else b" (-f kills its logger)"
            raise Trouble(late % (of, self.seconds) + hint)

    def _tell(
        self, letters: str, directory: bytes, *, force: bool = False, seconds: float = 0
    ) -> bool:
        """Tell the supervisor of DIRECTORY, and wait; whether it came to that."""
        command = Command(letters, waits=True, force=force)
        limit = seconds or self.seconds
        steps, _ = person_steps(command, json=True, limit=limit)
        failed = steps.run([_as_path(directory)])
        posix.close(steps.home)
        return not failed


def _as_path(directory: bytes) -> bytes:
    """DIRECTORY as a name that is looked for nowhere else."""
    return directory if directory[:1] in (b"/", b".") else b"./" + directory


def _check_left(directory: bytes) -> None:
    """Raise Trouble where a supervisor that was killed left something of what is in DIRECTORY."""
    for place in (directory, directory + b"/log"):
        if pid := _left_in(place):
            goes_on = b"not removed, as its supervisor was killed and process %d goes on" % pid
            raise Trouble(goes_on + remedy(directory))


def _left_in(place: bytes) -> int:
    """A process that a supervisor left which was killed, of the service in PLACE; 0 if none is."""
    from ..jobs.process_table import ProcessTable
    from ..supervise.dialect import DIALECTS
    from ..supervise.predecessor import find
    from ..supervise.servicedir import ServiceDir
    from ..supervise.statefile import parse_state

    files = ServiceDir(DIALECTS[b"pysupervise"], place, b"", place)
    try:
        left = find(files, parse_state(files.read(b"state")), ProcessTable)
        return next(iter(left.strays()), 0) if left else 0
    except OSError:
        # Nobody was ever there.
        return 0
    finally:
        files.close()
