"""The lines of a sale: what is put on it, for how much (domain.md §6)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bookings.checkout.pricing import NOTHING, Discount, LineKind, Sold, price_line, sold_item
from bookings.checkout.quoting import offers_on
from bookings.models import AppointmentItem, Sale, SaleLine
from bookings.placing import price_error, price_of
from loyalty.models import Redemption, Reward
from salon.catalogue.models import ItemKind, Product, Service, StaffMember
from salon.errors import FieldError, InvalidInput, NotFound
from salon.identity.roles import Actor

MOST_LINES = 100
MOST_UNITS = 999
# What a line says of its price, as `price_all` writes it.
PRICED = ("unit_price", "discount_percent", "discount", "discount_reason", "final_price")
# What a line that charges an item takes from it.
_FOLLOWED = (
    *("position", "kind", "service_id", "redemption_id", "staff_id", "name", "list_price", "offer_price", "own_price"),
    *("vat_rate", "points_override"),
)
_WRITTEN = (*_FOLLOWED, *PRICED, "quantity")
_BY_AMOUNT = frozenset({LineKind.TIP, LineKind.VOUCHER})


@dataclass(frozen=True, slots=True)
class LineWish:
    """So many units of something to be sold: a service or product by its id, a tip or voucher by its `price`, a product
    for points by `reward_id`.

    `price` is for one unit, and of services and products replaces what list and offer say.
    """

    kind: LineKind
    service_id: UUID | None = None
    product_id: UUID | None = None
    reward_id: UUID | None = None
    quantity: int = 1
    price: Decimal | None = None
    staff_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Goods:
    """What there is of what is wished for: services and products as they are sold on a day, rewards, the team."""

    services: Mapping[UUID, Service] = field(default_factory=dict)
    products: Mapping[UUID, Product] = field(default_factory=dict)
    offers: Mapping[UUID, Decimal] = field(default_factory=dict)
    rewards: Mapping[UUID, Reward] = field(default_factory=dict)
    team: Mapping[UUID, StaffMember] = field(default_factory=dict)

    def item_of(self, wish: LineWish) -> Service | Product | None:
        """Return the service or product that a wish names, if there is one."""
        if wish.kind is LineKind.SERVICE:
            return self.services.get(wish.service_id) if wish.service_id else None
        if wish.kind is LineKind.PRODUCT:
            return self.products.get(wish.product_id) if wish.product_id else None
        reward = self.rewards.get(wish.reward_id) if wish.reward_id else None
        return reward.product if reward else None


def goods_for(wishes: Sequence[LineWish], day: date) -> Goods:
    """Return what there is of what these wishes name, at the prices of a day; only what is asked for is looked up."""
    service_ids = {wish.service_id for wish in wishes if wish.service_id}
    product_ids = {wish.product_id for wish in wishes if wish.product_id}
    reward_ids = {wish.reward_id for wish in wishes if wish.reward_id}
    staff_ids = {wish.staff_id for wish in wishes if wish.staff_id}
    rewards = Reward.objects.select_related("product", "service").in_bulk(reward_ids) if reward_ids else {}
    return Goods(
        services=Service.objects.offered().in_bulk(service_ids) if service_ids else {},
        products=Product.objects.offered().in_bulk(product_ids) if product_ids else {},
        offers=offers_on([(day, one) for one in service_ids | product_ids]),
        rewards=rewards,
        team=StaffMember.objects.working().in_bulk(staff_ids) if staff_ids else {},
    )


def refuse_unknown(wishes: Sequence[LineWish], goods: Goods, *, name: str = "lines.{}.") -> None:
    """Refuse wishes for what is not there, and amounts that are none; `name` is what fields begin with.

    Raises: InvalidInput naming every field at once.
    """
    errors = [
        FieldError(f"{name.format(index)}{error.field}", error.code, error.message)
        for index, wish in enumerate(wishes)
        for error in _errors(wish, goods)
    ]
    if len(wishes) > MOST_LINES:
        errors.append(FieldError("lines", "too_many", _("These are too many lines for one sale.")))
    if errors:
        raise InvalidInput(errors)


def _errors(wish: LineWish, goods: Goods) -> Iterator[FieldError]:
    yield from _missing(wish, goods)
    if wish.staff_id is not None and wish.staff_id not in goods.team:
        yield FieldError("staff", "not_found", _("There is no such staff member."))
    if error := quantity_error(wish.quantity):
        yield error
    if wish.price is not None and (error := price_error("price", wish.price)):
        yield error
    elif wish.kind in _BY_AMOUNT and not wish.price:
        yield FieldError("price", "required", _("Enter an amount."))
    if wish.reward_id is not None and wish.quantity != 1:
        yield FieldError("quantity", "range", _("A reward is given once."))


def _missing(wish: LineWish, goods: Goods) -> Iterator[FieldError]:
    if wish.service_id is not None and wish.service_id not in goods.services:
        yield FieldError("service", "not_found", _("There is no such service."))
    if wish.product_id is not None and wish.product_id not in goods.products:
        yield FieldError("product", "not_found", _("There is no such product."))
    if wish.reward_id is None:
        return
    reward = goods.rewards.get(wish.reward_id)
    if reward is None:
        yield FieldError("reward", "not_found", _("There is no such reward."))
    elif reward.kind != ItemKind.PRODUCT:
        yield FieldError("reward", "not_a_product", _("A service for points is given while booking."))
    elif wish.product_id not in {None, reward.product_id}:
        yield FieldError("reward", "another_item", _("This reward is for something else."))


def quantity_error(quantity: int) -> FieldError | None:
    """Return what is wrong with a number of units, if anything."""
    if not 1 <= quantity <= MOST_UNITS:
        message = _("Enter a whole number from 1 to %(most)d.") % {"most": MOST_UNITS}
        return FieldError("quantity", "range", message)
    return None


def line_of(
    sale: Sale, wish: LineWish, goods: Goods, *, actor: Actor, position: int, redemption: Redemption | None = None
) -> SaleLine:
    """Return the line that a wish comes to, not priced or written yet.

    Raises: NotAllowed for a price of one's own.
    """
    line = SaleLine(sale=sale, position=position, kind=wish.kind, quantity=wish.quantity, staff_id=wish.staff_id)
    item = goods.item_of(wish)
    if item is None:
        line.list_price, line.vat_rate = wish.price or NOTHING, NOTHING
        return line
    line.service, line.product = (item, None) if isinstance(item, Service) else (None, item)
    line.name, line.list_price, line.vat_rate = item.name, item.price, item.vat_rate
    if redemption is not None:
        line.kind, line.redemption = LineKind.REWARD, redemption
        return line
    line.offer_price, line.points_override = goods.offers.get(item.pk), item.points_override
    set_own_price(line, wish.price, actor)
    return line


def set_own_price(line: SaleLine, price: Decimal | None, actor: Actor) -> None:
    """Let a line cost what was entered, or (None) what list and offer say.

    Raises: NotAllowed.
    """
    usual = line.list_price if line.offer_price is None else line.offer_price
    line.own_price = price_of(actor, price, usual) if price not in {None, usual} else None


def take_item(line: SaleLine, item: AppointmentItem, offer: Decimal | None, position: int) -> None:
    """Let a line charge an appointment's item as it is now, for its price."""
    sold = sold_item(item.price, item.list_price, offer=offer, redeemed=item.redemption_id is not None)
    line.item, line.position, line.service, line.product = item, position, item.service, None
    line.staff_id, line.name, line.list_price = item.staff_id, item.service.name, item.list_price
    line.vat_rate, line.redemption_id = item.service.vat_rate, item.redemption_id
    line.kind, line.offer_price, line.own_price = sold.kind, sold.offer_price, sold.own_price
    line.points_override = item.service.points_override if sold.kind is LineKind.SERVICE else None


