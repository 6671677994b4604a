"""What a command line has done to a daemon: actions, options, and LSB's exit codes."""

import os
from errno import EACCES, ENOENT, EPERM

from ..base import cli
from ..base.errors import error_str
from ..base.printable import plain
from ..base.write import write_all
from .absolute import check_filled
from .command_kinds import words_of
from .failures import AlreadyRunning, Error, OptionError, StartupError
from .managed import Managed
from .stopping import number_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

ACTION = b"{start | stop | restart | reload | status} [option ...] [--] [program [arg ...]]"
SYNOPSIS = b"pydaemon name " + ACTION
USAGE = (SYNOPSIS, SYNOPSIS)
WHO = b"pydaemon"
# Long options with a value, and the attribute that each sets.
TEXTS = {
    b"pid-file": "pid_file",
    b"log": "log_file",
    b"ready": "ready",
    b"look-for": "look_for",
    b"umask": "umask",
    b"user": "user",
    b"chroot": "chroot",
    b"directory": "directory",
    b"signal": "stop_signal",
    b"reload-signal": "reload_signal",
    b"stop-command": "shutdown_command",
}
SECONDS = {b"timeout": "timeout", b"stop-timeout": "stop_timeout", b"settle": "settle"}
WORDS = (*(name + b":" for name in (*TEXTS, *SECONDS, b"log-command")), b"no-kill")
ACTIONS = b"start", b"stop", b"restart", b"reload", b"status"
# What LSB has init scripts say.
DEAD, NOT_RUNNING, UNKNOWN = 1, 3, 4
FAILED, USAGE_WRONG, REFUSED, NOT_INSTALLED, IS_DOWN = 1, 2, 4, 5, 7


def run(words: list[bytes], daemon: Managed) -> int:
    """Do what WORDS say, an action and options, for DAEMON; give the exit code."""
    try:
        if words[:1] in ([b"--help"], [b"-h"]):
            raise cli.Asked(b"help")
        return with_lsb(lambda: act(words, daemon))
    except cli.Asked:
        return _print(b"usage: " + ACTION, 0)
    except cli.Quit as end:
        return end.say(WHO)


def with_lsb(body: "Callable[[], int]") -> int:
    """The exit code that BODY gives. Raises Quit with one of LSB's for what it raises."""
    try:
        return body()
    except cli.Quit as quit_:
        end = quit_
        # The grammar of options is the house's, the codes are not.
        end.code = USAGE_WRONG if end.code == 100 else end.code
    except Error as error:
        end = _quit(error)
    raise end.plain() from None


def act(words: list[bytes], daemon: Managed) -> int:
    """Do what WORDS say, an action and options, for DAEMON; give the exit code. Raises Error."""
    if not words or words[0] not in ACTIONS:
        raise wrong(_no_action(words, daemon))
    try:
        return _act(words, daemon)
    except OptionError:
        raise
    except Error as error:
        if words[0] != b"status":
            raise
        # 1 to 3 would be answers.
        raise cli.Quit(UNKNOWN, b"fatal: " + os.fsencode(str(error))) from None


def _act(words: list[bytes], daemon: Managed) -> int:
    found, program = cli.options([WHO, *words[1:]], USAGE, words=WORDS)
    for option, value in found:
        _set(daemon, option, value)
    if daemon.log_file and not daemon.look_for and daemon.ready is None:
        # Of a program that says nothing nobody waits for a word.
        daemon.stdout = daemon.stderr = daemon.log_file
        daemon.log_file = None
    if program:
        daemon.startup_command = [os.fsdecode(word) for word in program]
    _check(words[0], daemon)
    try:
        return _ACTS[words[0]](daemon)
    except StartupError as error:
        if error.step == "run" and not (
            error.hint or daemon.logs() or daemon.log_command or daemon.noclose
        ):
            error.hint = "what it printed went to /dev/null: --log=FILE keeps it"
        raise


