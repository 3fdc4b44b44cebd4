"""Sending a campaign in the browser: looked at, begun, scheduled, watched, read afterwards (ui.md §2.7)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from marketing.campaigns import update_campaign
from marketing.launching import send_now
from marketing.models import Campaign, CampaignState, MarketingRules, RecipientReason
from salon.identity.models import User
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from tests.marketing.campaign_desk import HTMX, LIST, card_of, inside, now_of, said, typed
from tests.marketing.campaigning import BOSS, work_on


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


def test_sending_shows_everything_before(browser: Browser, campaign: Campaign, sonnenschein: Salon) -> None:
    url = f"{LIST}{campaign.pk}/send/"
    answer = browser.post(f"{LIST}{campaign.pk}/edit/", typed(campaign, next="send"))
    assert answer["Location"] == url
    assert browser.post(f"{LIST}{campaign.pk}/edit/", typed(campaign, next="send"), headers=HTMX)["HX-Redirect"] == url
    page = browser.get(url).content.decode()
    assert "Jetzt an 2 Personen senden" in page
    assert "Ihr Salon Sonnenschein" in page
    assert "post@sonnenschein.example" in page
    answer = browser.post(url, {"act": "now", "version": now_of(campaign).version})
    assert answer["Location"] == f"{LIST}{campaign.pk}/results/"
    assert now_of(campaign).state == CampaignState.SENDING
    # A second click sends nothing more, and leads to what became of it.
    assert browser.post(url, {"act": "now"})["Location"] == f"{LIST}{campaign.pk}/results/"


def test_what_is_missing_is_named_and_nothing_goes_out(browser: Browser, campaign: Campaign) -> None:
    with inside(campaign):
        MarketingRules.objects.update(imprint="")
        update_campaign(actor=BOSS, campaign_id=campaign.pk, changes={"subject": ""}, now=timezone.now())
    url = f"{LIST}{campaign.pk}/send/"
    page = browser.get(url).content.decode()
    assert "Das fehlt noch" in page
    assert "Der Betreff fehlt." in page
    assert f'href="{LIST}{campaign.pk}/edit/#id_subject"' in page
    assert 'aria-disabled="true"' in page
    assert browser.post(url, {"act": "now"}).status_code == 422
    assert now_of(campaign).state == CampaignState.DRAFT
    with inside(campaign):
        update_campaign(actor=BOSS, campaign_id=campaign.pk, changes={"subject": "{{ponits}}"}, now=timezone.now())
    assert "Das stimmt noch nicht:" in browser.get(url).text


def test_nobody_is_no_reason_to_send(browser: Browser, campaign: Campaign) -> None:
    browser.post(f"{LIST}{campaign.pk}/edit/", typed(campaign, segment="lapsed"), headers=HTMX)
    page = browser.get(f"{LIST}{campaign.pk}/send/").content.decode()
    assert 'aria-disabled="true"' in page


def test_a_changed_campaign_is_looked_at_again(browser: Browser, campaign: Campaign) -> None:
    with inside(campaign):
        update_campaign(actor=BOSS, campaign_id=campaign.pk, changes={"subject": "Anders"}, now=timezone.now())
    url = f"{LIST}{campaign.pk}/send/"
    assert browser.post(url, {"act": "now", "version": campaign.version})["Location"] == url
    assert now_of(campaign).state == CampaignState.DRAFT


def test_scheduling_and_taking_it_back(browser: Browser, campaign: Campaign, sonnenschein: Salon) -> None:
    url = f"{LIST}{campaign.pk}/send/"
    for missing in ({"day": "", "at": ""}, {"day": "2020-01-01", "at": "09:00"}):
        refused = browser.post(url, {"act": "later", **missing})
        assert refused.status_code == 422
        assert "field-error" in refused.content.decode()
    day = sonnenschein.date_at(timezone.now()) + timedelta(days=3)
    answer = browser.post(url, {"act": "later", "day": day.isoformat(), "at": "09:00"})
    assert answer["Location"] == f"{LIST}{campaign.pk}/results/"
    scheduled = now_of(campaign)
    assert scheduled.state == CampaignState.SCHEDULED
    assert scheduled.scheduled_at is not None
    assert timezone.localtime(scheduled.scheduled_at).strftime("%H:%M") == "09:00"
    page = browser.get(answer["Location"]).content.decode()
    assert "Planung aufheben" in page
    assert "09:00" in page
    # What is on its way cannot be changed, and not be deleted.
    assert browser.get(f"{LIST}{campaign.pk}/edit/")["Location"] == f"{LIST}{campaign.pk}/results/"
    browser.post(f"{LIST}{campaign.pk}/delete/")
    assert now_of(campaign).deleted_at is None
    browser.post(f"{LIST}{campaign.pk}/unschedule/")
    assert now_of(campaign).state == CampaignState.DRAFT


def test_it_is_watched_stopped_and_let_go_on(browser: Browser, campaign: Campaign, sonnenschein: Salon) -> None:
    with inside(campaign):
        send_now(actor=BOSS, campaign_id=campaign.pk, now=timezone.now())
    page = browser.get(f"{LIST}{campaign.pk}/results/").content.decode()
    # Before a worker has settled who gets it, nobody is told to be left out, nor to have got it.
    assert "So bekommt sie dieser Kunde" in page
    assert "preview-why" not in page
    clara = browser.get(f"{LIST}{campaign.pk}/preview/?part=lines&client={card_of(sonnenschein, 'Clara')}").text
    assert "Clara Vogel bekäme sie nicht: hat nicht eingewilligt." in clara
    found = re.search(r'hx-get="([^"]*progress/\?seen=[^"]*)"', page)
    assert found
    # Nothing new is nothing to swap.
    assert browser.get(found[1], headers=HTMX).status_code == 204
    assert browser.get(found[1]).status_code == 302
    browser.post(f"{LIST}{campaign.pk}/pause/")
    assert now_of(campaign).state == CampaignState.PAUSED
    answer = browser.get(found[1], headers=HTMX)
    # What stands around it says so too.
    assert answer["HX-Refresh"] == "true"
    part = answer.content.decode()
    assert "Fortsetzen" in part
    assert "hx-trigger" not in part
    # A worker that has not noticed yet: the page says so, and asks until it has.
    DueWork.objects.filter(subject_id=campaign.pk).update(claimed_at=timezone.now())
    page = browser.get(f"{LIST}{campaign.pk}/results/").text
    assert "Die letzten E-Mails gehen noch hinaus" in page
    assert "Niemand wird mehr angeschrieben" not in page
    asking = re.search(r'hx-get="([^"]*progress/\?seen=[^"]*)"', page)
    assert asking
    DueWork.objects.filter(subject_id=campaign.pk).update(claimed_at=None)
    assert "Niemand wird mehr angeschrieben" in browser.get(asking[1], headers=HTMX).text
    # Twice is told, not failed.
    assert browser.post(f"{LIST}{campaign.pk}/pause/").status_code == 302
    browser.post(f"{LIST}{campaign.pk}/resume/")
    assert now_of(campaign).state == CampaignState.SENDING
    # What is being sent is ended only once it is stopped.
    browser.post(f"{LIST}{campaign.pk}/end/")
    browser.post(f"{LIST}{campaign.pk}/pause/")
    assert f'action="{LIST}{campaign.pk}/end/"' in browser.get(f"{LIST}{campaign.pk}/results/").text
    page = browser.post(f"{LIST}{campaign.pk}/end/", follow=True).text
    assert now_of(campaign).state == CampaignState.ENDED
    assert "beendet" in page
    assert "So bekommt sie dieser Kunde" in page
    assert "Sie wurde beendet, bevor sie an jemanden hinausging." in page
    assert "/resume/" not in page
    assert "hx-trigger" not in page.partition('id="campaign-progress"')[2].partition(">")[0]


def test_whoever_comes_too_late_is_told_how_it_stands(
    browser: Browser, campaign: Campaign, sonnenschein: Salon
) -> None:
    def told(step: str) -> str:
        page = browser.post(f"{LIST}{campaign.pk}/{step}/", follow=True).text
        return page.partition('class="toast-text"')[2].partition("</")[0]

    assert "Die Kampagne ist schon ein Entwurf" in told("unschedule")
    with inside(campaign):
        send_now(actor=BOSS, campaign_id=campaign.pk, now=timezone.now())
    for step in ("unschedule", "resume", "end"):
        assert "Die Kampagne wird gerade verschickt: 0 E-Mails sind schon hinaus." in told(step)
    told("pause")
    assert "Schon angehalten: 0 E-Mails sind verschickt." in told("pause")
    told("resume")
    work_on(sonnenschein, campaign.pk, now=timezone.now())
    for step in ("pause", "resume", "end", "unschedule"):
        assert "Schon fertig: 2 E-Mails sind verschickt." in told(step)
    with inside(campaign):
        Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.ENDED)
    assert "Schon beendet: 2 E-Mails sind verschickt." in told("end")


def test_afterwards_everybody_is_told_of_with_the_reason(
    browser: Browser, campaign: Campaign, sonnenschein: Salon
) -> None:
    with inside(campaign):
        send_now(actor=BOSS, campaign_id=campaign.pk, now=timezone.now())
    work_on(sonnenschein, campaign.pk, now=timezone.now())
    assert now_of(campaign).state == CampaignState.SENT
    page = browser.get(f"{LIST}{campaign.pk}/results/").content.decode()
    assert 'hx-trigger="every' not in page
    assert re.search(r'figure-sent">\s*<dt>Gesendet</dt>\s*<dd class="figure-number"><a [^>]*>2</a>', page)
    # What counts nobody leads nowhere.
    assert re.search(r'figure panel figure-failed">\s*<dt>[^<]*</dt>\s*<dd class="figure-number">0</dd>', page)
    assert "effect=" not in page
    url = f"{LIST}{campaign.pk}/recipients/"
    everybody_ = browser.get(url).content.decode()
    for name in ("Anna Ahrens", "Clara", "Dora"):
        assert name in everybody_
    assert f'href="/s/sonnenschein/clients/{card_of(sonnenschein, "Dora")}/"' in everybody_
    assert said(RecipientReason.NO_ADDRESS) in everybody_
    narrowed = browser.get(url, {"state": "EXCLUDED", "reason": "NO_ADDRESS"}).content.decode()
    assert "Dora" in narrowed
    assert "Anna Ahrens" not in narrowed
    assert 'class="empty"' in browser.get(url, {"state": "FAILED"}).content.decode()
    assert browser.get(url, {"state": "?", "after": "x"}).status_code == 302
    searched = browser.get(url, {"q": "ahr"}).content.decode()
    assert "Anna Ahrens" in searched
    assert "Dora" not in searched
    assert 'value="ahr"' in searched
    assert "kein Zählpixel" in page
    mail = f"{url}{card_of(sonnenschein, 'Anna')}/mail/"
    assert f"/preview/?client={card_of(sonnenschein, 'Anna')}" in browser.get(mail, headers=HTMX).content.decode()
    assert browser.get(mail).status_code == 200
    assert browser.get(f"{url}{uuid4()}/mail/").status_code == 404
    row = browser.get(LIST).content.decode()
    assert "<strong>0,00" in row
    # It stays, with its figures: nothing offers to delete it, and nothing does.
    assert "/delete/" not in row + page
    refused = browser.post(f"{LIST}{campaign.pk}/delete/", follow=True).text
    assert "Diese Kampagne ist schon ganz oder zum Teil verschickt." in refused
    assert now_of(campaign).deleted_at is None


@pytest.mark.parametrize("stays", [True, False])
def test_whoever_sends_is_told_that_the_mails_stay(
    browser: Browser, campaign: Campaign, settings: Settings, stays: bool
) -> None:
    settings.MAILS_STAY = stays
    told = "Es ist kein Mailserver eingerichtet: Die E-Mails bleiben auf diesem Rechner."
    assert (told in browser.get(f"{LIST}{campaign.pk}/send/").content.decode()) == stays
    page = browser.get(f"{LIST}{campaign.pk}/send/").text
    assert ("sind sie bei den Empfängern zu lesen" in page) == stays
    assert "Zum Postausgang" not in page
    # Of a draft from another day the day is told too.
    with inside(campaign):
        Campaign.objects.filter(pk=campaign.pk).update(updated_at=datetime(2026, 3, 5, 12, tzinfo=UTC))
    assert "gespeichert 05.03.2026 13:00" in browser.get(f"{LIST}{campaign.pk}/edit/").text
    assert (told in browser.post(f"{LIST}{campaign.pk}/test/", follow=True).content.decode()) == stays
    tested = browser.post(f"{LIST}{campaign.pk}/edit/", typed(campaign, next="test"), headers=HTMX).content.decode()
    assert (told in tested) == stays
    with inside(campaign):
        send_now(actor=BOSS, campaign_id=campaign.pk, now=timezone.now())
    page = browser.get(f"{LIST}{campaign.pk}/results/").text
    assert (told in page) == stays
    assert (f'<a href="{LIST}{campaign.pk}/recipients/">Bei den Empfängern lesen</a>' in page) == stays


@pytest.mark.parametrize(
    ("domain", "told"), [("antworten.example", "Nachrichten und Karte"), ("", "post@sonnenschein.example")]
)
def test_whoever_sends_is_told_where_answers_come_in(
    browser: Browser, campaign: Campaign, settings: Settings, domain: str, told: str
) -> None:
    settings.INBOUND_DOMAIN = domain
    assert f"<dt>Antworten gehen an</dt><dd>{told}</dd>" in browser.get(f"{LIST}{campaign.pk}/send/").text


def test_a_placeholder_is_read_in_words(browser: Browser, campaign: Campaign) -> None:
    with inside(campaign):
        update_campaign(
            actor=BOSS,
            campaign_id=campaign.pk,
            changes={"subject": "{{first_name|Sie}}, Zeit für Farbe?", "body": "Ihre {{ points }} Punkte"},
            version=campaign.version,
            now=timezone.now(),
        )
    page = browser.get(f"{LIST}{campaign.pk}/send/").content.decode()
    assert "[Vorname], Zeit für Farbe?" in page
    assert "Ihre {{" not in page
    with inside(campaign):
        send_now(actor=BOSS, campaign_id=campaign.pk, now=timezone.now())
    page = browser.get(f"{LIST}{campaign.pk}/results/").content.decode()
    assert "[Vorname], Zeit für Farbe?" in page
    assert "Ihre [Punkte] Punkte" in page
    assert "{{" not in page
