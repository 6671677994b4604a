"""Logging from a program: one call, and the router understands what it says.

    import pydaemontools.adapters as log
    log.install()

logging, loguru and structlog then write to stderr, each line with its level, at one level that
changes while the program runs. docs/howto/logging.md tells of it. Nothing else of this package
imports it, and it imports no library before a program uses it.

- `install(...)`: do it; ValueError for arguments that mean nothing. `uninstall()` undoes it.
- `child`: the same in a child of multiprocessing's that has begun anew: an initializer.
- `Handler`, `dict_config()`: the same for what has a configuration of logging of its own.
- `level`: the process's Level. `level.set("debug")`, `level.adjust(-1)`, `level.name`.
- `category(name)`: the Level of a logger that install(categories=...) named.
- `Level`, `Argv`: what levels and command lines are.
- `notify`: ready(), status(text), stopping(), watchdog(), for systemd, pysupervise and s6.
"""

from ..base import sd_notify as notify
from .handler import Handler, dict_config
from .installed import installed
from .level import Level
from .options import Argv
from .setup import category, child, install, uninstall

# In the place of the module of that name, which is imported from by its whole name.
level = installed.level

__all__ = [
    "Argv",
    "Handler",
    "Level",
    "category",
    "child",
    "dict_config",
    "install",
    "level",
    "notify",
    "uninstall",
]
