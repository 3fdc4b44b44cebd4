"""Finding cards while somebody types: tokens of a card, and ranges over them (architecture.md §5, domain.md §2)."""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, Value
from django.db.models.expressions import RawSQL

from clients.details import ClientDetails
from clients.models import CardState, Client, TokenField
from salon.folding import fold, words
from salon.tenancy.context import current_salon_id

SHORTEST_PHONE_TOKEN = 3
LONGEST_TOKEN = 254
MOST_WORDS = 6
# In what order the fields of a card stand among the hits.
RANKED = (
    TokenField.NAME,
    TokenField.NUMBER,
    TokenField.CARD,
    TokenField.EMAIL,
    TokenField.PHONE,
    TokenField.PLACE,
)
RANKS = {field: rank for rank, field in enumerate(RANKED)}
# Up to so many tokens, hashing the cards of a word is cheaper than looking at each candidate's own tokens.
RARE = 3000
# Up to so many cards meeting a condition are asked for by their ids.
FEW = 1000

_PHONE_LIKE = re.compile(r"[+(]*[\d\s()/.-]+")
# +49 (0)171 …: the trunk prefix is not dialled with the country's code.
_TRUNK_IN_BRACKETS = re.compile(r"(?<=\d)\s*\(0\)\s*")
_EMAIL_PARTS = re.compile(r"(?<=[._+@-])")


def tokens_of(details: ClientDetails, number: int, treatcard_number: str = "") -> set[tuple[TokenField, str]]:
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
    card = words(treatcard_number)
    found |= {(TokenField.CARD, word) for word in (*card, "".join(card)) if word}
    return {(field, token[:LONGEST_TOKEN]) for field, token in found}


def name_words(details: ClientDetails) -> set[str]:
    """Return the folded words of both names."""
    return {*words(details.first_name), *words(details.last_name)}


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
        if gone := sorted(stored - wanted):
            cursor.execute(_DELETE, [*map(list, zip(*gone, strict=True)), current_salon_id()])
    _insert(wanted - stored)


_OF_CARDS = """
SELECT own.* FROM unnest(%s::uuid[]) AS card (id)
CROSS JOIN LATERAL (
  SELECT client_id, field, token FROM clients_searchtoken WHERE salon_id = %s AND client_id = card.id OFFSET 0
) AS own"""
_DELETE = """
DELETE FROM clients_searchtoken WHERE ctid = ANY (ARRAY(
  SELECT own.ctid FROM unnest(%s::uuid[], %s::smallint[], %s::text[]) AS gone (client_id, field, token)
  CROSS JOIN LATERAL (
    SELECT ctid FROM clients_searchtoken
    WHERE salon_id = %s AND field = gone.field AND token = gone.token AND client_id = gone.client_id OFFSET 0
  ) AS own
))"""


def _stored_tokens(client: Client) -> set[tuple[int, str]]:
    tokens = tokens_of(client.details, client.number, client.treatcard_number)
    return {(int(field), token) for field, token in tokens}


def _insert(tokens: set[tuple[UUID, int, str]]) -> None:
    """Store tokens in one statement: a hundred cards have four thousand."""
    if not tokens:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clients_searchtoken (salon_id, client_id, field, token) "
            "SELECT %s, * FROM unnest(%s::uuid[], %s::smallint[], %s::text[])",
            [current_salon_id(), *map(list, zip(*sorted(tokens), strict=True))],
        )


@dataclass(frozen=True, slots=True)
class Range:
    """The tokens of one field that begin with `prefix`."""

    field: TokenField
    prefix: str

    @property
    def rank(self) -> int:
        """Where its hits stand among those of other fields."""
        return RANKS[self.field]

    @property
    def end(self) -> str:
        """A bound behind every token of the range, in byte order."""
        return self.prefix + chr(sys.maxunicode)


