"""The master data of a card: what is accepted and in which form it is kept (domain.md §2)."""

import re
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TypedDict, Unpack
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from salon.errors import FieldError, InvalidInput, Text
from salon.folding import order_key, tidy
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
        return f"{self.year or '-'}-{self.month:02}-{self.day:02}".replace("---", "--")


class InvalidBirthday(Exception):
    """Not in a known writing."""


class NoSuchDay(InvalidBirthday):
    """Written well, but not a day of the calendar."""


_ISO = re.compile(r"(?:(\d{4})|-)-(\d{1,2})-(\d{1,2})")
_GERMAN = re.compile(r"(\d{1,2})[./]\s*(\d{1,2})(?:[./]\s*(\d{4}|\d{2})?)?")


def parse_birthday(text: str, *, today: date | None = None) -> Birthday:
    """Read `21.11.1990`, `21.11.`, `1990-11-21` or `--11-21`.

    With `today` also `21.11.90`: the latest such day that does not lie in the future.
    Raises: InvalidBirthday.
    """
    text = text.strip()
    if match := _ISO.fullmatch(text):
        year, month, day = match.groups()
    elif match := _GERMAN.fullmatch(text):
        day, month, year = match.groups()
    else:
        raise InvalidBirthday(text)
    if year and len(year) == 2:
        if today is None:
            raise InvalidBirthday(text)
        year = _whole_year(int(year), (int(month), int(day)), today)
    try:
        # A leap year stands in for the year nobody told.
        date(int(year or 2000), int(month), int(day))
    except ValueError as error:
        raise NoSuchDay(text) from error
    return Birthday(int(day), int(month), int(year) if year else None)


def _whole_year(digits: int, birthday: tuple[int, int], today: date) -> int:
    year = today.year // 100 * 100 + digits
    return year if (year, *birthday) <= (today.year, today.month, today.day) else year - 100


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
    preferred_staff: str
    referred_by: str
    blocked: str
    blocked_reason: str
    matrix_exempt: str


@dataclass(frozen=True, slots=True)
class ClientDetails:
    """Master data as text: normalised once it went through `accept`.

    `preferred_staff` is the id of a staff member, `referred_by` that of a card; `blocked` and `matrix_exempt` are YES
    or nothing.
    """

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
    preferred_staff: str = ""
    referred_by: str = ""
    blocked: str = ""
    blocked_reason: str = ""
    matrix_exempt: str = ""

    def with_changes(self, **changes: Unpack[ChangedDetails]) -> "ClientDetails":
        """Return these details with some fields replaced."""
        return replace(self, **changes)

    @property
    def sort_key(self) -> str:
        """Last and first name in the form that sorts as German lists do."""
        return order_key(f"{self.last_name} {self.first_name}")[:200]


_FIELDS = fields(ClientDetails)


@dataclass(frozen=True, slots=True)
class Accepted:
    """Details in the form they are kept, and what is odd about them without being refused."""

    details: ClientDetails
    warnings: list[FieldError]


YES = "yes"
OLDEST = 120
LONGEST = {
    "first_name": 80,
    "last_name": 80,
    "email": 254,
    "street": 120,
    "postal_code": 12,
    "city": 80,
    "blocked_reason": 200,
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
    "preferred_staff": _("Preferred staff member"),
    "referred_by": _("Referred by"),
    "blocked": _("Blocked for online booking"),
    "blocked_reason": _("Reason of the block"),
    "matrix_exempt": _("Matrix switched off"),
}


