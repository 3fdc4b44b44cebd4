"""One rule, two interfaces: what the calendar's drawer does and what the API does is the same (architecture.md §2).

Each change is made to two appointments alike, one by the browser and one by a program; the same rows are left behind,
the same is told to the audit (but for who did it), and the same is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser

from bookings.models import Appointment, AppointmentItem
from bookings.states import State
from salon.audit.models import AuditEntry
from salon.identity.models import User
from salon.identity.roles import ActorKind
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import Caller, IssueKey
from tests.bookings.salonday import SalonDay, a_salon_day, at, make_appointment

BEFORE = at(10) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ways:
    """The same appointment in two weeks, and the two who change one each."""

    salon: Salon
    day: SalonDay
    browser: Browser
    api: Caller
    by_browser: Appointment
    by_api: Appointment

    def press(self, act: str, **typed: str) -> Any:
        url = f"/s/sonnenschein/calendar/appointments/{self.by_browser.pk}/change/"
        return self.browser.post(url, {"act": act, **typed})

    def call(self, path: str, body: object) -> Any:
        return self.api.post(f"bookings/{self.by_api.pk}/{path}", body)

    def left(self, appointment: Appointment) -> dict[str, Any]:
        """Return what stands of an appointment, its times counted from its own week."""
        with salon_scope(self.salon.pk):
            row = Appointment.objects.get(pk=appointment.pk)
            items = list(AppointmentItem.objects.filter(appointment=row).order_by("position"))
            entries = AuditEntry.objects.filter(subject_id=row.pk).order_by("recorded_at", "id")
            week = appointment.starts_at
            return {
                "row": (
                    row.state,
                    row.starts_at - week,
                    row.ends_at - week,
                    row.note,
                    row.cancel_reason,
                    row.visit_on is None,
                ),
                "version": row.version,
                "items": [(one.service_id, one.staff_id, one.starts_at - week, one.active) for one in items],
                "audit": [(one.action, [change["field"] for change in one.changes]) for one in entries],
            }

    def actors(self) -> list[str]:
        with salon_scope(self.salon.pk):
            return [
                AuditEntry.objects.filter(subject_id=one.pk).latest("recorded_at").actor_kind
                for one in (self.by_browser, self.by_api)
            ]


@pytest.fixture
def ways(
    sonnenschein: Salon,
    owner: User,
    browser_of: Callable[[User], Browser],
    api_key: IssueKey,
    time_machine: Any,
) -> Ways:
    time_machine.move_to(BEFORE)
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
        both = [
            make_appointment((day.cut, day.anna), (day.brows, day.anna), starts_at=at(10) + week, client=day.lena)
            for week in (timedelta(), timedelta(weeks=1))
        ]
    return Ways(sonnenschein, day, browser_of(owner), Caller(api_key(sonnenschein)), *both)


def _same(ways: Ways) -> dict[str, Any]:
    by_browser, by_api = ways.left(ways.by_browser), ways.left(ways.by_api)
    assert by_browser == by_api
    return by_browser


def _alike(ways: Ways) -> dict[str, Any]:
    by_browser = _same(ways)
    assert ways.actors() == [ActorKind.USER, ActorKind.API_KEY]
    return by_browser


@pytest.mark.parametrize("state", [State.ARRIVED, State.COMPLETED, State.NO_SHOW])
def test_states(ways: Ways, state: State, time_machine: Any) -> None:
    time_machine.move_to(ways.by_api.starts_at)
    assert ways.press(f"state:{state}").status_code < 400
    assert ways.call("state", {"state": state}).status_code == 200
    assert _alike(ways)["row"][0] == state


def test_cancelling_with_a_reason_and_booking_again(ways: Ways) -> None:
    assert ways.press("cancel", reason="krank").status_code < 400
    assert ways.call("cancel", {"reason": "krank"}).status_code == 200
    assert _alike(ways)["row"][4] == "krank"
    assert ways.press("state:BOOKED").status_code < 400
    assert ways.call("state", {"state": "BOOKED"}).status_code == 200
    assert _alike(ways)["row"][0] == State.BOOKED


def test_what_is_too_early(ways: Ways) -> None:
    before = _same(ways)
    for state in (State.COMPLETED, State.NO_SHOW):
        assert ways.press(f"state:{state}").status_code == 422
        refused = ways.call("state", {"state": state})
        assert (refused.status_code, refused.json()["code"]) == (409, "too_early")
    assert _same(ways) == before


def test_what_is_not_possible(ways: Ways, time_machine: Any) -> None:
    time_machine.move_to(ways.by_api.starts_at)
    ways.press("state:COMPLETED")
    ways.call("state", {"state": "COMPLETED"})
    before = _alike(ways)
    assert ways.press("cancel", reason="").status_code == 422
    refused = ways.call("cancel", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "state_refused")
    assert _alike(ways) == before


def test_a_note(ways: Ways) -> None:
    assert ways.press("note", note="kommt mit Hund").status_code < 400
    assert ways.api.patch(f"bookings/{ways.by_api.pk}", {"note": "kommt mit Hund"}).status_code == 200
    assert _alike(ways)["row"][3] == "kommt mit Hund"


def test_a_service_more(ways: Ways) -> None:
    assert ways.press(f"add:{ways.day.brows.pk}").status_code < 400
    assert ways.call("items", {"service": str(ways.day.brows.pk)}).status_code == 201
    assert [staff for _service, staff, _start, _active in _alike(ways)["items"]] == [ways.day.anna.pk] * 3


def test_another_time(ways: Ways) -> None:
    moved = ways.by_browser.starts_at + timedelta(hours=3)
    typed = {"day": f"{moved.date()}", "at": f"{moved:%H:%M}"}
    assert ways.press("move", **typed).status_code < 400
    later = ways.by_api.starts_at + timedelta(hours=3)
    assert ways.call("reschedule", {"starts_at": later.isoformat()}).status_code == 200
    assert _alike(ways)["row"][1] == timedelta(hours=3)


def test_a_time_that_is_taken(ways: Ways) -> None:
    with salon_scope(ways.salon.pk):
        for start in (ways.by_browser.starts_at, ways.by_api.starts_at):
            make_appointment((ways.day.cut, ways.day.anna), starts_at=start + timedelta(hours=3))
    before = [ways.left(one) for one in (ways.by_browser, ways.by_api)]
    moved = ways.by_browser.starts_at + timedelta(hours=3)
    assert ways.press("move", day=f"{moved.date()}", at=f"{moved:%H:%M}").status_code == 422
    later = ways.by_api.starts_at + timedelta(hours=3)
    refused = ways.call("reschedule", {"starts_at": later.isoformat()})
    assert (refused.status_code, refused.json()["code"]) == (409, "slot_taken")
    assert [ways.left(one) for one in (ways.by_browser, ways.by_api)] == before
