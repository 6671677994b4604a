"""What holds for a call: the command line above the file, and the file above the defaults."""

import os
import sys

from . import datatypes
from .command_line import CommandLine, Wrong
from .runner import Runner
from .runner_keys import DEFAULTS, KEYS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ZConfig.matcher import SectionValue

NOWHERE = "/dev/null"


class Configuration:
    """The runners that a command line and its file speak of. Raises Wrong, and Quit.

    `runners` are those that are meant, of `all`; `values`, by the names of keys, are the first's.
    """

    def __init__(self, line: CommandLine) -> None:
        self.line = line
        self.native = line.native
        self.root: SectionValue | None = None
        if line.overrides and line.config_file is None:
            raise Wrong("configuration overrides (-X) cannot be used without a configuration file")
        if line.config_file is not None:
            self._load(line.config_file)
        sections = self._sections()
        self.values = self._merged(sections[0])
        self.all = [self._runner(section) for section in sections]
        self.runners = self._chosen(self.all)

    def _load(self, path: str) -> None:
        from .config_file import ConfigError, load

        schema = self.line.schema_file
        schema = "" if schema == "schema.xml" else schema
        try:
            self.root = load(path, self.line.overrides, schema, native=self.native)
        except ConfigError as error:
            raise Wrong(str(error)) from None

    def _sections(self) -> "list[SectionValue | None]":
        """The <runner> sections of the file; one that is None without any."""
        found = getattr(self.root, "runner", None)
        return found if isinstance(found, list) else [found]

    def _merged(self, section: "SectionValue | None") -> dict[str, object]:
        """What holds for the runner in SECTION, by the names of keys."""
        values = {key.name: self._value(key.name, key.attribute, section) for key in KEYS}
        for name in ("program", "start-test-program"):
            if isinstance(values[name], str):
                values[name] = self._words(str(values[name]), quotes=bool(values["quotes"]))
        for name, value in values.items():
            if self.native and isinstance(value, int) and value < 0:
                raise Wrong(f"{name} is a number from 0 on, not {value}")
        if not values["program"] and not self._is_about_none():
            raise Wrong("no program specified; use -p or -C" + self._misplaced())
        return values

    def _is_about_none(self) -> bool:
        """Whether what is asked for needs no program."""
        alone = self.native and "interactive" not in self.line.flags
        return alone and self.line.args[:1] in (["help"], ["version"])

    def _misplaced(self) -> str:
        """What to add where a program is named behind the action, under our own name."""
        behind = [word for word in self.line.args if word[:2] in ("-p", "-C")]
        return (
            f", before the action and not behind it: {behind[0]}" if self.native and behind else ""
        )

    def _value(self, name: str, attribute: str, section: "SectionValue | None") -> object:
        value = self.line.values.get(name)
        if value is None:
            value = getattr(section, attribute, None)
        return DEFAULTS.get(name) if value is None else value

    def _words(self, text: str, *, quotes: bool) -> list[str]:
        try:
            return datatypes.shell_words(text) if quotes else datatypes.words(text)
        except ValueError as error:
            raise Wrong(f"invalid value for program {text!r}: {error}") from None

    def _runner(self, section: "SectionValue | None") -> Runner:
        """The runner that SECTION, or the command line alone, describes."""
        values: dict[str, Any] = self._merged(section)
        given = {key.attribute: values[key.name] for key in KEYS if key.name != "quotes"}
        given["daemon"] = bool(values["daemon"])
        given["forever"] = bool(values["forever"])
        given["program"] = tuple(values["program"] or ())
        given["exit_codes"] = tuple(values["exit-codes"])
        given["start_test_program"] = tuple(values["start-test-program"] or ())
        given["transcript"] = self._transcript(values)
        # A manager is ours, whichever interpreter zdaemon's was to run in.
        given["python"] = given["zdrun"] = None
        name = getattr(section, "getSectionName", lambda: None)()
        return Runner(
            **given,
            name=name or "",
            environment=tuple(self._environment(section).items()),
            eventlog=self._eventlog(section),
        )

    def _transcript(self, values: "dict[str, Any]") -> str | None:
        """Where the output goes, from the client's directory: a file is opened in `directory`."""
        path: str | None = values["transcript"]
        if path == NOWHERE or not values["daemon"]:
            return None
        if path and values["directory"] and ":" not in path.partition("/")[0]:
            path = os.path.join(values["directory"], path)
        return path

    def _environment(self, section: "SectionValue | None") -> dict[str, str]:
        found: dict[str, str] = {}
        for holder in (self.root, section):
            environment = getattr(holder, "environment", None)
            # A schema of one's own may make a plain dict of it.
            found |= getattr(environment, "mapping", environment) or {}
        for name in found:
            if "=" in name or "\0" in name + found[name]:
                raise Wrong(f"there can be no variable {name!r} in an environment")
        return found

    def _eventlog(self, section: "SectionValue | None") -> dict[str, object] | None:
        found = getattr(section, "eventlog", None) or getattr(self.root, "eventlog", None)
        if found is None:
            return None
        from .config_file import plain_log

        return plain_log(found)

    def _chosen(self, runners: list[Runner]) -> list[Runner]:
        """Those of RUNNERS that --runner names; all without it."""
        names = [runner.name for runner in runners]
        if len(set(names)) < len(names):
            raise Wrong("several runners need a name each: <runner NAME>")
        # ZConfig has names in small letters.
        wanted = [name.lower() for name in self.line.runners] or names
        if strange := set(wanted) - set(names):
            there = ", ".join(name or "one without a name" for name in names)
            raise Wrong(f"there is no runner {strange.pop()!r}; there is {there}")
        return [runner for runner in runners if runner.name in wanted]


def show_options(configuration: Configuration) -> str:
    """What `show options` says."""
    line, values = configuration.line, configuration.values
    rows: list[tuple[str, object]] = [
        ("schemafile", line.schema_file or "schema.xml"),
        ("configfile", line.config_file),
    ]
    order = (
        *("zdrun", "python", "program", "backoff-limit", "daemon", "forever", "socket-name"),
        *("exit-codes", "user", "umask", "directory", "logfile", "transcript"),
    )
    shown = {key.name: key.shown for key in KEYS}
    found = values | {"python": values["python"] or sys.executable}
    rows += [(shown[name], found[name]) for name in order]
    lines = [f"{name + ':':<13} {_shown(name, value)}" for name, value in rows]
    return "\n".join(["zdctl/zdrun options:", *lines]) + "\n"


def _shown(name: str, value: object) -> str:
    if name != "umask":
        return repr(value)
    if not value:
        # What holds then is the umask that we have.
        value = os.umask(0o777)
        os.umask(value)
    return oct(int(str(value)))
