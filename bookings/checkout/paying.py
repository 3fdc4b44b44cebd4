"""Money for a sale: payments, deposits, and what they settle (domain.md §6)."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.checkout.opening import open_sale
from bookings.checkout.refunding import accepted_reason
from bookings.checkout.settling import settle
from bookings.checkout.tills import accepted_reference, refuse_method
from bookings.checkout.writing import Held, hold, refuse_closed, save, tell
from bookings.models import Appointment, Method, Payment, PaymentKind, Sale
from bookings.placing import price_error
from bookings.writing import changed
from salon.errors import DomainError, FieldError, InvalidInput, NotAllowed, NotFound
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon, new_id


class Overpaid(DomainError):
    """More would be paid than the sale costs: `due` is what is missing."""

    code = "overpaid"

    def __init__(self, due: Decimal) -> None:
        message = _("Only %(due)s are still to be paid.") if due >= 0 else _("%(due)s too much were paid already.")
        super().__init__(message % {"due": abs(due)})
        self.due = due
        self.members = {"due": str(due)}


class NothingSold(DomainError):
    """There is nothing on the sale yet."""

    code = "nothing_sold"
    message = _("There is nothing on this sale yet.")


class GivesMoneyBack(NotAllowed):
    """Somebody without the right to refund takes back what others, or earlier days, have taken."""

    message = _("What was taken on an earlier day, or by somebody else, is given back by the manager or the owner.")


def pay(
    *,
    actor: Actor,
    salon: Salon,
    sale_id: UUID,
    method: Method,
    amount: Decimal,
    now: datetime,
    reference: str = "",
    kind: PaymentKind | None = None,
    version: int | None = None,
) -> Sale:
    """Take money for an open sale; what is paid in full is settled at once: final, with a number and its points.

    Of what costs nothing more, nothing is paid: an amount of 0.00 settles it. If no `kind` is said, what comes before
    the appointment begins is a deposit, unless it pays for all that is due.
    Raises: NotAllowed, NotFound, VersionConflict, InvalidInput, SaleAlreadyPaid, SaleVoid, MethodNotAllowed, Overpaid,
    NothingSold.
    """
    actor.require(Permission.SALES_WRITE)
    if error := _amount_error(amount):
        raise InvalidInput([error])
    reference = accepted_reference(method, reference) if amount else ""
    with transaction.atomic():
        held = hold(sale_id, version)
        refuse_closed(held.sale)
        if amount:
            refuse_method(method, salon)
        _take(held, method, amount, reference, kind or _kind_of(held, amount, now), actor=actor, salon=salon, now=now)
        if held.sale.paid == held.sale.total:
            settle(held, actor=actor, salon=salon, now=now)
    return held.sale


def _amount_error(amount: Decimal) -> FieldError | None:
    error = price_error("amount", amount)
    if error and error.code == "out_of_range":
        return FieldError("amount", error.code, _("This amount is not possible."))
    return error


def _kind_of(held: Held, amount: Decimal, now: datetime) -> PaymentKind:
    to_come = held.appointment is not None and held.appointment.starts_at > now
    part = held.sale.paid + amount < held.sale.total
    return PaymentKind.DEPOSIT if to_come and part else PaymentKind.PAYMENT


def _take(
    held: Held,
    method: Method,
    amount: Decimal,
    reference: str,
    kind: PaymentKind,
    *,
    actor: Actor,
    salon: Salon,
    now: datetime,
) -> None:
    sale = held.sale
    if not held.lines:
        raise NothingSold
    due = sale.total - sale.paid
    if amount > due:
        raise Overpaid(due)
    if not amount and due:
        raise InvalidInput([FieldError("amount", "required", _("Enter an amount."))])
    if not amount:
        return
    Payment.objects.create(
        id=new_id(),
        sale=sale,
        kind=kind,
        method=method,
        amount=amount,
        reference=reference,
        taken_at=now,
        taken_on=salon.date_at(now),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
    )
    sale.paid += amount
    save(sale, fields=("paid",))
    action = "sale.deposit_taken" if kind == PaymentKind.DEPOSIT else "sale.payment_taken"
    tell(actor, action, sale, [changed("method", None, method), changed("amount", None, amount)], now=now)


def is_correction(payment: Payment, *, actor: Actor, salon: Salon, now: datetime) -> bool:
    """Return whether somebody who takes a payment back corrects what she has entered herself on the same day.

    Anything else gives money back, which takes the right to do so (domain.md §8).
    """
    own = (payment.actor_kind, payment.actor_id) == (actor.kind, actor.id)
    return own and payment.taken_on == salon.date_at(now)


def remove_payment(
    *,
    actor: Actor,
    salon: Salon,
    sale_id: UUID,
    payment_id: UUID,
    now: datetime,
    reason: str = "",
    version: int | None = None,
) -> Sale:
    """Take a payment back from an open sale: the client has changed her mind, or it was a mistake.

    Raises: NotAllowed, GivesMoneyBack, NotFound, InvalidInput, VersionConflict, SaleAlreadyPaid, SaleVoid.
    """
    actor.require(Permission.SALES_WRITE)
    reason = accepted_reason(reason)
    with transaction.atomic():
        held = hold(sale_id, version)
        sale = held.sale
        payment = Payment.objects.filter(sale=sale, pk=payment_id).first()
        if payment is None:
            raise NotFound
        refuse_closed(sale)
        if payment.removed_at is not None:
            return sale
        if (
            not is_correction(payment, actor=actor, salon=salon, now=now)
            and Permission.REFUNDS not in actor.permissions
        ):
            raise GivesMoneyBack
        payment.removed_at, payment.removed_by = now, actor.name
        payment.save(update_fields=["removed_at", "removed_by"])
        sale.paid -= payment.amount
        save(sale, fields=("paid",))
        told = [
            changed("method", payment.method, None),
            changed("amount", payment.amount, None),
            changed("reason", None, reason),
        ]
        tell(actor, "sale.payment_removed", sale, told, now=now)
    return sale


def take_deposit(
    *,
    actor: Actor,
    salon: Salon,
    appointment_id: UUID,
    method: Method,
    amount: Decimal,
    now: datetime,
    reference: str = "",
) -> Sale:
    """Take money for an appointment beforehand, as part of what it will cost: it stands on its open sale.

    It earns no points before all is paid.
    Raises: NotAllowed, NotFound, InvalidInput, NotChargeable, SaleAlreadyPaid, MethodNotAllowed, Overpaid.
    """
    actor.require(Permission.SALES_WRITE)
    if amount <= 0:
        raise InvalidInput([FieldError("amount", "out_of_range", _("Enter an amount above zero."))])
    if not Appointment.objects.filter(pk=appointment_id).exists():
        raise NotFound
    with transaction.atomic():
        sale = open_sale(actor=actor, salon=salon, appointment_id=appointment_id, now=now)
        return pay(
            actor=actor,
            salon=salon,
            sale_id=sale.pk,
            method=method,
            amount=amount,
            reference=reference,
            kind=PaymentKind.DEPOSIT,
            now=now,
        )
