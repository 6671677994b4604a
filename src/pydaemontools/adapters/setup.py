"""install(): one call that brings what a program logs with to one stderr, in one form."""

import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence

from . import choose, later, logging_calls, once, options, stdlib, takeover
from .installed import from_parent, installed
from .level import Level
from .options import Argv
from .output import Calls, Output
from .printing import Printing
from .signals import listen, pair
from .values import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

KINDS = ("stdlib", "loguru", "structlog")


def install(
    kind: str | Iterable[str] = "auto",
    *,
    level: Level | str | int | None = None,
    min: Level | str | int = "none",  # noqa: A002 - what the field calls it
    max: Level | str | int = "trace",  # noqa: A002
    env: str | Mapping[str, str] | None = None,
    argv: Argv | bool | str | None = None,
    signals: Sequence[str | int] | None = None,
    categories: Mapping[str, Level | str | int] | None = None,
    format: str = "auto",  # noqa: A002
    preset: str = "plain",
    fields: Mapping[str, object] | None = None,
    text: str | logging.Formatter | None = None,
    info_prefix: bool = True,
    fold: bool = False,
    to: "int | IO[str] | IO[bytes] | Callable[[bytes], object] | None" = None,
    bridge: str | None = None,
    uncaught: bool = True,
    warnings: bool = True,
    faults: bool = True,
) -> Level:
    """Have this program log to stderr in a form that the router understands; gives its level.

    Called again it begins anew, and leaves nothing twice. Handlers that print are taken away,
    others stay. See docs/howto/logging.md.

    KIND: "auto" is logging, and of loguru and structlog what has been imported by now. A name, or
    several, says which besides logging, which always is: libraries use it.

    LEVEL: a word, syslog's number from -1 (none) to 8 (trace), or logging's from 10; without it
    info, or what it is already. MIN and MAX are its bounds. ENV is the name of a variable: "DEBUG";
    see options.from_env. ARGV: True counts -v and -q in sys.argv, "consume" takes them out, an
    Argv says otherwise. SIGNALS are two, for more and for less: ("USR1", "USR2").
    CATEGORIES gives loggers levels of their own: {"sqlalchemy": "warning"}.

    FORMAT: "level" (`error: text`), "journal" (`<3>text`), "json", "logfmt", "human", or "auto":
    human on a terminal, journal where stderr is the journal's, else level. PRESET is "plain",
    "ecs", "otel" or "gcp", and says what JSON's fields are called; FIELDS are added to each
    record. TEXT is a format of logging's for the message ("%(name)s: %(message)s"), or a Formatter.
    Without INFO_PREFIX an info line has no head. FOLD makes one line of a record that has several.

    TO: an fd, an open file, or a function that takes the bytes of a record; without it stderr.
    BRIDGE: "loguru" gives logging's records to loguru's other sinks too, "stdlib" loguru's to
    logging's other handlers, "both" does both.
    UNCAUGHT logs exceptions that nobody handles, WARNINGS those of the warnings module; FAULTS
    switches faulthandler on.

    A child that is forked logs as its parent. One that begins anew, as multiprocessing's do with
    spawn and forkserver, has to call child: Pool(initializer=log.child).

    ValueError where an argument means nothing; nothing is changed then.
    """
    kinds = _kinds(kind)
    form_of = choose.form(format, preset, fields, text, info_prefix=info_prefix, fold=fold)
    fd = choose.fd(to)
    choose.bridge(bridge)
    turns = [] if signals is None else pair(signals)
    own = {name: Level(one) for name, one in (categories or {}).items()}
    wanted, wrong = _wanted(level, min, max, env, argv)

    uninstall()
    installed.begin(wanted, own, to)
    if turns:
        installed.add(listen(installed.level, turns))
    printing = Printing(fd)
    handler = _handler(form_of(fd), fd, to)
    _stdlib(kinds, handler, printing, fd)
    _others(kinds, handler, printing, fd)
    _bridge(bridge)
    _rest(fd, uncaught=uncaught, warnings=warnings, faults=faults)
    installed.remember(
        {"kind": sorted(kinds), "min": installed.level.least, "max": installed.level.most},
        {"format": format, "preset": preset, "info_prefix": info_prefix, "fold": fold},
        {"fields": fields and dict(fields), "text": text if isinstance(text, str) else None},
        {"signals": signals and list(signals), "to": fd if fd in (1, 2) else None},
        {"bridge": bridge, "uncaught": uncaught, "warnings": warnings, "faults": faults},
    )
    ChildInstaller.text = text
    _warn([*wrong, *map(later.MAY.format, printing.doubts)])
    return installed.level


def uninstall() -> None:
    """Take away what install() did; handlers of logging's that it took away come back."""
    installed.end()


