"""A client's appointments on her card: what is next, what has been, and in words what happened to each (ui.md §2.4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.agenda import Gist, agenda_of
from bookings.models import Appointment
from bookings.states import State
from bookings.web.wording import clock, day_text, local, minutes_text, price_text
from clients.models import Client
from salon.identity.roles import Permission
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest

type Text = Promise | str

SUBJECT = "appointment"
# How each action is told: its title and its icon.
TOLD: dict[str, tuple[Promise, str]] = {
    "appointment.booked": (gettext_lazy("Appointment booked"), "calendar-plus"),
    "appointment.moved": (gettext_lazy("Appointment moved"), "calendar-clock"),
    "appointment.item_moved": (gettext_lazy("Service of an appointment moved"), "calendar-clock"),
    "appointment.item_resized": (gettext_lazy("Duration of an appointment changed"), "clock"),
    "appointment.item_added": (gettext_lazy("Service added to an appointment"), "plus"),
    "appointment.item_exchanged": (gettext_lazy("Service of an appointment exchanged"), "arrow-left-right"),
    "appointment.reward_added": (gettext_lazy("Reward added to an appointment"), "gift"),
    "appointment.reward_parted": (gettext_lazy("Reward moved to a day of its own"), "gift"),
    "appointment.item_removed": (gettext_lazy("Service taken off an appointment"), "trash-2"),
    "appointment.item_restored": (gettext_lazy("Service put back on an appointment"), "undo-2"),
    "appointment.item_reassigned": (gettext_lazy("Appointment given to somebody else"), "users"),
    "appointment.price_changed": (gettext_lazy("Price of an appointment changed"), "pencil"),
    "appointment.note_changed": (gettext_lazy("Note of an appointment changed"), "sticky-note"),
    "appointment.client_changed": (gettext_lazy("Appointment put on another card"), "user"),
    "appointment.state_changed": (gettext_lazy("State of an appointment changed"), "calendar-check"),
    "appointment.cancelled": (gettext_lazy("Appointment cancelled"), "x"),
    "appointment.kept": (gettext_lazy("Appointment stays as it is"), "calendar-check"),
    "appointment.kept_no_more": (gettext_lazy("Appointment is to be arranged again"), "undo-2"),
    "appointment.undone": (gettext_lazy("Last change of an appointment undone"), "undo-2"),
    "appointment.completed": (gettext_lazy("Appointment completed by itself"), "check"),
}
# What an action did to the state says it better than its own title.
_BECAME: dict[str, tuple[Promise, str]] = {
    State.ARRIVED: (gettext_lazy("Has arrived"), "door-open"),
    State.COMPLETED: (gettext_lazy("Appointment completed"), "check"),
    State.NO_SHOW: (gettext_lazy("Did not come"), "user-x"),
    State.BOOKED: (gettext_lazy("Appointment booked again"), "calendar-check"),
}
FIELDS: dict[str, Promise] = {
    "starts_at": gettext_lazy("Begin"),
    "staff": gettext_lazy("With"),
    "minutes": gettext_lazy("Duration"),
    "price": gettext_lazy("Price"),
    "state": gettext_lazy("State"),
    "cancel_reason": gettext_lazy("Reason"),
    "client_number": gettext_lazy("Client no."),
}
ICONS = {
    State.BOOKED: "calendar-check",
    State.ARRIVED: "door-open",
    State.COMPLETED: "check",
    State.NO_SHOW: "user-x",
    State.CANCELLED: "x",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One appointment: when, what and by whom, and how far it is."""

    url: str
    when: str
    what: str
    state: Text
    icon: str
    tone: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class AppointmentsPanel:
    """What stands of a client's appointments on her card; None where the role does not allow it.

    `next_when` is for the head of the card.
    """

    next_when: str
    next_url: str
    coming: list[Line]
    past: list[Line]
    more_coming: bool
    more_past: bool
    new_url: str | None
    all_url: str


