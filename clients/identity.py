"""Which card is this: whether what a booking says of a person names the person of a card (domain.md §4.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from clients.classification import Reason
from clients.naming import without_title
from salon.folding import fold


class IdentityPolicy(TextChoices):
    """How sure an online booking must be about whose card it is."""

    STRICT = "STRICT", _("strict")
    LENIENT = "LENIENT", _("lenient")


@dataclass(frozen=True, slots=True)
class Person:
    """Who a booking says it is for; the phone in E.164, empty what it does not say."""

    first_name: str
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What of a card is compared, and what decides between several: phones in E.164, empty what is not on it."""

    client_id: UUID
    number: int
    listed_on: date
    first_name: str
    email: str = ""
    mobile: str = ""
    landline: str = ""
    last_success_on: date | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """The card that is the person's, or None and why: the nearest miss."""

    client_id: UUID | None
    reason: Reason | None


class _Compared(Enum):
    """How one thing of the person and of the card compare."""

    EQUAL = "equal"
    DIFFERENT = "different"
    MISSING = "missing on either side"


@dataclass(frozen=True, slots=True)
class _Likeness:
    """How a person and a card compare, thing by thing."""

    email: _Compared
    phone: _Compared
    first_name: _Compared

    def phone_and_name_are(self, compared: _Compared) -> bool:
        return self.phone is compared and self.first_name is compared


def miss(person: Person, card: Candidate, policy: IdentityPolicy) -> Reason | None:
    """Return why the person is not the one of the card, None if it is (the tables of domain.md §4.1, row by row)."""
    like = _likeness(person, card)
    same_phone_and_name = like.phone_and_name_are(_Compared.EQUAL)
    if policy == IdentityPolicy.LENIENT:
        return None if like.email is _Compared.EQUAL or same_phone_and_name else Reason.NOT_LISTED
    match like.email:
        case _Compared.EQUAL:
            return Reason.NAME_AND_PHONE_DIFFER if like.phone_and_name_are(_Compared.DIFFERENT) else None
        case _Compared.DIFFERENT:
            return Reason.EMAIL_DIFFERS
        case _Compared.MISSING:
            return None if same_phone_and_name else Reason.NOT_LISTED


def identify(person: Person, cards: Sequence[Candidate], policy: IdentityPolicy) -> Identity:
    """Return the card that is this person's: of several the one with the latest successful visit, then the oldest.

    Without one, the reason names the nearest miss: a card with the same phone and first name under another e-mail,
    then one that shares only the e-mail.
    """
    misses = [(card, miss(person, card, policy)) for card in cards]
    matching = [card for card, reason in misses if reason is None]
    if matching:
        return Identity(min(matching, key=preference).client_id, None)
    other_emails = [_likeness(person, card) for card, reason in misses if reason == Reason.EMAIL_DIFFERS]
    if any(like.phone_and_name_are(_Compared.EQUAL) for like in other_emails):
        return Identity(None, Reason.EMAIL_DIFFERS)
    if any(reason == Reason.NAME_AND_PHONE_DIFFER for _card, reason in misses):
        return Identity(None, Reason.NAME_AND_PHONE_DIFFER)
    return Identity(None, Reason.NOT_LISTED)


def preference(card: Candidate) -> tuple[int, date, int]:
    """Return what sorts cards of one person: the latest successful visit first, then the oldest card."""
    latest = card.last_success_on.toordinal() if card.last_success_on else 0
    return -latest, card.listed_on, card.number


def _likeness(person: Person, card: Candidate) -> _Likeness:
    return _Likeness(
        email=_compare(_address(person.email), _address(card.email)),
        phone=_compare(person.phone, card.mobile, card.landline),
        first_name=_compare(fold(without_title(person.first_name)), fold(without_title(card.first_name))),
    )


def _address(text: str) -> str:
    """Return an address in the form in which equal ones are equal."""
    return text.strip().casefold()


def _compare(mine: str, *theirs: str) -> _Compared:
    if not mine or not any(theirs):
        return _Compared.MISSING
    return _Compared.EQUAL if mine in theirs else _Compared.DIFFERENT
