"""A new salon on the installation (architecture.md §3)."""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from salon.audit.recording import Change, record
from salon.errors import DomainError, FieldError, InvalidInput, refusing
from salon.identity.members import Invited, invite
from salon.identity.roles import Actor, Role
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Country, Salon

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class SlugTaken(DomainError):
    """Another salon has this short name in its addresses."""

    code = "slug_taken"
    message = _("There is a salon with this short name already.")


@dataclass(frozen=True, slots=True)
class Founded:
    """A new salon, and how its owner gets in."""

    salon: Salon
    owner: Invited


def found_salon(
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
    """Create a tenant with what every salon starts with, and invite its owner.

    Raises: InvalidInput, SlugTaken.
    """
    if errors := _errors(slug, name, city, country, timezone):
        raise InvalidInput(errors)
    with transaction.atomic():
        with refusing({"tenancy_salon_slug_key": SlugTaken()}):
            salon = directory.add_salon(name=name, slug=slug, city=city, country=country, timezone=timezone)
        with salon_scope(salon.pk):
            changes = [Change("name", None, name), Change("slug", None, slug)]
            record(
                actor=actor, action="salon.founded", subject_kind="salon", subject_id=salon.pk, changes=changes, now=now
            )
            owner = invite(actor=actor, email=owner_email, role=Role.OWNER, name=owner_name, now=now)
    return Founded(salon, owner)


def _errors(slug: str, name: str, city: str, country: str, timezone: str) -> list[FieldError]:
    errors = []
    if not _SLUG.fullmatch(slug) or len(slug) > 60:
        message = _("The short name takes small letters, digits and single hyphens, at most 60.")
        errors.append(FieldError("slug", "invalid", message))
    if not name.strip() or not name.isprintable() or len(name) > 120:
        errors.append(FieldError("name", "invalid", _("The name is one line of 1 to 120 characters.")))
    if not (city.isprintable() and len(city) <= 80):
        errors.append(FieldError("city", "invalid", _("The town is one line of at most 80 characters.")))
    if country not in Country:
        errors.append(FieldError("country", "invalid", _("The country is one of DE, AT and CH.")))
    if timezone not in available_timezones():
        errors.append(FieldError("timezone", "invalid", _("This is not a time zone, such as Europe/Berlin.")))
    return errors
