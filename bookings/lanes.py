"""Which blocks of one column stand side by side: pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lane:
    """The place of a block among those it overlaps: the how-manieth from the left, of how many."""

    number: int = 0
    of: int = 1


def lanes(stretches: Sequence[tuple[int, int]]) -> list[Lane]:
    """Return the lane of each half-open stretch (start, end), in the same order.

    Those that overlap, directly or through others, share the width of the column in equal parts.
    """
    placed: dict[int, tuple[int, int]] = {}  # index → number, cluster
    widths: list[int] = []
    free_from: list[int] = []  # by lane of the open cluster
    cluster_end = None
    for index in sorted(range(len(stretches)), key=lambda one: stretches[one]):
        start, end = stretches[index]
        if cluster_end is None or start >= cluster_end:
            widths.append(0)
            free_from, cluster_end = [], end
        number = next((lane for lane, until in enumerate(free_from) if until <= start), len(free_from))
        free_from[number : number + 1] = [end]
        cluster_end = max(cluster_end, end)
        widths[-1] = len(free_from)
        placed[index] = (number, len(widths) - 1)
    return [Lane(number, widths[cluster]) for number, cluster in (placed[index] for index in range(len(stretches)))]
