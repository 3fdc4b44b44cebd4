"""`/api/v1/sales` and deposits as integrations use them (api.md)."""

from typing import Any
from uuid import UUID

import pytest

from bookings.models import Appointment, Payment, Sale
from bookings.states import State
from salon.api.scopes import Scope
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey, problem, wrong
from tests.checkout.till import (
    AFTER,
    Till,
    a_till,
    give_discount,
    give_treatcard,
    make_reward,
    points_of,
    product,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tuesday(time_machine: Any) -> None:
    time_machine.move_to(AFTER)


@pytest.fixture
def till(sonnenschein: Salon) -> Till:
    with salon_scope(sonnenschein.pk):
        return a_till(system_actor("Test"), sonnenschein)


@pytest.fixture
def visit(till: Till) -> Appointment:
    with salon_scope(till.salon.pk):
        return till.visit()


_KEYS = iter(range(10**6))


def _post(api: Caller, path: str, body: object) -> Any:
    return api.post(path, body, Idempotency_Key=f"key {next(_KEYS)}")


def _count(salon: Salon) -> tuple[int, int]:
    with salon_scope(salon.pk):
        return Sale.objects.count(), Payment.objects.count()


def test_a_whole_sale_in_one_call(api: Caller, till: Till) -> None:
    with salon_scope(till.salon.pk):
        lena = give_treatcard(till.day.lena)
        category = give_discount(lena, "10")
    body = {
        "client_id": str(lena.pk),
        "lines": [
            {"service": str(till.day.cut.pk), "quantity": 1, "staff": str(till.day.anna.pk)},
            {"product": str(till.oil.pk), "quantity": 2, "unit_price": "25.00"},
            {"kind": "TIP", "unit_price": "5.00"},
        ],
        "payments": [
            {"method": "CARD", "amount": "100.00"},
            {"method": "TRANSFER", "amount": "3.10", "reference": "R1"},
        ],
    }
    answer = _post(api, "sales", body)
    assert answer.status_code == 201, answer.content
    sale = answer.json()
    assert answer["Location"].endswith(f"/api/v1/sales/{sale['id']}")
    assert answer["ETag"] == f'"{sale["version"]}"'
    assert [sale[name] for name in ("state", "number", "total", "paid", "due", "points_earned", "client_id")] == [
        "PAID", 1, "103.10", "103.10", "0.00", 53 + 90, str(lena.pk),
    ]  # fmt: skip
    tip, oil, cut = (sale["lines"][place] for place in (2, 1, 0))
    assert cut == {
        "id": cut["id"],
        "kind": "SERVICE",
        "name": "Schneiden",
        "service": str(till.day.cut.pk),
        "product": None,
        "booking_item": None,
        "staff": str(till.day.anna.pk),
        "quantity": 1,
        "list_price": "59.00",
        "unit_price": "59.00",
        "discount": "5.90",
        "discount_reason": category.name,
        "final_price": "53.10",
        "vat_rate": "19.00",
        "reward": None,
        "refunded": 0,
        "refunded_amount": "0.00",
    }
    assert (oil["list_price"], oil["unit_price"], oil["discount"], oil["final_price"]) == (
        "27.50",
        "25.00",
        "5.00",
        "45.00",
    )
    assert (tip["kind"], tip["name"], tip["final_price"]) == ("TIP", None, "5.00")
    assert sale["vat"] == [
        {"rate": "19.00", "gross": "98.10", "net": "82.44", "vat": "15.66"},
        {"rate": "0.00", "gross": "5.00", "net": "5.00", "vat": "0.00"},
    ]
    assert [(one["method"], one["amount"], one["reference"]) for one in sale["payments"]] == [
        ("CARD", "100.00", None),
        ("TRANSFER", "3.10", "R1"),
    ]
    assert api.get(f"sales/{sale['id']}").json() == sale
    assert api.get("sales").json()["results"] == [sale]


def test_a_booking_is_what_it_consists_of(api: Caller, till: Till, visit: Appointment) -> None:
    sale = _post(api, "sales", {"booking_id": str(visit.pk)}).json()
    assert [(line["service"], line["final_price"]) for line in sale["lines"]] == [(str(till.day.cut.pk), "59.00")]
    assert (sale["state"], sale["due"], sale["booking_id"]) == ("OPEN", "59.00", str(visit.pk))
    # The open one is gone on with.
    again = _post(api, "sales", {"booking_id": str(visit.pk), "lines": [{"product": str(till.oil.pk)}]}).json()
    assert (again["id"], again["total"]) == (sale["id"], "86.50")
    paid = _post(api, f"sales/{sale['id']}/payments", {"method": "CARD", "amount": "86.50"})
    assert (paid.status_code, paid.json()["state"]) == (201, "PAID")
    assert api.get(f"bookings/{visit.pk}").json()["state"] == "COMPLETED"
    problem(_post(api, "sales", {"booking_id": str(visit.pk)}), 409, "sale_already_paid")


def test_of_nothing_no_sale_is_opened(api: Caller, till: Till) -> None:
    lena = str(till.day.lena.pk)
    bodies: list[dict[str, Any]] = [{"lines": []}, {}, {"client_id": lena, "lines": []}]
    for body in bodies:
        assert wrong(_post(api, "sales", body)) == {"lines": "required"}
    assert api.get("sales").json()["results"] == []


def test_a_deposit_earns_nothing_until_all_is_paid(api: Caller, till: Till) -> None:
    with salon_scope(till.salon.pk):
        lena = give_treatcard(till.day.lena)
        visit = till.visit(state=State.BOOKED)
    path = f"bookings/{visit.pk}/deposits"
    problem(api.post(path, {"method": "CARD", "amount": "20.00"}), 400, "idempotency_key_required")
    answer = _post(api, path, {"method": "CARD", "amount": "20.00"})
    sale = answer.json()
    assert (answer.status_code, sale["state"], sale["due"], sale["points_earned"]) == (201, "OPEN", "39.00", 0)
    assert [one["kind"] for one in sale["payments"]] == ["DEPOSIT"]
    assert wrong(_post(api, path, {"method": "CARD", "amount": "0.00"})) == {"amount": "out_of_range"}
    assert wrong(_post(api, path, {"method": "CARD", "amount": "-1.00"})) == {"amount": "out_of_range"}
    assert _post(api, f"bookings/{NOBODY}/deposits", {"method": "CARD", "amount": "1.00"}).status_code == 404
    paid = _post(api, f"sales/{sale['id']}/payments", {"method": "CARD", "amount": "39.00"}).json()
    assert paid["points_earned"] == 59
    with salon_scope(till.salon.pk):
        assert points_of(lena) == 59


def test_lines_and_payments_of_an_open_sale(api: Caller, till: Till) -> None:
    sale = _post(api, "sales", {"lines": [{"product": str(till.oil.pk)}]}).json()
    path = f"sales/{sale['id']}"
    added = api.post(f"{path}/lines", {"product": str(till.shampoo.pk), "quantity": 2})
    assert (added.status_code, added.json()["total"]) == (201, "67.30")
    first, second = (line["id"] for line in added.json()["lines"])
    changed = api.patch(f"{path}/lines/{second}", {"quantity": 1, "unit_price": "10.00"}, If_Match=added["ETag"])
    assert (changed.status_code, changed.json()["total"]) == (200, "37.50")
    problem(api("DELETE", f"{path}/lines/{first}", If_Match=added["ETag"]), 412, "version_conflict")
    assert api("DELETE", f"{path}/lines/{first}").json()["total"] == "10.00"
    assert api("DELETE", f"{path}/lines/{first}").status_code == 404
    problem_of = _post(api, f"{path}/payments", {"method": "CARD", "amount": "10.01"})
    assert (problem_of.status_code, problem_of.json()["code"], problem_of.json()["due"]) == (409, "overpaid", "10.00")
    problem(_post(api, f"{path}/payments", {"method": "CASH", "amount": "1.00"}), 409, "method_not_allowed")
    problem(_post(api, f"{path}/payments", {"method": "VOUCHER", "amount": "1.00"}), 409, "method_not_allowed")
    paid = _post(api, f"{path}/payments", {"method": "CARD", "amount": "4.00"}).json()
    assert api("DELETE", f"{path}/payments/{paid['payments'][0]['id']}").json()["paid"] == "0.00"
    whose = api.patch(path, {"client_id": str(till.day.lena.pk)})
    assert whose.json()["client_id"] == str(till.day.lena.pk)
    assert api.patch(path, {"client_id": None}).json()["client_id"] is None


def test_a_product_for_points(api: Caller, till: Till) -> None:
    with salon_scope(till.salon.pk):
        give_treatcard(till.day.lena, 100)
        reward = make_reward(till.oil)
    line = {"product": str(till.oil.pk), "quantity": 1, "reward": str(reward.pk)}
    body = {"client_id": str(till.day.lena.pk), "lines": [line, {"service": str(till.day.cut.pk)}]}
    sale = _post(api, "sales", body).json()
    assert [(one["kind"], one["reward"], one["final_price"]) for one in sale["lines"]] == [
        ("REWARD", str(reward.pk), "0.00"),
        ("SERVICE", None, "59.00"),
    ]
    problem_of = _post(api, "sales", body)
    assert (problem_of.status_code, problem_of.json()["code"]) == (409, "already_had")
    problem(_post(api, "sales", {"lines": [line]}), 409, "no_treatcard")


def test_what_is_not_there_is_told_at_its_field(api: Caller, api_dom: Caller, till: Till, dom: Salon) -> None:
    with salon_scope(dom.pk):
        theirs = a_till(system_actor("Test"), dom)
        their_visit, their_reward = theirs.visit(), make_reward(theirs.oil)
        their_sale = theirs.open(product(theirs.oil))
    for cut, oil, staff, reward in (
        (NOBODY, NOBODY, NOBODY, NOBODY),
        (theirs.day.cut.pk, theirs.oil.pk, theirs.day.anna.pk, their_reward.pk),
    ):
        lines = [{"service": str(cut)}, {"product": str(oil), "staff": str(staff)}, {"reward": str(reward)}]
        assert wrong(_post(api, "sales", {"lines": lines})) == {
            "lines.0.service": "not_found",
            "lines.1.product": "not_found",
            "lines.1.staff": "not_found",
            "lines.2.reward": "not_found",
        }
    for client, booking in ((NOBODY, NOBODY), (theirs.day.lena.pk, their_visit.pk)):
        assert wrong(_post(api, "sales", {"client_id": str(client), "booking_id": str(booking)})) == {
            "client_id": "not_found",
            "booking_id": "not_found",
        }
        assert wrong(_post(api, "sales", {"client_id": str(client)})) == {"client_id": "not_found"}
    assert _count(till.salon) == (0, 0)
    for call in ("", "/lines", "/payments"):
        body = {"method": "CARD", "amount": "1.00"} if call == "/payments" else {"product": str(till.oil.pk)}
        answer = api.get(f"sales/{their_sale.pk}") if not call else _post(api, f"sales/{their_sale.pk}{call}", body)
        problem(answer, 404, "not_found")


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ({}, {"lines.0.product": "required"}),
        ({"service": NOBODY, "product": NOBODY}, {"lines.0.product": "not_combinable"}),
        ({"kind": "SERVICE"}, {"lines.0.kind": "invalid_choice"}),
        ({"kind": "TIP"}, {"lines.0.unit_price": "required"}),
        ({"kind": "TIP", "unit_price": "1.00", "quantity": -1}, {"lines.0.quantity": "range"}),
        ({"kind": "TIP", "unit_price": "1.00", "quantity": 0}, {"lines.0.quantity": "range"}),
        ({"kind": "TIP", "unit_price": "-1.00"}, {"lines.0.unit_price": "out_of_range"}),
        ({"kind": "TIP", "unit_price": "1.001"}, {"lines.0.unit_price": "max_decimal_places"}),
        ({"kind": "TIP", "unit_price": "1.00", "final_price": "1.00"}, {"lines.0.final_price": "unknown_field"}),
    ],
)
def test_bad_lines(api: Caller, till: Till, line: dict[str, Any], refused: dict[str, str]) -> None:
    assert wrong(_post(api, "sales", {"lines": [line]})) == refused
    assert _count(till.salon) == (0, 0)


