"""What a chain changes, and hands on: the state of this one process.

The rest of it (ids, fds, limits in force, session) is the kernel's to keep.
"""

import posix
import sys

# The environment of the chain and of what comes after it: bytes to bytes, in order.
environ: dict[bytes, bytes] = posix.environ

# The variable by which the processes that a service leaves are known (see jobs/tree.py): a mark of
# each supervisor that they are below, with slashes between them.
MARK = b"PYDAEMONTOOLS_SERVICE"

# Soft limits that wait for the first program that is not ours (see limits.py).
limits: dict[int, int] = {}

# Which of fds 0-2 were closed when a tool of our own name began, and are now /dev/null.
opened: set[int] = set()

# What the program is to find as its argv[0], if that is not its name; and whether a link changed
# the root, so that the files of this installation are out of reach.
argv0: bytes | None = None
rooted = False

# The words of the tool that this process is at present, and whether ps shows them, or those of
# the process that this one was forked from.
words: list[bytes] = []
titled = False


def edit(environ: dict[bytes, bytes], entries: list[bytes]) -> None:
    """Apply ENTRIES to ENVIRON in turn: NAME=VALUE sets a variable, NAME alone removes it.

    The order is djb's, who keeps the environment in an array: the last variable moves
    into the place of one that goes, and a new value comes at the end.
    """
    pairs = list(environ.items())
    for entry in entries:
        name = entry.partition(b"=")[0]
        for i, (there, _) in enumerate(pairs):
            if there.partition(b"=")[0] == name:
                last = pairs.pop()
                if i < len(pairs):
                    pairs[i] = last
                break
        # Anything may be a file's name. CPython takes the one that begins with "=" as part
        # of a longer name, where for djb all of those are the variable without a name.
        at = entry.find(b"=", 1)
        if at >= 0:
            pairs.append((entry[:at], entry[at + 1 :]))
    environ.clear()
    environ.update(pairs)


def standard_fds() -> None:
    """Open those of fds 0-2 that are closed on /dev/null, or the next open() takes their place."""
    for fd in range(3):
        try:
            posix.fstat(fd)
        except OSError:
            posix.set_inheritable(posix.open("/dev/null", posix.O_RDWR), True)
            opened.add(fd)


def leave_terminal() -> None:
    """Let fd 0 be no terminal: what is typed there is for whoever else reads it."""
    if not posix.isatty(0):
        return
    try:
        nothing = posix.open("/dev/null", posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        # A place without /dev: a pipe that nobody writes to is as empty.
        nothing, writer = posix.pipe2(posix.O_CLOEXEC)
        posix.close(writer)
    posix.dup2(nothing, 0)
    posix.close(nothing)


def is_dir(path: bytes) -> bool:
    """Whether PATH is a directory (stat.S_ISDIR, without importing stat)."""
    try:
        return posix.stat(path).st_mode & 0o170000 == 0o040000
    except OSError:
        return False


def is_file(path: bytes) -> bool:
    """Whether PATH is a regular file."""
    try:
        return posix.stat(path).st_mode & 0o170000 == 0o100000
    except OSError:
        return False


def title(name: bytes) -> None:
    """Call this process NAME, with the words that it was called by, where ps and top show it.

    For one that stays: until then it is a "python3", or what it was forked from.
    """
    from .title import show

    global titled  # noqa: PLW0603 - there is one process
    titled = True
    show(name, b" ".join(words))


def fsencode(text: str) -> bytes:
    """The bytes that the system gave for TEXT (os.fsencode, without importing os)."""
    return text.encode(sys.getfilesystemencoding(), "surrogateescape")
