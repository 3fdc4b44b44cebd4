"""Payments of an open sale taken back: a correction by whoever entered it, else money given back (domain.md §6, §8)."""

from datetime import datetime, timedelta

import pytest
from django.utils import translation

from bookings.checkout.reading import get_sale
from bookings.checkout.sales import GivesMoneyBack, remove_payment, take_deposit
from bookings.models import Method, Payment
from bookings.states import State
from salon.errors import InvalidInput
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.models import new_id
from tests.bookings.salonday import at
from tests.checkout.till import AFTER, Till, amounts, money, product, told

pytestmark = pytest.mark.django_db
BORA = Actor(ActorKind.USER, new_id(), "Bora", PERMISSIONS[Role.STAFF])


@pytest.mark.parametrize(
    ("taken_at", "by"),
    [pytest.param(AFTER - timedelta(days=35), None, id="earlier"), pytest.param(AFTER, BORA, id="hers")],
)
def test_what_others_or_earlier_days_took_is_given_back_by_whoever_may(
    till: Till, office: Till, taken_at: datetime, by: Actor | None
) -> None:
    visit = till.visit(state=State.BOOKED, starts_at=at(16))
    sale = take_deposit(
        actor=by or till.actor,
        salon=till.salon,
        appointment_id=visit.pk,
        method=Method.TRANSFER,
        amount=money("20.00"),
        now=taken_at,
    )
    payment = Payment.objects.get()
    with pytest.raises(GivesMoneyBack):
        remove_payment(**till.given, sale_id=sale.pk, payment_id=payment.pk)
    assert amounts(sale) == ("59.00", "20.00", "39.00")
    remove_payment(**office.given, sale_id=sale.pk, payment_id=payment.pk, reason=" Zieht  weg ")
    assert amounts(sale) == ("59.00", "0.00", "59.00")
    assert told(sale.pk)[-1] == (
        "sale.payment_removed",
        [("method", "TRANSFER", None), ("amount", "20.00", None), ("reason", None, "Zieht weg")],
    )
    view = get_sale(sale.pk)
    assert (view.payments, [one.pk for one in view.removed]) == ([], [payment.pk])


@pytest.mark.parametrize("amount", ["-1.00", "10000000.00"])
def test_what_is_no_amount_is_called_one(till: Till, amount: str) -> None:
    sale = till.open(product(till.oil))
    with translation.override("de"), pytest.raises(InvalidInput) as refusal:
        till.pay(sale, amount)
    [error] = refusal.value.errors
    assert (error.field, error.code, str(error.message)) == (
        "amount",
        "out_of_range",
        "Dieser Betrag ist nicht möglich.",
    )
