"""Parts of a day, as the calendar draws them."""

from collections.abc import Iterator
from typing import NamedTuple


class Stretch(NamedTuple):
    """A part of a day in rows of five minutes, counted from midnight on the salon's clock."""

    row: int
    rows: int

    @property
    def end(self) -> int:
        """The row behind it."""
        return self.row + self.rows

    def without(self, other: "Stretch") -> Iterator["Stretch"]:
        """Yield what is left of it where another one is taken off."""
        for row, end in ((self.row, min(self.end, other.row)), (max(self.row, other.end), self.end)):
            if end > row:
                yield Stretch(row, end - row)

    def meets(self, other: "Stretch") -> bool:
        """Return whether both have a row."""
        return self.row < other.end and other.row < self.end
