"""More rows of line_formats.py: what programs printed before, or print where set up otherwise."""

from .level_words import CAPNSLOG, LETTERS, MYSQL, POSTGRES, REDIS, WORDS
from .levels import CRIT, ERR, INFO, WARNING
from .line_format import LineFormat

POSTGRES_LEVEL = (
    r"{level=PANIC|FATAL|ERROR|WARNING|NOTICE|INFO|LOG|DEBUG|"
    r"DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION|BACKTRACE}[0-9]?:  "
)
NAMES = r"(?>(?:[a-z][A-Za-z0-9_.]{0,31}+=[^\s=\[]{1,64}+ ){1,9})"  # key=value, a few times
KEYS = r"(?:user|db)=[^\n\"']{0,200}?"  # a value may be of several words
CLASS = r"(?>(?:[a-z_][A-Za-z0-9_$]*+\.)+)[A-Za-z_$][A-Za-z0-9_$]*+"
OLD = r"[0-9]{1,2} [A-Z][a-z]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} {level=[#*.-]} "
VARIANTS = (
    LineFormat(
        "alembic",
        "Alembic, Pyramid, and others of `levelname-5.5s [name]`",
        r"{level=CRITI|ERROR|WARNI|WARN|INFO|DEBUG} {1,2}"
        r"\[(?=[a-z_][A-Za-z0-9_.]*+(?::[0-9]++)?\])",
        (b"INFO  [alembic.runtime.migration] Context impl.", INFO, b"Context impl."),
        words=WORDS | {b"criti": CRIT, b"warni": WARNING},
        rest=r"[^\]]*+\](?:\[[^\]]*+\])? ",
    ),
    LineFormat(
        "postgresql-variants",
        "PostgreSQL with Amazon's prefix, Azure's, none, through syslog, and psql reading a file",
        (
            rf"{{when}}:[^\s\[]*+\[[0-9]++\]:{POSTGRES_LEVEL}",
            rf"{{when}}-[0-9a-f]{{1,16}}+\.[0-9a-f]{{1,8}}+-{POSTGRES_LEVEL}",
            rf"\[[0-9]++-[0-9]++\] (?:{{when}} \[[0-9-]++\]:? )?{KEYS} {POSTGRES_LEVEL}",
            rf"postgres: {POSTGRES_LEVEL}",
            rf"psql:[A-Za-z0-9_./+-]{{1,200}}+:[0-9]++: {POSTGRES_LEVEL}",
        ),
        (b"psql:x.sql:3: ERROR:  no such relation", ERR, b"no such relation"),
        words=POSTGRES,
    ),
    LineFormat(
        "mysql-client",
        "MySQL's and MariaDB's commands",
        r"{level=ERROR} [0-9]++ \([0-9A-Z]{5}\)(?: at line [0-9]++)?: ",
        (b"ERROR 1045 (28000): Access denied for 'root'", ERR, b"Access denied for 'root'"),
        words=MYSQL,
    ),
    LineFormat(
        "redis-old",
        "Redis before 5, and what it says of signals",
        (
            rf"[0-9]++:[XCSM] {OLD}",
            rf"\[[0-9]++\] {OLD}",
            r"[0-9]++:{level=signal-handler} \([0-9]++\) ",
        ),
        (b"712:M 29 Nov 13:16:38.123 # no more memory", WARNING, b"no more memory"),
        words=REDIS | {b"signal-handler": WARNING},
    ),
    LineFormat(
        "mongodb",
        "MongoDB before 4.4",
        r"{when} {level=[FEWIDC]}[1-5]? {1,2}[A-Z_-]{1,16}+ ++\[",
        (
            b"2026-11-29T13:16:38.123+0000 E NETWORK  [listener] no port",
            ERR,
            b"no port",
        ),
        words=CAPNSLOG | {b"f": CRIT},
        rest=r"[^\]]*+\] ",
    ),
    LineFormat(
        "metadata",
        "Elixir with metadata, Sidekiq",
        rf"{{when}} {NAMES}(?:\[{{word}}\] |{{CAPS}}: )",
        (b"13:16:38.123 request_id=FxyZ [error] no route", ERR, b"no route"),
    ),
    LineFormat(
        "log15",
        "Go's log15, Ethereum's geth",
        r"{level=CRIT|EROR|ERROR|WARN|INFO|DBUG|DEBUG|TRCE|TRACE} {0,2}"
        r"\[[0-9]{2}-[0-9]{2}\|[0-9:.]{5,20}+\] ",
        (b"WARN [11-29|13:16:38.123] no peers", WARNING, b"no peers"),
    ),
    LineFormat(
        "slf4j",
        "SLF4J's simple logger, and logback without a time",
        (
            r"\[[A-Za-z][A-Za-z0-9_.-]{0,63}+\] {CAPS} (?=[A-Za-z_$][A-Za-z0-9_.$]*+ - )",
            rf"{{CAPS}} {{1,2}}(?={CLASS} - )",
        ),
        (b"[main] ERROR org.example.App - no port", ERR, b"no port"),
        rest=r"[^ ]++ - ",
    ),
    LineFormat(
        "minecraft",
        "Minecraft's servers",
        r"{when} \[[^\]/\n]{1,64}+/{CAPS}\](?: \[[^\]\n]{1,64}+\])?: ",
        (b"[13:16:38] [Server thread/WARN]: Can't keep up!", WARNING, b"Can't keep up!"),
    ),
    LineFormat(
        "nest",
        "NestJS",
        r"\[[A-Za-z0-9_-]{1,32}+\] [0-9]++ {1,4}- {when} {1,8}"
        r"{level=FATAL|ERROR|WARN|LOG|DEBUG|VERBOSE} ",
        (
            b"[Nest] 712  - 11/29/2026, 1:16:38 PM   ERROR [Exceptions] no route",
            ERR,
            b"no route",
        ),
        rest=r"\[[^\]]*+\] ",
        words=WORDS | {b"log": INFO},
    ),
    LineFormat(
        "telegraf",
        "Telegraf",
        r"{when} {level=[EWID]}! ",
        (b"2026-11-29T13:16:38Z E! [inputs.cpu] no such file", ERR, b"[inputs.cpu] no such file"),
        words=LETTERS,
    ),
    LineFormat(
        "rust-plain",
        "Rust's env_logger and tracing without a time",
        (
            r"\[{CAPS} {1,2}[a-z_][A-Za-z0-9_:]*+\] ",
            r"{CAPS} [a-z_][a-z0-9_]*+(?>(?:::[A-Za-z0-9_]++)+): ",
        ),
        (b"ERROR app::db: no route", ERR, b"no route"),
    ),
    LineFormat(
        "node-warning",
        "Node, its warnings",
        r"\(node:[0-9]++\) (?:\[[A-Z0-9_]++\] )?[A-Za-z]*?{level=Warning}: ",
        (
            b"(node:712) [DEP0040] DeprecationWarning: no more punycode",
            WARNING,
            b"(node:712) [DEP0040] DeprecationWarning: no more punycode",
        ),
        rest=None,
        words={b"warning": WARNING},
    ),
    LineFormat(
        "named-brackets",
        "a program's name, then its level in brackets, as nginx before its log is open",
        r"[a-z][a-z0-9_+./-]{0,31}+(?:\[[0-9]++\])?: \[{level=emerg|alert|crit|critical|error|"
        r"err|warn|warning|notice|info|debug}\] ",
        (b"nginx: [emerg] bind() to 0.0.0.0:80 failed", 0, b"bind() to 0.0.0.0:80 failed"),
    ),
)
