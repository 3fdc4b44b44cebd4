"""The card as a page: its head, history, neighbours and cost (ui.md §2.4)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings.states import State
from bookings.writing import tell
from clients.categories import assign_to_many, create_category
from clients.labels import CategoryDetails
from clients.models import CardState, CarriedService, Client
from clients.notes import write_note
from clients.web.facts import GROUPS
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_appointment, make_service, make_staff
from tests.card.desk import HTMX, LIST, OWNER, add_client, card_of, change_facts, give_treatcard
from tests.conftest import NOW


def test_points_of_an_import_and_favourites_are_shown(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    before = browser.get(card_of(petra)).content.decode()
    assert "Noch sind keine Leistungen bekannt." in before
    assert "treatcard-points" not in before
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=petra.pk).update(points=350, carried_visits=3, visits=2)
        for name, times in (("Ansatzfarbe", 17), ("Glossing", 4)):
            CarriedService.objects.create(client=petra, name=name, times=times)
    page = browser.get(card_of(petra))
    assert page.context["favourites"] == [{"label": "Ansatzfarbe", "value": 17}, {"label": "Glossing", "value": 4}]
    assert page.context["visits"] == 5
    assert "<strong>350</strong> Punkte" in page.content.decode()


def test_the_head_says_who_it_is(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    with salon_scope(sonnenschein.pk):
        category = create_category(actor=OWNER, details=CategoryDetails(name="Stammgast"), now=NOW)
        assign_to_many(actor=OWNER, client_ids=[petra.pk], category_ids=[category.pk], now=NOW)
        last = timezone.localdate() - timedelta(days=30)
        Client.objects.filter(pk=petra.pk).update(carried_last_visit_on=last, carried_first_visit_on=last)
    html = browser.get(card_of(petra)).content.decode()
    head = html[html.index('<header class="person"') : html.index('id="card-notices"')]
    for text in ("Petra Lang", "Wiederkehrend", "Stammgast", "Kunden-Nr. 1", "21. November 2026", "tel:+491715550318"):
        assert text in head
    assert "Erster Besuch" not in head


def test_the_card_leads_to_its_neighbours_in_the_lists_order(browser: Browser, sonnenschein: Salon) -> None:
    anna, emil, otto = (add_client(sonnenschein, first, "") for first in ("Anna", "Emil", "Otto"))
    change_facts(sonnenschein, otto, blocked="yes", blocked_reason="Kommt nie")
    change_facts(sonnenschein, anna, blocked="yes", blocked_reason="Kommt nie")
    page = browser.get(card_of(emil))
    assert (page.context["previous"].url, page.context["next"].url) == (card_of(anna), card_of(otto))
    page = browser.get(f"{card_of(emil)}?sort=number&dir=desc")
    assert page.context["previous"].url == f"{card_of(otto)}?sort=number&dir=desc"
    assert page.context["next"].url == f"{card_of(anna)}?sort=number&dir=desc"
    page = browser.get(f"{card_of(anna)}?blocked=yes")
    assert page.context["next"].url == f"{card_of(otto)}?blocked=yes"
    assert page.context["list_url"] == f"{LIST}?blocked=yes"
    html = page.content.decode()
    assert 'data-key="arrowright"' in html
    assert 'data-key="arrowleft"' not in html


def test_the_neighbours_stay_within_the_search(browser: Browser, sonnenschein: Salon) -> None:
    anna, other, ute = (
        add_client(sonnenschein, first, last) for first, last in (("Anna", "Ott"), ("Mia", "Paul"), ("Ute", "Ott"))
    )
    page = browser.get(f"{card_of(anna)}?q=Ott")
    assert (page.context["previous"], page.context["next"].url) == (None, f"{card_of(ute)}?q=Ott")
    page = browser.get(f"{card_of(ute)}?q=Ott")
    assert (page.context["previous"].url, page.context["next"]) == (f"{card_of(anna)}?q=Ott", None)
    assert 'aria-disabled="true" aria-label="Kein nächster Kunde"' in page.content.decode()
    page = browser.get(f"{card_of(other)}?q=Ott")
    assert (page.context["previous"], page.context["next"]) == (None, None)


def test_the_history_is_filtered_by_its_address(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    with salon_scope(sonnenschein.pk):
        write_note(actor=OWNER, client_id=petra.pk, text="Trinkt Kaffee", pinned=False, now=NOW)
    change_facts(sonnenschein, petra, city="Köln")
    history = browser.get(card_of(petra)).context["history"]
    assert [(one.key, one.current) for one in history.filters] == [
        ("all", True),
        ("details", False),
        ("notes", False),
        ("card", False),
    ]
    notes = browser.get(f"{card_of(petra)}?history=notes")
    assert [str(event.title) for event in notes.context["history"].events] == ["Notiz geschrieben"]
    assert [one.key for one in notes.context["history"].filters if one.current] == ["notes"]
    nothing = browser.get(f"{card_of(petra)}?history=consent").context["history"]
    assert (nothing.events, [one.key for one in nothing.filters if one.current]) == ([], ["consent"])
    assert browser.get(f"{card_of(petra)}?history=x").context["history"].filters[0].current
    part = browser.get(f"{card_of(petra)}?history=notes", headers={**HTMX, "HX-Target": "history"})
    html = part.content.decode()
    assert html.startswith("{#") is False
    assert 'id="history"' in html
    assert 'id="master-data"' not in html


def test_older_entries_come_page_by_page(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    for index in range(25):
        change_facts(sonnenschein, petra, city=f"Ort {index}")
    url, seen = f"{card_of(petra)}?history=details&sort=number", []
    while url:
        history = browser.get(url).context["history"]
        seen += [event.id for event in history.events]
        url = history.older_url
        assert url is None or ("history=details" in url and "sort=number" in url)
    assert len(seen) == len(set(seen)) == 25
    items = browser.get(f"{card_of(petra)}?history=details", headers={**HTMX, "HX-Target": "history-more"})
    html = items.content.decode()
    assert html.count('class="event"') == 20
    assert "<section" not in html
    assert browser.get(f"{card_of(petra)}?before=x").status_code == 302


def test_one_change_alone_is_told_by_its_name(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    anna = add_client(sonnenschein, "Anna", "Bauer")
    change_facts(sonnenschein, petra, referred_by=str(anna.pk))
    change_facts(sonnenschein, petra, blocked="yes", blocked_reason="Kommt nie")
    several, one, _created = browser.get(card_of(petra)).context["history"].events
    assert (str(one.title), [(change.old, change.new) for change in one.changes]) == (
        "Empfohlen von geändert",
        [("", "Anna Bauer")],
    )
    assert str(several.title) == "Karte geändert"
    assert [(str(change.label), change.old, change.new) for change in several.changes] == [
        ("Für Online-Buchung gesperrt", "nein", "ja"),
        ("Grund der Sperre", "", "Kommt nie"),
    ]


@pytest.mark.parametrize("group", [group.key for group in GROUPS])
def test_another_salons_card_has_no_facts(browser: Browser, managing: Browser, dom: Salon, group: str) -> None:
    foreign = add_client(dom, "Emil")
    for method in ("get", "post"):
        answer = getattr(managing, method)(f"{card_of(foreign)}fields/{group}/", headers=HTMX)
        assert answer.status_code == 404
    assert give_treatcard(browser, foreign, number="AB1").status_code == 404


def test_a_merged_card_leads_to_the_one_it_went_into(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    twin = add_client(sonnenschein)
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=twin.pk).update(state=CardState.MERGED, merged_into=petra)
    assert browser.get(card_of(twin))["Location"] == card_of(petra)


def test_the_page_takes_the_same_queries_however_much_stands_on_it(
    managing: Browser, sonnenschein: Salon, petra: Client
) -> None:
    change_facts(sonnenschein, petra, referred_by=str(add_client(sonnenschein, "Anna").pk))
    counts = []
    for rounds in (2, 20):
        with salon_scope(sonnenschein.pk):
            for index in range(rounds):
                write_note(actor=OWNER, client_id=petra.pk, text=f"Notiz {index}", pinned=index % 2 == 0, now=NOW)
                details = CategoryDetails(name=f"Kategorie {rounds} {index}")
                category = create_category(actor=OWNER, details=details, now=NOW)
                assign_to_many(actor=OWNER, client_ids=[petra.pk], category_ids=[category.pk], now=NOW)
                CarriedService.objects.create(client=petra, name=f"Dienst {rounds} {index}")
                cut, anna = make_service(f"Schnitt {rounds} {index}"), make_staff(f"Anna {rounds} {index}")
                for days, state in ((-1 - index, State.COMPLETED), (1 + index, State.BOOKED)):
                    starts_at = timezone.now() + timedelta(days=days)
                    booked = make_appointment((cut, anna), client=petra, starts_at=starts_at, state=state)
                    tell(OWNER, "appointment.booked", booked, [], now=NOW + timedelta(days=index))
        for index in range(rounds):
            change_facts(sonnenschein, petra, city=f"Ort {rounds} {index}")
        managing.get(card_of(petra))
        with CaptureQueriesContext(connection) as captured:
            assert managing.get(card_of(petra)).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 16


def test_the_hint_of_duplicates_comes_by_itself(managing: Browser, browser: Browser, sonnenschein: Salon) -> None:
    anna = add_client(sonnenschein, "Anna", mobile="0171 5550318")
    add_client(sonnenschein, "Anne", mobile="0171 5550318")
    page = managing.get(card_of(anna)).content.decode()
    assert 'id="card-duplicates"' in page
    assert "Mögliche Dublette" not in page
    asking = {**HTMX, "HX-Target": "card-duplicates"}
    with CaptureQueriesContext(connection) as captured:
        hint = managing.get(card_of(anna), headers=asking).content.decode()
    assert "Mögliche Dublette" in hint
    assert "<html" not in hint
    assert len(captured) <= 15
    assert 'id="card-duplicates"' not in browser.get(card_of(anna)).content.decode()
    assert "Mögliche Dublette" not in browser.get(card_of(anna), headers=asking).content.decode()


def test_what_a_name_says_is_shown_as_text(browser: Browser, sonnenschein: Salon) -> None:
    client = add_client(sonnenschein, "<b>x</b>", "&", street="<i>s</i>")
    html = browser.get(card_of(client)).content.decode()
    assert "<b>x</b>" not in html
    assert "<i>s</i>" not in html
