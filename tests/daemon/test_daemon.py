"""Daemon: starts, stops and asks after a program that becomes a daemon."""

import asyncio
import inspect
import os
import re
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from pydaemontools.base import proc
from pydaemontools.daemon import (
    AlreadyRunning,
    Daemon,
    Error,
    LockFile,
    Server,
    StartupError,
    Timeout,
    daemonize,
    rehearsal,
)
from pydaemontools.daemon.stopping import number_of
from tests.conftest import wait_until
from tests.daemon.conftest import MARK

pytestmark = pytest.mark.process
STAY = [sys.executable, "-c", "import time\ntime.sleep(1000)"]
STUBBORN = "trap '' TERM; echo stubborn; while :; do sleep 1000; done"


@pytest.fixture
def made(place, monkeypatch):
    """Make daemons in `place`, each to be ended with the test; they are not started there."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("PATH", f"{sys.prefix}/bin:/usr/bin:/bin")
    ones = []

    def make(*args, **options):
        options = {"pid_file": "x.pid", "settle": 0.02, "timeout": 20} | options
        ones.append(Daemon(*args, **options))
        return ones[-1]

    yield make
    for one in ones:
        # Several may have the same pid file.
        with suppress(Error):
            one.kill("KILL")


def group(pid):
    """The processes in the group PID; one that is only waited for is none."""
    stats = {one: proc.stat(one) for one in proc.pids()}
    return [
        one
        for one, fields in stats.items()
        if fields and fields[0] != b"Z" and int(fields[2]) == pid
    ]


def started(daemon):
    """DAEMON, started."""
    return daemon.startup(do_exit=False)


def test_what_is_required():
    """SV-2, SV-17, DN-4: an error names what lacks; the pid file has a default, in /run."""
    with pytest.raises(Error, match=r"These variables are required: name, startup_command\."):
        Daemon()
    with pytest.raises(Error, match="startup_command"):
        Daemon("x")
    daemon = Daemon("MyApp", startup_command=["true"])
    assert daemon.pid_file.endswith("/MyApp.pid")
    assert os.geteuid() or daemon.pid_file == "/run/MyApp.pid"
    assert issubclass(StartupError, Error)
    assert issubclass(Timeout, Error)
    assert issubclass(AlreadyRunning, Error)


def test_a_block_and_attributes(place, monkeypatch):
    """SV-1, SV-3: options as keywords, in a block, later; paths are absolute at once (B-41)."""
    monkeypatch.chdir(place)
    with Daemon.new() as daemon:
        daemon.name = "x"
        daemon.startup_command = ["true"]
        daemon.pid_file = "x.pid"
    daemon.timeout = 3
    monkeypatch.chdir("/")
    assert daemon.pid_file == str(place / "x.pid")
    with pytest.raises(Error, match="startup_command"), Daemon.new(name="x"):
        pass


def test_the_example_of_the_manual(made, place):
    """SV-7, SV-8, SV-12, SV-18: ready when the log says so; startup() gives self."""
    app = "import time\nprint('rea', end='', flush=True)\ntime.sleep(0.1)\n"
    app += "open('/dev/stdout', 'a').write('dy\\n')\ntime.sleep(1000)"
    daemon = made(
        name="stamp",
        pid_file="stamp.pid",
        startup_command=["python3", "-c", app],
        log_file="app.log",
        look_for="ready",
    )
    assert daemon.startup(do_exit=False) is daemon
    assert (place / "app.log").read_text() == "ready\n"
    assert daemon.alive()
    assert daemon.pid == int((place / "stamp.pid").read_text()) == daemon.status().pid


def test_what_is_a_file_here_is_one_there(made, place):
    """B-41: the program and its files are named from where the caller is; other words stay."""
    (place / "run").touch()
    (place / "app.py").write_text("import sys, time\nprint(sys.argv, flush=True)\ntime.sleep(1000)")
    (place / "x.ini").touch()
    words = ["python3", "app.py", "run", "x.ini", "nonesuch.py"]
    started(made("x", startup_command=words, log_file="app.log", look_for="]"))
    wanted = [f"{place}/app.py", "run", f"{place}/x.ini", "nonesuch.py"]
    assert (place / "app.log").read_text().strip() == str(wanted)


def test_the_bad_example_of_the_manual(made):
    """SV-11, SV-18, B-47: a program that does not exist is a StartupError, with what was raised."""
    for command in "/usr/bin/no-command-by-this-name", ["nonesuch"]:
        with pytest.raises(StartupError, match="file does not exist") as told:
            started(made("Bad Example", startup_command=command))
        assert told.value.step == "exec"
        assert isinstance(told.value.exception, FileNotFoundError)


def test_the_caller_exits_unless_told_otherwise(programs):
    """SV-12: startup() ends it with 0, when the daemon is ready, and not before."""
    programs("""
        Daemon("x", pid_file="x.pid", startup_command=["sleep", "1000"], settle=0).startup()
        print("never")
    """)
    assert len(programs.left()) == 1


KINDS = {
    "words": ["sleep", "1000"],
    "string": "sleep 1000",
    "shell": "x=1000; sleep $x",
    "callable": lambda: time.sleep(1000),
}


EMPTY = "pid_file log_file stdin stdout stderr user group environment directory chroot"


@pytest.mark.parametrize("name", [*EMPTY.split(), "shutdown_command"])
def test_an_option_that_is_empty(made, name):
    """The kind: an empty path was the current directory. By whichever way it is set."""
    for value in "", b"":
        with pytest.raises(Error, match=f"^{name} is empty$"):
            started(made("x", startup_command=STAY, **{name: value}))
        if name in inspect.signature(daemonize).parameters:
            with pytest.raises(Error, match=f"^{name} is empty$"):
                daemonize(**{name: value})
    for command in "startup_command", "shutdown_command":
        with pytest.raises(Error, match=r"the program of \[''\] is empty"):
            made("x", **{"startup_command": STAY, command: [""]})
    with pytest.raises(Error, match="log_command is empty"):
        started(made("x", startup_command=STAY, log_command=["", "x"]))
    with pytest.raises(Error, match="path is empty"):
        LockFile("")


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_startup_commands(made, kind):
    """SV-3, SV-10, SV-13, SV-14, B-54: started, alive, and stopped, with its group, at once."""
    daemon = started(made("x", startup_command=KINDS[kind]))
    assert os.getpgid(daemon.pid) == daemon.pid
    assert os.getsid(daemon.pid) not in (daemon.pid, os.getsid(0))
    assert daemon.shutdown() is daemon
    assert not daemon.alive()
    assert daemon.shutdown() is None
    assert group(daemon.pid) == []


class Serves:
    """Like a Server."""

    name, logger, pid_file = "served", None, "server.pid"

    def startup(self):
        """Run."""
        from pydaemontools.daemon import ready

        with open("pid_file", "w") as file:
            file.write(str(self.pid_file))
        ready()
        time.sleep(1000)

    def shutdown(self):
        """End."""


def test_a_server(made, place):
    """SV-3: it gives its name and pid file, says when it is ready; the Daemon holds the file."""
    daemon = made(server=Serves(), pid_file=None, nochdir=True)
    assert (daemon.name, daemon.pid_file) == ("served", str(place / "server.pid"))
    assert daemon.shutdown_command is None
    started(daemon)
    assert (place / "pid_file").read_text() == "None"
    assert daemon.status().pid == daemon.pid


def test_a_server_that_logs_nothing(made):
    """SV-3, SV-7: a Server says itself that it is ready; its log may stay empty."""
    server = Server("quiet", run=lambda: None, interval=3600)
    daemon = started(made("quiet", server=server, log_file="quiet.log", timeout=20))
    assert daemon.alive()


def test_wrong_commands(made):
    """SV-3, SV-4: what is no command is refused, before anything is done."""
    for wrong in 7, object(), {"a": 1}:
        with pytest.raises(Error, match="words, a string, a callable or a Server"):
            made("x", startup_command=wrong)
    with pytest.raises(Error, match="and not <object"):
        made("x", startup_command=STAY, shutdown_command=object())
    with pytest.raises(Error, match="there is no signal 'FOO'"):
        made("x", startup_command=STAY, stop_signal="FOO")


def test_a_second_start(made):
    """B-43, SV-12: who runs already is told, with its pid."""
    first = started(made("x", startup_command=STAY))
    with pytest.raises(AlreadyRunning) as told:
        started(made("x", startup_command=STAY))
    assert told.value.pid == first.pid


def test_start_and_stop_time_out(made, place):
    """SV-5, B-45: a late start leaves nothing; a late stop is killed, or a Timeout if told so."""
    late = made("x", startup_command=STUBBORN, ready="notify", timeout=0.3, log_file="log")
    with pytest.raises(Timeout, match="READY=1") as told:
        started(late)
    assert told.value.lines == ["stubborn"]
    assert not late.alive()
    assert group(told.value.pid) == []
    one = made(
        "x",
        startup_command=STUBBORN,
        log_file=place / "log2",
        look_for="stubborn",
        stop_timeout=0.1,
        stop_group=False,
    )
    started(one)
    one.escalate = False
    with pytest.raises(Timeout, match=r"has not ended in 0\.1 seconds"):
        one.shutdown()
    assert one.alive()
    one.escalate = True
    one.shutdown()
    assert not one.alive()


SHUTDOWNS = {
    "number": signal.SIGINT,
    "words": ["sh", "-c", "kill -INT $(cat x.pid)"],
    "string": "kill -INT $(cat x.pid)",
    "callable": lambda: os.kill(int(Path("x.pid").read_text()), signal.SIGINT),
}


@pytest.mark.parametrize("kind", SHUTDOWNS)
def test_kinds_of_shutdown_commands(made, kind, place):
    """SV-4, B-40: a command is run beside the caller, which goes on, and waits for the end."""
    app = "import os, signal, time\n"
    app += f"signal.signal(2, lambda *_: (open('{place}/heard', 'w').close(), os._exit(0)))\n"
    app += "print('there', flush=True)\ntime.sleep(1000)"
    daemon = made(
        "x",
        startup_command=[sys.executable, "-c", app],
        shutdown_command=SHUTDOWNS[kind],
        log_file="log",
        look_for="there",
    )
    started(daemon)
    assert daemon.shutdown() is daemon
    assert (place / "heard").exists()
    assert not daemon.alive()


def test_a_shutdown_command_that_fails(made):
    """B-40: it is an error that says how; one that hangs is ended, and the daemon killed."""
    daemon = started(made("x", startup_command=STAY, shutdown_command="exit 3"))
    with pytest.raises(Error, match="/bin/sh ended with exit code 3"):
        daemon.shutdown()
    daemon.shutdown_command = ["nonesuch"]
    with pytest.raises(Error, match="unable to run nonesuch: file does not exist"):
        daemon.shutdown()
    assert daemon.alive()
    daemon.shutdown_command, daemon.stop_timeout = ["sleep", "1000"], 0.1
    daemon.escalate = False
    with pytest.raises(Timeout, match=r"has not ended in 0\.1 seconds") as told:
        daemon.shutdown()
    assert told.value.seconds == 0.1
    daemon.escalate = True
    daemon.shutdown()
    assert not daemon.alive()


def test_what_it_left_in_its_group_is_ended(made):
    """B-45's kind: a stop that leaves children. TERM, and then KILL."""
    app = "import subprocess, time\nsubprocess.Popen(['sh', '-c', \"trap '' TERM; sleep 1000\"])\n"
    app += "time.sleep(1000)"
    daemon = started(made("x", startup_command=[sys.executable, "-c", app], settle=0.3))
    pid = daemon.pid
    daemon.shutdown()
    assert group(pid) == []


