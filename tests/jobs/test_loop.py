"""The loop around the table, with a process table of our own: what real processes rarely do."""

import os
from select import POLLOUT

import pytest

from pydaemontools.jobs import loop as loops
from pydaemontools.jobs.loop import END, Loop
from pydaemontools.supervise import service as services
from pydaemontools.supervise.pair import Kept, Pair
from pydaemontools.supervise.rules import FOREVER, Rules, plain
from pydaemontools.supervise.service import Service
from pydaemontools.supervise.state import DOWN, FINISHING, LEFT, SWEEPING, UP, WAIT
from pydaemontools.supervise.table import ALIVE, LAST

KILL, TERM, CHLD, CONT = 9, 15, 17, 18


class Processes:
    """Stands in for the kernel: processes that die when they are told to, or at once.

    A signal that is deadly ends a process with the wait status of that number. Those in
    `stubborn` hear only KILL.
    """

    def __init__(self, monkeypatch, *, short_lived=(), stubborn=()):
        self.started = []
        self.short_lived = short_lived
        self.stubborn = stubborn
        self.signals = []
        self.zombies = []
        self.now = 100.0
        monkeypatch.setattr("posix.waitpid", lambda _pid, _how: self.reap())
        monkeypatch.setattr("posix.kill", self.kill)
        monkeypatch.setattr(loops, "monotonic", lambda: self.now)
        monkeypatch.setattr(services, "monotonic", lambda: self.now)

    def spawn(self):
        """A new process, which ends at once if it is one of the short-lived."""
        pid = 101 + len(self.started)
        self.started.append(pid)
        if pid in self.short_lived:
            self.end(pid)
        return pid

    def kill(self, pid, signum):
        """Send SIGNUM to PID."""
        self.signals.append((pid, signum))
        if signum == KILL or (signum == TERM and pid not in self.stubborn):
            self.end(pid, signum)

    def end(self, pid, status=0):
        """Let PID end with STATUS, once."""
        if pid not in [pid for pid, _ in self.zombies]:
            self.zombies.append((pid, status))

    def reap(self):
        """What waitpid says."""
        return self.zombies.pop(0) if self.zombies else (0, 0)


class Box:
    """Stands in for the inbox: what is put into `came` is what came."""

    def __init__(self):
        # A byte that nobody takes: the loop never waits.
        self.fds = os.pipe()
        os.write(self.fds[1], b"x")
        self.came = ""

    def read(self):
        """Some child may have ended, each time."""
        return bytes([CHLD])

    def letters(self, _numbers):
        """The letters that came since the last time."""
        came, self.came = self.came, ""
        return came


class Fake(Service):
    """A service whose run, and finish if it has one, are processes of such a kernel."""

    def __init__(self, loop, processes, asked=None, *, finishes=False):
        super().__init__(loop, None, b"x", b"kept")
        self.processes = processes
        self.asked = asked or plain()
        self.finishes = finishes
        self.seen_ends = []
        self.shown = 0
        self.refusing = 0
        self.finish_refused = 0
        self.left_behind = []

    def rules(self):
        """The same for each start."""
        return self.asked

    def spawn(self, _rules):
        """Fork, unless that is refused."""
        if self.refusing:
            self.refusing -= 1
            raise OSError(11, "no")
        return self.processes.spawn()

    def finish(self, _status):
        """Fork, unless that is refused; or there is none."""
        if self.finish_refused:
            self.finish_refused -= 1
            raise OSError(11, "no")
        return self.processes.spawn() if self.finishes else 0

    def strays(self):
        """What a test says."""
        return list(self.left_behind)

    def end(self, status):
        """Remember who ended, and how."""
        self.seen_ends.append((self.pid, status))
        super().end(status)

    def show(self):
        """Count."""
        self.shown += 1


@pytest.fixture
def box():
    """An inbox, and its pipe closed at the end."""
    made = Box()
    yield made
    for fd in made.fds:
        os.close(fd)


def turn(loop, processes, *, letters="", later=0):
    """A turn of LOOP, LATER than the last, in which LETTERS come."""
    processes.now += later
    loop.inbox.came = letters
    loop.turn()


def kept_by(loop, processes, asked=None, **more):
    """A service that has been started, and hears the letters."""
    service = Fake(loop, processes, asked, **more)
    loop.on_letter = service.feed
    service.begin()
    return service


# Children.


