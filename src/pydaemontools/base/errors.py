"""What went wrong, in words: daemontools' own for the system's errors; and why it did.

error_str's words are djb's (daemontools 0.76, error_str.c), told to a person by every tool of
his and so part of the interface. What is not listed is an "unknown error". The rest is for the
second line of an error, and looked for only when there is one.
"""

import errno
import posix

from .process import environ, fsencode, is_dir

OLD_NAMES = ("SIGIOT", "SIGCLD", "SIGPOLL")  # of SIGABRT, SIGCHLD and SIGIO
# Words that a shell acts on itself, and that have no program of their name, or one of no use.
SHELL = b". alias bg cd eval exec exit export fg set source trap ulimit umask unset".split()
SCRIPT = 256  # what the kernel reads of a first line
ELF = b"\x7fELF"
BOM = b"\xef\xbb\xbf"  # that some editors put before a text
_WORDS = """\
EPERM permission denied
ENOENT file does not exist
ESRCH no such process
EINTR interrupted system call
EIO input/output error
ENXIO device not configured
E2BIG argument list too long
ENOEXEC exec format error
EBADF file descriptor not open
ECHILD no child processes
EAGAIN temporary failure
ENOMEM out of memory
EACCES access denied
EFAULT bad address
ENOTBLK not a block device
EBUSY device busy
EEXIST file already exists
EXDEV cross-device link
ENODEV device does not support operation
ENOTDIR not a directory
EISDIR is a directory
EINVAL invalid argument
ENFILE system cannot open more files
EMFILE process cannot open more files
ENOTTY not a tty
ETXTBSY text busy
EFBIG file too big
ENOSPC out of disk space
ESPIPE unseekable descriptor
EROFS read-only file system
EMLINK too many links
EPIPE broken pipe
EDOM input out of range
ERANGE output out of range
EDEADLK operation would cause deadlock
ENAMETOOLONG file name too long
ENOLCK no locks available
ENOSYS system call not available
ENOTEMPTY directory not empty
ELOOP symbolic link loop
ENOMSG no message of desired type
EIDRM identifier removed
ENOSTR not a stream device
ETIME timer expired
ENOSR out of stream resources
ENONET machine not on network
EREMOTE too many levels of remote in path
ENOLINK link severed
EADV advertise error
ESRMNT srmount error
ECOMM communication error
EPROTO protocol error
EMULTIHOP multihop attempted
EBADMSG bad message type
EREMCHG remote address changed
EUSERS too many users
ENOTSOCK not a socket
EDESTADDRREQ destination address required
EMSGSIZE message too long
EPROTOTYPE incorrect protocol type
ENOPROTOOPT protocol not available
EPROTONOSUPPORT protocol not supported
ESOCKTNOSUPPORT socket type not supported
EOPNOTSUPP operation not supported
EPFNOSUPPORT protocol family not supported
EAFNOSUPPORT address family not supported
EADDRINUSE address already used
EADDRNOTAVAIL address not available
ENETDOWN network down
ENETUNREACH network unreachable
ENETRESET network reset
ECONNABORTED connection aborted
ECONNRESET connection reset
ENOBUFS out of buffer space
EISCONN already connected
ENOTCONN not connected
ESHUTDOWN socket shut down
ETOOMANYREFS too many references
ETIMEDOUT timed out
ECONNREFUSED connection refused
EHOSTDOWN host down
EHOSTUNREACH host unreachable
EALREADY operation already in progress
EINPROGRESS operation in progress
ESTALE stale NFS file handle
EDQUOT disk quota exceeded
"""


def error_str(error: OSError) -> bytes:
    """Say in djb's words why ERROR happened; in its own where it has some (reach.Unsafe)."""
    words: bytes = getattr(error, "words", b"")
    if words:
        return words
    name = errno.errorcode.get(error.errno or 0, "")
    for line in _WORDS.splitlines():
        key, _, text = line.partition(" ")
        # Linux gives some errors two names (EDEADLOCK); the number is what counts.
        if key == name or getattr(errno, key, None) == error.errno:
            return text.encode()
    return b"unknown error"


def not_run(argv: list[bytes], files: list[bytes], path: bytes | None, error: OSError) -> bytes:
    """Why ARGV, looked for on PATH as FILES, could not be run."""
    if error.errno == errno.E2BIG:
        words = sum(len(word) + 1 for word in argv)
        names = sum(len(name) + len(value) + 2 for name, value in environ.items())
        return b"the arguments take %d bytes and the environment %d" % (words, names)
    for file in files:
        if not posix.access(file, posix.F_OK):
            continue
        if error.errno == errno.ENOENT:
            return _bad_interpreter(file)
        if error.errno == errno.ENOEXEC:
            return file + _no_format(file)
        if error.errno in (errno.EACCES, errno.EPERM):
            return _may_not_run(file)
    if error.errno == errno.ENOENT and b"/" not in argv[0]:
        return _no_program(argv[0], path)
    # None of them is seen: one may stand where this account may not look.
    closed = [place for place in map(_closed, files) if place]
    return owned(closed[0]) if closed and error.errno == errno.EACCES else b""


