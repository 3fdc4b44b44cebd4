"""A receptionist at the till: sells, scans, takes money in parts; a manager gives some back (ui.md §2.5)."""

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Watched

SALON = "/s/sonnenschein/"
# An amount as it is shown has a space that does not break.
EURO = "\N{NO-BREAK SPACE}€"


def _new_sale(desk: Watched, email: str = "empfang@sonnenschein.example") -> Page:
    desk.sign_in(email, f"{SALON}checkout/new/")
    desk.settle()
    return desk.page


def _put(desk: Watched, word: str) -> None:
    """Look for something by a word, and take the first hit with Enter."""
    field = desk.page.locator("#goods-q")
    field.click()
    field.press_sequentially(word)
    desk.page.locator(f"#goods-hits [data-query='{word}'] [role=option]").first.wait_for()
    desk.page.keyboard.press("Enter")
    desk.page.locator(".till-line", has_text=re.compile(word, re.IGNORECASE)).wait_for()
    desk.settle()


def test_what_is_put_on_a_sale(open_page: OpenPage) -> None:
    desk = open_page()
    page = _new_sale(desk)
    expect(page.locator("#client-q")).to_be_focused()
    assert desk.violations() == []
    _put(desk, "serum")
    expect(page).to_have_url(re.compile(r"/checkout/[0-9a-f-]{36}/$"))
    _put(desk, "nagelöl")
    expect(page.locator(".till-due-amount")).to_have_text(f"63,90{EURO}")
    # Taps faster than answers are counted together.
    more = page.locator(".till-line", has_text="Nagelöl").get_by_role("button", name="Eins mehr")
    more.click()
    more.click()
    more.click()
    expect(page.locator(".till-due-amount")).to_have_text(f"93,60{EURO}")
    expect(page.locator(".till-line", has_text="Nagelöl").locator("output")).to_have_text("4")

    # A scanner types wherever the focus is; what it has typed is not in the catalogue.
    page.locator("#till h1").click()
    page.keyboard.type("4000000000000")
    page.keyboard.press("Enter")
    expect(page.locator("#goods-error")).to_contain_text("4000000000000")
    expect(page.locator("#goods-q")).to_be_focused()
    assert desk.violations() == []

    page.locator(".till-amount", has_text="Trinkgeld").locator("summary").click()
    expect(page.locator("#tip-amount")).to_be_focused()
    page.keyboard.type("6,40")
    page.keyboard.press("Enter")
    expect(page.locator(".till-due-amount")).to_have_text(f"100,00{EURO}")

    # What is taken off comes back with one press.
    page.locator(".till-line", has_text="Serum").get_by_role("button", name="Entfernen").first.click()
    expect(page.locator(".till-due-amount")).to_have_text(f"46,00{EURO}")
    page.locator("#toasts").get_by_role("button", name="Rückgängig").click()
    expect(page.locator(".till-due-amount")).to_have_text(f"100,00{EURO}")
    expect(page.locator(".till-line")).to_contain_text(["Serum", "Nagelöl", "Trinkgeld"])


def test_a_tip_is_somebody_s_and_the_day_says_whose(open_page: OpenPage) -> None:
    desk = open_page()
    page = _new_sale(desk)
    _put(desk, "nagelöl")
    page.locator(".till-amount", has_text="Trinkgeld").locator("summary").click()
    page.locator("#tip-amount").fill("6,40")
    # Nobody is known to have done anything here.
    chosen = page.get_by_label("Für", exact=True)
    expect(chosen).to_have_value("")
    chosen.select_option(index=1)
    name = page.locator("#tip-staff option:checked").inner_text()
    other = page.locator("#tip-staff option").nth(2).inner_text()
    assert desk.violations() == []
    page.locator(".till-amount", has_text="Trinkgeld").get_by_role("button", name="Hinzufügen").click()
    line = page.locator(".till-line", has_text="Trinkgeld")
    expect(line.locator(".till-line-detail")).to_have_text(name)

    # It was meant for somebody else.
    line.get_by_label("Trinkgeld ändern").click()
    line.get_by_label("Für", exact=True).select_option(label=other)
    line.get_by_role("button", name="Speichern").click()
    expect(line.locator(".till-line-detail")).to_have_text(other)
    page.locator(".till-take").click()
    expect(page.locator("#due-head")).to_have_text("Bezahlt")
    page.goto(f"{desk.base}{SALON}checkout/")
    sums = page.get_by_role("region", name="Trinkgeld").get_by_role("row")
    expect(sums.filter(has_text=other)).to_contain_text("6,40")
    assert desk.violations() == []


