"""Facts changed where they stand on the card (ui.md §2.4)."""

import pytest
from django.test import Client as Browser

from clients.details import ClientDetails
from clients.models import Client
from clients.web.facts import GROUPS
from salon.audit.models import AuditEntry
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.card.desk import HTMX, add_client, card_of, change_facts, open_form, send_form, stored_card

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
    opened = browser.get(f"{card_of(petra)}fields/{group}/", headers=HTMX)
    html = opened.content.decode()
    assert "<html" not in html
    assert f'id="fact-{group}"' in html
    assert html.count("autofocus") == 1
    answer = send_form(browser, petra, group, {**open_form(browser, petra, group), **entered})
    assert (answer.status_code, answer["HX-Trigger"]) == (200, "card-changed")
    told = answer.content.decode()
    assert f'id="fact-{group}"' in told
    assert shown in told
    assert "autofocus" in told
    with salon_scope(sonnenschein.pk):
        entry = AuditEntry.objects.get(subject_id=petra.pk, action="client.updated")
        assert {change["field"] for change in entry.changes} == set(entered)
        assert entry.actor_name == "Bora Yıldız"
    assert shown in browser.get(card_of(petra)).content.decode()


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
    answer = send_form(browser, petra, group, {**open_form(browser, petra, group), **entered})
    assert answer.status_code == 422
    assert "HX-Trigger" not in answer
    form = answer.context["form"]
    assert set(form.errors) == {field}
    assert all(form[name].value() == value for name, value in entered.items() if name != "blocked")
    assert 'aria-invalid="true"' in answer.content.decode()
    assert stored_card(sonnenschein, petra).details == petra.details
    with salon_scope(sonnenschein.pk):
        assert not AuditEntry.objects.filter(action="client.updated").exists()


def test_a_number_nobody_is_known_to_have_is_kept_with_a_warning(
    browser: Browser, sonnenschein: Salon, petra: Client
) -> None:
    answer = send_form(browser, petra, "mobile", {"mobile": "0199 1234567", "was-mobile": "0171 5550318"})
    assert answer.status_code == 200
    assert "fact-warning" in answer.content.decode()
    assert stored_card(sonnenschein, petra).mobile == "+491991234567"


