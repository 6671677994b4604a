"""event/: what s6's tools hear of our services, beside what they hear of s6-supervise's own."""

import os
import stat as modes

import pytest

from pydaemontools.supervise import fifodir
from pydaemontools.supervise.rules import Rules
from pydaemontools.supervise.state import DOWN, FINISHING, LEFT, SWEEPING, UP, WAIT, State
from tests.conftest import wait_until
from tests.supervise.conftest import make_service

SLEEP = " exec sleep 1000\n"
# What a service tells when s6-supervise keeps it, and when we do: files, and what is said to it.
HISTORIES = {
    "up and down": ({"run": SLEEP}, [("su", ""), ("dD", "d"), ("u", "u"), ("dDx", "dx")]),
    "it dies and comes again": ({"run": SLEEP}, [("su", ""), ("dDu", "k"), ("dDx", "dx")]),
    "it has a finish": (
        {"run": SLEEP, "finish": " exit 0\n"},
        [("su", ""), ("dDu", "k"), ("dD", "d"), ("x", "x")],
    ),
    "finish says that there is no point": (
        {"run": SLEEP, "finish": " exit 125\n"},
        [("su", ""), ("dOD", "k"), ("x", "x")],
    ),
    "it says that it is ready": (
        {"run": " echo >&3; exec 3>&-; exec sleep 1000\n", "notification-fd": "3"},
        [("suU", ""), ("dDuU", "k"), ("dDx", "dx")],
    ),
    "it is down": ({"run": SLEEP, "down": ""}, [("s", ""), ("u", "o"), ("dDx", "dx")]),
}


class Listener:
    """A fifo in the event/ of PATH, as libftrig makes one, and what came through it."""

    def __init__(self, path, number=0):
        self.path = path / f"event/ftrig1:@{number:024x}:AAAAAA"
        os.mkfifo(self.path, 0o622)
        self.path.chmod(0o622)
        self.fd = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)
        self.heard = ""

    def hear(self):
        """All the letters that have come."""
        try:
            self.heard += os.read(self.fd, 4096).decode()
        except BlockingIOError:
            pass
        return self.heard

    def until(self, letters):
        """Wait until so many letters have come: they are those."""
        wait_until(lambda: len(self.hear()) >= len(letters))
        assert self.heard == letters
        self.heard = ""

    def close(self):
        """Go away, as a listener does that was killed: the fifo stays."""
        os.close(self.fd)


@pytest.fixture
def listen(place):
    """Make `s` a service with an event/ and listen there, before anybody supervises it."""
    made = []

    def listen(files=None, **more):
        make_service(place / "s", (files or {"run": SLEEP}) | more)
        (place / "s/event").mkdir(mode=0o700, exist_ok=True)
        made.append(Listener(place / "s"))
        return made[-1]

    yield listen
    for listener in made:
        listener.close()


@pytest.mark.needs("s6-supervise", "s6-svc")
@pytest.mark.parametrize("supervisor", ["s6-supervise", "pysupervise"])
@pytest.mark.parametrize("history", HISTORIES)
def test_it_tells_what_s6_tells(supervise, listen, run, history, supervisor):
    """Kind: whoever listens there hears another thing than of s6-supervise."""
    files, steps = HISTORIES[history]
    listener = listen(files)
    supervise("s", command=(supervisor,))
    for letters, command in steps:
        if command:
            wait_until(lambda c=command: not run("s6-svc", f"-{c}", "s").returncode)
        listener.until(letters)


@pytest.fixture
def kept(serve, place):
    """A service with an event/ that is supervised, and up."""
    (place / "s/event").mkdir(parents=True)
    kept = serve({"run": SLEEP})
    kept.up()
    return kept


