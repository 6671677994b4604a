"""A Server with a pid file, as what a Daemon starts, and below a supervisor: one program."""

import os
import signal
import subprocess
import sys

import pytest

from tests.conftest import wait_until
from tests.daemon.serving import HEAD, lines

pytestmark = pytest.mark.process
# One program for all three ways: which one is in its arguments.
THREE_WAYS = """
class Stamp(Server):
    def run(self):
        with open("stamps.txt", "a") as file:
            file.write("stamp\\n")
    def hup(self):
        with open("hups.txt", "a") as file:
            file.write("hup\\n")
    def after_stopping(self):
        with open("over.txt", "w") as file:
            file.write(str(os.getpid()))
server = Stamp("TimeStamp", interval=60, pid_file="stamp.pid")
if sys.argv[1:] == ["daemon"]:
    Daemon(server=server, nochdir=True).startup()
elif sys.argv[1:] == ["stop"]:
    Daemon(server=server, nochdir=True).shutdown()
else:
    server.startup()
"""


def test_the_pid_file_is_held_and_goes_with_it(program, ended, place):
    """SV-23: mode 0640, our pid, and it is removed at the end."""
    server = program(THREE_WAYS)
    wait_until((place / "stamps.txt").exists)
    assert (place / "stamp.pid").read_text() == f"{server.pid}\n"
    assert (place / "stamp.pid").stat().st_mode & 0o777 == 0o640
    server.send_signal(signal.SIGTERM)
    assert ended(server) == (0, [], "")
    assert not (place / "stamp.pid").exists()


def test_two_cannot_run(program, ended, place):
    """B-43: by the lock; and whoever came too late does not remove the other's file."""
    first = program(THREE_WAYS)
    wait_until((place / "stamps.txt").exists)
    code, _, err = ended(program(THREE_WAYS))
    assert code == 1
    assert f"it is held by process {first.pid}" in err
    assert (place / "stamp.pid").read_text() == f"{first.pid}\n"
    assert (place / "stamps.txt").read_text() == "stamp\n"
    first.kill()
    first.wait()
    later = program(THREE_WAYS)
    wait_until(lambda: (place / "stamp.pid").read_text() == f"{later.pid}\n")


def test_a_daemon_starts_it_and_stops_it(program, ended, place):
    """SV-3: `server=`: its name and pid file are the Daemon's; INT is shutdown()."""
    assert ended(program(THREE_WAYS, "daemon"))[:2] == (0, [])
    pid = int((place / "stamp.pid").read_text())
    assert os.getsid(pid) != os.getsid(0)
    wait_until((place / "stamps.txt").exists)
    os.kill(pid, signal.SIGHUP)
    wait_until(lambda: (place / "hups.txt").read_text() == "hup\n")
    assert ended(program(THREE_WAYS, "stop"))[0] == 0
    assert (place / "over.txt").read_text() == str(pid)
    assert not (place / "stamp.pid").exists()


def test_a_daemon_whose_server_does_not_start_says_why(program, ended, place):
    """SV-11: an error in before_starting() is raised where it is started."""
    text = """
class Broken(Server):
    def before_starting(self): raise OSError("no port")
    def run(self): pass
Daemon(server=Broken("broken", pid_file="broken.pid"), nochdir=True).startup()
"""
    code, _, err = ended(program(text))
    assert code == 1
    assert "StartupError" in err
    assert "no port" in err
    assert not (place / "broken.pid").exists()


@pytest.mark.parametrize("how", [[], ["daemon"]])
def test_the_same_program_under_pysupervise(start, scripts, place, programs, how):
    """Unchanged, also one that detaches itself elsewhere: ready and stopping are told."""
    (place / "program.py").write_text(HEAD + THREE_WAYS)
    service = place / "stamp"
    service.mkdir()
    run = f"#!/bin/sh\ncd {place}\nexec {sys.executable} program.py {' '.join(how)}\n"
    (service / "run").write_text(run)
    (service / "run").chmod(0o755)
    (service / "ready").write_text("notify\n")
    supervisor = start("pysupervise", "stamp", env=programs.env)
    ready = [scripts / "pysvwait", "-t", "20000", "-U", service]
    wait_until(lambda: subprocess.run(ready, check=False).returncode == 0)
    pid = int((place / "stamp.pid").read_text())
    told = subprocess.run([scripts / "pysvstat", service], capture_output=True, check=True)
    assert b"(pid %d)" % pid in told.stdout
    os.kill(pid, signal.SIGHUP)
    wait_until(lambda: (place / "hups.txt").read_text() == "hup\n")
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(30) == 0
    assert (place / "over.txt").read_text() == str(pid)


def test_usr2_and_a_daemon_that_is_a_pool(program, ended, place):
    """A Prefork is a Server, also for a Daemon."""
    text = """
class Pool(Prefork):
    def execute(self):
        open(f"worker.{os.getpid()}", "w").close()
        self.sleep(60)
pool = Pool("pool", min_workers=2, pid_file="pool.pid")
daemon = Daemon(server=pool, nochdir=True)
getattr(daemon, sys.argv[1])()
"""
    assert ended(program(text, "startup"))[0] == 0
    wait_until(lambda: len(list(place.glob("worker.*"))) == 2)
    assert ended(program(text, "shutdown"))[0] == 0
    workers = [int(path.suffix[1:]) for path in place.glob("worker.*")]
    assert not any(os.path.exists(f"/proc/{worker}") for worker in workers)


def test_lines_come_as_they_are_said(program):
    """What a test reads of a server is not held back by a buffer."""
    server = program('Server(run=lambda: say("one"), maximum_iterations=1).startup()')
    assert lines(server, 1) == ["one"]
