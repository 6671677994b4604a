"""Prefork with real workers: what is killed, what hangs, what is replaced, and the end."""

import os
import signal

import pytest

from pydaemontools.base import proc
from pydaemontools.daemon.prefork import Prefork, wait_for_any
from tests.conftest import wait_until
from tests.daemon.serving import HEAD, fds_of, lines

POOL = (
    HEAD
    + """
import faulthandler
class Pool(Prefork):
    def before_executing(self): say(f"up {os.getpid()}")
    def execute(self): self.sleep(3600)
    def after_executing(self): say(f"down {os.getpid()}")
"""
)
pytestmark = pytest.mark.process


@pytest.fixture
def pool(program):
    """Start a program that begins with POOL."""
    return lambda text, **more: program(text, head=POOL, **more)


def pids(said):
    """The pids in what workers said."""
    return [int(line.split()[1]) for line in said]


def alive(pid):
    """Whether the process PID is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_term_ends_all_and_nothing_is_left(pool, ended):
    """Servolux's Prefork: as many as asked for, hooks in each worker, all gone at the end."""
    master = pool("Pool('pool', min_workers=3).startup()\nsay('over')")
    up = pids(lines(master, 3))
    assert len(set(up)) == 3
    master.send_signal(signal.SIGTERM)
    code, said, err = ended(master)
    assert (code, err) == (0, "")
    assert said[-1] == "over"
    assert sorted(pids(said[:-1])) == sorted(up)
    assert not any(map(alive, up))


def test_a_worker_that_is_killed_is_replaced(pool, ended):
    """And said: by which signal it was."""
    master = pool("Pool('pool', min_workers=2).startup()")
    one, two = pids(lines(master, 2))
    os.kill(one, signal.SIGKILL)
    (new,) = pids(lines(master, 1))
    assert new not in (one, two)
    assert alive(two)
    master.send_signal(signal.SIGTERM)
    code, said, err = ended(master)
    assert (code, sorted(pids(said))) == (0, sorted([two, new]))
    assert err == f"ERROR pool: worker {one} failed: it was ended by signal 9\n"


def test_hup_to_a_worker_has_that_one_replaced(pool, ended):
    """Servolux's Prefork: HUP restarts it, gracefully: it goes when the new one is ready."""
    master = pool("Pool('pool', min_workers=1).startup()")
    (one,) = pids(lines(master, 1))
    os.kill(one, signal.SIGHUP)
    said = lines(master, 2)
    assert said[0].startswith("up ")
    assert said[1] == f"down {one}"
    master.send_signal(signal.SIGTERM)
    assert ended(master)[0::2] == (0, "")


def test_hup_to_all_of_a_group_leaves_some_at_work(pool, ended):
    """Kind: `pkill -HUP`: the workers hear it as well as the master, and must not go at once."""
    master = pool("Pool('pool', min_workers=2).startup()")
    old = pids(lines(master, 2))
    os.killpg(master.pid, signal.SIGHUP)
    said = lines(master, 4)
    assert [line.split()[0] for line in said] == ["up", "down", "up", "down"]
    assert sorted([int(said[1].split()[1]), int(said[3].split()[1])]) == sorted(old)
    master.send_signal(signal.SIGTERM)
    assert ended(master)[0::2] == (0, "")


def test_what_all_of_a_group_hears_is_for_the_master(pool, ended):
    """Kind: USR1 kills, and TTIN stops, whoever does not expect it: here the workers."""
    master = pool(
        """
class Told(Pool):
    def usr1(self): say("usr1")
Told("pool", min_workers=1, max_workers=2).startup()
"""
    )
    (one,) = pids(lines(master, 1))
    os.killpg(master.pid, signal.SIGUSR1)
    assert lines(master, 1) == ["usr1"]
    os.killpg(master.pid, signal.SIGTTIN)
    (two,) = pids(lines(master, 1))
    master.send_signal(signal.SIGTERM)
    code, said, err = ended(master)
    assert (code, sorted(pids(said)), err) == (0, sorted([one, two]), "")


def test_a_worker_that_hangs_says_where_and_is_killed(pool, ended):
    """B-49: a heartbeat that stops: ABRT, KILL, and the error has `timed_out`."""
    master = pool(
        """
class Hung(Pool):
    def execute(self):
        faulthandler.enable()
        while not os.path.exists("mended"):
            time.sleep(0.01)
        self.sleep(3600)
    def usr1(self): say([one.timed_out for one in self.errors])
Hung("pool", min_workers=1, timeout=0.2).startup()
"""
    )
    (one,) = pids(lines(master, 1))
    lines(master, 1)
    wait_until(lambda: not alive(one))
    open(f"/proc/{master.pid}/cwd/mended", "w").close()
    master.send_signal(signal.SIGUSR1)
    said = lines(master, 1)
    while said[0].startswith("up"):
        said = lines(master, 1)
    master.send_signal(signal.SIGTERM)
    code, _, err = ended(master)
    assert code == 0
    assert said[0].startswith("[True")
    assert f"ERROR pool: worker {one} gave no sign of life for 0.2 s" in err
    assert "Fatal Python error: Aborted" in err
    assert "in execute" in err


