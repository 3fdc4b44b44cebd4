"""Cards as templates show them: phones as people write them, days in German writing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.urls import reverse
from django.utils import dateformat
from django.utils.formats import get_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.details import YES, Gender
from clients.models import Client, CreatedVia
from salon.phone import display_phone
from salon.tenancy.models import Salon

YES_FIELDS = frozenset({"blocked", "matrix_exempt"})


@dataclass(frozen=True, slots=True)
class Row:
    """One client as lists show it: fifty a page, so only what they show, as text."""

    number: str
    full_name: str
    mobile_display: str
    email: str
    city: str
    listed_on: str
    has_no_contact: bool
    card_url: str


def rows(clients: Iterable[Client], salon: Salon) -> list[Row]:
    """Return cards as rows of a list, in the same order."""
    section = reverse("clients:list", args=[salon.slug])
    day_format = get_format("SHORT_DATE_FORMAT")
    return [
        Row(
            number=str(client.number),
            full_name=client.full_name,
            mobile_display=display_phone(client.mobile or client.landline, salon.country),
            email=client.email,
            city=client.city,
            listed_on=dateformat.format(client.listed_on, day_format),
            has_no_contact=not (client.email or client.mobile or client.landline),
            card_url=f"{section}{client.pk}/",
        )
        for client in clients
    ]


@dataclass(frozen=True, slots=True)
class ShownClient:
    """One client as the card shows it."""

    id: UUID
    number: int
    full_name: str
    gender_label: Promise | str
    birthday_display: str
    age: int | None
    age_text: str
    mobile_display: str
    mobile_uri: str
    landline_display: str
    landline_uri: str
    email: str
    street: str
    postal_code: str
    city: str
    listed_on: date
    created_via_label: Promise | str
    has_no_contact: bool


def shown(client: Client, salon: Salon, today: date) -> ShownClient:
    """Return a card in the words and writings of its salon."""
    age = _age(client, today)
    return ShownClient(
        id=client.pk,
        number=client.number,
        full_name=client.full_name,
        gender_label=Gender(client.gender).label if client.gender else "",
        birthday_display=birthday_text(client),
        age=age,
        age_text=ngettext("%(age)d year", "%(age)d years", age) % {"age": age} if age is not None else "",
        mobile_display=display_phone(client.mobile, salon.country),
        mobile_uri=f"tel:{client.mobile}" if client.mobile else "",
        landline_display=display_phone(client.landline, salon.country),
        landline_uri=f"tel:{client.landline}" if client.landline else "",
        email=client.email,
        street=client.street,
        postal_code=client.postal_code,
        city=client.city,
        listed_on=client.listed_on,
        created_via_label=CreatedVia(client.created_via).label,
        has_no_contact=not (client.email or client.mobile or client.landline),
    )


def birthday_text(client: Client) -> str:
    """Return the birthday as `21.11.1990` or `21.11.`, or nothing."""
    if client.birth_day is None or client.birth_month is None:
        return ""
    return f"{client.birth_day:02}.{client.birth_month:02}.{client.birth_year or ''}"


def _age(client: Client, today: date) -> int | None:
    if client.birth_year is None or client.birth_month is None or client.birth_day is None:
        return None
    return today.year - client.birth_year - ((today.month, today.day) < (client.birth_month, client.birth_day))


def worded(field: str, value: str | None, country: str) -> str:
    """Return a value of the card, as it is kept, in the words and writings of the screen."""
    if field in {"mobile", "landline"} and value and value.startswith("+"):
        return display_phone(value, country)
    if field == "gender" and value in Gender.values:
        return str(Gender(value).label)
    if field == "birthday" and value and "." not in value:
        year, month, day = value.replace("--", "-").rsplit("-", 2)
        return f"{day}.{month}.{year}"
    if field in YES_FIELDS:
        return _("yes") if value == YES else _("no")
    return value or ""
