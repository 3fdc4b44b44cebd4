"""The tokens a card is found by, and keeping them those of its data (architecture.md §5, domain.md §2)."""

import re
from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from clients.details import ClientDetails, parse_birthday
from clients.models import CardState, Client, TokenField
from salon.folding import fold, words
from salon.tenancy.context import current_salon_id

SHORTEST_PHONE_TOKEN = 3
LONGEST_TOKEN = 254
# So many letters tell words apart; the beginnings of one card's are stored with each of its tokens.
BEGINNING = 5
LONGEST_BEGINNINGS = 254

_BEFORE_DIGITS = re.compile(r"^[^0-9]+")
# In full, so that every way to write it begins the token: "gartenstr." and "gartenstra" find Gartenstraße.
_STREET = re.compile("str$")
_EMAIL_PARTS = re.compile(r"(?<=[._+@-])")


def tokens_of(details: ClientDetails, number: int, treatcard_number: str = "") -> set[tuple[TokenField, str]]:
    """Return everything a card is found by, folded.

    A name is one token per word, and one for the words of each name run together, followed by the whole name so that
    equal words stand in order of names; an e-mail is its endings behind each separator; a phone is every ending of its
    digits with three digits or more; a street stands in full, however it is shortened; a birthday is its day, month
    and year; a Treatcard also the digits it ends in.
    """
    names = name_words(details) | {run_together(name) for name in (details.first_name, details.last_name)} - {""}
    found = {(TokenField.NAME, f"{word} {details.sort_key}") for word in names}
    found.add((TokenField.NUMBER, str(number)))
    email = fold(details.email)
    found |= {(TokenField.EMAIL, "".join(rest)) for rest in _endings(_EMAIL_PARTS.split(email)) if email}
    for phone in (details.mobile, details.landline):
        digits = phone.removeprefix("+")
        found |= {(TokenField.PHONE, digits[start:]) for start in range(len(digits) - SHORTEST_PHONE_TOKEN + 1)}
    for place in (details.street, details.postal_code, details.city):
        found |= {(TokenField.PLACE, word) for word in place_words(place)}
    card = words(treatcard_number)
    numbers = {*card, "".join(card)}
    numbers |= {_BEFORE_DIGITS.sub("", word) for word in numbers}
    found |= {(TokenField.CARD, word) for word in numbers if word}
    if details.birthday:
        born = parse_birthday(details.birthday)
        found.add((TokenField.BIRTHDAY, f"{born.day:02}{born.month:02}{born.year or ''}"))
    return {(field, token[:LONGEST_TOKEN]) for field, token in found}


def rows_of(tokens: set[tuple[TokenField, str]]) -> set[tuple[int, str, str]]:
    """Return all tokens of one card as they are stored: with the beginnings of its words, each behind a space.

    Phone numbers begin anywhere, so no token tells of theirs, and theirs tell nothing.
    """
    begun = {beginning_of(token) for field, token in tokens if field != TokenField.PHONE}
    told = f" {' '.join(sorted(begun))}"
    if len(told) > LONGEST_BEGINNINGS:
        told = ""
    return {(int(field), token, "" if field == TokenField.PHONE else told) for field, token in tokens}


def beginning_of(token: str) -> str:
    """Return the first letters of a token, or of what is searched for, up to the end of its first word."""
    return token[:BEGINNING].partition(" ")[0]


def name_words(details: ClientDetails) -> set[str]:
    """Return the folded words of both names."""
    return {*words(details.first_name), *words(details.last_name)}


def place_words(text: str) -> list[str]:
    """Return the folded words of a part of an address: Gartenstr. is `gartenstrasse`."""
    return [_STREET.sub("strasse", word) for word in words(text)]


def run_together(name: str) -> str:
    """Return the folded words of a name as one: Müller-Lüdenscheidt is `mullerludenscheidt`."""
    return fold("".join(words(name)))


def _endings(parts: list[str]) -> Iterable[list[str]]:
    return (parts[start:] for start in range(len(parts)) if parts[start])


def holders(wanted: Iterable[tuple[TokenField, str]]) -> set[UUID]:
    """Return the cards with any of these tokens, each looked up by itself."""
    asked = sorted({(int(field), token[:LONGEST_TOKEN]) for field, token in wanted})
    if not asked:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, [*map(list, zip(*asked, strict=True)), current_salon_id()])
        return {client_id for (client_id,) in cursor.fetchall()}


# OFFSET 0 keeps look-ups from becoming a join over all tokens of a salon, which PostgreSQL may take for none.
_HOLDERS = """
SELECT held.client_id FROM unnest(%s::smallint[], %s::text[]) AS wanted (field, token)
CROSS JOIN LATERAL (
  SELECT client_id FROM clients_searchtoken
  WHERE salon_id = %s AND field = wanted.field AND token = wanted.token OFFSET 0
) AS held"""


def add_tokens(*clients: Client) -> None:
    """Store the tokens of cards that have none yet."""
    _insert({(client.pk, *token) for client in clients for token in _stored_tokens(client)})


def replace_tokens(*clients: Client) -> None:
    """Make the stored tokens of cards those of their data as they are, writing only what differs.

    A card that is not in use is found by nothing.
    """
    if not clients:
        return
    in_use = [client for client in clients if client.state == CardState.LISTED]
    wanted = {(client.pk, *token) for client in in_use for token in _stored_tokens(client)}
    with connection.cursor() as cursor:
        cursor.execute(_OF_CARDS, [[client.pk for client in clients], current_salon_id()])
        stored = set(cursor.fetchall())
        if gone := sorted(one[:3] for one in stored - wanted):
            cursor.execute(_DELETE, [*map(list, zip(*gone, strict=True)), current_salon_id()])
    _insert(wanted - stored)


_OF_CARDS = """
SELECT own.* FROM unnest(%s::uuid[]) AS card (id)
CROSS JOIN LATERAL (
  SELECT client_id, field, token, beginnings FROM clients_searchtoken
  WHERE salon_id = %s AND client_id = card.id OFFSET 0
) AS own"""
_DELETE = """
DELETE FROM clients_searchtoken WHERE ctid = ANY (ARRAY(
  SELECT own.ctid FROM unnest(%s::uuid[], %s::smallint[], %s::text[]) AS gone (client_id, field, token)
  CROSS JOIN LATERAL (
    SELECT ctid FROM clients_searchtoken
    WHERE salon_id = %s AND field = gone.field AND token = gone.token AND client_id = gone.client_id OFFSET 0
  ) AS own
))"""


def _stored_tokens(client: Client) -> set[tuple[int, str, str]]:
    return rows_of(tokens_of(client.details, client.number, client.treatcard_number))


def _insert(tokens: set[tuple[UUID, int, str, str]]) -> None:
    """Store tokens in one statement: a hundred cards have four thousand."""
    if not tokens:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clients_searchtoken (salon_id, client_id, field, token, beginnings) "
            "SELECT %s, * FROM unnest(%s::uuid[], %s::smallint[], %s::text[], %s::text[])",
            [current_salon_id(), *map(list, zip(*sorted(tokens), strict=True))],
        )
