"""Which workers a pool is to have, to end and to start. No fork and no clock: both are given."""

from collections import deque
from signal import SIGABRT, SIGKILL, SIGTERM

from ..base.backoff import Backoff

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class WorkerLike(Protocol):
        """What the pool has to know of a worker."""

        pid: int
        timed_out: bool
        error: str

        def last_sign(self) -> float: ...  # noqa: D102
        def asks(self) -> bool: ...  # noqa: D102
        def has_ended(self) -> bool: ...  # noqa: D102
        def signal(self, signum: int) -> None: ...  # noqa: D102

    Say = Callable[[str, str], object]

FAILING = 0.1, 10.0  # seconds before another starts in the place of one that was never ready
YOUNG = 1.0  # seconds of life after which one that ends is replaced without a pause
ABORT = 1.0  # seconds that one which hangs has to say where, before it is killed
MANY = 100  # workers that ended badly that are remembered
SLACK = 1.0  # seconds that we may be late ourselves


class Post:
    """A worker, and what the pool has decided about it."""

    def __init__(self, worker: "WorkerLike", now: float) -> None:
        self.worker = worker
        self.born = now
        self.since = now  # from when on a sign of life is expected
        self.ready = False
        self.leaving = False  # whether it was told to end
        self.kill_at = float("inf")


class Pool:
    """Keeps as many workers as are wanted, made by FORK; NOW is given with each look.

    One that gives no sign of life for TIMEOUT seconds is ended; GRACE is how many seconds one
    has to end that was told to. SAY logs a level and a text.
    """

    def __init__(
        self, fork: "Callable[[], WorkerLike]", say: "Say", *, timeout: float | None, grace: float
    ) -> None:
        self.posts: list[Post] = []
        self.ended: deque[WorkerLike] = deque(maxlen=MANY)  # those that ended badly
        self.wanted = 0
        self._fork = fork
        self._say = say
        self.grace = grace
        self._timeout = timeout
        self._old: list[Post] = []  # those that are to be replaced yet
        self._new: Post | None = None  # the one that replaces the next of them
        self._backoff = Backoff(*FAILING)
        self._not_before = float("-inf")
        self._expected = float("inf")  # when the next look was to be, at the latest

    @property
    def staying(self) -> list[Post]:
        """Those that were not told to end."""
        return [post for post in self.posts if not post.leaving]

    def replace(self) -> None:
        """Have each worker of now replaced by a new one, one after the other.

        One that is starting in the place of another goes on with that, and is replaced last.
        """
        self._old = self.staying

    def look(self, now: float) -> float | None:
        """Do what is to be done; return in how many seconds to look again, None without a limit."""
        if now > self._expected + SLACK:
            # We were stopped, or slept: they may have been too.
            for post in self.posts:
                post.since = now
        for post in list(self.posts):
            self._look_at(post, now)
        self._go_on_replacing(now)
        self._fill(now)
        rest = self._rest(now)
        self._expected = float("inf") if rest is None else now + rest
        return rest

    def retire(self, post: Post, now: float, signum: int = SIGTERM) -> None:
        """Tell the worker of POST to end."""
        post.leaving = True
        post.kill_at = now + self.grace
        post.worker.signal(signum)

    def retire_all(self, now: float) -> None:
        """Tell all to end, and start none."""
        self.wanted = 0
        self._old, self._new = [], None
        for post in self.staying:
            self.retire(post, now)

    def _look_at(self, post: Post, now: float) -> None:
        worker = post.worker
        sign = worker.last_sign()
        if sign and not post.ready:
            post.ready = True
            self._backoff.reset()
        if worker.has_ended():
            self._gone(post, now)
        elif now >= post.kill_at:
            post.kill_at = float("inf")
            worker.signal(SIGKILL)
        elif not post.leaving and post not in self._old and worker.asks():
            self._old.append(post)
        elif not post.leaving and self._is_late(post, now):
            worker.timed_out = True
            self._say("error", f"worker {worker.pid} gave no sign of life for {self._timeout:g} s")
            self.retire(post, now, SIGABRT)
            post.kill_at = now + ABORT

    def _is_late(self, post: Post, now: float) -> bool:
        return now >= self._due(post)

    def _due(self, post: Post) -> float:
        """When the next sign of life has to be there."""
        if self._timeout is None:
            return float("inf")
        return max(post.since, post.worker.last_sign()) + self._timeout

    def _gone(self, post: Post, now: float) -> None:
        self.posts.remove(post)
        if post.worker.error or post.worker.timed_out:
            self.ended.append(post.worker)
            self._say("error", f"worker {post.worker.pid} failed: {post.worker.error.strip()}")
        if post in self._old:
            self._old.remove(post)
        if not post.leaving and (not post.ready or now < post.born + YOUNG):
            self._not_before = now + self._backoff.pause()
            if post is self._new:
                self._old, self._new = [], None
                self._say("error", "a new worker was never ready: the old ones go on")

    def _go_on_replacing(self, now: float) -> None:
        if self._new is not None and self._new.ready:
            self._new = None
            if self._old and len(self.staying) > self.wanted:
                self.retire(self._old.pop(0), now)
        leaves = any(post.leaving for post in self.posts)
        if self._old and self._new is None and not leaves and now >= self._not_before:
            self._new = self._start(now)

    def _fill(self, now: float) -> None:
        while len(self.staying) < self.wanted and now >= self._not_before:
            if self._start(now) is None:
                return
        # The ones that are to be replaced go first, then the oldest.
        extra = len(self.staying) - self.wanted - (1 if self._new else 0)
        for post in sorted(self.staying, key=lambda post: post not in self._old)[: max(0, extra)]:
            if post in self._old:
                self._old.remove(post)
            self.retire(post, now)

    def _start(self, now: float) -> Post | None:
        try:
            worker = self._fork()
        except OSError as error:
            self._not_before = now + self._backoff.pause()
            self._say("error", f"unable to start a worker: {error.strerror}")
            return None
        post = Post(worker, now)
        self.posts.append(post)
        return post

    def _rest(self, now: float) -> float | None:
        times = [self._due(post) for post in self.posts if not post.leaving]
        times += [post.kill_at for post in self.posts]
        if len(self.staying) < self.wanted or self._old:
            times.append(self._not_before)
        soonest = min(times, default=float("inf"))
        return None if soonest == float("inf") else max(0.0, soonest - now)
