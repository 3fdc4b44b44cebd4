"""What happened with one client, as the card tells it, newest first."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clients.details import LABELS, Gender
from salon.audit.recording import entries_of
from salon.phone import display_phone

SHOWN = 50
_TITLES: dict[str, Promise | str] = {"client.created": _("Card created"), "client.updated": _("Card changed")}
_ICONS = {"client.created": "user-plus", "client.updated": "pencil"}


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One field before and after, as text for people."""

    label: Promise | str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history."""

    at: datetime
    actor_name: str
    icon: str
    title: Promise | str
    changes: list[ShownChange]


def history_of(client_id: UUID, country: str) -> list[Event]:
    """Return the newest changes of a card in the open salon, phones as people of `country` write them."""
    return [
        Event(
            at=entry.at,
            actor_name=entry.actor_name,
            icon=_ICONS.get(entry.action, "history"),
            title=_TITLES.get(entry.action, entry.action),
            # A new card's first values stand beside the history already.
            changes=[_shown(change, country) for change in entry.changes] if entry.action != "client.created" else [],
        )
        for entry in entries_of(client_id, limit=SHOWN)
    ]


def _shown(change: dict[str, str | None], country: str) -> ShownChange:
    field = change["field"] or ""
    return ShownChange(
        LABELS.get(field, field), worded(field, change["old"], country), worded(field, change["new"], country)
    )


def worded(field: str, value: str | None, country: str) -> str:
    """Return a value of the card in the words and writings of the screen."""
    if field in {"mobile", "landline"} and value and value.startswith("+"):
        return display_phone(value, country)
    if field == "gender" and value in Gender.values:
        return str(Gender(value).label)
    if field == "birthday" and value and "." not in value:
        year, month, day = value.replace("--", "-").rsplit("-", 2)
        return f"{day}.{month}.{year}"
    return value or ""
