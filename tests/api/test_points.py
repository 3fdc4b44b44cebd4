"""Treatcards and points through the API (api.md), and that they are what the browser's are."""

from datetime import timedelta

import pytest

from clients.models import Client, PointsEntry
from clients.points import adjust
from salon.api.scopes import Scope
from salon.audit.models import AuditEntry
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey, problem, wrong
from tests.api.test_statements import FRAME, _statements
from tests.conftest import NOW
from tests.points.world import MANAGER, book, holder

pytestmark = pytest.mark.django_db(transaction=True)
ONCE = {"Idempotency_Key": "einmal"}


@pytest.fixture
def lena(sonnenschein: Salon) -> Client:
    with salon_scope(sonnenschein.pk):
        return holder("Lena", points=350)


def _path(client: Client, rest: str = "points") -> str:
    return f"clients/{client.pk}/{rest}"


def test_a_card_is_given_generated_and_replaced(api: Caller, lena: Client) -> None:
    assert api.post(_path(lena, "treatcard"), {"number": " tc 77 "}).json() == {"number": "TC77", "points": 350}
    first = api.post(_path(lena, "treatcard"), {})
    assert (first.status_code, first.json()) == (200, {"number": f"TC-{lena.number:05}", "points": 350})
    assert api.post(_path(lena, "treatcard"), {"number": None}).json()["number"] == f"TC-{lena.number:05}-2"


def test_a_number_stands_once_in_a_salon(api: Caller, sonnenschein: Salon, lena: Client) -> None:
    with salon_scope(sonnenschein.pk):
        mia = holder("Mia")
    assert wrong(api.post(_path(mia, "treatcard"), {"number": lena.treatcard_number})) == {
        "number": "treatcard_number_taken"
    }
    for number, code in (("x" * 33, "max_length"), ("tc", "min_length"), ("tc/318", "invalid")):
        assert wrong(api.post(_path(mia, "treatcard"), {"number": number})) == {"number": code}
    assert wrong(api.post(_path(mia, "treatcard"), {"points": 5})) == {"points": "read_only"}
    problem(api.post(f"clients/{NOBODY}/treatcard", {}), 404, "not_found")


def test_the_balance_and_where_its_changes_are(api: Caller, lena: Client) -> None:
    found = api.get(_path(lena)).json()
    assert found == {
        "treatcard_number": "TC-LENA",
        "points": 350,
        "entries": f"http://testserver/api/v1/clients/{lena.pk}/points/entries",
    }
    assert api.get(found["entries"]).json()["results"][0]["balance_after"] == 350


def test_entries_newest_first_page_by_page(api: Caller, sonnenschein: Salon, lena: Client) -> None:
    with salon_scope(sonnenschein.pk):
        for points in (1, -2, 3):
            book(lena, points)
    first = api.get(_path(lena, "points/entries?limit=3")).json()
    assert [(one["points"], one["balance_after"]) for one in first["results"]] == [(3, 352), (-2, 349), (1, 351)]
    second = api.get(first["next"]).json()
    assert [one["points"] for one in second["results"]] == [350]
    assert (second["next"], api.get(second["previous"]).json()["results"]) == (None, first["results"])
    assert set(first["results"][0]) == {"id", "points", "balance_after", "cause", "reason", "actor", "created_at"}


def test_an_adjustment_is_an_entry(api: Caller, lena: Client) -> None:
    answer = api.post(_path(lena, "points/adjustments"), {"points": -50, "reason": "Falsch gebucht"}, **ONCE)
    assert answer.status_code == 201
    entry = answer.json()
    assert (entry["points"], entry["balance_after"], entry["cause"], entry["reason"], entry["actor"]) == (
        -50, 300, "ADJUSTED", "Falsch gebucht", "Online booking",
    )  # fmt: skip
    assert api.get(_path(lena, "points/entries")).json()["results"][0] == entry
    again = api.post(_path(lena, "points/adjustments"), {"points": -50, "reason": "Falsch gebucht"}, **ONCE)
    assert (again.content, again["Idempotent-Replayed"]) == (answer.content, "true")
    assert api.get(_path(lena)).json()["points"] == 300


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"points": 0, "reason": "x"}, {"points": "range"}),
        ({"points": 5, "reason": " "}, {"reason": "required"}),
        ({"points": 5}, {"reason": "required"}),
        ({"reason": "x"}, {"points": "required"}),
        ({"points": "5", "reason": "x"}, {"points": "invalid"}),
        ({"points": True, "reason": "x"}, {"points": "invalid"}),
        ({"points": 1.5, "reason": "x"}, {"points": "invalid"}),
        ({"points": 10**30, "reason": "x"}, {"points": "range"}),
        ({"points": 5, "reason": "x", "cause": "EARNED"}, {"cause": "read_only"}),
    ],
)
def test_bad_adjustments(api: Caller, lena: Client, body: dict[str, object], errors: dict[str, str]) -> None:
    assert wrong(api.post(_path(lena, "points/adjustments"), body, **ONCE)) == errors
    assert api.get(_path(lena)).json()["points"] == 350


