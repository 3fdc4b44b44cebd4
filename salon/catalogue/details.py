"""What is said of services, products, groups and offers, and what of it is accepted (domain.md §5). No database."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import TypedDict
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from salon.errors import FieldError, InvalidInput, Text
from salon.folding import fold, tidy
from salon.money import CENT, LARGEST

# Durations are multiples of so many minutes: the grid of the calendar.
STEP = 5
LONGEST_MINUTES = 12 * 60
LONGEST_NAME = 80
LONGEST_GROUP_NAME = 60
LONGEST_KEY = 120
LONGEST_BARCODE = 40
MOST_POINTS = 1_000_000
# An offer may run so many days: longer than that it is the price.
LONGEST_OFFER = 730
# Value added tax in percent by country, the usual rate first.
VAT_RATES = {
    "DE": (Decimal("19.00"), Decimal("7.00"), Decimal("0.00")),
    "AT": (Decimal("20.00"), Decimal("13.00"), Decimal("10.00"), Decimal("0.00")),
    "CH": (Decimal("8.10"), Decimal("2.60"), Decimal("0.00")),
}


def key_of(name: str) -> str:
    """Return a name without case and accents: what may stand once in a salon."""
    return (fold(name) or name)[:LONGEST_KEY]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldDetails:
    """What services and products have in common. `points_override` None: the salon's rate on the price."""

    name: str
    group_id: UUID | None = None
    price: Decimal = Decimal("0.00")
    vat_rate: Decimal = Decimal("19.00")
    points_override: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDetails(SoldDetails):
    """What is said of a service: its minutes as `Service` has them."""

    apply_minutes: int
    processing_minutes: int = 0
    finish_minutes: int = 0
    buffer_minutes: int = 0
    online: bool = True
    counts_as_visit: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDetails(SoldDetails):
    """What is said of a product."""

    barcode: str = ""


class ChangedSold(TypedDict, total=False):
    """Fields of a service or product to be changed; what is missing stays as it is."""

    name: str
    group_id: UUID | None
    price: Decimal
    vat_rate: Decimal
    points_override: int | None


class ChangedService(ChangedSold, total=False):
    """Fields of a service to be changed."""

    apply_minutes: int
    processing_minutes: int
    finish_minutes: int
    buffer_minutes: int
    online: bool
    counts_as_visit: bool


class ChangedProduct(ChangedSold, total=False):
    """Fields of a product to be changed."""

    barcode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDetails:
    """Another price for one service or one product, from a day to a day, both included."""

    price: Decimal
    starts_on: date
    ends_on: date
    service_id: UUID | None = None
    product_id: UUID | None = None


@dataclass(slots=True)
class Faults:
    """What is wrong with input, field by field, gathered before anything is refused."""

    found: list[FieldError] = field(default_factory=list)

    def add(self, name: str, code: str, message: Text) -> None:
        """Tell of one fault."""
        self.found.append(FieldError(name, code, message))

    def refuse(self) -> None:
        """Refuse if there are any.

        Raises: InvalidInput.
        """
        if self.found:
            raise InvalidInput(self.found)

    def text(self, name: str, value: str, *, longest: int, required: bool = False) -> str:
        """Return a text as it is kept."""
        kept = tidy(value)
        if required and not kept:
            self.add(name, "required", _("Enter a name."))
        elif len(kept) > longest:
            self.add(name, "max_length", _("At most %(longest)d characters fit here.") % {"longest": longest})
        elif "\x00" in kept:
            self.add(name, "invalid", _("This contains a character that cannot be stored."))
        return kept

    def price(self, name: str, value: Decimal) -> None:
        """Check an amount: not negative, whole cents, not absurd."""
        if not value.is_finite() or value != value.quantize(CENT):
            self.add(name, "invalid", _("Enter an amount such as 12.50."))
        elif not 0 <= value <= LARGEST:
            self.add(name, "range", _("A price is not negative and less than 10 million."))


def accept_service(given: ServiceDetails) -> ServiceDetails:
    """Return what is said of a service as it is kept.

    Raises: InvalidInput naming every field that is wrong.
    """
    faults = Faults()
    name = _accept_sold(faults, given)
    faults.found += minutes_faults(given)
    faults.refuse()
    return replace(given, name=name)


def accept_product(given: ProductDetails) -> ProductDetails:
    """Return what is said of a product as it is kept.

    Raises: InvalidInput naming every field that is wrong.
    """
    faults = Faults()
    name = _accept_sold(faults, given)
    barcode = faults.text("barcode", given.barcode, longest=LONGEST_BARCODE).replace(" ", "")
    faults.refuse()
    return replace(given, name=name, barcode=barcode)


def accept_group_name(name: str) -> str:
    """Return the name of a group as it is kept.

    Raises: InvalidInput.
    """
    faults = Faults()
    kept = faults.text("name", name, longest=LONGEST_GROUP_NAME, required=True)
    faults.refuse()
    return kept


def accept_offer(given: OfferDetails) -> OfferDetails:
    """Return an offer as it is kept.

    Raises: InvalidInput naming every field that is wrong.
    """
    faults = Faults()
    faults.price("price", given.price)
    if (given.service_id is None) == (given.product_id is None):
        faults.add("item", "required", _("Choose a service or a product."))
    if given.ends_on < given.starts_on:
        faults.add("ends_on", "range", _("The last day lies before the first one."))
    elif (given.ends_on - given.starts_on).days > LONGEST_OFFER:
        faults.add("ends_on", "range", _("An offer runs two years at most; change the price instead."))
    faults.refuse()
    return given


def minutes_faults(given: ServiceDetails) -> Iterator[FieldError]:
    """Tell what is wrong with the minutes of a service (domain.md §5)."""
    parts = {
        "apply_minutes": given.apply_minutes,
        "processing_minutes": given.processing_minutes,
        "finish_minutes": given.finish_minutes,
        "buffer_minutes": given.buffer_minutes,
    }
    wrong = False
    for name, minutes in parts.items():
        if minutes % STEP:
            wrong = True
            yield FieldError(name, "step", _("Enter a multiple of 5 minutes."))
        elif not 0 <= minutes <= LONGEST_MINUTES:
            wrong = True
            yield FieldError(name, "range", _("Enter at most 12 hours."))
    if wrong:
        return
    if not given.apply_minutes:
        yield FieldError("apply_minutes", "required", _("Enter how long it takes, 5 minutes at least."))
    elif given.apply_minutes + given.processing_minutes + given.finish_minutes > LONGEST_MINUTES:
        yield FieldError("apply_minutes", "range", _("Altogether it takes 12 hours at most."))
    if given.processing_minutes and not given.finish_minutes:
        yield FieldError("finish_minutes", "required", _("After processing there is work again: 5 minutes at least."))
    elif given.finish_minutes and not given.processing_minutes:
        yield FieldError("processing_minutes", "required", _("Work after processing needs a processing time."))


def _accept_sold(faults: Faults, given: SoldDetails) -> str:
    name = faults.text("name", given.name, longest=LONGEST_NAME, required=True)
    faults.price("price", given.price)
    if (
        not given.vat_rate.is_finite()
        or not 0 <= given.vat_rate < 100
        or given.vat_rate != given.vat_rate.quantize(CENT)
    ):
        faults.add("vat_rate", "range", _("Enter a percentage such as 19."))
    if given.points_override is not None and not 0 <= given.points_override <= MOST_POINTS:
        faults.add("points_override", "range", _("Enter a whole number, 0 for none."))
    return name
