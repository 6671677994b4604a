"""Route what a daemon prints by the level at the head of each line."""

import posix
from _signal import SIG_DFL, SIG_IGN, SIGINT, SIGTERM, SIGUSR1, getsignal, signal

from ..base import cli
from . import target_parser
from .lines import levels
from .lines.formats import FACILITIES, Origin
from .lines.forms import Forms, severity_reader
from .lines.severity_transform import SeverityTransform
from .lines.targets import SpoolOptions
from .packers import missing_packer
from .pipe import background
from .pipe.ending import Ending
from .pipe.pump import Pump
from .pipe.pump_loop import PumpLoop, Waker
from .run_pump import open_stdin, run_pump
from .stats import Stats
from .target_factory import TargetFactory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .lines.redact import Redaction
    from .lines.targets import Target
    from .pipe.intent_log import IntentLog
    from .pipe.sink import Sink

OWN = (
    b"pysissylog [-s] [-i] [-d level] [-p level] [--levels formats] [--level-pattern pattern ...] "
    b"[--keep-colour] [--buffer bytes] [--redact pattern ...] "
    b"[--field name=value ...] [--tag word ...] [--to place ...] [--keep age] "
    b"[--spool directory] [--spool-size bytes] [--stats file] [--compat] "
    b"[--explain [file] | [ident [facility]]]"
)
USAGE = (OWN, OWN)
WORDS = (
    b"levels:",
    b"level-pattern:",
    b"keep-colour",
    b"buffer:",
    b"redact:",
    b"field:",
    b"tag:",
    b"to:",
    b"keep:",
    b"spool:",
    b"spool-size:",
    b"stats:",
    b"compat",
    b"explain",
)
# What --explain has no use for, since it sends nothing.
SENDING = (
    b"i",
    b"buffer",
    b"redact",
    b"field",
    b"tag",
    b"to",
    b"keep",
    b"spool",
    b"spool-size",
    b"stats",
)


class Options:
    """What the command line asks for."""

    def __init__(self, argv: list[bytes]) -> None:
        found, rest = cli.options(argv, USAGE, b"sid:p:", words=WORDS)
        given = dict(found)
        self.who = argv[0]
        self.strip = b"s" in given
        self.keep_colour = b"keep-colour" in given
        self.default = self._level(b"d", given.get(b"d", b"info"))
        self.least = self._level(b"p", given.get(b"p", b"debug"))
        self.buffer = self._bytes(b"buffer", given.get(b"buffer", b"1m"))
        words = (b"to", b"redact", b"field", b"tag", b"level-pattern")
        several: dict[bytes, list[bytes]] = {word: [] for word in words}
        for name, value in found:
            several.get(name, []).append(value)
        self.explain = b"explain" in given
        if self.explain:
            self.forms = self._forms(given.get(b"levels", b"auto"), several[b"level-pattern"])
            self.file = self._file(given, rest)
            return
        keep = self._keep(given)
        self.targets = [self._target(value, keep) for value in several[b"to"] or [b"syslog:"]]
        if keep and not any(target.actions for target in self.targets):
            hint = b"--keep is for log directories, and there is none: --to ./log/, for one"
            raise cli.usage(self.who, USAGE, hint=hint)
        self.forms = self._forms(given.get(b"levels", b"auto"), several[b"level-pattern"])
        self.redaction = self._redaction(several[b"redact"])
        pid = posix.getpid() if b"i" in given else None
        if rest and rest[0][:1] in (b".", b"/"):
            hint = b"the first word is the ident; did you mean --to " + rest[0] + b"?"
            raise cli.usage(self.who, USAGE, hint=hint)
        facility = self._facility(rest[1]) if rest[1:] else FACILITIES[b"daemon"]
        host = posix.uname().nodename.encode()
        fields = self._fields(several[b"field"], several[b"tag"])
        self.origin = Origin(rest[0] if rest else self.who, facility, pid, host, fields)
        size = self._bytes(b"spool-size", given.get(b"spool-size", b"1g"))
        self.spooling = SpoolOptions(given[b"spool"], size) if b"spool" in given else None
        self.stats = given.get(b"stats")
        if rest[2:]:
            raise cli.usage(self.who, USAGE, hint=rest[2] + b" is one argument too many")
        if self.spooling and not any(target.stream for target in self.targets):
            hint = b"--spool is for tcp:, tls:, relp: and relps: places, and there is none"
            raise cli.usage(self.who, USAGE, hint=hint)
        if b"spool-size" in given and not self.spooling:
            raise cli.usage(self.who, USAGE, hint=b"--spool-size is for --spool, and there is none")

    def _file(self, given: dict[bytes, bytes], rest: list[bytes]) -> bytes:
        """Return the file that --explain is to read; - is stdin."""
        for name in SENDING:
            if name in given:
                option = b"-" * (1 + (len(name) > 1)) + name
                hint = b"--explain sends nothing, so " + option + b" has nothing to do"
                raise cli.usage(self.who, USAGE, hint=hint)
        if rest[1:]:
            hint = b"--explain takes one file: " + rest[1] + b" is one argument too many"
            raise cli.usage(self.who, USAGE, hint=hint)
        return rest[0] if rest else b"-"

    def _level(self, letter: bytes, name: bytes) -> int:
        level = levels.named(name)
        if level is None:
            hint = b"-" + letter + b" takes a level (" + b" ".join(levels.NAMES) + b"), not " + name
            raise cli.usage(self.who, USAGE, hint=hint)
        return level

    def _keep(self, given: dict[bytes, bytes]) -> bytes:
        """Return the age up to which directories keep their lines; nothing if that was not said."""
        if b"keep" not in given:
            return b""
        from .lines.age import seconds

        keep = given[b"keep"]
        if not seconds(keep):
            hint = b"--keep takes a number and s, m, h or d, as in 30d, not " + (keep or b"nothing")
            raise cli.usage(self.who, USAGE, hint=hint)
        return keep

    def _target(self, word: bytes, keep: bytes) -> "Target":
        try:
            target = target_parser.parse(word, keep)
        except target_parser.BadTarget as error:
            raise cli.usage(self.who, USAGE, hint=error.why) from None
        if target.actions and (missing := missing_packer(target.actions)):
            raise cli.usage(self.who, USAGE, hint=b"in " + target.text + b": " + missing)
        return target

    def _bytes(self, name: bytes, value: bytes) -> int:
        size = cli.size(value)
        if size is None:
            hint = b" takes a number of bytes, or one with k, m or g, not " + value
            raise cli.usage(self.who, USAGE, hint=b"--" + name + hint)
        return size

    def _facility(self, name: bytes) -> int:
        facility = FACILITIES.get(name.lower().removeprefix(b"log_"))
        if facility is None:
            hint = b"there is no facility " + name + b"; there are " + b" ".join(FACILITIES)
            raise cli.usage(self.who, USAGE, hint=hint)
        return facility

    def _redaction(self, patterns: list[bytes]) -> "Redaction | None":
        if not patterns:
            return None
        from .lines.linewise_regex import BadPattern
        from .lines.redact import Redaction

        try:
            return Redaction(patterns)
        except BadPattern as error:
            hint = b"--redact takes a regular expression: " + error.text
            raise cli.usage(self.who, USAGE, hint=hint) from None

    def _forms(self, names: bytes, patterns: list[bytes]) -> Forms | None:
        """Return in what formats lines may be, by NAMES and by the user's own PATTERNS."""
        if names in (b"auto", b"head") and not patterns:
            return Forms() if names == b"auto" else None
        from .lines.shapes import BadLevels, asked

        try:
            return Forms(*asked(names, patterns))
        except BadLevels as error:
            raise cli.usage(self.who, USAGE, hint=error.text) from None

    def _fields(self, words: list[bytes], tags: list[bytes]) -> dict[str, str]:
        """Return what is added to every message."""
        fields: dict[str, str] = {}
        for word in words:
            from .lines.emit import addition

            added = addition(word)
            if added is None:
                hint = b"--field takes name=value, not " + word
                raise cli.usage(self.who, USAGE, hint=hint)
            fields[added[0]] = added[1]
        if tags:
            fields["tag"] = b",".join(tags).decode("utf-8", "replace")
        return fields

    def open(self, waker: Waker) -> "tuple[list[Sink], IntentLog | None]":
        """Return the sinks for what --to names, and the intent log of those on a disk."""
        intent_log: IntentLog | None = None
        if any(one.kind == b"dir" or (self.spooling and one.stream) for one in self.targets):
            from .lines.stamps import LONGEST
            from .pipe.intent_log import open_intent_log
            from .pipe.splitter import BlockSplitter

            intent_log = open_intent_log(waker.source, BlockSplitter(LONGEST, whole_records=True))
        factory = TargetFactory(self.origin, waker, intent_log, self.spooling)
        made = []
        for target in self.targets:
            try:
                made.append(factory.open(target))
            except OSError as error:
                from ..base.retry import reason
                from .logdir.folder import cause, remedy

                what = error.filename or b"log to " + target.text
                text = b"unable to " + what + b": " + reason(cause(error))
                raise cli.fatal(text, hint=remedy(error, target.path)) from None
        return made, intent_log


