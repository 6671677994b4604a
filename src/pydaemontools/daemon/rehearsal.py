"""What a restart can know beforehand: a child does all steps of the start, up to its work.

So it is the kernel that says what cannot be had, by that account and in that root, before what
runs is ended.
"""

import os
from errno import EACCES, ENOENT
from stat import S_ISREG

from ..base import cli
from ..base.errors import interpreter, not_run
from ..chain import pathexec
from .conditions import Condition
from .detach import launch
from .starting import Start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .plan import Plan


def rehearse(name: str, plan: "Plan", words: list[bytes] | None, timeout: float) -> None:
    """See whether the daemon NAME could start as PLAN says, and become the program of WORDS.

    PLAN is of no other use. Raises StartupError, Timeout.
    """
    # These are in use, by the one that runs.
    logger, plan.stdio.logger, plan.lock = plan.stdio.logger, [], None
    who = f"{name} again, so it goes on as it is"
    begun = launch(
        who, plan, Condition(), timeout=timeout, logs=[], after_fork=lambda: _see(logger)
    )
    if isinstance(begun, Start):
        begun.wait()
        return
    try:
        begun.step("exec")
        _see(words)
        begun.ready()
    except BaseException as error:  # noqa: BLE001 - the top level of this process
        begun.failed(error)
    finally:
        os._exit(0)


def _see(words: list[bytes] | None) -> None:
    """Raise Quit where the program of WORDS, if there are any, cannot be run."""
    if not words:
        return
    path, trouble = os.environb.get(b"PATH"), OSError(ENOENT, "")
    files = pathexec.search(words[0], path)
    for file in files:
        try:
            if S_ISREG(os.stat(file).st_mode) and os.access(file, os.X_OK):
                os.stat(interpreter(file) or file)
                return
            trouble = OSError(EACCES, "")
        except FileNotFoundError:
            continue
        except OSError as error:
            trouble = error
            if error.errno not in pathexec.PASSED_OVER:
                break
    raise cli.fatal(b"unable to run " + words[0], trouble, not_run(words, files, path, trouble))
