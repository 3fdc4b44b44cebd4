"""What clients are told of their appointments by mail (domain.md §9.5).

A mail is stored in the transaction of the change it tells of. It says when, what, with whom and where; never a note,
never anything about health. A change that a client need not hear of, as it was taken back at once, is never sent: what
tells of moves and cancellations waits for UNDOABLE, and gives way to whatever is said after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.entries import Entry, Mailbox, Method, invitation
from bookings.models import Appointment, AppointmentItem, BookingRules
from bookings.states import CHANGEABLE, State
from clients.models import Client
from salon.mail.outbox import Letter, drop_unsent, last_told, send_client_mail
from salon.mail.sending import sender_address
from salon.tenancy import directory
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon
from salon.work import queue

# How long a mail about a move or a cancellation waits for somebody to take it back.
UNDOABLE = timedelta(minutes=2)
# How long before an appointment its client is reminded.
AHEAD = timedelta(hours=24)
_REMIND = "bookings.tasks.send_reminder"


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


class Telling(StrEnum):
    """Whether a client is told of a booking: as the salon's rules say, or as whoever books wants it this time."""

    BY_RULES = "BY_RULES"
    SEND = "SEND"
    OMIT = "OMIT"


@dataclass(frozen=True, slots=True)
class _Case:
    """An appointment with all that a mail about it says."""

    appointment: Appointment
    client: Client
    salon: Salon
    items: Sequence[AppointmentItem]
    rules: BookingRules


def announce_booked(
    *,
    appointment: Appointment,
    now: datetime,
    salon: Salon | None = None,
    items: Sequence[AppointmentItem] | None = None,
    rules: BookingRules | None = None,
    telling: Telling = Telling.BY_RULES,
) -> None:
    """Confirm an appointment, unless somebody does not want that, and plan its reminder.

    Whoever knows them gives salon, items (with their services and staff members) and the rules about mails.
    """
    _plan_reminder(appointment, now)
    _announce(Kind.BOOKED, appointment, now, due_at=now, salon=salon, items=items, rules=rules, telling=telling)


def announce_moved(
    *,
    appointment: Appointment,
    now: datetime,
    salon: Salon | None = None,
    items: Sequence[AppointmentItem] | None = None,
) -> None:
    """Tell of another time or another staff member, and plan the reminder anew."""
    _plan_reminder(appointment, now)
    _announce(Kind.MOVED, appointment, now, due_at=now + UNDOABLE, salon=salon, items=items)


def announce_cancelled(
    *,
    appointment: Appointment,
    now: datetime,
    message: str = "",
    salon: Salon | None = None,
    items: Sequence[AppointmentItem] | None = None,
) -> None:
    """Tell of a cancellation, and call the reminder off.

    A `message` to the client is sent in any case, also by a salon that does not confirm.
    """
    _plan_reminder(appointment, now)
    _announce(
        Kind.CANCELLED, appointment, now, due_at=now + UNDOABLE, message=message.strip(), salon=salon, items=items
    )


def remind(*, salon: Salon, appointment_id: UUID, now: datetime) -> None:
    """Remind a client of an appointment that begins within AHEAD, if it still stands and she has an e-mail address.

    To be called in the transaction that ends the work: so it happens once.
    """
    rows = Appointment.objects.select_for_update(no_key=True, of=("self",))
    appointment = rows.filter(pk=appointment_id, state=State.BOOKED).first()
    if appointment is None or not now < appointment.starts_at <= now + AHEAD:
        return
    case = _case(appointment, salon, None)
    if case is None or not case.rules.remind:
        return
    drop_unsent(appointment.pk)
    _send(Kind.REMINDER, case, now, due_at=now)


def _plan_reminder(appointment: Appointment, now: datetime) -> None:
    if not _is_new(appointment):
        queue.call_off(task=_REMIND, subject_id=appointment.pk)
    due_at = appointment.starts_at - AHEAD
    if appointment.client_id is not None and appointment.state == State.BOOKED and due_at > now:
        queue.plan(task=_REMIND, subject_id=appointment.pk, due_at=due_at, salon_id=appointment.salon_id)


