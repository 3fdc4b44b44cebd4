"""Liability and uplift: small worlds, counted by hand (domain.md §7.3)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from bookings.checkout.reading import refunds_of_sales_before
from bookings.checkout.refunding import refund
from bookings.models import Method, Sale
from clients.models import Cause, Client
from clients.points import post
from loyalty.expiry import expire, oldest_moment
from loyalty.models import Returned
from loyalty.redemption import give_back, redeem
from salon.desk.evaluation import AGES, Evaluation, PointValue, Uplift, evaluate
from salon.errors import NotAllowed
from salon.identity.roles import Actor
from salon.tenancy.models import new_id
from tests.bookings.salonday import at, make_client
from tests.checkout.till import AFTER, Till, give_treatcard, make_reward, money, product, service

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


def on(day: date) -> datetime:
    return at(12, day=day)


def book(till: Till, client: Client, points: int, day: date, cause: Cause = Cause.EARNED) -> None:
    """Book points on a day."""
    post(client=client, points=points, cause=cause, cause_id=new_id(), actor=till.actor, now=on(day))


def card(first_name: str) -> Client:
    """Return a client with a Treatcard on which nothing was ever booked."""
    return give_treatcard(make_client(first_name))


def sold(till: Till, client: Client, *lines: Any, day: date) -> Sale:
    return till.pay(till.open(*lines, client_id=client.pk, now=on(day)), now=on(day))


def found(till: Till, carla: Actor, now: datetime = AFTER) -> Evaluation:
    return evaluate(actor=carla, salon=till.salon, now=now)


def test_a_point_is_worth_what_the_year_s_redemptions_say(till: Till, carla: Actor) -> None:
    """Oil (27.50) for 100 and shampoo (19.90) for 50: 47.40 / 150 = 0.316; what was given back, or is older, is not."""
    lena = give_treatcard(till.day.lena, 1000)
    assert found(till, carla).value == PointValue(Decimal(1) / 14, is_measured=False)
    assert found(till, carla).value.of(1000) == money("71.43")
    oil, shampoo, cut = make_reward(till.oil, 100), make_reward(till.shampoo, 50), make_reward(till.day.cut, 10)
    for reward, day in ((oil, TODAY), (shampoo, date(2025, 11, 25)), (cut, date(2025, 11, 24)), (cut, TODAY)):
        made = redeem(actor=till.actor, client=lena, reward=reward, had=False, now=on(day))
    give_back(actor=till.actor, redemption=made, why=Returned.REMOVED, now=on(TODAY))
    value = found(till, carla).value
    assert (value.euros, value.is_measured) == (Decimal("0.316"), True)
    assert (found(till, carla).open, value.of(840)) == (840, money("265.44"))


def test_months_say_what_was_collected_redeemed_and_open(till: Till, carla: Actor) -> None:
    """On paper: open 300 before; +200 in December; −100 in March; Ada owes 50 from April to May, which is no asset.

    | month    | collected | redeemed | open |
    | November |         0 |        0 |  300 |
    | December |       200 |        0 |  500 |
    | March    |         0 |      100 |  400 |
    | April    |       −50 |        0 |  400 |
    | May      |        80 |        0 |  430 |
    """
    lena, ada = card("Lena"), card("Ada")
    book(till, lena, 300, date(2025, 6, 1), Cause.OPENING)
    book(till, lena, 200, date(2025, 12, 31))
    book(till, lena, -100, date(2026, 3, 1), Cause.REDEEMED)
    book(till, ada, -50, date(2026, 4, 5), Cause.REVERSED)
    book(till, ada, 80, date(2026, 5, 5))
    months = {one.month: (one.collected, one.redeemed, one.open) for one in found(till, carla).months}
    assert len(months) == 13
    assert months == dict.fromkeys(months, (0, 0, 430)) | {
        date(2025, 11, 1): (0, 0, 300),
        date(2025, 12, 1): (200, 0, 500),
        date(2026, 1, 1): (0, 0, 500),
        date(2026, 2, 1): (0, 0, 500),
        date(2026, 3, 1): (0, 100, 400),
        date(2026, 4, 1): (-50, 0, 400),
        date(2026, 5, 1): (80, 0, 430),
    }
    whole = found(till, carla)
    assert (whole.collected, whole.redeemed, whole.open, whole.holders, whole.cards) == (230, 100, 430, 2, 2)


def test_a_month_ends_on_the_salon_s_clock(till: Till, carla: Actor) -> None:
    lena = card("Lena")
    last = datetime.fromisoformat("2026-10-31T22:30:00+00:00"), datetime.fromisoformat("2026-10-31T23:30:00+00:00")
    for moment, points in zip(last, (10, 5), strict=True):
        post(client=lena, points=points, cause=Cause.EARNED, cause_id=new_id(), actor=till.actor, now=moment)
    assert [(one.month.month, one.collected) for one in found(till, carla).months if one.collected] == [
        (10, 10),
        (11, 5),
    ]


def test_open_points_by_age_are_those_that_would_lapse(till: Till, carla: Actor) -> None:
    """The oldest are spent first: of 100 + 200 + 300 + 400, less 150, the 100 and 50 of the 200 are gone."""
    lena, ada = card("Lena"), card("Ada")
    for points, day in (
        (100, date(2024, 1, 1)),
        (200, date(2025, 1, 1)),
        (300, date(2026, 1, 1)),
        (400, date(2026, 11, 1)),
    ):
        book(till, lena, points, day)
    book(till, lena, -150, date(2026, 11, 2), Cause.REDEEMED)
    book(till, ada, 70, date(2024, 1, 1))
    # Up to 3 months, 6, 12, 24, and older.
    assert found(till, carla).ages == (400, 0, 300, 150, 70)
    before = oldest_moment(today=TODAY, months=12, salon=till.salon)
    expired = expire(
        actor=till.actor,
        night=TODAY,
        before=before,
        of_old_sales=refunds_of_sales_before,
        now=AFTER,
        after=None,
        limit=100,
    )
    assert expired.points == 150 + 70
    assert found(till, carla).ages == (400, 0, 300, 0, 0)


def test_an_old_sale_given_back_makes_no_young_points_older(till: Till, carla: Actor) -> None:
    lena = card("Lena")
    sale = sold(till, lena, service(till.day.cut), day=date(2025, 1, 7))
    sold(till, lena, product(till.shampoo), day=date(2026, 11, 3))
    assert found(till, carla).ages == (39, 0, 0, 59, 0)
    refund(actor=carla, salon=till.salon, now=AFTER, sale_id=sale.pk, method=Method.CARD)
    assert found(till, carla).ages == (39, 0, 0, 0, 0)


def test_uplift_counts_who_came_back_and_paid(till: Till, carla: Actor) -> None:
    """The shave for points on 1 March; 180 days later is 28 August.

    Anja pays for it on 28 August, Bea a day too late, Cleo the same day, Dora has her money back, Ella buys something
    else, Fee had it before, Gina gave it back, Hedi redeemed last week.
    """
    brows, day = make_reward(till.day.brows, 10), date(2026, 3, 1)
    names = ("Anja", "Bea", "Cleo", "Dora", "Ella", "Fee", "Gina", "Hedi")
    anja, bea, cleo, dora, ella, fee, gina, hedi = everybody = [card(name) for name in names]
    for client in everybody:
        book(till, client, 50, date(2026, 1, 1))
        since = date(2026, 11, 20) if client is hedi else day
        made = redeem(actor=till.actor, client=client, reward=brows, had=False, now=on(since))
        if client is gina:
            give_back(actor=till.actor, redemption=made, why=Returned.REMOVED, now=on(day))
        if client is fee:
            type(made).objects.filter(pk=made.pk).update(first_time=False)
    for client, when in ((anja, date(2026, 8, 28)), (bea, date(2026, 8, 29)), (cleo, day), (fee, date(2026, 4, 1))):
        sold(till, client, service(till.day.brows), day=when)
    sold(till, anja, service(till.day.brows, 2), service(till.day.cut), day=date(2026, 5, 1))
    back = sold(till, dora, service(till.day.brows), day=date(2026, 4, 1))
    refund(actor=carla, salon=till.salon, sale_id=back.pk, method=Method.CARD, lines=None, reason="", now=AFTER)
    sold(till, ella, product(till.oil), day=date(2026, 4, 1))
    [uplift] = found(till, carla).uplift
    # Anja, Bea, Cleo, Dora, Ella, Hedi; Anja paid three times 12.00.
    assert uplift == Uplift("Brauen zupfen", clients=6, again=1, revenue=money("36.00"), waiting=1)


def test_without_anything_all_is_nothing(till: Till, carla: Actor) -> None:
    nothing = found(till, carla)
    assert (nothing.collected, nothing.redeemed, nothing.open, nothing.cards) == (0, 0, 0, 0)
    assert (nothing.ages, nothing.uplift) == ((0,) * (len(AGES) + 1), ())


def test_it_is_for_whoever_may_set_the_rules(till: Till) -> None:
    with pytest.raises(NotAllowed):
        found(till, till.actor)
