"""Loggers of many services in one process: the file `logger`, and --log."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import wait_until
from tests.supervise.conftest import make_service

# Prints numbered lines until there is a file `stop`, and notes how many it has printed.
COUNTER = """#!/bin/sh
n=0
while :; do n=$((n + 1)); echo "line $n"; [ -e stop ] && exec sleep 1000; sleep 0.001; done
"""
# One line, and one more at its end.
LAST = " trap 'echo last; exit' TERM; echo first; while :; do sleep 0.05; done\n"
OURS = "pymultilog s1m n10 ./main\n"
PLACE = "main/current"
PATHS = f"import sys; sys.path[:] = {sys.path!r}\n"


def hosts(tree):
    """The processes that have loggers: their pids."""
    try:
        words = (tree.path / ".pysvscan/loggers").read_text().split()[::4]
    except FileNotFoundError:
        return []
    return [int(pid) for pid in words if os.path.exists(f"/proc/{pid}/fd/0")]


def host_of(tree, other_than=()):
    """Wait for the one process that has loggers, another than OTHER_THAN: its pid."""
    return wait_until(lambda: len(h := hosts(tree)) == 1 and h[0] not in other_than and h[0])


def lines(tree, name):
    """The lines in the log of the service NAME."""
    return tree[name].lines(PLACE)


def grows(tree, names):
    """Wait until each of the logs has more lines than now."""
    before = {name: len(lines(tree, name)) for name in names}
    wait_until(lambda: all(len(lines(tree, name)) > count for name, count in before.items()))


def whole(tree, names):
    """Have the services end, and assert that each of their lines is in the log, once."""
    for name in names:
        (tree.path / name / "stop").touch()
    for name in names:
        wait_until(lambda name=name: b"sleep" in _command(tree[name].pid()))
    assert tree.scanner.stop() == 0
    for name in names:
        found = lines(tree, name)
        assert found
        assert found == [f"line {n}" for n in range(1, len(found) + 1)]
    assert b"Traceback" not in (tree.scanner.place / "err").read_bytes()


def _command(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as words:
        return words.read()


def test_all_are_in_one_process(scan):
    """Each in its own directory; the process ends when all of them have, after the last line."""
    texts = [OURS, "pymultilog t ./main\n", "pysissylog --to ./main/\n", "# x\npymultilog ./main\n"]
    services = {f"s{n}": {"run": LAST, "logger": text} for n, text in enumerate(texts)}
    tree = scan(services)
    for name in services:
        wait_until(lambda name=name: any("first" in line for line in lines(tree, name)))
        assert not (tree.path / name / "logger/supervise").exists()
    host = host_of(tree)
    children = _children(tree.scanner.pid)
    assert len(children) == len(services) + 1
    assert host in children
    assert tree.scanner.stop() == 0
    for name in services:
        assert [line.split()[-1] for line in lines(tree, name)] == ["first", "last"]
        # A log that was ended in order says so.
        assert (tree.path / name / PLACE).stat().st_mode & 0o100
    assert not os.path.exists(f"/proc/{host}")


def _children(pid):
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [int(one) for thread in threads for one in (thread / "children").read_text().split()]


def test_what_may_wait_is_a_process_of_its_own(scan):
    """Another program, a processor, a chain beyond an account, a place that is far."""
    texts = {
        "other": "sh -c 'mkdir -p main; exec cat >>./main/current'\n",
        "processor": "pymultilog '!cat' ./main\n",
        "chain": "pysoftlimit -o 100\npymultilog ./main\n",
        "alert": "pymultilog -* +*x* e +* ./main\n",
        "statistics": "pysissylog --stats - --to ./main/\n",
    }
    tree = scan({name: {"run": LAST, "logger": text} for name, text in texts.items()})
    for name in texts:
        wait_until(lambda name=name: any("first" in line for line in lines(tree, name)))
    # The spare process has nothing to do.
    wait_until(lambda: hosts(tree) == [])
    assert len(_children(tree.scanner.pid)) == 2 * len(texts)
    assert tree.scanner.stop() == 0
    for name in texts:
        assert lines(tree, name)[-1].endswith("last")


def test_a_logger_that_comes_later_has_a_process(scan):
    """Where the spare one has ended, since nobody had a place in it, and where there was none."""
    files = {"run": LAST, "logger": "sh -c 'exec cat >>./lines'\n"}
    tree = scan({"other": files})
    wait_until(lambda: tree["other"].lines("lines"))
    wait_until(lambda: len(_children(tree.scanner.pid)) == 2)
    tree.add("late", files | {"logger": OURS})
    wait_until(lambda: lines(tree, "late") == ["first"])
    host_of(tree)
    assert tree.scanner.stop() == 0
    assert lines(tree, "late") == ["first", "last"]


@pytest.mark.process
def test_what_only_one_of_both_needs_is_loaded_behind_the_fork():
    """Else it is in the memory of each: services here, what writes a log there."""
    code = (
        "import sys; from pydaemontools.scan import logger_process, svscan\n"
        "logger_process.fork = lambda *_: print(*sys.modules)\n"
        "logger_process.spare()\n"
    )
    done = subprocess.run([sys.executable, "-ISc", PATHS + code], capture_output=True, check=True)
    loaded = done.stdout.decode().split()
    assert "pydaemontools.log.hostable" in loaded
    rooms = "supervise", "jobs.tree", "log.pipe", "log.logdir", "log.sinks"
    assert not [one for one in loaded if one.startswith(tuple(f"pydaemontools.{r}" for r in rooms))]


def test_the_logger_process_is_killed_again_and_again(scan):
    """By kill -9, at any moment, also of its own start: each line is logged, once."""
    names = [f"s{n}" for n in range(4)]
    tree = scan({name: {"run": COUNTER, "logger": OURS} for name in names})
    killed = {host_of(tree)}
    chance = random.Random(1)  # noqa: S311 - so that it can be again
    for _ in range(12):
        grows(tree, chance.sample(names, 1))
        time.sleep(chance.random() / 50)
        with suppress(ProcessLookupError):
            os.kill(max(hosts(tree)), signal.SIGKILL)
        killed.add(host_of(tree, killed))
    whole(tree, names)


@pytest.mark.parametrize("both", [False, True], ids=["alone", "and the logger process"])
def test_a_killed_pysvscan_is_followed_by_another(scan, both):
    """The same services; each line is logged, once. So where the logger process was killed too."""
    names = ["a", "b", "c"]
    tree = scan({name: {"run": COUNTER, "logger": OURS} for name in names})
    pids = [tree[name].up() for name in names]
    known = set()
    for turn in range(4):
        known.add(host_of(tree, known))
        grows(tree, names)
        tree.scanner.process.kill()
        if both:
            for pid in hosts(tree):
                os.kill(pid, signal.SIGKILL)
        elif turn % 2:
            # It goes on meanwhile, and nobody gets SIGPIPE.
            grows(tree, names)
        tree.scanner.wait()
        tree = scan()
        wait_until(lambda tree=tree: [tree[name].pid() for name in names] == pids)
    host_of(tree, known)
    whole(tree, names)


def test_what_is_left_in_a_pipe_outlives_service_and_pysvscan(scan):
    """Nobody has it open but the logger process, which cannot write: the next one gets it."""
    run = " echo one; echo >said; exec sleep 1000\n"
    tree = scan({"a": {"run": run, "logger": OURS, "down": ""}})
    (tree.path / "a/main").write_text("no directory\n")
    tree["a"].say("o")
    tree.says("unable to open directory ./main")
    wait_until((tree.path / "a/said").exists)
    os.kill(tree["a"].up(), signal.SIGTERM)
    tree["a"].is_(state="down")
    (tree.path / "a/main").unlink()
    wait_until(lambda: lines(tree, "a") == ["one"])


def test_one_without_a_disk_holds_up_no_other(scan):
    """A directory that cannot be written to: its own service waits, and what it printed is kept."""
    tree = scan({"bad": {"run": COUNTER, "logger": OURS}, "good": {"run": COUNTER, "logger": OURS}})
    host_of(tree)
    grows(tree, ["bad", "good"])
    grows(tree, ["good"])
    whole(tree, ["good", "bad"])


@pytest.mark.needs_root
def test_a_full_disk_beside_a_flood(scan, place, run):
    """One floods, one has a full disk: the log of a quiet one goes on, and in the end all is there.

    A waiting sink takes no time: the process sleeps while nothing comes.
    """
    (place / "sv/full").mkdir(parents=True)
    make_service(place / "sv/full", {"run": COUNTER, "logger": OURS})
    (place / "sv/full/main").mkdir()
    if run("mount", "-t", "tmpfs", "-o", "size=64k", "none", place / "sv/full/main").returncode:
        pytest.skip("needs to mount a tmpfs")
    try:
        _flood(scan, place / "sv/full/main/filler")
    finally:
        run("umount", "-l", place / "sv/full/main")


def _flood(scan, filler):
    flood = "#!/bin/sh\nexec yes 'a line that somebody prints without an end'\n"
    tree = scan(
        {
            "flood": {"run": flood, "logger": "pymultilog s100000 n3 ./main\n"},
            "quiet": {"run": COUNTER, "logger": OURS},
        }
    )
    with suppress(OSError):
        filler.write_bytes(bytes(1 << 20))
    tree.says("full/logger: pymultilog: warning: unable to write to ./main/current, pausing")
    for _ in range(5):
        grows(tree, ["quiet"])
    tree["flood"].say("d")
    wait_until((tree.path / "flood/main").is_dir)
    (tree.path / "quiet/stop").touch()
    wait_until(lambda: b"sleep" in _command(tree["quiet"].pid()))
    host = host_of(tree)
    # Only the pause of who has no disk ends its sleep, once a second.
    before, asleep = _turns(host), time.monotonic()
    wait_until(lambda: time.monotonic() - asleep > 1.5)
    assert _turns(host) - before < 100
    filler.unlink()
    grows(tree, ["full"])
    whole(tree, ["full", "quiet"])


def _turns(pid):
    """How often the process PID has waited for something."""
    with open(f"/proc/{pid}/status") as status:
        words = [line.split() for line in status if line.startswith("voluntary_ctxt_switches")]
    return int(words[0][1])


# fsync hangs until there is a file `go`; whoever calls it says so.
HANGING = f"""
import posix, time
fsync = posix.fsync
def hang(fd):
    if posix.readlink(f"/proc/self/fd/{{fd}}").rpartition("/sv/")[2].startswith("slow/"):
        posix.close(posix.open("/PLACE/hangs", posix.O_CREAT | posix.O_WRONLY))
        while not posix.access("/PLACE/go", posix.F_OK):
            time.sleep(0.01)
    fsync(fd)