def test_a_successor_that_dies_while_its_predecessor_is_dealt_with_is_not_forgotten(
    monkeypatch, box
):
    """It ends before the loop asks for more ends: it has to be noticed all the same."""
    processes = Processes(monkeypatch, short_lived=[102])
    loop = Loop(box)
    service = kept_by(loop, processes)
    processes.end(101, KILL)
    turn(loop, processes, later=2)
    assert (processes.started, service.seen_ends) == ([101, 102], [(101, KILL)])
    turn(loop, processes, later=2)
    assert (processes.started, service.seen_ends) == ([101, 102, 103], [(101, KILL), (102, 0)])
    turn(loop, processes, letters="dx")
    turn(loop, processes)
    assert service.seen_ends[2:] == [(103, TERM)]
    assert service.left


def test_two_that_ended_in_one_turn_are_told_apart(monkeypatch, box):
    """Each hears of its own child, with its own status."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    one, other = kept_by(loop, processes), kept_by(loop, processes)
    processes.end(102, 0x300)
    processes.end(101, KILL)
    turn(loop, processes, later=5)
    assert (one.seen_ends, other.seen_ends) == ([(101, KILL)], [(102, 0x300)])
    assert (one.pid, other.pid) == (104, 103)
    assert set(loop.children) == {103, 104}


def test_a_child_that_is_nobodys_is_reaped_and_those_who_ask_are_told(monkeypatch, box):
    """One that this process had before it was a supervisor, or that was left to it."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    service = kept_by(loop, processes)
    called = []

    def look():
        called.append(processes.now)
        # Whoever has seen enough goes away while all are told.
        if len(called) == 2:
            del loop.on_orphan[look]

    loop.on_orphan[look] = loop.home
    processes.end(77)
    turn(loop, processes)
    assert (called, processes.zombies) == ([100], [])
    processes.end(78)
    processes.end(79)
    turn(loop, processes, later=1)
    assert (called, service.seen_ends) == ([100, 101], [])


def test_the_end_of_a_child_of_ours_is_not_told_to_those_who_look_for_orphans(monkeypatch, box):
    """Only its owner asked for it; and only once."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    called = []
    loop.on_orphan[lambda: called.append("orphan")] = loop.home
    loop.child(5, called.append)
    for _ in range(2):
        processes.end(5, 256)
        turn(loop, processes)
    assert called == [256, "orphan"]


def test_it_is_known_when_there_is_no_process_below_us_at_all(monkeypatch, box):
    """Then nothing has to be looked for that was left behind."""

    def none(_pid, _how):
        raise ChildProcessError

    processes = Processes(monkeypatch)
    loop = Loop(box)
    assert not loop.childless
    monkeypatch.setattr("posix.waitpid", none)
    turn(loop, processes)
    assert loop.childless
    monkeypatch.setattr("posix.waitpid", lambda _pid, _how: (0, 0))
    turn(loop, processes)
    assert not loop.childless


def test_children_that_ended_are_dealt_with_before_the_letters_of_the_same_turn(monkeypatch, box):
    """A letter would go to a process that is not there any more."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    kept_by(loop, processes)
    processes.end(101)
    turn(loop, processes, letters="h", later=5)
    assert processes.signals == [(102, 1)]


# Alarms.


def test_alarms_come_in_order_and_not_early(monkeypatch, box):
    """By their times; those of one time in the order in which they were set."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    called = []
    for when, name in (105, "last"), (103, "first"), (104, "third"), (103, "second"):
        loop.at(when, lambda name=name: called.append(name))
    turn(loop, processes, later=2.9)
    assert called == []
    turn(loop, processes, later=1.1)
    assert called == ["first", "second", "third"]
    turn(loop, processes, later=1)
    turn(loop, processes, later=100)
    assert called == ["first", "second", "third", "last"]


def test_an_alarm_that_is_set_by_another_comes_in_its_own_time(monkeypatch, box):
    """For later: not early. For now: in this turn."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    called = []

    def alarm():
        called.append("alarm")
        loop.at(processes.now + 1, lambda: called.append("later"))
        loop.at(processes.now, lambda: called.append("now"))

    loop.at(102, alarm)
    loop.at(102, lambda: called.append("same time"))
    turn(loop, processes, later=2)
    assert called == ["alarm", "same time", "now"]
    turn(loop, processes, later=0.9)
    assert called[3:] == []
    turn(loop, processes, later=0.1)
    assert called[3:] == ["later"]


