"""A new salon, with what every app gives it to begin with (domain.md §3)."""

from datetime import datetime

from django.db import transaction

from clients.categories import add_templates
from salon.identity.founding import Founded, found_salon
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope


@transaction.atomic
def open_salon(
    *,
    actor: Actor,
    slug: str,
    name: str,
    city: str,
    country: str,
    timezone: str,
    owner_email: str,
    owner_name: str,
    now: datetime,
) -> Founded:
    """Found a salon, invite its owner, and give it the template categories.

    Raises: InvalidInput, SlugTaken.
    """
    founded = found_salon(
        actor=actor,
        slug=slug,
        name=name,
        city=city,
        country=country,
        timezone=timezone,
        owner_email=owner_email,
        owner_name=owner_name,
        now=now,
    )
    with salon_scope(founded.salon.pk):
        add_templates(actor=actor, now=now)
    return founded
