"""What an appointment consists of: services added, and their prices (domain.md §5)."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from bookings import cautions
from bookings.booking import Booked, new_item
from bookings.bounds import Bounds
from bookings.checkout.following import follow
from bookings.conflicts import SlotTaken
from bookings.placing import ItemWish, Planned, plan, price_error, price_of, shop_on
from bookings.redeemed import RewardHasNoPrice, refuse_without_paid
from bookings.settling import explain_plan, refuse_endless, settle
from bookings.states import TAKING_TIME
from bookings.writing import (
    NotChangeable,
    added,
    appointment_of,
    changed,
    give_way,
    item_in,
    items_of,
    lock_appointment,
    parts_of,
    refuse_unchangeable,
    save,
    span,
    tell,
    writing,
)
from salon.errors import InvalidInput
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon


def add_item(
    *,
    actor: Actor,
    salon: Salon,
    appointment_id: UUID,
    item: ItemWish,
    now: datetime,
    version: int | None = None,
    bounds: Bounds = Bounds.DESK,
) -> Booked:
    """Append a service to an appointment: right behind the others if no start is wished for.

    Raises: NotAllowed, NotFound, VersionConflict, NotChangeable, InvalidInput, SlotTaken, SaleAlreadyPaid.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    planned: list[Planned] = []
    try:
        with writing():
            appointment = lock_appointment(appointment_id, version)
            shop = shop_on(salon.date_at(appointment.starts_at), [item.service_id])
            planned = plan(actor=actor, wishes=[item], starts_at=appointment.ends_at, bounds=bounds, shop=shop)
            # What is not there at all is told before what is not possible (api.md).
            refuse_unchangeable(appointment)
            items = items_of(appointment)
            (part,) = settle(planned, salon=salon, bounds=bounds, now=now, rules=shop.rules, besides=appointment.pk)
            joining = new_item(appointment, items[-1].position + 1, planned[0], shop.team[part.staff_id])
            refuse_endless(parts_of([*items, joining]))
            give_way(items, [*items, joining])
            joining.save(force_insert=True)
            items.append(joining)
            span(appointment, items)
            save(appointment, now=now, fields=("starts_at", "ends_at"))
            follow(appointment_id, now)
            warnings = []
            if bounds is Bounds.DESK:
                warnings = [*cautions.unusual(planned, [part.staff_id]), *cautions.absences_of(salon, [part])]
            tell(actor, "appointment.item_added", appointment, added(joining, salon), now=now)
    except SlotTaken as refusal:
        explain_plan(refusal, planned, salon=salon, bounds=bounds, now=now, besides=appointment_id)
        raise
    return Booked(appointment, items, warnings)


def change_price(
    *,
    actor: Actor,
    salon: Salon,  # noqa: ARG001 - as every operation on appointments
    item_id: UUID,
    price: Decimal,
    now: datetime,
    version: int | None = None,
) -> Booked:
    """Let an item cost something else, also after it is done; only for whoever may set prices.

    Raises: NotAllowed, NotFound, VersionConflict, NotChangeable, InvalidInput, SaleAlreadyPaid, RewardHasNoPrice,
    NeedsPaidService.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    if error := price_error("price", price):
        raise InvalidInput([error])
    with writing():
        appointment = lock_appointment(appointment_of(item_id), version)
        if appointment.state not in TAKING_TIME:
            raise NotChangeable
        items = items_of(appointment)
        item = item_in(items, item_id)
        if price == item.price:
            return Booked(appointment, items, [], changed=False)
        if item.redemption_id:
            raise RewardHasNoPrice
        told = [changed("price", item.price, price)]
        item.price = price_of(actor, price, item.price)
        refuse_without_paid(items)
        item.save(update_fields=["price"])
        save(appointment, now=now)
        follow(appointment.pk, now)
        tell(actor, "appointment.price_changed", appointment, told, now=now)
    return Booked(appointment, items, [])
