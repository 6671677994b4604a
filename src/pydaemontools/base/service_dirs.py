"""Which directories are service directories, as far as one may look, and which are templates.

A directory whose name ends with @ is a template, which nothing runs: web@8001 is an instance of
web@, and knows itself by what stands behind the first @.
"""

import posix

from .process import environ

# Where a person looks for services: SVDIR, or where runit and daemontools keep them.
DIRECTORIES = (b"/etc/service", b"/service")


def services_directory() -> bytes:
    """The directory of all services."""
    named = environ.get(b"SVDIR")
    if named:
        return named
    first, second = DIRECTORIES
    only = not posix.access(first, posix.X_OK) and posix.access(second, posix.X_OK)
    return second if only else first


def is_service(directory: bytes) -> bool:
    """Whether DIRECTORY holds a run, or what a supervisor makes."""
    # There is /run, and a program /usr/bin/supervise: neither kind is what it should be.
    for name, other in ((b"/run", 0o040000), (b"/supervise", 0o100000)):
        try:
            found = posix.lstat(directory + name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            # Nobody can say that it is none.
            return True
        if found.st_mode & 0o170000 != other:
            return True
    return False


def is_written(log: bytes) -> bool:
    """Whether the directory LOG is the log of a service, and not the service of its logger."""
    is_log = any(posix.access(log + name, posix.F_OK) for name in (b"/current", b"/lock"))
    return is_log and not is_service(log)


def names_in(directory: bytes) -> list[bytes]:
    """What may be a service in DIRECTORY by its name, in order; raises OSError."""
    names = posix.listdir(directory or b".")
    return sorted(name for name in names if name[:1] != b"." and name[-1:] != b"@")


def services_in(directory: bytes) -> list[bytes]:
    """The services in DIRECTORY, in the order of their names; raises OSError."""
    return [name for name in names_in(directory) if is_service(directory + b"/" + name)]


def base_name(path: bytes) -> bytes:
    """The name of the directory at PATH; of "." that of the current one, if anybody can say."""
    name = path.rstrip(b"/").rpartition(b"/")[2]
    if name in (b"", b".", b".."):
        try:
            return posix.getcwdb().rpartition(b"/")[2] if name == b"." else name
        except OSError:
            return b""
    return name


def is_template(path: bytes) -> bool:
    """Whether the directory at PATH is a template, by its name."""
    return base_name(path)[-1:] == b"@"


def instance_of(path: bytes) -> tuple[bytes, bytes]:
    """The template's name, and which instance of it the directory at PATH is; nothing if none."""
    before, at, which = base_name(path).partition(b"@")
    return (before + at, which) if before and which else (b"", b"")
