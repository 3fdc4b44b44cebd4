"""Sales in the history of the card: what was bought, paid and given back, each told once (ui.md §2.4)."""

import pytest
from django.utils import translation

from bookings.checkout.refunding import refund
from bookings.checkout.voiding import void
from bookings.models import Method, PaymentKind
from salon.desk.history import QUIET, Kind, history_of
from salon.desk.web.history import Event, shown_history
from salon.identity.roles import Actor
from salon.tenancy.models import Salon
from tests.checkout.till import MANAGER, Till, a_till, give_treatcard, product

pytestmark = pytest.mark.django_db


@pytest.fixture
def till(in_sonnenschein: Salon, front_desk: Actor) -> Till:
    return a_till(MANAGER, in_sonnenschein)


def _events(till: Till) -> list[Event]:
    entries = history_of(till.day.lena.pk, kind=Kind.SALES).entries
    with translation.override("de"):
        return shown_history(entries, till.salon)


def test_a_sale_is_told_when_it_is_paid_and_leads_to_itself(till: Till) -> None:
    give_treatcard(till.day.lena)
    sale = till.open(product(till.oil, 2))
    till.pay(sale, "20.00", kind=PaymentKind.DEPOSIT)
    assert [str(event.title) for event in _events(till)] == ["Anzahlung"]
    till.pay(sale, "35.00")
    paid, deposit = _events(till)
    assert (str(paid.title), paid.about) == ("Verkauf bezahlt", "Nr. 1 · 55,00\xa0€")
    assert deposit.about == "20,00\xa0€ · Karte"
    assert paid.url == f"/s/sonnenschein/checkout/{sale.pk}/"
    # How it came to that stands on the sale.
    told = {entry.action for entry in history_of(till.day.lena.pk).entries}
    assert not told & QUIET
    assert {"sale.paid", "points.earned"} <= told


def test_what_went_back_is_told_with_its_reason(till: Till) -> None:
    give_treatcard(till.day.lena)
    sale, other = till.sold(product(till.oil, 2)), till.sold(product(till.shampoo))
    line = sale.lines.get()
    refund(**till.given, sale_id=sale.pk, method=Method.CARD, lines={line.pk: 1}, reason="Ausgelaufen")
    void(**till.given, sale_id=other.pk, reason="Vertippt")
    assert {str(event.title): event.about for event in _events(till)[:2]} == {
        "Erstattet": "1 × Haaröl · 27,50\xa0€ · Karte · Ausgelaufen",
        "Verkauf storniert": "19,90\xa0€ · Vertippt",
    }


def test_a_history_of_nothing_but_an_open_sale_is_empty(till: Till) -> None:
    till.open(product(till.oil))
    history = history_of(till.day.lena.pk)
    assert (history.entries, history.kinds) == ([], [])
