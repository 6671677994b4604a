"""What a service asks of its supervisor, and how long it waits for a next start."""

from _signal import SIGTERM

FOREVER = float("inf")
TOO_OFTEN = "restarting too frequently"  # why it is given up, where short runs are counted
PACE = 1.0  # seconds between two starts, at the least
CONTROL = 10.0  # seconds that a script in control/ may take, where no file says otherwise
RESET = 10.0  # seconds after which a run is not a short one
SETTLE = 1.0  # seconds that a run has to live until it counts as started
CHECK = 5.0  # seconds that ./check has for an answer, where no file says otherwise
NOTIFY = 30.0  # seconds that ./notify may take, where no file says otherwise
PATIENCE = 60.0  # seconds that what is to end has for it, where no file says otherwise
# Who hears the signal that ends a service: its process, or the whole group or session of that.
TARGETS = PROCESS, GROUP, SESSION = b"process", b"group", b"session"
NONE: frozenset[int] = frozenset()


class Rules:
    """How a service is paced, stopped, judged and believed to be ready or dead.

    As it is made it is for a program without a directory. Times are in seconds; FOREVER
    means that there is no limit.
    """

    __slots__ = (
        "adopts",
        "asks_event",
        "backoff",
        "cgroup",
        "check_limit",
        "control_limit",
        "done_codes",
        "down_signal",
        "down_target",
        "finish",
        "finish_limit",
        "implied",
        "kill_after",
        "max_deaths",
        "misses",
        "notification_fd",
        "notify",
        "notify_limit",
        "pace",
        "ready_limit",
        "rss_limit",
        "s6",
        "settle",
        "sign",
        "sweep",
        "watchdog",
        "ways",
    )

    def __init__(self) -> None:
        self.pace = PACE
        self.backoff: RestartBackoff | None = None
        self.settle = SETTLE
        self.finish = False  # whether there may be a finish to run
        self.finish_limit = PATIENCE  # timeout-finish
        self.kill_after = PATIENCE  # timeout-kill
        self.sweep = True  # whether what run leaves behind is ended
        self.ready_limit = FOREVER  # timeout-up
        self.ways: tuple[tuple[bytes, bytes], ...] = ()  # ready: how it says that it is
        self.implied = False  # whether that there is a ./check is the only way
        self.check_limit = CHECK  # timeout-check
        self.control_limit = CONTROL  # timeout-control
        self.notify = False  # whether there is a ./notify to be called
        self.notify_limit = NOTIFY  # timeout-notify
        self.notification_fd: int | None = None
        self.down_signal = int(SIGTERM)
        self.down_target = PROCESS  # who hears it
        self.done_codes = NONE  # exit-codes: it is done, not dead
        self.max_deaths = (0, FOREVER)  # max-death-tally: how many, within how many seconds
        self.watchdog = FOREVER
        self.sign = b""  # what the watchdog looks for, one of SIGNS
        self.misses = 1  # how often ./check may fail
        self.rss_limit = 0  # bytes of memory that it may have; 0 is no limit
        self.cgroup = b""
        self.s6 = b""  # what says that the directory is one of s6's; nothing does for runit's
        self.asks_event = False  # whether there is to be an event/
        self.adopts = True  # whether what a killed supervisor left goes on

    @property
    def waits_ready(self) -> bool:
        """Whether the service is ready only when it says so."""
        return bool(self.ways) or self.notification_fd is not None

    def but(self, **others: object) -> "Rules":
        """The same with OTHERS in the place of some."""
        rules = Rules()
        for name in Rules.__slots__:
            setattr(rules, name, others.get(name, getattr(self, name)))
        return rules

    @property
    def reset(self) -> float:
        """Seconds after which a run is not a short one."""
        return self.backoff.reset if self.backoff else RESET

    def recent(self, deaths: tuple[float, ...]) -> tuple[float, ...]:
        """Those of DEATHS, times of which the last is now, that count."""
        many, within = self.max_deaths
        return tuple([t for t in deaths if t > deaths[-1] - within][-many:]) if many else ()

    def silent_until(self, now: float) -> float:
        """Until when it may give no sign of life from NOW on. Where we ask for one, it need not."""
        if self.sign == b"check" or self.watchdog == FOREVER:
            # The one object that all have in common, and not a sum.
            return FOREVER
        return now + self.watchdog


# Those of a program without a directory: the same for all, so that nobody may change them (but()).
PROGRAM = Rules()


def plain() -> Rules:
    """The rules of the originals: no limit, nothing swept."""
    rules = Rules()
    rules.finish_limit = rules.kill_after = rules.control_limit = FOREVER
    rules.sweep = False
    return rules


class RestartBackoff:
    """How long to wait before the next start of what keeps dying.

    first, then times factor, at most cap; after a run of at least reset it starts over.
    Each wait is longer by up to the jitter-th part of itself, so that many do not march.
    `most` short runs in a row are enough; 0 is for ever.
    """

    __slots__ = ("cap", "factor", "first", "jitter", "most", "reset")

    def __init__(
        self,
        first: float,
        factor: float = 2.0,
        cap: float = 60.0,
        reset: float = RESET,
        jitter: float = 0.1,
    ) -> None:
        self.first = first
        self.factor = factor
        self.cap = cap
        self.reset = reset
        self.jitter = jitter
        self.most = 0

    def delay(self, failures: int, luck: float) -> float:
        """Seconds to wait after FAILURES short runs in a row; LUCK is from 0 to 1."""
        if not failures:
            return 0.0
        wait = self.first
        for _ in range(failures - 1):
            # Not a power: that may be too large for a number.
            if not 0 < wait < self.cap or self.factor <= 1:
                break
            wait *= self.factor
        return min(self.cap, wait) * (1 + self.jitter * luck)
