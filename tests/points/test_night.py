"""The night checks every balance against its ledger and mends none; and lets points lapse (domain.md §7, §10)."""

from datetime import date, timedelta

import pytest
from django.db import connection

from bookings import night as bookings_night
from clients import night as clients_night
from clients import points
from clients.models import CardState, Client
from loyalty.models import LoyaltyRules
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.steps import Night, all_steps
from tests import database
from tests.conftest import NOW
from tests.points.world import balance, book, holder

pytestmark = pytest.mark.django_db(transaction=True)


def _night(salon: Salon) -> Night:
    return Night(salon, date(2026, 11, 21), NOW, lambda *_told, **_counts: None, lambda: None)


def test_both_stand_in_the_night_the_check_first() -> None:
    steps = list(all_steps())
    assert steps.index("clients.night.check_points") < steps.index("bookings.night.expire_points")


def test_honest_balances_are_no_drift(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        for number in range(5):
            client = holder(f"Nr{number}", points=number)
            book(client, -number)
    assert clients_night.check_points(_night(sonnenschein)) == {"read": 5, "drifted": 0}


def test_every_step_counts_the_cards_in_use(sonnenschein: Salon) -> None:
    """Erased and merged ones are checked, but nobody looks for two clients who are in no list."""
    with salon_scope(sonnenschein.pk):
        used, gone, merged = (holder(f"Nr{number}") for number in range(3))
        Client.objects.filter(pk=gone.pk).update(state=CardState.ERASED)
        Client.objects.filter(pk=merged.pk).update(state=CardState.MERGED, merged_into=used)
    steps = (clients_night.check_points, clients_night.check_statuses, bookings_night.count_visits)
    told = [step(_night(sonnenschein)) for step in (*steps, clients_night.recompute_statuses)]
    assert [counts["read"] for counts in told] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "drift",
    [
        "UPDATE clients_client SET points = points + 1 WHERE salon_id = {salon} AND first_name = 'Nr3'",
        # The owner of the tables can do what the serving role cannot.
        "DELETE FROM clients_pointsentry WHERE salon_id = {salon} AND number = 2 AND points = -3",
        "UPDATE clients_pointsentry SET balance_after = 9 WHERE salon_id = {salon} AND number = 2 AND points = -3",
        "UPDATE clients_pointsentry SET number = 7 WHERE salon_id = {salon} AND number = 2 AND points = -3",
    ],
)
def test_drift_is_told_and_not_mended(sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch, drift: str) -> None:
    monkeypatch.setattr(clients_night, "BATCH", 2)
    with salon_scope(sonnenschein.pk):
        for number in range(5):
            book(holder(f"Nr{number}", points=10), -number)
    with database.owner() as owner:
        owner.execute(drift.format(salon=f"'{sonnenschein.pk}'"))
    for _ in range(2):
        counts = clients_night.check_points(_night(sonnenschein))
        assert counts == {"read": 5, "drifted": 1}
        assert clients_night.check_points.alarm(counts)
    with salon_scope(sonnenschein.pk):
        numbers = points.drifted(after=None, limit=100).numbers
        assert numbers == [Client.objects.get(first_name="Nr3").number]


def test_points_lapse_only_where_the_salon_wants_that(sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bookings_night, "EXPIRING", 2)
    with salon_scope(sonnenschein.pk):
        clients = [holder(f"Nr{number}") for number in range(3)]
        for client in clients:
            book(client, 100, at=NOW - timedelta(days=400))
            book(client, 5)
    assert bookings_night.expire_points(_night(sonnenschein)) == {}
    with salon_scope(sonnenschein.pk):
        LoyaltyRules.objects.create(
            version=1, expire_after_months=12, actor_kind="USER", actor_name="Anna", created_at=NOW
        )
    assert bookings_night.expire_points(_night(sonnenschein)) == {"read": 3, "cards": 3, "points": 300}
    assert bookings_night.expire_points(_night(sonnenschein)) == {"read": 3, "cards": 0, "points": 0}
    with salon_scope(sonnenschein.pk):
        assert [balance(one) for one in clients] == [5, 5, 5]
    assert clients_night.check_points(_night(sonnenschein))["drifted"] == 0
    assert connection.in_atomic_block is False
