"""Bookings from outside the salon: who books is recognised, or gets a card (domain.md §4.1)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bookings.booking import Booked, ClientBlocked, book, client_for
from bookings.bounds import Bounds
from bookings.conflicts import SlotTaken
from bookings.placing import ItemWish
from bookings.slots import Wish, alternatives
from bookings.states import Source
from clients.cards import lock_client
from clients.classification import CreatedVia
from clients.consent import record_wish
from clients.details import ChangedDetails, ClientDetails, accept
from clients.duplicates import propose_for
from clients.editing import create_client, lock_contacts, update_client
from clients.identity import Person
from clients.models import Client
from clients.recognition import Recognised, recognise
from salon.errors import DomainError, FieldError, InvalidInput, NotFound
from salon.identity.roles import Actor, Permission
from salon.rows import fetch
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon

# Nearest free times named instead of one that cannot be had.
_ALTERNATIVES = 3
# What a booking calls the fields of a card.
_NAMES = {"mobile": "phone"}
# What a client has at a time already, as far as whoever books may know of it.
_BEGUN = """
SELECT appointment.id FROM bookings_appointmentitem item
JOIN bookings_appointment appointment ON appointment.salon_id = item.salon_id AND appointment.id = item.appointment_id
WHERE item.salon_id = %(salon)s AND item.service_id = ANY(%(services)s) AND item.starts_at = %(starts_at)s
AND item.active AND appointment.client_id = %(client)s
AND (%(reads_cards)s OR appointment.booked_by_kind = %(kind)s AND appointment.booked_by_id = %(id)s)
ORDER BY item.id LIMIT 1
"""


class RepeatedBooking(DomainError):
    """The client has this very service at this very time already: her booking came twice, under another key."""

    code = "repeated_booking"
    message = _("The client has booked this at this time already.")

    def __init__(self, appointment_id: UUID) -> None:
        super().__init__(self.message)
        self.members = {"booking": str(appointment_id)}


@dataclass(frozen=True, slots=True)
class Booker:
    """Who a booking says it is for, as entered."""

    first_name: str
    last_name: str = ""
    email: str = ""
    phone: str = ""
    marketing_consent: bool = False


def book_online(
    *,
    actor: Actor,
    salon: Salon,
    starts_at: datetime,
    items: Sequence[ItemWish],
    booker: Booker,
    now: datetime,
    note: str = "",
) -> Booked:
    """Book for a person from outside: hers is the card that is recognised, its empty fields filled, or a new one.

    What she says differently from her card stays on the appointment; names are never overwritten. Two first bookings
    of one person at the same moment make one card. All of it belongs to the open transaction, which a refusal ends.
    Raises: NotAllowed, InvalidInput, SlotTaken, RepeatedBooking, ClientBlocked; for whoever may not read cards, a
    client who is blocked gets the answer of a taken time.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    said = _accepted(salon, booker, now)
    lock_contacts(salon.pk, email=said.email, phones=[said.mobile])
    recognised, client = _recognised(Person(said.first_name, said.email, said.mobile))
    known = client is not None
    client = _completed(actor, salon, client, said, now) if client else _new_card(actor, salon, said, now)
    if booker.marketing_consent:
        record_wish(actor=_keeper(actor), client_id=client.pk, wanted=True, now=now)
    if known:
        _refuse_repeated(client, actor, starts_at, items)
    try:
        return book(
            actor=actor,
            salon=salon,
            starts_at=starts_at,
            items=items,
            client_id=client.pk,
            locked=client,
            source=Source.ONLINE,
            bounds=Bounds.ONLINE,
            now=now,
            note=note,
            first_verdict=None if known else recognised,
            booked_as=_booked_as(client, said),
        )
    except ClientBlocked as refusal:
        if Permission.CLIENTS_READ in actor.permissions:
            raise
        raise _as_taken(salon, starts_at, items, now) from refusal


def book_for_card(
    *,
    actor: Actor,
    salon: Salon,
    starts_at: datetime,
    items: Sequence[ItemWish],
    client_id: UUID,
    now: datetime,
    note: str = "",
) -> Booked:
    """Book for a card that whoever books knows; only for those who may read cards.

    Raises: NotAllowed, InvalidInput, SlotTaken, RepeatedBooking, ClientBlocked.
    """
    actor.require(Permission.CLIENTS_READ)
    actor.require(Permission.BOOKINGS_WRITE)
    client = client_for(client_id)
    _refuse_repeated(client, actor, starts_at, items)
    return book(
        actor=actor,
        salon=salon,
        starts_at=starts_at,
        items=items,
        client_id=client_id,
        locked=client,
        source=Source.API,
        bounds=Bounds.ONLINE,
        now=now,
        note=note,
    )


