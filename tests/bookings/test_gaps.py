"""Hours are changed or a day is closed: whoever is booked then is named, marked, and has to be arranged."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from bookings.calendar import day_of
from bookings.gaps import Cause
from bookings.models import Appointment
from bookings.stand_ins import call_off, hand_over, open_besides, other_times, work_list
from bookings.states import State
from clients.models import Client
from salon.catalogue.closing import ClosureDetails, Holidays, add_closure, open_on, set_holidays
from salon.catalogue.models import AbsenceKind, Schedule
from salon.catalogue.team import remove_schedule, set_schedule
from salon.catalogue.weeks import daily
from salon.errors import NotFound
from salon.identity.models import User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.bookings.salonday import DAY, SalonDay, a_salon_day, at, make_absence, make_appointment, make_client
from tests.conftest import NOW

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def owner() -> Actor:
    return Actor(ActorKind.USER, None, "Anna", PERMISSIONS[Role.OWNER])


@pytest.fixture
def day(in_sonnenschein: Salon) -> SalonDay:
    return a_salon_day()


def _mornings(owner: Actor, day: SalonDay) -> Schedule:
    week = daily(range(1, 7), ("09:00", "12:00"))
    return set_schedule(actor=owner, staff_id=day.anna.pk, valid_from=DAY, week=week, now=LATER)


def _close(owner: Actor, first: date = DAY) -> object:
    details = ClosureDetails(name="Rohrbruch", starts_on=first, ends_on=first)
    return add_closure(actor=owner, details=details, now=LATER).pk


def _marked(salon: Salon) -> set[str]:
    found = day_of(salon=salon, day=DAY)
    return {block.appointment_id for column in found.columns for block in column.blocks if block.stranded}


def test_new_hours_stand_over_what_was_booked_outside_them(in_sonnenschein: Salon, owner: Actor, day: SalonDay) -> None:
    before = make_appointment((day.cut, day.anna), starts_at=at(15, day=DAY - timedelta(days=1)))
    inside = make_appointment((day.cut, day.anna), starts_at=at(11))
    partly = make_appointment((day.brows, day.bora), (day.cut, day.anna), starts_at=at(12, 30))
    outside = make_appointment((day.cut, day.anna), starts_at=at(15), client=day.lena)
    make_appointment((day.cut, day.anna), starts_at=at(16), state=State.CANCELLED)
    schedule = _mornings(owner, day)
    found = work_list(gap_id=schedule.pk, now=LATER)
    assert [task.appointment for task in found.tasks] == [partly, outside]
    assert [[item.position for item in task.affected] for task in found.tasks] == [[1], [0]]
    [work] = open_besides(salon=in_sonnenschein, now=LATER)
    assert (work.gap_id, work.cause, work.staff_name, work.count) == (schedule.pk, Cause.HOURS, "Anna", 2)
    assert _marked(in_sonnenschein) == {str(partly.pk), str(outside.pk)}
    assert {before, inside}.isdisjoint(task.appointment for task in found.tasks)


def test_whoever_books_outside_the_hours_later_knows_it(in_sonnenschein: Salon, owner: Actor, day: SalonDay) -> None:
    schedule = _mornings(owner, day)
    make_appointment((day.cut, day.anna), starts_at=at(15), created_at=LATER + timedelta(minutes=1))
    assert work_list(gap_id=schedule.pk, now=LATER).tasks == []
    assert open_besides(salon=in_sonnenschein, now=LATER) == []
    assert _marked(in_sonnenschein) == set()


def test_her_buffer_may_reach_out_of_the_hours(in_sonnenschein: Salon, owner: Actor, day: SalonDay) -> None:
    day.cut.buffer_minutes = 10
    make_appointment((day.cut, day.anna), starts_at=at(11))
    assert work_list(gap_id=_mornings(owner, day).pk, now=LATER).tasks == []
    assert _marked(in_sonnenschein) == set()


def test_hours_taken_away_leave_what_those_before_them_do_not_cover(
    in_sonnenschein: Salon, owner: Actor, day: SalonDay
) -> None:
    evening = daily(range(1, 7), ("09:00", "21:00"))
    schedule = set_schedule(actor=owner, staff_id=day.anna.pk, valid_from=DAY, week=evening, now=NOW)
    late = make_appointment((day.cut, day.anna), starts_at=at(19), created_at=NOW + timedelta(minutes=1))
    assert open_besides(salon=in_sonnenschein, now=LATER) == []
    remove_schedule(actor=owner, schedule_id=schedule.pk, now=LATER)
    [work] = open_besides(salon=in_sonnenschein, now=LATER)
    assert [task.appointment for task in work_list(gap_id=work.gap_id, now=LATER).tasks] == [late]
    with pytest.raises(NotFound):
        work_list(gap_id=schedule.pk, now=LATER)


def test_a_closure_stands_over_all_that_is_booked_whenever_it_was(
    in_sonnenschein: Salon, owner: Actor, day: SalonDay
) -> None:
    one = make_appointment((day.cut, day.anna))
    other = make_appointment((day.cut, day.bora), starts_at=at(9), created_at=LATER + timedelta(hours=1))
    make_appointment((day.cut, day.bora), starts_at=at(9, day=DAY + timedelta(days=1)))
    closure_id = _close(owner)
    [work] = open_besides(salon=in_sonnenschein, now=LATER)
    assert (work.gap_id, work.cause, work.name, work.count) == (closure_id, Cause.CLOSURE, "Rohrbruch", 2)
    found = work_list(gap_id=work.gap_id, now=LATER)
    assert [task.appointment for task in found.tasks] == [other, one]
    assert [task.able for task in found.tasks] == [[], []]
    slots = other_times(found.tasks[0], salon=in_sonnenschein, now=LATER)
    # It is the day that does not suit: she keeps who was to do it.
    assert {item.staff_id for slot in slots for item in slot.items} == {day.bora.pk}
    assert all(slot.starts_at.date() != DAY for slot in slots)
    assert _marked(in_sonnenschein) == {str(one.pk), str(other.pk)}


def test_public_holidays_stand_over_what_is_booked_until_the_salon_opens_on_them(
    in_sonnenschein: Salon, owner: Actor, day: SalonDay
) -> None:
    christmas = date(2026, 12, 25)
    set_holidays(actor=owner, salon=in_sonnenschein, holidays=Holidays(closed=False), now=NOW)
    one = make_appointment((day.cut, day.anna), starts_at=at(10, day=christmas))
    assert open_besides(salon=in_sonnenschein, now=LATER) == []
    set_holidays(actor=owner, salon=in_sonnenschein, holidays=Holidays(closed=True), now=LATER)
    [work] = open_besides(salon=in_sonnenschein, now=LATER)
    assert (work.gap_id, work.cause, work.count) == (in_sonnenschein.pk, Cause.HOLIDAYS, 1)
    assert [task.appointment for task in work_list(gap_id=work.gap_id, now=LATER).tasks] == [one]
    open_on(actor=owner, salon=in_sonnenschein, day=christmas, now=LATER)
    assert [task.done for task in work_list(gap_id=in_sonnenschein.pk, now=LATER).tasks] == [True]


def test_handed_over_or_called_off_it_is_done(
    in_sonnenschein: Salon, owner: Actor, front_desk: Actor, day: SalonDay
) -> None:
    one = make_appointment((day.cut, day.anna), starts_at=at(15))
    other = make_appointment((day.cut, day.anna), starts_at=at(13), client=day.lena)
    schedule = _mornings(owner, day)
    given = {"actor": front_desk, "salon": in_sonnenschein, "gap_id": schedule.pk, "now": LATER}
    hand_over(appointment_id=one.pk, staff_id=day.bora.pk, **given)  # type: ignore[arg-type]
    call_off(appointment_id=other.pk, message="", **given)  # type: ignore[arg-type]
    other.refresh_from_db()
    assert other.cancel_reason == "Anna arbeitet dann nicht."
    # Still listed, so that whoever looks sees what became of them.
    found = work_list(gap_id=schedule.pk, now=LATER)
    assert [(task.appointment.pk, task.done) for task in found.tasks] == [(other.pk, True), (one.pk, True)]
    assert _marked(in_sonnenschein) == set()
    assert work_list(gap_id=schedule.pk, now=LATER + timedelta(days=61)).tasks == []
    with pytest.raises(NotFound):
        work_list(gap_id=new_id(), now=LATER)


def test_what_was_noted_long_ago_is_listed_until_it_is_over(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay
) -> None:
    far, later = DAY + timedelta(days=100), NOW + timedelta(days=90)
    one = make_appointment((day.cut, day.anna), starts_at=at(10, day=far))
    absence = make_absence(day.anna, at(0, day=far), at(0, day=far + timedelta(days=1)))
    assert [task.done for task in work_list(gap_id=absence.pk, now=NOW).tasks] == [False]
    given = {"actor": front_desk, "salon": in_sonnenschein, "gap_id": absence.pk, "now": later}
    call_off(appointment_id=one.pk, message="", **given)  # type: ignore[arg-type]
    assert [task.done for task in work_list(gap_id=absence.pk, now=later).tasks] == [True]
    assert work_list(gap_id=absence.pk, now=later + timedelta(days=20)).tasks == []


def test_twenty_take_as_many_statements_as_two(in_sonnenschein: Salon, owner: Actor, day: SalonDay) -> None:
    make_appointment((day.cut, day.anna), starts_at=at(17))
    schedule, closure_id = _mornings(owner, day), _close(owner, DAY + timedelta(days=2))
    counts = []
    for many in (2, 18):
        for _one in range(many):
            place = Appointment.objects.count()
            starts_at = at(13 + place % 4, day=DAY + timedelta(days=place // 4))
            make_appointment((day.cut, day.anna), starts_at=starts_at, client=make_client(f"Kundin {place}"))
        for gap_id in (schedule.pk, closure_id):
            looks = []
            for _look in range(2):
                with CaptureQueriesContext(connection) as asked:
                    work_list(gap_id=gap_id, now=LATER)  # type: ignore[arg-type]
                looks.append(len(asked))
            # Whoever looks first notes what stands in the way, if anything does.
            assert looks[0] - looks[1] in {0, 1}
            counts.append(looks[1])
        with CaptureQueriesContext(connection) as counted:
            open_besides(salon=in_sonnenschein, now=LATER)
        counts.append(len(counted))
    assert counts[:3] == counts[3:] == [13, 10, 7]


def test_saved_they_lead_to_the_list_and_back_where_nothing_is_left(
    sonnenschein: Salon, manager: User, browser_of: Callable[[User], Browser]
) -> None:
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
        Client.objects.update(email="lena@x.example")
        first = make_appointment((day.cut, day.anna), starts_at=at(15), client=day.lena)
    browser, slug = browser_of(manager), "/s/sonnenschein/"
    entered = {"name": "Rohrbruch", "starts_on": "24.11.2026", "ends_on": ""}
    with time_machine.travel(LATER, tick=False):
        page = browser.post(f"{slug}settings/closures/", entered, follow=True)
        assert "Geschlossen: Rohrbruch" in page.text
        assert "1 Termin ist zu klären" in page.text
        assert "Leider müssen wir an diesem Tag schließen." in page.text
        assert "Rohrbruch: 1 offen" in browser.get(f"{slug}calendar/hints/?day={DAY}").text
        path = page.request["PATH_INFO"]
        after = browser.post(f"{path}{first.pk}/", {"act": "cancel", "message": ""}, follow=True)
        assert "Alles ist geklärt." in after.text
        again = browser.post(f"{slug}settings/closures/", entered | {"starts_on": "25.11.2026"}, follow=True)
        assert again.request["PATH_INFO"] == f"{slug}settings/closures/"
        assert f'href="{path}" aria-label="Termine: Rohrbruch"' in again.text
        assert "Rohrbruch" not in browser.get(f"{slug}calendar/hints/?day={DAY}").text
        week = {"valid_from": "24.11.2026"}
        worked = browser.post(f"{slug}settings/team/{day.anna.pk}/hours/", week, follow=True)
        assert worked.request["PATH_INFO"] == f"{slug}settings/team/{day.anna.pk}/"


def test_the_heading_of_an_absence_says_its_hours(
    sonnenschein: Salon, stylist: User, browser_of: Callable[[User], Browser]
) -> None:
    tomorrow = DAY + timedelta(days=1)
    periods = {
        "Krank · Di., 24. Nov.": (at(0), at(0, day=tomorrow)),
        "Krank · Di., 24. Nov., ab 13:00 Uhr": (at(13), at(0, day=tomorrow)),
        "Krank · Di., 24. Nov., 13:00–15:00 Uhr": (at(13), at(15)),
        "Krank · Di., 24. Nov., 13:00 – Mi., 25. Nov., 10:00": (at(13), at(10, day=tomorrow)),
        "Krank · Di., 24. Nov. – Mi., 25. Nov.": (at(0), at(0, day=tomorrow + timedelta(days=1))),
    }
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
        made = {words: make_absence(day.anna, *period, AbsenceKind.SICK) for words, period in periods.items()}
    browser = browser_of(stylist)
    with time_machine.travel(NOW, tick=False):
        for words, absence in made.items():
            assert f">{words}</p>" in browser.get(f"/s/sonnenschein/calendar/absences/{absence.pk}/").text
