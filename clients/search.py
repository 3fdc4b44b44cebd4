"""Finding cards while somebody types: tokens of a card, and ranges over them (architecture.md §5, domain.md §2)."""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from clients.details import ClientDetails
from clients.models import SearchToken, TokenField
from salon.folding import fold, words
from salon.tenancy.context import current_salon_id

SHORTEST_PHONE_TOKEN = 3
LONGEST_TOKEN = 254
MOST_WORDS = 6

_PHONE_LIKE = re.compile(r"[+(]?[\d\s()/.-]+")
_EMAIL_PARTS = re.compile(r"(?<=[._+@-])")


def tokens_of(details: ClientDetails, number: int) -> set[tuple[TokenField, str]]:
    """Return everything a card is found by, folded.

    A name is one token per word, followed by the whole name so that equal words stand in order of names; an e-mail
    is its endings behind each separator; a phone is every ending of its digits with three digits or more.
    """
    found = {(TokenField.NAME, f"{word} {details.sort_key}") for word in name_words(details)}
    found.add((TokenField.NUMBER, str(number)))
    email = fold(details.email)
    found |= {(TokenField.EMAIL, "".join(rest)) for rest in _endings(_EMAIL_PARTS.split(email)) if email}
    for phone in (details.mobile, details.landline):
        digits = phone.removeprefix("+")
        found |= {(TokenField.PHONE, digits[start:]) for start in range(len(digits) - SHORTEST_PHONE_TOKEN + 1)}
    for place in (details.street, details.postal_code, details.city):
        found |= {(TokenField.PLACE, word) for word in words(place)}
    return {(field, token[:LONGEST_TOKEN]) for field, token in found}


def name_words(details: ClientDetails) -> set[str]:
    """Return the folded words of both names."""
    return {*words(details.first_name), *words(details.last_name)}


def _endings(parts: list[str]) -> Iterable[list[str]]:
    return (parts[start:] for start in range(len(parts)) if parts[start])


def write_tokens(client_id: UUID, details: ClientDetails, number: int) -> None:
    """Make the stored tokens of a card those of its details, writing only what differs."""
    wanted = {(int(field), token) for field, token in tokens_of(details, number)}
    stored = set(SearchToken.objects.filter(client_id=client_id).values_list("field", "token"))
    for field, token in sorted(stored - wanted):
        SearchToken.objects.filter(field=field, token=token, client_id=client_id).delete()
    SearchToken.objects.bulk_create(
        SearchToken(field=field, token=token, client_id=client_id) for field, token in sorted(wanted - stored)
    )


