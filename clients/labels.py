"""What a client category says: its name, and the discount it may grant (domain.md §3)."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypedDict, Unpack

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from salon.errors import FieldError, InvalidInput, Text
from salon.folding import fold, tidy

LONGEST_NAME = 60
LONGEST_DESCRIPTION = 200
LONGEST_KEY = 120
_PERCENT = re.compile(r"(\d{1,9})(?:[.,](\d{1,9}))?\s*%?", re.ASCII)


class DiscountOn(TextChoices):
    """What a category's discount is taken off."""

    BOTH = "BOTH", _("services and products")
    SERVICES = "SERVICES", _("services")
    PRODUCTS = "PRODUCTS", _("products")


class ChangedCategory(TypedDict, total=False):
    """The fields of a category that somebody entered; what is missing stays as it is."""

    name: str
    description: str
    discount_percent: str
    discount_on: str
    discount_special_offers: bool


@dataclass(frozen=True, slots=True)
class CategoryDetails:
    """What a category says: as entered, or normalised once it went through `accept_category`.

    `discount_percent` is then a number with two places and a point, or nothing where no discount is granted.
    """

    name: str = ""
    description: str = ""
    discount_percent: str = ""
    discount_on: str = DiscountOn.BOTH.value
    discount_special_offers: bool = False

    def with_changes(self, **changes: Unpack[ChangedCategory]) -> "CategoryDetails":
        """Return these details with some fields replaced."""
        return replace(self, **changes)

    @property
    def name_key(self) -> str:
        """The name without case and accents: what may stand once in a salon."""
        return (fold(self.name) or self.name)[:LONGEST_KEY]


class InvalidPercent(Exception):
    """Not a share that can be granted: `error` says why."""

    def __init__(self, code: str, message: Text) -> None:
        super().__init__(code)
        self.error = FieldError("discount_percent", code, message)


def parse_percent(text: str) -> Decimal:
    """Read a discount in percent, in German or English writing: `10`, `12,5`, `12.50 %`.

    Raises: InvalidPercent unless it is more than 0 and at most 100, with at most two places.
    """
    match = _PERCENT.fullmatch(text.strip())
    if not match:
        raise InvalidPercent("invalid", _("Enter a percentage such as 10 or 12.5."))
    whole, places = match[1], match[2] or ""
    if len(places) > 2:
        raise InvalidPercent("decimals", _("At most two decimal places."))
    percent = Decimal(f"{whole}.{places or 0}").quantize(Decimal("0.01"))
    if not 0 < percent <= 100:
        raise InvalidPercent("range", _("A discount is more than 0 and at most 100 percent."))
    return percent


def accept_category(given: CategoryDetails) -> CategoryDetails:
    """Normalise what was entered of a category: spaces single, the percentage with two places and a point.

    Raises: InvalidInput naming every field that is wrong (domain.md §3).
    """
    errors: list[FieldError] = []
    name, description, percent = tidy(given.name), tidy(given.description), tidy(given.discount_percent)
    if not name:
        errors.append(FieldError("name", "required", _("Enter a name.")))
    for field, text, longest in (("name", name, LONGEST_NAME), ("description", description, LONGEST_DESCRIPTION)):
        if len(text) > longest:
            message = _("At most %(longest)d characters fit here.") % {"longest": longest}
            errors.append(FieldError(field, "max_length", message))
        elif "\x00" in text:
            errors.append(FieldError(field, "invalid", _("This contains a character that cannot be stored.")))
    if percent:
        try:
            percent = str(parse_percent(percent))
        except InvalidPercent as refusal:
            errors.append(refusal.error)
    if given.discount_on not in DiscountOn.values:
        errors.append(FieldError("discount_on", "invalid_choice", _("Choose one of the values offered.")))
    if errors:
        raise InvalidInput(errors)
    return replace(given, name=name, description=description, discount_percent=percent)