posix.fsync = hang
sys.argv[0] = "pysvscan"
from pydaemontools.entry import enter
enter("pysvscan", {sys.prefix + "/bin"!r})
"""


def test_a_disk_that_does_not_answer_holds_up_no_other(scan, faulty, place):
    """Fsync never comes back: the log goes on in its next file, and the others go on."""
    command = faulty(HANGING.replace("/PLACE", str(place)))
    small = "pymultilog s4096 n100 ./main\n"
    tree = scan(
        {"slow": {"run": COUNTER, "logger": small}, "quiet": {"run": COUNTER, "logger": small}},
        command=(command,),
    )
    wait_until((place / "hangs").exists)
    for _ in range(2):
        # Files are changed there too.
        count = len(list((tree.path / "quiet/main").glob("@*.s")))
        wait_until(lambda c=count: len(list((tree.path / "quiet/main").glob("@*.s"))) > c)
    # It has begun one more file, and waits with the next.
    assert (tree.path / "slow/main/previous").exists()
    assert not list((tree.path / "slow/main").glob("@*.s"))
    (place / "go").touch()
    wait_until(lambda: list((tree.path / "slow/main").glob("@*.s")))
    for name in "slow", "quiet":
        (tree.path / name / "stop").touch()
        wait_until(lambda name=name: b"sleep" in _command(tree[name].pid()))
    assert tree.scanner.stop() == 0
    for name in "slow", "quiet":
        files = [*sorted((tree.path / name / "main").glob("@*.s")), tree.path / name / PLACE]
        found = "".join(file.read_text() for file in files).splitlines()
        assert found == [f"line {n}" for n in range(1, len(found) + 1)]


def test_files_are_changed_and_removed_while_it_is_killed(scan):
    """What is kept is a run of whole lines to the last one; no file more than were asked for."""
    tree = scan({"a": {"run": COUNTER, "logger": "pymultilog s4096 n3 ./main\n"}})
    known = set()
    for _ in range(4):
        known.add(host := host_of(tree, known))
        count = max((tree.path / "a/main").glob("@*.s"), default=None)
        wait_until(lambda c=count: max((tree.path / "a/main").glob("@*.s"), default=None) != c)
        os.kill(host, signal.SIGKILL)
        host_of(tree, known)
    # What was to be removed when it was killed is when files are changed the next time.
    count = max((tree.path / "a/main").glob("@*.s"))
    wait_until(lambda: max((tree.path / "a/main").glob("@*.s")) != count)
    (tree.path / "a/stop").touch()
    wait_until(lambda: b"sleep" in _command(tree["a"].pid()))
    assert tree.scanner.stop() == 0
    files = [*sorted((tree.path / "a/main").glob("@*.s")), tree.path / "a" / PLACE]
    assert len(files) == 3
    found = [int(line.split()[1]) for file in files for line in file.read_text().splitlines()]
    assert found == list(range(found[0], found[-1] + 1))


def test_a_log_that_is_removed_is_made_again(scan):
    """The directory of one, and then its file: no line is lost, and no other is concerned."""
    tree = scan({name: {"run": COUNTER, "logger": "pymultilog s1m n99 ./main\n"} for name in "ab"})
    grows(tree, ["a", "b"])
    shutil.rmtree(tree.path / "a/main")
    tree.says("a/logger: pymultilog: warning: ./main/current was removed")
    grows(tree, ["a", "b"])
    (tree.path / "a" / PLACE).unlink()
    grows(tree, ["a", "b"])
    (tree.path / "a/stop").touch()
    wait_until(lambda: b"sleep" in _command(tree["a"].pid()))
    whole(tree, ["b"])
    files = [*sorted((tree.path / "a/main").glob("@*")), tree.path / "a" / PLACE]
    found = "".join(file.read_text() for file in files).splitlines()
    assert found == [f"line {n}" for n in range(1, len(found) + 1)]


WRONG = {
    "nosuchprogram ./main\n": "a/logger: unable to run nosuchprogram",
    "pymultilog q ./main\n": "a/logger: usage: pymultilog action ...",
    "pysissylog --to nowhere\n": "a/logger: usage: pysissylog",
    "pysetuidgid nosuchaccount pymultilog ./main\n": "a/logger: unknown account nosuchaccount",
    "pymultilog --help\n": "a/logger: pymultilog logs nothing when it is asked for help",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_said_once(scan, text, place):
    """The service runs, the others have their loggers, and once it is mended all is logged."""
    tree = scan({"a": {"run": COUNTER, "logger": text}, "b": {"run": COUNTER, "logger": OURS}})
    tree.says(WRONG[text])
    tree["a"].up()
    grows(tree, ["b"])
    (tree.path / "a/logger").write_text(OURS)
    grows(tree, ["a"])
    whole(tree, ["a", "b"])
    assert (place / "err").read_bytes().count(WRONG[text].encode()) == 1


def test_an_edited_file_counts_with_the_next_start(scan):
    """Of the service; from a place here to a process and back."""
    tree = scan({"a": {"run": " echo x; exec sleep 1000\n", "logger": OURS}})
    wait_until(lambda: lines(tree, "a") == ["x"])
    for place, text in ("one", "sh -c 'exec cat >>./one'\n"), ("two", "pymultilog ./two\n"):
        pid = tree["a"].up()
        (tree.path / "a/logger").write_text(text)
        tree["a"].say("t")
        tree["a"].up(pid)

        def there(place=place):
            # What the old one had not read is the new one's.
            tree["a"].say("t")
            return (tree.path / "a" / place).exists()

        wait_until(there)
    assert tree.scanner.stop() == 0


def test_a_logger_for_all_that_have_none(scan, run):
    """--log: not for those with log/ or with a file; again, when the directory is there."""
    services = {
        "none": {"run": LAST},
        "file": {"run": LAST, "logger": OURS},
        "directory": {"run": LAST, "log/run": "#!/bin/sh\nexec pymultilog ./main\n"},
    }
    for turn in 1, 2:
        tree = scan(services, command=("pysvscan", "--log", "pymultilog s1m n10 ./log"))
        for name, place in ("none", "log"), ("file", "main"), ("directory", "log/main"):
            wanted = ["first", "last"] * (turn - 1) + ["first"]
            wait_until(lambda n=name, p=place, w=wanted, t=tree: t[n].lines(f"{p}/current") == w)
        assert len(_children(tree.scanner.pid)) == 5
        assert tree.scanner.stop() == 0
    result = run("pysvscan", "--log", "nosuchprogram ./log", tree.path)
    assert result.returncode == 111
    assert b"unable to run nosuchprogram" in result.stderr


@pytest.mark.needs_root
def test_an_account_has_a_process_of_its_own(scan):
    """With pysetuidgid before it: the log is that account's, and the process may no more."""
    uid = 65534
    mine, theirs = {"run": COUNTER, "logger": OURS}, {"run": COUNTER}
    theirs["logger"] = f"pysetuidgid {uid}:{uid} {OURS}"
    tree = scan({"mine": mine, "theirs": theirs, "other": theirs})
    tree.says("unable to open directory ./main")
    for name in "theirs", "other":
        (tree.path / name / "main").mkdir()
        os.chown(tree.path / name / "main", uid, uid)
    grows(tree, ["mine", "theirs", "other"])
    assert sorted(_uid(pid) for pid in hosts(tree)) == sorted([0, uid])
    assert (tree.path / "theirs" / PLACE).stat().st_uid == uid
    known = set(hosts(tree))
    for pid in known:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(hosts(tree)) == 2 and not known.intersection(hosts(tree)))
    grows(tree, ["mine", "theirs", "other"])
    known.update(hosts(tree))
    tree.scanner.process.kill()
    tree.scanner.wait()
    tree = scan()
    wait_until(lambda: len(hosts(tree)) == 2 and not known.intersection(hosts(tree)))
    grows(tree, ["mine", "theirs", "other"])
    whole(tree, ["mine", "theirs", "other"])


def _uid(pid):
    return os.stat(f"/proc/{pid}").st_uid