class ChildInstaller:
    """Has a process log as its parent does, if it has begun anew.

    For multiprocessing with spawn and forkserver: Pool(initializer=log.child), or a call at the
    beginning of what runs there. A forkserver's children have it by themselves with
    set_forkserver_preload(["pydaemontools.adapters.preload"]). In the parent, and where fork
    made the child, all is there already. A file or a function that records go to is not in the
    child: they go to stderr. What is pickled is what the parent has at that time, with its level;
    who only calls it has what install() was called with, but no TEXT that is a Formatter. FIELDS
    that cannot be pickled are text.
    """

    text: str | logging.Formatter | None = None

    def __init__(self, arguments: dict[str, object] | None = None) -> None:
        self._arguments = arguments

    def __call__(self) -> "ChildInstaller":
        """Do it, and give what does it elsewhere: this."""
        if installed.arguments is None:
            given = from_parent() if self._arguments is None else self._arguments
            install(**given)  # type: ignore[arg-type]
        return self

    def __reduce__(self) -> tuple[type, tuple[dict[str, object] | None]]:
        if installed.arguments is None:
            return ChildInstaller, (self._arguments,)
        here = installed.now() | {"text": self.text if _pickled(self.text) else None}
        fields = here["fields"]
        if isinstance(fields, dict) and not _pickled(fields):
            here["fields"] = {
                name: one if _pickled(one) else shown(one) for name, one in fields.items()
            }
        return ChildInstaller, (here,)


def _pickled(value: object) -> bool:
    """Whether VALUE can be handed to another process."""
    import pickle

    try:
        pickle.dumps(value)
    except Exception:  # noqa: BLE001 - a value of the program's may raise anything
        return False
    return True


child = ChildInstaller()


def category(name: str) -> Level:
    """The level of the loggers NAME and below, which categories= of install() named.

    ValueError if it did not.
    """
    if name not in installed.categories:
        known = ", ".join(installed.categories) or "none"
        raise ValueError(f"no category {name!r}: install(categories=...) named {known}")
    return installed.categories[name]


def _kinds(kind: str | Iterable[str]) -> set[str]:
    """Which libraries KIND means."""
    if kind == "auto":
        return {name for name in KINDS if name in sys.modules}
    named = {kind} if isinstance(kind, str) else set(kind)
    if unknown := named - set(KINDS):
        names = ", ".join(map(repr, sorted(unknown)))
        raise ValueError(f'install() knows no {names}: say "auto", {", ".join(map(repr, KINDS))}')
    for name in named - {"stdlib"}:
        choose.need(name)
    return named


def _wanted(
    level: Level | str | int | None,
    least: Level | str | int,
    most: Level | str | int,
    env: str | Mapping[str, str] | None,
    argv: Argv | bool | str | None,  # noqa: FBT001 - as install() has it
) -> tuple[Level, list[str]]:
    """The level to begin with, within its bounds, and what of the environment means none.

    It is another one than what is shared: a wrong argument changes nothing.
    """
    wanted = Level(installed.level if level is None else level, min=least, max=most)
    wrong = options.from_env(wanted, env, os.environ)
    options.from_argv(wanted, argv)
    return wanted, wrong


def _handler(form: stdlib.RecordFormat, fd: int, to: object) -> stdlib.RecordHandler:
    """What writes records in FORM to FD, or hands them to TO if that is a function."""
    output = Calls(to) if callable(to) else Output(fd, stdlib.lost(form))
    handler = stdlib.RecordHandler(form, output)
    handler.child = child
    return handler


def _stdlib(kinds: set[str], handler: stdlib.RecordHandler, printing: Printing, fd: int) -> None:
    """Have logging write by HANDLER, to FD, beside what else of KINDS there is."""
    stdlib.add_levels()
    put_back = takeover.take_over(printing, handler)
    unguard = logging_calls.guard(handler.fault)
    followers = (logging.root, *map(logging.getLogger, installed.categories))
    before = {logger: logger.level for logger in followers}
    watch = later.Watch(handler, fd)
    unwatch = once.watch_logging(watch.look, handler.failed, say="loguru" in kinds)
    thresholds = stdlib.Thresholds(installed.level, installed.categories)

    def undo() -> None:
        thresholds.end()
        for logger, number in before.items():
            logger.setLevel(number)
        unguard()
        unwatch()
        watch.end()
        put_back()

    installed.add(undo)


def _others(kinds: set[str], handler: stdlib.RecordHandler, printing: Printing, fd: int) -> None:
    """Have the other libraries of KINDS write as HANDLER does, to FD."""
    level, categories = installed.level, installed.categories
    if "loguru" in kinds:
        from . import loguru

        installed.add(loguru.install(handler, level, categories, printing, fd))
    if "structlog" in kinds:
        from . import structlog

        installed.add(structlog.install(handler, level, categories))


def _bridge(direction: str | None) -> None:
    """Have records cross between logging and loguru, if a DIRECTION was given."""
    if direction:
        from . import bridge

        installed.add(bridge.install(direction))


def _warn(doubts: list[str]) -> None:
    """Log what is not as whoever called install() may think."""
    for why in doubts:
        logging.getLogger(__package__).warning("%s", why)


def _rest(fd: int, *, uncaught: bool, warnings: bool, faults: bool) -> None:
    """Log what nobody logged."""
    from . import uncaught as dying

    if uncaught:
        installed.add(dying.hooks())
    if warnings:
        installed.add(dying.warnings())
    if faults:
        installed.add(dying.faults(fd))
