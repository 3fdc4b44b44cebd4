"""Finding what was written with clients: by who they are, and by the words of it (domain.md §9.4)."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat

from clients.listing import ids_of_all
from marketing.models import Message
from salon.folding import fold
from salon.keyset import Meeting

LONGEST_SEARCH = 100
MOST_WORDS = 6
# Beyond so many cards a name says nothing of whom is looked for.
MOST_CARDS = 1000
# What stands before what was found, of a text that is shown in part.
_BEFORE = 40
# How a folded letter may be written. The database keeps texts as they were written: so few of them are a salon's that
# reading them is faster than an index would be worth, which under row-level security could not be of words anyway.
_WRITTEN = {
    "a": "[aàáâãäå]e?",
    "c": "[cç]",
    "e": "[eèéêë]",
    "i": "[iìíîïı]",
    "n": "[nñ]",
    "o": "[oòóôõöø]e?",
    "u": "[uùúûü]e?",
    "y": "[yýÿ]",
}


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: `words` as patterns, and the cards that the whole of it means."""

    words: tuple[str, ...]
    client_ids: tuple[UUID, ...]

    @property
    def said(self) -> Q:
        """Of messages annotated by `with_said`: every word stands in it, or in the name of whom it is written with."""
        return Q(*(Q(said__iregex=word) for word in self.words))


def parse_search(text: str) -> Search | None:
    """Read what was typed; None when nothing is left of it."""
    typed = list(dict.fromkeys(fold(text[:LONGEST_SEARCH].replace("\x00", " ")).split()))[:MOST_WORDS]
    if not typed:
        return None
    return Search(tuple(map(_pattern, typed)), tuple(ids_of_all(text[:LONGEST_SEARCH], limit=MOST_CARDS)))


def with_said(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Return messages with what is searched of them as `said`: whom they are written with, and what they say."""
    between = Value(" ")
    name = (F("client__first_name"), between, F("client__last_name"))
    said = Concat(*name, between, F("subject"), between, F("text"), output_field=TextField())
    return messages.annotate(said=said)


def threads_found(search: Search) -> Meeting:
    """Return the condition that what was written with a client has been found."""
    spoken = with_said(Message.objects.all()).filter(search.said)
    known = Q(client_id__in=search.client_ids)
    return Meeting(
        all=known | Q(of_any(spoken)), each=known | Q(Exists(spoken.filter(client_id=OuterRef("client_id"))))
    )


def of_any(messages: QuerySet[Message]) -> Func:
    """Return the condition on messages that their client has any of these; those are read once, before all else."""
    ids = ArraySubquery(messages.order_by().values("client_id"))
    return Func(F("client_id"), ids, template="(%(expressions)s))", arg_joiner=" = ANY (", output_field=BooleanField())


def newest_found(search: Search, client_ids: Collection[UUID]) -> dict[UUID, Message]:
    """Return the newest message with every word, by the client; nothing of those found by who they are alone."""
    found = with_said(Message.objects.filter(client_id__in=client_ids)).filter(search.said)
    newest = found.order_by("client_id", "-created_at", "-id").distinct("client_id").select_related("client")
    return {one.client_id: one for one in newest}


def passage(search: Search | None, text: str, *, longest: int) -> str:
    """Return the part of a text in which something was found, else how it begins."""
    places = (re.search(word, text, re.IGNORECASE) for word in (search.words if search else ()))
    first = min((place.start() for place in places if place), default=0)
    start = text.rfind(" ", 0, first - _BEFORE) + 1 if first > _BEFORE else 0
    shown = text[start : start + longest].rstrip()
    return f"{'…' if start else ''}{shown}{'…' if start + longest < len(text) else ''}"


def _pattern(word: str) -> str:
    """Return a pattern, understood by the database and by Python, of every way to write a folded word."""
    return "".join("(?:ss|ß)" if part == "ss" else _WRITTEN.get(part) or re.escape(part) for part in _parts(word))


def _parts(word: str) -> list[str]:
    return re.findall("ss|.", word)
