"""How a salon takes money: its till mode, and the methods that it allows (domain.md §6)."""

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _

from bookings.models import Method, SalesRules, TillMode
from salon.errors import DomainError, FieldError, InvalidInput
from salon.tenancy.models import Country, Salon

# What makes a till in the law's sense of whatever records it.
_TILL_METHODS = frozenset({Method.CASH, Method.VOUCHER})
LONGEST_REFERENCE = 80


class MethodNotAllowed(DomainError):
    """The salon's till mode does not take money in this way."""

    code = "method_not_allowed"
    message = _("This salon records cash and vouchers in its own till: enter the number of that receipt.")


def sales_rules() -> SalesRules:
    """Return how the open salon takes money: as it has decided, or the defaults, not saved."""
    return SalesRules.objects.first() or SalesRules()


def till_mode_of(salon: Salon, rules: SalesRules) -> TillMode:
    """Return a salon's till mode; where nothing was decided, by its country (domain.md §6)."""
    if rules.till_mode:
        return TillMode(rules.till_mode)
    return TillMode.EXTERNAL_TILL if salon.country == Country.DE else TillMode.OWN_TILL


def methods_of(mode: TillMode) -> list[Method]:
    """Return the methods that a till mode allows."""
    refused = _TILL_METHODS if mode is TillMode.EXTERNAL_TILL else frozenset()
    return [method for method in Method if method not in refused]


def sells_vouchers(methods: Collection[Method]) -> bool:
    """Return whether vouchers are offered: only where one that was sold can be redeemed."""
    return Method.VOUCHER in methods


def accepted_reference(method: Method, reference: str) -> str:
    """Return a reference as it is kept: what is paid into another till has the number of its receipt.

    Raises: InvalidInput.
    """
    text = " ".join(reference.split())
    error = None
    if len(text) > LONGEST_REFERENCE:
        message = _("At most %(longest)d characters fit here.") % {"longest": LONGEST_REFERENCE}
        error = FieldError("reference", "max_length", message)
    elif not text.isprintable():
        error = FieldError("reference", "invalid", _("This contains a character that cannot be stored."))
    elif not text and method == Method.EXTERNAL_TILL:
        error = FieldError("reference", "required", _("Enter the number of the receipt of your till."))
    if error:
        raise InvalidInput([error])
    return text


def refuse_method(method: Method, salon: Salon) -> None:
    """Refuse a method that the salon's till mode does not allow.

    Raises: MethodNotAllowed.
    """
    if method in _TILL_METHODS and method not in methods_of(till_mode_of(salon, sales_rules())):
        raise MethodNotAllowed
