"""Refunds and voids as integrations make them, and as the browser does (api.md, domain.md §6)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client as Browser

from bookings.models import Method, Refund, Sale, SaleState
from clients.models import Client
from salon.api.scopes import Scope
from salon.audit.models import AuditEntry
from salon.identity.models import User
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey, problem, wrong
from tests.checkout.till import AFTER, Till, a_till, give_treatcard, product, service

pytestmark = pytest.mark.django_db
_KEYS = iter(range(10**6))


@pytest.fixture(autouse=True)
def tuesday(time_machine: Any) -> None:
    time_machine.move_to(AFTER)


@pytest.fixture
def till(sonnenschein: Salon) -> Till:
    with salon_scope(sonnenschein.pk):
        found = a_till(system_actor("Test"), sonnenschein)
        give_treatcard(found.day.lena)
        return found


def sold(till: Till) -> tuple[Sale, UUID]:
    """Sell a cut and three oils: 141.50, 224 points."""
    with salon_scope(till.salon.pk):
        sale = till.sold(service(till.day.cut), product(till.oil, 3))
        return sale, sale.lines.get(product=till.oil).pk


def _post(api: Caller, path: str, body: object) -> Any:
    return api.post(path, body, Idempotency_Key=f"refund {next(_KEYS)}")


def stored(till: Till, sale: Sale) -> tuple[str, str, int, int, list[str]]:
    with salon_scope(till.salon.pk):
        found = Sale.objects.get(pk=sale.pk)
        actions = AuditEntry.objects.filter(subject_id=sale.pk).order_by("recorded_at", "id")
        return (
            str(found.state),
            str(found.refunded),
            Client.objects.get(pk=till.day.lena.pk).points,
            Refund.objects.filter(sale=sale).count(),
            list(actions.values_list("action", flat=True))[2:],
        )


def test_a_refund_by_line_and_one_of_all_that_is_left(api: Caller, till: Till) -> None:
    sale, line = sold(till)
    answer = _post(api, f"sales/{sale.pk}/refunds", {"method": "CARD", "lines": [{"line": str(line), "quantity": 2}]})
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert [body[name] for name in ("state", "refunded", "points_earned", "due")] == [
        "PARTLY_REFUNDED", "55.00", 114, "0.00",
    ]  # fmt: skip
    assert [(one["refunded"], one["refunded_amount"]) for one in body["lines"]] == [(0, "0.00"), (2, "55.00")]
    assert answer["ETag"] == f'"{body["version"]}"'
    whole = _post(api, f"sales/{sale.pk}/refunds", {"method": "CARD"})
    assert (whole.status_code, whole.json()["state"], whole.json()["refunded"]) == (201, "REFUNDED", "141.50")
    again = _post(api, f"sales/{sale.pk}/refunds", {"method": "CARD"})
    problem(again, 409, "already_refunded")


def test_what_was_paid_in_two_ways_goes_back_so(api: Caller, till: Till) -> None:
    """Without a method as it came; with one, a receipt holds for no more than was paid with it."""
    with salon_scope(till.salon.pk):
        sale = till.open(service(till.day.cut))
        till.pay(sale, "34.00")
        till.pay(sale, method=Method.EXTERNAL_TILL, reference="K-4711")
    refused = _post(api, f"sales/{sale.pk}/refunds", {"method": "EXTERNAL_TILL"})
    assert (refused.status_code, wrong(refused)) == (400, {"reference": "required"})
    answer = _post(api, f"sales/{sale.pk}/refunds", {})
    assert (answer.status_code, answer.json()["state"]) == (201, "REFUNDED")
    with salon_scope(till.salon.pk):
        given = Refund.objects.filter(sale=sale).order_by("id").values_list("method", "amount", "reference")
        assert [(by, str(amount), known) for by, amount, known in given] == [
            ("CARD", "34.00", ""),
            ("EXTERNAL_TILL", "25.00", "K-4711"),
        ]


def test_the_same_key_gives_back_once(api: Caller, till: Till) -> None:
    sale, line = sold(till)
    body = {"method": "CARD", "lines": [{"line": str(line), "quantity": 1}]}
    path = f"sales/{sale.pk}/refunds"
    first, second = (api.post(path, body, Idempotency_Key="once") for _ in range(2))
    assert (first.status_code, second.status_code, second["Idempotent-Replayed"]) == (201, 201, "true")
    assert stored(till, sale)[1:4] == ("27.50", 169, 1)
    without = api.post(path, body)
    problem(without, 400, "idempotency_key_required")


def test_a_void(api: Caller, till: Till) -> None:
    sale, _line = sold(till)
    answer = api.post(f"sales/{sale.pk}/void", None)
    assert (answer.status_code, answer.json()["state"], answer.json()["refunded"]) == (200, "VOID", "141.50")
    assert stored(till, sale)[2] == 0
    again = api.post(f"sales/{sale.pk}/void", {"reason": "Noch einmal"})
    problem(again, 409, "sale_void")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"method": "GOLD"}, [("method", "invalid_choice")]),
        ({"method": "CARD", "lines": []}, [("lines", "required")]),
        ({"method": "CARD", "lines": [{"line": NOBODY, "quantity": 1}]}, [("lines.0.line", "not_found")]),
        ({"method": "CARD", "lines": [{"line": "LINE", "quantity": 0}]}, [("lines.0.quantity", "range")]),
        ({"method": "CARD", "lines": [{"line": "LINE", "quantity": -1}]}, [("lines.0.quantity", "range")]),
        (
            {"method": "CARD", "lines": [{"line": "LINE", "quantity": 1}, {"line": "LINE", "quantity": 1}]},
            [("lines.1.line", "duplicate")],
        ),
        ({"method": "CARD", "reason": "x" * 201}, [("reason", "max_length")]),
        ({"method": "CARD", "amount": "5.00"}, [("amount", "unknown_field")]),
        ({"method": "EXTERNAL_TILL"}, [("reference", "required")]),
    ],
)
def test_what_makes_no_sense(api: Caller, till: Till, body: dict[str, Any], errors: list[tuple[str, str]]) -> None:
    sale, line = sold(till)
    if body.get("lines"):
        named = [{**one, "line": str(line) if one["line"] == "LINE" else one["line"]} for one in body["lines"]]
        body = {**body, "lines": named}
    answer = _post(api, f"sales/{sale.pk}/refunds", body)
    assert answer.status_code == 400, answer.content
    assert wrong(answer) == dict(errors)
    assert stored(till, sale) == ("PAID", "0.00", 224, 0, ["sale.paid"])


def test_what_the_till_refuses(api: Caller, till: Till, sonnenschein: Salon, api_key: IssueKey) -> None:
    sale, line = sold(till)
    too_much = _post(api, f"sales/{sale.pk}/refunds", {"method": "CARD", "lines": [{"line": str(line), "quantity": 4}]})
    told = too_much.json()
    assert (too_much.status_code, told["code"], told["line"], told["left"]) == (409, "refund_too_much", str(line), 3)
    cash = _post(api, f"sales/{sale.pk}/refunds", {"method": "CASH"})
    problem(cash, 409, "method_not_allowed")
    with salon_scope(till.salon.pk):
        open_one = till.open(product(till.oil))
    unpaid = _post(api, f"sales/{open_one.pk}/refunds", {"method": "CARD"})
    problem(unpaid, 409, "sale_not_paid")
    assert _post(api, f"sales/{NOBODY}/refunds", {"method": "CARD"}).status_code == 404
    reading = Caller(api_key(sonnenschein, Scope.SALES_READ))
    problem(_post(reading, f"sales/{sale.pk}/void", {}), 403, "missing_scope")
    assert stored(till, sale) == ("PAID", "0.00", 224, 0, ["sale.paid"])


def test_browser_and_api_do_the_same(
    api: Caller, till: Till, manager: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(manager)
    by_api, line = sold(till)
    _post(api, f"sales/{by_api.pk}/refunds", {"method": "CARD", "lines": [{"line": str(line), "quantity": 2}]})
    told = stored(till, by_api)
    by_hand, line = sold(till)
    page = f"/s/sonnenschein/checkout/{by_hand.pk}/"
    answer = browser.post(f"{page}refund/", {"method": "CARD", f"quantity-{line}": "2"})
    assert (answer.status_code, answer.headers["Location"]) == (302, page)
    assert stored(till, by_hand)[:2] == told[:2] == ("PARTLY_REFUNDED", "55.00")
    assert stored(till, by_hand)[3:] == told[3:] == (1, ["sale.paid", "sale.refunded"])
    # Refused for the same reason.
    too_much = {"method": "CARD", "lines": [{"line": str(line), "quantity": 2}]}
    assert _post(api, f"sales/{by_hand.pk}/refunds", too_much).json()["code"] == "refund_too_much"
    answer = browser.post(f"{page}refund/", {"method": "CARD", f"quantity-{line}": "2"})
    assert answer.status_code == 422
    assert "Von „Haaröl“ kann nur noch 1 erstattet werden." in answer.text
    browser.post(f"{page}void/", {"reason": "Falsch"})
    _post(api, f"sales/{by_api.pk}/void", {"reason": "Falsch"})
    assert stored(till, by_hand) == stored(till, by_api)
    assert stored(till, by_hand)[0] == SaleState.VOID
    with salon_scope(till.salon.pk):
        assert Client.objects.get(pk=till.day.lena.pk).points == 0
