"""Points given for a reward, and given back (domain.md §7.2)."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clients.cards import lock_client
from clients.models import Cause, Client, PointsEntry
from clients.points import NoTreatcard, post
from loyalty.eligibility import Holder, Matrix, Refusal, Terms, refusals
from loyalty.models import Redemption, Returned, Reward
from loyalty.rewards import RewardArchived, is_given, item_of
from salon.errors import DomainError, NotFound
from salon.identity.roles import Actor
from salon.rows import read
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import new_id


class NotEnoughPoints(DomainError):
    """The reward costs more points than the client has."""

    code = "not_enough_points"

    def __init__(self, points: int, needed: int) -> None:
        super().__init__(
            _("The client has %(points)s points; this reward takes %(needed)s.") % {"points": points, "needed": needed}
        )
        self.members = {"points": points, "needed": needed}


class AlreadyHad(DomainError):
    """The reward is for the first time only, and the client has had it, or has it booked."""

    code = "already_had"
    message = _("This reward is for the first time only: the client has had it, or has it booked.")


def redeem(
    *, actor: Actor, client: Client, reward: Reward, had: bool, now: datetime, list_price: Decimal | None = None
) -> Redemption:
    """Take a reward's points from a client, at once; `client` and `reward` then say what holds.

    Part of a booking or a sale, which has asked for the right to it and has locked the card before it looked whether
    she `had` the item (domain.md §7.1). `list_price` is what it would have cost, if not what the catalogue says. Of
    several reasons against it the first of `eligibility.refusals` is told.
    Raises: NotFound, MergedAway, RewardArchived, NoTreatcard, AlreadyHad, NotEnoughPoints.
    """
    with transaction.atomic():
        card = lock_client(client.pk)
        current = _hold(reward)
        item = item_of(current)
        refuse_redeeming(card, current, had=had)
        redemption = Redemption.objects.create(
            id=new_id(),
            client_id=card.pk,
            reward_id=current.pk,
            points=current.points,
            list_price=item.price if list_price is None else list_price,
            first_time=not had,
            redeemed_at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
        )
        post(
            client=client,
            points=-current.points,
            cause=Cause.REDEEMED,
            cause_id=redemption.pk,
            actor=actor,
            now=now,
            reason=item.name,
        )
    return redemption


def refuse_redeeming(card: Client, reward: Reward, *, had: bool, spent: int = 0) -> None:
    """Refuse what the rule refuses, for its first reason; `spent` points of the card are gone by then.

    Raises: RewardArchived, NoTreatcard, AlreadyHad, NotEnoughPoints.
    """
    left = card.points - spent
    reasons = refusals(
        terms=Terms(reward.points, Matrix(reward.matrix), given=is_given(reward)),
        holder=Holder(bool(card.treatcard_number), left, exempt=card.matrix_exempt),
        had=had,
    )
    match reasons[:1]:
        case (Refusal.REWARD_ARCHIVED,):
            raise RewardArchived(_("This reward is archived: it can no longer be redeemed."))
        case (Refusal.NO_TREATCARD,):
            raise NoTreatcard
        case (Refusal.NOT_ENOUGH_POINTS,):
            raise NotEnoughPoints(left, reward.points)
        case (Refusal.ALREADY_HAD,):
            raise AlreadyHad
        case (unknown,):
            raise TypeError(unknown)


def give_back(*, actor: Actor, redemption: Redemption, why: Returned, now: datetime) -> PointsEntry | None:
    """Give a client the points of a redemption back, once: of one that was given back before nothing is (None).

    Part of what a booking or a sale does; cards are locked before appointments and sales, so by then hers is.
    Raises: NotFound, MergedAway.
    """
    with transaction.atomic():
        # Of a card that was erased only the redemption is told: it has no points any more.
        card = Client.objects.select_for_update(no_key=True).get(pk=redemption.client_id)
        taken_back = Redemption.objects.standing().filter(pk=redemption.pk)
        moment = max(now, redemption.redeemed_at)
        if not taken_back.update(returned_at=moment, return_reason=why):
            return None
        redemption.returned_at, redemption.return_reason = moment, why
        reward = Reward.objects.select_related("service", "product").get(pk=redemption.reward_id)
        return post(
            client=card,
            points=redemption.points,
            cause=Cause.RETURNED,
            cause_id=redemption.pk,
            actor=actor,
            now=now,
            reason=item_of(reward).name,
        )


def _hold(reward: Reward) -> Reward:
    """Return a reward as it is now, which nobody archives or changes before the open transaction ends.

    Raises: NotFound.
    """
    values = {"salon": current_salon_id(), "id": reward.pk}
    found = read(Reward, " WHERE salon_id = %(salon)s AND id = %(id)s FOR SHARE", values)
    if not found:
        raise NotFound
    return found[0]
