"""A campaign from the first word to its figures: written, previewed as a client, tested, sent, measured (issue 6)."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Dialog, Route, expect

from tests.browser.conftest import OpenPage, Watched
from tests.serving import running_worker

CAMPAIGNS = "/s/sonnenschein/marketing/campaigns/"


@pytest.fixture(scope="module", autouse=True)
def worker(base: str) -> Iterator[None]:
    with running_worker():
        yield


def test_written_seen_sent_and_measured(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("anna@sonnenschein.example", CAMPAIGNS)
    page = desk.page
    page.get_by_role("link", name="Neue Kampagne").click()
    page.get_by_label("Name", exact=True).fill("Winterfarbe")
    # A group that is missing is described first, and is chosen then; each says how many it means.
    page.get_by_role("button", name="Neue Zielgruppe").click()
    page.wait_for_url("**/segments/new/**")
    page.get_by_label("Name", exact=True).fill("Zum Winter")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("radio", name=re.compile("^Zum Winter"))).to_be_checked()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Winterfarbe")
    everybody = page.get_by_role("radio", name=re.compile("^Alle Kunden"))
    expect(page.locator(".segment-card", has=everybody).locator(".segment-count")).to_have_text(
        re.compile(r"^[\d.]+ Personen, [\d.]+ davon erreichbar$")
    )
    desk.settle()
    assert desk.violations() == []
    everybody.check()
    page.get_by_role("button", name="E-Mail schreiben").click()
    page.wait_for_url("**/edit/")
    desk.settle()

    # The draft saves itself, and the mail beside it follows.
    page.get_by_label("Betreff").fill("{{first_name}}, Zeit für Farbe?")
    body = page.get_by_label("Text", exact=True)
    body.fill("{{greeting}},\n\nbald ist Winter.\n\n")
    body.press("Control+End")
    body.press("Control+b")
    page.keyboard.type("Kommen Sie!")
    expect(body).to_have_value(re.compile(r"bald ist Winter\.\n\n\*\*Kommen Sie!\*\*$"))
    # Of a button the address is typed next.
    body.press("Control+End")
    page.get_by_role("button", name="Knopf", exact=True).click()
    page.keyboard.type("https://salon.example/termin")
    expect(body).to_have_value(re.compile(r"\n\n\*\*\[Termin buchen\]\(https://salon\.example/termin\)\*\*\n*$"))
    page.locator(".placeholders summary").click()
    expect(page.locator(".placeholders .menu-panel")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    mail = page.frame_locator("iframe:not(.coming)")
    expect(mail.get_by_text("Kommen Sie!")).to_be_visible()
    expect(page.locator("#draft-state")).to_contain_text("gespeichert")

    # What cannot go out is said at its field.
    page.get_by_label("Betreff").fill("{{vorname}}, Zeit für Farbe?")
    expect(page.locator("#id_subject_error")).to_contain_text("vorname")
    expect(page.get_by_label("Betreff")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Betreff").fill("{{first_name}}, Zeit für Farbe?")
    expect(page.locator("#id_subject_error")).to_be_hidden()

    _see_as_another_client(desk)
    page.get_by_role("button", name="Handy").click()
    desk.settle()
    assert desk.violations() == []

    page.get_by_role("button", name="Testmail an mich").click()
    expect(page.get_by_text("Die Testmail an anna@sonnenschein.example ist geschrieben.")).to_be_visible()

    _send(desk)
    _look_into(desk)
    _answer(desk)


def _see_as_another_client(desk: Watched) -> None:
    page = desk.page
    page.get_by_label("So bekommt sie dieser Kunde").fill("frank hofmann")
    expect(page.locator("#preview-hits [role=option]").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#preview-lines")).to_contain_text("Frank, Zeit für Farbe?")
    expect(page.frame_locator("iframe:not(.coming)").get_by_text("Frank").first).to_be_visible()
    expect(page.locator("#subject-count")).to_have_text("Länge: 22")
    # Who is chosen stays so.
    page.reload()
    expect(page.locator("#preview-lines")).to_contain_text("Frank, Zeit für Farbe?")
    expect(page.locator("#subject-count")).to_have_text("Länge: 22")


def _send(desk: Watched) -> None:
    page = desk.page
    page.locator("#when").get_by_role("button", name="Prüfen und senden").click()
    send = page.get_by_role("button", name=re.compile(r"Jetzt an [\d.]+ Personen senden"))
    many = re.search(r"[\d.]+", send.inner_text())
    assert many
    desk.settle()
    assert desk.violations() == []
    send.click()
    page.wait_for_url("**/results/")
    expect(page.locator(".campaign-head .badge")).to_have_text("gesendet", timeout=60_000)
    expect(page.locator(".figure-sent .figure-number")).to_have_text(many[0])
    desk.settle()
    assert desk.violations() == []


def _look_into(desk: Watched) -> None:
    page = desk.page
    # Each recipient with the reason, and the mail as she got it.
    page.get_by_role("link", name="Empfänger", exact=True).click()
    search = page.locator(".recipient-filter").get_by_role("button", name="Suchen")
    page.get_by_label("Stand").select_option("EXCLUDED")
    search.click()
    expect(page.locator(".recipients").get_by_text("hat nicht eingewilligt").first).to_be_visible()
    page.get_by_label("Stand").select_option("SENT")
    search.click()
    desk.settle()
    assert desk.violations() == []
    page.get_by_role("link", name=re.compile("^Die E-Mail an")).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.frame_locator("iframe").get_by_role("paragraph").filter(has_text="bald ist Winter.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def _answer(desk: Watched) -> None:
    """Answer as the client, which a mail server would bring if there was one, and find that on the card."""
    page = desk.page
    page.get_by_role("link", name=re.compile("^Die E-Mail an")).first.click()
    page.get_by_role("dialog").get_by_role("link", name="Als Kundin antworten").click()
    desk.settle()
    assert desk.violations() == []
    page.get_by_label("Nachricht", exact=True).fill("Gern, am liebsten dienstags!")
    page.get_by_role("button", name="Antwort senden").click()
    # It waits as any answer does, until somebody reads it.
    unread = page.get_by_role("region", name="Ungelesen").locator(".thread-row")
    unread.filter(has_text="Gern, am liebsten dienstags!").get_by_role("link").click()
    expect(page.locator(".thread .message")).to_contain_text(["Gern, am liebsten dienstags!"])
    page.get_by_role("link", name="Zur Karte").click()
    expect(page.get_by_text("Gern, am liebsten dienstags!").first).to_be_visible()


def test_a_segment_that_has_changed_is_taken_anew(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("anna@sonnenschein.example", CAMPAIGNS.replace("campaigns", "segments"))
    page = desk.page
    page.get_by_role("link", name="Farbkundinnen", exact=True).click()
    page.locator(".rule-add summary").click()
    page.locator("button[value='add::blocked']").click()
    expect(page.locator("#part-1")).to_be_visible()
    # Whoever goes elsewhere is asked first.
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    page.locator(".page-head .back").click()
    expect(page.locator("#part-1")).to_be_visible()
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Speichern").click()
    expect(page.locator(".segment-tile", has_text="Farbkundinnen")).to_be_visible()
    page.goto(desk.base + CAMPAIGNS)
    page.get_by_role("link", name="Farbe auffrischen", exact=True).click()
    since = page.locator("#segment-since")
    expect(since).to_contain_text("wurde seither geändert")
    desk.settle()
    assert desk.violations() == []
    since.get_by_role("button", name="Neuen Stand übernehmen").click()
    expect(page.get_by_text("geht an die Zielgruppe nach jetzigem Stand")).to_be_visible()
    expect(since).to_have_count(0)


def test_whom_it_goes_to_is_changed_in_haste_and_nothing_is_lost(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("anna@sonnenschein.example", CAMPAIGNS)
    page = desk.page
    page.get_by_role("link", name="Neue Kampagne").click()
    page.get_by_label("Name", exact=True).fill("In Eile")
    page.get_by_role("radio", name=re.compile("^Alle Kunden")).check()
    page.get_by_role("button", name="E-Mail schreiben").click()
    page.wait_for_url("**/edit/")
    group, audience = page.get_by_label("Zielgruppe", exact=True), page.locator("#audience")
    values = group.locator("option").evaluate_all("all => all.map(one => one.value)")
    everybody = audience.inner_text()

    # Both reasons, where the owner has allowed the second: the radio alone tells what happens.
    page.locator("input[name=basis]").evaluate_all("all => all.forEach(one => (one.disabled = false))")
    for value, basis in zip([*values[1:4], values[-1]], [1, 0, 1, 0], strict=True):
        group.select_option(value)
        page.locator("input[name=basis]").nth(basis).check()
    desk.settle()
    other = audience.inner_text()
    assert other != everybody
    expect(page.locator(".audience")).to_have_count(1)
    expect(audience.locator(".audience")).to_have_count(1)
    expect(page.locator("header #draft-state")).to_contain_text("gespeichert")

    # What was asked for the group before is never shown after what was asked for this one.
    def held_back(route: Route) -> None:
        page.wait_for_timeout(600)
        route.continue_()

    late = re.compile(f"/audience/.*segment={values[0]}(&|$)")
    page.route(late, held_back)
    group.select_option(values[0])
    group.select_option(values[-1])
    page.wait_for_timeout(1_200)
    desk.settle()
    assert audience.inner_text() == other
    page.unroute(late)

    page.get_by_label("Betreff").fill("Noch da?")
    page.get_by_label("Text", exact=True).fill("W" * 110)
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith("/edit/")):
        pass
    desk.settle()
    form, preview = page.locator(".campaign-form").bounding_box(), page.locator(".preview").bounding_box()
    assert form
    assert preview
    for part in (".editor", "#id_body", ".editor-bar", "#id_body_helptext"):
        box = page.locator(part).bounding_box()
        assert box, part
        assert box["x"] + box["width"] <= form["x"] + form["width"] <= preview["x"], part
    frame = page.frame_locator("iframe:not(.coming)").locator("html")
    assert frame.evaluate("page => page.scrollWidth <= page.clientWidth")
    page.reload()
    expect(page.get_by_label("Betreff")).to_have_value("Noch da?")
    expect(page.get_by_label("Text", exact=True)).to_have_value("W" * 110)
    expect(group).to_have_value(values[-1])
    expect(page.locator("input[name=basis]").first).to_be_checked()
    assert desk.violations() == []


def test_what_is_not_known_of_everybody_is_said_while_writing(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("anna@sonnenschein.example", f"{CAMPAIGNS}new/")
    page = desk.page
    page.get_by_label("Name", exact=True).fill("Lücken")
    page.get_by_role("radio", name=re.compile("^Alle Kunden")).check()
    page.get_by_role("button", name="E-Mail schreiben").click()
    page.wait_for_url("**/edit/")
    gaps, text = page.locator("#gaps"), page.locator("#id_body")
    expect(gaps).to_be_empty()
    text.fill("Ihre Karte: {{treatcard}}")
    expect(gaps).to_contain_text("Treatcard-Nummer nicht bekannt bei")
    everybody = gaps.inner_text()
    desk.settle()
    assert desk.violations() == []
    page.locator("#id_segment").select_option("vip")
    expect(gaps).not_to_have_text(everybody)
    expect(gaps).to_contain_text("Treatcard-Nummer nicht bekannt bei")
    text.fill("Ihre Karte liegt bei uns.")
    expect(gaps).to_be_empty()
    assert desk.complaints == []


def test_a_draft_that_is_not_saved_says_so(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("anna@sonnenschein.example", f"{CAMPAIGNS}new/")
    page = desk.page
    page.get_by_label("Name", exact=True).fill("Abgemeldet")
    page.get_by_role("radio", name=re.compile("^Alle Kunden")).check()
    page.get_by_role("button", name="E-Mail schreiben").click()
    page.wait_for_url("**/edit/")
    state, text = page.locator("#draft-state"), page.locator("#id_body")
    expect(state).to_contain_text("gespeichert")
    cookies: Any = page.context.cookies()
    page.context.clear_cookies()
    text.fill("Was ich zuletzt schrieb")
    expect(state).to_have_text("nicht gespeichert")
    expect(page.get_by_role("status").get_by_text("Sie sind abgemeldet")).to_be_visible()
    # Signed in again, what is typed next is saved with it.
    page.context.add_cookies(cookies)
    text.press_sequentially("!")
    expect(state).to_contain_text(re.compile(r"^\s*gespeichert"))
    desk.settle()
    assert all("401" in one for one in desk.complaints), desk.complaints
    desk.complaints.clear()
    page.reload()
    expect(text).to_have_value("Was ich zuletzt schrieb!")
    # Who goes on while signed out stays with what was typed, and goes on once signed in; what is wrong is shown there.
    page.context.clear_cookies()
    on = page.locator("#when").get_by_role("button", name="Prüfen und senden")
    text.fill("Was ich zuletzt schrieb!?")
    on.click()
    expect(state).to_have_text("nicht gespeichert")
    page.context.add_cookies(cookies)
    page.locator("#id_name").fill("")
    on.click()
    expect(page.locator("#id_name")).to_be_focused()
    page.locator("#id_name").fill("Angemeldet")
    on.click()
    page.wait_for_url("**/send/")
    desk.complaints.clear()
    page.go_back()
    expect(text).to_have_value("Was ich zuletzt schrieb!?")
