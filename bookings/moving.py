"""Moving, lengthening and reassigning what is booked (domain.md §5)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bookings import cautions
from bookings.booking import Booked
from bookings.bounds import Bounds
from bookings.busy import Minutes
from bookings.conflicts import SlotTaken
from bookings.free_time import Place
from bookings.mails import announce_moved
from bookings.models import Appointment, AppointmentItem, BookingRules
from bookings.parting import leaves_its_day, part_reward
from bookings.placing import minutes_error, start_of
from bookings.sequence import Part
from bookings.settling import explain_alone, explain_change, refuse_endless, refuse_outside, wishes_of
from bookings.slots import Wish
from bookings.writing import (
    appointment_of,
    before,
    item_in,
    items_of,
    lay,
    local_time,
    lock_appointment,
    lock_staff,
    parts_of,
    refuse_unchangeable,
    save,
    span,
    tell,
    write_items,
    writing,
)
from salon.audit.recording import Change
from salon.catalogue.models import StaffMember
from salon.errors import FieldError, InvalidInput
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon

# Changes some items of an appointment in place.
type Rearranging = Callable[[list[AppointmentItem]], None]


def move(
    *,
    actor: Actor,
    salon: Salon,
    appointment_id: UUID,
    starts_at: datetime,
    now: datetime,
    staff: Mapping[UUID, UUID] | None = None,
    minutes: Mapping[UUID, int] | None = None,
    version: int | None = None,
    bounds: Bounds = Bounds.DESK,
) -> Booked:
    """Let a whole appointment begin at another time, its items as far from each other as before, and give some of them
    (item → staff member) to somebody else, or other `minutes` as `resize_item` does. It can be undone.

    Raises: NotAllowed, NotFound, VersionConflict, NotChangeable, InvalidInput, SlotTaken.
    """
    begin = start_of(starts_at)
    given = staff or {}

    def shift(items: list[AppointmentItem]) -> None:
        for item_id, lasting in (minutes or {}).items():
            _stretch(items, item_id, lasting)
        by = begin - min(item.starts_at for item in items)
        for item in items:
            item.starts_at += by
            item.staff_id = given.get(item.pk, item.staff_id)

    return _rearrange(
        shift,
        actor=actor,
        salon=salon,
        appointment_id=appointment_id,
        action="appointment.moved",
        now=now,
        version=version,
        bounds=bounds,
    )


def move_item(
    *,
    actor: Actor,
    salon: Salon,
    item_id: UUID,
    starts_at: datetime,
    staff_id: UUID,
    now: datetime,
    version: int | None = None,
) -> Booked:
    """Let one item of an appointment begin at another time, with this staff member; the others stay. It can be undone.

    A reward that goes to another day than the others becomes an appointment of its own, which is returned.
    Raises: NotAllowed, NotFound, VersionConflict, NotChangeable, InvalidInput, SlotTaken, SaleAlreadyPaid.
    """
    begin = start_of(starts_at)
    if leaves_its_day(item_id, begin, salon):
        return part_reward(
            actor=actor, salon=salon, item_id=item_id, starts_at=begin, staff_id=staff_id, now=now, version=version
        )

    def put(items: list[AppointmentItem]) -> None:
        item = item_in(items, item_id)
        item.starts_at, item.staff_id = begin, staff_id

    return _rearrange(
        put,
        actor=actor,
        salon=salon,
        appointment_id=appointment_of(item_id),
        action="appointment.item_moved",
        now=now,
        version=version,
        about=item_id,
    )


def reassign_item(
    *, actor: Actor, salon: Salon, item_id: UUID, staff_id: UUID, now: datetime, version: int | None = None
) -> Booked:
    """Give one item to another staff member, at the same time. It can be undone.

    Raises: NotAllowed, NotFound, VersionConflict, NotChangeable, InvalidInput, SlotTaken.
    """

    def give(items: list[AppointmentItem]) -> None:
        item = item_in(items, item_id)
        item.staff_id = staff_id

    return _rearrange(
        give,
        actor=actor,
        salon=salon,
        appointment_id=appointment_of(item_id),
        action="appointment.item_reassigned",
        now=now,
        version=version,
        about=item_id,
    )


def resize_item(
    *, actor: Actor, salon: Salon, item_id: UUID, minutes: int, now: datetime, version: int | None = None
) -> Booked:
    """Let one item take so many minutes, a multiple of 5; the items that followed it without a gap still do.

    It can be undone. Raises: NotAllowed, NotFound, VersionConflict, NotChangeable, InvalidInput, SlotTaken.
    """

    def stretch(items: list[AppointmentItem]) -> None:
        _stretch(items, item_id, minutes)

    return _rearrange(
        stretch,
        actor=actor,
        salon=salon,
        appointment_id=appointment_of(item_id),
        action="appointment.item_resized",
        now=now,
        version=version,
    )


def _stretch(items: Sequence[AppointmentItem], item_id: UUID, minutes: int) -> None:
    item = item_in(items, item_id)
    if error := minutes_error("minutes", minutes, item.minutes):
        raise InvalidInput([error])
    lengthen(items, item, item.minutes.lasting(minutes))


def lengthen(items: Sequence[AppointmentItem], item: AppointmentItem, minutes: Minutes) -> None:
    """Let one of an appointment's items take these minutes; those that followed it without a gap still do."""
    following = list(_following(item, items))
    by = Part(item.staff_id, item.starts_at, minutes).ends_at - item.ends_at
    item.minutes = minutes
    for other in following:
        other.starts_at += by


