"""What a card says of news by e-mail where its address is changed (domain.md §9.3, ui.md §2.4)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from clients.cards import get_client
from clients.confirming import confirm
from clients.consent import ledger_of, record_wish
from clients.details import ClientDetails
from clients.models import Client, ConsentPurpose, Decision
from clients.wordings import save_wording
from salon.identity.models import User
from salon.identity.roles import Actor, ActorKind, system_actor
from salon.mail.models import ClientMail, MailState
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.consenting import decide, link_in, mails_of
from tests.operations.test_cards import make_client

HTMX = {"HX-Request": "true"}
OLD, NEW = "frank@mail.example", "hofmann@web.example"
ASIDE = 'id="consent" aria-labelledby="consent-head" hx-swap-oob="true"'


@pytest.fixture(autouse=True)
def _mails_go_out(settings: Settings) -> None:
    settings.MAILS_STAY = False


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], stylist: User) -> Browser:
    return browser_of(stylist)


@pytest.fixture
def frank(in_sonnenschein: Salon, front_desk: Actor) -> Client:
    """Return Frank, who has confirmed at his address."""
    card = make_client(in_sonnenschein, front_desk, ClientDetails("Frank", "Hofmann", email=OLD))
    decide(front_desk, card, Decision.GRANTED, now=NOW, wording="Ja, gern.")
    [mail] = mails_of(card.pk)
    confirm(salon=in_sonnenschein, link=link_in(mail), now=NOW)
    return get_client(card.pk)


def _readdress(browser: Browser, card: Client, email: str) -> str:
    url = f"/s/sonnenschein/clients/{card.pk}/fields/email/"
    answer = browser.post(url, {"was-email": card.email, "email": email}, headers=HTMX)
    assert (answer.status_code, answer["HX-Trigger"]) == (200, "card-changed")
    return answer.content.decode()


def _listed(browser: Browser, consent: str) -> bool:
    return "Frank Hofmann" in browser.get(f"/s/sonnenschein/clients/?consent={consent}").content.decode()


def test_the_panel_follows_an_address_changed_in_its_place(browser: Browser, frank: Client) -> None:
    assert (_listed(browser, "yes"), _listed(browser, "no")) == (True, False)
    html = _readdress(browser, frank, NEW)
    fact, panel = html.split("<section", 1)
    assert "Neuigkeiten waren für eine andere Adresse vereinbart oder angefragt." in fact
    assert ASIDE in panel
    assert "für eine andere Adresse</span>" in panel
    assert "Neue Adresse um Bestätigung bitten" in panel
    assert "eingewilligt</span>" not in panel
    assert [mail.recipient for mail in mails_of(frank.pk)] == [OLD]
    assert (_listed(browser, "yes"), _listed(browser, "no")) == (False, True)
    # Back at the old address it holds again, and the panel says so at once.
    panel = _readdress(browser, get_client(frank.pk), OLD)
    assert ASIDE in panel
    assert "eingewilligt</span>" in panel
    assert "wartet auf Bestätigung" not in panel
    assert "Link in der E-Mail" in panel.partition("</summary>")[0]


def test_the_new_address_is_asked_from_the_card(browser: Browser, frank: Client) -> None:
    _readdress(browser, frank, NEW)
    answer = _decided(browser, frank, ConsentPurpose.EMAIL_MARKETING, "REQUESTED")
    panel = _of_news(answer)
    assert f"Die Bestätigungsmail ist unterwegs an {NEW}." in answer
    assert f"Die E-Mail mit dem Link ging an {NEW}" in panel
    assert "Adresse geändert" in panel.partition("</summary>")[0]
    assert "im Salon" not in panel.partition("</summary>")[0]


def test_who_was_asked_at_another_address_is_not_said_to_be_waited_for(
    browser: Browser, in_sonnenschein: Salon, front_desk: Actor
) -> None:
    tom = make_client(in_sonnenschein, front_desk, ClientDetails("Tom", "Weiß", email=OLD))
    _decided(browser, tom, ConsentPurpose.EMAIL_MARKETING, "GRANTED")
    panel = _of_news(_readdress(browser, tom, NEW))
    assert "wartet auf Bestätigung" not in panel
    assert f"An {NEW} ging noch keine Bestätigungsmail." in panel
    assert "Neue Adresse um Bestätigung bitten" in panel


def test_the_words_that_were_agreed_to_stand_in_the_ledger(browser: Browser, frank: Client) -> None:
    panel = _of_news(browser.get(f"/s/sonnenschein/clients/{frank.pk}/").text)
    summary, _rest, ledger = panel.partition("</summary>")
    assert "Wortlaut und Verlauf" in summary
    assert "<q>Ja, gern.</q>" in ledger
    _decided(browser, frank, ConsentPurpose.EMAIL_MARKETING, "WITHDRAWN")
    _decided(browser, frank, ConsentPurpose.EMAIL_MARKETING, "GRANTED")
    ledger = _of_news(browser.get(f"/s/sonnenschein/clients/{frank.pk}/").text).partition("</summary>")[2]
    assert "Wortlaut 0" in ledger


def test_the_panel_follows_an_address_that_is_taken_away(browser: Browser, frank: Client) -> None:
    panel = _readdress(browser, frank, "")
    assert OLD in panel
    assert "für eine andere Adresse" in panel
    assert 'value="REQUESTED"' not in panel


def test_the_whole_form_leads_to_the_same(browser: Browser, frank: Client) -> None:
    form = {"first_name": "Frank", "last_name": "Hofmann", "was-email": OLD, "email": NEW}
    answer = browser.post(f"/s/sonnenschein/clients/{frank.pk}/edit/", form, follow=True)
    html = answer.content.decode()
    assert "E-Mail: Neuigkeiten waren für eine andere Adresse vereinbart oder angefragt." in html
    assert "Neue Adresse um Bestätigung bitten" in html
    assert [one.decision for one in ledger_of(frank.pk)] == ["GRANTED", "REQUESTED"]


@pytest.mark.parametrize("group", ["mobile", "landline"])
def test_what_is_no_address_leaves_the_panel_alone(browser: Browser, frank: Client, group: str) -> None:
    url = f"/s/sonnenschein/clients/{frank.pk}/fields/{group}/"
    answer = browser.post(url, {f"was-{group}": "", group: "0171 5550318"}, headers=HTMX)
    assert answer.status_code == 200
    assert 'id="consent"' not in answer.content.decode()
    # Nor does leaving the field without a change.
    shown = browser.get(f"/s/sonnenschein/clients/{frank.pk}/fields/email/?shown", headers=HTMX)
    assert 'id="consent"' not in shown.content.decode()


def test_nobody_at_the_desk_rewrites_what_is_asked_for(
    browser: Browser, in_sonnenschein: Salon, front_desk: Actor
) -> None:
    card = make_client(in_sonnenschein, front_desk, ClientDetails("Tom", "Weiß", email="tom@web.example"))
    words = "Ja, schreiben Sie mir jeden Monat."
    save_wording(
        actor=system_actor("Anna"), salon=in_sonnenschein, purpose=ConsentPurpose.EMAIL_MARKETING, text=words, now=NOW
    )
    page = browser.get(f"/s/sonnenschein/clients/{card.pk}/").content.decode()
    assert f">{words}</blockquote>" in page
    # What the button sends, it says; a mail it can only send to an address.
    assert page.count("Bestätigungsmail senden") == page.count("Hat eingewilligt") == 1
    # Only the words for health data are written by hand.
    assert page.count('name="wording"') == 1
    said = {"purpose": "EMAIL_MARKETING", "decision": "GRANTED", "wording": "Und verkaufen Sie meine Adresse."}
    answer = browser.post(f"/s/sonnenschein/clients/{card.pk}/consent/", said, headers=HTMX)
    assert "wartet auf Bestätigung" in answer.content.decode()
    [entry] = ledger_of(card.pk)
    assert (entry.decision, entry.wording, entry.wording_number) == ("REQUESTED", words, 1)
    [mail] = mails_of(card.pk)
    assert (words in str(mail.facts), "verkaufen" in str(mail.facts)) == (True, False)
    withdrawn = {"purpose": "EMAIL_MARKETING", "decision": "WITHDRAWN", "wording": "Erfunden."}
    assert browser.post(f"/s/sonnenschein/clients/{card.pk}/consent/", withdrawn, headers=HTMX).status_code == 200
    newest = ledger_of(card.pk)[0]
    assert (newest.decision, newest.wording) == ("WITHDRAWN", "")


def test_the_field_says_what_another_address_brings_before_it_is_saved(
    browser: Browser, frank: Client, in_sonnenschein: Salon, front_desk: Actor
) -> None:
    other = make_client(in_sonnenschein, front_desk, ClientDetails("Tom", "Weiß", email="tom@web.example"))
    words = "Neuigkeiten per E-Mail sind unter dieser Adresse vereinbart oder angefragt."
    for card, told in ((frank, True), (other, False)):
        url = f"/s/sonnenschein/clients/{card.pk}"
        inline = browser.get(f"{url}/fields/email/", headers=HTMX).content.decode()
        assert (words in inline) is told
        assert ('aria-describedby="id_email_helptext"' in inline) is told
        assert (words in browser.get(f"{url}/edit/").content.decode()) is told
    decide(front_desk, frank, Decision.WITHDRAWN, now=NOW)
    assert words not in browser.get(f"/s/sonnenschein/clients/{frank.pk}/edit/").content.decode()


def _decided(browser: Browser, card: Client, purpose: ConsentPurpose, decision: str, wording: str = "") -> str:
    said = {"purpose": purpose, "decision": decision, "wording": wording}
    return browser.post(f"/s/sonnenschein/clients/{card.pk}/consent/", said, headers=HTMX).content.decode()


def test_the_answer_to_a_withdrawal_shows_what_holds_now(browser: Browser, frank: Client) -> None:
    answer = _decided(browser, frank, ConsentPurpose.EMAIL_MARKETING, "WITHDRAWN")
    news, _health = answer.split('<li class="consent-item">')[1:]
    assert "widerrufen</span>" in news
    assert "eingewilligt</span>" not in news
    assert 'value="WITHDRAWN"' not in news
    assert "Die Einwilligung ist widerrufen." in answer


def test_the_answer_to_a_request_says_what_becomes_of_the_mail(
    browser: Browser, in_sonnenschein: Salon, front_desk: Actor
) -> None:
    news = ConsentPurpose.EMAIL_MARKETING
    here, twin, without = (
        make_client(in_sonnenschein, front_desk, ClientDetails(name, "Weiß", email=address))
        for name, address in (("Tom", "tom@web.example"), ("Ida", "tom@web.example"), ("Eva", ""))
    )
    assert "Die Bestätigungsmail ist unterwegs an tom@web.example." in _decided(browser, here, news, "GRANTED")
    # The address is the one of two cards, and is asked once.
    assert "weniger als einem Tag" in _decided(browser, twin, news, "GRANTED").partition("beforeend:#toasts")[2]
    assert "keine E-Mail-Adresse" in _decided(browser, without, news, "GRANTED").partition("beforeend:#toasts")[2]


def test_the_answer_about_health_data_says_what_was_done(browser: Browser, frank: Client) -> None:
    health = ConsentPurpose.HEALTH_DATA
    assert "Die Einwilligung ist erfasst." in _decided(browser, frank, health, "GRANTED", "Ja, gern.")
    assert "Die Einwilligung ist widerrufen." in _decided(browser, frank, health, "WITHDRAWN")


def test_a_key_that_has_recorded_it_is_called_one(browser: Browser, in_sonnenschein: Salon, front_desk: Actor) -> None:
    tom = make_client(in_sonnenschein, front_desk, ClientDetails("Tom", "Weiß", email="tom@web.example"))
    key = Actor(ActorKind.API_KEY, None, "alles", front_desk.permissions)
    record_wish(actor=key, client_id=tom.pk, wanted=True, now=NOW)
    panel = _of_news(browser.get(f"/s/sonnenschein/clients/{tom.pk}/").text)
    assert "über eine Schnittstelle, erfasst von Schlüssel „alles“" in panel
    assert "· Schlüssel „alles“" in panel


def test_without_a_script_the_card_says_what_was_done(browser: Browser, frank: Client) -> None:
    said = {"purpose": "EMAIL_MARKETING", "decision": "WITHDRAWN"}
    page = browser.post(f"/s/sonnenschein/clients/{frank.pk}/consent/", said, follow=True).content.decode()
    assert "Die Einwilligung ist widerrufen." in page


def _of_news(answer: str) -> str:
    return answer.split('<li class="consent-item">')[1]


def test_a_link_that_holds_no_more_is_told_and_sent_anew_at_once(
    browser: Browser, in_sonnenschein: Salon, front_desk: Actor
) -> None:
    news = ConsentPurpose.EMAIL_MARKETING
    tom = make_client(in_sonnenschein, front_desk, ClientDetails("Tom", "Weiß", email="tom@web.example"))
    _decided(browser, tom, news, "GRANTED")
    anna = system_actor("Anna")
    save_wording(actor=anna, salon=in_sonnenschein, purpose=news, text="Ja, schreiben Sie mir.", now=timezone.now())
    panel = _of_news(browser.get(f"/s/sonnenschein/clients/{tom.pk}/").text)
    assert "Der Link in der E-Mail gilt nicht mehr: Der Wortlaut Ihres Salons hat sich seither geändert." in panel
    assert "wartet auf Bestätigung" not in panel
    assert "möglich" not in panel
    assert 'value="REQUESTED"' in panel
    answer = _decided(browser, tom, news, "REQUESTED")
    assert "Die Bestätigungsmail ist unterwegs an tom@web.example." in answer
    assert "wartet auf Bestätigung" in _of_news(answer)
    assert len(mails_of(tom.pk)) == 2


def test_a_link_older_than_thirty_days_is_told(
    browser_of: Callable[[User], Browser],
    stylist: User,
    in_sonnenschein: Salon,
    front_desk: Actor,
    time_machine: Any,
) -> None:
    tom = make_client(in_sonnenschein, front_desk, ClientDetails("Tom", "Weiß", email="tom@web.example"))
    decide(front_desk, tom, Decision.GRANTED, now=NOW, wording="Ja.")
    for days, told in ((29, False), (30, True)):
        time_machine.move_to(NOW + timedelta(days=days), tick=False)
        page = browser_of(stylist).get(f"/s/sonnenschein/clients/{tom.pk}/").text
        assert ("Der Link in der E-Mail galt 30 Tage." in page) is told
        assert ("wartet auf Bestätigung" in page) is not told


def test_who_withdraws_and_records_again_is_told_when_the_next_mail_can_go(
    browser: Browser, in_sonnenschein: Salon, front_desk: Actor, time_machine: Any
) -> None:
    news, words = ConsentPurpose.EMAIL_MARKETING, "Diese Adresse wurde vor weniger als einem Tag gefragt;"
    tom = make_client(in_sonnenschein, front_desk, ClientDetails("Tom", "Weiß", email="tom@web.example"))
    time_machine.move_to(NOW, tick=False)
    _decided(browser, tom, news, "GRANTED")
    ClientMail.objects.update(state=MailState.SENT, sent_at=NOW)
    time_machine.move_to(NOW + timedelta(minutes=1), tick=False)
    withdrawn = _of_news(_decided(browser, tom, news, "WITHDRAWN"))
    follows = f"{words} die E-Mail mit dem Link folgt von selbst ab 22.11.2026 11:00."
    assert follows in withdrawn
    # No button says that it sends what it does not.
    assert "Bestätigungsmail senden" not in withdrawn
    panel, toast = _decided(browser, tom, news, "GRANTED").split("beforeend:#toasts")
    assert follows in toast
    assert "Der Link in der E-Mail gilt nicht mehr." in panel
    assert follows in panel
    assert "Von Hand senden können Sie sie ab 11:10." in panel
    assert "wartet auf Bestätigung" not in panel
    assert len(mails_of(tom.pk)) == 1


def test_two_cards_with_one_address_say_what_is_true_of_their_mails(
    browser: Browser, in_sonnenschein: Salon, front_desk: Actor, time_machine: Any
) -> None:
    news, address = ConsentPurpose.EMAIL_MARKETING, "lehmann@mail.example"
    mother, daughter = (
        make_client(in_sonnenschein, front_desk, ClientDetails(name, "Lehmann", email=address))
        for name in ("Sabine", "Lea")
    )
    follows = "die E-Mail mit dem Link folgt von selbst ab 22.11.2026 11:00."
    time_machine.move_to(NOW, tick=False)
    asked = _of_news(_decided(browser, mother, news, "GRANTED"))
    assert f"Die E-Mail mit dem Link ging an {address}; eine weitere ist ab 21.11.2026 11:10 möglich." in asked
    ClientMail.objects.update(state=MailState.SENT, sent_at=NOW)
    # Before it is said, no mail is promised that does not go.
    before = _of_news(browser.get(f"/s/sonnenschein/clients/{daughter.pk}/").text)
    assert follows in before
    assert "Bestätigungsmail senden" not in before
    panel, toast = _decided(browser, daughter, news, "GRANTED").split("beforeend:#toasts")
    assert follows in toast
    assert f"An {address} ging noch keine Bestätigungsmail." in panel
    assert follows in panel
    assert "Die E-Mail mit dem Link" not in panel
    assert 'value="REQUESTED"' not in panel
    # The client stands at the desk: after some minutes somebody sends it by hand.
    time_machine.move_to(NOW + timedelta(minutes=10), tick=False)
    page = _of_news(browser.get(f"/s/sonnenschein/clients/{daughter.pk}/").text)
    assert "Bestätigungsmail senden" in page
    assert f"Die Bestätigungsmail ist unterwegs an {address}." in _decided(browser, daughter, news, "REQUESTED")
    assert len(mails_of(daughter.pk)) == 1


def test_where_no_mail_server_is_set_up_the_card_says_so(
    browser: Browser, in_sonnenschein: Salon, front_desk: Actor, settings: Settings
) -> None:
    settings.MAILS_STAY = True
    tom = make_client(in_sonnenschein, front_desk, ClientDetails("Tom", "Weiß", email="tom@web.example"))
    stays = "Es ist kein Mailserver eingerichtet: Die E-Mails bleiben auf diesem Rechner."
    assert stays in _of_news(browser.get(f"/s/sonnenschein/clients/{tom.pk}/").text)
    panel, toast = _decided(browser, tom, ConsentPurpose.EMAIL_MARKETING, "GRANTED").split("beforeend:#toasts")
    assert f"Die Bestätigungsmail an tom@web.example ist geschrieben. {stays}" in toast
    assert "Die E-Mail mit dem Link an tom@web.example ist geschrieben; eine weitere ist ab" in panel
    assert stays in panel
    assert "ging an" not in panel
