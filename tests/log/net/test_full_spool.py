"""A spool without room is as good as none: a server that is there gets everything, in order."""

import os
import random
import signal
import subprocess
import threading
import time
from contextlib import suppress

import pytest

from pydaemontools.log.net.spool import FEW
from tests.conftest import SYSTEM
from tests.log.conftest import finish, numbered, stream, wait_until, write_all
from tests.log.far import Rsyslogd, check_once, in_time_for, kills
from tests.log.net.test_spool_kills import SENT, Daemon, told

KILLS = kills(40)
ROOM = 600 << 10  # bytes of the disk
BURST = 30_000  # lines


@pytest.fixture
def disk(place):
    """A disk of its own, with ROOM."""
    if os.geteuid():
        pytest.skip("only root can mount a disk of 600 kB")
    path = place / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "none", path]
    made = subprocess.run(mount, env={"PATH": SYSTEM}, capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"no disk of 600 kB: {made.stderr.decode().strip()}")
    yield path
    subprocess.run(["umount", "-l", path], env={"PATH": SYSTEM}, check=True)


@pytest.fixture
def far(place):
    """Make an rsyslogd for a SCHEME; it is stopped after the test."""
    made = []

    def far(scheme):
        made.append(Rsyslogd(place / "rsyslog", SENT[scheme][0]))
        return made[-1]

    yield far
    for one in made:
        one.stop()


@pytest.fixture
def router_to(start, disk, pipe):
    """Start a router to a server, with a spool on the disk, that reads the pipe."""

    def router_to(scheme, far):
        to = f"{scheme}://127.0.0.1:{far.port}"
        return start("pysissylog", "--spool", str(disk / "spool"), "--to", to, "me", stdin=pipe[0])

    return router_to


def fill(path):
    """Fill the disk that PATH is on, to the last byte."""
    with path.open("ab", buffering=0) as file:
        for size in 4096, 1:
            with suppress(OSError):
                while file.write(bytes(size)):
                    pass


@pytest.mark.parametrize("scheme", SENT)
def test_a_burst_that_has_no_room(scheme, far, router_to, pipe):
    """Kind: a block that is larger than what the disk has stops all that follows. What had no
    room arrives with the rest, once each and in order; and that there is none is said once.
    """
    far = far(scheme).start()
    process = router_to(scheme, far)
    wanted = numbered(0, BURST)
    feeder = threading.Thread(target=write_all, args=(pipe[1], stream(wanted)))
    feeder.start()
    wait_until(lambda: wanted[-1] in far.lines()[-1:])
    feeder.join()
    pipe.end()
    code, said = finish(process)
    assert (code, far.lines()) == (0, wanted)
    assert said.count(b"pausing: out of disk space") == said.count(b"\n") <= 1


@pytest.mark.parametrize("scheme", SENT)
def test_a_disk_that_another_file_fills(scheme, disk, far, router_to, pipe):
    """What is in the spool by then is sent first, what comes goes by it; and once there is room
    again it is used.
    """
    far = far(scheme)
    process = router_to(scheme, far)
    wanted = numbered(0, 4000)
    write_all(pipe[1], stream(wanted[:1000]))
    assert b"unable to reach" in process.stderr.readline()
    wait_until(lambda: sum(file.stat().st_size for file in disk.glob("spool/*/*.log")) > 1000 * 50)
    fill(disk / "filler")
    write_all(pipe[1], stream(wanted[1000:2000]))
    assert b"pausing: out of disk space" in process.stderr.readline()
    far.start()
    wait_until(lambda: far.lines() == wanted[:2000])
    fill(disk / "more")
    write_all(pipe[1], stream(wanted[2000:3000]))
    wait_until(lambda: far.lines() == wanted[:3000])
    (disk / "filler").unlink()
    (disk / "more").unlink()
    far.kill()
    write_all(pipe[1], stream(wanted[3000:]))
    wait_until(lambda: sum(file.stat().st_size for file in disk.glob("spool/*/*.log")) > 1000 * 50)
    process.kill()
    finish(process)
    far.start()
    process = router_to(scheme, far)
    pipe.end()
    assert finish(process) == (0, b"")
    wait_until(lambda: wanted[-1] in far.lines()[-1:])
    check_once(far.lines(), wanted, FEW if scheme == "relp" else 3000)


@pytest.mark.parametrize("scheme", SENT)
def test_a_disk_that_is_full_at_the_start(scheme, disk, far, router_to, pipe):
    """Then nothing can be noted either, and all the same everything arrives."""
    far = far(scheme).start()
    fill(disk / "filler")
    process = router_to(scheme, far)
    wanted = numbered(0, 5000)
    write_all(pipe[1], stream(wanted))
    wait_until(lambda: far.lines() == wanted)
    pipe.end()
    code, said = finish(process)
    assert (code, far.lines()) == (0, wanted)
    assert said.count(b"pausing: out of disk space") == said.count(b"\n") == 1


@pytest.mark.kill
@pytest.mark.parametrize("away", [False, True], ids=["there", "away at first"])
@pytest.mark.parametrize("scheme", SENT)
@in_time_for(KILLS)
def test_killed_routers_with_a_full_disk(scheme, away, far, router_to, pipe):
    """The router is killed by -9 many times while its disk is full, or becomes it."""
    far = far(scheme)
    chance = random.Random(12)  # noqa: S311 - the same moments each time
    daemon = Daemon(pipe[1], chance, pace=0.0005)
    for turn in range(KILLS):
        if turn == away * KILLS // 4:
            far.start()
        process = router_to(scheme, far)
        before = far.size()
        if far.process:
            wait_until(lambda: far.size() > before)  # noqa: B023
        time.sleep(chance.random() * 0.05)  # it is when that is random, no condition
        process.kill()
        assert finish(process)[0] == -signal.SIGKILL
    process = router_to(scheme, far)
    wanted = daemon.stop()
    pipe.end()
    assert finish(process)[0] == 0
    wait_until(lambda: wanted[-1] in far.lines()[-1:])
    told(f"router with a full disk and {scheme}", KILLS, far.lines(), wanted)
    check_once(far.lines(), wanted, SENT[scheme][1])
