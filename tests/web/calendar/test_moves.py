"""What is done in the calendar page (ui.md §2.1): moved, refused, made longer, taken back."""

import re
from datetime import timedelta

import pytest
from django.test import Client as Browser

from bookings.bounds import Bounds
from bookings.models import Appointment
from bookings.scheduling import ItemWish, book
from bookings.states import Source
from clients.models import Client
from salon.catalogue.models import StaffService
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import DAY, SalonDay, at, make_appointment
from tests.conftest import NOW
from tests.web.calendar.conftest import HTMX, PAGE


def test_a_drop_moves_and_is_taken_back(
    browser: Browser, desk: SalonDay, cut: Appointment, sonnenschein: Salon
) -> None:
    entered = {"day": DAY, "at": "11:15", "staff": desk.bora.pk, "version": 1}
    answer = browser.post(f"{PAGE}appointments/{cut.pk}/move/", entered, headers=HTMX)
    assert (answer.status_code, answer["HX-Trigger"]) == (200, "calendar-changed")
    with salon_scope(sonnenschein.pk):
        moved = Appointment.objects.get()
        assert (moved.starts_at, moved.items.get().staff_id) == (at(11, 15), desk.bora.pk)
    undo = re.search(r'action="([^"]+/undo/\?version=\d+)"', answer.content.decode())
    assert undo
    assert browser.post(undo[1], headers=HTMX).status_code == 200
    with salon_scope(sonnenschein.pk):
        back = Appointment.objects.get()
        assert (back.starts_at, back.items.get().staff_id) == (at(10), desk.anna.pk)
    # Only once.
    assert browser.post(undo[1], headers=HTMX).status_code == 422


def test_a_drop_says_that_a_mail_is_written_unless_it_is_taken_back(
    browser: Browser, desk: SalonDay, cut: Appointment, sonnenschein: Salon
) -> None:
    entered = {"day": DAY, "at": "11:15", "staff": desk.bora.pk}
    notice = "Lena Vogel bekommt in zwei Minuten eine E-Mail."
    assert notice not in browser.post(f"{PAGE}appointments/{cut.pk}/move/", entered, headers=HTMX).text
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=desk.lena.pk).update(email="lena@web.example")
    said = browser.post(f"{PAGE}appointments/{cut.pk}/move/", {**entered, "at": "12:15"}, headers=HTMX).text
    assert notice in said
    undo = re.search(r'action="([^"]+/undo/\?version=\d+)"', said)
    assert undo
    assert notice not in browser.post(undo[1], headers=HTMX).text


@pytest.mark.parametrize(
    ("at_time", "staff", "said"),
    [
        ("11:15", "anna", "Lena Vogel: verschoben auf Di., 24. Nov. · 11:15–12:15 Uhr."),
        ("11:15", "bora", "Lena Vogel: verschoben auf Di., 24. Nov. · 11:15–12:15 Uhr, jetzt bei Bora."),
        ("10:00", "bora", "Lena Vogel: jetzt bei Bora, Di., 24. Nov. · 10:00–11:00 Uhr."),
    ],
)
def test_a_drop_says_what_is_different_now(
    browser: Browser, desk: SalonDay, cut: Appointment, at_time: str, staff: str, said: str
) -> None:
    entered = {"day": DAY, "at": at_time, "staff": getattr(desk, staff).pk}
    answer = browser.post(f"{PAGE}appointments/{cut.pk}/move/", entered, headers=HTMX)
    assert said in answer.text
    undo = re.search(r'action="([^"]+/undo/\?version=\d+)"', answer.text)
    assert undo
    back = browser.post(undo[1], headers=HTMX).text
    assert "Lena Vogel: rückgängig gemacht, Di., 24. Nov. · 10:00–11:00 Uhr." in back
    # The one takes the place of the other.
    for one in (answer.text, back):
        assert f'<div class="toast" data-about="{cut.pk}">' in one


