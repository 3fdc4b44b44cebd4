"""What a booking would come to, before it is made: the same operation, taken back at once (ui.md §2.2)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from bookings.booking import Booked
from bookings.bounds import Bounds
from bookings.placing import ItemWish
from bookings.rewarding import book_with_rewards
from bookings.states import Source
from salon.identity.roles import Actor
from salon.tenancy.models import Salon


def rehearse(
    *,
    actor: Actor,
    salon: Salon,
    starts_at: datetime,
    items: Sequence[ItemWish],
    client_id: UUID | None,
    now: datetime,
    rewards: Sequence[UUID] = (),
) -> Booked:
    """Return what `book_with_rewards` would return at the desk, and leave nothing behind.

    No rule is written twice that way: whoever is asked for warnings is asked by the booking itself.
    Raises: what `book_with_rewards` raises.
    """
    with transaction.atomic():
        booked = book_with_rewards(
            actor=actor,
            salon=salon,
            starts_at=starts_at,
            items=items,
            client_id=client_id,
            rewards=rewards,
            source=Source.STAFF,
            bounds=Bounds.DESK,
            now=now,
        )
        transaction.set_rollback(True)
    return booked
