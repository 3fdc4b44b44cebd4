"""The form of a new appointment, button by button, as it works without a script (ui.md §2.2)."""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest

from bookings.checkout.sales import open_sale
from bookings.favourites import favourites_of
from bookings.models import Appointment, AppointmentItem
from bookings.states import State
from clients.labels import DiscountOn
from clients.models import Note
from salon.catalogue.models import AbsenceKind, StaffService
from salon.identity.models import User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import (
    DAY,
    SalonDay,
    at,
    make_absence,
    make_appointment,
    make_client,
    make_service,
)
from tests.checkout.till import give_discount, make_offer
from tests.conftest import NOW
from tests.web.booking_desk import START, Desk, all_booked

pytestmark = pytest.mark.usefixtures("before_the_day")


def test_a_client_is_found_services_are_added_and_the_clicked_column_does_them(
    desk: Desk, day: SalonDay, sonnenschein: Salon
) -> None:
    desk.open(f"?day={DAY}&at=14:00&staff={day.anna.pk}")
    assert desk.form.values["day"] == [str(DAY)]
    assert desk.form.values["at"] == ["14:00"]
    desk.press(client_q="vogel")
    assert f"client:{day.lena.pk}" in desk.form.buttons
    desk.press(f"client:{day.lena.pk}")
    assert "Lena Vogel" in desk.text
    assert "Wiederkehrend" in desk.text
    desk.press(service_q="schnei")
    assert desk.form.buttons.count(f"add:{day.cut.pk}") == 1
    desk.press(f"add:{day.cut.pk}")
    desk.press(f"add:{day.brows.pk}")
    assert desk.form.values["staff"] == [str(day.anna.pk)] * 2
    assert "14:00–15:00 Uhr · Anna" in desk.text
    assert "15:00–15:15 Uhr · Anna" in desk.text
    assert "Diese Zeit ist frei." in desk.text
    assert "71,00\N{NO-BREAK SPACE}€" in desk.text
    answer = desk.press("book", note="kommt mit Hund")
    [booked] = all_booked(sonnenschein)
    assert (answer.status_code, answer["Location"]) == (302, f"{START}appointments/{booked.pk}/")
    assert (booked.client_id, booked.starts_at, booked.note) == (day.lena.pk, at(14), "kommt mit Hund")
    assert [(one.service_id, one.staff_id) for one in sorted(booked.items.all(), key=lambda one: one.position)] == [
        (day.cut.pk, day.anna.pk),
        (day.brows.pk, day.anna.pk),
    ]


def test_services_are_reordered_and_removed(desk: Desk, day: SalonDay) -> None:
    desk.open(f"?day={DAY}")
    for service in (day.cut, day.colour, day.brows):
        desk.press(f"add:{service.pk}")
    desk.press("up:2")
    assert desk.form.values["service"] == [str(one.pk) for one in (day.cut, day.brows, day.colour)]
    desk.press("down:0")
    assert desk.form.values["service"] == [str(one.pk) for one in (day.brows, day.cut, day.colour)]
    desk.press("remove:1")
    assert desk.form.values["service"] == [str(one.pk) for one in (day.brows, day.colour)]
    assert "up:0" not in desk.form.buttons
    assert "down:1" not in desk.form.buttons


