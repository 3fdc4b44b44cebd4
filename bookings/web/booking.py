"""Booking: the form of a new appointment, in the calendar's drawer or as a page of its own (ui.md §2.2)."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.http import trigger_client_event

from bookings.bounds import Bounds
from bookings.callers import Caller, caller
from bookings.conflicts import AlreadyBooked, SlotTaken
from bookings.mails import Telling
from bookings.new_cards import verdict_while_booking
from bookings.placing import Shop
from bookings.rewarding import book_with_rewards
from bookings.rules import booking_rules
from bookings.states import Source
from bookings.waiting import book_waiting
from bookings.web.appointment import Answer, show_appointment
from bookings.web.booking_form import BookingForm
from bookings.web.draft import Draft, Line, Who, draft_in, first_draft, uuid_in
from bookings.web.drawer import CONTENT, calendar_url, drawn, in_calendar, on_day, shows
from bookings.web.foreseen import Fit, Read, fit_of, items_of, read_for
from bookings.web.new_client import NewClient, doubts_about, entered_client, make_client
from bookings.web.offer import Conflict, conflict_of, names_of_team, offer, proposals, warnings_of, wishes_of
from bookings.web.person import Person, person_of
from bookings.web.repeating import repeated
from bookings.web.search import client_hits, service_hits
from bookings.web.treats import chosen, note_had, treats_of_draft
from bookings.web.wording import day_text, local, moment_in, when_text
from clients.cards import MergedAway
from clients.models import Client
from salon.catalogue.models import Service
from salon.catalogue.reading import working_staff
from salon.errors import DomainError, NotFound
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands on the form: the draft, its client's card, the fields of one that is to be made."""

    draft: Draft
    caller: Caller | None = None
    new: NewClient | None = None

    @property
    def client(self) -> Client | None:
        """The card."""
        return self.caller.client if self.caller else None


@requires(Permission.BOOKINGS_WRITE)
def booking_new(request: SalonRequest) -> HttpResponse:
    """A new appointment: one form, whose buttons change what is entered until one of them books it."""
    now = timezone.now()
    if request.method != "POST":
        return _form(request, _with_card(_asked_for(request, now)), now)
    act = request.POST.get("act", "")
    entry = _entered(request, act)
    if act == "book":
        return _book(request, entry, act, now)
    if act.startswith("set:"):
        entry = replace(entry, draft=_taken(entry.draft, act.removeprefix("set:"), request))
    if act.startswith("had:"):
        note_had(request, entry.draft.client_id, uuid_in(act.removeprefix("had:")), now)
    return _form(request, entry, now, act=act)


def _asked_for(request: SalonRequest, now: datetime) -> Draft:
    draft = first_draft(request.GET, today=local(now, request.salon))
    like = uuid_in(request.GET.get("like"))
    return repeated(draft, like, weeks=request.GET.get("weeks", ""), salon=request.salon) if like else draft


def _entered(request: SalonRequest, act: str) -> Entry:
    draft = draft_in(request.POST).after(act)
    if draft.who is Who.NEW_CARD:
        new = entered_client(request)
        if not (act == "book" or act.startswith("create-client")):
            return Entry(draft, new=new)
        made = make_client(request, new, anyway=act == "create-client:anyway")
        if isinstance(made, NewClient):
            return Entry(draft, new=made)
        return Entry(draft.of_card(made.pk, is_new=True), Caller(made))
    return _with_card(draft)


def _with_card(draft: Draft) -> Entry:
    """Return a draft with its client's card; one that is gone by now is no longer chosen."""
    if draft.client_id is None:
        return Entry(draft)
    try:
        return Entry(draft, caller(draft.client_id))
    except MergedAway as merged:
        return _with_card(replace(draft, client_id=merged.survivor_id, card_is_new=False))
    except NotFound:
        return Entry(replace(draft, who=Who.NOBODY_YET, client_id=None, card_is_new=False))


def _somebody_able(draft: Draft, client: Client | None, shop: Shop) -> Draft:
    """Give the last service to who is likely meant and can do it: of the column, of the line before, the preferred."""
    if not draft.lines or draft.lines[-1].staff_id:
        return draft
    *before, last = draft.lines
    able = shop.services[last.service_id].performers
    preferred = client.preferred_staff_id if client else None
    likely = [draft.column, *(line.staff_id for line in reversed(before)), preferred]
    staff_id = next((one for one in likely if one in able), None)
    return replace(draft, lines=(*before, replace(last, staff_id=staff_id)))


