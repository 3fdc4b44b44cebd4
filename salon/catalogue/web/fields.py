"""Fields of forms: amounts, minutes and times as Germans write them."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import get_format
from django.utils.translation import gettext_lazy as _

from salon.catalogue.weeks import NotATime, parse_time, time_text
from salon.money import NotMoney, parse_money
from salon.years import is_known

# Thousands apart by point, comma, apostrophe or space; both signs that keyboards and texts have for minus.
_WHOLE = re.compile(r"([-\u2212+]?)(\d+|\d{1,3}(?:[.,'\u2019 \u00a0\u202f]\d{3})+)", re.ASCII)
_MINUS = ("-", "\u2212")
_LONGEST_NUMBER = 30


class AmountField(forms.CharField):
    """An amount of money: `12,50`, `12.50`, `1.234,50 €`."""

    def prepare_value(self, value: Any) -> Any:
        """Return an amount as people write it here; what was typed stays as it is."""
        if isinstance(value, Decimal):
            # Without thousands: what is shown can be read again, whatever the language.
            return f"{value:.2f}".replace(".", get_format("DECIMAL_SEPARATOR"))
        return value

    def to_python(self, value: Any) -> Any:
        """Return the amount.

        Raises: ValidationError.
        """
        text = super().to_python(value)
        if not text:
            return None
        try:
            return parse_money(text)
        except NotMoney as error:
            raise ValidationError(_("Enter an amount such as 12.50."), code="invalid") from error


class ClockField(forms.CharField):
    """A time of the day in minutes from midnight: `9`, `9:30`, `0930`."""

    def prepare_value(self, value: Any) -> Any:
        """Return a time as people read it; what was typed stays as it is."""
        return time_text(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        """Return the minutes, None for nothing.

        Raises: ValidationError.
        """
        text = super().to_python(value)
        if not text:
            return None
        try:
            return parse_time(text)
        except NotATime as error:
            raise ValidationError(_("Enter a time such as 9:30 or 17."), code="invalid") from error


class WholeField(forms.IntegerField):
    """A whole number typed as text, `1000` or `1.000`: no arrows that a wheel turns by mistake."""

    widget = forms.TextInput
    default_error_messages = {"invalid": _("Enter a whole number.")}

    def to_python(self, value: Any) -> Any:
        """Return the number.

        Raises: ValidationError.
        """
        if not isinstance(value, str) or not value.strip():
            return super().to_python(None if isinstance(value, str) else value)
        # Django takes `1.000` for a fraction of nothing, and would read 1.
        number = whole_in(value)
        if number is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return number


def whole_in(text: str) -> int | None:
    """Return the whole number that was typed, `1000`, `1.000` or `-50`; None where it is none."""
    match = _WHOLE.fullmatch(text.strip())
    if match is None or len(text) > _LONGEST_NUMBER:
        return None
    number = int("".join(filter(str.isdigit, match[2])))
    return -number if match[1] in _MINUS else number


class DayField(forms.DateField):
    """A day, chosen from the browser's own calendar."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    default_error_messages = {"invalid": _("Enter a day such as 24.12.2026."), "required": _("Enter a day.")}

    def to_python(self, value: Any) -> Any:
        """Return the day.

        Raises: ValidationError for what is no day, or one that no calendar of a salon ever shows.
        """
        day = super().to_python(value)
        if day is not None and not is_known(day):
            raise ValidationError(_("Enter a day of this century."), code="range")
        return day
