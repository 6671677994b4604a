"""The files of a service directory that say what it asks of its supervisor.

The names are s6's where s6 has one (https://skarnet.org/software/s6/servicedir.html), with
its units (milliseconds); the rest is ours, in seconds.
"""

import _signal
import posix
from _signal import SIGTERM

from ..base import cli
from ..base.errors import error_str
from ..base.shared_dir import read_file
from .rules import (
    CHECK,
    CONTROL,
    FOREVER,
    NOTIFY,
    PATIENCE,
    PROCESS,
    SETTLE,
    TARGETS,
    RestartBackoff,
    Rules,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 1 << 16  # bytes that one of these files may hold
TALLY = 60.0  # seconds within which deaths are counted, where no file says otherwise
WAYS = {b"notify": 0, b"check": 0, b"log": 1, b"tcp": 1, b"unix": 1, b"http": 1}
FILES = (
    b"adopt backoff cgroup check dialect down-signal down-target event exit-codes max-death-tally"
    b" notification-fd notify ready rss-limit settle timeout-check timeout-control timeout-down"
    b" timeout-finish timeout-kill timeout-notify timeout-up type watchdog"
).split()
# That one of these is there says that the directory is s6's.
S6 = {
    *(b"event", b"notification-fd", b"type"),
    *(b"timeout-down", b"timeout-finish", b"timeout-kill", b"timeout-up"),
}
DIALECTS = ([b"s6"], [b"runit"])
SIGNS = (b"notify", b"check", b"log")
LONGEST_SOCKET = 107  # bytes of a path in struct sockaddr_un, and a NUL


# What a directory without any of them asks for: the same for all, so that nobody may change it.
PLAIN = Rules()
PLAIN.finish = True


class SettingsReader:
    """Reads the files of a service directory; what is wrong in them stands in `problems`,
    each of which begins with the name of the file.
    """

    def __init__(self, place: bytes) -> None:
        self.place = place
        self.problems: list[bytes] = []
        try:
            # Most files are not there: one look instead of a dozen.
            self._names = set(posix.listdir(place))
        except OSError as error:
            self._names = set()
            self.problems.append(b". cannot be read: " + error_str(error))

    def rules(self) -> Rules:
        """What the directory asks for now; a file that is wrong counts as not there."""
        if self._names.isdisjoint(FILES):
            return PLAIN
        rules = Rules()
        rules.finish = True
        rules.finish_limit = self._milliseconds(b"timeout-finish", PATIENCE)
        rules.kill_after = self._milliseconds(b"timeout-kill", PATIENCE)
        rules.ready_limit = self._milliseconds(b"timeout-up", FOREVER)
        rules.notification_fd = self._notification_fd()
        rules.settle = next(iter(self._numbers(b"settle", range(1, 2))), SETTLE)
        rules.check_limit = self._milliseconds(b"timeout-check", CHECK)
        rules.control_limit = self._milliseconds(b"timeout-control", CONTROL)
        rules.ways = tuple(self._ways())
        if not rules.waits_ready and self._may_run(b"check"):
            rules.ways, rules.implied = ((b"check", b""),), True
        rules.down_signal = self._signal(b"down-signal")
        rules.down_target = self._target(b"down-target")
        rules.done_codes = frozenset(map(int, self._numbers(b"exit-codes", range(1, 257))))
        deaths = self._numbers(b"max-death-tally", range(1, 3))
        if deaths:
            rules.max_deaths = (int(deaths[0]), deaths[1] if len(deaths) > 1 else TALLY)
        backoff = self._numbers(b"backoff", range(1, 6))
        rules.backoff = RestartBackoff(*backoff) if backoff else None
        rules.cgroup = next(iter(self._lines(b"cgroup")), b"")
        rules.notify = self._may_run(b"notify")
        rules.notify_limit = self._milliseconds(b"timeout-notify", NOTIFY)
        rules.rss_limit = self._size(b"rss-limit")
        rules.adopts = self._adopts()
        self._watchdog(rules)
        self._s6(rules)
        return rules

    def _lines(self, name: bytes) -> list[bytes]:
        """The lines of the file NAME that say something; none if there is no such file."""
        if name not in self._names:
            return []
        try:
            text = read_file(self.place + b"/" + name, MOST, follow=True)
        except OSError as error:
            self.problems.append(name + b" cannot be read: " + error_str(error))
            return []
        if b"\0" in text:
            self._wrong(name, b"text")
            return []
        lines = [line.strip() for line in text.split(b"\n")]
        return [line for line in lines if line and line[:1] != b"#"]

    def words(self, name: bytes) -> list[bytes]:
        """The words in the file NAME; none if there is no such file."""
        return b" ".join(self._lines(name)).split()

    def _numbers(self, name: bytes, many: range) -> list[float]:
        """The numbers in the file NAME, so many of them; none if there are others."""
        found = self.words(name)
        if not found:
            return []
        if len(found) in many and all(is_number(word) for word in found):
            return [float(word) for word in found]
        wanted = b"a number" if many.stop == 2 else b"1 to %d numbers" % (many.stop - 1)
        self._wrong(name, wanted + b": " + b" ".join(found))
        return []

    def _milliseconds(self, name: bytes, default: float) -> float:
        """As s6 counts; 0 is for ever."""
        numbers = self._numbers(name, range(1, 2))
        return (numbers[0] / 1000 or FOREVER) if numbers else default

    def _size(self, name: bytes) -> int:
        """The number of bytes in the file NAME; 0 without one."""
        found = self.words(name)
        number = cli.size(found[0]) if len(found) == 1 else None
        if found and not number:
            self._wrong(name, b"a number of bytes, perhaps with k, m or g")
        return number or 0

    def _notification_fd(self) -> int | None:
        """The fd on which the service says that it is ready, by a line (s6)."""
        numbers = self._numbers(b"notification-fd", range(1, 2))
        if numbers and not (2 < numbers[0] < 1024 and numbers[0] == int(numbers[0])):
            self._wrong(b"notification-fd", b"a file descriptor above 2")
            return None
        return int(numbers[0]) if numbers else None

    def _ways(self) -> list[tuple[bytes, bytes]]:
        """The ways in which the service says that it is ready, a line each."""
        ways = []
        for line in self._lines(b"ready"):
            word, _, rest = line.partition(b" ")
            rest = rest.strip()
            known = b"notify, check, log PATTERN, tcp [ADDRESS:]PORT, unix PATH or http URL"
            wanted = known if WAYS.get(word) != int(bool(rest)) else b""
            wanted = wanted or (LACKS[word](rest) if word in LACKS else b"")
            if wanted:
                self._wrong(b"ready", wanted + b": " + line)
            else:
                ways.append((word, rest))
        return ways

    def _may_run(self, name: bytes) -> bool:
        """Whether there is a program NAME that may be run."""
        try:
            mode = posix.stat(self.place + b"/" + name).st_mode if name in self._names else 0
        except OSError:
            return False
        return mode & 0o170100 == 0o100100

    def _watchdog(self, rules: Rules) -> None:
        """SECONDS, and what is to be seen in that time: notify (or nothing), check [N], log."""
        found = self.words(b"watchdog")
        if not found:
            return
        number, sign, misses = (
            (*found, b"notify", b"1")[:3] if len(found) < 2 else (*found, b"1")[:3]
        )
        counts = (
            misses.isdigit()
            and len(misses) < 10
            and int(misses) > 0
            and (sign == b"check" or len(found) < 3)
        )
        timed = is_number(number) and float(number) > 0
        if len(found) > 3 or sign not in SIGNS or not (timed and counts):
            self._wrong(b"watchdog", b"SECONDS [notify | check [N] | log]")
            return
        rules.watchdog = float(number)
        rules.sign = sign
        rules.misses = int(misses)

    def _adopts(self) -> bool:
        """Whether what a killed supervisor left goes on."""
        found = self.words(b"adopt")
        if found not in ([], [b"restart"]):
            self._wrong(b"adopt", b"restart")
        return found != [b"restart"]

    def _s6(self, rules: Rules) -> None:
        """Whether the directory is one of s6's, and why."""
        rules.s6 = b", ".join(sorted(self._names & S6))
        found = self.words(b"dialect")
        if found in DIALECTS:
            rules.asks_event = found == [b"s6"]
            rules.s6 = b"dialect" if rules.asks_event else b""
        elif found:
            self._wrong(b"dialect", b"s6 or runit")
        kind = b" ".join(self.words(b"type"))
        if kind not in (b"", b"longrun") or (b"type" in self._names and not kind):
            self._wrong(b"type", b"longrun, but " + (kind or b"nothing") + b": run is kept running")

    def _signal(self, name: bytes) -> int:
        found = self.words(name)
        if not found:
            return int(SIGTERM)
        number = signal_number(found[0])
        if number is None or len(found) > 1:
            self._wrong(name, b"a signal")
        return number or int(SIGTERM)

    def _target(self, name: bytes) -> bytes:
        found = self.words(name)
        if found and found not in [[word] for word in TARGETS]:
            self._wrong(name, b"process, group or session")
            return PROCESS
        return found[0] if found else PROCESS

    def _wrong(self, name: bytes, wanted: bytes) -> None:
        self.problems.append(name + b" does not hold " + wanted)


def is_number(word: bytes) -> bool:
    """Whether WORD is a decimal number, perhaps with a point, that a clock can count."""
    integer, _, fraction = word.partition(b".")
    return (integer + fraction).isdigit() and len(word) < 16


def _lacks_port(word: bytes) -> bytes:
    """What WORD is to be that names a port: to look up the name of a host takes time."""
    from ..base.listening import is_port

    return b"" if is_port(word) else b"tcp [ADDRESS:]PORT, the address in numbers"


def _lacks_pattern(word: bytes) -> bytes:
    """What WORD is to be that is looked for in a log, and why it is no such thing."""
    import re

    try:
        re.compile(word)
    except (re.error, OverflowError, RecursionError) as error:
        return b"a regular expression behind log (" + str(error).encode() + b")"
    return b""


def _lacks_path(word: bytes) -> bytes:
    """What WORD is to be that names a socket: the kernel has no room for longer ones."""
    if len(word) <= LONGEST_SOCKET:
        return b""
    return b"a path of at most %d bytes behind unix, but %d" % (LONGEST_SOCKET, len(word))


def _lacks_url(word: bytes) -> bytes:
    """What WORD is to be that is asked for."""
    from ..base.http import parse

    return b"" if parse(word) is not None else b"http[s]://HOST[:PORT][/PATH] behind http"


# What is wrong with the word behind a way to be ready; nothing if it is right.
LACKS: "dict[bytes, Callable[[bytes], bytes]]" = {
    b"tcp": _lacks_port,
    b"log": _lacks_pattern,
    b"unix": _lacks_path,
    b"http": _lacks_url,
}


def signal_number(word: bytes) -> int | None:
    """The signal called WORD: a number, or a name with or without SIG."""
    if word.isdigit() and len(word) < 4:
        return int(word) if 0 < int(word) < _signal.NSIG else None
    name = "SIG" + word.decode("latin-1").upper().removeprefix("SIG")
    number = getattr(_signal, name, None)
    return int(number) if isinstance(number, int) and name[3] != "_" else None
