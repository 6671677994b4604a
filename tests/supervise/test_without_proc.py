"""Without /proc, as in a bare chroot: less is known, that is said once, and all else works.

Kind: what is known from /proc alone; without it there is a traceback, or it is quietly not done.
"""

import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.conftest import DEADLINE, wait_until, write_script
from tests.supervise.conftest import children_of

pytestmark = pytest.mark.process

EMPTY = 'mount -t tmpfs none /proc && exec "$@"'
NONE = r"""
here=$PWD PATH=$PATH:/usr/sbin:/sbin
mount -t tmpfs none "$ROOT" && cd "$ROOT" || exit 99
for one in /*; do
    case $one in /proc) continue ;; esac
    if [ -L "$one" ]; then cp -P "$one" ".$one"
    elif [ -d "$one" ]; then mkdir ".$one" && mount --rbind "$one" ".$one"
    fi
done
exec chroot . sh -c 'cd "$0" && exec "$@"' "$here" "$@"
"""
SAID = "pysupervise: warning: no /proc: "
WHY = "needs root, who may have mounts of its own (unshare -m)"
# Goes into the background by two forks, in a session of its own, and writes its pid to `daemon`.
DAEMON = f"""#!{sys.executable} -IS
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
with open("new", "w") as file:
    file.write(str(os.getpid()))
os.rename("new", "daemon")
os._exit(100 + signal.sigwait([signal.SIGTERM]))
"""
# Says that it is ready, under another account, and names another process that goes on.
NAMES_ITS_MAIN = f"""#!{sys.executable} -IS
import os, signal, socket
where = os.environ["NOTIFY_SOCKET"].replace("@", "\\0", 1)
to = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
os.setuid(65534)
reader, writer = os.pipe()
pid = os.fork()
if not pid:
    os.read(reader, 1)
    signal.pause()
to.sendto(b"READY=1\\nMAINPID=%d" % pid, where)
signal.sigwait([signal.SIGUSR1])
"""


@pytest.fixture(params=[EMPTY, NONE], ids=["an empty one", "no such directory"])
def without(request, place):
    """The words that run a command without /proc."""
    (place / "root").mkdir()
    shape = ["env", f"ROOT={place}/root", "unshare", "-m", "sh", "-c", request.param, "sh"]
    tried = subprocess.run(
        [*shape, "test", "!", "-e", "/proc/self"], capture_output=True, check=False
    )
    if tried.returncode:
        pytest.skip(WHY)
    return shape


@pytest.fixture
def serve_without(serve, without):
    """Supervise a service directory there."""
    return lambda files, **more: serve(files, command=[*without, "pysupervise"], **more)


def is_there(pid):
    """Whether there is a process PID that has not ended."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def check_said(kept):
    """What it cannot do is said once, and nothing else."""
    assert kept.supervisor.err().startswith(SAID)
    assert kept.supervisor.err().count("\n") == kept.supervisor.err().count("pysupervise: ")
    assert kept.supervisor.err().count(SAID) == 1


def test_what_is_left_behind_is_ended(serve_without, place):
    """Also what is in a session of its own; and then run is started again."""
    write_script(place / "s-daemon", DAEMON)
    run = " echo $$ >>started\n../s-daemon\n[ -e second ] && exec sleep 1000\n>second\nread line\n"
    kept = serve_without({"run": run + "while [ ! -e daemon ]; do :; done; exit 3"})
    kept.wait_for("started", 2)
    wait_until(
        lambda: kept.supervisor.err().count("left behind when it exited with code 3: process ")
    )
    first = int(kept.supervisor.err().rpartition("process ")[2].split()[0])
    assert not is_there(first)
    assert kept.stop() == 0
    assert not is_there(kept.read("daemon"))
    check_said(kept)


def test_a_group_whose_leader_has_ended_is_ended(serve_without):
    """What finish started, where it takes too long."""
    files = {
        "run": " exit 0",
        "finish": " sleep 1000 &\necho $! >>helpers\nwait",
        "timeout-finish": "0.1",
    }
    kept = serve_without(files)
    first = int(kept.wait_for("helpers", 2)[0])
    wait_until(lambda: not is_there(first))
    kept.stop()
    check_said(kept)


def test_files_are_not_handed_on(serve_without):
    """A service directory starts from nothing."""
    reader, writer = os.pipe()
    kept = serve_without({"run": " echo x >>started; exec sleep 1000"}, pass_fds=[writer])
    os.close(writer)
    pid = kept.up()
    fds = wait_until(lambda: os.listdir(f"/proc/{pid}/fd"))
    assert str(writer) not in fds
    os.close(reader)
    kept.stop()


def test_what_another_account_says_is_heard(serve_without):
    """And the process that it names goes on as the main one."""
    kept = serve_without({"run": NAMES_ITS_MAIN, "ready": "notify"})
    first = kept.up()
    kept.is_(ready="1")
    os.kill(first, signal.SIGUSR1)
    second = kept.up(other_than=first)
    assert is_there(second)
    os.kill(second, signal.SIGTERM)
    assert f"pid {second} " in kept.history()[0]
    assert "SIGTERM" in kept.history()[0]
    kept.stop()
    check_said(kept)


def test_a_place_that_answers(serve_without):
    """Nobody says whose a port is: a connection has to do."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        kept = serve_without({"run": " exec sleep 1000", "ready": f"tcp {port}"})
        kept.is_(ready="1")
    kept.stop()
    check_said(kept)


