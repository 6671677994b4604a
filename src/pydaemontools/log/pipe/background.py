"""What takes long, in threads: to have a file on disk, or to remove a large one.

Either may take a second, for which whoever prints would have to wait: `host` is what has such a
job done. Each job has a thread, so that one whose disk does not answer holds up no other; a log
directory has two jobs at the most. Whoever asked for a job has a turn when it is done. Where
there is no host, as under the names of the originals, a job is done at once.
"""

import posix
from _thread import allocate_lock, start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# What does jobs, in a process that has threads for them.
host: "Background | None" = None
many = False  # whether the process has the pumps of many services: then none may wait long


class Job:
    """WHAT, done in a thread: `done`, and the `error` that it met, if it did."""

    __slots__ = ("_lock", "_what", "done", "error")

    def __init__(self, what: "Callable[[], None]") -> None:
        self.done = False
        self.error: OSError | None = None
        self._what = what
        self._lock = allocate_lock()
        self._lock.acquire()

    def run(self) -> None:
        """Do it, now and here."""
        try:
            self._what()
        except OSError as error:
            self.error = error
        finally:
            self.done = True
            self._lock.release()

    def wait(self) -> None:
        """Wait until it is done."""
        with self._lock:
            pass


class Background:
    """Does jobs; `source` can be read when some are done. `owner` is who asks for them now."""

    def __init__(self) -> None:
        self.source, self._sink = posix.pipe2(posix.O_NONBLOCK | posix.O_CLOEXEC)
        self.owner: object = None
        self._done: list[object] = []

    def submit(self, what: "Callable[[], None]") -> Job:
        """Have WHAT done, which may raise OSError."""
        job, owner = Job(what), self.owner
        try:
            start_new_thread(self._run, (job, owner))
        except RuntimeError:
            # There can be no thread: as where there is one pump.
            job.run()
        return job

    def _run(self, job: Job, owner: object) -> None:
        job.run()
        self._done.append(owner)
        try:
            posix.write(self._sink, b"\0")
        except BlockingIOError:
            # Many have been told of already.
            pass

    def finished(self) -> list[object]:
        """Those whose jobs are done since the last time."""
        try:
            posix.read(self.source, 4096)
        except BlockingIOError:
            return []
        return [self._done.pop(0) for _ in range(len(self._done))]
