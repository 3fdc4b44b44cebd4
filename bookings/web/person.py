"""Whom an appointment is for, as both drawers show it: reachable how, new or returning and why, what to mind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from bookings.web.wording import name_text
from clients.classification import Status
from clients.models import Client
from clients.notes import notes_of
from clients.web.shown import shown
from clients.web.verdict import ICONS, ShownVerdict, carries_services, explain
from loyalty.web.numbers import points_text
from salon.identity.roles import Permission
from salon.web.access import SalonRequest


@dataclass(frozen=True, slots=True)
class Person:
    """One client at the top of a drawer; `alerts` are the pinned notes."""

    id: UUID
    name: str
    number: str
    treatcard: str
    points: str
    card_url: str
    phone: str
    phone_uri: str
    email: str
    verdict: ShownVerdict
    blocked: bool
    blocked_reason: str
    alerts: list[str]
    missing_contact: bool
    contact_url: str | None


def person_of(
    request: SalonRequest,
    client: Client,
    today: date,
    *,
    alerts: Sequence[str] | None = None,
    unknown: bool = False,
) -> Person:
    """Return a client as `bookings/_person.html` shows her; `alerts` are the texts pinned on her card, where they have
    been read with it. `unknown`: her card counts as none, because it was made for what is being booked."""
    if alerts is None:
        alerts = [note.text for note in notes_of(client.pk) if note.pinned]
    card = shown(client, request.salon, today)
    edit_url = reverse("clients:edit", args=[request.salon.slug, client.pk])
    return Person(
        id=client.pk,
        name=name_text(client),
        number=str(client.number),
        treatcard=client.treatcard_number,
        points=points_text(client.points) if client.treatcard_number else "",
        card_url=reverse("client_card", args=[request.salon.slug, client.pk]),
        phone=card.mobile_display or card.landline_display,
        phone_uri=card.mobile_uri or card.landline_uri,
        email=client.email,
        verdict=_unknown() if unknown else explain(client, today, had_services=carries_services(client)),
        blocked=client.blocked,
        blocked_reason=client.blocked_reason,
        alerts=[*alerts],
        missing_contact=card.has_no_contact,
        contact_url=f"{edit_url}#id_mobile" if Permission.CLIENTS_WRITE in request.actor.permissions else None,
    )


def _unknown() -> ShownVerdict:
    return ShownVerdict(
        label=str(Status.NEW.label),
        tone=Status.NEW.lower(),
        icon=ICONS[Status.NEW],
        because=_("card made just now, for this appointment."),
        outlook="",
        first_visit=True,
        status_changes_on=None,
    )
