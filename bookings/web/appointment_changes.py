"""Changing an appointment from its drawer: one button, one operation, and the drawer as it is then (ui.md §2.2)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from bookings.appointments import get_appointment
from bookings.models import Appointment, AppointmentItem
from bookings.scheduling import (
    Booked,
    ItemWish,
    SlotTaken,
    add_item,
    append_reward,
    cancel,
    change_client,
    change_note,
    change_price,
    exchange_item,
    move,
    move_item,
    reassign_item,
    remove_item,
    resize_item,
    set_state,
    undo,
)
from bookings.states import State
from bookings.web.appointment import Answer, show_appointment
from bookings.web.booking_form import WhenForm
from bookings.web.checkout_link import with_money
from bookings.web.draft import uuid_in
from bookings.web.notices import with_notice
from bookings.web.offer import conflict_of, warnings_of
from bookings.web.treats import note_had
from bookings.web.wording import clock, local, moment_in, when_text
from salon.catalogue.reading import working_staff
from salon.errors import DomainError, InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.money import NotMoney, parse_money
from salon.web.access import SalonRequest, requires


class Refused(Exception):
    """What was entered makes no sense: said beside the part of the drawer it is `about`."""

    def __init__(self, message: Promise | str, about: str) -> None:
        super().__init__(str(message))
        self.message = message
        self.about = about


@dataclass(frozen=True, slots=True)
class Change:
    """One press of a button: in which salon, of what, by whom; `value` stands behind the button's name."""

    request: SalonRequest
    appointment: Appointment
    value: str
    version: int | None
    now: datetime

    def entered(self, name: str) -> str:
        """Return what was typed."""
        return self.request.POST.get(name, "").strip()


@requires(Permission.BOOKINGS_WRITE)
@require_POST
def appointment_change(request: SalonRequest, appointment_id: UUID) -> HttpResponse:
    """Do what a button of the drawer says; what is refused changes nothing and keeps what was typed."""
    found = get_appointment(appointment_id)
    # The button of a message carries it in its address.
    name, _colon, value = (request.POST.get("act") or request.GET.get("act", "")).partition(":")
    change = Change(request, found, value, _number(request.POST.get("version")), timezone.now())
    act = _ACTS.get(name)
    if act is None:
        return show_appointment(request, found.pk, Answer())
    refused = Answer(typed=_typed(request, ("note", "reason", *_OF_AN_ITEM)), about=_about(request, name))
    try:
        # A refusal in the middle of several steps takes back those before it.
        with transaction.atomic():
            answer = act(change)
    except Refused as refusal:
        answer = replace(refused, refusal=refusal.message, about=refusal.about)
    except VersionConflict:
        # A field that nobody has touched would put back what somebody else has changed.
        answer = replace(
            refused,
            refusal=_("This appointment has changed meanwhile: here it is as it is now. Nothing was saved."),
            typed=_typed(request, ("note", "reason")),
        )
    except SlotTaken as refusal:
        conflict = conflict_of(refusal, salon=request.salon, today=request.salon.date_at(change.now))
        answer = replace(refused, conflict=conflict, alone=_reward_meant(change, name))
    except InvalidInput as refusal:
        answer = replace(refused, refusal=" ".join(str(error.message) for error in refusal.errors))
    except DomainError as refusal:
        answer = replace(refused, refusal=refusal.message)
    return show_appointment(request, found.pk, answer)


_OF_AN_ITEM = ("service", "staff", "day", "at", "minutes", "price")


def _typed(request: SalonRequest, names: Iterable[str]) -> dict[str, str]:
    return {one: request.POST[one] for one in names if one in request.POST}


def _about(request: SalonRequest, name: str) -> str:
    return {"move": "move", "move-to": "move", "item": f"item-{request.POST.get('item', '')}"}.get(name, "")


def _reward_meant(change: Change, name: str) -> UUID | None:
    """Return the reward that was to go somewhere without the rest of its appointment: so are the times instead."""
    item_id = uuid_in(change.request.POST.get("item")) if name in {"item", "item-to"} else None
    meant = (item.pk for item in change.appointment.items.all() if item.pk == item_id and item.redemption_id)
    return next(meant, None)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def _done(booked: Booked, toast: str, *, undoes: bool = False) -> Answer:
    return Answer(toast=toast, undo=undoes, changed=True, warnings=warnings_of(booked, working_staff()))


_STATE_TOASTS = {
    State.BOOKED: gettext_lazy("Booked again."),
    State.ARRIVED: gettext_lazy("Has arrived."),
    State.COMPLETED: gettext_lazy("Completed."),
    State.NO_SHOW: gettext_lazy("Did not come."),
}


