"""A consent is recorded at the desk, confirmed by the link in the mail, and taken back (ui.md §2.4, §2.10)."""

import email
import re
import time
from email import policy
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from playwright.sync_api import Page, expect

from marketing.unsubscribing import unsubscribe_url
from salon import environment
from tests.browser.conftest import OpenPage
from tests.serving import ROOT, running_worker

SALON = "/s/sonnenschein/"
ADDRESS = "carola.consent@mail.example"


def _link_in_the_mail(base: str) -> str:
    """Return the link to this server in the file that the mail has become, as whoever reads it sees it."""
    place, until = environment.data_directory(ROOT) / "mail", time.monotonic() + 40
    while time.monotonic() < until:
        for file in place.glob("*.log"):
            # Several mails of one connection stand in one file, each ended by a line of dashes.
            for text in re.split(rb"\n-{79}\n", file.read_bytes()):
                mail = email.message_from_bytes(text.lstrip(), policy=policy.default)
                body = mail.get_body(("plain",)) if mail["To"] == ADDRESS else None
                if body and (found := re.search(rf"{re.escape(base)}/consent/\S+", body.get_content())):
                    return found[0]
        time.sleep(0.2)
    raise AssertionError("No mail has come.")


def _unsubscribe_path(card_url: str) -> str:
    client_id = UUID(urlsplit(card_url).path.split("/")[4])
    with psycopg.connect(environment.text("DATABASE_OWNER_URL")) as owner:
        row = owner.execute("SELECT salon_id FROM clients_client WHERE id = %s", [client_id]).fetchone()
    assert row is not None
    return urlsplit(unsubscribe_url(client_id, client_id, row[0])).path


def _new_card(page: Page) -> None:
    page.get_by_role("link", name="Neuer Kunde").first.click()
    page.get_by_label("Vorname").fill("Carola")
    page.get_by_label("E-Mail", exact=True).fill(ADDRESS)
    page.get_by_label("E-Mail", exact=True).press("Enter")
    page.wait_for_url("**/clients/*-*/")


def _drawer_stays_free(page: Page) -> None:
    """See that on a tablet, too, what was said leaves the buttons of a drawer free."""
    size = page.viewport_size
    page.set_viewport_size({"width": 820, "height": 1180})
    page.locator("[hx-get*='/messages/'][hx-target='#drawer']").first.click()
    drawer, toast = page.locator("#drawer .drawer"), page.locator("#toasts .toast").first
    expect(drawer.get_by_role("button", name="Nachricht senden")).to_be_visible()
    # At rest: a drawer comes in from the side.
    drawer.evaluate("(one) => Promise.all(one.getAnimations().map((each) => each.finished))")
    beside, said = drawer.bounding_box(), toast.bounding_box()
    assert beside is not None
    assert said is not None
    assert said["x"] + said["width"] <= beside["x"]
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    assert size is not None
    page.set_viewport_size(size)


def test_from_the_desk_to_the_mailbox_and_back(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = desk.page
    _new_card(page)
    news = page.locator("#consent .consent-item").first
    news.get_by_text("Einwilligung erfassen").click()
    expect(news).to_contain_text(f"Eine E-Mail geht an {ADDRESS}")
    expect(news.locator("blockquote")).to_contain_text("Das kann ich jederzeit widerrufen.")
    expect(news.locator("textarea")).to_have_count(0)
    news.get_by_role("button", name="Bestätigungsmail senden").click()
    expect(news).to_contain_text("wartet auf Bestätigung")
    expect(page.locator("#toasts")).to_contain_text(f"Die Bestätigungsmail an {ADDRESS} ist geschrieben.")
    _drawer_stays_free(page)
    assert desk.violations("#consent") == []
    expect(page.locator("#history")).to_contain_text("Einwilligung angefragt")

    with running_worker():
        link = _link_in_the_mail(desk.base)
    phone, laptop = open_page(width=390, dark=True, touch=True), open_page(javascript=False)
    for reader in (phone, laptop):
        reader.page.goto(link)
        expect(reader.page.get_by_text("Salon Sonnenschein").first).to_be_visible()
        expect(reader.page.get_by_text("Das kann ich jederzeit widerrufen.")).to_be_visible()
    assert phone.violations() == []
    page.reload()
    expect(news).to_contain_text("wartet auf Bestätigung")
    for reader in (phone, laptop):
        reader.page.get_by_role("button", name="Ja, ich bestätige").click()
        expect(reader.page.get_by_role("heading", name="Vielen Dank!")).to_be_visible()
    assert phone.violations() == []
    page.reload()
    expect(news).to_contain_text("eingewilligt")
    expect(news).to_contain_text("Link in der E-Mail")
    expect(page.locator("#history")).to_contain_text("Einwilligung über den Link in der E-Mail bestätigt")

    phone.page.goto(phone.base + _unsubscribe_path(page.url))
    expect(phone.page.get_by_text("c•••@mail.example")).to_be_visible()
    assert phone.violations() == []
    phone.page.get_by_role("button", name="Abmelden").click()
    expect(phone.page.get_by_role("heading", name="Sie sind abgemeldet")).to_be_visible()
    assert phone.violations() == []
    phone.page.get_by_role("button", name="Doch weiter Neuigkeiten erhalten").click()
    expect(phone.page.get_by_role("heading", name="Noch ein Schritt")).to_be_visible()
    assert phone.violations() == []
    laptop.page.goto(link)
    expect(laptop.page.get_by_role("heading", name="Dieser Link gilt nicht mehr")).to_be_visible()
    page.reload()
    expect(page.locator("#history")).to_contain_text("Von Neuigkeiten abgemeldet")
    expect(news).to_contain_text("wartet auf Bestätigung")
    news.get_by_role("button", name="Zurückziehen").click()
    expect(news.locator(".badge")).to_have_text("widerrufen")
    expect(news.get_by_role("button", name="Zurückziehen")).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("Die Einwilligung ist widerrufen.")
    desk.settle()


def test_the_owner_decides_about_existing_customers(open_page: OpenPage) -> None:
    boss = open_page()
    boss.sign_in("anna@sonnenschein.example", f"{SALON}marketing/rules/")
    page = boss.page
    boss.settle()
    assert boss.violations() == []
    page.get_by_role("button", name="Erlauben").click()
    expect(page.get_by_text("Bestätigen Sie, dass Ihr Salon alle vier Voraussetzungen erfüllt.")).to_be_visible()
    assert boss.violations() == []
    page.get_by_label("Ich habe die vier Voraussetzungen gelesen.").check()
    page.get_by_role("button", name="Erlauben").click()
    expect(page.get_by_text("Entschieden von Anna Krüger")).to_be_visible()
    page.get_by_role("button", name="Entscheidung zurücknehmen").click()
    expect(page.get_by_role("button", name="Erlauben")).to_be_visible()
    boss.settle()
