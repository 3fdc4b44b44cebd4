"""Pairs of cards that are one person's beyond doubt, and lose nothing by being merged (domain.md §2, Duplicates)."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from clients.combining import FIELDS
from clients.duplicates import likenesses_of, open_pairs
from clients.models import Client, Likeness
from clients.naming import without_title
from clients.tokens import place_words
from salon.folding import words

_NAMES = ("first_name", "last_name")
_PLACES = ("street", "city")


def surely_one(older: Client, newer: Client) -> bool:
    """Return whether two cards are one person's: the same phone or e-mail, the same names but for a title,
    and nothing on the newer card that says something else than the older one, so that nobody has to choose."""
    if not {Likeness.PHONE, Likeness.EMAIL}.intersection(likenesses_of(older, newer)):
        return False
    first_names = [words(without_title(card.first_name)) for card in (older, newer)]
    last_names = [words(card.last_name) for card in (older, newer)]
    if any(not mine or mine != theirs for mine, theirs in (first_names, last_names)):
        return False
    return all(_agree(older, newer, columns) for name, columns in FIELDS.items() if name not in _NAMES)


def titled(older: Client, newer: Client) -> set[str]:
    """Return what of the newer card is better kept: her first name where it alone has the title."""
    more = len(words(newer.first_name)) > len(words(older.first_name))
    return {"first_name"} if more else set()


def hold(proposal_ids: Collection[UUID]) -> list[tuple[UUID, UUID]]:
    """Return the cards of those of the proposals that are open, the older one first, and lock all of them.

    In key order, as whoever merges two cards does.
    """
    found = open_pairs().filter(pk__in=proposal_ids).order_by("older__number", "newer__number")
    pairs = list(found.values_list("older_id", "newer_id"))
    cards = Client.objects.select_for_update(no_key=True).filter(pk__in={card for pair in pairs for card in pair})
    list(cards.order_by("pk").values_list("pk"))
    return pairs


def _agree(older: Client, newer: Client, columns: tuple[str, ...]) -> bool:
    """Tell whether what belongs together says the same on both cards, as far as the newer one says something."""
    mine, theirs = ([_folded(card, column) for column in columns] for card in (older, newer))
    return not any(mine) or all(not their or their == my for my, their in zip(mine, theirs, strict=True))


def _folded(card: Client, column: str) -> Any:
    value = getattr(card, column)
    if column in _PLACES:
        return place_words(value)
    return value.casefold() if column == "email" else value
