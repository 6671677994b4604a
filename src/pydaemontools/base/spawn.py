"""posix_spawn with what Python's leaves out: the signals that the C library keeps for itself.

glibc has 32 and 33 ignored in each child that it spawns, but for those that are to have their
default; and no function of its own, so none of Python's, takes one of them into a set.
"""

import posix
from _ctypes import byref, sizeof
from _signal import NSIG, SIG_IGN, SIGXFSZ, valid_signals

from .libc import Int, Long, String, Word, function
from .process import MARK, environ

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

KEPT = sorted(set(range(1, NSIG)) - set(valid_signals()))
SETSIGDEF, SETSIGMASK, SETSID = 0x04, 0x08, 0x80  # the same in glibc and musl
Set = Word * (1024 // 8 // sizeof(Word))
Room = Word * (512 // sizeof(Word))  # what the library keeps has no more than 336 bytes
# The system call rt_sigaction, by what uname calls the machine, and what it reads and writes.
RT_SIGACTION = {"x86_64": 13, "aarch64": 134, "riscv64": 134, "ppc64le": 173, "s390x": 174}
Action = Word * 4

_posix_spawn = function("posix_spawn")
_init, _destroy, _add_dup2 = (
    function("posix_spawn_file_actions_" + name) for name in ("init", "destroy", "adddup2")
)


def spawn(
    file: bytes,
    argv: list[bytes],
    fd_map: "Mapping[int, int]",
    *,
    session: bool,
    mask: "frozenset[int] | None",
    mark: bytes = b"",
) -> int:
    """Start FILE with ARGV, in a SESSION of its own or not; return its pid.

    FD_MAP says which fd is which of ours there. Signals that are not ignored have their
    default, and those of MASK are blocked; None: those that are for us. The variable that
    marks it is MARK there, if that is given. Raises OSError.
    """
    if _placed != fd_map:
        _place(fd_map)
    attributes = _attributes(mask, session=session)
    pid, words = Int(), (_array(argv), _variables(mark or environ.get(MARK)))
    error = _posix_spawn(byref(pid), file, _actions, attributes, *words)
    if error:
        raise OSError(error, "")
    started: int = pid.value
    return started


def _place(fd_map: "Mapping[int, int]") -> None:
    """Have the actions that FD_MAP asks for, or none where one of them cannot be."""
    _placed.clear()
    _destroy(_actions)
    _init(_actions)
    for fd, source in fd_map.items():
        error = _add_dup2(_actions, source, fd)
        if error:
            _place({})
            raise OSError(error, "")
    _placed.update(fd_map)


def reset() -> None:
    """Let what the C library keeps for itself have its default, where it was ignored for us."""
    number = RT_SIGACTION.get(posix.uname().machine)
    if not number or sizeof(Word) < 8:
        return
    syscall = function("syscall")
    for signum in KEPT:
        old = Action()
        syscall(Long(number), Long(signum), None, old, Long(8))
        if old[0] == SIG_IGN:
            syscall(Long(number), Long(signum), Action(), None, Long(8))


def _variables(mark: bytes | None) -> object:
    """The environment, and MARK. It takes as long as all the rest to make, and seldom changes."""
    if _environment[0] != environ:
        words = [b"%b=%b" % one for one in environ.items() if one[0] != MARK]
        _environment[:] = dict(environ), _array([*words, b""])
    _environment[1][-2] = mark and MARK + b"=" + mark
    return _environment[1]


def _array(words: list[bytes]) -> object:
    return (String * (len(words) + 1))(*words)


def _attributes(mask: "frozenset[int] | None", *, session: bool) -> object:
    if (mask, session) not in _made:
        _made[mask, session] = _make_attributes(mask, session=session)
    return _made[mask, session]


def _make_attributes(mask: "frozenset[int] | None", *, session: bool) -> object:
    made = Room()
    function("posix_spawnattr_init")(made)
    function("posix_spawnattr_setsigdefault")(made, _set([SIGXFSZ, *KEPT]))
    function("posix_spawnattr_setsigmask")(made, _set(mask or ()))
    flags = SETSIGDEF | SETSID * session | SETSIGMASK * (mask is not None)
    function("posix_spawnattr_setflags")(made, flags)
    return made


def _set(signums: "Iterable[int]") -> object:
    made, bits = Set(), 8 * sizeof(Word)
    for signum in signums:
        made[(signum - 1) // bits] |= 1 << (signum - 1) % bits
    return made


# What seldom changes is kept: what a child does with its fds, and the fd_map which that is for;
# the environment as it was, and the array of it.
_actions, _placed = Room(), dict[int, int]()
_init(_actions)
_environment: "list[Any]" = [None, None]
_made: "dict[tuple[frozenset[int] | None, bool], object]" = {}
