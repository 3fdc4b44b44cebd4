"""This app's part of an erasure: what somebody had before is forgotten (domain.md §2, Art. 17 DSGVO).

Redemptions stay with a card that is a number: they say what was given for how many points, and nothing of anybody.
"""

from collections.abc import Collection
from uuid import UUID

from loyalty.models import PriorUse


def erase_loyalty(*, client_ids: Collection[UUID]) -> None:
    """Delete what these clients had before the salon's own history."""
    PriorUse.objects.filter(client_id__in=client_ids).delete()
