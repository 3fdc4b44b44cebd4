"""Whether a sale has changed since somebody read it at the till: one statement (quality.md §1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from django.db.models import Subquery

from bookings.models import Sale
from clients.notes import pinned_on
from loyalty.models import LoyaltyRules
from salon.errors import NotFound


@dataclass(frozen=True, slots=True)
class Glance:
    """What `glance_at` has seen: a text that is another one whenever something has changed that the till shows of a
    sale, and what is pinned on its client's card."""

    fingerprint: str
    alerts: Sequence[str]


def glance_at(sale_id: UUID, *asked: str) -> Glance:
    """Look at a sale with its lines and payments, its appointment, its client with points and pinned notes, the rates;
    `asked` is what else decides how the page looks.

    Raises: NotFound.
    """
    seen = (
        Sale.objects.filter(pk=sale_id)
        .values_list("version", "state", "client_id", "client__version", "client__points", "appointment__version")
        .annotate(
            rates=Subquery(LoyaltyRules.objects.order_by("-version").values("version")[:1]),
            alerts=pinned_on("client_id"),
        )
        .first()
    )
    if seen is None:
        raise NotFound
    tag = sha256("\n".join(map(str, (*seen, *asked))).encode()).hexdigest()[:32]
    return Glance(tag, seen[-1])
