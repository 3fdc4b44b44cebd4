"""The client list narrowed to a segment, chosen among its filters by whoever sees the list (ui.md §2.3)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser

from clients.categories import assign_to_many, create_category
from clients.classification import Status
from clients.details import ClientDetails
from clients.editing import create_client
from clients.labels import CategoryDetails
from clients.models import Category, Client, CreatedVia
from marketing.models import Segment
from marketing.rule import Condition, Group, Match
from marketing.segments import READY_MADE, create_segment, delete_segment
from salon.identity.models import User
from salon.identity.roles import Actor, system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.segment_world import TODAY

LIST = "/s/sonnenschein/clients/"
HTMX = {"HX-Request": "true"}
BOT = system_actor("Test")


@pytest.fixture(autouse=True)
def _on_that_day(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], stylist: User) -> Browser:
    return browser_of(stylist)


@pytest.fixture
def colour(sonnenschein: Salon, front_desk: Actor) -> Category:
    """Ada and Bea are of the category, Ada and Cleo about to lapse."""
    with salon_scope(sonnenschein.pk):
        ada, bea, cleo = (
            create_client(
                actor=front_desk,
                salon=sonnenschein,
                details=ClientDetails(first_name=name),
                created_via=CreatedVia.STAFF,
                now=NOW,
            ).client
            for name in ("Ada", "Bea", "Cleo")
        )
        soon = TODAY + timedelta(days=16)
        Client.objects.filter(pk__in=[ada.pk, cleo.pk]).update(status=Status.RETURNING, status_changes_on=soon)
        category = create_category(actor=BOT, details=CategoryDetails(name="Farbkundin"), now=NOW)
        assign_to_many(actor=BOT, client_ids=[ada.pk, bea.pk], category_ids=[category.pk], now=NOW)
        return category


@pytest.fixture
def segment(sonnenschein: Salon, colour: Category) -> Segment:
    rule = Group(Match.ALL, (Condition("category", "in", (colour.pk,)), Condition("lapsing", "within_next", (30,))))
    with salon_scope(sonnenschein.pk):
        return create_segment(actor=BOT, name="Farbe, bald weg", rule=rule, now=NOW)


def listed(page: Any) -> list[str]:
    return [row.full_name for row in page.context["page"].clients]


def test_reception_chooses_among_own_segments_and_ready_made_ones(browser: Browser, segment: Segment) -> None:
    drawer = browser.get(f"{LIST}filter/?status=RETURNING", headers=HTMX)
    choices = drawer.context["form"].fields["segment"].choices
    ready = [(key, str(one.name)) for key, one in READY_MADE.items()]
    assert choices == [
        ("", "egal"),
        ("Eigene Zielgruppen", [(str(segment.pk), "Farbe, bald weg")]),
        ("Fertige Zielgruppen", ready),
    ]
    assert drawer.text.index(">Zielgruppe</label>") < drawer.text.index(">Status</label>")
    assert listed(browser.get(f"{LIST}?segment={segment.pk}&status=RETURNING")) == ["Ada"]
    assert listed(browser.get(f"{LIST}?segment=lapsing")) == ["Ada", "Cleo"]


def test_what_is_chosen_stands_in_the_drawer(browser: Browser, segment: Segment) -> None:
    opened = browser.get(f"{LIST}filter/?segment=lapsing&sort=number")
    assert '<option value="lapsing" selected>Droht abzuwandern</option>' in opened.text
    assert '<input type="hidden" name="sort" value="number">' in opened.text
    assert '<input type="hidden" name="segment"' not in opened.text


def test_a_salon_without_its_own_is_offered_the_ready_made_ones(browser: Browser, colour: Category) -> None:
    choices = browser.get(f"{LIST}filter/").context["form"].fields["segment"].choices
    assert [label for label, _rest in choices] == ["", "Fertige Zielgruppen"]


def test_one_that_is_gone_is_chosen_until_another_one_is(
    browser: Browser, segment: Segment, sonnenschein: Salon
) -> None:
    with salon_scope(sonnenschein.pk):
        delete_segment(actor=BOT, segment_id=segment.pk, now=NOW)
    drawer = browser.get(f"{LIST}filter/?segment={segment.pk}", headers=HTMX)
    assert f'<option value="{segment.pk}" selected>nicht verfügbar</option>' in drawer.text
    assert "field-error" not in drawer.text


def test_the_list_narrowed_to_a_segment(browser: Browser, colour: Category, segment: Segment) -> None:
    page = browser.get(f"{LIST}?segment={segment.pk}&sort=number&dir=desc")
    assert listed(page) == ["Ada"]
    (chip,) = page.context["chips"]
    assert (chip.text, chip.remove_url) == ("Zielgruppe: Farbe, bald weg", f"{LIST}?sort=number&dir=desc")
    both = browser.get(f"{LIST}?segment=lapsing&category={colour.pk}")
    assert listed(both) == ["Ada"]
    assert len(both.context["chips"]) == 2
    assert listed(browser.get(f"{LIST}?segment=lapsing&q=cl")) == ["Cleo"]
    assert "2 Kundinnen und Kunden" in browser.get(f"{LIST}count/?segment=lapsing").text
    card = browser.get(both.context["page"].clients[0].card_url)
    assert "segment=lapsing" in card.context["list_url"]


@pytest.mark.parametrize("key", ["nothing", "0190d5a0-0000-7000-8000-000000000000", "%00", "a" * 99])
def test_nobody_is_in_a_segment_that_is_gone(browser: Browser, colour: Category, key: str) -> None:
    page = browser.get(f"{LIST}?segment={key}")
    if key != "%00":
        assert page.context["page"].clients == []
        assert [chip.text for chip in page.context["chips"]] == ["Zielgruppe: nicht verfügbar"]
        assert "Diese Zielgruppe gibt es nicht (mehr)." in page.text
        assert "0 Kundinnen und Kunden" not in page.text


def test_a_list_without_the_segment_that_is_gone_is_one_press_away(browser: Browser, colour: Category) -> None:
    page = browser.get(f"{LIST}?segment=nothing&sort=number")
    assert f'href="{LIST}?sort=number">Liste ohne sie zeigen' in page.text
    found = browser.get(f"{LIST}?segment=nothing&q=ada", headers=HTMX)
    assert found.text.count("Diese Zielgruppe gibt es nicht (mehr).") == 2
    assert "Keine Treffer" not in found.text


def test_all_that_is_listed_are_those_of_the_segment(browser: Browser, colour: Category, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        other = create_category(actor=BOT, details=CategoryDetails(name="Post"), now=NOW)
    sent = {"list": "segment=lapsing", "all": "1", "assigned": str(other.pk), "action": "assign"}
    browser.post(f"{LIST}selection/categories/", sent)
    with salon_scope(sonnenschein.pk):
        given = Client.objects.filter(assignments__category=other).order_by("first_name")
        assert [one.first_name for one in given] == ["Ada", "Cleo"]
