"""A card that was made while its first appointment was being booked counts as none (domain.md §4.2)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bookings.models import Appointment
from bookings.scheduling import ItemWish, cancel, change_client
from bookings.waiting import Longing, add_waiting, book_waiting
from clients.classification import CreatedVia, Reason, Status
from clients.models import Client
from salon.tenancy.models import Salon
from tests.bookings.acting import Desk
from tests.bookings.salonday import DAY, at, make_appointment, make_client
from tests.conftest import NOW

YESTERDAY = date(2026, 11, 20)
NOBODY_KNOWN = (Status.NEW, Reason.NOT_LISTED, None)


def _frozen(appointment: Appointment) -> tuple[str, str, str | None]:
    appointment.refresh_from_db()
    evidence = appointment.client_evidence
    return appointment.client_status, appointment.client_status_reason, evidence and evidence["listed_on"]


def _booked(desk: Desk, client: Client, **given: Any) -> tuple[str, str, str | None]:
    booked = desk.book(at(11), ItemWish(desk.day.cut.pk), client_id=client.pk, card_is_new=True, **given)
    return _frozen(booked.appointment)


def _card(made: timedelta = timedelta(minutes=5), **given: Any) -> Client:
    return make_client("Nora", "Neu", created_at=NOW - made, **given)


def test_whose_card_was_made_with_the_appointment_was_not_known(desk: Desk) -> None:
    assert _booked(desk, _card()) == NOBODY_KNOWN


def test_a_call_lasts_less_than_an_hour(desk: Desk) -> None:
    assert _booked(desk, _card(timedelta(minutes=59))) == NOBODY_KNOWN
    assert _booked(desk, _card(timedelta(hours=1)))[:2] == (Status.RETURNING, Reason.LISTED)


def test_over_midnight_it_is_the_same_call(desk: Desk, in_sonnenschein: Salon) -> None:
    """At half past midnight in Berlin the card is of the day before."""
    midnight = datetime.fromisoformat("2026-11-22T00:10:00+01:00")
    card = make_client("Nora", "Neu", created_at=midnight - timedelta(minutes=20))
    assert in_sonnenschein.date_at(midnight) == date(2026, 11, 22)
    assert _booked(desk, card, now=midnight) == NOBODY_KNOWN


def test_without_being_told_so_a_card_counts(desk: Desk) -> None:
    booked = desk.book(at(11), client_id=_card().pk)
    assert _frozen(booked.appointment) == (Status.RETURNING, Reason.LISTED, "2026-11-21")


@pytest.mark.parametrize(
    ("given", "frozen"),
    [
        ({"created_via": CreatedVia.IMPORT}, (Status.RETURNING, Reason.LISTED)),
        ({"created_via": CreatedVia.ONLINE_BOOKING}, (Status.NEW, Reason.FIRST_VISIT_PENDING)),
        ({"listed_on": date(2024, 3, 1)}, (Status.NEW, Reason.LAPSED)),
        ({"last_visit_on": YESTERDAY, "first_visit_on": YESTERDAY}, (Status.RETURNING, Reason.RECENT_VISIT)),
        ({"carried_last_visit_on": YESTERDAY}, (Status.RETURNING, Reason.RECENT_VISIT)),
    ],
)
def test_a_form_cannot_claim_it_of_any_card(desk: Desk, given: dict[str, Any], frozen: tuple[Status, Reason]) -> None:
    assert _booked(desk, _card(**given))[:2] == frozen


def test_nor_of_one_for_whom_something_was_booked_before(desk: Desk) -> None:
    card = _card()
    before = desk.book(at(9), client_id=card.pk).appointment
    cancel(**desk.given, appointment_id=before.pk)
    assert _booked(desk, card)[:2] == (Status.RETURNING, Reason.LISTED)


def test_a_walk_in_counts_as_none(desk: Desk) -> None:
    booked = desk.book(at(11), client_id=None, card_is_new=True).appointment
    assert (booked.client_status, booked.client_status_reason) == ("", "")


def test_in_place_of_somebody_who_waits(desk: Desk, in_sonnenschein: Salon) -> None:
    longing = Longing(service_ids=(desk.day.cut.pk,), starts_on=DAY, ends_on=DAY)
    entry = add_waiting(**desk.given, client_id=desk.day.lena.pk, longing=longing)
    booked = book_waiting(
        **desk.given,
        entry_id=entry.pk,
        starts_at=at(11),
        items=[ItemWish(desk.day.cut.pk)],
        client_id=_card().pk,
        card_is_new=True,
    )
    assert _frozen(booked.appointment) == NOBODY_KNOWN


# A walk-in whose card is made afterwards


def test_a_card_made_after_the_walk_in_was_booked_was_none_then(desk: Desk) -> None:
    visit = make_appointment((desk.day.cut, desk.day.anna), starts_at=at(9, day=NOW.date()), created_at=NOW)
    card = make_client("Nora", "Neu", created_at=NOW + timedelta(hours=2))
    change_client(**desk.given, appointment_id=visit.pk, client_id=card.pk)
    assert _frozen(visit) == NOBODY_KNOWN


def test_a_card_made_before_was_there(desk: Desk) -> None:
    visit = make_appointment((desk.day.cut, desk.day.anna), starts_at=at(9, day=NOW.date()), created_at=NOW)
    change_client(**desk.given, appointment_id=visit.pk, client_id=_card().pk)
    assert _frozen(visit) == (Status.RETURNING, Reason.LISTED, "2026-11-21")
