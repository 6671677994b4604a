"""svscan and runsvdir, the C ones and ours: the same directories, the same answers.

Each lives through one history, all four at the same time, and what was seen at each step is a
comparison. svc, svstat, svok and sv are the C ones on both sides. Where ours has one process for
many supervisors, what a person or a tool sees of them has to be the same.
"""

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import DEADLINE, remove, wait_until, write_script
from tests.oracle.scanners import AWAIT, TALKS, TREE, make_tree, masked

SEEN = ("svstat {0}", "svok {0}", "sv status ./{0}", "stat -c '%A %n' {0}/supervise/*")
EACH = ("plain", "isdown", "logged", "logged/log", "logfile", "two words")
LOOKS = [step.format(f'"sv/{name}"') for name in EACH for step in SEEN[:2]]
LOOKS += ["svok sv/norun", "svok sv/noexec", "svok sv/file", "svok sv/.hidden"]
LOOKS += [step.format(f"sv/{name}") for name in ("plain", "isdown", "logged") for step in SEEN[2:]]
# Each step, and what has to be so before it is taken: pairs of a directory and a pattern.
UP = "plain two 'two words' logged logged/log keeps keeps/log logfile leaves goes finishes"
BEGINS = [
    f"for one in {UP}; do await \"sv/$one\" ': up'; done; await sv/isdown ': down'",
    *LOOKS,
    "until [ -s sv/logged/log/out ]; do sleep 0.02; done; cat sv/logged/log/out",
    "await sv/sticky ': up'; await sv/sticky/log ': up'; svstat sv/sticky sv/sticky/log",
    "until [ -s sv/tells/told ]; do sleep 0.02; done; cat sv/tells/told",
    "await 'sv/new\nline' ': up' && svstat 'sv/new\nline'",
    "await sv/elsewhere ': up' && svstat sv/elsewhere",
    "find -L sv -name ok 2>/dev/null | grep -v twin | sort",
    # Of two links to one directory, one is kept.
    (
        "find sv/twin? -maxdepth 0 | wc -l;"
        " find -L sv/twin? -name lock | xargs stat -Lc %i | uniq | wc -l"
    ),
    "find other -name ok; find sv/.hidden",
]
CHANGES = [
    "svc -d sv/plain; await sv/plain ': down' && svstat sv/plain",
    "svc -u sv/plain; await sv/plain ': up' && svstat sv/plain",
    "svc -p sv/plain; await sv/plain paused && svstat sv/plain",
    "svc -c sv/plain; await sv/plain 'seconds *$' && svstat sv/plain",
    "svc -o sv/isdown; await sv/isdown ': up' && svstat sv/isdown",
    "svc -d sv/logged/log; await sv/logged/log ': down' && svstat sv/logged sv/logged/log",
    "svc -u sv/logged/log; await sv/logged/log ': up' && svstat sv/logged/log",
    (
        "before=$(pid sv/two); svc -t sv/two; await sv/two ': up';"
        " again sv/two $before && svstat sv/two"
    ),
    # A directory that appears, one that is called otherwise, and one that is told to leave.
    (
        "pid sv/plain >plain.pid; mv sv/plain sv/renamed; mkdir .new; cp sv/two/run .new;"
        " mv .new sv/new; pid sv/leaves >leaves.pid; svc -dx sv/leaves;"
        " pid sv/keeps/log >log.pid; svc -kx sv/keeps/log; await sv/new ': up' && svstat sv/new"
    ),
    "await sv/renamed ': up'; svstat sv/renamed; [ $(pid sv/renamed) = $(cat plain.pid) ]",
    "again sv/leaves $(cat leaves.pid) && svstat sv/leaves",
    "again sv/keeps/log $(cat log.pid) && svstat sv/keeps/log",
    "svstat sv/keeps sv/logged",
]
GONE = "until ! kill -0 $(cat gone.pid) 2>/dev/null; do sleep 0.02; done"
HISTORIES = {
    "svscan": [
        *BEGINS,
        *CHANGES,
        # What vanishes goes on.
        "pid sv/goes >gone.pid; mv sv/goes other; svstat other/goes",
        (
            "cp -r sv/new .late && rm -r .late/supervise && mv .late sv/late;"
            " await sv/late ': up'; svstat other/goes sv/late"
        ),
        "END",
        "svstat sv/renamed other/goes sv/logged sv/logged/log",
        (
            "svok sv/renamed; echo $?; svc -d sv/renamed; await sv/renamed ': down';"
            " svstat sv/renamed"
        ),
        "svc -dx sv/renamed; await sv/renamed 'not running' && svstat sv/renamed; svok sv/renamed",
        (
            "svc -dkx other/* sv/* sv/*/log 2>/dev/null;"
            " for one in sv/logged sv/logged/log other/goes; do await $one 'not running'; done;"
            " svstat sv/logged sv/logged/log"
        ),
    ],
    "runsvdir": [
        *BEGINS,
        *CHANGES,
        "sv -w 9 restart ./sv/two",
        "sv -w 9 stop ./sv/two; sv status ./sv/two; cat sv/two/supervise/stat",
        "sv -w 9 start ./sv/two; cat sv/two/supervise/stat",
        (
            "pid sv/finishes >fin.pid; svc -k sv/finishes; again sv/finishes $(cat fin.pid);"
            " until [ -s sv/finishes/ends ]; do sleep 0.02; done; cat sv/finishes/ends"
        ),
        # What vanishes is ended.
        (
            f"pid sv/goes >gone.pid; mv sv/goes other; {GONE};"
            " await other/goes 'not running'; svstat other/goes"
        ),
        "END",
        "svstat sv/renamed sv/logged sv/logged/log; sv status ./sv/logged",
        "svc -dx sv/renamed; await sv/renamed 'not running' && svstat sv/renamed; svok sv/renamed",
        (
            "sv exit ./sv/logged; await sv/logged 'not running'; await sv/logged/log 'not running';"
            " svstat sv/logged sv/logged/log; cat sv/logged/log/out"
        ),
        "svc -dkx sv/* sv/*/log 2>/dev/null; await sv/two 'not running'; svstat sv/two",
    ],
}
# What a second one says; what the first one shows in its title, and what HUP ends.
LOG = "log:" + "." * 120
TITLED = [
    "await sv/talks ': up'; until shows second; do sleep 0.05; done; ps -ww -o args= -p $SCANNER",
    "PATH=$TOOLS:$PATH timeout 2 runsvdir sv 2>&1 | sort -u",
    (
        "kill -ALRM $SCANNER; until [ -s sv/.forced-rescan ]; do sleep 0.05; done;"
        " wc -c <sv/.forced-rescan"
    ),
    "svc -t sv/talks; until shows second.*second; do sleep 0.05; done; ps -ww -o args= -p $SCANNER",
    "test $(ps -o sid= -p $(pid sv/talks)) = $(ps -o sid= -p $SCANNER)",
    "test $(ps -o sid= -p $(pid sv/talks/log)) = $(ps -o sid= -p $SCANNER)",
    "HUP",
    "await sv/talks 'not running'; await sv/talks/log 'not running'; svstat sv/talks sv/talks/log",
    "cat sv/talks/log/out",
    "sv status ./sv/talks; cat sv/talks/supervise/stat",
]
HISTORIES |= {
    "runsvdir log": TITLED,
    "runsvdir -P log": TITLED,
    "svscan killed": [
        "await sv/talks ': up'; PATH=$TOOLS:$PATH timeout 2 svscan sv 2>&1 | sort -u",
        "KILL",
        (
            "pid sv/talks >talks.pid; svc -t sv/talks;"
            " again sv/talks $(cat talks.pid); svstat sv/talks"
        ),
        "svc -dx sv/talks; await sv/talks 'not running'; svstat sv/talks sv/talks/log",
        "svc -dx sv/talks/log; await sv/talks/log 'not running'; svstat sv/talks/log",
        "cat sv/talks/log/out",
    ],
}
ARGV = {
    "svscan": ["svscan", "sv"],
    "svscan killed": ["svscan", "./sv/"],
    "runsvdir": ["runsvdir", "sv"],
    "runsvdir log": ["runsvdir", "sv", LOG],
    "runsvdir -P log": ["runsvdir", "-P", "sv", LOG],
}
SIGNALS = {"END": signal.SIGTERM, "HUP": signal.SIGHUP, "KILL": signal.SIGKILL}
CASES = [(name, number) for name, steps in HISTORIES.items() for number in range(len(steps))]
SCANNERS = ("svscan", "runsvdir")
NOBODY = subprocess.DEVNULL


