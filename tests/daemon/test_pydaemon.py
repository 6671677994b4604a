"""pydaemon: an init script in one line, with LSB's exit codes."""

import os
import sys
from fcntl import LOCK_SH, flock
from subprocess import PIPE
from unittest.mock import ANY

import pytest

from pydaemontools.daemon import Daemon
from tests.conftest import wait_until

USAGE = b"pydaemon: usage: pydaemon name {start | stop | restart | reload | status}"


@pytest.fixture
def pydaemon(run, programs, place):
    """Run pydaemon for the daemon `web`, whose pid file is in `place`; code, stdout, stderr."""

    def pydaemon(action, *words):
        argv = ["pydaemon", "web", action, "--pid-file", "web.pid", *words]
        result = run(*argv, env=programs.env)
        return result.returncode, result.stdout.decode(), result.stderr.decode()

    yield pydaemon
    pydaemon("stop", "--stop-timeout", "0")
    assert place.exists()


def test_from_start_to_stop(pydaemon, programs, place):
    """DN-8: each action twice, with LSB's codes; an init script gives all of it each time."""
    line = ["--log", "log", "--settle", "0.05", "--", "sleep", "1000"]
    assert pydaemon("status", *line) == (3, "web: down\n", "")
    code, out, err = pydaemon("start", *line)
    assert (code, err) == (0, "")
    pid = int((place / "web.pid").read_text())
    assert out == f"web: up (pid {pid}) 0 seconds\n"
    code, out, err = pydaemon("start", *line)
    assert (code, out.startswith(f"web: already up (pid {pid})"), err) == (0, True, "")
    assert pydaemon("status", *line)[0] == 0
    code, out, err = pydaemon("restart", *line)
    assert (code, err) == (0, "")
    assert int((place / "web.pid").read_text()) != pid
    assert pydaemon("stop", *line) == (0, "web: down\n", "")
    assert pydaemon("stop", *line) == (0, "web: down\n", "")
    assert pydaemon("reload", *line)[0] == 7
    assert programs.left() == []


APP = "import sys; from pydaemontools.daemon import Daemon; sys.exit(Daemon.cli('x'))"


@pytest.mark.parametrize("argv", [["pydaemon", "x"], [sys.executable, "-c", APP]])
def test_a_stdout_that_is_full(run, programs, argv):
    """What was done was done, and the code is the answer; one line says that there is no other."""
    words = ["--pid-file=full.pid", "sleep", "1000"]
    for action, code in ("start", 0), ("status", 0), ("stop", 0), ("status", 3):
        with open("/dev/full", "wb") as full:
            files = {"capture_output": False, "stdout": full, "stderr": PIPE}
            result = run(*argv, action, *words, env=programs.env, **files)
        assert result.returncode == code
        assert result.stderr == b"pydaemon: warning: unable to write to stdout: out of disk space\n"


HOSTILE = "a\x1b]0;b\u202ec\nd"
SHOWN = "a?]0;b?c?d"


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["reload"],
        ["start", "--pid-file", f"{HOSTILE}/x", "true"],
        ["start", HOSTILE],
        ["start", "--user", HOSTILE, "true"],
        ["start", f"--{HOSTILE}", "true"],
        [HOSTILE],
    ],
)
def test_names_that_would_drive_a_terminal(run, programs, place, words):
    """Kind: what is shown of a name, a program, a path or an option; and it is one line still."""
    argv = words if "--pid-file" in words else [*words[:1], "--pid-file", "x.pid", *words[1:]]
    result = run("pydaemon", HOSTILE, *argv, env=programs.env)
    said = result.stdout.decode() + result.stderr.decode()
    assert SHOWN in said
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert all(line.startswith(("pydaemon: ", SHOWN)) for line in said.splitlines())
    assert place.exists()


def test_a_stale_pid_file(pydaemon, place):
    """LSB: 1 for one that is dead, whose pid file is there; a start does not mind it."""
    (place / "web.pid").write_text(f"{os.getpid()}\n")
    assert pydaemon("status") == (1, "web: down\n", "")
    assert pydaemon("start", "--settle", "0", "sleep", "1000")[0] == 0
    assert pydaemon("status")[0] == 0


