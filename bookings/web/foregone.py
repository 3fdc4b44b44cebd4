"""What new hours, a closure or an absence would leave to be arranged, said while it is entered (ui.md §2.9)."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bookings.foregone import booked_in_absence, booked_in_closure, booked_outside_hours
from bookings.web.blocked import BlockedForm
from salon.catalogue import rota
from salon.catalogue.models import StaffMember
from salon.catalogue.web.team_forms import AbsenceForm, ClosureForm, WeekForm
from salon.catalogue.weeks import accept_week
from salon.errors import InvalidInput
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.years import is_known


@requires(Permission.SETTINGS)
@require_safe
def closure_foregone(request: SalonRequest) -> HttpResponse:
    """How many appointments a closure as it is entered would stand over; nothing as long as its days are not."""
    form = ClosureForm(request.GET)
    form.is_valid()
    first, last = form.cleaned_data.get("starts_on"), form.cleaned_data.get("ends_on")
    last = last or first
    if "ends_on" in form.errors or not first or not last or not (is_known(first) and is_known(last)):
        return _said(request, None)
    return _said(request, booked_in_closure(salon=request.salon, starts_on=first, ends_on=last, now=timezone.now()))


@requires(Permission.SETTINGS)
@require_safe
def absence_foregone(request: SalonRequest, staff_id: UUID) -> HttpResponse:
    """How many appointments an absence as it is entered would stand over."""
    staff = rota.staff_with_id(staff_id)
    form = AbsenceForm(request.salon, request.GET)
    form.is_valid()
    days = [form.cleaned_data.get(name) for name in ("from_day", "to_day")]
    if not days[0] or any(name in form.errors for name in ("from_time", "to_day", "to_time")):
        return _said(request, None)
    if not all(is_known(day) for day in days if day) or form.starts_at >= form.ends_at:
        return _said(request, None)
    given = {"starts_at": form.starts_at, "ends_at": form.ends_at}
    return _said(request, booked_in_absence(salon=request.salon, staff=staff, now=timezone.now(), **given))


@requires(Permission.BOOKINGS_WRITE)
@require_safe
def blocked_foregone(request: SalonRequest) -> HttpResponse:
    """The same for who is sick, or has a time blocked, at the desk."""
    form = BlockedForm(request.GET)
    period = form.period(request.salon) if form.is_valid() else None
    staff = StaffMember.objects.filter(pk=form.cleaned_data["staff"]).first() if period else None
    if period is None or staff is None or period[0] >= period[1]:
        return _said(request, None)
    starts_at, ends_at = period
    return _said(
        request,
        booked_in_absence(salon=request.salon, staff=staff, starts_at=starts_at, ends_at=ends_at, now=timezone.now()),
    )


@requires(Permission.SETTINGS)
@require_safe
def hours_foregone(request: SalonRequest, staff_id: UUID) -> HttpResponse:
    """How many appointments would lie outside the hours as they are entered."""
    staff = rota.staff_with_id(staff_id)
    form = WeekForm.entered(request.GET)
    valid_from, week = form.read()
    if valid_from is None or form.is_wrong or not is_known(valid_from):
        return _said(request, None)
    try:
        week = accept_week(week)
    except InvalidInput:
        return _said(request, None)
    count = booked_outside_hours(salon=request.salon, staff=staff, valid_from=valid_from, week=week, now=timezone.now())
    return _said(request, count, outside=True)


def _said(request: SalonRequest, count: int | None, *, outside: bool = False) -> HttpResponse:
    return render(request, "bookings/_foregone.html", {"count": count, "outside": outside})