def _book(request: SalonRequest, entry: Entry, act: str, now: datetime) -> HttpResponse:
    draft = entry.draft
    form = BookingForm(draft)
    starts_at = form.moment(request.salon) if form.is_valid() else None
    form.complain()
    if form.errors or starts_at is None or entry.new:
        return _form(request, entry, now, form=form, act=act)
    given: dict[str, Any] = {
        "actor": request.actor,
        "salon": request.salon,
        "starts_at": starts_at,
        "items": items_of(draft),
        "client_id": draft.client_id,
        "card_is_new": draft.card_is_new,
        "now": now,
        "note": draft.note,
        "appointment_id": draft.appointment_id,
        "telling": draft.telling,
        "rewards": draft.rewards,
    }
    try:
        if draft.waiting:
            booked = book_waiting(entry_id=draft.waiting, **given)
        else:
            booked = book_with_rewards(source=Source.STAFF, bounds=Bounds.DESK, **given)
    except AlreadyBooked:
        return show_appointment(request, draft.appointment_id, Answer(changed=True))
    except SlotTaken as refusal:
        conflict = conflict_of(refusal, salon=request.salon, today=request.salon.date_at(now))
        return _form(request, entry, now, form=form, conflict=conflict, act=act)
    except DomainError as refusal:
        form.add_error(None, str(refusal.message))
        return _form(request, entry, now, form=form, act=act)
    appointment = booked.appointment
    told = _("Booked: %(when)s.") % {"when": when_text(appointment.starts_at, appointment.ends_at, request.salon)}
    warnings = [*_doubts(request, entry, now), *warnings_of(booked, working_staff())]
    return show_appointment(request, appointment.pk, Answer(toast=told, changed=True, warnings=warnings))


def _taken(draft: Draft, value: str, request: SalonRequest) -> Draft:
    """Return the draft at a proposed time, with everybody's part in it."""
    text, _bar, ids = value.partition("|")
    starts_at = moment_in(text)
    if starts_at is None:
        return draft
    staff = [one for one in map(uuid_in, ids.split(",")) if one]
    there = local(starts_at, request.salon)
    return replace(draft.with_staff(staff), day=there.date().isoformat(), at=f"{there:%H:%M}")


def _offered(entry: Entry, read: Read, act: str) -> Entry:
    """Return what stands on the form without what is not offered any more, by people who are still there."""
    draft, shop = entry.draft, read.shop
    lines = tuple(
        line if line.staff_id in shop.team else Line(line.service_id)
        for line in draft.lines
        if line.service_id in shop.services
    )
    rewards = tuple(one.pk for one in read.rewards.chosen) if lines else ()
    # What was chosen last and is gone is nobody's.
    added = act.startswith("add:") and lines and lines[-1].service_id == draft.lines[-1].service_id
    offered = replace(draft, lines=lines, rewards=rewards)
    return replace(entry, draft=_somebody_able(offered, entry.client, shop) if added else offered)


def _form(
    request: SalonRequest,
    entry: Entry,
    now: datetime,
    *,
    form: BookingForm | None = None,
    conflict: Conflict | None = None,
    act: str = "",
) -> HttpResponse:
    refused = form is not None
    form = form or BookingForm(entry.draft)
    starts_at = form.moment(request.salon) if form.is_valid() and entry.draft.at and entry.draft.day else None
    today = request.salon.date_at(now)
    day = form.cleaned_data.get("day") or today
    read = read_for(request, entry.draft, entry.caller, day=day, starts_at=starts_at, today=today)
    entry = _offered(entry, read, act)
    draft, outlook = entry.draft, read.outlook
    rewards = read.rewards.chosen if draft.lines else []
    fit = Fit(conflict=conflict) if conflict else fit_of(request, draft, entry.client, starts_at, read, now=now)
    treats = [one.service for one in rewards if one.service]
    discounts = entry.caller.discounts if entry.caller else ()
    context = {
        "form": form,
        "draft": draft,
        "person": _person(request, entry, now),
        "new": entry.new,
        "doubts": _doubts(request, entry, now),
        "place": _place(draft, form.cleaned_data.get("day") if form.is_valid() else None),
        "offer": offer(
            draft, read.shop, salon=request.salon, foreseen=fit.foreseen, treats=treats, discounts=discounts
        ),
        "rewards": chosen(rewards, fit.foreseen.items[len(draft.lines) :] if fit.foreseen else [], request.salon),
        "box": treats_of_draft(request, entry.client, draft, read.rewards, fit.foreseen, outlook) if outlook else None,
        "favourites": _favourites(entry, read.shop),
        "fit": fit,
        "warnings": warnings_of(fit.foreseen, read.shop.team.values()) if fit.foreseen else [],
        "asked": conflict is not None,
        "days": proposals(
            wishes_of(draft), salon=request.salon, first=max(day, today), now=now, chosen=starts_at, outlook=outlook
        )
        if _wanting_times(draft, fit, act)
        else [],
        "confirmation": _confirmation(entry, read.shop),
        "booking_url": reverse("booking_new", args=[request.salon.slug]),
        "clients_url": f"{reverse('booking_clients', args=[request.salon.slug])}?new",
        "blocked_url": f"{reverse('absence_new', args=[request.salon.slug])}?{urlencode(_of_the_slot(draft))}",
        "services_url": reverse("booking_services", args=[request.salon.slug]),
        "focus": _focus(entry, act) if not refused else "",
        "makes_clients": Permission.CLIENTS_WRITE in request.actor.permissions,
        **_found_without_script(request, draft),
    }
    address = calendar_url(request, None, new="1", **_address(request)) if in_calendar(request) else None
    response = drawn(
        request,
        "bookings/_booking.html",
        context,
        title=_("New appointment"),
        address=None if request.method == "POST" else address or request.get_full_path(),
        status=422 if refused else 200,
    )
    there = _elsewhere(request, draft, starts_at) if act.startswith(("start:", "set:")) else None
    return trigger_client_event(response, "calendar-goes", {"to": there}, after="settle") if there else response


