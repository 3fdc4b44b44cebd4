"""Fields of forms: amounts, minutes and times as Germans write them."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import get_format
from django.utils.translation import gettext_lazy as _

from salon.catalogue.weeks import NotATime, parse_time, time_text
from salon.money import NotMoney, parse_money
from salon.years import is_known


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
    """A whole number typed as text: no arrows that a wheel turns by mistake."""

    widget = forms.TextInput
    default_error_messages = {"invalid": _("Enter a whole number.")}


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
