"""What a line of a sale costs, to the cent: offers, discounts, parts of it, the VAT in it (domain.md §3, §6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from clients.labels import DiscountOn
from salon.money import CENT

NOTHING = Decimal("0.00")
_HUNDRED = Decimal(100)


class LineKind(TextChoices):
    """What a line of a sale is."""

    SERVICE = "SERVICE", _("Service")
    PRODUCT = "PRODUCT", _("Product")
    REWARD = "REWARD", _("Reward")
    TIP = "TIP", _("Tip")
    VOUCHER = "VOUCHER", _("Voucher")


# What a category takes its discount off; whatever is not here is never discounted.
_DISCOUNTED = {LineKind.SERVICE: DiscountOn.SERVICES, LineKind.PRODUCT: DiscountOn.PRODUCTS}


@dataclass(frozen=True, slots=True)
class Discount:
    """What one client category takes off: `percent` (more than 0, at most 100) of what it applies to."""

    percent: Decimal
    on: DiscountOn
    special_offers: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Sold:
    """So many units of one thing, each for a price: the list's, an offer's, or one given by hand."""

    kind: LineKind
    list_price: Decimal
    quantity: int = 1
    offer_price: Decimal | None = None
    own_price: Decimal | None = None

    @property
    def on_offer(self) -> bool:
        """Whether it is the special offer's price that counts."""
        return self.own_price is None and self.offer_price is not None

    @property
    def unit_price(self) -> Decimal:
        """What one unit costs before discounts; a reward nothing."""
        if self.kind is LineKind.REWARD:
            return NOTHING
        prices = (self.own_price, self.offer_price, self.list_price)
        return next(price for price in prices if price is not None)


@dataclass(frozen=True, slots=True)
class Priced:
    """What a line costs: `final_price` = `unit_price` × quantity − `discount`."""

    unit_price: Decimal
    discount: Decimal
    final_price: Decimal
    by: Discount | None


@dataclass(frozen=True, slots=True)
class Cut:
    """What one discount takes off in all."""

    percent: Decimal
    reason: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Bill:
    """What some lines come to: before discounts, what each of these takes off, the largest first, and the tip, which
    nothing is taken off."""

    full: Decimal
    cuts: Sequence[Cut]
    tip: Decimal = NOTHING

    @property
    def total(self) -> Decimal:
        """What is to be paid."""
        return self.full - sum((one.amount for one in self.cuts), NOTHING) + self.tip


@dataclass(frozen=True, slots=True)
class Vat:
    """The tax in an amount, of everything that is sold at one rate: `gross` = `net` + `vat`."""

    rate: Decimal
    gross: Decimal
    net: Decimal
    vat: Decimal


def price_line(sold: Sold, discounts: Iterable[Discount]) -> Priced:
    """Return what a line costs with the best of a client's discounts taken off (domain.md §3).

    Several never add up. Of equal ones the first by name is told.
    """
    full = sold.unit_price * sold.quantity
    best = min(
        (one for one in discounts if _applies(one, sold)), key=lambda one: (-one.percent, one.reason), default=None
    )
    if best is None or not full:
        return Priced(sold.unit_price, NOTHING, full, None)
    off = rounded(full * best.percent / _HUNDRED)
    return Priced(sold.unit_price, off, full - off, best)


def sold_item(price: Decimal, list_price: Decimal, *, offer: Decimal | None, redeemed: bool) -> Sold:
    """Return an appointment's item as a line sells it; a reward costs nothing.

    A price that is neither the list's nor that of the day's offer was given by hand.
    """
    if redeemed:
        return Sold(LineKind.REWARD, list_price)
    return Sold(
        LineKind.SERVICE,
        list_price,
        offer_price=offer if offer == price else None,
        own_price=None if price in {offer, list_price} else price,
    )


def bill_of(lines: Iterable[Sold], discounts: Sequence[Discount]) -> Bill:
    """Return what these lines come to with the best discount on each."""
    priced = [price_line(one, discounts) for one in lines]
    full = sum((one.final_price + one.discount for one in priced), NOTHING)
    return Bill(full, cuts_of((one.by.percent, one.by.reason, one.discount) for one in priced if one.by))


def cuts_of(taken_off: Iterable[tuple[Decimal, str, Decimal]]) -> list[Cut]:
    """Return what is taken off line by line (percent, reason, amount) as sums of each discount, the largest first."""
    sums: dict[tuple[Decimal, str], Decimal] = {}
    for percent, reason, amount in taken_off:
        sums[percent, reason] = sums.get((percent, reason), NOTHING) + amount
    found = [Cut(percent, reason, amount) for (percent, reason), amount in sums.items() if amount]
    return sorted(found, key=lambda one: (-one.amount, one.reason))


def _applies(discount: Discount, sold: Sold) -> bool:
    wanted = _DISCOUNTED.get(sold.kind)
    if wanted is None or discount.on not in {DiscountOn.BOTH, wanted}:
        return False
    return discount.special_offers or not sold.on_offer


def part_of(amount: Decimal, of: int, upto: int) -> Decimal:
    """Return how much of an amount for `of` units the first `upto` of them cost.

    The parts between any steps from 0 to `of` add up to the amount, without a cent too many or too few.
    """
    return rounded(amount * upto / of)


def part_between(amount: Decimal, of: int, done: int, more: int) -> Decimal:
    """Return what `more` units cost, behind `done` others, of an amount for `of` units."""
    return part_of(amount, of, done + more) - part_of(amount, of, done)


def vat_in(amounts: Iterable[tuple[Decimal, Decimal]]) -> list[Vat]:
    """Return the tax in amounts (rate in percent, price with it), rate by rate, the highest first."""
    totals: dict[Decimal, Decimal] = {}
    for rate, gross in amounts:
        totals[rate] = totals.get(rate, NOTHING) + gross
    found = []
    for rate, gross in sorted(totals.items(), reverse=True):
        vat = rounded(gross * rate / (_HUNDRED + rate))
        found.append(Vat(rate, gross, gross - vat, vat))
    return found


def rounded(amount: Decimal) -> Decimal:
    """Return an amount in whole cents; half a cent counts as one."""
    return amount.quantize(CENT, ROUND_HALF_UP)
