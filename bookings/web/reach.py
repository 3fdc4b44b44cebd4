"""How far beyond what is seen of it a short block can be hit: nobody hits ten minutes with a finger (ui.md §3).

Counted in steps of four pixels, half a row of the grid. Nothing that can be hit is ever covered by that.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from bookings.calendar import Away, Block, Column
from salon.catalogue.models import AbsenceKind

OF_ROW = 2
# So much has everything that is hit by a mouse, 24 px, and by a finger, 44 px.
LEAST, ENOUGH = 6, 11
# So much of a free quarter of an hour stays as it is, for whoever wants to book there.
FREE = 6
# Beyond it there is nothing: the first row, and the last.
_EDGE, _ALONE = 0, 1


class Reach(NamedTuple):
    """How far a block reaches, above and below."""

    above: int = 0
    below: int = 0


class _Room(NamedTuple):
    """How far a block may reach at one side: at most, and without making a free quarter too small to be hit."""

    most: int
    spare: int


NONE = Reach()


def reaches(column: Column, *, first_row: int, last_row: int) -> list[Reach]:
    """Return how far each block of a column reaches, in their order."""
    around: list[Block | Away] = [*column.blocks, *(one for one in column.away if one.kind == AbsenceKind.BLOCKED)]
    around.sort(key=attrgetter("stretch"))
    spans = [(one.stretch.row, one.stretch.row + one.stretch.rows) for one in around]
    shared = [_sharing(one) for one in around]
    if all(one[1] <= other[0] for one, other in pairwise(spans)):
        far = _apart(spans, shared, first_row, last_row)
    else:
        far = [_among(place, around, spans, shared, first_row, last_row) for place in range(len(around))]
    found = dict(zip(map(id, around), far, strict=True))
    return [found[id(one)] for one in column.blocks]


def _apart(spans: list[tuple[int, int]], shared: list[int], first_row: int, last_row: int) -> list[Reach]:
    """Return the reach of those of which no two stand beside each other: only the next ones are in the way."""
    found = []
    last = len(spans) - 1
    for place, (row, end) in enumerate(spans):
        if shared[place] == _ALONE:
            found.append(NONE)
            continue
        above, below = (first_row, _EDGE), (last_row, _EDGE)
        if place:
            above = (max(spans[place - 1][1], first_row), shared[place - 1])
        if place < last:
            below = (min(spans[place + 1][0], last_row), shared[place + 1])
        found.append(_between(end - row, row - above[0], above[1], below[0] - end, below[1]))
    return found


@lru_cache(maxsize=10_000)
def _between(rows: int, above: int, sharing_above: int, below: int, sharing_below: int) -> Reach:
    return _taken(rows, (_room(above, sharing_above),), (_room(below, sharing_below),))


def _among(
    place: int,
    around: list[Block | Away],
    spans: list[tuple[int, int]],
    shared: list[int],
    first_row: int,
    last_row: int,
) -> Reach:
    """Return the reach of one where some stand beside each other: whatever is in its own place may be in the way."""
    if shared[place] == _ALONE:
        return NONE
    row, end = spans[place]
    above: tuple[_Room, ...] = (_room(row - first_row, _EDGE),)
    below: tuple[_Room, ...] = (_room(last_row - end, _EDGE),)
    for other, one in enumerate(around):
        if other == place or not _in_one_place(around[place], one):
            continue
        if spans[other][0] < end:
            above += (_room(row - spans[other][1], shared[other]),)
        if spans[other][1] > row:
            below += (_room(spans[other][0] - end, shared[other]),)
    return _taken(end - row, above, below)


@lru_cache(maxsize=10_000)
def _taken(rows: int, rooms_above: tuple[_Room, ...], rooms_below: tuple[_Room, ...]) -> Reach:
    above, below = _least(rooms_above), _least(rooms_below)
    lacks = max(LEAST - rows * OF_ROW, 0)
    up = min(above.most, max(lacks - lacks // 2, lacks - below.most))
    down = min(below.most, lacks - up)
    more = ENOUGH - rows * OF_ROW
    most_up, most_down = max(up, above.spare), max(down, below.spare)
    up = min(most_up, max(more // 2, more - most_down))
    return Reach(up, min(most_down, more - up))


@cache
def _room(rows: int, sharing: int) -> _Room:
    """Return how far a block may reach over so many free rows; towards what shares them: short ones meet halfway."""
    free = max(rows, 0) * OF_ROW
    if sharing == _EDGE:
        return _Room(free, free)
    return _Room(free // sharing, (free if free < FREE else free - FREE) // sharing)


def _least(rooms: Sequence[_Room]) -> _Room:
    return _Room(min(room.most for room in rooms), min(room.spare for room in rooms))


def _sharing(one: Block | Away) -> int:
    """Return how many share what is free beside something: short ones meet in the middle."""
    return 2 if isinstance(one, Block) and one.stretch.rows * OF_ROW < ENOUGH else _ALONE


def _in_one_place(one: Block | Away, other: Block | Away) -> bool:
    """Return whether two stand, or might, in one place, and not beside each other."""
    if isinstance(one, Away) or isinstance(other, Away) or not (one.strip is other.strip is None):
        return True
    mine, hers = one.lane, other.lane
    return mine.number * hers.of < (hers.number + 1) * mine.of and hers.number * mine.of < (mine.number + 1) * hers.of
