"""Rewards of an appointment that is charged again, as its first sale was declared void (domain.md §7).

However their points went back by then: by the void, or by a refund before it.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from bookings.had import had_by
from bookings.models import Appointment, AppointmentItem
from bookings.writing import changed, save, tell
from clients.models import Client
from clients.points import NoTreatcard
from loyalty.models import Redemption
from loyalty.redemption import AlreadyHad, NotEnoughPoints, redeem
from loyalty.rewards import RewardArchived, reward_with_id
from salon.identity.roles import Actor


def retake_rewards(
    appointment: Appointment,
    items: Sequence[AppointmentItem],
    client: Client | None,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Take points again that went back with the sale before; what cannot be had for points any more costs its price.

    Card and appointment are locked. The items then say what they are.
    """
    for item in items:
        old = Redemption.objects.get(pk=item.redemption_id) if item.redemption_id else None
        if old is None or old.returned_at is None:
            continue
        item.redemption = _again(old, item, client, actor=actor, now=now)
        told = None
        if item.redemption is None:
            told = changed("price", item.price, item.list_price)
            item.price = item.list_price
        item.save(update_fields=["redemption", "price"])
        save(appointment, now=now)
        if told:
            tell(actor, "appointment.price_changed", appointment, [told], now=now)


def _again(
    old: Redemption, item: AppointmentItem, client: Client | None, *, actor: Actor, now: datetime
) -> Redemption | None:
    if client is None:
        return None
    try:
        with transaction.atomic():
            return redeem(
                actor=actor,
                client=client,
                reward=reward_with_id(old.reward_id),
                had=item.service_id in had_by(client.pk, besides=item.appointment_id),
                now=now,
                list_price=item.list_price,
            )
    except (AlreadyHad, NoTreatcard, NotEnoughPoints, RewardArchived):
        return None
