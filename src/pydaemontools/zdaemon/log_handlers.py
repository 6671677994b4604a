"""The handlers of an event log, each kind that ZConfig's logger component has and a Unix can use.

Files and streams are written at once. What may keep one waiting (a syslog, a web server, a mail
server) has a thread with a bounded queue: a manager never waits for a reader of its words.
"""

import logging
import logging.handlers
import queue
import string
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Values = Mapping[str, Any]
    Reopens = Callable[[], None]
    Made = tuple[logging.Handler, Reopens | None]

# Records that wait for a server; what comes when it is full is dropped.
WAITING = 1000
CLOSING = 2.0  # seconds that a server has when the manager ends
STYLES = {"classic": "%", "format": "{", "template": "$"}


def new_logger(level: int) -> logging.Logger:
    """A logger that is called root, as zdaemon's is, and that no other code finds."""
    logger = logging.Logger("root", level)  # noqa: LOG001 - nobody else is to find it
    logger.addHandler(logging.NullHandler())
    return logger


def make(values: "Values") -> "Made":
    """The handler that VALUES describe, and what opens its file anew, if it has one."""
    handler, reopen = _MAKERS[values["kind"]](values)
    handler.setLevel(values["level"])
    handler.setFormatter(_formatter(values))
    inner = handler
    if not isinstance(handler, logging.StreamHandler):
        handler = Behind(handler)
    inner.handleError = _Complaints(inner)  # type: ignore[method-assign,assignment]
    return handler, reopen


class Behind(logging.Handler):
    """A handler whose records another thread takes to `inner`."""

    def __init__(self, inner: logging.Handler) -> None:
        super().__init__(inner.level)
        self.inner = inner
        self._waiting: queue.Queue[logging.LogRecord | None] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Have RECORD sent; where WAITING wait already it is dropped."""
        if self._thread is None:
            # Started with the first record: no thread goes through the fork of a daemon.
            self._thread = threading.Thread(target=self._send, daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            pass

    def _send(self) -> None:
        while (record := self._waiting.get()) is not None:
            self.inner.handle(record)

    def close(self) -> None:
        """Wait a moment for what waits, and close the inner handler."""
        if self._thread:
            try:
                self._waiting.put_nowait(None)
            except queue.Full:
                pass
            self._thread.join(CLOSING)
        self.inner.close()
        super().close()


class _Complaints:
    """Says once on stderr that a handler cannot write, until it could."""

    def __init__(self, handler: logging.Handler) -> None:
        self._said = False
        self._what = getattr(handler, "baseFilename", None) or type(handler).__name__

    def __call__(self, _record: logging.LogRecord) -> None:
        if self._said:
            return
        self._said = True
        error = sys.exc_info()[1]
        try:
            sys.stderr.write(f"unable to write to the event log {self._what}: {error}\n")
            sys.stderr.flush()
        except (OSError, ValueError, AttributeError):
            # Where stderr is gone there is nobody to tell.
            pass


def _logfile(values: "Values") -> "Made":
    path = values["path"]
    if path in ("STDOUT", "STDERR"):
        return logging.StreamHandler(sys.stdout if path == "STDOUT" else sys.stderr), None
    common = {"encoding": values["encoding"], "delay": values["delay"]}
    if values["when"]:
        timed = logging.handlers.TimedRotatingFileHandler(
            path,
            when=values["when"],
            interval=values["interval"] or 1,
            backupCount=values["old-files"],
            **common,
        )
        return timed, timed.doRollover
    if values["max-size"]:
        rotating = logging.handlers.RotatingFileHandler(
            path,
            maxBytes=values["max-size"],
            backupCount=values["old-files"],
            **common,
        )
        return rotating, rotating.doRollover
    file = logging.FileHandler(path, **common)
    return file, lambda: _reopen(file)


def _reopen(file: logging.FileHandler) -> None:
    """Have FILE write to what its path names now. Raises OSError; the next record tries again."""
    with file.lock or threading.RLock():
        stream, file.stream = file.stream, None
        if stream is None:
            return
        try:
            stream.close()
        except OSError:
            # What is still in it cannot be written, which was said when it was.
            pass
        file.stream = file._open()  # noqa: SLF001 - WatchedFileHandler's own way


def _syslog(values: "Values") -> "Made":
    return logging.handlers.SysLogHandler(values["address"], values["facility"]), None


def _http(values: "Values") -> "Made":
    host, selector = values["url"]
    return logging.handlers.HTTPHandler(host, selector, values["method"]), None


def _mail(values: "Values") -> "Made":
    host, port = values["smtp-server"]
    user = values["smtp-username"]
    handler = logging.handlers.SMTPHandler(
        (host, port) if port else host,
        values["from"],
        list(values["to"]),
        values["subject"],
        credentials=(user, values["smtp-password"]) if user else None,
    )
    return handler, None


_MAKERS: "dict[str, Callable[[Values], Made]]" = {
    "logfile": _logfile,
    "syslog": _syslog,
    "http-logger": _http,
    "email-notifier": _mail,
}


class SafeTemplateStyle(logging.StringTemplateStyle):
    """The style `safe-template`: a field that is not there stays as it is written."""

    def __init__(self, fmt: str) -> None:
        super().__init__(fmt)
        self._template = string.Template(fmt)

    def format(self, record: logging.LogRecord) -> str:
        """The text of RECORD."""
        return self._template.safe_substitute(vars(record))


def _formatter(values: "Values") -> logging.Formatter:
    """What makes lines of records, of the class that VALUES name."""
    factory: Callable[..., logging.Formatter] = logging.Formatter
    if values["formatter"]:
        factory = _named(values["formatter"])
    text, dates, style = values["format"], values["dateformat"], values["style"]
    if style == "classic":
        # A class of one's own may know no style.
        return factory(text, dates)
    if style in STYLES:
        return factory(text, dates, style=STYLES[style], validate=False)
    made = factory(text, dates, style="$", validate=False)
    made._style = SafeTemplateStyle(text)  # noqa: SLF001 - logging has no other way to add one
    return made


def _named(dotted: str) -> "Callable[..., logging.Formatter]":
    """The class of formatters that DOTTED names; raises ImportError or AttributeError."""
    import importlib

    module, _, name = dotted.rpartition(".")
    found: Callable[..., logging.Formatter] = getattr(importlib.import_module(module), name)
    return found
