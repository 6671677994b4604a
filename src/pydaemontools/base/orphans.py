"""Becoming the parent of whatever our children leave, and waiting for all of them."""

import posix

PR_SET_CHILD_SUBREAPER = 36


def adopt() -> bool:
    """Become the parent of orphans below this process; False where the kernel has no such thing."""
    try:
        from .libc import function

        return not function("prctl")(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (ImportError, OSError):
        return False


def reap() -> tuple[list[tuple[int, int]], bool]:
    """The pid and the status of every child that has ended; whether there are others."""
    gone: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = posix.waitpid(-1, posix.WNOHANG)
        except ChildProcessError:
            return gone, False
        if not pid:
            return gone, True
        gone.append((pid, status))
