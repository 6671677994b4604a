"""daemonize(): the process that called learns the truth, and the daemon is a daemon."""

import os
import stat
import subprocess
import sys
import warnings

import pytest

from pydaemontools.daemon import daemonize
from tests.conftest import wait_until

pytestmark = pytest.mark.process
STATE = """
def state():
    links = {fd: f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")}
    fds = {fd: os.readlink(link) for fd, link in links.items() if os.path.islink(link)}
    mask = os.umask(0)
    os.umask(mask)
    return dict(pid=os.getpid(), sid=os.getsid(0), pgid=os.getpgid(0), ppid=os.getppid(),
                cwd=os.getcwd(), umask=mask, fds=fds, env=dict(os.environ), uid=os.getuid())
def note():
    path = os.environ["PYDAEMONTOOLS_TEST_DAEMON"] + "/state"
    assert all(map(os.get_inheritable, range(3)))
    text = json.dumps(state())
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)
"""


@pytest.fixture
def noted(place):
    """What the daemon noted of itself, when it did."""
    import json

    return lambda: wait_until(lambda: json.loads((place / "state").read_text()))


def test_the_caller_exits_when_the_daemon_is_ready(programs, place):
    """MD-5, DN-1, DN-6: fork, setsid, fork; the caller exits with 0, and not before ready()."""
    said = programs("""
        here = daemonize("x.pid")
        time.sleep(0.2)
        open(os.environ["PYDAEMONTOOLS_TEST_DAEMON"] + "/ready", "w").close()
        here.ready()
        stay()
    """)
    assert said == []
    assert (place / "ready").exists()
    assert [int((place / "x.pid").read_text())] == programs.left()


def test_what_a_daemon_is(programs, noted):
    """MD-2, MD-3, MD-5, MD-6: no session of its own to lead, a group; /, 022, /dev/null thrice."""
    programs(STATE + "here = daemonize('x.pid')\nhere.ready()\nnote()\nstay()", umask=0o77)
    seen = noted()
    assert seen["sid"] != seen["pid"]
    assert seen["pgid"] == seen["pid"]
    assert (seen["cwd"], seen["umask"]) == ("/", 0o022)
    # B-50: none of the three is closed. And nothing else is open but the pid file.
    assert [seen["fds"][fd] for fd in "012"] == ["/dev/null"] * 3
    assert [link for fd, link in seen["fds"].items() if int(fd) > 2] == [
        seen["env"]["PYDAEMONTOOLS_TEST_DAEMON"] + "/x.pid"
    ]


def test_what_it_is_given(programs, noted, place):
    """MD-2, MD-3, B-03, B-53: another directory and umask, 0 too; files; environment; limits."""
    (place / "d").mkdir()
    programs(
        STATE
        + """
import resource
kept = open("/dev/zero")
here = daemonize(directory="d", umask="0", stdout="out.log", stderr=1, keep=[kept],
                 environment={"A": "b", "HOME": None}, limits={"nofile": 77, "core": "="})
here.ready()
note()
print("said", resource.getrlimit(resource.RLIMIT_NOFILE)[0], flush=True)
os.write(2, b"also said\\n")
stay()
""",
        env={"HOME": "/x"},
    )
    seen = noted()
    assert (seen["cwd"], seen["umask"]) == (str(place / "d"), 0)
    assert seen["env"]["A"] == "b"
    assert "HOME" not in seen["env"]
    assert "/dev/zero" in seen["fds"].values()
    wait_until(lambda: (place / "out.log").read_text() == "said 77\nalso said\n")
    assert stat.S_IMODE((place / "out.log").stat().st_mode) == 0o640


def test_paths_count_from_where_the_caller_is(programs, place):
    """B-41, MD-2: a relative log and pid file are not looked for in /."""
    programs("""
        here = daemonize("run/x.pid" if os.mkdir("run") else "x.pid", stderr="x.log")
        print("there", file=sys.stderr)
        here.ready()
        stay()
    """)
    assert (place / "x.log").read_text() == "there\n"
    assert (place / "x.pid").exists()


