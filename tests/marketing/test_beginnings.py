"""What a campaign begins with: ready-made texts with gaps for the salon, and those of earlier campaigns."""

from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client as Browser

from marketing.beginnings import BEGINNINGS
from marketing.letters import check
from marketing.models import Campaign
from marketing.segments import chosen_rule
from salon.errors import InvalidInput
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.marketing.campaign_desk import LIST, inside, now_of


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


def _codes(subject: str, body: str, *, to_many: bool = True) -> set[tuple[str, str]]:
    try:
        check(subject, body, complete=True, to_many=to_many)
    except InvalidInput as refusal:
        return {(error.field, error.code) for error in refusal.errors}
    return set()


@pytest.mark.django_db
@pytest.mark.parametrize("key", BEGINNINGS)
def test_a_ready_made_text_lacks_nothing_but_what_the_salon_knows(key: str, sonnenschein: Salon) -> None:
    subject, body = BEGINNINGS[key].words()
    assert body.startswith("{{greeting}},\n\n")
    # Clients read it, so it is in their language.
    assert "Herzliche Grüße, Ihr Team" in body
    assert {code for _field, code in _codes(subject, body)} <= {"gap"}
    with salon_scope(sonnenschein.pk):
        assert chosen_rule(BEGINNINGS[key].segment)


@pytest.mark.parametrize(
    ("subject", "body", "codes"),
    [
        ("[[Name]]", "Text", {("subject", "gap")}),
        ("Neu", "Seit [[Tag]] und [[Tag]]", {("body", "gap")}),
        ("Neu", "**[[Tag]]**", {("body", "gap")}),
        ("Neu", "[[Termin]](https://a.example/) [1] [ [x] ]", set()),
    ],
)
def test_no_mail_to_many_goes_out_with_a_gap(subject: str, body: str, codes: set[tuple[str, str]]) -> None:
    assert _codes(subject, body) == codes
    # A template for messages is filled in by whoever writes one.
    assert _codes(subject, body, to_many=False) == set()


def test_the_gap_is_named() -> None:
    with pytest.raises(InvalidInput) as refusal:
        check("", "Ab [[Tag]] und [[Tag]]", to_many=True)
    (error,) = refusal.value.errors
    assert str(error.message) == "Füllen Sie aus, was in doppelten Klammern steht: [[Tag]]"


def test_before_sending_a_gap_says_where_it_stands(browser: Browser, campaign: Campaign) -> None:
    with inside(campaign):
        Campaign.objects.update(subject="Ab [[Tag]]", body="Ab [[Tag]]")
    page = browser.get(f"{LIST}{campaign.pk}/send/").content.decode()
    for where in ("Betreff", "Text"):
        assert f"<li>{where}: Füllen Sie aus, was in doppelten Klammern steht: [[Tag]]" in page


def test_one_begins_with_a_ready_made_text(browser: Browser, sonnenschein: Salon) -> None:
    page = browser.get(f"{LIST}new/").content.decode()
    assert "?begin=miss_you" in page
    page = browser.get(f"{LIST}new/?begin=miss_you").content.decode()
    assert 'value="Wir vermissen Sie"' in page
    assert 'value="overdue" checked' in page
    answer = browser.post(f"{LIST}new/", {"name": "Rückkehr", "segment": "overdue", "begin": "miss_you"})
    assert answer.status_code == 302
    with salon_scope(sonnenschein.pk):
        made = Campaign.objects.get()
        assert (made.subject, made.body) == BEGINNINGS["miss_you"].words()
        assert (made.name, made.segment_key) == ("Rückkehr", "overdue")


def test_one_begins_with_an_earlier_campaign(browser: Browser, campaign: Campaign) -> None:
    page = unescape(browser.get(f"{LIST}new/?segment=birthday").content.decode())
    assert f"?segment=birthday&begin={campaign.pk}" in page
    browser.post(f"{LIST}new/", {"name": "Noch einmal", "segment": "birthday", "begin": str(campaign.pk)})
    with inside(campaign):
        made = Campaign.objects.exclude(pk=campaign.pk).get()
        was = now_of(campaign)
        assert (made.subject, made.body) == (was.subject, was.body)
        assert (made.name, made.segment_key) == ("Noch einmal", "birthday")


def test_what_is_entered_goes_along_to_another_text(browser: Browser, sonnenschein: Salon) -> None:
    asked = {"begin": "birthday", "name": "Mein Sommerfest", "segment": "vip"}
    page = unescape(browser.get(f"{LIST}new/", asked).content.decode())
    assert 'value="Mein Sommerfest"' in page
    assert 'value="vip" checked' in page
    assert 'href="?name=Mein+Sommerfest&segment=vip&begin=miss_you"' in page
    # Also after something was refused.
    page = unescape(browser.post(f"{LIST}new/", {"name": "Mein Sommerfest", "segment": ""}).content.decode())
    assert 'href="?name=Mein+Sommerfest&begin=miss_you"' in page


def test_what_one_began_with_waits_for_a_new_segment(browser: Browser, sonnenschein: Salon) -> None:
    away = browser.post(f"{LIST}new/", {"name": "Neu", "act": "segment", "begin": "new_service"})["Location"]
    assert "campaign=Neu&begin=new_service" in away
    page = browser.get(away).content.decode()
    assert 'name="begin" value="new_service"' in page


def test_nothing_begins_with_what_is_not_there(browser: Browser, dom: Salon, campaign: Campaign) -> None:
    for begin in ("x", ""):
        browser.post(f"{LIST}new/", {"name": "Leer", "segment": "everybody", "begin": begin})
    gone = {"name": "Weg", "segment": "everybody", "begin": str(dom.pk)}
    assert browser.post(f"{LIST}new/", gone).status_code == 404
    with inside(campaign):
        assert set(Campaign.objects.filter(name="Leer").values_list("body", flat=True)) == {""}
        assert not Campaign.objects.filter(name="Weg").exists()
