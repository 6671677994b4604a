"""relp and a spool: whatever is killed, and whenever, each line arrives, and in order."""

import os
import random
import signal
import threading
import time

import pytest

from pydaemontools.log.sinks.relp import WINDOW
from tests.log.conftest import finish, wait_until, write_all
from tests.log.far import Rsyslogd, check_once, numbered

KILLS = int(os.environ.get("PYDAEMONTOOLS_KILLS", "100"))
SERVER_KILLS = int(os.environ.get("PYDAEMONTOOLS_SERVER_KILLS", "20"))


@pytest.fixture
def far(place):
    """An rsyslogd that listens to RELP."""
    made = Rsyslogd(place / "rsyslog", "imrelp").start()
    yield made
    made.stop()


def stream(lines):
    """LINES as they are printed."""
    return b"".join(line + b"\n" for line in lines)


class Daemon(threading.Thread):
    """Prints numbered lines into the pipe FD until it is told to stop, in writes of any size."""

    def __init__(self, fd, chance, pace=0.002):
        super().__init__()
        self.fd = fd
        self.count = 0
        self.pace = pace
        self.chance = chance
        self.stopping = threading.Event()
        self.start()

    def run(self):
        """Print, until told to stop."""
        while not self.stopping.wait(self.pace):
            more = self.chance.randrange(1, 400)
            write_all(self.fd, stream(numbered(self.count, self.count + more)))
            self.count += more

    def stop(self):
        """Print no more; give all lines that were printed."""
        self.stopping.set()
        self.join()
        return numbered(0, self.count)


def test_killed_routers_with_relp_and_a_spool(far, router_to, pipe):
    """The router is killed by -9 many times under a parent that holds the pipe."""
    chance = random.Random(7)  # noqa: S311 - the same moments each time
    daemon = Daemon(pipe[1], chance)
    for _ in range(KILLS):
        process = router_to(far)
        before = far.size()
        # Some are killed before they did anything, and most in the middle of it.
        if chance.random() < 0.9:
            wait_until(lambda: far.size() > before)  # noqa: B023
        time.sleep(chance.random() * 0.03)  # it is when that is random, no condition
        process.kill()
        assert finish(process)[0] == -signal.SIGKILL
    wanted = daemon.stop()
    process = router_to(far)
    pipe.end()
    assert finish(process)[0] == 0
    wait_until(lambda: wanted[-1] in far.lines()[-1:])
    check_once(far.lines(), wanted, WINDOW)


def test_killed_servers_with_relp_and_a_spool(far, router_to, pipe):
    """The server is killed by -9 and started again, many times."""
    chance = random.Random(8)  # noqa: S311 - the same moments each time
    daemon = Daemon(pipe[1], chance)
    process = router_to(far)
    for _ in range(SERVER_KILLS):
        before = far.size()
        wait_until(lambda: far.size() > before)  # noqa: B023
        time.sleep(chance.random() * 0.05)
        far.kill()
        far.start()
    wanted = daemon.stop()
    pipe.end()
    code, said = finish(process)
    assert code == 0
    assert said.count(b"unable to reach") == said.count(b"again")
    wait_until(lambda: wanted[-1] in far.lines()[-1:])
    check_once(far.lines(), wanted, WINDOW)


@pytest.fixture
def router_to(start, place, pipe):
    """Start a router to a server by RELP, with a spool, that reads the pipe."""

    def router_to(far, *more):
        to = f"relp://127.0.0.1:{far.port}"
        spool = str(place / "spool")
        return start("pysissylog", "--to", to, "--spool", spool, *more, "me", stdin=pipe[0])

    return router_to
