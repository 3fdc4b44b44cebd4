"""The editor of a campaign: it says who gets it, saves itself, and shows the mail beside it (ui.md §2.7)."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.utils import timezone

from clients.models import Client
from clients.tokens import add_tokens
from marketing.campaigns import update_campaign
from marketing.models import Campaign, MarketingRules
from marketing.segments import create_segment, delete_segment, update_segment
from salon.identity.models import User
from salon.mail.models import ClientMail
from salon.mail.web.framing import MAIL
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.marketing.campaign_desk import HTMX, LIST, card_of, inside, now_of, typed
from tests.marketing.campaigning import BOSS, draft, may_send


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


def test_the_editor_says_who_gets_it_and_why_not_the_others(
    browser: Browser, campaign: Campaign, browser_of: Callable[[User], Browser], owner: User
) -> None:
    page = browser.get(f"{LIST}{campaign.pk}/edit/").content.decode()
    assert "<strong>2</strong> <span>von 4 Kunden bekommen die E-Mail</span>" in page
    assert re.search(r"hat nicht zugestimmt</span><span class=\"number\">1<", page) or "nicht" in page
    assert "keine E-Mail-Adresse" in page
    # The law's other basis is the owner's to decide: she is led there, the others hear who can.
    assert re.search(r'value="EXISTING_CUSTOMER"[^>]*disabled', page)
    assert "nur die Inhaberin oder der Inhaber" in page
    assert "#existing-customers" not in page
    page = browser_of(owner).get(f"{LIST}{campaign.pk}/edit/").content.decode()
    assert 'rules/#existing-customers">Zu den Regeln</a>' in page
    assert "nur die Inhaberin" not in page
    assert "{{first_name}}" in page
    with inside(campaign):
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


def test_what_was_written_after_it_went_out_is_not_lost_without_a_word(browser: Browser, campaign: Campaign) -> None:
    url = f"{LIST}{campaign.pk}/edit/"
    with inside(campaign):
        now = timezone.now()
        Campaign.objects.update(state="SENT", started_at=now, finished_at=now)
    told, results = "Was Sie zuletzt geschrieben haben, ist nicht mehr enthalten.", f"{LIST}{campaign.pk}/results/"
    assert browser.post(url, typed(campaign), headers=HTMX)["HX-Redirect"] == results
    assert told not in browser.get(results).content.decode()
    browser.post(url, typed(campaign, subject="Zu spät"), headers=HTMX)
    assert told in browser.get(results).content.decode()
    assert now_of(campaign).subject == campaign.subject


def test_a_draft_saves_itself(browser: Browser, campaign: Campaign) -> None:
    url = f"{LIST}{campaign.pk}/edit/"
    answer = browser.post(url, typed(campaign, subject="Neu", body="Hallo {{first_name}}"), headers=HTMX)
    text = answer.content.decode()
    stored = now_of(campaign)
    assert (answer.status_code, stored.subject, stored.version) == (200, "Neu", campaign.version + 1)
    assert f'name="version" form="campaign-form" value="{stored.version}"' in text
    assert "gespeichert" in text
    # The group stays as it was chosen.
    assert (stored.rule, stored.segment_name) == (campaign.rule, campaign.segment_name)
    # Nothing new makes no version.
    browser.post(url, typed(stored), headers=HTMX)
    assert now_of(campaign).version == stored.version


def test_what_cannot_go_out_is_said_at_once_and_stored_all_the_same(browser: Browser, campaign: Campaign) -> None:
    url = f"{LIST}{campaign.pk}/edit/"
    answer = browser.post(url, typed(campaign, body="Hallo {{vorname}}"), headers=HTMX)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert re.search(r'id="id_body_error" hx-swap-oob="true">.*vorname', text, re.DOTALL)
    assert re.search(r'id="id_subject_error" hx-swap-oob="true" hidden', text)
    assert now_of(campaign).body == "Hallo {{vorname}}"
    # A name is needed; without it nothing is stored.
    answer = browser.post(url, typed(now_of(campaign), name=" ", body="Anders"), headers=HTMX)
    assert answer.status_code == 422
    assert "nicht gespeichert" in answer.content.decode()
    assert now_of(campaign).body == "Hallo {{vorname}}"
    # Without a script the page comes back with all that was typed.
    page = browser.post(url, typed(now_of(campaign), name=" ", body="Anders"))
    assert page.status_code == 422
    assert "Anders</textarea>" in page.content.decode()


def test_a_group_stays_as_it_was_chosen(browser: Browser, campaign: Campaign) -> None:
    url = f"{LIST}{campaign.pk}/edit/"
    with inside(campaign):
        mine = create_segment(
            actor=BOSS,
            name="Mit A",
            rule={"match": "ALL", "negated": False, "parts": [{"field": "blocked", "operator": "no", "values": []}]},
            now=timezone.now(),
        )
    browser.post(url, typed(campaign, segment=str(mine.pk)), headers=HTMX)
    assert f'value="{mine.pk}" selected' in browser.get(url).content.decode()
    # Whoever renames it changes nobody's group.
    with inside(campaign):
        update_segment(actor=BOSS, segment_id=mine.pk, name="Mit B", now=timezone.now())
    page = browser.get(url).text
    assert f'value="{mine.pk}" selected>Mit B<' in page
    assert "segment-since" not in page
    assert "<dd>Mit B</dd>" in browser.get(f"{LIST}{campaign.pk}/send/").text
    with inside(campaign):
        update_segment(actor=BOSS, segment_id=mine.pk, name="Mit A", now=timezone.now())
        only = {"field": "blocked", "operator": "yes", "values": []}
        update_segment(
            actor=BOSS,
            segment_id=mine.pk,
            rule={"match": "ALL", "negated": False, "parts": [only]},
            now=timezone.now(),
        )
    page = browser.get(url).content.decode()
    assert 'value="kept" selected' in page
    assert "Mit A (bisheriger Stand)" in page
    with inside(campaign):
        delete_segment(actor=BOSS, segment_id=mine.pk, now=timezone.now())
    browser.post(url, typed(now_of(campaign), segment="kept"), headers=HTMX)
    assert now_of(campaign).segment_name == "Mit A"


def test_what_became_of_a_segment_since_is_said_and_taken(browser: Browser, campaign: Campaign) -> None:
    url, sending = f"{LIST}{campaign.pk}/edit/", f"{LIST}{campaign.pk}/send/"

    def rule(operator: str) -> dict[str, object]:
        return {"match": "ALL", "negated": False, "parts": [{"field": "blocked", "operator": operator, "values": []}]}

    with inside(campaign):
        mine = create_segment(actor=BOSS, name="Mit A", rule=rule("no"), now=timezone.now())
    browser.post(url, typed(campaign, segment=str(mine.pk)), headers=HTMX)
    assert "segment-since" not in browser.get(url).text + browser.get(sending).text
    for page, wanted in ((url, "yes"), (sending, "no")):
        with inside(campaign):
            update_segment(actor=BOSS, segment_id=mine.pk, rule=rule(wanted), now=timezone.now())
        words = browser.get(page).text
        assert "Die Zielgruppe „Mit A“ wurde seither geändert." in words
        assert words.count(", die gesperrt sind.") == words.count(", die nicht gesperrt sind.") == 1
        assert f'name="take" value="{mine.pk}"' in words
        # What is typed meanwhile is stored with it; sending has a version instead.
        before = now_of(campaign)
        entered = typed(before, body="Getippt") if page == url else {"version": before.version}
        answer = browser.post(page, {**entered, "take": str(mine.pk)}, follow=True)
        assert "geht an die Zielgruppe nach jetzigem Stand" in answer.text
        assert "segment-since" not in answer.text
        taken = now_of(campaign)
        assert (taken.rule, taken.body, taken.subject) == (rule(wanted), "Getippt", campaign.subject)
    # Whoever has not seen the last words of the draft takes nothing.
    with inside(campaign):
        update_segment(actor=BOSS, segment_id=mine.pk, rule=rule("yes"), now=timezone.now())
    browser.post(sending, {"version": 1, "take": str(mine.pk)})
    assert now_of(campaign).rule == rule("no")
    with inside(campaign):
        delete_segment(actor=BOSS, segment_id=mine.pk, now=timezone.now())
    for page in (url, sending):
        words = browser.get(page).text
        assert "Die Zielgruppe „Mit A“ gibt es nicht mehr." in words
        assert 'name="take"' not in words


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
    other = browser.get(url, {"client": card_of(sonnenschein, "Berta")}).content.decode()
    assert "Berta &lt;b&gt;Beck&lt;/b&gt;" in other
    lines = browser.get(url, {"client": card_of(sonnenschein, "Clara"), "part": "lines"}).content.decode()
    assert "Frühling für Clara" in lines
    assert "Clara" in lines
    assert "bekäme sie nicht" in lines
    plain = browser.get(url, {"client": card_of(sonnenschein, "Berta"), "part": "text"}).content.decode()
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


def test_whoever_is_not_meant_is_told_from_those_who_are(browser: Browser, campaign: Campaign) -> None:
    with inside(campaign):
        anna = {"client": str(Client.objects.get(first_name="Anna").pk), "part": "lines"}
    assert "gehört nicht" not in browser.get(f"{LIST}{campaign.pk}/preview/", anna).text
    with inside(campaign):
        update_campaign(actor=BOSS, campaign_id=campaign.pk, changes={"segment": "lapsed"}, now=timezone.now())
    assert "Anna Ahrens gehört nicht zu dieser Zielgruppe." in browser.get(f"{LIST}{campaign.pk}/preview/", anna).text


def test_a_preview_without_anybody(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        made = draft()
    assert browser.get(f"{LIST}{made.pk}/edit/").status_code == 200
    assert "Hallo," in browser.get(f"{LIST}{made.pk}/preview/").content.decode()
    assert browser.get(f"{LIST}{made.pk}/preview/", {"client": str(uuid4())}).status_code == 200


def test_a_test_mail_is_of_what_is_typed(browser: Browser, campaign: Campaign) -> None:
    answer = browser.post(f"{LIST}{campaign.pk}/edit/", typed(campaign, subject="Probe", next="test"), headers=HTMX)
    # What becomes of it is said once, beside the button, and so is as whom it is shown.
    assert answer.text.count("carla@sonnenschein.example") == 1
    assert now_of(campaign).subject == "Probe"
    for page in ("edit", "send"):
        assert "<span data-shown-name>Anna Ahrens</span>" in browser.get(f"{LIST}{campaign.pk}/{page}/").text
    with inside(campaign):
        clara = Client.objects.get(first_name="Clara").pk
    # Who is chosen is in the address: loaded again, it is shown as she gets it.
    for page in ("edit", "send"):
        again = browser.get(f"{LIST}{campaign.pk}/{page}/", {"client": str(clara)}).text
        assert "<span data-shown-name>Clara Vogel</span>" in again
    asked = browser.post(f"{LIST}{campaign.pk}/test/", {"client": str(clara)})
    assert asked["Location"] == f"{LIST}{campaign.pk}/send/#test-mail"
    assert len(re.findall("Die Testmail [^<]*carla@sonnenschein.example", browser.get(asked["Location"]).text)) == 1
    with inside(campaign):
        assert ClientMail.objects.latest("id").shown_client_id == clara