def test_an_alarm_that_asks_for_itself_at_once_lets_others_have_their_turn(monkeypatch, box):
    """Time goes by while it is called: who looks after thousands in parts holds up nobody."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    called = []

    def alarm():
        called.append("alarm")
        processes.now += 0.001
        if len(called) < 5:
            loop.at(processes.now, alarm)

    loop.at(102, alarm)
    turn(loop, processes, later=2)
    assert called == ["alarm"]
    turn(loop, processes)
    assert called == ["alarm", "alarm"]


def test_a_deadline_that_was_put_off_does_not_come_early(monkeypatch, box):
    """Its alarm cannot be taken back: it has to mean nothing."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    asked = Rules()
    asked.watchdog = 5.0
    service = kept_by(loop, processes, asked)
    for _ in range(10):
        turn(loop, processes, later=4)
        service.feed(ALIVE)
    assert processes.signals == []
    turn(loop, processes, later=4.9)
    assert processes.signals == []
    turn(loop, processes, later=0.1)
    assert processes.signals == [(101, TERM), (101, CONT)]
    assert service.state.why == "watchdog"


def test_an_alarm_of_the_run_before_does_nothing_to_the_next(monkeypatch, box):
    """It was set for KILL, and the process has ended in time."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    asked = plain()
    asked.kill_after = 5.0
    service = kept_by(loop, processes, asked)
    turn(loop, processes, letters="r", later=2)
    turn(loop, processes)
    assert service.pid == 102
    for _ in range(20):
        turn(loop, processes, later=1)
    assert [pid for pid, _ in processes.signals] == [101, 101]
    assert (service.pid, loop._alarms) == (102, [])


def test_the_heap_does_not_grow_with_restarts(monkeypatch, box):
    """Alarms that nobody waits for any more go when their time has come."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    asked = Rules()
    asked.watchdog = 10.0
    asked.finish = True
    asked.finish_limit = asked.kill_after = 10.0
    service = kept_by(loop, processes, asked, finishes=True)
    most = 0
    for _ in range(1000):
        before = service.pid
        processes.end(before)
        turn(loop, processes, later=0.25)
        assert service.state.phase == FINISHING
        processes.end(service.pid)
        turn(loop, processes, later=0.25)
        assert service.state.phase == WAIT
        turn(loop, processes, later=0.5)
        assert (service.state.phase, service.pid) == (UP, before + 2)
        most = max(most, len(loop._alarms))
    # A few a restart, for as long as the longest of them: not thousands.
    assert most <= 40


def test_the_heap_does_not_grow_with_signs_of_life(monkeypatch, box):
    """Each puts the deadline off, and none of them needs an alarm of its own."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    asked = Rules()
    asked.watchdog = 3600.0
    service = kept_by(loop, processes, asked)
    for _ in range(1000):
        turn(loop, processes, later=1)
        service.feed(ALIVE)
        assert len(loop._alarms) <= 2


def test_the_loop_waits_as_long_as_nothing_is_due(monkeypatch, box):
    """For ever without an alarm, until the first with one, and not at all for what comes last."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    assert loop._rest() is None
    loop.at(107, print)
    loop.at(102, print)
    assert 2 <= loop._rest() <= 2.002
    processes.now = 102.5
    assert 0 <= loop._rest() <= 0.001
    loop.at_turn_end(print)
    assert loop._rest() == 0


# What comes last in a turn.


def test_what_is_to_be_done_last_is_done_once_in_a_turn(monkeypatch, box):
    """However many ask for it, and after all that they ask it for."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    called = []

    def last():
        called.append("last")

    def letter(letter):
        called.append(letter)
        loop.at_turn_end(last)

    loop.on_letter = letter
    loop.at(100, lambda: letter("alarm"))
    loop.at_turn_end(last)
    turn(loop, processes, letters="hat")
    assert called == ["h", "a", "t", "alarm", "last"]
    turn(loop, processes)
    assert called[5:] == []


def test_what_asks_to_be_last_while_last_things_are_done_has_to_wait(monkeypatch, box):
    """For the next turn, which comes at once: or one that asks each time would never end."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    called = []

    def last():
        called.append(processes.now)
        loop.at_turn_end(last)

    loop.at_turn_end(last)
    turn(loop, processes)
    assert called == [100]
    assert loop._rest() == 0
    turn(loop, processes, later=1)
    assert called == [100, 101]


