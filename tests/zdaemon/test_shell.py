"""The shell that zdaemon's manual tells of."""

import contextlib
import os
import pty
import select
import sys

import pytest

from tests.zdaemon.typing_in import lives, read_pid

SLEEP = ("-p", "sleep 100")
PROMPT = "pyzdaemon> "


def spoken(typed, lines, *words, **more):
    """What the shell says to LINES from a pipe, answer by answer, and the exit code."""
    code, said, error = typed(*words, input="\n".join([*lines, ""]).encode(), **more)
    return said.split(PROMPT), code, error


def test_it_says_what_it_is_for(typed):
    """ZD-11. B-10. It begins with the program and its status, and ends at ^D, or by quit."""
    said, code, _ = spoken(typed, [], *SLEEP)
    assert said == [
        "program: sleep 100\ndaemon manager not running\n",
        "\ndaemon manager not running\n",
    ]
    assert code == 3
    said, _, _ = spoken(typed, ["quit", "status"], *SLEEP)
    assert said[1:] == ["daemon manager not running\n"]


def test_actions_are_lines(typed):
    """B-10. Kind: an action in the shell that is another than on the command line."""
    lines = ["start", "status", "", "kill CONT", "restart", "stop", "bogus", "help quit"]
    said, code, error = spoken(typed, lines, *SLEEP)
    pid = read_pid(said[1])
    assert said[1].startswith("\ndaemon process started, pid=")
    assert said[2] == said[3] == f"program running; pid={pid}\n"
    assert said[4] == f"kill({pid}, 18)\nsignal SIGCONT sent to process {pid}\n"
    assert said[5].startswith("\ndaemon process restarted, pid=")
    assert said[6] == "\ndaemon process stopped\n"
    assert said[7] == "*** Unknown syntax: bogus\n"
    assert said[8].startswith("quit -- ")
    assert "`help` lists the actions" in error
    assert code == 0


@pytest.mark.parametrize("words", [["-i"], ["--interactive"]])
def test_an_action_first(typed, words):
    """B-10. With -i there is a shell after the action."""
    said, _, _ = spoken(typed, ["help wait"], *words, *SLEEP, "status")
    assert said[0] == "daemon manager not running\nprogram: sleep 100\ndaemon manager not running\n"
    assert said[1] == "wait -- Wait for the daemon process to exit.\n"


def test_not_without_being_asked(typed):
    """default-to-interactive off wants -i, or an action."""
    conf = typed.conf(program="sleep 100", default_to_interactive="off")
    wanted = "Error: an action argument is required\nFor help, use pyzdaemon -h\n"
    assert typed(*conf) == (2, "", wanted)
    assert spoken(typed, [], *conf, "-i")[0][0].startswith("program: sleep 100\n")


def test_the_prompt_is_the_files(typed):
    """`prompt` is what it shows when it waits."""
    conf = typed.conf(program="sleep 100", prompt="web:")
    code, said, _ = typed(*conf, input=b"quit\n")
    assert (code, said.split("\n")[2]) == (3, "web: daemon manager not running")


def test_reload(typed):
    """ZD-13. B-10. The file is read again, with other options if given; what is wrong is told."""
    conf = typed.conf(program="sleep 100")
    lines = [
        "! sed -i s/100/99/ conf",
        "reload",
        "show",
        "reload -p 'sleep 98' -b 7",
        "show",
        "reload -b x",
        "reload status",
        "show",
    ]
    said, _, error = spoken(typed, lines, *conf)
    assert said[2] == "Configuration reloaded from conf\n"
    assert "program:      ['sleep', '99']\n" in said[3]
    assert said[4] == "Configuration reloaded from conf\n"
    assert "program:      ['sleep', '98']\n" in said[5]
    assert said[6] == said[7] == "Configuration not reloaded\n"
    assert "backofflimit: 7\n" in said[8]
    assert "invalid value for -b 'x'" in error
    assert spoken(typed, ["reload"], *SLEEP)[0][1] == (
        "Configuration reloaded without a config file\n"
    )


def test_commands_of_the_shell(typed):
    """ZD-14. B-10. `shell` and ! run a command, which has what is typed; its code is the answer."""
    said, code, _ = spoken(typed, ["! echo a", "shell echo b", "!cat", "typed", "exit 4"], *SLEEP)
    assert said[1:3] == ["a\n", "b\n"]
    assert said[3] == "typed\nexit 4\n\ndaemon manager not running\n" or said[3:] == [
        "typed\nexit 4\n",
        "\ndaemon manager not running\n",
    ]
    assert code == 0
    assert spoken(typed, ["! exit 4"], *SLEEP)[1] == 4
    said, _, _ = spoken(typed, ["shell"], *SLEEP, env={"SHELL": "/bin/echo"})
    assert said[1] == "\n"


