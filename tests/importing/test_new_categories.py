"""What categories an import would make is told before, with those that it may mean (domain.md §3, §10)."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from clients.categories import create_category
from clients.importing.batches import begin
from clients.importing.new_categories import NewCategory, nearest, say_what_is_meant, to_be_made
from clients.labels import CategoryDetails
from clients.models import Category, Client
from salon.errors import InvalidInput
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.importing.files import MANAGER, checked, table, work

HERE = "/s/sonnenschein/clients/import/"
FILE = (
    ("Vorname", "Kategorien"),
    ("Petra", "stammkunde"),
    ("Mia", "Stammkunde, Farbe"),
    ("Ida", "stammkunde, Stammkunden"),
    ("Ute", "VIP-Kunden"),
    ("Ela", "VIP Kunde"),
)


@pytest.mark.parametrize(
    ("name", "others", "near"),
    [
        ("stammkunde", ["VIP", "Stammkunden"], "Stammkunden"),
        ("Stammkundin", ["Stammkunden"], "Stammkunden"),
        ("Stammkundinnen", ["Stammkunde"], "Stammkunde"),
        ("Maenner", ["Männer"], "Männer"),
        ("regular", ["Regulars"], "Regulars"),
        ("VIP-Kunden", ["VIP Kunde"], "VIP Kunde"),
        ("Farbe", ["Farbkundin", "Herren"], ""),
        ("VIP", ["VIP"], ""),
        ("A", ["As", "An"], ""),
        ("✂", ["★"], ""),
    ],
)
def test_what_differs_by_case_number_or_folding_alone_is_near(name: str, others: list[str], near: str) -> None:
    assert nearest(name, others) == near


@pytest.mark.django_db
def test_what_would_be_made_is_told_and_nothing_is_merged(
    sonnenschein: Salon, browser_of: Callable[[User], Browser], manager: User
) -> None:
    with salon_scope(sonnenschein.pk):
        create_category(actor=MANAGER, details=CategoryDetails(name="Stammkunden"), now=NOW)
    batch = checked(sonnenschein, table(*FILE))
    with salon_scope(sonnenschein.pk):
        assert to_be_made(batch) == [
            NewCategory("stammkunde", 3, "Stammkunden"),
            NewCategory("Farbe", 1, ""),
            NewCategory("VIP Kunde", 1, "VIP-Kunden"),
            NewCategory("VIP-Kunden", 1, "VIP Kunde"),
        ]
        assert Category.objects.count() == 1
    html = browser_of(manager).get(f"{HERE}{batch.pk}/").content.decode()
    assert "Kategorien der Datei, die der Salon nicht hat:" in html
    assert "meint: Stammkunden?" in html
    batch = checked(sonnenschein, table(*FILE), create_categories=False)
    with salon_scope(sonnenschein.pk):
        assert to_be_made(batch) == []


@pytest.mark.django_db
def test_what_is_said_to_mean_another_one_becomes_that_and_can_be_taken_back(
    sonnenschein: Salon, browser_of: Callable[[User], Browser], manager: User
) -> None:
    with salon_scope(sonnenschein.pk):
        create_category(actor=MANAGER, details=CategoryDetails(name="Stammkunden"), now=NOW)
    batch = checked(sonnenschein, table(*FILE))
    page = f"{HERE}{batch.pk}/"
    browser = browser_of(manager)
    said = {"name": ["stammkunde", "Farbe", "VIP Kunde"], "meant": ["Stammkunden", "", "VIP-Kunden"]}
    browser.post(f"{page}categories/", said)
    batch = work(sonnenschein, batch)
    with salon_scope(sonnenschein.pk):
        assert [(one.name, one.lines, one.meant) for one in to_be_made(batch)] == [
            ("VIP Kunde", 0, "VIP-Kunden"), ("stammkunde", 0, "Stammkunden"),
            ("VIP-Kunden", 2, ""), ("Farbe", 1, ""),
        ]  # fmt: skip
    assert '<option value="Stammkunden" selected>' in browser.get(page).content.decode()
    browser.post(f"{page}categories/", {"name": ["stammkunde", "VIP Kunde"], "meant": ["Stammkunden", ""]})
    batch = work(sonnenschein, batch)
    with salon_scope(sonnenschein.pk):
        begin(actor=MANAGER, batch_id=batch.pk, now=NOW)
    work(sonnenschein, batch)
    with salon_scope(sonnenschein.pk):
        names = ["Farbe", "Stammkunden", "VIP Kunde", "VIP-Kunden"]
        assert sorted(Category.objects.values_list("name", flat=True)) == names
        assert Client.objects.filter(assignments__category__name="Stammkunden").count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    "meant",
    [{"Farbe": "Nichts"}, {"Unbekannt": "VIP-Kunden"}, {"VIP-Kunden": "VIP Kunde", "VIP Kunde": "VIP-Kunden"}],
)
def test_only_what_is_offered_is_meant(sonnenschein: Salon, meant: dict[str, str]) -> None:
    batch = checked(sonnenschein, table(*FILE))
    with salon_scope(sonnenschein.pk), pytest.raises(InvalidInput):
        say_what_is_meant(actor=MANAGER, batch_id=batch.pk, meant=meant, now=NOW)
