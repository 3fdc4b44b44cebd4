"""Rewards that are booked: their points go back with them, and are taken again (domain.md §7.2).

The client's card is locked by then: only behind it points change.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bookings.had import had_by
from bookings.models import Appointment, AppointmentItem, SaleLine
from bookings.states import TAKING_TIME, State
from loyalty.models import Redemption, Returned
from loyalty.redemption import give_back, redeem
from loyalty.rewards import reward_with_id
from loyalty.rules import rules_now
from salon.errors import DomainError
from salon.identity.roles import Actor

# Why points went back with an appointment: with it they are taken again. What was refunded stays so.
_WITH_THE_APPOINTMENT = frozenset({Returned.CANCELLED, Returned.NO_SHOW})


class RewardHasNoPrice(DomainError):
    """A reward is given for points, not for money."""

    code = "reward_has_no_price"
    message = _("This is a reward: it costs points and nothing else.")


class NeedsPaidService(DomainError):
    """A reward goes with a service that is paid for."""

    code = "needs_paid_service"
    message = _("A reward goes with a service that is paid for in the same appointment.")


class RewardsBooked(DomainError):
    """Somebody's points are in an appointment: it cannot become somebody else's."""

    code = "rewards_booked"
    message = _("The client has redeemed points in this appointment. Remove the reward first.")


def is_paid_for(item: AppointmentItem) -> bool:
    """Return whether an item is a service that costs money."""
    return item.redemption_id is None and item.price > 0


def rewards_in(items: Iterable[AppointmentItem]) -> list[AppointmentItem]:
    """Return those items that are rewards."""
    return [item for item in items if item.redemption_id]


def refuse_without_paid(items: Sequence[AppointmentItem]) -> None:
    """Refuse an appointment of which nothing is left but rewards.

    Raises: NeedsPaidService.
    """
    if rewards_in(items) and not any(is_paid_for(item) for item in items):
        raise NeedsPaidService


def refuse_other_client(items: Iterable[AppointmentItem]) -> None:
    """Refuse to give an appointment to another client in which somebody has redeemed points.

    Raises: RewardsBooked.
    """
    if any(one.returned_at is None for one in _redemptions(items).values()):
        raise RewardsBooked


def give_rewards_back(items: Iterable[AppointmentItem], why: Returned, *, actor: Actor, now: datetime) -> None:
    """Give the points of those items that are rewards back, once."""
    for redemption in _redemptions(items).values():
        give_back(actor=actor, redemption=redemption, why=why, now=now)


def settle_rewards(appointment: Appointment, items: Sequence[AppointmentItem], *, actor: Actor, now: datetime) -> None:
    """Let the points of an appointment's rewards be where its new state, not yet written, says they are.

    Cancelled, they go back; missed, too, unless the salon keeps them then; whoever comes back gives them again.
    Raises: NotEnoughPoints, AlreadyHad, RewardArchived, NoTreatcard.
    """
    if appointment.state == State.CANCELLED:
        give_rewards_back(items, Returned.CANCELLED, actor=actor, now=now)
    elif appointment.state == State.NO_SHOW:
        if rewards_in(items) and rules_now().no_show_returns:
            give_rewards_back(items, Returned.NO_SHOW, actor=actor, now=now)
    elif appointment.state in TAKING_TIME:
        _take_again(appointment, items, actor=actor, now=now)


def _take_again(appointment: Appointment, items: Sequence[AppointmentItem], *, actor: Actor, now: datetime) -> None:
    redemptions = _redemptions(items)
    for item in items:
        old = redemptions.get(item.redemption_id) if item.redemption_id else None
        if old is None or old.return_reason not in _WITH_THE_APPOINTMENT:
            continue
        if appointment.client is None:
            raise RewardsBooked
        new = redeem(
            actor=actor,
            client=appointment.client,
            reward=reward_with_id(old.reward_id),
            had=item.service_id in had_by(appointment.client.pk, besides=appointment.pk),
            now=now,
            list_price=item.list_price,
        )
        item.redemption = new
        item.save(update_fields=["redemption"])
        # Whatever charges it, at no price, names what it was given for.
        SaleLine.objects.filter(item=item).update(redemption=new)


def _redemptions(items: Iterable[AppointmentItem]) -> dict[UUID, Redemption]:
    """Return the redemptions of those items that are rewards, by id; without one, without a statement."""
    ids = [item.redemption_id for item in items if item.redemption_id]
    return Redemption.objects.in_bulk(ids) if ids else {}
