"""The Treatcard on the client card: balance, statement, adjusting, what can be had for the points (ui.md §2.4)."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from clients.models import Cause, Client, PointsEntry
from clients.points import post
from clients.treatcard import set_treatcard
from loyalty.models import PriorUse
from salon.desk.favourites import Favourite, favourites_of
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.bookings.salonday import make_service
from tests.card.desk import HTMX, OWNER, card_of, stored_card
from tests.checkout.till import a_till, make_product, make_reward, product
from tests.conftest import NOW


@pytest.fixture
def holder(sonnenschein: Salon, petra: Client) -> Client:
    with salon_scope(sonnenschein.pk):
        set_treatcard(actor=OWNER, client_id=petra.pk, number="TC1", now=NOW)
        post(client=petra, points=1350, cause=Cause.OPENING, cause_id=new_id(), actor=OWNER, now=NOW)
    return petra


def _text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def _adjust(browser: Browser, client: Client, **form: str) -> Any:
    return browser.post(f"{card_of(client)}points/", form)


def _entries(salon: Salon, client: Client) -> list[tuple[str, int, str]]:
    with salon_scope(salon.pk):
        rows = PointsEntry.objects.filter(client=client).order_by("number")
        return list(rows.values_list("cause", "points", "reason"))


def test_the_panel_says_the_balance_and_asks_for_the_latest(browser: Browser, holder: Client) -> None:
    page = browser.get(card_of(holder)).content.decode()
    assert "<strong>1.350</strong> Punkte" in page
    assert f'hx-get="{card_of(holder)}points/"' in page
    latest = browser.get(f"{card_of(holder)}points/", headers=HTMX)
    assert "<html" not in latest.content.decode()
    assert "Punkte mitgebracht" in _text(latest)
    assert "+1.350" in _text(latest)


def test_points_are_given_and_taken_for_a_reason(managing: Browser, sonnenschein: Salon, holder: Client) -> None:
    given = _adjust(managing, holder, points="50", reason="Entschuldigung", adjustment=str(new_id()))
    assert (given.status_code, given["Location"]) == (302, f"{card_of(holder)}points/")
    taken = str(new_id())
    for _twice in range(2):
        assert _adjust(managing, holder, points="-1.000", reason="Vertippt", adjustment=taken).status_code == 302
    assert _entries(sonnenschein, holder)[1:] == [("ADJUSTED", 50, "Entschuldigung"), ("ADJUSTED", -1000, "Vertippt")]
    text = _text(managing.get(f"{card_of(holder)}points/"))
    assert "−1.000 Punkte. Der Stand ist jetzt 400." in text
    assert "Entschuldigung" in text


@pytest.mark.parametrize(
    ("points", "reason", "told"),
    [
        ("viele", "Kulanz", "Geben Sie eine ganze Zahl ein."),
        ("0", "Kulanz", "Bitte eine ganze Zahl zwischen 1 und 1.000.000 eingeben, mit Minus"),
        ("50", " ", "Bitte einen Grund eingeben."),
        ("", "Kulanz", "Dieses Feld ist zwingend erforderlich."),
    ],
)
def test_what_is_wrong_stands_beside_the_field(
    managing: Browser, sonnenschein: Salon, holder: Client, points: str, reason: str, told: str
) -> None:
    refused = _adjust(managing, holder, points=points, reason=reason, adjustment=str(new_id()))
    assert refused.status_code == 422
    assert told in _text(refused)
    assert f'value="{points}"' in refused.content.decode()
    assert len(_entries(sonnenschein, holder)) == 1


def test_below_zero_is_asked_for_once_before_it_is_booked(
    managing: Browser, sonnenschein: Salon, holder: Client
) -> None:
    form = {"points": "-1.500", "reason": "Vertippt", "adjustment": str(new_id())}
    asked = _adjust(managing, holder, **form)
    page = asked.content.decode()
    assert asked.status_code == 422
    assert "Der Stand würde auf −150 fallen." in _text(asked)
    assert 'value="-1.500"' in page
    assert '<button class="button" type="submit" name="floor" value="-150">Trotzdem buchen</button>' in page
    assert len(_entries(sonnenschein, holder)) == 1
    # Somebody types more, or takes some meanwhile: what was agreed to is no longer what would be.
    more = _adjust(managing, holder, **{**form, "points": "-1.501"}, floor="-150")
    assert "Der Stand würde auf −151 fallen." in _text(more)
    assert len(_entries(sonnenschein, holder)) == 1
    for _twice in range(2):
        assert _adjust(managing, holder, **form, floor="-150").status_code == 302
    assert _entries(sonnenschein, holder)[1:] == [("ADJUSTED", -1500, "Vertippt")]
    assert "−1.500 Punkte. Der Stand ist jetzt −150." in _text(managing.get(f"{card_of(holder)}points/"))


def test_down_to_zero_and_up_from_below_nobody_is_asked(managing: Browser, sonnenschein: Salon, holder: Client) -> None:
    taken = {"points": "-1.350", "reason": "Kulanz", "adjustment": str(new_id())}
    for _twice in range(2):
        assert _adjust(managing, holder, **taken).status_code == 302
    with salon_scope(sonnenschein.pk):
        card = stored_card(sonnenschein, holder)
        post(client=card, points=-100, cause=Cause.REVERSED, cause_id=new_id(), actor=OWNER, now=NOW)
    given = {"points": "50", "reason": "Kulanz", "adjustment": str(new_id())}
    assert _adjust(managing, holder, **given).status_code == 302
    assert [points for _cause, points, _reason in _entries(sonnenschein, holder)] == [1350, -1350, -100, 50]


def test_the_front_desk_reads_and_does_not_adjust(browser: Browser, sonnenschein: Salon, holder: Client) -> None:
    assert "Punkte anpassen" not in _text(browser.get(f"{card_of(holder)}points/"))
    assert _adjust(browser, holder, points="50", reason="Kulanz").status_code == 403
    assert len(_entries(sonnenschein, holder)) == 1


def test_without_a_treatcard_there_is_nothing_to_adjust(managing: Browser, petra: Client) -> None:
    assert "Punkte anpassen" not in _text(managing.get(f"{card_of(petra)}points/"))
    refused = _adjust(managing, petra, points="50", reason="Kulanz")
    assert refused.status_code == 422


def test_a_long_statement_has_pages(managing: Browser, sonnenschein: Salon, holder: Client) -> None:
    with salon_scope(sonnenschein.pk):
        for number in range(25):
            card = stored_card(sonnenschein, holder)
            post(client=card, points=1 + number, cause=Cause.ADJUSTED, cause_id=new_id(), actor=OWNER, now=NOW)
    counts = []
    url = f"{card_of(holder)}points/"
    with CaptureQueriesContext(connection) as asked:
        first = managing.get(url)
    counts.append(len(asked))
    older = re.search(r'href="([^"]*before=[^"]*)"', first.content.decode())
    assert older
    with CaptureQueriesContext(connection) as asked:
        second = managing.get(older[1])
    counts.append(len(asked))
    rows = [len(re.findall(r'class="number points-moved', page.content.decode())) for page in (first, second)]
    assert (rows, max(counts) <= 15) == ([20, 6], True)
    assert managing.get(f"{url}?before=x").status_code == 302


def test_rewards_say_what_she_can_have_and_what_she_had_before(
    browser: Browser, sonnenschein: Salon, holder: Client
) -> None:
    with salon_scope(sonnenschein.pk):
        shave = make_reward(make_service("Nassrasur", price="25.00"), points=350)
        make_reward(make_product("Serum", "154.00"), points=2156)
    url = f"{card_of(holder)}rewards/"
    text = _text(browser.get(url))
    assert "Nassrasur 350 Punkte einlösbar" in text
    assert "Serum 2.156 Punkte Noch 806 Punkte" in text
    assert browser.post(url, {"reward": str(shave.pk)}).status_code == 302
    assert "Nassrasur 350 Punkte gab es schon oder ist gebucht Doch nicht gehabt" in _text(browser.get(url))
    assert browser.post(url, {"reward": str(shave.pk), "withdraw": "yes"}).status_code == 302
    with salon_scope(sonnenschein.pk):
        assert not PriorUse.objects.exists()
    # Of no such reward nothing is noted.
    assert browser.post(url, {"reward": "x"}).status_code == 302


def test_the_statements_do_not_grow_with_the_rewards(browser: Browser, sonnenschein: Salon, holder: Client) -> None:
    counts = []
    for rounds in (1, 9):
        with salon_scope(sonnenschein.pk):
            for number in range(rounds):
                make_reward(make_service(f"Dienst {rounds} {number}"))
        browser.get(f"{card_of(holder)}rewards/")
        with CaptureQueriesContext(connection) as asked:
            browser.get(f"{card_of(holder)}rewards/")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 15


def test_favourite_products_are_those_bought_and_kept(in_sonnenschein: Salon, front_desk: Actor) -> None:
    till = a_till(front_desk, in_sonnenschein)
    till.sold(product(till.oil, 2), product(till.shampoo))
    till.sold(product(till.shampoo, 2))
    till.open(product(till.oil, 5))
    found = favourites_of(till.day.lena.pk)
    assert found.products == [Favourite("Shampoo", 3), Favourite("Haaröl", 2)]
    assert found.services == []
