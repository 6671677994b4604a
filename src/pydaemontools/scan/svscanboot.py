"""svscanboot of daemontools: svscan of the services of this machine, its errors in ps.

What the original's script calls by its name is this installation's here.
"""

import posix
import sys

from ..base.process import environ, standard_fds
from ..chain import pathexec

PATH = b"/command:/usr/local/bin:/usr/local/sbin:/bin:/sbin:/usr/bin:/usr/sbin:/usr/X11R6/bin"
PLACES = b"/etc/service", b"/service"  # Debian's, and daemontools' own
DOTS = 400  # that readproctitle shows in


def main(_argv: list[bytes]) -> int:
    """Start all of it, and wait for its end."""
    standard_fds()
    nothing = posix.open("/dev/null", posix.O_RDWR)
    for fd in range(3):
        posix.dup2(nothing, fd)
    if nothing > 2:
        posix.close(nothing)
    place = next((place for place in PLACES if posix.access(place, posix.F_OK)), PLACES[0])
    environ[b"PATH"] = PATH
    _wait(_start([b"svc", b"-dx", *_services(place)], {}))
    environ.clear()
    environ[b"PATH"] = PATH
    source, sink = posix.pipe2(posix.O_CLOEXEC)
    _start([b"svscan", place], {1: sink, 2: sink})
    title = [b"readproctitle", b"service", b"errors:", b"." * DOTS]
    last = _start(title, {0: source})
    posix.close(source)
    posix.close(sink)
    return posix.waitstatus_to_exitcode(_wait(last))


def _services(place: bytes) -> list[bytes]:
    """The services in PLACE and their loggers, as a shell has them."""
    try:
        names = sorted(name for name in posix.listdir(place) if name[:1] != b".")
    except OSError:
        names = []
    found = [place + b"/" + name for name in names]
    logs = [one + b"/log" for one in found if posix.access(one + b"/log", posix.F_OK)]
    return (found or [place + b"/*"]) + (logs or [place + b"/*/log"])


def _start(argv: list[bytes], fd_map: dict[int, int]) -> int:
    """Start the tool ARGV with FD_MAP, as a process that is all its own; return its pid."""
    pid = posix.fork()
    if pid:
        return pid
    code = 111
    try:
        for fd, source in fd_map.items():
            posix.dup2(source, fd)
        program = pathexec.signature(argv[0].decode())
        words = [sys.executable.encode(), b"-IS", b"-c", program, *argv[1:]]
        pathexec.execute(words[0], words, to_ours=True)
    except OSError:
        # There is nobody to tell.
        pass
    finally:
        posix._exit(code)  # noqa: SLF001 - a child never returns


def _wait(pid: int) -> int:
    """How the child PID ended; whatever else ends meanwhile."""
    while True:
        ended, status = posix.waitpid(-1, 0)
        if ended == pid:
            return status
