"""Points go with a card into another one, as entries, and come back (domain.md §2, §7)."""

import pytest

from clients.models import Cause, Client, PointsEntry
from clients.points import adjust
from clients.treatcard import set_treatcard
from tests.merging.desk import LATER, MANAGER, Desk, as_it_is


def _entries(client: Client) -> list[tuple[str, int, int]]:
    rows = PointsEntry.objects.filter(client=client).order_by("number")
    return [(one.cause, one.points, one.balance_after) for one in rows]


@pytest.mark.parametrize(("mine", "theirs"), [(7, 50), (0, 50), (7, 0), (7, -50), (-80, 50)])
def test_the_survivor_has_the_sum_and_undoing_is_exact(desk: Desk, mine: int, theirs: int) -> None:
    anna, double = desk.card("Anna"), desk.card("Anne")
    desk.points(anna, mine)
    desk.points(double, theirs)
    merge = desk.merge(anna, double)
    assert (as_it_is(anna).points, as_it_is(double).points) == (mine + theirs, 0)
    desk.undo(merge)
    assert (as_it_is(anna).points, as_it_is(double).points) == (mine, theirs)
    earned = [("EARNED", theirs, theirs)] if theirs else []
    gone = [("MERGED", -theirs, 0), ("UNMERGED", theirs, theirs)] if theirs else []
    assert _entries(double) == [*earned, *gone]
    of_merge = PointsEntry.objects.filter(cause__in=[Cause.MERGED, Cause.UNMERGED])
    assert set(of_merge.values_list("cause_id", flat=True)) == ({merge.pk} if theirs else set())


def test_what_came_and_went_since_stays_with_the_survivor(desk: Desk) -> None:
    anna, double = desk.card("Anna"), desk.card("Anne")
    set_treatcard(actor=MANAGER, client_id=anna.pk, number=None, now=LATER)
    desk.points(anna, 10)
    desk.points(double, 50)
    merge = desk.merge(anna, double)
    adjust(actor=MANAGER, client_id=anna.pk, points=-40, reason="Kulanz", now=LATER)
    desk.undo(merge)
    # She has spent what was the other's: her balance says so, and nobody else pays for it.
    assert (as_it_is(anna).points, as_it_is(double).points) == (-30, 50)


def test_two_merges_undone_one_after_the_other(desk: Desk) -> None:
    anna, first, second = desk.card("Anna"), desk.card("Anne"), desk.card("Änne")
    for client, points in ((anna, 1), (first, 20), (second, 300)):
        desk.points(client, points)
    inner, outer = desk.merge(first, second), desk.merge(anna, first)
    assert [as_it_is(one).points for one in (anna, first, second)] == [321, 0, 0]
    desk.undo(outer)
    assert [as_it_is(one).points for one in (anna, first, second)] == [1, 320, 0]
    desk.undo(inner)
    assert [as_it_is(one).points for one in (anna, first, second)] == [1, 20, 300]
    # Merged once more: another merge is another cause.
    desk.merge(anna, first)
    assert as_it_is(anna).points == 21
