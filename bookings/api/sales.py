"""`/api/v1/sales`, and deposits for bookings: the operations that the till uses (api.md)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, FilterSet, UUIDFilter
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from bookings.api.sale_bodies import (
    ChangedLineBody,
    DepositBody,
    LineWishBody,
    NewPaymentBody,
    NewSaleBody,
    SaleBody,
    WhoseSaleBody,
    paid_of,
    shown,
    wish_of,
    wishes_of,
)
from bookings.checkout.reading import SaleView, Wanted, get_sale, list_sales, view_of
from bookings.checkout.sales import (
    ChangedLine,
    add_line,
    change_line,
    pay,
    remove_line,
    remove_payment,
    sell,
    set_client,
    take_deposit,
)
from bookings.models import Method, Sale, SaleState
from salon import keyset
from salon.api.authentication import MissingScope
from salon.api.endpoint import Endpoint
from salon.api.idempotency import Idempotency, idempotent
from salon.api.pagination import KeysetPages, invalid_cursor, page_answer, page_asked
from salon.api.parameters import IsoDayFilter
from salon.api.scopes import Scope
from salon.api.versions import expected_version, versioned
from salon.errors import FieldError, InvalidInput
from salon.tenancy.models import Salon
from salon.years import LATEST

ONE_DAY = timedelta(days=1)


def _unchanged(rows: QuerySet[Sale], name: str, value: object) -> QuerySet[Sale]:  # noqa: ARG001 - theirs
    return rows


# As a dict, because `from` cannot name an attribute. `Wanted` says what they mean, for a page to be found by.
SaleFilters = type(
    "SaleFilters",
    (FilterSet,),
    {
        "from": IsoDayFilter(method=_unchanged, help_text="Sales that were opened on this day in the salon or later."),
        "to": IsoDayFilter(method=_unchanged, help_text="Sales that were opened on this day or earlier."),
        "paid_on": IsoDayFilter(method=_unchanged, help_text="Sales that were fully paid on this day."),
        "state": ChoiceFilter(choices=SaleState.choices, method=_unchanged),
        "client": UUIDFilter(method=_unchanged, help_text="Needs `clients:read`."),
        "booking": UUIDFilter(method=_unchanged, help_text="The sale of this booking."),
    },
)


class SaleEndpoint(Endpoint):
    """What all calls about sales have in common."""

    @property
    def reads_clients(self) -> bool:
        """Whether the key may see whose sale it is."""
        return Scope.CLIENTS_READ in self.admission.scopes

    def body(self, view: SaleView) -> dict[str, Any]:
        """Return a sale as this key sees it."""
        return shown(view, with_client=self.reads_clients)

    def answer(self, sale_id: UUID, status: int = 200) -> Response:
        """Return a sale as it is now."""
        found = get_sale(sale_id)
        return versioned(Response(self.body(found), status), found.sale.version)


class SalesEndpoint(SaleEndpoint):
    """All sales of the salon."""

    scopes = {"GET": Scope.SALES_READ, "POST": Scope.SALES_WRITE}
    filters = SaleFilters
    pagination_class = KeysetPages

    @extend_schema(responses={200: SaleBody(many=True)}, filters=False)
    def get(self, request: Request) -> Response:
        """List sales.

        What was opened last comes first.
        """
        asked = page_asked(request)
        given = self.narrowed(Sale.objects.none()).form.cleaned_data
        if given["client"] and not self.reads_clients:
            raise MissingScope(Scope.CLIENTS_READ)
        try:
            page = list_sales(_wanted(given, self.salon), limit=asked.limit, cursor=asked.cursor)
        except keyset.InvalidCursor as error:
            raise invalid_cursor() from error
        found = [self.body(view_of(sale)) for sale in page.rows]
        return page_answer(request, found, next=page.next, previous=page.previous)

    @extend_schema(request=NewSaleBody, responses={201: SaleBody})
    @idempotent(Idempotency.REQUIRED)
    def post(self, request: Request) -> Response:
        """Sell.

        Opens a sale, goes on with the open one of the booking, and takes the payments. What is paid in full is final:
        the client's points are credited.
        """
        entered = self.entered(NewSaleBody)
        wishes = wishes_of(entered.get("lines", []))
        with _called():
            sale = sell(
                actor=self.actor,
                salon=self.salon,
                client_id=entered.get("client_id"),
                appointment_id=entered.get("booking_id"),
                lines=wishes,
                payments=paid_of(entered.get("payments", [])),
                now=self.now,
            )
        response = self.answer(sale.pk, 201)
        response["Location"] = request.build_absolute_uri(reverse("api_sale", args=[sale.pk]))
        return response


class OneSaleEndpoint(SaleEndpoint):
    """One sale."""

    scopes = {"GET": Scope.SALES_READ, "PATCH": Scope.SALES_WRITE}

    @extend_schema(responses={200: SaleBody})
    def get(self, request: Request, sale_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Read a sale."""
        return self.answer(sale_id)

    @extend_schema(request=WhoseSaleBody, responses={200: SaleBody})
    def patch(self, request: Request, sale_id: UUID) -> Response:
        """Change whose sale it is.

        Only of an open one; that of a booking takes the booking along.
        """
        version = expected_version(request)
        entered = self.entered(WhoseSaleBody, partial=True)
        if "client_id" in entered:
            with _called():
                set_client(
                    actor=self.actor,
                    salon=self.salon,
                    sale_id=sale_id,
                    client_id=entered["client_id"],
                    version=version,
                    now=self.now,
                )
        return self.answer(sale_id)


