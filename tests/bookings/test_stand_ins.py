"""A sick colleague's day: what stands in the way, who could do it, and what is left after each step."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from bookings.checkout.sales import take_deposit
from bookings.models import Appointment, BookingRules, DepositRule, Method, Sale, SalesRules
from bookings.scheduling import SlotTaken
from bookings.stand_ins import AlreadyArranged, call_off, hand_over, open_work, put_off, work_list
from bookings.states import State
from clients.models import Client
from salon.catalogue.models import Absence, AbsenceKind, StaffMember
from salon.errors import InvalidInput, NotAllowed, NotFound
from salon.identity.models import User
from salon.identity.roles import Actor, ActorKind
from salon.mail.letters import put_into_words
from salon.mail.models import ClientMail
from salon.mail.outbox import mails_to
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.bookings.salonday import DAY, SalonDay, a_salon_day, at, make_absence, make_appointment, make_client
from tests.bookings.standing_in import times_instead
from tests.conftest import NOW

NOBODY = Actor(ActorKind.USER, None, "Niemand", frozenset())


@pytest.fixture
def day(in_sonnenschein: Salon) -> SalonDay:
    return a_salon_day()


def _sick(day: SalonDay) -> Absence:
    return make_absence(day.anna, at(0), at(0, day=DAY + timedelta(days=1)), AbsenceKind.SICK)


def _names(staff: list[StaffMember]) -> list[str]:
    return [one.name for one in staff]


def test_only_what_she_would_do_while_away_and_can_be_changed_stands_in_the_way(day: SalonDay) -> None:
    absence = make_absence(day.anna, at(10), at(12))
    inside = make_appointment((day.cut, day.anna), starts_at=at(11), client=day.lena)
    partly = make_appointment((day.brows, day.bora), (day.cut, day.anna), starts_at=at(9, 30))
    make_appointment((day.cut, day.anna), starts_at=at(12))
    make_appointment((day.cut, day.bora), starts_at=at(10, 45))
    make_appointment((day.cut, day.anna), starts_at=at(10), state=State.CANCELLED)
    found = work_list(gap_id=absence.pk, now=NOW)
    assert [task.appointment for task in found.tasks] == [partly, inside]
    assert [[item.position for item in task.affected] for task in found.tasks] == [[1], [0]]
    assert [(one.gap_id, one.staff_name, one.count) for one in open_work(now=NOW)] == [(absence.pk, "Anna", 2)]
    assert open_work(now=at(13)) == []


def test_what_takes_effect_while_she_is_away_does_not_stand_in_the_way(day: SalonDay) -> None:
    absence = make_absence(day.anna, at(10, 30), at(11))
    make_appointment((day.colour, day.anna), starts_at=at(10))
    assert work_list(gap_id=absence.pk, now=NOW).tasks == []
    assert open_work(now=NOW) == []


def test_who_could_do_it_is_able_there_and_free(day: SalonDay) -> None:
    cora = StaffMember.objects.create(name="Cora", name_key="cora", created_at=NOW, position=3)
    make_appointment((day.cut, day.anna), starts_at=at(9))
    make_appointment((day.cut, day.anna), starts_at=at(11))
    make_appointment((day.cut, day.anna), starts_at=at(14))
    make_appointment((day.brows, day.bora), starts_at=at(11, 30))
    make_absence(day.bora, at(14, 45), at(15))
    found = work_list(gap_id=_sick(day).pk, now=NOW)
    assert [_names(task.able) for task in found.tasks] == [["Bora"], [], []]
    assert cora.name not in [name for task in found.tasks for name in _names(task.able)]


def test_handed_over_it_is_done_and_the_client_is_told(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay
) -> None:
    Client.objects.update(email="lena@x.example")
    absence = _sick(day)
    one = make_appointment((day.cut, day.anna), client=day.lena)
    make_appointment((day.cut, day.anna), starts_at=at(12))
    assert work_list(gap_id=absence.pk, now=NOW).done == 0
    hand_over(
        actor=front_desk,
        salon=in_sonnenschein,
        gap_id=absence.pk,
        appointment_id=one.pk,
        staff_id=day.bora.pk,
        now=NOW,
    )
    found = work_list(gap_id=absence.pk, now=NOW)
    assert (found.done, len(found.tasks)) == (1, 2)
    assert [item.staff for item in one.items.all()] == [day.bora]
    [mail] = mails_to([day.lena.pk])
    assert "Schneiden bei Bora" in mail.text
    with pytest.raises(AlreadyArranged):
        call_off(actor=front_desk, salon=in_sonnenschein, gap_id=absence.pk, appointment_id=one.pk, message="", now=NOW)


def test_other_times_are_free_ones_and_moving_there_is_done(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay
) -> None:
    absence = _sick(day)
    one = make_appointment((day.cut, day.anna), starts_at=at(10), client=day.lena)
    make_appointment((day.cut, day.bora), starts_at=at(10))
    slots = times_instead(salon=in_sonnenschein, gap_id=absence.pk, appointment_id=one.pk, now=NOW)
    assert [slot.starts_at for slot in slots] == [at(9), at(11), at(10, day=DAY + timedelta(days=1))]
    assert {item.staff_id for slot in slots[:2] for item in slot.items} == {day.bora.pk}
    put_off(
        actor=front_desk,
        salon=in_sonnenschein,
        gap_id=absence.pk,
        appointment_id=one.pk,
        starts_at=slots[1].starts_at,
        staff_ids=[day.bora.pk],
        now=NOW,
    )
    one.refresh_from_db()
    assert one.starts_at == at(11)
    assert work_list(gap_id=absence.pk, now=NOW).done == 1


def test_called_off_with_words_of_ones_own_and_without_the_reason(
    in_sonnenschein: Salon, front_desk: Actor, day: SalonDay
) -> None:
    BookingRules.objects.create(confirm=False)
    Client.objects.update(email="lena@x.example")
    absence = _sick(day)
    one = make_appointment((day.cut, day.anna), client=day.lena)
    call_off(
        actor=front_desk,
        salon=in_sonnenschein,
        gap_id=absence.pk,
        appointment_id=one.pk,
        message="Bitte entschuldigen Sie.",
        now=NOW,
    )
    one.refresh_from_db()
    assert one.state == State.CANCELLED
    [mail] = mails_to([day.lena.pk])
    assert "Bitte entschuldigen Sie." in mail.text
    assert "krank" not in mail.text.lower()
    assert work_list(gap_id=absence.pk, now=NOW).done == 1


def test_a_taken_time_is_refused_and_changes_nothing(in_sonnenschein: Salon, front_desk: Actor, day: SalonDay) -> None:
    absence = _sick(day)
    one = make_appointment((day.cut, day.anna))
    make_appointment((day.cut, day.bora))
    with pytest.raises(SlotTaken):
        hand_over(
            actor=front_desk,
            salon=in_sonnenschein,
            gap_id=absence.pk,
            appointment_id=one.pk,
            staff_id=day.bora.pk,
            now=NOW,
        )
    assert [item.staff for item in one.items.all()] == [day.anna]
    assert work_list(gap_id=absence.pk, now=NOW).done == 0


def test_who_may_not_or_asks_for_nothing_is_refused(in_sonnenschein: Salon, front_desk: Actor, day: SalonDay) -> None:
    absence = _sick(day)
    one = make_appointment((day.cut, day.anna))
    given = {"salon": in_sonnenschein, "gap_id": absence.pk, "appointment_id": one.pk, "now": NOW}
    with pytest.raises(NotAllowed):
        call_off(actor=NOBODY, message="", **given)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        hand_over(actor=NOBODY, staff_id=day.bora.pk, **given)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput):
        call_off(actor=front_desk, message="x" * 501, **given)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        call_off(actor=front_desk, message="", **{**given, "gap_id": new_id()})  # type: ignore[arg-type]
    one.refresh_from_db()
    assert one.state == State.BOOKED


def test_twenty_take_as_many_statements_as_two(in_sonnenschein: Salon, day: SalonDay) -> None:
    absence = make_absence(day.anna, at(0), at(0, day=DAY + timedelta(days=9)))
    counts = []
    for many in (2, 18):
        for _one in range(many):
            place = Appointment.objects.count()
            starts_at = at(9 + place % 4, day=DAY + timedelta(days=place // 4))
            make_appointment((day.cut, day.anna), starts_at=starts_at, client=make_client(f"Kundin {place}"))
        work_list(gap_id=absence.pk, now=NOW)
        with CaptureQueriesContext(connection) as asked:
            work_list(gap_id=absence.pk, now=NOW)
        with CaptureQueriesContext(connection) as counted:
            [work] = open_work(now=NOW)
        counts.append((len(asked), len(counted)))
        assert work.count == Appointment.objects.count()
    assert counts[0] == counts[1] == (6, 2)


def test_the_page_leads_through_a_sick_day(
    sonnenschein: Salon, stylist: User, browser_of: Callable[[User], Browser]
) -> None:
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
        Client.objects.update(email="lena@x.example")
        absence = _sick(day)
        first = make_appointment((day.cut, day.anna), starts_at=at(10), client=day.lena)
        second = make_appointment((day.cut, day.anna), starts_at=at(15), client=day.lena)
    browser, path = browser_of(stylist), f"/s/sonnenschein/calendar/absences/{absence.pk}/"
    with time_machine.travel(NOW, tick=False):
        page = browser.get(path).text
        assert "0 von 2 erledigt" in page
        assert page.count("An Bora geben") == 2
        answer = browser.post(f"{path}{first.pk}/", {"act": f"staff:{day.bora.pk}"}, follow=True)
        assert "1 von 2 erledigt" in answer.text
        assert "Lena Vogel geht zu Bora." in answer.text
        [undo] = re.findall(rf'action="([^"]+/appointments/{first.pk}/undo/[^"]+)"', answer.text)
        undone = browser.post(unescape(undo), follow=True)
        assert undone.request["PATH_INFO"] == path
        assert "0 von 2 erledigt" in undone.text
        browser.post(f"{path}{first.pk}/", {"act": f"staff:{day.bora.pk}"})
        proposed = browser.get(f"{path}?times={second.pk}").text
        assert 'name="act" value="take:' in proposed
        answer = browser.post(f"{path}{second.pk}/", {"act": "cancel", "message": "Es tut uns leid."}, follow=True)
        assert "Alles ist geklärt." in answer.text
        assert browser.post(f"{path}{second.pk}/", {"act": "nonsense"}).status_code == 404
        again = browser.post(f"{path}{second.pk}/", {"act": "cancel"}, follow=True)
        assert "Dieser Termin ist schon geklärt." in again.text
    with salon_scope(sonnenschein.pk):
        told = ClientMail.objects.filter(about_id=second.pk, state="WAITING").get()
        put_into_words(told)
        assert "Es tut uns leid." in told.text


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        (DepositRule.REFUND, "Was im Voraus bezahlt ist, geht zurück", "Erstattet: 20,00 € (Karte)."),
        (DepositRule.KEEP, "Was im Voraus bezahlt ist, bleibt beim Salon", "20,00 € sind im Voraus bezahlt und"),
    ],
)
def test_whoever_cancels_there_is_told_of_the_money(
    sonnenschein: Salon,
    front_desk: Actor,
    stylist: User,
    browser_of: Callable[[User], Browser],
    rule: DepositRule,
    before: str,
    after: str,
) -> None:
    with salon_scope(sonnenschein.pk):
        SalesRules.objects.create(deposit_rule=rule)
        day = a_salon_day()
        absence = _sick(day)
        paid = make_appointment((day.cut, day.anna), starts_at=at(10), client=day.lena)
        make_appointment((day.cut, day.anna), starts_at=at(15), client=day.lena)
        given: dict[str, Any] = {"actor": front_desk, "salon": sonnenschein, "now": NOW}
        take_deposit(appointment_id=paid.pk, method=Method.CARD, amount=Decimal(20), **given)
    browser, path = browser_of(stylist), f"/s/sonnenschein/calendar/absences/{absence.pk}/"

    def said(answer: Any) -> str:
        return str(answer.text).replace("\N{NO-BREAK SPACE}", " ")

    with time_machine.travel(NOW, tick=False):
        page = said(browser.get(path))
        assert (page.count("Was im Voraus bezahlt ist"), page.count(before)) == (1, 1)
        assert page.index(before) < page.index("15:00")
        answer = browser.post(f"{path}{paid.pk}/", {"act": "cancel"}, follow=True)
        assert f"Der Termin ist abgesagt. {after}" in said(answer)
        # Nothing was paid for the other one.
        assert "Was im Voraus bezahlt ist" not in said(answer)


@pytest.mark.parametrize("many", [2, 20])
def test_the_page_takes_as_many_statements_for_any_number(
    sonnenschein: Salon, stylist: User, browser_of: Callable[[User], Browser], many: int
) -> None:
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
        absence = _sick(day)
        for place in range(many):
            made = make_appointment(
                (day.brows, day.anna), starts_at=at(9) + timedelta(minutes=15 * place), client=day.lena
            )
            Sale.objects.create(
                appointment=made, client=day.lena, paid=Decimal(5), opened_by_name="Anna", created_at=NOW
            )
    browser, path = browser_of(stylist), f"/s/sonnenschein/calendar/absences/{absence.pk}/"
    with time_machine.travel(NOW, tick=False):
        browser.get(f"/s/sonnenschein/calendar/hints/?day={DAY}")
        # At the first look what stands in the way is noted.
        with CaptureQueriesContext(connection) as first:
            assert browser.get(path).text.count("Was im Voraus bezahlt ist") == many
        with CaptureQueriesContext(connection) as asked:
            browser.get(path)
        with CaptureQueriesContext(connection) as proposing:
            assert 'value="take:' in browser.get(f"{path}?times={made.pk}").text
    assert (len(first), len(asked), len(proposing)) == (15, 14, 18)


def test_the_calendars_bar_counts_what_is_open(
    sonnenschein: Salon, stylist: User, browser_of: Callable[[User], Browser]
) -> None:
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
        absence = _sick(day)
        make_appointment((day.cut, day.anna))
    browser = browser_of(stylist)
    with time_machine.travel(NOW, tick=False):
        hints = browser.get(f"/s/sonnenschein/calendar/hints/?day={DAY}").text
        assert f"/calendar/absences/{absence.pk}/" in hints
        assert "Anna: 1 offen" in hints
