r"""What stands in a syslog message between its priority and its text.

<165>1 2026-11-29T13:16:38Z box app 712 ID47 [a@1 b="c"] text    RFC 5424
<13>Nov 29 13:16:38 box app[712]: text                           RFC 3164, also without the host
<30>[    1.234567] app[712]: text                                the kernel's, as dmesg -r has it
"""

import re

HEAD = re.compile(
    rb"1 (?:-|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.,+Z-]{8,40}+) [^ ]{1,255}+ [^ ]{1,48}+ [^ ]{1,128}+"
    rb" [^ ]{1,32}+ (?:-|(?:\[(?:[^\]\\]|\\.)*+\])++)(?: (?:\xef\xbb\xbf)?|\Z)"
    rb"|(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} |[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.+Z-]{8,40}+ )"
    rb"(?:[^\s:\[]{1,255}+ )?[^\s:\[]{1,255}+(?:\[[^\]\s]{0,32}+\])?: "
    rb"|\[ *[0-9]{1,10}\.[0-9]{6}\] "
)


def behind(text: bytes) -> bytes:
    """What TEXT, which stood behind a priority, says: all of it if it has no such head."""
    found = HEAD.match(text)
    return text[found.end() :] if found else text
