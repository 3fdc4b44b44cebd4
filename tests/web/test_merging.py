"""Duplicates, merging, erasing and downloading in the browser (ui.md §2.4)."""

import json
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from python_calamine import CalamineWorkbook

from bookings.models import Sale
from clients.details import ClientDetails
from clients.duplicates import propose
from clients.editing import create_client
from clients.models import CardState, Client, CreatedVia, DuplicateProposal, Merge, ProposalState
from salon.identity.models import User
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.tenancy.cast import make


def _card(salon: Salon, first: str, last: str = "Berg", **details: str) -> Client:
    with salon_scope(salon.pk):
        given = ClientDetails(first, last, **details)
        return create_client(
            actor=system_actor("test"), salon=salon, details=given, created_via=CreatedVia.STAFF, now=NOW
        ).client


def _propose(salon: Salon) -> None:
    with salon_scope(salon.pk):
        propose(now=NOW)


def _now(salon: Salon, client: Client) -> Client:
    with salon_scope(salon.pk):
        return Client.objects.get(pk=client.pk)


@pytest.fixture
def desk(manager: User, browser_of: Callable[[User], Browser]) -> Browser:
    return browser_of(manager)


@pytest.fixture
def url(sonnenschein: Salon) -> Callable[..., str]:
    return lambda name, *ids: reverse(name, args=[sonnenschein.slug, *ids])


def _undo_of(page: Any) -> str:
    """Return where the toast of a page takes the last thing back."""
    [message] = list(page.context["messages"])
    return str(message.extra_tags)


def test_a_pair_is_merged_and_separated_again(desk: Browser, sonnenschein: Salon, url: Callable[..., str]) -> None:
    anna = _card(sonnenschein, "Anna", mobile="0171 2345678", city="Berlin")
    anne = _card(sonnenschein, "Anne", mobile="0171 2345678", email="a@mail.example")
    _propose(sonnenschein)
    page = desk.get(url("client_duplicates"))
    [pair] = page.context["pairs"]
    told = {line.key: (line.mine, line.theirs, line.same, line.open, line.filled) for line in pair.comparison.lines}
    assert told == {
        "first_name": ("Anna", "Anne", False, True, False),
        "last_name": ("Berg", "Berg", True, False, False),
        "mobile": ("0171 2345678", "0171 2345678", True, False, False),
        "email": ("", "a@mail.example", False, False, True),
        "address": ("Berlin", "", False, False, False),
    }
    sent = {"duplicate": str(anne.pk), "version": "1", "other_version": "1", "back": "list"}
    answer = desk.post(pair.merge_url, sent, follow=True)
    assert answer.redirect_chain == [(url("client_duplicates"), 302)]
    assert answer.context["pairs"] == []
    assert (_now(sonnenschein, anna).email, _now(sonnenschein, anne).state) == ("a@mail.example", CardState.MERGED)
    undo = _undo_of(answer)
    # The address of the card that is gone leads to the one that stays, which offers the way back, too.
    card = desk.get(url("client_card", anne.pk), follow=True)
    assert card.redirect_chain == [(url("client_card", anna.pk), 302)]
    assert undo in card.content.decode()
    back = desk.post(undo, follow=True)
    assert back.redirect_chain == [(url("client_card", anna.pk), 302)]
    assert (_now(sonnenschein, anna).email, _now(sonnenschein, anne).state) == ("", CardState.LISTED)
    again = desk.post(undo, follow=True)
    assert [str(one) for one in again.context["messages"]] == ["Diese Zusammenführung ist schon rückgängig gemacht."]


def test_values_are_chosen_field_by_field(desk: Browser, sonnenschein: Salon, url: Callable[..., str]) -> None:
    anna, anne = (
        _card(sonnenschein, "Anna", email="a@mail.example"),
        _card(sonnenschein, "Anne", email="b@mail.example"),
    )
    page = desk.get(url("client_merge", anna.pk), {"with": str(anne.pk)})
    html = page.content.decode()
    assert html.count('name="field-first_name"') == html.count('name="field-email"') == 2
    assert 'name="field-last_name"' not in html
    answer = desk.post(
        url("client_merge", anna.pk), {"duplicate": str(anne.pk), "field-first_name": "theirs", "field-email": "mine"}
    )
    assert answer.headers["Location"] == url("client_card", anna.pk)
    merged = _now(sonnenschein, anna)
    assert (merged.first_name, merged.email) == ("Anne", "a@mail.example")


