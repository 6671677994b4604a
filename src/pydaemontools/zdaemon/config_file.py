"""A configuration file, as ZConfig reads it. What stands in it is data; nothing is evaluated.

ZConfig is imported here alone, and only for a file. It is known as `pydaemontools[zdaemon]`.
"""

from io import StringIO

from ..base.cli import fatal
from ..base.process import fsencode
from ..chain.beside import add_library
from . import datatypes
from .command_line import Wrong
from .schema import component, schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from ZConfig.loader import Resource, SchemaLoader
    from ZConfig.matcher import SectionValue

OURS = "package:zdaemon:component.xml"
# What each handler of an event log has.
COMMON = ("level", "format", "dateformat", "style", "formatter")
# Of each kind of handler, where its values are: what they are called here, and by ZConfig.
KINDS = {
    "logfile": (
        *((name, name) for name in ("path", "when", "interval", "encoding", "delay")),
        ("max-size", "max_size"),
        ("old-files", "old_files"),
    ),
    "syslog": (("address", "address"), ("facility", "facility")),
    "http-logger": (("url", "url"), ("method", "method")),
    "email-notifier": (
        ("from", "fromaddr"),
        ("to", "toaddrs"),
        ("subject", "subject"),
        ("smtp-server", "smtp_server"),
        ("smtp-username", "smtp_username"),
        ("smtp-password", "smtp_password"),
    ),
}
# What a system lacks that is no Windows; the original says so too, and goes on without.
ELSEWHERE = ("win32-eventlog",)


class ConfigError(Exception):
    """What is wrong with a file or a schema, in ZConfig's words."""


def load(path: str, overrides: list[str], schema_file: str, *, native: bool) -> "SectionValue":
    """The root section of the file PATH, which may be a URL, with OVERRIDES of -X.

    SCHEMA_FILE: the schema to read it by; nothing for our own. Raises ConfigError.
    """
    zconfig = _zconfig(path)
    loader = _schema_loader(native=native)
    try:
        if schema_file:
            by = loader.loadURL(schema_file)
        else:
            by = loader.loadFile(StringIO(schema(native=native)))
        root: SectionValue = zconfig.loadConfig(by, path, overrides)[0]
    except zconfig.ConfigurationError as error:
        raise ConfigError(str(error)) from None
    except TypeError as error:
        # So it ends where a value of -X is none, and where a format has a field that is none.
        cause = error.__context__
        what = str(getattr(cause, "exception", "")) or f"TypeError: {error}"
        raise ConfigError(f"unable to read {path}: {what}") from None
    except RecursionError:
        what = "it includes itself, or a file that does"
        raise ConfigError(f"unable to read {path}: {what}") from None
    except (OSError, ValueError, ImportError, AttributeError, LookupError) as error:
        # ZConfig lets these through: a URL of a kind that nobody knows, bytes that are no text, a
        # formatter that is not there, a format with a field that is none.
        what = f"{type(error).__name__}: {error}"
        raise ConfigError(f"unable to read {path}: {what}") from None
    return root


def _zconfig(path: str) -> "ModuleType":
    """The package ZConfig. Raises Quit where it is not installed."""
    add_library()
    try:
        import ZConfig.cmdline
    except ImportError:
        what = b"unable to read " + fsencode(path) + b": ZConfig is not installed"
        hint = b"`pip install 'pydaemontools[zdaemon]'` has it; -p and other options need none"
        raise fatal(what, hint=hint) from None
    return ZConfig


def _schema_loader(*, native: bool) -> "SchemaLoader":
    """What loads schemas, for which the package zdaemon is ours, also in an %import."""
    import ZConfig.loader as its
    from ZConfig.datatypes import Registry

    class Loader(its.SchemaLoader):
        """Knows zdaemon's component, whether zdaemon is installed or not."""

        def schemaComponentSource(self, package: str, filename: str) -> str:  # noqa: N802 - ZConfig's name
            if package == "zdaemon" and filename in (None, "", "component.xml"):
                return OURS
            found: str = super().schemaComponentSource(package, filename)
            return found

        def openResource(self, url: str) -> "Resource":  # noqa: N802 - ZConfig's name
            if url == OURS:
                return self.createResource(StringIO(component(native=native)), url)
            return super().openResource(url)

    # ZConfig makes one of its own for an %import, and has no other way to be given ours.
    its.SchemaLoader = Loader  # type: ignore[misc]
    registry = Registry()
    for name, convert in datatypes.BY_NAME.items():
        registry.register(name, convert)
    return Loader(registry)


def plain_log(section: "SectionValue") -> dict[str, object]:
    """What SECTION, an <eventlog> as ZConfig gives it, asks for, as plain values.

    Raises Wrong for a handler of a kind that is not known.
    """
    handlers = [one.section for one in section.handler_factories]
    known = [one for one in handlers if one.getSectionType() not in ELSEWHERE]
    return {"level": section.level, "handlers": tuple(map(_handler, known))}


def _handler(section: "SectionValue") -> dict[str, object]:
    kind = section.getSectionType()
    if kind not in KINDS:
        raise Wrong(f"the event log has a handler of a kind that is not known: {kind}")
    names = [*((name, name) for name in COMMON), *KINDS[kind]]
    found = {ours: getattr(section, theirs) for ours, theirs in names}
    if kind == "syslog":
        # An address of ZConfig's is an object.
        found["address"] = found["address"].address
    return {"kind": kind} | found
