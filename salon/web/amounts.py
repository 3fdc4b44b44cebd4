"""Amounts of money as people read them."""

from decimal import Decimal

from django.utils.formats import number_format

_SIGNS = {"EUR": "€"}


def amount_text(amount: Decimal, currency: str) -> str:
    """Return `1.234,50 €` in the language that is active, `−12,00 €` of less than nothing."""
    number = number_format(abs(amount), 2, use_l10n=True, force_grouping=True)
    return f"{'−' if amount < 0 else ''}{number}\N{NO-BREAK SPACE}{sign_of(currency)}"


def sign_of(currency: str) -> str:
    """Return what stands behind an amount: `€`, else the currency's own three letters."""
    return _SIGNS.get(currency, currency)