class SaleLinesEndpoint(SaleEndpoint):
    """What is on one sale."""

    scopes = {"POST": Scope.SALES_WRITE}

    @extend_schema(request=LineWishBody, responses={201: SaleBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request, sale_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Put something on an open sale."""
        wish = wish_of(self.entered(LineWishBody))
        with _called():
            add_line(actor=self.actor, salon=self.salon, sale_id=sale_id, wish=wish, now=self.now)
        return self.answer(sale_id, 201)


class SaleLineEndpoint(SaleEndpoint):
    """One line of one sale."""

    scopes = {"PATCH": Scope.SALES_WRITE, "DELETE": Scope.SALES_WRITE}

    @extend_schema(request=ChangedLineBody, responses={200: SaleBody})
    def patch(self, request: Request, sale_id: UUID, line_id: UUID) -> Response:
        """Change a line of an open sale."""
        version = expected_version(request)
        entered = self.entered(ChangedLineBody, partial=True)
        changes: ChangedLine = {}
        if "quantity" in entered:
            changes["quantity"] = entered["quantity"]
        if "unit_price" in entered:
            changes["price"] = entered["unit_price"]
        if "staff" in entered:
            changes["staff_id"] = entered["staff"]
        with _called():
            change_line(
                actor=self.actor,
                salon=self.salon,
                sale_id=sale_id,
                line_id=line_id,
                changes=changes,
                version=version,
                now=self.now,
            )
        return self.answer(sale_id)

    @extend_schema(responses={200: SaleBody})
    def delete(self, request: Request, sale_id: UUID, line_id: UUID) -> Response:
        """Take a line off an open sale.

        Points of a reward go back; a service of the booking is taken off it, too, if it has another one.
        """
        version = expected_version(request)
        remove_line(actor=self.actor, salon=self.salon, sale_id=sale_id, line_id=line_id, version=version, now=self.now)
        return self.answer(sale_id)


class PaymentsEndpoint(SaleEndpoint):
    """What is paid for one sale."""

    scopes = {"POST": Scope.SALES_WRITE}

    @extend_schema(request=NewPaymentBody, responses={201: SaleBody})
    @idempotent(Idempotency.REQUIRED)
    def post(self, request: Request, sale_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Take money for an open sale.

        What is paid in full is final; more than is due is refused as `overpaid`.
        """
        entered = self.entered(NewPaymentBody)
        pay(
            actor=self.actor,
            salon=self.salon,
            sale_id=sale_id,
            method=Method(entered["method"]),
            amount=entered["amount"],
            reference=entered.get("reference", ""),
            now=self.now,
        )
        return self.answer(sale_id, 201)


class PaymentEndpoint(SaleEndpoint):
    """One payment for one sale."""

    scopes = {"DELETE": Scope.SALES_WRITE}

    @extend_schema(responses={200: SaleBody})
    def delete(self, request: Request, sale_id: UUID, payment_id: UUID) -> Response:
        """Take a payment back before the sale is paid in full."""
        version = expected_version(request)
        remove_payment(
            actor=self.actor, salon=self.salon, sale_id=sale_id, payment_id=payment_id, version=version, now=self.now
        )
        return self.answer(sale_id)


class DepositsEndpoint(SaleEndpoint):
    """What is paid for one booking beforehand."""

    scopes = {"POST": Scope.SALES_WRITE}

    @extend_schema(request=DepositBody, responses={201: SaleBody})
    @idempotent(Idempotency.REQUIRED)
    def post(self, request: Request, booking_id: UUID) -> Response:  # noqa: ARG002 - DRF's signature
        """Take a deposit for a booking.

        It stands on the booking's open sale, which is the answer, and earns no points before all is paid.
        """
        entered = self.entered(DepositBody)
        sale = take_deposit(
            actor=self.actor,
            salon=self.salon,
            appointment_id=booking_id,
            method=Method(entered["method"]),
            amount=entered["amount"],
            reference=entered.get("reference", ""),
            now=self.now,
        )
        return self.answer(sale.pk, 201)


def _wanted(given: Mapping[str, Any], salon: Salon) -> Wanted:
    zone = ZoneInfo(salon.timezone)
    first, last = given["from"], given["to"]
    if first and last and first > last:
        raise InvalidInput([FieldError("to", "out_of_range", _("The last day lies before the first."))])
    return Wanted(
        state=SaleState(given["state"]) if given["state"] else None,
        client_id=given["client"],
        appointment_id=given["booking"],
        opened_from=datetime.combine(first, datetime.min.time(), zone) if first else None,
        opened_before=datetime.combine(last + ONE_DAY, datetime.min.time(), zone) if last and last < LATEST else None,
        paid_on=given["paid_on"],
    )


# What the operations name otherwise than the contract.
_NAMES = {"client": "client_id", "appointment": "booking_id", "price": "unit_price"}


@contextmanager
def _called() -> Iterator[None]:
    """Name fields as the contract does."""
    try:
        yield
    except InvalidInput as refusal:
        raise InvalidInput([FieldError(_renamed(one.field), one.code, one.message) for one in refusal.errors]) from (
            refusal
        )


def _renamed(field: str) -> str:
    *place, name = field.split(".")
    return ".".join([*place, _NAMES.get(name, name)])
