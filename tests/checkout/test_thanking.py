"""Whoever referred a client keeps what she was given for that as long as the client keeps what she bought (domain.md
§7)."""

import pytest

from bookings.checkout.refunding import refund
from bookings.checkout.voiding import void
from bookings.models import Method, Sale
from bookings.scheduling import cancel, undo
from bookings.states import State
from clients.models import Client
from clients.points import drifted
from loyalty.rules import Details, save_rules
from salon.desk.erasure import erase_card
from tests.bookings.salonday import make_client
from tests.checkout.till import MANAGER, Till, give_treatcard, points_of, product, service
from tests.conftest import NOW
from tests.points.world import ledger

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia(office: Till) -> Client:
    """She referred Lena; what that brings."""
    save_rules(actor=MANAGER, details=Details(referral_points=50), now=NOW)
    mia = give_treatcard(make_client("Mia", "Koch"))
    Client.objects.filter(pk=office.day.lena.pk).update(referred_by=mia)
    return mia


def _moved(mia: Client) -> list[int]:
    assert drifted(after=None, limit=100).numbers == []
    return [points for cause, points, _balance in ledger(mia) if cause == "REFERRAL"]


def _back(office: Till, sale: Sale, **given: object) -> None:
    refund(**office.given, sale_id=sale.pk, method=Method.CARD, **given)  # type: ignore[arg-type]


def test_the_last_of_a_first_sale_takes_it_back_and_the_next_one_brings_it_again(office: Till, mia: Client) -> None:
    sale = office.sold(product(office.oil), product(office.shampoo))
    first, second = sale.lines.order_by("position")
    _back(office, sale, lines={first.pk: 1})
    assert _moved(mia) == [50]
    _back(office, sale, lines={second.pk: 1})
    assert _moved(mia) == [50, -50]
    void(**office.given, sale_id=sale.pk)
    assert _moved(mia) == [50, -50]
    office.sold(product(office.oil))
    office.sold(product(office.oil))
    assert (_moved(mia), points_of(mia)) == ([50, -50, 50], 50)


def test_a_void_takes_it_back(office: Till, mia: Client) -> None:
    void(**office.given, sale_id=office.sold(product(office.oil)).pk)
    assert (_moved(mia), points_of(mia)) == ([50, -50], 0)


def test_another_sale_given_back_takes_nothing(office: Till, mia: Client) -> None:
    first, second = office.sold(product(office.oil)), office.sold(product(office.shampoo))
    _back(office, second)
    assert _moved(mia) == [50]
    _back(office, first)
    assert _moved(mia) == [50, -50]


def test_whoever_bought_before_she_was_referred_brings_nothing_later(office: Till, mia: Client) -> None:
    Client.objects.filter(pk=office.day.lena.pk).update(referred_by=None)
    office.sold(product(office.oil))
    Client.objects.filter(pk=office.day.lena.pk).update(referred_by=mia)
    office.sold(product(office.oil))
    assert _moved(mia) == []


def test_what_she_has_spent_by_then_is_owed(office: Till, mia: Client) -> None:
    sale = office.sold(service(office.day.cut))
    Client.objects.filter(pk=mia.pk).update(treatcard_number="")
    _back(office, sale)
    assert (_moved(mia), points_of(mia)) == ([50, -50], 0)


def test_a_cancelled_prepaid_visit_takes_it_and_undoing_brings_it(office: Till, mia: Client) -> None:
    visit = office.visit(state=State.BOOKED)
    office.pay(office.charge(visit, now=NOW), now=NOW)
    which = {"actor": MANAGER, "salon": office.salon, "appointment_id": visit.pk}
    for round_ in (1, 2):
        cancelled = cancel(**which, now=NOW).appointment  # type: ignore[arg-type]
        assert _moved(mia) == [50, -50] * round_
        undo(**which, version=cancelled.version, now=NOW)  # type: ignore[arg-type]
        assert _moved(mia) == [*[50, -50] * round_, 50]


def test_an_erased_client_s_prepaid_visit_takes_it(office: Till, mia: Client) -> None:
    visit = office.visit(state=State.BOOKED)
    office.pay(office.charge(visit, now=NOW), now=NOW)
    erase_card(actor=MANAGER, salon=office.salon, client_id=office.day.lena.pk, now=NOW)
    assert (_moved(mia), points_of(mia)) == ([50, -50], 0)
