"""Blocked times: an hour of somebody's that is not to be booked, entered in the calendar's drawer, where a colleague is
reported sick, too (ui.md §2.1)."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.stand_ins import work_list
from bookings.web.drawer import CHANGED, calendar_url, drawn, in_calendar
from bookings.web.wording import local, moment_at
from salon.catalogue.absences import NoSuchAbsence, add_absence, change_absence, remove_absence, restore_absence
from salon.catalogue.models import Absence, AbsenceKind
from salon.catalogue.reading import working_staff
from salon.catalogue.web.fields import DayField
from salon.errors import DomainError, InvalidInput
from salon.identity.roles import Permission
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors

USUAL = timedelta(minutes=30)


def _clock(label: Promise) -> forms.TimeField:
    return forms.TimeField(
        label=cast(str, label), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": "300"})
    )


class BlockedForm(forms.Form):
    """Whose time, from when until when, and what for; or that she is sick."""

    staff = forms.UUIDField(label=gettext_lazy("Staff member"), widget=forms.Select)
    day = DayField(label=gettext_lazy("Day"))
    starts = _clock(gettext_lazy("From"))
    ends = _clock(gettext_lazy("Until"))
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        required=False,
        choices=[(one.value, one.label) for one in (AbsenceKind.BLOCKED, AbsenceKind.SICK)],
    )
    note = forms.CharField(
        label=gettext_lazy("What for"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Seen by the team alone."),
    )

    def __init__(self, data: Any = None, initial: dict[str, object] | None = None) -> None:
        super().__init__(data=data, initial=initial)
        choices = [(one.pk, one.name) for one in working_staff()]
        cast(forms.Select, self.fields["staff"].widget).choices = choices

    def period(self, salon: Salon) -> tuple[datetime, datetime] | None:
        """Return the period entered; an end before the start is that of the next day, midnight above all."""
        day, starts, ends = (self.cleaned_data[name] for name in ("day", "starts", "ends"))
        until = day + timedelta(days=1) if ends == time(0) else day
        begin, end = moment_at(salon, day, starts), moment_at(salon, until, ends)
        for name, moment in (("starts", begin), ("ends", end)):
            if moment is None:
                self.add_error(name, _("The clocks go forward that night: this time does not exist."))
        return (begin, end) if begin and end else None


# As the operation names what the form asks for.
_NAMES = {"staff_id": "staff", "starts_at": "starts", "ends_at": "ends"}


@requires(Permission.BOOKINGS_WRITE)
def absence_new(request: SalonRequest) -> HttpResponse:
    """Block a time."""
    if request.method == "POST":
        return _save(request, None)
    start = _asked_start(request)
    initial = {
        "staff": request.GET.get("staff", ""),
        "day": start.date(),
        "starts": start.time(),
        "ends": (start + USUAL).time(),
    }
    return _form(request, BlockedForm(initial=initial), None)


@requires(Permission.BOOKINGS_WRITE)
def absence(request: SalonRequest, absence_id: UUID) -> HttpResponse:
    """Change or remove a blocked time; what is removed can be brought back."""
    # The button of a message carries it in its address.
    act = request.POST.get("act") or request.GET.get("act") if request.method == "POST" else None
    given: dict[str, Any] = {
        "actor": request.actor,
        "salon": request.salon,
        "absence_id": absence_id,
        "now": timezone.now(),
    }
    if act == "restore":
        restored = restore_absence(**given)
        return _gone(request, local(restored.starts_at, request.salon).date(), _("The blocked time is back."))
    found = Absence.objects.filter(pk=absence_id, kind=AbsenceKind.BLOCKED).first()
    if found is None:
        raise NoSuchAbsence
    if act == "remove":
        removed = remove_absence(**given)
        undo = reverse("absence", args=[request.salon.slug, absence_id])
        return _gone(
            request, local(removed.starts_at, request.salon).date(), _("The blocked time is removed."), undo_url=undo
        )
    if request.method == "POST":
        return _save(request, found)
    start, end = (local(moment, request.salon) for moment in (found.starts_at, found.ends_at))
    initial = {
        "staff": found.staff_id,
        "day": start.date(),
        "starts": start.time(),
        "ends": end.time(),
        "note": found.note,
    }
    return _form(request, BlockedForm(initial=initial), found)


def _asked_start(request: SalonRequest) -> datetime:
    now = local(timezone.now(), request.salon)
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        day = now.date()
    try:
        at = time.fromisoformat(request.GET.get("at", ""))
    except ValueError:
        at = time(now.hour)
    return datetime.combine(day, at.replace(tzinfo=None))


def _save(request: SalonRequest, found: Absence | None) -> HttpResponse:
    form = BlockedForm(request.POST)
    period = form.period(request.salon) if form.is_valid() else None
    if period is None:
        return _form(request, form, found)
    kind = AbsenceKind(form.cleaned_data["kind"] or AbsenceKind.BLOCKED)
    told = _("The blocked time is saved.") if kind == AbsenceKind.BLOCKED else _("The absence is saved.")
    given: dict[str, Any] = {
        "actor": request.actor,
        "salon": request.salon,
        "staff_id": form.cleaned_data["staff"],
        "kind": kind,
        "starts_at": period[0],
        "ends_at": period[1],
        "note": form.cleaned_data["note"],
        "now": timezone.now(),
    }
    try:
        saved = change_absence(absence_id=found.pk, **given) if found else add_absence(**given)
    except InvalidInput as refusal:
        show_errors(form, [replace(error, field=_NAMES.get(error.field, error.field)) for error in refusal.errors])
        return _form(request, form, found)
    except DomainError as refusal:
        form.add_error(None, str(refusal.message))
        return _form(request, form, found)
    left = work_list(gap_id=saved.pk, now=given["now"])
    if left.done < len(left.tasks):
        # Something is booked then: it has to go somewhere.
        messages.success(request, told)
        return redirect("absence_worklist", request.salon.slug, saved.pk)
    day = local(saved.starts_at, request.salon).date()
    return _gone(request, day, told)


def _form(request: SalonRequest, form: BlockedForm, found: Absence | None) -> HttpResponse:
    own = "absence" if found else "absence_new"
    url = reverse(own, args=[request.salon.slug, *([found.pk] if found else [])])
    address = None
    if request.method != "POST":
        shown = str(found.pk) if found else "new"
        address = calendar_url(request, blocked=shown) if in_calendar(request) else request.get_full_path()
    title = _("Change the blocked time") if found else _("Block a time")
    context = {"form": form, "form_url": url, "found": found}
    status = 422 if form.is_bound else 200
    return drawn(request, "bookings/_blocked.html", context, title=title, address=address, status=status)


def _gone(request: SalonRequest, day: date, told: str, *, undo_url: str = "") -> HttpResponse:
    """Close the drawer over a calendar that looks again; elsewhere lead to the calendar's day."""
    if not in_calendar(request):
        messages.success(request, told, extra_tags=f"{undo_url}?act=restore" if undo_url else "")
        return redirect(calendar_url(request, day))
    response = render(request, "bookings/_blocked_gone.html", {"told": told, "undo_url": undo_url})
    response["HX-Retarget"], response["HX-Reswap"] = "#drawer", "innerHTML"
    response["HX-Replace-Url"] = calendar_url(request)
    response["HX-Trigger"] = CHANGED
    return response