LOSES = {
    "opens": "import time; open('PLACE/web.pid').close(); time.sleep(1000)",
    "closes all": "import os, time; os.closerange(3, 100); time.sleep(1000)",
    "removes": "import os, time; os.unlink('PLACE/web.pid'); time.sleep(1000)",
}


@pytest.mark.parametrize("way", LOSES)
def test_a_program_that_loses_its_lock(pydaemon, programs, place, way):
    """The kind: a start that is a success of what nobody will find; it is ended, with a hint."""
    words = [sys.executable, "-c", LOSES[way].replace("PLACE", str(place))]
    code, out, err = pydaemon("start", "--settle", "0.5", *words)
    assert (code, out) == (1, "")
    assert f"unable to start web: it has lost the lock of {place}/web.pid" in err
    assert f"pysetlock -h {place}/web.pid" in err
    assert programs.left() == []
    if way == "closes all":
        # What the hint says.
        keep = ["pysetlock", "-h", "web.pid"]
        code, out, err = pydaemon("start", "--directory", place, "--settle", "0.5", *keep, *words)
        assert (code, err, out[:13]) == (0, "", "web: up (pid ")


def test_a_log_that_is_the_pid_file(pydaemon, place):
    """It would lose the lock at once; refused before anything is done."""
    words = ["--log", "./web.pid", "sleep", "1000"]
    assert pydaemon("start", *words) == (
        2,
        "",
        f"pydaemon: fatal: the pid file is no log: {place}/web.pid\n",
    )


def test_a_lock_that_is_shared_is_no_daemon(pydaemon, place):
    """The kind: a success of which nothing runs; whoever keeps it out is named."""
    with open(place / "web.pid", "wb") as file:
        flock(file, LOCK_SH)
        code, out, err = pydaemon("start", "sleep", "1000")
    assert (code, out) == (1, "")
    assert f"web.pid: it is held by process {os.getpid()}: " in err


def test_a_stop_after_which_somebody_holds_the_file(pydaemon, programs, start):
    """The kind: a child in another session that got the lock from its parent."""
    line = "setsid sleep 1000 & exec sleep 2000"
    start("pysetlock", "-n", "web.pid", "sh", "-c", line, env=programs.env)
    wait_until(
        lambda: {b"sleep\0001000\0", b"sleep\0002000\0"} <= set(map(_command, programs.left()))
    )
    code, out, err = pydaemon("stop")
    assert (code, out) == (1, "")
    assert err.startswith("pydaemon: fatal: unable to stop all of web: ")
    assert ": sleep 1000" in err
    # It is the holder now, and can be ended as such.
    assert pydaemon("stop") == (0, "web: down\n", "")
    assert programs.left() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonesuch"], (5, "unable to start web: unable to run nonesuch: file does not", "PATH")),
        (["sleep 5"], (5, "unable to start web: unable to run sleep 5: file does not", "one word")),
        (
            ["./dead"],
            (4, "unable to start web: unable to run PLACE/dead: access denied", "chmod +x"),
        ),
        (["false"], (1, "unable to start web: it ended with exit code 1 before", "--log=FILE")),
        (["--user", "nonesuch", "true"], (2, "unknown account nonesuch", "")),
        (["--user", "nobody:", "true"], (2, "the user is ACCOUNT or ACCOUNT:GROUP, and not", "")),
        (["--umask", "9", "true"], (2, "the umask is an octal number, and not '9'", "")),
        (
            ["--directory", "/none", "true"],
            (1, "unable to start web: unable to chdir to /none", ""),
        ),
        (["--ready", "now", "true"], (2, "there is no way 'now' to be ready", "")),
        (["--ready", "tcp:x:y", "true"], (2, "tcp:x:y is no place to listen at", "")),
        (["--ready", "tcp:0", "true"], (2, "tcp:127.0.0.1:0 is no place to listen at", "")),
        (["--ready", "tcp:65536", "true"], (2, "tcp:127.0.0.1:65536 is no place", "")),
        (["--ready", "tcp:localhost:80", "true"], (2, "tcp:localhost:80 is no place", "")),
        (["--signal", "FOO", "true"], (2, "there is no signal 'FOO'", "")),
        (["--signal", "RTMIN+99", "true"], (2, "there is no signal 'RTMIN+99'", "")),
        (["--reload-signal", "99", "true"], (2, "there is no signal 99", "")),
    ],
)
def test_a_start_that_fails(pydaemon, place, words, said):
    """B-05: it says why, and what helps, with a code that a script knows; nothing is left."""
    code, error, hint = said
    (place / "dead").write_text("")
    found, out, err = pydaemon("start", "--settle", "1", *words)
    assert found == code
    assert out == ""
    assert err.startswith(f"pydaemon: fatal: {error.replace('PLACE', str(place))}")
    assert err.count("\n") == (2 if hint else 1)
    assert hint in err
    assert pydaemon("status")[0] == 3


