"""Putting things on a sale: goods, tips, vouchers, products for points (domain.md §6, §7.2)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from bookings.checkout.lines import Goods, LineWish, line_of
from bookings.models import Appointment, AppointmentItem, Sale, SaleLine, SaleState
from bookings.placing import price_of
from bookings.writing import changed, save, tell
from clients.models import Client
from clients.points import NoTreatcard
from loyalty.models import Redemption, Reward
from loyalty.prior_use import prior_uses_of
from loyalty.redemption import redeem
from salon.identity.roles import Actor


def fill(
    sale: Sale,
    lines: Sequence[SaleLine],
    wishes: Sequence[LineWish],
    goods: Goods,
    *,
    client: Client | None,
    actor: Actor,
    now: datetime,
) -> list[SaleLine]:
    """Return the lines that wishes come to, behind those of the sale; a reward's points are taken at once.

    The client's card is locked.
    Raises: NotAllowed, NoTreatcard, and what `redeem` does.
    """
    added = []
    first = max((line.position for line in lines), default=-1) + 1
    for position, wish in enumerate(wishes, first):
        redemption = None
        if wish.reward_id is not None:
            if client is None:
                raise NoTreatcard
            redemption = _redeem(goods.rewards[wish.reward_id], client, actor, now)
        added.append(line_of(sale, wish, goods, actor=actor, position=position, redemption=redemption))
    return added


def _redeem(reward: Reward, client: Client, actor: Actor, now: datetime) -> Redemption:
    had = reward.product_id is not None and had_product(client.pk, reward.product_id)
    return redeem(actor=actor, client=client, reward=reward, had=had, now=now)


def had_product(client_id: UUID, product_id: UUID) -> bool:
    """Return whether a client has had a product: bought it and kept some, got it for points, or had it before.

    Her card is locked (domain.md §7.1).
    """
    bought = SaleLine.objects.filter(sale__client_id=client_id, product_id=product_id, redemption=None)
    closed = bought.exclude(sale__state__in=[SaleState.OPEN, SaleState.VOID])
    if any(line.refunded < line.quantity for line in closed):
        return True
    if Redemption.objects.standing().filter(client_id=client_id, reward__product_id=product_id).exists():
        return True
    return product_id in prior_uses_of(client_id)


def price_item(appointment: Appointment, item: AppointmentItem, price: Decimal, *, actor: Actor, now: datetime) -> None:
    """Let an item of an appointment, which is locked, cost what was entered at the till.

    Raises: NotAllowed unless the actor may set prices.
    """
    if price == item.price:
        return
    told = changed("price", item.price, price)
    item.price = price_of(actor, price, item.price)
    item.save(update_fields=["price"])
    save(appointment, now=now)
    tell(actor, "appointment.price_changed", appointment, [told], now=now)