def test_what_is_odd_about_a_drop_names_whom_and_what(
    browser: Browser, desk: SalonDay, cut: Appointment, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        StaffService.objects.filter(staff=desk.bora, service=desk.cut).delete()
    entered = {"day": DAY, "at": "10:00", "staff": desk.bora.pk}
    answer = browser.post(f"{PAGE}appointments/{cut.pk}/move/", entered, headers=HTMX)
    assert "Bora, Schneiden: Macht diese Dienstleistung sonst nicht." in answer.text


def test_what_was_proposed_for_an_appointment_that_has_changed_moves_nothing(
    browser: Browser, desk: SalonDay, cut: Appointment, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        make_appointment((desk.cut, desk.bora), starts_at=at(14), client=desk.lena)
    entered = {"day": DAY, "at": "14:30", "staff": desk.bora.pk}
    refused = browser.post(f"{PAGE}appointments/{cut.pk}/move/", entered, headers=HTMX).text
    assert f'data-refused="{cut.pk}" data-version="1"' in refused
    sent = dict(re.findall(r'name="(to|version)" value="([^"]+)"', refused))
    browser.post(f"{PAGE}appointments/{cut.pk}/resize/", {"minutes": "75", "version": "1"}, headers=HTMX)
    late = browser.post(f"{PAGE}appointments/{cut.pk}/move/", sent, headers=HTMX)
    assert (late.status_code, "Der Termin hat sich inzwischen geändert" in late.text) == (422, True)
    with salon_scope(sonnenschein.pk):
        assert Appointment.objects.get(pk=cut.pk).starts_at == at(10)


def test_the_second_service_carries_the_whole_appointment(
    browser: Browser, desk: SalonDay, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        both = make_appointment((desk.cut, desk.anna), (desk.brows, desk.anna), client=desk.lena)
        first, second = both.items.order_by("position")
    entered = {"day": DAY, "at": "12:00", "staff": desk.bora.pk, "item": second.pk, "version": 1}
    assert browser.post(f"{PAGE}appointments/{both.pk}/move/", entered, headers=HTMX).status_code == 200
    with salon_scope(sonnenschein.pk):
        assert [(one.starts_at, one.staff_id) for one in both.items.order_by("position")] == [
            (at(11), desk.anna.pk),
            (at(12), desk.bora.pk),
        ]
        assert first.pk != second.pk


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_refused_drop_says_what_blocks_and_what_is_free(
    browser: Browser, desk: SalonDay, cut: Appointment, sonnenschein: Salon, headers: dict[str, str]
) -> None:
    with salon_scope(sonnenschein.pk):
        make_appointment((desk.cut, desk.bora), starts_at=at(14), client=desk.lena)
    entered = {"day": DAY, "at": "14:30", "staff": desk.bora.pk}
    answer = browser.post(f"{PAGE}appointments/{cut.pk}/move/", entered, headers=headers)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Bora: 14:00–15:00 Uhr, Lena Vogel, Schneiden" in html
    assert "<p><strong>Lena Vogel · Schneiden</strong></p>" in html
    proposed = re.findall(r'name="to" value="([^"]+)"', html)
    assert len(proposed) == 3
    with salon_scope(sonnenschein.pk):
        assert Appointment.objects.get(pk=cut.pk).starts_at == at(10)
    browser.post(f"{PAGE}appointments/{cut.pk}/move/", {"to": proposed[0]}, headers=headers)
    with salon_scope(sonnenschein.pk):
        assert Appointment.objects.get(pk=cut.pk).starts_at.isoformat() == proposed[0].split("|")[0]


@pytest.mark.parametrize(
    "entered",
    [
        {"day": "2026-11-24", "at": "11:00", "version": "7"},
        {"day": "2026-11-24", "at": "25:00"},
        {"day": "gestern", "at": "11:00"},
        {"day": "2027-03-28", "at": "02:30"},
        {"to": "bald|x"},
        {},
    ],
)
def test_what_cannot_be_moved_stays(
    browser: Browser, cut: Appointment, sonnenschein: Salon, entered: dict[str, str]
) -> None:
    answer = browser.post(f"{PAGE}appointments/{cut.pk}/move/", entered, headers=HTMX)
    assert answer.status_code == 422
    with salon_scope(sonnenschein.pk):
        assert Appointment.objects.get().version == 1


def test_resize(browser: Browser, cut: Appointment, sonnenschein: Salon) -> None:
    resize = f"{PAGE}appointments/{cut.pk}/resize/"
    assert browser.post(resize, {"minutes": "75", "version": "1"}, headers=HTMX).status_code == 200
    with salon_scope(sonnenschein.pk):
        assert Appointment.objects.get().ends_at == at(11, 15)
    for minutes in ("", "x", "0", "7"):
        assert browser.post(resize, {"minutes": minutes}, headers=HTMX).status_code == 422


def test_what_is_too_long_for_its_place_is_as_long_where_it_goes(
    browser: Browser, cut: Appointment, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        item = cut.items.get()
        book(
            actor=system_actor("Test"),
            salon=sonnenschein,
            starts_at=at(11),
            items=[ItemWish(item.service_id, item.staff_id)],
            client_id=None,
            source=Source.STAFF,
            bounds=Bounds.DESK,
            now=NOW,
        )
    refused = browser.post(f"{PAGE}appointments/{cut.pk}/resize/", {"minutes": "75"}, headers=HTMX)
    html = refused.content.decode()
    sent = dict(re.findall(r'type="hidden" name="(item|minutes)" value="([^"]+)"', html))
    assert (refused.status_code, sent["minutes"]) == (422, "75")
    to = re.findall(r'name="to" value="([^"]+)"', html)[0]
    assert browser.post(f"{PAGE}appointments/{cut.pk}/move/", {"to": to, **sent}, headers=HTMX).status_code == 200
    with salon_scope(sonnenschein.pk):
        moved = Appointment.objects.get(pk=cut.pk)
        assert moved.ends_at - moved.starts_at == timedelta(minutes=75)


def test_without_a_script_a_move_leads_back_to_its_day(browser: Browser, cut: Appointment) -> None:
    later = DAY + timedelta(days=7)
    answer = browser.post(f"{PAGE}appointments/{cut.pk}/move/", {"day": later, "at": "10:00"})
    assert answer["Location"] == f"{PAGE}?day={later}"
    assert "Rückgängig" in browser.get(answer["Location"]).content.decode()
