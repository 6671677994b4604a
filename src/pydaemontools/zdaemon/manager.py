"""The manager: it keeps the programs of its runners, and obeys those who ask it to.

It is a process of its own, started by launch.py with nothing of the client's memory. What it
is to do comes by a socket that only the two have, and how that goes is told there: "refused" and
a reason, "running" where another manager is there already, "up", and then of each runner how
its start went (waiting.py).
"""

import gc
import posix
import sys
from _signal import SIGHUP, SIGINT, SIGQUIT, SIGTERM
from _socket import socket
from time import monotonic

from ..base import cli, kept_pipe, process
from ..base.child import prepare
from ..base.errors import signal_name
from ..base.process import environ, fsencode
from ..jobs.loop import Inbox, Loop
from ..jobs.tree import Reaper
from ..supervise.pair import Kept, Pair
from ..supervise.state import DOWN, LEFT
from ..supervise.table import LAST
from .control_socket import ControlSocket
from .event_log import EventLog
from .kept_program import KeptProgram
from .orders import Orders
from .runner import Runner
from .state_place import StatePlace
from .transcript_path import NULL
from .waiting import end_words

TYPE_CHECKING = False

WHO = b"pyzdaemon"
ENDERS = (SIGTERM, SIGINT, SIGHUP, SIGQUIT)
ASKED = (b"NOTIFY_SOCKET", b"WATCHDOG_PID", b"WATCHDOG_USEC")
LOOK = 2.0  # seconds from one look at what others may have removed to the next
LINGER = 2.0  # seconds that a transcript has, once its program is down, before it is told to end
AGAIN = 0.01  # seconds until a lock that a client's start holds is tried again


class ManagerInbox(Inbox):
    """The signals that came, each as the character of its number."""

    def letters(self, numbers: bytes) -> str:
        """Those of NUMBERS, in order."""
        return numbers.decode("latin-1")


class EventStderr:
    """stderr of the manager: what it warns of is for the event LOG."""

    def __init__(self, log: EventLog) -> None:
        self._events = log

    def say(self, data: bytes) -> None:
        """Have DATA, whole lines, in the log."""
        for line in data.decode("utf-8", "replace").splitlines():
            # A service says by its own name what it warns of before it knows ours.
            text = line.removeprefix("pyzdaemon: ").removeprefix("pysupervise: ")
            if text.startswith("info: "):
                self._events.info(text.removeprefix("info: "))
            else:
                self._events.warning(text.removeprefix("warning: "))

    def crash(self, text: str) -> None:
        """Have the TEXT of a traceback in the log."""
        self._events.critical(f"runforever raised\n{text}")


