"""A message goes out from the card, its answer comes in, and somebody sees it (ui.md §2.4, §2.7)."""

import re
import subprocess
import sys

import psycopg
import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from salon import environment
from tests.browser.conftest import PASSWORD, OpenPage
from tests.marketing.letterbox import DOMAIN, a_mail
from tests.serving import ROOT

SALON = "/s/sonnenschein/"
FRANK = "frank.hofmann@mail.example"


@pytest.fixture(autouse=True)
def _only_petras_answer_waits() -> None:
    """Let it be unread again, which whoever has looked at it before these tests has changed."""
    with psycopg.connect(environment.text("DATABASE_OWNER_URL")) as owner:
        owner.execute(
            "UPDATE marketing_message message SET read_at = CASE WHEN client.last_name = 'Lang' THEN NULL ELSE now()"
            " END FROM clients_client client WHERE client.id = message.client_id AND message.direction = 'IN'"
        )


def _reply_to() -> str:
    """Return where the newest mail to Frank asks for its answer, as his mail program reads it."""
    with psycopg.connect(environment.text("DATABASE_OWNER_URL")) as owner:
        row = owner.execute(
            "SELECT reply_to FROM mail_clientmail WHERE recipient = %s ORDER BY id DESC LIMIT 1", [FRANK]
        ).fetchone()
    assert row is not None
    return str(row[0])


def _answers(to: str, text: str) -> None:
    """Let Frank's answer come in as a mail server pipes it."""
    mail = a_mail(to, text, sender=f"Frank Hofmann <{FRANK}>")
    done = subprocess.run(
        [sys.executable, "manage.py", "receive_mail"], cwd=ROOT, input=bytes(mail), capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == "kept"


def _refused_for_its_text(page: Page, text: Locator) -> None:
    """Send a text that was pulled larger at its corner, which gives it a style that htmx must not write down again."""
    text.fill("Das Glas Wasser steht bereit, {{firstname}}.")
    box = text.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] - 5, box["y"] + box["height"] - 5
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 60)
    page.mouse.up()
    assert "height" in str(text.get_attribute("style"))
    page.get_by_role("button", name="Nachricht senden").click()
    expect(text).to_have_attribute("aria-invalid", "true")


def _refused_for_its_subject(page: Page, drawer: Locator) -> None:
    """Send it without one, and go on to the templates before the answer has settled, which keeps them open."""
    page.evaluate("htmx.config.defaultSettleDelay = 1000")
    # The subject was refused before, so nothing but the text tells that this answer has come.
    expect(drawer.get_by_label("Betreff")).to_have_attribute("aria-invalid", "true")
    drawer.get_by_role("button", name="Nachricht senden").click()
    expect(drawer.get_by_label("Nachricht", exact=True)).not_to_have_attribute("aria-invalid", "true")
    expect(drawer.get_by_label("Betreff")).to_have_attribute("aria-invalid", "true")
    drawer.get_by_text("Vorlage verwenden").click()
    page.wait_for_timeout(1200)
    page.evaluate("htmx.config.defaultSettleDelay = 20")


def _opens_at_what_is_new(page: Page) -> None:
    """Open a thread of which not all fits: unseen words are in sight, and whoever listens begins at the top."""
    page.set_viewport_size({"width": 390, "height": 420})
    page.get_by_role("region", name="Ungelesen").get_by_role("link", name=re.compile("Frank Hofmann")).click()
    expect(page.locator(".message.is-unread")).to_be_in_viewport()
    assert page.evaluate("[scrollY > 0, document.activeElement === document.body]") == [True, True]


