"""A handler for those who configure logging themselves, and a configuration that has it.

gunicorn, uvicorn, Celery and Django set logging up with a dict, or a file, of
logging.config's. There install() comes too early or too late, but a class can be named.
"""

import logging
from collections.abc import Callable, Mapping
from typing import IO

from . import choose, stdlib
from .output import Calls, Output

# Loggers that bring handlers of their own, or name some that a dict of ours has not.
FRAMEWORKS = (
    *("gunicorn.error", "gunicorn.access", "uvicorn", "uvicorn.error", "uvicorn.access"),
    *("hypercorn.error", "hypercorn.access", "celery", "celery.task", "celery.worker"),
    *("django", "django.server"),
)


class Handler(stdlib.RecordHandler):
    """Writes each record to stderr in a form that the router understands.

    FORMAT, PRESET, FIELDS, TEXT, INFO_PREFIX, FOLD and TO are install()'s. LEVEL is logging's:
    what is less is not written. ValueError where one means nothing.
    """

    def __init__(
        self,
        level: int | str = logging.NOTSET,
        *,
        format: str = "auto",  # noqa: A002 - what install() calls it
        preset: str = "plain",
        fields: Mapping[str, object] | None = None,
        text: str | logging.Formatter | None = None,
        info_prefix: bool = True,
        fold: bool = False,
        to: "int | IO[str] | IO[bytes] | Callable[[bytes], object] | None" = None,
    ) -> None:
        make = choose.form(format, preset, fields, text, info_prefix=info_prefix, fold=fold)
        fd = choose.fd(to)
        stdlib.add_levels()
        form = make(fd)
        super().__init__(form, Calls(to) if callable(to) else Output(fd, stdlib.lost(form)))
        self._to = to  # a file that nobody has any more is closed
        self.setLevel(level)


def dict_config(level: int | str = "INFO", **arguments: object) -> dict[str, object]:
    """A dict for logging.config.dictConfig that has all go to stderr, from LEVEL on.

    ARGUMENTS are a Handler's. It is gunicorn's `logconfig_dict`, uvicorn's `log_config`, and
    Django's LOGGING; their loggers pass on what they have. Add to it what you like.
    """
    stdlib.add_levels()
    name = f"{Handler.__module__.rpartition('.')[0]}.{Handler.__name__}"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"stderr": {"class": name, **arguments}},
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {
            name: {"level": level, "handlers": [], "propagate": True} for name in FRAMEWORKS
        },
    }
