"""A spool: whatever is killed or reset, and whenever, each line arrives, and in order."""

import random
import select
import signal
import socket
import struct
import threading
import time
from pathlib import Path

import pytest

from pydaemontools.log.net.relp import WINDOW
from pydaemontools.log.net.spool import KEPT
from tests.conftest import DEADLINE
from tests.log.conftest import finish, numbered, stream, wait_until, write_all
from tests.log.far import (
    Certificates,
    Rsyslogd,
    check_once,
    in_time_for,
    kills,
    messages,
    tell,
)
from tests.log.net.test_stream import GTLS, TLS, queue, read_some

pytestmark = pytest.mark.kill
KILLS, SERVER_KILLS = kills(100), kills(20)
# A connection that ends at once counts as refused: here they come by dozens.
IMPATIENT = """
from pydaemontools.base import retry
retry.REMOTE = 0.1, 0.2, 0.5
from pydaemontools.entry import enter
enter("pysissylog", {home!r})
"""
ALL = KEPT // 50  # lines that come again, at the most, where TCP does not say what was read


@pytest.fixture
def far(place):
    """Start an rsyslogd with the MODULE; it is stopped after the test."""
    made = []

    def far(module, **more):
        made.append(Rsyslogd(place / "rsyslog", module, **more))
        return made[-1].start()

    yield far
    for one in made:
        one.stop()


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


