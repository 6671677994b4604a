"""Whole trees of services as runit's packages have them, under Debian's tools and under ours.

All services run at once below one runsvdir: first with the C programs first in PATH, then with
ours, in a directory of the same name. What each program sees of how it was started, what it
logs, and what its finish script is told have to be equal. The shapes are those of the run
scripts that distributions ship; the programs are stand-ins that tell what they see, and stay.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import (
    DEADLINE,
    PROBE,
    SYSTEM,
    remove,
    wait_until,
    without_numbers,
    write_script,
)
from tests.oracle.test_chpst import NAMES, ROOT
from tests.supervise.conftest import processes_in

pytestmark = [
    pytest.mark.needs_root,
    pytest.mark.needs("runsvdir", "runsv", "chpst", "svlogd", "sv"),
]

# What a service runs: it tells what it sees in the file of its name, says two lines and stays.
PROGRAM = (
    PROBE.partition("if [ -f")[0]
    + """
(show) >PLACE/state/$1.new && mv PLACE/state/$1.new PLACE/state/$1
echo "$1 is there"
echo "$1 complains" >&2
exec sleep 1000
"""
)
# What finish and the others are told goes there too.
TELL = 'echo "$0 $*" >>PLACE/state/{name}.{what}\n'
LOGGER = {"log/run": "mkdir -p main; exec svlogd -tt ./main\n"}
# Each tree: its files, and how its services end. `run` begins with #!/bin/sh.
TREES = {
    "a daemon and its logger": {
        "web/run": "exec 2>&1\nexec program web -f --no-detach\n",
        **{f"web/{name}": text for name, text in LOGGER.items()},
    },
    "a configuration that is sourced": {
        "ssh/run": '[ -r ./conf ] && . ./conf\nexec program ssh -D $OPTS "${MORE:-none}"\n',
        "ssh/conf": "OPTS='-p 22 -4'\nexport LEVEL=debug\n",
    },
    "an account with groups": {
        "mail/run": "umask 027\nexec chpst -u nobody:daemon:bin program mail 2>&1\n",
    },
    "an environment directory and limits": {
        "db/run": "exec chpst -v -e ./env -o 200 -c 0 -m 400000000 -u:7:8:9 program db\n",
        "db/env/HOME": "/srv/db \nsecond line\n",
        "db/env/LANG": "",
        "db/env/PGDATA": "data\n",
    },
    "a session, a nice level and another name": {
        "cron/run": "exec chpst -P -n 4 -b crond program cron\n",
    },
    "an end that is told": {
        "once/run": "echo ran >>PLACE/state/once\nexit 3\n",
        "once/finish": TELL.format(name="once", what="finish") + "exec sv down .\n",
    },
    "a service that is told to end": {
        "kill/run": "exec program kill\n",
        "kill/finish": TELL.format(name="kill", what="finish"),
        "kill/control/t": TELL.format(name="kill", what="t") + "exit 1\n",
        "kill/control/d": TELL.format(name="kill", what="d"),
    },
    "one that waits for another": {
        "app/run": "sv start ../web >/dev/null || exit 1\nexec program app\n",
        "app/check": "exec [ -e PLACE/state/app ]\n",
    },
    "a logger of another account, with a prefix": {
        "dns/run": "exec chpst -u bin program dns 2>&1\n",
        "dns/log/run": (
            "mkdir -p main; echo pdns: >main/config; echo n3 >>main/config; chown -R nobody main\n"
            "exec chpst -u nobody:nogroup svlogd ./main\n"
        ),
    },
    "daemontools' words": {
        "old/run": (
            "exec setlock ./lock envdir ./env softlimit -o 99 -c 0 pgrphack setuidgid nobody"
            " program old\n"
        ),
        "old/env/A": "b\n",
    },
    "a root of its own": {
        "jail/run": (
            "[ -d r ] || { " + ROOT + " mkfifo r/d/fifo; chmod 777 r/d r/d/fifo; }\n"
            "exec 2>&1\nexec chpst -/ r -U in:g -u in:g -l /d/lock -o 50 /sh -c"
            " 'echo $0 $UID in; echo *; ulimit -n; read x </d/fifo' name\n"
        ),
        **{f"jail/{name}": text for name, text in LOGGER.items()},
    },
    "one that is down until it is asked for": {
        "ask/run": "exec chpst -U nobody:daemon -u root program ask\n",
        "ask/down": "",
    },
    "services of a user": {
        "user/run": (
            "exec chpst -u nobody:nogroup:daemon -e ./env runsvdir -P ./below"
            " 'log: ...........................................'\n"
        ),
        "user/env/HOME": "/nonexistent",
        "user/below/mine/run": "exec 2>&1\nexec chpst -b -mine program mine a b\n",
    },
    "a state that is kept up": {
        "state/run": "sv check ../web >/dev/null\nexec chpst -b state program state\n",
        "state/finish": TELL.format(name="state", what="finish"),
    },
}
PROGRAMS = ["web", "ssh", "mail", "db", "cron", "kill", "app", "dns", "old", "ask", "mine", "state"]
ENDED = {"kill": 2, "state": 1}  # and how often each of them ended


@pytest.fixture(scope="module")
def sides(needs, tmp_path_factory):
    """What there is to see of all services: under the C programs, and under ours."""
    made = tmp_path_factory.mktemp("runit")
    words = [sys.executable, "-m", "pydaemontools", "originals", made, "--suite", "runit"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    for one in made, *list(made.parents)[:2]:
        one.chmod(0o755)
    theirs = {name: needs("chpst") for name in NAMES}
    theirs |= {name: needs(name) for name in ("runsv", "sv", "runsvdir", "svlogd")}
    ours = theirs | {path.name: path for path in made.iterdir()}
    place = Path(tempfile.mkdtemp(prefix="pydaemontools-"))
    every = theirs, ours | {"runsvdir": theirs["runsvdir"]}, ours
    yield [Side(place, tools).seen for tools in every]
    remove(place)


class Side:
    """All services in PLACE by TOOLS, run once; `seen` is what is left of that."""

    def __init__(self, place, tools):
        self.place = place
        self._make(tools)
        environ = {"PATH": f"{place}/bin:{SYSTEM}", "LANG": "C.UTF-8", "SVDIR": f"{place}/sv"}
        quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        self.environ = environ
        self.process = subprocess.Popen(
            ["runsvdir", "-P", "sv"],
            cwd=place,
            env=environ,
            executable=str(place / "bin/runsvdir"),
            start_new_session=True,
            umask=0o022,
            **quiet,
        )
        try:
            self._drive()
        finally:
            self._end()
        self.seen = self._look()

    def _make(self, tools):
        remove(self.place)
        self.place.mkdir()
        self.place.chmod(0o755)
        for name in "bin", "sv", "state":
            (self.place / name).mkdir()
        (self.place / "state").chmod(0o777)
        for name, file in tools.items():
            (self.place / "bin" / name).symlink_to(file)
        write_script(self.place / "bin/program", PROGRAM.replace("PLACE", str(self.place)))
        for files in TREES.values():
            for name, text in files.items():
                self._write(self.place / "sv" / name, text.replace("PLACE", str(self.place)))
        # Its account keeps its services itself.
        for path in (self.place / "sv/user/below").rglob("*"):
            shutil.chown(path, 65534, 65534)
        shutil.chown(self.place / "sv/user/below", 65534, 65534)

    def _write(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.name in ("run", "finish", "check") or path.parent.name == "control":
            write_script(path, "#!/bin/sh\n" + text)
        else:
            path.write_text(text)

    def _sv(self, *words):
        file = self.place / "bin/sv"
        subprocess.run(
            [file, *words],
            cwd=self.place,
            env=self.environ,
            stdout=subprocess.DEVNULL,
            timeout=DEADLINE,
            check=False,
        )

    def _drive(self):
        """Wait until all run, have one started and some ended, and wait until that was told."""
        state = self.place / "state"
        for name in PROGRAMS:
            if name == "ask":
                wait_until((self.place / "sv/ask/supervise/ok").exists)
                self._sv("-w20", "once", "ask")
            wait_until((state / name).exists)
        for name in self._logs():
            wait_until(lambda name=name: self._log(name).count(b"\n") >= 2)
        wait_until((state / "once.finish").exists)
        (state / "kill").unlink()
        self._sv("-w20", "term", "kill")
        # It is started again: what is told now is for that run.
        wait_until((state / "kill").exists)
        self._sv("-w20", "down", *ENDED)
        for name, runs in ENDED.items():
            wait_until(lambda: (state / f"{name}.finish").read_text().count("\n") == runs)  # noqa: B023

    def _logs(self):
        return [self.place / "sv" / name / "log/main/current" for name in ("web", "dns", "jail")]

    def _log(self, path):
        """The lines of the log PATH without stamps."""
        return re.sub(rb"(?m)^\d{4}-\d\d-\d\d_\S+ ", b"", path.read_bytes())

    def _end(self):
        self.process.send_signal(signal.SIGHUP)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(DEADLINE)
        while left := processes_in(self.place):
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()

    def _look(self):
        seen = {path.name: path.read_bytes() for path in (self.place / "state").iterdir()}
        # How often it was started until it was told to stay down is the clock's.
        seen |= {name: seen[name].partition(b"\n")[0] for name in ("once", "once.finish")}
        seen |= {f"{path.parts[-4]}.log": self._log(path) for path in self._logs()}
        return {name: without_numbers(text).decode().splitlines() for name, text in seen.items()}


def of_tree(tree, seen):
    """What there is of TREE in what was SEEN."""
    names = {name.split("/")[0] for name in TREES[tree]}
    names = {"mine" if name == "user" else name for name in names}
    return {name: text for name, text in seen.items() if name.partition(".")[0] in names}


@pytest.mark.parametrize("tree", TREES)
def test_tree(sides, tree):
    """A service runs, logs and ends under our runsv as it does under Debian's."""
    theirs, ours, _ = (of_tree(tree, seen) for seen in sides)
    assert theirs
    assert ours == theirs


