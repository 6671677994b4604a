"""What pysupervise tells the one who started it (Type=notify): READY, STOPPING, WATCHDOG.

Kind: a supervisor that is supervised says nothing, or hands what it was given to its service.
"""

import os
import re
import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import wait_until, write_script

from .conftest import NOTE_IN, make_service, stat

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "src/pydaemontools/data/systemd"


@pytest.fixture(params=["path", "abstract"])
def listener(request, place):
    """A receiver: `env` is what it gives to who is to speak to it, `told` what has come."""
    with Listener(place / "notify" if request.param == "path" else "") as made:
        yield made


class Listener:
    """A socket as systemd has one, with the pid of who sent each message."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.bind(os.fsencode(path))
        self.socket.setblocking(False)
        name = str(path) or "@" + self.socket.getsockname()[1:].decode()
        self.env = {"NOTIFY_SOCKET": name}
        self.senders = set()
        self._told = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def told(self):
        """All that has come, in order."""
        while True:
            try:
                data, extra, _, _ = self.socket.recvmsg(4096, 512)
            except BlockingIOError:
                return self._told
            self._told.append(data.decode())
            self.senders |= {int.from_bytes(value[:4], "little") for _, _, value in extra}

    def hears(self, *words):
        """Wait until these have come, and nothing else."""
        wait_until(lambda: self.told() == list(words))


READY_WAYS = {
    "notification-fd": (
        {"notification-fd": "3\n"},
        " read line <../go; echo >&3; exec sleep 1000\n",
    ),
    "log": (
        {"ready": "log ^ready$\n"},
        " read line <../go; while echo ready; do sleep 0.1; done\n",
    ),
    "check": (
        {"check": "#!/bin/sh\ntest -e ../gone\n"},
        " read line <../go; >../gone; exec sleep 1000\n",
    ),
}


@pytest.mark.parametrize("way", READY_WAYS)
def test_ready_when_the_service_is(serve, listener, place, way):
    """Not before; once; from the supervisor itself; and the end is told."""
    os.mkfifo(place / "go")
    files, run = READY_WAYS[way]
    kept = serve({"run": run, **files}, env=listener.env)
    kept.is_(state="run", ready="0")
    assert listener.told() == []
    (place / "go").write_text("\n")
    listener.hears("READY=1")
    pid = kept.up()
    os.kill(pid, 9)
    (place / "go").write_text("\n")
    kept.up(other_than=pid)
    assert kept.stop() == 0
    listener.hears("READY=1", "STOPPING=1")
    assert listener.senders == {kept.supervisor.pid}


def test_ready_when_it_has_settled(serve, listener):
    """Of one that has no way to say it: when it has lived for `settle`; one that dies is not."""
    kept = serve({"run": " exit 1\n", "settle": "0.3\n", "backoff": "0.01\n"}, env=listener.env)
    kept.history(3)
    assert listener.told() == []
    write_script(kept.path / "run", "#!/bin/sh\nexec sleep 1000\n")
    listener.hears("READY=1")
    assert kept.state_file()["state"] == "run"


def test_a_program(supervise, listener):
    """So is a command line, which is not given the variables either."""
    kept = supervise("sh", "-c", "env >seen; exec sleep 1000", env=listener.env | {"KEPT": "1"})
    listener.hears("READY=1")
    seen = "\n".join(kept.lines("seen"))
    assert "KEPT=1" in seen
    assert "NOTIFY_SOCKET" not in seen
    kept.stop()
    listener.hears("READY=1", "STOPPING=1")


def test_one_that_is_down(serve, listener):
    """It is to be down: whoever started us need not wait."""
    kept = serve({"run": NOTE_IN, "down": ""}, env=listener.env)
    listener.hears("READY=1")
    kept.say("x")
    listener.hears("READY=1", "STOPPING=1")


def test_one_that_was_given_up_is_not_ready(serve, listener):
    """Nor ever: whoever started us sees it fail."""
    kept = serve({"run": " exit 1\n", "finish": " exit 125\n"}, env=listener.env)
    kept.is_(state="failed")
    kept.stop()
    listener.hears("STOPPING=1")


def test_one_that_is_adopted(serve, listener):
    """Another supervisor tells that it is ready, which it is."""
    kept = serve({"run": " echo >&3; exec sleep 1000\n", "notification-fd": "3\n"})
    kept.is_(ready="1")
    pid = kept.up()
    kept.supervisor.signal(9)
    kept.supervisor.wait()
    again = serve({}, env=listener.env)
    listener.hears("READY=1")
    assert again.up() == pid


@pytest.mark.parametrize("whose", ["ours", "nobody's", "another's"])
def test_signs_of_life(serve, listener, whose):
    """Twice in each interval, to who asked this process for them."""
    env = listener.env | {"WATCHDOG_USEC": "40000"}
    if whose == "another's":
        env["WATCHDOG_PID"] = "1"
    before = ("sh", "-c", 'export WATCHDOG_PID=$$; exec "$@"', "sh") if whose == "ours" else ()
    text = " echo ${WATCHDOG_USEC-none} ${WATCHDOG_PID-none} >said; exec sleep 1000\n"
    kept = serve({"run": text}, env=env, before=before)
    assert kept.wait_for("said") == ["none none"]
    if whose == "another's":
        wait_until(lambda: "READY=1" in listener.told())
        assert "WATCHDOG=1" not in listener.told()
    else:
        wait_until(lambda: listener.told().count("WATCHDOG=1") > 10)
    kept.stop()


@pytest.mark.parametrize("where", ["/nonexistent", "relative", "", "@", "vsock:2:1234"])
def test_nobody_hears(serve, where):
    """A name that leads nowhere stops nothing and is said nowhere."""
    kept = serve(env={"NOTIFY_SOCKET": where, "WATCHDOG_USEC": "20000"})
    kept.up()
    assert kept.stop() == 0
    assert kept.supervisor.err() == ""


def test_nobody_reads(serve, place):
    """There is no room: it waits for nobody, and says it when there is."""
    with Listener(place / "notify") as listener:
        sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        sender.connect(str(place / "notify"))
        with suppress(BlockingIOError):
            while True:
                sender.send(b"full")
        kept = serve({"run": NOTE_IN, "settle": "0\n"}, env=listener.env)
        pid = kept.up()
        os.kill(pid, 9)
        kept.up(other_than=pid)
        wait_until(lambda: "READY=1" in listener.told())
        assert kept.stop() == 0
        sender.close()


@pytest.mark.parametrize(
    "unit",
    [
        f"{who}/{name}.service"
        for who in ("system", "user")
        for name in ("pysupervise@", "pysvscan")
    ],
)
@pytest.mark.process
def test_systemd_takes_the_units(scripts, place, unit):
    """A real systemd finds nothing wrong with them."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("needs systemd-analyze, of the package systemd")
    text = (UNITS / unit).read_text()
    there = place / unit.partition("/")[2].replace("@", "@web")
    tool = there.name.partition("@")[0].removesuffix(".service")
    there.write_text(
        re.sub(r"^ExecStart=\S+", f"ExecStart={scripts}/{tool}", text, flags=re.MULTILINE)
    )
    words = ["systemd-analyze", "verify", "--man=no", *(["--user"] if "user" in unit else [])]
    env = os.environ | {"HOME": str(place), "XDG_RUNTIME_DIR": str(place)}
    done = subprocess.run([*words, there], env=env, capture_output=True, text=True, check=False)
    ours = [text for text in done.stderr.splitlines() if tool in text]
    assert (done.returncode, ours) == (0, [])


def test_what_the_units_start(supervise, place):
    """As systemd would: the command of the unit, its variables, its signal to the main process."""
    text = (UNITS / "system/pysupervise@.service").read_text()
    settings = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    assert settings["Type"] == "notify"
    assert settings["KillMode"] == "process"
    make_service(place / "web", {"run": NOTE_IN})
    _, directory = settings["ExecStart"].split()
    words = directory.replace("/etc/service", str(place)).replace("%i", "web")
    with Listener(place / "notify") as listener:
        usec = str(int(settings["WatchdogSec"]) * 1_000_000)
        kept = supervise(words, env=listener.env | {"WATCHDOG_USEC": usec})
        wait_until(lambda: {"READY=1", "WATCHDOG=1"} <= set(listener.told()))
        [pid] = kept.children()
        # It dies, and what it kept lives on, and is gone on with.
        kept.signal(9)
        kept.wait()
        again = supervise(words, env=listener.env)
        wait_until(lambda: listener.told().count("READY=1") == 2)
        assert stat(pid, 0) in ("S", "R")
        assert again.stop() == 0
        wait_until(lambda: stat(pid, 0) is None)
