"""The orange box in the booking drawer and on the appointment (domain.md §7.2), as it works without a script."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from bookings.checkout.sales import take_deposit
from bookings.models import Appointment, Method
from bookings.particulars import change_note
from bookings.placing import MOST_ITEMS, ItemWish
from bookings.states import State
from clients.models import CarriedService, Client
from clients.notes import write_note
from loyalty.models import PriorUse, Redemption
from salon.catalogue.models import StaffService
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import DAY, at, make_absence, make_appointment, make_client, make_service
from tests.conftest import NOW
from tests.loyalty.shelf import make_reward
from tests.prompt.frank import Treat, a_treat, stands
from tests.web.booking_desk import START, Desk


@pytest.fixture(autouse=True)
def _on_that_day(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def treat(sonnenschein: Salon, front_desk: Actor) -> Treat:
    with salon_scope(sonnenschein.pk):
        return a_treat(sonnenschein, front_desk)


@pytest.fixture
def desk(stylist: User, browser_of: Callable[[User], Browser]) -> Desk:
    return Desk(browser_of(stylist))


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def _box(html: str) -> str:
    """Return what the orange box says, "" where there is none."""
    found = re.search(r'<(details|p) class="treats.*?</\1>', html, re.DOTALL)
    return _text(found[0]).strip() if found else ""


def _called(desk: Desk, treat: Treat, hour: str = "10:00") -> Desk:
    """Frank calls for a Facial."""
    desk.open(f"?day={DAY}&at={hour}&client={treat.frank.pk}")
    desk.press(f"add:{treat.facial.pk}")
    return desk


def test_a_free_time_is_chosen_and_then_a_reward_is_offered_beside_it(desk: Desk, treat: Treat) -> None:
    """Booked at once, she would not be asked whether she wants it."""
    with salon_scope(treat.salon.pk):
        treat.book()
    _called(desk, treat)
    assert "Stattdessen frei (trägt die Zeit ein, gebucht wird noch nichts):" in desk.text
    [_earlier, last, _other_day] = [act for act in desk.form.buttons if act.startswith("set:")]
    assert desk.press(last).status_code == 200
    assert desk.form.values["at"] == ["11:00"]
    assert desk.form.values["staff"] == [str(treat.carla.pk)]
    assert "350 Punkte" in _box(desk.text)
    desk.press(f"reward:{treat.shave_reward.pk}")
    # What has been taken besides changes nothing of what such a time does.
    desk.press(at="10:00")
    assert "Stattdessen frei (trägt die Zeit ein, gebucht wird noch nichts):" in desk.text
    assert any(act.startswith("set:") for act in desk.form.buttons)
    desk.press(last)
    desk.press("book")
    with salon_scope(treat.salon.pk):
        made = Appointment.objects.latest("id")
        assert stands(made) == [("Facial", "Carla", "11:00", "69.00"), ("Nassrasur *", "Emre", "12:00", "0.00")]


def test_it_shows_as_soon_as_there_are_client_and_service(desk: Desk, treat: Treat) -> None:
    desk.open(f"?day={DAY}&at=10:00&client={treat.frank.pk}")
    assert _box(desk.text) == ""
    desk.press(f"add:{treat.facial.pk}")
    box = _box(desk.text)
    assert box.startswith("350 Punkte · 2 Prämien verfügbar")
    assert "Nassrasur 350 Punkte Neu für Frank · Wert 25,00 € direkt im Anschluss, 11:00 Uhr bei Emre" in box
    assert 'class="treats ready"' in desk.text
    # The more valuable first.
    assert box.index("Nassrasur") < box.index("Brauen zupfen")


def test_what_is_booked_or_was_had_is_not_offered(desk: Desk, treat: Treat, sonnenschein: Salon) -> None:
    _called(desk, treat).press(f"add:{treat.shave.pk}")
    assert _box(desk.text).startswith("350 Punkte · 1 Prämie verfügbar Brauen zupfen")
    with salon_scope(sonnenschein.pk):
        treat.book(at(15))
        treat.give(-183)
    box = _box(_called(desk, treat).text)
    assert box == "167 Punkte · keine Prämie verfügbar"


def test_before_a_time_is_known_it_names_none(desk: Desk, treat: Treat) -> None:
    desk.open(f"?day={DAY}&client={treat.frank.pk}").press(f"add:{treat.facial.pk}")
    box = _box(desk.text)
    assert box.startswith("350 Punkte · 2 Prämien verfügbar, je nach Uhrzeit")
    assert "Nassrasur 350 Punkte Neu für Frank · Wert 25,00 € Als Prämie dazu" in box
    assert "Anschluss" not in box
    assert "je nach Uhrzeit" not in _box(_called(desk, treat).text)


def test_a_later_place_is_told_and_none_cannot_be_chosen(desk: Desk, treat: Treat, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        make_absence(treat.emre, at(11), at(11, 40))
    assert "11:45 Uhr bei Emre, nach 45 min Wartezeit" in _box(_called(desk, treat).text)
    with salon_scope(sonnenschein.pk):
        make_absence(treat.emre, at(11, 40), at(18))
    _called(desk, treat)
    assert _box(desk.text).startswith("350 Punkte · an diesem Tag kein Platz mehr für eine Prämie")
    assert "Nach diesem Termin ist an dem Tag niemand mehr frei" in _box(desk.text)
    assert not [one for one in desk.form.buttons if one.startswith("reward:")]


def test_one_click_appends_it_and_booking_takes_the_points(desk: Desk, treat: Treat, sonnenschein: Salon) -> None:
    _called(desk, treat).press(f"reward:{treat.shave_reward.pk}")
    assert desk.form.values["reward"] == [str(treat.shave_reward.pk)]
    assert "11:00–11:30 Uhr · Emre" in _text(desk.text)
    # Her chair is taken for as long as both take.
    assert "Gesamt · 90 min" in _text(desk.text)
    assert _box(desk.text).startswith("0 Punkte · keine Prämie verfügbar")
    with salon_scope(sonnenschein.pk):
        assert (treat.points(), Redemption.objects.count()) == (350, 0)
    answer = desk.press("book")
    assert answer.status_code == 302
    with salon_scope(sonnenschein.pk):
        made = Appointment.objects.get()
        assert stands(made) == [("Facial", "Carla", "10:00", "69.00"), ("Nassrasur *", "Emre", "11:00", "0.00")]
        assert treat.points() == 0


def test_it_is_taken_off_again_and_goes_with_its_services_and_its_client(desk: Desk, treat: Treat) -> None:
    act = f"reward:{treat.shave_reward.pk}"
    _called(desk, treat).press(act)
    desk.press(f"unreward:{treat.shave_reward.pk}")
    assert "reward" not in desk.form.values
    desk.press(act)
    desk.press("remove:0")
    assert "reward" not in desk.form.values
    _called(desk, treat).press(act)
    desk.press("no-client")
    assert "reward" not in desk.form.values


def test_points_that_went_meanwhile_are_told_and_nothing_is_booked(
    desk: Desk, treat: Treat, sonnenschein: Salon
) -> None:
    _called(desk, treat).press(f"reward:{treat.shave_reward.pk}")
    with salon_scope(sonnenschein.pk):
        treat.give(-1)
    answer = desk.press("book")
    assert answer.status_code == 422
    assert "349" in _text(desk.text)
    # Nobody has fewer than she has: what cannot be booked takes nothing.
    assert _box(desk.text).startswith("349 Punkte")
    with salon_scope(sonnenschein.pk):
        assert (Appointment.objects.count(), treat.points()) == (0, 349)


def test_she_had_it_before(desk: Desk, treat: Treat, sonnenschein: Salon) -> None:
    _called(desk, treat).press(f"had:{treat.shave_reward.pk}")
    assert _box(desk.text).startswith("350 Punkte · 1 Prämie verfügbar Brauen zupfen")
    with salon_scope(sonnenschein.pk):
        assert PriorUse.objects.get().service_id == treat.shave.pk


def test_without_a_treatcard_there_is_no_box(desk: Desk, treat: Treat, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=treat.frank.pk).update(treatcard_number="", points=0)
    assert _box(_called(desk, treat).text) == ""


def _press(browser: Browser, made: Appointment, **data: str) -> Any:
    with salon_scope(made.salon.pk):
        made.refresh_from_db()
    url = f"{START}appointments/{made.pk}/change/"
    return browser.post(url, {"version": str(made.version), **data}, headers={"HX-Request": "true"})


def test_on_the_appointment(desk: Desk, treat: Treat, sonnenschein: Salon) -> None:
    browser = desk.browser
    with salon_scope(sonnenschein.pk):
        made = treat.book().appointment
    url = f"{START}appointments/{made.pk}/"
    assert _box(browser.get(url).content.decode()).startswith("350 Punkte · 2 Prämien verfügbar")
    answer = _press(browser, made, act=f"reward:{treat.shave_reward.pk}")
    text = _text(answer.content.decode())
    assert "Prämie dazugebucht: Nassrasur, 11:00 Uhr." in text
    assert "Nassrasur Prämie 25,00 € 0,00 €" in text
    assert "11:00–11:30 Uhr · Emre · 30 min · 350 Punkte" in text
    assert answer["HX-Trigger"] == "calendar-changed"
    # Without what is paid for, it goes; that can be taken back.
    with salon_scope(sonnenschein.pk):
        facial = made.items.get(position=0)
    answer = _press(browser, made, act="drop", item=str(facial.pk))
    assert "Ohne bezahlte Leistung gibt es keine Prämie" in _text(answer.content.decode())
    assert "350 Punkte zurückgegeben" in _text(answer.content.decode())
    with salon_scope(sonnenschein.pk):
        made.refresh_from_db()
        assert (made.state, treat.points()) == (State.CANCELLED, 350)
    _press(browser, made, act="undo")
    with salon_scope(sonnenschein.pk):
        assert treat.points() == 0


def test_moving_it_to_another_day_warns(desk: Desk, treat: Treat, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        booked = treat.with_shave()
    item = booked.items[1]
    data = {"item": str(item.pk), "staff": str(treat.emre.pk), "minutes": "30", "price": "0,00"}
    answer = _press(desk.browser, booked.appointment, act="item", at="09:30", day="2026-11-25", **data)
    assert "Nassrasur: An diesem Tag käme die Kundin/der Kunde nur wegen der Prämie" in _text(answer.content.decode())
    # Further away it would be another visit.
    answer = _press(desk.browser, booked.appointment, act="item", at="09:30", day="2026-12-25", **data)
    assert answer.status_code == 422


def test_a_walk_in_and_whoever_has_no_card_get_no_box(desk: Desk, treat: Treat, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        walk_in = treat.book(client_id=None).appointment
        other = treat.book(at(14), client_id=make_client().pk).appointment
    for made in (walk_in, other):
        assert _box(desk.browser.get(f"{START}appointments/{made.pk}/").content.decode()) == ""


def test_the_same_again_is_without_it(desk: Desk, treat: Treat, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        made = treat.with_shave().appointment
    desk.open(f"?like={made.pk}&weeks=4")
    assert desk.form.values["service"] == [str(treat.facial.pk)]


@pytest.mark.parametrize("many", [2, 20])
def test_the_drawer_takes_sixteen_statements_with_the_box_and_twelve_without(
    desk: Desk, treat: Treat, sonnenschein: Salon, many: int
) -> None:
    """Of as many rewards, services booked, lines of its history, notes, and words of an import as there are."""
    with salon_scope(sonnenschein.pk):
        booked = [ItemWish(treat.facial.pk, treat.carla.pk), *[ItemWish(treat.brows.pk, treat.emre.pk)] * (many - 1)]
        made = treat.with_shave(items=booked[:MOST_ITEMS]).appointment
        pay_before(treat, made)
        treat.give(350)
        for number in range(many):
            service = make_service(f"Nr{number}", 15)
            StaffService.objects.create(staff=treat.emre, service=service)
            make_reward(service, points=10)
            CarriedService.objects.create(client=treat.frank, name=f"NR{number}" if number % 2 else f"War {number}")
            write_note(actor=treat.actor, client_id=treat.frank.pk, text=f"Alarm {number}", pinned=True, now=NOW)
            change_note(**treat.given, appointment_id=made.pk, note=f"Notiz {number}")
    url = f"{START}appointments/{made.pk}/"
    desk.browser.get(url)
    with CaptureQueriesContext(connection) as with_box:
        page = desk.browser.get(url).content.decode()
    # What an import says she had is not offered; nor is what she is booking.
    assert page.count('class="treat-row"') == many // 2
    assert page.index(f"Alarm {many - 1}") < page.index("Alarm 0")
    assert page.count('class="happened-change"') >= many
    assert "geht zurück" in page
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=treat.frank.pk).update(treatcard_number="")
    with CaptureQueriesContext(connection) as without:
        assert 'class="treats' not in desk.browser.get(url).content.decode()
    assert (len(with_box), len(without)) == (16, 12)


def pay_before(treat: Treat, made: Appointment) -> None:
    """Let Frank pay ten euros beforehand."""
    take_deposit(**treat.given, appointment_id=made.pk, method=Method.CARD, amount=Decimal(10))


def test_removing_what_all_else_goes_with_asks_before_it_cancels(desk: Desk, treat: Treat, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        made = treat.with_shave().appointment
        url = f"{START}appointments/{made.pk}/"
    page = desk.browser.get(url).text
    assert page.count('value="drop"') == 2
    [asked] = re.findall(r'<details class="menu from-end">.*?</details>', page, re.DOTALL)
    assert "Ohne bezahlte Leistung gibt es keine Prämie: Wird diese entfernt, ist der Termin abgesagt" in asked
    assert re.search(r'value="drop">\s*Termin absagen<', asked)


def test_a_reward_goes_to_another_day_and_comes_back(desk: Desk, treat: Treat) -> None:
    with salon_scope(treat.salon.pk):
        made = treat.with_shave().appointment
        shave = made.items.get(service=treat.shave)
    page, change = f"{START}appointments/{made.pk}/", f"{START}appointments/{made.pk}/change/"
    given = {"item": str(shave.pk), "staff": str(treat.emre.pk), "minutes": "30", "price": "0,00"}
    answer = desk.browser.post(change, {**given, "act": "item", "day": "2026-12-03", "at": "10:00"}, follow=True)
    assert "Nassrasur ist jetzt ein eigener Termin: Do., 3. Dez. · 10:00–10:30 Uhr." in answer.text
    assert "?act=undo" in answer.text
    with salon_scope(treat.salon.pk):
        assert [len(stands(one)) for one in Appointment.objects.order_by("starts_at")] == [1, 1]
    desk.browser.post(change, {"act": "undo"})
    assert "Nassrasur" in desk.browser.get(page).text
    with salon_scope(treat.salon.pk):
        assert Appointment.objects.count() == 1


def test_for_a_reward_times_are_proposed_where_it_was_wanted(desk: Desk, treat: Treat) -> None:
    with salon_scope(treat.salon.pk):
        made = treat.with_shave().appointment
        shave = made.items.get(service=treat.shave)
        make_appointment((treat.shave, treat.emre), starts_at=at(10, day=DAY + timedelta(days=1)))
    change = f"{START}appointments/{made.pk}/change/"
    given = {"item": str(shave.pk), "staff": str(treat.emre.pk), "minutes": "30", "price": "0,00"}
    refused = desk.browser.post(change, {**given, "act": "item", "day": "2026-11-25", "at": "10:00"})
    acts = re.findall(r'value="(item-to:[^"]+)"', refused.text)
    assert (refused.status_code, len(acts)) == (422, 3)
    assert "Mi., 25. Nov., 10:30" in _text(refused.text) or "Morgen, 25. Nov., 10:30" in _text(refused.text)
    assert "move-to:" not in refused.text
    # What was entered stands there again, not what was before.
    assert f'id="item-day-{shave.pk}" name="day" type="date" value="2026-11-25"' in refused.text
    assert f'id="item-at-{shave.pk}" name="at" type="time" step="300" value="10:00"' in refused.text
    desk.browser.post(change, {"act": acts[0], "item": str(shave.pk)})
    with salon_scope(treat.salon.pk):
        shave.refresh_from_db()
        assert shave.appointment_id != made.pk
        assert shave.starts_at.date() == DAY + timedelta(days=1)
