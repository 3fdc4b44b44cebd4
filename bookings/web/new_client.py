"""A new client's card, made while booking or at the till (ui.md §2.2): name and contact are asked, duplicates told."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django import forms
from django.utils import timezone

from clients.cards import get_client
from clients.details import LABELS, ClientDetails, accept
from clients.editing import AlreadyMade, Duplicates, PossibleDuplicate, create_client
from clients.models import Client, CreatedVia
from clients.naming import typed_name_in
from clients.web.forms import ClientForm
from clients.web.shown import rows
from salon.errors import InvalidInput
from salon.phone import display_phone
from salon.tenancy.models import Salon, new_id
from salon.web.access import SalonRequest
from salon.web.forms import show_errors

NAMES = ("first_name", "last_name", "gender", "mobile", "email")


class _Form(ClientForm):
    """What is asked while booking; the gender is only taken from the salutation that was typed."""

    gender = forms.CharField(required=False, widget=forms.HiddenInput)


@dataclass(frozen=True, slots=True)
class Twin:
    """A card with the same phone or e-mail, to be chosen instead."""

    id: UUID
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class NewClient:
    """The fields of a card to be made, and the cards that it could be."""

    form: ClientForm
    twins: list[Twin]

    @property
    def refused(self) -> bool:
        """Whether no card could be made of what was entered."""
        return bool(self.twins) or (self.form.is_bound and bool(self.form.errors))


def empty_client(typed: str) -> NewClient:
    """Return the fields, filled with what was searched for in vain."""
    typed = typed.strip()[:80]
    words = typed.split()
    mail = [word for word in words if "@" in word]
    names = [word for word in words if word not in mail and any(sign.isalpha() for sign in word)]
    numbers = [word for word in words if word not in mail and word not in names]
    name = typed_name_in(" ".join(names))
    given: dict[str, object] = {
        "card_id": new_id(),
        "first_name": name.first,
        "last_name": name.last,
        "gender": name.gender,
        "mobile": " ".join(numbers),
        "email": "".join(mail[:1]),
    }
    return NewClient(_Form(initial=given, names=NAMES), [])


def entered_client(request: SalonRequest) -> NewClient:
    """Return the fields as they were sent, or empty ones where they were not there yet."""
    if "first_name" not in request.POST:
        return empty_client(request.POST.get("client_q", ""))
    return NewClient(_Form(request.POST, names=NAMES), [])


def make_client(request: SalonRequest, entered: NewClient, *, anyway: bool) -> Client | NewClient:
    """Make the card that was entered; else return the fields with what is wrong, or with the cards it could be."""
    form = entered.form
    if not form.is_bound or not form.is_valid():
        return entered
    card_id = form.cleaned_data["card_id"]
    try:
        saved = create_client(
            actor=request.actor,
            salon=request.salon,
            details=ClientDetails(**form.changes),
            created_via=CreatedVia.STAFF,
            now=timezone.now(),
            duplicates=Duplicates.KEEP if anyway else Duplicates.REFUSE,
            client_id=card_id,
        )
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
    except PossibleDuplicate as refusal:
        shown = zip(refusal.clients, rows(refusal.clients, request.salon), strict=True)
        return NewClient(
            form,
            [
                Twin(client.pk, row.full_name, " · ".join(filter(None, [row.mobile_display, row.email])))
                for client, row in shown
            ],
        )
    except AlreadyMade:
        return get_client(card_id)
    else:
        return saved.client
    return entered


def doubts_about(client: Client, salon: Salon, today: date) -> list[str]:
    """Return what of a card is odd without having been refused."""
    accepted = accept(client.details, country=salon.country, today=today)
    return [f"{LABELS[one.field]}: {one.message}" for one in accepted.warnings]


def contact_of(client: Client, country: str) -> str:
    """Return what tells people of one name apart: number, phone, town."""
    parts = (str(client.number), display_phone(client.mobile or client.landline, country), client.city)
    return " · ".join(part for part in parts if part)
