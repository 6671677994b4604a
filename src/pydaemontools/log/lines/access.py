r"""Access logs: what their status says of the level, for who asks for that.

In all of them stand a few words, a time in brackets or an address and a dash, the request in
quotes, and the status; one of HTTP may have other words before it:

    ::1 - - [29/Nov/2026:13:16:38 +0000] "GET / HTTP/1.1" 500 12    common, combined, most servers
    INFO:     127.0.0.1:4711 - "GET / HTTP/1.1" 500 Internal ...    uvicorn
    [29/Nov/2026 13:16:38] "GET / HTTP/1.1" 500 145                 Django, and with more Flask
"""

import re

from .levels import ERR, WARNING
from .line_format import LineFormat
from .severity import SeverityReader

# Possessive throughout: what was taken is not given back, so no line takes long. Some have
# quotes within the request as they came.
LINE = re.compile(
    rb"(?>(?:(?:\[[^\]\"\n]{1,64}+\]|[^\s\"\[]{1,255}+) {1,5}+){1,10})"
    rb"\"(?:(?<=\] \")|(?<=[0-9] - \")(?=[A-Z]{3,20} )"
    rb"|(?=[A-Z]{3,20} [^\s\"]++ HTTP/[0-9.]{1,3}\" ))"
    rb"(?>(?:[^\"\\]|\\.|\"(?! [1-5][0-9]{2}(?: |\Z)))*)\" ([45])[0-9]{2}(?: |\Z)"
)
LEVELS = {b"4": WARNING, b"5": ERR}
ACCESS = LineFormat(
    "access",
    "access logs (common, combined, nginx, gunicorn, uvicorn, hypercorn), if asked for",
    (),
    (
        b'::1 - - [29/Nov/2026:13:16:38 +0000] "GET / HTTP/1.1" 502 157 "-" "curl/8.5.0"',
        ERR,
        b'::1 - - [29/Nov/2026:13:16:38 +0000] "GET / HTTP/1.1" 502 157 "-" "curl/8.5.0"',
    ),
)


def level(line: bytes) -> int | None:
    """The severity of LINE if it tells of a request that failed; None of any other."""
    if b'" 5' not in line and b'" 4' not in line:
        return None
    found = LINE.match(line)
    return LEVELS[found[1]] if found else None


class AccessReader(SeverityReader):
    """Gives requests that failed a severity, whatever else their lines say."""

    def route(self, lines: list[bytes]) -> list[int]:
        """The severity of each of LINES, none empty, which follow those of the call before."""
        levels: list[int] = []
        begin = 0
        for at, line in enumerate(lines):
            found = level(line)
            if found is not None:
                levels += super().route(lines[begin : at + 1])
                levels[-1] = self.level = found
                begin = at + 1
        return levels + super().route(lines[begin:])
