"""For a program that must detach itself: daemonize(), pid files, Daemon, Server.

    from pydaemontools.daemon import daemonize
    here = daemonize("app.pid", stderr="app.log")
    ...
    here.ready()

Under a supervisor (pysupervise, systemd) the same program does not detach. Nothing is imported
before it is asked for.

- `daemonize(...)`, `ready()`; its steps alone: `start`, `close_io`, `lock`, `set_user`.
- `LockFile`, `PidFile`: one of a kind runs, and it is known which one.
- `Daemon`: starts, stops and asks after a program that becomes a daemon.
- `Server`: a program that runs until a signal ends it; `Prefork`: a pool of workers; `Child`: a
  command that has a certain time; `Threaded`: a method that is called again and again.
- `Error`, and of it `StartupError`, `AlreadyRunning`, `Timeout`.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from .alone import close_io, set_user, start
    from .daemon import Daemon
    from .detach import Detached, Started, daemonize, ready
    from .failures import AlreadyRunning, Error, StartupError, Timeout
    from .lock_file import LockFile, PidFile, lock
    from .managed import DaemonStatus
    from .prefork import Prefork
    from .server import Server
    from .supervisor import supervised
    from .threaded import Threaded
    from .timed_child import Child

__all__ = [
    "AlreadyRunning",
    "Child",
    "Daemon",
    "DaemonStatus",
    "Detached",
    "Error",
    "LockFile",
    "PidFile",
    "Prefork",
    "Server",
    "Started",
    "StartupError",
    "Threaded",
    "Timeout",
    "close_io",
    "daemonize",
    "lock",
    "ready",
    "set_user",
    "start",
    "supervised",
]


def __getattr__(name: str) -> object:
    """Import what is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = vars(_module(name))[name]
    globals()[name] = value
    return value


def _module(name: str) -> "ModuleType":
    """The module that has NAME; none may be called as one of the names is."""
    if name in ("AlreadyRunning", "Error", "StartupError", "Timeout"):
        from . import failures as found
    elif name in ("LockFile", "PidFile", "lock"):
        from . import lock_file as found  # type: ignore[no-redef]
    elif name in ("close_io", "set_user", "start"):
        from . import alone as found  # type: ignore[no-redef]
    elif name == "DaemonStatus":
        from . import managed as found  # type: ignore[no-redef]
    elif name == "Daemon":
        from . import daemon as found  # type: ignore[no-redef]
    elif name == "supervised":
        from . import supervisor as found  # type: ignore[no-redef]
    elif name in ("Child", "Prefork", "Server", "Threaded"):
        return _serving(name)
    else:
        from . import detach as found  # type: ignore[no-redef]
    return found


def _serving(name: str) -> "ModuleType":
    """The module that has NAME, of what runs until it is told to end."""
    if name == "Server":
        from . import server as found
    elif name == "Prefork":
        from . import prefork as found  # type: ignore[no-redef]
    elif name == "Child":
        from . import timed_child as found  # type: ignore[no-redef]
    else:
        from . import threaded as found  # type: ignore[no-redef]
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
