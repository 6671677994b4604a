"""The loop around the table, with a process table of our own: what real processes rarely do."""

import os

from pydaemontools.supervise import loop


class Processes:
    """Stands in for the kernel: processes that die when they are told to, or at once."""

    def __init__(self, monkeypatch, *, short_lived=()):
        self.started = []
        self.short_lived = short_lived
        self.zombies = []
        self.now = 0.0
        monkeypatch.setattr("posix.waitpid", lambda _pid, _how: self.reap())
        monkeypatch.setattr("posix.kill", self.kill)
        monkeypatch.setattr(loop, "monotonic", lambda: self.now)

    def spawn(self):
        """A new process, which ends at once if it is one of the short-lived."""
        pid = 101 + len(self.started)
        self.started.append(pid)
        if pid in self.short_lived:
            self.kill(pid, 9)
        return pid

    def kill(self, pid, status):
        """Let PID end with STATUS, once."""
        if pid not in [pid for pid, _ in self.zombies]:
            self.zombies.append((pid, status))

    def reap(self):
        """What waitpid says."""
        return self.zombies.pop(0) if self.zombies else (0, 0)


class Script:
    """Stands in for the inbox: a list of functions, one a round, each of which gives letters."""

    def __init__(self, *rounds):
        # A byte that nobody takes: the loop never waits.
        self.fds = os.pipe()
        os.write(self.fds[1], b"x")
        self.rounds = list(rounds)

    def read(self):
        """The letters of this round."""
        return self.rounds.pop(0)()

    def close(self):
        """Close both ends."""
        for fd in self.fds:
            os.close(fd)


def keep(processes, rounds, *, count=1):
    """Keep COUNT services through a Script of ROUNDS: what they told, () for one that left."""
    told = []
    services = [
        loop.Service(b"x", processes.spawn, lambda *end: told.append(end), lambda: told.append(()))
        for _ in range(count)
    ]
    script = Script(*rounds)
    try:
        loop.run(services, script, lambda letter: [one.feed(letter) for one in services])
    finally:
        script.close()
    return told


def test_a_successor_that_dies_while_its_predecessor_is_dealt_with_is_not_forgotten(
    monkeypatch,
):
    """It ends before the loop asks for more ends: it has to be noticed all the same."""
    processes = Processes(monkeypatch, short_lived=[102])

    def later(letters=""):
        processes.now += 2
        return letters

    def kill():
        processes.kill(101, 9)
        return later()

    told = keep(processes, [kill, later, lambda: later("dx"), later])
    assert processes.started == [101, 102, 103]
    assert told == [(101, 9), (102, 9), (103, 15), ()]


def test_a_service_that_has_left_does_not_end_the_others(monkeypatch):
    """The loop is over when all have left, in whatever order they do."""
    processes = Processes(monkeypatch)
    monkeypatch.setattr("posix.kill", lambda _pid, _signum: None)

    def end(pid, letters=""):
        processes.kill(pid, 15)
        return letters

    rounds = [lambda: "dx", lambda: end(102), lambda: end(101)]
    assert keep(processes, rounds, count=2) == [(102, 15), (), (101, 15), ()]


def test_a_child_that_is_nobodys_is_reaped_and_forgotten(monkeypatch):
    """One that this process had before it was a supervisor, or that was left to it."""
    processes = Processes(monkeypatch)

    def end():
        processes.kill(77, 0)
        return "dx"

    assert keep(processes, [end, lambda: ""]) == [(101, 15), ()]
