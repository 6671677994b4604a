"""What the originals do, read from their pages and told a byte at a time: slow, and plain."""

from pydaemontools.base.tai64 import EPOCH
from pydaemontools.log.localtimes import exact
from pydaemontools.log.tai64nlocal import HEX


def matches(pattern, line):
    """Whether PATTERN matches LINE, read from daemontools' page on multilog, a byte at a time."""
    at = 0
    for i in range(len(pattern)):
        if pattern[i : i + 1] != b"*":
            if line[at : at + 1] != pattern[i : i + 1]:
                return False
            at += 1
        elif i + 1 == len(pattern):
            return True
        else:
            at = line.find(pattern[i + 1 : i + 2], at)
            if at < 0:
                return False
    return at == len(line)


def selected(rules, line):
    """Whether RULES select LINE."""
    chosen = True
    for sign, pattern in rules:
        if chosen == (sign == b"-") and matches(pattern, line[:1000]):
            chosen = not chosen
    return chosen


def localized(line):
    """What tai64nlocal makes of LINE."""
    if line[:1] != b"@":
        return line
    second = nanoseconds = 0
    at = 1
    while (digit := HEX.find(line[at : at + 1])) >= 0 and line[at : at + 1]:
        second = ((second << 4) + (nanoseconds >> 28)) % 2**64
        nanoseconds = ((nanoseconds & 0xFFFFFFF) << 4) + digit
        at += 1
    second = (second - EPOCH + 2**63) % 2**64 - 2**63
    try:
        return exact(second) + b"%09d" % nanoseconds + line[at:]
    except (OSError, OverflowError):
        return line
