"""Whose card a booking from outside stands on, and what becomes of what it says (domain.md §4.1)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from bookings.booking import ClientBlocked
from bookings.conflicts import SlotTaken
from bookings.models import Appointment
from bookings.online import Booker, RepeatedBooking, book_online
from bookings.placing import ItemWish
from bookings.scheduling import Booked, cancel
from bookings.states import Source
from clients.classification import CreatedVia, Reason, Status
from clients.details import YES, ClientDetails
from clients.editing import create_client
from clients.models import Client, ConsentEntry, DuplicateProposal
from salon.errors import InvalidInput, NotAllowed
from salon.identity.roles import Actor, ActorKind, Permission
from salon.mail.models import ClientMail
from tests.bookings.acting import Desk
from tests.bookings.salonday import at
from tests.conftest import NOW

SARAH = Booker("Sarah", "Smith", "sarahsmith@gmail.com", "0160 5550142")
SITE = Actor(ActorKind.API_KEY, None, "Buchungsseite", frozenset({Permission.BOOKINGS_WRITE}))


def _online(desk: Desk, booker: Booker = SARAH, **given: Any) -> Booked:
    wishes = [ItemWish(desk.day.cut.pk, desk.day.anna.pk)]
    return book_online(
        **{
            "actor": SITE,
            "salon": desk.salon,
            "starts_at": at(10),
            "items": wishes,
            "booker": booker,
            "now": NOW,
            **given,
        }
    )


def _card(desk: Desk, **details: str) -> Client:
    given = ClientDetails(**{"first_name": "Sarah", "last_name": "Smith", "email": "sarahsmith@gmail.com", **details})
    return create_client(
        actor=replace(desk.actor, permissions=frozenset(Permission)),
        salon=desk.salon,
        details=given,
        created_via=CreatedVia.STAFF,
        now=NOW,
    ).client


def test_nobody_on_file_gets_a_card(desk: Desk) -> None:
    booked = _online(desk).appointment
    card = Client.objects.get(email="sarahsmith@gmail.com")
    assert booked.client_id == card.pk
    assert (card.first_name, card.last_name, card.email, card.mobile) == (
        "Sarah",
        "Smith",
        "sarahsmith@gmail.com",
        "+491605550142",
    )
    assert card.created_via == CreatedVia.ONLINE_BOOKING
    assert (booked.client_status, booked.client_status_reason) == (Status.NEW, Reason.NOT_LISTED)
    assert (booked.source, booked.client_evidence) == (Source.ONLINE, None)
    assert booked.booked_as == {"first_name": "Sarah", "last_name": "Smith"}


def test_the_same_person_again_stands_on_the_same_card(desk: Desk) -> None:
    first = _online(desk).appointment
    again = _online(desk, starts_at=at(12)).appointment
    assert again.client_id == first.client_id
    # A card from an online booking without any visit yet.
    assert (again.client_status, again.client_status_reason) == (Status.NEW, Reason.FIRST_VISIT_PENDING)


def test_a_match_fills_what_is_empty_and_replaces_nothing(desk: Desk) -> None:
    card = _card(desk, last_name="")
    booked = _online(desk, Booker("SARAH", "Smith-Jones", "SarahSmith@gmail.com", "0160 5550142")).appointment
    card.refresh_from_db()
    assert booked.client_id == card.pk
    assert (card.first_name, card.last_name, card.email, card.mobile) == (
        "Sarah",
        "Smith-Jones",
        "sarahsmith@gmail.com",
        "+491605550142",
    )
    assert booked.booked_as == {"first_name": "SARAH", "last_name": "Smith-Jones"}
    assert (booked.client_status, booked.client_status_reason) == (Status.RETURNING, Reason.LISTED)


def test_what_she_says_differently_stays_on_the_appointment(desk: Desk) -> None:
    card = _card(desk, mobile="0171 2345678")
    booked = _online(desk, Booker("Sarah", "Schmidt", "sarahsmith@gmail.com", "0160 5550142")).appointment
    card.refresh_from_db()
    assert booked.client_id == card.pk
    assert (card.last_name, card.mobile) == ("Smith", "+491712345678")
    assert booked.booked_as == {"first_name": "Sarah", "last_name": "Schmidt", "phone": "+491605550142"}


def test_the_landline_of_a_card_is_no_new_mobile(desk: Desk) -> None:
    card = _card(desk, landline="030 4481234")
    booked = _online(desk, Booker("Sarah", "Smith", "sarahsmith@gmail.com", "030 4481234")).appointment
    card.refresh_from_db()
    assert (card.mobile, "phone" in booked.booked_as) == ("", False)


def test_another_address_is_another_card_and_may_be_a_duplicate(desk: Desk) -> None:
    """Sarah Smith of the seed: listed with one address, books with another."""
    card = _card(desk, mobile="0160 5550142")
    booked = _online(desk, Booker("Sarah", "Smith", "sarah@work.example", "0160 5550142")).appointment
    assert booked.client_id != card.pk
    assert (booked.client_status, booked.client_status_reason) == (Status.NEW, Reason.EMAIL_DIFFERS)
    proposal = DuplicateProposal.objects.get()
    assert (proposal.older_id, proposal.newer_id) == (card.pk, booked.client_id)


def test_consent_to_news_is_asked_for_once_and_holds_when_confirmed(desk: Desk) -> None:
    booker = replace(SARAH, marketing_consent=True)
    _online(desk, booker)
    _online(desk, booker, starts_at=at(12))
    card = Client.objects.get(email="sarahsmith@gmail.com")
    assert not card.email_consent
    assert [(one.decision, one.source) for one in ConsentEntry.objects.all()] == [("REQUESTED", "API")]
    assert ClientMail.objects.filter(writer="consent").count() == 1


def test_no_word_about_news_withdraws_nothing(desk: Desk) -> None:
    _online(desk, replace(SARAH, marketing_consent=True))
    _online(desk, starts_at=at(12))
    assert ConsentEntry.objects.get().decision == "REQUESTED"


def test_who_is_blocked_is_told_that_the_time_is_taken(desk: Desk) -> None:
    _card(desk, blocked=YES, blocked_reason="Dreimal nicht erschienen")
    with pytest.raises(SlotTaken) as refused:
        _online(desk)
    assert at(10) not in {slot.starts_at for slot in refused.value.alternatives}
    assert len(refused.value.alternatives) == 3
    reader = replace(SITE, permissions=SITE.permissions | {Permission.CLIENTS_READ})
    with pytest.raises(ClientBlocked):
        _online(desk, actor=reader)
    assert not Appointment.objects.exists()


def test_a_refused_booking_leaves_no_card(desk: Desk) -> None:
    desk.book(at(10))
    before = Client.objects.count()
    # As around every request.
    with pytest.raises(SlotTaken) as refused, transaction.atomic():
        _online(desk)
    assert refused.value.blocking == []
    assert Client.objects.count() == before


@pytest.mark.parametrize(
    ("booker", "field", "code"),
    [
        (Booker("", "Smith"), "client.first_name", "required"),
        (replace(SARAH, email="sarah"), "client.email", "invalid"),
        (replace(SARAH, phone="12"), "client.phone", "invalid"),
    ],
)
def test_a_person_that_cannot_be_one(desk: Desk, booker: Booker, field: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        _online(desk, booker)
    assert [(one.field, one.code) for one in refused.value.errors] == [(field, code)]


def test_outside_hours_and_too_soon_is_taken(desk: Desk) -> None:
    for starts_at in (at(8), at(17, 30), NOW + timedelta(minutes=119)):
        with pytest.raises(SlotTaken):
            _online(desk, starts_at=starts_at)


def test_who_may_not_book_does_not(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        _online(desk, actor=replace(SITE, permissions=frozenset()))


KEY = Actor(ActorKind.API_KEY, UUID(int=7), "Buchungsseite", frozenset({Permission.BOOKINGS_WRITE}))


def test_the_same_service_at_the_same_time_is_a_repetition(desk: Desk) -> None:
    """Whoever of the team does it, and whether or not its time is taken by then."""
    made = _online(desk, actor=KEY).appointment
    for staff in (desk.day.anna, desk.day.bora):
        with pytest.raises(RepeatedBooking) as refused:
            _online(desk, actor=KEY, items=[ItemWish(desk.day.cut.pk, staff.pk)])
        assert refused.value.members == {"booking": str(made.pk)}
    # Another service then, the same one at another time, and for somebody else: as ever.
    _online(desk, actor=KEY, items=[ItemWish(desk.day.brows.pk, desk.day.bora.pk)])
    _online(desk, actor=KEY, starts_at=at(11))
    _online(desk, actor=KEY, starts_at=at(12), booker=replace(SARAH, first_name="Kim"))
    cancel(actor=KEY, salon=desk.salon, appointment_id=made.pk, reason="", now=NOW)
    assert _online(desk, actor=KEY).appointment.pk != made.pk


def test_a_repetition_is_told_to_who_booked_or_reads_cards(desk: Desk) -> None:
    _online(desk, actor=KEY)
    by_bora = [ItemWish(desk.day.cut.pk, desk.day.bora.pk)]
    reader = replace(KEY, id=UUID(int=8), permissions=KEY.permissions | {Permission.CLIENTS_READ})
    with pytest.raises(RepeatedBooking):
        _online(desk, actor=reader, items=by_bora)
    assert _online(desk, actor=replace(KEY, id=UUID(int=8)), items=by_bora).warnings == []
