"""The editor of a working week, and the absences of somebody in the team."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from salon.catalogue import absences as absence_operations
from salon.catalogue import rota
from salon.catalogue import team as operations
from salon.catalogue.models import Absence, AbsenceKind, StaffMember
from salon.catalogue.web.gaps import to_what_it_leaves
from salon.catalogue.web.team import member_page
from salon.catalogue.web.team_forms import AbsenceForm, WeekForm
from salon.catalogue.web.team_shown import day_name
from salon.errors import InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def hours(request: SalonRequest, staff_id: UUID) -> HttpResponse:
    """A week to be worked from a day on: as it was entered, or as the schedule asked for, or the present one."""
    member = rota.staff_with_id(staff_id)
    if request.method != "POST":
        return _week_page(request, member, _first_week(request, member))
    form = WeekForm.entered(request.POST)
    if "copy" in request.POST:
        form.copy_monday()
        return _week_page(request, member, form)
    if "more" in request.POST:
        return _week_page(request, member, form)
    valid_from, week = form.read()
    if valid_from is None or form.is_wrong:
        return _week_page(request, member, form, status=422)
    try:
        schedule = operations.set_schedule(
            actor=request.actor, staff_id=staff_id, valid_from=valid_from, week=week, now=timezone.now()
        )
    except InvalidInput as refusal:
        form.show_errors(refusal.errors)
        return _week_page(request, member, form, status=422)
    said = {"name": member.name, "day": date_format(valid_from, "SHORT_DATE_FORMAT")}
    messages.success(request, _("%(name)s works so from %(day)s on.") % said)
    return to_what_it_leaves(request, schedule.pk)


def _first_week(request: SalonRequest, member: StaffMember) -> WeekForm:
    today = request.salon.date_at(timezone.now())
    weeks = rota.weeks_of([member.pk])[member.pk]
    asked = next((one for one in weeks if str(one.schedule.pk) == request.GET.get("schedule")), None)
    if asked:
        return WeekForm.of(asked.stretches, asked.schedule.valid_from)
    current = rota.week_on(weeks, today)
    return WeekForm.of(current.stretches if current else [], today)


def _week_page(request: SalonRequest, member: StaffMember, form: WeekForm, *, status: int = 200) -> HttpResponse:
    context = {
        "member": member,
        "form": form,
        "days": [(day_name(day.number), day) for day in form.days.values()],
        "here": reverse("staff_hours", args=[request.salon.slug, member.pk]),
        "cancel_url": reverse("staff_member", args=[request.salon.slug, member.pk]),
    }
    template = "catalogue/_week_form.html" if request.htmx else "catalogue/week_form.html"
    response = render(request, template, context, status=status)
    response["Vary"] = "HX-Request"
    return response


@requires(Permission.SETTINGS)
@require_POST
def remove_schedule(request: SalonRequest, schedule_id: UUID) -> HttpResponse:
    """Takes a week away, and offers it back."""
    gone = operations.remove_schedule(actor=request.actor, schedule_id=schedule_id, now=timezone.now())
    undo_url = reverse("schedules_restore", args=[request.salon.slug, schedule_id])
    messages.success(request, _("The working hours are removed."), extra_tags=undo_url)
    return redirect("staff_member", request.salon.slug, gone.staff_id)


@requires(Permission.SETTINGS)
@require_POST
def restore_schedule(request: SalonRequest, schedule_id: UUID) -> HttpResponse:
    """Brings a week back."""
    try:
        back = operations.restore_schedule(actor=request.actor, schedule_id=schedule_id, now=timezone.now())
    except InvalidInput as refusal:
        messages.error(request, str(refusal.errors[0].message))
        return redirect("team", request.salon.slug)
    messages.success(request, _("The working hours are back."))
    return redirect("staff_member", request.salon.slug, back.staff_id)


@requires(Permission.SETTINGS)
@require_POST
def absences(request: SalonRequest, staff_id: UUID) -> HttpResponse:
    """Lets somebody be away."""
    member = rota.staff_with_id(staff_id)
    form = AbsenceForm(request.salon, request.POST)
    if form.is_valid():
        try:
            absence = absence_operations.add_absence(
                actor=request.actor,
                salon=request.salon,
                staff_id=staff_id,
                kind=AbsenceKind(form.cleaned_data["kind"]),
                starts_at=form.starts_at,
                ends_at=form.ends_at,
                note=form.cleaned_data["note"],
                now=timezone.now(),
            )
        except InvalidInput as refusal:
            form.show_errors(refusal.errors)
        else:
            messages.success(request, _("The absence is saved."))
            return to_what_it_leaves(request, absence.pk)
    return member_page(request, member, absence_form=form, status=422)


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_absence(request: SalonRequest, absence_id: UUID) -> HttpResponse:
    """Other times for an absence."""
    absence = rota.absence_with_id(absence_id)
    if request.method != "POST":
        return _absence_page(request, absence, AbsenceForm(request.salon, absence=absence))
    form = AbsenceForm(request.salon, request.POST)
    if not form.is_valid():
        return _absence_page(request, absence, form)
    try:
        absence_operations.change_absence(
            actor=request.actor,
            salon=request.salon,
            absence_id=absence_id,
            kind=AbsenceKind(form.cleaned_data["kind"]),
            starts_at=form.starts_at,
            ends_at=form.ends_at,
            note=form.cleaned_data["note"],
            version=form.cleaned_data["version"],
            now=timezone.now(),
        )
    except InvalidInput as refusal:
        form.show_errors(refusal.errors)
        return _absence_page(request, absence, form)
    except VersionConflict as refusal:
        data = request.POST.copy()
        data["version"] = str(absence.version)
        again = AbsenceForm(request.salon, data)
        again.add_error(None, str(refusal.message))
        return _absence_page(request, absence, again)
    messages.success(request, _("The absence is saved."))
    return to_what_it_leaves(request, absence_id)


def _absence_page(request: SalonRequest, absence: Absence, form: AbsenceForm) -> HttpResponse:
    context = {
        "form": form,
        "absence": absence,
        "here": reverse("absences_edit", args=[request.salon.slug, absence.pk]),
        "cancel_url": reverse("staff_member", args=[request.salon.slug, absence.staff_id]),
    }
    return render(request, "catalogue/absence_form.html", context, status=422 if form.is_bound else 200)


@requires(Permission.SETTINGS)
@require_POST
def remove_absence(request: SalonRequest, absence_id: UUID) -> HttpResponse:
    """Takes an absence away, and offers it back."""
    gone = absence_operations.remove_absence(
        actor=request.actor, salon=request.salon, absence_id=absence_id, now=timezone.now()
    )
    undo_url = reverse("absences_restore", args=[request.salon.slug, absence_id])
    messages.success(request, _("The absence is removed."), extra_tags=undo_url)
    return redirect("staff_member", request.salon.slug, gone.staff_id)


@requires(Permission.SETTINGS)
@require_POST
def restore_absence(request: SalonRequest, absence_id: UUID) -> HttpResponse:
    """Brings an absence back."""
    back = absence_operations.restore_absence(
        actor=request.actor, salon=request.salon, absence_id=absence_id, now=timezone.now()
    )
    messages.success(request, _("The absence is back."))
    return redirect("staff_member", request.salon.slug, back.staff_id)


urlpatterns = [
    path("team/<uuid:staff_id>/hours/", hours, name="staff_hours"),
    path("team/schedules/<uuid:schedule_id>/remove/", remove_schedule, name="schedules_remove"),
    path("team/schedules/<uuid:schedule_id>/restore/", restore_schedule, name="schedules_restore"),
    path("team/<uuid:staff_id>/absences/", absences, name="absences"),
    path("team/absences/<uuid:absence_id>/", edit_absence, name="absences_edit"),
    path("team/absences/<uuid:absence_id>/remove/", remove_absence, name="absences_remove"),
    path("team/absences/<uuid:absence_id>/restore/", restore_absence, name="absences_restore"),
]
