"""What a salon says of itself: its name, where it is and how it is reached (ui.md §2.9)."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from salon.audit.recording import Change, record
from salon.errors import FieldError, InvalidInput, VersionConflict
from salon.folding import tidy
from salon.identity.roles import Actor, Permission
from salon.phone import InvalidPhone, parse_phone
from salon.tenancy import directory
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Country, Salon

LONGEST = {"name": 120, "street": 120, "postal_code": 12, "city": 80, "phone": 40, "website": 200}
_POSTAL_DIGITS = {Country.DE: 5, Country.AT: 4, Country.CH: 4}
# What people write before the digits, as on letters from abroad.
_COUNTRY_SIGN = re.compile(r"[A-Za-z]{1,3}\s?-\s?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_is_website = URLValidator(schemes=["http", "https"])


@dataclass(frozen=True, slots=True, kw_only=True)
class SalonDetails:
    """What can be changed of a salon, as `Salon` has it; a phone also as people write it."""

    name: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    phone: str = ""
    website: str = ""


def details_of(salon: Salon) -> SalonDetails:
    """Return what a salon says of itself now."""
    return SalonDetails(**{field.name: getattr(salon, field.name) for field in fields(SalonDetails)})


def change_salon(*, actor: Actor, details: SalonDetails, now: datetime, version: int | None = None) -> Salon:
    """Let the open salon say this of itself from now on, and return it.

    `version` is the one that was read: another one by now refuses the change. What changes nothing makes no version.
    Raises: NotAllowed, InvalidInput, VersionConflict.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        salon = directory.lock_salon(current_salon_id())
        details = _accepted(details, salon.country)
        if version is not None and version != salon.version:
            raise VersionConflict
        before, after = asdict(details_of(salon)), asdict(details)
        changed = {name: value for name, value in after.items() if value != before[name]}
        if changed:
            salon = directory.put_details(salon, changed)
            record(
                actor=actor,
                action="salon.changed",
                subject_kind="salon",
                subject_id=salon.pk,
                changes=[Change(name, before[name] or None, value or None) for name, value in changed.items()],
                now=now,
            )
    return salon


def _accepted(details: SalonDetails, country: str) -> SalonDetails:
    """Return details in the form they are kept."""
    given = SalonDetails(**{name: tidy(text) for name, text in asdict(details).items()})
    given = replace(given, postal_code=_COUNTRY_SIGN.sub("", given.postal_code), website=_whole(given.website))
    if errors := list(_errors(given, country)):
        raise InvalidInput(errors)
    return replace(given, phone=parse_phone(given.phone, country).e164) if given.phone else given


def _whole(website: str) -> str:
    return website if not website or _SCHEME.match(website) else f"https://{website}"


def _errors(details: SalonDetails, country: str) -> Iterator[FieldError]:
    if not details.name:
        yield FieldError("name", "required", _("Enter the name of your salon."))
    for name, text in asdict(details).items():
        if len(text) > LONGEST[name]:
            message = _("At most %(longest)d characters fit here.") % {"longest": LONGEST[name]}
            yield FieldError(name, "max_length", message)
        elif not text.isprintable():
            yield FieldError(name, "invalid", _("This contains a character that cannot be stored."))
        elif text and name == "postal_code":
            yield from _wrong_postal_code(text, country)
        elif text and name == "phone":
            yield from _wrong_phone(text, country)
        elif text and name == "website":
            yield from _wrong_website(text)


def _wrong_postal_code(text: str, country: str) -> Iterator[FieldError]:
    digits = _POSTAL_DIGITS[Country(country)]
    if not re.fullmatch(rf"[0-9]{{{digits}}}", text):
        message = _("Enter %(digits)d digits.") % {"digits": digits}
        yield FieldError("postal_code", "invalid", message)


def _wrong_phone(text: str, country: str) -> Iterator[FieldError]:
    try:
        parse_phone(text, country)
    except InvalidPhone:
        yield FieldError("phone", "invalid", _("This cannot be a phone number."))


def _wrong_website(text: str) -> Iterator[FieldError]:
    try:
        _is_website(text)
    except ValidationError:
        yield FieldError("website", "invalid", _("Enter an address such as www.salon.example."))
