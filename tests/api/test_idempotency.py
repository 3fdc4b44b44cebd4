"""A POST repeated with its key has one effect and one answer (quality.md §2)."""

import os
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import ProgrammingError, connection, transaction
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from clients.models import Client
from salon.api.endpoint import Endpoint
from salon.api.idempotency import Idempotency, forget_answers, idempotent
from salon.api.models import StoredAnswer
from salon.api.scopes import Scope
from salon.api.tasks import forget_answers as forget_in_all_salons
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import Caller, IssueKey, problem, wrong

ANNA = {"first_name": "Anna"}

ROUNDS = 10 if os.environ.get("SOAK") else 1


class Payments(Endpoint):
    """A call that must not be made twice, as payments will be."""

    scopes = {"POST": Scope.SALES_WRITE}

    @idempotent(Idempotency.REQUIRED)
    def post(self, request: Request) -> Response:
        return Response({"paid": request.data}, 201)


urlpatterns = [path("api/v1/payments", Payments.as_view())]


def _count(salon: Salon) -> int:
    with salon_scope(salon.pk):
        return Client.objects.count()


def test_the_first_answer_is_repeated_byte_by_byte(api: Caller, sonnenschein: Salon) -> None:
    first = api.post("clients", ANNA, Idempotency_Key="a")
    assert first.status_code == 201
    assert "Idempotent-Replayed" not in first
    api.patch(first["Location"], {"first_name": "Anne"})
    for _ in range(20):
        again = api.post("clients", ANNA, Idempotency_Key="a")
        assert (again.status_code, again.content, again["Location"], again["ETag"]) == (
            201, first.content, first["Location"], first["ETag"],
        )  # fmt: skip
        assert again["Idempotent-Replayed"] == "true"
    assert _count(sonnenschein) == 1


def test_without_the_header_each_call_has_its_effect(api: Caller, sonnenschein: Salon) -> None:
    assert [api.post("clients", ANNA).json()["number"] for _ in range(3)] == [1, 2, 3]


def test_the_key_stands_for_one_call(api: Caller, sonnenschein: Salon) -> None:
    api.post("clients", ANNA, Idempotency_Key="a")
    problem(api.post("clients", {"first_name": "Berta"}, Idempotency_Key="a"), 422, "idempotency_key_reused")
    problem(api.post("clients", b'{"first_name":"Anna"}', Idempotency_Key="a"), 422, "idempotency_key_reused")
    assert _count(sonnenschein) == 1


def test_keys_of_two_integrations_and_two_salons_are_apart(
    api: Caller, api_dom: Caller, sonnenschein: Salon, api_key: IssueKey
) -> None:
    for caller in (api, api_dom, Caller(api_key(sonnenschein))):
        answer = caller.post("clients", ANNA, Idempotency_Key="a")
        assert (answer.status_code, "Idempotent-Replayed" in answer) == (201, False)


@pytest.mark.parametrize("key", ["x", "x" * 255, "with spaces inside", '"quoted"'])
def test_keys_that_can_be(api: Caller, key: str) -> None:
    assert api.post("clients", ANNA, Idempotency_Key=key).status_code == 201
    assert api.post("clients", ANNA, Idempotency_Key=key)["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", " x", "x" * 256, "ü", "a\tb", "a\x00b"])
def test_keys_that_cannot_be(api: Caller, key: str, sonnenschein: Salon) -> None:
    assert wrong(api.post("clients", ANNA, Idempotency_Key=key)) == {"Idempotency-Key": "invalid"}
    assert _count(sonnenschein) == 0


def test_after_a_refusal_the_key_is_free_again(api: Caller, sonnenschein: Salon) -> None:
    assert wrong(api.post("clients", {"email": "x"}, Idempotency_Key="a"))
    with salon_scope(sonnenschein.pk):
        assert StoredAnswer.objects.count() == 0
    answer = api.post("clients", ANNA, Idempotency_Key="a")
    assert (answer.status_code, "Idempotent-Replayed" in answer) == (201, False)