class Manager:
    """Keeps RUNNERS, which have one socket, as CHANNEL is told, the end of the client's start."""

    def __init__(self, runners: list[Runner], channel: socket, log: EventLog) -> None:
        self.runners = runners
        self.events = log
        self._channel = channel
        self._first = runners[0]
        self._loop = Loop(ManagerInbox())
        self._reaper = Reaper(self._loop)
        self.place = StatePlace(fsencode(self._first.socket_name) + b".d")
        self._programs: dict[str, KeptProgram] = {}
        self._pairs: list[Kept] = []
        self._socket: ControlSocket | None = None
        self._leaving = self._killed = False

    def open(self) -> None:
        """Have all that is needed, and the socket last. Raises OSError, Quit."""
        for runner in self.runners:
            self._pairs.append(self._pair(runner))
        self._reaper.main_service = next(iter(self._programs.values()))
        self._settle_in()
        orders = Orders(self._programs, self._reopen)
        group = _group(self._first.socket_group)
        path = fsencode(self._first.socket_name)
        self._socket = ControlSocket(self._loop, path, orders.obey, group)
        self.place.unlock()
        launcher = self._socket.add(self._channel)
        launcher.tell("up\n\n", last=False)
        self._loop.on_letter = self._signalled
        self._announce()
        self.events.info("daemon manager started")
        for pair in self._pairs:
            pair.begin([])
        orders.promise(launcher, "started", list(self._programs.values()))

    def run(self) -> int:
        """Keep them until none is to be up; return the exit code."""
        # What the first start did without, since to load it takes longer than it saves.
        process.title(WHO)
        prepare()
        gc.freeze()
        self._loop.at_turn_end(self._see)
        self._loop.at(monotonic() + LOOK, self._look)
        while self._loop.pending or not all(pair.left for pair in self._pairs):
            self._loop.turn()
        self.place.remove(self.names())
        self.events.info("Exiting")
        return self._code()

    def _announce(self) -> None:
        """In the foreground, tell whoever started us that the first program is there.

        That they asked for it is not for the program, which would speak for us.
        """
        if self._first.daemon:
            return
        asked = {name: environ.pop(name) for name in ASKED if name in environ}
        if asked.get(b"NOTIFY_SOCKET"):
            from ..supervise.announcement import Announcement

            Announcement(next(iter(self._programs.values())), asked)

    def names(self) -> list[bytes]:
        """What the service directories of its programs are called."""
        return [(runner.name or "program").encode() for runner in self.runners]

    def _pair(self, runner: Runner) -> Kept:
        """The program of RUNNER, and what keeps its output."""
        place = self.place.make((runner.name or "program").encode())
        program = KeptProgram(self._loop, self._reaper, runner, place, self.events)
        self._programs[runner.name] = program
        program.watchers += (lambda _before, _after: self._loop.at_turn_end(self._see),)
        program.waiting.on_told = self._see
        path = runner.transcript if runner.daemon else None
        if path in (None, NULL, ""):
            program.quiet = runner.daemon
            return Kept(self._loop, program)
        from .transcript import Transcript

        keeper = Transcript(self._loop, self._reaper, runner, path, place, self.events)
        program.transcript = keeper
        if program.predecessor or keeper.predecessor:
            from ..supervise import predecessor

            pipe = predecessor.log_pipe(program.predecessor, keeper.predecessor)
        else:
            pipe = kept_pipe.make()
        return Pair(self._loop, program, keeper, (1, 2), pipe)

    def _settle_in(self) -> None:
        """Be where the programs are to be, with nothing of the client's."""
        if not self._first.daemon:
            return
        self.events.info("daemonizing the process")
        directory = self._first.directory
        if directory:
            try:
                posix.chdir(directory)
            except OSError as error:
                self.events.warning(f"can't chdir into {directory!r}: {error}")
            else:
                self.events.info(f"set current directory: {directory!r}")
        null = posix.open("/dev/null", posix.O_RDWR | posix.O_CLOEXEC)
        for fd in range(3):
            posix.dup2(null, fd)
        posix.close(null)
        posix.umask(self._first.umask)
        sys.stderr = _Told(self)

    def tell_stderr(self, text: str) -> None:
        """Have TEXT where the programs' stderr goes; nobody waits for that."""
        from ..base.nowait import NoWaitWriter

        data = text.encode("utf-8", "replace")
        for program in self._programs.values():
            if 2 in program.fd_map:
                try:
                    NoWaitWriter(program.fd_map[2]).write(data)
                except OSError:
                    # There is no room.
                    pass
                return

    # What happens.

    def _signalled(self, letter: str) -> None:
        signum = ord(letter)
        if signum in ENDERS:
            self.events.critical(f"daemon manager killed by {signal_name(signum).decode()}")
            self._killed = True
            for program in self._programs.values():
                program.down()

    def _reopen(self) -> None:
        self.events.reopen()
        for program in self._programs.values():
            if program.transcript:
                program.transcript.reopen()

    def _look(self) -> None:
        """Have again what others have removed: the socket, and what stands beside it."""
        if self._leaving or not self._socket:
            return
        self._loop.at(monotonic() + LOOK, self._look)
        try:
            if not self._socket.stands():
                self._socket.renew()
                self.events.warning("somebody removed the socket: made again")
            for name in self.names():
                self.place.make(name)
        except OSError:
            # Another is there, or its directory is not: it is tried again.
            pass

    def _see(self) -> None:
        """Leave when nothing runs, and nothing is to."""
        programs = self._programs.values()
        done = all(one.state.phase in (DOWN, LEFT) for one in programs)
        if self._leaving or not done or any(one.waiting.busy for one in programs):
            return
        # Whoever starts another manager waits for our end from here on.
        if not self.place.lock(wait=False):
            self._loop.at(monotonic() + AGAIN, self._see)
            return
        self._leaving = True
        if self._socket:
            self._socket.close()
        for program in programs:
            program.feed(LAST)
        self._loop.at(monotonic() + LINGER, self._hurry)

    def _hurry(self) -> None:
        """A transcript that cannot be written holds nobody up."""
        for pair in self._pairs:
            if pair.logger and not pair.logger.left:
                pair.logger.feed("d")

    def _code(self) -> int:
        """The exit code: that which ended the program if it says that it is done."""
        if self._killed:
            return 0
        for program in self._programs.values():
            code, _ = end_words(program.wait_status)
            if program.start_failed:
                return code if code > 0 else 1
            if program.state.failed:
                return code if code in program.runner.exit_codes else 1
        return 0


class _Told:
    """sys.stderr of a manager, for what the event log has no other place for."""

    def __init__(self, manager: Manager) -> None:
        self._manager = manager

    def write(self, text: str) -> int:
        """Have TEXT where the programs' stderr goes."""
        self._manager.tell_stderr(text)
        return len(text)

    def flush(self) -> None:
        """Nothing waits here."""


def _group(name: str | None) -> int | None:
    """The number of the group NAME. Raises Quit where there is none."""
    if name is None:
        return None
    from grp import getgrnam

    try:
        return int(name) if name.isdigit() else getgrnam(name).gr_gid
    except KeyError:
        raise cli.fatal(b"unknown group " + fsencode(name)) from None
