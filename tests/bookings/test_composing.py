"""What an appointment consists of, what it costs, whose it is (domain.md §5)."""

from datetime import date
from decimal import Decimal

import pytest
from psycopg.types.multirange import TimestamptzMultirange
from psycopg.types.range import Range

from bookings.bounds import Bounds
from bookings.models import Appointment, AppointmentItem
from bookings.scheduling import (
    ItemWish,
    LastItem,
    NotChangeable,
    NothingToUndo,
    SlotTaken,
    add_item,
    change_client,
    change_note,
    change_price,
    exchange_item,
    remove_item,
    set_state,
    undo,
)
from bookings.states import State
from clients.classification import CreatedVia, Reason, Status
from clients.models import Client
from clients.recognition import Recognised
from salon.audit.models import AuditEntry
from salon.catalogue.models import SpecialOffer
from salon.errors import InvalidInput, NotAllowed, VersionConflict
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.models import new_id
from tests.bookings.acting import Desk, codes, stands, told
from tests.bookings.salonday import DAY, at, make_absence, make_client, make_service
from tests.conftest import NOW

MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])


def test_a_service_is_added_behind_the_others(desk: Desk) -> None:
    day = desk.day
    SpecialOffer.objects.create(service=day.brows, price=Decimal("9.00"), starts_on=DAY, ends_on=DAY, created_at=NOW)
    booked = desk.book(at(10))
    added = add_item(**desk.given, appointment_id=booked.appointment.pk, item=ItemWish(day.brows.pk, day.bora.pk))
    assert stands(added.appointment) == [
        ("Schneiden", "Anna", "10:00", "11:00"),
        ("Brauen zupfen", "Bora", "11:00", "11:15"),
    ]
    assert (added.items[1].list_price, added.items[1].price) == (Decimal("12.00"), Decimal("9.00"))
    assert (added.appointment.ends_at, added.appointment.version, added.warnings) == (at(11, 15), 2, [])
    assert told(added.appointment)[1] == (
        "appointment.item_added",
        [("services", None, "Brauen zupfen"), ("staff", None, "Bora"), ("starts_at", None, "2026-11-24T11:00+01:00")],
    )
    with pytest.raises(NothingToUndo):
        undo(**desk.given, appointment_id=booked.appointment.pk, version=2)


def test_an_added_service_goes_to_whoever_is_free(desk: Desk) -> None:
    day = desk.day
    booked = desk.book(at(10))
    desk.book(at(11), ItemWish(day.cut.pk, day.anna.pk), client_id=None)
    added = add_item(**desk.given, appointment_id=booked.appointment.pk, item=ItemWish(day.brows.pk))
    assert stands(added.appointment)[1] == ("Brauen zupfen", "Bora", "11:00", "11:15")
    make_absence(day.bora, at(11), at(15))
    with pytest.raises(SlotTaken) as refusal:
        add_item(
            **desk.given,
            appointment_id=booked.appointment.pk,
            item=ItemWish(day.brows.pk, starts_at=at(11, 30)),
            bounds=Bounds.ONLINE,
        )
    assert refusal.value.blocking == []
    assert len(stands(added.appointment)) == 2


def test_a_buffer_gives_way_to_a_service_added(desk: Desk) -> None:
    day = desk.day
    tan = make_service("Bräunen", 30, buffer=20)
    booked = desk.book(at(10), ItemWish(tan.pk, day.anna.pk))
    added = add_item(**desk.given, appointment_id=booked.appointment.pk, item=ItemWish(day.brows.pk, day.anna.pk))
    assert stands(added.appointment)[1] == ("Brauen zupfen", "Anna", "10:30", "10:45")
    desk.book(at(10, 45), ItemWish(day.brows.pk, day.anna.pk), client_id=None)
    # Taken off again, the buffer does not come back where somebody else is by now.
    removed = remove_item(**desk.given, item_id=added.items[1].pk)
    assert stands(removed.appointment) == [("Bräunen", "Anna", "10:00", "10:30")]


def test_a_buffer_comes_back_with_what_it_had_given_way_to(desk: Desk) -> None:
    day = desk.day
    tan = make_service("Bräunen", 30, buffer=20)
    alone = desk.book(at(14), ItemWish(tan.pk, day.anna.pk))
    booked = desk.book(at(10), ItemWish(tan.pk, day.anna.pk))
    added = add_item(**desk.given, appointment_id=booked.appointment.pk, item=ItemWish(day.brows.pk, day.anna.pk))
    remove_item(**desk.given, item_id=added.items[1].pk)
    stored = AppointmentItem.objects.get(appointment=booked.appointment)
    assert stored.busy == TimestamptzMultirange([Range(at(10), at(10, 50), "[)")])
    assert AppointmentItem.objects.get(appointment=alone.appointment).active
    with pytest.raises(SlotTaken):
        desk.book(at(10, 45), ItemWish(day.brows.pk, day.anna.pk), client_id=None)
    desk.book(at(10, 50), ItemWish(day.brows.pk, day.anna.pk), client_id=None)


