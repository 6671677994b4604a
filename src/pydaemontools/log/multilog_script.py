"""The script of multilog: what its words ask for, before anything of that is opened.

It is read also by who only wants to know whether it is right, and has no use for the rest.
"""

from ..base import cli
from .lines.actions import Actions, BadAction
from .lines.block_transform import BlockTransform
from .packers import missing_packer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .lines.transform import Transform

USAGE = (b"multilog script", b"pymultilog action ... | --from-svlogd dir [t | T | d]")
WORDS = (b"from-svlogd:",)


def options(argv: list[bytes]) -> tuple[list[tuple[bytes, bytes]], list[bytes]]:
    """The options at the head of ARGV, and what stands behind them. Raises Quit and Asked."""
    rest = argv[1:] if cli.native(argv[0]) else []
    first = rest[0].partition(b"=")[0] if rest else b""
    # Everything else that begins with a dash is an action; but -h alone goes nowhere.
    if first in (b"--help", b"--version"):
        rest = rest[:1]
    elif first != b"--from-svlogd" and rest != [b"-h"]:
        rest = []
    return cli.options([argv[0], *rest], USAGE, words=WORDS)


def read(argv: list[bytes]) -> "tuple[Actions, Transform]":
    """The script in ARGV, and what makes of a block what it asks for. Raises Quit."""
    own = cli.native(argv[0])
    options(argv)
    try:
        script = Actions(argv[1:], own=own)
        transform = _transform(script)
        script.check(transform.growth())
    except BadAction as error:
        raise cli.usage(argv[0], USAGE, hint=error.args[0]) from None
    if missing := missing_packer(script):
        raise cli.usage(argv[0], USAGE, hint=missing)
    if own and not script.outputs:
        raise cli.usage(argv[0], USAGE, hint=b"say where the lines are to go: ./log, for one")
    if own and script.idle:
        hint = script.idle + b" does nothing behind the last directory: say it before"
        raise cli.usage(argv[0], USAGE, hint=hint)
    return script, transform


def _transform(script: Actions) -> "Transform":
    if not script.records:
        return BlockTransform(script)
    from .lines.record_transform import RecordTransform

    return RecordTransform(script)