def test_paid_in_parts_and_partly_given_back(open_page: OpenPage) -> None:
    desk = open_page()
    page = _new_sale(desk)
    _put(desk, "nagelöl")
    for _time in range(3):
        page.get_by_role("button", name="Eins mehr").click()
    expect(page.locator(".till-due-amount")).to_have_text(f"39,60{EURO}")
    # Too much is told beside the amount; nothing typed is lost.
    page.get_by_role("radio", name="Überweisung").check()
    page.locator("#amount").fill("120")
    page.locator("#reference").fill("R 7")
    page.locator(".till-take").click()
    expect(page.locator("#amount-error")).to_contain_text("39,60")
    expect(page.locator("#amount")).to_have_value("120")
    expect(page.locator("#reference")).to_have_value("R 7")
    expect(page.locator("#amount")).to_be_focused()
    assert desk.violations() == []

    page.get_by_role("button", name="Hälfte").click()
    expect(page.locator(".till-take")).to_have_text(f"19,80{EURO} annehmen")
    page.locator(".till-take").click()
    expect(page.locator(".till-due-amount")).to_have_text(f"19,80{EURO}")
    # She would rather pay with her card.
    page.get_by_role("button", name=re.compile("zurücknehmen")).click()
    expect(page.locator(".till-due-amount")).to_have_text(f"39,60{EURO}")
    page.locator("#amount").fill("9,60")
    page.locator(".till-take").click()
    expect(page.locator(".till-due-amount")).to_have_text(f"30,00{EURO}")
    page.get_by_role("radio", name="Eigene Kasse").check()
    expect(page.locator("#reference")).to_be_focused()
    page.locator(".till-take").click()
    expect(page.locator("#reference-error")).to_be_visible()
    page.locator("#reference").fill("4711")
    expect(page.locator(".till-take")).to_have_text(f"30,00{EURO} kassieren")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(re.compile(r"^Verkauf Nr\. \d+$"))
    expect(page.locator(".till-due")).to_contain_text("Bezahlt")
    expect(page.locator("#goods-q")).to_have_count(0)
    expect(page.get_by_text("Erstatten", exact=True)).to_have_count(0)
    desk.settle()
    assert desk.violations() == []
    _give_back(open_page, page.url.removeprefix(desk.base))


def _give_back(open_page: OpenPage, sale: str) -> None:
    """Let the manager, at her tablet, give two of four back."""
    office = open_page(width=820, touch=True)
    office.sign_in("carla@sonnenschein.example", sale)
    office.settle()
    page = office.page
    page.get_by_role("link", name="Erstatten").click()
    dialog = page.get_by_role("dialog", name="Erstatten")
    for _unit in range(2):
        dialog.get_by_role("button", name="Nagelöl: eins mehr").click()
    expect(dialog.locator("[data-back-sum]")).to_have_text(f"19,80{EURO}")
    # As it was paid: what came first goes back first.
    expect(dialog.get_by_role("radio", name="So, wie bezahlt wurde")).to_be_checked()
    ways = dialog.locator("[data-back-ways]")
    expect(ways).to_have_text(re.compile(rf"^9,60{EURO} \(.+\), 10,20{EURO} \(Eigene Kasse, Bon 4711\)$"))
    assert office.violations() == []
    dialog.get_by_role("button", name="Erstatten", exact=True).click()
    expect(page.locator(".till-line", has_text="Nagelöl")).to_contain_text("2 erstattet: 19,80")
    expect(page.locator("h1 + .badge")).to_have_text("Teilweise erstattet")
    office.settle()
    assert office.violations() == []


