"""The process that keeps the services of svscan and runsvdir: one, where theirs are many.

It is another than that of the name, as their supervisors are: what ends a scanner ends none of
them. By a pipe it is told what the scanner is told, and that the scanner has gone.
"""

import gc
import posix

from ..base import cli
from ..base.child import fork, have_files, prepare, spawn_apart
from ..base.title import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..jobs.loop import Loop
    from .original_scanner import OriginalScanner

    # Makes the scanner, for a loop and so many open files.
    Make = Callable[[Loop, int], OriginalScanner]

HANG_UP, LOOK = b"h", b"a"  # what it is told: end all, look at once


def start(who: bytes, what: bytes, make: "Make", keep: list[int]) -> tuple[int, int]:
    """Fork it, called WHO in ps, which keeps WHAT by MAKE; the services inherit KEEP.

    Return its pid, and the fd by which it is told; it is alone when that is closed. Raises
    OSError.
    """
    orders, told = posix.pipe2(posix.O_CLOEXEC)

    def body() -> int:
        show(who, who + b" " + what)
        cli.lasts(who)
        _keep(make, orders, keep)
        return 0

    try:
        pid = fork(who, what, body, {}, [*keep, orders], session=False)
    except OSError:
        posix.close(told)
        raise
    finally:
        posix.close(orders)
    return pid, told


def _keep(make: "Make", orders: int, keep: list[int]) -> None:
    """Keep the services until all have left, and none is to come."""
    from ..jobs.loop import Inbox, Loop

    prepare()
    spawn_apart(keep)
    loop = Loop(Inbox())
    scanner = make(loop, have_files())
    scanner.keep = keep
    Keeper(loop, scanner, orders).run()


class Keeper:
    """Keeps the services of SCANNER by LOOP, and hears of whoever started it by the fd ORDERS."""

    def __init__(self, loop: "Loop", scanner: "OriginalScanner", orders: int) -> None:
        self._loop = loop
        self._scanner = scanner
        self._orders = orders
        loop.on_letter = self._signalled

    def run(self) -> None:
        """Start all, and keep them."""
        from ..jobs.owed import say_later

        say_later(self._loop)
        self._loop.watch(self._orders, self._hear)
        self._scanner.begin()
        # What is there by now stays: no collection has to look at it, here or in a child.
        gc.freeze()
        while self._loop.pending or not self._scanner.left:
            self._loop.turn()
            self._scanner.after_turn()
        cli.owes()

    def _hear(self) -> None:
        letters = posix.read(self._orders, 4096)
        if HANG_UP in letters:
            self._scanner.end()
        elif letters:
            self._scanner.force()
        else:
            self._loop.forget(self._orders)
            self._scanner.abandon()

    def _signalled(self, letter: str) -> None:
        """Of a signal that ends a supervisor, end all; those that mean nothing to one pass."""
        from ..jobs.loop import END

        if letter in (END, "h"):
            self._scanner.end()
