"""The page of closures and public holidays: when the whole salon is closed (domain.md §5)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from salon.catalogue import closing, rota
from salon.catalogue.models import Closure
from salon.catalogue.regions import REGIONS
from salon.catalogue.web.gaps import to_what_it_leaves
from salon.catalogue.web.team_forms import ClosureForm, HolidaysForm
from salon.errors import DomainError, InvalidInput
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors

# So many holidays to come are listed: somewhat more than a year.
HOLIDAYS_AHEAD = 14


@dataclass(frozen=True, slots=True)
class Shown:
    """One closure as the page lists it."""

    closure: Closure
    edit_url: str
    remove_url: str


def _page(
    request: SalonRequest,
    *,
    form: ClosureForm | None = None,
    holidays_form: HolidaysForm | None = None,
    edited: Closure | None = None,
    status: int = 200,
) -> HttpResponse:
    slug = request.salon.slug
    today = request.salon.date_at(timezone.now())
    rules = closing.holidays_of(request.salon)
    first = {"name": edited.name, "starts_on": edited.starts_on, "ends_on": edited.ends_on} if edited else {}

    def shown(closure: Closure) -> Shown:
        place = [slug, closure.pk]
        return Shown(closure, reverse("closures_edit", args=place), reverse("closures_remove", args=place))

    context: dict[str, Any] = {
        "form": form or ClosureForm(auto_id="closure_%s", initial=first),
        "holidays_form": holidays_form or _holidays_form(request),
        "edited": edited,
        "closures": [shown(one) for one in rota.closures_since(today)],
        "past": [shown(one) for one in rota.closures_before(today)],
        "rules": rules,
        "holidays": closing.next_holidays(salon=request.salon, since=today, many=HOLIDAYS_AHEAD),
        "here": reverse("closures_edit", args=[slug, edited.pk]) if edited else reverse("closures", args=[slug]),
        "closures_url": reverse("closures", args=[slug]),
        "holidays_url": reverse("holidays", args=[slug]),
        "open_url": reverse("holidays_open", args=[slug]),
        "settings_url": reverse("settings", args=[slug]),
    }
    return render(request, "catalogue/closures.html", context, status=status)


def _holidays_form(request: SalonRequest, data: Any = None) -> HolidaysForm:
    rules = closing.holidays_of(request.salon)
    return HolidaysForm(REGIONS[request.salon.country], data, initial={"region": rules.region, "closed": rules.closed})


def _details(form: ClosureForm) -> closing.ClosureDetails:
    entered = form.cleaned_data
    last = entered["ends_on"] or entered["starts_on"]
    return closing.ClosureDetails(name=entered["name"], starts_on=entered["starts_on"], ends_on=last)


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def closures(request: SalonRequest) -> HttpResponse:
    """Closures and holidays to come, and a form for one more closure."""
    if request.method != "POST":
        return _page(request)
    form = ClosureForm(request.POST, auto_id="closure_%s")
    if form.is_valid():
        try:
            closure = closing.add_closure(actor=request.actor, details=_details(form), now=timezone.now())
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        else:
            return _closed(request, closure)
    return _page(request, form=form, status=422)


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SalonRequest, closure_id: UUID) -> HttpResponse:
    """The same page with one closure in the form."""
    closure = rota.closure_with_id(closure_id)
    if request.method != "POST":
        return _page(request, edited=closure)
    form = ClosureForm(request.POST, auto_id="closure_%s")
    if form.is_valid():
        try:
            closure = closing.change_closure(
                actor=request.actor, closure_id=closure_id, details=_details(form), now=timezone.now()
            )
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        else:
            return _closed(request, closure)
    return _page(request, form=form, edited=closure, status=422)


def _closed(request: SalonRequest, closure: Closure) -> HttpResponse:
    messages.success(request, _("The closure is saved. What is booked on these days stays booked."))
    if closure.ends_on < request.salon.date_at(timezone.now()):
        return redirect("closures", request.salon.slug)
    return to_what_it_leaves(request, closure.pk)


@requires(Permission.SETTINGS)
@require_POST
def remove(request: SalonRequest, closure_id: UUID) -> HttpResponse:
    """Opens on the days of a closure, and offers to close again."""
    gone = closing.remove_closure(actor=request.actor, closure_id=closure_id, now=timezone.now())
    undo_url = reverse("closures_restore", args=[request.salon.slug, closure_id])
    messages.success(request, _("“%(name)s” is removed.") % {"name": gone.name}, extra_tags=undo_url)
    return redirect("closures", request.salon.slug)


@requires(Permission.SETTINGS)
@require_POST
def restore(request: SalonRequest, closure_id: UUID) -> HttpResponse:
    """Brings a closure back."""
    back = closing.restore_closure(actor=request.actor, closure_id=closure_id, now=timezone.now())
    messages.success(request, _("“%(name)s” is back.") % {"name": back.name})
    return redirect("closures", request.salon.slug)


@requires(Permission.SETTINGS)
@require_POST
def holidays(request: SalonRequest) -> HttpResponse:
    """Which public holidays are kept, and whether the salon is closed on them."""
    form = _holidays_form(request, request.POST)
    if form.is_valid():
        kept = closing.Holidays(form.cleaned_data["region"], form.cleaned_data["closed"])
        try:
            closing.set_holidays(actor=request.actor, salon=request.salon, holidays=kept, now=timezone.now())
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        else:
            messages.success(request, _("The public holidays are saved."))
            return to_what_it_leaves(request, request.salon.pk)
    return _page(request, holidays_form=form, status=422)


@requires(Permission.SETTINGS)
@require_POST
def open_holiday(request: SalonRequest) -> HttpResponse:
    """Opens all the same on one holiday, or closes on it again."""
    day = _day_asked(request)
    said = {"day": date_format(day, "SHORT_DATE_FORMAT")}
    if request.POST.get("open") == "yes":
        name = closing.open_on(actor=request.actor, salon=request.salon, day=day, now=timezone.now())
        messages.success(request, _("Open on %(day)s (%(name)s).") % {**said, "name": name})
    else:
        name = closing.keep_closed_on(actor=request.actor, salon=request.salon, day=day, now=timezone.now())
        messages.success(request, _("Closed on %(day)s (%(name)s).") % {**said, "name": name})
    return to_what_it_leaves(request, request.salon.pk)


def _day_asked(request: SalonRequest) -> date:
    try:
        return datetime.strptime(request.POST.get("day", ""), "%Y-%m-%d").date()  # noqa: DTZ007 - a day, no instant
    except ValueError as error:
        raise DomainError(_("Enter a day.")) from error


urlpatterns = [
    path("closures/", closures, name="closures"),
    path("closures/holidays/", holidays, name="holidays"),
    path("closures/holidays/open/", open_holiday, name="holidays_open"),
    path("closures/<uuid:closure_id>/", edit, name="closures_edit"),
    path("closures/<uuid:closure_id>/remove/", remove, name="closures_remove"),
    path("closures/<uuid:closure_id>/restore/", restore, name="closures_restore"),
]
