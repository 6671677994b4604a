"""Run a program while holding a lock."""

import posix
from errno import ELOOP
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock

from ..base import cli
from ..base.process import title

USAGE = (
    b"setlock [ -nNxX ] file program [ arg ... ]",
    b"pysetlock [-nNxX] [-hr] [-t seconds] file program [arg ...]",
)
FOREVER = 10.0**9  # seconds: a timer takes no more than its clock can count


def parse(argv: list[bytes]) -> tuple[dict[bytes, bytes], bytes, list[bytes]]:
    """The options in force (n, x, h, r, t), the lock file, and the rest of argv."""
    found, rest = cli.options(argv, USAGE, b"nNxX", b"hrt:")
    if len(rest) < 2:
        hint = b"say which file to lock, and which program to run"
        raise cli.usage(argv[0], USAGE, hint=hint)
    force: dict[bytes, bytes] = {}
    for letter, value in found:
        if letter == b"t":
            cli.seconds(argv[0], USAGE, letter, value)
        # N and X take back n and x.
        if letter in b"NX":
            force.pop(letter.lower(), None)
        else:
            force[letter] = value
    return force, rest[0], rest[1:]


def main(argv: list[bytes]) -> list[bytes] | int:
    """Lock the file and hand on the rest; the lock is an open fd that the program inherits.

    With -h a child hands it on, and this process stays.
    """
    force, file, rest = parse(argv)
    try:
        fd = open_lock(file)
    except OSError as error:
        if b"x" in force:
            return 0
        raise cli.fatal(b"unable to open " + file, error, why(file, error)) from None
    how = LOCK_SH if b"r" in force else LOCK_EX
    try:
        if b"t" in force and b"n" not in force:
            _within(argv[0], float(force[b"t"]), fd, how)
        else:
            lock_fd(argv[0], fd, how, wait=b"n" not in force)
    except OSError as error:
        if b"x" in force:
            return 0
        from ..base.locks import holder

        raise cli.fatal(b"unable to lock " + file, error, holder(fd, file)) from None
    posix.set_inheritable(fd, True)
    if b"h" not in force:
        return rest
    from .hold import stay

    code = stay(argv[0])
    return rest if code is None else code


def open_lock(file: bytes) -> int:
    """Open FILE, made if it is not there. Raises OSError.

    In a directory of others a link could have any file be made: it has to be root's or our own.
    """
    flags = posix.O_WRONLY | posix.O_NONBLOCK | posix.O_APPEND | posix.O_CREAT | posix.O_CLOEXEC
    flags |= posix.O_NOFOLLOW
    if b"/" not in file.removeprefix(b"./") or file[-1:] == b"/":
        try:
            return posix.open(file, flags, 0o600)
        except OSError as error:
            if error.errno != ELOOP:
                raise
    from ..base.reach import reach

    at, last = reach(file, follow=True)
    try:
        fd = posix.open(last, flags, 0o600, dir_fd=at)
    finally:
        posix.close(at)
    # The program finds the lock at the lowest fd that was free, as the original's does.
    lowest = posix.dup(fd)
    posix.close(fd)
    return lowest


def why(file: bytes, error: OSError) -> bytes:
    """Why FILE is none that can be locked, by the ERROR that opening it gave."""
    from errno import EISDIR, ENOENT, ENXIO

    from ..base.errors import refused

    if error.errno == EISDIR:
        return b"a lock is a file, which is made: name one, " + file.rstrip(b"/") + b"/lock perhaps"
    if error.errno == ENOENT:
        return b"the directory that it is to be in does not exist"
    if error.errno == ENXIO:
        return b"it is a FIFO that nobody reads, or a socket, and a lock is a file: name another"
    return refused(file, error)


def lock_fd(who: bytes, fd: int, how: int = LOCK_EX, *, wait: bool) -> None:
    """Lock FD; who has to WAIT for it shows in ps what it is."""
    try:
        flock(fd, how | LOCK_NB)
    except BlockingIOError:
        if not wait:
            raise
        title(who)
        flock(fd, how)


def _within(who: bytes, limit: float, fd: int, how: int) -> None:
    """Lock FD, or raise BlockingIOError when LIMIT seconds have passed."""
    import _signal as signal

    def late(_signum: int, _frame: object) -> None:
        raise BlockingIOError(EAGAIN, "")

    from errno import EAGAIN

    try:
        flock(fd, how | LOCK_NB)
    except BlockingIOError:
        if not limit:
            raise
        title(who)
    else:
        return
    # An alarm that someone blocked or ignored for us would never end the wait.
    before = signal.signal(signal.SIGALRM, late)
    mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
    signal.setitimer(signal.ITIMER_REAL, min(limit, FOREVER))
    try:
        flock(fd, how)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGALRM, before)
