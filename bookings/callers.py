"""Whom a new appointment is for, with what stands beside her card while she is booked (ui.md §2.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery

from bookings.checkout.pricing import Discount
from bookings.checkout.quoting import discounts_told
from bookings.favourites import most_had
from clients.cards import in_use
from clients.categories import discounts_on
from clients.models import Client
from clients.notes import pinned_on


@dataclass(frozen=True, slots=True)
class Caller:
    """A client, what is pinned on her card, the services she has most often, and what her categories take off."""

    client: Client
    alerts: Sequence[str] = ()
    favourites: Sequence[UUID] = ()
    discounts: Sequence[Discount] = ()


def caller(client_id: UUID) -> Caller:
    """Return all of that about a card that is in use, in one statement.

    Raises: MergedAway for a card that went into another, NotFound.
    """
    cards = Client.objects.select_related("referred_by", "preferred_staff").filter(pk=client_id)
    found = cards.annotate(
        alerts=pinned_on("pk"), favourites=ArraySubquery(most_had(client_id)), discounts=discounts_on("pk")
    ).first()
    client = in_use(found)
    told: dict[str, Any] = vars(client)
    return Caller(client, told["alerts"], told["favourites"], discounts_told(told["discounts"]))