@pytest.mark.parametrize("kind", ["words", "shell"])
def test_a_stop_of_what_is_stopped(made, kind):
    """By ^Z or SIGSTOP: it goes on, to end by the signal that it is sent, and is not killed."""
    daemon = started(made("x", startup_command=KINDS[kind]))
    os.killpg(daemon.pid, signal.SIGSTOP)
    wait_until(lambda: proc.stat(daemon.pid)[0] == b"T")
    daemon.escalate = False
    assert daemon.shutdown() is daemon
    assert group(daemon.pid) == []


def test_kill(made):
    """SV-15, SV-17, B-48: names, numbers; each failure is an error that says which."""
    daemon = started(made("x", startup_command=STAY))
    for none in "FOO", 1000, "SIGFOO", -3:
        with pytest.raises(Error, match="there is no signal"):
            daemon.kill(none)
    assert daemon.kill("STOP") is daemon
    assert daemon.kill("sigcont") is daemon
    names = {"cld": signal.SIGCHLD, "rtmin+3": signal.SIGRTMIN + 3, "SIGRTMAX": signal.SIGRTMAX}
    assert [*map(number_of, names)] == [*names.values()]
    daemon.kill(9)
    wait_until(lambda: not daemon.alive())
    with pytest.raises(Error, match="unable to signal x: it is not running"):
        daemon.kill()


