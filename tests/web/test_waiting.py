"""The waiting list in the browser: put on it, changed, taken off and back, booked from it, counted in the bar."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client as Browser

from bookings.models import Appointment, WaitingEntry, WaitingState
from bookings.waiting import Longing, add_waiting, longing_of
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import DAY, SalonDay, at
from tests.conftest import NOW

LIST = "/s/sonnenschein/calendar/waiting/"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(stylist: User, browser_of: Callable[[User], Browser]) -> Browser:
    return browser_of(stylist)


@pytest.fixture
def entry(sonnenschein: Salon, day: SalonDay, front_desk: Actor) -> WaitingEntry:
    with salon_scope(sonnenschein.pk):
        longing = Longing(
            service_ids=(day.cut.pk, day.brows.pk), starts_on=DAY, ends_on=DAY, staff_id=day.anna.pk, note="ruft an"
        )
        return add_waiting(actor=front_desk, salon=sonnenschein, client_id=day.lena.pk, longing=longing, now=NOW)


def _entries(salon: Salon) -> list[WaitingEntry]:
    with salon_scope(salon.pk):
        return list(WaitingEntry.objects.order_by("created_at"))


def test_put_on_the_list(sonnenschein: Salon, desk: Browser, day: SalonDay) -> None:
    path = f"{LIST}new/"
    sent = {
        "services": [str(day.brows.pk)],
        "staff": "",
        "starts_on": str(DAY),
        "ends_on": str(DAY),
        "from_time": "14:00",
        "until_time": "",
        "note": "",
    }
    refused = desk.post(path, {**sent, "act": "save"})
    assert refused.status_code == 422
    assert "Bitte wählen Sie eine Kundin oder einen Kunden." in refused.text
    searched = desk.post(path, {**sent, "client_q": "vog"})
    assert f'value="client:{day.lena.pk}"' in searched.text
    chosen = desk.post(path, {**sent, "act": f"client:{day.lena.pk}"})
    assert f'name="client" value="{day.lena.pk}"' in chosen.text
    assert 'value="14:00"' in chosen.text
    assert desk.post(path, {**sent, "act": "save", "client": str(day.lena.pk)}).status_code == 302
    [made] = _entries(sonnenschein)
    with salon_scope(sonnenschein.pk):
        assert longing_of(made) == Longing(service_ids=(day.brows.pk,), starts_on=DAY, ends_on=DAY, from_minute=14 * 60)
    assert "Brauen zupfen" in desk.get(LIST).text


def test_the_drawer_fills_the_form(desk: Browser, day: SalonDay) -> None:
    asked = f"day={DAY}&service={day.cut.pk}&staff={day.bora.pk}&client={day.lena.pk}"
    form = desk.get(f"{LIST}new/?{asked}").text
    assert "Lena Vogel" in form
    assert f'value="{day.cut.pk}" id="id_services_0" checked' in form.replace('class="" ', "")
    assert f'value="{day.bora.pk}" selected' in form
    assert f'value="{DAY}"' in form
    booking = desk.get(f"/s/sonnenschein/calendar/new/?day={DAY}&service={day.cut.pk}&client={day.lena.pk}").text
    assert "Auf die Warteliste" in booking


def test_changed_taken_off_and_put_back(sonnenschein: Salon, desk: Browser, entry: WaitingEntry) -> None:
    path = f"{LIST}{entry.pk}/"
    assert "ruft an" in desk.get(path).text
    with salon_scope(sonnenschein.pk):
        services = [str(one) for one in longing_of(entry).service_ids]
    sent = {"services": services, "starts_on": str(DAY), "ends_on": str(DAY), "note": "kommt vorbei"}
    assert desk.post(path, {**sent, "ends_on": "2026-11-01"}).status_code == 422
    assert desk.post(path, sent).status_code == 302
    assert [one.note for one in _entries(sonnenschein)] == ["kommt vorbei"]
    off = desk.post(f"{path}remove/", follow=True)
    assert "steht nicht mehr auf der Warteliste" in off.text
    assert f"{path}remove/?act=restore" in off.text
    assert desk.post(f"{path}remove/?act=restore").status_code == 302
    assert [one.state for one in _entries(sonnenschein)] == [WaitingState.WAITING]


def test_booked_from_the_list_at_the_time_that_suits(
    sonnenschein: Salon, desk: Browser, day: SalonDay, entry: WaitingEntry
) -> None:
    page = desk.get(LIST).text
    assert "Passt jetzt" in page
    assert "09:00–10:15 Uhr" in page
    start = page.index("/s/sonnenschein/calendar/new/?waiting=")
    link = page[start : page.index('"', start)].replace("&amp;", "&")
    form = desk.get(link).text
    assert f'name="waiting" value="{entry.pk}"' in form
    sent = {
        "waiting": str(entry.pk),
        "who": "card",
        "client": str(day.lena.pk),
        "service": [str(day.cut.pk), str(day.brows.pk)],
        "staff": [str(day.anna.pk), str(day.anna.pk)],
        "day": str(DAY),
        "at": "09:00",
        "act": "book",
    }
    assert desk.post(urlsplit(link).path, sent).status_code in {200, 302}
    with salon_scope(sonnenschein.pk):
        appointment = Appointment.objects.get()
        assert appointment.starts_at == at(9)
    assert [(one.state, one.appointment_id) for one in _entries(sonnenschein)] == [
        (WaitingState.BOOKED, appointment.pk)
    ]


def test_the_calendars_bar_counts_who_waits_and_whom_the_day_suits(desk: Browser, entry: WaitingEntry) -> None:
    suits = desk.get(f"/s/sonnenschein/calendar/hints/?day={DAY}").text
    assert "1 passt" in suits
    assert f"/calendar/waiting/?day={DAY}" in suits
    assert "passt" not in desk.get("/s/sonnenschein/calendar/hints/?day=2026-11-25").text
    assert "/calendar/hints/" in desk.get(f"/s/sonnenschein/calendar/?day={DAY}").text