@pytest.mark.parametrize(
    ("action", "words", "wanted"),
    [
        ("status", ["--pid-file", "p"], 4),
        ("start", ["--pid-file", "p", "sleep", "1"], 1),
        ("start", ["--pid-file", "/PLACE/p", "--log", "l", "sleep", "1"], 1),
        ("start", ["--pid-file", "/PLACE/p", "--directory", ".", "sleep", "1"], 1),
        ("restart", ["--pid-file", "/PLACE/p", "--chroot", ".", "sleep", "1"], 1),
        ("start", ["--pid-file", "/PLACE/p", "--ready", "unix:s", "sleep", "1"], 1),
        ("start", ["--pid-file", "/PLACE/p", "./y"], 1),
        ("status", ["--pid-file", "/PLACE/p"], 3),
    ],
)
def test_where_the_directory_is_gone(run, place, action, words, wanted):
    """The kind: a path from a directory that was removed: one line, no traceback."""
    words = [word.replace("/PLACE", str(place)) for word in words]
    result = run(
        "sh", "-c", 'mkdir g && cd g && rmdir ../g && exec pydaemon x "$@"', "-", action, *words
    )
    assert result.returncode == wanted
    if wanted != 3:
        # The shell that starts pydaemon may have said something too.
        *_, said = result.stderr.splitlines()
        assert said.startswith(b"pydaemon: fatal: unable to find the current directory, which ")
        assert b"Traceback" not in result.stderr


def test_a_start_where_the_directory_is_gone(run, programs, place):
    """What needs no path from there goes on, with imports and all."""
    line = "mkdir g && cd g && rmdir ../g && exec python3 -c 'PROGRAM'"
    body = 'import sys; from pydaemontools.daemon import Daemon; sys.path.append("lib"); '
    body += f'sys.exit(Daemon.cli("x", [sys.argv[1], "--pid-file={place}/p", "sleep", "1000"]))'
    for action in ("start", "stop"):
        words = ["sh", "-c", line.replace("'PROGRAM'", '"$@"'), "-", body, action]
        result = run(*words, path=f"{sys.prefix}/bin:/usr/bin:/bin", env=programs.env)
        assert (result.returncode, result.stderr) == (0, b"")


@pytest.mark.process
def test_a_pid_file_that_is_refused(place):
    """The kind: of an error whose cause has a cause; each action gives 4."""
    (place / "private").mkdir(mode=0)
    for action in ("start", "stop", "restart", "status"):
        child = os.fork()
        if not child:
            code = 99
            try:
                if not os.geteuid():
                    os.setgroups([])
                    os.setgid(65534)
                    os.setuid(65534)
                os.close(2)
                words = [action, "--pid-file", f"{place}/private/p", "sleep", "1"]
                code = Daemon.cli("x", words)
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 4
    (place / "private").chmod(0o700)


@pytest.mark.parametrize("more", [[], ["--ready", "fd:6"], ["--ready", "tcp:1"]])
@pytest.mark.parametrize("logger", ["false", "exec <&-; sleep 1000"])
def test_a_logger_that_is_dead_at_once(pydaemon, programs, logger, more):
    """The kind: a daemon whose every word kills it, by SIGPIPE; whether it has said one yet."""
    for line in "exec sleep 1000", "while echo x; do :; done; exec sleep 1000":
        words = ["--log-command", logger, "--settle", "5", *more, "sh", "-c", line]
        code, out, err = pydaemon("start", *words)
        assert (code, out) == (1, "")
        what, hint = err.splitlines()
        shown = logger if logger == "false" else f"/bin/sh -c '{logger}'"
        assert what.endswith(f"unable to start web: its logger {shown} ended before it was ready")
        assert f"`echo | {shown}`" in hint
        assert programs.left() == []