def _elsewhere(request: SalonRequest, draft: Draft, starts_at: datetime | None) -> str | None:
    """Return where the calendar goes along to a time that was chosen: on another day the draft would not be seen."""
    # What was brought along to another day stays there.
    if starts_at is None or not in_calendar(request) or request.htmx.target != CONTENT:
        return None
    day = local(starts_at, request.salon).date()
    return None if shows(request, day) else on_day(request, day, new="1", at=draft.at)


def _person(request: SalonRequest, entry: Entry, now: datetime) -> Person | None:
    called, salon = entry.caller, request.salon
    if called is None:
        return None
    unknown = entry.draft.card_is_new and verdict_while_booking(called.client, salon=salon, now=now) is not None
    return person_of(request, called.client, salon.date_at(now), alerts=called.alerts, unknown=unknown)


def _doubts(request: SalonRequest, entry: Entry, now: datetime) -> list[str]:
    """Return what is odd about a card that was made here: whoever is on the phone can still say so."""
    if entry.client is None or not entry.draft.card_is_new:
        return []
    return doubts_about(entry.client, request.salon, request.salon.date_at(now))


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The box that lets the client be told: ticked by the salon's rules or by hand, if there is an address at all."""

    ticked: bool
    possible: bool


def _confirmation(entry: Entry, shop: Shop) -> Confirmation | None:
    """Return the box for whoever has a card, or is about to get one; the shop knows the rules, if it has anything."""
    if not (entry.client or entry.new):
        return None
    if entry.client and not entry.client.email:
        return Confirmation(ticked=False, possible=False)
    telling = entry.draft.telling
    rules = shop.rules if shop.services or telling is not Telling.BY_RULES else booking_rules()
    ticked = rules.confirm if telling is Telling.BY_RULES else telling is Telling.SEND
    return Confirmation(ticked=ticked, possible=True)


def _address(request: SalonRequest) -> dict[str, str]:
    return {name: request.GET[name] for name in ("at", "staff", "client", "like", "weeks") if request.GET.get(name)}


def _of_the_slot(draft: Draft) -> dict[str, str]:
    """Return the place of the calendar that was clicked, for whoever wants to block it instead."""
    return {"day": draft.day, "at": draft.at, "staff": str(draft.column or "")}


def _place(draft: Draft, day: date | None) -> str:
    """Return the day as people say it, and whose column was clicked until a service tells who does it."""
    said = [day_text(day)] if day else []
    name = names_of_team().get(draft.column) if draft.column and not draft.lines else None
    return " · ".join([*said, _("with %(name)s") % {"name": name}] if name else said)


def _favourites(entry: Entry, shop: Shop) -> list[Service]:
    favourites = entry.caller.favourites if entry.caller else ()
    chosen_already = {line.service_id for line in entry.draft.lines}
    return [shop.services[one].service for one in favourites if one in shop.services and one not in chosen_already]


def _wanting_times(draft: Draft, fit: Fit, act: str) -> bool:
    """Return whether free times are wanted: none is entered yet, it cannot be had, the salon is closed then, or others
    are asked for."""
    if not draft.lines or (fit.conflict and fit.conflict.alternatives):
        return False
    closed = fit.foreseen is not None and any(one.code == "closed" for one in fit.foreseen.warnings)
    return fit.foreseen is None or closed or act == "times"


# Where somebody goes on after a button.
_NEXT = {
    "add": "service",
    "remove": "service",
    "start": "book",
    "set": "book",
    "new-client": "name",
    "no-client": "client",
    "reward": "book",
    "unreward": "service",
}


def _focus(entry: Entry, act: str) -> str:
    pressed = _NEXT.get(act.partition(":")[0], "")
    if entry.new:
        return pressed or "name"
    if entry.draft.who is Who.NOBODY_YET:
        return "client"
    if not entry.draft.lines:
        return "service"
    return pressed


def _found_without_script(request: SalonRequest, draft: Draft) -> dict[str, object]:
    """Return what was searched for by sending the form: with a script it is offered while typing."""
    client_q = request.POST.get("client_q", "").strip()[:100]
    service_q = request.POST.get("service_q", "").strip()[:100]
    found: dict[str, object] = {"client_q": client_q if draft.who is Who.NOBODY_YET else "", "service_q": ""}
    if not request.htmx and draft.who is Who.NOBODY_YET and client_q:
        found["client_hits"] = client_hits(client_q, request.salon)
    if not request.htmx and service_q and not request.POST.get("act"):
        found |= {
            "service_q": service_q,
            "service_hits": service_hits(service_q, request.salon, client_id=draft.client_id),
        }
    return found
