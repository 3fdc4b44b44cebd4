"""Whom somebody may have meant who found nobody, or few: names on file that are one slip away (domain.md §2)."""

import re
import sys
from collections.abc import Collection, Iterator
from itertools import islice
from string import ascii_lowercase
from uuid import UUID

from django.db import connection
from django.db.models import Q

from clients.likeness import slips
from clients.models import Client, TokenField
from clients.queries import parse_query
from clients.search import find
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

_WORD = re.compile(r"[^\W\d_]+")


def near_misses(typed: str, *, besides: Collection[UUID] = (), meeting: Q | None = None) -> list[str]:
    """Return what could be searched for instead, or as well where those `besides` were found: a word is replaced by a
    name that somebody has, one slip away; each finds another card (`meeting` a condition).

    Slips are letters too many, too few, wrong or swapped. Each is looked up in the index of the names: a few hundred
    look-ups, however many cards there are.
    """
    return [text for text, _others in islice(_misses(typed, besides, meeting), PROPOSED)]


def near_cards(typed: str, *, besides: Collection[UUID], limit: int) -> list[UUID]:
    """Return up to `limit` of the cards that near misses find, the nearest first; as a rule there are few."""
    misses = islice(_misses(typed, besides, None), PROPOSED)
    return list(dict.fromkeys(client_id for _text, others in misses for client_id in others))[:limit]


def _misses(typed: str, besides: Collection[UUID], meeting: Q | None) -> Iterator[tuple[str, list[UUID]]]:
    written = typed.split()
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
    """Return names that begin one slip away from a folded word, as a card writes them, the nearest first; with `whole`
    those that are no further from it as they stand, and fewer: somebody has the word itself."""
    meant = sorted(one_slip_from(word))
    with connection.cursor() as cursor:
        ends = [one + chr(sys.maxunicode) for one in meant]
        cursor.execute(_FIRST_OF_EACH, [meant, ends, current_salon_id(), TokenField.NAME])
        cards = {token.partition(" ")[0]: client_id for token, client_id in cursor.fetchall()}
    if whole:
        near = [name for name in cards if not name.startswith(word) and slips(word, name, 1) == 1]
    else:
        near = [name for name in cards if len(name) <= len(word) + UNTYPED]
    near = sorted(near, key=lambda name: _distance(word, name))[: PROPOSED if whole else 2 * PROPOSED]
    clients = Client.objects.in_bulk([cards[name] for name in near])
    return [_as_written(clients[cards[name]], name) for name in near if cards[name] in clients]


def _distance(word: str, name: str) -> tuple[int, bool, str]:
    return slips(word, name, UNTYPED + 1), word[0] != name[0], name


def _as_written(client: Client, name: str) -> str:
    return next((word for word in _WORD.findall(client.full_name) if fold(word) == name), name.capitalize())


_FIRST_OF_EACH = """
SELECT held.token, held.client_id FROM unnest(%s::text[], %s::text[]) AS meant (word, beyond)
CROSS JOIN LATERAL (
  SELECT token, client_id FROM clients_searchtoken
  WHERE salon_id = %s AND field = %s AND token >= meant.word AND token < meant.beyond
  ORDER BY token LIMIT 1
) AS held"""
