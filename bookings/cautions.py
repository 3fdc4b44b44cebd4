"""What staff should mind about an appointment without being kept from it (domain.md §5)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from bookings.hours import ONE_DAY, Misfit, Presence, local_moment, misfits, presence_for
from bookings.models import Appointment, AppointmentItem
from bookings.placing import Planned
from bookings.sequence import Part, taken
from clients.models import Client
from salon.catalogue.models import StaffService
from salon.errors import FieldError
from salon.tenancy.models import Salon

_MISFITS = {
    Misfit.OUTSIDE_HOURS: _("This is outside her working hours."),
    Misfit.ABSENT: _("She is absent at that time."),
}

_REWARD_APART = _("The client would come on this day for her reward alone.")
_NOT_PERFORMED = _("She does not usually do this service.")


def absences_of(salon: Salon, parts: Sequence[Part]) -> list[FieldError]:
    """Return which of these items lie where their staff member is not there, in one statement."""
    return absences_in(presence_for(salon, taken(parts)), parts, ZoneInfo(salon.timezone))


def absences_in(there: Presence, parts: Sequence[Part], zone: ZoneInfo) -> list[FieldError]:
    """Return the same by what is known of who is there; where the salon is closed, that, and what day it is."""
    closed = {there.closed.get(part.starts_at.astimezone(zone).date()) for part in parts} - {None}
    if closed:
        words = format_lazy(_("The salon is closed that day ({name})."), name=", ".join(sorted(filter(None, closed))))
        return [FieldError("starts_at", "closed", words)]
    return [*_away(misfits(there, staff_id, periods) for staff_id, periods in taken(parts))]


def _away(found: Iterable[frozenset[Misfit]]) -> Iterator[FieldError]:
    for index, some in enumerate(found):
        for misfit in sorted(some):
            yield FieldError(f"items.{index}", misfit.value, _MISFITS[misfit])


def unusual(planned: Sequence[Planned], staff_ids: Sequence[UUID]) -> Iterator[FieldError]:
    """Yield which of these items are done by somebody who usually does not do them."""
    for index, (one, staff_id) in enumerate(zip(planned, staff_ids, strict=True)):
        if staff_id not in one.offered.performers:
            yield FieldError(f"items.{index}", "not_performed", _NOT_PERFORMED)


def unusual_items(items: Sequence[AppointmentItem]) -> Iterator[FieldError]:
    """Yield the same of items that are booked already, in one statement."""
    skills = StaffService.objects.filter(
        staff__in={item.staff_id for item in items}, service__in={item.service_id for item in items}
    )
    able = set(skills.values_list("staff_id", "service_id"))
    for index, item in enumerate(items):
        if (item.staff_id, item.service_id) not in able:
            yield FieldError(f"items.{index}", "not_performed", _NOT_PERFORMED)


def of_the_client(
    client: Client | None, starts_at: datetime, ends_at: datetime, *, besides: UUID | None = None
) -> Iterator[FieldError]:
    """Yield what is odd about an appointment for this client then, in one statement at most."""
    if client is None:
        return
    if client.blocked:
        yield FieldError("client", "client_blocked", client.blocked_reason or _("This client is blocked."))
    yield from overlaps(client.pk, starts_at, ends_at, besides=besides)


def overlaps(
    client_id: UUID, starts_at: datetime, ends_at: datetime, *, besides: UUID | None = None
) -> Iterator[FieldError]:
    """Yield that the client has another appointment then, if she has."""
    others = Appointment.objects.taking_time().filter(client_id=client_id, starts_at__lt=ends_at, ends_at__gt=starts_at)
    if besides:
        others = others.exclude(pk=besides)
    if others.exists():
        yield FieldError("client", "client_overlaps", _("The client has another appointment at that time."))


def rewards_apart(items: Sequence[AppointmentItem], salon: Salon) -> Iterator[FieldError]:
    """Yield which rewards are on a day on which the client has nothing else: nobody likes to come for them alone."""
    days = {salon.date_at(item.starts_at) for item in items if item.redemption_id is None}
    for index, item in enumerate(items):
        day = salon.date_at(item.starts_at)
        if item.redemption_id and day not in days and not _comes_anyway(item, day, salon):
            yield FieldError(f"items.{index}", "reward_apart", _REWARD_APART)


def _comes_anyway(reward: AppointmentItem, day: date, salon: Salon) -> bool:
    zone, client_id = ZoneInfo(salon.timezone), reward.appointment.client_id
    if client_id is None:
        return False
    others = Appointment.objects.taking_time().exclude(pk=reward.appointment_id)
    return others.filter(
        client_id=client_id,
        starts_at__gte=local_moment(day, 0, zone),
        starts_at__lt=local_moment(day + ONE_DAY, 0, zone),
    ).exists()


def in_the_past(starts_at: datetime, now: datetime) -> Iterator[FieldError]:
    """Yield that an appointment begins before now, if it does."""
    if starts_at < now:
        yield FieldError("starts_at", "in_the_past", _("This lies in the past."))
