"""pysv add: a service directory as pysv new makes it, and its service up, in one go."""

from time import monotonic, sleep

from ..base import cli
from ..base.process import is_dir
from ..base.service_dirs import is_template, is_written
from ..base.write import show
from .commands import choose
from .new import LETTERS as OF_NEW
from .new import WORDS, build, say_path
from .person_steps import limit, person_steps
from .reader import find_status
from .scanners import wake
from .services import find_new

SYNOPSIS = (
    b"pysv add [-cdj] [-w seconds] [-C dir] [--logger command] "
    b"{name -- command [arg ...] | template@name}"
)
USAGE = (SYNOPSIS, SYNOPSIS)
LETTERS = OF_NEW + b"w:"
SOON, OFTEN = 0.01, 0.1  # seconds between two looks
__all__ = ["LETTERS", "USAGE", "WORDS", "main"]


def main(who: bytes, given: dict[bytes, bytes], rest: list[bytes]) -> int:
    """Make the directory, and wait until what scans there has started the service; 0 if it is up.

    Where nothing scans, it says so: 1.
    """
    name = rest[0].rstrip(b"/") if rest else b""
    if is_template(name):
        hint = name + b" is a template, which is never run: `pysv new` makes one"
        raise cli.usage(who, USAGE, hint=hint)
    if name.rpartition(b"/")[2][:1] == b".":
        hint = b"no scanner looks at a name that begins with a dot: `pysv new` makes the directory"
        raise cli.usage(who, USAGE, hint=hint)
    given, directory = build(who, USAGE, LETTERS, given, rest)
    seconds = limit(who, USAGE, given)
    scanner = wake(directory.rpartition(b"/")[0] or b".")
    if not scanner or not _supervised_within(seconds, directory):
        say_path(given, directory)
        cli.say(who + b": " + _nobody(scanner, directory, seconds))
        return 1
    return _report(given, name, seconds)


def _nobody(scanner: bytes, directory: bytes, seconds: float) -> bytes:
    """What to say where the service in DIRECTORY has no supervisor."""
    remedy = b": start one with `pysupervise " + directory + b"`"
    if not scanner:
        above = directory.rpartition(b"/")[0] or b"."
        return (
            b"nothing supervises "
            + directory
            + remedy
            + b", or all of "
            + above
            + (b" with `pysvscan " + above + b"`")
        )
    late = b" has not started a supervisor for %s in %g seconds" % (directory, seconds)
    return scanner + late + b": see what it says of it, or wait with `pysv start`"


def _supervised_within(seconds: float, directory: bytes) -> bool:
    """Whether a supervisor comes to DIRECTORY, and to its logger's, within SECONDS."""
    log = directory + b"/log"
    both = [directory, *([log] if is_dir(log) and not is_written(log) else [])]
    end, pause = monotonic() + seconds, SOON
    while any(find_status(one)[0] is None for one in both):
        if monotonic() >= end:
            return False
        sleep(pause)
        pause = min(OFTEN, pause * 1.5)
    return True


def _report(given: dict[bytes, bytes], name: bytes, seconds: float) -> int:
    """Say how the service NAME has started, as `pysv start` does; with -d, how it is."""
    command = choose(b"status" if b"d" in given else b"start", verbose=False, native=True)
    assert command  # noqa: S101 - for the type checker
    json = b"json" in given or b"j" in given
    steps, printer = person_steps(command, json=json, limit=seconds)
    code = steps.run([name])
    if json:
        from .fields import describe, objects

        word, error = printer.results.get(name, (b"told", b""))
        record = describe(name, steps.seen.get(name), None, find_new(name) + b"/")
        show(objects([record | {"result": word} | ({"error": error} if error else {})]))
    return code
