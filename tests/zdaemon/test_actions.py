"""What a person types, what is said, and what a script can tell by the exit code."""

import json
import os
import signal
import socket
import threading

import pytest

from pydaemontools.base.errors import user
from tests.conftest import wait_until
from tests.zdaemon.managing import Managers
from tests.zdaemon.typing_in import lives, read_pid

SLEEP = ("-p", "sleep 100")


@pytest.fixture
def up(typed):
    """A program that runs: its pid."""
    code, said, _ = typed(*SLEEP, "start")
    assert code == 0
    return read_pid(said)


def test_exit_codes_while_it_runs(typed, up):
    """ZD-2. B-19. Each action that is done ends with 0."""
    assert typed(*SLEEP, "start") == (0, f"daemon process already running; pid={up}\n", "")
    assert typed(*SLEEP, "status") == (0, f"program running; pid={up}\n", "")
    assert typed(*SLEEP, "reopen_transcript") == (0, "", "")
    assert typed(*SLEEP, "kill", "CONT")[0] == 0
    code, said, _ = typed(*SLEEP, "restart")
    assert (code, said.split(", pid=")[0]) == (0, "\ndaemon process restarted")
    assert typed(*SLEEP, "stop") == (0, "\ndaemon process stopped\n", "")


DOWN = {
    "status": (3, 3),
    "stop": (0, 0),
    "kill": (7, 0),
    "logreopen": (7, 0),
    "reopen_transcript": (7, 0),
    "kill ded": (2, 0),
    "bogus": (2, 0),
    "help bogus": (2, 0),
    "show bogus": (2, 0),
    "status -x": (2, 1),
    "logtail": (2, 0),
    "logtail nosuch": (1, 0),
    "wait": (0, 0),
    "help": (0, 0),
    "show": (0, 0),
}


@pytest.mark.parametrize("action", DOWN)
def test_exit_codes_while_it_is_down(typed, action):
    """ZD-3. B-19. Kind: an action that did nothing and ends with 0. --compat-exit has zdaemon's."""
    ours, zdaemons = DOWN[action]
    words = action.split()
    first = typed(*SLEEP, *words)
    assert first[0] == ours
    second = typed("--compat-exit", *SLEEP, *words)
    assert second == (zdaemons, *first[1:])


@pytest.mark.parametrize("program", ["nosuch", "false", "sh -c 'echo why; exit 3'"])
def test_a_start_that_fails(typed, program):
    """B-19, B-20. It is told at once, with its reason and the last lines that it wrote."""
    # However busy the machine is, it dies before that.
    conf = typed.conf(program=program, quotes="on", transcript="log", start_delay="60")
    code, said, error = typed(*conf, "start")
    assert (code, said) == (1, "\ndaemon manager not running\n")
    first, *lines = error.splitlines()
    name = program.split()[0]
    assert first.startswith(f"pyzdaemon: fatal: unable to start {name}: ")
    assert lines == (["pyzdaemon:   why"] if "why" in program else [])
    assert typed(*conf, "restart")[0] == 1
    assert typed("--compat-exit", *conf, "restart")[0] == 0


def test_what_is_unknown_is_not_down(typed):
    """B-21. Kind: a manager that nobody may ask, which is said to be down."""
    socket_name = typed.place / "zdsock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(socket_name))
        listening.listen()
        if os.geteuid():
            socket_name.chmod(0)
            why = f"access denied: it is {user(os.geteuid()).decode()}'s"
        else:
            # A socket is whose process listens.
            os.seteuid(65534)
            listening.listen()
            os.seteuid(0)
            why = "it is another account's: nobody"
        said = f"daemon manager unknown: {why}\n"
        assert typed(*SLEEP, "status") == (4, said, "")
        assert typed("--compat-exit", *SLEEP, "status") == (3, said, "")
        [record] = json.loads(typed(*SLEEP, "status", "--json")[1])
        assert (record["status"], record["reason"]) == ("unknown", why)
        fatal = f"pyzdaemon: fatal: unable to ask the manager at zdsock: {why}\n"
        for action in ("stop", "start", "restart", "kill", "wait", "reopen_transcript"):
            code, _, error = typed(*SLEEP, action)
            assert (code, error) == (4, fatal)


