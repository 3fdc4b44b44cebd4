"""How many statements a call takes, with few rows and with many (quality.md §1)."""

import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.api.filters import ClientFilters
from clients.models import Client, SearchToken, TokenField
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests import database
from tests.api.conftest import Caller
from tests.bookings.salonday import a_salon_day, at
from tests.checkout.till import a_till, give_treatcard, product, service
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)


def _statements(call: Callable[[], Any]) -> tuple[int, list[str]]:
    with CaptureQueriesContext(connection) as queries:
        status = call().status_code
    # Prepared statements are logged as `QUERY = '…' - PARAMS = …`.
    return status, [re.sub(r"^QUERY = ['\"]+(\\n)?", "", query["sql"]).split()[0] for query in queries]


def _fill(api: Caller, rows: int) -> str:
    for place in range(rows):
        body = {"first_name": "Bea", "last_name": f"Nr{place}", "email": "bea@example.com", "mobile": "0171 2345678"}
        address: str = api.post("clients", body)["Location"]
    return address


# Key and rate limit in one statement of its own; then the work within the transaction, which begins with the salon's
# scope in one go.
PAYING = 24
FRAME = ["WITH", "BEGIN", "COMMIT"]


@pytest.mark.parametrize("rows", [2, 20])
@pytest.mark.parametrize(
    ("path", "statements"),
    [
        ("salon", 3),
        ("clients", 5),
        ("clients?limit=1", 5),
        ("clients?email=bea@example.com&phone=01712345678", 5),
        ("clients?search=bea", 6),
        ("clients?search=nobody", 4),
    ],
)
def test_lists(api: Caller, rows: int, path: str, statements: int) -> None:
    _fill(api, rows)
    status, found = _statements(lambda: api.get(path))
    assert (status, len(found)) == (200, statements), found
    assert [*found[:2], found[-1]] == FRAME


def _fill_many(salon: Salon, rows: int) -> None:
    with salon_scope(salon.pk):
        cards = [
            Client(
                number=place,
                first_name="Bea",
                email=f"bea{place}@example.com",
                mobile=f"+4917{place:07}",
                listed_on=NOW.date(),
                created_via="IMPORT",
                sort_key=f"bea {place}",
                created_at=NOW,
                updated_at=NOW,
            )
            for place in range(1, rows + 1)
        ]
        Client.objects.bulk_create(cards)
        SearchToken.objects.bulk_create(
            SearchToken(field=field, token=token, client_id=card.pk)
            for card in cards
            for field, token in ((TokenField.EMAIL, card.email), (TokenField.PHONE, card.mobile[1:]))
        )
    with database.owner() as owner:
        owner.execute("ANALYZE clients_client, clients_searchtoken")


def test_filters_are_met_by_the_index_of_tokens(sonnenschein: Salon) -> None:
    """Under row-level security only leakproof comparisons reach an index: the whole token must be among them."""
    _fill_many(sonnenschein, 2000)
    call = SimpleNamespace(auth=SimpleNamespace(salon=sonnenschein))
    for filters in ({"email": "Bea7@example.com"}, {"phone": "0170 000007"}):
        with salon_scope(sonnenschein.pk):
            narrowed = ClientFilters(filters, queryset=Client.objects.all(), request=call)
            plan = narrowed.qs.order_by("number").explain()
        token = re.search(r"clients_searchtoken_pkey.*?Index Cond: (.*?)\n", plan, re.DOTALL)
        assert token, plan
        assert "(token = " in token[1], plan
        assert "Seq Scan" not in plan


def test_one(api: Caller) -> None:
    address = _fill(api, 1)
    assert _statements(lambda: api.get(address)) == (200, ["WITH", "BEGIN", "SELECT", "SELECT", "COMMIT"])


