"""Which directories are service directories, as far as one may look."""

import posix


def is_service(directory: bytes) -> bool:
    """Whether DIRECTORY holds a run, or what a supervisor makes."""
    for name in (b"/run", b"/supervise"):
        try:
            posix.lstat(directory + name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            # Nobody can say that it is none.
            pass
        return True
    return False


def services_in(directory: bytes) -> list[bytes]:
    """The services in DIRECTORY, in the order of their names; raises OSError."""
    names = sorted(name for name in posix.listdir(directory) if name[:1] != b".")
    return [name for name in names if is_service(directory + b"/" + name)]
