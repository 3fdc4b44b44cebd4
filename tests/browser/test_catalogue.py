"""An owner sets up what is sold and when who works: a service, an offer, a week, an absence."""

import re
from datetime import date, timedelta
from secrets import token_hex

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Watched

SETTINGS = "/s/sonnenschein/settings/"


def _open(desk: Watched, path: str) -> Page:
    desk.sign_in("anna@sonnenschein.example", SETTINGS + path)
    desk.settle()
    return desk.page


def _day(ahead: int) -> date:
    return date.today() + timedelta(days=ahead)  # noqa: DTZ011 - the server's clock is this machine's


def _shown(day: date) -> str:
    return f"{day:%d.%m.%Y}"


def test_a_service_is_made_changed_and_archived(open_page: OpenPage) -> None:
    desk = open_page()
    page, name = _open(desk, "services/"), f"Glanz {token_hex(3)}"
    page.get_by_role("link", name=re.compile("^Neue Dienstleistung")).first.click()
    form = page.locator("form.good-form")
    expect(form.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type(name)
    form.get_by_label("Preis").fill("viel")
    form.get_by_role("button", name="Speichern").click()
    # What is wrong is told beside its field; what was typed is kept.
    expect(form.get_by_label("Preis")).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_label("Name", exact=True)).to_have_value(name)
    form.get_by_label("Preis").fill("34,50")
    for part, minutes in zip(form.locator(".minutes-row input").all(), ("20", "15", "10"), strict=False):
        part.fill(minutes)
    expect(form.locator("output")).to_have_text(re.compile("45"))
    form.get_by_role("checkbox", name="Anna").check()
    assert desk.violations() == []
    form.get_by_role("button", name="Speichern").click()
    row = page.locator("#goods .sold").filter(has_text=name)
    expect(row.locator(".good-price")).to_have_text(re.compile("34,50"))
    expect(row.locator(".time-words")).to_have_text(re.compile("45"))
    row.get_by_role("link", name=name).click()
    form.get_by_label("Preis").fill("36")
    form.get_by_role("button", name="Speichern").click()
    expect(row.locator(".good-price")).to_have_text(re.compile("36,00"))
    row.get_by_role("button", name=f"{name} archivieren").click()
    expect(page.locator("#goods .sold").filter(has_text=name)).to_have_count(0)


def test_an_offer_is_a_price_of_some_days(open_page: OpenPage) -> None:
    desk = open_page()
    page = _open(desk, "offers/")
    form = page.get_by_role("region", name="Neues Sonderangebot")
    goods = form.get_by_role("combobox")
    goods.select_option(label=str(goods.locator("option").filter(has_text="Facial").first.inner_text()).strip())
    form.get_by_label("Preis").fill("49")
    first, last = form.locator("input[type=date]").all()
    first.fill(_day(0).isoformat())
    last.fill(_day(-1).isoformat())
    form.get_by_role("button", name="Speichern").click()
    expect(form.locator("[aria-invalid=true]").first).to_be_visible()
    last.fill(_day(6).isoformat())
    form.get_by_role("button", name="Speichern").click()
    row = page.locator(".people li").filter(has_text="Facial")
    expect(row.locator("ins")).to_have_text(re.compile("49,00"))
    expect(row.get_by_text("heute")).to_be_visible()
    assert desk.violations() == []
    page.goto(f"{desk.base}{SETTINGS}services/")
    sold = page.locator("#goods .sold").filter(has=page.get_by_role("link", name=re.compile("Facial")))
    expect(sold.locator(".good-price ins").first).to_have_text(re.compile("49,00"))
    page.go_back()
    row.get_by_role("button").click()
    expect(page.locator(".people li").filter(has_text="Facial")).to_have_count(0)


def _at_dilara(desk: Watched) -> Page:
    page = _open(desk, "team/")
    page.locator("#team").get_by_role("link", name="Dilara").click()
    page.get_by_role("heading", level=1, name="Dilara").wait_for()
    return page


def test_a_week_is_entered_once_and_copied(open_page: OpenPage) -> None:
    desk = open_page()
    page, begins = _at_dilara(desk), _day(400)
    page.get_by_role("link", name="Neue Arbeitszeiten").click()
    form = page.locator("#week-form")
    form.locator("input[type=date]").fill(begins.isoformat())
    for field in form.locator(".stretch input").all():
        field.fill("")
    form.locator("[name=from-1-0]").fill("9")
    form.locator("[name=to-1-0]").fill("8")
    form.get_by_role("button", name="Speichern").click()
    expect(form.locator("[name=to-1-0]")).to_have_attribute("aria-invalid", "true")
    form.locator("[name=to-1-0]").fill("17:30")
    form.locator("[name=copy]").click()
    expect(form.locator("[name=to-6-0]")).to_have_value("17:30")
    assert desk.violations() == []
    form.get_by_role("button", name="Speichern").click()
    week = page.locator(".week-block").filter(has_text=_shown(begins))
    expect(week.locator("dd", has_text=re.compile("17:30"))).to_have_count(6)
    expect(week.locator("dd.week-free")).to_have_count(1)
    week.get_by_role("button", name=re.compile("entfernen")).click()
    expect(page.locator(".week-block").filter(has_text=_shown(begins))).to_have_count(0)


def test_an_absence_is_entered_and_stands_in_the_calendar(open_page: OpenPage) -> None:
    desk = open_page()
    page, day = _at_dilara(desk), _day(320)
    day += timedelta(days=(1 - day.weekday()) % 7)
    form = page.locator("#absences form.absence-form")
    form.get_by_role("combobox").select_option("TRAINING")
    first, last = form.locator("input[type=date]").all()
    first.fill(day.isoformat())
    last.fill(day.isoformat())
    form.get_by_label("Notiz").fill("Farbkurs")
    form.get_by_role("button", name="Hinzufügen").click()
    row = page.locator("#absences li").filter(has_text="Farbkurs")
    expect(row).to_be_visible()
    assert desk.violations() == []
    here = page.url
    page.goto(f"{desk.base}/s/sonnenschein/calendar/?day={day}")
    column = page.locator(".col").filter(has=page.get_by_role("heading", name="Dilara"))
    expect(column.locator(".away")).to_be_visible()
    page.goto(here)
    row.get_by_role("button").click()
    expect(page.locator("#absences li").filter(has_text="Farbkurs")).to_have_count(0)