# How many lines are on their way without an answer: as many as a socket holds, or the window.
SENT = {"relp": ("imrelp", WINDOW), "tcp": ("imtcp", (4 << 20) // 50)}


@pytest.mark.parametrize("scheme", SENT)
@in_time_for(KILLS)
def test_killed_routers_with_a_spool(scheme, far, router_to, pipe):
    """The router is killed by -9 many times under a parent that holds the pipe."""
    module, most = SENT[scheme]
    far = far(module)
    chance = random.Random(7)  # noqa: S311 - the same moments each time
    daemon = Daemon(pipe[1], chance)
    for _ in range(KILLS):
        process = router_to(far, scheme)
        before = far.size()
        # Some are killed before they did anything, and most in the middle of it.
        if chance.random() < 0.9:
            wait_until(lambda: far.size() > before)  # noqa: B023
        time.sleep(chance.random() * 0.03)  # it is when that is random, no condition
        process.kill()
        assert finish(process)[0] == -signal.SIGKILL
    # The daemon may be waiting for somebody to read.
    process = router_to(far, scheme)
    wanted = daemon.stop()
    pipe.end()
    assert finish(process)[0] == 0
    wait_until(lambda: wanted[-1] in far.lines()[-1:])
    told(f"router with {scheme}", KILLS, far.lines(), wanted)
    check_once(far.lines(), wanted, most)


@in_time_for(SERVER_KILLS)
def test_killed_servers_with_relp_and_a_spool(far, router_to, pipe):
    """The server is killed by -9 and started again, many times."""
    far = far("imrelp")
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
    told("server over relp", SERVER_KILLS, far.lines(), wanted)


def told(who, count, got, wanted):
    """Say what became of the lines."""
    lost, more = len(set(wanted) - set(got)), len(got) - len(set(got))
    tell(f"{who} killed {count} times: {len(wanted)} lines, {lost} lost, {more} came again")


def stop(process):
    """Stop PROCESS: it does nothing until it is told to go on."""
    process.send_signal(signal.SIGSTOP)
    stat = Path(f"/proc/{process.pid}/stat")
    wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")


class Busy:
    """A server that reads as much as it is told to, and then resets the connection."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        # A full socket cuts a message.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self._listener.settimeout(DEADLINE)
        self.port = self._listener.getsockname()[1]
        self._one = None

    def read(self, count):
        """What comes, up to COUNT bytes or to the end."""
        if not self._one:
            self._one, _ = self._listener.accept()
            self._one.settimeout(DEADLINE)
        got = bytearray()
        while len(got) < count and (data := self._one.recv(min(65536, count - len(got)))):
            got += data
        return got

    def full(self):
        """Whether there is no room for more: then a message has been sent in part."""
        before = queue(self.port)
        return before and not select.select([], [], [], 0.02)[0] and queue(self.port) == before

    def rest(self):
        """What was sent by somebody who was stopped, and not read."""
        got = bytearray()
        self._one.setblocking(False)
        wait_until(lambda: not any((read_some(self._one, got), queue(self.port))))
        return got

    def reset(self):
        """End the connection as a machine does that starts again."""
        self._one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._one.close()
        self._one = None

    def close(self):
        """Be gone."""
        if self._one:
            self._one.close()
        self._listener.close()


@pytest.fixture
def busy():
    """A Busy server."""
    made = Busy()
    yield made
    made.close()


@pytest.mark.parametrize("spooled", [False, True])
@in_time_for(SERVER_KILLS)
def test_connections_that_are_reset(spooled, busy, router_to, pipe):
    """A connection is reset after any number of bytes, many times: each message arrives whole
    and in order; without a spool once, over one connection or the next.
    """
    chance = random.Random(10)  # noqa: S311 - the same places each time
    daemon = Daemon(pipe[1], chance)
    process = router_to(busy, "tcp", spooled=spooled)
    got, torn = [], 0
    for turn in range(SERVER_KILLS):
        data = busy.read(chance.choice([1, 100, 5000, 100_000]) + chance.randrange(70))
        if turn % 4 == 3:
            wait_until(busy.full)
        stop(process)
        data += busy.rest()
        busy.reset()
        process.send_signal(signal.SIGCONT)
        found, left = messages(data)
        got += found
        torn += bool(left)
    wanted = daemon.stop()
    pipe.end()
    found, left = messages(busy.read(1 << 40))
    got = [one.partition(b" me - - - ")[2] for one in got + found]
    assert (finish(process)[0], left) == (0, b"")
    told("connection", SERVER_KILLS, got, wanted)
    tell(f"{torn} of the resets were within a message")
    check_once(got, wanted, ALL if spooled else 0)
    assert torn or SERVER_KILLS < 20


@pytest.mark.parametrize("scheme", ["tcp", "tls"])
@in_time_for(SERVER_KILLS)
def test_killed_servers_with_tcp_and_a_spool(scheme, far, place, router_to, pipe):
    """The server is killed by -9 many times, with much that it had not read, or with something
    in hand: all lines arrive all the same, and none after one that came later.
    """
    made, options = {}, ""
    if scheme == "tls":
        certificates = Certificates(place / "made")
        certificates.make("server", "IP:127.0.0.1")
        made = {"options": GTLS.format(mode="anon"), "more": TLS.format(place=certificates.place)}
        options = f",ca={certificates.place}/ca.pem"
    far = far("imtcp", **made)
    chance = random.Random(11)  # noqa: S311 - the same moments each time
    daemon = Daemon(pipe[1], chance)
    process = router_to(far, scheme, options)
    for _ in range(SERVER_KILLS):
        before = far.size()
        wait_until(lambda: far.size() > before)  # noqa: B023
        time.sleep(chance.random() * 0.05)  # it is when that is random, no condition
        if chance.random() < 0.5:
            stop(far.process)
            # As long as it would be for a busy server.
            time.sleep(chance.random() * 0.02)
        far.kill()
        far.start()
    wanted = daemon.stop()
    pipe.end()
    assert finish(process)[0] == 0
    wait_until(lambda: wanted[-1] in far.lines()[-1:])
    far.stop()
    got = far.lines()
    told(f"server over {scheme}", SERVER_KILLS, got, wanted)
    check_once(got, wanted, ALL)


@pytest.fixture
def router_to(start, scripts, place, pipe):
    """Start a router to a server, with a spool or a large buffer, that reads the pipe."""
    router = "python3", "-c", IMPATIENT.format(home=str(scripts))

    def router_to(far, scheme="relp", options="", *, spooled=True):
        held = ["--spool", str(place / "spool")] if spooled else ["--buffer", "64m"]
        to = f"{scheme}://127.0.0.1:{far.port}{options}"
        return start(*router, *held, "--to", to, "me", stdin=pipe[0])

    return router_to
