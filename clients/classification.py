"""Is this client new or returning: a pure function of a card's facts and a day (domain.md §4.2)."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class CreatedVia(TextChoices):
    """How a card came to be (domain.md §2)."""

    STAFF = "STAFF", _("entered by staff")
    ONLINE_BOOKING = "ONLINE_BOOKING", _("online booking")
    IMPORT = "IMPORT", _("import")


class Status(TextChoices):
    """The verdict itself."""

    NEW = "NEW", _("New")
    RETURNING = "RETURNING", _("Returning")


class Reason(TextChoices):
    """Why the verdict is what it is; the first three only where there is no card."""

    NOT_LISTED = "NOT_LISTED", _("not on file")
    EMAIL_DIFFERS = "EMAIL_DIFFERS", _("other e-mail address")
    NAME_AND_PHONE_DIFFER = "NAME_AND_PHONE_DIFFER", _("other first name and phone")
    RECENT_VISIT = "RECENT_VISIT", _("visit within 365 days")
    LAPSED = "LAPSED", _("no visit for more than 365 days")
    FIRST_VISIT_PENDING = "FIRST_VISIT_PENDING", _("first visit still to come")
    LISTED = "LISTED", _("on file")


# Exactly so many days ago still counts.
MEMORY = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a card says about its client's visits; only successful ones count, days are the salon's."""

    listed_on: date
    created_via: CreatedVia
    first_success_on: date | None = None
    last_success_on: date | None = None

    def until(self, on: date) -> "Facts":
        """Return the facts as far as they were known on a day: of visits, the latest known one that had been."""
        known = [day for day in (self.first_success_on, self.last_success_on) if day and day <= on]
        return Facts(self.listed_on, self.created_via, min(known, default=None), max(known, default=None))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, the facts behind it as far as they were known, and the first day on which time alone gives another.

    `evidence` is None without a card; `changes_on` is None where time changes nothing.
    """

    status: Status
    reason: Reason
    evidence: Facts | None
    changes_on: date | None


def classify(facts: Facts | None, on: date) -> Verdict:
    """Return whether a client with these facts is new on a day; without a card nobody is known (domain.md §4.2).

    Before `listed_on` there was no card, and nobody could have announced one. The answer that `changes_on` announces is
    another status or another reason.
    """
    if facts is None or on < facts.listed_on:
        return Verdict(Status.NEW, Reason.NOT_LISTED, None, None)
    then = facts.until(on)
    if then.last_success_on and on - then.last_success_on <= MEMORY:
        return Verdict(Status.RETURNING, Reason.RECENT_VISIT, then, _forgotten_on(then.last_success_on))
    if on - facts.listed_on > MEMORY:
        return Verdict(Status.NEW, Reason.LAPSED, then, None)
    lapses_on = _forgotten_on(facts.listed_on)
    if facts.created_via == CreatedVia.ONLINE_BOOKING and then.last_success_on is None:
        return Verdict(Status.NEW, Reason.FIRST_VISIT_PENDING, then, lapses_on)
    return Verdict(Status.RETURNING, Reason.LISTED, then, lapses_on)


def status_changes_on(facts: Facts, on: date) -> date | None:
    """Return the first day on which time alone gives another status than on that day, None: never.

    Between them the reason may change: a returning client whose visit is too long ago can still be newly listed.
    """
    first = verdict = classify(facts, on)
    while verdict.changes_on:
        changed_on = verdict.changes_on
        verdict = classify(facts, changed_on)
        if verdict.status != first.status:
            return changed_on
    return None


def _forgotten_on(day: date) -> date | None:
    """Return the first day on which something of that day is more than 365 days ago; the calendar ends before some."""
    return day + MEMORY + timedelta(days=1) if day < date.max - MEMORY else None
