"""Services that are started by a thread, beside which few files are open: as all others are."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import wait_until
from tests.supervise.conftest import NOTE_IN

FEW = "from pydaemontools.base import spawner\nspawner.FEW = {}\n"
WAYS = {"by a thread": FEW.format(0), "as few are": FEW.format(1 << 20)}
# The thread may not have files of its own, or none of the process's.
REFUSED = """
from pydaemontools.base import spawner
spawner.FEW, call = 0, spawner.call
def refuse(name, *arguments):
    if arguments[0].value == spawner.NAME:
        raise PermissionError(1, "")
    return call(name, *arguments)
spawner.call = refuse
"""
# Its files, its directory, session and group, signals, limits and place in line.
TELLS = """ exec >../told
readlink /proc/self/cwd
for fd in /proc/$$/fd/*; do
    case $(readlink $fd) in /dev/null) echo ${fd##*/} null ;; pipe:*) echo ${fd##*/} pipe ;; esac
done
[ $(cut -d' ' -f6 </proc/$$/stat) = $$ ] && echo leads a session
grep -E '^(Sig(Blk|Ign|Cgt)|NoNewPrivs|Cpus_allowed):' /proc/self/status
ulimit -Sn; ulimit -Hn; nice
echo end
exec sleep 1000
"""


def starters(tree, pid):
    """The thread of pysvscan whose child PID is: by its number, as many as have it."""
    threads = Path(f"/proc/{tree.scanner.pid}/task").iterdir()
    return [int(one.name) for one in threads if str(pid) in (one / "children").read_text().split()]


@pytest.fixture
def kept(with_fault):
    """Keep SERVICES by a pysvscan that starts them in this WAY."""
    return lambda way, services: with_fault(WAYS[way], services)


def test_it_has_what_it_would_have(kept, place):
    """Whoever starts it."""
    told = []
    for way in WAYS:
        tree = kept(way, {"a": {"run": TELLS}})
        wait_until(lambda: (place / "sv/told").read_text().endswith("end\n"))
        told.append((place / "sv/told").read_text())
        assert (starters(tree, tree["a"].up()) == [tree.scanner.pid]) == (way == "as few are")
        assert tree.scanner.stop() == 0
        (place / "sv/told").unlink()
    assert told[0] == told[1]


@pytest.mark.parametrize("way", WAYS)
def test_its_pipes_and_signals(kept, way):
    """Its stderr goes by us, it says that it is ready by an fd, and it is ended and started."""
    run = (
        " echo last >&2; echo >&4; trap 'echo t >>heard; exit' TERM; while :; do sleep 0.1; done\n"
    )
    tree = kept(way, {"a": {"run": run, "notification-fd": "4\n", "dialect": "s6\n"}, "b": None})
    old = tree["a"].up()
    wait_until(lambda: tree["a"].state_file().get("ready") == "1")
    tree["a"].say("t")
    tree["a"].wait_for("heard")
    assert tree["a"].up(old) != old
    assert tree.scanner.stop() == 0


@pytest.mark.parametrize("way", WAYS)
def test_what_it_leaves_behind_is_found(kept, way):
    """Among the children of pysvscan, as the system lists them."""
    tree = kept(way, {"a": {"run": " sleep 1000 & echo $! >left; exec sleep 1000\n"}})
    tree["a"].up()
    left = int(wait_until((tree.path / "a/left").read_text))
    tree["a"].say("d")
    wait_until(lambda: not os.path.exists(f"/proc/{left}"))


@pytest.mark.parametrize("way", WAYS)
def test_why_it_cannot_be_started_is_said(kept, way, place):
    """As the fork that comes after it finds."""
    tree = kept(way, {"a": {"run": "#!/nowhere/sh\n"}, "b": {"run": "text"}, "c": None})
    (place / "sv/b/run").chmod(0o644)
    tree["c"].up()
    tree.says("a/run: ")
    tree.says("b/run: ")


@pytest.mark.parametrize("way", WAYS)
def test_a_new_priority_is_for_what_starts_then(kept, way):
    """As renice has it: of the thread that the process began with, which others do not follow."""
    tree = kept(way, {"a": {"run": NOTE_IN}})
    old = tree["a"].up()
    os.setpriority(os.PRIO_PROCESS, tree.scanner.pid, 7)
    os.kill(old, signal.SIGKILL)
    assert os.getpriority(os.PRIO_PROCESS, tree["a"].up(old)) == 7


@pytest.mark.parametrize("name", ["CLOSE_RANGE", "PIDFD_OPEN", "PIDFD_GETFD"])
def test_a_sandbox(with_fault, name):
    """What may not be done is left out."""
    tree = with_fault(REFUSED.replace("NAME", name), {"a": {"run": NOTE_IN}})
    pid = tree["a"].up()
    assert starters(tree, pid) == [tree.scanner.pid]
    assert len(os.listdir(f"/proc/{tree.scanner.pid}/task")) == 1


MASK = """
import posix, signal
from pydaemontools.base import spawn, spawner
spawner.FEW = 0
by_thread = spawner.Spawner(()).spawn
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
words = [b"grep", b"SigBlk", b"/proc/self/status"]
for start in spawn.spawn, by_thread:
    posix.waitpid(start(b"/bin/grep", words, {}, session=False, mask=None), 0)
"""


@pytest.mark.process
def test_what_is_blocked_by_then_is_so_there():
    """As the originals' scanners hand it on: not what was blocked when the thread began."""
    told = subprocess.run([sys.executable, "-c", MASK], capture_output=True, check=True).stdout
    ours, by_thread = told.splitlines()
    assert int(ours.split()[1], 16) & 1 << signal.SIGUSR1 - 1
    assert ours == by_thread
