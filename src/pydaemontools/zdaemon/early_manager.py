"""A process that may become a manager, forked before it is known whether one is wanted.

It loads what a manager needs while the client reads the command line and asks who is there, and
has nothing of the client's in its memory. Where none is wanted its socket is closed, and it ends.
"""

from _socket import AF_UNIX, SOCK_STREAM, socket, socketpair

from ..base.child import fork

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_forked: list[tuple[int, socket]] = []  # the pid of the one that waits, and our end of its socket


def fork_manager(
    become: "Callable[[int], int] | None" = None, *, session: bool = False
) -> tuple[int, socket]:
    """Fork what becomes a manager when it is told of runners; give its pid and our socket.

    BECOME does so there, with the fd of its socket; SESSION: it leads one from the beginning.
    Raises OSError.
    """
    body = become or _become
    ours, theirs = socketpair(AF_UNIX, SOCK_STREAM)
    try:
        channel = theirs.fileno()
        pid = fork(
            b"pyzdaemon", b"the manager", lambda: body(channel), {}, [channel], session=session
        )
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
    return pid, ours


def prepare_manager() -> None:
    """Have one that take_manager() gives; not where there can be no process."""
    try:
        _forked.append(fork_manager())
    except OSError:
        # Who wants one says why.
        pass


def take_manager() -> tuple[int, socket] | None:
    """The one that was prepared, and what tells it of runners; None without one."""
    return _forked.pop() if _forked else None


def _become(channel: int) -> int:
    from .manager_process import main

    return main(channel)
