"""Putting things on a sale: goods, tips, vouchers, products for points (domain.md §6, §7.2)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bookings.checkout.lines import Goods, LineWish, line_of
from bookings.checkout.pricing import NOTHING, LineKind
from bookings.had import had_by
from bookings.models import Appointment, AppointmentItem, Sale, SaleLine
from bookings.placing import price_of
from bookings.redeemed import refuse_without_paid
from bookings.writing import changed, save, tell
from clients.models import Client
from clients.points import NoTreatcard
from loyalty.models import Redemption, Reward
from loyalty.redemption import AlreadyHad, redeem
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
    """Return the lines that wishes come to, behind those of the sale; a reward's points are taken at once, and a tip
    for nobody in particular is for whoever did most of the services.

    The client's card is locked.
    Raises: NotAllowed, NoTreatcard, AlreadyHad, and what `redeem` does.
    """
    added = []
    first = max((line.position for line in lines), default=-1) + 1
    for position, wish in enumerate(wishes, first):
        redemption = None
        if wish.reward_id is not None:
            if client is None:
                raise NoTreatcard
            reward = goods.rewards[wish.reward_id]
            _refuse_bought(reward, lines, wishes)
            redemption = _redeem(reward, client, actor, now)
        added.append(line_of(sale, wish, goods, actor=actor, position=position, redemption=redemption))
    for line in added:
        if line.kind == LineKind.TIP and line.staff_id is None:
            line.staff_id = tipped_by([*lines, *added])
    return added


def tipped_by(lines: Iterable[SaleLine]) -> UUID | None:
    """Return whom a tip is for if nobody says otherwise: who did most of a sale's services by what they are worth, of
    equals who comes first; None where nobody is known to have done any."""
    worth: dict[UUID, Decimal] = defaultdict(lambda: NOTHING)
    for line in lines:
        if line.service_id and line.staff_id:
            worth[line.staff_id] += line.list_price * line.quantity
    return max(worth, key=lambda staff_id: worth[staff_id], default=None)


def bought_in(lines: Sequence[SaleLine]) -> set[UUID]:
    """Return the products that are paid for in a sale: nobody gets one for points beside it (domain.md §7.2)."""
    return {line.product_id for line in lines if line.kind == LineKind.PRODUCT and line.product_id}


def _refuse_bought(reward: Reward, lines: Sequence[SaleLine], wishes: Sequence[LineWish]) -> None:
    wished = {wish.product_id for wish in wishes if wish.kind is LineKind.PRODUCT}
    if reward.product_id in bought_in(lines) | wished:
        raise AlreadyHad(_("This product is on the sale already, to be paid for."))


def _redeem(reward: Reward, client: Client, actor: Actor, now: datetime) -> Redemption:
    had = reward.product_id in had_by(client.pk).products
    return redeem(actor=actor, client=client, reward=reward, had=had, now=now)


def price_item(
    appointment: Appointment,
    items: Sequence[AppointmentItem],
    item: AppointmentItem,
    price: Decimal,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Let one of an appointment's items cost what was entered at the till; the appointment is locked.

    Raises: NotAllowed unless the actor may set prices, NeedsPaidService where a reward would be left alone.
    """
    if price == item.price:
        return
    told = changed("price", item.price, price)
    item.price = price_of(actor, price, item.price)
    refuse_without_paid(items)
    item.save(update_fields=["price"])
    save(appointment, now=now)
    tell(actor, "appointment.price_changed", appointment, [told], now=now)
