"""Rewards: what clients get for points; added, changed, archived and restored (domain.md §7.1)."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import TypedDict
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from loyalty.eligibility import Matrix
from loyalty.models import Reward
from salon import keyset
from salon.catalogue.changing import told
from salon.catalogue.details import MOST_POINTS
from salon.catalogue.models import ItemKind, Product, Service
from salon.errors import DomainError, FieldError, InvalidInput, NotFound, VersionConflict, refusing
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import new_id

# A reward usually costs so many times its price: whoever has earned it has spent that much.
STANDARD_TIMES = 14
_NEWEST_FIRST = keyset.Order(("created_at", "id"), descending=True)
_TWIN = _("There is a reward for this already.")


class NoSuchReward(NotFound):
    """A reward does not exist."""

    message = _("This reward does not exist (any more).")


class RewardArchived(DomainError):
    """A reward is archived: nobody can redeem or change it."""

    code = "reward_archived"
    message = _("This reward is archived.")


class ItemArchived(DomainError):
    """What a reward consists of is not in the catalogue any more."""

    code = "item_archived"
    message = _("What this reward consists of is archived. Put it back into the catalogue first.")


class RewardExists(DomainError):
    """Another reward for the same service or product can be redeemed."""

    code = "reward_exists"
    message = _TWIN


class ChangedReward(TypedDict, total=False):
    """What of a reward is to be changed; what is missing stays as it is. Points None: the standard of today's price."""

    points: int | None
    matrix: Matrix


def standard_points(price: Decimal) -> int:
    """Return the points that a reward of this price usually costs: 14 times the price, rounded up."""
    return int((STANDARD_TIMES * price).to_integral_value(ROUND_CEILING))


def item_of(reward: Reward) -> Service | Product:
    """Return what a reward consists of."""
    item = reward.service if reward.kind == ItemKind.SERVICE else reward.product
    if item is None:
        raise NoSuchReward
    return item


def is_given(reward: Reward) -> bool:
    """Return whether a reward can be redeemed at all: neither it nor what it consists of is archived."""
    return reward.archived_at is None and item_of(reward).archived_at is None


def price_has_moved(reward: Reward) -> bool:
    """Return whether the price is another one than when the points were set."""
    return item_of(reward).price != reward.list_price


def live_rewards() -> list[Reward]:
    """Return the rewards that can be redeemed, with their items, services first, in the order of the catalogue."""
    return list(_with_items(Reward.objects.live()).filter(Q(service__archived_at=None, product__archived_at=None)))


def rewards_of(kind: ItemKind, *, archived: bool = False) -> list[Reward]:
    """Return the rewards of one kind with their items: those that are not archived in the order of the catalogue, or
    the archived ones, the latest first."""
    found = Reward.objects.filter(kind=kind, archived_at__isnull=not archived)
    return list(_with_items(found).order_by("-archived_at", "id") if archived else _with_items(found))


def list_rewards(*, limit: int, cursor: str | None = None, archived: bool | None = None) -> keyset.Page[Reward]:
    """Return one page of the rewards with their items, the newest first; None: archived ones among them.

    Raises: keyset.InvalidCursor.
    """
    rewards = Reward.objects.select_related("service", "product")
    if archived is not None:
        rewards = rewards.filter(archived_at__isnull=not archived)
    return keyset.page(rewards, _NEWEST_FIRST, limit=limit, cursor=cursor)


def reward_with_id(reward_id: UUID) -> Reward:
    """Return a reward, an archived one too, with its item.

    Raises: NoSuchReward.
    """
    found = Reward.objects.select_related("service", "product").filter(pk=reward_id).first()
    if found is None:
        raise NoSuchReward
    return found


def items_without_reward(kind: ItemKind) -> Sequence[Service | Product]:
    """Return what is in the catalogue and can become a reward, in its order, each with its group."""
    taken = Reward.objects.live().filter(kind=kind)
    if kind == ItemKind.SERVICE:
        services = Service.objects.offered().exclude(pk__in=taken.values("service_id"))
        return list(services.in_order().select_related("group"))
    products = Product.objects.offered().exclude(pk__in=taken.values("product_id"))
    return list(products.in_order().select_related("group"))


def add_reward(
    *,
    actor: Actor,
    kind: ItemKind,
    item_id: UUID,
    points: int | None,
    now: datetime,
    matrix: Matrix = Matrix.FIRST_TIME,
) -> Reward:
    """Give a service or product for points; None: the standard, 14 times its price.

    Raises: NotAllowed, InvalidInput (`not_found` or `duplicate_reward` at `item`, `range` at `points`).
    """
    actor.require(Permission.LOYALTY_WRITE)
    with transaction.atomic():
        item = _offered(kind, item_id)
        reward = Reward(id=new_id(), kind=kind, matrix=_accept_matrix(matrix), created_at=now)
        reward.service, reward.product = (item, None) if isinstance(item, Service) else (None, item)
        _set_points(reward, points, item.price)
        twin = InvalidInput([FieldError("item", "duplicate_reward", _TWIN)])
        with _refusing_a_twin(twin):
            reward.save(force_insert=True)
        new = {"item": item.name, **_recorded(reward)}
        told(actor=actor, action="reward.added", subject_id=reward.pk, old={}, new=new, now=now)
    return reward