def test_one_that_waits_is_not_taken_for_one_that_hangs(pool, ended):
    """Kind: a heartbeat that ends whoever has nothing to do; also one whose work takes long."""
    master = pool(
        """
class Idle(Pool):
    def execute(self):
        for _ in range(30):
            self.beat()
            time.sleep(0.02)
        if self.wait_for(reader):
            say(f"got {os.read(reader, 1)}")
reader, writer = os.pipe()
def usr1():
    os.write(writer, b"x")
Idle("pool", min_workers=1, timeout=0.4, signals={"USR1": usr1}).startup()
"""
    )
    lines(master, 1)
    master.send_signal(signal.SIGUSR1)
    assert lines(master, 1) == ["got b'x'"]
    master.send_signal(signal.SIGTERM)
    assert ended(master)[0::2] == (0, "")


def test_hup_replaces_them_one_by_one(pool, ended):
    """Each old one goes when a new one is ready: there are never fewer than two."""
    master = pool("Pool('pool', min_workers=2).startup()")
    old = pids(lines(master, 2))
    master.send_signal(signal.SIGHUP)
    said = lines(master, 4)
    assert [line.split()[0] for line in said] == ["up", "down", "up", "down"]
    assert [int(said[1].split()[1]), int(said[3].split()[1])] == sorted(old)
    master.send_signal(signal.SIGTERM)
    code, rest, err = ended(master)
    assert (code, err) == (0, "")
    assert sorted(pids(rest)) == sorted([int(said[0].split()[1]), int(said[2].split()[1])])


def test_a_broken_replacement_leaves_the_old_ones(pool, ended):
    """Kind: HUP with a configuration that is wrong, and no worker is left."""
    master = pool(
        """
class Picky(Pool):
    def before_executing(self):
        if os.path.exists("broken"):
            raise OSError("no such table")
        super().before_executing()
Picky('pool', min_workers=2).startup()
"""
    )
    old = pids(lines(master, 2))
    open(f"/proc/{master.pid}/cwd/broken", "w").close()
    master.send_signal(signal.SIGHUP)
    text = ""
    while "the old ones go on" not in text:
        text += master.stderr.readline().decode()
    assert all(map(alive, old))
    master.send_signal(signal.SIGTERM)
    code, _, _ = ended(master)
    assert code == 0
    assert "Traceback" in text
    assert "OSError: no such table" in text


def test_more_and_fewer_within_bounds(pool, ended):
    """Servolux's Prefork: min and max workers; TTIN and TTOU, add_workers() and prune_workers()."""
    master = pool(
        """
class Sized(Pool):
    def usr1(self):
        say(self.worker_counts)
Sized('pool', min_workers=1, max_workers=2).startup()
"""
    )
    (one,) = pids(lines(master, 1))
    for _ in range(3):
        master.send_signal(signal.SIGTTIN)
    (two,) = pids(lines(master, 1))
    for _ in range(3):
        master.send_signal(signal.SIGTTOU)
    assert lines(master, 1) == [f"down {one}"]
    said = ""
    while said != "{'ready': 1, 'starting': 0, 'stopping': 0}":
        master.send_signal(signal.SIGUSR1)
        said = lines(master, 1)[0]
    assert alive(two)
    master.send_signal(signal.SIGTERM)
    assert ended(master)[:2] == (0, [f"down {two}"])


def test_workers_end_with_a_master_that_was_killed(pool):
    """Kind: orphans that work on, with a port that the next master needs."""
    master = pool("Pool('pool', min_workers=2).startup()")
    up = pids(lines(master, 2))
    master.kill()
    wait_until(lambda: not any(map(alive, up)))


def test_workers_end_where_the_kernel_does_not_tell_them(pool):
    """The fallback, forced: no prctl; the parent is looked for between waits."""
    master = pool(
        """
from pydaemontools.daemon import worker
worker._die_with_parent = lambda: False
Pool('pool', min_workers=2).startup()
"""
    )
    up = pids(lines(master, 2))
    master.kill()
    wait_until(lambda: not any(map(alive, up)))


def test_an_error_in_a_worker_is_told_with_its_traceback(pool, ended):
    """B-49: the child's backtrace is kept; after_executing() is called all the same."""
    master = pool(
        """
class Bad(Pool):
    def execute(self):
        if os.path.exists("mended"):
            return super().execute()
        open("mended", "w").close()
        raise KeyError("lost")
    def usr1(self):
        say(self.errors[0].error.splitlines()[-1])
Bad('pool', min_workers=1).startup()
"""
    )
    one, _, two = pids(lines(master, 3))
    assert one != two
    master.send_signal(signal.SIGUSR1)
    assert lines(master, 1) == ["KeyError: 'lost'"]
    master.send_signal(signal.SIGTERM)
    code, _, err = ended(master)
    assert code == 0
    assert err.startswith(f"ERROR pool: worker {one} failed: Traceback")
    assert "in execute" in err


