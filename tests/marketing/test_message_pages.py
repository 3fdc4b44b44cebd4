"""*Nachrichten*: inbox, thread, badge and templates in the browser (ui.md §2.4, §2.7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from bookings.models import BookingRules
from clients.models import Client
from marketing.message_templates import Wording, create_template
from marketing.messages import write_message
from marketing.models import Direction, Message, MessageTemplate
from marketing.receiving import receive
from salon.desk.merging import merge_cards
from salon.identity.models import User
from salon.identity.roles import ActorKind, system_actor
from salon.mail.models import ClientMail, MailState
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.letterbox import DOMAIN, LENA, a_card, a_mail, read, reply_to

pytestmark = pytest.mark.django_db(transaction=True)
SOFTWARE = system_actor("test")
LIST = "/s/sonnenschein/marketing/messages/"
TEMPLATES = f"{LIST}templates/"
DRAWER = {"HX-Request": "true", "HX-Target": "drawer"}
BrowserOf = Callable[[User], Browser]


@pytest.fixture(autouse=True)
def _answers_come_in(settings: Settings) -> None:
    settings.INBOUND_DOMAIN = DOMAIN
    settings.MAILS_STAY = False


@pytest.fixture
def lena(sonnenschein: Salon) -> Client:
    with salon_scope(sonnenschein.pk):
        return a_card(sonnenschein)


@pytest.fixture
def desk(browser_of: BrowserOf, stylist: User) -> Browser:
    """Return the browser of somebody with the role STAFF."""
    return browser_of(stylist)


def _url(client: Client, action: str = "") -> str:
    return f"{LIST}{client.pk}/{action}"


def _answer(salon: Salon, client: Client, text: str = "Ja, gern!\n\n> Dienstag?", **headers: str) -> None:
    """Let a client answer what she was written."""
    with salon_scope(salon.pk):
        write_message(actor=SOFTWARE, client_id=client.pk, subject="Termin", text="Dienstag?", now=NOW)
        address = reply_to(client.pk)
    receive(read(a_mail(address, text, **headers)), now=NOW + timedelta(minutes=1))


def _all(salon: Salon) -> list[Message]:
    with salon_scope(salon.pk):
        return list(Message.objects.order_by("created_at", "id"))


def test_a_message_from_the_card(sonnenschein: Salon, desk: Browser, lena: Client) -> None:
    card = desk.get(f"/s/sonnenschein/clients/{lena.pk}/").text
    assert f'href="{_url(lena)}" hx-get="{_url(lena)}" hx-target="#drawer"' in card
    drawer = desk.get(_url(lena), headers=DRAWER)
    assert "<html" not in drawer.text
    assert "kein Marketing" in drawer.text
    form_id = drawer.context["form"]["form_id"].value()
    given = {"subject": "Termin", "text": "Dienstag?", "form_id": str(form_id), "back": "card", "act": "send"}
    for _ in range(2):
        sent = desk.post(_url(lena), given, headers=DRAWER)
        assert sent["HX-Redirect"] == f"/s/sonnenschein/clients/{lena.pk}/"
    (message,) = _all(sonnenschein)
    assert (message.subject, message.text, message.actor_name) == ("Termin", "Dienstag?", "Bora Yıldız")
    card = desk.get(f"/s/sonnenschein/clients/{lena.pk}/").text
    assert "Nachricht geschrieben" in card
    assert f'<a href="{_url(lena)}#message-{message.pk}">Termin</a>' in card
    assert "Dienstag?" in card


def test_without_a_mail_server_nothing_is_called_sent(
    sonnenschein: Salon, desk: Browser, lena: Client, settings: Settings
) -> None:
    stays = "Es ist kein Mailserver eingerichtet: Die E-Mails bleiben auf diesem Rechner."
    for mails_stay in (False, True):
        settings.MAILS_STAY = mails_stay
        assert (stays in desk.get(_url(lena), headers=DRAWER).text) is mails_stay
        page = desk.post(_url(lena), {"subject": "T", "text": "Gut"}, follow=True).text
        assert (f"Die Nachricht an Lena Vogel ist geschrieben. {stays}" in page) is mails_stay
        assert ("Die Nachricht an Lena Vogel ist unterwegs." in page) is not mails_stay
        with salon_scope(sonnenschein.pk):
            ClientMail.objects.update(state=MailState.SENT, sent_at=NOW)
        (thread,) = re.findall(r'<ol class="thread">.*?</ol>', desk.get(_url(lena)).text, re.DOTALL)
        assert ("geschrieben, nicht gesendet: Es ist kein Mailserver eingerichtet" in thread) is mails_stay
        assert ("</svg>gesendet</p>" in thread) is not mails_stay


def test_the_focus_is_where_writing_begins(sonnenschein: Salon, desk: Browser, lena: Client) -> None:
    def focused() -> str:
        (field,) = re.findall(r"<[^>]*autofocus[^>]*>", desk.get(_url(lena), headers=DRAWER).text)
        return str(re.findall(r'name="(\w+)"', field)[0])

    assert focused() == "subject"
    _answer(sonnenschein, lena)
    assert focused() == "text"


def test_a_refused_message_keeps_what_was_typed(sonnenschein: Salon, desk: Browser, lena: Client) -> None:
    for headers in ({}, DRAWER):
        answer = desk.post(_url(lena), {"subject": "", "text": "Mit <b>Mühe</b> getippt"}, headers=headers)
        assert answer.status_code == 422
        assert "Mit &lt;b&gt;Mühe&lt;/b&gt; getippt" in answer.text
        assert 'aria-invalid="true"' in answer.text
    refused = desk.post(_url(lena), {"subject": "T", "text": "Am {{last_visit}}"})
    assert refused.status_code == 422
    assert "{{last_visit}} (Datum des letzten Besuchs)" in refused.text
    assert _all(sonnenschein) == []


def test_what_is_filled_in_stands_beside_the_text(sonnenschein: Salon, desk: Browser, lena: Client) -> None:
    assert "<code>{{first_name}}</code></dt><dd>Vorname</dd>" in desk.get(_url(lena), headers=DRAWER).text
    desk.post(_url(lena), {"subject": "Für {{first_name}}", "text": "Gut"})
    assert [one.subject for one in _all(sonnenschein)] == ["Für Lena"]


def test_without_an_address_the_page_says_so(sonnenschein: Salon, desk: Browser) -> None:
    with salon_scope(sonnenschein.pk):
        card = a_card(sonnenschein, "Ohne", "")
    drawer = desk.get(_url(card), headers=DRAWER).text
    assert "keine E-Mail-Adresse" in drawer
    assert f"/clients/{card.pk}/edit/" in drawer
    assert desk.post(_url(card), {"subject": "T", "text": "Gut"}).status_code == 422
    assert _all(sonnenschein) == []


def test_where_answers_go_stands_beside_the_button(
    sonnenschein: Salon, desk: Browser, lena: Client, settings: Settings
) -> None:
    assert "erscheint hier und unter „Nachrichten“" in desk.get(_url(lena)).text
    settings.INBOUND_DOMAIN = ""
    assert "Eine Antwort ist nicht möglich" in desk.get(_url(lena)).text
    with salon_scope(sonnenschein.pk):
        BookingRules.objects.create(reply_to="post@salon.example")
    assert "post@salon.example" in desk.get(_url(lena)).text


def test_an_answer_waits_is_read_and_waits_again(sonnenschein: Salon, desk: Browser, lena: Client) -> None:
    badge = f"{LIST}unread/"
    assert desk.get(badge).text.strip() == ""
    _answer(sonnenschein, lena)
    assert "1 ungelesene Antwort" in desk.get(badge).text
    page = desk.get(LIST)
    assert [(row.name, row.excerpt, row.unread) for row in page.context["unread"]] == [("Lena Vogel", "Ja, gern!", 1)]
    thread = desk.get(_url(lena))
    # Looking alone changes nothing: what the browser fetches beforehand must not count as seen.
    assert "1 ungelesene Antwort" in desk.get(badge).text
    assert [(one.is_ours, one.text, one.rest) for one in thread.context["thread"]] == [
        (True, "Dienstag?", ""),
        (False, "Ja, gern!", "> Dienstag?"),
    ]
    assert str(thread.context["thread"][0].state) == "unterwegs"
    assert thread.context["form"]["subject"].value() == "Re: Termin"
    seen = desk.post(_url(lena, "read/"), {"upto": str(thread.context["last_id"])}, headers={"HX-Request": "true"})
    assert (seen.status_code, seen["HX-Trigger"]) == (204, "messages-changed")
    assert desk.get(badge).text.strip() == ""
    page = desk.get(LIST)
    # Read is not answered.
    assert (page.context["unread"], [row.unread for row in page.context["open"]]) == ([], [0])
    assert desk.post(_url(lena, "read/"), {"act": "unread"}).status_code == 302
    assert "1 ungelesene Antwort" in desk.get(badge).text


def test_what_is_to_be_known_of_an_answer(sonnenschein: Salon, desk: Browser, lena: Client) -> None:
    _answer(sonnenschein, lena, "<script>alert(1)</script>", Auto_Submitted="auto-replied")
    with salon_scope(sonnenschein.pk):
        Message.objects.filter(direction="IN").update(
            other_address=True, address="boese@x.example", attachments=["Foto <1>.jpg"]
        )
    for page in (desk.get(_url(lena)).text, desk.get(f"/s/sonnenschein/clients/{lena.pk}/").text):
        assert "automatisch beantwortet" in page
        assert "ndere" in page
        assert "Foto &lt;1&gt;.jpg" in page
        assert "<script>alert" not in page
    assert "boese@x.example" in desk.get(_url(lena)).text
    assert desk.get(f"{LIST}unread/").text.strip() == ""


def test_a_merged_card_leads_to_the_one_that_is_left(sonnenschein: Salon, desk: Browser, lena: Client) -> None:
    with salon_scope(sonnenschein.pk):
        old = a_card(sonnenschein, "Alt", "alt@x.example")
        merge_cards(actor=SOFTWARE, salon=sonnenschein, survivor_id=lena.pk, duplicate_id=old.pk, now=NOW)
    for answer in (desk.get(_url(old)), desk.post(_url(old), {"subject": "T", "text": "Gut"})):
        assert (answer.status_code, answer["Location"]) == (302, _url(lena))
    assert _all(sonnenschein) == []


def test_templates_are_filled_in_before_anybody_sends(sonnenschein: Salon, desk: Browser, lena: Client) -> None:
    with salon_scope(sonnenschein.pk):
        template = create_template(
            actor=SOFTWARE,
            wording=Wording("Erinnern", "Für {{first_name}}", "Hallo {{first_name}},\n\nSie haben {{points}} Punkte."),
            now=NOW,
        )
        Client.objects.filter(pk=lena.pk).update(first_name="{{last_name}}", treatcard_number="TC-1")
    # What stands in a name is a name, whatever it looks like.
    filled = desk.post(_url(lena), {"template": str(template.pk), "subject": "", "text": ""}, headers=DRAWER)
    form = filled.context["form"]
    assert form["subject"].value() == "Für {{last_name}}"
    assert form["text"].value() == "Hallo {{last_name}},\n\nSie haben 0 Punkte."
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=lena.pk).update(first_name="Lena")
    kept = desk.post(_url(lena), {"template": str(template.pk), "subject": "x", "text": "Liebe Lena!"})
    assert kept.context["form"]["text"].value() == "Liebe Lena!\n\nHallo Lena,\n\nSie haben 0 Punkte."
    # What nobody knows of her is seen before it is sent, and then refused.
    with salon_scope(sonnenschein.pk):
        MessageTemplate.objects.filter(pk=template.pk).update(text="Zuletzt am {{last_visit}}, {{staff|uns}}")
    lacking = desk.post(_url(lena), {"template": str(template.pk), "subject": "x", "text": ""})
    assert lacking.context["form"]["text"].value() == "Zuletzt am {{last_visit}}, uns"
    assert lacking.status_code == 200
    words = "{{last_visit}} (Datum des letzten Besuchs) ist bei diesem Kunden nicht bekannt."
    assert words in lacking.context["form"].errors["text"][0]
    assert "subject" not in lacking.context["form"].errors
    assert words not in kept.text
    unknown = desk.post(_url(lena), {"template": str(uuid4()), "subject": "x", "text": "y"})
    assert [unknown.context["form"][name].value() for name in ("subject", "text")] == ["x", "y"]
    assert _all(sonnenschein) == []


def test_templates_are_made_changed_deleted_and_back(
    sonnenschein: Salon, browser_of: BrowserOf, manager: User, stylist: User
) -> None:
    browser = browser_of(manager)
    given = {"name": "Erinnern", "subject": "Termin", "text": "Hallo {{first_name}}"}
    assert browser.post(f"{TEMPLATES}new/", given).status_code == 302
    with salon_scope(sonnenschein.pk):
        template = MessageTemplate.objects.get()
    url = f"{TEMPLATES}{template.pk}/"
    listed = browser.get(TEMPLATES).text
    assert "Erinnern" in listed
    assert "Hallo [Vorname]" in listed
    for wrong in ({"name": ""}, {"subject": "{{nonsense}}"}, {"text": "{{first_name"}, {"name": "ERINNERN "}):
        refused = browser.post(f"{TEMPLATES}new/", {**given, **wrong})
        assert refused.status_code == 422
        assert list(refused.context["form"].errors) == list(wrong)
    assert browser.post(url, {**given, "text": "Hallo", "version": "1"}).status_code == 302
    late = browser.post(url, {**given, "text": "Meins", "version": "1"})
    assert late.status_code == 422
    assert "Meins" in late.text
    assert late.context["theirs"].text == "Hallo"
    assert 'name="version" value="2"' in late.text
    assert browser.post(url, {**given, "text": "Meins", "version": "2"}).status_code == 302
    deleted = browser.post(f"{url}delete/", follow=True)
    assert "Erinnern</strong>" not in deleted.text
    assert f"{url}delete/?act=restore" in deleted.text
    assert browser.get(url).status_code == 404
    assert "Erinnern</strong>" in browser.post(f"{url}delete/?act=restore", follow=True).text
    # Another one may have its name by then.
    browser.post(f"{url}delete/")
    browser.post(f"{TEMPLATES}new/", given)
    assert "gibt es schon" in browser.post(f"{url}delete/?act=restore", follow=True).text
    with salon_scope(sonnenschein.pk):
        assert MessageTemplate.objects.filter(deleted_at=None).count() == 1
    assert browser_of(stylist).get(TEMPLATES).status_code == 403


def test_no_page_waits_for_the_badge(sonnenschein: Salon, desk: Browser, lena: Client) -> None:
    _answer(sonnenschein, lena)
    desk.get("/s/sonnenschein/search/?q=x")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        page = desk.get("/s/sonnenschein/search/?q=x").text
    assert not any("marketing_message" in one["sql"] for one in asked)
    assert f'hx-get="{LIST}unread/" hx-trigger="load, every 60s, messages-changed from:body"' in page
    with CaptureQueriesContext(connection) as asked:
        desk.get(f"{LIST}unread/")
    assert sum("marketing_message" in one["sql"] for one in asked) == 1


def test_as_many_statements_for_twenty_as_for_two(sonnenschein: Salon, desk: Browser, lena: Client) -> None:
    def fill(many: int) -> None:
        with salon_scope(sonnenschein.pk):
            for number in range(many):
                card = a_card(sonnenschein, f"Gast {number}", f"gast{number}@x.example")
                for place, read_at in enumerate((NOW, None if number % 2 else NOW)):
                    at = NOW + timedelta(minutes=2 * number + place)
                    Message.objects.create(
                        client_id=card.pk, direction=Direction.IN, text="Ja", address=LENA, read_at=read_at,
                        actor_kind=ActorKind.SYSTEM, created_at=at,
                    )  # fmt: skip
                write_message(actor=SOFTWARE, client_id=lena.pk, subject="T", text="Gut", now=NOW)

    def statements(path: str) -> int:
        desk.get(path)
        with CaptureQueriesContext(connection) as asked:
            assert desk.get(path).status_code == 200
        return len(asked)

    paths = (LIST, _url(lena), f"/s/sonnenschein/clients/{lena.pk}/")
    fill(2)
    few = [statements(path) for path in paths]
    fill(20)
    assert [statements(path) for path in paths] == few
    assert few[0] <= 12
    assert few[1] <= 12
    assert few[2] <= 15


def test_the_inbox_goes_on_behind_its_first_page(sonnenschein: Salon, desk: Browser) -> None:
    with salon_scope(sonnenschein.pk):
        for number in range(31):
            card = a_card(sonnenschein, f"Gast{number}", f"gast{number}@x.example")
            write_message(
                actor=SOFTWARE, client_id=card.pk, subject="T", text="Gut", now=NOW + timedelta(minutes=number)
            )
        assert ClientMail.objects.count() == 31
    first = desk.get(LIST)
    assert [row.name for row in first.context["others"]] == [f"Gast{number} Vogel" for number in range(30, 0, -1)]
    second = desk.get(first.context["next_url"])
    assert [row.name for row in second.context["others"]] == ["Gast0 Vogel"]
    assert desk.get(f"{LIST}?page=nonsense").status_code == 302


def test_the_card_shows_an_answer_that_nobody_has_seen(sonnenschein: Salon, desk: Browser, lena: Client) -> None:
    _answer(sonnenschein, lena, Auto_Submitted="auto-replied", sender="Lena <lena@work.example>")
    [_question, hers] = _all(sonnenschein)
    with salon_scope(sonnenschein.pk):
        Message.objects.filter(pk=hers.pk).update(attachments=["frisur.jpg"])
    page = desk.get(f"/s/sonnenschein/clients/{lena.pk}/")
    answer, question = page.context["history"].events[:2]
    assert (answer.url, answer.answer_url) == (f"{_url(lena)}#message-{hers.pk}", f"{_url(lena)}#write-head")
    assert [(one.text, one.is_warning) for one in answer.marks] == [
        ("Von anderer Adresse: lena@work.example", True),
        ("automatisch beantwortet", False),
        ("frisur.jpg", False),
    ]
    assert [change.new for change in answer.changes] == ["Ja, gern!"]
    assert (question.is_unread, question.answer_url, list(question.marks)) == (False, "", [])


@pytest.mark.parametrize("seen", [False, True])
def test_an_answer_is_new_on_the_card_until_somebody_has_seen_it(
    sonnenschein: Salon, desk: Browser, lena: Client, seen: bool
) -> None:
    _answer(sonnenschein, lena)
    if seen:
        desk.post(_url(lena, "read/"), {"upto": str(_all(sonnenschein)[-1].pk)})
    page = desk.get(f"/s/sonnenschein/clients/{lena.pk}/")
    assert page.context["history"].events[0].is_unread is not seen
    assert ('<li class="event is-unread">' in page.text) is not seen
    assert page.text.count(f'href="{_url(lena)}#write-head"') == 1


@pytest.mark.parametrize(
    ("text", "begins", "folded"),
    [
        ("Kurz.", 5, 0),
        ("\n".join(["Zeile"] * 30), 179, 0),
        ("\n".join(["Zeile"] * 500), 179, 2819),
        ("Wort " * 400, 1499, 499),
        ("x" * 4000, 1500, 2500),
    ],
)
def test_a_long_answer_is_folded(
    sonnenschein: Salon, desk: Browser, lena: Client, text: str, begins: int, folded: int
) -> None:
    _answer(sonnenschein, lena)
    with salon_scope(sonnenschein.pk):
        Message.objects.filter(direction=Direction.IN).update(text=text.strip())
    page = desk.get(_url(lena))
    shown = page.context["thread"][-1]
    assert (len(shown.text), len(shown.more)) == (begins, folded)
    assert ("Rest der Nachricht zeigen" in page.text) is bool(folded)


def test_the_inbox_has_one_name(sonnenschein: Salon, desk: Browser) -> None:
    page = desk.get(LIST).text
    assert "<h1>Nachrichten</h1>" in page
    assert "Posteingang" not in page


def test_an_appointment_is_booked_from_the_thread(desk: Browser, lena: Client) -> None:
    assert f'href="/s/sonnenschein/calendar/new/?client={lena.pk}"' in desk.get(_url(lena)).text
