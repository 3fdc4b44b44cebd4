"""`/api/v1/loyalty/settings` and `/api/v1/rewards`, and that the browser's forms do the same (api.md)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from loyalty.models import LoyaltyRules, Reward
from salon.api.scopes import Scope
from salon.audit.models import AuditEntry
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey, problem, wrong
from tests.bookings.salonday import make_service
from tests.loyalty.shelf import make_product, make_reward

DEFAULTS = {
    "points_per_euro_services": "1.00",
    "points_per_euro_products": "2.00",
    "no_show_returns": True,
    "numbers_by_itself": False,
    "clients_see_rewards": False,
    "expire_after_months": None,
    "referral_points": None,
    "version": 0,
}
RATES = {"points_per_euro_services": "1.5", "points_per_euro_products": "3"}
TREATCARD = "/s/sonnenschein/marketing/treatcard/"


@pytest.fixture
def shave(sonnenschein: Salon) -> UUID:
    with salon_scope(sonnenschein.pk):
        return make_service("Nassrasur", 30, price="25.00").pk


@pytest.fixture
def oil(sonnenschein: Salon) -> UUID:
    with salon_scope(sonnenschein.pk):
        return make_product().pk


def put(api: Caller, body: object, **headers: str) -> Any:
    return api("PUT", "loyalty/settings", body, **headers)


def test_settings_that_nobody_has_decided(api: Caller) -> None:
    answer = api.get("loyalty/settings")
    assert (answer.status_code, answer.json(), answer["ETag"]) == (200, DEFAULTS, '"0"')


def test_settings_are_changed(api: Caller, sonnenschein: Salon) -> None:
    answer = put(api, RATES)
    changed = {**DEFAULTS, "points_per_euro_services": "1.50", "points_per_euro_products": "3.00", "version": 1}
    assert (answer.status_code, answer.json(), answer["ETag"]) == (200, changed, '"1"')
    more = put(api, {**RATES, "expire_after_months": 24, "no_show_returns": False}, If_Match='"1"').json()
    assert more == {**changed, "expire_after_months": 24, "no_show_returns": False, "version": 2}
    # What is left out stays; the same again makes no version.
    assert put(api, RATES).json() == more
    assert api.get("loyalty/settings").json() == more
    with salon_scope(sonnenschein.pk):
        assert LoyaltyRules.objects.count() == 2


def test_settings_of_a_version_that_is_past(api: Caller) -> None:
    assert put(api, RATES, If_Match='"0"').status_code == 200
    problem(put(api, {**RATES, "referral_points": 5}, If_Match='"0"'), 412, "version_conflict")
    assert api.get("loyalty/settings").json()["referral_points"] is None


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"points_per_euro_services": "required", "points_per_euro_products": "required"}),
        ({**RATES, "points_per_euro_services": "-1"}, {"points_per_euro_services": "range"}),
        ({**RATES, "points_per_euro_services": "1.005"}, {"points_per_euro_services": "decimal_places"}),
        ({**RATES, "points_per_euro_services": "1,5"}, {"points_per_euro_services": "invalid"}),
        ({**RATES, "points_per_euro_services": None}, {"points_per_euro_services": "null"}),
        ({**RATES, "expire_after_months": 0}, {"expire_after_months": "range"}),
        ({**RATES, "referral_points": 100_001}, {"referral_points": "range"}),
        ({**RATES, "no_show_returns": "yes"}, {"no_show_returns": "invalid"}),
        ({**RATES, "version": 4}, {"version": "read_only"}),
        ({**RATES, "rate": 4}, {"rate": "unknown_field"}),
    ],
)
def test_settings_that_cannot_hold(api: Caller, body: object, errors: dict[str, str]) -> None:
    assert wrong(put(api, body)) == errors
    assert api.get("loyalty/settings").json() == DEFAULTS


def test_a_reward_is_made_read_and_changed(api: Caller, shave: UUID) -> None:
    answer = api.post("rewards", {"service": str(shave)})
    made = answer.json()
    assert (answer.status_code, answer["ETag"]) == (201, '"1"')
    assert answer["Location"] == f"http://testserver/api/v1/rewards/{made['id']}"
    assert made == {
        "id": made["id"],
        "kind": "SERVICE",
        "service": str(shave),
        "product": None,
        "name": "Nassrasur",
        "points": 350,
        "matrix": "FIRST_TIME",
        "archived": False,
        "version": 1,
    }
    assert api.get(answer["Location"]).json() == made
    changed = api.patch(f"rewards/{made['id']}", {"points": 300, "matrix": "ANYTIME"}, If_Match='"1"')
    assert changed.json() == {**made, "points": 300, "matrix": "ANYTIME", "version": 2}
    assert api.patch(f"rewards/{made['id']}", {"points": None}).json()["points"] == 350
    problem(api.patch(f"rewards/{made['id']}", {"points": 1}, If_Match='"1"'), 412, "version_conflict")


def test_a_reward_of_a_product(api: Caller, oil: UUID) -> None:
    body = {"kind": "PRODUCT", "product": str(oil), "service": None, "points": 99, "matrix": "ANYTIME"}
    made = api.post("rewards", body).json()
    assert (made["kind"], made["product"], made["service"], made["points"]) == ("PRODUCT", str(oil), None, 99)


def test_rewards_that_are_refused(api: Caller, api_dom: Caller, shave: UUID, oil: UUID) -> None:
    assert wrong(api.post("rewards", {})) == {"service": "required"}
    assert wrong(api.post("rewards", {"service": str(shave), "product": str(oil)})) == {"service": "not_combinable"}
    assert wrong(api.post("rewards", {"service": str(shave), "kind": "PRODUCT"})) == {"kind": "invalid"}
    assert wrong(api.post("rewards", {"service": NOBODY})) == {"service": "not_found"}
    assert wrong(api.post("rewards", {"product": str(shave)})) == {"product": "not_found"}
    assert wrong(api_dom.post("rewards", {"service": str(shave)})) == {"service": "not_found"}
    assert wrong(api.post("rewards", {"service": str(shave), "points": 0})) == {"points": "range"}
    assert wrong(api.post("rewards", {"service": str(shave), "points": "x"})) == {"points": "invalid"}
    assert wrong(api.post("rewards", {"service": str(shave), "matrix": "NEVER"})) == {"matrix": "invalid_choice"}
    assert wrong(api.post("rewards", {"service": str(shave), "archived": True})) == {"archived": "unknown_field"}
    assert api.get("rewards").json()["results"] == []
    api.post("rewards", {"service": str(shave)})
    assert wrong(api.post("rewards", {"service": str(shave)})) == {"service": "duplicate_reward"}


def test_rewards_are_archived_and_restored(api: Caller, shave: UUID, oil: UUID) -> None:
    first = api.post("rewards", {"service": str(shave)}).json()
    second = api.post("rewards", {"product": str(oil)}).json()
    archived = api.post("rewards/archive", {"rewards": [first["id"]]})
    assert archived.json() == {"results": [{**first, "archived": True, "version": 2}]}
    assert api.post("rewards/archive", {"rewards": [first["id"]]}).json() == {"results": []}
    problem(api.patch(f"rewards/{first['id']}", {"points": 5}), 409, "reward_archived")
    assert [one["id"] for one in api.get("rewards").json()["results"]] == [second["id"], first["id"]]
    assert [one["id"] for one in api.get("rewards?archived=false").json()["results"]] == [second["id"]]
    assert [one["id"] for one in api.get("rewards?archived=true").json()["results"]] == [first["id"]]
    assert wrong(api.get("rewards?archived=maybe")) == {"archived": "invalid_choice"}
    restored = api.post("rewards/restore", {"rewards": [first["id"], second["id"]]}).json()["results"]
    assert restored == [{**first, "version": 3}]


def test_several_are_archived_or_none(api: Caller, api_dom: Caller, shave: UUID) -> None:
    made = api.post("rewards", {"service": str(shave)}).json()
    assert wrong(api.post("rewards/archive", {"rewards": [made["id"], NOBODY]})) == {"rewards.1": "not_found"}
    assert wrong(api.post("rewards/archive", {"rewards": []})) == {"rewards": "min_length"}
    assert wrong(api.post("rewards/archive", {})) == {"rewards": "required"}
    assert wrong(api_dom.post("rewards/archive", {"rewards": [made["id"]]})) == {"rewards.0": "not_found"}
    assert api_dom.get(f"rewards/{made['id']}").status_code == 404
    assert api_dom.patch(f"rewards/{made['id']}", {"points": 1}).status_code == 404
    assert api.get(f"rewards/{made['id']}").json() == made


def test_a_twin_is_not_restored(api: Caller, shave: UUID) -> None:
    first = api.post("rewards", {"service": str(shave)}).json()
    api.post("rewards/archive", {"rewards": [first["id"]]})
    api.post("rewards", {"service": str(shave)})
    problem(api.post("rewards/restore", {"rewards": [first["id"]]}), 409, "reward_exists")


def test_a_reward_is_made_once_under_one_key(api: Caller, shave: UUID) -> None:
    answers = [api.post("rewards", {"service": str(shave)}, Idempotency_Key="once") for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert len(api.get("rewards").json()["results"]) == 1


def test_keys_that_may_not(sonnenschein: Salon, api_key: IssueKey, shave: UUID) -> None:
    reader = Caller(api_key(sonnenschein, Scope.LOYALTY_READ))
    stranger = Caller(api_key(sonnenschein, Scope.CLIENTS_READ))
    assert reader.get("rewards").status_code == 200
    assert reader.get("loyalty/settings").status_code == 200
    problem(put(reader, RATES), 403, "missing_scope")
    problem(reader.post("rewards", {"service": str(shave)}), 403, "missing_scope")
    problem(reader.post("rewards/archive", {"rewards": [NOBODY]}), 403, "missing_scope")
    problem(stranger.get("rewards"), 403, "missing_scope")
    problem(stranger.get("loyalty/settings"), 403, "missing_scope")


@pytest.mark.parametrize("rows", [2, 20])
@pytest.mark.parametrize(
    ("path", "statements"), [("rewards", 4), ("rewards?archived=false", 4), ("loyalty/settings", 4)]
)
@pytest.mark.django_db(transaction=True)
def test_as_many_statements_with_few_as_with_many(
    api: Caller, sonnenschein: Salon, rows: int, path: str, statements: int
) -> None:
    with salon_scope(sonnenschein.pk):
        for place in range(rows):
            make_reward(make_service(f"Dienst {place}"))
    api.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert api.get(path).status_code == 200
    assert len(queries) == statements, [one["sql"] for one in queries]


# The same by the browser's forms: the same rows, the same told to the audit, the same refused.


def _told(salon: Salon, action: str) -> list[Any]:
    with salon_scope(salon.pk):
        return [entry.changes for entry in AuditEntry.objects.filter(action=action).order_by("recorded_at", "id")]


def test_settings_by_form_and_by_call_are_one(
    sonnenschein: Salon, api: Caller, manager: User, browser_of: Callable[[User], Browser]
) -> None:
    typed = {"points_per_euro_services": "1,5", "points_per_euro_products": "3", "no_show_returns": "on"}
    assert browser_of(manager).post(TREATCARD, typed).status_code == 302
    by_form = api.get("loyalty/settings").json()
    assert put(api, {"points_per_euro_services": "1", "points_per_euro_products": "2"}).status_code == 200
    assert put(api, RATES).json() == {**by_form, "version": 3}
    told = _told(sonnenschein, "loyalty_rules.changed")
    assert [{one["field"] for one in changes} for changes in told] == [set(RATES)] * 3


@pytest.mark.parametrize(
    ("points", "field"), [("0", "points"), ("1000001", "points"), ("", None), ("350", None), ("400", None)]
)
def test_rewards_by_form_and_by_call_are_one(
    sonnenschein: Salon,
    api: Caller,
    manager: User,
    browser_of: Callable[[User], Browser],
    points: str,
    field: str | None,
) -> None:
    with salon_scope(sonnenschein.pk):
        one, other = (make_service(name, price="25.00") for name in ("Bart", "Nassrasur"))
    typed = {"item": str(one.pk), "points": points, "matrix": "ANYTIME"}
    form = browser_of(manager).post(f"{TREATCARD}services/new/", typed)
    sent = {"service": str(other.pk), "points": int(points) if points else None, "matrix": "ANYTIME"}
    call = api.post("rewards", sent)
    if field:
        assert list(form.context["form"].errors) == [field]
        assert wrong(call) == {field: "range"}
        return
    assert (form.status_code, call.status_code) == (302, 201)
    with salon_scope(sonnenschein.pk):
        rows = [
            (found.points, found.list_price, found.matrix, found.version)
            for found in (Reward.objects.get(service=one), Reward.objects.get(service=other))
        ]
    assert rows[0] == rows[1]
    by_form, by_call = _told(sonnenschein, "reward.added")
    assert by_form[1:] == by_call[1:]
