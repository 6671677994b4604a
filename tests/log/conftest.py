"""What the tests of the log pipeline share: syslog servers of their own, and the router."""

import fcntl
import os
import re
import select
import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from pydaemontools.log.pipe import source as blocks
from pydaemontools.log.pipe.pump_loop import PumpLoop
from tests.conftest import DEADLINE, wait_until
from tests.log.far import Manual
from tests.log.journal import Journal

SEVERITIES = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
# For what hypothesis tries: on a busy machine an example may take its time.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
FORM = re.compile(
    rb"<(\d{1,3})>([A-Z][a-z]{2} [ 123]\d \d\d:\d\d:\d\d) ((?:[^ \n]*?)): (.*)", re.DOTALL
)


class Message(NamedTuple):
    """One message of syslog, taken apart."""

    facility: int
    level: int
    stamp: bytes
    tag: bytes
    text: bytes


def parse(packet):
    """The message in PACKET, which has the form of RFC 3164."""
    found = FORM.fullmatch(packet)
    assert found, f"not a syslog message: {packet[:80]!r}"
    facility, level = divmod(int(found[1]), 8)
    return Message(facility, level, *found.groups()[1:])


class Server:
    """A syslog server at PATH that keeps what it gets.

    It stalls when it has read LIMIT messages: it is there, and reads no more.
    """

    def __init__(self, path, kind=socket.SOCK_DGRAM, *, limit=float("inf")):
        self.path = str(path)
        self.packets = []
        self._limit = limit
        self._socket = socket.socket(socket.AF_UNIX, kind)
        self._socket.bind(self.path)
        # Whoever the test runs as, the router may be another account.
        Path(self.path).chmod(0o777)
        self._streams = {}
        if kind == socket.SOCK_STREAM:
            self._socket.listen()
        self._wake = os.pipe()
        self._ending = False
        self._thread = threading.Thread(target=self._loop)
        self._thread.start()

    @property
    def messages(self):
        """All that came, taken apart."""
        return [parse(packet) for packet in self.packets]

    @property
    def lines(self):
        """The level and the text of all that came."""
        return [(message.level, message.text) for message in self.messages]

    @property
    def texts(self):
        """The texts of all that came."""
        return [message.text for message in self.messages]

    @property
    def reading(self):
        """Whether it does not stall."""
        return len(self.packets) < self._limit

    def go_on(self, limit=float("inf")):
        """Stall no more before LIMIT messages have come."""
        self._limit = limit
        os.write(self._wake[1], b".")

    def wait(self, count):
        """Wait for COUNT messages; give the texts."""
        wait_until(lambda: len(self.packets) >= count)
        return self.texts

    def rest(self):
        """Read what still lies there, and no more after that; give the lines."""
        self._ending = True
        self.go_on()
        self._thread.join()
        return self.lines

    def close(self):
        """Be gone, and whatever lies unread with it."""
        if self._socket.fileno() < 0:
            return
        self._limit = None
        self.go_on(None)
        self._thread.join()
        for used in (self._socket, *self._streams):
            used.close()
        for fd in self._wake:
            os.close(fd)
        with suppress(FileNotFoundError):
            Path(self.path).unlink()

    def _loop(self):
        while self._limit is not None:
            sources = [self._socket, *self._streams] if self.reading else []
            wait = 0 if self._ending else None
            ready, _, _ = select.select([self._wake[0], *sources], [], [], wait)
            if self._wake[0] in ready:
                os.read(self._wake[0], 1)
            elif self._ending and not ready:
                return
            for one in set(ready) - {self._wake[0]}:
                self._receive(one)

    def _receive(self, one):
        if one in self._streams:
            if data := one.recv(65536):
                *whole, self._streams[one] = (self._streams[one] + data).split(b"\0")
                self.packets += whole
            else:
                assert self._streams.pop(one) == b"", "a message without its NUL"
                one.close()
        elif self._socket.type == socket.SOCK_STREAM:
            self._streams[self._socket.accept()[0]] = b""
        else:
            self.packets.append(self._socket.recv(1 << 20))


@pytest.fixture
def serve(place):
    """Make a Server at a name in `place`; it is closed at the end of the test."""
    made = []

    def serve(name="log.sock", *args, **more):
        made.append(Server(place / name, *args, **more))
        return made[-1]

    yield serve
    for server in made:
        server.close()


@pytest.fixture
def server(serve):
    """A server that reads, at log.sock in `place`."""
    return serve()


@pytest.fixture
def to(place):
    """The option that sends lines to log.sock in `place`."""
    return ("--to", f"syslog:{place}/log.sock")


