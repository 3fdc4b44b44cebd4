"""What became of one appointment, in words, newest first: who did what when, what was before and after."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.checkout.reading import of_appointment
from bookings.models import Appointment, Method, Sale
from bookings.states import State
from bookings.web.wording import clock, day_text, local, price_text
from clients.models import Cause
from clients.points import action_of
from clients.web import points
from salon.audit.models import AuditEntry
from salon.tenancy.models import Salon

SHOWN = 30
# How each action is told: its words and its icon.
TOLD: dict[str, tuple[Promise, str]] = {
    "appointment.booked": (gettext_lazy("Booked"), "calendar-plus"),
    "appointment.moved": (gettext_lazy("Moved"), "calendar-clock"),
    "appointment.item_moved": (gettext_lazy("Service moved"), "calendar-clock"),
    "appointment.item_resized": (gettext_lazy("Duration changed"), "clock"),
    "appointment.item_added": (gettext_lazy("Service added"), "plus"),
    "appointment.item_exchanged": (gettext_lazy("Service exchanged"), "arrow-left-right"),
    "appointment.reward_added": (gettext_lazy("Reward added"), "gift"),
    "appointment.reward_parted": (gettext_lazy("Reward moved to a day of its own"), "gift"),
    "appointment.item_removed": (gettext_lazy("Service removed"), "trash-2"),
    "appointment.item_restored": (gettext_lazy("Service put back"), "undo-2"),
    "appointment.item_reassigned": (gettext_lazy("Given to somebody else"), "users"),
    "appointment.price_changed": (gettext_lazy("Price changed"), "pencil"),
    "appointment.note_changed": (gettext_lazy("Note changed"), "sticky-note"),
    "appointment.client_changed": (gettext_lazy("Client changed"), "user"),
    "appointment.state_changed": (gettext_lazy("State changed"), "check"),
    "appointment.cancelled": (gettext_lazy("Cancelled"), "x"),
    "appointment.kept": (gettext_lazy("Stays as it is"), "calendar-check"),
    "appointment.kept_no_more": (gettext_lazy("Is to be arranged again"), "undo-2"),
    "appointment.undone": (gettext_lazy("Last change undone"), "undo-2"),
    "appointment.completed": (gettext_lazy("Completed by itself"), "check"),
    "sale.deposit_taken": (gettext_lazy("Deposit"), "banknote"),
    "sale.payment_taken": (gettext_lazy("Payment"), "banknote"),
    "sale.payment_removed": (gettext_lazy("Payment taken back"), "undo-2"),
    "sale.refunded": (gettext_lazy("Refunded"), "undo-2"),
    "sale.lapsed": (gettext_lazy("Sale lapsed with its appointment"), "x"),
    "sale.revived": (gettext_lazy("Sale came back with its appointment"), "undo-2"),
}
# Points that a reward takes, and that come back with it.
_OF_REWARDS = [action_of(Cause.REDEEMED), action_of(Cause.RETURNED)]


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry."""

    title: Promise | str
    icon: str
    when: str
    who: str
    changes: list[str]


def happened_to(appointment_id: UUID, salon: Salon, *, money: bool) -> list[Happened]:
    """Return what is on record about an appointment and, where that may be seen, about the `money` for it.

    The points of its rewards are those that came or went at the very moment, and for the very client, of something that
    was done to it: a reward that was removed, or given again, names neither of them any more.
    """
    subjects = Appointment.objects.filter(pk=appointment_id).values("pk")
    if money:
        subjects = subjects.union(Sale.objects.filter(of_appointment(appointment_id)).values("pk"))
    own = AuditEntry.objects.filter(subject_id__in=subjects)
    with_it = own.filter(client_id=OuterRef("client_id"), at=OuterRef("at"))
    moved = AuditEntry.objects.filter(Exists(with_it), subject_kind=points.SUBJECT, action__in=_OF_REWARDS)
    entries = own.filter(action__in=TOLD).union(moved, all=True).order_by("-at", "-id")[:SHOWN]
    # They are written before what they come of, and come after it.
    ordered = sorted(entries, key=lambda entry: (entry.at, entry.subject_kind == points.SUBJECT), reverse=True)
    return [_told(entry, salon) for entry in ordered]


def _told(entry: AuditEntry, salon: Salon) -> Happened:
    at = f"{day_text(local(entry.at, salon).date())}, {clock(entry.at, salon)}"
    if entry.subject_kind == points.SUBJECT:
        title, icon = points.TOLD[entry.action]
        old, new = points.balance(entry.changes)
        changes = [points.about(entry.changes), _("%(old)s → %(new)s") % {"old": old, "new": new} if new else ""]
        return Happened(title, icon, at, entry.actor_name, [change for change in changes if change])
    title, icon = TOLD[entry.action]
    if entry.action.startswith("sale."):
        changes = [_of_money(change, salon) for change in entry.changes]
    else:
        told = [] if entry.action == "appointment.booked" else entry.changes
        # What a reward takes is an entry of its own.
        changes = [_change(change, salon) for change in told if change["field"] != "points"]
    return Happened(title, icon, at, entry.actor_name, [change for change in changes if change])


def _change(change: dict[str, str | None], salon: Salon) -> str:
    old, new = (_value(change["field"] or "", change[side], salon) for side in ("old", "new"))
    if old and new:
        return _("%(old)s → %(new)s") % {"old": old, "new": new}
    return new or old


def _of_money(change: dict[str, str | None], salon: Salon) -> str:
    """Return how much was taken or given back, how, and how many points went with it."""
    field, value = change["field"], change["new"] or change["old"] or ""
    if field == "amount":
        # Else words about somebody who was erased.
        return price_text(Decimal(value), salon) if value.replace(".", "", 1).isdigit() else value
    if field == "points":
        return _("%(points)s points") % {"points": value}
    return str(Method(value).label) if field == "method" else ""


def _value(field: str, value: str | None, salon: Salon) -> str:
    if not value:
        return ""
    if value in State.values:
        return str(State(value).label)
    try:
        moment = datetime.fromisoformat(value) if "T" in value else None
    except ValueError:
        moment = None
    return when_of(moment, salon) if moment and moment.tzinfo else value


def when_of(moment: datetime, salon: Salon) -> str:
    """Return `Sa., 21. Nov., 10:00`."""
    return f"{day_text(local(moment, salon).date())}, {clock(moment, salon)}"
