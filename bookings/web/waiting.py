"""The waiting list: who waits, whom a free time suits, and its entries (ui.md §2.1)."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookings.models import WaitingEntry
from bookings.waiting import (
    DAY_MINUTES,
    Longing,
    Waiting,
    add_waiting,
    change_waiting,
    get_waiting,
    lapsed_waiting,
    longing_of,
    remove_waiting,
    restore_waiting,
    waiting_list,
)
from bookings.web.draft import uuid_in
from bookings.web.drawer import drawn
from bookings.web.person import person_of
from bookings.web.search import client_hits
from bookings.web.wording import day_text, day_word, local, span_text
from clients.cards import get_client
from clients.models import Client
from clients.web.shown import shown
from salon.catalogue.reading import all_services, working_staff
from salon.catalogue.web.fields import DayField
from salon.errors import InvalidInput, NotFound
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors
from salon.years import is_known

# So long somebody waits if nothing else is entered.
USUAL = timedelta(days=14)


def _clock(label: str) -> forms.TimeField:
    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": "300"})
    return forms.TimeField(label=label, required=False, widget=widget)


class WaitingForm(forms.Form):
    """What somebody waits for; the services are done in the order in which they stand here."""

    services = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Services"), coerce=UUID, required=False, widget=forms.CheckboxSelectMultiple
    )
    staff = forms.TypedChoiceField(label=gettext_lazy("Staff member"), coerce=UUID, empty_value=None, required=False)
    starts_on = DayField(label=gettext_lazy("From day"))
    ends_on = DayField(label=gettext_lazy("To day"))
    from_time = _clock(cast(str, gettext_lazy("Not before")))
    until_time = _clock(cast(str, gettext_lazy("Done by")))
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": "1"}),
        help_text=gettext_lazy("Seen by the team alone."),
    )

    def __init__(self, data: Any, longing: Longing) -> None:
        super().__init__(data, initial=_initial(longing))
        chosen = {one: place for place, one in enumerate(longing.service_ids)}
        offered = sorted(all_services(), key=lambda one: chosen.get(one.pk, len(chosen)))
        choices = cast(forms.MultipleChoiceField, self.fields["services"])
        choices.choices = [(one.pk, one.name) for one in offered]
        people = cast(forms.ChoiceField, self.fields["staff"])
        people.choices = [("", _("Whoever is free")), *((one.pk, one.name) for one in working_staff())]

    def longing(self) -> Longing:
        """Return what was entered."""
        entered = self.cleaned_data
        until = _minutes(entered["until_time"])
        return Longing(
            service_ids=tuple(entered["services"]),
            starts_on=entered["starts_on"],
            ends_on=entered["ends_on"],
            staff_id=entered["staff"],
            from_minute=_minutes(entered["from_time"]),
            until_minute=until or DAY_MINUTES,
            note=entered["note"],
        )


# As the operation names what the form asks for.
_NAMES = {"from_minute": "from_time", "until_minute": "until_time"}


def _initial(longing: Longing) -> dict[str, object]:
    return {
        "services": list(longing.service_ids),
        "staff": longing.staff_id or "",
        "starts_on": longing.starts_on,
        "ends_on": longing.ends_on,
        "from_time": _time(longing.from_minute),
        "until_time": _time(longing.until_minute),
        "note": longing.note,
    }


def _minutes(entered: time | None) -> int:
    return entered.hour * 60 + entered.minute if entered else 0


def _time(minute: int) -> time | None:
    return time(minute // 60, minute % 60) if 0 < minute < DAY_MINUTES else None


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """One entry as the list shows it; `fits`: the first time that suits, `book_url` leads to its booking."""

    id: UUID
    name: str
    card_url: str
    phone: str
    phone_uri: str
    services: str
    staff: str
    days: str
    hours: str
    note: str
    since: datetime
    by: str
    fits: str
    with_whom: str
    book_url: str
    edit_url: str
    remove_url: str


@requires(Permission.BOOKINGS_READ)
@require_safe
def waiting(request: SalonRequest) -> HttpResponse:
    """Who waits: those whom a time suits first. `day` leaves those who wait for it, and times of that day."""
    now = timezone.now()
    day = asked_day(request)
    names = {one.pk: one.name for one in working_staff()}
    entries = [_shown(request, one, names, now) for one in waiting_list(salon=request.salon, now=now, day=day)]
    lapsed = [] if day else [_shown(request, one, names, now) for one in lapsed_waiting(salon=request.salon, now=now)]
    context = {
        "fitting": [one for one in entries if one.fits],
        "others": [one for one in entries if not one.fits],
        "lapsed": lapsed,
        "day": day,
        "day_text": day_word(day, request.salon.date_at(now)) if day else "",
        "writes": Permission.BOOKINGS_WRITE in request.actor.permissions,
    }
    return render(request, "bookings/waiting.html", context)


def asked_day(request: SalonRequest) -> date | None:
    """Return the day an address names, if it names one."""
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return None
    return day if is_known(day) else None


def _shown(request: SalonRequest, one: Waiting, names: dict[UUID, str], now: datetime) -> ShownEntry:
    entry, salon, today = one.entry, request.salon, request.salon.date_at(now)
    card = shown(entry.client, salon, today)
    args = [salon.slug, entry.pk]
    fits = with_whom = ""
    if one.slot:
        day = local(one.slot.starts_at, salon).date()
        fits = f"{day_word(day, today)}, {span_text(one.slot.starts_at, one.slot.ends_at, salon)}"
        with_whom = ", ".join(dict.fromkeys(names.get(item.staff_id, "") for item in one.slot.items))
    return ShownEntry(
        id=entry.pk,
        name=entry.client.full_name,
        card_url=reverse("client_card", args=[salon.slug, entry.client_id]),
        phone=card.mobile_display or card.landline_display,
        phone_uri=card.mobile_uri or card.landline_uri,
        services=", ".join(service.name for service in one.services),
        staff=entry.staff.name if entry.staff else "",
        days=_days(entry),
        hours=_hours(entry),
        note=entry.note,
        since=entry.created_at,
        by=entry.created_by_name,
        fits=fits,
        with_whom=with_whom,
        book_url=_book_url(request, one),
        edit_url=reverse("waiting_entry", args=args),
        remove_url=reverse("waiting_remove", args=args),
    )


def _days(entry: WaitingEntry) -> str:
    if entry.starts_on == entry.ends_on:
        return day_text(entry.starts_on)
    return f"{day_text(entry.starts_on)} – {day_text(entry.ends_on)}"


def _hours(entry: WaitingEntry) -> str:
    begin, end = (f"{minute // 60:02}:{minute % 60:02}" for minute in (entry.from_minute, entry.until_minute))
    if entry.from_minute and entry.until_minute < DAY_MINUTES:
        return _("%(start)s–%(end)s") % {"start": begin, "end": end}
    if entry.from_minute:
        return _("from %(time)s") % {"time": begin}
    return _("until %(time)s") % {"time": end} if entry.until_minute < DAY_MINUTES else ""


def _book_url(request: SalonRequest, one: Waiting) -> str:
    """Return the form of the appointment she waits for, filled in as far as it is known."""
    asked = [("waiting", str(one.entry.pk)), ("client", str(one.entry.client_id))]
    asked += [("service", str(service.pk)) for service in one.services]
    if one.slot:
        begins = local(one.slot.starts_at, request.salon)
        asked += [("with", str(item.staff_id)) for item in one.slot.items]
        asked += [("day", begins.date().isoformat()), ("at", f"{begins:%H:%M}")]
    else:
        asked += [("with", str(one.entry.staff_id)) for _service in one.services if one.entry.staff_id]
        first = max(one.entry.starts_on, request.salon.date_at(timezone.now()))
        asked += [("day", first.isoformat())]
    return f"{reverse('booking_new', args=[request.salon.slug])}?{urlencode(asked)}"


@requires(Permission.BOOKINGS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def waiting_new(request: SalonRequest) -> HttpResponse:
    """Put somebody on the list; an address may say whom, for what, and for which day."""
    longing = _asked_longing(request)
    if request.method != "POST":
        return _form(request, WaitingForm(None, longing), _client(request.GET.get("client")))
    act = request.POST.get("act", "")
    client = None if act == "no-client" else _client(act.removeprefix("client:"), request.POST.get("client"))
    form = WaitingForm(request.POST, longing)
    if act != "save":
        # Whoever chooses a client is not told yet what else is missing.
        return _form(request, _unjudged(form, longing), client)
    if client is None:
        form.add_error(None, _("Please choose a client."))
    if form.is_valid() and client is not None:
        try:
            add_waiting(
                actor=request.actor,
                salon=request.salon,
                client_id=client.pk,
                longing=form.longing(),
                now=timezone.now(),
            )
        except InvalidInput as refusal:
            _show(form, refusal)
        else:
            messages.success(request, _("%(name)s is on the waiting list.") % {"name": client.full_name})
            return redirect("waiting", request.salon.slug)
    return _form(request, form, client, status=422)


@requires(Permission.BOOKINGS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def waiting_entry(request: SalonRequest, entry_id: UUID) -> HttpResponse:
    """Let somebody wait for something else."""
    entry = get_waiting(entry_id)
    longing = longing_of(entry)
    if request.method != "POST":
        return _form(request, WaitingForm(None, longing), entry.client, entry)
    form = WaitingForm(request.POST, longing)
    if form.is_valid():
        try:
            change_waiting(
                actor=request.actor,
                salon=request.salon,
                entry_id=entry_id,
                longing=form.longing(),
                now=timezone.now(),
            )
        except InvalidInput as refusal:
            _show(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("waiting", request.salon.slug)
    return _form(request, form, entry.client, entry, status=422)


@requires(Permission.BOOKINGS_WRITE)
@require_POST
def waiting_remove(request: SalonRequest, entry_id: UUID) -> HttpResponse:
    """Take somebody off the list, and offer to put her back; the same address does that."""
    now = timezone.now()
    if request.GET.get("act") == "restore":
        restored = restore_waiting(actor=request.actor, entry_id=entry_id, now=now)
        messages.success(request, _("%(name)s is on the waiting list.") % {"name": restored.client.full_name})
    else:
        removed = remove_waiting(actor=request.actor, entry_id=entry_id, now=now)
        told = _("%(name)s is off the waiting list.") % {"name": removed.client.full_name}
        undo = reverse("waiting_remove", args=[request.salon.slug, entry_id])
        messages.success(request, told, extra_tags=f"{undo}?act=restore")
    return redirect("waiting", request.salon.slug)


def _show(form: WaitingForm, refusal: InvalidInput) -> None:
    show_errors(form, [replace(error, field=_NAMES.get(error.field, error.field)) for error in refusal.errors])


def _unjudged(form: WaitingForm, longing: Longing) -> WaitingForm:
    entered = {name: form[name].value() for name in form.fields}
    fresh = WaitingForm(None, longing)
    fresh.initial = {**fresh.initial, **entered}
    return fresh


def _asked_longing(request: SalonRequest) -> Longing:
    today = request.salon.date_at(timezone.now())
    first = max(asked_day(request) or today, today)
    services = [one for one in map(uuid_in, request.GET.getlist("service")) if one]
    people = {one for one in map(uuid_in, request.GET.getlist("staff")) if one}
    return Longing(
        service_ids=tuple(dict.fromkeys(services)),
        starts_on=first,
        ends_on=first + USUAL,
        staff_id=people.pop() if len(people) == 1 else None,
    )


def _client(*given: str | None) -> Client | None:
    found = next((one for one in map(uuid_in, given) if one), None)
    try:
        return get_client(found) if found else None
    except NotFound:
        return None


def _form(
    request: SalonRequest,
    form: WaitingForm,
    client: Client | None,
    entry: WaitingEntry | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    slug = request.salon.slug
    typed = request.POST.get("client_q", "").strip()[:100]
    context = {
        "form": form,
        "form_url": reverse("waiting_entry", args=[slug, entry.pk]) if entry else request.get_full_path(),
        "person": person_of(request, client, request.salon.date_at(timezone.now())) if client else None,
        "entry": entry,
        "clients_url": reverse("booking_clients", args=[slug]),
        "client_q": typed,
        "client_hits": client_hits(typed, request.salon) if typed and client is None and not request.htmx else [],
        "focus": "" if client else "client",
    }
    title = _("Change the waiting list entry") if entry else _("To the waiting list")
    return drawn(request, "bookings/_waiting_form.html", context, title=title, status=status)
