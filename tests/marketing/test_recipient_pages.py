"""The results of a campaign and its recipients in the browser: each figure leads to exactly those whom it counts."""

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from bookings.models import Appointment, Sale
from clients.models import Client
from marketing.disclosing import marketing_of_client
from marketing.erasing import erase_marketing
from marketing.models import Campaign, MarketingRules, Recipient
from marketing.unsubscribing import NOBODY, Way, read_way
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import a_salon_day, at, make_appointment, make_client
from tests.marketing.campaigning import agreed, being_sent, may_send, work_on
from tests.marketing.segment_world import sold

LIST = "/s/sonnenschein/marketing/campaigns/"


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


@pytest.fixture
def campaign(sonnenschein: Salon) -> Campaign:
    """One that has gone out to two who had agreed; one had not, one has no address."""
    with salon_scope(sonnenschein.pk):
        may_send()
        agreed("Berta", last_name="Zimmer")
        agreed("Anna", last_name="Ahrens")
        make_client("Clara", email="clara@x.example")
        make_client("Dora")
        made = being_sent(now=timezone.now())
    work_on(sonnenschein, made.pk, now=timezone.now())
    return made


def test_a_figure_leads_to_those_whom_it_counts(browser: Browser, campaign: Campaign, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        day, anna, berta = a_salon_day(), Client.objects.get(first_name="Anna"), Client.objects.get(first_name="Berta")
        for client, hour in ((anna, 9), (berta, 10)):
            made = make_appointment((day.cut, day.anna), client=client, starts_at=at(hour))
            Appointment.objects.filter(pk=made.pk).update(created_at=timezone.now())
            if client == anna:
                sale = sold(anna, (day.cut, "59.00", "0.00"))
                Sale.objects.filter(pk=sale.pk).update(appointment=made)
        Recipient.objects.filter(client=berta).update(unsubscribed_at=timezone.now())
    page = browser.get(f"{LIST}{campaign.pk}/results/").content.decode()
    tiles = re.findall(
        r'figure-(\w+)">\s*<dt>.*?</dt>\s*<dd class="figure-number"><a class="row-link" href="([^"]*)">(.*?)</a>', page
    )
    rows = {key: browser.get(url.replace("&amp;", "&")).content.decode() for key, url, _shown in tiles}
    assert [(key, shown) for key, _url, shown in tiles if key != "revenue"] == [
        ("sent", "2"),
        ("unsubscribed", "1"),
        ("booked", "2"),
    ]
    assert {key: body.count('<th scope="row">') for key, body in rows.items()} == {
        "sent": 2,
        "unsubscribed": 1,
        "booked": 2,
        "revenue": 1,
    }
    assert "hat 1 Termin gebucht · 59,00" in rows["revenue"]
    assert "is-good figure-revenue" in page
    # Berta's is not paid yet; what she has booked leads to it.
    assert "bezahlten Verkäufen" in page
    assert "gebucht und noch nicht bezahlt: 59,00" in page
    assert "59,00\xa0€ gebucht" in browser.get(LIST).text
    found = re.search(r'<a href="([^"]*)">hat 1 Termin gebucht · 59,00\xa0€ noch nicht bezahlt</a>', rows["booked"])
    assert found
    assert found[1] == f"/s/sonnenschein/calendar/appointments/{made.pk}/"
    assert "Anna Ahrens" in rows["revenue"]
    [left_out] = re.findall(r'figure-words"><a href="([^"]*)">2 ausgelassen</a>', page)
    assert browser.get(left_out).content.decode().count('<th scope="row">') == 2


def test_what_counts_and_until_when(browser: Browser, campaign: Campaign, sonnenschein: Salon) -> None:
    url = f"{LIST}{campaign.pk}/results/"
    page = browser.get(url).text
    assert "auch von Stammkunden, die ohnehin gekommen wären" in page
    until = timezone.localdate() + timedelta(days=14)
    assert f"Gezählt wird noch bis {until:%d.%m.%Y}." in page
    # Nothing is earned yet.
    assert "figure-revenue" in page
    assert "is-good" not in page
    with salon_scope(sonnenschein.pk):
        Recipient.objects.filter(sent_at__isnull=False).update(sent_at=timezone.now() - timedelta(days=14))
    assert "Gezählt wird noch bis" not in browser.get(url).text


def test_by_name_searched_and_narrowed(browser: Browser, campaign: Campaign) -> None:
    def names(**asked: str) -> list[str]:
        page = browser.get(f"{LIST}{campaign.pk}/recipients/", asked).content.decode()
        return re.findall(r'<th scope="row"><a [^>]*>(.*?)</a>', page)

    assert names() == ["Anna Ahrens", "Clara Vogel", "Dora Vogel", "Berta Zimmer"]
    assert names(q="vog") == ["Clara Vogel", "Dora Vogel"]
    assert names(q="vog clara@") == ["Clara Vogel"]
    assert names(q="vog", state="EXCLUDED", reason="NO_ADDRESS") == ["Dora Vogel"]
    assert names(effect="BOOKED") == []
    assert names(state="?", effect="?", q="\x00") == names()
    page = browser.get(f"{LIST}{campaign.pk}/recipients/", {"q": '"><b>', "effect": "BOOKED"}).content.decode()
    assert 'value="&quot;&gt;&lt;b&gt;"' in page
    # What was asked for can be taken back, were there nobody.
    assert '<option value="BOOKED" selected>hat gebucht (0)</option>' in page
    assert 'class="empty"' in page


def test_the_card_leads_to_the_mail_whoever_may_see_it(
    browser: Browser,
    browser_of: Callable[[User], Browser],
    stylist: User,
    campaign: Campaign,
    sonnenschein: Salon,
    settings: Settings,
) -> None:
    settings.MAILS_STAY = False
    with salon_scope(sonnenschein.pk):
        anna = Client.objects.get(first_name="Anna")
    card = f"/s/sonnenschein/clients/{anna.pk}/"
    link = f'<a href="{LIST}{campaign.pk}/recipients/{anna.pk}/mail/">'
    seen = {who: page.get(card).text for who, page in (("manager", browser), ("desk", browser_of(stylist)))}
    assert {who: (link in page, page.count("E-Mail gesendet")) for who, page in seen.items()} == {
        "manager": (True, 1),
        "desk": (False, 1),
    }
    with salon_scope(sonnenschein.pk):
        Campaign.objects.update(deleted_at=timezone.now())
    assert link not in browser.get(card).text


@pytest.mark.parametrize("stays", [True, False])
def test_her_own_way_out_is_shown_only_where_no_mail_leaves(
    browser: Browser, campaign: Campaign, sonnenschein: Salon, settings: Settings, stays: bool
) -> None:
    settings.MAILS_STAY = stays
    with salon_scope(sonnenschein.pk):
        anna = Recipient.objects.get(client__first_name="Anna")
    mail = browser.get(f"{LIST}{campaign.pk}/preview/", {"client": str(anna.client_id), "part": "text"}).text
    [secret] = re.findall(r"/unsubscribe/([^/]*)/\s", html.unescape(re.sub(r"<[^>]*>", "", mail)))
    own = Way(sonnenschein.pk, anna.client_id, anna.pk)
    assert read_way(secret) == (own if stays else Way(sonnenschein.pk, NOBODY, NOBODY))


def test_a_mail_is_shown_as_it_went_out(browser: Browser, campaign: Campaign, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        anna, berta, clara = (Client.objects.get(first_name=name) for name in ("Anna", "Berta", "Clara"))
        Client.objects.filter(pk=anna.pk).update(first_name="Annika", email="neu@x.example")
        MarketingRules.objects.update(sender_name="Anders", imprint="Anderswo 1")
        # One from before words were kept.
        Recipient.objects.filter(client=berta).update(said=None)
        stranger = make_client("Emil")

    def told(client: Client, part: str = "html") -> tuple[str, str]:
        pages = (
            f"{campaign.pk}/recipients/{client.pk}/mail/",
            f"{campaign.pk}/preview/?client={client.pk}&part={part}",
        )
        head, mail = (
            html.unescape(browser.get(f"{LIST}{page}").content.decode()).replace("<wbr>", "") for page in pages
        )
        return head, mail

    head, mail = told(anna)
    assert "So ist sie am " in head
    assert all(one in head for one in ("anna@x.example", "Ihr Salon Sonnenschein <", "Frühling für Anna<"))
    assert all(one in mail for one in ("Hallo Anna Ahrens", "Lindenstraße 5")), mail
    assert not [one for one in ("Annika", "Anders", "neu@x.example") if one in mail]
    assert "neu@x.example" not in head
    assert "Hallo Anna Ahrens" in told(anna, "text")[1]
    assert "wurde damals nicht aufbewahrt" in told(berta)[0]
    assert "Clara Vogel hat sie nicht bekommen: hat nicht eingewilligt." in told(clara)[0]
    lines = browser.get(f"{LIST}{campaign.pk}/preview/", {"client": str(stranger.pk), "part": "lines"})
    assert "gehört nicht zu den Empfängern" in lines.content.decode()
    assert "So wurde sie diesem Kunden geschrieben" in browser.get(f"{LIST}{campaign.pk}/results/").content.decode()
    with salon_scope(sonnenschein.pk):
        assert "Hallo Anna Ahrens" in str(marketing_of_client([anna.pk])["mailings"])
        erase_marketing(client_ids=[anna.pk])
        assert Recipient.objects.get(client=anna).said is None