def test_a_service_is_shown_once_in_a_turn(monkeypatch, box):
    """Though it ended, was started and got letters; and not when nothing happened to it."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    service = kept_by(loop, processes, finishes=True)
    turn(loop, processes)
    assert service.shown == 1
    processes.end(101)
    turn(loop, processes, letters="hhpc", later=5)
    assert service.shown == 2
    turn(loop, processes, later=5)
    assert service.shown == 2


def test_what_an_action_feeds_happens_when_the_other_actions_are_done(monkeypatch, box):
    """Not between two of them: they were asked for before."""
    processes = Processes(monkeypatch)
    service = kept_by(Loop(box), processes)
    service.mark = lambda **_: service.feed("k")
    service.feed("D")
    assert processes.signals == [(101, TERM), (101, CONT), (101, KILL)]


def test_a_service_waits_for_its_next_deadline_once_in_a_turn(monkeypatch, box):
    """However many events that turn had: the deadline is what the last of them left."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    asked = plain()
    asked.kill_after = 5.0
    service = kept_by(loop, processes, asked, finishes=True)
    turn(loop, processes)
    waits = []
    monkeypatch.setattr(loop, "at", lambda when, callback: waits.append((when, callback)))
    turn(loop, processes, letters="htrd", later=2)
    assert waits == [(107, service.due)]


# Readers.


class Readers:
    """Pipes that can be read, and are watched: who was told."""

    def __init__(self, loop, many):
        self.loop = loop
        self.called = []
        self.pipes = [os.pipe() for _ in range(many)]
        for number, (source, sink) in enumerate(self.pipes):
            os.write(sink, b"x")
            loop.watch(source, lambda number=number: self.call(number))

    def call(self, number):
        """Reader NUMBER was told."""
        self.called.append(number)

    def close(self):
        """Close them."""
        for fd in sum(self.pipes, ()):
            os.close(fd)


def test_a_reader_that_is_forgotten_by_another_in_the_same_turn_is_not_told(monkeypatch, box):
    """What it would read may be closed by then."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    readers = Readers(loop, 3)

    def call(number):
        readers.called.append(number)
        for other, (source, _) in enumerate(readers.pipes):
            if other != number:
                loop.forget(source)

    readers.call = call
    turn(loop, processes)
    assert len(readers.called) == 1
    turn(loop, processes)
    assert readers.called == readers.called[:1] * 2
    readers.close()


def test_a_reader_that_is_forgotten_when_a_child_ends_in_the_same_turn_is_not_told(
    monkeypatch, box
):
    """What a process wrote last may be ready in the turn in which it is reaped."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    readers = Readers(loop, 2)
    loop.child(5, lambda _status: loop.forget(readers.pipes[0][0]))
    processes.end(5)
    turn(loop, processes)
    assert readers.called == [1]
    readers.close()


def test_a_reader_may_be_forgotten_twice_and_watched_again(monkeypatch, box):
    """Forgetting what is not watched is nothing; and a new reader takes the place of the old."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    readers = Readers(loop, 1)
    source, sink = readers.pipes[0]
    for _ in range(2):
        loop.forget(source)
    turn(loop, processes)
    assert readers.called == []
    loop.watch(source, lambda: readers.called.append("again"))
    loop.watch(sink, lambda: readers.called.append("room"), POLLOUT)
    turn(loop, processes)
    assert sorted(readers.called) == ["again", "room"]
    loop.watch(source, lambda: readers.called.append("other"))
    loop.forget(sink)
    turn(loop, processes)
    assert readers.called[2:] == ["other"]
    readers.close()


# A service.


def test_nobody_is_signalled_when_there_is_no_process(monkeypatch, box):
    """Pid 0 would be our own process group."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    service = Fake(loop, processes, finishes=False)
    service.kill(TERM)
    service.begin()
    processes.end(101)
    turn(loop, processes)
    assert (service.state.phase, service.pid) == (WAIT, 0)
    service.kill(TERM)
    service.feed("d")
    assert service.state.phase == DOWN
    for letter in "tkpcxk":
        service.feed(letter)
        service.kill(KILL)
    assert service.left
    assert processes.signals == []


