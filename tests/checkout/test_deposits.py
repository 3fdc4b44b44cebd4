"""What was paid for an appointment that is cancelled or missed, and comes back (domain.md §6)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from bookings.checkout.deposits import gives_back
from bookings.checkout.sales import take_deposit
from bookings.checkout.voiding import void
from bookings.checkout.writing import SaleVoid
from bookings.had import had_by
from bookings.models import Appointment, DepositRule, Method, Payment, Refund, Sale, SaleLine, SalesRules, SaleState
from bookings.rewarding import append_reward
from bookings.scheduling import cancel, set_state, undo
from bookings.states import State
from clients.models import PointsEntry
from salon.errors import NotAllowed
from tests.bookings.salonday import at
from tests.checkout.till import (
    MANAGER,
    Till,
    amounts,
    give_treatcard,
    make_reward,
    money,
    names,
    points_of,
    product,
    told,
)
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
STARTS = at(10)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("rule", "hours", "before", "expected"),
    [
        (DepositRule.REFUND, 24, timedelta(0), True),
        (DepositRule.REFUND, 24, -HOUR, True),
        (DepositRule.KEEP, 24, 1000 * HOUR, False),
        (DepositRule.REFUND_UNTIL, 24, 24 * HOUR + timedelta(seconds=1), True),
        (DepositRule.REFUND_UNTIL, 24, 24 * HOUR, True),
        (DepositRule.REFUND_UNTIL, 24, 24 * HOUR - timedelta(seconds=1), False),
        (DepositRule.REFUND_UNTIL, 24, timedelta(0), False),
        (DepositRule.REFUND_UNTIL, 48, 24 * HOUR, False),
        (DepositRule.REFUND_UNTIL, 0, timedelta(0), True),
        (DepositRule.REFUND_UNTIL, 0, -timedelta(seconds=1), False),
    ],
)
def test_the_salon_s_rule(rule: DepositRule, hours: int, before: timedelta, expected: bool) -> None:
    rules = SalesRules(salon_id=None, deposit_rule=rule, deposit_hours=hours)
    assert gives_back(rules, starts_at=STARTS, at=STARTS - before) is expected


def booked(till: Till, amount: str = "20.00", **given: Any) -> tuple[Appointment, Sale]:
    visit = till.visit(state=State.BOOKED, **given)
    sale = take_deposit(
        actor=till.actor,
        salon=till.salon,
        appointment_id=visit.pk,
        method=Method.TRANSFER,
        amount=money(amount),
        reference="Ü 5",
        now=NOW,
    )
    return visit, sale


def off(till: Till, visit: Appointment, now: datetime = NOW) -> Appointment:
    return cancel(actor=till.actor, salon=till.salon, appointment_id=visit.pk, now=now).appointment


def become(till: Till, visit: Appointment, state: State, now: datetime = NOW) -> Appointment:
    return set_state(actor=till.actor, salon=till.salon, appointment_id=visit.pk, state=state, now=now).appointment


def undone(till: Till, visit: Appointment, now: datetime = NOW) -> Appointment:
    return undo(actor=till.actor, salon=till.salon, appointment_id=visit.pk, version=visit.version, now=now).appointment


def stands(sale: Sale) -> tuple[str, str, str, bool]:
    sale.refresh_from_db()
    return str(sale.state), str(sale.paid), str(sale.refunded), sale.lapsed


def standing() -> list[tuple[str, str, str, str]]:
    return [
        (str(one.kind), str(one.method), str(one.amount), one.reference)
        for one in Refund.objects.filter(removed_at=None).order_by("id")
    ]


def keeps(rule: DepositRule = DepositRule.KEEP, hours: int = 24) -> None:
    SalesRules.objects.create(deposit_rule=rule, deposit_hours=hours)


def test_a_cancelled_deposit_goes_back(till: Till) -> None:
    """The rule does it: whoever cancels needs no right to give money back."""
    visit, sale = booked(till)
    off(till, visit)
    assert stands(sale) == ("VOID", "20.00", "20.00", True)
    assert standing() == [("DEPOSIT", "TRANSFER", "20.00", "Ü 5")]
    assert told(sale.pk)[-1] == ("sale.lapsed", [("amount", None, "20.00")])


def test_a_deposit_that_is_kept(till: Till) -> None:
    keeps()
    visit, sale = booked(till)
    off(till, visit)
    assert (stands(sale), standing()) == (("VOID", "20.00", "0.00", True), [])


@pytest.mark.parametrize(("now", "refunded"), [(STARTS - 24 * HOUR, "20.00"), (STARTS - 23 * HOUR, "0.00")])
def test_a_deposit_that_is_given_back_up_to_some_hours_before(till: Till, now: datetime, refunded: str) -> None:
    keeps(DepositRule.REFUND_UNTIL)
    visit, sale = booked(till)
    off(till, visit, now=now)
    assert stands(sale)[2] == refunded


@pytest.mark.parametrize(
    ("rule", "refunded"),
    [(DepositRule.REFUND, "20.00"), (DepositRule.KEEP, "0.00"), (DepositRule.REFUND_UNTIL, "0.00")],
)
def test_what_is_missed_is_called_off_when_it_begins(till: Till, rule: DepositRule, refunded: str) -> None:
    keeps(rule)
    visit, sale = booked(till)
    # Also where somebody notes it that morning.
    become(till, visit, State.NO_SHOW, now=STARTS - HOUR)
    assert stands(sale) == ("VOID", "20.00", refunded, True)


@pytest.mark.parametrize("rule", [DepositRule.REFUND, DepositRule.KEEP])
def test_an_undone_cancellation_never_was(till: Till, rule: DepositRule) -> None:
    keeps(rule)
    visit, sale = booked(till)
    undone(till, off(till, visit))
    assert (stands(sale), standing()) == (("OPEN", "20.00", "0.00", False), [])
    assert amounts(sale) == ("59.00", "20.00", "39.00")
    till.pay(sale, now=at(14))
    assert stands(sale)[0] == "PAID"
    # Cancelled twice and undone twice is the same.
    assert Payment.objects.count() == 2


def test_cancelling_and_undoing_again_and_again(till: Till) -> None:
    visit, sale = booked(till)
    for _ in range(3):
        visit = undone(till, off(till, visit))
    assert (stands(sale), Refund.objects.count()) == (("OPEN", "20.00", "0.00", False), 3)


def test_whoever_books_again_begins_anew_where_money_went_back(till: Till) -> None:
    visit, sale = booked(till)
    off(till, visit)
    again = become(till, visit, State.BOOKED)
    assert stands(sale) == ("VOID", "20.00", "20.00", False)
    new = till.charge(again)
    assert (new.pk != sale.pk, amounts(new)) == (True, ("59.00", "0.00", "59.00"))
    # Off again: only the new one comes back with it.
    undone(till, off(till, again))
    assert (stands(sale)[0], stands(new)[0]) == ("VOID", "OPEN")


def test_whoever_books_again_still_has_what_was_kept(till: Till) -> None:
    keeps()
    visit, sale = booked(till)
    off(till, visit)
    become(till, visit, State.BOOKED)
    assert (stands(sale), amounts(sale)) == (("OPEN", "20.00", "0.00", False), ("59.00", "20.00", "39.00"))


def test_whoever_came_after_all_never_got_anything_back(till: Till) -> None:
    visit, sale = booked(till)
    become(till, visit, State.NO_SHOW, now=at(11))
    assert stands(sale)[0] == "VOID"
    become(till, visit, State.COMPLETED, now=at(12))
    assert (stands(sale), standing()) == (("OPEN", "20.00", "0.00", False), [])


def test_an_undone_return_is_cancelled_again(till: Till) -> None:
    keeps()
    visit, sale = booked(till)
    off(till, visit)
    undone(till, become(till, visit, State.BOOKED))
    assert stands(sale) == ("VOID", "20.00", "0.00", True)


def test_what_is_bought_besides_stays_for_sale(till: Till) -> None:
    visit, sale = booked(till)
    till.charge(visit, product(till.oil))
    off(till, visit)
    assert stands(sale) == ("VOID", "20.00", "20.00", True)
    other = Sale.objects.exclude(pk=sale.pk).get()
    assert (other.state, other.client_id, other.appointment_id) == (SaleState.OPEN, till.day.lena.pk, None)
    assert (amounts(other), names(list(other.lines.all()))) == (("27.50", "0.00", "27.50"), ["Haaröl"])
    till.pay(other)


def test_a_prepaid_visit_is_given_back_with_its_points(till: Till) -> None:
    lena = give_treatcard(till.day.lena)
    visit, sale = booked(till)
    till.pay(sale, now=NOW)
    assert (points_of(lena), stands(sale)) == (59, ("PAID", "59.00", "0.00", False))
    cancelled = off(till, visit)
    assert (points_of(lena), stands(sale)) == (0, ("VOID", "59.00", "59.00", True))
    assert standing() == [("DEPOSIT", "TRANSFER", "20.00", "Ü 5"), ("DEPOSIT", "CARD", "39.00", "")]
    undone(till, cancelled)
    assert (points_of(lena), stands(sale), standing()) == (59, ("PAID", "59.00", "0.00", False), [])
    sale.refresh_from_db()
    assert (sale.points_earned, sale.number) == (59, 1)
    assert [one.points for one in PointsEntry.objects.order_by("number")] == [59, -59, 59]


def test_what_was_bought_with_a_prepaid_visit_is_the_client_s(till: Till) -> None:
    lena = give_treatcard(till.day.lena)
    visit = till.visit(state=State.BOOKED)
    sale = till.pay(till.charge(visit, product(till.oil)), now=NOW)
    assert points_of(lena) == 59 + 55
    cancelled = off(till, visit)
    assert (points_of(lena), stands(sale)) == (55, ("PARTLY_REFUNDED", "86.50", "59.00", False))
    undone(till, cancelled)
    assert (points_of(lena), stands(sale)) == (114, ("PAID", "86.50", "0.00", False))
    assert [line.refunded for line in SaleLine.objects.filter(sale=sale)] == [0, 0]


def test_a_prepaid_visit_that_is_kept(till: Till) -> None:
    keeps()
    lena = give_treatcard(till.day.lena)
    visit = till.visit(state=State.BOOKED)
    sale = till.pay(till.charge(visit), now=NOW)
    off(till, visit)
    assert (points_of(lena), stands(sale)) == (59, ("PAID", "59.00", "0.00", False))


def test_a_bill_that_was_paid_at_the_visit_stays(till: Till) -> None:
    lena = give_treatcard(till.day.lena)
    visit = till.visit()
    sale = till.pay(till.charge(visit))
    become(till, visit, State.NO_SHOW, now=at(15))
    assert (points_of(lena), stands(sale)) == (59, ("PAID", "59.00", "0.00", False))


def test_an_open_bill_without_money_lapses_and_comes_back(till: Till) -> None:
    visit = till.visit(state=State.BOOKED)
    sale = till.charge(visit)
    undone(till, off(till, visit))
    assert (stands(sale), amounts(sale)) == (("OPEN", "0.00", "0.00", False), ("59.00", "0.00", "59.00"))


def test_whoever_books_again_pays_again_and_keeps_what_she_bought(till: Till) -> None:
    lena = give_treatcard(till.day.lena)
    visit = till.visit(state=State.BOOKED)
    first = till.pay(till.charge(visit, product(till.oil)), now=NOW)
    off(till, visit)
    become(till, visit, State.BOOKED)
    # Her money went back: what she has booked now is charged anew, what she bought is hers.
    second = till.charge(visit)
    assert (second.pk != first.pk, amounts(second)) == (True, ("59.00", "0.00", "59.00"))
    assert stands(first) == ("PARTLY_REFUNDED", "86.50", "59.00", False)
    till.pay(second, now=NOW)
    assert points_of(lena) == 55 + 59
    # Called off once more and undone: only what went back then never did.
    undone(till, off(till, visit))
    assert stands(first) == ("PARTLY_REFUNDED", "86.50", "59.00", False)
    assert (stands(second), points_of(lena)) == (("PAID", "59.00", "0.00", False), 55 + 59)


def test_what_she_paid_and_got_back_counts_as_booked_again(till: Till) -> None:
    visit = till.visit(state=State.BOOKED)
    till.pay(till.charge(visit, product(till.oil)), now=NOW)
    off(till, visit)
    assert till.day.cut.pk not in had_by(till.day.lena.pk)
    become(till, visit, State.BOOKED)
    assert till.day.cut.pk in had_by(till.day.lena.pk)


def test_a_treat_booked_again_is_not_given_back_with_what_was_bought_before(till: Till) -> None:
    brows = make_reward(till.day.brows)
    lena = give_treatcard(till.day.lena, 100)
    visit = append_reward(
        actor=till.actor,
        salon=till.salon,
        appointment_id=till.visit(state=State.BOOKED).pk,
        reward_id=brows.pk,
        now=NOW,
    ).appointment
    first = till.pay(till.charge(visit, product(till.oil)), now=NOW)
    off(till, visit)
    assert points_of(lena) == 100 + 55
    become(till, visit, State.BOOKED)
    assert points_of(lena) == 55
    # Void with its oil: the treat of the appointment as it is now stays redeemed.
    void(actor=MANAGER, salon=till.salon, sale_id=first.pk, now=NOW)
    assert points_of(lena) == 0
    second = till.pay(till.charge(visit), now=NOW)
    assert [line.kind for line in SaleLine.objects.filter(sale=second).order_by("position")] == ["SERVICE", "REWARD"]
    assert points_of(lena) == 59


def test_what_is_kept_can_still_be_given_back(till: Till) -> None:
    keeps()
    visit, sale = booked(till)
    off(till, visit)
    with pytest.raises(NotAllowed):
        void(actor=till.actor, salon=till.salon, sale_id=sale.pk, now=NOW)
    void(actor=MANAGER, salon=till.salon, sale_id=sale.pk, reason="Kulanz", now=NOW)
    assert (stands(sale), standing()) == (("VOID", "20.00", "20.00", False), [("VOID", "TRANSFER", "20.00", "Ü 5")])
    with pytest.raises(SaleVoid):
        void(actor=MANAGER, salon=till.salon, sale_id=sale.pk, now=NOW)
    # Booked again, she begins anew.
    become(till, visit, State.BOOKED)
    assert amounts(till.charge(visit)) == ("59.00", "0.00", "59.00")
