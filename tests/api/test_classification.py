"""New or returning, asked by programs (api.md); the same answers as on the card (domain.md §4)."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from clients.cards import get_client
from clients.classification import CreatedVia
from clients.details import ClientDetails
from clients.editing import create_client
from clients.models import CardState, Client
from clients.rules import choose_identity_policy
from clients.standing import refresh
from clients.web.verdict import explain
from salon.api.scopes import Scope
from salon.audit.models import AuditEntry
from salon.identity.models import User
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey, problem, wrong

MAIL, PHONE = "sarahsmith@gmail.com", "0171 5550318"
SARAH = {"first_name": "Sarah", "email": MAIL, "phone": PHONE}


def _today(salon: Salon) -> date:
    return salon.date_at(timezone.now())


def _list(salon: Salon, *, days_ago: int = 0, created_via: CreatedVia = CreatedVia.STAFF, **facts: Any) -> Client:
    """Return a card of Sarah's, listed so many days ago, with a verdict for today."""
    # Days of the salon: two in a year have not 24 hours.
    now = timezone.now().astimezone(ZoneInfo(salon.timezone)) - timedelta(days_ago)
    with salon_scope(salon.pk):
        client = create_client(
            actor=system_actor("test"),
            salon=salon,
            details=ClientDetails("Sarah", "Smith", email=MAIL, mobile=PHONE),
            created_via=created_via,
            now=now,
        ).client
        Client.objects.filter(pk=client.pk).update(**facts)
        refresh([client.pk], today=_today(salon))
        return get_client(client.pk)


class TestClassify:
    """POST clients/classify."""

    def test_nobody_is_on_file(self, api: Caller) -> None:
        answer = api.post("clients/classify", SARAH)
        assert (answer.status_code, answer.json()) == (200, {"status": "NEW", "reason": "NOT_LISTED"})

    @pytest.mark.parametrize(
        ("changed", "expected"),
        [
            ({}, ("RETURNING", "RECENT_VISIT")),
            ({"email": f" {MAIL.upper()} ", "phone": "+49 171 555 03 18"}, ("RETURNING", "RECENT_VISIT")),
            ({"email": None}, ("RETURNING", "RECENT_VISIT")),
            ({"phone": None, "first_name": "Tom"}, ("RETURNING", "RECENT_VISIT")),
            ({"email": "sarah@work.example"}, ("NEW", "EMAIL_DIFFERS")),
            ({"first_name": "Tom", "phone": "0160 1234567"}, ("NEW", "NAME_AND_PHONE_DIFFER")),
            ({"first_name": "Tom", "email": ""}, ("NEW", "NOT_LISTED")),
        ],
    )
    def test_who_is_on_file(
        self, api: Caller, sonnenschein: Salon, changed: dict[str, Any], expected: tuple[str, str]
    ) -> None:
        _list(sonnenschein, last_visit_on=_today(sonnenschein) - timedelta(365))
        answer = api.post("clients/classify", {**SARAH, **changed}).json()
        assert answer == dict(zip(("status", "reason"), expected, strict=True))

    def test_the_salons_policy_holds(self, api: Caller, sonnenschein: Salon) -> None:
        _list(sonnenschein)
        other = {**SARAH, "email": "sarah@work.example"}
        assert api.post("clients/classify", other).json()["status"] == "NEW"
        with salon_scope(sonnenschein.pk):
            choose_identity_policy(actor=system_actor("test"), policy="LENIENT", now=timezone.now())
        assert api.post("clients/classify", other).json() == {"status": "RETURNING", "reason": "LISTED"}

    @pytest.mark.parametrize(
        ("body", "errors"),
        [
            ({}, {"first_name": "required"}),
            ({"first_name": ""}, {"first_name": "blank"}),
            ({"first_name": " "}, {"first_name": "required"}),
            ({"first_name": None}, {"first_name": "required"}),
            ({"first_name": 7}, {"first_name": "invalid"}),
            (
                {"first_name": "x" * 81, "email": "sarah@", "phone": "12"},
                {"first_name": "max_length", "email": "invalid", "phone": "invalid"},
            ),
            ({**SARAH, "last_name": "Smith"}, {"last_name": "unknown_field"}),
            ({**SARAH, "status": "NEW"}, {"status": "unknown_field"}),
        ],
    )
    def test_what_cannot_be_is_refused(self, api: Caller, body: dict[str, Any], errors: dict[str, str]) -> None:
        assert wrong(api.post("clients/classify", body)) == errors

    @pytest.mark.parametrize("nothing", [" ", None])
    def test_a_missing_first_name_is_told_without_a_last_one(self, api: Caller, nothing: str | None) -> None:
        (error,) = api.post("clients/classify", {"first_name": nothing}).json()["errors"]
        assert error["detail"] == "Enter a first name."

    def test_unknown_parameters_are_refused(self, api: Caller) -> None:
        assert wrong(api.post("clients/classify?on=2026-01-01", SARAH)) == {"on": "unknown_field"}

    def test_nothing_is_changed(self, api: Caller, sonnenschein: Salon) -> None:
        _list(sonnenschein)
        with salon_scope(sonnenschein.pk):
            before = list(Client.objects.values()), AuditEntry.objects.count()
        api.post("clients/classify", {**SARAH, "phone": "0160 1234567"})
        with salon_scope(sonnenschein.pk):
            assert (list(Client.objects.values()), AuditEntry.objects.count()) == before

    def test_who_may_not_read_clients_is_not_told(self, sonnenschein: Salon, api_key: IssueKey) -> None:
        others = [scope for scope in Scope if scope != Scope.CLIENTS_READ]
        caller = Caller(api_key(sonnenschein, *others))
        problem(caller.post("clients/classify", SARAH), 403, "missing_scope")

    def test_another_salons_cards_are_not_known(self, api_dom: Caller, sonnenschein: Salon) -> None:
        _list(sonnenschein)
        assert api_dom.post("clients/classify", SARAH).json()["reason"] == "NOT_LISTED"

    def test_a_repeated_call_gets_the_first_answer(self, api: Caller, sonnenschein: Salon) -> None:
        first = api.post("clients/classify", SARAH, Idempotency_Key="once")
        _list(sonnenschein)
        again = api.post("clients/classify", SARAH, Idempotency_Key="once")
        assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
        assert again["Idempotent-Replayed"] == "true"
        assert api.post("clients/classify", SARAH).json()["status"] == "RETURNING"


