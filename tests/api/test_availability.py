"""`GET availability`: free times for programs (api.md)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from time_machine import travel

from salon.api.scopes import Scope
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey, problem, wrong
from tests.api.test_statements import FRAME
from tests.bookings.salonday import DAY, SalonDay, a_salon_day, at, make_appointment, make_service
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def day(sonnenschein: Salon) -> SalonDay:
    with salon_scope(sonnenschein.pk):
        return a_salon_day()


@pytest.fixture
def api(sonnenschein: Salon, api_key: IssueKey) -> Caller:
    return Caller(api_key(sonnenschein, now=NOW))


def ask(api: Caller, *services: object, staff: tuple[object, ...] = (), **days: str) -> Any:
    days = {"from": str(DAY), "to": str(DAY), **{name.strip("_"): value for name, value in days.items()}}
    asked = [("service", one) for one in services] + [("staff", one) for one in staff] + list(days.items())
    with travel(NOW, tick=False):
        return api.get("availability?" + "&".join(f"{name}={value}" for name, value in asked))


def test_services_in_sequence(api: Caller, day: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        make_appointment((day.cut, day.anna), starts_at=at(9))
    answer = ask(api, day.cut.pk, day.brows.pk)
    assert answer.status_code == 200
    assert answer.json()["slots"][0] == {
        "starts_at": "2026-11-24T09:00:00+01:00",
        "ends_at": "2026-11-24T10:15:00+01:00",
        "items": [
            {
                "service": str(day.cut.pk),
                "staff": str(day.bora.pk),
                "starts_at": "2026-11-24T09:00:00+01:00",
                "ends_at": "2026-11-24T10:00:00+01:00",
            },
            {
                "service": str(day.brows.pk),
                "staff": str(day.bora.pk),
                "starts_at": "2026-11-24T10:00:00+01:00",
                "ends_at": "2026-11-24T10:15:00+01:00",
            },
        ],
    }


def test_staff_is_for_all_or_for_each_in_the_same_order(api: Caller, day: SalonDay) -> None:
    def staff_of(answer: Any) -> list[str]:
        return [item["staff"] for item in answer.json()["slots"][0]["items"]]

    anna, bora = str(day.anna.pk), str(day.bora.pk)
    assert staff_of(ask(api, day.cut.pk, day.brows.pk, staff=(bora,))) == [bora, bora]
    assert staff_of(ask(api, day.cut.pk, day.brows.pk, staff=(bora, anna))) == [bora, anna]
    assert wrong(ask(api, day.cut.pk, day.brows.pk, day.cut.pk, staff=(bora, anna))) == {"staff": "count"}


def test_what_is_wrong_is_named(api: Caller, day: SalonDay) -> None:
    cut = day.cut.pk
    with travel(NOW, tick=False):
        assert wrong(api.get("availability")) == {"service": "required", "from": "required", "to": "required"}
    assert wrong(ask(api, cut, "x")) == {"service": "invalid"}
    assert wrong(ask(api, cut, from_="24.11.2026", to="2026-11-3")) == {"from": "invalid", "to": "invalid"}
    assert wrong(ask(api, cut, to="")) == {"to": "blank"}
    assert wrong(ask(api, cut, NOBODY)) == {"service.1": "not_found"}
    assert wrong(ask(api, cut, day.brows.pk, staff=(day.anna.pk, NOBODY))) == {"staff.1": "not_found"}
    assert wrong(ask(api, cut, day.brows.pk, staff=(NOBODY,))) == {"staff.0": "not_found"}
    assert wrong(ask(api, cut, nights="1")) == {"nights": "unknown_field"}
    assert wrong(ask(api, *[cut] * 21)) == {"service": "too_many"}


@pytest.mark.parametrize(("days", "code"), [(-1, 400), (0, 200), (61, 200), (62, 400)])
def test_up_to_62_days(api: Caller, day: SalonDay, days: int, code: int) -> None:
    answer = ask(api, day.cut.pk, to=str(DAY + timedelta(days=days)))
    assert answer.status_code == code
    if code == 400:
        assert wrong(answer) == {"to": "out_of_range"}


@pytest.mark.parametrize(
    "days", [("0001-01-01", "0001-02-01"), ("9999-12-01", "9999-12-31"), ("2027-06-01", "2027-06-02")]
)
def test_no_day_is_too_far_to_be_asked_for(api: Caller, day: SalonDay, days: tuple[str, str]) -> None:
    assert ask(api, day.cut.pk, from_=days[0], to=days[1]).json() == {"slots": []}


def test_what_cannot_be_booked_online_has_no_times(api: Caller, day: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        hidden = make_service("Beratung", 30, online=False)
        make_service("Massage", 30)
    assert ask(api, day.cut.pk, hidden.pk).json() == {"slots": []}


def test_another_salon_knows_nothing_of_it(api_dom: Caller, day: SalonDay) -> None:
    assert wrong(ask(api_dom, day.cut.pk)) == {"service.0": "not_found"}


def test_the_scope_is_that_of_the_catalogue(sonnenschein: Salon, api_key: IssueKey, day: SalonDay) -> None:
    problem(ask(Caller(api_key(sonnenschein, Scope.CLIENTS_READ, now=NOW)), day.cut.pk), 403, "missing_scope")
    assert ask(Caller(api_key(sonnenschein, Scope.CATALOGUE_READ, now=NOW)), day.cut.pk).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_three_statements_beyond_the_frame(api: Caller, day: SalonDay, sonnenschein: Salon) -> None:
    def statements(*services: object, days: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert ask(api, *services, to=str(DAY + timedelta(days=days))).status_code == 200
        return len(queries) - len(FRAME)

    few = statements(day.cut.pk, days=0)
    with salon_scope(sonnenschein.pk):
        for place in range(20):
            make_appointment((day.cut, day.anna), starts_at=at(9, 0, DAY + timedelta(days=place)))
    assert (few, statements(day.cut.pk, day.colour.pk, day.brows.pk, days=30)) == (3, 3)