def test_two_browsers_changing_one_fact(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    form = open_form(browser, petra, "mobile")
    change_facts(sonnenschein, petra, mobile="0170 1112223", city="Köln")
    told = send_form(browser, petra, "mobile", {**form, "mobile": "0172 3334445"})
    assert told.status_code == 422
    assert [(one.mine, one.theirs) for one in told.context["conflict"]] == [("0172 3334445", "0170 1112223")]
    html = told.content.decode()
    assert 'value="0172 3334445"' in html
    assert "0170 1112223" in html
    assert stored_card(sonnenschein, petra).mobile == "+491701112223"
    again = {"mobile": "0172 3334445", "was-mobile": "0171 5550318", "told-mobile": "0170 1112223"}
    # Enter once more decides nothing.
    assert send_form(browser, petra, "mobile", again).status_code == 422
    assert send_form(browser, petra, "mobile", {**again, "confirm": "mine"}).status_code == 200
    stored = stored_card(sonnenschein, petra)
    assert (stored.mobile, stored.city) == ("+491723334445", "Köln")


def test_keeping_mine_tells_of_a_third_change(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    change_facts(sonnenschein, petra, mobile="0170 9999999")
    mine = {"mobile": "0172 3334445", "was-mobile": "0171 5550318", "told-mobile": "0170 1112223", "confirm": "mine"}
    answer = send_form(browser, petra, "mobile", mine)
    assert answer.status_code == 422
    assert stored_card(sonnenschein, petra).mobile == "+491709999999"


def test_changes_of_other_facts_do_not_meet(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    form = open_form(browser, petra, "email")
    change_facts(sonnenschein, petra, mobile="0170 1112223")
    assert send_form(browser, petra, "email", {**form, "email": "p@mail.example"}).status_code == 200
    stored = stored_card(sonnenschein, petra)
    assert (stored.email, stored.mobile) == ("p@mail.example", "+491701112223")


def test_leaving_a_form_shows_what_is_saved_by_now(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    change_facts(sonnenschein, petra, mobile="0170 1112223")
    answer = browser.get(f"{card_of(petra)}fields/mobile/?shown", headers=HTMX)
    assert "0170 1112223" in answer.content.decode()
    assert "<form" not in answer.content.decode()


def test_without_a_script_the_pencil_leads_to_the_whole_form(browser: Browser, petra: Client) -> None:
    html = browser.get(card_of(petra)).content.decode()
    for group in GROUPS:
        if group.key != "matrix":
            assert f'href="{card_of(petra)}edit/#id_{group.fields[0]}"' in html
    answer = browser.get(f"{card_of(petra)}fields/birthday/")
    assert (answer.status_code, answer["Location"]) == (302, f"{card_of(petra)}edit/#id_birthday")
    page = browser.get(f"{card_of(petra)}edit/").content.decode()
    assert all(f'id="id_{name}"' in page for name in ("referred_by", "blocked", "blocked_reason"))


def test_a_form_sent_without_a_script_works_too(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    url = f"{card_of(petra)}fields/mobile/"
    refused = browser.post(url, {"mobile": "12", "was-mobile": "0171 5550318"})
    assert refused.status_code == 422
    assert "<html" in refused.content.decode()
    saved = browser.post(url, {"mobile": "0170 1112223", "was-mobile": "0171 5550318"})
    assert (saved.status_code, saved["Location"]) == (302, card_of(petra))
    assert stored_card(sonnenschein, petra).mobile == "+491701112223"


def test_the_whole_form_changes_the_new_fields(managing: Browser, sonnenschein: Salon, petra: Client) -> None:
    anna = add_client(sonnenschein, "Anna", "Bauer")
    form = managing.get(f"{card_of(petra)}edit/").context["form"]
    data = {**form.shown_before, **{f"was-{name}": value for name, value in form.shown_before.items()}}
    entered = {"referred_by": "Anna Bauer", "blocked": "on", "blocked_reason": "Kommt nie", "matrix_exempt": "on"}
    assert managing.post(f"{card_of(petra)}edit/", {**data, **entered}).status_code == 302
    stored = stored_card(sonnenschein, petra)
    assert (stored.referred_by_id, stored.blocked, stored.blocked_reason, stored.matrix_exempt) == (
        anna.pk,
        True,
        "Kommt nie",
        True,
    )


def test_whoever_may_not_exempt_from_the_matrix_leaves_it_as_it_is(
    browser: Browser, sonnenschein: Salon, petra: Client
) -> None:
    change_facts(sonnenschein, petra, matrix_exempt="yes")
    form = browser.get(f"{card_of(petra)}edit/").context["form"]
    assert "matrix_exempt" not in form.fields
    data = {**form.shown_before, **{f"was-{name}": value for name, value in form.shown_before.items()}}
    assert browser.post(f"{card_of(petra)}edit/", {**data, "city": "Bonn"}).status_code == 302
    assert stored_card(sonnenschein, petra).matrix_exempt
    assert send_form(browser, petra, "matrix", {}).status_code == 403
    assert "fields/matrix/" not in browser.get(card_of(petra)).content.decode()
    assert stored_card(sonnenschein, petra).matrix_exempt


def test_a_manager_exempts_from_the_matrix(managing: Browser, sonnenschein: Salon, petra: Client) -> None:
    form = open_form(managing, petra, "matrix")
    assert send_form(managing, petra, "matrix", {**form, "matrix_exempt": "on"}).status_code == 200
    assert stored_card(sonnenschein, petra).matrix_exempt
    assert send_form(managing, petra, "matrix", open_form(managing, petra, "matrix") | {"x": ""}).status_code == 200
    untick = {name: value for name, value in open_form(managing, petra, "matrix").items() if name != "matrix_exempt"}
    assert send_form(managing, petra, "matrix", untick).status_code == 200
    assert not stored_card(sonnenschein, petra).matrix_exempt


def test_lifting_a_block_forgets_its_reason(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    change_facts(sonnenschein, petra, blocked="yes", blocked_reason="Kommt nie")
    assert "Gesperrt: kann nicht online buchen." in browser.get(card_of(petra)).content.decode()
    form = {name: value for name, value in open_form(browser, petra, "block").items() if name != "blocked"}
    assert send_form(browser, petra, "block", form).status_code == 200
    stored = stored_card(sonnenschein, petra)
    assert (stored.blocked, stored.blocked_reason) == (False, "")
    assert "Gesperrt: kann" not in browser.get(card_of(petra)).content.decode()