def test_what_makes_no_sense_changes_nothing(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    desk.open(f"?day={DAY}")
    desk.press(f"add:{day.cut.pk}")
    for act in ("up:0", "down:0", "remove:7", "remove:x", "add:nothing", f"add:{uuid4()}", "client:x", "??", "start:"):
        assert desk.press(act).status_code == 200
        assert desk.form.values["service"] == [str(day.cut.pk)]
    assert all_booked(sonnenschein) == []


def test_free_times_are_proposed_for_the_day_and_the_next_ones(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        make_absence(day.anna, at(0), at(23, 55), AbsenceKind.SICK)
        make_appointment((day.cut, day.bora), starts_at=at(9))
    desk.open(f"?day={DAY}")
    desk.press(f"add:{day.cut.pk}")
    starts = [act for act in desk.form.buttons if act.startswith("start:")]
    assert starts[0] == f"start:{DAY}T10:00"
    assert f"start:{DAY + timedelta(days=1)}T09:00" in starts
    assert not any(act.startswith(f"start:{DAY}T09") for act in starts)
    desk.press(starts[1])
    assert (desk.form.values["day"], desk.form.values["at"]) == ([str(DAY)], ["10:15"])
    assert "10:15–11:15 Uhr · Bora" in desk.text
    assert not any(act.startswith("start:") for act in desk.form.buttons)
    desk.press("times")
    assert f"start:{DAY}T10:30" in desk.form.buttons


def test_staff_are_warned_and_not_kept_from_it(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        blocked = make_client("Tim", "Krause", blocked=True, blocked_reason="Dreimal nicht erschienen")
        make_absence(day.anna, at(8), at(20), AbsenceKind.VACATION)
        make_appointment((day.brows, day.bora), client=blocked, starts_at=at(20))
        Note.objects.create(client=blocked, text="Duftstoffe meiden", pinned=True, author_name="Anna", written_at=NOW)
    desk.open(f"?day={DAY}&at=19:30&staff={day.anna.pk}&client={blocked.pk}")
    desk.press(f"add:{day.cut.pk}")
    for told in ("Duftstoffe meiden", "Gesperrt", "Dreimal nicht erschienen"):
        assert told in desk.text
    assert desk.text.count('notice warn">') >= 4
    assert "Anna: " in desk.text
    assert "Diese Zeit ist frei." not in desk.text
    assert desk.press("book").status_code == 302
    assert len(all_booked(sonnenschein)) == 2


def test_the_day_and_whose_column_was_clicked_are_named_at_once(desk: Desk, day: SalonDay) -> None:
    desk.open(f"?day={DAY}&at=14:30&staff={day.bora.pk}")
    assert "Di., 24. Nov. · bei Bora" in desk.text
    # Then the service says by whom it is done.
    desk.press(f"add:{day.cut.pk}")
    assert "Di., 24. Nov." in desk.text
    assert "bei Bora" not in desk.text


def test_a_taken_time_says_what_blocks_and_offers_three_that_fill_the_time_in(
    desk: Desk, day: SalonDay, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        make_appointment((day.cut, day.anna), client=make_client("Mia", "Fuchs"), starts_at=at(14))
    desk.open(f"?day={DAY}&at=14:30&staff={day.anna.pk}&client={day.lena.pk}")
    desk.press(f"add:{day.cut.pk}", note="dringend")
    assert "Mia Fuchs" in desk.text
    answer = desk.press("book")
    assert answer.status_code == 422
    assert "Anna: 14:00–15:00 Uhr, Mia Fuchs, Schneiden" in desk.text
    assert desk.form.values["note"] == ["dringend"]
    assert "trägt die Zeit ein, gebucht wird noch nichts" in desk.text
    times = [act for act in desk.form.buttons if act.startswith("set:")]
    assert len(times) == 3
    assert desk.press(times[1]).status_code == 200
    assert desk.form.values["at"] == ["15:00"]
    assert len(all_booked(sonnenschein)) == 1
    assert desk.press("book").status_code == 302
    [_first, second] = all_booked(sonnenschein)
    assert (second.starts_at, second.note) == (at(15), "dringend")


def test_whose_column_was_chosen_and_does_not_do_it_is_said(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        StaffService.objects.filter(staff=day.bora, service=day.cut).delete()
    desk.open(f"?day={DAY}&at=14:30&staff={day.bora.pk}&walk-in")
    desk.press(f"add:{day.cut.pk}")
    assert "Bora macht das laut Team-Einstellungen nicht: Es übernimmt, wer frei ist." in desk.text
    assert desk.press("", staff=str(day.anna.pk)).status_code == 200
    assert "Bora macht das laut Team-Einstellungen nicht" not in desk.text


def test_a_public_holiday_is_named_and_the_next_open_days_are_proposed(desk: Desk, day: SalonDay) -> None:
    desk.open("?day=2026-12-25&at=10:00&walk-in")
    desk.press(f"add:{day.cut.pk}")
    assert "An diesem Tag ist geschlossen (Erster Weihnachtstag)." in desk.text
    assert "außerhalb der Arbeitszeit" not in desk.text
    starts = [act for act in desk.form.buttons if act.startswith("start:")]
    assert starts
    assert not any(act.startswith("start:2026-12-25") for act in starts)


def test_of_a_time_that_is_taken_nothing_can_be_booked(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        for staff in (day.anna, day.bora):
            make_appointment((day.cut, staff), starts_at=at(10))
    past = at(10, day=DAY - timedelta(days=7))
    with salon_scope(sonnenschein.pk):
        for staff in (day.anna, day.bora):
            make_appointment((day.cut, staff), starts_at=past)
    desk.open(f"?day={DAY}&at=10:00&walk-in")
    desk.press(f"add:{day.cut.pk}")
    assert 'id="book" aria-disabled="true" aria-describedby="conflict"' in desk.text
    assert "Schneiden: Dann ist niemand frei, der das macht." in desk.text
    assert "Das liegt in der Vergangenheit." not in desk.text
    desk.press("", day=str(past.date()))
    assert "Schneiden: Dann ist niemand frei, der das macht." in desk.text
    assert "Das liegt in der Vergangenheit." in desk.text
    desk.press("", day=str(DAY), at="11:00")
    assert 'id="book" aria-disabled' not in desk.text
    desk.press("", at="10:00", staff=str(day.anna.pk))
    assert "Diese Zeit ist vergeben." in desk.text


def test_sent_twice_it_books_once(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    desk.open(f"?day={DAY}&at=10:00&client={day.lena.pk}")
    desk.press(f"add:{day.cut.pk}")
    data = {**desk.form.values, "act": "book"}
    answers = [desk.browser.post(f"{START}new/", data) for _time in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert len(all_booked(sonnenschein)) == 1


def test_a_walk_in_takes_one_click(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    desk.open(f"?day={DAY}&at=10:00&staff={day.bora.pk}")
    desk.press("walk-in")
    assert "Laufkunde" in desk.text
    desk.press(f"add:{day.cut.pk}")
    assert desk.press("book").status_code == 302
    [booked] = all_booked(sonnenschein)
    assert (booked.client_id, booked.client_status) == (None, "")


def test_what_is_missing_is_told_and_everything_typed_is_kept(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    desk.open(f"?day={DAY}")
    assert desk.press("book", note="später", day="31.13.2026", at="25 Uhr").status_code == 422
    for told in ("Kundin, einen Kunden", "mindestens eine Dienstleistung", "14:30"):
        assert told in desk.text
    assert (desk.form.values["day"], desk.form.values["at"]) == (["31.13.2026"], ["25 Uhr"])
    assert desk.form.values["note"] == ["später"]
    desk.press("walk-in", day="2027-03-28", at="02:30")
    assert "werden die Uhren vorgestellt" in desk.text
    assert all_booked(sonnenschein) == []


def test_what_is_being_booked_says_where_it_stands_in_the_grid(desk: Desk, day: SalonDay) -> None:
    desk.open(f"?day={DAY}&at=11:00&staff={day.bora.pk}")
    assert f'data-draft data-staff="{day.bora.pk}" data-day="{DAY}" data-at="11:00"' in desk.text
    desk.press(f"add:{day.colour.pk}")
    # While it is processing, somebody else has the place.
    start = 11 * 12
    apply, processing, finish = (minutes // 5 for minutes in (30, 35, 25))
    assert re.findall(
        r'data-draft data-staff="([^"]+)" data-day="[^"]+" data-row="(\d+)" data-rows="(\d+)"', desk.text
    ) == [
        (str(day.bora.pk), str(start), str(apply)),
        (str(day.bora.pk), str(start + apply + processing), str(finish)),
    ]


def test_the_same_again_some_weeks_later(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        last = make_appointment((day.colour, day.bora), (day.brows, day.anna), client=day.lena, starts_at=at(10))
    desk.open(f"?like={last.pk}&weeks=6")
    assert desk.form.values["service"] == [str(day.colour.pk), str(day.brows.pk)]
    assert desk.form.values["staff"] == [str(day.bora.pk), str(day.anna.pk)]
    assert (desk.form.values["day"], desk.form.values["at"]) == ([str(DAY + timedelta(weeks=6))], ["10:00"])
    assert desk.form.values["client"] == [str(day.lena.pk)]
    # A service or a person that is no longer there is left out.
    with salon_scope(sonnenschein.pk):
        for gone in (day.brows, day.bora):
            gone.archived_at = NOW
            gone.save()
    desk.open(f"?like={last.pk}&weeks=4")
    assert desk.form.values["service"] == [str(day.colour.pk)]
    assert desk.form.values["staff"] == [""]


def test_over_a_night_that_changes_the_clocks_it_is_the_same_time(
    desk: Desk, day: SalonDay, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        last = make_appointment((day.cut, day.anna), starts_at=at(10, day=date(2027, 3, 22)))
    desk.open(f"?like={last.pk}&weeks=1")
    assert (desk.form.values["day"], desk.form.values["at"]) == (["2027-03-29"], ["10:00"])
    desk.press("book")
    assert all_booked(sonnenschein)[-1].starts_at == at(10, day=date(2027, 3, 29))


def test_favourites_stand_first(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        for week in range(3):
            make_appointment(
                (day.brows, day.anna),
                client=day.lena,
                starts_at=at(9, day=DAY - timedelta(weeks=week + 1)),
                state=State.COMPLETED,
            )
    desk.open(f"?client={day.lena.pk}&day={DAY}")
    assert [act for act in desk.form.buttons if act.startswith("add:")] == [f"add:{day.brows.pk}"]
    page = desk.browser.get(f"{START}new/services/?client={day.lena.pk}").content.decode()
    assert page.index("Brauen zupfen") < page.index("Schneiden")
    page = desk.browser.get(f"{START}new/services/?service_q=farb").content.decode()
    assert "Ansatzfarbe" in page
    assert "Schneiden" not in page


def test_what_was_had_once_or_is_only_booked_is_no_favourite(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        for service, weeks, state in (
            (day.cut, 1, State.COMPLETED),
            (day.brows, 2, State.COMPLETED),
            (day.brows, 3, State.NO_SHOW),
            (day.brows, -1, State.BOOKED),
            (day.colour, 4, State.COMPLETED),
            (day.colour, 5, State.COMPLETED),
        ):
            start = at(9, day=DAY - timedelta(weeks=weeks))
            make_appointment((service, day.anna), client=day.lena, starts_at=start, state=state)
        assert favourites_of(day.lena.pk) == [day.colour.pk]
    desk.open(f"?client={day.lena.pk}&day={DAY}")
    assert [act for act in desk.form.buttons if act.startswith("add:")] == [f"add:{day.colour.pk}"]


def test_what_is_called_as_typed_comes_first_then_what_begins_so(
    desk: Desk, day: SalonDay, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        for position, name in enumerate(("Waschen-Schneiden-Föhnen", "Föhnen lang", "Föhnen", "Hochstecken")):
            make_service(name, position=position)
    page = desk.browser.get(f"{START}new/services/?service_q=FOEHNEN").content.decode()
    found = re.findall(r"(Waschen-Schneiden-Föhnen|Föhnen lang|Föhnen|Hochstecken)", page)
    assert list(dict.fromkeys(found)) == ["Föhnen", "Föhnen lang", "Waschen-Schneiden-Föhnen"]


def test_a_merged_card_leads_to_the_one_it_went_into_and_an_erased_one_to_nobody(
    desk: Desk, day: SalonDay, sonnenschein: Salon
) -> None:
    desk.open(f"?client={uuid4()}")
    assert desk.form.values["client"] == [""]


def test_the_total_is_what_the_till_will_ask_for(desk: Desk, day: SalonDay, sonnenschein: Salon, stylist: User) -> None:
    with salon_scope(sonnenschein.pk):
        give_discount(day.lena, "12.5", DiscountOn.SERVICES)
        give_discount(day.lena, "10", offers=True)
        make_offer(day.brows, "9.90")
    desk.open(f"?day={DAY}&client={day.lena.pk}&at=10:00")
    for service in (day.cut, day.brows):
        desk.press(f"add:{service.pk}")
    foot = desk.text[desk.text.index('id="booking-total"') :]
    # 12.5 % of 59.00, and of the offer's 9.90 the 10 % that may.
    told = ["68,90", "60,53", "12,5\xa0% Rabatt 12.5", "7,38", "10\xa0% Rabatt 10", "0,99"]
    assert [foot.index(one) for one in told] == sorted(foot.index(one) for one in told)
    assert '<s class="muted">12,00' in desk.text
    desk.press("book")
    with salon_scope(sonnenschein.pk):
        actor = Actor(ActorKind.USER, stylist.pk, stylist.name, PERMISSIONS[Role.STAFF])
        booked = Appointment.objects.get()
        sale = open_sale(actor=actor, salon=sonnenschein, now=at(11), appointment_id=booked.pk)
    assert str(sale.total) == "60.53"
    # Who has no card has no discount.
    desk.open(f"?day={DAY}&at=12:00")
    desk.press("walk-in")
    desk.press(f"add:{day.cut.pk}")
    assert "59,00" in desk.text[desk.text.index('id="booking-total"') :]


def test_the_number_of_statements_does_not_grow(
    desk: Desk, day: SalonDay, sonnenschein: Salon, django_assert_max_num_queries: Callable[..., object]
) -> None:
    with salon_scope(sonnenschein.pk):
        for hour in range(9, 17):
            make_appointment((day.cut, day.bora), client=day.lena, starts_at=at(hour))
    with django_assert_max_num_queries(15):  # type: ignore[attr-defined]
        desk.open(f"?day={DAY}&client={day.lena.pk}&at=09:00")
    for service in (day.cut, day.brows):
        desk.press(f"add:{service.pk}", at="")
    with django_assert_max_num_queries(15):  # type: ignore[attr-defined]
        desk.press(at="")
    with salon_scope(sonnenschein.pk):
        assert AppointmentItem.objects.count() == 8


def test_the_calendar_goes_along_to_a_chosen_day_alone(desk: Desk, day: SalonDay) -> None:
    desk.open(f"?day={DAY}").press("walk-in")
    desk.press(f"add:{day.cut.pk}")
    here = f"http://testserver{START}?day={DAY}&new=1&at=09:00&staff={day.anna.pk}"
    drawer = {"HX-Request": "true", "HX-Target": "in-drawer", "HX-Current-URL": here}
    wednesday = f"{DAY + timedelta(days=1)}"

    def goes(act: str, target: str = "in-drawer", **typed: str) -> str | None:
        data = {**desk.form.values, **typed, "act": act}
        answer = desk.browser.post(f"{START}new/", data, headers={**drawer, "HX-Target": target})
        return answer.headers.get("HX-Trigger-After-Settle")

    there = goes(f"start:{wednesday}T14:00")
    assert there is not None
    to = f"{START}?day={wednesday}&new=1&at=14%3A00&staff={day.anna.pk}"
    assert json.loads(there) == {"calendar-goes": {"to": to}}
    assert goes(f"start:{DAY}T14:00") is None
    # Nobody is taken along who only looks at other times, or who has just gone to another day with what is entered.
    assert goes("times", day=wednesday, at="14:00") is None
    assert goes(f"start:{wednesday}T14:00", target="drawer") is None