@dataclass(frozen=True, slots=True)
class Word:
    """One word typed: a card meets it by a token in any of the ranges. `rare` words stand on few cards."""

    ranges: tuple[Range, ...]
    rare: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed: a card must meet every word."""

    words: tuple[Word, ...]


def parse_query(text: str) -> Query | None:
    """Read what was typed, in any writing of names, phones, e-mails and numbers; None when nothing is left of it."""
    text = _TRUNK_IN_BRACKETS.sub(" ", text.strip())
    if _PHONE_LIKE.fullmatch(text) and any(letter.isdigit() for letter in text):
        return _phone_query(text)
    typed = list(dict.fromkeys(words(text)))[:MOST_WORDS]
    # A beginning of another word says nothing that the longer one does not.
    telling = [word for word in typed if not any(other.startswith(word) for other in typed if other != word)]
    return Query(tuple(Word(_word_ranges(word)) for word in telling)) if telling else None


def _word_ranges(word: str) -> tuple[Range, ...]:
    # "@gmx" asks for what "gmx" finds: no token of an address begins with a separator.
    ranges = [Range(field, word) for field in (TokenField.NAME, TokenField.CARD, TokenField.PLACE)]
    ranges.append(Range(TokenField.EMAIL, word.lstrip("@.+") or word))
    if word.isdigit():
        ranges += [Range(TokenField.NUMBER, word), Range(TokenField.PHONE, _without_trunk(word) or word)]
    return _ranked(ranges)


def _phone_query(text: str) -> Query | None:
    digits = "".join(letter for letter in text if letter.isdigit())
    international = _without_trunk(digits)
    ranges = [Range(TokenField.CARD, digits)]
    if text.isdigit():
        ranges += [Range(TokenField.NUMBER, digits), Range(TokenField.PLACE, digits)]
    if international and (len(digits) >= SHORTEST_PHONE_TOKEN or not text.isdigit()):
        ranges.append(Range(TokenField.PHONE, international))
    return Query((Word(_ranked(ranges)),))


def _ranked(ranges: Iterable[Range]) -> tuple[Range, ...]:
    return tuple(sorted(ranges, key=lambda one: one.rank))


def _without_trunk(digits: str) -> str:
    # 0049… and +49… are one number; a single 0 is the trunk prefix, which E.164 drops.
    return digits.removeprefix("00") if digits.startswith("00") else digits.removeprefix("0")


@dataclass(frozen=True, slots=True)
class Hit:
    """One card found, and the token that found it: the place to go on from."""

    client_id: UUID
    field: int
    token: str


def find(query: Query, *, after: Hit | None = None, limit: int, meeting: Q | None = None) -> list[Hit]:
    """Return up to `limit` cards of the open salon that meet the query, best field first, then in order of tokens.

    A card stands once, where its best token stands; `after` goes on behind that hit. `meeting` is asked of the card.
    """
    if len(query.words) > 1:
        query = _rarest_first(query, after)
    if meeting:
        # Few cards are handed over; of many the next one is never far.
        few = list(Client.objects.listed().filter(meeting).values_list("pk", flat=True)[:FEW])
        if len(few) < FEW:
            return _found(statement(query, after=after, limit=limit, meeting=few)) if few else []
    return _found(statement(query, after=after, limit=limit, meeting=meeting))


def _found(asked: tuple[str, list[Any]]) -> list[Hit]:
    with connection.cursor() as cursor:
        cursor.execute(*asked)
        return [Hit(*row) for row in cursor.fetchall()]


def _rarest_first(query: Query, after: Hit | None) -> Query:
    """Let the word on the fewest cards drive; a later page is driven by the word that drove the first."""
    with connection.cursor() as cursor:
        cursor.execute(*sizes_statement(query))
        sizes = cursor.fetchone()
    words = [(size, Word(word.ranges, rare=size < RARE)) for size, word in zip(sizes, query.words, strict=True)]
    words.sort(key=lambda one: (not (after and _drove(one[1], after)), one[0]))
    return Query(tuple(word for _size, word in words))


def sizes_statement(query: Query) -> tuple[str, list[Any]]:
    """Return the SQL that counts the tokens of each word, up to RARE, and its values."""
    counts, values = [], []
    for word in query.words:
        cards, cards_values = _cards_sql(word)
        counts.append(f"(SELECT count(*) FROM ({cards} LIMIT {RARE}) counted)")
        values += cards_values
    return f"SELECT {', '.join(counts)}", values


def _drove(word: Word, after: Hit) -> bool:
    return any(one.field == after.field and one.prefix <= after.token < one.end for one in word.ranges)


def statement(
    query: Query, *, after: Hit | None = None, limit: int, meeting: Q | list[UUID] | None = None
) -> tuple[str, list[Any]]:
    """Return the SQL of `find` and its values; the first word drives. `meeting`: a condition, or the cards by id."""
    driving, *others = query.words
    values: list[Any] = []
    sets, parts = [], []
    for place, word in enumerate(others):
        if word.rare:
            cards, cards_values = _cards_sql(word)
            sets.append(f"cards_{place} AS MATERIALIZED ({cards})")
            values += cards_values
    for one in driving.ranges:
        if after and one.rank < RANKS[TokenField(after.field)]:
            continue
        part, part_values = _range_sql(one, earlier=driving.ranges, others=others, after=after, meeting=meeting)
        parts.append(f"({part} LIMIT {int(limit)})")
        values += part_values
    # UNION ALL keeps the order of its parts and stops reading where the limit is met.
    hits = " UNION ALL ".join(parts) or "SELECT NULL::uuid AS client_id, 0 AS field, '' AS token WHERE false"
    read_once = f"WITH {', '.join(sets)} " if sets else ""
    return f"{read_once}SELECT client_id, field, token FROM ({hits}) hits LIMIT {int(limit)}", values


def _range_sql(
    one: Range, *, earlier: tuple[Range, ...], others: list[Word], after: Hit | None, meeting: Q | list[UUID] | None
) -> tuple[str, list[Any]]:
    """Return the SQL that reads one range in order of tokens, and its values.

    The planner has no statistics of one salon's tokens and takes every range for one row; so what it may not do is
    said: `OFFSET 0` keeps the look into one card's own tokens from becoming a join over a whole range, `IS TRUE` the
    set of another word's cards (read once for all ranges) from becoming one.
    """
    salon_id = current_salon_id()
    sql = (
        "SELECT t.client_id, t.field, t.token FROM clients_searchtoken t "
        "WHERE t.salon_id = %s AND t.field = %s AND t.token >= %s AND t.token < %s"
    )
    values: list[Any] = [salon_id, int(one.field), one.prefix, one.end]
    if after and one.field == after.field:
        sql += " AND (t.token, t.client_id) > (%s, %s)"
        values += [after.token, after.client_id]
    for place, word in enumerate(others):
        if word.rare:
            sql += f" AND (t.client_id IN (SELECT client_id FROM cards_{place})) IS TRUE"
        else:
            met, met_values = _in_any(word.ranges)
            sql += f" AND EXISTS ({_OWN_TOKENS} WHERE {met})"
            values += [salon_id, *met_values]
    # A card stands once: where the same field has an earlier token in the range, or a better field has one.
    better, better_values = _in_any(tuple(place for place in earlier if place.rank < one.rank))
    sql += (
        f" AND NOT EXISTS ({_OWN_TOKENS} WHERE {better or 'false'} "
        "OR (own.field = %s AND own.token >= %s AND own.token < t.token))"
    )
    values += [salon_id, *better_values, int(one.field), one.prefix]
    if isinstance(meeting, Q):
        card, card_values = _card_sql(meeting)
        sql += f" AND EXISTS ({card} OFFSET 0)"
        values += card_values
    elif meeting is not None:
        sql += " AND t.client_id = ANY (%s)"
        values.append(meeting)
    return f"{sql} ORDER BY t.token, t.client_id", values


_OWN_TOKENS = (
    "SELECT 1 FROM (SELECT field, token FROM clients_searchtoken WHERE salon_id = %s AND client_id = t.client_id "
    "OFFSET 0) own"
)


def _card_sql(meeting: Q) -> tuple[str, tuple[Any, ...]]:
    card = Client.objects.filter(meeting, pk=RawSQL("t.client_id", ())).values(one=Value(1))
    return card.query.sql_with_params()


def _cards_sql(word: Word) -> tuple[str, list[Any]]:
    """Return the SQL that reads the cards of a word, once for each token that meets it, and its values.

    Each prefix is a scan of its own: ranges joined by OR have no bounds in common, and whole fields would be read.
    """
    parts, values = [], []
    for one in _by_prefix(word.ranges):
        met, met_values = _within(one)
        parts.append(f"SELECT own.client_id FROM clients_searchtoken own WHERE own.salon_id = %s AND {met}")
        values += [current_salon_id(), *met_values]
    return " UNION ALL ".join(parts), values


def _in_any(places: tuple[Range, ...]) -> tuple[str, list[Any]]:
    met = [_within(one) for one in _by_prefix(places)]
    return " OR ".join(f"({sql})" for sql, _values in met), [value for _sql, values in met for value in values]


def _by_prefix(places: tuple[Range, ...]) -> list[list[Range]]:
    found: dict[str, list[Range]] = {}
    for place in places:
        found.setdefault(place.prefix, []).append(place)
    return list(found.values())


def _within(places: list[Range]) -> tuple[str, list[Any]]:
    """Return the condition that a token lies in the ranges of one prefix, and its values."""
    sql = "own.field = ANY (%s::smallint[]) AND own.token >= %s AND own.token < %s"
    return sql, [[int(place.field) for place in places], places[0].prefix, places[0].end]
