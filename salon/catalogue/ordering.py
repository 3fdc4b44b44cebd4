"""Moving one thing of a list up or down. No database."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID


class Direction(StrEnum):
    """Where to."""

    UP = "up"
    DOWN = "down"


def shifted(ids: Sequence[UUID], moved: UUID, direction: Direction) -> list[UUID]:
    """Return the order in which `moved` has changed places with its neighbour; at an end nothing changes."""
    order = list(ids)
    here = order.index(moved)
    there = here + (-1 if direction is Direction.UP else 1)
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
    return order
