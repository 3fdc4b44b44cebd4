"""The pages of the team: everybody in a list, and one page for each (domain.md §5)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salon.catalogue import listing, rota
from salon.catalogue import team as operations
from salon.catalogue.models import ItemKind, Service, StaffMember
from salon.catalogue.reading import all_services, working_staff
from salon.catalogue.web.goods_list import direction_asked
from salon.catalogue.web.team_forms import AbsenceForm, StaffForm
from salon.catalogue.web.team_shown import ShownWeek, shown_absence, shown_week, when_text
from salon.errors import InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.tenancy import directory
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody of the team in the list."""

    member: StaffMember
    login: str
    week: ShownWeek | None
    absent: str
    absent_now: bool
    first: bool
    last: bool
    url: str
    move_url: str


def _team_context(request: SalonRequest, moved: str = "") -> dict[str, Any]:
    slug, now = request.salon.slug, timezone.now()
    today = request.salon.date_at(now)
    members = working_staff()
    weeks = rota.weeks_of([one.pk for one in members])
    absences = rota.next_absences(now)
    logins = _logins(request)

    def row(member: StaffMember, place: int) -> Row:
        week = rota.week_on(weeks[member.pk], today)
        absence = absences.get(member.pk)
        return Row(
            member=member,
            login=logins.get(member.user_id, "") if member.user_id else "",
            week=shown_week(week) if week else None,
            absent=when_text(absence.starts_at, absence.ends_at, ZoneInfo(request.salon.timezone)) if absence else "",
            absent_now=absence is not None and absence.starts_at <= now,
            first=place == 0,
            last=place == len(members) - 1,
            url=reverse("staff_member", args=[slug, member.pk]),
            move_url=reverse("team_move", args=[slug, member.pk]),
        )

    return {
        "rows": [row(member, place) for place, member in enumerate(members)],
        "archived": [(one, reverse("team_restore", args=[slug, one.pk])) for one in rota.archived_staff()],
        "settings_url": reverse("settings", args=[slug]),
        "closures_url": reverse("closures", args=[slug]),
        "new_url": reverse("team_new", args=[slug]),
        "moved": moved,
    }


def _logins(request: SalonRequest) -> dict[UUID, str]:
    return {one.user_id: one.user.name for one in directory.members(request.salon.pk)}


