"""What a transcript is, by its name: a file, a directory, or a place of pysissylog's."""

import posix
from errno import EDQUOT, ENOSPC

from ..base import cli, shared_dir
from ..base.process import fsencode
from ..base.reach import reach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .runner import Runner

NULL = "/dev/null"
PLACES = {"syslog", "udp", "tcp", "tls", "relp", "relps", "journald", "dir"}
DEVICES = "/dev/"
PASSING = ENOSPC, EDQUOT  # what is waited for
FLAGS = posix.O_WRONLY | posix.O_APPEND | posix.O_CREAT


def is_file(path: str) -> bool:
    """Whether PATH is a file, or a directory if it ends with a /; and no place."""
    kind, colon, _ = path.partition(":")
    return not (colon and kind in PLACES)


def check_transcript(runner: "Runner") -> None:
    """Raise Quit if the transcript of RUNNER cannot be had; a full disk will have room."""
    path = runner.transcript
    if not runner.daemon or not path or not is_file(path) or path.startswith(DEVICES):
        return
    name = fsencode(path)
    try:
        if path.endswith("/"):
            shared_dir.make_directory(name, follow=True)
            return
        directory, last = reach(name, follow=True)
        try:
            posix.close(shared_dir.open_file(last, FLAGS, directory, mode=0o666 & ~runner.umask))
        finally:
            posix.close(directory)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in PASSING:
            raise cli.fatal(b"unable to open the transcript " + name, error) from None
