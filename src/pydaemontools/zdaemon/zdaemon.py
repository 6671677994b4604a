"""Run a program as a daemon, and tell and ask its manager: zdaemon's command line."""

import os
import sys
from _signal import SIG_DFL, SIGINT, default_int_handler, getsignal, signal

from ..base.cli import Asked, Quit, native
from .codes import Code
from .command_line import CommandLine, Wrong
from .early_manager import prepare_manager
from .saying import out, wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .configuration import Configuration

VERSION = "5.2.1"  # of the zdaemon that this stands in for
USAGE_WRONG = 2
INTERRUPTED = 128 + SIGINT


def main(argv: list[bytes]) -> int:
    """Do what the command line says; the exit codes are on the tool's page."""
    own = native(argv[0])
    who = os.fsdecode(argv[0])
    words = [os.fsdecode(word) for word in argv[1:]]
    if getsignal(SIGINT) == SIG_DFL:
        signal(SIGINT, default_int_handler)
    try:
        line = CommandLine(words, native=own)
        if line.args[:1] == ["start"] and "interactive" not in line.flags:
            prepare_manager()
        code = _act(line, who, words)
    except Asked as asked:
        if own:
            raise
        return _zdaemons(asked.what)
    except Wrong as error:
        wrong(who if own else sys.argv[0], str(error))
        return USAGE_WRONG
    except Quit as end:
        raise end.plain() from None
    except KeyboardInterrupt:
        return INTERRUPTED
    compatible = not own or "compat-exit" in line.flags
    number = code.zdaemons if compatible else code.ours
    if line.args[:1] == ["start"] and "interactive" not in line.flags:
        # All is said, and what an interpreter tidies up would only take time.
        os._exit(number)
    return number


def _act(line: CommandLine, who: str, words: list[str]) -> Code:
    """Do what LINE says, which came of WORDS, under the name WHO. Raises Wrong, Quit, Asked."""
    if line.native and line.args[:1] == ["convert"]:
        from .convert import convert

        return convert(line, who)
    if line.native and line.args[:1] == ["append"]:
        return _append(line.args[1:])
    from .configuration import Configuration
    from .session import Session

    configuration = Configuration(line)
    interactive = "interactive" in line.flags or (line.native and not line.args)
    if not line.args and not (interactive and _may_ask(line, configuration)):
        raise Wrong("an action argument is required")
    stays = "compat-exit" in line.flags or not line.native or interactive
    session = Session(configuration, who, stays=stays)
    said = " ".join(line.args)
    session.begin(said)
    code = session.run(said, line.args[1:]) if line.args else None
    if not interactive:
        return code or Code(0)
    from .shell import Shell

    prompt = configuration.values["prompt"] or who + ">"
    return Shell(session, words, str(prompt)).run()


def _append(words: list[str]) -> Code:
    """Append stdin to the file that WORDS name, of the size and the number they say. Raises Wrong.

    It is what keeps a transcript, for service directories.
    """
    numbers = [int(word) for word in words[1:] if word.isascii() and word.isdigit()]
    if not 1 <= len(words) <= 3 or len(numbers) != len(words) - 1:
        raise Wrong("append takes a file, a size and a number: append FILE [BYTES [KEEP]]")
    from .transcript_file import append

    size, keep = (*numbers, 10)[:2] if numbers else (0, 0)
    return Code(append(os.fsencode(words[0]), size, keep))


def _may_ask(line: CommandLine, configuration: "Configuration") -> bool:
    """Whether a shell is wanted where nobody said what to do."""
    return "interactive" in line.flags or bool(configuration.values["default-to-interactive"])


def _zdaemons(what: bytes) -> int:
    """Print zdaemon's help or version."""
    from .help_texts import USAGE

    out(f"{VERSION}\n" if what == b"version" else USAGE)
    return 0
