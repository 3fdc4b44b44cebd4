"""One appointment in the calendar's drawer, or as a page: everything about it, and everything to be done (ui.md §2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from bookings.checkout.pricing import NOTHING, Bill
from bookings.models import Appointment, AppointmentItem
from bookings.opened import open_appointment
from bookings.redeemed import is_paid_for, rewards_in
from bookings.settling import wishes_of
from bookings.states import CHANGEABLE, State, can_become, next_states
from bookings.team import Team, team_for
from bookings.web.booking_form import WhenForm
from bookings.web.checkout_link import earlier_sales, paid_before, till_of
from bookings.web.drawer import CONTENT, calendar_url, drawn, from_calendar, in_calendar, names, shows
from bookings.web.happened import happened_to
from bookings.web.offer import Choice, Conflict, ProposedDay, ShownBill, proposals, shown_bill
from bookings.web.person import person_of
from bookings.web.search import client_hits, service_hits
from bookings.web.treats import rewards_beside, treats_of
from bookings.web.wording import clock, day_text, local, minutes_text, price_text, span_text, when_text
from clients.classification import Reason, Status
from loyalty.models import Reward
from loyalty.web.numbers import points_text
from salon.catalogue.models import Service
from salon.catalogue.reading import all_services
from salon.errors import InvalidInput
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires

# After so many weeks people come again.
REPEATS = (4, 5, 6, 8)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a change came to: a toast where it worked, else why not, and what was typed."""

    toast: str = ""
    undo: bool = False
    changed: bool = False
    refusal: Promise | str = ""
    conflict: Conflict | None = None
    about: str = ""
    typed: dict[str, str] = field(default_factory=dict)
    when: WhenForm | None = None
    proposing: bool = False
    searching: bool = False
    alone: UUID | None = None  # the item that the times instead are for, if not for the whole appointment
    warnings: list[str] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Whether nothing was changed."""
        return bool(self.refusal or self.conflict or (self.when and not self.proposing))

    @property
    def asks(self) -> bool:
        """Whether something was only looked for."""
        return self.proposing or self.searching


@dataclass(frozen=True, slots=True)
class Step:
    """A state that the appointment may go to."""

    state: State
    label: str
    icon: str


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One service of the appointment, and what of it can be changed."""

    id: UUID
    service: str
    when: str
    staff: str
    minutes: int | str
    minutes_text: str
    price: str
    price_typed: str
    list_price: str
    at: str
    able: list[Choice]
    others: list[Choice]
    only: bool
    points: str
    given_back: bool
    day: str
    last_paid: bool
    cancels: bool  # whether nothing is left where it is removed: what would be goes with it
    services: list[Choice]

    @property
    def about(self) -> str:
        """What an answer about this service names."""
        return f"item-{self.id}"

    def with_typed(self, typed: Mapping[str, str]) -> "ShownItem":
        """Return it with what was entered and not saved in its fields."""
        by, service = typed.get("staff", ""), typed.get("service", "")
        return replace(
            self,
            at=typed.get("at", self.at),
            day=typed.get("day", self.day),
            minutes=typed.get("minutes", self.minutes),
            price_typed=typed.get("price", self.price_typed),
            able=_choosing(by, self.able),
            others=_choosing(by, self.others),
            services=_choosing(service, self.services),
        )


def _choosing(wanted: str, choices: list[Choice]) -> list[Choice]:
    return [replace(one, chosen=str(one.id) == wanted) for one in choices] if wanted else choices


@dataclass(frozen=True, slots=True)
class Repeat:
    """Booking the same again so many weeks later."""

    label: str
    detail: str
    url: str


@dataclass(frozen=True, slots=True)
class ShownAppointment:
    """An appointment in words."""

    id: UUID
    version: int
    when: str
    day: date
    state: str
    state_label: Promise | str
    state_class: str
    state_icon: str
    cancel_reason: str
    steps: list[Step]
    cancellable: bool
    changeable: bool
    items: list[ShownItem]
    bill: ShownBill
    note: str
    frozen_label: Promise | str
    frozen_reason: Promise | str
    frozen_tone: str
    booked_as: list[str]
    booked: str
    undoable: bool
    repeats: list[Repeat]


def _steps(state: State, *, on_the_day: bool, begun: bool) -> list[Step]:
    words = {
        State.BOOKED: _("Book it again"),
        State.ARRIVED: _("Has arrived"),
        State.COMPLETED: _("Completed"),
        State.NO_SHOW: _("Did not come"),
    }
    return [
        Step(one, words[one], ICONS[one])
        for one in next_states(state, on_the_day=on_the_day, begun=begun)
        if one != State.CANCELLED
    ]


ICONS = {
    State.BOOKED: "calendar-check",
    State.ARRIVED: "door-open",
    State.COMPLETED: "check",
    State.NO_SHOW: "user-x",
    State.CANCELLED: "x",
}
CLASSES = {
    State.BOOKED: "booked",
    State.ARRIVED: "arrived",
    State.COMPLETED: "completed",
    State.NO_SHOW: "no-show",
    State.CANCELLED: "cancelled",
}