def test_a_new_client_at_the_till(open_page: OpenPage) -> None:
    desk = open_page(width=820, touch=True)
    page = _new_sale(desk)
    _put(desk, "serum")
    page.locator("#client-q").click()
    page.locator("#client-q").press_sequentially("Zita Kassner")
    page.get_by_role("option", name="Neuer Kunde: Zita Kassner").click()
    expect(page.get_by_label("Vorname")).to_have_value("Zita")
    expect(page.get_by_label("Nachname")).to_have_value("Kassner")
    assert desk.violations() == []
    page.get_by_label("Mobil").fill("12")
    page.keyboard.press("Enter")
    expect(page.locator("[aria-invalid=true]")).to_be_focused()
    expect(page.get_by_label("Mobil")).to_have_value("12")
    page.get_by_label("Mobil").fill("0151 99887766")
    page.get_by_role("button", name="Karte anlegen").click()
    expect(page.locator(".till-person strong")).to_have_text("Zita Kassner")
    expect(page.locator(".till-line")).to_contain_text("Serum")
    desk.settle()
    assert desk.violations() == []


def test_two_windows_pay_the_same_sale(open_page: OpenPage) -> None:
    first = open_page()
    page = _new_sale(first)
    _put(first, "bürste")
    # She presses before her page has heard of the other.
    page.route("**/checkout/*-*/", lambda route: route.fulfill(status=304))
    second = open_page(width=390, dark=True, touch=True)
    second.sign_in("carla@sonnenschein.example", page.url.removeprefix(first.base))
    second.settle()
    assert second.violations() == []
    # The amount due stays in sight, and leads to where it is paid.
    second.page.get_by_role("link", name="Zur Zahlung").click()
    second.page.locator(".till-take").click()
    expect(second.page.locator(".till-due")).to_contain_text("Bezahlt")
    page.locator(".till-take").click()
    expect(page.get_by_role("alert")).to_contain_text("Ihre Zahlung wurde nicht gebucht")
    expect(page.locator(".till-due")).to_contain_text("Bezahlt")
    expect(page.locator(".till-paid li")).to_have_count(1)


def test_an_open_sale_follows_another_window_and_what_is_typed_stays(open_page: OpenPage) -> None:
    first = open_page()
    page = _new_sale(first)
    _put(first, "bürste")
    page.locator("#amount").fill("5,00")
    page.locator("#method-TRANSFER").check(force=True)
    page.locator("#reference").fill("Rechnung 7")
    second = open_page()
    second.sign_in("carla@sonnenschein.example", page.url.removeprefix(first.base))
    asked: list[int] = []
    page.on("response", lambda answer: asked.append(answer.status) if answer.url == page.url else None)
    _put(second, "nagelöl")
    due = second.page.locator(".till-due-amount").inner_text()
    expect(page.locator(".till-line")).to_have_count(2, timeout=6_000)
    expect(page.locator(".till-due-amount")).to_have_text(due)
    # What was typed stays, and so does the place of the keyboard; what is as it was is not sent again.
    expect(page.locator("#amount")).to_have_value("5,00")
    expect(page.locator("#reference")).to_have_value("Rechnung 7")
    expect(page.locator("#reference")).to_be_focused()
    expect(page.locator("#method-TRANSFER")).to_be_checked()
    expect(page.locator("[data-take]")).to_contain_text("5,00")
    page.wait_for_timeout(5_500)
    assert asked[-1] == 304
    # An amount that was all of it is all of it.
    expect(second.page.locator("#amount")).to_have_value(due.removesuffix("\N{NO-BREAK SPACE}€"))
    page.get_by_role("button", name="Alles").click()
    _put(second, "nagelöl")
    expect(page.locator("#amount")).to_have_value(second.page.locator("#amount").input_value(), timeout=6_000)