def test_a_card_that_was_changed_meanwhile_is_shown_again(
    desk: Browser, sonnenschein: Salon, url: Callable[..., str]
) -> None:
    anna, anne = _card(sonnenschein, "Anna"), _card(sonnenschein, "Anne")
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=anne.pk).update(version=2, first_name="Anja")
    sent = {"duplicate": str(anne.pk), "version": "1", "other_version": "1", "field-first_name": "theirs"}
    answer = desk.post(url("client_merge", anna.pk), sent)
    assert answer.status_code == 422
    assert "Anja" in answer.content.decode()
    # What was chosen stays chosen.
    assert answer.context["chosen"] == {"first_name"}
    with salon_scope(sonnenschein.pk):
        assert Merge.objects.count() == 0


def test_what_tells_which_card_stays(desk: Browser, sonnenschein: Salon, url: Callable[..., str]) -> None:
    anna, anne = _card(sonnenschein, "Anna"), _card(sonnenschein, "Anne")
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=anna.pk).update(visits=2, carried_visits=3)
        money = {"total": Decimal(1250), "paid": Decimal(1250), "paid_at": NOW, "paid_on": NOW.date()}
        make(Sale, sonnenschein.pk, client=anne, state="PAID", number=7, **money)
    page = desk.get(url("client_merge", anna.pk), {"with": str(anne.pk)})
    told = {str(one.label): (one.mine, one.theirs) for one in page.context["comparison"].facts}
    assert told == {
        "Punkte": ("0", "0"),
        "Besuche": ("5", "0"),
        "Umsatz": ("0,00\N{NO-BREAK SPACE}€", "1.250,00\N{NO-BREAK SPACE}€"),
        "Nächster Termin": ("–", "–"),
    }
    assert "Der andere steht nur noch im Verlauf" in page.content.decode()


def test_a_second_tab_is_told_that_it_is_done(desk: Browser, sonnenschein: Salon, url: Callable[..., str]) -> None:
    anna, anne = _card(sonnenschein, "Anna"), _card(sonnenschein, "Anne")
    sent = {"duplicate": str(anne.pk), "version": "1", "other_version": "1"}
    desk.post(url("client_merge", anna.pk), sent, follow=True)
    for mine, other in ((anna, anne), (anne, anna)):
        page = desk.post(url("client_merge", mine.pk), {**sent, "duplicate": str(other.pk)}, follow=True)
        assert page.redirect_chain == [(url("client_card", anna.pk), 302)]
        assert "Eine der beiden Karten ist schon zusammengeführt." in page.content.decode()
    with salon_scope(sonnenschein.pk):
        assert Merge.objects.count() == 1


def test_what_stays_after_erasing_is_told(desk: Browser, sonnenschein: Salon, url: Callable[..., str]) -> None:
    anna = _card(sonnenschein, "Anna")
    page = desk.get(url("client_erase", anna.pk)).content.decode()
    assert "Verkäufe und Belege ohne den Namen: Sie müssen nach dem Steuerrecht 10 Jahre aufbewahrt werden" in page


def test_the_other_card_is_looked_for(desk: Browser, sonnenschein: Salon, url: Callable[..., str]) -> None:
    anna = _card(sonnenschein, "Anna", email="a@mail.example")
    twin, far = _card(sonnenschein, "Bea", email="a@mail.example"), _card(sonnenschein, "Clara", "Lang")
    here = url("client_merge", anna.pk)
    page = desk.get(here)
    assert [one.url for one in page.context["twins"]] == [f"{here}?with={twin.pk}"]
    page = desk.get(here, {"q": "lang"})
    assert ([one.url for one in page.context["found"]], page.context["twins"]) == ([f"{here}?with={far.pk}"], [])
    # While somebody types only the hits come.
    part = desk.get(here, {"q": "lan"}, headers={"HX-Request": "true", "HX-Target": "merge-hits"})
    assert ("Clara Lang" in part.content.decode(), "<form" in part.content.decode()) == (True, False)
    # Never with itself, nor with what is no card.
    assert desk.get(here, {"q": "anna"}).context["found"] == []
    for other in (str(anna.pk), "nonsense", ""):
        assert desk.get(here, {"with": other}).status_code == 200
        assert desk.post(here, {"duplicate": other}).status_code == 422


