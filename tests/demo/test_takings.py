"""Eighteen months of sales and points: to the cent, to the point, and as the rules of the till would have them."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, F, Max, Q, Sum

from bookings.checkout.pricing import LineKind, Sold, price_line
from bookings.checkout.quoting import discounts_of
from bookings.checkout.settling import earnings_of
from bookings.models import (
    Appointment,
    AppointmentItem,
    Method,
    Payment,
    PaymentKind,
    Refund,
    RefundKind,
    Sale,
    SaleLine,
    SaleState,
)
from bookings.rewarding import had_by
from bookings.states import State
from clients import points
from clients.models import Cause, Client, PointsEntry
from loyalty.earning import points_for
from loyalty.eligibility import Holder, Matrix, Terms, refusals
from loyalty.models import Redemption, Returned
from loyalty.rewards import live_rewards, standard_points
from loyalty.rules import rates_now
from salon.tenancy.models import Salon
from tests.conftest import NOW

TODAY = date(2026, 11, 21)
FINAL = [SaleState.PAID, SaleState.PARTLY_REFUNDED, SaleState.REFUNDED]


def _name(redemption: Redemption) -> str:
    item = redemption.reward.service or redemption.reward.product
    assert item
    return item.name


def test_frank_has_exactly_one_reward(demo: Salon) -> None:
    frank = Client.objects.get(first_name="Frank", last_name="Hofmann")
    entries = PointsEntry.objects.filter(client=frank).order_by("number")
    assert list(entries.values_list("points", "balance_after")) == [
        (69, 69),
        (19, 88),
        (124, 212),
        (69, 281),
        (69, 350),
    ]
    had = had_by(frank.pk)
    holder = Holder(has_treatcard=True, points=frank.points)
    open_to_him = [
        (reward.service.name, reward.points)
        for reward in live_rewards()
        if reward.service
        and not refusals(terms=Terms(reward.points, Matrix(reward.matrix)), holder=holder, had=reward.service_id in had)
    ]
    assert open_to_him == [("Nassrasur", 350)]
    assert frank.points < min(one.points for one in live_rewards() if one.product)


def test_the_rewards_of_the_domain_stand(demo: Salon) -> None:
    rewards = {(one.service or one.product).name: one for one in live_rewards()}  # type: ignore[union-attr]
    assert {name: one.points for name, one in rewards.items()} == {
        "Nassrasur": 350,
        "Pflegekur": 266,
        "Glossing": 490,
        "Brauen zupfen": 168,
        "Haaröl": 385,
    }
    assert {(one.matrix, one.points == standard_points(one.list_price)) for one in rewards.values()} == {
        (Matrix.FIRST_TIME, True)
    }


def test_the_night_finds_no_balance_that_is_not_its_sum(demo: Salon) -> None:
    checked = points.drifted(after=None, limit=1000)
    assert (checked.read, checked.numbers) == (400, [])
    ordered = PointsEntry.objects.order_by("client_id", "number").values_list("client_id", "created_at")
    moments = defaultdict(list)
    for client_id, moment in ordered:
        moments[client_id].append(moment)
    assert all(own == sorted(own) for own in moments.values())
    assert not PointsEntry.objects.filter(created_at__gt=NOW).exists()
    assert not Client.objects.filter(treatcard_number="").exclude(points=0).exists()


def test_nobody_gave_points_that_she_did_not_have(demo: Salon) -> None:
    redeemed = PointsEntry.objects.filter(cause=Cause.REDEEMED)
    assert 60 < redeemed.count() < 300
    assert not redeemed.filter(balance_after__lt=0).exists()


def test_lines_cost_what_the_till_would_have_said(demo: Salon) -> None:
    discounts = {client_id: discounts_of(client_id) for client_id in Client.objects.values_list("pk", flat=True)}
    lines = list(SaleLine.objects.select_related("sale"))
    for line in lines:
        own = discounts[line.sale.client_id] if line.sale.client_id else []
        priced = price_line(Sold(LineKind(line.kind), line.list_price, line.quantity), own)
        assert (line.unit_price, line.discount, line.final_price) == (
            priced.unit_price,
            priced.discount,
            priced.final_price,
        )
        assert bool(line.discount) == bool(line.discount_reason)
    assert {line.kind for line in lines} >= {LineKind.SERVICE, LineKind.PRODUCT, LineKind.REWARD, LineKind.TIP}
    assert any(line.discount for line in lines)
    sums: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.sale_id] += line.final_price
    assert {sale.pk: sale.total for sale in Sale.objects.all()} == sums


def test_money_adds_up(demo: Salon) -> None:
    paid: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    given: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for payment in Payment.objects.filter(removed_at=None):
        paid[payment.sale_id] += payment.amount
    for refund in Refund.objects.all():
        given[refund.sale_id] += refund.amount
    for sale in Sale.objects.all():
        assert (sale.paid, sale.refunded) == (paid[sale.pk], given[sale.pk])
        assert (sale.paid == sale.total) == (sale.paid_at is not None)
    assert not SaleLine.objects.exclude(refunded_amount=0).exclude(refunded_amount=F("final_price")).exists()
    # Germany: neither cash nor vouchers go through this till; the salon's own has numbers.
    assert set(Payment.objects.values_list("method", flat=True)) == {Method.CARD, Method.TRANSFER, Method.EXTERNAL_TILL}
    assert not Payment.objects.filter(method=Method.EXTERNAL_TILL, reference="").exists()


def test_sales_are_numbered_as_they_were_paid(demo: Salon) -> None:
    numbered = Sale.objects.filter(number__isnull=False).order_by("number")
    moments = list(numbered.values_list("paid_at", flat=True))
    assert moments == sorted(moments)  # type: ignore[type-var]
    assert list(numbered.values_list("number", flat=True)) == list(range(1, len(moments) + 1))


def test_sales_earned_what_the_rules_say(demo: Salon) -> None:
    rates = rates_now()
    earned = {
        one.cause_id: one.points for one in PointsEntry.objects.filter(cause=Cause.EARNED).only("cause_id", "points")
    }
    reversed_ = dict(Refund.objects.values_list("sale_id").annotate(Sum("points")))
    sales = Sale.objects.filter(state__in=FINAL).prefetch_related("lines")
    for sale in sales:
        assert sale.points_earned == earned.get(sale.pk, 0) - reversed_.get(sale.pk, 0)
        if sale.points_earned:
            assert sale.points_earned == points_for(earnings_of(sale.lines.all()), rates)
    assert len(earned) > 2000


def test_what_took_place_is_paid_but_for_the_last_of_today(demo: Salon) -> None:
    done = Appointment.objects.filter(state=State.COMPLETED).annotate(
        paid=Count("sales", filter=Q(sales__state__in=FINAL))
    )
    unpaid = done.exclude(paid=1)
    assert [one.visit_on for one in unpaid] == [TODAY]
    still = Sale.objects.filter(state=SaleState.OPEN)
    assert still.filter(appointment=unpaid.get()).exists()
    # Of what is still to come today some is paid in part.
    coming = still.filter(appointment__starts_at__gt=NOW, appointment__starts_at__lt=NOW + timedelta(days=1))
    assert coming.filter(paid__gt=0).exists()
    assert Sale.objects.filter(paid_on=TODAY).exists()
    # What was called off costs nothing.
    off = Sale.objects.filter(appointment__state__in=[State.CANCELLED, State.NO_SHOW])
    assert off.exists()
    assert not off.exclude(state=SaleState.VOID, lapsed=True, refunded=F("paid")).exists()


def test_items_of_an_appointment_are_the_lines_of_its_sale(demo: Salon) -> None:
    charged = SaleLine.objects.filter(item__isnull=False).select_related("item", "sale")
    for line in charged:
        item = line.item
        assert item
        assert (item.appointment_id, item.service_id, item.staff_id) == (
            line.sale.appointment_id,
            line.service_id,
            line.staff_id,
        )
        assert (line.redemption_id, line.position) == (item.redemption_id, item.position)
    paid = Appointment.objects.filter(sales__state__in=FINAL).values("pk")
    items = AppointmentItem.objects.filter(appointment__in=paid)
    assert items.count() == charged.filter(sale__state__in=FINAL).count()


def test_rewards_were_new_to_those_who_got_them(demo: Salon) -> None:
    standing = Redemption.objects.standing().select_related("reward__service", "reward__product")
    assert {_name(one) for one in standing} == {"Nassrasur", "Pflegekur", "Glossing", "Brauen zupfen", "Haaröl"}
    assert all(one.first_time for one in standing)
    for one in standing.exclude(reward__service=None):
        item = AppointmentItem.objects.select_related("appointment").get(redemption=one)
        earlier = AppointmentItem.objects.filter(
            appointment__client_id=one.client_id,
            appointment__state=State.COMPLETED,
            service=one.reward.service,
            starts_at__lt=item.starts_at,
        )
        assert not earlier.exists()
        assert item.appointment.items.filter(price__gt=0).exists()
        assert (item.starts_at.date() - NOW.date()).days <= 10
    returned = Redemption.objects.exclude(returned_at=None)
    assert {one.return_reason for one in returned} == {Returned.NO_SHOW}
    # Some come back for it, and pay.
    assert any(
        SaleLine.objects.filter(
            kind=LineKind.SERVICE, sale__client_id=one.client_id, service=one.reward.service
        ).exists()
        for one in standing.exclude(reward__service=None)
    )


def test_something_was_given_back_and_something_bought_by_mistake(demo: Salon) -> None:
    kinds = dict(Refund.objects.values_list("kind").annotate(Count("id")))
    assert kinds.keys() == {RefundKind.LINES, RefundKind.VOID, RefundKind.DEPOSIT}
    deposits = Payment.objects.filter(kind=PaymentKind.DEPOSIT)
    assert deposits.count() > 50
    assert not deposits.filter(taken_at__gt=NOW).exists()
    latest = Sale.objects.aggregate(Max("paid_at"), Max("created_at"))
    assert max(filter(None, latest.values())) <= NOW
