"""What structured lines call things: one table of keys, and one of how levels are written.

A key with a dot is met in two forms: `{"log.level": "info"}` and `{"log": {"level": "info"}}`.
The first key of a row that an object has, with a value that makes sense, is the one.
"""

from .levels import ALERT, CRIT, DEBUG, EMERG, ERR, INFO, NAMES, NOTICE, WARNING

LEVEL = (
    "level",  # structlog, loguru, pino, bunyan, zap, zerolog, slog, logrus, logback, log4j2
    "levelname",  # python-json-logger
    "level_name",  # monolog
    "severity",  # GCP
    "log.level",  # ECS
    "severity_text",  # OTel, in its three spellings
    "severityText",
    "SeverityText",
    "lvl",  # log15
    "loglevel",
    "LogLevel",  # .NET
    "log_level",
    "@l",  # Serilog
    "error_severity",  # PostgreSQL
    "severity_number",
    "severityNumber",
    "SeverityNumber",
    "levelno",
    "syslog.severity",
    "level_value",  # logstash's encoder for logback
    "PRIORITY",  # journalctl -o json
    "priority",
)
MESSAGE = (
    "message",  # python-json-logger, loguru, zerolog, logback, ECS, GCP
    "msg",  # pino, bunyan, zap, slog, logrus
    "event",  # structlog
    "short_message",  # GELF
    "fields.message",  # tracing, of Rust
    "body.stringValue",  # OTel
    "body",
    "Body",
    "@m",  # Serilog
    "@mt",
    "Message",  # .NET
    "MESSAGE",  # journalctl -o json
    "log",  # docker
)
# One lookup tells that an object has none of a row.
LEVELS, MESSAGES = ({key for k in row for key in (k, k.split(".")[0])} for row in (LEVEL, MESSAGE))
# Keys in another case mean the same where no level was found.
FOLDED = {key.lower(): key for key in reversed(LEVEL)} | {"priority": "priority"}
MONGODB = {"t", "s", "c", "ctx", "msg"}  # among these, s is a level

# Where numbers begin that mean a severity: in syslog below 8, in pino and bunyan above 9.
PINO = ((60, CRIT), (50, ERR), (40, WARNING), (30, INFO), (10, DEBUG))
# logging and loguru end at 50; the two above are those that adapters/ adds.
PYTHON = (
    (70, EMERG),
    (60, ALERT),
    (50, CRIT),
    (40, ERR),
    (30, WARNING),
    (25, NOTICE),
    (20, INFO),
    (1, DEBUG),
)
# FATAL is what its name is elsewhere: syslog's emerg would be shown on every terminal.
OTEL = ((21, CRIT), (19, ALERT), (18, CRIT), (17, ERR), (13, WARNING), (10, NOTICE), (9, INFO))
GCP = ((800, EMERG), (700, ALERT), (600, CRIT), (500, ERR), (400, WARNING), (300, NOTICE))
SCALES = {
    "levelno": PYTHON,
    "no": PYTHON,
    "severity": (*GCP, (200, INFO), (100, DEBUG)),
    "severity_number": (*OTEL, (1, DEBUG)),
    "severityNumber": (*OTEL, (1, DEBUG)),
    "SeverityNumber": (*OTEL, (1, DEBUG)),
}
LOGBACK = ((40000, ERR), (30000, WARNING), (20000, INFO), (1000, DEBUG), *PINO)
# Where a number below 8 is not syslog's.
OWN_SCALE = ("levelno", "no", "severity_number", "severityNumber", "SeverityNumber")

# Words beside those of levels.NAMES: these stand in a field, where nothing else can be meant.
WORDS = {name.decode(): level for name, level in NAMES.items()} | {
    "panic": CRIT,
    "dpanic": CRIT,
    "severe": ERR,
    "eror": ERR,
    "success": NOTICE,
    "information": INFO,
    "informational": INFO,
    "log": INFO,
    "dbug": DEBUG,
    "verbose": DEBUG,
    "f": CRIT,
    "c": CRIT,
    "e": ERR,
    "w": WARNING,
    "n": NOTICE,
    "i": INFO,
    "d": DEBUG,
    "t": DEBUG,
    "v": DEBUG,
}


def severity(key: str, value: object) -> int | None:
    """The severity that VALUE of KEY means; None if it means none."""
    if isinstance(value, str):
        level = WORDS.get(value) or WORDS.get(value.lower())
        return _spelled(key, value) if level is None else level
    if isinstance(value, dict):
        # loguru has {"name": "ERROR", "no": 40}.
        named = severity("name", value.get("name"))
        return severity("no", value.get("no")) if named is None else named
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _measured(key, value)


def _spelled(key: str, value: str) -> int | None:
    """What a number in a string means, or INFO+2 as slog has it, or OTel's INFO2."""
    if len(value) < 6 and value.isascii() and value.isdigit():
        return _measured(key, int(value))
    word = value[:20].lower().strip().partition("+")[0].partition("-")[0]
    return WORDS.get(word.rstrip("0123456789"))


def _measured(key: str, number: float) -> int | None:
    """The severity that NUMBER of KEY means; None if it is none."""
    if key == "priority":
        # That of a task, or of a syslog server with the facility in it.
        return None
    if key == "level_value":
        return next((level for least, level in LOGBACK if number >= least), None)
    if 0 <= number < 8 and key not in OWN_SCALE:
        return int(number)
    if number >= (900 if key in SCALES else 100):
        # Monolog too counts in hundreds, others than GCP, and has the name beside that.
        return None
    for least, level in SCALES.get(key, PINO):
        if number >= least:
            return level
    return None