def test_from_the_card_to_the_inbox_and_back(open_page: OpenPage) -> None:
    visitor = open_page()
    visitor.sign_in("empfang@sonnenschein.example", f"{SALON}clients/?q=frank+hofmann")
    page = visitor.page
    badge = page.locator("#top-unread")
    # Petra's answer waits already.
    expect(badge).to_contain_text("1 ungelesene Antwort")
    page.goto(visitor.base + str(page.get_by_role("link", name="Frank Hofmann").first.get_attribute("href")))
    page.get_by_role("link", name="Nachricht", exact=True).click()
    drawer = page.locator("#drawer .drawer")
    # Nothing was written to Frank so far: the subject is still to be thought of.
    expect(drawer.get_by_label("Betreff")).to_be_focused()
    visitor.settle()
    # What was written so far can be read beside it.
    assert page.locator("#history").bounding_box()["width"] > 400  # type: ignore[index]
    assert visitor.violations("#drawer") == []
    # A refused one keeps what was typed, whichever field it was refused for.
    text = drawer.get_by_label("Nachricht", exact=True)
    _refused_for_its_text(page, text)
    drawer.get_by_label("Betreff").fill("")
    drawer.get_by_label("Nachricht", exact=True).fill("Das Glas Wasser steht bereit.")
    _refused_for_its_subject(page, drawer)
    drawer.get_by_role("button", name="Nach dem Besuch").click()
    expect(text).to_have_value(re.compile(r"^Das Glas Wasser steht bereit\.\n\nLieber Frank,"))
    text.fill("Das Glas Wasser steht bereit.")
    drawer.get_by_label("Betreff").fill("Bis bald")
    drawer.get_by_role("button", name="Nachricht senden").click()
    expect(page.get_by_role("status")).to_contain_text("Die Nachricht an Frank Hofmann ist geschrieben.")
    expect(page.locator("#history")).to_contain_text("Das Glas Wasser steht bereit.")

    address = _reply_to()
    assert address.endswith(f"@{DOMAIN}")
    _answers(address, "Ich freue mich!\n\n> Das Glas Wasser steht bereit.")
    page.reload()
    expect(badge).to_contain_text("2 ungelesene Antworten")
    expect(page.locator("#history .event").first).to_contain_text("Ich freue mich!")
    page.get_by_role("link", name=re.compile("^Nachrichten")).first.click()
    unread = page.get_by_role("region", name="Ungelesen")
    expect(unread.locator(".thread-row").first).to_contain_text("Frank Hofmann")
    unread.get_by_role("link", name=re.compile("Frank Hofmann")).click()
    expect(page.locator(".message").last).to_contain_text("Ich freue mich!")
    # Seen, and everybody's badge says so.
    expect(badge).to_contain_text("1 ungelesene Antwort")
    visitor.settle()
    assert visitor.violations() == []
    page.get_by_text("Zitierter Text").click()
    expect(page.locator(".message-rest .message-text")).to_be_visible()
    # Answered in place.
    expect(page.get_by_label("Betreff")).to_have_value("Re: Termin")
    page.get_by_label("Nachricht", exact=True).fill("Bis Dienstag!")
    page.get_by_role("button", name="Nachricht senden").click()
    expect(page.locator(".message.ours").last).to_contain_text("Bis Dienstag!")
    page.get_by_role("button", name="Als ungelesen markieren").click()
    expect(page.get_by_role("region", name="Ungelesen")).to_contain_text("Frank Hofmann")
    expect(badge).to_contain_text("2 ungelesene Antworten")
    _opens_at_what_is_new(page)


