"""Signals as a person names them to `kill`."""

import _signal

from ..base.errors import signal_name

NAMES = sorted(name for name in vars(_signal) if name[:3] == "SIG" and "_" not in name)
MOST = 64  # the highest signal of Linux


def find(text: str, *, native: bool) -> tuple[str, int]:
    """The name and the number of the signal that TEXT means; raises ValueError.

    A name counts in any case, with or without SIG; a number has to be one of a signal that has a
    name. NATIVE: one that is real-time may be named as SIGRTMIN+N too, or by its number.
    """
    try:
        number = int(text)
    except ValueError:
        return _named(text, native=native)
    for name in NAMES:
        if getattr(_signal, name) == number:
            return name, number
    if native and _signal.SIGRTMIN <= number <= _signal.SIGRTMAX:
        return signal_name(number).decode(), number
    raise ValueError(f"unsupported signal on this platform: {text}")


def _named(text: str, *, native: bool) -> tuple[str, int]:
    word = text.removeprefix("Signals.").upper()
    name = word if word.startswith("SIG") else "SIG" + word
    if name in NAMES:
        return name, getattr(_signal, name)
    base, plus, more = name.partition("+")
    if native and base == "SIGRTMIN" and plus and more.isascii() and more.isdigit():
        number = _signal.SIGRTMIN + int(more[:3])
        if number <= _signal.SIGRTMAX:
            return signal_name(number).decode(), number
    raise ValueError(f"could not convert {text!r} to signal name")
