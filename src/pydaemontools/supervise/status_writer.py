"""Writes what is to be seen of a service: the files in supervise/.

They are written at the end of a turn of the loop, when what was to be started has been; and
only where they do not say so already.
"""

import posix
from time import monotonic, time_ns

from ..base.status import FINISH, RUN, Status
from .rules import FOREVER
from .service import Service
from .servicedir import ServiceDir
from .state import DOWN, FINISHING, LEFT, SWEEPING, UP, WAIT
from .statefile import (
    ADOPTION,
    MOST_DEATHS,
    add_deaths,
    end_in_words,
    format_death,
    format_state,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

STARTING = b"starting"
ROOM = 32  # bytes for what it says: a pid and a start time, at most
RETRY = 1.0  # seconds until what could not be written is tried again
# What the status file calls a phase, if not down.
IN_STATUS = {UP: RUN, SWEEPING: FINISH, FINISHING: FINISH}
STATES, DOWN_OR_RUN = 4, 3  # how many there are, and what stands for any other
NEVER = FOREVER, b""
# What the file `state` calls it, which says more.
IN_STATE = {DOWN: b"down", WAIT: b"wait", UP: b"run", SWEEPING: b"finish", FINISHING: b"finish"}


class StatusWriter:
    """Writes how SERVICE is into the supervise/ of FILES.

    `text` is what the service says of itself, `deaths` are those that history
    lacks, with what format_death() takes.
    """

    __slots__ = (
        "_next",
        "_ready_since",
        "_shown",
        "_warned",
        "deaths",
        "files",
        "row",
        "s6",
        "service",
        "since",
        "text",
        "told",
    )

    def __init__(self, service: Service, files: ServiceDir) -> None:
        self.service = service
        self.files = files
        self.text = ""
        self.s6 = False  # whether the status goes on with what s6's tools read
        self.told: Callable[[StatusWriter], None] | None = None  # whoever is to know it as well
        self.row = -1  # what this is to them
        self.deaths: tuple[tuple[tuple[int, int, float, int | None], str, bytes], ...] = ()
        self._shown = -1  # the process, and its state, as the files say
        self.since = 0  # nanoseconds of Unix time, when the process of the service changed
        self._ready_since = 0
        self._next = NEVER  # when the next start is due: on the loop's clock, and in words
        self._warned = False

    def write(self) -> None:
        """Write what has changed; if that cannot be, say so once and try again."""
        service = self.service
        # Where nothing can be written they would grow for ever.
        self.deaths = self.deaths[-MOST_DEATHS:]
        shown = self._to_show()
        if self._shown != shown:
            self._shown = shown
            self.since = time_ns()
            # What was just started goes first.
            if not self.files.sparing:
                posix.sched_yield()
        try:
            self._write()
        except OSError as error:
            if not self._warned:
                self._warned = True
                what = self.files.shown + b"supervise/" + (error.filename or b"status")
                service.warn(b"unable to write " + what, error)
            service.loop.at(monotonic() + RETRY, service.show)
        else:
            self._warned = False
        self.tell()

    def tell(self) -> None:
        """Have whoever is to know look at it again."""
        if self.told:
            self.told(self)

    def says_so(self) -> bool:
        """Whether the files say how the service is now, as far as its process is concerned."""
        return self._shown == self._to_show() and not self._warned

    def _to_show(self) -> int:
        """Which process there is, and how the status file calls its state; one number."""
        return self.service.pid * STATES + IN_STATUS.get(self.service.state.phase, DOWN_OR_RUN)

    def _write(self) -> None:
        service, state, files = self.service, self.service.state, self.files
        pid = service.pid
        status = Status(
            self.since,
            pid,
            {"o": ""}.get(state.want, state.want),
            paused=state.paused,
            term=state.term,
            leaving=state.leaving,
            state=IN_STATUS.get(state.phase),
        )
        if files.dialect.native:
            # Before the status: who sees that it is up can see whether it is ready.
            self.write_state()
        encoded = status.encode(files.dialect.length)
        if self.s6:
            status.ready = state.phase in (DOWN, WAIT, LEFT) or (
                state.phase == UP and state.ready and state.rules.waits_ready
            )
            encoded += status.encode_s6(service.wait_status)
        if files.dialect.full:
            # As in runit: who sees a new status finds the same in these.
            files.write(b"pid", b"%d\n" % pid if pid else b"")
            files.write(b"stat", status.words())
        files.write(b"status", encoded)
        if self.deaths:
            # Last: whatever is wrong with it, the rest is right.
            fresh = [format_death(*ended, why=why, output=last) for ended, why, last in self.deaths]
            files.write(b"history", add_deaths(files.read(b"history"), fresh))
            self.deaths = ()

    def resume(self, pid: int, words: dict[bytes, bytes], up: float) -> None:
        """The run PID has been up for UP seconds, and is as WORDS say that were written of it."""
        self._shown = pid * STATES + RUN
        self.since = time_ns() - int(up * 1e9)
        since = words.get(b"readysince", b"")
        self._ready_since = int(since) if since.isdigit() else 0
        self.text = words.get(b"text", b"").decode("utf-8", "replace")
        adopted = time_ns(), pid, up, ADOPTION
        self.deaths += ((adopted, "left by a supervisor that died", b""),)

    def starting(self, run: bytes) -> bool:
        """Have the file `state` say what is known of a RUN that starts; False if that cannot be."""
        try:
            self.files.patch(len(STARTING) + 1, run.ljust(ROOM))
        except OSError:
            return False
        return True

    def write_state(self, starting: bytes = b"0") -> None:
        """Write the file `state`; when nobody will write it any more, remove it.

        STARTING is what starting() is to write over. Raises OSError.
        """
        state = self.service.state
        if state.phase == LEFT:
            self.files.remove_state()
            return
        if not state.ready:
            self._ready_since = 0
        elif not self._ready_since:
            # What is ready when it has been started has been since then.
            self._ready_since = time_ns() if state.rules.waits_ready else self.since
        failed = state.phase == DOWN and state.failed
        word = b"failed" if failed else IN_STATE[state.phase]
        pairs = {
            STARTING: starting.ljust(ROOM),  # the first, or starting() would not find it
            b"state": word,
            b"want": state.want.encode(),
            b"ready": b"%d" % state.ready,
            b"says": b"%d" % state.rules.waits_ready,
            b"readysince": b"%d" % self._ready_since if state.ready else b"",
            b"text": self.text.encode(),
            b"why": state.why.encode(),
            b"starts": b"%d" % self.service.starts,
            b"next": self._next_start(),
        }
        if state.failures:
            pairs |= {
                b"failures": b"%d" % state.failures,
                b"ended": end_in_words(self.service.wait_status),
            }
        pairs |= self.service.record()
        self.files.write(b"state", format_state(pairs))

    def _next_start(self) -> bytes:
        """When the next start is due, in nanoseconds of Unix time; nothing if none is.

        Always the same for one: two clocks give two numbers each time that they are read.
        """
        state = self.service.state
        due = state.due if state.phase == WAIT else FOREVER
        if due != self._next[0]:
            when = b"%d" % (time_ns() + int((due - monotonic()) * 1e9)) if due < FOREVER else b""
            self._next = (due, when) if when else NEVER
        return self._next[1]
