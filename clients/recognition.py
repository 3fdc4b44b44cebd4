"""Recognising who books: looking up the cards that may be a person's, and what would be said of her (domain.md §4)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from clients.classification import Reason, Status, classify
from clients.details import ClientDetails, accept
from clients.identity import Candidate, Person, identify
from clients.models import Client, SearchToken, TokenField
from clients.rules import identity_policy
from clients.search import LONGEST_TOKEN
from salon.errors import FieldError, InvalidInput
from salon.folding import fold
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon

type Contact = tuple[TokenField, str]

# What a booking calls the fields of a card.
_FIELDS = {"mobile": "phone"}


@dataclass(frozen=True, slots=True)
class Recognised:
    """The card of whoever books, or None and why: the nearest miss."""

    client: Client | None
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class BookingVerdict:
    """What a booking of this person would freeze."""

    status: Status
    reason: Reason


def read_person(*, salon: Salon, first_name: str, email: str, phone: str, today: date) -> Person:
    """Return who a booking says it is for in the form that cards are kept in; national phones are the salon's.

    Raises: InvalidInput naming `first_name`, `email` and `phone` where they cannot be one.
    """
    given = ClientDetails(first_name=first_name, email=email, mobile=phone)
    try:
        details = accept(given, country=salon.country, today=today).details
    except InvalidInput as refusal:
        raise InvalidInput(
            [FieldError(_FIELDS.get(one.field, one.field), one.code, one.message) for one in refusal.errors]
        ) from refusal
    return Person(details.first_name, details.email, details.mobile)


def recognise(person: Person) -> Recognised:
    """Return the card of the open salon that is this person's, by the salon's own policy: two queries.

    To be called behind the locks on e-mail and phone by whatever makes a card where there is none.
    """
    clients = {client.pk: client for client in _sharing(contacts_of(person.email, person.phone))}
    identity = identify(person, [candidate_of(client) for client in clients.values()], identity_policy())
    return Recognised(clients[identity.client_id] if identity.client_id else None, identity.reason)


def verdict_of(recognised: Recognised, on: date) -> BookingVerdict:
    """Return whether who was recognised (or was not) is new on a day, and why."""
    verdict = classify(recognised.client.facts if recognised.client else None, on)
    return BookingVerdict(verdict.status, recognised.reason or verdict.reason)


def verdict_of_booking(
    *, actor: Actor, salon: Salon, first_name: str, email: str, phone: str, today: date
) -> BookingVerdict:
    """Return what a booking of this person would be told today. Nothing of a card is told, and nothing is changed.

    Raises: NotAllowed, InvalidInput.
    """
    actor.require(Permission.CLIENTS_READ)
    person = read_person(salon=salon, first_name=first_name, email=email, phone=phone, today=today)
    return verdict_of(recognise(person), today)


def contacts_of(email: str, *phones: str) -> set[Contact]:
    """Return the tokens under which cards with the same e-mail or phone stand; some others may stand there, too."""
    found = {(TokenField.PHONE, phone.removeprefix("+")) for phone in phones if phone}
    if folded := fold(email):
        found.add((TokenField.EMAIL, folded[:LONGEST_TOKEN]))
    return found


def candidate_of(client: Client) -> Candidate:
    """Return what of a card is compared."""
    return Candidate(
        client_id=client.pk,
        number=client.number,
        listed_on=client.listed_on,
        first_name=client.first_name,
        email=client.email,
        mobile=client.mobile,
        landline=client.landline,
        last_success_on=client.last_success_on,
    )


def _sharing(contacts: Collection[Contact]) -> QuerySet[Client]:
    """Return the cards in use that stand under any of these tokens, each read by the index alone."""
    standing_there = [
        SearchToken.objects.filter(field=field, token=token).values("client_id") for field, token in sorted(contacts)
    ]
    if not standing_there:
        return Client.objects.none()
    first, *others = standing_there
    return Client.objects.listed().filter(pk__in=first.union(*others) if others else first)
