"""pymultilog --from-svlogd: the words that do what a config file of svlogd's says."""

import posix
from errno import EBADF, ENOENT

from ..base import cli
from ..base.process import opened
from ..base.shared_dir import read_file
from ..base.write import write_all
from .lines.actions import MOST, SIZES
from .lines.svlogd_config import KEEP, SvlogdConfig
from .logdir.svlogd_folder import CONFIG

# What stands for the time in a pattern, by the action that has it written: up to its blanks.
TIMES = {b"": b"", b"t": b"* ", b"T": b"* ", b"d": b"* * "}
ALL = 999_999_999  # files, where svlogd keeps all


def main(who: bytes, directory: bytes, stamp: bytes) -> int:
    """Print the words for DIRECTORY and a STAMP, for a shell; say, as WHO, what has none."""
    try:
        posix.stat(directory)
        text = read_file(directory + b"/config", CONFIG, follow=True)
    except OSError as error:
        if error.errno != ENOENT or not posix.access(directory, posix.F_OK):
            what = directory if error.errno == ENOENT else directory + b"/config"
            raise cli.fatal(b"unable to read " + what, error) from None
        text = b""
    config = SvlogdConfig(text)
    found, unsaid = words(config, directory, stamp)
    for line in [*config.wrong, *unsaid]:
        cli.say(who + b": warning: " + directory + b"/config: " + line)
    try:
        if 1 in opened:
            raise OSError(EBADF, "")
        write_all(1, b" ".join(map(_quoted, [b"pymultilog", *found])) + b"\n")
    except OSError as error:
        raise cli.fatal(b"unable to write to stdout", error) from None
    return 0


def words(config: SvlogdConfig, directory: bytes, stamp: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the actions for what CONFIG says of DIRECTORY, and what none can say, in words."""
    unsaid = []
    found = [stamp] if stamp else []
    rules = {}
    for kinds in (b"eE", b"+-"):
        rules[kinds], plus = _rules(config, kinds, TIMES[stamp])
        unsaid += plus
    if rules[b"eE"]:
        found += [b"-*", *rules[b"eE"], b"e", b"+*"]
    found += [b"s%d" % min(max(config.size or MOST, SIZES[0]), MOST)]
    found += [b"n%d" % (min(config.keep, ALL - 1) + 1 if config.keep else ALL)]
    if config.age:
        found.append(b"a%ds" % min(config.age, 999_999))
    if config.processor:
        found.append(b"!" + config.processor)
    found += rules[b"+-"]
    if config.size and config.size < SIZES[0]:
        unsaid.append(b"s%d: files have at least %d bytes" % (config.size, SIZES[0]))
    if config.few < min(config.keep, KEEP):
        unsaid.append(b"N: old files are never removed because the disk is full; S limits them all")
    if config.prefix:
        unsaid.append(b"p: there is no prefix")
    if config.server:
        where = b"%s:%d" % (config.server[0].encode(), config.server[1])
        unsaid.append(b"u: lines go to a server by pysissylog --to udp:" + where)
    named = directory if directory[:1] in (b".", b"/") else b"./" + directory
    return [*found, named], unsaid


def _rules(config: SvlogdConfig, kinds: bytes, time: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the words for the rules of two KINDS, yes and no, behind a TIME; and those that have
    none.
    """
    found, unsaid = [], []
    for letter, pattern in config.rules:
        if letter not in kinds:
            continue
        if b"+" in pattern or b"\n" in pattern:
            unsaid.append(letter + pattern + b": a plus in a pattern is itself here")
        elif pattern == b"*":
            found.append((b"+" if letter in b"+e" else b"-") + pattern)
        else:
            found.append((b"+" if letter in b"+e" else b"-") + time + pattern)
    return found, unsaid


def _quoted(word: bytes) -> bytes:
    """WORD as a shell reads it."""
    from shlex import quote

    return quote(word.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