def test_adding_names_what_is_wrong_and_what_blocks(desk: Desk) -> None:
    day = desk.day
    booked = desk.book(at(10))
    other = desk.book(at(11), client_id=None)
    given = {**desk.given, "appointment_id": booked.appointment.pk}
    with pytest.raises(SlotTaken) as refusal:
        add_item(**given, item=ItemWish(day.brows.pk, day.anna.pk))
    assert [one.appointment_id for one in refusal.value.blocking] == [other.appointment.pk]
    with pytest.raises(InvalidInput) as invalid:
        add_item(**given, item=ItemWish(new_id()))
    assert [(error.field, error.code) for error in invalid.value.errors] == [("items.0.service", "not_found")]
    with pytest.raises(VersionConflict):
        add_item(**given, item=ItemWish(day.brows.pk, day.bora.pk), version=2)
    with pytest.raises(NotAllowed):
        add_item(**given, item=ItemWish(day.brows.pk, day.bora.pk, price=Decimal("1.00")))
    assert Appointment.objects.get(pk=booked.appointment.pk).version == 1
    assert codes(add_item(**given, item=ItemWish(day.cut.pk, day.bora.pk, starts_at=at(17, 30)))) == [
        ("items.0", "outside_hours")
    ]


def test_a_service_is_taken_off_and_the_others_stay(desk: Desk) -> None:
    day = desk.day
    booked = desk.book(at(10), *[ItemWish(day.brows.pk, day.anna.pk)] * 3)
    removed = remove_item(**desk.given, item_id=booked.items[0].pk)
    assert stands(removed.appointment) == [
        ("Brauen zupfen", "Anna", "10:15", "10:30"),
        ("Brauen zupfen", "Anna", "10:30", "10:45"),
    ]
    assert (removed.appointment.starts_at, removed.appointment.version) == (at(10, 15), 2)
    assert told(removed.appointment)[1] == (
        "appointment.item_removed",
        [("services", "Brauen zupfen", None), ("staff", "Anna", None), ("starts_at", "2026-11-24T10:00+01:00", None)],
    )
    desk.book(at(10), ItemWish(day.brows.pk, day.anna.pk), client_id=None)
    remove_item(**desk.given, item_id=booked.items[1].pk)
    added = add_item(**desk.given, appointment_id=booked.appointment.pk, item=ItemWish(day.cut.pk, day.anna.pk))
    assert [item.position for item in added.items] == [2, 3]


def test_the_last_service_stays(desk: Desk) -> None:
    booked = desk.book(at(10))
    with pytest.raises(LastItem):
        remove_item(**desk.given, item_id=booked.items[0].pk)
    assert (AppointmentItem.objects.count(), Appointment.objects.get().version) == (1, 1)


def test_what_has_ended_keeps_its_services(desk: Desk) -> None:
    booked = desk.book(at(10), *[ItemWish(desk.day.brows.pk, desk.day.anna.pk)] * 2)
    set_state(**{**desk.given, "now": at(12)}, appointment_id=booked.appointment.pk, state=State.COMPLETED)
    with pytest.raises(NotChangeable):
        remove_item(**desk.given, item_id=booked.items[0].pk)
    with pytest.raises(NotChangeable):
        add_item(**desk.given, appointment_id=booked.appointment.pk, item=ItemWish(desk.day.brows.pk))


def test_prices_are_for_those_who_may_set_them(desk: Desk) -> None:
    booked = desk.book(at(10))
    item_id = booked.items[0].pk
    with pytest.raises(NotAllowed):
        change_price(**desk.given, item_id=item_id, price=Decimal("50.00"))
    assert not change_price(**desk.given, item_id=item_id, price=Decimal("59.00")).changed
    given = {**desk.given, "actor": MANAGER, "item_id": item_id}
    for wrong in ("-1.00", "0.001", "10000000.00", "NaN"):
        with pytest.raises(InvalidInput):
            change_price(**given, price=Decimal(wrong))
    set_state(**{**desk.given, "now": at(12)}, appointment_id=booked.appointment.pk, state=State.COMPLETED)
    changed = change_price(**given, price=Decimal("0.00"), version=2)
    stored = AppointmentItem.objects.get()
    assert (stored.list_price, stored.price, changed.appointment.version) == (Decimal("59.00"), Decimal("0.00"), 3)
    assert told(changed.appointment)[2] == ("appointment.price_changed", [("price", "59.00", "0.00")])
    set_state(**{**desk.given, "now": at(12)}, appointment_id=booked.appointment.pk, state=State.NO_SHOW)
    with pytest.raises(NotChangeable):
        change_price(**given, price=Decimal("1.00"))


