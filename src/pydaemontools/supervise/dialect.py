"""What differs between the supervisors that we can be: a line each.

supervise is that of daemontools 0.76, runsv that of runit 2.1, pysupervise ours.
"""

from .rules import Rules, plain
from .table import PATIENT, TABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .table import Row


class Dialect:
    """One of them.

    length: bytes of the status file; letters: the commands that it hears; table: what they
    mean; full: whether there are log, finish, control and the files pid and stat, as runit
    has them; native: whether there is all the rest; session: whether what is started leads one
    of its own. runit's messages begin with the directory, and files in them are as seen from
    there.
    """

    __slots__ = ("full", "length", "letters", "native", "session", "table")

    def __init__(
        self,
        length: int,
        letters: bytes,
        table: "dict[str, Row]",
        *,
        full: bool,
        native: bool,
        session: bool = False,
    ) -> None:
        self.length = length
        self.letters = letters
        self.table = table
        self.full = full
        self.native = native
        self.session = session

    def rules(self, place: bytes) -> tuple[Rules, list[bytes]]:
        """What the directory PLACE asks for at this start, and what is wrong with that."""
        if self.native:
            # A manager of zdaemon's has no such files.
            from .settings import SettingsReader

            reader = SettingsReader(place)
            return reader.rules(), reader.problems
        rules = plain()
        rules.finish = self.full
        return rules, []

    @property
    def runit(self) -> bool:
        """Whether messages are runit's."""
        return self.full and not self.native

    def who(self, name: bytes) -> bytes:
        """What a message about the service NAME begins with."""
        if self.runit:
            return b"runsv " + name
        return b"pysupervise" if self.native else b"supervise"

    def prefix(self, name: bytes, sub: bytes = b"") -> bytes:
        """What stands before a file's name in a message; SUB is log/ for the logger."""
        return sub if self.runit else name + b"/" + sub


DIALECTS = {
    b"supervise": Dialect(18, b"udoxpchaitk", PATIENT, full=False, native=False),
    b"runsv": Dialect(20, b"udoxpchaitkq12", TABLE, full=True, native=False),
    # As it is below a `runsvdir -P`, where each runsv leads a session.
    b"runsv -P": Dialect(20, b"udoxpchaitkq12", TABLE, full=True, native=False, session=True),
    b"pysupervise": Dialect(
        20, b"udoxpchaitkq12wyrbDUOQ", TABLE, full=True, native=True, session=True
    ),
}
