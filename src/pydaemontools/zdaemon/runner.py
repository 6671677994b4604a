"""What a <runner> section says: the program, and how its manager is to keep it."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# What the event log is made of, plain enough to be handed from the client to its manager: None,
# numbers, text, tuples and dicts of them.
Plain = object


class Runner:
    """One program and its manager, as command line and file together say: it never changes.

    All times are in seconds, sizes in bytes; paths are as the client sees them, and relative
    ones count from its working directory. What is not given is as it stands here. Raises
    TypeError for a name that is none. (The module dataclasses alone takes 18 ms of a start.)
    """

    # PROGRAM and its arguments, those of `start ARG...` behind them. Without a / it is looked
    # for in PATH.
    program: tuple[str, ...] = ()
    # What stands behind `runner` in <runner NAME>; nothing for the only one.
    name: str = ""
    # The interpreter that the manager runs in; None for the client's own.
    python: str | None = None
    # Another manager's script: accepted, and never run.
    zdrun: str | None = None
    # Where the manager answers. Runners with one socket have one manager.
    socket_name: str = "zdsock"
    # One group whose members may say what root and the owner may; None for nobody else.
    socket_group: str | None = None
    # Whether the manager detaches itself. If not, the client waits for its end.
    daemon: bool = True
    # Where the program runs; made, one level deep, if it is not there.
    directory: str | None = None
    # A run shorter than this counts; after so many short ones in a row the manager gives up.
    backoff_limit: int = 10
    # Whether it does not give up, and waits backoff-limit between two starts.
    forever: bool = False
    # Exit codes that say that the program is done; they hold also for `forever`.
    exit_codes: tuple[int, ...] = (0, 2)
    # Run each second until it exits with 0: then the program is started. None if empty.
    start_test_program: tuple[str, ...] = ()
    # Whether the program says that it is started, by READY=1 to NOTIFY_SOCKET (sd_notify).
    start_notify: bool = False
    # How long a client waits for either.
    start_timeout: float = 300
    # How long a program has to live until its start counts, where there is no test.
    start_delay: float = 0.1
    # From TERM to KILL.
    stop_timeout: float = 300
    # The account that manager and program become, a name or number; None for the client's.
    user: str | None = None
    # Its group, if not the account's own.
    group: str | None = None
    # The umask of manager and program.
    umask: int = 0o022
    # Names and values that are set for manager and program.
    environment: tuple[tuple[str, str], ...] = ()
    # Accepted, and without a meaning since zdaemon 3.0.
    hang_around: bool = False
    # Whether the client without an action is a shell.
    default_to_interactive: bool = True
    # What `logtail` follows; the manager does not use it.
    logfile: str | None = None
    # Where stdout and stderr of the program go: a file, a directory with a / at its end (as
    # pymultilog writes one), or a place of pysissylog's --to. None: nowhere.
    transcript: str | None = None
    # A file grows to this size, and then becomes FILE.1; 0 for no limit. Of a directory it is
    # the size of a finished file.
    transcript_size: int = 0
    # So many older ones are kept.
    transcript_keep: int = 10
    # What the part of the event log makes out of <eventlog>; None if there is none.
    eventlog: Plain = None
    # What the shell shows when it waits for a line; None for the name of the tool and >.
    prompt: str | None = None

    def __init__(self, **given: "Any") -> None:  # noqa: ANN401 - the types stand above
        for name, value in given.items():
            if name not in NAMES:
                raise TypeError(f"a runner has no {name}")
            self.__dict__[name] = value

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a runner does not change: {name}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Runner) and dict(self.items()) == dict(other.items())

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Runner({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"

    def items(self) -> "Iterator[tuple[str, Any]]":
        """Each name and its value."""
        return ((name, getattr(self, name)) for name in NAMES)

    def replace(self, **changes: "Any") -> "Runner":  # noqa: ANN401
        """The same with CHANGES."""
        return Runner(**self.__dict__ | changes)


NAMES = [name for name in vars(Runner) if name[0] != "_" and not callable(vars(Runner)[name])]
