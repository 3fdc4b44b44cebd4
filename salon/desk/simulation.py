"""Rates and rewards tried out on last year's sales before anything is saved (domain.md §7.3)."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clients.models import Client
from loyalty.eligibility import Matrix
from loyalty.rewards import item_of, live_rewards, standard_points
from loyalty.rules import details_of, errors_of, rules_now
from salon.catalogue.details import MOST_POINTS
from salon.catalogue.models import ItemKind, Product, Service
from salon.desk.models import Simulation
from salon.desk.months import year_until
from salon.desk.replay import Holders, Month, Offered, Outcome, Reach, Replay, Terms, replay
from salon.errors import FieldError, InvalidInput, NotFound
from salon.identity.roles import Actor, Permission
from salon.money import CENT
from salon.tenancy.models import Salon, new_id

# How long what somebody tried out can be looked at again.
KEPT = timedelta(days=30)
# More rewards than that nobody has.
MOST_REWARDS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardWish:
    """A reward that is tried out; points None: the standard of today's price."""

    kind: ItemKind
    item_id: UUID
    points: int | None = None
    matrix: Matrix = Matrix.FIRST_TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is tried out; what is None stays as it is today. `rewards` are all that there would be.

    `holders` None: who has a Treatcard today, or everybody where nobody has one yet.
    """

    services: Decimal | None = None
    products: Decimal | None = None
    rewards: Sequence[RewardWish] | None = None
    holders: Holders | None = None


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was tried out on whose purchases of which days (both included), against what held then, and its outcome."""

    since: date
    until: date
    holders: Holders
    old: Terms
    new: Terms
    outcome: Replay


def simulate(*, actor: Actor, salon: Salon, draft: Draft, now: datetime) -> Simulated:
    """Return what the sales of the last twelve months would have come to under a draft; nothing is written.

    Raises: NotAllowed, InvalidInput (`range`, `decimal_places` at `points_per_euro_services` and `…_products`;
    `not_found`, `duplicate_reward` at `rewards.N.item`, `range` at `rewards.N.points`, `max_length` at `rewards`).
    """
    actor.require(Permission.LOYALTY_WRITE)
    with transaction.atomic():
        old = terms_now()
        new = _drafted(draft, old)
        holders = draft.holders or _usual_holders()
        until = salon.date_at(now)
        since = year_until(until)
        outcome = replay(old=old, new=new, holders=holders, since=since, until=until)
    return Simulated(since, until, holders, old, new, outcome)


def keep_simulation(*, actor: Actor, salon: Salon, draft: Draft, now: datetime) -> Simulation:
    """Try a draft out as `simulate` does and keep what came of it for KEPT, so that it has an address.

    Raises: as `simulate`.
    """
    found = simulate(actor=actor, salon=salon, draft=draft, now=now)
    with transaction.atomic():
        Simulation.objects.filter(created_at__lt=now - KEPT).delete()
        return Simulation.objects.create(id=new_id(), figures=asdict(found), made_by_name=actor.name, created_at=now)


def get_simulation(simulation_id: UUID) -> Simulation:
    """Return what somebody has tried out.

    Raises: NotFound.
    """
    found = Simulation.objects.filter(pk=simulation_id).first()
    if found is None:
        raise NotFound
    return found


def simulated(kept: Simulation) -> Simulated:
    """Return what a simulation that was kept had come to."""
    told: dict[str, Any] = kept.figures
    outcome = told["outcome"]
    return Simulated(
        since=date.fromisoformat(told["since"]),
        until=date.fromisoformat(told["until"]),
        holders=Holders(told["holders"]),
        old=_terms(told["old"]),
        new=_terms(told["new"]),
        outcome=Replay(
            sales=outcome["sales"],
            clients=outcome["clients"],
            revenue=Decimal(outcome["revenue"]),
            old=_outcome(outcome["old"]),
            new=_outcome(outcome["new"]),
            months=tuple(Month(date.fromisoformat(one["month"]), one["old"], one["new"]) for one in outcome["months"]),
            old_reach=tuple(map(_reach, outcome["old_reach"])),
            new_reach=tuple(map(_reach, outcome["new_reach"])),
        ),
    )


