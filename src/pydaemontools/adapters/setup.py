"""install(): one call that brings what a program logs with to one stderr, in one form."""

import io
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence

from . import options, stdlib, text_formats
from .level import Level
from .options import Argv
from .output import Calls, Output
from .signals import listen, pair

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

KINDS = ("stdlib", "loguru", "structlog")
FORMATS = ("auto", "level", "journal", "json", "logfmt", "human")
PRESETS = ("plain", "ecs", "otel", "gcp")


class Installed:
    """What is installed in this process: the level, and what takes it all away again."""

    def __init__(self) -> None:
        self.level = Level()
        self.categories: dict[str, Level] = {}
        # The file that is written to: nobody else may keep it open.
        self.to: object = None
        self._undo: list[Callable[[], None]] = []

    def add(self, undo: Callable[[], None]) -> None:
        """Have UNDO called at the end, before what was added earlier."""
        self._undo.append(undo)

    def end(self) -> None:
        """Take all of it away."""
        while self._undo:
            self._undo.pop()()


installed = Installed()


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
    record. TEXT is a format of logging's for the message ("%(name)s: %(message)s"). Without
    INFO_PREFIX an info line has no head. FOLD makes one line of a record that has several.

    TO: an fd, an open file, or a function that takes the bytes of a record; without it stderr.
    BRIDGE: "loguru" gives logging's records to loguru's other sinks too, "stdlib" loguru's to
    logging's other handlers, "both" does both.
    UNCAUGHT logs exceptions that nobody handles, WARNINGS those of the warnings module; FAULTS
    switches faulthandler on.

    ValueError where an argument means nothing; nothing is changed then.
    """
    kinds = _kinds(kind)
    form_of = _form(format, preset, fields, text, info_prefix=info_prefix, fold=fold)
    fd = _fd(to)
    if bridge not in (None, "loguru", "stdlib", "both"):
        raise ValueError(f'bridge={bridge!r}: say "loguru", "stdlib" or "both"')
    turns = [] if signals is None else pair(signals)
    own = {name: Level(one) for name, one in (categories or {}).items()}
    # Tried on another one first: a wrong argument changes nothing.
    wanted = Level(installed.level if level is None else level, min=min, max=max)
    wrong = options.from_env(wanted, env, os.environ)
    options.from_argv(wanted, argv)

    uninstall()
    shared = installed.level
    shared.clamp(min=min, max=max)
    shared.set(wanted.step)
    installed.categories, installed.to = own, to
    if turns:
        installed.add(listen(shared, turns))
    form = form_of(fd)
    output = Calls(to) if callable(to) else Output(fd, stdlib.lost(form))
    handler = _stdlib(form, output, shared, own)
    _others(kinds, form, output, shared, own)
    if bridge:
        from . import bridge as between

        installed.add(between.install(bridge))
        if "loguru" in kinds:
            # Its own sink has written what comes over the bridge.
            handler.passes = between.MARK
    _rest(fd, uncaught=uncaught, warnings=warnings, faults=faults)
    for why in wrong:
        logging.getLogger(__package__).warning("%s", why)
    return shared


def uninstall() -> None:
    """Take away what install() did; handlers of logging's that it took away come back."""
    installed.end()


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
    for name in named - {"stdlib"} - sys.modules.keys():
        from importlib.util import find_spec

        if find_spec(name) is None:
            raise ValueError(f"{name} is not installed: say pip install {name}")
    return named


def _form(
    name: str,
    preset: str,
    extra: Mapping[str, object] | None,
    text: str | logging.Formatter | None,
    *,
    info_prefix: bool,
    fold: bool,
) -> Callable[[int], stdlib.RecordFormat]:
    """A function that makes the form NAME for an fd."""
    if name not in FORMATS:
        raise ValueError(f"format={name!r}: say one of {', '.join(FORMATS)}")
    if preset not in PRESETS:
        raise ValueError(f"preset={preset!r}: say one of {', '.join(PRESETS)}")
    body = logging.Formatter(text) if isinstance(text, str) else text

    def make(fd: int) -> stdlib.RecordFormat:
        chosen = _suited(fd) if name == "auto" else name
        if chosen in ("json", "logfmt"):
            # Only now: it brings python-json-logger with it.
            from . import jsonlog

            return jsonlog.form(chosen, preset, extra)
        if chosen == "human":
            return text_formats.Human(colour=_colour(fd), body=body)
        if chosen == "journal":
            return text_formats.Text(text_formats.by_numbers(), fold=fold, body=body)
        return text_formats.Text(text_formats.by_words(info=info_prefix), fold=fold, body=body)

    return make


def _suited(fd: int) -> str:
    """The form for whoever reads FD."""
    try:
        if os.isatty(fd):
            return "human"
        found = os.fstat(fd)
    except OSError:
        return "level"
    here = f"{found.st_dev}:{found.st_ino}"
    return "journal" if os.environ.get("JOURNAL_STREAM") == here else "level"


def _colour(fd: int) -> bool:
    """Whether the terminal FD is to be coloured: see no-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    try:
        terminal = os.isatty(fd) and os.environ.get("TERM") != "dumb"
    except OSError:
        terminal = False
    return terminal or bool(os.environ.get("FORCE_COLOR"))


def _fd(to: object) -> int:
    """The fd to write to; -1 if there is none. ValueError if TO is nothing that has one."""
    if callable(to):
        return -1
    if to is None:
        # Python found fd 2 closed: by now it may be anything, a file of the program's too.
        if sys.__stderr__ is None:
            return -1
        return 2
    if isinstance(to, int) and not isinstance(to, bool) and to >= 0:
        return to
    try:
        to.flush()  # type: ignore[attr-defined]
        return int(to.fileno())  # type: ignore[attr-defined]
    except (AttributeError, io.UnsupportedOperation):
        raise ValueError(
            f"to={to!r}: say an fd, an open file that has one, or a function"
        ) from None


def _stdlib(
    form: stdlib.RecordFormat, output: Output, level: Level, categories: dict[str, Level]
) -> stdlib.Handler:
    """Have logging write in FORM to OUTPUT; gives the handler that does."""
    stdlib.add_levels()
    put_back = stdlib.take_over()
    handler = stdlib.Handler(form, output)
    before = logging.root.level
    logging.root.addHandler(handler)
    thresholds = stdlib.Thresholds(level, categories)

    def undo() -> None:
        thresholds.end()
        logging.root.removeHandler(handler)
        logging.root.setLevel(before)
        put_back()

    installed.add(undo)
    return handler


def _others(
    kinds: set[str],
    form: stdlib.RecordFormat,
    output: Output,
    level: Level,
    categories: dict[str, Level],
) -> None:
    """Have the other libraries of KINDS do the same."""
    if "loguru" in kinds:
        from . import loguru

        installed.add(loguru.install(form, output, level, categories))
    if "structlog" in kinds:
        from . import structlog

        installed.add(structlog.install(form, output, level, categories, places=form.fields))


def _rest(fd: int, *, uncaught: bool, warnings: bool, faults: bool) -> None:
    """Log what nobody logged."""
    from . import uncaught as dying

    if uncaught:
        installed.add(dying.hooks())
    if warnings:
        installed.add(dying.warnings())
    if faults:
        installed.add(dying.faults(fd))