def test_a_logger_and_any_notification_fd(pydaemon, place):
    """None of what the start has open is at that number, or is closed by it."""
    for number in range(3, 16):
        line = f"echo {number}; echo >/proc/self/fd/{number}; exec sleep 1000"
        words = ["--log-command", "cat >>log", "--ready", f"fd:{number}", "sh", "-c", line]
        assert pydaemon("start", *words) == (0, ANY, "")
        assert pydaemon("stop")[0] == 0
    wait_until(lambda: (place / "log").read_text().split() == [*map(str, range(3, 16))])


def test_a_logger_ends_with_its_daemon(pydaemon, programs, place):
    """And not sooner, nor later: of a start that fails it has the last words, too."""
    (place / "log").write_text(
        "#!/bin/sh\nwhile read line; do echo $line; done >>kept\nexec sleep 0"
    )
    (place / "log").chmod(0o755)
    line = ["--log-command", "./log", "sh", "-c"]
    assert pydaemon("start", *line, "echo two; exit 3")[0] == 1
    wait_until(lambda: not programs.left())
    assert (place / "kept").read_text() == "two\n"
    for _ in range(2):
        assert pydaemon("start", *line, "echo one; exec sleep 1000")[0] == 0
        assert len(programs.left()) == 2
        assert pydaemon("stop")[0] == 0
        wait_until(lambda: not programs.left())
    assert (place / "kept").read_text() == "two\none\none\n"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--umask=9", "sleep"], 2),
        (["--ready=now", "sleep"], 2),
        (["--signal=FOO", "sleep"], 2),
        (["--user=nonesuch", "sleep"], 2),
        (["nonesuch"], 5),
        (["./dead"], 4),
        (["."], 4),
        (["./headless"], 5),
        (["--directory=/nonesuch", "sleep"], 1),
        (["--log=/nonesuch/log", "sleep"], 1),
        (["--log=.", "sleep"], 1),
        (["--chroot=/nonesuch", "sleep"], 1),
        (["--log-command=nonesuch", "sleep"], 1),
        (["--log-command=./dead", "sleep"], 4),
        pytest.param(["--chroot=.", "/bin/sleep"], 5, marks=pytest.mark.needs_root),
        pytest.param(["--user=nobody", "./mine"], 4, marks=pytest.mark.needs_root),
    ],
)
def test_a_restart_that_cannot_be(pydaemon, programs, place, words, wanted):
    """The kind: what the start would fail at; what runs goes on, and nothing else is left."""
    (place / "dead").write_text("")
    for name, mode in {"headless": 0o755, "mine": 0o700}.items():
        (place / name).write_text("#!/nonesuch\n")
        (place / name).chmod(mode)
    assert pydaemon("start", "--settle", "0", "sleep", "1000")[0] == 0
    before = programs.left()
    code, out, err = pydaemon("restart", *words, "1000")
    assert (code, out) == (wanted, "")
    assert err.startswith("pydaemon: fatal: ")
    assert wanted == 2 or err.startswith(
        "pydaemon: fatal: unable to start web again, so it goes on as it is: unable to "
    )
    assert programs.left() == before
    assert pydaemon("stop")[0] == 0
    # The start says the same.
    again = pydaemon("start", *words, "1000")[2]
    assert again == err.replace(" again, so it goes on as it is", "")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["start"], "say what it is to run: start -- program ..."),
        (["start", "--look-for", "x", "true"], "name it with --log=FILE"),
        (["restart", "--ready", "log", "true"], "name it with --log=FILE"),
        (["go"], "an action is start, stop, restart, reload or status, and not go"),
    ],
)
def test_a_wrong_command_line(pydaemon, words, hint):
    """What lacks is said in the command line's own words, before anything is done."""
    code, out, err = pydaemon(*words)
    assert (code, out) == (2, "")
    assert err.startswith("pydaemon: usage: ")
    assert hint in err


NAMED = "pid-file log ready look-for umask user chroot directory signal reload-signal stop-command"


