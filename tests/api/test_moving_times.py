"""When a booking could be moved, asked and done by a program: what is offered can be had."""

from datetime import timedelta
from typing import Any

import pytest

from bookings.models import Appointment
from salon.api.scopes import Scope
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.api.conftest import Caller, IssueKey
from tests.bookings.salonday import DAY, SalonDay, a_salon_day, at, make_absence, make_appointment
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def day(sonnenschein: Salon) -> SalonDay:
    with salon_scope(sonnenschein.pk):
        return a_salon_day()


@pytest.fixture
def site(sonnenschein: Salon, api_key: IssueKey) -> Caller:
    return Caller(api_key(sonnenschein, Scope.CATALOGUE_READ, Scope.BOOKINGS_READ, Scope.BOOKINGS_WRITE))


@pytest.fixture(autouse=True)
def before_the_day(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def booking(sonnenschein: Salon, day: SalonDay) -> Appointment:
    """Two services, one after the other, by two people."""
    with salon_scope(sonnenschein.pk):
        return make_appointment((day.cut, day.anna), (day.brows, day.bora), starts_at=at(10), client=day.lena)


def _times(site: Caller, booking_id: object, more: str = "") -> Any:
    return site.get(f"availability?booking={booking_id}&from={DAY}&to={DAY}{more}")


def _moved(site: Caller, booking: Appointment, **body: object) -> Any:
    return site.post(f"bookings/{booking.pk}/reschedule", body)


def test_its_own_time_counts_as_free_and_its_services_stay_as_they_are(site: Caller, booking: Appointment) -> None:
    answer = _times(site, booking.pk)
    assert answer.status_code == 200, answer.json()
    slots = {slot["starts_at"]: slot for slot in answer.json()["slots"]}
    here = slots[at(10).isoformat()]
    assert [one["starts_at"] for one in here["items"]] == [at(10).isoformat(), at(11).isoformat()]
    assert at(10, 15).isoformat() in slots


def test_what_is_offered_by_others_can_be_had(
    sonnenschein: Salon, site: Caller, day: SalonDay, booking: Appointment
) -> None:
    with salon_scope(sonnenschein.pk):
        make_absence(day.anna, at(0), at(0, day=DAY + timedelta(days=1)))
        own = [str(one) for one in booking.items.order_by("position").values_list("pk", flat=True)]
    assert _times(site, booking.pk).json()["slots"] == []
    slot = _times(site, booking.pk, f"&staff={day.bora.pk}&staff={day.bora.pk}").json()["slots"][3]
    assert [one["id"] for one in slot["items"]] == own
    items = [{"id": one["id"], "staff": one["staff"]} for one in slot["items"]]
    answer = _moved(site, booking, starts_at=slot["starts_at"], items=items)
    assert answer.status_code == 200, answer.json()
    assert {one["staff"]["id"] for one in answer.json()["items"]} == {str(day.bora.pk)}
    assert answer.json()["starts_at"] == slot["starts_at"]


def test_one_item_goes_to_somebody_else_and_the_other_stays(
    sonnenschein: Salon, site: Caller, day: SalonDay, booking: Appointment
) -> None:
    with salon_scope(sonnenschein.pk):
        second = booking.items.get(position=1)
    answer = _moved(
        site, booking, starts_at=at(14).isoformat(), items=[{"id": str(second.pk), "staff": str(day.anna.pk)}]
    )
    assert [one["staff"]["name"] for one in answer.json()["items"]] == ["Anna", "Anna"]


def test_what_does_not_go_together_is_refused(
    sonnenschein: Salon, site: Caller, day: SalonDay, booking: Appointment, api_key: IssueKey
) -> None:
    def wrong(answer: Any) -> list[tuple[str, str]]:
        assert answer.status_code == 400, answer.json()
        return [(one["field"], one["code"]) for one in answer.json()["errors"]]

    assert wrong(_times(site, new_id())) == [("booking", "not_found")]
    assert wrong(_times(site, booking.pk, f"&service={day.cut.pk}")) == [("service", "not_combinable")]
    assert wrong(_times(site, booking.pk, f"&staff={day.bora.pk}" * 3)) == [("staff", "count")]
    begin, bora = at(14).isoformat(), str(day.bora.pk)
    stranger = [{"id": str(new_id()), "staff": bora}]
    assert wrong(_moved(site, booking, starts_at=begin, items=stranger)) == [("items.0.id", "not_found")]
    assert wrong(_moved(site, booking, starts_at=begin, staff=bora, items=stranger)) == [("items", "not_combinable")]
    reader = Caller(api_key(sonnenschein, Scope.CATALOGUE_READ))
    assert _times(reader, booking.pk).status_code == 403
