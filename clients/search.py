"""Finding cards while somebody types: ranges over the tokens of cards (architecture.md §5, domain.md §2)."""

from typing import Any
from uuid import UUID

from django.db.models import Q, Value
from django.db.models.expressions import RawSQL

from clients.models import Client, TokenField
from clients.queries import APART, Hit, Named, Query, Range, Word
from clients.tokens import beginning_of
from salon.rows import fetch
from salon.tenancy.context import current_salon_id

# So far are the tokens of each word counted, to read the rarest one's.
COUNTED = 500
# Up to so many cards meeting a condition are asked for by their ids.
FEW = 1000

_PUNCTUATION = "'" + APART.replace("'", "''") + "'"


def find(query: Query, *, after: Hit | None = None, limit: int, meeting: Q | None = None) -> list[Hit]:
    """Return up to `limit` cards of the open salon that meet the query: with all words in the name, then best field
    first, then in order of tokens.

    A card stands once, where its best token stands; `after` goes on behind that hit. `meeting` is asked of the card.
    """
    asked: Q | list[UUID] | None = meeting
    if meeting:
        # Few cards are handed over; of many the next one is never far.
        few = list(Client.objects.listed().filter(meeting).values_list("pk", flat=True)[:FEW])
        if not few:
            return []
        asked = few if len(few) < FEW else meeting
    hits: list[Hit] = []
    sizes: list[int] = []
    if (named := query.named) and (after is None or named.place_of(after) is not None):
        hits, sizes = _named_and_sizes(query, named, after=after, limit=limit, meeting=asked)
        after = None
    if len(hits) == limit:
        return hits
    ordered: Query | None = query
    if len(query.words) > 1:
        ordered = _rarest_first(query, sizes or _sizes(query), after)
    if ordered is None:
        return hits
    # As many as without hits: for each number of its own the database would prepare another statement.
    more = _found(statement(ordered, besides=query.named, after=after, limit=limit, meeting=asked))
    return [*hits, *more[: limit - len(hits)]]


def _found(asked: tuple[str, list[Any]]) -> list[Hit]:
    return [Hit(*row) for row in fetch(*asked)]


def _named_and_sizes(
    query: Query, named: Named, *, after: Hit | None, limit: int, meeting: Q | list[UUID] | None
) -> tuple[list[Hit], list[int]]:
    """Return the cards with all words in their name and, where they are fewer than asked for, the tokens of each word:
    what the next statement has to know, without asking twice."""
    sql, values = named_statement(named, after=after, limit=limit, meeting=meeting)
    counts, counts_values = _counts(query)
    both = f"SELECT named.*, NULL::bigint[] FROM ({sql}) named UNION ALL SELECT NULL, 0, '', ARRAY[{counts}]"
    rows = fetch(f"{both} LIMIT {int(limit)}", [*values, *counts_values])
    hits = [Hit(*row) for *row, sizes in rows if sizes is None]
    return hits, rows[-1][-1] if len(rows) > len(hits) else []


def _sizes(query: Query) -> list[int]:
    [sizes] = fetch(*sizes_statement(query))
    return list(sizes)


def _rarest_first(query: Query, sizes: list[int], after: Hit | None) -> Query | None:
    """Let the word on the fewest cards drive, of common ones the longest; a later page is driven by the word that drove
    the first.

    No query where a word stands on no card.
    """
    if not all(sizes):
        return None
    words = sorted(
        zip(sizes, query.words, strict=True),
        key=lambda one: (not (after and one[1].place_of(after) is not None), one[0], -len(one[1].typed)),
    )
    return Query(tuple(word for _size, word in words))


def sizes_statement(query: Query) -> tuple[str, list[Any]]:
    """Return the SQL that counts the tokens of each word, up to COUNTED, and its values."""
    counts, values = _counts(query)
    return f"SELECT {counts}", values


def _counts(query: Query) -> tuple[str, list[Any]]:
    counts, values = [], []
    for word in query.words:
        cards, cards_values = _cards_sql(word)
        counts.append(f"(SELECT count(*) FROM ({cards} LIMIT {COUNTED}) counted)")
        values += cards_values
    return ", ".join(counts), values


