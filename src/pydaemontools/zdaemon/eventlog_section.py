"""<eventlog> as plain values, which event_log.EventLog is made of."""

from .command_line import Wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ZConfig.matcher import SectionValue

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


def plain_log(section: "SectionValue | None") -> dict[str, object] | None:
    """What SECTION, an <eventlog> as ZConfig gives it, asks for; None without one.

    Raises Wrong for a handler of a kind that is not known.
    """
    if section is None:
        return None
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
