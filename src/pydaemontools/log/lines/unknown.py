"""Lines without a level that no beginning tells, where few come at a time: how more are known."""

from .beginnings import Beginnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .formats_protocol import Formats

LONE = 100  # such lines, until it is found out how they begin: that takes as long as they do
# What begins or joins a record of several lines has one of these, or begins with one of those; or
# it may be in a format (continuation.py, severity.py).
MARKS, FIRST = frozenset(b":[(#|"), frozenset(b" \tTDJFMASON0123456789/.#*-})\xe2")


class Unknown:
    """Has BEGINNINGS know lines that have no level, and that are in none of FORMS."""

    def __init__(self, beginnings: Beginnings, forms: "Formats") -> None:
        self._beginnings = beginnings
        self._forms = forms
        self._count = 0

    def learn(self, line: bytes, level: int) -> None:
        """LINE has no level, and so LEVEL; of no beginning is that known."""
        if line[0] not in FIRST and MARKS.isdisjoint(line):
            # It is in no record, and none begins with it.
            self._beginnings.put_whole(line, level)
            return
        self._count += 1
        if self._count > LONE and (size := self._forms.enough(line)):
            self._beginnings.learn(line, size, level)