def test_a_note_can_be_rewritten_at_any_time(desk: Desk) -> None:
    booked = desk.book(at(10), note="Alt")
    given = {**desk.given, "appointment_id": booked.appointment.pk}
    set_state(**{**given, "now": at(12)}, state=State.COMPLETED)
    assert not change_note(**given, note=" Alt ").changed
    rewritten = change_note(**given, note="Neu", version=2)
    assert (Appointment.objects.get().note, rewritten.appointment.version) == ("Neu", 3)
    assert told(booked.appointment)[2] == ("appointment.note_changed", [("note", "Alt", "Neu")])
    with pytest.raises(InvalidInput):
        change_note(**given, note="x" * 501)


def test_a_walk_in_gets_a_card(desk: Desk) -> None:
    booked = desk.book(at(10), client_id=None, booked_as={"phone": "+491605550142"})
    given = {**desk.given, "appointment_id": booked.appointment.pk}
    changed = change_client(**given, client_id=desk.day.lena.pk)
    stored = Appointment.objects.get()
    assert stored.booked_as == {}
    assert (stored.client_id, stored.client_status, stored.client_status_reason) == (
        *(desk.day.lena.pk, Status.RETURNING),
        Reason.LISTED,
    )
    assert stored.client_evidence == {
        "listed_on": "2026-11-21",
        "created_via": "STAFF",
        "first_success_on": None,
        "last_success_on": None,
    }
    entry = AuditEntry.objects.get(action="appointment.client_changed")
    assert (entry.client_id, entry.changes) == (
        desk.day.lena.pk,
        [{"field": "client_number", "old": None, "new": str(desk.day.lena.number)}],
    )
    assert not change_client(**given, client_id=desk.day.lena.pk).changed
    new = make_client("Neu", created_via=CreatedVia.STAFF)
    recognised = Recognised(None, None, Reason.NOT_LISTED)
    change_client(**given, client_id=new.pk, first_verdict=recognised, version=changed.appointment.version)
    stored.refresh_from_db()
    assert (stored.client_status, stored.client_status_reason) == (Status.NEW, Reason.NOT_LISTED)
    # It stands in the histories of both.
    entries = AuditEntry.objects.filter(action="appointment.client_changed", client_id__in=[desk.day.lena.pk, new.pk])
    assert entries.count() == 3
    change_client(**given, client_id=None)
    stored.refresh_from_db()
    assert (stored.client_id, stored.client_status, stored.client_evidence) == (None, "", None)
    with pytest.raises(InvalidInput):
        change_client(**given, client_id=new_id())


def test_a_visit_goes_with_its_appointment(desk: Desk) -> None:
    booked = desk.book(at(10, 0, date(2026, 11, 20)))
    given = {**desk.given, "appointment_id": booked.appointment.pk}
    set_state(**given, state=State.COMPLETED)
    other = make_client("Mia")
    change_client(**given, client_id=other.pk)
    facts = {client.first_name: (client.visits, client.last_visit_on) for client in Client.objects.all()}
    assert facts == {"Lena": (0, None), "Mia": (1, date(2026, 11, 20))}


def test_a_service_is_exchanged_where_it_stands_and_what_followed_it_still_does(desk: Desk) -> None:
    day = desk.day
    booked = desk.book(at(10), ItemWish(day.brows.pk, day.bora.pk), ItemWish(day.cut.pk, day.anna.pk))
    first, after = booked.items
    done = exchange_item(**desk.given, item_id=first.pk, service_id=day.cut.pk)
    assert stands(done.appointment) == [
        ("Schneiden", "Bora", "10:00", "11:00"),
        ("Schneiden", "Anna", "11:00", "12:00"),
    ]
    assert (done.items[0].pk, done.items[0].price, done.appointment.ends_at) == (first.pk, day.cut.price, at(12))
    assert told(done.appointment)[-1] == (
        "appointment.item_exchanged",
        [("services", "Brauen zupfen", "Schneiden")],
    )
    with pytest.raises(NothingToUndo):
        undo(**desk.given, appointment_id=booked.appointment.pk, version=done.appointment.version)
    # It is the same for the one that stands alone, which cannot be removed.
    remove_item(**desk.given, item_id=after.pk)
    exchange_item(**desk.given, item_id=first.pk, service_id=day.brows.pk)
    assert stands(done.appointment) == [("Brauen zupfen", "Bora", "10:00", "10:15")]


def test_an_exchange_for_which_there_is_no_room_is_refused(desk: Desk) -> None:
    day = desk.day
    booked = desk.book(at(10), ItemWish(day.brows.pk, day.anna.pk))
    desk.book(at(10, 30), ItemWish(day.cut.pk, day.anna.pk), client_id=None)
    given = {**desk.given, "item_id": booked.items[0].pk}
    with pytest.raises(SlotTaken) as refusal:
        exchange_item(**given, service_id=day.cut.pk)
    assert [one.service_name for one in refusal.value.blocking] == ["Schneiden"]
    assert refusal.value.alternatives == []
    assert stands(booked.appointment) == [("Brauen zupfen", "Anna", "10:00", "10:15")]
    with pytest.raises(InvalidInput):
        exchange_item(**given, service_id=day.anna.pk)