def _following(item: AppointmentItem, items: Sequence[AppointmentItem]) -> Iterator[AppointmentItem]:
    """Yield the items that begin where this one ends, where that one ends, and so on."""
    end = item.ends_at
    for other in sorted(items, key=lambda one: (one.starts_at, one.position)):
        if other is not item and other.starts_at == end:
            yield other
            end = other.ends_at


def _rearrange(
    rearrange: Rearranging,
    *,
    actor: Actor,
    salon: Salon,
    appointment_id: UUID,
    action: str,
    now: datetime,
    version: int | None,
    bounds: Bounds = Bounds.DESK,
    about: UUID | None = None,
) -> Booked:
    actor.require(Permission.BOOKINGS_WRITE)
    team = {staff.pk: staff for staff in StaffMember.objects.working()}
    items: list[AppointmentItem] = []
    shape: list[Wish] = []
    standing: Place = ()
    try:
        with writing():
            appointment = lock_appointment(appointment_id, version)
            items = items_of(appointment)
            as_it_was = before(appointment, items)
            started_at, told = appointment.starts_at, _words(items, salon)
            # Whoever has left keeps what she has.
            here_before = {item.staff_id: item.staff for item in items}
            by_whom = {item.pk: item.staff_id for item in items}
            shape = wishes_of(items)
            standing = tuple((item.staff_id, item.starts_at) for item in items)
            rearrange(items)
            _introduce(items, team | here_before)
            # What is not there at all is told before what is not possible (api.md).
            refuse_unchangeable(appointment)
            if before(appointment, items) == as_it_was:
                return Booked(appointment, items, [], changed=False)
            if bounds is Bounds.ONLINE:
                _refuse_unable([item for item in items if item.staff_id != by_whom[item.pk]])
            lay(items)
            refuse_endless(parts_of(items))
            lock_staff(salon, {*here_before, *(item.staff_id for item in items)})
            if bounds is Bounds.ONLINE:
                refuse_outside(
                    parts_of(items), salon=salon, now=now, rules=BookingRules.objects.first() or BookingRules()
                )
            write_items(items)
            span(appointment, items)
            # What was kept as it stood stands otherwise now.
            appointment.kept_at = None
            save(appointment, now=now, fields=("starts_at", "ends_at", "kept_at"), undo=as_it_was)
            warnings = [] if bounds is Bounds.ONLINE else list(_warnings(salon, appointment, items, now))
            tell(actor, action, appointment, _changes(told, _words(items, salon)), now=now)
            if appointment.starts_at != started_at:
                announce_moved(appointment=appointment, now=now)
    except SlotTaken as refusal:
        reward = next((item for item in items if item.pk == about and item.redemption_id), None)
        if reward:
            explain_alone(refusal, reward, [item for item in items if item is not reward], salon=salon, now=now)
            raise
        # Elsewhere one item alone cannot go: there, all of them are as far apart as they are now.
        as_long = [one.minutes for one in shape] == [item.minutes for item in items]
        kept = [replace(one, staff_id=item.staff_id) for one, item in zip(shape, items, strict=True)]
        explain_change(
            refusal,
            items,
            salon=salon,
            bounds=bounds,
            now=now,
            besides=appointment_id,
            standing=standing,
            shape=kept if as_long else None,
        )
        raise
    return Booked(appointment, items, warnings)


def _introduce(items: Sequence[AppointmentItem], known: Mapping[UUID, StaffMember]) -> None:
    """Put in the staff members whose ids were set.

    Raises: InvalidInput.
    """
    for item in items:
        if item.staff_id not in known:
            raise InvalidInput([FieldError("staff", "not_found", _("There is no such staff member."))])
        item.staff = known[item.staff_id]


def _refuse_unable(given: Sequence[AppointmentItem]) -> None:
    """Refuse from outside to give items to who does not do their services.

    Raises: InvalidInput.
    """
    if any(cautions.unusual_items(given)):
        raise InvalidInput([FieldError("staff", "not_performed", _("This person does not do this service."))])


type Words = list[tuple[str, str, str]]


def _words(items: Sequence[AppointmentItem], salon: Salon) -> Words:
    return [(local_time(item.starts_at, salon), item.staff.name, str(item.minutes.duration)) for item in items]


def _changes(old: Words, new: Words) -> list[Change]:
    """Return what is different, told of the first item of which it is: the others follow it."""
    told: dict[str, Change] = {}
    for then, now in zip(old, new, strict=True):
        for field, one, other in zip(("starts_at", "staff", "minutes"), then, now, strict=True):
            if one != other:
                told.setdefault(field, Change(field, one, other))
    return list(told.values())


def _warnings(
    salon: Salon, appointment: Appointment, items: Sequence[AppointmentItem], now: datetime
) -> Iterator[FieldError]:
    yield from cautions.in_the_past(appointment.starts_at, now)
    yield from cautions.unusual_items(items)
    yield from cautions.absences_of(salon, parts_of(items))
    yield from cautions.rewards_apart(items, salon)
    if appointment.client_id:
        times = appointment.starts_at, appointment.ends_at
        yield from cautions.overlaps(appointment.client_id, *times, besides=appointment.pk)
