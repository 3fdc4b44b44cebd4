"""What happened to a client's wishes on the waiting list, in words (ui.md §2.4)."""

from datetime import date

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.waiting import SUBJECT

__all__ = ["FIELDS", "SUBJECT", "TOLD", "about", "worded", "worth_telling"]

# How each action is told: its title and its icon.
TOLD: dict[str, tuple[Promise, str]] = {
    "waiting.added": (gettext_lazy("Put on the waiting list"), "hourglass"),
    "waiting.changed": (gettext_lazy("Wish on the waiting list changed"), "hourglass"),
    "waiting.removed": (gettext_lazy("Taken off the waiting list"), "x"),
    "waiting.restored": (gettext_lazy("Put back on the waiting list"), "undo-2"),
    "waiting.booked": (gettext_lazy("Booked from the waiting list"), "calendar-check"),
}
FIELDS: dict[str, Promise] = {
    "days": gettext_lazy("Days"),
    "hours": gettext_lazy("Time of day"),
}
_CHANGED = "waiting.changed"
# What the line above the changes says already, and what is no news where somebody leaves the list.
_SAID = {"services", "days"}
_LEAVING = {"waiting.removed", "waiting.booked"}


def about(action: str, changes: list[dict[str, str | None]]) -> str:
    """Return what somebody waited for: `Schneiden · 24.11.2026 – 30.11.2026`; of a change, that is told by itself."""
    if action == _CHANGED:
        return ""
    told = {change["field"]: change["new"] or change["old"] or "" for change in changes}
    return " · ".join(text for text in (told.get("services", ""), worded("days", told.get("days"))) if text)


def worth_telling(action: str, field: str) -> bool:
    """Return whether a change is told by itself."""
    return action == _CHANGED or (action not in _LEAVING and field not in _SAID)


def worded(field: str, value: str | None) -> str:
    """Return a value of a wish, as it is recorded, in the words of the screen."""
    if not value:
        return ""
    first, _slash, last = value.partition("/")
    if field == "days":
        days = [date_format(date.fromisoformat(one), "SHORT_DATE_FORMAT") for one in dict.fromkeys((first, last))]
        return " – ".join(days)
    if field == "hours":
        return _("%(start)s–%(end)s") % {"start": first, "end": last}
    return value