@pytest.mark.needs("s6-svwait", "s6-ftrigrd")
class TestToolsOfS6:
    """Kind: a tool of s6 that waits for one of our services fails, or waits for ever."""

    def test_svwait(self, kept, run):
        """It takes what is so already, and waits for what is not."""
        assert run("s6-svwait", "-u", "-t", "20000", "s").returncode == 0
        assert run("s6-svwait", "-D", "-t", "200", "s").returncode == 99
        kept.say("d")
        assert run("s6-svwait", "-D", "-t", "20000", "s").returncode == 0
        assert run("s6-svwait", "-u", "-t", "200", "s").returncode == 99

    def test_svwait_hears_of_it(self, kept, start, run):
        """What comes while it waits ends the wait."""
        waiting = start("s6-svwait", "-D", "-t", "20000", "s")
        wait_until(lambda: os.listdir(kept.path / "event"))
        kept.say("d")
        assert waiting.wait(20) == 0
        assert run("s6-svwait", "-d", "s").returncode == 0

    def test_svc_waits(self, kept, run):
        """S6-svc -w is s6-svlisten1 and a command."""
        first = kept.pid()
        assert run("s6-svc", "-wr", "-T", "20000", "-r", "s").returncode == 0
        assert kept.pid() not in {0, first}
        assert run("s6-svlisten1", "-D", "-t", "20000", "s", "s6-svc", "-d", "s").returncode == 0
        assert kept.state_file()["state"] == "down"
        both = run("s6-svlisten", "-u", "-t", "20000", "s", "", "s6-svc", "-u", "s")
        assert both.returncode == 0, both

    def test_ftrig(self, kept, run):
        """What it is told is what a pattern of s6-ftrig-listen1 finds."""
        heard = run("s6-ftrig-listen1", "-t", "20000", "s/event", "dD*u", "s6-svc", "-k", "s")
        assert (heard.returncode, heard.stdout) == (0, b"u\n"), heard
        assert kept.pid()

    def test_a_service_that_was_given_up(self, run, serve, place):
        """Whoever waits for it to be up hears that there is no hope."""
        (place / "s/event").mkdir(parents=True)
        files = {"run": " read x <go; exit 7\n", "max-death-tally": "1"}
        (place / "s").mkdir(exist_ok=True)
        os.mkfifo(place / "s/go")
        kept = serve(files)
        wait_until(kept.pid)
        finish = ["sh", "-c", "echo >s/go"]
        given_up = run("s6-svlisten1", "-U", "-t", "20000", "s", *finish)
        assert given_up.returncode == 1
        assert b"failed permanently" in given_up.stderr

    @pytest.mark.parametrize("option", ["", "-d "])
    def test_notifyoncheck(self, serve, place, run, option):
        """It asks data/check, and then we know that the service is ready; five of 31 real ones.

        With -d what asks is nobody's child: it is not swept while the service runs.
        """
        (place / "s/event").mkdir(parents=True)
        (place / "s/data").mkdir()
        run_it = f" exec s6-notifyoncheck {option}-w 50 -n 0 sleep 1000\n"
        files = {"run": run_it, "notification-fd": "3", "data/check": " test -e data/good\n"}
        kept = serve(files)
        pid = kept.up()
        assert run("s6-svwait", "-U", "-t", "300", "s").returncode == 99
        (place / "s/data/good").touch()
        assert run("s6-svwait", "-U", "-t", "20000", "s").returncode == 0
        kept.is_(ready="1")
        assert kept.pid() == pid


@pytest.mark.needs("s6-svstat", "svstat", "sv")
def test_one_status_for_all(kept, run, place):
    """Kind: what one family of tools reads of a status, another must not lose."""
    pid = kept.pid()
    assert run("s6-svstat", "-o", "up,pid,wantedup,paused", "s").stdout.split() == [
        *(b"true", b"%d" % pid, b"true", b"false")
    ]
    path = "/usr/bin:/bin"
    assert run("svstat", "s", path=path).stdout.startswith(b"s: up (pid %d)" % pid)
    said = run("sv", "status", f"{place}/s", path=path).stdout
    assert said.startswith(b"run: %s/s: (pid %d)" % (os.fsencode(place), pid))
    assert run("pysvstat", "-o", "pid,ready", "./s").stdout.split()[0] == b"%d" % pid
    kept.say("p")
    wait_until(lambda: b"true" in run("s6-svstat", "-o", "paused", "s").stdout)
    kept.say("ck")
    wait_until(lambda: b"SIGKILL" in run("s6-svstat", "-o", "signal", "s").stdout)
    kept.say("d")
    wait_until(lambda: run("s6-svstat", "-o", "pid", "s").stdout == b"-1\n")