def _no_action(words: list[bytes], daemon: Managed) -> bytes:
    """What to do where WORDS do not begin with an action."""
    shown = words[0] if words else b"nothing"
    name = os.fsencode(daemon.name or "")
    if name in ACTIONS and words:
        return b"the name comes before the action: pydaemon " + shown + b" " + name
    return b"an action is start, stop, restart, reload or status, and not " + shown


def _check(action: bytes, daemon: Managed) -> None:
    """Raise Quit, OptionError for what is known to be wrong of DAEMON before ACTION begins."""
    number_of(daemon.stop_signal)
    number_of(daemon.reload_signal)
    if action not in (b"start", b"restart"):
        return
    if not daemon.startup_command:
        raise wrong(b"say what it is to run: " + action + b" -- program ...")
    if (daemon.look_for or daemon.ready == "log") and not daemon.logs():
        raise wrong(b"--look-for and --ready=log look into a file: name it with --log=FILE")


def _set(daemon: Managed, option: bytes, value: bytes) -> None:
    if option != b"no-kill":
        check_filled(**{f"--{os.fsdecode(option)}": value})
    if option in TEXTS:
        setattr(daemon, TEXTS[option], os.fsdecode(value))
    elif option in SECONDS:
        setattr(daemon, SECONDS[option], cli.seconds(WHO, USAGE, b"-" + option, value))
    elif option == b"log-command":
        daemon.log_command = [os.fsdecode(word) for word in words_of(os.fsdecode(value)) or []]
    else:
        daemon.escalate = False


def _start(daemon: Managed) -> int:
    try:
        daemon.startup(do_exit=False)
    except AlreadyRunning:
        # LSB: a start of what runs is a success. But somebody's shared lock is no daemon.
        if not daemon.alive():
            raise
        return _say(b"already ", daemon)
    return _say(b"", daemon)


def _restart(daemon: Managed) -> int:
    daemon.restart(do_exit=False)
    return _say(b"", daemon)


def _stop(daemon: Managed) -> int:
    daemon.shutdown()
    return _say(b"", daemon)


def _reload(daemon: Managed) -> int:
    if not daemon.alive():
        what = b"unable to reload " + os.fsencode(daemon.name or "")
        raise cli.Quit(IS_DOWN, b"fatal: " + what + b": it is not running")
    daemon.reload()
    return _say(b"", daemon)


def _status(daemon: Managed) -> int:
    status = daemon.status()
    down = DEAD if os.path.exists(daemon.lock.path) else NOT_RUNNING
    return _print(os.fsencode(str(status)), 0 if status.running else down)


_ACTS = {
    b"start": _start,
    b"stop": _stop,
    b"restart": _restart,
    b"reload": _reload,
    b"status": _status,
}


def _say(before: bytes, daemon: Managed) -> int:
    """Print how DAEMON is."""
    text = os.fsencode(str(daemon.status()))
    return _print(text.replace(b": ", b": " + before, 1), 0)


def _print(text: bytes, code: int) -> int:
    """Print the line TEXT; give CODE, which says the same, also to whoever cannot read it."""
    try:
        write_all(1, plain(text) + b"\n")
    except OSError as error:
        cli.say(WHO + b": warning: unable to write to stdout: " + error_str(error))
    return code


def wrong(hint: bytes) -> cli.Quit:
    """The end of a command line that is wrong, with HINT."""
    return cli.usage(WHO, USAGE, USAGE_WRONG, hint=hint)


def _quit(error: Error) -> cli.Quit:
    """The end that ERROR is: in one line, and the last of the daemon's own as the second."""
    cause: BaseException | None = error
    while isinstance(cause, Error):
        cause = cause.__cause__
    number = cause.errno if isinstance(cause, OSError) else None
    code = USAGE_WRONG if isinstance(error, OptionError) else FAILED
    if number in (EACCES, EPERM):
        code = REFUSED
    elif isinstance(error, StartupError) and error.step == "exec" and number == ENOENT:
        code = NOT_INSTALLED
    lines = getattr(error, "lines", [])
    hint = f"its last line: {lines[-1]}" if lines else getattr(error, "hint", "")
    return cli.Quit(code, b"fatal: " + os.fsencode(str(error)), hint=os.fsencode(hint))
