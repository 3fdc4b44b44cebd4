"""Where an appointment goes: behind everybody's locks, into the calendars of those who do it (domain.md §5)."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from bookings import cautions, hours
from bookings.availability import MINUTE
from bookings.bounds import Bounds
from bookings.busy import LONGEST_APPOINTMENT, Period
from bookings.choosing import Circumstances, choose, circumstances_of
from bookings.conflicts import SlotTaken, Why, blocking_items
from bookings.free_time import Place
from bookings.models import AppointmentItem, BookingRules
from bookings.outlook import Outlook
from bookings.placing import Planned
from bookings.sequence import Part, taken
from bookings.slots import MOST_ALTERNATIVES, Slot, Wish, alternatives, slot_at
from bookings.writing import lock_staff, parts_of
from salon.errors import FieldError, InvalidInput
from salon.tenancy.models import Salon


def settle(
    planned: Sequence[Planned],
    *,
    salon: Salon,
    bounds: Bounds,
    now: datetime,
    rules: BookingRules,
    besides: UUID | None = None,
) -> list[Part]:
    """Take the locks of everybody who may be needed and return who does what when.

    `besides` is the appointment it belongs to, which is in nobody's way. From outside the salon it must lie in the
    hours and within the salon's lead time and horizon.
    Raises: SlotTaken, InvalidInput.
    """
    begin = min(one.starts_at for one in planned)
    if bounds is Bounds.ONLINE:
        _refuse_untimely(begin, salon=salon, now=now, rules=rules)
    lock_staff(salon, {staff_id for one in planned for staff_id in one.candidates})
    anybody = {staff_id for one in planned if not one.wished for staff_id in one.candidates}
    known = circumstances_of(anybody, salon=salon, starts_at=begin, besides=besides) if anybody else Circumstances()
    parts = arranged(planned, known, bounds)
    if bounds is Bounds.ONLINE:
        _refuse_away(parts, salon)
    return parts


def arranged(planned: Sequence[Planned], known: Circumstances, bounds: Bounds) -> list[Part]:
    """Return who does what when; at the desk, where nobody is free in her hours, somebody who is outside them.

    Raises: SlotTaken, InvalidInput.
    """
    parts = choose(planned, known)
    if parts is None and bounds is Bounds.DESK:
        parts = choose(planned, known.at_any_hour())
    if parts is None:
        somebody_works = bounds is Bounds.DESK or choose(planned, known.with_nothing_booked()) is not None
        nobody = Why.CLOSED if known.closed else Why.OUTSIDE_HOURS
        raise SlotTaken(Why.TAKEN if somebody_works else nobody)
    refuse_endless(parts)
    return parts


def refuse_endless(parts: Sequence[Part]) -> None:
    """Refuse items that lie so far apart that nobody would call them one visit.

    Raises: InvalidInput.
    """
    if max(part.ends_at for part in parts) - min(part.starts_at for part in parts) > LONGEST_APPOINTMENT:
        raise InvalidInput([FieldError("items", "too_long", _("An appointment lasts a day at most."))])


def refuse_outside(parts: Sequence[Part], *, salon: Salon, now: datetime, rules: BookingRules) -> None:
    """Refuse what cannot be booked from outside the salon: too soon, too far ahead, or where somebody is not there.

    Raises: SlotTaken.
    """
    _refuse_untimely(min(part.starts_at for part in parts), salon=salon, now=now, rules=rules)
    _refuse_away(parts, salon)


def _refuse_untimely(begin: datetime, *, salon: Salon, now: datetime, rules: BookingRules) -> None:
    if begin < now:
        raise SlotTaken(Why.IN_THE_PAST)
    if begin < now + timedelta(minutes=rules.lead_minutes):
        raise SlotTaken(Why.TOO_SOON)
    if salon.date_at(begin) > salon.date_at(now) + timedelta(days=rules.horizon_days):
        raise SlotTaken(Why.TOO_FAR_AHEAD)


def _refuse_away(parts: Sequence[Part], salon: Salon) -> None:
    if any(hours.why_not(salon=salon, taken=taken(parts))):
        day = salon.date_at(min(part.starts_at for part in parts))
        closed = hours.presence((), day, day, salon).closed
        raise SlotTaken(Why.CLOSED if closed else Why.OUTSIDE_HOURS)


def _explain(
    refusal: SlotTaken,
    wishes: Sequence[Wish],
    wanted: Sequence[Part],
    *,
    salon: Salon,
    near: datetime,
    bounds: Bounds,
    now: datetime,
    besides: UUID | None = None,
    standing: Place = (),
    outlook: Outlook | None = None,
    client_has: Sequence[Period] = (),
) -> None:
    """Let a refusal say what stands where parts were wanted (at the desk alone), and the nearest times that are free.

    `besides` is the appointment that was to be changed: it stands in nobody's way, and where it is `standing` is no
    other time. `outlook` is what has been read; in the periods that the `client_has` already nothing is proposed.
    """
    look = partial(
        alternatives,
        salon=salon,
        near=near,
        now=now,
        bounds=bounds,
        besides=besides,
        standing=standing,
        outlook=outlook,
        client_has=client_has,
    )
    # For what somebody still has who has left, no other time is known.
    with suppress(InvalidInput):
        refusal.alternatives = look(wishes=wishes)
    if bounds is Bounds.DESK:
        periods: dict[UUID, list[Period]] = defaultdict(list)
        for staff_id, some in taken(wanted):
            periods[staff_id] += some
        refusal.blocking = blocking_items(periods, besides=besides)
        refusal.warnings = [*cautions.in_the_past(near, now)]
        taken_by = {one.staff_id for one in refusal.blocking}
        colleagues = [replace(wish, staff_id=None) if wish.staff_id in taken_by else wish for wish in wishes]
        if colleagues != wishes:
            with suppress(InvalidInput):
                nearest = look(wishes=colleagues, count=1)
                refusal.alternatives = _with_colleague(refusal.alternatives, nearest, near, salon)


def _with_colleague(own: list[Slot], nearest: Sequence[Slot], near: datetime, salon: Salon) -> list[Slot]:
    """Return free times of those wished for, the nearest and one of a later day, and one that a colleague has nearer
    that day: best of all, at the very time."""
    best = min(own, key=lambda slot: abs(slot.starts_at - near), default=None)
    for slot in nearest:
        nearer = best is None or abs(slot.starts_at - near) < abs(best.starts_at - near)
        if nearer and salon.date_at(slot.starts_at) == salon.date_at(near):
            later = [one for one in own if best and salon.date_at(one.starts_at) > salon.date_at(best.starts_at)]
            kept = [one for one in dict.fromkeys([best, *later[:1], *own]) if one][: MOST_ALTERNATIVES - 1]
            return sorted([slot, *kept], key=lambda one: one.starts_at)
    return own


def explain_plan(
    refusal: SlotTaken,
    planned: Sequence[Planned],
    *,
    salon: Salon,
    bounds: Bounds,
    now: datetime,
    besides: UUID | None = None,
    outlook: Outlook | None = None,
) -> None:
    """Do the same for what was planned; of *egal*, nobody stands in the way."""
    near = min(one.starts_at for one in planned)
    wishes = [
        Wish(
            one.service.pk,
            one.candidates[0] if one.wished else None,
            one.minutes,
            after=(one.starts_at - near) // MINUTE,
        )
        for one in planned
    ]
    wanted = [Part(one.candidates[0], one.starts_at, one.minutes) for one in planned if one.wished]
    _explain(refusal, wishes, wanted, salon=salon, near=near, bounds=bounds, now=now, besides=besides, outlook=outlook)
    if bounds is Bounds.DESK and not refusal.blocking:
        refusal.message = _none_for(planned, wishes, salon=salon, now=now, besides=besides, outlook=outlook)


def _none_for(
    planned: Sequence[Planned],
    wishes: Sequence[Wish],
    *,
    salon: Salon,
    now: datetime,
    besides: UUID | None,
    outlook: Outlook | None,
) -> Promise:
    """Return for which services nobody has time, in words."""
    alone = [
        one.service.name
        for one, wish in zip(planned, wishes, strict=True)
        if len(planned) == 1
        or slot_at(
            salon=salon,
            wishes=[replace(wish, after=None)],
            starts_at=one.starts_at,
            now=now,
            bounds=Bounds.DESK,
            besides=besides,
            outlook=outlook,
        )
        is None
    ]
    if not alone:
        return _("Each of these services could be done then, but not all of them one after the other.")
    return format_lazy(_("{services}: nobody who does this is free then."), services=", ".join(alone))


def explain_change(
    refusal: SlotTaken,
    items: Sequence[AppointmentItem],
    *,
    salon: Salon,
    bounds: Bounds,
    now: datetime,
    besides: UUID,
    standing: Place = (),
    shape: Sequence[Wish] | None = None,
) -> None:
    """Do the same for what an appointment's items, all of them, were to become.

    `shape` is how they lie to each other wherever the appointment goes as a whole, if that is not as wanted.
    """
    near = min(item.starts_at for item in items)
    wishes = shape or wishes_of(items)
    _explain(
        refusal,
        wishes,
        parts_of(items),
        salon=salon,
        near=near,
        bounds=bounds,
        now=now,
        besides=besides,
        standing=standing,
    )


def explain_alone(
    refusal: SlotTaken, item: AppointmentItem, others: Sequence[AppointmentItem], *, salon: Salon, now: datetime
) -> None:
    """Do the same for one item that goes without the others of its appointment: not while the client has those."""
    _explain(
        refusal,
        wishes_of([item]),
        parts_of([item]),
        salon=salon,
        near=item.starts_at,
        bounds=Bounds.DESK,
        now=now,
        besides=item.appointment_id,
        client_has=[Period(one.starts_at, one.ends_at) for one in others],
    )


def wishes_of(items: Sequence[AppointmentItem]) -> list[Wish]:
    """Return the wish that items are, as they were booked: the same by the same people, as long, as far apart."""
    begin = min(item.starts_at for item in items)
    return [
        Wish(item.service_id, item.staff_id, item.minutes, after=(item.starts_at - begin) // MINUTE) for item in items
    ]
