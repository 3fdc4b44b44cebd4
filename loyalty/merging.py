"""This app's part of a merge: what somebody got for points and what she had before go over to another card, and back
(domain.md §2).

Both cards are locked by then. The points themselves move with the cards, as entries.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.models import PriorUse, Redemption

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


def undo_merge_of_loyalty(kept: Mapping[str, Any], duplicate_id: UUID, survivor_id: UUID) -> None:
    """Give the duplicate back what was hers, as far as the survivor still has it."""
    moved = _Moved(**kept)
    Redemption.objects.filter(client_id=survivor_id, pk__in=moved.redemptions).update(client_id=duplicate_id)
    PriorUse.objects.filter(client_id=survivor_id, pk__in=moved.prior_uses).update(client_id=duplicate_id)
    rows = [
        PriorUse(**{**row, "noted_at": datetime.fromisoformat(str(row["noted_at"]))}, client_id=duplicate_id)
        for row in moved.doubled
    ]
    # What was taken out of the catalogue since is gone there, too.
    PriorUse.objects.bulk_create(rows, ignore_conflicts=True)


def _row(one: PriorUse) -> _Row:
    return {
        "id": str(one.pk),
        "service_id": str(one.service_id) if one.service_id else None,
        "product_id": str(one.product_id) if one.product_id else None,
        "noted_by_name": one.noted_by_name,
        "noted_at": one.noted_at.isoformat(),
    }
