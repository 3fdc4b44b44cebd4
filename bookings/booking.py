"""Making an appointment (domain.md §5)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bookings import cautions
from bookings.bounds import Bounds
from bookings.conflicts import AlreadyBooked, SlotTaken
from bookings.mails import Telling, announce_booked
from bookings.models import Appointment, AppointmentItem
from bookings.new_cards import verdict_while_booking
from bookings.placing import ItemWish, Planned, plan, shop_on
from bookings.sequence import Part
from bookings.settling import explain_plan, settle
from bookings.states import Source
from bookings.writing import changed, lay, local_time, span, tell, write_new
from clients.cards import lock_client
from clients.classification import Facts, classify
from clients.models import Client
from clients.recognition import Recognised
from salon.catalogue.models import StaffMember
from salon.errors import DomainError, FieldError, InvalidInput, NotFound
from salon.identity.roles import Actor, Permission
from salon.rows import together
from salon.tenancy.models import Salon, new_id

LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class Booked:
    """An appointment as it is now, its items in order, what is odd about it without being refused, and whether anything
    changed."""

    appointment: Appointment
    items: list[AppointmentItem]
    warnings: list[FieldError]
    changed: bool = True


class ClientBlocked(DomainError):
    """The client cannot book online."""

    code = "client_blocked"
    message = _("This client cannot book online.")


def book(
    *,
    actor: Actor,
    salon: Salon,
    starts_at: datetime,
    items: Sequence[ItemWish],
    client_id: UUID | None,
    source: Source,
    bounds: Bounds,
    now: datetime,
    note: str = "",
    appointment_id: UUID | None = None,
    first_verdict: Recognised | None = None,
    card_is_new: bool = False,
    booked_as: Mapping[str, str] | None = None,
    locked: Client | None = None,
    telling: Telling = Telling.BY_RULES,
) -> Booked:
    """Make an appointment of these services, one after the other, for a client or a walk-in (domain.md §5).

    Each item is for the person wished for or, *egal*, for the one who is free and has the fewest booked minutes that
    day. `first_verdict` is what recognition said before the card was made in the same operation (domain.md §4.2);
    `card_is_new`: staff have made it while they booked, so that it counts as none, if the card itself says so, too.
    `appointment_id` is what a form was given for it, so that sending it twice makes one. `locked` is the client's card
    where the open transaction holds it already. `telling`: whether the client gets a confirmation.
    Raises: NotAllowed, InvalidInput, SlotTaken, AlreadyBooked, ClientBlocked.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    note = accepted_note(note)
    day = salon.date_at(starts_at)
    by = [wish.staff_id for wish in items if wish.staff_id]
    shop = shop_on(day, [wish.service_id for wish in items], wished=by if len(by) == len(items) else None)
    planned = plan(actor=actor, wishes=items, starts_at=starts_at, bounds=bounds, shop=shop)
    client = locked if locked or client_id is None else client_for(client_id)
    appointment = Appointment(
        id=appointment_id or new_id(),
        source=source,
        note=note,
        booked_as=dict(booked_as or {}),
        booked_by_kind=actor.kind,
        booked_by_id=actor.id,
        booked_by_name=actor.name,
        created_at=now,
        updated_at=now,
    )
    if card_is_new and client is not None:
        first_verdict = verdict_while_booking(client, salon=salon, now=now)
    freeze_verdict(appointment, client, first_verdict, salon.date_at(now))
    try:
        parts = settle(planned, salon=salon, bounds=bounds, now=now, rules=shop.rules)
        # Told last: whoever may not know of it learns from the answer before nothing that others would not.
        if bounds is Bounds.ONLINE and client is not None and client.blocked:
            raise ClientBlocked
        made = [
            new_item(appointment, position, one, shop.team[part.staff_id])
            for position, (one, part) in enumerate(zip(planned, parts, strict=True))
        ]
        lay(made)
        span(appointment, made)
        write_new(appointment, made, once=appointment_id is not None)
    except SlotTaken as refusal:
        if appointment_id and Appointment.objects.filter(pk=appointment_id).exists():
            raise AlreadyBooked from refusal
        explain_plan(refusal, planned, salon=salon, bounds=bounds, now=now)
        raise
    warnings = [] if bounds is Bounds.ONLINE else list(_warnings(salon, appointment, planned, parts, client, now))
    with together():
        _tell(actor, appointment, made, salon, now)
        announce_booked(appointment=appointment, now=now, salon=salon, items=made, rules=shop.rules, telling=telling)
    return Booked(appointment, made, warnings)


