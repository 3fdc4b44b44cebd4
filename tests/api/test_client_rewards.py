"""Rewards through the API, by the operations that the browser uses (api.md)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from bookings.models import AppointmentItem
from clients.models import PointsEntry
from loyalty.eligibility import Matrix
from loyalty.models import Redemption, Reward
from salon.api.scopes import Scope
from salon.audit.models import AuditEntry
from salon.catalogue.models import StaffService
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey
from tests.bookings.salonday import DAY, at, make_absence, make_appointment, make_client, make_service
from tests.conftest import NOW
from tests.loyalty.shelf import make_product, make_reward
from tests.prompt.frank import Treat, a_treat
from tests.web.booking_desk import START


@pytest.fixture(autouse=True)
def _on_that_day(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def treat(sonnenschein: Salon, front_desk: Actor) -> Treat:
    with salon_scope(sonnenschein.pk):
        return a_treat(sonnenschein, front_desk)


@pytest.fixture
def booking(treat: Treat) -> UUID:
    with salon_scope(treat.salon.pk):
        return treat.book().appointment.pk


def _points(treat: Treat) -> int:
    with salon_scope(treat.salon.pk):
        return treat.points()


def test_a_reward_is_appended_and_removed(api: Caller, treat: Treat, booking: UUID) -> None:
    answer = api.post(f"bookings/{booking}/rewards", {"reward": str(treat.shave_reward.pk)})
    assert answer.status_code == 201, answer.content
    facial, shave = answer.json()["items"]
    assert facial["reward"] is None
    assert (shave["reward"], shave["service"]["name"], shave["staff"]["name"]) == (
        str(treat.shave_reward.pk),
        "Nassrasur",
        "Emre",
    )
    assert (shave["price"], shave["list_price"], shave["starts_at"]) == ("0.00", "25.00", "2026-11-24T11:00:00+01:00")
    assert (answer.json()["total"], answer["ETag"], _points(treat)) == ("69.00", '"2"', 0)
    answer = api("DELETE", f"bookings/{booking}/items/{shave['id']}", None, If_Match='"2"')
    assert (answer.status_code, len(answer.json()["items"]), _points(treat)) == (200, 1, 350)


def test_without_what_is_paid_for_it_goes_too(api: Caller, treat: Treat, booking: UUID) -> None:
    answer = api.post(f"bookings/{booking}/rewards", {"reward": str(treat.shave_reward.pk)})
    facial = answer.json()["items"][0]["id"]
    answer = api("DELETE", f"bookings/{booking}/items/{facial}")
    assert (answer.status_code, answer.json()["state"], _points(treat)) == (200, "CANCELLED", 350)
    answer = api.post(f"bookings/{booking}/state", {"state": "BOOKED"})
    assert (answer.status_code, _points(treat)) == (200, 0)


def test_the_same_key_takes_the_points_once(api: Caller, treat: Treat, booking: UUID) -> None:
    for _time in range(2):
        body = {"reward": str(treat.shave_reward.pk)}
        answer = api.post(f"bookings/{booking}/rewards", body, Idempotency_Key="eins")
        assert answer.status_code == 201
    assert _points(treat) == 0


def _no_card(treat: Treat) -> None:
    treat.frank.treatcard_number = ""
    treat.frank.save(update_fields=["treatcard_number"])


def _had(treat: Treat) -> None:
    make_appointment((treat.shave, treat.emre), starts_at=at(9, day=DAY - timedelta(days=40)), client=treat.frank)


REFUSED: list[tuple[str, Callable[[Treat], object]]] = [
    ("not_enough_points", lambda treat: treat.give(-1)),
    ("already_had", _had),
    ("reward_archived", lambda _treat: Reward.objects.update(archived_at=NOW)),
    ("no_treatcard", _no_card),
    ("no_room", lambda treat: make_absence(treat.emre, at(8), at(20))),
    ("needs_paid_service", lambda _treat: AppointmentItem.objects.update(price=0)),
]


@pytest.mark.parametrize(("code", "given"), REFUSED, ids=[code for code, _given in REFUSED])
def test_every_refusal_says_why(
    api: Caller, treat: Treat, booking: UUID, code: str, given: Callable[[Treat], object]
) -> None:
    with salon_scope(treat.salon.pk):
        given(treat)
        before = treat.points()
    answer = api.post(f"bookings/{booking}/rewards", {"reward": str(treat.shave_reward.pk)})
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    with salon_scope(treat.salon.pk):
        assert (treat.points(), Redemption.objects.count(), AppointmentItem.objects.filter(price=0).count()) in {
            (before, 0, 0),
            (before, 0, 1),
        }


def test_bad_input(api: Caller, treat: Treat, booking: UUID) -> None:
    with salon_scope(treat.salon.pk):
        product = make_reward(make_product())
    for body, code in [
        ({"reward": NOBODY}, "not_found"),
        ({"reward": str(product.pk)}, "not_a_service"),
        ({"reward": "Nassrasur"}, "invalid"),
        ({}, "required"),
    ]:
        answer = api.post(f"bookings/{booking}/rewards", body)
        assert (answer.status_code, [(one["field"], one["code"]) for one in answer.json()["errors"]]) == (
            400,
            [("reward", code)],
        )
    assert api.post(f"bookings/{NOBODY}/rewards", {"reward": str(treat.shave_reward.pk)}).status_code == 404


def test_another_salon_sees_nothing(api_dom: Caller, treat: Treat, booking: UUID) -> None:
    assert api_dom.post(f"bookings/{booking}/rewards", {"reward": str(treat.shave_reward.pk)}).status_code == 404
    assert api_dom.get(f"clients/{treat.frank.pk}/rewards").status_code == 404


def test_what_a_client_can_redeem(api: Caller, treat: Treat, booking: UUID) -> None:
    with salon_scope(treat.salon.pk):
        make_reward(make_product(price="27.50"))
        dear = make_reward(make_service("Balayage", 180, price="169.00"))
    found = api.get(f"clients/{treat.frank.pk}/rewards").json()["results"]
    told = [(one["name"], one["points"], one["redeemable"], one["refusals"]) for one in found]
    assert told == [
        ("Nassrasur", 350, True, []),
        ("Brauen zupfen", 168, True, []),
        ("Balayage", 2366, False, ["NOT_ENOUGH_POINTS"]),
        ("Haaröl", 385, False, ["NOT_ENOUGH_POINTS"]),
    ]
    assert (found[0]["starts_at"], found[0]["staff"]) == (None, None)
    found = api.get(f"clients/{treat.frank.pk}/rewards?booking={booking}").json()["results"]
    assert found[0] | {"reward": None} == {
        "reward": None,
        "name": "Nassrasur",
        "points": 350,
        "redeemable": True,
        "refusals": [],
        "starts_at": "2026-11-24T11:00:00+01:00",
        "staff": str(treat.emre.pk),
    }
    assert next(one for one in found if one["reward"] == str(dear.pk))["starts_at"] is None
    assert found[3]["starts_at"] is None


def test_all_reasons_at_once_and_no_room(api: Caller, treat: Treat, booking: UUID) -> None:
    with salon_scope(treat.salon.pk):
        make_absence(treat.emre, at(8), at(20))
    found = api.get(f"clients/{treat.frank.pk}/rewards?booking={booking}").json()["results"]
    assert {(one["redeemable"], *one["refusals"]) for one in found} == {(False,)}
    with salon_scope(treat.salon.pk):
        _had(treat)
        treat.give(-350)
        _no_card(treat)
    found = api.get(f"clients/{treat.frank.pk}/rewards").json()["results"]
    shave = next(one for one in found if one["name"] == "Nassrasur")
    assert shave["refusals"] == ["NO_TREATCARD", "ALREADY_HAD", "NOT_ENOUGH_POINTS"]


def test_asked_about_what_is_not_hers(api: Caller, treat: Treat, booking: UUID) -> None:
    with salon_scope(treat.salon.pk):
        other = make_client()
    for client_id, asked, code in [
        (other.pk, booking, "another_client"),
        (treat.frank.pk, NOBODY, "not_found"),
        (treat.frank.pk, "morgen", "invalid"),
    ]:
        answer = api.get(f"clients/{client_id}/rewards?booking={asked}")
        assert (answer.status_code, [(one["field"], one["code"]) for one in answer.json()["errors"]]) == (
            400,
            [("booking", code)],
        )


def test_scopes(sonnenschein: Salon, api_key: IssueKey, treat: Treat, booking: UUID) -> None:
    reader = Caller(api_key(sonnenschein, Scope.BOOKINGS_READ, Scope.CLIENTS_READ))
    for answer in (
        reader.get(f"clients/{treat.frank.pk}/rewards"),
        reader.post(f"bookings/{booking}/rewards", {"reward": str(treat.shave_reward.pk)}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


@pytest.mark.parametrize("rewards", [2, 20])
def test_statements_are_as_many_for_many_rewards(api: Caller, treat: Treat, booking: UUID, rewards: int) -> None:
    with salon_scope(treat.salon.pk):
        treat.give(100_000)
        for number in range(rewards):
            service = make_service(f"Nr{number}", 15)
            StaffService.objects.create(staff=treat.emre, service=service)
            make_reward(service, matrix=Matrix.ANYTIME)
    with CaptureQueriesContext(connection) as queries:
        answer = api.get(f"clients/{treat.frank.pk}/rewards?booking={booking}")
    assert (answer.status_code, len(answer.json()["results"])) == (200, rewards + 2)
    assert len(queries) == 16


def test_the_browser_and_the_api_come_to_the_same(
    api: Caller, treat: Treat, stylist: User, browser_of: Callable[[User], Browser]
) -> None:
    """One reward appended by each: the same rows, but for whose they are and when."""
    browser = browser_of(stylist)
    told = []
    for way in ("browser", "api"):
        with salon_scope(treat.salon.pk):
            made = treat.book(at(10 if way == "browser" else 14)).appointment
        if way == "browser":
            url = f"{START}appointments/{made.pk}/change/"
            browser.post(url, {"act": f"reward:{treat.shave_reward.pk}", "version": "1"})
        else:
            api.post(f"bookings/{made.pk}/rewards", {"reward": str(treat.shave_reward.pk)})
        with salon_scope(treat.salon.pk):
            item = made.items.get(redemption__isnull=False)
            assert item.redemption
            entry = PointsEntry.objects.get(cause_id=item.redemption.pk)
            actions = AuditEntry.objects.filter(subject_id=made.pk).order_by("recorded_at", "id").values_list("action")
            told.append(
                (
                    item.position,
                    item.staff_id,
                    item.price,
                    item.list_price,
                    (item.starts_at - made.starts_at),
                    (entry.points, entry.cause, entry.reason),
                    list(actions),
                )
            )
            made.items.all().delete()
            Redemption.objects.update(returned_at=NOW, return_reason="REMOVED")
            treat.give(350)
    assert told[0] == told[1]
