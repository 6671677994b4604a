"""Say how services are: up or down, since when, and what is wanted of them."""

import posix
from time import time

from ..base import cli
from ..base.status import RUN, Status
from ..base.write import show
from .servicefiles import STATUS, Home, RawReader, Trouble, normally_up, reason
from .services import first, places_here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .reader import Found

USAGE = (b"", b"pysvstat [-jv] [-o field,...] dir ...")
UNREAD = b"unable to read " + STATUS


def parse(argv: list[bytes]) -> tuple[dict[bytes, bytes], list[bytes]]:
    """The options, and the directories."""
    if not cli.native(argv[0]):
        return {}, argv[1:]
    found, directories = cli.options(argv, USAGE, more=b"jvo:", words=(b"json",))
    if not directories:
        raise cli.usage(argv[0], USAGE, hint=b"say which service")
    return dict(found), directories


def main(argv: list[bytes]) -> int:
    """Say it of each; an original ends with 0 whatever it found."""
    given, directories = parse(argv)
    home = Home(own=cli.native(argv[0]))
    if cli.native(argv[0]):
        return report(argv[0], given, directories, home)
    from ..base.write import write_all

    read = RawReader(18).read
    lines = []
    for directory in directories:
        lines += [directory, b": ", original(directory, read), b"\n"]
        home.back()
    try:
        write_all(1, b"".join(lines))
    except OSError:
        # The original never looks whether it could say it.
        pass
    return 0


def original(directory: bytes, read: "Callable[[], Status]") -> bytes:
    """Go to DIRECTORY and say what svstat says of it.

    The original takes an error in read() for success, and speaks of what was read before.
    """
    doing = b"unable to chdir: "
    try:
        posix.chdir(directory)
        doing = b"unable to stat down: "
        normally = normally_up()
    except OSError as error:
        return doing + reason(error)
    try:
        status = read()
    except Trouble as trouble:
        if trouble.status is None or trouble.text != UNREAD:
            return refusal(trouble)
        status = trouble.status
    return line(status, normally=normally)


def refusal(trouble: Trouble | None, *, own: bool = False) -> bytes:
    """Why nothing can be said; under our OWN name it is one thing that nobody is there."""
    if trouble is None:
        return b""
    if own:
        return trouble.plainly()
    return b"supervise not running" if trouble.nobody else trouble.words()


def line(status: Status, *, normally: bool) -> bytes:
    """What svstat says of a service in STATUS that is NORMALLY up or not."""
    up = bool(status.pid)
    # The original takes the difference through a double, which a wild stamp shows.
    seconds = int(float(status.seconds(int(time()))))
    text = b"up (pid %d) %d seconds" % (status.pid, seconds) if up else b"down %d seconds" % seconds
    return text + status.notes(normally_up=normally)


def report(who: bytes, given: dict[bytes, bytes], directories: list[bytes], home: Home) -> int:
    """Say it as GIVEN asks for; 0 if all are up and ready, 1 3 or 111 if not."""
    json = b"j" in given or b"json" in given
    names = given[b"o"].split(b",") if b"o" in given else []
    if names or json:
        # Whoever wants no more than the lines does not wait for these.
        from .fields import FIELDS, describe, objects, values

        for name in names:
            if name not in FIELDS:
                hint = b"there is no field " + name + b"; there are " + b" ".join(FIELDS)
                raise cli.usage(who, USAGE, hint=hint)
    code, texts, troubles = 0, [], []
    for directory in directories:
        status, trouble = look(first(places_here(directory)))
        code = max(code, verdict(status))
        if json:
            texts.append(objects([describe(directory, status, trouble, b"")]))
        elif names and status:
            texts.append(values(status, names) + b"\n")
        elif names:
            # A line that is no values would be taken for them.
            cli.say(who + b": warning: " + directory + b": " + refusal(trouble, own=True))
        elif status is None:
            texts.append(directory + b": " + refusal(trouble, own=True) + b"\n")
        else:
            text = line(status, normally=bool(status.normally_up))
            texts.append(directory + b": " + text + b"\n")
            texts += more(status) if status and b"v" in given else []
        home.back()
        if trouble and not json:
            troubles.append((places_here(directory), trouble.error))
    show(b"".join(texts))
    _help(who, troubles)
    return code


def _help(who: bytes, troubles: "list[tuple[list[bytes], OSError | None]]") -> None:
    """Say what helps with TROUBLES, each met where it was looked for."""
    if not troubles:
        return
    from .hint import hint

    sentences = [hint(*trouble) for trouble in troubles]
    for sentence in filter(None, sentences):
        cli.say(who + b": " + sentence)


def look(directory: bytes) -> "Found":
    """Go to DIRECTORY and look: the status of its service, or why there is none."""
    from .reader import read_status

    try:
        posix.chdir(directory)
    except OSError as error:
        return None, Trouble(b"unable to chdir", error)
    try:
        return read_status(), None
    except Trouble as trouble:
        return None, trouble


def verdict(status: Status | None) -> int:
    """The exit code that STATUS alone would give."""
    if status is None:
        return 111
    if status.state != RUN:
        return 3
    return 1 if status.ready is False else 0


def more(status: Status) -> list[bytes]:
    """What else is known, in lines below the first."""
    from .failing import failing
    from .reader import last_death
    from .when import in_local

    death = last_death(b"")
    lines = [
        (b"failing", failing(status)),
        (b"status", status.text),
        (b"why", status.why),
        (b"last", in_local(death.line) if death else b""),
    ]
    return [b"  " + key + b": " + text + b"\n" for key, text in lines if text]
