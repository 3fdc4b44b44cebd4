"""What was tried out becomes what holds: the rates and rewards of a draft, all of them or none (domain.md §7.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from loyalty.models import Reward
from loyalty.rewards import ChangedReward, add_reward, archive_rewards, change_reward, item_of, live_rewards
from loyalty.rules import change_rules, rules_now
from salon.desk.models import Simulation
from salon.desk.replay import Offered, Terms
from salon.desk.simulation import Simulated, get_simulation, simulated, terms_now
from salon.errors import DomainError, InvalidInput, VersionConflict
from salon.identity.roles import Actor, Permission


class DraftOutdated(DomainError):
    """The rules or rewards that the draft was held against are others by now."""

    code = "draft_outdated"
    message = _("Rates, rewards or the catalogue have changed since this draft was calculated. Calculate it again.")


class Fate(TextChoices):
    """Whether a draft can be adopted."""

    OPEN = "OPEN"
    HOLDS = "HOLDS"
    OUTDATED = "OUTDATED"


@dataclass(frozen=True, slots=True)
class Difference:
    """What adopting a draft changes, each as it is now and as it is then; rates None where they stay."""

    services: tuple[Decimal, Decimal] | None
    products: tuple[Decimal, Decimal] | None
    added: tuple[Offered, ...]
    changed: tuple[tuple[Offered, Offered], ...]
    archived: tuple[Offered, ...]

    @property
    def is_none(self) -> bool:
        """Whether everything stays as it is."""
        return not (self.services or self.products or self.added or self.changed or self.archived)


def difference(old: Terms, new: Terms) -> Difference:
    """Return what changes from one set of rules to another; names and prices are the catalogue's, not theirs."""
    before = {one.item_id: one for one in old.rewards}
    after = {one.item_id: one for one in new.rewards}
    return Difference(
        services=(old.services, new.services) if old.services != new.services else None,
        products=(old.products, new.products) if old.products != new.products else None,
        added=tuple(one for key, one in after.items() if key not in before),
        changed=tuple(
            (before[key], one)
            for key, one in after.items()
            if key in before and (before[key].points, before[key].matrix) != (one.points, one.matrix)
        ),
        archived=tuple(one for key, one in before.items() if key not in after),
    )


def fate_of(found: Simulated) -> Fate:
    """Return whether what was tried out can still be adopted."""
    today = terms_now()
    if difference(today, found.new).is_none:
        return Fate.HOLDS
    return Fate.OPEN if difference(today, found.old).is_none else Fate.OUTDATED


def adopt(*, actor: Actor, simulation_id: UUID, now: datetime) -> Difference:
    """Let the rates and rewards of a simulation hold from now on, and return what has changed: nothing where they hold.

    Rewards that the draft leaves out are archived.
    Raises: NotAllowed, NotFound, DraftOutdated where rates, rewards or what they consist of are not what the draft was
    held against.
    """
    actor.require(Permission.LOYALTY_WRITE)
    kept: Simulation = get_simulation(simulation_id)
    found = simulated(kept)
    try:
        with transaction.atomic():
            version, rewards = rules_now().version, {item_of(one).pk: one for one in live_rewards()}
            fate = fate_of(found)
            if fate == Fate.OUTDATED:
                raise DraftOutdated
            told = difference(found.old if fate == Fate.OPEN else found.new, found.new)
            change_rules(
                actor=actor,
                changes={
                    "points_per_euro_services": found.new.services,
                    "points_per_euro_products": found.new.products,
                },
                version=version,
                now=now,
            )
            _change_rewards(told, rewards, actor=actor, now=now)
    except (InvalidInput, VersionConflict) as refusal:
        # Something went out of the catalogue, or somebody was quicker.
        raise DraftOutdated from refusal
    return told


def _change_rewards(told: Difference, rewards: Mapping[UUID, Reward], *, actor: Actor, now: datetime) -> None:
    archived = [rewards[one.item_id].pk for one in told.archived]
    if archived:
        archive_rewards(actor=actor, reward_ids=archived, now=now)
    for before, after in told.changed:
        changes = ChangedReward(matrix=after.matrix)
        # Points that are set count as set at today's price.
        if before.points != after.points:
            changes["points"] = after.points
        reward = rewards[after.item_id]
        change_reward(actor=actor, reward_id=reward.pk, changes=changes, version=reward.version, now=now)
    for one in told.added:
        add_reward(actor=actor, kind=one.kind, item_id=one.item_id, points=one.points, matrix=one.matrix, now=now)