def named_statement(
    named: Named, *, after: Hit | None = None, limit: int, meeting: Q | list[UUID] | None = None
) -> tuple[str, list[Any]]:
    """Return the SQL that reads the cards with all words in their name, and its values."""
    place = named.place_of(after) if after else None
    parts = []
    for number, one in enumerate(named.ranges):
        if place is not None and number < place:
            continue
        last = number == len(named.ranges) - 1
        also = []
        if last:
            others = [word for word in named.letters if word != named.longest]
            also = [*map(_one_begins, others), *(_in_name("t", word) for word in others)]
        also += [_met(word) for word in named.others]
        before = [_in_any(named.ranges[:number])]
        parts.append(_range_sql(one, also, before, after=after if number == place else None, meeting=meeting))
    return _read(parts, limit)


def statement(
    query: Query,
    *,
    besides: Named | None,
    after: Hit | None = None,
    limit: int,
    meeting: Q | list[UUID] | None = None,
) -> tuple[str, list[Any]]:
    """Return the SQL that reads the cards meeting every word, `besides` those with all words in their name as they were
    typed, and its values; the first word drives. `meeting`: a condition, or the cards by id.
    """
    driving, *others = query.words
    # What the index tells goes before every look at a candidate's own tokens.
    also = [*(begun for word in others if (begun := _begun(word))), *map(_met, others)]
    in_name = [_in_any(besides.ranges[:-1]), _all_in_name(besides)] if besides else []
    first = driving.place_of(after) if after else None
    parts = []
    for place, one in enumerate(driving.ranges):
        if first is None or place >= first:
            before = [_in_any(driving.ranges[:place]), *in_name]
            parts.append(_range_sql(one, also, before, after=after if place == first else None, meeting=meeting))
    return _read(parts, limit)


def _read(parts: list[tuple[str, list[Any]]], limit: int) -> tuple[str, list[Any]]:
    """Return the SQL that reads one part after another until there are enough, and its values."""
    # UNION ALL keeps the order of its parts and stops reading where the limit is met.
    hits = " UNION ALL ".join(f"({sql} LIMIT {int(limit)})" for sql, _values in parts)
    nothing = "SELECT NULL::uuid AS client_id, 0 AS field, '' AS token WHERE false"
    sql = f"SELECT client_id, field, token FROM ({hits or nothing}) hits LIMIT {int(limit)}"
    return sql, [value for _sql, values in parts for value in values]


def _in_name(row: str, word: str) -> tuple[str, list[Any]]:
    """Return the condition that a token of a name tells of a word within it, and its values."""
    # Nearly all are told by the cheaper look.
    told = f"translate(' ' || {row}.token, {_PUNCTUATION}, '{' ' * len(APART)}') LIKE %s"
    return f"{row}.token LIKE %s AND {told}", [f"%{word}%", f"% {word}%"]


def _all_in_name(named: Named) -> tuple[str, list[Any]]:
    """Return the condition that a token of the longest word tells of a name with the other words, and its values."""
    conditions = [_within(named.ranges[-1])]
    conditions += [_in_name("own", word) for word in named.letters if word != named.longest]
    met = " AND ".join(sql for sql, _values in conditions)
    return f"({met})", [value for _sql, values in conditions for value in values]


def _begun(word: Word) -> tuple[str, list[Any]] | None:
    """Return the condition that a card may have a word by what its tokens say of each other, and its values; None where
    a phone number may be meant, of which they say nothing."""
    if any(TokenField.PHONE in one.fields for one in word.ranges):
        return None
    return _one_begins(*(one.prefix for one in word.ranges))


def _one_begins(*prefixes: str) -> tuple[str, list[Any]]:
    """Return the condition that a token's card may have a word that begins with one of these, and its values."""
    begun = dict.fromkeys(f" {beginning_of(prefix)}" for prefix in prefixes)
    told = " OR ".join("strpos(t.beginnings, %s) > 0" for _ in begun)
    return f"(t.beginnings = '' OR {told})", list(begun)