def test_only_where_it_is_or_was_asked_for(serve):
    """Kind: a directory of another kind gets files that it has no use for."""
    kept = serve()
    kept.up()
    assert not (kept.path / "event").exists()
    assert len((kept.path / "supervise/status").read_bytes()) == 20


def test_it_is_made_where_a_file_asks_for_it(serve, place):
    """It has the mode that s6 gives it; a link to where there is none yet makes it there."""
    (place / "s").mkdir()
    (place / "s/event").symlink_to(place / "elsewhere")
    kept = serve({"run": SLEEP, "dialect": "s6\n"})
    kept.up()
    made = (place / "elsewhere").stat()
    assert modes.filemode(made.st_mode) == "drwx-ws--T"
    assert made.st_gid == os.getegid()


def test_it_cannot_be_made(serve, place):
    """Kind: a supervisor that keeps no service for want of something beside it."""
    (place / "s").mkdir()
    (place / "s/event").symlink_to(place / "none/none")
    kept = serve({"run": SLEEP, "dialect": "s6\n"})
    kept.up()
    wait_until(lambda: "warning: unable to create s/event: " in kept.supervisor.err())


def test_it_is_no_directory(serve, place):
    """That is said once, and the service runs."""
    (place / "s").mkdir()
    (place / "s/event").touch()
    kept = serve({"run": SLEEP})
    first = kept.up()
    kept.say("k")
    kept.up(first)
    assert kept.supervisor.err().count("unable to open s/event: ") == 1


def test_a_listener_that_died_is_swept_away(supervise, listen, place):
    """Its fifo is removed; one that is read stays."""
    gone, there = listen(), Listener(place / "s", 1)
    gone.close()
    gone.fd = os.open("/dev/null", os.O_RDONLY)
    supervise("s")
    there.until("su")
    assert not gone.path.exists()
    there.close()


def test_a_listener_that_sleeps_holds_nobody_up(supervise, listen, place):
    """Kind: a reader that does not read stops the supervisor."""
    full, there = listen(), Listener(place / "s", 1)
    try:
        while True:
            os.write(full.fd, b"x" * 4096)
    except BlockingIOError:
        pass
    supervisor = supervise("s")
    there.until("su")
    assert supervisor.stop() == 0
    there.until("dDx")
    assert full.path.exists()
    there.close()


def test_what_others_put_there(supervise, listen, place):
    """Kind: a name in a directory of many is followed, written to, or waited for."""
    there = listen()
    victim = place / "victim"
    victim.write_text("mine")
    names = [f"ftrig1:@{number:024x}:BBBBBB" for number in range(4)]
    event = place / "s/event"
    (event / names[0]).symlink_to(victim)
    os.link(victim, event / names[1])
    (event / names[2]).mkdir()
    os.mkfifo(place / "fifo")
    (event / names[3]).symlink_to(place / "fifo")
    reader = os.open(place / "fifo", os.O_RDWR | os.O_NONBLOCK)
    supervise("s")
    there.until("su")
    assert victim.read_text() == "mine"
    with pytest.raises(BlockingIOError):
        os.read(reader, 1)
    os.close(reader)
    assert {*os.listdir(event)} >= {*names}


def test_many_listeners_are_a_bounded_number(place, monkeypatch):
    """Kind: whoever may make files makes the supervisor work for ever."""
    monkeypatch.setattr(fifodir, "MOST", 3)
    monkeypatch.setattr(fifodir, "MOST_NAMES", 5)
    for number in range(9):
        (place / f"ftrig1:@{number:024x}:AAAAAA").touch()
    fd = os.open(place, os.O_RDONLY)
    assert len(fifodir._names(fd)) == 3
    monkeypatch.setattr(fifodir, "MOST", 9)
    assert len(fifodir._names(fd)) <= 5
    os.close(fd)


