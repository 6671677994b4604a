"""pyzdaemon convert: the runners of a file as service directories, for pysupervise."""

import os

from ..base import cli
from ..base.process import fsencode
from ..supervise.new_directory import Parts, make, quote
from .codes import DONE, FAILED, Code
from .command_line import CommandLine, Wrong
from .configuration import Configuration
from .saying import err, out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .runner import Runner

HEAD = b"""\
#!/usr/bin/env pychain
# %s: made by pyzdaemon convert
pyenvdir ./env
"""
LOG_FILE = b"""\
#!/usr/bin/env pychain
# What %s prints. After a log rotation: pysv alarm %s
pyzdaemon append %s
"""
LOG_TARGET = b"""\
#!/usr/bin/env pychain
# What %s prints.
pysissylog --to %s %s
"""


def convert(line: CommandLine, who: str) -> Code:
    """Make a directory for each runner of LINE's file in its DIR; nothing is started.

    Raises Wrong, and Quit where one cannot be made.
    """
    if len(line.args) != 3:
        raise Wrong("convert takes a file and a directory: convert CONF DIR")
    line.config_file = line.args[1]
    configuration = Configuration(line)
    place = fsencode(os.path.abspath(line.args[2]))
    try:
        _make_directory(place)
        for runner in configuration.runners:
            directory = place + b"/" + name_of(runner)
            make(directory, Parts(files(runner, directory)))
            out(os.fsdecode(directory) + "\n")
            for text in left_out(runner):
                err(who, f"warning: {os.fsdecode(directory)}: {text}")
    except cli.Quit as end:
        # The codes of this tool are LSB's.
        end.code = FAILED.ours
        raise
    return DONE


def _make_directory(path: bytes) -> None:
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise cli.fatal(b"unable to make " + path, error) from None


def name_of(runner: "Runner") -> bytes:
    """What the service of RUNNER is called: its own name, or that of its program."""
    name = fsencode(runner.name or os.path.basename(runner.program[0]))
    if name.strip(b".") == b"" or b"/" in name or b"\n" in name:
        raise cli.fatal(b"unable to make a service called " + name)
    return name.lstrip(b".")


def files(runner: "Runner", directory: bytes) -> dict[bytes, bytes]:
    """The files of the service directory DIRECTORY for RUNNER, by their names."""
    name = name_of(runner)
    found = {
        b"run": _script(runner, name, runner.program),
        b"settle": b"%g\n" % runner.start_delay,
        b"backoff": b"1 2 %d %d 0\n" % (max(1, runner.backoff_limit), max(1, runner.backoff_limit)),
        b"timeout-kill": b"%d\n" % (runner.stop_timeout * 1000),
    }
    if runner.exit_codes:
        found[b"exit-codes"] = b" ".join(b"%d" % code for code in runner.exit_codes) + b"\n"
    if not runner.forever and runner.backoff_limit > 0:
        found[b"max-death-tally"] = b"%d %d\n" % (
            runner.backoff_limit,
            _window(runner.backoff_limit),
        )
    if runner.start_test_program:
        found[b"check"] = _script(runner, name, runner.start_test_program)
    if runner.start_notify:
        found[b"ready"] = b"notify\n"
    if runner.socket_group:
        found[b"control-group"] = fsencode(runner.socket_group) + b"\n"
    if runner.transcript:
        found[b"log/run"] = _logger(runner, runner.transcript, name, directory)
    return found | _environment(runner)


def _script(runner: "Runner", name: bytes, program: tuple[str, ...]) -> bytes:
    """The chain that makes the process what a manager would have it be, and becomes PROGRAM."""
    lines = HEAD % name
    if runner.user:
        # With its other groups.
        lines += b"pysetuidgid -s " + quote(fsencode(_account(runner))) + b"\n"
    shell = [b"umask %03o" % runner.umask]
    words = list(map(fsencode, program))
    place = os.path.abspath(runner.directory) if runner.directory else os.getcwd()
    shell.append(b"cd " + quote(fsencode(place)))
    shell.append(b'exec "$0" "$@"' + (b" 2>&1" if runner.transcript else b" >/dev/null 2>&1"))
    command = b" && ".join(shell)
    return lines + b" ".join([b"sh -c", quote(command), *map(quote, words)]) + b"\n"


def _account(runner: "Runner") -> str:
    return f"{runner.user}:{runner.group}" if runner.group else str(runner.user)


def _logger(runner: "Runner", transcript: str, name: bytes, directory: bytes) -> bytes:
    """The run of the logger that writes what RUNNER prints to TRANSCRIPT."""
    target = fsencode(transcript)
    if ":" in transcript.partition("/")[0]:
        return LOG_TARGET % (name, quote(target), quote(name))
    path = fsencode(os.path.abspath(transcript))
    size, keep = runner.transcript_size, runner.transcript_keep
    if transcript.endswith("/"):
        target = b"dir:%b?s%d&n%d" % (path, size, max(2, keep + 1)) if size else path + b"/"
        return LOG_TARGET % (name, quote(target), quote(name))
    words = quote(path)
    if size:
        words += b" %d %d" % (size, keep)
    return LOG_FILE % (name, quote(directory + b"/log"), words)


def _environment(runner: "Runner") -> dict[bytes, bytes]:
    """The files of env: what cannot stand in one is an error."""
    found = {}
    for name, value in runner.environment:
        if "/" in name:
            raise cli.fatal(b"unable to make a file of the variable " + fsencode(name))
        # pyenvdir cuts blanks at the end, and takes a NUL for a newline.
        found[b"env/" + fsencode(name)] = fsencode(value).replace(b"\n", b"\0") + b"\n"
    return found


def _window(limit: int) -> int:
    """Seconds in which LIMIT runs that end at once are over, with the waits between them.

    LIMIT runs that are not short, of LIMIT seconds each, take longer.
    """
    waits = [min(1 << at, limit) for at in range(limit - 1)]
    return sum(waits) + limit


def left_out(runner: "Runner") -> list[str]:
    """What RUNNER asks for that its service directory does not have, a sentence each."""
    found = []
    if runner.eventlog is not None:
        found.append("<eventlog> is left out: pysupervise says on its stderr what it does")
    if runner.transcript_size and ":" in (runner.transcript or "").partition("/")[0]:
        found.append("transcript-size is left out: make transcript a file or a directory")
    if runner.backoff_limit > 1 and not runner.forever:
        found.append("waits between short runs are doubled, and do not grow by a second")
    return found
