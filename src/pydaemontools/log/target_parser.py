"""What --to says: a kind of target, where it is, and what is wanted of it.

A target may be followed by ,NAME=VALUE as often as needed. Whatever does not look like an option
belongs to the target itself, so that a directory may have commas in its name.
"""

from .lines import levels
from .lines.targets import PORTS, TLS, WIRE, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .lines.actions import Actions

# What of pymultilog's actions may stand after dir:PATH?, the time or what is done with files.
ACTIONS = b"tTdsnSakz!"
OPTIONS = {
    b"syslog": (b"p", b"format"),
    b"udp": (b"p", b"format"),
    b"tcp": (b"p", b"format"),
    b"tls": (b"p", b"format", *TLS),
    b"relp": (b"p", b"format"),
    b"relps": (b"p", b"format", *TLS),
    b"journald": (b"p",),
    b"json": (b"p",),
    b"stderr": (b"p",),
    b"dir": (b"p",),
}
ALL = {name for names in OPTIONS.values() for name in names}
SYSLOG, JOURNALD = b"/dev/log", b"/run/systemd/journal/socket"
WHAT = (
    b"--to takes syslog:[SOCKET] udp://HOST tcp://HOST tls://HOST relp://HOST relps://HOST "
    b"journald:[SOCKET] json:- stderr: dir:PATH[?ACTION&...], or a directory with a / at its "
    b"end, not "
)


class BadTarget(Exception):
    """No target; the argument says why."""

    def __init__(self, why: bytes) -> None:
        super().__init__(why)
        self.why = why


def parse(word: bytes, keep: bytes = b"") -> Target:
    """Return the target that WORD, a value of --to, names. Raises BadTarget.

    KEEP, if it is not empty, is the age up to which a directory keeps its lines, if WORD has none.
    """
    text, options = _split(word)
    scheme, slashes, rest = text.partition(b"://")
    if slashes and scheme in PORTS:
        target = _target(scheme, text, options)
        target.host, target.port = _address(scheme, rest.removesuffix(b"/"))
        target.text = b"%b://%b:%d" % (scheme, rest.removesuffix(b"/"), target.port)
        if _with_port(rest.removesuffix(b"/")):
            target.text = text.removesuffix(b"/")
        return target
    kind, rest = _file(word, text)
    target = _target(kind, text, options)
    target.path = rest
    if kind == b"dir":
        target.path, target.actions = _directory(text, rest, keep)
    return target


def _target(kind: bytes, text: bytes, options: dict[bytes, bytes]) -> Target:
    options = _allowed(kind, options)
    least = _least(options.get(b"p", b"debug"))
    return Target(kind, text, options, least, _format(kind, options.get(b"format")))


def _directory(text: bytes, rest: bytes, keep: bytes) -> "tuple[bytes, Actions]":
    """Return the path of the directory, and the script that says what is wanted of it."""
    from .lines.actions import Actions, BadAction

    path, actions = rest, b""
    if text[:4] == b"dir:":
        path, _, actions = rest.partition(b"?")
    words = actions.split(b"&") if actions else []
    try:
        for word in words:
            if not word or word[0] not in ACTIONS:
                raise BadAction(b"there is no action " + (word or b"of no letters"))
        if keep and not any(word[:1] == b"k" for word in words):
            words.append(b"k" + keep)
        script = Actions(words, own=True)
    except BadAction as error:
        raise BadTarget(b"in " + text + b": " + error.args[0]) from None
    script.output(b"/", path.rstrip(b"/") or b"/")
    return path, script


def _file(word: bytes, text: bytes) -> tuple[bytes, bytes]:
    """Return the kind of a target on this machine, and its path."""
    kind, colon, rest = text.partition(b":")
    if colon and kind == b"syslog":
        return kind, rest or SYSLOG
    if colon and kind == b"journald":
        return kind, rest or JOURNALD
    if (colon and kind == b"dir" and rest.partition(b"?")[0]) or text in (b"json:-", b"stderr:"):
        return kind, rest
    if text[-1:] == b"/":
        return b"dir", text
    meant = _meant(text, colon, rest)
    what = WHAT + (word or b"nothing")
    raise BadTarget(what + (b"; did you mean " + meant + b"?" if meant else b""))