class Hostile(threading.Thread):
    """Listens at PATH, and says TEXT to whoever asks."""

    def __init__(self, path, text):
        super().__init__(daemon=True)
        self._text = text
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        self.start()

    def run(self):
        """Answer each."""
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            with peer:
                peer.recv(1000)
                try:
                    peer.sendall(self._text)
                except OSError:
                    continue

    def end(self):
        """Listen no more."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.mark.parametrize(
    "args",
    [
        "open('evaluated', 'w')",
        "[c for c in ().__class__.__base__.__subclasses__()]",
        "[" * 10000,
        "9**9**9",
        "['sleep', 100]",
        "{}",
        "\\x1b[2J",
    ],
)
def test_a_hostile_socket(typed, args):
    """B-22. Kind: text of a socket, ./zdsock of any directory, that root's client evaluates."""
    text = f"application=1\nargs={args}\n".encode()
    hostile = Hostile(typed.place / "zdsock", text)
    try:
        assert typed(*SLEEP, "status") == (0, "program running; pid=1\n", "")
        [record] = json.loads(typed(*SLEEP, "status", "-j")[1])
        assert record["program"] is None
    finally:
        hostile.end()
    assert not (typed.place / "evaluated").exists()


@pytest.mark.parametrize("text", [b"", b"application=x\n", b"\xff\0", b"application=1" * 9])
def test_a_socket_that_talks_nonsense(typed, text):
    """B-22. Kind: a reply that is none is no program, and no traceback."""
    hostile = Hostile(typed.place / "zdsock", text)
    try:
        assert typed(*SLEEP, "status") == (3, "daemon manager not running\n", "")
    finally:
        hostile.end()


def test_kill_by_any_name(typed, up, until):
    """ZD-6. Names in any case, with SIG or not, numbers, and what is real-time."""
    for word, name, number in (
        ("cont", "SIGCONT", 18),
        ("SigCont", "SIGCONT", 18),
        ("18", "SIGCONT", 18),
    ):
        said = f"kill({up}, {number})\nsignal {name} sent to process {up}\n"
        assert typed(*SLEEP, "kill", word) == (0, said, "")
    assert typed(*SLEEP, "kill", "0")[:2] == (2, "invalid signal '0'\n")
    said = f"kill({up}, {signal.SIGRTMIN + 3})\nsignal SIGRTMIN+3 sent to process {up}\n"
    assert typed("-b", "5", *SLEEP, "kill", "rtmin+3") == (0, said, "")
    until(lambda: not lives(up))


def test_kill_goes_through_the_manager(typed, up, until):
    """B-23. Kind: a signal of the client's for a number that may be another's by now."""
    code, said, _ = typed(*SLEEP, "kill")
    assert (code, said) == (0, f"kill({up}, 15)\nsignal SIGTERM sent to process {up}\n")
    until(lambda: not lives(up))


@pytest.fixture
def left(typed):
    """A program whose manager was killed: its pid."""
    pid = read_pid(typed(*SLEEP, "start")[1])
    status = typed(*SLEEP, "status", "-l")[1]
    os.kill(int(status.partition("manager=")[2].split()[0]), signal.SIGKILL)
    return pid


def test_a_killed_manager_is_not_down(typed, left):
    """B-13. Kind: a program that runs on, and is said to be down; zdaemon's name says so still."""
    why = f"it was killed, and left its program, pid={left}"
    said = typed(*SLEEP, "status")
    assert said[:2] == (4, f"daemon manager unknown: {why}\n")
    [found] = json.loads(typed(*SLEEP, "status", "--json")[1])
    assert (found["status"], found["reason"]) == ("unknown", why)
    os.kill(left, signal.SIGKILL)
    wait_until(lambda: not lives(left))
    assert typed(*SLEEP, "status")[0] == 3


@pytest.mark.needs_root
def test_what_another_account_wrote_down_is_not_believed(typed, left):
    """Kind: a pid that anybody may have written beside a stale socket, taken for the program's."""
    os.chown(typed.place / "zdsock.d/program/supervise/state", 65534, 65534)
    assert typed(*SLEEP, "status")[:2] == (4, "daemon manager unknown: it was killed\n")
    os.kill(left, signal.SIGKILL)