@requires(Permission.BOOKINGS_READ)
@require_safe
def appointment(request: SalonRequest, appointment_id: UUID) -> HttpResponse:
    """Everything about one appointment."""
    return show_appointment(request, appointment_id, Answer())


def show_appointment(request: SalonRequest, appointment_id: UUID, answer: Answer) -> HttpResponse:
    """Answer with an appointment as it is by now; without a script a change leads to its page.

    Raises: NotFound.
    """
    own_url = reverse("appointment", args=[request.salon.slug, appointment_id])
    opened = open_appointment(appointment_id, request.salon)
    found = opened.appointment
    day = local(found.starts_at, request.salon).date()
    in_drawer = calendar_url(request, day, appointment=str(found.pk))
    if request.method == "POST" and not (request.htmx or answer.refused or answer.asks):
        _tell_later(request, found, answer)
        return redirect(in_drawer if from_calendar(request) else own_url)
    if answer.changed and in_calendar(request) and not shows(request, day):
        # The calendar goes along to where the appointment stands now.
        _tell_later(request, found, answer)
        return HttpResponseClientRedirect(in_drawer)
    now = timezone.now()
    writes = Permission.BOOKINGS_WRITE in request.actor.permissions
    changeable = State(found.state) in CHANGEABLE
    rewards = rewards_beside(request, opened) if writes and changeable else None
    team = _team(opened.items, rewards or []) if changeable else Team([], {})
    shown = shown_appointment(request, found, team, opened.bill)
    items = [one.with_typed(answer.typed) if one.about == answer.about else one for one in shown.items]
    today = request.salon.date_at(now)
    start = local(found.starts_at, request.salon)
    address = calendar_url(request, None if shows(request, day) else day, appointment=str(found.pk))
    context = {
        "appointment": replace(shown, items=items),
        "person": person_of(request, found.client, today, alerts=opened.alerts) if found.client else None,
        "when_form": answer.when or WhenForm(initial={"day": start.date(), "at": start.time()}),
        "answer": answer,
        "writes": writes,
        "prices": Permission.PRICE_OVERRIDE in request.actor.permissions,
        "change_url": reverse("appointment_change", args=[request.salon.slug, found.pk]),
        "services_url": reverse("booking_services", args=[request.salon.slug]),
        "clients_url": reverse("booking_clients", args=[request.salon.slug]),
        "box": None if rewards is None else treats_of(request, opened, rewards, team),
        "till": till_of(request, opened, now),
        "before": paid_before(request, found),
        "earlier": earlier_sales(request, opened),
        "history": happened_to(found.pk, request.salon, money=Permission.SALES_READ in request.actor.permissions),
        "days": _proposed(request, found, answer, now) if answer.proposing else [],
        **(_found(request, found) if answer.searching else {}),
    }
    return drawn(
        request,
        "bookings/_appointment.html",
        context,
        title=shown.when,
        # Looked at again it is no other step, and the calendar beside it stays on its day.
        address=None if _looked_again(request, found) else address if in_calendar(request) else own_url,
        day=None if in_calendar(request) else day,
        status=422 if answer.refused else 200,
        changed=answer.changed,
    )


def _looked_again(request: SalonRequest, found: Appointment) -> bool:
    return request.method == "GET" and request.htmx.target == CONTENT and names(request, appointment=str(found.pk))


def _team(items: Iterable[AppointmentItem], rewards: Iterable[Reward]) -> Team:
    """Return the team, and who of it does what is booked and what could go with it."""
    return team_for({one.service_id for one in items} | {one.service_id for one in rewards if one.service_id})


def _tell_later(request: SalonRequest, found: Appointment, answer: Answer) -> None:
    """Let the next page say what a change came to."""
    if answer.toast:
        undo = reverse("appointment_change", args=[request.salon.slug, found.pk]) if answer.undo else ""
        messages.success(request, answer.toast, extra_tags=f"{undo}?act=undo" if undo else "")
    for warning in answer.warnings:
        messages.warning(request, warning)


def shown_appointment(request: SalonRequest, found: Appointment, team: Team, bill: Bill) -> ShownAppointment:
    """Return an appointment, with its items and client read, in words; `bill` is what the till asks for it."""
    salon, state = request.salon, State(found.state)
    items = sorted(found.items.all(), key=lambda item: item.position)
    changeable = state in CHANGEABLE
    day, now = local(found.starts_at, salon).date(), timezone.now()
    return ShownAppointment(
        id=found.pk,
        version=found.version,
        when=when_text(found.starts_at, found.ends_at, salon),
        day=day,
        state=state,
        state_label=state.label,
        state_class=CLASSES[state],
        state_icon=ICONS[state],
        cancel_reason=found.cancel_reason,
        steps=_steps(state, on_the_day=day <= salon.date_at(now), begun=found.starts_at <= now),
        cancellable=can_become(state, State.CANCELLED),
        changeable=changeable,
        items=_items(request, items, team, exchangeable=changeable),
        bill=shown_bill(bill, salon, besides=bill.full - sum((item.price for item in items), NOTHING)),
        note=found.note,
        frozen_label=Status(found.client_status).label if found.client_status else "",
        frozen_reason=Reason(found.client_status_reason).label if found.client_status_reason else "",
        frozen_tone=found.client_status,
        booked_as=_said_differently(found),
        booked=_("Booked by %(name)s on %(when)s")
        % {"name": found.booked_by_name, "when": when_text_of(found.created_at, request)},
        undoable=_undoable(found),
        repeats=_repeats(request, found) if found.items.all() else [],
    )


