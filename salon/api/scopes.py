"""What an API key may do (api.md, Conventions)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from salon.identity.roles import Permission


class Scope(TextChoices):
    """One thing an owner can allow a key."""

    CATALOGUE_READ = "catalogue:read", _("Read services, products and staff")
    BOOKINGS_READ = "bookings:read", _("Read appointments")
    BOOKINGS_WRITE = "bookings:write", _("Book, move and cancel appointments")
    CLIENTS_READ = "clients:read", _("Read client cards")
    CLIENTS_WRITE = "clients:write", _("Create and change client cards")
    CLIENTS_ERASE = "clients:erase", _("Erase, download and merge client cards")
    SALES_READ = "sales:read", _("Read sales")
    SALES_WRITE = "sales:write", _("Make sales, payments and refunds")
    LOYALTY_READ = "loyalty:read", _("Read points and rewards")
    LOYALTY_WRITE = "loyalty:write", _("Change points and rewards")
    MARKETING_READ = "marketing:read", _("Read segments and campaigns")
    MARKETING_WRITE = "marketing:write", _("Write and send campaigns")
    EXPORTS_WRITE = "exports:write", _("Export data")
    WEBHOOKS_WRITE = "webhooks:write", _("Manage webhooks")


@dataclass(frozen=True, slots=True)
class AnyKey:
    """A call open to every key of the salon, and why."""

    reason: str


# What some call asks for today: only that is offered on the page. (The command takes every scope of the contract, so
# that a key for an integration to come need not be issued twice.)
ASKED_FOR = (
    Scope.CATALOGUE_READ,
    Scope.BOOKINGS_READ,
    Scope.BOOKINGS_WRITE,
    Scope.CLIENTS_READ,
    Scope.CLIENTS_WRITE,
    Scope.CLIENTS_ERASE,
    Scope.SALES_READ,
    Scope.SALES_WRITE,
    Scope.LOYALTY_READ,
    Scope.LOYALTY_WRITE,
    Scope.MARKETING_READ,
    Scope.MARKETING_WRITE,
    Scope.EXPORTS_WRITE,
)

_PERMISSIONS = {
    Scope.CATALOGUE_READ: frozenset({Permission.CATALOGUE_READ}),
    Scope.BOOKINGS_READ: frozenset({Permission.BOOKINGS_READ}),
    Scope.BOOKINGS_WRITE: frozenset({Permission.BOOKINGS_WRITE}),
    Scope.CLIENTS_READ: frozenset({Permission.CLIENTS_READ}),
    Scope.CLIENTS_WRITE: frozenset({Permission.CLIENTS_WRITE, Permission.DISCOUNTS}),
    Scope.CLIENTS_ERASE: frozenset({Permission.CLIENTS_ERASE, Permission.CLIENTS_MERGE}),
    Scope.SALES_READ: frozenset({Permission.SALES_READ}),
    Scope.SALES_WRITE: frozenset({Permission.SALES_WRITE, Permission.REFUNDS, Permission.PRICE_OVERRIDE}),
    Scope.LOYALTY_READ: frozenset({Permission.LOYALTY_READ}),
    Scope.LOYALTY_WRITE: frozenset({Permission.LOYALTY_WRITE, Permission.MATRIX_EXEMPT}),
    Scope.MARKETING_READ: frozenset({Permission.MARKETING}),
    Scope.MARKETING_WRITE: frozenset({Permission.MARKETING_WRITE}),
    Scope.EXPORTS_WRITE: frozenset({Permission.EXPORT}),
}


def permissions_of(scopes: Iterable[str]) -> frozenset[Permission]:
    """Return what operations grant an actor with these scopes; scopes of another release count for nothing."""
    known = [Scope(scope) for scope in scopes if scope in Scope]
    return frozenset().union(*(_PERMISSIONS.get(scope, frozenset()) for scope in known))
