"""Write what a daemon prints to log directories, by the actions of a script."""

import posix
from _signal import SIG_IGN, SIGALRM, SIGCHLD, SIGPIPE, SIGTERM, signal
from errno import EBADF
from time import sleep

from ..base import cli, process
from ..base.errors import error_str
from .lines.actions import Actions, ActionTarget, BadAction
from .lines.block_transform import BlockTransform
from .logdir.folder import cause
from .logdir.writer import LogDir
from .packers import missing_packer
from .pipe.pump import Pump
from .pipe.source import Source, open_source
from .sinks.directory import DirectorySink, open_log
from .sinks.immediate import Alerts, Latest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .lines.transform import Transform
    from .pipe.intent_log import IntentLog
    from .pipe.sink import Sink

USAGE = (b"multilog script", b"pymultilog action ...")
PAUSE = 5.0  # seconds, as the original


def main(argv: list[bytes]) -> int:
    """Do what the script in ARGV says with each line of stdin, until its end."""
    own = cli.native(argv[0])
    if own:
        # Everything else that begins with a dash is an action.
        asked = argv[1:2] if argv[1:2] in ([b"--help"], [b"--version"]) else []
        cli.options([argv[0], *asked], USAGE)
    try:
        script = Actions(argv[1:], own=own)
        form = _form(script)
        script.check(form.growth())
    except BadAction as error:
        raise cli.usage(argv[0], USAGE, hint=error.args[0]) from None
    if missing := missing_packer(script):
        raise cli.usage(argv[0], USAGE, hint=missing)
    if own and not script.outputs:
        raise cli.usage(argv[0], USAGE, hint=b"say where the lines are to go: ./log, for one")
    posix.umask(0o022)
    signal(SIGPIPE, SIG_IGN)
    process.title(argv[0])
    return _pump(argv[0], script, form, _source(own=own), own=own)


def _source(*, own: bool) -> Source:
    try:
        if 0 in process.opened:
            raise OSError(EBADF, "")
        return open_source(0)
    except OSError as error:
        if own:
            raise cli.fatal(b"unable to read stdin", error) from None
        # For the original that is the end of stdin.
        return open_source(posix.open("/dev/null", posix.O_RDONLY | posix.O_CLOEXEC))


def _pump(who: bytes, script: Actions, form: "Transform", source: Source, *, own: bool) -> int:
    ledger = None
    if any(one.kind == b"/" for one in script.outputs):
        from .pipe.intent_log import open_intent_log
        from .pipe.splitter import BlockSplitter

        fitting = BlockSplitter(*form.growth(), closely=form.closely, whole_records=script.records)
        ledger = open_intent_log(source, fitting)
    try:
        sinks = _sinks(who, script, ledger, own=own)
    except cli.Quit:
        if ledger:
            ledger.abandon()
        raise
    pump = Pump(
        source,
        sinks,
        form,
        0,
        who=who,
        ledger=ledger,
        # The original does not end before everything is where it belongs.
        patient=not own,
        to_line_end=True,
    )
    for signum, told in (SIGTERM, pump.told), (SIGALRM, pump.alarms):
        signal(signum, _teller(told))
    # A processor that has ended is to wake us.
    signal(SIGCHLD, lambda _signum, _frame: None)
    try:
        return pump.run()
    except cli.Quit:
        if own:
            raise
        return 0


def _form(script: Actions) -> "Transform":
    if not script.records:
        return BlockTransform(script)
    from .lines.record_transform import RecordTransform

    return RecordTransform(script)


def _teller(told: list[int]) -> "Callable[[int, object], None]":
    return lambda signum, _frame: told.append(signum)


def _sinks(who: bytes, script: Actions, ledger: "IntentLog | None", *, own: bool) -> "list[Sink]":
    """The places: files of one line are had before directories."""
    made: dict[ActionTarget, Sink] = {}
    for one in script.outputs:
        if one.kind == b"=":
            made[one] = _latest(one)
        elif one.kind == b"e":
            made[one] = Alerts(b"stderr", one.selection)
        elif one.kind != b"/":
            made[one] = _copy(who, one)
    for one in script.outputs:
        if one.kind == b"/":
            log = _directory(who, one, ledger, own=own)
            pause = 1.0 if own else PAUSE
            made[one] = DirectorySink(
                log, who, None, one.selection, pause, always=not own, age=one.age
            )
    return [made[one] for one in script.outputs]


def _copy(who: bytes, output: ActionTarget) -> "Sink":
    from .sinks.console import Console

    fd, path = (1, b"stdout") if output.kind == b"1" else (2, b"stderr")
    try:
        return Console(who, path, fd, lambda batch: output.selection.of(batch).text)
    except OSError as error:
        raise cli.fatal(b"unable to write to " + path, error) from None


def _latest(output: ActionTarget) -> Latest:
    try:
        return Latest(output.name, output.selection)
    except OSError as error:
        raise cli.fatal(b"unable to create " + output.name, error) from None


def _directory(
    who: bytes, output: ActionTarget, ledger: "IntentLog | None", *, own: bool
) -> LogDir:
    while True:
        try:
            return open_log(who, output, ledger)
        except OSError as error:
            what = b"unable to " + error.filename
            if own or not what.startswith(
                (b"unable to remove", b"unable to link", b"unable to read")
            ):
                # The original does not look why it could not make one.
                raise cli.fatal(what, cause(error) if own else error) from None
            cli.say(who + b": warning: " + what + b", pausing: " + error_str(error))
            sleep(PAUSE)
