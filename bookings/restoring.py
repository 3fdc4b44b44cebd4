"""Services that were taken off an appointment, put back as they were (domain.md §5, §7.2)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bookings.booking import Booked
from bookings.bounds import Bounds
from bookings.checkout.following import follow
from bookings.conflicts import SlotTaken
from bookings.had import had_by
from bookings.models import Appointment, AppointmentItem
from bookings.models.appointments import MINUTES
from bookings.redeemed import NeedsPaidService, is_paid_for
from bookings.settling import explain_change
from bookings.writing import (
    NothingToUndo,
    added,
    give_way,
    items_of,
    lock_staff,
    lock_with_client,
    refuse_unchangeable,
    save,
    span,
    tell,
    writing,
)
from clients.points import NoTreatcard
from loyalty.models import Redemption
from loyalty.redemption import redeem
from loyalty.rewards import reward_with_id
from salon.catalogue.models import Service, StaffMember
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon


def keep(removed: Sequence[AppointmentItem], left: Sequence[AppointmentItem]) -> dict[str, Any]:
    """Return all that `restore_items` needs of items that were taken off an appointment, and when the others are."""
    return {
        "items": [
            {
                "id": str(item.pk),
                "position": item.position,
                "service": str(item.service_id),
                "staff": str(item.staff_id),
                "starts_at": item.starts_at.isoformat(),
                "minutes": [getattr(item, name) for name in MINUTES],
                "counts_as_visit": item.counts_as_visit,
                "list_price": str(item.list_price),
                "price": str(item.price),
                "reward": str(item.reward) if item.reward else None,
            }
            for item in removed
        ],
        "left": {str(item.pk): item.starts_at.isoformat() for item in left},
    }


def restore_items(
    *, actor: Actor, salon: Salon, appointment_id: UUID, kept: Mapping[str, Any], now: datetime
) -> Booked:
    """Put items back that were taken off an appointment: at their time, for their price, in their place.

    What rewards cost is taken again. `kept` is what `keep` has said of them.
    Raises: NotAllowed, NotFound, NotChangeable, NothingToUndo where they are there again or the others were moved
    since, SlotTaken where somebody else has the time by now, NeedsPaidService, SaleAlreadyPaid, and what `redeem` does.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    items: list[AppointmentItem] = []
    try:
        with writing():
            appointment = lock_with_client(appointment_id, None)
            refuse_unchangeable(appointment)
            items = items_of(appointment)
            back = _items(appointment, kept["items"])
            _refuse_changed(items, back, kept["left"])
            staying, items = items, _in_order(items, back)
            if any(one["reward"] for one in kept["items"]) and not any(is_paid_for(item) for item in items):
                raise NeedsPaidService
            lock_staff(salon, {item.staff_id for item in items})
            give_way(staying, items)
            for item, one in zip(back, kept["items"], strict=True):
                if one["reward"]:
                    item.redemption = _again(UUID(one["reward"]), item, appointment, actor=actor, now=now)
                item.save(force_insert=True)
            span(appointment, items)
            save(appointment, now=now, fields=("starts_at", "ends_at"))
            follow(appointment.pk, now)
            for item in back:
                tell(actor, "appointment.item_restored", appointment, added(item, salon), now=now)
    except SlotTaken as refusal:
        explain_change(refusal, items, salon=salon, bounds=Bounds.DESK, now=now, besides=appointment_id)
        raise
    return Booked(appointment, items, [])


def _items(appointment: Appointment, kept: Sequence[Mapping[str, Any]]) -> list[AppointmentItem]:
    services = Service.objects.in_bulk({UUID(one["service"]) for one in kept})
    people = StaffMember.objects.in_bulk({UUID(one["staff"]) for one in kept})
    items = []
    for one in kept:
        item = AppointmentItem(
            id=UUID(one["id"]),
            appointment=appointment,
            position=one["position"],
            service=services[UUID(one["service"])],
            staff=people[UUID(one["staff"])],
            starts_at=datetime.fromisoformat(one["starts_at"]),
            counts_as_visit=one["counts_as_visit"],
            list_price=Decimal(one["list_price"]),
            price=Decimal(one["price"]),
        )
        for name, minutes in zip(MINUTES, one["minutes"], strict=True):
            setattr(item, name, minutes)
        items.append(item)
    return items


def _refuse_changed(items: Sequence[AppointmentItem], back: Sequence[AppointmentItem], left: Mapping[str, str]) -> None:
    """Refuse what is there again, or would come back to where its appointment is no longer.

    Raises: NothingToUndo.
    """
    if {item.pk for item in items} & {item.pk for item in back}:
        raise NothingToUndo
    if any(left.get(str(item.pk), item.starts_at.isoformat()) != item.starts_at.isoformat() for item in items):
        raise NothingToUndo(_("The appointment was moved meanwhile: add the service there."))


def _in_order(items: Sequence[AppointmentItem], back: Sequence[AppointmentItem]) -> list[AppointmentItem]:
    """Return all items in order, those that come back where they were; whoever has their place by now moves on."""
    ordered = sorted([*back, *items], key=lambda item: item.position)
    if len({item.position for item in ordered}) < len(ordered):
        for position, item in enumerate(ordered):
            item.position = position
        AppointmentItem.objects.bulk_update(items, ["position"])
    return ordered


def _again(
    reward_id: UUID, item: AppointmentItem, appointment: Appointment, *, actor: Actor, now: datetime
) -> Redemption:
    if appointment.client is None:
        raise NoTreatcard
    return redeem(
        actor=actor,
        client=appointment.client,
        reward=reward_with_id(reward_id),
        had=item.service_id in had_by(appointment.client.pk, besides=appointment.pk),
        now=now,
        list_price=item.list_price,
    )
