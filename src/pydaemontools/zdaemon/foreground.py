"""fg: the program in the place of a manager's, where it was typed."""

import os
from _signal import SIG_DFL, SIGINT, default_int_handler, getsignal, signal

from ..base.cli import Quit, fatal
from ..base.process import environ
from ..chain import pathexec
from .become import become
from .codes import DONE, REFUSED, Code
from .passing_on import run_child
from .saying import out, show_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .runner import Runner
    from .runner_client import RunnerClient


def foreground(
    client: "RunnerClient", words: list[str], who: str, *, native: bool, stay: bool
) -> Code:
    """Run the program of CLIENT, with WORDS behind it; give what it ended with.

    All is as a manager would have it: the account, the variables, and if NATIVE the directory and
    the umask too. STAY: in a child; else this process becomes it, and comes back only if that
    fails.
    """
    if client.status().pid:
        out("To run the program in the foreground, please stop it first.\n")
        return REFUSED
    program = [*client.runner.program, *words]
    show_line(" ".join(program))
    if not stay:
        return Code(_become(client.runner, program, native=native, who=who))
    status = run_child(lambda: _become(client.runner, program, native=native, who=who))
    return ended(status)


def ended(status: int) -> Code:
    """The code for a child that ended with the wait STATUS, as a shell has it."""
    code = os.waitstatus_to_exitcode(status)
    if not code:
        return DONE
    return Code(code if code > 0 else 128 - code)


def _become(runner: "Runner", program: list[str], *, native: bool, who: str) -> int:
    """Be PROGRAM. Where that cannot be done, say why if NATIVE, and give the exit code."""
    if getsignal(SIGINT) == default_int_handler:
        signal(SIGINT, SIG_DFL)
    try:
        prepare(runner, native=native)
        argv = [os.fsencode(word) for word in program]
        name, main, rest = pathexec.become(argv, environ.get(b"PATH"))
        return pathexec.run(name, main, rest)
    except Quit as end:
        return end.plain().say(who.encode()) if native else end.code
    except OSError as error:
        what = b"unable to prepare for " + os.fsencode(program[0])
        return fatal(what, error).plain().say(who.encode())


def prepare(runner: "Runner", *, native: bool) -> None:
    """Have this process be what a manager has RUNNER's program be. Raises Quit, OSError."""
    become([runner])
    if native:
        os.umask(runner.umask)
        if runner.directory:
            os.chdir(runner.directory)
