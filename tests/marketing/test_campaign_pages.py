"""*Marketing » Kampagnen* in the browser: the list, how one begins, copying and deleting (ui.md §2.7)."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from marketing.launching import pause, send_now
from marketing.models import Campaign, CampaignState, Segment
from marketing.segments import create_segment, delete_segment
from marketing.web.campaign_results import share_of
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_client
from tests.marketing.campaign_desk import LIST, inside
from tests.marketing.campaigning import BOSS, agreed, draft, work_on


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


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
    # Its group may have to be described first: it comes back with it, and with what was typed.
    away = browser.post(f"{LIST}new/", {"name": "Für & alle", "act": "segment"})["Location"]
    assert 'name="campaign" value="Für &amp; alle"' in browser.get(away).text
    entered = {"name": "Jede", "ask:": "all", "campaign": "Für & alle"}
    back = browser.get(browser.post(away, entered)["Location"]).text
    with salon_scope(sonnenschein.pk):
        segment = Segment.objects.get(name="Jede")
    assert 'value="Für &amp; alle"' in back
    assert f'value="{segment.pk}" checked' in back
    assert f'hx-get="/s/sonnenschein/marketing/segments/count/?segment={segment.pk}&amp;mail"' in back
    # What does not exist is said beside the choice, and what was typed stays.
    refused = browser.post(f"{LIST}new/", {"name": "Nochmal", "segment": str(uuid4())})
    assert refused.status_code == 422
    assert 'value="Nochmal"' in refused.content.decode()


def test_a_draft_whose_segment_was_deleted_says_so_in_the_list(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        rule = {"match": "ALL", "negated": False, "parts": []}
        segment = create_segment(actor=BOSS, name="Stammgäste", rule=rule, now=timezone.now())
        draft(str(segment.pk))
    assert '<small class="campaign-line">Stammgäste</small>' in browser.get(LIST).text
    with salon_scope(sonnenschein.pk):
        delete_segment(actor=BOSS, segment_id=segment.pk, now=timezone.now())
    assert '<small class="campaign-line">Stammgäste (gelöscht)</small>' in browser.get(LIST).text


def test_a_group_to_choose_says_how_many_of_it_get_the_mail(browser: Browser, sonnenschein: Salon) -> None:
    url = "/s/sonnenschein/marketing/segments/count/?segment=everybody"
    with salon_scope(sonnenschein.pk):
        agreed("Lena")
        make_client("Ida")
    assert browser.get(f"{url}&mail").text == "2 Personen, 1 davon erreichbar"
    with salon_scope(sonnenschein.pk):
        agreed("Kim")
        agreed("Uta", blocked=True)
    assert browser.get(f"{url}&mail").text == "4 Personen, 2 davon erreichbar"
    assert browser.get(url).text == "4 Personen"


def test_a_ready_made_group_is_called_as_its_reader_calls_it(browser: Browser, sonnenschein: Salon) -> None:
    browser.post(f"{LIST}new/", {"name": "Rundbrief", "segment": "everybody"})
    browser.post(f"{LIST}new/", {"name": "Rückkehr", "segment": "lapsed"})
    called = ("Alle Kunden", "Abgewandert", "All clients", "Lapsed")
    pages = {language: browser.get(LIST, headers={"Accept-Language": language}).text for language in ("de", "en")}
    assert {language: [one for one in called if one in page] for language, page in pages.items()} == {
        "de": ["Alle Kunden", "Abgewandert"],
        "en": ["All clients", "Lapsed"],
    }


def test_copy_delete_and_undo(browser: Browser, campaign: Campaign) -> None:
    answer = browser.post(f"{LIST}{campaign.pk}/copy/")
    with inside(campaign):
        copy = Campaign.objects.exclude(pk=campaign.pk).get()
    assert answer["Location"] == f"{LIST}{copy.pk}/edit/"
    assert (copy.subject, copy.body, copy.rule) == (campaign.subject, campaign.body, campaign.rule)
    page = browser.post(f"{LIST}{campaign.pk}/delete/", follow=True).content.decode()
    assert f'action="{LIST}{campaign.pk}/restore/"' in page
    assert browser.get(f"{LIST}{campaign.pk}/").status_code == 404
    browser.post(f"{LIST}{campaign.pk}/restore/")
    assert browser.get(f"{LIST}{campaign.pk}/")["Location"] == f"{LIST}{campaign.pk}/edit/"


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
        group = everybody_again()
        draft(segment=group)
    work_on(sonnenschein, campaign.pk, now=timezone.now())
    counts()  # remembers the salon, once
    few = counts()
    with salon_scope(sonnenschein.pk):
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