def _said_differently(found: Appointment) -> list[str]:
    """Return what an online booking said of its client that her card does not say."""
    card = found.client
    known = {card.first_name, card.last_name, card.email, card.mobile, card.landline} if card else set()
    said = (found.booked_as.get(name, "") for name in ("first_name", "last_name", "email", "phone"))
    return [text for text in said if text and text not in known]


def when_text_of(moment: datetime, request: SalonRequest) -> str:
    """Return an instant as `21. Nov., 10:00`."""
    return f"{day_text(local(moment, request.salon).date())}, {clock(moment, request.salon)}"


def _undoable(found: Appointment) -> bool:
    return bool(found.undo)


def _proposed(request: SalonRequest, found: Appointment, answer: Answer, now: datetime) -> list[ProposedDay]:
    """Return where the appointment could go instead, with the same people."""
    today = request.salon.date_at(now)
    entered = answer.when.cleaned_data.get("day") if answer.when and answer.when.is_valid() else None
    items = sorted(found.items.all(), key=lambda item: item.position)
    try:
        return proposals(
            wishes_of(items),
            salon=request.salon,
            first=max(entered or today, today),
            now=now,
            besides=found.pk,
            chosen=found.starts_at,
        )
    except InvalidInput:
        # Somebody of it has left the team: nobody knows when she could.
        return []


def _found(request: SalonRequest, found: Appointment) -> dict[str, object]:
    """Return what was searched for by sending a form: with a script it is offered while typing."""
    client_q, service_q = (request.POST.get(name, "").strip()[:100] for name in ("client_q", "service_q"))
    return {
        "client_q": client_q,
        "client_hits": client_hits(client_q, request.salon) if client_q else [],
        "service_q": service_q,
        "service_hits": service_hits(service_q, request.salon, client_id=found.client_id) if service_q else [],
    }


def _instead(item: AppointmentItem, services: Iterable[Service]) -> list[Choice]:
    """Return what could be done in place of a service, itself first where it is not offered any more; of a reward
    nothing."""
    if item.redemption_id:
        return []
    choices = [Choice(one.pk, one.name, one.pk == item.service_id) for one in services]
    return (
        choices if any(one.chosen for one in choices) else [Choice(item.service_id, item.service.name, True), *choices]
    )


def _items(request: SalonRequest, items: list[AppointmentItem], team: Team, *, exchangeable: bool) -> list[ShownItem]:
    salon = request.salon
    paid = [item for item in items if is_paid_for(item)]
    services = all_services() if exchangeable else []
    shown = []
    for item in items:
        known = [*team.staff, *([item.staff] if item.staff not in team.staff else [])]
        can = team.able.get(item.service_id, frozenset()) | {item.staff_id}
        choices = [(one.pk in can, Choice(one.pk, one.name, one.pk == item.staff_id)) for one in known]
        shown.append(
            ShownItem(
                id=item.pk,
                service=item.service.name,
                when=span_text(item.starts_at, item.ends_at, salon),
                staff=item.staff.name,
                minutes=item.minutes.duration,
                minutes_text=minutes_text(item.minutes.duration),
                price=price_text(item.price, salon),
                price_typed=f"{item.price:.2f}".replace(".", ","),
                list_price=price_text(item.list_price, salon) if item.list_price != item.price else "",
                at=clock(item.starts_at, salon),
                able=[one for can_do, one in choices if can_do],
                others=[one for can_do, one in choices if not can_do],
                only=len(items) == 1,
                points=points_text(item.redemption.points) if item.redemption else "",
                day=local(item.starts_at, salon).date().isoformat(),
                last_paid=paid == [item] and bool(rewards_in(items)),
                cancels=len(items) > 1 and all(one is item or one.redemption_id for one in items),
                services=_instead(item, services),
                given_back=bool(item.redemption and item.redemption.returned_at),
            )
        )
    return shown


def _repeats(request: SalonRequest, found: Appointment) -> list[Repeat]:
    url = reverse("booking_new", args=[request.salon.slug])
    start = local(found.starts_at, request.salon)
    return [
        Repeat(
            label=ngettext("In %(weeks)d week", "In %(weeks)d weeks", weeks) % {"weeks": weeks},
            detail=day_text((start + timedelta(weeks=weeks)).date()),
            url=f"{url}?like={found.pk}&weeks={weeks}",
        )
        for weeks in REPEATS
    ]
