"""What --help and --version print: the tool's own page, and the version."""

from errno import EBADF

from .cli import Quit, fatal
from .process import opened
from .write import write_all

_HERE = __file__.rpartition("/")[0]
# Where an installation has its pages, and where the source tree has them.
_PLACES = (_HERE + "/../pages/", _HERE + "/../../../docs/reference/tools/")


def show(who: bytes, what: bytes) -> int:
    """Print the page's synopsis and options, or the version; give the exit code."""
    if what == b"version":
        from .. import __version__

        text = who + b" (pydaemontools) " + __version__.encode() + b"\n"
    else:
        try:
            text = _help(who)
        except Quit as end:
            return end.say(who)
    try:
        if 1 in opened:
            raise OSError(EBADF, "")
        write_all(1, text)
    except OSError as error:
        return fatal(b"unable to write to stdout", error).say(who)
    return 0


def _help(who: bytes) -> bytes:
    title, *texts = sections(who.decode(), b"Synopsis", b"Options", b"Commands")
    return b"\n\n".join([title.lstrip(b"# "), *texts]).replace(b"`", b"") + b"\n"


def sections(name: str, *titles: bytes) -> list[bytes]:
    """Of the page of the tool called NAME what stands before all sections, and those of TITLES."""
    head, *parts = read(name).split(b"\n## ")
    found = [part.partition(b"\n") for part in parts]
    texts = [text.strip(b"\n") for title, _, text in found if title in titles]
    return [head.strip(), *texts]


def read(name: str) -> bytes:
    """The whole page of the tool called NAME, in Markdown; raises Quit where there is none."""
    for place in _PLACES:
        try:
            with open(f"{place}{name}.md", "rb") as page:
                return page.read()
        except OSError as error:
            missing = error
    raise fatal(b"unable to read the page of " + name.encode(), missing)


def summary(name: str) -> str:
    """The one line that says what the tool called NAME is for."""
    return read(name).partition(b"\n")[0].lstrip(b"# ").decode()