def test_octal_umask():
    """B-02: a text is octal; what is none is refused, before anything is done."""
    from pydaemontools.daemon import Error
    from pydaemontools.daemon.plan import Plan

    assert Plan(umask="022").umask == 0o22
    assert Plan(umask="0").umask == 0
    for wrong in "8", "rwx", 0o1000, -1:
        with pytest.raises(Error, match="umask"):
            Plan(umask=wrong)


FAILURES = {
    "directory": (
        "daemonize(directory='/nowhere')",
        "directory",
        "unable to chdir to /nowhere: file does not exist",
    ),
    "log": (
        "daemonize(stderr='/nowhere/x.log')",
        "stdio",
        "unable to open /nowhere/x.log: file does not exist",
    ),
    "lock": ("daemonize('/nowhere/x.pid')", "lock", "unable to open /nowhere/x.pid"),
    "logger": ("daemonize(log_command=['nonesuch'])", "logger", "unable to run nonesuch"),
    "code": ("daemonize()\nint('x')", "run", "ValueError: invalid literal"),
    "end": ("daemonize()\nsys.exit(3)", "run", "it ended with exit code 3 before it was ready"),
    "kill": ("daemonize()\nos.kill(os.getpid(), 9)", "run", "it was killed by SIGKILL"),
    "early end": ("daemonize()", "run", "it ended with exit code 0 before it was ready"),
}


