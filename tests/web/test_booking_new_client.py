"""A card that is made while its first appointment is entered, button by button (ui.md §2.2)."""

import re
from datetime import timedelta

import pytest

from clients.models import Client
from clients.tokens import add_tokens
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import DAY, SalonDay, make_client
from tests.conftest import NOW
from tests.web.booking_desk import Desk, all_booked


def test_a_doubtful_phone_of_a_new_client_is_told_while_she_can_still_be_asked(
    desk: Desk, day: SalonDay, sonnenschein: Salon
) -> None:
    doubt = "Eine solche Nummer ist nicht bekannt; stimmt sie?"
    desk.open(f"?day={DAY}&at=11:00&staff={day.anna.pk}")
    desk.press("new-client")
    desk.press("create-client", first_name="Nora", last_name="Neu", mobile="0171 234567")
    assert doubt in desk.text
    desk.press("no-client")
    desk.press("new-client")
    desk.press("create-client", first_name="Ida", last_name="Neu", mobile="0171 2345678")
    assert doubt not in desk.text


def test_a_new_client_is_made_inline_and_duplicates_are_told(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        twin = make_client("Petra", "Lang", mobile="+491711234567")
        add_tokens(twin)
    desk.open(f"?day={DAY}&at=11:00")
    desk.press(f"add:{day.cut.pk}")
    desk.press("new-client", client_q="Petra Lang")
    assert (desk.form.values["first_name"], desk.form.values["last_name"]) == (["Petra"], ["Lang"])
    desk.press("create-client", mobile="12")
    assert "Telefonnummer" in desk.text
    assert desk.form.values["mobile"] == ["12"]
    desk.press("create-client", mobile="0171 1234567", email="petra@example.de")
    assert f"client:{twin.pk}" in desk.form.buttons
    # Nobody is booked for a card that may exist already.
    assert desk.press("book").status_code == 422
    assert f"client:{twin.pk}" in desk.form.buttons
    assert all_booked(sonnenschein) == []
    desk.press("create-client:anyway")
    assert "Petra Lang" in desk.text
    assert desk.press("book").status_code == 302
    with salon_scope(sonnenschein.pk):
        made = Client.objects.exclude(pk__in=[twin.pk, day.lena.pk]).get()
    assert (made.first_name, made.email, made.mobile) == ("Petra", "petra@example.de", "+491711234567")
    assert all_booked(sonnenschein)[0].client_id == made.pk


@pytest.mark.parametrize(
    ("typed", "name", "mobile", "email"),
    [
        ("Zora Neu 0171 555", ("Zora", "Neu"), "0171 555", ""),
        ("Zora van Neu", ("Zora", "van Neu"), "", ""),
        ("dr. zora neu 0171 555", ("Dr. Zora", "Neu"), "0171 555", ""),
        ("Neu, Zora", ("Zora", "Neu"), "", ""),
        ("+49 (171) 555", ("", ""), "+49 (171) 555", ""),
        ("Zora zora@neu.example", ("Zora", ""), "", "zora@neu.example"),
    ],
)
def test_what_was_searched_for_in_vain_is_put_where_it_belongs(
    desk: Desk, day: SalonDay, typed: str, name: tuple[str, str], mobile: str, email: str
) -> None:
    desk.open(f"?day={DAY}&at=11:00")
    desk.press(f"add:{day.cut.pk}")
    desk.press("new-client", client_q=typed)
    entered = desk.form.values
    assert (entered["first_name"][0], entered["last_name"][0]) == name
    assert (entered["mobile"][0], entered["email"][0]) == (mobile, email)


def test_a_salutation_that_was_typed_says_the_gender(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    desk.open(f"?day={DAY}&at=11:00&staff={day.anna.pk}")
    desk.press("new-client", client_q="Frau Dr. Zora Neu")
    desk.press("create-client")
    with salon_scope(sonnenschein.pk):
        made = Client.objects.get(last_name="Neu")
    assert (made.first_name, made.gender) == ("Dr. Zora", "FEMALE")


def test_while_a_card_is_entered_the_clicked_column_does_it_and_the_focus_goes_on(desk: Desk, day: SalonDay) -> None:
    desk.open(f"?day={DAY}&at=11:00&staff={day.anna.pk}")
    desk.press("new-client", client_q="Nora Neu")
    assert re.search(r'name="first_name"[^>]* autofocus', desk.text)
    desk.press(f"add:{day.cut.pk}")
    assert desk.form.values["staff"] == [str(day.anna.pk)]
    assert desk.form.values["first_name"] == ["Nora"]
    assert re.search(r'id="service-q"[^>]* autofocus', desk.text)
    assert desk.text.count(" autofocus") == 1


def test_booking_makes_the_card_that_was_entered(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    desk.open(f"?day={DAY}&at=11:00&staff={day.anna.pk}")
    desk.press(f"add:{day.cut.pk}")
    desk.press("new-client")
    assert desk.press("book", first_name="Nora", last_name="Neu").status_code == 302
    [booked] = all_booked(sonnenschein)
    with salon_scope(sonnenschein.pk):
        client = Client.objects.get(pk=str(booked.client_id))
    assert client.full_name == "Nora Neu"
    assert (booked.client_status, booked.client_status_reason) == ("NEW", "NOT_LISTED")


def test_whose_card_was_made_in_the_form_is_new_whatever_is_entered_after_it(
    desk: Desk, day: SalonDay, sonnenschein: Salon
) -> None:
    desk.open(f"?day={DAY}&at=11:00&staff={day.anna.pk}")
    desk.press("new-client")
    desk.press("create-client", first_name="Nora", last_name="Neu")
    assert "gerade erst angelegt" in desk.text
    desk.press(f"add:{day.cut.pk}")
    assert desk.press("book").status_code == 302
    [booked] = all_booked(sonnenschein)
    assert (booked.client_status, booked.client_status_reason) == ("NEW", "NOT_LISTED")


def test_who_was_on_file_is_not_new_because_a_form_says_so(desk: Desk, day: SalonDay, sonnenschein: Salon) -> None:
    desk.open(f"?day={DAY}&at=11:00&staff={day.anna.pk}")
    desk.press("new-client")
    desk.press("create-client", first_name="Nora", last_name="Neu")
    desk.press(f"client:{day.lena.pk}")
    assert "new_card" not in desk.form.values
    desk.press(f"add:{day.cut.pk}")
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=day.lena.pk).update(created_at=NOW - timedelta(days=1))
    desk.press("book", new_card=str(day.lena.pk))
    [booked] = all_booked(sonnenschein)
    assert (booked.client_id, booked.client_status, booked.client_status_reason) == (day.lena.pk, "RETURNING", "LISTED")
