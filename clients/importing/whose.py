"""Which of several cards a line of a file speaks of: pure (domain.md §10), by the rule of identity (§4.1).

A booking says a first name, an e-mail and a phone. A line says more, and families share addresses and phones. So
whoever has another first name *and* another birthday is somebody else, whatever they share; of several cards that the
rule allows, the one that contradicts the line least is hers, then the one that agrees with it in most, then the one
that a booking would take. And a card of another first name is not hers as long as there is one that looks more like
hers without being surely hers: then a person looks at it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from clients.details import ClientDetails
from clients.identity import Candidate, IdentityPolicy, Person, miss, preference
from salon.folding import fold

_ANY_DAY = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Known:
    """A card as a line is compared with it."""

    client_id: UUID
    details: ClientDetails
    number: int
    listed_on: date
    last_success_on: date | None = None

    @property
    def candidate(self) -> Candidate:
        """The card as the rule of identity compares it."""
        return Candidate(
            client_id=self.client_id,
            number=self.number,
            listed_on=self.listed_on,
            first_name=self.details.first_name,
            email=self.details.email,
            mobile=self.details.mobile,
            landline=self.details.landline,
            last_success_on=self.last_success_on,
        )


@dataclass(frozen=True, slots=True)
class Whose:
    """The card of a line, if there is one, and another that looks like hers without being surely hers."""

    card: UUID | None = None
    alike: UUID | None = None


def contacts_of(details: ClientDetails) -> list[str]:
    """Return e-mail and phones in the form in which cards share them."""
    email = [f"e:{fold(details.email)}"] if details.email else []
    return email + [f"p:{phone}" for phone in dict.fromkeys((details.mobile, details.landline)) if phone]


def whose(line: ClientDetails, cards: Sequence[Known]) -> Whose:
    """Return whose card it is, of those that share a contact or the whole name with a line."""
    contacts = {*contacts_of(line)}
    sharing = [one for one in cards if contacts & {*contacts_of(one.details)}]
    namesakes = [
        one for one in cards if one.details.sort_key == line.sort_key and not birthdays_differ(line, one.details)
    ]
    if not sharing:
        return _by_name(line, namesakes)
    nearest = sorted(sharing, key=lambda one: _distance(line, one))
    own = next((one for one in nearest if _may_be(line, one)), None)
    if own is None:
        return Whose(alike=nearest[0].client_id)
    if first_names_differ(line, own.details):
        nearer = [one for one in nearest if _same_first_name_and_phone(line, one.details)]
        nearer += [one for one in namesakes if line.birthday and one.details.birthday]
        if nearer:
            return Whose(alike=nearer[0].client_id)
    return Whose(own.client_id)


def is_same_person(one: ClientDetails, other: ClientDetails) -> bool:
    """Return whether two lines of a file name one person: without contacts by name."""
    if contacts_of(one) or contacts_of(other):
        return _may_be(one, Known(UUID(int=0), other, 0, _ANY_DAY))
    return one.sort_key == other.sort_key and not birthdays_differ(one, other) and not _addresses_differ(one, other)


def _may_be(line: ClientDetails, card: Known) -> bool:
    if first_names_differ(line, card.details) and birthdays_differ(line, card.details):
        return False
    return any(miss(person, card.candidate, IdentityPolicy.STRICT) is None for person in _persons(line))


def _persons(line: ClientDetails) -> list[Person]:
    phones = [phone for phone in (line.mobile, line.landline) if phone] or [""]
    return [Person(line.first_name or line.last_name, line.email, phone) for phone in phones]


def _distance(line: ClientDetails, card: Known) -> tuple[int, int, tuple[int, date, int]]:
    """Return what sorts cards: how many things differ, how many agree, and what decides between equals."""
    there = card.details
    phones, theirs = {line.mobile, line.landline} - {""}, {there.mobile, there.landline} - {""}
    compared = [
        line.email.casefold() == there.email.casefold() if line.email and there.email else None,
        bool(phones & theirs) if phones and theirs else None,
        not first_names_differ(line, there) if line.first_name and there.first_name else None,
        fold(line.last_name) == fold(there.last_name) if line.last_name and there.last_name else None,
        not birthdays_differ(line, there) if line.birthday and there.birthday else None,
    ]
    return compared.count(False), -compared.count(True), preference(card.candidate)


def _by_name(line: ClientDetails, namesakes: list[Known]) -> Whose:
    """Without anything shared but the name: the same client only where neither line nor card has a contact."""
    bare = [one for one in namesakes if not contacts_of(one.details)]
    if not contacts_of(line) and len(bare) == 1 and not _addresses_differ(line, bare[0].details):
        return Whose(bare[0].client_id)
    alike = (
        one
        for one in namesakes
        if not contacts_of(line) or not contacts_of(one.details) or (line.birthday and one.details.birthday)
    )
    return Whose(alike=next((one.client_id for one in alike), None))


def first_names_differ(one: ClientDetails, other: ClientDetails) -> bool:
    """Return whether both have a first name, and not the same."""
    return bool(one.first_name and other.first_name) and fold(one.first_name) != fold(other.first_name)


def _same_first_name_and_phone(one: ClientDetails, other: ClientDetails) -> bool:
    phones = {one.mobile, one.landline} & {other.mobile, other.landline} - {""}
    return bool(one.first_name and phones) and fold(one.first_name) == fold(other.first_name)


def birthdays_differ(one: ClientDetails, other: ClientDetails) -> bool:
    """Return whether both have a birthday, and not the same as far as both know it."""
    mine, theirs = one.birthday, other.birthday
    if not mine or not theirs:
        return False
    with_years = not mine.startswith("--") and not theirs.startswith("--")
    return mine != theirs if with_years else mine[-5:] != theirs[-5:]


def _addresses_differ(one: ClientDetails, other: ClientDetails) -> bool:
    return any(
        getattr(one, name) and getattr(other, name) and fold(getattr(one, name)) != fold(getattr(other, name))
        for name in ("street", "postal_code", "city")
    )
