"""What the arguments of install() and of a Handler mean: the form of records, and their fd."""

import io
import logging
import os
import sys
from collections.abc import Callable, Mapping

from . import stdlib, text_formats

FORMATS = ("auto", "level", "journal", "json", "logfmt", "human")
PRESETS = ("plain", "ecs", "otel", "gcp")
# By module: what to say to pip.
BRINGS = {
    "loguru": "loguru",
    "pythonjsonlogger": "python-json-logger",
    "structlog": "'pydaemontools[structlog]'",
}


def need(module: str) -> None:
    """ValueError, with what brings it, if MODULE is not there."""
    from importlib.util import find_spec

    if module not in sys.modules and find_spec(module) is None:
        raise ValueError(f"{module} is not installed: say pip install {BRINGS[module]}")


def bridge(direction: object) -> None:
    """ValueError if DIRECTION is none that records may cross in."""
    if direction not in (None, "loguru", "stdlib", "both"):
        raise ValueError(f'bridge={direction!r}: say "loguru", "stdlib" or "both"')
    if direction:
        need("loguru")


def form(
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
    if name in ("json", "logfmt"):
        need("pythonjsonlogger")
    body = logging.Formatter(text) if isinstance(text, str) else text

    def make(number: int) -> stdlib.RecordFormat:
        chosen = _suited(number) if name == "auto" else name
        if chosen in ("json", "logfmt"):
            # Only now: it brings python-json-logger with it.
            from . import jsonlog

            return jsonlog.form(chosen, preset, extra)
        if chosen == "human":
            return text_formats.Human(colour=_colour(number), body=body)
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


def fd(to: object) -> int:
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
