"""Since when somebody is on file whom an import brings along, or knows better of (domain.md §4.2, §10)."""

from datetime import date

from clients.importing.mapping import Wanted
from clients.models import Client

# What says so where the file does not.
BY_FIRST_VISIT, BY_LAST_VISIT, BY_IMPORT = "by_first_visit", "by_last_visit", "by_import"


def listed_since(wanted: Wanted, today: date) -> tuple[date, str]:
    """Return since when a new client is on file, and what says so: whoever has been here was known no later."""
    if wanted.listed_on:
        return wanted.listed_on, ""
    if wanted.first_visit_on:
        return wanted.first_visit_on, BY_FIRST_VISIT
    return (wanted.last_visit_on, BY_LAST_VISIT) if wanted.last_visit_on else (today, BY_IMPORT)


def known_earlier(card: Client, wanted: Wanted) -> date | None:
    """Return since when a card is on file by a line, if that is earlier than what an import had assumed.

    A day that a file or somebody said stays.
    """
    assumed = {card.carried_first_visit_on, card.carried_last_visit_on, card.assumed_listed_on}
    if card.assumed_listed_on is None or card.listed_on not in assumed:
        return None
    told = [day for day in (wanted.listed_on, wanted.first_visit_on, wanted.last_visit_on) if day]
    earliest = min(told, default=card.listed_on)
    return earliest if earliest < card.listed_on else None
