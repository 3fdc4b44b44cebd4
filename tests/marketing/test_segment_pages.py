"""Marketing » Zielgruppen in the browser: everything works without a script (ui.md §2.7)."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from clients.categories import assign_to_many, create_category, delete_category
from clients.details import ClientDetails
from clients.editing import create_client
from clients.labels import CategoryDetails
from clients.models import Category, Client, CreatedVia
from marketing.models import Segment
from marketing.rule import Condition, Group, Match, as_json
from marketing.segments import READY_MADE, create_segment
from marketing.vocabulary import FIELDS
from salon.identity.models import User
from salon.identity.roles import Actor, system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_service
from tests.conftest import NOW

SEGMENTS = "/s/sonnenschein/marketing/segments/"
COUNT, NEW = f"{SEGMENTS}count/", f"{SEGMENTS}new/"
LIST = "/s/sonnenschein/clients/"
TODAY = date(2026, 11, 21)
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _on_that_day(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


@pytest.fixture
def colour(sonnenschein: Salon, front_desk: Actor) -> Category:
    """Ada and Bea are of the category, Ada and Cleo about to lapse."""
    with salon_scope(sonnenschein.pk):
        made = {}
        for name, ago in (("Ada", 350), ("Bea", 10), ("Cleo", 350)):
            card = create_client(
                actor=front_desk,
                salon=sonnenschein,
                details=ClientDetails(first_name=name),
                created_via=CreatedVia.STAFF,
                now=NOW,
            ).client
            last = TODAY - timedelta(days=ago)
            Client.objects.filter(pk=card.pk).update(
                first_visit_on=last,
                last_visit_on=last,
                visits=1,
                status="RETURNING",
                status_reason="RECENT_VISIT",
                status_changes_on=last + timedelta(days=366),
                email_consent_for="" if name == "Ada" else None,
            )
            made[name] = card
        category = create_category(actor=system_actor("Test"), details=CategoryDetails(name="Farbkundin"), now=NOW)
        marked = [made["Ada"].pk, made["Bea"].pk]
        assign_to_many(actor=system_actor("Test"), client_ids=marked, category_ids=[category.pk], now=NOW)
        return category


def asked(category: Category, **more: str) -> dict[str, Any]:
    return {
        "name": "Farbe, bald weg",
        "ask:": "all",
        "field:0": "category",
        "operator:0": "in",
        "many:0": [str(category.pk)],
        "field:1": "lapsing",
        "operator:1": "within_next",
        "value:1.0": "30",
        **more,
    }


def rule(category: Category) -> Group:
    return Group(Match.ALL, (Condition("category", "in", (category.pk,)), Condition("lapsing", "within_next", (30,))))


def made(salon: Salon, name: str, meant: Group) -> Segment:
    with salon_scope(salon.pk):
        return create_segment(actor=system_actor("Test"), name=name, rule=meant, now=NOW)


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


def test_built_saved_and_listed(browser: Browser, colour: Category, sonnenschein: Salon) -> None:
    answer = browser.post(NEW, asked(colour))
    assert (answer.status_code, answer.headers["Location"]) == (302, SEGMENTS)
    with salon_scope(sonnenschein.pk):
        saved = Segment.objects.get()
    assert (saved.name, saved.rule) == ("Farbe, bald weg", as_json(rule(colour)))
    page = browser.get(SEGMENTS)
    words = (
        "Alle Kundinnen und Kunden, die zur Kategorie Farbkundin gehören und die ohne gebuchten Termin"
        " innerhalb der nächsten 30 Tage wieder als neu gelten würden."
    )
    assert text_of(page.context["own"][0].words).replace(" .", ".") == words
    assert [card.name for card in page.context["ready"]] == [str(one.name) for one in READY_MADE.values()]
    for card in (*page.context["own"], *page.context["ready"]):
        assert browser.get(card.list_url).status_code == 200
        assert re.fullmatch(r"\d+ Person(en)?", browser.get(card.count_url).text)
    assert browser.get(page.context["own"][0].count_url).text == "1 Person"


def test_who_is_meant_is_told_while_it_is_built(browser: Browser, colour: Category) -> None:
    page = browser.post(COUNT, asked(colour))
    outcome = page.context["outcome"]
    assert (outcome.total, outcome.agreed, [one.name for one in outcome.examples]) == (1, 1, ["Ada"])
    assert 'role="status" id="segment-said" hx-swap-oob="true">1 Kunde: Ada</p>' in page.text
    either = browser.post(COUNT, asked(colour, **{"ask:": "any"})).context["outcome"]
    assert (either.total, either.agreed, [one.name for one in either.examples]) == (3, 1, ["Ada", "Bea", "Cleo"])
    nobody = browser.post(COUNT, asked(colour, **{"ask:": "none"})).context["outcome"]
    assert (nobody.total, nobody.examples) == (0, [])


def test_what_is_still_open_is_not_counted_yet(browser: Browser, colour: Category) -> None:
    page = browser.post(COUNT, asked(colour, **{"value:1.0": ""}))
    outcome = page.context["outcome"]
    assert (outcome.total, [one.name for one in outcome.examples], outcome.wrong) == (2, ["Ada", "Bea"], [])
    assert [(one.key, one.label, one.words) for one in outcome.open] == [("1", str(FIELDS["lapsing"].label), "")]
    assert "Stimmt noch nicht" not in page.text
    # A group in which all is open is as open; and who is asked nothing else is anybody.
    inner = {"ask:": "none", "ask:0": "all", "field:0.0": "points", "ask:1": "any"}
    whole = browser.post(COUNT, inner).context["outcome"]
    assert ([one.key for one in whole.open], whole.total) == (["0-0", "1"], 3)
    # Beside what is wrong it stays open.
    both = browser.post(COUNT, asked(colour, **{"value:1.0": "bald", "field:2": "points"})).context["outcome"]
    assert ([one.key for one in both.wrong], [one.key for one in both.open]) == (["1"], ["2"])


@pytest.mark.parametrize(
    ("changed", "place", "words"),
    [
        ({"value:1.0": "bald"}, "1", "ganze Zahl"),
        ({"many:0": []}, "0", r"<span>\S"),
        ({"many:0": ["0190d5a0-0000-7000-8000-000000000000"]}, "0", "gibt es nicht"),
    ],
)
def test_what_is_wrong_stands_at_the_condition(
    browser: Browser, colour: Category, changed: dict[str, Any], place: str, words: str
) -> None:
    page = browser.post(NEW, asked(colour) | changed)
    assert page.status_code == 422
    assert page.context["name"] == "Farbe, bald weg"
    wrong = re.search(rf'id="wrong-{place}">.*?</p>', page.text, re.DOTALL)
    assert wrong is not None
    assert re.search(words, wrong[0]), wrong[0]
    assert len(re.findall(r'id="wrong-[\d-]*">', page.text)) == 1
    assert Segment.objects.none().count() == 0


@pytest.mark.parametrize(
    ("asks", "values", "field", "words"),
    [
        ("age at_least", ["200"], "value:0.0", "Geben Sie eine Zahl von 0 bis 120 ein."),
        ("age between", ["60", "30"], "value:0.1", "Diese Zahl ist kleiner als die erste."),
        ("age at_least", ["abc"], "value:0.0", "Geben Sie eine ganze Zahl ein."),
        ("last_visit within_last", ["100000"], "value:0.0", "Geben Sie eine Zahl von 0 bis 36500 ein."),
        ("points at_least", ["99999999999"], "value:0.0", "Geben Sie eine Zahl von -1000000000 bis 1000000000 ein."),
        ("spent at_least", ["-3"], "value:0.0", "Betrag"),
    ],
)
def test_what_is_wrong_is_said_while_it_is_built(
    browser: Browser, colour: Category, asks: str, values: list[str], field: str, words: str
) -> None:
    named, operator = asks.split()
    sent = {"field:0": named, "operator:0": operator}
    counted = browser.post(COUNT, sent | {f"value:0.{at}": one for at, one in enumerate(values)}).text
    assert f'data-lack="0" data-fields="{field}"' in counted
    assert words in counted
    assert "Stimmt noch nicht" in counted
    assert "Noch offen" not in counted
    # What nobody has entered yet is only open.
    missing = browser.post(COUNT, sent | {f"value:0.{at}": "" for at, _one in enumerate(values)}).text
    assert "Noch offen" in missing
    assert "data-words" not in missing


def test_a_name_is_needed_and_told_from_others(browser: Browser, colour: Category, sonnenschein: Salon) -> None:
    made(sonnenschein, "Farbe, bald weg", rule(colour))
    for name in ("", "FARBE, bald weg"):
        page = browser.post(NEW, asked(colour, name=name))
        assert page.status_code == 422
        assert len(page.context["name_errors"]) == 1
        assert 'id="segment-name" name="name"' in page.text


def test_parts_come_and_go_without_a_script_and_with_it(browser: Browser, colour: Category) -> None:
    page = browser.post(NEW, asked(colour, do="group:"))
    assert (page.status_code, page.templates[0].name) == (200, "marketing/segment.html")
    assert page.text.count('class="rule-group') == 2
    answer = browser.post(NEW, asked(colour, do="remove:0"), headers=HTMX)
    assert (answer.templates[0].name, answer.headers["HX-Trigger-After-Settle"]) == ("marketing/_rule.html", "built")
    assert [part.name for part in answer.context["rule"].parts] == ["lapsing"]
    added = browser.post(NEW, asked(colour, do="add::points"), headers=HTMX)
    assert [part.name for part in added.context["rule"].parts] == ["category", "lapsing", "points"]
    assert added.text.count(" autofocus") == 1
    counted = browser.post(NEW, asked(colour, do="count"))
    assert counted.context["outcome"].total == 1


def test_every_button_of_a_rule_leads_the_focus_on(browser: Browser, colour: Category) -> None:
    for do in ("up:1", "down:0", "remove:0", "remove:1", "group:", *(f"add::{name}" for name in FIELDS)):
        text = browser.post(NEW, asked(colour, do=do), headers=HTMX).text
        assert text.count(" autofocus") == 1, do


def test_somebody_else_has_saved_meanwhile(browser: Browser, colour: Category, sonnenschein: Salon) -> None:
    segment = made(sonnenschein, "Alt", rule(colour))
    url = f"{SEGMENTS}{segment.pk}/"
    assert browser.post(url, asked(colour, name="Ihre", version="1")).status_code == 302
    page = browser.post(url, asked(colour, name="Meine", version="1", **{"value:1.0": "60"}))
    assert page.status_code == 422
    assert "Ihre" in page.text
    assert page.context["name"] == "Meine"
    assert page.context["rule"].parts[1].inputs[0].value == "60"
    assert 'name="version" value="2"' in page.text
    # Without a script, building on is no decision to save over it.
    built = browser.post(url, asked(colour, name="Meine", version="1", do="group"))
    assert 'name="version" value="1"' in built.text
    assert browser.post(url, asked(colour, name="Meine", version="2")).status_code == 302


def test_deleted_and_brought_back(browser: Browser, colour: Category, sonnenschein: Salon) -> None:
    segment = made(sonnenschein, "Alt", rule(colour))
    page = browser.post(f"{SEGMENTS}{segment.pk}/delete/", follow=True)
    assert page.context["own"] == []
    assert f'action="{SEGMENTS}{segment.pk}/restore/"' in page.text
    assert browser.get(f"{SEGMENTS}{segment.pk}/").status_code == 404
    assert browser.get(f"{COUNT}?segment={segment.pk}").status_code == 404
    made(sonnenschein, "ALT", rule(colour))
    assert [one.name for one in browser.post(f"{SEGMENTS}{segment.pk}/restore/", follow=True).context["own"]] == ["ALT"]
    with salon_scope(sonnenschein.pk):
        Segment.objects.filter(name="ALT").delete()
    assert [one.name for one in browser.post(f"{SEGMENTS}{segment.pk}/restore/", follow=True).context["own"]] == ["Alt"]


def test_a_ready_made_one_is_copied(browser: Browser) -> None:
    page = browser.get(f"{NEW}?segment=lapsing")
    assert [part.name for part in page.context["rule"].parts] == ["lapsing"]
    assert "in den nächsten" in page.text
    assert "Tagen, kein Termin gebucht" in page.text
    assert page.context["name"].startswith(str(READY_MADE["lapsing"].name))
    assert browser.get(f"{NEW}?segment=nothing").status_code == 404


def test_a_deleted_category_can_be_taken_out(browser: Browser, colour: Category, sonnenschein: Salon) -> None:
    segment = made(sonnenschein, "Alt", rule(colour))
    with salon_scope(sonnenschein.pk):
        delete_category(actor=system_actor("Test"), category_id=colour.pk, now=NOW)
    page = browser.get(f"{SEGMENTS}{segment.pk}/")
    assert [(one.on, one.gone) for one in page.context["rule"].parts[0].many] == [(True, True)]


def test_a_long_list_of_values_opens(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        ids = [make_service(f"Schnitt {number}").pk for number in range(20)]
    page = browser.post(NEW, {"field:0": "service", "many:0": [str(ids[3])], "do": "show"}, headers=HTMX)
    (part,) = page.context["rule"].parts
    assert (part.listed, part.chosen) == (True, "Schnitt 3")


def test_postcodes_are_typed_and_what_is_wrong_with_one_stands_there(browser: Browser, sonnenschein: Salon) -> None:
    sent = {"name": "Nord", "field:0": "postal_code", "operator:0": "begins", "many:0": "80, 8033100000000"}
    page = browser.post(NEW, sent)
    (part,) = page.context["rule"].parts
    assert page.status_code == 422
    assert [(one.name, one.value, one.wrong) for one in part.inputs] == [("many:0", "80, 8033100000000", True)]
    assert 'name="many:0" value="80, 8033100000000"' in page.text
    assert browser.post(NEW, sent | {"many:0": "80, 81"}).status_code == 302
    with salon_scope(sonnenschein.pk):
        saved = Segment.objects.get()
    assert saved.rule["parts"] == [{"field": "postal_code", "operator": "begins", "values": ["80", "81"]}]
    page = browser.get(SEGMENTS)
    told = text_of(page.context["own"][0].words).replace(" .", ".")
    assert told == "Alle Kundinnen und Kunden, deren Postleitzahl mit 80 oder 81 beginnt."
    assert 'value="80, 81"' in browser.get(page.context["own"][0].edit_url).text


def test_towns_are_chosen_from_those_on_file(browser: Browser, colour: Category, sonnenschein: Salon) -> None:
    sent = {"field:0": "town", "operator:0": "in", "do": "show"}
    assert browser.post(NEW, sent, headers=HTMX).context["rule"].parts[0].nothing
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(first_name="Ada").update(city="Köln")
        Client.objects.filter(first_name="Bea").update(city="Bonn")
    page = browser.post(NEW, sent | {"many:0": ["KÖLN", "Rom"]}, headers=HTMX)
    (part,) = page.context["rule"].parts
    shown = [(one.label, one.on, one.gone) for one in part.many]
    # Nobody lives in Rome (any more): it stays chosen until somebody takes it out.
    assert (shown, part.nothing) == ([("Bonn", False, False), ("Köln", True, False), ("Rom", True, True)], False)
    outcome = browser.post(COUNT, sent | {"many:0": ["KÖLN", "Rom"]}).context["outcome"]
    assert [one.name for one in outcome.examples] == ["Ada"]
    assert text_of(outcome.sentence).replace(" .", ".") == "Alle Kundinnen und Kunden, die in KÖLN oder Rom wohnen."


@pytest.mark.parametrize("path", [SEGMENTS, NEW, "segment", f"{LIST}?segment=", COUNT])
def test_pages_take_the_same_queries_for_any_number_of_rows(
    browser: Browser, sonnenschein: Salon, colour: Category, path: str
) -> None:
    def queries() -> int:
        sent = {} if path != COUNT else asked(colour)
        with CaptureQueriesContext(connection) as captured:
            answer = browser.post(path, sent) if sent else browser.get(path)
        assert answer.status_code == 200
        return len(captured)

    first = made(sonnenschein, "Nr 0", rule(colour))
    if path == "segment":
        path = f"{SEGMENTS}{first.pk}/"
    elif path.endswith("="):
        path += str(first.pk)
    queries()
    few = queries()
    with salon_scope(sonnenschein.pk):
        for number in range(1, 20):
            category = create_category(actor=system_actor("T"), details=CategoryDetails(name=f"K{number}"), now=NOW)
            create_segment(actor=system_actor("T"), name=f"Nr {number}", rule=rule(category), now=NOW)
    assert queries() == few <= 15


def test_numbers_stand_inside_the_words_of_their_operator(browser: Browser, colour: Category) -> None:
    for field in FIELDS.values():
        heads = [one.head for one in field.operators.values()]
        assert len(set(heads)) == len(heads), "each can be told from the others where it is chosen"
        for operator in field.operators.values():
            assert len(operator.words) == len(operator.takes)
    page = browser.post(NEW, asked(colour, do="show"))
    assert "innerhalb" not in text_of(page.text)
    assert re.search(r'in den nächsten</span>.*value="30".*>Tagen, kein Termin gebucht</span>', page.text, re.DOTALL)
    spent = browser.post(NEW, {"field:0": "spent", "operator:0": "at_least_within", "do": "show"}).text
    assert re.search(
        r'selected>mindestens</option>.*€</span></span>\s*<span>in den letzten</span>.*value="12".*>Monaten</span>',
        spent,
        re.DOTALL,
    )


def test_where_no_more_groups_fit_it_says_so(browser: Browser, colour: Category) -> None:
    def buttons(page: str) -> list[str]:
        return re.findall(r'<button[^>]*(?:value="group:[\d.]*"|aria-disabled="true")[^>]*>', page)

    deepest = browser.post(NEW, {"ask:": "all", "ask:0": "any", "ask:0.0": "all", "ask:0.0.0": "any", "do": "show"})
    *others, last = sorted(buttons(deepest.text), key=lambda one: "aria-disabled" in one)
    assert len(others) == 3
    assert 'type="button" aria-disabled="true" aria-describedby="deep-0-0-0"' in last
    reason = "Bedingungsgruppen lassen sich höchstens 4 Ebenen tief verschachteln."
    assert f'<span class="reason" id="deep-0-0-0">{reason}</span>' in deepest.text


def test_names_in_a_sentence_are_text(browser: Browser, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        odd = create_category(actor=system_actor("T"), details=CategoryDetails(name="<i>A & 100 %s"), now=NOW)
    page = browser.post(COUNT, {"field:0": "category", "operator:0": "in", "many:0": str(odd.pk)})
    assert "<b>&lt;i&gt;A &amp; 100 %s</b>" in page.text