class TestClassification:
    """GET clients/{id}/classification."""

    def test_today(self, api: Caller, sonnenschein: Salon) -> None:
        today = _today(sonnenschein)
        visited = today - timedelta(200)
        client = _list(sonnenschein, days_ago=900, first_visit_on=visited, last_visit_on=visited)
        answer = api.get(f"clients/{client.pk}/classification")
        assert answer.status_code == 200
        assert answer.json() == {
            "status": "RETURNING",
            "reason": "RECENT_VISIT",
            "evidence": {
                "listed_on": str(today - timedelta(900)),
                "created_via": "STAFF",
                "last_success_on": str(visited),
            },
            "changes_on": str(visited + timedelta(366)),
        }

    def test_on_another_day_only_what_was_known_then_counts(self, api: Caller, sonnenschein: Salon) -> None:
        client = _list(
            sonnenschein,
            created_via=CreatedVia.ONLINE_BOOKING,
            listed_on=date(2023, 1, 16),
            first_visit_on=date(2023, 6, 1),
            last_visit_on=date(2025, 6, 1),
        )

        def on(day: str) -> Any:
            return api.get(f"clients/{client.pk}/classification?on={day}").json()

        nothing = {"listed_on": None, "created_via": None, "last_success_on": None}
        assert on("2023-01-15") == {"status": "NEW", "reason": "NOT_LISTED", "evidence": nothing, "changes_on": None}
        then = {"listed_on": "2023-01-16", "created_via": "ONLINE_BOOKING", "last_success_on": None}
        assert on("2023-05-31") == {
            "status": "NEW",
            "reason": "FIRST_VISIT_PENDING",
            "evidence": then,
            "changes_on": "2024-01-17",
        }
        assert on("2024-05-31")["reason"] == "RECENT_VISIT"
        assert on("2024-06-01") == {
            "status": "NEW",
            "reason": "LAPSED",
            "evidence": {**then, "last_success_on": "2023-06-01"},
            "changes_on": None,
        }
        assert on("2026-06-02")["reason"] == "LAPSED"
        assert on("9999-12-31")["reason"] == "LAPSED"

    @pytest.mark.parametrize("day", ["21.11.2026", "2026-11-31", "2026-1-1", "today", "2026-11-21T10:00", "0000-01-01"])
    def test_a_day_is_written_in_one_way(self, api: Caller, sonnenschein: Salon, day: str) -> None:
        client = _list(sonnenschein)
        for language in ("de", "en"):
            answer = api.get(f"clients/{client.pk}/classification?on={day}", Accept_Language=language)
            assert wrong(answer) == {"on": "invalid"}

    def test_parameters_are_known_and_filled(self, api: Caller, sonnenschein: Salon) -> None:
        client = _list(sonnenschein)
        assert wrong(api.get(f"clients/{client.pk}/classification?on=")) == {"on": "blank"}
        assert wrong(api.get(f"clients/{client.pk}/classification?day=2026-01-01")) == {"day": "unknown_field"}

    def test_who_is_not_there(self, api: Caller, api_dom: Caller, sonnenschein: Salon) -> None:
        client = _list(sonnenschein)
        problem(api.get(f"clients/{NOBODY}/classification"), 404, "not_found")
        problem(api_dom.get(f"clients/{client.pk}/classification"), 404, "not_found")
        with salon_scope(sonnenschein.pk):
            Client.objects.filter(pk=client.pk).update(state=CardState.ERASED)
        problem(api.get(f"clients/{client.pk}/classification"), 404, "not_found")

    def test_scope(self, sonnenschein: Salon, api_key: IssueKey) -> None:
        client = _list(sonnenschein)
        caller = Caller(api_key(sonnenschein, Scope.CLIENTS_WRITE))
        problem(caller.get(f"clients/{client.pk}/classification"), 403, "missing_scope")