@pytest.mark.parametrize(("body", "step", "text"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_told_to_the_caller(programs, nothing_left, body, step, text):
    """B-05, SV-11: whichever step fails: StartupError, with the step and why; nothing is left."""
    body, _, after = body.partition("\n")
    # What comes after it is the daemon's.
    said = programs.fails(f"{body}\n{after}\n" + "os._exit(0)" * ("early" in text))
    assert said["kind"] == "StartupError"
    assert said["step"] == step
    assert text in said["text"]
    nothing_left()


def test_the_exception_comes_with_its_traceback(programs, nothing_left):
    """B-47, B-49: also one that nothing could be made of; the type, the text, where it was."""
    said = programs.fails("""
        class Odd(Exception):
            def __init__(self, one, two):
                super().__init__(one, lambda: two)
            def __str__(self):
                raise RuntimeError("no text")
        daemonize(stderr="x.log")
        def deep():
            raise Odd(1, 2)
        deep()
    """)
    assert said["kind"] == "StartupError"
    nothing_left()


def test_the_last_lines_are_told(programs, nothing_left):
    """The kind: a program that says why it fails, into its log alone."""
    said = programs.fails("""
        daemonize(stderr="x.log")
        print("cannot find the frobnicator", file=sys.stderr)
        sys.exit(4)
    """)
    assert said["lines"] == ["cannot find the frobnicator"]
    assert os.waitstatus_to_exitcode(said["status"]) == 4
    nothing_left()


def test_a_start_that_takes_too_long_leaves_nothing(programs, nothing_left):
    """B-45: Timeout, and the daemon is ended, TERM ignored or not, with what it started."""
    said = programs.fails("""
        import signal, subprocess
        daemonize(timeout=0.5)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.Popen(["sleep", "1000"])
        stay()
    """)
    assert said["kind"] == "Timeout"
    assert said["seconds"] == 0.5
    assert "ready()" in said["text"]
    nothing_left()


def test_a_second_one_is_refused(programs):
    """B-06, B-52: AlreadyRunning in the caller, with the pid of the first."""
    programs("here = daemonize('x.pid')\nhere.ready()\nstay()")
    said = programs.fails("here = daemonize('x.pid')")
    assert said["kind"] == "AlreadyRunning"
    assert [said["pid"]] == programs.left()


def test_a_lock_that_is_held_already_goes_to_the_daemon(programs, place):
    """And comes back where the start fails."""
    said = programs("""
        held = PidFile("x.pid").acquire()
        try:
            daemonize(held, directory="/nowhere")
        except StartupError:
            say(held=held.held, pid=int(open("x.pid").read()) == os.getpid())
        here = daemonize(held, exit=False)
        if not here.in_daemon:
            say(held=held.held, pid=here.pid, holder=PidFile("x.pid").read_pid())
            sys.exit()
        here.ready()
        stay()
    """)
    assert said[0] == {"held": True, "pid": True}
    assert said[1]["held"] is False
    assert said[1]["pid"] == said[1]["holder"] == int((place / "x.pid").read_text())


def test_the_pid_file_goes_when_the_daemon_ends(programs, place, nothing_left):
    """MD-10: at its end, also by an exception."""
    programs("here = daemonize('x.pid')\nhere.ready()\nraise SystemExit(0)")
    nothing_left()
    assert not (place / "x.pid").exists()


@pytest.mark.parametrize("way", ["call", "notify", "fd:7", "log"])
def test_one_that_ends_when_it_was_ready(programs, nothing_left, way):
    """The kind: an outcome that depends on who is faster. It was ready, whoever looks when."""
    body = """
        import signal
        from pydaemontools.adapters import notify
        caller = os.getpid()
        here = daemonize(exit=False, ready=WAY, look_for="now", stdout="out.log")
        if here.in_daemon:
            # The caller looks when all is over, and its child has told it.
            between = os.getppid()
            os.kill(caller, signal.SIGSTOP)
            {"call": ready, "notify": notify.ready, "fd:7": lambda: os.write(7, b"\\n"),
             "log": lambda: print("now", flush=True)}[WAY]()
            if os.fork():
                os._exit(CODE)
            while b") Z " not in open(f"/proc/{between}/stat", "rb").read():
                time.sleep(0.01)
            os.kill(caller, signal.SIGCONT)
            os._exit(0)
        say(pid=here.pid)
    """.replace("WAY", repr(way))
    assert "pid" in programs(body.replace("CODE", "0"))[0]
    said = programs.fails(body.replace("CODE", "3"))
    assert "exit code 3 before it was ready" in said["text"]
    nothing_left()


def test_ready_by_sd_notify(programs):
    """The kind: a program that says it to whoever asks, by adapters.notify."""
    programs("""
        from pydaemontools.adapters import notify
        daemonize("x.pid")
        time.sleep(0.1)
        notify.ready()
        stay()
    """)
    assert len(programs.left()) == 1


READY = {
    "notify": "notify.ready()",
    "fd:7": "os.write(7, b'\\n')",
    "unix:s": "s = socket.socket(socket.AF_UNIX); s.bind(path + '/s'); s.listen()",
    "tcp:PORT": "s = socket.socket(); s.bind(('127.0.0.1', PORT)); s.listen()",
    "log": "print('rea', end='', flush=True); time.sleep(0.1); print('dy now', flush=True)",
    None: "",
}


@pytest.mark.parametrize("way", READY)
def test_ready_in_other_ways(programs, place, way):
    """SV-8: sd_notify, s6's fd, a port, a line in the log that comes in pieces; or at once."""
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = str(other.getsockname()[1])
    ready = way and way.replace("PORT", port)
    programs(f"""
        import socket
        from pydaemontools.adapters import notify
        path = os.getcwd()
        daemonize("x.pid", ready={ready!r}, stdout="out.log", look_for="ready now")
        time.sleep(0.1)
        open(path + "/go", "w").close()
        {READY[way].replace("PORT", port)}
        stay()
    """)
    assert (place / "go").exists() or way is None
    assert len(programs.left()) == 1


def test_under_a_supervisor_it_does_not_detach(programs, place):
    """The kind: a program that is kept running already; told so by a variable with its pid."""
    words = ["sh", "-c", 'SYSTEMD_EXEC_PID=$$ exec "$@"', "sh"]
    body = "here = daemonize('x.pid', environment={'A': 'b'})\nhere.ready()\n"
    body += "say(detached=here.detached, same=os.getpgrp() == os.getpid() == here.pid,"
    body += " held=here.pid_file.held, a=os.environ['A'])"
    said = programs(body, before=words)
    assert said == [{"detached": False, "same": True, "held": True, "a": "b"}]
    assert not (place / "x.pid").exists()


def test_what_is_inherited_proves_no_supervisor(programs, noted):
    """B-55: NOTIFY_SOCKET, or the pid of a process above, in an environment; and it stays there."""
    env = {"NOTIFY_SOCKET": "/run/x", "SYSTEMD_EXEC_PID": "1", "PYDAEMONTOOLS_SUPERVISOR": "1"}
    body = "say(x=supervised())\nhere = daemonize()\nhere.ready()\nnote()\nstay()"
    said = programs(STATE + body, env=env)
    assert said == [{"x": False}]
    # B-55: and the daemon does not have them.
    assert noted()["env"].keys() & env.keys() == set()


def test_what_logs_goes_on(programs, place):
    """The kind: a log, or /dev/urandom, opened before: closed, its number is the next file's."""
    programs("""
        import logging, socket
        logging.basicConfig(filename="app.log", level="INFO")
        from multiprocessing import Pipe
        from selectors import DefaultSelector
        class Odd:
            def fileno(self):
                raise RuntimeError("not now")
        odd = Odd()
        owned, also = open("owned", "w"), [socket.socket(), *Pipe(), DefaultSelector()]
        random = os.open("/dev/urandom", os.O_RDONLY)
        here = daemonize("x.pid", directory=None)
        logging.info("in the daemon")
        assert len(os.read(random, 8)) == 8
        owned.write("nowhere")
        owned.close()
        laters = [open("later", "a") for _ in range(9)]
        del also
        logging.info("still")
        for later in laters:
            later.write("mine")
            later.close()
        here.ready()
        stay()
    """)
    lines = (place / "app.log").read_text().splitlines()
    assert lines == ["INFO:root:in the daemon", "INFO:root:still"]
    assert (place / "later").read_text() == "mine" * 9
    assert (place / "owned").read_text() == ""
    assert (place / "x.pid").read_text() == f"{programs.left()[0]}\n"


def test_a_daemon_may_start_daemons(programs):
    """B-55: nothing that it is started with keeps what it starts from detaching."""
    programs("""
        here = daemonize("x.pid", directory=None)
        other = daemonize("y.pid", directory=None, exit=False)
        if other.in_daemon:
            other.ready()
            stay()
        here.ready()
        stay()
    """)
    assert len(programs.left()) == 2


def test_signals_are_the_programs_own(programs, place):
    """DN-7: its handlers, set before or afterwards, are called in the daemon."""
    programs("""
        import signal
        heard = []
        signal.signal(signal.SIGHUP, lambda *_: heard.append("HUP"))
        here = daemonize("x.pid", directory=None)
        signal.signal(signal.SIGTERM, lambda *_: heard.append("TERM"))
        here.ready()
        while heard != ["HUP", "TERM"]:
            time.sleep(0.01)
            open("heard", "w").write(" ".join(heard))
    """)
    pid = int((place / "x.pid").read_text())
    os.kill(pid, 1)
    wait_until(lambda: (place / "heard").read_text() == "HUP")
    os.kill(pid, 15)
    wait_until(lambda: not programs.left())


def test_under_pysupervise(programs, start, scripts):
    """The same program unchanged: pysupervise sees it up, and ready."""
    programs.write("here = daemonize('x.pid')\nsay(detached=here.detached)\nhere.ready()\nstay()")
    kept = start(scripts / "pysupervise", sys.executable, "app.py", env=programs.env)
    assert kept.stdout.readline() == b'{"detached": false}\n'
    kept.terminate()
    kept.wait()


def test_threads_are_warned_of():
    """The kind: a fork copies one thread. Their names are told."""
    import threading

    done = threading.Event()
    thread = threading.Thread(target=done.wait, name="the-worker")
    thread.start()
    try:
        from pydaemontools.daemon.safe_fork import check

        with pytest.warns(RuntimeWarning, match="the-worker will not run in the daemon"):
            check(1)
    finally:
        done.set()
        thread.join()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(1)


def test_an_open_event_loop_is_refused():
    """The kind: a loop in two processes. With a sentence, in it and beside it."""
    import asyncio

    from pydaemontools.daemon import Error

    loop = asyncio.new_event_loop()
    try:
        with pytest.raises(Error, match="asyncio loop that is open"):
            daemonize()

        async def inside():
            daemonize()

        with pytest.raises(Error, match="asyncio loop that is open"):
            loop.run_until_complete(inside())
    finally:
        loop.close()


@pytest.mark.needs_root
def test_user_after_lock_and_log(programs, place):
    """B-09, B-53: the lock and the log are root's, the daemon is nobody, group and all."""
    place.chmod(0o755)
    programs(
        STATE
        + """
here = daemonize("x.pid", stderr="x.log", user="nobody")
os.write(2, b"%d %d %s\\n" % (os.getuid(), os.getgid(), str(os.getgroups()).encode()))
here.ready()
stay()
"""
    )
    import grp
    import pwd

    entry = pwd.getpwnam("nobody")
    groups = sorted(os.getgrouplist("nobody", entry.pw_gid))
    wanted = f"{entry.pw_uid} {entry.pw_gid} {groups}\n"
    assert (place / "x.log").read_text() == wanted
    assert (place / "x.log").stat().st_uid == 0
    assert grp.getgrgid(entry.pw_gid)


def test_who_is_no_root_is_told_so(programs, ordinary, place):
    """B-53: what is refused is an error, and says of what."""
    place.chmod(0o777)
    said = programs.fails("daemonize(user='root')", before=ordinary)
    assert said["step"] == "user"
    assert "permission denied" in said["text"]
    assert programs.fails("daemonize(user='nonesuch')")["text"] == "unknown account nonesuch"


def test_streams_that_were_closed(programs, place):
    """B-50's kind: whichever of 0-2 is closed, nothing of ours is there, and none stays closed."""
    for closed in "<&-", ">&-", "2>&-", "<&- >&- 2>&-":
        (place / "state").unlink(missing_ok=True)
        body = STATE + "here = daemonize(stderr='x.log')\nhere.ready()\nnote()\n"
        body += "print('x', flush=True)"
        programs(
            body + "\nprint('y', file=sys.stderr, flush=True)\nstay()",
            before=["sh", "-c", f'exec "$@" {closed}', "sh"],
        )
        import json

        seen = wait_until(lambda: json.loads((place / "state").read_text()))
        assert [seen["fds"][fd] for fd in "012"] == ["/dev/null"] * 2 + [str(place / "x.log")]
        wait_until(lambda: (place / "x.log").read_text() == "y\n")
        (place / "x.log").unlink()
        programs.end()


def test_a_logger_has_what_it_prints(programs, place, scripts):
    """Stdout and stderr go through a pipe to a program of its own, which ends with the daemon."""
    programs(f"""
        here = daemonize("x.pid", log_command=["{scripts}/pymultilog", "./log"])
        print("one", flush=True)
        os.write(2, b"two\\n")
        here.ready()
    """)
    wait_until(lambda: not programs.left())
    assert (place / "log/current").read_text() == "one\ntwo\n"


def test_start_close_io_and_lock_alone(programs, noted, place):
    """DN-1, DN-2, DN-3, DN-5, B-50: as daemon.node's users have them, and changed afterwards."""
    programs(
        STATE
        + """
path = os.getcwd()
pid = start()
assert pid == os.getpid()
held = lock(path + "/x.lock")
os.umask(0o27)
os.chdir(path)
before = os.readlink("/proc/self/fd/1")
close_io(stderr=path + "/err.log")
note()
print("nobody reads it")
sys.stderr.write(before)
sys.stderr.flush()
stay()
"""
    )
    seen = noted()
    assert (seen["umask"], seen["cwd"]) == (0o27, str(place))
    assert [seen["fds"][fd] for fd in "012"] == ["/dev/null"] * 2 + [str(place / "err.log")]
    wait_until(lambda: (place / "err.log").read_text().startswith("pipe:"))
    said = programs.fails("lock('x.lock')")
    assert (said["kind"], said["pid"]) == ("AlreadyRunning", seen["pid"])


def test_import_is_lazy():
    """The kind: an import that costs what is not used."""
    text = "import sys, pydaemontools.daemon as d\n"
    text += "print([m for m in sys.modules if 'daemontools' in m])"
    said = subprocess.run([sys.executable, "-c", text], check=True, stdout=subprocess.PIPE)
    assert said.stdout == b"['pydaemontools', 'pydaemontools.daemon']\n"


@pytest.mark.parametrize("option", ["timeout='10'", "timeout=float('nan')", "umask=1.5"])
def test_a_number_that_is_none(programs, nothing_left, place, option):
    """The kind: every number is looked at before the fork."""
    said = programs.fails(f"daemonize('x.pid', {option}, exit=False)")
    assert said["kind"] == "OptionError"
    assert not (place / "x.pid").exists()
    nothing_left()