def _set_state(change: Change) -> Answer:
    if change.value not in State or change.value == State.CANCELLED:
        return Answer()
    state = State(change.value)
    booked = set_state(
        actor=change.request.actor,
        salon=change.request.salon,
        appointment_id=change.appointment.pk,
        state=state,
        now=change.now,
        version=change.version,
    )
    return _done(booked, str(_STATE_TOASTS[state]), undoes=True)


def _cancel(change: Change) -> Answer:
    booked = cancel(
        actor=change.request.actor,
        salon=change.request.salon,
        appointment_id=change.appointment.pk,
        reason=change.entered("reason"),
        now=change.now,
        version=change.version,
    )
    return _done(booked, with_notice(_("The appointment is cancelled."), booked.appointment), undoes=True)


def _undo(change: Change) -> Answer:
    booked = undo(
        actor=change.request.actor,
        salon=change.request.salon,
        appointment_id=change.appointment.pk,
        now=change.now,
        version=change.appointment.version if change.version is None else change.version,
    )
    words = with_money(change.request, _("Undone."), booked.appointment, undone_at=change.now)
    return _done(booked, words)


def _move(change: Change) -> Answer:
    form = WhenForm(change.request.POST)
    starts_at = form.moment(change.request.salon) if form.is_valid() else None
    if starts_at is None:
        return Answer(when=form, about="move")
    return _moved(change, starts_at, {})


def _move_to(change: Change) -> Answer:
    """Move to a time that was proposed, with everybody's part in it."""
    text, _bar, ids = change.value.partition("|")
    starts_at = moment_in(text)
    if starts_at is None:
        return Answer()
    items = sorted(change.appointment.items.all(), key=lambda item: item.position)
    staff = [one for one in map(uuid_in, ids.split(",")) if one]
    return _moved(change, starts_at, {item.pk: one for item, one in zip(items, staff, strict=False)})


def _start(change: Change) -> Answer:
    day, _t, at = change.value.partition("T")
    form = WhenForm({"day": day, "at": at})
    starts_at = form.moment(change.request.salon) if form.is_valid() else None
    return _moved(change, starts_at, {}) if starts_at else Answer()


def _moved(change: Change, starts_at: datetime, staff: dict[UUID, UUID]) -> Answer:
    booked = move(
        actor=change.request.actor,
        salon=change.request.salon,
        appointment_id=change.appointment.pk,
        starts_at=starts_at,
        staff=staff or None,
        now=change.now,
        version=change.version,
    )
    moved = booked.appointment
    when = when_text(moved.starts_at, moved.ends_at, change.request.salon)
    return _done(booked, with_notice(_("Moved to %(when)s.") % {"when": when}, moved), undoes=True)


def _propose(change: Change) -> Answer:
    return Answer(about="move", proposing=True, when=WhenForm(change.request.POST))


def _find(change: Change) -> Answer:
    return Answer(searching=True)


def _note(change: Change) -> Answer:
    booked = change_note(
        actor=change.request.actor,
        salon=change.request.salon,
        appointment_id=change.appointment.pk,
        note=change.entered("note"),
        now=change.now,
        version=change.version,
    )
    return _done(booked, _("The note is saved."))


def _client(change: Change) -> Answer:
    booked = change_client(
        actor=change.request.actor,
        salon=change.request.salon,
        appointment_id=change.appointment.pk,
        client_id=uuid_in(change.value),
        now=change.now,
        version=change.version,
    )
    return _done(booked, _("The card is chosen."))


def _add(change: Change) -> Answer:
    service_id = uuid_in(change.value)
    if service_id is None:
        return Answer()
    booked = add_item(
        actor=change.request.actor,
        salon=change.request.salon,
        appointment_id=change.appointment.pk,
        item=ItemWish(service_id),
        now=change.now,
        version=change.version,
    )
    return _done(booked, _("The service is added."))


def _reward(change: Change) -> Answer:
    reward_id = uuid_in(change.value)
    if reward_id is None:
        return Answer()
    booked = append_reward(
        actor=change.request.actor,
        salon=change.request.salon,
        appointment_id=change.appointment.pk,
        reward_id=reward_id,
        now=change.now,
        version=change.version,
    )
    added = booked.items[-1]
    words = {"reward": added.service.name, "start": clock(added.starts_at, change.request.salon)}
    return _done(booked, _("Reward added: %(reward)s, %(start)s.") % words)


def _had(change: Change) -> Answer:
    name = note_had(change.request, change.appointment.client_id, uuid_in(change.value), change.now)
    return Answer(toast=_("Noted: has had %(service)s before.") % {"service": name}) if name else Answer()


