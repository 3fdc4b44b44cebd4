"""Where an appointment goes: behind everybody's locks, into the calendars of those who do it (domain.md §5)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bookings import hours
from bookings.bounds import Bounds
from bookings.busy import Period, busy_periods
from bookings.choosing import Circumstances, choose, circumstances_of
from bookings.conflicts import SlotTaken, blocking_items
from bookings.models import BookingRules
from bookings.placing import Planned
from bookings.sequence import Part, taken
from bookings.slots import Wish, alternatives
from bookings.writing import lock_staff
from salon.errors import FieldError, InvalidInput
from salon.tenancy.models import Salon

LONGEST_APPOINTMENT = timedelta(hours=24)


def settle(planned: Sequence[Planned], *, salon: Salon, bounds: Bounds, now: datetime) -> list[Part]:
    """Take the locks of everybody who may be needed and return who does what when.

    From outside the salon it must lie in the hours and within the salon's lead time and horizon.
    Raises: SlotTaken, InvalidInput.
    """
    lock_staff(salon, {staff_id for one in planned for staff_id in one.candidates})
    anybody = {staff_id for one in planned if not one.wished for staff_id in one.candidates}
    begin = min(one.starts_at for one in planned)
    known = circumstances_of(anybody, salon=salon, starts_at=begin) if anybody else Circumstances()
    parts = choose(planned, known)
    if parts is None and bounds is Bounds.DESK:
        parts = choose(planned, known.at_any_hour())
    if parts is None:
        raise SlotTaken
    refuse_endless(parts)
    if bounds is Bounds.ONLINE:
        refuse_outside(parts, salon=salon, now=now)
    return parts


def refuse_endless(parts: Sequence[Part]) -> None:
    """Refuse items that lie so far apart that nobody would call them one visit.

    Raises: InvalidInput.
    """
    if max(part.ends_at for part in parts) - min(part.starts_at for part in parts) > LONGEST_APPOINTMENT:
        raise InvalidInput([FieldError("items", "too_long", _("An appointment lasts a day at most."))])


def refuse_outside(parts: Sequence[Part], *, salon: Salon, now: datetime) -> None:
    """Refuse what cannot be booked from outside the salon: too soon, too far ahead, or where somebody is not there.

    Raises: SlotTaken.
    """
    rules = BookingRules.objects.first() or BookingRules()
    begin = min(part.starts_at for part in parts)
    latest = salon.date_at(now) + timedelta(days=rules.horizon_days)
    if begin < now + timedelta(minutes=rules.lead_minutes) or salon.date_at(begin) > latest:
        raise SlotTaken
    if not hours.fits(salon=salon, taken=taken(parts)):
        raise SlotTaken


def explain(
    refusal: SlotTaken,
    planned: Sequence[Planned],
    *,
    salon: Salon,
    bounds: Bounds,
    now: datetime,
    besides: UUID | None = None,
) -> None:
    """Let the refusal say what stands there (at the desk alone), and the nearest times that are free instead."""
    wishes = [Wish(one.service.pk, one.candidates[0] if one.wished else None) for one in planned]
    begin = min(one.starts_at for one in planned)
    refusal.alternatives = alternatives(salon=salon, wishes=wishes, near=begin, now=now, bounds=bounds, besides=besides)
    if bounds is Bounds.DESK:
        wanted: dict[UUID, list[Period]] = defaultdict(list)
        for one in planned:
            if one.wished:
                wanted[one.candidates[0]] += busy_periods(one.starts_at, one.minutes)
        refusal.blocking = blocking_items(wanted, besides=besides)
