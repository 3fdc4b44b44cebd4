"""This app's part of what is disclosed to a client: what she got for points, what she had before (domain.md §2,
Art. 15, 20 DSGVO)."""

from collections.abc import Collection
from uuid import UUID

from clients.disclosing import Record
from loyalty.models import PriorUse, Redemption
from loyalty.rewards import item_of

# Every table here that refers to cards, and the section that tells of it; a test compares the list with the models.
SECTIONS: dict[str, str] = {"Redemption": "redemptions", "PriorUse": "prior_uses"}


def loyalty_of_client(client_ids: Collection[UUID]) -> dict[str, list[Record]]:
    """Return what these cards got for points, and what the team knows they had before, oldest first."""
    redeemed = Redemption.objects.filter(client_id__in=client_ids)
    had = PriorUse.objects.filter(client_id__in=client_ids).select_related("service", "product")
    return {
        "redemptions": [
            {
                "item": item_of(one.reward).name,
                "points": one.points,
                "list_price": str(one.list_price),
                "redeemed_at": one.redeemed_at.isoformat(),
                "actor_name": one.actor_name,
                "returned_at": one.returned_at.isoformat() if one.returned_at else None,
                "return_reason": one.return_reason,
            }
            for one in redeemed.select_related("reward__service", "reward__product").order_by("redeemed_at", "id")
        ],
        "prior_uses": [
            {
                "item": item.name,
                "noted_at": one.noted_at.isoformat(),
                "noted_by_name": one.noted_by_name,
            }
            for one in had.order_by("noted_at", "id")
            if (item := one.service or one.product)
        ],
    }
