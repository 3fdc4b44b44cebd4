"""What is done to an appointment in the grid itself: moved, made longer, and that taken back (ui.md §2.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bookings.appointments import get_appointment
from bookings.models import Appointment, AppointmentItem
from bookings.scheduling import Booked, SlotTaken, move, resize_item, undo
from bookings.web.checkout_link import with_money
from bookings.web.draft import uuid_in
from bookings.web.drawer import CHANGED
from bookings.web.notices import with_notice
from bookings.web.offer import Conflict, conflict_of, names_of_team, warnings_of
from bookings.web.wording import local, moment_at, moment_in, when_text
from salon.catalogue.reading import working_staff
from salon.errors import DomainError, InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires


@dataclass(frozen=True, slots=True)
class Target:
    """Where an appointment is to go: when it starts then, who does what is given to somebody else, and which item takes
    other minutes there."""

    starts_at: datetime
    staff: dict[UUID, UUID]
    minutes: dict[UUID, int] = field(default_factory=dict)


@requires(Permission.BOOKINGS_WRITE)
@require_POST
def appointment_move(request: SalonRequest, appointment_id: UUID) -> HttpResponse:
    """Move an appointment so that one of its items stands where it was let down, or to a time that was proposed."""
    found = get_appointment(appointment_id)
    target = _proposed(request, found) if "to" in request.POST else _dropped(request, found)
    if target is None:
        return _refused(request, found, _("There is no such time on that day."))
    try:
        booked = move(
            actor=request.actor,
            salon=request.salon,
            appointment_id=found.pk,
            starts_at=target.starts_at,
            staff=target.staff,
            minutes=target.minutes,
            now=timezone.now(),
            version=_version(request),
        )
    except SlotTaken as refusal:
        return _taken(request, found, refusal, lasting=target.minutes)
    except DomainError as refusal:
        return _refused(request, found, _reason(refusal))
    return _done(request, booked, _moved(request, found, booked), undoes=True)


@requires(Permission.BOOKINGS_WRITE)
@require_POST
def item_resize(request: SalonRequest, appointment_id: UUID) -> HttpResponse:
    """Make one item of an appointment longer or shorter; what follows it follows on."""
    found = get_appointment(appointment_id)
    minutes = _number(request.POST.get("minutes", ""))
    if minutes is None:
        return _refused(request, found, _("Please enter the minutes as a number."))
    item = _item(request, found)
    try:
        booked = resize_item(
            actor=request.actor,
            salon=request.salon,
            item_id=item.pk,
            minutes=minutes,
            now=timezone.now(),
            version=_version(request),
        )
    except SlotTaken as refusal:
        return _taken(request, found, refusal, lasting={item.pk: minutes})
    except DomainError as refusal:
        return _refused(request, found, _reason(refusal))
    return _done(request, booked, _told(request, booked, _("{name}: now {when}.")), undoes=True)


@requires(Permission.BOOKINGS_WRITE)
@require_POST
def appointment_undo(request: SalonRequest, appointment_id: UUID) -> HttpResponse:
    """Take back the last move or cancellation, as long as nothing else has happened since."""
    found = get_appointment(appointment_id)
    now = timezone.now()
    try:
        booked = undo(
            actor=request.actor,
            salon=request.salon,
            appointment_id=found.pk,
            version=_number(request.GET.get("version", "")) or found.version,
            now=now,
        )
    except SlotTaken as refusal:
        return _taken(request, found, refusal)
    except DomainError as refusal:
        return _refused(request, found, _reason(refusal))
    words = _told(request, booked, _("{name}: taken back, {when}."))
    return _done(request, booked, with_money(request, words, booked.appointment, undone_at=now), undoes=False)


def _undo_url(request: SalonRequest, appointment: Appointment) -> str:
    """Return where a post takes back what has just been done to an appointment."""
    url = reverse("appointment_undo", args=[request.salon.slug, appointment.pk])
    return f"{url}?version={appointment.version}"


def _dropped(request: SalonRequest, found: Appointment) -> Target | None:
    """Return where the whole appointment starts when the item that was carried starts at that place."""
    item = _item(request, found)
    try:
        day = date.fromisoformat(request.POST.get("day", ""))
        at = time.fromisoformat(request.POST.get("at", ""))
    except ValueError:
        return None
    starts_at = moment_at(request.salon, day, at)
    if starts_at is None:
        return None
    staff_id = uuid_in(request.POST.get("staff"))
    given = {item.pk: staff_id} if staff_id and staff_id != item.staff_id else {}
    return Target(found.starts_at + (starts_at - item.starts_at), given)


def _proposed(request: SalonRequest, found: Appointment) -> Target | None:
    text, _bar, ids = request.POST["to"].partition("|")
    starts_at = moment_in(text)
    if starts_at is None:
        return None
    staff = [uuid_in(one) for one in ids.split(",")]
    # What was too long for its place is as long elsewhere.
    minutes = _number(request.POST.get("minutes", ""))
    return Target(
        starts_at,
        {item.pk: one for item, one in zip(_items(found), staff, strict=False) if one},
        {_item(request, found).pk: minutes} if minutes else {},
    )


def _items(found: Appointment) -> list[AppointmentItem]:
    return sorted(found.items.all(), key=lambda item: item.position)


def _item(request: SalonRequest, found: Appointment) -> AppointmentItem:
    """Return the item that was meant: the first, where none is named."""
    wanted = uuid_in(request.POST.get("item"))
    items = _items(found)
    return next((item for item in items if item.pk == wanted), items[0])


def _version(request: SalonRequest) -> int | None:
    return _number(request.POST.get("version", ""))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def _reason(refusal: DomainError) -> Promise | str:
    if isinstance(refusal, VersionConflict):
        return _("This appointment has changed meanwhile: here it is as it is now. Nothing was saved.")
    if isinstance(refusal, InvalidInput):
        return " ".join(str(error.message) for error in refusal.errors)
    return refusal.message


def _moved(request: SalonRequest, found: Appointment, booked: Booked) -> str:
    """Return what a move is told by: another time, and who does now what somebody else was to do."""
    before = {item.pk: item.staff_id for item in found.items.all()}
    names = names_of_team()
    given = dict.fromkeys(names.get(item.staff_id, "") for item in booked.items if before[item.pk] != item.staff_id)
    if not given:
        return _told(request, booked, _("{name}: moved to {when}."))
    stays = booked.appointment.starts_at == found.starts_at
    words = _("{name}: now with {staff}, {when}.") if stays else _("{name}: moved to {when}, now with {staff}.")
    return _told(request, booked, words, staff=", ".join(given))


def _told(request: SalonRequest, booked: Booked, words: str, **more: str) -> str:
    """Return words about an appointment with whose it is and when it is now."""
    appointment = booked.appointment
    name = appointment.client.full_name if appointment.client else _("Walk-in")
    return words.format(name=name, when=when_text(appointment.starts_at, appointment.ends_at, request.salon), **more)


def _done(request: SalonRequest, booked: Booked, words: str, *, undoes: bool) -> HttpResponse:
    appointment = booked.appointment
    warnings = warnings_of(booked, working_staff())
    takes_back = _undo_url(request, appointment) if undoes else ""
    if undoes:
        words = with_notice(words, appointment)
    if not request.htmx:
        messages.success(request, words, extra_tags=takes_back)
        for warning in warnings:
            messages.warning(request, warning)
        return _to_calendar(request, appointment)
    context = {"appointment": appointment, "words": words, "undo_url": takes_back, "warnings": warnings}
    response = render(request, "bookings/_changed.html", context)
    response["HX-Trigger"] = CHANGED
    return response


def _taken(
    request: SalonRequest, found: Appointment, refusal: SlotTaken, *, lasting: Mapping[UUID, int] | None = None
) -> HttpResponse:
    today = request.salon.date_at(timezone.now())
    conflict = conflict_of(refusal, salon=request.salon, today=today)
    return _refused(request, found, refusal.message, conflict, lasting or {})


def _refused(
    request: SalonRequest,
    found: Appointment,
    reason: Promise | str,
    conflict: Conflict | None = None,
    lasting: Mapping[UUID, int] | None = None,
) -> HttpResponse:
    context = {
        "whose": _whose(found),
        "lasting": lasting,
        "appointment": found,
        "reason": reason,
        "conflict": conflict,
        "move_url": reverse("appointment_move", args=[request.salon.slug, found.pk]),
        "back_url": _address(request, found),
    }
    template = "bookings/_refused.html" if request.htmx else "bookings/refused.html"
    response = render(request, template, context, status=422)
    response["HX-Trigger"] = CHANGED
    return response


def _whose(found: Appointment) -> str:
    """Return which appointment it is about: its client and services."""
    name = found.client.full_name if found.client else _("Walk-in")
    return " · ".join([name, ", ".join(item.service.name for item in _items(found))])


def _address(request: SalonRequest, appointment: Appointment) -> str:
    """Return where somebody was: the work list of an absence that named itself, or the calendar of that day."""
    if absence_id := uuid_in(request.GET.get("absence")):
        return reverse("absence_worklist", args=[request.salon.slug, absence_id])
    day = local(appointment.starts_at, request.salon).date()
    return f"{reverse('calendar', args=[request.salon.slug])}?day={day.isoformat()}"


def _to_calendar(request: SalonRequest, appointment: Appointment) -> HttpResponse:
    return redirect(_address(request, appointment))