def _transform(options: Options, sinks: "list[Sink]") -> SeverityTransform:
    """Return what makes batches for SINKS."""
    severities = severity_reader(options.default, options.forms)
    access = options.forms and options.forms.access
    if options.strip or options.stats or access or not all(sink.takes_text for sink in sinks):
        return SeverityTransform(severities, options.redaction)
    from .lines.text_transform import TextTransform

    return TextTransform(severities, options.redaction, {sink.least for sink in sinks})


def open_pump(options: Options, waker: Waker, ending: Ending) -> tuple[Pump, Stats]:
    """The pump that OPTIONS ask for, which WAKER wakes, until ENDING; and what counts its lines.

    Raises Quit.
    """
    sinks, intent_log = options.open(waker)
    transform = _transform(options, sinks)
    transform.strip = options.strip
    transform.keep_colour = options.keep_colour
    transform.least = options.least
    transform.objects = any(b"json" in (one.kind, one.format) for one in options.targets)
    stats = Stats(sinks, transform, options.stats)
    to = [*sinks, stats]
    return Pump(waker.source, ending, to, transform, options.buffer, intent_log=intent_log), stats


def main(argv: list[bytes]) -> int:
    """Route stdin until its end, or until told to stop."""
    if not cli.native(argv[0]) or b"--compat" in argv[1:]:
        from . import perp

        return perp.main([b"sissylog", *(word for word in argv[1:] if word != b"--compat")])
    options = Options(argv)
    if options.explain:
        from . import explain

        return explain.main(options.file, options.default, options.forms, options.least)
    try:
        source = open_stdin(argv[0])
    except OSError as error:
        raise cli.fatal(b"unable to read stdin", error) from None
    background.host = background.Background()
    ending = Ending()
    waker = Waker(PumpLoop(), source, ending)
    pump, stats = open_pump(options, waker, ending)
    signal(SIGUSR1, lambda _signum, _frame: setattr(stats, "asked", True))
    # What a script starts in the background ignores ^C, and so shall its logger.
    enders = [signum for signum in (SIGTERM, SIGINT) if getsignal(signum) != SIG_IGN]
    code = run_pump(pump, waker, enders)
    if SIGINT in ending.signals:
        signal(SIGINT, SIG_DFL)
        posix.kill(posix.getpid(), SIGINT)
    return code
