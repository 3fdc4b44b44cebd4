"""Client list, card and form in the browser (ui.md §2.3, §2.4)."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clients.details import ClientDetails
from clients.editing import create_client
from clients.listing import list_clients
from clients.models import Client, CreatedVia
from clients.web.forms import ENTERED
from salon.audit.models import AuditEntry
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW

LIST = "/s/sonnenschein/clients/"
NEW = f"{LIST}new/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], stylist: User) -> Browser:
    return browser_of(stylist)


def _add(salon: Salon, actor: Actor, **details: str) -> Client:
    with salon_scope(salon.pk):
        return create_client(
            actor=actor, salon=salon, details=ClientDetails(**details), created_via=CreatedVia.STAFF, now=NOW
        ).client


def _only_client(salon: Salon) -> Client:
    with salon_scope(salon.pk):
        return Client.objects.get()


def test_a_new_client_is_saved_and_shown(browser: Browser, sonnenschein: Salon) -> None:
    answer = browser.post(NEW, {"first_name": "Jörg", "last_name": "Müller", "mobile": "0171 5550318"})
    client = _only_client(sonnenschein)
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}{client.pk}/")
    assert (client.full_name, client.mobile, client.created_via) == ("Jörg Müller", "+491715550318", "STAFF")
    card = browser.get(answer["Location"]).content.decode()
    assert "Jörg Müller" in card
    assert "0171 5550318" in card
    with salon_scope(sonnenschein.pk):
        assert AuditEntry.objects.get().actor_name == "Bora Yıldız"


def test_errors_stand_beside_their_fields_and_nothing_is_lost(browser: Browser, sonnenschein: Salon) -> None:
    answer = browser.post(NEW, {"first_name": "Jörg", "mobile": "12", "email": "jörg@", "birthday": "31.2."})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"mobile", "email", "birthday"}
    html = answer.content.decode()
    assert 'value="Jörg"' in html
    assert html.count('aria-invalid="true"') == 3
    with salon_scope(sonnenschein.pk):
        assert not Client.objects.exists()


def test_a_name_is_required(browser: Browser) -> None:
    answer = browser.post(NEW, {"city": "Köln"})
    assert answer.context["form"].errors == {"first_name": ["Geben Sie einen Vor- oder Nachnamen ein."]}


def test_a_card_with_the_same_phone_is_shown_first(browser: Browser, sonnenschein: Salon, front_desk: Actor) -> None:
    _add(sonnenschein, front_desk, first_name="Petra", last_name="Lang", mobile="0171 5550318")
    given = {"first_name": "P.", "mobile": "+49 171 5550318"}
    answer = browser.post(NEW, given)
    assert answer.status_code == 422
    assert [twin.full_name for twin in answer.context["duplicates"]] == ["Petra Lang"]
    assert browser.post(NEW, {**given, "confirm": "duplicate"}).status_code == 302
    with salon_scope(sonnenschein.pk):
        assert Client.objects.count() == 2


def test_what_was_typed_into_the_search_fills_a_new_card(browser: Browser, sonnenschein: Salon) -> None:
    answer = browser.get(LIST, {"q": "jörg unbekannt"})
    assert answer.context["create_url"] == f"{NEW}?first_name=J%C3%B6rg&last_name=Unbekannt"
    initial = browser.get(answer.context["create_url"]).context["form"].initial
    assert (initial["first_name"], initial["last_name"]) == ("Jörg", "Unbekannt")


@pytest.mark.parametrize(
    ("typed", "first_name", "last_name", "gender"),
    [
        ("dr. anna weber", "Dr. Anna", "Weber", None),
        ("Frau Anna von der Au", "Anna", "von der Au", "FEMALE"),
        ("hoffmann, frank", "Frank", "Hoffmann", None),
        ("Anna Maria Lang", "Anna Maria", "Lang", None),
    ],
)
def test_a_name_typed_in_one_is_parted(
    browser: Browser, typed: str, first_name: str, last_name: str, gender: str | None
) -> None:
    form = browser.get(browser.get(LIST, {"q": typed}).context["create_url"]).context["form"]
    initial = form.initial
    assert (initial["first_name"], initial["last_name"], initial.get("gender")) == (first_name, last_name, gender)
    if gender:
        assert f'<option value="{gender}" selected>' in str(form["gender"])


def test_editing_changes_the_card(browser: Browser, sonnenschein: Salon, front_desk: Actor) -> None:
    client = _add(sonnenschein, front_desk, first_name="Petra", last_name="Lang", birthday="4.5.")
    data = _form_of(browser, f"{LIST}{client.pk}/edit/")
    assert data["birthday"] == "04.05."
    assert browser.post(f"{LIST}{client.pk}/edit/", {**data, "city": "Köln"}).status_code == 302
    changed = _only_client(sonnenschein)
    assert (changed.city, changed.birth_month, changed.version) == ("Köln", 5, 2)


def _form_of(browser: Browser, url: str) -> dict[str, str]:
    """Return what a browser would send back of a form that nobody touched."""
    form = browser.get(url).context["form"]
    return {**form.shown_before, **{f"was-{name}": value for name, value in form.shown_before.items()}}


def test_two_browsers_editing_lose_nothing(browser: Browser, sonnenschein: Salon, front_desk: Actor) -> None:
    client = _add(sonnenschein, front_desk, first_name="Petra", last_name="Lang", gender="FEMALE")
    url = f"{LIST}{client.pk}/edit/"
    first, second = _form_of(browser, url), _form_of(browser, url)
    assert browser.post(url, {**first, "last_name": "Roth", "gender": "DIVERSE", "city": "Köln"}).status_code == 302
    mine = {**second, "last_name": "Lang-Roth", "gender": "", "mobile": "0171 5550318"}
    told = browser.post(url, mine)
    assert told.status_code == 422
    assert [(str(one.label), one.mine, one.theirs) for one in told.context["conflict"]] == [
        ("Nachname", "Lang-Roth", "Roth"),
        ("Geschlecht", "", "divers"),
    ]
    assert _only_client(sonnenschein).last_name == "Roth"
    form = told.context["form"]
    hidden = {f"was-{name}": text for name, text in form.shown_before.items()}
    hidden |= {f"told-{name}": text for name, text in form.told.items()}
    again = {name: form[name].value() for name in ENTERED} | hidden
    # Enter once more is no decision yet.
    assert browser.post(url, again).status_code == 422
    assert browser.post(url, {**again, "confirm": "mine"}).status_code == 302
    saved = _only_client(sonnenschein)
    # Mine won where both had changed; the town that only they had changed is still there.
    assert (saved.last_name, saved.gender, saved.mobile, saved.city) == ("Lang-Roth", "", "+491715550318", "Köln")


def test_old_data_never_block_a_change(browser: Browser, sonnenschein: Salon, front_desk: Actor) -> None:
    client = _add(sonnenschein, front_desk, first_name="Petra")
    with salon_scope(sonnenschein.pk):
        Client.objects.update(birth_year=1890, birth_month=5, birth_day=4, email="imported@broken")
    url = f"{LIST}{client.pk}/edit/"
    assert browser.post(url, {**_form_of(browser, url), "city": "Köln"}).status_code == 302
    assert _only_client(sonnenschein).city == "Köln"


def test_a_double_press_makes_one_card(browser: Browser, sonnenschein: Salon) -> None:
    form = {"first_name": "Petra", "card_id": str(browser.get(NEW).context["form"].initial["card_id"])}
    answers = [browser.post(NEW, form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"] == f"{LIST}{form['card_id']}/"
    assert str(_only_client(sonnenschein).pk) == form["card_id"]


def test_the_list_answers_typing_with_rows_only(browser: Browser, sonnenschein: Salon, front_desk: Actor) -> None:
    for first, last in (("Jörg", "Müller"), ("Anna", "Bauer")):
        _add(sonnenschein, front_desk, first_name=first, last_name=last)
    answer = browser.get(LIST, {"q": "mueller"}, headers=HTMX)
    html = answer.content.decode()
    assert "<html" not in html
    assert "Jörg Müller" in html
    assert "Anna Bauer" not in html
    assert {"HX-Request", "Cookie"} <= set(answer["Vary"].split(", "))
    assert "<html" in browser.get(LIST, {"q": "mueller"}).content.decode()


@pytest.mark.parametrize("sort", ["name", "number", "listed_on"])
def test_pages_hold_every_client_once(
    browser: Browser, sonnenschein: Salon, front_desk: Actor, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(23):
        _add(sonnenschein, front_desk, first_name="Anna", last_name=f"Nr{index % 5}")
    monkeypatch.setattr("clients.web.list.list_clients", partial(list_clients, limit=5))
    url, seen, pages = f"{LIST}?sort={sort}", [], []
    while url:
        page = browser.get(url).context["page"]
        pages.append([client.number for client in page.clients])
        seen += pages[-1]
        url = page.next_url
    assert sorted(map(int, seen)) == list(range(1, 24))
    assert [len(page) for page in pages] == [5, 5, 5, 5, 3]
    back = browser.get(browser.get(f"{LIST}?sort={sort}").context["page"].next_url).context["page"].previous_url
    assert [client.number for client in browser.get(back).context["page"].clients] == pages[0]


def _cursor(text: str) -> str:
    return urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        _cursor("null"),
        _cursor("[]"),
        _cursor('[0, "1", "2", "3"]'),
        _cursor('[0, Infinity, "x"]'),
        _cursor("[0, 1e400]"),
        _cursor('[0, "\\ud800", "01a20072-0384-7631-a04e-e350277f5d90"]'),
        _cursor('[0, "a\\u0000", "01a20072-0384-7631-a04e-e350277f5d90"]'),
        _cursor('["01a20072-0384-7631-a04e-e350277f5d90", 9, "a"]'),
        _cursor("[" * 20_000),
    ],
)
def test_a_foreign_cursor_starts_over(browser: Browser, sonnenschein: Salon, cursor: str) -> None:
    for sort in ("name", "number", "listed_on"):
        assert browser.get(f"{LIST}?page={cursor}&sort={sort}").status_code == 302
    assert browser.get(f"{LIST}?q=a&page={cursor}").status_code == 302


def test_another_salons_card_does_not_exist(browser: Browser, dom: Salon, front_desk: Actor) -> None:
    client = _add(dom, front_desk, first_name="Emil")
    assert browser.get(f"{LIST}{client.pk}/").status_code == 404
    assert browser.post(f"{LIST}{client.pk}/edit/", {"first_name": "X"}).status_code == 404
    assert browser.get(f"/s/{dom.slug}/clients/{client.pk}/").status_code == 404


def test_names_are_shown_as_text(browser: Browser, sonnenschein: Salon, front_desk: Actor) -> None:
    client = _add(sonnenschein, front_desk, first_name="<script>alert(1)</script>", last_name="O'Neill & Co")
    for url in (LIST, f"{LIST}?q=script", f"{LIST}{client.pk}/", "/s/sonnenschein/search/?q=script"):
        html = browser.get(url).content.decode()
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert(1)" in html


def test_a_card_without_contact_says_what_that_means(browser: Browser, sonnenschein: Salon, front_desk: Actor) -> None:
    bare = _add(sonnenschein, front_desk, first_name="Anna")
    full = _add(sonnenschein, front_desk, first_name="Anna", email="anna@mail.example")
    assert browser.get(f"{LIST}{bare.pk}/").context["missing_contact"]
    assert not browser.get(f"{LIST}{full.pk}/").context["missing_contact"]


def test_the_history_tells_who_changed_what(browser: Browser, sonnenschein: Salon, front_desk: Actor) -> None:
    client = _add(sonnenschein, front_desk, first_name="Petra", birthday="4.5.")
    browser.post(f"{LIST}{client.pk}/edit/", {"first_name": "Petra", "birthday": "5.5.", "gender": "FEMALE"})
    newest, first = browser.get(f"{LIST}{client.pk}/").context["history"].events
    assert (str(newest.title), newest.actor_name) == ("Karte geändert", "Bora Yıldız")
    assert [(str(one.label), one.old, one.new) for one in newest.changes] == [
        ("Geschlecht", "", "weiblich"),
        ("Geburtstag", "04.05.", "05.05."),
    ]
    assert str(first.title) == "Karte angelegt"


@pytest.mark.parametrize("path", ["calendar/", "clients/", "checkout/", "search/?q=a", "clients/new/"])
def test_new_client_stands_on_every_page(browser: Browser, sonnenschein: Salon, path: str) -> None:
    html = browser.get(f"/s/sonnenschein/{path}").content.decode()
    assert f'href="{NEW}"' in html
    assert "Neuer Kunde" in html


def test_global_search_suggests_while_typing(browser: Browser, sonnenschein: Salon, front_desk: Actor) -> None:
    client = _add(sonnenschein, front_desk, first_name="Jörg", last_name="Müller", mobile="0171 5550318")
    url = reverse("search", args=["sonnenschein"])
    html = browser.get(url, {"q": "0318"}, headers=HTMX).content.decode()
    assert f"{LIST}{client.pk}/" in html
    assert "<html" not in html
    assert "Jörg Müller" in browser.get(url, {"q": "joerg"}).content.decode()


@pytest.mark.parametrize(
    ("path", "queries"),
    [("clients/", 9), ("clients/?q=anna", 10), ("search/?q=anna", 9), ("calendar/", 12), ("checkout/", 13)],
)
def test_pages_take_the_same_queries_for_any_number_of_rows(
    browser: Browser, sonnenschein: Salon, front_desk: Actor, path: str, queries: int
) -> None:
    counts = []
    for rows in (2, 18):
        for _ in range(rows):
            _add(sonnenschein, front_desk, first_name="Anna", email="anna@mail.example")
        browser.get(f"/s/sonnenschein/{path}")
        with CaptureQueriesContext(connection) as captured:
            browser.get(f"/s/sonnenschein/{path}")
        counts.append(len(captured))
    assert counts[0] == counts[1] <= queries


@pytest.mark.django_db(transaction=True)
def test_the_cards_queries_do_not_grow_with_its_history(
    browser: Browser, sonnenschein: Salon, front_desk: Actor
) -> None:
    # As it is in earnest, without the savepoints that a transaction around the test brings.
    client = _add(sonnenschein, front_desk, first_name="Anna")
    counts = []
    for rounds in (2, 18):
        for index in range(rounds):
            browser.post(f"{LIST}{client.pk}/edit/", {"first_name": f"Anna{index % 2}", "city": str(rounds)})
        browser.get(f"{LIST}{client.pk}/")
        with CaptureQueriesContext(connection) as captured:
            browser.get(f"{LIST}{client.pk}/")
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 15