def _refuse_repeated(client: Client, actor: Actor, starts_at: datetime, items: Sequence[ItemWish]) -> None:
    """Refuse a booking that begins with a service which its client, whose card is locked, has at that time already;
    another service she may have then.

    Whoever may not read cards is told only of what it has booked itself. Raises: RepeatedBooking.
    """
    values = {
        "salon": current_salon_id(),
        "client": client.pk,
        "services": [one.service_id for one in items[:1]],
        "starts_at": starts_at,
        "reads_cards": Permission.CLIENTS_READ in actor.permissions,
        "kind": actor.kind,
        "id": actor.id,
    }
    for (appointment_id,) in fetch(_BEGUN, values):
        raise RepeatedBooking(appointment_id)


def _accepted(salon: Salon, booker: Booker, now: datetime) -> ClientDetails:
    """Return what a booking says of its client, in the form that cards are kept in.

    Raises: InvalidInput naming the fields below `client`.
    """
    given = ClientDetails(
        first_name=booker.first_name, last_name=booker.last_name, email=booker.email, mobile=booker.phone
    )
    try:
        details = accept(given, country=salon.country, today=salon.date_at(now)).details
        if not details.first_name:
            raise InvalidInput([FieldError("first_name", "required", _("Enter a first name."))])
    except InvalidInput as refusal:
        named = [
            FieldError(f"client.{_NAMES.get(one.field, one.field)}", one.code, one.message) for one in refusal.errors
        ]
        raise InvalidInput(named) from refusal
    return details


def _recognised(person: Person) -> tuple[Recognised, Client | None]:
    """Return whose card it is, locked; None if it is nobody's."""
    while True:
        recognised = recognise(person)
        if recognised.client_id is None:
            return recognised, None
        # Merged or erased just now: it is another card's by now, or nobody's.
        with suppress(NotFound):
            return recognised, lock_client(recognised.client_id)


def _new_card(actor: Actor, salon: Salon, said: ClientDetails, now: datetime) -> Client:
    client = create_client(
        actor=_keeper(actor), salon=salon, details=said, created_via=CreatedVia.ONLINE_BOOKING, now=now
    ).client
    propose_for(client, now=now)
    return client


def _completed(actor: Actor, salon: Salon, client: Client, said: ClientDetails, now: datetime) -> Client:
    """Fill the empty fields of a card with what the booking says; nothing on it is replaced."""
    missing: ChangedDetails = {}
    if not client.last_name and said.last_name:
        missing["last_name"] = said.last_name
    if not client.email and said.email:
        missing["email"] = said.email
    if not client.mobile and said.mobile not in {"", client.landline}:
        missing["mobile"] = said.mobile
    if not missing:
        return client
    return update_client(actor=_keeper(actor), salon=salon, client_id=client.pk, changes=missing, now=now).client


def _booked_as(client: Client, said: ClientDetails) -> dict[str, str]:
    """Return the name that was given, for whoever may not read the card, and the contact that the card lacks."""
    told = {"first_name": said.first_name, "last_name": said.last_name}
    if said.email and said.email.casefold() != client.email.casefold():
        told["email"] = said.email
    if said.mobile not in {"", client.mobile, client.landline}:
        told["phone"] = said.mobile
    return {name: text for name, text in told.items() if text}


def _keeper(actor: Actor) -> Actor:
    """Return the same actor with the right to keep the card of whoever books; nothing else of cards is open to it."""
    return replace(actor, permissions=actor.permissions | {Permission.CLIENTS_WRITE})


def _as_taken(salon: Salon, starts_at: datetime, items: Sequence[ItemWish], now: datetime) -> SlotTaken:
    """Return the refusal of a taken time, for somebody who is not to know that a client is blocked."""
    refusal = SlotTaken()
    wishes = [Wish(item.service_id, item.staff_id) for item in items]
    found = alternatives(
        salon=salon, wishes=wishes, near=starts_at, now=now, bounds=Bounds.ONLINE, count=_ALTERNATIVES + 1
    )
    # A taken time is not among those that are free instead.
    refusal.alternatives = [slot for slot in found if slot.starts_at != starts_at][:_ALTERNATIVES]
    return refusal
