"""What came and went on a client's Treatcard, in words (ui.md §2.4)."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext

from clients.models import Cause
from clients.points import SUBJECT, action_of

__all__ = ["SUBJECT", "TOLD", "about", "balance"]

# How each cause is told: its title and its icon.
_CAUSES: dict[Cause, tuple[Promise, str]] = {
    Cause.EARNED: (gettext_lazy("Points earned"), "coins"),
    Cause.REVERSED: (gettext_lazy("Points of a refund taken back"), "undo-2"),
    Cause.REDEEMED: (gettext_lazy("Reward redeemed"), "gift"),
    Cause.RETURNED: (gettext_lazy("Points of a reward given back"), "undo-2"),
    Cause.ADJUSTED: (gettext_lazy("Points adjusted"), "pencil"),
    Cause.MERGED: (gettext_lazy("Points of merged cards put together"), "merge"),
    Cause.UNMERGED: (gettext_lazy("Points taken apart again"), "split"),
    Cause.EXPIRED: (gettext_lazy("Points expired"), "hourglass"),
    Cause.REFERRAL: (gettext_lazy("Points for a referral"), "users"),
    Cause.OPENING: (gettext_lazy("Points brought along"), "file-down"),
    Cause.WITHDRAWN: (gettext_lazy("Points of an undone import taken back"), "undo-2"),
    Cause.ERASED: (gettext_lazy("Points lapsed"), "trash-2"),
}
TOLD: dict[str, tuple[Promise, str]] = {action_of(cause): told for cause, told in _CAUSES.items()}

type Changes = Iterable[Mapping[str, Any]]


def about(changes: Changes) -> str:
    """Return how many points, and what was said of it: `+50 · Entschuldigung für gestern`."""
    told = {change["field"]: change for change in changes}
    if "points" not in told:
        return ""
    old, new = (int(told["points"][side]) for side in ("old", "new"))
    reason = told["reason"]["new"] if "reason" in told else ""
    return " · ".join(text for text in (signed(new - old), reason) if text)


def balance(changes: Changes) -> tuple[str, str]:
    """Return the balance before and after, as people read it."""
    told = next((change for change in changes if change["field"] == "points"), None)
    return (_counted(told["old"]), _counted(told["new"])) if told else ("", "")


def signed(points: int) -> str:
    """Return a change of points with its sign: `+200`, `−350`."""
    return f"{'+' if points > 0 else '−'}{number_format(abs(points), force_grouping=True)}"


def standing(points: int) -> str:
    """Return a balance with a sign only below zero: `1.350`, `−150`."""
    return signed(points) if points < 0 else number_format(points, force_grouping=True)


def _counted(number: str) -> str:
    points = int(number)
    return ngettext("%(points)s point", "%(points)s points", points) % {"points": standing(points)}
