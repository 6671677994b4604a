"""svlogd of runit 2.1.2: what a daemon prints to log directories that have a config file each.

It is a dialect of the log directory: blocks, and intents, under names that svlogd knows. What it
says is to the byte, and what stands in the files too.
"""

import posix
from _signal import SIG_IGN, SIGALRM, SIGCHLD, SIGHUP, SIGPIPE, SIGTERM, signal
from errno import EISDIR
from time import sleep

from ..base import cli, process
from ..base.errors import error_str
from .lines.svlogd_config import SvlogdConfig
from .lines.svlogd_transform import Measure, SvlogdOptions, SvlogdTransform
from .logdir.svlogd_folder import NoFolderError, SvlogdFolder
from .logdir.svlogd_writer import SvlogdDir
from .pipe.ending import INFINITY
from .pipe.intent_log import open_intent_log
from .pipe.line_ending import LineEnding
from .pipe.line_splitter import LineSplitter
from .pipe.pump import Pump
from .pipe.pump_loop import PumpLoop, Waker
from .pipe.source import open_source
from .sinks.svlogd_sinks import PAUSE, SvlogdAlerts, SvlogdSink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .pipe.intent_log import IntentLog
    from .pipe.sink import Sink
    from .pipe.source import Source

SYNOPSIS = b"[-ttv] [-r c] [-R abc] [-l len] [-b buflen] dir ..."
USAGE = (SYNOPSIS, SYNOPSIS)
VERSION = b"$Id: 5e55a90e0a1b35ec47fed3021453c50675ea1117 $"
MOST, BUFFER = 1000, 1024  # bytes of a line that a pattern sees, and of the original's buffer
KINDS = 3  # of time that may stand before a line


class Call:
    """What the words of ARGV say. Raises Quit where svlogd shows its usage."""

    def __init__(self, argv: list[bytes]) -> None:
        self._who = argv[0]
        self.kind = 0
        self.verbose = False
        self._most, self._buffer = MOST, BUFFER
        self._by = self._replaced = b""
        try:
            _, self.names = cli.options(argv, USAGE, b"R:r:l:b:tvV", each=self._option)
        except cli.Quit as end:
            if end.lines:
                cli.say(self._who + b": " + end.lines[0])
            raise (self._usage() if end.lines else end) from None
        if not self.names or self._buffer <= self._most:
            raise self._usage()
        self.options = SvlogdOptions(self.kind, self._most, self._by, self._replaced)

    def _usage(self) -> cli.Quit:
        cli.say(b"usage: " + self._who + b" " + SYNOPSIS, b"")
        return cli.Quit(111)

    def _option(self, letter: bytes, value: bytes) -> None:
        if letter == b"R":
            self._replaced, self._by = value, self._by or b"_"
        elif letter == b"r":
            if len(value) != 1:
                raise self._usage()
            self._by = value
        elif letter == b"l":
            self._most = cli.scan_ulong(value) or MOST
        elif letter == b"b":
            self._buffer = cli.scan_ulong(value) or BUFFER
        elif letter == b"t":
            self.kind = min(self.kind + 1, KINDS)
        elif letter == b"v":
            self.verbose = True
        else:
            cli.say(VERSION)
            raise self._usage()

    def say(self, kind: bytes, text: bytes) -> None:
        """Say TEXT, of a KIND that is told by its name: info only if that was asked for."""
        if kind != b"info" or self.verbose:
            cli.say(b"svlogd: " + kind + b": " + text)


def main(argv: list[bytes]) -> int:
    """Write stdin to log directories until its end, or TERM; return the exit code."""
    call = Call(argv)
    process.title(argv[0])
    process.standard_fds()
    signal(SIGPIPE, SIG_IGN)
    session = SvlogdRun(call, *_stdin())
    code = session.run()
    while session.again:
        code = session.run()
    return code


def _stdin() -> "tuple[Source, OSError | None]":
    """Return the source of stdin; one that is empty, and why, if that cannot be read."""
    try:
        if 0 in process.opened:
            # There the original has the current directory.
            raise OSError(EISDIR, "")
        posix.read(0, 0)
        return open_source(0), None
    except OSError as error:
        return open_source(posix.open("/dev/null", posix.O_RDONLY | posix.O_CLOEXEC)), error


