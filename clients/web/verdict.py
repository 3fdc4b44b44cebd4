"""Why a client is new or returning, in words for the card (ui.md §2.4, domain.md §4.2)."""

from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.classification import CreatedVia, Reason, Status, Verdict, classify, status_changes_on
from clients.models import CarriedService, Client

_ENTERED = gettext_lazy("on file since %(listed)s, entered by the salon, without any visit so far.")
_IMPORTED = gettext_lazy("on file since %(listed)s, taken over from another system, without any visit so far.")
_VISITED = {
    Reason.RECENT_VISIT: gettext_lazy("last visit on %(visited)s."),
    Reason.LAPSED: gettext_lazy("last visit on %(visited)s, more than 365 days ago."),
    Reason.LISTED: gettext_lazy(
        "on file since %(listed)s only; the last visit on %(visited)s is more than 365 days ago."
    ),
}
_NEVER_VISITED = {
    Reason.NOT_LISTED: gettext_lazy("on file from %(listed)s on."),
    Reason.LAPSED: gettext_lazy("on file since %(listed)s, for more than 365 days, without any visit."),
    Reason.FIRST_VISIT_PENDING: gettext_lazy(
        "on file since an online booking of %(listed)s, without any visit so far."
    ),
    Reason.LISTED: _ENTERED,
}
_UNDATED = {
    Reason.LAPSED: gettext_lazy(
        "on file since %(listed)s, for more than 365 days, with earlier visits whose days are not known."
    ),
    Reason.FIRST_VISIT_PENDING: gettext_lazy(
        "on file since an online booking of %(listed)s, with earlier visits whose days are not known."
    ),
    Reason.LISTED: gettext_lazy("on file since %(listed)s, with earlier visits whose days are not known."),
}
ICONS = {Status.NEW: "sparkles", Status.RETURNING: "user-check"}


@dataclass(frozen=True, slots=True)
class ShownVerdict:
    """The verdict of a day as a card tells it: `tone` is `new` or `returning`, never without icon and label."""

    label: str
    tone: str
    icon: str
    because: str
    outlook: str
    first_visit: bool
    status_changes_on: date | None

    @property
    def text(self) -> str:
        """All of it in one line."""
        return f"{self.label}: {self.because} {self.outlook}".strip()


def carries_services(client: Client) -> bool:
    """Return whether an import brought a client and services along, of whose visits no day is known."""
    if client.created_via != CreatedVia.IMPORT or client.last_success_on is not None:
        return False
    return CarriedService.objects.filter(client=client).exists()


def explain(client: Client, today: date, *, had_services: bool = False) -> ShownVerdict:
    """Return what a card, as it was read from the database, says of its client today, why, and until when.

    `had_services` says that an import brought some along: then there were visits, although no day of one is known.
    """
    verdict = classify(client.facts, today)
    changes_on = status_changes_on(client.facts, today)
    no_day = client.first_success_on is None and client.last_success_on is None
    undated = no_day and (had_services or client.carried_visits > 0)
    return ShownVerdict(
        label=str(verdict.status.label),
        tone=verdict.status.lower(),
        icon=ICONS[verdict.status],
        because=_because(verdict, client.listed_on, undated=undated),
        outlook=_outlook(verdict.status, changes_on, first_visit=no_day),
        first_visit=no_day and not undated,
        status_changes_on=changes_on,
    )


def _because(verdict: Verdict, listed_on: date, *, undated: bool) -> str:
    visited = verdict.evidence and verdict.evidence.last_success_on
    words = _VISITED[verdict.reason] if visited else _NEVER_VISITED[verdict.reason]
    if undated and verdict.reason in _UNDATED:
        words = _UNDATED[verdict.reason]
    elif words is _ENTERED and verdict.evidence and verdict.evidence.created_via == CreatedVia.IMPORT:
        words = _IMPORTED
    return words % {"listed": _day(listed_on), "visited": _day(visited) if visited else ""}


def _outlook(status: Status, changes_on: date | None, *, first_visit: bool) -> str:
    if changes_on is None:
        return _("Counts as returning after the next visit.") if status == Status.NEW else ""
    if first_visit:
        return _("Counts as new from %(date)s if there is no visit before.") % {"date": _day(changes_on)}
    return _("Counts as new again from %(date)s.") % {"date": _day(changes_on)}


def _day(day: date) -> str:
    return date_format(day, "DATE_FORMAT")
