"""This app's part of a merge: what somebody got for points and what she had before go over to another card, and back
(domain.md §2).

Both cards are locked by then. The points themselves move with the cards, as entries; what came and went for rewards
since then goes back with these.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from clients.models import Cause, Merge, PointsEntry
from clients.points import Posting, post_all
from loyalty.models import PriorUse, Redemption
from loyalty.rewards import item_of
from salon.identity.roles import Actor

type _Row = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class _Moved:
    """What one merge changed, as `Merge.moved` keeps it under this app's name: ids of rows that moved as they were;
    `doubled`: notes of the duplicate that the survivor had as well."""

    redemptions: list[str] = field(default_factory=list)
    prior_uses: list[str] = field(default_factory=list)
    doubled: list[_Row] = field(default_factory=list)


def merge_loyalty(duplicate_id: UUID, survivor_id: UUID) -> Mapping[str, Any]:
    """Let what one card got and had be the other's; return what to keep for the way back."""
    redeemed, moved = Redemption.objects.filter(client_id=duplicate_id), _Moved()
    moved.redemptions.extend(str(pk) for pk in redeemed.order_by("pk").values_list("pk", flat=True))
    redeemed.update(client_id=survivor_id)
    had = {(one.service_id, one.product_id) for one in PriorUse.objects.filter(client_id=survivor_id)}
    doubled = []
    for one in PriorUse.objects.filter(client_id=duplicate_id).order_by("pk"):
        if (one.service_id, one.product_id) in had:
            moved.doubled.append(_row(one))
            doubled.append(one.pk)
        else:
            moved.prior_uses.append(str(one.pk))
    PriorUse.objects.filter(pk__in=doubled).delete()
    PriorUse.objects.filter(pk__in=moved.prior_uses).update(client_id=survivor_id)
    return asdict(moved)


def undo_merge_of_loyalty(
    kept: Mapping[str, Any], merge: Merge, booked: Collection[UUID], *, actor: Actor, now: datetime
) -> None:
    """Give the duplicate back what was hers, as far as the survivor still has it, and the points of that.

    `booked` are redemptions in her appointments and sales, where some may have been taken since the merge.
    """
    moved, duplicate_id, survivor_id = _Moved(**kept), merge.duplicate_id, merge.survivor_id
    ids = {*map(UUID, moved.redemptions), *booked}
    going = list(
        Redemption.objects.filter(client_id=survivor_id, pk__in=ids)
        .select_related("reward__service", "reward__product")
        .order_by("pk")
    )
    Redemption.objects.filter(pk__in=[one.pk for one in going]).update(client_id=duplicate_id)
    _move_points(going, merge, actor=actor, now=now)
    PriorUse.objects.filter(client_id=survivor_id, pk__in=moved.prior_uses).update(client_id=duplicate_id)
    rows = [
        PriorUse(**{**row, "noted_at": datetime.fromisoformat(str(row["noted_at"]))}, client_id=duplicate_id)
        for row in moved.doubled
    ]
    # What was taken out of the catalogue since is gone there, too.
    PriorUse.objects.bulk_create(rows, ignore_conflicts=True)


def _move_points(going: Collection[Redemption], merge: Merge, *, actor: Actor, now: datetime) -> None:
    """Let points that came and went for redemptions since the merge be the duplicate's."""
    later = Merge.objects.filter(duplicate_id=merge.survivor_id, merged_at__gte=merge.merged_at)
    merges = list(later.values_list("pk", flat=True)) if going else []
    # What came back from a card into which the survivor had gone meanwhile counts as well.
    whose = {cause: one.pk for one in going for cause in (one.pk, *(_moving(pk, one) for pk in merges))}
    entries = PointsEntry.objects.filter(
        client_id=merge.survivor_id,
        cause__in=[Cause.REDEEMED, Cause.RETURNED, Cause.UNMERGED],
        cause_id__in=whose,
        created_at__gte=merge.merged_at,
    )
    points: dict[UUID, int] = defaultdict(int)
    for entry in entries:
        points[whose[entry.cause_id]] += entry.points
    for one in going:
        cause_id, reason = _moving(merge.pk, one), item_of(one.reward).name
        post_all(
            [
                Posting(merge.survivor_id, -points[one.pk], Cause.UNMERGED, cause_id, reason),
                Posting(merge.duplicate_id, points[one.pk], Cause.UNMERGED, cause_id, reason),
            ],
            actor=actor,
            now=now,
        )


def _moving(merge_id: UUID, redemption: Redemption) -> UUID:
    return uuid5(merge_id, f"redemption {redemption.pk}")


def _row(one: PriorUse) -> _Row:
    return {
        "id": str(one.pk),
        "service_id": str(one.service_id) if one.service_id else None,
        "product_id": str(one.product_id) if one.product_id else None,
        "noted_by_name": one.noted_by_name,
        "noted_at": one.noted_at.isoformat(),
    }