def appointments_panel(request: SalonRequest, client: Client, now: datetime) -> AppointmentsPanel | None:
    """Return the appointments of a client for whoever looks at her card."""
    permissions = request.actor.permissions
    if Permission.BOOKINGS_READ not in permissions:
        return None
    agenda = agenda_of(client.pk, now=now)
    coming = [_line(one, gist, request.salon) for one, gist in agenda.coming]
    new_url = f"{reverse('booking_new', args=[request.salon.slug])}?{urlencode({'client': client.pk})}"
    return AppointmentsPanel(
        next_when=coming[0].when if coming else "",
        next_url=coming[0].url if coming else "",
        coming=coming,
        past=[_line(one, gist, request.salon) for one, gist in agenda.past],
        more_coming=agenda.more_coming,
        more_past=agenda.more_past,
        new_url=new_url if Permission.BOOKINGS_WRITE in permissions else None,
        all_url=f"{request.path}?history=appointments#history",
    )


def _line(one: Appointment, gist: Gist, salon: Salon) -> Line:
    state = State(one.state)
    return Line(
        url=appointment_url(salon, one.pk),
        when=when_of(one.starts_at, salon),
        what=what_of(gist.services, gist.staff),
        state=state.label,
        icon=ICONS[state],
        tone=state.value.lower().replace("_", "-"),
        is_open=state in {State.BOOKED, State.ARRIVED},
    )


def appointment_url(salon: Salon, appointment_id: UUID) -> str:
    """Return where an appointment is opened: in the drawer of its day."""
    return reverse("appointment", args=[salon.slug, appointment_id])


def when_of(moment: datetime, salon: Salon) -> str:
    """Return `Sa., 21. Nov. 2026, 10:00 Uhr`."""
    there = local(moment, salon)
    words = {"day": day_text(there.date()), "year": there.year, "time": clock(moment, salon)}
    return _("%(day)s %(year)s, %(time)s") % words


def what_of(services: Iterable[str], staff: Iterable[str]) -> str:
    """Return `Schneiden, Föhnen bei Anna`."""
    done, by = ", ".join(services), ", ".join(staff)
    return _("%(services)s with %(staff)s") % {"services": done, "staff": by} if by else done


def title_of(action: str, changes: list[dict[str, str | None]]) -> tuple[Text, str] | None:
    """Return title and icon of what was done to an appointment; None of what this release does not know."""
    became = next((change["new"] for change in changes if change["field"] == "state"), None)
    if action == "appointment.state_changed" and became in _BECAME:
        return _BECAME[became]
    return TOLD.get(action)


def about(action: str, changes: list[dict[str, str | None]], gist: Gist | None, salon: Salon) -> str:
    """Return which appointment it was: a new one as it was booked, any other one as it is now."""
    if action == "appointment.booked":
        new = {change["field"]: change["new"] or "" for change in changes}
        if new.get("starts_at"):
            begin = datetime.fromisoformat(new["starts_at"])
            what = what_of([new.get("services", "")], [new["staff"]] if new.get("staff") else [])
            return f"{when_of(begin, salon)} · {what}"
    if gist is None:
        return ""
    return f"{when_of(gist.starts_at, salon)} · {what_of(gist.services, gist.staff)}"


# What the line above the changes says already, by action.
_SAID: dict[str, set[str]] = {
    "appointment.booked": {"starts_at", "services", "staff"},
    "appointment.state_changed": {"state"},
    "appointment.cancelled": {"state"},
    "appointment.completed": {"state"},
}


def worth_telling(action: str, field: str) -> bool:
    """Return whether a change is told by itself."""
    return field not in _SAID.get(action, set())


def worded(field: str, value: str | None, salon: Salon) -> Text:
    """Return a value of an appointment, as it is recorded, in the words of the screen."""
    if not value:
        return ""
    if field == "starts_at":
        return when_of(datetime.fromisoformat(value), salon)
    if field == "state":
        return State(value).label if value in State.values else value
    if field == "minutes":
        return minutes_text(int(value))
    if field == "price":
        return price_text(Decimal(value), salon)
    return value
