"""Starting a child from a warm process: a fork, and in it whatever is to run."""

import _signal as signal
import posix
import sys
from errno import EINVAL, ENOMEM, ENOSYS
from fcntl import F_DUPFD, fcntl

from . import cli
from .fds import MOST, close_all_but

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_spawn: "list[Callable[..., int]]" = []  # that of base/spawn, where it is loaded
_files: list[tuple[int, int]] = []  # the limit of open files that children have, if not ours


def fork(
    who: bytes,
    name: bytes,
    body: "Callable[[], int]",
    fd_map: "Mapping[int, int]",
    keep: "Iterable[int]" = (),
    *,
    session: bool = True,
    unblock: bool = False,
) -> int:
    """Fork a child that runs BODY and ends with the code that it returns; return its pid.

    FD_MAP says which fd is which of ours there (stdin, stdout, stderr, ...), KEEP which
    others stay open; the rest above 2 is closed. The child has default actions for the
    signals that the supervisor handles, may lead a SESSION of its own, and if it is to UNBLOCK
    them, no signal is blocked there, whatever was for us. What cannot be done there for the
    service NAME is said under the name WHO, and 111 is its code. Raises OSError when there can
    be no child.
    """
    # A signal that came between the fork and here would be taken by the supervisor's
    # handler, in the child, and would reach the supervisor through the pipe they share.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = posix.fork()
        if not pid:
            _limit_files(*_files)
            _child(who, name, body, fd_map, keep, mask=() if unblock else mask, session=session)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return pid


def spawn_program(
    file: bytes,
    argv: list[bytes],
    fd_map: "Mapping[int, int]",
    *,
    session: bool,
    unblock: bool = False,
    mark: bytes = b"",
) -> int:
    """Start the program FILE with ARGV, as a child that fork() makes; return its pid. It has MARK.

    posix_spawn shares our memory until the exec, where a fork first copies how it is laid
    out: for a program that is not ours that saves a third of a restart. Our own fds are all
    closed on exec, and handled signals have their default. Raises OSError where it cannot be
    run, or where the system has no such thing; fork() then says why.
    """
    if not fd_map.keys().isdisjoint(fd_map.values()):
        # One's source is another's place.
        raise OSError(EINVAL, "")
    if not _spawn:
        raise OSError(ENOSYS, "")
    mask = frozenset[int]() if unblock else None
    if not _files:
        return _spawn[0](file, argv, fd_map, session=session, mask=mask, mark=mark)
    # It has what we have, and nobody else starts anything meanwhile.
    _limit_files(*_files)
    try:
        return _spawn[0](file, argv, fd_map, session=session, mask=mask, mark=mark)
    finally:
        _limit_files((_files[0][1],) * 2)


def prepare() -> None:
    """Make ready to spawn children, before the first of them.

    What the C library keeps for itself has its default from now on: whoever spawned us may
    have left it ignored, and what is forked has what we have.
    """
    try:
        from .spawn import reset, spawn
    except (ImportError, OSError):
        # There is no ctypes, or nothing for it to call: fork() has to do.
        return
    reset()
    _spawn.append(spawn)


def spawn_apart(keep: "Iterable[int]" = ()) -> None:
    """Spawn, from now on, beside few open files: where we are to have many. Children have KEEP too.

    Where the system cannot do that, all is as before.
    """
    if not _spawn:
        return
    try:
        from .spawner import Spawner

        _spawn[0] = Spawner(keep).spawn
    except (ImportError, OSError, RuntimeError):
        pass


def have_files() -> int:
    """Have as many open files as there may be; what is started has as many as before.

    Return how many.
    """
    from resource import RLIMIT_NOFILE, getrlimit

    before = getrlimit(RLIMIT_NOFILE)
    if before[0] != before[1]:
        _limit_files((before[1],) * 2)
        _files[:] = [before]
    return before[1] if before[1] >= 0 else MOST


def _limit_files(*limits: tuple[int, int]) -> None:
    """Have the limit of open files that there is in LIMITS, if one is."""
    if not limits:
        return
    from resource import RLIMIT_NOFILE, setrlimit

    for limit in limits:
        setrlimit(RLIMIT_NOFILE, limit)


def _child(
    who: bytes,
    name: bytes,
    body: "Callable[[], int]",
    fd_map: "Mapping[int, int]",
    keep: "Iterable[int]",
    *,
    mask: "Iterable[int]",
    session: bool,
) -> None:
    code = 111
    cli.may_wait()
    try:
        signal.set_wakeup_fd(-1)
        for signum in range(1, signal.NSIG):
            if callable(signal.getsignal(signum)):
                signal.signal(signum, signal.SIG_DFL)
        if session:
            posix.setsid()
        _map_fds(fd_map, name)
        close_all_but(fd_map.keys() | set(keep))
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        code = body()
    except cli.Quit as end:
        code = end.say(who)
    except (OSError, MemoryError) as error:
        why = error if isinstance(error, OSError) else OSError(ENOMEM, "")
        code = cli.fatal(b"unable to start " + name, why).say(who)
    except BaseException:  # noqa: BLE001 - the top level of this process
        sys.excepthook(*sys.exc_info())
    finally:
        posix._exit(code)  # noqa: SLF001 - a child never returns into the supervisor


def _map_fds(fd_map: "Mapping[int, int]", name: bytes) -> None:
    """Make each fd the one it is to be for NAME, also where one's source is another's place."""
    above = max(fd_map, default=0) + 1
    fd = 0
    try:
        sources = {
            fd: fcntl(source, F_DUPFD, above) if source in fd_map else source
            for fd, source in fd_map.items()
        }
        for fd, source in sources.items():
            posix.dup2(source, fd)
    except OSError as error:
        raise cli.fatal(b"unable to open fd %d for " % fd + name, error) from None
