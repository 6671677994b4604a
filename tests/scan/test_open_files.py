"""What services that come and go leave open: nothing, in pysvscan and in its logger process."""

import os

from tests.conftest import wait_until
from tests.scan.test_hosted import host_of
from tests.scan.test_moved import remove

TALKS = ' echo up; trap "" TERM; while :; do echo line; sleep 0.02; done\n'
# Its stdout goes through pysvscan on the way to its logger, which looks at it there.
SHOWN = {"run": TALKS, "ready": "log up\n", "log/run": " exec cat >/dev/null\n"}
HOSTED = {"run": TALKS, "logger": "pymultilog ./main\n"}
ROUTED = {"run": TALKS, "logger": "pysissylog --to ./main/\n"}
ROUNDS = 2


def _count(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def _told(tree, run):
    return run("pysvscanctl", "-n", tree.path).returncode == 0


def _come_and_go(tree, run, files, is_up, named="gone"):
    """Have services NAMED so, with FILES, that are removed when each IS_UP, and ended.

    A logger that cannot write waits for that, and ends when it is told once more.
    """
    for turn in range(ROUNDS):
        name = f"{named}{turn}"
        pid = tree.add(name, files).up()
        wait_until(lambda name=name: is_up(tree[name]))
        (tree.path / name).rename(tree.path.parent / name)
        remove(tree.path.parent / name)
        run("pysvscanctl", "-n", tree.path)
        os.kill(pid, 9)


def test_one_whose_output_is_looked_at(scan, run):
    """For a line that says that it is ready there is a pipe more."""
    tree = scan({"stays": None})
    tree["stays"].up()
    before = _count(tree.scanner.pid)
    _come_and_go(tree, run, SHOWN, lambda one: one.state_file().get("ready") == "1")
    wait_until(lambda: _told(tree, run) and _count(tree.scanner.pid) <= before)


def test_loggers_that_cannot_finish(scan, run):
    """Their directories have gone before they end: the process that had them goes on without."""
    tree = scan({"stays": HOSTED})
    tree["stays"].wait_for("main/current")
    host = host_of(tree)
    before = _count(tree.scanner.pid), _count(host)
    for named, files in {"hosted": HOSTED, "routed": ROUTED}.items():
        _come_and_go(tree, run, files, lambda one: one.lines("main/current"), named)
    tree.says("unable to finish")
    wait_until(lambda: _told(tree, run) and _count(tree.scanner.pid) <= before[0])
    wait_until(lambda: _count(host) <= before[1])
    assert host_of(tree) == host