def test_two_people_are_told_apart(desk: Browser, sonnenschein: Salon, url: Callable[..., str]) -> None:
    anna, mother = (
        _card(sonnenschein, "Anna", mobile="0171 2345678"),
        _card(sonnenschein, "Mutter", mobile="0171 2345678"),
    )
    _propose(sonnenschein)
    # The card asks for its hint when it stands there already.
    asking = {"HX-Request": "true", "HX-Target": "card-duplicates"}
    card = desk.get(url("client_card", mother.pk), headers=asking).content.decode()
    assert "Mögliche Dublette" in card
    answer = desk.post(url("client_told_apart", anna.pk), {"other": str(mother.pk)}, follow=True)
    assert answer.context["pairs"] == []
    assert "Mögliche Dublette" not in desk.get(url("client_card", mother.pk), headers=asking).content.decode()
    answer = desk.post(_undo_of(answer), follow=True)
    assert len(answer.context["pairs"]) == 1
    with salon_scope(sonnenschein.pk):
        assert DuplicateProposal.objects.get().state == ProposalState.OPEN


@pytest.mark.parametrize("pairs", [1, 9])
def test_the_list_takes_the_same_statements_for_any_number_of_pairs(
    desk: Browser,
    sonnenschein: Salon,
    url: Callable[..., str],
    pairs: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for index in range(pairs):
        for name in ("Anna", "Anne"):
            _card(sonnenschein, name, f"Berg{index}", mobile=f"0171 234567{index}", birthday="3.2.")
    with salon_scope(sonnenschein.pk):
        DuplicateProposal.objects.all().delete()
        propose(now=NOW)
    desk.get(url("client_duplicates"))
    with django_assert_num_queries(8):
        assert len(desk.get(url("client_duplicates")).context["pairs"]) >= pairs


def test_staff_see_neither_hint_nor_menu(
    stylist: User, browser_of: Callable[[User], Browser], sonnenschein: Salon, url: Callable[..., str]
) -> None:
    anna = _card(sonnenschein, "Anna", mobile="0171 2345678")
    _card(sonnenschein, "Anne", mobile="0171 2345678")
    html = browser_of(stylist).get(url("client_card", anna.pk)).content.decode()
    assert "Mögliche Dublette" not in html
    for name in ("client_merge", "client_erase", "client_data"):
        assert url(name, anna.pk) not in html


def test_erasing_asks_for_the_name(desk: Browser, sonnenschein: Salon, url: Callable[..., str]) -> None:
    anna = _card(sonnenschein, "Anna")
    here = url("client_erase", anna.pk)
    assert desk.get(here).status_code == 200
    for typed in ("", "Anna", "Berg Anna"):
        answer = desk.post(here, {"confirmation": typed})
        assert answer.status_code == 422
        assert answer.context["form"].errors["confirmation"]
        assert answer.context["form"]["confirmation"].value() == typed
    assert _now(sonnenschein, anna).state == CardState.LISTED
    answer = desk.post(here, {"confirmation": "anna berg"}, follow=True)
    assert [str(one) for one in answer.context["messages"]] == ["Kunde Nr. 1 ist gelöscht."]
    assert _now(sonnenschein, anna).state == CardState.ERASED
    assert desk.get(url("client_card", anna.pk)).status_code == 404
    assert desk.get(here).status_code == 404


def test_all_data_come_as_json_and_workbook(desk: Browser, sonnenschein: Salon, url: Callable[..., str]) -> None:
    anna = _card(sonnenschein, "=1+1", "Müller", mobile="0171 2345678")
    answer = desk.get(url("client_data", anna.pk))
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == 'attachment; filename="kunde-1.zip"'
    with ZipFile(BytesIO(answer.content)) as archive:
        assert sorted(archive.namelist()) == ["kunde-1.json", "kunde-1.xlsx"]
        told = json.loads(archive.read("kunde-1.json"))
        book = CalamineWorkbook.from_filelike(BytesIO(archive.read("kunde-1.xlsx")))
    assert told["sections"]["client"][0]["last_name"] == "Müller"
    assert book.sheet_names[0] == "Stammdaten"
    rows = {row[0]: row[1] for row in book.get_sheet_by_index(0).to_python()}
    # A text, not what it would compute.
    assert (rows["Vorname"], rows["Mobil"]) == ("=1+1", "0171 2345678")
    assert len(book.sheet_names) == len(told["sections"]) == 20
