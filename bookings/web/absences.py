"""The work list of an absence, of new hours or of closed days: every appointment that stands in the way is given to
somebody else, moved, or cancelled (ui.md §2.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from bookings.models import Appointment
from bookings.opened import sales_of
from bookings.several import Arranged, call_off_all, hand_over_all
from bookings.stand_ins import (
    Task,
    call_off,
    hand_over,
    keep,
    keep_no_more,
    open_besides,
    open_work,
    other_times,
    put_off,
    work_list,
)
from bookings.states import State
from bookings.waiting import count_waiting, waiting_list
from bookings.web.checkout_link import if_off, paid_before
from bookings.web.draft import uuid_in
from bookings.web.drawer import calendar_url
from bookings.web.gap_words import gap_words
from bookings.web.offer import Alternative, alternative, names_of_team
from bookings.web.waiting import asked_day
from bookings.web.wording import local, moment_in, when_text
from clients.web.shown import shown
from salon.catalogue.models import StaffMember
from salon.errors import DomainError, InvalidInput, NotAllowed, NotFound
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires


@dataclass(frozen=True, slots=True)
class ShownTask:
    """One appointment as the list shows it: what stands in the way, and the ways out."""

    id: UUID
    when: str
    name: str
    card_url: str
    phone: str
    phone_uri: str
    email: str
    services: str
    done: bool
    outcome: str
    able: list[StaffMember]
    url: str
    appointment_url: str
    times_url: str
    times: list[Alternative] | None
    # What becomes of the money if it is called off now.
    if_off: str
    chosen: bool
    kept: bool


@requires(Permission.BOOKINGS_WRITE)
@require_safe
def absence_worklist(request: SalonRequest, absence_id: UUID) -> HttpResponse:
    """What an absence, a schedule, a closure or the holidays leave to be done; `times` names the appointment for which
    other times are looked for.

    `saved` asks on behalf of the page of the catalogue on which it was saved: where nothing is left, it leads back.
    """
    now = timezone.now()
    found = work_list(gap_id=absence_id, now=now)
    gap = found.gap
    if "saved" in request.GET and found.done == len(found.tasks):
        place = ("closures",) if gap.staff is None else ("staff_member", gap.staff.pk)
        return redirect(place[0], request.salon.slug, *place[1:])
    wanted = uuid_in(request.GET.get("times"))
    tasks = []
    money = _money(request, found.tasks, now)
    for task in found.tasks:
        slots = None
        if task.appointment.pk == wanted and not task.done:
            slots = other_times(task, salon=request.salon, now=now)
        times = None
        if slots is not None:
            today = request.salon.date_at(now)
            names = names_of_team()
            times = [alternative(slot, salon=request.salon, today=today, names=names) for slot in slots]
        tasks.append(_shown(request, absence_id, task, times, money.get(task.appointment.pk, "")))
    context = {
        # Of an absence it is said from the start how far one is.
        "shows_done": bool(gap.absence or found.done),
        "paid": sum(1 for one in tasks if one.if_off and not one.done),
        "several_url": reverse("absence_tasks", args=[request.salon.slug, absence_id]),
        "all_url": reverse("absence_worklist", args=[request.salon.slug, absence_id]) + "?all",
        "colleagues": list({one.pk: one for task in found.tasks for one in task.able}.values()),
        # On a closed day nobody is free, which goes without saying.
        "gives": gap.staff is not None,
        "words": gap_words(gap, request.salon, now),
        "open_tasks": [one for one in tasks if not one.done],
        "done_tasks": [one for one in tasks if one.done],
        "done": found.done,
        "total": len(tasks),
        "percent": round(100 * found.done / len(tasks)) if tasks else 100,
        "calendar_url": calendar_url(request, local(max(gap.starts_at, now), request.salon).date()),
    }
    return render(request, "bookings/absence_worklist.html", context)


@requires(Permission.BOOKINGS_WRITE)
@require_POST
def absence_task(request: SalonRequest, absence_id: UUID, appointment_id: UUID) -> HttpResponse:
    """Take one of the ways out: `staff:<id>`, `take:<start>|<staff>,…`, `cancel` with a message, `keep`; or `open`,
    which takes the last one back."""
    act, _colon, value = (request.POST.get("act") or request.GET.get("act", "")).partition(":")
    given: dict[str, Any] = {
        "actor": request.actor,
        "salon": request.salon,
        "gap_id": absence_id,
        "appointment_id": appointment_id,
        "now": timezone.now(),
    }
    try:
        told, changed = _act(request, act, value, given)
    except (NotAllowed, NotFound):
        raise
    except DomainError as refusal:
        messages.error(request, str(refusal.message))
    else:
        undo = reverse("appointment_undo", args=[request.salon.slug, appointment_id])
        undo = f"{undo}?version={changed.version}&absence={absence_id}"
        if act == "keep":
            undo = f"{reverse('absence_task', args=[request.salon.slug, absence_id, appointment_id])}?act=open"
        messages.success(request, told, extra_tags="" if act == "open" else undo)
    return redirect("absence_worklist", request.salon.slug, absence_id)


@requires(Permission.BOOKINGS_WRITE)
@require_POST
def absence_tasks(request: SalonRequest, absence_id: UUID) -> HttpResponse:
    """Give those that are `chosen` to one person, `staff`, or cancel them with a `message`."""
    chosen = {one for one in map(uuid_in, request.POST.getlist("chosen")) if one}
    given: dict[str, Any] = {
        "actor": request.actor,
        "salon": request.salon,
        "gap_id": absence_id,
        "appointment_ids": chosen,
        "now": timezone.now(),
    }
    try:
        if request.POST.get("act") == "cancel":
            _tell_called_off(request, call_off_all(message=request.POST.get("message", ""), **given))
        else:
            _tell_handed_over(request, hand_over_all(staff_id=uuid_in(request.POST.get("staff")), **given))
    except InvalidInput as refusal:
        messages.error(request, str(refusal.errors[0].message))
    return redirect("absence_worklist", request.salon.slug, absence_id)


def _tell_handed_over(request: SalonRequest, arranged: Arranged) -> None:
    if arranged.done:
        count = len(arranged.done)
        told = ngettext("%(count)d appointment is given over.", "%(count)d appointments are given over.", count)
        messages.success(request, told % {"count": count})
    _tell_refused(request, arranged)


def _tell_called_off(request: SalonRequest, arranged: Arranged) -> None:
    if arranged.done:
        count, off = len(arranged.done), [one.appointment for one in arranged.done]
        told = [ngettext("%(count)d appointment is cancelled.", "%(count)d appointments are cancelled.", count)]
        told[0] %= {"count": count}
        money = [(one, paid_before(request, one)) for one in off]
        told += [f"{_whose(one)}: {before.words}" for one, before in money if before]
        if unheard := [one.client.full_name for one in off if one.client and not one.client.email]:
            told.append(_("Please call: %(names)s.") % {"names": ", ".join(unheard)})
        messages.success(request, " ".join(told))
    _tell_refused(request, arranged)


def _tell_refused(request: SalonRequest, arranged: Arranged) -> None:
    if arranged.refused:
        reasons = [f"{_whose(one)}: {refusal.message}" for one, refusal in arranged.refused]
        messages.error(request, " ".join([_("Not done:"), *reasons]))


def _whose(appointment: Appointment) -> str:
    return appointment.client.full_name if appointment.client else _("Walk-in")


def _act(request: SalonRequest, act: str, value: str, given: dict[str, Any]) -> tuple[str, Appointment]:
    """Do it, and return what to say and the appointment as it is then."""
    if act == "staff" and (staff_id := uuid_in(value)):
        booked = hand_over(staff_id=staff_id, **given)
        names = ", ".join(dict.fromkeys(item.staff.name for item in booked.items))
        said = {"client": _whose(booked.appointment), "name": names}
        return _("%(client)s goes to %(name)s.") % said, booked.appointment
    text, _bar, ids = value.partition("|")
    if act == "take" and (starts_at := moment_in(text)):
        booked = put_off(starts_at=starts_at, staff_ids=[one for one in map(uuid_in, ids.split(",")) if one], **given)
        moved = booked.appointment
        when = when_text(moved.starts_at, moved.ends_at, request.salon)
        return _("Moved to %(when)s.") % {"when": when}, moved
    if act == "keep":
        kept = keep(**given).appointment
        return _("%(client)s: stays as it is.") % {"client": _whose(kept)}, kept
    if act == "open":
        del given["gap_id"]
        again = keep_no_more(**given).appointment
        return _("%(client)s: to be arranged again.") % {"client": _whose(again)}, again
    if act == "cancel":
        cancelled = call_off(message=request.POST.get("message", ""), **given).appointment
        before = paid_before(request, cancelled)
        told = _("The appointment is cancelled.")
        return f"{told} {before.words}" if before else told, cancelled
    raise NotFound


@requires(Permission.BOOKINGS_READ)
@require_safe
def calendar_hints(request: SalonRequest) -> HttpResponse:
    """What the calendar's bar has to say: work that absences leave, and for whom on the list a time suits that day."""
    now = timezone.now()
    day = asked_day(request) or request.salon.date_at(now)
    fitting = sum(1 for one in waiting_list(salon=request.salon, now=now, day=day) if one.slot)
    writes = Permission.BOOKINGS_WRITE in request.actor.permissions
    work = [*open_work(now=now), *open_besides(salon=request.salon, now=now)] if writes else []
    context = {
        "work": work,
        "unarranged": sum(one.count for one in work),
        "waiting": count_waiting(today=request.salon.date_at(now)),
        "fitting": fitting,
        "day": day,
    }
    return render(request, "bookings/_hints.html", context)


