"""Recipients as lists of them show them, and what they can be narrowed to (domain.md §9.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import TextChoices
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.models import CardState
from marketing.models import Recipient, RecipientReason, RecipientState
from marketing.recipient_list import LONGEST_TYPED, Counts, Effect, Wanted
from marketing.results import Booked
from salon.identity.roles import Permission
from salon.web.access import SalonRequest
from salon.web.amounts import amount_text


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that recipients can be narrowed to, and how many there are."""

    value: str
    label: Promise | str
    count: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment that counts for a mail: `url` opens it in the calendar."""

    url: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient as the list shows her; `thread_url` is where her answer stands, `booked` what she made of it, in
    words, and `appointments` where those are, for whoever may see them."""

    url: str
    name: str
    address: str
    state: str
    state_label: Promise | str
    reason_label: Promise | str
    sent_at: datetime | None
    unsubscribed_at: datetime | None
    answered_at: datetime | None
    thread_url: str
    booked: str
    appointments: list[Appointment]
    mail_url: str


def wanted_in(asked: Mapping[str, str]) -> Wanted:
    """Read an address of the list; what cannot be read counts as not said."""
    return Wanted(
        state=_one_of(RecipientState, asked.get("state", "")),
        reason=_one_of(RecipientReason, asked.get("reason", "")),
        effect=_one_of(Effect, asked.get("effect", "")),
        typed=asked.get("q", "").replace("\x00", "").strip()[:LONGEST_TYPED],
    )


def _one_of[Choice: TextChoices](choices: type[Choice], given: str) -> Choice | None:
    return choices(given) if given in choices else None


def asked_for(wanted: Wanted) -> dict[str, str]:
    """Return what is wanted as an address carries it."""
    said = {"q": wanted.typed, "state": wanted.state, "reason": wanted.reason, "effect": wanted.effect}
    return {name: str(value) for name, value in said.items() if value}


def choices_of(counts: Counts, wanted: Wanted) -> dict[str, object]:
    """Return what the filter above a list offers and what is typed in it, as its template names them."""
    return {
        "typed": wanted.typed,
        "longest": LONGEST_TYPED,
        "states": _options(RecipientState, counts.by_state, wanted.state),
        "reasons": _options(RecipientReason, counts.by_reason, wanted.reason),
        "effects": _options(Effect, counts.by_effect, wanted.effect),
        "filtered": bool(asked_for(wanted)),
    }


def _options(choices: type[TextChoices], counts: Mapping[Any, int], chosen: TextChoices | None) -> list[Option]:
    """Return what there is of some choices; the chosen one stays, were there nobody."""
    return [
        Option(one, one.label, number_format(counts.get(one, 0), force_grouping=True), one is chosen)
        for one in choices
        if counts.get(one) or one is chosen
    ]


def row_of(request: SalonRequest, one: Recipient, booked: Booked | None, *, mail_url: str) -> Row:
    """Return a recipient, whose card is at hand, as a list shows her; `mail_url` is where her mail can be read, if
    anywhere."""
    is_there = one.client.state == CardState.LISTED
    return Row(
        url=reverse("client_card", args=[request.salon.slug, one.client_id]) if is_there else "",
        name=one.client.full_name,
        address=one.address,
        state=one.state,
        state_label=RecipientState(one.state).label,
        reason_label=RecipientReason(one.reason).label,
        sent_at=one.sent_at,
        unsubscribed_at=one.unsubscribed_at,
        answered_at=one.answered_at,
        thread_url=reverse("message_thread", args=[request.salon.slug, one.client_id]) if is_there else "",
        booked=_in_words(booked, request.salon.currency) if booked else "",
        appointments=_appointments(request, booked) if booked else [],
        mail_url=mail_url,
    )


def _in_words(booked: Booked, currency: str) -> str:
    many = len(booked.made)
    words = [ngettext("booked %(count)d appointment", "booked %(count)d appointments", many) % {"count": many}]
    if booked.revenue:
        words.append(amount_text(booked.revenue, currency))
    if booked.due:
        words.append(_("%(amount)s not paid yet") % {"amount": amount_text(booked.due, currency)})
    return " · ".join(words)


def _appointments(request: SalonRequest, booked: Booked) -> list[Appointment]:
    if Permission.BOOKINGS_READ not in request.actor.permissions:
        return []
    slug = request.salon.slug
    return [Appointment(reverse("appointment", args=[slug, one.id]), one.starts_at) for one in booked.made]
