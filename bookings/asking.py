"""What is wished for, and what that comes to: minutes, who may do it, and how far ahead (domain.md §5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from bookings.bounds import Bounds
from bookings.busy import LONGEST_APPOINTMENT, Minutes, collides
from bookings.hours import ONE_DAY
from bookings.models import BookingRules
from bookings.sequence import Part, occupied
from salon.errors import FieldError, InvalidInput
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon

# At the desk, nobody plans further ahead.
FARTHEST = timedelta(days=3660)

# For whether two things meet it matters neither who does them nor on which day.
_SOMEBODY, _SOME_TIME = UUID(int=0), datetime(2000, 1, 1, tzinfo=UTC)

# The services wished, and who can do them; the team in its order; the rules of the salon.
_WISHED = """
SELECT service.id, service.archived_at IS NULL, service.online,
    service.apply_minutes, service.processing_minutes, service.finish_minutes, service.buffer_minutes,
    ARRAY(
        SELECT staff_id FROM catalogue_staffservice skill
        WHERE skill.salon_id = %(salon)s AND skill.service_id = service.id
    ),
    ARRAY(
        SELECT id FROM catalogue_staffmember
        WHERE salon_id = %(salon)s AND archived_at IS NULL ORDER BY position, name_key, id
    ),
    rules.slot_minutes, rules.lead_minutes, rules.horizon_days
FROM catalogue_service service LEFT JOIN bookings_bookingrules rules ON rules.salon_id = service.salon_id
WHERE service.salon_id = %(salon)s AND service.id = ANY(%(services)s)
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """One service somebody wants, from somebody or (None) from anybody who can do it.

    `minutes` are those of what is booked already, or to last otherwise than the catalogue says. `after` is how many
    minutes after the first one begins it does; None: where the one before it ends.
    """

    service_id: UUID
    staff_id: UUID | None = None
    minutes: Minutes | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What wishes come to: the parts of each one's service, how many minutes after the beginning it starts and who may
    do it, and whether all can be had online.

    `staff` are all who may do any of it, in the order of the team.
    """

    minutes: list[Minutes]
    starts: list[int]
    able: list[list[UUID]]
    staff: list[UUID]
    online: bool
    rules: BookingRules

    @property
    def possible(self) -> bool:
        """Whether there is somebody for everything, and all of it is short enough for one appointment."""
        ends = [start + one.duration for start, one in zip(self.starts, self.minutes, strict=True)]
        return bool(self.able) and all(self.able) and timedelta(minutes=max(ends)) <= LONGEST_APPOINTMENT

    @property
    def lasting(self) -> timedelta:
        """How long it takes at most, the buffers included."""
        ends = [start + one.duration + one.buffer for start, one in zip(self.starts, self.minutes, strict=True)]
        return timedelta(minutes=max(ends))


class Known(NamedTuple):
    """A service as _WISHED has it, offered or archived; the rules are None where the salon keeps the defaults."""

    service_id: UUID
    offered: bool
    online: bool
    apply: int
    processing: int
    finish: int
    buffer: int
    performers: list[UUID]
    team: list[UUID]
    slot_minutes: int | None
    lead_minutes: int | None
    horizon_days: int | None


def known_services(wishes: Sequence[Wish]) -> list[Known]:
    """Return the services wished for that there are, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_WISHED, {"salon": current_salon_id(), "services": list({wish.service_id for wish in wishes})})
        return [Known(*row) for row in cursor]


def asked_for(wishes: Sequence[Wish], bounds: Bounds) -> Asked:
    """Return what wishes come to, in one statement.

    Raises: InvalidInput naming `items.N.service` and `items.N.staff` that are not there.
    """
    return asked_of(known_services(wishes), wishes, bounds)


def asked_of(rows: Sequence[Known], wishes: Sequence[Wish], bounds: Bounds) -> Asked:
    """Return what wishes come to, of services that have been read.

    Raises: InvalidInput naming `items.N.service` and `items.N.staff` that are not there.
    """
    # What is booked already goes on, whatever is offered by now.
    booked = {wish.service_id for wish in wishes if wish.minutes}
    services = {row.service_id: row for row in rows if row.offered or row.service_id in booked}
    team = rows[0].team if rows else []
    errors = []
    for place, wish in enumerate(wishes):
        if wish.service_id not in services:
            errors.append(FieldError(f"items.{place}.service", "not_found", _("There is no such service.")))
        if rows and wish.staff_id and wish.staff_id not in team:
            errors.append(FieldError(f"items.{place}.staff", "not_found", _("There is no such staff member.")))
    if errors:
        raise InvalidInput(errors)
    found = [services[wish.service_id] for wish in wishes]
    able = [_able(wish, row.performers, team, bounds) for wish, row in zip(wishes, found, strict=True)]
    minutes = [
        wish.minutes or Minutes(row.apply, row.processing, row.finish, row.buffer)
        for wish, row in zip(wishes, found, strict=True)
    ]
    starts = _starts(wishes, minutes)
    if any(wish.after is not None for wish in wishes):
        able = _not_twice_at_once(able, minutes, starts)
    return Asked(
        minutes=minutes,
        starts=starts,
        able=able,
        staff=[staff for staff in team if any(staff in some for some in able)],
        online=all(row.online for row in found),
        rules=_rules(found),
    )


def _starts(wishes: Sequence[Wish], minutes: Sequence[Minutes]) -> list[int]:
    starts = []
    following = 0
    for wish, one in zip(wishes, minutes, strict=True):
        starts.append(following if wish.after is None else wish.after)
        following = starts[-1] + one.duration
    return starts


def _not_twice_at_once(
    able: Sequence[list[UUID]], minutes: Sequence[Minutes], starts: Sequence[int]
) -> list[list[UUID]]:
    """Return who may do each, without those who alone do something else at that time.

    Of what is booked, nothing else lies beside each other: what one person has does not meet itself.
    """

    def meet(one: int, other: int) -> bool:
        parts = [
            Part(_SOMEBODY, _SOME_TIME + timedelta(minutes=starts[place]), minutes[place]) for place in (one, other)
        ]
        return collides(*occupied(parts))

    alone = [some[0] if len(some) == 1 else None for some in able]
    return [
        [
            staff
            for staff in some
            if len(some) == 1
            or not any(who == staff and other != place and meet(place, other) for other, who in enumerate(alone))
        ]
        for place, some in enumerate(able)
    ]


def _rules(found: Sequence[Known]) -> BookingRules:
    row = found[0] if found else None
    if row is None or row.slot_minutes is None or row.lead_minutes is None or row.horizon_days is None:
        return BookingRules()
    return BookingRules(slot_minutes=row.slot_minutes, lead_minutes=row.lead_minutes, horizon_days=row.horizon_days)


def _able(wish: Wish, performers: list[UUID], team: list[UUID], bounds: Bounds) -> list[UUID]:
    """Return who may do what is wished; at the desk, somebody may be asked for what she usually does not do."""
    if wish.staff_id and (bounds is Bounds.DESK or wish.staff_id in performers):
        return [wish.staff_id]
    return [] if wish.staff_id else [staff for staff in team if staff in performers]


def reach_of(asked: Asked, salon: Salon, now: datetime, bounds: Bounds) -> tuple[datetime, date] | None:
    """Return the earliest start and the last day that can be booked, None where nothing can."""
    today = salon.date_at(now)
    if not asked.possible:
        return None
    if bounds is Bounds.DESK:
        return now, today + FARTHEST
    if not asked.online:
        return None
    return now + timedelta(minutes=asked.rules.lead_minutes), today + asked.rules.horizon_days * ONE_DAY