def test_nobody_is_signalled_while_the_end_of_run_is_told(monkeypatch, box):
    """The pid may be another's by then."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    service = kept_by(loop, processes)
    ends = []

    class Killer(services.Nobody):
        def ended(self, one):
            ends.append(one)
            one.kill(KILL)

    service.pair = Killer()
    processes.end(101)
    turn(loop, processes)
    assert (ends, processes.signals) == ([service], [])


def test_a_process_that_is_gone_or_not_ours_is_no_trouble(monkeypatch, box, capfd):
    """One that changed its account is told of; one that is gone is not."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    service = kept_by(loop, processes)

    def refuse(_pid, signum):
        raise (PermissionError if signum == TERM else ProcessLookupError)(1, "no")

    monkeypatch.setattr("posix.kill", refuse)
    service.kill(KILL)
    assert capfd.readouterr().err == ""
    service.kill(TERM)
    assert "x: warning: unable to signal kept" in capfd.readouterr().err
    assert service.state.phase == UP


def test_a_fork_that_is_refused_is_told_of_and_tried_again_after_a_second(monkeypatch, box, capfd):
    """As often as it is refused, and without a busy loop."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    service = Fake(loop, processes)
    service.refusing = 2
    service.begin()
    for later in 0, 0.5, 0.4:
        turn(loop, processes, later=later)
    assert (processes.started, service.refusing) == ([], 1)
    turn(loop, processes, later=0.1)
    assert (processes.started, service.refusing) == ([], 0)
    turn(loop, processes, later=1)
    assert (processes.started, service.pid) == ([101], 101)
    assert capfd.readouterr().err.count("unable to fork for kept") == 2


def test_a_finish_gets_a_process_of_its_own_and_hears_nothing_but_kill(monkeypatch, box):
    """Its end is not that of run."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    asked = plain()
    asked.finish = True
    asked.finish_limit = 5.0
    service = kept_by(loop, processes, asked, finishes=True)
    processes.end(101)
    turn(loop, processes, later=2)
    assert (service.state.phase, service.pid) == (FINISHING, 102)
    turn(loop, processes, letters="tpd")
    assert processes.signals == []
    turn(loop, processes, later=5)
    assert processes.signals == [(102, KILL)]
    turn(loop, processes)
    assert (service.state.phase, service.pid) == (DOWN, 0)
    assert service.seen_ends == [(101, 0)]


def test_a_finish_whose_fork_is_refused_is_left_out(monkeypatch, box, capfd):
    """The service goes on: it is started again."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    asked = plain()
    asked.finish = True
    service = kept_by(loop, processes, asked, finishes=True)
    service.finish_refused = 1
    processes.end(101)
    turn(loop, processes, later=2)
    assert (service.state.phase, service.pid) == (UP, 102)
    assert "unable to fork for kept/finish" in capfd.readouterr().err


def test_what_does_not_hear_term_is_killed_in_time(monkeypatch, box):
    """By an alarm that was set when it was told."""
    processes = Processes(monkeypatch, stubborn=[101])
    loop = Loop(box)
    asked = plain()
    asked.kill_after = 5.0
    service = kept_by(loop, processes, asked)
    turn(loop, processes, letters="x", later=2)
    turn(loop, processes, later=4.9)
    assert processes.signals == [(101, TERM), (101, CONT)]
    turn(loop, processes, later=0.1)
    assert processes.signals[2:] == [(101, KILL)]
    turn(loop, processes)
    assert service.left


def test_what_run_left_behind_is_told_to_end_and_then_killed(monkeypatch, box):
    """And the next start waits for it; each orphan that ends is a reason to look again."""
    processes = Processes(monkeypatch, stubborn=[77, 78])
    loop = Loop(box)
    service = kept_by(loop, processes, Rules())
    service.left_behind = [77, 78]
    processes.end(101)
    turn(loop, processes, later=2)
    assert service.state.phase == SWEEPING
    assert processes.signals == [(77, TERM), (77, CONT), (78, TERM), (78, CONT)]
    turn(loop, processes, later=4.9)
    assert processes.signals[4:] == []
    turn(loop, processes, later=0.1)
    assert processes.signals[4:6] == [(77, KILL), (78, KILL)]
    service.left_behind = []
    turn(loop, processes)
    assert (service.state.phase, service.pid) == (UP, 102)
    assert loop.on_orphan == {}


def test_what_kill_does_not_end_is_left_and_told_of(monkeypatch, box, capfd):
    """The service goes on without it: it is down, and has no process any more."""
    processes = Processes(monkeypatch)
    monkeypatch.setattr("posix.kill", lambda pid, signum: processes.signals.append((pid, signum)))
    loop = Loop(box)
    service = kept_by(loop, processes, Rules())
    service.left_behind = [77]
    service.feed("d")
    processes.end(101)
    turn(loop, processes)
    turn(loop, processes, later=5)
    assert service.state.phase == SWEEPING
    turn(loop, processes, later=5)
    turn(loop, processes, later=1)
    assert service.state.phase == DOWN
    assert "KILL did not end what kept left behind: 77" in capfd.readouterr().err
    assert loop.on_orphan == {}
    assert service.pid == 0


# A service and its logger.


def pair_of(loop, processes, *, asked=None):
    """A pair that has begun, the logger as 101 and the service as 102; ASKED by the logger."""
    service, logger = Fake(loop, processes), Fake(loop, processes, asked)
    pair = Pair(loop, service, logger, (1,))
    loop.on_letter = pair.send
    logger.begin()
    service.begin()
    return pair


def close(pair):
    """Close the pipe of PAIR."""
    os.close(pair._source)
    if not pair.service.left:
        os.close(pair._sink)


def test_a_logger_that_dies_before_the_service_does_not_end_it(monkeypatch, box):
    """It is started again, also while the service goes down, until that has left."""
    processes = Processes(monkeypatch, stubborn=[102])
    loop = Loop(box)
    pair = pair_of(loop, processes)
    turn(loop, processes, letters=END, later=2)
    processes.end(101)
    turn(loop, processes)
    assert (pair.logger.pid, pair.service.pid) == (103, 102)
    processes.end(102)
    turn(loop, processes)
    assert (pair.service.left, pair.logger.left) == (True, False)
    processes.end(103)
    turn(loop, processes)
    assert pair.logger.left
    close(pair)


def test_a_service_that_has_left_does_not_end_its_logger(monkeypatch, box):
    """That reads what is there, ends by itself, and is started again as long as there is more."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    pair = pair_of(loop, processes)
    os.write(pair._sink, b"the last words\n")
    turn(loop, processes, letters=END, later=2)
    turn(loop, processes)
    assert pair.service.left
    assert [pid for pid, _ in processes.signals] == [102, 102]
    processes.end(101, KILL)
    turn(loop, processes)
    assert (pair.logger.left, pair.logger.pid) == (False, 103)
    assert os.read(pair._source, 99) == b"the last words\n"
    processes.end(103)
    turn(loop, processes)
    assert pair.logger.left
    close(pair)


