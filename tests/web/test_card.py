"""The client card: all on one page, every fact changed where it stands (ui.md §2.4, domain.md §2)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clients.cards import create_client, update_client
from clients.categories import assign_to_many, create_category
from clients.details import ChangedDetails, ClientDetails
from clients.labels import CategoryDetails
from clients.models import CardState, CarriedService, Client, CreatedVia
from clients.notes import write_note
from clients.treatcard import set_treatcard
from clients.web.facts import GROUPS
from salon.audit.models import AuditEntry
from salon.identity.models import User
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW

LIST = "/s/sonnenschein/clients/"
HTMX = {"HX-Request": "true"}
OWNER = system_actor("test")


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], stylist: User) -> Browser:
    return browser_of(stylist)


@pytest.fixture
def managing(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


def _add(salon: Salon, first: str = "Petra", last: str = "Lang", **details: str) -> Client:
    with salon_scope(salon.pk):
        return create_client(
            actor=OWNER,
            salon=salon,
            details=ClientDetails(first, last, **details),
            created_via=CreatedVia.STAFF,
            now=NOW,
        ).client


@pytest.fixture
def petra(sonnenschein: Salon) -> Client:
    return _add(sonnenschein, mobile="0171 5550318", birthday="4.5.1980", city="Berlin")


def _card(client: Client) -> str:
    return f"{LIST}{client.pk}/"


def _stored(salon: Salon, client: Client) -> Client:
    with salon_scope(salon.pk):
        return Client.objects.get(pk=client.pk)


def _change(salon: Salon, client: Client, **changes: str) -> None:
    with salon_scope(salon.pk):
        given: ChangedDetails = changes  # type: ignore[assignment]
        update_client(actor=OWNER, salon=salon, client_id=client.pk, changes=given, now=NOW)


def _opened(browser: Browser, client: Client, group: str) -> dict[str, Any]:
    """Return what the form of a group sends when nobody touches it."""
    form = browser.get(f"{_card(client)}fields/{group}/", headers=HTMX).context["form"]
    values = {name: form[name].value() for name in form.names}
    ticked = {name: value for name, value in values.items() if name not in {"blocked", "matrix_exempt"} or value}
    return {**ticked, **{f"was-{name}": value for name, value in form.shown_before.items()}}


def _send(browser: Browser, client: Client, group: str, form: dict[str, Any]) -> Any:
    return browser.post(f"{_card(client)}fields/{group}/", form, headers=HTMX)


CHANGES = [
    ("name", {"first_name": "Peggy", "last_name": "Lang-Roth"}, "Peggy Lang-Roth"),
    ("mobile", {"mobile": "+49 170 1112223"}, "0170 1112223"),
    ("landline", {"landline": "030 901820"}, "030 901820"),
    ("email", {"email": "petra@mail.example"}, "petra@<wbr>mail.example"),
    ("birthday", {"birthday": "5.6."}, "05.06."),
    ("address", {"street": "Lindenstraße 7", "postal_code": "10969", "city": "Potsdam"}, "10969 Potsdam"),
    ("gender", {"gender": "FEMALE"}, "weiblich"),
    ("block", {"blocked": "on", "blocked_reason": "Kommt nie"}, "Kommt nie"),
]


@pytest.mark.parametrize(("group", "entered", "shown"), CHANGES, ids=[one[0] for one in CHANGES])
def test_every_fact_is_changed_where_it_stands(
    browser: Browser, sonnenschein: Salon, petra: Client, group: str, entered: dict[str, str], shown: str
) -> None:
    opened = browser.get(f"{_card(petra)}fields/{group}/", headers=HTMX)
    html = opened.content.decode()
    assert "<html" not in html
    assert f'id="fact-{group}"' in html
    assert html.count("autofocus") == 1
    answer = _send(browser, petra, group, {**_opened(browser, petra, group), **entered})
    assert (answer.status_code, answer["HX-Trigger"]) == (200, "card-changed")
    told = answer.content.decode()
    assert f'id="fact-{group}"' in told
    assert shown in told
    assert "autofocus" in told
    with salon_scope(sonnenschein.pk):
        entry = AuditEntry.objects.get(subject_id=petra.pk, action="client.updated")
        assert {change["field"] for change in entry.changes} == set(entered)
        assert entry.actor_name == "Bora Yıldız"
    assert shown in browser.get(_card(petra)).content.decode()


def test_every_field_of_the_card_has_its_place() -> None:
    fields = [name for group in GROUPS for name in group.fields]
    assert sorted(fields) == sorted(ClientDetails.__slots__)


REFUSED = [
    ("name", {"first_name": " ", "last_name": ""}, "first_name"),
    ("mobile", {"mobile": "12"}, "mobile"),
    ("landline", {"landline": "abc"}, "landline"),
    ("email", {"email": "petra@"}, "email"),
    ("birthday", {"birthday": "31.2."}, "birthday"),
    ("birthday", {"birthday": "1.1.2999"}, "birthday"),
    ("address", {"postal_code": "1" * 13}, "postal_code"),
    ("address", {"street": "x" * 121}, "street"),
    ("gender", {"gender": "X"}, "gender"),
    ("referral", {"referred_by": "Niemand Unbekannt"}, "referred_by"),
    ("referral", {"referred_by": "999"}, "referred_by"),
    ("block", {"blocked": "on", "blocked_reason": ""}, "blocked_reason"),
    ("block", {"blocked": "on", "blocked_reason": "x" * 201}, "blocked_reason"),
]


@pytest.mark.parametrize(("group", "entered", "field"), REFUSED)
def test_bad_input_is_told_beside_its_field_and_kept(
    browser: Browser, sonnenschein: Salon, petra: Client, group: str, entered: dict[str, str], field: str
) -> None:
    answer = _send(browser, petra, group, {**_opened(browser, petra, group), **entered})
    assert answer.status_code == 422
    assert "HX-Trigger" not in answer
    form = answer.context["form"]
    assert set(form.errors) == {field}
    assert all(form[name].value() == value for name, value in entered.items() if name != "blocked")
    assert 'aria-invalid="true"' in answer.content.decode()
    assert _stored(sonnenschein, petra).details == petra.details
    with salon_scope(sonnenschein.pk):
        assert not AuditEntry.objects.filter(action="client.updated").exists()


def test_a_number_nobody_is_known_to_have_is_kept_with_a_warning(
    browser: Browser, sonnenschein: Salon, petra: Client
) -> None:
    answer = _send(browser, petra, "mobile", {"mobile": "0199 1234567", "was-mobile": "0171 5550318"})
    assert answer.status_code == 200
    assert "fact-warning" in answer.content.decode()
    assert _stored(sonnenschein, petra).mobile == "+491991234567"


def test_two_browsers_changing_one_fact(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    form = _opened(browser, petra, "mobile")
    _change(sonnenschein, petra, mobile="0170 1112223", city="Köln")
    told = _send(browser, petra, "mobile", {**form, "mobile": "0172 3334445"})
    assert told.status_code == 422
    assert [(one.mine, one.theirs) for one in told.context["conflict"]] == [("0172 3334445", "0170 1112223")]
    html = told.content.decode()
    assert 'value="0172 3334445"' in html
    assert "0170 1112223" in html
    assert _stored(sonnenschein, petra).mobile == "+491701112223"
    again = {"mobile": "0172 3334445", "was-mobile": "0171 5550318", "told-mobile": "0170 1112223"}
    # Enter once more decides nothing.
    assert _send(browser, petra, "mobile", again).status_code == 422
    assert _send(browser, petra, "mobile", {**again, "confirm": "mine"}).status_code == 200
    stored = _stored(sonnenschein, petra)
    assert (stored.mobile, stored.city) == ("+491723334445", "Köln")


def test_keeping_mine_tells_of_a_third_change(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    _change(sonnenschein, petra, mobile="0170 9999999")
    mine = {"mobile": "0172 3334445", "was-mobile": "0171 5550318", "told-mobile": "0170 1112223", "confirm": "mine"}
    answer = _send(browser, petra, "mobile", mine)
    assert answer.status_code == 422
    assert _stored(sonnenschein, petra).mobile == "+491709999999"


def test_changes_of_other_facts_do_not_meet(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    form = _opened(browser, petra, "email")
    _change(sonnenschein, petra, mobile="0170 1112223")
    assert _send(browser, petra, "email", {**form, "email": "p@mail.example"}).status_code == 200
    stored = _stored(sonnenschein, petra)
    assert (stored.email, stored.mobile) == ("p@mail.example", "+491701112223")


def test_leaving_a_form_shows_what_is_saved_by_now(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    _change(sonnenschein, petra, mobile="0170 1112223")
    answer = browser.get(f"{_card(petra)}fields/mobile/?shown", headers=HTMX)
    assert "0170 1112223" in answer.content.decode()
    assert "<form" not in answer.content.decode()


def test_without_a_script_the_pencil_leads_to_the_whole_form(browser: Browser, petra: Client) -> None:
    html = browser.get(_card(petra)).content.decode()
    for group in GROUPS:
        if group.key != "matrix":
            assert f'href="{_card(petra)}edit/#id_{group.fields[0]}"' in html
    answer = browser.get(f"{_card(petra)}fields/birthday/")
    assert (answer.status_code, answer["Location"]) == (302, f"{_card(petra)}edit/#id_birthday")
    page = browser.get(f"{_card(petra)}edit/").content.decode()
    assert all(f'id="id_{name}"' in page for name in ("referred_by", "blocked", "blocked_reason"))


def test_a_form_sent_without_a_script_works_too(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    url = f"{_card(petra)}fields/mobile/"
    refused = browser.post(url, {"mobile": "12", "was-mobile": "0171 5550318"})
    assert refused.status_code == 422
    assert "<html" in refused.content.decode()
    saved = browser.post(url, {"mobile": "0170 1112223", "was-mobile": "0171 5550318"})
    assert (saved.status_code, saved["Location"]) == (302, _card(petra))
    assert _stored(sonnenschein, petra).mobile == "+491701112223"


def test_the_whole_form_changes_the_new_fields(managing: Browser, sonnenschein: Salon, petra: Client) -> None:
    anna = _add(sonnenschein, "Anna", "Bauer")
    form = managing.get(f"{_card(petra)}edit/").context["form"]
    data = {**form.shown_before, **{f"was-{name}": value for name, value in form.shown_before.items()}}
    entered = {"referred_by": "Anna Bauer", "blocked": "on", "blocked_reason": "Kommt nie", "matrix_exempt": "on"}
    assert managing.post(f"{_card(petra)}edit/", {**data, **entered}).status_code == 302
    stored = _stored(sonnenschein, petra)
    assert (stored.referred_by_id, stored.blocked, stored.blocked_reason, stored.matrix_exempt) == (
        anna.pk,
        True,
        "Kommt nie",
        True,
    )


def test_whoever_may_not_exempt_from_the_matrix_leaves_it_as_it_is(
    browser: Browser, sonnenschein: Salon, petra: Client
) -> None:
    _change(sonnenschein, petra, matrix_exempt="yes")
    form = browser.get(f"{_card(petra)}edit/").context["form"]
    assert "matrix_exempt" not in form.fields
    data = {**form.shown_before, **{f"was-{name}": value for name, value in form.shown_before.items()}}
    assert browser.post(f"{_card(petra)}edit/", {**data, "city": "Bonn"}).status_code == 302
    assert _stored(sonnenschein, petra).matrix_exempt
    assert _send(browser, petra, "matrix", {}).status_code == 403
    assert "fields/matrix/" not in browser.get(_card(petra)).content.decode()
    assert _stored(sonnenschein, petra).matrix_exempt


def test_a_manager_exempts_from_the_matrix(managing: Browser, sonnenschein: Salon, petra: Client) -> None:
    form = _opened(managing, petra, "matrix")
    assert _send(managing, petra, "matrix", {**form, "matrix_exempt": "on"}).status_code == 200
    assert _stored(sonnenschein, petra).matrix_exempt
    assert _send(managing, petra, "matrix", _opened(managing, petra, "matrix") | {"x": ""}).status_code == 200
    untick = {name: value for name, value in _opened(managing, petra, "matrix").items() if name != "matrix_exempt"}
    assert _send(managing, petra, "matrix", untick).status_code == 200
    assert not _stored(sonnenschein, petra).matrix_exempt


def test_lifting_a_block_forgets_its_reason(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    _change(sonnenschein, petra, blocked="yes", blocked_reason="Kommt nie")
    assert "Gesperrt: kann nicht online buchen." in browser.get(_card(petra)).content.decode()
    form = {name: value for name, value in _opened(browser, petra, "block").items() if name != "blocked"}
    assert _send(browser, petra, "block", form).status_code == 200
    stored = _stored(sonnenschein, petra)
    assert (stored.blocked, stored.blocked_reason) == (False, "")
    assert "Gesperrt: kann" not in browser.get(_card(petra)).content.decode()


@pytest.mark.parametrize("written", ["Anna Bauer (2)", "2", " anna bau ", "(2)"])
def test_a_referrer_is_named_by_number_or_alone(
    browser: Browser, sonnenschein: Salon, petra: Client, written: str
) -> None:
    anna = _add(sonnenschein, "Anna", "Bauer")
    form = _opened(browser, petra, "referral")
    answer = _send(browser, petra, "referral", {**form, "referred_by": written})
    assert answer.status_code == 200
    assert f'href="{_card(anna)}"' in answer.content.decode()
    assert _stored(sonnenschein, petra).referred_by_id == anna.pk
    # Seen as it stands it is no change, and emptied it is gone.
    form = _opened(browser, petra, "referral")
    assert form["referred_by"] == "Anna Bauer (2)"
    assert _send(browser, petra, "referral", form).status_code == 200
    assert _send(browser, petra, "referral", {**form, "referred_by": ""}).status_code == 200
    assert _stored(sonnenschein, petra).referred_by_id is None


def test_a_name_that_several_have_is_no_referrer(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    for _ in range(2):
        _add(sonnenschein, "Anna", "Bauer")
    answer = _send(browser, petra, "referral", {**_opened(browser, petra, "referral"), "referred_by": "Anna Bauer"})
    assert answer.status_code == 422
    assert "Mehrere Kunden passen" in answer.content.decode()


@pytest.mark.parametrize("written", ["1", "Petra Lang (1)"])
def test_nobody_refers_herself(browser: Browser, petra: Client, written: str) -> None:
    answer = _send(browser, petra, "referral", {**_opened(browser, petra, "referral"), "referred_by": written})
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {"referred_by"})


def test_a_card_out_of_use_refers_nobody_anew(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    anna = _add(sonnenschein, "Anna", "Bauer")
    _change(sonnenschein, petra, referred_by=str(anna.pk))
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=anna.pk).update(state=CardState.ERASED)
    form = _opened(browser, petra, "referral")
    assert _send(browser, petra, "referral", form).status_code == 200
    assert _send(browser, petra, "referral", {**form, "referred_by": ""}).status_code == 200
    assert _send(browser, petra, "referral", {**form, "referred_by": "2", "was-referred_by": ""}).status_code == 422


def test_two_browsers_naming_a_referrer(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    anna, mia = _add(sonnenschein, "Anna", "Bauer"), _add(sonnenschein, "Mia", "Kurz")
    form = _opened(browser, petra, "referral")
    _change(sonnenschein, petra, referred_by=str(anna.pk))
    told = _send(browser, petra, "referral", {**form, "referred_by": "Mia Kurz (3)"})
    assert told.status_code == 422
    assert [(one.mine, one.theirs) for one in told.context["conflict"]] == [("Mia Kurz (3)", "Anna Bauer (2)")]
    mine = {"referred_by": "Mia Kurz (3)", "was-referred_by": "", "told-referred_by": "Anna Bauer (2)"}
    assert _send(browser, petra, "referral", {**mine, "confirm": "mine"}).status_code == 200
    assert _stored(sonnenschein, petra).referred_by_id == mia.pk


def test_the_picker_offers_cards(browser: Browser, sonnenschein: Salon, dom: Salon) -> None:
    _add(sonnenschein, "Anna", "Bauer", mobile="0171 5550318")
    _add(dom, "Anna", "Baumann")
    html = browser.get(f"{LIST}referrers/", {"referred_by": "anna ba"}, headers=HTMX).content.decode()
    assert 'data-value="Anna Bauer (1)"' in html
    assert "Baumann" not in html
    for typed in ("", "niemand", "\x00", "a" * 300):
        assert "data-value" not in browser.get(f"{LIST}referrers/", {"referred_by": typed}).content.decode()


def _treatcard(browser: Browser, client: Client, **form: str) -> Any:
    return browser.post(f"{_card(client)}treatcard/", form, headers=HTMX)


def test_a_treatcard_is_given_replaced_and_never_taken(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    given = _treatcard(browser, petra, number="tc 1", seen="")
    assert (given.status_code, given["HX-Trigger"]) == (200, "card-changed")
    assert "TC1" in given.content.decode()
    refused = _treatcard(browser, petra, number=" ", seen="TC1")
    assert refused.status_code == 422
    assert "Geben Sie die Nummer der Karte ein." in refused.content.decode()
    assert _treatcard(browser, petra, generate="yes", number="", seen="TC1").status_code == 200
    assert _stored(sonnenschein, petra).treatcard_number == "TC-00001"


def test_a_number_that_another_client_has_is_told(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    anna = _add(sonnenschein, "Anna", "Bauer")
    with salon_scope(sonnenschein.pk):
        set_treatcard(actor=OWNER, client_id=anna.pk, number="A1", now=NOW)
    refused = _treatcard(browser, petra, number="a1", seen="")
    assert refused.status_code == 422
    html = refused.content.decode()
    assert "Diese Nummer hat schon jemand anderes." in html
    assert 'value="a1"' in html


def test_two_browsers_replacing_a_card(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    _treatcard(browser, petra, number="A1", seen="")
    told = _treatcard(browser, petra, number="B2", seen="")
    assert told.status_code == 422
    html = told.content.decode()
    assert "Die Nummer ist jetzt A1." in html
    assert 'value="B2"' in html
    assert 'name="seen" value="A1"' in html
    assert _treatcard(browser, petra, number="B2", seen="A1").status_code == 200
    assert _stored(sonnenschein, petra).treatcard_number == "B2"


def test_a_treatcard_without_a_script(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    url = f"{_card(petra)}treatcard/"
    refused = browser.post(url, {"number": "", "seen": ""})
    assert refused.status_code == 422
    assert "<html" in refused.content.decode()
    saved = browser.post(url, {"number": "A1", "seen": ""})
    assert (saved.status_code, saved["Location"]) == (302, f"{_card(petra)}#treatcard")
    assert "Die Treatcard hat die Nummer A1." in browser.get(_card(petra)).content.decode()


def test_points_of_an_import_and_favourites_are_shown(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    before = browser.get(_card(petra)).content.decode()
    assert "Noch sind keine Leistungen bekannt." in before
    assert "übernommene Punkte" not in before
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=petra.pk).update(carried_points=350, carried_visits=3, visits=2)
        for name, times in (("Ansatzfarbe", 17), ("Glossing", 4)):
            CarriedService.objects.create(client=petra, name=name, times=times)
    page = browser.get(_card(petra))
    assert page.context["favourites"] == [{"label": "Ansatzfarbe", "value": 17}, {"label": "Glossing", "value": 4}]
    assert page.context["visits"] == 5
    assert "<strong>350</strong> übernommene Punkte" in page.content.decode()


def test_the_head_says_who_it_is(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    with salon_scope(sonnenschein.pk):
        category = create_category(actor=OWNER, details=CategoryDetails(name="Stammgast"), now=NOW)
        assign_to_many(actor=OWNER, client_ids=[petra.pk], category_ids=[category.pk], now=NOW)
        last = timezone.localdate() - timedelta(days=30)
        Client.objects.filter(pk=petra.pk).update(carried_last_visit_on=last, carried_first_visit_on=last)
    html = browser.get(_card(petra)).content.decode()
    head = html[html.index('<header class="person"') : html.index('id="card-notices"')]
    for text in ("Petra Lang", "Wiederkehrend", "Stammgast", "Kunden-Nr. 1", "21. November 2026", "tel:+491715550318"):
        assert text in head
    assert "Erster Besuch" not in head


def test_the_card_leads_to_its_neighbours_in_the_lists_order(browser: Browser, sonnenschein: Salon) -> None:
    anna, emil, otto = (_add(sonnenschein, first, "") for first in ("Anna", "Emil", "Otto"))
    _change(sonnenschein, otto, blocked="yes", blocked_reason="Kommt nie")
    _change(sonnenschein, anna, blocked="yes", blocked_reason="Kommt nie")
    page = browser.get(_card(emil))
    assert (page.context["previous"].url, page.context["next"].url) == (_card(anna), _card(otto))
    page = browser.get(f"{_card(emil)}?sort=number&dir=desc")
    assert page.context["previous"].url == f"{_card(otto)}?sort=number&dir=desc"
    assert page.context["next"].url == f"{_card(anna)}?sort=number&dir=desc"
    page = browser.get(f"{_card(anna)}?blocked=yes")
    assert page.context["next"].url == f"{_card(otto)}?blocked=yes"
    assert page.context["list_url"] == f"{LIST}?blocked=yes"
    html = page.content.decode()
    assert 'data-key="arrowright"' in html
    assert 'data-key="arrowleft"' not in html


def test_the_history_is_filtered_by_its_address(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    with salon_scope(sonnenschein.pk):
        write_note(actor=OWNER, client_id=petra.pk, text="Trinkt Kaffee", pinned=False, now=NOW)
    _change(sonnenschein, petra, city="Köln")
    history = browser.get(_card(petra)).context["history"]
    assert [(one.key, one.current) for one in history.filters] == [
        ("all", True),
        ("details", False),
        ("notes", False),
        ("card", False),
    ]
    notes = browser.get(f"{_card(petra)}?history=notes")
    assert [str(event.title) for event in notes.context["history"].events] == ["Notiz geschrieben"]
    assert [one.key for one in notes.context["history"].filters if one.current] == ["notes"]
    nothing = browser.get(f"{_card(petra)}?history=consent").context["history"]
    assert (nothing.events, [one.key for one in nothing.filters if one.current]) == ([], ["consent"])
    assert browser.get(f"{_card(petra)}?history=x").context["history"].filters[0].current
    part = browser.get(f"{_card(petra)}?history=notes", headers={**HTMX, "HX-Target": "history"})
    html = part.content.decode()
    assert html.startswith("{#") is False
    assert 'id="history"' in html
    assert 'id="master-data"' not in html


def test_older_entries_come_page_by_page(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    for index in range(25):
        _change(sonnenschein, petra, city=f"Ort {index}")
    url, seen = f"{_card(petra)}?history=details&sort=number", []
    while url:
        history = browser.get(url).context["history"]
        seen += [event.id for event in history.events]
        url = history.older_url
        assert url is None or ("history=details" in url and "sort=number" in url)
    assert len(seen) == len(set(seen)) == 25
    items = browser.get(f"{_card(petra)}?history=details", headers={**HTMX, "HX-Target": "history-more"})
    html = items.content.decode()
    assert html.count('class="event"') == 20
    assert "<section" not in html
    assert browser.get(f"{_card(petra)}?before=x").status_code == 302


def test_one_change_alone_is_told_by_its_name(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    anna = _add(sonnenschein, "Anna", "Bauer")
    _change(sonnenschein, petra, referred_by=str(anna.pk))
    _change(sonnenschein, petra, blocked="yes", blocked_reason="Kommt nie")
    several, one, _created = browser.get(_card(petra)).context["history"].events
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
    foreign = _add(dom, "Emil")
    for method in ("get", "post"):
        answer = getattr(managing, method)(f"{_card(foreign)}fields/{group}/", headers=HTMX)
        assert answer.status_code == 404
    assert _treatcard(browser, foreign, number="A1").status_code == 404


def test_a_merged_card_leads_to_the_one_it_went_into(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    twin = _add(sonnenschein)
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=twin.pk).update(state=CardState.MERGED, merged_into=petra)
    assert browser.get(_card(twin))["Location"] == _card(petra)


def test_the_page_takes_the_same_queries_however_much_stands_on_it(
    managing: Browser, sonnenschein: Salon, petra: Client
) -> None:
    _change(sonnenschein, petra, referred_by=str(_add(sonnenschein, "Anna").pk))
    counts = []
    for rounds in (2, 20):
        with salon_scope(sonnenschein.pk):
            for index in range(rounds):
                write_note(actor=OWNER, client_id=petra.pk, text=f"Notiz {index}", pinned=index % 2 == 0, now=NOW)
                details = CategoryDetails(name=f"Kategorie {rounds} {index}")
                category = create_category(actor=OWNER, details=details, now=NOW)
                assign_to_many(actor=OWNER, client_ids=[petra.pk], category_ids=[category.pk], now=NOW)
                CarriedService.objects.create(client=petra, name=f"Dienst {rounds} {index}")
        for index in range(rounds):
            _change(sonnenschein, petra, city=f"Ort {rounds} {index}")
        managing.get(_card(petra))
        with CaptureQueriesContext(connection) as captured:
            assert managing.get(_card(petra)).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 15


def test_the_hint_of_duplicates_comes_by_itself(managing: Browser, browser: Browser, sonnenschein: Salon) -> None:
    anna = _add(sonnenschein, "Anna", mobile="0171 5550318")
    _add(sonnenschein, "Anne", mobile="0171 5550318")
    page = managing.get(_card(anna)).content.decode()
    assert 'id="card-duplicates"' in page
    assert "Mögliche Dublette" not in page
    asking = {**HTMX, "HX-Target": "card-duplicates"}
    with CaptureQueriesContext(connection) as captured:
        hint = managing.get(_card(anna), headers=asking).content.decode()
    assert "Mögliche Dublette" in hint
    assert "<html" not in hint
    assert len(captured) <= 15
    assert 'id="card-duplicates"' not in browser.get(_card(anna)).content.decode()
    assert "Mögliche Dublette" not in browser.get(_card(anna), headers=asking).content.decode()


def test_what_a_name_says_is_shown_as_text(browser: Browser, sonnenschein: Salon) -> None:
    client = _add(sonnenschein, "<b>x</b>", "&", street="<i>s</i>")
    html = browser.get(_card(client)).content.decode()
    assert "<b>x</b>" not in html
    assert "<i>s</i>" not in html