def _money(request: SalonRequest, tasks: Sequence[Task], now: datetime) -> dict[UUID, str]:
    """Return what becomes of the money for each appointment that may still be called off, in one statement."""
    left = {task.appointment.pk: task.appointment.starts_at for task in tasks if not task.done}
    if not left or Permission.SALES_READ not in request.actor.permissions:
        return {}
    sales = sales_of(left)
    return {one: if_off(*sold, starts_at=left[one], now=now) for one, sold in sales.items()}


def _shown(
    request: SalonRequest, absence_id: UUID, task: Task, times: list[Alternative] | None, if_off: str
) -> ShownTask:
    one, slug = task.appointment, request.salon.slug
    client = one.client
    card = shown(client, request.salon, request.salon.date_at(timezone.now())) if client else None
    listed = task.affected or task.items
    here = reverse("absence_worklist", args=[slug, absence_id])
    return ShownTask(
        id=one.pk,
        when=when_text(one.starts_at, one.ends_at, request.salon),
        name=_whose(one),
        card_url=reverse("client_card", args=[slug, client.pk]) if client else "",
        phone=(card.mobile_display or card.landline_display) if card else "",
        phone_uri=(card.mobile_uri or card.landline_uri) if card else "",
        email=client.email if client else "",
        services=", ".join(f"{item.service.name} ({item.staff.name})" for item in listed),
        done=task.done,
        outcome=str(_outcome(task)) if task.done else "",
        able=task.able,
        url=reverse("absence_task", args=[slug, absence_id, one.pk]),
        appointment_url=reverse("appointment", args=[slug, one.pk]),
        times_url=f"{here}?times={one.pk}#task-{one.pk}",
        times=times,
        if_off=if_off,
        chosen="all" in request.GET,
        kept=task.kept,
    )


def _outcome(task: Task) -> Promise | str:
    if task.kept:
        return _("stays as it is")
    state = State(task.appointment.state)
    return state.label if state != State.BOOKED else _("arranged")
