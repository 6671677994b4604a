"""Keep a program that puts itself in the background in the foreground."""

import posix

from ..base import cli
from ..base.process import title

USAGE = (b"fghack child", b"pyfghack program [arg ...]")
COPIES = 30  # as the original: enough for a program that closes a few fds at its start


def parse(argv: list[bytes]) -> list[bytes]:
    """The rest of argv."""
    rest = cli.options(argv, USAGE)[1] if cli.native(argv[0]) else argv[1:]
    if not rest:
        raise cli.usage(argv[0], USAGE, hint=b"say which program to run")
    return rest


def main(argv: list[bytes]) -> list[bytes] | int:
    """Fork; the child hands on the rest, the parent stays until all of it is gone."""
    rest = parse(argv)
    if cli.native(argv[0]):
        from ..base.orphans import adopt
        from .subreaper import follow

        code = follow(argv[0]) if adopt() else _hold(argv[0])
    else:
        code = _hold(argv[0])
    return rest if code is None else code


def _hold(who: bytes) -> int | None:
    """Wait, as WHO, until nobody has the pipe any more, as the original; None in the child."""
    reader, writer = _pipe()
    try:
        pid = posix.fork()
    except OSError as error:
        raise cli.fatal(b"unable to fork", error) from None
    if not pid:
        posix.close(reader)
        posix.set_inheritable(writer, True)
        _copy(writer)
        return None
    posix.close(writer)
    title(who)
    while posix.read(reader, 4096):
        pass
    try:
        status = posix.waitpid(pid, 0)[1]
    except OSError as error:
        raise cli.fatal(b"wait failed", error) from None
    if posix.WIFSIGNALED(status):
        raise cli.fatal(b"child crashed")
    return posix.WEXITSTATUS(status)


def _copy(fd: int) -> None:
    """Make the copies, or as many as there may be."""
    try:
        for _ in range(COPIES):
            posix.set_inheritable(posix.dup(fd), True)
    except OSError:
        # No more of them are allowed. The program has those that are.
        pass


def _pipe() -> tuple[int, int]:
    try:
        return posix.pipe()
    except OSError as error:
        raise cli.fatal(b"unable to create pipe", error) from None