class Side:
    """The directory PLACE, and what the scanner of the history NAME does there, by PATH."""

    def __init__(self, place, name, path):
        self.place = place
        self.path = path
        place.mkdir()
        make_tree(place, TREE if len(ARGV[name]) == 2 and name in SCANNERS else TALKS)
        with (place / "err").open("wb") as err:
            self.process = subprocess.Popen(
                ARGV[name],
                cwd=place,
                env={"PATH": path, "HOME": "/"},
                stdin=NOBODY,
                stdout=err,
                stderr=err,
                start_new_session=True,
            )

    def live(self, steps):
        """What is seen at each of STEPS."""
        try:
            return [self.step(step) for step in steps]
        finally:
            self.process.kill()
            self.process.wait()
            end(self.place)

    def step(self, step):
        """The output and the code of STEP, for sh; one of SIGNALS is for the scanner."""
        if step in SIGNALS:
            self.process.send_signal(SIGNALS[step])
            return self.process.wait(DEADLINE)
        try:
            done = subprocess.run(
                ["sh", "-c", step],
                cwd=self.place,
                env={
                    "PATH": f"{self.place.parent}/bin:/usr/bin:/bin",
                    "SCANNER": str(self.process.pid),
                    "TOOLS": self.path,
                },
                stdin=NOBODY,
                capture_output=True,
                timeout=DEADLINE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return b"never", b"", -1
        return masked(done.stdout), masked(done.stderr), done.returncode

    def said(self):
        """What was said on stderr: each line once, since how often is a matter of time."""
        return sorted(set(masked((self.place / "err").read_bytes()).splitlines()))


def end(place):
    """End the supervisors below PLACE, and their services."""
    directories = [file.parent.parent for file in place.rglob("supervise/ok")]
    for turn in range(3):
        # With one that has left, its logger may.
        subprocess.run(["svc", "-dkx", *directories], stderr=NOBODY, check=False, cwd=place)
        if all(subprocess.run(["svok", one], check=False).returncode for one in directories):
            return
        wait_until(lambda: True, turn)


@pytest.fixture(scope="module")
def ground(tmp_path_factory, needs):
    """A directory that both sides share, with the programs that the steps need."""
    needs("svscan", "supervise", "runsvdir", "runsv", "svc", "svstat", "svok", "sv")
    place = tmp_path_factory.mktemp("scanners")
    (place / "bin").mkdir()
    for name, text in AWAIT.items():
        write_script(place / "bin" / name, text)
    yield place
    remove(place)


@pytest.fixture(scope="module")
def lived(ground, originals):
    """Of each scanner the two histories, theirs and ours, and what both said."""
    sides = [
        (name, Side(ground / f"{name}-{who}", name, f"{path}/usr/bin:/bin"))
        for name in HISTORIES
        for who, path in (("c", ""), ("ours", f"{originals}:"))
    ]
    with ThreadPoolExecutor(len(sides)) as all_at_once:
        seen = list(all_at_once.map(lambda one: one[1].live(HISTORIES[one[0]]), sides))
    found = {}
    for (name, side), answers in zip(sides, seen, strict=True):
        found.setdefault(name, []).append((answers, side.said()))
    return found


@pytest.mark.parametrize(("name", "number"), CASES)
def test_a_step_of_a_history(lived, name, number):
    """Everything that can be seen is the same."""
    theirs, ours = (answers[number] for answers, _ in lived[name])
    assert ours == theirs, HISTORIES[name][number]
    if HISTORIES[name][number] not in SIGNALS:
        assert b"never" not in theirs[0]


@pytest.mark.parametrize("name", SCANNERS)
def test_what_they_said_meanwhile(lived, name):
    """Each line, be it the scanner's, a supervisor's or a service's."""
    theirs, ours = (said for _, said in lived[name])
    assert len(theirs) > 3
    assert ours == theirs


WRONG = [
    ["svscan", "nosuch"],
    ["svscan", "file"],
    ["svscan", "closed"],
    ["svscan", "-q"],
    ["svscan", ""],
    ["svscan", "nosuch", "more"],
    ["svscan", "links"],
    ["svscan", "closed/inside"],
    ["runsvdir"],
    ["runsvdir", "-P"],
    ["runsvdir", "--"],
    ["runsvdir", ""],
    ["runsvdir", "nosuch"],
    ["runsvdir", "-P", "nosuch"],
    ["runsvdir", "--", "nosuch"],
    ["runsvdir", "-P", "-P"],
    ["runsvdir", "-q", "nosuch"],
    ["runsvdir", "file"],
    ["runsvdir", "closed"],
    ["runsvdir", "nosuch", "short"],
    ["runsvdir", "links"],
    ["runsvchdir"],
    ["runsvchdir", ".hidden"],
    ["runsvchdir", "../up"],
]
# What file modes forbid is refused also to root.
UNPRIVILEGED = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


@pytest.fixture(scope="module")
def refused(ground, originals):
    """What is said to each of WRONG, by theirs and by ours: all at the same time."""
    place = ground / "wrong"
    place.mkdir()
    (place / "file").touch()
    (place / "links").mkdir()
    (place / "links/nowhere").symlink_to("nosuch")
    (place / "closed").mkdir(mode=0)
    asked = [(argv, path) for argv in WRONG for path in ("", f"{originals}:")]

    def ask(one):
        argv, path = one
        process = subprocess.Popen(
            [*(UNPRIVILEGED if not os.geteuid() else []), *argv],
            cwd=place,
            env={"PATH": f"{path}/usr/bin:/bin:/usr/sbin"},
            stdin=NOBODY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        first = process.stderr.readline()
        if first and argv[0] != "runsvchdir" and b"usage" not in first and b"fatal" not in first:
            process.terminate()
        out, err = process.communicate(timeout=DEADLINE)
        return process.returncode, out, sorted({first, *err.splitlines(keepends=True)})

    with ThreadPoolExecutor(8) as some:
        answers = list(some.map(ask, asked))
    return [answers[at : at + 2] for at in range(0, len(answers), 2)]


@pytest.mark.parametrize("number", range(len(WRONG)), ids=[" ".join(argv) for argv in WRONG])
def test_a_command_line_that_leads_nowhere(refused, number):
    """The same words, and the same code: where it goes on, what a TERM leaves."""
    theirs, ours = refused[number]
    assert theirs[2] != [b""]
    if theirs[0] == 0:
        # A second line of the log's trouble may come before the TERM, or not.
        theirs, ours = ((code, out, said[:1]) for code, out, said in (theirs, ours))
    assert ours == theirs
