"""Appointments and wishes go with a card that is merged, and come back (domain.md §2, §4.2)."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.models import Appointment, Sale, WaitingEntry
from bookings.states import State
from bookings.visits import miscounted
from clients.models import Client, Merge
from loyalty.eligibility import Had
from loyalty.models import PriorUse, Redemption
from loyalty.prior_use import note_prior_use, prior_uses_of
from loyalty.redemption import redeem
from salon.catalogue.models import ItemKind
from tests.bookings.salonday import make_service
from tests.checkout.till import give_treatcard, make_reward
from tests.conftest import NOW
from tests.merging.desk import LATER, MANAGER, Desk, as_it_is

TODAY = NOW.date()
SOON = TODAY + timedelta(days=9)


def _of(client: Client) -> list[tuple[date, str]]:
    rows = Appointment.objects.filter(client=client).order_by("starts_at")
    return [(one.starts_at.date(), one.state) for one in rows]


def _facts(client: Client) -> tuple[date | None, date | None, int]:
    card = as_it_is(client)
    return card.first_visit_on, card.last_visit_on, card.visits


def test_all_go_over_and_count(desk: Desk) -> None:
    anna, double = desk.card("Anna"), desk.card("Anne")
    desk.visit(anna, date(2025, 3, 1), waits=True)
    desk.visit(double, date(2024, 2, 1), date(2026, 5, 3), waits=True)
    desk.visit(double, SOON, state=State.BOOKED)
    desk.visit(double, date(2026, 6, 1), state=State.NO_SHOW)
    before = dict(Appointment.objects.values_list("pk", "version"))
    theirs = set(Appointment.objects.filter(client=double).values_list("pk", flat=True))
    Appointment.objects.filter(client=double).update(undo={"state": "BOOKED"})
    merge = desk.merge(anna, double)
    assert (_of(double), WaitingEntry.objects.filter(client=double).count()) == ([], 0)
    assert _of(anna) == [
        (date(2024, 2, 1), "COMPLETED"),
        (date(2025, 3, 1), "COMPLETED"),
        (date(2026, 5, 3), "COMPLETED"),
        (date(2026, 6, 1), "NO_SHOW"),
        (SOON, "BOOKED"),
    ]
    assert WaitingEntry.objects.filter(client=anna).count() == 2
    assert _facts(anna) == (date(2024, 2, 1), date(2026, 5, 3), 3)
    # Whoever has one of the moved ones open is told that it changed; the others did not.
    after = dict(Appointment.objects.values_list("pk", "version"))
    assert after == {pk: version + (pk in theirs) for pk, version in before.items()}
    assert {row.updated_at for row in Appointment.objects.filter(pk__in=theirs)} == {NOW}
    # What was done before belongs to another version.
    assert set(Appointment.objects.filter(pk__in=theirs).values_list("undo", flat=True)) == {None}
    assert set(Merge.objects.get(pk=merge.pk).moved) == {"clients", "bookings", "loyalty", "marketing"}
    assert miscounted(after=None, limit=10).cards == {}


def test_what_happened_since_stays_where_it_is(desk: Desk) -> None:
    anna, double, other = desk.card("Anna"), desk.card("Anne"), desk.card("Else")
    desk.visit(double, date(2024, 2, 1), date(2026, 5, 3))
    desk.visit(double, SOON, state=State.BOOKED, waits=True)
    merge = desk.merge(anna, double)
    # One visit more since; one that was somebody else's after all; what was to come has taken place; the wish is gone.
    desk.visit(anna, date(2026, 11, 20))
    Appointment.objects.filter(visit_on=date(2024, 2, 1)).update(client=other)
    Appointment.objects.filter(starts_at__date=SOON).update(state=State.COMPLETED, visit_on=SOON)
    WaitingEntry.objects.all().delete()
    desk.undo(merge)
    assert _of(anna) == [(date(2026, 11, 20), "COMPLETED")]
    assert _of(double) == [(date(2026, 5, 3), "COMPLETED"), (SOON, "COMPLETED")]
    assert _of(other) == [(date(2024, 2, 1), "COMPLETED")]
    assert _facts(anna) == (date(2026, 11, 20), date(2026, 11, 20), 1)
    assert _facts(double) == (date(2026, 5, 3), SOON, 2)
    assert {row.updated_at for row in Appointment.objects.filter(client=double)} == {LATER}


def test_a_merge_from_before_there_were_appointments_can_be_undone(desk: Desk) -> None:
    anna, double = desk.card("Anna"), desk.card("Anne")
    merge = desk.merge(anna, double)
    merge = Merge.objects.get(pk=merge.pk)
    del merge.moved["bookings"]
    merge.save()
    desk.undo(merge)
    assert [as_it_is(one).state for one in (anna, double)] == ["LISTED", "LISTED"]


@pytest.mark.parametrize("undone", [False, True])
def test_statements_do_not_grow_with_the_appointments(desk: Desk, undone: bool) -> None:
    counted = []
    for many in (2, 20):
        anna, double = desk.card("Anna"), desk.card("Anne")
        desk.visit(double, *[date(2024, 1, 1) + timedelta(days=many * 20 + number) for number in range(many)])
        with CaptureQueriesContext(connection) as asked:
            merge = desk.merge(anna, double)
        if undone:
            with CaptureQueriesContext(connection) as asked:
                desk.undo(merge)
        counted.append(len(asked))
    assert counted[0] == counted[1]


def test_sales_rewards_and_what_she_had_go_over_and_come_back(desk: Desk) -> None:
    anna, double = desk.card("Anna"), desk.card("Anne")
    shave, facial = make_service("Nassrasur", price="25.00"), make_service("Facial", price="69.00")
    reward = make_reward(shave)
    with_card = [give_treatcard(one, 150, number=f"T{number}") for number, one in enumerate((anna, double))]
    sales = [Sale.objects.create(client=one, opened_by_name="Anna", created_at=NOW) for one in (anna, double)]
    redemption = redeem(actor=MANAGER, client=with_card[1], reward=reward, had=False, now=NOW)
    for one, had in ((anna, facial), (double, facial), (double, shave)):
        note_prior_use(actor=MANAGER, client_id=one.pk, kind=ItemKind.SERVICE, item_id=had.pk, now=NOW)
    noted = list(PriorUse.objects.filter(client=double).order_by("pk").values())
    merge = desk.merge(anna, double)
    assert {one.client_id for one in Sale.objects.all()} == {anna.pk}
    assert Sale.objects.get(pk=sales[1].pk).version == sales[1].version + 1
    assert Redemption.objects.get().client_id == anna.pk
    assert prior_uses_of(anna.pk).services == {shave.pk, facial.pk}
    assert (prior_uses_of(double.pk), as_it_is(anna).points) == (Had(), 200)
    # What was bought and noted since stays with the card that is used.
    since = Sale.objects.create(client=as_it_is(anna), opened_by_name="Anna", created_at=NOW)
    desk.undo(merge)
    assert set(Sale.objects.filter(client=double)) == {sales[1]}
    assert set(Sale.objects.filter(client=anna)) == {sales[0], since}
    assert Redemption.objects.get(pk=redemption.pk).client_id == double.pk
    assert list(PriorUse.objects.filter(client=double).order_by("pk").values()) == noted
    assert prior_uses_of(anna.pk).services == {facial.pk}
    assert [as_it_is(one).points for one in (anna, double)] == [150, 50]
