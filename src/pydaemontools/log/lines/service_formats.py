"""More rows of line_formats.py: formats that one program has, or two."""

from .level_words import CAPNSLOG, CRON, DJANGO, LETTERS, SQLITE, WORDS
from .levels import CRIT, ERR, NOTICE, WARNING
from .line_format import LineFormat

CRON_LEVEL = r"{level=error|ERROR|WARNING|INFO|DEATH} (?=\()"
SERVICES = (
    LineFormat(
        "rabbitmq",
        "RabbitMQ",
        r"{when} \[{word}\] (?=<)",
        (
            b"2026-11-29 13:16:38.123456+00:00 [notice] <0.44.0> Logging: now active",
            NOTICE,
            b"Logging: now active",
        ),
        rest=r"<[^>]*+>(?:@[^\s]++)? ",
    ),
    LineFormat(
        "etcd",
        "etcd before 3.5, CoreOS's capnslog, raft's own lines",
        (
            r"{when} {level=[CEWNIDT]} \| ",
            r"raft[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} {CAPS}: ",
        ),
        (
            b"2026-11-29 13:16:38.123456 W | auth: simple token is not signed",
            WARNING,
            b"auth: simple token is not signed",
        ),
        words=CAPNSLOG,
    ),
    LineFormat(
        "cron",
        "cron's own lines",
        (
            r"{when} (?:[A-Za-z0-9_.-]++ )?[A-Za-z0-9_./-]++(?:\[[0-9]++\])?: \([^\(\)\n]{1,64}+\) "
            + CRON_LEVEL,
            r"\((?:CRON|cron)\) " + CRON_LEVEL,
        ),
        (
            b"Nov 29 13:16:38 box CRON[712]: (CRON) error (grandchild #713 failed)",
            ERR,
            b"(grandchild #713 failed)",
        ),
        words=CRON,
    ),
    LineFormat(
        "sqlite",
        "SQLite's shell",
        r"{level=Parse error|Runtime error}(?: near line [0-9]++)?(?: in [^\s:]++)?: ",
        (
            b'Parse error near line 2: near "selec": syntax error',
            ERR,
            b'near "selec": syntax error',
        ),
        words=SQLITE,
    ),
    LineFormat(
        "django",
        "Django's requests, as its console has them",
        (
            r"{level=Internal Server Error|Service Unavailable|Not Found|Bad Request|Forbidden|"
            r"Unauthorized|Method Not Allowed}(?: \([^)\n]{0,200}+\))?: (?=/)"
        ),
        (b"Internal Server Error: /orders/7/", ERR, b"Internal Server Error: /orders/7/"),
        words=DJANGO,
        rest=None,
    ),
    LineFormat(
        "pip",
        "pip, beside its ERROR and WARNING",
        r"{level=DEPRECATION}: (?=[A-Z])",
        (
            b"DEPRECATION: Loading egg at /x is deprecated.",
            WARNING,
            b"Loading egg at /x is deprecated.",
        ),
        words=WORDS | {b"deprecation": WARNING},
    ),
    LineFormat(
        "pm2",
        "pm2, of itself",
        r"\[PM[0-9]\]\[{level=ERROR|WARN|WARNING}\] ",
        (b"[PM2][ERROR] Process app not found", ERR, b"Process app not found"),
    ),
    LineFormat(
        "absl",
        "Abseil's lines before its log has begun, as gRPC has them",
        r"{level=[IWEF]}[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{10}\.[0-9]++ ++",
        (b"E0000 00:00:1795960000.123456     712 x.cc:88] no route", ERR, b"no route"),
        words=LETTERS | {b"f": CRIT},
        rest=r"[^\]]*+\] ",
    ),
)
