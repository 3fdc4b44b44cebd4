"""Whom somebody may have meant who found nobody, or few: names on file that are one slip away, or sound the same
(domain.md §2)."""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from itertools import islice
from string import ascii_lowercase
from uuid import UUID

from django.db import connection
from django.db.models import Q

from clients.likeness import slips
from clients.models import TokenField
from clients.naming import without_salutation, without_title
from clients.queries import parse_query
from clients.search import find
from clients.spelling import spelled_otherwise
from salon.folding import fold, words
from salon.tenancy.context import current_salon_id

# Shorter words are a slip away from too many names; of longer ones there are too many slips.
SHORTEST = 4
# Where somebody was found already.
SHORTEST_BESIDES = 5
LONGEST = 20
MOST_WORDS = 3
PROPOSED = 3
# The name may be as many letters longer than what was typed.
UNTYPED = 2
# So many cards of a name are asked how it is written.
ASKED = 50

_WORD = re.compile(r"[^\W\d_]+")


def near_misses(typed: str, *, besides: Collection[UUID] = (), meeting: Q | None = None) -> list[str]:
    """Return what could be searched for instead, or as well where those `besides` were found: a word is replaced by a
    name that somebody has, one slip away or one that sounds the same, or a title is left out; each finds another card
    (`meeting` a condition).

    Slips are letters too many, too few, wrong or swapped. Each is looked up in the index of the names: some hundreds
    of look-ups, however many cards there are.
    """
    return [text for text, _others in islice(_misses(typed, besides, meeting), PROPOSED)]


def near_cards(typed: str, *, besides: Collection[UUID], limit: int) -> list[UUID]:
    """Return up to `limit` of the cards that near misses find, the nearest first; as a rule there are few."""
    misses = islice(_misses(typed, besides, None), PROPOSED)
    return list(dict.fromkeys(client_id for _text, others in misses for client_id in others))[:limit]


def _misses(typed: str, besides: Collection[UUID], meeting: Q | None) -> Iterator[tuple[str, list[UUID]]]:
    typed = without_salutation(typed)
    untitled = without_title(typed)
    if untitled and untitled != typed and (others := _others(untitled, besides, meeting)):
        yield untitled, others
    written = untitled.split()
    if len(written) > MOST_WORDS:
        return
    # Who was found has every word.
    strange = [] if besides else [place for place, word in enumerate(written) if not _others(word)]
    if len(strange) > 1:
        return
    shortest = SHORTEST_BESIDES if besides else SHORTEST
    for place in strange or range(len(written)):
        folded = words(written[place])
        if len(folded) != 1 or not folded[0].isalpha() or not shortest <= len(folded[0]) <= LONGEST:
            continue
        for name in _names_near(folded[0], whole=not strange):
            text = " ".join((*written[:place], name, *written[place + 1 :]))
            if others := _others(text, besides, meeting):
                yield text, others


def one_slip_from(word: str) -> set[str]:
    """Return every text that one slip makes of a folded word."""
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    found = {before + behind[1:] for before, behind in cuts if behind}
    found |= {before + behind[1] + behind[0] + behind[2:] for before, behind in cuts if len(behind) > 1}
    found |= {before + letter + behind[1:] for before, behind in cuts if behind for letter in ascii_lowercase}
    found |= {before + letter + behind for before, behind in cuts for letter in ascii_lowercase}
    return found - {word}


def _others(text: str, besides: Collection[UUID] = (), meeting: Q | None = None) -> list[UUID]:
    """Return the first cards that a text finds besides some."""
    query = parse_query(text)
    hits = find(query, limit=len(besides) + PROPOSED, meeting=meeting or None) if query else []
    return [hit.client_id for hit in hits if hit.client_id not in besides][:PROPOSED]


def _names_near(word: str, *, whole: bool) -> list[str]:
    """Return names that begin one slip away from a folded word or sound like it, as most cards write them, the nearest
    first; with `whole` those that are no further from it as they stand, and fewer: somebody has the word itself."""
    sounding = spelled_otherwise(word)
    meant = sorted(one_slip_from(word) | sounding)
    with connection.cursor() as cursor:
        ends = [one + chr(sys.maxunicode) for one in meant]
        cursor.execute(_FIRST_OF_EACH, [meant, ends, current_salon_id(), TokenField.NAME])
        names = {token.partition(" ")[0] for (token,) in cursor.fetchall()}

    def distance(name: str) -> tuple[int, bool, str]:
        return 1 if name in sounding else slips(word, name, UNTYPED + 1), word[0] != name[0], name

    if whole:
        near = [name for name in names if not name.startswith(word) and distance(name)[0] == 1]
    else:
        near = [name for name in names if len(name) <= len(word) + UNTYPED]
    return _as_written(sorted(near, key=distance)[: PROPOSED if whole else 2 * PROPOSED])


def _as_written(names: list[str]) -> list[str]:
    """Return folded names as most of the cards that have them write them, and none in capitals only."""
    if not names:
        return []
    written: dict[str, Counter[str]] = defaultdict(Counter)
    with connection.cursor() as cursor:
        cursor.execute(_OF_EACH, [names, current_salon_id(), TokenField.NAME, ASKED])
        for name, first_name, last_name in cursor.fetchall():
            found = _WORD.findall(f"{first_name} {last_name}")
            written[name].update({_with_capital(word) for word in found if fold(word) == name})
    return [_most_usual(written[name]) or name.capitalize() for name in names]


def _most_usual(written: Counter[str]) -> str:
    # Of two written as often the one with the umlaut, not with two letters for it.
    return max(written, key=lambda word: (written[word], -len(word)), default="")


def _with_capital(word: str) -> str:
    return word.capitalize() if word in {word.upper(), word.lower()} else word


_FIRST_OF_EACH = """
SELECT held.token FROM unnest(%s::text[], %s::text[]) AS meant (word, beyond)
CROSS JOIN LATERAL (
  SELECT token FROM clients_searchtoken
  WHERE salon_id = %s AND field = %s AND token >= meant.word AND token < meant.beyond
  ORDER BY token LIMIT 1
) AS held"""
_OF_EACH = """
SELECT asked.name, card.first_name, card.last_name FROM unnest(%s::text[]) AS asked (name)
CROSS JOIN LATERAL (
  SELECT salon_id, client_id FROM clients_searchtoken
  WHERE salon_id = %s AND field = %s AND token >= asked.name || ' ' AND token < asked.name || '!'
  ORDER BY token LIMIT %s
) AS held
CROSS JOIN LATERAL (
  SELECT first_name, last_name FROM clients_client WHERE salon_id = held.salon_id AND id = held.client_id OFFSET 0
) AS card"""