@pytest.fixture
def route(run, to):
    """Run pysissylog to the end of INPUT, with log.sock in `place` as the only place."""

    def route(data, *argv, **more):
        result = run("pysissylog", *to, *argv, input=data, **more)
        assert (result.returncode, result.stderr, result.stdout) == (0, b"", b"")

    return route


@pytest.fixture
def router(start, to):
    """Start pysissylog with log.sock in `place`, and go on."""
    return lambda *argv, **more: start("pysissylog", *to, *argv, **more)


@pytest.fixture
def journal(place):
    """A journal at journal.sock in `place`."""
    made = Journal(place / "journal.sock")
    yield made
    made.close(place / "journal.sock")


def numbered(start, end):
    """Lines with the numbers from START to END."""
    return [b"line number %06d" % at for at in range(start, end)]


def stream(lines):
    """LINES as they are printed."""
    return b"".join(line + b"\n" for line in lines)


class Pipe(list):
    """The two ends of a pipe."""

    def end(self):
        """Close the end for writing."""
        os.close(self.pop())


@pytest.fixture
def zone(monkeypatch):
    """Change the time zone of this process, until the end of the test."""

    def zone(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield zone
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def pipe():
    """A pipe that the test holds, as a supervisor would."""
    ends = Pipe(os.pipe())
    yield ends
    for end in ends:
        os.close(end)


@pytest.fixture
def source():
    """Open the source of an fd; what it opens is closed at the end of the test."""
    with contextmanager(opened)() as give:
        yield give


def opened():
    """Give a function that opens sources; afterwards close them."""
    made = []

    def give(fd):
        made.append(blocks.open_source(fd))
        return made[-1]

    yield give
    for one in made:
        for fd in [*getattr(one, "_copy", ()), *filter(None, [getattr(one, "_null", None)])]:
            os.close(fd)


@pytest.fixture
def loop():
    """A loop for pumps; what it has open is closed at the end of the test."""
    made = PumpLoop()
    yield made
    signal.set_wakeup_fd(-1)
    made.epoll.close()
    for fd in made.wake:
        os.close(fd)


@pytest.fixture
def send(run):
    """Send INPUT to places, and check that nothing was said."""

    def send(data, *argv):
        result = run("pysissylog", *argv, input=data)
        assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")

    return send


@pytest.fixture
def tmpfs(place):
    """Mount a file system of its own, of a SIZE, at NAME in `place`; it is gone after the test."""
    made = []

    def tmpfs(name, size):
        if os.geteuid():
            pytest.skip("needs root: mounts a file system to fill it")
        path = place / name
        path.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", path]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            pytest.skip("needs root: may not mount a file system here")
        made.append(path)
        return path

    yield tmpfs
    for path in made:
        subprocess.run(["umount", path], check=True)


def finish(process):
    """Wait for the end of PROCESS; give its code and what it said on stderr."""
    _, said = process.communicate(timeout=DEADLINE)
    return process.returncode, said


def no_more_for(process):
    """Close the stdin of PROCESS, which goes on."""
    process.stdin.close()
    process.stdin = None


def write_all(fd, data):
    """Write DATA to FD, however long it takes."""
    while data:
        data = data[os.write(fd, data) :]


def sleeping(process):
    """Whether PROCESS sleeps, in twenty looks out of twenty."""
    stat = Path(f"/proc/{process.pid}/stat")
    return all(_state(stat) == "S" for _ in range(20))


def _state(stat):
    select.select([], [], [], 0.001)
    return stat.read_text().rpartition(")")[2].split()[0]


def fill(fd, process, piece):
    """Write PIECE to FD again and again until PROCESS takes no more; give how many went in.

    FD is left blocking. PIECE has to be a fraction of a page, so that it goes in whole.
    """
    os.set_blocking(fd, False)
    count = 0
    while True:
        try:
            assert os.write(fd, piece) == len(piece)
            count += 1
        except BlockingIOError:
            if sleeping(process) and not select.select([], [fd], [], 0)[1]:
                break
    os.set_blocking(fd, True)
    return count


def capacity(fd):
    """How many bytes the pipe FD holds."""
    return fcntl.fcntl(fd, 1032)


@pytest.fixture
def manual():
    """A server of which a test says what it does."""
    made = Manual()
    yield made
    made.close()


@pytest.fixture
def spooling(start, manual):
    """Start a router to the server, with a spool, and write lines to it."""

    def spooling(*lines):
        to = f"tcp://127.0.0.1:{manual.port}"
        process = start("pysissylog", "--spool", "spool", "--to", to)
        write_all(process.stdin.fileno(), stream(lines))
        return process

    return spooling
