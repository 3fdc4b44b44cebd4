"""The owner takes back that existing customers may be written to: what is under way goes on to those who have agreed,
what is a draft falls back to them (domain.md §9.2, §9.3)."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client as Browser

from clients.models import Client
from marketing import recipients
from marketing.launching import end, pause, resume, schedule
from marketing.models import Basis, Campaign, CampaignState, MarketingRules
from marketing.rules import allow_existing_customers, forbid_existing_customers
from salon.errors import InvalidInput
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_client
from tests.conftest import NOW
from tests.marketing.campaign_desk import HTMX, LIST, card_of, inside, now_of, typed
from tests.marketing.campaigning import BOSS, agreed, being_sent, draft, may_send, run, seen, standing
from tests.marketing.mailserver import Inbox

HOUR = timedelta(hours=1)
WAS_TAKEN_BACK = "Die Entscheidung, auch Bestandskunden zu schreiben, wurde zurückgenommen"
FALL_BACK = '<button class="button small" type="submit" form="{}" name="basis" value="CONSENT">'


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


@pytest.fixture
def decided(sonnenschein: Salon) -> Salon:
    """A salon that may write to existing customers: two have agreed, two are only that, one is neither."""
    with salon_scope(sonnenschein.pk):
        may_send()
        allow_existing_customers(actor=BOSS, confirmed=True, now=NOW)
        agreed("Anna")
        agreed("Berta")
        for name in ("Clara", "Dora"):
            make_client(name, email=f"{name.lower()}@x.example")
        Client.objects.filter(first_name__in=["Clara", "Dora"]).update(carried_visits=2)
        make_client("Emma", email="emma@x.example")
    return sonnenschein


def _drafted(salon: Salon) -> Campaign:
    with salon_scope(salon.pk):
        campaign = draft(basis=Basis.EXISTING_CUSTOMER)
        forbid_existing_customers(actor=BOSS, now=NOW)
    return campaign


def _paused(salon: Salon) -> Campaign:
    """Settle who gets a campaign, stop it, and take the decision back."""
    with salon_scope(salon.pk):
        campaign = being_sent(segment="everybody", basis=Basis.EXISTING_CUSTOMER)
        clients = Client.objects.listed()
        recipients.settle(clients, basis=Basis.EXISTING_CUSTOMER, now=NOW, campaign_id=campaign.pk)
        pause(actor=BOSS, campaign_id=campaign.pk, now=NOW)
        forbid_existing_customers(actor=BOSS, now=NOW)
    return campaign


def test_what_was_paused_goes_on_to_those_who_have_agreed(
    decided: Salon, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    campaign = _paused(decided)
    with salon_scope(decided.pk):
        resume(actor=BOSS, campaign_id=campaign.pk, now=NOW)
    run()
    assert sorted(arriving.to) == ["anna@x.example", "berta@x.example"]
    assert seen(decided, campaign.pk)[0] == "SENT"
    with salon_scope(decided.pk):
        assert standing(campaign.pk) == {
            "Anna": ("SENT", "CONSENT"),
            "Berta": ("SENT", "CONSENT"),
            "Clara": ("EXCLUDED", "NOT_ALLOWED"),
            "Dora": ("EXCLUDED", "NOT_ALLOWED"),
            "Emma": ("EXCLUDED", "NO_CONSENT"),
        }


def test_what_was_scheduled_goes_out_to_those_who_have_agreed(
    decided: Salon, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    with salon_scope(decided.pk):
        campaign = draft(basis=Basis.EXISTING_CUSTOMER)
        schedule(actor=BOSS, campaign_id=campaign.pk, at=NOW + HOUR, now=NOW)
        forbid_existing_customers(actor=BOSS, now=NOW)
    clock.shift(HOUR)
    run()
    assert seen(decided, campaign.pk) == (
        "SENT",
        {"SENT": 2, "EXCLUDED NOT_ALLOWED": 2, "EXCLUDED NO_CONSENT": 1},
    )


def test_without_an_imprint_nothing_goes_on(decided: Salon) -> None:
    campaign = _paused(decided)
    with salon_scope(decided.pk):
        MarketingRules.objects.update(imprint="")
        with pytest.raises(InvalidInput) as refused:
            resume(actor=BOSS, campaign_id=campaign.pk, now=NOW)
    assert [(error.field, error.code) for error in refused.value.errors] == [("imprint", "required")]


def test_its_page_says_so_for_good(
    decided: Salon, browser: Browser, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    with salon_scope(decided.pk):
        before = being_sent(segment="everybody", basis=Basis.EXISTING_CUSTOMER)
    run()
    campaign = _paused(decided)
    url = f"{LIST}{campaign.pk}/results/"
    page = browser.get(url).text
    assert WAS_TAKEN_BACK in page
    assert "Diese Kampagne bekommen nur noch Kunden, die eingewilligt haben; Bestandskunden werden ausgelassen." in page
    assert "deshalb ausgelassen" not in page
    browser.post(f"{LIST}{campaign.pk}/resume/")
    assert now_of(campaign).state == CampaignState.SENDING
    run()
    with salon_scope(decided.pk):
        # Whatever is decided later.
        allow_existing_customers(actor=BOSS, confirmed=True, now=NOW)
    page = browser.get(url).text
    assert WAS_TAKEN_BACK in page
    told = (
        f'<a href="{LIST}{campaign.pk}/recipients/?reason=NOT_ALLOWED">2 Bestandskunden wurden deshalb ausgelassen.</a>'
    )
    assert told in page
    assert "bekommen nur noch" not in page
    listed = browser.get(f"{LIST}{campaign.pk}/recipients/", {"reason": "NOT_ALLOWED"}).text
    assert listed.count("<td>Bestandskunde: nicht (mehr) erlaubt") == 2
    # What had gone out by then has nothing to do with it.
    assert WAS_TAKEN_BACK not in browser.get(f"{LIST}{before.pk}/results/").text


def test_what_was_ended_says_nothing_of_it(decided: Salon, browser: Browser) -> None:
    campaign = _paused(decided)
    with salon_scope(decided.pk):
        end(actor=BOSS, campaign_id=campaign.pk, now=NOW)
    assert WAS_TAKEN_BACK not in browser.get(f"{LIST}{campaign.pk}/results/").text


def test_a_draft_says_why_it_does_not_go_out_and_falls_back_with_one_click(decided: Salon, browser: Browser) -> None:
    campaign = _drafted(decided)
    url = f"{LIST}{campaign.pk}/edit/"
    page = browser.get(url).text
    # What is chosen can be seen, and says what became of it.
    assert re.search(r'value="EXISTING_CUSTOMER" checked(?![^>]*disabled)', page)
    assert "Das ist nicht mehr erlaubt." in page
    assert "noch nicht erlaubt" not in page
    assert WAS_TAKEN_BACK in page
    assert FALL_BACK.format("campaign-form") in page
    assert "<strong>2</strong> <span>von 5 Kunden bekämen die E-Mail</span>" in page
    assert "Bestandskunde: nicht (mehr) erlaubt" in page
    counted = browser.get(
        f"{LIST}audience/", {"segment": "everybody", "basis": "EXISTING_CUSTOMER", "campaign": str(campaign.pk)}
    ).text
    assert "<strong>2</strong> <span>von 5 Kunden bekämen die E-Mail</span>" in counted
    counted = browser.get(f"{LIST}audience/", {"segment": "everybody", "basis": "CONSENT"}).text
    assert "<strong>2</strong> <span>von 5 Kunden bekommen die E-Mail</span>" in counted
    # It is still saved while it is so.
    kept = browser.post(url, typed(campaign, basis="EXISTING_CUSTOMER", body="Getippt"), headers=HTMX)
    assert kept.status_code == 200
    assert (now_of(campaign).basis, now_of(campaign).body) == ("EXISTING_CUSTOMER", "Getippt")
    # The radio and then the button: what was pressed last counts.
    entered = typed(now_of(campaign), basis=["EXISTING_CUSTOMER", "CONSENT"], subject="Auch getippt")
    page = browser.post(url, entered, follow=True).text
    assert "Die Kampagne geht nur an Kunden, die eingewilligt haben." in page
    assert (now_of(campaign).basis, now_of(campaign).subject) == ("CONSENT", "Auch getippt")
    assert WAS_TAKEN_BACK not in page
    assert "<strong>2</strong> <span>von 5 Kunden bekommen die E-Mail</span>" in page


def test_on_sending_it_falls_back_with_one_click(decided: Salon, browser: Browser) -> None:
    campaign = _drafted(decided)
    url = f"{LIST}{campaign.pk}/send/"
    page = browser.get(url).text
    assert WAS_TAKEN_BACK in page
    assert FALL_BACK.format("basis-form") in page
    assert "<strong>2</strong> <span>von 5 Kunden bekämen die E-Mail</span>" in page
    assert "Ihr Salon schreibt nur Kunden" not in page
    # Whoever has not seen the last words of the draft changes nothing.
    browser.post(url, {"version": campaign.version - 1, "basis": "CONSENT"})
    assert now_of(campaign).basis == "EXISTING_CUSTOMER"
    page = browser.post(url, {"version": campaign.version, "basis": "CONSENT"}, follow=True).text
    assert "Die Kampagne geht nur an Kunden, die eingewilligt haben." in page
    assert now_of(campaign).basis == "CONSENT"
    assert WAS_TAKEN_BACK not in page
    assert "Jetzt an 2 Personen senden" in page


def test_the_preview_says_why_somebody_gets_nothing(decided: Salon, browser: Browser) -> None:
    campaign = _drafted(decided)
    lines = browser.get(f"{LIST}{campaign.pk}/preview/?part=lines&client={card_of(decided, 'Clara')}").text
    assert "Clara Vogel bekäme sie nicht: Bestandskunde: nicht (mehr) erlaubt." in lines
    with inside(campaign):
        allow_existing_customers(actor=BOSS, confirmed=True, now=NOW)
    lines = browser.get(f"{LIST}{campaign.pk}/preview/?part=lines&client={card_of(decided, 'Clara')}").text
    assert "bekäme sie nicht" not in lines