def _meant(text: bytes, colon: bytes, rest: bytes) -> bytes:
    """What TEXT may have been meant for: its kind without the COLON, or what goes before REST."""
    kind = text.partition(b":")[0]
    if text[:1] in (b".", b"/"):
        return text + b"/"
    if kind in PORTS and (rest or not colon):
        return kind + b"://" + (rest.lstrip(b"/") or b"HOST")
    if kind == b"json":
        return b"json:-"
    if kind in OPTIONS and not colon:
        return kind + (b":PATH" if kind == b"dir" else b":")
    return b"dir:" + rest if kind == b"file" and rest else b""


def _split(word: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    options: dict[bytes, bytes] = {}
    while True:
        text, comma, last = word.rpartition(b",")
        name, equals, value = last.partition(b"=")
        network = b"://" in text
        if comma and name.isalpha() and equals and b"/" not in value and name not in ALL:
            hint = b" is no option of a place; a directory of that name has a / at its end"
            raise BadTarget(last + (b" is no option of a place" if network else hint))
        if not comma or (name not in ALL and not network) or not (equals or name == b"insecure"):
            if comma and network:
                raise BadTarget(last + b" is no option: --to takes ,NAME=VALUE after a place")
            return word, options
        options.setdefault(name, value)
        word = text


def _allowed(kind: bytes, options: dict[bytes, bytes]) -> dict[bytes, bytes]:
    for name in options:
        if name not in OPTIONS[kind]:
            known = b" ".join(OPTIONS[kind])
            raise BadTarget(kind + b" has no option " + name + b"; it has " + known)
    if options.get(b"insecure", b"") != b"":
        raise BadTarget(b"insecure takes no value")
    # What TLS would find wrong with it, when the first connection came about.
    labels = options.get(b"name", b"h").removesuffix(b".").split(b".")
    if not all(label.isascii() and 0 < len(label) < 64 for label in labels):
        raise BadTarget(b"name= takes the name of a host, not " + (options[b"name"] or b"none"))
    if b"key" in options and b"cert" not in options:
        raise BadTarget(b"key=FILE goes with cert=FILE")
    return options


def _least(name: bytes) -> int:
    level = levels.named(name)
    if level is None:
        raise BadTarget(b"p= takes a level (" + b" ".join(levels.NAMES) + b"), not " + name)
    return level


def _format(kind: bytes, name: bytes | None) -> bytes:
    """Return the format called NAME: without one, what who listens there has always understood."""
    if name is None:
        return b"3164" if kind in (b"syslog", b"udp") else b"5424"
    known = WIRE[:2] if kind == b"syslog" else WIRE
    if name not in known:
        raise BadTarget(b"format= takes " + b" ".join(known) + b", not " + name)
    return name


def _with_port(text: bytes) -> bool:
    return b":" in text[text.rfind(b"]") + 1 :]


def _address(kind: bytes, text: bytes) -> tuple[bytes, int]:
    """Return the host and the port that TEXT names."""
    host, port = text, b"%d" % PORTS[kind]
    if _with_port(text):
        host, _, port = text.rpartition(b":")
    if host[:1] == b"[" and host[-1:] == b"]":
        host = host[1:-1]
    elif b":" in host:
        raise BadTarget(b"an address with colons stands in brackets: " + kind + b"://[::1]")
    if not host or not host.isascii() or any(byte <= 32 or byte in b"/@?#" for byte in host):
        raise BadTarget(kind + b"://HOST[:PORT] takes the name of a host, not " + (host or b"none"))
    number = port.lstrip(b"0")
    if not number.isdigit() or len(number) > 5 or int(number) > 65535:
        raise BadTarget(kind + b"://HOST[:PORT] takes a port from 1 to 65535, not " + port)
    return host, int(number)
