"""The results of a campaign and its recipients in the browser: each figure leads to exactly those whom it counts."""

import re
from collections.abc import Callable

import pytest
from django.test import Client as Browser
from django.utils import timezone

from bookings.models import Appointment, Sale
from clients.models import Client
from marketing.models import Campaign, Recipient
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
    tiles = re.findall(r'figure-(\w+)">\s*<dt>.*?</dt>\s*<dd class="figure-number"><a href="([^"]*)">(.*?)</a>', page)
    rows = {key: browser.get(url.replace("&amp;", "&")).content.decode() for key, url, _shown in tiles}
    assert [(key, shown) for key, _url, shown in tiles if key != "revenue"] == [
        ("sent", "2"),
        ("failed", "0"),
        ("unsubscribed", "1"),
        ("booked", "2"),
    ]
    assert {key: body.count('<th scope="row">') for key, body in rows.items()} == {
        "sent": 2,
        "failed": 0,
        "unsubscribed": 1,
        "booked": 2,
        "revenue": 1,
    }
    assert "hat 1 Termin gebucht · 59,00" in rows["revenue"]
    assert "Anna Ahrens" in rows["revenue"]
    [left_out] = re.findall(r'figure-words"><a href="([^"]*)">2 ausgelassen</a>', page)
    assert browser.get(left_out).content.decode().count('<th scope="row">') == 2


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