def test_a_number_that_comes_again(made, place):
    """B-43, B-54: the file of a daemon that was killed, whose number another process has."""
    daemon = started(made("x", startup_command=STAY))
    daemon.kill("KILL")
    wait_until(lambda: not daemon.alive())
    (place / "x.pid").write_text(f"{os.getpid()}\n")
    assert not daemon.alive()
    assert daemon.shutdown() is None
    assert not daemon.status().running


def test_restart(made):
    """The kind: one that runs, one that does not, and one whose options are wrong: that goes on."""
    daemon = made("x", startup_command=STAY)
    first = daemon.restart(do_exit=False).pid
    second = daemon.restart(do_exit=False).pid
    assert first != second
    daemon.user = "nonesuch"
    with pytest.raises(Error, match="unknown account nonesuch"):
        daemon.restart(do_exit=False)
    assert daemon.status().pid == second


def test_a_restart_whose_hooks_make_what_is_missing(made, place):
    """What cannot be known beforehand is not refused."""
    os.symlink("/bin/sleep", place / "napper")
    daemon = made("x", startup_command=["napper", "1000"])
    daemon.before_exec = lambda: os.environ.update(PATH=str(place))
    first = daemon.restart(do_exit=False).pid
    second = daemon.restart(do_exit=False).pid
    daemon.after_fork, daemon.log_file = (place / "logs").mkdir, place / "logs/log"
    daemon.ready, daemon.stdout = "fd:5", place / "logs/log"
    daemon.startup_command = "echo >&5; exec napper 1000"
    assert len({first, second, daemon.restart(do_exit=False).pid}) == 3