def test_what_was_typed_is_not_dropped_without_asking(open_page: OpenPage) -> None:
    visitor = open_page()
    visitor.sign_in("empfang@sonnenschein.example", f"{SALON}clients/?q=heike+sommer")
    page = visitor.page
    page.goto(visitor.base + str(page.get_by_role("link", name="Heike Sommer").first.get_attribute("href")))
    drawer, question = page.locator("#drawer .drawer"), page.locator("#discard")
    opener, text = page.get_by_role("link", name="Nachricht", exact=True), drawer.get_by_label("Nachricht", exact=True)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    opener.click()
    expect(drawer.get_by_label("Betreff")).to_be_focused()
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(question).to_be_hidden()

    opener.click()
    text.press_sequentially("Bis Dienstag")
    page.keyboard.press("Escape")
    expect(question.get_by_role("button", name="Weiter eingeben")).to_be_focused()
    visitor.settle()
    assert visitor.violations("#discard") == []
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(text).to_have_value("Bis Dienstag")
    # Opened once more, it is as it was left.
    opener.click()
    expect(drawer).to_be_focused()
    expect(text).to_have_value("Bis Dienstag")
    drawer.get_by_role("link", name="Alle Nachrichten").click()
    question.get_by_role("button", name="Weiter eingeben").click()
    expect(text).to_have_value("Bis Dienstag")
    assert asked == []
    # What is no link of ours is asked about by the browser.
    page.evaluate("location.assign('/')")
    expect(text).to_have_value("Bis Dienstag")
    assert asked == ["beforeunload"]
    drawer.get_by_role("link", name="Schließen").click()
    question.get_by_role("button", name="Verwerfen").click()
    expect(drawer).to_have_count(0)

    # A template is as good as typed; what is sent asks nothing.
    opener.click()
    drawer.get_by_text("Vorlage verwenden").click()
    drawer.get_by_role("button", name="Nach dem Besuch").click()
    expect(text).to_have_value(re.compile("^Liebe Heike,"))
    page.keyboard.press("Escape")
    question.get_by_role("button", name="Weiter eingeben").click()
    text.fill("Bis Dienstag!")
    drawer.get_by_role("button", name="Nachricht senden").click()
    expect(page.get_by_role("status")).to_contain_text("Die Nachricht an Heike Sommer ist geschrieben.")
    expect(drawer).to_have_count(0)
    assert asked == ["beforeunload"]


def test_whoever_is_signed_out_meanwhile_loses_nothing(open_page: OpenPage) -> None:
    visitor = open_page()
    visitor.sign_in("empfang@sonnenschein.example", f"{SALON}clients/?q=heike+sommer")
    page = visitor.page
    page.goto(visitor.base + str(page.get_by_role("link", name="Heike Sommer").first.get_attribute("href")))
    page.get_by_role("link", name="Nachricht", exact=True).click()
    page.locator("#drawer .drawer").get_by_role("link", name="Alle Nachrichten").click()
    page.get_by_label("Betreff").fill("Bis Dienstag")
    text = page.get_by_label("Nachricht", exact=True)
    text.fill("Bis Dienstag, liebe Heike!")
    page.context.clear_cookies()
    page.get_by_role("button", name="Nachricht senden").click()
    told = page.get_by_role("status").get_by_text("Sie sind abgemeldet")
    expect(told).to_be_visible()
    expect(text).to_have_value("Bis Dienstag, liebe Heike!")
    # The console tells of it, too.
    assert all("401" in one for one in visitor.complaints)
    visitor.complaints.clear()
    with page.expect_popup() as opened:
        page.get_by_role("status").get_by_role("link", name="Anmelden").click()
    other = opened.value
    other.get_by_label("E-Mail").fill("empfang@sonnenschein.example")
    other.locator("input[type=password]").fill(PASSWORD)
    other.keyboard.press("Enter")
    other.wait_for_url("**/s/**")
    other.close()
    # The page has the token of before; what it sends has the one of now.
    page.get_by_role("button", name="Nachricht senden").click()
    expect(page.locator(".message.ours").last).to_contain_text("Bis Dienstag, liebe Heike!")
    # Sent is sent: whoever goes back does not find it there to be sent once more.
    page.get_by_role("link", name="Zur Karte").click()
    page.go_back()
    expect(page.get_by_label("Nachricht", exact=True)).to_have_value("")