@pytest.mark.parametrize(
    ("words", "end"),
    [
        (["stop"], "daemon process stopped\n"),
        (["kill", "KILL"], "signal SIGKILL sent to process"),
        (["restart"], "daemon process restarted, pid="),
    ],
)
def test_what_a_killed_manager_left_is_told(typed, left, words, end):
    """Kind: a stop that ends with 0, of a program that runs on. Another manager goes on with it."""
    code, said, _ = typed(*SLEEP, *words)
    assert code == 0
    assert end in said
    wait_until(lambda: not lives(left))
    assert typed(*SLEEP, "stop")[0] == 0


def test_a_socket_of_a_manager_that_wrote_nothing_down(typed):
    """B-21. Kind: a stale socket of zdaemon's says nothing of its program."""
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(typed.place / "zdsock"))
    code, said, _ = typed(*SLEEP, "status")
    assert (code, said) == (4, "daemon manager unknown: it was killed\n")
    assert typed("--compat-exit", "-p", "sleep 1000", "status")[0] == 3


@pytest.mark.usefixtures("up")
def test_a_manager_that_was_prepared_is_not_wanted(typed):
    """Kind: what was forked for a start that has nothing to start, and stays."""
    assert typed(*SLEEP, "start")[0] == 0
    assert typed(*SLEEP, "-C", "nosuch", "start")[0] == 2
    wait_until(lambda: len(Managers(typed.place).left()) == 2)


def test_status_as_json(typed, up):
    """Status has an object for each runner, that a program reads."""
    code, said, _ = typed(*SLEEP, "status", "--json")
    [record] = json.loads(said)
    assert code == 0
    assert (record["status"], record["pid"], record["program"]) == ("running", up, ["sleep", "100"])
    assert record["wanted"] is True
    assert typed(*SLEEP, "stop")[0] == 0
    code, said, _ = typed(*SLEEP, "status", "-j")
    assert (code, json.loads(said)[0]["status"]) == (3, "down")


def test_a_long_status(typed, up):
    """ZD-4. Status -l has what the manager says, as it came."""
    code, said, _ = typed(*SLEEP, "status", "-l")
    lines = said.splitlines()
    assert code == 0
    assert lines[0] == f"program running; pid={up}"
    assert f"application={up}" in lines
    assert "args=['sleep', '100']" in lines


def test_words_behind_start_are_for_the_program(typed):
    """ZD-1. 2.0a1. Start and restart take words for the program, as they are."""
    code, said, _ = typed("-p", "sleep", "start", "100")
    assert code == 0
    with open(f"/proc/{read_pid(said)}/cmdline", "rb") as words:
        assert words.read() == b"sleep\x00100\0"
    assert typed("-p", "sleep", "status")[1] == f"program running; pid={read_pid(said)}\n"


def test_another_program_is_warned_of(typed, up):
    """ZD-32. A client that means another program says so, and evaluates nothing for that."""
    _, said, _ = typed("-p", "sleep 99", "status")
    assert said == (
        "WARNING! zdrun is managing a different program!\n"
        "our program   = ['sleep', '99']\n"
        "daemon's args = ['sleep', '100']\n"
        f"program running; pid={up}\n"
    )


def test_several_runners(typed):
    """B-32. One file, one manager, several runners: an action is for all, or for those named."""
    typed.file(
        "conf", "".join(f"<runner {one}>\nprogram sleep 10{one}\n</runner>\n" for one in "012")
    )
    conf = ("-C", "conf")
    code, said, _ = typed(*conf, "start")
    assert code == 0
    assert [line.partition(",")[0] for line in said.split("\n") if line] == [
        f"{one}: daemon process started" for one in "012"
    ]
    records = json.loads(typed(*conf, "status", "--json")[1])
    assert [record["runner"] for record in records] == ["0", "1", "2"]
    assert len({record["manager"] for record in records}) == 1
    assert len({record["pid"] for record in records}) == 3
    assert typed(*conf, "--runner", "1", "stop") == (0, "\ndaemon process stopped\n", "")
    states = [record["status"] for record in json.loads(typed(*conf, "status", "-j")[1])]
    assert states == ["running", "stopped", "running"]
    assert typed(*conf, "status")[0] == 3
    assert typed(*conf, "--runner=0", "--runner=2", "status")[0] == 0
    assert typed(*conf, "fg")[0] == 2
    assert typed(*conf, "--runner", "1", "start")[0] == 0
    assert typed(*conf, "stop")[0] == 0
    assert typed(*conf, "status")[0] == 3


