"""Points of what was sold lapse by the day it was paid, whenever it is given back (domain.md §7)."""

from datetime import datetime, timedelta

import pytest

from bookings.checkout.reading import refunds_of_sales_before
from bookings.checkout.refunding import refund
from bookings.checkout.voiding import void
from bookings.models import Method, Sale
from bookings.scheduling import cancel, undo
from bookings.states import State
from clients.models import Client
from clients.points import drifted
from loyalty.expiry import expire
from salon.identity.roles import system_actor
from tests.checkout.till import AFTER, MANAGER, Till, give_treatcard, points_of, service

pytestmark = pytest.mark.django_db

BEFORE = AFTER - timedelta(days=365)
OLD, YOUNG = BEFORE - timedelta(days=1), BEFORE + timedelta(days=1)


def _lapses(client: Client) -> tuple[int, int]:
    """Return how many points lapse, and what is left."""
    found = expire(
        actor=system_actor(""),
        night=AFTER.date(),
        before=BEFORE,
        of_old_sales=refunds_of_sales_before,
        now=AFTER,
        after=None,
        limit=100,
    )
    assert drifted(after=None, limit=100).numbers == []
    return found.points, points_of(client)


@pytest.fixture
def lena(office: Till) -> Client:
    return give_treatcard(office.day.lena)


def _sold(office: Till, price: str, at: datetime) -> Sale:
    sale = office.open(service(office.day.cut, price=price), service(office.day.cut, price="10.00"), now=at)
    return office.pay(sale, now=at)


def test_an_old_sale_given_back_takes_nothing_of_what_is_young(office: Till, lena: Client) -> None:
    old, _young = _sold(office, "90.00", OLD), _sold(office, "40.00", YOUNG)
    refund(**office.given, sale_id=old.pk, method=Method.CARD)
    assert _lapses(lena) == (0, 50)


def test_what_is_left_of_an_old_sale_lapses(office: Till, lena: Client) -> None:
    old, _young = _sold(office, "90.00", OLD), _sold(office, "40.00", YOUNG)
    line = old.lines.get(position=0)
    refund(**office.given, sale_id=old.pk, method=Method.CARD, lines={line.pk: 1})
    assert _lapses(lena) == (10, 50)


def test_a_young_sale_given_back_takes_nothing_of_what_is_old(office: Till, lena: Client) -> None:
    _old, young = _sold(office, "90.00", OLD), _sold(office, "40.00", YOUNG)
    void(**office.given, sale_id=young.pk)
    assert _lapses(lena) == (100, 0)


def test_a_refund_before_the_moment_is_done_with(office: Till, lena: Client) -> None:
    old, _young = _sold(office, "90.00", OLD - timedelta(days=9)), _sold(office, "40.00", YOUNG)
    refund(**{**office.given, "now": OLD}, sale_id=old.pk, method=Method.CARD)
    assert refunds_of_sales_before(BEFORE) == []
    assert _lapses(lena) == (0, 50)


def test_a_cancellation_that_was_undone_makes_nothing_younger(office: Till, lena: Client) -> None:
    visit = office.visit(state=State.BOOKED)
    sale = office.pay(office.charge(visit, now=OLD), now=OLD)
    cancelled = cancel(actor=MANAGER, salon=office.salon, appointment_id=visit.pk, now=OLD).appointment
    _sold(office, "40.00", YOUNG)
    assert points_of(lena) == 50
    undo(actor=MANAGER, salon=office.salon, appointment_id=visit.pk, version=cancelled.version, now=YOUNG)
    sale.refresh_from_db()
    assert (sale.points_earned, points_of(lena)) == (59, 109)
    assert _lapses(lena) == (59, 50)