def test_what_is_refused(api: Caller, sonnenschein: Salon, lena: Client, api_dom: Caller) -> None:
    body = {"points": 5, "reason": "Kulanz"}
    problem(api.post(_path(lena, "points/adjustments"), body), 400, "idempotency_key_required")
    with salon_scope(sonnenschein.pk):
        Client.objects.update(treatcard_number="")
    problem(api.post(_path(lena, "points/adjustments"), body, **ONCE), 409, "no_treatcard")
    for caller, path in ((api_dom, _path(lena)), (api, f"clients/{NOBODY}/points")):
        problem(caller.get(path), 404, "not_found")
        problem(caller.get(f"{path}/entries"), 404, "not_found")
        problem(caller.post(f"{path}/adjustments", body, **ONCE), 404, "not_found")


def test_each_asks_for_its_scope(sonnenschein: Salon, lena: Client, api_key: IssueKey) -> None:
    reader = Caller(api_key(sonnenschein, Scope.LOYALTY_READ))
    assert reader.get(_path(lena)).status_code == 200
    problem(reader.post(_path(lena, "points/adjustments"), {"points": 5, "reason": "x"}, **ONCE), 403, "missing_scope")
    problem(reader.post(_path(lena, "treatcard"), {}), 403, "missing_scope")
    problem(Caller(api_key(sonnenschein, Scope.CLIENTS_READ)).get(_path(lena)), 403, "missing_scope")


def test_an_adjustment_is_the_same_whoever_makes_it(api: Caller, sonnenschein: Salon, lena: Client) -> None:
    """One rule, two interfaces: what a program leaves behind is what the operation leaves, but for who it was."""
    api.post(_path(lena, "points/adjustments"), {"points": 5, "reason": " Kulanz  heute "}, **ONCE)
    with salon_scope(sonnenschein.pk):
        mia = holder("Mia", points=350)
        adjust(actor=MANAGER, client_id=mia.pk, points=5, reason=" Kulanz  heute ", now=NOW + timedelta(hours=1))
        left = [
            (
                [
                    (one.number, one.points, one.balance_after, one.cause, one.reason, one.rules_version)
                    for one in PointsEntry.objects.filter(client=client).order_by("number")
                ],
                [
                    (one.action, one.changes)
                    for one in AuditEntry.objects.filter(client_id=client.pk).order_by("recorded_at", "id")
                ],
                Client.objects.get(pk=client.pk).version,
            )
            for client in (lena, mia)
        ]
        assert left[0] == left[1]


@pytest.mark.parametrize("rows", [2, 20])
def test_statements(api: Caller, sonnenschein: Salon, lena: Client, rows: int) -> None:
    with salon_scope(sonnenschein.pk):
        for _ in range(rows):
            book(lena, 1)
    assert _statements(lambda: api.get(_path(lena))) == (200, [*FRAME[:-1], "SELECT", "COMMIT"])
    assert _statements(lambda: api.get(_path(lena, "points/entries"))) == (
        200, [*FRAME[:-1], "SELECT", "SELECT", "COMMIT"],
    )  # fmt: skip
    status, found = _statements(
        lambda: api.post(_path(lena, "points/adjustments"), {"points": 5, "reason": "Kulanz"}, **ONCE)
    )
    # Between both of the repetition: her card, then balance, entry and audit in one.
    work = ["SAVEPOINT", "SELECT", "WITH", "RELEASE"]
    assert (status, found) == (201, [*FRAME[:-1], "WITH", *work, "INSERT", "COMMIT"])