class SvlogdRun:
    """Reads SOURCE as CALL says; TROUBLE is why it is empty, if that is known.

    `again`: whether HUP has ended the last run, and asked for the directories as they are now.
    """

    def __init__(self, call: Call, source: "Source", trouble: OSError | None) -> None:
        self.again = False
        self._call = call
        self._source = source
        self._trouble = trouble
        self._loop = PumpLoop()
        self._ending = LineEnding()
        self._terminated = False
        self._alarms: list[int] = []  # the signals that ask for new files
        for signum, hear in (
            (SIGTERM, self._terminate),
            (SIGHUP, self._hang_up),
            (SIGALRM, self._alarm),
            (SIGCHLD, self._wake),
        ):
            signal(signum, hear)

    def _terminate(self, signum: int, _frame: object) -> None:
        self._call.say(b"info", b"sigterm received.")
        self._terminated = True
        self._ending.signals.append(signum)

    def _hang_up(self, signum: int, _frame: object) -> None:
        self._call.say(b"info", b"sighangup received.")
        self._ending.at_once = self.again = True
        self._ending.signals.append(signum)

    def _alarm(self, signum: int, _frame: object) -> None:
        self._call.say(b"info", b"sigalarm received.")
        self._alarms.append(signum)

    def _wake(self, _signum: int, _frame: object) -> None:
        """Hear that a processor has ended."""
        self._call.say(b"info", b"sigchild received.")

    def run(self) -> int:
        """Have the directories, and write to them until an end; return the exit code."""
        self.again, self._ending = False, LineEnding()
        if self._terminated:
            self._ending.signals.append(SIGTERM)
        splitter = LineSplitter(self._call.options.most)
        intent_log = open_intent_log(self._source, splitter)
        found = [open_log(self._call, name, intent_log) for name in self._call.names]
        logs = [log for log in found if log]
        if not logs:
            self._call.say(b"fatal", b"no functional log directories.")
            raise cli.Quit(111)
        code = self._carry(self._pump(splitter, intent_log, logs))
        self.again = self.again and not self._terminated
        return code

    def _pump(
        self, splitter: LineSplitter, intent_log: "IntentLog | None", logs: list[SvlogdDir]
    ) -> Pump:
        """Return what carries lines to LOGS."""
        options = self._call.options
        configs = [log.config for log in logs]
        transform = SvlogdTransform(options, configs)
        both = list(zip(logs, transform.selections, strict=True))
        splitter.begin(
            transform.growth(),
            transform,
            [
                (log, Measure(transform, selection, len(options.stamp() + log.config.prefix)))
                for log, selection in both
                if not log.config.only
            ],
        )
        sinks: list[Sink] = [SvlogdAlerts(transform)] if transform.alerts else []
        sinks += [SvlogdSink(log, transform, selection) for log, selection in both]
        pump = Pump(
            self._source, self._ending, sinks, transform, who=b"svlogd", intent_log=intent_log
        )
        pump.wholeness.line_rest = INFINITY
        pump.alarms = self._alarms
        return pump

    def _carry(self, pump: Pump) -> int:
        """Run PUMP until an end; return the exit code. To the original a trouble is an end."""
        if self._trouble:
            self._unreadable(self._trouble)
        waker = Waker(self._loop, self._source, self._ending)
        self._loop.add(waker, pump.step)
        try:
            return self._loop.run()[waker]
        except cli.Quit as end:
            if end.error:
                self._unreadable(end.error)
            return 0

    def _unreadable(self, error: OSError) -> None:
        self._call.say(b"warning", b"unable to read standard input: " + error_str(error))


def open_log(call: Call, name: bytes, intent_log: "IntentLog | None") -> SvlogdDir | None:
    """Return the log directory NAME, as its config says; None, and why is said, without one.

    Waits, as the original does, where no file can be begun in it.
    """
    folder = SvlogdFolder(name, call.say)
    try:
        folder.acquire(patient=False)
    except NoFolderError as error:
        call.say(b"warning", error.args[0])
        return None
    config = SvlogdConfig(folder.config())
    for wrong in config.wrong:
        call.say(b"warning", wrong)
    log = SvlogdDir(folder, config, call.options.most, intent_log)
    while True:
        try:
            log.begin()
        except OSError as error:
            call.say(b"pausing", folder.told(folder.doing, error))
            sleep(PAUSE)
        else:
            return log
