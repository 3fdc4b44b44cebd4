"""A reward that is moved to another day: an appointment of its own (domain.md §7.2)."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from bookings.checkout.opening import open_sale
from bookings.models import Appointment, AppointmentItem, Sale
from bookings.scheduling import (
    Booked,
    NothingToUndo,
    SlotTaken,
    append_reward,
    cancel,
    move,
    move_item,
    set_state,
    undo,
)
from bookings.states import State
from bookings.writing import lock_with_client
from clients.models import Client
from loyalty.models import Redemption, Returned
from salon.errors import VersionConflict
from salon.mail.models import ClientMail, MailState
from salon.work.models import DueWork
from tests.bookings.acting import codes
from tests.bookings.salonday import DAY, at, make_appointment
from tests.conftest import NOW
from tests.prompt.frank import Treat, stands

TOMORROW = DAY + timedelta(days=1)
FACIAL = ("Facial", "Carla", "10:00", "69.00")
SHAVE = ("Nassrasur *", "Emre", "11:00", "0.00")


def _apart(treat: Treat, booked: Booked, starts_at: datetime) -> Booked:
    return move_item(**treat.given, item_id=booked.items[1].pk, starts_at=starts_at, staff_id=treat.emre.pk)


def test_it_becomes_an_appointment_of_its_own_and_warns(treat: Treat) -> None:
    booked = treat.with_shave()
    next_week = at(9, day=DAY + timedelta(days=7))
    made = _apart(treat, booked, next_week)
    assert codes(made) == [("items.0", "reward_apart")]
    assert (stands(booked.appointment), stands(made.appointment)) == (
        [FACIAL],
        [("Nassrasur *", "Emre", "09:00", "0.00")],
    )
    left = Appointment.objects.get(pk=booked.appointment.pk)
    own = Appointment.objects.get(pk=made.appointment.pk)
    assert (left.ends_at, own.starts_at, own.client_id) == (at(11), next_week, treat.frank.pk)
    assert (own.client_status, own.client_status_reason) == (left.client_status, left.client_status_reason)
    assert (treat.points(), Redemption.objects.standing().count()) == (0, 1)


def test_where_the_client_comes_anyway_it_does_not_warn(treat: Treat) -> None:
    booked = treat.with_shave()
    make_appointment((treat.brows, treat.emre), starts_at=at(14, day=TOMORROW), client=treat.frank)
    assert codes(_apart(treat, booked, at(9, day=TOMORROW))) == []


def test_cancelled_or_missed_its_points_go_back_and_the_other_stays(treat: Treat) -> None:
    booked = treat.with_shave()
    own = _apart(treat, booked, at(9, day=TOMORROW)).appointment
    cancel(**treat.given, appointment_id=own.pk)
    assert (treat.points(), Redemption.objects.get().return_reason) == (350, Returned.CANCELLED)
    set_state(**treat.given, appointment_id=own.pk, state=State.BOOKED)
    assert treat.points() == 0
    set_state(**{**treat.given, "now": at(10, day=TOMORROW)}, appointment_id=own.pk, state=State.NO_SHOW)
    assert treat.points() == 350
    assert Appointment.objects.get(pk=booked.appointment.pk).state == State.BOOKED


def test_it_can_be_undone(treat: Treat) -> None:
    booked = treat.with_shave()
    made = _apart(treat, booked, at(9, day=TOMORROW))
    left = Appointment.objects.get(pk=booked.appointment.pk)
    back = undo(**treat.given, appointment_id=left.pk, version=left.version)
    assert stands(back.appointment) == [FACIAL, SHAVE]
    assert (back.appointment.ends_at, treat.points()) == (at(11, 30), 0)
    assert not Appointment.objects.filter(pk=made.appointment.pk).exists()


def test_once_it_was_changed_itself_it_stays_apart(treat: Treat) -> None:
    booked = treat.with_shave()
    own = _apart(treat, booked, at(9, day=TOMORROW)).appointment
    move(**treat.given, appointment_id=own.pk, starts_at=at(12, day=TOMORROW))
    left = Appointment.objects.get(pk=booked.appointment.pk)
    with pytest.raises(NothingToUndo):
        undo(**treat.given, appointment_id=left.pk, version=left.version)
    assert stands(left) == [FACIAL]


def test_what_it_would_leave_is_looked_at_behind_the_lock(treat: Treat, monkeypatch: pytest.MonkeyPatch) -> None:
    booked = treat.with_shave()

    def all_else_goes(appointment_id: UUID, version: int | None) -> Appointment:
        AppointmentItem.objects.filter(pk=booked.items[0].pk).delete()
        return lock_with_client(appointment_id, version)

    monkeypatch.setattr("bookings.parting.lock_with_client", all_else_goes)
    with pytest.raises(VersionConflict):
        _apart(treat, booked, at(9, day=TOMORROW))
    assert Appointment.objects.filter(client=treat.frank).count() == 1


def test_its_client_is_told_unless_it_is_undone_at_once(treat: Treat) -> None:
    Client.objects.filter(pk=treat.frank.pk).update(email="frank@example.com")
    booked = treat.with_shave()
    own = _apart(treat, booked, at(9, day=TOMORROW)).appointment
    mail = ClientMail.objects.get(about_id=own.pk)
    assert mail.state == MailState.WAITING
    assert DueWork.objects.filter(task="bookings.tasks.send_reminder", subject_id=own.pk).exists()
    left = Appointment.objects.get(pk=booked.appointment.pk)
    ClientMail.objects.filter(pk=mail.pk).update(state=MailState.SENT, sent_at=NOW)
    with pytest.raises(NothingToUndo):
        undo(**treat.given, appointment_id=left.pk, version=left.version)
    ClientMail.objects.filter(pk=mail.pk).update(state=MailState.WAITING, sent_at=None)
    undo(**treat.given, appointment_id=left.pk, version=left.version)
    mail.refresh_from_db()
    assert mail.state == MailState.DROPPED
    assert not DueWork.objects.filter(task="bookings.tasks.send_reminder", subject_id=own.pk).exists()


def test_the_open_sale_follows(treat: Treat) -> None:
    booked = treat.with_shave()
    open_sale(**treat.given, appointment_id=booked.appointment.pk)
    _apart(treat, booked, at(9, day=TOMORROW))
    sale = Sale.objects.get()
    assert [line.label for line in sale.lines.all()] == ["Facial"]
    left = Appointment.objects.get(pk=booked.appointment.pk)
    undo(**treat.given, appointment_id=left.pk, version=left.version)
    assert [line.label for line in sale.lines.order_by("position")] == ["Facial", "Nassrasur"]


def test_a_taken_time_proposes_others_for_the_reward_on_the_day_asked_for(treat: Treat) -> None:
    booked = treat.with_shave()
    make_appointment((treat.shave, treat.emre), starts_at=at(9, day=TOMORROW))
    with pytest.raises(SlotTaken) as refusal:
        _apart(treat, booked, at(9, day=TOMORROW))
    found = [(slot.starts_at, [item.service_id for item in slot.items]) for slot in refusal.value.alternatives]
    assert found[:2] == [(at(9, 30, day=TOMORROW), [treat.shave.pk]), (at(11, 30, day=TOMORROW), [treat.shave.pk])]
    assert (stands(booked.appointment), treat.points()) == ([FACIAL, SHAVE], 0)


def test_on_its_own_day_it_is_not_proposed_while_the_client_has_the_rest(treat: Treat) -> None:
    booked = treat.with_shave()
    make_appointment((treat.shave, treat.emre), starts_at=at(11, 30))
    with pytest.raises(SlotTaken) as refusal:
        _apart(treat, booked, at(11, 15))
    starts = [slot.starts_at for slot in refusal.value.alternatives]
    assert starts
    assert not [start for start in starts if at(9, 30) < start < at(11)]
    assert all(len(slot.items) == 1 for slot in refusal.value.alternatives)


def test_twice_does_nothing_by_half(treat: Treat) -> None:
    booked = treat.with_shave()
    _apart(treat, booked, at(9, day=TOMORROW))
    again = move_item(
        **treat.given,
        item_id=booked.items[1].pk,
        starts_at=at(9, day=TOMORROW + timedelta(days=1)),
        staff_id=treat.emre.pk,
    )
    assert (Appointment.objects.count(), AppointmentItem.objects.count()) == (2, 2)
    assert codes(again) == [("items.0", "reward_apart")]
    treat.give(350)
    append_reward(**treat.given, appointment_id=booked.appointment.pk, reward_id=treat.brows_reward.pk)
    assert again.appointment.starts_at > NOW
