"""Rehearsing both identity policies on the online bookings of a year: whom would a change touch (domain.md §4.1)?

Only a booking that made a card can be rehearsed: one that found its card left nothing to compare.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db import connection

from clients.identity import Candidate, IdentityPolicy, Person, identify
from clients.models import Client, CreatedVia
from clients.recognition import Contact, contacts_of
from salon.tenancy.context import current_salon_id

REHEARSED = timedelta(days=365)
# A phone or e-mail on more cards than this is a placeholder, such as the salon's own number: it tells nobody from
# anybody, and comparing all its cards with each other would take long.
PLACEHOLDER = 50


@dataclass(frozen=True, slots=True)
class Touched:
    """An online booking that the policies judge differently: the card each would have found, None: it makes one."""

    client: Client
    strict: Client | None
    lenient: Client | None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came out: how many online bookings were judged, how many differently, and the newest of these."""

    judged: int
    differing: int
    shown: list[Touched]


@dataclass(frozen=True, slots=True)
class _Difference:
    booked: Candidate
    strict: UUID | None
    lenient: UUID | None


def rehearse_policies(*, today: date, show: int) -> Rehearsal:
    """Judge the cards that online bookings of the last year made against the cards that were there before them.

    Up to `show` of those with two outcomes are returned with their cards, newest first. The number of queries is
    constant.
    """
    booked = _booked_online(since=today - REHEARSED)
    contacts = {one.client_id: contacts_of(one.email, one.mobile, one.landline) for one in booked}
    shared = _shared({contact for stands_under in contacts.values() for contact in stands_under})
    others = {card_id for cards in shared.values() for card_id in cards} - {one.client_id for one in booked}
    listed = {one.client_id: one for one in [*booked, *_candidates(pk__in=others)]}
    differences = [
        found for one in booked if (found := _judge(one, _older(one, contacts[one.client_id], shared, listed)))
    ]
    differences.sort(key=lambda found: (found.booked.listed_on, found.booked.number), reverse=True)
    return Rehearsal(len(booked), len(differences), _with_cards(differences[:show]))


def _booked_online(*, since: date) -> list[Candidate]:
    return _candidates(created_via=CreatedVia.ONLINE_BOOKING, listed_on__gte=since)


def _candidates(**which: object) -> list[Candidate]:
    compared = ("id", "number", "listed_on", "first_name", "email", "mobile", "landline", "last_success_on")
    return [Candidate(*row) for row in Client.objects.listed().filter(**which).values_list(*compared)]


def _shared(contacts: Iterable[Contact]) -> dict[Contact, Sequence[UUID]]:
    """Return those of the contacts under which several cards stand, and these cards."""
    wanted = sorted(contacts)
    with connection.cursor() as cursor:
        cursor.execute(
            # OFFSET 0: each looked up by itself, as in clients/recognition.py.
            "SELECT wanted.field, wanted.token, array_agg(held.client_id) "
            "FROM unnest(%s::smallint[], %s::text[]) AS wanted (field, token) "
            "CROSS JOIN LATERAL (SELECT client_id FROM clients_searchtoken "
            "WHERE salon_id = %s AND field = wanted.field AND token = wanted.token OFFSET 0) AS held "
            "GROUP BY wanted.field, wanted.token HAVING count(*) BETWEEN 2 AND %s",
            [[field for field, _token in wanted], [token for _field, token in wanted], current_salon_id(), PLACEHOLDER],
        )
        return {(field, token): cards for field, token, cards in cursor.fetchall()}


def _older(
    booked: Candidate,
    contacts: set[Contact],
    shared: dict[Contact, Sequence[UUID]],
    listed: dict[UUID, Candidate],
) -> list[Candidate]:
    """Return the cards that share a contact with one and were there before it."""
    found = {card_id for contact in contacts for card_id in shared.get(contact, ())}
    return [
        listed[card_id]
        for card_id in found
        if card_id in listed and (listed[card_id].listed_on, listed[card_id].number) < (booked.listed_on, booked.number)
    ]


def _judge(booked: Candidate, older: list[Candidate]) -> _Difference | None:
    if not older:
        return None
    person = Person(booked.first_name, booked.email, booked.mobile or booked.landline)
    strict = identify(person, older, IdentityPolicy.STRICT).client_id
    lenient = identify(person, older, IdentityPolicy.LENIENT).client_id
    return _Difference(booked, strict, lenient) if strict != lenient else None


def _with_cards(differences: list[_Difference]) -> list[Touched]:
    ids = {card_id for one in differences for card_id in (one.booked.client_id, one.strict, one.lenient) if card_id}
    clients = Client.objects.in_bulk(list(ids))
    return [
        Touched(
            clients[one.booked.client_id],
            clients[one.strict] if one.strict else None,
            clients[one.lenient] if one.lenient else None,
        )
        for one in differences
    ]