@requires(Permission.SETTINGS)
@require_safe
def team(request: SalonRequest) -> HttpResponse:
    """Who works here, in the order of the calendar's columns."""
    return render(request, "catalogue/team.html", _team_context(request))


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SalonRequest) -> HttpResponse:
    """Somebody new; her page asks for the rest."""
    form = StaffForm(_logins(request).items(), request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = operations.create_staff_member(actor=request.actor, details=form.details, now=timezone.now())
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        else:
            messages.success(request, _("%(name)s is in the team. What can she do, and when?") % {"name": made.name})
            return redirect("staff_member", request.salon.slug, made.pk)
    context = {"form": form, "team_url": reverse("team", args=[request.salon.slug])}
    return render(request, "catalogue/staff_form.html", context, status=422 if form.is_bound else 200)


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def staff_member(request: SalonRequest, staff_id: UUID) -> HttpResponse:
    """One of the team: who she is, what she can do, when she works, when she is away."""
    member = rota.staff_with_id(staff_id)
    if request.method != "POST":
        return member_page(request, member)
    form = StaffForm(_logins(request).items(), request.POST, member=member)
    if form.is_valid():
        try:
            operations.update_staff_member(
                actor=request.actor,
                staff_id=staff_id,
                changes=form.changes,
                version=form.cleaned_data["version"],
                now=timezone.now(),
            )
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        except VersionConflict as refusal:
            # Saved once more, it is saved over what is there now.
            data = request.POST.copy()
            data["version"] = str(member.version)
            form = StaffForm(_logins(request).items(), data, member=member)
            form.add_error(None, str(refusal.message))
        else:
            messages.success(request, _("“%(name)s” is saved.") % {"name": form.cleaned_data["name"]})
            return redirect("staff_member", request.salon.slug, staff_id)
    return member_page(request, member, form=form, status=422)


def member_page(
    request: SalonRequest,
    member: StaffMember,
    *,
    form: StaffForm | None = None,
    absence_form: AbsenceForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Return the page of one of the team, with what was entered where it was refused."""
    slug, now = request.salon.slug, timezone.now()
    today = request.salon.date_at(now)
    weeks = rota.weeks_of([member.pk])[member.pk]
    current = rota.week_on(weeks, today)
    place = [slug, member.pk]
    hours_url = reverse("staff_hours", args=place)

    def listed(week: rota.Week) -> dict[str, Any]:
        return {
            "week": week,
            "shown": shown_week(week),
            "edit_url": f"{hours_url}?schedule={week.schedule.pk}",
            "remove_url": reverse("schedules_remove", args=[slug, week.schedule.pk]),
        }

    context = {
        "member": member,
        "form": form or StaffForm(_logins(request).items(), member=member),
        "absence_form": absence_form or AbsenceForm(request.salon),
        "skills": _skills(member),
        "current": [listed(current)] if current else [],
        "coming": [listed(week) for week in weeks if week.schedule.valid_from > today],
        "past": [listed(week) for week in weeks if week.until and week.until <= today],
        "absences": [shown_absence(request, one, now) for one in rota.absences_of(member.pk, now)],
        "past_absences": [shown_absence(request, one, now) for one in rota.absences_before(member.pk, now)],
        "team_url": reverse("team", args=[slug]),
        "here": reverse("staff_member", args=place),
        "skills_url": reverse("staff_skills", args=place),
        "hours_url": hours_url,
        "absences_url": reverse("absences", args=place),
        "archive_url": reverse("team_archive", args=place),
        "restore_url": reverse("team_restore", args=place),
        "services_url": reverse("services", args=[slug]),
    }
    return render(request, "catalogue/staff_member.html", context, status=status)


def _skills(member: StaffMember) -> list[tuple[listing.Shelf[Service], list[tuple[Service, bool]]]]:
    can = rota.skills_of(member.pk)
    found = listing.shelves(listing.groups_of(ItemKind.SERVICE), all_services())
    return [(shelf, [(one, one.pk in can) for one in shelf.items]) for shelf in found if shelf.items]


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@requires(Permission.SETTINGS)
@require_POST
def skills(request: SalonRequest, staff_id: UUID) -> HttpResponse:
    """What she can do, ticked in a list."""
    # What is no id is no service of this salon either.
    chosen = [one for one in map(_id, request.POST.getlist("skill")) if one]
    try:
        operations.set_skills(actor=request.actor, staff_id=staff_id, service_ids=chosen, now=timezone.now())
    except InvalidInput as refusal:
        messages.error(request, str(refusal.errors[0].message))
    else:
        messages.success(request, _("The skills are saved."))
    return redirect("staff_member", request.salon.slug, staff_id)


@requires(Permission.SETTINGS)
@require_POST
def move(request: SalonRequest, staff_id: UUID) -> HttpResponse:
    """One column to the left or right."""
    rota.staff_with_id(staff_id)
    operations.shift_staff_member(
        actor=request.actor, staff_id=staff_id, direction=direction_asked(request), now=timezone.now()
    )
    if not request.htmx:
        return redirect("team", request.salon.slug)
    return render(request, "catalogue/_team.html", _team_context(request, _("The order is changed.")))


@requires(Permission.SETTINGS)
@require_POST
def archive(request: SalonRequest, staff_id: UUID) -> HttpResponse:
    """Takes somebody out of the team, and offers her back."""
    member = operations.archive_staff_member(actor=request.actor, staff_id=staff_id, now=timezone.now())
    undo_url = reverse("team_restore", args=[request.salon.slug, staff_id])
    text = _("%(name)s is not in the team any more. Her appointments stay as they are.") % {"name": member.name}
    messages.success(request, text, extra_tags=undo_url)
    return redirect("team", request.salon.slug)


@requires(Permission.SETTINGS)
@require_POST
def restore(request: SalonRequest, staff_id: UUID) -> HttpResponse:
    """Takes somebody back."""
    try:
        member = operations.restore_staff_member(actor=request.actor, staff_id=staff_id, now=timezone.now())
    except InvalidInput as refusal:
        messages.error(request, str(refusal.errors[0].message))
        return redirect("team", request.salon.slug)
    messages.success(request, _("%(name)s is in the team again.") % {"name": member.name})
    return redirect("staff_member", request.salon.slug, staff_id)


urlpatterns = [
    path("team/", team, name="team"),
    path("team/new/", new, name="team_new"),
    path("team/<uuid:staff_id>/", staff_member, name="staff_member"),
    path("team/<uuid:staff_id>/skills/", skills, name="staff_skills"),
    path("team/<uuid:staff_id>/move/", move, name="team_move"),
    path("team/<uuid:staff_id>/archive/", archive, name="team_archive"),
    path("team/<uuid:staff_id>/restore/", restore, name="team_restore"),
]
