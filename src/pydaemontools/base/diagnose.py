"""Why it did not work: the second line of an error, looked for only when there is one."""

import posix
from errno import E2BIG, EACCES, ENOENT, ENOEXEC, EPERM

from .process import environ, fsencode

SCRIPT = 256  # what the kernel reads of a first line


def not_run(argv: list[bytes], files: list[bytes], path: bytes | None, error: OSError) -> bytes:
    """Why ARGV, looked for on PATH as FILES, could not be run."""
    if error.errno == E2BIG:
        words = sum(len(word) + 1 for word in argv)
        names = sum(len(name) + len(value) + 2 for name, value in environ.items())
        return b"the arguments take %d bytes and the environment %d" % (words, names)
    for file in files:
        if not posix.access(file, posix.F_OK):
            continue
        if error.errno == ENOENT:
            return _bad_interpreter(file)
        if error.errno == ENOEXEC:
            return file + b" is neither a binary for this machine nor a script that begins with #!"
        if error.errno in (EACCES, EPERM):
            return owned(file)
    if error.errno == ENOENT and b"/" not in argv[0]:
        where = b"not set" if path is None else path or b"empty"
        return argv[0] + b" is in no directory of PATH, which is " + where
    return b""


def _bad_interpreter(file: bytes) -> bytes:
    try:
        with open(file, "rb", buffering=0) as script:
            line = script.read(SCRIPT).partition(b"\n")[0]
    except OSError:
        return b""
    if line[:2] != b"#!":
        return file + b" is there, but the loader that it names is not"
    words = line[2:].split()
    name = words[0] if words else b""
    if line[-1:] == b"\r":
        return file + b" has Windows line ends: its first line asks for an interpreter with a CR"
    return file + b" names an interpreter that does not exist: " + name


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
    """The name of the group GID, or the number where it has none."""
    from grp import getgrgid

    try:
        return fsencode(getgrgid(gid).gr_name)
    except KeyError:
        return b"gid %d" % gid


def signal_name(signum: int) -> bytes:
    """SIGKILL for 9, and so on."""
    import _signal

    for name, value in vars(_signal).items():
        if value == signum and name[:3] == "SIG" and name[3] != "_":
            return name.encode()
    return b"signal %d" % signum
