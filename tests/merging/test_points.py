"""Points go with a card into another one, as entries, and come back (domain.md §2, §7)."""

from datetime import timedelta

import pytest

from bookings.models import Appointment
from bookings.scheduling import cancel, undo
from clients.models import Cause, Client, PointsEntry
from clients.points import adjust, drifted
from clients.treatcard import set_treatcard
from loyalty.models import Redemption
from loyalty.redemption import redeem
from tests.bookings.salonday import at, make_appointment, make_service, make_staff
from tests.conftest import NOW
from tests.loyalty.shelf import make_reward
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


def _treat(desk: Desk, client: Client) -> Redemption:
    """Let a client with a Treatcard and 500 points have a shave for 350 of them in an appointment of hers."""
    set_treatcard(actor=MANAGER, client_id=client.pk, number=None, now=NOW)
    desk.points(client, 500)
    cut, shave, staff = make_service(), make_service("Nassrasur", price="25.00"), make_staff("Bora")
    reward = make_reward(shave, points=350)
    redemption = redeem(actor=MANAGER, client=as_it_is(client), reward=reward, had=False, now=NOW)
    visit = make_appointment((cut, staff), (shave, staff), client=client, starts_at=at(10))
    visit.items.filter(service=shave).update(redemption=redemption, price=0)
    return redemption


def _cancel(desk: Desk, redemption: Redemption) -> Appointment:
    (visit,) = Appointment.objects.filter(items__redemption=redemption)
    return cancel(actor=MANAGER, salon=desk.salon, appointment_id=visit.pk, now=LATER).appointment


def _stand(*clients: Client) -> list[int]:
    assert drifted(after=None, limit=100).numbers == []
    return [as_it_is(one).points for one in clients]


def test_points_of_a_reward_that_was_given_back_since_are_hers(desk: Desk) -> None:
    anna, double = desk.card("Anna"), desk.card("Anne")
    desk.points(anna, 10)
    redemption = _treat(desk, double)
    merge = desk.merge(anna, double)
    _cancel(desk, redemption)
    assert _stand(anna, double) == [510, 0]
    desk.undo(merge)
    assert _stand(anna, double) == [10, 500]
    assert _entries(anna)[-2:] == [("UNMERGED", -150, 360), ("UNMERGED", -350, 10)]
    assert _entries(double)[-2:] == [("UNMERGED", 150, 150), ("UNMERGED", 350, 500)]
    # Merged and undone once more: all of that is done with.
    desk.undo(desk.merge(anna, double, now=LATER + timedelta(hours=1)), now=LATER + timedelta(hours=2))
    assert _stand(anna, double) == [10, 500]


def test_a_reward_that_was_given_back_and_taken_again_since_goes_with_its_appointment(desk: Desk) -> None:
    anna, double = desk.card("Anna"), desk.card("Anne")
    redemption = _treat(desk, double)
    merge = desk.merge(anna, double)
    set_treatcard(actor=MANAGER, client_id=anna.pk, number="TC 9", now=LATER)
    gone = _cancel(desk, redemption)
    undo(actor=MANAGER, salon=desk.salon, appointment_id=gone.pk, version=gone.version, now=LATER)
    assert _stand(anna, double) == [150, 0]
    desk.undo(merge)
    assert _stand(anna, double) == [0, 150]
    assert set(Redemption.objects.values_list("client_id", flat=True)) == {double.pk}
    again = Redemption.objects.standing().get()
    _cancel(desk, again)
    assert _stand(anna, double) == [0, 500]


def test_points_of_a_reward_come_back_through_two_merges(desk: Desk) -> None:
    anna, first, second = desk.card("Anna"), desk.card("Anne"), desk.card("Änne")
    redemption = _treat(desk, second)
    inner, outer = desk.merge(first, second), desk.merge(anna, first, now=NOW + timedelta(minutes=1))
    _cancel(desk, redemption)
    assert _stand(anna, first, second) == [500, 0, 0]
    desk.undo(outer)
    assert _stand(anna, first, second) == [0, 500, 0]
    desk.undo(inner)
    assert _stand(anna, first, second) == [0, 0, 500]
