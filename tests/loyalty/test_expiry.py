"""Points that are too old lapse, the oldest being spent first (domain.md §7)."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from clients.models import CardState, Cause, Client
from loyalty.expiry import Expired, expire, oldest_moment
from salon.desk.merging import merge_cards
from salon.identity.roles import system_actor
from salon.tenancy.models import Salon, new_id
from tests.conftest import NOW
from tests.points.world import MANAGER, balance, book, holder, ledger

TODAY = date(2026, 11, 22)
BEFORE = datetime(2025, 11, 22, tzinfo=UTC)
OLD, YOUNG = BEFORE - timedelta(days=1), BEFORE + timedelta(days=1)


def _none(_before: datetime) -> list[UUID]:
    return []


def _expire(**given: object) -> Expired:
    values = {"night": TODAY, "before": BEFORE, "now": NOW, "after": None, "limit": 100, "of_old_sales": _none, **given}
    return expire(actor=system_actor(""), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("today", "months", "expected"),
    [
        (date(2026, 11, 22), 12, "2025-11-22T00:00:00+01:00"),
        (date(2026, 7, 1), 6, "2026-01-01T00:00:00+01:00"),
        (date(2026, 3, 31), 1, "2026-02-28T00:00:00+01:00"),
        (date(2024, 3, 31), 1, "2024-02-29T00:00:00+01:00"),
        (date(2026, 1, 15), 1, "2025-12-15T00:00:00+01:00"),
        (date(2026, 10, 25), 1, "2026-09-25T00:00:00+02:00"),
    ],
)
def test_months_are_those_of_the_calendar(today: date, months: int, expected: str) -> None:
    salon = Salon(timezone="Europe/Berlin")
    assert oldest_moment(today=today, months=months, salon=salon) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("entries", "lapses"),
    [
        ([], 0),
        ([(100, Cause.EARNED, OLD)], 100),
        ([(100, Cause.EARNED, BEFORE)], 0),
        ([(100, Cause.EARNED, YOUNG)], 0),
        # What was spent was the oldest.
        ([(100, Cause.EARNED, OLD), (50, Cause.EARNED, YOUNG), (-80, Cause.REDEEMED, YOUNG)], 20),
        ([(100, Cause.EARNED, OLD), (50, Cause.EARNED, YOUNG), (-120, Cause.REDEEMED, YOUNG)], 0),
        # Given back, it is as old as it was.
        ([(100, Cause.EARNED, OLD), (-100, Cause.REDEEMED, YOUNG), (100, Cause.RETURNED, YOUNG)], 100),
        ([(100, Cause.EARNED, YOUNG), (-100, Cause.REDEEMED, YOUNG), (100, Cause.RETURNED, YOUNG)], 0),
        # A refund takes back what the young sale had brought, not what is old.
        ([(100, Cause.EARNED, OLD), (50, Cause.EARNED, YOUNG), (-50, Cause.REVERSED, YOUNG)], 100),
        ([(100, Cause.EARNED, OLD), (-30, Cause.REVERSED, YOUNG)], 70),
        # Given by hand it is young, taken by hand it is spent.
        ([(100, Cause.EARNED, OLD), (10, Cause.ADJUSTED, YOUNG), (-40, Cause.ADJUSTED, YOUNG)], 60),
        ([(100, Cause.OPENING, YOUNG)], 0),
        # Nobody loses what she has not got.
        ([(-100, Cause.REVERSED, OLD)], 0),
        ([(100, Cause.EARNED, OLD), (-100, Cause.EXPIRED, OLD), (5, Cause.REFERRAL, YOUNG)], 0),
    ],
)
def test_what_lapses(in_sonnenschein: Salon, entries: list[tuple[int, Cause, datetime]], lapses: int) -> None:
    client = holder()
    for points, cause, at in entries:
        book(client, points, cause, at)
    before = balance(client)
    found = _expire()
    assert (found.cards, found.points, found.last) == (int(lapses > 0), lapses, None)
    assert balance(client) == before - lapses
    expired = [("EXPIRED", -lapses, before - lapses)] if lapses else []
    assert ledger(client)[len(entries) :] == expired


@pytest.mark.parametrize(
    ("entries", "lapses"),
    [
        # All that was old is gone with its sale: nothing of what is young lapses for it.
        ([(100, Cause.EARNED, OLD), (50, Cause.EARNED, YOUNG), (-100, Cause.REVERSED, YOUNG)], 0),
        ([(100, Cause.EARNED, OLD), (50, Cause.EARNED, YOUNG), (-30, Cause.REVERSED, YOUNG)], 70),
        # Its cancellation was undone: what came again is as old as the sale.
        ([(100, Cause.EARNED, OLD), (-100, Cause.REVERSED, OLD), (100, Cause.EARNED, YOUNG)], 100),
        ([(100, Cause.EARNED, OLD), (-100, Cause.REVERSED, YOUNG), (100, Cause.EARNED, YOUNG)], 100),
    ],
)
def test_what_takes_points_of_an_old_sale_back_is_as_old(
    in_sonnenschein: Salon, entries: list[tuple[int, Cause, datetime]], lapses: int
) -> None:
    client, refund, asked = holder(), new_id(), []
    for number, (points, cause, at) in enumerate(entries):
        of_refund = cause == Cause.REVERSED or (points, number) == (100, 2)
        book(client, points, cause, at, refund if of_refund else None)

    def of_old_sales(before: datetime) -> list[UUID]:
        asked.append(before)
        return [refund, new_id()]

    assert _expire(of_old_sales=of_old_sales).points == lapses
    assert set(asked) == {BEFORE}


@pytest.mark.parametrize("came", [OLD, YOUNG])
def test_an_opening_balance_that_was_withdrawn_is_as_old_as_it_was(in_sonnenschein: Salon, came: datetime) -> None:
    client, batch = holder(), new_id()
    book(client, 100, Cause.OPENING, came, batch)
    book(client, 10, at=OLD)
    book(client, 50, at=YOUNG)
    book(client, -100, Cause.WITHDRAWN, YOUNG, batch)
    assert (_expire().points, balance(client)) == (10, 50)


def test_twice_in_one_night_is_once(in_sonnenschein: Salon) -> None:
    client = holder()
    book(client, 100, at=OLD)
    assert _expire().points == 100
    # Something old comes back before the step is run once more.
    book(client, 30, Cause.RETURNED, YOUNG)
    assert _expire().points == 0
    assert _expire(night=TODAY + timedelta(days=1)).points == 30


def test_points_that_came_with_a_merge_are_as_old_as_they_were(in_sonnenschein: Salon) -> None:
    anna, double, third = holder("Anna"), holder("Anne"), holder("Änne")
    book(anna, 10, at=OLD)
    book(double, 200, at=OLD)
    book(double, 30, at=YOUNG)
    book(third, 7, at=YOUNG)
    for survivor, duplicate in ((double, third), (anna, double)):
        merge_cards(actor=MANAGER, salon=in_sonnenschein, survivor_id=survivor.pk, duplicate_id=duplicate.pk, now=NOW)
    assert balance(anna) == 247
    assert _expire().points == 210
    assert (balance(anna), balance(double)) == (37, 0)


def test_batches_and_cards_that_are_not_in_use(in_sonnenschein: Salon) -> None:
    clients = [holder(name) for name in ("A", "B", "C", "D")]
    for client in clients:
        book(client, 10, at=OLD)
    Client.objects.filter(pk=clients[3].pk).update(state=CardState.ERASED)
    first = _expire(limit=2)
    assert (first.read, first.points) == (2, 20)
    second = _expire(limit=2, after=first.last)
    assert (second.read, second.points, second.last) == (1, 10, None)
    assert [balance(one) for one in clients] == [0, 0, 0, 10]
