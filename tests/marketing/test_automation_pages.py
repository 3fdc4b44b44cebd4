"""*Marketing » Automationen*: what it shows, switching, changing, preview and test mail."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from clients.models import Client
from marketing.automations import Text, automation_for, save_automation, text_of, turn_on
from marketing.models import Automation, Occasion, Recipient, RecipientReason, RecipientState
from marketing.occasions import SEND
from marketing.tasks import send_automation
from salon.identity.models import User
from salon.mail.tasks import deliver_client_mail
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from tests.bookings.salonday import make_client
from tests.marketing.automating import NINE, born, night_of, turned_on
from tests.marketing.campaign_desk import HTMX
from tests.marketing.campaigning import BOSS, agreed, may_send
from tests.marketing.mailserver import Inbox

BASE = "/s/sonnenschein/marketing/automations/"


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], owner: User) -> Browser:
    return browser_of(owner)


def _text(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined, no-any-return]


def test_all_four_are_off_and_say_what_they_would_have_done(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        due = sonnenschein.date_at(timezone.now()) - timedelta(days=3)
        agreed("Neu", first_visit_on=due - timedelta(days=3), last_visit_on=due)
    page = _text(browser.get(BASE))
    assert page.count('aria-checked="false"') == 4
    assert "Wäre sie eingeschaltet gewesen, wäre 1 E-Mail hinausgegangen." in page
    assert page.count("Wäre sie eingeschaltet gewesen, wären 0 E-Mails hinausgegangen.") == 3
    for words in ("Geburtstag", "7 Tage vor dem Geburtstag", "30 Tage vor Ablauf", "3 Tage nach dem", "14 Tage nach"):
        assert words in page


def test_turning_one_on_and_off(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
    page = _text(browser.post(f"{BASE}birthday/switch/", {"on": "1"}, follow=True))
    assert "„Geburtstag“ ist eingeschaltet." in page
    assert page.count('aria-checked="true"') == 1
    page = _text(browser.post(f"{BASE}birthday/switch/", {"on": "0"}, follow=True))
    assert page.count('aria-checked="true"') == 0


@pytest.mark.parametrize("stays", [True, False])
def test_without_a_mail_server_it_is_said_what_becomes_of_the_mails(
    browser: Browser, sonnenschein: Salon, settings: Settings, stays: bool
) -> None:
    settings.MAILS_STAY = stays
    with salon_scope(sonnenschein.pk):
        may_send()
    told = "Es ist kein Mailserver eingerichtet: Die E-Mails"
    for url in (BASE, f"{BASE}birthday/"):
        page = _text(browser.get(url))
        assert (told in page) == stays
        assert ("steht im Verlauf der jeweiligen Karte" in page) == stays
        assert "Zum Postausgang" not in page

    def toasts(response: Any) -> list[str]:
        return [str(one) for one in response.context["messages"]]

    [on] = toasts(browser.post(f"{BASE}birthday/switch/", {"on": "1"}, follow=True))
    assert on.startswith("„Geburtstag“ ist eingeschaltet.")
    assert (told in on) == stays
    [off] = toasts(browser.post(f"{BASE}birthday/switch/", {"on": "0"}, follow=True))
    assert told not in off
    typed = {"subject": "Probe", "body": "Nur eine Probe", "days": "7", "version": "0", "act": "test"}
    answer = browser.post(f"{BASE}birthday/", typed)
    # What became of it is said once, beside its button.
    assert toasts(answer) == []
    assert (told in answer.text.partition('id="test-mail"')[2].partition("</form>")[0]) == stays


def test_without_imprint_none_can_be_turned_on(browser: Browser, sonnenschein: Salon) -> None:
    page = _text(browser.post(f"{BASE}birthday/switch/", {"on": "1"}, follow=True))
    assert "Ihr Impressum fehlt noch" in page
    assert page.count('aria-checked="true"') == 0
    with salon_scope(sonnenschein.pk):
        assert not Automation.objects.exists()


def test_what_came_of_its_mails(browser: Browser, sonnenschein: Salon) -> None:
    now = timezone.now()
    with salon_scope(sonnenschein.pk):
        may_send()
        automation = turn_on(actor=BOSS, occasion=Occasion.LAPSED, now=now)
        for name, ago, state, reason in [
            ("Sent", 1, RecipientState.SENT, RecipientReason.CONSENT),
            ("Gone", 2, RecipientState.SENT, RecipientReason.CONSENT),
            ("Out", 1, RecipientState.EXCLUDED, RecipientReason.NO_CONSENT),
            ("Old", 40, RecipientState.SENT, RecipientReason.CONSENT),
        ]:
            at = now - timedelta(days=ago)
            Recipient.objects.create(
                automation=automation,
                occasion=at.date(),
                client=agreed(name),
                state=state,
                reason=reason,
                sent_at=at if state == RecipientState.SENT else None,
                unsubscribed_at=at if name == "Gone" else None,
                created_at=at,
            )
    page = " ".join(_text(browser.get(BASE)).split())
    for label, value in [("Gesendet", "2"), ("Ausgelassen", "1"), ("Abgemeldet", "1")]:
        assert f"<dt>{label}</dt><dd>{value}</dd>" in page


def test_changing_text_and_days(browser: Browser, sonnenschein: Salon) -> None:
    entered = {"subject": "Alles Gute", "body": "{{greeting}},\r\n\r\nalles Gute!", "days": "0", "version": "0"}
    page = _text(browser.post(f"{BASE}birthday/", entered, follow=True))
    assert "Am Geburtstag selbst" in page
    assert "Alles Gute" in page
    assert browser.post(f"{BASE}birthday/", {**entered, "days": "1"}).status_code == 422
    page = _text(browser.post(f"{BASE}birthday/", {**entered, "version": "1"}, follow=True))
    assert "Es wurde nichts geändert." in page


def test_bad_input_stays_typed_with_its_error_beside_it(browser: Browser, sonnenschein: Salon) -> None:
    entered = {"subject": "", "body": "Hallo {{vorname}}", "days": "400", "version": "0"}
    response = browser.post(f"{BASE}birthday/", entered)
    page = _text(response)
    assert response.status_code == 422
    assert "Einen Platzhalter {{vorname}} gibt es nicht." in page
    assert "Zwischen 0 und 60 Tagen." in page
    assert "Hallo {{vorname}}" in page
    assert 'value="400"' in page


def test_somebody_else_was_first(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        text = Text(subject="Von Carla", body="Von Carla geschrieben.", days=5)
        save_automation(actor=BOSS, occasion=Occasion.BIRTHDAY, text=text, now=timezone.now())
    mine = {"subject": "Von mir", "body": "Von mir geschrieben.", "days": "6", "version": "0"}
    response = browser.post(f"{BASE}birthday/", mine)
    page = _text(response)
    assert response.status_code == 422
    assert "Von <del>mir</del><ins>Carla</ins> geschrieben." in page
    assert "<dt>Tage</dt>" in page
    assert "<del>6</del><ins>5</ins>" in page
    assert "Von mir geschrieben." in page
    assert browser.post(f"{BASE}birthday/", {**mine, "version": "1"}).status_code == 302
    with salon_scope(sonnenschein.pk):
        assert text_of(automation_for(Occasion.BIRTHDAY)).subject == "Von mir"


def test_switching_is_no_other_text(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        read = automation_for(Occasion.BIRTHDAY).version
        turn_on(actor=BOSS, occasion=Occasion.BIRTHDAY, now=timezone.now())
    mine = {"subject": "Von mir", "body": "Eins\r\n\r\nZwei ", "days": "6", "version": str(read)}
    assert browser.post(f"{BASE}birthday/", mine).status_code == 302
    # What is sent once more says the same: there is nothing to choose between.
    again = browser.post(f"{BASE}birthday/", mine, follow=True)
    assert "Es wurde nichts geändert." in _text(again)


def test_preview_as_a_client_of_what_is_typed(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        lena = make_client("Lena<b>", "Vogel", gender="FEMALE")
    typed = {"subject": "x", "body": "{{greeting}}, *neu*", "client": str(lena.pk)}
    response = browser.post(f"{BASE}birthday/preview/", typed)
    assert "Liebe Lena&lt;b&gt;, <em>neu</em>" in _text(response)
    assert "style-src 'unsafe-inline'" in response.headers["Content-Security-Policy"]
    assert "script-src" not in response.headers["Content-Security-Policy"]
    assert "Liebe Lena" in _text(browser.get(f"{BASE}birthday/preview/?part=text&client={lena.pk}"))
    # Above the mail stands from whom and about what she gets it, and why she would not.
    lines = _text(browser.post(f"{BASE}birthday/preview/?part=lines", {**typed, "subject": "{{first_name}}, bald!"}))
    assert "Ihr Salon Sonnenschein &lt;" in lines
    assert "<strong data-shown-subject>Lena&lt;b&gt;, bald!</strong>" in lines
    assert "Lena&lt;b&gt; Vogel bekäme sie nicht" in lines
    assert 'id="id_body_error" hx-swap-oob="true" hidden' in lines
    # What cannot go out is said at once.
    wrong = {**typed, "subject": "{{nix}}", "body": "{{first_name}", "days": "viele"}
    lines = _text(browser.post(f"{BASE}birthday/preview/?part=lines", wrong))
    assert re.search(r'id="id_subject_error" hx-swap-oob="true">.*\{\{nix\}\}', lines, re.DOTALL)
    assert re.search(r'id="id_body_error" hx-swap-oob="true">.*\{\{first_name\}\}', lines, re.DOTALL)
    page = _text(browser.get(f"{BASE}birthday/?client={lena.pk}"))
    assert f'name="client" value="{lena.pk}"' in page
    assert "Lena&lt;b&gt; Vogel bekäme sie nicht" in page
    assert browser.post(f"{BASE}birthday/preview/", {"body": "{{nope}} [a](javascript:x)"}).status_code == 200
    with salon_scope(sonnenschein.pk):
        assert not Automation.objects.exists()


def test_a_test_mail_of_what_is_typed(browser: Browser, owner: User, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
    typed = {"subject": "Probe", "body": "Nur eine Probe", "days": "7", "version": "0", "act": "test"}
    page = _text(browser.post(f"{BASE}birthday/", typed))
    assert f"Die Testmail an {owner.email} ist geschrieben." in page
    assert "Nur eine Probe" in page
    assert "data-unsaved" in page
    assert mail.outbox == []
    deliver_client_mail(str(DueWork.objects.get(task="salon.mail.tasks.deliver_client_mail").pk))
    [sent] = mail.outbox
    assert (sent.to, sent.subject) == ([owner.email], "[Test] Probe")
    with salon_scope(sonnenschein.pk):
        assert not Automation.objects.exists()
        kept = text_of(automation_for(Occasion.BIRTHDAY))
    # Of what is typed as it is saved, nothing is unsaved; a browser sends other line breaks.
    typed |= {"subject": kept.subject, "body": kept.body.replace("\n", "\r\n")}
    assert "data-unsaved" not in _text(browser.post(f"{BASE}birthday/", typed))
    assert "data-unsaved" in _text(browser.post(f"{BASE}birthday/", {**typed, "days": "8"}))
    assert "data-unsaved" in _text(browser.post(f"{BASE}birthday/", {**typed, "days": ""}))


@pytest.mark.parametrize(
    ("occasion", "one", "many"),
    [
        ("birthday", "Tag vor dem Geburtstag", "Tage vor dem Geburtstag"),
        ("about-to-lapse", "Tag vor Ablauf der 365 Tage", "Tage vor Ablauf der 365 Tage"),
        ("after-first-visit", "Tag nach dem ersten Besuch", "Tage nach dem ersten Besuch"),
        ("lapsed", "Tag nach Ablauf der 365 Tage", "Tage nach Ablauf der 365 Tage"),
    ],
)
def test_the_days_are_entered_within_their_sentence(browser: Browser, occasion: str, one: str, many: str) -> None:
    def sentence(page: str) -> str:
        return re.sub("<[^>]*>", "", page.partition('class="days-sentence">')[2].partition("</div>")[0])

    assert sentence(_text(browser.get(f"{BASE}{occasion}/"))) == many
    typed = {"subject": "", "body": "", "days": "1", "version": "0"}
    assert sentence(_text(browser.post(f"{BASE}{occasion}/", typed))) == one


def test_the_card_leads_to_the_mail_as_it_went_out(
    browser: Browser, browser_of: Callable[[User], Browser], stylist: User, sonnenschein: Salon, arriving: Inbox
) -> None:
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY)
        susanne = born("Susanne", 29, 11, gender="FEMALE")
        born("Ute", 29, 11)
    night_of(sonnenschein)
    with time_machine.travel(NINE, tick=False):
        send_automation(str(DueWork.objects.get(task=SEND).pk))
    with salon_scope(sonnenschein.pk):
        text = Text(subject="Anders", body="Ganz anders.", days=7)
        save_automation(actor=BOSS, occasion=Occasion.BIRTHDAY, text=text, now=NINE)
        Client.objects.filter(pk=susanne.pk).update(first_name="Sanne")
        one = Recipient.objects.get(client=susanne)
        other = Recipient.objects.exclude(pk=one.pk).get()
    url, card = f"{BASE}mails/{one.pk}/", f"/s/sonnenschein/clients/{susanne.pk}/"
    assert f'<a href="{url}">' in _text(browser.get(card))
    assert f'<a href="{url}">' not in _text(browser_of(stylist).get(card))
    page = _text(browser.get(url))
    assert "Ihr Geburtstag naht, Susanne" in page
    assert "So ist sie am " in page
    assert 'id="mail-dialog"' not in page
    assert 'id="mail-dialog"' in _text(browser.get(url, headers=HTMX))
    assert f'href="{card}"' in page
    assert "Liebe Susanne," in _text(browser.get(f"{url}shown/"))
    assert "Liebe Susanne," in _text(browser.get(f"{url}shown/?part=text"))
    # Of one whose words are not kept there is nothing to be read.
    with salon_scope(sonnenschein.pk):
        Recipient.objects.filter(pk=other.pk).update(said=None)
    assert f"{BASE}mails/{other.pk}/" not in _text(browser.get(f"/s/sonnenschein/clients/{other.client_id}/"))
    assert browser.get(f"{BASE}mails/{other.pk}/").status_code == 404


def test_a_text_may_be_long(browser: Browser) -> None:
    assert 'maxlength="10000"' in _text(browser.get(f"{BASE}birthday/"))


def test_only_what_there_is(browser: Browser) -> None:
    assert browser.get(f"{BASE}christmas/").status_code == 404


def test_staff_sees_nothing_of_it(browser_of: Callable[[User], Browser], stylist: User) -> None:
    assert browser_of(stylist).get(BASE).status_code == 403


@pytest.mark.parametrize("many", [2, 20])
def test_the_page_asks_as_much_of_many_as_of_few(browser: Browser, sonnenschein: Salon, many: int) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        turn_on(actor=BOSS, occasion=Occasion.LAPSED, now=timezone.now())
        for number in range(many):
            agreed(f"K{number}", birth_day=1, birth_month=1 + number % 12)
    browser.get(BASE)
    with CaptureQueriesContext(connection) as asked:
        browser.get(BASE)
    assert len(asked) <= 20
    # Once for each, and of the one that is on whom it writes to tomorrow and whom it has passed over.
    assert sum("clients_client" in one["sql"] for one in asked) == 6
