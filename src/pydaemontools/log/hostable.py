"""Which loggers can be beside others in one process: asked before there is one."""

from ..base import cli
from . import multilog_script

NOT_HERE = b"i", b"stats", b"spool", b"compat", b"explain"  # options that ask for a process


def is_hostable(words: list[bytes]) -> bool:
    """Whether the logger WORDS waits for nobody, so that others can be beside it in a process.

    Raises Quit where they are wrong, Asked where they ask for help.
    """
    if words[0] == b"pymultilog":
        script, _ = multilog_script.read(words)
        return all(one.kind in (b"/", b"=") and one.command is None for one in script.outputs)
    from . import sissylog

    found, _ = cli.options(words, sissylog.USAGE, b"sid:p:", words=sissylog.WORDS)
    if any(name in NOT_HERE for name, _ in found):
        return False
    targets = sissylog.Options(words).targets
    outputs = [one for target in targets if target.actions for one in target.actions.outputs]
    kinds = {target.kind for target in targets if not target.actions}
    return kinds <= {b"syslog", b"journald"} and all(one.command is None for one in outputs)