def state(phase, *, ready=False, failed=False, waits=False):
    """A State in a PHASE."""
    made = State()
    made.phase, made.ready, made.failed = phase, ready, failed
    made.rules = Rules()
    made.rules.notification_fd = 3 if waits else None
    return made


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (state(WAIT), state(UP, ready=True), "u"),
        (state(WAIT), state(UP, waits=True), "u"),
        (state(UP, waits=True), state(UP, ready=True, waits=True), "U"),
        (state(UP), state(SWEEPING), "d"),
        (state(SWEEPING), state(FINISHING), ""),
        (state(FINISHING), state(WAIT), "D"),
        (state(FINISHING), state(DOWN, failed=True), "OD"),
        (state(UP), state(WAIT), "dD"),
        (state(FINISHING), state(LEFT), "Dx"),
        (state(DOWN), state(LEFT), "x"),
        (state(DOWN), state(WAIT), ""),
        (state(DOWN, failed=True), state(DOWN, failed=True), ""),
    ],
)
def test_letters(before, after, said):
    """What each step says."""
    assert fifodir.letters(before, after) == said


# Whose arguments finish gets


FINISH = {"run": " exec sleep 1000\n", "finish": ' echo "$@" >>finished\n'}


@pytest.mark.parametrize(
    ("files", "first"),
    [
        ({}, "-1"),
        ({"type": "longrun\n"}, "256"),
        ({"notification-fd": "3\n"}, "256"),
        ({"timeout-kill": "5000\n"}, "256"),
        ({"timeout-finish": "5000\n"}, "256"),
        ({"event/README": ""}, "256"),
        ({"dialect": "s6\n"}, "256"),
        ({"dialect": "runit\n", "type": "longrun\n"}, "-1"),
        ({"down-signal": "TERM\n", "max-death-tally": "5\n"}, "-1"),
    ],
)
def test_finish_gets_the_arguments_of_whoever_wrote_it(serve, files, first):
    """Kind: a finish of s6 that tells 256 from other codes takes a signal for a failure."""
    kept = serve(FINISH | files)
    pid = kept.up()
    kept.say("k")
    assert kept.wait_for("finished")[0] == f"{first} 9 s {pid}"


@pytest.mark.needs("s6-supervise", "s6-svc")
@pytest.mark.parametrize("command", ["k", "t"])
def test_finish_is_told_what_s6_tells(supervise, place, run, command):
    """The same directory, kept by s6-supervise and by us."""
    told = []
    for name, supervisor in (("a", "s6-supervise"), ("b", "pysupervise")):
        make_service(place / name, FINISH | {"dialect": "s6"})
        supervise(name, command=(supervisor,))
        wait_until(lambda n=name: not run("s6-svwait", "-u", "-t", "20000", n).returncode)
        run("s6-svc", f"-{command}", name)
        finished = place / name / "finished"
        wait_until(lambda f=finished: f.exists() and f.read_text().endswith("\n"))
        told.append(finished.read_text().split()[:2])
    assert told[0] == told[1]


def test_a_logger_is_called_as_s6_calls_it(serve):
    """Its name has two words."""
    log = {"log/run": " cat >/dev/null\n", "log/finish": ' echo "$@" >>finished\n'}
    kept = serve({"run": SLEEP, "log/type": "longrun"} | log)
    kept.up()
    (kept.path / "log/supervise/control").write_text("k")
    assert kept.wait_for("log/finished")[0].split()[:3] == ["256", "9", "s/log"]


def test_a_oneshot_is_said(serve):
    """Kind: a directory that is no service at all is kept running without a word."""
    kept = serve({"run": SLEEP, "type": "oneshot\n"})
    kept.up()
    text = "s/type does not hold longrun, but oneshot: run is kept running"
    assert text in kept.supervisor.err()