FACTS: list[dict[str, Any]] = [
    {"days_ago": 900, "ago": 364},
    {"days_ago": 900, "ago": 365},
    {"days_ago": 900, "ago": 366},
    {"days_ago": 366},
    {"days_ago": 365},
    {"days_ago": 10, "created_via": CreatedVia.ONLINE_BOOKING},
    {"days_ago": 10, "created_via": CreatedVia.IMPORT},
    {"days_ago": 10, "created_via": CreatedVia.IMPORT, "ago": 700},
]


@pytest.mark.parametrize("given", FACTS)
def test_card_stored_verdict_and_both_calls_agree(
    given: dict[str, Any],
    sonnenschein: Salon,
    stylist: User,
    browser_of: Callable[[User], Browser],
    api: Caller,
) -> None:
    facts = dict(given)
    today = _today(sonnenschein)
    if ago := facts.pop("ago", None):
        facts["last_visit_on"] = today - timedelta(ago)
    client = _list(sonnenschein, **facts)
    told = api.get(f"clients/{client.pk}/classification").json()
    assert (client.status, client.status_reason) == (told["status"], told["reason"])
    assert str(client.status_changes_on or "") == (told["changes_on"] or "")
    assert api.post("clients/classify", SARAH).json() == {"status": told["status"], "reason": told["reason"]}
    with salon_scope(sonnenschein.pk), translation.override("de"):
        shown = explain(client, today)
    assert shown.tone == told["status"].lower()
    page = browser_of(stylist).get(f"/s/sonnenschein/clients/{client.pk}/").content.decode()
    assert shown.because in page
    assert shown.outlook in page


def test_queries_are_as_many_for_many_cards(api: Caller, sonnenschein: Salon) -> None:
    counts = []
    for number in range(20):
        _list(sonnenschein)
        if number in {1, 19}:
            with CaptureQueriesContext(connection) as seen:
                assert api.post("clients/classify", SARAH).status_code == 200
            counts.append(len(seen))
    assert counts[0] == counts[1]
