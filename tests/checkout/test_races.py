"""Everybody who may touch a client's money and points at one moment: nobody waits in a circle, and in the end all of it
adds up (quality.md §2)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model, Sum

from bookings.checkout.refunding import refund
from bookings.checkout.sales import LineKind, LineWish, add_line, pay, remove_payment
from bookings.checkout.voiding import void
from bookings.completing import complete_ended
from bookings.models import Appointment, Method, Payment, Refund, Sale, SaleLine
from bookings.rewarding import append_reward
from bookings.scheduling import ItemWish, add_item, cancel, set_state
from bookings.states import State
from clients.models import Cause, Client, Merge, PointsEntry
from clients.points import adjust
from loyalty.models import Redemption, Reward
from salon.desk.merging import merge_cards, undo_merge
from salon.errors import DomainError
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_client
from tests.checkout.till import AFTER, MANAGER, Till, a_till, give_treatcard, make_reward, money, product
from tests.concurrency.hands import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True, slots=True)
class Rush:
    """Lena, whom Ida has referred, has a visit with a reward to pay and has bought three oils before."""

    till: Till
    ida: Client
    visit: Appointment
    open: Sale
    paid: Sale
    oil: Reward

    def pay(self) -> None:
        pay(**self.till.given, sale_id=self.open.pk, method=Method.CARD, amount=money("59.00"))

    def pay_and_take_back(self) -> None:
        pay(**self.till.given, sale_id=self.open.pk, method=Method.CARD, amount=money("5.00"))
        for payment in Payment.objects.filter(sale=self.open, removed_at=None):
            remove_payment(**self.till.given, sale_id=self.open.pk, payment_id=payment.pk)

    def redeem(self) -> None:
        wish = LineWish(LineKind.REWARD, reward_id=self.oil.pk)
        add_line(**self.till.given, sale_id=self.open.pk, wish=wish)

    def refund(self) -> None:
        line = SaleLine.objects.get(sale=self.paid)
        refund(**self.till.given, sale_id=self.paid.pk, method=Method.CARD, lines={line.pk: 1})

    def void(self) -> None:
        void(**self.till.given, sale_id=self.open.pk)

    def cancel_and_book_again(self) -> None:
        cancel(**self.till.given, appointment_id=self.visit.pk)
        set_state(**self.till.given, appointment_id=self.visit.pk, state=State.BOOKED)

    def add_item(self) -> None:
        add_item(**self.till.given, appointment_id=self.visit.pk, item=ItemWish(self.till.day.colour.pk))

    def night(self) -> None:
        tomorrow = AFTER + timedelta(days=1)
        complete_ended(salon=self.till.salon, today=tomorrow.date(), now=tomorrow, limit=10)

    def adjust(self) -> None:
        adjust(actor=MANAGER, client_id=self.till.day.lena.pk, points=-10, reason="Probe", now=AFTER)

    def merge_and_undo(self) -> None:
        merge_cards(**self.till.given, survivor_id=self.ida.pk, duplicate_id=self.till.day.lena.pk)
        undo_merge(**self.till.given, merge_id=Merge.objects.get().pk)

    @property
    def hands(self) -> list[Callable[[], None]]:
        """Who does something, twice what two windows often do."""
        once = [self.pay_and_take_back, self.redeem, self.void, self.cancel_and_book_again, self.add_item, self.night]
        return [*once, self.adjust, self.merge_and_undo, self.pay, self.pay, self.refund, self.refund]


@pytest.fixture
def rush(sonnenschein: Salon) -> Rush:
    with salon_scope(sonnenschein.pk):
        ida = give_treatcard(make_client("Ida"), 100)
        till = a_till(MANAGER, sonnenschein)
        lena = give_treatcard(till.day.lena, 200)
        Client.objects.filter(pk=lena.pk).update(referred_by=ida)
        visit = till.visit()
        append_reward(**till.given, appointment_id=visit.pk, reward_id=make_reward(till.day.brows, 100).pk)
        paid = till.sold(product(till.oil, 3))
        return Rush(till, ida, visit, till.charge(visit), paid, make_reward(till.oil, 50))


@pytest.mark.parametrize("attempt", range(2))
def test_all_at_once_adds_up(rush: Rush, attempt: int) -> None:
    hands = rush.hands[attempt:] + rush.hands[:attempt]

    def act(index: int) -> str:
        with salon_scope(rush.till.salon.pk):
            hands[index]()
        return "done"

    assert "done" in at_once(act, len(hands), refusals=(DomainError,))
    with salon_scope(rush.till.salon.pk):
        for client in Client.objects.all():
            assert client.points == _sum(PointsEntry, "points", client=client)
        for sale in Sale.objects.all():
            standing = {"sale": sale, "removed_at": None}
            assert sale.paid == _sum(Payment, "amount", **standing)
            assert sale.refunded == _sum(Refund, "amount", **standing)
            assert sale.total == _sum(SaleLine, "final_price", sale=sale)
        # What came with sales, less what stands redeemed: wherever it stands by now.
        came = 300 + _sum(Sale, "points_earned") + _sum(PointsEntry, "points", cause=Cause.ADJUSTED)
        assert _sum(Client, "points") == came - _sum(Redemption, "points", returned_at=None)


def _sum(model: type[Model], column: str, **which: object) -> Any:
    """Return the sum of a column in the rows chosen."""
    return model._default_manager.filter(**which).aggregate(total=Sum(column))["total"] or 0
