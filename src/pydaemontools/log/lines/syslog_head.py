r"""The priority of a syslog message, and what stands between it and the text.

<165>1 2026-11-29T13:16:38Z box app 712 ID47 [a@1 b="c"] text    RFC 5424
<13>Nov 29 13:16:38 box app[712]: text                           RFC 3164, also without the host
<30>[    1.234567] app[712]: text                                the kernel's, as dmesg -r has it
<30>app[712]: text                                               without a time, as many have it
"""

import re

HEAD = re.compile(
    rb"1 (?:-|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.,+Z-]{8,40}+) [^ ]{1,255}+ [^ ]{1,48}+ [^ ]{1,128}+"
    rb" [^ ]{1,32}+ (?:-|(?>(?:\[(?>(?:[^\]\\]|\\.)*)\])+))(?: (?:\xef\xbb\xbf)?|\Z)"
    rb"|(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} |[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.+Z-]{8,40}+ )"
    rb"(?:[^\s:\[]{1,255}+ )?[^\s:\[]{1,255}+(?:\[[^\]\s]{0,32}+\])?: "
    rb"|\[ *[0-9]{1,10}\.[0-9]{6}\] "
)
NAMED = re.compile(rb"[A-Za-z][A-Za-z0-9_./-]{2,63}+(?:\[[0-9]{1,10}+\])?: ")
PRIORITIES = 191  # local7.debug
# What stands behind a priority: a month, or RFC 5424's version and a time or none.
SYSLOG = frozenset(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())
SYSLOG |= {b"1 -", b"1 1", b"1 2"}


def priority(line: bytes) -> tuple[int | None, int]:
    """The severity that syslog's number says that LINE begins with, and how many bytes that is.

    Its facility is no part of it. It is one if a time, a version, the kernel's clock or the name
    of a program and a colon stand behind; else None, 0.
    """
    end = line.find(b">", 2, 5)
    digits, behind = line[1:end], line[end + 1 : end + 4]
    if end < 0 or not digits.isdigit() or digits[:1] == b"0" or int(digits) > PRIORITIES:
        return None, 0
    clock = behind[:1] == b"[" and behind[1:].replace(b" ", b"0").isdigit()
    known = behind in SYSLOG or clock or (behind[:2] == b"20" and behind.isdigit())
    if known or NAMED.match(line, end + 1):
        return int(digits) & 7, end + 1
    return None, 0


def behind(text: bytes) -> bytes:
    """What TEXT, which stood behind a priority, says: all of it if it has no such head."""
    found = HEAD.match(text)
    return text[found.end() :] if found else text
