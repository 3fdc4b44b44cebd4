"""A scheduled campaign shows what will happen: whom it reaches as of today, the rule in words, and what became of its
segment since (ui.md §2.7)."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client as Browser
from django.utils import timezone

from marketing.campaigns import update_campaign
from marketing.launching import schedule, send_now
from marketing.models import Campaign, Segment
from marketing.segments import create_segment
from salon.identity.models import User
from salon.tenancy.models import Salon
from tests.marketing.campaign_desk import HTMX, LIST, inside, now_of
from tests.marketing.campaigning import BOSS, work_on

SEGMENTS = "/s/sonnenschein/marketing/segments/"
FROZEN = "Für die Kampagne gilt weiter der bisherige Stand:"
KEPT = "geht weiter an den bisherigen Stand."


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


@pytest.fixture
def segment(campaign: Campaign) -> Segment:
    """The one that the campaign goes to: whoever is not blocked."""
    with inside(campaign):
        mine = create_segment(actor=BOSS, name="Mit A", rule=_rule("no"), now=timezone.now())
        update_campaign(actor=BOSS, campaign_id=campaign.pk, changes={"segment": str(mine.pk)}, now=timezone.now())
    return mine


def _rule(operator: str) -> dict[str, object]:
    return {"match": "ALL", "negated": False, "parts": [{"field": "blocked", "operator": operator, "values": []}]}


def _schedule(campaign: Campaign) -> None:
    with inside(campaign):
        at = timezone.now() + timedelta(days=3)
        schedule(actor=BOSS, campaign_id=campaign.pk, at=at, now=timezone.now())


def _save(browser: Browser, segment: Segment, operator: str, name: str = "Mit A", version: int = 1) -> str:
    """Save the segment in the builder, and return what the toast says."""
    posted = {"name": name, "version": version, "ask:": "all", "field:0": "blocked", "operator:0": operator}
    page = browser.post(f"{SEGMENTS}{segment.pk}/", posted, follow=True).text
    return page.partition('class="toast-text"')[2].partition("</")[0].lstrip(">")


def test_it_says_whom_it_reaches_today_and_by_which_rule(
    browser: Browser, campaign: Campaign, segment: Segment, sonnenschein: Salon
) -> None:
    url = f"{LIST}{campaign.pk}/results/"
    _schedule(campaign)
    page = browser.get(url).text
    assert "Wer sie nach heutigem Stand bekommt" in page
    assert "<strong>2</strong> <span>von 4 Kunden bekommen die E-Mail</span>" in page
    assert "Alle Kundinnen und Kunden, die nicht gesperrt sind." in page
    assert "Was hinausgeht" in page
    assert "Was geschrieben wurde" not in page
    assert "wie er geschrieben wurde" not in page
    # Nothing came of it yet: there are no results to choose.
    assert 'aria-current="page">Ergebnis' not in page
    assert "segment-since" not in page
    with inside(campaign):
        Campaign.objects.update(state="DRAFT", scheduled_at=None)
        send_now(actor=BOSS, campaign_id=campaign.pk, now=timezone.now())
    work_on(sonnenschein, campaign.pk, now=timezone.now())
    page = browser.get(url).text
    assert "Wer sie nach heutigem Stand bekommt" not in page
    assert "Was geschrieben wurde" in page
    assert 'aria-current="page">Ergebnis' in page
    assert "Alle Kundinnen und Kunden, die nicht gesperrt sind." in page


def test_it_says_what_became_of_its_segment_and_so_does_the_segment(
    browser: Browser, campaign: Campaign, segment: Segment
) -> None:
    url, own = f"{LIST}{campaign.pk}/results/", f"{SEGMENTS}{segment.pk}/"
    assert KEPT not in _save(browser, segment, "no", name="Mit B")
    assert "segment-scheduled" not in browser.get(own).text
    _schedule(campaign)
    page = browser.get(own).text
    assert "Eine geplante Kampagne geht an diese Zielgruppe" in page
    assert f'<a href="{url}">Frühling</a>' in page
    # A name is no other rule.
    assert _save(browser, segment, "no", version=2) == "Die Zielgruppe „Mit A“ ist gespeichert."
    told = _save(browser, segment, "yes", version=3)
    assert told == f"Die Zielgruppe „Mit A“ ist gespeichert. Die geplante Kampagne „Frühling“ {KEPT}"
    page = browser.get(url).text
    assert "Die Zielgruppe „Mit A“ wurde seither geändert." in page
    assert "heben Sie die Planung auf" in page
    assert 'name="take"' not in page
    assert "<strong>2</strong> <span>von 4 Kunden bekommen die E-Mail</span>" in page
    page = browser.post(f"{own}delete/", follow=True).text
    assert f"Die Zielgruppe „Mit A“ ist gelöscht. Die geplante Kampagne „Frühling“ {KEPT}" in page
    page = browser.get(url).text
    assert "Die Zielgruppe „Mit A“ gibt es nicht mehr." in page
    assert f"{FROZEN} Alle Kundinnen und Kunden, die nicht gesperrt sind." in page
    assert now_of(campaign).rule == _rule("no")


def test_what_was_chosen_by_hand_is_no_rule(browser: Browser, campaign: Campaign) -> None:
    with inside(campaign):
        by_hand = {"field": "client", "operator": "in", "values": [str(campaign.pk)]}
        rule = {"match": "ALL", "negated": False, "parts": [by_hand]}
        Campaign.objects.update(rule=rule, segment_key="", segment_name="1 gewählter Kunde")
    _schedule(campaign)
    page = browser.get(f"{LIST}{campaign.pk}/results/").text
    assert "<dt>Wer gemeint ist</dt>" not in page
    assert "<dd>1 gewählter Kunde</dd>" in page


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("now", "Die Kampagne wird gerade verschickt: 0 E-Mails sind schon hinaus."),
        ("later", "Die Kampagne ist schon geplant"),
    ],
)
def test_whoever_sends_in_another_tab_what_is_no_draft_any_more_is_told(
    browser: Browser, campaign: Campaign, act: str, told: str
) -> None:
    url = f"{LIST}{campaign.pk}/send/"
    if act == "now":
        with inside(campaign):
            send_now(actor=BOSS, campaign_id=campaign.pk, now=timezone.now())
    else:
        _schedule(campaign)
    assert told not in browser.get(url, follow=True).text
    answer = browser.post(url, {"act": "now", "version": campaign.version}, follow=True)
    assert answer.redirect_chain == [(f"{LIST}{campaign.pk}/results/", 302)]
    assert told in answer.text


def test_a_page_asks_again_when_the_time_has_come(
    browser: Browser, campaign: Campaign, sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Days before once an hour, then when it begins, and while it goes out every other second: the list, too."""
    url = f"{LIST}{campaign.pk}/results/"
    _schedule(campaign)
    assert [_asking(browser.get(page).text)[1] for page in (url, LIST)] == ["3600", "3600"]
    at = now_of(campaign).scheduled_at
    assert at is not None
    monkeypatch.setattr(timezone, "now", lambda: at - timedelta(seconds=90))
    asked = {page: _asking(browser.get(page).text) for page in (url, LIST)}
    assert [every for _again, every in asked.values()] == ["90", "90"]
    for again, _every in asked.values():
        assert browser.get(again, headers=HTMX).status_code == 204
    # Its time has come, and no worker has begun yet.
    monkeypatch.setattr(timezone, "now", lambda: at + timedelta(seconds=1))
    for again, _every in asked.values():
        answer = browser.get(again, headers=HTMX)
        assert _asking(answer.text)[1] == "2"
        assert "HX-Refresh" not in answer
    monkeypatch.undo()
    work_on(sonnenschein, campaign.pk, now=at)
    assert browser.get(asked[url][0], headers=HTMX)["HX-Refresh"] == "true"
    page = browser.get(asked[LIST][0], headers=HTMX).text
    assert "gesendet" in page.partition('id="campaign-list"')[2]
    assert "hx-trigger" not in page.partition('id="campaign-list"')[2].partition(">")[0]


def _asking(page: str) -> tuple[str, str]:
    """Return what a page asks again, and after how many seconds."""
    found = re.search(r'hx-get="([^"]*seen=[^"]*)" hx-trigger="every (\d+)s"', page)
    assert found
    return unescape(found[1]), found[2]
