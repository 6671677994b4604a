"""Write what a daemon prints to log directories, by the actions of a script."""

import posix
from time import sleep

from ..base import cli, process
from ..base.errors import error_str
from .logdir.folder import cause, remedy
from .logdir.writer import LogDir
from .multilog_script import USAGE, options, read
from .pipe import background
from .pipe.ending import Ending
from .pipe.pump import Pump
from .pipe.pump_loop import PumpLoop, Waker
from .pipe.source import open_source
from .run_pump import open_stdin, run_pump
from .sinks.directory import DirectorySink, open_log
from .sinks.immediate import Alerts, Latest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .lines.actions import Actions, ActionTarget
    from .lines.transform import Transform
    from .pipe.intent_log import IntentLog
    from .pipe.sink import Sink
    from .pipe.source import Source
    from .pipe.straight import Straight

PAUSE = 5.0  # seconds, as the original


def main(argv: list[bytes]) -> int:
    """Do what the script in ARGV says with each line of stdin, until its end."""
    found, rest = options(argv)
    if found:
        return _convert(argv[0], found[0][1], rest)
    script, transform = read(argv)
    posix.umask(0o022)
    try:
        source = open_stdin(argv[0])
    except OSError as error:
        if script.own:
            raise cli.fatal(b"unable to read stdin", error) from None
        # For the original that is the end of stdin.
        source = open_source(posix.open("/dev/null", posix.O_RDONLY | posix.O_CLOEXEC))
    if script.own:
        background.host = background.Background()
    # The original does not end before everything is where it belongs.
    ending = Ending(patient=not script.own, to_line_end=True)
    pump = open_pump(argv[0], script, transform, source, ending)
    try:
        return run_pump(pump, Waker(PumpLoop(), source, ending))
    except cli.Quit:
        if script.own:
            raise
        return 0


def _convert(who: bytes, directory: bytes, rest: list[bytes]) -> int:
    """Print the actions for a DIRECTORY of svlogd's, behind the stamp that REST may name."""
    from .svlogd_words import TIMES
    from .svlogd_words import main as convert

    if rest[1:] or (rest and rest[0] not in TIMES):
        raise cli.usage(who, USAGE, hint=b"behind the directory may stand t, T or d: a time")
    return convert(who, directory, rest[0] if rest else b"")


def open_pump(
    who: bytes, script: "Actions", transform: "Transform", source: "Source", ending: Ending
) -> Pump:
    """The pump that carries what comes from SOURCE to the outputs of SCRIPT, until ENDING.

    Raises Quit.
    """
    intent_log = None
    if any(one.kind == b"/" for one in script.outputs):
        from .pipe.intent_log import open_intent_log
        from .pipe.splitter import BlockSplitter

        splitter = BlockSplitter(
            *transform.growth(),
            growth_of=transform.growth_of if script.stamp == b"J" else None,
            closely=transform.closely,
            exactly=None if script.records else transform.exactly,
            whole_records=script.records,
        )
        intent_log = open_intent_log(source, splitter)
    try:
        sinks = _sinks(who, script, intent_log, own=script.own)
    except cli.Quit:
        if intent_log:
            intent_log.abandon()
        raise
    straight = _straight(script, source, sinks, intent_log)
    return Pump(source, ending, sinks, transform, who=who, intent_log=intent_log, straight=straight)


def _straight(
    script: "Actions", source: "Source", sinks: "list[Sink]", intent_log: "IntentLog | None"
) -> "Straight | None":
    """Return what moves lines to the only place, if all of them go there as they are."""
    if script.records or not intent_log or len(sinks) != 1:
        return None
    from .lines.stamps import KINDS
    from .pipe.source import PipeSource
    from .pipe.straight import Straight

    [only] = sinks
    if isinstance(only, DirectorySink) and isinstance(source, PipeSource) and only.takes_all:
        label, _ = KINDS.get(script.stamp, (None, 0))
        return Straight(source, intent_log, only.log, label)
    return None


def _sinks(
    who: bytes, script: "Actions", intent_log: "IntentLog | None", *, own: bool
) -> "list[Sink]":
    """Return the sinks of SCRIPT: files of one line are opened before directories."""
    made: dict[ActionTarget, Sink] = {}
    alerts = [one for one in script.outputs if one.kind == b"e"]
    for one in script.outputs:
        if one.kind == b"=":
            made[one] = _latest(one)
        elif one in alerts:
            # All of them are one place: they take turns at each line.
            if one is alerts[0]:
                made[one] = _alerts(who, alerts, own=own)
        elif one.kind != b"/":
            made[one] = _copy(who, one)
    for one in script.outputs:
        if one.kind == b"/":
            log = _directory(who, one, intent_log, own=own)
            pause = 1.0 if own else PAUSE
            made[one] = DirectorySink(
                log, who, None, one.selection, pause, always=not own, age=one.age
            )
    return [made[one] for one in script.outputs if one in made]


def _alerts(who: bytes, outputs: "list[ActionTarget]", *, own: bool) -> "Sink":
    selections = [one.selection for one in outputs]
    if own and 2 not in process.opened:
        from .sinks.console import WaitingAlerts

        return WaitingAlerts(who, selections)
    return Alerts(b"stderr", selections)


def _copy(who: bytes, output: "ActionTarget") -> "Sink":
    from .sinks.console import Console

    fd, path = (1, b"stdout") if output.kind == b"1" else (2, b"stderr")
    try:
        return Console(who, path, fd, lambda batch: output.selection.of(batch).text)
    except OSError as error:
        raise cli.fatal(b"unable to write to " + path, error) from None


def _latest(output: "ActionTarget") -> Latest:
    try:
        return Latest(output.name, output.selection)
    except OSError as error:
        raise cli.fatal(b"unable to create " + output.name, error) from None


def _directory(
    who: bytes, output: "ActionTarget", intent_log: "IntentLog | None", *, own: bool
) -> LogDir:
    while True:
        try:
            return open_log(who, output, intent_log)
        except OSError as error:
            what = b"unable to " + error.filename
            if own or not what.startswith(
                (b"unable to remove", b"unable to link", b"unable to read")
            ):
                # The original does not look why it could not make one.
                why, hint = cause(error) if own else error, remedy(error, output.name)
                raise cli.fatal(what, why, hint) from None
            cli.say(who + b": warning: " + what + b", pausing: " + error_str(error))
            sleep(PAUSE)