def _closed(file: bytes) -> bytes:
    """The directory above FILE that we may not look into; nothing if there is none."""
    place = file.rpartition(b"/")[0]
    while place and not is_dir(place):
        place = place.rpartition(b"/")[0]
    return b"" if not place or posix.access(place, posix.X_OK) else place


def _no_program(name: bytes, path: bytes | None) -> bytes:
    """Why NAME is found nowhere on PATH: what else a person may have meant by it."""
    if b"=" in name:
        return b"a variable is no program: write `env " + name + b"` before the program"
    if b" " in name:
        return b"`" + name + b"` is one word, its blank too: leave out the quotes around it"
    if name in SHELL:
        return name + b" is the shell's own word, and no program: write `sh -c '" + name + b" ...'`"
    if not is_dir(name) and posix.access(name, posix.F_OK):
        return name + b" is here, and in no directory of PATH: write ./" + name
    where = b"not set" if path is None else path or b"empty"
    return name + b" is in no directory of PATH, which is " + where


def _may_not_run(file: bytes) -> bytes:
    """Why FILE, which is there, may not be run."""
    if is_dir(file):
        return file + b" is a directory, and not a program"
    try:
        mode, flags = posix.stat(file).st_mode, posix.statvfs(file).f_flag
    except OSError:
        return owned(file)
    if mode & 0o170000 != 0o100000:
        return file + b" is a FIFO, a socket or a device, and not a program"
    if not mode & 0o111:
        return file + b" is not executable: `chmod +x " + file + b"` makes it so"
    if flags & posix.ST_NOEXEC:
        return file + b" is on a file system that is mounted noexec"
    return owned(file)


def beginning(file: bytes) -> int:
    """The errno of the kernel for FILE, which may be run, if it cannot begin it; else 0.

    Of one that we may not read nobody knows.
    """
    line = _first_line(file)
    if line[:2] != b"#!":
        return errno.ENOEXEC if line and line[:4] != ELF else 0
    there = line[-1:] != b"\r" and posix.access(interpreter(file), posix.F_OK)
    return 0 if there else errno.ENOENT


def _first_line(file: bytes) -> bytes:
    """What the kernel reads of the first line of FILE; nothing where we may not."""
    try:
        with open(file, "rb", buffering=0) as script:
            return script.read(SCRIPT).partition(b"\n")[0]
    except OSError:
        return b""


def _no_format(file: bytes) -> bytes:
    if _first_line(file).startswith(BOM):
        return b" begins with a byte order mark, and so not with #!: save it without one"
    return b" is neither a binary for this machine nor a script that begins with #!"


def _bad_interpreter(file: bytes) -> bytes:
    line = _first_line(file)
    if not line:
        return b""
    if line[:2] != b"#!":
        return file + b" is there, but the loader that it names is not"
    if line[-1:] == b"\r":
        return file + b" has Windows line ends: its first line asks for an interpreter with a CR"
    return file + b" names an interpreter that does not exist: " + interpreter(file)


def interpreter(file: bytes) -> bytes:
    """The one that FILE names in its first line; nothing if it is no script."""
    line = _first_line(file)
    return b"".join(line[2:].split()[:1]) if line[:2] == b"#!" else b""


def refused(file: bytes, error: OSError) -> bytes:
    """Who owns FILE, if ERROR says that we may not; nothing for any other."""
    return owned(file) if error.errno in (errno.EACCES, errno.EPERM) else b""


def owned(file: bytes, dir_fd: int | None = None) -> bytes:
    """Who owns FILE, with which mode, and who asks: for a refusal."""
    try:
        found = posix.stat(file, dir_fd=dir_fd)
    except OSError:
        return b""
    return b"%s belongs to %s, group %s, mode %04o; this is %s" % (
        file,
        user(found.st_uid),
        group(found.st_gid),
        found.st_mode & 0o7777,
        user(posix.geteuid()),
    )


def user(uid: int) -> bytes:
    """The name of the user UID, or the number where it has none."""
    from pwd import getpwuid

    try:
        return fsencode(getpwuid(uid).pw_name)
    except KeyError:
        return b"uid %d" % uid


def group(gid: int) -> bytes:
    """The name of the group GID, or the number where it has none, or we may not look."""
    try:
        from grp import getgrgid

        return fsencode(getgrgid(gid).gr_name)
    except (ImportError, KeyError):
        return b"gid %d" % gid


def signal_name(signum: int) -> bytes:
    """SIGKILL for 9, and so on: of two names the one that POSIX has."""
    import _signal

    for name, value in vars(_signal).items():
        if value == signum and name[:3] == "SIG" and name[3] != "_" and name not in OLD_NAMES:
            return name.encode()
    above = signum - _signal.SIGRTMIN
    return b"SIGRTMIN+%d" % above if 0 < above < 31 else b"signal %d" % signum
