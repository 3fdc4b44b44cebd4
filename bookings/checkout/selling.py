"""A whole sale at once: opened, filled and paid, or nothing of it (domain.md §6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from bookings.checkout.lines import LineWish
from bookings.checkout.opening import open_sale
from bookings.checkout.paying import pay
from bookings.models import Method, Sale
from salon.errors import FieldError, InvalidInput
from salon.identity.roles import Actor
from salon.tenancy.models import Salon


@dataclass(frozen=True, slots=True)
class Paid:
    """So much money that came in one way."""

    method: Method
    amount: Decimal
    reference: str = ""


def sell(
    *,
    actor: Actor,
    salon: Salon,
    now: datetime,
    client_id: UUID | None = None,
    appointment_id: UUID | None = None,
    lines: Sequence[LineWish] = (),
    payments: Sequence[Paid] = (),
    sale_id: UUID | None = None,
) -> Sale:
    """Open a sale as `open_sale` does and take these payments for it, one after the other.

    What is not paid in full by them stays open.
    Raises: as `open_sale` and `pay`; fields of a payment as `payments.N.…`.
    """
    with transaction.atomic():
        sale = open_sale(
            actor=actor,
            salon=salon,
            now=now,
            client_id=client_id,
            appointment_id=appointment_id,
            lines=lines,
            sale_id=sale_id,
        )
        for index, paid in enumerate(payments):
            try:
                sale = pay(
                    actor=actor,
                    salon=salon,
                    sale_id=sale.pk,
                    method=paid.method,
                    amount=paid.amount,
                    reference=paid.reference,
                    now=now,
                )
            except InvalidInput as refusal:
                raise InvalidInput(
                    [FieldError(f"payments.{index}.{one.field}", one.code, one.message) for one in refusal.errors]
                ) from refusal
    return sale