def test_a_restart_looks_for_the_program_as_the_start_does(made, place, monkeypatch):
    """Kind: what ends a search, and is passed over by whoever looks beforehand."""
    daemon = started(made("x", startup_command=STAY))
    before = daemon.status().pid
    (place / "file").touch()
    monkeypatch.setenv("PATH", f"{place}/file:{os.environ['PATH']}")
    daemon.startup_command = ["sleep", "1000"]
    with pytest.raises(StartupError, match="so it goes on as it is: unable to run sleep: not a d"):
        daemon.restart(do_exit=False)
    assert daemon.status().pid == before


def test_a_restart_of_what_cannot_be_forked(made):
    """An open loop is refused by the start: so the restart stops nothing."""
    daemon = started(made("x", startup_command=STAY))
    before = daemon.status().pid
    daemon.startup_command = time.sleep
    loop = asyncio.new_event_loop()
    with pytest.raises(Error, match="an asyncio loop that is open"):
        daemon.restart(do_exit=False)
    loop.close()
    assert daemon.status().pid == before


def test_a_restart_that_hangs(made, programs, monkeypatch):
    """The look has the time that the start has; nothing is left of it."""
    monkeypatch.setenv(MARK, str(programs.place))
    daemon = started(made("x", startup_command=STAY))
    daemon.timeout = 0.2
    monkeypatch.setattr(rehearsal, "_see", lambda _: time.sleep(1000))
    with pytest.raises(Timeout, match="unable to start x again, so it goes on"):
        daemon.restart(do_exit=False)
    assert programs.left() == [daemon.pid]


