"""How a gap is told: in the heading of its work list, and to the clients whom it concerns."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from bookings.gaps import Cause, Gap
from bookings.web.wording import day_word, local, span_text
from salon.catalogue.models import AbsenceKind
from salon.tenancy.models import Salon


@dataclass(frozen=True, slots=True)
class GapWords:
    """The heading of a work list, what stands below it, and the message proposed to whoever is called off."""

    title: str
    below: str
    message: str


def gap_words(gap: Gap, salon: Salon, now: datetime) -> GapWords:
    """Return how a gap is told."""
    if gap.absence and gap.staff:
        kind = AbsenceKind(gap.absence.kind).label
        return GapWords(
            _("%(name)s is away") % {"name": gap.staff.name},
            f"{kind} · {period_text(gap.absence.starts_at, gap.absence.ends_at, salon, now)}",
            _(
                "Unfortunately %(name)s cannot be there that day. Please excuse us; we will gladly find another time "
                "for you."
            )
            % {"name": gap.staff.name},
        )
    if gap.staff:
        said = {"name": gap.staff.name, "day": _day(gap.starts_at, salon, now)}
        return GapWords(
            _("%(name)s works other hours") % said,
            _("From %(day)s on: booked outside the new hours.") % said,
            _(
                "Unfortunately %(name)s does not work at that time any more. Please excuse us; we will gladly find "
                "another time for you."
            )
            % said,
        )
    message = _("Unfortunately we have to close that day. Please excuse us; we will gladly find another time for you.")
    if gap.cause == Cause.HOLIDAYS:
        return GapWords(_("Closed on public holidays"), _("Booked on days on which you are closed."), message)
    days = period_text(gap.away[0].starts_at, gap.away[-1].ends_at, salon, now)
    return GapWords(_("Closed: %(name)s") % {"name": gap.name}, days, message)


def period_text(starts_at: datetime, ends_at: datetime, salon: Salon, now: datetime) -> str:
    """Return whole days as days, and anything else with its times."""
    begin, end = local(starts_at, salon), local(ends_at, salon)
    ends_at_midnight = not (end.hour or end.minute)
    last = end - timedelta(days=1) if ends_at_midnight else end
    first_day, last_day = _day(begin, salon, now), _day(last, salon, now)
    if ends_at_midnight and not (begin.hour or begin.minute):
        return first_day if begin.date() == last.date() else f"{first_day} – {last_day}"
    if begin.date() != last.date():
        return f"{first_day}, {begin:%H:%M} – {last_day}, {'24:00' if ends_at_midnight else f'{end:%H:%M}'}"
    if ends_at_midnight:
        return _("%(day)s, from %(time)s on") % {"day": first_day, "time": f"{begin:%H:%M}"}
    return f"{first_day}, {span_text(starts_at, ends_at, salon)}"


def _day(moment: datetime, salon: Salon, now: datetime) -> str:
    return day_word(local(moment, salon).date(), salon.date_at(now))
