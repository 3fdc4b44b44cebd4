"""A sale as integrations see it (api.md, sale)."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from bookings.checkout.lines import MOST_LINES, LineWish
from bookings.checkout.pricing import LineKind
from bookings.checkout.reading import SaleView
from bookings.checkout.selling import Paid
from bookings.models import Method, PaymentKind, SaleLine, SaleState
from salon.api.serializers import Body, DecimalText, Text, Whole
from salon.errors import FieldError, InvalidInput

MOST_PAYMENTS = 20
_BY_AMOUNT = [LineKind.TIP.value, LineKind.VOUCHER.value]


class Money(DecimalText):
    """An amount with two places."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 12, "decimal_places": 2, **options})


class SaleLineBody(Body):
    """Some of one thing in a sale; prices are for one unit, `discount` and `final_price` for the whole line."""

    id = serializers.UUIDField(read_only=True)
    kind = serializers.ChoiceField(LineKind.choices, read_only=True)
    name = Text(read_only=True, help_text="As it was sold; `null` for a tip or a voucher.")
    service = serializers.UUIDField(read_only=True, allow_null=True)
    product = serializers.UUIDField(read_only=True, allow_null=True)
    booking_item = serializers.UUIDField(
        read_only=True, allow_null=True, help_text="The item of the booking that it charges."
    )
    staff = serializers.UUIDField(
        read_only=True, allow_null=True, help_text="Who has done or sold it, or whose tip it is."
    )
    quantity = serializers.IntegerField(read_only=True)
    list_price = Money(read_only=True)
    unit_price = Money(read_only=True, help_text="What counts: by hand, of a special offer, or the list price.")
    discount = Money(read_only=True, help_text="What the best of the client's categories takes off.")
    discount_reason = Text(read_only=True, help_text="That category.")
    final_price = Money(read_only=True)
    vat_rate = serializers.DecimalField(read_only=True, max_digits=4, decimal_places=2)
    reward = serializers.UUIDField(read_only=True, allow_null=True, help_text="The reward it was given for points.")
    refunded = serializers.IntegerField(read_only=True, help_text="How many units were given back.")
    refunded_amount = Money(read_only=True)


class PaymentBody(Body):
    """Money that came for a sale."""

    id = serializers.UUIDField(read_only=True)
    kind = serializers.ChoiceField(PaymentKind.choices, read_only=True)
    method = serializers.ChoiceField(Method.choices, read_only=True)
    amount = Money(read_only=True)
    reference = Text(read_only=True)
    taken_at = serializers.DateTimeField(read_only=True)


class VatBody(Body):
    """The tax in what was sold at one rate."""

    rate = serializers.DecimalField(read_only=True, max_digits=4, decimal_places=2, help_text="In percent.")
    gross = Money(read_only=True)
    net = Money(read_only=True)
    vat = Money(read_only=True)


class SaleBody(Body):
    """One purchase: lines, payments, one state. Without `clients:read`, `client_id` is left out."""

    example = {
        "id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4e01",
        "number": 1042,
        "state": "PAID",
        "client_id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4a11",
        "booking_id": None,
        "lines": [
            {
                "id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4e02",
                "kind": "PRODUCT",
                "name": "Haaröl",
                "service": None,
                "product": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4c21",
                "booking_item": None,
                "staff": None,
                "quantity": 2,
                "list_price": "27.50",
                "unit_price": "27.50",
                "discount": "5.50",
                "discount_reason": "Rentner −10 %",
                "final_price": "49.50",
                "vat_rate": "19.00",
                "reward": None,
                "refunded": 0,
                "refunded_amount": "0.00",
            }
        ],
        "payments": [
            {
                "id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4e03",
                "kind": "PAYMENT",
                "method": "CARD",
                "amount": "49.50",
                "reference": None,
                "taken_at": "2026-11-24T14:00:00+01:00",
            }
        ],
        "total": "49.50",
        "paid": "49.50",
        "due": "0.00",
        "refunded": "0.00",
        "vat": [{"rate": "19.00", "gross": "49.50", "net": "41.60", "vat": "7.90"}],
        "points_earned": 99,
        "created_at": "2026-11-24T13:58:00+01:00",
        "paid_at": "2026-11-24T14:00:00+01:00",
        "version": 3,
    }

    id = serializers.UUIDField(read_only=True)
    number = serializers.IntegerField(read_only=True, allow_null=True, help_text="Of the receipt, once it is paid.")
    state = serializers.ChoiceField(SaleState.choices, read_only=True)
    client_id = serializers.UUIDField(read_only=True, allow_null=True, required=False)
    booking_id = serializers.UUIDField(read_only=True, allow_null=True)
    lines = SaleLineBody(many=True, read_only=True)
    payments = PaymentBody(many=True, read_only=True)
    total = Money(read_only=True)
    paid = Money(read_only=True)
    due = Money(
        read_only=True, help_text="Negative where more was paid than it costs by now; nothing once it is closed."
    )
    refunded = Money(read_only=True)
    vat = VatBody(many=True, read_only=True)
    points_earned = serializers.IntegerField(read_only=True, help_text="Less what refunds took.")
    created_at = serializers.DateTimeField(read_only=True)
    paid_at = serializers.DateTimeField(read_only=True, allow_null=True)
    version = serializers.IntegerField(read_only=True, help_text="Counts changes; also the ETag.")