def test_one_that_is_stopped_goes_on_to_end(pool, ended):
    """Kind: a signal that a stopped process never hears, so that it is killed in the end."""
    master = pool("Pool('pool', min_workers=1, grace=3600).startup()")
    (one,) = pids(lines(master, 1))
    os.kill(one, signal.SIGSTOP)
    wait_until(lambda: proc.stat(one)[0] == b"T")
    master.send_signal(signal.SIGTERM)
    assert ended(master)[:2] == (0, [f"down {one}"])


def test_one_that_takes_too_long_to_end_is_killed(pool, ended):
    """Its grace is over; the master waits no longer than that."""
    master = pool(
        """
class Slow(Pool):
    def execute(self):
        say("busy")
        while True:
            time.sleep(1)
Slow('pool', min_workers=1, grace=0.1).startup()
"""
    )
    (one,) = pids(lines(master, 1))
    assert lines(master, 1) == ["busy"]
    master.send_signal(signal.SIGTERM)
    assert ended(master)[:2] == (0, [])
    assert not alive(one)


def test_nothing_is_left_open_by_many_workers(pool, ended):
    """Kind: an fd, or memory that both share, for each worker that there ever was."""
    master = pool("Pool('pool', min_workers=1).startup()")
    (one,) = pids(lines(master, 1))
    before = fds_of(master.pid)
    for _ in range(5):
        os.kill(one, signal.SIGHUP)
        one = pids(lines(master, 2))[0]
    wait_until(lambda: fds_of(master.pid) == before)
    master.send_signal(signal.SIGTERM)
    assert ended(master)[0] == 0


def test_what_is_buffered_is_written_once(pool, ended):
    """Kind: a fork that copies what stdout holds, so that each worker writes it too."""
    master = pool(
        """
print("once")
Pool('pool', min_workers=2).startup()
"""
    )
    said = lines(master, 3)
    master.send_signal(signal.SIGTERM)
    code, rest, _ = ended(master)
    assert code == 0
    assert (said + rest).count("once") == 1


def test_a_worker_can_end_itself(pool, ended):
    """By shutdown(), or sys.exit(): it is another one's turn, and the pool goes on."""
    master = pool(
        """
class Once(Pool):
    def execute(self):
        self.shutdown()
        say(self.running)
Once('pool', min_workers=1).startup()
"""
    )
    said = lines(master, 6)
    assert [line.split()[0] for line in said] == ["up", "False", "down"] * 2
    master.send_signal(signal.SIGTERM)
    assert ended(master)[0] == 0


def test_without_a_loop_of_its_own(pool, ended):
    """Servolux's Prefork: start(), look() as often as one likes, and stop()."""
    program = pool(
        """
pool = Pool('pool', min_workers=1, max_workers=3).start(2)
say(len(pool.workers))
pool.signal_workers("KILL")
while not (pool.worker_counts["ready"] == 2 and len(pool.errors) == 2):
    pool.look()
    time.sleep(0.01)
pool.stop()
say(len(pool.workers))
"""
    )
    code, said, err = ended(program)
    assert code == 0
    assert [line for line in said if line.isdigit()] == ["2", "0"]
    assert err.count("ended by signal 9") == 2


def test_ready_when_all_workers_are(pool, place):
    """A supervisor is told by the master, when each before_executing() is done."""
    from socket import AF_UNIX, SOCK_DGRAM, socket

    with socket(AF_UNIX, SOCK_DGRAM) as heard:
        heard.bind(str(place / "notify"))
        heard.settimeout(30)
        master = pool(
            """
class Slow(Pool):
    def before_executing(self):
        while not os.path.exists("go"):
            time.sleep(0.01)
        super().before_executing()
Slow('pool', min_workers=2).startup()
""",
            env={"NOTIFY_SOCKET": str(place / "notify")},
        )
        (place / "go").touch()
        assert heard.recv(4096) == b"READY=1"
        assert len(lines(master, 2)) == 2
        master.send_signal(signal.SIGTERM)
        assert heard.recv(4096) == b"STOPPING=1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_workers": -1},
        {"min_workers": 3, "max_workers": 2},
        {"min_workers": 0, "max_workers": 0},
        {"timeout": 0},
    ],
)
def test_numbers_that_mean_nothing_are_refused(wrong):
    """At once, in a sentence."""
    with pytest.raises(ValueError, match=r"workers=|timeout="):
        Prefork(**wrong)


def test_one_that_has_nothing_to_do_says_so():
    """Before anything is forked."""
    with pytest.raises(NotImplementedError, match="idle has nothing to do: give execute="):
        Prefork("idle").startup()


def test_a_function_is_enough(pool, ended):
    """As Servolux takes a block."""
    master = pool("Prefork('block', execute=lambda: say('ran') or time.sleep(0.01)).startup()")
    assert lines(master, 2) == ["ran", "ran"]
    master.send_signal(signal.SIGINT)
    assert ended(master)[0] == 0


def test_children_are_waited_for_without_pidfds(monkeypatch):
    """The fallback, forced: an old kernel."""
    naps = []
    monkeypatch.delattr(os, "pidfd_open")
    monkeypatch.setattr("pydaemontools.daemon.prefork.sleep", naps.append)
    wait_for_any([os.getpid()], 5)
    assert len(naps) == 1
