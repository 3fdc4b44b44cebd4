"""Query parameters beyond texts: days, and things named by their ids, once or several times."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from django_filters import Filter


class IsoDay(forms.DateField):
    """A day as the contract writes days, in every language."""

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **options)

    def to_python(self, value: Any) -> Any:
        """Return the day.

        Raises: ValidationError, also for what reads as a day but is not written in full.
        """
        day = super().to_python(value)
        if day and day.isoformat() != str(value).strip():
            raise forms.ValidationError(_("Give a day as YYYY-MM-DD."), "invalid")
        return day


class IsoDayFilter(Filter):  # type: ignore[misc]
    """A query parameter that is a day."""

    field_class = IsoDay
    schema = {"type": "string", "format": "date"}


class Ids(forms.Field):
    """Ids in the order in which they are given."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[UUID]:
        """Return the ids.

        Raises: ValidationError.
        """
        try:
            return [UUID(one) for one in value or []]
        except ValueError as error:
            raise forms.ValidationError(_("This is no id."), "invalid") from error


class IdsFilter(Filter):  # type: ignore[misc]
    """A query parameter that is an id and can be repeated, so many times at most."""

    field_class = Ids

    def __init__(self, *, most: int, **options: Any) -> None:
        super().__init__(**options)
        one = {"type": "string", "format": "uuid"}
        self.schema = {"type": "array", "items": one, "minItems": 1, "maxItems": most}
