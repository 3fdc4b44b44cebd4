"""What a category grants, in words."""

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from clients.labels import DiscountOn
from clients.models import Category


def percent_text(percent: Decimal | None) -> str:
    """Return a percentage without sign or needless zeros, as people of the language write it: `12,5`."""
    return "" if percent is None else number_format(percent.normalize())


def discount_text(category: Category) -> str:
    """Return what a category takes off, and of what; empty where it grants nothing."""
    if category.discount_percent is None:
        return ""
    percent = _("{number}%").format(number=percent_text(category.discount_percent))
    off = {
        DiscountOn.BOTH: _("{percent} off services and products"),
        DiscountOn.SERVICES: _("{percent} off services"),
        DiscountOn.PRODUCTS: _("{percent} off products"),
    }[DiscountOn(category.discount_on)].format(percent=percent)
    if category.discount_special_offers:
        return _("{off}, special offers too").format(off=off)
    return _("{off}, not off special offers").format(off=off)
