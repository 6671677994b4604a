"""Structured records, one a line: python-json-logger's formatter with the fields of a preset."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from pythonjsonlogger.json import JsonEncoder, JsonFormatter

from . import presets, text_formats, values
from .as_logging import OWN
from .interrupts import interrupted
from .level import NUMBERS


class Asking(json.JSONEncoder):
    """What python-json-logger's encoder asks of what it does not know itself."""

    def default(self, o: object) -> object:
        """What O says."""
        return values.shown(o)


class Encoder(JsonEncoder, Asking):
    """python-json-logger's encoder; what it does not know is text, whatever it does."""


def dumps(value: object) -> str:
    """VALUE in JSON, which has no NaN. Raises whatever a value of the program's does."""
    return json.dumps(value, cls=Encoder, ensure_ascii=False, allow_nan=False)


def written(value: object) -> str:
    """VALUE of one field in JSON, or, where it cannot be written, its repr as text."""
    try:
        return dumps(value)
    except Exception as error:
        # A value of the program's may raise anything.
        if interrupted(error):
            raise
        try:
            return dumps(values.finite(value))
        except Exception as again:
            if interrupted(again):
                raise
            return dumps(values.represented(value))


class Flat(JsonFormatter):
    """python-json-logger's formatter, with the fields that PRESET names, and no others renamed.

    Its own rename_fields renames also what a program calls so, and needs each field to be
    there; so the fields are put in place here, and it does all else. EXTRA is added to each.
    """

    def __init__(
        self,
        preset: dict[str, str | tuple[str, str]],
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(json_ensure_ascii=False)
        self._preset = preset
        self._extra = dict(extra or {})

    def add_fields(
        self,
        log_data: dict[str, Any],
        record: logging.LogRecord,
        message_dict: dict[str, Any],
    ) -> None:
        """Put into LOG_DATA what RECORD says; MESSAGE_DICT is a dict that was logged as message."""
        more = dict(message_dict)
        trace, stack = more.pop("exc_info", None), more.pop("stack_info", None)
        message = more.pop("message", "") if isinstance(record.msg, dict) else record.message
        # Its merge_record_extra() leaves out what begins with `_`.
        more |= {key: one for key, one in record.__dict__.items() if key not in OWN}
        known = presets.known(record, message, trace, stack)
        log_data |= presets.arranged(known, self._preset, self._extra | more)

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        """LOG_DATA in JSON; a field that cannot be written is its repr, the others as they are."""
        try:
            return dumps(log_data)
        except Exception as error:
            if interrupted(error):
                raise
            return self._by_field(log_data)

    def _by_field(self, fields: Mapping[str, object]) -> str:
        """FIELDS in JSON, each by itself, as are those in an object of the preset's."""
        inner = {name[0] for name in self._preset.values() if isinstance(name, tuple)}
        words = (
            f"{dumps(key)}: {self._by_field(value) if key in inner else written(value)}"  # type: ignore[arg-type]
            for key, value in fields.items()
        )
        return f"{{{', '.join(words)}}}"


class Logfmt(Flat):
    """The same as `key=value` words."""

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        """LOG_DATA as logfmt; an object in it is JSON."""
        return text_formats.logfmt(
            [
                (key, written(value) if isinstance(value, dict | list) else value)
                for key, value in log_data.items()
            ]
        )


class Structured:
    """The form of records that FORMATTER gives, a line each."""

    plain = False
    fields = True

    def __init__(self, formatter: logging.Formatter) -> None:
        self._formatter = formatter

    def record(self, record: logging.LogRecord) -> bytes:
        """The line of RECORD. What is no UTF-8 is escaped, as JSON has it."""
        return f"{self._formatter.format(record)}\n".encode("utf-8", "backslashreplace")

    def text(self, step: int, text: str) -> bytes:
        """The line of a record at STEP that says TEXT, and nothing else is known of."""
        record = logging.LogRecord("root", NUMBERS[step], "", 0, "%s", (text,), None)
        return self.record(record)


def form(name: str, preset: str, extra: Mapping[str, object] | None) -> Structured:
    """The form NAME, json or logfmt, with the fields of PRESET (of JSON) and EXTRA."""
    if name == "logfmt":
        return Structured(Logfmt(presets.LOGFMT, extra))
    return Structured(Flat(presets.PRESETS[preset], extra))
