"""Those marked one by one for a campaign can be chosen again as long as it is a draft (domain.md §9.2)."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client as Browser

from marketing.beginnings import BEGINNINGS
from marketing.campaigns import ChangedCampaign, copy_campaign, create_campaign, create_campaign_to, update_campaign
from marketing.models import Campaign, Segment
from salon.errors import InvalidInput
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.campaign_desk import HTMX, LIST, now_of, typed
from tests.marketing.campaigning import BOSS
from tests.marketing.segment_world import people


def _begun() -> Campaign:
    return create_campaign_to(actor=BOSS, whom=[one.pk for one in people("Ida", "Mia")], now=NOW)


def _change(campaign: Campaign, **changes: Any) -> Campaign:
    given: ChangedCampaign = changes  # type: ignore[assignment]
    return update_campaign(actor=BOSS, campaign_id=campaign.pk, changes=given, now=NOW)


def test_they_come_back_after_any_other_group(in_sonnenschein: Salon) -> None:
    begun = _begun()
    for other in ("everybody", "lapsing", ""):
        _change(begun, segment=other)
    back = _change(begun, segment="marked")
    assert (back.rule, back.segment_key, back.segment_name) == (begun.rule, "", "2 ausgewählte Kunden")
    assert _change(begun, segment="marked").version == back.version


def test_a_copy_has_them_too(in_sonnenschein: Salon) -> None:
    begun = _begun()
    _change(begun, segment="everybody")
    copy = copy_campaign(actor=BOSS, campaign_id=begun.pk, now=NOW)
    assert copy.segment_name == "Alle Kunden"
    assert _change(copy, segment="marked").rule == begun.rule


def test_where_nobody_was_marked_nobody_comes_back(in_sonnenschein: Salon) -> None:
    campaign = create_campaign(actor=BOSS, details={"name": "Frühling", "segment": "everybody"}, now=NOW)
    with pytest.raises(InvalidInput) as refusal:
        _change(campaign, segment="marked")
    assert [(one.field, one.code) for one in refusal.value.errors] == [("segment", "not_found")]


def test_a_name_of_its_own_making_follows_the_group(in_sonnenschein: Salon) -> None:
    begun = _begun()
    # A form sends the name that it shows along.
    assert _change(begun, name="2 ausgewählte Kunden", segment="everybody").name == "Alle Kunden"
    assert _change(begun, segment="").name == "Alle Kunden"


def test_a_name_that_somebody_typed_stays(in_sonnenschein: Salon) -> None:
    begun = _begun()
    assert _change(begun, name="Sommer", segment="everybody").name == "Sommer"
    assert _change(begun, segment="marked").name == "Sommer"
    assert _change(_begun(), name="Alle Kunden", segment="lapsing").name == "Alle Kunden"


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


def test_the_draft_offers_them_until_it_goes_out(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        begun = _begun()
    editor = f"{LIST}{begun.pk}/edit/"
    answer = browser.post(editor, typed(begun, segment="everybody", chosen="marked"), headers=HTMX).content.decode()
    # The field shows the name that nobody typed.
    assert 'data-name="Alle Kunden"' in answer
    page = browser.get(editor).content.decode()
    assert '<option value="marked">2 ausgewählte Kunden</option>' in page
    counted = browser.get(f"{LIST}audience/", {"segment": "marked", "campaign": str(begun.pk), "basis": "CONSENT"})
    assert "von 2 Kunden" in counted.content.decode()
    now = now_of(begun)
    answer = browser.post(editor, typed(now, segment="marked", name="Sommer"), headers=HTMX).content.decode()
    assert "data-name" not in answer
    assert (now_of(begun).rule, now_of(begun).name) == (begun.rule, "Sommer")


def test_two_who_choose_otherwise_are_told_of_it(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        begun = _begun()
        _change(begun, segment="everybody")
    late = typed(begun, segment="marked", chosen="marked", subject="Neues")
    answer = browser.post(f"{LIST}{begun.pk}/edit/", late, headers=HTMX)
    assert answer.status_code == 409
    assert "<dt>Zielgruppe</dt>" in answer.content.decode()


def test_a_draft_to_them_begins_with_a_text_like_any_other(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        begun = _begun()
    start = f"{LIST}new/?draft={begun.pk}"
    page = unescape(browser.get(start).content.decode())
    assert 'name="segment" value="marked" checked' in page
    assert 'value="2 ausgewählte Kunden"' in page
    assert f'href="?draft={begun.pk}&begin=miss_you"' in page
    # The group stays, whomever the text is mostly meant for.
    page = browser.get(f"{start}&begin=miss_you").content.decode()
    assert 'name="segment" value="marked" checked' in page
    assert 'value="Wir vermissen Sie"' in page
    entered = {"draft": str(begun.pk), "name": "Wir vermissen Sie", "segment": "marked", "begin": "miss_you"}
    for _again in range(2):
        answer = browser.post(f"{LIST}new/", entered, follow=True)
        assert answer.redirect_chain[-1][0] == f"{LIST}{begun.pk}/edit/"
    written = now_of(begun)
    assert (written.name, written.rule, written.version) == ("Wir vermissen Sie", begun.rule, 2)
    assert (written.subject, written.body) == BEGINNINGS["miss_you"].words()
    with salon_scope(sonnenschein.pk):
        assert Campaign.objects.count() == 1


def test_a_draft_that_has_words_does_not_begin_again(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        begun = _begun()
        _change(begun, subject="Neues")
    entered = {"draft": str(begun.pk), "name": "Anders", "segment": "everybody", "begin": "miss_you"}
    for answer in (browser.get(f"{LIST}new/", entered), browser.post(f"{LIST}new/", entered)):
        assert (answer.status_code, answer["Location"]) == (302, f"{LIST}{begun.pk}/")
    assert (now_of(begun).subject, now_of(begun).rule) == ("Neues", begun.rule)


def test_a_draft_waits_for_a_new_segment(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        begun = _begun()
    away = browser.post(f"{LIST}new/", {"draft": str(begun.pk), "name": "Neu", "act": "segment"})["Location"]
    assert f'name="draft" value="{begun.pk}"' in browser.get(away).content.decode()
    entered = {"name": "Jede", "ask:": "all", "campaign": "Neu", "draft": str(begun.pk)}
    page = browser.get(browser.post(away, entered)["Location"]).content.decode()
    assert f'name="draft" value="{begun.pk}"' in page
    with salon_scope(sonnenschein.pk):
        segment = Segment.objects.get(name="Jede")
    assert f'value="{segment.pk}" checked' in page
