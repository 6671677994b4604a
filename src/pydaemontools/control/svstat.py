"""Say how services are: up or down, since when, and what is wanted of them."""

import posix
from time import time_ns

from ..base import cli
from ..supervise.status import Status, decode
from .servicefiles import STATUS, Home, Trouble, normally_up, put, reason, show, status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .view import View

USAGE = (b"", b"pysvstat [-jv] [-o field,...] dir ...")
SECOND = 10**9
UNREAD = b"unable to read " + STATUS


def parse(argv: list[bytes]) -> tuple[dict[bytes, bytes], list[bytes]]:
    """The options, and the directories."""
    if not cli.native(argv[0]):
        return {}, argv[1:]
    found, places = cli.options(argv, USAGE, more=b"jvo:", words=(b"json",))
    if not places:
        raise cli.usage(argv[0], USAGE)
    return dict(found), places


def main(argv: list[bytes]) -> int:
    """Say it of each; an original ends with 0 whatever it found."""
    given, places = parse(argv)
    home = Home(own=cli.native(argv[0]))
    if cli.native(argv[0]):
        return report(argv[0], given, places, home)
    lines = []
    data = bytearray(18)
    for place in places:
        lines += [place, b": ", original(place, data), b"\n"]
        home.back()
    try:
        put(b"".join(lines))
    except OSError:
        # The original never looks whether it could say it.
        pass
    return 0


def original(place: bytes, data: bytearray) -> bytes:
    """Go to PLACE and say what svstat says of it.

    DATA is what was read before. The original takes an error in read() for success, and
    speaks of that.
    """
    doing = b"unable to chdir: "
    try:
        posix.chdir(place)
        doing = b"unable to stat down: "
        normally = normally_up()
    except OSError as error:
        return doing + reason(error)
    try:
        data[:] = status(18)
    except Trouble as trouble:
        data[: len(trouble.data)] = trouble.data
        if trouble.error is None or trouble.text != UNREAD:
            return refusal(trouble)
    return line(decode(bytes(data)), normally=normally)


def refusal(trouble: Trouble) -> bytes:
    """Why nothing can be said."""
    return b"supervise not running" if trouble.nobody else trouble.words()


def line(status: Status, *, normally: bool) -> bytes:
    """What svstat says of a service in STATUS that is NORMALLY up or not."""
    up = bool(status.pid)
    # The original takes the difference through a double, which a wild stamp shows.
    seconds = int(float(max(0, time_ns() // SECOND - status.since // SECOND)))
    text = b"up (pid %d) %d seconds" % (status.pid, seconds) if up else b"down %d seconds" % seconds
    notes = (
        (up and not normally, b", normally down"),
        (not up and normally, b", normally up"),
        (up and status.paused, b", paused"),
        (not up and status.want == "u", b", want up"),
        (up and status.want == "d", b", want down"),
    )
    return text + b"".join(words for true, words in notes if true)


def report(who: bytes, given: dict[bytes, bytes], places: list[bytes], home: Home) -> int:
    """Say it as GIVEN asks for; 0 if all are up and ready, 1 3 or 111 if not."""
    from .fields import known, record, values

    names = given[b"o"].split(b",") if b"o" in given else []
    for name in names:
        if not known(name):
            raise cli.usage(who, USAGE, hint=b"there is no field " + name)
    code, lines = 0, []
    for place in places:
        view, trouble = visit(place)
        code = max(code, verdict(view))
        if b"j" in given or b"json" in given:
            lines.append(record(place, view, trouble))
        elif names and view:
            lines.append(values(view, names))
        elif names:
            # A line that is no values would be taken for them.
            cli.say(who + b": warning: " + place + b": " + refusal(trouble or Trouble(b"")))
        else:
            text = line(view.status, normally=view.normally_up) if view else b""
            lines.append(place + b": " + (text or refusal(trouble or Trouble(b""))))
            lines += more(view) if view and b"v" in given else []
        home.back()
    show(b"".join(text + b"\n" for text in lines))
    return code


def visit(place: bytes) -> "tuple[View | None, Trouble | None]":
    """Go to PLACE and look; one of the two, the view or why there is none."""
    from .view import look

    try:
        posix.chdir(place)
    except OSError as error:
        return None, Trouble(b"unable to chdir", error)
    try:
        return look(), None
    except Trouble as trouble:
        return None, trouble


def verdict(view: "View | None") -> int:
    """The exit code that VIEW alone would give."""
    if view is None:
        return 111
    if not view.up:
        return 3
    return 1 if view.ready is False else 0


def more(view: "View") -> list[bytes]:
    """What else is known, in lines below the first."""
    death = view.last_death()
    lines = [
        (b"status", view.text),
        (b"why", view.why),
        (b"last", death.line if death else b""),
    ]
    return [b"  " + key + b": " + text for key, text in lines if text]
