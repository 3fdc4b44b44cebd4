"""How far beyond what is seen of it a short block can be hit: nobody hits ten minutes with a finger (ui.md §3).

Counted in steps of four pixels, half a row of the grid. Nothing that can be hit is ever covered by that.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from bookings.calendar import Away, Block, Column
from bookings.lanes import Lane
from salon.catalogue.models import AbsenceKind

OF_ROW = 2
# So much has everything that is hit by a mouse, 24 px, and by a finger, 44 px.
LEAST, ENOUGH = 6, 11
# So much of a free quarter of an hour stays as it is, for whoever wants to book there.
FREE = 6


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
    if not any(_is_short(one) for one in column.blocks):
        return [NONE] * len(column.blocks)
    around: list[Block | Away] = [*column.blocks, *(one for one in column.away if one.kind == AbsenceKind.BLOCKED)]
    around.sort(key=lambda one: one.stretch)
    apart = all(one.stretch.end <= other.stretch.row for one, other in pairwise(around))
    places = {id(one): place for place, one in enumerate(around)}
    found = []
    for one in column.blocks:
        if not _is_short(one):
            found.append(NONE)
            continue
        place = places[id(one)]
        near = around[max(place - 1, 0) : place + 2] if apart else around
        found.append(_reach(one, [other for other in near if other is not one], first_row, last_row))
    return found


def _reach(one: Block, others: Sequence[Block | Away], first_row: int, last_row: int) -> Reach:
    rooms_above = [_Room((one.stretch.row - first_row) * OF_ROW, (one.stretch.row - first_row) * OF_ROW)]
    rooms_below = [_Room((last_row - one.stretch.end) * OF_ROW, (last_row - one.stretch.end) * OF_ROW)]
    for other in _in_one_place(one, others):
        room_above = one.stretch.row - other.stretch.end
        room_below = other.stretch.row - one.stretch.end
        if room_below < 0:
            rooms_above.append(_room(room_above, other))
        if room_above < 0:
            rooms_below.append(_room(room_below, other))
    return _taken(one, _least(rooms_above), _least(rooms_below))


def _taken(one: Block, above: _Room, below: _Room) -> Reach:
    high = one.stretch.rows * OF_ROW
    lacks = max(LEAST - high, 0)
    up = min(above.most, max(lacks - lacks // 2, lacks - below.most))
    down = min(below.most, lacks - up)
    more = ENOUGH - high
    most_up, most_down = max(up, above.spare), max(down, below.spare)
    up = min(most_up, max(more // 2, more - most_down))
    return Reach(up, min(most_down, more - up))


def _room(rows: int, other: Block | Away) -> _Room:
    """Return how far a block may reach towards another; two short ones meet in the middle."""
    free = max(rows, 0) * OF_ROW
    sharing = 2 if isinstance(other, Block) and _is_short(other) else 1
    return _Room(free // sharing, (free if free < FREE else free - FREE) // sharing)


def _least(rooms: Sequence[_Room]) -> _Room:
    return _Room(max(min(room.most for room in rooms), 0), max(min(room.spare for room in rooms), 0))


def _is_short(one: Block) -> bool:
    return one.stretch.rows * OF_ROW < ENOUGH


def _in_one_place(one: Block, others: Sequence[Block | Away]) -> Iterator[Block | Away]:
    """Yield those that stand, or might, where a block does, and not beside it."""
    for other in others:
        if isinstance(other, Away) or not (one.strip is other.strip is None) or _meet(one.lane, other.lane):
            yield other


def _meet(one: Lane, other: Lane) -> bool:
    return one.number * other.of < (other.number + 1) * one.of and other.number * one.of < (one.number + 1) * other.of
