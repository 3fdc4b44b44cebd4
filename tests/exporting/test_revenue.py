"""What the file of all clients says of their sales (domain.md §10): what was paid for and kept, to the cent."""

from zoneinfo import ZoneInfo

import pytest

from bookings.checkout.refunding import refund
from bookings.checkout.voiding import void
from bookings.models import Method
from salon.desk.client_columns import Words, exported, next_batch
from salon.desk.workbook import Cell
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_client
from tests.checkout.till import MANAGER, Till, a_till, give_discount, product, service, tip, voucher
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
# Where both stand.
SERVICES, PRODUCTS = 23, 24


@pytest.fixture
def till(in_sonnenschein: Salon) -> Till:
    return a_till(MANAGER, in_sonnenschein)


def _revenue() -> dict[Cell, tuple[Cell, Cell]]:
    batch = next_batch(exported(None), after=0, words=Words(), zone=ZoneInfo("Europe/Berlin"), now=NOW)
    assert batch is not None
    return {row[1]: (row[SERVICES], row[PRODUCTS]) for row in batch.rows}


def test_what_was_paid_and_kept_counts(till: Till) -> None:
    give_discount(till.day.lena, "10")
    ida, mia = make_client("Ida"), make_client("Mia")
    price = till.day.cut.price
    sale = till.sold(service(till.day.cut), product(till.oil, 2), tip("5.00"), voucher("50.00"))
    line = sale.lines.get(product=till.oil)
    refund(**till.given, sale_id=sale.pk, method=Method.CARD, lines={line.pk: 1}, reason="Umtausch")
    till.sold(product(till.shampoo), client_id=ida.pk)
    # Neither what is void, nor what is not paid, nor what went back whole.
    void(**till.given, sale_id=till.sold(product(till.oil), client_id=ida.pk).pk, reason="Vertippt")
    till.open(product(till.oil), client_id=ida.pk)
    whole = till.sold(service(till.day.cut), client_id=mia.pk)
    refund(**till.given, sale_id=whole.pk, method=Method.CARD, reason="Kulanz")
    till.sold(product(till.oil), client_id=None)
    assert _revenue() == {
        "Lena": (float(price) * 0.9, 24.75),
        "Ida": (0.0, 19.9),
        "Mia": (0.0, 0.0),
    }