def _announce(
    kind: Kind,
    appointment: Appointment,
    now: datetime,
    *,
    due_at: datetime,
    message: str = "",
    salon: Salon | None,
    items: Sequence[AppointmentItem] | None,
    rules: BookingRules | None = None,
    telling: Telling = Telling.BY_RULES,
) -> None:
    if not _is_new(appointment):
        drop_unsent(appointment.pk)
    stands = appointment.state == State.CANCELLED if kind is Kind.CANCELLED else appointment.state in CHANGEABLE
    if not stands or appointment.starts_at <= now:
        return
    case = _case(appointment, salon, items, rules)
    wanted = {Telling.SEND: True, Telling.OMIT: False}
    if case is None or not wanted.get(telling, case.rules.confirm or bool(message)):
        return
    said = None if _is_new(appointment) else last_told(appointment.pk, client_id=case.client.pk)
    if said != _fingerprint(case):
        _send(kind, case, now, due_at=due_at, message=message)


def _is_new(appointment: Appointment) -> bool:
    """Return whether nothing can have been said of it yet."""
    return appointment.version == 1


def _case(
    appointment: Appointment,
    salon: Salon | None,
    items: Sequence[AppointmentItem] | None,
    rules: BookingRules | None = None,
) -> _Case | None:
    """Return an appointment with what is to be said of it, None where there is nobody to write to."""
    client = appointment.client
    if client is None or not client.email:
        return None
    return _Case(
        appointment,
        client,
        salon or directory.get_salon(current_salon_id()),
        items or list(appointment.items.select_related("service", "staff").order_by("position")),
        rules or BookingRules.objects.first() or BookingRules(),
    )


def _fingerprint(case: _Case) -> str:
    """Return what a client knows when she has read a mail: that it is off; else when, what, and with whom."""
    if case.appointment.state == State.CANCELLED:
        return "cancelled"
    said = [f"{item.starts_at.timestamp()} {item.service_id} {item.staff_id}" for item in case.items]
    return sha256("\n".join(said).encode()).hexdigest()


def _send(kind: Kind, case: _Case, now: datetime, *, due_at: datetime, message: str = "") -> None:
    with translation.override(settings.LANGUAGE_CODE), timezone.override(ZoneInfo(case.salon.timezone)):
        letter = _letter(kind, case, now, message)
    send_client_mail(
        client_id=case.client.pk,
        about_id=case.appointment.pk,
        tells=_fingerprint(case),
        recipient=case.client.email,
        reply_to=case.rules.reply_to,
        letter=letter,
        due_at=due_at,
        expires_at=case.appointment.starts_at,
        now=now,
    )


def _letter(kind: Kind, case: _Case, now: datetime, message: str) -> Letter:
    appointment, salon = case.appointment, case.salon
    begins = timezone.localtime(appointment.starts_at)
    when = f"{date_format(begins, gettext('l, j F Y'))}, {date_format(begins, gettext('H:i'))}"
    context = {
        "kind": kind.value,
        "name": case.client.full_name,
        "salon": salon,
        "when": when,
        "items": case.items,
        "several": len(case.items) > 1,
        "message": message,
        "can_answer": bool(case.rules.reply_to),
    }
    subject = " ".join(f"{_SUBJECTS[kind] % {'when': when}} · {salon.name}".split())
    return Letter(
        subject=subject[:200],
        text=render_to_string("bookings/mail/appointment.txt", context).strip() + "\n",
        html=render_to_string("bookings/mail/appointment.html", {**context, "subject": subject}),
        calendar=_entry_for_client(kind, case, now),
        calendar_method=Method.CANCEL if kind is Kind.CANCELLED else Method.REQUEST,
    )


def _entry_for_client(kind: Kind, case: _Case, now: datetime) -> str:
    appointment, salon = case.appointment, case.salon
    services = ", ".join(dict.fromkeys(item.service.name for item in case.items))
    entry = Entry(
        uid=str(appointment.pk),
        version=appointment.version,
        changed_at=now,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        summary=f"{salon.name}: {services}",
        description="\n".join(f"{item.service.name}: {item.staff.name}" for item in case.items),
        location=", ".join(part for part in (salon.name, salon.city) if part),
    )
    return invitation(
        entry,
        Method.CANCEL if kind is Kind.CANCELLED else Method.REQUEST,
        organizer=Mailbox(salon.name, case.rules.reply_to or sender_address()),
        attendee=Mailbox(case.client.full_name, case.client.email),
    )