def test_a_manager_that_does_not_keep_it(typed):
    """Kind: an action for one runner that would be taken by another with the same socket."""
    typed.file(
        "conf", "".join(f"<runner {one}>\nprogram sleep 10{one}\n</runner>\n" for one in "01")
    )
    conf = ("-C", "conf")
    assert typed(*conf, "--runner", "0", "start")[0] == 0
    code, _, error = typed(*conf, "--runner", "1", "kill")
    assert code == 4
    assert "it does not keep the runner 1: stop it, and start all" in error
    assert typed(*conf, "--runner", "0", "status")[0] == 0


def test_daemon_off_with_a_start_test(typed, start, until):
    """B-30. The client stays until the manager ends; a start test is made meanwhile."""
    conf = typed.conf(
        program="sh prog",
        start_test_program="cat x",
        daemon="off",
    )
    typed.file("prog", ": >x\nexec sleep 100\n")
    staying = start("pyzdaemon", *conf, "start", env=typed.env)
    until(lambda: typed(*conf, "status")[0] == 0)
    until(lambda: "testing=0" in typed(*conf, "status", "-l")[1])
    assert staying.poll() is None
    assert typed(*conf, "stop")[0] == 0
    assert staying.wait(20) == 0


def test_daemon_off_ends_with_the_programs_code(typed):
    """B-30. What is in the foreground ends as the program says that it is done."""
    conf = typed.conf(program="sh prog", daemon="off", exit_codes="0,2")
    typed.file("prog", "sleep 0.3\nexit 2\n")
    assert typed(*conf, "start")[0] == 2
    assert typed("--compat-exit", *conf, "start")[0] == 0


@pytest.mark.parametrize("option", ["-j", "--json"])
def test_json_of_another_program(typed, up, option):
    """What is no JSON is not where the JSON is; who meant another program is told on stderr."""
    code, said, told = typed("-p", "sleep 99", "status", option)
    assert (code, json.loads(said)[0]["pid"]) == (0, up)
    first, *more = told.splitlines()
    assert first == "pyzdaemon: WARNING! zdrun is managing a different program!"
    assert more[-1].endswith("daemon's args = ['sleep', '100']")


@pytest.mark.parametrize("directory", ["made", "made/", "./made", "there/made", "there/made//"])
def test_a_directory_is_made(typed, directory):
    """A directory that is missing is made in one that is there, however it is written."""
    (typed.place / "there").mkdir()
    assert typed(*SLEEP, "-z", directory, "start")[0] == 0
    assert (typed.place / directory).is_dir()


@pytest.mark.parametrize("kind", ["file", "directory", "group"])
def test_a_failed_start_leaves_nothing(typed, kind):
    """What stands beside the socket is there only as long as a manager is."""
    conf = typed.conf(program="sleep 100", **{"socket_group": "nosuch"} if kind == "group" else {})
    if kind == "file":
        typed.file("zdsock", "text")
    elif kind == "directory":
        (typed.place / "zdsock").mkdir()
    code, _, told = typed(*conf, "start")
    assert code == 1
    assert ("unknown group nosuch" if kind == "group" else "a file that is no socket") in told
    assert not (typed.place / "zdsock.d").exists()
    # What one that was killed left is for the next.
    state = typed.place / "zdsock.d/program/supervise/state"
    state.parent.mkdir(parents=True)
    state.touch()
    assert typed(*conf, "start")[0] == 1
    assert state.exists()


def test_help_needs_no_program(typed):
    """What is about the tool is told without a word about a program."""
    assert typed("help")[0] == 0
    assert typed("help", "start")[1].startswith("start -- ")
    assert typed("version")[1].startswith("pyzdaemon (pydaemontools) ")
    for words in (["status"], ["-i", "help"]):
        assert typed(*words)[0] == 2


