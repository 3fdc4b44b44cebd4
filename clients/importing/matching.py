"""Whose card a line speaks of: by client number in our own files, else by the rule of identity (domain.md §4.1, §10).

Everything is looked up for a block of lines at once, never line by line.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q

from clients.details import ClientDetails
from clients.identity import Candidate, IdentityPolicy, Person, identify, miss
from clients.importing.formats import Format
from clients.importing.mapping import Wanted
from clients.models import Client, ImportBatch, ImportKey, ImportRow, Outcome, SearchToken, TokenField
from salon.folding import fold
from salon.tenancy.context import current_salon_id

_ANY_DAY = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Match:
    """The card of a line, if there is one, and another that looks like hers without being surely hers."""

    card: Client | None = None
    alike: Client | None = None


def contacts_of(details: ClientDetails) -> list[str]:
    """Return e-mail and phones in the form in which cards share them."""
    email = [f"e:{fold(details.email)}"] if details.email else []
    return email + [f"p:{phone}" for phone in dict.fromkeys((details.mobile, details.landline)) if phone]


def keys_of(wanted: Wanted, card: Client | None) -> list[str]:
    """Return what only one line of a file should have: contacts, else the name; the Treatcard; the card itself."""
    keys = contacts_of(wanted.details) or [f"n:{wanted.details.sort_key}"]
    if wanted.treatcard_number:
        keys.append(f"t:{wanted.treatcard_number}")
    if card:
        keys.append(f"c:{card.pk}")
    return keys


def first_lines(batch: ImportBatch, keys: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return the first line of the file that has each of these keys; `keys` are those of a block, with their lines."""
    salon_id = current_salon_id()
    wanted = sorted(keys, key=lambda one: (one[0], one[1]))
    ImportKey.objects.bulk_create(
        [ImportKey(salon_id=salon_id, batch_id=batch.pk, key=key, number=number) for key, number in wanted],
        ignore_conflicts=True,
    )
    found = ImportKey.objects.filter(batch=batch, key__in=list({key for key, _number in wanted}))
    return dict(found.values_list("key", "number"))


class Cards:
    """The cards in use that some lines of a file may speak of: none that the file itself has made."""

    def __init__(self, batch: ImportBatch, wanted: Sequence[Wanted]) -> None:
        self.by_number = by_number = batch.format == Format.OURS
        contacts = {contact for one in wanted for contact in contacts_of(one.details)}
        names = {one.details.sort_key for one in wanted if one.details.sort_key}
        numbers = {one.number for one in wanted if one.number is not None} if by_number else set()
        found = Client.objects.listed().filter(
            Q(pk__in=_holders(contacts)) | Q(sort_key__in=names) | Q(number__in=numbers)
        )
        self._of_contact: dict[str, list[Client]] = defaultdict(list)
        self._of_name: dict[str, list[Client]] = defaultdict(list)
        self._of_number: dict[int, Client] = {}
        cards = list(found.order_by("number"))
        made = ImportRow.objects.filter(batch=batch, outcome=Outcome.CREATE, card_id__in=[card.pk for card in cards])
        own = set(made.values_list("card_id", flat=True))
        for card in (card for card in cards if card.pk not in own):
            for contact in contacts_of(card.details):
                self._of_contact[contact].append(card)
            self._of_name[card.sort_key].append(card)
            self._of_number[card.number] = card

    def match(self, wanted: Wanted) -> Match:
        """Return the card of a line."""
        if self.by_number and wanted.number is not None:
            numbered = self._of_number.get(wanted.number)
            # The export of another salon has the same numbers for other people.
            if numbered and _is_plausible(numbered.details, wanted.details):
                return Match(numbered)
        details = wanted.details
        sharing = {card.pk: card for one in contacts_of(details) for card in self._of_contact[one]}
        namesakes = [card for card in self._of_name[details.sort_key] if not _birthdays_differ(card.details, details)]
        if sharing:
            for person in _persons(details):
                found = identify(person, [candidate(card) for card in sharing.values()], IdentityPolicy.STRICT)
                if found.client_id:
                    return Match(sharing[found.client_id])
            return Match(alike=next(iter(sharing.values())))
        return _by_name(details, namesakes)


def _by_name(details: ClientDetails, namesakes: list[Client]) -> Match:
    """Without anything shared but the name: the same client only where neither line nor card has a contact."""
    bare = [card for card in namesakes if not contacts_of(card.details)]
    if not contacts_of(details) and len(bare) == 1 and not _addresses_differ(bare[0].details, details):
        return Match(bare[0])
    alike = [
        card
        for card in namesakes
        if not contacts_of(details) or not contacts_of(card.details) or (details.birthday and card.birthday)
    ]
    return Match(alike=alike[0] if alike else None)


def is_same_person(one: ClientDetails, other: ClientDetails) -> bool:
    """Return whether two lines of a file name one person, by the rule for bookings; without contacts by name."""
    if contacts_of(one) or contacts_of(other):
        there = Candidate(
            client_id=UUID(int=0),
            number=0,
            listed_on=_ANY_DAY,
            first_name=other.first_name,
            email=other.email,
            mobile=other.mobile,
            landline=other.landline,
        )
        return any(miss(person, there, IdentityPolicy.STRICT) is None for person in _persons(one))
    return one.sort_key == other.sort_key and not _birthdays_differ(one, other) and not _addresses_differ(one, other)


def candidate(card: Client) -> Candidate:
    """Return a card as the rule of identity compares it."""
    return Candidate(
        client_id=card.pk,
        number=card.number,
        listed_on=card.listed_on,
        first_name=card.first_name,
        email=card.email,
        mobile=card.mobile,
        landline=card.landline,
        last_success_on=card.last_success_on,
    )


def _persons(details: ClientDetails) -> list[Person]:
    phones = [phone for phone in (details.mobile, details.landline) if phone] or [""]
    return [Person(details.first_name or details.last_name, details.email, phone) for phone in phones]


def _holders(contacts: set[str]) -> set[UUID]:
    emails = [one[2:][:254] for one in contacts if one.startswith("e:")]
    phones = [one[2:].removeprefix("+") for one in contacts if one.startswith("p:")]
    tokens = SearchToken.objects.filter(
        Q(field=TokenField.EMAIL, token__in=emails) | Q(field=TokenField.PHONE, token__in=phones)
    )
    return set(tokens.values_list("client_id", flat=True))


def _is_plausible(card: ClientDetails, given: ClientDetails) -> bool:
    return card.sort_key == given.sort_key or bool({*contacts_of(card)} & {*contacts_of(given)})


def _birthdays_differ(one: ClientDetails, other: ClientDetails) -> bool:
    if not one.birthday or not other.birthday:
        return False
    with_years = not one.birthday.startswith("--") and not other.birthday.startswith("--")
    return one.birthday != other.birthday if with_years else one.birthday[-5:] != other.birthday[-5:]


def _addresses_differ(one: ClientDetails, other: ClientDetails) -> bool:
    return any(
        getattr(one, name) and getattr(other, name) and fold(getattr(one, name)) != fold(getattr(other, name))
        for name in ("street", "postal_code", "city")
    )