@dataclass(frozen=True, slots=True)
class Range:
    """The tokens of one field that begin with `prefix`."""

    field: TokenField
    prefix: str

    @property
    def end(self) -> str:
        """A bound behind every token of the range, in byte order."""
        return self.prefix + chr(sys.maxunicode)


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed: every group must be met by one of its ranges; the first group drives."""

    groups: tuple[tuple[Range, ...], ...]


def parse_query(text: str) -> Query | None:
    """Read what was typed, in any writing of names, phones, e-mails and numbers; None when nothing is left of it."""
    text = text.strip()
    if _PHONE_LIKE.fullmatch(text) and any(letter.isdigit() for letter in text):
        return _phone_query(text)
    typed = words(text)[:MOST_WORDS]
    groups = [_word_ranges(word) for word in dict.fromkeys(typed)]
    # The longest word meets the fewest cards; the rest is looked up on those.
    groups.sort(key=lambda ranges: -len(ranges[0].prefix))
    return Query(tuple(groups)) if groups else None


def _word_ranges(word: str) -> tuple[Range, ...]:
    ranges = [Range(TokenField.NAME, word), Range(TokenField.EMAIL, word), Range(TokenField.PLACE, word)]
    if word.isdigit():
        ranges.insert(1, Range(TokenField.NUMBER, word))
        ranges.insert(3, Range(TokenField.PHONE, _without_trunk(word) or word))
    return tuple(ranges)


def _phone_query(text: str) -> Query | None:
    digits = "".join(letter for letter in text if letter.isdigit())
    international = _without_trunk(digits)
    ranges = [Range(TokenField.NUMBER, digits)] if text.isdigit() else []
    if international and (len(digits) >= SHORTEST_PHONE_TOKEN or not ranges):
        ranges.append(Range(TokenField.PHONE, international))
    if text.isdigit():
        ranges.append(Range(TokenField.PLACE, digits))
    return Query((tuple(ranges),)) if ranges else None


def _without_trunk(digits: str) -> str:
    # 0049… and +49… are one number; a single 0 is the trunk prefix, which E.164 drops.
    return digits.removeprefix("00") if digits.startswith("00") else digits.removeprefix("0")


@dataclass(frozen=True, slots=True)
class Hit:
    """One card found, and the token that found it: the place to go on from."""

    client_id: UUID
    field: int
    token: str


def find(query: Query, *, after: Hit | None = None, limit: int) -> list[Hit]:
    """Return up to `limit` cards of the open salon that meet the query, best field first, then in order of tokens.

    A card stands once, where its best token stands; `after` goes on behind that hit.
    """
    sql, values = statement(query, after=after, limit=limit)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [Hit(*row) for row in cursor.fetchall()]


def statement(query: Query, *, after: Hit | None = None, limit: int) -> tuple[str, list[UUID | int | str]]:
    """Return the SQL of `find` and its values."""
    driving, *others = query.groups
    values: list[UUID | int | str] = []
    parts = []
    for one in driving:
        if after and one.field < after.field:
            continue
        part, part_values = _range_sql(one, earlier=driving, others=others, after=after)
        parts.append(f"({part} LIMIT {int(limit)})")
        values += part_values
    # UNION ALL keeps the order of its parts and stops reading where the limit is met.
    hits = " UNION ALL ".join(parts) or "SELECT NULL::uuid AS client_id, 0 AS field, '' AS token WHERE false"
    return f"SELECT client_id, field, token FROM ({hits}) hits LIMIT {int(limit)}", values


def _range_sql(
    one: Range, *, earlier: tuple[Range, ...], others: list[tuple[Range, ...]], after: Hit | None
) -> tuple[str, list[UUID | int | str]]:
    salon_id = current_salon_id()
    sql = (
        "SELECT t.client_id, t.field, t.token FROM clients_searchtoken t "
        "WHERE t.salon_id = %s AND t.field = %s AND t.token >= %s AND t.token < %s"
    )
    values: list[UUID | int | str] = [salon_id, int(one.field), one.prefix, one.end]
    if after and one.field == after.field:
        sql += " AND (t.token, t.client_id) > (%s, %s)"
        values += [after.token, after.client_id]
    # The same card may have met the query in a better place already.
    better = "b.salon_id = %s AND b.client_id = t.client_id"
    same_field = "b.field = t.field AND b.token >= %s AND b.token < t.token"
    sql += f" AND NOT EXISTS (SELECT 1 FROM clients_searchtoken b WHERE {better} AND {same_field})"
    values += [salon_id, one.prefix]
    for place in earlier:
        if place.field < one.field:
            sql += (
                f" AND NOT EXISTS (SELECT 1 FROM clients_searchtoken b WHERE {better} "
                "AND b.field = %s AND b.token >= %s AND b.token < %s)"
            )
            values += [salon_id, int(place.field), place.prefix, place.end]
    for group in others:
        met = " OR ".join("(o.field = %s AND o.token >= %s AND o.token < %s)" for _ in group)
        sql += (
            " AND EXISTS (SELECT 1 FROM clients_searchtoken o "
            f"WHERE o.salon_id = %s AND o.client_id = t.client_id AND ({met}))"
        )
        values.append(salon_id)
        for place in group:
            values += [int(place.field), place.prefix, place.end]
    return f"{sql} ORDER BY t.token, t.client_id", values