def test_reload(made, place):
    """HUP, or what is asked for."""
    app = f"trap 'echo heard >>{place}/heard' HUP; echo there; while :; do sleep 0.05; done"
    daemon = started(made("x", startup_command=app, log_file="log", look_for="there"))
    daemon.reload()
    wait_until(lambda: (place / "heard").read_text() == "heard\n")


def test_hooks(made, place):
    """SV-9, B-49: after_fork first of all, before_exec when all else is done; both may fail."""
    before = made("x", startup_command=STAY)
    pid = os.getpid()
    before.after_fork = lambda: (place / "a").write_text(f"{os.getpid() != pid} {os.getcwd()}")
    before.before_exec = lambda: (place / "b").write_text(os.getcwd())
    started(before)
    assert (place / "a").read_text() == f"True {place}"
    assert (place / "b").read_text() == "/"
    before.shutdown()
    for step in "after_fork", "before_exec":
        with pytest.raises(StartupError, match="ZeroDivisionError") as told:
            started(made("x", startup_command=STAY, **{step: lambda: 1 / 0}))
        assert told.value.step == step
        assert "in <lambda>" in told.value.traceback
        assert isinstance(told.value.__cause__, ZeroDivisionError)


def test_nochdir_and_noclose(made, place):
    """SV-6: both leave what is there as it is; without them / and /dev/null."""
    for options, cwd, out in (
        ({}, "/", "/dev/null"),
        ({"nochdir": True, "noclose": True}, str(place), os.readlink("/proc/self/fd/1")),
    ):
        daemon = started(made("x", startup_command=STAY, **options))
        assert os.readlink(f"/proc/{daemon.pid}/cwd") == cwd
        assert os.readlink(f"/proc/{daemon.pid}/fd/1") == out
        daemon.shutdown()


def test_umask(made, place):
    """B-42: 022 and not 0; another one if asked."""
    for umask, mode in ((None, None), ("027", 0o640), (0, 0o666)):
        options = {} if umask is None else {"umask": umask}
        command = f"echo >{place}/file; exec sleep 1000"
        daemon = made("x", startup_command=command, settle=0.3, **options)
        started(daemon)
        assert (place / "file").stat().st_mode & 0o777 == (mode or 0o644)
        daemon.shutdown()
        (place / "file").unlink()


def test_signals_are_as_for_any_program(made, programs, monkeypatch):
    """The kind: what Python ignores, or the caller does, or blocks, in a program that it becomes.

    A shell's `&` has SIGINT ignored, nohup SIGHUP; and a stop would be heard by nobody.
    """
    monkeypatch.setenv(MARK, str(programs.place))
    some = {signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGRTMIN}
    before = {one: signal.signal(one, signal.SIG_IGN) for one in some}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, some)
    try:
        started(made("x", startup_command=["sleep", "1000"], log_command=["sh", "-c", "cat"]))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for one, handler in before.items():
            signal.signal(one, handler)
    left = programs.left()
    assert len(left) >= 2
    for pid in left:
        status = Path(f"/proc/{pid}/status").read_text()
        assert [int(word, 16) for word in re.findall(r"Sig(?:Ign|Blk):\s(\w+)", status)] == [0, 0]


