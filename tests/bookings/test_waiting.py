"""The waiting list: who waits for what, which free time suits, and who is off the list once she is booked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.bounds import Bounds
from bookings.conflicts import SlotTaken
from bookings.models import Appointment, WaitingEntry, WaitingState
from bookings.scheduling import ItemWish, cancel
from bookings.slots import Wish, find_slots
from bookings.waiting import (
    Longing,
    Waiting,
    add_waiting,
    book_waiting,
    change_waiting,
    count_waiting,
    get_waiting,
    lapsed_waiting,
    longing_of,
    remove_waiting,
    restore_waiting,
    waiting_list,
)
from salon.audit.models import AuditEntry
from salon.catalogue.models import Service
from salon.errors import InvalidInput, NotAllowed, NotFound
from salon.identity.roles import Actor, ActorKind
from salon.tenancy.models import Salon, new_id
from tests.bookings.salonday import DAY, SalonDay, a_salon_day, at, make_absence, make_appointment, make_client
from tests.conftest import NOW

NOBODY = Actor(ActorKind.USER, None, "Niemand", frozenset())
Add = Callable[..., WaitingEntry]


@pytest.fixture
def day(in_sonnenschein: Salon) -> SalonDay:
    return a_salon_day()


@pytest.fixture
def add(in_sonnenschein: Salon, front_desk: Actor, day: SalonDay) -> Add:
    """Put Lena on the list: a cut by Anna on Tuesday, unless said otherwise."""

    def put(**wanted: Any) -> WaitingEntry:
        client_id: UUID = wanted.pop("client_id", day.lena.pk)
        longing = Longing(service_ids=(day.cut.pk,), starts_on=DAY, ends_on=DAY, staff_id=day.anna.pk)
        return add_waiting(
            actor=front_desk, salon=in_sonnenschein, client_id=client_id, longing=replace(longing, **wanted), now=NOW
        )

    return put


def _list(salon: Salon, on: date | None = None) -> list[Waiting]:
    return waiting_list(salon=salon, now=NOW, day=on)


def _fill(day: SalonDay) -> Appointment:
    """Take Anna's whole Tuesday and return the appointment from one to two."""
    for hour in (9, 10, 11, 12, 14, 15, 16, 17):
        make_appointment((day.cut, day.anna), starts_at=at(hour))
    return make_appointment((day.cut, day.anna), starts_at=at(13))


def test_who_waits_is_told_once_a_time_suits(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay, add: Add
) -> None:
    in_the_way = _fill(day)
    add()
    assert [one.slot for one in _list(in_sonnenschein)] == [None]
    cancel(actor=front_desk, salon=in_sonnenschein, appointment_id=in_the_way.pk, now=NOW)
    [found] = _list(in_sonnenschein, DAY)
    assert found.slot is not None
    assert (found.slot.starts_at, found.slot.ends_at) == (at(13), at(14))
    assert [item.staff_id for item in found.slot.items] == [day.anna.pk]


def test_a_time_suits_only_between_the_minutes_wished_for(in_sonnenschein: Salon, day: SalonDay, add: Add) -> None:
    add(from_minute=16 * 60 + 20, until_minute=18 * 60)
    add(from_minute=17 * 60 + 15, until_minute=18 * 60)
    early, late = _list(in_sonnenschein)
    assert early.slot is not None
    assert early.slot.starts_at == at(16, 30)
    assert late.slot is None


def test_a_time_suits_on_any_of_the_days_and_for_everything_wished(
    in_sonnenschein: Salon, day: SalonDay, add: Add
) -> None:
    make_absence(day.anna, at(0), at(0, day=DAY + timedelta(days=1)))
    add(service_ids=(day.colour.pk, day.brows.pk), ends_on=DAY + timedelta(days=3))
    [found] = _list(in_sonnenschein)
    assert found.slot is not None
    assert (found.slot.starts_at, found.slot.ends_at) == (
        at(9, day=DAY + timedelta(days=1)),
        at(10, 45, day=DAY + timedelta(days=1)),
    )
    assert [service.name for service in found.services] == ["Ansatzfarbe", "Brauen zupfen"]
    assert [one.slot for one in _list(in_sonnenschein, DAY)] == [None]


def test_what_suits_is_the_first_time_that_search_offers(in_sonnenschein: Salon, day: SalonDay, add: Add) -> None:
    make_appointment((day.colour, day.anna), starts_at=at(9))
    for staff_id in (None, day.anna.pk, day.bora.pk):
        entry = add(service_ids=(day.brows.pk, day.cut.pk), staff_id=staff_id)
        wishes = _wishes(entry)
        offered = find_slots(
            salon=in_sonnenschein, wishes=wishes, first=DAY, last=DAY, now=NOW, bounds=Bounds.DESK, limit=1
        )
        assert [_list(in_sonnenschein)[-1].slot] == offered


def _wishes(entry: WaitingEntry) -> list[Wish]:
    return [Wish(service_id, entry.staff_id) for service_id in longing_of(entry).service_ids]


def test_only_who_waits_for_a_day_is_listed_for_it(in_sonnenschein: Salon, day: SalonDay, add: Add) -> None:
    tuesday = add()
    add(starts_on=DAY + timedelta(days=1), ends_on=DAY + timedelta(days=2))
    assert [one.entry for one in _list(in_sonnenschein, DAY)] == [tuesday]
    assert len(_list(in_sonnenschein)) == count_waiting(today=NOW.date()) == 2


def test_what_is_no_longer_offered_suits_nobody(in_sonnenschein: Salon, day: SalonDay, add: Add) -> None:
    add()
    add(service_ids=(day.brows.pk,))
    Service.objects.filter(pk=day.cut.pk).update(archived_at=NOW)
    assert [one.slot is None for one in _list(in_sonnenschein)] == [True, False]


