"""Starting a child from a warm supervisor: a fork, and in it whatever is to run."""

import posix
import sys
from _signal import (
    NSIG,
    SIG_BLOCK,
    SIG_DFL,
    SIG_SETMASK,
    getsignal,
    pthread_sigmask,
    set_wakeup_fd,
    signal,
    valid_signals,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def spawn(body: "Callable[[], int]", become: "dict[int, int]", close: "Iterable[int]") -> int:
    """Fork a child that runs BODY and ends with the code that it gives; return its pid.

    BECOME says which fd becomes which (stdin, stdout, stderr), CLOSE which fds are the
    supervisor's own. The child leads a session of its own and has default actions for the
    signals that the supervisor handles. Raises OSError when there can be no child.
    """
    # A signal that came between the fork and here would be taken by the supervisor's
    # handler, in the child, and told to the supervisor through the pipe they share.
    mask = pthread_sigmask(SIG_BLOCK, valid_signals())
    try:
        pid = posix.fork()
        if not pid:
            _be(body, become, close, mask)
    finally:
        pthread_sigmask(SIG_SETMASK, mask)
    return pid


def _be(
    body: "Callable[[], int]",
    become: "dict[int, int]",
    close: "Iterable[int]",
    mask: "Iterable[int]",
) -> None:
    code = 111
    try:
        set_wakeup_fd(-1)
        for signum in range(1, NSIG):
            if callable(getsignal(signum)):
                signal(signum, SIG_DFL)
        posix.setsid()
        for fd, source in become.items():
            posix.dup2(source, fd)
        for fd in close:
            posix.close(fd)
        pthread_sigmask(SIG_SETMASK, mask)
        code = body()
    except BaseException:  # noqa: BLE001 - the top level of this process
        sys.excepthook(*sys.exc_info())
    finally:
        posix._exit(code)  # noqa: SLF001 - a child never returns into the supervisor
