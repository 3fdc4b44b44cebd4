"""Roles, what each may do, and who acts (domain.md §8)."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from salon.errors import NotAllowed


class Role(TextChoices):
    """What a membership makes of a user in one salon."""

    OWNER = "OWNER", _("Owner")
    MANAGER = "MANAGER", _("Manager")
    STAFF = "STAFF", _("Staff")


class Permission(StrEnum):
    """One thing a route or an operation asks for; only what something asks for stands here."""

    WORK = "WORK"  # the frame of a salon: calendar, clients, checkout
    CLIENTS_READ = "CLIENTS_READ"
    CLIENTS_WRITE = "CLIENTS_WRITE"
    CLIENTS_MERGE = "CLIENTS_MERGE"
    CLIENTS_ERASE = "CLIENTS_ERASE"  # erasure, and the download of everything about one person
    CLIENTS_IMPORT = "CLIENTS_IMPORT"
    CATALOGUE_READ = "CATALOGUE_READ"
    BOOKINGS_READ = "BOOKINGS_READ"
    BOOKINGS_WRITE = "BOOKINGS_WRITE"  # appointments, absences, blocked times, the waiting list
    PRICE_OVERRIDE = "PRICE_OVERRIDE"
    SALES_READ = "SALES_READ"
    SALES_WRITE = "SALES_WRITE"  # the till: sales, payments, deposits
    REFUNDS = "REFUNDS"  # money given back, sales voided
    LOYALTY_READ = "LOYALTY_READ"  # points and rewards; whoever books or sells redeems them
    LOYALTY_WRITE = "LOYALTY_WRITE"  # rates, rewards, adjusted points
    EXPORT = "EXPORT"
    MATRIX_EXEMPT = "MATRIX_EXEMPT"
    DISCOUNTS = "DISCOUNTS"  # categories that grant one
    REPORTS_READ = "REPORTS_READ"
    MARKETING = "MARKETING"  # segments, campaigns and automations, to read
    MARKETING_WRITE = "MARKETING_WRITE"  # and to change and send
    EXISTING_CUSTOMERS = "EXISTING_CUSTOMERS"  # to decide that they are written to without their consent
    SETTINGS = "SETTINGS"
    MEMBERS = "MEMBERS"
    API_KEYS = "API_KEYS"
    NIGHT_RUN = "NIGHT_RUN"  # at another time than the night


_STAFF = frozenset(
    {
        Permission.WORK,
        Permission.CLIENTS_READ,
        Permission.CLIENTS_WRITE,
        Permission.CATALOGUE_READ,
        Permission.BOOKINGS_READ,
        Permission.BOOKINGS_WRITE,
        Permission.SALES_READ,
        Permission.SALES_WRITE,
        Permission.LOYALTY_READ,
    }
)
_MANAGER = _STAFF | {
    Permission.CLIENTS_MERGE,
    Permission.CLIENTS_ERASE,
    Permission.CLIENTS_IMPORT,
    Permission.PRICE_OVERRIDE,
    Permission.REFUNDS,
    Permission.LOYALTY_WRITE,
    Permission.EXPORT,
    Permission.MATRIX_EXEMPT,
    Permission.DISCOUNTS,
    Permission.REPORTS_READ,
    Permission.MARKETING,
    Permission.MARKETING_WRITE,
    Permission.SETTINGS,
}
PERMISSIONS = {Role.STAFF: _STAFF, Role.MANAGER: _MANAGER, Role.OWNER: frozenset(Permission)}


class ActorKind(TextChoices):
    """What kind of somebody acted."""

    USER = "USER", _("User")
    API_KEY = "API_KEY", _("API key")
    SYSTEM = "SYSTEM", _("System")


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts in a salon, as every operation gets it and the audit records it."""

    kind: ActorKind
    id: UUID | None
    name: str
    permissions: frozenset[Permission]

    def require(self, permission: Permission) -> None:
        """Refuse whoever may not.

        Raises: NotAllowed.
        """
        if permission not in self.permissions:
            raise NotAllowed


def shown_name(kind: str, name: str) -> str:
    """Return the name of whoever acted as people read it: a key's says that it is one."""
    return gettext("Key “%(name)s”") % {"name": name} if kind == ActorKind.API_KEY else name


def system_actor(name: str) -> Actor:
    """Return the software itself acting, for commands and nightly work."""
    return Actor(ActorKind.SYSTEM, None, name, frozenset(Permission))