def test_a_logger_that_has_left_does_not_end_the_service(monkeypatch, box):
    """It may have been told to; the service is kept."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    pair = pair_of(loop, processes)
    pair.logger.feed("x")
    turn(loop, processes)
    assert (pair.service.left, pair.logger.left) == (False, True)
    processes.end(102)
    turn(loop, processes, later=2)
    assert (pair.service.state.phase, pair.service.pid) == (UP, 103)
    close(pair)


def test_a_logger_that_is_down_when_the_service_leaves_leaves_too(monkeypatch, box):
    """Somebody wants it so."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    pair = pair_of(loop, processes)
    pair.logger.feed("d")
    turn(loop, processes)
    assert pair.logger.state.phase == DOWN
    turn(loop, processes, letters=END)
    turn(loop, processes)
    assert (pair.service.left, pair.logger.left) == (True, True)
    close(pair)


def test_a_logger_that_is_given_up_after_the_service_left_leaves_too(monkeypatch, box):
    """Nobody is there who would say u: what is in the pipe goes with us, but we go."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    asked = plain()
    asked.max_deaths = (2, FOREVER)
    pair = pair_of(loop, processes, asked=asked)
    os.write(pair._sink, b"what nobody can write down\n")
    turn(loop, processes, letters=END, later=2)
    turn(loop, processes)
    assert pair.service.left
    for _ in range(3):
        if pair.logger.pid:
            processes.end(pair.logger.pid, 256)
        turn(loop, processes, later=2)
    assert pair.logger.left
    close(pair)


def test_letters_go_to_the_logger_when_the_service_has_left(monkeypatch, box):
    """So that TERM ends also one that does not see the end of its input."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    pair = pair_of(loop, processes)
    turn(loop, processes, letters="h" + END)
    turn(loop, processes)
    assert pair.service.left
    turn(loop, processes, letters="h" + END)
    turn(loop, processes)
    assert pair.logger.left
    heard = [(102, 1), (102, TERM), (102, CONT), (101, 1), (101, TERM), (101, CONT)]
    assert processes.signals == heard
    close(pair)