def test_nothing_half_done(api: Caller, till: Till) -> None:
    """An overpayment undoes the whole sale, and points that were redeemed in it."""
    with salon_scope(till.salon.pk):
        lena = give_treatcard(till.day.lena, 100)
        reward = make_reward(till.oil)
    body = {
        "client_id": str(lena.pk),
        "lines": [{"reward": str(reward.pk)}, {"product": str(till.shampoo.pk)}],
        "payments": [{"method": "CARD", "amount": "19.90"}, {"method": "CARD", "amount": "0.01"}],
    }
    problem(_post(api, "sales", body), 409, "sale_already_paid")
    body["payments"] = [{"method": "EXTERNAL_TILL", "amount": "5.00"}]
    assert wrong(_post(api, "sales", body)) == {"payments.0.reference": "required"}
    assert _count(till.salon) == (0, 0)
    with salon_scope(till.salon.pk):
        assert points_of(lena) == 100


def test_a_payment_repeated_with_its_key_is_one(api: Caller, till: Till) -> None:
    body = {"lines": [{"product": str(till.oil.pk)}]}
    problem(api.post("sales", body), 400, "idempotency_key_required")
    first = api.post("sales", body, Idempotency_Key="sale")
    assert api.post("sales", body, Idempotency_Key="sale").content == first.content
    path, payment = f"sales/{first.json()['id']}/payments", {"method": "CARD", "amount": "5.00"}
    problem(api.post(path, payment), 400, "idempotency_key_required")
    once = api.post(path, payment, Idempotency_Key="pay")
    again = api.post(path, payment, Idempotency_Key="pay")
    assert (again.content, again["Idempotent-Replayed"]) == (once.content, "true")
    assert api.post(path, {**payment, "amount": "6.00"}, Idempotency_Key="pay").status_code == 422
    assert _count(till.salon) == (1, 1)