def accepted_note(note: str) -> str:
    """Return a note as it is kept.

    Raises: InvalidInput.
    """
    text = note.replace("\r\n", "\n").strip()
    if len(text) > LONGEST_NOTE:
        raise InvalidInput([FieldError("note", "too_long", _("This note is too long."))])
    if "\x00" in text:
        raise InvalidInput([FieldError("note", "invalid", _("This text contains characters that cannot be stored."))])
    return text


def client_for(client_id: UUID) -> Client:
    """Return the card an appointment is for, locked.

    Raises: InvalidInput where there is none in use.
    """
    try:
        return lock_client(client_id)
    except NotFound as gone:
        raise InvalidInput([FieldError("client", "not_found", _("There is no such client."))]) from gone


def freeze_verdict(appointment: Appointment, client: Client | None, recognised: Recognised | None, on: date) -> None:
    """Let an appointment say what its client was on the day it was booked; of a walk-in it says nothing."""
    if client is None:
        appointment.client, appointment.client_evidence = None, None
        appointment.client_status = appointment.client_status_reason = ""
        return
    told = Recognised(client.pk, client.facts, None) if recognised is None else recognised
    verdict = classify(told.facts, on)
    appointment.client = client
    appointment.client_status = verdict.status
    appointment.client_status_reason = told.reason or verdict.reason
    appointment.client_evidence = _evidence(verdict.evidence)


def _evidence(facts: Facts | None) -> dict[str, str | None] | None:
    if facts is None:
        return None
    return {
        "listed_on": facts.listed_on.isoformat(),
        "created_via": facts.created_via.value,
        "first_success_on": facts.first_success_on.isoformat() if facts.first_success_on else None,
        "last_success_on": facts.last_success_on.isoformat() if facts.last_success_on else None,
    }


def new_item(appointment: Appointment, position: int, planned: Planned, staff: StaffMember) -> AppointmentItem:
    """Return the item that a plan comes to; it is not written yet."""
    item = AppointmentItem(
        appointment=appointment,
        position=position,
        service=planned.service,
        staff=staff,
        starts_at=planned.starts_at,
        counts_as_visit=planned.service.counts_as_visit,
        list_price=planned.service.price,
        price=planned.price,
    )
    item.minutes = planned.minutes
    return item


def _warnings(
    salon: Salon,
    appointment: Appointment,
    planned: Sequence[Planned],
    parts: Sequence[Part],
    client: Client | None,
    now: datetime,
) -> Iterator[FieldError]:
    yield from cautions.in_the_past(appointment.starts_at, now)
    yield from cautions.unusual(planned, [part.staff_id for part in parts])
    yield from cautions.absences_of(salon, parts)
    yield from cautions.of_the_client(client, appointment.starts_at, appointment.ends_at, besides=appointment.pk)


def _tell(
    actor: Actor, appointment: Appointment, items: Sequence[AppointmentItem], salon: Salon, now: datetime
) -> None:
    told = [
        changed("starts_at", None, local_time(appointment.starts_at, salon)),
        changed("services", None, ", ".join(item.service.name for item in items)),
        changed("staff", None, ", ".join(dict.fromkeys(item.staff.name for item in items))),
        changed("note", None, appointment.note),
    ]
    tell(actor, "appointment.booked", appointment, told, now=now)