def test_a_start_test_that_takes_too_long(typed, until):
    """ZD-33. 3.0.0. After start-timeout the client says so; what runs goes on."""
    conf = typed.conf(program="sleep 100", start_test_program="cat x", start_timeout="1")
    code, said, told = typed(*conf, "start")
    assert code == 1
    assert said == "\nProgram took too long to start\n"
    assert told == "pyzdaemon: it is still tried, and `status` tells of it; `stop` ends it\n"
    pid = read_pid(typed(*conf, "status")[1])
    typed.file("x", "")
    until(lambda: not json.loads(typed(*conf, "status", "-j")[1])[0]["testing"])
    assert read_pid(typed(*conf, "status")[1]) == pid
    assert typed(*conf, "stop")[0] == 0


def test_python_m(typed, python):
    """ZD-42. 4.0.1. It is called as a module too."""
    words = ["-m", "pydaemontools", "pyzdaemon", *SLEEP, "status"]
    assert typed(*words, tool=python[0]) == (3, "daemon manager not running\n", "")


def test_the_version(typed, originals):
    """ZD-23. 4.1.0. The own name says its own; the original's that of what it stands in for."""
    from pydaemontools import __version__

    said = f"pyzdaemon (pydaemontools) {__version__}\n"
    assert typed("--version") == (0, said, "")
    assert typed(*SLEEP, "version") == (0, said, "")
    assert typed("--version", tool=f"{originals}/zdaemon") == (0, "5.2.1\n", "")


def test_a_library(typed):
    """B-31. What the command line can do, a program can, without a file."""
    from pydaemontools.zdaemon.client_waits import STARTED, stop
    from pydaemontools.zdaemon.launch import start
    from pydaemontools.zdaemon.runner import Runner

    runner = Runner(program=("sleep", "100"), socket_name=str(typed.place / "app.sock"))
    outcome = start([runner])[0]
    try:
        assert (outcome.kind, lives(outcome.pid)) == (STARTED, True)
    finally:
        assert stop(runner)


def test_a_slip_is_helped(typed):
    """Kind: an action that is not there, with what may have been meant."""
    code, said, error = typed(*SLEEP, "statsu")
    assert (code, said) == (2, "*** Unknown syntax: statsu\n")
    assert error == "pyzdaemon: did you mean status?\n"


@pytest.mark.parametrize("kind", ["file", "directory", "fifo", "empty"])
def test_a_socket_name_of_something_else(typed, kind):
    """B-21. Kind: what somebody wants to keep, taken for a stale socket and removed."""
    path = typed.place / "kept"
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.write_text("" if kind == "empty" else "mine\n")
    before = os.lstat(path)
    words = ("-s", "kept", *SLEEP)
    assert typed(*words, "status")[0] in (3, 4)
    code, _, error = typed(*words, "start")
    assert code in (1, 4)
    assert "no socket" in error
    assert typed(*words, "stop")[0] in (0, 4)
    after = os.lstat(path)
    assert (after.st_ino, after.st_mode, after.st_size) == (
        before.st_ino,
        before.st_mode,
        before.st_size,
    )


@pytest.mark.parametrize("mask", ["77777777777777", "-22", "1000"])
def test_a_umask_that_is_none(typed, mask):
    """Kind: a number that the system does not take is wrong usage, and no traceback."""
    code, said, error = typed("-m", mask, "-p", "echo a", "fg")
    assert (code, said) == (2, "")
    assert error.startswith(f"Error: invalid value for -m {mask!r}: ")
    conf = typed.conf(program="echo a", umask=mask)
    assert typed(*conf, "fg")[0] == 2


def test_names_that_would_drive_a_terminal(typed):
    """Kind: what is shown of a runner, a program or what was typed."""
    hostile, shown = "a\x1b]0;b\u202ec", "a?]0;b?c"
    conf = typed.file("conf", f"<runner {hostile}>\n  program /x/{hostile}\n</runner>\n")
    for words in (
        ["-C", conf, "status"],
        ["-C", conf, "start"],
        ["-C", conf, "fg"],
        ["-C", conf, hostile],
        ["-C", conf, "help", hostile],
        ["-C", hostile, "status"],
        ["-p", f"/x/{hostile}", "start"],
        ["convert", conf, f"/dev/null/{hostile}"],
    ):
        said = "".join(typed(*words)[1:])
        assert not {"\x1b", "\u202e"} & set(said), words
        assert shown in said or words[-1] == "status"
