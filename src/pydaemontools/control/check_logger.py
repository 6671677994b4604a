"""What is wrong with the file `logger` of the service in the current directory."""

import posix

from ..base import cli
from ..base.process import environ
from ..base.service_dirs import is_written
from ..chain import pathexec as chain
from ..supervise.logger_file import LOGGER, program_of, read_text

OURS = b"pymultilog", b"pysissylog"


def logger_findings() -> list[bytes]:
    """What is wrong, a line each, which begins with the name of the file."""
    found = []
    if posix.access(b"log", posix.F_OK) and not is_written(b"log"):
        found.append(LOGGER + b": it is not used: there is log/, which is")
    try:
        words = program_of(read_text(LOGGER), LOGGER, b"INSTANCE")
        while words[:1] == [b"pysetuidgid"] and len(words) > 2 and words[1][:1] != b"-":
            from ..chain.account import find

            find(words[0], words[1])
            words = words[2:]
        files = chain.search(words[0], environ.get(b"PATH"))
        ours = next(filter(None, map(chain.recognise, files)), [b""])[0]
        if ours in OURS:
            from ..log.hostable import is_hostable

            is_hostable([ours, *words[1:]])
    except cli.Asked as asked:
        found.append(LOGGER + b": nothing is logged when it is asked for " + asked.what)
    except cli.Quit as end:
        text = b"; ".join([*end.lines, end.hint] if end.hint else end.lines)
        text = text.removeprefix(b"fatal: ").removeprefix(LOGGER + b": ")
        found.append(LOGGER + b": " + text)
    return found