@pytest.mark.parametrize("option", [*NAMED.split(), "log-command", "timeout", "settle"])
@pytest.mark.parametrize("action", ["start", "status"])
def test_an_option_that_is_empty(pydaemon, programs, option, action):
    """The kind: "$VARIABLE" that is not set; an empty path was the current directory."""
    told = (2, "", f"pydaemon: fatal: --{option} is empty\n")
    assert pydaemon(action, f"--{option}", "", "sleep", "1000") == told
    assert pydaemon(action, f"--{option}=", "sleep", "1000") == told
    assert programs.left() == []


def test_an_empty_name(run, pydaemon):
    """So the daemon's own, and its program's."""
    for action in "start", "stop", "status":
        result = run("pydaemon", "", action, "sleep", "1000")
        assert (result.returncode, result.stdout) == (2, b"")
        assert result.stderr == b"pydaemon: fatal: the name is empty\n"
    told = (2, "", "pydaemon: fatal: the program of ['', 'x'] is empty\n")
    assert pydaemon("start", "--", "", "x") == told


def test_its_last_line(pydaemon):
    """Why a program ended: the second line of the error."""
    words = ["--log", "log", "--settle", "5", "sh", "-c", "echo no luck; exit 2"]
    assert pydaemon("start", *words) == (
        1,
        "",
        (
            "pydaemon: fatal: unable to start web: it ended with exit code 2 before it was ready\n"
            "pydaemon: its last line: no luck\n"
        ),
    )


@pytest.mark.parametrize(
    "words",
    [[], ["x"], ["x", "begin"], ["x", "start", "--foo"], ["-z"], ["x", "stop", "--timeout", "z"]],
)
def test_wrong_usage(run, words):
    """B-08: on stderr, 2 as LSB has it, with the usage; and nothing is done."""
    result = run("pydaemon", *words)
    assert result.returncode == 2
    assert USAGE in result.stderr
    assert result.stdout == b""


def test_a_program_of_its_own_has_it_too(run, programs, place):
    """Daemon.cli(): an action and options, for what the program says of its daemon."""
    programs.write(
        """
        def work():
            print("works", flush=True)
            ready()
            stay()
        options = dict(pid_file="web.pid", startup_command=work, ready="call")
        sys.exit(Daemon.cli("web", **options))
        """
    )

    def call(*words):
        result = run(sys.executable, "app.py", *words, env=programs.env)
        return result.returncode, result.stdout + result.stderr

    assert call("start", "--log", "log")[0] == 0
    assert call("status")[1].startswith(b"web: up (pid ")
    assert (place / "log").read_text() == "works\n"
    assert call("stop")[0] == 0
    assert call("status")[0] == 3
    assert call("begin")[0] == 2
    code, said = call("--help")
    assert (code, said[:13]) == (0, b"usage: {start")


def test_under_pysupervise_it_becomes_the_program(start, programs, place, scripts):
    """The same line below a supervisor: no fork, and the program is what is supervised."""
    words = ["pydaemon", "web", "start", "--pid-file", "web.pid", "--", "sleep", "1000"]
    kept = start(scripts / "pysupervise", *words, env=programs.env)
    wait_until(lambda: b"sleep" in _command(int((place / "web.pid").read_text())))
    pid = int((place / "web.pid").read_text())
    with open(f"/proc/{pid}/stat") as stat:
        assert int(stat.read().rpartition(")")[2].split()[1]) == kept.pid
    kept.terminate()
    kept.wait()


@pytest.mark.needs_root
def test_user_and_chroot(pydaemon, programs, place):
    """In this order: chroot, then the account; the program is looked for in the new root."""
    (place / "root").mkdir()
    words = ["--chroot", "root", "--user", "nobody", "--settle", "0.05", "/bin/sleep", "1000"]
    code, _, err = pydaemon("start", *words)
    assert (code, "unable to run /bin/sleep: file does not exist" in err) == (5, True)
    code, _, err = pydaemon("start", "--chroot", "/", *words[2:])
    assert (code, err) == (0, "")
    assert os.stat(f"/proc/{programs.left()[0]}").st_uid == 65534


def _command(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as words:
        return words.read()