def change_reward(
    *, actor: Actor, reward_id: UUID, changes: ChangedReward, now: datetime, version: int | None = None
) -> Reward:
    """Change what a reward costs, or who may redeem it; what was redeemed stays redeemed.

    Points that are given, were it the same again, count as set at today's price.
    Raises: NotAllowed, NoSuchReward, RewardArchived, VersionConflict, InvalidInput.
    """
    actor.require(Permission.LOYALTY_WRITE)
    with transaction.atomic():
        [reward] = _lock([reward_id])
        if version is not None and version != reward.version:
            raise VersionConflict
        if reward.archived_at is not None:
            raise RewardArchived
        before = _recorded(reward)
        if "matrix" in changes:
            reward.matrix = _accept_matrix(changes["matrix"])
        if "points" in changes:
            _set_points(reward, changes["points"], item_of(reward).price)
        after = _recorded(reward)
        if after != before:
            reward.version += 1
            reward.save(update_fields=["points", "list_price", "matrix", "version"])
            named = {"item": item_of(reward).name}
            told(actor=actor, action="reward.changed", subject_id=reward_id, old=before, new=named | after, now=now)
    return reward


def archive_rewards(*, actor: Actor, reward_ids: Sequence[UUID], now: datetime) -> list[Reward]:
    """Let nobody redeem these rewards any more; what is booked already stays. Return those that were not archived yet.

    Raises: NotAllowed, InvalidInput (`not_found` at the place of each unknown id; nothing is archived then).
    """
    actor.require(Permission.LOYALTY_WRITE)
    with transaction.atomic():
        fresh = [one for one in _lock_all(reward_ids) if one.archived_at is None]
        for reward in fresh:
            _write_archived(reward, now)
            old = {"item": item_of(reward).name}
            told(actor=actor, action="reward.archived", subject_id=reward.pk, old=old, new={}, now=now)
    return fresh


def restore_rewards(*, actor: Actor, reward_ids: Sequence[UUID], now: datetime) -> list[Reward]:
    """Give archived rewards again, all of them or none; return those that were archived.

    Raises: NotAllowed, ItemArchived, RewardExists (beside one that can be redeemed, or two for one thing at once),
    InvalidInput (`not_found` at the place of each unknown id).
    """
    actor.require(Permission.LOYALTY_WRITE)
    with transaction.atomic():
        archived = [one for one in _lock_all(reward_ids) if one.archived_at is not None]
        for reward in archived:
            item = item_of(reward)
            if item.archived_at is not None:
                raise ItemArchived(
                    _("“%(name)s” is archived. Put it back into the catalogue first.") % {"name": item.name}
                )
            with _refusing_a_twin(
                RewardExists(_("There is another reward for “%(name)s” already.") % {"name": item.name})
            ):
                _write_archived(reward, None)
            told(actor=actor, action="reward.restored", subject_id=reward.pk, old={}, new={"item": item.name}, now=now)
    return archived


def _with_items(rewards: QuerySet[Reward]) -> QuerySet[Reward]:
    return rewards.select_related("service__group", "product__group").order_by(
        F("kind").desc(),
        Coalesce("service__group__position", "product__group__position").asc(nulls_last=True),
        Coalesce("service__group__name_key", "product__group__name_key"),
        Coalesce("service__position", "product__position"),
        Coalesce("service__name_key", "product__name_key"),
        "id",
    )


def _offered(kind: ItemKind, item_id: UUID) -> Service | Product:
    item: Service | Product | None
    if kind == ItemKind.SERVICE:
        item = Service.objects.offered().filter(pk=item_id).first()
    else:
        item = Product.objects.offered().filter(pk=item_id).first()
    if item is None:
        raise InvalidInput([FieldError("item", "not_found", _("This is not in the catalogue (any more)."))])
    return item


def _accept_matrix(matrix: str) -> Matrix:
    try:
        return Matrix(matrix)
    except ValueError as error:
        refusal = FieldError("matrix", "invalid_choice", _("Choose one of the values offered."))
        raise InvalidInput([refusal]) from error


def _set_points(reward: Reward, points: int | None, price: Decimal) -> None:
    wanted = standard_points(price) if points is None else points
    if not 1 <= wanted <= MOST_POINTS:
        raise InvalidInput([FieldError("points", "range", _("Enter between 1 and 1,000,000 points."))])
    reward.points, reward.list_price = wanted, price


def _write_archived(reward: Reward, moment: datetime | None) -> None:
    reward.archived_at = moment
    reward.version += 1
    reward.save(update_fields=["archived_at", "version"])


def _lock(reward_ids: Iterable[UUID]) -> list[Reward]:
    """Return these rewards with their items, locked in key order.

    Raises: NoSuchReward.
    """
    wanted = set(reward_ids)
    locked = Reward.objects.select_for_update(no_key=True, of=("self",)).select_related("service", "product")
    found = list(locked.filter(pk__in=wanted).order_by("pk"))
    if len(found) != len(wanted):
        raise NoSuchReward
    return found


def _lock_all(reward_ids: Sequence[UUID]) -> list[Reward]:
    try:
        return _lock(reward_ids)
    except NoSuchReward as refusal:
        known = set(Reward.objects.filter(pk__in=reward_ids).values_list("pk", flat=True))
        errors = [
            FieldError(f"rewards.{place}", "not_found", refusal.message)
            for place, reward_id in enumerate(reward_ids)
            if reward_id not in known
        ]
        raise InvalidInput(errors) from refusal


def _recorded(reward: Reward) -> dict[str, object]:
    return {"points": reward.points, "list_price": reward.list_price, "matrix": str(reward.matrix)}


def _refusing_a_twin(refusal: DomainError) -> AbstractContextManager[None]:
    return refusing({"loyalty_reward_service_once": refusal, "loyalty_reward_product_once": refusal})
