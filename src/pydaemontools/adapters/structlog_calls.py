"""A log call of structlog's never raises into the program: what it is made of, and what fails."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from . import once
from .stdlib import ADDED
from .values import MOST, nameless, quiet_args, represented, shown, within


def interpolated(event: Any, args: tuple[object, ...]) -> Any:  # noqa: ANN401 - as structlog has it
    """EVENT % ARGS; if that cannot be made, with what can be said of them. Raises nothing."""
    if not args:
        return event
    if within.texts >= MOST:
        return shown(event)
    given = args[0] if len(args) == 1 and isinstance(args[0], Mapping) and args[0] else args
    within.texts += 1
    try:
        return event % given
    except Exception as error:  # noqa: BLE001 - a value of the program's may raise anything
        try:
            return shown(event) % quiet_args(given)
        except Exception:  # noqa: BLE001 - as above
            return f"{shown(event)} (with {represented(args)}: {represented(error)})"
    finally:
        within.texts -= 1


def _bound() -> type:
    """The bound logger of structlog, with methods for the levels that it has not."""
    base = structlog.make_filtering_bound_logger(0)

    def method(name: str) -> Callable[..., Any]:
        def log(self: Any, event: str, *args: object, **fields: object) -> Any:  # noqa: ANN401
            return self._proxy_to_logger(name, interpolated(event, args), **fields)

        log.__name__ = name
        log.__doc__ = f"Log event with the level {name}."
        return once.passed_over(log, structlog)

    names = [name.lower() for name in ADDED.values()]
    own = {name: method(name) for name in names} | {"__module__": __name__}
    return type("BoundLogger", (base,), own)


BoundLogger = _bound()


def guard(say: Callable[[Any, str, dict[str, Any]], None], own: type) -> Callable[[], None]:
    """Have log calls raise nothing, whatever a processor of the program's does.

    What does not come to a logger of our OWN for that, SAY writes. Gives what undoes it.
    """
    kind: Any = structlog.BoundLoggerBase
    before = kind._proxy_to_logger  # noqa: SLF001 - that is for classes of others, it says

    def _proxy_to_logger(
        self: Any,  # noqa: ANN401 - a bound logger
        method_name: str,
        event: Any = None,  # noqa: ANN401 - whatever was logged
        **event_kw: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        logger = getattr(self, "_logger", None)
        ours = isinstance(logger, own)
        if ours and within.calls >= MOST:
            text = event if isinstance(event, str) else nameless(event)
            return say(logger, method_name, {"event": text})
        handled = sys.exc_info()[1]
        within.calls += 1
        try:
            return before(self, method_name, event, **event_kw)
        except Exception:
            if not ours:
                raise
            event = interpolated(event, event_kw.pop("positional_args", ()))
            if event_kw.get("exc_info") is True:
                # By now it would be what has failed here.
                event_kw["exc_info"] = handled
            return say(logger, method_name, {**self._context, **event_kw, "event": event})
        finally:
            within.calls -= 1

    guarded = once.passed_over(_proxy_to_logger, structlog)
    kind._proxy_to_logger = guarded  # noqa: SLF001 - as above
    native: Any = sys.modules.get("structlog._native")
    plain = getattr(native, "_maybe_interpolate", None)
    if plain:
        native._maybe_interpolate = interpolated  # noqa: SLF001 - its methods raise before all else

    def undo() -> None:
        if kind._proxy_to_logger is guarded:  # noqa: SLF001 - as above
            kind._proxy_to_logger = before  # noqa: SLF001 - as above
        if plain and native._maybe_interpolate is interpolated:  # noqa: SLF001 - as above
            native._maybe_interpolate = plain  # noqa: SLF001 - as above

    return undo
