"""What can be said of a runner: the keys of <runner>, and the options that stand above them."""

from . import datatypes
from .runner import Runner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

OURS = "zdaemon.zdoptions."


class RunnerKey:
    """A key of <runner>, as NAME stands in a file, and perhaps an option.

    DATATYPE: what ZConfig calls the kind of its value. DEFAULT: what holds without one, as it
    would be written. LETTER: of its option, which with `takes` has a value, made by CONVERT, and
    else is a flag. SHOWN: what zdaemon calls it in `show`. NATIVE: zdaemon has none of its name.
    """

    def __init__(
        self,
        name: str,
        datatype: str,
        default: str = "",
        letter: str = "",
        *,
        takes: bool = True,
        convert: "Callable[[str], object] | None" = None,
        shown: str = "",
        native: bool = False,
    ) -> None:
        self.name = name
        # Where ZConfig puts the value, and Runner has it.
        self.attribute = name.replace("-", "_")
        self.datatype = datatype
        self.default = default
        self.letter = letter
        self.takes = takes
        self.convert = convert
        self.shown = shown
        self.native = native


KEYS = (
    RunnerKey("program", "string-list", letter="p", convert=datatypes.words, shown="program"),
    RunnerKey("python", "existing-path", shown="python"),
    RunnerKey("zdrun", "existing-path", shown="zdrun"),
    RunnerKey(
        "socket-name",
        OURS + "existing_parent_dirpath",
        "zdsock",
        "s",
        convert=datatypes.existing_parent_dirpath,
        shown="sockname",
    ),
    RunnerKey("daemon", "boolean", "on", "d", takes=False, shown="daemon"),
    RunnerKey(
        "directory",
        OURS + "existing_parent_directory",
        letter="z",
        convert=datatypes.existing_parent_directory,
        shown="directory",
    ),
    RunnerKey("backoff-limit", "integer", "10", "b", convert=int, shown="backofflimit"),
    RunnerKey("forever", "boolean", "false", "f", takes=False, shown="forever"),
    RunnerKey(
        "exit-codes",
        OURS + "list_of_ints",
        "0,2",
        "x",
        convert=datatypes.list_of_ints,
        shown="exitcodes",
    ),
    RunnerKey("start-test-program", "string-list"),
    RunnerKey("start-timeout", "integer", "300", "T", convert=int),
    RunnerKey("stop-timeout", "integer", "300"),
    RunnerKey("user", "string", letter="u", shown="user"),
    RunnerKey(
        "umask", OURS + "octal_type", "022", "m", convert=datatypes.octal_type, shown="umask"
    ),
    RunnerKey("hang-around", "boolean", "false"),
    RunnerKey("default-to-interactive", "boolean", "true"),
    RunnerKey("logfile", "existing-dirpath", letter="l", shown="logfile"),
    RunnerKey("transcript", "existing-dirpath", letter="t", shown="transcript"),
    RunnerKey("prompt", "string"),
    RunnerKey("quotes", "boolean", "false", native=True),
    RunnerKey("group", "string", native=True),
    RunnerKey("socket-group", "string", native=True),
    RunnerKey("start-notify", "boolean", "false", native=True),
    RunnerKey("start-delay", OURS + "seconds", "0.1", native=True),
    RunnerKey("transcript-size", "byte-size", "0", native=True),
    RunnerKey("transcript-keep", "integer", "10", native=True),
)
# Where no file says anything: as the options' own defaults are, not the file's.
DEFAULTS: dict[str, object] = {
    key.name: getattr(Runner, key.attribute, None) for key in KEYS if key.name != "program"
} | {"daemon": 1, "forever": 0, "exit-codes": [0, 2], "transcript": "/dev/null", "quotes": False}
