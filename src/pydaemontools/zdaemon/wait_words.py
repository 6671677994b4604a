"""How a program ended, in zdaemon's words."""

import posix

UNKNOWN = -1  # the code of one that has none


def end_words(status: int | None) -> tuple[int, str]:
    """The exit code that a wait STATUS holds, or UNKNOWN, and words for it; None is not known."""
    if status is None:
        return UNKNOWN, "ended in a way that nobody saw"
    if posix.WIFEXITED(status):
        code = posix.WEXITSTATUS(status)
        return code, f"exit status {code}"
    if not posix.WIFSIGNALED(status):
        return UNKNOWN, f"unknown termination cause 0x{status:04x}"
    from ..base.errors import signal_name

    core = " (core dumped)" if status & 0x80 else ""
    return UNKNOWN, "terminated by " + signal_name(posix.WTERMSIG(status)).decode() + core
