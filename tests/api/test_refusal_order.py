"""What is not there at all is told before what is not possible (api.md, Errors)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from bookings.models import Appointment
from bookings.states import State
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.api.conftest import Caller, IssueKey
from tests.bookings.salonday import SalonDay, a_salon_day, at, make_appointment


@pytest.fixture
def day(sonnenschein: Salon) -> SalonDay:
    with salon_scope(sonnenschein.pk):
        return a_salon_day()


@pytest.fixture
def till(sonnenschein: Salon, api_key: IssueKey) -> Caller:
    return Caller(api_key(sonnenschein))


@pytest.fixture(autouse=True)
def before_the_day(time_machine: Any) -> None:
    time_machine.move_to(at(10) - timedelta(days=3))


@pytest.fixture(params=[State.CANCELLED, State.COMPLETED, State.NO_SHOW])
def ended(request: pytest.FixtureRequest, sonnenschein: Salon, day: SalonDay) -> UUID:
    with salon_scope(sonnenschein.pk):
        return make_appointment((day.cut, day.anna), client=day.lena, state=request.param).pk


@pytest.fixture
def foreign(dom: Salon) -> SalonDay:
    with salon_scope(dom.pk):
        return a_salon_day()


def _errors(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 400, answer.content
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


def test_whoever_is_to_do_it_is_looked_for_first(till: Caller, ended: UUID, foreign: SalonDay) -> None:
    for staff in (new_id(), foreign.anna.pk):
        answer = till.post(f"bookings/{ended}/reschedule", {"starts_at": at(15).isoformat(), "staff": str(staff)})
        assert _errors(answer) == [("staff", "not_found")]


def test_what_is_to_be_added_is_looked_for_first(
    till: Caller, ended: UUID, day: SalonDay, foreign: SalonDay, sonnenschein: Salon
) -> None:
    for service in (new_id(), foreign.cut.pk):
        assert _errors(till.post(f"bookings/{ended}/items", {"service": str(service)})) == [("service", "not_found")]
    answer = till.post(f"bookings/{ended}/items", {"service": str(day.cut.pk), "staff": str(foreign.anna.pk)})
    assert _errors(answer) == [("staff", "not_found")]
    with salon_scope(sonnenschein.pk):
        assert Appointment.objects.get().version == 1


def test_what_is_there_meets_the_state(till: Caller, ended: UUID, day: SalonDay) -> None:
    moved = till.post(f"bookings/{ended}/reschedule", {"starts_at": at(15).isoformat(), "staff": str(day.bora.pk)})
    added = till.post(f"bookings/{ended}/items", {"service": str(day.cut.pk)})
    assert [(one.status_code, one.json()["code"]) for one in (moved, added)] == [(409, "not_changeable")] * 2