@pytest.mark.parametrize("tree", TREES)
def test_tree_in_one_process(sides, tree):
    """And under our runsvdir, where no runsv stands between: so each leads what it is in."""
    theirs, _, ours = (of_tree(tree, seen) for seen in sides)
    for seen in theirs, ours:
        for text in seen.values():
            text[:] = [line for line in text if not line.startswith("leads its ")]
    assert ours == theirs


def test_what_is_seen(sides):
    """Both have told of everything, so that to be equal means something."""
    for seen in sides:
        assert set(PROGRAMS) <= set(seen)
        assert seen["kill.finish"] == ["./finish -1 15"] * 2
        assert seen["once.finish"] == ["./finish 3 0"]
        assert seen["kill.t"][0] == "control/t "
        assert seen["dns.log"] == ["dns:dns is there", "dns:dns complains"]
        assert seen["jail.log"][-3:] == ["name 7 in", "d etc lib lib64 sh", "50"]
        assert seen["web.log"] == ["web is there", "web complains"]
        assert f"nice: {min(19, os.nice(0) + 4)}" in seen["cron"]
        assert "Groups:\t7 8 9 " not in seen["db"]
        assert "HOME=/srv/db" in seen["db"]
        assert not [line for line in seen["db"] if line.startswith("LANG=")]