def test_from_the_calendar_to_the_till(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = desk.page
    day = date.today() + timedelta(days=26)  # noqa: DTZ011 - the server's clock is this machine's
    day += timedelta(days=day.isoweekday() == 7)
    page.goto(f"{desk.base}{SALON}calendar/?day={day}&new=1&walk-in=1")
    desk.settle()
    page.locator("#service-q").click()
    page.keyboard.type("herrenschnitt")
    page.locator("#service-hits [data-query=herrenschnitt] [role=option]").first.click()
    expect(page.locator(".booking-line")).to_have_count(1)
    page.locator("#service-q").click()
    page.keyboard.type("brauen")
    page.locator("#service-hits [data-query=brauen] [role=option]").first.click()
    expect(page.locator(".booking-line")).to_have_count(2)
    page.locator(".time").first.click()
    expect(page.get_by_text("Diese Zeit ist frei.")).to_be_visible()
    page.get_by_role("button", name="Buchen", exact=True).click()
    expect(page.locator("#drawer .state")).to_have_text(re.compile("Gebucht"))
    desk.settle()
    page.get_by_role("button", name="Kassieren").click()
    both = page.locator(".till-line")
    expect(both).to_contain_text(["Herrenschnitt", "Brauen zupfen"])
    # What is taken off here is taken off the appointment; one press puts it back in both.
    before = page.locator(".till-due-amount").inner_text()
    both.first.locator("summary").click()
    both.first.get_by_role("button", name="Aus dem Termin nehmen").click()
    expect(both).to_have_count(1)
    page.locator("#toasts").get_by_role("button", name="Rückgängig").click()
    expect(both).to_contain_text(["Herrenschnitt", "Brauen zupfen"])
    expect(page.locator(".till-due-amount")).to_have_text(before)
    both.nth(1).locator("summary").click()
    both.nth(1).get_by_role("button", name="Aus dem Termin nehmen").click()
    expect(page.locator(".till-due-amount")).to_have_text(f"32,00{EURO}")
    expect(page.get_by_text("ist eine Anzahlung")).to_be_visible()
    expect(page.locator("#amount")).to_have_value("32,00")
    page.locator("#amount").fill("10")
    page.locator(".till-take").click()
    expect(page.locator(".till-due-amount")).to_have_text(f"22,00{EURO}")
    expect(page.locator(".till-paid .badge")).to_have_text("Anzahlung")
    page.locator(".till-of").click()
    expect(page.locator("#drawer").get_by_role("link", name="Kassieren")).to_contain_text(f"10,00{EURO} bezahlt")


def test_down_and_enter_take_the_only_hit(open_page: OpenPage) -> None:
    desk = open_page()
    page = _new_sale(desk)
    page.locator("#client-q").press_sequentially("frank hofmann")
    hits = page.locator("#client-hits [role=option]")
    expect(hits).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(hits.first).to_have_attribute("aria-selected", "true")
    # Once more, and it is a new card after all.
    page.keyboard.press("ArrowDown")
    expect(hits.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator(".till-person")).to_contain_text("Frank Hofmann")


@pytest.mark.parametrize("width", [390, 1440])
def test_without_a_script(open_page: OpenPage, width: int) -> None:
    desk = open_page(width=width, javascript=False)
    page = _new_sale(desk)
    page.locator("#goods-q").fill("haar")
    page.keyboard.press("Enter")
    page.locator("#goods-hits").get_by_role("option", name=re.compile("Haaröl")).click()
    expect(page.locator(".till-line")).to_contain_text("Haaröl")
    page.get_by_role("button", name="Eins mehr").click()
    expect(page.locator(".till-line-total")).to_have_text(f"55,00{EURO}")
    page.locator("#amount").fill("60")
    page.get_by_role("button", name="Zahlung annehmen").click()
    expect(page.locator("#amount-error")).to_contain_text("55,00")
    page.locator("#amount").fill("55")
    page.get_by_role("button", name="Zahlung annehmen").click()
    expect(page.locator(".till-due")).to_contain_text("Bezahlt")