@pytest.mark.django_db(transaction=True)
def test_after_a_fault_the_key_is_free_again(api: Caller, sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(client: Client) -> dict[str, Any]:
        raise ZeroDivisionError

    api.browser.raise_request_exception = False
    with monkeypatch.context() as patched:
        patched.setattr("clients.api.views.shown", fail)
        problem(api.post("clients", ANNA, Idempotency_Key="a"), 500, "internal_error")
    assert _count(sonnenschein) == 0
    assert api.post("clients", ANNA, Idempotency_Key="a").json()["number"] == 1
    assert api.post("clients", ANNA, Idempotency_Key="a")["Idempotent-Replayed"] == "true"
    assert _count(sonnenschein) == 1


def test_kept_for_24_hours(api: Caller, sonnenschein: Salon) -> None:
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        api.post("clients", ANNA, Idempotency_Key="a")
        clock.shift(timedelta(hours=24) - timedelta(microseconds=1))
        assert api.post("clients", ANNA, Idempotency_Key="a")["Idempotent-Replayed"] == "true"
        clock.shift(timedelta(microseconds=1))
        assert "Idempotent-Replayed" not in api.post("clients", ANNA, Idempotency_Key="a")
        assert api.post("clients", ANNA, Idempotency_Key="a")["Idempotent-Replayed"] == "true"
        api.post("clients", ANNA, Idempotency_Key="b")
        with salon_scope(sonnenschein.pk):
            assert forget_answers(now=start + timedelta(hours=24)) == 0
            assert forget_answers(now=start + timedelta(hours=48)) == 2


@pytest.mark.django_db(transaction=True)
def test_the_hourly_work_forgets_in_every_salon(api: Caller, api_dom: Caller) -> None:
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        for caller in (api, api_dom):
            caller.post("clients", ANNA, Idempotency_Key="a")
        clock.shift(timedelta(hours=23))
        api.post("clients", ANNA, Idempotency_Key="b")
        clock.shift(timedelta(hours=1))
        assert forget_in_all_salons() == 2
        assert "Idempotent-Replayed" in api.post("clients", ANNA, Idempotency_Key="b")


def test_stored_answers_cannot_be_changed(api: Caller, sonnenschein: Salon) -> None:
    api.post("clients", ANNA, Idempotency_Key="a")
    with salon_scope(sonnenschein.pk), pytest.raises(ProgrammingError), transaction.atomic():
        StoredAnswer.objects.update(body=b"{}")


@pytest.mark.urls(__name__)
def test_a_call_that_needs_the_header(api: Caller) -> None:
    problem(api.post("payments", {}), 400, "idempotency_key_required")
    assert api.post("payments", {}, Idempotency_Key="a").status_code == 201


def _at_once(callers: int, call: Callable[[], Any]) -> list[Any]:
    """Make the same call from many threads, all starting together."""
    start = threading.Barrier(callers)
    answers: list[Any] = []

    def run() -> None:
        start.wait()
        try:
            answers.append(call())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(ROUNDS))
def test_50_at_once_have_one_effect(api: Caller, sonnenschein: Salon, _round: int) -> None:
    answers = _at_once(50, lambda: Caller(api.key).post("clients", ANNA, Idempotency_Key="a"))
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {201, 409}
    assert statuses.total() == 50
    assert _count(sonnenschein) == 1
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in made}) == 1
    assert sum("Idempotent-Replayed" not in answer for answer in made) == 1
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "idempotency_in_progress")
    for _ in range(20):
        assert api.post("clients", ANNA, Idempotency_Key="a").content == made[0].content
    assert _count(sonnenschein) == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_key_20_at_once_have_20_effects(api: Caller, sonnenschein: Salon) -> None:
    """The control: it is the key that keeps the test above to one."""
    answers = _at_once(20, lambda: Caller(api.key).post("clients", ANNA))
    assert Counter(answer.status_code for answer in answers) == {201: 20}
    with salon_scope(sonnenschein.pk):
        assert sorted(Client.objects.values_list("number", flat=True)) == list(range(1, 21))


@pytest.mark.django_db(transaction=True)
def test_while_the_first_runs_the_second_is_told_at_once(
    api: Caller, sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, leave = threading.Event(), threading.Event()

    def wait(client: Client) -> dict[str, Any]:
        inside.set()
        assert leave.wait(10)
        return {"number": client.number}

    monkeypatch.setattr("clients.api.views.shown", wait)
    first: list[Any] = []

    def call() -> None:
        first.append(Caller(api.key).post("clients", ANNA, Idempotency_Key="a"))
        connection.close()

    thread = threading.Thread(target=call)
    thread.start()
    assert inside.wait(10)
    problem(api.post("clients", ANNA, Idempotency_Key="a"), 409, "idempotency_in_progress")
    leave.set()
    thread.join()
    assert first[0].status_code == 201
    assert api.post("clients", ANNA, Idempotency_Key="a").content == first[0].content
    assert _count(sonnenschein) == 1


@pytest.mark.django_db(transaction=True)
def test_the_constraint_decides_where_the_lock_did_not(
    api: Caller, sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the other call had ended between the look-up and the lock."""
    api.post("clients", ANNA, Idempotency_Key="a")
    monkeypatch.setattr("salon.api.idempotency._Attempt.stored", lambda _attempt: None)
    problem(api.post("clients", ANNA, Idempotency_Key="a"), 409, "idempotency_in_progress")
    assert _count(sonnenschein) == 1
