"""What could not be said on stderr, since nobody read it, and was counted: said later."""

from time import monotonic

from ..base import cli
from .loop import Loop

LOOK = 1.0  # seconds until we look whether there is room


def say_later(loop: Loop) -> None:
    """Have LOOP say, as soon as there is room, how much was dropped."""

    def later() -> None:
        loop.at(monotonic() + LOOK, look)

    def look() -> None:
        if cli.owes():
            later()

    if cli.lasting:
        cli.lasting.on_drop = later
