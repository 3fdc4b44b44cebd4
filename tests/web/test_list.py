"""The client list in the browser: filters, order, columns, many at once (ui.md §2.3)."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from clients.categories import assign_to_many, create_category
from clients.details import ClientDetails
from clients.editing import create_client
from clients.labels import CategoryDetails
from clients.listing import list_clients
from clients.models import CategoryAssignment, Client, CreatedVia
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW

LIST = "/s/sonnenschein/clients/"
HTMX = {"HX-Request": "true"}
TODAY = date(2026, 11, 21)


@pytest.fixture(autouse=True)
def _on_that_day(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], stylist: User) -> Browser:
    return browser_of(stylist)


def _add(salon: Salon, actor: Actor, first: str, **facts: Any) -> Client:
    """Make a card and set what operations do not: facts that come from appointments."""
    names = {name: facts.pop(name) for name in ("email", "mobile", "birthday", "last_name") if name in facts}
    with salon_scope(salon.pk):
        details = ClientDetails(first_name=first, **names)
        card = create_client(actor=actor, salon=salon, details=details, created_via=CreatedVia.STAFF, now=NOW).client
        if facts:
            Client.objects.filter(pk=card.pk).update(**facts)
        return card


def _names(browser: Browser, query: str) -> list[str]:
    return [row.full_name for row in browser.get(f"{LIST}?{query}").context["page"].clients]


@pytest.fixture
def people(sonnenschein: Salon, front_desk: Actor) -> dict[str, Client]:
    days = {"Ada": 10, "Bea": 100, "Cleo": 400}
    found = {
        name: _add(sonnenschein, front_desk, name, last_visit_on=TODAY - timedelta(days=ago), visits=ago // 10)
        for name, ago in days.items()
    }
    found["Dora"] = _add(
        sonnenschein,
        front_desk,
        "Dora",
        email="dora@mail.example",
        birthday="4.5.1990",
        status="NEW",
        status_reason="FIRST_VISIT_PENDING",
        created_via="ONLINE_BOOKING",
        email_consent_for="dora@mail.example",
        treatcard_number="T77",
        points=350,
        listed_on=TODAY - timedelta(days=30),
    )
    found["Emil"] = _add(sonnenschein, front_desk, "Emil", mobile="0171 5550318", blocked=True)
    return found


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Ada", "Bea", "Cleo", "Dora", "Emil"]),
        ("status=NEW", ["Dora"]),
        ("status=RETURNING", ["Ada", "Bea", "Cleo", "Emil"]),
        ("reason=FIRST_VISIT_PENDING", ["Dora"]),
        ("last_visit=within&days=100", ["Ada", "Bea"]),
        ("last_visit=within&days=99", ["Ada"]),
        ("last_visit=ago&days=100", ["Cleo"]),
        ("last_visit=ago&days=99", ["Bea", "Cleo"]),
        ("last_visit=ago", ["Bea", "Cleo"]),
        ("last_visit=never", ["Dora", "Emil"]),
        ("consent=yes", ["Dora"]),
        ("consent=no", ["Ada", "Bea", "Cleo", "Emil"]),
        ("blocked=yes", ["Emil"]),
        ("blocked=no&treatcard=yes", ["Dora"]),
        ("contact=none", ["Ada", "Bea", "Cleo"]),
        ("birthday=5", ["Dora"]),
        ("birthday=6", []),
        ("via=ONLINE_BOOKING", ["Dora"]),
        ("treatcard=no&contact=none", ["Ada", "Bea", "Cleo"]),
        ("points_from=350", ["Dora"]),
        ("points_from=351", []),
        ("points_from=-5&points_to=349", ["Ada", "Bea", "Cleo", "Emil"]),
        ("points_from=350&sort=points", ["Dora"]),
        ("points_to=0&sort=points&dir=asc", ["Ada", "Bea", "Cleo", "Emil"]),
        ("points_from=viele", ["Ada", "Bea", "Cleo", "Dora", "Emil"]),
        ("listed_to=2026-10-22", ["Dora"]),
        ("listed_to=2026-10-21", []),
        ("listed_from=2026-10-23", ["Ada", "Bea", "Cleo", "Emil"]),
        # Not asked for, or not to be read: everybody.
        ("status=&reason=&days=90", ["Ada", "Bea", "Cleo", "Dora", "Emil"]),
        ("status=OLD&listed_from=gestern&birthday=13", ["Ada", "Bea", "Cleo", "Dora", "Emil"]),
        ("category=nonsense", ["Ada", "Bea", "Cleo", "Dora", "Emil"]),
        # Within a search.
        ("q=a&consent=yes", []),
        ("q=d&consent=yes", ["Dora"]),
        ("q=0171&blocked=yes", ["Emil"]),
        ("q=0171&blocked=no", []),
    ],
)
def test_filters(browser: Browser, people: dict[str, Client], query: str, names: list[str]) -> None:
    assert _names(browser, query) == names


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("sort=name", ["Ada", "Bea", "Cleo", "Dora", "Emil"]),
        ("sort=name&dir=desc", ["Emil", "Dora", "Cleo", "Bea", "Ada"]),
        ("sort=number&dir=desc", ["Emil", "Dora", "Cleo", "Bea", "Ada"]),
        ("sort=last_visit&contact=none", ["Ada", "Bea", "Cleo"]),
        ("sort=last_visit&dir=asc&contact=none", ["Cleo", "Bea", "Ada"]),
        ("sort=visits&contact=none", ["Cleo", "Bea", "Ada"]),
        ("sort=visits&dir=asc&contact=none", ["Ada", "Bea", "Cleo"]),
        ("sort=listed_on&dir=asc&treatcard=yes", ["Dora"]),
    ],
)
def test_orders_go_both_ways(browser: Browser, people: dict[str, Client], query: str, names: list[str]) -> None:
    assert _names(browser, query) == names


def test_heads_say_how_the_list_is_ordered_and_turn_it(browser: Browser, people: dict[str, Client]) -> None:
    answer = browser.get(LIST)
    assert (answer.context["name_head"].sorted, answer.context["name_head"].url) == (
        "ascending",
        f"{LIST}?sort=name&dir=desc",
    )
    heads = {head.name: head for head in answer.context["heads"]}
    assert (heads["last_visit"].sorted, heads["last_visit"].url) == ("", f"{LIST}?sort=last_visit")
    turned = browser.get(f"{LIST}?sort=last_visit&status=RETURNING")
    head = next(one for one in turned.context["heads"] if one.name == "last_visit")
    assert (head.sorted, head.url) == ("descending", f"{LIST}?status=RETURNING&sort=last_visit&dir=asc")
    assert 'aria-sort="descending"' in turned.content.decode()


def test_rows_lead_to_cards_that_know_the_list(browser: Browser, people: dict[str, Client]) -> None:
    rows = browser.get(f"{LIST}?sort=visits&dir=asc&contact=none").context["page"].clients
    assert rows[0].card_url == f"{LIST}{people['Ada'].pk}/?contact=none&sort=visits&dir=asc"
    assert browser.get(rows[0].card_url).status_code == 200


@pytest.mark.parametrize("sort", ["name", "number", "listed_on", "last_visit", "visits"])
@pytest.mark.parametrize("way", ["asc", "desc"])
@pytest.mark.parametrize("walked", [3, 1000])
def test_pages_of_a_filtered_list_hold_every_client_once(
    browser: Browser,
    sonnenschein: Salon,
    front_desk: Actor,
    sort: str,
    way: str,
    walked: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for index in range(17):
        _add(sonnenschein, front_desk, f"Nr{index % 4}", visits=index % 3, blocked=index % 2 == 0)
    monkeypatch.setattr("clients.web.list.list_clients", partial(list_clients, limit=4))
    monkeypatch.setattr("salon.keyset.WALKED", walked)
    start = f"{LIST}?blocked=yes&sort={sort}&dir={way}"
    url, seen, pages = start, [], []
    while url:
        page = browser.get(url).context["page"]
        pages.append([row.number for row in page.clients])
        seen += pages[-1]
        url = page.next_url
    assert sorted(map(int, seen)) == [1, 3, 5, 7, 9, 11, 13, 15, 17]
    assert [len(page) for page in pages] == [4, 4, 1]
    back = browser.get(browser.get(start).context["page"].next_url).context["page"].previous_url
    assert [row.number for row in browser.get(back).context["page"].clients] == pages[0]


def test_chips_take_their_filter_away(
    browser: Browser, people: dict[str, Client], sonnenschein: Salon, front_desk: Actor
) -> None:
    with salon_scope(sonnenschein.pk):
        ids = [str(_category(front_desk, name)) for name in ("Barber", "VIP")]
    answer = browser.get(
        f"{LIST}?q=a&category={ids[0]}&category={ids[1]}&last_visit=ago&days=30&listed_from=2026-01-02"
    )
    assert [(chip.text, chip.remove_url) for chip in answer.context["chips"]] == [
        ("Kategorie: Barber", f"{LIST}?q=a&last_visit=ago&days=30&listed_from=2026-01-02&category={ids[1]}"),
        ("Kategorie: VIP", f"{LIST}?q=a&last_visit=ago&days=30&listed_from=2026-01-02&category={ids[0]}"),
        (
            "Letzter Besuch vor mehr als 30 Tagen",
            f"{LIST}?q=a&category={ids[0]}&category={ids[1]}&listed_from=2026-01-02",
        ),
        ("Kunde seit 02.01.2026 oder später", f"{LIST}?q=a&category={ids[0]}&category={ids[1]}&last_visit=ago&days=30"),
    ]
    assert answer.context["clear_url"] == f"{LIST}?q=a"
    of_points = browser.get(f"{LIST}?points_from=1200&points_to=3000")
    assert [chip.text for chip in of_points.context["chips"]] == ["Ab 1.200 Punkten", "Bis 3.000 Punkte"]


def _category(actor: Actor, name: str) -> Any:
    return create_category(actor=actor, details=CategoryDetails(name=name), now=NOW).pk


def test_of_several_categories_any_will_do(
    browser: Browser, people: dict[str, Client], sonnenschein: Salon, front_desk: Actor
) -> None:
    with salon_scope(sonnenschein.pk):
        barber, vip = (_category(front_desk, name) for name in ("Barber", "VIP"))
        for category, name in ((barber, "Ada"), (vip, "Cleo"), (vip, "Emil")):
            assign_to_many(actor=front_desk, client_ids=[people[name].pk], category_ids=[category], now=NOW)
    assert _names(browser, f"category={vip}") == ["Cleo", "Emil"]
    assert _names(browser, f"category={vip}&category={barber}") == ["Ada", "Cleo", "Emil"]
    assert _names(browser, f"category={vip}&contact=none") == ["Cleo"]
    html = browser.get(f"{LIST}filter/?category={vip}", headers=HTMX).content.decode()
    assert "<html" not in html
    assert f'value="{vip}" checked' in html
    assert f'value="{barber}" checked' not in html


@pytest.mark.parametrize("path", ["filter/", "columns/"])
def test_options_are_pages_too(browser: Browser, people: dict[str, Client], path: str) -> None:
    page = browser.get(f"{LIST}{path}?q=a&status=NEW&sort=visits")
    assert page.status_code == 200
    assert "<html" in page.content.decode()
    assert page.context["back_url"] == f"{LIST}?q=a&status=NEW&sort=visits"


def test_columns_stay_chosen_after_signing_out(
    browser: Browser, browser_of: Callable[[User], Browser], people: dict[str, Client], stylist: User
) -> None:
    assert [head.name for head in browser.get(LIST).context["heads"]] == [
        "number", "phone", "email", "categories", "status", "last_visit",
    ]  # fmt: skip
    answer = browser.post(f"{LIST}columns/", {"column": ["consent", "city", "nonsense"], "list": "status=NEW"})
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}?status=NEW")
    browser.logout()
    again = browser_of(User.objects.get(pk=stylist.pk)).get(LIST)
    assert [head.name for head in again.context["heads"]] == ["city", "consent"]
    none = browser_of(stylist)
    none.post(f"{LIST}columns/", {})
    assert none.get(LIST).context["heads"] == []


def test_every_column_shows_something(
    browser: Browser, people: dict[str, Client], sonnenschein: Salon, front_desk: Actor
) -> None:
    with salon_scope(sonnenschein.pk):
        ids = [_category(front_desk, name) for name in ("Barber", "Kinder", "<VIP>")]
        assign_to_many(actor=front_desk, client_ids=[people["Dora"].pk], category_ids=ids, now=NOW)
        Client.objects.filter(pk=people["Dora"].pk).update(points=350, city="Köln")
    everything = "number phone email city categories status last_visit visits since birthday treatcard points consent"
    browser.post(f"{LIST}columns/", {"column": everything.split()})
    row = browser.get(f"{LIST}?q=dora").context["page"].clients[0]
    for cell in (
        '<td class="c-number">4</td>',
        '<td class="c-email">dora@mail.example</td>',
        '<td class="c-city">Köln</td>',
        '<span class="badge">&lt;VIP&gt;</span><span class="badge">Barber</span>',
        '<span class="badge" title="Kinder">+1</span>',
        '<td class="c-status"><span class="badge accent">Neu</span></td>',
        '<td class="c-last_visit"><span class="faint">noch nie</span></td>',
        '<td class="c-visits">0</td>',
        '<td class="c-since">22.10.2026</td>',
        '<td class="c-birthday">04.05.1990</td>',
        '<td class="c-treatcard">T77</td>',
        '<td class="c-points">350</td>',
        "eingewilligt</span></td>",
    ):
        assert cell in row.html


def test_the_count_is_honest(browser: Browser, people: dict[str, Client], monkeypatch: pytest.MonkeyPatch) -> None:
    assert browser.get(f"{LIST}count/").content.decode().strip() == "5 Kundinnen und Kunden"
    assert browser.get(f"{LIST}count/?blocked=yes").content.decode().strip() == "1 Kundin oder Kunde"
    assert browser.get(f"{LIST}count/?q=d").content.decode().strip() == "1 Kundin oder Kunde"
    monkeypatch.setattr("clients.listing.COUNTED", 3)
    assert browser.get(f"{LIST}count/").content.decode().strip() == "5 Kundinnen und Kunden"
    monkeypatch.setattr("clients.listing.COUNTED_OF_ALL", 3)
    for query in ("", "?status=RETURNING"):
        assert browser.get(f"{LIST}count/{query}").content.decode().strip() == "mehr als 3 Kunden"


def _assigned(salon: Salon) -> set[str]:
    with salon_scope(salon.pk):
        return {one.client.first_name for one in CategoryAssignment.objects.select_related("client")}


def test_a_category_for_those_marked_and_back(
    browser: Browser, people: dict[str, Client], sonnenschein: Salon, front_desk: Actor
) -> None:
    with salon_scope(sonnenschein.pk):
        vip = _category(front_desk, "VIP")
        assign_to_many(actor=front_desk, client_ids=[people["Ada"].pk], category_ids=[vip], now=NOW - timedelta(days=1))
    marked = [str(people[name].pk) for name in ("Ada", "Bea", "Emil")]
    url = f"{LIST}selection/categories/"
    chooser = browser.post(url, {"client": marked, "action": "assign", "list": "sort=visits"})
    assert (chooser.status_code, chooser.context["many"]) == (200, 3)
    assert "<html" in chooser.content.decode()
    assert "<html" not in browser.post(url, {"client": marked, "action": "assign"}, headers=HTMX).content.decode()
    assert browser.post(url, {"client": marked, "action": "assign", "step": "chosen"}).status_code == 422
    assert _assigned(sonnenschein) == {"Ada"}
    done = browser.post(url, {"client": marked, "action": "assign", "assigned": str(vip), "list": "sort=visits"})
    assert (done.status_code, done["Location"]) == (302, f"{LIST}?sort=visits")
    assert _assigned(sonnenschein) == {"Ada", "Bea", "Emil"}
    html = browser.get(done["Location"]).content.decode()
    assert "2 Kunden haben die Kategorie bekommen." in html
    undo = html.split('action="')[1:]
    undo_url = next(part.split('"')[0] for part in undo if "take-back" in part).replace("&amp;", "&")
    # Ada had it before and keeps it.
    assert browser.post(undo_url)["Location"] == f"{LIST}?sort=visits"
    assert _assigned(sonnenschein) == {"Ada"}
    browser.post(url, {"client": marked, "action": "remove", "assigned": str(vip)})
    assert _assigned(sonnenschein) == set()


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        ("", {"Ada", "Bea", "Cleo", "Dora", "Emil"}),
        ("contact=none", {"Ada", "Bea", "Cleo"}),
        ("q=a", {"Ada"}),
        ("q=a&blocked=yes", set()),
    ],
)
def test_all_the_list_has_are_found_by_the_server(
    browser: Browser, people: dict[str, Client], sonnenschein: Salon, front_desk: Actor, listed: str, names: set[str]
) -> None:
    with salon_scope(sonnenschein.pk):
        vip = _category(front_desk, "VIP")
    marked = {"client": str(people["Emil"].pk), "all": "1", "list": listed, "action": "assign", "assigned": str(vip)}
    browser.post(f"{LIST}selection/categories/", marked)
    assert _assigned(sonnenschein) == names


def test_nobody_marked_is_said(browser: Browser, people: dict[str, Client], sonnenschein: Salon) -> None:
    for given in ({}, {"client": "nonsense"}):
        answer = browser.post(f"{LIST}selection/categories/", {"action": "assign", **given})
        assert (answer.status_code, answer["Location"]) == (302, LIST)
    told = browser.post(f"{LIST}selection/categories/", {"action": "assign"}, headers=HTMX)
    assert (told.status_code, told["HX-Redirect"]) == (204, LIST)
    assert "Markieren Sie zuerst" in browser.get(LIST).content.decode()


@pytest.mark.parametrize("query", ["", "assigned=x&at=2026-11-21T10:00:00%2B00:00", "at=2026-13-99"])
def test_taking_back_nothing_is_not_found(browser: Browser, sonnenschein: Salon, query: str) -> None:
    assert browser.post(f"{LIST}selection/categories/take-back/?{query}").status_code == 404


def test_staff_see_no_tools_of_managers(
    browser: Browser, browser_of: Callable[[User], Browser], people: dict[str, Client], manager: User
) -> None:
    assert browser.get(LIST).context["tools"] == []
    assert browser.get(LIST).context["actions"] == []
    assert {tool.key for tool in browser_of(manager).get(LIST).context["tools"]} <= {"duplicates", "import", "export"}


@pytest.mark.parametrize(("query", "queries"), [("", 9), ("?status=NEW", 11), ("?q=nr&status=NEW", 11)])
def test_pages_take_the_same_queries_for_any_number_of_rows(
    browser: Browser, sonnenschein: Salon, front_desk: Actor, query: str, queries: int
) -> None:
    with salon_scope(sonnenschein.pk):
        vip = _category(front_desk, "VIP")
    counts = []
    for rows in (2, 18):
        for index in range(rows):
            card = _add(sonnenschein, front_desk, f"Nr{index}", status="NEW")
            with salon_scope(sonnenschein.pk):
                assign_to_many(actor=front_desk, client_ids=[card.pk], category_ids=[vip], now=NOW)
        browser.get(f"{LIST}{query}")
        with CaptureQueriesContext(connection) as captured:
            assert len(browser.get(f"{LIST}{query}").context["page"].clients) >= rows
        counts.append(len(captured))
    assert counts[0] == counts[1] <= queries


def test_who_finds_nobody_is_told_whom_she_may_have_meant(
    browser: Browser, people: dict[str, Client], sonnenschein: Salon
) -> None:
    page = browser.get(LIST, {"q": "Emill", "sort": "number"})
    assert page.context["meant"] == [("Emil", f"{LIST}?sort=number&q=Emil")]
    assert "Meinten Sie" in page.content.decode()
    assert browser.get(LIST, {"q": "Emil"}).context["meant"] == []
    assert "Meinten Sie" not in browser.get(LIST, {"q": "Emill", "status": "NEW"}).content.decode()


@pytest.mark.parametrize("chosen", [False, True])
def test_columns_that_somebody_chose_stay_on_a_tablet(
    browser: Browser, people: dict[str, Client], chosen: bool
) -> None:
    if chosen:
        browser.post(f"{LIST}columns/", {"column": ["city", "points"]})
    assert ("clients chosen" in browser.get(LIST).content.decode()) is chosen
