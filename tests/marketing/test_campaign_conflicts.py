"""Two people on one draft: nothing is lost, and whatever differs is told (ui.md §2.7)."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client as Browser
from django.utils import timezone

from marketing.campaigns import ChangedCampaign, update_campaign
from marketing.models import Campaign, CampaignState, MarketingRules
from marketing.segments import create_segment, delete_segment, update_segment
from marketing.web.compared import theirs_beside
from salon.identity.models import User
from tests.marketing.campaign_desk import HTMX, LIST, inside, now_of, typed
from tests.marketing.campaigning import BOSS


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


def _change(campaign: Campaign, **changes: object) -> Campaign:
    with inside(campaign):
        given: ChangedCampaign = changes  # type: ignore[assignment]
        return update_campaign(actor=BOSS, campaign_id=campaign.pk, changes=given, now=timezone.now())


def _rule(operator: str) -> dict[str, object]:
    return {"match": "ALL", "negated": False, "parts": [{"field": "blocked", "operator": operator, "values": []}]}


def _segment(campaign: Campaign) -> str:
    with inside(campaign):
        return str(create_segment(actor=BOSS, name="Mit A", rule=_rule("no"), now=timezone.now()).pk)


def _change_segment(campaign: Campaign, segment: str) -> None:
    with inside(campaign):
        update_segment(actor=BOSS, segment_id=segment, rule=_rule("yes"), now=timezone.now())  # type: ignore[arg-type]


def _compared(text: str) -> list[str]:
    """Return what of a draft is told to be stored otherwise."""
    found = re.findall(r'<dl class="theirs">(.*?)</dl>', text, re.DOTALL)
    return re.findall("<dt>(.*?)</dt>", found[0]) if found else []


def _read(text: str) -> dict[str, str]:
    """Return what a page goes on from: the version and the segment that it came with."""
    return {
        name: unescape(re.findall(rf'name="{name}" form="campaign-form" value="([^"]*)"', text)[0])
        for name in ("version", "chosen")
    }


def test_two_who_write_at_once_keep_both_texts(browser: Browser, campaign: Campaign) -> None:
    url = f"{LIST}{campaign.pk}/edit/"
    with inside(campaign):
        update_campaign(actor=BOSS, campaign_id=campaign.pk, changes={"body": "Ihr Text"}, now=timezone.now())
    answer = browser.post(url, typed(campaign, body="Mein Text"), headers=HTMX)
    text = answer.content.decode()
    assert answer.status_code == 409
    # What differs is marked.
    assert "<del>Mein</del><ins>Ihr</ins> Text" in text
    assert f'value="{campaign.version}"' in text
    assert _compared(text) == ["Text"]
    page = browser.post(url, typed(campaign, body="Mein Text"))
    assert page.status_code == 409
    assert "Mein Text</textarea>" in page.content.decode()
    assert "<ins>Ihr</ins>" in page.content.decode()
    assert now_of(campaign).body == "Ihr Text"
    # Whoever keeps hers says over what.
    answer = browser.post(url, typed(campaign, body="Mein Text", over=now_of(campaign).version), headers=HTMX)
    assert answer.status_code == 200
    assert now_of(campaign).body == "Mein Text"
    # Who typed the same as somebody else has nothing to choose between.
    answer = browser.post(url, typed(campaign, body="Mein Text"), headers=HTMX)
    assert answer.status_code == 200


def test_whatever_differs_is_told(browser: Browser, campaign: Campaign) -> None:
    url = f"{LIST}{campaign.pk}/edit/"
    with inside(campaign):
        MarketingRules.objects.update(existing_customers_at=timezone.now(), existing_customers_by="Anna Krüger")
    _change(campaign, segment="lapsed", name="Herbst", subject="Neues")
    mine = {"segment": "everybody", "basis": "EXISTING_CUSTOMER", "name": "Winter", "subject": " Neues "}
    text = browser.post(url, typed(campaign, **mine), headers=HTMX).text
    assert _compared(text) == ["Zielgruppe", "Wer davon", "Name"]
    assert "<del>Alle " in text
    assert "<del>Winter</del><ins>Herbst</ins>" in text


def test_a_group_that_differs_is_told_whatever_it_is_called(browser: Browser, campaign: Campaign) -> None:
    url, segment = f"{LIST}{campaign.pk}/edit/", _segment(campaign)
    _change(campaign, segment="")

    def told(chosen: str, typed_in: str) -> list[str]:
        words = typed(campaign, segment=typed_in, chosen=chosen, body=now_of(campaign).body)
        answer = browser.post(url, words, headers=HTMX)
        assert answer.status_code == (409 if _compared(answer.text) else 200)
        return _compared(answer.text)

    assert told("", "") == []
    _change(campaign, segment=segment)
    # Nobody was chosen yet; or what was chosen is no choice any more; or another one.
    assert told("", "") == told("kept", "kept") == told("", "lapsed") == ["Zielgruppe"]
    assert told(segment, segment) == told("", segment) == []
    # The same name, and no more the same people: whoever has just chosen it means it as it is now.
    _change_segment(campaign, segment)
    assert told("kept", "kept") == told(segment, segment) == []
    assert told("", segment) == ["Zielgruppe"]


def test_what_became_of_a_segment_chooses_nothing(browser: Browser, campaign: Campaign) -> None:
    url, segment = f"{LIST}{campaign.pk}/edit/", _segment(campaign)
    _change(campaign, segment=segment)
    read = _read(browser.get(url).text)
    assert read["chosen"] == segment
    _change_segment(campaign, segment)
    page = browser.post(url, typed(now_of(campaign), segment=segment, **read, body="Eins"), headers=HTMX).text
    assert (now_of(campaign).rule, now_of(campaign).body) == (_rule("no"), "Eins")
    with inside(campaign):
        delete_segment(actor=BOSS, segment_id=segment, now=timezone.now())  # type: ignore[arg-type]
    answer = browser.post(url, typed(now_of(campaign), segment=segment, **_read(page), body="Zwei"), headers=HTMX)
    assert answer.status_code == 200
    assert (now_of(campaign).rule, now_of(campaign).body) == (_rule("no"), "Zwei")
    # What is chosen anew is what the page goes on from.
    read = _read(browser.post(url, typed(now_of(campaign), segment="lapsed", **_read(answer.text)), headers=HTMX).text)
    assert read["chosen"] == now_of(campaign).segment_key == "lapsed"


def test_what_is_kept_is_kept_whole(browser: Browser, campaign: Campaign) -> None:
    url = f"{LIST}{campaign.pk}/edit/"
    _change(campaign, segment="lapsed")
    mine = typed(campaign, segment="everybody", chosen="everybody")
    text = browser.post(url, mine, headers=HTMX).text
    assert _compared(text) == ["Zielgruppe"]
    # It stays refused, with what the page came with, until somebody has decided.
    assert _read(text) == {"version": str(campaign.version), "chosen": "everybody"}
    browser.post(url, {**mine, "over": now_of(campaign).version})
    assert now_of(campaign).segment_key == "everybody"


def test_the_same_words_are_the_same_however_they_are_sent(browser: Browser, campaign: Campaign) -> None:
    url, body = f"{LIST}{campaign.pk}/edit/", "Eins\n\nZwei"
    _change(campaign, body=body)
    sent = typed(campaign, body="Eins\r\n\r\nZwei\r\n")
    assert browser.post(url, sent).status_code == 302
    _change(campaign, name="Herbst")
    assert _compared(browser.post(url, sent).text) == ["Name"]
    with inside(campaign):
        now = timezone.now()
        Campaign.objects.update(state=CampaignState.SENT, name=campaign.name, started_at=now, finished_at=now)
    page = browser.post(url, sent, follow=True)
    assert "Was Sie zuletzt geschrieben haben" not in page.text
    page = browser.post(url, {**sent, "body": "Drei"}, follow=True)
    assert "Was Sie zuletzt geschrieben haben" in page.text


def test_what_is_no_campaign_at_all_stays_refused(browser: Browser, campaign: Campaign) -> None:
    url = f"{LIST}{campaign.pk}/edit/"
    _change(campaign, name="Herbst")
    answer = browser.post(url, typed(campaign, basis="ANYTHING"), headers=HTMX)
    assert answer.status_code == 422
    # Mended, it is told that somebody else was first.
    assert _read(answer.text)["version"] == str(campaign.version)


def test_the_longest_texts_are_not_compared_word_by_word() -> None:
    mine, theirs = "<a> b " * 2_000, "c <d> " * 2_000
    [one] = theirs_beside([("Text", mine, theirs)])
    assert one.words == theirs.replace("<", "&lt;").replace(">", "&gt;")
    [one] = theirs_beside([("Text", "<a> b", "<a> c"), ("Name", "x", "x")])
    assert one.words == "&lt;a&gt; <del>b</del><ins>c</ins>"