def _met(word: Word) -> tuple[str, list[Any]]:
    """Return the condition that a card's own tokens meet a word, and its values."""
    met, values = _in_any(word.ranges)
    return f"EXISTS ({_OWN_TOKENS} WHERE {met})", [current_salon_id(), *values]


def _range_sql(
    one: Range,
    also: list[tuple[str, list[Any]]],
    before: list[tuple[str, list[Any]]],
    *,
    after: Hit | None,
    meeting: Q | list[UUID] | None,
) -> tuple[str, list[Any]]:
    """Return the SQL that reads one range in order of tokens, and its values: of cards that meet what is `also` asked
    and have no token that stands `before`.

    The planner has no statistics of one salon's tokens and takes every range for one row; so what it may not do is
    said: `OFFSET 0` keeps the look into one card's own tokens from becoming a join over a whole range. That it does not
    see the bounds lets it plan once for all that is typed: planning would take as long as reading.
    """
    salon_id = current_salon_id()
    sql = (
        "SELECT t.client_id, t.field, t.token FROM clients_searchtoken t "
        f"WHERE t.salon_id = %s AND t.field = ANY ({one.numbers}) "
        "AND t.token >= (SELECT %s::text) AND t.token < (SELECT %s::text)"
    )
    values: list[Any] = [salon_id, one.prefix, one.end]
    if after:
        sql += " AND (t.field, t.token, t.client_id) > (%s, %s, %s)"
        values += [after.field, after.token, after.client_id]
    # A card stands once: where the range has an earlier token of it, or it stands before by another.
    met, met_values = _within(one)
    earlier = (f"({met} AND (own.field, own.token) < (t.field, t.token))", met_values)
    elsewhere = [(met, met_values) for met, met_values in (*before, earlier) if met]
    once = f"NOT EXISTS ({_OWN_TOKENS} WHERE {' OR '.join(met for met, _values in elsewhere)})"
    # In this order: few candidates are asked the last.
    asked = [*also, (once, [salon_id, *(value for _met, met_values in elsewhere for value in met_values)])]
    sql += f" AND CASE {' '.join(f'WHEN NOT ({met}) THEN false' for met, _values in asked)} ELSE true END"
    values += [value for _met, met_values in asked for value in met_values]
    if isinstance(meeting, Q):
        card, card_values = _card_sql(meeting)
        sql += f" AND EXISTS ({card} OFFSET 0)"
        values += card_values
    elif meeting is not None:
        sql += " AND t.client_id = ANY (%s)"
        values.append(meeting)
    return f"{sql} ORDER BY t.field, t.token, t.client_id", values


_OWN_TOKENS = (
    "SELECT 1 FROM (SELECT field, token FROM clients_searchtoken WHERE salon_id = %s AND client_id = t.client_id "
    "OFFSET 0) own"
)


def _card_sql(meeting: Q) -> tuple[str, tuple[Any, ...]]:
    card = Client.objects.filter(meeting, pk=RawSQL("t.client_id", ())).values(one=Value(1))
    return card.query.sql_with_params()


def _cards_sql(word: Word) -> tuple[str, list[Any]]:
    """Return the SQL that reads the cards of a word, once for each token that meets it, and its values.

    Each prefix is a scan of its own: joined by OR they have no bounds in common, and whole fields would be read.
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


def _by_prefix(places: tuple[Range, ...]) -> list[Range]:
    fields: dict[str, tuple[TokenField, ...]] = {}
    for place in places:
        fields[place.prefix] = (*fields.get(place.prefix, ()), *place.fields)
    return [Range(of_prefix, prefix) for prefix, of_prefix in fields.items()]


def _within(one: Range) -> tuple[str, list[Any]]:
    """Return the condition that a token lies in a range, and its values."""
    return f"own.field = ANY ({one.numbers}) AND own.token >= %s AND own.token < %s", [one.prefix, one.end]
