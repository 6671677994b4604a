"""What a hook of the program's logs of an exception that has been written: no second traceback."""

import logging
from collections.abc import Callable
from types import TracebackType

Excinfo = tuple[type[BaseException], BaseException, TracebackType | None]
# The exceptions that were written, and of which hooks of the program's may tell once more now.
told: list[Excinfo] = []


def untold(
    record: logging.LogRecord, message: Callable[[logging.LogRecord], str]
) -> logging.LogRecord:
    """RECORD, whose text is MESSAGE of it, without the traceback that was written just before."""
    import traceback

    for info in told:
        made = logging.LogRecord("", 0, "", 0, "", None, None)
        made.__dict__.update(record.__dict__)
        if record.exc_info and record.exc_info[1] is info[1]:
            made.exc_info = made.exc_text = None
            return made
        own, text = "".join(traceback.format_exception(*info)).strip(), message(record)
        if own in text:
            made.msg, made.args = text.replace(own, "").strip() or "(as above)", None
            return made
    return record
