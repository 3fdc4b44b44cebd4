"""Making an appointment (domain.md §5)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.bounds import Bounds
from bookings.models import Appointment, AppointmentItem, BookingRules
from bookings.scheduling import AlreadyBooked, ClientBlocked, ItemWish, SlotTaken
from bookings.states import Source, State
from clients.classification import CreatedVia, Facts, Reason, Status
from clients.recognition import Recognised
from salon.audit.models import AuditEntry
from salon.catalogue.models import SpecialOffer, StaffService
from salon.errors import InvalidInput, NotAllowed
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.models import new_id
from tests.bookings.acting import Desk, codes, stands, told
from tests.bookings.salonday import DAY, at, make_absence, make_client, make_service, make_staff
from tests.conftest import NOW

NOBODY = Actor(ActorKind.USER, None, "Gast", frozenset())
MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])


def _nothing_booked() -> bool:
    return not Appointment.objects.exists() and not AppointmentItem.objects.exists() and not AuditEntry.objects.exists()


def _refused(refusal: pytest.ExceptionInfo[InvalidInput]) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in refusal.value.errors]


def test_an_appointment_says_all_that_was_booked(desk: Desk) -> None:
    day = desk.day
    wishes = [ItemWish(day.colour.pk, day.anna.pk), ItemWish(day.cut.pk, day.bora.pk)]
    booked = desk.book(at(10), *wishes, note="  Am Fenster\r\nbitte ")
    stored = Appointment.objects.get()
    assert booked.appointment == stored
    assert (stored.starts_at, stored.ends_at, stored.state, stored.version) == (at(10), at(12, 30), State.BOOKED, 1)
    assert (stored.client_id, stored.source, stored.note) == (day.lena.pk, Source.STAFF, "Am Fenster\nbitte")
    assert (stored.booked_by_kind, stored.booked_by_name, stored.created_at) == (ActorKind.USER, "Empfang", NOW)
    assert (stored.visit_on, stored.undo, stored.booked_as) == (None, None, {})
    assert stands(stored) == [("Ansatzfarbe", "Anna", "10:00", "11:30"), ("Schneiden", "Bora", "11:30", "12:30")]
    prices = AppointmentItem.objects.order_by("position").values_list("list_price", "price", "active")
    assert list(prices) == [(Decimal("62.00"), Decimal("62.00"), True), (Decimal("59.00"), Decimal("59.00"), True)]
    assert (booked.warnings, booked.changed) == ([], True)


def test_its_history_says_it_in_words(desk: Desk) -> None:
    booked = desk.book(
        at(10), ItemWish(desk.day.colour.pk, desk.day.anna.pk), ItemWish(desk.day.cut.pk, desk.day.anna.pk)
    )
    assert told(booked.appointment) == [
        (
            "appointment.booked",
            [
                ("starts_at", None, "2026-11-24T10:00+01:00"),
                ("services", None, "Ansatzfarbe, Schneiden"),
                ("staff", None, "Anna"),
            ],
        )
    ]
    entry = AuditEntry.objects.get()
    assert (entry.subject_kind, entry.client_id) == ("appointment", desk.day.lena.pk)


def test_a_walk_in_has_no_card_and_no_verdict(desk: Desk) -> None:
    stored = desk.book(at(10), client_id=None).appointment
    assert (stored.client, stored.client_status, stored.client_status_reason, stored.client_evidence) == (
        *(None, "", ""),
        None,
    )
    assert AuditEntry.objects.get().client_id is None


def test_items_follow_each_other_unless_they_are_put_elsewhere(desk: Desk) -> None:
    day = desk.day
    booked = desk.book(
        at(10),
        ItemWish(day.colour.pk, day.anna.pk),
        ItemWish(day.brows.pk, day.bora.pk, starts_at=at(10, 30)),
        ItemWish(day.cut.pk, day.bora.pk),
    )
    assert stands(booked.appointment) == [
        ("Ansatzfarbe", "Anna", "10:00", "11:30"),
        ("Brauen zupfen", "Bora", "10:30", "10:45"),
        ("Schneiden", "Bora", "10:45", "11:45"),
    ]
    assert (booked.appointment.starts_at, booked.appointment.ends_at) == (at(10), at(11, 45))


def test_a_buffer_gives_way_to_the_same_client(desk: Desk) -> None:
    tan = make_service("Bräunen", 30, buffer=10)
    booked = desk.book(at(10), ItemWish(tan.pk, desk.day.anna.pk), ItemWish(desk.day.brows.pk, desk.day.anna.pk))
    assert stands(booked.appointment) == [
        ("Bräunen", "Anna", "10:00", "10:30"),
        ("Brauen zupfen", "Anna", "10:30", "10:45"),
    ]
    other = desk.book(at(11), ItemWish(tan.pk, desk.day.anna.pk), client_id=None)
    assert other.appointment.ends_at == at(11, 30)
    with pytest.raises(SlotTaken):
        desk.book(at(11, 35), ItemWish(desk.day.brows.pk, desk.day.anna.pk), client_id=None)
    desk.book(at(11, 40), ItemWish(desk.day.brows.pk, desk.day.anna.pk), client_id=None)


def test_while_something_takes_effect_somebody_else_is_served(desk: Desk) -> None:
    day = desk.day
    desk.book(at(10), ItemWish(day.colour.pk, day.anna.pk))
    desk.book(at(10, 30), ItemWish(day.brows.pk, day.anna.pk), client_id=None)
    with pytest.raises(SlotTaken):
        desk.book(at(10, 55), ItemWish(day.brows.pk, day.anna.pk), client_id=None)


def test_one_form_makes_one_appointment(desk: Desk) -> None:
    made = new_id()
    desk.book(at(10), appointment_id=made)
    with pytest.raises(AlreadyBooked):
        desk.book(at(10), appointment_id=made)
    with pytest.raises(AlreadyBooked):
        desk.book(at(15), appointment_id=made)
    assert Appointment.objects.get().pk == made


def test_whoever_may_not_books_nothing(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        desk.book(at(10), actor=NOBODY)
    assert _nothing_booked()


def test_everything_wrong_is_named_at_once(desk: Desk) -> None:
    day = desk.day
    gone = make_service("Früher", archived_at=NOW)
    wishes = [
        ItemWish(new_id(), day.anna.pk),
        ItemWish(gone.pk, day.anna.pk),
        ItemWish(day.cut.pk, new_id()),
        ItemWish(day.cut.pk, day.anna.pk, minutes=7),
        ItemWish(day.colour.pk, day.anna.pk, minutes=40),
        ItemWish(day.cut.pk, day.anna.pk, price=Decimal("1.005")),
        ItemWish(day.cut.pk, day.anna.pk, starts_at=at(10) + timedelta(seconds=1)),
    ]
    with pytest.raises(InvalidInput) as refusal:
        desk.book(at(10) + timedelta(seconds=30), *wishes)
    assert _refused(refusal) == [
        ("starts_at", "not_a_minute"),
        ("items.0.service", "not_found"),
        ("items.1.service", "not_found"),
        ("items.2.staff", "not_found"),
        ("items.3.minutes", "minutes"),
        ("items.4.minutes", "too_short"),
        ("items.5.price", "not_money"),
        ("items.6.starts_at", "not_a_minute"),
    ]
    assert _nothing_booked()


def test_there_is_at_least_one_service_and_not_a_hundred(desk: Desk) -> None:
    with pytest.raises(InvalidInput) as refusal:
        desk.book(at(10), items=[])
    assert _refused(refusal) == [("items", "required")]
    with pytest.raises(InvalidInput) as refusal:
        desk.book(at(10), items=[ItemWish(desk.day.brows.pk)] * 21)
    assert _refused(refusal) == [("items", "too_many")]


def test_a_card_that_is_not_there_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidInput) as refusal:
        desk.book(at(10), client_id=new_id())
    assert _refused(refusal) == [("client", "not_found")]
    assert _nothing_booked()


def test_a_visit_of_more_than_a_day_is_none(desk: Desk) -> None:
    later = ItemWish(desk.day.cut.pk, desk.day.bora.pk, starts_at=at(10, 0, DAY + timedelta(1)))
    with pytest.raises(InvalidInput) as refusal:
        desk.book(at(10), ItemWish(desk.day.cut.pk, desk.day.anna.pk), later)
    assert _refused(refusal) == [("items", "too_long")]


def test_notes_have_an_end(desk: Desk) -> None:
    for note in ("x" * 501, "a\x00b"):
        with pytest.raises(InvalidInput) as refusal:
            desk.book(at(10), note=note)
        assert [error.field for error in refusal.value.errors] == ["note"]


# Prices and durations


def test_an_offer_of_the_day_is_the_price(desk: Desk) -> None:
    cut = desk.day.cut
    offer = {"service": cut, "price": Decimal("45.00"), "starts_on": DAY, "ends_on": DAY, "created_at": NOW}
    SpecialOffer.objects.create(**offer)
    item = desk.book(at(10)).items[0]
    assert (item.list_price, item.price) == (Decimal("59.00"), Decimal("45.00"))
    after = desk.book(at(10, 0, DAY + timedelta(1))).items[0]
    assert (after.list_price, after.price) == (Decimal("59.00"), Decimal("59.00"))


def test_another_price_is_for_those_who_may_set_prices(desk: Desk) -> None:
    wish = ItemWish(desk.day.cut.pk, desk.day.anna.pk, price=Decimal("40.00"))
    with pytest.raises(NotAllowed):
        desk.book(at(10), wish)
    assert _nothing_booked()
    item = desk.book(at(10), wish, actor=MANAGER).items[0]
    assert (item.list_price, item.price) == (Decimal("59.00"), Decimal("40.00"))
    same = replace(wish, price=Decimal("59.00"))
    assert desk.book(at(11), same).items[0].price == Decimal("59.00")


def test_a_longer_appointment_works_longer_at_its_end(desk: Desk) -> None:
    booked = desk.book(at(10), ItemWish(desk.day.colour.pk, desk.day.anna.pk, minutes=100))
    item = booked.items[0]
    assert (item.apply_minutes, item.processing_minutes, item.finish_minutes) == (30, 35, 35)
    assert booked.appointment.ends_at == at(11, 40)


# The frozen verdict (domain.md §4.2)


def test_the_verdict_of_the_day_of_booking_is_frozen(desk: Desk) -> None:
    lapsed = make_client("Greta", listed_on=date(2023, 1, 1), last_visit_on=date(2025, 11, 20))
    stored = desk.book(at(10), client_id=lapsed.pk).appointment
    assert (stored.client_status, stored.client_status_reason) == (Status.NEW, Reason.LAPSED)
    assert stored.client_evidence == {
        "listed_on": "2023-01-01",
        "created_via": "STAFF",
        "first_success_on": "2025-11-20",
        "last_success_on": "2025-11-20",
    }
    returning = make_client("Hanna", listed_on=date(2023, 1, 1), last_visit_on=date(2025, 11, 21))
    stored = desk.book(at(11), client_id=returning.pk).appointment
    assert (stored.client_status, stored.client_status_reason) == (Status.RETURNING, Reason.RECENT_VISIT)


def test_whose_card_was_made_with_the_booking_is_new(desk: Desk) -> None:
    for reason in (Reason.NOT_LISTED, Reason.EMAIL_DIFFERS, Reason.NAME_AND_PHONE_DIFFER):
        made = make_client("Sarah", created_via=CreatedVia.ONLINE_BOOKING)
        recognised = Recognised(None, None, reason)
        stored = desk.book(at(9), client_id=made.pk, first_verdict=recognised, items=[ItemWish(desk.day.cut.pk)])
        assert stored.appointment.client_status == Status.NEW
        assert stored.appointment.client_status_reason == reason
        assert stored.appointment.client_evidence is None
        Appointment.objects.all().delete()


def test_who_was_recognised_is_judged_by_her_card(desk: Desk) -> None:
    facts = Facts(date(2020, 1, 1), CreatedVia.STAFF, date(2026, 11, 1), date(2026, 11, 1))
    recognised = Recognised(desk.day.lena.pk, facts, None)
    stored = desk.book(at(10), first_verdict=recognised).appointment
    assert (stored.client_status, stored.client_status_reason) == (Status.RETURNING, Reason.RECENT_VISIT)


# What staff are warned of, and what is refused from outside


def test_staff_are_warned_of_hours_absences_skills_and_the_past(desk: Desk) -> None:
    day = desk.day
    assert codes(desk.book(at(8, 30))) == [("items.0", "outside_hours")]
    make_absence(day.bora, at(12), at(15))
    assert codes(desk.book(at(11, 30), ItemWish(day.cut.pk, day.bora.pk), client_id=None)) == [("items.0", "absent")]
    StaffService.objects.filter(staff=day.anna, service=day.brows).delete()
    wish = ItemWish(day.brows.pk, day.anna.pk)
    assert codes(desk.book(at(15), wish)) == [("items.0", "not_performed")]
    assert codes(desk.book(at(10, 0, date(2026, 11, 20)))) == [("starts_at", "in_the_past")]
    sunday = at(10, 0, date(2026, 11, 22))
    assert codes(desk.book(sunday)) == [("items.0", "outside_hours")]


def test_staff_are_warned_where_a_client_is_in_two_places(desk: Desk) -> None:
    desk.book(at(10))
    twice = desk.book(at(10, 30), ItemWish(desk.day.brows.pk, desk.day.bora.pk))
    assert codes(twice) == [("client", "client_overlaps")]
    after = desk.book(at(11), ItemWish(desk.day.brows.pk, desk.day.bora.pk))
    assert codes(after) == []


def test_staff_are_warned_of_who_is_blocked(desk: Desk) -> None:
    blocked = make_client("Kai", blocked=True, blocked_reason="Kam dreimal nicht")
    booked = desk.book(at(10), client_id=blocked.pk)
    (warning,) = booked.warnings
    assert (warning.code, str(warning.message)) == ("client_blocked", "Kam dreimal nicht")
    with pytest.raises(ClientBlocked):
        desk.book(at(12), client_id=blocked.pk, bounds=Bounds.ONLINE)


def test_from_outside_the_hours_hold(desk: Desk) -> None:
    day = desk.day
    make_absence(day.anna, at(12), at(13))
    for starts_at in (at(8, 30), at(17, 15), at(11, 15), at(10, 0, date(2026, 11, 22))):
        with pytest.raises(SlotTaken):
            desk.book(starts_at, bounds=Bounds.ONLINE)
    assert _nothing_booked()
    assert codes(desk.book(at(11), bounds=Bounds.ONLINE)) == []


def test_from_outside_neither_too_soon_nor_too_far_ahead(desk: Desk) -> None:
    soon = NOW + timedelta(minutes=119)
    with pytest.raises(SlotTaken):
        desk.book(soon, bounds=Bounds.ONLINE)
    desk.book(NOW + timedelta(minutes=120), bounds=Bounds.ONLINE)
    BookingRules.objects.create(lead_minutes=0, horizon_days=3)
    with pytest.raises(SlotTaken):
        desk.book(at(9, 0, DAY + timedelta(1)), bounds=Bounds.ONLINE)
    desk.book(at(9), bounds=Bounds.ONLINE)


def test_from_outside_only_what_is_offered_there_and_by_who_does_it(desk: Desk) -> None:
    inside = make_service("Beratung", 15, online=False)
    able = make_staff("Cem", [inside])
    wishes = [ItemWish(inside.pk, able.pk), ItemWish(desk.day.cut.pk, able.pk)]
    with pytest.raises(InvalidInput) as refusal:
        desk.book(at(10), *wishes, bounds=Bounds.ONLINE)
    assert _refused(refusal) == [("items.0.service", "not_online"), ("items.1.staff", "not_performed")]
    assert codes(desk.book(at(10), *wishes)) == [("items.1", "not_performed")]


# Egal


def test_nobody_does_it(desk: Desk) -> None:
    lonely = make_service("Niemand", 30)
    with pytest.raises(InvalidInput) as refusal:
        desk.book(at(10), ItemWish(lonely.pk))
    assert _refused(refusal) == [("items.0.staff", "not_performed")]


@pytest.mark.parametrize(
    ("wishes", "bounds", "most"),
    [(1, Bounds.DESK, 9), (1, Bounds.ONLINE, 8), (3, Bounds.DESK, 9)],
)
def test_a_booking_is_few_statements(desk: Desk, wishes: int, bounds: Bounds, most: int) -> None:
    items = [ItemWish(desk.day.cut.pk, desk.day.anna.pk)] * wishes
    with CaptureQueriesContext(
        connection,
    ) as made:
        desk.book(at(10), *items, bounds=bounds)
    assert len(made) <= most, [query["sql"][:90] for query in made]
