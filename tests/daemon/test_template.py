"""The templates: each promise of the daemon they come from, and none of its defects."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, socket
from urllib.request import urlopen

import pytest

import pydaemontools
from tests.conftest import wait_until

pytestmark = pytest.mark.process
TEMPLATES = Path(pydaemontools.__file__).parent / "data/templates"
STARTED = "WARNING - Starting process with id {}. Log level is {}."


class Template:
    """A template as a program in a directory of its own."""

    def __init__(self, place, programs, name):
        self.place = place
        self.name = name
        self.file = place / f"{name}.py"
        self.file.write_text((TEMPLATES / f"{name}.py").read_text())
        self._programs = programs
        self._started = []

    def change(self, old, new):
        """Have NEW in the place of OLD, as whoever starts from it does."""
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))

    def run(self, *options, **more):
        """Run it to its end, or until it has detached itself."""
        words = [sys.executable, str(self.file), *options]
        usual = {"cwd": self.place, "env": self.env, "capture_output": True, "text": True}
        usual |= {"timeout": 30, "stdin": subprocess.DEVNULL}
        return subprocess.run(words, check=False, **usual | more)

    def start(self, *options):
        """Start it in the foreground."""
        process = subprocess.Popen(
            [sys.executable, str(self.file), *options],
            cwd=self.place,
            env=self.env,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    @property
    def env(self):
        """Its environment."""
        return {"PATH": os.environ["PATH"], **self._programs.env}

    def daemon(self, *options):
        """Start it as a daemon with its files here; give the result."""
        files = f"--logfile={self.place}/my.log", f"--pidfile={self.place}/my.pid"
        return self.run("--daemon", *files, *options)

    @property
    def pid(self):
        """The pid in its pid file."""
        return int((self.place / "my.pid").read_text())

    @property
    def log(self):
        """What is in its log, without the times."""
        text = (self.place / "my.log").read_text()
        return [line.partition(" - ")[2] for line in text.splitlines()]

    def stop(self, signum=signal.SIGTERM):
        """Stop the daemon, and wait for its end."""
        pid = self.pid
        os.kill(pid, signum)
        wait_until(lambda: not (self.place / "my.pid").exists())
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"))

    def end(self):
        """Kill what is left."""
        self._programs.end()
        for process in self._started:
            process.kill()
            process.communicate()


@pytest.fixture
def template(place, programs):
    """Make a Template of a name."""
    made = []

    def make(name="mydaemon"):
        made.append(Template(place, programs, name))
        return made[-1]

    yield make
    for one in made:
        one.end()


def said(process, count):
    """The next COUNT lines that PROCESS writes to stderr."""
    return [process.stderr.readline().rstrip("\n") for _ in range(count)]


def free_port():
    """A port that nobody has."""
    with socket(AF_INET, SOCK_STREAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def fetch(port, path):
    """The page PATH at PORT."""
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as page:
        return page.read().decode()


def test_it_is_one_file_to_start_from():
    """MD-1: in under 150 lines, that compile, and that name nothing of ours that is not public."""
    text = (TEMPLATES / "mydaemon.py").read_text()
    assert len(text.splitlines()) < 150
    compile(text, "mydaemon.py", "exec")
    ours = re.findall(r"pydaemontools\S*", text)
    assert set(ours) == {"pydaemontools.adapters", "pydaemontools.daemon"}


@pytest.mark.parametrize("where", [None, "work"])
def test_the_working_directory(template, place, where):
    """MD-2: / without --workdir; relative files count from it, or from where one is."""
    daemon = template()
    (place / "work").mkdir()
    options = ["--workdir", f"{place}/work"] if where else []
    result = daemon.run("--daemon", "--logfile=my.log", "--pidfile=my.pid", *options)
    assert (result.returncode, result.stderr) == (0, "")
    daemon.place = place / (where or "")
    assert os.readlink(f"/proc/{daemon.pid}/cwd") == (f"{place}/work" if where else "/")
    wait_until(lambda: daemon.log[-1].startswith("WARNING - Uptime"))
    daemon.stop()


@pytest.mark.parametrize(
    ("options", "umask"), [([], "0022"), (["--umask=027"], "0027"), (["-u", "0"], "0000")]
)
def test_the_umask_is_octal(template, options, umask):
    """MD-3, B-02, B-03: --umask=022 is 0o22, and 0 is one too; 0022 without it."""
    daemon = template()
    assert daemon.daemon(*options).returncode == 0
    status = Path(f"/proc/{daemon.pid}/status").read_text()
    assert f"Umask:\t{umask}\n" in status
    daemon.stop()


@pytest.mark.parametrize("umask", ["8", "09", "x", "-1x"])
def test_a_umask_that_is_none_is_refused(template, umask):
    """B-02: and nothing is done."""
    daemon = template()
    result = daemon.daemon("--umask", umask)
    assert result.returncode == 2
    assert "--umask" in result.stderr
    assert not (daemon.place / "my.log").exists()


def test_all_fds_are_closed_however_many_there_may_be(template):
    """MD-4, B-07: those that are open, and not as many as the limit says, one by one."""
    import resource

    daemon = template()
    reader, writer = os.pipe()
    pipe = os.readlink(f"/proc/self/fd/{reader}")
    high = os.dup2(writer, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 2)
    try:
        result = daemon.run(
            *("--daemon", f"--logfile={daemon.place}/my.log", f"--pidfile={daemon.place}/my.pid"),
            pass_fds=[writer, high],
        )
    finally:
        for fd in (reader, writer, high):
            os.close(fd)
    assert result.returncode == 0
    open_ones = [os.readlink(f"/proc/{daemon.pid}/fd/{fd}") for fd in fds(daemon.pid)]
    assert pipe not in open_ones
    daemon.stop()


def fds(pid):
    """The fds of the process PID."""
    return sorted(map(int, os.listdir(f"/proc/{pid}/fd")))


def test_it_leads_no_session_and_has_no_terminal(template):
    """MD-5: setsid, and a second fork, so that no terminal can become its own."""
    daemon = template()
    assert daemon.daemon().returncode == 0
    assert os.getsid(daemon.pid) not in (os.getsid(0), daemon.pid)
    daemon.stop()


def test_its_streams_are_the_null_device(template):
    """MD-6: none of them is closed."""
    daemon = template()
    assert daemon.daemon().returncode == 0
    streams = {os.readlink(f"/proc/{daemon.pid}/fd/{fd}") for fd in range(3)}
    assert streams == {"/dev/null"}
    daemon.stop()


def test_in_the_foreground_it_logs_to_the_console(template):
    """MD-7, MD-17: `python mydaemon.py --debug`."""
    daemon = template().start("--debug")
    lines = said(daemon, 4)
    assert lines[0] == f"warning: Starting process with id {daemon.pid}. Log level is DEBUG."
    assert lines[1] == "warning: Process name is 'mydaemon'."
    assert lines[2].startswith(f"debug: Process id: {daemon.pid}, parent process id: {os.getpid()}")
    assert lines[3] == "warning: Uptime: 0 seconds"
    daemon.terminate()
    assert daemon.wait(30) == 0


def test_as_a_daemon_it_logs_to_its_file(template):
    """MD-8, MD-17, MD-21: `--verbose --daemon --logfile --pidfile`; time, level, message."""
    daemon = template()
    result = daemon.daemon("--verbose")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    wait_until(lambda: len(daemon.log) >= 3)
    text = (daemon.place / "my.log").read_text()
    for line in text.splitlines():
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - WARNING - ", line)
    assert daemon.log[0] == STARTED.format(daemon.pid, "INFO")
    daemon.stop()


@pytest.mark.parametrize("append", [False, True])
def test_a_new_log_or_one_that_is_added_to(template, append):
    """MD-9: --logappend; without it the file is emptied."""
    daemon = template()
    (daemon.place / "my.log").write_text("old - line\n")
    assert daemon.daemon(*["--logappend"] * append).returncode == 0
    wait_until(lambda: daemon.log[-1].startswith("WARNING - Uptime"))
    assert (daemon.log[0] == "line") is append
    daemon.stop()


def test_the_pid_file_goes_at_the_end(template):
    """MD-10: it holds the pid of the daemon."""
    daemon = template()
    assert daemon.daemon().returncode == 0
    assert daemon.log[0] == STARTED.format(daemon.pid, "WARNING")
    daemon.stop()
    assert not (daemon.place / "my.pid").exists()


@pytest.mark.parametrize(("signum", "name"), [(signal.SIGINT, "INT"), (signal.SIGTERM, "TERM")])
def test_int_and_term_end_it(template, signum, name):
    """MD-11, MD-12, B-08: in words that are spelt right; exit code 0, at once."""
    daemon = template()
    assert daemon.daemon().returncode == 0
    daemon.stop(signum)
    assert daemon.log[-1] == f"WARNING - {name} signal received. Exiting."
    there = daemon.start()
    said(there, 3)
    there.send_signal(signum)
    assert there.wait(30) == 0


def test_hup_opens_the_log_anew(template):
    """MD-13, B-04: after it was moved away, and without that: nothing is lost or emptied."""
    daemon = template()
    daemon.change("INTERVAL = 2.0", "INTERVAL = 0.02")
    assert daemon.daemon().returncode == 0
    hup = "WARNING - HUP signal received. Closing and reopening the log file descriptor."
    os.kill(daemon.pid, signal.SIGHUP)
    wait_until(lambda: daemon.log.count(hup) == 1)
    count = len(daemon.log)
    wait_until(lambda: len(daemon.log) > count + 2)
    assert daemon.log[0] == STARTED.format(daemon.pid, "WARNING")
    old = daemon.place / "my.log.1"
    (daemon.place / "my.log").rename(old)
    os.kill(daemon.pid, signal.SIGHUP)
    wait_until(lambda: len(daemon.log) > 2)
    # What is logged at that moment may be in both.
    assert old.read_text().count(hup) == 2
    paths = [os.readlink(f"/proc/{daemon.pid}/fd/{fd}") for fd in fds(daemon.pid)]
    assert str(old) not in paths
    daemon.stop()


@pytest.mark.parametrize(
    ("options", "level", "debugs"),
    [([], "WARNING", 0), (["-v"], "INFO", 0), (["-D"], "DEBUG", 1), (["-v", "-D"], "DEBUG", 1)],
)
def test_verbose_and_debug(template, options, level, debugs):
    """MD-14, MD-20: the level, and the ids of the process in debug mode."""
    daemon = template()
    assert daemon.daemon(*options).returncode == 0
    wait_until(lambda: daemon.log[-1].startswith("WARNING - Uptime"))
    pid, session = daemon.pid, os.getsid(daemon.pid)
    assert daemon.log[0] == STARTED.format(pid, level)
    assert daemon.log[1] == "WARNING - Process name is 'mydaemon'."
    ids = [line for line in daemon.log if line.startswith("DEBUG - Process id")]
    assert len(ids) == debugs
    if ids:
        user = f"user id: {os.getuid()}, effective user id: {os.geteuid()}"
        group = f"real group id: {os.getgid()}, effective group id: {os.getegid()}"
        mine = f"process group id: {os.getpgid(pid)}, session id: {session}, {user}, {group}"
        assert ids[0].startswith(f"DEBUG - Process id: {pid}, parent process id: ")
        assert ids[0].endswith(mine)
    daemon.stop()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--logappend"], "--logappend requires --logfile"),
        (["--pidfile=my.pid"], "--pidfile requires --daemon"),
        (["--daemon"], "--daemon requires --logfile"),
    ],
)
def test_options_that_do_not_go_together(template, options, text):
    """MD-15, B-08: on stderr, exit code 1, and before anything is done."""
    daemon = template()
    before = sorted(os.listdir(daemon.place))
    result = daemon.run(*options)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", f"Error: {text}\n")
    assert sorted(os.listdir(daemon.place)) == before


def test_the_uptime_comes_every_two_seconds(template):
    """MD-16: where everybody sees it, and not more often."""
    daemon = template()
    daemon.change("INTERVAL = 2.0", "INTERVAL = 0.5")
    process = daemon.start()
    lines = said(process, 5)[2:]
    assert [line.startswith("warning: Uptime: ") for line in lines] == [True] * 3
    assert "INTERVAL = 2.0" in (TEMPLATES / "mydaemon.py").read_text()


def test_idle_it_takes_no_processor(template):
    """B-01: the main thread waits in poll, and the other one for its time: neither runs."""
    daemon = template()
    daemon.change("INTERVAL = 2.0", "INTERVAL = 3600.0")
    process = daemon.start()
    said(process, 3)
    threads = f"/proc/{process.pid}/task"

    def idle():
        stats = [Path(threads, one, "stat").read_text() for one in os.listdir(threads)]
        return [stat.rpartition(")")[2].split()[0] for stat in stats] == ["S", "S"]

    wait_until(idle)
    switches = [status(process.pid), status(process.pid)]
    # In between it would have come round thousands of times.
    assert switches[0] == switches[1]


def status(pid):
    """How often the threads of PID gave up the processor."""
    counts = []
    for thread in sorted(os.listdir(f"/proc/{pid}/task")):
        text = Path(f"/proc/{pid}/task/{thread}/status").read_text()
        counts += re.findall(r"ctxt_switches:\s+(\d+)", text)
    return counts


@pytest.mark.parametrize("options", [["--port={}"], ["-a", "127.0.0.1", "-p", "{}"]])
def test_it_binds_an_address_and_a_port_if_asked(template, options):
    """MD-18: a health page, and the uptime; as a daemon it answers from the moment it is ready."""
    daemon = template()
    port = free_port()
    assert daemon.daemon(*[word.format(port) for word in options]).returncode == 0
    assert fetch(port, "/health") == "ok\n"
    assert re.fullmatch(r"Uptime: \d+ seconds\n", fetch(port, "/"))
    daemon.stop()


def test_a_port_that_is_taken_is_said_at_once(template):
    """B-05: and nothing is started."""
    daemon = template()
    with socket(AF_INET, SOCK_STREAM) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        result = daemon.daemon(f"--port={other.getsockname()[1]}")
    assert result.returncode == 1
    assert result.stderr == "mydaemon: [Errno 98] Address already in use\n"
    assert not (daemon.place / "my.pid").exists()


def test_its_name_is_shown(template):
    """MD-19, B-08: by the kernel, without ctypes and whatever the C library."""
    daemon = template()
    assert daemon.daemon().returncode == 0
    assert Path(f"/proc/{daemon.pid}/comm").read_text() == "mydaemon\n"
    assert "ctypes" not in daemon.file.read_text()
    daemon.stop()


def test_who_starts_it_learns_that_it_did_not(template):
    """B-05: a log that cannot be opened is an error, told on stderr, and exit code 1."""
    daemon = template()
    (daemon.place / "taken").mkdir()
    result = daemon.run("--daemon", f"--logfile={daemon.place}/taken")
    assert result.returncode == 1
    assert result.stderr.startswith("mydaemon: unable to start mydaemon: ")
    assert "Is a directory" in result.stderr
    result = daemon.run("--daemon", "--logfile=nonesuch/my.log")
    assert result.returncode == 1
    assert result.stderr == f"Error: there is no directory for {daemon.place}/nonesuch/my.log\n"


def test_two_cannot_run(template):
    """B-06: the second says who runs, and harms neither its pid file nor its log."""
    daemon = template()
    assert daemon.daemon().returncode == 0
    first = daemon.pid
    second = daemon.daemon()
    assert second.returncode == 1
    assert f"held by process {first}" in second.stderr
    assert daemon.pid == first
    assert daemon.log[0] == STARTED.format(first, "WARNING")
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not os.path.exists(f"/proc/{first}"))
    # What was killed left its file, and that is in nobody's way.
    assert daemon.daemon().returncode == 0
    assert daemon.pid != first
    daemon.stop()


def test_version_and_help(template):
    """B-08: there are some, and each option has its line."""
    daemon = template()
    assert daemon.run("--version").stdout == "mydaemon 1.0\n"
    shown = daemon.run("--help").stdout
    for option in "dfvDlAPwuUaph":
        assert re.search(rf"-{option}\b", shown), option


@pytest.mark.needs_root
def test_it_becomes_another_user_before_the_log_is_opened(template, place):
    """B-09: the log is its own, so that HUP can open it anew; port and pid file are there."""
    import pwd

    nobody = pwd.getpwnam("nobody").pw_uid
    daemon = template()
    place.chmod(0o777)
    assert daemon.daemon("--user=nobody").returncode == 0
    assert os.stat(f"/proc/{daemon.pid}").st_uid == nobody
    assert (place / "my.log").stat().st_uid == nobody
    assert (place / "my.pid").stat().st_uid == 0
    pid = daemon.pid
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"))


def test_foreground_wins(template):
    """Below a supervisor the same options can stay: --foreground detaches from nothing."""
    daemon = template()
    files = f"--logfile={daemon.place}/my.log", f"--pidfile={daemon.place}/my.pid"
    process = daemon.start("--daemon", "--foreground", *files)
    wait_until(lambda: daemon.log[-1].startswith("WARNING - Uptime"))
    assert daemon.pid == process.pid
    process.terminate()
    assert process.wait(30) == 0


def test_the_daemon_of_coroutines(template):
    """It answers, is told things, and detaches itself; two cannot run."""
    daemon = template("asyncdaemon")
    port = str(free_port())
    assert daemon.run("-v", "-p", port, "--daemon", "my.pid", "my.log").returncode == 0
    with socket(AF_INET, SOCK_STREAM) as client:
        client.settimeout(30)
        client.connect(("127.0.0.1", int(port)))
        client.sendall(b"hello\n")
        assert client.recv(100) == b"hello\n"
        os.kill(daemon.pid, signal.SIGHUP)
        wait_until(lambda: "HUP: 1 connections" in (daemon.place / "my.log").read_text())
    assert daemon.run("-p", port, "--daemon", "my.pid", "my.log").returncode == 1
    other = daemon.run("-p", port, "--daemon", "other.pid", "other.log")
    assert other.returncode == 1
    assert "address already in use" in other.stderr
    daemon.stop()


def test_the_daemon_of_coroutines_ends_with_connections_open(template):
    """Kind: a client that stays, and an end that is never, or noisy."""
    daemon = template("asyncdaemon")
    daemon.change("GRACE = 5.0", "GRACE = 0.1")
    port = free_port()
    process = daemon.start("-v", "-p", str(port))
    said(process, 1)
    with socket(AF_INET, SOCK_STREAM) as client:
        client.settimeout(30)
        client.connect(("127.0.0.1", port))
        client.sendall(b"hello\n")
        assert client.recv(100) == b"hello\n"
        process.terminate()
        assert process.wait(30) == 0
    assert process.stderr.read() == "info: a connection was still open at the end\n"


def test_the_server_that_says_hello(template):
    """DN-8, DN-7, DN-4: start and stop, a lock file, HUP and TERM; anything else is usage."""
    daemon = template("hellohttpd")
    port = free_port()
    more = {"env": daemon.env | {"PORT": str(port), "LOCK": f"{daemon.place}/my.pid"}}
    assert daemon.run("start", **more).returncode == 0
    assert fetch(port, "/") == "<h1>Hello, World!</h1>\n"
    again = daemon.run("start", **more)
    assert again.returncode == 1
    assert f"held by process {daemon.pid}" in again.stderr
    os.kill(daemon.pid, signal.SIGHUP)
    wait_until(lambda: "HUP: begins anew" in (daemon.place / "my.pid.log").read_text())
    pid = daemon.pid
    assert daemon.run("stop", **more).returncode == 0
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"))
    assert daemon.run("stop", **more).stderr == "hellohttpd is not running\n"
    wrong = daemon.run("go", **more)
    assert (wrong.returncode, wrong.stderr) == (1, "Usage: [start|stop]\n")
    assert daemon.run("start", **more).returncode == 0
    daemon.stop()


@pytest.mark.parametrize("which", ["mydaemon", "asyncdaemon", "hellohttpd"])
def test_a_service_made_of_a_template_runs(run, start, place, programs, which):
    """`pysv new --template`: the same program, unchanged, and the supervisor knows it is ready."""
    port = free_port()
    options = [] if which == "hellohttpd" else ["--", "-v", "-p", str(port)]
    assert run("pysv", "new", "--template", which, "./web", *options).stdout == b"./web\n"
    assert b"web.py" in (place / "web/run").read_bytes()
    assert which not in (place / "web/web.py").read_text()
    assert run("pysv", "check-config", "./web").returncode == 0
    more = {"PORT": str(port), "LOCK": str(place / "lock")}
    supervisor = start("pysupervise", "web", env=programs.env | more)
    wait_until(lambda: run("pysvwait", "-t", "9000", "-U", "./web").returncode == 0)
    with socket(AF_INET, SOCK_STREAM) as client:
        client.connect(("127.0.0.1", port))
    supervisor.terminate()
    assert supervisor.wait(30) == 0
    programs.end()