def test_without_a_script(open_page: OpenPage) -> None:
    visitor = open_page(javascript=False)
    visitor.sign_in("empfang@sonnenschein.example", f"{SALON}marketing/messages/")
    page = visitor.page
    page.get_by_role("region", name="Ungelesen").get_by_role("link", name=re.compile("Petra Lang")).click()
    expect(page.locator(".message").last).to_contain_text("nur zwei Zentimeter")
    page.get_by_role("button", name="Als gelesen markieren").click()
    expect(page.get_by_role("button", name="Als gelesen markieren")).to_have_count(0)
    page.get_by_label("Nachricht", exact=True).fill("Gern!")
    page.get_by_role("button", name="Nachricht senden").click()
    expect(page.locator(".message.ours").last).to_contain_text("Gern!")
    page.get_by_role("button", name="Als ungelesen markieren").click()
    expect(page.get_by_role("region", name="Ungelesen")).to_contain_text("Petra Lang")


HOSTILE = """<html><head><base target="_self"><meta http-equiv="refresh" content="0;url=/sign-in/"></head>
<body onload="top.hacked = 1"><script>top.hacked = 1</script><style>@import url(/hostile.css);</style>
<img src="/hostile.png" onerror="top.hacked = 1"><iframe src="/hostile.html"></iframe><link rel="stylesheet"
href="/hostile.css"><form action="/hostile/"><button>Weiter</button></form><p>Guten Tag, Frank</p>
<a target="_top" href="https://hostile.example/top">Oben</a>
<a target="_self" href="https://hostile.example/self">Hier</a>
<a target="_parent" href="https://hostile.example/parent">Außen</a>
<a target="_top" href="javascript:top.hacked = 1">Skript</a></body></html>"""


def test_a_mail_that_means_harm_does_none(open_page: OpenPage) -> None:
    with psycopg.connect(environment.text("DATABASE_OWNER_URL")) as owner:
        row = owner.execute("SELECT id, html FROM mail_clientmail WHERE html <> '' LIMIT 1").fetchone()
        assert row is not None
        owner.execute("UPDATE mail_clientmail SET html = %s WHERE id = %s", [HOSTILE, row[0]])
    visitor = open_page()
    visitor.sign_in("anna@sonnenschein.example")
    page = visitor.page
    # What the policy stops is asked for and never answered.
    answered: list[str] = []
    page.on("response", lambda response: answered.append(response.url))
    page.goto(f"{visitor.base}{SALON}settings/mails/{row[0]}/")
    mail = page.frame_locator("iframe")
    expect(mail.get_by_text("Guten Tag, Frank")).to_be_visible()
    mail.get_by_role("button", name="Weiter").click()
    # Nor does a link lead the page away, whatever it aims at.
    page.wait_for_timeout(300)
    stay = [frame.url for frame in page.frames]
    for link in ("Oben", "Außen", "Hier"):
        with page.context.expect_page() as opened:
            mail.get_by_role("link", name=link).click()
        opened.value.close()
        assert [frame.url for frame in page.frames] == stay, link
    mail.get_by_role("link", name="Skript").click()
    page.wait_for_timeout(200)
    assert [frame.url for frame in page.frames] == stay
    expect(mail.get_by_text("Guten Tag, Frank")).to_be_visible()
    assert page.evaluate("window.hacked") is None
    assert [url for url in answered if "hostile" in url or "sign-in" in url] == []
    # The policy says what it has stopped; the page itself has nothing to complain of.
    assert visitor.complaints
    assert all("shown/" in one or "sandbox" in one for one in visitor.complaints), visitor.complaints
    visitor.complaints.clear()
    visitor.settle()
    assert visitor.violations("main") == []
    page.get_by_role("link", name="Text").click()
    expect(mail.locator("pre")).to_be_visible()
    expect(page.get_by_role("link", name="Text")).to_have_attribute("aria-current", "true")
    with psycopg.connect(environment.text("DATABASE_OWNER_URL")) as owner:
        owner.execute("UPDATE mail_clientmail SET html = %s WHERE id = %s", [row[1], row[0]])
