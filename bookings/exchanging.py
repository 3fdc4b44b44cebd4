"""A service of an appointment exchanged for another one (domain.md §5)."""

from datetime import datetime
from uuid import UUID

from bookings import cautions
from bookings.booking import Booked
from bookings.bounds import Bounds
from bookings.checkout.following import follow
from bookings.conflicts import SlotTaken
from bookings.models import AppointmentItem
from bookings.moving import lengthen
from bookings.placing import ItemWish, plan, shop_on
from bookings.redeemed import RewardHasNoPrice, refuse_without_paid
from bookings.settling import explain_change, refuse_endless
from bookings.writing import (
    appointment_of,
    changed,
    item_in,
    items_of,
    lay,
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
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon


def exchange_item(
    *, actor: Actor, salon: Salon, item_id: UUID, service_id: UUID, now: datetime, version: int | None = None
) -> Booked:
    """Let another service be done in place of one, at the same time by the same person, as long and for as much as the
    catalogue says; the items that followed it without a gap still do. A reward is not exchanged.

    Raises: NotAllowed, NotFound, VersionConflict, NotChangeable, InvalidInput, SlotTaken, SaleAlreadyPaid,
    RewardHasNoPrice, NeedsPaidService.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    items: list[AppointmentItem] = []
    try:
        with writing():
            appointment = lock_appointment(appointment_of(item_id), version)
            items = items_of(appointment)
            item = item_in(items, item_id)
            shop = shop_on(salon.date_at(item.starts_at), [service_id])
            wish = ItemWish(service_id, item.staff_id)
            (planned,) = plan(actor=actor, wishes=[wish], starts_at=item.starts_at, bounds=Bounds.DESK, shop=shop)
            refuse_unchangeable(appointment)
            if item.redemption_id:
                raise RewardHasNoPrice
            told = [changed("services", item.service.name, planned.service.name)]
            lengthen(items, item, planned.minutes)
            item.service, item.counts_as_visit = planned.service, planned.service.counts_as_visit
            item.list_price, item.price = planned.service.price, planned.price
            refuse_without_paid(items)
            lay(items)
            refuse_endless(parts_of(items))
            lock_staff(salon, {one.staff_id for one in items})
            write_items(items)
            item.save(update_fields=["service", "counts_as_visit", "list_price", "price"])
            span(appointment, items)
            save(appointment, now=now, fields=("starts_at", "ends_at"))
            follow(appointment.pk, now)
            tell(actor, "appointment.item_exchanged", appointment, told, now=now)
            warnings = [*cautions.unusual_items(items), *cautions.absences_of(salon, parts_of(items))]
    except SlotTaken as refusal:
        explain_change(refusal, items, salon=salon, bounds=Bounds.DESK, now=now, besides=items[0].appointment_id)
        # Moved there it would still be the old service.
        refusal.alternatives = []
        raise
    return Booked(appointment, items, warnings)