def price_all(sale: Sale, lines: Iterable[SaleLine], discounts: Sequence[Discount]) -> None:
    """Let lines cost what they cost with the best of these discounts, and the sale what they come to."""
    sale.total = NOTHING
    for line in lines:
        sold = Sold(LineKind(line.kind), line.list_price, line.quantity, line.offer_price, line.own_price)
        priced = price_line(sold, discounts)
        line.unit_price, line.discount, line.final_price = priced.unit_price, priced.discount, priced.final_price
        line.discount_percent = priced.by.percent if priced.by else None
        line.discount_reason = priced.by.reason if priced.by else ""
        sale.total += line.final_price


def line_in(lines: Iterable[SaleLine], line_id: UUID) -> SaleLine:
    """Return one of some lines.

    Raises: NotFound.
    """
    found = next((line for line in lines if line.pk == line_id), None)
    if found is None:
        raise NotFound
    return found


def content(line: SaleLine) -> tuple[object, ...]:
    """Return all that is written of a line, to see whether it has changed."""
    return tuple(getattr(line, name) for name in _WRITTEN)


def write_lines(lines: Sequence[SaleLine], before: Mapping[UUID, tuple[object, ...]]) -> None:
    """Write those lines that are new or different from `before`, their content by key, and take off the others.

    Raises: InvalidInput where they are too many.
    """
    if len(lines) > MOST_LINES:
        raise InvalidInput([FieldError("lines", "too_many", _("These are too many lines for one sale."))])
    kept = {line.pk for line in lines}
    if gone := [line_id for line_id in before if line_id not in kept]:
        SaleLine.objects.filter(pk__in=gone).delete()
    if changed := [line for line in lines if line.pk in before and before[line.pk] != content(line)]:
        SaleLine.objects.bulk_update(changed, [name.removesuffix("_id") for name in _WRITTEN])
    if added := [line for line in lines if line.pk not in before]:
        SaleLine.objects.bulk_create(added)
