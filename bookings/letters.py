"""Mails about appointments in words: text, HTML, and the entry for the client's calendar (domain.md §9.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.entries import Entry, Mailbox, Method, invitation
from bookings.models import Appointment, AppointmentItem
from clients.models import Client
from salon.mail.letters import Draft, Letter
from salon.mail.sending import sender_address
from salon.tenancy.contact import contact_in, contact_of
from salon.tenancy.models import Salon

# The name of `write` in CLIENT_LETTERS.
_WRITER = "appointment"


class Kind(StrEnum):
    """What a mail is for."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    REMINDER = "reminder"


_SUBJECTS: dict[Kind, Promise] = {
    Kind.BOOKED: _("Your appointment on %(when)s"),
    Kind.MOVED: _("Your appointment has changed: now %(when)s"),
    Kind.CANCELLED: _("Cancelled: your appointment on %(when)s"),
    Kind.REMINDER: _("Reminder: your appointment on %(when)s"),
}


def draft(
    kind: Kind,
    *,
    appointment: Appointment,
    items: Sequence[AppointmentItem],
    client: Client,
    salon: Salon,
    reply_to: str,
    message: str,
    now: datetime,
) -> Draft:
    """Return all that a mail about an appointment is to say, as it is now; never a note."""
    facts = {
        "kind": kind.value,
        "appointment": str(appointment.pk),
        "version": appointment.version,
        "changed_at": now.isoformat(),
        "starts_at": appointment.starts_at.isoformat(),
        "ends_at": appointment.ends_at.isoformat(),
        "items": [
            {
                "starts_at": item.starts_at.isoformat(),
                "service": item.service.name,
                "staff": item.staff.name,
                "reward": item.redemption_id is not None,
            }
            for item in items
        ],
        "client": {"name": client.full_name, "email": client.email},
        "salon": {**asdict(contact_of(salon)), "timezone": salon.timezone},
        "reply_to": reply_to,
        "message": message,
    }
    return Draft(_WRITER, facts)


def write(facts: Mapping[str, Any]) -> Letter:
    """Put into words what `draft` has noted."""
    zone = ZoneInfo(facts["salon"]["timezone"])
    with translation.override(settings.LANGUAGE_CODE), timezone.override(zone):
        return _letter(Kind(facts["kind"]), facts, zone)


def _letter(kind: Kind, facts: Mapping[str, Any], zone: ZoneInfo) -> Letter:
    salon = contact_in(facts["salon"])
    begins = _moment(facts["starts_at"]).astimezone(zone)
    when = f"{date_format(begins, gettext('l, j F Y'))}, {date_format(begins, gettext('H:i'))}"
    context = {
        "kind": kind.value,
        "name": facts["client"]["name"],
        "salon": salon,
        "when": when,
        "items": [{**item, "starts_at": _moment(item["starts_at"])} for item in facts["items"]],
        "several": len(facts["items"]) > 1,
        "message": facts["message"],
        "can_answer": bool(facts["reply_to"]),
    }
    subject = " ".join(f"{_SUBJECTS[kind] % {'when': when}} · {salon.name}".split())
    method = Method.CANCEL if kind is Kind.CANCELLED else Method.REQUEST
    return Letter(
        subject=subject[:200],
        text=render_to_string("bookings/mail/appointment.txt", context).strip() + "\n",
        html=render_to_string("bookings/mail/appointment.html", {**context, "subject": subject}),
        calendar=_entry_for_client(facts, method),
        calendar_method=method,
    )


def _entry_for_client(facts: Mapping[str, Any], method: Method) -> str:
    salon, client, items = contact_in(facts["salon"]), facts["client"], facts["items"]
    services = ", ".join(dict.fromkeys(item["service"] for item in items))
    entry = Entry(
        uid=facts["appointment"],
        version=facts["version"],
        changed_at=_moment(facts["changed_at"]),
        starts_at=_moment(facts["starts_at"]),
        ends_at=_moment(facts["ends_at"]),
        summary=f"{salon.name}: {services}",
        description="\n".join(f"{item['service']}: {item['staff']}" for item in items),
        location=salon.place,
    )
    return invitation(
        entry,
        method,
        organizer=Mailbox(salon.name, facts["reply_to"] or sender_address()),
        attendee=Mailbox(client["name"], client["email"]),
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