def test_a_link_of_a_chain_may_stand_before_it(made):
    """The kind: a daemon that is a chain; the program at its end holds the lock."""
    daemon = started(
        made("x", startup_command=["pysoftlimit", "-o", "77", "sleep", "1000"], settle=0.5)
    )
    limits = Path(f"/proc/{daemon.pid}/limits").read_text()
    assert re.search(r"Max open files +77 ", limits)
    assert "sleep 1000" in daemon.status().command


def test_what_it_says_to_its_logger(made):
    """SV-12, SV-15: at the levels of the original."""
    import logging

    said = []
    logger = logging.Logger("x")  # noqa: LOG001 - nobody else's
    handler = logging.Handler()
    handler.emit = lambda record: said.append((record.levelname, record.getMessage()))
    logger.addHandler(handler)
    daemon = started(made("x", startup_command=STAY, logger=logger))
    daemon.kill("CONT")
    assert said == [
        ("DEBUG", "About to fork ..."),
        ("DEBUG", "Waiting for 'x' to startup."),
        ("INFO", "Server has daemonized."),
        ("INFO", f"Killing PID {daemon.pid} with 18"),
    ]


def test_from_asyncio(made):
    """Await wait_ready(): of a program; the loop turns meanwhile. What is called is refused."""

    async def main():
        daemon = made("x", startup_command="sleep 0.2; echo there; exec sleep 1000", log_file="log")
        daemon.look_for = "there"
        daemon.startup(wait=False)
        turns = 0

        async def turn():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0.01)

        turning = asyncio.create_task(turn())
        assert await daemon.wait_ready() is daemon
        turning.cancel()
        assert turns > 3
        assert daemon.alive()
        bad = made("y", pid_file="y.pid", startup_command=["nonesuch"]).startup(wait=False)
        with pytest.raises(StartupError):
            await bad.wait_ready()
        with pytest.raises(Error, match="not being started"):
            await daemon.wait_ready()
        with pytest.raises(Error, match="asyncio loop"):
            made("z", startup_command=lambda: None).startup(wait=False)

    asyncio.run(main())


def test_a_start_that_is_cancelled_leaves_nothing(made):
    """The kind: an await that ends before the start does."""

    async def main():
        daemon = made("x", startup_command=STAY, ready="notify")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(daemon.startup(wait=False).wait_ready(), 0.3)
        assert not daemon.alive()

    asyncio.run(main())


def test_under_a_supervisor_it_runs_here(programs):
    """The kind: the same program under pysupervise: it becomes the command, or calls it."""
    words = ["sh", "-c", 'SYSTEMD_EXEC_PID=$$ exec "$@"', "sh"]
    body = "Daemon('x', pid_file='x.pid', startup_command={}).startup()"
    said = programs(body.format("lambda: say(a=1)") + "\nsay(a=2)", before=words)
    assert said == [{"a": 1}, {"a": 2}]
    said = programs(body.format("['echo', '{\"b\": 1}']"), before=words)
    assert said == [{"b": 1}]
    said = programs.fails(body.format("['nonesuch']"), before=words)
    assert (said["kind"], said["step"]) == ("StartupError", "exec")


@pytest.mark.needs_root
def test_alive_of_another_users_process(made, place):
    """B-44, B-56: it is an answer; to signal it is an error."""
    daemon = started(made("x", startup_command=STAY))
    child = os.fork()
    if not child:
        os.setgid(65534)
        os.setuid(65534)
        try:
            daemon.kill("CONT")
        except Error as error:
            os._exit(daemon.alive() and "permission denied" in str(error))
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert place


def test_a_callable_that_fails_later(made, place):
    """The kind: an exception after the start, which nobody waits for: in its log, and exit 1."""

    def work():
        time.sleep(0.2)
        raise ValueError("later")

    started(made("x", startup_command=work, settle=0, stderr="err.log"))
    wait_until(lambda: "ValueError: later" in (place / "err.log").read_text())
    wait_until(lambda: not (place / "x.pid").exists())


SAYS = {
    "fd:7": "os.write(7, b'\\n')",
    "notify": "notify.ready()",
    "unix:s": "s = socket.socket(socket.AF_UNIX); s.bind(PATH + '/s'); s.listen()",
}