def test_days_that_are_over_are_listed_apart(in_sonnenschein: Salon, day: SalonDay, add: Add) -> None:
    entry = add()
    later = NOW + timedelta(days=4)
    assert waiting_list(salon=in_sonnenschein, now=later) == []
    assert [one.entry for one in lapsed_waiting(salon=in_sonnenschein, now=later)] == [entry]
    assert count_waiting(today=later.date()) == 0


def test_removed_and_put_back(in_sonnenschein: Salon, front_desk: Actor, add: Add) -> None:
    entry = add(note="ruft zurück")
    remove_waiting(actor=front_desk, entry_id=entry.pk, now=NOW)
    assert _list(in_sonnenschein) == []
    with pytest.raises(NotFound):
        get_waiting(entry.pk)
    with pytest.raises(NotFound):
        remove_waiting(actor=front_desk, entry_id=entry.pk, now=NOW)
    restore_waiting(actor=front_desk, entry_id=entry.pk, now=NOW)
    assert get_waiting(entry.pk).note == "ruft zurück"
    actions = AuditEntry.objects.order_by("id").values_list("action", "client_id")
    assert list(actions) == [(f"waiting.{what}", entry.client_id) for what in ("added", "removed", "restored")]


def test_changed_and_recorded_with_what_was(in_sonnenschein: Salon, front_desk: Actor, day: SalonDay, add: Add) -> None:
    entry = add()
    wanted = Longing(service_ids=(day.brows.pk, day.cut.pk), starts_on=DAY, ends_on=DAY, staff_id=None, from_minute=540)
    change_waiting(actor=front_desk, salon=in_sonnenschein, entry_id=entry.pk, longing=wanted, now=NOW)
    assert longing_of(get_waiting(entry.pk)) == wanted
    assert AuditEntry.objects.order_by("id").last().changes == [  # type: ignore[union-attr]
        {"field": "services", "old": "Schneiden", "new": "Brauen zupfen, Schneiden"},
        {"field": "staff", "old": "Anna", "new": None},
        {"field": "hours", "old": None, "new": "09:00/24:00"},
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"service_ids": ()}, "services"),
        ({"service_ids": (new_id(),)}, "services"),
        ({"staff_id": new_id()}, "staff"),
        ({"ends_on": DAY - timedelta(days=1)}, "ends_on"),
        ({"starts_on": NOW.date() - timedelta(days=2), "ends_on": NOW.date() - timedelta(days=1)}, "ends_on"),
        ({"ends_on": NOW.date() + timedelta(days=367)}, "ends_on"),
        ({"from_minute": 600, "until_minute": 600}, "until_minute"),
        ({"until_minute": 1441}, "until_minute"),
        ({"note": "x" * 301}, "note"),
        ({"note": "\x00"}, "note"),
        ({"client_id": new_id()}, "client"),
    ],
)
def test_what_nobody_can_wait_for_is_refused(add: Add, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        add(**wrong)
    assert [error.field for error in refused.value.errors] == [field]
    assert not WaitingEntry.objects.exists()


def _book(salon: Salon, actor: Actor, entry: WaitingEntry, day: SalonDay, **more: Any) -> Appointment:
    return book_waiting(
        actor=actor,
        salon=salon,
        entry_id=entry.pk,
        starts_at=at(13),
        items=[ItemWish(day.cut.pk, day.anna.pk)],
        now=NOW,
        **{"client_id": entry.client_id, **more},
    ).appointment


def test_whoever_is_booked_is_off_the_list(in_sonnenschein: Salon, front_desk: Actor, day: SalonDay, add: Add) -> None:
    entry = add()
    appointment = _book(in_sonnenschein, front_desk, entry, day)
    entry.refresh_from_db()
    assert (entry.state, entry.appointment_id, entry.closed_at) == (WaitingState.BOOKED, appointment.pk, NOW)
    assert _list(in_sonnenschein) == []


def test_whoever_could_not_be_booked_still_waits(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay, add: Add
) -> None:
    _fill(day)
    entry = add()
    with pytest.raises(SlotTaken):
        _book(in_sonnenschein, front_desk, entry, day)
    assert [one.entry for one in _list(in_sonnenschein)] == [entry]


def test_booking_for_somebody_else_leaves_the_entry(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay, add: Add
) -> None:
    entry = add()
    _book(in_sonnenschein, front_desk, entry, day, client_id=make_client("Mia", "Sommer").pk)
    assert [one.entry for one in _list(in_sonnenschein)] == [entry]


def test_nobody_without_the_right_changes_the_list(in_sonnenschein: Salon, day: SalonDay, add: Add) -> None:
    entry = add()
    longing = longing_of(entry)
    with pytest.raises(NotAllowed):
        add_waiting(actor=NOBODY, salon=in_sonnenschein, client_id=day.lena.pk, longing=longing, now=NOW)
    with pytest.raises(NotAllowed):
        change_waiting(actor=NOBODY, salon=in_sonnenschein, entry_id=entry.pk, longing=longing, now=NOW)
    with pytest.raises(NotAllowed):
        remove_waiting(actor=NOBODY, entry_id=entry.pk, now=NOW)
    with pytest.raises(NotAllowed):
        restore_waiting(actor=NOBODY, entry_id=entry.pk, now=NOW)


def test_twenty_entries_take_as_many_statements_as_two(in_sonnenschein: Salon, day: SalonDay, add: Add) -> None:
    counts = []
    for many in (2, 18):
        for place in range(many):
            add(staff_id=day.anna.pk if place % 2 else None, service_ids=(day.colour.pk, day.cut.pk))
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert all(one.slot for one in _list(in_sonnenschein))
        counts.append(len(asked))
    assert counts == [6, 6]