def test_fg_comes_back(typed):
    """B-10. In the shell fg is a child, and the next line is asked for."""
    said, code, _ = spoken(typed, ["fg", "help wait"], "-p", "sh -c 'echo a; exit 3'")
    assert said[1] == "sh -c echo a; exit 3\na\n"
    assert code == 0
    assert spoken(typed, ["fg"], "-p", "sh -c 'exit 3'")[1] == 3


def test_quit_leaves_what_runs(typed):
    """Quit says what goes on."""
    said, _, _ = spoken(typed, ["start", "quit"], *SLEEP)
    assert said[2] == "daemon process and daemon manager still running\n"
    assert lives(read_pid(said[1]))
    assert typed(*SLEEP, "stop")[0] == 0


def test_quit_stops_a_manager_that_keeps_nothing(typed, until):
    """ZD-12. A manager whose program does not run, and is waited for, is stopped."""
    typed.file("prog", "sleep 0.3; exit 1\n")
    program = ("-p", "sh prog", "-b", "9")
    assert typed(*program, "start")[0] == 0

    def waits():
        said = typed(*program, "status", "-l")[1]
        return "application=0\n" in said and "backoff=2\n" in said

    until(waits)
    said, _, _ = spoken(typed, ["quit"], *program)
    stopping = "daemon process not running; stopping daemon manager\ndaemon manager stopped\n"
    assert said[1] == stopping
    assert typed(*program, "status")[0] == 3


def test_zdaemon_has_none(typed, originals):
    """Under the original's name there is no shell, since zdaemon has none."""
    code, said, error = typed(*SLEEP, tool=f"{originals}/zdaemon", input=b"status\n")
    assert (code, said) == (2, "")
    assert error.startswith("Error: an action argument is required\n")


class Terminal:
    """A shell on a terminal."""

    def __init__(self, typed, *words):
        self.said = b""
        self._pid, self._fd = pty.fork()
        if not self._pid:
            os.chdir(typed.place)
            tool = os.path.join(sys.prefix, "bin/pyzdaemon")
            env = os.environ | typed.env | {"TERM": "dumb", "INPUTRC": "/dev/null"}
            os.execve(tool, [tool, *words], env)  # noqa: S606

    def type(self, text, wanted):
        """Type TEXT where a line is waited for, and wait until WANTED is said after it."""
        self._wait_for_prompt()
        begin = len(self.said)
        os.write(self._fd, text)
        self.wait(wanted, begin)

    def interrupt(self, wanted):
        """Type ^C until WANTED is said: just before it waits, Python's readline takes no notice."""
        begin = len(self.said)
        while wanted not in self.said[begin:]:
            os.write(self._fd, b"\x03")
            while wanted not in self.said[begin:] and select.select([self._fd], [], [], 2)[0]:
                self._read()

    def wait(self, wanted, begin=0):
        """Wait until WANTED is said, after BEGIN bytes."""
        while wanted not in self.said[begin:]:
            self._read()

    def _wait_for_prompt(self):
        # What is typed before that is a terminal's, and no line editor's.
        while not self.said.endswith(PROMPT.encode()):
            self._read()

    def _read(self):
        ready, _, _ = select.select([self._fd], [], [], 30)
        assert ready, self.said
        self.said += os.read(self._fd, 4096)

    def end(self):
        """Type ^D, and give the exit code."""
        self._wait_for_prompt()
        os.write(self._fd, b"\x04")
        with contextlib.suppress(OSError):
            while data := os.read(self._fd, 4096):
                self.said += data
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


@pytest.mark.process
def test_a_terminal(typed):
    """ZD-15. B-10. Tab completes, the last line comes back, and ^C leaves only a line."""
    terminal = Terminal(typed, *SLEEP)
    terminal.type(b"stat\t\r", b"daemon manager not running")
    terminal.type(b"show pyt\t\r", b"Python info:")
    terminal.type(b"kill sigwin\t", b"sigwin\a")
    terminal.interrupt(b"^C")
    terminal.type(b"kill SIGWIN\t\r", b"daemon process not running")
    assert b"kill SIGWINCH" in terminal.said
    terminal.type(b"\x10\r", b"daemon process not running")
    terminal.type(b"help qui\t\r", b"quit -- ")
    terminal.type(b"logtail con\t\r", b"No such file or directory: 'con'")
    assert terminal.end() == 1
    assert terminal.said.count(b"kill SIGWINCH") == 2


@pytest.mark.process
def test_logtail_ends_at_the_terminal(typed):
    """^C ends logtail, and the shell goes on."""
    log = typed.file("log", "".join(f"line {at}\n" for at in range(20)))
    terminal = Terminal(typed, *SLEEP, "-l", "log")
    terminal.type(b"logtail\r", b"line 19")
    assert b"line 9" not in terminal.said
    with log.open("a") as more:
        more.write("more\n")
    terminal.wait(b"more")
    terminal.interrupt(PROMPT.encode())
    terminal.type(b"status\r", b"daemon manager not running")
    assert terminal.end() == 3