def test_filters(api: Caller, till: Till, visit: Appointment) -> None:
    paid = _post(api, "sales", {"lines": [{"kind": "TIP", "unit_price": "5.00"}]}).json()
    _post(api, f"sales/{paid['id']}/payments", {"method": "CARD", "amount": "5.00"})
    of_booking = _post(api, "sales", {"booking_id": str(visit.pk)}).json()

    def found(query: str) -> list[str]:
        return [one["id"] for one in api.get(f"sales?{query}").json()["results"]]

    assert found("") == [of_booking["id"], paid["id"]]
    assert found("state=PAID") == found("paid_on=2026-11-24") == [paid["id"]]
    assert found(f"booking={visit.pk}") == found(f"client={till.day.lena.pk}") == [of_booking["id"]]
    assert found("from=2026-11-24&to=2026-11-24") == [of_booking["id"], paid["id"]]
    assert found("from=2026-11-25") == found("to=2026-11-23") == found(f"client={NOBODY}") == []
    assert wrong(api.get("sales?from=2026-11-25&to=2026-11-24")) == {"to": "out_of_range"}


def test_what_a_key_may(sonnenschein: Salon, api_key: IssueKey, till: Till) -> None:
    reader, seller = (Caller(api_key(sonnenschein, one)) for one in (Scope.SALES_READ, Scope.SALES_WRITE))
    body = {"client_id": str(till.day.lena.pk), "lines": [{"product": str(till.oil.pk)}]}
    problem(_post(reader, "sales", body), 403, "missing_scope")
    sale = _post(seller, "sales", body).json()
    assert "client_id" not in sale
    problem(seller.get(f"sales/{sale['id']}"), 403, "missing_scope")
    assert "client_id" not in reader.get(f"sales/{sale['id']}").json()
    problem(reader.get(f"sales?client={till.day.lena.pk}"), 403, "missing_scope")


def test_somebody_who_sells_cannot_take_a_service_off_a_booking(
    sonnenschein: Salon, api_key: IssueKey, till: Till
) -> None:
    """Whatever is done to the booking from the till asks for the right to it."""
    with salon_scope(sonnenschein.pk):
        visit: UUID = till.visit(till.day.cut, till.day.brows).pk
    seller = Caller(api_key(sonnenschein, Scope.SALES_WRITE))
    sale = _post(seller, "sales", {"booking_id": str(visit)}).json()
    problem(seller("DELETE", f"sales/{sale['id']}/lines/{sale['lines'][1]['id']}"), 403, "not_allowed")