class LineWishBody(Body):
    """Something to be sold: a service or product, a product for points (`reward`), or a tip or voucher by `kind`."""

    service = serializers.UUIDField(required=False, allow_null=True)
    product = serializers.UUIDField(required=False, allow_null=True)
    reward = serializers.UUIDField(required=False, allow_null=True, help_text="Its points are taken at once.")
    kind = serializers.ChoiceField(_BY_AMOUNT, required=False, help_text="With neither of the others.")
    quantity = Whole(required=False, default=1, help_text="From 1 to 999.")
    unit_price = Money(
        required=False,
        allow_null=True,
        help_text="Instead of list price and special offer; of a tip or voucher its amount.",
    )
    staff = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="Who has done or sold it; of a tip, whose it is: left out, who did most of the services.",
    )


class ChangedLineBody(Body):
    """What of a line can be changed."""

    quantity = Whole(required=False, help_text="From 1 to 999.")
    unit_price = Money(required=False, allow_null=True, help_text="`null`: what list and special offer say.")
    staff = serializers.UUIDField(required=False, allow_null=True)


class NewPaymentBody(Body):
    """Money that comes for a sale."""

    example = {"method": "CARD", "amount": "49.50", "reference": None}

    method = serializers.ChoiceField(Method.choices, help_text="The salon's till mode may refuse `CASH` and `VOUCHER`.")
    amount = Money(help_text="What is due at most; `0.00` closes a sale of which nothing is.")
    reference = Text(help_text="At most 80 characters; of `EXTERNAL_TILL` the number of its receipt.")


class DepositBody(Body):
    """Money that comes for an appointment beforehand."""

    example = {"method": "CARD", "amount": "5.00"}

    method = serializers.ChoiceField(Method.choices)
    amount = Money()
    reference = Text(help_text="At most 80 characters.")


class NewSaleBody(Body):
    """A sale to be opened, of a booking, of lines, or both, and payments for it.

    A line for a service that the booking has is that item of it, for the line's price; whatever else the booking has is
    on the sale, too.
    """

    example = {
        "client_id": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4a11",
        "lines": [{"product": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4c21", "quantity": 2}],
        "payments": [{"method": "CARD", "amount": "49.50"}],
    }

    client_id = serializers.UUIDField(required=False, allow_null=True)
    booking_id = serializers.UUIDField(required=False, allow_null=True)
    lines = LineWishBody(many=True, required=False, max_length=MOST_LINES)  # type: ignore[call-arg]
    payments = NewPaymentBody(many=True, required=False, max_length=MOST_PAYMENTS)  # type: ignore[call-arg]


class WhoseSaleBody(Body):
    """What of an open sale can be changed as a whole."""

    client_id = serializers.UUIDField(required=False, allow_null=True, help_text="`null`: of nobody known.")


def wish_of(entered: dict[str, Any], name: str = "") -> LineWish:
    """Return the wish that a parsed line has; `name` is what its fields begin with.

    Raises: InvalidInput unless it names one thing.
    """
    service, product, reward = (entered.get(one) for one in ("service", "product", "reward"))
    kind = entered.get("kind")
    named = [one for one in (service, product or reward, kind) if one]
    if len(named) != 1:
        message = _("Give one of service, product and kind.")
        raise InvalidInput([FieldError(f"{name}product", "not_combinable" if named else "required", message)])
    if reward:
        what = LineKind.REWARD
    elif kind:
        what = LineKind(kind)
    else:
        what = LineKind.SERVICE if service else LineKind.PRODUCT
    return LineWish(
        kind=what,
        service_id=service,
        product_id=product,
        reward_id=reward,
        quantity=entered.get("quantity", 1),
        price=entered.get("unit_price"),
        staff_id=entered.get("staff"),
    )


def wishes_of(entered: Sequence[dict[str, Any]]) -> list[LineWish]:
    """Return the wishes that parsed lines have.

    Raises: InvalidInput.
    """
    return [wish_of(line, f"lines.{index}.") for index, line in enumerate(entered)]


def paid_of(entered: Iterable[dict[str, Any]]) -> list[Paid]:
    """Return the payments that a parsed body has."""
    return [Paid(Method(one["method"]), one["amount"], one.get("reference", "")) for one in entered]


def shown(view: SaleView, *, with_client: bool) -> dict[str, Any]:
    """Return a sale as GET gives it; `with_client` for a key that may read cards."""
    sale = view.sale
    body: dict[str, Any] = {
        "id": sale.pk,
        "number": sale.number,
        "state": sale.state,
        "client_id": sale.client_id,
        "booking_id": sale.appointment_id or sale.was_for_id,
        "lines": [_line(line) for line in view.lines],
        "payments": view.payments,
        "total": sale.total,
        "paid": sale.paid,
        "due": view.due,
        "refunded": sale.refunded,
        "vat": view.vat,
        "points_earned": sale.points_earned,
        "created_at": sale.created_at,
        "paid_at": sale.paid_at,
        "version": sale.version,
    }
    told = dict(_answer_body().to_representation(body))
    if not with_client:
        del told["client_id"]
    return told


def _line(line: SaleLine) -> dict[str, Any]:
    return {
        "id": line.pk,
        "kind": line.kind,
        "name": line.name,
        "service": line.service_id,
        "product": line.product_id,
        "booking_item": line.item_id,
        "staff": line.staff_id,
        "quantity": line.quantity,
        "list_price": line.list_price,
        "unit_price": line.unit_price,
        "discount": line.discount,
        "discount_reason": line.discount_reason,
        "final_price": line.final_price,
        "vat_rate": line.vat_rate,
        "reward": line.redemption.reward_id if line.redemption else None,
        "refunded": line.refunded,
        "refunded_amount": line.refunded_amount,
    }


@cache
def _answer_body() -> SaleBody:
    """Return what writes answers: a body that keeps nothing of what it wrote, so one of it does."""
    return SaleBody()
