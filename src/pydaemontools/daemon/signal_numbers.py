"""The numbers of signals by their names, as a person gives them."""

import signal

from ..base.errors import signal_name


def number(name: str | int) -> int:
    """The number of the signal NAME, with or without SIG. ValueError if there is none."""
    known = {int(one) for one in signal.valid_signals()}
    if isinstance(name, int):
        found = int(name) if name in known else None
    else:
        word = "SIG" + name.upper().removeprefix("SIG")
        found = next((one for one in known if signal_name(one).decode() == word), None)
    if found is None:
        raise ValueError(f'there is no signal {name!r}: say "USR1", or signal.SIGUSR1')
    return found


def handled(name: str | int) -> int:
    """The number of the signal NAME, which a program is to be told of. ValueError if none is."""
    found = number(name)
    if found in (signal.SIGKILL, signal.SIGSTOP):
        raise ValueError(f"no program is told of {signal_name(found).decode()}")
    return found