def test_a_pair_is_kept_until_both_have_left(monkeypatch, box):
    """The logger begins, and is the last to leave."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    service, logger = Fake(loop, processes), Fake(loop, processes)
    pair = Pair(loop, service, logger, (1, 2))
    turns = []

    def one():
        turns.append((service.state.phase, logger.state.phase))
        if len(turns) == 2:
            box.came = "dx"
        if service.left:
            processes.end(101)
        if len(turns) < 9:
            Loop.turn(loop)

    monkeypatch.setattr(loop, "turn", one)
    pair.run([])
    assert (service.seen_ends, logger.seen_ends) == ([(102, TERM)], [(101, 0)])
    assert turns == [(UP, UP), (UP, UP), (UP, UP), (LEFT, UP)]
    assert service.fd_map == dict.fromkeys((1, 2), pair._sink)
    assert logger.fd_map == {0: pair._source}
    close(pair)


def test_one_that_is_to_see_no_more_than_this_run_leaves_after_it(monkeypatch, box):
    """And not before."""
    processes = Processes(monkeypatch)
    loop = Loop(box)
    service = kept_by(loop, processes)
    left = []
    Kept(loop, service).when_gone(lambda: left.append(processes.now))
    service.feed(LAST)
    turn(loop, processes, later=9)
    assert left == []
    processes.end(101)
    turn(loop, processes, later=9)
    assert left == [118]


# What it watches.


def test_a_child_is_looked_for_when_a_signal_says_so(monkeypatch, box):
    """And in the first turn, and where so many came that some may be lost: not in each turn."""
    Processes(monkeypatch)
    loop, looks = Loop(box), []
    monkeypatch.setattr(loops, "reap", lambda: looks.append(loop.turns) or ([], True))
    for numbers in (b"", b"", bytes([TERM]), bytes([TERM, CHLD]), bytes([CONT]) * loops.MOST, b""):
        monkeypatch.setattr(box, "read", lambda numbers=numbers: numbers)
        loop.turn()
    assert looks == [1, 4, 5]


def test_a_plain_file_is_always_ready(monkeypatch, box, tmp_path):
    """As stderr may be one: the system has nothing to wait for there."""
    Processes(monkeypatch)
    loop, called = Loop(box), []
    with (tmp_path / "file").open("w") as file:
        loop.watch(file.fileno(), lambda: called.append("watched"))
        loop.turn()
        assert loop._rest() == 0
        loop.forget(file.fileno())
        loop.once(file.fileno(), lambda: called.append("once"), POLLOUT)
        loop.turn()
        loop.turn()
    assert called == ["watched", "once"]
    assert loop._rest() is None


@pytest.mark.parametrize("shared", [False, True])
def test_one_that_is_forgotten_is_nobodys(monkeypatch, box, shared):
    """Before it is closed, as a child may have it too; if none has, after that as well.

    Whoever gets its number next is watched as any other.
    """
    Processes(monkeypatch)
    loop, called, copies = Loop(box), [], []
    for turn in range(2):
        fd, other = os.pipe()
        loop.watch(fd, lambda turn=turn: called.append(turn))
        os.write(other, b"x")
        loop.turn()
        if shared:
            copies.append(os.dup(fd))
            loop.forget(fd)
        os.close(fd)
        os.close(other)
        loop.forget(fd)
        loop.turn()
    assert called == [0, 1]
    for fd in copies:
        os.close(fd)


def test_what_a_child_has_of_a_closed_one_is_passed_over(monkeypatch, box):
    """The system tells of it by a number that nobody has."""
    Processes(monkeypatch)
    loop, called = Loop(box), []
    fd, other = os.pipe()
    loop.watch(fd, lambda: called.append(fd))
    os.write(other, b"x")
    copy = os.dup(fd)
    os.close(fd)
    loop.forget(fd)
    loop.turn()
    assert called == []
    for one in (copy, other):
        os.close(one)


def test_a_number_that_was_never_forgotten_may_be_watched_again(monkeypatch, box):
    """Its file was closed, and another has it by now; and one that is watched may be asked anew."""
    Processes(monkeypatch)
    loop, called = Loop(box), []
    for turn in range(2):
        fd, other = os.pipe()
        for again in "ab":
            loop.watch(fd, lambda name=f"{turn}{again}": called.append(name))
        os.write(other, b"x")
        loop.turn()
        os.close(fd)
        os.close(other)
    assert called == ["0b", "1b"]