def _terms(told: dict[str, Any]) -> Terms:
    rewards = tuple(map(_reward, told["rewards"]))
    return Terms(Decimal(told["services"]), Decimal(told["products"]), rewards)


def _reward(told: dict[str, Any]) -> Offered:
    return Offered(
        kind=ItemKind(told["kind"]),
        item_id=UUID(told["item_id"]),
        name=told["name"],
        price=Decimal(told["price"]),
        points=told["points"],
        matrix=Matrix(told["matrix"]),
    )


def _outcome(told: dict[str, Any]) -> Outcome:
    return Outcome(**{**told, "cost": Decimal(told["cost"]), "anyway": Decimal(told["anyway"])})


def _reach(told: dict[str, Any]) -> Reach:
    return Reach(_reward(told["reward"]), told["clients"], told["regulars"])


def terms_now() -> Terms:
    """Return the rates that hold and the rewards that can be redeemed."""
    rules = rules_now()
    rewards = []
    for reward in live_rewards():
        item = item_of(reward)
        rewards.append(
            Offered(ItemKind(reward.kind), item.pk, item.name, item.price, reward.points, Matrix(reward.matrix))
        )
    return Terms(rules.points_per_euro_services, rules.points_per_euro_products, tuple(rewards))


def _usual_holders() -> Holders:
    has_cards = Client.objects.listed().exclude(treatcard_number="").exists()
    return Holders.TREATCARD if has_cards else Holders.EVERYBODY


def _drafted(draft: Draft, old: Terms) -> Terms:
    services = old.services if draft.services is None else draft.services
    products = old.products if draft.products is None else draft.products
    rates = replace(details_of(rules_now()), points_per_euro_services=services, points_per_euro_products=products)
    errors = list(errors_of(rates))
    rewards = old.rewards
    if draft.rewards is not None:
        refused, rewards = _offered(draft.rewards)
        errors += refused
    if errors:
        raise InvalidInput(errors)
    return Terms(services.quantize(CENT), products.quantize(CENT), rewards)


def _offered(wishes: Sequence[RewardWish]) -> tuple[list[FieldError], tuple[Offered, ...]]:
    if len(wishes) > MOST_REWARDS:
        return [FieldError("rewards", "max_length", _("These are too many rewards."))], ()
    items: dict[tuple[ItemKind, UUID], Service | Product] = {}
    for kind, model in ((ItemKind.SERVICE, Service), (ItemKind.PRODUCT, Product)):
        wanted = [one.item_id for one in wishes if one.kind == kind]
        items |= {(kind, item.pk): item for item in model.objects.offered().filter(pk__in=wanted)}
    offered = tuple(
        Offered(wish.kind, item.pk, item.name, item.price, _points(wish, item), wish.matrix)
        for wish in wishes
        if (item := items.get((wish.kind, wish.item_id)))
    )
    return list(_errors(wishes, items)), offered


def _points(wish: RewardWish, item: Service | Product) -> int:
    return standard_points(item.price) if wish.points is None else wish.points


def _errors(
    wishes: Sequence[RewardWish], items: dict[tuple[ItemKind, UUID], Service | Product]
) -> Iterator[FieldError]:
    seen: set[UUID] = set()
    for place, wish in enumerate(wishes):
        item = items.get((wish.kind, wish.item_id))
        if item is None:
            message = _("This is not in the catalogue (any more).")
            yield FieldError(f"rewards.{place}.item", "not_found", message)
        elif wish.item_id in seen:
            yield FieldError(f"rewards.{place}.item", "duplicate_reward", _("There is a reward for this already."))
        elif not 1 <= _points(wish, item) <= MOST_POINTS:
            message = _("Enter between 1 and 1,000,000 points.")
            yield FieldError(f"rewards.{place}.points", "range", message)
        seen.add(wish.item_id)
