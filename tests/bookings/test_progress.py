"""How far an appointment is, and what that does to its time and to its client (domain.md §5, §4.2)."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from bookings.models import Appointment, AppointmentItem
from bookings.scheduling import ItemWish, NothingToUndo, SlotTaken, StateRefused, TooEarly, cancel, set_state, undo
from bookings.states import State, can_become, next_states
from clients.classification import Reason, Status
from clients.models import Client
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, VersionConflict
from tests.bookings.acting import Desk, codes, told
from tests.bookings.salonday import at, make_appointment, make_service
from tests.conftest import NOW

YESTERDAY = date(2026, 11, 20)
# domain.md §5, word for word.
WAYS = {
    (State.BOOKED, State.ARRIVED),
    (State.BOOKED, State.COMPLETED),
    (State.BOOKED, State.NO_SHOW),
    (State.BOOKED, State.CANCELLED),
    (State.ARRIVED, State.COMPLETED),
    (State.ARRIVED, State.NO_SHOW),
    (State.ARRIVED, State.CANCELLED),
    (State.COMPLETED, State.NO_SHOW),
    (State.NO_SHOW, State.COMPLETED),
    (State.CANCELLED, State.BOOKED),
}
TAKING = {State.BOOKED, State.ARRIVED, State.COMPLETED}


def test_the_ways_between_states_are_these() -> None:
    assert {(one, other) for one, other in product(State, State) if can_become(one, other)} == WAYS
    begun = {"on_the_day": True, "begun": True}
    assert next_states(State.ARRIVED, **begun) == [State.COMPLETED, State.NO_SHOW, State.CANCELLED]
    # Before it begins nobody knows that she does not come.
    waiting = {"on_the_day": True, "begun": False}
    assert next_states(State.BOOKED, **waiting) == [State.ARRIVED, State.COMPLETED, State.CANCELLED]
    ahead = {"on_the_day": False, "begun": False}
    assert next_states(State.BOOKED, **ahead) == [State.ARRIVED, State.CANCELLED]
    assert [next_states(one, **ahead) for one in (State.COMPLETED, State.NO_SHOW)] == [[], []]


@pytest.mark.parametrize(("one", "other"), list(product(State, State)))
def test_each_way_is_open_or_refused(desk: Desk, one: State, other: State) -> None:
    made = make_appointment(
        (desk.day.cut, desk.day.anna), client=desk.day.lena, state=one, starts_at=at(10, 0, YESTERDAY)
    )
    given = {**desk.given, "appointment_id": made.pk, "state": other}
    if (one, other) not in WAYS:
        with pytest.raises(StateRefused) as refusal:
            set_state(**given)
        assert (refusal.value.state, refusal.value.members) == (one, {"state": one.value})
        stored = Appointment.objects.get()
        assert (stored.state, stored.version, AuditEntry.objects.count()) == (one, 1, 0)
        return
    changed = set_state(**given)
    stored = Appointment.objects.get()
    assert (changed.appointment.state, stored.state, stored.version) == (other, other, 2)
    assert AppointmentItem.objects.get().active == (other in TAKING)
    assert (stored.cancelled_at is not None) == (other == State.CANCELLED)
    action = "appointment.cancelled" if other == State.CANCELLED else "appointment.state_changed"
    assert told(stored) == [(action, [("state", one.value, other.value)])]
    assert AuditEntry.objects.get().client_id == desk.day.lena.pk


@pytest.mark.parametrize(("one", "other"), sorted(WAYS))
def test_each_change_of_state_can_be_taken_back(desk: Desk, one: State, other: State) -> None:
    made = make_appointment(
        (desk.day.cut, desk.day.anna), client=desk.day.lena, state=one, starts_at=at(10, 0, YESTERDAY)
    )
    before = Appointment.objects.values().get()
    set_state(**desk.given, appointment_id=made.pk, state=other)
    back = undo(**desk.given, appointment_id=made.pk, version=2)
    after = Appointment.objects.values().get()
    # A visit that was never counted (the builder writes none) is counted by now.
    counted = YESTERDAY if one == State.COMPLETED else None
    assert {**after, "visit_on": before["visit_on"]} == {**before, "version": 3, "updated_at": NOW}
    assert (after["visit_on"], back.appointment.state) == (counted, one)
    assert AppointmentItem.objects.get().active == (one in TAKING)


def test_a_cancellation_frees_the_time_and_says_why(desk: Desk) -> None:
    booked = desk.book(at(10))
    given = {**desk.given, "appointment_id": booked.appointment.pk}
    cancel(**given, reason="  Krank ")
    stored = Appointment.objects.get()
    assert (stored.state, stored.cancelled_at, stored.cancel_reason) == (State.CANCELLED, NOW, "Krank")
    assert told(stored)[1] == (
        "appointment.cancelled",
        [("state", "BOOKED", "CANCELLED"), ("cancel_reason", None, "Krank")],
    )
    assert desk.book(at(10), client_id=None).appointment.pk != stored.pk


def test_a_cancelled_appointment_comes_back_if_there_is_room(desk: Desk) -> None:
    booked = desk.book(at(10), ItemWish(desk.day.cut.pk, desk.day.anna.pk), ItemWish(desk.day.cut.pk, desk.day.bora.pk))
    given = {**desk.given, "appointment_id": booked.appointment.pk}
    cancel(**given, reason="Krank")
    again = set_state(**given, state=State.BOOKED)
    assert (again.appointment.cancelled_at, again.appointment.cancel_reason) == (None, "")
    cancel(**given)
    other = desk.book(at(11, 30), ItemWish(desk.day.brows.pk, desk.day.bora.pk), client_id=None)
    version = Appointment.objects.get(pk=booked.appointment.pk).version
    with pytest.raises(SlotTaken) as refusal:
        set_state(**given, state=State.BOOKED)
    assert [one.appointment_id for one in refusal.value.blocking] == [other.appointment.pk]
    assert len(refusal.value.alternatives) == 3
    with pytest.raises(SlotTaken) as refusal:
        undo(**given, version=version)
    assert [one.appointment_id for one in refusal.value.blocking] == [other.appointment.pk]
    stored = Appointment.objects.get(pk=booked.appointment.pk)
    assert (stored.state, stored.version, stored.cancelled_at) == (State.CANCELLED, version, NOW)
    assert AppointmentItem.objects.filter(active=True).count() == 1


def test_whoever_comes_after_all_takes_her_time_again_or_not(desk: Desk) -> None:
    booked = desk.book(at(10, 0, YESTERDAY))
    given = {**desk.given, "appointment_id": booked.appointment.pk}
    set_state(**given, state=State.NO_SHOW)
    instead = desk.book(at(10, 30, YESTERDAY), client_id=None)
    with pytest.raises(SlotTaken):
        set_state(**given, state=State.COMPLETED)
    cancel(**desk.given, appointment_id=instead.appointment.pk)
    assert set_state(**given, state=State.COMPLETED).appointment.visit_on == YESTERDAY


def test_a_visit_changes_what_the_card_says(desk: Desk) -> None:
    card = Client.objects.filter(pk=desk.day.lena.pk)
    card.update(listed_on=date(2023, 1, 1), status=Status.NEW, status_reason=Reason.LAPSED)
    booked = desk.book(at(10, 0, YESTERDAY))
    given = {**desk.given, "appointment_id": booked.appointment.pk}
    said = ("visits", "first_visit_on", "last_visit_on", "status", "status_reason")
    never = (0, None, None, Status.NEW, Reason.LAPSED)
    came = (1, YESTERDAY, YESTERDAY, Status.RETURNING, Reason.RECENT_VISIT)
    assert card.values_list(*said).get() == never
    set_state(**given, state=State.COMPLETED)
    assert card.values_list(*said).get() == came
    set_state(**given, state=State.NO_SHOW)
    assert card.values_list(*said).get() == never
    undo(**given, version=3)
    assert card.values_list(*said).get() == came
    assert Appointment.objects.get().client_status == Status.NEW


def test_a_consultation_is_no_visit(desk: Desk) -> None:
    talk = make_service("Beratung", 15, counts_as_visit=False)
    booked = desk.book(at(10, 0, YESTERDAY), ItemWish(talk.pk, desk.day.anna.pk))
    done = set_state(**desk.given, appointment_id=booked.appointment.pk, state=State.COMPLETED)
    assert (done.appointment.visit_on, Client.objects.get().visits) == (None, 0)


def test_later_the_same_day_it_can_be_completed_with_a_warning(desk: Desk) -> None:
    booked = desk.book(NOW + timedelta(hours=2))
    done = set_state(**desk.given, appointment_id=booked.appointment.pk, state=State.COMPLETED)
    assert codes(done) == [("state", "not_begun")]


@pytest.mark.parametrize("state", [State.COMPLETED, State.NO_SHOW])
@pytest.mark.parametrize("old", [State.BOOKED, State.ARRIVED])
def test_before_its_day_nobody_knows_who_came(desk: Desk, old: State, state: State) -> None:
    """The day is the salon's: it is there an hour before it is in London, and not before midnight."""
    midnight = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
    made = make_appointment((desk.day.cut, desk.day.anna), client=desk.day.lena, state=old)
    given = {**desk.given, "appointment_id": made.pk, "state": state}
    for early in (NOW, midnight - timedelta(microseconds=1)):
        with pytest.raises(TooEarly) as refusal:
            set_state(**{**given, "now": early})
        assert refusal.value.code == "too_early"
    stored = Appointment.objects.get()
    assert (stored.state, stored.version, AuditEntry.objects.count(), Client.objects.get().visits) == (old, 1, 0, 0)
    assert set_state(**{**given, "now": midnight}).appointment.state == state


def test_before_its_day_she_may_have_arrived_or_cancel(desk: Desk) -> None:
    given = {**desk.given, "appointment_id": desk.book(at(10)).appointment.pk}
    assert set_state(**given, state=State.ARRIVED).appointment.state == State.ARRIVED
    assert cancel(**given).appointment.state == State.CANCELLED
    with pytest.raises(StateRefused):
        set_state(**given, state=State.NO_SHOW)


def test_states_are_changed_of_the_version_that_was_seen(desk: Desk) -> None:
    booked = desk.book(at(10))
    given = {**desk.given, "appointment_id": booked.appointment.pk}
    set_state(**given, state=State.ARRIVED, version=1)
    with pytest.raises(VersionConflict):
        set_state(**given, state=State.NO_SHOW, version=1)
    with pytest.raises(InvalidInput):
        cancel(**given, reason="x" * 201)
    assert Appointment.objects.get().state == State.ARRIVED


def test_what_was_only_booked_has_nothing_to_undo(desk: Desk) -> None:
    with pytest.raises(NothingToUndo):
        undo(**desk.given, appointment_id=desk.book(at(10)).appointment.pk, version=1)
