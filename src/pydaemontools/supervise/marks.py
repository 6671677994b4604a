"""A number for each of a few names, in a hundred bytes: of a service that may be one of thousands.

A dict of them takes five times as much, and each number in it again.
"""

from sys import byteorder

BITS = 63
MASK = (1 << BITS) - 1
WORD = 8  # bytes


def places(*names: bytes) -> "dict[bytes, int]":
    """Where the numbers of NAMES are, one behind the other."""
    return {name: WORD * number for number, name in enumerate(names)}


class Marks:
    """Numbers from 0 to MASK for the names that have PLACES, which many have in common."""

    __slots__ = ("_packed", "_places")

    def __init__(self, places: "dict[bytes, int]") -> None:
        self._places = places
        self._packed = bytes(WORD * len(places))  # the numbers and one each, 0 for none

    def get(self, name: bytes) -> int | None:
        """The number of NAME; None if it has none."""
        at = self._places[name]
        number = int.from_bytes(self._packed[at : at + WORD], byteorder)
        return number - 1 if number else None

    def set(self, name: bytes, number: int) -> None:
        """Have NUMBER for NAME."""
        self._put(name, number + 1)

    def forget(self, *names: bytes) -> None:
        """Have none for NAMES."""
        for name in names:
            self._put(name, 0)

    def _put(self, name: bytes, number: int) -> None:
        at, packed = self._places[name], self._packed
        new = number.to_bytes(WORD, byteorder)
        self._packed = packed[:at] + new + packed[at + WORD :]
