"""*Marketing » Kampagnen* in the browser: written, previewed, sent, watched, read (ui.md §2.7)."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from pytest_django import Settings

from clients.models import Client
from clients.search import add_tokens
from marketing.campaigns import update_campaign
from marketing.launching import pause, send_now
from marketing.models import Campaign, CampaignState, MarketingRules, RecipientReason
from marketing.segments import create_segment, delete_segment, update_segment
from marketing.web.campaign_results import share_of
from marketing.web.policy import MAIL
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_client
from tests.marketing.campaigning import BOSS, agreed, draft, may_send, work_on

LIST = "/s/sonnenschein/marketing/campaigns/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


@pytest.fixture
def campaign(sonnenschein: Salon) -> Campaign:
    """A draft to everybody: two who have agreed, one who has not, one without an address."""
    with salon_scope(sonnenschein.pk):
        may_send()
        agreed("Anna", last_name="Ahrens")
        agreed("Berta", last_name="<b>Beck</b>")
        make_client("Clara", email="clara@x.example")
        make_client("Dora")
        return draft()


def _now(campaign: Campaign) -> Campaign:
    with _in(campaign):
        return Campaign.objects.get(pk=campaign.pk)


def _in(campaign: Campaign) -> AbstractContextManager[None]:
    assert campaign.salon_id is not None
    return salon_scope(campaign.salon_id)


def _typed(campaign: Campaign, **given: object) -> dict[str, object]:
    return {
        "segment": "kept",
        "basis": "CONSENT",
        "name": campaign.name,
        "subject": campaign.subject,
        "body": campaign.body,
        "version": campaign.version,
        **given,
    }


def _card(salon: Salon, first_name: str) -> str:
    with salon_scope(salon.pk):
        return str(Client.objects.get(first_name=first_name).pk)


def _said(reason: RecipientReason) -> str:
    with translation.override("de"):
        return str(reason.label)


def test_the_list_is_empty_and_says_what_to_do(browser: Browser, sonnenschein: Salon) -> None:
    page = browser.get(LIST).content.decode()
    assert "Die erste Kampagne schreiben" in page
    assert f'href="{LIST}new/"' in page


def test_a_campaign_begins_with_whom_it_is_for(browser: Browser, sonnenschein: Salon) -> None:
    page = browser.get(f"{LIST}new/?segment=birthday").content.decode()
    assert re.search(r'value="birthday" checked', page)
    assert browser.post(f"{LIST}new/", {"name": "", "segment": ""}).status_code == 422
    answer = browser.post(f"{LIST}new/", {"name": "Glückwunsch", "segment": "birthday"})
    with salon_scope(sonnenschein.pk):
        made = Campaign.objects.get()
    assert (made.name, made.state, made.actor_name) == ("Glückwunsch", CampaignState.DRAFT, "Carla Neumann")
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}{made.pk}/edit/")
    assert browser.post(f"{LIST}new/", {"name": "Rundbrief", "segment": "everybody"}).status_code == 302
    with salon_scope(sonnenschein.pk):
        round_letter = Campaign.objects.get(name="Rundbrief")
    assert round_letter.rule == {"match": "ALL", "negated": False, "parts": []}
    assert 'value="everybody" selected' in browser.get(f"{LIST}{round_letter.pk}/edit/").content.decode()
    # What does not exist is said beside the choice, and what was typed stays.
    refused = browser.post(f"{LIST}new/", {"name": "Nochmal", "segment": str(uuid4())})
    assert refused.status_code == 422
    assert 'value="Nochmal"' in refused.content.decode()


def test_the_editor_says_who_gets_it_and_why_not_the_others(browser: Browser, campaign: Campaign) -> None:
    page = browser.get(f"{LIST}{campaign.pk}/edit/").content.decode()
    assert "<strong>2</strong> <span>von 4 Kunden bekommen die Mail</span>" in page
    assert re.search(r"hat nicht zugestimmt</span><span class=\"number\">1<", page) or "nicht" in page
    assert "keine E-Mail-Adresse" in page
    # The law's other basis is the owner's to decide.
    assert re.search(r'value="EXISTING_CUSTOMER"[^>]*disabled', page)
    assert "{{first_name}}" in page
    with _in(campaign):
        MarketingRules.objects.update(existing_customers_at=timezone.now(), existing_customers_by="Anna Krüger")
    page = browser.get(f"{LIST}{campaign.pk}/edit/").content.decode()
    assert not re.search(r'value="EXISTING_CUSTOMER"[^>]*disabled', page)


def test_counting_follows_the_choice(browser: Browser, campaign: Campaign) -> None:
    def counted(segment: str) -> str:
        answer = browser.get(f"{LIST}audience/", {"segment": segment, "basis": "CONSENT", "campaign": str(campaign.pk)})
        assert answer.status_code == 200
        return answer.content.decode()

    assert "von 4 Kunden" in counted("kept")
    assert "von 0 Kunden" in counted("lapsed")
    assert "von 0 Kunden" in counted("")
    assert "von 0 Kunden" in counted(str(uuid4()))
    assert browser.get(f"{LIST}audience/", {"segment": "kept", "campaign": "x", "basis": "?"}).status_code == 200


def test_a_draft_saves_itself(browser: Browser, campaign: Campaign) -> None:
    url = f"{LIST}{campaign.pk}/edit/"
    answer = browser.post(url, _typed(campaign, subject="Neu", body="Hallo {{first_name}}"), headers=HTMX)
    text = answer.content.decode()
    stored = _now(campaign)
    assert (answer.status_code, stored.subject, stored.version) == (200, "Neu", campaign.version + 1)
    assert f'name="version" form="campaign-form" value="{stored.version}"' in text
    assert "gespeichert" in text
    # The group stays as it was chosen.
    assert (stored.rule, stored.segment_name) == (campaign.rule, campaign.segment_name)
    # Nothing new makes no version.
    browser.post(url, _typed(stored), headers=HTMX)
    assert _now(campaign).version == stored.version


def test_what_cannot_go_out_is_said_at_once_and_stored_all_the_same(browser: Browser, campaign: Campaign) -> None:
    url = f"{LIST}{campaign.pk}/edit/"
    answer = browser.post(url, _typed(campaign, body="Hallo {{vorname}}"), headers=HTMX)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert re.search(r'id="id_body_error" hx-swap-oob="true">.*vorname', text, re.DOTALL)
    assert re.search(r'id="id_subject_error" hx-swap-oob="true" hidden', text)
    assert _now(campaign).body == "Hallo {{vorname}}"
    # A name is needed; without it nothing is stored.
    answer = browser.post(url, _typed(_now(campaign), name=" ", body="Anders"), headers=HTMX)
    assert answer.status_code == 422
    assert "nicht gespeichert" in answer.content.decode()
    assert _now(campaign).body == "Hallo {{vorname}}"
    # Without a script the page comes back with all that was typed.
    page = browser.post(url, _typed(_now(campaign), name=" ", body="Anders"))
    assert page.status_code == 422
    assert "Anders</textarea>" in page.content.decode()


def test_two_who_write_at_once_keep_both_texts(browser: Browser, campaign: Campaign) -> None:
    url = f"{LIST}{campaign.pk}/edit/"
    with _in(campaign):
        update_campaign(actor=BOSS, campaign_id=campaign.pk, changes={"body": "Ihr Text"}, now=timezone.now())
    answer = browser.post(url, _typed(campaign, body="Mein Text"), headers=HTMX)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Ihr Text" in text
    assert f'value="{campaign.version}"' in text
    page = browser.post(url, _typed(campaign, body="Mein Text"))
    assert page.status_code == 409
    assert "Mein Text</textarea>" in page.content.decode()
    assert "Ihr Text" in page.content.decode()
    assert _now(campaign).body == "Ihr Text"
    # Whoever keeps hers says over what.
    answer = browser.post(url, _typed(campaign, body="Mein Text", over=_now(campaign).version), headers=HTMX)
    assert answer.status_code == 200
    assert _now(campaign).body == "Mein Text"
    # Who typed the same as somebody else has nothing to choose between.
    answer = browser.post(url, _typed(campaign, body="Mein Text"), headers=HTMX)
    assert answer.status_code == 200


def test_a_group_stays_as_it_was_chosen(browser: Browser, campaign: Campaign) -> None:
    url = f"{LIST}{campaign.pk}/edit/"
    with _in(campaign):
        mine = create_segment(
            actor=BOSS,
            name="Mit A",
            rule={"match": "ALL", "negated": False, "parts": [{"field": "blocked", "operator": "no", "values": []}]},
            now=timezone.now(),
        )
    browser.post(url, _typed(campaign, segment=str(mine.pk)), headers=HTMX)
    assert f'value="{mine.pk}" selected' in browser.get(url).content.decode()
    with _in(campaign):
        only = {"field": "blocked", "operator": "yes", "values": []}
        update_segment(
            actor=BOSS,
            segment_id=mine.pk,
            rule={"match": "ALL", "negated": False, "parts": [only]},
            now=timezone.now(),
        )
    page = browser.get(url).content.decode()
    assert 'value="kept" selected' in page
    assert "Mit A, wie gewählt" in page
    with _in(campaign):
        delete_segment(actor=BOSS, segment_id=mine.pk, now=timezone.now())
    browser.post(url, _typed(_now(campaign), segment="kept"), headers=HTMX)
    assert _now(campaign).segment_name == "Mit A"


def test_the_mail_is_shown_as_a_client_gets_it(browser: Browser, campaign: Campaign, sonnenschein: Salon) -> None:
    url = f"{LIST}{campaign.pk}/preview/"
    answer = browser.get(url)
    text = answer.content.decode()
    # Without a choice: the first who gets it.
    assert "Hallo Anna Ahrens" in text
    assert '<base target="_blank">' in text
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    policy = answer["Content-Security-Policy"]
    assert "style-src 'unsafe-inline'" in policy
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "frame-ancestors 'self'" in policy
    assert "allow-scripts" not in MAIL["sandbox"]
    other = browser.get(url, {"client": _card(sonnenschein, "Berta")}).content.decode()
    assert "Berta &lt;b&gt;Beck&lt;/b&gt;" in other
    lines = browser.get(url, {"client": _card(sonnenschein, "Clara"), "part": "lines"}).content.decode()
    assert "Frühling für Clara" in lines
    assert "Clara" in lines
    assert "bekäme sie nicht" in lines
    plain = browser.get(url, {"client": _card(sonnenschein, "Berta"), "part": "text"}).content.decode()
    assert "Berta &lt;b&gt;Beck&lt;/b&gt;" in plain
    assert "Lindenstraße 5" in plain
    with salon_scope(sonnenschein.pk):
        add_tokens(Client.objects.get(first_name="Clara"))
    hits = browser.get(f"{LIST}clients/", {"as": "cla"}).content.decode()
    assert 'name="client"' in hits
    assert "Clara" in hits
    # The page around it may show the frame, and nobody else may show the page.
    page = browser.get(f"{LIST}{campaign.pk}/edit/")
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "DENY"


def test_a_preview_without_anybody(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        made = draft()
    assert browser.get(f"{LIST}{made.pk}/edit/").status_code == 200
    assert "Hallo," in browser.get(f"{LIST}{made.pk}/preview/").content.decode()
    assert browser.get(f"{LIST}{made.pk}/preview/", {"client": str(uuid4())}).status_code == 200


def test_sending_shows_everything_before(browser: Browser, campaign: Campaign, sonnenschein: Salon) -> None:
    url = f"{LIST}{campaign.pk}/send/"
    answer = browser.post(f"{LIST}{campaign.pk}/edit/", _typed(campaign, next="send"))
    assert answer["Location"] == url
    page = browser.get(url).content.decode()
    assert "Jetzt an 2 Personen senden" in page
    assert "Ihr Salon Sonnenschein" in page
    assert "post@sonnenschein.example" in page
    answer = browser.post(url, {"act": "now", "version": _now(campaign).version})
    assert answer["Location"] == f"{LIST}{campaign.pk}/results/"
    assert _now(campaign).state == CampaignState.SENDING
    # A second click sends nothing more, and leads to what became of it.
    assert browser.post(url, {"act": "now"})["Location"] == f"{LIST}{campaign.pk}/results/"


def test_what_is_missing_is_named_and_nothing_goes_out(browser: Browser, campaign: Campaign) -> None:
    with _in(campaign):
        MarketingRules.objects.update(imprint="")
        update_campaign(actor=BOSS, campaign_id=campaign.pk, changes={"subject": ""}, now=timezone.now())
    url = f"{LIST}{campaign.pk}/send/"
    page = browser.get(url).content.decode()
    assert "Das fehlt noch" in page
    assert f'href="{LIST}{campaign.pk}/edit/#id_subject"' in page
    assert 'aria-disabled="true"' in page
    assert browser.post(url, {"act": "now"}).status_code == 422
    assert _now(campaign).state == CampaignState.DRAFT


def test_nobody_is_no_reason_to_send(browser: Browser, campaign: Campaign) -> None:
    browser.post(f"{LIST}{campaign.pk}/edit/", _typed(campaign, segment="lapsed"), headers=HTMX)
    page = browser.get(f"{LIST}{campaign.pk}/send/").content.decode()
    assert 'aria-disabled="true"' in page


def test_a_changed_campaign_is_looked_at_again(browser: Browser, campaign: Campaign) -> None:
    with _in(campaign):
        update_campaign(actor=BOSS, campaign_id=campaign.pk, changes={"subject": "Anders"}, now=timezone.now())
    url = f"{LIST}{campaign.pk}/send/"
    assert browser.post(url, {"act": "now", "version": campaign.version})["Location"] == url
    assert _now(campaign).state == CampaignState.DRAFT


def test_scheduling_and_taking_it_back(browser: Browser, campaign: Campaign, sonnenschein: Salon) -> None:
    url = f"{LIST}{campaign.pk}/send/"
    for typed in ({"day": "", "at": ""}, {"day": "2020-01-01", "at": "09:00"}):
        refused = browser.post(url, {"act": "later", **typed})
        assert refused.status_code == 422
        assert "field-error" in refused.content.decode()
    day = sonnenschein.date_at(timezone.now()) + timedelta(days=3)
    answer = browser.post(url, {"act": "later", "day": day.isoformat(), "at": "09:00"})
    assert answer["Location"] == f"{LIST}{campaign.pk}/results/"
    scheduled = _now(campaign)
    assert scheduled.state == CampaignState.SCHEDULED
    assert scheduled.scheduled_at is not None
    assert timezone.localtime(scheduled.scheduled_at).strftime("%H:%M") == "09:00"
    page = browser.get(answer["Location"]).content.decode()
    assert "Planung aufheben" in page
    assert "09:00" in page
    # What is on its way cannot be changed, and not be deleted.
    assert browser.get(f"{LIST}{campaign.pk}/edit/")["Location"] == f"{LIST}{campaign.pk}/results/"
    browser.post(f"{LIST}{campaign.pk}/delete/")
    assert _now(campaign).deleted_at is None
    browser.post(f"{LIST}{campaign.pk}/unschedule/")
    assert _now(campaign).state == CampaignState.DRAFT


def test_it_is_watched_stopped_and_let_go_on(browser: Browser, campaign: Campaign) -> None:
    with _in(campaign):
        send_now(actor=BOSS, campaign_id=campaign.pk, now=timezone.now())
    page = browser.get(f"{LIST}{campaign.pk}/results/").content.decode()
    found = re.search(r'hx-get="([^"]*progress/\?seen=[^"]*)"', page)
    assert found
    # Nothing new is nothing to swap.
    assert browser.get(found[1], headers=HTMX).status_code == 204
    assert browser.get(found[1]).status_code == 302
    browser.post(f"{LIST}{campaign.pk}/pause/")
    assert _now(campaign).state == CampaignState.PAUSED
    answer = browser.get(found[1], headers=HTMX)
    # What stands around it says so too.
    assert answer["HX-Refresh"] == "true"
    part = answer.content.decode()
    assert "Fortsetzen" in part
    assert "hx-trigger" not in part
    # Twice is told, not failed.
    assert browser.post(f"{LIST}{campaign.pk}/pause/").status_code == 302
    browser.post(f"{LIST}{campaign.pk}/resume/")
    assert _now(campaign).state == CampaignState.SENDING


def test_afterwards_everybody_is_told_of_with_the_reason(
    browser: Browser, campaign: Campaign, sonnenschein: Salon
) -> None:
    with _in(campaign):
        send_now(actor=BOSS, campaign_id=campaign.pk, now=timezone.now())
    work_on(sonnenschein, campaign.pk, now=timezone.now())
    assert _now(campaign).state == CampaignState.SENT
    page = browser.get(f"{LIST}{campaign.pk}/results/").content.decode()
    assert 'hx-trigger="every' not in page
    assert re.search(r'figure-sent">\s*<dt>Gesendet</dt>\s*<dd class="figure-number"><a [^>]*>2</a>', page)
    url = f"{LIST}{campaign.pk}/recipients/"
    everybody_ = browser.get(url).content.decode()
    for name in ("Anna Ahrens", "Clara", "Dora"):
        assert name in everybody_
    assert f'href="/s/sonnenschein/clients/{_card(sonnenschein, "Dora")}/"' in everybody_
    assert _said(RecipientReason.NO_ADDRESS) in everybody_
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
    mail = f"{url}{_card(sonnenschein, 'Anna')}/mail/"
    assert f"/preview/?client={_card(sonnenschein, 'Anna')}" in browser.get(mail, headers=HTMX).content.decode()
    assert browser.get(mail).status_code == 200
    assert browser.get(f"{url}{uuid4()}/mail/").status_code == 404
    row = browser.get(LIST).content.decode()
    assert "<strong>0,00" in row


def test_copy_delete_and_undo(browser: Browser, campaign: Campaign) -> None:
    answer = browser.post(f"{LIST}{campaign.pk}/copy/")
    with _in(campaign):
        copy = Campaign.objects.exclude(pk=campaign.pk).get()
    assert answer["Location"] == f"{LIST}{copy.pk}/edit/"
    assert (copy.subject, copy.body, copy.rule) == (campaign.subject, campaign.body, campaign.rule)
    page = browser.post(f"{LIST}{campaign.pk}/delete/", follow=True).content.decode()
    assert f'action="{LIST}{campaign.pk}/restore/"' in page
    assert browser.get(f"{LIST}{campaign.pk}/").status_code == 404
    browser.post(f"{LIST}{campaign.pk}/restore/")
    assert browser.get(f"{LIST}{campaign.pk}/")["Location"] == f"{LIST}{campaign.pk}/edit/"


def test_a_test_mail_is_of_what_is_typed(browser: Browser, campaign: Campaign) -> None:
    answer = browser.post(f"{LIST}{campaign.pk}/edit/", _typed(campaign, subject="Probe", next="test"), headers=HTMX)
    assert "carla@sonnenschein.example" in answer.content.decode()
    assert _now(campaign).subject == "Probe"
    assert browser.post(f"{LIST}{campaign.pk}/test/")["Location"] == f"{LIST}{campaign.pk}/send/"


def test_queries_do_not_grow_with_rows(browser: Browser, campaign: Campaign, sonnenschein: Salon) -> None:
    def counts() -> list[int]:
        found = []
        for url in (LIST, f"{LIST}{campaign.pk}/recipients/", f"{LIST}{campaign.pk}/results/"):
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(url).status_code == 200
            found.append(len(queries))
        return found

    with salon_scope(sonnenschein.pk):
        send_now(actor=BOSS, campaign_id=campaign.pk, now=timezone.now())
    work_on(sonnenschein, campaign.pk, now=timezone.now())
    counts()  # remembers the salon, once
    few = counts()
    with salon_scope(sonnenschein.pk):
        group = everybody_again()
        for number in range(18):
            agreed(f"K{number}")
            made = draft(segment=group)
            if number % 2:
                send_now(actor=BOSS, campaign_id=made.pk, now=timezone.now())
                pause(actor=BOSS, campaign_id=made.pk, now=timezone.now())
    many = counts()
    assert many == few
    assert max(many) <= 20


def everybody_again() -> str:
    rule = {"match": "ALL", "negated": False, "parts": []}
    return str(create_segment(actor=BOSS, name="Noch einmal alle", rule=rule, now=timezone.now()).pk)


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(2, 3, "66,7 %"), (3, 55, "5,5 %"), (14, 55, "25,5 %"), (1, 16, "6,3 %"), (1, 1, "100,0 %"), (0, 7, "0,0 %")],
)
def test_shares_are_rounded_half_up(part: int, whole: int, shown: str) -> None:
    with translation.override("de"):
        assert share_of(part, whole).replace("\xa0", " ").startswith(shown)
        assert share_of(0, 0) == ""


@pytest.mark.parametrize("stays", [True, False])
def test_whoever_sends_is_told_that_the_mails_stay(
    browser: Browser, campaign: Campaign, settings: Settings, stays: bool
) -> None:
    settings.MAILS_STAY = stays
    told = "Es ist kein Mailserver eingerichtet: Die Mails bleiben auf diesem Rechner."
    assert (told in browser.get(f"{LIST}{campaign.pk}/send/").content.decode()) == stays
    assert (told in browser.post(f"{LIST}{campaign.pk}/test/", follow=True).content.decode()) == stays
    tested = browser.post(f"{LIST}{campaign.pk}/edit/", _typed(campaign, next="test"), headers=HTMX).content.decode()
    assert (told in tested) == stays
    with _in(campaign):
        send_now(actor=BOSS, campaign_id=campaign.pk, now=timezone.now())
    assert (told in browser.get(f"{LIST}{campaign.pk}/results/").content.decode()) == stays


def test_a_placeholder_is_read_in_words(browser: Browser, campaign: Campaign) -> None:
    with _in(campaign):
        update_campaign(
            actor=BOSS,
            campaign_id=campaign.pk,
            changes={"subject": "{{first_name|Sie}}, Zeit für Farbe?", "body": "Ihre {{ points }} Punkte"},
            version=campaign.version,
            now=timezone.now(),
        )
    page = browser.get(f"{LIST}{campaign.pk}/send/").content.decode()
    assert "[Vorname], Zeit für Farbe?" in page
    assert "{{" not in page
    with _in(campaign):
        send_now(actor=BOSS, campaign_id=campaign.pk, now=timezone.now())
    page = browser.get(f"{LIST}{campaign.pk}/results/").content.decode()
    assert "[Vorname], Zeit für Farbe?" in page
    assert "Ihre [Punkte] Punkte" in page
    assert "{{" not in page