def accept(given: ClientDetails, *, country: str, today: date, before: ClientDetails | None = None) -> Accepted:
    """Normalise entered details: spaces single, phones E.164 (national for `country`), birthday ISO.

    Fields that equal those of `before` (the card as it is) pass unseen, so old data never block a change.
    Raises: InvalidInput naming every field that is wrong (domain.md §2).
    """
    reading = _Reading(country, today)
    clean: ChangedDetails = {}
    for name in (field.name for field in _FIELDS):
        text = tidy(getattr(given, name))
        if before is None or text != getattr(before, name):
            text = reading.accept(name, text)
        clean[name] = text  # type: ignore[literal-required]
    details = ClientDetails(**clean)
    if not details.first_name and not details.last_name:
        reading.refuse("first_name", "required", _("Enter a first or a last name."))
    if details.blocked and not details.blocked_reason:
        reading.refuse("blocked_reason", "required", _("Say why this client is blocked."))
    if details.blocked_reason and not details.blocked:
        if before is None or details.blocked_reason != before.blocked_reason:
            reading.refuse("blocked_reason", "not_blocked", _("Only a client who is blocked has a reason for it."))
        details = details.with_changes(blocked_reason="")
    if reading.errors:
        raise InvalidInput(reading.errors)
    return Accepted(details, reading.warnings)


def normalised(given: ClientDetails, *, country: str, today: date) -> ClientDetails:
    """Return details in the form they are kept wherever they have one, refusing nothing."""
    reading = _Reading(country, today)
    kept = {field.name: reading.accept(field.name, tidy(getattr(given, field.name))) for field in _FIELDS}
    return ClientDetails(**kept)


class _Reading:
    """One card being read: what was refused so far, and what is odd."""

    def __init__(self, country: str, today: date) -> None:
        self.country = country
        self.today = today
        self.errors: list[FieldError] = []
        self.warnings: list[FieldError] = []
        self.special = {
            "email": self._email,
            "gender": self._gender,
            "birthday": self._birthday,
            "mobile": self._phone,
            "landline": self._phone,
            "preferred_staff": self._staff,
            "referred_by": self._card,
            "blocked": self._yes,
            "matrix_exempt": self._yes,
        }

    def refuse(self, field: str, code: str, message: Text) -> None:
        self.errors.append(FieldError(field, code, message))

    def accept(self, name: str, text: str) -> str:
        longest = LONGEST.get(name)
        if longest and len(text) > longest:
            self.refuse(name, "max_length", _("At most %(longest)d characters fit here.") % {"longest": longest})
        elif "\x00" in text:
            self.refuse(name, "invalid", _("This contains a character that cannot be stored."))
        elif text and name in self.special:
            return self.special[name](name, text)
        return text

    def _email(self, name: str, text: str) -> str:
        try:
            validate_email(text)
        except ValidationError:
            self.refuse(name, "invalid", _("This is not an e-mail address."))
        return text

    def _gender(self, name: str, text: str) -> str:
        if text not in Gender.values:
            self.refuse(name, "invalid_choice", _("Choose one of the values offered."))
        return text

    def _yes(self, name: str, text: str) -> str:
        if text != YES:
            self.refuse(name, "invalid_choice", _("Choose one of the values offered."))
        return text

    def _card(self, name: str, text: str) -> str:
        return self._id(name, text, _("There is no such client."))

    def _staff(self, name: str, text: str) -> str:
        return self._id(name, text, _("There is no such staff member."))

    def _id(self, name: str, text: str, message: Text) -> str:
        try:
            return str(UUID(text))
        except ValueError:
            self.refuse(name, "not_found", message)
            return text

    def _phone(self, name: str, text: str) -> str:
        try:
            phone = parse_phone(text, self.country)
        except InvalidPhone:
            self.refuse(name, "invalid", _("This cannot be a phone number."))
            return text
        if not phone.valid:
            warning = _("No such phone number is known; is it right?")
            self.warnings.append(FieldError(name, "unknown", warning))
        return phone.e164

    def _birthday(self, name: str, text: str) -> str:
        try:
            birthday = parse_birthday(text, today=self.today)
        except NoSuchDay:
            self.refuse(name, "no_such_day", _("There is no such day."))
            return text
        except InvalidBirthday:
            self.refuse(name, "invalid", _("Enter a day such as 21.11.1990, or 21.11. without a year."))
            return text
        if birthday.year is not None and date(birthday.year, birthday.month, birthday.day) > self.today:
            self.refuse(name, "future", _("This day lies in the future."))
        elif birthday.year is not None and birthday.year < self.today.year - OLDEST:
            self.refuse(name, "past", _("Nobody is that old."))
        return birthday.iso
