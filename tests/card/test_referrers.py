"""Who referred a client (domain.md §2)."""

import pytest
from django.test import Client as Browser

from clients.models import CardState, Client
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.card.desk import HTMX, LIST, add_client, card_of, change_facts, open_form, send_form, stored_card


@pytest.mark.parametrize("written", ["Anna Bauer (2)", "2", " anna bau ", "(2)"])
def test_a_referrer_is_named_by_number_or_alone(
    browser: Browser, sonnenschein: Salon, petra: Client, written: str
) -> None:
    anna = add_client(sonnenschein, "Anna", "Bauer")
    form = open_form(browser, petra, "referral")
    answer = send_form(browser, petra, "referral", {**form, "referred_by": written})
    assert answer.status_code == 200
    assert f'href="{card_of(anna)}"' in answer.content.decode()
    assert stored_card(sonnenschein, petra).referred_by_id == anna.pk
    # Seen as it stands it is no change, and emptied it is gone.
    form = open_form(browser, petra, "referral")
    assert form["referred_by"] == "Anna Bauer (2)"
    assert send_form(browser, petra, "referral", form).status_code == 200
    assert send_form(browser, petra, "referral", {**form, "referred_by": ""}).status_code == 200
    assert stored_card(sonnenschein, petra).referred_by_id is None


def test_a_name_that_several_have_is_no_referrer(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    for _ in range(2):
        add_client(sonnenschein, "Anna", "Bauer")
    answer = send_form(
        browser, petra, "referral", {**open_form(browser, petra, "referral"), "referred_by": "Anna Bauer"}
    )
    assert answer.status_code == 422
    assert "Mehrere Kunden passen" in answer.content.decode()


@pytest.mark.parametrize("written", ["1", "Petra Lang (1)"])
def test_nobody_refers_herself(browser: Browser, petra: Client, written: str) -> None:
    answer = send_form(browser, petra, "referral", {**open_form(browser, petra, "referral"), "referred_by": written})
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {"referred_by"})


def test_a_card_out_of_use_refers_nobody_anew(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    anna = add_client(sonnenschein, "Anna", "Bauer")
    change_facts(sonnenschein, petra, referred_by=str(anna.pk))
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=anna.pk).update(state=CardState.ERASED)
    form = open_form(browser, petra, "referral")
    assert send_form(browser, petra, "referral", form).status_code == 200
    assert send_form(browser, petra, "referral", {**form, "referred_by": ""}).status_code == 200
    assert send_form(browser, petra, "referral", {**form, "referred_by": "2", "was-referred_by": ""}).status_code == 422


def test_two_browsers_naming_a_referrer(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    anna, mia = add_client(sonnenschein, "Anna", "Bauer"), add_client(sonnenschein, "Mia", "Kurz")
    form = open_form(browser, petra, "referral")
    change_facts(sonnenschein, petra, referred_by=str(anna.pk))
    told = send_form(browser, petra, "referral", {**form, "referred_by": "Mia Kurz (3)"})
    assert told.status_code == 422
    assert [(one.mine, one.theirs) for one in told.context["conflict"]] == [("Mia Kurz (3)", "Anna Bauer (2)")]
    mine = {"referred_by": "Mia Kurz (3)", "was-referred_by": "", "told-referred_by": "Anna Bauer (2)"}
    assert send_form(browser, petra, "referral", {**mine, "confirm": "mine"}).status_code == 200
    assert stored_card(sonnenschein, petra).referred_by_id == mia.pk


def test_the_picker_offers_cards(browser: Browser, sonnenschein: Salon, dom: Salon) -> None:
    add_client(sonnenschein, "Anna", "Bauer", mobile="0171 5550318")
    add_client(dom, "Anna", "Baumann")
    html = browser.get(f"{LIST}referrers/", {"referred_by": "anna ba"}, headers=HTMX).content.decode()
    assert 'data-value="Anna Bauer (1)"' in html
    assert "Baumann" not in html
    for typed in ("", "niemand", "\x00", "a" * 300):
        assert "data-value" not in browser.get(f"{LIST}referrers/", {"referred_by": typed}).content.decode()
