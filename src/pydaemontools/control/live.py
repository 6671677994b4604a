"""A table that stays on a terminal, with rich where it is installed, and q to end it."""

import posix
from _signal import SIGHUP, SIGINT, SIGTERM, signal

from ..base.write import write_all
from ..chain.beside import add_library
from .screen import COLOURS, coloured, paint, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Self

    Modes = list[int | list[bytes | int]]
    Handler = Callable[[int, FrameType | None], object] | int | None

KEYS = b"qQ\x03\x04"  # and ^C and ^D, which a terminal in this mode gives as keys
ENTER, LEAVE = b"\x1b[?1049h\x1b[?25l", b"\x1b[?25h\x1b[?1049l"
TOP, TO_LINE_END, TO_END = b"\x1b[H", b"\x1b[K", b"\x1b[J"
STYLES = {b"31": "red", b"32": "green", b"33": "yellow"}


class _Ended(Exception):
    """A signal ends it."""


def _end(_number: int, _frame: "FrameType | None") -> None:
    raise _Ended


class Screen:
    """The terminal as long as the table is on it; put back whatever ends it."""

    def __init__(self) -> None:
        self.before: Modes | None = None
        self.handlers: list[tuple[int, Handler]] = []

    def __enter__(self) -> "Self":
        try:
            self.handlers = [(one, signal(one, _end)) for one in (SIGINT, SIGTERM, SIGHUP)]
            self.before = _keys_at_once()
            self.begin()
        except BaseException:
            self._restore()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        try:
            self.end()
        finally:
            self._restore()
        # To end so is no error.
        return kind is _Ended

    def _restore(self) -> None:
        for number, handler in self.handlers:
            signal(number, handler)
        if self.before is not None:
            import termios

            termios.tcsetattr(0, termios.TCSANOW, self.before)

    def begin(self) -> None:
        """Take the screen."""
        write_all(1, ENTER)

    def end(self) -> None:
        """Give it back as it was."""
        try:
            write_all(1, LEAVE)
        except OSError:
            # The terminal is gone.
            pass

    def show(self, head: list[bytes], rows: list[list[bytes]]) -> None:
        """Show the table of ROWS in place of the last one."""
        width, height = _size()
        lines = table([head, *rows], colour=False).splitlines()[: height - 1]
        if coloured():
            # Cut first: a colour has no width.
            shown = [lines[0][:width]]
            shown += [
                _painted(line, row, width) for line, row in zip(lines[1:], rows, strict=False)
            ]
        else:
            shown = [_cut(line, width) for line in lines]
        write_all(1, TOP + b"".join(line + TO_LINE_END + b"\n" for line in shown) + TO_END)

    def key_within(self, seconds: float) -> bool:
        """Wait so many SECONDS, or until a key says that it is enough; whether one did."""
        from select import select
        from time import monotonic

        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            # Without a keyboard there is only time.
            watched = [0] if self.before is not None else []
            if not select(watched, [], [], left)[0]:
                return False
            keys = posix.read(0, 64)
            if not keys or any(key in KEYS for key in keys):
                return True
        return False


def _keys_at_once() -> "Modes | None":
    """Have the keyboard give each key at once and unseen; how it was, None without one."""
    import termios

    try:
        before = termios.tcgetattr(0)
    except termios.error:
        return None
    local = before[3] & ~(termios.ICANON | termios.ECHO | termios.ISIG)
    termios.tcsetattr(0, termios.TCSANOW, [*before[:3], local, *before[4:]])
    return before


def _size() -> tuple[int, int]:
    try:
        size = posix.get_terminal_size(1)
    except OSError:
        return 80, 24
    # A terminal that does not know its size says 0.
    return size.columns or 80, size.lines or 24


def _cut(line: bytes, width: int) -> bytes:
    """LINE to WIDTH characters."""
    return line.decode("utf-8", "surrogateescape")[:width].encode("utf-8", "surrogateescape")


def _painted(line: bytes, row: list[bytes], width: int) -> bytes:
    line = _cut(line, width)
    at = line.find(b" " + row[1] + b" ", len(row[0])) + 1
    word = row[1]
    return line[:at] + paint(word, word) + line[at + len(word) :] if at > 0 else line


class RichScreen(Screen):
    """A screen whose table is drawn by rich."""

    def begin(self) -> None:
        """Take the screen."""
        from rich.console import Console
        from rich.live import Live

        self.live = Live(console=Console(highlight=False), screen=True, auto_refresh=False)
        self.live.start()

    def end(self) -> None:
        """Give it back as it was."""
        self.live.stop()

    def show(self, head: list[bytes], rows: list[list[bytes]]) -> None:
        """Show the table of ROWS in place of the last one."""
        from rich.table import Table
        from rich.text import Text

        shown = Table(box=None, expand=True, header_style="bold", pad_edge=False)
        for name in head:
            right = name in (b"PID", b"RESTARTS", b"MEMORY", b"CPU")
            last = name == head[-1]
            shown.add_column(
                name.decode(),
                justify="right" if right else "left",
                no_wrap=True,
                overflow="ellipsis",
                ratio=1 if last else None,
            )
        for row in rows:
            # Text, and no markup: a service may print brackets.
            cells = [Text(cell.decode("utf-8", "replace")) for cell in row]
            cells[1].stylize(STYLES.get(COLOURS.get(row[1], b""), ""))
            shown.add_row(*cells)
        self.live.update(shown, refresh=True)


def screen() -> Screen:
    """Where the table is shown: by rich, if it is installed with these commands."""
    # The commands start without the libraries that are beside them.
    add_library()
    try:
        import rich.live  # noqa: F401 - whether it is there
    except ImportError:
        return Screen()
    return RichScreen()
