"""What a fork does not copy: threads; and what it must not: an event loop that is open."""

import sys

from .failures import Error

LOOP = (
    "unable to detach from a program with an asyncio loop that is open: both processes would"
    " have its epoll and its wakeup; call it before asyncio.run(), or start a command"
)


def check(level: int) -> None:
    """Warn of other threads, by name, and refuse an open loop. LEVEL is of warnings.warn()."""
    if _has_open_loop():
        raise Error(LOOP)
    if names := _other_threads():
        from warnings import warn

        warn(
            f"this forks, and a fork copies only the thread that calls it: {', '.join(names)}"
            " will not run in the daemon",
            RuntimeWarning,
            stacklevel=level + 1,
        )


def _other_threads() -> list[str]:
    threading = sys.modules.get("threading")
    if threading is None:
        return []
    me = threading.get_ident()
    return [one.name for one in threading.enumerate() if one.ident not in (None, me)]


def _has_open_loop() -> bool:
    events = sys.modules.get("asyncio.events")
    if events is None:
        return False
    if events._get_running_loop() is not None:  # noqa: SLF001 - it has no other name that says None
        return True
    import gc

    kind = events.AbstractEventLoop
    loops = [one for one in gc.get_objects() if issubclass(type(one), kind)]
    return any(not one.is_closed() for one in loops)