@pytest.mark.parametrize("way", SAYS)
def test_a_program_says_that_it_is_ready(made, place, way):
    """SV-16: s6's fd, sd_notify, a socket: of a program that is exec'ed."""
    app = "import os, socket, time\nfrom pydaemontools.adapters import notify\ntime.sleep(0.1)\n"
    app += (
        f"PATH = {str(place)!r}\nopen(PATH + '/said', 'w').close()\n{SAYS[way]}\ntime.sleep(1000)"
    )
    daemon = made("x", startup_command=[sys.executable, "-c", app], ready=way, settle=60)
    assert started(daemon).alive()
    assert (place / "said").exists()


def test_environment_limits_and_group(made, place, fill):
    """As pyenvdir, pysoftlimit and pysetuidgid have it: a directory, sizes, a group."""
    fill(place / "env", {"ONE": b"1\n", "GONE": b""})
    options = {"environment": "env", "limits": {"as": "2g", "nofile": "=", "core": 0}}
    if not os.geteuid():
        options |= {"user": 65534, "group": "daemon"}
    daemon = started(made("x", startup_command=["sleep", "1000"], **options))
    environ = Path(f"/proc/{daemon.pid}/environ").read_bytes().split(b"\0")
    assert b"ONE=1" in environ
    limits = Path(f"/proc/{daemon.pid}/limits").read_text()
    assert re.search(rf"Max address space +{2 << 30} ", limits)
    assert re.search(r"Max core file size +0 ", limits)
    if not os.geteuid():
        assert os.stat(f"/proc/{daemon.pid}").st_uid == 65534
    with pytest.raises(Error, match="there is no limit foo"):
        started(made("x", startup_command=STAY, limits={"foo": 1}))
    with pytest.raises(Error, match="the limit nofile is a number"):
        started(made("x", startup_command=STAY, limits={"nofile": "many"}))


@pytest.mark.parametrize("wrong", ["10", float("nan"), -1, True, None, 10**400])
@pytest.mark.parametrize("name", ["timeout", "stop_timeout", "settle"])
def test_a_number_that_is_none(made, place, name, wrong):
    """The kind: every number is looked at before anything is done, also one that is set later."""
    if (name, wrong) == ("stop_timeout", None):
        return
    with pytest.raises(Error, match=f"{'stop_' * (name == 'stop_timeout')}.*number of seconds"):
        Daemon("x", startup_command=STAY, **{name: wrong})
    daemon = made("x", startup_command=STAY)
    setattr(daemon, name, wrong)
    fds = os.listdir("/proc/self/fd")
    with pytest.raises(Error, match="number of seconds"):
        daemon.startup(do_exit=False)
    assert os.listdir("/proc/self/fd") == fds
    assert not (place / "x.pid").exists()


def test_a_wrong_time_to_stop_stops_nothing(made):
    """The kind: it was found when TERM was sent already."""
    daemon = started(made("x", startup_command=STAY))
    daemon.stop_timeout = "x"
    with pytest.raises(Error, match="stop_timeout is a number of seconds"):
        daemon.shutdown()
    with pytest.raises(Error, match="a signal is a number or a name"):
        daemon.kill(1.5)
    daemon.stop_timeout = float("inf")
    assert daemon.alive()
    assert daemon.shutdown() is daemon


def test_round_after_round_leaves_nothing(made):
    """The kind: a file, an fd, a zombie a round."""
    daemon = made("x", startup_command=["sleep", "1000"], settle=0)

    def state():
        return len(os.listdir("/proc/self/fd")), sorted(os.listdir()), proc.children()

    started(daemon).shutdown()
    before = state()
    for _ in range(20):
        started(daemon).shutdown()
    for _ in range(3):
        with pytest.raises(StartupError):
            started(made("y", pid_file="y.pid", startup_command=["nonesuch"]))
    assert state() == before
