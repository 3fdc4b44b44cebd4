"""Recognising who books: looking up the cards that may be a person's, and what would be said of her (domain.md §4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from clients.classification import CreatedVia, Facts, Reason, Status, classify
from clients.details import ClientDetails, accept
from clients.identity import Candidate, IdentityPolicy, Person, identify
from clients.models import CardState, TokenField
from clients.rules import policy_of
from clients.tokens import LONGEST_TOKEN
from salon.errors import FieldError, InvalidInput, Text
from salon.folding import fold
from salon.identity.roles import Actor, Permission
from salon.rows import fetch
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon

type Contact = tuple[TokenField, str]

# What a booking calls the fields of a card.
_FIELDS = {"mobile": "phone"}


@dataclass(frozen=True, slots=True)
class Recognised:
    """The card of whoever books and the facts on it, or None and why: the nearest miss."""

    client_id: UUID | None
    facts: Facts | None
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
            [FieldError(_FIELDS.get(one.field, one.field), one.code, _word_for(one)) for one in refusal.errors]
        ) from refusal
    return Person(details.first_name, details.email, details.mobile)


def _word_for(error: FieldError) -> Text:
    # A card does with either name, whoever books is known by the first.
    nameless = (error.field, error.code) == ("first_name", "required")
    return _("Enter a first name.") if nameless else error.message


def recognise(person: Person) -> Recognised:
    """Return the card of the open salon that is this person's, by the salon's own policy, in one statement.

    To be called behind the locks on e-mail and phone by whatever makes a card where there is none.
    """
    policy, found = _look_up(contacts_of(person.email, person.phone))
    identity = identify(person, [card for card, _facts in found], policy)
    facts = next((facts for card, facts in found if card.client_id == identity.client_id), None)
    return Recognised(identity.client_id, facts, identity.reason)


def verdict_of(recognised: Recognised, on: date) -> BookingVerdict:
    """Return whether who was recognised (or was not) is new on a day, and why."""
    verdict = classify(recognised.facts, on)
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


def look_up(contacts: Iterable[Contact]) -> tuple[str, list[UUID | int | str]]:
    """Return the SQL that reads the policy, in one row at least, beside each card in use that stands under any of the
    contacts, and its values.

    Each contact is looked up by itself: joined with a list of them, all tokens of a salon would be read that PostgreSQL
    has not counted yet, and the list would be planned anew each time.
    """
    salon_id, asked = current_salon_id(), sorted(contacts)
    one = "SELECT client_id FROM clients_searchtoken WHERE salon_id = %s AND field = %s AND token = %s"
    tokens = " UNION ALL ".join([one] * len(asked)) or "SELECT NULL::uuid"
    values: list[UUID | int | str] = [salon_id, salon_id]
    for field, token in asked:
        values += [salon_id, int(field), token]
    return _LOOK_UP.format(tokens=tokens), values


_LOOK_UP = f"""
SELECT (SELECT identity_policy FROM clients_clientrules WHERE salon_id = %s), card.*
FROM (SELECT 1) AS always
LEFT JOIN (
  SELECT id, number, listed_on, first_name, email, mobile, landline, last_success_on, first_success_on, created_via
  FROM clients_client
  WHERE salon_id = %s AND state = '{CardState.LISTED.value}' AND id = ANY(ARRAY({{tokens}}))
) AS card ON true"""


def _look_up(contacts: Iterable[Contact]) -> tuple[IdentityPolicy, list[tuple[Candidate, Facts]]]:
    rows = fetch(*look_up(contacts))
    found = []
    for _policy, *card in rows:
        if card[0] is not None:
            *compared, first_success_on, created_via = card
            candidate = Candidate(*compared)
            facts = Facts(candidate.listed_on, CreatedVia(created_via), first_success_on, candidate.last_success_on)
            found.append((candidate, facts))
    return policy_of(rows[0][0]), found
