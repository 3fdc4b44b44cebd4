"""The master data of a card: what is accepted and in which form it is kept (domain.md §2)."""

import re
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from salon.errors import FieldError, InvalidInput
from salon.folding import fold
from salon.phone import InvalidPhone, parse_phone


class Gender(TextChoices):
    """Free choice, never required."""

    FEMALE = "FEMALE", _("female")
    MALE = "MALE", _("male")
    DIVERSE = "DIVERSE", _("diverse")


@dataclass(frozen=True, slots=True)
class Birthday:
    """A day and month, with or without the year."""

    day: int
    month: int
    year: int | None

    @property
    def iso(self) -> str:
        """`YYYY-MM-DD`, or `--MM-DD` without a year."""
        return f"{self.year if self.year else '-'}-{self.month:02}-{self.day:02}".replace("---", "--")


class InvalidBirthday(Exception):
    """Not a day of the calendar in a known writing."""


_ISO = re.compile(r"(?:(\d{4})|-)-(\d{1,2})-(\d{1,2})")
_GERMAN = re.compile(r"(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4})?")


def parse_birthday(text: str) -> Birthday:
    """Read `21.11.1990`, `21.11.`, `1990-11-21` or `--11-21`.

    Raises: InvalidBirthday.
    """
    text = text.strip()
    if match := _ISO.fullmatch(text):
        year, month, day = match.groups()
    elif match := _GERMAN.fullmatch(text):
        day, month, year = match.groups()
    else:
        raise InvalidBirthday(text)
    try:
        # A leap year stands in for the year nobody told.
        date(int(year or 2000), int(month), int(day))
    except ValueError as error:
        raise InvalidBirthday(text) from error
    return Birthday(int(day), int(month), int(year) if year else None)


class ChangedDetails(TypedDict, total=False):
    """The fields of a card that somebody entered, as text; what is missing stays as it is."""

    first_name: str
    last_name: str
    gender: str
    birthday: str
    mobile: str
    landline: str
    email: str
    street: str
    postal_code: str
    city: str


@dataclass(frozen=True, slots=True)
class ClientDetails:
    """Master data as text: normalised once it went through `accept`."""

    first_name: str = ""
    last_name: str = ""
    gender: str = ""
    birthday: str = ""
    mobile: str = ""
    landline: str = ""
    email: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""

    def with_changes(self, **changes: Unpack[ChangedDetails]) -> "ClientDetails":
        """Return these details with some fields replaced."""
        return replace(self, **changes)

    @property
    def sort_key(self) -> str:
        """Last and first name folded, for German order."""
        return fold(f"{self.last_name} {self.first_name}")[:200]


@dataclass(frozen=True, slots=True)
class Accepted:
    """Details in the form they are kept, and what is odd about them without being refused."""

    details: ClientDetails
    warnings: list[FieldError]


LONGEST = {
    "first_name": 80,
    "last_name": 80,
    "email": 254,
    "street": 120,
    "postal_code": 12,
    "city": 80,
}
LABELS: dict[str, Promise] = {
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "gender": _("Gender"),
    "birthday": _("Birthday"),
    "mobile": _("Mobile"),
    "landline": _("Landline"),
    "email": _("E-mail"),
    "street": _("Street"),
    "postal_code": _("Postcode"),
    "city": _("Town"),
}


def accept(given: ClientDetails, *, country: str, today: date, before: ClientDetails | None = None) -> Accepted:
    """Normalise entered details: spaces single, phones E.164 (national for `country`), birthday ISO.

    Fields that equal those of `before` (the card as it is) pass unseen, so old data never block a change.
    Raises: InvalidInput naming every field that is wrong (domain.md §2).
    """
    errors: list[FieldError] = []
    warnings: list[FieldError] = []
    clean: ChangedDetails = {}
    for name in (field.name for field in fields(ClientDetails)):
        text = " ".join(getattr(given, name).split())
        if before is None or text != getattr(before, name):
            text = _accept_field(name, text, country, today, errors, warnings)
        clean[name] = text  # type: ignore[literal-required]
    details = ClientDetails(**clean)
    if not details.first_name and not details.last_name:
        errors.append(FieldError("first_name", "required", _("Enter a first or a last name.")))
    if errors:
        raise InvalidInput(errors)
    return Accepted(details, warnings)


def _accept_field(
    name: str, text: str, country: str, today: date, errors: list[FieldError], warnings: list[FieldError]
) -> str:
    longest = LONGEST.get(name)
    if longest and len(text) > longest:
        errors.append(
            FieldError(name, "max_length", _("At most %(longest)d characters fit here.") % {"longest": longest})
        )
        return text
    if "\x00" in text:
        errors.append(FieldError(name, "invalid", _("This contains a character that cannot be stored.")))
        return text
    if not text:
        return ""
    if name == "email":
        try:
            validate_email(text)
        except ValidationError:
            errors.append(FieldError(name, "invalid", _("This is not an e-mail address.")))
    elif name in {"mobile", "landline"}:
        try:
            phone = parse_phone(text, country)
        except InvalidPhone:
            errors.append(FieldError(name, "invalid", _("This cannot be a phone number.")))
            return text
        if not phone.valid:
            warnings.append(FieldError(name, "unknown", _("No such phone number is known; is it right?")))
        return phone.e164
    elif name == "gender" and text not in Gender.values:
        errors.append(FieldError(name, "invalid_choice", _("Choose one of the values offered.")))
    elif name == "birthday":
        return _accept_birthday(text, today, errors)
    return text


def _accept_birthday(text: str, today: date, errors: list[FieldError]) -> str:
    try:
        birthday = parse_birthday(text)
    except InvalidBirthday:
        errors.append(FieldError("birthday", "invalid", _("Enter a day such as 21.11.1990, or 21.11. without a year.")))
        return text
    if birthday.year is not None and date(birthday.year, birthday.month, birthday.day) > today:
        errors.append(FieldError("birthday", "future", _("This day lies in the future.")))
    elif birthday.year is not None and birthday.year < today.year - 120:
        errors.append(FieldError("birthday", "past", _("Nobody is that old.")))
    return birthday.iso