def test_refusals_cost_no_more(api: Caller) -> None:
    address = _fill(api, 1)
    assert _statements(lambda: api.get("clients?limit=0")) == (400, ["WITH", "BEGIN", "ROLLBACK"])
    assert _statements(lambda: Caller("salon_unknown").get("salon")) == (401, ["WITH"])
    assert _statements(lambda: Caller("nonsense").get("salon")) == (401, [])
    status, found = _statements(lambda: api.patch(address, {"first_name": "Bo"}, If_Match='"9"'))
    assert (status, found[-1]) == (412, "ROLLBACK")


def test_idempotency_costs_two_statements(api: Caller, sonnenschein: Salon) -> None:
    body = {"first_name": "Anna"}
    status, plain = _statements(lambda: api.post("clients", body))
    assert status == 201
    status, kept = _statements(lambda: api.post("clients", body, Idempotency_Key="a"))
    assert (status, len(kept) - len(plain)) == (201, 2)
    assert _statements(lambda: api.post("clients", body, Idempotency_Key="a")) == (
        201, ["WITH", "BEGIN", "WITH", "COMMIT"],
    )  # fmt: skip


def test_a_booking(sonnenschein: Salon, api: Caller, time_machine: Any) -> None:
    """Nine statements besides key, transaction and repetition: what is told of a booking is written in one."""
    time_machine.move_to(NOW)
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
    body = {"items": [{"service": str(day.cut.pk), "staff": str(day.anna.pk)}]}

    def book(hour: int, name: str) -> tuple[int, list[str]]:
        starts_at = at(hour) + timedelta(days=7 * 8)
        person = {"first_name": name, "email": f"{name}@example.com"}
        asked = {**body, "starts_at": starts_at.isoformat(), "client": person}
        return _statements(lambda: api.post("bookings", asked, Idempotency_Key=f"at {hour}"))

    assert book(9, "Sarah")[0] == 201
    status, found = book(11, "Sarah")
    repetition = ["WITH", "INSERT"]
    # Locks of e-mail and phone, who it is, her card, what she has then, services with the team, locks of the staff,
    # hours.
    looked_up = ["SELECT"] * 7
    # Appointment with its items; audit, mail, its delivery and the reminder together.
    written = ["WITH", "WITH"]
    assert (status, found) == (
        201,
        [*FRAME[:-1], repetition[0], *looked_up, *written, repetition[1], FRAME[-1]],
    )


@pytest.mark.parametrize("rows", [2, 20])
def test_sales(sonnenschein: Salon, api: Caller, rows: int) -> None:
    """Four for a page of them, whatever they consist of: sales, lines, payments, refunds."""
    with salon_scope(sonnenschein.pk):
        till = a_till(system_actor("Test"), sonnenschein)
        for _each in range(rows):
            sale = till.sold(product(till.oil), product(till.shampoo), service(till.day.cut))
    status, found = _statements(lambda: api.get("sales"))
    assert (status, found) == (200, [*FRAME[:-1], *["SELECT"] * 4, FRAME[-1]])
    status, found = _statements(lambda: api.get("sales?state=PAID"))
    # Walked along the order; as few as these are then gathered.
    assert (status, found) == (200, [*FRAME[:-1], *["SELECT"] * 6, FRAME[-1]])
    status, found = _statements(lambda: api.get(f"sales/{sale.pk}"))
    assert (status, found) == (200, [*FRAME[:-1], *["SELECT"] * 4, FRAME[-1]])


@pytest.mark.parametrize("lines", [2, 20])
def test_paying_costs_the_same_however_much_is_sold(sonnenschein: Salon, api: Caller, lines: int) -> None:
    with salon_scope(sonnenschein.pk):
        till = a_till(system_actor("Test"), sonnenschein)
        give_treatcard(till.day.lena)
        sale = till.open(*[product(till.oil)] * lines)
    body = {"method": "CARD", "amount": f"{27.5 * lines:.2f}"}
    status, found = _statements(lambda: api.post(f"sales/{sale.pk}/payments", body, Idempotency_Key="pay"))
    assert status == 201
    assert len(found) == PAYING, found
