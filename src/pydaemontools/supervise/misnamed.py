"""What pysupervise was called with, where that can be nothing that it could keep running."""

from ..base import cli
from ..base.process import is_dir
from ..base.service_dirs import services_in


def several(words: list[bytes]) -> bytes:
    """What to say of WORDS that begin with a directory and go on."""
    many = sum(map(is_dir, words))
    if many == len(words):
        said = b"these are %d directories, and one pysupervise keeps one" % many
        return said + b": `pysvscan` keeps all that are below a directory"
    return words[0] + b" is a directory, and takes no words behind it: its program is its file run"


def nothing_to_run(name: bytes) -> cli.Quit:
    """Why the directory NAME, in which we are, cannot be supervised: it holds no run."""
    try:
        below = services_in(b".")
    except OSError:
        below = []
    hint = b"`pysv new` makes a service directory for a command"
    if below:
        names = b", ".join(name + b"/" + one for one in below[:3])
        more = b" and %d more" % (len(below) - 3) if len(below) > 3 else b""
        are = b" is one" if len(below) == 1 else b" are some"
        hint = names + more + are + b": `pysvscan " + name + b"` keeps all of them"
    return cli.fatal(name + b" is not a service directory: it holds no run", hint=hint)


def template(name: bytes) -> cli.Quit:
    """Why the directory NAME cannot be supervised: it is a template."""
    hint = b"`pysv add " + name + b"NAME` makes a service of it, and $INSTANCE there is NAME"
    return cli.fatal(name + b" is a template, which is never run", hint=hint)
