"""What a pool decides: histories, without a process and without a clock."""

from signal import SIGABRT, SIGKILL, SIGTERM

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.daemon.pool import Pool


class Fake:
    """A worker that does as the test says."""

    def __init__(self, pid):
        self.pid = pid
        self.sign = 0.0
        self.got = []
        self.gone = False
        self.wish = False
        self.timed_out = False
        self.error = ""

    def last_sign(self):
        """When it gave its last sign of life."""
        return self.sign

    def asks(self):
        """Whether it asked to be replaced."""
        return self.wish

    def has_ended(self):
        """Whether it has."""
        return self.gone

    def signal(self, signum):
        """Be told."""
        self.got.append(signum)


class Stage:
    """A pool with fakes, and what it said."""

    def __init__(self, wanted=2, timeout=10.0):
        self.made, self.said = [], []
        self.pool = Pool(self.fork, lambda *one: self.said.append(one), timeout=timeout, grace=5.0)
        self.pool.wanted = wanted
        self.fails = False

    def fork(self):
        """Make a fake, or fail."""
        if self.fails:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        self.made.append(Fake(100 + len(self.made)))
        return self.made[-1]

    def look(self, now, *signs):
        """Look at NOW, where the workers SIGNS have just given a sign of life."""
        for one in signs:
            self.made[one].sign = now
        return self.pool.look(now)

    @property
    def alive(self):
        """The numbers of those that live."""
        return [number for number, one in enumerate(self.made) if not one.gone]


def test_as_many_are_started_as_are_wanted():
    """And none more, however often it looks; the next look is when a sign has to be there."""
    stage = Stage(3)
    assert stage.look(1.0) == 10.0
    assert stage.look(2.0, 0, 1, 2) == 10.0
    assert len(stage.made) == 3


def test_without_a_timeout_there_is_nothing_to_look_for():
    """An idle pool sleeps until something happens."""
    stage = Stage(timeout=None)
    stage.look(1.0)
    assert stage.look(2.0, 0, 1) is None


def test_one_that_ended_is_replaced():
    """At once, if it had been ready and lived for a second."""
    stage = Stage()
    stage.look(1.0)
    stage.look(1.5, 0, 1)
    stage.made[0].gone = True
    stage.look(3.0, 1)
    assert stage.alive == [1, 2]


def test_one_that_is_never_ready_is_started_again_after_pauses():
    """Kind: a broken program that is forked as often as the machine can."""
    stage, now, starts = Stage(1), 0.0, []
    for _ in range(9):
        rest = stage.look(now)
        starts.append(len(stage.made))
        stage.made[-1].gone = True
        rest = stage.look(now)
        assert 0.09 < rest < 10.01
        assert stage.look(now + rest / 2) == pytest.approx(rest / 2)
        now += rest
    assert starts == list(range(1, 10))
    assert now > 30


def test_one_that_hangs_is_aborted_and_then_killed():
    """ABRT, so that it can say where it is; another takes its place at once."""
    stage = Stage(1)
    stage.look(0.0)
    stage.look(1.0, 0)
    assert stage.look(5.0) == 6.0
    stage.look(11.0)
    assert stage.made[0].got == [SIGABRT]
    assert stage.made[0].timed_out
    assert stage.said == [("error", "worker 100 gave no sign of life for 10 s")]
    assert stage.alive == [0, 1]
    stage.look(12.0)
    assert stage.made[0].got == [SIGABRT, SIGKILL]
    stage.made[0].gone = True
    stage.look(12.1)
    assert list(stage.pool.ended) == [stage.made[0]]


def test_those_that_slept_with_us_are_not_taken_for_hung():
    """Kind: a machine or a group that was stopped; every worker looks late then."""
    stage = Stage()
    stage.look(0.0)
    rest = stage.look(1.0, 0, 1)
    stage.look(1.0 + rest + 500)
    assert [one.got for one in stage.made] == [[], []]
    stage.look(1.0 + rest + 509, 0)
    assert [one.got for one in stage.made] == [[], []]
    stage.look(1.0 + rest + 510.5, 0)
    assert [one.got for one in stage.made] == [[], [SIGABRT], []]


def test_replacing_is_one_by_one_and_never_with_fewer():
    """A new one is ready before an old one is told to end, and that is gone before the next."""
    stage = Stage()
    stage.look(0.0)
    stage.look(1.0, 0, 1)
    stage.pool.replace()
    for step, old in enumerate((0, 1)):
        now = 10.0 * step
        stage.look(now + 2, *stage.alive)
        assert len(stage.alive) == 3
        assert stage.made[old].got == []
        stage.look(now + 3, *stage.alive)
        assert stage.made[old].got == [SIGTERM]
        stage.look(now + 4, *stage.alive)
        assert len(stage.made) == 3 + step
        stage.made[old].gone = True
    stage.look(20.0, 2, 3)
    assert stage.alive == [2, 3]


