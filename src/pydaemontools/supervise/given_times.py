"""Operations of the table: the times that a service gives itself (sd_notify(3))."""

from .state import UP, State

EXTEND = "extend"  # it needs so many seconds more to be ready, or to end
INTERVAL = "interval"  # it will show that it is alive in every so many seconds


def extend(state: State) -> list[int | str]:
    """More time for what it does now, never less."""
    until = state.now + (state.value if isinstance(state.value, float) else 0.0)
    if state.stopping:
        state.kill_at = max(state.kill_at, until)
    elif not state.ready and not state.paused:
        state.limit = max(state.limit, until)
    return []


def interval(state: State) -> list[int | str]:
    """Another time for its signs of life, as long as it runs; that it says so is one."""
    if state.rules.sign == b"notify" and isinstance(state.value, float):
        state.rules = state.rules.but(watchdog=state.value)
        if state.ready and not state.stopping and not state.paused:
            state.watchdog_deadline = state.rules.silent_until(state.now)
    return []


ROWS = {EXTEND: {UP: (extend,)}, INTERVAL: {UP: (interval,)}}
