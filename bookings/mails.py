"""What clients are told of their appointments by mail (domain.md §9.5).

A mail is noted in the transaction of the change it tells of, and put into words when it goes out (bookings/letters.py).
It says when, what, with whom and where; never a note, never anything about health. A change that a client need not hear
of, as it was taken back at once, is never sent: what tells of moves and cancellations waits for UNDOABLE, and gives way
to whatever is said after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from bookings.letters import Kind, draft
from bookings.models import Appointment, AppointmentItem, BookingRules
from bookings.states import CHANGEABLE, State
from clients.models import Client
from salon.mail.outbox import drop_unsent, is_waiting, last_told, last_written, send_client_mail
from salon.rows import together
from salon.tenancy import directory
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon
from salon.work import queue
from salon.work.models import DueWork

# How long a mail about a move or a cancellation waits for somebody to take it back.
UNDOABLE = timedelta(minutes=2)
# How long before an appointment its client is reminded.
AHEAD = timedelta(hours=24)
_REMIND = "bookings.tasks.send_reminder"
# The fingerprint of what is off.
_CANCELLED = "cancelled"


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
    """Confirm an appointment, unless nobody wants that, and plan its reminder.

    Whoever knows them gives salon, items (with their services and staff members) and the rules about mails.
    """
    _announce(Kind.BOOKED, appointment, now, due_at=now, salon=salon, items=items, rules=rules, telling=telling)


def announce_undone(*, appointment: Appointment, now: datetime) -> None:
    """Tell how an appointment is again, its client permitting: nobody who has been told nothing of it hears anything,
    unless that was on its way."""
    case = _case(appointment, None, None)
    kind = _kind_again(case) if case else None
    due_at = now if kind is Kind.BOOKED else now + UNDOABLE
    telling = Telling.BY_RULES if kind else Telling.OMIT
    _announce(kind or Kind.BOOKED, appointment, now, due_at=due_at, telling=telling)


def announce_rebooked(*, appointment: Appointment, now: datetime) -> None:
    """Confirm an appointment that was cancelled; where nobody has been told of that yet, it is undone for them, too."""
    if is_waiting(appointment.pk):
        announce_undone(appointment=appointment, now=now)
    else:
        announce_booked(appointment=appointment, now=now)


def _kind_again(case: _Case) -> Kind | None:
    about, client_id, tells = case.appointment.pk, case.client.pk, _fingerprint(case)
    if (told := last_told(about, client_id=client_id)) is None:
        earlier = last_written(about, client_id=client_id, tells=tells)
        return Kind(earlier.facts["kind"]) if earlier else None
    if case.appointment.state == State.CANCELLED:
        return Kind.CANCELLED
    return Kind.BOOKED if told == _CANCELLED else Kind.MOVED


def is_about_to_tell(appointment: Appointment) -> bool:
    """Return whether a mail about an appointment waits, for somebody to take back what it tells."""
    return is_waiting(appointment.pk)


def announce_moved(
    *,
    appointment: Appointment,
    now: datetime,
    salon: Salon | None = None,
    items: Sequence[AppointmentItem] | None = None,
) -> None:
    """Tell of another time or another staff member, and plan the reminder anew."""
    _announce(Kind.MOVED, appointment, now, due_at=now + UNDOABLE, salon=salon, items=items)


def announce_parted(*, appointment: Appointment, now: datetime, salon: Salon, items: Sequence[AppointmentItem]) -> None:
    """Confirm what has parted from another appointment, unless that is taken back, and plan its reminder."""
    _announce(Kind.BOOKED, appointment, now, due_at=now + UNDOABLE, salon=salon, items=items)


def take_back_parted(appointment: Appointment) -> bool:
    """Let nothing go out about such an appointment any more; return whether nothing has."""
    drop_unsent(appointment.pk)
    queue.call_off(task=_REMIND, subject_id=appointment.pk)
    return appointment.client_id is None or last_told(appointment.pk, client_id=appointment.client_id) is None


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


def _reminder(appointment: Appointment, now: datetime) -> list[DueWork]:
    """Return the work that reminds of an appointment, nothing where nobody is to be; none that was planned is left."""
    if not _is_new(appointment):
        queue.call_off(task=_REMIND, subject_id=appointment.pk)
    due_at = appointment.starts_at - AHEAD
    if appointment.client_id is None or appointment.state != State.BOOKED or due_at <= now:
        return []
    return [DueWork(task=_REMIND, subject_id=appointment.pk, due_at=due_at, salon_id=appointment.salon_id)]


def _announce(
    kind: Kind,
    appointment: Appointment,
    now: datetime,
    *,
    due_at: datetime,
    message: str = "",
    salon: Salon | None = None,
    items: Sequence[AppointmentItem] | None = None,
    rules: BookingRules | None = None,
    telling: Telling = Telling.BY_RULES,
) -> None:
    reminder = _reminder(appointment, now)
    if not _is_new(appointment):
        drop_unsent(appointment.pk)
    case = _case(appointment, salon, items, rules) if _is_told(kind, appointment, now) else None
    is_sent = case and (_wanted(telling, case.rules) or message) and not _knows(case)
    with together():
        queue.write(reminder, wake=False)
        if case and is_sent:
            _send(kind, case, now, due_at=due_at, message=message)


def _wanted(telling: Telling, rules: BookingRules) -> bool:
    return rules.confirm if telling is Telling.BY_RULES else telling is Telling.SEND


def _is_told(kind: Kind, appointment: Appointment, now: datetime) -> bool:
    """Return whether an appointment is still as a mail of this kind says."""
    stands = appointment.state == State.CANCELLED if kind is Kind.CANCELLED else appointment.state in CHANGEABLE
    return stands and appointment.starts_at > now


def _knows(case: _Case) -> bool:
    """Return whether the client has been told just that."""
    if _is_new(case.appointment):
        return False
    return last_told(case.appointment.pk, client_id=case.client.pk) == _fingerprint(case)


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
        return _CANCELLED
    said = [f"{item.starts_at.timestamp()} {item.service_id} {item.staff_id}" for item in case.items]
    return sha256("\n".join(said).encode()).hexdigest()


def _send(kind: Kind, case: _Case, now: datetime, *, due_at: datetime, message: str = "") -> None:
    send_client_mail(
        client_id=case.client.pk,
        about_id=case.appointment.pk,
        tells=_fingerprint(case),
        recipient=case.client.email,
        reply_to=case.rules.reply_to,
        draft=draft(
            kind,
            appointment=case.appointment,
            items=case.items,
            client=case.client,
            salon=case.salon,
            reply_to=case.rules.reply_to,
            message=message,
            now=now,
        ),
        due_at=due_at,
        expires_at=case.appointment.starts_at,
        now=now,
    )