def test_replacing_again_meanwhile_is_never_with_fewer():
    """Kind: told twice at once, or by a worker and then by all: none goes before one is ready."""
    stage = Stage()
    stage.look(1.0)
    stage.look(2.0, 0, 1)
    stage.made[1].wish = True
    stage.look(2.1)
    assert stage.alive == [0, 1, 2]
    stage.pool.replace()
    stage.look(2.2)
    assert (len(stage.made), [one.got for one in stage.made]) == (3, [[], [], []])
    for now, ready, leaves in (3.0, 2, 0), (4.0, 3, 1), (5.0, 4, 2):
        stage.look(now, ready)
        assert [number for number in stage.alive if stage.made[number].got] == [leaves]
        stage.made[leaves].gone = True
        stage.look(now + 0.1)
    assert stage.alive == [3, 4]


def test_one_that_ended_by_itself_is_replaced_by_the_one_that_comes():
    """Then no other has to go for it, before there is one more."""
    stage = Stage()
    stage.look(1.0)
    stage.look(2.0, 0, 1)
    stage.pool.replace()
    stage.look(3.0)
    stage.made[0].gone = True
    stage.look(3.1)
    stage.look(3.2, 2)
    assert (stage.alive, stage.made[1].got) == ([1, 2, 3], [])
    stage.look(3.3, 3)
    assert (stage.alive, stage.made[1].got) == ([1, 2, 3], [SIGTERM])


def test_one_that_asks_is_replaced_and_the_others_stay():
    """Kind: a HUP to all of a group, that leaves nobody for a moment: they ask, and stay."""
    stage = Stage()
    stage.look(0.0)
    stage.look(1.0, 0, 1)
    stage.made[1].wish = True
    stage.look(2.0, 0, 1)
    stage.look(3.0, 0, 1, 2)
    assert [one.got for one in stage.made] == [[], [SIGTERM], []]
    stage.made[1].gone = True
    stage.look(4.0, 0, 2)
    stage.look(9.0, 0, 2)
    assert stage.alive == [0, 2]


def test_a_replacement_that_is_never_ready_leaves_the_old_ones():
    """Kind: a new configuration that is broken and takes the whole service with it."""
    stage = Stage()
    stage.look(0.0)
    stage.look(1.0, 0, 1)
    stage.pool.replace()
    stage.look(2.0, 0, 1)
    stage.made[2].gone = True
    stage.look(3.0, 0, 1)
    stage.look(60.0, 0, 1)
    assert stage.alive == [0, 1]
    assert not any(one.got for one in stage.made)
    assert "the old ones go on" in stage.said[-1][1]


def test_one_that_does_not_end_is_killed_after_its_grace():
    """And once: it may be where no signal reaches it."""
    stage = Stage(1)
    stage.look(0.0)
    stage.pool.retire_all(1.0)
    assert stage.look(1.0) == 5.0
    stage.look(6.0)
    assert stage.look(7.0) is None
    assert stage.made[0].got == [SIGTERM, SIGKILL]


def test_fewer_wanted_ends_the_oldest():
    """More wanted starts some."""
    stage = Stage(3)
    stage.look(0.0)
    stage.pool.wanted = 2
    stage.look(1.0, 0, 1, 2)
    assert [one.got for one in stage.made] == [[SIGTERM], [], []]
    stage.pool.wanted = 4
    stage.look(2.0, 0, 1, 2)
    assert len(stage.made) == 5


def test_a_fork_that_is_refused_is_tried_again():
    """Kind: an exit for a condition that passes."""
    stage = Stage(1)
    stage.fails = True
    rest = stage.look(0.0)
    assert rest > 0
    assert stage.said == [("error", "unable to start a worker: Resource temporarily unavailable")]
    stage.fails = False
    stage.look(rest)
    assert stage.alive == [0]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["sign", "die", "hang", "replace", "more", "fewer", "fail", "mend"]),
            st.integers(0, 5),
            st.floats(0, 30),
        ),
        max_size=20,
    )
)
def test_whatever_happens_it_comes_to_as_many_as_are_wanted(history):
    """Never more than one beyond what is wanted stay, and at rest it is all of them."""
    stage, now = Stage(3), 0.0
    stage.look(now)
    for what, which, later in history:
        now += later
        living = stage.alive
        if what == "die" and living:
            stage.made[living[which % len(living)]].gone = True
        elif what == "replace":
            stage.pool.replace()
        elif what in ("more", "fewer"):
            stage.pool.wanted = max(0, min(6, stage.pool.wanted + (1 if what == "more" else -1)))
        elif what in ("fail", "mend"):
            stage.fails = what == "fail"
        stage.look(now, *(living if what == "sign" else ()))
        for one in stage.made:
            # What is told to end does, sooner or later.
            one.gone = one.gone or (bool(one.got) and which % 2 == 0)
        assert len(stage.pool.staying) <= stage.pool.wanted + 1
    stage.fails = False
    for _ in range(40):
        now += 11.0
        for one in stage.made:
            one.gone = one.gone or bool(one.got)
        stage.look(now, *stage.alive)
    assert len(stage.pool.posts) == len(stage.pool.staying) == stage.pool.wanted