def test_a_program_and_its_logger(supervise, without, place):
    """They run, and end."""
    one = supervise(
        "-l",
        "pymultilog ./main",
        "sh",
        "-c",
        "echo hello; exec sleep 1000",
        command=[*without, "pysupervise"],
    )
    log = place / "main/current"
    wait_until(lambda: log.exists() and "hello\n" in log.read_text())
    assert one.stop() == 0
    assert one.err().startswith(SAID)
    assert one.err().count("\n") == 1


def test_rss_limit_says_nothing_more(serve_without):
    """It has been said at the start."""
    kept = serve_without({"run": " exec sleep 1000", "rss-limit": "1k"})
    kept.up()
    assert kept.stop() == 0
    check_said(kept)


@pytest.mark.parametrize("command", ["ls", "top", "status", "history", "logs", "check-config"])
def test_pysv(serve_without, without, scripts, place, command):
    """It shows what there is; top says what there is not."""
    kept = serve_without(
        {"run": " echo hello; exec sleep 1000", "log/run": " exec pymultilog ./main"}
    )
    kept.up()
    kept.wait_for("log/main/current")
    names = ["./s"] if command in ("logs", "check-config") else ["s"]
    env = {"PATH": f"{scripts}:/usr/sbin:/usr/bin:/sbin:/bin", "SVDIR": str(place)}
    words = [*without, "pysv", command, *names]
    done = subprocess.run(
        words, cwd=place, env=env, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    said = "pysv: warning: no /proc: memory and CPU are not known\n" if command == "top" else ""
    assert (done.returncode, done.stderr) == (0, said)
    if command == "top":
        assert done.stdout.splitlines()[1].split()[5:7] == ["-", "-"]


def test_fghack_does_not_lose_the_daemon(without, scripts, place):
    """It stays until the daemon has ended, and passes the signal on."""
    write_script(place / "bin/goes", DAEMON)
    env = {"PATH": f"{scripts}:{place}/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    process = subprocess.Popen([*without, "pyfghack", "goes"], cwd=place, env=env)
    wait_until((place / "daemon").exists)
    pid = int((place / "daemon").read_text())
    assert process.poll() is None
    wait_until(lambda: children_of(process.pid) == [pid])
    process.terminate()
    assert process.wait(DEADLINE) == 100 + signal.SIGTERM
    assert not is_there(pid)


UNKNOWN = """#!{python} -IS
import sys
sys.path.append({path!r})
from pydaemontools.base import proc
proc.NEAR = 1
proc.is_shown = lambda: False
def children(near=0):
    return proc._tried(near)
proc.children = children
from pydaemontools.entry import enter
enter("pyfghack", {prefix!r} + "/bin")
"""


def test_a_daemon_that_is_not_found_is_waited_for(place):
    """That there is one the kernel tells, whatever its number: no ECHILD."""
    import pydaemontools

    path = os.path.dirname(os.path.dirname(pydaemontools.__file__))
    text = UNKNOWN.format(python=sys.executable, path=path, prefix=sys.prefix)
    write_script(place / "bin/follow", text)
    write_script(place / "bin/goes", DAEMON)
    process = subprocess.Popen([place / "bin/follow", place / "bin/goes"], cwd=place)
    wait_until((place / "daemon").exists)
    pid = int((place / "daemon").read_text())
    wait_until(lambda: children_of(process.pid) == [pid])
    os.kill(pid, signal.SIGTERM)
    assert process.wait(DEADLINE) == 100 + signal.SIGTERM