def _drop(change: Change) -> Answer:
    booked = remove_item(
        actor=change.request.actor,
        salon=change.request.salon,
        item_id=_item(change).pk,
        now=change.now,
        version=change.version,
    )
    if booked.appointment.state == State.CANCELLED:
        told = _("The appointment is cancelled: without a service that is paid for there is no reward.")
        return _done(booked, told, undoes=True)
    return _done(booked, _("The service is removed."))


def _item(change: Change) -> AppointmentItem:
    item_id = uuid_in(change.request.POST.get("item"))
    found = next((item for item in change.appointment.items.all() if item.pk == item_id), None)
    if found is None:
        raise Refused(_("This service is no longer part of the appointment."), "")
    return found


def _change_item(change: Change) -> Answer:
    """Change what is different of one service: which one it is, who does it, when, how long, for how much."""
    item, request = _item(change), change.request
    about = f"item-{item.pk}"
    minutes = _number(change.entered("minutes"))
    if minutes is None:
        raise Refused(_("Please enter the minutes as a number."), about)
    try:
        price = parse_money(change.entered("price"))
    except NotMoney as error:
        raise Refused(_("Please enter a price such as 25,00."), about) from error
    given = {"actor": request.actor, "salon": request.salon, "item_id": item.pk, "now": change.now}
    booked: Booked | None = None
    for step in _steps(change, item, minutes, price):
        version = booked.appointment.version if booked else change.version
        booked = step(**given, version=version)
    if booked is None:
        return Answer(toast=_("Nothing was changed."))
    if booked.appointment.pk != change.appointment.pk:
        return _parted(change, booked)
    return _done(booked, _("The service is changed."))


def _item_to(change: Change) -> Answer:
    """Let one item go to a time that was proposed for it alone."""
    text, _bar, staff = change.value.partition("|")
    starts_at, staff_id, item = moment_in(text), uuid_in(staff), _item(change)
    if starts_at is None or staff_id is None:
        return Answer()
    booked = move_item(
        actor=change.request.actor,
        salon=change.request.salon,
        item_id=item.pk,
        starts_at=starts_at,
        staff_id=staff_id,
        now=change.now,
        version=change.version,
    )
    if booked.appointment.pk != change.appointment.pk:
        return _parted(change, booked)
    return _done(booked, _("The service is changed."), undoes=True)


def _parted(change: Change, booked: Booked) -> Answer:
    """Tell of a reward that has an appointment of its own by now; undone, it is back in this one."""
    made, salon = booked.appointment, change.request.salon
    words = {"reward": booked.items[0].service.name, "when": when_text(made.starts_at, made.ends_at, salon)}
    told = _("%(reward)s is an appointment of its own now: %(when)s.") % words
    return _done(booked, with_notice(told, made), undoes=made.version == 1)


def _steps(change: Change, item: AppointmentItem, minutes: int, price: Decimal) -> Iterator[Callable[..., Booked]]:
    staff_id = uuid_in(change.entered("staff")) or item.staff_id
    starts_at = _item_start(change, item)
    if starts_at != item.starts_at:
        yield partial(move_item, starts_at=starts_at, staff_id=staff_id)
    elif staff_id != item.staff_id:
        yield partial(reassign_item, staff_id=staff_id)
    service_id = uuid_in(change.entered("service")) or item.service_id
    if service_id != item.service_id:
        yield partial(exchange_item, service_id=service_id)
    if minutes != item.minutes.duration:
        yield partial(resize_item, minutes=minutes)
    if price != item.price:
        yield partial(change_price, price=price)


def _item_start(change: Change, item: AppointmentItem) -> datetime:
    salon = change.request.salon
    today = local(item.starts_at, salon).date().isoformat()
    # A reward may go to another day; the services of an appointment have one.
    day = change.entered("day") or today
    if (day, change.entered("at")) == (today, clock(item.starts_at, salon)):
        return item.starts_at
    form = WhenForm({"day": day, "at": change.entered("at")})
    moment = form.moment(salon) if form.is_valid() else None
    if moment is None:
        raise Refused(str(next(iter(form.errors.values()))[0]), f"item-{item.pk}")
    return moment


_ACTS: dict[str, Callable[[Change], Answer]] = {
    "state": _set_state,
    "cancel": _cancel,
    "undo": _undo,
    "move": _move,
    "move-to": _move_to,
    "start": _start,
    "propose": _propose,
    "find": _find,
    "note": _note,
    "client": _client,
    "add": _add,
    "drop": _drop,
    "reward": _reward,
    "had": _had,
    "item": _change_item,
    "item-to": _item_to,
}
