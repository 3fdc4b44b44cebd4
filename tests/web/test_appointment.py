"""The drawer of one appointment: what it shows, and each of its buttons (ui.md §2.2)."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db.models import Prefetch
from django.http import HttpResponse
from django.test import Client as Browser

from bookings.models import Appointment, AppointmentItem
from bookings.states import State
from salon.audit.models import AuditEntry
from salon.catalogue.models import Absence, AbsenceKind, StaffMember
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import DAY, SalonDay, at, make_absence, make_appointment, make_client
from tests.checkout.till import give_discount

SignIn = Callable[[User], Browser]

pytestmark = pytest.mark.usefixtures("before_the_day")
START = "/s/sonnenschein/calendar/"
FROM_DRAWER = {"HX-Request": "true", "HX-Target": "in-drawer", "HX-Current-URL": f"http://testserver{START}?day={DAY}"}


@pytest.fixture
def booked(day: SalonDay, sonnenschein: Salon) -> Appointment:
    """Colour from ten with Anna, then brows: for Lena."""
    with salon_scope(sonnenschein.pk):
        return make_appointment((day.colour, day.anna), (day.brows, day.anna), client=day.lena, starts_at=at(10))


@pytest.fixture
def press(booked: Appointment, manager: User, browser_of: SignIn) -> Callable[..., HttpResponse]:
    """Return a way to press a button of the drawer in the calendar."""
    browser = browser_of(manager)

    def change(act: str, **typed: Any) -> HttpResponse:
        url = f"{START}appointments/{booked.pk}/change/"
        return browser.post(url, {"act": act, **typed}, headers=FROM_DRAWER)  # type: ignore[return-value]

    return change


def _now(salon: Salon, appointment_id: UUID) -> Appointment:
    with salon_scope(salon.pk):
        items = Prefetch("items", AppointmentItem.objects.select_related("staff").order_by("position"))
        return Appointment.objects.prefetch_related(items).get(pk=appointment_id)


def _text(answer: HttpResponse) -> str:
    return answer.content.decode()


def test_it_shows_everything_about_it(booked: Appointment, stylist: User, browser_of: SignIn, day: SalonDay) -> None:
    page = _text(browser_of(stylist).get(f"{START}appointments/{booked.pk}/"))  # type: ignore[arg-type]
    for told in (
        "Di., 24. Nov. · 10:00–11:45 Uhr",
        "Lena Vogel",
        "Ansatzfarbe",
        "10:00–11:30 Uhr · Anna",
        "11:30–11:45 Uhr · Anna",
        "74,00\N{NO-BREAK SPACE}€",
        "Bei der Buchung: Wiederkehrend",
        "In 4 Wochen",
        "Absagen",
        "Ist da",
        "Preise ändert die Leitung.",
    ):
        assert told in page
    assert f"/clients/{day.lena.pk}/" in page


def test_its_total_is_what_the_till_asks_for(
    booked: Appointment, stylist: User, browser_of: SignIn, day: SalonDay, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        category = give_discount(day.lena, "10")
    page = _text(browser_of(stylist).get(f"{START}appointments/{booked.pk}/"))  # type: ignore[arg-type]
    bill = page[page.index("appointment-bill") :]
    told = ["Vor Rabatten", "74,00", category.name, "7,40", "Gesamt", "66,60"]
    assert [bill.index(one) for one in told] == sorted(bill.index(one) for one in told)


@pytest.mark.parametrize("target", ["drawer", "in-drawer"])
def test_the_calendar_gets_as_much_as_it_asks_for_and_its_address_follows(
    booked: Appointment, stylist: User, browser_of: SignIn, target: str
) -> None:
    headers = {**FROM_DRAWER, "HX-Target": target}
    answer = browser_of(stylist).get(f"{START}appointments/{booked.pk}/", headers=headers)
    assert "<html" not in _text(answer)  # type: ignore[arg-type]
    assert ('class="drawer booking-drawer"' in _text(answer)) is (target == "drawer")  # type: ignore[arg-type]
    address = f"{START}?day={DAY}&appointment={booked.pk}"
    assert answer.headers.get("HX-Push-Url" if target == "drawer" else "HX-Replace-Url") == address


def test_looked_at_again_it_leaves_the_address_as_it_is(booked: Appointment, stylist: User, browser_of: SignIn) -> None:
    here = f"http://testserver{START}?day={DAY + timedelta(days=1)}&appointment={booked.pk}"
    headers = {**FROM_DRAWER, "HX-Target": "in-drawer", "HX-Current-URL": here}
    answer = browser_of(stylist).get(f"{START}appointments/{booked.pk}/", headers=headers)
    assert f'data-id="{booked.pk}" data-version="1"' in _text(answer)  # type: ignore[arg-type]
    assert "HX-Replace-Url" not in answer.headers


def test_states_go_where_they_may_and_can_be_taken_back(
    press: Callable[..., HttpResponse], booked: Appointment, sonnenschein: Salon
) -> None:
    answer = press("state:ARRIVED", version=1)
    assert (answer.status_code, answer["HX-Trigger"]) == (200, "calendar-changed")
    assert _now(sonnenschein, booked.pk).state == State.ARRIVED
    assert "state:" not in _text(answer)
    assert press("undo", version=2).status_code == 200
    assert _now(sonnenschein, booked.pk).state == State.BOOKED
    refused = press("state:NOWHERE")
    assert "HX-Trigger" not in refused


def test_whether_she_came_is_asked_on_the_day(
    press: Callable[..., HttpResponse], booked: Appointment, sonnenschein: Salon, time_machine: Any
) -> None:
    time_machine.move_to(at(23, 59, DAY - timedelta(days=1)))
    refused = press("state:COMPLETED", version=1)
    assert refused.status_code == 422
    assert "Ob jemand da war, lässt sich frühestens am Tag des Termins sagen." in _text(refused)
    assert "state:ARRIVED" in _text(refused)
    assert "state:COMPLETED" not in _text(refused)
    time_machine.move_to(at(0))
    answer = press("state:ARRIVED", version=1)
    assert "state:COMPLETED" in _text(answer)
    assert "state:NO_SHOW" not in _text(answer)
    time_machine.move_to(_now(sonnenschein, booked.pk).starts_at)
    answer = press("find")
    assert "state:NO_SHOW" in _text(answer)
    press("state:COMPLETED", version=2)
    assert _now(sonnenschein, booked.pk).state == State.COMPLETED


def test_cancelled_with_a_reason_and_taken_back(
    press: Callable[..., HttpResponse], booked: Appointment, sonnenschein: Salon
) -> None:
    answer = press("cancel", version=1, reason="krank")
    assert "abgesagt" in _text(answer)
    found = _now(sonnenschein, booked.pk)
    assert (found.state, found.cancel_reason) == (State.CANCELLED, "krank")
    assert "krank" in _text(answer)
    press("undo", version=found.version)
    assert _now(sonnenschein, booked.pk).state == State.BOOKED


def test_moved_by_its_form_and_taken_back(
    press: Callable[..., HttpResponse], booked: Appointment, sonnenschein: Salon
) -> None:
    answer = press("move", version=1, day="24.11.2026", at="12:30")
    assert "Verschoben auf Di., 24. Nov. · 12:30–14:15 Uhr." in _text(answer)
    assert answer["HX-Replace-Url"] == f"{START}?day={DAY}&appointment={booked.pk}"
    # On another day the calendar goes along.
    answer = press("move", version=2, day="25.11.2026", at="14:30")
    assert answer["HX-Redirect"] == f"{START}?day=2026-11-25&appointment={booked.pk}"
    found = _now(sonnenschein, booked.pk)
    assert found.starts_at == at(14, 30, DAY + timedelta(days=1))
    assert press("undo", version=found.version).status_code == 200
    assert _now(sonnenschein, booked.pk).starts_at == at(12, 30)
    wrong = press("move", day="2026-11-25", at="")
    assert wrong.status_code == 422
    assert "Bitte wählen Sie eine Uhrzeit." in _text(wrong)


def test_a_taken_time_names_what_blocks_and_offers_times_that_move_at_once(
    press: Callable[..., HttpResponse], booked: Appointment, sonnenschein: Salon, day: SalonDay
) -> None:
    with salon_scope(sonnenschein.pk):
        make_appointment((day.cut, day.anna), client=make_client("Mia", "Fuchs"), starts_at=at(14))
    answer = press("move", version=1, day=str(DAY), at="13:45")
    assert answer.status_code == 422
    assert "Anna: 14:00–15:00 Uhr, Mia Fuchs, Schneiden" in _text(answer)
    offers = [part.partition('"')[0] for part in _text(answer).split('value="move-to:')[1:]]
    assert len(offers) == 3
    assert _now(sonnenschein, booked.pk).starts_at == at(10)
    assert press(f"move-to:{offers[0]}", version=1).status_code == 200
    assert _now(sonnenschein, booked.pk).starts_at != at(10)


def test_free_times_are_proposed_for_moving(press: Callable[..., HttpResponse]) -> None:
    answer = press("propose", day=str(DAY), at="")
    assert answer.status_code == 200
    assert f"start:{DAY}T09:00" in _text(answer)
    assert "Di., 24. Nov. · 09:00–10:45 Uhr" in _text(press(f"start:{DAY}T09:00", version=1))


def test_it_tells_what_was_said_otherwise_and_nothing_else(
    booked: Appointment, press: Callable[..., HttpResponse], sonnenschein: Salon
) -> None:
    said = {"first_name": "Lene", "last_name": "Vogel", "phone": "+491605550142"}
    with salon_scope(sonnenschein.pk):
        Appointment.objects.filter(pk=booked.pk).update(booked_as=said)
    assert "Lene · +491605550142" in _text(press(""))


def test_for_who_has_left_no_times_are_proposed(
    press: Callable[..., HttpResponse], day: SalonDay, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        StaffMember.objects.filter(pk=day.anna.pk).update(archived_at=at(9))
    answer = press("propose", day=str(DAY), at="")
    assert answer.status_code == 200
    assert "Ansatzfarbe" in _text(answer)


def test_one_service_is_changed_in_every_respect(
    press: Callable[..., HttpResponse], booked: Appointment, sonnenschein: Salon, day: SalonDay
) -> None:
    with salon_scope(sonnenschein.pk):
        brows = AppointmentItem.objects.get(appointment=booked, service=day.brows)
    given = {"item": brows.pk, "staff": day.bora.pk, "at": "11:30", "minutes": "20", "price": "15,5", "version": 1}
    assert press("item", **given).status_code == 200
    with salon_scope(sonnenschein.pk):
        brows.refresh_from_db()
    assert (brows.staff_id, brows.minutes.duration, brows.price) == (day.bora.pk, 20, Decimal("15.50"))
    for wrong, told in (
        ({"price": "viel"}, "Preis wie"),
        ({"minutes": "x"}, "Zahl"),
        ({"minutes": "7"}, "5 "),
        ({"at": "99"}, "Uhrzeit"),
        ({"item": day.anna.pk}, "gehört nicht mehr"),
    ):
        refused = press("item", **{**given, "version": "", **wrong})
        assert refused.status_code == 422
        assert told in _text(refused), (wrong, _text(refused))
    # What was entered and refused is still in its fields; what somebody else has changed meanwhile is, too.
    refused = press("item", **{**given, "version": "", "staff": day.anna.pk, "at": "11:45", "price": "viel"})
    for entered in (
        f'<option value="{day.anna.pk}" selected>',
        'name="at" type="time" step="300" value="11:45"',
        '"viel"',
    ):
        assert entered in _text(refused)
    stale = press("item", **{**given, "version": 1, "at": "11:45"})
    assert (stale.status_code, 'value="11:45"' in _text(stale)) == (422, False)
    # Half of a change is none: the other person is not taken where the duration is refused.
    press("item", **{**given, "version": "", "staff": day.anna.pk, "minutes": "7"})
    with salon_scope(sonnenschein.pk):
        brows.refresh_from_db()
    assert brows.staff_id == day.bora.pk


def test_services_come_and_go(
    press: Callable[..., HttpResponse], booked: Appointment, sonnenschein: Salon, day: SalonDay
) -> None:
    press(f"add:{day.cut.pk}", version=1)
    items = [*_now(sonnenschein, booked.pk).items.all()]
    assert [one.service_id for one in items] == [day.colour.pk, day.brows.pk, day.cut.pk]
    press("drop", item=items[0].pk)
    assert [one.service_id for one in _now(sonnenschein, booked.pk).items.all()] == [day.brows.pk, day.cut.pk]


def test_a_service_is_exchanged_in_place_and_costs_what_the_other_one_does(
    press: Callable[..., HttpResponse], booked: Appointment, sonnenschein: Salon, day: SalonDay
) -> None:
    with salon_scope(sonnenschein.pk):
        brows = AppointmentItem.objects.select_related("staff").get(appointment=booked, service=day.brows)
    assert f'<option value="{day.cut.pk}">Schneiden</option>' in _text(press("find"))
    at_noon = {"at": "11:30", "minutes": "15", "price": "12,00"}
    done = press("item", item=brows.pk, service=day.cut.pk, staff=brows.staff_id, version=1, **at_noon)
    assert (done.status_code, done["HX-Trigger"]) == (200, "calendar-changed")
    with salon_scope(sonnenschein.pk):
        brows.refresh_from_db()
    assert (brows.service_id, brows.minutes.duration, brows.price) == (day.cut.pk, 60, day.cut.price)
    assert brows.starts_at == at(11, 30)


def test_a_price_is_not_for_everybody(
    booked: Appointment, stylist: User, browser_of: SignIn, sonnenschein: Salon, day: SalonDay
) -> None:
    with salon_scope(sonnenschein.pk):
        item = AppointmentItem.objects.get(appointment=booked, service=day.brows)
    given = {"act": "item", "item": item.pk, "staff": day.anna.pk, "at": "11:30", "minutes": "15", "price": "1,00"}
    url = f"{START}appointments/{booked.pk}/change/"
    answer = browser_of(stylist).post(url, given, headers=FROM_DRAWER)
    assert answer.status_code in {403, 422}
    with salon_scope(sonnenschein.pk):
        item.refresh_from_db()
    assert item.price == Decimal("12.00")


def test_somebody_else_was_faster(press: Callable[..., HttpResponse], booked: Appointment, sonnenschein: Salon) -> None:
    press("state:ARRIVED", version=1)
    answer = press("note", version=1, note="bringt Kuchen mit")
    assert answer.status_code == 422
    assert "Der Termin hat sich inzwischen geändert" in _text(answer)
    assert "bringt Kuchen mit" in _text(answer)
    assert _now(sonnenschein, booked.pk).note == ""
    press("note", version=2, note="bringt Kuchen mit")
    assert _now(sonnenschein, booked.pk).note == "bringt Kuchen mit"


def test_its_history_is_told(press: Callable[..., HttpResponse], booked: Appointment, sonnenschein: Salon) -> None:
    press("move", version=1, day=str(DAY), at="12:00")
    press("cancel", version=2, reason="krank")
    page = _text(press("undo", version=3))
    for told in ("Verschoben", "Abgesagt", "Letzte Änderung rückgängig gemacht", "10:00 → Di., 24. Nov., 12:00"):
        assert told in page
    with salon_scope(sonnenschein.pk):
        assert AuditEntry.objects.filter(subject_id=booked.pk, client_id=booked.client_id).count() == 3


def test_a_walk_in_gets_a_card(manager: User, browser_of: SignIn, sonnenschein: Salon, day: SalonDay) -> None:
    with salon_scope(sonnenschein.pk):
        walk_in = make_appointment((day.cut, day.anna), starts_at=at(16))
    browser, url = browser_of(manager), f"{START}appointments/{walk_in.pk}/"
    assert "Laufkunde" in browser.get(url).content.decode()
    found = browser.post(f"{url}change/", {"act": "find", "client_q": "vogel"}).content.decode()
    assert f"client:{day.lena.pk}" in found
    assert browser.post(f"{url}change/", {"act": f"client:{day.lena.pk}"}).status_code == 302
    assert _now(sonnenschein, walk_in.pk).client_id == day.lena.pk


def test_without_a_script_a_change_leads_back_and_its_message_takes_it_back(
    booked: Appointment, manager: User, browser_of: SignIn, sonnenschein: Salon
) -> None:
    browser, url = browser_of(manager), f"{START}appointments/{booked.pk}/"
    answer = browser.post(f"{url}change/", {"act": "cancel", "version": 1})
    assert (answer.status_code, answer["Location"]) == (302, url)
    page = browser.get(url).content.decode()
    assert f'action="{url}change/?act=undo"' in page
    assert browser.post(f"{url}change/?act=undo").status_code == 302
    assert _now(sonnenschein, booked.pk).state == State.BOOKED


def test_a_time_is_blocked_changed_and_removed(
    stylist: User, browser_of: SignIn, sonnenschein: Salon, day: SalonDay
) -> None:
    browser = browser_of(stylist)
    page = browser.get(f"{START}blocked/new/?day={DAY}&at=12:00&staff={day.bora.pk}").content.decode()
    assert 'value="12:00"' in page
    assert 'value="12:30"' in page
    entered = {"staff": day.bora.pk, "day": DAY, "starts": "12:00", "ends": "11:00", "note": "Inventur"}
    refused = browser.post(f"{START}blocked/new/", entered)
    assert refused.status_code == 422
    assert "Inventur" in refused.content.decode()
    answer = browser.post(f"{START}blocked/new/", {**entered, "ends": "13:00"}, headers=FROM_DRAWER)
    assert (answer.headers["HX-Retarget"], answer.headers["HX-Trigger"]) == ("#drawer", "calendar-changed")
    with salon_scope(sonnenschein.pk):
        blocked = Absence.objects.get()
    assert (blocked.kind, blocked.starts_at, blocked.ends_at) == (AbsenceKind.BLOCKED, at(12), at(13))
    url = f"{START}blocked/{blocked.pk}/"
    assert "Inventur" in browser.get(url).content.decode()
    assert browser.post(url, {**entered, "ends": "14:00", "act": "save"}).status_code == 302
    with salon_scope(sonnenschein.pk):
        assert Absence.objects.get().ends_at == at(14)
    assert browser.post(url, {"act": "remove"}).status_code == 302
    with salon_scope(sonnenschein.pk):
        assert not Absence.objects.exists()
    assert browser.post(f"{url}?act=restore").status_code == 302
    with salon_scope(sonnenschein.pk):
        assert Absence.objects.get().ends_at == at(14)
        vacation = make_absence(day.anna, at(8), at(20))
    assert browser.get(f"{START}blocked/{vacation.pk}/").status_code == 404


def test_a_colleague_is_reported_sick_where_times_are_blocked(
    stylist: User, browser_of: SignIn, sonnenschein: Salon, day: SalonDay
) -> None:
    browser = browser_of(stylist)
    with salon_scope(sonnenschein.pk):
        make_appointment((day.cut, day.bora), starts_at=at(14))
    assert '<option value="SICK">Krank</option>' in browser.get(f"{START}blocked/new/?day={DAY}").content.decode()
    entered = {"staff": day.bora.pk, "day": DAY, "starts": "13:00", "ends": "00:00", "kind": "SICK"}
    page = browser.post(f"{START}blocked/new/", entered, follow=True).content.decode()
    assert re.search(r">Krank · [^<]+ 24\. Nov\., ab 13:00 Uhr</p>", page)
    assert "0 von 1 erledigt" in page
    with salon_scope(sonnenschein.pk):
        assert Absence.objects.get().kind == AbsenceKind.SICK


def test_a_time_until_midnight_ends_on_the_next_day(
    stylist: User, browser_of: SignIn, sonnenschein: Salon, day: SalonDay
) -> None:
    entered = {"staff": day.bora.pk, "day": DAY, "starts": "20:00", "ends": "00:00", "note": ""}
    assert browser_of(stylist).post(f"{START}blocked/new/", entered).status_code == 302
    with salon_scope(sonnenschein.pk):
        assert Absence.objects.get().ends_at == at(0, day=DAY + timedelta(days=1))


def test_the_number_of_statements_does_not_grow(
    stylist: User,
    browser_of: SignIn,
    sonnenschein: Salon,
    day: SalonDay,
    django_assert_num_queries: Any,
) -> None:
    with salon_scope(sonnenschein.pk):
        small = make_appointment((day.brows, day.anna), client=day.lena, starts_at=at(9))
        large = make_appointment(*[(day.brows, day.bora)] * 10, client=day.lena, starts_at=at(9))
    browser = browser_of(stylist)
    browser.get(f"{START}appointments/{small.pk}/")
    for one in (small, large):
        with django_assert_num_queries(12):
            browser.get(f"{START}appointments/{one.pk}/")
