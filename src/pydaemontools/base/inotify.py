"""What the kernel tells of changes in directories, by inotify(7)."""

import posix
from errno import ENOSYS
from sys import byteorder

IN_MODIFY, IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE = 0x2, 0x40, 0x80, 0x100, 0x200
IN_DELETE_SELF, IN_MOVE_SELF, IN_Q_OVERFLOW, IN_IGNORED = 0x400, 0x800, 0x4000, 0x8000
IN_ONLYDIR = 0x1000000
HEAD = 16  # bytes of an event before the name
BLOCK = 1 << 16


class Inotify:
    """An inotify `fd`. Raises OSError where there can be none."""

    def __init__(self) -> None:
        from .libc import call, function

        self._call = call
        self._remove = function("inotify_rm_watch")
        self.fd: int = function("inotify_init1")(posix.O_CLOEXEC | posix.O_NONBLOCK)
        if self.fd < 0:
            raise OSError(ENOSYS, "")

    def watch(self, directory: bytes, events: int) -> int:
        """Watch DIRECTORY for EVENTS; return the number of the watch. Raises OSError."""
        return self._call("inotify_add_watch", self.fd, directory, events | IN_ONLYDIR)

    def forget(self, number: int) -> None:
        """Watch no more what the watch NUMBER is for."""
        self._remove(self.fd, number)

    def read(self) -> list[tuple[int, int, bytes]]:
        """What has happened: the number of a watch (-1 if much was lost), events, and a name."""
        found: list[tuple[int, int, bytes]] = []
        while True:
            try:
                data = posix.read(self.fd, BLOCK)
            except BlockingIOError:
                return found
            at = 0
            while at < len(data):
                number, events, _, size = (
                    int.from_bytes(data[at + i : at + i + 4], byteorder, signed=not i)
                    for i in range(0, HEAD, 4)
                )
                found.append((number, events, data[at + HEAD : at + HEAD + size].rstrip(b"\0")))
                at += HEAD + size
