"""Points and rates as people write and read them: `1,5` and `1.5` are one number."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import get_format, number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from salon.catalogue.models import Product, Service

_ENTERED = re.compile(r"(\d{1,8})(?:[.,](\d{1,8}))?", re.ASCII)


class RateField(forms.CharField):
    """Points for 1.00: `1`, `1,5`, `1.50`; how many there may be is not its concern."""

    default_error_messages = {
        "required": _("Enter a number such as 1 or 1.5; 0 gives none."),
        "invalid": _("Enter a number such as 1 or 1.5; 0 gives none."),
    }

    def prepare_value(self, value: Any) -> Any:
        """Return a rate as people write it here; what was typed stays as it is."""
        return rate_text(value, grouped=False) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Any:
        """Return the rate.

        Raises: ValidationError.
        """
        text = super().to_python(value)
        if not text:
            return None
        match = _ENTERED.fullmatch(text)
        if match is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return Decimal(f"{match[1]}.{match[2] or '0'}")


def rate_text(rate: Decimal, *, grouped: bool = True) -> str:
    """Return `1`, `1,5` or `0,25` in the language that is active."""
    places = max(0, -int(rate.normalize().as_tuple().exponent))
    if not grouped:
        return f"{rate:.{places}f}".replace(".", get_format("DECIMAL_SEPARATOR"))
    return number_format(rate, places, use_l10n=True, force_grouping=True)


def points_text(points: int) -> str:
    """Return `1 Punkt` or `1.200 Punkte` in the language that is active."""
    number = number_format(points, 0, use_l10n=True, force_grouping=True)
    return ngettext("%(number)s point", "%(number)s points", points) % {"number": number}


def times_text(points: int, item: Service | Product) -> str:
    """Return how many times its price a reward costs, `12,5`; nothing where it is free."""
    return rate_text(round(points / item.price, 1)) if item.price else ""
