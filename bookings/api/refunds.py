"""`/api/v1/sales/{id}/refunds` and `…/void`: what was sold goes back by the operations of the till (api.md)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from bookings.api.sale_bodies import SaleBody
from bookings.api.sales import SaleEndpoint
from bookings.checkout.lines import MOST_LINES
from bookings.checkout.refunding import refund
from bookings.checkout.voiding import void
from bookings.models import Method
from salon.api.idempotency import Idempotency, idempotent
from salon.api.scopes import Scope
from salon.api.serializers import Body, Text, Whole
from salon.errors import FieldError, InvalidInput


class RefundLineBody(Body):
    """How many units of one line go back."""

    line = serializers.UUIDField()
    quantity = Whole(help_text="From 1 to what is left of the line.")


class NewRefundBody(Body):
    """What goes back of a paid sale, and how the money does."""

    example = {"method": "CARD", "lines": [{"line": "019aa5f2-7c1e-7d3a-9b52-5f0c2d8e4e02", "quantity": 1}]}

    method = serializers.ChoiceField(
        Method.choices,
        required=False,
        help_text="Left out: as it came, what came first does first. The salon's till mode may refuse `CASH` and "
        "`VOUCHER`.",
    )
    lines = RefundLineBody(  # type: ignore[call-arg]
        many=True, required=False, max_length=MOST_LINES, help_text="Left out: all that is left."
    )
    reason = Text(help_text="At most 200 characters.")
    reference = Text(
        help_text="At most 80 characters; left out: that of each payment, as far as it goes back by its method. What "
        "goes back into the salon's own till beyond that needs one."
    )


class VoidBody(Body):
    """Why a sale is void."""

    optional = True

    reason = Text(help_text="At most 200 characters.")
    reference = Text(help_text="At most 80 characters: the receipt of the salon's own till.")


class RefundsEndpoint(SaleEndpoint):
    """What goes back of one sale."""

    scopes = {"POST": Scope.SALES_WRITE}

    @extend_schema(request=NewRefundBody, responses={201: SaleBody})
    @idempotent(Idempotency.REQUIRED)
    def post(self, request: Request, sale_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Give money back.

        The client keeps the points that what she keeps would have earned; rewards that go back give her their points.
        More units than are left of a line are refused as `refund_too_much`.
        """
        entered = self.entered(NewRefundBody)
        lines = entered.get("lines")
        refund(
            actor=self.actor,
            salon=self.salon,
            sale_id=sale_id,
            method=Method(entered["method"]) if "method" in entered else None,
            lines=None if lines is None else _quantities(lines),
            reason=entered.get("reason", ""),
            reference=entered.get("reference", ""),
            now=self.now,
        )
        return self.answer(sale_id, 201)


class VoidEndpoint(SaleEndpoint):
    """The end of a sale that is as if it had not taken place."""

    scopes = {"POST": Scope.SALES_WRITE}

    @extend_schema(request=VoidBody, responses={200: SaleBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request, sale_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Declare a sale void.

        What was paid and not given back yet goes back as it came, and so do all points.
        """
        entered = self.entered(VoidBody)
        void(
            actor=self.actor,
            salon=self.salon,
            sale_id=sale_id,
            reason=entered.get("reason", ""),
            reference=entered.get("reference", ""),
            now=self.now,
        )
        return self.answer(sale_id)


def _quantities(entered: Sequence[dict[str, Any]]) -> dict[UUID, int]:
    """Return how many units of which line go back.

    Raises: InvalidInput where a line is named twice.
    """
    found: dict[UUID, int] = {}
    for index, one in enumerate(entered):
        if one["line"] in found:
            raise InvalidInput([FieldError(f"lines.{index}.line", "duplicate", _("This line is named twice."))])
        found[one["line"]] = one["quantity"]
    return found
